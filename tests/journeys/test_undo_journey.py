"""Taking back what was done, through the real window: by keyboard where one stands, and by mouse from the history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app import clock
from app.desk import enrollment, people, scheduling
from app.store import checks
from app.store.models import CourseEnrolled, Operation, Slot, SlotEnrolled, User
from tests.support.window import Driver, did, driver, said, typed
from ui.theme import theme

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def group(driver: Driver) -> int:
    """A coming slot with one seat."""
    day = (clock.now() + timedelta(days=2)).date().isoformat()
    draft = scheduling.SessionDraft(
        course_id=driver.center.course, name="Theory", recurrence="picked_dates", picked_dates=(day,),
        start_time="17:30", capacity=1,
    )  # fmt: skip
    return int(Slot.get(Slot.session_id == did(driver, scheduling.plan_session, draft)).id)


def test_a_seat_is_booked_and_taken_back_by_keyboard(driver: Driver) -> None:
    slot = group(driver)
    driver.key(Qt.Key.Key_2, CTRL)
    calendar = driver.window.current()
    calendar.show_record("slots", slot)
    driver.key(Qt.Key.Key_B)
    driver.dialog("find_student")
    typed("satler")
    driver.key(Qt.Key.Key_Return)
    driver.gone("find_student")
    driver.settled()
    assert SlotEnrolled.get().status == "booked"
    assert driver.window.notice_label.text() == "Booked. Ctrl+Z takes it back."
    driver.key(Qt.Key.Key_Z, CTRL)
    dialog = driver.dialog("take_back")
    words = said(dialog)
    assert "Seat booked" in words
    assert "Goes again" in words
    assert "Seat: Ana Satler, Theory" in words
    assert SlotEnrolled.select().count() == 1, "nothing has happened yet"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("take_back")
    driver.settled()
    assert SlotEnrolled.select().count() == 0
    assert Slot.get_by_id(slot).seats_taken == 0
    undone = Operation.select().order_by(Operation.id.desc()).first()
    assert Operation.get_by_id(undone.undo_of).label == "Book seat"
    assert checks.run() == []


def test_escape_leaves_everything_as_it_is_and_a_text_field_keeps_its_own_undo(driver: Driver) -> None:
    did(driver, people.add_note, driver.center.student, "a note")
    operations = Operation.select().count()
    page = driver.page("calendar")
    page.grid.setFocus()
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.dialog("take_back")
    driver.key(Qt.Key.Key_Escape)
    driver.gone("take_back")
    students = driver.page("students")
    students.search.setFocus()
    typed("abc")
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.settled()
    assert driver._dialog("take_back") is None
    assert students.search.text() != "abc"
    assert Operation.select().count() == operations


def test_in_a_field_where_nothing_was_typed_since_the_key_means_the_work_just_done(driver: Driver) -> None:
    """The focus of the roster rests in its search field: what is said below the list has to be true there."""
    students = driver.page("students")
    driver.until(students.search.hasFocus)
    typed("vera")
    driver.key(Qt.Key.Key_N, CTRL)
    driver.dialog("form")
    typed("Vera")
    driver.key(Qt.Key.Key_Tab)
    typed("Probst")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("form")
    driver.settled()
    assert QApplication.focusWidget() is students.search
    assert driver.window.notice_label.text().endswith("Ctrl+Z takes it back.")
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.dialog("take_back")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("take_back")
    driver.settled()
    assert not User.select().where(User.last_name == "Probst").exists()
    students.search.setFocus()
    driver.key(Qt.Key.Key_A, CTRL)
    typed("sat")
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.settled()
    assert driver._dialog("take_back") is None, "typed since: the key is the field's"
    assert students.search.text() != "sat"


def test_words_that_stay_in_a_field_are_not_what_the_key_takes_back_after_other_work(driver: Driver) -> None:
    students = driver.page("students")
    driver.until(students.search.hasFocus)
    typed("satler")
    students.search.setSelection(4, -3)
    did(driver, people.add_note, driver.center.student, "a note")
    assert (students.search.text(), students.search.selectedText(), students.search.cursorPosition()) == (
        "satler", "atl", 1,
    )  # fmt: skip
    driver.key(Qt.Key.Key_Z, CTRL)
    assert "Note" in said(driver.dialog("take_back"))
    driver.key(Qt.Key.Key_Escape)
    driver.gone("take_back")
    assert students.search.text() == "satler"


def test_a_field_of_the_settings_lets_the_key_through_after_it_was_saved(driver: Driver) -> None:
    driver.desk.context.set_actor(driver.center.admin)
    page = driver.page("settings")
    field = next(iter(page.center_fields.values())).edit
    field.setFocus()
    driver.key(Qt.Key.Key_A, CTRL)
    typed("Brueckenhaus")
    page.save_center.click()
    driver.settled()
    field.setFocus()
    assert driver.window.notice_label.text().endswith("Ctrl+Z takes it back.")
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.dialog("take_back")
    driver.key(Qt.Key.Key_Escape)
    driver.gone("take_back")
    assert field.text() == "Brueckenhaus"


def test_nothing_to_take_back_is_said(driver: Driver) -> None:
    driver.page("calendar").grid.setFocus()
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.settled()
    assert driver.window.notice_label.text() == "Nothing of yours at this desk can be taken back."


def test_at_the_payment_desk_the_key_means_the_payment_once_there_is_one(driver: Driver) -> None:
    """Who enrolled the wrong course notices it at the payment desk, where enrolling leads: the key works there."""
    driver.page("students").select(driver.center.student)
    driver.key(Qt.Key.Key_F2)
    driver.dialog("enroll")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("enroll")
    driver.settled()
    page = driver.window.current()
    assert driver.window.current_key() == "payments"
    assert driver.window.notice_label.text() == "Enrolled. Ctrl+Z takes it back."
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.dialog("take_back")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("take_back")
    driver.settled()
    assert CourseEnrolled.get().status == "canceled"
    assert (page.rows, page.owed.total_minor()) == ([], 0), "what was taken back is not asked for"
    did(driver, enrollment.enroll, enrollment.EnrollmentDraft(driver.center.student, driver.center.course))
    assert len(page.rows) == 1
    page.exact()
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: page.payment_id is not None)
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.settled()
    assert driver._dialog("take_back") is None, "a started payment is answered, not taken back"
    assert "complete it, or say that it failed" in driver.window.notice_label.text()
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: page.completed is not None)
    driver.key(Qt.Key.Key_Z, CTRL)
    assert "Reverse this payment" in said(driver.dialog("question"))
    driver.key(Qt.Key.Key_Escape)
    driver.gone("question")


def test_a_draft_somebody_works_at_loses_only_the_line_that_was_taken_back(driver: Driver) -> None:
    driver.page("students").select(driver.center.student)
    driver.key(Qt.Key.Key_F2)
    driver.dialog("enroll")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("enroll")
    driver.settled()
    page = driver.window.current()
    driver.click(page, "highway_code_24_00")
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.dialog("take_back")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("take_back")
    driver.settled()
    assert [row.title for row in page.rows] == ["Highway Code handbook"]
    assert page.owed.total_minor() == 2400


def test_the_payment_desk_lets_go_of_whoever_was_taken_back(driver: Driver) -> None:
    row = did(driver, people.add_student, people.StudentDraft("Vera", "Probst"))
    page = driver.page("payments")
    driver.dialog("find_student")
    driver.key(Qt.Key.Key_Escape)
    driver.gone("find_student")
    page.new_draft(int(row))
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.dialog("take_back")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("take_back")
    driver.settled()
    assert page.student_id is None
    assert not page.main.isEnabled()


def edit(driver: Driver, last_name: str) -> None:
    row = User.get_by_id(driver.center.student)
    draft = people.StudentDraft("Ana", last_name, row.email, row.phone, row.date_of_birth)
    did(driver, people.edit_student, row.id, row.version, draft)


def history(driver: Driver) -> Any:
    """The history by mouse."""
    page = driver.page("settings")
    driver.click(page, "settings_part_history")
    driver.settled()
    driver.until(lambda: page.history.model.ids)
    return page.history


def test_an_edit_is_taken_back_from_the_history_by_mouse(driver: Driver) -> None:
    edit(driver, "Maier")
    did(driver, people.add_note, driver.center.student, "a later note")
    found = history(driver)
    driver.type(found, "history_filter", "student changed")
    driver.until(lambda: len(found.model.ids) == 1)
    driver.until(lambda: "Person: Ana Maier" in said(found))
    assert "Satler → Maier" in said(found)
    driver.click(found, "take_back_chosen")
    dialog = driver.dialog("take_back")
    assert "Is as before" in said(dialog)
    driver.click(dialog, "take_back_now")
    driver.gone("take_back")
    driver.settled()
    assert User.get_by_id(driver.center.student).last_name == "Satler"
    driver.until(lambda: len(found.model.ids) == 2)
    top = found.model.row(0)
    assert top.words == "Taken back: Student changed"
    assert found.model.row(1).undone
    assert found.model.cell(found.model.index(1, 1)).second.startswith("Taken back · ")
    assert checks.run() == []


def test_what_stands_in_the_way_is_said_and_the_button_is_off(driver: Driver) -> None:
    edit(driver, "Maier")
    edit(driver, "Huber")
    found = history(driver)
    found.table.select_id(found.model.ids[1])
    driver.click(found, "take_back_chosen")
    dialog = driver.dialog("take_back")
    assert "Ana Huber was changed after that: Student changed, by Marta Kowalczyk" in said(dialog)
    assert not dialog.main.isEnabled()
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.key(Qt.Key.Key_Escape)
    driver.gone("take_back")
    assert User.get_by_id(driver.center.student).last_name == "Huber"


def test_one_record_is_brought_back_from_the_history_by_keyboard(driver: Driver) -> None:
    edit(driver, "Maier")
    edit(driver, "Huber")
    driver.window.command.setFocus()
    typed("history")
    driver.key(Qt.Key.Key_Return)
    page = driver.window.current()
    driver.until(lambda: page.part.value() == "history")
    driver.until(page.history.table.hasFocus)
    driver.settled()
    driver.until(lambda: page.history.model.ids)
    name = f"bring_back_users_{driver.center.student}"
    for _ in range(20):
        if getattr(QApplication.focusWidget(), "objectName", str)() == name:
            break
        driver.key(Qt.Key.Key_Tab)
    assert QApplication.focusWidget().objectName() == name  # type: ignore[union-attr]
    driver.key(Qt.Key.Key_Space)
    dialog = driver.dialog("bring_back")
    assert dialog.table.hasFocus()
    assert "Huber" in said(dialog)
    assert "Maier" in said(dialog)
    driver.key(Qt.Key.Key_Down)
    assert "Satler" in said(dialog)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("bring_back")
    driver.settled()
    assert User.get_by_id(driver.center.student).last_name == "Satler"
    assert Operation.select().order_by(Operation.id.desc()).first().label == "Bring back record"
    assert checks.run() == []


def test_the_parts_of_the_settings_have_their_keys(driver: Driver) -> None:
    page = driver.page("settings")
    page.setFocus()
    for key, part in ((Qt.Key.Key_3, "history"), (Qt.Key.Key_2, "keeping"), (Qt.Key.Key_1, "center")):
        driver.key(key, ALT)
        driver.settled()
        assert page.part.value() == part
    driver.key(Qt.Key.Key_3, ALT)
    driver.settled()
    for dark in (True, False):
        theme().use(dark=dark)
        assert not page.grab().isNull()
    for widget in page.history.findChildren(QWidget):
        if isinstance(widget, QLineEdit) and widget.isVisible():
            assert widget.accessibleName()


def test_settings_that_are_taken_back_are_so_at_once(driver: Driver) -> None:
    driver.desk.context.set_actor(driver.center.admin)
    page = driver.page("settings")
    driver.type(page, "center_name", "Another")
    driver.click(page, "save_the_center")
    driver.settled()
    assert driver.desk.context.center.name == "Another"
    page.part.setFocus()
    driver.window.setFocus()
    driver.key(Qt.Key.Key_Z, CTRL)
    dialog = driver.dialog("take_back")
    assert "Settings changed" in said(dialog)
    driver.click(dialog, "take_back_now")
    driver.gone("take_back")
    driver.settled()
    driver.until(lambda: driver.desk.context.center.name == "Brückenhaus Training Center")
    assert page.center_fields["name"].text() == "Brückenhaus Training Center"
    assert checks.run() == []
