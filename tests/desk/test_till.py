"""The cash drawer: opened, moved, counted; what should be in it is worked out from the rows."""

from __future__ import annotations

import json

import pytest
from peewee import fn

from app import text
from app.desk import enrollment, payments, refunds, till, undo
from app.desk.enrollment import EnrollmentDraft
from app.desk.payments import PaymentDraft
from app.errors import UserError
from app.store import checks
from app.store.models import Notification, Operation, Payment, Till
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def pay(center: SmallCenter, key: str, method: str, amount: int) -> int:
    made = payments.start(center.staff, PaymentDraft(key, center.student, method, amount))
    payments.complete(center.staff, made)
    return made


def test_a_day_at_the_till(small_center: SmallCenter) -> None:
    staff = small_center.staff
    assert till.current() is None
    opened = till.open_till(staff, 10000)
    cash = pay(small_center, "k1", "cash", 5000)
    card = pay(small_center, "k2", "card", 7000)
    till.move(staff, "paid_in", 300, "coins from the bank")
    till.move(staff, "paid_out", 1200, "stamps")
    refunds.refund(staff, cash, 2000, "too much", "k3")
    state = till.current()
    assert state is not None
    assert (state.name, state.opened_by_name) == ("Till 1", "Marta Kowalczyk")
    assert (state.cash_in_minor, state.refunds_minor) == (5000, 2000)
    assert (state.paid_in_minor, state.paid_out_minor) == (300, 1200)
    assert state.expected_minor == 10000 + 5000 - 2000 + 300 - 1200
    assert Payment.get_by_id(card).till_id is None
    till.close_till(staff, 12000)
    row = Till.get_by_id(opened)
    assert (row.status, row.counted_minor, row.expected_minor) == ("closed", 12000, 12100)
    told = Notification.get(Notification.key == "till.closed_difference")
    assert json.loads(told.params)["difference"] == -100
    assert till.current() is None


def test_cash_is_taken_without_a_till_too(small_center: SmallCenter) -> None:
    assert Payment.get_by_id(pay(small_center, "k1", "cash", 500)).till_id is None
    assert till.missed_cash() is None, "no till was ever counted: there is nothing to compare with"
    till.open_till(small_center.staff, 0)
    state = till.current()
    assert state is not None
    assert state.expected_minor == 0
    assert not Notification.select().where(Notification.key == "till.opened_after_cash").exists()


def test_cash_while_the_till_was_closed_is_told_when_it_is_opened(small_center: SmallCenter) -> None:
    """In the sentence before, to be counted into the float, and in the inbox; by the rows, not by what is typed."""
    staff = small_center.staff
    till.open_till(staff, 1000)
    pay(small_center, "k1", "cash", 500)
    till.close_till(staff, 1500)
    assert (till.missed_cash(), till.closed_since()) == (None, Till.get_by_id(1).closed_at)
    cash = pay(small_center, "k2", "cash", 24000)
    pay(small_center, "k3", "card", 7000)
    refunds.refund(staff, cash, 1000, "too much", "r1")
    assert till.missed_cash() == till.Missed(24000, 1000)
    till.open_till(staff, 24500)
    assert (till.missed_cash(), till.closed_since()) == (None, None)
    told = Notification.get(Notification.key == "till.opened_after_cash")
    assert text.sentence(told.key, json.loads(told.params)) == (
        "Till 1 was opened with €245.00. While it was closed €240.00 were taken in cash and €10.00 given back;"
        " they are in no cash-up, and belong in the float."
    )
    pay(small_center, "k4", "cash", 300)
    state = till.current()
    assert state is not None and state.expected_minor == 24800
    till.close_till(staff, 24800)
    till.open_till(staff, 0)
    assert Notification.select().where(Notification.key == "till.opened_after_cash").count() == 1, "told once"
    assert checks.run() == []


def test_a_till_gives_no_cash_back_that_it_does_not_hold(small_center: SmallCenter) -> None:
    """By whichever way money goes back, and nothing is written where it cannot."""
    center, staff = small_center, small_center.staff
    till.open_till(staff, 0)
    cash = pay(center, "k1", "cash", 5000)
    completed = Operation.select(fn.MAX(Operation.id)).scalar()
    card = pay(center, "k2", "card", 7000)
    second = pay(center, "k3", "cash", 3000)
    till.move(staff, "paid_out", 4000, "to the bank")
    before = Payment.select().count()
    for give in (
        lambda: refunds.refund(staff, cash, 4001, "asked", "r"),
        lambda: refunds.pay_out(staff, center.student, 5000 + 7000 + 1, "asked", "r"),
        lambda: undo.undo(staff, completed),
    ):
        with pytest.raises(UserError, match=r"till\.not_enough_to_give") as refused:
            give()
        assert "Till 1 should hold €40.00, so €" in text.sentence(refused.value)
        assert refused.value.field == "amount"
    obstacle = undo.preview(staff, completed).obstacle
    assert obstacle is not None and obstacle.key == "till.not_enough_to_give"
    assert Payment.select().count() == before
    refunds.refund(staff, card, 7000, "not out of the till", "r1")
    refunds.refund(staff, second, 3000, "asked", "r2")
    refunds.refund(staff, cash, 1000, "asked", "r3")
    state = till.current()
    assert state is not None and state.expected_minor == 0
    till.move(staff, "paid_in", 4000, "from the bank")
    refunds.pay_out(staff, center.student, 4000, "asked", "r4")
    assert checks.run() == []


def test_a_split_is_not_given_back_in_part(small_center: SmallCenter) -> None:
    """Two parts in cash that the till holds only one of: neither goes back, and the sentence names their sum."""
    center, staff = small_center, small_center.staff
    till.open_till(staff, 0)
    line = enrollment.enroll(staff, EnrollmentDraft(center.student, center.course))
    lines = (payments.PayLine(enrollment_id=line, amount_minor=33000),)
    for key, amount in (("k1", 13000), ("k2", 20000)):
        part = PaymentDraft(key, center.student, "cash", amount, lines, tender_group="g", split_minor=33000)
        payments.complete(staff, payments.start(staff, part))
    till.move(staff, "paid_out", 8000, "to the bank")
    with pytest.raises(UserError) as refused:
        refunds.refund_split(staff, center.student, "g", "asked")
    assert refused.value.params == {"name": "Till 1", "there": 25000, "amount": 33000}
    assert not Payment.select().where(Payment.payment_type == "refund").exists()
    till.move(staff, "paid_in", 8000, "from the bank")
    assert len(refunds.refund_split(staff, center.student, "g", "asked")) == 2
    assert refunds.refund_split(staff, center.student, "g", "asked") == (), "nothing is left, and nothing refused"


def test_what_a_till_refuses(small_center: SmallCenter) -> None:
    staff = small_center.staff
    for call in (lambda: till.close_till(staff, 1), lambda: till.move(staff, "paid_in", 1, "x")):
        with pytest.raises(UserError, match=r"till\.not_open"):
            call()
    with pytest.raises(UserError, match=r"till\.amount"):
        till.open_till(staff, -1)
    till.open_till(staff, 500)
    with pytest.raises(UserError, match=r"till\.already_open"):
        till.open_till(staff, 500, "Till 2")
    for kind, amount, reason, key in (
        ("paid_out", 501, "x", "till.not_enough"),
        ("paid_in", 0, "x", "till.amount"),
        ("borrowed", 1, "x", "till.kind"),
        ("paid_in", 1, " ", "text.required"),
    ):
        with pytest.raises(UserError, match=key):
            till.move(staff, kind, amount, reason)
    with pytest.raises(UserError, match=r"till\.amount"):
        till.close_till(staff, -1)
    state = till.current()
    assert state is not None
    assert state.expected_minor == 500
