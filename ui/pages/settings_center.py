"""The center in the settings: what it says about itself, how it quotes, numbers and bills, what stands on documents."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout

from app import text
from app.cli import use_center_defaults
from app.desk import center
from app.errors import DeskError, UserError
from app.lists import catalog
from app.lists import settings as stored
from app.text import N_, _
from ui.context import Context
from ui.widgets.basic import Button, Card, Field, Text, show_error

#: What is typed in one line each: the setting, its label, its hint. Above them stands what the group is about.
_GROUPS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    ("", (
        ("name", N_("Name"), ""),
        ("legal_name", N_("Name on invoices"), ""),
        ("address", N_("Address"), ""),
        ("email", N_("Email"), ""),
        ("phone", N_("Phone"), ""),
        ("tax_id", N_("VAT ID"), ""),
        ("register_line", N_("Register line on invoices"), ""),
        ("iban", N_("IBAN"), ""),
        ("bic", N_("BIC"), ""),
        ("currency", N_("Currency"), ""),
        ("locale", N_("Notation of numbers and days"), N_("like en or de-AT")),
        ("language", N_("Language"), N_("of new students and of lists, like en or de")),
        ("zone", N_("Time zone"), ""),
        ("till_name", N_("Name of the till"), ""),
    )),
    (N_("Prices and documents"), (
        ("invoice_pattern", N_("Invoice number"), N_("from the next year on, where this year has some")),
        ("credit_note_pattern", N_("Credit note number"), ""),
        ("due_days", N_("Days to pay"), ""),
        ("quote_days", N_("Days a quoted price holds"), ""),
    )),
)  # fmt: skip

#: Settings that are numbers of days.
_DAYS = ("due_days", "quote_days")


class CenterCard(Card):
    """Saved as a whole. What is refused is said beside its field."""

    def __init__(self, context: Context) -> None:
        super().__init__(margins=(18, 14, 18, 16))
        self.context = context
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(10)
        column.addWidget(Text(_("The center"), "section"))
        self.fields: dict[str, Field] = {}
        for title, settings in _GROUPS:
            if title:
                column.addWidget(Text(_(title), "section"))
            grid = QGridLayout()
            grid.setHorizontalSpacing(14)
            for number, (key, label, hint) in enumerate(settings):
                field = Field(_(label), name=f"center_{key}", hint=_(hint) if hint else "")
                self.fields[key] = field
                grid.addWidget(field, number // 2, number % 2, Qt.AlignmentFlag.AlignTop)
            column.addLayout(grid)
        self.prices, self.fee = QComboBox(), QComboBox()
        self.prices.addItem(_("with tax inside (gross)"), "gross")
        self.prices.addItem(_("without tax (net)"), "net")
        self.fee.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.fee.setMinimumContentsLength(12)
        self.fields["prices"] = Field(_("Prices are quoted"), self.prices, name="center_prices")
        said = _("sold with a first enrollment")
        self.fields["registration_product_id"] = Field(
            _("Registration fee"), self.fee, name="center_registration", hint=said
        )
        for number, key in enumerate(("prices", "registration_product_id")):
            grid.addWidget(self.fields[key], 2, number, Qt.AlignmentFlag.AlignTop)
        self.mail = QCheckBox(_("Mail invoices and credit notes as they are issued"))
        self.mail.setObjectName("center_mail_invoices")
        self.mail.setAccessibleName(self.mail.text())
        column.addWidget(self.mail)
        self.problem = Text("", "label", "danger", wrap=True)
        column.addWidget(self.problem)
        self.save = Button(_("Save the center"), "check", kind="primary")
        self.save.clicked.connect(self.store)
        self.letterhead = Button(_("Texts and picture on documents…"), "pencil")
        self.letterhead.setObjectName("letterhead_open")
        self.letterhead.clicked.connect(self.on_documents)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.save)
        row.addWidget(self.letterhead)
        row.addStretch(1)
        column.addLayout(row)
        self.fill()
        context.center_changed.connect(self.fill)

    def fill(self) -> None:
        """Show the center as it is, also after its settings were taken back."""
        here = self.context.center
        for key, field in self.fields.items():
            if isinstance(field.edit, QLineEdit):
                field.edit.setText(_shown(getattr(here, key)))
                field.edit.setCursorPosition(0)
        self.prices.setCurrentIndex(self.prices.findData(here.prices))
        self.mail.setChecked(here.mail_invoices)
        self.fee.clear()
        self.offer()
        self.fee.setCurrentIndex(self.fee.findData(here.registration_product_id))

    def offer(self) -> None:
        """What can be the registration fee: a product on offer, or none. What is chosen stays so."""
        chosen, fee = self.fee.currentData(), self.context.center.registration_product_id
        self.fee.clear()
        self.fee.addItem(_("none"), None)
        for offer in catalog.products():
            self.fee.addItem(offer.name, offer.id)
        if fee is not None and self.fee.findData(fee) < 0:
            self.fee.addItem(_("{name} (not on offer)").format(name=stored.product_name(fee)), fee)
        self.fee.setCurrentIndex(max(self.fee.findData(chosen), 0))

    def store(self) -> None:
        """Save what was typed about the center."""
        self.problem.setText("")
        for field in self.fields.values():
            field.clear_error()
        here = self.context.center
        typed: dict[str, Any] = {}
        for key, field in self.fields.items():
            if isinstance(field.edit, QLineEdit):
                typed[key] = field.text().strip()
        # A comma within a line of the address is no new line as long as nobody touched it.
        same = typed["address"] == _shown(here.address).strip()
        typed["address"] = here.address if same else typed["address"].replace(", ", "\n")
        for key in _DAYS:
            if not (typed[key].isascii() and typed[key].isdecimal() and len(typed[key]) < 6):
                self.fields[key].set_error(_("Type a number of days."))
                self.fields[key].edit.setFocus()
                return
            typed[key] = int(typed[key])
        typed |= {
            "prices": self.prices.currentData(), "registration_product_id": self.fee.currentData(),
            "mail_invoices": self.mail.isChecked(),
        }  # fmt: skip
        self.context.run(center.save, replace(here, **typed), done=self._saved, failed=self._refused, busy=self.save)

    def _saved(self, _nothing: object) -> None:
        use_center_defaults()
        self.context.set_center(center.load())
        self.context.notice.emit(_("Settings saved."))

    def _refused(self, error: DeskError) -> None:
        if isinstance(error, UserError):
            show_error(error, self.fields, self.problem.setText)
        else:
            self.problem.setText(text.sentence(error))

    def on_documents(self) -> None:
        """The center's picture, and its texts at head and foot."""
        from ui.dialogs.letterhead import LetterheadDialog  # first needed when somebody asks

        LetterheadDialog(self.context, self).open()


def _shown(value: object) -> str:
    """A setting in one line."""
    return str(value).replace("\n", ", ")
