"""Documents on paper: what is frozen in the file as PDF bytes, for the printer, a file, or a mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app import clock, text
from app.desk import center, identity, invoices, letters
from app.desk.dues import PayLine
from app.documents import invoice as layout
from app.documents import proforma as proformas
from app.documents import receipt as receipts
from app.documents import statement as statements
from app.errors import UserError
from app.lists import statement as account
from app.mail.compose import Attachment
from app.store.models import Invoice, InvoiceLine, Payment, StudentPayment, Till, User
from app.text import N_, _

_METHODS = {
    "cash": N_("cash"),
    "card": N_("card"),
    "transfer": N_("transfer"),
    "check": N_("check"),
    "other": N_("other means"),
}


def invoice_pdf(invoice_id: int, *, copy: bool = False) -> tuple[str, bytes]:
    """(file name, PDF) of an invoice or credit note: the original, or a dated COPY with the present state."""
    document = invoices.document(invoice_id)
    state = invoices.copy_state(invoice_id) if copy else None
    name = "".join(char if char.isalnum() or char in "-_." else "_" for char in document.label)
    return f"{name}{'-copy' if copy else ''}.pdf", layout.render(document, state)


def preview_pdf(
    student_id: int, lines: Sequence[PayLine], payer_id: int | None, due_on: str, note: str
) -> tuple[str, bytes]:
    """(file name, PDF) of the invoice that these lines would make now; every page says that it is not issued.

    UserErrors as from `invoices.bill`.
    """
    document = invoices.preview(student_id, lines, payer_id, due_on=due_on, note=note)
    return "preview.pdf", layout.render(document, preview=True)


def proforma_pdf(student_id: int, lines: Sequence[PayLine], payer_id: int | None, note: str = "") -> tuple[str, bytes]:
    """(file name, PDF) of a pro forma paper over open lines: no number, nothing kept, and it says it is no invoice.

    UserErrors as from `invoices.bill` about the lines and the note.
    """
    document = proforma(student_id, lines, payer_id, note)
    return f"pro-forma-{document.issued_on}.pdf", proformas.render(document)


def proforma(
    student_id: int, lines: Sequence[PayLine], payer_id: int | None, note: str = ""
) -> proformas.ProformaDocument:
    """What a pro forma paper over open lines says."""
    draft = invoices.preview(student_id, lines, payer_id, note=note)
    return proformas.ProformaDocument(
        title=_("Pro forma"),
        disclaimer=_("Pro forma, not an invoice"),
        label="",
        name=draft.buyer["name"],
        address=draft.buyer["address"],
        tax_id=draft.buyer["tax_id"],
        currency=draft.currency,
        language=draft.language,
        seller=draft.seller,
        issued_on=draft.issued_on,
        valid_until="",
        lines=draft.lines,
        note=draft.note,
        head_text=draft.head_text,
        foot_text=draft.foot_text,
        logo=draft.logo,
    )


def receipt_pdf(payment_id: int, *, paper: str = "roll", copy: bool = False) -> tuple[str, bytes]:
    """(file name, PDF) of the receipt of a COMPLETED payment, on `paper` "roll" (80 mm) or "a4".

    UserErrors `store.gone`, `papers.no_receipt` for a payment that is started or failed.
    """
    document = receipt(payment_id)
    how = center.load()
    today = text.show(clock.local_date(how.zone).isoformat(), "date") if copy else ""
    content = receipts.render(document, paper=paper, copy_on=today)
    return f"{document.number}{'-copy' if copy else ''}.pdf", content


def receipt(payment_id: int) -> receipts.ReceiptDocument:
    """What the receipt of a payment says: the money as it was put on lines when the payment completed."""
    payment = Payment.get_or_none(Payment.id == payment_id)
    if payment is None:
        raise UserError("store.gone")
    if payment.status != "COMPLETED":
        raise UserError("papers.no_receipt", number=payment.number)
    how = center.load()
    till = Till.get_or_none(Till.id == payment.till_id)
    student = User.get_by_id(identity.root(payment.student_id))
    original = Payment.get_or_none(Payment.id == payment.refund_of) if payment.refund_of else None
    lines = _receipt_lines(payment) if original is None else ()
    used = sum(line.amount_minor for line in lines)
    return receipts.ReceiptDocument(
        number=payment.number,
        at=text.show(payment.settled_at, "stamp"),
        till=till.name if till is not None else "",
        student=letters.student(payment.student_id).name,
        currency=payment.currency,
        language=how.language,
        seller_name=how.seller_name,
        seller_address=how.address,
        seller_tax_id=how.tax_id,
        method=_(_METHODS[payment.method]),
        amount_minor=payment.amount_minor,
        given_minor=payment.given_minor,
        credit_minor=payment.amount_minor - used if original is None else 0,
        lines=lines,
        refunds=original.number if original is not None else "",
        note=payment.note,
        next_slot=text.show(student.next_slot_at, "stamp") if student.next_slot_at else "",
    )


def _receipt_lines(payment: Any) -> tuple[receipts.ReceiptLine, ...]:
    """The lines the payment was put on as it completed; what was moved or used later is not on its receipt."""
    puts = StudentPayment.select().where(
        StudentPayment.payment_id == payment.id,
        StudentPayment.direction == 1,
        StudentPayment.created_at == payment.settled_at,
    )
    found = []
    for put in puts.order_by(StudentPayment.id):
        invoice = Invoice.get_by_id(put.invoice_id)
        line = next(
            line for line in InvoiceLine.select().where(InvoiceLine.invoice_id == invoice.id) if _is_on(put, line)
        )
        said = _("invoice {label}") if put.amount_minor >= line.gross_minor else _("part of invoice {label}")
        detail = (f"{line.quantity} × " if line.quantity > 1 else "") + said.format(label=invoice.label)
        found.append(receipts.ReceiptLine(line.title, detail, put.amount_minor, line.rate_bp, line.tax_category))
    return tuple(found)


def _is_on(put: Any, line: Any) -> bool:
    """Whether money was put on this line of its invoice."""
    names = ("enrollment_id", "product_enrolled_id", "installment_id")
    return all(getattr(put, name) == getattr(line, name) for name in names)


def statement_pdf(
    student_ids: Sequence[int], first_on: str, last_on: str, payer_id: int | None = None
) -> tuple[str, bytes]:
    """(file name, PDF) of the account of these students together, addressed to their payer or to the first of them."""
    document = statement(student_ids, first_on, last_on, payer_id)
    return f"{document.number}.pdf", statements.render(document)


def statement(
    student_ids: Sequence[int], first_on: str, last_on: str, payer_id: int | None = None
) -> statements.StatementDocument:
    """What a statement of account says. UserErrors `store.gone`, `papers.days` where it ends before it begins."""
    if last_on < first_on:
        raise UserError("papers.days", "last_on")
    if not User.select().where(User.id.in_(list(student_ids))).exists():
        raise UserError("store.gone")
    how = center.load()
    found = account.of_students(student_ids, first_on, last_on)
    whose = letters.buyer(student_ids[0], payer_id)
    today = clock.local_date(how.zone).isoformat()
    several = len(student_ids) > 1
    lines = tuple(
        statements.StatementLine(
            entry.on, _entry_words(entry), f"{entry.student} · {entry.detail}" if several else entry.detail,
            entry.amount_minor, balance,
        )
        for entry, balance in zip(found.entries, found.running_minor, strict=True)
    )  # fmt: skip
    open_lines = tuple(
        statements.OpenLine(
            item.due_on, item.title, f"{item.student} · {item.detail}" if several else item.detail, item.open_minor,
            item.days_late,
        )
        for item in found.open_items
    )  # fmt: skip
    number = User.get_by_id(student_ids[0]).number if payer_id is None else f"payer-{payer_id}"
    return statements.StatementDocument(
        number=f"{number}-{last_on}",
        name=whose.name,
        address=whose.address,
        tax_id=whose.tax_id,
        currency=how.currency,
        language=whose.language,
        seller=invoices.seller(how),
        issued_on=today,
        first_on=first_on,
        last_on=last_on,
        opening_minor=found.opening_minor,
        closing_minor=found.closing_minor,
        lines=lines,
        open_lines=open_lines,
        by_age_minor=tuple(found.by_age_minor),
    )


def _entry_words(entry: account.Entry) -> str:
    if entry.kind == "bought":
        return entry.title
    method = _(_METHODS[entry.title]) if entry.title in _METHODS else entry.title
    return {
        "waived": _("Waived: {title}"),
        "canceled": _("Canceled: {title}"),
        "restored": _("Counts again: {title}"),
        "paid": _("Paid, {title}"),
        "refunded": _("Refunded, {title}"),
        "paid_by_other": _("Paid by somebody else, {title}"),
        "paid_for_other": _("Paid for somebody else, {title}"),
    }[entry.kind].format(title=method)


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
