"""Labels, buttons, badges, chips, fields: the small parts every page is made of.

Text is plain text everywhere: markup in a name is shown, not rendered. What acts has an object name and an accessible
name that is its visible label.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QComboBox,
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
from ui.widgets.paint import (
    badge_width,
    draw_badge,
    draw_icon,
    draw_line,
    isolated,
    lead,
    mirrored,
    width_of,
)
from ui.widgets.paint import draw_avatar as draw_avatar
from ui.widgets.paint import draw_keys as draw_keys
from ui.widgets.paint import draw_seats as draw_seats
from ui.widgets.paint import keys_width as keys_width
from ui.widgets.ring import hide_ring, show_ring
from ui.widgets.typed import TypedLine


def name_of(label: str) -> str:
    """An object name out of a visible label."""
    return re.sub(r"\W+", "_", label.strip().lower()).strip("_") or "unnamed"


class Text(QLabel):
    """A label in a role and a color of the tokens; always plain text."""

    def __init__(self, text: str = "", role: str = "body", color: str = "text", *, wrap: bool = False) -> None:
        super().__init__()
        self._role, self._color = role, color
        self.setText(text)
        self._side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self._align()
        theme().changed.connect(self.restyle)
        self.restyle()

    def set_color(self, color: str) -> None:
        """Another color of the tokens."""
        self._color = color
        self.restyle()

    def setText(self, text: str) -> None:
        """The words as they are; on the screen names of the other direction are set apart (`paint.isolated`)."""
        self._words = text
        super().setText(isolated(text))

    def text(self) -> str:
        """The words that were set."""
        return self._words

    def setAlignment(self, side: Qt.AlignmentFlag) -> None:
        """Where the text stands: left and right change places in a mirrored window alone.

        A label of Qt's own also moves text of another direction to the other side: a name would leave its column.
        """
        self._side = side
        self._align()

    def _align(self) -> None:
        flag, side = Qt.AlignmentFlag, self._side
        if not side & flag.AlignHorizontal_Mask:
            side |= flag.AlignLeft
        if side & (flag.AlignLeft | flag.AlignRight) and self.isRightToLeft():
            side ^= flag.AlignLeft | flag.AlignRight
        super().setAlignment(side | flag.AlignAbsolute)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self._align()

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
        self.setPixmap(theme().pixmap(self._icon, self._color, theme().px(self._size)))


class Button(QPushButton):
    """A button with icon, label and key caps. `kind`: primary (one a page), default, danger, quiet, bare (on a card),
    flat (on the page), good and bad (a mark that is set or not), choice (one of a few). `size`: normal, small, big,
    mark, and tight: as high as normal, where several share a panel.
    """

    def __init__(
        self, label: str, icon: str = "", *, kind: str = "default", keys: Sequence[str] = (), size: str = "normal"
    ) -> None:
        super().__init__()
        self.setText(label)
        self.kind, self.keys, self._icon, self._size = kind, tuple(keys), icon, size
        self.setObjectName(name_of(label))
        self.setAccessibleName(label)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.updateGeometry)

    def setText(self, text: str) -> None:
        """The words as they are: an ampersand in a name or an address is no key."""
        super().setText(text)
        self.setShortcut(QKeySequence())

    def set_label(self, label: str) -> None:
        """Another label; the object name stays what it was."""
        self.setText(label)
        self.setAccessibleName(label)
        self.updateGeometry()
        self.update()

    def _role(self) -> str:
        return {"big": "section", "tight": "button_tight"}.get(self._size, "button")

    def _contents(self) -> tuple[int, int]:
        """How wide icon and label are, with the gap after each; the keys come last."""
        after_icon = 5 if self._size == "tight" else 7
        icon = (theme().px(17) + (after_icon if self.text() else 1)) if self._icon else 0
        label = width_of(self.text(), theme().font(self._role()))
        return icon, label + (self._before_keys() if self.keys and label else 0)

    def _before_keys(self) -> int:
        return 8 if self._size == "tight" else 10

    def sizeHint(self) -> QSize:
        high = theme().px({"small": 28, "big": 48, "mark": 24}.get(self._size, 32))
        if not self.text() and not self.keys:
            return QSize(theme().px(28) if self._size == "mark" else high, high)
        return QSize(sum(self._contents()) + keys_width(self.keys) + (18 if self._size == "tight" else 26), high)

    def minimumSizeHint(self) -> QSize:
        """Where there is no room, the keys go before a word is cut."""
        whole = self.sizeHint()
        if not self.text() or not self.keys:
            return whole
        return QSize(whole.width() - keys_width(self.keys) - self._before_keys(), whole.height())

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
        if self.kind in ("good", "bad") and self.isChecked():
            fill = "okfill" if self.kind == "good" else "dangerfill"
            return fill, fill, "onfill"
        if self.kind == "choice" and self.isChecked() and self.isEnabled():
            return "brasstint", "brassedge", "brasstext"
        if self.kind == "flat":
            return ("surface2" if hover else "bg"), ("line" if hover else "bg"), "text2"
        if self.kind == "bare":
            return ("surface2" if hover else "surface"), ("line" if hover else "surface"), "text2"
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
        everything, high = QRectF(self.rect()), self.height()
        icon, label = self._contents()
        shown = self.keys if self.width() >= self.sizeHint().width() - 8 or not self.text() else ()
        keys = keys_width(shown)
        label -= self._before_keys() if self.keys and not shown else 0
        x = (self.width() - icon - label - keys) / 2
        if self._icon:
            draw_icon(painter, everything, x, self._icon, self._colors()[2], theme().px(17))
        words = QRectF(lead(painter, everything, x + icon, label), 0, label, high)
        draw_line(painter, words, self.text(), theme().font(self._role()), ink)
        if shown:
            caps = edge if self.kind == "primary" or not self.isEnabled() else theme().color("line2")
            draw_keys(painter, lead(painter, everything, x + icon + label, keys), high / 2, shown, ink, caps)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        show_ring(self, 9)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        hide_ring(self)


class Badge(QWidget):
    """A status as icon, word and color."""

    def __init__(self, status: str, label: str) -> None:
        super().__init__()
        self.status, self.label = status, label
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.updateGeometry)
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


class Chip(QAbstractButton):
    """A filter with a count: each count is what you would get. One that `opens` shows a menu and is never on."""

    def __init__(self, label: str, icon: str = "", key: str = "", *, opens: bool = False) -> None:
        super().__init__()
        self.key, self._icon, self._plain = key or name_of(label), icon, False
        self._opens = opens
        self.count: int | None = None
        self.setText(label)
        self.setShortcut(QKeySequence())  # an ampersand in a course's name is no key
        theme().changed.connect(self.updateGeometry)
        self.setCheckable(not opens)
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

    def set_plain(self, plain: bool) -> None:
        """Without its icon, where a row of chips has no room for it: the word says it, too."""
        self._plain = plain
        self.updateGeometry()
        self.update()

    def _parts(self) -> tuple[int, int, int]:
        font = theme().font("label")
        count = width_of(self._said(), font) + 6 if self.count is not None else 0
        if self._opens:
            count = theme().px(14) + 6
        icon = theme().px(14) + 6 if self._icon and not self._plain else 0
        return icon, width_of(self.text(), font), count

    def _said(self) -> str:
        return f"{self.count:,}" if self.count is not None else ""

    def sizeHint(self) -> QSize:
        return QSize(sum(self._parts()) + 24, theme().px(28))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        show_ring(self, self.height() / 2 + 4)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        hide_ring(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        on, off = self.isChecked(), not self.isEnabled()
        ground = "sunken" if off else "brasstint" if on else "surface2" if self.underMouse() else "surface"
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        everything = QRectF(self.rect())
        painter.setPen(QPen(theme().color("brassedge" if on and not off else "line"), 1))
        painter.setBrush(theme().color(ground))
        round_by = everything.height() / 2 - 0.5
        painter.drawRoundedRect(everything.adjusted(0.5, 0.5, -0.5, -0.5), round_by, round_by)
        icon, label, count = self._parts()
        ink = "text3" if off else "brasstext" if on else "text"
        if icon:
            muted = "brasstext" if on and not off else "text2"
            draw_icon(painter, everything, 12, self._icon, muted, theme().px(14), 2.0)
        font, high = theme().font("label"), everything.height()
        words = QRectF(lead(painter, everything, 12 + icon, label), 0, label, high)
        draw_line(painter, words, self.text(), font, theme().color(ink))
        if self._opens:
            draw_icon(painter, everything, 18 + icon + label, "chevron-down", "text2", theme().px(14), 2.0)
            return
        number = QRectF(lead(painter, everything, 12 + icon + label, count), 0, count, high)
        draw_line(painter, number, self._said(), font, theme().color("brasstext" if on else "text3"), end=True)


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
        self.setShortcut(QKeySequence())  # an ampersand in a payer's name is no key
        self.setAccessibleName(label)
        theme().changed.connect(self.updateGeometry)
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def _parts(self) -> tuple[int, int]:
        keys = keys_width(self.keys)
        return width_of(self.text(), theme().font("button")), keys + 10 if keys else 0

    def sizeHint(self) -> QSize:
        return QSize(sum(self._parts()) + 26, theme().px(32))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._parts()[0] + 16, theme().px(32))  # the keys give way where there is no room

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        everything, on = QRectF(self.rect()), self.isChecked()
        first, last = self._ends
        round_left, round_right = (last, first) if mirrored(painter) else (first, last)
        box = everything.adjusted(0.5 if round_left else -8, 0.5, -0.5 if round_right else 8, -0.5)
        painter.setPen(QPen(theme().color("line2"), 1))
        painter.setBrush(theme().color("brasstint" if on else "surface2" if self.underMouse() else "surface"))
        painter.drawRoundedRect(box, 7, 7)
        if not last:
            side = lead(painter, everything, self.width() - 1, 1) + 0.5
            painter.drawLine(QPointF(side, 1), QPointF(side, self.height() - 1))
        if self.hasFocus():
            painter.setPen(QPen(theme().color("brassedge"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(everything.adjusted(2, 2, -2, -2), 5, 5)
        ink = theme().color("brasstext" if on else "text" if self.isEnabled() else "text3")
        label, keys = self._parts()
        keys = keys if label + keys + 12 <= self.width() else 0
        x = (self.width() - label - keys) / 2
        words = QRectF(lead(painter, everything, x, label), 0, label, self.height())
        draw_line(painter, words, self.text(), theme().font("button"), ink)
        if keys:
            left = lead(painter, everything, x + label + 10, keys - 10)
            draw_keys(painter, left, self.height() / 2, self.keys, ink, theme().color("line2"))


class Avatar(QWidget):
    """A circle with initials."""

    def __init__(self, name: str = "", size: int = 48, seed: int = 0) -> None:
        super().__init__()
        self._name, self._seed, self._size = name, seed, size
        theme().changed.connect(self.restyle)
        self.restyle()

    def set(self, name: str, seed: int) -> None:
        """Someone else."""
        self._name, self._seed = name, seed
        self.update()

    def restyle(self) -> None:
        """As large as the text asks for."""
        self.setFixedSize(theme().px(self._size), theme().px(self._size))

    def paintEvent(self, event: QPaintEvent) -> None:
        draw_avatar(QPainter(self), QRectF(self.rect()), self._name, self._seed)


class Field(QWidget):
    """A label, an input, and below it a hint or what is wrong. The error is the input's accessible description."""

    def __init__(self, label: str, edit: QWidget | None = None, *, name: str = "", hint: str = "") -> None:
        super().__init__()
        self.edit = edit if edit is not None else TypedLine()
        self.label = Text(label, "label", "text2")
        self.label.setBuddy(self.edit)
        self._hint = hint
        self.below = Text(hint, "small", "text3", wrap=True)
        self.edit.setObjectName(name or name_of(label))
        self.edit.setAccessibleName(label)
        self.error = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.label)
        column.addWidget(self.edit)
        self._sign = Icon("circle-alert", "danger", 14)
        self._sign.hide()
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._sign, alignment=Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.below, 1)
        column.addLayout(line)
        self.below.setVisible(bool(hint))  # only where it stands: alone it would be a window for a moment
        if isinstance(self.edit, QLineEdit):
            self.edit.textEdited.connect(self.clear_error)
        if isinstance(self.edit, QComboBox) and not self.edit.minimumContentsLength():
            # What is in a list may be long: it gives way to the form.
            self.edit.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            self.edit.setMinimumContentsLength(10)

    def text(self) -> str:
        """What was typed."""
        assert isinstance(self.edit, QLineEdit)
        return self.edit.text()

    def set_error(self, words: str) -> None:
        """Say what is wrong, beside the field."""
        self.error = words
        self.edit.setProperty("wrong", bool(words))
        self.edit.setAccessibleDescription(words)
        self.below.setText(words or self._hint)
        self._sign.setVisible(bool(words))
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
        self.tile = tile = Icon(icon, "brasstext", 28)
        tile.setProperty("tile", True)
        tile.setStyleSheet("")
        tile.setAlignment(Qt.AlignmentFlag.AlignCenter)
        tile.setFixedSize(64, 64)
        column.addWidget(tile, alignment=Qt.AlignmentFlag.AlignHCenter)
        self.headline = Text(headline, "panel")
        self.words = Text(words, "body", "text2", wrap=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.words.setFixedWidth(theme().px(380))
        column.addWidget(self.headline, alignment=Qt.AlignmentFlag.AlignHCenter)
        middle = QHBoxLayout()  # with an alignment of its own a label that wraps would be one line high
        middle.addStretch(1)
        middle.addWidget(self.words)
        middle.addStretch(1)
        column.addLayout(middle)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._buttons.setContentsMargins(0, 6, 0, 0)
        self._buttons.addStretch(1)
        self._buttons.addStretch(1)
        column.addLayout(self._buttons)
        for button in buttons:
            self.add_button(button)

    def add_button(self, button: QWidget) -> None:
        """Another next step, side by side with the ones before."""
        self._buttons.insertWidget(self._buttons.count() - 1, button)


class PageHead(QWidget):
    """Title, one line of numbers in words, and actions at the right."""

    def __init__(self, title: str, actions: Sequence[QWidget] = ()) -> None:
        super().__init__()
        theme().changed.connect(self.restyle)
        self.restyle()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        self.title = Text(title, "title")
        self.facts = Text("", "body", "text3")
        self.facts.setMinimumWidth(1)  # numbers in words give way to the title and the actions
        row.addWidget(self.title)
        row.addWidget(self.facts)
        row.addStretch(1)
        for action in actions:
            row.addWidget(action)

    def restyle(self) -> None:
        """As high as the text asks for."""
        self.setFixedHeight(theme().px(32) + 24)


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
        elif (nested := item.layout()) is not None:
            clear_layout(nested)
