"""The key of a form pressed three times, as by a hand that is not sure: each act happens once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.desk import enrollment, payments
from app.store import checks
from app.store.models import Operation
from tests.support.window import Driver, did, driver
from ui.dialogs.bill import bill
from ui.dialogs.pay_out import PayOutDialog
from ui.dialogs.promise import PromiseDialog
from ui.pages import line_acts

__all__ = ["driver"]

CTRL = Qt.KeyboardModifier.ControlModifier


def _waive(driver: Driver, line: int) -> None:
    context = driver.desk.context
    line_acts.begin("waive", context, driver.window, driver.center.student, payments.PayLine(line))


def _bill(driver: Driver, _line: int) -> None:
    bill(driver.desk.context, driver.window, driver.center.student)


def _promise(driver: Driver, _line: int) -> None:
    context, student = driver.desk.context, driver.center.student
    PromiseDialog(context, driver.window, student, None, "Ana", 33_000).open()


def _pay_out(driver: Driver, _line: int) -> None:
    PayOutDialog(driver.desk.context, driver.window, driver.center.student).open()


@pytest.mark.parametrize(
    ("begin", "name", "label", "is_ready"),
    [
        (_waive, "waive", "Waive", lambda dialog: dialog.effect is not None),
        (_bill, "bill", "Issue invoice", lambda dialog: dialog.rows),
        (_promise, "promise_form", "Note promise", lambda dialog: True),
        (_pay_out, "pay_out", "Pay out credit", lambda dialog: True),
    ],
)
def test_a_form_does_it_once(
    driver: Driver, begin: Callable[..., None], name: str, label: str, is_ready: Callable[[Any], Any]
) -> None:
    driver.desk.context.set_actor(driver.center.admin)
    line = did(driver, enrollment.enroll, enrollment.EnrollmentDraft(driver.center.student, driver.center.course))
    draft = payments.PaymentDraft("credit", driver.center.student, "card", 20_000)
    did(driver, payments.complete, did(driver, payments.start, draft))
    begin(driver, line)
    dialog = driver.dialog(name)
    if "reason" in dialog.fields:
        dialog.fields["reason"].edit.setText("hardship")
    driver.until(lambda: is_ready(dialog) and dialog.main.isEnabled())
    for _ in range(3):
        QTest.keyClick(dialog, Qt.Key.Key_Return, CTRL)
    driver.until(lambda: driver._dialog(name) is None)
    driver.settled()
    assert Operation.select().where(Operation.label == label).count() == 1
    assert checks.run() == []
