"""Finding what to add to a payment: a course or a product, by some letters of its name or code."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from app import text
from app.desk import enrollment
from app.lists import catalog
from app.text import _
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Text
from ui.widgets.search import SearchField
from ui.widgets.table import Cell, Column, PagedModel, RowTable


class FindOffer(FormDialog):
    """`chosen(offer)` when something was chosen. Courses the student is enrolled in are not offered again."""

    chosen = Signal(object)

    def __init__(self, context: Context, parent: QWidget, student_id: int) -> None:
        super().__init__(parent, _("Add a course or product"), "plus", width=640)
        self.setObjectName("find_offer")
        self.context = context
        running = enrollment.running(student_id)
        courses = [offer for offer in catalog.courses() if offer.id not in running]
        self.offers = dict(enumerate([*courses, *catalog.products()]))
        self.search = SearchField(_("Name or code"), "offer_words")
        self.search.textChanged.connect(self._typed)
        self.search.returnPressed.connect(self.main_action)
        self.body.addWidget(self.search)
        model = PagedModel(
            [
                Column(_("Name"), 0, lambda row: Cell(row.name, "name", icon=row.icon)),
                Column(_("Code"), 80, lambda row: Cell(row.code, color="text2")),
                Column(_("What it is"), 150, self._kind),
                Column(_("Price"), 110, self._price, right=True),
            ],
            self._rows,
        )
        self.table = RowTable(model, "found_offers", 36)
        self.table.activated_id.connect(self._choose)
        self.nothing = Text("", "body", "text2", wrap=True)
        self.nothing.setObjectName("found_nothing")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.found = QStackedWidget()
        self.found.addWidget(self.table)
        self.found.addWidget(self.nothing)
        self.found.setFixedHeight(330)
        self.body.addWidget(self.found)
        said = _(
            "Enrolled or sold when the payment completes, with the center's discounts. F2 enrolls in a group, with a"
            " coupon or in installments."
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
        self.table.show_ids(ids)
        self.nothing.setText(_("Nothing is called “{words}”. Esc goes back.").format(words=typed.strip()[:60]))
        self.found.setCurrentWidget(self.table if ids else self.nothing)
        self.main.setEnabled(bool(ids))
        if ids:
            self.table.select_id(ids[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.search.hasFocus() and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            ids, current = self.table.paged.ids, self.table.current_id()
            if current in ids:
                self.table.select_id(ids[max(0, min(len(ids) - 1, ids.index(current) + step))])
            return
        if self.search.hasFocus() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return  # the field has said it
        super().keyPressEvent(event)

    def _choose(self, number: int) -> None:
        self.accept()
        self.chosen.emit(self.offers[number])

    def main_action(self) -> None:
        current = self.table.current_id()
        if current is not None:
            self._choose(current)
