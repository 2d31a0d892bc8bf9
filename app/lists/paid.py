"""The payments of one student, and what giving some of one back would open again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import fn

from app.desk import identity, refunds
from app.store.models import InvoiceLine, Payment, StudentPayment


@dataclass(frozen=True)
class Paid:
    """One attempt to pay, or one refund; amounts in minor units, `amount_minor` negative for a refund.

    `left_minor` can still be given back; `about` is why it failed, why it was given back, or of which payment, and what
    the bank or the card machine calls it.
    """

    id: int
    number: str
    on: str
    method: str
    status: str
    amount_minor: int
    left_minor: int
    about: str


@dataclass(frozen=True)
class Effect:
    """What a refund would do: so much of it is credit that nothing is bought with, and these lines are owed again."""

    credit_minor: int
    opened: list[tuple[str, int]]


def of_student(student_id: int) -> list[Paid]:
    """A student's payments and refunds, newest first; also those of records that were merged into theirs."""
    theirs = Payment.student_id.in_(identity.records(student_id))
    rows = list(Payment.select().where(theirs).order_by(Payment.id.desc()))
    numbers = {row.id: row.number for row in rows}
    given: dict[int, int] = {}
    for row in rows:
        if row.refund_of is not None and row.status == "COMPLETED":
            given[row.refund_of] = given.get(row.refund_of, 0) + row.amount_minor
    found = []
    for row in rows:
        back = row.payment_type == "refund"
        left = row.amount_minor - given.get(row.id, 0) if row.status == "COMPLETED" and not back else 0
        about = " · ".join(filter(None, (numbers[row.refund_of] if row.refund_of else "", row.reference, row.reason)))
        sign = -1 if back else 1
        found.append(
            Paid(
                row.id, row.number, row.settled_on or row.started_at[:10], row.method, row.status.lower(),
                sign * row.amount_minor, left, about,
            )
        )  # fmt: skip
    return found


def refund_effect(payment_id: int, amount_minor: int) -> Effect:
    """What giving so much of a payment back would do, in the order of `refunds.refund`; nothing is written."""
    credit = min(refunds.credit_minor(payment_id), amount_minor)
    left = amount_minor - credit
    put = StudentPayment
    reversals: Any = (
        put.select(put.reverses_id, fn.SUM(put.amount_minor))
        .where(put.payment_id == payment_id, put.direction == -1)
        .group_by(put.reverses_id)
        .tuples()
    )
    undone = dict(reversals)
    opened = []
    for used in put.select().where(put.payment_id == payment_id, put.direction == 1).order_by(put.id.desc()):
        part = min(used.amount_minor - int(undone.get(used.id, 0)), left)
        if part > 0:
            left -= part
            opened.append((_title(used), part))
    return Effect(credit, opened)


def _title(used: Any) -> str:
    names = ("enrollment_id", "product_enrolled_id", "installment_id")
    for line in InvoiceLine.select().where(InvoiceLine.invoice_id == used.invoice_id):
        if all(getattr(line, name) == getattr(used, name) for name in names):
            return str(line.title)
    return ""
