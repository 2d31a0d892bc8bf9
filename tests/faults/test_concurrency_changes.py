"""Eight desks change the same thing at once: one does it, the others hear what is still true; with controls."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from app import store
from app.desk import enrollment, payments, refunds, scheduling, seats, transfer, waiving
from app.desk.dues import PayLine
from app.desk.enrollment import EnrollmentDraft
from app.desk.payments import PaymentDraft
from app.desk.transfer import Place
from app.desk.waiving import Waiver
from app.errors import UserError
from app.store import checks
from app.store.models import Course, CourseEnrolled, Payment, Slot, SlotEnrolled, User
from tests.faults.test_concurrency_money import at_once
from tests.support.center import SmallCenter, small_center
from tests.support.controls import without_transactions

__all__ = ["small_center"]

WRITERS = 8


def waive_at_once(small: SmallCenter) -> tuple[int, list[Any]]:
    """Eight desks were shown the same preview of the same waiver, and all of them press the button."""
    line = enrollment.enroll(small.staff, EnrollmentDraft(small.student, small.course))
    waiver = Waiver(PayLine(line), 20_000, "hardship")
    seen = waiving.preview(small.admin, waiver.line, waiver.amount_minor)
    return line, at_once([lambda: waiving.waive(small.admin, waiver, seen)] * WRITERS)


def test_eight_desks_waive_once(small_center: SmallCenter) -> None:
    line, results = waive_at_once(small_center)
    refused = [found.key for found in results if isinstance(found, UserError)]
    assert len(refused) == WRITERS - 1
    assert set(refused) == {"waiving.above_open"}
    assert CourseEnrolled.get_by_id(line).gross_minor == 13_000
    assert checks.run() == []


def test_control_without_the_guards_each_desk_takes_it_for_done(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_transactions(monkeypatch)
    gate = threading.Barrier(WRITERS)
    lowered = waiving._lowered

    def slow(*args: Any) -> Any:
        found = lowered(*args)
        if threading.current_thread() is not threading.main_thread():
            try:
                gate.wait(timeout=5)
            except threading.BrokenBarrierError:
                pass
        return found

    line = enrollment.enroll(small_center.staff, EnrollmentDraft(small_center.student, small_center.course))
    waiver = Waiver(PayLine(line), 20_000, "hardship")
    monkeypatch.setattr(waiving, "_lowered", slow)
    results = at_once([lambda: waiving.waive(small_center.admin, waiver)] * WRITERS)
    assert len([found for found in results if not isinstance(found, Exception)]) > 1


def transfer_at_once(small: SmallCenter, gate: threading.Barrier | None, patch: pytest.MonkeyPatch) -> list[Any]:
    """Eight students, each paid in full, are transferred to the last seat of one group."""
    with store.write("People and a course", small.admin) as w:
        rate = Course.get_by_id(small.course).tax_rate_id
        course = w.insert(Course, code="D-L", name="Driving lessons", price_minor=50_000, tax_rate_id=rate)
        students = [
            w.insert(
                User,
                role="student",
                number=w.next_number("student")[1],
                first_name=f"Writer {n}",
                date_of_birth="1998-05-04",
            )
            for n in range(WRITERS)
        ]
    draft = scheduling.SessionDraft(
        course_id=course, name="Last seat", recurrence="picked_dates", picked_dates=("2030-01-08",), capacity=1
    )
    group = scheduling.plan_session(small.staff, draft)
    places = []
    for number, student in enumerate(students):
        line = enrollment.enroll(small.staff, EnrollmentDraft(student, small.course))
        paid = PaymentDraft(f"k{number}", student, "card", 33_000, (PayLine(line, amount_minor=33_000),))
        payments.complete(small.staff, payments.start(small.staff, paid))
        places.append(Place(line, course, group, reason="last seat"))
    if gate is not None:
        counted = seats.taken

        def slow(slot_id: int, now: str) -> int:
            found = counted(slot_id, now)
            if threading.current_thread() is not threading.main_thread():
                try:
                    gate.wait(timeout=5)
                except threading.BrokenBarrierError:
                    pass
            return found

        patch.setattr(seats, "taken", slow)
    return at_once([lambda place=place: transfer.transfer_place(small.staff, place) for place in places])


def _seated() -> int:
    last = Slot.select().order_by(Slot.id.desc()).get().id
    return int(SlotEnrolled.select().where(SlotEnrolled.slot_id == last, SlotEnrolled.status == "booked").count())


def test_eight_transfers_to_the_last_seat_are_one(small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    results = transfer_at_once(small_center, None, monkeypatch)
    assert sorted(found.key for found in results if isinstance(found, UserError)) == ["seats.full"] * (WRITERS - 1)
    assert _seated() == 1
    assert CourseEnrolled.select().where(CourseEnrolled.moved_from.is_null(False)).count() == 1
    assert CourseEnrolled.select().where(CourseEnrolled.status == "canceled").count() == 1, "who was refused stays"
    assert checks.run() == []


def test_control_without_the_guards_it_is_given_twice(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_transactions(monkeypatch)
    transfer_at_once(small_center, threading.Barrier(WRITERS), monkeypatch)
    assert _seated() > 1


def test_eight_desks_pay_one_credit_out_once(small_center: SmallCenter) -> None:
    draft = PaymentDraft("k", small_center.student, "card", 5_000)
    payments.complete(small_center.staff, payments.start(small_center.staff, draft))
    student = small_center.student
    results = at_once(
        [lambda n=n: refunds.pay_out(small_center.staff, student, 3_000, "leaves", f"desk {n}") for n in range(WRITERS)]
    )
    refused = [found.key for found in results if isinstance(found, UserError)]
    assert refused == ["payments.pay_out_above"] * (WRITERS - 1)
    assert [row.amount_minor for row in Payment.select().where(Payment.payment_type == "refund")] == [3_000]
    again = at_once([lambda: refunds.pay_out(small_center.staff, student, 2_000, "leaves", "same")] * WRITERS)
    assert len({str(found) for found in again}) == 1, "a double click is one payout"
    assert checks.run() == []
