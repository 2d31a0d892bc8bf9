"""The painted week: a grid of hours, one focusable block a slot, and the block that is being carried."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from babel.dates import format_date
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from app import clock
from app.lists.calendar import Block
from app.text import _
from ui.context import Context
from ui.theme import CATEGORY, theme
from ui.widgets.basic import draw_seats

HOUR = 44
GUTTER = 46
HEAD = 40
#: Shown at least from this hour to that one; slots outside widen the day.
FIRST_HOUR, LAST_HOUR = 8, 21


class SlotBlock(QWidget):
    """One slot. Takes focus; its accessible name says what a sighted person reads off it."""

    chosen = Signal(int)
    opened = Signal(int)
    carried = Signal(int, int, int)
    dropped = Signal(int)

    def __init__(self, parent: QWidget, block: Block) -> None:
        super().__init__(parent)
        self.block = block
        self.selected = self.ghost = False
        self._pressed: QPoint | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setObjectName("slot_block")
        self.setAccessibleName(
            f"{block.title}, {block.start_wall[11:]}–{block.end_wall[11:]}, {block.room}, "
            + _("{taken} of {all} seats").format(taken=block.taken, all=block.capacity)
        )
        self.setToolTip(f"{block.title}\n{block.start_wall[11:]}–{block.end_wall[11:]} · {block.room}")

    def paintEvent(self, event: QPaintEvent) -> None:
        block, painter = self.block, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        token = CATEGORY.get(block.category, "cdrive")
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        edge = "brassedge" if self.selected or self.hasFocus() else token
        color = theme().color(edge)
        if edge == token:
            color.setAlpha(110)
        pen = QPen(color, 2 if edge != token else 1)
        if self.ghost:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(theme().color("surface") if self.ghost else theme().tint(token))
        painter.drawRoundedRect(box, 5, 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color(token))
        painter.drawRoundedRect(QRectF(0, 0, 4, self.height()), 2, 2)
        narrow = self.width() < 84
        font = theme().font("small_strong")
        painter.setFont(font)
        painter.setPen(theme().color("text"))
        left = 9.0
        if not narrow:
            painter.drawPixmap(QPointF(left, 5), theme().pixmap(block.icon, token, 14))
            left += 19
        room = self.width() - left - 4
        said = QFontMetrics(font).elidedText(
            block.code if narrow else block.title, Qt.TextElideMode.ElideRight, int(room)
        )
        painter.drawText(QRectF(left, 3, room, 18), Qt.AlignmentFlag.AlignVCenter, said)
        small = theme().font("small")
        painter.setFont(small)
        painter.setPen(theme().color("text2"))
        where = block.room if narrow else f"{block.start_wall[11:]} · {block.room}"
        if self.height() >= 56 or not narrow:
            words = QFontMetrics(small).elidedText(where, Qt.TextElideMode.ElideRight, self.width() - 13)
            painter.drawText(QRectF(9, 20, self.width() - 12, 18), Qt.AlignmentFlag.AlignVCenter, words)
        if self.height() < 58:
            return
        painter.setFont(theme().font("badge"))
        count = f"{block.taken}/{block.capacity}" + (f" +{block.waiting}" if block.waiting and not narrow else "")
        wide = QFontMetrics(theme().font("badge")).horizontalAdvance(count) + 8
        foot = QRectF(9, self.height() - 20, self.width() - 14, 16)
        side = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(foot, side | (Qt.AlignmentFlag.AlignLeft if narrow else Qt.AlignmentFlag.AlignRight), count)
        if not narrow:
            free = max(block.capacity - block.taken, 0)
            cell = max(2, min(6, int((foot.width() - wide) / max(block.capacity, 1)) - 1))
            place = QRectF(foot.left(), foot.top(), foot.width() - wide, foot.height())
            if block.capacity * (cell + 2) <= place.width() + 8:
                draw_seats(painter, place, (block.paid, block.pending, block.held, free), (cell, 8))
            else:
                self._plain_bar(painter, place)

    def _plain_bar(self, painter: QPainter, place: QRectF) -> None:
        """Too many seats for cells: one bar."""
        bar = QRectF(place.left(), place.center().y() - 3, place.width(), 6)
        painter.setPen(QPen(theme().color("line2"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(bar, 2, 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("okfill"))
        share = bar.width() * self.block.paid / max(self.block.capacity, 1)
        painter.drawRoundedRect(QRectF(bar.left(), bar.top(), share, 6), 2, 2)
        painter.setBrush(theme().color("infofill"))
        rest = bar.width() * self.block.pending / max(self.block.capacity, 1)
        painter.drawRoundedRect(QRectF(bar.left() + share, bar.top(), rest, 6), 2, 2)

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
        self.dropped.emit(self.block.id)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.opened.emit(self.block.id)


class WeekGrid(QWidget):
    """Days side by side, 44 pixels an hour. Blocks that overlap stand beside each other."""

    chosen = Signal(int)
    carry_changed = Signal(int, str)
    drop_requested = Signal()
    put_back = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.days: list[date] = []
        self.blocks: list[SlotBlock] = []
        self.carrying: tuple[SlotBlock, datetime] | None = None
        self.verdict: tuple[bool, str] = (True, "")
        self._ghost: QWidget | None = None
        self.setObjectName("week_grid")
        self._hours = (FIRST_HOUR, LAST_HOUR)
        self.setMinimumHeight(self._bottom() + 6)

    def show_days(self, days: list[date], found: list[Block], selected: int | None) -> None:
        """Show these days with these slots."""
        had_focus = any(block.hasFocus() for block in self.blocks)
        for old in self.blocks:
            old.hide()
            old.deleteLater()
        self.days, self.blocks, self.carrying = days, [], None
        starts = [int(block.start_wall[11:13]) for block in found]
        ends = [int(block.end_wall[11:13]) + 1 if block.end_wall[:10] == block.on_date else 24 for block in found]
        self._hours = (min([FIRST_HOUR, *starts]), min(max([LAST_HOUR, *ends]), 24))
        self.setMinimumHeight(self._bottom() + 6)
        for block in found:
            child = SlotBlock(self, block)
            child.selected = block.id == selected
            child.chosen.connect(self.chosen)
            child.carried.connect(self._dragged)
            child.dropped.connect(self._released)
            child.show()
            self.blocks.append(child)
        self._place()
        self.update()
        if had_focus:
            self.focus_slot(selected)

    def focus_slot(self, slot_id: int | None) -> None:
        """Give a slot's block the focus."""
        for block in self.blocks:
            if block.block.id == slot_id:
                block.setFocus()

    def mark(self, slot_id: int | None) -> None:
        """Show which slot is selected."""
        for block in self.blocks:
            if block.selected != (block.block.id == slot_id):
                block.selected = block.block.id == slot_id
                block.update()

    # -- geometry

    def _column(self) -> float:
        return (self.width() - GUTTER) / max(len(self.days), 1)

    def _bottom(self) -> int:
        return HEAD + HOUR * (self._hours[1] - self._hours[0])

    def _y(self, wall: str) -> float:
        hours = int(wall[11:13]) + int(wall[14:16]) / 60
        return HEAD + (hours - self._hours[0]) * HOUR

    def _rect(self, day: date, start: str, end: str, lane: int = 0, lanes: int = 1) -> QRectF:
        wide = self._column()
        left = GUTTER + self.days.index(day) * wide
        top, bottom = self._y(start), self._y(end) if end[:10] == start[:10] else float(self._bottom())
        share = (wide - 4) / lanes
        return QRectF(left + 2 + lane * share, top + 1, share - (2 if lanes > 1 else 0), max(bottom - top - 2, 18))

    def _place(self) -> None:
        for day in self.days:
            mine = [block for block in self.blocks if block.block.on_date == day.isoformat()]
            for group in _overlapping(mine):
                lanes = _lanes(group)
                for block, lane in lanes.items():
                    place = self._rect(day, block.block.start_wall, block.block.end_wall, lane, max(lanes.values()) + 1)
                    block.setGeometry(place.toRect())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme().color("surface"))
        if not self.days:
            return
        here = self.context.center
        now = clock.utc_to_wall(clock.now(), here.zone)
        wide = self._column()
        bottom = self._bottom()
        for number, day in enumerate(self.days):
            left = GUTTER + number * wide
            if day == now.date():
                pale = theme().color("brasstint")
                pale.setAlpha(110)
                painter.fillRect(QRectF(left, HEAD, wide, bottom - HEAD), pale)
            self._head(painter, QRectF(left, 0, wide, HEAD), day, day == now.date())
            painter.setPen(QPen(theme().color("line"), 1))
            painter.drawLine(QPointF(left, 0), QPointF(left, bottom))
        small = theme().font("small")
        for hour in range(self._hours[0], self._hours[1] + 1):
            y = HEAD + (hour - self._hours[0]) * HOUR
            painter.setPen(QPen(theme().color("line"), 1))
            painter.drawLine(QPointF(GUTTER, y), QPointF(self.width(), y))
            painter.setFont(small)
            painter.setPen(theme().color("text2"))
            place = QRectF(0, y - 8, GUTTER - 6, 16)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            if hour > self._hours[0]:
                painter.drawText(place, right, f"{hour:02d}:00")
        if now.date() in self.days and self._hours[0] <= now.hour < self._hours[1]:
            self._now_line(painter, now)
        if self.carrying is not None:
            self._carried(painter)

    def _head(self, painter: QPainter, box: QRectF, day: date, today: bool) -> None:
        locale = self.context.center.locale.replace("-", "_")
        painter.setFont(theme().font("label"))
        painter.setPen(theme().color("text2"))
        name = str(format_date(day, "EEE", locale=locale))
        middle = box.center().x()
        painter.drawText(
            QRectF(box.left(), 0, middle - box.left() + 4, HEAD),
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            name,
        )
        if today:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("brass"))
            painter.drawRoundedRect(QRectF(middle + 9, 8, 32, 24), 6, 6)
        painter.setFont(theme().font("section"))
        painter.setPen(theme().color("brassink" if today else "text"))
        painter.drawText(QRectF(middle + 9, 8, 32, 24), Qt.AlignmentFlag.AlignCenter, str(day.day))
        painter.setPen(QPen(theme().color("line"), 1))
        painter.drawLine(QPointF(box.left(), HEAD - 0.5), QPointF(box.right(), HEAD - 0.5))

    def _now_line(self, painter: QPainter, now: datetime) -> None:
        y = HEAD + (now.hour + now.minute / 60 - self._hours[0]) * HOUR
        left = GUTTER + self.days.index(now.date()) * self._column()
        painter.setPen(QPen(theme().color("dangerfill"), 2))
        painter.drawLine(QPointF(left, y), QPointF(left + self._column(), y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("dangerfill"))
        painter.drawEllipse(QPointF(left, y), 4, 4)
        painter.drawRoundedRect(QRectF(1, y - 9, GUTTER - 4, 18), 5, 5)
        painter.setFont(theme().font("badge"))
        painter.setPen(theme().color("onfill"))
        painter.drawText(QRectF(1, y - 9, GUTTER - 4, 18), Qt.AlignmentFlag.AlignCenter, f"{now:%H:%M}")

    def _carried(self, painter: QPainter) -> None:
        assert self.carrying is not None
        block, start = self.carrying
        if start.date() not in self.days:
            return
        end = start + _length(block.block)
        place = self._rect(start.date(), start.isoformat("T", "minutes"), end.isoformat("T", "minutes"))
        fits, words = self.verdict
        painter.setPen(QPen(theme().color("brassedge" if fits else "line2"), 2, Qt.PenStyle.DashLine))
        painter.setBrush(theme().color("brasstint" if fits else "sunken"))
        painter.drawRoundedRect(place, 5, 5)
        if not fits:
            painter.setBrush(Qt.BrushStyle.BDiagPattern)
            painter.drawRoundedRect(place, 5, 5)
        painter.setFont(theme().font("small_strong"))
        painter.setPen(theme().color("brasstext" if fits else "danger"))
        said = f"{'✓' if fits else '⊘'} {start:%H:%M} {words}"
        painter.drawText(place.adjusted(7, 4, -4, -4), int(Qt.TextFlag.TextWordWrap), said)

    # -- carrying

    def carry(self, slot_id: int, days: int, minutes: int) -> None:
        """Alt+arrows: move the carried slot on by days and minutes."""
        block = next((one for one in self.blocks if one.block.id == slot_id), None)
        if block is None:
            return
        if self.carrying is None or self.carrying[0] is not block:
            self.carrying = (block, datetime.fromisoformat(block.block.start_wall))
        self._to(self.carrying[1] + timedelta(days=days, minutes=minutes))

    def _to(self, start: datetime) -> None:
        assert self.carrying is not None
        block = self.carrying[0]
        first, last = self.days[0], self.days[-1]
        day = min(max(start.date(), first), last)
        start = datetime.combine(day, start.time())
        low = start.replace(hour=self._hours[0], minute=0)
        high = start.replace(hour=min(self._hours[1], 23), minute=0) - _length(block.block)
        start = min(max(start, low), max(high, low))
        self.carrying = (block, start)
        block.ghost = True
        block.update()
        self.carry_changed.emit(block.block.id, start.isoformat("T", "minutes"))
        self.update()

    def judge(self, fits: bool, words: str) -> None:
        """Whether the carried slot may be dropped where it is, and why not."""
        self.verdict = (fits, words)
        self.update()

    def end_carry(self) -> None:
        """Put the carried slot back where it is in the file."""
        if self.carrying is not None:
            self.carrying[0].ghost = False
            self.carrying[0].update()
            self.carrying = None
            self.update()

    def _dragged(self, slot_id: int, dx: int, dy: int) -> None:
        block = next(one for one in self.blocks if one.block.id == slot_id)
        if self.carrying is None:
            self.carrying = (block, datetime.fromisoformat(block.block.start_wall))
        origin = datetime.fromisoformat(block.block.start_wall)
        quarters = round(dy / HOUR * 4)
        self._to(origin + timedelta(days=round(dx / self._column()), minutes=15 * quarters))

    def _released(self, _slot_id: int) -> None:
        if self.carrying is not None:
            self.drop_requested.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -15), Qt.Key.Key_Down: (0, 15),
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        here = next((block for block in self.blocks if block.selected), None)
        if step is not None and here is not None and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.carry(here.block.id, *step)
        elif step is not None and self.blocks:
            self._walk(here, *step)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.carrying is not None:
            self.drop_requested.emit()
        elif event.key() == Qt.Key.Key_Escape and self.carrying is not None:
            self.put_back.emit()
        else:
            super().keyPressEvent(event)

    def _walk(self, here: SlotBlock | None, days: int, minutes: int) -> None:
        """Arrows go to the nearest slot that way."""
        if here is None:
            self.blocks[0].setFocus()
            return
        ordered = sorted(self.blocks, key=lambda block: (block.block.start_utc, block.block.id))
        if minutes:
            at = ordered.index(here) + (1 if minutes > 0 else -1)
            ordered[max(0, min(at, len(ordered) - 1))].setFocus()
            return
        wanted = [
            block for block in ordered if (block.block.on_date > here.block.on_date) == (days > 0)
            and block.block.on_date != here.block.on_date
        ]  # fmt: skip
        if wanted:
            day = min(block.block.on_date for block in wanted) if days > 0 else max(b.block.on_date for b in wanted)
            same = [block for block in wanted if block.block.on_date == day]
            min(same, key=lambda block: abs(block.y() - here.y())).setFocus()


def _length(block: Block) -> timedelta:
    return clock.parse_stamp(block.end_utc) - clock.parse_stamp(block.start_utc)


def _overlapping(blocks: list[SlotBlock]) -> list[list[SlotBlock]]:
    """Blocks of a day in groups that touch nothing outside."""
    groups: list[list[SlotBlock]] = []
    end = ""
    for block in sorted(blocks, key=lambda one: (one.block.start_wall, one.block.id)):
        if groups and block.block.start_wall < end:
            groups[-1].append(block)
        else:
            groups.append([block])
            end = ""
        end = max(end, block.block.end_wall)
    return groups


def _lanes(group: list[SlotBlock]) -> dict[SlotBlock, int]:
    """The first free lane for each block of a group."""
    ends: list[str] = []
    found = {}
    for block in group:
        lane = next((n for n, end in enumerate(ends) if end <= block.block.start_wall), len(ends))
        if lane == len(ends):
            ends.append("")
        ends[lane] = block.block.end_wall
        found[block] = lane
    return found
