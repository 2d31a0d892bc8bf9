"""Numbered, frozen documents, and the money that stands on them.

The number is taken in the transaction that issues the document, per year and kind, without gaps. Once issued nothing
of it changes: a mistake is answered by one full credit note, which sets the money free, and by a new invoice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from peewee import fn

from app import clock, store, text
from app.desk import balances, center, discounts, dues, letterhead, letters, notifications, timeline
from app.desk.accounts import Actor, require
from app.desk.dues import Due, Key, PayLine
from app.desk.letters import Buyer
from app.documents.invoice import LAYOUT_VERSION, CopyState, InvoiceDocument
from app.errors import UserError
from app.money import divide_half_up
from app.settings import Center
from app.store import Write
from app.store.models import Invoice, InvoiceLine, Payment, StudentPayment
from app.store.prepared import prepared


@dataclass(frozen=True)
class Put:
    """Money of one payment for one due, in minor units."""

    payment_id: int
    method: str
    paid_on: str
    due: Due
    amount_minor: int


@dataclass(frozen=True)
class Freed:
    """Money taken off a due: it is the payment's credit again, in minor units."""

    payment_id: int
    key: Key
    student_id: int
    amount_minor: int


# -- reading --------------------------------------------------------------------------------------------------


def paid_minor(invoice_id: int) -> int:
    """What was paid on an invoice and not taken back, derived from the rows."""
    row = StudentPayment
    found = row.select(fn.COALESCE(fn.SUM(row.direction * row.amount_minor), 0)).where(row.invoice_id == invoice_id)
    return int(found.scalar())


def open_minor(invoice_id: int) -> int:
    """What is still to be paid on an invoice: nothing on a credit note or on an invoice that was credited."""
    invoice = _invoice(invoice_id)
    if invoice.kind == "credit_note" or _credit_note_of(invoice_id) is not None:
        return 0
    return int(invoice.gross_minor) - paid_minor(invoice_id)


def document(invoice_id: int) -> InvoiceDocument:
    """A document as it was frozen, ready to be rendered. UserError `store.gone`."""
    invoice = _invoice(invoice_id)
    return _with_picture(InvoiceDocument.from_snapshot(invoice.snapshot, invoice.layout_version))


def _with_picture(document: InvoiceDocument) -> InvoiceDocument:
    """The picture that was frozen by its digest."""
    return replace(document, logo=letterhead.picture(document.logo_sha256)) if document.logo_sha256 else document


def copy_state(invoice_id: int) -> CopyState:
    """What a print of today adds to the original."""
    note = _credit_note_of(invoice_id)
    return CopyState(
        printed_on=clock.local_date(center.load().zone).isoformat(),
        paid_minor=paid_minor(invoice_id),
        credited_by=note.label if note is not None else "",
    )


# -- issuing --------------------------------------------------------------------------------------------------


#: A text on a document has at most so many characters.
NOTE_LIMIT = 1_000


def bill(
    actor: Actor,
    student_id: int,
    lines: Sequence[PayLine],
    payer_id: int | None = None,
    *,
    due_on: str | None = None,
    note: str = "",
    send_mail: bool | None = None,
) -> int:
    """Issue one invoice over lines that have none yet, of one student or of several, to be paid later; returns its id.

    `due_on` is an ISO day, None or '' for the center's own number of days; `note` a text on the document; `send_mail`
    None leaves it to the center's setting. UserErrors `invoices.nothing_to_bill`, `invoices.already_invoiced`,
    `invoices.line_gone` (canceled meanwhile), `invoices.bad_date` and `invoices.due_past` beside `due_on`, about the
    text beside `note`, `invoices.clock_back`.
    """
    require(actor, "invoice.issue")
    note = _note(note)
    with store.write("Issue invoice", actor) as w:
        how = center.load()
        chosen = _to_bill(lines)
        pay_by = _pay_by(due_on, _today(how, w))
        to = letters.buyer(student_id, payer_id)
        invoice_id = issue(w, how, to, [(due, ()) for due in chosen], due_on=pay_by, note=note)
        if how.mail_invoices if send_mail is None else send_mail:
            send(w, invoice_id, to)
    return invoice_id


def preview(
    student_id: int, lines: Sequence[PayLine], payer_id: int | None = None, *, due_on: str | None = None, note: str = ""
) -> InvoiceDocument:
    """The document that `bill` would issue now, without a number. Reads only; UserErrors as from `bill`."""
    note, how = _note(note), center.load()
    chosen = _to_bill(lines)
    issued_on = _date_at(how, clock.now())
    to = letters.buyer(student_id, payer_id)
    head, drawn = _drawn_up(how, to, [(due, ()) for due in chosen], issued_on, _pay_by(due_on, issued_on))
    head |= {"label": "–", "kind": "invoice"}
    return _with_picture(InvoiceDocument.from_snapshot(_frozen(head, drawn, how, vars(to), (), "", note)))


def _note(note: str) -> str:
    return text.clean(note, field="note", limit=NOTE_LIMIT, multiline=True)


def _to_bill(lines: Sequence[PayLine]) -> list[Due]:
    """The dues that are put on an invoice, oldest due first."""
    chosen = dues.chosen(lines)
    if not all(any(dues.meant(line, due) for due in chosen) for line in lines):
        raise UserError("invoices.line_gone", "lines")
    if not any(due.gross_minor for due in chosen):
        raise UserError("invoices.nothing_to_bill", "lines")
    for due in chosen:
        if due.invoice_id is not None:
            raise UserError("invoices.already_invoiced", "lines", title=due.title, label=due.invoice_label)
    return chosen


def _pay_by(typed: str | None, today: str) -> str | None:
    """The day by which an invoice is to be paid, as it was typed."""
    if typed is None or not typed.strip():
        return None
    try:
        due_on = date.fromisoformat(typed.strip()).isoformat()
    except ValueError as error:
        raise UserError("invoices.bad_date", "due_on", text=typed.strip()[:40]) from error
    if due_on < today:
        raise UserError("invoices.due_past", "due_on", due=due_on, today=today)
    return due_on


def issue(
    w: Write,
    how: Center,
    to: Buyer,
    items: Sequence[tuple[Due, Sequence[Put]]],
    *,
    due_on: str | None = None,
    note: str = "",
) -> int:
    """Issue an invoice over `items` (each due with what is being paid on it now) inside a running write.

    UserError `invoices.clock_back` if the computer's date lies before the last document's.
    """
    issued_on = _today(how, w)
    head, lines = _drawn_up(how, to, items, issued_on, due_on)
    number, label = _number(w, "invoice", how.invoice_pattern, issued_on)
    head |= {"series": f"invoice-{issued_on[:4]}", "number": number, "label": label, "kind": "invoice"}
    puts = [put for _, puts in items for put in puts]
    invoice_id = _insert(w, head, lines, how, vars(to), puts, note=note)
    gross = head["gross_minor"]
    for student_id in sorted({due.student_id for due, _ in items}):
        timeline.add(w, student_id, "invoices.timeline_issued", ("invoices", invoice_id), label=label, amount=gross)
    return invoice_id


def _drawn_up(
    how: Center, to: Buyer, items: Sequence[tuple[Due, Sequence[Put]]], issued_on: str, due_on: str | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Head, without its number, and lines of an invoice. A line of somebody else than the buyer names the student."""
    paid = sum(put.amount_minor for _, puts in items for put in puts)
    gross = sum(due.gross_minor for due, _ in items)
    if due_on is None:
        due_on = issued_on
        if paid < gross:
            due_on = (date.fromisoformat(issued_on) + timedelta(days=how.due_days)).isoformat()
            if all(due.kind == "installment" for due, _ in items):
                left = [due for due, puts in items if sum(put.amount_minor for put in puts) < due.gross_minor]
                due_on = max(issued_on, min(due.due_on for due in left))
    students = {due.student_id for due, _ in items}
    named = {one: letters.student(one).name for one in students} if to.payer_id or len(students) > 1 else {}
    head = {
        "student_id": to.student_id,
        "payer_id": to.payer_id,
        "buyer_name": to.name,
        "language": to.language,
        "currency": how.currency,
        "issued_on": issued_on,
        "service_from": min(due.service_from for due, _ in items),
        "service_to": max(due.service_to for due, _ in items),
        "due_on": due_on,
        "net_minor": sum(due.net_minor for due, _ in items),
        "tax_minor": sum(due.tax_minor for due, _ in items),
        "gross_minor": gross,
    }
    lines = [_line(position, due, named.get(due.student_id, "")) for position, (due, _) in enumerate(items, start=1)]
    return head, _with_discounts(lines)


def _with_discounts(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines that say what they cost less than the list price; a course in installments says it once, of the whole."""
    less = discounts.frozen(
        [line["enrollment_id"] for line in lines if line["enrollment_id"] is not None],
        [line["product_enrolled_id"] for line in lines if line["product_enrolled_id"] is not None],
    )
    for line in lines if less else ():
        course, product = line["enrollment_id"], line["product_enrolled_id"]
        said = less.pop(("course", course) if course is not None else ("product", product), None)
        if said is not None:
            line["discount"] = {**said, "of_whole": line["installment_id"] is not None}
    return lines


def put(w: Write, how: Center, puts: Sequence[Put], payer_id: int | None = None) -> list[tuple[int, Buyer]]:
    """Put money on dues inside a running write; returns the invoices issued for those that had none, with buyers.

    One invoice per buyer: the payer of the line, else `payer_id`, else the line's student.
    """
    groups: dict[tuple[int | None, int | None], dict[Key, tuple[Due, list[Put]]]] = {}
    for one in puts:
        if one.due.invoice_id is None:
            billed_to = one.due.payer_id or payer_id
            group = groups.setdefault((billed_to, None if billed_to else one.due.student_id), {})
            group.setdefault(one.due.key, (one.due, []))[1].append(one)
    issued: list[tuple[int, Buyer]] = []
    invoice_of: dict[Key, int] = {}
    for (billed_to, _), items in groups.items():
        whole = list(items.values())
        to = letters.buyer(whole[0][0].student_id, billed_to)
        invoice_id = issue(w, how, to, whole)
        issued.append((invoice_id, to))
        invoice_of.update(dict.fromkeys(items, invoice_id))
    for one in puts:
        due = one.due
        w.insert(
            StudentPayment,
            payment_id=one.payment_id,
            student_id=due.student_id,
            enrollment_id=due.enrollment_id,
            product_enrolled_id=due.product_enrolled_id,
            installment_id=due.installment_id,
            invoice_id=due.invoice_id or invoice_of[due.key],
            amount_minor=one.amount_minor,
            direction=1,
            method=one.method,
        )
    return issued


def send(w: Write, invoice_id: int, to: Buyer, *also: int) -> bool:
    """Queue the mail that brings an invoice to its buyer, with other documents that belong to it."""
    invoice = _invoice(invoice_id)
    return letters.send(
        w,
        to,
        "invoice",
        f"invoice.issued:{invoice.label}",
        {"label": invoice.label, "amount_minor": invoice.gross_minor, "due_on": invoice.due_on},
        (invoice_id, *also),
    )


# -- crediting ------------------------------------------------------------------------------------------------


def may_credit(how: Center, invoice: Any, moment: datetime) -> str:
    """The date that a credit note over an invoice would carry; UserErrors as from `crediting.credit`. Reads only."""
    if invoice.kind == "credit_note":
        raise UserError("invoices.is_credit_note", label=invoice.label)
    earlier = _credit_note_of(invoice.id)
    if earlier is not None:
        raise UserError("invoices.already_credited", label=invoice.label, note=earlier.label)
    return _date_at(how, moment)


def credit_in(w: Write, how: Center, invoice: Any, reason: str) -> tuple[int, list[Freed]]:
    """Credit an invoice in full inside a running write: the note's id, and the money set free.

    UserErrors `invoices.is_credit_note`, `invoices.already_credited`, `invoices.clock_back`.
    """
    issued_on = may_credit(how, invoice, w.moment)
    freed = take_back(w, StudentPayment.invoice_id == invoice.id)
    number, label = _number(w, "credit", how.credit_note_pattern, issued_on)
    copied = ("student_id", "payer_id", "buyer_name", "language", "currency", "service_from", "service_to")
    amounts = ("net_minor", "tax_minor", "gross_minor")
    head = {name: getattr(invoice, name) for name in (*copied, *amounts)}
    lines: list[Any] = list(
        InvoiceLine.select().where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position).dicts()
    )
    frozen = json.loads(invoice.snapshot)
    less = {line["position"]: {"discount": line["discount"]} for line in frozen["lines"] if "discount" in line}
    note_id = _insert(
        w,
        {
            "series": f"credit-{issued_on[:4]}",
            "number": number,
            "label": label,
            "kind": "credit_note",
            "refers_to": invoice.id,
            "is_full": 1,
            "issued_on": issued_on,
            "due_on": issued_on,
            **head,
        },
        [{name: line[name] for name in _LINE_COLUMNS} | less.get(line["position"], {}) for line in lines],
        how,
        frozen["buyer"],
        refers_to_label=invoice.label,
    )
    facts = {"label": invoice.label, "note": label, "amount": invoice.gross_minor, "reason": reason}
    students = {line["student_id"] for line in lines}
    for student_id in sorted(students):
        timeline.add(w, student_id, "invoices.timeline_credited", ("invoices", note_id), **facts)
    notifications.notify(
        w, "payment", "center", "invoices.credited", ("invoices", note_id), buyer=invoice.buyer_name, **facts
    )
    balances.recompute_all(w, students | _payers_of(one.payment_id for one in freed))
    return note_id, freed


@dataclass(frozen=True)
class Withdrawn:
    """An invoice that was credited because something on it changes: what stood on it, and the money that did."""

    invoice: Any
    note_id: int
    keys: tuple[Key, ...]
    freed: tuple[Freed, ...]

    @property
    def note(self) -> str:
        """The text that was written on it."""
        return str(json.loads(self.invoice.snapshot).get("note", ""))


@dataclass(frozen=True)
class Renewed:
    """An invoice that was issued in the place of a withdrawn one."""

    invoice_id: int
    to: Buyer
    note_id: int


def withdraw(w: Write, how: Center, invoice_ids: Iterable[int | None], reason: str) -> list[Withdrawn]:
    """Credit invoices because something on them changes, inside a running write; `renew` follows on the change."""
    found = []
    for invoice_id in sorted({one for one in invoice_ids if one is not None}):
        invoice = _invoice(invoice_id)
        lines = InvoiceLine.select().where(InvoiceLine.invoice_id == invoice_id).order_by(InvoiceLine.position)
        keys = tuple((line.enrollment_id, line.product_enrolled_id, line.installment_id) for line in lines)
        note_id, freed = credit_in(w, how, invoice, reason)
        found.append(Withdrawn(invoice, note_id, keys, tuple(reversed(freed))))
    return found


def renew(
    w: Write, how: Center, withdrawn: Sequence[Withdrawn], becomes: Mapping[Key, Sequence[Key]] | None = None
) -> list[Renewed]:
    """Invoice anew what stood on withdrawn invoices, as it is now, with its text and the money that stood on it.

    What is canceled, or costs nothing any more, is left out: an invoice over nothing is not issued, the credit note is
    enough. `becomes` says which dues have taken a due's place. Money that finds no room stays credit.
    """
    issued = []
    for one in withdrawn:
        heirs = {key: tuple((becomes or {}).get(key, (key,))) for key in one.keys}
        wanted = list(dict.fromkeys(key for key in one.keys for key in heirs[key]))
        found = {due.key: due for due in dues.chosen([PayLine(*key) for key in wanted])}
        left = {key: found[key] for key in wanted if key in found and found[key].gross_minor > 0}
        if not left:
            continue
        puts = _kept_money(one, heirs, left)
        items = [(due, [put for put in puts if put.due.key == key]) for key, due in left.items()]
        to = letters.buyer(one.invoice.student_id, one.invoice.payer_id)
        again = issue_paid(w, how, to, items, _day_kept(one.invoice, items, _today(how, w)), one.note)
        students = {due.student_id for due in left.values()}
        balances.recompute_all(w, students | _payers_of(one.payment_id for one in puts))
        facts = {"label": one.invoice.label, "again": _invoice(again).label}
        timeline.add(w, one.invoice.student_id, "invoices.timeline_renewed", ("invoices", again), **facts)
        issued.append(Renewed(again, to, one.note_id))
    return issued


def _day_kept(invoice: Any, items: Sequence[tuple[Due, Sequence[Put]]], today: str) -> str | None:
    """The day by which an invoice issued anew is to be paid: the old one's, today where that has passed.

    None as for any other: what is paid, and installments, have days of their own.
    """
    left = sum(due.gross_minor - sum(put.amount_minor for put in puts) for due, puts in items)
    planned = all(due.kind == "installment" for due, _ in items)
    return max(today, str(invoice.due_on)) if left and not planned else None


def issue_paid(
    w: Write,
    how: Center,
    to: Buyer,
    items: Sequence[tuple[Due, Sequence[Put]]],
    due_on: str | None = None,
    note: str = "",
) -> int:
    """`issue`, and the money of its items put on it; the balances are left to whoever calls."""
    invoice_id = issue(w, how, to, items, due_on=due_on, note=note)
    billed = {due.key: due for due in dues.chosen([PayLine(*due.key) for due, _ in items])}
    puts = [one for _, of_due in items for one in of_due]
    put(w, how, [Put(p.payment_id, p.method, p.paid_on, billed[p.due.key], p.amount_minor) for p in puts])
    return invoice_id


def _kept_money(one: Withdrawn, heirs: Mapping[Key, Sequence[Key]], left: Mapping[Key, Due]) -> list[Put]:
    """The money of a withdrawn invoice on what has its place now, never more than that costs."""
    room = {key: due.open_minor for key, due in left.items()}
    puts: list[Put] = []
    for freed in one.freed:
        amount, payment = freed.amount_minor, Payment.get_by_id(freed.payment_id)
        for key in heirs[freed.key]:
            part = min(amount, room.get(key, 0))
            if part > 0:
                puts.append(Put(payment.id, payment.method, str(payment.settled_on), left[key], part))
                room[key] -= part
                amount -= part
    return puts


def send_renewed(w: Write, how: Center, issued: Sequence[Renewed]) -> None:
    """Mail what was issued anew, with the credit note it follows, where the center mails invoices."""
    for one in issued if how.mail_invoices else ():
        send(w, one.invoice_id, one.to, one.note_id)


def standing(condition: Any, up_to: int | None = None) -> list[tuple[Any, int]]:
    """(row of `student_payments`, minor units of it) of the money that still stands on dues, newest first."""
    row = StudentPayment
    reversals: Any = (
        row.select(row.reverses_id, fn.SUM(row.amount_minor))
        .where(condition, row.direction == -1)
        .group_by(row.reverses_id)
        .tuples()
    )
    undone = dict(reversals)
    found: list[tuple[Any, int]] = []
    for used in list(row.select().where(condition, row.direction == 1).order_by(row.id.desc())):
        amount = used.amount_minor - int(undone.get(used.id, 0))
        if up_to is not None:
            amount = min(amount, up_to)
            up_to -= amount
        if amount > 0:
            found.append((used, amount))
    return found


def take_back(w: Write, condition: Any, up_to: int | None = None) -> list[Freed]:
    """Take money off dues, newest first: all that matches, or `up_to` minor units of it."""
    freed: list[Freed] = []
    for used, amount in standing(condition, up_to):
        w.insert(
            StudentPayment,
            payment_id=used.payment_id,
            student_id=used.student_id,
            enrollment_id=used.enrollment_id,
            product_enrolled_id=used.product_enrolled_id,
            installment_id=used.installment_id,
            invoice_id=used.invoice_id,
            amount_minor=amount,
            direction=-1,
            reverses_id=used.id,
            method=used.method,
        )
        key = (used.enrollment_id, used.product_enrolled_id, used.installment_id)
        freed.append(Freed(used.payment_id, key, used.student_id, amount))
    return freed


# -- inside ---------------------------------------------------------------------------------------------------

_LINE_COLUMNS = (
    "position", "student_id", "enrollment_id", "product_enrolled_id", "installment_id", "title", "detail", "quantity",
    "unit", "quoted", "unit_net_minor", "tax_category", "rate_bp", "exemption_reason", "net_minor", "tax_minor",
    "gross_minor",
)  # fmt: skip


def _line(position: int, due: Due, student: str) -> dict[str, Any]:
    return {
        "position": position,
        "student_id": due.student_id,
        "enrollment_id": due.enrollment_id,
        "product_enrolled_id": due.product_enrolled_id,
        "installment_id": due.installment_id,
        "title": due.title,
        "detail": " · ".join(filter(None, (student, due.detail))),
        "quantity": due.quantity,
        "unit": "piece" if due.kind == "product" else "course",
        "quoted": due.quoted,
        "unit_net_minor": divide_half_up(due.net_minor, due.quantity),
        "tax_category": due.tax_category,
        "rate_bp": due.rate_bp,
        "exemption_reason": due.exemption_reason,
        "net_minor": due.net_minor,
        "tax_minor": due.tax_minor,
        "gross_minor": due.gross_minor,
    }


def _insert(
    w: Write,
    head: dict[str, Any],
    lines: list[dict[str, Any]],
    how: Center,
    buyer: dict[str, Any],
    puts: Sequence[Put] = (),
    refers_to_label: str = "",
    note: str = "",
) -> int:
    snapshot = _frozen(head, lines, how, buyer, puts, refers_to_label, note)
    invoice_id = w.insert(
        Invoice,
        issued_at=w.now,
        snapshot=snapshot,
        document_hash=hashlib.sha256(snapshot.encode()).hexdigest(),
        layout_version=LAYOUT_VERSION,
        **head,
    )
    for line in lines:
        w.insert(InvoiceLine, invoice_id=invoice_id, **{name: line[name] for name in _LINE_COLUMNS})
    return invoice_id


_SELLER = (
    "name", "legal_name", "address", "email", "phone", "tax_id", "register_line", "iban", "bic", "country",
)  # fmt: skip


def seller(how: Center) -> dict[str, Any]:
    """The center as it stands on documents now."""
    return {name: getattr(how, name) for name in _SELLER}


def _frozen(
    head: dict[str, Any],
    lines: list[dict[str, Any]],
    how: Center,
    buyer: dict[str, Any],
    puts: Sequence[Put],
    refers_to_label: str,
    note: str,
) -> str:
    """Everything a document says, as canonical JSON: what `InvoiceDocument.from_snapshot` reads, for ever."""
    whole = {
        "head": head,
        "lines": lines,
        "seller": seller(how),
        "buyer": buyer,
        "paid": [{"on": one.paid_on, "method": one.method, "amount_minor": one.amount_minor} for one in puts],
        "refers_to_label": refers_to_label,
        "note": note,
        **letterhead.frozen(head["language"]),
    }
    return json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _number(w: Write, kind: str, pattern: str, issued_on: str) -> tuple[int, str]:
    year = issued_on[:4]
    return w.next_number(f"{kind}-{year}", center.for_year(pattern, int(year)), gapless=True)


def _today(how: Center, w: Write) -> str:
    return _date_at(how, w.moment)


def _date_at(how: Center, moment: datetime) -> str:
    """The date for a new document. Dates never go back while numbers go on."""
    today = clock.local_date(how.zone, moment).isoformat()
    ((last,),) = _last_issued_on()
    if last is not None and today < last:
        raise UserError("invoices.clock_back", today=today, last=last)
    return today


@prepared
def _last_issued_on() -> Any:
    return Invoice.select(fn.MAX(Invoice.issued_on))


def _invoice(invoice_id: int) -> Any:
    invoice = Invoice.get_or_none(Invoice.id == invoice_id)
    if invoice is None:
        raise UserError("store.gone")
    return invoice


def _credit_note_of(invoice_id: int) -> Any:
    return Invoice.get_or_none(Invoice.refers_to == invoice_id, Invoice.kind == "credit_note", Invoice.is_full == 1)


def payer_of_money(payment_ids: Iterable[int]) -> int | None:
    """The payer of all of these payments; None where students paid themselves, or several payers did."""
    ids = sorted(set(payment_ids))
    payers = {row.payer_id for row in Payment.select(Payment.payer_id).where(Payment.id.in_(ids))} if ids else set()
    return payers.pop() if len(payers) == 1 else None


def _payers_of(payment_ids: Iterable[int]) -> set[int]:
    """The students whose payments these are."""
    ids = sorted(set(payment_ids))
    return {row.student_id for row in Payment.select(Payment.student_id).where(Payment.id.in_(ids))} if ids else set()
