"""The reminders somebody got: when, where to, whether they arrived; the mail of whichever is chosen stands below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from app.desk import reminding
from app.desk.reminding import Owner, Sent
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.theme import theme
from ui.widgets.basic import Button, Text
from ui.widgets.table import Cell, Column, PagedModel, RowTable


class RemindedDialog(FormDialog):
    """What the count of reminders stands for, newest first."""

    def __init__(self, context: Context, parent: QWidget, owners: Sequence[Owner], name: str) -> None:
        super().__init__(parent, _("Reminders"), "mail", subtitle=name, width=860)
        self.setObjectName("reminded_form")
        self.context = context
        self.mails = {one.id: one for one in reminding.mails(owners)}
        model = PagedModel(
            [
                Column(_("Day"), 110, lambda row: Cell(words.day(row.on, context.center), "name")),
                Column(_("To"), 0, self._to),
                Column(_("Subject"), 250, lambda row: Cell(row.subject, color="text2")),
                Column(_("State"), 110, lambda row: Cell(words.state(row.state), badge=row.state)),
            ],
            lambda wanted: {one: self.mails[one] for one in wanted if one in self.mails},
        )
        self.table = RowTable(model, "reminded_mails", 36)
        self.table.setFixedHeight(theme().px(36) * min(max(len(self.mails) + 1, 2), 6))
        self.table.selected_id.connect(self._selected)
        self.body.addWidget(self.table)
        said = ngettext("{n} reminder", "{n} reminders", len(self.mails)).format(n=len(self.mails))
        self.count = Text(said if self.mails else _("Nobody was reminded so far."), "body", "text2")
        self.count.setObjectName("reminded_count")
        self.body.addWidget(self.count)
        self.mail = QPlainTextEdit()
        self.mail.setReadOnly(True)
        self.mail.setTabChangesFocus(True)
        self.mail.setObjectName("reminded_text")
        self.mail.setAccessibleName(_("The mail"))
        self.mail.setFixedHeight(theme().px(220))
        self.body.addWidget(self.mail)
        self.table.show_ids(list(self.mails))
        self.add_foot((), Button(_("Done"), kind="primary", keys=("Ctrl", "Enter")))
        self.main.setObjectName("reminded_done")
        self.table.setFocus()

    @staticmethod
    def _to(row: Sent) -> Cell:
        return Cell(f"{row.to_name} <{row.to_address}>" if row.to_name else row.to_address)

    def _selected(self, row: object) -> None:
        chosen = self.mails.get(row) if isinstance(row, int) else None
        self.mail.setPlainText(f"{chosen.subject}\n\n{chosen.text}" if chosen is not None else "")

    def main_action(self) -> None:
        self.accept()
