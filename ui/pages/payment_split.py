"""One payment by several means (Split of picture 05): a row per part until the rest is 0.00.

Each part is a payment of its own, started before its money moves and settled once. What is refused is left to the next
row; what was completed stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app import money, text
from app.desk import payments, split
from app.errors import DeskError, UserError
from app.store import uuid7
from app.text import _
from ui.context import Context
from ui.pages.payment_parts import METHODS, method_word
from ui.theme import theme
from ui.widgets.basic import Badge, Button, Text
from ui.widgets.line import Line
from ui.widgets.typed import TypedLine


class PartRow(QWidget):
    """One part: by what, how much, for cash what was given; then what became of it."""

    changed = Signal()
    removed = Signal(object)
    entered = Signal()

    def __init__(self, context: Context, number: int, method: str, amount_minor: int) -> None:
        super().__init__()
        self.context, self.key = context, uuid7()
        self.payment_id: int | None = None
        self.status, self.reason, self.waits = "", "", False
        self.done: payments.Completed | None = None
        self.touched = self._given_touched = False
        self.payment_number = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        upper = QHBoxLayout()
        upper.setSpacing(8)
        self.by = QComboBox()
        self.by.setObjectName(f"part_method_{number}")
        self.by.setAccessibleName(_("Method of part {n}").format(n=number))
        for key, label, icon in METHODS:
            self.by.addItem(theme().icon(icon), _(label), key)
        self.by.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.by.setCurrentIndex(self.by.findData(method))
        self.by.currentIndexChanged.connect(self._by_changed)
        upper.addWidget(self.by, 1)
        self.amount = TypedLine(self._plain(amount_minor))
        self.amount.setObjectName(f"part_amount_{number}")
        self.amount.setAccessibleName(_("Amount of part {n}").format(n=number))
        self.amount.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.amount.textEdited.connect(self._amount_edited)
        self.amount.editingFinished.connect(self._typed)
        self.amount.returnPressed.connect(self.entered)
        upper.addWidget(self.amount)
        self.away = Button("", "x", kind="bare")
        self.away.setObjectName(f"part_remove_{number}")
        self.away.setAccessibleName(_("Leave out part {n}").format(n=number))
        self.away.setToolTip(self.away.accessibleName())
        self.away.clicked.connect(self._removed)
        upper.addWidget(self.away)
        column.addLayout(upper)
        self.below = QWidget()
        lower = QHBoxLayout(self.below)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.setSpacing(8)
        self.given_label = Text(_("Given"), "label", "text2")
        lower.addWidget(self.given_label)
        self.given = TypedLine(self._plain(amount_minor))
        self.given.setObjectName(f"part_given_{number}")
        self.given.setAccessibleName(_("Given for part {n}").format(n=number))
        self.given.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.given.textEdited.connect(self._given_edited)
        self.given.editingFinished.connect(self._typed)
        self.given.returnPressed.connect(self.entered)
        lower.addWidget(self.given)
        self.facts = Line("", "small", "text2")
        self.facts.setObjectName(f"part_facts_{number}")
        lower.addWidget(self.facts, 1)
        self.badge = Badge("started", "")
        lower.addWidget(self.badge)
        column.addWidget(self.below)
        self.problem = Text("", "small", "danger", wrap=True)
        self.problem.setObjectName(f"part_problem_{number}")
        self.problem.hide()
        column.addWidget(self.problem)
        self.fit()
        self.show_state()

    def _plain(self, minor: int) -> str:
        here = self.context.center
        return money.format_plain(minor, here.currency, here.locale) if minor else ""

    def fit(self) -> None:
        """Widths follow the text size."""
        self.amount.setFixedWidth(theme().px(92))
        self.given.setFixedWidth(theme().px(92))

    def method(self) -> str:
        """By what."""
        return str(self.by.currentData())

    def _minor(self, edit: TypedLine) -> int | None:
        here = self.context.center
        try:
            return money.parse(edit.text(), here.currency, here.locale)
        except UserError:
            return None

    def amount_minor(self) -> int:
        """How much; 0 where it is not an amount above zero."""
        return max(self._minor(self.amount) or 0, 0)

    def given_minor(self) -> int | None:
        """The cash handed over, None for other means and where it is not an amount."""
        return self._minor(self.given) if self.method() == "cash" else None

    def change_minor(self) -> int:
        """What is given back."""
        return max((self.given_minor() or 0) - self.amount_minor(), 0) if self.method() == "cash" else 0

    def refuse(self, error: UserError) -> None:
        """Say what is wrong with the amount, or with what is given, below it."""
        wrong = self.given if error.field == "given" else self.amount
        self._say(text.sentence(error), wrong)
        wrong.setFocus()
        wrong.selectAll()

    def _say(self, words: str, wrong: TypedLine | None = None) -> None:
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        for edit in (self.amount, self.given):
            edit.setProperty("wrong", edit is wrong)
            edit.setAccessibleDescription(words if edit is wrong else "")
            edit.style().unpolish(edit)
            edit.style().polish(edit)

    def set_amount(self, minor: int) -> None:
        """Propose an amount; what is given follows."""
        self.amount.setText(self._plain(minor))
        if not self._given_touched:
            self.given.setText(self._plain(minor))
        self.show_state()

    def exact(self) -> None:
        """The exact sum was given."""
        self.given.setText(self.amount.text())
        self._given_edited()

    def take_up(self, part: split.Part, *, waits: bool) -> None:
        """Show a part that stands in the file."""
        self.by.setCurrentIndex(self.by.findData(part.method))
        self.set_amount(part.amount_minor)
        if part.given_minor is not None:
            self.given.setText(self._plain(part.given_minor))
        self.payment_id, self.status, self.reason = part.payment_id, part.status, part.reason
        self.payment_number, self.waits = part.number, waits
        self.show_state()

    @property
    def settled(self) -> bool:
        """Whether nothing is to be done here any more, or not now."""
        return self.status in ("COMPLETED", "FAILED") or self.waits

    def show_state(self) -> None:
        """What can be typed, and what became of it."""
        draft = not self.status
        for widget in (self.by, self.amount, self.given):
            widget.setEnabled(draft)
        self.away.setVisible(draft)
        self.badge.setVisible(not draft)
        said = {"STARTED": _("Started"), "COMPLETED": _("Completed"), "FAILED": _("Failed")}
        if self.status:
            self.badge.set(self.status.lower(), said[self.status])
        cash = self.method() == "cash" and self.status in ("", "STARTED")
        self.given_label.setVisible(cash)
        self.given.setVisible(cash)
        change = self.change_minor()
        back = _("Change {amount}").format(amount=text.show_money(change)) if change else ""
        # What to give back comes first: where there is no room, the number is cut, which stands below and in the head.
        facts = [back, self.payment_number, self.reason, _("waits for an answer") if self.waits else ""]
        self.facts.setText(" · ".join(filter(None, facts)))
        self.facts.set_color("danger" if self.status == "FAILED" else "ok" if change else "text2")
        self.below.setVisible(cash or bool(self.facts.text()))

    def _by_changed(self) -> None:
        self.show_state()
        self.changed.emit()

    def _amount_edited(self) -> None:
        self.touched = True
        self._say("")
        if not self._given_touched:
            self.given.setText(self.amount.text())
        self.show_state()
        self.changed.emit()

    def _given_edited(self) -> None:
        self._given_touched = True
        self._say("")
        self.show_state()
        self.changed.emit()

    def _typed(self) -> None:
        """What was typed whole is written as all other amounts are."""
        for edit in (self.amount, self.given):
            minor = self._minor(edit)
            if minor and edit.isEnabled() and edit.text() != self._plain(minor):
                edit.setText(self._plain(minor))

    def _removed(self) -> None:
        self.removed.emit(self)


class SplitTender(QWidget):
    """All parts of one payment. Signals: `changed` (other rows or words), `problem` (a sentence), `refused` (an error
    that is about none of the parts), `ready` (Enter where nothing is left to type), `started`, `finished` (every part
    is settled, or waits).
    """

    changed = Signal()
    problem = Signal(str)
    refused = Signal(object)
    ready = Signal()
    started = Signal()
    finished = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setObjectName("split_tender")
        self.context = context
        self.rows: list[PartRow] = []
        self.whole: payments.PaymentDraft | None = None
        self.total_minor = 0
        self._at_work: PartRow | None = None
        self._reason = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        inner = QWidget()
        inner.setObjectName("scrolled")
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 4, 0)
        self._column.setSpacing(8)
        self._column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inner)
        column.addWidget(self._scroll, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.more = Button(_("Add a part"), "plus", kind="quiet", keys=("Alt", "4"), size="small")
        self.more.clicked.connect(self.add_part)
        self.rest_label = Text("", "label", "text2")
        self.rest_label.setObjectName("split_rest")
        foot.addWidget(self.more)
        foot.addStretch(1)
        foot.addWidget(self.rest_label)
        column.addLayout(foot)

    # -- rows

    def begin(self, total_minor: int) -> None:
        """One part over the whole, to be made smaller."""
        self.clear()
        self.total_minor = total_minor
        self._add("card", total_minor)
        self.to_work()

    def clear(self) -> None:
        """No parts; what was started stays in the file."""
        self.whole, self._at_work = None, None
        for row in list(self.rows):
            self._drop(row)

    def _drop(self, row: PartRow) -> None:
        self.rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _add(self, method: str, amount_minor: int) -> PartRow:
        row = PartRow(self.context, len(self.rows) + 1, method, amount_minor)
        row.changed.connect(self._edited)
        row.removed.connect(self._remove)
        row.entered.connect(self._entered)
        self.rows.append(row)
        self._column.insertWidget(self._column.count() - 1, row)
        row.show()  # at once, for it may be given the focus
        self._say_rest()
        QTimer.singleShot(0, self._show_active)
        return row

    def set_total(self, total_minor: int) -> None:
        """Other lines are taken: the last part that nobody typed follows."""
        if not self.running:
            self.total_minor = total_minor
            self._follow(None)
            self._say_rest()

    def _follow(self, edited: PartRow | None) -> None:
        last = self.rows[-1] if self.rows else None
        if last is not None and last is not edited and not last.touched and not last.status:
            others = sum(row.amount_minor() for row in self.rows[:-1] if row.status != "FAILED")
            last.set_amount(max(self.total_minor - others, 0))

    def _edited(self) -> None:
        row = self.sender()
        self._follow(row if isinstance(row, PartRow) else None)
        self._say_rest()
        self.changed.emit()

    def _remove(self, row: PartRow) -> None:
        if len(self.rows) > 1:
            self._drop(row)
            self._follow(None)
            self._say_rest()
            self.to_work()
            self.changed.emit()

    def rest_minor(self) -> int:
        """What no part has yet; negative where they have too much."""
        return self.total_minor - sum(row.amount_minor() for row in self.rows if row.status != "FAILED")

    def _say_rest(self) -> None:
        rest = self.rest_minor()
        self.rest_label.setText(_("Rest {amount}").format(amount=text.show_money(rest)))
        self.rest_label.set_color("ok" if rest == 0 else "danger")
        self.more.setEnabled(rest > 0)
        alone = sum(not row.status for row in self.rows) == 1 and len(self.rows) == 1
        for row in self.rows:
            row.away.setEnabled(not alone)

    def add_part(self) -> None:
        """Alt+4 again, or Enter in an amount: the rest by another means."""
        if self.rest_minor() > 0:
            used = {row.method() for row in self.rows}
            row = self._add(next((key for key in ("cash", "card") if key not in used), "cash"), self.rest_minor())
            self.changed.emit()
            row.by.setFocus()
        else:
            self.to_work()

    def _entered(self) -> None:
        if self.rest_minor() > 0:
            self.add_part()
        else:
            self.ready.emit()

    # -- the life of the parts

    @property
    def running(self) -> bool:
        """Whether a part stands in the file: the lines are agreed."""
        return any(row.status for row in self.rows)

    def active(self) -> PartRow | None:
        """The part that is next: one that is started comes before those that are not."""
        left = [row for row in self.rows if not row.settled]
        return next((row for row in left if row.status), left[0] if left else None)

    def to_work(self) -> None:
        """To the field that is typed next: what is given, where that is known; else the amount."""
        row = self.active()
        if row is not None and not row.status:
            edit = row.given if row.method() == "cash" and len(self.rows) > 1 else row.amount
            edit.setFocus()
            edit.selectAll()
            self._show_active()

    def _show_active(self) -> None:
        row = self.active()
        if row is not None:
            self._scroll.ensureWidgetVisible(row, 0, 40)

    def exact(self) -> None:
        """F8: the exact sum was given for this part."""
        row = self.active()
        if row is not None and not row.status:
            row.exact()

    def go_on(self, whole: Callable[[], payments.PaymentDraft], busy: QWidget) -> None:
        """Start the next part, or complete the one that is started. A second Enter meanwhile does nothing."""
        row = self.active()
        if self._at_work is not None:
            return
        if row is None:
            self._after()
            return
        try:
            self._check(row)
        except UserError as error:
            row.refuse(error)
            return
        try:
            draft = self.whole or whole()
        except UserError as error:
            self.refused.emit(error)
            return
        self._at_work = row
        if row.status == "STARTED":
            self.context.run(payments.complete, row.payment_id, done=self._completed, failed=self._refused, busy=busy)
            return
        self.whole = draft
        part = replace(
            draft, request_key=row.key, method=row.method(), amount_minor=row.amount_minor(),
            given_minor=row.given_minor(),
        )  # fmt: skip
        self.context.run(payments.start, part, done=self._started, failed=self._refused, busy=busy)

    def _check(self, row: PartRow) -> None:
        if row.status:
            return
        here = self.context.center
        for edit, field in ((row.amount, "amount"), *(((row.given, "given"),) if row.method() == "cash" else ())):
            money.parse(edit.text(), here.currency, here.locale, field=field)
        if self.rest_minor() < 0:
            raise UserError("payments.split_above", "amount", left=self.rest_minor() + row.amount_minor())

    def _refused(self, error: DeskError) -> None:
        row, self._at_work = self._at_work, None
        if not self.running:
            self.whole = None  # nothing stands yet: the lines may be chosen anew
        if isinstance(error, UserError) and error.field in ("amount", "given") and row is not None:
            row.refuse(error)
        else:
            self.refused.emit(error)
        found = payments.whole_of(row.payment_id) if row is not None and row.payment_id is not None else None
        for part in found[1] if found is not None else ():
            if row is not None and part.payment_id == row.payment_id and part.status != row.status:
                row.take_up(part, waits=False)  # another desk settled it
                self._say_rest()
                self._after()
        self.changed.emit()

    def _started(self, payment_id: int) -> None:
        row = self._at_work
        self._at_work = None
        if row is None or row not in self.rows:
            return
        row.payment_id, row.status = payment_id, "STARTED"
        row.payment_number = next((one.number for one in payments.started() if one.payment_id == payment_id), "")
        row.show_state()
        self._say_rest()
        self.started.emit()
        self.changed.emit()

    def _completed(self, done: payments.Completed) -> None:
        row = self._at_work
        self._at_work = None
        if row is None or row not in self.rows:
            return
        row.status, row.done, row.payment_number = "COMPLETED", done, done.number
        row.show_state()
        self._after()

    def fail(self, reason: str) -> None:
        """No money moved for the part that is started: the others stand, another means takes its place."""
        row = self.active()
        if row is not None and row.status == "STARTED" and self._at_work is None:
            self._at_work, self._reason = row, reason
            self.context.run(payments.fail, row.payment_id, reason, done=self._failed, failed=self._refused)

    def _failed(self, _nothing: object) -> None:
        row = self._at_work
        self._at_work = None
        if row is None or row not in self.rows:
            return
        row.status, row.reason = "FAILED", self._reason
        row.show_state()
        self._say_rest()
        again = self._add("card" if row.method() == "cash" else "cash", row.amount_minor())
        said = _("{amount} is still to be paid: choose another way.")
        self.problem.emit(said.format(amount=text.show_money(row.amount_minor())))
        self.changed.emit()  # what had the focus may be gone by now
        again.by.setFocus()

    def keep(self) -> bool:
        """Esc: what is started waits, and the next part comes; where none is started, the desk is done here.

        False where nothing stands yet.
        """
        row = self.active()
        if not self.running or self._at_work is not None:
            return self._at_work is not None
        if row is not None and row.status == "STARTED":
            row.waits = True
            row.show_state()
            self._after()
        else:
            self.finished.emit()
        return True

    def _after(self) -> None:
        """The next part; the rest by another means; or the end."""
        if self.active() is None and self.rest_minor() > 0:
            self.add_part()
        if self.active() is None:
            self.finished.emit()
        else:
            self.changed.emit()
            self.to_work()

    def resume(self, whole: payments.PaymentDraft, parts: list[split.Part], payment_id: int) -> None:
        """Take up a started part again, with the others beside it."""
        self.clear()
        self.whole, self.total_minor = whole, whole.split_minor or 0
        for part in parts:
            row = self._add(part.method, part.amount_minor)
            row.take_up(part, waits=part.status == "STARTED" and part.payment_id != payment_id)
        self._say_rest()
        self.changed.emit()

    def outcome(self) -> payments.Completed | None:
        """What the completed parts did together; None where none is."""
        done = [row.done for row in self.rows if row.done is not None]
        if not done:
            return None
        return payments.Completed(
            payment_id=done[-1].payment_id,
            number=done[-1].number,
            amount_minor=sum(one.amount_minor for one in done),
            change_minor=sum(one.change_minor for one in done),
            invoice_ids=tuple(number for one in done for number in one.invoice_ids),
            receipt=all(one.receipt for one in done),
            credit_minor=sum(one.credit_minor for one in done),
            unsold=tuple(dict.fromkeys(what for one in done for what in one.unsold)),
        )

    def main_label(self) -> str:
        """What Ctrl+Enter does now."""
        row = self.active()
        if row is None:
            return _("Go on")
        facts: dict[str, Any] = {
            "method": method_word(row.method()).lower(), "amount": text.show_money(row.amount_minor()),
        }  # fmt: skip
        said = _("Complete {method} {amount}") if row.status else _("Start {method} {amount}")
        return said.format(**facts)
