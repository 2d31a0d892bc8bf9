"""Products that are sold now and paid later: owed, put on an invoice with courses, paid as anything that is owed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.desk import catalog, discounts, enrollment, people
from app.desk.accounts import Actor
from app.desk.enrollment import EnrollmentDraft
from app.store import checks
from app.store.models import Invoice, InvoiceLine, Product, ProductEnrolled, TaxRate, User
from tests.journeys.test_ending import by_the_bar
from tests.support.window import Driver, did, driver, said, typed
from ui.pages import person_acts

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def exam_fee(driver: Driver) -> int:
    """An exam fee, of which there is no stock."""
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    draft = catalog.ProductDraft("EXAM", "Exam fee", 1_100, rate, kind="digital")
    driver.desk.context.set_actor(driver.center.admin)
    made: int = did(driver, catalog.add_product, draft)
    driver.desk.context.set_actor(driver.center.staff)
    return made


def test_exam_fees_and_a_book_are_sold_by_keys_into_the_invoice_of_a_company(driver: Driver) -> None:
    """As in picture 12: two people, their course, their exam fees and a book on one invoice to be paid later."""
    fee = exam_fee(driver)
    company = did(driver, people.add_payer, people.PayerDraft("Alpen GmbH", kind="company"))
    both = (driver.center.student, driver.center.other_student)
    for one in both:
        did(driver, enrollment.enroll, EnrollmentDraft(one, driver.center.course, payer_id=company))
    driver.desk.bill_for(driver.center.student, company)
    bill = driver.dialog("bill")
    driver.until(lambda: len(bill.rows) == 2)
    driver.key(Qt.Key.Key_N, ALT)
    dialog = driver.dialog("sell")
    assert [dialog.whose.itemText(row) for row in range(dialog.whose.count())] == ["Ana Satler", "Łukasz Wiśniewski"]
    assert dialog.payer.currentText() == "Alpen GmbH"
    assert dialog.product.hasFocus()
    assert dialog.product.currentData() == fee
    assert dialog.price.text() == "€11.00 to be paid · VAT 20 % in it: €1.83"
    QApplication.setDoubleClickInterval(5_000)
    driver.key(Qt.Key.Key_N, ALT)
    driver.until(dialog.told.isVisible)
    driver.key(Qt.Key.Key_N, ALT)  # and once more, too early
    driver.settled()
    QApplication.setDoubleClickInterval(0)
    assert dialog.told.text() == "1 × Exam fee for Ana Satler is owed now."
    assert ProductEnrolled.select().count() == 1
    dialog.whose.setFocus()
    driver.key(Qt.Key.Key_Down)
    driver.key(Qt.Key.Key_N, ALT)
    driver.until(lambda: "Łukasz" in dialog.told.text())
    dialog.product.setFocus()
    driver.key(Qt.Key.Key_Down)
    assert dialog.product.currentText() == "Highway Code handbook · €24.00 · 3 left"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("sell")
    driver.dialog("bill")
    driver.until(lambda: len(bill.rows) == 5)
    assert bill.subtitle.text() == "5 lines of 2 students, €706.00"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.dialog("invoice_preview").reject()
    (invoice,) = Invoice.select()
    assert (invoice.payer_id, invoice.gross_minor) == (company, 70_600)
    titles = sorted(line.title for line in InvoiceLine.select())
    assert titles == ["Driving B Theory", "Driving B Theory", "Exam fee", "Exam fee", "Highway Code handbook"]
    assert {line.payer_id for line in ProductEnrolled.select()} == {company}
    assert Product.get_by_id(driver.center.book).stock == 2
    assert checks.run() == []


def test_a_book_is_sold_from_the_panel_by_mouse_and_owed(driver: Driver) -> None:
    page = driver.page("students")
    page.select(driver.center.student)
    driver.settled()
    driver.click(page.panel, "panel_more")
    entry = next(one for one in page.panel.menu.actions() if one.objectName() == "act_sell")
    place = page.panel.menu.actionGeometry(entry).center()
    QTest.mouseClick(page.panel.menu, Qt.MouseButton.LeftButton, pos=place)
    QApplication.processEvents()
    dialog = driver.dialog("sell")
    assert dialog.payer.currentText() == "Ana Satler pays"
    driver.type(dialog, "sell_quantity", "2")
    assert dialog.price.text() == "€48.00 to be paid · VAT 10 % in it: €4.36"
    driver.click(dialog, "sell_it")
    QTest.mouseClick(dialog.main, Qt.MouseButton.LeftButton)  # and once more, too late
    driver.gone("sell")
    driver.settled()
    (line,) = ProductEnrolled.select()
    assert (line.quantity, line.gross_minor, Product.get_by_id(driver.center.book).stock) == (2, 4_800, 1)
    assert User.get_by_id(driver.center.student).balance_minor == 4_800
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    assert [row.title for row in driver.window.current().rows] == ["Highway Code handbook"]
    assert checks.run() == []


PIECES = "Write a whole number of pieces, at least 1."
STOCK = "Only 3 × Highway Code handbook left in stock."
COUPON = "There is no coupon “NOPE”; without one the price stays €24.00."

#: What is typed, into which field, and the sentence beside which field.
BAD = [
    *(("quantity", one, PIECES, "quantity") for one in ("0", " ", "1.5", "-1", "10001", "²", "9" * 30)),
    ("quantity", "4", STOCK, "items"),
    ("coupon", "NOPE", COUPON, "coupon"),
]


def test_bad_input_is_said_in_one_sentence_beside_its_field(driver: Driver) -> None:
    by_the_bar(driver, "sell ana")
    dialog = driver.dialog("sell")
    for name, bad, why, beside in BAD:
        driver.type(dialog, f"sell_{name}", bad)
        assert dialog.price.text() == why, "while it is typed"
        driver.key(Qt.Key.Key_Return, CTRL)
        driver.settled()
        assert said(dialog).count(why) == 1, bad
        assert {key: field.error for key, field in dialog.fields.items() if field.error} == {beside: why}
        assert ProductEnrolled.select().count() == 0
        driver.type(dialog, f"sell_{name}", "1" if name == "quantity" else " ")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("sell")
    assert ProductEnrolled.select().count() == 1


def test_the_last_pieces_go_while_the_form_stands(driver: Driver) -> None:
    by_the_bar(driver, "sell ana")
    dialog = driver.dialog("sell")
    driver.type(dialog, "sell_quantity", "2")
    other = enrollment.SaleDraft(driver.center.other_student, (enrollment.SaleItem(driver.center.book, 2),))
    driver.desk.context.run(enrollment.sell, other)
    dialog.main_action()
    driver.settled()
    assert dialog.fields["items"].error == "Only 1 × Highway Code handbook left in stock."
    assert dialog.product.currentText() == "Highway Code handbook · €24.00 · 1 left"
    assert [line.student_id for line in ProductEnrolled.select()] == [driver.center.other_student]
    assert dialog.main.isEnabled()


def test_a_discount_of_the_center_is_taken_off_and_named(driver: Driver) -> None:
    driver.desk.context.set_actor(driver.center.admin)
    did(driver, discounts.add_rule, discounts.RuleDraft("Autumn", percent_bp=1_000))
    by_the_bar(driver, "sell ana")
    dialog = driver.dialog("sell")
    assert dialog.price.text().startswith("€21.60 to be paid")
    assert "€2.40 less: Autumn" in dialog.price.text()
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("sell")
    assert ProductEnrolled.get().gross_minor == 2_160
    assert checks.run() == []


def test_who_may_not_sell_is_told_who_may(driver: Driver) -> None:
    driver.desk.context.set_actor(Actor(driver.center.instructor, "instructor"))
    page = driver.page("students")
    person_acts.act("sell", driver.desk.context, page, driver.center.student)
    dialog = driver.dialog("sell")
    typed("H")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert "may do this" in dialog.problem.text()
    assert ProductEnrolled.select().count() == 0


def test_with_nothing_to_sell_it_says_so(driver: Driver) -> None:
    driver.desk.context.set_actor(driver.center.admin)
    did(driver, retire, driver)
    by_the_bar(driver, "sell ana")
    dialog = driver.dialog("sell")
    assert dialog.price.text() == "Choose at least one product."
    driver.key(Qt.Key.Key_Return, CTRL)
    assert dialog.fields["items"].error == "Choose at least one product."


def retire(actor: Actor, driver: Driver) -> None:
    """The book is not sold any more."""
    from app.store import write

    with write("Retire", actor) as w:
        w.update(Product, driver.center.book, status="unavailable")


def test_all_that_was_sold_is_taken_beforehand_at_the_desk(driver: Driver) -> None:
    """Only what a plan asks for later waits: a book is paid when its buyer stands at the desk."""
    did(driver, enrollment.enroll, EnrollmentDraft(driver.center.student, driver.center.course))
    by_the_bar(driver, "sell ana")
    dialog = driver.dialog("sell")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("sell")
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    assert dialog is not None
    rows = driver.window.current().rows
    assert sorted((row.title, row.take.isChecked()) for row in rows) == [
        ("Driving B Theory", True),
        ("Highway Code handbook", True),
    ]
