"""Sessions and their slots: planning, clashes, moving, canceling.

Slots keep wall time and zone, so a weekly 09:00 stays 09:00; UTC is derived. Two things clash when
``a.start < b.end and b.start < a.end``: back to back is free, canceled slots block nothing (DOMAIN.md, "Seats").
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from app import clock, store, text
from app.desk import center, letters, notifications, seats, timeline
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.store import Write
from app.store.models import (
    Availability,
    Closure,
    Course,
    Resource,
    Session,
    SessionInstructor,
    Slot,
    SlotEnrolled,
    SlotInstructor,
    User,
)

MOST_SLOTS = 500
MOST_SEATS = 500


@dataclass(frozen=True)
class SessionDraft:
    """A session as typed. Dates are ISO text, `start_time` is HH:MM wall time, weekdays are 1 (Monday) to 7.

    `fold` answers which of two equal wall times is meant on the day the clocks go back (0 first, 1 second).
    """

    course_id: int
    name: str
    class_type: str = "theory"
    session_type: str = "group"
    start_date: str = ""
    end_date: str = ""
    recurrence: str = "weekdays"
    weekdays: tuple[int, ...] = ()
    picked_dates: tuple[str, ...] = ()
    start_time: str = "09:00"
    duration_minutes: int = 90
    capacity: int = 12
    location: str = ""
    resource_id: int | None = None
    instructor_ids: tuple[int, ...] = ()
    override_reason: str = ""
    fold: int | None = None


@dataclass(frozen=True)
class SlotPlan:
    """One slot a draft would make, and what stands in its way."""

    on_date: str
    start_wall: str
    end_wall: str
    start_utc: str
    end_utc: str
    problems: tuple[UserError, ...] = field(default=())


def preview_slots(draft: SessionDraft) -> list[SlotPlan]:
    """The slots a draft would make, each with its clashes. UserErrors about the draft itself stand by their field."""
    _check(draft)
    return _plan(draft, center.load().zone)


def plan_session(actor: Actor, draft: SessionDraft) -> int:
    """Plan a session with its instructors and all of its slots; returns its id.

    The first clash is refused unless `override_reason` says why staff goes on; the reason is recorded on the slots
    that clash. Days on which the center is closed make no slot.
    """
    require(actor, "schedule.plan")
    _check(draft)
    reason = text.clean(draft.override_reason, field="override_reason")
    if reason:
        require(actor, "schedule.override")
    zone = center.load().zone
    with store.write("Plan session", actor) as w:
        plans = _plan(draft, zone)
        for plan in plans:
            if plan.problems and not reason:
                raise plan.problems[0]
        picked = [day.isoformat() for day in _picked(draft)]
        session = w.insert(
            Session,
            course_id=draft.course_id,
            name=text.clean(draft.name, field="name", required=True),
            class_type=draft.class_type,
            session_type=draft.session_type,
            start_date=picked[0] if picked else _date(draft.start_date, "start_date").isoformat(),
            end_date=picked[-1] if picked else _date(draft.end_date, "end_date").isoformat(),
            recurrence=draft.recurrence,
            weekdays=",".join(str(day) for day in sorted(set(draft.weekdays))),
            picked_dates=json.dumps(picked),
            start_time=_time(draft.start_time).strftime("%H:%M"),
            duration_minutes=draft.duration_minutes,
            capacity=draft.capacity,
            location=text.clean(draft.location, field="location"),
            resource_id=draft.resource_id,
            zone=zone,
        )
        for instructor_id in dict.fromkeys(draft.instructor_ids):
            w.insert(SessionInstructor, session_id=session, instructor_id=instructor_id)
        for position, plan in enumerate(plans, start=1):
            w.insert(
                Slot,
                session_id=session,
                position=position,
                on_date=plan.on_date,
                start_wall=plan.start_wall,
                end_wall=plan.end_wall,
                zone=zone,
                start_utc=plan.start_utc,
                end_utc=plan.end_utc,
                resource_id=draft.resource_id,
                capacity=draft.capacity,
                override_reason=reason if plan.problems else "",
            )
        notifications.notify(
            w,
            "calendar",
            "center",
            "scheduling.planned",
            ("sessions", session),
            name=draft.name.strip(),
            count=len(plans),
        )
        return session


def check_move(
    slot_id: int, start_wall: str, resource_id: int | None = None, fold: int | None = None
) -> list[UserError]:
    """What stands in the way of a slot at another time (and in another room): instructors, rooms, students."""
    slot = _slot(slot_id)
    start, _end, start_utc, end_utc = _moved(slot, start_wall, fold)
    where = resource_id if resource_id is not None else slot.resource_id
    found = _other_room(slot, resource_id) + _closed(start.date())
    found += _clashes(start, start_utc, end_utc, where, instructors_of(slot), but_slot=slot_id)
    now = clock.stamp()
    students = SlotEnrolled.select(SlotEnrolled.student_id).where(seats.of_slot(slot_id), seats.live(now))
    for row in students:
        other = seats.busy_elsewhere(row.student_id, start_utc, end_utc, now, but=slot_id)
        if other is not None:
            facts = _when(start)
            found.append(
                UserError(
                    "scheduling.student_busy", "student", name=_name(row.student_id), other=seats.title(other), **facts
                )
            )
    return found


def clashes(slot_id: int) -> list[UserError]:
    """What has the room or the instructors of a slot at the time it has now."""
    slot = _slot(slot_id)
    start = datetime.fromisoformat(slot.start_wall)
    return _clashes(start, slot.start_utc, slot.end_utc, slot.resource_id, instructors_of(slot), but_slot=slot_id)


def move_slot(
    actor: Actor,
    slot_id: int,
    version: int,
    start_wall: str,
    resource_id: int | None = None,
    override_reason: str = "",
    fold: int | None = None,
) -> None:
    """Move a slot to another wall time (and room). Everyone with a seat gets a mail and an entry on the timeline.

    UserErrors: the first clash unless overridden, `store.changed_meanwhile`, `scheduling.slot_canceled`,
    `scheduling.same_place` where it is there already, the clock's.
    """
    require(actor, "schedule.plan")
    reason = text.clean(override_reason, field="override_reason")
    if reason:
        require(actor, "schedule.override")
    with store.write("Move slot", actor) as w:
        slot = _slot(slot_id)
        if slot.canceled_at is not None:
            raise UserError("scheduling.slot_canceled", "slot")
        problems = check_move(slot_id, start_wall, resource_id, fold)
        if problems and not reason:
            raise problems[0]
        start, end, start_utc, end_utc = _moved(slot, start_wall, fold)
        where = resource_id if resource_id is not None else slot.resource_id
        if (start_utc, end_utc, where) == (slot.start_utc, slot.end_utc, slot.resource_id):
            raise UserError("scheduling.same_place", "start_time")  # nobody is to get a mail that says nothing
        w.update(
            Slot,
            slot_id,
            version,
            on_date=start.date().isoformat(),
            start_wall=_wall(start),
            end_wall=_wall(end),
            start_utc=start_utc,
            end_utc=end_utc,
            resource_id=where,
            override_reason=reason if problems else "",
        )
        room = Resource.select(Resource.name).where(Resource.id == where).scalar() or ""
        facts = {"title": seats.title(slot), "old": slot.start_utc, "new": start_utc}
        people = _seated(slot_id, w.now)
        for student in people:
            timeline.add(w, student.id, "scheduling.slot_moved", ("slots", slot_id), **facts)
            _mail(
                w,
                student,
                "slot_moved",
                f"slot.moved:{slot_id}:{version}:{student.id}",
                title=facts["title"],
                old_start=slot.start_wall,
                new_start=_wall(start),
                room=room,
            )
        seats.refresh_next_slot(w, [student.id for student in people])
        seats.recompute_progress(w, _enrollments(slot_id))


def cancel_slot(actor: Actor, slot_id: int, reason: str) -> None:
    """Cancel a slot: its seats are given back, everyone with a seat is told."""
    require(actor, "schedule.plan")
    words = text.clean(reason, field="reason", required=True)
    with store.write("Cancel slot", actor) as w:
        slot = _slot(slot_id)
        if slot.canceled_at is not None:
            raise UserError("scheduling.slot_canceled", "slot")
        people = _seated(slot_id, w.now)
        enrollments = _enrollments(slot_id)
        w.update(Slot, slot_id, canceled_at=w.now, cancel_reason=words)
        rows = SlotEnrolled.select(SlotEnrolled.id, SlotEnrolled.student_id).where(
            SlotEnrolled.slot_id == slot_id, SlotEnrolled.status != "canceled"
        )
        given_back = list(rows)  # holds that ran out among them: the slot may still be kept as someone's next
        for row in given_back:
            w.update(SlotEnrolled, row.id, status="canceled", held_until=None, held_by=None)
        seats.recount(w, [slot_id])
        facts = {"title": seats.title(slot), "at": slot.start_utc, "reason": words}
        for student in people:
            timeline.add(w, student.id, "scheduling.slot_canceled_entry", ("slots", slot_id), **facts)
            _mail(
                w,
                student,
                "slot_canceled",
                f"slot.canceled:{slot_id}:{slot.version}:{student.id}",
                title=facts["title"],
                old_start=slot.start_wall,
                reason=words,
            )
        seats.refresh_next_slot(w, [row.student_id for row in given_back])
        seats.recompute_progress(w, enrollments)
        notifications.notify(w, "calendar", "center", "scheduling.slot_canceled_entry", ("slots", slot_id), **facts)


def instructors_of(slot: Any) -> list[int]:
    """Who teaches a slot: the session's instructors, with the slot's own additions and removals."""
    found = {
        row.instructor_id for row in SessionInstructor.select().where(SessionInstructor.session_id == slot.session_id)
    }
    for row in SlotInstructor.select().where(SlotInstructor.slot_id == slot.id):
        (found.add if row.kind == "added" else found.discard)(row.instructor_id)
    return sorted(found)


# -- checking a draft ----------------------------------------------------------------------------------------


def _check(draft: SessionDraft) -> None:
    course = Course.get_or_none(Course.id == draft.course_id)
    if course is None or course.status != "available":
        raise UserError("scheduling.no_course", "course")
    text.clean(draft.name, field="name", required=True)
    if draft.class_type not in ("theory", "practical") or draft.session_type not in ("individual", "group"):
        raise UserError("scheduling.bad_recurrence", "class_type")
    if draft.recurrence not in ("weekdays", "working_days", "weekend", "picked_dates"):
        raise UserError("scheduling.bad_recurrence", "recurrence")
    _time(draft.start_time)
    if not 1 <= draft.duration_minutes <= 1440:
        raise UserError("scheduling.bad_duration", "duration")
    if not 1 <= draft.capacity <= MOST_SEATS:
        raise UserError("scheduling.bad_capacity", "capacity")
    if draft.session_type == "individual" and draft.capacity != 1:
        raise UserError("scheduling.individual_capacity", "capacity")
    if draft.resource_id is not None:
        room = Resource.get_or_none(Resource.id == draft.resource_id, Resource.status == "available")
        if room is None:
            raise UserError("scheduling.no_resource", "resource")
        if room.seats is not None and room.kind == "room" and draft.capacity > room.seats:
            raise UserError("scheduling.room_too_small", "capacity", room=room.name, seats=room.seats)
    teaching = User.select().where(
        User.id.in_(list(draft.instructor_ids)), User.role != "student", User.status == "active"
    )
    if teaching.count() != len(set(draft.instructor_ids)):
        raise UserError("scheduling.no_instructor", "instructors")
    _days(draft)


def _days(draft: SessionDraft) -> list[date]:
    """The days a draft falls on, without those on which the center is closed."""
    if draft.recurrence == "picked_dates":
        days = _picked(draft)
        if not days:
            raise UserError("scheduling.no_dates", "picked_dates")
    else:
        first, last = _date(draft.start_date, "start_date"), _date(draft.end_date, "end_date")
        if last < first:
            raise UserError("scheduling.end_before_start", "end_date")
        chosen = {"working_days": {1, 2, 3, 4, 5}, "weekend": {6, 7}}.get(draft.recurrence, set(draft.weekdays))
        if not chosen or not chosen <= set(range(1, 8)):
            raise UserError("scheduling.no_weekday", "weekdays")
        if (last - first).days > 7 * MOST_SLOTS:
            raise UserError("scheduling.too_many", "end_date", count=(last - first).days, limit=MOST_SLOTS)
        every = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
        days = [day for day in every if day.isoweekday() in chosen]
    days = [day for day in days if not _closed(day)]
    if not days:
        raise UserError("scheduling.no_slots", "end_date")
    if len(days) > MOST_SLOTS:
        raise UserError("scheduling.too_many", "end_date", count=len(days), limit=MOST_SLOTS)
    return days


def _picked(draft: SessionDraft) -> list[date]:
    """The dates that were picked, in order; none where the days follow from weekdays."""
    if draft.recurrence != "picked_dates":
        return []
    return sorted({_date(one, "picked_dates") for one in draft.picked_dates})


def _plan(draft: SessionDraft, zone: str) -> list[SlotPlan]:
    at = _time(draft.start_time)
    plans: list[SlotPlan] = []
    for day in _days(draft):
        start = datetime.combine(day, at.time())
        end, start_utc, end_utc = _span(start, draft.duration_minutes, zone, draft.fold)
        problems = _clashes(start, start_utc, end_utc, draft.resource_id, draft.instructor_ids)
        if plans and start_utc < plans[-1].end_utc:  # whole days, and one that the clock change made shorter
            problems.append(UserError("scheduling.overlaps_itself", "duration", **_when(start)))
        plans.append(SlotPlan(day.isoformat(), _wall(start), _wall(end), start_utc, end_utc, tuple(problems)))
    return plans


def _span(start: datetime, minutes: int, zone: str, fold: int | None) -> tuple[datetime, str, str]:
    """(end on the wall, start and end as UTC stamps): `minutes` of real time, also across a clock change."""
    start_utc = clock.wall_to_utc(start, zone, fold)
    end_utc = start_utc + timedelta(minutes=minutes)
    end = clock.utc_to_wall(end_utc, zone)
    if end <= start:
        raise UserError("scheduling.ends_in_repeated_hour", "duration", **_when(start), end=end.strftime("%H:%M"))
    return end, clock.stamp(start_utc), clock.stamp(end_utc)


def _clashes(
    start: datetime,
    start_utc: str,
    end_utc: str,
    resource_id: int | None,
    instructor_ids: Sequence[int],
    but_slot: int | None = None,
) -> list[UserError]:
    found: list[UserError] = []
    at_once = Slot.select().where(
        Slot.canceled_at.is_null(), Slot.start_utc < end_utc, Slot.end_utc > start_utc, Slot.id != (but_slot or 0)
    )
    rivals = list(at_once)
    facts = _when(start)
    if resource_id is not None:
        there = [slot for slot in rivals if slot.resource_id == resource_id]
        resource = Resource.get_by_id(resource_id)
        if len(there) >= resource.quantity:
            other = seats.title(there[0])
            found.append(UserError("scheduling.room_busy", "resource", name=resource.name, other=other, **facts))
    for instructor_id in instructor_ids:
        teaching = next((slot for slot in rivals if instructor_id in instructors_of(slot)), None)
        if teaching is not None:
            other = seats.title(teaching)
            name = _name(instructor_id)
            found.append(UserError("scheduling.instructor_busy", "instructors", name=name, other=other, **facts))
        elif _away(instructor_id, start, start_utc, end_utc):
            found.append(UserError("scheduling.instructor_away", "instructors", name=_name(instructor_id), **facts))
    return found


def _away(instructor_id: int, start: datetime, start_utc: str, end_utc: str) -> bool:
    """Whether an instructor's rows for that date (else for that weekday) leave the time out."""
    minutes = int((clock.parse_stamp(end_utc) - clock.parse_stamp(start_utc)).total_seconds() // 60)
    begin, end = start.strftime("%H:%M"), (start + timedelta(minutes=minutes)).strftime("%H:%M")
    if (start + timedelta(minutes=minutes)).date() != start.date():
        end = "24:00"
    rows = list(Availability.select().where(Availability.instructor_id == instructor_id))
    dated = [row for row in rows if row.on_date == start.date().isoformat()]
    if any(not row.is_open and row.from_time < end and begin < row.to_time for row in dated):
        return True
    opening = [row for row in dated if row.is_open] or [row for row in rows if row.weekday == start.isoweekday()]
    closed = [row for row in opening if not row.is_open and row.from_time < end and begin < row.to_time]
    opens = [row for row in opening if row.is_open]
    return bool(closed) or (bool(opens) and not any(row.from_time <= begin and end <= row.to_time for row in opens))


def _closed(day: date) -> list[UserError]:
    iso = day.isoformat()
    closure = Closure.get_or_none(Closure.starts_on <= iso, Closure.ends_on >= iso)
    return [UserError("scheduling.center_closed", "date", on=iso, name=closure.name)] if closure is not None else []


def _moved(slot: Any, start_wall: str, fold: int | None) -> tuple[datetime, datetime, str, str]:
    try:
        start = datetime.fromisoformat(start_wall)
        if start.tzinfo is not None or start.second or start.microsecond:
            raise ValueError("no wall time in minutes")
    except ValueError as error:
        raise UserError("scheduling.bad_time", "start_time", text=start_wall[:40]) from error
    minutes = int((clock.parse_stamp(slot.end_utc) - clock.parse_stamp(slot.start_utc)).total_seconds() // 60)
    return start, *_span(start, minutes, slot.zone, fold)


def _other_room(slot: Any, resource_id: int | None) -> list[UserError]:
    """What a room says to a slot that moves into it."""
    if resource_id is None or resource_id == slot.resource_id:
        return []
    room = Resource.get_or_none(Resource.id == resource_id, Resource.status == "available")
    if room is None:
        raise UserError("scheduling.no_resource", "resource")
    if room.kind == "room" and room.seats is not None and room.seats < slot.capacity:
        return [UserError("scheduling.room_too_small", "resource", room=room.name, seats=room.seats)]
    return []


def _date(typed: str, where: str) -> date:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError as error:
        raise UserError("scheduling.bad_date", where, text=typed.strip()[:40]) from error


def _time(typed: str) -> datetime:
    try:
        return datetime.strptime(typed.strip(), "%H:%M")  # noqa: DTZ007 - a wall time has no zone of its own
    except ValueError as error:
        raise UserError("scheduling.bad_time", "start_time", text=typed.strip()[:40]) from error


def _wall(moment: datetime) -> str:
    return moment.isoformat("T", "minutes")


def _when(start: datetime) -> dict[str, str]:
    return {"on": start.date().isoformat(), "start": start.strftime("%H:%M")}


def _slot(slot_id: int) -> Any:
    slot = Slot.get_or_none(Slot.id == slot_id)
    if slot is None:
        raise UserError("store.gone")
    return slot


def _name(user_id: int) -> str:
    row = User.get_by_id(user_id)
    return f"{row.first_name} {row.last_name}".strip()


def _seated(slot_id: int, now: str) -> list[Any]:
    """The students with a live seat."""
    return list(
        User.select()
        .join(SlotEnrolled, on=(SlotEnrolled.student_id == User.id))
        .where(seats.of_slot(slot_id), seats.live(now))
        .order_by(User.id)
    )


def _enrollments(slot_id: int) -> list[int | None]:
    rows = SlotEnrolled.select(SlotEnrolled.enrollment_id).where(
        SlotEnrolled.slot_id == slot_id, SlotEnrolled.status == "attended"
    )
    return [row.enrollment_id for row in rows]


def _mail(w: Write, student: Any, template: str, event_key: str, **params: Any) -> None:
    to = letters.student(student.id)
    letters.send(w, to, template, event_key, {"student": to.name, **params})


def slots_of(session_id: int) -> list[Any]:
    """A session's slots that are not canceled, in order of time."""
    query = Slot.select().where(Slot.session_id == session_id, Slot.canceled_at.is_null())
    return list(query.order_by(Slot.start_utc))
