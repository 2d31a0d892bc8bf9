"""A course taken at the payment desk: enrolled when the payment completes, with it or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from app import store, text
from app.desk import enrollment, payments
from app.desk.accounts import Actor
from app.desk.enrollment import EnrollmentDraft, SaleItem
from app.desk.payments import PaymentDraft
from app.errors import UserError
from app.store import checks
from app.store.models import (
    Course,
    CourseEnrolled,
    Invoice,
    InvoiceLine,
    MailQueue,
    Notification,
    Payment,
    StudentPayment,
    Timeline,
    User,
)
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def draft(center: SmallCenter, key: str = "k1", amount: int = 33000, **more: Any) -> PaymentDraft:
    return PaymentDraft(key, center.student, "card", amount, courses=(center.course,), **more)


def test_it_is_enrolled_with_the_payment_and_not_before(small_center: SmallCenter) -> None:
    made = payments.start(small_center.staff, draft(small_center, sales=(SaleItem(small_center.book),), amount=35400))
    assert Payment.get_by_id(made).payment_type == "mixed"
    assert CourseEnrolled.select().count() == 0
    done = payments.complete(small_center.staff, made)
    row = CourseEnrolled.get()
    assert (row.student_id, row.course_id, row.gross_minor, row.status) == (
        small_center.student, small_center.course, 33000, "pending",
    )  # fmt: skip
    assert [(p.enrollment_id, p.amount_minor) for p in StudentPayment.select()] == [(row.id, 33000), (None, 2400)]
    (invoice,) = done.invoice_ids
    assert Invoice.get_by_id(invoice).gross_minor == 35400
    assert InvoiceLine.select().where(InvoiceLine.enrollment_id == row.id).count() == 1
    assert (done.credit_minor, User.get_by_id(small_center.student).balance_minor) == (0, 0)
    assert MailQueue.select().where(MailQueue.template_key == "enrollment_confirmation").count() == 1
    assert Notification.select().where(Notification.key == "enrollment.created").count() == 1
    assert Timeline.select().where(Timeline.key == "enrollment.timeline_created").count() == 1
    assert checks.run() == []


def test_a_payment_that_fails_enrolls_nobody(small_center: SmallCenter) -> None:
    made = payments.start(small_center.staff, draft(small_center))
    payments.fail(small_center.staff, made, "card refused")
    assert CourseEnrolled.select().count() == Notification.select().count() == MailQueue.select().count() == 0


def test_part_of_the_price_leaves_the_rest_owed(small_center: SmallCenter) -> None:
    payments.complete(small_center.staff, payments.start(small_center.staff, draft(small_center, amount=10000)))
    assert [line.open_minor for line in payments.owed(small_center.student)] == [23000]
    assert checks.run() == []


def test_the_price_is_the_one_that_was_agreed(small_center: SmallCenter) -> None:
    made = payments.start(small_center.staff, draft(small_center))
    with store.write("Dearer", small_center.admin) as w:
        w.update(Course, small_center.course, price_minor=40000, status="unavailable")
    payments.complete(small_center.staff, made)
    assert CourseEnrolled.get().gross_minor == 33000


def test_who_was_enrolled_meanwhile_is_not_enrolled_twice(small_center: SmallCenter) -> None:
    made = payments.start(small_center.staff, draft(small_center))
    plan = enrollment.plan(33000, 3, "2030-01-31")
    there = enrollment.enroll(
        small_center.staff, EnrollmentDraft(small_center.student, small_center.course, installments=plan)
    )
    done = payments.complete(small_center.staff, made)
    assert CourseEnrolled.select().count() == 1
    assert [put.enrollment_id for put in StudentPayment.select()] == [there] * 3
    assert (done.credit_minor, User.get_by_id(small_center.student).balance_minor) == (0, 0)
    assert checks.run() == []


def test_who_was_enrolled_meanwhile_for_more_pays_what_was_agreed_and_keeps_the_rest(small_center: SmallCenter) -> None:
    """330.00 were agreed, and 24.00 for the book; the enrollment made meanwhile costs 400.00: 70.00 stay open on it."""
    made = payments.start(small_center.staff, draft(small_center, sales=(SaleItem(small_center.book),), amount=36000))
    there = enrollment.enroll(
        small_center.staff, EnrollmentDraft(small_center.student, small_center.course, list_price_minor=40000)
    )
    done = payments.complete(small_center.staff, made)
    assert CourseEnrolled.select().count() == 1
    puts = [(put.enrollment_id, put.amount_minor) for put in StudentPayment.select().order_by(StudentPayment.id)]
    assert puts == [(there, 33000), (None, 2400)]
    assert [line.open_minor for line in payments.owed(small_center.student)] == [7000]
    assert done.credit_minor == 600
    told = Notification.get(Notification.key == "payments.other_price")
    assert text.sentence(told.key, json.loads(told.params)) == (
        "Ana Satler was enrolled in Driving B Theory at €400.00 while payment P-000001 over €330.00 for it was under"
        " way; no more than €330.00 was put on it. Look at which price is right."
    )
    assert (told.needs_decision, Timeline.select().where(Timeline.key == "payments.timeline_other_price").count()) == (
        1,
        1,
    )
    assert checks.run() == []


@pytest.mark.parametrize(("price", "put", "credit"), [(30000, 30000, 3000), (33000, 33000, 0)])
def test_who_was_enrolled_meanwhile_for_less_has_the_rest_as_credit(
    small_center: SmallCenter, price: int, put: int, credit: int
) -> None:
    made = payments.start(small_center.staff, draft(small_center))
    one = EnrollmentDraft(small_center.student, small_center.course, list_price_minor=price)
    enrollment.enroll(small_center.staff, one)
    assert payments.complete(small_center.staff, made).credit_minor == credit
    assert [row.amount_minor for row in StudentPayment.select()] == [put]
    told = Notification.select().where(Notification.key == "payments.other_price").count()
    assert told == (1 if credit else 0), "at the same price there is nothing to decide"
    assert checks.run() == []


def test_the_parts_of_a_split_enroll_once(small_center: SmallCenter) -> None:
    whole = draft(small_center, tender_group="g", split_minor=35400, sales=(SaleItem(small_center.book),))
    first = payments.start(small_center.staff, replace(whole, request_key="p1", amount_minor=20000))
    second = payments.start(small_center.staff, replace(whole, request_key="p2", amount_minor=15400, method="cash"))
    payments.complete(small_center.staff, second)
    assert CourseEnrolled.select().count() == 1
    payments.complete(small_center.staff, first)
    assert CourseEnrolled.select().count() == 1
    assert payments.owed(small_center.student) == []
    found = payments.whole_of(first)
    assert found is not None
    assert found[0].courses == (small_center.course,)
    assert checks.run() == []


def test_who_cannot_be_enrolled_is_told_before_money_moves(small_center: SmallCenter) -> None:
    with store.write("Young", small_center.admin) as w:
        w.update(User, small_center.other_student, date_of_birth="2024-01-01")
    with pytest.raises(UserError, match=r"enrollment\.too_young"):
        payments.start(small_center.staff, replace(draft(small_center), student_id=small_center.other_student))
    enrollment.enroll(small_center.staff, EnrollmentDraft(small_center.student, small_center.course))
    with pytest.raises(UserError, match=r"enrollment\.already_enrolled"):
        payments.start(small_center.staff, draft(small_center))
    with store.write("Gone", small_center.admin) as w:
        w.update(Course, small_center.course, status="unavailable")
    with pytest.raises(UserError, match=r"enrollment\.course_unavailable"):
        payments.start(small_center.staff, draft(small_center))
    with pytest.raises(UserError, match=r"store\.gone"):
        payments.start(small_center.staff, replace(draft(small_center), courses=(999,)))
    with pytest.raises(UserError, match=r"rights\.missing"):
        payments.start(Actor(small_center.instructor, "instructor"), draft(small_center))
    assert Payment.select().count() == 0


def test_a_draft_of_before_is_completed(small_center: SmallCenter) -> None:
    """A payment that was started before courses could be in it has no word about them."""
    made = payments.start(small_center.staff, PaymentDraft("k", small_center.student, "card", 2400, sales=(
        SaleItem(small_center.book),
    )))  # fmt: skip
    kept = json.loads(Payment.get_by_id(made).draft)
    del kept["courses"], kept["asked"]["courses"], kept["asked"]["split_minor"]
    with store.write("As before", small_center.admin) as w:
        w.update(Payment, made, draft=json.dumps(kept))
    assert payments.whole_of(made) is None
    assert payments.complete(small_center.staff, made).credit_minor == 0
    assert checks.run() == []
