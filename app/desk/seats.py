"""Seats: booking, holding, waiting, giving back, attendance, and the progress that follows from it.

Whether a seat is free is decided inside the write, from the rows (DOMAIN.md, "Seats"). Live seats are booked,
attended, and held while held_until is ahead; an expired hold is free without a timer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from peewee import fn

from app import clock, store, text
from app.desk import center, letters, notifications, timeline
from app.desk.accounts import SYSTEM, Actor, require
from app.errors import UserError
from app.store import Write
from app.store.models import Course, CourseEnrolled, Resource, Session, Slot, SlotEnrolled, User
from app.store.prepared import prepared


def live(now: str) -> Any:
    """The condition of a live seat at `now` (a UTC stamp)."""
    held = (SlotEnrolled.status == "held") & (SlotEnrolled.held_until > now)
    return SlotEnrolled.status.in_(["booked", "attended"]) | held


def of_slot(slot_id: Any) -> Any:
    """The condition of a slot's seats that are not given back.

    `live` says the last part, too, but SQLite does not see that in it: it would read every seat there ever was instead
    of asking the index of one seat each.
    """
    return (SlotEnrolled.slot_id == slot_id) & (SlotEnrolled.status != "canceled")


_taken = prepared(
    lambda slot_id, now: SlotEnrolled.select(fn.COUNT(SlotEnrolled.id)).where(of_slot(slot_id), live(now))
)
_kept_seats = prepared(
    lambda slot_id: SlotEnrolled.select(fn.COUNT(SlotEnrolled.id)).where(
        of_slot(slot_id), SlotEnrolled.status.in_(["booked", "attended"])
    )
)
_next_slots = prepared(
    lambda student_ids, held_after, starts_after: (
        SlotEnrolled.select(SlotEnrolled.student_id, Slot.id, Slot.start_utc)
        .join(Slot, on=(SlotEnrolled.slot_id == Slot.id))
        .where(
            SlotEnrolled.student_id.in_(store.these(student_ids)),
            live(held_after),
            Slot.canceled_at.is_null(),
            Slot.start_utc > starts_after,
        )
        .order_by(Slot.start_utc, Slot.id)
    )
)
_kept_next_slots = prepared(
    lambda student_ids: (
        User.select(User.id, User.next_slot_id, User.next_slot_at)
        .where(User.id.in_(store.these(student_ids)))
        .order_by(User.id)
    )
)


def taken(slot_id: int, now: str) -> int:
    """Live seats of a slot."""
    return int(_taken(slot_id, now)[0][0])


def book(
    actor: Actor, slot_id: int, student_id: int, enrollment_id: int | None = None, override_reason: str = ""
) -> int:
    """Give a student a seat; returns its id.

    UserErrors: `seats.full`, `seats.twice`, `seats.student_busy` (unless overridden with a reason, which is
    recorded), `seats.not_active`, `scheduling.slot_canceled`. Capacity has no override.
    """
    require(actor, "schedule.book")
    reason = _override(actor, override_reason)
    with store.write("Book seat", actor) as w:
        return _take(w, slot_id, student_id, "booked", enrollment_id=enrollment_id, override=reason)


def book_session(actor: Actor, session_id: int, student_id: int, override_reason: str = "") -> list[int]:
    """Give a student a seat in every coming slot of a session, or in none; returns the seats' ids."""
    require(actor, "schedule.book")
    reason = _override(actor, override_reason)
    with store.write("Book session", actor) as w:
        return take_session(w, session_id, student_id, override=reason)


def hold(actor: Actor, slot_id: int, student_id: int, minutes: int = 15) -> int:
    """Keep a seat for a student for some minutes; returns its id. Errors as from `book`, and `seats.bad_hold`."""
    require(actor, "schedule.book")
    if not 1 <= minutes <= 1440:
        raise UserError("seats.bad_hold", "minutes")
    with store.write("Hold seat", actor) as w:
        until = clock.stamp(w.moment + timedelta(minutes=minutes))
        return _take(w, slot_id, student_id, "held", held_until=until)


def wait(actor: Actor, slot_id: int, student_id: int, priority: int = 0) -> int:
    """Put a student on a full slot's waiting list; returns the row's id. Higher priority first, then first come."""
    require(actor, "schedule.book")
    with store.write("Put on waiting list", actor) as w:
        slot, student = _slot(slot_id), _student(student_id)
        if taken(slot_id, w.now) < slot.capacity:
            raise UserError("seats.free")
        known = _row(slot_id, student_id)
        if known is not None and known.status == "waiting":
            raise UserError("seats.waiting_already", "student", name=_name(student))
        if known is not None and not (known.status == "held" and known.held_until <= w.now):
            raise UserError("seats.twice", "student", name=_name(student))
        values = {
            "status": "waiting",
            "waiting_since": w.now,
            "priority": priority,
            "held_until": None,
            "held_by": None,
        }
        seat = _put(w, known, slot, student_id, values)
        refresh_next_slot(w, [student_id])  # a hold that ran out may still be what is kept as the next slot
        timeline.add(w, student_id, "seats.waiting", ("slots", slot_id), **_facts(slot))
        return seat


def cancel_seat(actor: Actor, seat_id: int, reason: str = "") -> None:
    """Give a seat (or a place on the waiting list) back. Someone who waits is put before the manager."""
    require(actor, "schedule.book")
    words = text.clean(reason, field="reason")
    with store.write("Give seat back", actor) as w:
        seat = _seat(seat_id)
        if seat.status == "canceled":
            raise UserError("seats.not_live")
        slot = _slot(seat.slot_id, canceled_too=True)
        w.update(SlotEnrolled, seat_id, status="canceled", held_until=None, held_by=None)
        recount(w, [slot.id])
        refresh_next_slot(w, [seat.student_id])
        timeline.add(w, seat.student_id, "seats.canceled", ("slots", slot.id), reason=words, **_facts(slot))
        if seat.status == "attended":
            recompute_progress(w, [seat.enrollment_id])
        offer_free_seat(w, slot)


def mark(actor: Actor, seat_id: int, status: str) -> None:
    """Mark a seat attended, absent, or not yet ("booked"); the course progress follows.

    UserErrors: `seats.bad_mark`, `seats.not_live`, `seats.too_early` (before the day of the slot), and where an
    absence is taken back: `seats.full` if the seat was given away, `seats.student_busy` if the student is elsewhere.
    """
    require(actor, "schedule.attend")
    if status not in ("attended", "absent", "booked"):
        raise UserError("seats.bad_mark")
    with store.write("Mark attendance", actor) as w:
        seat = _seat(seat_id)
        if seat.status not in ("booked", "attended", "absent"):
            raise UserError("seats.not_live")
        if seat.status == status:
            return
        slot = _slot(seat.slot_id)
        if status != "booked" and slot.on_date > clock.local_date(slot.zone, w.moment).isoformat():
            raise UserError("seats.too_early")
        if seat.status == "absent" and taken(slot.id, w.now) >= slot.capacity:
            raise _full(slot, w.now)
        if seat.status == "absent" and not seat.override_reason:
            other = busy_elsewhere(seat.student_id, slot.start_utc, slot.end_utc, w.now, but=slot.id)
            if other is not None:
                raise _clash(store.by_id(User, seat.student_id), other)
        w.update(SlotEnrolled, seat_id, status=status)
        recount(w, [slot.id])
        recompute_progress(w, [seat.enrollment_id])
        refresh_next_slot(w, [seat.student_id])
        key = {"attended": "seats.attended", "absent": "seats.absent", "booked": "seats.unmarked"}[status]
        timeline.add(w, seat.student_id, key, ("slots", slot.id), **_facts(slot))


#: How long a seat that was offered is held for whoever waited, in minutes.
OFFER_MINUTES = 120


def offer(actor: Actor, slot_id: int, student_id: int, reason: str = "") -> str:
    """Hold a free seat for someone who waits and tell them by mail; returns until when (a UTC stamp).

    Whoever waits ahead and could take it is passed over for `reason`, which stands on their timeline; without one
    it is UserError `seats.skip_reason`. Others as from `book`, and `seats.not_waiting`, `seats.slot_begun`.
    """
    require(actor, "schedule.book")
    words = text.clean(reason, field="reason")
    with store.write("Offer seat", actor) as w:
        slot = _slot(slot_id)
        if slot.start_utc <= w.now:
            raise UserError("seats.slot_begun")
        waiting = waiting_list(slot_id)
        place = next((n for n, row in enumerate(waiting) if row.student_id == student_id), None)
        if place is None:
            raise UserError("seats.not_waiting", "student", name=_name(_student(student_id)))
        for row in waiting[:place]:
            why = _why_skipped(row.student_id, slot, w.now)
            if not why:
                if not words:
                    raise UserError("seats.skip_reason", "reason", name=_name(_student(row.student_id)))
                why = "seats.skipped_by_hand"
                timeline.add(w, row.student_id, "seats.passed_over", ("slots", slot_id), reason=words, **_facts(slot))
            _skip(w, row, why)
        until: str = min(clock.stamp(w.moment + timedelta(minutes=OFFER_MINUTES)), slot.start_utc)
        _take(w, slot_id, student_id, "held", held_until=until, offered=True)
        room = store.by_id(Resource, slot.resource_id) if slot.resource_id is not None else None
        letters.send(
            w,
            letters.student(student_id),
            "seat_offer",
            f"seat.offered:{waiting[place].id}:{waiting[place].version}",
            {
                "student": _name(_student(student_id)),
                "title": title(slot),
                "start": slot.start_wall,
                "room": room.name if room is not None else "",
                "until": clock.utc_to_wall(clock.parse_stamp(until), slot.zone).isoformat(timespec="minutes"),
            },
        )
    return until


_IN_LINE = (SlotEnrolled.priority.desc(), SlotEnrolled.waiting_since, SlotEnrolled.id)
_line = prepared(
    lambda slot_id: (
        SlotEnrolled.select(SlotEnrolled.id, SlotEnrolled.student_id, SlotEnrolled.skipped_reason)
        .where(SlotEnrolled.slot_id == slot_id, SlotEnrolled.status == "waiting")
        .order_by(*_IN_LINE)
    )
)


def waiting_list(slot_id: int) -> list[Any]:
    """Those who wait for a slot: priority descending, then first come."""
    query = SlotEnrolled.select().where(SlotEnrolled.slot_id == slot_id, SlotEnrolled.status == "waiting")
    return list(query.order_by(*_IN_LINE))


# -- inside a write ------------------------------------------------------------------------------------------


def coming(session_id: int, now: str) -> list[Any]:
    """The slots of a session that have not ended at `now` (a UTC stamp), in order."""
    mine = Slot.select().where(Slot.session_id == session_id, Slot.canceled_at.is_null(), Slot.end_utc > now)
    return list(mine.order_by(Slot.start_utc))


def take_session(
    w: Write, session_id: int, student_id: int, *, enrollment_id: int | None = None, override: str = ""
) -> list[int]:
    """A seat in every coming slot of a session. UserErrors as from `book`, and `seats.session_over`."""
    slots = coming(session_id, w.now)
    if not slots:
        raise UserError("seats.session_over", "session")
    return [_take(w, row.id, student_id, "booked", enrollment_id=enrollment_id, override=override) for row in slots]


def _take(
    w: Write,
    slot_id: int,
    student_id: int,
    status: str,
    *,
    enrollment_id: int | None = None,
    held_until: str | None = None,
    override: str = "",
    offered: bool = False,
) -> int:
    slot, student = _slot(slot_id), _student(student_id)
    if student.status not in ("active", "applicant"):
        raise UserError("seats.not_active", "student", name=_name(student))
    known = _row(slot_id, student_id)
    if known is not None and known.status in ("booked", "attended", "absent"):
        raise UserError("seats.twice", "student", name=_name(student))
    own_hold = known is not None and known.status == "held" and known.held_until > w.now
    if taken(slot_id, w.now) - int(own_hold) >= slot.capacity:
        raise _full(slot, w.now)
    other = busy_elsewhere(student_id, slot.start_utc, slot.end_utc, w.now, but=slot_id)
    if other is not None and not override:
        raise _clash(student, other)
    own = _enrollment(student_id, slot.session_id)
    if enrollment_id is not None and not _is_own(enrollment_id, student_id, slot.session_id)[0][0]:
        raise UserError("seats.wrong_enrollment", "enrollment", name=_name(student))
    if not offered:
        _pass_over(w, slot, student_id)
    values = {
        "status": status,
        "held_until": held_until,
        "held_by": w.actor.user_id if held_until else None,
        "waiting_since": None,
        "skipped_reason": "",
        "override_reason": override if other is not None else "",
        "enrollment_id": enrollment_id or own,
    }
    seat = _put(w, known, slot, student_id, values)
    recount(w, [slot_id])
    refresh_next_slot(w, [student_id])
    if held_until:
        timeline.add(w, student_id, "seats.held", ("slots", slot_id), until=held_until, **_facts(slot))
    else:
        timeline.add(w, student_id, "seats.booked", ("slots", slot_id), **_facts(slot))
    return seat


def _pass_over(w: Write, slot: Any, student_id: int) -> None:
    """Whoever waits ahead of someone who is given a seat at the desk is skipped: the reason stands on their row."""
    for row_id, other_id, kept in _line(slot.id):
        if other_id == student_id:
            return
        why = _why_skipped(other_id, slot, w.now) or "seats.skipped_booked"
        if kept != why:
            w.update(SlotEnrolled, row_id, skipped_reason=why)


def _skip(w: Write, row: Any, reason: str) -> None:
    if row.skipped_reason != reason:
        w.update(SlotEnrolled, row.id, skipped_reason=reason)


def _put(w: Write, known: Any | None, slot: Any, student_id: int, values: dict[str, Any]) -> int:
    if known is not None:
        w.update(SlotEnrolled, known.id, **values)
        return int(known.id)
    return w.insert(SlotEnrolled, session_id=slot.session_id, slot_id=slot.id, student_id=student_id, **values)


def release_seats(w: Write, enrollment_id: int, session_id: int | None = None) -> list[int]:
    """Give back the coming seats of an enrollment that ends; returns the slots that gained a seat.

    With `session_id` only those of that group: the enrollment goes on in another one.
    """
    group = SlotEnrolled.id > 0 if session_id is None else SlotEnrolled.session_id == session_id
    rows = (
        SlotEnrolled.select(SlotEnrolled, Slot.start_utc)
        .join(Slot, on=(Slot.id == SlotEnrolled.slot_id))
        .where(
            SlotEnrolled.enrollment_id == enrollment_id,
            SlotEnrolled.status.in_(["booked", "held", "waiting"]),
            Slot.start_utc > w.now,
            group,
        )
    )
    freed, students = [], set()
    for seat in list(rows):
        w.update(SlotEnrolled, seat.id, status="canceled", held_until=None, held_by=None)
        freed.append(seat.slot_id)
        students.add(seat.student_id)
    recount(w, freed)
    refresh_next_slot(w, students)
    for slot_id in freed:
        offer_free_seat(w, _slot(slot_id, canceled_too=True))
    return freed


def recount(w: Write, slot_ids: Iterable[int]) -> None:
    """Bring the kept count of booked and attended seats in step."""
    for slot_id in dict.fromkeys(slot_ids):
        count = int(_kept_seats(slot_id)[0][0])
        slot = store.by_id(Slot, slot_id)
        if slot is not None and slot.seats_taken != count:
            w.update(Slot, slot_id, seats_taken=count)


def refresh_next_slot(w: Write, student_ids: Iterable[int]) -> None:
    """Bring the kept next slot of students in step, as of now."""
    these = store.listed(student_ids)
    coming: dict[int, tuple[int, str]] = {}
    for student_id, slot_id, start in _next_slots(these, w.now, w.now):
        coming.setdefault(student_id, (slot_id, start))
    for student_id, *kept in _kept_next_slots(these):
        next_id, next_at = coming.get(student_id, (None, None))
        if kept != [next_id, next_at]:
            w.update(User, student_id, next_slot_id=next_id, next_slot_at=next_at, next_slot_as_of=w.now)


def roll_forward(actor: Actor = SYSTEM, limit: int = 5_000) -> int:
    """Renew the kept next slot of everyone whose next slot has begun or was held and is free again; returns how many.

    Run as time passes.
    """
    require(actor, "schedule.attend")
    now = clock.stamp()
    past = User.select(User.id).where(User.next_slot_at.is_null(False), User.next_slot_at <= now).limit(limit)
    lapsed = (
        User.select(User.id)
        .join(SlotEnrolled, on=((SlotEnrolled.student_id == User.id) & (SlotEnrolled.slot_id == User.next_slot_id)))
        .where(SlotEnrolled.status == "held", SlotEnrolled.held_until <= now)
        .limit(limit)
    )
    ids = sorted({row.id for query in (past, lapsed) for row in query})
    if ids:
        with store.write("Roll the day forward", actor) as w:
            refresh_next_slot(w, ids)
    return len(ids)


def recompute_progress(w: Write, enrollment_ids: Iterable[int | None], *, reopen: bool = True) -> None:
    """Progress is the sum of attended slot time, whatever was corrected (DOMAIN.md, "Seats").

    An enrollment that was completed and is no longer is pending again, unless `reopen` is off.
    """
    for enrollment_id in dict.fromkeys(enrollment_ids):
        if enrollment_id is None:
            continue
        enrollment = CourseEnrolled.get_by_id(enrollment_id)
        course = Course.get_by_id(enrollment.course_id)
        values: dict[str, Any] = progress_of(enrollment_id, course)
        progress = values["progress_bp"]
        if enrollment.status == "pending" and progress == 10_000:
            values.update(status="completed", completed_on=clock.local_date(center.load().zone, w.moment).isoformat())
            timeline.add(
                w, enrollment.student_id, "seats.completed", ("courses_enrolled", enrollment_id), course=course.name
            )
        elif reopen and enrollment.status == "completed" and progress < 10_000:
            values.update(status="pending", completed_on=None)
        if any(getattr(enrollment, name) != value for name, value in values.items()):
            w.update(CourseEnrolled, enrollment_id, **values)


def begun(course_id: int) -> list[int]:
    """The enrollments in a course that have progress."""
    done = CourseEnrolled.theory_done_minutes + CourseEnrolled.practical_done_minutes
    query = CourseEnrolled.select(CourseEnrolled.id).where(CourseEnrolled.course_id == course_id, done > 0)
    return [row.id for row in query]


def progress_of(enrollment_id: int, course: Any) -> dict[str, Any]:
    """The kept columns of an enrollment's progress, as the attended slots have them."""
    done = attended_minutes(enrollment_id)
    theory, practical = done.get("theory", 0), done.get("practical", 0)
    planned = course.theory_minutes + course.practical_minutes
    counted = min(theory, course.theory_minutes) + min(practical, course.practical_minutes)
    progress = min(10_000, counted * 10_000 // planned) if planned else 0
    return {"theory_done_minutes": theory, "practical_done_minutes": practical, "progress_bp": progress}


def attended_minutes(enrollment_id: int) -> dict[str, int]:
    """Minutes attended by class type."""
    query: Any = (
        SlotEnrolled.select(Session.class_type, Slot.start_utc, Slot.end_utc)
        .join(Slot, on=(Slot.id == SlotEnrolled.slot_id))
        .join(Session, on=(Session.id == Slot.session_id))
        .where(
            SlotEnrolled.enrollment_id == enrollment_id,
            SlotEnrolled.status == "attended",
            Slot.canceled_at.is_null(),
        )
        .tuples()
    )
    found: dict[str, int] = {}
    for class_type, start, end in query:
        minutes = int((clock.parse_stamp(end) - clock.parse_stamp(start)).total_seconds() // 60)
        found[class_type] = found.get(class_type, 0) + minutes
    return found


def offer_free_seat(w: Write, slot: Any) -> None:
    """Where someone waits for a slot that has a seat again, put the decision in the inbox.

    Those who cannot take it now are skipped, and the reason stands on their row.
    """
    if slot.canceled_at is not None or slot.start_utc <= w.now or taken(slot.id, w.now) >= slot.capacity:
        return
    waiting = waiting_list(slot.id)
    first = None
    for row in waiting:
        reason = _why_skipped(row.student_id, slot, w.now)
        _skip(w, row, reason)
        if first is None and not reason:
            first = User.get_by_id(row.student_id)
    if first is not None:
        notifications.notify(
            w,
            "calendar",
            "center",
            "seats.freed",
            ("slots", slot.id),
            needs_decision=True,
            waiting=len(waiting),
            first=_name(first),
            first_id=first.id,
            **_facts(slot),
        )


def _why_skipped(student_id: int, slot: Any, now: str) -> str:
    """Why someone who waits cannot take a seat at the moment, as a message key; '' if they can."""
    if User.get_by_id(student_id).status not in ("active", "applicant"):
        return "seats.skipped_inactive"
    if busy_elsewhere(student_id, slot.start_utc, slot.end_utc, now, but=slot.id) is not None:
        return "seats.skipped_busy"
    return ""


_busy = prepared(
    lambda student_id, now, end_utc, start_utc, but: (
        Slot.select(Slot.id)
        .join(SlotEnrolled, on=(SlotEnrolled.slot_id == Slot.id))
        .where(
            SlotEnrolled.student_id == student_id,
            live(now),
            Slot.canceled_at.is_null(),
            Slot.start_utc < end_utc,
            Slot.end_utc > start_utc,
            Slot.id != but,
        )
        .order_by(Slot.start_utc)
        .limit(1)
    )
)


def busy_elsewhere(student_id: int, start_utc: str, end_utc: str, now: str, but: int | None = None) -> Any | None:
    """The slot that a student has at that time, if there is one; back to back is free, canceled blocks nothing."""
    found = _busy(student_id, now, end_utc, start_utc, but or 0)
    return store.by_id(Slot, found[0][0]) if found else None


def title(slot: Any) -> str:
    """How people call a slot: its own title, else the session's name."""
    session = store.by_id(Session, slot.session_id)
    return str(slot.title or (session.name if session is not None else ""))


def _facts(slot: Any) -> dict[str, Any]:
    return {"title": title(slot), "at": slot.start_utc}


def _full(slot: Any, now: str) -> UserError:
    return UserError("seats.full", "slot", taken=taken(slot.id, now), capacity=slot.capacity, **_facts(slot))


def _clash(student: Any, other: Any) -> UserError:
    facts = {"name": _name(student), "other": title(other), "at": other.start_utc}
    return UserError("seats.student_busy", "student", **facts)


def _override(actor: Actor, reason: str) -> str:
    words = text.clean(reason, field="override_reason")
    if words:
        require(actor, "schedule.override")
    return words


_own_enrollment = prepared(
    lambda student_id, session_id: CourseEnrolled.select(fn.MAX(CourseEnrolled.id)).where(
        CourseEnrolled.student_id == student_id,
        CourseEnrolled.course_id == Session.select(Session.course_id).where(Session.id == session_id),
        CourseEnrolled.status != "canceled",
    )
)
_is_own = prepared(
    lambda enrollment_id, student_id, session_id: CourseEnrolled.select(fn.COUNT(CourseEnrolled.id)).where(
        CourseEnrolled.id == enrollment_id,
        CourseEnrolled.student_id == student_id,
        CourseEnrolled.course_id == Session.select(Session.course_id).where(Session.id == session_id),
    )
)
_own_row = prepared(
    lambda slot_id, student_id: SlotEnrolled.select(SlotEnrolled.id).where(
        SlotEnrolled.slot_id == slot_id, SlotEnrolled.student_id == student_id, SlotEnrolled.status != "canceled"
    )
)


def _enrollment(student_id: int, session_id: int) -> int | None:
    """The student's running enrollment in the session's course."""
    return _own_enrollment(student_id, session_id)[0][0]  # type: ignore[no-any-return]


def _row(slot_id: int, student_id: int) -> Any | None:
    found = _own_row(slot_id, student_id)
    return store.by_id(SlotEnrolled, found[0][0]) if found else None


def _seat(seat_id: int) -> Any:
    seat = store.by_id(SlotEnrolled, seat_id)
    if seat is None:
        raise UserError("store.gone")
    return seat


def _slot(slot_id: int, *, canceled_too: bool = False) -> Any:
    slot = store.by_id(Slot, slot_id)
    if slot is None:
        raise UserError("store.gone")
    if slot.canceled_at is not None and not canceled_too:
        raise UserError("scheduling.slot_canceled", "slot")
    return slot


def _student(student_id: int) -> Any:
    student = store.by_id(User, student_id)
    if student is None or student.role != "student":
        raise UserError("people.not_a_student", "student")
    if student.status == "merged":
        raise UserError("enrollment.student_merged", "student", name=_name(student))
    return student


def _name(person: Any) -> str:
    return f"{person.first_name} {person.last_name}".strip()
