"""What an enrollment comes to (the right of picture 08): list price, discount, the registration fee, tax and sum."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app import text
from app.desk import enrollment, registration
from app.desk.accounts import may
from app.text import _
from ui.context import Context
from ui.widgets.basic import Text, clear_layout, rule


class EnrollSums(QWidget):
    """Rows of amounts. `changed` when the fee is left out or charged after all."""

    changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._price = QGridLayout()
        self._price.setVerticalSpacing(6)
        column.addLayout(self._price)
        self.fee = QCheckBox()
        self.fee.setObjectName("with_fee")
        self.fee.setChecked(True)
        self.fee.toggled.connect(self.changed)
        self._fee_amount = right("", "name")
        self._fee_row = QWidget()
        row = QHBoxLayout(self._fee_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.fee, 1)
        row.addWidget(self._fee_amount)
        self._fee_row.hide()
        column.addWidget(self._fee_row)
        self._line = rule()
        column.addWidget(self._line)
        self._sum = QGridLayout()
        self._sum.setVerticalSpacing(6)
        self._label = Text(_("To pay in all"), "name")
        self.total = right("", "amount_m")
        self.total.setObjectName("total")
        self._sum.addWidget(self._label, 0, 0)
        self._sum.addWidget(self.total, 0, 1)
        column.addLayout(self._sum)
        self._tax = QGridLayout()
        self._tax.setVerticalSpacing(6)
        column.addLayout(self._tax)
        self._show(False)

    def with_fee(self) -> bool:
        """Whether the fee is charged where it is due."""
        return self.fee.isChecked()

    def fee_minor(self, quote: enrollment.Quote) -> int:
        """What the fee comes to: nothing where it is not due, or left out."""
        return quote.fee.gross_minor if quote.fee is not None and self.with_fee() else 0

    def say(self, words: str) -> None:
        """Instead of sums, what is in their way."""
        self._show(False)
        self._price.addWidget(Text(words, "label", "danger", wrap=True), 0, 0)

    def show_quote(self, quote: enrollment.Quote) -> None:
        """The sums of what was typed."""
        self._show(True)
        rows = [(_("List price"), quote.list_minor)]
        if quote.discount_minor:
            rows.append((_("Discount"), -quote.discount_minor))
        for number, (label, amount) in enumerate(rows):
            self._price.addWidget(Text(label, "body", "text2"), number, 0)
            self._price.addWidget(right(text.show_money(amount), "name"), number, 1)
        fee = quote.fee
        self._fee_row.setVisible(fee is not None)
        if fee is not None:
            with QSignalBlocker(self.fee):
                self.fee.setText(fee.product.replace("&", "&&"))  # one in a name is no key
                self.fee.setAccessibleName(fee.product)
            self.fee.setEnabled(may(self.context.actor, registration.LEAVE_OUT))
            self.fee.setToolTip(_("charged with the first enrollment"))
            self._fee_amount.setText(text.show_money(self.fee_minor(quote)))
        self.total.setText(text.show_money(quote.gross_minor + self.fee_minor(quote)))
        rate = text.show_percent(quote.rate_bp)
        for number, (label, amount) in enumerate(
            ((_("Net"), quote.net_minor), (_("VAT {rate}").format(rate=rate), quote.tax_minor))
        ):
            self._tax.addWidget(Text(label, "small", "text2"), number, 0)
            self._tax.addWidget(right(text.show_money(amount), "small", "text2"), number, 1)

    def _show(self, on: bool) -> None:
        clear_layout(self._price)
        clear_layout(self._tax)
        for widget in (self._line, self._label, self.total):
            widget.setVisible(on)
        if not on:
            self._fee_row.hide()


def right(words: str, role: str, color: str = "text") -> Text:
    """A text at the right of its place."""
    made = Text(words, role, color)
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    return made
