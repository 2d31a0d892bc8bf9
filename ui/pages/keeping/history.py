"""Settings → History: what was done, newest first; what each touched; take it back, or bring one record back."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.desk import undo
from app.lists import operations
from app.text import N_, _, ngettext
from ui import words
from ui.context import Context
from ui.dialogs.bring_back import BringBackDialog
from ui.dialogs.take_back import TakeBackDialog
from ui.pages.keeping.card import KeepingCard
from ui.widgets.basic import Badge, Button, Chip, Text, clear_layout
from ui.widgets.table import Cell, Column, PagedModel, RowTable
from ui.widgets.typed import TypedLine

_ACTS = {"new": (N_("New"), "completed"), "gone": (N_("Gone"), "canceled"), "changed": (N_("Changed"), "queued")}

#: Records and values told at the right; the count is always whole.
MOST_RECORDS, MOST_FIELDS = 25, 12


class History(QWidget):
    """The part of the settings that looks back: the list at the left, one operation at the right."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.shown: int | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._list(), 3)
        row.addWidget(self._one(), 2)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self.reload)

    def _list(self) -> QWidget:
        card = KeepingCard(_("History"), "history")
        head = QHBoxLayout()
        head.setSpacing(8)
        self.filter = TypedLine()
        self.filter.setObjectName("history_filter")
        self.filter.setAccessibleName(_("Find in the history"))
        self.filter.setPlaceholderText(_("What was done, by whom, or about whom"))
        self.filter.textEdited.connect(self._typed)
        self.filter.returnPressed.connect(self.reload)
        head.addWidget(self.filter, 1)
        self.mine = Chip(_("Mine"), "user", "history_mine")
        self.program = Chip(_("Deskbell’s own"), "", "history_program")
        for chip in (self.mine, self.program):
            chip.clicked.connect(self.reload)
            head.addWidget(chip)
        card.column.addLayout(head)
        self.model = PagedModel(
            [
                Column(_("When"), 130, lambda row: Cell(words.when(row.at, self.context.center), color="text2")),
                Column(_("What"), 0, self._what),
                Column(_("Who"), 150, lambda row: Cell(row.who, color="text2")),
            ],
            operations.page,
        )
        self.table = RowTable(self.model, "history", 48)
        self.table.setAccessibleName(_("History"))
        self.table.selected_id.connect(self._selected)
        self.table.activated_id.connect(self.take_back)
        card.column.addWidget(self.table, 1)
        self.count = Text("", "small", "text3")
        card.column.addWidget(self.count)
        return card

    def _one(self) -> QWidget:
        card = KeepingCard(_("What it touched"), "info")
        self.said = Text("", "section", wrap=True)
        self.said.setObjectName("operation_said")
        self.by = Text("", "body", "text3", wrap=True)
        card.column.addWidget(self.said)
        card.column.addWidget(self.by)
        inner = QWidget()
        inner.setObjectName("scrolled")
        self.records = QVBoxLayout(inner)
        self.records.setContentsMargins(0, 0, 6, 0)
        self.records.setSpacing(6)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setStyleSheet("QScrollArea { background: transparent; }")
        scroll.setWidget(inner)
        card.column.addWidget(scroll, 1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        self.back = Button(_("Take back…"), "undo-2", kind="primary", keys=("Enter",))
        self.back.setObjectName("take_back_chosen")
        self.back.clicked.connect(self.take_back)
        foot.addWidget(self.back)
        card.column.addLayout(foot)
        return card

    @staticmethod
    def _what(row: operations.Row) -> Cell:
        if not row.undone:
            return Cell(row.words, "name", second=row.touched)
        said = " · ".join(filter(None, (_("Taken back"), row.touched)))
        return Cell(row.words, "name", "text3", second=said, icon="undo-2")

    # -- reading

    def _typed(self) -> None:
        self._rest.start(150)

    def reload(self) -> None:
        """Read the list again, beside the window."""
        self._rest.stop()
        mine = self.context.actor.user_id if self.mine.isChecked() else None
        self.context.read(self._ids, self.filter.text(), mine, self.program.isChecked(), done=self._listed)

    @staticmethod
    def _ids(typed: str, mine: int | None, program_too: bool) -> list[int]:
        return operations.ids(typed, mine, program_too=program_too)

    def _listed(self, found: object) -> None:
        assert isinstance(found, list)
        said = ngettext("{n} operation", "{n} operations", len(found)).format(n=f"{len(found):,}")
        self.count.setText(said)
        self.shown = None
        self.table.show_ids(found)
        self._selected(self.table.current_id())

    def _selected(self, operation: object) -> None:
        if operation == self.shown and operation is not None:
            return
        self.shown = operation if isinstance(operation, int) else None
        row = operations.page([self.shown]).get(self.shown) if self.shown is not None else None
        clear_layout(self.records)
        self.back.setEnabled(row is not None and row.can_be_undone)
        if row is None:
            self.said.setText(_("Nothing fits."))
            self.by.setText("")
            return
        self.said.setText(row.words)
        at = words.when(row.at, self.context.center)
        self.by.setText(_("{who}, {when}, {desk}").format(who=row.who, when=at, desk=row.desk))
        found = operations.detail(row.id)
        for record in found[:MOST_RECORDS]:
            self._record(record)
        if len(found) > MOST_RECORDS:
            left = len(found) - MOST_RECORDS
            more = ngettext("and {n} more record", "and {n} more records", left).format(n=left)
            self.records.addWidget(Text(more, "small", "text3"))
        self.records.addStretch(1)

    def _record(self, record: operations.Record) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        label, badge = _ACTS[record.act]
        head.addWidget(Badge(badge, _(label)), alignment=Qt.AlignmentFlag.AlignTop)
        head.addWidget(Text(f"{record.kind}: {record.name}", "name", wrap=True), 1)
        if record.may_come_back:
            button = Button(_("Bring back…"), "history", kind="quiet", size="small")
            button.setObjectName(f"bring_back_{record.table}_{record.row_id}")
            button.setAccessibleDescription(record.name)
            button.clicked.connect(partial(self.bring_back, record))
            head.addWidget(button, alignment=Qt.AlignmentFlag.AlignTop)
        self.records.addLayout(head)
        grid = QGridLayout()
        grid.setContentsMargins(12, 0, 0, 6)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for number, field in enumerate(record.fields[:MOST_FIELDS]):
            grid.addWidget(Text(field.name, "small", "text3"), number, 0, Qt.AlignmentFlag.AlignTop)
            said = field.after or "–"
            if record.act == "changed":
                said = _("{before} → {after}").format(before=field.before or "–", after=field.after or "–")
            elif record.act == "gone":
                said = field.before
            grid.addWidget(Text(said, "small", "text", wrap=True), number, 1)
        self.records.addLayout(grid)

    # -- doing

    def take_back(self, _operation: object = None) -> None:
        """Look at what taking the chosen operation back would do."""
        if self.shown is not None and self.back.isEnabled():
            self.context.run(undo.preview, self.shown, done=self._previewed, busy=self.back)

    def _previewed(self, found: object) -> None:
        assert isinstance(found, undo.Preview)
        TakeBackDialog(self.context, self, found).open()

    def bring_back(self, record: operations.Record, _checked: bool = False) -> None:
        """Choose how one record shall be again."""
        BringBackDialog(self.context, self, record).open()
