"""What leaving does: seats set free, money and mails, by name; then one button."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app import text
from app.desk import leaving
from app.errors import DeskError
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Icon, Text, clear_layout

#: As many names of a kind are told; the count is always whole.
MOST_NAMES = 6


class LeaveDialog(FormDialog):
    """The preview of a student who leaves. Ctrl+Enter does it; the history takes it back."""

    def __init__(self, context: Context, parent: QWidget, student_id: int) -> None:
        self.found = leaving.preview(student_id)
        title = _("{name} leaves").format(name=self.found.name)
        super().__init__(parent, title, "log-out", subtitle=self.found.number, width=600)
        self.setObjectName("leave")
        self.context = context
        self.content = QVBoxLayout()
        self.content.setSpacing(12)
        self.body.addLayout(self.content)
        if self._look():
            reason = Field(_("Why (may stay empty)"), QLineEdit(), name="leave_reason")
            self.body.addWidget(self.add_field("reason", reason))
        button = Button(_("Make inactive"), "log-out", kind="primary", keys=("Ctrl", "Enter"))
        button.setObjectName("leave_now")
        button.setEnabled(self.found.obstacle is None)
        self.add_foot((), button)
        (self.fields["reason"].edit if "reason" in self.fields else button).setFocus()

    def _look(self) -> bool:
        """Say what leaving does, or what stands in its way; whether nothing does."""
        clear_layout(self.content)
        if self.found.obstacle is not None:
            self._line("circle-alert", "danger", text.sentence(self.found.obstacle))
            return False
        self._preview()
        return True

    def _preview(self) -> None:
        found, here = self.found, self.context.center
        booked = [one for one in found.seats if one.status != "waiting"]
        if found.seats:
            said = ngettext("{n} coming booking is canceled", "{n} coming bookings are canceled", len(found.seats))
            names = [f"{one.title} · {words.when(one.start_utc, here)}" for one in found.seats]
            self._line("calendar-days", "brasstext", said.format(n=len(found.seats)), names)
        else:
            self._line("calendar-days", "text3", _("Nothing is booked from now on."))
        wanted = sum(one.waiting > 0 for one in booked)
        if wanted:
            said = ngettext("For {n} of them somebody waits: the inbox asks whom to offer it",
                            "For {n} of them somebody waits: the inbox asks whom to offer them", wanted)  # fmt: skip
            self._line("hourglass", "brasstext", said.format(n=wanted))
        empty = sum(one.empty for one in booked)
        if empty:
            said = ngettext("{n} slot is left without anyone", "{n} slots are left without anyone", empty)
            self._line("triangle-alert", "warn", said.format(n=empty))
        if found.owed_minor:
            owed = _("{amount} is owed and stays owed").format(amount=text.show_money(found.owed_minor))
            self._line("banknote", "danger", owed)
        if found.credit_minor:
            credit = _("{amount} of credit stays: give it back at the payment desk")
            self._line("banknote", "warn", credit.format(amount=text.show_money(found.credit_minor)))
        if not (found.owed_minor or found.credit_minor):
            self._line("banknote", "text3", _("Nothing is owed, and there is no credit."))
        if found.running:
            kept = _("Enrollments stay as they are; cancel one to credit what was not taught")
            self._line("graduation-cap", "brasstext", kept, found.running)
        if found.mails_canceled:
            said = ngettext("{n} mail about a coming slot is canceled", "{n} mails about coming slots are canceled",
                            len(found.mails_canceled))  # fmt: skip
            self._line("mail", "brasstext", said.format(n=len(found.mails_canceled)), found.mails_canceled)
        if found.mails_sent:
            said = ngettext("{n} mail still goes out", "{n} mails still go out", len(found.mails_sent))
            self._line("mail", "text3", said.format(n=len(found.mails_sent)), found.mails_sent)
        kept = _("History, documents and payments stay. The history takes this back whole.")
        self.content.addWidget(Text(kept, "small", "text3", wrap=True))

    def _line(self, icon: str, color: str, said: str, names: list[str] | tuple[str, ...] = ()) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Icon(icon, color, 16), alignment=Qt.AlignmentFlag.AlignTop)
        line.addWidget(Text(said, "label", color if color in ("danger", "warn") else "text", wrap=True), 1)
        self.content.addLayout(line)
        for name in names[:MOST_NAMES]:
            label = Text(name, "body", "text2", wrap=True)
            label.setContentsMargins(24, 0, 0, 0)
            self.content.addWidget(label)
        if len(names) > MOST_NAMES:
            left = len(names) - MOST_NAMES
            label = Text(ngettext("and {n} more", "and {n} more", left).format(n=left), "small", "text3")
            label.setContentsMargins(24, 0, 0, 0)
            self.content.addWidget(label)

    def main_action(self) -> None:
        if self.main.isEnabled():
            self.clear_errors()
            self.context.run(
                leaving.leave, self.found.student_id, self.found.version, self.fields["reason"].text(),
                [one.seat_id for one in self.found.seats],
                done=self._done, failed=self._failed, busy=self.main,
            )  # fmt: skip

    def _failed(self, error: DeskError) -> None:
        """What another desk made of it meanwhile is shown before it is asked again."""
        if error.key in ("store.changed_meanwhile", "leaving.already"):
            self.found = leaving.preview(self.found.student_id)
            if not self._look():
                self.fields["reason"].hide()
                self.main.setEnabled(False)
                return
        self.refuse(error)

    def _done(self, _operation: object) -> None:
        self.accept()
        self.context.notice.emit(_("{name} is inactive now.").format(name=self.found.name))
