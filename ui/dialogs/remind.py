"""Reminders to pay: whom, of how much, which level; looked at first, then queued some at a time, with a way to stop."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QProgressBar, QWidget

from app import text
from app.desk import reminding
from app.desk.reminding import Owner, Reminder
from app.errors import DeskError
from app.text import _, ngettext, sentence
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.theme import theme
from ui.widgets.basic import Button, Text
from ui.widgets.table import Cell, Column, PagedModel, RowTable

#: So many are queued in one write: other work at the desk comes in between, and a stop is heard.
AT_ONCE = 20


class RemindDialog(FormDialog):
    """Everyone who would be reminded, and why some are not; the mail of whoever is chosen stands below."""

    def __init__(self, context: Context, parent: QWidget, owners: Sequence[Owner]) -> None:
        super().__init__(parent, _("Payment reminder"), "mail", width=860)
        self.setObjectName("remind_form")
        self.context = context
        self.planned: list[Reminder] = []
        self.done_with = 0
        self._closed = self._running = False
        model = PagedModel(
            [
                Column(_("To"), 0, lambda row: Cell(row.name, "name")),
                Column(_("Mail"), 220, self._address),
                Column(_("Reminder"), 96, lambda row: Cell(str(row.level) if not row.obstacle else "–")),
                Column(_("Lines"), 70, lambda row: Cell(str(len(row.lines)), right=True), right=True),
                Column(_("Late"), 110, self._amount, right=True),
            ],
            lambda wanted: {one: self.planned[one] for one in wanted},
        )
        self.table = RowTable(model, "reminded_rows", 36)
        self.table.setFixedHeight(theme().px(36) * (5 if len(owners) > 1 else 2))
        self.table.selected_id.connect(self._selected)
        self.body.addWidget(self.table)
        self.left_out = Text("", "label", "warn", wrap=True)
        self.left_out.setObjectName("reminders_left_out")
        self.left_out.hide()
        self.body.addWidget(self.left_out)
        self.mail = QPlainTextEdit()
        self.mail.setReadOnly(True)
        self.mail.setTabChangesFocus(True)
        self.mail.setObjectName("reminder_text")
        self.mail.setAccessibleName(_("The mail"))
        self.mail.setFixedHeight(theme().px(170))
        self.body.addWidget(self.mail)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Progress"))
        self.bar.hide()
        self.body.addWidget(self.bar)
        self.add_foot((), Button(_("Queue the reminders"), "send", kind="primary", keys=("Ctrl", "Enter")))
        self.main.setObjectName("queue_reminders")
        self.main.setEnabled(False)
        context.read(reminding.plan, list(owners), done=self._found, failed=self._not_read)
        self.table.setFocus()

    @staticmethod
    def _address(row: Reminder) -> Cell:
        return Cell(sentence(row.obstacle), "body", "warn") if row.obstacle else Cell(row.address, "body", "text2")

    @staticmethod
    def _amount(row: Reminder) -> Cell:
        return Cell(text.show_money(row.open_minor), "strong", "text3" if row.obstacle else "text", right=True)

    def _found(self, planned: list[Reminder]) -> None:
        if self._closed:
            return
        self.planned = planned
        self.table.show_ids(list(range(len(planned))))
        going = [one for one in planned if not one.obstacle]
        self.table.select_id(next((n for n, one in enumerate(planned) if not one.obstacle), 0))
        left = len(planned) - len(going)
        said = ngettext("{n} is left out, with the reason beside the name.", "{n} are left out, with the reason beside"
                        " the name.", left)  # fmt: skip
        self.left_out.setText(said.format(n=left))
        self.left_out.setVisible(bool(left))
        total = text.show_money(sum(one.open_minor for one in going))
        said = ngettext("{n} mail, {amount} late", "{n} mails, {amount} late", len(going))
        self.subtitle.setText(said.format(n=f"{len(going):,}", amount=total))
        self.main.setEnabled(bool(going))

    def _not_read(self, error: DeskError) -> None:
        if not self._closed:
            self.refuse(error)

    def _selected(self, row: object) -> None:
        chosen = self.planned[row] if isinstance(row, int) and row < len(self.planned) else None
        words = chosen.text() if chosen is not None and not chosen.obstacle else ("", "")
        self.mail.setPlainText("\n\n".join(filter(None, words)))

    def main_action(self) -> None:
        """Queue them, some at a time; Esc stops between."""
        if self.main.isEnabled():
            self.main.setEnabled(False)
            self._running = True
            self.going = [(one.student_id, one.payer_id) for one in self.planned if not one.obstacle]
            self.done_with = 0
            self.queued: list[Reminder] = []
            self.bar.setRange(0, len(self.going))
            self.bar.show()
            self._next()

    def _next(self) -> None:
        some = self.going[self.done_with : self.done_with + AT_ONCE]
        if some and not self.context.is_closing:
            self.context.run(reminding.remind, some, done=self._queued, failed=self._failed)
            return
        self._running = False
        count = sum(not one.obstacle for one in self.queued)
        said = ngettext("{n} reminder is in the mail queue.", "{n} reminders are in the mail queue.", count)
        self.context.notice.emit(said.format(n=f"{count:,}"))
        self.accept()

    def _queued(self, some: list[Reminder]) -> None:
        self.queued += some
        self.done_with += len(some)
        if self._closed:
            self._stopped()
            return
        self.bar.setValue(self.done_with)
        self._next()

    def _stopped(self) -> None:
        """The form was closed while some were written: those were the last, and how many are not reminded is said."""
        left = len(self.going) - self.done_with
        if left:
            said = ngettext("Stopped: {n} is not reminded.", "Stopped: {n} are not reminded.", left)
            self.context.notice.emit(said.format(n=f"{left:,}"))
        self.deleteLater()

    def _failed(self, error: DeskError) -> None:
        if self._closed:
            self.context.problem.emit(error)
            self.deleteLater()
            return
        self._running = False
        self.bar.hide()
        self.main.setEnabled(bool(self.planned))
        self.refuse(error)

    def done(self, code: int) -> None:
        if self._running:
            self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # the answer under way is still to come
        self._closed, self._running = True, False
        super().done(code)
