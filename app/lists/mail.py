"""The mail queue as it is read: counts by state, a list, the attempts of one message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import fn

from app import clock
from app.store.models import MailAttempt, MailQueue
from app.store.prepared import prepared

#: Chips in the order they are shown; "retrying" is queued with at least one try behind it.
FILTERS = ("today", "settle", "queued", "sending", "retrying", "failed", "uncertain", "held", "sent_today")


@dataclass(frozen=True)
class MailRow:
    """One message in the list. `state` is the stored state, except that a queued one with tries is "retrying"."""

    id: int
    state: str
    to_name: str
    to_address: str
    subject: str
    tries: int
    next_try_at: str | None
    sent_at: str | None
    updated_at: str
    reason: str
    last_reply: str
    student_id: int | None


@dataclass(frozen=True)
class Attempt:
    """One try, with the server's own words."""

    attempt: int
    started_at: str
    ended_at: str
    outcome: str
    stage: str
    reply: str


def _condition(name: str, day: tuple[str, str]) -> object:
    start, end = day
    today = (MailQueue.created_at >= start) & (MailQueue.created_at < end)
    return {
        "today": today | MailQueue.state.in_(["queued", "sending", "failed", "uncertain", "held"]),
        "settle": MailQueue.state.in_(["failed", "uncertain", "queued", "sending", "held"]),
        "queued": (MailQueue.state == "queued") & (MailQueue.tries == 0),
        "sending": MailQueue.state == "sending",
        "retrying": (MailQueue.state == "queued") & (MailQueue.tries > 0),
        "failed": MailQueue.state == "failed",
        "uncertain": MailQueue.state == "uncertain",
        "held": MailQueue.state == "held",
        "sent_today": (MailQueue.state == "sent") & (MailQueue.sent_at >= start) & (MailQueue.sent_at < end),
    }[name]


def counts(zone: str) -> dict[str, int]:
    """How many messages each chip would show."""
    day = clock.day_bounds(clock.local_date(zone), zone)
    return {name: MailQueue.select().where(_condition(name, day)).count() for name in FILTERS}


def waiting() -> int:
    """Messages that still have to go out: the pill on the rail."""
    return int(_in_states("queued", "sending")[0][0])


def need_a_person() -> int:
    """Messages that will not go on by themselves."""
    return int(_in_states("failed", "uncertain")[0][0])


@prepared
def _in_states(one: str, other: str) -> Any:
    return MailQueue.select(fn.COUNT(MailQueue.id)).where(MailQueue.state.in_([one, other]))


def rows(name: str, zone: str, words: str = "", limit: int = 500) -> list[MailRow]:
    """The messages of a chip, those that need someone first, then newest first."""
    day = clock.day_bounds(clock.local_date(zone), zone)
    query = MailQueue.select(
        MailQueue.id, MailQueue.state, MailQueue.to_name, MailQueue.to_address, MailQueue.subject, MailQueue.tries,
        MailQueue.next_try_at, MailQueue.sent_at, MailQueue.updated_at, MailQueue.reason, MailQueue.last_reply,
        MailQueue.student_id,
    ).where(_condition(name, day))  # fmt: skip
    if words.strip():
        for word in words.split():
            query = query.where(
                MailQueue.to_name.contains(word)
                | MailQueue.subject.contains(word)
                | MailQueue.to_address.contains(word)
            )
    found = []
    page: Any = query.order_by(MailQueue.updated_at.desc(), MailQueue.id.desc()).limit(limit).dicts()
    for row in page:
        if row["state"] == "queued" and row["tries"]:
            row["state"] = "retrying"
        found.append(MailRow(**row))
    order = {"retrying": 0, "failed": 1, "uncertain": 2, "sending": 3, "queued": 4, "held": 5}
    return sorted(found, key=lambda row: order.get(row.state, 9))


def receipt_of(number: str) -> tuple[int, str, str] | None:
    """(id, address, state) of the mail that a completed payment sent, None where nobody had an address."""
    query = MailQueue.select(MailQueue.id, MailQueue.to_address, MailQueue.state)
    row = query.where(MailQueue.event_key == f"payment.completed:{number}").order_by(MailQueue.id.desc()).first()
    return (row.id, row.to_address, row.state) if row is not None else None


def attempts(mail_id: int) -> list[Attempt]:
    """The tries of one message, newest first."""
    query = MailAttempt.select().where(MailAttempt.mail_id == mail_id).order_by(MailAttempt.id.desc())
    return [Attempt(row.attempt, row.started_at, row.ended_at, row.outcome, row.stage, row.reply) for row in query]


def sent_today(zone: str) -> int:
    """Messages that went out today."""
    start, end = clock.day_bounds(clock.local_date(zone), zone)
    query = MailQueue.select(fn.COUNT(MailQueue.id)).where(
        MailQueue.state == "sent", MailQueue.sent_at >= start, MailQueue.sent_at < end
    )
    return int(query.scalar())


def states() -> dict[str, int]:
    """How many messages are in each stored state."""
    counted = MailQueue.select(MailQueue.state, fn.COUNT(MailQueue.id).alias("n")).group_by(MailQueue.state)
    rows: Any = counted.order_by(MailQueue.state).dicts()
    return {row["state"]: int(row["n"]) for row in rows}
