"""A course and a book added at the payment desk: found by some letters, enrolled and sold as the payment completes."""

from __future__ import annotations

from PySide6.QtCore import Qt

from app.store import checks
from app.store.models import CourseEnrolled, Payment, ProductEnrolled, User
from tests.support.window import Driver, driver, typed

__all__ = ["driver"]

CTRL = Qt.KeyboardModifier.ControlModifier


def add(driver: Driver, words: str) -> None:
    driver.key(Qt.Key.Key_Insert)
    driver.dialog("find_offer")
    typed(words)
    driver.key(Qt.Key.Key_Return)
    driver.gone("find_offer")


def test_a_course_and_a_book_by_keys_alone(driver: Driver) -> None:
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    desk = driver.window.current()
    add(driver, "b-t")
    add(driver, "code hand")
    assert [(row.title, row.open_minor) for row in desk.rows] == [
        ("Driving B Theory", 33000), ("Highway Code handbook", 2400),
    ]  # fmt: skip
    assert desk.to_pay.text() == "€354.00"
    add(driver, "b-t")
    assert len(desk.rows) == 2, "a course is taken once"
    driver.until(desk.given.hasFocus)
    typed("400")
    assert (desk.given.text(), desk.change.text()) == ("400", "€46.00"), "what is given takes the place of the sum"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert CourseEnrolled.select().count() == ProductEnrolled.select().count() == 0
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert Payment.get().status == "COMPLETED"
    assert (CourseEnrolled.select().count(), ProductEnrolled.select().count()) == (1, 1)
    assert User.get_by_id(driver.center.student).balance_minor == 0
    assert checks.run() == []


def test_by_mouse_and_who_is_enrolled_already_is_not_offered_it(driver: Driver) -> None:
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    desk = driver.window.current()
    driver.click(desk, "add_offer")
    dialog = driver.dialog("find_offer")
    assert [offer.kind for offer in dialog.offers.values()] == ["course", "product"]
    driver.click(dialog, "add")
    driver.gone("find_offer")
    driver.click(desk, "method_split")
    driver.type(desk, "part_amount_1", "30")
    for _step in range(4):
        driver.click(desk, "payment_main")
        driver.settled()
    assert (desk.done.paid.text(), CourseEnrolled.select().count()) == ("€330.00 paid in 2 parts", 1)
    desk.new_draft(driver.center.student)
    driver.click(desk, "add_offer")
    dialog = driver.dialog("find_offer")
    assert [offer.kind for offer in dialog.offers.values()] == ["product"]
    driver.type(dialog, "offer_words", "piano")
    assert "Nothing is called “piano”" in dialog.nothing.text()
    assert not dialog.main.isEnabled()
    driver.key(Qt.Key.Key_Escape)
    driver.gone("find_offer")
    assert checks.run() == []


def test_who_is_too_young_is_told_before_money_moves(driver: Driver) -> None:
    from app.desk import people
    from app.lists import people as roster

    person = roster.overview(driver.center.student)
    assert person is not None
    draft = people.StudentDraft("Ana", "Satler", date_of_birth="2024-01-01")
    driver.desk.context.run(people.edit_student, person.row.id, person.version, draft)
    driver.settled()
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    desk = driver.window.current()
    add(driver, "b-t")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert "17" in desk.problem.text()
    assert Payment.select().count() == 0
