"""Who pays (the head of picture 05): the person, what they owe, how much of it is late."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app import clock, text
from app.desk import payments
from app.lists import people as roster
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.widgets.basic import Avatar, Badge, Button, Text
from ui.widgets.line import Line


class WhoPays(QWidget):
    """A person, or nobody yet; the button that finds another."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        top = QHBoxLayout(self)
        top.setContentsMargins(16, 12, 14, 12)
        top.setSpacing(12)
        self.avatar = Avatar(size=44)
        top.addWidget(self.avatar)
        names = QVBoxLayout()
        names.setSpacing(0)
        line = QHBoxLayout()
        line.setSpacing(8)
        self.name = Line("", "panel")
        self.name.setObjectName("payer_name")
        self.name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.badge = Badge("active", "")
        self.number = Text("", "small", "text3")
        line.addWidget(self.name)
        line.addWidget(self.badge)
        line.addWidget(self.number)
        line.addStretch(1)
        names.addLayout(line)
        line = QHBoxLayout()
        line.setSpacing(4)
        self.owes = Text("", "small", "text2")
        self.amount = Text("", "small_strong", "danger")
        self.why = Line("", "small", "text2")
        for widget in (self.owes, self.amount):
            line.addWidget(widget)
        line.addWidget(self.why, 1)
        names.addLayout(line)
        top.addLayout(names, 1)
        self.paid = Button("", "receipt", kind="quiet")
        self.paid.setAccessibleName(_("Payments of this person"))
        self.paid.setObjectName("payments_of_this")
        self.paid.setToolTip(_("Payments of this person, refunds (Alt+P)"))
        top.addWidget(self.paid)
        self.other = Button(_("Other student"), "search", keys=("Ctrl", "F"), kind="quiet")
        top.addWidget(self.other)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """The number stands beside the name where there is room for both; a screen reader always has it."""
        wide = self.name.natural_width() + self.badge.sizeHint().width() + self.number.sizeHint().width() + 16
        taken = self.paid.sizeHint().width() + self.other.sizeHint().width() + self.avatar.width() + 30 + 36
        self.number.setVisible(bool(self.number.text()) and wide <= self.width() - taken)
        self.name.setAccessibleDescription(self.number.text())

    def show_person(self, found: roster.Overview | None, *, paid: bool = False) -> None:
        """Show someone with what they owe now; who has just paid is told until when nothing is left to pay."""
        self.avatar.setVisible(found is not None)
        self.badge.setVisible(found is not None)
        self.paid.setVisible(found is not None)
        self.other.set_label(_("Other student") if found is not None else _("Choose a student"))
        if found is None:
            self.name.setText(_("Nobody chosen yet"))
            self.owes.setText(_("Ctrl+F finds a student."))
            self.owes.set_color("text2")
            for said in (self.number, self.amount, self.why):
                said.setText("")
            return
        row = found.row
        self.avatar.set(row.name, row.id)
        self.name.setText(row.name)
        self.number.setText(row.number)
        self.badge.set(row.status, words.state(row.status))
        self._fit()
        self._say_owed(row, paid)

    def _say_owed(self, row: roster.Row, paid: bool) -> None:
        dues = payments.owed(row.id)
        today = clock.local_date(self.context.center.zone).isoformat()
        late = sum(due.open_minor for due in dues if due.due_on < today)
        total = sum(due.open_minor for due in dues)
        credit = row.balance_minor < 0 and not total
        said = words.balance(row.balance_minor)[0] if credit else _("Nothing is owed.")
        if paid and dues and min(due.due_on for due in dues) > today:
            said = _("Nothing left to pay before {day} ({amount})").format(
                day=words.day(dues[0].due_on, self.context.center), amount=text.show_money(dues[0].open_minor)
            )
            total = 0
        self.owes.setText(_("Owes") if total else said)
        self.owes.set_color("ok" if credit else "text2")
        self.amount.setText(text.show_money(total) if total else "")
        why = ngettext("on {n} line", "on {n} lines", len(dues)).format(n=len(dues))
        if late:
            why = _("{lines}, {amount} of it late").format(lines=why, amount=text.show_money(late))
        self.why.setText(why if total else "")


def bill_button(act: Callable[[], None]) -> Button:
    """The sign that bills what is owed here, to be paid later."""
    button = Button("", "receipt-text", kind="flat")
    button.setAccessibleName(_("Invoice to be paid later"))
    button.setObjectName("bill_this")
    button.setToolTip(_("Invoice to be paid later (Alt+I)"))
    button.clicked.connect(act)
    return button
