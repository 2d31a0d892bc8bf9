"""Money of an earlier payment given back through the real window, by keys alone and by mouse."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.desk import enrollment, payments, till
from app.desk.accounts import Actor
from app.desk.enrollment import EnrollmentDraft
from app.store import checks
from app.store.models import Payment, User
from tests.support.window import Driver, did, driver, said, typed, typed_over

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def _pay(actor: Actor, student: int, course: int) -> None:
    enrollment.enroll(actor, EnrollmentDraft(student, course))
    (due,) = payments.owed(student)
    line = payments.PayLine(due.enrollment_id, amount_minor=33000)
    payments.complete(actor, payments.start(actor, payments.PaymentDraft("k", student, "card", 34000, (line,))))


def paid(driver: Driver) -> Any:
    """The payment desk with Ana, who paid 340.00 for a course of 330.00."""
    driver.desk.context.run(_pay, driver.center.student, driver.center.course)
    driver.settled()
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    return driver.window.current()


def test_by_keys_alone(driver: Driver) -> None:
    desk = paid(driver)
    driver.key(Qt.Key.Key_P, ALT)
    driver.dialog("payments_of")
    driver.key(Qt.Key.Key_Return)
    dialog = driver.dialog("refund")
    typed_over("400")
    assert not dialog.effect.isVisible()
    driver.key(Qt.Key.Key_Tab)
    typed_over("asked for")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert dialog.fields["amount"].error == "At most €340.00 of P-000001 can be refunded."
    dialog.fields["amount"].edit.setFocus()
    typed_over("50")
    assert dialog.effect.text() == "€10.00 of it is credit.\nDriving B Theory: €40.00 is owed again."
    driver.key(Qt.Key.Key_Return, CTRL)
    QTest.keyClick(dialog, Qt.Key.Key_Return, CTRL)  # and once more, too late
    driver.gone("refund")
    driver.settled()
    rows = [(row.payment_type, row.amount_minor, row.reason) for row in Payment.select().order_by(Payment.id)]
    assert rows == [("course_fee", 34000, ""), ("refund", 5000, "asked for")]
    listed = driver.dialog("payments_of")
    assert [(row.amount_minor, row.left_minor) for row in listed.rows.values()] == [(-5000, 0), (34000, 29000)]
    driver.key(Qt.Key.Key_Escape)
    driver.gone("payments_of")
    assert [row.open_minor for row in desk.rows] == [4000], "it is owed again, and the desk shows it"
    assert User.get_by_id(driver.center.student).balance_minor == 4000
    assert checks.run() == []


def test_by_mouse_with_its_receipt_and_a_reason_that_is_missing(driver: Driver) -> None:
    desk = paid(driver)
    driver.click(desk, "payments_of_this")
    listed = driver.dialog("payments_of")
    driver.click(listed, "receipt_of_this")
    assert driver.dialog("receipt_preview").file_name == "P-000001-copy.pdf"
    driver.dialog("receipt_preview").reject()
    driver.gone("receipt_preview")
    driver.dialog("payments_of")
    driver.click(listed, "refund_this")
    dialog = driver.dialog("refund")
    driver.click(dialog, "give_it_back")
    driver.settled()
    assert dialog.fields["reason"].error
    assert Payment.select().count() == 1
    driver.type(dialog, "refund_reason", "moved away")
    driver.click(dialog, "give_it_back")
    driver.gone("refund")
    driver.settled()
    assert User.get_by_id(driver.center.student).balance_minor == 33000
    listed = driver.dialog("payments_of")
    listed.table.select_id(1)
    assert not listed.main.isEnabled(), "nothing of it is left"
    listed.table.select_id(2)
    for name in ("P-000002.pdf", "P-000002-copy.pdf"):
        driver.dialog("payments_of")
        driver.click(listed, "receipt_of_this")
        assert driver.dialog("receipt_preview").file_name == name, "the paper of what was just given back, then a copy"
        driver.dialog("receipt_preview").reject()
        driver.gone("receipt_preview")
    assert checks.run() == []


def test_a_draft_that_somebody_works_at_is_kept(driver: Driver) -> None:
    desk = paid(driver)
    driver.click(desk, "highway_code_24_00")
    driver.key(Qt.Key.Key_P, ALT)
    driver.dialog("payments_of")
    driver.key(Qt.Key.Key_Return)
    driver.dialog("refund")
    driver.key(Qt.Key.Key_Tab)
    typed_over("asked for")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("refund")
    driver.settled()
    assert [row.title for row in desk.rows] == ["Highway Code handbook"]
    assert desk.who.amount.text() == "€330.00"


def test_a_payment_is_found_by_its_number(driver: Driver) -> None:
    """In the command bar: one that is settled among all of its person, one that waits for its answer at the desk."""
    paid(driver)
    draft = payments.PaymentDraft("waits", driver.center.other_student, "transfer", 500)
    waiting = did(driver, payments.start, draft)
    driver.page("students")
    driver.key(Qt.Key.Key_K, CTRL)
    typed("p-000001")
    driver.key(Qt.Key.Key_Return)
    listed = driver.dialog("payments_of")
    assert (listed.student_id, listed.table.current_id()) == (driver.center.student, 1)
    driver.key(Qt.Key.Key_Escape)
    driver.gone("payments_of")
    driver.key(Qt.Key.Key_K, CTRL)
    typed(Payment.get_by_id(waiting).number)
    driver.key(Qt.Key.Key_Return)
    driver.settled()
    desk = driver.window.current()
    assert desk.student_id == driver.center.other_student
    assert "was started with €5.00. Did the money move?" in said(desk)


def _in_cash(actor: Actor, student: int, inside: int) -> None:
    """A person with 100.00 of credit, paid in cash; of it so much stays in the till."""
    till.open_till(actor, 0)
    payments.complete(actor, payments.start(actor, payments.PaymentDraft("k", student, "cash", 10000)))
    till.move(actor, "paid_out", 10000 - inside, "to the bank")


NOT_INSIDE = (
    "Till 1 should hold €{there}, so €100.00 cannot be given back in cash."
    " Put cash in first, under Settings, or give back less."
)


@pytest.mark.parametrize(("form", "key"), [("refund", Qt.Key.Key_Return), ("pay_out", Qt.Key.Key_C)])
def test_cash_that_is_not_in_the_till_is_not_given_back(driver: Driver, form: str, key: Qt.Key) -> None:
    """The sentence stands at the amount; what it says to do, less of it or cash put in, works."""
    did(driver, _in_cash, driver.center.student, 3000)
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    driver.key(Qt.Key.Key_P, ALT)
    driver.dialog("payments_of")
    driver.key(key)
    dialog = driver.dialog(form)
    driver.key(Qt.Key.Key_Tab)
    typed_over("asked for")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert dialog.isVisible() and dialog.fields["amount"].error == NOT_INSIDE.format(there="30.00")
    assert Payment.select().count() == 1
    dialog.fields["amount"].edit.setFocus()
    typed_over("30")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone(form)
    driver.settled()
    driver.dialog("payments_of").reject()
    driver.gone("payments_of")
    settings = driver.page("settings")
    driver.type(settings, "till_amount", "much")
    driver.click(settings, "put_cash_in")
    assert "“much” is not an amount" in settings.till_amount.error
    for button, amount, words in (
        ("put_cash_in", "70", "€70.00 is put in."), ("take_cash_out", "10", "€10.00 is taken out."),
    ):  # fmt: skip
        driver.type(settings, "till_amount", amount)
        driver.click(settings, button)
        question = driver.dialog("question")
        driver.type(question, "answer", "the bank")
        driver.key(Qt.Key.Key_Return, CTRL)
        driver.gone("question")
        driver.settled()
        assert driver.window.notice_label.text().startswith(words)
    assert "€60.00 should be inside" in settings.till_facts.text()
    driver.type(settings, "till_amount", "60.01")
    driver.click(settings, "take_cash_out")
    question = driver.dialog("question")
    driver.type(question, "answer", "the bank")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("question")
    driver.settled()
    assert "more than that cannot be taken out" in settings.till_amount.error
    assert checks.run() == []


def test_a_payment_just_made_is_not_reversed_out_of_an_empty_till(driver: Driver) -> None:
    """The desk's own Reverse says what the till should hold, and the money stays booked."""
    did(driver, till.open_till, 0)
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    desk = driver.window.current()
    driver.type(desk, "amount_given", "100")
    driver.click(desk, "payment_main")
    driver.settled()
    driver.click(desk, "payment_main")
    driver.settled()
    did(driver, till.move, "paid_out", 10000, "to the bank")
    driver.click(desk, "reverse_this_payment")
    question = driver.dialog("question")
    driver.type(question, "answer", "asked for")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("question")
    driver.settled()
    assert desk.done.words.text() == NOT_INSIDE.format(there="0.00")
    assert [(row.payment_type, row.status) for row in Payment.select()] == [("credit", "COMPLETED")]
    assert checks.run() == []


def _closed(actor: Actor) -> None:
    till.open_till(actor, 0)
    till.close_till(actor, 0)


def test_the_till_is_opened_at_the_desk_and_says_what_came_meanwhile(driver: Driver) -> None:
    """Beside what is given the desk says that the till is closed; the draft stays as it was while it is opened."""
    driver.page("payments")
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    desk = driver.window.current()
    assert "the till is closed" not in said(desk), "a center without a till is not told of one"
    did(driver, _closed)
    driver.until(lambda: "Amount given; the till is closed" in said(desk))
    driver.type(desk, "amount_given", "240")
    driver.click(desk, "payment_main")
    driver.settled()
    driver.click(desk, "payment_main")
    driver.settled()
    assert Payment.get().till_id is None
    missed = "€240.00 were taken in cash while the till was closed. Count them into the float."
    driver.until(lambda: missed in said(desk))
    driver.desk.pay_for(driver.center.other_student)
    driver.settled()
    driver.type(desk, "amount_given", "12.50")
    driver.click(desk, "open_the_till")
    dialog = driver.dialog("open_till")
    assert missed in said(dialog)
    typed("much")
    driver.key(Qt.Key.Key_Return, CTRL)
    assert "“much” is not an amount" in dialog.fields["float"].error
    typed_over("240")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("open_till")
    driver.settled()
    assert (desk.student_id, desk.given.text()) == (driver.center.other_student, "12.50")
    driver.until(lambda: "the till is closed" not in said(desk) and "Amount given" in said(desk))
    assert "Should be inside" in said(desk) and missed not in said(desk)
    assert checks.run() == []


def test_what_the_bank_calls_a_payment_is_kept_with_it(driver: Driver) -> None:
    """It is typed beside a transfer, stands there again when the payment is taken up, and in the list of payments."""
    c = driver.center
    did(driver, enrollment.enroll, EnrollmentDraft(c.student, c.course))
    driver.desk.pay_for(c.student)
    driver.settled()
    desk = driver.window.current()
    assert not desk.tender.reference.isVisible(), "cash has none"
    driver.key(Qt.Key.Key_3, ALT)
    driver.key(Qt.Key.Key_Tab)
    assert desk.tender.reference.hasFocus()
    typed("RF18 5390 0754")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    driver.key(Qt.Key.Key_Escape)
    driver.settled()
    assert desk.tender.reference.text() == ""
    (waiting,) = payments.started()
    assert waiting.reference == "RF18 5390 0754"
    desk.resume(waiting.payment_id)
    driver.settled()
    assert (desk.tender.reference.text(), desk.tender.reference.isEnabled()) == ("RF18 5390 0754", False)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    driver.key(Qt.Key.Key_P, ALT)
    assert [row.about for row in driver.dialog("payments_of").rows.values()] == ["RF18 5390 0754"]
