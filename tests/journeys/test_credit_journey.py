"""Too much is taken, stays visible, and is used the next time."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from app.desk import canceling, enrollment, invoices, payments, people, refunds
from app.store import checks
from app.store.models import Invoice, Payment, StudentPayment, User
from tests.support.window import Driver, did, driver, said

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def overpaid(driver: Driver, more_minor: int) -> None:
    """A course is paid by card with so much too much."""
    c = driver.center
    line = did(driver, enrollment.enroll, enrollment.EnrollmentDraft(c.student, c.course))
    draft = payments.PaymentDraft(
        "over", c.student, "card", 33_000 + more_minor, (payments.PayLine(line, amount_minor=33_000),)
    )
    did(driver, payments.complete, did(driver, payments.start, draft))


def test_over_payment_then_use_of_credit_by_keyboard(driver: Driver) -> None:
    c = driver.center
    did(driver, enrollment.enroll, enrollment.EnrollmentDraft(c.student, c.course))
    driver.page("students").select(c.student)
    driver.key(Qt.Key.Key_F4)
    desk = driver.window.current()
    driver.until(lambda: desk.student_id == c.student and desk.to_pay.text() == "€330.00")
    driver.key(Qt.Key.Key_2, ALT)
    driver.type(desk, "amount_given", "340")
    assert "Stays as credit" in said(desk)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert "€10.00 stays as credit." in said(desk)
    # The next time: a book of €24.00, €10.00 of it from the credit, the rest in cash.
    did(driver, enrollment.sell, enrollment.SaleDraft(c.student, (enrollment.SaleItem(c.book),)))
    desk.new_draft(c.student)
    assert desk.credit.said.text() == "Credit €10.00"
    assert desk.credit.use.text() == "Use €10.00"
    driver.key(Qt.Key.Key_5, ALT)
    driver.settled()
    assert desk.to_pay.text() == "€14.00"
    assert not desk.credit.isVisible()
    driver.key(Qt.Key.Key_F8)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert User.get_by_id(c.student).balance_minor == 0
    assert [row.amount_minor for row in Payment.select().order_by(Payment.id)] == [34_000, 1_400]
    assert Invoice.select().count() == 2
    assert checks.run() == []


def test_credit_that_covers_everything_and_is_taken_back(driver: Driver) -> None:
    c = driver.center
    overpaid(driver, 5_000)
    did(driver, enrollment.sell, enrollment.SaleDraft(c.student, (enrollment.SaleItem(c.book),)))
    desk = driver.page("payments")
    driver.dialog("find_student").close()
    driver.gone("find_student")
    desk.new_draft(c.student)
    driver.click(desk, "use_credit")
    driver.settled()
    assert desk.to_pay.text() == "€0.00"
    assert desk.credit.said.text() == "Credit €26.00"
    assert not desk.credit.use.isVisible()
    driver.key(Qt.Key.Key_Z, CTRL)
    dialog = driver.dialog("take_back")
    dialog.main_action()
    driver.gone("take_back")
    driver.settled()
    assert refunds.student_credit_minor(c.student) == 5_000
    driver.until(lambda: desk.to_pay.text() == "€24.00")
    assert desk.credit.use.text() == "Use €24.00"
    assert checks.run() == []


@pytest.mark.parametrize("waits", [False, True])
def test_pressed_three_times_it_is_used_once_and_then_for_what_is_chosen_anew(driver: Driver, waits: bool) -> None:
    c = driver.center
    draft = payments.PaymentDraft("credit", c.student, "card", 20_000)
    did(driver, payments.complete, did(driver, payments.start, draft))
    did(driver, enrollment.enroll, enrollment.EnrollmentDraft(c.student, c.course))
    driver.page("students").select(c.student)
    driver.key(Qt.Key.Key_F4)
    desk = driver.window.current()
    driver.until(lambda: desk.student_id == c.student and desk.credit.use.isVisible())
    (row,) = desk.rows
    row.pay(3_000)
    assert desk.credit.use.text() == "Use €30.00"
    for _ in range(3):
        driver.key(Qt.Key.Key_5, ALT)
        if waits:
            driver.settled()
    driver.settled()
    assert [row.amount_minor for row in StudentPayment.select()] == [3_000]
    assert desk.credit.said.text() == "Credit €170.00 · €30.00 used"
    assert not desk.credit.use.isVisible()
    # Whoever wants more of it says for what.
    (row,) = desk.rows
    row.pay(4_000)
    assert desk.credit.said.text() == "Credit €170.00"
    assert desk.credit.use.text() == "Use €40.00"
    for _ in range(2):
        driver.key(Qt.Key.Key_5, ALT)
        driver.settled()
    assert [row.amount_minor for row in StudentPayment.select().order_by(StudentPayment.id)] == [3_000, 4_000]
    desk.new_draft(c.other_student)
    desk.new_draft(c.student)
    assert desk.credit.use.text() == "Use €130.00"
    assert checks.run() == []


def test_a_companys_credit_is_offered_where_it_pays_and_paid_out_to_it(driver: Driver) -> None:
    """One payment of a company for two of its people stands at one of them; the other one is canceled."""
    c = driver.center
    payer = did(driver, people.add_payer, people.PayerDraft("Alpen GmbH", kind="company", email="buch@alpen.example"))
    lines = [
        did(driver, enrollment.enroll, enrollment.EnrollmentDraft(one, c.course, payer_id=payer))
        for one in (c.student, c.other_student)
    ]
    whole = [payments.PayLine(line, amount_minor=33_000) for line in lines]
    did(driver, invoices.bill, c.student, [payments.PayLine(line) for line in lines], payer)
    draft = payments.PaymentDraft("both", c.student, "transfer", 66_000, tuple(whole), payer_id=payer)
    did(driver, payments.complete, did(driver, payments.start, draft))
    did(driver, canceling.cancel_enrollment, lines[1], "does not come")
    did(driver, enrollment.sell, enrollment.SaleDraft(c.student, (enrollment.SaleItem(c.book),)))
    did(driver, enrollment.sell, enrollment.SaleDraft(c.student, (enrollment.SaleItem(c.book, 2),), payer_id=payer))
    desk = driver.page("payments")
    driver.dialog("find_student").close()
    driver.gone("find_student")
    desk.new_draft(c.student)
    assert desk.payer.currentData() is None
    assert not desk.credit.isVisible()  # it is not Ana's
    desk.new_draft(c.student, payer)
    assert desk.credit.said.text() == "Credit €330.00"
    assert desk.credit.use.text() == "Use €48.00"  # for the two books that the company pays, not for hers
    desk.payer.setFocus()
    driver.key(Qt.Key.Key_Up)
    assert desk.payer.currentData() is None
    assert not desk.credit.isVisible()
    driver.key(Qt.Key.Key_Down)
    assert desk.credit.use.text() == "Use €48.00"
    driver.key(Qt.Key.Key_5, ALT)
    driver.settled()
    assert desk.credit.said.text() == "Credit €282.00"
    assert not desk.credit.use.isVisible()
    assert desk.to_pay.text() == "€24.00"
    # What is left goes back to the company, from its own view.
    driver.desk.open_payer(payer)
    family = driver.dialog("family")
    assert "€282.00 credit of Alpen GmbH" in family.sums.text()
    driver.key(Qt.Key.Key_C)
    out = driver.dialog("pay_out")
    assert "The credit is €282.00." in said(out)
    driver.type(out, "pay_out_reason", "one does not come")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: driver._dialog("pay_out") is None)
    driver.settled()
    back = Payment.get(Payment.payment_type == "refund")
    assert (back.payer_id, back.amount_minor, refunds.credit_of(None, payer)) == (payer, 28_200, 0)
    driver.until(lambda: not family.out.isVisible())
    assert checks.run() == []


@pytest.mark.parametrize("started", [False, True])
def test_what_was_used_at_another_desk_is_said(driver: Driver, started: bool) -> None:
    c = driver.center
    overpaid(driver, 3_000)
    did(driver, enrollment.sell, enrollment.SaleDraft(c.student, (enrollment.SaleItem(c.book),)))
    desk = driver.page("payments")
    driver.dialog("find_student").close()
    driver.gone("find_student")
    desk.new_draft(c.student)
    if started:
        desk.go_on()
        driver.settled()
        assert not desk.credit.use.isEnabled()
        driver.key(Qt.Key.Key_5, ALT)
    else:
        over = Payment.get(Payment.request_key == "over")
        desk._read_owed = lambda: None  # the news of the other desk has not come yet
        did(driver, refunds.refund, over.id, 3_000, "asked for it", "refund-over")
        driver.click(desk, "use_credit")
    driver.settled()
    problem = "" if started else "The credit is €0.00; that is not enough for these lines."
    assert desk.problem.text() == problem
    assert StudentPayment.select().where(StudentPayment.product_enrolled_id.is_null(False)).count() == 0
    assert checks.run() == []


@pytest.mark.parametrize("keeps", [True, False])
def test_change_in_cash_is_given_back_or_kept_as_credit(driver: Driver, keeps: bool) -> None:
    """It is chosen before the payment starts, and a payment that waited stands there as it was chosen."""
    c = driver.center
    did(driver, enrollment.enroll, enrollment.EnrollmentDraft(c.student, c.course))
    desk = driver.page("payments")
    driver.dialog("find_student").close()
    driver.gone("find_student")
    desk.new_draft(c.student)
    driver.type(desk, "amount_given", "350")
    assert "Change due" in said(desk)
    if keeps:
        driver.key(Qt.Key.Key_K, ALT)
        assert "Stays as credit" in said(desk)
        assert "Change due" not in said(desk)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    driver.key(Qt.Key.Key_Escape)
    driver.settled()
    assert not desk.tender.keep.isChecked(), "the next payment is another one"
    (waiting,) = payments.started()
    desk.resume(waiting.payment_id)
    driver.settled()
    assert ("Stays as credit" in said(desk)) == keeps
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    row = Payment.get()
    assert (row.status, row.amount_minor, row.given_minor) == ("COMPLETED", 35_000 if keeps else 33_000, 35_000)
    assert User.get_by_id(c.student).balance_minor == (-2_000 if keeps else 0)
    assert checks.run() == []
