"""The coming slots that a student may be given a seat in: those of their own courses first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import JOIN, fn

from app import clock, text
from app.desk import enrollment, seats
from app.store.models import Course, Resource, Session, Slot, SlotEnrolled


@dataclass(frozen=True)
class Bookable:
    """One coming slot. `own` where the student is enrolled in its course; `taken` counts live seats."""

    id: int
    title: str
    code: str
    icon: str
    start_utc: str
    end_utc: str
    room: str
    taken: int
    capacity: int
    own: bool

    @property
    def free(self) -> int:
        """Seats that are left."""
        return max(0, self.capacity - self.taken)


def slots(student_id: int, words: str = "", limit: int = 200) -> list[Bookable]:
    """Slots that have not begun, are not canceled, and in which the student has no seat yet; the next first.

    Every word must stand in the name of the session, the slot, the course or the room, with or without accents.
    """
    now = clock.stamp()
    there = SlotEnrolled.select(SlotEnrolled.slot_id).where(
        SlotEnrolled.student_id == student_id, SlotEnrolled.status.in_(["booked", "attended", "absent"])
    )
    # Asked for each coming slot by itself: counted for all at once it reads every seat there ever was, at each key.
    live = SlotEnrolled.select(fn.COUNT(SlotEnrolled.id)).where(seats.of_slot(Slot.id), seats.live(now))
    query: Any = (
        Slot.select(
            Slot.id, Slot.title, Session.name, Course.id, Course.code, Course.name, Course.icon, Slot.start_utc,
            Slot.end_utc, Resource.name, live, Slot.capacity,
        )
        .join(Session, on=(Session.id == Slot.session_id))
        .join(Course, on=(Course.id == Session.course_id))
        .join(Resource, JOIN.LEFT_OUTER, on=(Resource.id == Slot.resource_id))
        .where(Slot.canceled_at.is_null(), Slot.start_utc > now, Slot.id.not_in(there))
        .order_by(Slot.start_utc, Slot.id)
        .tuples()
    )  # fmt: skip
    running = enrollment.running(student_id)
    wanted = text.fold(words).split()
    own: list[Bookable] = []
    others: list[Bookable] = []
    for row_id, title, session, course_id, code, course, icon, start, end, room, taken, capacity in query:
        if all(word in text.fold(f"{title} {session} {code} {course} {room or ''}") for word in wanted):
            mine = course_id in running
            made = Bookable(row_id, title or session, code, icon, start, end, room or "", int(taken), capacity, mine)
            (own if mine else others).append(made)
            if len(own) >= limit:
                break
    return (own + others)[:limit]
