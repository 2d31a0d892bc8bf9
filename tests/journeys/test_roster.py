"""The roster while answers are on their way."""

from __future__ import annotations

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from tests.support.window import Driver, driver, opened

__all__ = ["driver", "opened"]


def test_an_answer_to_what_was_typed_before_is_not_shown(driver: Driver) -> None:
    page = driver.page("students")
    driver.settled()
    assert len(page.model.ids) > 1
    page._show_rest()  # the whole list is asked for; its answer comes when the window gets to run
    search = driver.find(page, QLineEdit, "student_search")
    search.setFocus()
    QTest.keyClicks(search, "satler")
    driver.settled()
    QApplication.processEvents()
    assert [row.name for row in page.model._fetch(page.model.ids).values()] == ["Ana Satler"]
