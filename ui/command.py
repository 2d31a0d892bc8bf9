"""The command bar (picture 10): people, documents, slots and commands under one field. Typing alone books nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QLineEdit, QVBoxLayout, QWidget

from ui.theme import theme
from ui.widgets.basic import Text, clear_layout, draw_avatar, draw_keys, keys_width


@dataclass(frozen=True)
class Result:
    """One line under the bar and what Enter does with it."""

    group: str
    title: str
    detail: str
    act: Callable[[], object]
    icon: str = ""
    avatar: int | None = None
    right: str = ""
    keys: tuple[str, ...] = ()


class ResultRow(QAbstractButton):
    """A result; the chosen one is tinted."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result
        self.setText(result.title)
        self.setCheckable(True)
        self.setObjectName("command_result")
        self.setAccessibleName(f"{result.title}, {result.detail}")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(500, theme().px(40))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        on = self.isChecked()
        painter.fillRect(box, theme().color("brasstint" if on else "surface2" if self.underMouse() else "surface"))
        if on:
            painter.fillRect(QRectF(0, 0, 3, box.height()), theme().color("brassedge"))
        middle = box.center().y()
        if self.result.avatar is not None:
            draw_avatar(painter, QRectF(16, middle - 13, 26, 26), self.result.title, self.result.avatar)
        else:
            painter.drawPixmap(QPointF(20, middle - 9), theme().pixmap(self.result.icon, "text2", 18))
        name = theme().font("name")
        painter.setFont(name)
        painter.setPen(theme().color("text"))
        wide = min(QFontMetrics(name).horizontalAdvance(self.result.title), box.width() * 0.55)
        side = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(56, 0, wide + 2, box.height()), side, self.result.title)
        small = theme().font("small")
        painter.setFont(small)
        painter.setPen(theme().color("text2"))
        room = box.width() - 56 - wide - 10 - 110
        said = QFontMetrics(small).elidedText(self.result.detail, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(QRectF(56 + wide + 10, 0, room, box.height()), side, said)
        if self.result.keys:
            left = box.width() - keys_width(self.result.keys) - 16
            draw_keys(painter, left, middle, self.result.keys, theme().color("text2"), theme().color("line2"))
        elif self.result.right:
            painter.setFont(theme().font("label"))
            right = box.adjusted(0, 0, -16, 0)
            painter.drawText(right, side | Qt.AlignmentFlag.AlignRight, self.result.right)


class CommandPanel(QFrame):
    """The list below the bar. Opens while someone types there; ↑↓ choose, Enter does, Esc closes."""

    def __init__(self, window: QWidget, field: QLineEdit, provider: Callable[[str], list[Result]]) -> None:
        super().__init__(window)
        self.setObjectName("command_panel")
        self._field, self._provider = field, provider
        self.rows: list[ResultRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(2, 8, 2, 8)
        self._column.setSpacing(0)
        self.hide()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._show)
        field.installEventFilter(self)
        field.textEdited.connect(self._typed)

    def _typed(self, typed: str) -> None:
        if typed.strip():
            self._rest.start(30)
        else:
            self.close_panel()

    def _show(self) -> None:
        clear_layout(self._column)
        self.rows = []
        group = ""
        for result in self._provider(self._field.text().strip()):
            if result.group != group:
                group = result.group
                heading = Text(group, "label", "text2")
                heading.setContentsMargins(16, 6, 16, 4)
                self._column.addWidget(heading)
            row = ResultRow(result)
            row.clicked.connect(self._clicked)
            self._column.addWidget(row)
            self.rows.append(row)
        edge, ground = theme().hex("line2"), theme().hex("surface")
        self.setStyleSheet(
            f"QFrame#command_panel {{ background: {ground}; border: 1px solid {edge}; border-radius: 12px; }}"
        )
        self._choose(0)
        place = self._field.mapTo(self.window(), self._field.rect().bottomLeft())
        self.setFixedWidth(max(self._field.width(), 720))
        left = place.x() - (self.width() - self._field.width()) // 2
        self.adjustSize()
        self.move(max(left, 8), place.y() + 8)
        self.raise_()
        self.show()

    def chosen(self) -> int:
        """The place of the chosen row, -1 where there is none."""
        return next((number for number, row in enumerate(self.rows) if row.isChecked()), -1)

    def _choose(self, number: int) -> None:
        for at, row in enumerate(self.rows):
            row.setChecked(at == number)
            row.update()

    def _clicked(self) -> None:
        row = self.sender()
        assert isinstance(row, ResultRow)
        self._do(row.result)

    def _do(self, result: Result) -> None:
        self.close_panel()
        self._field.clear()
        result.act()

    def close_panel(self) -> None:
        """Esc, or the field was left."""
        self._rest.stop()
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            # A click on a row takes the focus for a moment; only a field that is really left closes the list.
            QTimer.singleShot(150, self._left)
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self.rows:
            step = 1 if key == Qt.Key.Key_Down else -1
            self._choose(max(0, min(self.chosen() + step, len(self.rows) - 1)))
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._rest.isActive():
                self._rest.stop()
                self._show()
            if self.isVisible() and self.chosen() >= 0:
                self._do(self.rows[self.chosen()].result)
            return True
        if key == Qt.Key.Key_Escape:
            self._field.clear()
            self.close_panel()
            return True
        return False

    def _left(self) -> None:
        if not self._field.hasFocus():
            self.close_panel()
