"""Prices at the desk: a coupon by keyboard, a sibling's discount that is explained, a quote that outlives a price."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QPushButton

from app import clock
from app.desk import catalog, center, discounts, enrollment, people, quotes
from app.desk.accounts import Actor
from app.desk.discounts import RuleDraft
from app.desk.enrollment import EnrollmentDraft
from app.desk.quotes import QuoteDraft
from app.store import checks
from app.store.models import Course, CourseEnrolled, ProductEnrolled, Quote, TaxRate, User
from tests.support.window import Driver, did, driver, said, typed, typed_over

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def run(driver: Driver, function: object, *args: object) -> object:
    """A function of the desk, by the admin, where the window runs it."""
    context = driver.desk.context
    before, context.actor = context.actor, driver.center.admin
    found: list[object] = []
    context.run(function, *args, done=found.append)  # type: ignore[arg-type]
    driver.settled()
    context.actor = before
    return found[0]


def to(driver: Driver, name: str) -> None:
    """Press Tab until a field has the focus."""
    for _step in range(20):
        here = QApplication.focusWidget()
        if here is not None and here.objectName() == name:
            return
        driver.key(Qt.Key.Key_Tab)
    raise AssertionError(f"Tab does not come to {name}")


def test_a_coupon_by_keyboard_refused_mended_and_used(driver: Driver) -> None:
    run(driver, discounts.add_rule, RuleDraft("Summer", "coupon", percent_bp=2500, code="SUMMER", most_uses_each=1))
    driver.desk.enroll_student(driver.center.student)
    form = driver.dialog("enroll")
    to(driver, "coupon")
    typed("winter")
    assert form.fields["coupon"].error == "" and form.total.text() == "€330.00"
    driver.key(Qt.Key.Key_Return)
    assert form.fields["coupon"].error == "There is no coupon “winter”; without one the price stays €330.00."
    driver.key(Qt.Key.Key_F3)
    typed_over("sum-mer")
    assert form.fields["coupon"].error == ""
    assert form.total.text() == "€247.50"  # 25 % of 330.00 is 82.50
    assert form.main.text() == "Enroll and take €247.50"
    assert form.explained.text() == "Summer, 25 %"
    driver.key(Qt.Key.Key_S, CTRL)
    driver.gone("enroll")
    line = CourseEnrolled.get()
    assert (line.discount_minor, line.gross_minor, line.discount_reason) == (8250, 24750, "Summer, 25 %")
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    run(driver, catalog.add_course, catalog.CourseDraft("C2", "First aid", 10000, rate))
    driver.desk.enroll_student(driver.center.student)
    form = driver.dialog("enroll")
    form.course.setCurrentIndex(1)
    to(driver, "coupon")
    typed("summer")
    driver.key(Qt.Key.Key_S, CTRL)
    driver.settled()
    assert form.fields["coupon"].error == (
        "Ana Satler has used coupon SUMMER already; that discount stands, and here the price stays €100.00."
    )
    assert CourseEnrolled.select().count() == 1
    driver.key(Qt.Key.Key_Escape)
    driver.gone("enroll")
    assert checks.run() == []


def test_a_siblings_discount_is_explained_and_what_is_typed_by_hand_goes_first(driver: Driver) -> None:
    c = driver.center
    run(driver, discounts.add_rule, RuleDraft("Siblings", "sibling", percent_bp=1000))
    run(driver, discounts.add_rule, RuleDraft("November", "anyone", amount_minor=500))
    payer = run(driver, people.add_payer, people.PayerDraft(name="Maria Satler"))
    for student in (c.student, c.other_student):
        row = User.get_by_id(student)
        draft = people.StudentDraft(row.first_name, row.last_name, date_of_birth="1998-05-04", payer_id=payer)
        run(driver, people.edit_student, student, row.version, draft)
    run(driver, enrollment.enroll, EnrollmentDraft(c.other_student, c.course))
    driver.desk.enroll_student(c.student)
    form = driver.dialog("enroll")
    assert form.explained.text().startswith("Siblings, 10 %. Not used: November, €5.00. Only one discount applies")
    assert form.total.text() == "€297.00"
    driver.type(form, "discount", "12.50")
    assert form.total.text() == "€317.50"
    assert form.explained.text().startswith("Typed by hand. Not used: Siblings, 10 %; November, €5.00.")
    driver.key(Qt.Key.Key_Tab)
    to(driver, "discount_reason")
    typed("a friend of the house")
    driver.key(Qt.Key.Key_S, CTRL)
    driver.gone("enroll")
    line = CourseEnrolled.get(CourseEnrolled.student_id == c.student)
    assert (line.discount_minor, line.discount_rule_id, line.discount_reason) == (1250, None, "a friend of the house")
    assert checks.run() == []


def test_a_quote_is_kept_while_the_price_of_the_catalog_rises(driver: Driver) -> None:
    c = driver.center
    driver.desk.enroll_student(c.student)
    form = driver.dialog("enroll")
    driver.type(form, "discount", "10 %")
    driver.key(Qt.Key.Key_Q, ALT)
    asking = driver.dialog("offer_quote")
    assert "€297.00 is promised" in said(asking)
    typed_over("2020-01-01")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert asking.fields["expires_on"].error == "A price is promised from today on, for 366 days at most."
    typed_over(clock.local_date("Europe/Vienna").isoformat())
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("offer_quote")
    driver.gone("enroll")
    assert (Quote.get().gross_minor, CourseEnrolled.select().count()) == (29700, 0)
    row = Course.get_by_id(c.course)
    dearer = catalog.CourseDraft(row.code, row.name, 40000, row.tax_rate_id, theory_minutes=720, minimum_age=17)
    run(driver, catalog.edit_course, row.id, row.version, dearer)
    driver.desk.enroll_student(c.student)
    form = driver.dialog("enroll")
    assert form.quoted.isChecked() and form.quoted.text().startswith("Q-00001: €297.00 was quoted until ")
    assert form.total.text() == "€297.00"
    driver.key(Qt.Key.Key_U, ALT)
    assert form.total.text() == "€400.00"
    driver.key(Qt.Key.Key_U, ALT)
    assert form.total.text() == "€297.00" and not form.price.isEnabled()
    driver.key(Qt.Key.Key_S, CTRL)
    driver.gone("enroll")
    assert (CourseEnrolled.get().gross_minor, Quote.get().status) == (29700, "used")
    assert checks.run() == []


def test_the_registration_fee_stands_in_the_sum_and_only_an_admin_leaves_it_out(driver: Driver) -> None:
    c = driver.center
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    fee = run(driver, catalog.add_product, catalog.ProductDraft("REG", "Books & exam", 2500, rate, kind="digital"))
    run(driver, center.save, replace(driver.desk.context.center, registration_product_id=fee))
    context = driver.desk.context
    context.actor = Actor(c.staff.user_id, "staff")
    driver.desk.enroll_student(c.student)
    form = driver.dialog("enroll")
    box = driver.find(form, QCheckBox, "with_fee")
    assert (form.total.text(), form.main.text()) == ("€355.00", "Enroll and take €355.00")
    assert not box.isEnabled()
    assert box.accessibleName() == "Books & exam" and box.shortcut().isEmpty(), "the sign is a sign, and no key"
    driver.key(Qt.Key.Key_Escape)
    driver.gone("enroll")
    context.actor = c.admin
    driver.desk.enroll_student(c.student)
    form = driver.dialog("enroll")
    to(driver, "with_fee")
    driver.key(Qt.Key.Key_Space)
    assert form.total.text() == "€330.00"
    driver.key(Qt.Key.Key_Space)
    assert form.total.text() == "€355.00"
    driver.key(Qt.Key.Key_S, CTRL)
    driver.gone("enroll")
    driver.settled()
    assert (CourseEnrolled.select().count(), ProductEnrolled.get().product_id) == (1, fee)
    assert User.get_by_id(c.student).balance_minor == 35500
    assert checks.run() == []


def test_what_a_quote_says_is_plain_text(driver: Driver) -> None:
    rule = RuleDraft("<b>Summer</b>", percent_bp=1000)
    run(driver, discounts.add_rule, rule)
    driver.desk.enroll_student(driver.center.student)
    form = driver.dialog("enroll")
    label = driver.find(form, QLabel, "discount_explained")
    assert label.text() == "<b>Summer</b>, 10 %" and label.textFormat() == Qt.TextFormat.PlainText


def test_the_rules_are_kept_in_the_settings_by_keyboard(driver: Driver) -> None:
    context, c = driver.desk.context, driver.center
    context.actor = c.admin
    page = driver.page("settings")
    card = page.discounts
    driver.key(Qt.Key.Key_4, ALT)
    typed("Summer")
    to(driver, "discount_value")
    typed("25 %")
    to(driver, "discount_for")
    driver.key(Qt.Key.Key_Down)
    to(driver, "discount_code")
    typed("summer 26")
    to(driver, "discount_until")
    typed("next week")
    to(driver, "discount_most")
    typed("20")
    to(driver, "add_discount")
    driver.key(Qt.Key.Key_Space)
    driver.settled()
    assert card.fields["last_on"].error == "“next week” is not a date. Write it like 2026-11-24."
    driver.type(card, "discount_until", "2031-12-31")
    to(driver, "add_discount")
    driver.key(Qt.Key.Key_Space)
    driver.settled()
    assert "Summer, 25 %" in said(card) and "coupon SUMMER26 · until 31 Dec 2031" in said(card)
    run(driver, enrollment.enroll, EnrollmentDraft(c.student, c.course, coupon="summer26"))
    assert driver.find(card, QPushButton, "uses_1").text() == "1 of 20 uses"
    for name, value, code in (("Other", "5.00", "SUMMER-26"), ("Other", "0", "NEW"), (" ", "5.00", "NEW")):
        driver.type(card, "discount_name", name)
        driver.type(card, "discount_value", value)
        driver.type(card, "discount_code", code)
        driver.click(card, "add_discount")
        driver.settled()
        wrong = [key for key, field in card.fields.items() if field.error]
        assert wrong == {"SUMMER-26": ["code"], "NEW": ["value"] if name.strip() else ["name"]}[code]
    driver.click(card, "uses_1")
    lines = driver.dialog("discount_lines")
    assert [(row.student, row.what, row.discount_minor) for row in lines.rows.values()] == [
        ("Ana Satler", "Driving B Theory", 8250)
    ]
    driver.key(Qt.Key.Key_Return)
    driver.gone("discount_lines")
    assert driver.window.current() is not page  # at the person
    driver.page("settings").show_part("discounts")
    driver.until(lambda: "Summer, 25 %" in said(card))
    driver.click(card, "switch_1")
    driver.settled()
    assert "switched off" in said(card) and driver.find(card, QPushButton, "switch_1").text() == "Switch on"
    assert checks.run() == []


def test_the_fee_and_the_days_of_a_quote_are_chosen_in_the_settings(driver: Driver) -> None:
    driver.desk.context.actor = driver.center.admin
    page = driver.page("settings")
    page.fee.setCurrentIndex(page.fee.findData(driver.center.book))
    driver.type(page, "center_quote_days", "0")
    driver.click(page, "save_the_center")
    driver.settled()
    assert page.center_fields["quote_days"].error == "Write a number of days between 1 and 366."
    driver.type(page, "center_quote_days", "30")
    driver.click(page, "save_the_center")
    driver.settled()
    here = driver.desk.context.center
    assert (here.registration_product_id, here.quote_days) == (driver.center.book, 30)


def test_the_payment_desk_takes_discounts_off_says_why_and_charges_the_fee(driver: Driver) -> None:
    c = driver.center
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    fee = run(driver, catalog.add_product, catalog.ProductDraft("REG", "Registration", 2500, rate, kind="digital"))
    run(driver, center.save, replace(driver.desk.context.center, registration_product_id=fee))
    driver.desk.context.set_center(center.load())
    company = run(driver, people.add_payer, people.PayerDraft(name="Alpen Logistik GmbH", kind="company"))
    run(driver, discounts.add_rule, RuleDraft("Winter", percent_bp=1000, course_id=c.course))
    run(driver, discounts.add_rule, RuleDraft("Contract", "company", percent_bp=2000, payer_id=company))
    row = User.get_by_id(c.student)
    draft = people.StudentDraft(row.first_name, row.last_name, date_of_birth="1998-05-04", payer_id=company)
    run(driver, people.edit_student, c.student, row.version, draft)
    driver.desk.pay_for(c.student)
    driver.settled()
    desk = driver.window.current()
    driver.key(Qt.Key.Key_Insert)
    driver.dialog("find_offer")
    typed("b-t")
    driver.key(Qt.Key.Key_Return)
    driver.gone("find_offer")
    assert [(row.title, row.open_minor) for row in desk.rows] == [("Driving B Theory", 29700), ("Registration", 2500)]
    assert "Winter, 10 %" in desk.rows[0].detail.text() and desk.to_pay.text() == "€322.00"
    desk.payer.setCurrentIndex(1)
    # 20 % of both: 264.00 and 20.00
    assert [row.open_minor for row in desk.rows] == [26400, 2000] and desk.to_pay.text() == "€284.00"
    assert "Contract, 20 %" in desk.rows[0].detail.text()
    for _step in range(2):
        driver.key(Qt.Key.Key_Return, CTRL)
        driver.settled()
    line = CourseEnrolled.get()
    assert (line.gross_minor, line.payer_id) == (26400, company)
    assert line.discount_reason.startswith("Contract, 20 %. Not used: Winter, 10 %.")
    assert (ProductEnrolled.get().gross_minor, User.get_by_id(c.student).balance_minor) == (2000, 0)
    assert checks.run() == []


def test_what_is_owed_says_the_discount_it_was_agreed_with(driver: Driver) -> None:
    c = driver.center
    run(driver, enrollment.enroll, EnrollmentDraft(c.student, c.course, discount_minor=100, discount_reason="loyal"))
    driver.desk.pay_for(c.student)
    driver.settled()
    (row,) = driver.window.current().rows
    assert row.detail.text().endswith("loyal")


def test_quotes_stand_in_the_panel_to_be_used_or_withdrawn(driver: Driver) -> None:
    c = driver.center
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    other = run(driver, catalog.add_course, catalog.CourseDraft("C2", "Zumba", 10000, rate))
    for course in (c.course, other):
        run(driver, quotes.offer, QuoteDraft(c.student, course))  # type: ignore[arg-type]
    page = driver.page("students")
    driver.settled()
    page.table.select_id(c.student)
    driver.settled()
    panel = page.panel
    driver.until(lambda: "Quoted prices" in said(panel))
    assert "Q-00002" in said(panel) and "€100.00 until" in said(panel)
    driver.find(panel, QPushButton, "withdraw_1").setFocus()
    driver.key(Qt.Key.Key_Space)
    driver.settled()
    driver.until(lambda: "Q-00001" not in said(panel))
    assert Quote.get_by_id(1).status == "withdrawn"
    driver.click(panel, "use_2")
    form = driver.dialog("enroll")
    assert form.course.currentText().startswith("Zumba") and form.quoted.isChecked()
    driver.key(Qt.Key.Key_S, CTRL)
    driver.gone("enroll")
    driver.settled()
    driver.until(lambda: "Quoted prices" not in said(panel))
    assert checks.run() == []


def test_long_names_of_courses_leave_the_sums_their_room(driver: Driver) -> None:
    """A list of courses is as wide as the form lets it be: the amounts at the right were cut."""
    c = driver.center
    driver.desk.context.set_actor(c.admin)
    long = catalog.CourseDraft("LONG", "Course of a very long name " * 5, 1, Course.get_by_id(c.course).tax_rate_id)
    did(driver, catalog.add_course, long)
    driver.page("students").select(c.student)
    driver.key(Qt.Key.Key_F2)
    form = driver.dialog("enroll")
    right = form.total.mapTo(form, form.total.rect().topRight()).x()
    assert right < form.width() - 10
    assert form.course.width() < form.width()
