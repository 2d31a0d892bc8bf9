"""The history as it is read: operations newest first, what each touched in words, and the story of one record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app import text
from app.desk import labels, naming, operations, records
from app.store import db, images, search
from app.store.models import Change, Operation, Timeline, User

#: Told by others: the timeline and the inbox follow from what was done.
_FOLLOWS = ("timeline", "notifications", "notification_recipients", "series")

#: What people do not read: identity, what every write moves, and what is worked out or frozen for the machine.
_HIDDEN = images.BOOKKEEPING | {
    "id", "uid", "created_at", "created_by", "password_hash", "next_slot_id", "next_slot_at", "next_slot_as_of",
    "seats_taken", "theory_done_minutes", "practical_done_minutes", "progress_bp", "balance_minor", "start_utc",
    "end_utc", "zone", "on_date", "position", "picked_dates", "recurrence", "snapshot", "document_hash", "draft",
    "layout_version", "request_key", "event_key", "message_id", "date", "params", "mime", "mime_hash", "lease_until",
    "lease_by", "stage",
    "template_key", "attachments", "next_try_at", "tries", "from_header", "key", "quoted", "net_minor", "tax_minor",
    "list_price_minor", "tax_category", "merged_into", "tender_group", "sha256", "content", "media_type",
    "subject_table", "subject_id",
}  # fmt: skip


#: What a record's name says already.
_OF_TABLE = {
    "mail_queue": {"text", "to_name", "language", "student_id", "payer_id", "replaces_id"},
    "slot_enrolled": {"session_id"},
    "slots": {"session_id"},
    "installments": {"enrollment_id"},
    "student_payments": {"direction"},
    "imports": {"outcome"},  # counts for the machine; the inbox tells them
}


@dataclass(frozen=True)
class Row:
    """One operation in the list."""

    id: int
    words: str
    touched: str
    who: str
    at: str
    desk: str
    undone: bool
    is_undo: bool
    can_be_undone: bool


@dataclass(frozen=True)
class Field:
    """One value of a record, before and after, in words; '' where there was none."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Record:
    """One record an operation touched. `act`: new, gone or changed."""

    table: str
    row_id: int
    kind: str
    name: str
    act: str
    fields: tuple[Field, ...]
    may_come_back: bool


def ids(words: str = "", actor_id: int | None = None, *, program_too: bool = False) -> list[int]:
    """Operations newest first: those of one person if asked, that are, or are about, all of what was typed.

    What the program does by itself is left out unless asked for.
    """
    query = Operation.select(Operation.id).order_by(Operation.id.desc())
    if actor_id is not None:
        query = query.where(Operation.actor_id == actor_id)
    elif not program_too:
        query = query.where(Operation.actor_id.is_null(False))
    if words.strip():
        query = query.where(_fits(words))
    return [row_id for (row_id,) in db.execute(query).fetchall()]


def _fits(words: str) -> Any:
    """What it is called, who did it, or whom it was about."""
    folded = text.fold(words.strip())
    named = [label for label in labels.LABELS if folded in text.fold(text.sentence(labels.key(label)))]
    fits = Operation.label.in_(named) | Operation.undo_of.in_(
        Operation.select(Operation.id).where(Operation.label.in_(named))
    )
    colleagues = search.people(words, 50, ("staff", "admin", "super_admin", "instructor"))
    about = [*search.people(words, 50), *colleagues]
    if colleagues:
        fits = fits | Operation.actor_id.in_(colleagues)
    if about:
        entries = Timeline.select(Timeline.id).where(Timeline.user_id.in_(about))
        told = Change.select(Change.operation_id).where(Change.table_name == "timeline", Change.row_id.in_(entries))
        moved = Change.select(Change.operation_id).where(Change.table_name == "users", Change.row_id.in_(about))
        fits = fits | Operation.id.in_(told) | Operation.id.in_(moved)
    return fits


def page(wanted: list[int]) -> dict[int, Row]:
    """The rows of some ids."""
    gone = operations.undone()
    people: dict[int | None, str] = {None: "Deskbell"}
    query: Any = Operation.select(Operation.id, Operation.actor_id).where(Operation.id.in_(wanted)).tuples()
    actors = {actor for _, actor in query} - {None}
    for person in User.select(User.id, User.first_name, User.last_name).where(User.id.in_(list(actors))):
        people[person.id] = f"{person.first_name} {person.last_name}".strip()
    found = {}
    for row in Operation.select().where(Operation.id.in_(wanted)):
        done = operations.load(row.id) if row.undo_of is not None else None
        found[row.id] = Row(
            id=row.id,
            words=operations.words(done) if done is not None else text.sentence(labels.key(row.label)),
            touched=_touched(done.root if done is not None else row.id),
            who=people.get(row.actor_id, ""),
            at=row.at,
            desk=row.desk,
            undone=row.id in gone,
            is_undo=row.undo_of is not None,
            can_be_undone=row.id not in gone and labels.kind(row.label).way != "refused",
        )
    return found


def _touched(operation_id: int) -> str:
    """The first records an operation is about, by name."""
    names: list[str] = []
    for table, row_id, image in images.first_of_operation(operation_id, _FOLLOWS, 4):
        name = naming.name(table, row_id, image)
        if name and not any(name in known for known in names):
            names.append(name)
    return " · ".join(names[:2])


def detail(operation_id: int, most: int = 300) -> list[Record]:
    """What an operation touched, record by record, in words; its first `most` changes."""
    found = []
    for row in images.of_operation(operation_id, most):
        if row.table in _FOLLOWS:
            continue
        fields = compare(row.table, row.before, row.after)
        if row.before is not None and row.after is not None and not fields:
            continue  # only what is worked out from other rows
        act = "new" if row.before is None else "gone" if row.after is None else "changed"
        kind = text.sentence(f"table.{row.table}")
        name = naming.name(row.table, row.row_id, row.after or row.before)
        found.append(Record(row.table, row.row_id, kind, name, act, fields, records.may_come_back(row.table)))
    return found


def compare(table: str, before: images.Image | None, after: images.Image | None) -> tuple[Field, ...]:
    """The values in which two images of a record differ, in words."""
    one, other = before or {}, after or {}
    fields = []
    for name in other or one:
        if name in _HIDDEN or name in _OF_TABLE.get(table, ()) or one.get(name) == other.get(name):
            continue
        was, now = _value(name, one.get(name)), _value(name, other.get(name))
        if was != now and (before is not None or other[name] != 0):
            fields.append(Field(column(name), was, now))
    return tuple(fields)


def column(name: str) -> str:
    """What a column is called."""
    key = f"column.{name}"
    return text.sentence(key) if key in text.messages() else name.replace("_", " ")


#: column → the table its numbers point at.
_POINTS = {
    "student_id": "users", "user_id": "users", "instructor_id": "users", "assigned_to": "users", "done_by": "users",
    "held_by": "users", "opened_by": "users", "closed_by": "users", "payer_id": "payers", "course_id": "courses",
    "prerequisite_id": "courses", "session_id": "sessions", "slot_id": "slots", "enrollment_id": "courses_enrolled",
    "product_enrolled_id": "product_enrolled", "product_id": "products", "resource_id": "resources",
    "tax_rate_id": "tax_rates", "till_id": "tills", "payment_id": "payments", "refund_of": "payments",
    "invoice_id": "invoices", "refers_to": "invoices", "installment_id": "installments",
    "reverses_id": "student_payments", "mail_id": "mail_queue", "discount_rule_id": "discount_rules",
    "moved_from": "courses_enrolled",
}  # fmt: skip


def _value(name: str, value: Any) -> str:
    """A stored value as people read it."""
    if value is None or value == "":
        return ""
    if name in _POINTS:
        return naming.name(_POINTS[name], int(value)) or str(value)
    if name.endswith("_minor"):
        return text.show_money(int(value))
    if name.endswith("_wall"):
        return text.show(value, "stamp")
    if name.endswith(("_at", "_until", "_since")):
        return text.show(value, "stamp")
    if name.endswith("_on") or name in ("date_of_birth", "start_date", "end_date"):
        return text.show(value, "date")
    if name in ("skipped_reason", "reason"):
        return text.sentence(str(value))
    if name in _FLAGS:
        return text.sentence("value.yes" if value else "value.no")
    key = f"value.{value}"
    return text.sentence(key) if name in _STATES and key in text.messages() else str(value)


_STATES = {
    "status", "state", "role", "kind", "method", "class_type", "session_type", "payment_type", "direction", "outcome",
    "security", "applies_to",
}  # fmt: skip
_FLAGS = {"active", "pinned", "often_sold", "is_open", "is_full"}


def moments(table: str, row_id: int) -> list[records.Moment]:
    """How one record was, newest first."""
    return records.moments(table, row_id)


def back_to(table: str, row_id: int, moment: records.Moment) -> tuple[Field, ...]:
    """What would change if a record were brought back to a moment: as it is now, and as it was then."""
    return compare(table, images.present(table, row_id), moment.image)


def people_with_operations() -> list[tuple[int, str]]:
    """(id, name) of everyone who did something."""
    rows: Iterable[Any] = (
        User.select(User.id, User.first_name, User.last_name)
        .where(User.role != "student", User.id.in_(Operation.select(Operation.actor_id).distinct()))
        .order_by(User.first_name, User.last_name)
    )
    return [(row.id, f"{row.first_name} {row.last_name}".strip()) for row in rows]
