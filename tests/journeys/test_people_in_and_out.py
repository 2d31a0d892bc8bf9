"""People through the real window: added twice, found out, made one; by keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget

from app.desk import people
from app.store import backup, checks
from app.store.models import Operation, User
from tests.support.window import Driver, driver

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def did(driver: Driver, function: Any, *args: Any) -> Any:
    """The answer of a function of the desk, run where the window runs it."""
    found: list[Any] = []
    driver.desk.context.run(function, *args, done=found.append)
    driver.settled()
    return found[0]


def said(widget: QWidget) -> str:
    """Every word a person reads there."""
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def typed(words: str) -> None:
    target = QApplication.focusWidget()
    assert target is not None
    QTest.keyClicks(target, words)
    QApplication.processEvents()


def test_two_records_are_merged_from_the_panel_by_keyboard_and_parted_again(driver: Driver) -> None:
    twin = did(driver, people.add_student, people.StudentDraft("Anna", "Sattler", phone="0660 555 01 84"))
    page = driver.page("students")
    page.select(driver.center.student)
    driver.settled()
    page.panel.more.setFocus()
    driver.key(Qt.Key.Key_Space)
    menu = page.panel.menu
    driver.until(menu.isVisible)
    QTest.keyClick(menu, Qt.Key.Key_Return)
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
    from ui.pages import person_acts

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
