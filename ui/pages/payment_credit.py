"""Money the center already has of the person at the desk, and the way to put it on what is owed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app import text
from app.desk import payments, refunds
from app.text import _
from ui.context import Context
from ui.widgets.basic import Button, Text


class CreditStrip(QWidget):
    """One line that is there while credit is. Nothing is booked until the page says `spend`; then `used`, or `refused`
    with the error.
    """

    used = Signal()
    refused = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.credit_minor = 0
        self.lines: tuple[payments.PayLine, ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.said = Text("", "label", "ok")
        self.said.setObjectName("credit_there")
        row.addWidget(self.said)
        row.addStretch(1)
        self.use = Button("", "undo-2", kind="quiet", keys=("Alt", "5"))
        self.use.setObjectName("use_credit")
        row.addWidget(self.use)
        self.hide()

    @property
    def amount_minor(self) -> int:
        """What would be used, in minor units."""
        return sum(line.amount_minor for line in self.lines)

    def read(self, student_id: int | None) -> None:
        """Read how much credit the person has now."""
        self.credit_minor = 0 if student_id is None else refunds.student_credit_minor(student_id)

    def spend(self, student_id: int) -> None:
        """Put the credit on the lines it was offered for."""
        if self.lines:
            self.context.run(
                refunds.apply_credit, student_id, self.lines, done=self._spent, failed=self.refused.emit, busy=self.use
            )

    def _spent(self, _invoices: object) -> None:
        self.used.emit()

    def offer(self, lines: Sequence[payments.PayLine], *, allowed: bool) -> None:
        """Say what is there and offer it for these lines, which are owed already and no dearer than the credit."""
        self.lines = tuple(lines)
        self.said.setText(_("Credit {amount}").format(amount=text.show_money(self.credit_minor)))
        self.use.set_label(_("Use {amount}").format(amount=text.show_money(self.amount_minor)))
        self.use.setVisible(bool(self.lines))
        self.use.setEnabled(allowed)
        self.setVisible(self.credit_minor > 0)
