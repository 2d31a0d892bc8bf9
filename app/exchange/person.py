"""Everything held about one person in one ZIP file: tables as CSV and JSON, documents as PDF, files as they were given.

For whoever asks what is stored about them. Other people's data stays out; passwords and the bytes of mails do, too.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app import clock, text
from app.desk import identity, papers
from app.desk.accounts import Actor, require
from app.exchange import exporting
from app.exchange.reading import Progress, Stop, Stopped, never
from app.lists import person as panel
from app.store import images
from app.store.models import (
    Attachment,
    Course,
    CourseEnrolled,
    Installment,
    Invoice,
    InvoiceLine,
    MailQueue,
    Note,
    Payer,
    Payment,
    Product,
    ProductEnrolled,
    Quote,
    Session,
    Slot,
    SlotEnrolled,
    StudentPayment,
    User,
)

Rows = list[dict[str, Any]]

#: Columns that are the program's own business, or would be no use to anyone.
_OWN = frozenset({"password_hash", "mime", "content", "created_by", "updated_by", "lease_by", "lease_until", "draft"})


def export_person(
    actor: Actor, student_id: int, path: Path, *, stop: Stop = never, progress: Progress | None = None
) -> int:
    """Write everything held about a student to a ZIP file; returns how many files are in it.

    UserErrors `store.gone`, `people.not_a_student`; EnvironmentFault `cli.cannot_write`; Stopped. A file that was there
    is replaced only by a whole one.
    """
    require(actor, "people.export")
    student = identity.student(student_id)
    tables = everything(student.id)
    parts = [*_sheets(tables), *_files(student.id, tables)]

    def fill(partial: Path) -> int:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            for number, (name, content) in enumerate(parts):
                if stop():
                    raise Stopped
                if progress is not None:
                    progress(number, len(parts))
                archive.writestr(name, content())
        return len(parts)

    return exporting.replace_with(path, fill)


def everything(student_id: int) -> dict[str, Rows]:
    """Table → rows about a person, of all of their records; amounts in minor units, stamps in UTC."""
    mine = list(identity.records(student_id))
    lines = [row.id for row in CourseEnrolled.select(CourseEnrolled.id).where(CourseEnrolled.student_id.in_(mine))]
    documents = [row.id for row in Invoice.select(Invoice.id).where(Invoice.student_id.in_(mine))]
    payers = [row.payer_id for row in User.select(User.payer_id).where(User.id.in_(mine), User.payer_id.is_null(False))]
    seats = (
        SlotEnrolled.select(SlotEnrolled, Slot.start_wall, Slot.end_wall, Slot.zone, Session.name.alias("session"))
        .join(Slot, on=(Slot.id == SlotEnrolled.slot_id))
        .join(Session, on=(Session.id == SlotEnrolled.session_id))
        .where(SlotEnrolled.student_id.in_(mine))
    )
    queries: dict[str, Any] = {
        "person": User.select().where(User.id.in_(mine)),
        "payers": Payer.select().where(Payer.id.in_(payers)),
        "enrollments": CourseEnrolled.select(CourseEnrolled, Course.name.alias("course"))
        .join(Course, on=(Course.id == CourseEnrolled.course_id))
        .where(CourseEnrolled.student_id.in_(mine)),
        "installments": Installment.select().where(Installment.enrollment_id.in_(lines)),
        "sales": ProductEnrolled.select(ProductEnrolled, Product.name.alias("product"))
        .join(Product, on=(Product.id == ProductEnrolled.product_id))
        .where(ProductEnrolled.student_id.in_(mine)),
        "quotes": Quote.select(Quote, Course.name.alias("course"))
        .join(Course, on=(Course.id == Quote.course_id))
        .where(Quote.student_id.in_(mine)),
        "seats": seats,
        "payments": Payment.select().where(Payment.student_id.in_(mine)),
        "money_put_to_use": StudentPayment.select().where(StudentPayment.student_id.in_(mine)),
        "invoices": Invoice.select().where(Invoice.id.in_(documents)),
        "invoice_lines": InvoiceLine.select().where(
            InvoiceLine.invoice_id.in_(documents), InvoiceLine.student_id.in_(mine)
        ),
        "mails": MailQueue.select().where(MailQueue.student_id.in_(mine)),
        "notes": Note.select().where(Note.user_id.in_(mine)),
        "attachments": Attachment.select(
            Attachment.id, Attachment.file_name, Attachment.media_type, Attachment.size, Attachment.created_at
        ).where(_attached(mine)),
    }
    found = {
        name: [
            {column: value for column, value in row.items() if column not in _OWN} for row in query.dicts().iterator()
        ]
        for name, query in queries.items()
    }
    found["timeline"] = [
        {"at": row.at, "what": row.words, "by": row.actor} for row in panel.timeline(student_id, limit=1_000_000)
    ]
    found["changes"] = [
        {"record": one, **_moved(moment)} for one in mine for moment in reversed(images.of_row("users", one))
    ]
    return found


def _moved(moment: images.Moment) -> dict[str, Any]:
    """What one recorded change did to the person's own columns."""
    names = sorted(images.differing(moment.before, moment.after) - _OWN)
    before, after = moment.before or {}, moment.after or {}
    return {"columns": names, **{name: [before.get(name), after.get(name)] for name in names}}


def _attached(records: list[int]) -> Any:
    return (Attachment.subject_table == "users") & Attachment.subject_id.in_(records)


def _sheets(tables: dict[str, Rows]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    whole = json.dumps(tables, ensure_ascii=False, indent=1, sort_keys=False)
    yield "person.json", whole.encode
    for name, rows in tables.items():
        if rows and name != "changes":
            yield f"{name}.csv", _csv(rows)


def _csv(rows: Rows) -> Callable[[], bytes]:
    def write() -> bytes:
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(rows[0])
        for row in rows:
            writer.writerow([exporting.safe("" if value is None else str(value)) for value in row.values()])
        return out.getvalue().encode("utf-8-sig")  # the mark at the front tells Excel that it is UTF-8

    return write


def _files(student_id: int, tables: dict[str, Rows]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Documents rendered as they are asked for, and the files themselves, each under a name of its own."""
    for row in tables["invoices"]:
        yield f"invoices/{_plain(row['label'])}.pdf", _second(papers.invoice_pdf, row["id"])
    for row in tables["payments"]:
        if row["status"] == "COMPLETED":
            yield f"receipts/{_plain(row['number'])}.pdf", _second(papers.receipt_pdf, row["id"])
    if tables["payments"] or tables["enrollments"] or tables["sales"]:
        first = min(row["created_at"][:10] for name in ("payments", "enrollments", "sales") for row in tables[name])
        yield "statement.pdf", _second(papers.statement_pdf, [student_id], first, clock.stamp()[:10])
    for row in tables["attachments"]:
        yield f"files/{row['id']}-{_plain(row['file_name'])}", _attachment(row["id"])


def _second(make: Callable[..., tuple[str, bytes]], *args: Any) -> Callable[[], bytes]:
    return lambda: make(*args)[1]


def _attachment(row_id: int) -> Callable[[], bytes]:
    return lambda: bytes(Attachment.get_by_id(row_id).content)


def _plain(name: str) -> str:
    """A name that every system takes for one file."""
    kept = "".join(char if char.isalnum() or char in "-_." else "_" for char in text.clean(name, field="name"))
    return kept.strip(".") or "file"
