"""What was agreed is ended through the real window: an invoice credited, an enrollment canceled, a product returned."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from app.desk import changing, crediting, enrollment, invoices, payments, refunds, scheduling
from app.desk.accounts import Actor
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.store import checks
from app.store.models import CourseEnrolled, Invoice, MailQueue, Product, ProductEnrolled, SlotEnrolled, User
from tests.journeys.test_changes import at_the_desk, enroll, menu_of_the_line, pay, ready
from tests.support.window import Driver, did, driver, said, typed
from ui.pages import person_acts

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def billed(driver: Driver, paid: int = 0) -> int:
    """Ana's course on an invoice, so much of it paid; returns the invoice."""
    line = did(driver, enroll, driver)
    invoice = did(driver, invoices.bill, driver.center.student, [PayLine(line)])
    if paid:
        did(driver, pay, driver, paid, PayLine(line, amount_minor=paid))
    return int(invoice)


def sold(actor: Actor, driver: Driver, quantity: int = 1) -> int:
    return enrollment.sell(actor, SaleDraft(driver.center.student, (SaleItem(driver.center.book, quantity),)))[0]


def by_the_bar(driver: Driver, words: str) -> None:
    """Ctrl+K, words, Enter."""
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)
    driver.key(Qt.Key.Key_K, CTRL)
    driver.until(driver.window.command.hasFocus)
    typed(words)
    driver.until(lambda: driver.desk.commands.rows)
    driver.key(Qt.Key.Key_Return)


def click_in_menu(menu: QMenu, name: str) -> None:
    """Click an entry of an open menu."""
    entry = next(one for one in menu.actions() if one.objectName() == name)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())
    QApplication.processEvents()


# -- credit notes


def test_an_invoice_is_credited_from_its_preview_by_keys(driver: Driver) -> None:
    billed(driver, 10_000)
    by_the_bar(driver, "2026-000001")
    preview = driver.dialog("invoice_preview")
    assert not preview.state.isVisible()
    driver.key(Qt.Key.Key_C, ALT)
    dialog = driver.dialog("credit")
    ready(driver, dialog)
    words = said(dialog)
    assert "Open: €230.00 → €330.00" in words
    assert "€100.00 that was paid becomes credit of Ana Satler" in words
    number = "CN-2026-000001"
    assert f"Credit note {number} for Ana Satler: invoice 2026-000001 over €330.00 is credited in full" in words
    assert "1 mail goes out: Ana Satler" in words
    assert Invoice.select().count() == 1, "nothing happened yet"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert dialog.fields["reason"].error == "Please fill this in."
    typed("wrong buyer")
    driver.key(Qt.Key.Key_Return, CTRL)
    note = driver.dialog("credit_note_preview")
    driver.settled()
    assert Invoice.get(Invoice.kind == "credit_note").label == number
    assert driver.window.notice_label.text() == f"Invoice 2026-000001 is credited by {number}."
    assert note.subtitle.text() == f"{number}.pdf · ana.satler@mail.example"
    assert note.state.text() == "This is the credit note to invoice 2026-000001."
    assert preview.state.text() == f"This invoice is credited in full by {number}."
    mails = MailQueue.select().count()
    driver.key(Qt.Key.Key_M, CTRL)
    driver.settled()
    assert MailQueue.select().count() == mails + 1, "and once more, by hand"
    driver.key(Qt.Key.Key_C, ALT)
    assert note.problem.text() == f"{number} is a credit note and cannot be credited; it stands as it is."
    driver.key(Qt.Key.Key_Escape)
    driver.dialog("invoice_preview")
    driver.key(Qt.Key.Key_C, ALT)
    assert preview.problem.text() == f"Invoice 2026-000001 was credited already by {number}."
    driver.key(Qt.Key.Key_Escape)
    driver.gone("invoice_preview")
    assert Invoice.select().count() == 2
    assert User.get_by_id(driver.center.student).balance_minor == 23_000
    assert refunds.student_credit_minor(driver.center.student) == 10_000
    assert checks.run() == []


def test_an_invoice_is_credited_from_the_panel_by_mouse_and_not_mailed(driver: Driver) -> None:
    billed(driver)
    page = driver.page("students")
    page.select(driver.center.student)
    driver.settled()
    page.panel.tabs.setCurrentIndex(3)
    driver.until(lambda: any(one.isVisible() for one in page.panel.findChildren(QWidget, "open_document")))
    driver.click(page.panel, "open_document")
    driver.click(driver.dialog("invoice_preview"), "credit_this")
    dialog = driver.dialog("credit")
    driver.click(dialog, "mail_credit_note")
    driver.until(lambda: "No mail goes out." in said(dialog))
    driver.type(dialog, "credit_reason", "wrong buyer")
    ready(driver, dialog)
    mails = MailQueue.select().count()
    QTest.mouseClick(dialog.main, Qt.MouseButton.LeftButton)
    QTest.mouseClick(dialog.main, Qt.MouseButton.LeftButton)  # and once more, too late
    driver.dialog("credit_note_preview")
    driver.settled()
    assert Invoice.select().count() == 2
    assert MailQueue.select().count() == mails
    assert checks.run() == []


def test_the_bar_credits_by_number_and_refuses_what_is_no_open_invoice(driver: Driver) -> None:
    billed(driver)
    by_the_bar(driver, "credit 2026-000001")
    dialog = driver.dialog("credit")
    ready(driver, dialog)
    typed("wrong buyer")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.dialog("credit_note_preview").reject()
    driver.gone("credit_note_preview")
    for number, why in (
        ("CN-2026-000001", "CN-2026-000001 is a credit note and cannot be credited; it stands as it is."),
        ("2026-000001", "Invoice 2026-000001 was credited already by CN-2026-000001."),
    ):
        by_the_bar(driver, f"credit {number}")
        dialog = driver.dialog("credit")
        driver.until(lambda why=why, shown=dialog: why in said(shown))
        assert dialog.what.currentText().startswith(number)
        typed("again")
        driver.key(Qt.Key.Key_Return, CTRL)
        driver.settled()
        assert not dialog.main.isEnabled()
        driver.key(Qt.Key.Key_Escape)
        driver.gone("credit")
    assert Invoice.select().count() == 2


def test_a_line_at_the_desk_names_the_invoice_it_is_on(driver: Driver) -> None:
    billed(driver)
    desk = at_the_desk(driver)
    menu_of_the_line(driver, "line_credit_note")
    dialog = driver.dialog("credit")
    ready(driver, dialog)
    assert dialog.what.currentText() == "2026-000001 · Ana Satler · €330.00"
    typed("wrong buyer")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.dialog("credit_note_preview").reject()
    driver.gone("credit_note_preview")
    driver.settled()
    assert [row.due.invoice_label for row in desk.rows] == [None], "owed, and on no invoice"
    assert checks.run() == []


def test_a_person_has_only_invoices_that_can_be_credited(driver: Driver) -> None:
    first = billed(driver)
    did(driver, crediting.credit, first, "wrong buyer")
    page = driver.page("students")
    person_acts.act("credit", driver.desk.context, page, driver.center.student)
    dialog = driver.dialog("credit")
    assert "There is no invoice that could be credited." in said(dialog)
    assert not dialog.main.isEnabled()
    dialog.reject()
    line = CourseEnrolled.get().id
    did(driver, invoices.bill, driver.center.student, [PayLine(line)])
    person_acts.act("credit", driver.desk.context, page, driver.center.student)
    dialog = driver.dialog("credit")
    assert [dialog.what.itemText(0), dialog.what.count()] == ["2026-000002 · Ana Satler · €330.00", 1]


def another_number(driver: Driver) -> Any:
    """What another desk credits while the preview stands: the number that was shown is gone."""
    line = did(driver, enrollment.enroll, EnrollmentDraft(driver.center.other_student, driver.center.course))
    return did(driver, invoices.bill, driver.center.other_student, [PayLine(line)])


def overtaken(driver: Driver) -> Any:
    """The dialog whose act was asked for just after another desk took its number."""
    first, other = billed(driver), another_number(driver)
    by_the_bar(driver, "credit 2026-000001")
    dialog = driver.dialog("credit")
    ready(driver, dialog)
    typed("wrong buyer")
    driver.desk.context.run(crediting.credit, other, "theirs")
    dialog.main_action()
    driver.settled()
    assert Invoice.select().where(Invoice.refers_to == first).count() == 0
    return dialog


def test_a_preview_that_another_desk_overtakes_is_refused_and_shown_anew(driver: Driver) -> None:
    dialog = overtaken(driver)
    assert "Something changed at another desk since this was shown." in dialog.problem.text()
    ready(driver, dialog)
    assert "Credit note CN-2026-000002 for Ana Satler" in said(dialog)
    assert dialog.reason.text() == "wrong buyer"


def test_the_control_without_the_hold_the_other_number_is_taken(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "hold", lambda shown, effect: None)
    with pytest.raises(AssertionError):
        overtaken(driver)


# -- enrollments


def test_an_enrollment_is_canceled_from_the_panel_by_keys(driver: Driver) -> None:
    days = ("2030-03-04", "2030-03-06")
    group = did(
        driver,
        scheduling.plan_session,
        scheduling.SessionDraft(
            course_id=driver.center.course, name="Evening", recurrence="picked_dates", picked_dates=days
        ),
    )
    draft = EnrollmentDraft(driver.center.student, driver.center.course, session_id=group)
    line = did(driver, enrollment.enroll, draft)
    book = did(driver, sold, driver)
    puts = (PayLine(line, amount_minor=33_000), PayLine(None, book, amount_minor=2_400))
    did(driver, pay, driver, 35_400, *puts)
    page = driver.page("students")
    page.select(driver.center.student)
    driver.settled()
    page.panel.tabs.setCurrentIndex(2)
    QApplication.processEvents()
    driver.find(page.panel, QWidget, "enrollment_more").setFocus()
    driver.key(Qt.Key.Key_Space)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    driver.choose(menu, "line_cancel")
    dialog = driver.dialog("cancel")
    ready(driver, dialog)
    words = said(dialog)
    assert "Credit: €0.00 → €330.00" in words
    assert "Invoice 2026-000001 over €354.00 is credited in full" in words
    assert "A new invoice over €24.00 for Ana Satler, paid" in words
    assert "2 seats become free: Evening" in words
    assert "1 mail goes out: Ana Satler" in words
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert dialog.fields["reason"].error == "Please fill this in."
    typed("moves away")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("cancel")
    driver.settled()
    row = CourseEnrolled.get_by_id(line)
    assert (row.status, row.cancel_reason) == ("canceled", "moves away")
    assert {seat.status for seat in SlotEnrolled.select()} == {"canceled"}
    assert driver.window.notice_label.text() == "The enrollment in Driving B Theory is canceled.", "documents stand"
    assert refunds.student_credit_minor(driver.center.student) == 33_000
    assert checks.run() == []


def test_what_is_completed_is_not_canceled(driver: Driver) -> None:
    line = did(driver, enroll, driver)
    desk = at_the_desk(driver)
    did(driver, complete, line)
    menu_of_the_line(driver, "line_cancel")
    dialog = driver.dialog("cancel")
    driver.until(lambda: "is completed and stays so" in said(dialog))
    typed("moves away")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert not dialog.main.isEnabled()
    assert (CourseEnrolled.get_by_id(line).status, len(desk.rows)) == ("completed", 1)
    dialog.reject()
    by_the_bar(driver, "cancel ana")
    assert "No enrollment is running that could be canceled." in said(driver.dialog("cancel"))


def complete(actor: Actor, line: int) -> None:
    """The course is over."""
    from app.store import write

    with write("Complete", actor) as w:
        w.update(CourseEnrolled, line, status="completed", completed_on="2026-01-01")


def test_a_payment_while_the_cancellation_stands_there_is_shown(driver: Driver) -> None:
    line = did(driver, enroll, driver)
    by_the_bar(driver, "cancel ana")
    dialog = driver.dialog("cancel")
    ready(driver, dialog)
    assert "No document is touched." in said(dialog)
    typed("moves away")
    made = payments.start
    paid = PaymentDraft("late", driver.center.student, "card", 5_000, (PayLine(line, amount_minor=5_000),))
    payment = did(driver, made, paid)
    ready(driver, dialog)
    driver.desk.context.run(payments.complete, payment)
    dialog.main_action()
    driver.settled()
    assert "Something changed at another desk since this was shown." in dialog.problem.text()
    assert CourseEnrolled.get_by_id(line).status == "pending"
    ready(driver, dialog)
    assert "Credit: €0.00 → €50.00" in said(dialog)
    QTest.mouseClick(dialog.main, Qt.MouseButton.LeftButton)
    driver.gone("cancel")
    driver.settled()
    assert CourseEnrolled.get_by_id(line).status == "canceled"
    assert checks.run() == []


# -- products


def test_a_book_that_is_owed_is_taken_back_from_its_line_by_mouse(driver: Driver) -> None:
    book = did(driver, sold, driver, 2)
    desk = at_the_desk(driver)
    row = desk.owed.rows[0]
    QTest.mouseClick(row.more, Qt.MouseButton.LeftButton)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert "line_cancel" not in [one.objectName() for one in menu.actions()]
    click_in_menu(menu, "line_return")
    dialog = driver.dialog("return_product")
    ready(driver, dialog)
    assert dialog.what.currentText() == "2 × Highway Code handbook · HB · A-00001 · €0.00 paid"
    assert "2 pieces go back into stock" in said(dialog)
    assert "Open: €48.00 → €0.00" in said(dialog)
    driver.type(dialog, "return_product_reason", "bought twice")
    QTest.mouseClick(dialog.main, Qt.MouseButton.LeftButton)
    driver.gone("return_product")
    driver.settled()
    assert (ProductEnrolled.get_by_id(book).status, Product.get_by_id(driver.center.book).stock) == ("canceled", 3)
    assert desk.rows == []
    assert driver.window.notice_label.text() == "Highway Code handbook is taken back. Ctrl+Z takes it back."
    driver.key(Qt.Key.Key_Z, CTRL)
    take_back = driver.dialog("take_back")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("take_back")
    driver.settled()
    assert take_back is not None
    assert (ProductEnrolled.get_by_id(book).status, Product.get_by_id(driver.center.book).stock) == ("completed", 1)
    assert checks.run() == []


def test_a_book_that_is_paid_is_taken_back_from_the_bar_by_keys(driver: Driver) -> None:
    book = did(driver, sold, driver)
    did(driver, pay, driver, 2_400, PayLine(None, book, amount_minor=2_400))
    by_the_bar(driver, "return ana")
    dialog = driver.dialog("return_product")
    ready(driver, dialog)
    words = said(dialog)
    assert "Credit: €0.00 → €24.00" in words
    assert "Invoice 2026-000001 over €24.00 is credited in full" in words
    assert "1 piece goes back into stock" in words
    assert "1 mail goes out: Ana Satler" in words
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert dialog.fields["reason"].error == "Please fill this in."
    typed("pages are missing")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("return_product")
    driver.settled()
    assert refunds.student_credit_minor(driver.center.student) == 2_400
    by_the_bar(driver, "return ana")
    assert "No product was sold here that could be taken back." in said(driver.dialog("return_product"))
    assert checks.run() == []


def test_who_may_not_is_told_who_may(driver: Driver) -> None:
    billed(driver)
    did(driver, sold, driver)
    driver.desk.context.set_actor(Actor(driver.center.instructor, "instructor"))
    page = driver.page("students")
    for key, name in (("credit", "credit"), ("cancel", "cancel"), ("return", "return_product")):
        person_acts.act(key, driver.desk.context, page, driver.center.student)
        dialog = driver.dialog(name)
        driver.until(lambda shown=dialog: "may do this" in said(shown))
        assert not dialog.main.isEnabled()
        dialog.reject()
        driver.gone(name)


def test_a_long_name_widens_no_form(driver: Driver) -> None:
    name = "Höhere Berufsbildung " * 9
    did(driver, rename, driver, name[:200])
    line = did(driver, enroll, driver)
    did(driver, invoices.bill, driver.center.student, [PayLine(line)])
    page = driver.page("students")
    for key, shown in (("credit", "credit"), ("cancel", "cancel"), ("sell", "sell")):
        person_acts.act(key, driver.desk.context, page, driver.center.student)
        dialog = driver.dialog(shown)
        driver.settled()
        inner = dialog._scroll.widget()
        assert inner.width() <= dialog._scroll.viewport().width(), key
        assert dialog.frameGeometry().height() <= driver.window.height()
        assert dialog.mapFromGlobal(dialog.main.mapToGlobal(QPoint(0, 0))).x() + dialog.main.width() <= dialog.width()
        dialog.reject()
        driver.gone(shown)


def rename(actor: Actor, driver: Driver, name: str) -> None:
    """The course and the book get the longest name there is."""
    from app.store import write
    from app.store.models import Course

    with write("Rename", actor) as w:
        w.update(Course, driver.center.course, name=name)
        w.update(Product, driver.center.book, name=name)
