"""Waiving: what is open is let go, to the unit; documents follow, money stays, and nothing that was paid is waived."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app import store
from app.desk import canceling, changing, enrollment, invoices, payments, refunds, waiving
from app.desk.accounts import Actor
from app.desk.changing import Paper
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.desk.waiving import Waiver
from app.errors import UserError
from app.store import checks
from app.store.models import CourseEnrolled, Installment, Invoice, MailQueue, Notification, Operation, Timeline, User
from tests.support.center import SmallCenter, build, small_center

__all__ = ["small_center"]


def enroll(made: SmallCenter, parts: int = 0) -> int:
    plan = enrollment.plan(33_000, parts, "2030-01-31") if parts else ()
    return enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, installments=plan))


def pay(made: SmallCenter, amount: int, *lines: PayLine, key: str = "k") -> int:
    paid = payments.start(made.staff, PaymentDraft(key, made.student, "card", amount, lines))
    payments.complete(made.staff, paid)
    return paid


def plan_of(line: int) -> list[tuple[int, str, int]]:
    rows = Installment.select().where(Installment.enrollment_id == line).order_by(Installment.position)
    return [(row.position, row.due_on, row.amount_minor) for row in rows]


def test_a_part_of_an_unpaid_line_without_documents(small_center: SmallCenter) -> None:
    line = enroll(small_center)
    seen = waiving.preview(small_center.admin, PayLine(line), 5_000)
    assert CourseEnrolled.get_by_id(line).gross_minor == 33_000, "a preview keeps nothing"
    assert Operation.select().where(Operation.label == "Waive").count() == 0
    done = waiving.waive(small_center.admin, Waiver(PayLine(line), 5_000, "hardship"), seen)
    assert done == seen
    assert (done.open_before_minor, done.open_after_minor, done.papers, done.mails) == (33_000, 28_000, (), ())
    row = CourseEnrolled.get_by_id(line)
    assert (row.discount_minor, row.waived_minor, row.gross_minor) == (5_000, 5_000, 28_000)
    assert row.discount_reason == "hardship"
    assert User.get_by_id(small_center.student).balance_minor == 28_000
    assert Timeline.select().where(Timeline.key == "waiving.timeline").count() == 1
    assert Notification.select().where(Notification.key == "waiving.done").count() == 1
    assert checks.run() == []


def test_an_invoice_is_credited_and_issued_anew_with_its_money_and_its_other_lines(small_center: SmallCenter) -> None:
    line = enroll(small_center)
    (book,) = enrollment.sell(small_center.staff, SaleDraft(small_center.student, (SaleItem(small_center.book),)))
    lines = (PayLine(line, amount_minor=10_000), PayLine(None, book, amount_minor=2_400))
    pay(small_center, 12_400, *lines)
    mails = MailQueue.select().count()
    done = waiving.waive(small_center.admin, Waiver(PayLine(line), 23_000, "scholarship"))
    name = "Ana Satler"
    assert done.papers == (
        Paper("credit_note", "2026-000001", name, 35_400),
        Paper("invoice", "", name, 12_400, 12_400),
    )
    assert (done.open_before_minor, done.open_after_minor) == (23_000, 0)
    assert done.credit_before_minor == done.credit_after_minor == 0
    assert done.mails == (name,)
    new = MailQueue.select().order_by(MailQueue.id.desc()).get()
    assert MailQueue.select().count() == mails + 1
    note = Invoice.get(Invoice.kind == "credit_note")
    again = Invoice.get(Invoice.label == "2026-000002")
    assert f'"id": {note.id}' in new.attachments
    assert f'"id": {again.id}' in new.attachments
    assert invoices.open_minor(again.id) == 0
    assert payments.owed(small_center.student) == []
    assert User.get_by_id(small_center.student).balance_minor == 0
    assert checks.run() == []


def test_a_line_waived_whole_leaves_the_credit_note_alone(small_center: SmallCenter) -> None:
    line = enroll(small_center)
    invoices.bill(small_center.staff, small_center.student, [PayLine(line)])
    done = waiving.waive(small_center.admin, Waiver(PayLine(line), 33_000, "won in the raffle"))
    assert [paper.kind for paper in done.papers] == ["credit_note"]
    assert payments.owed(small_center.student) == []
    assert CourseEnrolled.get_by_id(line).gross_minor == 0
    assert checks.run() == []


def test_installments_are_lowered_from_the_last_one_backward(small_center: SmallCenter) -> None:
    line = enroll(small_center, 3)
    first, second, third = payments.owed(small_center.student)
    pay(small_center, 11_000, PayLine(line, None, first.installment_id, 11_000))
    invoices.bill(small_center.staff, small_center.student, [PayLine(line, None, third.installment_id)])
    done = waiving.waive(small_center.admin, Waiver(PayLine(line), 15_000, "moved away"))
    assert [(part.amount_minor, part.paid_minor) for part in done.plan] == [(11_000, 11_000), (7_000, 0)]
    assert plan_of(line)[:2] == [(1, "2030-01-31", 11_000), (2, "2030-02-28", 7_000)]
    assert [position for position, *_ in plan_of(line)[2:]] == [1001], "its document is frozen, so its row is kept"
    assert [paper.kind for paper in done.papers] == ["credit_note"], "the paid one is not concerned"
    assert [due.installment_id for due in payments.owed(small_center.student)] == [second.installment_id]
    assert checks.run() == []


@pytest.mark.parametrize(("asked", "let_go"), [(1, 0), (2, 2), (3, 3), (597, 597), (598, 598)])
def test_no_more_is_waived_than_asked_where_net_prices_step_over_it(tmp_path: Path, asked: int, let_go: int) -> None:
    """At 20 %: 4.98 net is 5.98, 4.97 is 5.96, 4.96 is 5.95; 0.01 is 0.01."""
    made = build(tmp_path / "net", prices="net")
    try:
        line = enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, list_price_minor=498))
        if let_go:
            waiving.waive(made.admin, Waiver(PayLine(line), asked, "a little"))
        else:
            with pytest.raises(UserError, match=r"waiving\.no_such_price"):
                waiving.waive(made.admin, Waiver(PayLine(line), asked, "a little"))
        assert CourseEnrolled.get_by_id(line).gross_minor == 598 - let_go
        assert checks.run() == []
    finally:
        store.close_center()


def test_a_net_price_takes_the_nearest_that_leaves_what_was_paid(tmp_path: Path) -> None:
    made = build(tmp_path / "net", prices="net")
    try:
        line = enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, list_price_minor=7))
        assert CourseEnrolled.get_by_id(line).gross_minor == 8
        pay(made, 3, PayLine(line, amount_minor=3))
        seen = waiving.preview(made.admin, PayLine(line), 5)
        assert (seen.gross_after_minor, seen.open_after_minor) == (4, 1), "7 net is 8, 3 net is 4, 2 net would be 2"
        waiving.waive(made.admin, Waiver(PayLine(line), 5, "kept small"), seen)
        with pytest.raises(UserError, match=r"waiving\.no_such_price"):
            waiving.waive(made.admin, Waiver(PayLine(line), 1, "kept small"))
        assert checks.run() == []
    finally:
        store.close_center()


def test_what_is_refused_says_what_is_true(small_center: SmallCenter) -> None:
    line = enroll(small_center)
    paid = pay(small_center, 30_000, PayLine(line, amount_minor=30_000))
    admin, one = small_center.admin, Waiver(PayLine(line), 3_000, "why not")
    for waiver, key in (
        (replace(one, amount_minor=3_001), r"waiving\.above_open"),
        (replace(one, amount_minor=0), r"payments\.amount"),
        (replace(one, reason=" "), r"text\.required"),
        (replace(one, line=PayLine(999)), r"store\.gone"),
    ):
        with pytest.raises(UserError, match=key):
            waiving.waive(admin, waiver)
    with pytest.raises(UserError, match=r"rights\.missing"):
        waiving.waive(small_center.staff, one)
    assert waiving.preview(Actor(1, "admin"), PayLine(line), 1).open_after_minor == 2_999
    seen = waiving.preview(admin, PayLine(line), 3_000)
    refunds.refund(small_center.staff, paid, 1_000, "asked", "r")
    with pytest.raises(UserError, match=r"changing\.stale"):
        waiving.waive(admin, one, seen)
    waiving.waive(admin, replace(one, amount_minor=4_000))
    with pytest.raises(UserError, match=r"waiving\.nothing_open"):
        waiving.waive(admin, one)
    canceling.cancel_enrollment(small_center.staff, line, "ends")
    with pytest.raises(UserError, match=r"waiving\.canceled"):
        waiving.waive(admin, one)
    assert checks.run() == []


def test_control_without_the_hold_a_stale_preview_is_carried_out(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = enroll(small_center)
    seen = waiving.preview(small_center.admin, PayLine(line), 3_000)
    pay(small_center, 30_000, PayLine(line, amount_minor=30_000))
    monkeypatch.setattr(changing, "hold", lambda shown, effect: None)
    assert waiving.waive(small_center.admin, Waiver(PayLine(line), 3_000, "late"), seen) != seen
