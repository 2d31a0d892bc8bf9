"""A free seat in the inbox (picture 06): the slot as it is now, and who waits for it, in order."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app import text
from app.desk import seats
from app.errors import DeskError, UserError
from app.lists import calendar
from app.text import _
from ui import words
from ui.context import Context
from ui.dialogs import ask
from ui.theme import theme
from ui.widgets.basic import Button, Text, clear_layout, draw_avatar, rule
from ui.widgets.facts import FactTable
from ui.widgets.squares import SeatSquares


class _Avatar(QWidget):
    def __init__(self, name: str, key: int) -> None:
        super().__init__()
        self._name, self._key = name, key
        self.setFixedSize(theme().px(30), theme().px(30))

    def paintEvent(self, event: QPaintEvent) -> None:
        draw_avatar(QPainter(self), QRectF(self.rect()), self._name, self._key)


class SeatOffer(QWidget):
    """Shows a slot and its waiting list; offering holds the seat and mails whoever waited."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context, self.slot_id, self._student = context, 0, 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.facts = FactTable()
        column.addWidget(self.facts)
        column.addSpacing(4)
        self.title = Text(_("Waiting, in order"), "label", "text2")
        column.addWidget(self.title)
        self.people = QVBoxLayout()
        self.people.setSpacing(8)
        column.addLayout(self.people)
        self.problem = Text("", "label", "danger", wrap=True)
        self.problem.setObjectName("offer_problem")
        column.addWidget(self.problem)

    def show_slot(self, slot_id: int) -> None:
        """Show a slot as it is now."""
        if slot_id != self.slot_id:
            self.problem.setText("")
        self.slot_id = slot_id
        clear_layout(self.people)
        block = calendar.block(slot_id)
        self.title.setVisible(block is not None)
        if block is None:
            self.facts.show_facts([(_("Slot"), _("This slot was canceled."))])
            return
        here = self.context.center
        times = f"{words.when(block.start_utc, here)}–{block.end_wall[11:16]}"
        count = _("{n} of {all}").format(n=block.taken, all=block.capacity)
        squares = SeatSquares()
        squares.show_seats(block)
        slot = " · ".join(filter(None, (times, block.room)))
        self.facts.show_facts([(_("Slot"), slot), (_("Seats"), count), ("", squares)])
        waiting = [seat for seat in calendar.seats(slot_id) if seat.status == "waiting"]
        held = [seat for seat in calendar.seats(slot_id) if seat.status == "held" and seat.held_until]
        for seat in held:
            until = words.when(seat.held_until, here)
            self.people.addWidget(
                Text(_("Held for {name} until {time}").format(name=seat.name, time=until), "label", "held")
            )
        free = block.taken < block.capacity
        for number, seat in enumerate(waiting, start=1):
            self.people.addLayout(self._person(number, seat, free))
            self.people.addWidget(rule())
        if not waiting:
            self.people.addWidget(Text(_("Nobody waits any more."), "body", "text3"))

    def _person(self, number: int, seat: calendar.Seat, free: bool) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(Text(str(number), "label", "text3"))
        row.addWidget(_Avatar(seat.name, seat.student_id))
        names = QVBoxLayout()
        names.setSpacing(1)
        names.addWidget(Text(seat.name, "name"))
        since = _("since {day}").format(day=words.when(seat.waiting_since, self.context.center))
        why = text.sentence(seat.skipped_reason) if seat.skipped_reason else ""
        names.addWidget(Text(" · ".join(filter(None, (since, why))), "small", "warn" if why else "text2"))
        row.addLayout(names, 1)
        first = number == 1
        button = Button(_("Offer seat"), "send", kind="primary" if first else "default", keys=("O",) if first else ())
        button.setAccessibleName(_("Offer seat: {name}").format(name=seat.name))
        button.setProperty("student", seat.student_id)
        button.setEnabled(free)
        button.clicked.connect(self._clicked)
        row.addWidget(button)
        return row

    def offer_first(self) -> None:
        """O: to the first in line who can take it."""
        waiting = [seat for seat in calendar.seats(self.slot_id) if seat.status == "waiting"]
        able = [seat for seat in waiting if not seat.skipped_reason] or waiting
        if able:
            self.offer(able[0].student_id)

    def _clicked(self) -> None:
        self.offer(int(self.sender().property("student")))

    def offer(self, student_id: int, reason: str = "") -> None:
        """Offer the seat to one of those who wait."""
        self._student = student_id
        self.problem.setText("")
        self.context.run(seats.offer, self.slot_id, student_id, reason, done=self._offered, failed=self._refused)

    def _offered(self, until: Any) -> None:
        at = words.when(str(until), self.context.center)
        self.context.notice.emit(_("The seat is held until {time}; a mail is on its way.").format(time=at))

    def _refused(self, error: DeskError) -> None:
        if isinstance(error, UserError) and error.key == "seats.skip_reason":
            said, choices = text.sentence(error), [("offer", _("Offer seat"))]
            ask.ask(self, _("Someone waits ahead"), said, choices, self._with_reason, field=_("Reason"))
            return
        self.problem.setText(text.sentence(error))

    def _with_reason(self, _choice: str, reason: str) -> None:
        self.offer(self._student, reason)
