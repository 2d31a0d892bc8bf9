"""The main job once more, by keyboard alone: no mouse, no method of the program called in place of a key."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app import clock
from app.store import checks
from app.store.models import (
    CourseEnrolled,
    Invoice,
    Notification,
    Payment,
    Product,
    Session,
    Slot,
    SlotEnrolled,
    Timeline,
    User,
)
from tests.support.window import Driver, driver, typed

__all__ = ["driver"]

CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


def focus(driver: Driver) -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def tab_to(driver: Driver, name: str, most: int = 60) -> QWidget:
    """Press Tab until a widget of that name has the focus."""
    for _ in range(most):
        if focus(driver).objectName() == name:
            return focus(driver)
        driver.key(Qt.Key.Key_Tab)
    raise AssertionError(f"Tab never reached {name}")


def replace(words: str) -> None:
    """Type over what stands in the focused field."""
    target = QApplication.focusWidget()
    assert target is not None
    QTest.keyClick(target, Qt.Key.Key_A, CTRL)
    QTest.keyClicks(target, words)


def test_the_whole_main_job_by_keyboard(driver: Driver) -> None:
    # 1. A new student: Ctrl+1, Ctrl+N, two fields, Ctrl+Enter; found again by a fragment.
    driver.key(Qt.Key.Key_1, CTRL)
    students = driver.window.current()
    driver.until(students.search.hasFocus)
    driver.key(Qt.Key.Key_N, CTRL)
    driver.dialog("form")
    typed("Niamh")
    driver.key(Qt.Key.Key_Tab)
    typed("O'Brien")
    tab_to(driver, "email")
    typed("niamh@mail.example")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("form")
    driver.settled()
    niamh = User.get(User.first_name == "Niamh")
    driver.key(Qt.Key.Key_1, CTRL)
    driver.until(students.search.hasFocus)
    typed("brien")
    driver.until(lambda: students.model.ids == [niamh.id])
    driver.key(Qt.Key.Key_Down)
    driver.until(students.table.hasFocus)
    # 2. Enroll and go to the payment desk: F2, Ctrl+Enter.
    driver.key(Qt.Key.Key_F2)
    driver.dialog("enroll")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("enroll")
    driver.settled()
    assert CourseEnrolled.get().student_id == niamh.id
    # 3. Sell a book with it: Ins, some letters, Enter.
    desk = driver.window.current()
    driver.until(lambda: desk.student_id == niamh.id)
    driver.key(Qt.Key.Key_Insert)
    driver.dialog("find_offer")
    stock = Product.get_by_id(driver.center.book).stock
    typed("hand")
    driver.key(Qt.Key.Key_Return)
    driver.gone("find_offer")
    driver.until(lambda: desk.to_pay.text() == "€354.00")
    # 5. Cash, exact, start, complete.
    driver.window.activateWindow()
    driver.key(Qt.Key.Key_1, ALT)
    driver.key(Qt.Key.Key_F8)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert Payment.get().status == "STARTED"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert Payment.get().status == "COMPLETED"
    assert Product.get_by_id(driver.center.book).stock == stock - 1
    # 6. The invoice on screen: O; back: Esc.
    driver.key(Qt.Key.Key_O)
    preview = driver.dialog("invoice_preview")
    assert Invoice.get().label in preview.subtitle.text()
    driver.key(Qt.Key.Key_Escape)
    driver.gone("invoice_preview")
    # 4. A session today, a seat, attendance, and the slot carried to another day.
    driver.key(Qt.Key.Key_2, CTRL)
    calendar = driver.window.current()
    today = clock.local_date("Europe/Vienna")
    driver.key(Qt.Key.Key_N, CTRL)
    form = driver.dialog("session")
    tab_to(driver, "start_date")
    replace(today.isoformat())
    driver.key(Qt.Key.Key_Tab)
    replace(today.isoformat())
    tab_to(driver, "start_time")
    replace("12:00")
    tab_to(driver, f"weekday_{today.isoweekday()}")
    driver.key(Qt.Key.Key_Space)
    assert "1 slot" in form.preview.text()
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("session")
    driver.settled()
    assert Session.select().count() == 1
    slot = Slot.get()
    driver.until(lambda: calendar.selected == slot.id)
    driver.until(lambda: any(block.hasFocus() for block in calendar.grid.blocks))
    driver.key(Qt.Key.Key_B)
    driver.dialog("find_student")
    typed("niamh")
    driver.key(Qt.Key.Key_Return)
    driver.gone("find_student")
    driver.settled()
    seat = SlotEnrolled.get()
    assert (seat.student_id, seat.status) == (niamh.id, "booked")
    driver.until(lambda: calendar.findChildren(QWidget, "seat_row"))
    tab_to(driver, "seat_row")
    driver.key(Qt.Key.Key_A)
    driver.settled()
    assert SlotEnrolled.get().status == "attended"
    assert CourseEnrolled.get().theory_done_minutes == 90
    calendar.grid.focus_slot(slot.id)
    sideways = Qt.Key.Key_Left if today.isoweekday() > 3 else Qt.Key.Key_Right
    driver.key(sideways, ALT)
    assert calendar.grid.verdict[0], calendar.problem.text()
    driver.key(Qt.Key.Key_Escape)
    assert Slot.get().on_date == today.isoformat()
    driver.key(sideways, ALT)
    driver.key(Qt.Key.Key_Return)
    driver.settled()
    moved = today + timedelta(days=-1 if sideways == Qt.Key.Key_Left else 1)
    assert Slot.get().on_date == moved.isoformat()
    assert Timeline.select().where(Timeline.key == "scheduling.slot_moved").count() == 1
    # 8. The manager's inbox: J, D.
    tab_to(driver, "actor", 120)
    driver.key(Qt.Key.Key_Space)
    choice = driver.dialog("choose_actor")
    choice.people.setFocus()
    typed("Ingrid")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("choose_actor")
    driver.key(Qt.Key.Key_4, CTRL)
    inbox = driver.window.current()
    before = Notification.select().where(Notification.done_at.is_null()).count()
    inbox.rows[0].setFocus()
    driver.key(Qt.Key.Key_J)
    chosen = inbox.selected.id
    driver.key(Qt.Key.Key_D)
    driver.settled()
    assert Notification.get_by_id(chosen).done_at is not None
    assert Notification.select().where(Notification.done_at.is_null()).count() == before - 1
    # 7. The mail page says that mails wait.
    driver.key(Qt.Key.Key_5, CTRL)
    assert "nothing is lost" in driver.window.current().banner_title.text()
    assert checks.run() == []
