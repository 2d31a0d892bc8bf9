"""Taking money and documents back: never the rows, always a counter-entry by the desk's own function.

Each way is given what the operation touched, checks that nothing later hangs on it, and says what is to be done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import fn

from app import text
from app.desk import balances, center, dues, enrollment, exact, invoices, naming, operations, promises, refunds, till
from app.errors import UserError
from app.store import Write
from app.store.images import Touched
from app.store.models import (
    CourseEnrolled,
    Invoice,
    MailQueue,
    Payment,
    ProductEnrolled,
    SlotEnrolled,
    StudentPayment,
)

#: What a counter-entry does: a message key with its parameters.
Said = tuple[str, dict[str, Any]]

#: Rights that the counter-entry itself needs, beside that of the operation.
RIGHTS = {
    "Enroll student": "enrollment.cancel",
    "Enroll several": "enrollment.cancel",
    "Sell products": "enrollment.cancel",
    "Complete payment": "payment.refund",
    "Use credit": "payment.refund",
    "Issue invoice": "invoice.credit",
    "Move cash": "till.move",
}


@dataclass(frozen=True)
class Act:
    """One part of a counter-entry: what is said of it, and its doing; None where something is only said."""

    said: Said | None
    do: Callable[[Write], object] | None = None


def look(done: operations.Done, rows: Sequence[Touched], moment: datetime) -> list[Act]:
    """What answers an operation of money, as of a moment; reads only. UserErrors say what stands in the way."""
    return WAYS[done.label](done, rows, moment)


def take_back(w: Write, acts: Sequence[Act]) -> None:
    """Do what `look` found, in the write in which it was found."""
    for act in acts:
        if act.do is not None:
            act.do(w)


def _made(rows: Sequence[Touched], table: str) -> list[int]:
    return [row.row_id for row in rows if row.table == table and row.before is None]


def _reason() -> str:
    return text.sentence("undo.reason")


def _enrolled(done: operations.Done, rows: Sequence[Touched], moment: datetime) -> list[Act]:
    acts: list[Act] = []
    for line_id in _made(rows, "courses_enrolled"):
        record = naming.name("courses_enrolled", line_id)
        if CourseEnrolled.get_by_id(line_id).status != "pending":
            but = exact.KEPT["courses_enrolled"]
            raise operations.in_the_way(
                "undo.later_change", "courses_enrolled", line_id, done.id, "undo.not_running", but
            )
        _free_of_money(dues.of_lines([line_id], []), record)
        marked = SlotEnrolled.get_or_none(
            SlotEnrolled.enrollment_id == line_id, SlotEnrolled.status.in_(["attended", "absent"])
        )
        if marked is not None:
            raise operations.in_the_way("undo.in_use", "slot_enrolled", marked.id, done.id, "undo.not_running")
        owed = sum(due.gross_minor for due in dues.of_lines([line_id], []))

        def cancel(w: Write, line_id: int = line_id) -> None:
            enrollment.cancel_in(w, line_id, _reason())
            promises.owed_no_more(w, CourseEnrolled.get_by_id(line_id).student_id)

        acts.append(Act(("undo.does_cancel", {"record": record, "amount": owed}), cancel))
    return acts


def _sold(done: operations.Done, rows: Sequence[Touched], moment: datetime) -> list[Act]:
    acts: list[Act] = []
    for line_id in _made(rows, "product_enrolled"):
        record = naming.name("product_enrolled", line_id)
        found = dues.of_lines([], [line_id])
        if not found:
            raise UserError("undo.not_running", record=record)
        _free_of_money(found, record)

        def cancel(w: Write, line_id: int = line_id) -> None:
            enrollment.cancel_sale_in(w, line_id, _reason())
            promises.owed_no_more(w, ProductEnrolled.get_by_id(line_id).student_id)

        amount = sum(due.gross_minor for due in found)
        acts.append(Act(("undo.does_cancel", {"record": record, "amount": amount}), cancel))
    return acts


def _enrolled_with_fee(done: operations.Done, rows: Sequence[Touched], moment: datetime) -> list[Act]:
    """What an enrollment made, and the fee that was sold along with it."""
    return _enrolled(done, rows, moment) + _sold(done, rows, moment)


def _free_of_money(found: Sequence[dues.Due], record: str) -> None:
    paid = sum(due.paid_minor for due in found)
    if paid:
        raise UserError("undo.paid", record=record, amount=paid)
    for due in found:
        if due.invoice_id is not None:
            raise UserError("undo.invoiced", record=record, label=due.invoice_label)


def _completed(done: operations.Done, rows: Sequence[Touched], moment: datetime) -> list[Act]:
    acts: list[Act] = []
    for row in rows:
        if row.table != "payments" or row.after is None or row.after["status"] != "COMPLETED":
            continue
        later = Payment.select(Payment.id).where(Payment.refund_of == row.row_id, Payment.status == "COMPLETED").first()
        if later is not None:
            raise operations.in_the_way("undo.later_change", "payments", later.id, done.id, "undo.changed")
        amount = int(row.after["amount_minor"])
        if row.after["method"] == "cash":
            till.may_give(amount)  # one payment each time: what it would leave inside is known before

        def refund(w: Write, payment_id: int = row.row_id, amount: int = amount) -> None:
            refunds.refund_in(w, payment_id, amount, _reason(), f"undo:{done.id}:{payment_id}")

        facts = {"amount": amount, "method": row.after["method"], "number": row.after["number"]}
        acts.append(Act(("undo.does_refund", facts), refund))
    for invoice_id in _made(rows, "invoices"):
        acts.append(Act(("undo.does_stay", {"label": Invoice.get_by_id(invoice_id).label})))
    waiting = [mail for mail in map(MailQueue.get_by_id, _made(rows, "mail_queue")) if mail.state == "queued"]

    def bring(w: Write) -> None:
        for mail in waiting:  # the receipt is stopped, the invoice it would have brought stays
            if mail.template_key == "payment_receipt":
                refunds.send_standing(w, mail)

    return [*acts, Act(None, bring)]


def _credit_used(done: operations.Done, rows: Sequence[Touched], moment: datetime) -> list[Act]:
    puts, issued = _made(rows, "student_payments"), _made(rows, "invoices")
    acts = _credited(done, rows, moment, but=puts)
    theirs = StudentPayment.id.in_(puts) | StudentPayment.reverses_id.in_(puts)
    # What stands on an invoice that is credited becomes credit by that.
    for used, amount in invoices.standing(theirs & StudentPayment.invoice_id.not_in(issued)):
        paid = Payment.get_by_id(used.payment_id)
        whose = ("users", paid.student_id) if paid.payer_id is None else ("payers", paid.payer_id)
        acts.append(Act(("undo.does_free", {"amount": amount, "name": naming.name(*whose)})))

    def free(w: Write) -> None:
        touched: set[int] = set()
        for one in invoices.take_back(w, theirs):
            touched |= {one.student_id, Payment.get_by_id(one.payment_id).student_id}
        balances.recompute_all(w, touched)

    return [*acts, Act(None, free)]


def _issued(done: operations.Done, rows: Sequence[Touched], moment: datetime) -> list[Act]:
    return _credited(done, rows, moment, but=())


def _credited(done: operations.Done, rows: Sequence[Touched], moment: datetime, but: Sequence[int]) -> list[Act]:
    """Credit the invoices that the operation issued, unless other money stands on them by now."""
    acts: list[Act] = []
    how, put = center.load(), StudentPayment
    for invoice_id in _made(rows, "invoices"):
        invoice = Invoice.get_by_id(invoice_id)
        total = fn.COALESCE(fn.SUM(put.direction * put.amount_minor), 0)
        foreign = put.id.not_in(list(but)) & (put.reverses_id.is_null() | put.reverses_id.not_in(list(but)))
        found: Any = put.select(fn.MAX(put.id), total).where(put.invoice_id == invoice_id, foreign).tuples()
        ((last, amount),) = found
        if amount:
            raise operations.in_the_way("undo.in_use", "student_payments", last, done.id, "undo.changed")
        invoices.may_credit(how, invoice, moment)

        def credit(w: Write, invoice: Any = invoice) -> None:
            invoices.credit_in(w, how, invoice, _reason())

        acts.append(Act(("undo.does_credit", {"label": invoice.label, "amount": invoice.gross_minor}), credit))
    return acts


def _moved(done: operations.Done, rows: Sequence[Touched], moment: datetime) -> list[Act]:
    acts: list[Act] = []
    running = till.current()
    for row in rows:
        if row.table != "till_moves" or row.after is None:
            continue
        if running is None or running.id != row.after["till_id"]:
            raise UserError("undo.till_closed")
        other = {"paid_in": "paid_out", "paid_out": "paid_in"}[row.after["kind"]]
        amount, said = int(row.after["amount_minor"]), f"{_reason()}: {row.after['reason']}"[:200]
        till.may_move(other, amount)

        def move(w: Write, other: str = other, amount: int = amount, said: str = said) -> None:
            till.move_in(w, other, amount, said)

        acts.append(Act(("undo.does_move", {"amount": amount}), move))
    return acts


WAYS: dict[str, Callable[[operations.Done, Sequence[Touched], datetime], list[Act]]] = {
    "Enroll student": _enrolled_with_fee,
    "Enroll several": _enrolled_with_fee,
    "Sell products": _sold,
    "Complete payment": _completed,
    "Use credit": _credit_used,
    "Issue invoice": _issued,
    "Move cash": _moved,
}
