"""The payments of one student, and what a refund is said to do: exactly what it then does."""

from __future__ import annotations

from typing import Any

import pytest

from app.desk import enrollment, payments, refunds
from app.desk.enrollment import EnrollmentDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.lists import paid
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


@pytest.fixture
def payment(small_center: SmallCenter) -> int:
    """A course, a book, and 10.00 more than they cost."""
    line = enrollment.enroll(small_center.staff, EnrollmentDraft(small_center.student, small_center.course))
    draft = PaymentDraft(
        "k1", small_center.student, "card", 36400, (PayLine(line, amount_minor=33000),), (SaleItem(small_center.book),)
    )
    return payments.complete(small_center.staff, payments.start(small_center.staff, draft)).payment_id


def owed(center: SmallCenter) -> list[tuple[str, int]]:
    return [(line.title, line.open_minor) for line in payments.owed(center.student)]


@pytest.mark.parametrize(
    ("amount", "credit", "opened"),
    [
        (400, 400, []),
        (1000, 1000, []),
        (1500, 1000, [("Highway Code handbook", 500)]),
        (3400, 1000, [("Highway Code handbook", 2400)]),
        (36400, 1000, [("Highway Code handbook", 2400), ("Driving B Theory", 33000)]),
    ],
)
def test_what_is_said_is_what_is_done(
    small_center: SmallCenter, payment: int, amount: int, credit: int, opened: list[Any]
) -> None:
    effect = paid.refund_effect(payment, amount)
    assert (effect.credit_minor, effect.opened) == (credit, opened)
    refunds.refund(small_center.staff, payment, amount, "asked for", "r1")
    assert sorted(owed(small_center)) == sorted(opened)
    assert refunds.student_credit_minor(small_center.student) == 1000 - credit


def test_a_second_refund_goes_on_where_the_first_ended(small_center: SmallCenter, payment: int) -> None:
    refunds.refund(small_center.staff, payment, 2000, "asked for", "r1")
    assert paid.refund_effect(payment, 2400).opened == [("Highway Code handbook", 1400), ("Driving B Theory", 1000)]


def test_every_attempt_is_listed_with_what_can_be_given_back(small_center: SmallCenter, payment: int) -> None:
    failed = payments.start(small_center.staff, PaymentDraft("k2", small_center.student, "cash", 500))
    payments.fail(small_center.staff, failed, "no coins")
    refunds.refund(small_center.staff, payment, 400, "too much", "r1")
    payments.start(small_center.staff, PaymentDraft("k3", small_center.student, "other", 700))
    found = [(row.status, row.amount_minor, row.left_minor, row.about) for row in paid.of_student(small_center.student)]
    assert found == [
        ("started", 700, 0, ""), ("completed", -400, 0, "P-000001 · too much"), ("failed", 500, 0, "no coins"),
        ("completed", 36400, 36000, ""),
    ]  # fmt: skip
    for row in paid.of_student(small_center.student):
        assert row.left_minor == refunds.refundable_minor(row.id)
    assert paid.of_student(small_center.other_student) == []
