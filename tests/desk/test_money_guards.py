"""Guarantees of the payment desk that no other test would miss: each of these was seen red with its guard taken out."""

from __future__ import annotations

import pytest

from app import money
from app.desk import accounts, enrollment, payments, refunds
from app.desk.enrollment import EnrollmentDraft
from app.desk.payments import PayLine, PaymentDraft
from app.errors import UserError
from app.store.models import Payment
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def enroll(made: SmallCenter, student: int | None = None) -> int:
    return enrollment.enroll(made.staff, EnrollmentDraft(student or made.student, made.course, send_mail=False))


def test_cash_given_has_an_upper_end(small_center: SmallCenter) -> None:
    draft = PaymentDraft("k", small_center.student, "cash", 100, given_minor=money.MAX_MINOR + 1)
    with pytest.raises(UserError, match=r"payments\.amount") as refused:
        payments.start(small_center.staff, draft)
    assert refused.value.field == "given"
    assert Payment.select().count() == 0


def test_a_course_paid_for_needs_the_right_to_enroll(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may take money only, enrolls nobody by it."""
    draft = PaymentDraft("k", small_center.student, "card", 33_000, courses=(small_center.course,))
    monkeypatch.setitem(accounts._RIGHTS, "staff", accounts._RIGHTS["staff"] - {"enrollment.create"})
    with pytest.raises(UserError, match=r"rights\.missing") as refused:
        payments.start(small_center.staff, draft)
    assert refused.value.params["right"] == "enrollment.create"
    assert Payment.select().count() == 0


def test_credit_goes_to_what_is_open_alone(small_center: SmallCenter) -> None:
    line = enroll(small_center)
    payments.complete(
        small_center.staff, payments.start(small_center.staff, PaymentDraft("k", small_center.student, "card", 90_000))
    )
    for amount, key in ((33_001, "line_above_open"), (0, "line_amount"), (-1, "line_amount")):
        with pytest.raises(UserError, match=rf"payments\.{key}"):
            refunds.apply_credit(small_center.staff, small_center.student, (PayLine(line, amount_minor=amount),), "use")
    gone = enroll(small_center, small_center.other_student)
    enrollment.cancel_enrollment(small_center.staff, gone, "moves away")
    with pytest.raises(UserError, match=r"payments\.line_gone"):
        refunds.apply_credit(small_center.staff, small_center.student, (PayLine(gone, amount_minor=1),), "use")
    assert refunds.student_credit_minor(small_center.student) == 90_000
