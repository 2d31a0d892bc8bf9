"""Money the center already has of whoever pays at the desk, and the way to put it on what is owed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app import text
from app.desk import payments, refunds
from app.errors import DeskError
from app.store import uuid7
from app.text import _
from ui.context import Context
from ui.widgets.basic import Button, Text


class CreditStrip(QWidget):
    """One line that is there while credit is: the student's own, or where a payer is chosen that payer's.

    A press uses what is offered, once: what is left of credit and lines then is not offered to the same hand that may
    still be pressing, but as soon as something else is chosen to be paid. Nothing is booked until the page says
    `spend`; then `used`, or `refused` with the error.
    """

    used = Signal()
    refused = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.credit_minor = 0
        self.lines: tuple[payments.PayLine, ...] = ()
        self._student: int | None = None
        self._payer: int | None = None
        self._key = uuid7()
        self._allowed = False
        self._asked: tuple[int, int | None] | None = None  # whose credit is being used
        self._left: tuple[payments.PayLine, ...] | None = None
        self._used_minor = 0
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

    def whose(self, student_id: int | None, payer_id: int | None) -> None:
        """Whose credit it is; where that is somebody else's now, it is read."""
        if (student_id, payer_id) != (self._student, self._payer):
            self.read(student_id, payer_id)

    def read(self, student_id: int | None, payer_id: int | None) -> None:
        """Read how much credit there is now: the person's own, or with a payer that payer's."""
        if (student_id, payer_id) != (self._student, self._payer):
            self._student, self._payer = student_id, payer_id
            self._left = None
        self.credit_minor = refunds.credit_of(student_id, payer_id) if student_id is not None else 0

    def offer(self, lines: Sequence[payments.PayLine], *, allowed: bool) -> None:
        """Say what is there and offer it for these lines, which are owed already, as far as it goes."""
        wanted = lines
        if self._payer is not None and self.credit_minor:
            wanted = refunds.of_payer(self._payer, lines)
        self.lines, self._allowed, left = (), allowed, self.credit_minor
        for line in wanted:
            part = min(line.amount_minor, left)
            left -= part
            if part:
                self.lines += (replace(line, amount_minor=part),)
        if self.lines != self._left and self._asked is None:
            self._left = None  # something else is to be paid: that is asked for anew
        self._show()

    def _show(self) -> None:
        there = text.show_money(self.credit_minor)
        used = bool(self._left)
        said = _("Credit {left} · {amount} used").format(amount=text.show_money(self._used_minor), left=there)
        self.said.setText(said if used else _("Credit {amount}").format(amount=there))
        self.use.set_label(_("Use {amount}").format(amount=text.show_money(self.amount_minor)))
        self.use.setVisible(bool(self.lines) and not used)
        self.use.setEnabled(self._allowed and self._asked is None)
        self.setVisible(self.credit_minor > 0)

    def spend(self) -> None:
        """Use what is offered, unless that was just done, or is being done."""
        if self._student is None or not self.lines or self._asked is not None or self._left is not None:
            return
        self._asked = (self._student, self._payer)
        self._used_minor = self.amount_minor
        # The same key as long as nothing was written: what is asked again after a failure is the same use.
        self.context.run(
            refunds.apply_credit, self._student, self.lines, self._key, self._payer, done=self._done,
            failed=self._failed, busy=self.use,
        )  # fmt: skip

    def _done(self, _invoices: object) -> None:
        self._key = uuid7()
        self.used.emit()  # the page reads what is owed, and offers the rest of it
        if self._asked == (self._student, self._payer):
            self._left = self.lines
        self._asked = None
        self._show()

    def _failed(self, error: DeskError) -> None:
        self._asked = None
        self.refused.emit(error)
