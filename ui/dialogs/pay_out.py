"""Paying credit out, a student's own or a payer's: how much, why, and by which means it goes back."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app import money, text
from app.desk import refunds
from app.errors import DeskError, UserError
from app.lists import payers
from app.lists import people as roster
from app.store import uuid7
from app.text import _
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Text
from ui.widgets.typed import TypedLine


class PayOutDialog(FormDialog):
    """The credit of one student, or of a payer, to be given back in whole or in part. No line is touched. `made` tells
    the ids of the refunds.
    """

    made = Signal(object)

    def __init__(self, context: Context, parent: QWidget, student_id: int | None, payer_id: int | None = None) -> None:
        payer = payers.get(payer_id)
        name = payer.name if payer is not None else roster.page([student_id or 0])[student_id or 0].name
        super().__init__(parent, _("Pay out credit"), "coins", subtitle=name, width=600)
        self.setObjectName("pay_out")
        self.context, self.student_id, self.payer_id, self._key = context, student_id, payer_id, uuid7()
        self._sent = 0
        self._credit = refunds.credit_of(student_id, payer_id)
        here = context.center
        said = _("The credit is {amount}.") if self._credit else _("There is no credit to pay out.")
        self.body.addWidget(Text(said.format(amount=text.show_money(self._credit)), wrap=True))
        self.amount = TypedLine(money.format_plain(self._credit, here.currency, here.locale))
        self.amount.textEdited.connect(self._say)
        self.body.addWidget(self.add_field("amount", Field(_("Amount"), self.amount, name="pay_out_amount")))
        self.reason = TypedLine()
        self.body.addWidget(self.add_field("reason", Field(_("Reason"), self.reason, name="pay_out_reason")))
        self.ways = Text("", "small", "text2", wrap=True)
        self.ways.setObjectName("pay_out_ways")
        self.body.addWidget(self.ways)
        self.add_foot((), Button(_("Pay it out"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self.main.setEnabled(self._credit > 0)
        self._say()
        self.amount.setFocus()
        self.amount.selectAll()

    def _minor(self) -> int:
        here = self.context.center
        return money.parse(self.amount.text(), here.currency, here.locale, field="amount")

    def _say(self) -> None:
        """Which payments it is taken from, while the amount is typed."""
        try:
            minor = self._minor()
        except UserError:
            minor = 0
        fits = 0 < minor <= self._credit
        self.ways.setVisible(fits)
        if fits:
            said = _("{amount} of {number} by {method}")
            self.ways.setText(
                "\n".join(
                    said.format(
                        amount=text.show_money(one.amount_minor), number=one.number,
                        method=words.state(one.method).lower(),
                    )
                    for one in refunds.pay_out_of(self.student_id, minor, self.payer_id)
                )
            )  # fmt: skip

    def main_action(self) -> None:
        if not self.main.isEnabled():
            return
        self.clear_errors()
        try:
            self._sent = self._minor()
        except UserError as error:
            self.refuse(error)
            return
        self.context.run(
            refunds.pay_out, self.student_id, self._sent, self.reason.text(), self._key, self.payer_id,
            done=self._done, failed=self._refused, busy=self.main,
        )  # fmt: skip

    def _refused(self, error: DeskError) -> None:
        self._key = uuid7()  # nothing was written: another amount or reason is another payout
        self.refuse(error)

    def _done(self, refunds_made: tuple[int, ...]) -> None:
        self.made.emit(refunds_made)
        self.accept()  # whatever was typed over the amount since
        self.context.notice.emit(_("{amount} is paid out.").format(amount=text.show_money(self._sent)))
