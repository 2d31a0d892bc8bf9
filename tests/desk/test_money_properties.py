"""Any order of desk work keeps every money rule: a plain model runs beside the file and is compared after each step."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from peewee import fn

from app import paths, store
from app.desk import (
    balances,
    canceling,
    crediting,
    discounts,
    dues,
    enrollment,
    invoices,
    operations,
    payments,
    quotes,
    refunds,
    replan,
    till,
    transfer,
    undo,
    waiving,
)
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.errors import UserError
from app.lists import statement
from app.store import checks
from app.store.models import (
    Course,
    CourseEnrolled,
    Installment,
    Invoice,
    InvoiceLine,
    Operation,
    Payment,
    Product,
    ProductEnrolled,
    StudentPayment,
    TaxRate,
    User,
)
from app.store.prepared import prepared
from tests.desk.money_undo import TakesBack
from tests.support.center import SmallCenter, build
from tests.support.counting import Count, in_full, sliced

FULL = in_full("money")
EXAMPLES, STEPS = (1000, 100) if FULL else (100, 50)

#: So many examples of a full run have a seed together, which is the number of the first: slices are parts of one whole.
AT_ONCE = 20

#: After so many steps everything is compared, and at the end; after each step what people owe. In full: after each.
WHOLE = 1 if FULL else 25

#: What the coupon of the center takes off, and how often it may: in all, and by one student.
CODE, SHARE_BP, MOST, MOST_EACH = "SPRING", 333, 4, 3

Key = tuple[int | None, int | None, int | None]


@dataclass
class Unit:
    """What can be paid on its own, as the model knows it."""

    student: int
    gross: int
    invoice: int | None = None


@dataclass
class Paid:
    """A payment as the model knows it."""

    student: int
    amount: int
    lines: list[PayLine]
    sales: list[tuple[int, int, int]]
    status: str = "STARTED"
    refunded: int = 0
    courses: tuple[int, ...] = ()
    coupon: bool = False
    agreed: int = 0  # the price of the course in it
    group: str | None = None
    shares: list[tuple[int, int]] = field(default_factory=list)  # (place in the whole, amount)


@dataclass
class Whole:
    """A split payment as the model knows it: its claims in order, what was sold for it, the draft of its first part."""

    lines: list[PayLine]
    price: int | None  # of the one book that is sold with it
    amount: int
    draft: PaymentDraft
    sold: int | None = None


@dataclass
class Promised:
    """A quote as the model knows it; `line` is the enrollment it was used for, None while it stands."""

    student: int
    course: int
    gross: int
    coupon: bool
    line: int | None = None


@dataclass
class Model:
    """The money of a center in plain dicts: units in the order they fall due, and who put what on them."""

    units: dict[Key, Unit] = field(default_factory=dict)
    payments: dict[int, Paid] = field(default_factory=dict)
    puts: list[list[Any]] = field(default_factory=list)  # [payment, unit, amount], oldest first
    documents: dict[int, set[Key]] = field(default_factory=dict)  # live invoices
    stock: int = 0
    wholes: dict[str, Whole] = field(default_factory=dict)
    coupons: dict[tuple[int | None, int | None], int] = field(default_factory=dict)  # line: its student
    quotes: dict[int, Promised] = field(default_factory=dict)
    acts: list[tuple[int, str, int]] = field(default_factory=list)  # what can be taken back: (operation, what, row)

    def did(self, what: str, row: int) -> None:
        """The last operation did something that a desk can take back."""
        self.acts.append((int(Operation.select(fn.MAX(Operation.id)).scalar()), what, row))

    def has_room(self, student: int) -> bool:
        """Whether a student can use the coupon once more: lines, quotes that stand and payments under way hold uses."""
        used = list(self.coupons.values())
        used += [quote.student for quote in self.quotes.values() if quote.coupon and quote.line is None]
        used += [row.student for row in self.payments.values() if row.coupon and row.status == "STARTED"]
        return len(used) < MOST and used.count(student) < MOST_EACH

    def gone(self, line: int, *, moved: bool = False) -> None:
        """An enrollment was canceled: the use of its coupon is free again, and the quote it was made with stands,
        unless the place was moved on.
        """
        self.coupons.pop((line, None), None)
        for quote in () if moved else self.quotes.values():
            if quote.line == line:
                quote.line = None

    def left(self, group: str) -> int:
        """What no part of a split payment has that did not fail."""
        parts = [row for row in self.payments.values() if row.group == group and row.status != "FAILED"]
        return self.wholes[group].amount - sum(row.amount for row in parts)

    def claim(self, group: str, amount: int) -> list[tuple[int, int]]:
        """What the next part takes of the whole, in its order."""
        whole, found = self.wholes[group], []
        claims = [line.amount_minor for line in whole.lines] + ([whole.price] if whole.price is not None else [])
        for place, wanted in enumerate(claims):
            held = sum(
                share
                for row in self.payments.values()
                if row.group == group and row.status != "FAILED"
                for at, share in row.shares
                if at == place
            )
            mine = min(wanted - held, amount)
            amount -= mine
            if mine:
                found.append((place, mine))
        return found

    def paid(self, key: Key) -> int:
        return sum(amount for _, unit, amount in self.puts if unit == key)

    def open(self, key: Key) -> int:
        return self.units[key].gross - self.paid(key)

    def credit(self, payment: int) -> int:
        row = self.payments[payment]
        used = sum(amount for paid_by, _, amount in self.puts if paid_by == payment)
        return row.amount - row.refunded - used if row.status == "COMPLETED" else 0

    def balance(self, student: int) -> int:
        """Open on the student's lines, less the credit of the student's payments: another road to the same sum."""
        owes = sum(self.open(key) for key, unit in self.units.items() if unit.student == student)
        return owes - sum(self.credit(p) for p, row in self.payments.items() if row.student == student)

    def meant(self, line: PayLine) -> list[Key]:
        if line.product_enrolled_id is not None:
            return [key for key in self.units if key[1] == line.product_enrolled_id]
        return [key for key in self.units if key[0] == line.enrollment_id and line.installment_id in (None, key[2])]

    def put(self, payment: int, key: Key, amount: int) -> int:
        taken = min(amount, self.open(key))
        if taken > 0:
            self.puts.append([payment, key, taken])
        return max(taken, 0)

    def free(self, invoice: int) -> None:
        for key in self.documents.pop(invoice):
            self.puts = [entry for entry in self.puts if entry[1] != key]
            if key in self.units:
                self.units[key].invoice = None


class _Templates:
    """A center that quotes gross and one that quotes net, made once and copied for each run."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="deskbell-money-"))
        self.made: dict[str, SmallCenter] = {}

    def copy(self, prices: str) -> tuple[SmallCenter, Path]:
        if prices not in self.made:
            made = build(self.folder / prices, prices=prices)
            with store.write("Odd prices", made.admin) as w:
                rate = TaxRate.get(TaxRate.rate_bp == 2000).id
                for number, price in enumerate((1, 333, 9999, 125050)):
                    w.insert(Course, code=f"C{number}", name=f"Course {number}", price_minor=price, tax_rate_id=rate)
                w.update(Product, made.book, stock=12)
            discounts.add_rule(made.admin, discounts.RuleDraft(
                "Spring", "coupon", percent_bp=SHARE_BP, code=CODE, most_uses=MOST, most_uses_each=MOST_EACH,
            ))  # fmt: skip
            store.close_center()
            self.made[prices] = made
        target = Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copy(paths.data_file(self.folder / prices), paths.data_file(target))
        store.open_center(target)
        return self.made[prices], target


class MoneyMachine(TakesBack, RuleBasedStateMachine):
    """Staff at work, at random."""

    templates: _Templates

    @initialize(prices=st.sampled_from(["gross", "net"]))
    def a_new_day(self, prices: str) -> None:
        self.center, self.folder = self.templates.copy(prices)
        self.actor = self.center.staff
        self.students = [self.center.student, self.center.other_student]
        self.model = Model(stock=12)
        self.keys = 0
        self.cash_in = self.cash_out = self.steps = 0
        self.prices = prices
        self.courses = list(Course.select())
        till.open_till(self.actor, 5000)

    def teardown(self) -> None:
        if store.is_open():
            try:
                self._everything_agrees()
                assert checks.run() == []
            finally:
                store.close_center()
                shutil.rmtree(self.folder)

    def _key(self) -> str:
        self.keys += 1
        return f"key-{self.keys}"

    # -- buying

    def _gross(self, listed: int, off: int, rate_bp: int = 2000) -> int:
        """What a price comes to, worked out beside the program: the discount first, then tax, half-up."""
        quoted = listed - off
        return quoted if self.prices == "gross" else quoted + (2 * quoted * rate_bp + 10_000) // 20_000

    @staticmethod
    def _off(listed: int) -> int:
        """What the coupon takes off, half-up."""
        return (2 * listed * SHARE_BP + 10_000) // 20_000

    def _discount(self, data: st.DataObject, listed: int) -> tuple[int | None, str, int]:
        """(typed by hand, coupon, what it takes off)."""
        how = data.draw(st.sampled_from(["none", "hand", "coupon"]))
        if how == "coupon":
            return None, CODE.lower(), self._off(listed)
        off = data.draw(st.integers(0, listed)) if how == "hand" else 0
        return (off if how == "hand" else None), "", off

    def _refused_coupon(self, error: UserError, student: int, coupon: str) -> bool:
        if not error.key.startswith("discounts."):
            return False
        assert error.key in ("discounts.used_up", "discounts.used_by_student")
        assert coupon
        assert not self.model.has_room(student)
        return True

    @rule(data=st.data())
    def enroll(self, data: st.DataObject) -> None:
        student, model = data.draw(st.sampled_from(self.students)), self.model
        standing = [number for number, one in model.quotes.items() if one.student == student and one.line is None]
        quote = data.draw(st.sampled_from([*standing, None]))
        if quote is not None:
            promised = model.quotes[quote]
            gross, coupon = promised.gross, CODE if promised.coupon else ""
            draft = EnrollmentDraft(student, promised.course, quote_id=quote, discount_minor=1, coupon="NONE")
        else:
            course = data.draw(st.sampled_from(self.courses))
            typed, coupon, off = self._discount(data, course.price_minor)
            gross = self._gross(course.price_minor, off)
            draft = EnrollmentDraft(student, course.id, discount_minor=typed, coupon=coupon)
        parts = data.draw(st.integers(0, 4))
        plan = enrollment.plan(gross, parts, "2027-01-31") if 0 < parts <= gross else ()
        draft = replace(draft, installments=plan, send_mail=False)
        had_room = model.has_room(student)
        try:
            made = enrollment.enroll(self.actor, draft)
        except UserError as error:
            assert error.key == "enrollment.already_enrolled" or self._refused_coupon(error, student, coupon)
            return
        model.did("enroll", made)
        if quote is not None:
            model.quotes[quote].line = made
        elif coupon:
            assert had_room
        if coupon and gross < self._gross(CourseEnrolled.get_by_id(made).list_price_minor, 0):
            model.coupons[made, None] = student  # of a price of one cent it takes nothing, and is not used
        if plan:
            for row in Installment.select().where(Installment.enrollment_id == made).order_by(Installment.position):
                model.units[(made, None, row.id)] = Unit(student, row.amount_minor)
        else:
            model.units[(made, None, None)] = Unit(student, gross)

    @rule(data=st.data())
    def offer_quote(self, data: st.DataObject) -> None:
        student, course = data.draw(st.sampled_from(self.students)), data.draw(st.sampled_from(self.courses))
        typed, coupon, off = self._discount(data, course.price_minor)
        draft = quotes.QuoteDraft(student, course.id, discount_minor=typed, coupon=coupon)
        try:
            made = quotes.offer(self.actor, draft)
        except UserError as error:
            assert self._refused_coupon(error, student, coupon)
            return
        assert not coupon or self.model.has_room(student)
        assert quotes.load(made).price.gross_minor == self._gross(course.price_minor, off)
        self.model.quotes[made] = Promised(
            student, course.id, self._gross(course.price_minor, off), bool(coupon and off)
        )

    @precondition(lambda self: hasattr(self, "model") and self.model.quotes)
    @rule(data=st.data())
    def withdraw_quote(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.model.quotes)))
        if self.model.quotes[number].line is not None:
            with pytest.raises(UserError, match=r"quotes\.used"):
                quotes.withdraw(self.actor, number)
            return
        quotes.withdraw(self.actor, number)
        del self.model.quotes[number]

    @rule(data=st.data())
    def sell(self, data: st.DataObject) -> None:
        student, quantity = data.draw(st.sampled_from(self.students)), data.draw(st.integers(1, 3))
        typed, coupon, off = self._discount(data, 2400 * quantity)
        draft = SaleDraft(student, (SaleItem(self.center.book, quantity, typed, coupon),))
        if quantity > self.model.stock:
            with pytest.raises(UserError, match="out_of_stock"):
                enrollment.sell(self.actor, draft)
            return
        try:
            (line,) = enrollment.sell(self.actor, draft)
        except UserError as error:
            assert self._refused_coupon(error, student, coupon)
            return
        if coupon:
            assert self.model.has_room(student)
            self.model.coupons[None, line] = student
        self.model.did("sell", line)
        self._sold(line, student, quantity)
        assert self.model.units[None, line, None].gross == self._gross(2400 * quantity, off, 1000)

    def _sold(self, line: int, student: int, quantity: int) -> None:
        self.model.stock -= quantity
        self.model.units[(None, line, None)] = Unit(student, ProductEnrolled.get_by_id(line).gross_minor)

    # -- paying

    def _some_lines(self, data: st.DataObject) -> list[PayLine]:
        owing = [key for key in self.model.units if self.model.open(key) > 0]
        if not owing:
            return []
        chosen = data.draw(st.lists(st.sampled_from(owing), max_size=3, unique=True))
        return [
            PayLine(
                key[0],
                key[1],
                key[2],
                data.draw(st.sampled_from([self.model.open(key), (self.model.open(key) + 1) // 2])),
            )
            for key in chosen
        ]

    @rule(data=st.data())
    def pay_at_once(self, data: st.DataObject) -> None:
        payment = self._start(data)
        if payment is not None:
            self._complete(payment)

    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        self._start(data)

    def _start(self, data: st.DataObject) -> int | None:
        student = data.draw(st.sampled_from(self.students))
        lines = self._some_lines(data)
        extra = data.draw(st.sampled_from([0, 1, 2400, 40000]))
        sales = [(self.center.book, 1, 0)] if data.draw(st.booleans()) and self.model.stock > 0 else []
        there = enrollment.running(student)
        free = [course.id for course in self.courses if course.id not in there]
        courses = (data.draw(st.sampled_from(free)),) if free and data.draw(st.booleans()) else ()
        coupon = bool(courses) and data.draw(st.booleans())
        amount = sum(line.amount_minor for line in lines) + extra
        if amount == 0:
            return None
        method = data.draw(st.sampled_from(payments.METHODS))
        draft = PaymentDraft(
            self._key(), student, method, amount, tuple(lines), tuple(SaleItem(*sale) for sale in sales),
            given_minor=amount + 5 if method == "cash" else None, courses=courses,
            coupons=tuple((course, CODE) for course in courses if coupon),
        )  # fmt: skip
        try:
            made = payments.start(self.actor, draft)
        except UserError as error:
            assert self._refused_coupon(error, student, CODE if coupon else "")
            return None
        assert not coupon or self.model.has_room(student)
        assert payments.start(self.actor, draft) == made
        listed = next((one.price_minor for one in self.courses if one.id in courses), 0)
        coupon = coupon and bool(self._off(listed))
        agreed = self._gross(listed, self._off(listed) if coupon else 0)
        self.model.payments[made] = Paid(student, amount, lines, sales, courses=courses, coupon=coupon, agreed=agreed)
        return made

    @rule(data=st.data())
    def begin_a_split(self, data: st.DataObject) -> None:
        """A part of a payment by several means; the rest of it is left to other steps."""
        student, lines = data.draw(st.sampled_from(self.students)), self._some_lines(data)
        with_book = self.model.stock > 0 and data.draw(st.booleans())
        off = data.draw(st.integers(0, 2399)) if with_book else 0
        price = self._gross(2400, off, 1000) if with_book else None
        amount = sum(line.amount_minor for line in lines) + (price or 0) + data.draw(st.sampled_from([0, 1]))
        if amount < 2:
            return
        group = self._key()
        sales = (SaleItem(self.center.book, 1, off),) if price is not None else ()
        draft = PaymentDraft(
            "", student, "card", 1, tuple(lines), sales, tender_group=group, split_minor=amount,
        )  # fmt: skip
        self.model.wholes[group] = Whole(lines, price, amount, draft)
        self._part(data, group)

    def _splits(self) -> list[str]:
        return [group for group in self.model.wholes if self.model.left(group) > 0]

    @precondition(lambda self: hasattr(self, "model") and self._splits())
    @rule(data=st.data())
    def next_part(self, data: st.DataObject) -> None:
        self._part(data, data.draw(st.sampled_from(self._splits())))

    def _part(self, data: st.DataObject, group: str) -> None:
        whole, left = self.model.wholes[group], self.model.left(group)
        amount = data.draw(st.sampled_from([left, (left + 1) // 2, 1, left + 1]))
        method = data.draw(st.sampled_from(payments.METHODS))
        draft = replace(
            whole.draft, request_key=self._key(), method=method, amount_minor=amount,
            given_minor=amount + 5 if method == "cash" else None,
        )  # fmt: skip
        try:
            made = payments.start(self.actor, draft)
        except UserError as error:
            standing = [row for row in self.model.payments.values() if row.group == group and row.status != "FAILED"]
            if error.key == "payments.split_above":
                assert amount > left
            elif error.key == "enrollment.out_of_stock":
                assert not standing
                assert self.model.stock == 0
            else:  # somebody else paid it, or it was canceled
                assert error.key in ("payments.line_above_open", "payments.line_gone")
                assert any(
                    sum(self.model.open(key) for key in self.model.meant(whole.lines[place])) < share
                    for place, share in self.model.claim(group, amount)
                    if place < len(whole.lines)
                )
            return
        assert amount <= left
        assert payments.start(self.actor, draft) == made
        shares = self.model.claim(group, amount)
        own = [replace(whole.lines[place], amount_minor=share) for place, share in shares if place < len(whole.lines)]
        self.model.payments[made] = Paid(whole.draft.student_id, amount, own, [], group=group, shares=shares)
        if data.draw(st.booleans()):
            self._complete(made)

    def _started(self) -> list[int]:
        return [number for number, row in self.model.payments.items() if row.status == "STARTED"]

    @precondition(lambda self: hasattr(self, "model") and self._started())
    @rule(data=st.data())
    def complete(self, data: st.DataObject) -> None:
        self._complete(data.draw(st.sampled_from(self._started())))

    def _complete(self, payment: int) -> None:
        row = self.model.payments[payment]
        before = enrollment.running(row.student)
        done = payments.complete(self.actor, payment)
        self.model.did("complete", payment)
        left = row.amount
        row.status = "COMPLETED"
        if Payment.get_by_id(payment).method == "cash":
            self.cash_in += row.amount
            assert done.change_minor == 5
        for line in row.lines:
            wanted = min(line.amount_minor, left)
            for key in self.model.meant(line):
                taken = self.model.put(payment, key, wanted)
                wanted, left = wanted - taken, left - taken
        for course in row.courses:
            line = enrollment.running(row.student)[course]
            if course not in before:
                gross = CourseEnrolled.get_by_id(line).gross_minor
                self.model.units[(line, None, None)] = Unit(row.student, gross)
                assert gross == row.agreed
                if row.coupon:
                    self.model.coupons[line, None] = row.student
            wanted = min(left, row.agreed)  # no more than was agreed, whatever the enrollment made meanwhile costs
            for key in self.model.meant(PayLine(line)):
                taken = self.model.put(payment, key, wanted)
                wanted, left = wanted - taken, left - taken
        for product, quantity, _ in row.sales:
            if self.model.stock < quantity:
                assert done.unsold
                continue
            assert not done.unsold
            newest = ProductEnrolled.select().order_by(ProductEnrolled.id.desc()).get()
            assert newest.product_id == product
            self._sold(newest.id, row.student, quantity)
            left -= self.model.put(payment, (None, newest.id, None), left)
        left -= self._sold_with_parts(payment, done)
        self._note_invoices(done.invoice_ids)
        assert done.credit_minor == left == self.model.credit(payment)
        assert done.receipt == (not done.invoice_ids)
        with pytest.raises(UserError, match=r"payments\.already_completed"):
            payments.complete(self.actor, payment)

    def _sold_with_parts(self, payment: int, done: payments.Completed) -> int:
        """What a part puts on the book of its split payment, which the first to complete sells."""
        row = self.model.payments[payment]
        if row.group is None or len(self.model.wholes[row.group].lines) not in dict(row.shares):
            assert row.sales or not done.unsold
            return 0
        whole = self.model.wholes[row.group]
        if whole.sold is None:
            if self.model.stock < 1:
                assert done.unsold
                return 0
            whole.sold = ProductEnrolled.select().order_by(ProductEnrolled.id.desc()).get().id
            self._sold(whole.sold, row.student, 1)
        assert not done.unsold
        return self.model.put(payment, (None, whole.sold, None), dict(row.shares)[len(whole.lines)])

    def _note_invoices(self, invoice_ids: tuple[int, ...]) -> None:
        """Every unit with money and no invoice got one of the new ones, and no other did."""
        needy = {key for key, unit in self.model.units.items() if unit.invoice is None and self.model.paid(key) > 0}
        billed: set[Key] = set()
        for invoice_id in invoice_ids:
            keys = _keys_of(invoice_id)
            assert not keys & billed
            billed |= keys
            self.model.documents[invoice_id] = keys
            for key in keys:
                self.model.units[key].invoice = invoice_id
        assert billed == needy

    @precondition(lambda self: hasattr(self, "model") and self._started())
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        payment = data.draw(st.sampled_from(self._started()))
        payments.fail(self.actor, payment, "declined")
        self.model.payments[payment].status = "FAILED"
        with pytest.raises(UserError, match=r"payments\.already_failed"):
            payments.complete(self.actor, payment)

    def _completed(self) -> list[int]:
        return [number for number, row in self.model.payments.items() if row.status == "COMPLETED"]

    @precondition(lambda self: hasattr(self, "model") and self._completed())
    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        payment = data.draw(st.sampled_from(self._completed()))
        row = self.model.payments[payment]
        left = row.amount - row.refunded
        amount = data.draw(st.sampled_from([1, (left + 1) // 2, left, left + 1]))
        if amount > left or amount == 0:
            with pytest.raises(UserError, match=r"payments\.(refund_above_paid|amount)"):
                refunds.refund(self.actor, payment, amount, "too much", self._key())
            return
        to_free = amount - self.model.credit(payment)
        if self._too_much_cash([(payment, amount)]):
            with pytest.raises(UserError, match=r"till\.not_enough_to_give"):
                refunds.refund(self.actor, payment, amount, "asked for", self._key())
            return
        refunds.refund(self.actor, payment, amount, "asked for", self._key())
        self._refunded(payment, amount, to_free)

    def _inside(self) -> int:
        """What should be in the till."""
        return 5000 + self.cash_in - self.cash_out

    def _too_much_cash(self, backs: list[tuple[int, int]]) -> bool:
        """Whether what goes back of some payments is more cash than the till should hold."""
        return sum(amount for payment, amount in backs if Payment.get_by_id(payment).method == "cash") > self._inside()

    @rule(data=st.data())
    def move_cash(self, data: st.DataObject) -> None:
        """Mostly out, so that cash that was paid cannot always be given back."""
        inside = self._inside()
        amount = data.draw(st.sampled_from([1, (inside + 1) // 2, inside, inside + 1]))
        if data.draw(st.integers(0, 3)) == 0:
            till.move(self.actor, "paid_in", 1 + amount, "from the bank")
            self.cash_in += 1 + amount
        elif 0 < amount <= inside:
            till.move(self.actor, "paid_out", amount, "to the bank")
            self.cash_out += amount
        else:
            with pytest.raises(UserError, match=r"till\.(not_enough|amount)"):
                till.move(self.actor, "paid_out", amount, "to the bank")

    def _refunded(self, payment: int, amount: int, to_free: int) -> None:
        self.model.payments[payment].refunded += amount
        for entry in reversed(self.model.puts):
            if entry[0] == payment and to_free > 0:
                part = min(entry[2], to_free)
                entry[2] -= part
                to_free -= part
        if Payment.get_by_id(payment).method == "cash":
            self.cash_out += amount

    def _with_credit(self) -> list[int]:
        return sorted({row.student for number, row in self.model.payments.items() if self.model.credit(number)})

    @precondition(lambda self: hasattr(self, "model") and self._with_credit())
    @rule(data=st.data())
    def use_credit(self, data: st.DataObject) -> None:
        student = data.draw(st.sampled_from(self._with_credit()))
        lines = self._some_lines(data)
        if not lines:
            return
        if data.draw(st.booleans()):  # no more than there is
            credit = sum(self.model.credit(p) for p, row in self.model.payments.items() if row.student == student)
            lines = [replace(lines[0], amount_minor=min(credit, lines[0].amount_minor))]
        wanted = sum(line.amount_minor for line in lines)
        there = [
            p for p in sorted(self.model.payments) if self.model.payments[p].student == student and self.model.credit(p)
        ]
        if wanted > sum(self.model.credit(p) for p in there):
            with pytest.raises(UserError, match=r"payments\.not_enough_credit"):
                refunds.apply_credit(self.actor, student, lines, self._key())
            return
        key = self._key()
        issued = refunds.apply_credit(self.actor, student, lines, key)
        assert refunds.apply_credit(self.actor, student, lines, key) == issued
        flow = [(self.model.meant(line)[0], line.amount_minor) for line in lines]
        for payment in there:
            credit = self.model.credit(payment)
            while credit and flow:
                unit, amount = flow.pop(0)
                part = self.model.put(payment, unit, min(amount, credit))
                credit -= part
                if part < amount:
                    flow.insert(0, (unit, amount - part))
        self._note_invoices(issued)

    # -- documents

    @rule(data=st.data())
    def bill(self, data: st.DataObject) -> None:
        free = [key for key, unit in self.model.units.items() if unit.invoice is None]
        if not free:
            return
        chosen = data.draw(st.lists(st.sampled_from(free), min_size=1, max_size=3, unique=True))
        student = self.model.units[chosen[0]].student
        if not any(self.model.units[key].gross for key in chosen):
            with pytest.raises(UserError, match=r"invoices\.nothing_to_bill"):
                invoices.bill(self.actor, student, [PayLine(*key) for key in chosen], send_mail=False)
            return
        made = invoices.bill(self.actor, student, [PayLine(*key) for key in chosen], send_mail=False)
        self.model.did("bill", made)
        self.model.documents[made] = set(chosen)
        for key in chosen:
            self.model.units[key].invoice = made

    @precondition(lambda self: hasattr(self, "model") and self.model.documents)
    @rule(data=st.data())
    def credit(self, data: st.DataObject) -> None:
        invoice = data.draw(st.sampled_from(sorted(self.model.documents)))
        note = crediting.credit(self.actor, invoice, "wrong")
        self.model.free(invoice)
        assert invoices.paid_minor(invoice) == invoices.open_minor(invoice) == 0
        for document, key in ((invoice, "already_credited"), (note, "is_credit_note")):
            with pytest.raises(UserError, match=key):
                crediting.credit(self.actor, document, "again")

    @precondition(lambda self: hasattr(self, "model") and any(key[0] for key in self.model.units))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        line = data.draw(st.sampled_from(sorted({key[0] for key in self.model.units if key[0] is not None})))
        touched = {
            unit.invoice for key, unit in self.model.units.items() if key[0] == line and unit.invoice is not None
        }
        kept = {
            key: sorted((entry[0], entry[2]) for entry in self.model.puts if entry[1] == key)
            for invoice in touched
            for key in self.model.documents[invoice]
            if key[0] != line and self.model.units[key].gross  # what costs nothing is on no document issued anew
        }
        canceling.cancel_enrollment(self.actor, line, "moved away")
        self.model.gone(line)
        for invoice in touched:
            self.model.free(invoice)
        for key in [key for key in self.model.units if key[0] == line]:
            assert self.model.paid(key) == 0
            del self.model.units[key]
        for key in [key for key in kept if not self.model.units[key].gross]:  # nothing is invoiced anew over nothing
            assert (kept.pop(key), _live(key)) == ([], None)
        for key, entries in kept.items():
            rows = [
                [row.payment_id, key, row.amount_minor]
                for row in StudentPayment.select().where(
                    StudentPayment.invoice_id == _live_invoice(key), StudentPayment.direction == 1
                )
                if (row.enrollment_id, row.product_enrolled_id, row.installment_id) == key
            ]
            assert sorted((payment, amount) for payment, _, amount in rows) == [e for e in entries if e[1]]
            self.model.units[key].invoice = _live_invoice(key)
        for row in StudentPayment.select().order_by(StudentPayment.id):
            key = (row.enrollment_id, row.product_enrolled_id, row.installment_id)
            if key in kept and row.invoice_id == self.model.units[key].invoice and row.direction == 1:
                self.model.puts.append([row.payment_id, key, row.amount_minor])
        for key in kept:
            invoice = self.model.units[key].invoice
            assert invoice is not None
            self.model.documents[invoice] = _keys_of(invoice)

    # -- the way back

    @precondition(lambda self: hasattr(self, "model") and self.model.acts)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        """A counter-entry by the same hand, or what stands in its way."""
        gone = operations.undone()
        standing = [one for one in self.model.acts if one[0] not in gone]
        if not standing:
            return
        act = data.draw(st.sampled_from(standing))
        operation, what, row = act
        expected = self._in_the_way(what, row)
        if expected:
            with pytest.raises(UserError) as refused:
                undo.undo(self.actor, operation)
            stays = "undo.stays_since"  # what came after is a transfer or the like, which nothing takes back
            changed = "undo.changed"  # refused all the same; no later operation was found to be named
            since = expected in ("undo.later_change", "undo.in_use")
            assert refused.value.key in ((expected, stays, changed) if since else (expected,))
            return
        model, to_free = self.model, 0
        if what == "complete":
            to_free = model.payments[row].amount - model.credit(row)
        undo.undo(self.actor, operation)
        model.acts.remove(act)
        with pytest.raises(UserError, match=r"undo\.already"):
            undo.undo(self.actor, operation)
        if what == "complete":
            self._refunded(row, model.payments[row].amount, to_free)
        elif what == "bill":
            model.free(row)
        elif what == "enroll":
            model.gone(row)
            for key in self._of((row, None)):
                del model.units[key]
        else:
            model.coupons.pop((None, row), None)
            model.stock += ProductEnrolled.get_by_id(row).quantity
            del model.units[None, row, None]

    def _in_the_way(self, what: str, row: int) -> str:
        """Why an act is not taken back any more, '' where nothing hinders it."""
        model = self.model
        if what == "complete":
            if model.payments[row].refunded:
                return "undo.later_change"
            return "till.not_enough_to_give" if self._too_much_cash([(row, model.payments[row].amount)]) else ""
        if what == "bill":
            if row not in model.documents:
                return "invoices.already_credited"
            return "undo.in_use" if any(model.paid(key) for key in model.documents[row]) else ""
        units = self._of((row, None) if what == "enroll" else (None, row))
        if not units:
            return "undo.later_change"
        if any(model.paid(key) for key in units):
            return "undo.paid"
        return "undo.invoiced" if any(model.units[key].invoice for key in units) else ""

    # -- changing what was agreed

    def _lines(self) -> list[tuple[int | None, int | None]]:
        """The lines that are not canceled."""
        return sorted({key[:2] for key in self.model.units}, key=str)

    def _of(self, line: tuple[int | None, int | None]) -> list[Key]:
        """The units of a line, in the order of its plan."""
        return [key for key in self.model.units if key[:2] == line]

    def _follow(self, line: tuple[int | None, int | None], student: int) -> None:
        """Read the units of a changed line again, and check what must not have changed: money kept, rest as planned."""
        model, before = self.model, self._of(line)
        for key in before:
            del model.units[key]
        rows = dues.of_lines([line[0]] if line[0] else [], [line[1]] if line[1] else [])
        for due in sorted(rows, key=lambda due: due.position):
            model.units[due.key] = Unit(student, due.gross_minor, due.invoice_id)

    def _renewed(self, touched: set[int], line: tuple[int | None, int | None], student: int, paid: int) -> None:
        """After documents were credited and issued anew: no line lost or gained money, and every rule holds."""
        if FULL:
            assert checks.run() == []
        model = self.model
        kept = {
            key: sorted((entry[0], entry[2]) for entry in model.puts if entry[1] == key and entry[2])
            for invoice in touched
            for key in model.documents[invoice]
            if key[:2] != line
        }
        for invoice in touched:
            for key in model.documents.pop(invoice):
                model.puts = [entry for entry in model.puts if entry[1] != key]
                if key in model.units:
                    model.units[key].invoice = None
        self._follow(line, student)
        fresh = {_live(key) for key in [*kept, *self._of(line)]} - {None} - set(model.documents)
        for row in StudentPayment.select().where(StudentPayment.direction == 1).order_by(StudentPayment.id):
            if row.invoice_id in fresh:
                key = (row.enrollment_id, row.product_enrolled_id, row.installment_id)
                model.puts.append([row.payment_id, key, row.amount_minor])
        for invoice in fresh:
            assert invoice is not None
            model.documents[invoice] = _keys_of(invoice)
            for key in model.documents[invoice]:
                model.units[key].invoice = invoice
        for key, entries in kept.items():
            assert sorted((entry[0], entry[2]) for entry in model.puts if entry[1] == key) == entries
        assert sum(model.paid(key) for key in self._of(line)) == paid

    @precondition(lambda self: hasattr(self, "model") and any(self.model.open(key) for key in self.model.units))
    @rule(data=st.data())
    def waive(self, data: st.DataObject) -> None:
        model = self.model
        line = data.draw(st.sampled_from(self._lines()))
        units = self._of(line)
        left, paid = sum(model.open(key) for key in units), sum(model.paid(key) for key in units)
        gross, student = left + paid, model.units[units[0]].student
        amount = data.draw(st.sampled_from([1, (left + 1) // 2, left, left + 1]))
        waiver = waiving.Waiver(PayLine(*line), amount, "hardship")
        try:
            seen = waiving.preview(self.center.admin, waiver.line, amount) if data.draw(st.booleans()) else None
            done = waiving.waive(self.center.admin, waiver, seen)
        except UserError as error:
            expected = "nothing_open" if not left else "above_open" if amount > left else "no_such_price"
            assert error.key == f"waiving.{expected}" or (amount == 0 and error.key == "payments.amount")
            return
        assert amount <= left
        assert seen is None or done == seen
        let_go = done.gross_before_minor - done.gross_after_minor
        assert done.gross_before_minor == gross
        row = (CourseEnrolled if line[0] else ProductEnrolled).get_by_id(line[0] or line[1])
        assert row.gross_minor == gross - let_go >= paid
        assert let_go == amount if row.quoted == "gross" else amount - 1 <= let_go <= amount
        touched, less = set(), let_go
        for key in reversed(units):  # the last one first
            if less and model.open(key):
                less -= min(less, model.open(key))
                touched |= {model.units[key].invoice} - {None}
        self._renewed(touched, line, student, paid)

    def _plannable(self) -> list[int]:
        return sorted({key[0] for key in self.model.units if key[0] is not None and self.model.open(key) > 0})

    @precondition(lambda self: hasattr(self, "model") and self._plannable())
    @rule(data=st.data())
    def plan_anew(self, data: st.DataObject) -> None:
        model, number = self.model, data.draw(st.sampled_from(self._plannable()))
        line: tuple[int | None, int | None] = (number, None)
        units = self._of(line)
        whole = units[0][2] is None
        loose = [key for key in units if model.units[key].invoice is None and not model.paid(key)]
        left = sum(model.open(key) for key in (units if whole else loose))
        if not left:
            with pytest.raises(UserError, match=r"replan\.nothing_left"):
                replan.planned(number)
            return
        assert replan.planned(number).left_minor == left
        cuts = sorted(data.draw(st.lists(st.integers(1, left - 1), max_size=3, unique=True))) if left > 1 else []
        amounts = [b - a for a, b in zip([0, *cuts], [*cuts, left], strict=True)]
        year = data.draw(st.integers(2027, 2029))
        parts = tuple((f"{year}-0{month}-15", amount) for month, amount in enumerate(amounts, start=1))
        student, paid = model.units[units[0]].student, sum(model.paid(key) for key in units)
        fixed = {
            key: (model.units[key].gross, model.units[key].invoice) for key in units if not whole and key not in loose
        }
        touched = {model.units[units[0]].invoice} - {None} if whole else set()
        try:
            seen = replan.preview(self.actor, number, parts) if data.draw(st.booleans()) else None
            done = replan.replan(self.actor, number, parts, seen)
        except UserError as error:
            assert error.key == "replan.same"
            return
        assert seen is None or done == seen
        self._renewed(touched, line, student, paid)
        for key, kept in fixed.items():
            assert (model.units[key].gross, model.units[key].invoice) == kept
        fresh = [model.units[key].gross for key in self._of(line) if key not in fixed and not model.paid(key)]
        assert sorted(fresh) == sorted(amounts)

    @precondition(lambda self: hasattr(self, "model") and any(self.model.paid(key) for key in self.model.units))
    @rule(data=st.data())
    def move_money(self, data: st.DataObject) -> None:
        model, lines = self.model, self._lines()
        source, target = data.draw(st.sampled_from(lines)), data.draw(st.sampled_from(lines))
        paid = sum(model.paid(key) for key in self._of(source))
        room = sum(model.open(key) for key in self._of(target))
        amount = data.draw(st.sampled_from([1, paid, room, min(paid, room), (paid + 1) // 2]))
        students = {model.units[key].student for line in (source, target) for key in self._of(line)}
        move = transfer.MoneyMove(PayLine(*source), PayLine(*target), amount, "wrong line")
        try:
            seen = transfer.preview_money(self.actor, move) if data.draw(st.booleans()) else None
            transfer.move_money(self.actor, move, seen)
        except UserError as error:
            wrong = source == target or not 0 < amount <= min(paid, room) or len(students) > 1
            assert wrong, error.key
            return
        if seen is not None:
            with pytest.raises(UserError, match=r"changing\.stale|transfer\.above"):
                transfer.move_money(self.actor, move, seen)
        freed: list[list[int]] = []
        left = amount
        for entry in reversed([entry for entry in model.puts if entry[1][:2] == source]):
            part = min(entry[2], left)
            entry[2] -= part
            left -= part
            if part:
                freed.append([entry[0], part])
        for payment, part in freed:
            rest = part
            for key in self._of(target):
                rest -= model.put(payment, key, rest)
            assert rest == 0
        self._note_invoices(tuple({_live(key) for key in self._of(target)} - {None} - set(model.documents)))

    @precondition(lambda self: hasattr(self, "model") and self._with_credit())
    @rule(data=st.data())
    def pay_out(self, data: st.DataObject) -> None:
        model, student = self.model, data.draw(st.sampled_from(self._with_credit()))
        there = [p for p in sorted(model.payments) if model.payments[p].student == student and model.credit(p)]
        credit = sum(model.credit(p) for p in there)
        amount = data.draw(st.sampled_from([1, (credit + 1) // 2, credit, credit + 1]))
        key = self._key()
        if amount > credit:
            with pytest.raises(UserError, match=r"payments\.pay_out_above"):
                refunds.pay_out(self.actor, student, amount, "leaves", key)
            return
        backs, rest = [], amount
        for payment in there:
            backs.append((payment, min(model.credit(payment), rest)))
            rest -= backs[-1][1]
        if self._too_much_cash(backs):
            with pytest.raises(UserError, match=r"till\.not_enough_to_give"):
                refunds.pay_out(self.actor, student, amount, "leaves", key)
            return
        made = refunds.pay_out(self.actor, student, amount, "leaves", key)
        assert refunds.pay_out(self.actor, student, amount, "leaves", key) == made
        for payment, part in backs:
            amount -= part
            model.payments[payment].refunded += part
            if Payment.get_by_id(payment).method == "cash":
                self.cash_out += part
        assert amount == 0

    @precondition(lambda self: hasattr(self, "model") and any(key[0] for key in self.model.units))
    @rule(data=st.data())
    def transfer_place(self, data: st.DataObject) -> None:
        model = self.model
        line = data.draw(st.sampled_from(sorted({key[0] for key in model.units if key[0] is not None})))
        course = data.draw(st.sampled_from(self.courses))
        fee = self.center.book if model.stock > 0 and data.draw(st.booleans()) else None
        units = self._of((line, None))
        student = model.units[units[0]].student
        old, there = CourseEnrolled.get_by_id(line), enrollment.running(student)
        paid = [(entry[0], entry[2]) for entry in model.puts if entry[1][:2] == (line, None) and entry[2]]
        opened = [
            (Installment.get_by_id(key[2]).due_on, model.open(key)) for key in units if key[2] and model.open(key)
        ]
        touched = {model.units[key].invoice for key in units} - {None}
        others = {key[:2] for invoice in touched for key in model.documents[invoice] if key[:2] != (line, None)}
        money = {one: sum(model.paid(key) for key in self._of(one)) for one in others}
        off = self._off(course.price_minor) if (line, None) in model.coupons and self._room_after(line, student) else 0
        gross = self._gross(course.price_minor, off)
        along = min(sum(amount for _, amount in paid), gross)
        plan = data.draw(st.sampled_from(["", "carry", "even", "own"]))
        own = (("2031-05-01", 1), ("2031-06-01", gross - along - 1)) if plan == "own" else ()
        place = transfer.Place(
            line, course.id, fee_product_id=fee, reason="other wish", send_mail=False, plan=plan, parts=2,
            installments=own,
        )  # fmt: skip
        try:
            seen = transfer.preview_place(self.actor, place) if data.draw(st.booleans()) else None
            done = transfer.transfer_place(self.actor, place, seen)
        except UserError as error:
            if course.id != old.course_id and course.id not in there:
                assert error.key == "enrollment.parts", error.key
                assert gross - along < 2
                assert plan in ("even", "own")
            return
        assert seen is None or done == seen
        new = enrollment.running(student)[course.id]
        assert (CourseEnrolled.get_by_id(new).moved_from, CourseEnrolled.get_by_id(new).gross_minor) == (line, gross)
        model.gone(line, moved=True)
        if off:
            model.coupons[new, None] = student
        self._renewed(touched, (line, None), student, 0)
        assert {one: sum(model.paid(key) for key in self._of(one)) for one in others} == money
        self._follow((new, None), student)
        parts = [model.units[key].gross for key in self._of((new, None))]
        assert parts == self._planned(plan, gross, along, opened, own)
        bought: list[Key] = self._of((new, None))
        if fee is not None:
            sold = ProductEnrolled.select().order_by(ProductEnrolled.id.desc()).get().id
            self._sold(sold, student, 1)
            bought.append((None, sold, None))
        moved = 0
        for invoice in {_live(key) for key in bought} - {None}:
            assert invoice is not None
            model.documents[invoice] = _keys_of(invoice)
            for row in StudentPayment.select().where(StudentPayment.invoice_id == invoice).order_by(StudentPayment.id):
                key = (row.enrollment_id, row.product_enrolled_id, row.installment_id)
                model.puts.append([row.payment_id, key, row.amount_minor])
                moved += row.amount_minor
            for key in model.documents[invoice]:
                model.units[key].invoice = invoice
        whole = sum(model.units[key].gross for key in bought)
        assert moved == done.moved_minor == min(sum(amount for _, amount in paid), whole)
        for key in bought:
            billed = model.paid(key) > 0 if key[2] is not None else bool(touched)
            assert billed == (model.units[key].invoice is not None) or not model.units[key].gross

    def _room_after(self, line: int, student: int) -> bool:
        """Whether the coupon of a line has room for it once the line has given its use back."""
        model = self.model
        kept = dict(model.coupons)
        model.gone(line, moved=True)
        found = model.has_room(student)
        model.coupons = kept
        return found

    @staticmethod
    def _planned(
        plan: str, gross: int, along: int, opened: list[tuple[str, int]], own: tuple[tuple[str, int], ...]
    ) -> list[int]:
        """The installments of a transferred place: what was paid, then the rest as it was wanted."""
        left = gross - along
        if plan == "own":
            rest = [amount for _, amount in own]
        elif plan == "even" and left:
            rest = [left - left // 2, left // 2]
        elif plan == "carry" and left and opened:
            whole, days, so_far, before = sum(amount for _, amount in opened), {}, 0, 0
            for day, amount in opened:
                so_far += amount
                upto = (2 * left * so_far + whole) // (2 * whole)
                days[day] = days.get(day, 0) + upto - before
                before = upto
            rest = [amount for amount in days.values() if amount]
        else:
            return [gross]
        return [along, *rest] if along else rest

    # -- what is true at every moment

    @invariant()
    def every_rule_holds(self) -> None:
        if not hasattr(self, "model"):
            return
        self.steps += 1
        if self.steps % WHOLE == 0:
            self._everything_agrees()
            return
        kept = dict(_people(tuple(self.students)))
        assert kept == {student: self.model.balance(student) for student in self.students}

    def _everything_agrees(self) -> None:
        model = self.model
        everyone = [due for student in self.students for due in dues.of_student(student) if due.open_minor > 0]
        assert sorted(dues.of_everyone(), key=lambda due: str(due.key)) == sorted(
            everyone, key=lambda due: str(due.key)
        )
        for student in self.students:
            kept = User.get_by_id(student).balance_minor
            assert kept == balances.balance_minor(student) == model.balance(student)
            account = statement.of_students([student], "0001-01-01", "9999-12-31")
            assert account.closing_minor == kept
            assert sum(account.by_age_minor) == sum(line.open_minor for line in payments.owed(student))
            credit = sum(model.credit(p) for p, row in model.payments.items() if row.student == student)
            assert refunds.student_credit_minor(student) == credit
            shown = {
                (line.enrollment_id, line.product_enrolled_id, line.installment_id): (line.open_minor, line.invoice_id)
                for line in payments.owed(student)
            }
            assert shown == {
                key: (model.open(key), unit.invoice)
                for key, unit in model.units.items()
                if unit.student == student and model.open(key) > 0
            }
        assert Product.get_by_id(self.center.book).stock == model.stock
        state = till.current()
        assert state is not None
        assert state.expected_minor == self._inside() >= 0
        self._payments_are_used_within_their_amounts()
        self._documents_are_whole()
        for line, owner in self.model.coupons.items():
            row = (CourseEnrolled if line[0] else ProductEnrolled).get_by_id(line[0] or line[1])
            assert (row.student_id, row.discount_rule_id is not None) == (owner, True)

    def _payments_are_used_within_their_amounts(self) -> None:
        used: dict[int, int] = {}
        for row in StudentPayment.select():
            used[row.payment_id] = used.get(row.payment_id, 0) + row.direction * row.amount_minor
        for payment in Payment.select().where(Payment.payment_type != "refund"):
            if payment.status != "COMPLETED":
                assert payment.id not in used
            row = self.model.payments[payment.id]
            assert payment.status == row.status
            assert 0 <= used.get(payment.id, 0) <= payment.amount_minor - row.refunded
            assert refunds.credit_minor(payment.id) == self.model.credit(payment.id)

    def _documents_are_whole(self) -> None:
        numbers: dict[str, list[int]] = {}
        dates: dict[str, list[str]] = {}
        rows = _documents()
        for document_id, series, number, issued_on, kind, label, amounts, of_lines, paid, snapshot, digest in rows:
            numbers.setdefault(series, []).append(number)
            dates.setdefault(series, []).append(issued_on)
            assert amounts == of_lines
            assert hashlib.sha256(snapshot.encode()).hexdigest() == digest
            assert json.loads(snapshot)["head"]["label"] == label
            assert 0 <= paid <= json.loads(amounts)[2]
            if document_id == rows[-1][0]:
                assert invoices.paid_minor(document_id) == paid
            if kind == "invoice" and document_id not in self.model.documents:
                assert paid == 0
        for series, found in numbers.items():
            assert found == list(range(1, len(found) + 1)), series
            assert dates[series] == sorted(dates[series])


@prepared
def _people(ids: Any) -> Any:
    return User.select(User.id, User.balance_minor).where(User.id.in_(ids))


def _documents() -> list[Any]:
    """Every document with its amounts, those of its lines, and the money on it: in one statement, it is asked often."""
    put = "SELECT coalesce(sum(direction * amount_minor), 0) FROM student_payments WHERE invoice_id = i.id"
    lines = "SELECT json_array(sum(net_minor), sum(tax_minor), sum(gross_minor)) FROM invoice_lines"
    amounts = "json_array(i.net_minor, i.tax_minor, i.gross_minor)"
    return list(
        store.db.execute_sql(
            f"SELECT i.id, i.series, i.number, i.issued_on, i.kind, i.label, {amounts},"
            f" ({lines} WHERE invoice_id = i.id), ({put}), i.snapshot, i.document_hash FROM invoices i ORDER BY i.id"
        ).fetchall()
    )


def _keys_of(invoice_id: int) -> set[Key]:
    return {
        (line.enrollment_id, line.product_enrolled_id, line.installment_id)
        for line in InvoiceLine.select().where(InvoiceLine.invoice_id == invoice_id)
    }


def _live(key: Key) -> int | None:
    """The invoice of a unit that is not credited, if it has one."""
    found = dues.chosen([PayLine(*key)])
    return next((due.invoice_id for due in found if due.key == key), None)


def _live_invoice(key: Key) -> int:
    """The one invoice of a unit that no credit note refers to."""
    credited = {row.refers_to for row in Invoice.select().where(Invoice.kind == "credit_note")}
    found = [
        document.id
        for document in Invoice.select().where(Invoice.kind == "invoice")
        if document.id not in credited and key in _keys_of(document.id)
    ]
    assert len(found) == 1
    return int(found[0])


def test_money_rules_hold_in_any_order_of_work() -> None:
    """By default other examples each time; in full the same ones, which DESKBELL_SLICE can choose from."""
    MoneyMachine.templates = _Templates()
    try:
        if not FULL:
            _run(MoneyMachine, EXAMPLES)
            return
        seeds = sliced(range(EXAMPLES), AT_ONCE)[::AT_ONCE]
        for number in Count("examples from seed", seeds):
            _run(seed(number)(type("MoneyMachine", (MoneyMachine,), {})), AT_ONCE)
    finally:
        shutil.rmtree(MoneyMachine.templates.folder)


def _run(machine: type[MoneyMachine], examples: int) -> None:
    how = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(machine, settings=how)
