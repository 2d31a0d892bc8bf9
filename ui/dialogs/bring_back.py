"""One record and how it was: choose a moment, see what would change, bring it back."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from app.desk import records
from app.lists import operations
from app.text import _
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Text, clear_layout
from ui.widgets.table import Cell, Column, PagedModel, RowTable


class BringBackDialog(FormDialog):
    """The moments of a record, newest first. `brought_back(operation id)`."""

    brought_back = Signal(int)

    def __init__(self, context: Context, parent: QWidget, record: operations.Record) -> None:
        super().__init__(parent, _("Bring back"), "history", subtitle=f"{record.kind}: {record.name}", width=680)
        self.setObjectName("bring_back")
        self.context, self.record = context, record
        self.chosen: records.Moment | None = None
        self._moments = {one.change_id: one for one in operations.moments(record.table, record.row_id)}
        self.body.addWidget(Text(_("Choose how it shall be again: as it was after…"), "body", "text2", wrap=True))
        self.model = PagedModel(
            [
                Column(_("When"), 140, lambda row: Cell(words.when(row.at, context.center), "name")),
                Column(_("What"), 0, lambda row: Cell(row.words)),
                Column(_("Who"), 160, lambda row: Cell(row.who, color="text2")),
            ],
            lambda ids: {one: self._moments[one] for one in ids},
        )
        self.table = RowTable(self.model, "moments")
        self.table.setAccessibleName(_("Moments"))
        self.table.setFixedHeight(210)
        self.table.selected_id.connect(self._selected)
        self.body.addWidget(self.table)
        self.head = Text("", "label", "text2", wrap=True)
        self.body.addWidget(self.head)
        self.fields_grid = QGridLayout()
        self.fields_grid.setHorizontalSpacing(14)
        self.fields_grid.setColumnStretch(1, 1)
        self.fields_grid.setColumnStretch(2, 1)
        self.body.addLayout(self.fields_grid)
        button = Button(_("Bring it back"), "history", kind="primary", keys=("Ctrl", "Enter"))
        button.setObjectName("bring_back_now")
        self.add_foot((), button)
        self.table.show_ids(list(self._moments))
        if len(self._moments) > 1:
            self.table.selectRow(1)
        self.table.setFocus()

    def _selected(self, change: object) -> None:
        self.chosen = self._moments.get(change) if isinstance(change, int) else None
        clear_layout(self.fields_grid)
        found = operations.back_to(self.record.table, self.record.row_id, self.chosen) if self.chosen else ()
        self.head.setText(_("Would change, from now to then:") if found else _("It is like that now."))
        for number, field in enumerate(found[:10]):
            self.fields_grid.addWidget(Text(field.name, "small", "text3"), number, 0)
            self.fields_grid.addWidget(Text(field.before or "–", "body", "text2", wrap=True), number, 1)
            self.fields_grid.addWidget(Text(field.after or "–", "name", wrap=True), number, 2)
        if hasattr(self, "main"):
            self.main.setEnabled(bool(found))
            self.say("")

    def main_action(self) -> None:
        if self.main.isEnabled() and self.chosen is not None:
            self.context.run(
                records.bring_back,
                self.record.table,
                self.record.row_id,
                self.chosen.change_id,
                done=self._done,
                failed=self.refuse,
                busy=self.main,
            )

    def _done(self, operation: int) -> None:
        self.context.notice.emit(_("Brought back: {name}").format(name=self.record.name))
        self.accept()
        self.brought_back.emit(operation)
