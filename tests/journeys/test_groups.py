"""Groups and free seats through the real window: enrolling into a group, offering a seat from the inbox."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from app import clock
from app.desk import scheduling, seats
from app.store import checks
from app.store.models import Notification, SlotEnrolled
from tests.support.window import Driver, did, driver

__all__ = ["driver"]

CTRL = Qt.KeyboardModifier.ControlModifier


def group(driver: Driver, name: str, capacity: int, *days_ahead: int) -> int:
    """Plan a group on some coming days; returns the session."""
    days = tuple((clock.now() + timedelta(days=ahead)).date().isoformat() for ahead in days_ahead)
    draft = scheduling.SessionDraft(
        course_id=driver.center.course, name=name, recurrence="picked_dates", picked_dates=days, start_time="17:30",
        duration_minutes=90, capacity=capacity, session_type="group",
    )  # fmt: skip
    return int(did(driver, scheduling.plan_session, draft))


def test_joining_a_group_shows_its_seats_and_takes_one_in_every_meeting(driver: Driver) -> None:
    center = driver.center
    group(driver, "Group 7", 2, 7, 9, 14)
    page = driver.page("students")
    page.select(center.student)
    driver.key(Qt.Key.Key_F2)
    form = driver.dialog("enroll")
    form.course.setFocus()
    driver.key(Qt.Key.Key_Down)
    assert "Group 7" in form.course.currentText()
    assert form.seats_count.text().startswith("1 of 2")
    assert form.squares.kinds == ("own", "free")
    form.grab()
    driver.key(Qt.Key.Key_S, CTRL)
    driver.gone("enroll")
    driver.settled()
    assert SlotEnrolled.select().where(SlotEnrolled.student_id == center.student).count() == 3


def test_a_free_seat_is_offered_from_the_inbox(driver: Driver) -> None:
    center = driver.center
    slot = scheduling.slots_of(group(driver, "First aid", 1, 3))[0].id
    seat = did(driver, seats.book, slot, center.student)
    did(driver, seats.wait, slot, center.other_student)
    did(driver, seats.cancel_seat, seat)
    driver.desk.context.set_actor(center.admin)
    page = driver.page("inbox")
    driver.until(lambda: page.rows)
    assert page.selected.key == "seats.freed"
    page.rows[0].setFocus()
    page.grab()
    driver.key(Qt.Key.Key_O)
    driver.settled()
    held = SlotEnrolled.get(SlotEnrolled.student_id == center.other_student)
    assert held.status == "held"
    driver.until(lambda: any("Held for Łukasz" in said.text() for said in page.seat_offer.findChildren(QLabel)))
    driver.key(Qt.Key.Key_D)
    driver.settled()
    assert Notification.get(Notification.key == "seats.freed").done_at is not None
    assert checks.run() == []
