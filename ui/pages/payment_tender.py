"""How a payment is made (the middle of picture 05): to pay, by what, how much is given, what to give back."""

from __future__ import annotations

from babel.numbers import get_currency_symbol
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.text import _
from ui.context import Context
from ui.pages.payment_credit import CreditStrip
from ui.pages.payment_parts import METHODS, GivenField, MethodButton
from ui.pages.payment_split import SplitTender
from ui.theme import theme
from ui.widgets.basic import Button, Card, Text


class TenderCard(Card):
    """The parts; what they do is the page's."""

    def __init__(self, context: Context) -> None:
        super().__init__(margins=(16, 16, 16, 16))
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(8)
        column.addWidget(Text(_("To pay"), "label", "text2"))
        self.to_pay = Text("", "amount_xl")
        self.to_pay.setObjectName("to_pay")
        column.addWidget(self.to_pay)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.methods: dict[str, MethodButton] = {}
        self.method_group = QButtonGroup(self)
        shown = [(key, _(label), icon) for key, label, icon in METHODS[:3]]
        for number, (key, label, icon) in enumerate([*shown, ("split", _("Split"), "split")], start=1):
            button = MethodButton(key, label, icon, ("Alt", str(number)))
            self.method_group.addButton(button)
            self.methods[key] = button
            row.addWidget(button)
        self.methods["cash"].setChecked(True)
        column.addLayout(row)
        column.addSpacing(6)
        self.split = SplitTender(context)
        column.addWidget(self.split, 1)
        self.single = QWidget()
        column.addWidget(self.single, 1)
        outer, column = column, QVBoxLayout(self.single)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.credit = CreditStrip(context)
        column.addWidget(self.credit)
        self.given_label = Text(_("Amount given"), "label", "text2")
        column.addWidget(self.given_label)
        self.given = GivenField(get_currency_symbol(context.center.currency, context.center.locale))
        column.addWidget(self.given)
        self.notes = QHBoxLayout()
        self.notes.setSpacing(8)
        column.addLayout(self.notes)
        self.change_box = QFrame()
        self.change_box.setProperty("good", True)
        box = QHBoxLayout(self.change_box)
        box.setContentsMargins(16, 10, 16, 10)
        left = QVBoxLayout()
        left.setSpacing(0)
        self.change_label = Text(_("Change due"), "label", "ok")
        self.change = Text("", "amount_change", "ok")
        self.change.setObjectName("change_due")
        left.addWidget(self.change_label)
        left.addWidget(self.change)
        box.addLayout(left)
        box.addStretch(1)
        self.coins = Text("", "body", "ok")
        self.coins.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        box.addWidget(self.coins)
        column.addWidget(self.change_box)
        column.addStretch(1)
        column = outer
        self.problem = Text("", "label", "danger", wrap=True)
        self.problem.setObjectName("payment_problem")
        column.addWidget(self.problem)
        self.safe = Text("", "small", "text2", wrap=True)
        column.addWidget(self.safe)
        second = QHBoxLayout()
        self.failed_button = Button(_("It failed"), "circle-x", kind="danger")
        self.keep_button = Button(_("Keep for later"), "clock", keys=("Esc",), kind="quiet")
        second.addWidget(self.failed_button)
        second.addWidget(self.keep_button)
        second.addStretch(1)
        column.addLayout(second)
        self.main = Button(_("Start payment"), "check", kind="primary", keys=("Ctrl", "Enter"), size="big")
        self.main.setObjectName("payment_main")
        column.addWidget(self.main)

    def say(self, words: str) -> None:
        """What is wrong; nothing takes no room."""
        self.problem.setText(words)
        self.problem.setVisible(bool(words))

    def show_split(self, on: bool) -> None:
        """Parts in place of the one amount."""
        self.split.setVisible(on)
        self.single.setVisible(not on)

    def show_started(self, started: bool) -> None:
        """Once it is started the choices are made: in large type they make room for what is still to read."""
        large = theme().scale > 1.2
        column = self.layout()
        assert column is not None
        column.setSpacing(4 if large else 8)
        for button in self.methods.values():
            button.setVisible(not started or not large)
        for number in range(self.notes.count()):
            item = self.notes.itemAt(number)
            note = item.widget() if item is not None else None
            if note is not None:
                note.setVisible(not started or not large)
        self.failed_button.setVisible(started)
        self.keep_button.setVisible(started)
        self.safe.setVisible(started)

    def method(self) -> str:
        """The chosen way to pay."""
        button = self.method_group.checkedButton()
        return button.key if isinstance(button, MethodButton) else "cash"
