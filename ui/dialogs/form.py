"""A form over the dimmed window: Esc closes, Ctrl+Enter does the main thing, F3 goes to the next wrong field."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.errors import DeskError, UserError
from app.text import _, sentence
from ui.theme import theme
from ui.widgets.basic import Button, Field, Icon, Text, rule, show_error


class _Scrim(QWidget):
    """Dims the window while a form is open."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setGeometry(window.rect())
        window.installEventFilter(self)
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), QColor(10, 18, 23, 150))


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
        self.setFixedWidth(width)
        self.fields: dict[str, Field] = {}
        self._scrim = _Scrim(parent.window())
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(20, 16, 16, 14)
        head.addWidget(Icon(icon, "brasstext", 20))
        head.addSpacing(6)
        head.addWidget(Text(title, "panel"))
        head.addSpacing(12)
        self.subtitle = Text(subtitle, "body", "text3")
        head.addWidget(self.subtitle)
        head.addStretch(1)
        head.addWidget(Text(_("Tab moves on · every field can be typed"), "small", "text3"))
        column.addLayout(head)
        column.addWidget(rule())
        self.problem = Text("", "label", "danger", wrap=True)
        self.problem.setObjectName("form_problem")
        self.problem.setContentsMargins(20, 10, 20, 0)
        self.problem.hide()
        column.addWidget(self.problem)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(20, 16, 20, 18)
        self.body.setSpacing(12)
        column.addLayout(self.body)
        column.addWidget(rule())
        self.foot = QHBoxLayout()
        self.foot.setContentsMargins(20, 14, 20, 16)
        self.foot.setSpacing(8)
        column.addLayout(self.foot)
        self._shortcut("Ctrl+Return", self.main_action)
        self._shortcut("Ctrl+Enter", self.main_action)
        self._shortcut("F3", self.next_wrong)

    def _shortcut(self, keys: str, act: object) -> None:
        QShortcut(QKeySequence(keys), self).activated.connect(act)

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

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        window = self.parentWidget().window()
        center = window.mapToGlobal(window.rect().center())
        self.adjustSize()
        self.move(center - self.rect().center())

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
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 12, 12)
