"""Saved views of the roster: by mouse and by keys, each person's own, taken back like any other work."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from app.desk import arranging, enrollment
from app.store import checks
from tests.support.odd_text import ODD
from tests.support.window import Driver, driver, opened

__all__ = ["driver", "opened"]

CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


@pytest.fixture
def page(driver: Driver) -> Any:
    """The roster with Ana owing."""
    draft = enrollment.EnrollmentDraft(driver.center.student, driver.center.course)
    driver.desk.context.run(enrollment.enroll, draft)
    driver.settled()
    found = driver.page("students")
    driver.until(lambda: found.chips["owes"].count == 1)
    return found


def back(driver: Driver) -> None:
    """Without a window manager a dialog or menu that closes leaves no window active."""
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)


def kept(driver: Driver) -> tuple[arranging.View, ...]:
    driver.settled()
    return arranging.load(driver.desk.context.actor.user_id).views


def tabs(page: Any) -> list[str]:
    return [page.views.tabText(number) for number in range(page.views.count())]


def save(driver: Driver, page: Any, name: str) -> None:
    """Ctrl+Shift+S, a name, Enter."""
    back(driver)
    driver.key(Qt.Key.Key_S, CTRL | SHIFT)
    dialog = driver.dialog("view_name")
    driver.type(dialog, "view_name_field", name)
    driver.key(Qt.Key.Key_Return)
    driver.gone("view_name")
    driver.settled()


def menu(driver: Driver) -> QMenu:
    driver.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    found = QApplication.activePopupWidget()
    assert isinstance(found, QMenu)
    return found


def pick(driver: Driver, page: Any, said: str) -> None:
    driver.click(page, "views")
    opened = menu(driver)
    action = next(one for one in opened.actions() if one.text() == said)
    assert action.isEnabled()
    QTest.mouseClick(opened, Qt.MouseButton.LeftButton, pos=opened.actionGeometry(action).center())
    driver.until(lambda: not opened.isVisible())


def test_a_view_is_saved_and_picked_by_keys(driver: Driver, page: Any) -> None:
    assert not page.views.isVisible(), "no views, no tabs"
    page.chips["owes"].setFocus()
    driver.key(Qt.Key.Key_Space)
    page.arrange(("name", "balance"), "-balance")
    driver.until(lambda: page.model.ids == [driver.center.student])
    save(driver, page, "Owing")
    assert kept(driver) == (arranging.View("Owing", "", ("owes",), ("name", "balance"), "-balance"),)
    assert tabs(page) == ["Everyone", "Owing"]
    assert (page.views.isVisible(), page.views.currentIndex()) == (True, 1)
    back(driver)
    driver.key(Qt.Key.Key_0, ALT)
    driver.until(lambda: len(page.model.ids) == 2)
    assert page.filters.chosen() == ()
    driver.key(Qt.Key.Key_1, ALT)
    driver.until(lambda: page.model.ids == [driver.center.student])
    assert (page.columns, page.model.order, page.filters.chosen()) == (("name", "balance"), "-balance", ("owes",))
    driver.key(Qt.Key.Key_Escape)
    driver.until(lambda: len(page.model.ids) == 2)
    assert page.views.currentIndex() == 0
    assert checks.run() == []


def test_what_is_changed_in_a_view_is_marked_and_kept_only_when_asked(driver: Driver, page: Any) -> None:
    page.search.setText("ana")
    save(driver, page, "Anas")
    page.sort_by("phone")
    driver.settled()
    assert tabs(page) == ["Everyone", "Anas *"]
    assert arranging.load(driver.desk.context.actor.user_id).sort == "", "the roster's own order is another"
    page.views.pick(1)
    assert (tabs(page)[1], page.model.order) == ("Anas", ""), "picked once more it is as it was saved"
    page.sort_by("phone")
    pick(driver, page, "Save the changes to “Anas”")
    driver.until(lambda: tabs(page)[1] == "Anas")
    assert kept(driver) == (arranging.View("Anas", "ana", (), (), "phone"),)


def test_a_view_is_renamed_and_removed_from_the_menu(driver: Driver, page: Any) -> None:
    page.search.setText("ana")
    save(driver, page, "Anas")
    page.views.pick(0)
    page.search.setText("wis")
    save(driver, page, "Wis")
    pick(driver, page, "Rename “Wis”…")
    dialog = driver.dialog("view_name")
    driver.type(dialog, "view_name_field", "Anas")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: dialog.name.error)
    assert dialog.name.error == "You have a view “Anas” already."
    driver.type(dialog, "view_name_field", "  ")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: dialog.name.error == "Please fill this in.")
    driver.type(dialog, "view_name_field", "Wisniewskis")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("view_name")
    driver.until(lambda: tabs(page) == ["Everyone", "Anas", "Wisniewskis"])
    assert page.views.currentIndex() == 2
    pick(driver, page, "Remove “Wisniewskis”")
    driver.until(lambda: tabs(page) == ["Everyone", "Anas"])
    assert page.search.text() == "wis", "what is shown stays"
    driver.until(lambda: "Ctrl+Z takes it back" in driver.window.notice_label.text())
    back(driver)
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.dialog("take_back")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("take_back")
    driver.until(lambda: tabs(page) == ["Everyone", "Anas", "Wisniewskis"])


def test_each_person_sees_their_own(driver: Driver, page: Any) -> None:
    page.search.setText("ana")
    save(driver, page, "Anas")
    marta = driver.desk.context.actor
    driver.desk.context.set_actor(driver.center.admin)
    driver.settled()
    assert not page.views.isVisible()
    assert page.search.text() == ""
    driver.desk.context.set_actor(marta)
    assert tabs(page) == ["Everyone", "Anas"]
    tab = page.views.tabRect(1).center()
    QTest.mouseClick(page.views, Qt.MouseButton.LeftButton, pos=QPoint(tab))
    driver.until(lambda: page.model.ids == [driver.center.student])


def test_a_view_of_a_course_that_is_gone_shows_what_is_left_of_it(driver: Driver, page: Any) -> None:
    view = arranging.View("Old", "", ("course:99", "owes", "what"), ("name", "shoe size", "balance"), "shoe size")
    driver.desk.context.run(arranging.save_view, view)
    driver.settled()
    driver.until(lambda: page.views.count() == 2)
    page.views.pick(1)
    driver.until(lambda: page.model.ids == [driver.center.student])
    assert page.filters.chosen() == ("owes",)
    assert page.columns == ("name", "balance")
    assert tabs(page)[1] == "Old *", "it says that this is not all of it"


def test_names_of_views_are_literal(driver: Driver, page: Any) -> None:
    names = [name for name in ("<b>A</b> & B", *ODD) if name.strip() and name.isprintable() and len(name) <= 40][:19]
    for name in names:
        driver.desk.context.run(arranging.save_view, arranging.View(name))
    stored = [view.name for view in kept(driver)]
    driver.until(lambda: page.views.count() == len(stored) + 1)
    assert [said.replace("&&", "&") for said in tabs(page)[1:]] == stored
    driver.click(page, "views")
    opened = menu(driver)
    assert [action.text().replace("&&", "&") for action in opened.actions()][1 : len(stored) + 1] == stored
    opened.close()
    assert page.views.width() <= page.width(), "many tabs do not push the page wider"
