"""What a person's panel reads of all their records together: story, documents, messages.

Documents, mails and the timeline stay at the record they were written for, also when it was merged away.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from peewee import fn

from app import text
from app.desk import identity
from app.desk import notes as desk_notes
from app.store.models import Attachment, Invoice, MailQueue, Note, Payment, StudentPayment, Timeline, User


@dataclass(frozen=True)
class Document:
    """A payment or an invoice in the panel. `amount_minor` is negative for refunds and credit notes.

    Of an invoice: what is open of it, None where it was credited; `words` is when it is due.
    """

    kind: str
    id: int
    number: str
    on: str
    words: str
    amount_minor: int
    status: str
    open_minor: int | None = 0


class Message(NamedTuple):
    """A mail to a student."""

    at: str
    subject: str
    state: str
    id: int


@dataclass(frozen=True)
class FileRow:
    """A file kept with a person; `size` in bytes."""

    id: int
    name: str
    media_type: str
    size: int
    at: str


@dataclass(frozen=True)
class NoteRow:
    """A note about a person, with the files that stand at it."""

    id: int
    version: int
    at: str
    actor: str
    text: str
    pinned: bool
    files: tuple[FileRow, ...]


@dataclass(frozen=True)
class Notes:
    """Everything on the tab of notes: the notes, the newest first, and the files straight at the person."""

    notes: tuple[NoteRow, ...]
    files: tuple[FileRow, ...]


@dataclass(frozen=True)
class TimelineRow:
    """An entry on the timeline, in words."""

    at: str
    words: str
    actor: str
    subject: tuple[str, int] | None = None


@dataclass(frozen=True)
class Told:
    """How many entries a timeline has of each kind, and by whom: (id, name, count). The id 0 is the program itself."""

    kinds: dict[str, int]
    people: tuple[tuple[int, str, int], ...]

    @property
    def count(self) -> int:
        """All of them."""
        return sum(self.kinds.values())


#: Kind of entry → how the keys of its entries begin; the first that fits counts. What begins in no such way is a change
#: of the record.
KINDS: dict[str, tuple[str, ...]] = {
    "money": (
        "payments.", "invoices.", "promises.", "reminding.", "replan.", "waiving.", "transfer.timeline_money",
    ),
    "enrollments": ("enrollment.", "returning.", "transfer.", "quotes."),
    "seats": ("seats.", "scheduling."),
    "messages": ("mail.",),
    "notes": ("notes.", "files.", "people.noted"),
    "record": (),
}  # fmt: skip


def kind_of(key: str) -> str:
    """The kind of a timeline entry."""
    return next((kind for kind, begins in KINDS.items() if key.startswith(begins)), "record")


def timeline(student_id: int, limit: int = 200, kind: str = "", by: int | None = None) -> list[TimelineRow]:
    """What happened, newest first, in the reader's words; of one kind, by one person (0: the program itself)."""
    actor = User.alias()
    query: Any = (
        Timeline.select(
            Timeline.created_at, Timeline.key, Timeline.params, actor.first_name, Timeline.subject_table,
            Timeline.subject_id,
        )
        .left_outer_join(actor, on=(actor.id == Timeline.actor_id))
        .where(Timeline.user_id.in_(list(identity.records(student_id))))
        .order_by(Timeline.created_at.desc(), Timeline.id.desc())
        .limit(limit)
    )  # fmt: skip
    if kind:
        query = query.where(_of_kind(kind))
    if by is not None:
        query = query.where(Timeline.actor_id.is_null() if by == 0 else Timeline.actor_id == by)
    return [
        TimelineRow(at, text.sentence(key, json.loads(params)), who or "", (table, row_id) if table else None)
        for at, key, params, who, table, row_id in query.tuples()
    ]


def _of_kind(kind: str) -> Any:
    def begin(keys: tuple[str, ...]) -> Any:
        return reduce(or_, (fn.SUBSTR(Timeline.key, 1, len(one)) == one for one in keys))

    names = list(KINDS)
    others = sum((KINDS[one] for one in names[: names.index(kind)]), ())
    if not KINDS[kind]:
        return ~begin(others)
    return begin(KINDS[kind]) & ~begin(others) if others else begin(KINDS[kind])


def told(student_id: int) -> Told:
    """What a timeline can be filtered by."""
    actor = User.alias()
    query: Any = (
        Timeline.select(Timeline.key, Timeline.actor_id, actor.first_name, actor.last_name, fn.COUNT(Timeline.id))
        .left_outer_join(actor, on=(actor.id == Timeline.actor_id))
        .where(Timeline.user_id.in_(list(identity.records(student_id))))
        .group_by(Timeline.key, Timeline.actor_id)
        .tuples()
    )
    kinds: dict[str, int] = dict.fromkeys(KINDS, 0)
    names: dict[int, str] = {}
    people: dict[int, int] = {}
    for key, who, first, last, count in query:
        kinds[kind_of(key)] += count
        names[who or 0] = f"{first or ''} {last or ''}".strip()
        people[who or 0] = people.get(who or 0, 0) + count
    order = sorted(people, key=lambda who: (-people[who], names[who]))
    return Told(kinds, tuple((who, names[who], people[who]) for who in order))


def is_completed(payment_id: int) -> bool:
    """Whether a payment has a receipt."""
    return Payment.select().where(Payment.id == payment_id, Payment.status == "COMPLETED").exists()


def documents(student_id: int) -> list[Document]:
    """Payments and invoices, newest first."""
    records = list(identity.records(student_id))
    found = [
        Document(
            "payment", row.id, row.number, row.settled_on or row.started_at[:10], row.method,
            -row.amount_minor if row.payment_type == "refund" else row.amount_minor, row.status.lower(),
        )
        for row in Payment.select().where(Payment.student_id.in_(records))
    ]  # fmt: skip
    paid: Any = (
        StudentPayment.select(StudentPayment.invoice_id, fn.SUM(StudentPayment.direction * StudentPayment.amount_minor))
        .join(Invoice, on=(Invoice.id == StudentPayment.invoice_id))
        .where(Invoice.student_id.in_(records))
        .group_by(StudentPayment.invoice_id)
        .tuples()
    )
    put = dict(paid)
    credited = {
        row.refers_to
        for row in Invoice.select(Invoice.refers_to).where(Invoice.student_id.in_(records), Invoice.is_full == 1)
    }
    for row in Invoice.select(
        Invoice.id, Invoice.label, Invoice.issued_on, Invoice.due_on, Invoice.gross_minor, Invoice.kind
    ).where(Invoice.student_id.in_(records)):
        sign = -1 if row.kind == "credit_note" else 1
        left = None if row.id in credited else row.gross_minor - put.get(row.id, 0) if row.kind == "invoice" else 0
        found.append(
            Document(row.kind, row.id, row.label, row.issued_on, row.due_on, sign * row.gross_minor, row.kind, left)
        )
    return sorted(found, key=lambda one: (one.on, one.number), reverse=True)


def messages(student_id: int, limit: int = 100) -> list[Message]:
    """A student's mails, newest first."""
    query: Any = (
        MailQueue.select(MailQueue.created_at, MailQueue.subject, MailQueue.state, MailQueue.id)
        .where(MailQueue.student_id.in_(list(identity.records(student_id))))
        .order_by(MailQueue.id.desc())
        .limit(limit)
        .tuples()
    )
    return [Message(*row) for row in query]


def notes(student_id: int) -> Notes:
    """Notes and files of a person; no byte of a file is read."""
    records = list(identity.records(student_id))
    files: Any = (
        Attachment.select(
            Attachment.subject_table, Attachment.subject_id, Attachment.id, Attachment.file_name,
            Attachment.media_type, Attachment.size, Attachment.created_at,
        )
        .where(desk_notes.of_people(records), Attachment.removed_at.is_null())
        .order_by(Attachment.id)
        .tuples()
    )  # fmt: skip
    at: dict[tuple[str, int], list[FileRow]] = {}
    for table, row_id, *values in files:
        at.setdefault((table, row_id), []).append(FileRow(*values))
    actor = User.alias()
    written: Any = (
        Note.select(Note.id, Note.version, Note.created_at, actor.first_name, Note.text, Note.pinned)
        .left_outer_join(actor, on=(actor.id == Note.created_by))
        .where(Note.user_id.in_(records))
        .order_by(Note.id.desc())
        .tuples()
    )
    return Notes(
        tuple(
            NoteRow(row_id, version, when, who or "", words, bool(pinned), tuple(at.get(("notes", row_id), ())))
            for row_id, version, when, who, words, pinned in written
        ),
        tuple(one for record in records for one in at.get(("users", record), ())),
    )
