"""A seat for the person in front of the desk, from the roster and from the command bar."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app import clock
from app.desk import enrollment, scheduling, seats
from app.lists import bookable
from app.store import checks
from app.store.models import Slot, SlotEnrolled, User
from tests.support.window import Driver, did, driver, said, typed

__all__ = ["driver"]

CTRL = Qt.KeyboardModifier.ControlModifier


def plan(driver: Driver, name: str, days: int, capacity: int = 2, **more: Any) -> int:
    """A session with one slot so many days from now; returns the slot."""
    day = (clock.local_date("Europe/Vienna") + timedelta(days=days)).isoformat()
    draft = scheduling.SessionDraft(
        course_id=driver.center.course, name=name, start_date=day, end_date=day, recurrence="picked_dates",
        picked_dates=(day,), start_time="12:00", duration_minutes=50, capacity=capacity, **more,
    )  # fmt: skip
    session = did(driver, scheduling.plan_session, draft)
    return int(Slot.get(Slot.session_id == session).id)


@pytest.fixture
def roster(driver: Driver) -> Any:
    page = driver.page("students")
    page.select(driver.center.student)
    page.table.setFocus()
    return page


def test_by_keyboard_from_the_roster(driver: Driver, roster: Any) -> None:
    plan(driver, "Evening", 3)
    monday = plan(driver, "Monday round", 2)
    driver.key(Qt.Key.Key_B)
    dialog = driver.dialog("book_slot")
    assert "Ana Satler" in said(dialog)
    assert [row.title for row in dialog._slots.values()] == ["Monday round", "Evening"]
    typed("round")
    driver.key(Qt.Key.Key_Return)
    driver.gone("book_slot")
    driver.settled()
    seat = SlotEnrolled.get()
    assert (seat.slot_id, seat.student_id, seat.status) == (monday, driver.center.student, "booked")
    driver.key(Qt.Key.Key_B)
    assert [row.title for row in driver.dialog("book_slot")._slots.values()] == ["Evening"]
    driver.key(Qt.Key.Key_Escape)
    driver.gone("book_slot")
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.dialog("take_back").main_action()
    driver.gone("take_back")
    driver.settled()
    assert Slot.get_by_id(monday).seats_taken == 0
    assert checks.run() == []


def test_from_the_command_bar_onto_the_waiting_list(driver: Driver) -> None:
    c = driver.center
    slot = plan(driver, "Full", 1, capacity=1)
    did(driver, seats.book, slot, c.other_student)
    driver.key(Qt.Key.Key_K, CTRL)
    driver.until(driver.window.command.hasFocus)
    typed("book satler")
    driver.until(lambda: driver.desk.commands.isVisible() and driver.desk.commands.rows)
    assert driver.desk.commands.rows[0].result.title == "Book a slot for Ana Satler"
    driver.key(Qt.Key.Key_Return)
    driver.dialog("book_slot")
    driver.key(Qt.Key.Key_Return)
    question = driver.dialog("question")
    assert "is full: 1 of 1 seats are taken." in said(question)
    driver.click(question, "put_on_the_waiting_list")
    driver.gone("book_slot")
    driver.settled()
    assert SlotEnrolled.get(SlotEnrolled.student_id == c.student).status == "waiting"
    assert checks.run() == []


def test_what_stands_in_the_way_is_said_and_the_list_stays(driver: Driver, roster: Any) -> None:
    c = driver.center
    first = plan(driver, "One", 1)
    did(driver, seats.book, first, c.student)
    plan(driver, "Same time", 1)
    driver.key(Qt.Key.Key_B)
    dialog = driver.dialog("book_slot")
    driver.key(Qt.Key.Key_Return)
    driver.settled()
    assert dialog.problem.text().startswith("Ana Satler has One at that time")
    typed("nothing like it")
    assert "No coming slot is called “nothing like it”." in said(dialog)
    assert not dialog.main.isEnabled()
    driver.key(Qt.Key.Key_Return)
    driver.settled()
    assert SlotEnrolled.select().count() == 1


def test_own_courses_come_first_and_only_what_can_be_booked(driver: Driver) -> None:
    c = driver.center
    did(driver, enrollment.enroll, enrollment.EnrollmentDraft(c.other_student, c.course))
    early, late = plan(driver, "Early", 1), plan(driver, "Late", 4)
    did(driver, scheduling.cancel_slot, plan(driver, "Canceled", 2), "snow")
    did(driver, seats.hold, early, c.student)
    found = bookable.slots(c.other_student)
    assert [(row.id, row.taken, row.free, row.own) for row in found] == [(early, 1, 1, True), (late, 0, 2, True)]
    assert [row.own for row in bookable.slots(c.student)] == [False, False], "a hold of one's own can be booked"
    with clock.frozen(clock.now() + timedelta(hours=1)):
        assert [row.taken for row in bookable.slots(c.other_student)] == [0, 0], "a hold that ran out is no seat"
    with clock.frozen(clock.now() + timedelta(days=3)):
        assert [row.id for row in bookable.slots(c.other_student)] == [late]
    assert User.get_by_id(c.student).status == "active"


def test_two_quick_keys_book_one_seat(driver: Driver, roster: Any) -> None:
    plan(driver, "Evening", 3)
    driver.key(Qt.Key.Key_B)
    dialog = driver.dialog("book_slot")
    dialog.table.setFocus()
    slow = threading.Event()
    driver.desk.context.run(lambda _actor: slow.wait(20))
    driver.key(Qt.Key.Key_Return)
    driver.key(Qt.Key.Key_Return)
    asked = [call for call in driver.desk.context.calls if call.job._function is seats.book]
    assert len(asked) == 1, "the second key is on its way to the same seat"
    slow.set()
    driver.gone("book_slot")
    driver.settled()
    assert SlotEnrolled.select().count() == 1
