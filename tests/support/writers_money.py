"""Rarer ways of the functions of money, for the tests that try every writer: tried at few steps by default, and at each
step in `--full money`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app import store
from app.desk import (
    bulk,
    canceling,
    catalog,
    discounts,
    enrollment,
    invoices,
    payments,
    people,
    promises,
    quotes,
    refunds,
    reminding,
    till,
    transfer,
    undo,
    waiving,
)
from app.desk.discounts import RuleDraft
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.store.models import Course, CourseEnrolled, Payer, Payment, Product, Promise, Quote, TaxRate, User
from tests.support.center import SmallCenter
from tests.support.writers import Do, _due, _line, _third, last, scenario
from tests.support.writers_changes import _bill_last, _bill_whole, _planned, _theory
from tests.support.writers_prices import _lessons, _registered, _rule


def rare(name: str, *, before: Do | None = None, later: int = 0, about_money: bool = False) -> Callable[[Do], Do]:
    """`scenario`, for a way that is tried at few steps by default."""
    return scenario(name, before=before, later=later, about_money=about_money, rare=True)


def _paid(made: SmallCenter, draft: PaymentDraft) -> int:
    payment = payments.start(made.staff, draft)
    payments.complete(made.staff, payment)
    return payment


def _complete(made: SmallCenter, key: str) -> payments.Completed:
    return payments.complete(made.staff, Payment.get(Payment.request_key == key).id)


# -- taking


def _somebody_new(made: SmallCenter) -> None:
    """Somebody new, who has a coupon, and a fee for who is new."""
    _rule(made)
    _registered(made)


def _with_coupon(made: SmallCenter) -> int:
    """They pay a course with the coupon, and the fee that comes with the first one."""
    student, lessons, fee = User.get(User.first_name == "Mai").id, _lessons(), Product.get(Product.code == "REG").id
    draft = PaymentDraft(
        "coupon", student, "card", 60_000, (), (SaleItem(fee),), courses=(lessons,), coupons=((lessons, "summer"),)
    )
    return payments.start(made.staff, draft)


rare("payments.start with a coupon and a fee", before=_somebody_new)(_with_coupon)


def _coupon_waits(made: SmallCenter) -> None:
    _somebody_new(made)
    _with_coupon(made)


@rare("payments.complete with a coupon and a fee", before=_coupon_waits)
def _(made: SmallCenter) -> Any:
    done = _complete(made, "coupon")
    line = CourseEnrolled.select().order_by(CourseEnrolled.id.desc()).get()
    assert line.discount_rule_id is not None
    assert done.credit_minor
    return done


def _runs_out(made: SmallCenter) -> None:
    """A payment waits for a course that is canceled and for a book of which the last is sold."""
    due, left = _due(_third()), Product.get_by_id(made.book).stock
    sale = SaleItem(made.book)
    draft = PaymentDraft("late", _third(), "cash", due.open_minor + 2400, (_line(due),), (sale,), given_minor=99_000)
    payments.start(made.staff, draft)
    canceling.cancel_enrollment(made.staff, due.enrollment_id, "moves away")
    enrollment.sell(made.staff, SaleDraft(made.student, (SaleItem(made.book, left),)))


@rare("payments.complete of what is not there any more", before=_runs_out)
def _(made: SmallCenter) -> Any:
    done = _complete(made, "late")
    assert done.unsold
    assert done.credit_minor == done.amount_minor
    return done


def _company_owes(made: SmallCenter) -> None:
    """A company's two people are enrolled."""
    payer = people.add_payer(made.staff, people.PayerDraft("Alpen GmbH", "company", "office@alpen.example"))
    for name in ("Nina", "Omar"):
        student = people.add_student(made.staff, people.StudentDraft(name, "Zeman", payer_id=payer))
        enrollment.enroll(made.staff, EnrollmentDraft(student, made.course, payer_id=payer))


def _company() -> tuple[int, list[int], tuple[PayLine, ...]]:
    """The company, its people, and what they owe."""
    payer = Payer.get(Payer.name == "Alpen GmbH").id
    students = [row.id for row in User.select().where(User.payer_id == payer).order_by(User.id)]
    return payer, students, tuple(_line(due) for one in students for due in payments.owed(one))


def _company_pays(made: SmallCenter) -> None:
    _company_owes(made)
    payer, students, lines = _company()
    whole = sum(line.amount_minor for line in lines)
    draft = PaymentDraft("company", students[0], "transfer", whole + 1, lines, payer_id=payer)
    payments.start(made.staff, draft)


@rare("payments.complete by a company for two", before=_company_pays)
def _(made: SmallCenter) -> Any:
    done = _complete(made, "company")
    assert len(done.invoice_ids) == 1
    assert done.credit_minor == 1
    return done


@rare("invoices.bill to a company for two", before=_company_owes)
def _(made: SmallCenter) -> Any:
    payer, students, lines = _company()
    return invoices.bill(made.staff, students[0], lines, payer, send_mail=True)


def _company_billed(made: SmallCenter) -> None:
    _company_pays(made)
    _complete(made, "company")


@rare("canceling.cancel_enrollment of one of two on a company's invoice", before=_company_billed)
def _(made: SmallCenter) -> None:
    payer = _company()[0]
    line = CourseEnrolled.select().where(CourseEnrolled.payer_id == payer).order_by(CourseEnrolled.id).get()
    canceling.cancel_enrollment(made.staff, line.id, "left the company")


def _company_has_credit(made: SmallCenter) -> None:
    _company_owes(made)
    payer, students, _ = _company()
    _paid(made, PaymentDraft("ahead", students[0], "transfer", 40_000, payer_id=payer))


@rare("refunds.apply_credit of a company", before=_company_has_credit)
def _(made: SmallCenter) -> Any:
    payer, students, lines = _company()
    return refunds.apply_credit(made.staff, students[0], lines[:1], "use", payer)


@rare("refunds.pay_out to a company", before=_company_has_credit)
def _(made: SmallCenter) -> Any:
    return refunds.pay_out(made.staff, None, 40_000, "asked for", "out", _company()[0])


@rare("reminding.remind of a company", before=_company_owes, later=60)
def _(made: SmallCenter) -> None:
    payer, students, _ = _company()
    assert [one.obstacle for one in reminding.remind(made.staff, [(students[0], payer)])] == [""]


# -- selling


@rare("enrollment.sell with a coupon", before=_rule)
def _(made: SmallCenter) -> Any:
    return enrollment.sell(made.staff, SaleDraft(made.student, (SaleItem(made.book, 1, None, "summer"),)))


def _for_anyone(made: SmallCenter) -> None:
    """A discount for the first one, and a fee for who is new."""
    discounts.add_rule(made.admin, RuleDraft("Early", "anyone", amount_minor=1_000, most_uses=1))
    _registered(made)
    people.add_student(made.staff, people.StudentDraft("Ian", "Le"))


@rare("bulk.enroll_several with a discount and a fee", before=_for_anyone)
def _(made: SmallCenter) -> Any:
    new = tuple(row.id for row in User.select().where(User.last_name == "Le").order_by(User.id))
    return bulk.enroll_several(made.staff, bulk.BulkDraft(new, _lessons()))


def _quoted_and_enrolled(made: SmallCenter) -> None:
    _rule(made)
    quote = quotes.offer(made.staff, quotes.QuoteDraft(made.student, _lessons(), coupon="summer"))
    enrollment.enroll(made.staff, EnrollmentDraft(made.student, _lessons(), quote_id=quote))


@rare("canceling.cancel_enrollment of what was quoted", before=_quoted_and_enrolled)
def _(made: SmallCenter) -> None:
    canceling.cancel_enrollment(made.staff, Quote.get().enrollment_id, "not yet")
    assert Quote.get().status == "open"


# -- giving back, changing


@rare("refunds.refund of what was used")
def _(made: SmallCenter) -> Any:
    return refunds.refund(made.staff, Payment.get(Payment.request_key == "first").id, 20_000, "half of it", "half")


@rare("waiving.waive of one of two on an invoice", before=_bill_whole)
def _(made: SmallCenter) -> Any:
    done = waiving.waive(made.admin, waiving.Waiver(PayLine(_theory(made)), 5_000, "hardship"))
    assert [paper.kind for paper in done.papers] == ["credit_note", "invoice"]
    return done


def _promised(made: SmallCenter) -> None:
    enrollment.enroll(made.staff, EnrollmentDraft(made.student, _lessons()))
    promises.add(made.staff, made.student, "2026-12-24", 5_000)


@rare("waiving.waive that ends a promise", before=_promised)
def _(made: SmallCenter) -> None:
    (due,) = payments.owed(made.student)
    waiving.waive(made.admin, waiving.Waiver(PayLine(due.enrollment_id), due.open_minor, "hardship"))
    assert Promise.get().status == "withdrawn"


def _cheaper(made: SmallCenter) -> None:
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    catalog.add_course(made.admin, catalog.CourseDraft("ECO", "First aid", 10_000, rate, theory_minutes=90))


@rare("transfer.transfer_place to a cheaper course", before=_cheaper)
def _(made: SmallCenter) -> Any:
    course = Course.get(Course.code == "ECO").id
    done = transfer.transfer_place(made.staff, transfer.Place(_theory(made), course, reason="too long"))
    assert [paper.kind for paper in done.papers] == ["credit_note", "invoice", "invoice"]
    assert done.credit_after_minor > done.credit_before_minor
    return done


def _moved_with_rest(made: SmallCenter) -> None:
    _cheaper(made)
    course = Course.get(Course.code == "ECO").id
    transfer.transfer_place(made.staff, transfer.Place(_theory(made), course, reason="too long"))
    till.move(made.staff, "paid_in", 50_000, "for the payout")


@rare("refunds.pay_out of the rest of a transfer", before=_moved_with_rest)
def _(made: SmallCenter) -> Any:
    rest = refunds.student_credit_minor(made.student)
    return refunds.pay_out(made.staff, made.student, rest, "too long", "rest")


def _cheaper_and_billed(made: SmallCenter) -> None:
    _cheaper(made)
    _bill_last(made)


@rare("transfer.transfer_place of a partly billed plan", before=_cheaper_and_billed)
def _(made: SmallCenter) -> Any:
    course = Course.get(Course.code == "ECO").id
    place = transfer.Place(_planned(made), course, fee_product_id=made.book, reason="too much")
    return transfer.transfer_place(made.staff, place)


def _family(made: SmallCenter) -> None:
    """One guardian pays for two; the money of one is on the wrong child."""
    payer = people.add_payer(made.staff, people.PayerDraft("Eva Satler", "guardian", "eva@mail.example"))
    with store.write("Family", made.admin) as w:
        for one in (made.student, made.other_student):
            w.update(User, one, payer_id=payer)


@rare("transfer.move_money within a family", before=_family)
def _(made: SmallCenter) -> Any:
    target = _due(made.other_student)
    move = transfer.MoneyMove(PayLine(_theory(made)), PayLine(target.enrollment_id), 10_000, "the other child's")
    return transfer.move_money(made.staff, move)


# -- the drawer, and the way back


@rare("till.move of money that is put in")
def _(made: SmallCenter) -> None:
    till.move(made.staff, "paid_in", 500, "change from the bank")


def _undo(made: SmallCenter) -> Any:
    return undo.undo(made.admin, last())


def _use_credit(made: SmallCenter) -> None:
    refunds.apply_credit(made.staff, _third(), (_line(_due(_third())),), "use")


def _bill(made: SmallCenter) -> None:
    invoices.bill(made.staff, _third(), (_line(_due(_third())),))


def _sell(made: SmallCenter) -> None:
    enrollment.sell(made.staff, SaleDraft(made.student, (SaleItem(made.book),)))


def _move_cash(made: SmallCenter) -> None:
    till.move(made.staff, "paid_out", 500, "stamps")


def _bulk(made: SmallCenter) -> None:
    _for_anyone(made)
    new = tuple(row.id for row in User.select().where(User.last_name == "Le").order_by(User.id))
    bulk.enroll_several(made.staff, bulk.BulkDraft(new, _lessons()))


for what, before in {
    "credit that was used": _use_credit,
    "an invoice": _bill,
    "a sale": _sell,
    "cash that was moved": _move_cash,
    "several enrollments": _bulk,
}.items():
    rare(f"undo.undo of {what}", before=before, about_money=True)(_undo)
