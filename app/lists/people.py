"""The roster and one student's panel as they are read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from peewee import fn

from app import clock, text
from app.store import search
from app.store.models import (
    Course,
    CourseEnrolled,
    Invoice,
    MailQueue,
    Note,
    Payer,
    Payment,
    Slot,
    SlotEnrolled,
    Timeline,
    User,
)

CHIPS = ("slot_this_week", "owes", "on_hold", "mail_bounces")


@dataclass(frozen=True)
class Row:
    """One student on the roster. `balance_minor` is positive when they owe."""

    id: int
    number: str
    name: str
    phone: str
    email: str
    courses: str
    next_slot_at: str | None
    balance_minor: int
    status: str


@dataclass(frozen=True)
class EnrollmentRow:
    """A student's enrollment with its progress (basis points) and attendance."""

    id: int
    number: str
    title: str
    icon: str
    category: str
    status: str
    gross_minor: int
    progress_bp: int
    done_minutes: int
    planned_minutes: int
    attended: int
    absent: int
    coming: int


@dataclass(frozen=True)
class TimelineRow:
    """An entry on the timeline, in words."""

    at: str
    words: str
    actor: str


@dataclass(frozen=True)
class Document:
    """A payment or an invoice in the panel. `amount_minor` is negative for refunds and credit notes."""

    kind: str
    id: int
    number: str
    on: str
    words: str
    amount_minor: int
    status: str


@dataclass(frozen=True)
class Overview:
    """What the panel answers first."""

    row: Row
    first_name: str
    last_name: str
    version: int
    date_of_birth: str | None
    address: str
    language: str
    emergency_name: str
    emergency_phone: str
    payer: str
    payer_id: int | None
    next_title: str
    next_room: str
    note: str

    @property
    def emergency(self) -> str:
        """Whom to call, and where."""
        return " ".join(filter(None, (self.emergency_name, self.emergency_phone)))


def _chip(name: str, zone: str) -> Any:
    if name == "slot_this_week":
        today = clock.local_date(zone)
        monday = today - timedelta(days=today.weekday())
        start, _end = clock.day_bounds(monday, zone)
        _start, end = clock.day_bounds(monday + timedelta(days=6), zone)
        seats = (
            SlotEnrolled.select(SlotEnrolled.student_id)
            .join(Slot, on=(Slot.id == SlotEnrolled.slot_id))
            .where(
                SlotEnrolled.status.in_(["booked", "attended"]),
                Slot.canceled_at.is_null(),
                Slot.start_utc >= start,
                Slot.start_utc < end,
            )
        )
        return User.id.in_(seats)
    if name == "owes":
        return User.balance_minor > 0
    if name == "on_hold":
        return User.status == "on_hold"
    bounced = MailQueue.select(MailQueue.student_id).where(
        MailQueue.state == "failed", MailQueue.student_id.is_null(False)
    )
    return User.id.in_(bounced)


def _students() -> Any:
    return (User.role == "student") & (User.status != "merged")


def ids(words: str, chips: tuple[str, ...], zone: str, limit: int | None = None) -> list[int]:
    """The students whom all words and chips fit: by name when nothing was typed, else the newest first."""
    if words.strip():
        found = search.people(words, limit or 1_000_000)
        if not chips or not found:
            return found
        keep = set()
        for start in range(0, len(found), 10_000):
            query: Any = User.select(User.id).where(User.id.in_(found[start : start + 10_000]))
            for chip in chips:
                query = query.where(_chip(chip, zone))
            keep |= {row[0] for row in query.tuples()}
        return [user_id for user_id in found if user_id in keep]
    query = User.select(User.id).where(_students())
    for chip in chips:
        query = query.where(_chip(chip, zone))
    query = query.order_by(User.first_name, User.last_name) if chips else query.order_by(User.id.desc())
    return [row[0] for row in (query.limit(limit) if limit else query).tuples()]


def page(wanted: list[int]) -> dict[int, Row]:
    """The rows of some ids."""
    courses: dict[int, list[str]] = {}
    running: Any = (
        CourseEnrolled.select(CourseEnrolled.student_id, Course.name)
        .join(Course, on=(Course.id == CourseEnrolled.course_id))
        .where(CourseEnrolled.student_id.in_(wanted), CourseEnrolled.status == "pending")
        .order_by(CourseEnrolled.id)
        .tuples()
    )
    for student, name in running:
        courses.setdefault(student, []).append(name)
    columns = (
        User.id, User.number, User.first_name, User.last_name, User.phone, User.email, User.next_slot_at,
        User.balance_minor, User.status,
    )  # fmt: skip
    found: Any = User.select(*columns).where(User.id.in_(wanted)).tuples()
    return {
        row[0]: Row(
            row[0], row[1] or "", f"{row[2]} {row[3]}".strip(), row[4] or "", row[5] or "",
            ", ".join(courses.get(row[0], [])), row[6], row[7], row[8],
        )
        for row in found
    }  # fmt: skip


def counts(zone: str) -> dict[str, int]:
    """How many students each chip would show by itself, and all of them under ''."""
    found = {name: User.select().where(_students(), _chip(name, zone)).count() for name in CHIPS}
    return {**found, "": User.select().where(_students()).count()}


def owed(wanted: list[int]) -> tuple[int, int]:
    """(what these students owe together, how many of them owe)."""
    total = count = 0
    for start in range(0, len(wanted), 10_000):
        row: Any = (
            User.select(fn.COALESCE(fn.SUM(User.balance_minor), 0), fn.COUNT(User.id))
            .where(User.id.in_(wanted[start : start + 10_000]), User.balance_minor > 0)
            .tuples()
            .get()
        )
        total, count = total + int(row[0]), count + int(row[1])
    return total, count


@dataclass(frozen=True)
class Whole:
    """The whole list behind the best rows: every id, the chips' counts, and what they owe together."""

    ids: list[int]
    counts: dict[str, int]
    owed_minor: int
    owing: int


def whole(words: str, chips: tuple[str, ...], zone: str) -> Whole:
    """Read everything that may take longer than a keystroke."""
    found = ids(words, chips, zone)
    return Whole(found, counts(zone), *owed(found))


# -- the panel -----------------------------------------------------------------------------------------------


def overview(student_id: int) -> Overview | None:
    """The panel's first tab, None when the student is gone."""
    rows = page([student_id])
    if student_id not in rows:
        return None
    user = User.get_by_id(student_id)
    payer = Payer.get_or_none(Payer.id == user.payer_id) if user.payer_id else None
    title = room = ""
    if user.next_slot_id:
        title, room = slot_words(user.next_slot_id)
    note = Note.select().where(Note.user_id == student_id, Note.pinned == 1).order_by(Note.id.desc()).first()
    return Overview(
        row=rows[student_id],
        first_name=user.first_name,
        last_name=user.last_name,
        version=user.version,
        date_of_birth=user.date_of_birth,
        address=user.address,
        language=user.language,
        emergency_name=user.emergency_name,
        emergency_phone=user.emergency_phone,
        payer=payer.name if payer else "",
        payer_id=user.payer_id,
        next_title=title,
        next_room=room,
        note=note.text if note else "",
    )


def slot_words(slot_id: int) -> tuple[str, str]:
    """(what a slot is called, where it is)."""
    from app.desk import seats
    from app.store.models import Resource

    slot = Slot.get_by_id(slot_id)
    room = Resource.get_or_none(Resource.id == slot.resource_id) if slot.resource_id else None
    return seats.title(slot), room.name if room else ""


def age(born: str | None, zone: str) -> int | None:
    """Full years today."""
    if not born:
        return None
    day, today = date.fromisoformat(born), clock.local_date(zone)
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))


def enrollments(student_id: int) -> list[EnrollmentRow]:
    """A student's enrollments, running ones first."""
    query: Any = (
        CourseEnrolled.select(CourseEnrolled, Course.name, Course.icon, Course.category, Course.theory_minutes,
                              Course.practical_minutes)
        .join(Course, on=(Course.id == CourseEnrolled.course_id))
        .where(CourseEnrolled.student_id == student_id)
        .order_by(CourseEnrolled.status != "pending", CourseEnrolled.id.desc())
        .dicts()
    )  # fmt: skip
    seats: dict[tuple[int, str], int] = {}
    counted: Any = (
        SlotEnrolled.select(SlotEnrolled.enrollment_id, SlotEnrolled.status, fn.COUNT(SlotEnrolled.id))
        .where(SlotEnrolled.student_id == student_id, SlotEnrolled.enrollment_id.is_null(False))
        .group_by(SlotEnrolled.enrollment_id, SlotEnrolled.status)
        .tuples()
    )
    for enrollment, status, count in counted:
        seats[(enrollment, status)] = count
    return [
        EnrollmentRow(
            id=row["id"],
            number=row["number"],
            title=row["name"],
            icon=row["icon"],
            category=row["category"],
            status=row["status"],
            gross_minor=row["gross_minor"],
            progress_bp=row["progress_bp"],
            done_minutes=row["theory_done_minutes"] + row["practical_done_minutes"],
            planned_minutes=row["theory_minutes"] + row["practical_minutes"],
            attended=seats.get((row["id"], "attended"), 0),
            absent=seats.get((row["id"], "absent"), 0),
            coming=seats.get((row["id"], "booked"), 0),
        )
        for row in query
    ]


def timeline(student_id: int, limit: int = 200) -> list[TimelineRow]:
    """What happened, newest first, in the reader's words."""
    actor = User.alias()
    query: Any = (
        Timeline.select(Timeline.created_at, Timeline.key, Timeline.params, actor.first_name)
        .left_outer_join(actor, on=(actor.id == Timeline.actor_id))
        .where(Timeline.user_id == student_id)
        .order_by(Timeline.id.desc())
        .limit(limit)
        .tuples()
    )
    return [TimelineRow(at, text.sentence(key, json.loads(params)), who or "") for at, key, params, who in query]


def documents(student_id: int) -> list[Document]:
    """Payments and invoices, newest first."""
    found = [
        Document(
            "payment", row.id, row.number, row.settled_on or row.started_at[:10], row.method,
            -row.amount_minor if row.payment_type == "refund" else row.amount_minor, row.status.lower(),
        )
        for row in Payment.select().where(Payment.student_id == student_id)
    ]  # fmt: skip
    for row in Invoice.select(
        Invoice.id, Invoice.label, Invoice.issued_on, Invoice.due_on, Invoice.gross_minor, Invoice.kind
    ).where(Invoice.student_id == student_id):
        sign = -1 if row.kind == "credit_note" else 1
        found.append(Document(row.kind, row.id, row.label, row.issued_on, row.due_on, sign * row.gross_minor, row.kind))
    return sorted(found, key=lambda one: (one.on, one.number), reverse=True)


def messages(student_id: int) -> list[tuple[str, str, str]]:
    """(when, subject, state) of a student's mails, newest first."""
    query: Any = (
        MailQueue.select(MailQueue.created_at, MailQueue.subject, MailQueue.state)
        .where(MailQueue.student_id == student_id)
        .order_by(MailQueue.id.desc())
        .limit(100)
        .tuples()
    )
    return list(query)


def notes(student_id: int) -> list[tuple[str, str, bool]]:
    """(when, text, pinned) of the notes about a student, newest first."""
    query = Note.select().where(Note.user_id == student_id).order_by(Note.id.desc())
    return [(row.created_at, row.text, bool(row.pinned)) for row in query]


def payers() -> list[tuple[int, str]]:
    """(id, name) of everyone who pays for others."""
    query = Payer.select(Payer.id, Payer.name).where(Payer.status == "active").order_by(Payer.name)
    return [(row.id, row.name) for row in query]
