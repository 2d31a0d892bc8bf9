"""A seat for someone who is known: the coming slots, those of their own courses first, one Enter books."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app import text
from app.desk import seats
from app.errors import DeskError
from app.lists import bookable
from app.text import _
from ui import words
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.finder import Finder
from ui.widgets.basic import Button, Text
from ui.widgets.table import Cell, Column, PagedModel


class BookSlot(Finder):
    """Books, or puts on the waiting list where a slot is full; what stands in the way is said below the list."""

    def __init__(self, context: Context, parent: QWidget, student_id: int, name: str) -> None:
        super().__init__(parent, _("Book a slot for {name}").format(name=name), "calendar-plus", width=760)
        self.setObjectName("book_slot")
        self.context, self.student_id = context, student_id
        self._slots: dict[int, bookable.Bookable] = {}
        self.add_search(_("Course, session or room"), "slot_words")
        model = PagedModel(
            [
                Column(_("When"), 150, lambda row: Cell(words.when(row.start_utc, context.center))),
                Column(_("Slot"), 0, lambda row: Cell(row.title, "name", icon=row.icon)),
                Column(_("Room"), 130, lambda row: Cell(row.room, color="text2")),
                Column(_("Enrolled"), 90, lambda row: Cell(_("yes") if row.own else "", color="text2")),
                Column(_("Free"), 90, self._free, right=True),
            ],
            self._rows,
        )
        self.add_found(model, "bookable_slots", "no_slot")
        self.problem = Text("", "label", "danger", wrap=True)
        self.problem.setObjectName("book_problem")
        self.body.addWidget(self.problem)
        self._say("")
        self.add_foot((), Button(_("Book"), "check", kind="primary", keys=("Enter",)))
        self._typed("")
        self.search.setFocus()

    def _rows(self, wanted: list[int]) -> dict[int, bookable.Bookable]:
        return {one: self._slots[one] for one in wanted if one in self._slots}

    @staticmethod
    def _free(row: bookable.Bookable) -> Cell:
        if not row.free:
            return Cell(_("full"), color="danger", right=True)
        return Cell(_("{n} of {all}").format(n=row.free, all=row.capacity), right=True)

    def _say(self, said: str) -> None:
        self.problem.setText(said)
        self.problem.setVisible(bool(said))

    def _typed(self, typed: str) -> None:
        self._say("")
        self._slots = {row.id: row for row in bookable.slots(self.student_id, typed)}
        asked = typed.strip()[:60]
        nothing = (
            _("No coming slot is called “{words}”. Esc goes back.").format(words=asked)
            if asked
            else _("There is no coming slot without a seat for them. Ctrl+2 plans a session.")
        )
        self.show_found(list(self._slots), nothing)

    def _choose(self, slot_id: int) -> None:
        if not self.main.isEnabled():
            return  # a second key on its way to the same seat
        self._say("")
        self.context.run(seats.book, slot_id, self.student_id, done=self._booked, failed=self._refused, busy=self.main)

    def _booked(self, _seat: object) -> None:
        self.accept()

    def _refused(self, error: DeskError) -> None:
        if error.key == "seats.full":
            choices = [("wait", _("Put on the waiting list"))]
            ask.ask(self, _("The slot is full"), text.sentence(error), choices, self._wait)
            return
        self._say(text.sentence(error))

    def _wait(self, _choice: str, _words: str) -> None:
        self.context.run(
            seats.wait, self.table.current_id(), self.student_id, done=self._booked, failed=self._told, busy=self.main
        )

    def _told(self, error: DeskError) -> None:
        self._say(text.sentence(error))
