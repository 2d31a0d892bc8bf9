"""What came in today: by method, the last payments, and those that wait to be settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import Case, fn

from app import clock
from app.store.models import Payment, User

#: The record a payment stands at, and the one in use of that person.
_RECORD = User.alias()
_PERSON = fn.COALESCE(_RECORD.merged_into, _RECORD.id)

METHODS = ("cash", "card", "transfer", "check", "other")


@dataclass(frozen=True)
class Takings:
    """Completed payments of one day less refunds, in minor units, by method."""

    by_method: dict[str, int]
    count: int

    @property
    def total_minor(self) -> int:
        """Everything taken that day."""
        return sum(self.by_method.values())


@dataclass(frozen=True)
class PaymentRow:
    """One payment in a short list. `amount_minor` is negative for a refund."""

    id: int
    number: str
    student_id: int
    name: str
    method: str
    status: str
    amount_minor: int
    started_at: str
    settled_at: str | None


def of_day(zone: str) -> Takings:
    """Today's takings at the center."""
    today = clock.local_date(zone).isoformat()
    signed = Case(None, [(Payment.payment_type == "refund", Payment.amount_minor * -1)], Payment.amount_minor)
    query: Any = (
        Payment.select(Payment.method, fn.SUM(signed).alias("total"), fn.COUNT(Payment.id).alias("n"))
        .where(Payment.status == "COMPLETED", Payment.settled_on == today)
        .group_by(Payment.method)
        .dicts()
    )
    by_method = dict.fromkeys(METHODS, 0)
    count = 0
    for row in query:
        by_method[row["method"]] = int(row["total"])
        count += int(row["n"])
    return Takings(by_method, count)


def _rows(*conditions: object, order: object, limit: int) -> list[PaymentRow]:
    query: Any = (
        Payment.select(
            Payment.id, Payment.number, _PERSON.alias("student_id"), Payment.method, Payment.status,
            Payment.payment_type, Payment.amount_minor, Payment.started_at, Payment.settled_at, User.first_name,
            User.last_name,
        )
        .join(_RECORD, on=(_RECORD.id == Payment.student_id))
        .join(User, on=(User.id == _PERSON))
        .where(*conditions)
        .order_by(order)
        .limit(limit)
        .dicts()
    )  # fmt: skip
    return [
        PaymentRow(
            id=row["id"],
            number=row["number"],
            student_id=row["student_id"],
            name=f"{row['first_name']} {row['last_name']}".strip(),
            method=row["method"],
            status=row["status"],
            amount_minor=-row["amount_minor"] if row["payment_type"] == "refund" else row["amount_minor"],
            started_at=row["started_at"],
            settled_at=row["settled_at"],
        )
        for row in query
    ]


def last_payments(limit: int = 6) -> list[PaymentRow]:
    """The payments completed last, newest first."""
    return _rows(Payment.status == "COMPLETED", order=Payment.settled_at.desc(), limit=limit)


def started() -> list[PaymentRow]:
    """Payments that are neither completed nor failed, oldest first: the desk asks about them."""
    return _rows(Payment.status == "STARTED", order=Payment.started_at, limit=200)
