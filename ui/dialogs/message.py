"""A message to one student or several: one mail each, so that nobody sees who else got it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from app.errors import DeskError
from app.lists import people as roster
from app.mail import queue
from app.text import _, ngettext
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.theme import theme
from ui.widgets.basic import Button, Field, Text


class MessageDialog(FormDialog):
    """Subject and text; whoever has no address that mail can reach is named before anything is sent.

    With `payer` one message goes to whoever pays for these students, and none to them: it stands with the first.
    """

    def __init__(
        self, context: Context, parent: QWidget, ids: Sequence[int], payer: tuple[str, str] | None = None
    ) -> None:
        super().__init__(parent, _("Message"), "send", width=640)
        self.setObjectName("message")
        self.context = context
        rows = roster.page(list(ids))
        found = [rows[one] for one in ids if one in rows]
        self.to = [(row.id, row.name, row.email) for row in found if row.email]
        without = [row.name for row in found if not row.email]
        if payer is not None:
            self.to, without = [(ids[0], *payer)], []
        names = ", ".join(name for _id, name, _mail in self.to[:3])
        said = ngettext("To {n} person: {names}", "To {n} people, each by themselves: {names}", len(self.to))
        to = Text("", "body", "text2", wrap=True)
        to.setObjectName("message_to")
        to.setText(said.format(n=len(self.to), names=names + (" …" if len(self.to) > 3 else "")))
        self.body.addWidget(to)
        if without:
            left_out = ngettext(
                "{n} has no email address and is left out: {names}",
                "{n} have no email address and are left out: {names}",
                len(without),
            )
            names = ", ".join(without[:3]) + (" …" if len(without) > 3 else "")
            missing = Text(left_out.format(n=len(without), names=names), "label", "warn", wrap=True)
            missing.setObjectName("message_left_out")
            self.body.addWidget(missing)
        self.subject = self.add_field("subject", Field(_("Subject"), name="message_subject"))
        self.body.addWidget(self.subject)
        self.words = QPlainTextEdit()
        self.words.setFixedHeight(theme().px(180))
        self.words.setTabChangesFocus(True)
        self.body.addWidget(self.add_field("text", Field(_("Text"), self.words, name="message_text")))
        self.add_foot((), Button(_("Queue the mails"), "send", kind="primary", keys=("Ctrl", "Enter")))
        self.main.setEnabled(bool(self.to))
        self.subject.edit.setFocus()

    def main_action(self) -> None:
        if not self.main.isEnabled():
            return
        self.clear_errors()
        self.context.run(
            queue.write_mails, self.to, self.subject.text(), self.words.toPlainText(),
            done=self._queued, failed=self._refused, busy=self.main,
        )  # fmt: skip

    def _refused(self, error: DeskError) -> None:
        self.refuse(error)

    def _queued(self, ids: list[int]) -> None:
        self.accept()
        said = ngettext("{n} mail is in the queue.", "{n} mails are in the queue.", len(ids))
        self.context.notice.emit(said.format(n=len(ids)))
