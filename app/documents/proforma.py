"""Pro forma papers and quotes: what would be invoiced, drawn like an invoice, and saying everywhere that it is none.

It takes no number of a document series, is not kept, and has no code to pay by: nothing of it can be booked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.documents import invoice
from app.documents.invoice import InvoiceDocument, Line
from app.documents.sheet import LEFT, TEXT3, TOP
from app.documents.words import _, speaking


@dataclass(frozen=True)
class ProformaDocument:
    """What is offered, to whom. `title` and `disclaimer` are finished words: Pro forma, or Quote with its own.

    `label` is a number that people quote, "" where there is none; `valid_until` an ISO day or ""; `logo` a PNG or JPEG.
    Amounts of the lines are minor units.
    """

    title: str
    disclaimer: str
    label: str
    name: str
    address: str
    tax_id: str
    currency: str
    language: str
    seller: dict[str, Any]
    issued_on: str
    valid_until: str
    lines: tuple[Line, ...]
    note: str = ""
    head_text: str = ""
    foot_text: str = ""
    logo: bytes = field(default=b"", repr=False)


def render(document: ProformaDocument) -> bytes:
    """The paper as PDF."""
    with speaking(document.language):
        return _Painter(document).paint()


class _Painter(invoice.Painter):
    """An invoice's lines and sums below another title."""

    def __init__(self, document: ProformaDocument) -> None:
        self.p = document
        super().__init__(_as_invoice(document), None)

    def heading(self) -> str:
        return self.p.title

    def addressed(self) -> str:
        return _("For")

    def head(self) -> None:
        """The head of the center, and on every page that this is no invoice."""
        super().head()
        self.text(LEFT + 118, TOP - 20, self.p.disclaimer, 9.5, self.type.SEMIBOLD, TEXT3)

    def facts(self) -> list[tuple[str, str, bool]]:
        rows = [(_("Number"), self.p.label, True)] if self.p.label else []
        rows.append((_("Date"), self.day(self.p.issued_on), False))
        if self.p.valid_until:
            rows.append((_("Valid until"), self.day(self.p.valid_until), True))
        return rows


def _as_invoice(document: ProformaDocument) -> InvoiceDocument:
    """The same in the form whose lines and sums are drawn; it is of a kind of its own, never stored."""
    return InvoiceDocument(
        kind="proforma",
        label=document.label,
        refers_to_label="",
        issued_on=document.issued_on,
        due_on=document.issued_on,
        service_from=None,
        service_to=None,
        currency=document.currency,
        language=document.language,
        net_minor=sum(line.net_minor for line in document.lines),
        tax_minor=sum(line.tax_minor for line in document.lines),
        gross_minor=sum(line.gross_minor for line in document.lines),
        seller=document.seller,
        buyer={"name": document.name, "address": document.address, "tax_id": document.tax_id},
        lines=document.lines,
        paid=(),
        note=document.note,
        head_text=document.head_text,
        foot_text=document.foot_text,
        logo=document.logo,
    )
