"""Tax rates in the settings: what prices are taxed with, or why they are not; rates in use are never edited."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app import money, text
from app.desk import center
from app.desk.accounts import Actor
from app.errors import DeskError, UserError
from app.lists import settings as stored
from app.text import _
from ui.context import Context
from ui.widgets.basic import Button, Card, Field, Text, clear_layout, show_error


class TaxCard(Card):
    """Every rate with its switch; below them the form for another: a rate, or an exemption with its reason."""

    def __init__(self, context: Context) -> None:
        super().__init__(margins=(18, 14, 18, 16))
        self.context = context
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(10)
        column.addWidget(Text(_("Tax rates"), "section"))
        self.rates = QVBoxLayout()
        self.rates.setSpacing(4)
        column.addLayout(self.rates)
        self.kind = QComboBox()
        self.kind.addItem(_("taxed"), "S")
        self.kind.addItem(_("exempt, with a reason"), "E")
        self.kind.currentIndexChanged.connect(self._kind_chosen)
        self.fields = {
            "name": Field(_("Name"), name="tax_name"),
            "category": Field(_("Kind"), self.kind, name="tax_kind"),
            "rate": Field(_("Rate in %"), name="tax_rate"),
            "exemption_reason": Field(_("Reason, as it stands on invoices"), name="tax_reason"),
        }
        row = QHBoxLayout()
        row.addWidget(self.fields["name"], 2, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.fields["category"], 2, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        column.addWidget(self.fields["rate"])
        column.addWidget(self.fields["exemption_reason"])
        self.problem = Text("", "label", "danger", wrap=True)
        column.addWidget(self.problem)
        self.add = Button(_("Add tax rate"), "plus")
        self.add.clicked.connect(self.store)
        column.addWidget(self.add, alignment=Qt.AlignmentFlag.AlignLeft)
        self._kind_chosen()
        self.reload()

    def _kind_chosen(self) -> None:
        taxed = self.kind.currentData() == "S"
        self.fields["rate"].setVisible(taxed)
        self.fields["exemption_reason"].setVisible(not taxed)

    def reload(self) -> None:
        """Read the rates again; the keys stay at the one they were at."""
        here = self.window().focusWidget()
        name = here.objectName() if here is not None and self.isAncestorOf(here) else ""
        clear_layout(self.rates)
        switches: dict[str, Button] = {}
        for rate in stored.every_tax_rate():
            self.rates.addWidget(self._line(rate, switches))
        if name in switches:
            switches[name].setFocus()

    def _line(self, rate: stored.Rate, switches: dict[str, Button]) -> QWidget:
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        said = rate.reason or text.show_percent(rate.rate_bp)
        names = (
            Text(rate.name, "name", "text" if rate.on_offer else "text3", wrap=True),
            Text(said, "body", "text2" if rate.on_offer else "text3", wrap=True),
        )
        for label in names:
            label.setMinimumWidth(1)
            line.addWidget(label, 1)
        switch = Button(_("Switch off") if rate.on_offer else _("Switch on"), kind="quiet", size="small")
        switch.setObjectName(f"tax_switch_{rate.id}")
        switch.setAccessibleName(f"{rate.name}: {switch.text()}")
        switch.clicked.connect(partial(self._switch, rate.id, not rate.on_offer))
        switches[switch.objectName()] = switch
        line.addWidget(switch)
        return holder

    def _switch(self, rate_id: int, on: bool) -> None:
        self.problem.setText("")
        self.context.run(_switch, rate_id, on, done=self._switched, failed=self._refused)

    def _switched(self, _nothing: object) -> None:
        self.reload()

    def store(self) -> None:
        """Add a rate; rates in use are never edited."""
        self.problem.setText("")
        for field in self.fields.values():
            field.clear_error()
        kind, rate = str(self.kind.currentData()), 0
        try:
            if kind == "S":
                typed = self.fields["rate"].text().strip().removesuffix("%").strip()
                rate = money.parse(typed, "EUR", self.context.center.locale, field="rate")
        except UserError:
            self._refused(UserError("center.rate_typed", "rate", example=text.show_percent(1950)))
            return
        reason = self.fields["exemption_reason"].text() if kind == "E" else ""
        draft = center.TaxRateDraft(self.fields["name"].text(), kind, rate, reason)
        self.context.run(center.add_tax_rate, draft, done=self._added, failed=self._refused, busy=self.add)

    def _added(self, _rate: int) -> None:
        for field in self.fields.values():
            if isinstance(field.edit, QLineEdit):
                field.edit.clear()
        self.reload()

    def _refused(self, error: DeskError) -> None:
        if isinstance(error, UserError):
            show_error(error, self.fields, self.problem.setText)
        else:
            self.problem.setText(text.sentence(error))


def _switch(actor: Actor, rate_id: int, on: bool) -> None:
    center.switch_tax_rate(actor, rate_id, available=on)
