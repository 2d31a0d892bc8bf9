"""By when somebody said they would pay: noted at the desk, kept by itself when the money comes, or withdrawn.

A promise is a payer's for all they pay for, or a student's for what they pay themselves. The newest open one counts: a
new one takes the place of those before it. It is kept as soon as so much was put on lines since it was noted, or
nothing it could mean is open any more; where that is because it was waived or canceled, it is off. What is given back
later does not open it again: somebody talks to them anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import fn

from app import clock, money, store, text
from app.desk import center, dues, identity, timeline
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.store import Write
from app.store.models import CourseEnrolled, Invoice, Payment, ProductEnrolled, Promise, StudentPayment, User
from app.store.prepared import prepared


@dataclass(frozen=True)
class Said:
    """An open promise: of a payer, or with None of the student. `pay_on` is an ISO day, the amount minor units."""

    id: int
    student_id: int
    payer_id: int | None
    said_on: str
    pay_on: str
    amount_minor: int
    note: str


# -- reading --------------------------------------------------------------------------------------------------


def standing() -> dict[tuple[str, int], Said]:
    """("payer", id) or ("student", id) → the open promise that counts, of everyone."""
    query = Promise.select().where(Promise.status == "open").order_by(Promise.id)
    return {_owner(row.student_id, row.payer_id): _said(row) for row in query}


def of(student_id: int, payer_id: int | None) -> Said | None:
    """The open promise of a payer, or with None of a student; None where nothing was promised."""
    row = next(iter(_open(student_id, payer_id)), None)
    return _said(row) if row is not None else None


def _owner(student_id: int, payer_id: int | None) -> tuple[str, int]:
    return ("payer", payer_id) if payer_id is not None else ("student", student_id)


def _said(row: Any) -> Said:
    return Said(row.id, row.student_id, row.payer_id, row.said_on, row.pay_on, row.amount_minor, row.note)


def _open(student_id: int, payer_id: int | None) -> list[Any]:
    """Open promises of one who owes, the newest first."""
    whose = (
        Promise.payer_id == payer_id
        if payer_id is not None
        else Promise.payer_id.is_null() & Promise.student_id.in_(identity.records(student_id))
    )
    return list(Promise.select().where(whose, Promise.status == "open").order_by(Promise.id.desc()))


# -- noting ---------------------------------------------------------------------------------------------------


def add(
    actor: Actor, student_id: int, pay_on: str, amount_minor: int, note: str = "", payer_id: int | None = None
) -> int:
    """Note that so much will be paid by a day, said today; returns the promise's id. Earlier open ones are withdrawn.

    UserErrors beside their field: `invoices.bad_date`, `promises.past`, `promises.amount`, about the note;
    `promises.nothing_open` where nothing is owed, `store.gone`.
    """
    require(actor, "payment.take")
    note = text.clean(note, field="note", limit=text.TEXT_LIMIT)
    if not 0 < amount_minor <= money.MAX_MINOR:
        raise UserError("promises.amount", "amount")
    with store.write("Note promise", actor) as w:
        today = clock.local_date(center.load().zone, w.moment).isoformat()
        day = _day(pay_on, today)
        student = identity.student(student_id)
        if not _open_minor(student.id, payer_id):
            raise UserError("promises.nothing_open")
        for earlier in _open(student.id, payer_id):
            w.update(Promise, earlier.id, status="withdrawn")
        made = w.insert(
            Promise, student_id=student.id, payer_id=payer_id, said_on=today, pay_on=day, amount_minor=amount_minor,
            note=note, status="open",
        )  # fmt: skip
        timeline.add(w, student.id, "promises.timeline", ("promises", made), amount=amount_minor, on=day)
    return made


def keep(actor: Actor, promise_id: int) -> None:
    """It was kept, as by money that came another way. UserErrors `store.gone`, `promises.settled`."""
    require(actor, "payment.take")
    with store.write("Promise kept", actor) as w:
        _settle(w, promise_id, "kept")


def withdraw(actor: Actor, promise_id: int) -> None:
    """It is off. UserErrors `store.gone`, `promises.settled`."""
    require(actor, "payment.take")
    with store.write("Withdraw promise", actor) as w:
        _settle(w, promise_id, "withdrawn")


def _day(typed: str, today: str) -> str:
    try:
        day = date.fromisoformat(typed.strip()).isoformat()
    except ValueError as error:
        raise UserError("invoices.bad_date", "pay_on", text=typed.strip()[:40]) from error
    if day < today:
        raise UserError("promises.past", "pay_on", day=day)
    return day


def _settle(w: Write, promise_id: int, status: str) -> None:
    row = Promise.get_or_none(Promise.id == promise_id)
    if row is None:
        raise UserError("store.gone")
    if row.status != "open":
        raise UserError("promises.settled")
    _now(w, row, status)


def _now(w: Write, row: Any, status: str) -> None:
    w.update(Promise, row.id, status=status)
    facts = {"amount": row.amount_minor, "on": row.pay_on}
    timeline.add(w, row.student_id, f"promises.timeline_{status}", ("promises", row.id), **facts)


# -- kept by themselves ---------------------------------------------------------------------------------------


def money_came(w: Write, student_ids: Iterable[int]) -> None:
    """After money was put on lines of these students: what was promised of it is kept, inside the same write."""
    if not _any_open():
        return
    people = {identity.root(one) for one in student_ids}
    payments: Any = Payment.select(Payment.payer_id).join(StudentPayment, on=(StudentPayment.payment_id == Payment.id))
    query = payments.where(StudentPayment.student_id.in_(list(people)), Payment.payer_id.is_null(False))
    payers = {payer for (payer,) in query.distinct().tuples()}
    for row in list(Promise.select().where(Promise.status == "open").order_by(Promise.id)):
        concerned = row.payer_id in payers if row.payer_id is not None else row.student_id in people
        if concerned and (_came(row) >= row.amount_minor or not _open_minor(row.student_id, row.payer_id)):
            _now(w, row, "kept")


def owed_no_more(w: Write, student_id: int) -> None:
    """After lines of a student were canceled or waived: a promise that can mean nothing any more is off."""
    if not _any_open():
        return
    mine, payers = list(identity.records(student_id)), {User.get_by_id(student_id).payer_id}
    for line in (CourseEnrolled, ProductEnrolled, Invoice):
        payers |= {row.payer_id for row in line.select(line.payer_id).where(line.student_id.in_(mine)).distinct()}
    for row in list(Promise.select().where(Promise.status == "open").order_by(Promise.id)):
        concerned = row.payer_id in payers if row.payer_id is not None else row.student_id in mine
        if concerned and not _open_minor(row.student_id, row.payer_id):
            _now(w, row, "withdrawn")


@prepared
def _any_open() -> Any:
    return Promise.select(Promise.id).where(Promise.status == "open").limit(1)


def _came(row: Any) -> int:
    """What was put on lines since the promise was noted: by the payer, or on the student's own.

    Each payment counts by itself: what went to another invoice or line came no second time, and what was given back of
    an earlier payment is not taken off a later one.
    """
    put = StudentPayment
    query: Any = put.select(fn.SUM(put.direction * put.amount_minor)).where(put.created_at > row.created_at)
    if row.payer_id is not None:
        query = query.join(Payment, on=(Payment.id == put.payment_id)).where(Payment.payer_id == row.payer_id)
    else:
        query = query.where(put.student_id.in_(identity.records(row.student_id)))
    return sum(max(0, int(came)) for (came,) in query.group_by(put.payment_id).tuples())


def _open_minor(student_id: int, payer_id: int | None) -> int:
    """What the promise could mean: what the payer owes for anyone, or what the student owes."""
    return sum(due.open_minor for due in dues.owed_by(student_id, payer_id))
