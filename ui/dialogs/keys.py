"""F1: how the page works, and all its keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.text import N_, _
from ui.dialogs.form import FormDialog
from ui.theme import theme
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
    """How the page works, then the keys of this page and everywhere."""

    def __init__(self, parent: QWidget, keys: Sequence[tuple[str, str]], paragraphs: Sequence[str] = ()) -> None:
        super().__init__(parent, _("Help"), "keyboard", width=theme().px(940 if paragraphs else 560))
        self.setObjectName("keys")
        row = QHBoxLayout()
        row.setSpacing(28)
        if paragraphs:
            words = QVBoxLayout()
            words.setSpacing(10)
            words.addWidget(Text(_("How this page works"), "section"))
            for each in paragraphs:
                words.addWidget(Text(each, "body", "text2", wrap=True))
            words.addStretch(1)
            row.addLayout(words, 1)
        right = QVBoxLayout()
        right.addWidget(Text(_("Keys"), "section"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        here = {key for key, _said in keys}
        every = [*keys, *((key, _(said)) for key, said in EVERYWHERE if key not in here)]
        for number, (key, said) in enumerate(every):
            grid.addWidget(Text(key, "label"), number, 0)
            grid.addWidget(Text(said, "small", "text2"), number, 1)
        grid.setColumnStretch(1, 1)
        right.addLayout(grid)
        right.addStretch(1)
        row.addLayout(right)
        self.body.addLayout(row)
        self.add_foot((), Button(_("Good"), kind="primary", keys=("Ctrl", "Enter")))

    def main_action(self) -> None:
        self.accept()
