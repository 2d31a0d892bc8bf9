"""Eight writers on one invoice series and on one payment: no hole, no twin. Without the guards the same test fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app import store
from app.desk import center, dues, enrollment, invoices, letters, payments, split
from app.desk.enrollment import SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.errors import UserError
from app.store import checks, database
from app.store.models import CourseEnrolled, Invoice, Payment, Product, StudentPayment, User
from tests.support.center import SmallCenter, small_center
from tests.support.controls import without_transactions

__all__ = ["small_center"]

WRITERS, EACH = 8, 6


class GaveUp(Exception):
    """Something went wrong after the number was taken."""


def at_once(jobs: list[Callable[[], Any]]) -> list[Any]:
    """Run each job on its own thread and connection, all at the same moment; what they returned or raised."""
    start = threading.Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def run(number: int) -> None:
        with store.connected():
            start.wait()
            try:
                results[number] = jobs[number]()
            except Exception as error:
                results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def bill_many(small: SmallCenter) -> list[Any]:
    """Eight writers issue six invoices each; every third time one gives up after the number was taken."""
    with store.write("Stock", small.admin) as w:
        w.update(Product, small.book, stock=WRITERS * EACH)
        students = [w.insert(User, role="student", first_name=f"Buyer {n}") for n in range(WRITERS)]
    sold = [
        [enrollment.sell(small.staff, SaleDraft(student, (SaleItem(small.book),)))[0] for _ in range(EACH)]
        for student in students
    ]

    def writer(number: int) -> list[str]:
        labels = []
        for turn, line in enumerate(sold[number]):
            if turn % 3 == 2:
                with pytest.raises(GaveUp), store.write("Interrupted", small.staff) as w:
                    due = dues.chosen([PayLine(None, line)])[0]
                    invoices.issue(w, center.load(), letters.student(students[number]), [(due, ())])
                    raise GaveUp
                continue
            made = invoices.bill(small.staff, students[number], [PayLine(None, line)], send_mail=False)
            labels.append(str(Invoice.get_by_id(made).label))
        return labels

    return at_once([lambda number=number: writer(number) for number in range(WRITERS)])


def test_eight_writers_leave_no_hole_and_no_twin(small_center: SmallCenter) -> None:
    results = bill_many(small_center)
    errors = [found for found in results if isinstance(found, Exception)]
    assert not errors
    labels = sorted(label for found in results for label in found)
    numbers = [row.number for row in Invoice.select().order_by(Invoice.id)]
    assert numbers == list(range(1, len(labels) + 1)) == list(range(1, WRITERS * 4 + 1))
    assert labels == sorted(row.label for row in Invoice.select())


def test_control_without_the_guards_numbers_collide(small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writers meet between reading the next number and moving it on: two hold the same one."""
    with store.write("Series", small_center.admin) as w:
        w.next_number("invoice-2026", "2026-{number:06d}", gapless=True)
    without_transactions(monkeypatch)
    meeting = threading.Barrier(WRITERS)
    execute = database.Write._execute

    def slow(self: database.Write, sql: str, params: Any = ()) -> Any:
        found = execute(self, sql, params)
        if sql.startswith("SELECT id, pattern, next_number"):
            row = found.fetchone()
            meeting.wait(timeout=10)
            return type("Row", (), {"fetchone": lambda _: row})()
        return found

    monkeypatch.setattr(database.Write, "_execute", slow)

    def take() -> int:
        with store.write("Take a number", small_center.staff) as w:
            return w.next_number("invoice-2026")[0]

    numbers = at_once([take] * WRITERS)
    assert len({number for number in numbers if isinstance(number, int)}) < WRITERS


def _pay_once(small: SmallCenter) -> tuple[int, list[Any]]:
    line = enrollment.sell(small.staff, SaleDraft(small.student, (SaleItem(small.book),)))[0]
    draft = PaymentDraft("k1", small.student, "card", 2400, (PayLine(None, line, amount_minor=2400),))
    payment = payments.start(small.staff, draft)
    return payment, at_once([lambda: payments.complete(small.staff, payment)] * WRITERS)


def test_eight_desks_complete_one_payment_once(small_center: SmallCenter) -> None:
    payment, results = _pay_once(small_center)
    winners = [found for found in results if isinstance(found, payments.Completed)]
    assert len(winners) == 1
    others = [found.key for found in results if isinstance(found, UserError)]
    assert others == ["payments.already_completed"] * (WRITERS - 1)
    assert [row.amount_minor for row in StudentPayment.select()] == [2400]
    assert (Invoice.select().count(), Payment.get_by_id(payment).status) == (1, "COMPLETED")


def test_eight_double_clicks_are_one_payment(small_center: SmallCenter) -> None:
    draft = PaymentDraft("same", small_center.student, "card", 500)
    results = at_once([lambda: payments.start(small_center.staff, draft)] * WRITERS)
    assert len(set(results)) == 1
    assert Payment.select().count() == 1


def _parts_at_once(small: SmallCenter) -> list[Any]:
    """Eight desks each start a part of one payment over a course that is not bought yet; then all complete theirs."""
    whole = PaymentDraft("", small.student, "card", 6600, tender_group="g", split_minor=33000, courses=(small.course,))
    keys = [f"part {number}" for number in range(WRITERS)]
    started = at_once([lambda key=key: payments.start(small.staff, replace(whole, request_key=key)) for key in keys])
    made = [found for found in started if isinstance(found, int)]
    at_once([lambda payment=payment: payments.complete(small.staff, payment) for payment in made])
    return started


def test_eight_desks_share_one_split_payment_and_enroll_once(small_center: SmallCenter) -> None:
    started = _parts_at_once(small_center)
    refused = [found.key for found in started if isinstance(found, UserError)]
    assert refused == ["payments.split_above"] * 3, "five parts make the whole"
    assert Payment.select().where(Payment.status == "COMPLETED").count() == 5
    assert CourseEnrolled.select().count() == 1
    assert [row.amount_minor for row in StudentPayment.select()] == [6600] * 5
    assert User.get_by_id(small_center.student).balance_minor == 0
    assert checks.run() == []


def test_control_parts_that_do_not_see_each_other_pay_too_much(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split, "_rows", lambda *_: [])
    assert all(isinstance(found, int) for found in _parts_at_once(small_center))
    assert {broken.rule for broken in checks.run()} == {"money.tender_group"}
