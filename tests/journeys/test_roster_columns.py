"""Columns and order of the roster: by the head, by keys, and kept for whoever is at the desk."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton

from app.desk import arranging, people
from app.store.models import Operation
from tests.support.window import Driver, driver, opened
from ui.pages import student_columns

__all__ = ["driver", "opened"]

CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
NAMES = ["Ana Satler", "Łukasz Wiśniewski", "zoë Adler"]


@pytest.fixture
def page(driver: Driver) -> Any:
    """Three students, of whom one sorts only where letters are folded."""
    driver.desk.context.run(people.add_student, people.StudentDraft("zoë", "Adler", phone="+43 1 555 01 00"))
    driver.settled()
    found = driver.page("students")
    driver.until(lambda: len(found.model.ids) == 3)
    driver.settled()
    return found


def names(page: Any) -> list[str]:
    return [page.model.row(number).name for number in range(len(page.model.ids))]


def heads(page: Any) -> list[str]:
    return [page.model.headerData(n, Qt.Orientation.Horizontal) for n in range(page.model.columnCount())]


def click_head(page: Any, key: str, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    head = page.table.horizontalHeader()
    at = [column.key for column in page.model.columns].index(key)
    place = QPoint(head.sectionViewportPosition(at) + 20, head.height() // 2)
    if button == Qt.MouseButton.RightButton:
        head.customContextMenuRequested.emit(place)
    else:
        QTest.mouseClick(head.viewport(), button, Qt.KeyboardModifier.NoModifier, place)


def menu(driver: Driver) -> QMenu:
    driver.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    found = QApplication.activePopupWidget()
    assert isinstance(found, QMenu)
    return found


def pick(driver: Driver, said: str) -> None:
    """Choose an entry of the open menu by the mouse."""
    opened = menu(driver)
    action = next(one for one in opened.actions() if one.text() == said)
    assert action.isEnabled()
    QTest.mouseClick(opened, Qt.MouseButton.LeftButton, pos=opened.actionGeometry(action).center())
    driver.until(lambda: not opened.isVisible())


def test_a_click_on_a_head_sorts_and_another_turns_it_round(driver: Driver, page: Any) -> None:
    assert names(page) == NAMES[::-1], "the newest first"
    click_head(page, "name")
    driver.until(lambda: names(page) == NAMES)
    assert page.table.current_id() == page.model.ids[0], "another order is read from its top"
    role = Qt.ItemDataRole.AccessibleTextRole
    assert page.model.headerData(0, Qt.Orientation.Horizontal, role) == "Name, upwards"
    click_head(page, "name")
    driver.until(lambda: names(page) == NAMES[::-1])
    assert page.model.headerData(0, Qt.Orientation.Horizontal, role) == "Name, downwards"
    click_head(page, "phone")
    driver.until(lambda: names(page) == ["zoë Adler", "Ana Satler", "Łukasz Wiśniewski"])
    for _step in range(2):
        click_head(page, "phone")
    driver.until(lambda: page.model.order == "")
    driver.settled()
    assert arranging.load(driver.desk.context.actor.user_id).sort == ""


def test_filters_alone_run_by_name_and_the_head_says_so(driver: Driver, page: Any) -> None:
    page.filters.toggle("status:active")
    driver.until(lambda: names(page) == NAMES)
    assert page.model.order == "name"
    page.search.setText("a")
    assert page.model.order == ""


def test_by_keys_alone_and_kept_for_the_person_at_the_desk(driver: Driver, page: Any) -> None:
    driver.key(Qt.Key.Key_Down)
    assert page.table.hasFocus()
    driver.key(Qt.Key.Key_S)
    opened = menu(driver)
    QTest.keyClick(opened, Qt.Key.Key_Return)
    driver.until(lambda: names(page) == NAMES)
    driver.window.activateWindow()  # without a window manager a menu that closes leaves no window active
    driver.until(driver.window.isActiveWindow)
    driver.key(Qt.Key.Key_C, CTRL | SHIFT)
    dialog = driver.dialog("columns")
    assert dialog.list.hasFocus()
    driver.key(Qt.Key.Key_Down)
    driver.key(Qt.Key.Key_Space)  # no phone
    for _step in range(6):
        driver.key(Qt.Key.Key_Down)
    assert dialog.list.currentItem().text() == "Number"
    driver.key(Qt.Key.Key_Space)
    for _step in range(5):
        driver.key(Qt.Key.Key_Up, ALT)
    assert dialog.keys() == ["name", "number", "email", "courses", "next_slot", "balance", "status"]
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("columns")
    wanted = ["Name", "Number", "Email", "Courses", "Next slot", "Balance", "Status"]
    assert heads(page) == wanted
    assert page.model.cell(page.model.index(0, 1)).text == "S-000001"
    driver.settled()
    marta = driver.desk.context.actor
    driver.desk.context.set_actor(driver.center.admin)
    driver.settled()
    assert heads(page) == [student_columns.head(key) for key in student_columns.USUAL]
    assert names(page) == NAMES[::-1]
    driver.desk.context.set_actor(marta)
    driver.until(lambda: names(page) == NAMES)
    assert heads(page) == wanted


def test_a_column_is_moved_and_hidden_from_its_head(driver: Driver, page: Any) -> None:
    click_head(page, "phone", Qt.MouseButton.RightButton)
    assert not next(a for a in menu(driver).actions() if a.text() == "Move before").isEnabled(), "the name stays first"
    pick(driver, "Move behind")
    driver.until(lambda: heads(page)[:3] == ["Name", "Email", "Phone"])
    click_head(page, "courses", Qt.MouseButton.RightButton)
    pick(driver, "Hide this column")
    driver.until(lambda: "Courses" not in heads(page))
    click_head(page, "name", Qt.MouseButton.RightButton)
    assert not next(a for a in menu(driver).actions() if a.text() == "Hide this column").isEnabled()
    pick(driver, "Sort downwards")
    driver.until(lambda: names(page) == NAMES[::-1] and page.model.order == "-name")
    click_head(page, "status", Qt.MouseButton.RightButton)
    pick(driver, "Columns…")
    dialog = driver.dialog("columns")
    driver.click(dialog, "column_usual")
    assert dialog.keys() == list(student_columns.USUAL)
    driver.click(dialog, "use_these")
    driver.gone("columns")
    driver.settled()
    kept = arranging.load(driver.desk.context.actor.user_id)
    assert (kept.columns, kept.sort) == ((), "")


def test_a_dragged_column_stays_where_it_was_dropped(driver: Driver, page: Any) -> None:
    head = page.table.horizontalHeader()
    view, y = head.viewport(), head.height() // 2
    start, end = head.sectionViewportPosition(2) + 30, head.sectionViewportPosition(5) + 60
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(start, y))
    for x in (*range(start, end, 12), end):
        QTest.mouseMove(view, QPoint(x, y))
        QApplication.processEvents()
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(end, y))
    driver.until(lambda: heads(page) == ["Name", "Phone", "Courses", "Next slot", "Balance", "Email", "Status"])
    assert [head.visualIndex(n) for n in range(7)] == list(range(7)), "what is shown is the model's own order"
    assert page.model.order == "", "a drag is no click"
    driver.settled()
    assert arranging.load(driver.desk.context.actor.user_id).columns[5] == "email"
    before = Operation.select().count()
    page.arrange(page.columns, "")
    driver.settled()
    assert Operation.select().count() == before, "nothing was changed"


def test_every_column_shows_whole_words_and_what_has_no_room_is_reached_sideways(driver: Driver, page: Any) -> None:
    page.arrange(student_columns.KEYS, "")
    driver.settled()
    table = page.table
    assert not any(table.isColumnHidden(n) for n in range(len(student_columns.KEYS)))
    assert table.horizontalScrollBar().maximum() > 0
    for number in range(len(student_columns.KEYS)):
        assert table.model().data(table.model().index(0, number)) is not None
    page.arrange((), "")
    QApplication.processEvents()
    assert table.horizontalScrollBar().maximum() == 0


def test_the_columns_button_stands_in_the_head(driver: Driver, page: Any) -> None:
    driver.find(page, QPushButton, "columns").click()
    driver.dialog("columns").reject()
