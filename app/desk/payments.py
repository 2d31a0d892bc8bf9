"""Taking money (flow 3 of DOMAIN.md): STARTED before it may move, then COMPLETED or FAILED, once.

The STARTED row carries its draft: what is paid and what is sold, with prices as agreed. `complete` needs nothing else,
so a payment that a crash interrupted is completed like any other. When money has moved it is always taken in: what no
longer finds the line it was meant for stays as the student's credit.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from app import clock, money, store, text
from app.desk import balances, center, dues, invoices, letters, notifications, promises, split, till, timeline
from app.desk.accounts import Actor, require
from app.desk.dues import PayLine
from app.desk.enrollment import SaleItem
from app.desk.invoices import Put
from app.desk.registration import LEAVE_OUT, is_missing
from app.errors import UserError
from app.settings import Center
from app.store import Write
from app.store.models import Payer, Payment, User
from app.store.prepared import prepared

METHODS = ("cash", "card", "transfer", "check", "other")

__all__ = [
    "METHODS", "Completed", "OwedLine", "PayLine", "PaymentDraft", "SaleItem", "StartedPayment", "allocate",
    "check_amount", "check_key", "check_lines", "complete", "fail", "load", "owed", "start", "started", "whole_of",
]  # fmt: skip


@dataclass(frozen=True)
class OwedLine:
    """Something a student still has to pay, in minor units. `kind`: enrollment, installment or product.

    `student` names whose it is where it is somebody else's than the list's.
    """

    kind: str
    enrollment_id: int | None
    product_enrolled_id: int | None
    installment_id: int | None
    title: str
    detail: str
    due_on: str
    gross_minor: int
    open_minor: int
    invoice_id: int | None
    invoice_label: str | None
    rate_bp: int
    icon: str
    student: str = ""


@dataclass(frozen=True)
class PaymentDraft:
    """A payment as typed. `amount_minor` may exceed lines and sales: the rest stays as credit.

    `request_key` makes a double click one payment; `tender_group` ties the rows of one split payment together;
    `given_minor` is the cash handed over; other methods have none. With `split_minor` this is a part: lines and sales
    are then those of the whole, which comes to so much, and the part takes what no other part of its group has.
    In `courses` the student is enrolled, without a group, when the payment completes; `coupons` are (course, code),
    `quoted` are (course, quote) whose price was promised.
    """

    request_key: str
    student_id: int
    method: str
    amount_minor: int
    lines: tuple[PayLine, ...] = ()
    sales: tuple[SaleItem, ...] = ()
    payer_id: int | None = None
    given_minor: int | None = None
    reference: str = ""
    note: str = ""
    tender_group: str | None = None
    split_minor: int | None = None
    courses: tuple[int, ...] = ()
    coupons: tuple[tuple[int, str], ...] = ()
    quoted: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Completed:
    """What a completed payment did. `receipt`: it issued no invoice, so a receipt is what the student gets.

    `unsold` names products of the draft that were out of stock by then; their money is part of the credit.
    """

    payment_id: int
    number: str
    amount_minor: int
    change_minor: int
    invoice_ids: tuple[int, ...]
    receipt: bool
    credit_minor: int
    unsold: tuple[str, ...] = ()


@dataclass(frozen=True)
class StartedPayment:
    """A payment that is neither completed nor failed: the desk asks what became of it."""

    payment_id: int
    number: str
    student_id: int
    student_name: str
    method: str
    amount_minor: int
    reference: str
    desk: str
    started_at: str


# -- reading --------------------------------------------------------------------------------------------------


def owed(student_id: int) -> list[OwedLine]:
    """What the student still has to pay, oldest due first."""
    names = [name for name in OwedLine.__dataclass_fields__ if name != "student"]
    return [
        OwedLine(**{name: getattr(due, name) for name in names})
        for due in dues.of_student(student_id)
        if due.open_minor > 0
    ]


def whole_of(payment_id: int) -> tuple[PaymentDraft, list[split.Part]] | None:
    """The draft that a part of a split payment was started with, and all parts of it; None for any other payment."""
    payment = load(payment_id)
    asked = json.loads(payment.draft)["asked"]
    if payment.tender_group is None or asked.get("split_minor") is None:
        return None
    asked["lines"] = tuple(PayLine(**line) for line in asked["lines"])
    asked["sales"] = tuple(SaleItem(**item) for item in asked["sales"])
    asked["courses"] = tuple(asked.get("courses", ()))
    for name in ("coupons", "quoted"):
        asked[name] = tuple((course_id, said) for course_id, said in asked.get(name, ()))
    return PaymentDraft(**asked), split.parts(payment.student_id, payment.tender_group)


def started() -> list[StartedPayment]:
    """Every payment that is still STARTED, oldest first."""
    row = Payment
    query: Any = (
        row.select(
            row.id, row.number, row.student_id, User.first_name, User.last_name, row.method, row.amount_minor,
            row.reference, row.desk, row.started_at,
        )
        .join(User, on=(User.id == row.student_id))
        .where(row.status == "STARTED")
        .order_by(row.started_at, row.id)
        .tuples()
    )  # fmt: skip
    return [
        StartedPayment(found, number, student, f"{first} {last}".strip(), method, amount, reference, desk, at)
        for found, number, student, first, last, method, amount, reference, desk, at in query
    ]


# -- STARTED --------------------------------------------------------------------------------------------------


def start(actor: Actor, draft: PaymentDraft) -> int:
    """Write the payment down before money may move; returns its id. Only `payments` is written.

    The same request key with the same draft is the same payment. UserErrors `payments.key_reused`, `payments.method`,
    `payments.amount`, `payments.given_too_little`, `payments.line_amount`, `payments.line_gone`,
    `payments.line_above_open`, `payments.lines_above_amount`, about sales as from `enrollment.sell`, about courses and
    quotes as from `enrollment.enroll`, and for a part `payments.split_above`, `payments.split_changed`.
    """
    require(actor, "payment.take")
    if draft.courses:
        require(actor, "enrollment.create")
    reference = text.clean(draft.reference, field="reference")
    note = text.clean(draft.note, field="note", limit=text.TEXT_LIMIT, multiline=True)
    check_key(draft.request_key)
    if draft.method not in METHODS:
        raise UserError("payments.method", "method")
    check_amount(draft.amount_minor)
    if draft.given_minor is not None or draft.method == "cash":
        given = draft.amount_minor if draft.given_minor is None else draft.given_minor
        if given > money.MAX_MINOR:
            raise UserError("payments.amount", "given")
        if given < draft.amount_minor:
            raise UserError("payments.given_too_little", "given", missing=draft.amount_minor - given)
    asked = json.dumps(asdict(draft), sort_keys=True, ensure_ascii=False)
    with store.write("Start payment", actor) as w:
        twin = Payment.get_or_none(Payment.request_key == draft.request_key)
        if twin is not None:
            if json.loads(twin.draft).get("asked") != json.loads(asked):
                raise UserError("payments.key_reused", number=twin.number)
            return int(twin.id)
        how = center.load()
        student = User.get_or_none(User.id == draft.student_id, User.role == "student")
        if student is None:
            raise UserError("store.gone")
        if student.status == "merged":
            raise UserError("enrollment.student_merged", "student", name=_name(student))
        if draft.payer_id is not None and Payer.get_or_none(Payer.id == draft.payer_id) is None:
            raise UserError("store.gone")
        kept = {"asked": json.loads(asked)}
        if draft.courses and is_missing(how, student.id, {item.product_id for item in draft.sales}):
            require(actor, LEAVE_OUT)
        if draft.split_minor is None:
            lines: Sequence[PayLine] = draft.lines
            kept |= split.agree(
                how, draft.student_id, draft.courses, draft.sales, draft.payer_id, draft.coupons, draft.quoted
            )
        else:
            kept |= split.share(how, kept["asked"], draft.lines, draft.courses, draft.sales)
            lines = _lines(kept)
        check_lines(lines, draft.amount_minor)
        return w.insert(
            Payment,
            number=w.next_number("payment")[1],
            request_key=draft.request_key,
            student_id=student.id,
            payer_id=draft.payer_id,
            method=draft.method,
            status="STARTED",
            payment_type=_type_of(lines, kept),
            amount_minor=draft.amount_minor,
            currency=how.currency,
            given_minor=draft.given_minor if draft.method == "cash" else None,
            reference=reference,
            note=note,
            tender_group=draft.tender_group,
            desk=actor.desk,
            draft=json.dumps(kept, sort_keys=True, ensure_ascii=False),
            started_at=w.now,
        )


def _type_of(lines: Sequence[PayLine], kept: dict[str, Any]) -> str:
    courses = bool(kept["courses"]) or any(line.enrollment_id is not None for line in lines)
    products = bool(kept["sales"]) or any(line.product_enrolled_id is not None for line in lines)
    if courses and products:
        return "mixed"
    return "course_fee" if courses else "product_fee" if products else "credit"


def _lines(kept: dict[str, Any]) -> list[PayLine]:
    """The lines that a payment pays: those of its draft, or its share of them."""
    own = kept["lines"] if "lines" in kept else kept["asked"]["lines"]
    return [PayLine(**{name: line[name] for name in PayLine.__dataclass_fields__}) for line in own]


def check_lines(lines: Sequence[PayLine], amount_minor: int) -> None:
    """UserErrors as from `start` where lines are not open, or come to more than an amount in minor units."""
    if sum(line.amount_minor for line in lines) > amount_minor:
        raise UserError("payments.lines_above_amount", "amount", amount=amount_minor)
    every = dues.chosen(lines)
    left = {due.key: due.open_minor for due in every}
    for line in lines:
        if line.amount_minor <= 0 or (line.enrollment_id is None) == (line.product_enrolled_id is None):
            raise UserError("payments.line_amount", "lines")
        meant = [due for due in every if dues.meant(line, due)]
        if not meant:
            raise UserError("payments.line_gone", "lines")
        wanted = line.amount_minor
        for due in meant:
            taken = min(wanted, left[due.key])
            left[due.key] -= taken
            wanted -= taken
        if wanted:
            raise UserError("payments.line_above_open", "lines", title=meant[0].title, open=line.amount_minor - wanted)


# -- COMPLETED or FAILED --------------------------------------------------------------------------------------


def complete(actor: Actor, payment_id: int) -> Completed:
    """The money has moved: put it on what is owed, sell what is sold, issue the invoices that are missing.

    All in one transaction, once. UserErrors `payments.already_completed`, `payments.already_failed`,
    `invoices.clock_back`; the payment then stays as it was.
    """
    require(actor, "payment.take")
    with store.write("Complete payment", actor) as w:
        payment = load(payment_id)
        _check_started(payment)
        how = center.load()
        today = clock.local_date(how.zone, w.moment).isoformat()
        kept = json.loads(payment.draft)
        sold, begun, unsold = split.sell(w, how, payment, kept)
        lines = _lines(kept) + sold
        kept |= {"begun": begun} if begun else {}
        puts, left = allocate(payment.id, payment.method, today, payment.amount_minor, lines)
        w.update(
            Payment,
            payment_id,
            status="COMPLETED",
            settled_at=w.now,
            settled_on=today,
            till_id=till.open_id() if payment.method == "cash" else None,
            draft=json.dumps(kept, sort_keys=True, ensure_ascii=False),
        )
        issued = invoices.put(w, how, puts, payment.payer_id)
        _tell(w, how, payment, issued, puts, left, unsold)
        promises.money_came(w, {put.due.student_id for put in puts})
        balances.recompute_all(w, {payment.student_id, *(put.due.student_id for put in puts)})
    return Completed(
        payment_id=payment.id,
        number=payment.number,
        amount_minor=payment.amount_minor,
        change_minor=(payment.given_minor or payment.amount_minor) - payment.amount_minor,
        invoice_ids=tuple(invoice_id for invoice_id, _ in issued),
        receipt=not issued,
        credit_minor=left,
        unsold=tuple(unsold),
    )


def fail(actor: Actor, payment_id: int, reason: str) -> None:
    """No money moved. The row alone says so, with its reason; nothing else is written."""
    require(actor, "payment.take")
    reason = text.clean(reason, field="reason", required=True)
    with store.write("Payment failed", actor) as w:
        payment = load(payment_id)
        _check_started(payment)
        today = clock.local_date(center.load().zone, w.moment).isoformat()
        w.update(Payment, payment_id, status="FAILED", reason=reason, settled_at=w.now, settled_on=today)


def allocate(
    payment_id: int, method: str, paid_on: str, amount_minor: int, lines: Sequence[PayLine]
) -> tuple[list[Put], int]:
    """Put an amount on lines in their order, never more than is open: the puts, and what is left over."""
    every = dues.chosen(lines)
    open_now = {due.key: due.open_minor for due in every}
    puts: list[Put] = []
    for line in lines:
        wanted = min(line.amount_minor, amount_minor)
        for due in every:
            if not dues.meant(line, due):
                continue
            taken = min(wanted, open_now[due.key])
            if taken > 0:
                puts.append(Put(payment_id, method, paid_on, due, taken))
                open_now[due.key] -= taken
                wanted -= taken
                amount_minor -= taken
    return puts, amount_minor


def _tell(
    w: Write,
    how: Center,
    payment: Any,
    issued: list[tuple[int, letters.Buyer]],
    puts: list[Put],
    left: int,
    unsold: list[str],
) -> None:
    """Inbox, timeline and mail of a completed payment."""
    known = [buyer for _, buyer in issued]
    student = next((b for b in known if b.student_id == payment.student_id and b.payer_id is None), None)
    student = student or letters.student(payment.student_id)
    link = ("payments", payment.id)
    facts: dict[str, Any] = {
        "number": payment.number,
        "amount": payment.amount_minor,
        "method": payment.method,
    }
    about: dict[str, Any] = {"student": student.name, "student_id": student.student_id}
    kind = "completed_credit" if left else "completed"
    notifications.notify(w, "payment", "center", f"payments.{kind}", link, credit=left, **about, **facts)
    timeline.add(w, student.student_id, f"payments.timeline_{kind}", link, credit=left, **facts)
    for other in sorted({put.due.student_id for put in puts} - {student.student_id}):
        timeline.add(w, other, "payments.timeline_paid_by", link, name=student.name, **facts)
    for product in unsold:
        timeline.add(w, student.student_id, "payments.timeline_unsold", link, product=product, **facts)
        notifications.notify(
            w, "payment", "center", "payments.unsold", link, needs_decision=True, product=product, **about, **facts
        )
    to = student if payment.payer_id is None else letters.buyer(payment.student_id, payment.payer_id)
    own: list[int] = []
    for invoice_id, buyer in issued if how.mail_invoices else []:
        if buyer.same_as(to):
            own.append(invoice_id)
        else:
            invoices.send(w, invoice_id, buyer)
    letters.send(
        w,
        to,
        "payment_receipt",
        f"payment.completed:{payment.number}",
        {
            "student": student.name,
            "number": payment.number,
            "amount_minor": payment.amount_minor,
            "method": payment.method,
            "credit_minor": left,
        },
        tuple(own),
    )


# -- inside ---------------------------------------------------------------------------------------------------


def load(payment_id: int) -> _Payment:
    """What decides about a payment. UserError `store.gone`."""
    rows = _payment_rows(payment_id)
    if not rows:
        raise UserError("store.gone")
    return _Payment(*rows[0])


class _Payment(NamedTuple):
    """The columns of a payment that decide what may become of it."""

    id: int
    number: str
    student_id: int
    payer_id: int | None
    method: str
    status: str
    payment_type: str
    amount_minor: int
    currency: str
    given_minor: int | None
    tender_group: str | None
    draft: str
    reason: str
    started_at: str
    settled_at: str | None
    settled_on: str | None


@prepared
def _payment_rows(payment_id: int) -> Any:
    columns = (getattr(Payment, name) for name in _Payment._fields)
    return Payment.select(*columns).where(Payment.id == payment_id)


def _check_started(payment: Any) -> None:
    if payment.status == "COMPLETED":
        raise UserError("payments.already_completed", number=payment.number, at=payment.settled_at)
    if payment.status == "FAILED":
        raise UserError("payments.already_failed", number=payment.number, reason=payment.reason)


def check_key(request_key: str) -> None:
    """ValueError: the program gave no proper request key."""
    if not 1 <= len(request_key) <= 200:
        raise ValueError("a request key has between 1 and 200 characters")


def check_amount(amount_minor: int) -> None:
    """UserError `payments.amount` beside its field."""
    if not 0 < amount_minor <= money.MAX_MINOR:
        raise UserError("payments.amount", "amount")


def _name(person: Any) -> str:
    return f"{person.first_name} {person.last_name}".strip()
