"""Selling a product that is paid later: which, how many, for whom, who pays; what it costs stands there before."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QElapsedTimer, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QApplication, QComboBox, QGridLayout, QWidget

from app import store, text
from app.desk import enrollment
from app.desk.enrollment import PricedItem, SaleDraft, SaleItem
from app.errors import DeskError, UserError
from app.lists import catalog
from app.text import _, sentence
from ui.context import Context
from ui.dialogs.find_payer import PayerPick
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Text
from ui.widgets.typed import TypedLine

#: Tables that say what a product costs here and now.
_PRICED_BY = {"products", "product_enrolled", "courses_enrolled", "discount_rules", "tax_rates", "settings", "users"}


class SellDialog(FormDialog):
    """One product for one of some students, (id, name) of each. `sold` after each sale; the line is owed until paid."""

    sold = Signal()

    def __init__(
        self, context: Context, parent: QWidget, people: Sequence[tuple[int, str]], payer_id: int | None = None
    ) -> None:
        super().__init__(parent, _("Sell a product"), "package", subtitle=_("to be paid later"), width=680)
        self.setObjectName("sell")
        self.context = context
        self._away, self._goes_on = False, False
        self._pressed = QElapsedTimer()
        self._names: dict[int, str] = {}
        self.whose, self.product = QComboBox(), QComboBox()
        for student, name in people:
            self.whose.addItem(name, student)
        self.quantity, self.coupon = TypedLine("1"), TypedLine()
        self.payer = PayerPick(context, "")
        self._name_payer()
        self.payer.set_payer(payer_id)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        for key, label, edit, at in (
            ("student", _("For"), self.whose, (0, 0, 1, 4)), ("payer", _("Who pays"), self.payer, (0, 4, 1, 4)),
            ("items", _("Product"), self.product, (1, 0, 1, 6)), ("quantity", _("Pieces"), self.quantity, (1, 6, 1, 2)),
            ("coupon", _("Coupon (may stay empty)"), self.coupon, (2, 0, 1, 8)),
        ):  # fmt: skip
            field = self.add_field(key, Field(label, edit, name=f"sell_{key}"))
            grid.addWidget(field, *at, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(grid)
        self.price = Text("", "body", "text", wrap=True)
        self.price.setObjectName("sell_price")
        self.body.addWidget(self.price)
        self.told = Text("", "label", "ok", wrap=True)
        self.told.setObjectName("sell_told")
        self.told.hide()
        self.body.addWidget(self.told)
        said = _("It is owed at once, and paid at the desk or put on an invoice (Alt+I) whenever that is wanted.")
        self.body.addWidget(Text(said, "small", "text3", wrap=True))
        another = Button(_("Sell, then another"), "plus", keys=("Alt", "N"))
        another.setObjectName("sell_another")
        another.clicked.connect(self.sell_another)
        self._shortcut("Alt+N", self.sell_another)
        self.add_foot((another,), Button(_("Sell it"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self.main.setObjectName("sell_it")
        self._fill()
        self.whose.currentIndexChanged.connect(self._name_payer)
        self.payer.picked.connect(self._say)
        self.product.currentIndexChanged.connect(self._say)
        for edit in (self.quantity, self.coupon):
            edit.textEdited.connect(self._say)
        context.changed.connect(self._changed)
        self._say()
        self.product.setFocus()

    def _name_payer(self) -> None:
        self.payer.set_nobody(_("{name} pays").format(name=self.whose.currentText()))
        if self.product.count():
            self._say()

    def _fill(self) -> None:
        """What is sold now, with its price and what is left of it."""
        chosen = self.product.currentData()
        with QSignalBlocker(self.product):
            self.product.clear()
            for offer in catalog.products():
                self._names[offer.id] = offer.name
                parts = [offer.name, text.show_money(offer.gross_minor(self.context.center.prices))]
                parts += [_("{n} left").format(n=offer.stock)] if offer.stock is not None else []
                self.product.addItem(" · ".join(parts), offer.id)
            if chosen is not None:
                self.product.setCurrentIndex(max(self.product.findData(chosen), 0))

    def _changed(self, changes: store.Changes) -> None:
        if not self._away and changes.tables & _PRICED_BY:
            self._fill()
            self._say()

    def _draft(self) -> SaleDraft:
        """What is sold. UserErrors beside the product and the number of pieces."""
        if self.product.currentData() is None:
            raise UserError("enrollment.nothing_chosen", "items")
        typed = self.quantity.text().strip()
        if not typed.isdecimal() or len(typed) > 9:
            raise UserError("enrollment.quantity", "quantity")
        item = SaleItem(self.product.currentData(), int(typed), None, self.coupon.text().strip())
        return SaleDraft(self.whose.currentData(), (item,), self.payer.currentData())

    def _say(self) -> None:
        """What it would cost now, while it is typed."""
        try:
            draft = self._draft()
            (priced,) = enrollment.price_items(self.context.center, draft.student_id, draft.items, draft.payer_id)
        except UserError as error:
            self.price.setText(sentence(error))
            self.price.set_color("danger")
            return
        self.price.setText(self._words(priced))
        self.price.set_color("text")

    def _words(self, priced: PricedItem) -> str:
        price = priced.price
        said = [_("{amount} to be paid").format(amount=text.show_money(price.gross_minor))]
        if price.rate_bp:
            tax = _("VAT {rate} % in it: {tax}")
            said.append(tax.format(rate=f"{price.rate_bp / 100:g}", tax=text.show_money(price.tax_minor)))
        if price.discount_minor:
            less = _("{amount} less: {why}")
            said.append(less.format(amount=text.show_money(price.discount_minor), why=price.discount_reason))
        return " · ".join(said)

    def sell_another(self) -> None:
        """Alt+N: sell this one and stay, for the next."""
        self._sell(goes_on=True)

    def main_action(self) -> None:
        self._sell(goes_on=False)

    def _sell(self, *, goes_on: bool) -> None:
        if self._pressed.isValid() and self._pressed.elapsed() < QApplication.doubleClickInterval():
            return  # the second press of a double one would sell another, once the first is done
        if not self.main.isEnabled():
            return  # one is on its way
        self.clear_errors()
        try:
            draft = self._draft()
        except UserError as error:
            self._refused(error)
            return
        self._goes_on = goes_on
        self._pressed.start()
        self.context.run(enrollment.sell, draft, done=self._sold, failed=self._refused, busy=self.main)

    def _refused(self, error: DeskError) -> None:
        if not self._away:
            self.told.hide()
            self.price.setText("")  # said beside the field it is about
            self.refuse(error)

    def _sold(self, _lines: object) -> None:
        if self._away:
            return
        said = _("{pieces} × {what} for {name} is owed now.")
        what = self._names[self.product.currentData()]
        said = said.format(pieces=self.quantity.text().strip(), what=what, name=self.whose.currentText())
        self.context.notice.emit(said)
        self.sold.emit()
        if not self._goes_on:
            self.accept()
            return
        self.told.setText(said)
        self.told.show()
        self.quantity.setText("1")
        self.coupon.clear()
        self._say()
        self.product.setFocus()

    def done(self, code: int) -> None:
        """Close; an answer that is still on its way finds nobody."""
        self._away = True
        super().done(code)
