"""The settings by keyboard and mouse: discount rules, the center and its documents, taxes, the mail account."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton

from app.desk import canceling, catalog, center, discounts, enrollment, people, quotes
from app.desk.accounts import Actor
from app.desk.discounts import RuleDraft
from app.desk.enrollment import EnrollmentDraft
from app.desk.quotes import QuoteDraft
from app.mail import secrets
from app.settings import Center
from app.store import checks
from app.store.models import Course, DiscountRule, Product, TaxRate
from tests.support.window import Driver, did, driver, said, typed_over
from ui.theme import theme

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def settings(driver: Driver) -> Any:
    """The page of the settings, with an admin at the desk."""
    driver.desk.context.set_actor(driver.center.admin)
    return driver.page("settings")


def to(driver: Driver, name: str) -> None:
    """Press Tab until something has the focus."""
    for _step in range(60):
        here = QApplication.focusWidget()
        if here is not None and here.objectName() == name:
            return
        driver.key(Qt.Key.Key_Tab)
    raise AssertionError(f"Tab does not come to {name}")


def discounts_of(driver: Driver, settings: Any, *drafts: RuleDraft) -> Any:
    for draft in drafts:
        did(driver, discounts.add_rule, draft)
    settings.show_part("discounts")
    driver.settled()
    return settings.discounts


def test_an_unused_rule_is_changed_by_keyboard(driver: Driver, settings: Any) -> None:
    c = driver.center
    summer = RuleDraft(
        "Summer", "coupon", percent_bp=1250, code="SUMMER", course_id=c.course, first_on="2026-06-01",
        last_on="2031-08-31", most_uses=20, most_uses_each=1,
    )  # fmt: skip
    card = discounts_of(driver, settings, summer, RuleDraft("Other", amount_minor=100))
    driver.window.activateWindow()
    to(driver, "change_1")
    driver.key(Qt.Key.Key_Space)
    form = driver.dialog("discount_form")
    kept = {key: field.text() for key, field in form.fields.items() if hasattr(field.edit, "setText")}
    assert kept == {
        "name": "Summer", "value": "12.50 %", "code": "SUMMER", "first_on": "2026-06-01", "last_on": "2031-08-31",
        "most_uses": "20", "most_uses_each": "1",
    }  # fmt: skip
    assert form.form.course.currentData() == c.course and form.form.kind.currentData() == "coupon"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("discount_form")
    before = DiscountRule.get_by_id(1)
    assert (before.percent_bp, before.code, before.course_id, before.most_uses) == (1250, "SUMMER", c.course, 20)
    assert QApplication.focusWidget().objectName() == "change_1"
    driver.key(Qt.Key.Key_Space)
    form = driver.dialog("discount_form")
    to(driver, "change_value")
    typed_over("150 %")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert form.fields["value"].error == "A percentage is above 0 and at most 100."
    typed_over("25.50")
    to(driver, "change_code")
    typed_over("August 26")
    to(driver, "change_until")
    typed_over("2026-01-01")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert form.fields["last_on"].error.startswith("The last day is not before the first")
    typed_over("2031-07-31")
    to(driver, "change_most")
    typed_over("none")
    driver.key(Qt.Key.Key_Return, CTRL)
    assert form.fields["most_uses"].error == "Write a whole number, at least 1, or leave it empty."
    typed_over("7")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("discount_form")
    row = DiscountRule.get_by_id(1)
    assert (row.amount_minor, row.percent_bp, row.code, row.last_on, row.most_uses) == (
        2550, 0, "AUGUST26", "2031-07-31", 7,
    )  # fmt: skip
    assert "Summer, €25.50" in said(card)
    assert checks.run() == []


def test_a_used_rule_can_only_be_switched_off_and_says_why(driver: Driver, settings: Any) -> None:
    c = driver.center
    card = discounts_of(driver, settings, RuleDraft("Summer", percent_bp=1000), RuleDraft("Other", amount_minor=100))
    line = did(driver, enrollment.enroll, EnrollmentDraft(c.student, c.course))
    driver.until(lambda: not [one for one in card.findChildren(QPushButton, "change_1") if one.isVisible()])
    assert "Prices were agreed with it, so what it says stays; it can be switched off." in said(card)
    assert driver.find(card, QPushButton, "change_2").accessibleName() == "Other: Change…"
    did(driver, canceling.cancel_enrollment, line, "typed twice")
    driver.settled()
    assert driver.find(card, QPushButton, "uses_1").text() == "0 uses"
    assert not [one for one in card.findChildren(QPushButton, "change_1") if one.isVisible()]
    driver.find(card, QPushButton, "switch_1").setFocus()
    driver.key(Qt.Key.Key_Space)
    driver.settled()
    assert DiscountRule.get_by_id(1).status == "unavailable"
    here = QApplication.focusWidget()
    assert here.objectName() == "switch_1" and here.text() == "Switch on"  # the keys stayed where they were


def test_a_form_that_was_open_while_the_rule_was_used_changes_nothing(driver: Driver, settings: Any) -> None:
    c = driver.center
    card = discounts_of(driver, settings, RuleDraft("Summer", percent_bp=1000))
    driver.click(card, "change_1")
    form = driver.dialog("discount_form")
    did(driver, enrollment.enroll, EnrollmentDraft(c.student, c.course))
    driver.type(form, "change_value", "20 %")
    driver.click(form, "save_discount")
    driver.settled()
    assert form.fields["name"].error == (
        "“Summer” has lowered a price already, so it stays as it is. Switch it off and add another one."
    )
    assert DiscountRule.get().percent_bp == 1000 and form.main.isEnabled()


def test_the_number_of_uses_opens_quotes_too(driver: Driver, settings: Any) -> None:
    c = driver.center
    card = discounts_of(driver, settings, RuleDraft("Summer", percent_bp=1000))
    quote = did(driver, quotes.offer, QuoteDraft(c.student, c.course))
    did(driver, enrollment.enroll, EnrollmentDraft(c.other_student, c.course))
    driver.settled()
    assert driver.find(card, QPushButton, "uses_1").text() == "2 uses"
    driver.click(card, "uses_1")
    rows = driver.dialog("discount_lines").rows.values()
    assert {(row.student, row.status, row.discount_minor) for row in rows} == {
        ("Ana Satler", "held", 3300), ("Łukasz Wiśniewski", "pending", 3300),
    }  # fmt: skip
    driver.key(Qt.Key.Key_Escape)
    driver.gone("discount_lines")
    did(driver, quotes.withdraw, quote)
    driver.settled()
    assert driver.find(card, QPushButton, "uses_1").text() == "1 use"
    driver.click(card, "uses_1")
    assert len(driver.dialog("discount_lines").rows) == 1


def test_a_rule_for_what_is_no_longer_on_offer_keeps_it(driver: Driver, settings: Any) -> None:
    """A list without the course would make it a rule for everything."""
    c = driver.center
    company = did(driver, people.add_payer, people.PayerDraft(name="Alpen Logistik GmbH", kind="company"))
    contract = RuleDraft("Contract", "company", percent_bp=1000, payer_id=company, course_id=c.course)
    card = discounts_of(driver, settings, contract)
    row = Course.get_by_id(c.course)
    gone = catalog.CourseDraft(
        row.code, row.name, row.price_minor, row.tax_rate_id, theory_minutes=720, minimum_age=17, status="unavailable"
    )
    did(driver, catalog.edit_course, row.id, row.version, gone)
    driver.click(card, "change_1")
    form = driver.dialog("discount_form")
    assert (form.form.course.currentText(), form.form.company.currentText()) == (row.name, "Alpen Logistik GmbH")
    driver.type(form, "change_name", "The contract")
    driver.click(form, "save_discount")
    driver.gone("discount_form")
    kept = DiscountRule.get()
    assert (kept.name, kept.course_id, kept.payer_id) == ("The contract", c.course, company)


def test_who_may_not_change_rules_is_told_before_they_type(driver: Driver, settings: Any) -> None:
    card = discounts_of(driver, settings, RuleDraft("Summer", percent_bp=1000))
    driver.desk.context.set_actor(Actor(driver.center.staff.user_id, "staff"))
    driver.click(card, "change_1")
    assert card.problem.text() == "Only an admin changes discounts."
    assert driver._dialog("discount_form") is None


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_long_names_leave_the_form_and_the_card_as_wide_as_they_are(
    driver: Driver, settings: Any, scale: float
) -> None:
    long = "A company of a very long name " * 6
    company = did(driver, people.add_payer, people.PayerDraft(name=long.strip(), kind="company"))
    rate = Course.get_by_id(driver.center.course).tax_rate_id
    course = did(driver, catalog.add_course, catalog.CourseDraft("LONG", long.strip(), 10000, rate))
    rule = RuleDraft("N" * 60, "company", percent_bp=1000, payer_id=company, course_id=course)
    card = discounts_of(driver, settings, rule)
    driver.window.setFixedSize(1366, 768)
    theme().use(scale=scale)
    try:
        driver.settled()
        for part in (card, driver.find(card, QPushButton, "switch_1"), card.fields["most_uses_each"]):
            assert part.mapTo(driver.window, part.rect().topRight()).x() < 1366
        driver.click(card, "change_1")
        form = driver.dialog("discount_form")
        for field in form.fields.values():
            if field.isVisible():
                assert field.mapTo(form, field.rect().topRight()).x() <= form.width() - 20
        assert form.width() <= 1366
    finally:
        theme().use(scale=1.0)


# -- the center


def test_every_setting_of_the_center_has_a_place(driver: Driver, settings: Any) -> None:
    card = settings.center_card
    kept = {field.name for field in fields(Center)}
    assert kept - set(card.fields) == {"mail_invoices", "country"}  # nothing in the program depends on the country yet
    here = driver.desk.context.center
    assert here.mail_invoices
    for name, words in (
        ("credit_note_pattern", "G-{year}-{number:04d}"), ("language", "de"), ("till_name", "Front till"),
        ("due_days", "30"), ("invoice_pattern", "R-{year}-{number:05d}"),
    ):  # fmt: skip
        driver.type(card, f"center_{name}", words)
    card.prices.setCurrentIndex(card.prices.findData("net"))
    to(driver, "center_mail_invoices")
    driver.key(Qt.Key.Key_Space)
    to(driver, "save_the_center")
    driver.key(Qt.Key.Key_Space)
    driver.settled()
    changed = {
        "credit_note_pattern": "G-{year}-{number:04d}", "language": "de", "till_name": "Front till", "due_days": 30,
        "invoice_pattern": "R-{year}-{number:05d}", "prices": "net", "mail_invoices": False,
    }  # fmt: skip
    assert center.load() == driver.desk.context.center == replace(here, **changed)


@pytest.mark.parametrize(
    ("key", "words", "said_beside"),
    [
        ("credit_note_pattern", "{year}-{number:06d}", "Invoices and credit notes would get the same numbers."),
        ("invoice_pattern", "{number}", "A number pattern needs the year and the number"),
        ("language", "klingon", "klingon"),
        ("zone", "Europe/Nowhere", "Europe/Nowhere"),
        ("till_name", " ", ""),
        ("due_days", "1_4", "Type a number of days."),
        ("due_days", "400", "Between 0 and 365 days."),
        ("iban", "AT61 1904 3002 3457 3202", "is not an IBAN"),
        ("email", "nobody", "nobody"),
    ],
)
def test_what_is_refused_is_said_beside_its_field(
    driver: Driver, settings: Any, key: str, words: str, said_beside: str
) -> None:
    card, before = settings.center_card, driver.desk.context.center
    driver.type(card, f"center_{key}", words)
    driver.click(card, "save_the_center")
    driver.settled()
    assert [name for name, field in card.fields.items() if field.error] == [key]
    assert said_beside in card.fields[key].error and card.problem.text() == ""
    assert driver.desk.context.center == before


def test_saving_something_else_leaves_the_address_and_the_fee_as_they_were(driver: Driver, settings: Any) -> None:
    """A comma within a line of the address would have become a new line, a fee off the catalog none."""
    c, context = driver.center, driver.desk.context
    address = "Hauptstrasse 1, Top 5\n1010 Wien"
    product = Product.get_by_id(c.book)
    did(driver, center.save, replace(context.center, address=address, registration_product_id=c.book))
    context.set_center(replace(context.center, address=address, registration_product_id=c.book))
    off = catalog.ProductDraft(
        product.code, product.name, product.price_minor, product.tax_rate_id, status="unavailable"
    )
    did(driver, catalog.edit_product, c.book, product.version, off)
    driver.page("students")
    driver.page("settings")
    card = settings.center_card
    assert card.fee.currentText() == f"{product.name} (not on offer)"
    driver.type(card, "center_phone", "+43 1 234")
    driver.click(card, "save_the_center")
    driver.settled()
    here = context.center
    assert (here.address, here.registration_product_id, here.phone) == (address, c.book, "+43 1 234")
    driver.type(card, "center_address", "Ring 2, 1010 Wien")
    driver.click(card, "save_the_center")
    driver.settled()
    assert context.center.address == "Ring 2\n1010 Wien"


def test_what_stands_on_documents_is_opened_from_the_settings(driver: Driver, settings: Any) -> None:
    to(driver, "letterhead_open")
    driver.key(Qt.Key.Key_Space)
    driver.dialog("letterhead")
    driver.key(Qt.Key.Key_Escape)
    driver.gone("letterhead")
    driver.click(settings, "letterhead_open")
    driver.dialog("letterhead")


# -- taxes and mail


def test_an_exemption_is_added_with_its_reason_and_a_rate_switched_off(driver: Driver, settings: Any) -> None:
    card = settings.taxes
    to(driver, "tax_name")
    typed_over("Lessons")
    to(driver, "tax_kind")
    driver.key(Qt.Key.Key_Down)
    to(driver, "add_tax_rate")
    driver.key(Qt.Key.Key_Space)
    driver.settled()
    assert card.fields["exemption_reason"].error == "Say why no tax is due; it is printed on the invoice."
    typed_over("Exempt: section 6")
    to(driver, "add_tax_rate")
    driver.key(Qt.Key.Key_Space)
    driver.settled()
    row = TaxRate.get(TaxRate.name == "Lessons")
    assert (row.category, row.rate_bp, row.exemption_reason) == ("E", 0, "Exempt: section 6")
    card.kind.setCurrentIndex(0)
    for words, problem in (("a fifth", "Write a rate as a percentage, like 19.5 %."), ("101", "between 0 % and 100 %")):
        driver.type(card, "tax_name", "Odd")
        driver.type(card, "tax_rate", words)
        driver.click(card, "add_tax_rate")
        driver.settled()
        assert problem in card.fields["rate"].error
    driver.type(card, "tax_rate", "19.5 %")
    driver.click(card, "add_tax_rate")
    driver.settled()
    assert TaxRate.get(TaxRate.name == "Odd").rate_bp == 1950 and "19.5 %" in said(card)
    driver.find(card, QPushButton, f"tax_switch_{row.id}").setFocus()
    for status, words in (("unavailable", "Switch on"), ("available", "Switch off")):
        driver.key(Qt.Key.Key_Space)
        driver.settled()
        assert TaxRate.get_by_id(row.id).status == status
        here = QApplication.focusWidget()
        assert (here.objectName(), here.text()) == (f"tax_switch_{row.id}", words)
    assert checks.run() == []


def test_who_may_not_change_the_mail_account_changes_no_password(driver: Driver, settings: Any) -> None:
    context = driver.desk.context
    for actor, kept in ((Actor(driver.center.staff.user_id, "staff"), None), (driver.center.admin, "secret")):
        context.set_actor(actor)
        for name, words in (("host", "mail.example.com"), ("username", "desk"), ("password", "secret")):
            driver.type(settings, f"mail_{name}", words)
        driver.type(settings, "mail_from_address", "desk@example.com")
        driver.click(settings, "save_the_mail_account")
        driver.settled()
        assert secrets.password("mail.example.com", "desk") == kept
        assert (settings.mail_fields["password"].text() == "") == (kept is not None)


def test_closing_the_till_says_what_was_counted_beside_what_should_be_inside(driver: Driver, settings: Any) -> None:
    card = settings
    opened = ("100", "The till is open.")
    for amount, words in (opened, ("97.50", "€97.50"), opened, ("100", "as expected")):
        driver.type(card, "till_amount", amount)
        driver.find(card, QPushButton, "open_the_till").click()
        driver.settled()
        told = driver.window.notice_label.text()
        assert words in told
        if words == "€97.50":
            assert "€100.00" in told and "€2.50" in told
    driver.type(card, "till_amount", "much")
    driver.find(card, QPushButton, "open_the_till").click()
    assert "“much” is not an amount" in settings.till_amount.error
