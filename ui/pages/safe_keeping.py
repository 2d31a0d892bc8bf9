"""Settings → Safe keeping: the copies there are, the second place, the way back, and the proof of every rule."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app import text
from app.desk import keeping
from app.errors import DeskError, UserError
from app.lists import keeping as kept
from app.text import N_, _, ngettext
from app.workers import KeepingState
from ui import words
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Card, Field, Icon, Text, clear_layout, rule, show_error
from ui.widgets.table import Cell, Column, PagedModel, RowTable

_WHY = {
    "auto": N_("by itself"),
    "closing": N_("at closing"),
    "asked": N_("asked for"),
    "migration": N_("before an update"),
    "import": N_("before an import"),
    "restore": N_("before a restore"),
    "merge": N_("before a merge"),
    "erase": N_("before an erasure"),
}
_KINDS = {
    "people": N_("People"),
    "enrollments": N_("Enrollments"),
    "sales": N_("Sales"),
    "payments": N_("Payments"),
    "invoices": N_("Invoices"),
    "slots": N_("Slots"),
    "seats": N_("Seats"),
}


class SafeKeeping(QWidget):
    """Backups at the left, second place and check at the right. `restore_wanted(path)` after a person agreed."""

    restore_wanted = Signal(object)

    def __init__(self, context: Context, data_dir: Path) -> None:
        super().__init__()
        self.context, self.data_dir = context, data_dir
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._backups(), 3)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self._second_place())
        right.addWidget(self._check())
        right.addStretch(1)
        row.addLayout(right, 2)

    def _card(self, title: str, icon: str) -> tuple[Card, QVBoxLayout]:
        card = Card(margins=(18, 14, 18, 16))
        column = card.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(Icon(icon, "brasstext", 18))
        head.addWidget(Text(title, "section"), 1)
        column.addLayout(head)
        return card, column

    # -- backups

    def _backups(self) -> QWidget:
        card, column = self._card(_("Backups"), "hard-drive")
        self.said = Text("", "body", "text2", wrap=True)
        self.said.setObjectName("backup_state")
        column.addWidget(self.said)
        self._rows: dict[int, kept.Backup] = {}
        self.model = PagedModel(
            [
                Column(_("When"), 0, self._when),
                Column(_("Made"), 150, lambda row: Cell(_(_WHY[row.why]), color="text2")),
                Column(_("Size"), 90, lambda row: Cell(_size(row.size), color="text2", right=True), right=True),
                Column(
                    _("State"),
                    130,
                    lambda row: Cell(
                        _("Verified") if row.verified else _("Unsound"), badge="completed" if row.verified else "failed"
                    ),
                ),
            ],
            lambda ids: {one: self._rows[one] for one in ids if one in self._rows},
        )
        self.table = RowTable(self.model, "backups")
        self.table.selected_id.connect(self._selected)
        self.table.activated_id.connect(self.restore)
        column.addWidget(self.table, 1)
        foot = QHBoxLayout()
        self.now = Button(_("Back up now"), "hard-drive")
        self.now.clicked.connect(self.back_up_now)
        self.back = Button(_("Restore…"), "history", kind="primary")
        self.back.setObjectName("restore")
        self.back.clicked.connect(self.restore)
        foot.addWidget(self.now)
        foot.addStretch(1)
        foot.addWidget(self.back)
        column.addLayout(foot)
        self._selected(None)
        return card

    def _when(self, row: kept.Backup) -> Cell:
        return Cell(words.when(row.made_at, self.context.center), "name")

    def reload(self) -> None:
        """Read the list of copies and the second place again."""
        found = kept.copies(self.data_dir)
        self._rows = {one.number: one for one in found}
        if self.model.ids != [one.number for one in found]:
            self.model.set_ids([one.number for one in found])
            if found:
                self.table.selectRow(0)
        self._show_place()

    def show_state(self, state: KeepingState) -> None:
        """How backups stand, as the thread says it."""
        self.now.setEnabled(not state.running)
        if state.running:
            self.said.setText(_("A backup is being made and verified; go on working."))
            self.said.set_color("text2")
            return
        if state.problem or state.broken:
            broken = _("The last backup is kept, but the file breaks a rule: {detail}").format(detail=state.broken)
            self.said.setText(state.problem or broken)
            self.said.set_color("danger")
        else:
            self.said.setText(
                _("Every 15 minutes when something changed, and at closing. Each is read back and every rule proven.")
            )
            self.said.set_color("text2")
        self.reload()

    def _selected(self, number: object) -> None:
        self.chosen = self._rows.get(number) if isinstance(number, int) else None
        self.back.setEnabled(self.chosen is not None)

    def back_up_now(self) -> None:
        """A copy now, whatever the clock says."""
        self.now.setEnabled(False)
        self.context.backup_wanted.emit()

    def restore(self, _number: object = None) -> None:
        """Show what the chosen copy would change, then ask."""
        if self.chosen is not None:
            chosen = self.chosen
            self.back.setEnabled(False)
            self.context.read(
                kept.difference, chosen.path, self.data_dir, done=self._compared, failed=self._not_compared
            )
            self._comparing = chosen

    def _compared(self, found: object) -> None:
        self.back.setEnabled(True)
        assert isinstance(found, list)
        dialog = RestoreDialog(self.context, self, self._comparing, found)
        dialog.agreed.connect(self.restore_wanted)
        dialog.open()

    def _not_compared(self, error: DeskError) -> None:
        self.back.setEnabled(True)
        self.said.setText(text.sentence(error))
        self.said.set_color("danger")

    # -- the second place

    def _second_place(self) -> QWidget:
        card, column = self._card(_("Second place"), "save")
        column.addWidget(
            Text(
                _("A folder on a stick or another disk gets a copy of every backup, whenever it is there."),
                "body",
                "text2",
                wrap=True,
            )
        )
        self.place = QLineEdit()
        self.place_field = Field(_("Folder"), self.place, name="second_place")
        column.addWidget(self.place_field)
        self.seen = Text("", "small", "text3", wrap=True)
        column.addWidget(self.seen)
        foot = QHBoxLayout()
        self.choose = Button(_("Choose…"), "hard-drive")
        self.choose.clicked.connect(self.choose_place)
        self.save_place = Button(_("Save the second place"), "check")
        self.save_place.clicked.connect(self.store_place)
        foot.addWidget(self.choose)
        foot.addStretch(1)
        foot.addWidget(self.save_place)
        column.addLayout(foot)
        return card

    def _show_place(self) -> None:
        found = keeping.second_place()
        if not self.place.hasFocus():
            self.place.setText(str(found[0]) if found is not None else "")
        self.seen.setText(
            _("Seen last on {day}.").format(day=words.day(found[1].isoformat(), self.context.center))
            if found is not None
            else _("None is chosen: a fire or a thief takes file and backups together.")
        )

    def choose_place(self) -> None:
        """Look for the folder."""
        path = ask.choose_folder(self, _("Second place for backups"))
        if path:
            self.place.setText(path)
            self.store_place()

    def store_place(self) -> None:
        """Save the second place."""
        self.place_field.clear_error()
        self.context.run(
            keeping.set_second_place,
            self.place.text(),
            done=self._place_stored,
            failed=self._place_refused,
            busy=self.save_place,
        )

    def _place_stored(self, _nothing: object) -> None:
        self.context.notice.emit(_("Saved. The next backup goes there, too."))
        self.reload()

    def _place_refused(self, error: DeskError) -> None:
        if isinstance(error, UserError):
            show_error(error, {"second_place": self.place_field}, self.seen.setText)
        else:
            self.place_field.set_error(text.sentence(error))

    # -- the check

    def _check(self) -> QWidget:
        card, column = self._card(_("Check"), "shield-check")
        said = _("Proves every rule over the file: money, numbers, seats, mail, the record.")
        column.addWidget(Text(said, "body", "text2", wrap=True))
        self.found = QVBoxLayout()
        self.found.setSpacing(4)
        column.addLayout(self.found)
        self.check = Button(_("Check the file"), "shield-check")
        self.check.clicked.connect(self.check_file)
        column.addWidget(self.check, alignment=Qt.AlignmentFlag.AlignLeft)
        return card

    def check_file(self) -> None:
        """Prove every rule beside the window."""
        self.check.setEnabled(False)
        clear_layout(self.found)
        self.found.addWidget(Text(_("Checking…"), "label", "text2"))
        self.context.read(kept.broken_rules, done=self._checked)

    def _checked(self, found: object) -> None:
        assert isinstance(found, list)
        self.check.setEnabled(True)
        clear_layout(self.found)
        if not found:
            line = QHBoxLayout()
            line.addWidget(Icon("circle-check", "ok", 16))
            line.addWidget(Text(_("Every rule holds."), "label", "ok"), 1)
            self.found.addLayout(line)
            return
        said = ngettext("{n} row breaks a rule:", "{n} rows break a rule:", len(found)).format(n=len(found))
        self.found.addWidget(Text(said, "label", "danger"))
        for one in found[:8]:
            self.found.addWidget(Text(one, "small", "text2", wrap=True))


class RestoreDialog(FormDialog):
    """What would be gone, come back, or be as it was; then the one button. `agreed(path)`."""

    agreed = Signal(object)

    def __init__(self, context: Context, parent: QWidget, chosen: kept.Backup, found: list[kept.Difference]) -> None:
        at = words.when(chosen.made_at, context.center)
        super().__init__(parent, _("Restore"), "history", subtitle=at, width=640)
        self.setObjectName("restore_dialog")
        self.chosen = chosen
        if not found:
            self.body.addWidget(Text(_("Nothing differs from the present file."), "body", "text2"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(4, 1)
        heads = ("", _("gone"), _("back"), _("as before"), _("for example"))
        for column, head in enumerate(heads if found else ()):
            grid.addWidget(Text(head, "small", "text3"), 0, column)
        for number, each in enumerate(found, start=1):
            grid.addWidget(Text(_(_KINDS[each.kind]), "name"), number, 0)
            for column, (count, color) in enumerate(
                ((each.gone, "danger"), (each.back, "ok"), (each.changed, "text2")), start=1
            ):
                grid.addWidget(Text(str(count) if count else "–", "name", color if count else "text3"), number, column)
            some = [*each.gone_names, *each.back_names, *each.changed_names][:4]
            grid.addWidget(Text(", ".join(some), "small", "text2", wrap=True), number, 4)
        self.body.addLayout(grid)
        self.body.addWidget(rule())
        lost = next((each for each in found if each.kind == "invoices" and each.gone), None)
        if lost is not None:
            labels = ", ".join(lost.gone_names[:6])
            self._warn(
                _("Invoices that were handed out would be gone, and their numbers given again: {labels}.").format(
                    labels=labels
                )
            )
        if not chosen.verified:
            self._warn(_("This copy is unsound and cannot be restored as a whole."))
        self.body.addWidget(
            Text(
                _("The present file is kept aside. Mails of the restored file that were not sent are held."),
                "body",
                "text2",
                wrap=True,
            )
        )
        button = Button(_("Restore to {moment}").format(moment=at), "history", kind="primary", keys=("Ctrl", "Enter"))
        button.setObjectName("restore_now")
        button.setEnabled(chosen.verified)
        self.add_foot((), button)

    def _warn(self, said: str) -> None:
        line = QHBoxLayout()
        line.addWidget(Icon("triangle-alert", "warn", 16))
        line.addWidget(Text(said, "label", "warn", wrap=True), 1)
        self.body.addLayout(line)

    def main_action(self) -> None:
        if self.main.isEnabled():
            self.accept()
            self.agreed.emit(self.chosen.path)


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB"

