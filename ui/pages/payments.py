"""The payment desk (pictures 05 and 05b): who, what is owed, how it is paid, what to give back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QElapsedTimer, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app import clock, money, text
from app.desk import basket, payments
from app.errors import DeskError, UserError
from app.lists import people as roster
from app.lists import takings
from app.text import _
from ui import words
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.find import FindStudent
from ui.dialogs.refund import PaymentsOf
from ui.pages.payment_after import AfterPayment
from ui.pages.payment_done import DoneCard
from ui.pages.payment_one import OnePayment
from ui.pages.payment_owed import Owed
from ui.pages.payment_parts import OwedRow, Steps
from ui.pages.payment_paying import PayingRow
from ui.pages.payment_side import DaySide, WaitingButton
from ui.pages.payment_tender import TenderCard
from ui.pages.payment_who import WhoPays, bill_button
from ui.theme import theme
from ui.widgets.basic import Button, Card, PageHead

#: Tables that say what somebody owes.
_OWED_BY = {"courses_enrolled", "product_enrolled", "installments", "student_payments", "invoices", "users"}


class PaymentsPage(QWidget):
    """One screen from the person to the receipt. A draft lives on screen only; Started is in the file.

    Signals: `hints_changed` (other keys work now), `open_requested` (table, row: the record behind),
    `open_items_requested`.
    """

    hints_changed = Signal()
    open_requested = Signal(str, int)
    open_items_requested = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.key_hints = [(("Space",), _("take line")), (("F8",), _("exact")), (("Esc",), _("keep for later"))]
        self.help_keys = [
            ("Ctrl+F", _("other student")), ("Space", _("take the line")), ("Ins", _("add a course or product")),
            ("Shift+F10", _("change the line: waive, plan, transfer")),
            ("Alt+C", _("coupon for what is added")), ("Alt+1 … 3", _("cash, card, transfer")), ("F8", _("exact cash")),
            ("Alt+K", _("keep the change as credit")), ("Alt+4", _("split: a part by each means, check and other too")),
            ("Alt+5", _("use credit for the chosen lines")), ("Ctrl+Enter", _("start, complete")),
            ("Alt+I", _("invoice to be paid later")),
            ("Alt+O", _("open items: what is unpaid and late")), ("Alt+P", _("payments of this person, refunds")),
            ("Esc", _("keep it Started for later")), ("R / O", _("print the receipt, open the invoice, when done")),
            ("M", _("the receipt in the mail queue, when done")),
            ("Ctrl+Z", _("reverse the payment just made")), ("Enter", _("next person, when done")),
        ]  # fmt: skip
        self.student_id: int | None = None
        self.completed: payments.Completed | None = None
        self._asked = QElapsedTimer()  # since another question stands on the main button
        self._credited = QElapsedTimer()
        self.one = OnePayment(context)
        self.one.started.connect(self._started)
        self.one.completed.connect(self._completed)
        self.one.failed.connect(self._kept)
        self.one.refused.connect(self._refused)
        self.one.settled_elsewhere.connect(self._settled_elsewhere)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 0, 16, 12)
        column.setSpacing(0)
        self.steps = Steps()
        self.unpaid = Button(_("Open items"), "coins", kind="flat", keys=("Alt", "O"))
        self.unpaid.setToolTip(_("Open items (Alt+O)"))
        self.unpaid.clicked.connect(self.open_items_requested)
        self.side = DaySide(context)
        self.side.resume_requested.connect(self.resume)
        self.waiting = WaitingButton(self.side)
        self.head = PageHead(_("Payment desk"), [self.waiting, bill_button(self.bill), self.unpaid, self.steps])
        column.addWidget(self.head)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._left(), 5)
        row.addWidget(self._middle())
        self.one.late.connect(self._late)
        row.addWidget(self.side)
        column.addLayout(row, 1)
        for keys, act in (
            ("Ctrl+F", self.other_student), ("F8", self.exact), ("Ctrl+Return", self.go_on), ("Ctrl+Enter", self.go_on),
            ("Alt+1", lambda: self.methods["cash"].click()), ("Alt+2", lambda: self.methods["card"].click()),
            ("Alt+3", lambda: self.methods["transfer"].click()),
            ("Alt+4", self.split_further), ("Alt+5", self.credit.use.click), ("Alt+I", self.bill),
            ("Alt+O", self.open_items_requested.emit), ("Alt+P", self.show_payments),
            ("Ins", self.owed.find_offer), ("Alt+C", self.paying.to_coupon), ("Alt+K", self.tender.keep.click),
        ):  # fmt: skip
            self._shortcut(keys, act)
        theme().changed.connect(self._fit)
        self._fit()
        self.new_draft(None)

    def _fit(self) -> None:
        """Widths follow the text size; where there is no room for it, the day's side gives way."""
        self.owed.fit()
        # In large type the sign alone, so that no number in the head is cut.
        self.unpaid.setText(_("Open items") if self.width() >= theme().px(1150) else "")
        self.unpaid.keys = ("Alt", "O") if self.unpaid.text() else ()
        self.unpaid.updateGeometry()
        self.middle.setFixedWidth(min(theme().px(352), 420))
        self.side.setVisible(self.width() >= theme().px(1150))
        self.tender.show_started(self._stands())
        self.waiting.follow()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _shortcut(self, keys: str, act: Callable[[], object]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setAutoRepeat(False)  # a key that is held down is one press
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(act)

    # -- building

    def _left(self) -> QWidget:
        card = Card(margins=(0, 0, 0, 0))
        column = card.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(0)
        self.who = WhoPays(self.context)
        self.name = self.who.name
        self.who.other.clicked.connect(self.other_student)
        self.who.paid.clicked.connect(self.show_payments)
        column.addWidget(self.who)
        self.owed = Owed(self.context)
        self.owed.changed.connect(self._update)
        self.selected = self.owed.selected
        column.addWidget(self.owed, 1)
        self.paying = PayingRow(self.context, self.owed, self._is_worked_at)
        self.payer, self.note, self.coupon = self.paying.payer, self.paying.note, self.paying.coupon
        self.paying.coupon_entered.connect(self._to_given)
        column.addWidget(self.paying)
        column.addWidget(self.owed.foot)
        return card

    def _middle(self) -> QWidget:
        self.middle = QStackedWidget()
        self.middle.addWidget(self._tender())
        self.done = DoneCard(self.context)
        self.after = AfterPayment(self)
        self.done.next.clicked.connect(self.next_person)
        self.middle.addWidget(self.done)
        return self.middle

    def _tender(self) -> QWidget:
        card = self.tender = TenderCard(self.context)
        self.methods, self.given, self.notes, self.main = card.methods, card.given, card.notes, card.main
        self.to_pay, self.change, self.change_box, self.coins = card.to_pay, card.change, card.change_box, card.coins
        self.problem, self.safe = card.problem, card.safe
        for button in card.methods.values():
            button.clicked.connect(self._method_chosen)
        card.given_changed.connect(self._update)
        card.failed_button.clicked.connect(self.fail)
        card.keep_button.clicked.connect(self.keep)
        card.main.clicked.connect(self.go_on)
        self.credit = card.credit
        self.credit.use.clicked.connect(self.use_credit)
        self.credit.used.connect(self._credit_used)
        self.credit.refused.connect(self._credit_refused)
        self.split = card.split
        self.split.changed.connect(self._update)
        self.split.problem.connect(card.say)
        self.split.refused.connect(self._refused)
        self.split.ready.connect(card.main.setFocus)
        self.split.started.connect(self._part_started)
        self.split.finished.connect(self._parts_finished)
        return card

    # -- the draft

    def page_shown(self) -> None:
        """Read again what is shown beside the draft, and what is owed."""
        self.side.reload()
        self._read_owed()
        if self.student_id is None:
            self._to_given()
            self.other_student()

    def on_changes(self, changes: Any) -> None:
        """After a commit: the side, and what is owed. A page that is not seen reads it when it is."""
        if not self.isVisible():
            return
        if changes.tables & {"payments", "tills", "till_moves"}:
            self.side.reload()
        if "tills" in changes.tables:
            self._update()  # whether it is closed is said beside what is given
        if changes.tables & _OWED_BY:
            self._read_owed()

    def _read_owed(self) -> None:
        """What is owed now, unless a payment of it stands here already."""
        if self.student_id is None or self.has_own_undo():
            return
        if not roster.page([self.student_id]):
            self.new_draft(None)  # who was to pay is gone, as by taking back that they were added
        elif self.owed.is_stale(self.student_id):
            if self._is_worked_at():
                self.owed.let_go(self.student_id)
                self.credit.read(self.student_id, self.paying.payer_id())
            else:
                self.new_draft(self.student_id, self.owed.payer)

    def _is_worked_at(self) -> bool:
        """Whether somebody has typed or added something: then it is not begun anew under their hands."""
        return self.tender.touched or self._splitting() or any(row.offer is not None for row in self.rows)

    def new_draft(self, student_id: int | None, payer_id: int | None = None) -> None:
        """Begin anew with someone, or with all that a payer pays for. Nothing is booked by looking."""
        self.student_id, self.completed = student_id, None
        self.one.begin()
        self._asked.invalidate()
        self.middle.setCurrentIndex(0)
        self.tender.begin()
        self.side.point_at("")
        found = roster.overview(student_id) if student_id is not None else None
        self.owed.show_student(student_id, payer_id)
        self.paying.show_person(found, payer_id)
        self.credit.read(student_id, self.paying.payer_id())
        self.who.show_person(found)
        self.steps.set(self._now() if found is not None else "")
        self.head.facts.setText("")
        self._show_hints()
        self._update()
        self._to_given()

    def _to_given(self) -> None:
        """Into the amount, all of it chosen: what is typed takes its place."""
        if self.student_id is None:
            self.who.other.setFocus()  # the keys of the page work from here
            return
        self.given.setFocus()
        self.given.selectAll()

    def _show_hints(self) -> None:
        if self.completed is not None:
            self.key_hints = [(("R",), _("receipt")), (("M",), _("mail")), (("Enter",), _("next person"))]
        elif self._splitting():
            self.key_hints = [(("Enter",), _("the rest as a part")), (("F8",), _("exact")), (("Esc",), _("keep"))]
        else:
            self.key_hints = [(("Space",), _("take line")), (("F8",), _("exact")), (("Esc",), _("keep for later"))]
        self.hints_changed.emit()

    def _now(self) -> str:
        return words.clock_time(clock.stamp(), self.context.center)

    @property
    def payment_id(self) -> int | None:
        """The payment by one means that stands here."""
        return self.one.payment_id

    @property
    def rows(self) -> list[OwedRow]:
        """The lines that are owed or added."""
        return self.owed.rows

    # -- sums

    def method(self) -> str:
        """The chosen way to pay."""
        return self.tender.method()

    def _splitting(self) -> bool:
        return self.method() == "split"

    def _stands(self) -> bool:
        """Whether something of this payment is in the file."""
        return self.payment_id is not None or (self._splitting() and self.split.running)

    def _update(self) -> None:
        total = self.owed.total_minor()
        if self._splitting():
            self._update_split(total or 0)
            return
        self.tender.show_split(False)
        # Where an amount on a line is wrong there is no sum; the line says why.
        self.to_pay.setText(text.show_money(total) if total is not None else "—")
        self.to_pay.set_color("text" if total is not None else "text3")
        self.owed.show_sums()
        if total is not None:
            self.tender.propose(total)
        started = self.payment_id is not None
        self.tender.show_given(total, started=started)
        self._offer_credit()
        self.main.set_label(_("Complete payment") if started else _("Start payment"))
        to_say = total is None or any(row.offer is not None for row in self.rows)  # why it does not start
        self.main.setEnabled(bool(self.student_id) and (started or to_say or bool(total or self._prepaid())))
        self.tender.show_started(started)
        self._allow(started)

    def _offer_credit(self) -> None:
        lines = self.owed.up_to(money.MAX_MINOR).lines if self.student_id is not None else ()
        self.credit.whose(self.student_id, self.paying.payer_id())
        self.credit.offer(lines, allowed=self.payment_id is None)

    def use_credit(self) -> None:
        """Alt+5: what was paid too much before goes on the chosen lines; the rest is still to pay."""
        if self._credited.isValid() and self._credited.elapsed() < QApplication.doubleClickInterval():
            return  # the second press of a double one would use the rest
        if not self._stands():
            self.tender.say("")
            self.credit.spend()

    def _credit_used(self) -> None:
        if self.student_id is not None and self.completed is None and not self._stands():
            self.credit.read(self.student_id, self.paying.payer_id())
            self.who.show_person(roster.overview(self.student_id))
            self.owed.renew(self.student_id)
            self._credited.start()
            self._to_given()

    def _credit_refused(self, error: DeskError) -> None:
        self.tender.say(text.sentence(error))
        self._update()

    def _update_split(self, total: int) -> None:
        """The same places for a payment by several means."""
        self.tender.show_split(True)
        self.split.set_total(total)
        self.to_pay.setText(text.show_money(self.split.total_minor))
        self.owed.show_sums()
        row = self.split.active()
        self.main.set_label(self.split.main_label())
        self.main.setEnabled(bool(self.student_id) and row is not None and self.split.total_minor > 0)
        self.tender.show_started(row is not None and row.status == "STARTED")
        self._allow(self.split.running)

    def _allow(self, started: bool) -> None:
        """What can be chosen and typed: nothing of it once a payment stands."""
        on = not started and self.student_id is not None
        for widget in (self.given, *self.methods.values()):
            widget.setEnabled(on)
        self.paying.allow(on)
        self.owed.allow(on)

    def _prepaid(self) -> int:
        """Money given although nothing is chosen: it becomes credit."""
        return (self.tender.given_minor() or 0) if not self.owed.taken() else 0

    def prepare(self, amount_minor: int | None, method: str) -> None:
        """Fill in how much is given, and by what, as it was typed elsewhere."""
        self.methods[method].setChecked(True)
        if amount_minor is not None:
            self.tender.take_given(amount_minor)
        self._update()
        self.main.setFocus()

    def exact(self) -> None:
        """F8: the exact sum was given."""
        if self._splitting():
            self.split.exact()
            return
        self.tender.take_given(self.owed.total_minor() or 0)
        self._update()

    def _method_chosen(self) -> None:
        self.tender.say("")
        if self._splitting():
            self.split.begin(self.owed.total_minor() or 0)
            self._update()
            self.split.to_work()
        else:
            self._update()
            self._to_given()
        self._show_hints()

    def split_further(self) -> None:
        """Alt+4: by several means; once more, the rest by another one."""
        if self.completed is None and self.student_id is not None:
            if self._splitting():
                self.split.add_part()
            elif self.payment_id is None:
                self.methods["split"].click()

    # -- the life of a payment

    def draft(self) -> payments.PaymentDraft:
        """What is on screen, as a draft. Less given than chosen pays the lines in their order."""
        assert self.student_id is not None
        total = self.owed.total_minor()
        if total is None:
            raise UserError("payments.line_amount", "lines")
        if self.owed.refused is not None:
            raise self.owed.refused
        if not total and any(row.offer is not None for row in self.rows):
            raise UserError("payments.nothing_to_pay")
        if self._splitting():
            if not total:
                raise UserError("payments.split_nothing", "lines")
            whole = self.owed.up_to(total)
            return payments.PaymentDraft(
                self.one.key, self.student_id, "card", total, whole.lines, whole.sales, self.paying.payer_id(),
                note=self.note.text(), tender_group=self.one.key, split_minor=total, courses=whole.courses,
                coupons=whole.coupons, quoted=whole.quoted,
            )  # fmt: skip
        given = self.tender.read_given()
        cash = self.method() == "cash"
        amount = self.tender.taken_minor(total)
        chosen = self.owed.up_to(amount)
        return payments.PaymentDraft(
            request_key=self.one.key,
            student_id=self.student_id,
            method=self.method(),
            amount_minor=amount,
            lines=chosen.lines,
            sales=chosen.sales,
            courses=chosen.courses,
            coupons=chosen.coupons,
            quoted=chosen.quoted,
            payer_id=self.paying.payer_id(),
            given_minor=given if cash else None,
            reference=self.tender.reference_words(),
            note=self.note.text(),
        )

    def go_on(self) -> None:
        """Start the payment; then complete it; then the next person. The second press of a double one counts for
        nothing: it would answer what nobody has read.
        """
        if self._asked.isValid() and self._asked.elapsed() < QApplication.doubleClickInterval():
            return
        if self.completed is not None:
            self.next_person()
            return
        self.tender.say("")
        self.tender.say_given("")
        if self.student_id is None:
            self.other_student()
        else:
            (self.split if self._splitting() else self.one).go_on(self.draft, self.main)

    def _refused(self, error: DeskError) -> None:
        """Say it where it is about: the amount, the coupon, a line; else above the button."""
        field = error.field if isinstance(error, UserError) else None
        if field in ("coupon", "quote", "courses", "items"):
            self.owed.price_again()
        if field == "coupon":
            self.paying.say_coupon(text.sentence(error))
            self.paying.to_coupon()
        elif field in ("given", "amount"):
            self.tender.say_given(text.sentence(error))
            self._to_given()
        elif field == "lines" and self.owed.total_minor() is None:
            self.owed.to_wrong()
        else:
            self.tender.say(text.sentence(error))
        self._update()

    def _settled_elsewhere(self, error: DeskError) -> None:
        """Another desk, or another window, was first: what is true now is shown beside the sentence."""
        self.new_draft(self.student_id, self.owed.payer)
        self.side.reload()
        self._refused(error)

    def _late(self) -> None:
        """What became of the one before is seen at the right."""
        self.side.reload()
        self._update()

    def _started(self) -> None:
        number = next((row.number for row in takings.started() if row.id == self.payment_id), "")
        saved = _("Started and saved at {time}. Nothing is booked until you complete it; Esc keeps it for later.")
        self._say_saved(number, self._now(), saved)
        self._update()

    def _part_started(self) -> None:
        row = self.split.active()
        if row is not None:
            saved = _("{number} is started and saved at {time}. Nothing of it is booked until you complete it.")
            self._say_saved(row.payment_number, self._now(), saved)

    def _say_saved(self, number: str, at: str, saved: str, **facts: str) -> None:
        """That a payment is in the file: its number, since when, and what that means."""
        self.head.facts.setText(number)
        self.steps.set(self.steps.times[0] or at, self.steps.times[1] or at)  # of several parts, since the first
        self.safe.setText(saved.format(number=number, time=at, **facts))
        self._asked.start()
        self.main.setFocus()

    def _parts_finished(self) -> None:
        """Every part is settled or waits: what was completed is shown, what waits is on the list at the right."""
        done = self.split.outcome()
        if any(row.waits for row in self.split.rows):
            self.context.notice.emit(_("Kept as Started. It is on the list at the right."))
        if done is None:
            self._kept()
            return
        self._completed(done)

    def _completed(self, done: payments.Completed) -> None:
        self.completed = done
        self._asked.start()
        self.steps.set(self.steps.times[0], self.steps.times[1] or self._now(), self._now())
        self.safe.setText("")
        self.head.facts.setText(done.number)
        parts = [row for row in self.split.rows if row.status] if self._splitting() else []
        self.side.point_at(done.number)
        self.side.reload()
        self.done.show_completed(done, self.method(), parts)
        self._show_outcome(done)
        self.middle.setCurrentIndex(1)
        self.done.next.setFocus()
        self._show_hints()
        self.context.notice.emit(_("Payment {number} is complete.").format(number=done.number))

    def _show_outcome(self, done: payments.Completed) -> None:
        """What became of each line, and what is still owed."""
        self.done.say_without(self.owed.show_outcome(done.amount_minor, sold=not self._splitting()))
        if self.student_id is not None:
            whole = done.amount_minor >= sum(row.open_minor for row in self.rows if row.take.isChecked())
            self.who.show_person(roster.overview(self.student_id), paid=whole)

    def fail(self) -> None:
        """No money moved: ask why, and keep that."""
        part = self.split.active() if self._splitting() else None
        if (part is not None and part.status == "STARTED") or (self.payment_id is not None and self.completed is None):
            title, why = _("The payment failed"), _("Nothing is booked. Why did it fail?")
            ask.ask(self, title, why, [("fail", _("It failed"))], self._fail, field=_("Reason"))

    def _fail(self, _choice: str, reason: str) -> None:
        (self.split if self._splitting() else self.one).fail(reason)

    def keep(self) -> None:
        """Esc: the payment stays Started and can be found again."""
        if self._splitting() and self.completed is None:
            self.split.keep()
            return
        if self.payment_id is not None and self.completed is None:
            self.context.notice.emit(_("Kept as Started. It is on the list at the right."))
            self._kept()

    def _kept(self) -> None:
        self.new_draft(self.student_id, self.owed.payer)
        self.side.reload()

    def resume(self, payment_id: int) -> None:
        """Take up a Started payment again, with all that it was started with."""
        row = next((one for one in takings.started() if one.id == payment_id), None)
        if row is None:
            self.side.reload()
            self.context.notice.emit(_("This payment does not wait any more: it was settled meanwhile."))
            return
        begun, split = basket.begun(payment_id), payments.whole_of(payment_id)
        self.new_draft(row.student_id, begun.payer_id)
        self.owed.show_begun(begun)
        self.note.setText(begun.note)
        if split is not None:
            self.methods["split"].setChecked(True)
            self.split.resume(*split, payment_id)
            self._show_hints()
        else:
            self.one.resume(payment_id)
            self.methods.get(row.method, self.methods["card"]).setChecked(True)
            self.tender.reference.setText(begun.reference)
            self.tender.take_given(begun.given_minor or row.amount_minor)
            self._update()
            self.tender.keep.setChecked(row.method == "cash" and row.amount_minor > (self.owed.total_minor() or 0) > 0)
            self.to_pay.setText(text.show_money(row.amount_minor))
        saved = _("{number} was started with {amount}. Did the money move?")
        at = words.clock_time(row.started_at, self.context.center)
        self.steps.set(at)
        self._say_saved(row.number, at, saved, amount=text.show_money(row.amount_minor))

    def take_back(self) -> bool:
        """Ctrl+Z: whether the key is this page's now. It is while a payment stands here, and reverses one just made."""
        if self.completed is not None:
            self.after.reverse()
        elif self._stands():
            self.context.notice.emit(_("The payment is started: complete it, or say that it failed."))
        return self.has_own_undo()

    def has_own_undo(self) -> bool:
        """Whether a payment stands here that was saved: money has its own way back, with a reason."""
        return self.completed is not None or self._stands()

    def show_payments(self, first: int | None = None) -> None:
        """Alt+P: every payment of the person at the desk, `first` chosen; from there, refunds."""
        found = roster.overview(self.student_id) if self.student_id is not None else None
        if found is not None:
            dialog = PaymentsOf(self.context, self, found.row.id, found.row.name)
            dialog.refunded.connect(self._refunded)
            if first is not None:
                dialog.table.select_id(first)
            dialog.open()

    def bill(self) -> None:
        """Alt+I: what is owed here is billed, to be paid later."""
        if self.student_id is not None and not self._stands():
            from ui.dialogs.bill import bill  # first needed when something is billed

            bill(self.context, self, self.student_id, self.paying.payer_id())

    def _refunded(self) -> None:
        """What was given back is owed again; a draft that somebody works at stays as it is."""
        typed = self._is_worked_at()
        if self.student_id is not None and self.completed is None and not self._stands():
            if typed:
                self.who.show_person(roster.overview(self.student_id))
            else:
                self.new_draft(self.student_id)

    def next_person(self) -> None:
        """Enter: the next one in the queue."""
        self.new_draft(None)
        self.other_student()

    def other_student(self) -> None:
        """Ctrl+F: choose who pays."""
        dialog = FindStudent(self.context, self, _("Who pays?"))
        dialog.chosen.connect(self.new_draft)
        dialog.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.after.key(event.key()):
            return
        if event.key() == Qt.Key.Key_Escape:
            self.keep()
        else:
            super().keyPressEvent(event)
