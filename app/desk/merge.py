"""Merging two records of one person: one stays in use, the other becomes a pointer to it that search still finds.

Enrollments, sales, seats, quotes, promises, notes and attachments move. What is frozen or kept for ever stays where it
was written (documents, payments and the money put to use, mails, the timeline) and is read together with the record in
use: balance, statement, credit and lists ask for a person with all of their records (`identity`). It is one operation,
and `undo` parts the two again exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app import clock, store, text
from app.desk import balances, center, dues, identity, notes, notifications, seats, timeline
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.store import Write, backup, search
from app.store.models import (
    Attachment,
    Course,
    CourseEnrolled,
    Invoice,
    MailQueue,
    Note,
    Payer,
    Payment,
    Product,
    ProductEnrolled,
    Promise,
    Quote,
    Slot,
    SlotEnrolled,
    User,
)

#: What stands on a person and is chosen from one record or the other, in the order in which it is shown.
FIELDS = (
    "first_name", "last_name", "email", "phone", "date_of_birth", "address", "language", "status", "emergency_name",
    "emergency_phone", "payer_id",
)  # fmt: skip

#: As many names of a kind are told; the count is always whole.
MOST_NAMES = 50

#: Of two rows of one person in one slot the stronger counts; whoever is not marked yet may have been there.
_STRENGTH = {"waiting": 0, "held": 1, "absent": 2, "booked": 3, "attended": 4}


@dataclass(frozen=True)
class Side:
    """One of the two records. `balance_minor` is positive when they owe."""

    id: int
    version: int
    number: str
    name: str
    created_at: str
    balance_minor: int
    next_slot_at: str | None


@dataclass(frozen=True)
class Choice:
    """Something the two records say differently: as stored and as shown, on the one that stays and on the other."""

    field: str
    stays: Any
    other: Any
    stays_shown: str
    other_shown: str

    @property
    def better(self) -> str:
        """Which of them is taken unless somebody chooses: what stands there, before what is empty."""
        return "other" if self.stays in (None, "") else "stays"


@dataclass(frozen=True)
class Part:
    """So many records of a kind of the other side, by name. `moves` is False for what stays where it was written."""

    kind: str
    count: int
    names: tuple[str, ...]
    moves: bool


@dataclass(frozen=True)
class Conflict:
    """Two things that one person cannot have both, and what becomes of them: a message key with parameters."""

    key: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Preview:
    """What merging `other` into `stays` does, by name; or the obstacle."""

    stays: Side
    other: Side
    choices: tuple[Choice, ...] = ()
    parts: tuple[Part, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    obstacle: UserError | None = None


@dataclass
class _Seats:
    """What becomes of the other record's seats: row → the columns that change, beside the student."""

    moved: dict[int, dict[str, Any]] = field(default_factory=dict)
    stronger: dict[int, dict[str, Any]] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)


# -- looking ---------------------------------------------------------------------------------------------------


def preview(stays_id: int, other_id: int) -> Preview:
    """What `merge` would do. UserErrors `store.gone`, `people.not_a_student`; nothing is written."""
    stays, other = _student(stays_id), _student(other_id)
    head = Preview(_side(stays), _side(other))
    try:
        _check(stays, other)
    except UserError as obstacle:
        return Preview(head.stays, head.other, obstacle=obstacle)
    twins = _twins(stays_id, other_id)
    plan = _seats(stays_id, other_id, clock.stamp(), _dropped(twins))
    conflicts = [*(one for one, _line, _into in twins), *plan.conflicts]
    return Preview(head.stays, head.other, _choices(stays, other), _parts(other_id), tuple(conflicts))


def _check(stays: Any, other: Any) -> None:
    if stays.id == other.id:
        raise UserError("merge.same")
    for one in (stays, other):
        if one.status == "merged":
            raise UserError("merge.already", name=_name(one))
        if one.erased_at is not None:
            raise UserError("erase.refused")
    waits = Payment.get_or_none(Payment.student_id == other.id, Payment.status == "STARTED")
    if waits is not None:
        raise UserError("merge.started", number=waits.number, name=_name(other))


def _student(user_id: int) -> Any:
    person = User.get_or_none(User.id == user_id)
    if person is None:
        raise UserError("store.gone")
    if person.role != "student":
        raise UserError("people.not_a_student")
    return person


def _side(person: Any) -> Side:
    return Side(
        person.id, person.version, person.number, _name(person), person.created_at, person.balance_minor,
        person.next_slot_at,
    )  # fmt: skip


def _name(person: Any) -> str:
    return f"{person.first_name} {person.last_name}".strip()


def _choices(stays: Any, other: Any) -> tuple[Choice, ...]:
    found = []
    for name in FIELDS:
        mine, theirs = getattr(stays, name), getattr(other, name)
        if (mine or "") != (theirs or ""):
            found.append(Choice(name, mine, theirs, _shown(name, mine), _shown(name, theirs)))
    return tuple(found)


def _shown(name: str, value: Any) -> str:
    if value in (None, ""):
        return ""
    if name == "payer_id":
        return str(Payer.get_by_id(value).name)
    if name == "date_of_birth":
        return text.show(value, "date")
    if name == "status":
        return text.sentence(f"value.{value}")
    return str(value).replace("\n", ", ")


def _parts(other_id: int) -> tuple[Part, ...]:
    records = list(identity.records(other_id))
    course = {row.id: row.name for row in Course.select(Course.id, Course.name)}
    product = {row.id: row.name for row in Product.select(Product.id, Product.name)}
    found = [
        ("courses_enrolled", True, [
            f"{row.number}, {course[row.course_id]}"
            for row in CourseEnrolled.select().where(CourseEnrolled.student_id == other_id).order_by(CourseEnrolled.id)
        ]),
        ("product_enrolled", True, [
            f"{row.number}, {product[row.product_id]}"
            for row in ProductEnrolled.select()
            .where(ProductEnrolled.student_id == other_id).order_by(ProductEnrolled.id)
        ]),
        ("slot_enrolled", True, [
            f"{seats.title(slot)}, {text.show(slot.start_wall, 'stamp')}"
            for slot in Slot.select()
            .join(SlotEnrolled, on=(SlotEnrolled.slot_id == Slot.id))
            .where(SlotEnrolled.student_id == other_id, SlotEnrolled.status != "canceled")
            .order_by(Slot.start_utc.desc())
        ]),
        ("quotes", True, [
            f"{row.number}, {course[row.course_id]}"
            for row in Quote.select().where(Quote.student_id == other_id).order_by(Quote.id)
        ]),
        ("promises", True, [
            f"{text.show(row.pay_on, 'date')}, {text.show_money(row.amount_minor)}"
            for row in Promise.select().where(Promise.student_id == other_id).order_by(Promise.id)
        ]),
        ("notes", True, [
            row.text.replace("\n", " ")[:80] for row in Note.select().where(Note.user_id == other_id).order_by(Note.id)
        ]),
        ("attachments", True, [
            row.file_name
            for row in Attachment.select(Attachment.file_name)
            .where(notes.of_people([other_id]), Attachment.removed_at.is_null()).order_by(Attachment.id)
        ]),
        ("payments", False, [
            f"{row.number}, {text.show_money(row.amount_minor)}"
            for row in Payment.select().where(Payment.student_id.in_(records)).order_by(Payment.id)
        ]),
        ("invoices", False, [
            f"{row.label}, {text.show_money(row.gross_minor)}"
            for row in Invoice.select(Invoice.label, Invoice.gross_minor)
            .where(Invoice.student_id.in_(records)).order_by(Invoice.id)
        ]),
        ("mail_queue", False, [
            str(row.subject)
            for row in MailQueue.select(MailQueue.subject)
            .where(MailQueue.student_id.in_(records)).order_by(MailQueue.id.desc())
        ]),
    ]  # fmt: skip
    return tuple(Part(kind, len(names), tuple(names[:MOST_NAMES]), moves) for kind, moves, names in found if names)


def _attachments(user_id: int) -> list[Any]:
    """Files straight at a record, also removed ones: they can come back. Those at its notes move with the notes."""
    query = Attachment.select(Attachment.id)
    return list(query.where(Attachment.subject_table == "users", Attachment.subject_id == user_id))


def _twins(stays_id: int, other_id: int) -> list[tuple[Conflict, int, int]]:
    """(what is said, line of the other record, line that stays) for each course both are enrolled in at the moment.

    A line that nothing was paid, billed or attended on is one too many and is canceled; else both stay, for the desk to
    decide what becomes of the money.
    """
    mine = {row.course_id: row for row in _pending(stays_id)}
    found = []
    for row in _pending(other_id):
        twin = mine.get(row.course_id)
        if twin is None:
            continue
        owed = dues.of_lines([row.id], [])
        attended = SlotEnrolled.get_or_none(SlotEnrolled.enrollment_id == row.id, SlotEnrolled.status == "attended")
        free = attended is None and not any(due.paid_minor or due.invoice_id for due in owed)
        course = Course.get_by_id(row.course_id).name
        facts = {"course": course, "number": row.number, "other": twin.number, "amount": row.gross_minor}
        found.append((Conflict("merge.twin_canceled" if free else "merge.twin_stays", facts), row.id, twin.id))
    return found


def _dropped(twins: list[tuple[Conflict, int, int]]) -> dict[int, int]:
    """Line that is canceled → line that its seats belong to from now on."""
    return {line: into for said, line, into in twins if said.key == "merge.twin_canceled"}


def _pending(student_id: int) -> list[Any]:
    mine = (CourseEnrolled.student_id == student_id) & (CourseEnrolled.status == "pending")
    return list(CourseEnrolled.select().where(mine).order_by(CourseEnrolled.id))


def _seats(stays_id: int, other_id: int, now: str, dropped: Mapping[int, int]) -> _Seats:
    """Where two seats are one person's in one slot the stronger counts, once. Where they overlap in two slots, a coming
    one of the other record is given back; what has begun stays, with its reason.
    """
    plan = _Seats()
    kept = list(SlotEnrolled.select().where(SlotEnrolled.student_id == stays_id, SlotEnrolled.status != "canceled"))
    by_slot = {row.slot_id: row for row in kept}
    live = [row for row in kept if _is_live(row, now)]
    slots = {row.id: row for row in Slot.select().where(Slot.id.in_([row.slot_id for row in live]))} if live else {}
    for row in SlotEnrolled.select().where(SlotEnrolled.student_id == other_id).order_by(SlotEnrolled.id):
        values: dict[str, Any] = {"student_id": stays_id}
        plan.moved[row.id] = values
        if row.status == "canceled":
            continue
        if row.enrollment_id is not None and row.enrollment_id in dropped:
            values["enrollment_id"] = dropped[row.enrollment_id]
        slot = Slot.get_by_id(row.slot_id)
        facts = {"title": seats.title(slot), "at": slot.start_utc}
        twin = by_slot.get(row.slot_id)
        better = _stronger(twin, row, now) if twin is not None else {}
        clash = None
        if twin is None or ("status" in better and not _is_live(twin, now)):
            clash = next((slots[one.slot_id] for one in live if _clash(one, slots[one.slot_id], row, slot, now)), None)
        coming = slot.start_utc > now
        if clash is not None:
            said = Conflict(f"merge.overlap_{'coming' if coming else 'past'}", {**facts, "other": seats.title(clash)})
            plan.conflicts.append(said)
            if not coming:
                (values if twin is None else better)["override_reason"] = text.sentence("merge.reason")
        elif twin is not None:
            plan.conflicts.append(Conflict("merge.same_slot", facts))
        if twin is not None and better and not (clash is not None and coming):
            if "status" in better:
                line = values.get("enrollment_id", row.enrollment_id)
                better["enrollment_id"] = line if line is not None else twin.enrollment_id
            plan.stronger[twin.id] = better
        if twin is not None or (clash is not None and coming):
            values.update(_GIVEN_BACK)
    return plan


_GIVEN_BACK = {"status": "canceled", "held_until": None, "held_by": None}


def _is_live(row: Any, now: str) -> bool:
    return row.status in ("booked", "attended") or (row.status == "held" and row.held_until > now)


def _stronger(mine: Any, theirs: Any, now: str) -> dict[str, Any]:
    """What a seat takes over from its double: nothing, where it says as much itself."""

    def strength(row: Any) -> int:
        return -1 if row.status == "held" and not _is_live(row, now) else _STRENGTH[row.status]

    if mine.status == theirs.status == "waiting":  # first come: whoever wrote them down first
        first = {
            "priority": max(mine.priority, theirs.priority),
            "waiting_since": min(mine.waiting_since, theirs.waiting_since),
        }
        return {name: value for name, value in first.items() if getattr(mine, name) != value}
    if strength(theirs) <= strength(mine):
        return {}
    names = ("status", "held_until", "held_by", "priority", "waiting_since", "skipped_reason")
    found = {name: getattr(theirs, name) for name in names}
    return {**found, "override_reason": theirs.override_reason or mine.override_reason}


def _clash(mine: Any, my_slot: Any, theirs: Any, their_slot: Any, now: str) -> bool:
    """Two live seats at one time that nobody gave a reason for."""
    overlap = my_slot.start_utc < their_slot.end_utc and their_slot.start_utc < my_slot.end_utc
    reasons = (mine.override_reason, theirs.override_reason, my_slot.override_reason, their_slot.override_reason)
    standing = my_slot.canceled_at is None and their_slot.canceled_at is None
    return overlap and standing and _is_live(theirs, now) and not any(reasons)


# -- doing -----------------------------------------------------------------------------------------------------


def back_up_first(
    data_dir: Path,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] | None = None,
) -> backup.Backup:
    """A verified copy before two records are merged. EnvironmentFault `merge.no_backup` where it is unsound."""
    return backup.take_first(data_dir, "merge", "merge.no_backup", stop, progress)


def merge(
    actor: Actor,
    stays_id: int,
    other_id: int,
    choices: Mapping[str, str] | None = None,
    versions: tuple[int, int] | None = None,
) -> int:
    """Merge the record `other_id` into `stays_id`; returns the operation. `choices`: field → "stays" or "other".

    Fields that nobody chose are as `Choice.better` has them. With `versions` of the two records, as a preview has them,
    UserError `store.changed_meanwhile` if one was changed since. Others: `merge.same`, `merge.already`,
    `merge.started` (a payment under way waits for its answer), `people.not_a_student`, `store.gone`.
    """
    require(actor, "people.merge")
    with store.write("Merge records", actor) as w:
        stays, other = _student(stays_id), _student(other_id)
        _check(stays, other)
        if versions is not None and versions != (stays.version, other.version):
            raise UserError("store.changed_meanwhile")
        taken = _taken(stays, other, choices or {})
        twins = _twins(stays_id, other_id)
        plan = _seats(stays_id, other_id, w.now, _dropped(twins))
        _move_purchases(w, stays_id, other_id, twins)
        freed = _move_seats(w, plan)
        _move_rest(w, stays_id, other_id)
        for earlier in identity.records(other_id)[1:]:
            w.update(User, earlier, merged_into=stays_id)
        w.update(
            User, other_id, status="merged", merged_into=stays_id, next_slot_id=None, next_slot_at=None, balance_minor=0
        )
        if taken:
            w.update(User, stays_id, **taken)
        search.index(w.connection, "users", stays_id)
        seats.refresh_next_slot(w, [stays_id])
        balances.recompute(w, stays_id)
        for slot_id in freed:
            seats.offer_free_seat(w, Slot.get_by_id(slot_id))
        facts = {"name": _name(other), "number": other.number}
        timeline.add(w, stays_id, "merge.timeline", ("users", other_id), **facts)
        link = ("users", stays_id)
        notifications.notify(w, "new_account", "center", "merge.done", link, into=_name(stays), **facts)
        return int(w.operation_id)


def _taken(stays: Any, other: Any, choices: Mapping[str, str]) -> dict[str, Any]:
    """What of the other record the one that stays takes over."""
    found = {}
    for one in _choices(stays, other):
        if choices.get(one.field, one.better) == "other":
            value = getattr(other, one.field)
            found[one.field] = value if value is not None or one.field in _NULLABLE else ""
    return found


_NULLABLE = ("email", "phone", "date_of_birth", "payer_id")


def _move_rest(w: Write, stays_id: int, other_id: int) -> None:
    """Quotes, promises, notes and attachments. Of what both promised by themselves the last stands."""
    moves: tuple[tuple[Any, str, Any], ...] = (
        (Quote, "student_id", Quote.student_id == other_id),
        (Promise, "student_id", Promise.student_id == other_id),
        (Note, "user_id", Note.user_id == other_id),
        (Attachment, "subject_id", (Attachment.subject_table == "users") & (Attachment.subject_id == other_id)),
    )
    for model, column, theirs in moves:
        for row in list(model.select(model.id).where(theirs)):
            w.update(model, row.id, **{column: stays_id})
    mine = (Promise.student_id == stays_id) & Promise.payer_id.is_null() & (Promise.status == "open")
    for earlier in list(Promise.select(Promise.id).where(mine).order_by(Promise.id.desc()))[1:]:
        w.update(
            Promise, earlier.id, status="withdrawn"
        )  # of one person the last word counts, as `promises.add` has it


def _move_purchases(w: Write, stays_id: int, other_id: int, twins: list[tuple[Conflict, int, int]]) -> None:
    dropped = _dropped(twins)
    for row in list(CourseEnrolled.select(CourseEnrolled.id).where(CourseEnrolled.student_id == other_id)):
        values: dict[str, Any] = {"student_id": stays_id}
        if row.id in dropped:
            today = clock.local_date(center.load().zone, w.moment).isoformat()
            values.update(status="canceled", canceled_on=today, cancel_reason=text.sentence("merge.reason"))
        w.update(CourseEnrolled, row.id, **values)
    for sale in list(ProductEnrolled.select(ProductEnrolled.id).where(ProductEnrolled.student_id == other_id)):
        w.update(ProductEnrolled, sale.id, student_id=stays_id)
    for said, line, _into in twins:
        if line in dropped:
            facts = {name: said.params[name] for name in ("course", "number")}
            link = ("courses_enrolled", line)
            reason = text.sentence("merge.reason")
            timeline.add(w, stays_id, "enrollment.timeline_canceled", link, reason=reason, **facts)


def _move_seats(w: Write, plan: _Seats) -> list[int]:
    """Move the seats; returns the slots that gained a free one."""
    touched: list[Any] = []
    for row_id, values in plan.moved.items():
        row = SlotEnrolled.get_by_id(row_id)
        w.update(SlotEnrolled, row_id, **values)
        touched.append(row)
    for row_id, values in plan.stronger.items():
        touched.append(SlotEnrolled.get_by_id(row_id))
        w.update(SlotEnrolled, row_id, **values)
    slots = [row.slot_id for row in touched if row.status != "canceled"]
    seats.recount(w, slots)
    lines = {row.enrollment_id for row in touched} | {one.get("enrollment_id") for one in plan.stronger.values()}
    # What was attended under both records was attended once; a course that was completed by it stays completed.
    seats.recompute_progress(w, sorted(one for one in lines if one is not None), reopen=False)
    given_back = {row_id for row_id, values in plan.moved.items() if values.get("status") == "canceled"}
    return list(dict.fromkeys(row.slot_id for row in touched if row.id in given_back and _is_live(row, w.now)))


__all__ = [
    "FIELDS", "Choice", "Conflict", "Part", "Preview", "Side", "back_up_first", "merge", "preview",
]  # fmt: skip
