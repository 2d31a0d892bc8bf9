"""The cash drawer: opened, moved, counted; what should be in it is worked out from the rows."""

from __future__ import annotations

import json

import pytest

from app.desk import payments, refunds, till
from app.desk.payments import PaymentDraft
from app.errors import UserError
from app.store.models import Notification, Payment, Till
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
    till.open_till(small_center.staff, 0)
    state = till.current()
    assert state is not None
    assert state.expected_minor == 0


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
