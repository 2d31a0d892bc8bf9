"""Finding a student from anywhere: type, arrow, Enter."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from app.lists import people as roster
from app.text import _
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Text
from ui.widgets.search import SearchField
from ui.widgets.table import Cell, Column, PagedModel, RowTable


class FindStudent(FormDialog):
    """`chosen(id)` when someone was chosen; `but` is not offered."""

    chosen = Signal(int)

    def __init__(self, context: Context, parent: QWidget, title: str, but: int | None = None) -> None:
        super().__init__(parent, title, "search", width=640)
        self.setObjectName("find_student")
        self.context, self._but = context, but
        self.search = SearchField(_("Name, phone, mail or number"), "find_words")
        self.search.textChanged.connect(self._typed)
        self.search.returnPressed.connect(self.main_action)
        self.body.addWidget(self.search)
        model = PagedModel(
            [
                Column(_("Name"), 0, lambda row: Cell(row.name, "name", avatar=row.id)),
                Column(_("Number"), 100, lambda row: Cell(row.number, color="text2")),
                Column(_("Phone"), 150, lambda row: Cell(row.phone, color="text2")),
                Column(_("Balance"), 120, self._balance, right=True),
            ],
            roster.page,
        )
        self.table = RowTable(model, "found_students", 36)
        self.table.activated_id.connect(self._choose)
        self.nobody = Text("", "body", "text2", wrap=True)
        self.nobody.setObjectName("found_nobody")
        self.nobody.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.found = QStackedWidget()
        self.found.addWidget(self.table)
        self.found.addWidget(self.nobody)
        self.found.setFixedHeight(330)
        self.body.addWidget(self.found)
        self.add_foot((), Button(_("Choose"), "check", kind="primary", keys=("Enter",)))
        self._typed("")
        self.search.setFocus()

    @staticmethod
    def _balance(row: roster.Row) -> Cell:
        said, color = words.balance(row.balance_minor)
        return Cell(said, "body" if row.balance_minor == 0 else "strong", color, right=True)

    def _typed(self, typed: str) -> None:
        found = roster.ids(typed, (), self.context.center.zone, 51)
        self.table.show_ids([one for one in found if one != self._but][:50])
        self.nobody.setText(_("Nobody matches “{words}”. Esc goes back.").format(words=typed.strip()[:60]))
        self.found.setCurrentWidget(self.table if self.table.paged.ids else self.nobody)
        self.main.setEnabled(bool(self.table.paged.ids))
        if self.table.paged.ids:
            self.table.select_id(self.table.paged.ids[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.search.hasFocus() and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            ids = self.table.paged.ids
            current = self.table.current_id()
            if ids and current in ids:
                self.table.select_id(ids[max(0, min(len(ids) - 1, ids.index(current) + step))])
            return
        if self.search.hasFocus() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return  # the field has said it
        super().keyPressEvent(event)

    def _choose(self, student_id: int) -> None:
        self.accept()
        self.chosen.emit(student_id)

    def main_action(self) -> None:
        current = self.table.current_id()
        if current is not None:
            self._choose(current)
