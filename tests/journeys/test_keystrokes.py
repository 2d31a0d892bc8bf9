"""From a known student to the receipt in few keys: every key that is pressed is counted, a chord as one."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.desk import enrollment
from app.store.models import Payment, User
from tests.support.window import Driver, did, driver, typed

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
#: The bound, from the first key of the search to the receipt on the screen.
MOST = 16


class Hand:
    """Presses keys where the focus is, and counts them."""

    def __init__(self, driver: Driver) -> None:
        self._driver, self.keys = driver, 0

    def press(self, key: Qt.Key, modifiers: Any = Qt.KeyboardModifier.NoModifier) -> None:
        self._driver.key(key, modifiers)
        self.keys += 1

    def type(self, letters: str) -> None:
        typed(letters)
        self.keys += len(letters)


@pytest.mark.parametrize("method", ["cash", "card"])
def test_from_search_to_receipt_in_at_most_sixteen_keys(driver: Driver, method: str) -> None:
    student = User.get_by_id(driver.center.student)
    draft = enrollment.EnrollmentDraft(student.id, driver.center.course)
    did(driver, enrollment.enroll, draft)
    hand = Hand(driver)
    hand.press(Qt.Key.Key_K, CTRL)
    driver.until(driver.window.command.hasFocus)
    hand.type(student.last_name[:4].lower())
    hand.press(Qt.Key.Key_F4)
    desk = driver.window.current()
    driver.until(lambda: getattr(desk, "student_id", None) == student.id and desk.to_pay.text() != "€0.00")
    owed = desk.to_pay.text()
    if method == "cash":
        hand.press(Qt.Key.Key_1, ALT)
        hand.press(Qt.Key.Key_F8)
    else:
        hand.press(Qt.Key.Key_2, ALT)
    hand.press(Qt.Key.Key_Return, CTRL)
    driver.settled()
    hand.press(Qt.Key.Key_Return, CTRL)
    driver.settled()
    paid = Payment.get()
    assert (paid.student_id, paid.method, paid.status) == (student.id, method, "COMPLETED")
    assert f"€{paid.amount_minor / 100:.2f}" == owed
    hand.press(Qt.Key.Key_R)
    assert paid.number in driver.dialog("receipt_preview").subtitle.text()
    assert hand.keys <= MOST


def test_a_key_beside_a_name_is_for_that_person(driver: Driver) -> None:
    """Not for who is selected on the page below, however fast it is pressed."""
    c = driver.center
    named = User.get_by_id(c.student)
    driver.page("students").select(c.other_student)
    driver.key(Qt.Key.Key_K, CTRL)
    driver.until(driver.window.command.hasFocus)
    typed(named.last_name.lower())
    driver.key(Qt.Key.Key_F4)
    driver.until(lambda: driver.window.current_key() == "payments")
    assert driver.window.current().student_id == named.id
    driver.page("students").select(c.other_student)
    driver.key(Qt.Key.Key_K, CTRL)
    driver.until(driver.window.command.hasFocus)
    typed(named.last_name.lower())
    driver.until(lambda: driver.desk.commands.rows and driver.desk.commands.isVisible())
    driver.key(Qt.Key.Key_F2)
    assert driver.dialog("enroll").student_id == named.id
