"""What the command bar finds besides people: documents and coming slots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app import clock, text
from app.desk import identity
from app.store.models import Course, Invoice, InvoiceLine, Session, Slot


@dataclass(frozen=True)
class FoundInvoice:
    """A document that fits."""

    id: int
    label: str
    buyer: str
    gross_minor: int
    issued_on: str
    kind: str


@dataclass(frozen=True)
class FoundSlot:
    """A coming slot that fits."""

    id: int
    title: str
    start_utc: str
    icon: str


def label_of(invoice_id: int) -> str:
    """The number that people read on a document."""
    return str(Invoice.get_by_id(invoice_id).label)


def invoices(words: str, student_ids: list[int], limit: int = 4) -> list[FoundInvoice]:
    """Documents whose number holds the words, or that are about one of the students; newest first."""
    fits = Invoice.label.contains(text.whole(words.strip()))
    if student_ids:
        fits = fits | Invoice.student_id.in_(list(identity.all_records(student_ids)))
    query = Invoice.select().where(fits).order_by(Invoice.id.desc()).limit(limit)
    return [_found(row) for row in query]


def documents(invoice_ids: Iterable[int]) -> list[FoundInvoice]:
    """Documents that are known, in their order."""
    rows = {row.id: row for row in Invoice.select().where(Invoice.id.in_(sorted(set(invoice_ids))))}
    return [_found(rows[one]) for one in sorted(rows)]


def creditable(student_id: int) -> list[FoundInvoice]:
    """The invoices that a student was billed on, or is a line of, and that were not credited; newest first."""
    people, note = list(identity.records(student_id)), Invoice.alias()
    named = InvoiceLine.select(InvoiceLine.invoice_id).where(InvoiceLine.student_id.in_(people))
    credited = note.select(note.refers_to).where(note.is_full == 1)
    query = Invoice.select().where(
        Invoice.student_id.in_(people) | Invoice.id.in_(named), Invoice.kind == "invoice", Invoice.id.not_in(credited)
    )
    return [_found(row) for row in query.order_by(Invoice.id.desc())]


def _found(row: Any) -> FoundInvoice:
    return FoundInvoice(row.id, row.label, row.buyer_name, row.gross_minor, row.issued_on, row.kind)


def slots(words: str, limit: int = 3) -> list[FoundSlot]:
    """Coming slots whose session or course holds every word; the next first."""
    query = (
        Slot.select(Slot.id, Slot.title, Slot.start_utc, Session.name, Course.icon)
        .join(Session, on=(Session.id == Slot.session_id))
        .join(Course, on=(Course.id == Session.course_id))
        .where(Slot.canceled_at.is_null(), Slot.end_utc > clock.stamp())
    )
    for word in text.whole(words).split()[:5]:
        query = query.where(Session.name.contains(word) | Slot.title.contains(word) | Course.code.contains(word))
    rows: Any = query.order_by(Slot.start_utc).limit(limit).tuples()
    return [FoundSlot(row[0], row[1] or row[3], row[2], row[4]) for row in rows]
