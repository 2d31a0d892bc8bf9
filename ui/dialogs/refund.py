"""The payments of a student, and giving money of one of them back: how much, why, and what is owed again after it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from app import money, text
from app.desk import refunds
from app.errors import DeskError, UserError
from app.lists import paid
from app.store import uuid7
from app.text import _
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.dialogs.pay_out import PayOutDialog
from ui.pages import paper
from ui.widgets.basic import Button, Field, Text
from ui.widgets.table import Cell, Column, PagedModel, RowTable
from ui.widgets.typed import TypedLine


class PaymentsOf(FormDialog):
    """Every payment of one student; Enter gives money of the chosen one back (`refunded`), R shows its receipt."""

    refunded = Signal()

    def __init__(self, context: Context, parent: QWidget, student_id: int, name: str) -> None:
        super().__init__(parent, _("Payments of {name}").format(name=name), "coins", width=860)
        self.setObjectName("payments_of")
        self.context, self.student_id = context, student_id
        #: What was given back here, and has no receipt yet.
        self._new: set[int] = set()
        self.rows: dict[int, paid.Paid] = {}
        model = PagedModel(
            [
                Column(_("Number"), 110, lambda row: Cell(row.number, "name")),
                Column(_("Day"), 120, lambda row: Cell(words.day(row.on, context.center), "body", "text2")),
                Column(_("Method"), 100, lambda row: Cell(words.state(row.method))),
                Column(_("State"), 120, lambda row: Cell(words.state(row.status), badge=row.status)),
                Column(_("About"), 0, lambda row: Cell(row.about, "small", "text2")),
                Column(_("Amount"), 110, self._amount, right=True),
                Column(_("Can be refunded"), 130, self._left, right=True),
            ],
            self._rows,
        )
        self.table = RowTable(model, "paid_rows", 36)
        self.table.setFixedHeight(330)
        self.table.activated_id.connect(self._open)
        self.table.selected_id.connect(self._selected)
        self.body.addWidget(self.table)
        self.receipt = Button(_("Receipt"), "printer", keys=("R",))
        self.receipt.setObjectName("receipt_of_this")
        self.receipt.clicked.connect(self.show_receipt)
        self.out = Button(_("Pay out credit…"), "coins", keys=("C",))
        self.out.setObjectName("pay_out_credit")
        self.out.clicked.connect(self.pay_out)
        self.add_foot(
            (self.receipt, self.out), Button(_("Refund…"), "undo-2", kind="primary", keys=("Enter",))
        )  # fmt: skip
        self.main.setObjectName("refund_this")
        context.changed.connect(self._changed)
        self.reload()
        self.table.setFocus()

    @staticmethod
    def _amount(row: paid.Paid) -> Cell:
        color = "text" if row.status == "completed" else "text3"
        return Cell(text.show_money(row.amount_minor), "strong", color, right=True)

    @staticmethod
    def _left(row: paid.Paid) -> Cell:
        return Cell(text.show_money(row.left_minor) if row.left_minor else "–", "body", "text2", right=True)

    def _rows(self, wanted: list[int]) -> dict[int, paid.Paid]:
        return {one: self.rows[one] for one in wanted if one in self.rows}

    def _changed(self, changes: object) -> None:
        if self.isVisible():
            self.reload()

    def reload(self) -> None:
        """Read the payments again."""
        self.rows = {row.id: row for row in paid.of_student(self.student_id)}
        self.out.setEnabled(refunds.student_credit_minor(self.student_id) > 0)
        self.table.show_ids(list(self.rows))
        self._selected(self.table.current_id())

    def _selected(self, row_id: object) -> None:
        row = self.rows.get(row_id) if isinstance(row_id, int) else None
        self.main.setEnabled(row is not None and row.left_minor > 0)
        self.receipt.setEnabled(row is not None and row.status == "completed")

    def _open(self, row_id: int) -> None:
        if self.rows[row_id].left_minor > 0:
            dialog = RefundDialog(self.context, self, self.rows[row_id])
            dialog.made.connect(self._new.add)
            dialog.accepted.connect(self.refunded)
            dialog.open()

    def main_action(self) -> None:
        current = self.table.current_id()
        if current is not None:
            self._open(current)

    def show_receipt(self) -> None:
        """R: the receipt of the chosen payment, as a copy; of a refund just made the first time as the original."""
        current = self.table.current_id()
        if current is not None and self.receipt.isEnabled():
            paper.show_receipt(self, self.context, current, copy=current not in self._new)
            self._new.discard(current)

    def pay_out(self) -> None:
        """C: what is credit is given back, of whichever payments it came from."""
        if self.out.isEnabled():
            dialog = PayOutDialog(self.context, self, self.student_id)
            dialog.made.connect(self._new.update)
            dialog.accepted.connect(self.refunded)
            dialog.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_R and not event.modifiers():
            self.show_receipt()
        elif event.key() == Qt.Key.Key_C and not event.modifiers():
            self.pay_out()
        else:
            super().keyPressEvent(event)


class RefundDialog(FormDialog):
    """How much of one payment is given back, and why. What it was put on is owed again, the newest line first. `made`
    tells the refund's id.
    """

    made = Signal(int)

    def __init__(self, context: Context, parent: QWidget, row: paid.Paid) -> None:
        super().__init__(parent, _("Refund"), "undo-2", subtitle=row.number, width=520)
        self.setObjectName("refund")
        self.context, self.row, self._key = context, row, uuid7()
        self._sent = 0
        here = context.center
        left = text.show_money(row.left_minor)
        how = {
            "cash": _("Given back in cash, out of the till."), "card": _("Given back to the card."),
            "transfer": _("Given back by transfer."), "check": _("Given back by check."),
        }.get(row.method, _("Given back by the means it came."))  # fmt: skip
        self.body.addWidget(Text(_("{left} of it can be given back.").format(left=left) + " " + how, wrap=True))
        self.amount = TypedLine(money.format_plain(row.left_minor, here.currency, here.locale))
        self.amount.textEdited.connect(self._say)
        self.body.addWidget(self.add_field("amount", Field(_("Amount"), self.amount, name="refund_amount")))
        self.reason = TypedLine()
        self.body.addWidget(self.add_field("reason", Field(_("Reason"), self.reason, name="refund_reason")))
        self.effect = Text("", "small", "text2", wrap=True)
        self.effect.setObjectName("refund_effect")
        self.body.addWidget(self.effect)
        self.add_foot((), Button(_("Give it back"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self._say()
        self.amount.setFocus()
        self.amount.selectAll()

    def _minor(self) -> int:
        here = self.context.center
        return money.parse(self.amount.text(), here.currency, here.locale, field="amount")

    def _say(self) -> None:
        """What it does, while the amount is typed."""
        try:
            minor = self._minor()
        except UserError:
            minor = 0
        fits = 0 < minor <= self.row.left_minor
        self.effect.setVisible(fits)
        if not fits:
            return
        found = paid.refund_effect(self.row.id, minor)
        credit = _("{amount} of it is credit.").format(amount=text.show_money(found.credit_minor))
        parts = [credit] if found.credit_minor else []
        parts += [
            _("{title}: {amount} is owed again.").format(title=title, amount=text.show_money(amount))
            for title, amount in found.opened
        ]
        self.effect.setText("\n".join(parts))

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
            refunds.refund, self.row.id, self._sent, self.reason.text(), self._key, done=self._done,
            failed=self._refused, busy=self.main,
        )  # fmt: skip

    def _refused(self, error: DeskError) -> None:
        self._key = uuid7()  # nothing was written: another amount or reason is another refund
        self.refuse(error)

    def _done(self, refund: int) -> None:
        self.made.emit(refund)
        self.accept()  # whatever was typed over the amount since
        self.context.notice.emit(_("{amount} is given back.").format(amount=text.show_money(self._sent)))
