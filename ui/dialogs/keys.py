"""F1: all keys of the page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QWidget

from app.text import N_, _
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Text

EVERYWHERE = (
    ("Ctrl+K", N_("find a student")),
    ("Ctrl+1 … 5", N_("students, calendar, payments, inbox, mail")),
    ("F2", N_("enroll")),
    ("F4", N_("take a payment")),
    ("Ctrl+Enter", N_("complete, save")),
    ("Ctrl+Z", N_("take back the last thing I did")),
    ("F3", N_("next wrong field")),
    ("Esc", N_("back; nothing that was started is lost")),
)


class KeysDialog(FormDialog):
    """Two columns: this page, and everywhere."""

    def __init__(self, parent: QWidget, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__(parent, _("Keys"), "keyboard", width=560)
        self.setObjectName("keys")
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        every = [*keys, *((key, _(said)) for key, said in EVERYWHERE)]
        for row, (key, said) in enumerate(every):
            grid.addWidget(Text(key, "name"), row, 0)
            grid.addWidget(Text(said, "body", "text2"), row, 1)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self.add_foot((), Button(_("Good"), kind="primary", keys=("Ctrl", "Enter")))

    def main_action(self) -> None:
        self.accept()
