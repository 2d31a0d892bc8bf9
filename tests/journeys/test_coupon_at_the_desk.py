"""Coupons, promised prices and other payers at the payment desk, by keyboard, in the real window."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from app import clock
from app.desk import catalog, discounts, enrollment, people, quotes
from app.desk.discounts import RuleDraft
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.quotes import QuoteDraft
from app.store import checks
from app.store.models import Course, CourseEnrolled, Payment, ProductEnrolled, Quote, StudentPayment, TaxRate, User
from tests.support.window import Driver, did, driver, typed, typed_over

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def desk(driver: Driver) -> Any:
    """The payment desk with Ana, who owes nothing yet."""
    driver.desk.context.set_actor(driver.center.admin)
    did(driver, discounts.add_rule, RuleDraft("Summer", "coupon", percent_bp=2500, code="SUMMER", most_uses_each=1))
    did(driver, discounts.add_rule, RuleDraft("Old", "coupon", percent_bp=2500, code="OLD", last_on="2020-12-31"))
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    return driver.window.current()


def add(driver: Driver, words: str) -> None:
    driver.key(Qt.Key.Key_Insert)
    driver.dialog("find_offer")
    typed(words)
    driver.key(Qt.Key.Key_Return)
    driver.gone("find_offer")


def go_on(driver: Driver) -> None:
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()


def payer_of(driver: Driver, kind: str = "company", name: str = "Alpen Logistik GmbH") -> int:
    """A payer of both students."""
    payer = did(driver, people.add_payer, people.PayerDraft(name=name, kind=kind))
    for student in (driver.center.student, driver.center.other_student):
        row = User.get_by_id(student)
        draft = people.StudentDraft(row.first_name, row.last_name, date_of_birth="1998-05-04", payer_id=payer)
        did(driver, people.edit_student, student, row.version, draft)
    assert isinstance(payer, int)
    return payer


def test_a_coupon_by_keyboard_refused_mended_used_and_never_twice(driver: Driver, desk: Any) -> None:
    assert not desk.coupon.isVisible(), "there is nothing it could lower"
    add(driver, "b-t")
    assert desk.to_pay.text() == "€330.00"
    driver.key(Qt.Key.Key_C, ALT)
    typed("winter")
    assert desk.paying.problem.text() == "" and desk.to_pay.text() == "€330.00", "it is still being typed"
    driver.key(Qt.Key.Key_Return)
    assert desk.paying.problem.text() == "There is no coupon “winter”; without one the price stays €330.00."
    assert desk.paying.problem.isVisible() and desk.coupon.hasFocus()
    go_on(driver)
    assert Payment.select().count() == 0 and desk.coupon.hasFocus(), "nothing is started with a code that is wrong"
    typed_over("old")
    driver.key(Qt.Key.Key_Return)
    assert desk.paying.problem.text().startswith("Coupon OLD counted until ")
    typed_over("sum-mer")
    assert desk.paying.problem.text() == "" and desk.to_pay.text() == "€247.50"  # 25 % of 330.00 is 82.50
    assert desk.rows[0].detail.text().startswith("Enrolls now · Summer, 25 %")
    driver.key(Qt.Key.Key_Return)
    assert desk.given.hasFocus() and desk.given.text() == "247.50"
    driver.key(Qt.Key.Key_C, ALT)
    typed_over("x")
    driver.key(Qt.Key.Key_Backspace)
    assert (desk.coupon.text(), desk.to_pay.text()) == ("", "€330.00"), "what is taken away counts no more"
    typed("summer, SUMMER")
    driver.key(Qt.Key.Key_Return)
    assert desk.paying.problem.text() == "Coupon SUMMER is written twice; it counts once, on one line."
    typed_over("summer")
    for _step in ("start", "complete"):
        go_on(driver)
    line = CourseEnrolled.get()
    assert (line.discount_minor, line.gross_minor, line.discount_reason) == (8_250, 24_750, "Summer, 25 %")
    desk.new_draft(driver.center.student)
    assert desk.coupon.text() == "" and not desk.coupon.isVisible()
    add(driver, "code hand")
    driver.key(Qt.Key.Key_C, ALT)
    typed("summer")
    driver.key(Qt.Key.Key_Return)
    assert desk.paying.problem.text() == (
        "Ana Satler has used coupon SUMMER already; that discount stands, and here the price stays €24.00."
    )
    assert checks.run() == []


def test_a_code_leaves_with_the_line_that_it_lowered(driver: Driver, desk: Any) -> None:
    add(driver, "b-t")
    add(driver, "code hand")
    driver.key(Qt.Key.Key_C, ALT)
    typed("summer")
    assert [row.open_minor for row in desk.rows] == [24_750, 2_400]
    desk.rows[0].take.setFocus()
    driver.key(Qt.Key.Key_Space)
    assert [row.open_minor for row in desk.rows] == [1_800], "it goes on what is left"
    desk.rows[0].take.setFocus()
    driver.key(Qt.Key.Key_Space)
    assert not desk.coupon.isVisible() and desk.owed.codes == ""
    add(driver, "code hand")
    assert desk.to_pay.text() == "€24.00"


def test_one_coupon_over_parts_by_several_means_and_a_part_that_cannot_be(driver: Driver, desk: Any) -> None:
    add(driver, "b-t")
    driver.key(Qt.Key.Key_C, ALT)
    typed("summer")
    driver.key(Qt.Key.Key_Return)
    driver.key(Qt.Key.Key_4, ALT)
    typed_over("-5")
    go_on(driver)
    assert desk.split.rows[0].problem.text() == "“-5” is not an amount. Write it like 1,234.50."
    assert desk.split.rows[0].amount.hasFocus() and Payment.select().count() == 0
    typed_over("100")
    driver.key(Qt.Key.Key_Return)
    for _step in range(4):
        go_on(driver)
    assert desk.done.paid.text() == "€247.50 paid in 2 parts"
    assert CourseEnrolled.get().gross_minor == 24_750
    assert checks.run() == []


def test_a_price_that_was_promised_is_used_said_and_can_be_declined(driver: Driver, desk: Any) -> None:
    c = driver.center
    quote = QuoteDraft(c.student, c.course, discount_minor=3_300, discount_reason="asked twice")
    did(driver, quotes.offer, quote)
    row = Course.get_by_id(c.course)
    dearer = catalog.CourseDraft(row.code, row.name, 40_000, row.tax_rate_id, theory_minutes=720, minimum_age=17)
    did(driver, catalog.edit_course, row.id, row.version, dearer)
    desk.new_draft(c.student)
    add(driver, "b-t")
    assert desk.to_pay.text() == "€297.00"
    assert desk.rows[0].detail.text().startswith("Quoted until ")
    assert desk.rows[0].detail.text().endswith(" · Q-00001")
    for label, to_pay in (("Do not use quote Q-00001", "€400.00"), ("Use quote Q-00001, €297.00", "€297.00")):
        desk.rows[0].take.setFocus()
        driver.key(Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
        driver.until(lambda: desk.owed.findChild(QMenu, "line_menu") is not None)
        menu = desk.owed.findChild(QMenu, "line_menu")
        assert [entry.text() for entry in menu.actions()] == [label]
        driver.choose(menu, "line_quote")
        driver.until(lambda: desk.owed.findChild(QMenu, "line_menu") is None)
        assert desk.to_pay.text() == to_pay
    for _step in ("start", "complete"):
        go_on(driver)
    assert (CourseEnrolled.get().gross_minor, Quote.get().status) == (29_700, "used")
    assert checks.run() == []


def test_a_quote_that_is_withdrawn_meanwhile_is_said_with_the_price_of_now(driver: Driver, desk: Any) -> None:
    c = driver.center
    quote = did(driver, quotes.offer, QuoteDraft(c.student, c.course, discount_minor=3_300, discount_reason="asked"))
    desk.new_draft(c.student)
    add(driver, "b-t")
    assert desk.to_pay.text() == "€297.00"
    did(driver, quotes.withdraw, quote)
    go_on(driver)
    assert desk.problem.text() == "Quote Q-00001 was withdrawn; today Driving B Theory costs €330.00."
    assert desk.to_pay.text() == "€330.00" and Payment.select().count() == 0
    go_on(driver)
    assert (Payment.get().status, Payment.get().amount_minor) == ("STARTED", 33_000)


def test_a_price_that_was_promised_to_a_company_counts_when_it_pays(driver: Driver, desk: Any) -> None:
    c = driver.center
    company = payer_of(driver)
    quote = QuoteDraft(c.student, c.course, payer_id=company, discount_minor=3_000, discount_reason="asked")
    did(driver, quotes.offer, quote)
    desk.new_draft(c.student)
    add(driver, "b-t")
    assert desk.to_pay.text() == "€330.00"
    assert desk.rows[0].detail.text() == "€300.00 if Alpen Logistik GmbH pays · Q-00001"
    desk.payer.setCurrentIndex(1)
    assert desk.to_pay.text() == "€300.00"
    for _step in ("start", "complete"):
        go_on(driver)
    assert (CourseEnrolled.get().gross_minor, CourseEnrolled.get().payer_id) == (30_000, company)
    assert Quote.get().status == "used"
    assert checks.run() == []


def test_a_payer_brings_what_is_owed_for_others_and_goes_again(driver: Driver, desk: Any) -> None:
    c = driver.center
    company = payer_of(driver)
    for student in (c.student, c.other_student):
        did(driver, enrollment.enroll, EnrollmentDraft(student, c.course, payer_id=company))
    desk.new_draft(c.student)
    assert [row.due.student for row in desk.rows] == [""] and not desk.paying.others.isVisible()
    desk.payer.setFocus()
    driver.key(Qt.Key.Key_Down)
    other = User.get_by_id(c.other_student)
    named = f"{other.first_name} {other.last_name}"
    assert [row.due.student for row in desk.rows] == ["", named]
    assert desk.rows[1].detail.text().startswith(named)
    assert desk.to_pay.text() == "€660.00"
    assert desk.paying.others_said.text() == "Also pays €330.00: 1 line of 1 other"
    driver.click(desk, "take_others")
    assert desk.to_pay.text() == "€330.00"
    driver.click(desk, "take_others")
    assert desk.to_pay.text() == "€660.00"
    driver.click(desk, "only_this_student")
    assert len(desk.rows) == 1 and desk.to_pay.text() == "€330.00" and not desk.paying.others.isVisible()
    assert desk.paying.payer_id() is None
    driver.key(Qt.Key.Key_Down)
    driver.key(Qt.Key.Key_3, ALT)
    for _step in ("start", "complete"):
        go_on(driver)
    assert (Payment.get().payer_id, Payment.get().amount_minor) == (company, 66_000)
    assert {put.student_id for put in StudentPayment.select()} == {c.student, c.other_student}
    assert checks.run() == []


def test_what_was_typed_and_added_stays_when_another_one_pays(driver: Driver, desk: Any) -> None:
    c = driver.center
    company = payer_of(driver, "guardian", "Maria Satler")
    for student in (c.student, c.other_student):
        did(driver, enrollment.enroll, EnrollmentDraft(student, c.course, payer_id=company))
    desk.new_draft(c.student)
    add(driver, "code hand")
    desk.rows[0].edit.setFocus()
    typed_over("100")
    driver.type(desk, "amount_given", "150")
    driver.type(desk, "note", "cash from the aunt")
    desk.payer.setCurrentIndex(1)
    assert [(row.title, row.amount()) for row in desk.rows] == [
        ("Driving B Theory", 10_000), ("Driving B Theory", 0), ("Highway Code handbook", 2_400),
    ]  # fmt: skip
    assert desk.given.text() == "150.00" and desk.note.text() == "cash from the aunt"
    assert desk.paying.take_others.text() == "Take them"
    driver.click(desk, "only_this_student")
    assert [(row.title, row.amount()) for row in desk.rows] == [
        ("Driving B Theory", 10_000), ("Highway Code handbook", 2_400),
    ]  # fmt: skip
    assert desk.given.text() == "150.00" and desk.to_pay.text() == "€124.00"


def test_somebody_else_who_is_found_pays(driver: Driver, desk: Any) -> None:
    c = driver.center
    aunt = did(driver, people.add_payer, people.PayerDraft(name="Ute Klein", kind="guardian"))
    did(driver, enrollment.sell, SaleDraft(c.other_student, (SaleItem(c.book),), payer_id=aunt))
    desk.new_draft(c.student)
    desk.payer.setFocus()
    driver.key(Qt.Key.Key_End)
    driver.dialog("find_payer")
    typed("ute")
    driver.key(Qt.Key.Key_Return)
    driver.gone("find_payer")
    assert (desk.payer.currentText(), desk.paying.payer_id()) == ("Ute Klein", aunt)
    assert [row.due.student != "" for row in desk.rows] == [True] and desk.to_pay.text() == "€24.00"
    desk.payer.setFocus()
    driver.key(Qt.Key.Key_End)
    driver.dialog("find_payer")
    driver.key(Qt.Key.Key_Escape)
    driver.gone("find_payer")
    assert desk.paying.payer_id() == aunt, "who was chosen stays when nobody else is"


def test_a_payment_that_waits_comes_back_with_its_lines_its_payer_and_what_it_adds(driver: Driver, desk: Any) -> None:
    c = driver.center
    company = payer_of(driver)
    did(driver, enrollment.enroll, EnrollmentDraft(c.student, c.course, payer_id=company))
    did(driver, enrollment.sell, SaleDraft(c.student, (SaleItem(c.book),)))
    desk.new_draft(c.student, company)
    add(driver, "code hand")
    next(row for row in desk.rows if row.title == "Driving B Theory").take.setFocus()
    driver.key(Qt.Key.Key_Space)
    driver.type(desk, "note", "by the till")
    driver.type(desk, "amount_given", "50")
    assert desk.to_pay.text() == "€48.00" and desk.change.text() == "€2.00"
    go_on(driver)
    driver.key(Qt.Key.Key_Escape)
    driver.settled()
    desk.new_draft(c.other_student)
    driver.click(desk.side, "resume")
    driver.settled()
    assert desk.paying.payer_id() == company and desk.note.text() == "by the till"
    assert sorted((row.title, row.amount()) for row in desk.rows) == [
        ("Driving B Theory", 0), ("Highway Code handbook", 2_400), ("Highway Code handbook", 2_400),
    ]  # fmt: skip
    assert desk.to_pay.text() == "€48.00"
    assert desk.change.isVisible() and desk.change.text() == "€2.00", "what is given back is not forgotten"
    go_on(driver)
    assert (Payment.get().status, ProductEnrolled.select().count()) == ("COMPLETED", 2)
    assert desk.done.give_back.text() == "€2.00"
    assert checks.run() == []


def test_a_long_name_of_a_payer_does_not_widen_the_desk(driver: Driver, desk: Any) -> None:
    driver.window.resize(1366, 768)
    QApplication.processEvents()
    before = desk.payer.width()
    payer_of(driver, name="Company of a very long name " * 6)
    desk.new_draft(driver.center.student)
    desk.payer.setCurrentIndex(1)
    QApplication.processEvents()
    assert desk.payer.width() == before
    right = desk.note.mapTo(desk, QPoint(desk.note.width(), 0)).x()
    assert right <= desk.middle.x()


def test_who_is_late_is_read_whole_at_1366(driver: Driver, desk: Any) -> None:
    c = driver.center
    driver.window.resize(1366, 768)
    before = clock.now() - timedelta(days=40)
    plan = ((clock.local_date("Europe/Vienna", before).isoformat(), 11_000), ("2099-01-01", 22_000))
    with clock.frozen(before):
        did(driver, enrollment.enroll, EnrollmentDraft(c.student, c.course, installments=plan))
    desk.new_draft(c.student)
    QApplication.processEvents()
    assert desk.who.why.text() == "on 2 lines, €110.00 of it late"
    assert desk.who.why.width() >= desk.who.why.natural_width() - 1
    assert desk.who.name.width() >= desk.who.name.natural_width() - 1


def test_what_a_coupon_makes_free_is_enrolled_without_a_payment(driver: Driver, desk: Any) -> None:
    c = driver.center
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    did(driver, catalog.add_course, catalog.CourseDraft("TRY", "Try it", 0, rate))
    desk.new_draft(c.student)
    add(driver, "try")
    assert desk.to_pay.text() == "€0.00"
    QTest.mouseClick(desk.main, Qt.MouseButton.LeftButton)
    driver.settled()
    assert desk.problem.text() == "Nothing is to be paid for this. F2 enrolls without a payment."
    add(driver, "code hand")
    for _step in ("start", "complete"):
        go_on(driver)
    assert CourseEnrolled.get().gross_minor == 0 and Payment.get().amount_minor == 2_400, "it goes along with the rest"
    assert checks.run() == []
