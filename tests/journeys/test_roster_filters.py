"""The filter row of the roster through the real window: chips with counts, the menus, by mouse and by keys."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from app.desk import catalog, enrollment, people
from app.lists import people as roster
from tests.support.odd_text import ODD
from tests.support.window import Driver, did, driver, opened
from ui.theme import theme

__all__ = ["driver", "opened"]

NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def page(driver: Driver) -> Iterator[Any]:
    """The roster with Ana enrolled and owing, Łukasz on hold."""
    did(driver, enrollment.enroll, enrollment.EnrollmentDraft(driver.center.student, driver.center.course))
    other = roster.overview(driver.center.other_student)
    assert other is not None
    draft = people.StudentDraft("Łukasz", "Wiśniewski", "l.wisniewski@mail.example", status="on_hold")
    did(driver, people.edit_student, driver.center.other_student, other.version, draft)
    found = driver.page("students")
    driver.until(lambda: found.chips["owes"].count == found.chips["status:on_hold"].count == 1)
    yield found
    theme().use(scale=1.0)


def menu(driver: Driver) -> QMenu:
    driver.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    found = QApplication.activePopupWidget()
    assert isinstance(found, QMenu)
    return found


def shown(page: Any) -> list[str]:
    return [row.name for row in roster.page(page.model.ids).values()]


def test_a_chip_says_how_many_and_shows_them(driver: Driver, page: Any) -> None:
    assert {name: chip.count for name, chip in page.chips.items()} == {
        "slot_this_week": 0, "owes": 1, "status:on_hold": 1, "mail_bounces": 0,
    }  # fmt: skip
    driver.click(page, "chip_owes")
    driver.until(lambda: shown(page) == ["Ana Satler"])
    driver.settled()
    assert page.head.facts.text() == "2 people · 1 match"
    driver.until(lambda: page.chips["status:on_hold"].count == 0)  # nobody who is on hold owes
    page.search.setFocus()
    QTest.keyClicks(page.search, "wisn")
    driver.until(lambda: page.stack.currentWidget() is page.empty)
    assert page.empty.headline.text() == "Nobody matches “wisn” · Owes money"
    driver.until(lambda: page.chips["status:on_hold"].count == 0)
    driver.click(page, "chip_owes")
    driver.until(lambda: shown(page) == ["Łukasz Wiśniewski"])
    driver.until(lambda: page.chips["status:on_hold"].count == 1)


def test_a_course_is_chosen_from_its_menu(driver: Driver, page: Any) -> None:
    driver.click(page, "chip_course")
    opened = menu(driver)
    assert [action.text() for action in opened.actions()] == ["Driving B Theory"]
    QTest.mouseClick(opened, Qt.MouseButton.LeftButton, NONE, opened.actionGeometry(opened.actions()[0]).center())
    driver.until(lambda: shown(page) == ["Ana Satler"])
    chip = page.chips[f"course:{driver.center.course}"]
    driver.until(lambda: chip.count == 1)
    assert (chip.isChecked(), chip.text()) == (True, "Driving B Theory")
    driver.click(page, chip.objectName())
    driver.until(lambda: len(page.model.ids) == 2)
    assert chip.isVisible(), "it stays at hand"
    driver.key(Qt.Key.Key_Escape)
    assert f"course:{driver.center.course}" not in page.chips


def test_a_filter_is_added_turned_off_and_dropped_by_keys(driver: Driver, page: Any) -> None:
    page.search.setFocus()
    driver.key(Qt.Key.Key_Down)
    assert page.table.hasFocus()
    driver.key(Qt.Key.Key_F)
    opened = menu(driver)
    said = [action.text() for action in opened.actions() if action.text()]
    assert said == [
        "Has a slot this week", "No slot booked", "Owes money", "Has credit", "Birthday within 14 days",
        "Mail bounces", "Erased on request", "Status", "Course", "Instructor of a coming slot",
    ]  # fmt: skip
    for _step in range(said.index("Status")):
        QTest.keyClick(opened, Qt.Key.Key_Down)
    QTest.keyClick(opened, Qt.Key.Key_Right)
    driver.until(lambda: menu(driver) is not opened)
    inner = menu(driver)
    assert [action.text() for action in inner.actions()] == ["Applicant", "Active", "On hold", "Inactive"]
    QTest.keyClick(inner, Qt.Key.Key_Down)
    QTest.keyClick(inner, Qt.Key.Key_Return)
    driver.until(lambda: shown(page) == ["Ana Satler"])
    assert page.filters.chosen() == ("status:active",)
    # The status beside it widens, another kind narrows.
    page.chips["status:on_hold"].setFocus()
    driver.key(Qt.Key.Key_Space)
    driver.until(lambda: len(page.model.ids) == 2)
    page.chips["owes"].setFocus()
    driver.key(Qt.Key.Key_Space)
    driver.until(lambda: shown(page) == ["Ana Satler"])
    page.search.setFocus()
    order = [page.search]
    for _step in range(len(page.filters.parts) - 1):
        driver.key(Qt.Key.Key_Tab)
        order.append(QApplication.focusWidget())
    assert order == page.filters.parts, "Tab goes along the row"
    driver.key(Qt.Key.Key_Escape)
    driver.until(lambda: len(page.model.ids) == 2)
    assert page.filters.chosen() == ()


def test_the_menu_opens_from_the_search_field_too(driver: Driver, page: Any) -> None:
    page.search.setFocus()
    driver.key(Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    opened = menu(driver)
    QTest.keyClick(opened, Qt.Key.Key_Down)
    QTest.keyClick(opened, Qt.Key.Key_Return)
    driver.until(lambda: page.filters.chosen() == ("no_slot",))


def test_typing_is_not_held_up_by_counts_and_nobody_is_taken_for_the_next(driver: Driver, page: Any) -> None:
    """The reader is busy: rows come at once where words tell them; where they wait, no row passes for the answer."""
    wait = threading.Event()
    driver.desk.context.read(wait.wait, 20, done=lambda _answer: None)
    try:
        page.search.setFocus()
        QTest.keyClicks(page.search, "wis")
        assert shown(page) == ["Łukasz Wiśniewski"]
        assert page.current_student() == driver.center.other_student
        page.search.clear()
        driver.click(page, "chip_owes")
        assert page._awaited
        assert page.current_student() is None
        driver.key(Qt.Key.Key_F4)
        assert driver.window.current_key() == "payments"
        assert driver.window.current().student_id is None
    finally:
        wait.set()
    driver.page("students")
    driver.until(lambda: page.current_student() == driver.center.student)


def test_many_chips_go_on_in_the_next_line(driver: Driver, page: Any) -> None:
    one_line = page.filters.height()
    for name in ("no_slot", "credit", "birthday", "status:active", "status:inactive"):
        page.filters.toggle(name)
    driver.settled()
    assert page.filters.height() > one_line
    for part in page.filters.parts:
        assert page.filters.rect().contains(part.geometry()), part.objectName()
    assert len({(part.x(), part.y()) for part in page.filters.parts}) == len(page.filters.parts)
    driver.click(page, page.filters.parts[-1].objectName())
    menu(driver).close()
    page.drop_filter()
    driver.settled()
    assert page.filters.height() == one_line
    theme().use(scale=1.5)
    driver.settled()
    assert all(page.filters.rect().contains(part.geometry()) for part in page.filters.parts)


def test_names_of_courses_are_literal_in_menu_and_chip(driver: Driver, page: Any) -> None:
    """An ampersand is no mnemonic, markup is no markup, and a long name does not push the row away."""
    driver.desk.context.set_actor(driver.center.admin)
    names = [name for name in ("<b>Fast</b> & furious", "A" * 200, *ODD[:24]) if name.strip()]
    made = {}
    for number, name in enumerate(names):
        draft = catalog.CourseDraft(f"X{number}", name, 100, 1)
        made[did(driver, catalog.add_course, draft)] = name
    driver.click(page, "chip_course")
    opened = menu(driver)
    said = {action.objectName(): action.text() for action in opened.actions()}
    opened.close()
    for number, name in made.items():
        written = said[f"filter_course:{number}"].replace("&&", "&")
        assert written == name or (written.endswith("…") and name.startswith(written[:-1]) and len(written) <= 40)
    first, long, *_rest = made
    page.filters.toggle(f"course:{first}")
    page.filters.toggle(f"course:{long}")
    assert page.chips[f"course:{first}"].text() == "<b>Fast</b> & furious"
    assert page.chips[f"course:{long}"].width() < page.filters.width() / 2
    assert page.chips[f"course:{long}"].toolTip() == "A" * 200
    assert page.chips[f"course:{first}"].shortcut().isEmpty()
