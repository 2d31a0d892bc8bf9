"""By when somebody said they would pay: noted, or what was said before is kept or off."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from PySide6.QtWidgets import QWidget

from app import clock, money, text
from app.desk import promises
from app.errors import UserError
from app.text import _
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Text
from ui.widgets.typed import TypedLine


class PromiseDialog(FormDialog):
    """How much, by when, and what was said; an open promise stands above, with the two ways it can end."""

    def __init__(
        self, context: Context, parent: QWidget, student_id: int, payer_id: int | None, name: str, owed_minor: int
    ) -> None:
        super().__init__(parent, _("Promise to pay"), "hourglass", subtitle=name, width=560)
        self.setObjectName("promise_form")
        self.context, self.student_id, self.payer_id = context, student_id, payer_id
        here = context.center
        self.before = promises.of(student_id, payer_id)
        ends: list[QWidget] = []
        if self.before is not None:
            said = _("Promised on {said}: {amount} by {day}.").format(
                said=text.show(self.before.said_on, "date"), amount=text.show_money(self.before.amount_minor),
                day=text.show(self.before.pay_on, "date"),
            )  # fmt: skip
            label = Text("\n".join(filter(None, (said, self.before.note))), "body", "text", wrap=True)
            label.setObjectName("promise_before")
            self.body.addWidget(label)
            for title, name_, act, key in (
                (_("It was kept"), "promise_kept", promises.keep, "K"),
                (_("It is off"), "promise_off", promises.withdraw, "W"),
            ):
                button = Button(title, kind="quiet", keys=("Alt", key))
                button.setObjectName(name_)
                button.clicked.connect(partial(self._end, act, button))
                self._shortcut(f"Alt+{key}", partial(self._end, act, button))
                ends.append(button)
        self.amount = TypedLine(money.format_plain(owed_minor, here.currency, here.locale))
        self.body.addWidget(self.add_field("amount", Field(_("Amount"), self.amount, name="promise_amount")))
        self.pay_on = TypedLine((clock.local_date(here.zone) + timedelta(days=7)).isoformat())
        by = Field(_("By when"), self.pay_on, name="promise_pay_on", hint=_("like 2026-03-24"))
        self.body.addWidget(self.add_field("pay_on", by))
        self.note = TypedLine()
        self.body.addWidget(self.add_field("note", Field(_("Note (may stay empty)"), self.note, name="promise_note")))
        self.add_foot(ends, Button(_("Note the promise"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self.main.setObjectName("note_promise")
        self.pay_on.setFocus()
        self.pay_on.selectAll()

    def _end(self, act: object, button: Button, *_clicked: object) -> None:
        if self.before is not None and button.isEnabled():
            self.context.run(act, self.before.id, done=self._ended, failed=self.refuse, busy=button)  # type: ignore[arg-type]

    def _ended(self, _nothing: object) -> None:
        self.accept()
        self.context.notice.emit(_("The promise is closed."))

    def main_action(self) -> None:
        if not self.main.isEnabled():
            return
        self.clear_errors()
        here = self.context.center
        try:
            minor = money.parse(self.amount.text(), here.currency, here.locale, field="amount")
        except UserError as error:
            self.refuse(error)
            return
        self.context.run(
            promises.add, self.student_id, self.pay_on.text(), minor, self.note.text(), self.payer_id,
            done=self._noted, failed=self.refuse, busy=self.main,
        )  # fmt: skip

    def _noted(self, _promise: int) -> None:
        self.accept()
        self.context.notice.emit(_("The promise is noted."))
