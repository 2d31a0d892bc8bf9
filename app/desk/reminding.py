"""Reminders to pay: one mail to whoever pays, with their open lines that are late; three levels, one a day at most.

Whoever is reminded is a payer with all they pay for, or a student with what they pay themselves. The level counts the
reminders since the oldest line that is late now was due: who paid everything begins with the first one again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app import clock, store
from app.desk import center, dues, identity, letters, timeline
from app.desk.accounts import Actor, require
from app.desk.dues import Due
from app.errors import UserError
from app.mail import compose
from app.store.models import MailQueue, User

#: The last level: what comes after it is said in the same words.
MOST_LEVEL = 3

#: (student, payer): with a payer all they pay for, else what the student pays themselves.
Owner = tuple[int, int | None]


@dataclass(frozen=True)
class Reminder:
    """What would be sent to one who owes, in minor units; or why nothing is: `obstacle` is a message key."""

    student_id: int
    payer_id: int | None
    name: str
    address: str
    level: int
    lines: tuple[tuple[str, str, str, int], ...]
    open_minor: int
    students: tuple[int, ...]
    language: str
    obstacle: str = ""

    def text(self) -> tuple[str, str]:
        """(subject, text) of the mail."""
        return compose.freeze("payment_reminder", self.language, {"center": center.load().name, **self.params()})

    def params(self) -> dict[str, Any]:
        """What the template says."""
        lines = [
            {"student": student, "title": title, "due_on": due_on, "amount_minor": minor}
            for student, title, due_on, minor in self.lines
        ]
        return {"level": self.level, "name": self.name, "lines": lines, "amount_minor": self.open_minor}


# -- reading --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """A reminder in the mail queue: `on` is the ISO day it was made for, `state` as the queue has it."""

    id: int
    on: str
    to_name: str
    to_address: str
    subject: str
    text: str
    state: str


#: States of mails that reached nobody and will not: they are no reminders.
_LOST = ("canceled", "failed")


def mails(owners: Iterable[Owner]) -> list[Sent]:
    """Every reminder to these, newest first; also those that failed, but none that was canceled."""
    prefixes = set()
    for student_id, payer_id in owners:
        if payer_id is not None:
            prefixes.add(f"payment.reminder:payer:{payer_id}:")
        else:
            prefixes |= {f"payment.reminder:student:{one}:" for one in identity.records(student_id)}
    found: dict[int, Sent] = {}
    for prefix in prefixes:
        mine: Any = MailQueue.select().where(
            MailQueue.event_key >= prefix, MailQueue.event_key < f"{prefix[:-1]};", MailQueue.state != "canceled"
        )
        for row in mine:
            found[row.id] = Sent(
                row.id, _day_of(row.event_key), row.to_name, row.to_address, row.subject, row.text, row.state
            )
    return sorted(found.values(), key=lambda one: (one.on, one.id), reverse=True)


def _day_of(event_key: str) -> str:
    """The day of a reminder: what follows it tells apart a second one of that day, or one to a mended address."""
    return event_key.split(":")[3][:10]


def sent() -> dict[tuple[str, int], list[str]]:
    """("payer", id) or ("student", id) → the days of the reminders that were sent or wait to be, oldest first.

    A day counts once, also where a second mail of it went to a mended address; a mail that failed reached nobody.
    """
    merged = {
        row.id: row.merged_into for row in User.select(User.id, User.merged_into).where(User.merged_into.is_null(False))
    }
    found: dict[tuple[str, int], set[str]] = {}
    query: Any = MailQueue.select(MailQueue.event_key).where(
        MailQueue.event_key >= "payment.reminder:", MailQueue.event_key < "payment.reminder;",
        MailQueue.state.not_in(_LOST),
    )  # fmt: skip
    for (key,) in query.tuples():
        _event, kind, number = str(key).split(":")[:3]
        one = int(number)
        whose = merged.get(one) or one if kind == "student" else one
        found.setdefault((kind, whose), set()).add(_day_of(str(key)))
    return {owner: sorted(days) for owner, days in found.items()}


def plan(owners: Iterable[Owner]) -> list[Reminder]:
    """What `remind` would send to each of these today, each once. Reads only."""
    today = clock.local_date(center.load().zone).isoformat()
    before = sent()
    found = {}
    for student_id, payer_id in owners:
        owner = ("payer", payer_id) if payer_id is not None else ("student", identity.root(student_id))
        if owner not in found:
            found[owner] = _reminder(student_id, payer_id, today, before.get(owner, []))
    return list(found.values())


def _reminder(student_id: int, payer_id: int | None, today: str, days: Sequence[str]) -> Reminder:
    late = [(_name(due), due) for due in dues.owed_by(student_id, payer_id) if due.due_on < today]
    to = letters.buyer(student_id, payer_id)
    since = min((due.due_on for _name, due in late), default=today)
    level = min(MOST_LEVEL, 1 + sum(day > since for day in days))
    obstacle = ""
    if not late:
        obstacle = "reminding.nothing_late"
    elif today in days:
        obstacle = "reminding.today"
    else:
        try:
            compose.check_address(to.email)
        except UserError:
            obstacle = "reminding.no_address"
    lines = tuple(
        (name if payer_id is not None else "", f"{due.title} ({due.invoice_label or due.detail})", due.due_on,
         due.open_minor)
        for name, due in late
    )  # fmt: skip
    students = tuple(sorted({due.student_id for _name, due in late}))
    return Reminder(
        to.student_id, payer_id, to.name, to.email, level, lines, sum(due.open_minor for _name, due in late), students,
        to.language, obstacle,
    )  # fmt: skip


def _name(due: Due) -> str:
    return letters.student(due.student_id).name


# -- sending --------------------------------------------------------------------------------------------------


def remind(actor: Actor, owners: Sequence[Owner]) -> list[Reminder]:
    """Queue a reminder for each of these who can be reminded today; returns what became of each, in their order.

    What is late is read again in the write, so nobody is reminded of what was paid meanwhile; the event key keeps a
    second one of the same day from being queued.
    """
    require(actor, "mail.write")
    with store.write("Remind", actor) as w:
        today = clock.local_date(center.load().zone, w.moment).isoformat()
        planned = plan(owners)
        for one in planned:
            if one.obstacle:
                continue
            kind = ("payer", one.payer_id) if one.payer_id is not None else ("student", one.student_id)
            to = letters.buyer(one.student_id, one.payer_id)
            letters.send(w, to, "payment_reminder", _event_key(*kind, today), one.params())
            for student in one.students:
                facts = {"name": one.name, "level": one.level, "amount": one.open_minor}
                timeline.add(w, student, "reminding.timeline", ("users", student), **facts)
    return planned


def _event_key(kind: str, number: int, day: str) -> str:
    """The event of a reminder. One of the same day that was canceled, as by taking it back, is an event of its own."""
    key = f"payment.reminder:{kind}:{number}:{day}"
    before = MailQueue.select().where((MailQueue.event_key == key) | MailQueue.event_key.startswith(f"{key}:")).count()
    return f"{key}:{before + 1}" if before else key
