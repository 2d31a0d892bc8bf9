"""A form over the dimmed window: Enter moves on, Ctrl+Enter does the main thing, F3 goes to the next wrong field."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.errors import DeskError, UserError
from app.text import _, sentence
from ui.dialogs.grow import grow
from ui.theme import theme
from ui.widgets.basic import Button, Field, Icon, Text, rule, show_error
from ui.widgets.line import Line

#: How far the shadow of a form reaches, and how far it lies below it.
_REACH, _BELOW = 24, 8
_ROUND = 12


class _Scrim(QWidget):
    """Dims the window while a form is open, and carries the form's shadow."""

    def __init__(self, window: QWidget, form: QWidget) -> None:
        super().__init__(window)
        self._form = form
        self.setGeometry(window.rect())
        window.installEventFilter(self)
        form.installEventFilter(self)
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._form:
            if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show):
                self.update()
        elif event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if isinstance(self.parentWidget(), QDialog):  # a form over a form: its round corners stay round
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(10, 18, 23, 150))
            painter.drawRoundedRect(QRectF(self.rect()), _ROUND, _ROUND)
        else:
            painter.fillRect(self.rect(), QColor(10, 18, 23, 150))
        if not self._form.isVisible():
            return  # it has no place yet
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 10))
        form = self._form.geometry()
        place = QRectF(QRect(self.mapFromGlobal(form.topLeft()), form.size()))
        for reach in range(0, _REACH, 3):  # rings that add up: no blur
            ring = place.translated(0, _BELOW).adjusted(-reach, -reach, reach, reach)
            painter.drawRoundedRect(ring, _ROUND + reach, _ROUND + reach)


class _Body(QScrollArea):
    """What a form asks: as high as it is, and where a screen is lower than that, it scrolls between head and foot."""

    def __init__(self, wide: int, most: int) -> None:
        super().__init__()
        self._wide, self._most = wide - 2, most
        inner = QWidget()
        inner.setObjectName("scrolled")
        self.column = QVBoxLayout(inner)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(inner)

    def sizeHint(self) -> QSize:
        column = self.column
        high = column.totalHeightForWidth(self._wide) if column.hasHeightForWidth() else column.totalSizeHint().height()
        return QSize(self._wide, min(high, self._most))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What no field answers is the form's: an arrow that a search field lets go must move its list."""
        event.ignore()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


def window_under(widget: QWidget) -> QWidget:
    """The window that lies under a widget and the forms it stands in: how much room there is for another form."""
    found = widget.window()
    while isinstance(found, QDialog) and (below := found.parentWidget()) is not None:
        found = below.window()
    return found


class FormDialog(QDialog):
    """Head, body, foot. Subclasses fill `body`, name their fields in `fields`, and answer `main_action`."""

    def __init__(self, parent: QWidget, title: str, icon: str, *, subtitle: str = "", width: int = 640) -> None:
        super().__init__(parent)
        self.setObjectName("form")
        self.setWindowTitle(title)
        self.setModal(True)
        self.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setFixedWidth(min(theme().px(width), window_under(parent).width() - 32))
        self.fields: dict[str, Field] = {}
        self._scrim = _Scrim(parent.window(), self)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(20, 16, 16, 14)
        head.addWidget(Icon(icon, "brasstext", 20))
        head.addSpacing(6)
        self.headline, self.subtitle = Line(title, "panel"), Line(subtitle, "body", "text3")
        for line in (self.headline, self.subtitle):
            line.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)  # a long name gives way
            head.addWidget(line)
            head.addSpacing(12)
        head.addStretch(1)
        self._typing = Text(_("Tab moves on · every field can be typed"), "small", "text3")
        head.addWidget(self._typing)
        away = Button("", "x", kind="bare")
        away.setObjectName("form_away")
        away.setAccessibleName(_("Close"))
        away.setToolTip(_("Close (Esc)"))
        away.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Esc and the button at the foot are its keys
        away.clicked.connect(self.reject)
        head.addSpacing(4)
        head.addWidget(away)
        column.addLayout(head)
        column.addWidget(rule())
        self.problem = Text("", "label", "danger", wrap=True)
        self.problem.setObjectName("form_problem")
        self.problem.setContentsMargins(20, 10, 20, 0)
        self.problem.hide()
        column.addWidget(self.problem)
        around = theme().px(64) + 90  # head and foot, and some air
        self._scroll = scroll = _Body(self.width(), max(window_under(parent).height() - around, 240))
        self.body = scroll.column
        self.body.setContentsMargins(20, 16, 20, 18)
        self.body.setSpacing(12)
        column.addWidget(scroll)
        column.addWidget(rule())
        self.foot = QHBoxLayout()
        self.foot.setContentsMargins(20, 14, 20, 16)
        self.foot.setSpacing(8)
        column.addLayout(self.foot)
        self._shortcut("Ctrl+Return", self.main_action)
        self._shortcut("Ctrl+Enter", self.main_action)
        self._shortcut("F3", self.next_wrong)

    def _shortcut(self, keys: str, act: object, *, repeats: bool = False) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setAutoRepeat(repeats)  # one that does something and is held down is one press
        shortcut.activated.connect(act)

    def page_keys(self) -> None:
        """PgUp and PgDn move a long preview, for whoever has no mouse. Not for forms with fields that want the keys."""
        self._shortcut("PgDown", partial(self._turn, 1), repeats=True)
        self._shortcut("PgUp", partial(self._turn, -1), repeats=True)

    def _turn(self, step: int) -> None:
        bar = self._scroll.verticalScrollBar()
        bar.setValue(bar.value() + step * bar.pageStep())

    def add_foot(self, left: Sequence[QWidget], main: Button) -> None:
        """Close at the left of the main button, other widgets before them."""
        for widget in left:
            self.foot.addWidget(widget)
        self.foot.addStretch(1)
        close = Button(_("Close"), keys=("Esc",), kind="quiet")
        close.clicked.connect(self.reject)
        self.foot.addWidget(close)
        main.clicked.connect(self.main_action)
        self.main = main
        self.foot.addWidget(main)

    def add_field(self, key: str, field: Field) -> Field:
        """Know a field by the name that errors call it."""
        self.fields[key] = field
        return field

    def main_action(self) -> None:
        """What Ctrl+Enter does."""
        raise NotImplementedError

    def refuse(self, error: DeskError) -> None:
        """Say an error beside its field, or at the head of the form."""
        if isinstance(error, UserError):
            show_error(error, self.fields, self.say)
        else:
            self.say(sentence(error))

    def say(self, words: str) -> None:
        """Say something at the head of the form."""
        self.problem.setText(words)
        self.problem.setVisible(bool(words))

    def clear_errors(self) -> None:
        """Forget what was wrong."""
        self.say("")
        for field in self.fields.values():
            field.clear_error()

    def next_wrong(self) -> None:
        """Go to the next field that has an error."""
        wrong = [field for field in self.fields.values() if field.error]
        if wrong:
            here = [index for index, field in enumerate(wrong) if field.edit.hasFocus()]
            wrong[(here[0] + 1) % len(wrong) if here else 0].edit.setFocus()

    def setVisible(self, visible: bool) -> None:
        """Take its size and place before the system hears of it.

        A window that is moved while it comes up can be told its first place after its last one, and then takes itself
        to be there: its shadow and its lists fall open in the corner of the screen.
        """
        if visible and not self.isVisible():
            self.ensurePolished()
            self._typing.setVisible(len(self.fields) > 1)
            self.adjustSize()
            grow(self)
            self._to_middle()
        super().setVisible(visible)

    def _to_middle(self) -> None:
        parent = self.parentWidget()
        assert parent is not None  # a form always stands over a window
        window = parent.window()
        self.move(window.mapToGlobal(window.rect().center()) - self.rect().center())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button with the focus; from a field it moves on, and where one is asked, that is all.

        Qt would press the first button it finds, which is Close: what was typed would be gone.
        """
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        event.accept()
        here = self.focusWidget()
        if isinstance(here, QAbstractButton) and not isinstance(here, QCheckBox):
            here.click()
        elif len(self.fields) == 1 and here is next(iter(self.fields.values())).edit:
            self.main_action()
        elif here is not None:
            self.focusNextChild()

    def event(self, event: QEvent) -> bool:
        """Be as high as what is said: an error line makes the form higher, and it gives the room back."""
        answer = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            grow(self)
        return answer

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Clip the corners, where nothing blends them, and stay in the middle when a sentence is added."""
        super().resizeEvent(event)
        if QGuiApplication.platformName() == "xcb":  # the one system that may show windows without blending them
            shape = QPainterPath()
            shape.addRoundedRect(QRectF(self.rect()), _ROUND, _ROUND)
            self.setMask(QRegion(shape.toFillPolygon().toPolygon()))
        if self.isVisible():
            self._to_middle()

    def done(self, code: int) -> None:
        """Close, and brighten the window again."""
        self._scrim.hide()
        self._scrim.deleteLater()
        super().done(code)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme().color("line2"))
        painter.setBrush(theme().color("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), _ROUND, _ROUND)
