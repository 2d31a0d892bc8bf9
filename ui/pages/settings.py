"""Settings: the center, its taxes, its mail account, its till."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app import text
from app.cli import use_center_defaults
from app.desk import center, till
from app.errors import DeskError, UserError
from app.lists import catalog
from app.lists import settings as stored
from app.mail import queue, secrets
from app.text import N_, _
from ui.context import Context
from ui.pages.keeping.history import History
from ui.pages.keeping.page import SafeKeeping
from ui.pages.settings_discounts import DiscountsCard
from ui.widgets.basic import Button, Card, Field, PageHead, Segment, Text, clear_layout, show_error

_CENTER = (
    ("name", N_("Name")),
    ("legal_name", N_("Name on invoices")),
    ("address", N_("Address")),
    ("email", N_("Email")),
    ("phone", N_("Phone")),
    ("tax_id", N_("VAT ID")),
    ("register_line", N_("Register line on invoices")),
    ("iban", N_("IBAN")),
    ("bic", N_("BIC")),
    ("currency", N_("Currency")),
    ("locale", N_("Language and notation")),
    ("zone", N_("Time zone")),
    ("invoice_pattern", N_("Invoice number")),
    ("due_days", N_("Days to pay")),
    ("quote_days", N_("Days a quoted price holds")),
)


#: Tables that say how often a discount rule is used, and what one may be for.
_PRICED = {"discount_rules", "courses_enrolled", "product_enrolled", "quotes", "payments", "courses", "payers"}


class SettingsPage(QWidget):
    """Three cards. Every card saves by itself."""

    def __init__(self, context: Context, data_dir: Path) -> None:
        super().__init__()
        self.context = context
        self.key_hints = [(("Tab",), _("next field"))]
        self.help_keys = [("Tab", _("next field")), ("Alt+1 … 4", _("the center, safe keeping, history, discounts"))]
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 0, 16, 12)
        parts = (("center", _("The center")), ("keeping", _("Safe keeping")), ("history", _("History")),
                 ("discounts", _("Discounts")))  # fmt: skip
        self.part = Segment(
            [(key, label, ("Alt", str(number))) for number, (key, label) in enumerate(parts, start=1)], "settings_part"
        )
        self.part.set_value("center")
        self.help_topic = "center"
        self.part.chosen.connect(self.show_part)
        for number, (key, _label) in enumerate(parts, start=1):
            shortcut = QShortcut(QKeySequence(f"Alt+{number}"), self)
            shortcut.activated.connect(partial(self.show_part, key))
        column.addWidget(PageHead(_("Settings"), [self.part]))
        inner = QWidget()
        inner.setObjectName("scrolled")
        row = QHBoxLayout(inner)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._center(), 3, Qt.AlignmentFlag.AlignTop)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self._mail())
        right.addWidget(self._taxes())
        right.addWidget(self._till())
        right.addStretch(1)
        row.addLayout(right, 2)
        scroll = self._scroll(inner)
        self.keeping = SafeKeeping(context, data_dir)
        self.parts = QStackedWidget()
        self.parts.addWidget(scroll)
        self.parts.addWidget(self.keeping)
        self.history = History(context)
        self.parts.addWidget(self.history)
        self.discounts = DiscountsCard(context)
        self.parts.addWidget(self._scrolling(self.discounts))
        column.addWidget(self.parts, 1)

    @staticmethod
    def _scroll(inner: QWidget) -> QScrollArea:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setStyleSheet("QScrollArea { background: transparent; }")
        scroll.setWidget(inner)
        return scroll

    def _scrolling(self, card: QWidget) -> QScrollArea:
        """A card of its own, no wider than its lines can be read, that scrolls where the window is low."""
        inner = QWidget()
        inner.setObjectName("scrolled")
        row = QHBoxLayout(inner)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(card, 3, Qt.AlignmentFlag.AlignTop)
        row.addStretch(1)
        return self._scroll(inner)

    def show_part(self, key: str) -> None:
        """The center, safe keeping, the history, or the discounts."""
        self.part.set_value(key)
        self.help_topic = key
        self.parts.setCurrentIndex(list(self.part.buttons).index(key))
        if key == "keeping":
            self.keeping.reload()
            self.keeping.backups.table.setFocus()
        elif key == "history":
            self.history.reload()
            self.history.table.setFocus()
        elif key == "discounts":
            self.discounts.reload()
            self.discounts.fields["name"].edit.setFocus()

    def on_changes(self, changes: object) -> None:
        """Something was done: the history on screen shows it."""
        if self.history.isVisible():
            self.history.reload()
        self._show_taxes()
        self._show_till()
        if getattr(changes, "tables", set()) & _PRICED and self.isVisible():
            self.discounts.reload()

    def page_shown(self) -> None:
        """Read again what changed meanwhile."""
        self.show_part(self.part.value())
        self._fill_fees()

    def _card(self, title: str) -> tuple[Card, QVBoxLayout, Text]:
        card = Card(margins=(18, 14, 18, 16))
        column = card.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(10)
        column.addWidget(Text(title, "section"))
        problem = Text("", "label", "danger", wrap=True)
        return card, column, problem

    # -- the center

    def _center(self) -> QWidget:
        card, column, self.center_problem = self._card(_("The center"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        self.center_fields: dict[str, Field] = {}
        for number, (key, label) in enumerate(_CENTER):
            field = Field(_(label), name=f"center_{key}")
            self.center_fields[key] = field
            grid.addWidget(field, number // 2, number % 2)
        self.prices = QComboBox()
        self.prices.addItem(_("with tax inside (gross)"), "gross")
        self.prices.addItem(_("without tax (net)"), "net")
        self.fee = QComboBox()
        self._fill_center()
        self.context.center_changed.connect(self._fill_center)
        grid.addWidget(Field(_("Prices are quoted"), self.prices, name="center_prices"), len(_CENTER) // 2, 1)
        fee = Field(_("Registration fee"), self.fee, name="center_registration", hint=_("sold with a first enrollment"))
        grid.addWidget(fee, len(_CENTER) // 2 + 1, 0)
        column.addLayout(grid)
        column.addWidget(self.center_problem)
        self.save_center = Button(_("Save the center"), "check", kind="primary")
        self.save_center.clicked.connect(self.store_center)
        column.addWidget(self.save_center, alignment=Qt.AlignmentFlag.AlignLeft)
        return card

    def _fill_center(self) -> None:
        """Show the center as it is, also after its settings were taken back."""
        for key, field in self.center_fields.items():
            assert isinstance(field.edit, QLineEdit)
            field.edit.setText(str(getattr(self.context.center, key)).replace("\n", ", "))
        self.prices.setCurrentIndex(self.prices.findData(self.context.center.prices))
        self._fill_fees()

    def _fill_fees(self) -> None:
        """What can be the registration fee: a product on offer, or none."""
        self.fee.clear()
        self.fee.addItem(_("none"), None)
        for offer in catalog.products():
            self.fee.addItem(offer.name, offer.id)
        self.fee.setCurrentIndex(max(self.fee.findData(self.context.center.registration_product_id), 0))

    def store_center(self) -> None:
        """Save what was typed about the center."""
        self.center_problem.setText("")
        for field in self.center_fields.values():
            field.clear_error()
        typed: dict[str, Any] = {key: field.text().strip() for key, field in self.center_fields.items()}
        typed["address"] = typed["address"].replace(", ", "\n")
        for key in ("due_days", "quote_days"):
            try:
                typed[key] = int(typed[key])
            except ValueError:
                self.center_fields[key].set_error(_("Type a number of days."))
                return
        typed |= {"prices": self.prices.currentData(), "registration_product_id": self.fee.currentData()}
        self._next = replace(self.context.center, **typed)
        self.context.run(
            center.save, self._next, done=self._center_saved, failed=self._center_refused, busy=self.save_center
        )

    def _center_saved(self, _nothing: object) -> None:
        use_center_defaults()
        self.context.set_center(self._next)
        self.context.notice.emit(_("Settings saved."))

    def _center_refused(self, error: DeskError) -> None:
        if isinstance(error, UserError):
            show_error(error, self.center_fields, self.center_problem.setText)
        else:
            self.center_problem.setText(text.sentence(error))

    # -- mail

    def _mail(self) -> QWidget:
        card, column, self.mail_problem = self._card(_("Mail account"))
        row = queue.active_account()
        values = {
            "host": row.host if row else "", "port": str(row.port) if row else "587",
            "username": row.username if row else "", "password": "",
            "from_address": row.from_address if row else self.context.center.email,
            "from_name": row.from_name if row else self.context.center.name,
        }  # fmt: skip
        labels = {
            "host": _("Server"), "port": _("Port"), "username": _("User"), "password": _("Password"),
            "from_address": _("Sender address"), "from_name": _("Sender name"),
        }  # fmt: skip
        self.mail_fields: dict[str, Field] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        for number, (key, label) in enumerate(labels.items()):
            field = Field(label, name=f"mail_{key}")
            assert isinstance(field.edit, QLineEdit)
            field.edit.setText(values[key])
            if key == "password":
                field.edit.setEchoMode(QLineEdit.EchoMode.Password)
                field.edit.setPlaceholderText(_("in the keyring") if row else "")
            self.mail_fields[key] = field
            grid.addWidget(field, number // 2, number % 2)
        self.security = QComboBox()
        for key, label in (("starttls", "STARTTLS"), ("tls", "TLS"), ("none", _("none"))):
            self.security.addItem(label, key)
        self.security.setCurrentIndex(self.security.findData(row.security if row else "starttls"))
        self.mail_fields["security"] = Field(_("Security"), self.security, name="mail_security")
        grid.addWidget(self.mail_fields["security"], 3, 0)
        column.addLayout(grid)
        column.addWidget(self.mail_problem)
        self.save_mail = Button(_("Save the mail account"), "check")
        self.save_mail.clicked.connect(self.store_mail)
        column.addWidget(self.save_mail, alignment=Qt.AlignmentFlag.AlignLeft)
        return card

    def store_mail(self) -> None:
        """Save the account; the password goes to the keyring."""
        self.mail_problem.setText("")
        for field in self.mail_fields.values():
            field.clear_error()
        typed = {key: field.text().strip() for key, field in self.mail_fields.items() if key != "security"}
        try:
            port = int(typed["port"])
        except ValueError:
            self.mail_fields["port"].set_error(_("Type a number, like 587."))
            return
        draft = queue.AccountDraft(
            host=typed["host"],
            port=port,
            security=self.security.currentData(),
            username=typed["username"],
            from_address=typed["from_address"],
            from_name=typed["from_name"],
        )
        password = self.mail_fields["password"].text()
        if draft.username and password and not secrets.store_password(draft.host, draft.username, password):
            self.mail_problem.setText(text.sentence("mail.no_keyring"))
        self.context.run(
            queue.save_account, draft, done=self._mail_saved, failed=self._mail_refused, busy=self.save_mail
        )

    def _mail_saved(self, _account: int) -> None:
        self.context.notice.emit(_("Mail account saved."))

    def _mail_refused(self, error: DeskError) -> None:
        if isinstance(error, UserError):
            show_error(error, self.mail_fields, self.mail_problem.setText)
        else:
            self.mail_problem.setText(text.sentence(error))

    # -- taxes and till

    def _taxes(self) -> QWidget:
        card, column, self.tax_problem = self._card(_("Tax rates"))
        self.taxes = QVBoxLayout()
        column.addLayout(self.taxes)
        row = QHBoxLayout()
        self.tax_name = Field(_("Name"), name="tax_name")
        self.tax_rate = Field(_("Rate in %"), name="tax_rate")
        row.addWidget(self.tax_name, 2)
        row.addWidget(self.tax_rate, 1)
        column.addLayout(row)
        column.addWidget(self.tax_problem)
        self.add_tax = Button(_("Add tax rate"), "plus")
        self.add_tax.clicked.connect(self.store_tax)
        column.addWidget(self.add_tax, alignment=Qt.AlignmentFlag.AlignLeft)
        self._show_taxes()
        return card

    def _show_taxes(self) -> None:
        clear_layout(self.taxes)
        for _id, name, rate_bp, reason in stored.tax_rates():
            line = QHBoxLayout()
            line.addWidget(Text(name, "name"), 1)
            line.addWidget(Text(reason or f"{rate_bp / 100:g} %", "body", "text2"))
            self.taxes.addLayout(line)

    def store_tax(self) -> None:
        """Add a rate; rates in use are never edited."""
        from app import money

        fields = {"name": self.tax_name, "rate": self.tax_rate}
        for field in fields.values():
            field.clear_error()
        try:
            rate = money.parse(self.tax_rate.text(), "EUR", self.context.center.locale, field="rate")
            draft = center.TaxRateDraft(self.tax_name.text(), "S", rate)
        except UserError as error:
            show_error(error, fields, self.tax_problem.setText)
            return
        self.context.run(center.add_tax_rate, draft, done=self._tax_added, failed=self._tax_refused, busy=self.add_tax)

    def _tax_added(self, _rate: int) -> None:
        self.tax_name.edit.clear()  # type: ignore[attr-defined]
        self.tax_rate.edit.clear()  # type: ignore[attr-defined]
        self._show_taxes()

    def _tax_refused(self, error: DeskError) -> None:
        fields = {"name": self.tax_name, "rate": self.tax_rate}
        if isinstance(error, UserError):
            show_error(error, fields, self.tax_problem.setText)

    def _till(self) -> QWidget:
        card, column, self.till_problem = self._card(_("Till"))
        self.till_facts = Text("", "body", "text2", wrap=True)
        column.addWidget(self.till_facts)
        self.till_amount = Field(_("Float, or what was counted"), name="till_amount")
        column.addWidget(self.till_amount)
        column.addWidget(self.till_problem)
        self.till_button = Button(_("Open the till"), "wallet")
        self.till_button.clicked.connect(self.turn_till)
        column.addWidget(self.till_button, alignment=Qt.AlignmentFlag.AlignLeft)
        self._show_till()
        return card

    def _show_till(self) -> None:
        state = till.current()
        if state is None:
            self.till_facts.setText(_("The till is closed."))
            self.till_button.set_label(_("Open the till"))
        else:
            inside = text.show_money(state.expected_minor)
            self.till_facts.setText(
                _("{till} is open; {amount} should be inside.").format(till=state.name, amount=inside)
            )
            self.till_button.set_label(_("Close the till"))

    def turn_till(self) -> None:
        """Open the till with its float, or close it with what was counted."""
        from app import money

        self.till_amount.clear_error()
        here = self.context.center
        try:
            amount = money.parse(self.till_amount.text(), here.currency, here.locale, field="amount")
        except UserError as error:
            self.till_amount.set_error(text.sentence(error))
            return
        act = till.open_till if till.current() is None else till.close_till
        self.context.run(act, amount, done=self._turned, failed=self._till_refused, busy=self.till_button)

    def _turned(self, _state: object) -> None:
        self.till_amount.edit.clear()  # type: ignore[attr-defined]
        self._show_till()
        self.context.notice.emit(_("The till is up to date."))

    def _till_refused(self, error: DeskError) -> None:
        self.till_amount.set_error(text.sentence(error))
