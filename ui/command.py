"""The command bar (picture 10): people, documents, slots and commands under one field. Typing alone books nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QApplication, QFrame, QLineEdit, QVBoxLayout, QWidget
from shiboken6 import isValid

from app.text import _
from ui.command_words import Promise
from ui.theme import theme
from ui.widgets.basic import Text, clear_layout
from ui.widgets.paint import (
    draw_avatar,
    draw_icon,
    draw_keys,
    draw_line,
    keys_width,
    lead,
    mirrored,
    reads_right_to_left,
    width_of,
)


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
    promise: Promise | None = None


class ResultRow(QAbstractButton):
    """A result; the chosen one is tinted, the letters that fit are underlined."""

    def __init__(self, result: Result, typed: str = "") -> None:
        super().__init__()
        self.result, self._typed = result, typed
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
        box, on = QRectF(self.rect()), self.isChecked()
        painter.fillRect(box, theme().color("brasstint" if on else "surface2" if self.underMouse() else "surface"))
        if on:
            painter.fillRect(QRectF(lead(painter, box, 0, 3), 0, 3, box.height()), theme().color("brassedge"))
        middle, sign = box.center().y(), theme().px(26)
        if self.result.avatar is not None:
            place = QRectF(lead(painter, box, 16, sign), middle - sign / 2, sign, sign)
            draw_avatar(painter, place, self.result.title, self.result.avatar)
        else:
            draw_icon(painter, box, 20, self.result.icon, "text2", theme().px(18))
        start = 16 + sign + 14
        name, small, label = theme().font("name"), theme().font("small"), theme().font("label")
        end = keys_width(self.result.keys) or (width_of(self.result.right, label) if self.result.right else 0)
        room = box.width() - start - end - 32
        wide = min(width_of(self.result.title, name) + 2, room * 0.62)
        place = QRectF(lead(painter, box, start, wide), 0, wide, box.height())
        said = QFontMetrics(name).elidedText(self.result.title, Qt.TextElideMode.ElideRight, int(wide))
        draw_line(painter, place, said, name, theme().color("text"))
        self._underline(painter, place, said)
        rest = room - wide - 10
        place = QRectF(lead(painter, box, start + wide + 10, rest), 0, rest, box.height())
        said = QFontMetrics(small).elidedText(self.result.detail, Qt.TextElideMode.ElideRight, int(rest))
        draw_line(painter, place, said, small, theme().color("text2"))
        place = QRectF(lead(painter, box, box.width() - end - 16, end), 0, end, box.height())
        if self.result.keys:
            draw_keys(painter, place.left(), middle, self.result.keys, theme().color("text2"), theme().color("line2"))
        elif self.result.right:
            draw_line(painter, place, self.result.right, label, theme().color("text2"), end=True)

    def _underline(self, painter: QPainter, place: QRectF, said: str) -> None:
        """Below the letters that were typed, where the title has them as they stand and reads left to right."""
        if reads_right_to_left(said) or mirrored(painter):
            return
        font = theme().font("name")
        painter.setPen(QPen(theme().color("brassedge"), 2))
        y = place.center().y() + theme().px(10)
        for word in self._typed.casefold().split():
            at = said.casefold().find(word)
            if at >= 0 and len(said.casefold()) == len(said):
                left = place.left() + width_of(said[:at], font)
                painter.drawLine(QPointF(left, y), QPointF(left + width_of(said[at : at + len(word)], font), y))


class PromiseCard(ResultRow):
    """What Enter will do, in one sentence, with the figures before and after. Typing alone books nothing."""

    def sizeHint(self) -> QSize:
        assert self.result.promise is not None
        return QSize(500, theme().px(138 if self.result.promise.figures else 86))

    def paintEvent(self, event: QPaintEvent) -> None:
        promise = self.result.promise
        assert promise is not None
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, on = QRectF(self.rect()), self.isChecked()
        painter.fillRect(box, theme().color("brasstint" if on else "surface"))
        painter.fillRect(QRectF(0, box.bottom() - 1, box.width(), 1), theme().color("brassline"))
        if on:
            painter.fillRect(QRectF(lead(painter, box, 0, 3), 0, 3, box.height()), theme().color("brassedge"))
        inner, line = box.adjusted(18, 8, -18, -12), theme().px(20)
        head = QRectF(inner.left(), inner.top(), inner.width(), line)
        size = theme().px(15)
        draw_icon(painter, head, 0, "corner-down-left", "brasstext", size)
        words = QRectF(head).adjusted(0, 0, -size - 7, 0)
        words.moveLeft(lead(painter, head, size + 7, words.width()))
        draw_line(painter, words, _("Enter does this"), theme().font("label"), theme().color("brasstext"))
        draw_line(painter, head, _("typing books nothing"), theme().font("small"), theme().color("text2"), end=True)
        avatar, top = theme().px(40), head.bottom() + 4
        if self.result.avatar is not None:
            name = self.result.detail or self.result.title
            place = QRectF(lead(painter, inner, 0, avatar), top, avatar, avatar)
            draw_avatar(painter, place, name, self.result.avatar)
        rest = inner.width() - avatar - 12
        place = QRectF(lead(painter, inner, avatar + 12, rest), top, rest, avatar / 2 + 2)
        said = QFontMetrics(theme().font("section")).elidedText(
            promise.sentence, Qt.TextElideMode.ElideRight, int(rest)
        )
        draw_line(painter, place, said, theme().font("section"), theme().color("text"))
        place.translate(0, avatar / 2)
        draw_line(painter, place, promise.detail, theme().font("small"), theme().color("text2"))
        if promise.figures:
            self._figures(painter, QRectF(inner.left(), top + avatar + 8, inner.width(), theme().px(44)))

    def _figures(self, painter: QPainter, box: QRectF) -> None:
        assert self.result.promise is not None
        painter.setPen(QPen(theme().color("brassline"), 1))
        painter.setBrush(theme().color("surface"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        figures = self.result.promise.figures
        wide, half = (box.width() - 28) / len(figures), box.height() / 2
        for number, (label, value) in enumerate(figures):
            left = lead(painter, box, 14 + number * wide, wide)
            upper = QRectF(left, box.top() + 3, wide, half - 3)
            lower = QRectF(left, box.top() + half - 2, wide, half - 2)
            draw_line(painter, upper, label, theme().font("small"), theme().color("text2"))
            draw_line(painter, lower, value, theme().font("strong"), theme().color("text"))


class _Keys(QWidget):
    """The foot of the list: how to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(theme().px(34))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, font, x = QRectF(self.rect()), theme().font("small"), 16.0
        painter.fillRect(QRectF(0, 0, box.width(), 1), theme().color("line"))
        hints = ((("↑", "↓"), _("choose")), (("Enter",), _("do it")), (("Esc",), _("close")))
        for keys, said in hints:
            wide, label = keys_width(keys), width_of(said, font)
            ink, edge = theme().color("text2"), theme().color("line2")
            draw_keys(painter, lead(painter, box, x, wide), box.center().y(), keys, ink, edge)
            place = QRectF(lead(painter, box, x + wide + 7, label), 0, label, box.height())
            draw_line(painter, place, said, font, ink)
            x += wide + label + 25
        words = _("pay, enroll: “ana pay 40 cash”")
        wide = width_of(words, font)
        place = QRectF(lead(painter, box, box.width() - wide - 16, wide), 0, wide, box.height())
        if x + wide + 16 < box.width():
            draw_line(painter, place, words, font, theme().color("text3"), end=True)


def that_fit(results: Sequence[Result], room: int) -> list[Result]:
    """As many as `room` pixels hold with their headings: the longest group gives way first, one by one from its end."""
    runs = [list(run) for _name, run in groupby(results, lambda one: one.group)]
    heading = QFontMetrics(theme().font("label")).lineSpacing() + 10

    def high() -> int:
        shown = sum(theme().px(138 if one.promise is not None else 40) for run in runs for one in run)
        return shown + sum(heading for run in runs if run[0].promise is None) + theme().px(34) + 14

    while len(runs) > 1 and high() > room:
        longest = max(reversed(runs), key=len)
        if len(longest) == 1:
            runs.pop()
        else:
            longest.pop()
    return [one for run in runs for one in run]


class CommandPanel(QFrame):
    """The list below the bar. Opens while someone types there; ↑↓ choose, Enter does, Esc closes, and once more leaves
    the bar.
    """

    def __init__(self, window: QWidget, field: QLineEdit, provider: Callable[[str], list[Result]]) -> None:
        super().__init__(window)
        self.setObjectName("command_panel")
        self._field, self._provider = field, provider
        self.rows: list[ResultRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(2, 8, 2, 4)
        self._column.setSpacing(0)
        self.hide()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._show)
        field.installEventFilter(self)
        field.textEdited.connect(self._typed)
        self._back: QWidget | None = None
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)

    def _focus_moved(self, old: QWidget | None, new: QWidget | None) -> None:
        """Remember where the keys were before the bar took them."""
        if new is self._field and old is not None and old.window() is self._field.window():
            self._back = old

    def _give_back(self) -> None:
        """The keys go back to where they were: else what is meant for the page is typed here."""
        back, self._back = self._back, None
        if back is not None and isValid(back) and back.isVisible() and self._field.hasFocus():
            back.setFocus(Qt.FocusReason.OtherFocusReason)

    def _typed(self, typed: str) -> None:
        if typed.strip():
            self._rest.start(30)
        else:
            self.close_panel()

    def _show(self) -> None:
        clear_layout(self._column)
        self.rows = []
        group = ""
        typed = self._field.text().strip()
        place = self._field.mapTo(self.window(), self._field.rect().bottomLeft())
        for result in that_fit(self._provider(typed), self.window().height() - place.y() - 16):
            if result.promise is not None:
                self._add(PromiseCard(result))
                continue
            if result.group != group:
                group = result.group
                heading = Text(group, "label", "text2")
                heading.setContentsMargins(16, 6, 16, 4)
                self._column.addWidget(heading)
            self._add(ResultRow(result, typed))
        if not self.rows:
            nothing = Text(_("Nothing is called “{words}”.").format(words=typed[:60]), "body", "text2")
            nothing.setContentsMargins(16, 8, 16, 10)
            self._column.addWidget(nothing)
        self._column.addWidget(_Keys())
        for number in range(self._column.count()):  # counted in the height at once, also while the list is open
            item = self._column.itemAt(number)
            part = item.widget() if item is not None else None
            if part is not None:
                part.show()
        edge, ground = theme().hex("line2"), theme().hex("surface")
        self.setStyleSheet(
            f"QFrame#command_panel {{ background: {ground}; border: 1px solid {edge}; border-radius: 12px; }}"
        )
        self._choose(0)
        self.setFixedWidth(max(self._field.width(), 720))
        left = place.x() - (self.width() - self._field.width()) // 2
        self.adjustSize()
        self.move(max(left, 8), place.y() + 8)
        self.raise_()
        self.show()

    def _add(self, row: ResultRow) -> None:
        row.clicked.connect(self._clicked)
        self._column.addWidget(row)
        self.rows.append(row)

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
        self._give_back()
        result.act()

    def close_panel(self) -> None:
        """Esc, or the field was left."""
        self._rest.stop()
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            # A click on a row takes the focus for a moment; only a field that is really left closes the list.
            QTimer.singleShot(150, self._left)
        if not isinstance(event, QKeyEvent) or event.type() == QEvent.Type.KeyRelease:
            return False
        named = self._named(event)
        if event.type() == QEvent.Type.ShortcutOverride:
            if named is not None:
                event.accept()  # the key is pressed here, and is no shortcut of the window
            return named is not None
        if named is not None:
            self._do(named)
            return True
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
            if not self._field.text():
                self._give_back()
            self._field.clear()
            self.close_panel()
            return True
        return False

    def _named(self, event: QKeyEvent) -> Result | None:
        """The result that names this key: F4 beside a name is for that person, not for who is selected on the page."""
        pressed = QKeySequence(event.keyCombination()).toString()
        if self._rest.isActive() and Qt.Key.Key_F1 <= event.key() <= Qt.Key.Key_F35:
            self._rest.stop()  # typed faster than the list follows
            self._show()
        if not self.isVisible() or not pressed:
            return None
        return next((row.result for row in self.rows if "+".join(row.result.keys) == pressed), None)

    def _left(self) -> None:
        if not self._field.hasFocus():
            self.close_panel()
