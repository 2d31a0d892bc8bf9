"""A student leaves: inactive from now on, coming bookings canceled in one go, history and money as they are.

Enrollments, documents and what is owed stay: what becomes of the money is said at the payment desk. One operation,
taken back whole unless a seat was given to somebody else meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from app import clock, store, text
from app.desk import identity, payments, refunds, seats, timeline
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.store import Write
from app.store.models import Course, CourseEnrolled, MailQueue, Slot, SlotEnrolled, User

#: Mails about a coming slot: whoever leaves does not need them. What is about money still goes out.
_ABOUT_SLOTS = ("seat_offer", "slot_moved")


@dataclass(frozen=True)
class FreedSeat:
    """A coming place that is given back: what it is called, its UTC start, its state, and how many wait for it.

    `empty`: nobody else has a seat there.
    """

    seat_id: int
    title: str
    start_utc: str
    status: str
    waiting: int
    empty: bool


@dataclass(frozen=True)
class Preview:
    """What leaving does, by name. Money in minor units: what is owed and what credit there is stays as it is."""

    student_id: int
    version: int
    name: str
    number: str
    seats: tuple[FreedSeat, ...]
    owed_minor: int
    credit_minor: int
    running: tuple[str, ...]
    mails_canceled: tuple[str, ...]
    mails_sent: tuple[str, ...]
    obstacle: UserError | None = None


def preview(student_id: int) -> Preview:
    """What `leave` would do. UserErrors `store.gone`, `people.not_a_student`; nothing is written."""
    student = identity.student(student_id)
    obstacle = UserError("leaving.already", name=_name(student)) if student.status == "inactive" else None
    now = clock.stamp()
    running: Any = (
        CourseEnrolled.select(CourseEnrolled.number, Course.name)
        .join(Course, on=(Course.id == CourseEnrolled.course_id))
        .where(CourseEnrolled.student_id == student.id, CourseEnrolled.status == "pending")
        .order_by(CourseEnrolled.id)
        .tuples()
    )
    mails = _waiting_mails(student.id)
    return Preview(
        student_id=student.id,
        version=student.version,
        name=_name(student),
        number=student.number,
        seats=tuple(_freed(row, slot, now) for row, slot in _coming(student.id, now)),
        owed_minor=sum(line.open_minor for line in payments.owed(student.id)),
        credit_minor=refunds.student_credit_minor(student.id),
        running=tuple(f"{number}, {name}" for number, name in running),
        mails_canceled=tuple(mail.subject for mail in mails if mail.template_key in _ABOUT_SLOTS),
        mails_sent=tuple(mail.subject for mail in mails if mail.template_key not in _ABOUT_SLOTS),
        obstacle=obstacle,
    )


def leave(
    actor: Actor,
    student_id: int,
    version: int | None = None,
    reason: str = "",
    seen: Collection[int] | None = None,
) -> int:
    """Make a student inactive and cancel what is booked from now on; returns the operation.

    `seen` are the places that a preview named: with another one among them by now, `store.changed_meanwhile`, too.
    Whoever waits for a seat set free is put before the manager. UserErrors `leaving.already`, `store.gone`,
    `store.changed_meanwhile`, or beside `reason`.
    """
    require(actor, "people.edit")
    words = text.clean(reason, field="reason")
    with store.write("Student leaves", actor) as w:
        student = identity.student(student_id)
        if student.status == "inactive":
            raise UserError("leaving.already", name=_name(student))
        if seen is not None and {row.id for row, _slot in _coming(student.id, w.now)} - set(seen):
            raise UserError("store.changed_meanwhile")
        w.update(User, student.id, version, status="inactive")
        for mail in _waiting_mails(student.id):
            if mail.template_key in _ABOUT_SLOTS:
                w.update(MailQueue, mail.id, state="canceled", next_try_at=None)
        count = release(w, student.id)
        key = "leaving.timeline_why" if words else "leaving.timeline"
        timeline.add(w, student.id, key, ("users", student.id), count=count, reason=words)
        return int(w.operation_id)


def release(w: Write, student_id: int) -> int:
    """Give back every coming place inside a running write, and offer what is free; returns how many there were."""
    coming = _coming(student_id, w.now)
    for row, _slot in coming:
        w.update(SlotEnrolled, row.id, status="canceled", held_until=None, held_by=None)
    seats.recount(w, [row.slot_id for row, _slot in coming])
    seats.refresh_next_slot(w, [student_id])
    for row, slot in coming:
        if row.status != "waiting":
            seats.offer_free_seat(w, slot)
    return len(coming)


def _coming(student_id: int, now: str) -> list[tuple[Any, Any]]:
    """(seat, slot) of every place in a slot that has not begun, the next first."""
    slots = {
        slot.id: slot
        for slot in Slot.select()
        .join(SlotEnrolled, on=(SlotEnrolled.slot_id == Slot.id))
        .where(SlotEnrolled.student_id == student_id, SlotEnrolled.status != "canceled", Slot.start_utc > now)
    }
    rows = SlotEnrolled.select().where(
        SlotEnrolled.student_id == student_id,
        SlotEnrolled.status.in_(["booked", "held", "waiting"]),
        SlotEnrolled.slot_id.in_(list(slots)),
    )
    found = [(row, slots[row.slot_id]) for row in rows] if slots else []
    return sorted(found, key=lambda pair: (pair[1].start_utc, pair[1].id))


def _freed(row: Any, slot: Any, now: str) -> FreedSeat:
    others = SlotEnrolled.select().where(
        SlotEnrolled.slot_id == slot.id, SlotEnrolled.student_id != row.student_id, seats.live(now)
    )
    waiting = len([one for one in seats.waiting_list(slot.id) if one.student_id != row.student_id])
    return FreedSeat(row.id, seats.title(slot), slot.start_utc, row.status, waiting, not others.exists())


def _waiting_mails(student_id: int) -> list[Any]:
    query = MailQueue.select(MailQueue.id, MailQueue.subject, MailQueue.template_key).where(
        MailQueue.student_id.in_(list(identity.records(student_id))), MailQueue.state.in_(["queued", "held"])
    )
    return list(query.order_by(MailQueue.id))


def _name(person: Any) -> str:
    return f"{person.first_name} {person.last_name}".strip()
