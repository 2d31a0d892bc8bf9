"""Finding what to add to a payment: a course or a product, by some letters of its name or code."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app import text
from app.desk import enrollment
from app.lists import catalog
from app.text import _
from ui.context import Context
from ui.dialogs.finder import Finder
from ui.widgets.basic import Button, Text
from ui.widgets.table import Cell, Column, PagedModel


class FindOffer(Finder):
    """`chosen(offer)` when something was chosen. Courses the student is enrolled in are not offered again."""

    chosen = Signal(object)

    def __init__(self, context: Context, parent: QWidget, student_id: int) -> None:
        super().__init__(parent, _("Add a course or product"), "plus", width=640)
        self.setObjectName("find_offer")
        self.context = context
        running = enrollment.running(student_id)
        courses = [offer for offer in catalog.courses() if offer.id not in running]
        self.offers = dict(enumerate([*courses, *catalog.products()]))
        self.add_search(_("Name or code"), "offer_words")
        model = PagedModel(
            [
                Column(_("Name"), 0, lambda row: Cell(row.name, "name", icon=row.icon)),
                Column(_("Code"), 80, lambda row: Cell(row.code, color="text2")),
                Column(_("What it is"), 150, self._kind),
                Column(_("Price"), 110, self._price, right=True),
            ],
            self._rows,
        )
        self.add_found(model, "found_offers", "found_nothing")
        said = _(
            "Enrolled or sold when the payment completes, with the center's discounts and quoted prices; a coupon is"
            " typed at the desk. F2 enrolls in a group or in installments."
        )
        self.body.addWidget(Text(said, "small", "text3", wrap=True))
        self.add_foot((), Button(_("Add"), "check", kind="primary", keys=("Enter",)))
        self._typed("")
        self.search.setFocus()

    def _rows(self, wanted: list[int]) -> dict[int, catalog.Offer]:
        return {one: self.offers[one] for one in wanted}

    @staticmethod
    def _kind(row: catalog.Offer) -> Cell:
        if row.kind == "course":
            return Cell(_("course"), color="text2")
        stock = _("product") if row.stock is None else _("product · {n} left").format(n=row.stock)
        return Cell(stock, color="danger" if row.stock == 0 else "text2")

    def _price(self, row: catalog.Offer) -> Cell:
        return Cell(text.show_money(row.gross_minor(self.context.center.prices)), "strong", right=True)

    def _typed(self, typed: str) -> None:
        wanted = text.fold(typed).split()
        ids = [
            number
            for number, offer in self.offers.items()
            if all(word in text.fold(f"{offer.name} {offer.code}") for word in wanted)
        ]
        self.show_found(ids, _("Nothing is called “{words}”. Esc goes back.").format(words=typed.strip()[:60]))

    def _choose(self, number: int) -> None:
        self.accept()
        self.chosen.emit(self.offers[number])
