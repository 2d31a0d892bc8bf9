"""Taking the newest operation back, as one more thing that staff do in the stateful test of money."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.desk import operations, undo
from app.errors import UserError
from app.store import images
from app.store.images import Touched
from app.store.models import Operation, Payment, ProductEnrolled, StudentPayment


class TakesBack:
    """The rule, with the model's own answer to what stands in the way of each kind of operation and what becomes of it.

    For the machine of `test_money_properties`, whose model and names it uses.
    """

    @precondition(lambda self: hasattr(self, "model"))
    @rule(data=st.data())
    def undo(self: Any, data: st.DataObject) -> None:
        gone = operations.undone()
        query = Operation.select(Operation.id, Operation.label).where(Operation.label.in_(list(_WAYS)))
        done = next((row for row in query.order_by(Operation.id.desc()).iterator() if row.id not in gone), None)
        if done is None:
            return
        rows = images.of_operation(done.id)
        obstacle, follow = _WAYS[done.label]
        expected = obstacle(self, rows)
        whole = data.draw(st.booleans())
        if expected or whole:
            seen = undo.preview(self.actor, done.id).obstacle
            assert (seen is not None) == expected, (done.label, seen)
        if expected:
            before = Operation.select().count()
            with pytest.raises(UserError):
                undo.undo(self.actor, done.id)
            assert Operation.select().count() == before
            return
        standing = _standing(self, rows)
        undo.undo(self.actor, done.id)
        follow(self, rows, standing)
        self.model.acts = [act for act in self.model.acts if act[0] != done.id]
        if whole:
            with pytest.raises(UserError, match=r"undo\.already"):
                undo.undo(self.actor, done.id)


def _made(rows: Sequence[Touched], table: str) -> list[int]:
    return [row.row_id for row in rows if row.table == table and row.before is None]


def _line(rows: Sequence[Touched]) -> tuple[int | None, int | None]:
    """The line that an operation sold, or that it canceled."""
    course = next((row.row_id for row in rows if row.table == "courses_enrolled"), None)
    return course, (None if course else next(row.row_id for row in rows if row.table == "product_enrolled"))


def _standing(machine: Any, rows: Sequence[Touched]) -> list[list[Any]]:
    """The entries of the model that the money of an operation is: the nth that stands of a payment on a unit is the
    nth row of the file that does.
    """
    made, found = set(_made(rows, "student_payments")), []
    nth: dict[tuple[int, Any], int] = {}
    for put in StudentPayment.select().where(StudentPayment.direction == 1).order_by(StudentPayment.id) if made else ():
        back = StudentPayment.select().where(StudentPayment.reverses_id == put.id)
        amount = put.amount_minor - sum(row.amount_minor for row in back)
        key = (put.enrollment_id, put.product_enrolled_id, put.installment_id)
        if amount:
            at = nth[put.payment_id, key] = nth.get((put.payment_id, key), -1) + 1
            if put.id in made:
                entries = [one for one in machine.model.puts if (one[0], one[1]) == (put.payment_id, key) and one[2]]
                assert entries[at][2] == amount
                found.append(entries[at])
    return found


# -- what stands in the way, and what follows ---------------------------------------------------------------------


def _is_used(machine: Any, rows: Sequence[Touched]) -> bool:
    """A line that was sold: gone already, paid or billed."""
    units = machine._of(_line(rows))
    model = machine.model
    return not units or any(model.paid(key) or model.units[key].invoice is not None for key in units)


def _unsold(machine: Any, rows: Sequence[Touched], _standing: object) -> None:
    line, model = _line(rows), machine.model
    for key in machine._of(line):
        del model.units[key]
    if line[0] is not None:
        model.gone(line[0])
    else:
        model.coupons.pop(line, None)
        model.stock += ProductEnrolled.get_by_id(line[1]).quantity


def _payment(rows: Sequence[Touched]) -> int:
    return next(row.row_id for row in rows if row.table == "payments")


def _is_kept(machine: Any, rows: Sequence[Touched]) -> bool:
    """A payment that was refunded since, or whose cash the till does not hold."""
    number = _payment(rows)
    payment = machine.model.payments[number]
    return bool(payment.refunded) or machine._too_much_cash([(number, payment.amount)])


def _given_back(machine: Any, rows: Sequence[Touched], _standing: object) -> None:
    number = _payment(rows)
    payment = machine.model.payments[number]
    payment.refunded = payment.amount
    for entry in machine.model.puts:
        if entry[0] == number:
            entry[2] = 0
    if Payment.get_by_id(number).method == "cash":
        machine.cash_out += payment.amount


def _documents_stand(machine: Any, rows: Sequence[Touched]) -> bool:
    """The invoices of an operation: one is credited by now, or other money stands on it."""
    own, model = _standing(machine, rows), machine.model
    for invoice in _made(rows, "invoices"):
        if invoice not in model.documents:
            return True
        on = sum(model.paid(key) for key in model.documents[invoice])
        if on != sum(one[2] for one in own if one[1] in model.documents[invoice]):
            return True
    return not own and not _made(rows, "invoices")  # nothing of it is left


def _credited(machine: Any, rows: Sequence[Touched], standing: list[list[Any]]) -> None:
    for invoice in _made(rows, "invoices"):
        machine.model.free(invoice)
    for entry in standing:
        entry[2] = 0


_WAYS: dict[str, Any] = {
    "Enroll student": (_is_used, _unsold),
    "Sell products": (_is_used, _unsold),
    "Complete payment": (_is_kept, _given_back),
    "Use credit": (_documents_stand, _credited),
    "Issue invoice": (_documents_stand, _credited),
}
