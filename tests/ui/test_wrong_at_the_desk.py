"""What is wrong at the payment desk is said once, in a sentence, where it was typed; and money is never taken twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from app import clock, text
from app.desk import center, enrollment, payments, people, refunds
from app.desk.enrollment import EnrollmentDraft
from app.desk.payments import PaymentDraft
from app.desk.people import PayerDraft
from app.lists import catalog
from app.store import checks
from app.store.models import CourseEnrolled, Invoice, Payer, Payment, ProductEnrolled, StudentPayment, User
from tests.support.window import Driver, did, driver, said, typed_over
from ui.pages.payments import PaymentsPage
from ui.theme import theme
from ui.widgets.basic import Button

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier

#: What people type, and what the desk of a center in English makes of it: minor units, or how the sentence begins.
TYPED = [
    ("1,234.50", 123_450), ("1234.5", 123_450), ("€1,234.50", 123_450), ("1234.50 EUR", 123_450), ("12", 1_200),
    ("1.234,50", "“1.234,50” is not an amount. Write it like 1,234.50."),
    ("1 234,50", "“1 234,50” is not an amount."), ("1'234.50", "“1'234.50” is not an amount."),
    ("١٢٣", "“١٢٣” is not an amount."), ("-5", "“-5” is not an amount."), ("−5", "“−5” is not an amount."),
    ("(5)", "“(5)” is not an amount."), ("1,2,3", "“1,2,3” is not an amount."), ("12,50", "“12,50” is not an amount."),
    ("", "Type an amount, like 1,234.50."), ("0", "Write an amount above zero"),
    ("99999999999999", "“99999999999999” is more than Deskbell can book in one amount."),
]  # fmt: skip


@pytest.fixture
def desk(driver: Driver) -> Any:
    """The payment desk with Ana, who owes 330.00."""
    did(driver, enrollment.enroll, EnrollmentDraft(driver.center.student, driver.center.course))
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    return driver.window.current()


def go_on(driver: Driver) -> None:
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()


def test_an_amount_in_any_notation_is_understood_or_refused_below_its_field(driver: Driver, desk: Any) -> None:
    driver.key(Qt.Key.Key_2, ALT)
    for typed, meant in TYPED:
        driver.type(desk, "amount_given", "7")
        driver.key(Qt.Key.Key_Backspace)
        driver.type(desk, "amount_given", typed)
        go_on(driver)
        if isinstance(meant, int):
            assert desk.tender.given_problem.text() == "", typed
            row = Payment.select().order_by(Payment.id.desc()).get()
            assert (row.status, row.amount_minor) == ("STARTED", meant), typed
            did(driver, payments.fail, row.id, "only a try")
            desk.new_draft(driver.center.student)
            driver.key(Qt.Key.Key_2, ALT)
        else:
            problem = desk.tender.given_problem
            assert problem.isVisible() and problem.text().startswith(meant), typed
            assert desk.given.hasFocus() and desk.given.accessibleDescription() == problem.text()
            assert desk.payment_id is None and desk.problem.text() == "", "said once"
    assert {row.status for row in Payment.select()} == {"FAILED"}


@pytest.mark.parametrize(("typed", "sentence"), [
    ("330.01", "Only €330.00 of it is still open."), ("-5", "“-5” is not an amount. Write it like 1,234.50."),
    ("1,2,3", "“1,2,3” is not an amount. Write it like 1,234.50."), ("0", "Each line needs an amount above zero."),
    ("", "Type an amount, like 1,234.50."),
    ("99999999999999", "“99999999999999” is more than Deskbell can book in one amount."),
])  # fmt: skip
def test_an_amount_on_a_line_says_on_the_line_what_is_wrong(
    driver: Driver, desk: Any, typed: str, sentence: str
) -> None:
    (row,) = desk.rows
    row.edit.setFocus()
    QTest.keyClick(row.edit, Qt.Key.Key_A, CTRL)
    QTest.keyClick(row.edit, Qt.Key.Key_Delete)
    QTest.keyClicks(row.edit, typed)
    assert row.wrong.text() == row.edit.accessibleDescription() == sentence
    assert row.edit.property("wrong") and row.wrong.isVisible()
    assert (desk.to_pay.text(), desk.owed.sum.text()) == ("—", "—"), "there is no sum, not one of nothing"
    assert not desk.change_box.isVisible(), "and nothing that stays as credit"
    desk.given.setFocus()
    go_on(driver)
    assert row.edit.hasFocus() and Payment.select().count() == 0
    typed_over("30")
    assert not row.wrong.isVisible() and desk.to_pay.text() == "€30.00"
    go_on(driver)
    assert Payment.get().amount_minor == 3_000


def test_what_another_desk_completed_is_said_with_what_is_true_now(driver: Driver, desk: Any) -> None:
    go_on(driver)
    started = desk.payment_id
    desk._read_owed = lambda: None  # the news of the other desk has not come yet
    did(driver, payments.complete, started)
    go_on(driver)
    assert desk.problem.text().startswith("P-000001 was completed already, on ")
    assert desk.problem.text().endswith("Nothing was booked twice.") and desk.problem.isVisible()
    assert desk.payment_id is None and desk.rows == [], "nothing is owed any more"
    assert "Nothing is owed." in said(desk.who)
    assert (Payment.select().count(), StudentPayment.select().count(), Invoice.select().count()) == (1, 1, 1)
    assert checks.run() == []


def test_what_another_desk_called_failed_can_be_begun_anew(driver: Driver, desk: Any) -> None:
    go_on(driver)
    did(driver, payments.fail, desk.payment_id, "card refused")
    go_on(driver)
    assert desk.problem.text() == "P-000001 has failed already (card refused). Start a new payment."
    assert desk.to_pay.text() == "€330.00" and desk.main.text() == "Start payment"
    for _step in ("start", "complete"):
        go_on(driver)
    assert [row.status for row in Payment.select().order_by(Payment.id)] == ["FAILED", "COMPLETED"]
    assert checks.run() == []


def test_two_clicks_two_enters_and_a_second_page_make_one_payment(driver: Driver, desk: Any) -> None:
    for _press in range(3):
        QTest.keyClick(desk, Qt.Key.Key_Return, CTRL)
        QTest.mouseDClick(desk.main, Qt.MouseButton.LeftButton)
    driver.settled()
    assert [row.status for row in Payment.select()] == ["STARTED"]
    second = PaymentsPage(driver.desk.context)  # as in a second window
    second.resume(desk.payment_id)
    assert second.payment_id == desk.payment_id
    for _press in range(3):
        QTest.keyClick(desk, Qt.Key.Key_Return, CTRL)
        second.go_on()
        QTest.mouseDClick(desk.main, Qt.MouseButton.LeftButton)
    driver.settled()
    assert [(row.status, row.amount_minor) for row in Payment.select()] == [("COMPLETED", 33_000)]
    assert (StudentPayment.select().count(), Invoice.select().count()) == (1, 1)
    assert "Nothing was booked twice." in second.problem.text()
    second.deleteLater()
    assert checks.run() == []


@pytest.mark.parametrize("press", ["click", "key"])
def test_a_double_press_starts_and_does_not_complete_what_nobody_has_read(
    driver: Driver, desk: Any, press: str
) -> None:
    def again() -> None:
        if press == "click":
            QTest.mouseClick(desk.main, Qt.MouseButton.LeftButton)
        else:
            QTest.keyClick(desk, Qt.Key.Key_Return, CTRL)
        driver.settled()

    QApplication.setDoubleClickInterval(5_000)
    try:
        again()
        again()
        assert [row.status for row in Payment.select()] == ["STARTED"]
        QApplication.setDoubleClickInterval(0)  # it has been read by now
        again()
        QApplication.setDoubleClickInterval(5_000)
        assert desk.completed is not None
        again()
        assert desk.completed is not None, "what is given back is still to be read"
    finally:
        QApplication.setDoubleClickInterval(0)
    again()
    driver.dialog("find_student")


def test_a_double_press_uses_no_more_credit_than_was_asked(driver: Driver, desk: Any) -> None:
    c = driver.center
    did(driver, payments.complete, did(driver, payments.start, PaymentDraft("over", c.student, "card", 20_000)))
    desk.new_draft(c.student)
    desk.rows[0].edit.setFocus()
    typed_over("30")
    QApplication.setDoubleClickInterval(5_000)
    try:
        for _press in range(3):
            desk.use_credit()
            driver.settled()
        assert refunds.student_credit_minor(c.student) == 17_000
    finally:
        QApplication.setDoubleClickInterval(0)
    assert checks.run() == []


@pytest.mark.parametrize("step", ["start", "complete"])
def test_a_slow_answer_belongs_to_who_it_was_asked_for(driver: Driver, desk: Any, step: str) -> None:
    """The file can be held for seconds; meanwhile the next person is called."""
    if step == "complete":
        go_on(driver)
    desk.go_on()
    desk.new_draft(driver.center.other_student)
    driver.settled()
    assert (desk.payment_id, desk.completed) == (None, None) and desk.student_id == driver.center.other_student
    assert desk.middle.currentIndex() == 0 and desk.main.text() == "Start payment"
    assert [row.status for row in Payment.select()] == ["STARTED" if step == "start" else "COMPLETED"]
    assert ("Waiting for an answer" in said(desk.side)) == (step == "start")


def test_what_was_settled_meanwhile_is_not_taken_up_again(driver: Driver, desk: Any) -> None:
    go_on(driver)
    made = desk.payment_id
    driver.key(Qt.Key.Key_Escape)
    desk.on_changes = desk.side.reload = lambda *_seen: None  # the news of the other desk has not come yet
    did(driver, payments.fail, made, "never arrived")
    told: list[str] = []
    driver.desk.context.notice.connect(told.append)
    driver.click(desk.side, "resume")
    assert desk.payment_id is None and "it was settled meanwhile" in told[-1]


def test_a_line_that_a_started_payment_pays_is_not_taken_again_unasked(driver: Driver, desk: Any) -> None:
    driver.key(Qt.Key.Key_2, ALT)
    desk.rows[0].edit.setFocus()
    typed_over("90")
    go_on(driver)
    driver.key(Qt.Key.Key_Escape)
    driver.settled()
    (row,) = desk.rows
    assert row.detail.text().startswith("€90.00 waits since ") and row.detail.text().endswith(" · P-000001")
    assert desk.to_pay.text() == "€240.00", "what it leaves is taken"
    go_on(driver)
    driver.key(Qt.Key.Key_Escape)
    driver.settled()
    assert not desk.rows[0].take.isChecked() and desk.to_pay.text() == "€0.00"
    assert desk.rows[0].detail.text().startswith("€330.00 waits since ")
    desk.resume(Payment.select().order_by(Payment.id).get().id)
    assert desk.rows[0].amount() == 9_000 and "waits" not in desk.rows[0].detail.text(), "it stands here now"


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_every_payment_that_waits_can_be_answered_at_any_text_size(driver: Driver, desk: Any, scale: float) -> None:
    made = []
    for number in range(6):
        draft = PaymentDraft(f"k{number}", driver.center.student, "transfer", 1_000 + number)
        made.append(did(driver, payments.start, draft))
    try:
        driver.window.resize(1366, 768)
        theme().use(scale=scale)
        QApplication.processEvents()
        desk.side.reload()
        if scale == 1:
            assert not desk.waiting.isVisible()
            last = desk.side.findChildren(Button, "resume")[-1]
            last.setFocus()
            driver.key(Qt.Key.Key_Space)
        else:
            assert not desk.side.isVisible() and desk.waiting.accessibleName() == "6 payments wait for an answer"
            driver.click(desk, "waiting_payments")
            driver.until(lambda: desk.findChild(QMenu, "waiting_menu") is not None)
            menu = desk.findChild(QMenu, "waiting_menu")
            QTest.keyClick(menu, Qt.Key.Key_Up)
            QTest.keyClick(menu, Qt.Key.Key_Return)
        driver.until(lambda: desk.payment_id == made[-1])
        assert desk.to_pay.text() == "€10.05"
    finally:
        theme().use(scale=1.0)


def test_a_typed_amount_is_written_as_all_others_are(driver: Driver, desk: Any) -> None:
    driver.type(desk, "amount_given", "1234.5")
    driver.key(Qt.Key.Key_Tab)
    assert desk.given.text() == "1,234.50" and desk.change.text() == "€904.50"
    # 904.50 is four notes of 200, one of 100, two of 2, and a coin of 50 cents.
    assert desk.coins.text().splitlines() == ["4 × €200", "1 × €100", "2 × €2", "1 × €0.50"]
    driver.type(desk, "amount_given", "1266.99")
    assert desk.coins.text().splitlines() == ["4 × €200", "1 × €100", "1 × €20", "+ €16.99"], "all of it is said"


def test_who_has_paid_all_that_is_due_is_told_until_when(driver: Driver, desk: Any) -> None:
    draft = EnrollmentDraft(driver.center.other_student, driver.center.course, installments=(
        (clock.local_date("Europe/Vienna").isoformat(), 11_000), ("2099-04-01", 22_000),
    ))  # fmt: skip
    did(driver, enrollment.enroll, draft)
    desk.new_draft(driver.center.other_student)
    desk.rows[1].take.setChecked(False)
    for _step in ("start", "complete"):
        go_on(driver)
    assert desk.who.owes.text() == "Nothing left to pay before 1 Apr 2099 (€220.00)"
    desk.new_draft(driver.center.other_student)
    assert (desk.who.owes.text(), desk.who.amount.text()) == ("Owes", "€220.00")


def test_the_payment_just_made_stands_out_among_the_last(driver: Driver, desk: Any) -> None:
    for _step in ("start", "complete"):
        go_on(driver)
    marked = [box for box in desk.side.findChildren(object) if getattr(box, "property", lambda _n: None)("just_now")]
    assert len([box for box in marked if box.isVisible()]) == 1
    desk.new_draft(driver.center.other_student)
    desk.side.reload()
    marked = [box for box in desk.side.findChildren(object) if getattr(box, "property", lambda _n: None)("just_now")]
    assert not [box for box in marked if box.isVisible()]


def test_a_part_payment_sells_all_that_is_taken_and_the_rest_is_owed(driver: Driver, desk: Any) -> None:
    c = driver.center
    desk.new_draft(c.other_student)
    for offer in (*catalog.products()[:1], *catalog.courses()[:1]):
        desk.owed.add_offer(offer)
    whole = desk.owed.total_minor()
    driver.type(desk, "amount_given", "15")
    assert desk.change_box.isVisible() and "Still open after this" in said(desk)
    for _step in ("start", "complete"):
        go_on(driver)
    lines = (ProductEnrolled, CourseEnrolled)
    assert [line.select().where(line.student_id == c.other_student).count() for line in lines] == [1, 1]
    assert User.get_by_id(c.other_student).balance_minor == whole - 1_500
    assert desk.who.amount.text() == desk.change.text() == text.show_money(whole - 1_500)
    assert checks.run() == []


def test_a_part_payment_of_somebody_new_charges_the_fee_too(driver: Driver, desk: Any) -> None:
    """The fee was dropped where the money did not reach it, which the front desk may not do."""
    c, context = driver.center, driver.desk.context
    context.set_actor(c.admin)
    did(driver, center.save, replace(context.center, registration_product_id=c.book))
    context.set_center(center.load())
    context.set_actor(c.staff)
    desk.new_draft(c.other_student)
    desk.owed.add_offer(catalog.courses()[0])
    whole = desk.owed.total_minor()
    driver.type(desk, "amount_given", "200")
    for _step in ("start", "complete"):
        go_on(driver)
    assert (Payment.get().status, ProductEnrolled.get().product_id) == ("COMPLETED", c.book)
    assert User.get_by_id(c.other_student).balance_minor == whole - 20_000
    assert checks.run() == []


def test_a_split_that_ends_early_says_what_is_not_sold(driver: Driver, desk: Any) -> None:
    desk.new_draft(driver.center.other_student)
    for offer in (*catalog.courses()[:1], *catalog.products()[:1]):
        desk.owed.add_offer(offer)
    driver.key(Qt.Key.Key_4, ALT)
    typed_over("30")
    for _step in ("start", "complete"):
        go_on(driver)
    driver.key(Qt.Key.Key_Escape)
    assert desk.completed is not None and ProductEnrolled.select().count() == 0
    assert "Not sold, for no part paid it: Highway Code handbook." in desk.done.words.text()


def test_what_a_plan_asks_for_later_is_left_until_it_is_due_or_all_there_is(driver: Driver, desk: Any) -> None:
    today = clock.local_date("Europe/Vienna").isoformat()
    plan = ((today, 11_000), ("2099-01-01", 11_000), ("2099-02-01", 11_000))
    did(
        driver, enrollment.enroll, EnrollmentDraft(driver.center.other_student, driver.center.course, installments=plan)
    )
    desk.new_draft(driver.center.other_student)
    assert [row.amount() for row in desk.rows] == [11_000, 0, 0] and desk.to_pay.text() == "€110.00"
    assert not desk.owed.is_typed(), "nobody has chosen that"
    for _step in ("start", "complete"):
        go_on(driver)
    desk.new_draft(driver.center.other_student)
    assert [row.amount() for row in desk.rows] == [11_000, 0], "the next part, where nothing else is owed"


def test_another_payer_brings_what_is_due_and_not_the_next_part_of_somebody_elses_plan(
    driver: Driver, desk: Any
) -> None:
    c, draft = driver.center, PayerDraft("Ruth")
    did(driver, people.add_payer, draft)
    guardian = Payer.get(Payer.name == "Ruth").id
    plan = (("2099-01-01", 11_000), ("2099-02-01", 22_000))
    did(driver, enrollment.enroll, EnrollmentDraft(c.other_student, c.course, guardian, installments=plan))
    desk.owed.pay_by(guardian, take=True)
    assert [row.amount() for row in desk.rows] == [33_000, 0, 0]
