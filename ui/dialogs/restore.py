"""What a restore would do, kind by kind and by name; then the one button."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from app.lists import keeping as kept
from app.text import N_, _
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Icon, Text, rule

_KINDS = {
    "people": N_("People"),
    "enrollments": N_("Enrollments"),
    "sales": N_("Sales"),
    "payments": N_("Payments"),
    "invoices": N_("Invoices"),
    "slots": N_("Slots"),
    "seats": N_("Seats"),
}


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
