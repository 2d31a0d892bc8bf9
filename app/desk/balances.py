"""Kept money columns. What a student owes is worked out from the rows and kept on the person for lists.

balance = agreed prices of lines that are not canceled − completed payments + completed refunds, corrected for
money of one student's payment that was put on another student's line. Positive: the student owes. A person with
several records (`identity`) has one balance, on the record in use; those merged away owe nothing themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import Case, fn

from app.desk import identity
from app.store import Write
from app.store.models import CourseEnrolled, Payment, ProductEnrolled, StudentPayment, User
from app.store.prepared import prepared


def balance_minor(student_id: int) -> int:
    """What the rows say the student owes, in minor units; negative is credit."""
    return _kept_and_found(student_id)[1]


def _kept_and_found(student_id: int) -> tuple[int, int]:
    records = identity.records(student_id)
    ((kept, courses, products, paid_in, from_others, to_others),) = _parts(student_id, records)
    found = courses + products - paid_in - from_others + to_others
    return kept, found if records[0] == student_id else 0


@prepared
def _parts(student_id: int, records: tuple[int, ...]) -> Any:
    courses = CourseEnrolled.select(fn.COALESCE(fn.SUM(CourseEnrolled.gross_minor), 0)).where(
        CourseEnrolled.student_id.in_(records), CourseEnrolled.status != "canceled"
    )
    products = ProductEnrolled.select(fn.COALESCE(fn.SUM(ProductEnrolled.gross_minor), 0)).where(
        ProductEnrolled.student_id.in_(records), ProductEnrolled.status != "canceled"
    )
    paid_sign = Case(None, [(Payment.payment_type == "refund", Payment.amount_minor * -1)], Payment.amount_minor)
    paid = Payment.select(fn.COALESCE(fn.SUM(paid_sign), 0)).where(
        Payment.student_id.in_(records), Payment.status == "COMPLETED"
    )
    put = fn.COALESCE(fn.SUM(StudentPayment.direction * StudentPayment.amount_minor), 0)
    by_others = (
        StudentPayment.select(put)
        .join(Payment, on=(Payment.id == StudentPayment.payment_id))
        .where(StudentPayment.student_id.in_(records), Payment.student_id.not_in(records))
    )
    for_others = (
        StudentPayment.select(put)
        .join(Payment, on=(Payment.id == StudentPayment.payment_id))
        .where(Payment.student_id.in_(records), StudentPayment.student_id.not_in(records))
    )
    columns = (User.balance_minor, courses, products, paid, by_others, for_others)
    return User.select(*columns).where(User.id == student_id)


def recompute(w: Write, student_id: int) -> int:
    """Bring the kept balance of a person in step, inside the write that moved the money; returns it."""
    first = identity.root(student_id)
    for one in dict.fromkeys((student_id, first)):
        kept, found = _kept_and_found(one)
        if kept != found:
            w.update(User, one, balance_minor=found)
    return found


def recompute_all(w: Write, student_ids: Iterable[int]) -> None:
    """`recompute` for everyone whose money moved, each once."""
    for student_id in sorted(set(student_ids)):
        recompute(w, student_id)
