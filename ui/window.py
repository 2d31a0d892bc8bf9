"""The shell: ink bar, rail, pages, status bar. Knows pages only by their key and the few things they may offer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QFontMetrics, QIcon, QKeySequence, QPainter, QPaintEvent, QPen, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app import paths
from app.text import _
from ui.theme import theme
from ui.widgets.basic import Icon, Text, draw_keys, keys_width


@dataclass
class PageEntry:
    """A page of the rail: made when it is first shown."""

    key: str
    title: str
    icon: str
    factory: Callable[[], QWidget]
    widget: QWidget | None = None


class RailButton(QAbstractButton):
    """A page on the rail: icon, word, brass marker, and a pill with what waits there."""

    def __init__(self, label: str, icon: str, name: str) -> None:
        super().__init__()
        self.setText(label)
        self._icon = icon
        self.count = 0
        self.setCheckable(True)
        self.setObjectName(name)
        self.setAccessibleName(label)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(80, 56)

    def set_count(self, count: int) -> None:
        """What waits there; 0 shows no pill."""
        self.count = count
        self.setAccessibleDescription(str(count) if count else "")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isChecked()
        if on or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("frame2"))
            painter.drawRoundedRect(QRectF(8, 0, 64, 56), 8, 8)
        if on:
            painter.setBrush(theme().color("brass"))
            painter.drawRoundedRect(QRectF(-3, 16, 6, 24), 3, 3)
        if self.hasFocus():
            painter.setPen(QPen(theme().color("brassedge"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(9, 1, 62, 54), 7, 7)
        painter.drawPixmap(QPointF(30, 8), theme().pixmap(self._icon, "brass" if on else "framemuted", 20))
        font = theme().font("rail")
        if on:
            font.setWeight(font.Weight.Bold)
        painter.setFont(font)
        painter.setPen(theme().color("frametext" if on else "framemuted"))
        painter.drawText(QRectF(0, 30, 80, 20), Qt.AlignmentFlag.AlignCenter, self.text())
        if self.count:
            words = str(self.count) if self.count < 100 else "99+"
            key = theme().font("key")
            key.setWeight(key.Weight.Bold)
            wide = max(18, QFontMetrics(key).horizontalAdvance(words) + 9)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("brass"))
            painter.drawRoundedRect(QRectF(44, 1, wide, 18), 9, 9)
            painter.setPen(theme().color("brassink"))
            painter.setFont(key)
            painter.drawText(QRectF(44, 1, wide, 18), Qt.AlignmentFlag.AlignCenter, words)


class BarButton(QAbstractButton):
    """An action in the ink bar, or a fact in the status bar that opens what is behind it."""

    def __init__(self, label: str, icon: str, keys: Sequence[str] = (), *, brass: bool = True) -> None:
        super().__init__()
        self.setText(label)
        self._icon, self._keys, self._brass = icon, tuple(keys), brass
        self.setAccessibleName(label)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_label(self, label: str) -> None:
        """Another label."""
        self.setText(label)
        self.setAccessibleName(label)
        self.updateGeometry()
        self.update()

    def _role(self) -> str:
        return "body" if self._brass else "small"

    def sizeHint(self) -> QSize:
        wide = QFontMetrics(theme().font(self._role())).horizontalAdvance(self.text()) + 30
        return QSize(wide + (keys_width(self._keys) + 8 if self._keys else 0), 28 if self._brass else 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        painter.drawPixmap(
            QPointF(2, middle - 8), theme().pixmap(self._icon, "brass" if self._brass else "framemuted", 16)
        )
        font = theme().font(self._role())
        painter.setFont(font)
        painter.setPen(theme().color("frametext" if self._brass or self.underMouse() else "framemuted"))
        painter.drawText(QRectF(25, 0, self.width(), self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
        if self._keys:
            x = 25 + QFontMetrics(font).horizontalAdvance(self.text()) + 8
            draw_keys(painter, x, middle, self._keys, theme().color("frametext"), theme().color("framemuted"))
        if self.hasFocus():
            painter.setPen(QPen(theme().color("brass"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)


class KeyHints(QWidget):
    """The three or four keys of the place where the focus is."""

    def __init__(self) -> None:
        super().__init__()
        self.hints: Sequence[tuple[Sequence[str], str]] = ()

    def set(self, hints: Sequence[tuple[Sequence[str], str]]) -> None:
        """Other keys."""
        self.hints = hints
        self.setAccessibleName(", ".join(f"{'+'.join(keys)} {words}" for keys, words in hints))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme().font("small"))
        wide = sum(keys_width(keys) + metrics.horizontalAdvance(words) + 28 for keys, words in self.hints)
        return QSize(wide, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = 0.0
        for keys, words in self.hints:
            x = draw_keys(painter, x, self.height() / 2, keys, theme().color("frametext"), theme().color("framemuted"))
            font = theme().font("small")
            painter.setFont(font)
            painter.setPen(theme().color("framemuted"))
            painter.drawText(QRectF(x + 8, 0, 200, self.height()), Qt.AlignmentFlag.AlignVCenter, words)
            x += 28 + QFontMetrics(font).horizontalAdvance(words)


class DeskWindow(QMainWindow):
    """The window. Signals: what the bar asks for; `closing` before it goes."""

    enroll_requested = Signal()
    pay_requested = Signal()
    actor_clicked = Signal()
    help_requested = Signal()
    page_changed = Signal(str)
    closing = Signal()

    def __init__(self, center_name: str) -> None:
        super().__init__()
        self.setObjectName("desk")
        self.setWindowTitle(f"Deskbell · {center_name}")
        self.setWindowIcon(QIcon(str(paths.resources() / "icons" / "deskbell.svg")))
        self.setMinimumSize(1024, 640)
        self.resize(1366, 768)
        self.pages: dict[str, PageEntry] = {}
        self._rail_buttons: dict[str, RailButton] = {}
        root = QWidget()
        root.setObjectName("root")
        column = QVBoxLayout(root)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar(center_name))
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._rail())
        self.stack = QStackedWidget()
        middle.addWidget(self.stack, 1)
        column.addLayout(middle, 1)
        column.addWidget(self._status())
        self.setCentralWidget(root)
        self._restyle()
        theme().changed.connect(self._restyle)
        self._notice_timer = QTimer(self)
        self._notice_timer.setSingleShot(True)
        self._notice_timer.timeout.connect(self._end_notice)
        for keys, signal in (("F2", self.enroll_requested), ("F4", self.pay_requested), ("F1", self.help_requested)):
            QShortcut(QKeySequence(keys), self).activated.connect(signal)
        QShortcut(QKeySequence("Ctrl+K"), self).activated.connect(self.command.setFocus)

    def _restyle(self) -> None:
        self.centralWidget().setStyleSheet(f"QWidget#root {{ background: {theme().hex('frame')}; }}")
        muted, bright = theme().hex("framemuted"), theme().hex("frametext")
        self.center_label.setStyleSheet(f"color: {muted}; background: transparent;")
        self.product_label.setStyleSheet(f"color: {bright}; background: transparent;")
        self.notice_label.setStyleSheet(f"color: {theme().hex('brass')}; background: transparent;")

    def _bar(self, center_name: str) -> QWidget:
        bar = QWidget()
        bar.setFixedHeight(48)
        row = QHBoxLayout(bar)
        row.setContentsMargins(26, 0, 16, 0)
        row.setSpacing(10)
        row.addWidget(Icon("deskbell", "brass", 28))
        row.addSpacing(18)
        self.product_label = Text("Deskbell", "section")
        self.center_label = Text(center_name, "body")
        row.addWidget(self.product_label)
        row.addWidget(self.center_label)
        row.addStretch(1)
        self.command = QLineEdit()
        self.command.setProperty("bar", True)
        self.command.setObjectName("command_bar")
        self.command.setAccessibleName(_("Find or command"))
        self.command.setPlaceholderText(_("Find a student, invoice or slot — or type a command") + "      Ctrl K")
        self.command.setFixedWidth(520)
        row.addWidget(self.command)
        row.addStretch(1)
        enroll = BarButton(_("Enroll"), "user-plus", ("F2",))
        enroll.setObjectName("bar_enroll")
        enroll.clicked.connect(self.enroll_requested)
        pay = BarButton(_("Pay"), "banknote", ("F4",))
        pay.setObjectName("bar_pay")
        pay.clicked.connect(self.pay_requested)
        row.addWidget(enroll)
        row.addSpacing(10)
        row.addWidget(pay)
        return bar

    def _rail(self) -> QWidget:
        rail = QWidget()
        rail.setFixedWidth(80)
        self._rail_column = QVBoxLayout(rail)
        self._rail_column.setContentsMargins(0, 8, 0, 8)
        self._rail_column.setSpacing(4)
        self._rail_column.addStretch(1)
        self._rail_group = QButtonGroup(self)
        return rail

    def _status(self) -> QWidget:
        status = QWidget()
        status.setFixedHeight(28)
        row = QHBoxLayout(status)
        row.setContentsMargins(26, 0, 16, 0)
        row.setSpacing(18)
        self.till_fact = BarButton("", "wallet", brass=False)
        self.mail_fact = BarButton("", "mail", brass=False)
        self.notice_label = Text("", "small_strong")
        self.notice_label.setObjectName("notice")
        self.hints = KeyHints()
        self.actor_button = BarButton("", "user", brass=False)
        self.actor_button.setObjectName("actor")
        self.actor_button.clicked.connect(self.actor_clicked)
        for fact in (self.till_fact, self.mail_fact):
            row.addWidget(fact)
        row.addWidget(self.notice_label)
        row.addStretch(1)
        row.addWidget(self.hints)
        row.addSpacing(12)
        row.addWidget(self.actor_button)
        return status

    # -- pages

    def add_page(self, key: str, title: str, icon: str, factory: Callable[[], QWidget], *, foot: bool = False) -> None:
        """Put a page on the rail; it is made when it is first shown. Ctrl+1… in the order they are added."""
        self.pages[key] = PageEntry(key, title, icon, factory)
        button = RailButton(title, icon, f"rail_{key}")
        button.setProperty("page", key)
        button.clicked.connect(self._rail_clicked)
        self._rail_group.addButton(button)
        self._rail_buttons[key] = button
        at = self._rail_column.count() if foot else self._rail_column.count() - 1
        self._rail_column.insertWidget(at, button)
        if not foot:
            number = len(self._rail_buttons)
            button.setToolTip(f"{title} (Ctrl+{number})")
            shortcut = QShortcut(QKeySequence(f"Ctrl+{number}"), self)
            shortcut.activated.connect(button.click)

    def _rail_clicked(self) -> None:
        self.go(str(self.sender().property("page")))

    def page(self, key: str) -> Any:
        """A page's widget, made now if it was not."""
        entry = self.pages[key]
        if entry.widget is None:
            entry.widget = entry.factory()
            entry.widget.setObjectName("page")
            entry.widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            self.stack.addWidget(entry.widget)
        return entry.widget

    def go(self, key: str) -> Any:
        """Show a page; returns it."""
        widget = self.page(key)
        self._rail_buttons[key].setChecked(True)
        self.stack.setCurrentWidget(widget)
        self.hints.set([*getattr(widget, "key_hints", ()), (("F1",), _("all keys"))])
        shown = getattr(widget, "page_shown", None)
        if shown is not None:
            shown()
        self.page_changed.emit(key)
        return widget

    def current(self) -> Any:
        """The page that is shown."""
        return self.stack.currentWidget()

    def set_pill(self, key: str, count: int) -> None:
        """What waits on a page."""
        self._rail_buttons[key].set_count(count)

    def notice(self, words: str) -> None:
        """Say that something was done, for some seconds."""
        self.notice_label.setText(words)
        self._notice_timer.start(6_000)

    def _end_notice(self) -> None:
        self.notice_label.setText("")

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        event.accept()
