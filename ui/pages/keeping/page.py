"""Settings → Safe keeping: the copies there are and the way back at the left, the other cards at the right."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app import text
from app.errors import DeskError
from app.lists import keeping as kept
from app.text import N_, _
from app.workers import KeepingState
from ui import words
from ui.context import Context
from ui.dialogs.restore import RestoreDialog
from ui.pages.keeping.card import KeepingCard
from ui.pages.keeping.check import Check
from ui.pages.keeping.concerns import Concerns
from ui.pages.keeping.move import Move
from ui.pages.keeping.place import SecondPlace
from ui.pages.keeping.secrecy import Encryption
from ui.widgets.basic import Button, EmptyState, Text
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
    "repair": N_("before a repair"),
}


class SafeKeeping(QWidget):
    """The part of the settings that keeps everything safe. After a person agreed: `restore_wanted(path)`, and
    `job_wanted(Between)` for what else needs the center closed.
    """

    restore_wanted = Signal(object)
    job_wanted = Signal(object)

    def __init__(self, context: Context, data_dir: Path) -> None:
        super().__init__()
        self.backups = Backups(context, data_dir)
        self.backups.restore_wanted.connect(self.restore_wanted)
        self.concerns = Concerns()
        self.place = SecondPlace(context)
        self.check = Check(context)
        self.check.copied.connect(self.backups.reload)
        self.move_card = Move(context, data_dir)
        self.move_card.restore_wanted.connect(self.restore_wanted)
        self.encryption = Encryption(context, data_dir)
        self.encryption.job_wanted.connect(self.job_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.backups, 3)
        inner = QWidget()
        inner.setObjectName("scrolled")
        cards = QVBoxLayout(inner)
        cards.setContentsMargins(0, 0, 0, 0)
        cards.setSpacing(12)
        for card in (self.concerns, self.place, self.check, self.encryption, self.move_card):
            cards.addWidget(card)
        cards.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setStyleSheet("QScrollArea { background: transparent; }")
        scroll.setWidget(inner)
        row.addWidget(scroll, 2)

    def reload(self) -> None:
        """Read everything that is shown again."""
        self.backups.reload()
        self.place.reload()
        self.encryption.reload()

    def finish(self) -> None:
        """The window closes: a check under way is broken off."""
        self.check.finish()

    def show_state(self, state: KeepingState) -> None:
        """How backups stand, as the thread says it."""
        self.backups.show_state(state)
        if not state.running:
            self.place.reload()


class Backups(KeepingCard):
    """The copies, newest first; back up now; restore. `restore_wanted(path)` after a person agreed."""

    restore_wanted = Signal(object)

    def __init__(self, context: Context, data_dir: Path) -> None:
        super().__init__(_("Backups"), "hard-drive")
        self.context, self.data_dir = context, data_dir
        self.said = Text("", "body", "text2", wrap=True)
        self.said.setObjectName("backup_state")
        self.column.addWidget(self.said)
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
        self.column.addWidget(self.table, 1)
        self.none = EmptyState(
            "hard-drive", _("No backup yet"), _("The first is made by itself a moment after something was done.")
        )
        self.none.setObjectName("no_backup")
        self.column.addWidget(self.none, 1)
        foot = QHBoxLayout()
        self.now = Button(_("Back up now"), "hard-drive")
        self.now.setObjectName("back_up_now")
        self.now.clicked.connect(self.back_up_now)
        self._resting = False
        self.back = Button(_("Restore…"), "history", kind="primary")
        self.back.setObjectName("restore")
        self.back.clicked.connect(self.restore)
        foot.addWidget(self.now)
        foot.addStretch(1)
        foot.addWidget(self.back)
        self.column.addLayout(foot)
        self._selected(None)

    def _when(self, row: kept.Backup) -> Cell:
        return Cell(words.when(row.made_at, self.context.center), "name")

    def reload(self) -> None:
        """Read the list of copies again."""
        found = kept.copies(self.data_dir)
        self._rows = {one.number: one for one in found}
        if self.model.ids != [one.number for one in found]:
            self.model.set_ids([one.number for one in found])
            if found:
                self.table.selectRow(0)
        self.table.setVisible(bool(found))
        self.none.setVisible(not found)

    def show_state(self, state: KeepingState) -> None:
        """How backups stand, as the thread says it."""
        self._let_now(not state.running)
        if state.running:
            self._say(_("A backup is being made and verified; go on working."))
            return
        if state.problem or state.broken:
            broken = _("The last backup is kept, but the file breaks a rule: {detail}").format(detail=state.broken)
            self._say(state.problem or broken, "danger")
        else:
            self._say(self._routine())
        self.reload()

    def _let_now(self, free: bool) -> None:
        """What is disabled loses the focus, and the next in line is “Restore”: the list gets it meanwhile."""
        if free:
            self.now.setEnabled(True)
            if self._resting and self.table.hasFocus():
                self.now.setFocus()
            self._resting = False
        elif self.now.isEnabled():
            self._resting = self.now.hasFocus()
            if self._resting:
                self.table.setFocus()
            self.now.setEnabled(False)

    @staticmethod
    def _routine() -> str:
        return _("Every 15 minutes when something changed, and at closing. Each is read back and every rule proven.")

    def _say(self, said: str, color: str = "text2") -> None:
        self.said.setText(said)
        self.said.set_color(color)

    def _selected(self, number: object) -> None:
        self.chosen = self._rows.get(number) if isinstance(number, int) else None
        self.back.setEnabled(self.chosen is not None)

    def back_up_now(self) -> None:
        """A copy now, whatever the clock says."""
        self._let_now(False)
        self.context.backup_wanted.emit()

    def restore(self, _number: object = None) -> None:
        """Show what the chosen copy would change, then ask."""
        if self.chosen is not None:
            chosen = self.chosen
            self.back.setEnabled(False)
            self._comparing = chosen
            self._say(_("Reading what would change…"))
            self.context.read(
                kept.look_into, chosen, self.data_dir, lambda: self.context.is_closing,
                done=self._compared, failed=self._not_compared,
            )  # fmt: skip

    def _compared(self, found: object) -> None:
        if found is None:  # the window closes
            return
        self.back.setEnabled(True)
        self._say(self._routine())
        assert isinstance(found, tuple)
        differences, why = found
        dialog = RestoreDialog(self.context, self, self._comparing, differences, why)
        dialog.agreed.connect(self.restore_wanted)
        dialog.open()

    def _not_compared(self, error: DeskError) -> None:
        self.back.setEnabled(True)
        self._say(text.sentence(error), "danger")


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
