"""The main job through the real window, once by mouse and once by keyboard alone; the outcome is read off the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from app.store import checks
from app.store.models import (
    CourseEnrolled,
    Invoice,
    MailQueue,
    Notification,
    Payment,
    Product,
    ProductEnrolled,
    Slot,
    SlotEnrolled,
    StudentPayment,
    Timeline,
    User,
)
from tests.support.window import Driver, driver
from ui.dialogs import ask

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def student(name: str) -> User:
    return User.get(User.first_name == name)


def test_the_main_job_by_mouse(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window = driver.window
    # 1. A new student.
    page = driver.page("students")
    driver.click(page, "new_student")
    form = driver.dialog("form")
    driver.type(form, "first_name", "Öykü")
    driver.type(form, "last_name", "Yıldız")
    driver.type(form, "email", "oyku@mail.example")
    driver.click(form, "save")
    driver.gone("form")
    driver.settled()
    oyku = student("Öykü")
    assert page.panel.name.text() == "Öykü Yıldız"
    # 2. Enroll: one transaction for row, balance, notification, mail, timeline.
    driver.click(page.panel, "enroll")
    form = driver.dialog("enroll")
    assert form.total.text() == "€330.00"
    driver.click(form, "enroll_only")
    driver.gone("enroll")
    driver.settled()
    enrolled = CourseEnrolled.get(CourseEnrolled.student_id == oyku.id)
    assert (enrolled.gross_minor, student("Öykü").balance_minor) == (33000, 33000)
    assert MailQueue.get(MailQueue.template_key == "enrollment_confirmation").to_address == "oyku@mail.example"
    assert Notification.select().where(Notification.key == "enrollment.created").count() == 1
    assert Timeline.select().where(Timeline.user_id == oyku.id).count() >= 3
    # 3–5. The payment desk: the course and a book, in cash, with change.
    driver.click(page.panel, "take_payment")
    desk = window.current()
    assert desk.name.text() == "Öykü Yıldız"
    stock = Product.get_by_id(driver.center.book).stock
    driver.click(desk, "highway_code_24_00")
    assert desk.to_pay.text() == "€354.00"
    driver.type(desk, "amount_given", "400")
    assert desk.change.text() == "€46.00"
    assert Payment.select().count() == 0
    driver.click(desk, "payment_main")
    driver.settled()
    payment = Payment.get(Payment.student_id == oyku.id)
    assert (payment.status, payment.amount_minor) == ("STARTED", 35400)
    assert StudentPayment.select().count() == Invoice.select().count() == 0
    driver.click(desk, "payment_main")
    driver.settled()
    assert Payment.get_by_id(payment.id).status == "COMPLETED"
    assert desk.done.give_back.text() == "€46.00"
    assert Product.get_by_id(driver.center.book).stock == stock - 1
    assert ProductEnrolled.select().count() == 1
    invoice = Invoice.get(Invoice.student_id == oyku.id)
    assert (invoice.gross_minor, student("Öykü").balance_minor) == (35400, 0)
    assert sum(row.amount_minor for row in StudentPayment.select()) == 35400
    # 6. The invoice on screen, saved as PDF.
    target = tmp_path / "invoice.pdf"
    monkeypatch.setattr(ask, "choose_save_file", lambda *_: str(target))
    driver.click(desk, "open_invoice")
    preview = driver.dialog("invoice_preview")
    driver.click(preview, "save_pdf")
    driver.gone("invoice_preview")
    assert target.read_bytes().startswith(b"%PDF")
    # 4. A session, a seat, a full slot, attendance.
    calendar = driver.page("calendar")
    driver.click(calendar, "new_session")
    form = driver.dialog("session")
    driver.type(form, "start_date", "2031-03-03")
    driver.type(form, "end_date", "2031-03-09")
    driver.type(form, "capacity", "1")
    form.days[2].setChecked(True)
    assert "1 slot" in form.preview.text()
    driver.click(form, "plan_the_session")
    driver.gone("session")
    driver.settled()
    slot = Slot.get()
    assert (slot.on_date, slot.capacity) == ("2031-03-04", 1)
    assert calendar.title.text() == "Driving B Theory"
    for name, seats_left in (("Ana", 0), ("Łukasz", 0)):
        driver.click(calendar, "book")
        finder = driver.dialog("find_student")
        driver.type(finder, "find_words", name)
        finder.main_action()
        driver.settled()
        assert Slot.get().capacity - SlotEnrolled.select().where(SlotEnrolled.status == "booked").count() == seats_left
    question = driver.dialog("question")
    assert SlotEnrolled.select().count() == 1
    driver.click(question, "put_on_the_waiting_list")
    driver.settled()
    assert SlotEnrolled.get(SlotEnrolled.status == "waiting").student_id == driver.center.other_student
    # 8. The manager's inbox: open the record behind, mark it done.
    window.actor_button.click()
    choice = driver.dialog("choose_actor")
    choice.people.setCurrentIndex(choice.people.findText("Ingrid Maurer · Super admin"))
    driver.click(choice, "take_over")
    inbox = driver.page("inbox")
    item = next(row for row in inbox.rows if row.item.key == "enrollment.created")
    item.click()
    driver.settled()
    driver.click(inbox, "done")
    driver.settled()
    assert Notification.get(Notification.key == "enrollment.created").done_by == driver.center.admin.user_id
    assert all(row.item.key != "enrollment.created" for row in inbox.rows)
    # 7. Mails wait and say so.
    mail = driver.page("mail")
    assert mail.banner_title.isVisible()
    assert "nothing is lost" in mail.banner_title.text()
    assert checks.run() == []


def test_a_payment_by_keyboard_alone_in_few_keys(driver: Driver) -> None:
    """From anywhere: F4, a name, Enter, exact cash, start, complete, next person."""
    driver.page("students")
    driver.key(Qt.Key.Key_F2)
    driver.dialog("enroll")
    driver.key(Qt.Key.Key_S, CTRL)
    driver.gone("enroll")
    driver.settled()
    who = CourseEnrolled.get().student_id
    driver.key(Qt.Key.Key_F4)
    desk = driver.window.current()
    assert desk.student_id == who
    driver.key(Qt.Key.Key_2, ALT)
    assert desk.method() == "card"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert Payment.get().status == "STARTED"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert (Payment.get().status, Payment.get().method) == ("COMPLETED", "card")
    driver.key(Qt.Key.Key_Return)
    assert driver.dialog("find_student").isVisible()
    driver.key(Qt.Key.Key_Escape)
    driver.gone("find_student")
    assert checks.run() == []


def test_a_started_payment_is_found_again_and_can_fail(driver: Driver) -> None:
    desk = driver.page("payments")
    finder = driver.dialog("find_student")
    driver.type(finder, "find_words", "ana")
    driver.key(Qt.Key.Key_Return)
    driver.gone("find_student")
    driver.key(Qt.Key.Key_3, ALT)
    driver.type(desk, "amount_given", "12.50")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    driver.key(Qt.Key.Key_Escape)
    assert desk.payment_id is None
    driver.click(desk, "resume")
    assert desk.to_pay.text() == "€12.50"
    driver.click(desk, "it_failed")
    question = driver.dialog("question")
    driver.click(question, "it_failed")
    assert question.fields["reason"].error
    driver.type(question, "answer", "never arrived")
    driver.click(question, "it_failed")
    driver.gone("question")
    driver.settled()
    row = Payment.get()
    assert (row.status, row.reason, json.loads(row.draft)["asked"]["lines"]) == ("FAILED", "never arrived", [])
    assert Timeline.select().where(Timeline.subject_table == "payments").count() == 0


@pytest.mark.parametrize("typed", ["1_000", "١٢٣", "NaN", "1e5", "-0", "12,5,0"])
def test_an_impossible_amount_is_said_in_words_and_nothing_is_written(driver: Driver, typed: str) -> None:
    desk = driver.page("payments")
    finder = driver.dialog("find_student")
    driver.type(finder, "find_words", "ana")
    finder.main_action()
    driver.gone("find_student")
    driver.type(desk, "amount_given", typed)
    desk.go_on()
    driver.settled()
    assert desk.payment_id is None
    assert Payment.select().count() == 0
    assert driver.window.isVisible()


def test_bad_fields_keep_the_form_open_and_say_why(driver: Driver) -> None:
    page = driver.page("students")
    before = User.select().count()
    driver.click(page, "new_student")
    form = driver.dialog("form")
    driver.type(form, "first_name", "Fatima")
    driver.type(form, "email", "fz@mail,example")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert form.fields["email"].error.startswith("A comma?")
    assert form.fields["email"].edit.accessibleDescription() == form.fields["email"].error
    assert QApplication.focusWidget() is form.fields["email"].edit
    driver.type(form, "email", "fz@mail.example")
    driver.type(form, "date_of_birth", "1999-02-31")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert form.fields["date_of_birth"].error
    assert User.select().count() == before
    driver.type(form, "date_of_birth", "1999-02-28")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("form")
    assert User.select().count() == before + 1


def test_markup_in_a_name_is_shown_as_text_everywhere(driver: Driver) -> None:
    from PySide6.QtWidgets import QLabel

    page = driver.page("students")
    driver.click(page, "new_student")
    form = driver.dialog("form")
    driver.type(form, "first_name", "<b>Bo</b>")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("form")
    driver.settled()
    assert page.panel.name.text() == "<b>Bo</b>"
    for key in ("students", "calendar", "payments", "inbox", "mail", "settings"):
        driver.window.go(key)
    labels = [label for label in driver.window.findChildren(QLabel) if label.text()]
    assert len(labels) > 50
    assert {label.textFormat() for label in labels} == {Qt.TextFormat.PlainText}


def test_the_command_bar_finds_people_and_does_what_its_line_says(driver: Driver) -> None:
    from tests.support.window import QTest

    driver.page("calendar")
    driver.key(Qt.Key.Key_K, CTRL)
    field = driver.window.command
    driver.until(field.hasFocus)
    panel = driver.desk.commands
    QTest.keyClicks(field, "satler")
    driver.until(panel.isVisible)
    titles = [row.result.title for row in panel.rows]
    assert titles[0] == "Ana Satler"
    assert "Take a payment from Ana Satler" in titles
    assert Payment.select().count() == 0
    while panel.rows[panel.chosen()].result.title != "Take a payment from Ana Satler":
        QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert driver.window.current().student_id == driver.center.student
    assert not panel.isVisible()
    QTest.keyClicks(field, "mail")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert (field.text(), panel.isVisible()) == ("", False)


def test_dark_large_and_right_to_left_the_window_still_works(driver: Driver) -> None:
    from ui.theme import theme

    try:
        theme().use(dark=True, scale=1.5)
        QApplication.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        for key in ("students", "calendar", "payments", "inbox", "mail", "settings"):
            page = driver.window.go(key)
            driver.settled()
            for dialog in driver.window.findChildren(QDialog):
                dialog.close()
            picture = driver.window.grab().toImage()
            ground = theme().color("bg")
            assert picture.width() >= 1024
            assert page.isVisible()
            assert any(picture.pixelColor(x, 60) == ground for x in range(100, picture.width() - 100, 7)), key
        rail = driver.find(driver.window, QWidget, "rail_students")
        assert rail.mapTo(driver.window, rail.rect().center()).x() > driver.window.width() - 100
    finally:
        QApplication.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        theme().use(dark=False, scale=1.0)


def test_a_printed_invoice_has_its_pages(driver: Driver, tmp_path: Path) -> None:
    import pypdfium2
    from PySide6.QtPrintSupport import QPrinter

    from app.documents.invoice import render
    from tests.documents.test_invoice import document
    from ui.pages.paper import print_pdf

    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "print.pdf"))
    content = render(document(lines=40))
    assert print_pdf(content, printer) == len(pypdfium2.PdfDocument(content)) > 1
    assert (tmp_path / "print.pdf").stat().st_size > 10_000


def test_print_asks_for_a_printer_and_prints(driver: Driver, tmp_path: Path) -> None:
    from PySide6.QtPrintSupport import QPrintDialog, QPrinter

    from app.desk import enrollment, invoices
    from app.desk.payments import PayLine
    from ui.pages.paper import show_invoice

    sale = enrollment.SaleDraft(driver.center.student, (enrollment.SaleItem(driver.center.book),))
    context, made = driver.desk.context, []
    context.run(enrollment.sell, sale, done=made.extend)
    driver.settled()
    lines = [PayLine(product_enrolled_id=made[0])]
    context.run(invoices.bill, driver.center.student, lines, done=made.append)
    driver.settled()
    show_invoice(driver.window, context, made[1])
    preview = driver.dialog("invoice_preview")
    driver.key(Qt.Key.Key_P, CTRL)
    (asks,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QPrintDialog) and w.isVisible()]
    asks.printer().setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    asks.printer().setOutputFileName(str(tmp_path / "print.pdf"))
    asks.done(QDialog.DialogCode.Accepted)
    driver.until(lambda: not asks.isVisible())
    assert (tmp_path / "print.pdf").stat().st_size > 10_000
    preview.close()


def test_enroll_and_pay_leads_to_the_payment_desk_with_the_first_installment(driver: Driver) -> None:
    page = driver.page("students")
    page.select(driver.center.student)
    driver.key(Qt.Key.Key_F2)
    form = driver.dialog("enroll")
    driver.type(form, "discount", "10 %")
    driver.key(Qt.Key.Key_3, ALT)
    assert form.total.text() == "€297.00"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("enroll")
    driver.settled()
    desk = driver.window.current()
    assert desk.student_id == driver.center.student
    assert [row.open_minor for row in desk.rows] == [9900, 9900, 9900]
    assert CourseEnrolled.get().discount_minor == 3300
    assert checks.run() == []


def test_sending_goes_on_after_a_round_that_failed(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.errors import EnvironmentFault
    from app.mail import queue

    def full() -> None:
        raise EnvironmentFault("store.disk_full", path="x", detail="x")

    monkeypatch.setattr(queue, "recover", lambda **_: full())
    mail = driver.page("mail")
    driver.desk.mail_thread.look_now()
    driver.until(lambda: "stands still" in mail.banner_title.text())
    monkeypatch.undo()
    driver.desk.mail_thread.look_now()
    driver.until(lambda: "No mail account" in mail.banner_title.text())
    assert driver.desk.mail_thread.isRunning()
