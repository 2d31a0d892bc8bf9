"""The roster and one student's panel as they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from typing import Any

from peewee import JOIN, SQL, Asc, Case, Desc, fn

from app import clock, store
from app.lists import filters
from app.store import search
from app.store.models import (
    Course,
    CourseEnrolled,
    Invoice,
    Note,
    Payer,
    Slot,
    SlotEnrolled,
    StudentPayment,
    User,
)
from app.store.prepared import first_column, prepared

#: The filters that stand ready.
CHIPS = filters.READY

#: Rows that stand there at once.
AT_ONCE = search.AT_ONCE


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
    date_of_birth: str = ""
    address: str = ""
    language: str = ""
    payer: str = ""
    created_at: str = ""
    first_name: str = ""
    last_name: str = ""


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
    next_end_wall: str = ""
    next_with: tuple[str, ...] = ()
    next_status: str = ""

    @property
    def emergency(self) -> str:
        """Whom to call, and where."""
        return " ".join(filter(None, (self.emergency_name, self.emergency_phone)))


def ids(words: str, chips: tuple[str, ...], zone: str, limit: int | None = None, sort: str = "") -> list[int]:
    """The students whom all words and filters fit, in the order of `sort` (a key of ORDERS, after a minus downwards).

    Without a sort: the newest first, and by name where there are filters but no words.
    """
    if words.strip() and not chips and not sort:
        return search.people(words, limit or 1_000_000)
    query: Any = User.select(User.id).where(*filters.in_sight(chips, words), *filters.all_of(chips, zone))
    if words.strip():
        query = query.where(search.fits(User.id, words, erased=filters.ERASED in chips))
    query = query.order_by(*_order(sort or ("name" if chips and not words.strip() else "")))
    return first_column(query.limit(limit) if limit else query)


def at_once(words: str, chips: tuple[str, ...], zone: str, sort: str = "") -> tuple[list[int], bool] | None:
    """(the first students, whether there may be more) within a keystroke; None where only a longer look can tell."""
    if not words.strip():
        return None if chips or sort else (ids("", (), zone, AT_ONCE), True)
    if filters.ERASED in chips:
        return None
    found = search.people(words, AT_ONCE)
    if len(found) == AT_ONCE and (chips or sort):
        return None
    if chips or sort:
        query: Any = User.select(User.id).where(User.id.in_(found), *filters.all_of(chips, zone))
        found = first_column(query.order_by(*_order(sort)))
    return found, len(found) == AT_ONCE


def _order(sort: str) -> tuple[Any, ...]:
    key = sort.removeprefix("-")
    if key not in ORDERS:
        return (User.id.desc(),)
    first = ORDERS[key]()
    # Whoever has none of it comes last, whichever way the list runs.
    none = () if key in ("name", "balance", "status") else (fn.COALESCE(first, "") == "",)
    return (*none, Desc(first) if sort.startswith("-") else Asc(first), User.id.desc())


def _course_name() -> Any:
    running = CourseEnrolled.alias()
    return (
        Course.select(fn.LOWER(Course.name))
        .join(running, on=(running.course_id == Course.id))
        .where(running.student_id == User.id, running.status == "pending")
        .order_by(running.id)
        .limit(1)
    )


def _payer_name() -> Any:
    return Payer.select(fn.LOWER(Payer.name)).where(Payer.id == User.payer_id)


#: What the roster can be sorted by. Names run as search folds them: Łukasz stands among the L.
ORDERS: dict[str, Callable[[], Any]] = {
    "name": lambda: search.folded_of(User.id),
    "number": lambda: User.number,
    "phone": lambda: User.phone,
    "email": lambda: fn.LOWER(User.email),
    "courses": _course_name,
    "next_slot": lambda: User.next_slot_at,
    "balance": lambda: User.balance_minor,
    "status": lambda: Case(User.status, [(status, place) for place, status in enumerate(filters.STATUSES)], 9),
    "born": lambda: User.date_of_birth,
    "language": lambda: User.language,
    "address": lambda: fn.LOWER(User.address),
    "payer": _payer_name,
    "since": lambda: User.created_at,
}


@prepared
def _people(wanted: tuple[int, ...]) -> Any:
    return (
        User.select(
            User.id, User.number, User.first_name, User.last_name, User.phone, User.email, User.next_slot_at,
            User.balance_minor, User.status, User.date_of_birth, User.address, User.language, Payer.name,
            User.created_at,
        )
        .join(Payer, JOIN.LEFT_OUTER, on=(Payer.id == User.payer_id))
        .where(User.id.in_(wanted))
    )  # fmt: skip


@prepared
def _running(wanted: tuple[int, ...]) -> Any:
    return (
        CourseEnrolled.select(CourseEnrolled.student_id, Course.name)
        .join(Course, on=(Course.id == CourseEnrolled.course_id))
        .where(CourseEnrolled.student_id.in_(wanted), CourseEnrolled.status == "pending")
        .order_by(CourseEnrolled.id)
    )


#: So many rows are read by one statement: a statement takes no more values than 32,766.
_AT_ONCE_READ = 10_000


def page(wanted: list[int]) -> dict[int, Row]:
    """The rows of some ids."""
    found: dict[int, Row] = {}
    for some in _in_parts(wanted):
        courses: dict[int, list[str]] = {}
        for student, name in _running(some):
            courses.setdefault(student, []).append(name)
        for row in _people(some):
            taking = ", ".join(courses.get(row[0], ()))
            name = f"{row[2]} {row[3]}".strip()
            found[row[0]] = Row(
                row[0], row[1] or "", name, row[4] or "", row[5] or "", taking, row[6], row[7], row[8], row[9] or "",
                row[10], row[11], row[12] or "", row[13], row[2], row[3],
            )  # fmt: skip
    return found


def owed(wanted: list[int]) -> tuple[int, int]:
    """(what these students owe together in minor units, how many of them owe)."""
    found = [row[7] for some in _in_parts(wanted) for row in _people(some) if row[7] > 0]
    return sum(found), len(found)


def _in_parts(wanted: list[int]) -> Iterator[tuple[int, ...]]:
    for start in range(0, len(wanted), _AT_ONCE_READ):
        yield tuple(wanted[start : start + _AT_ONCE_READ])


@dataclass(frozen=True)
class Whole:
    """The whole list behind the first rows: every id, and what these students owe together, in minor units.

    `counts` says for each filter that was asked about how many would be found with it in place of those of its kind;
    '' stands for everyone there is.
    """

    ids: list[int]
    counts: dict[str, int]
    owed_minor: int
    owing: int


def whole(words: str, chips: tuple[str, ...], zone: str, sort: str = "", ask: tuple[str, ...] = CHIPS) -> Whole:
    """Read everything that may take longer than a keystroke."""
    counts, owed_minor, owing = counted(words, chips, zone, ask)
    return Whole(ids(words, chips, zone, sort=sort), counts, owed_minor, owing)


def counted(words: str, chips: tuple[str, ...], zone: str, ask: tuple[str, ...]) -> tuple[dict[str, int], int, int]:
    """(the counts of `Whole`, what is owed together, by how many) in one pass over everyone whom the words fit."""
    everyone = User.select().where(*filters.in_sight(())).count()
    names = tuple(dict.fromkeys((*ask, *chips)))
    marks: dict[str, Any] = {
        name: filters.condition(name, zone).alias(f"f{number}") for number, name in enumerate(names)
    }
    unseen = filters.ERASED in names  # then they are counted, and left out where nobody asks for them
    if unseen:
        marks["hidden"] = filters.hidden(words).alias("hidden")
    base: Any = User.select(User.balance_minor.alias("balance"), *marks.values()).where(*filters.in_sight(names, words))
    if words.strip():
        base = base.where(search.fits(User.id, words, erased=unseen))
    # Materialized: each condition is asked once for each person, however many counts lean on it.
    found = base.cte("found", materialized=True)
    flags = {name: getattr(found.c, f"f{number}") == 1 for number, name in enumerate(names)}

    def narrowed(instead: str | None) -> list[Any]:
        """The conditions of the filters that are on; of those with `instead` in place of those of its kind."""
        kinds: dict[str, list[Any]] = {}
        for name in (*chips, instead) if instead is not None else chips:
            if name == instead or instead is None or filters.kind_of(name) != filters.kind_of(instead):
                kinds.setdefault(filters.kind_of(name), []).append(flags[name])
        sight = [found.c.hidden == 0] if unseen and filters.ERASED not in kinds else []
        return [*sight, *(filters.either(group) for group in kinds.values())]

    def how_many(conditions: list[Any]) -> Any:
        return fn.COUNT(SQL("1")).filter(reduce(lambda one, other: one & other, conditions))

    owes = [*narrowed(None), found.c.balance > 0]
    sums = [
        fn.SUM(found.c.balance).filter(reduce(lambda one, other: one & other, owes)), how_many(owes),
        *(how_many(narrowed(name)) for name in ask),
    ]  # fmt: skip
    row: Any = found.select_from(*sums).tuples().get()
    return {**dict(zip(ask, row[2:], strict=True)), "": everyone}, int(row[0] or 0), int(row[1])


def open_invoices(words: str, chips: tuple[str, ...], zone: str) -> int:
    """How many invoices are not wholly paid of those who owe, among all whom words and filters fit."""
    owing: Any = User.select(User.id).where(filters.students(), User.balance_minor > 0, *filters.all_of(chips, zone))
    if words.strip():
        owing = owing.where(search.fits(User.id, words))
    record, note, paid = User.alias(), Invoice.alias(), StudentPayment
    merged = record.select(record.id).where(record.merged_into.in_(owing))  # documents stay where they were written
    put = paid.select(fn.COALESCE(fn.SUM(paid.direction * paid.amount_minor), 0)).where(paid.invoice_id == Invoice.id)
    credited = note.select(note.id).where(note.refers_to == Invoice.id, note.is_full == 1)
    query: Any = Invoice.select(fn.COUNT(Invoice.id)).where(
        Invoice.student_id.in_(owing) | Invoice.student_id.in_(merged),
        Invoice.kind == "invoice",
        Invoice.gross_minor > put,
        ~fn.EXISTS(credited),
    )
    return int(query.scalar())


# -- the panel -----------------------------------------------------------------------------------------------


def overview(student_id: int) -> Overview | None:
    """The panel's first tab, None when the student is gone.

    What a payer paid too much is that payer's, so it is not taken off what the student owes here; the kept balance, and
    with it the list, still does.
    """
    from app.desk import refunds

    rows = page([student_id])
    if student_id not in rows:
        return None
    user = store.by_id(User, student_id)
    if user is None:
        return None
    payer = store.by_id(Payer, user.payer_id) if user.payer_id else None
    title = room = end = status = ""
    teachers: tuple[str, ...] = ()
    if user.next_slot_id:
        title, room = slot_words(user.next_slot_id)
        end, teachers, status = _slot_facts(user.next_slot_id, student_id)
    note = next((words for (words,) in _pinned(student_id)), "")
    return Overview(
        row=replace(rows[student_id], balance_minor=rows[student_id].balance_minor + refunds.held_minor(student_id)),
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
        note=note,
        next_end_wall=end,
        next_with=teachers,
        next_status=status,
    )


def _slot_facts(slot_id: int, student_id: int) -> tuple[str, tuple[str, ...], str]:
    """(when a slot ends, who teaches it as J. Groß, the state of the student's seat in it)."""
    from app.desk import scheduling

    slot = Slot.get_by_id(slot_id)
    rows = User.select(User.first_name, User.last_name).where(User.id.in_(scheduling.instructors_of(slot)))
    names = tuple(f"{row.first_name[:1]}. {row.last_name}" if row.last_name else row.first_name for row in rows)
    mine = (SlotEnrolled.slot_id == slot_id) & (SlotEnrolled.student_id == student_id)
    seat = SlotEnrolled.select(SlotEnrolled.status).where(mine, SlotEnrolled.status != "canceled").first()
    return slot.end_wall, names, seat.status if seat is not None else ""


@prepared
def _pinned(student_id: int) -> Any:
    row = Note
    return row.select(row.text).where(row.user_id == student_id, row.pinned == 1).order_by(row.id.desc()).limit(1)


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
    seats = {(enrollment, status): count for enrollment, status, count in _seats(student_id)}
    return [
        EnrollmentRow(*row, *(seats.get((row[0], status), 0) for status in ("attended", "absent", "booked")))
        for row in _enrolled(student_id)
    ]


@prepared
def _enrolled(student_id: int) -> Any:
    row, course = CourseEnrolled, Course
    return (
        row.select(row.id, row.number, course.name, course.icon, course.category, row.status, row.gross_minor,
                   row.progress_bp, row.theory_done_minutes + row.practical_done_minutes,
                   course.theory_minutes + course.practical_minutes)
        .join(course, on=(course.id == row.course_id))
        .where(row.student_id == student_id)
        .order_by(row.status != "pending", row.id.desc())
    )  # fmt: skip


@prepared
def _seats(student_id: int) -> Any:
    row = SlotEnrolled
    counted = row.select(row.enrollment_id, row.status, fn.COUNT(row.id))
    return counted.where(row.student_id == student_id, row.enrollment_id.is_null(False)).group_by(
        row.enrollment_id, row.status
    )
