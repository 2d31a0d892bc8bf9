"""The seats of a slot one by one, in as many rows as they need; the seat in question is brass."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.lists import calendar
from app.text import _
from ui.theme import theme
from ui.widgets.paint import draw_seat, lead


class SeatSquares(QWidget):
    """Squares a hand can point at: paid, pending, held, one's own, free."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self._fit)

    def show_seats(self, block: calendar.Block, *, own: bool = False) -> None:
        """The seats of a slot; with `own`, one more is taken if there is room."""
        free = max(block.capacity - block.taken, 0)
        counts = (("paid", block.paid), ("pending", block.pending), ("held", block.held))
        taken = tuple(kind for kind, count in counts for _one in range(count))
        mine = 1 if own and free else 0
        self.kinds = (*taken, *(("own",) * mine), *(("free",) * (free - mine)))
        said = _("{taken} of {capacity} seats: {paid} paid, {pending} pending, {held} held; {waiting} waiting")
        self.setAccessibleName(
            said.format(
                taken=block.taken, capacity=block.capacity, paid=block.paid, pending=block.pending, held=block.held,
                waiting=block.waiting,
            )
        )  # fmt: skip
        self._fit()
        self.update()

    def _cell(self) -> int:
        return theme().px(13)

    def _per_row(self) -> int:
        return max(1, (self.width() + 3) // (self._cell() + 3))

    def _fit(self) -> None:
        rows = -(-len(self.kinds) // self._per_row())
        self.setFixedHeight(rows * (self._cell() + 3))

    def resizeEvent(self, event: object) -> None:
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        cell, per_row, box = self._cell(), self._per_row(), QRectF(self.rect())
        for number, kind in enumerate(self.kinds):
            left = lead(painter, box, number % per_row * (cell + 3), cell)
            top = number // per_row * (cell + 3)
            draw_seat(painter, QRectF(left + 0.5, top + 0.5, cell - 1, cell - 1), kind)
