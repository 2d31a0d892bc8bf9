"""The calendar as it is read: a span of days with seats by kind, and one slot's people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import JOIN, fn

from app import clock
from app.store.models import (
    Course,
    CourseEnrolled,
    Resource,
    Session,
    SessionInstructor,
    Slot,
    SlotEnrolled,
    SlotInstructor,
    StudentPayment,
    User,
)


@dataclass(frozen=True)
class Block:
    """One slot in the calendar. `paid` and `pending` are derived from money."""

    id: int
    session_id: int
    title: str
    code: str
    category: str
    icon: str
    on_date: str
    start_wall: str
    end_wall: str
    start_utc: str
    end_utc: str
    room: str
    resource_id: int | None
    instructors: tuple[str, ...]
    capacity: int
    paid: int
    pending: int
    held: int
    waiting: int
    version: int

    @property
    def taken(self) -> int:
        """Live seats."""
        return self.paid + self.pending + self.held


@dataclass(frozen=True)
class Seat:
    """One person in a slot. `due_minor` is what they still owe for this course."""

    id: int
    student_id: int
    name: str
    status: str
    due_minor: int
    held_until: str | None
    waiting_since: str | None
    skipped_reason: str


@dataclass(frozen=True)
class Group:
    """A group session that still has coming slots. Weekdays are 1 (Monday) to 7, of those slots."""

    session_id: int
    course_id: int
    name: str
    weekdays: tuple[int, ...]
    start_time: str
    next_on: str
    slots: int
    fullest: Block


def _open_by_enrollment(enrollment_ids: list[int]) -> dict[int, int]:
    """What is still to be paid on enrollments, in minor units."""
    prices: Any = (
        CourseEnrolled.select(CourseEnrolled.id, CourseEnrolled.gross_minor)
        .where(CourseEnrolled.id.in_(enrollment_ids))
        .tuples()
    )
    sums: Any = (
        StudentPayment.select(
            StudentPayment.enrollment_id, fn.SUM(StudentPayment.direction * StudentPayment.amount_minor)
        )
        .where(StudentPayment.enrollment_id.in_(enrollment_ids))
        .group_by(StudentPayment.enrollment_id)
        .tuples()
    )
    paid = dict(sums)
    return {enrollment: price - int(paid.get(enrollment, 0)) for enrollment, price in prices}


def blocks(first: date, last: date) -> list[Block]:
    """The slots between two days at the center, both included, that are not canceled; in order of time."""
    return _blocks((Slot.on_date >= first.isoformat()) & (Slot.on_date <= last.isoformat()))


def block(slot_id: int) -> Block | None:
    """One slot as the calendar shows it, None where it is canceled or gone."""
    return next(iter(_blocks(Slot.id == slot_id)), None)


def meeting(slot_id: int) -> tuple[int, int]:
    """(which meeting of its session a slot is, how many there are), canceled ones not counted."""
    slot = Slot.get_by_id(slot_id)
    live = Slot.select().where(Slot.session_id == slot.session_id, Slot.canceled_at.is_null())
    before = live.where((Slot.start_utc < slot.start_utc) | ((Slot.start_utc == slot.start_utc) & (Slot.id < slot.id)))
    return before.count() + 1, live.count()


def next_of(found: list[Block]) -> Block | None:
    """Of some slots the one that runs or comes next, else the last of them."""
    now = clock.stamp()
    return next((one for one in found if one.end_utc > now), found[-1] if found else None)


def groups() -> list[Group]:
    """The groups that can still be joined, by course and day, each with the fullest of its coming slots."""
    coming = list(
        Slot.select(Slot.id, Slot.session_id, Slot.on_date, Slot.capacity, Slot.seats_taken, Session.course_id,
                    Session.weekdays, Session.recurrence, Session.start_time, Session.name)
        .join(Session, on=(Session.id == Slot.session_id))
        .where(Slot.canceled_at.is_null(), Slot.start_utc > clock.stamp(), Session.session_type == "group",
               Session.status == "planned")
        .order_by(Slot.start_utc)
        .namedtuples()
    )  # fmt: skip
    by_session: dict[int, list[Any]] = {}
    for row in coming:
        by_session.setdefault(row.session_id, []).append(row)
    fullest = {
        session: min(rows, key=lambda row: row.capacity - row.seats_taken).id for session, rows in by_session.items()
    }
    known = {block.id: block for block in _blocks(Slot.id.in_(list(fullest.values())))}
    found = [
        Group(
            session_id=session,
            course_id=rows[0].course_id,
            name=rows[0].name,
            weekdays=tuple(sorted({date.fromisoformat(row.on_date).isoweekday() for row in rows})),
            start_time=rows[0].start_time,
            next_on=rows[0].on_date,
            slots=len(rows),
            fullest=known[fullest[session]],
        )
        for session, rows in by_session.items()
    ]
    return sorted(found, key=lambda group: (group.course_id, group.next_on, group.session_id))


def _blocks(which: Any) -> list[Block]:
    now = clock.stamp()
    query: Any = (
        Slot.select(Slot, Session.name.alias("session_name"), Course.code, Course.category, Course.icon,
                    Resource.name.alias("room"))
        .join(Session, on=(Session.id == Slot.session_id))
        .join(Course, on=(Course.id == Session.course_id))
        .join(Resource, JOIN.LEFT_OUTER, on=(Resource.id == Slot.resource_id))
        .where(which, Slot.canceled_at.is_null())
        .order_by(Slot.start_utc, Slot.id)
        .dicts()
    )  # fmt: skip
    rows = list(query)
    seats: dict[int, dict[str, int]] = {row["id"]: {"paid": 0, "pending": 0, "held": 0, "waiting": 0} for row in rows}
    occupied: Any = (
        SlotEnrolled.select(
            SlotEnrolled.slot_id, SlotEnrolled.status, SlotEnrolled.held_until, SlotEnrolled.enrollment_id
        )
        .where(SlotEnrolled.slot_id.in_(list(seats)), SlotEnrolled.status != "canceled")
        .tuples()
    )
    taken = list(occupied)
    due = _open_by_enrollment([enrollment for *_rest, enrollment in taken if enrollment is not None])
    for slot_id, status, held_until, enrollment in taken:
        if status == "waiting":
            seats[slot_id]["waiting"] += 1
        elif status == "held":
            seats[slot_id]["held"] += int(held_until > now)
        elif status in ("booked", "attended"):
            seats[slot_id]["paid" if due.get(enrollment, 1) <= 0 else "pending"] += 1
    teachers = _teachers([(row["id"], row["session_id"]) for row in rows])
    return [
        Block(
            id=row["id"],
            session_id=row["session_id"],
            title=row["title"] or row["session_name"],
            code=row["code"],
            category=row["category"],
            icon=row["icon"],
            on_date=row["on_date"],
            start_wall=row["start_wall"],
            end_wall=row["end_wall"],
            start_utc=row["start_utc"],
            end_utc=row["end_utc"],
            room=row["room"] or "",
            resource_id=row["resource_id"],
            instructors=tuple(teachers.get(row["id"], ())),
            capacity=row["capacity"],
            version=row["version"],
            **seats[row["id"]],
        )
        for row in rows
    ]


def _teachers(slots: list[tuple[int, int]]) -> dict[int, list[str]]:
    names = {
        row.id: f"{row.first_name} {row.last_name}".strip()
        for row in User.select(User.id, User.first_name, User.last_name).where(User.role != "student")
    }
    by_session: dict[int, set[int]] = {}
    teaching: Any = (
        SessionInstructor.select(SessionInstructor.session_id, SessionInstructor.instructor_id)
        .where(SessionInstructor.session_id.in_([session for _slot, session in slots]))
        .tuples()
    )
    for session, instructor in teaching:
        by_session.setdefault(session, set()).add(instructor)
    found = {slot: set(by_session.get(session, ())) for slot, session in slots}
    for row in SlotInstructor.select().where(SlotInstructor.slot_id.in_(list(found))):
        (found[row.slot_id].add if row.kind == "added" else found[row.slot_id].discard)(row.instructor_id)
    return {slot: sorted(names.get(one, "?") for one in ids) for slot, ids in found.items()}


def seats(slot_id: int) -> list[Seat]:
    """The people of a slot: seats by name, then those who wait in their order."""
    query: Any = (
        SlotEnrolled.select(SlotEnrolled, User.first_name, User.last_name)
        .join(User, on=(User.id == SlotEnrolled.student_id))
        .where(SlotEnrolled.slot_id == slot_id, SlotEnrolled.status != "canceled")
        .order_by(
            SlotEnrolled.status == "waiting", SlotEnrolled.priority.desc(), SlotEnrolled.waiting_since,
            User.first_name, User.last_name,
        )
        .dicts()
    )  # fmt: skip
    rows = list(query)
    due = _open_by_enrollment([row["enrollment_id"] for row in rows if row["enrollment_id"] is not None])
    return [
        Seat(
            id=row["id"],
            student_id=row["student_id"],
            name=f"{row['first_name']} {row['last_name']}".strip(),
            status=row["status"],
            due_minor=max(due.get(row["enrollment_id"], 0), 0),
            held_until=row["held_until"],
            waiting_since=row["waiting_since"],
            skipped_reason=row["skipped_reason"],
        )
        for row in rows
    ]


def day_of(table: str, row_id: int) -> tuple[date, int] | None:
    """(day, slot id) of a slot, or of a session's next or last slot."""
    if table == "slots":
        row = Slot.get_or_none(Slot.id == row_id)
    else:
        mine = Slot.select().where(Slot.session_id == row_id, Slot.canceled_at.is_null())
        row = mine.where(Slot.start_utc > clock.stamp()).order_by(Slot.start_utc).first()
        row = row or mine.order_by(Slot.start_utc.desc()).first()
    return (date.fromisoformat(row.on_date), int(row.id)) if row is not None else None


def days_with_slots(first: date, last: date) -> set[str]:
    """The days on which something happens."""
    query = Slot.select(Slot.on_date).where(
        Slot.on_date >= first.isoformat(), Slot.on_date <= last.isoformat(), Slot.canceled_at.is_null()
    )
    found: Any = query.distinct().tuples()
    return {row[0] for row in found}
