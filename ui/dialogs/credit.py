"""A credit note over an invoice: its number, whose credit the money becomes, and the mail, said before it is issued."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from app import text
from app.desk import crediting, papers
from app.lists import find
from app.text import _
from ui.context import Context
from ui.dialogs.change import ReasonDialog
from ui.pages import paper
from ui.widgets.basic import Button


class CreditDialog(ReasonDialog):
    """One of some invoices is credited in full. `credited(credit note id)` after it is in the file."""

    look_at = staticmethod(crediting.preview)
    act = staticmethod(crediting.credit)
    credited = Signal(int)

    def __init__(self, context: Context, parent: QWidget, found: Sequence[find.FoundInvoice]) -> None:
        super().__init__(context, parent, _("Credit note"), "receipt-text", width=640)
        self.setObjectName("credit")
        self.nothing = _("There is no invoice that could be credited.")
        self.mail = QCheckBox(_("Mail the credit note"))
        self.mail.setObjectName("mail_credit_note")
        self.mail.setAccessibleName(self.mail.text())
        said = _(
            "A credit note takes back the whole invoice. Its lines are owed without an invoice then: bill or pay them"
            " anew, cancel the enrollment, or take the product back."
        )
        main = Button(_("Issue the credit note"), "check", kind="primary", keys=("Ctrl", "Enter"))
        titles = [(" · ".join((one.label, one.buyer, text.show_money(one.gross_minor))), one.id) for one in found]
        self.ask(_("Invoice"), titles, None, said, main)
        self.foot.insertWidget(0, self.mail)
        self._reach()
        self.what.currentIndexChanged.connect(self._reach)
        self.mail.toggled.connect(self.look)
        self.changed.connect(self._tell)
        self.look()

    def _reach(self) -> None:
        """Whether the buyer of the chosen invoice can be mailed."""
        chosen = self.what.currentData()
        reachable = chosen is not None and bool(papers.addressee({"kind": "invoice", "id": chosen}).email)
        self.mail.setEnabled(reachable)
        self.mail.setChecked(reachable and self.context.center.mail_invoices)
        self.mail.setToolTip("" if reachable else _("This buyer has no mail address."))

    def asked(self) -> tuple[Any, ...]:
        return self.what.currentData(), self.mail.isChecked()

    def ordered(self) -> tuple[Any, ...]:
        return self.what.currentData(), self.reason.text(), self.mail.isChecked()

    def done_words(self) -> str:
        assert self.effect is not None
        said = _("Invoice {label} is credited by {number}.")
        return said.format(label=self.effect.title, number=self.effect.number)

    def _tell(self) -> None:
        self.credited.emit(self.answer)


def credit(context: Context, parent: QWidget, found: Sequence[find.FoundInvoice]) -> None:
    """Open the dialog over some invoices; the credit note is shown on paper afterwards."""
    dialog = CreditDialog(context, parent, found)
    dialog.credited.connect(partial(paper.show_invoice, parent, context))
    dialog.open()
