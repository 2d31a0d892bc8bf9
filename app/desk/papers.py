"""Documents on paper: what is frozen in the file as PDF bytes, for the printer, a file, or a mail.

A `Reference` says which document is meant, as a mail keeps it until the mail is built: {"kind": "invoice", "id": 7},
"receipt" with "id", "quote" with "id", "statement" with "students", "first_on", "last_on", "payer", "proforma" with
"student", "lines", "payer", "note". An invoice or a receipt with "copy" is a COPY; "paper" is that of a receipt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from peewee import fn

from app import clock, money, store, text
from app.desk import center, identity, invoices, letterhead, letters, quotes
from app.desk.accounts import Actor, require
from app.desk.dues import PayLine
from app.desk.letters import Buyer
from app.documents import invoice as layout
from app.documents import proforma as proformas
from app.documents import receipt as receipts
from app.documents import statement as statements
from app.documents.words import _, speaking
from app.errors import UserError
from app.lists import statement as account
from app.mail import queue
from app.mail.compose import Attachment
from app.store.models import Invoice, InvoiceLine, Payment, Quote, StudentPayment, Till, User
from app.text import N_

_METHODS = {
    "cash": N_("cash"),
    "card": N_("card"),
    "transfer": N_("transfer"),
    "check": N_("check"),
    "other": N_("other means"),
}


Reference = dict[str, Any]


def made(reference: Reference) -> tuple[str, bytes]:
    """(file name, PDF) of the document that is meant. UserErrors as from the function that makes it, `store.gone`."""
    maker = _MAKERS.get(reference.get("kind", ""))
    if maker is None:
        raise UserError("store.gone")
    return maker(reference)


def resolve(reference: Reference) -> Attachment:
    """The file that a mail's attachment reference stands for. UserErrors as from `made`."""
    name, content = made(reference)
    return Attachment(name, "application/pdf", content)


def addressee(reference: Reference) -> Buyer:
    """Whom a document is for, as they are reached now. UserError `store.gone`."""
    kind = reference.get("kind")
    if kind == "statement":
        return letters.buyer(reference["students"][0], reference.get("payer"))
    if kind == "proforma":
        return letters.buyer(reference["student"], reference.get("payer"))
    tables: dict[str, Any] = {"invoice": Invoice, "receipt": Payment, "quote": Quote}
    if kind not in tables:
        raise UserError("store.gone")
    row = tables[kind].get_or_none(tables[kind].id == reference["id"])
    if row is None:
        raise UserError("store.gone")
    return letters.buyer(row.student_id, row.payer_id)


def mail(actor: Actor, reference: Reference, request_key: str) -> int:
    """Queue a mail that brings a document to whom it is for; returns the mail's id. The same key is one mail.

    UserErrors `papers.no_address`, `mail.bad_address`, and as from `made`.
    """
    require(actor, "mail.write")
    made(reference)  # what cannot be made is refused here, not in the queue
    with store.write("Mail document", actor) as w:
        to = addressee(reference)
        if not to.email:
            raise UserError("papers.no_address", name=to.name)
        with speaking(to.language):
            subject = called(reference)
        return queue.enqueue(
            w,
            event_key=f"paper:{request_key}",
            to_name=to.name,
            to_address=to.email,
            template_key="document",
            language=to.language,
            params={"name": to.name, "subject": subject},
            student_id=to.student_id,
            payer_id=to.payer_id,
            attachments=[reference],
        )


def called(reference: Reference) -> str:
    """What a document is called in the language that is spoken: its kind, and its number where it has one."""
    kind = reference["kind"]
    if kind == "invoice":
        row = Invoice.get_by_id(reference["id"])
        return f"{_('Credit note') if row.kind == 'credit_note' else _('Invoice')} {row.label}"
    if kind == "receipt":
        return _("Receipt") + f" {Payment.get_by_id(reference['id']).number}"
    if kind == "quote":
        return _("Quote") + f" {Quote.get_by_id(reference['id']).number}"
    return _("Statement of account") if kind == "statement" else _("Pro forma")


def quote_pdf(quote_id: int) -> tuple[str, bytes]:
    """(file name, PDF) of a quote. UserErrors `store.gone`, `papers.withdrawn` for one that was taken back."""
    document = quote(quote_id)
    return f"{document.label}.pdf", proformas.render(document)


def quote(quote_id: int) -> proformas.ProformaDocument:
    """What the paper of a quote says: the price, until when it holds, and why it is lower than the list price."""
    found = quotes.load(quote_id)
    if found.status == "withdrawn":
        raise UserError("papers.withdrawn", number=found.number)
    to = letters.buyer(found.student_id, found.payer_id)
    with speaking(to.language):
        return _quote(found, to, letterhead.when("quotes", quote_id, "open"))


def _quote(found: quotes.Quoted, to: Buyer, sender: letterhead.Sender) -> proformas.ProformaDocument:
    price, currency = found.price, sender.center.currency
    details = [letters.student(found.student_id).name if found.payer_id is not None else "", found.code]
    note = _("This price holds until {day}.").format(day=text.show(found.expires_on, "date", to.language))
    if price.discount_minor:
        said = _("list price {list} without VAT, less {less}")
        if price.quoted == "gross":
            said = _("list price {list}, less {less}")
        sums = {"list": price.list_price_minor, "less": price.discount_minor}
        details.append(said.format(**{name: money.format(sums[name], currency, to.language) for name in sums}))
        if price.discount_reason:
            note += "\n" + _("Discount: {why}").format(why=price.discount_reason)
    line = layout.Line(
        position=1, title=found.course, detail=" · ".join(filter(None, details)), quantity=1,
        unit_net_minor=price.net_minor, rate_bp=price.rate_bp, tax_category=price.tax_category,
        exemption_reason=price.exemption_reason, net_minor=price.net_minor, tax_minor=price.tax_minor,
        gross_minor=price.gross_minor,
    )  # fmt: skip
    return proformas.ProformaDocument(
        title=_("Quote"),
        disclaimer=_("A quote, not an invoice"),
        label=found.number,
        name=to.name,
        address=to.address,
        tax_id=to.tax_id,
        currency=currency,
        language=to.language,
        seller=invoices.seller(sender.center),
        issued_on=found.quoted_on,
        valid_until=found.expires_on,
        lines=(line,),
        note=note,
        **sender.on(to.language),
    )


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
    with speaking(draft.language):
        title, disclaimer = _("Pro forma"), _("Pro forma, not an invoice")
    return proformas.ProformaDocument(
        title=title,
        disclaimer=disclaimer,
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
    today = text.show(_today(), "date", document.language) if copy else ""
    content = receipts.render(document, paper=paper, copy_on=today)
    return f"{document.number}{'-copy' if copy else ''}.pdf", content


def receipt(payment_id: int) -> receipts.ReceiptDocument:
    """What the receipt of a payment says: the money as it was put on lines when the payment completed, the center as
    it was then, in the language of the documents it was put on. Only on the day itself it names the next slot. Money of
    a payer, or for somebody else or several, is received from whoever paid, and the lines name the students.
    """
    payment = Payment.get_or_none(Payment.id == payment_id)
    if payment is None:
        raise UserError("store.gone")
    if payment.status != "COMPLETED":
        raise UserError("papers.no_receipt", number=payment.number)
    sender = letterhead.when("payments", payment_id, "COMPLETED")
    how = sender.center
    till = Till.get_or_none(Till.id == payment.till_id)
    original = Payment.get_or_none(Payment.id == payment.refund_of) if payment.refund_of else None
    language = _receipt_language(original or payment)
    with speaking(language):
        puts = _puts(payment) if original is None else []
        payer, whose = _whom(payment, puts)
        lines = _receipt_lines(puts, named=bool(payer))
        method = _(_METHODS[payment.method])
    used = sum(line.amount_minor for line in lines)
    next_at = User.get_by_id(whose).next_slot_at if whose is not None and payment.settled_on == _today() else None
    return receipts.ReceiptDocument(
        number=payment.number,
        at=text.show(payment.settled_at, "stamp", language),
        till=till.name if till is not None else "",
        student=letters.student(whose).name if whose is not None else "",
        currency=payment.currency,
        language=language,
        seller_name=how.seller_name,
        seller_address=how.address,
        seller_tax_id=how.tax_id,
        method=method,
        amount_minor=payment.amount_minor,
        given_minor=payment.given_minor,
        credit_minor=payment.amount_minor - used if original is None else 0,
        lines=lines,
        refunds=original.number if original is not None else "",
        note=payment.note,
        next_slot=text.show(next_at, "stamp", language) if next_at else "",
        cashier=_cashier(payment),
        payer=payer,
        **sender.on(language),
    )


def _today() -> str:
    return clock.local_date(center.load().zone).isoformat()


def _cashier(payment: Any) -> str:
    """Who took the money, as people at a desk are called: "Marta K."."""
    who = User.get_or_none(User.id == payment.created_by) if payment.created_by else None
    return f"{who.first_name} {who.last_name[:1]}{'.' if who.last_name else ''}".strip() if who is not None else ""


def _receipt_language(payment: Any) -> str:
    """The language in which the documents that a payment paid were frozen; of one that paid none the buyer's own."""
    put = StudentPayment
    of: Any = put.select(Invoice.language).join(Invoice, on=(Invoice.id == put.invoice_id))
    then = (put.payment_id == payment.id, put.direction == 1, put.created_at == payment.settled_at)
    first = of.where(*then).order_by(put.id).limit(1).scalar()
    return str(first or letters.buyer(payment.student_id, payment.payer_id).language)


def _puts(payment: Any) -> list[Any]:
    """The money as it was put on lines when the payment completed; what was moved or used later is on no receipt."""
    row = StudentPayment
    then = (row.payment_id == payment.id, row.direction == 1, row.created_at == payment.settled_at)
    return list(row.select().where(*then).order_by(row.id))


def _whom(payment: Any, puts: Sequence[Any]) -> tuple[str, int | None]:
    """(who paid, "" where it is the student themselves; the one student it was for, None where it was for several)."""
    own = identity.root(payment.student_id)
    ids = {identity.root(put.student_id) for put in puts}
    if payment.payer_id is None and ids <= {own}:
        return "", own
    return letters.buyer(own, payment.payer_id).name, ids.pop() if len(ids) == 1 else None


def _receipt_lines(puts: Sequence[Any], *, named: bool) -> tuple[receipts.ReceiptLine, ...]:
    """What money was put on; `named` with the student of each line."""
    found = []
    for put in puts:
        invoice = Invoice.get_by_id(put.invoice_id)
        line = next(
            line for line in InvoiceLine.select().where(InvoiceLine.invoice_id == invoice.id) if _is_on(put, line)
        )
        said = _("invoice {label}")
        if put.amount_minor < line.gross_minor:
            rest = _before(put) + put.amount_minor >= line.gross_minor
            said = _("rest of invoice {label}") if rest else _("part of invoice {label}")
        detail = (f"{line.quantity} × " if line.quantity > 1 else "") + said.format(label=invoice.label)
        if named:
            detail = f"{letters.student(put.student_id).name} · {detail}"
        found.append(receipts.ReceiptLine(line.title, detail, put.amount_minor, line.rate_bp, line.tax_category))
    return tuple(found)


_LINE = ("enrollment_id", "product_enrolled_id", "installment_id")


def _is_on(put: Any, line: Any) -> bool:
    """Whether money was put on this line of its invoice."""
    return all(getattr(put, name) == getattr(line, name) for name in _LINE)


def _before(put: Any) -> int:
    """What stood on a line of an invoice before this money was put on it, in minor units."""
    row = StudentPayment
    earlier = row.select(fn.SUM(row.amount_minor * row.direction)).where(
        row.invoice_id == put.invoice_id, row.id < put.id
    )
    same = [
        (getattr(row, name) == value) if (value := getattr(put, name)) else getattr(row, name).is_null()
        for name in _LINE
    ]
    return int(earlier.where(*same).scalar() or 0)


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
    with speaking(whose.language):
        said = [_entry_words(entry) for entry in found.entries]
    lines = tuple(
        statements.StatementLine(
            entry.on, title, f"{entry.student} · {entry.detail}" if several else entry.detail,
            entry.amount_minor, balance,
        )
        for entry, title, balance in zip(found.entries, said, found.running_minor, strict=True)
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
        **letterhead.now().on(whose.language),
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


def find_invoice(label: str) -> int:
    """The id of the document that people call `label`. UserError `invoices.no_such`."""
    row = Invoice.get_or_none(Invoice.label == label.strip())
    if row is None:
        raise UserError("invoices.no_such", "number", label=label.strip()[:40])
    return int(row.id)


_MAKERS: dict[str, Callable[[Reference], tuple[str, bytes]]] = {
    "invoice": lambda r: invoice_pdf(int(r["id"]), copy=bool(r.get("copy"))),
    "receipt": lambda r: receipt_pdf(int(r["id"]), paper=r.get("paper", "a4"), copy=bool(r.get("copy"))),
    "quote": lambda r: quote_pdf(int(r["id"])),
    "statement": lambda r: statement_pdf(r["students"], r["first_on"], r["last_on"], r.get("payer")),
    "proforma": lambda r: proforma_pdf(
        r["student"], [PayLine(**line) for line in r["lines"]], r.get("payer"), r.get("note", "")
    ),
}  # fmt: skip
