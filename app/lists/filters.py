"""What the roster can be narrowed to: each filter is a word, or a kind and a value (``status:on_hold``, ``course:7``).

Filters of one kind widen each other (either course), filters of different kinds narrow (that course, and owes money).
A filter is text, so that it can be kept; one that this program does not know, or whose course is gone, finds nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from typing import Any

from peewee import fn

from app import clock, text
from app.store.models import (
    Course,
    CourseEnrolled,
    MailQueue,
    SessionInstructor,
    Slot,
    SlotEnrolled,
    SlotInstructor,
    User,
)

#: Filters that are a word of their own.
PLAIN = ("slot_this_week", "no_slot", "owes", "credit", "birthday", "mail_bounces", "erased")
STATUSES = ("applicant", "active", "on_hold", "inactive")
#: Those that stand ready beside the search field.
READY = ("slot_this_week", "owes", "status:on_hold", "mail_bounces")
#: So many days ahead, today among them, a birthday is soon.
BIRTHDAY_DAYS = 14

_LIVE = ("booked", "attended")


@dataclass(frozen=True)
class Choices:
    """What the center has to choose from: (id, name) of courses and of instructors, by name."""

    courses: list[tuple[int, str]]
    instructors: list[tuple[int, str]]


def choices() -> Choices:
    """The courses, those on offer first, and everyone who teaches."""
    courses = Course.select(Course.id, Course.name).order_by(Course.status != "available", Course.name)
    teaching = User.select(User.id, User.first_name, User.last_name).where(
        (User.role == "instructor")
        | User.id.in_(SessionInstructor.select(SessionInstructor.instructor_id))
        | User.id.in_(SlotInstructor.select(SlotInstructor.instructor_id).where(SlotInstructor.kind == "added"))
    )
    people = [(row.id, f"{row.first_name} {row.last_name}".strip()) for row in teaching]
    return Choices([(row.id, row.name) for row in courses], sorted(people, key=lambda one: one[1].casefold()))


def kind_of(name: str) -> str:
    """The kind of a filter: filters of one kind widen each other."""
    return name.partition(":")[0]


def is_known(name: str) -> bool:
    """Whether this program knows a filter."""
    kind, mark, value = name.partition(":")
    if not mark:
        return name in PLAIN
    if kind == "status":
        return value in STATUSES
    return kind in ("course", "instructor") and value.isascii() and value.isdigit() and len(value) < 18


#: The filter that brings whoever was erased on request back into sight.
ERASED = "erased"


def students() -> Any:
    """Everyone on the roster, also those who are out of sight."""
    return (User.role == "student") & (User.status != "merged")


def hidden(words: str = "") -> Any:
    """Who is out of sight: erased on request, and not asked for by the number that is left of them."""
    return User.id.in_(_erased(words))


def in_sight(names: tuple[str, ...], words: str = "") -> list[Any]:
    """The conditions for whoever is on the roster when it is asked with these filters and words."""
    return [students()] if ERASED in names else [students(), ~hidden(words)]


def _erased(words: str) -> Any:
    gone = User.alias()
    query = gone.select(gone.id).where(gone.erased_at.is_null(False))
    number = text.fold(words.strip())
    if number:
        named = User.alias()
        asked = named.select(fn.COALESCE(named.merged_into, named.id)).where(
            named.erased_at.is_null(False), fn.LOWER(named.number) == number
        )
        query = query.where(gone.id.not_in(asked))
    return query


def condition(name: str, zone: str) -> Any:
    """A filter as a condition on `User`. Days and weeks are the center's own, of its zone."""
    kind, _mark, value = name.partition(":")
    if not is_known(name):
        return User.id.is_null()
    if kind == "status":
        return User.status == value
    if kind == "course":
        running = CourseEnrolled.select(CourseEnrolled.student_id).where(
            CourseEnrolled.course_id == int(value), CourseEnrolled.status == "pending"
        )
        return User.id.in_(running)
    if kind == "instructor":
        return User.id.in_(_coming_with(int(value)))
    return _PLAIN[kind](zone)


def all_of(names: tuple[str, ...], zone: str) -> list[Any]:
    """The conditions that all have to hold: one for each kind of filter."""
    by_kind: dict[str, list[Any]] = {}
    for name in names:
        by_kind.setdefault(kind_of(name), []).append(condition(name, zone))
    return [either(conditions) for conditions in by_kind.values()]


def either(conditions: list[Any]) -> Any:
    """Whether one of them holds."""
    return reduce(lambda one, other: one | other, conditions)


def _seats() -> Any:
    """Who has a seat in a slot that takes place."""
    return (
        SlotEnrolled.select(SlotEnrolled.student_id)
        .join(Slot, on=(Slot.id == SlotEnrolled.slot_id))
        .where(SlotEnrolled.status.in_(_LIVE), Slot.canceled_at.is_null())
    )


def _this_week(zone: str) -> Any:
    today = clock.local_date(zone)
    monday = today - timedelta(days=today.weekday())
    start, _end = clock.day_bounds(monday, zone)
    _start, end = clock.day_bounds(monday + timedelta(days=6), zone)
    return User.id.in_(_seats().where(Slot.start_utc >= start, Slot.start_utc < end))


def _no_slot(_zone: str) -> Any:
    return User.id.not_in(_seats().where(Slot.end_utc > clock.stamp()))


def _coming_with(instructor: int) -> Any:
    """Who has a seat in a slot still to come that this instructor gives, with what was changed for single slots."""
    own = SlotInstructor.select(SlotInstructor.slot_id).where(SlotInstructor.instructor_id == instructor)
    sessions = SessionInstructor.select(SessionInstructor.session_id).where(
        SessionInstructor.instructor_id == instructor
    )
    gives = (Slot.session_id.in_(sessions) & Slot.id.not_in(own.where(SlotInstructor.kind == "removed"))) | Slot.id.in_(
        own.where(SlotInstructor.kind == "added")
    )
    return _seats().where(Slot.end_utc > clock.stamp(), gives)


def birthdays(today: date) -> list[str]:
    """The birthdays that are soon, as MM-DD. Who was born on 29 February has it on the 28th of a common year."""
    days = [today + timedelta(days=ahead) for ahead in range(BIRTHDAY_DAYS)]
    found = [f"{day:%m-%d}" for day in days]
    common = any((day.month, day.day) == (2, 28) and (day + timedelta(days=1)).month == 3 for day in days)
    return [*found, "02-29"] if common else found


def _birthday(zone: str) -> Any:
    return fn.SUBSTR(User.date_of_birth, 6, 5).in_(birthdays(clock.local_date(zone)))


def _bounces(_zone: str) -> Any:
    """Whose mail failed; one that stands at a record merged away is the mail of the record in use."""
    named = User.alias()
    failed = (
        MailQueue.select(fn.COALESCE(named.merged_into, named.id))
        .join(named, on=(named.id == MailQueue.student_id))
        .where(MailQueue.state == "failed")
    )
    return User.id.in_(failed)


_PLAIN: dict[str, Callable[[str], Any]] = {
    "slot_this_week": _this_week,
    "no_slot": _no_slot,
    "owes": lambda _zone: User.balance_minor > 0,
    "credit": lambda _zone: User.balance_minor < 0,
    "birthday": _birthday,
    "mail_bounces": _bounces,
    ERASED: lambda _zone: User.erased_at.is_null(False),
}
