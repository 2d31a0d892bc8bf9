"""All documents of a month for the bookkeeper: a folder with a PDF of each, or one PDF of all, page after page.

They are the originals as they were issued, to the same bytes as ever, in the order of their numbers; receipts follow
where they are wanted. Rows are read one document at a time, so a month of many takes no more memory than one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.desk import center, invoices, papers
from app.desk.accounts import Actor, require
from app.documents import invoice as layout
from app.documents import receipt as receipts
from app.errors import EnvironmentFault, UserError
from app.exchange import exporting
from app.exchange.reading import Progress, Stop, Stopped, never
from app.store.models import Invoice, Payment
from app.text import _


@dataclass(frozen=True)
class Paper:
    """A document of the month: an invoice or credit note, or the receipt of a payment."""

    kind: str
    id: int
    label: str

    def pdf(self) -> bytes:
        """The original as a file of its own."""
        return (papers.receipt_pdf if self.kind == "receipt" else papers.invoice_pdf)(self.id)[1]


def of_month(month: str, *, with_receipts: bool = False) -> list[Paper]:
    """What was issued in a month like 2026-11, by number; with receipts also what was paid in it.

    UserErrors `batch.bad_month` beside `month`, `batch.nothing`.
    """
    month = check_month(month)
    issued: Any = Invoice.select(Invoice.kind, Invoice.id, Invoice.label).where(_within(Invoice.issued_on, month))
    found = [Paper(*row) for row in issued.order_by(Invoice.kind.desc(), Invoice.series, Invoice.number).tuples()]
    if with_receipts:
        paid: Any = Payment.select(Payment.id, Payment.number).where(
            _within(Payment.settled_on, month), Payment.status == "COMPLETED"
        )
        found += [Paper("receipt", *row) for row in paid.order_by(Payment.id).tuples()]
    if not found:
        raise UserError("batch.nothing", "month", month=month)
    return found


def check_month(month: str) -> str:
    """A month as it is typed, like 2026-11. UserError `batch.bad_month` beside `month`."""
    month = month.strip()
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month, re.ASCII):
        raise UserError("batch.bad_month", "month", text=month[:40])
    return month


def _within(day: Any, month: str) -> Any:
    return (day >= f"{month}-01") & (day <= f"{month}-31")


def write_folder(
    actor: Actor, month: str, folder: Path, *, with_receipts: bool = False, stop: Stop = never,
    progress: Progress | None = None,
) -> int:  # fmt: skip
    """Write a PDF of each document of a month into a folder, which is made if need be; returns how many.

    A file of the same name is replaced by a whole one. UserErrors as from `of_month`; EnvironmentFault
    `cli.cannot_write`; Stopped, and what was written until then is whole.
    """
    require(actor, "people.export")
    found = of_month(month, with_receipts=with_receipts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFault("cli.cannot_write", path=str(folder)) from error
    for paper, name in zip(_told(found, stop, progress), _names(found), strict=True):
        exporting.replace_with(folder / name, _writing(paper))
    return len(found)


def _writing(paper: Paper) -> Any:
    def fill(partial: Path) -> int:
        partial.write_bytes(paper.pdf())
        return 1

    return fill


def _names(found: list[Paper]) -> Iterator[str]:
    """A file name for each, which no other has: some systems know no capitals, and two numbers may look the same."""
    taken: set[str] = set()
    for paper in found:
        plain = (
            "".join(char if char.isalnum() or char in "-_." else "_" for char in paper.label).strip(".") or "document"
        )
        name, number = plain, 2
        while name.casefold() in taken:
            name, number = f"{plain}-{number}", number + 1
        taken.add(name.casefold())
        yield f"{name}.pdf"


def write_one(
    actor: Actor, month: str, path: Path, *, with_receipts: bool = False, stop: Stop = never,
    progress: Progress | None = None,
) -> int:  # fmt: skip
    """Write all documents of a month as one PDF, each with a bookmark; returns how many.

    A file that was there is replaced only by a whole one. Errors as from `write_folder`; Stopped leaves no file.
    """
    require(actor, "people.export")
    found = of_month(month, with_receipts=with_receipts)

    def fill(partial: Path) -> int:
        canvas = _canvas(partial, month.strip())
        for paper in _told(found, stop, progress):
            canvas.bookmarkPage(f"{paper.kind}-{paper.id}")
            canvas.addOutlineEntry(paper.label, f"{paper.kind}-{paper.id}", 0)
            if paper.kind == "receipt":
                receipts.draw(papers.receipt(paper.id), canvas)
            else:
                layout.draw(invoices.document(paper.id), canvas)
        canvas.save()
        return len(found)

    return exporting.replace_with(path, fill)


def _canvas(path: Path, month: str) -> Any:
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    from app.documents import type as setting

    here = center.load()
    setting.fonts()
    made = Canvas(str(path), pagesize=A4, invariant=1, initialFontName=setting.REGULAR, lang=here.language)
    made.setTitle(_("Documents of {month}").format(month=month))
    made.setAuthor(here.seller_name)
    return made


def _told(found: list[Paper], stop: Stop, progress: Progress | None) -> Iterator[Paper]:
    """One document after the other; between two of them a stop is heard and the progress told."""
    for number, paper in enumerate(found):
        if stop():
            raise Stopped
        yield paper
        if progress is not None:
            progress(number + 1, len(found))
