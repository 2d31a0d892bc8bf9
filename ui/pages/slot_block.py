"""One slot of the painted week: how it looks, and the widget that takes focus, a click, or the beginning of a drag."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.lists.calendar import Block
from app.text import _
from ui.theme import CATEGORY, theme
from ui.widgets.line import as_tip
from ui.widgets.paint import draw_icon, draw_line, draw_seat_bar, lead, width_of

#: Below this width a block says its course's code, room and count alone (two at once in a narrow column).
NARROW = 84


def draw_block(
    painter: QPainter, place: QRectF, block: Block, *, times: str = "", chosen: bool = False, left_behind: bool = False
) -> None:
    """Draw a slot: stripe, icon, title, `times` (default: its start) and room, seats. `left_behind`: where it was."""
    token = CATEGORY.get(block.category, "cdrive")
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = place.adjusted(0.5, 0.5, -0.5, -0.5)
    edge = theme().color("brassedge" if chosen else token)
    edge.setAlpha(255 if chosen or left_behind else 110)
    dashes = Qt.PenStyle.DashLine if left_behind else Qt.PenStyle.SolidLine
    painter.setPen(QPen(edge, 2 if chosen and not left_behind else 1, dashes))
    painter.setBrush(theme().color("surface") if left_behind else theme().tint(token))
    painter.drawRoundedRect(box, 5, 5)
    if left_behind:
        painter.setOpacity(0.6)
    stripe = QRectF(lead(painter, place, 0, 4), place.top(), 4, place.height())
    painter.setPen(QPen(theme().color(token), 4, dashes) if left_behind else Qt.PenStyle.NoPen)
    if left_behind:
        painter.drawLine(stripe.center().toPoint() - QPoint(0, round(place.height() / 2) - 4),
                         stripe.center().toPoint() + QPoint(0, round(place.height() / 2) - 4))  # fmt: skip
    else:
        painter.setBrush(theme().color(token))
        painter.drawRoundedRect(stripe, 2, 2)
    _words(painter, place, block, times or block.start_wall[11:16], token)
    painter.restore()


def _words(painter: QPainter, place: QRectF, block: Block, times: str, token: str) -> None:
    """As many lines as there is room for: the title first, then the seats, then when and where."""
    line, narrow = theme().px(17), place.width() < theme().px(NARROW)
    strong, small, badge = (theme().font(role) for role in ("small_strong", "small", "badge"))
    inner = place.adjusted(9, 3, -2 if narrow else -5, -4)
    room = place.height() >= 2 * line + 6
    title = QRectF(inner.left(), inner.top() if room else place.top(), inner.width(), line if room else place.height())
    taken = 0
    if not narrow:
        size = theme().px(14)
        draw_icon(painter, title, 0, block.icon, token, size)
        taken = size + 5
    wide = title.width() - taken
    said = QFontMetrics(strong).elidedText(
        block.code if narrow else block.title, Qt.TextElideMode.ElideRight, int(wide)
    )
    words = QRectF(lead(painter, title, taken, wide), title.top(), wide, title.height())
    draw_line(painter, words, said, strong, theme().color("text"))
    if not room:
        return
    foot = QRectF(inner.left(), inner.bottom() - line + 1, inner.width(), line)
    count = f"{block.taken}/{block.capacity}" + (f" +{block.waiting}" if block.waiting and not narrow else "")
    draw_line(painter, foot, count, badge, theme().color("text2"), end=not narrow)
    if not narrow:
        bar = foot.width() - width_of(count, badge) - 8
        place_of_bar = QRectF(lead(painter, foot, 0, bar), foot.top(), bar, foot.height())
        free = max(block.capacity - block.taken, 0)
        draw_seat_bar(painter, place_of_bar, (block.paid, block.pending, block.held, free))
    if place.height() >= 3 * line + 6:
        where = block.room if narrow else " · ".join(filter(None, (times, block.room)))
        said = QFontMetrics(small).elidedText(where, Qt.TextElideMode.ElideRight, int(inner.width()))
        below = QRectF(inner.left(), inner.top() + line, inner.width(), line)
        draw_line(painter, below, said, small, theme().color("text2"))


class SlotBlock(QWidget):
    """One slot. Takes focus; its accessible name says what a sighted person reads off it."""

    chosen = Signal(int)
    opened = Signal(int)
    carried = Signal(int, int, int)

    def __init__(self, parent: QWidget, block: Block) -> None:
        super().__init__(parent)
        self.block = block
        self.selected = self.ghost = False
        self._pressed: QPoint | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setObjectName("slot_block")
        times = f"{block.start_wall[11:16]}–{block.end_wall[11:16]}"
        self.setAccessibleName(
            f"{block.title}, {times}, {block.room}, "
            + _("{taken} of {all} seats").format(taken=block.taken, all=block.capacity)
        )
        facts = (block.title, f"{times} · {block.room}", ", ".join(block.instructors))
        self.setToolTip(as_tip("\n".join(filter(None, facts))))

    def paintEvent(self, event: QPaintEvent) -> None:
        chosen = self.selected or self.hasFocus()
        draw_block(QPainter(self), QRectF(self.rect()), self.block, chosen=chosen, left_behind=self.ghost)

    def focusInEvent(self, event: object) -> None:
        super().focusInEvent(event)  # type: ignore[arg-type]
        self.chosen.emit(self.block.id)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint()
        self.setFocus()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None:
            moved = event.position().toPoint() - self._pressed
            if moved.manhattanLength() > 12:
                self.carried.emit(self.block.id, moved.x(), moved.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.opened.emit(self.block.id)
