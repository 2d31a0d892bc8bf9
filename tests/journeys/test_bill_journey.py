"""An invoice to be paid later through the real window: by keys and by mouse, for a company, and then paid at once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app import clock
from app.desk import enrollment, invoices, papers, payments, people, refunds
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine
from app.store import checks
from app.store.models import Invoice, InvoiceLine, MailQueue, Payer, Payment, StudentPayment, User
from tests.support.window import Driver, did, driver
from ui.dialogs.bill import BillDialog

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def company(driver: Driver) -> tuple[int, list[int]]:
    """A company that pays for four students, each of whom is enrolled."""
    draft = people.PayerDraft("Alpen & Söhne <GmbH>", kind="company", email="accounts@alpen.example")
    payer = did(driver, people.add_payer, draft)
    students = [driver.center.student, driver.center.other_student]
    students += [did(driver, people.add_student, people.StudentDraft(name, "Diallo")) for name in ("Amadou", "Yusuf")]
    for one in students:
        did(driver, enrollment.enroll, EnrollmentDraft(one, driver.center.course, payer_id=payer, send_mail=False))
    return payer, students


def day(days: int) -> str:
    return (clock.local_date("Europe/Vienna") + timedelta(days=days)).isoformat()


def test_a_company_is_billed_for_four_students_and_pays_with_one_transfer(driver: Driver) -> None:
    payer, students = company(driver)
    driver.key(Qt.Key.Key_K, CTRL)
    field = driver.window.command
    driver.until(field.hasFocus)
    QTest.keyClicks(field, "open items")
    driver.until(driver.desk.commands.isVisible)
    QTest.keyClick(field, Qt.Key.Key_Return)
    items = driver.dialog("open_items")
    driver.until(lambda: items.lines)
    driver.click(items, "open_items_by_payer")
    driver.click(items, "chip_age_0")
    driver.until(lambda: len(items.owners) == 1)
    driver.key(Qt.Key.Key_I, ALT)
    dialog = driver.dialog("bill")
    driver.until(lambda: len(dialog.rows) == 4)
    assert dialog.payer.currentText() == "Alpen & Söhne <GmbH>"
    assert dialog.subtitle.text() == "4 lines of 4 students, €1,320.00"
    assert dialog.mail.isChecked()
    driver.type(dialog, "due_on", day(40))
    dialog.note.setPlainText("Your order PO-7719")
    driver.key(Qt.Key.Key_P, CTRL)
    preview = driver.dialog("bill_preview")
    assert preview.content.startswith(b"%PDF")
    assert Invoice.select().count() == 0
    driver.key(Qt.Key.Key_Escape)
    driver.gone("bill_preview")
    driver.dialog("bill")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("bill")
    paper = driver.dialog("invoice_preview")
    paper.reject()
    driver.gone("invoice_preview")
    (invoice,) = Invoice.select()
    assert (invoice.payer_id, invoice.due_on, invoice.gross_minor) == (payer, day(40), 132_000)
    found = {line.student_id: line.detail for line in InvoiceLine.select()}
    assert set(found) == set(students)
    for one in students:
        row = User.get_by_id(one)
        assert f"{row.first_name} {row.last_name}" in found[one]
    assert invoices.document(invoice.id).note == "Your order PO-7719"
    mail = MailQueue.get(MailQueue.template_key == "invoice")
    assert (mail.to_address, json.loads(mail.attachments)) == (
        "accounts@alpen.example",
        [{"kind": "invoice", "id": invoice.id}],
    )

    driver.desk.open_items()
    items = driver.dialog("open_items")
    driver.until(lambda: items.lines)
    driver.click(items, "open_items_by_payer")
    driver.click(items, "chip_age_0")
    driver.until(lambda: len(items.owners) == 1)
    driver.click(items, "pay_together")
    driver.gone("open_items")
    driver.settled()
    desk = driver.window.current()
    assert (driver.window.current_key(), len(desk.rows), desk.payer.currentData()) == ("payments", 4, payer)
    assert sum("Diallo" in row.due.student for row in desk.rows) == 2
    driver.key(Qt.Key.Key_3, ALT)
    for _step in ("start", "complete"):
        driver.key(Qt.Key.Key_Return, CTRL)
        driver.settled()
    (payment,) = Payment.select()
    assert (payment.status, payment.amount_minor, payment.payer_id) == ("COMPLETED", 132_000, payer)
    puts = {put.student_id: put.amount_minor for put in StudentPayment.select()}
    assert puts == dict.fromkeys(students, 33_000)
    assert invoices.open_minor(invoice.id) == 0
    assert Invoice.select().count() == 1, "what is invoiced is not invoiced again"
    assert {User.get_by_id(one).balance_minor for one in students} == {0}
    assert checks.run() == []


def opened(driver: Driver, student: int) -> BillDialog:
    driver.desk.bill_for(student)
    dialog = driver.dialog("bill")
    driver.until(lambda: dialog.rows)
    assert isinstance(dialog, BillDialog)
    return dialog


def test_by_mouse_and_each_refusal_is_one_sentence(driver: Driver) -> None:
    ana = driver.center.student
    for _copy in range(2):
        did(driver, enrollment.sell, SaleDraft(ana, (SaleItem(driver.center.book),)))
    dialog = opened(driver, ana)
    assert len(dialog.rows) == 2
    assert not dialog.fields["due_on"].error
    driver.click(dialog, "all_or_none")
    assert dialog.chosen() == []
    driver.click(dialog, "issue")
    assert dialog.problem.text() == "Choose at least one line to put on the invoice."
    driver.click(dialog, "preview_bill")
    assert dialog.problem.text() == "Choose at least one line to put on the invoice."
    driver.click(dialog.rows[0], "bill_line")
    driver.type(dialog, "due_on", day(-1))
    driver.click(dialog, "issue")
    driver.until(lambda: dialog.fields["due_on"].error)
    assert "has passed: an invoice can be due today" in dialog.fields["due_on"].error
    driver.type(dialog, "due_on", "soon")
    driver.click(dialog, "issue")
    driver.until(lambda: "“soon” is not a date" in dialog.fields["due_on"].error)
    dialog.due_on.clear()
    line = dialog.rows[0].line.line
    dialog.note.setPlainText("x" * 1_001)
    driver.click(dialog, "issue")
    driver.until(lambda: dialog.fields["note"].error)
    dialog.note.setPlainText("")
    # Billed by the other desk meanwhile: the list is read again without it.
    did(driver, invoices.bill, ana, [line])
    driver.until(lambda: len(dialog.rows) == 1)
    driver.click(dialog, "issue")
    assert dialog.problem.text() == "Choose at least one line to put on the invoice.", "what was left out stays so"
    driver.click(dialog.rows[0], "bill_line")
    later = clock.now() - timedelta(days=3)
    with clock.frozen(later):
        driver.click(dialog, "issue")
        driver.settled()
    assert "Set the clock right" in dialog.problem.text()
    driver.click(dialog, "issue")
    driver.gone("bill")
    driver.dialog("invoice_preview").reject()
    assert Invoice.select().count() == 2
    assert checks.run() == []


def test_a_line_billed_in_the_same_moment_is_named(driver: Driver) -> None:
    ana = driver.center.student
    did(driver, enrollment.sell, SaleDraft(ana, (SaleItem(driver.center.book),)))
    dialog = opened(driver, ana)
    line = dialog.rows[0].line.line
    driver.desk.context.run(invoices.bill, ana, [line])
    dialog.main_action()
    driver.settled()
    assert "is already on invoice" in dialog.problem.text()
    driver.until(lambda: not dialog.rows)
    dialog.reject()


def test_it_opens_from_the_desk_the_person_and_the_command_bar(driver: Driver) -> None:
    ana = driver.center.student
    did(driver, enrollment.sell, SaleDraft(ana, (SaleItem(driver.center.book),)))
    driver.desk.pay_for(ana)
    driver.settled()
    driver.key(Qt.Key.Key_I, ALT)
    driver.dialog("bill").reject()
    driver.gone("bill")
    driver.click(driver.window.current(), "bill_this")
    driver.dialog("bill").reject()
    driver.gone("bill")
    page = driver.page("students")
    page.select(ana)
    next(act for act in page.panel.menu.actions() if act.objectName() == "act_bill").trigger()
    driver.dialog("bill").reject()
    driver.gone("bill")
    driver.key(Qt.Key.Key_K, CTRL)
    field = driver.window.command
    driver.until(field.hasFocus)
    QTest.keyClicks(field, "invoice satler")
    driver.until(driver.desk.commands.isVisible)
    QTest.keyClick(field, Qt.Key.Key_Return)
    dialog = driver.dialog("bill")
    driver.until(lambda: dialog.rows)
    assert dialog.payer.currentText() == "Ana Satler pays"
    dialog.reject()
    driver.gone("bill")
    assert QApplication.focusWidget() is not None
    assert driver.window.findChildren(QWidget)


def test_a_guardian_is_the_usual_buyer_and_another_can_be_chosen(driver: Driver) -> None:
    guardian = did(driver, people.add_payer, people.PayerDraft("Maria Satler", kind="guardian"))
    other = did(driver, people.add_payer, people.PayerDraft("Brücken GmbH", kind="company"))
    ana = driver.center.student
    row = User.get_by_id(ana)
    draft = people.StudentDraft("Ana", "Satler", email=row.email or "", payer_id=guardian)
    did(driver, people.edit_student, ana, row.version, draft)
    did(driver, enrollment.sell, SaleDraft(ana, (SaleItem(driver.center.book),)))
    dialog = opened(driver, ana)
    assert dialog.payer.currentText() == "Maria Satler"
    assert not dialog.mail.isEnabled(), "she has no address"
    assert len(dialog.rows) == 1
    dialog.payer.setCurrentIndex(dialog.payer.findData(other))
    driver.settled()
    driver.until(lambda: len(dialog.rows) == 1)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("bill")
    driver.dialog("invoice_preview").reject()
    (made,) = Invoice.select()
    assert (made.payer_id, made.buyer_name) == (other, "Brücken GmbH")
    assert Payer.get_by_id(other).name == "Brücken GmbH"


def test_a_deposit_is_credit_until_it_is_used(driver: Driver) -> None:
    """Money before anything is bought, and a first part of a plan: as the help says."""
    ana = driver.center.student
    driver.desk.pay_for(ana)
    driver.settled()
    desk = driver.window.current()
    driver.type(desk, "amount_given", "50")
    for _step in ("start", "complete"):
        driver.key(Qt.Key.Key_Return, CTRL)
        driver.settled()
    assert refunds.student_credit_minor(ana) == 5_000
    plan = enrollment.plan(33_000, 3, day(0))
    line = did(driver, enrollment.enroll, EnrollmentDraft(ana, driver.center.course, installments=plan))
    first = payments.owed(ana)[0]
    did(driver, refunds.apply_credit, ana, [PayLine(line, None, first.installment_id, 5_000)], "use")
    assert refunds.student_credit_minor(ana) == 0
    rest = replace(PayLine(line, None, first.installment_id), amount_minor=first.open_minor - 5_000)
    made = did(driver, payments.start, payments.PaymentDraft("part", ana, "card", rest.amount_minor, (rest,)))
    did(driver, payments.complete, made)
    assert [due.open_minor for due in payments.owed(ana)] == [11_000, 11_000]
    assert checks.run() == []


def test_a_pro_forma_of_the_same_lines_is_looked_at_and_books_nothing(driver: Driver) -> None:
    ana = driver.center.student
    did(driver, enrollment.sell, SaleDraft(ana, (SaleItem(driver.center.book),)))
    dialog = opened(driver, ana)
    driver.key(Qt.Key.Key_F, ALT)
    preview = driver.dialog("proforma_preview")
    assert preview.file_name.startswith("pro-forma-")
    driver.key(Qt.Key.Key_M, CTRL)
    driver.settled()
    mail = MailQueue.get(MailQueue.event_key.startswith("paper:"))
    assert papers.resolve(json.loads(mail.attachments)[0]).content == preview.content
    preview.reject()
    driver.gone("proforma_preview")
    driver.dialog("bill")
    driver.click(dialog, "pro_forma")
    driver.dialog("proforma_preview").reject()
    driver.gone("proforma_preview")
    dialog.reject()
    assert Invoice.select().count() == 0
