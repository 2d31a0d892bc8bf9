"""Planning anew: what has an invoice or money stays, the rest is planned to the unit, and documents follow."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app import clock
from app.desk import canceling, enrollment, invoices, payments, replan
from app.desk.changing import Paper
from app.desk.enrollment import SaleDraft, SaleItem
from app.desk.payments import PayLine
from app.errors import UserError
from app.store import checks
from app.store.models import Installment, Invoice, StudentPayment, Timeline, User
from tests.desk.test_waiving import enroll, pay, plan_of
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

UNEVEN = (("2030-03-01", 1_000), ("2030-04-01", 20_999), ("2030-04-01", 1))


def test_an_uneven_plan_after_the_first_installment_was_paid(small_center: SmallCenter) -> None:
    line = enroll(small_center, 3)
    first, second, third = payments.owed(small_center.student)
    pay(small_center, 11_000, PayLine(line, None, first.installment_id, 11_000))
    now = replan.planned(line)
    assert ([part.amount_minor for part in now.kept], now.left_minor) == ([11_000], 22_000)
    assert now.loose == (("2030-02-28", 11_000), ("2030-03-31", 11_000))
    seen = replan.preview(small_center.staff, line, UNEVEN)
    assert plan_of(line)[1:] == [(2, "2030-02-28", 11_000), (3, "2030-03-31", 11_000)], "a preview keeps nothing"
    assert replan.replan(small_center.staff, line, UNEVEN, seen) == seen
    assert [(part.amount_minor, part.fixed) for part in seen.plan] == [
        (11_000, True), (1_000, False), (20_999, False), (1, False),
    ]  # fmt: skip
    assert seen.papers == ()
    assert plan_of(line) == [(1, "2030-01-31", 11_000), *((n, *part) for n, part in enumerate(UNEVEN, start=2))]
    assert [due.installment_id for due in payments.owed(small_center.student)][:2] == [
        second.installment_id, third.installment_id,
    ], "a payment that was started for one still finds it"  # fmt: skip
    assert Timeline.select().where(Timeline.key == "replan.timeline").count() == 1
    assert checks.run() == []


def test_what_is_invoiced_in_the_middle_stays_and_the_rest_goes_around_it(small_center: SmallCenter) -> None:
    line = enroll(small_center, 3)
    middle = payments.owed(small_center.student)[1]
    invoices.bill(small_center.staff, small_center.student, [PayLine(line, None, middle.installment_id)])
    done = replan.replan(small_center.staff, line, (("2030-01-01", 21_000), ("2031-01-01", 1_000)))
    assert [(part.due_on, part.amount_minor, part.fixed) for part in done.plan] == [
        ("2030-01-01", 21_000, False), ("2030-02-28", 11_000, True), ("2031-01-01", 1_000, False),
    ]  # fmt: skip
    assert Invoice.select().count() == 1
    replan.replan(small_center.staff, line, (("2030-01-01", 22_000),))
    assert len(plan_of(line)) == 2, "what never stood on a document is gone"
    assert checks.run() == []


def test_an_enrollment_invoiced_whole_is_issued_per_plan(small_center: SmallCenter) -> None:
    line = enroll(small_center)
    (book,) = enrollment.sell(small_center.staff, SaleDraft(small_center.student, (SaleItem(small_center.book),)))
    pay(small_center, 12_400, PayLine(line, amount_minor=10_000), PayLine(None, book, amount_minor=2_400))
    plan = (("2030-01-01", 13_000), ("2030-02-01", 10_000))
    seen = replan.preview(small_center.staff, line, plan)
    assert seen.papers == (
        Paper("credit_note", "2026-000001", "Ana Satler", 35_400),
        Paper("invoice", "", "Ana Satler", 12_400, 12_400),
    )
    replan.replan(small_center.staff, line, plan, seen)
    assert [(part.amount_minor, part.paid_minor) for part in seen.plan] == [(10_000, 10_000), (13_000, 0), (10_000, 0)]
    first = Installment.get(Installment.position == 1)
    stands = [(row.installment_id, row.amount_minor) for row in StudentPayment.select() if row.direction == 1]
    assert (first.id, 10_000) in stands
    assert User.get_by_id(small_center.student).balance_minor == 23_000
    assert checks.run() == []


def test_an_unpaid_invoice_over_the_whole_is_credited_and_each_part_is_invoiced_in_turn(
    small_center: SmallCenter,
) -> None:
    line = enroll(small_center)
    invoices.bill(small_center.staff, small_center.student, [PayLine(line)])
    done = replan.replan(small_center.staff, line, (("2030-01-01", 13_000), ("2030-02-01", 20_000)))
    assert [paper.kind for paper in done.papers] == ["credit_note"]
    one = payments.owed(small_center.student)[0]
    pay(small_center, 13_000, PayLine(line, None, one.installment_id, 13_000))
    assert [row.gross_minor for row in Invoice.select().order_by(Invoice.id)] == [33_000, 33_000, 13_000]
    assert checks.run() == []


def test_what_is_refused_says_what_is_true(small_center: SmallCenter) -> None:
    line = enroll(small_center, 3)
    for parts, key in (
        ((("2030-01-01", 32_999),), r"replan\.sum"),
        ((), r"replan\.sum"),
        ((("2030-01-01", 33_001), ("2030-02-01", -1)), r"enrollment\.parts"),
        ((("2030-02-01", 13_000), ("2030-01-01", 20_000)), r"enrollment\.installments_order"),
        ((("2020-01-01", 13_000), ("2030-01-01", 20_000)), r"enrollment\.installments_past"),
        ((("soon", 33_000),), r"enrollment\.date"),
        (tuple(("2030-01-01", 550) for _ in range(61)), r"enrollment\.parts"),
        (enrollment.plan(33_000, 3, "2030-01-31"), r"replan\.same"),
    ):
        with pytest.raises(UserError, match=key):
            replan.replan(small_center.staff, line, parts)
    seen = replan.preview(small_center.staff, line, (("2030-01-01", 33_000),))
    pay(small_center, 5, PayLine(line, amount_minor=5))
    with pytest.raises(UserError, match=r"replan\.sum"):
        replan.replan(small_center.staff, line, (("2030-01-01", 33_000),), seen)
    pay(small_center, 32_995, PayLine(line, amount_minor=32_995), key="k2")
    with pytest.raises(UserError, match=r"replan\.nothing_left"):
        replan.planned(line)
    canceling.cancel_enrollment(small_center.staff, line, "ends")
    with pytest.raises(UserError, match=r"replan\.canceled"):
        replan.planned(line)
    assert checks.run() == []


@pytest.mark.parametrize(("moved", "at"), [(0, None), (1, 0)])
def test_what_is_overdue_keeps_its_day_and_no_other_day_has_passed(
    small_center: SmallCenter, moved: int, at: int | None
) -> None:
    """Late since 31 January is not made good by a change of what is due in March."""
    line = enroll(small_center, 3)
    (late, first), (_soon, second), (_then, third) = replan.planned(line).loose
    parts = ((late[:-1] + str(1 - moved), first), ("2030-03-01", second), ("2030-03-02", third))
    assert [day for day, _amount in parts] == [["2030-01-31", "2030-01-30"][moved], "2030-03-01", "2030-03-02"]
    with clock.frozen(datetime(2030, 2, 15, 12, tzinfo=UTC)):
        if at is None:
            assert [part.due_on for part in replan.replan(small_center.staff, line, parts).plan] == [
                day for day, _amount in parts
            ]
        else:
            with pytest.raises(UserError) as refused:
                replan.replan(small_center.staff, line, parts)
            assert (refused.value.key, refused.value.field) == ("enrollment.installments_past", "installments")
            assert refused.value.params == {"due": parts[at][0], "today": "2030-02-15", "at": at}
    assert checks.run() == []
