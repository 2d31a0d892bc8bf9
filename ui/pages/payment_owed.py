"""What is owed and what is added to it (the left of picture 05): rows to take, offers to add, the sum of both."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app import text
from app.desk import enrollment, payments
from app.lists import catalog
from app.text import _, ngettext
from ui.context import Context
from ui.pages.payment_parts import COLUMNS, OwedRow, tax_words, taxes
from ui.theme import theme
from ui.widgets.basic import Button, Text, clear_layout, rule
from ui.widgets.line import Line


class Owed(QWidget):
    """The lines of one student. `changed` when another sum is to be paid; `foot` is shown where the page wants it."""

    changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.rows: list[OwedRow] = []
        self.offer_buttons: list[Button] = []
        self._open = False
        self._columns: list[tuple[QWidget, int]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(rule())
        column.addWidget(self._head())
        self.lines = QVBoxLayout()
        self.lines.setSpacing(0)
        self.lines.setContentsMargins(0, 0, 0, 0)
        inner = QWidget()
        inner.setObjectName("scrolled")
        whole = QVBoxLayout(inner)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(self.lines)
        whole.addLayout(self._adding())
        whole.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        column.addWidget(scroll, 1)
        self.foot = QFrame()
        self.foot.setProperty("foot", True)
        foot = QHBoxLayout(self.foot)
        foot.setContentsMargins(16, 9, 16, 9)
        self.selected = Line("", "small", "text2")
        self.selected.setObjectName("selected_lines")
        self.sum = Text("", "title")
        foot.addWidget(self.selected, 1)
        foot.addWidget(self.sum)

    def _head(self) -> QWidget:
        head = QFrame()
        head.setProperty("band", True)
        columns = QHBoxLayout(head)
        columns.setContentsMargins(54, 7, 16, 7)
        columns.setSpacing(12)
        for label, wide, right in (
            (_("What is owed"), 0, False), (_("Due"), COLUMNS[0], False), (_("Open"), COLUMNS[1], True),
            (_("Pay now"), COLUMNS[2], True),
        ):  # fmt: skip
            said = self._last_column = Text(label, "label", "text2")
            if wide:
                self._columns.append((said, wide))
            if right:
                said.setAlignment(Qt.AlignmentFlag.AlignRight)
            columns.addWidget(said, 0 if wide else 1)
        return head

    def _adding(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(16, 12, 16, 10)
        column.setSpacing(10)
        self.add = QComboBox()
        self.add.setObjectName("add_product")
        self.add.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.add.setAccessibleName(_("Add a product"))
        self.add.activated.connect(self._add_chosen)
        column.addWidget(self.add)
        self.often = QHBoxLayout()
        self.often.setSpacing(8)
        column.addLayout(self.often)
        return column

    def fit(self) -> None:
        """Widths follow the text size."""
        for widget, wide in self._columns:
            widget.setFixedWidth(theme().px(wide))
        for row in self.rows:
            row.fit()

    # -- what stands there

    def show_student(self, student_id: int | None) -> None:
        """Begin anew with what someone owes; None shows nothing."""
        for row in self.rows:
            self.lines.removeWidget(row)
            row.deleteLater()
        self.rows = []
        self._last_column.setText(_("Pay now"))
        self._fill_offers()
        for due in payments.owed(student_id) if student_id is not None else ():
            self._add_row(OwedRow(self.context, due))

    def allow(self, on: bool) -> None:
        """Whether lines can be chosen and added: not once the payment is started."""
        self._open = on
        for widget in (self.add, *self.offer_buttons, *self.rows):
            widget.setEnabled(on)

    def _add_row(self, row: OwedRow) -> None:
        row.changed.connect(self.changed)
        row.removed.connect(self._remove_row)
        self.rows.append(row)
        self.lines.addWidget(row)

    def _remove_row(self, row: QObject) -> None:
        assert isinstance(row, OwedRow)
        self.rows.remove(row)
        self.lines.removeWidget(row)
        row.hide()
        row.deleteLater()
        self.changed.emit()

    def _fill_offers(self) -> None:
        self.add.clear()
        self.add.addItem(theme().icon("plus"), _("Add a product"), None)
        for offer in catalog.products():
            stock = "" if offer.stock is None else _(" · {n} left").format(n=offer.stock)
            price = text.show_money(offer.gross_minor(self.context.center.prices))
            self.add.addItem(f"{offer.name} · {price}{stock}", offer)
        clear_layout(self.often)
        self.offer_buttons = []
        self.often.addWidget(Text(_("Often sold:"), "small", "text3"))
        for offer in catalog.products(often=True)[: 3 if theme().scale < 1.2 else 2]:
            short = " ".join(offer.name.split(",")[0].split()[:2])
            price = text.show_money(offer.gross_minor(self.context.center.prices))
            button = Button(f"{short}  {price}", kind="quiet", size="small")
            button.setProperty("offer", offer.id)
            button.clicked.connect(self._often_clicked)
            self.offer_buttons.append(button)
            self.often.addWidget(button)
        self.often.addStretch(1)

    def _often_clicked(self) -> None:
        wanted = self.sender().property("offer")
        for offer in catalog.products(often=True):
            if offer.id == wanted:
                self.add_offer(offer)

    def _add_chosen(self, index: int) -> None:
        offer = self.add.itemData(index)
        self.add.setCurrentIndex(0)
        if offer is not None:
            self.add_offer(offer)

    def add_offer(self, offer: catalog.Offer) -> None:
        """Add a product to this payment; it is sold when the payment completes."""
        if self._open:
            self._add_row(OwedRow(self.context, None, offer))
            self.changed.emit()

    # -- sums

    def total_minor(self) -> int | None:
        """What is to be paid, None while an amount on a line does not fit."""
        amounts = [row.amount() for row in self.rows]
        return None if any(amount is None for amount in amounts) else sum(amount or 0 for amount in amounts)

    def taken(self) -> bool:
        """Whether any line is taken."""
        return any(row.take.isChecked() for row in self.rows)

    def up_to(self, amount_minor: int) -> tuple[list[payments.PayLine], list[enrollment.SaleItem]]:
        """The lines and the sales that an amount pays, in their order."""
        left = amount_minor
        lines, sales = [], []
        for row in self.rows:
            wanted = min(row.amount() or 0, left)
            if not wanted:
                continue
            left -= wanted
            if row.due is not None:
                due = row.due
                lines.append(payments.PayLine(due.enrollment_id, due.product_enrolled_id, due.installment_id, wanted))
            elif row.offer is not None:
                sales.append(enrollment.SaleItem(row.offer.id))
        return lines, sales

    def show_sums(self) -> None:
        """Say below how many lines are taken, the tax in them, and their sum."""
        self.sum.setText(text.show_money(self.total_minor() or 0))
        taken = [row for row in self.rows if row.take.isChecked()]
        net, by_rate = taxes(taken)
        parts = [ngettext("{n} line selected", "{n} lines selected", len(taken)).format(n=len(taken))]
        if taken:
            parts.append(_("Net {amount}").format(amount=text.show_money(net)))
            parts += [f"{tax_words(rate)} {text.show_money(tax)}" for rate, tax in by_rate.items()]
        self.selected.setText("    ".join(parts))

    def show_outcome(self, paid_minor: int) -> None:
        """What became of each line, where so much was paid on them in their order."""
        self._last_column.setText(_("Result"))
        left = paid_minor
        for row in self.rows:
            put = min(row.amount() or 0, left)
            left -= put
            whole = put and put == row.open_minor
            row.show_outcome(_("Paid") if whole else text.show_money(put) if put else "—", "paid" if whole else "")
