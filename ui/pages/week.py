"""The painted week: a grid of hours, one focusable block a slot, and above all of it the block that is carried."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from babel.dates import format_date
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from app import clock
from app.lists.calendar import Block
from app.lists.places import Place
from app.text import _
from ui.context import Context
from ui.pages.slot_block import SlotBlock, draw_block
from ui.theme import theme
from ui.widgets.paint import draw_icon, draw_line, lead

#: At 100 %: an hour, the column of hours, the head with the days, and the air above the first hour.
HOUR, GUTTER, HEAD, AIR = 44, 46, 40, 6
#: Shown at least from this hour to that one; slots outside widen the day.
FIRST_HOUR, LAST_HOUR = 8, 21


class WeekGrid(QWidget):
    """Days side by side, 44 pixels an hour. Blocks that overlap stand beside each other.

    Signals: `chosen` (slot), `carry_begun` (slot), `carry_changed` (slot, start), `drop_requested`, `put_back`.
    """

    chosen = Signal(int)
    carry_begun = Signal(int)
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
        self.note = ""
        self.places: list[tuple[Place, str]] = []
        self.setObjectName("week_grid")
        self.setAccessibleName(_("Calendar"))
        self.hours = (FIRST_HOUR, LAST_HOUR)
        self._above = _Above(self)
        theme().changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        self.setMinimumHeight(self._bottom())
        self._place()
        self.update()

    def show_days(self, days: list[date], found: list[Block], selected: int | None) -> None:
        """Show these days with these slots."""
        had_focus = any(block.hasFocus() for block in self.blocks)
        for old in self.blocks:
            old.hide()
            old.deleteLater()
        self.days, self.blocks, self.carrying, self.places = days, [], None, []
        starts = [int(block.start_wall[11:13]) for block in found]
        ends = [int(block.end_wall[11:13]) + 1 if block.end_wall[:10] == block.on_date else 24 for block in found]
        self.hours = (min([FIRST_HOUR, *starts]), min(max([LAST_HOUR, *ends]), 24))
        self.setMinimumHeight(self._bottom())
        for block in found:
            child = SlotBlock(self, block)
            child.selected = block.id == selected
            child.chosen.connect(self.chosen)
            child.carried.connect(self._dragged)
            child.show()
            self.blocks.append(child)
        self._above.raise_()
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
        return (self.width() - theme().px(GUTTER)) / max(len(self.days), 1)

    def _top(self) -> int:
        return theme().px(HEAD) + theme().px(AIR)

    def _bottom(self) -> int:
        return self._top() + theme().px(HOUR) * (self.hours[1] - self.hours[0])

    def _y(self, wall: str) -> float:
        hours = int(wall[11:13]) + int(wall[14:16]) / 60
        return self._top() + (hours - self.hours[0]) * theme().px(HOUR)

    def _left(self, day: date) -> float:
        """The left edge of a day; the first day is where reading starts."""
        number = self.days.index(day)
        if self.isRightToLeft():
            number = len(self.days) - 1 - number
            return number * self._column()
        return theme().px(GUTTER) + number * self._column()

    def place_of(self, start: str, end: str, lane: int = 0, lanes: int = 1) -> QRectF:
        """Where a slot stands: wall times, and its lane among those at the same time."""
        day = date.fromisoformat(start[:10])
        top, bottom = self._y(start), self._y(end) if end[:10] == start[:10] else float(self._bottom())
        share = (self._column() - 4) / lanes
        if self.isRightToLeft():
            lane = lanes - 1 - lane
        left = self._left(day) + 2 + lane * share
        return QRectF(left, top + 1, share - (2 if lanes > 1 else 0), max(bottom - top - 2, 18))

    def _place(self) -> None:
        for day in self.days:
            mine = [block for block in self.blocks if block.block.on_date == day.isoformat()]
            for group in _overlapping(mine):
                lanes = _lanes(group)
                for block, lane in lanes.items():
                    one = block.block
                    place = self.place_of(one.start_wall, one.end_wall, lane, max(lanes.values()) + 1)
                    block.setGeometry(place.toRect())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._above.setGeometry(self.rect())
        self._place()

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme().color("surface"))
        if not self.days:
            return
        today = clock.local_date(self.context.center.zone)
        top, bottom, gutter = self._top(), self._bottom(), theme().px(GUTTER)
        from_, to = (0, self.width() - gutter) if self.isRightToLeft() else (gutter, self.width())
        for day in self.days:
            left = self._left(day)
            if day == today:
                pale = theme().color("brasstint")
                pale.setAlpha(110)
                painter.fillRect(QRectF(left, 0, self._column(), bottom), pale)
            painter.setPen(QPen(theme().color("line"), 1))
            edge = left + self._column() if self.isRightToLeft() else left
            painter.drawLine(QPointF(edge, 0), QPointF(edge, bottom))
        small = theme().font("small")
        for hour in range(self.hours[0], self.hours[1] + 1):
            y = top + (hour - self.hours[0]) * theme().px(HOUR)
            painter.setPen(QPen(theme().color("line"), 1))
            painter.drawLine(QPointF(from_, y), QPointF(to, y))
            line = QRectF(0, y - 8, self.width(), 16)
            place = QRectF(lead(painter, line, 0, gutter - 6), line.top(), gutter - 6, 16)
            draw_line(painter, place, f"{hour:02d}:00", small, theme().color("text2"), end=True)

    # -- carrying

    def carry(self, slot_id: int, days: int, minutes: int) -> None:
        """Alt+arrows: move the carried slot on by days and minutes."""
        block = next((one for one in self.blocks if one.block.id == slot_id), None)
        if block is None:
            return
        self._take_up(block)
        assert self.carrying is not None
        self._to(self.carrying[1] + timedelta(days=days, minutes=minutes))

    def _take_up(self, block: SlotBlock) -> None:
        if self.carrying is None or self.carrying[0] is not block:
            self.end_carry()
            self.carrying = (block, datetime.fromisoformat(block.block.start_wall))
            self.carry_begun.emit(block.block.id)

    def _to(self, start: datetime) -> None:
        assert self.carrying is not None
        block = self.carrying[0]
        first, last = self.days[0], self.days[-1]
        day = min(max(start.date(), first), last)
        start = datetime.combine(day, start.time())
        low = start.replace(hour=self.hours[0], minute=0)
        high = start.replace(hour=min(self.hours[1], 23), minute=0) - length(block.block)
        start = min(max(start, low), max(high, low))
        self.carrying = (block, start)
        block.ghost = True
        block.update()
        self.carry_changed.emit(block.block.id, start.isoformat("T", "minutes"))
        self._above.update()

    def judge(self, fits: bool, words: str, note: str = "") -> None:
        """Whether the carried slot may be dropped where it is, and why not; `note` says what dropping does."""
        self.verdict, self.note = (fits, words), note
        self._above.update()

    def show_places(self, places: Sequence[tuple[Place, str]]) -> None:
        """Where else the carried slot could go, each with its words."""
        self.places = list(places) if self.carrying is not None else []
        self._above.update()

    def end_carry(self) -> None:
        """Put the carried slot back where it is in the file."""
        if self.carrying is not None:
            self.carrying[0].ghost = False
            self.carrying[0].update()
            self.carrying, self.places, self.note = None, [], ""
            self._above.update()

    def seen(self) -> list[tuple[str, str]]:
        """The wall times that slots on screen cover."""
        return [(one.block.start_wall, one.block.end_wall) for one in self.blocks]

    def follow_scrolling(self) -> None:
        """The days stay at the upper edge of what is seen."""
        self._above.update()

    def _dragged(self, slot_id: int, dx: int, dy: int) -> None:
        block = next(one for one in self.blocks if one.block.id == slot_id)
        self._take_up(block)
        origin = datetime.fromisoformat(block.block.start_wall)
        quarters = round(dy / theme().px(HOUR) * 4)
        days = round(dx / self._column()) * (-1 if self.isRightToLeft() else 1)
        self._to(origin + timedelta(days=days, minutes=15 * quarters))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -15), Qt.Key.Key_Down: (0, 15),
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if step is not None and self.isRightToLeft():
            step = (-step[0], step[1])
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


class _Above(QWidget):
    """What lies over the blocks: the days, the line of now, places that glow, and the slot that is carried."""

    def __init__(self, grid: WeekGrid) -> None:
        super().__init__(grid)
        self.grid = grid
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("week_above")

    def paintEvent(self, event: QPaintEvent) -> None:
        grid, painter = self.grid, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not grid.days:
            return
        now = clock.utc_to_wall(clock.now(), grid.context.center.zone)
        for place, said in grid.places:
            if date.fromisoformat(place.start_wall[:10]) in grid.days:
                self._cell(painter, grid.place_of(place.start_wall, place.end_wall), place, said)
        if now.date() in grid.days and grid.hours[0] <= now.hour < grid.hours[1]:
            self._now_line(painter, now)
        if grid.carrying is not None:
            self._carried(painter, *grid.carrying)
        self._heads(painter, now.date())

    def _heads(self, painter: QPainter, today: date) -> None:
        grid, high = self.grid, theme().px(HEAD)
        top = max(self.visibleRegion().boundingRect().top(), 0)
        locale = grid.context.center.locale.replace("-", "_")
        painter.fillRect(QRectF(0, top, self.width(), high), theme().color("surface"))
        for day in grid.days:
            box = QRectF(grid._left(day), top, grid._column(), high)
            name, number = str(format_date(day, "EEE", locale=locale)), str(day.day)
            narrow = box.width() < theme().px(74)
            label, section = theme().font("small" if narrow else "label"), theme().font("name" if narrow else "section")
            first, second = QFontMetrics(label).horizontalAdvance(name), theme().px(24 if narrow else 32)
            start = (box.width() - first - second - 4) / 2
            place = QRectF(lead(painter, box, start, first), top, first, high)
            draw_line(painter, place, name, label, theme().color("text2"))
            tile = QRectF(lead(painter, box, start + first + 4, second), top + (high - theme().px(24)) / 2, second,
                          theme().px(24))  # fmt: skip
            if day == today:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme().color("brass"))
                painter.drawRoundedRect(tile, 6, 6)
            painter.setFont(section)
            painter.setPen(theme().color("brassink" if day == today else "text"))
            painter.drawText(tile, Qt.AlignmentFlag.AlignCenter, number)
            painter.setPen(QPen(theme().color("line"), 1))
            edge = box.right() if grid.isRightToLeft() else box.left()
            painter.drawLine(QPointF(edge, top), QPointF(edge, top + high))
        painter.setPen(QPen(theme().color("line"), 1))
        painter.drawLine(QPointF(0, top + high - 0.5), QPointF(self.width(), top + high - 0.5))

    def _now_line(self, painter: QPainter, now: datetime) -> None:
        grid = self.grid
        y, left = grid._y(now.isoformat("T", "minutes")), grid._left(now.date())
        painter.setPen(QPen(theme().color("dangerfill"), 2))
        painter.drawLine(QPointF(left, y), QPointF(left + grid._column(), y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("dangerfill"))
        painter.drawEllipse(QPointF(left + (grid._column() if grid.isRightToLeft() else 0), y), 4, 4)
        wide, high = theme().px(GUTTER) - 4, theme().px(18)
        tag = QRectF(lead(painter, QRectF(self.rect()), 1, wide), y - high / 2, wide, high)
        painter.drawRoundedRect(tag, 5, 5)
        painter.setFont(theme().font("badge"))
        painter.setPen(theme().color("onfill"))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, f"{now:%H:%M}")

    def _cell(self, painter: QPainter, box: QRectF, place: Place, said: str) -> None:
        """A place that works glows; one that does not is hatched and says why."""
        dashed = QPen(theme().color("brassedge" if place.fits else "line2"), 1, Qt.PenStyle.DashLine)
        painter.setPen(dashed if place.fits else Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("brasstint" if place.fits else "surface"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        if not place.fits:
            painter.setBrush(QBrush(theme().color("line2"), Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(box, 5, 5)
        icon = "check" if place.fits else "history" if place.past else "ban"
        self._said(painter, box, icon, said, "brasstext" if place.fits else "text2", ground=not place.fits)

    @staticmethod
    def _said(painter: QPainter, box: QRectF, icon: str, said: str, token: str, *, ground: bool) -> None:
        font, size = theme().font("badge"), theme().px(13)
        inner = box.adjusted(6, 4, -6, -4)
        start = size + 5
        wide = inner.width() - start
        flags = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignTop)
        room = QRectF(lead(painter, inner, start, wide), inner.top(), wide, inner.height())
        painter.setFont(font)
        high = min(_height(said, font, wide), inner.height())
        if ground:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("surface"))
            painter.drawRoundedRect(QRectF(inner.left() - 2, inner.top() - 2, inner.width() + 4, high + 4), 4, 4)
        line = QRectF(inner.left(), inner.top(), inner.width(), theme().px(15))
        draw_icon(painter, line, 0, icon, token, size, 2.1)
        painter.save()
        painter.setClipRect(inner)
        painter.setPen(theme().color(token))
        painter.drawText(room, flags, said)
        painter.restore()

    def _carried(self, painter: QPainter, carried: SlotBlock, start: datetime) -> None:
        """The slot floats where it would go; below it a note says what dropping does, or why it cannot be dropped."""
        grid, block = self.grid, carried.block
        if start.date() not in grid.days:
            return
        end = start + length(block)
        box = grid.place_of(start.isoformat("T", "minutes"), end.isoformat("T", "minutes"))
        fits, words = grid.verdict
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 9))
        for reach in range(0, 16, 2):
            painter.drawRoundedRect(box.translated(0, 4).adjusted(-reach, -reach, reach, reach), 5 + reach, 5 + reach)
        draw_block(painter, box, block, times=f"{start:%H:%M}–{end:%H:%M}", chosen=True)
        if not fits:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QBrush(theme().color("line2"), Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(box, 5, 5)
        self._note(painter, box, fits, grid.note or words)

    def _note(self, painter: QPainter, box: QRectF, fits: bool, said: str) -> None:
        if not said:
            return
        font, pad, size = theme().font("small_strong"), 9, theme().px(14)
        wide = max(box.width(), theme().px(150))
        flags = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignTop)
        painter.setFont(font)
        high = _height(said, font, wide - 2 * pad - size - 6) + 2 * pad
        left = min(max(box.center().x() - wide / 2, 4), self.width() - wide - 4)
        seen = self.visibleRegion().boundingRect()
        top = box.bottom() + 6 if box.bottom() + 6 + high <= seen.bottom() else box.top() - high - 6
        note = QRectF(left, top, wide, high)
        painter.setPen(QPen(theme().color("frameline"), 1))
        painter.setBrush(theme().color("frame"))
        painter.drawRoundedRect(note, 7, 7)
        inner = note.adjusted(pad, pad, -pad, -pad)
        line = QRectF(inner.left(), inner.top(), inner.width(), theme().px(15))
        draw_icon(painter, line, 0, "circle-check" if fits else "ban", "brass" if fits else "frametext", size, 2.1)
        painter.setPen(theme().color("frametext"))
        rest = inner.width() - size - 6
        painter.drawText(QRectF(lead(painter, inner, size + 6, rest), inner.top(), rest, inner.height()), flags, said)


def _height(said: str, font: QFont, wide: float) -> float:
    """How high words are that break within a width."""
    room = QRect(0, 0, int(wide), 1_000)
    return QFontMetrics(font).boundingRect(room, int(Qt.TextFlag.TextWordWrap), said).height()


def length(block: Block) -> timedelta:
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
