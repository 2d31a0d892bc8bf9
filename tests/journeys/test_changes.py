"""What was agreed is changed through the real window: refunded, waived, planned anew, transferred, paid out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QMenu, QWidget

from app import clock, store
from app.desk import enrollment, payments, refunds, scheduling, seats, undo
from app.desk.accounts import Actor
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.store import checks
from app.store.models import Course, CourseEnrolled, Installment, Invoice, MailQueue, Operation, Payment, Timeline, User
from tests.support.window import Driver, did, driver, said, typed, typed_over

__all__ = ["driver"]

CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier,
)  # fmt: skip


def enroll(actor: Actor, driver: Driver, plan: tuple[tuple[str, int], ...] = ()) -> int:
    return enrollment.enroll(actor, EnrollmentDraft(driver.center.student, driver.center.course, installments=plan))


def pay(actor: Actor, driver: Driver, amount: int, *lines: PayLine) -> int:
    made = payments.start(actor, PaymentDraft("k", driver.center.student, "card", amount, lines))
    payments.complete(actor, made)
    return made


def pay_again(actor: Actor, driver: Driver, amount: int, *lines: PayLine) -> int:
    made = payments.start(actor, PaymentDraft("again", driver.center.student, "card", amount, lines))
    payments.complete(actor, made)
    return made


def at_the_desk(driver: Driver) -> Any:
    """The payment desk with Ana."""
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    return driver.window.current()


def menu_of_the_line(driver: Driver, act: str) -> None:
    """Shift+F10 on the first line, down to an act, Enter."""
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)
    edit = driver.window.current().owed.rows[0].edit
    edit.setFocus()
    driver.until(edit.hasFocus)
    driver.key(Qt.Key.Key_F10, SHIFT)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    while menu.activeAction().objectName() != act:
        QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    QApplication.processEvents()


def ready(driver: Driver, dialog: Any) -> None:
    """Wait until the preview of what was typed stands there."""
    driver.until(lambda: dialog.effect is not None and dialog.main.isEnabled())
    QApplication.processEvents()


def test_waive_by_keys_from_a_line_at_the_desk(driver: Driver) -> None:
    driver.desk.context.set_actor(driver.center.admin)
    line = did(driver, enroll, driver)
    did(driver, pay, driver, 10_000, PayLine(line, amount_minor=10_000))
    desk = at_the_desk(driver)
    menu_of_the_line(driver, "line_waive")
    dialog = driver.dialog("waive")
    ready(driver, dialog)
    typed_over("250")
    driver.until(lambda: "Only €230.00 is open. What was paid is refunded, not waived." in said(dialog))
    assert not dialog.main.isEnabled()
    typed_over("30")
    ready(driver, dialog)
    assert "Open: €230.00 → €200.00" in said(dialog)
    assert "Invoice 2026-000001 over €330.00 is credited in full" in said(dialog)
    assert "A new invoice over €300.00 for Ana Satler; €100.00 of it is paid" in said(dialog)
    assert "1 mail goes out: Ana Satler" in said(dialog)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert dialog.fields["reason"].error
    dialog.reason.setFocus()
    typed("hardship")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("waive")
    driver.settled()
    assert CourseEnrolled.get_by_id(line).gross_minor == 30_000
    assert [row.open_minor for row in desk.rows] == [20_000], "the desk shows what is left"
    assert checks.run() == []


def test_the_front_desk_may_not_waive(driver: Driver) -> None:
    driver.desk.context.set_actor(driver.center.staff)
    did(driver, enroll, driver)
    at_the_desk(driver)
    menu_of_the_line(driver, "line_waive")
    dialog = driver.dialog("waive")
    driver.until(lambda: "Only an admin may do this" in said(dialog))
    assert not dialog.main.isEnabled()


def test_a_waiver_that_another_desk_overtakes_is_shown_anew(driver: Driver) -> None:
    driver.desk.context.set_actor(driver.center.admin)
    line = did(driver, enroll, driver)
    at_the_desk(driver)
    menu_of_the_line(driver, "line_waive")
    dialog = driver.dialog("waive")
    typed_over("30")
    ready(driver, dialog)
    did(driver, pay, driver, 10_000, PayLine(line, amount_minor=10_000))
    driver.until(lambda: "Open: €230.00 → €200.00" in said(dialog))


def test_refund_half(driver: Driver) -> None:
    line = did(driver, enroll, driver)
    did(driver, pay, driver, 33_000, PayLine(line, amount_minor=33_000))
    at_the_desk(driver)
    driver.key(Qt.Key.Key_P, ALT)
    driver.dialog("payments_of")
    driver.key(Qt.Key.Key_Return)
    dialog = driver.dialog("refund")
    typed_over("165")
    driver.key(Qt.Key.Key_Tab)
    typed("half of it was taught")
    assert dialog.effect.text() == "Driving B Theory: €165.00 is owed again."
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("refund")
    driver.settled()
    assert [(row.payment_type, row.amount_minor) for row in Payment.select().order_by(Payment.id)] == [
        ("course_fee", 33_000), ("refund", 16_500),
    ]  # fmt: skip
    assert User.get_by_id(driver.center.student).balance_minor == 16_500
    assert checks.run() == []


def test_three_installments_with_a_change_in_the_middle(driver: Driver) -> None:
    """By keys alone: the first is paid, the rest planned anew and uneven, then the new second one is paid."""
    plan = (("2030-01-31", 11_000), ("2030-02-28", 11_000), ("2030-03-31", 11_000))
    line = did(driver, enroll, driver, plan)
    first = Installment.get(Installment.position == 1).id
    did(driver, pay, driver, 11_000, PayLine(line, None, first, 11_000))
    desk = at_the_desk(driver)
    menu_of_the_line(driver, "line_replan")
    dialog = driver.dialog("replan")
    assert "This is the plan as it is already." not in said(dialog)
    assert [(row.due.text(), row.amount.text()) for row in dialog.editor.rows] == [
        ("2030-02-28", "110.00"), ("2030-03-31", "110.00"),
    ]  # fmt: skip
    typed_over("2030-03-01")
    driver.key(Qt.Key.Key_Tab)
    typed_over("20")
    assert dialog.editor.sum.text() == "€90.00 is missing"
    driver.until(lambda: "The installments add up to €130.00, but €220.00 is left to plan." in said(dialog))
    assert not dialog.main.isEnabled()
    driver.key(Qt.Key.Key_A, ALT)
    assert [row.amount.text() for row in dialog.editor.rows] == ["20", "110.00", "90.00"]
    assert dialog.editor.rows[-1].due.text() == "2030-04-30"
    assert dialog.editor.sum.text() == "Adds up to €220.00"
    driver.key(Qt.Key.Key_Delete, ALT)
    assert dialog.editor.sum.text() == "€90.00 is missing"
    driver.key(Qt.Key.Key_A, ALT)
    ready(driver, dialog)
    assert "No document is touched." in said(dialog)
    assert "paid, stays" in said(dialog)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("replan")
    driver.settled()
    assert [row.open_minor for row in desk.rows] == [2_000, 11_000, 9_000]
    rows = Installment.select().order_by(Installment.position)
    assert [(row.due_on, row.amount_minor) for row in rows] == [
        ("2030-01-31", 11_000), ("2030-03-01", 2_000), ("2030-03-31", 11_000), ("2030-04-30", 9_000),
    ]  # fmt: skip
    second = Installment.get(Installment.position == 2).id
    did(driver, pay_again, driver, 2_000, PayLine(line, None, second, 2_000))
    assert User.get_by_id(driver.center.student).balance_minor == 20_000
    assert checks.run() == []


def test_the_rest_is_spread_evenly_over_the_parts_there_are(driver: Driver) -> None:
    line = did(driver, enroll, driver)
    at_the_desk(driver)
    menu_of_the_line(driver, "line_replan")
    dialog = driver.dialog("replan")
    for _part in range(2):
        driver.key(Qt.Key.Key_A, ALT)
    driver.key(Qt.Key.Key_E, ALT)
    assert [row.amount.text() for row in dialog.editor.rows] == ["110.00"] * 3
    assert [row.left.text() for row in dialog.editor.rows] == ["€220.00", "€110.00", "€0.00"]
    driver.type(dialog, "part_due", "tomorrow")
    driver.until(lambda: "“tomorrow” is not a date. Write it like 2026-11-24." in said(dialog))
    driver.type(dialog, "part_due", "2020-01-01")
    driver.until(lambda: "1 Jan 2020 has passed: an installment is due today or later." in said(dialog.view))
    assert "has passed" in dialog.editor.sum.text()
    assert [bool(row.due.property("wrong")) for row in dialog.editor.rows] == [True, False, False]
    assert "has passed" in dialog.editor.rows[0].due.accessibleDescription()
    driver.type(dialog, "part_due", clock.local_date("Europe/Vienna").isoformat())
    assert not dialog.editor.rows[0].due.property("wrong")
    ready(driver, dialog)
    driver.click(dialog, "plan_it")
    driver.gone("replan")
    assert Installment.select().where(Installment.enrollment_id == line).count() == 3
    assert checks.run() == []


def test_an_own_plan_at_enrolling(driver: Driver) -> None:
    driver.desk.enroll_student(driver.center.student)
    dialog = driver.dialog("enroll")
    driver.key(Qt.Key.Key_0, ALT)
    assert dialog.own_plan.isVisible()
    assert not dialog.parts.isVisible()
    assert [row.amount.text() for row in dialog.own_plan.rows] == ["110.00"] * 3
    dialog.own_plan.rows[0].amount.setFocus()
    typed_over("30")
    assert dialog.main.text() == "Enroll and take €30.00"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert "The installments add up to €250.00, but the price is €330.00." in said(dialog)
    dialog.own_plan.rows[2].amount.setFocus()
    typed_over("190")
    driver.key(Qt.Key.Key_S, CTRL)
    driver.gone("enroll")
    driver.settled()
    assert [row.amount_minor for row in Installment.select().order_by(Installment.position)] == [3_000, 11_000, 19_000]
    assert checks.run() == []


def second_course(actor: Actor, driver: Driver, capacity: int) -> int:
    """Driving lessons with one group that meets twice."""
    with store.write("Second course", actor) as w:
        course = w.insert(
            Course, code="D-L", name="Driving lessons", price_minor=50_000, tax_rate_id=1, practical_minutes=100
        )
    days = tuple((clock.local_date("Europe/Vienna") + timedelta(days=n)).isoformat() for n in (7, 9))
    group = scheduling.plan_session(
        actor,
        scheduling.SessionDraft(
            course_id=course, name="Evening", recurrence="picked_dates", picked_dates=days, capacity=capacity
        ),
    )
    return group


def choose(driver: Driver, words: str) -> None:
    """Down in the focused box until it says these words."""
    box = QApplication.focusWidget()
    assert isinstance(box, QComboBox)
    for _step in range(box.count()):
        if words in box.currentText():
            break
        driver.key(Qt.Key.Key_Down)
    assert words in box.currentText()


def test_transfer_with_its_preview_from_the_command_bar(driver: Driver) -> None:
    driver.desk.context.set_actor(driver.center.admin)
    line = did(driver, enroll, driver)
    did(driver, pay, driver, 33_000, PayLine(line, amount_minor=33_000))
    group = did(driver, second_course, driver, 5)
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)
    driver.key(Qt.Key.Key_K, CTRL)
    typed("transfer ana")
    driver.key(Qt.Key.Key_Return)
    dialog = driver.dialog("transfer")
    driver.until(dialog.place.hasFocus)
    assert "Choose the course or group that the place goes to." in said(dialog)
    choose(driver, "Evening")
    ready(driver, dialog)
    words = said(dialog)
    assert "Open: €0.00 → €170.00" in words
    assert "€330.00 that was paid is moved" in words
    assert "Invoice 2026-000001 over €330.00 is credited in full" in words
    assert "A new invoice over €500.00 for Ana Satler; €330.00 of it is paid" in words
    assert "2 seats are taken: Evening" in words
    assert "2 mails go out: Ana Satler, Ana Satler" in words
    assert Invoice.select().count() == 1, "nothing happened yet"
    dialog.reason.setFocus()
    typed("wants to drive")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("transfer")
    driver.settled()
    new = CourseEnrolled.get(CourseEnrolled.moved_from == line)
    assert new.session_id == group
    assert CourseEnrolled.get_by_id(line).cancel_reason == "wants to drive"
    assert User.get_by_id(driver.center.student).balance_minor == 17_000
    assert checks.run() == []


def transfer_dialog(driver: Driver) -> Any:
    at_the_desk(driver)
    menu_of_the_line(driver, "line_transfer")
    dialog = driver.dialog("transfer")
    driver.until(dialog.place.hasFocus)
    return dialog


def test_a_transfer_carries_the_plan_on_and_another_can_be_typed(driver: Driver) -> None:
    """By keys: the plan goes along by itself; an own one adds up to what is left, also after the price is changed."""
    plan = (("2030-01-31", 11_000), ("2030-02-28", 11_000), ("2030-03-31", 11_000))
    line = did(driver, enroll, driver, plan)
    did(driver, pay, driver, 11_000, PayLine(line, None, Installment.get(Installment.position == 1).id, 11_000))
    did(driver, second_course, driver, 5)
    dialog = transfer_dialog(driver)
    assert dialog.plan.currentText() == "on the days it has now"
    choose(driver, "D-L")
    ready(driver, dialog)
    assert "3 installments: €110.00 on" in said(dialog)
    assert "paid · €195.00 on" in said(dialog)
    dialog.plan.setFocus()
    choose(driver, "Own plan")
    ready(driver, dialog)
    assert [row.amount.text() for row in dialog.own.rows] == ["390.00"]
    driver.key(Qt.Key.Key_A, ALT)
    dialog.own.rows[0].amount.setFocus()
    typed_over("90")
    dialog.own.rows[1].amount.setFocus()
    typed_over("100")
    driver.until(lambda: "The installments add up to €190.00, but €390.00 is left to plan." in said(dialog))
    assert not dialog.main.isEnabled()
    dialog.own.rows[1].due.setFocus()
    typed_over("2031-01-01")
    driver.key(Qt.Key.Key_Tab)
    typed_over("200")
    dialog.price.setFocus()
    typed_over("400")
    ready(driver, dialog)
    assert dialog.own.sum.text() == "Adds up to €290.00"
    dialog.reason.setFocus()
    typed("wants to drive")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("transfer")
    driver.settled()
    new = CourseEnrolled.get(CourseEnrolled.moved_from == line)
    rows = Installment.select().where(Installment.enrollment_id == new.id).order_by(Installment.position)
    assert [row.amount_minor for row in rows] == [11_000, 9_000, 20_000]
    assert checks.run() == []


def test_an_own_plan_can_be_chosen_before_the_course(driver: Driver) -> None:
    did(driver, enroll, driver)
    did(driver, second_course, driver, 5)
    dialog = transfer_dialog(driver)
    dialog.plan.setFocus()
    choose(driver, "Own plan")
    dialog.place.setFocus()
    choose(driver, "D-L")
    ready(driver, dialog)
    assert [row.amount.text() for row in dialog.own.rows] == ["500.00"]
    dialog.discount.setFocus()
    typed("10 %")
    driver.until(lambda: "The installments add up to €500.00, but €450.00 is left to plan." in said(dialog))
    assert dialog.own.sum.text() == "€50.00 too much"


def test_who_is_too_young_is_transferred_with_a_reason(driver: Driver) -> None:
    line = did(driver, enroll, driver)
    did(driver, second_course, driver, 5)
    did(driver, grown_ups_only)
    dialog = transfer_dialog(driver)
    assert not dialog.anyway.isVisible()
    choose(driver, "D-L")
    ready(driver, dialog)
    assert "The student will be younger than 99" in said(dialog)
    dialog.reason.setFocus()
    typed("wants to drive")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert "Give a reason to transfer anyway." in dialog.fields["override_reason"].error
    dialog.anyway.setFocus()
    typed("parents agree")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("transfer")
    driver.settled()
    assert CourseEnrolled.get(CourseEnrolled.moved_from == line).status == "pending"
    assert Timeline.select().where(Timeline.key == "enrollment.timeline_override").count() == 1
    assert checks.run() == []


def grown_ups_only(actor: Actor) -> None:
    with store.write("For grown-ups", actor) as w:
        w.update(Course, Course.get(Course.code == "D-L").id, minimum_age=99)


def test_cancel_an_enrollment_with_its_mails_from_its_line(driver: Driver) -> None:
    line = did(driver, enroll, driver)
    did(driver, pay, driver, 10_000, PayLine(line, amount_minor=10_000))
    mails = MailQueue.select().count()
    desk = at_the_desk(driver)
    menu_of_the_line(driver, "line_cancel")
    dialog = driver.dialog("cancel")
    ready(driver, dialog)
    assert "Open: €230.00 → €0.00" in said(dialog)
    assert "Credit: €0.00 → €100.00" in said(dialog)
    assert "Invoice 2026-000001 over €330.00 is credited in full" in said(dialog)
    assert "1 mail goes out: Ana Satler" in said(dialog)
    assert dialog.letters.isVisible()
    assert "invoice 2026-000001 is credited in full." in dialog.letters.toPlainText()
    assert "€100.00 was paid on it and is kept as credit." in dialog.letters.toPlainText()
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert dialog.fields["reason"].error
    dialog.reason.setFocus()
    typed("moves away")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("cancel")
    driver.settled()
    assert (CourseEnrolled.get_by_id(line).status, desk.rows) == ("canceled", [])
    newest = MailQueue.select().order_by(MailQueue.id.desc()).get()
    assert (MailQueue.select().count(), newest.template_key) == (mails + 1, "credit_note")
    assert checks.run() == []


def test_nothing_is_canceled_where_nothing_runs_and_no_mail_is_shown_where_none_goes(driver: Driver) -> None:
    at_the_desk(driver)
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)
    driver.key(Qt.Key.Key_K, CTRL)
    typed("cancel ana")
    driver.key(Qt.Key.Key_Return)
    dialog = driver.dialog("cancel")
    assert "No enrollment is running that could be canceled." in said(dialog)
    assert not dialog.main.isEnabled()
    assert not dialog.letters.isVisible()


def test_a_transfer_to_a_full_group_is_refused(driver: Driver) -> None:
    driver.desk.context.set_actor(driver.center.admin)
    line = did(driver, enroll, driver)
    group = did(driver, second_course, driver, 1)
    did(driver, seats.book_session, group, driver.center.other_student)
    at_the_desk(driver)
    menu_of_the_line(driver, "line_transfer")
    dialog = driver.dialog("transfer")
    driver.until(dialog.place.hasFocus)
    choose(driver, "Evening")
    driver.until(lambda: "is full" in said(dialog))
    assert not dialog.main.isEnabled()
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert CourseEnrolled.get_by_id(line).status == "pending"
    assert CourseEnrolled.select().count() == 1
    assert checks.run() == []


def test_the_last_seat_goes_while_the_preview_stands(driver: Driver) -> None:
    """The other desk's booking is heard of, and the act that was already asked for is refused in one sentence."""
    driver.desk.context.set_actor(driver.center.admin)
    line = did(driver, enroll, driver)
    group = did(driver, second_course, driver, 1)
    at_the_desk(driver)
    menu_of_the_line(driver, "line_transfer")
    dialog = driver.dialog("transfer")
    driver.until(dialog.place.hasFocus)
    choose(driver, "Evening")
    ready(driver, dialog)
    dialog.reason.setText("wants to drive")
    driver.desk.context.run(seats.book_session, group, driver.center.other_student)
    dialog.main_action()
    driver.until(lambda: "is full" in said(dialog))
    driver.settled()
    assert CourseEnrolled.get_by_id(line).status == "pending"
    assert checks.run() == []


def test_credit_is_paid_out_by_the_means_it_came(driver: Driver) -> None:
    did(driver, pay, driver, 1_500)
    did(driver, pay_again, driver, 700)
    at_the_desk(driver)
    driver.key(Qt.Key.Key_P, ALT)
    driver.dialog("payments_of")
    driver.key(Qt.Key.Key_C)
    dialog = driver.dialog("pay_out")
    typed_over("30")
    driver.key(Qt.Key.Key_Tab)
    typed("leaves")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert dialog.fields["amount"].error == "Only €22.00 of credit is there to be paid out."
    dialog.amount.setFocus()
    typed_over("16")
    assert dialog.ways.text() == "€15.00 of P-000001 by card\n€1.00 of P-000002 by card"
    driver.key(Qt.Key.Key_Return, CTRL)
    QTest.keyClick(dialog, Qt.Key.Key_Return, CTRL)  # and once more, too late
    driver.gone("pay_out")
    driver.settled()
    back = [row.amount_minor for row in Payment.select().where(Payment.payment_type == "refund").order_by(Payment.id)]
    assert back == [1_500, 100]
    for name in ("P-000003.pdf", "P-000003-copy.pdf"):
        listed = driver.dialog("payments_of")
        listed.table.select_id(3)
        driver.key(Qt.Key.Key_R)
        assert driver.dialog("receipt_preview").file_name == name
        driver.dialog("receipt_preview").reject()
        driver.gone("receipt_preview")
    assert User.get_by_id(driver.center.student).balance_minor == -600
    assert checks.run() == []


def test_credit_is_used_for_a_line(driver: Driver) -> None:
    """What was paid too much is used next time: from the line's menu, and taken back by the history."""
    did(driver, pay, driver, 1_500)
    line = did(driver, enroll, driver)
    desk = at_the_desk(driver)
    menu_of_the_line(driver, "line_credit")
    driver.settled()
    assert [(row.due.enrollment_id, row.open_minor) for row in desk.rows] == [(line, 31_500)]
    assert refunds.student_credit_minor(driver.center.student) == 0
    driver.until(lambda: "€15.00 of credit is used." in said(driver.window))
    operation = Operation.select().where(Operation.label == "Use credit").get().id
    did(driver, undo.undo, operation)
    assert refunds.student_credit_minor(driver.center.student) == 1_500
    assert checks.run() == []


def test_money_is_moved_to_another_line(driver: Driver) -> None:
    driver.desk.context.set_actor(driver.center.admin)
    line = did(driver, enroll, driver)
    did(driver, pay, driver, 10_000, PayLine(line, amount_minor=10_000))
    (book,) = did(driver, enrollment.sell, SaleDraft(driver.center.student, (SaleItem(driver.center.book),)))
    at_the_desk(driver)
    menu_of_the_line(driver, "line_move_money")
    dialog = driver.dialog("move_money")
    ready(driver, dialog)
    dialog.reason.setFocus()
    typed("for the book")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("move_money")
    driver.settled()
    assert [(due.product_enrolled_id, due.open_minor) for due in payments.owed(driver.center.student)] == [
        (None, 25_400)
    ]
    assert book
    assert checks.run() == []


def test_an_enrollment_in_the_panel_has_the_same_menu(driver: Driver) -> None:
    did(driver, enroll, driver)
    page = driver.page("students")
    page.select(driver.center.student)
    driver.settled()
    page.panel.tabs.setCurrentIndex(2)
    QApplication.processEvents()
    button = driver.find(page.panel, QWidget, "enrollment_more")
    button.setFocus()
    driver.key(Qt.Key.Key_Space)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert [one.objectName() for one in menu.actions()] == [
        "line_waive", "line_replan", "line_transfer", "line_move_money", "line_cancel",
    ]  # fmt: skip
    QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert driver.dialog("replan").editor.rows[0].amount.text() == "330.00"
