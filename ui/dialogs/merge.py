"""Two records of one person, side by side: what stays, what moves, what cannot both be; then one button."""

from __future__ import annotations

import threading
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from app import store, text
from app.desk import merge
from app.errors import DeskError
from app.store import backup
from app.text import N_, _, ngettext
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Avatar, Button, Icon, Text, clear_layout, rule
from ui.widgets.line import Line, as_tip

#: As many names of a kind are told; the count is always whole.
MOST_NAMES = 3
#: Longer values are cut on their button; the tool tip says them whole.
MOST_LETTERS = 34

_FIELDS = {
    "first_name": N_("First name"), "last_name": N_("Last name"), "email": N_("Email"), "phone": N_("Phone"),
    "date_of_birth": N_("Born"), "address": N_("Address"), "language": N_("Language"), "status": N_("Status"),
    "emergency_name": N_("Emergency contact"), "emergency_phone": N_("Their phone"), "payer_id": N_("Who pays"),
}  # fmt: skip
_SIDES = (("stays", N_("Stays in use")), ("other", N_("Is merged into it")))


class MergeDialog(FormDialog):
    """`merged(record that stays)`. A verified copy is made first; it runs beside and can be stopped."""

    merged = Signal(int)
    progress = Signal(int, int)

    def __init__(self, context: Context, parent: QWidget, stays: int, other: int) -> None:
        super().__init__(parent, _("Merge two records"), "users", width=760)
        self.setObjectName("merge")
        self.context = context
        self.running, self._stop = False, threading.Event()
        self.buttons: dict[tuple[str, str], Button] = {}
        self.content = QVBoxLayout()
        self.content.setSpacing(10)
        self.body.addLayout(self.content)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Making a copy first"))
        self.bar.hide()
        self.body.addWidget(self.bar)
        self.swap = Button(_("The other one stays"), "arrow-left-right", keys=("Alt", "S"))
        self.swap.setObjectName("swap_records")
        self.swap.clicked.connect(self.swap_records)
        self._shortcut("Alt+S", self.swap_records)
        self.page_keys()
        self.add_foot((self.swap,), Button(_("Merge"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self.main.setObjectName("merge_now")
        self.progress.connect(self._progressed)
        self._look(stays, other)
        (self.main if self.main.isEnabled() else self.swap).setFocus()

    # -- what is shown

    def _look(self, stays: int, other: int) -> None:
        self.found = merge.preview(stays, other)
        self.groups: dict[str, QButtonGroup] = {}
        self.buttons = {}
        clear_layout(self.content)
        self.content.addLayout(self._sides())
        if self.found.obstacle is not None:
            self._line("circle-alert", "danger", text.sentence(self.found.obstacle))
        if self.found.choices:
            self.content.addWidget(rule())
            self.content.addWidget(Text(_("Where they differ, choose what stays"), "label", "text2"))
            self.content.addLayout(self._choices())
        if self.found.conflicts:
            self.content.addWidget(rule())
        for one in self.found.conflicts:
            self._line("triangle-alert", "warn", text.sentence(one.key, dict(one.params)))
        self._parts(_("Moves along"), "arrow-right", [one for one in self.found.parts if one.moves])
        said = _("Stays as it was written, and is read with the person")
        self._parts(said, "file-text", [one for one in self.found.parts if not one.moves])
        if self.found.obstacle is None:
            kept = _("A copy is made first. The history takes the merge back whole; search still finds both.")
            self.content.addWidget(Text(kept, "small", "text3", wrap=True))
        self.main.setEnabled(self.found.obstacle is None)

    def _sides(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        for column, (key, said) in enumerate(_SIDES):
            side: merge.Side = getattr(self.found, key)
            box = QFrame()
            box.setObjectName(f"side_{key}")
            box.setProperty("tinted", True)
            inner = QHBoxLayout(box)
            inner.setContentsMargins(12, 10, 12, 10)
            inner.setSpacing(12)
            inner.addWidget(Avatar(side.name, 40, side.id))
            names = QVBoxLayout()
            names.setSpacing(2)
            names.addWidget(Text(_(said), "label", "brasstext" if key == "stays" else "text2"))
            names.addWidget(Line(side.name, "section"))
            since = _("{number} · since {day}").format(
                number=side.number, day=words.day(side.created_at[:10], self.context.center)
            )
            names.addWidget(Line(since, "small", "text2"))
            owed, color = words.balance(side.balance_minor)
            names.addWidget(Line(owed, "small_strong" if side.balance_minor else "small", color))
            inner.addLayout(names, 1)
            grid.addWidget(box, 0, column)
            grid.setColumnStretch(column, 1)
        return grid

    def _choices(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        for row, one in enumerate(self.found.choices):
            grid.addWidget(Text(_(_FIELDS[one.field]), "body", "text2"), row, 0)
            group = QButtonGroup(self)
            for column, (side, value) in enumerate((("stays", one.stays_shown), ("other", one.other_shown)), start=1):
                shown = value if len(value) <= MOST_LETTERS else value[: MOST_LETTERS - 1] + "…"
                button = Button(shown or _("nothing"), kind="choice", size="small")
                button.setObjectName(f"{one.field}_{side}")
                button.setAccessibleName(f"{_(_FIELDS[one.field])}: {shown or _('nothing')}")
                button.setToolTip(as_tip(value) if shown != value else "")
                button.setCheckable(True)
                button.setChecked(side == one.better)
                group.addButton(button)
                self.buttons[one.field, side] = button
                grid.addWidget(button, row, column)
                grid.setColumnStretch(column, 1)
            self.groups[one.field] = group
        return grid

    def _parts(self, said: str, icon: str, parts: list[merge.Part]) -> None:
        if not parts:
            return
        self.content.addWidget(rule())
        self.content.addWidget(Text(said, "label", "text2"))
        for one in parts:
            names = ", ".join(one.names[:MOST_NAMES])
            left = one.count - len(one.names[:MOST_NAMES])
            if left > 0:
                names += " " + ngettext("and {n} more", "and {n} more", left).format(n=left)
            kind = text.sentence(f"table.{one.kind}")
            self._line(icon, "text3", f"{kind} ({one.count}): {names}", "body")

    def _line(self, icon: str, color: str, said: str, role: str = "label") -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Icon(icon, color, 16), alignment=Qt.AlignmentFlag.AlignTop)
        line.addWidget(Text(said, role, color if color in ("danger", "warn") else "text2", wrap=True), 1)
        self.content.addLayout(line)

    def swap_records(self) -> None:
        """The other record stays in use."""
        if not self.running:
            self.say("")
            self._look(self.found.other.id, self.found.stays.id)

    def chosen(self) -> dict[str, str]:
        """Field → the side whose value stays."""
        return {field: side for (field, side), button in self.buttons.items() if button.isChecked()}

    # -- doing it

    def main_action(self) -> None:
        if self.running or not self.main.isEnabled():
            return
        self.clear_errors()
        self._busy(True)
        self.context.read(_copy_first, self._is_stopped, self.progress.emit, done=self._copied, failed=self._failed)

    def _is_stopped(self) -> bool:
        """Asked from beside the window: whether the copy is not wanted any more."""
        return self._stop.is_set() or self.context.is_closing

    def _busy(self, running: bool) -> None:
        self.running = running
        self.bar.setRange(0, 0)
        self.bar.setVisible(running)
        for widget in (self.main, self.swap, *self.buttons.values()):
            widget.setEnabled(not running)

    def _progressed(self, done: int, of: int) -> None:
        self.bar.setRange(0, of)
        self.bar.setValue(done)

    def _copied(self, made: object) -> None:
        if made is None or self._stop.is_set():
            self.running = False
            self.reject()
            return
        stays, other = self.found.stays, self.found.other
        self.context.run(
            merge.merge, stays.id, other.id, self.chosen(), (stays.version, other.version),
            done=self._done, failed=self._failed,
        )  # fmt: skip

    def _failed(self, error: DeskError) -> None:
        self._busy(False)
        if error.key == "store.changed_meanwhile":
            self._look_again()
        self.refuse(error)

    def _look_again(self) -> None:
        """Show what another desk made of the records; what was chosen stays chosen where there is still a choice."""
        chosen = self.chosen()
        self._look(self.found.stays.id, self.found.other.id)
        for field, side in chosen.items():
            if (field, side) in self.buttons:
                self.buttons[field, side].setChecked(True)
        (self.main if self.main.isEnabled() else self.swap).setFocus()

    def _done(self, _operation: object) -> None:
        self.running = False
        self.context.notice.emit(_("Merged into {name}.").format(name=self.found.stays.name))
        self.accept()
        self.merged.emit(self.found.stays.id)

    def reject(self) -> None:
        """Esc: let go of the copy first."""
        if self.running:
            self._stop.set()
            self.say(_("Stopping…"))
            return
        super().reject()


def _copy_first(stop: Any, progress: Any) -> backup.Backup | None:
    """A verified copy; None where it was not wanted any more."""
    try:
        return merge.back_up_first(store.data_folder(), stop, progress)
    except backup.Stopped:
        return None
