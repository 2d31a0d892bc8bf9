"""Several students at once: selected by mouse and by keys, written to, enrolled, taken out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPlainTextEdit

from app.desk import people, undo
from app.mail import compose
from app.store import checks
from app.store.models import CourseEnrolled, MailQueue, Operation
from tests.support.window import Driver, driver, opened
from ui.dialogs import ask
from ui.widgets import table as tables

__all__ = ["driver", "opened"]

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(driver: Driver) -> Any:
    """Six students by name, one of them without an address."""
    for number in range(4):
        mail = f"n{number}@mail.example" if number else ""
        driver.desk.context.run(people.add_student, people.StudentDraft(f"Nina {number}", "Zeman", mail))
    driver.settled()
    found = driver.page("students")
    found.sort_by("name")
    driver.until(lambda: len(found.model.ids) == 6 and found.model.row(0).name == "Ana Satler")
    driver.settled()
    return found


def click(page: Any, row: int, modifiers: Any = Qt.KeyboardModifier.NoModifier) -> None:
    place = page.table.visualRect(page.model.index(row, 0)).center()
    QTest.mouseClick(page.table.viewport(), LEFT, modifiers, QPoint(place))
    QApplication.processEvents()


def chosen(page: Any) -> list[int]:
    """The places of those who are selected."""
    return [page.model.ids.index(one) for one in page.table.selected_ids()]


def back(driver: Driver) -> None:
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)


def menu(driver: Driver) -> QMenu:
    driver.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    found = QApplication.activePopupWidget()
    assert isinstance(found, QMenu)
    return found


def test_the_mouse_selects_several_and_the_panel_counts_them(driver: Driver, page: Any) -> None:
    click(page, 1)
    click(page, 3, CTRL)
    assert chosen(page) == [1, 3]
    driver.until(lambda: page.selection.isVisible())
    assert driver.find(page, QLabel, "selection_title").text() == "2 students selected"
    click(page, 5, SHIFT)
    assert chosen(page) == [1, 3, 4, 5]
    click(page, 4, CTRL)
    assert chosen(page) == [1, 3, 5]
    assert page.current_student() is None, "a payment is for one"
    click(page, 0)
    driver.until(lambda: page.panel.isVisible())
    assert page.current_student() == page.model.ids[0]


def test_keys_select_several_and_esc_goes_back_to_one(driver: Driver, page: Any) -> None:
    driver.key(Qt.Key.Key_Down)
    for _step in range(2):
        driver.key(Qt.Key.Key_Down, SHIFT)
    assert chosen(page) == [0, 1, 2]
    driver.key(Qt.Key.Key_A, CTRL)
    assert chosen(page) == list(range(6))
    driver.key(Qt.Key.Key_Escape)
    assert len(chosen(page)) == 1
    assert page.model.ids, "the list is as it was"


def test_ctrl_a_and_shift_stop_at_what_can_be_worked_with(
    driver: Driver, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MOST_SELECTED", 4)
    monkeypatch.setattr("ui.pages.students.MOST_SELECTED", 4)
    page.table.setFocus()
    driver.key(Qt.Key.Key_A, CTRL)
    assert chosen(page) == [0, 1, 2, 3]
    assert "4 are selected" in driver.window.notice_label.text()
    click(page, 0)
    click(page, 5, SHIFT)
    assert chosen(page) == [0, 1, 2, 3]
    click(page, 5)
    click(page, 0, SHIFT)
    assert chosen(page) == [2, 3, 4, 5], "those next to where it began"


def test_the_selection_stays_on_its_people(driver: Driver, page: Any) -> None:
    click(page, 1)
    click(page, 2, CTRL)
    ids = set(page.table.selected_ids())
    page.choose_columns()
    driver.dialog("columns").reject()
    page.sort_by("phone")
    page.sort_by("name")
    driver.settled()
    click(page, 1)
    click(page, 2, CTRL)
    page.arrange(("name", "balance"), page._sort)
    assert set(page.table.selected_ids()) == ids
    driver.desk.context.run(people.add_note, page.model.ids[0], "x")
    driver.settled()
    QTest.qWait(80)
    driver.settled()
    assert set(page.table.selected_ids()) == ids
    page.search.setText("nina")
    driver.settled()
    assert set(page.table.selected_ids()) <= ids
    page.search.setText("zzz")
    assert page.selected_students() == []


def test_a_message_goes_to_each_by_themselves_and_can_be_taken_back(driver: Driver, page: Any) -> None:
    page.table.setFocus()
    driver.key(Qt.Key.Key_A, CTRL)
    driver.key(Qt.Key.Key_M)
    dialog = driver.dialog("message")
    said = {label.objectName(): label.text() for label in dialog.findChildren(QLabel)}
    assert said["message_to"].startswith("To 5 people, each by themselves: Ana Satler, ")
    assert said["message_left_out"] == "1 has no email address and is left out: Nina 0 Zeman"
    driver.key(Qt.Key.Key_Return, CTRL)
    assert (
        dialog.fields["subject"].error or driver.settled() or dialog.fields["subject"].error == "Please fill this in."
    )
    driver.type(dialog, "message_subject", "Closed on Friday")
    driver.find(dialog, QPlainTextEdit, "message_text").setPlainText("<b>Dear</b> all,\n=1+1")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("message")
    driver.settled()
    mails = list(MailQueue.select())
    assert sorted(mail.student_id for mail in mails) == sorted(
        one for one in page.model.ids if page.model.row(page.model.ids.index(one)).email
    )
    assert {mail.subject for mail in mails} == {"Closed on Friday"}
    assert all("<b>Dear</b> all,\n=1+1" in mail.text for mail in mails)
    assert len({mail.to_address for mail in mails}) == len({mail.event_key for mail in mails}) == 5
    assert checks.run() == []
    newest = Operation.select(Operation.id).order_by(Operation.id.desc()).scalar()
    driver.desk.context.run(undo.undo, newest)
    driver.settled()
    assert MailQueue.select().where(MailQueue.state == "queued").count() == 0


def test_one_bad_address_sends_nothing_at_all(driver: Driver, page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    right = compose.check_address
    monkeypatch.setattr(compose, "check_address", lambda address: right(address.replace("n2@mail", "n2 mail")))
    page.table.setFocus()
    driver.key(Qt.Key.Key_A, CTRL)
    driver.key(Qt.Key.Key_M)
    dialog = driver.dialog("message")
    driver.type(dialog, "message_subject", "Hello")
    driver.find(dialog, QPlainTextEdit, "message_text").setPlainText("See you.")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: "n2 mail.example" in dialog.problem.text())
    assert MailQueue.select().count() == 0
    dialog.reject()


def test_several_are_enrolled_one_after_the_other(driver: Driver, page: Any) -> None:
    click(page, 0)
    click(page, 1, CTRL)
    click(page, 2, CTRL)
    wanted = page.table.selected_ids()
    page.table.setFocus()
    driver.key(Qt.Key.Key_F2)
    for number in range(2):
        dialog = driver.dialog("enroll")
        assert dialog.student_id == wanted[number]
        assert dialog.subtitle.text() == f"{number + 1} of 3"
        driver.key(Qt.Key.Key_Return, CTRL)
        driver.until(lambda count=number + 1: CourseEnrolled.select().count() == count)
        driver.until(lambda before=dialog: driver._dialog("enroll") is not before)
    dialog = driver.dialog("enroll")
    assert dialog.main.text() == "Enroll"
    driver.key(Qt.Key.Key_Escape)
    driver.gone("enroll")
    driver.settled()
    assert {row.student_id for row in CourseEnrolled.select()} == set(wanted[:2])
    assert driver.window.current_key() == "students"
    assert checks.run() == []


def test_the_menu_says_what_can_be_done_with_one_and_with_several(driver: Driver, page: Any) -> None:
    click(page, 0)
    page.table.customContextMenuRequested.emit(QPoint(10, 10))
    opened = menu(driver)
    assert [a.text().split("\t")[0] for a in opened.actions() if a.isEnabled() and a.text()] == [
        "Take payment", "Enroll…", "Book a slot…", "Enroll together…", "Family or company", "Message…", "Edit",
        "Export…", "Print, labels…",
    ]  # fmt: skip
    opened.close()
    click(page, 1, CTRL)
    driver.until(lambda: page.selection.isVisible())
    driver.click(page, "selection_more")
    opened = menu(driver)
    off = [a.text().split("\t")[0] for a in opened.actions() if not a.isEnabled()]
    assert off == ["Take payment", "Book a slot…", "Family or company", "Edit"]
    opened.close()


@pytest.mark.parametrize(("kind", "lines"), [("csv", 3), ("vcf", None)])
def test_those_who_are_selected_are_taken_out(
    driver: Driver, page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, lines: int | None
) -> None:
    target = tmp_path / f"out.{kind}"
    monkeypatch.setattr(ask, "choose_save_file", lambda parent, title, name, filters: str(target))
    click(page, 4)
    click(page, 1, CTRL)
    driver.until(lambda: page.selection.isVisible())
    driver.click(page, "selection_export")
    dialog = driver.dialog("export_people")
    driver.click(dialog, f"kind_{kind}")
    driver.click(dialog, "save_as")
    driver.gone("export_people")
    written = target.read_text("utf-8-sig")
    if lines is not None:
        assert written.count("\n") == lines
    assert written.index(page.model.row(1).name.split()[0]) < written.index("Nina 2")
    back(driver)
