"""Taking money and documents back: never the rows, always a counter-entry by the desk's own function.

Each way is given what the operation touched, checks that nothing later hangs on it, and says what it did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from peewee import fn

from app import text
from app.desk import balances, center, dues, enrollment, exact, invoices, naming, operations, payments, till
from app.errors import UserError
from app.store import Write
from app.store.images import Touched
from app.store.models import CourseEnrolled, Invoice, Payment, SlotEnrolled, StudentPayment

#: What a counter-entry did: a message key with its parameters.
Said = tuple[str, dict[str, Any]]

#: Rights that the counter-entry itself needs, beside that of the operation.
RIGHTS = {
    "Enroll student": "enrollment.cancel",
    "Sell products": "enrollment.cancel",
    "Complete payment": "payment.refund",
    "Use credit": "payment.refund",
    "Issue invoice": "invoice.credit",
    "Move cash": "till.move",
}


def take_back(w: Write, done: operations.Done, rows: Sequence[Touched]) -> list[Said]:
    """Answer an operation of money by its counter-entry. UserErrors say what stands in the way."""
    return WAYS[done.label](w, done, rows)


def _made(rows: Sequence[Touched], table: str) -> list[int]:
    return [row.row_id for row in rows if row.table == table and row.before is None]


def _reason() -> str:
    return text.sentence("undo.reason")


def _enrolled(w: Write, done: operations.Done, rows: Sequence[Touched]) -> list[Said]:
    said: list[Said] = []
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
        enrollment.cancel_in(w, line_id, _reason())
        said.append(("undo.does_cancel", {"record": record, "amount": owed}))
    return said


def _sold(w: Write, done: operations.Done, rows: Sequence[Touched]) -> list[Said]:
    said: list[Said] = []
    for line_id in _made(rows, "product_enrolled"):
        record = naming.name("product_enrolled", line_id)
        found = dues.of_lines([], [line_id])
        if not found:
            raise UserError("undo.not_running", record=record)
        _free_of_money(found, record)
        enrollment.cancel_sale_in(w, line_id, _reason())
        said.append(("undo.does_cancel", {"record": record, "amount": sum(due.gross_minor for due in found)}))
    return said


def _free_of_money(found: Sequence[dues.Due], record: str) -> None:
    paid = sum(due.paid_minor for due in found)
    if paid:
        raise UserError("undo.paid", record=record, amount=paid)
    for due in found:
        if due.invoice_id is not None:
            raise UserError("undo.invoiced", record=record, label=due.invoice_label)


def _completed(w: Write, done: operations.Done, rows: Sequence[Touched]) -> list[Said]:
    said: list[Said] = []
    for row in rows:
        if row.table != "payments" or row.after is None or row.after["status"] != "COMPLETED":
            continue
        later = Payment.select(Payment.id).where(Payment.refund_of == row.row_id, Payment.status == "COMPLETED").first()
        if later is not None:
            raise operations.in_the_way("undo.later_change", "payments", later.id, done.id, "undo.changed")
        amount = int(row.after["amount_minor"])
        payments.refund_in(w, row.row_id, amount, _reason(), f"undo:{done.id}:{row.row_id}")
        facts = {"amount": amount, "method": row.after["method"], "number": row.after["number"]}
        said.append(("undo.does_refund", facts))
    for invoice_id in _made(rows, "invoices"):
        said.append(("undo.does_stay", {"label": Invoice.get_by_id(invoice_id).label}))
    return said


def _credit_used(w: Write, done: operations.Done, rows: Sequence[Touched]) -> list[Said]:
    puts = _made(rows, "student_payments")
    said = _credited(w, done, rows, but=puts)
    touched: set[int] = set()
    freed = invoices.take_back(w, StudentPayment.id.in_(puts) | StudentPayment.reverses_id.in_(puts))
    for one in freed:
        payer = Payment.get_by_id(one.payment_id).student_id
        touched |= {one.student_id, payer}
        said.append(("undo.does_free", {"amount": one.amount_minor, "name": naming.name("users", payer)}))
    balances.recompute_all(w, touched)
    return said


def _issued(w: Write, done: operations.Done, rows: Sequence[Touched]) -> list[Said]:
    return _credited(w, done, rows, but=())


def _credited(w: Write, done: operations.Done, rows: Sequence[Touched], but: Sequence[int]) -> list[Said]:
    """Credit the invoices that the operation issued, unless other money stands on them by now."""
    said: list[Said] = []
    put = StudentPayment
    for invoice_id in _made(rows, "invoices"):
        invoice = Invoice.get_by_id(invoice_id)
        total = fn.COALESCE(fn.SUM(put.direction * put.amount_minor), 0)
        foreign = put.id.not_in(list(but)) & (put.reverses_id.is_null() | put.reverses_id.not_in(list(but)))
        found: Any = put.select(fn.MAX(put.id), total).where(put.invoice_id == invoice_id, foreign).tuples()
        ((last, amount),) = found
        if amount:
            raise operations.in_the_way("undo.in_use", "student_payments", last, done.id, "undo.changed")
        invoices.credit_in(w, center.load(), invoice, _reason())
        said.append(("undo.does_credit", {"label": invoice.label, "amount": invoice.gross_minor}))
    return said


def _moved(w: Write, done: operations.Done, rows: Sequence[Touched]) -> list[Said]:
    said: list[Said] = []
    running = till.current()
    for row in rows:
        if row.table != "till_moves" or row.after is None:
            continue
        if running is None or running.id != row.after["till_id"]:
            raise UserError("undo.till_closed")
        other = {"paid_in": "paid_out", "paid_out": "paid_in"}[row.after["kind"]]
        till.move_in(w, other, row.after["amount_minor"], f"{_reason()}: {row.after['reason']}"[:200])
        said.append(("undo.does_move", {"amount": row.after["amount_minor"]}))
    return said


WAYS: dict[str, Callable[[Write, operations.Done, Sequence[Touched]], list[Said]]] = {
    "Enroll student": _enrolled,
    "Sell products": _sold,
    "Complete payment": _completed,
    "Use credit": _credit_used,
    "Issue invoice": _issued,
    "Move cash": _moved,
}
