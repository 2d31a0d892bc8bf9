"""Ways to change what was agreed, for the tests that try every writer."""

from __future__ import annotations

from typing import Any

from app import store
from app.desk import (
    discounts,
    dues,
    enrollment,
    invoices,
    payments,
    refunds,
    replan,
    returning,
    scheduling,
    transfer,
    waiving,
)
from app.desk.payments import PayLine
from app.store.models import Course, CourseEnrolled, Installment, Payment, ProductEnrolled, Session
from tests.support.center import SmallCenter
from tests.support.writers import scenario


def _planned(made: SmallCenter) -> int:
    """Łukasz's lessons in three installments of 200.00; 50.00 of the first are paid. The last is invoiced, unpaid."""
    return int(Installment.get(Installment.position == 3).enrollment_id)


def _bill_last(made: SmallCenter) -> None:
    last = Installment.get(Installment.position == 3)
    line = PayLine(last.enrollment_id, None, last.id)
    invoices.bill(made.staff, made.other_student, [line])


@scenario("waiving.waive", before=_bill_last)
def _(made: SmallCenter) -> Any:
    done = waiving.waive(made.admin, waiving.Waiver(PayLine(_planned(made)), 45_000, "hardship"))
    assert done.papers
    return done


@scenario("replan.replan", before=_bill_last)
def _(made: SmallCenter) -> Any:
    return replan.replan(made.staff, _planned(made), (("2026-11-20", 1), ("2027-03-01", 19_999)))


def _bill_whole(made: SmallCenter) -> None:
    """Ana's theory stands paid in half on one invoice with a book."""
    first = Payment.get(Payment.request_key == "first")
    refunds.refund(made.staff, first.id, 20_000, "half of it", "half")


@scenario("replan.replan of what was invoiced whole", before=_bill_whole)
def _(made: SmallCenter) -> Any:
    line = CourseEnrolled.get(CourseEnrolled.student_id == made.student).id
    done = replan.replan(made.staff, line, (("2026-12-01", 1_000), ("2027-01-01", open_minor(line) - 1_000)))
    assert [paper.kind for paper in done.papers] == ["credit_note", "invoice"]
    return done


def open_minor(line: int) -> int:
    """What is open on an enrollment."""
    return sum(due.open_minor for due in dues.of_lines([line], []))


def _group(made: SmallCenter) -> None:
    """A second group of the lessons, and one of the theory."""
    lessons = Course.get(Course.code == "D-L").id
    for course, name in ((lessons, "Lessons evening"), (made.course, "Theory evening")):
        draft = scheduling.SessionDraft(
            course_id=course, name=name, recurrence="picked_dates", picked_dates=("2027-03-01", "2027-03-02"),
            start_time="19:00", capacity=2,
        )  # fmt: skip
        scheduling.plan_session(made.staff, draft)


def _theory(made: SmallCenter) -> int:
    """Ana's theory, paid, with a seat in a coming slot."""
    return int(CourseEnrolled.get(CourseEnrolled.student_id == made.student).id)


@scenario("transfer.transfer_place", before=_group)
def _(made: SmallCenter) -> Any:
    lessons, group = Course.get(Course.code == "D-L").id, Session.get(Session.name == "Lessons evening").id
    place = transfer.Place(_theory(made), lessons, group, fee_product_id=made.book, reason="wants to drive")
    done = transfer.transfer_place(made.staff, place)
    assert done.moved_minor
    assert done.seats_taken
    assert [paper.kind for paper in done.papers][0] == "credit_note"
    return done


def _coupon(made: SmallCenter) -> None:
    """Two more courses; Ana is in the first of them with a coupon, in installments, one of them paid."""
    with store.write("Two more", made.admin) as w:
        rate = Course.get_by_id(made.course).tax_rate_id
        for code, price in (("PIA", 30_000), ("VIO", 45_000)):
            w.insert(Course, code=code, name=code, price_minor=price, tax_rate_id=rate)
    discounts.add_rule(made.admin, discounts.RuleDraft("Spring", "coupon", percent_bp=1_000, code="SPRING"))
    plan, piano = enrollment.plan(27_000, 3, "2027-01-31"), Course.get(Course.code == "PIA").id
    draft = enrollment.EnrollmentDraft(made.student, piano, installments=plan, coupon="spring", send_mail=False)
    line = enrollment.enroll(made.staff, draft)
    first = Installment.get(Installment.enrollment_id == line, Installment.position == 1)
    paid = payments.PaymentDraft("of the plan", made.student, "card", 9_000, (PayLine(line, None, first.id, 9_000),))
    payments.complete(made.staff, payments.start(made.staff, paid))


@scenario("transfer.transfer_place with its plan and its coupon", before=_coupon)
def _(made: SmallCenter) -> Any:
    piano, violin = (Course.get(Course.code == code).id for code in ("PIA", "VIO"))
    line = CourseEnrolled.get(CourseEnrolled.course_id == piano).id
    done = transfer.transfer_place(made.staff, transfer.Place(line, violin, plan="carry", reason="other wish"))
    assert [part.amount_minor for part in done.plan] == [9_000, 15_750, 15_750]
    return done


@scenario("transfer.transfer_place to another group", before=_group)
def _(made: SmallCenter) -> Any:
    group = Session.get(Session.name == "Theory evening").id
    place = transfer.Place(_theory(made), made.course, group, reason="evenings")
    return transfer.transfer_place(made.staff, place)


def _owes_more(made: SmallCenter) -> None:
    lessons = Course.get(Course.code == "D-L").id
    enrollment.enroll(made.staff, enrollment.EnrollmentDraft(made.student, lessons))


@scenario("transfer.move_money", before=_owes_more)
def _(made: SmallCenter) -> Any:
    target = CourseEnrolled.select().order_by(CourseEnrolled.id.desc()).get().id
    move = transfer.MoneyMove(PayLine(_theory(made)), PayLine(target), 10_000, "put on the wrong one")
    return transfer.move_money(made.staff, move)


def _more_credit(made: SmallCenter) -> None:
    third = Payment.get(Payment.request_key == "credit").student_id
    payments.complete(made.staff, payments.start(made.staff, payments.PaymentDraft("more", third, "cash", 500)))


@scenario("refunds.pay_out", before=_more_credit)
def _(made: SmallCenter) -> Any:
    third = Payment.get(Payment.request_key == "credit").student_id
    credit = refunds.student_credit_minor(third)
    found = refunds.pay_out(made.staff, third, credit, "leaves", "out")
    assert len(found) > 1
    return found


def _sold_and_paid(made: SmallCenter) -> None:
    """Ana bought a second book, which stands paid on one invoice with driving lessons."""
    _owes_more(made)
    lessons = CourseEnrolled.select().order_by(CourseEnrolled.id.desc()).get().id
    (book,) = enrollment.sell(made.staff, enrollment.SaleDraft(made.student, (enrollment.SaleItem(made.book),)))
    invoices.bill(made.staff, made.student, [PayLine(lessons), PayLine(None, book)])
    draft = payments.PaymentDraft("book", made.student, "card", 2_400, (PayLine(None, book, None, 2_400),))
    payments.complete(made.staff, payments.start(made.staff, draft))


@scenario("returning.return_product", before=_sold_and_paid)
def _(made: SmallCenter) -> Any:
    line = ProductEnrolled.select().order_by(ProductEnrolled.id.desc()).get().id
    done = returning.return_product(made.staff, line, "pages are missing")
    assert [paper.kind for paper in done.papers] == ["credit_note", "invoice"]
    assert done.back_in_stock == 1
    return done
