"""Labels, buttons, badges, chips, fields: the small parts every page is made of.

Text is plain text everywhere: markup in a name is shown, not rendered. What acts has an object name and an accessible
name that is its visible label.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.errors import UserError
from app.text import sentence
from ui.theme import theme

#: status → icon, text color, ground, outlined
STATUS: dict[str, tuple[str, str, str, bool]] = {
    "active": ("circle-check", "ok", "okbg", False),
    "completed": ("circle-check", "ok", "okbg", False),
    "paid": ("circle-check", "ok", "okbg", False),
    "attended": ("circle-check", "ok", "okbg", False),
    "sent": ("circle-check", "ok", "okbg", False),
    "open": ("circle-check", "ok", "okbg", False),
    "applicant": ("clock", "info", "infobg", False),
    "pending": ("clock", "info", "infobg", False),
    "started": ("clock", "info", "infobg", False),
    "sending": ("send", "info", "infobg", False),
    "on_hold": ("bookmark", "held", "heldbg", False),
    "held": ("bookmark", "held", "heldbg", False),
    "inactive": ("moon", "neutral", "neutralbg", False),
    "waiting": ("hourglass", "neutral", "neutralbg", False),
    "booked": ("circle-dashed", "neutral", "neutralbg", False),
    "queued": ("clock", "neutral", "neutralbg", False),
    "retrying": ("refresh-cw", "warn", "warnbg", False),
    "uncertain": ("circle-question-mark", "warn", "surface", True),
    "failed": ("circle-alert", "danger", "dangerbg", False),
    "absent": ("circle-x", "danger", "dangerbg", False),
    "due": ("coins", "danger", "dangerbg", False),
    "canceled": ("ban", "neutral", "surface", True),
    "merged": ("users", "neutral", "surface", True),
}


def name_of(label: str) -> str:
    """An object name out of a visible label."""
    return re.sub(r"\W+", "_", label.strip().lower()).strip("_") or "unnamed"


class Text(QLabel):
    """A label in a role and a color of the tokens; always plain text."""

    def __init__(self, text: str = "", role: str = "body", color: str = "text", *, wrap: bool = False) -> None:
        super().__init__(text)
        self._role, self._color = role, color
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        theme().changed.connect(self.restyle)
        self.restyle()

    def set_color(self, color: str) -> None:
        """Another color of the tokens."""
        self._color = color
        self.restyle()

    def restyle(self) -> None:
        """Take font and color from the theme in force."""
        self.setFont(theme().font(self._role))
        self.setStyleSheet(f"color: {theme().hex(self._color)}; background: transparent; border: none;")


class Icon(QLabel):
    """An icon of the set in a color of the tokens."""

    def __init__(self, icon: str, color: str = "text2", size: int = 16) -> None:
        super().__init__()
        self._icon, self._color, self._size = icon, color, size
        self.setStyleSheet("background: transparent; border: none;")
        theme().changed.connect(self.restyle)
        self.restyle()

    def set_icon(self, icon: str, color: str) -> None:
        """Another icon."""
        self._icon, self._color = icon, color
        self.restyle()

    def restyle(self) -> None:
        """Take the color from the theme in force."""
        self.setPixmap(theme().pixmap(self._icon, self._color, self._size))


def draw_keys(painter: QPainter, x: float, middle: float, keys: Sequence[str], color: QColor, edge: QColor) -> float:
    """Draw key caps from `x` on, centered on `middle`; returns where they end."""
    font = theme().font("key")
    painter.setFont(font)
    metrics = QFontMetrics(font)
    height = theme().px(18)
    for key in keys:
        wide = max(metrics.horizontalAdvance(key) + 8, height)
        box = QRectF(x + 0.5, middle - height / 2 + 0.5, wide - 1, height - 1)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(color)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)
        x += wide + 3
    return x - 3


def keys_width(keys: Sequence[str]) -> int:
    """How wide key caps are."""
    metrics = QFontMetrics(theme().font("key"))
    return sum(max(metrics.horizontalAdvance(key) + 8, theme().px(18)) + 3 for key in keys) - 3 if keys else 0


class Button(QPushButton):
    """A button with icon, label and key caps. `kind`: primary (one a page), default, danger, quiet."""

    def __init__(
        self, label: str, icon: str = "", *, kind: str = "default", keys: Sequence[str] = (), size: str = "normal"
    ) -> None:
        super().__init__(label)
        self.kind, self.keys, self._icon, self._size = kind, tuple(keys), icon, size
        self.setObjectName(name_of(label))
        self.setAccessibleName(label)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.updateGeometry)

    def set_label(self, label: str) -> None:
        """Another label; the object name stays what it was."""
        self.setText(label)
        self.setAccessibleName(label)
        self.updateGeometry()
        self.update()

    def _role(self) -> str:
        return "section" if self._size == "big" else "button"

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme().font(self._role()))
        wide = metrics.horizontalAdvance(self.text()) + 26
        if self._icon:
            wide += 24 if self.text() else 18 - 10
        if self.keys:
            wide += keys_width(self.keys) + 10
        return QSize(wide, theme().px({"small": 28, "big": 48}.get(self._size, 32)))

    minimumSizeHint = sizeHint

    def _colors(self) -> tuple[str, str, str]:
        if not self.isEnabled():
            return "sunken", "line", "text3"
        hover, down = self.underMouse(), self.isDown() or self.isChecked()
        if self.kind == "primary":
            return ("brasspress" if down else "brasshover" if hover else "brass"), "brassedge", "brassink"
        if self.kind == "danger":
            return (
                ("dangerfill", "danger", "surface")
                if down
                else ("dangerbg" if hover else "surface", "danger", "danger")
            )
        edge = "line" if self.kind == "quiet" else "line2"
        return ("sunken" if down else "surface2" if hover else "surface"), ("text3" if hover else edge), "text"

    def paintEvent(self, event: QPaintEvent) -> None:
        fill, edge, ink = (theme().color(token) for token in self._colors())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(fill)
        painter.drawRoundedRect(box, 7, 7)
        if self.hasFocus():
            painter.setPen(QPen(theme().color("text" if self.kind == "primary" else "brassedge"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1.5, 1.5, -1.5, -1.5), 5.5, 5.5)
        font = theme().font(self._role())
        metrics = QFontMetrics(font)
        wide = metrics.horizontalAdvance(self.text())
        total = wide + (24 if self._icon and self.text() else 18 if self._icon else 0)
        total += keys_width(self.keys) + 10 if self.keys else 0
        x = (self.width() - total) / 2
        middle = self.height() / 2
        if self._icon:
            pixmap = theme().pixmap(self._icon, self._colors()[2], 17)
            painter.drawPixmap(QPointF(x, middle - 8.5), pixmap)
            x += 24 if self.text() else 18
        painter.setFont(font)
        painter.setPen(ink)
        painter.drawText(QRectF(x, 0, wide + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
        if self.keys:
            draw_keys(
                painter,
                x + wide + 10,
                middle,
                self.keys,
                ink,
                edge if self.kind == "primary" else theme().color("line2"),
            )


class Badge(QWidget):
    """A status as icon, word and color."""

    def __init__(self, status: str, label: str) -> None:
        super().__init__()
        self.status, self.label = status, label
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set(status, label)

    def set(self, status: str, label: str) -> None:
        """Another status."""
        self.status, self.label = status, label
        self.setAccessibleName(label)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(badge_width(self.label), theme().px(20))

    def paintEvent(self, event: QPaintEvent) -> None:
        draw_badge(QPainter(self), QRectF(self.rect()), self.status, self.label)


def badge_width(label: str) -> int:
    """How wide a badge is."""
    return QFontMetrics(theme().font("badge")).horizontalAdvance(label) + 33


def draw_badge(painter: QPainter, box: QRectF, status: str, label: str) -> None:
    """Draw a badge at the left of `box`, centered."""
    icon, ink, ground, outlined = STATUS.get(status, STATUS["queued"])
    height = theme().px(20)
    place = QRectF(box.left(), box.center().y() - height / 2, min(badge_width(label), box.width()), height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme().color(ink), 1) if outlined else Qt.PenStyle.NoPen)
    painter.setBrush(theme().color(ground))
    painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
    painter.drawPixmap(QPointF(place.left() + 7, place.center().y() - 7), theme().pixmap(icon, ink, 14, 2.1))
    painter.setPen(theme().color(ink))
    painter.setFont(theme().font("badge"))
    painter.drawText(place.adjusted(25, 0, -4, 0), Qt.AlignmentFlag.AlignVCenter, label)


class Chip(QAbstractButton):
    """A filter with a count: each count is what you would get."""

    def __init__(self, label: str, icon: str = "", key: str = "") -> None:
        super().__init__()
        self.key, self._icon = key or name_of(label), icon
        self.count: int | None = None
        self.setText(label)
        self.setCheckable(True)
        self.setObjectName(f"chip_{self.key}")
        self.setAccessibleName(label)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_count(self, count: int) -> None:
        """How many rows this filter would show."""
        self.count = count
        self.setAccessibleDescription(str(count))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme().font("label"))
        wide = metrics.horizontalAdvance(self.text()) + 24 + (20 if self._icon else 0)
        if self.count is not None:
            wide += metrics.horizontalAdvance(f"{self.count:,}") + 6
        return QSize(wide, theme().px(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        on = self.isChecked()
        ground = "brasstint" if on else "surface2" if self.underMouse() else "surface"
        ink = "brasstext" if on else "text2"
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(
            QPen(theme().color("brassedge" if on or self.hasFocus() else "line"), 2 if self.hasFocus() else 1)
        )
        painter.setBrush(theme().color(ground))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 14, 14)
        x = 12.0
        if self._icon:
            painter.drawPixmap(QPointF(x, self.height() / 2 - 7), theme().pixmap(self._icon, ink, 14, 2.0))
            x += 20
        font = theme().font("label")
        painter.setFont(font)
        painter.setPen(theme().color("text" if not on else "brasstext"))
        wide = QFontMetrics(font).horizontalAdvance(self.text())
        painter.drawText(QRectF(x, 0, wide + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
        if self.count is not None:
            painter.setPen(theme().color("brasstext" if on else "text3"))
            rest = QRectF(x + wide + 6, 0, 80, self.height())
            painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, f"{self.count:,}")


class Segment(QWidget):
    """A choice of one among a few, side by side. `chosen(key)`."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str, Sequence[str]]], name: str = "segment") -> None:
        super().__init__()
        self.setObjectName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, _SegmentButton] = {}
        for index, (key, label, keys) in enumerate(choices):
            button = _SegmentButton(key, label, keys, first=index == 0, last=index == len(choices) - 1)
            button.setObjectName(f"{name}_{key}")
            self._group.addButton(button)
            self.buttons[key] = button
            button.clicked.connect(self._clicked)
            row.addWidget(button)

    def _clicked(self) -> None:
        self.chosen.emit(self.value())

    def value(self) -> str:
        """The chosen key, '' while none is."""
        button = self._group.checkedButton()
        return button.key if isinstance(button, _SegmentButton) else ""

    def set_value(self, key: str) -> None:
        """Choose without telling anyone."""
        self.buttons[key].setChecked(True)


class _SegmentButton(QAbstractButton):
    def __init__(self, key: str, label: str, keys: Sequence[str], *, first: bool, last: bool) -> None:
        super().__init__()
        self.key, self.keys, self._ends = key, tuple(keys), (first, last)
        self.setText(label)
        self.setAccessibleName(label)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        wide = QFontMetrics(theme().font("button")).horizontalAdvance(self.text()) + 26
        return QSize(wide + (keys_width(self.keys) + 10 if self.keys else 0), theme().px(32))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        first, last = self._ends
        box = QRectF(self.rect()).adjusted(0.5 if first else -8, 0.5, -0.5 if last else 8, -0.5)
        painter.setPen(QPen(theme().color("line2"), 1))
        painter.setBrush(
            theme().color("brasstint" if self.isChecked() else "surface2" if self.underMouse() else "surface")
        )
        painter.drawRoundedRect(box, 7, 7)
        if not last:
            painter.drawLine(self.width() - 1, 1, self.width() - 1, self.height() - 2)
        if self.hasFocus():
            painter.setPen(QPen(theme().color("brassedge"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 5, 5)
        ink = theme().color("brasstext" if self.isChecked() else "text")
        font = theme().font("button")
        wide = QFontMetrics(font).horizontalAdvance(self.text())
        x = (self.width() - wide - (keys_width(self.keys) + 10 if self.keys else 0)) / 2
        painter.setFont(font)
        painter.setPen(ink)
        painter.drawText(QRectF(x, 0, wide + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
        if self.keys:
            draw_keys(painter, x + wide + 10, self.height() / 2, self.keys, ink, theme().color("line2"))


class Avatar(QWidget):
    """A circle with initials."""

    def __init__(self, name: str = "", size: int = 48, seed: int = 0) -> None:
        super().__init__()
        self._name, self._seed = name, seed
        self.setFixedSize(size, size)

    def set(self, name: str, seed: int) -> None:
        """Someone else."""
        self._name, self._seed = name, seed
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        draw_avatar(QPainter(self), QRectF(self.rect()), self._name, self._seed)


def initials(name: str) -> str:
    """The first letters of a name, one for scripts that join theirs."""
    words = [word for word in name.split() if word[0].isalpha()]
    if not words:
        return "?"
    if words[0][0] > "\u0590":
        return words[0][0]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else words[0][1:2])).upper()


def draw_avatar(painter: QPainter, box: QRectF, name: str, seed: int) -> None:
    """Draw an avatar that fills `box`."""
    color = theme().color(("cdrive", "cexam", "clang", "csafe")[seed % 4])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.2))
    painter.setBrush(theme().color("surface"))
    painter.drawEllipse(box.adjusted(1, 1, -1, -1))
    font = theme().font("badge")
    font.setPixelSize(max(9, round(box.width() * 0.36)))
    painter.setFont(font)
    painter.setPen(color)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, initials(name))


class SeatBar(QWidget):
    """The seats of a slot: paid solid, pending hatched, held with a middle bar, free outlined; +n wait."""

    def __init__(self, cell: tuple[int, int] = (6, 14)) -> None:
        super().__init__()
        self._cell = cell
        self.counts = (0, 0, 0, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set(self, paid: int, pending: int, held: int, capacity: int, waiting: int = 0) -> None:
        """Seats by kind."""
        self.counts = (paid, pending, held, max(capacity - paid - pending - held, 0), waiting)
        self.setAccessibleName(
            f"{paid + pending + held} of {capacity} seats: {paid} paid, {pending} pending, {held} held;"
            f" {waiting} waiting"
        )
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(sum(self.counts[:4]) * (self._cell[0] + 2) + (30 if self.counts[4] else 0), self._cell[1] + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        x = draw_seats(painter, QRectF(self.rect()), self.counts, self._cell)
        if self.counts[4]:
            painter.setFont(theme().font("badge"))
            painter.setPen(theme().color("text2"))
            painter.drawText(QRectF(x + 4, 0, 40, self.height()), Qt.AlignmentFlag.AlignVCenter, f"+{self.counts[4]}")


def draw_seats(painter: QPainter, box: QRectF, counts: Sequence[int], cell: tuple[int, int]) -> float:
    """Draw seat cells from the left of `box`; returns where they end."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    x, top = box.left(), box.center().y() - cell[1] / 2
    for kind, count in zip(("paid", "pending", "held", "free"), counts, strict=False):
        for _ in range(count):
            draw_seat(painter, QRectF(x + 0.5, top + 0.5, cell[0] - 1, cell[1] - 1), kind)
            x += cell[0] + 2
    return x


def draw_seat(painter: QPainter, place: QRectF, kind: str) -> None:
    """Draw one seat."""
    edge = {"paid": "okfill", "pending": "infofill", "held": "heldfill", "free": "line2", "own": "brassedge"}[kind]
    painter.setPen(QPen(theme().color(edge), 1))
    if kind in ("paid", "own"):
        painter.setBrush(theme().color("okfill" if kind == "paid" else "brass"))
    elif kind == "pending":
        painter.setBrush(QBrush(theme().color("infofill"), Qt.BrushStyle.BDiagPattern))
    else:
        painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(place, 1.5, 1.5)
    if kind == "held":
        painter.drawLine(QPointF(place.left() + 1, place.center().y()), QPointF(place.right() - 1, place.center().y()))


class Field(QWidget):
    """A label, an input, and below it a hint or what is wrong. The error is the input's accessible description."""

    def __init__(self, label: str, edit: QWidget | None = None, *, name: str = "", hint: str = "") -> None:
        super().__init__()
        self.edit = edit if edit is not None else QLineEdit()
        self.label = Text(label, "label", "text2")
        self.label.setBuddy(self.edit)
        self._hint = hint
        self.below = Text(hint, "small", "text3", wrap=True)
        self.below.setVisible(bool(hint))
        self.edit.setObjectName(name or name_of(label))
        self.edit.setAccessibleName(label)
        self.error = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.label)
        column.addWidget(self.edit)
        column.addWidget(self.below)
        if isinstance(self.edit, QLineEdit):
            self.edit.textEdited.connect(self.clear_error)

    def text(self) -> str:
        """What was typed."""
        assert isinstance(self.edit, QLineEdit)
        return self.edit.text()

    def set_error(self, words: str) -> None:
        """Say what is wrong, beside the field."""
        self.error = words
        self.edit.setProperty("wrong", bool(words))
        self.edit.setAccessibleDescription(words)
        self.below.setText(f"⚠ {words}" if words else self._hint)
        self.below.set_color("danger" if words else "text3")
        self.below.setVisible(bool(words or self._hint))
        self.edit.style().unpolish(self.edit)
        self.edit.style().polish(self.edit)

    def clear_error(self) -> None:
        """Nothing is wrong any more."""
        if self.error:
            self.set_error("")

    def set_hint(self, words: str) -> None:
        """Say something helpful below the field."""
        self._hint = words
        if not self.error:
            self.below.setText(words)
            self.below.setVisible(bool(words))


class Card(QFrame):
    """A white card with a hairline."""

    def __init__(self, layout: QLayout | None = None, *, margins: tuple[int, int, int, int] = (14, 12, 14, 12)) -> None:
        super().__init__()
        self.setProperty("card", True)
        inner = layout if layout is not None else QVBoxLayout()
        inner.setContentsMargins(*margins)
        self.setLayout(inner)


def rule() -> QFrame:
    """A hairline."""
    line = QFrame()
    line.setProperty("rule", True)
    return line


class EmptyState(QWidget):
    """What happened, what is safe, the one next step."""

    def __init__(self, icon: str, headline: str, words: str, buttons: Sequence[QWidget] = ()) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.setSpacing(10)
        column.addWidget(Icon(icon, "brasstext", 32), alignment=Qt.AlignmentFlag.AlignHCenter)
        self.headline = Text(headline, "panel")
        self.words = Text(words, "body", "text2", wrap=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.words.setMinimumWidth(280)
        column.addWidget(self.headline, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.words, alignment=Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout()
        row.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for button in buttons:
            row.addWidget(button)
        column.addLayout(row)


class PageHead(QWidget):
    """Title, one line of numbers in words, and actions at the right."""

    def __init__(self, title: str, actions: Sequence[QWidget] = ()) -> None:
        super().__init__()
        self.setFixedHeight(theme().px(56))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        self.title = Text(title, "title")
        self.facts = Text("", "body", "text3")
        row.addWidget(self.title)
        row.addWidget(self.facts)
        row.addStretch(1)
        for action in actions:
            row.addWidget(action)


def show_error(error: UserError, fields: dict[str, Field], otherwise: Callable[[str], None]) -> None:
    """Say an error beside its field, or through `otherwise` where there is none; the field takes the focus."""
    words = sentence(error)
    field = fields.get(error.field or "")
    if field is None:
        otherwise(words)
        return
    field.set_error(words)
    field.edit.setFocus()


def clear_layout(layout: QLayout) -> None:
    """Take everything out of a layout."""
    while (item := layout.takeAt(0)) is not None:
        inner = item.widget()
        if inner is not None:
            inner.hide()
            inner.deleteLater()
        elif item.layout() is not None:
            clear_layout(item.layout())


def icon_pixmap(name: str, token: str, size: int) -> QPixmap:
    """An icon for painting."""
    return theme().pixmap(name, token, size)
