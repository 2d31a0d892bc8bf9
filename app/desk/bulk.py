"""Enrolling several people in one course: one look at what it means for each, then all of them or nobody.

Each is enrolled as flow 1 of DOMAIN.md has it, with their own number, notification and mail; one operation holds them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app import clock, store
from app.desk import center, enrollment, seats
from app.desk.accounts import Actor, require
from app.desk.discounts import Together
from app.desk.enrollment import EnrollmentDraft, Warning_
from app.errors import UserError
from app.mail import compose
from app.store.models import CourseEnrolled, Payer, Quote, Session, Slot, SlotEnrolled, User

#: So many at once: as many as can be selected together.
MOST = 500

#: What `enrollment.quote` says as a warning and `enroll` refuses; the full group is asked for all of them together.
_HARD = ("enrollment.too_young", "seats.student_busy")


@dataclass(frozen=True)
class BulkDraft:
    """Who enrolls in what. `payer_id`, if there is one, pays for each; in the group `session_id` all get seats."""

    student_ids: tuple[int, ...]
    course_id: int
    payer_id: int | None = None
    session_id: int | None = None
    send_mail: bool = True


@dataclass(frozen=True)
class Line:
    """What it means for one person: the price in minor units, what staff should know, or why it cannot be.

    `fee_minor` is the registration fee that comes with it; `rules` are the discount rules that course and fee use.
    `mail` is where the confirmation goes, '' where nothing can be sent.
    """

    student_id: int
    name: str
    number: str
    gross_minor: int
    mail: str
    warnings: tuple[Warning_, ...] = ()
    refusal: UserError | None = None
    fee_minor: int = 0
    rules: tuple[int, ...] = ()

    @property
    def total_minor(self) -> int:
        """What is charged for them in all."""
        return self.gross_minor + self.fee_minor


@dataclass(frozen=True)
class Room:
    """The fewest free seats in a coming slot of the group, and that slot's start (a UTC stamp)."""

    group: str
    free: int
    at: str


@dataclass(frozen=True)
class Preview:
    """What would become of each, in the order asked. `room` is None without a group."""

    lines: tuple[Line, ...]
    room: Room | None = None


def preview(draft: BulkDraft, left_out: Collection[int] = ()) -> Preview:
    """What enrolling these people would mean; reads only. What is refused for one stands on their line.

    Prices are as they will be when those before have enrolled: the second of two siblings has one by then, and a rule
    for the first ten is used up by ten. Whoever is `left_out` is looked at, too, and changes nothing for the others.

    UserErrors that are about all of them: `enrollment.course_unavailable`, `enrollment.payer_unavailable`,
    `enrollment.wrong_session`, `seats.session_over`, prices as in `enrollment.agree`.
    """
    ids = tuple(dict.fromkeys(draft.student_ids))
    if len(ids) > MOST:
        raise UserError("bulk.too_many", "people", most=MOST)
    payer = Payer.get_or_none(Payer.id == draft.payer_id) if draft.payer_id is not None else None
    if draft.payer_id is not None and (payer is None or payer.status != "active"):
        raise UserError("enrollment.payer_unavailable", "payer")
    now = clock.stamp()
    slots = seats.coming(draft.session_id, now) if draft.session_id is not None else []
    if draft.session_id is not None and not slots:
        raise UserError("seats.session_over", "session")
    seated = _seated([slot.id for slot in slots], ids)
    rows = {row.id: row for row in User.select().where(User.id.in_(ids))}
    numbers, promised = _running(draft.course_id, ids), _promised(draft.course_id, ids)
    together, lines = Together(), []
    for one in ids:
        line = _line(draft, rows.get(one), one, seated, numbers.get(one, ""), together)
        if one in promised:
            line = replace(line, warnings=(promised[one], *line.warnings))
        lines.append(line)
        if line.refusal is None and one not in left_out:
            enrolled = (*together.enrolled, (one, draft.payer_id))
            together = Together((*together.rules, *line.rules), enrolled)
    return Preview(tuple(lines), _room(draft.session_id, slots, now) if slots else None)


def too_few_seats(found: Preview, draft: BulkDraft, count: int) -> UserError | None:
    """Why so many do not fit into the group, with what is possible instead; None where they do, or there is no group.

    UserErrors `bulk.few_seats` and `bulk.full`, each with `_other` where another group has room for all.
    """
    room = found.room
    if room is None or count <= room.free:
        return None
    facts: dict[str, Any] = {"group": room.group, "at": room.at, "count": count}
    other = _other_group(draft, count)
    key = "bulk.few_seats" if room.free else "bulk.full"
    if room.free:
        facts.update(free=room.free, over=count - room.free)
    return UserError(f"{key}_other", "course", other=other, **facts) if other else UserError(key, "course", **facts)


def enroll_several(actor: Actor, draft: BulkDraft) -> list[int]:
    """Enroll all of these people in one operation, or nobody; returns the enrollments' ids, in their order.

    UserErrors: `bulk.nobody`, `bulk.too_many`; `bulk.refused` where somebody cannot be enrolled (the preview says why);
    `bulk.few_seats`, `bulk.full` where the group has not seats for all; others as from `enrollment.enroll`.
    """
    require(actor, "enrollment.create")
    if not draft.student_ids:
        raise UserError("bulk.nobody", "people")
    with store.write("Enroll several", actor) as w:
        found = preview(draft)
        refuse_some(found.lines)
        _refuse_too_few(found, draft)
        return [
            enrollment.enroll_in(
                w,
                EnrollmentDraft(
                    line.student_id,
                    draft.course_id,
                    payer_id=draft.payer_id,
                    session_id=draft.session_id,
                    send_mail=draft.send_mail,
                ),
            )
            for line in found.lines
        ]


def refuse_some(lines: Sequence[Line]) -> None:
    """UserError `bulk.refused` where somebody cannot be enrolled."""
    refused = [line for line in lines if line.refusal is not None]
    if len(refused) > 1:
        raise UserError("bulk.refused_some", "people", count=len(refused))
    if refused:
        raise UserError("bulk.refused", "people", name=refused[0].name)


def _refuse_too_few(found: Preview, draft: BulkDraft) -> None:
    error = too_few_seats(found, draft, len(found.lines))
    if error is not None:
        raise error


def _line(
    draft: BulkDraft, person: Any, student_id: int, seated: dict[int, int], running: str, together: Together
) -> Line:
    if person is None or person.role != "student":
        return Line(student_id, "", "", 0, "", refusal=UserError("store.gone"))
    name = f"{person.first_name} {person.last_name}".strip()
    mail = _address(person.email) if draft.send_mail else ""
    one = EnrollmentDraft(student_id, draft.course_id, payer_id=draft.payer_id, session_id=draft.session_id)
    refusal: UserError | None = None
    warnings: tuple[Warning_, ...] = ()
    gross = fee = 0
    rules: tuple[int, ...] = ()
    try:
        quote = enrollment.quote(one, together)
        gross, rules = quote.gross_minor, quote.rules
        fee = quote.fee.gross_minor if quote.fee is not None else 0
        warnings = tuple(each for each in quote.warnings if each[0] not in (*_HARD, "seats.full"))
        hard = next((each for each in quote.warnings if each[0] in _HARD), None)
        if hard is not None:
            refusal = UserError(hard[0], "people", **hard[1])
    except UserError as error:
        if error.key not in ("enrollment.student_inactive", "enrollment.student_merged"):
            raise  # about the course, its price or its group: the same for everybody
        refusal = error
    if running:
        course = {"course": _course_name(draft.course_id), "number": running}
        refusal = UserError("enrollment.already_enrolled", "people", **course)
    elif draft.session_id is not None and refusal is None:
        if person.status not in ("active", "applicant"):
            refusal = UserError("bulk.not_active", "people", name=name)
        elif student_id in seated:
            title = seats.title(store.by_id(Slot, seated[student_id]))
            refusal = UserError("bulk.has_seat", "people", title=title)
    return Line(student_id, name, person.number or "", gross, mail, warnings, refusal, fee, rules)


def _seated(slot_ids: Sequence[int], student_ids: Sequence[int]) -> dict[int, int]:
    """Who has a seat in one of these slots already, and in which."""
    query: Any = SlotEnrolled.select(SlotEnrolled.student_id, SlotEnrolled.slot_id).where(
        SlotEnrolled.slot_id.in_(list(slot_ids)),
        SlotEnrolled.student_id.in_(list(student_ids)),
        SlotEnrolled.status.in_(["booked", "attended", "absent"]),
    )
    return dict(query.tuples())


def _promised(course_id: int, student_ids: Sequence[int]) -> dict[int, Warning_]:
    """Who was promised a price of this course that can still be used; it is used by an enrollment of its own."""
    today = clock.local_date(center.load().zone).isoformat()
    query: Any = Quote.select(Quote.student_id, Quote.number, Quote.gross_minor, Quote.expires_on).where(
        Quote.student_id.in_(list(student_ids)),
        Quote.course_id == course_id,
        Quote.status == "open",
        Quote.expires_on >= today,
    )
    return {
        student: ("bulk.quoted", {"number": number, "amount": amount, "until": until})
        for student, number, amount, until in query.order_by(Quote.id).tuples()
    }


def _running(course_id: int, student_ids: Sequence[int]) -> dict[int, str]:
    """The number of the enrollment that each has running in a course."""
    query: Any = CourseEnrolled.select(CourseEnrolled.student_id, CourseEnrolled.number).where(
        CourseEnrolled.student_id.in_(list(student_ids)),
        CourseEnrolled.course_id == course_id,
        CourseEnrolled.status == "pending",
    )
    return dict(query.tuples())


def _room(session_id: Any, slots: Sequence[Any], now: str) -> Room:
    free = [(slot.capacity - seats.taken(slot.id, now), slot.start_utc) for slot in slots]
    fewest, at = min(free)
    session = store.by_id(Session, session_id)
    return Room(session.name if session is not None else "", max(fewest, 0), at)


def _other_group(draft: BulkDraft, wanted: int) -> str:
    """Another group of the course, the next to begin, that has room for all; '' where there is none."""
    now = clock.stamp()
    others = Session.select().where(
        Session.course_id == draft.course_id,
        Session.id != draft.session_id,
        Session.session_type == "group",
        Session.status == "planned",
    )
    found = []
    for session in others:
        slots = seats.coming(session.id, now)
        if slots and _room(session.id, slots, now).free >= wanted:
            found.append((slots[0].start_utc, session.name))
    return str(min(found)[1]) if found else ""


def _course_name(course_id: int) -> str:
    from app.store.models import Course

    course = store.by_id(Course, course_id)
    return str(course.name) if course is not None else ""


def _address(email: str | None) -> str:
    try:
        return compose.check_address(email or "")
    except UserError:
        return ""
