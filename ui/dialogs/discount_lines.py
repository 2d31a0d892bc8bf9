"""The lines behind a discount rule: who got it, for what, when. Enter opens the person."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app import text
from app.desk.discounts import Rule
from app.lists import discounts
from app.text import _
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Text
from ui.widgets.table import Cell, Column, PagedModel, RowTable


class DiscountLines(FormDialog):
    """A table of one rule's lines."""

    def __init__(self, context: Context, parent: QWidget, rule: Rule) -> None:
        super().__init__(parent, rule.words, "percent", width=820)
        self.setObjectName("discount_lines")
        self.context = context
        self.rows = {row.id: row for row in discounts.lines(rule.id)}
        model = PagedModel(
            [
                Column(_("Number"), 100, lambda row: Cell(row.number, "name")),
                Column(_("Student"), 190, lambda row: Cell(row.student)),
                Column(_("What it is"), 0, lambda row: Cell(row.what, color="text2")),
                Column(_("Day"), 110, lambda row: Cell(words.day(row.on, context.center), color="text2")),
                Column(_("State"), 110, lambda row: Cell(words.state(row.status), badge=row.status)),
                Column(_("Discount"), 100, self._amount, right=True),
            ],
            lambda wanted: {one: self.rows[one] for one in wanted},
        )
        self.table = RowTable(model, "discount_line_rows", 36)
        self.table.setFixedHeight(300)
        self.table.activated_id.connect(self._open)
        self.table.show_ids(list(self.rows))
        self.body.addWidget(self.table)
        if not self.rows:
            self.body.addWidget(Text(_("Nothing was sold with it so far."), "body", "text2"))
        self.add_foot((), Button(_("Open"), kind="primary", keys=("Enter",)))
        self.main.setEnabled(bool(self.rows))
        if self.rows:
            self.table.select_id(next(iter(self.rows)))
        self.table.setFocus()

    @staticmethod
    def _amount(row: discounts.LineRow) -> Cell:
        return Cell(text.show_money(-row.discount_minor), "strong", right=True)

    def _open(self, row_id: int) -> None:
        student = self.rows[row_id].student_id
        self.accept()
        self.context.navigate.emit("students", student)

    def main_action(self) -> None:
        current = self.table.current_id()
        if current is not None:
            self._open(current)
