"""Kept money columns. What a student owes is worked out from the rows and kept on the person for lists.

balance = agreed prices of lines that are not canceled − completed payments + completed refunds, corrected for
money of one student's payment that was put on another student's line. Positive: the student owes. A person with
several records (`identity`) has one balance, on the record in use; those merged away owe nothing themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from peewee import Case, fn

from app import store
from app.desk import identity
from app.store import Write
from app.store.models import CourseEnrolled, Payment, ProductEnrolled, StudentPayment, User
from app.store.prepared import prepared


def balance_minor(student_id: int) -> int:
    """What the rows say the student owes, in minor units; negative is credit."""
    return next(found for one, _kept, found in _kept_and_found([student_id]) if one == student_id)


def _kept_and_found(student_ids: Iterable[int]) -> list[tuple[int, int, int]]:
    """(record, balance that is kept, balance that the rows say) of every record of these people, their record in
    use first.

    A person's balance is the sum over their records: what one of them paid for another cancels out.
    """
    people = identity.all_records(student_ids)
    kept: dict[int, int] = {}
    found: dict[int, int] = {}
    for record, there, courses, products, paid_in, from_others, to_others in _parts(store.listed(people)):
        kept[record] = there
        found.setdefault(record, 0)
        first = people[record]
        found[first] = found.get(first, 0) + courses + products - paid_in - from_others + to_others
    return [(record, kept[record], found[record]) for record in people]


@prepared
def _parts(student_ids: str) -> Any:
    courses = CourseEnrolled.select(fn.COALESCE(fn.SUM(CourseEnrolled.gross_minor), 0)).where(
        CourseEnrolled.student_id == User.id, CourseEnrolled.status != "canceled"
    )
    products = ProductEnrolled.select(fn.COALESCE(fn.SUM(ProductEnrolled.gross_minor), 0)).where(
        ProductEnrolled.student_id == User.id, ProductEnrolled.status != "canceled"
    )
    paid_sign = Case(None, [(Payment.payment_type == "refund", Payment.amount_minor * -1)], Payment.amount_minor)
    paid = Payment.select(fn.COALESCE(fn.SUM(paid_sign), 0)).where(
        Payment.student_id == User.id, Payment.status == "COMPLETED"
    )
    put = fn.COALESCE(fn.SUM(StudentPayment.direction * StudentPayment.amount_minor), 0)
    by_others = (
        StudentPayment.select(put)
        .join(Payment, on=(Payment.id == StudentPayment.payment_id))
        .where(StudentPayment.student_id == User.id, Payment.student_id != User.id)
    )
    for_others = (
        StudentPayment.select(put)
        .join(Payment, on=(Payment.id == StudentPayment.payment_id))
        .where(Payment.student_id == User.id, StudentPayment.student_id != User.id)
    )
    columns = (User.id, User.balance_minor, courses, products, paid, by_others, for_others)
    return User.select(*columns).where(User.id.in_(store.these(student_ids)))


def recompute(w: Write, student_id: int) -> int:
    """Bring the kept balance of a person in step, inside the write that moved the money; returns it."""
    return _bring_in_step(w, [student_id])[0][2]


def recompute_all(w: Write, student_ids: Iterable[int]) -> None:
    """`recompute` for everyone whose money moved, each once."""
    _bring_in_step(w, student_ids)


def _bring_in_step(w: Write, student_ids: Iterable[int]) -> list[tuple[int, int, int]]:
    people = _kept_and_found(student_ids)
    for record, kept, found in people:
        if kept != found:
            w.update(User, record, balance_minor=found)
    return people
