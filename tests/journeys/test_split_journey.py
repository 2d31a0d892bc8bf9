"""One payment by several means through the real window: by keys alone, by mouse, after a crash between two parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QWidget

from app.desk import enrollment, payments
from app.desk.accounts import Actor
from app.desk.enrollment import EnrollmentDraft
from app.store import checks
from app.store.models import Invoice, Payment, ProductEnrolled, StudentPayment, User
from tests.support.center import build
from tests.support.window import Driver, driver, opened, typed_over

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def owing(driver: Driver) -> Any:
    """The payment desk with Ana, who owes 330.00 and takes a book for 24.00."""
    context = driver.desk.context
    context.run(enrollment.enroll, EnrollmentDraft(driver.center.student, driver.center.course))
    driver.settled()
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    desk = driver.window.current()
    driver.click(desk, "highway_code_24_00")
    assert desk.to_pay.text() == "€354.00"
    return desk


def rows() -> list[tuple[str, str, int, int | None]]:
    return [(p.method, p.status, p.amount_minor, p.given_minor) for p in Payment.select().order_by(Payment.id)]


def words(inside: QWidget) -> list[str]:
    return [one.text() for one in inside.findChildren(QLabel) if one.isVisible() and one.text()]


def go_on(driver: Driver) -> None:
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()


def test_card_and_cash_where_the_card_fails_by_keys_alone(driver: Driver) -> None:
    desk = owing(driver)
    driver.key(Qt.Key.Key_4, ALT)
    assert desk.method() == "split"
    typed_over("300")
    driver.key(Qt.Key.Key_Return)  # the rest by another means
    assert desk.split.rest_label.text() == "Rest €0.00"
    assert [(row.method(), row.amount_minor()) for row in desk.split.rows] == [("card", 30000), ("cash", 5400)]
    assert Payment.select().count() == 0
    go_on(driver)
    assert rows() == [("card", "STARTED", 30000, None)]
    assert StudentPayment.select().count() == Invoice.select().count() == 0
    # The card is refused: Shift+Tab from the main button to "It failed".
    for _step in range(12):
        if QApplication.focusWidget() is desk.tender.failed_button:
            break
        driver.key(Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    driver.key(Qt.Key.Key_Space)
    driver.dialog("question")
    typed_over("card refused")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("question")
    driver.settled()
    assert "€300.00 is still to be paid" in desk.problem.text()
    assert rows()[0][1] == "FAILED"
    # The cash part comes first now; then a check takes the place of the card.
    again = desk.split.rows[2]
    assert QApplication.focusWidget() is again.by
    QTest.keyClicks(again.by, "Che")
    assert again.method() == "check"
    cash = desk.split.rows[1]
    cash.given.setFocus()
    typed_over("60")
    assert cash.facts.text() == "Change €6.00"
    go_on(driver)
    assert cash.facts.text() == "Change €6.00 · P-000002", "the number gives way first"
    go_on(driver)
    assert rows()[1] == ("cash", "COMPLETED", 5400, 6000)
    go_on(driver)
    go_on(driver)
    assert rows()[2] == ("check", "COMPLETED", 30000, None)
    assert desk.completed is not None
    assert desk.done.paid.text() == "€354.00 paid in 2 parts"
    assert desk.done.give_back.text() == "€6.00"
    shown = words(desk.done)
    assert {"Card · P-000001 · card refused", "Cash · P-000002", "Check · P-000003"} <= set(shown)
    assert {"€300.00", "€54.00"} <= set(shown)
    assert "Check" in words(desk.side)
    assert User.get_by_id(driver.center.student).balance_minor == 0
    assert len({p.tender_group for p in Payment.select()}) == len({p.request_key for p in Payment.select()}) - 2 == 1
    driver.key(Qt.Key.Key_R)
    driver.dialog("receipt_preview")
    driver.key(Qt.Key.Key_Escape)
    driver.gone("receipt_preview")
    driver.key(Qt.Key.Key_Return)
    driver.dialog("find_student")
    assert checks.run() == []


def test_card_and_cash_where_the_card_fails_by_mouse(driver: Driver) -> None:
    desk = owing(driver)
    driver.click(desk, "method_split")
    driver.type(desk, "part_amount_1", "100")
    driver.click(desk, "add_a_part")
    driver.click(desk, "payment_main")
    driver.settled()
    driver.click(desk, "it_failed")
    question = driver.dialog("question")
    driver.type(question, "answer", "refused")
    driver.click(question, "it_failed")
    driver.gone("question")
    driver.settled()
    driver.click(desk, "part_remove_3")  # the other row takes it all
    assert desk.split.rows[1].amount_minor() == 35400
    assert desk.split.rest_label.text() == "Rest €0.00"
    for _step in ("start", "complete"):
        driver.click(desk, "payment_main")
        driver.settled()
    assert rows() == [("card", "FAILED", 10000, None), ("cash", "COMPLETED", 35400, 35400)]
    driver.click(desk, "receipt_part_2")
    preview = driver.dialog("receipt_preview")
    preview.reject()
    driver.gone("receipt_preview")
    driver.click(desk, "reverse_this_payment")
    question = driver.dialog("question")
    driver.type(question, "answer", "wrong person")
    driver.click(question, "reverse")
    driver.gone("question")
    driver.settled()
    assert [(p.payment_type, p.amount_minor) for p in Payment.select()][2:] == [("refund", 35400)]
    assert checks.run() == []


def test_two_enters_at_once_make_one_part(driver: Driver) -> None:
    desk = owing(driver)
    driver.key(Qt.Key.Key_4, ALT)
    typed_over("200")
    for _press in range(3):
        QTest.keyClick(desk, Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert rows() == [("card", "STARTED", 20000, None)]
    for _press in range(3):
        QTest.keyClick(desk, Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert rows() == [("card", "COMPLETED", 20000, None)]
    assert desk.problem.text() == ""
    assert [(row.method(), row.amount_minor()) for row in desk.split.rows][1:] == [("cash", 15400)], "the rest is asked"


def test_a_transfer_waits_while_the_rest_is_paid_in_cash(driver: Driver) -> None:
    desk = owing(driver)
    driver.key(Qt.Key.Key_4, ALT)
    driver.type(desk, "part_amount_1", "340")
    method = desk.split.rows[0].by
    method.setCurrentIndex(method.findData("transfer"))
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    driver.key(Qt.Key.Key_Escape)  # it waits; the rest comes
    assert [(row.method(), row.waits) for row in desk.split.rows] == [("transfer", True), ("cash", False)]
    go_on(driver)
    go_on(driver)
    assert rows() == [("transfer", "STARTED", 34000, None), ("cash", "COMPLETED", 1400, 1400)]
    assert desk.done.paid.text() == "€14.00 paid in 1 part"
    assert "Started" in [badge.label for badge in desk.done.findChildren(QWidget) if hasattr(badge, "label")]
    assert ProductEnrolled.select().count() == 1
    driver.click(desk, "resume")
    assert desk.split.active().method() == "transfer"
    assert desk.main.text() == "Complete transfer €340.00"
    go_on(driver)
    assert User.get_by_id(driver.center.student).balance_minor == 0
    assert ProductEnrolled.select().count() == 1, "the book was sold with the first part that was completed"
    assert checks.run() == []


def test_a_part_taken_up_again_shows_the_lines_it_was_started_for(driver: Driver) -> None:
    plan = enrollment.plan(33000, 3, "2031-01-31")
    draft = EnrollmentDraft(driver.center.student, driver.center.course, installments=plan)
    driver.desk.context.run(enrollment.enroll, draft)
    driver.settled()
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    desk = driver.window.current()
    desk.rows[2].take.click()
    desk.rows[2].edit.setText("50.00")
    desk.rows[2]._edited()
    driver.key(Qt.Key.Key_4, ALT)
    typed_over("60")
    go_on(driver)
    driver.key(Qt.Key.Key_Escape)
    driver.key(Qt.Key.Key_Escape)
    assert desk.split.rows == []
    driver.click(desk, "resume")
    assert [row.amount() for row in desk.rows] == [11000, 0, 5000]
    assert (desk.to_pay.text(), desk.split.rest_label.text()) == ("€160.00", "Rest €100.00")
    assert driver.window.hints.accessibleName().startswith("Enter the rest as a part")
    for _step in range(3):
        go_on(driver)
    assert rows() == [("card", "COMPLETED", 6000, None), ("cash", "COMPLETED", 10000, 10000)]
    assert [line.open_minor for line in payments.owed(driver.center.student)] == [11000, 6000]
    assert checks.run() == []


def test_escape_leaves_what_was_completed_and_says_so(driver: Driver) -> None:
    desk = owing(driver)
    driver.key(Qt.Key.Key_4, ALT)
    typed_over("200")
    go_on(driver)
    go_on(driver)
    driver.key(Qt.Key.Key_Escape)
    assert desk.done.paid.text() == "€200.00 paid in 1 part"
    assert desk.who.amount.text() == "€130.00"
    assert rows() == [("card", "COMPLETED", 20000, None)]
    assert checks.run() == []


def _other_desk(actor: Actor, payment_id: int) -> None:
    payments.complete(actor, payment_id)


def test_a_part_that_another_desk_settled_is_seen(driver: Driver) -> None:
    desk = owing(driver)
    driver.key(Qt.Key.Key_4, ALT)
    typed_over("200")
    go_on(driver)
    driver.desk.context.run(_other_desk, Payment.get().id)
    driver.settled()
    go_on(driver)
    assert "Nothing was booked twice" in desk.problem.text()
    assert desk.split.rows[0].status == "COMPLETED"
    go_on(driver)
    go_on(driver)
    assert rows() == [("card", "COMPLETED", 20000, None), ("cash", "COMPLETED", 15400, 15400)]
    assert desk.done.paid.text() == "€354.00 paid in 2 parts"
    assert checks.run() == []


def test_more_than_the_rest_or_no_amount_is_refused_in_words(driver: Driver) -> None:
    desk = owing(driver)
    driver.key(Qt.Key.Key_4, ALT)
    for amount, said in (("400", "Only €354.00"), ("x", "amount"), ("", "")):
        typed_over(amount)
        go_on(driver)
        row = desk.split.rows[0]
        assert row.problem.isVisible() and row.problem.text() and said in row.problem.text()
        assert row.amount.property("wrong") and row.amount.hasFocus() and desk.problem.text() == ""
        assert Payment.select().count() == 0
    assert desk.owed.add.isEnabled()


def test_other_lines_change_the_parts_until_the_first_is_started(driver: Driver) -> None:
    desk = owing(driver)
    driver.key(Qt.Key.Key_4, ALT)
    typed_over("100")
    driver.key(Qt.Key.Key_Return)
    assert desk.split.rows[1].amount_minor() == 25400
    desk.rows[1].take.click()
    assert (desk.to_pay.text(), desk.split.rows[1].amount_minor()) == ("€330.00", 23000)
    go_on(driver)
    assert not desk.rows[0].isEnabled()
    assert not desk.owed.add.isEnabled()
    driver.key(Qt.Key.Key_1, ALT)
    assert desk.method() == "split", "other ways are off while a part stands"


def test_after_a_crash_between_two_parts_the_desk_asks_about_the_started_one(
    qapp: QApplication, tmp_path: Path
) -> None:
    from app import store

    center = build(tmp_path / "center")
    line = enrollment.enroll(center.staff, EnrollmentDraft(center.student, center.course))
    whole = payments.PaymentDraft(
        "k1", center.student, "card", 20000, (payments.PayLine(line, amount_minor=33000),), tender_group="g",
        split_minor=33000,
    )  # fmt: skip
    payments.complete(center.staff, payments.start(center.staff, whole))
    from dataclasses import replace

    payments.start(center.staff, replace(whole, request_key="k2", method="other", amount_minor=10000))
    store.close_center()
    for again in opened(qapp, tmp_path / "center", None, center):
        assert "1 payment waits for an answer" in again.window.notice_label.text()
        desk = again.window.go("payments")
        again.dialog("find_student").reject()
        again.gone("find_student")
        again.click(desk, "resume")
        assert [row.status for row in desk.split.rows] == ["COMPLETED", "STARTED"]
        assert desk.split.rest_label.text() == "Rest €30.00"
        assert desk.to_pay.text() == "€330.00"
        again.click(desk, "payment_main")
        again.settled()
        assert isinstance(desk.split.active().by, QComboBox)
        for _step in ("start", "complete"):
            again.click(desk, "payment_main")
            again.settled()
        assert [p.status for p in Payment.select()] == ["COMPLETED"] * 3
        assert User.get_by_id(center.student).balance_minor == 0
        assert {"€200.00", "€100.00", "€30.00"} <= set(words(desk.done))
        assert checks.run() == []


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_parts_fit_their_place(driver: Driver, scale: float) -> None:
    from ui.theme import theme

    driver.window.resize(1366, 768)
    try:
        theme().use(scale=scale)
        desk = owing(driver)
        driver.click(desk, "method_split")
        driver.type(desk, "part_amount_1", "100")
        driver.click(desk, "add_a_part")
        go_on(driver)
        row, view = desk.split.rows[0], desk.split._scroll.viewport()
        assert row.width() <= view.width()
        bottom = desk.main.mapTo(desk, desk.main.rect().bottomLeft()).y()
        assert bottom <= desk.height()
        assert view.height() >= row.height()
    finally:
        theme().use(scale=1.0)
