"""Documents on paper: what is frozen in the file as PDF bytes, for the printer, a file, or a mail."""

from __future__ import annotations

from typing import Any

from app.desk import invoices
from app.documents import invoice as layout
from app.errors import UserError
from app.mail.compose import Attachment
from app.store.models import Invoice


def invoice_pdf(invoice_id: int, *, copy: bool = False) -> tuple[str, bytes]:
    """(file name, PDF) of an invoice or credit note: the original, or a dated COPY with the present state."""
    document = invoices.document(invoice_id)
    state = invoices.copy_state(invoice_id) if copy else None
    name = "".join(char if char.isalnum() or char in "-_." else "_" for char in document.label)
    return f"{name}{'-copy' if copy else ''}.pdf", layout.render(document, state)


def resolve(reference: dict[str, Any]) -> Attachment:
    """The file that a mail's attachment reference stands for. UserError `store.gone` if it is no longer there."""
    if reference.get("kind") != "invoice":
        raise UserError("store.gone")
    name, content = invoice_pdf(int(reference["id"]))
    return Attachment(name, "application/pdf", content)


def find_invoice(label: str) -> int:
    """The id of the document that people call `label`. UserError `invoices.no_such`."""
    row = Invoice.get_or_none(Invoice.label == label.strip())
    if row is None:
        raise UserError("invoices.no_such", "number", label=label.strip()[:40])
    return int(row.id)
