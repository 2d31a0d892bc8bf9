"""What came in today: by method, the last payments, and those that wait to be settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import Case, fn

from app import clock, text
from app.store.models import Payment, User
from app.store.prepared import prepared

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


def _query(*conditions: object, order: object) -> Any:
    return (
        Payment.select(
            Payment.id, Payment.number, _PERSON, User.first_name, User.last_name, Payment.method, Payment.status,
            Payment.payment_type, Payment.amount_minor, Payment.started_at, Payment.settled_at,
        )
        .join(_RECORD, on=(_RECORD.id == Payment.student_id))
        .join(User, on=(User.id == _PERSON))
        .where(*conditions)
        .order_by(order)
    )  # fmt: skip


@prepared
def _completed(limit: int) -> Any:
    return _query(Payment.status == "COMPLETED", order=Payment.settled_at.desc()).limit(limit)


@prepared
def _started() -> Any:
    return _query(Payment.status == "STARTED", order=Payment.started_at).limit(200)


def _rows(found: list[tuple[Any, ...]]) -> list[PaymentRow]:
    return [
        PaymentRow(
            id=id_,
            number=number,
            student_id=student_id,
            name=f"{first} {last}".strip(),
            method=method,
            status=status,
            amount_minor=-amount if kind == "refund" else amount,
            started_at=started_at,
            settled_at=settled_at,
        )
        for id_, number, student_id, first, last, method, status, kind, amount, started_at, settled_at in found
    ]


def last_payments(limit: int = 6) -> list[PaymentRow]:
    """The payments completed last, newest first."""
    return _rows(_completed(limit))


def started() -> list[PaymentRow]:
    """Payments that are neither completed nor failed, oldest first: the desk asks about them."""
    return _rows(_started())


def numbered(words: str, limit: int = 3) -> list[PaymentRow]:
    """Payments of any state whose number holds the words, newest first; none where the words hold no digit."""
    wanted = text.whole(words.strip()).upper()
    if not any(char.isdigit() for char in wanted):
        return []
    return _rows(list(_query(Payment.number.contains(wanted), order=Payment.id.desc()).limit(limit).tuples()))
