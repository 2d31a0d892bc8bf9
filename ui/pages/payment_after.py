"""What can be done with a payment that has just completed: its papers, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt

from app import text
from app.desk import refunds
from app.errors import DeskError
from app.text import _
from ui.dialogs import ask
from ui.pages import paper

if TYPE_CHECKING:
    from ui.pages.payments import PaymentsPage


class AfterPayment(QObject):
    """The verbs of a completed payment; which one that is, the page knows."""

    def __init__(self, page: PaymentsPage) -> None:
        super().__init__(page)
        self.page = page
        done = page.done
        done.receipt.clicked.connect(self.show_receipt)
        done.receipt_wanted.connect(self.show_receipt_of)
        done.invoice.clicked.connect(self.show_invoice)
        done.mail.clicked.connect(self.show_mail)
        done.reverse.clicked.connect(self.reverse)

    def key(self, key: int) -> bool:
        """Enter, R, O or M: whether the key was meant for a payment that is complete."""
        if self.page.completed is None:
            return False
        acts = {
            Qt.Key.Key_Return: self.page.next_person, Qt.Key.Key_Enter: self.page.next_person,
            Qt.Key.Key_R: self.show_receipt, Qt.Key.Key_O: self.show_invoice, Qt.Key.Key_M: self.show_mail,
        }  # fmt: skip
        act = acts.get(Qt.Key(key))
        if act is not None:
            act()
        return act is not None

    def show_receipt(self) -> None:
        """R: the receipt of this payment, to print."""
        if self.page.completed is not None:
            self.show_receipt_of(self.page.completed.payment_id)

    def show_receipt_of(self, payment_id: int) -> None:
        """The receipt of one part of a split payment."""
        paper.show_receipt(self.page, self.page.context, payment_id)

    def show_invoice(self) -> None:
        """O: the invoice this payment issued, as it is printed."""
        done = self.page.completed
        if done is not None and done.invoice_ids:
            paper.show_invoice(self.page, self.page.context, done.invoice_ids[0])

    def show_mail(self) -> None:
        """M: the receipt in the mail queue."""
        if self.page.completed is not None and self.page.done.mailed is not None:
            self.page.open_requested.emit("mail_queue", self.page.done.mailed)

    def reverse(self) -> None:
        """Give the money of the payment just made back, with a reason."""
        if self.page.completed is not None:
            title, why = _("Reverse this payment"), _("The money is given back and the lines are open again. Why?")
            ask.ask(self.page, title, why, [("reverse", _("Reverse"))], self._reverse, field=_("Reason"))

    def _reverse(self, _choice: str, reason: str) -> None:
        page, done = self.page, self.page.completed
        assert done is not None
        whole = page.split.whole
        if whole is not None:
            what: tuple[Any, ...] = (refunds.refund_split, whole.student_id, whole.tender_group, reason)
        else:
            what = (refunds.refund, done.payment_id, done.amount_minor, reason, f"reverse-{done.payment_id}")
        page.context.run(*what, done=self._reversed, failed=self._refused, busy=page.done.reverse)

    def _reversed(self, _refund: object) -> None:
        self.page.done.reverse.setEnabled(False)
        self.page.done.words.setText(_("Reversed: give the money back."))

    def _refused(self, error: DeskError) -> None:
        self.page.done.words.setText(text.sentence(error))
