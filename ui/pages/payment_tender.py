"""How a payment is made (the middle of picture 05): to pay, by what, how much is given, what to give back."""

from __future__ import annotations

from babel.numbers import get_currency_symbol
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app import money, text
from app.desk import till
from app.errors import UserError
from app.text import _
from ui.context import Context
from ui.pages.payment_credit import CreditStrip
from ui.pages.payment_parts import METHODS, GivenField, MethodButton, in_coins, likely_notes
from ui.pages.payment_split import SplitTender
from ui.theme import theme
from ui.widgets.basic import Button, Card, Icon, Text, clear_layout
from ui.widgets.paint import draw_line, width_of
from ui.widgets.typed import TypedLine


class NoteButton(Button):
    """A sum that is likely to be handed over; that it is the exact one is said below it."""

    def __init__(self, words: str, below: str) -> None:
        super().__init__(words, kind="choice", size="small")
        self._below = below if theme().scale <= 1.2 else ""  # in large type the change needs the room
        self.setCheckable(True)
        self.setToolTip(_("the exact sum") if below else "")

    def sizeHint(self) -> QSize:
        plain = super().sizeHint()
        return QSize(plain.width(), theme().px(36)) if theme().scale <= 1.2 else plain

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._below:
            super().paintEvent(event)
            return
        fill, edge, ink = (theme().color(token) for token in self._colors())
        painter, box = QPainter(self), QRectF(self.rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(fill)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        high = theme().px(15)
        top = box.height() / 2 - high
        for role, said, at in (("button", self.text(), top + 1), ("key", self._below, top + high)):
            wide = width_of(said, theme().font(role))
            place = QRectF((box.width() - wide) / 2, at, wide, high)
            draw_line(painter, place, said, theme().font(role), ink)


class TenderCard(Card):
    """By what and how much is paid; that it is booked is the page's. `given_changed` when another amount was typed or
    chosen: from then on (`touched`) it does not follow the sum any more.
    """

    given_changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(margins=(16, 16, 16, 16))
        self.context, self.touched = context, False
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
        self.given.textEdited.connect(self._given_edited)
        self.given.editingFinished.connect(self._given_typed)
        column.addWidget(self.given)
        self.given_problem = Text("", "small", "danger", wrap=True)
        self.given_problem.setObjectName("given_problem")
        self.given_problem.hide()
        column.addWidget(self.given_problem)
        self.notes = QHBoxLayout()
        self.notes.setSpacing(8)
        column.addLayout(self.notes)
        self.reference = TypedLine()
        self.reference.setObjectName("payment_reference")
        self.reference.setAccessibleName(_("Reference"))
        self.reference.setPlaceholderText(_("bank or card reference"))
        column.addWidget(self.reference)
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
        self.keep = Button(_("Keep as credit"), kind="choice", size="small", keys=("Alt", "K"))
        self.keep.setCheckable(True)
        self.keep.setToolTip(_("what is above the sum is not given back (Alt+K)"))
        self.keep.toggled.connect(self.given_changed)
        column.addWidget(self.keep, alignment=Qt.AlignmentFlag.AlignRight)
        column.addStretch(1)
        column = outer
        self.problem = Text("", "label", "danger", wrap=True)
        self.problem.setObjectName("payment_problem")
        column.addWidget(self.problem)
        self.saved = QWidget()
        line = QHBoxLayout(self.saved)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(Icon("save", "text2", 15), alignment=Qt.AlignmentFlag.AlignTop)
        self.safe = Text("", "small", "text2", wrap=True)
        line.addWidget(self.safe, 1)
        column.addWidget(self.saved)
        second = QHBoxLayout()
        second.setContentsMargins(0, 0, 0, 4)  # the main button has a ring around it
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
        for note in self._note_buttons():
            note.setVisible(not large or (not started and self.keep.isHidden()))
        self.given.say("" if started else _("F8 = exact"))
        self.failed_button.setVisible(started)
        self.keep_button.setVisible(started)
        self.saved.setVisible(started)

    def method(self) -> str:
        """The chosen way to pay."""
        button = self.method_group.checkedButton()
        return button.key if isinstance(button, MethodButton) else "cash"

    def reference_words(self) -> str:
        """What the bank or the card machine calls this payment, as it was typed; cash has no such name."""
        return self.reference.text() if self.method() != "cash" else ""

    # -- how much is given

    def given_minor(self) -> int | None:
        """What was handed over in minor units, None where it is not an amount."""
        try:
            return self.read_given()
        except UserError:
            return None

    def taken_minor(self, total_minor: int) -> int:
        """What the center takes of what is handed over: cash above the sum is given back, unless it shall be kept.

        UserErrors as from `read_given`.
        """
        given = self.read_given()
        back = self.method() == "cash" and given >= total_minor > 0 and not self.keep.isChecked()
        return total_minor if back else given

    def read_given(self) -> int:
        """What was handed over, in minor units. UserErrors as from `money.parse`, beside `given`."""
        here = self.context.center
        return money.parse(self.given.text(), here.currency, here.locale, field="given")

    def begin(self) -> None:
        """Nothing was typed yet; cash."""
        self.touched = False
        self.keep.setChecked(False)
        self.reference.clear()
        self.methods["cash"].setChecked(True)
        self.split.clear()
        self.say("")
        self.say_given("")

    def propose(self, minor: int) -> None:
        """The amount as long as nobody typed another; where the keys are in it, what is typed next takes its place."""
        if not self.touched:
            self._set_given(minor)
            if self.window().focusWidget() is self.given:  # or will be again, when the list of offers has closed
                self.given.selectAll()

    def take_given(self, minor: int) -> None:
        """An amount that was chosen: it does not follow the sum any more."""
        self.touched = True
        self._set_given(minor)

    def _set_given(self, minor: int) -> None:
        here = self.context.center
        self.given.setText(money.format_plain(minor, here.currency, here.locale) if minor else "")
        self.say_given("")

    def _given_edited(self) -> None:
        self.touched = True
        self.say_given("")
        self.given_changed.emit()

    def _given_typed(self) -> None:
        """What was typed whole and is no amount is said below it; what is one is written as all others are."""
        if not self.isVisible() or not self.given.isEnabled():
            return
        try:
            minor = self.read_given()
        except UserError as error:
            if error.key != "money.empty":
                self.say_given(text.sentence(error))
            return
        if self.touched:
            self._set_given(minor)

    def say_given(self, words: str) -> None:
        """What is wrong with the amount, below it."""
        if words != self.given_problem.text():
            self.given_problem.setText(words)
            self.given_problem.setVisible(bool(words))
            self.given.setAccessibleDescription(words)
            self.given.setProperty("wrong", bool(words))
            self.given.style().unpolish(self.given)
            self.given.style().polish(self.given)
            self.given.restyle()

    def show_given(self, total_minor: int | None, *, started: bool) -> None:
        """The sums that are likely to be handed over, and what is given back, stays or is still open; None: no sum."""
        self._show_notes(total_minor or 0, started)
        given, cash = self.given_minor() if total_minor is not None else None, self.method() == "cash"
        total_minor = total_minor or 0
        rest = (given or 0) - total_minor
        label = _("Amount given") if till.closed_since() is None else _("Amount given; the till is closed")
        self.given_label.setText(label if cash else _("Amount received"))
        visible = given is not None and rest != 0 and (total_minor > 0 or rest > 0)
        back = cash and rest > 0 and total_minor > 0
        if not back:
            self.keep.setChecked(False)
        self.keep.setVisible(back and (not started or self.keep.isChecked()))
        self.keep.setEnabled(not started)
        self.reference.setVisible(not cash and (not started or bool(self.reference.text())))
        self.reference.setEnabled(not started)
        self.change_box.setVisible(visible)
        if not visible:
            return
        back = back and not self.keep.isChecked()
        self.change_label.setText(
            _("Change due") if back else _("Stays as credit") if rest > 0 else _("Still open after this")
        )
        self.change.setText(text.show_money(abs(rest)))
        self.coins.setText(in_coins(rest, self.context) if back else "")

    def _show_notes(self, total_minor: int, started: bool) -> None:
        clear_layout(self.notes)
        for amount in likely_notes(total_minor) if self.method() == "cash" and total_minor else ():
            plain = money.format_plain(amount, self.context.center.currency, self.context.center.locale)
            note = NoteButton(plain, _("exact") if amount == total_minor else "")
            note.setChecked(amount == self.given_minor())
            note.setProperty("amount", amount)
            note.setEnabled(not started)
            note.clicked.connect(self._note_clicked)
            self.notes.addWidget(note, 1)

    def _note_buttons(self) -> list[QWidget]:
        found = [self.notes.itemAt(number) for number in range(self.notes.count())]
        return [note for item in found if item is not None and (note := item.widget()) is not None]

    def _note_clicked(self) -> None:
        self.take_given(int(self.sender().property("amount")))
        self.given_changed.emit()
