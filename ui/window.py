"""The shell: ink bar, rail, pages, status bar. Knows pages only by their key and the few things they may offer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QIcon, QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from app import paths
from app.text import _
from ui.shell.field import CommandField
from ui.shell.parts import BarButton, KeyHints, Notice, RailButton
from ui.theme import theme
from ui.widgets.basic import Icon, Text


@dataclass
class PageEntry:
    """A page of the rail: made when it is first shown."""

    key: str
    title: str
    icon: str
    factory: Callable[[], QWidget]
    widget: QWidget | None = None


class DeskWindow(QMainWindow):
    """The window. Signals: what the bar asks for; `closing` before it goes."""

    enroll_requested = Signal()
    pay_requested = Signal()
    actor_clicked = Signal()
    help_requested = Signal()
    page_changed = Signal(str)
    closing = Signal()
    safe_keeping_wanted = Signal()

    def __init__(self, center_name: str) -> None:
        super().__init__()
        self.setObjectName("desk")
        self.setWindowTitle(f"Deskbell · {center_name}")
        self.setWindowIcon(QIcon(str(paths.resources() / "icons" / "deskbell.svg")))
        self.setMinimumSize(1024, 640)
        self.resize(1366, 768)
        self._fit_screen()
        self.pages: dict[str, PageEntry] = {}
        self._rail_buttons: dict[str, RailButton] = {}
        self._root = root = QWidget()
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
        QShortcut(QKeySequence("Ctrl+K"), self).activated.connect(self.command.take_focus)

    def _fit_screen(self) -> None:
        """Fill a small screen: with the system's title bar above it, the status bar would lie below its edge."""
        room, least = self.screen().availableSize(), self.minimumSize()
        small = room.width() <= self.width() or room.height() < self.height() + 40
        if small and room.width() >= least.width() and room.height() >= least.height():
            self.setWindowState(Qt.WindowState.WindowMaximized)

    def _restyle(self) -> None:
        self._root.setStyleSheet(f"QWidget#root {{ background: {theme().hex('frame')}; }}")
        self.center_label.set_color("framemuted")
        self.product_label.set_color("frametext")
        self._ink_bar.setFixedHeight(max(48, theme().px(32) + 8))
        self._foot.setFixedHeight(theme().px(18) + 10)
        self._rail_box.setFixedWidth(max([80, *(button.sizeHint().width() for button in self._rail_buttons.values())]))

    def _bar(self, center_name: str) -> QWidget:
        """Two halves of one width around the command field, which so stands in the middle of the window."""
        self._ink_bar = bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(26, 0, 16, 0)
        row.setSpacing(10)
        left = QHBoxLayout()
        left.setSpacing(10)
        left.addWidget(Icon("deskbell", "brass", 28))
        left.addSpacing(16)
        self.product_label = Text("Deskbell", "section")
        self.center_label = Text(center_name, "body")
        left.addWidget(self.product_label)
        left.addWidget(self.center_label)
        left.addStretch(1)
        self.command = CommandField()
        enroll = BarButton(_("Enroll"), "user-plus", ("F2",))
        enroll.setObjectName("bar_enroll")
        enroll.clicked.connect(self.enroll_requested)
        pay = BarButton(_("Pay"), "banknote", ("F4",))
        pay.setObjectName("bar_pay")
        pay.clicked.connect(self.pay_requested)
        right = QHBoxLayout()
        right.addStretch(1)
        right.addWidget(enroll)
        right.addSpacing(12)
        right.addWidget(pay)
        row.addLayout(left, 1)
        row.addWidget(self.command)
        row.addLayout(right, 1)
        return bar

    def _rail(self) -> QWidget:
        self._rail_box = rail = QWidget()
        self._rail_column = QVBoxLayout(rail)
        self._rail_column.setContentsMargins(0, 8, 0, 8)
        self._rail_column.setSpacing(4)
        self._rail_column.addStretch(1)
        self._rail_group = QButtonGroup(self)
        return rail

    def _status(self) -> QWidget:
        self._foot = status = QWidget()
        row = QHBoxLayout(status)
        row.setContentsMargins(24, 0, 16, 0)
        row.setSpacing(16)
        self.till_fact = BarButton("", "wallet", brass=False)
        self.till_fact.setObjectName("fact_till")
        self.mail_fact = BarButton("", "mail", brass=False)
        self.mail_fact.setObjectName("fact_mail")
        self.backup_fact = BarButton("", "hard-drive", brass=False)
        self.backup_fact.setObjectName("fact_backup")
        self.notice_label = Notice()
        self.hints = KeyHints()
        self.actor_button = BarButton("", "user", brass=False)
        self.actor_button.setObjectName("actor")
        self.actor_button.clicked.connect(self.actor_clicked)
        for fact in (self.till_fact, self.mail_fact, self.backup_fact):
            fact.hide()
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
        self._rail_box.setFixedWidth(max(self._rail_box.width(), button.sizeHint().width()))
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
        self.show_hints()
        shown = getattr(widget, "page_shown", None)
        if shown is not None:
            shown()
        self.page_changed.emit(key)
        return widget

    def show_hints(self) -> None:
        """The keys of the page that is shown, as they are now."""
        self.hints.set([*getattr(self.current(), "key_hints", ()), (("F1",), _("all keys"))])

    def current(self) -> Any:
        """The page that is shown."""
        return self.stack.currentWidget()

    def current_key(self) -> str:
        """The key of the page that is shown."""
        return next((key for key, entry in self.pages.items() if entry.widget is self.current()), "")

    def set_pill(self, key: str, count: int) -> None:
        """What waits on a page."""
        self._rail_buttons[key].set_count(count)

    def notice(self, words: str) -> None:
        """Say that something was done, for some seconds."""
        self._say(words)
        self._notice_timer.start(6_000)

    def _end_notice(self) -> None:
        self._say("")

    def _say(self, words: str) -> None:
        """The notice first, the keys in the room it leaves: it is there for seconds, they come back."""
        self.notice_label.say(words)
        others = (self.till_fact, self.mail_fact, self.backup_fact, self.actor_button)
        taken = sum(one.sizeHint().width() + 16 for one in others if not one.isHidden()) + 60
        room = self.width() - taken - (self.notice_label.natural_width() + 16 if words else 0)
        self.hints.setMaximumWidth(max(room, 0) if words else 16_777_215)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        event.accept()
