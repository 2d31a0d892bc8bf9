"""Money that came: what of it is credit, using that, and giving it back by the means it came.

A refund is its own positive row that points at its payment (DOMAIN.md, "Money"); several partial ones, never above
what was paid. Credit is whose money it was: of a payment that a guardian or a company made it is theirs, whichever
student the payment stands at, and goes only on what they pay for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from peewee import Case, fn

from app import clock, store, text
from app.desk import (
    balances,
    center,
    dues,
    identity,
    invoices,
    letters,
    notifications,
    payments,
    promises,
    split,
    till,
    timeline,
)
from app.desk.accounts import Actor, require
from app.desk.dues import PayLine
from app.desk.invoices import Put
from app.errors import UserError
from app.mail import queue
from app.store import Write
from app.store.models import Invoice, Payment, StudentPayment, Timeline, User

# -- reading --------------------------------------------------------------------------------------------------


def credit_minor(payment_id: int) -> int:
    """What of a completed payment is neither put on a line nor refunded."""
    payment = payments.load(payment_id)
    if payment.status != "COMPLETED" or payment.payment_type == "refund":
        return 0
    return int(payment.amount_minor) - _used(payment_id) - _refunded(payment_id)


def refundable_minor(payment_id: int) -> int:
    """What of a completed payment can still be refunded: its amount less earlier refunds."""
    payment = payments.load(payment_id)
    if payment.status != "COMPLETED" or payment.payment_type == "refund":
        return 0
    return int(payment.amount_minor) - _refunded(payment_id)


def credit_of(student_id: int | None, payer_id: int | None = None) -> int:
    """The credit of all that a student paid themselves, or with a payer of all that payer paid for whomever."""
    return sum(amount for _, amount in _credits(student_id, payer_id))


def student_credit_minor(student_id: int) -> int:
    """The credit of all that a student paid themselves."""
    return credit_of(student_id)


def held_minor(student_id: int) -> int:
    """What of the credit that stands at a student is not theirs: payers paid it. Their kept balance has it, too."""
    theirs = Payment.student_id.in_(identity.records(student_id)) & Payment.payer_id.is_null(False)
    return sum(amount for _, amount in _left(theirs))


def of_payer(payer_id: int, lines: Sequence[PayLine]) -> list[PayLine]:
    """Those of some lines that a payer pays for, and that their credit can be used for."""
    found = dues.chosen(lines)
    usual = {row.id: row.payer_id for row in User.select(User.id, User.payer_id).where(
        User.id.in_({identity.root(due.student_id) for due in found})
    )}  # fmt: skip

    def theirs(due: dues.Due) -> bool:
        return due.paid_by(usual[identity.root(due.student_id)]) == payer_id

    return [line for line in lines if all(theirs(due) for due in found if dues.meant(line, due))]


# -- credit and refunds ---------------------------------------------------------------------------------------


def apply_credit(
    actor: Actor, student_id: int, lines: Sequence[PayLine], request_key: str, payer_id: int | None = None
) -> tuple[int, ...]:
    """Use credit for lines, the oldest payment first; returns the ids of the invoices issued and mailed.

    A student's own, or with a payer that payer's, for lines they pay for. What has no invoice and no payer of its own
    is billed to whoever paid the money that is used. The same request key is the same use.

    UserErrors `payments.not_enough_credit`, `payments.not_this_payers`, `payments.credit_key_reused`,
    `payments.line_amount`, `payments.line_gone`, `payments.line_above_open`.
    """
    require(actor, "payment.take")
    payments.check_key(request_key)
    if not lines:
        raise UserError("payments.line_amount", "lines")
    wanted = sum(line.amount_minor for line in lines)
    asked = [[line.enrollment_id, line.product_enrolled_id, line.installment_id, line.amount_minor] for line in lines]
    with store.write("Use credit", actor) as w:
        twin = _used_before(student_id, request_key)
        if twin is not None:
            if (twin["lines"], twin["payer_id"]) != (asked, payer_id):
                raise UserError("payments.credit_key_reused")
            return tuple(twin["invoices"])
        how = center.load()
        payments.check_lines(lines, wanted)
        if payer_id is not None and len(of_payer(payer_id, lines)) < len(lines):
            raise UserError("payments.not_this_payers", "lines", name=letters.buyer(student_id, payer_id).name)
        there = _credits(student_id, payer_id)
        if wanted > sum(amount for _, amount in there):
            raise UserError("payments.not_enough_credit", "amount", credit=sum(amount for _, amount in there))
        puts: list[Put] = []
        flow, _ = payments.allocate(0, "", "", wanted, lines)
        for payment_id, amount in there:
            payment = payments.load(payment_id)
            while amount and flow:
                part = min(amount, flow[0].amount_minor)
                puts.append(Put(payment_id, payment.method, str(payment.settled_on), flow[0].due, part))
                amount -= part
                rest = flow[0].amount_minor - part
                flow = [replace(flow[0], amount_minor=rest), *flow[1:]] if rest else flow[1:]
        issued = invoices.put(w, how, puts, invoices.payer_of_money(put.payment_id for put in puts))
        for invoice_id, buyer in issued if how.mail_invoices else []:
            invoices.send(w, invoice_id, buyer)
        made = tuple(invoice_id for invoice_id, _ in issued)
        key, facts = _CREDIT_USED, dict[str, Any](amount=wanted)
        if payer_id is not None:
            key, facts = _PAYERS_CREDIT_USED, facts | {"name": letters.buyer(student_id, payer_id).name}
        timeline.add(
            w, student_id, key, ("users", student_id), request_key=request_key, lines=asked, payer_id=payer_id,
            invoices=made, **facts,
        )  # fmt: skip
        promises.money_came(w, {put.due.student_id for put in puts})
        holders = {row.student_id for row in Payment.select().where(Payment.id.in_({put.payment_id for put in puts}))}
        balances.recompute_all(w, holders | {put.due.student_id for put in puts})
    return made


#: How the timeline tells that credit was used; the entry carries the request key and what was asked.
_CREDIT_USED = "payments.timeline_credit_used"
_PAYERS_CREDIT_USED = "payments.timeline_payers_credit_used"


def _used_before(student_id: int, request_key: str) -> dict[str, Any] | None:
    """What the use of credit with this key was asked, and the invoices it issued; None where there was none."""
    entries: Any = (
        Timeline.select(Timeline.params)
        .where(
            Timeline.user_id.in_(list(identity.records(student_id))),
            Timeline.key.in_([_CREDIT_USED, _PAYERS_CREDIT_USED]),
        )
        .tuples()
    )
    found = (json.loads(params) for (params,) in entries)
    return next((one for one in found if one.get("request_key") == request_key), None)


def refund(actor: Actor, payment_id: int, amount_minor: int, reason: str, request_key: str) -> int:
    """Give money of a completed payment back by the means it came; returns the refund's id.

    Credit goes first; beyond that, money is taken off the lines it was put on, newest first, and they are owed again.
    UserErrors `payments.refund_of_refund`, `payments.not_completed`, `payments.refund_above_paid`,
    `payments.key_reused`, of cash `till.not_enough_to_give`, or beside `reason`.
    """
    require(actor, "payment.refund")
    reason = text.clean(reason, field="reason", required=True)
    payments.check_key(request_key)
    payments.check_amount(amount_minor)
    asked = {"refund_of": payment_id, "amount_minor": amount_minor, "reason": reason}
    with store.write("Refund", actor) as w:
        twin = Payment.get_or_none(Payment.request_key == request_key)
        if twin is not None:
            if json.loads(twin.draft).get("asked") != asked:
                raise UserError("payments.key_reused", number=twin.number)
            return int(twin.id)
        return refund_in(w, payment_id, amount_minor, reason, request_key)


def refund_split(actor: Actor, student_id: int, group: str, reason: str) -> tuple[int, ...]:
    """Give back what is left of every completed part of a split payment, each by the means it came, or none of them.

    Returns the refunds' ids: none where nothing is left, as after a double click. UserErrors as from `refund`.
    """
    require(actor, "payment.refund")
    reason = text.clean(reason, field="reason", required=True)
    with store.write("Refund", actor) as w:
        parts = split.parts(student_id, group)
        left = {part.payment_id: refundable_minor(part.payment_id) for part in parts}
        till.may_give(sum(left[part.payment_id] for part in parts if part.method == "cash"))
        return tuple(
            refund_in(w, payment_id, amount, reason, f"reverse-{payment_id}")
            for payment_id, amount in left.items()
            if amount > 0
        )


@dataclass(frozen=True)
class Back:
    """What of one payment is given back when credit is paid out, in minor units, by the means it came."""

    payment_id: int
    number: str
    method: str
    amount_minor: int


def pay_out_of(student_id: int | None, amount_minor: int, payer_id: int | None = None) -> list[Back]:
    """The payments that so much of the credit of a student, or of a payer, is paid out of, the oldest first."""
    found = []
    for payment_id, credit in _credits(student_id, payer_id):
        part = min(credit, amount_minor)
        amount_minor -= part
        if part > 0:
            payment = payments.load(payment_id)
            found.append(Back(payment_id, payment.number, payment.method, part))
    return found


def pay_out(
    actor: Actor,
    student_id: int | None,
    amount_minor: int,
    reason: str,
    request_key: str,
    payer_id: int | None = None,
) -> tuple[int, ...]:
    """Pay credit out, or a part of it: refunds of the payments it came from; returns their ids.

    A student's own, or with a payer that payer's. No line is touched. The same request key is the same payout.
    UserErrors `payments.amount`, `payments.pay_out_above`, `payments.key_reused`, for what of it goes back in cash
    `till.not_enough_to_give`, or beside `reason`.
    """
    require(actor, "payment.refund")
    reason = text.clean(reason, field="reason", required=True)
    payments.check_key(request_key)
    payments.check_amount(amount_minor)
    with store.write("Pay out credit", actor) as w:
        twins = list(Payment.select().where(Payment.request_key.startswith(f"{request_key}:")).order_by(Payment.id))
        if twins:
            if sum(twin.amount_minor for twin in twins) != amount_minor or twins[0].reason != reason:
                raise UserError("payments.key_reused", number=twins[0].number)
            return tuple(twin.id for twin in twins)
        credit = credit_of(student_id, payer_id)
        if amount_minor > credit:
            raise UserError("payments.pay_out_above", "amount", credit=credit)
        backs = pay_out_of(student_id, amount_minor, payer_id)
        till.may_give(sum(one.amount_minor for one in backs if one.method == "cash"))
        return tuple(
            refund_in(w, one.payment_id, one.amount_minor, reason, f"{request_key}:{one.payment_id}") for one in backs
        )


def refund_in(w: Write, payment_id: int, amount_minor: int, reason: str, request_key: str) -> int:
    """`refund` inside a running write, for a request key that is not known yet."""
    asked = {"refund_of": payment_id, "amount_minor": amount_minor, "reason": reason}
    payment = payments.load(payment_id)
    if payment.payment_type == "refund":
        raise UserError("payments.refund_of_refund", number=payment.number)
    if payment.status != "COMPLETED":
        raise UserError("payments.not_completed", number=payment.number)
    left = payment.amount_minor - _refunded(payment_id)
    if amount_minor > left:
        raise UserError("payments.refund_above_paid", "amount", left=left, number=payment.number)
    if payment.method == "cash":
        till.may_give(amount_minor)
    credit = left - _used(payment_id)
    touched = {payment.student_id}
    if amount_minor > credit:
        of_payment = StudentPayment.payment_id == payment_id
        freed = invoices.take_back(w, of_payment, amount_minor - credit)
        touched |= {one.student_id for one in freed}
    refund_id = _insert_refund(w, payment, amount_minor, reason, request_key, asked)
    student = letters.student(payment.student_id)
    to = letters.buyer(payment.student_id, payment.payer_id)
    facts: dict[str, Any] = {
        "amount": amount_minor,
        "number": payment.number,
        "method": payment.method,
        "reason": reason,
    }
    link = ("payments", refund_id)
    timeline.add(w, student.student_id, "payments.timeline_refunded", link, **facts)
    facts |= {"student": to.name, "student_id": student.student_id}
    notifications.notify(w, "payment", "center", "payments.refunded", link, **facts)
    _mail(w, payment, to, refund_id, amount_minor, whole=amount_minor == left)
    balances.recompute_all(w, touched)
    return refund_id


def _mail(w: Write, payment: Any, to: letters.Buyer, refund_id: int, amount_minor: int, *, whole: bool) -> None:
    """Tell of a refund whoever was told of the payment, or will be; where nothing is left of it and nobody was, stop
    what still waits to tell of it. An invoice that would have come with that stands all the same, and comes by itself.
    """
    earlier = Payment.select(Payment.number).where(Payment.refund_of == payment.id, Payment.id != refund_id)
    said = [f"payment.refunded:{row.number}" for row in earlier]
    told = [mail for event in (f"payment.completed:{payment.number}", *said) for mail in queue.of_event(event)]
    if whole and not any(mail.state in queue.LEFT for mail in told):
        for mail in told:
            if mail.state != "canceled":
                queue.cancel_in(w, mail.id)
            if mail.state == "queued":
                send_standing(w, mail)
    elif any(mail.state in (*queue.LEFT, "queued", "held") for mail in told):
        number = payments.load(refund_id).number
        facts = {"name": to.name, "number": payment.number, "refund": number, "amount_minor": amount_minor}
        letters.send(w, to, "payment_refund", f"payment.refunded:{number}", {**facts, "method": payment.method})


def send_standing(w: Write, mail: Any) -> None:
    """Send the invoices of a mail that was stopped, unless they were credited since."""
    for one in json.loads(mail.attachments):
        invoice = Invoice.get_or_none(Invoice.id == one.get("id")) if one.get("kind") == "invoice" else None
        if invoice is not None and not invoices.copy_state(invoice.id).credited_by:
            invoices.send(w, invoice.id, letters.buyer(invoice.student_id, invoice.payer_id))


def _insert_refund(
    w: Write, payment: Any, amount_minor: int, reason: str, request_key: str, asked: dict[str, Any]
) -> int:
    """The refund's own row: begun and completed in the same write, since the money leaves from this desk."""
    refund_id = w.insert(
        Payment,
        number=w.next_number("payment")[1],
        request_key=request_key,
        student_id=payment.student_id,
        payer_id=payment.payer_id,
        method=payment.method,
        status="STARTED",
        payment_type="refund",
        amount_minor=amount_minor,
        currency=payment.currency,
        refund_of=payment.id,
        desk=w.actor.desk,
        draft=json.dumps({"asked": asked}, sort_keys=True, ensure_ascii=False),
        reason=reason,
        started_at=w.now,
    )
    w.update(
        Payment,
        refund_id,
        status="COMPLETED",
        settled_at=w.now,
        settled_on=clock.local_date(center.load().zone, w.moment).isoformat(),
        till_id=till.open_id() if payment.method == "cash" else None,
    )
    return refund_id


# -- inside ---------------------------------------------------------------------------------------------------


def _used(payment_id: int) -> int:
    row = StudentPayment
    found = row.select(fn.COALESCE(fn.SUM(row.direction * row.amount_minor), 0)).where(row.payment_id == payment_id)
    return int(found.scalar())


def _refunded(payment_id: int) -> int:
    found = Payment.select(fn.COALESCE(fn.SUM(Payment.amount_minor), 0)).where(
        Payment.refund_of == payment_id, Payment.status == "COMPLETED"
    )
    return int(found.scalar())


def _credits(student_id: int | None, payer_id: int | None) -> list[tuple[int, int]]:
    """(payment, credit left) of what a student paid themselves, or with a payer of what that payer paid."""
    if payer_id is not None:
        return _left(Payment.payer_id == payer_id)
    return _left(Payment.student_id.in_(identity.records(student_id or 0)) & Payment.payer_id.is_null())


def _left(condition: Any) -> list[tuple[int, int]]:
    """(payment, credit left) of the completed payments that have any, oldest first."""
    row = Payment
    whose = condition & (row.status == "COMPLETED")
    original = Case(None, [(row.payment_type == "refund", row.refund_of)], row.id)
    signed = Case(None, [(row.payment_type == "refund", row.amount_minor * -1)], row.amount_minor)
    kept: Any = row.select(original, fn.SUM(signed)).where(whose).group_by(original).tuples()
    puts: Any = (
        StudentPayment.select(StudentPayment.payment_id, fn.SUM(StudentPayment.direction * StudentPayment.amount_minor))
        .join(row, on=(row.id == StudentPayment.payment_id))
        .where(whose)
        .group_by(StudentPayment.payment_id)
        .tuples()
    )
    used = dict(puts)
    left = [(payment_id, int(amount) - int(used.get(payment_id, 0))) for payment_id, amount in sorted(kept)]
    return [(payment_id, amount) for payment_id, amount in left if amount > 0]
