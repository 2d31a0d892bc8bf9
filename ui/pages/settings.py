"""Settings: the center, its taxes, its mail account, its till."""

from __future__ import annotations

from functools import partial
from pathlib import Path

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
from app.desk import till
from app.desk.accounts import may
from app.errors import DeskError, UserError
from app.mail import queue, secrets
from app.text import _
from ui.context import Context
from ui.dialogs.open_till import closed_words
from ui.pages.keeping.history import History
from ui.pages.keeping.page import SafeKeeping
from ui.pages.settings_center import CenterCard
from ui.pages.settings_discounts import DiscountsCard
from ui.pages.settings_taxes import TaxCard
from ui.widgets.basic import Button, Card, Field, PageHead, Segment, Text, show_error

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
        self.center_card = CenterCard(context)
        self.center_fields, self.fee, self.save_center = (
            self.center_card.fields, self.center_card.fee, self.center_card.save
        )  # fmt: skip
        row.addWidget(self.center_card, 3, Qt.AlignmentFlag.AlignTop)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self._mail())
        self.taxes = TaxCard(context)
        right.addWidget(self.taxes)
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
        self._show_till()
        if "tax_rates" in getattr(changes, "tables", set()) and self.isVisible():
            self.taxes.reload()
        if getattr(changes, "tables", set()) & _PRICED and self.isVisible():
            self.discounts.reload()

    def page_shown(self) -> None:
        """Read again what changed meanwhile."""
        self.show_part(self.part.value())
        self.center_card.offer()
        self.taxes.reload()

    def _card(self, title: str) -> tuple[Card, QVBoxLayout, Text]:
        card = Card(margins=(18, 14, 18, 16))
        column = card.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(10)
        column.addWidget(Text(title, "section"))
        problem = Text("", "label", "danger", wrap=True)
        return card, column, problem

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
        if not may(self.context.actor, "settings.edit"):
            password = ""  # it is refused below; the keyring keeps what it has
        else:
            password = self.mail_fields["password"].text()
        if draft.username and password and not secrets.store_password(draft.host, draft.username, password):
            self.mail_problem.setText(text.sentence("mail.no_keyring"))
        self.context.run(
            queue.save_account, draft, done=self._mail_saved, failed=self._mail_refused, busy=self.save_mail
        )

    def _mail_saved(self, _account: int) -> None:
        self.mail_fields["password"].edit.clear()  # type: ignore[attr-defined] # it is in the keyring
        self.context.notice.emit(_("Mail account saved."))

    def _mail_refused(self, error: DeskError) -> None:
        if isinstance(error, UserError):
            show_error(error, self.mail_fields, self.mail_problem.setText)
        else:
            self.mail_problem.setText(text.sentence(error))

    # -- till

    def _till(self) -> QWidget:
        card, column, self.till_problem = self._card(_("Till"))
        self.till_facts = Text("", "body", "text2", wrap=True)
        column.addWidget(self.till_facts)
        self.till_amount = Field(_("Float, what was counted, or what is moved"), name="till_amount")
        column.addWidget(self.till_amount)
        column.addWidget(self.till_problem)
        self.till_button = Button(_("Open the till"), "wallet")
        self.till_button.clicked.connect(self.turn_till)
        column.addWidget(self.till_button, alignment=Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout()  # of its own: three buttons are wider than the card in large type
        row.setSpacing(8)
        self.till_moves = {"paid_in": Button(_("Put cash in…")), "paid_out": Button(_("Take cash out…"))}
        for kind, button in self.till_moves.items():
            button.setProperty("kind_of_move", kind)
            button.clicked.connect(self.move_cash)
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        self._show_till()
        return card

    def _show_till(self) -> None:
        state = till.current()
        for button in self.till_moves.values():
            button.setEnabled(state is not None)
        if state is None:
            self.till_facts.setText(" ".join(closed_words()))
            self.till_button.set_label(_("Open the till"))
        else:
            inside = text.show_money(state.expected_minor)
            self.till_facts.setText(
                _("{till} is open; {amount} should be inside.").format(till=state.name, amount=inside)
            )
            self.till_button.set_label(_("Close the till"))

    def _till_minor(self) -> int | None:
        """The amount, None where it is none; that is said below it."""
        from app import money

        self.till_amount.clear_error()
        here = self.context.center
        try:
            return money.parse(self.till_amount.text(), here.currency, here.locale, field="amount")
        except UserError as error:
            self.till_amount.set_error(text.sentence(error))
            return None

    def move_cash(self) -> None:
        """Put the amount into the open till, or take it out, that is no payment: change from the bank, stamps."""
        from ui.dialogs import ask

        kind, amount = str(self.sender().property("kind_of_move")), self._till_minor()
        if amount is None:
            return
        shown = text.show_money(amount)
        said = _("{amount} is put in.") if kind == "paid_in" else _("{amount} is taken out.")

        def moved(_choice: str, reason: str) -> None:
            self.context.run(
                till.move, kind, amount, reason, done=partial(self._moved, said.format(amount=shown)),
                failed=self._till_refused, busy=self.till_moves[kind],
            )  # fmt: skip

        title = self.till_moves[kind].text().removesuffix("…")
        ask.ask(self, title, _("{amount}: what is it for?").format(amount=shown), [(kind, title)], moved, _("Reason"))

    def _moved(self, said: str, _move: object) -> None:
        self.till_amount.edit.clear()  # type: ignore[attr-defined]
        self._show_till()
        self.context.notice.emit(said)

    def turn_till(self) -> None:
        """Open the till with its float, or close it with what was counted."""
        amount = self._till_minor()
        if amount is None:
            return
        act = till.open_till if till.current() is None else till.close_till
        self._counted = amount
        self.context.run(act, amount, done=self._turned, failed=self._till_refused, busy=self.till_button)

    def _turned(self, state: object) -> None:
        self.till_amount.edit.clear()  # type: ignore[attr-defined]
        self._show_till()
        said = _("The till is open.")
        if isinstance(state, till.TillState):  # it was counted: beside what should be inside
            difference = self._counted - state.expected_minor
            facts = {"name": state.name, "counted": self._counted, "expected": state.expected_minor}
            key = "till.closed_difference" if difference else "till.closed"
            said = text.sentence(key, {**facts, "difference": difference})
        self.context.notice.emit(said)

    def _till_refused(self, error: DeskError) -> None:
        self.till_amount.set_error(text.sentence(error))
