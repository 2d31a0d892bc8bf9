"""The roster while answers are on their way."""

from __future__ import annotations

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from app.desk import catalog, enrollment
from app.store.models import Course
from tests.support.window import Driver, driver, opened
from ui.widgets.line import Line

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


def test_a_long_reason_leaves_every_amount_in_the_panel(driver: Driver) -> None:
    """One installment with a day in another year and a long course name: the reason gives way, nothing else."""
    name = "Professional driver certificate, evening group with simulator"
    course = Course.get_by_id(driver.center.course)
    draft = catalog.CourseDraft(course.code, name, course.price_minor, course.tax_rate_id, theory_minutes=720)
    driver.desk.context.set_actor(driver.center.admin)
    driver.desk.context.run(catalog.edit_course, course.id, course.version, draft)
    plan = (("2031-01-24", 33_000),)
    enrolled = enrollment.EnrollmentDraft(driver.center.student, course.id, installments=plan)
    driver.desk.context.run(enrollment.enroll, enrolled)
    driver.settled()
    page = driver.page("students")
    page.select(driver.center.student)
    driver.until(lambda: any(name in one.text() for one in page.panel.findChildren(Line)))
    QApplication.processEvents()
    inner = page.panel.scroller.widget()
    assert inner.width() <= page.panel.scroller.viewport().width()
    assert inner.minimumSizeHint().width() <= page.panel.scroller.viewport().width()
