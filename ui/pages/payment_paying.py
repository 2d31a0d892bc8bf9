"""Below the lines of the payment desk: who pays for them, by which coupon, and what is noted on the receipt."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app import text
from app.lists import payers
from app.lists import people as roster
from app.text import _, ngettext
from ui.context import Context
from ui.pages.payment_owed import Owed
from ui.widgets.basic import Button, Text
from ui.widgets.line import Line, as_tip
from ui.widgets.typed import TypedLine

#: The entry of the box that opens the search.
_SEARCH = "search"


class PayingRow(QWidget):
    """The fields, and above them what the payer owes for others. What is chosen and typed counts for `owed` at once.

    Another payer brings what they owe for others. It is taken along, unless somebody has typed already (`worked_at`
    says so for the rest of the page): then it stands there to be taken. `coupon_entered` after Enter on a code that
    counts.
    """

    coupon_entered = Signal()

    def __init__(self, context: Context, owed: Owed, worked_at: Callable[[], bool]) -> None:
        super().__init__()
        self.context, self.owed, self._worked_at = context, owed, worked_at
        owed.changed.connect(self._follow)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 12)
        column.setSpacing(8)
        column.addWidget(self._others())
        row = QHBoxLayout()
        row.setSpacing(12)
        self.payer = QComboBox()
        self.payer.setObjectName("who_pays")
        self.payer.setAccessibleName(_("Who pays"))
        # A long name of a company gives way, and stands whole in the tool tip.
        self.payer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.payer.setMinimumContentsLength(8)
        self.payer.currentIndexChanged.connect(self._payer_chosen)
        self._chosen = 0
        self.coupon = TypedLine()
        self.coupon.setObjectName("coupon")
        self.coupon.setAccessibleName(_("Coupon"))
        self.coupon.setPlaceholderText(_("code"))
        self.coupon.setToolTip(_("Coupon for what is added (Alt+C); several with commas between"))
        self.coupon.textEdited.connect(self._coupon_edited)
        self.coupon.editingFinished.connect(self._coupon_typed)
        self.coupon.returnPressed.connect(self._coupon_entered)
        self.note = TypedLine()
        self.note.setObjectName("note")
        self.note.setAccessibleName(_("Note on the receipt"))
        self.note.setPlaceholderText(_("none"))
        self._coupon = QWidget()
        for label, edit, holder, share in (
            (_("Who pays"), self.payer, QWidget(), 3), (_("Coupon"), self.coupon, self._coupon, 2),
            (_("Note on the receipt"), self.note, QWidget(), 3),
        ):  # fmt: skip
            field = QVBoxLayout(holder)
            field.setContentsMargins(0, 0, 0, 0)
            field.setSpacing(4)
            name = Text(label, "label", "text2")
            name.setBuddy(edit)
            field.addWidget(name)
            field.addWidget(edit)
            field.addStretch(1)
            holder.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            row.addWidget(holder, share)
        self._coupon.hide()
        column.addLayout(row)
        self.problem = Text("", "small", "danger", wrap=True)
        self.problem.setObjectName("coupon_problem")
        self.problem.hide()
        column.addWidget(self.problem)

    def _others(self) -> QWidget:
        """What the payer owes for others: taken or left with one key, and the way back."""
        self.others = QFrame()
        self.others.setProperty("tinted", True)
        row = QHBoxLayout(self.others)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(8)
        self.others_said = Line("", "small", "text2")
        self.others_said.setObjectName("others_owed")
        row.addWidget(self.others_said, 1)
        self.take_others = Button("", kind="quiet", size="small")
        self.take_others.setObjectName("take_others")
        self.take_others.clicked.connect(self._others_clicked)
        row.addWidget(self.take_others)
        self.back = Button("", "undo-2", kind="quiet", size="small")
        self.back.setObjectName("only_this_student")
        self.back.clicked.connect(self.only_the_student)
        row.addWidget(self.back)
        self.others.hide()
        return self.others

    # -- who pays

    def show_person(self, found: roster.Overview | None, payer_id: int | None) -> None:
        """Who may pay: the person, their usual payer, and the one named, who is then chosen; anybody else is found."""
        self.note.clear()
        self.coupon.clear()
        self.say_coupon("")
        with QSignalBlocker(self.payer):
            self.payer.clear()
            if found is not None:
                self.payer.addItem(_("{name} pays").format(name=found.row.name), None)
                if found.payer_id:
                    self.payer.addItem(found.payer, found.payer_id)
                self.payer.addItem(_("Somebody else…"), _SEARCH)
                self.back.set_label(_("Only {name}").format(name=found.row.name.split()[0]))
                self._choose(payer_id)
        self._chosen = self.payer.currentIndex()
        self._follow()

    def payer_id(self) -> int | None:
        """Who pays: None for the student."""
        data = self.payer.itemData(self._chosen)
        return data if isinstance(data, int) else None

    def _choose(self, payer_id: int | None) -> None:
        """Put somebody in the box, who may not stand in its list yet."""
        row = payers.get(payer_id) if payer_id is not None else None
        if row is not None and self.payer.findData(row.id) < 0:
            self.payer.insertItem(self.payer.count() - 1, row.name, row.id)
        self.payer.setCurrentIndex(self.payer.findData(payer_id) if row is not None else 0)

    def only_the_student(self) -> None:
        """Back to the student's own lines."""
        self.payer.setCurrentIndex(0)
        self.payer.setFocus()

    def _payer_chosen(self, place: int) -> None:
        if self.payer.itemData(place) == _SEARCH:
            with QSignalBlocker(self.payer):
                self.payer.setCurrentIndex(self._chosen)
            from ui.dialogs.find_payer import FindPayer  # first needed when somebody else pays

            finder = FindPayer(self.context, self.window(), _("Who pays?"))
            finder.chosen.connect(self._choose)
            finder.open()
            return
        self._chosen = place
        self.payer.setToolTip(as_tip(self.payer.currentText()))
        typed = self._worked_at() or self.owed.is_typed()
        self.owed.pay_by(self.payer_id(), take=not typed)

    def _follow(self) -> None:
        """Other lines stand there, or other amounts on them."""
        self._show_coupon(any(row.offer is not None for row in self.owed.rows))
        others = self.owed.others()
        self.others.setVisible(others is not None)
        if others is None:
            return
        amount = text.show_money(others.open_minor)
        people = ngettext("{n} other", "{n} others", others.people).format(n=others.people)
        said = ngettext(
            "Also pays {amount}: {n} line of {people}", "Also pays {amount}: {n} lines of {people}", others.lines
        )
        self.others_said.setText(said.format(amount=amount, n=others.lines, people=people))
        self.take_others.setProperty("take", not others.taken)
        self.take_others.set_label(_("Leave them") if others.taken else _("Take them"))

    def _others_clicked(self) -> None:
        self.owed.take_others(bool(self.take_others.property("take")))

    # -- the coupon

    def _show_coupon(self, on: bool) -> None:
        """A coupon is for what is added: without that there is no field, and no code."""
        if on != self._coupon.isVisibleTo(self):
            self._coupon.setVisible(on)
            self.coupon.clear()
            self.say_coupon("")

    def say_coupon(self, words: str) -> None:
        """What is wrong with a code, below its field."""
        if words != self.problem.text():
            self.problem.setText(words)
            self.problem.setVisible(bool(words))
            self.coupon.setAccessibleDescription(words)
            self.coupon.setProperty("wrong", bool(words))
            self.coupon.style().unpolish(self.coupon)
            self.coupon.style().polish(self.coupon)

    def to_coupon(self) -> None:
        """Alt+C."""
        if self._coupon.isVisibleTo(self) and self.coupon.isEnabled():
            self.coupon.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.coupon.selectAll()

    def _coupon_edited(self) -> None:
        self.say_coupon("")  # a code that is still being typed is not called wrong
        self.owed.use_coupon(self.coupon.text())

    def _coupon_typed(self) -> None:
        refused = self.owed.refused
        if self.isVisible() and self.coupon.isEnabled():
            self.say_coupon(text.sentence(refused) if refused is not None else "")

    def _coupon_entered(self) -> None:
        if self.owed.refused is None:
            self.coupon_entered.emit()  # on to the amount

    def allow(self, on: bool) -> None:
        """Whether anything can be chosen and typed: not once a payment stands."""
        for widget in (self.payer, self.coupon, self.note, self.take_others, self.back):
            widget.setEnabled(on)
