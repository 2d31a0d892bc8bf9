"""Finding a student from anywhere: type, arrow, Enter."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.lists import people as roster
from app.text import _
from ui import words
from ui.context import Context
from ui.dialogs.finder import Finder
from ui.widgets.basic import Button
from ui.widgets.table import Cell, Column, PagedModel


class FindStudent(Finder):
    """`chosen(id)` when someone was chosen; `but` is not offered."""

    chosen = Signal(int)

    def __init__(self, context: Context, parent: QWidget, title: str, but: int | None = None) -> None:
        super().__init__(parent, title, "search", width=640)
        self.setObjectName("find_student")
        self.context, self._but = context, but
        self.add_search(_("Name, phone, mail or number"), "find_words")
        model = PagedModel(
            [
                Column(_("Name"), 0, lambda row: Cell(row.name, "name", avatar=row.id)),
                Column(_("Number"), 100, lambda row: Cell(row.number, color="text2")),
                Column(_("Phone"), 150, lambda row: Cell(row.phone, color="text2")),
                Column(_("Balance"), 120, self._balance, right=True),
            ],
            roster.page,
        )
        self.add_found(model, "found_students", "found_nobody")
        self.add_foot((), Button(_("Choose"), "check", kind="primary", keys=("Enter",)))
        self._typed("")
        self.search.setFocus()

    @staticmethod
    def _balance(row: roster.Row) -> Cell:
        said, color = words.balance(row.balance_minor)
        return Cell(said, "body" if row.balance_minor == 0 else "strong", color, right=True)

    def _typed(self, typed: str) -> None:
        found = roster.ids(typed, (), self.context.center.zone, 51)
        nothing = _("Nobody matches “{words}”. Esc goes back.").format(words=typed.strip()[:60])
        self.show_found([one for one in found if one != self._but][:50], nothing)

    def _choose(self, student_id: int) -> None:
        self.accept()
        self.chosen.emit(student_id)
