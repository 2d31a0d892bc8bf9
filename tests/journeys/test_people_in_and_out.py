"""People through the real window: added twice, found out, made one; by keyboard alone."""

from __future__ import annotations

import threading
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app import clock
from app.desk import people, scheduling, seats
from app.desk.accounts import may
from app.store import backup, checks
from app.store.models import Operation, Slot, SlotEnrolled, User
from tests.support.window import Driver, did, driver, said, typed
from ui import command_results
from ui.dialogs import ask
from ui.dialogs.restore import RestoreDialog
from ui.pages import person_acts

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def test_two_records_are_merged_from_the_panel_by_keyboard_and_parted_again(driver: Driver) -> None:
    twin = did(driver, people.add_student, people.StudentDraft("Anna", "Sattler", phone="0660 555 01 84"))
    page = driver.page("students")
    page.select(driver.center.student)
    driver.settled()
    page.panel.more.setFocus()
    driver.key(Qt.Key.Key_Space)
    driver.choose(page.panel.menu, "act_merge")
    driver.dialog("find_student")
    typed("sattler")
    driver.key(Qt.Key.Key_Return)
    driver.gone("find_student")
    dialog = driver.dialog("merge")
    words = said(dialog)
    assert "Ana Satler" in words
    assert "Anna Sattler" in words
    assert "Stays in use" in words
    assert Operation.select().where(Operation.label == "Merge records").count() == 0
    dialog.buttons["phone", "other"].setFocus()
    driver.key(Qt.Key.Key_Space)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("merge")
    driver.settled()
    gone = User.get_by_id(twin)
    assert (gone.status, gone.merged_into) == ("merged", driver.center.student)
    assert User.get_by_id(driver.center.student).phone == "0660 555 01 84"
    assert [one.why for one in backup.listing(driver.center.folder)] == ["merge"]
    assert driver.window.notice_label.text() == "Merged into Ana Satler. Ctrl+Z takes it back."
    search = driver.find(page, QLineEdit, "student_search")
    search.setFocus()
    typed("sattler")
    driver.settled()
    assert page.model.ids == [driver.center.student]
    page.table.setFocus()
    driver.key(Qt.Key.Key_Z, CTRL)
    assert "Records merged" in said(driver.dialog("take_back"))
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("take_back")
    driver.settled()
    assert User.get_by_id(twin).status == "active"
    assert checks.run() == []


def test_the_bar_merges_by_name_and_the_other_one_may_stay(driver: Driver) -> None:
    twin = did(driver, people.add_student, people.StudentDraft("Anna", "Sattler"))
    driver.key(Qt.Key.Key_K, CTRL)
    typed("merge sattler")
    driver.key(Qt.Key.Key_Return)
    driver.dialog("find_student")
    typed("ana.satler@")
    driver.key(Qt.Key.Key_Return)
    dialog = driver.dialog("merge")
    assert (dialog.found.stays.id, dialog.found.other.id) == (twin, driver.center.student)
    driver.key(Qt.Key.Key_S, ALT)
    assert (dialog.found.stays.id, dialog.found.other.id) == (driver.center.student, twin)
    driver.key(Qt.Key.Key_S, ALT)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("merge")
    driver.settled()
    assert User.get_by_id(driver.center.student).merged_into == twin
    assert driver.window.current().panel.name.text() == "Anna Sattler"


def test_escape_while_the_copy_is_made_merges_nothing(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    twin = did(driver, people.add_student, people.StudentDraft("Anna", "Sattler"))
    asked: list[bool] = []

    def slow(data_dir: Any, why: str, stop: Any, progress: Any) -> Any:
        driver_stop = stop
        while not driver_stop():
            asked.append(True)
        raise backup.Stopped

    monkeypatch.setattr(backup, "take", slow)
    page = driver.page("students")
    person_acts.merge_two(driver.desk.context, page, driver.center.student, twin)
    dialog = driver.dialog("merge")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: asked)
    assert dialog.running
    driver.key(Qt.Key.Key_Escape)
    driver.gone("merge")
    driver.settled()
    assert User.get_by_id(twin).status == "active"
    monkeypatch.undo()


def test_find_add_with_a_warning_merge_and_take_it_back(driver: Driver) -> None:
    """The whole way by keyboard: nobody found by the name as it was heard, added, warned, merged, parted again."""
    page = driver.page("students")
    search = driver.find(page, QLineEdit, "student_search")
    search.setFocus()
    typed("anna sattler")
    driver.settled()
    assert page.model.ids == []
    driver.key(Qt.Key.Key_N, CTRL)
    dialog = driver.dialog("form")
    typed("Anna")
    driver.key(Qt.Key.Key_Tab)
    typed("Sattler")
    driver.key(Qt.Key.Key_Tab)
    driver.key(Qt.Key.Key_Tab)
    assert dialog.fields["phone"].edit.hasFocus()
    typed("0660/5550184")
    driver.until(lambda: dialog.shown)
    assert "Ana Satler (S-000001)" in said(dialog.alike[1])
    assert "same phone" in said(dialog.alike[1])
    assert dialog.fields["phone"].edit.accessibleDescription() == "Ana Satler: same phone"
    driver.key(Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is driver.find(dialog, QWidget, f"open_alike_{driver.center.student}")
    driver.key(Qt.Key.Key_M, ALT)
    merging = driver.dialog("merge")
    assert (merging.found.stays.name, merging.found.other.name) == ("Ana Satler", "Anna Sattler")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("merge")
    driver.settled()
    twin = User.get(User.first_name == "Anna")
    assert twin.merged_into == driver.center.student
    page.table.setFocus()
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.dialog("take_back")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("take_back")
    driver.settled()
    assert User.get_by_id(twin.id).status == "active"
    assert checks.run() == []


def test_the_one_who_is_there_already_is_opened_instead(driver: Driver) -> None:
    page = driver.page("students")
    driver.key(Qt.Key.Key_N, CTRL)
    dialog = driver.dialog("form")
    driver.type(dialog, "email", "l.wisniewski@mail.example")
    driver.until(lambda: dialog.shown)
    driver.click(dialog, f"open_alike_{driver.center.other_student}")
    driver.gone("form")
    driver.settled()
    assert page.current_student() == driver.center.other_student
    assert User.select().where(User.role == "student").count() == 2


def test_a_warning_holds_up_neither_typing_nor_saving(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search for duplicates is stuck: every key is taken at once, and Save saves."""
    go_on = threading.Event()
    real = people.alike

    def stuck(*args: Any) -> Any:
        go_on.wait(20)
        return real(*args)

    monkeypatch.setattr(people, "alike", stuck)
    driver.page("students")
    driver.key(Qt.Key.Key_N, CTRL)
    dialog = driver.dialog("form")
    driver.type(dialog, "phone", "+43 660 555 01 84")
    driver.until(lambda: driver.desk.context.calls)
    driver.type(dialog, "first_name", "Ana Maria")
    assert dialog.fields["first_name"].text() == "Ana Maria"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("form")
    driver.until(lambda: User.get_or_none(User.first_name == "Ana Maria"))
    go_on.set()
    driver.settled()


def test_a_warning_that_stands_there_does_not_keep_from_saving(driver: Driver) -> None:
    driver.page("students")
    driver.key(Qt.Key.Key_N, CTRL)
    dialog = driver.dialog("form")
    driver.type(dialog, "first_name", "Noor")
    driver.type(dialog, "phone", "+43 660 555 01 84")
    driver.until(lambda: dialog.shown)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("form")
    driver.settled()
    assert User.get(User.first_name == "Noor").status == "active"


def test_what_is_wrong_in_the_form_comes_before_the_merge(driver: Driver) -> None:
    driver.page("students")
    driver.key(Qt.Key.Key_N, CTRL)
    dialog = driver.dialog("form")
    driver.type(dialog, "phone", "+43 660 555 01 84")
    driver.until(lambda: dialog.shown)
    driver.key(Qt.Key.Key_M, ALT)
    driver.settled()
    assert dialog.fields["first_name"].error
    driver.type(dialog, "first_name", "Noor")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("form")
    driver.settled()
    assert driver._dialog("merge") is None


def test_a_student_leaves_by_the_bar_after_a_look_at_what_is_freed(driver: Driver) -> None:
    day = (clock.now() + timedelta(days=2)).date().isoformat()
    draft = scheduling.SessionDraft(
        course_id=driver.center.course, name="Right of way", recurrence="picked_dates", picked_dates=(day,), capacity=2
    )
    session = did(driver, scheduling.plan_session, draft)
    seat = did(driver, seats.book, Slot.get(Slot.session_id == session).id, driver.center.student)
    driver.key(Qt.Key.Key_K, CTRL)
    typed("leave satler")
    driver.key(Qt.Key.Key_Return)
    dialog = driver.dialog("leave")
    words = said(dialog)
    assert "1 coming booking is canceled" in words
    assert "Right of way" in words
    assert "1 slot is left without anyone" in words
    assert SlotEnrolled.get_by_id(seat).status == "booked"
    typed("moves away")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("leave")
    driver.settled()
    assert SlotEnrolled.get_by_id(seat).status == "canceled"
    assert User.get_by_id(driver.center.student).status == "inactive"
    assert driver.window.notice_label.text() == "Ana Satler is inactive now. Ctrl+Z takes it back."
    assert checks.run() == []


def test_a_person_is_erased_by_an_admin_who_types_the_number(driver: Driver) -> None:
    ana = driver.center.student
    did(driver, people.add_note, ana, "prefers mornings")
    page = driver.page("students")
    page.select(ana)
    driver.settled()
    person_acts.act("erase", driver.desk.context, page, ana)
    dialog = driver.dialog("erase")
    if not may(driver.desk.context.actor, "people.erase"):
        assert "An admin erases" in said(dialog)
        assert not dialog.main.isEnabled()
    driver.key(Qt.Key.Key_Escape)
    driver.gone("erase")
    driver.desk.context.set_actor(driver.center.admin)
    driver.key(Qt.Key.Key_K, CTRL)
    typed("erase satler")
    driver.key(Qt.Key.Key_Return)
    dialog = driver.dialog("erase")
    words = said(dialog)
    assert "Is gone for good" in words
    assert "ana.satler@mail.example" in words
    assert "prefers mornings" in words
    assert "Nothing has to be kept." in words
    typed("yes")
    driver.key(Qt.Key.Key_Return, CTRL)
    assert dialog.fields["number"].error == "That is not S-000001."
    assert User.get_by_id(ana).erased_at is None
    dialog.fields["number"].edit.selectAll()
    typed("s-000001")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert "S-000001 is erased." in said(dialog)
    assert "1 earlier copy still holds the person" in said(dialog)
    off = dialog.geometry().center() - driver.window.geometry().center()
    assert abs(off.x()) + abs(off.y()) < 8, "a form that says less stays in the middle"
    assert User.get_by_id(ana).first_name == "Erased person"
    driver.key(Qt.Key.Key_Escape)
    driver.gone("erase")
    driver.settled()
    driver.until(lambda: len(backup.listing(driver.center.folder)) > 1)
    assert backup.listing(driver.center.folder)[-1].why == "erase", "a copy is made before, and named as holding her"
    restoring = RestoreDialog(driver.desk.context, page, backup.listing(driver.center.folder)[0], [])
    restoring.open()
    assert "is erased again" in said(restoring)
    restoring.reject()
    content = b"".join(one.read_bytes() for one in driver.center.folder.glob("center.db*"))
    assert b"ana.satler" not in content
    assert b"prefers mornings" not in content
    assert checks.run() == []


def test_everything_about_a_person_is_handed_out_from_the_panel(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "choose_save_file", lambda parent, title, name, kind: str(tmp_path / name))
    page = driver.page("students")
    page.select(driver.center.student)
    driver.settled()
    page.panel.more.setFocus()
    driver.key(Qt.Key.Key_Space)
    driver.choose(page.panel.menu, "act_give")
    dialog = driver.dialog("export_person")
    assert "Ana Satler (S-000001)" in said(dialog)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("export_person")
    driver.settled()
    with zipfile.ZipFile(tmp_path / "S-000001.zip") as archive:
        assert "person.json" in archive.namelist()


def test_the_one_whose_record_it_is_is_not_offered_as_another(driver: Driver) -> None:
    ana = driver.center.student
    did(driver, people.add_student, people.StudentDraft("Anna", "Satler"))
    person_acts.act("merge", driver.desk.context, driver.page("students"), ana)
    finder = driver.dialog("find_student")
    typed("satler")
    assert len(finder.table.paged.ids) == 1
    assert ana not in finder.table.paged.ids
    driver.type(finder, "find_words", "ana.satler")
    assert finder.nothing.isVisible()
    driver.key(Qt.Key.Key_Escape)


def changed(driver: Driver, student: int, phone: str) -> None:
    """Another desk changes a record while a dialog stands over it."""
    row = User.get_by_id(student)
    draft = people.StudentDraft(row.first_name, row.last_name, row.email or "", phone, row.date_of_birth)
    did(driver, people.edit_student, student, row.version, draft)


def test_what_changed_under_a_merge_is_shown_and_then_merged(driver: Driver) -> None:
    ana, other = driver.center.student, driver.center.other_student
    person_acts.merge_two(driver.desk.context, driver.page("students"), ana, other)
    dialog = driver.dialog("merge")
    dialog.buttons["email", "other"].click()
    changed(driver, other, "+43 1 234 56 78")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: "in the meantime" in dialog.problem.text())
    assert dialog.buttons["phone", "other"].text() == "+43 1 234 56 78"
    assert dialog.chosen()["email"] == "other", "what was chosen stays so"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("merge")
    assert User.get_by_id(other).merged_into == ana
    assert User.get_by_id(ana).email == "l.wisniewski@mail.example"


def test_what_changed_under_a_leaving_is_shown_and_then_done(driver: Driver) -> None:
    ana = driver.center.student
    person_acts.act("leave", driver.desk.context, driver.page("students"), ana)
    dialog = driver.dialog("leave")
    dialog.fields["reason"].edit.setText("moves away")
    assert "Nothing is booked" in said(dialog)
    day = clock.now().date() + timedelta(days=3)
    draft = scheduling.SessionDraft(
        course_id=driver.center.course, name="Group", recurrence="picked_dates", picked_dates=(day.isoformat(),),
        capacity=3,
    )  # fmt: skip
    session = did(driver, scheduling.plan_session, draft)
    did(driver, seats.book, Slot.get(Slot.session_id == session).id, ana)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: "in the meantime" in dialog.problem.text())
    driver.until(lambda: "1 coming booking is canceled" in said(dialog))
    assert dialog.fields["reason"].text() == "moves away"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("leave")
    assert User.get_by_id(ana).status == "inactive"


def test_what_changed_under_an_erasure_is_shown_and_then_done(driver: Driver) -> None:
    ana = driver.center.student
    driver.desk.context.set_actor(driver.center.admin)
    person_acts.act("erase", driver.desk.context, driver.page("students"), ana)
    dialog = driver.dialog("erase")
    dialog.fields["number"].edit.setText("s-000001")
    changed(driver, ana, "+43 1 234 56 78")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: "in the meantime" in dialog.problem.text())
    driver.until(lambda: "+43 1 234 56 78" in said(dialog))
    assert User.get_by_id(ana).erased_at is None
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: "is erased" in said(dialog))
    assert User.get_by_id(ana).erased_at is not None


def test_the_command_bar_gives_the_keys_back(driver: Driver) -> None:
    """After a dialog that was begun there, and by Esc: else every key of the page is typed into the bar."""
    page = driver.page("students")
    page.table.setFocus()
    driver.key(Qt.Key.Key_K, CTRL)
    typed("leave satler")
    driver.key(Qt.Key.Key_Return)
    driver.dialog("leave")
    driver.key(Qt.Key.Key_Escape)
    driver.gone("leave")
    driver.until(page.table.hasFocus)
    driver.key(Qt.Key.Key_K, CTRL)
    typed("sat")
    driver.key(Qt.Key.Key_Escape)
    assert driver.window.command.hasFocus(), "once for what was typed"
    driver.key(Qt.Key.Key_Escape)
    assert page.table.hasFocus()


def test_the_bar_offers_an_act_for_people_in_the_order_in_which_it_finds_them(driver: Driver) -> None:
    """Enter takes the first: it has to be the one who stands first below, too."""
    younger = did(driver, people.add_student, people.StudentDraft("Ana", "Satler-Koch"))
    asked = command_results.results(driver.desk, "erase satler")
    acts = [one.detail for one in asked if one.title.startswith("Erase ")]
    found = [one.detail.split(" · ")[0] for one in asked if one.group == "People"]
    assert acts == found == [User.get_by_id(younger).number, "S-000001"]
