"""One payment by several means: parts are payments of their own, and together they pay the whole once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.desk import enrollment, invoices, payments, refunds, split
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.errors import UserError
from app.store import checks
from app.store.models import Invoice, Operation, Payment, Product, ProductEnrolled, StudentPayment, User
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

Part = Callable[..., int]


@pytest.fixture
def part(small_center: SmallCenter) -> Part:
    """Start a part of one payment over a course (330.00) and two books (24.00 each)."""
    draft = EnrollmentDraft(small_center.student, small_center.course, send_mail=False)
    line = enrollment.enroll(small_center.staff, draft)
    whole = PaymentDraft(
        "", small_center.student, "card", 1, (PayLine(line, amount_minor=33000),),
        (SaleItem(small_center.book), SaleItem(small_center.book)), tender_group="g", split_minor=37800,
    )  # fmt: skip

    def start(key: str, method: str, amount: int, **more: Any) -> int:
        made = replace(whole, request_key=key, method=method, amount_minor=amount, **more)
        return payments.start(small_center.staff, made)

    return start


def used() -> list[tuple[str, int | None, int | None, int]]:
    rows = StudentPayment.select().order_by(StudentPayment.id)
    return [(row.method, row.enrollment_id, row.product_enrolled_id, row.amount_minor) for row in rows]


def test_lines_are_put_to_use_in_their_order_across_the_parts(small_center: SmallCenter, part: Part) -> None:
    first = part("k1", "card", 34000)
    assert Payment.get_by_id(first).payment_type == "mixed"
    one = payments.complete(small_center.staff, first)
    assert used() == [("card", 1, None, 33000), ("card", None, 1, 1000)]
    assert User.get_by_id(small_center.student).balance_minor == 1400
    two = payments.complete(small_center.staff, part("k2", "cash", 3800, given_minor=4000))
    assert used()[2:] == [("cash", None, 1, 1400), ("cash", None, 2, 2400)]
    assert (one.change_minor, two.change_minor, one.credit_minor, two.credit_minor) == (0, 200, 0, 0)
    assert User.get_by_id(small_center.student).balance_minor == 0
    assert Product.get_by_id(small_center.book).stock == 1
    assert [Invoice.get_by_id(number).gross_minor for number in (*one.invoice_ids, *two.invoice_ids)] == [35400, 2400]
    assert invoices.open_minor(one.invoice_ids[0]) == 0
    found = split.parts(small_center.student, "g")
    assert [(p.method, p.status, p.amount_minor, p.change_minor) for p in found] == [
        ("card", "COMPLETED", 34000, 0), ("cash", "COMPLETED", 3800, 200),
    ]  # fmt: skip
    assert checks.run() == []


def test_what_a_part_leaves_when_it_fails_another_means_takes(small_center: SmallCenter, part: Part) -> None:
    card = part("k1", "card", 34000)
    cash = part("k2", "cash", 3800)
    payments.fail(small_center.staff, card, "refused")
    payments.complete(small_center.staff, cash)
    assert used() == [("cash", None, 1, 1400), ("cash", None, 2, 2400)], "its own share stands"
    payments.complete(small_center.staff, part("k3", "check", 34000))
    assert used()[2:] == [("check", 1, None, 33000), ("check", None, 1, 1000)]
    assert ProductEnrolled.select().count() == 2, "a thing is sold once, by whichever part comes first"
    assert User.get_by_id(small_center.student).balance_minor == 0
    assert refunds.student_credit_minor(small_center.student) == 0
    assert checks.run() == []


def test_parts_may_wait_and_be_completed_in_any_order(small_center: SmallCenter, part: Part) -> None:
    transfer = part("k1", "transfer", 35000)
    cash = part("k2", "cash", 2800)
    payments.complete(small_center.staff, cash)
    assert [row.payment_id for row in payments.started()] == [transfer]
    assert payments.complete(small_center.staff, transfer).credit_minor == 0
    assert ProductEnrolled.select().count() == 2
    assert User.get_by_id(small_center.student).balance_minor == 0
    assert checks.run() == []


def test_a_double_click_makes_no_second_part(small_center: SmallCenter, part: Part) -> None:
    first = part("k1", "card", 20000)
    assert part("k1", "card", 20000) == first
    payments.complete(small_center.staff, first)
    assert part("k1", "card", 20000) == first
    with pytest.raises(UserError, match=r"payments\.key_reused"):
        part("k1", "cash", 20000)
    assert Payment.select().count() == 1


def test_parts_never_come_to_more_than_the_whole(small_center: SmallCenter, part: Part) -> None:
    part("k1", "card", 20000)
    with pytest.raises(UserError, match=r"payments\.split_above") as refused:
        part("k2", "cash", 17801)
    assert (refused.value.field, refused.value.params["left"]) == ("amount", 17800)
    failed = part("k3", "card", 17800)
    payments.fail(small_center.staff, failed, "refused")
    part("k4", "cash", 17800)
    with pytest.raises(UserError, match=r"payments\.split_above"):
        part("k5", "cash", 1)


@pytest.mark.parametrize("other", [{"lines": ()}, {"sales": ()}, {"split_minor": 40000}])
def test_the_whole_is_agreed_with_the_first_part(part: Part, other: dict[str, Any]) -> None:
    part("k1", "card", 20000)
    with pytest.raises(UserError, match=r"payments\.split_changed"):
        part("k2", "cash", 100, **other)
    assert Payment.select().count() == 1


def test_the_price_of_a_sale_is_agreed_once_and_a_sold_one_needs_no_stock(
    small_center: SmallCenter, part: Part
) -> None:
    payments.complete(small_center.staff, part("k1", "card", 37000))
    enrollment.sell(small_center.staff, SaleDraft(small_center.other_student, (SaleItem(small_center.book),)))
    assert Product.get_by_id(small_center.book).stock == 0
    payments.complete(small_center.staff, part("k2", "cash", 800))
    assert User.get_by_id(small_center.student).balance_minor == 0


def test_what_ran_out_meanwhile_is_credit_of_each_part(small_center: SmallCenter, part: Part) -> None:
    first, second = part("k1", "card", 34000), part("k2", "cash", 3800)
    enrollment.sell(small_center.staff, SaleDraft(small_center.other_student, (SaleItem(small_center.book, 3),)))
    one, two = (payments.complete(small_center.staff, made) for made in (first, second))
    assert (one.credit_minor, len(one.unsold), two.credit_minor, len(two.unsold)) == (1000, 1, 3800, 2)
    assert User.get_by_id(small_center.student).balance_minor == -4800
    assert checks.run() == []


def test_a_started_part_knows_its_whole(small_center: SmallCenter, part: Part) -> None:
    """What a crash left is taken up again out of the file alone."""
    payments.complete(small_center.staff, part("k1", "card", 30000))
    waits = part("k2", "cash", 5000, given_minor=6000)
    found = payments.whole_of(waits)
    assert found is not None
    draft, parts = found
    assert (draft.split_minor, draft.given_minor, len(draft.lines), len(draft.sales)) == (37800, 6000, 1, 2)
    assert [one.status for one in parts] == ["COMPLETED", "STARTED"]
    payments.complete(small_center.staff, waits)
    rest = replace(draft, request_key="k3", method="card", amount_minor=2800, given_minor=None)
    payments.complete(small_center.staff, payments.start(small_center.staff, rest))
    assert User.get_by_id(small_center.student).balance_minor == 0
    single = payments.start(small_center.staff, PaymentDraft("k9", small_center.student, "card", 100))
    assert payments.whole_of(single) is None


def test_all_parts_are_given_back_by_the_means_they_came(small_center: SmallCenter, part: Part) -> None:
    done = [part("k1", "card", 30000), part("k2", "cash", 7000)]
    for made in done:
        payments.complete(small_center.staff, made)
    refunds.refund(small_center.staff, done[1], 1000, "too much", "r1")
    waits = part("k3", "check", 800)
    operations = Operation.select().count()
    given = refunds.refund_split(small_center.staff, small_center.student, "g", "wrong person")
    assert Operation.select().count() == operations + 1
    rows = [(row.refund_of, row.method, row.amount_minor) for row in map(Payment.get_by_id, given)]
    assert rows == [(done[0], "card", 30000), (done[1], "cash", 6000)]
    assert refunds.refund_split(small_center.staff, small_center.student, "g", "again") == ()
    assert Payment.get_by_id(waits).status == "STARTED"
    assert checks.run() == []


def test_control_without_the_memory_of_what_was_sold_it_is_sold_twice_and_the_rule_speaks(
    small_center: SmallCenter, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split, "begun", lambda *_: {})
    for key, amount in (("k1", 34000), ("k2", 3800)):
        payments.complete(small_center.staff, part(key, "card", amount))
    assert ProductEnrolled.select().count() == 3
    assert {broken.rule for broken in checks.run()} == {"money.tender_group"}
