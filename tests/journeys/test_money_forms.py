"""Forms about money: typing while it is done changes nothing, no key does it twice, errors stand where they belong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.cli import use_center_defaults
from app.desk import center, enrollment, payments, people
from app.desk.accounts import Actor
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.lists import paid
from app.store import checks
from app.store.models import CourseEnrolled, Invoice, Payment, TaxRate, User
from tests.support.window import Driver, did, driver
from ui.dialogs.bill import BillDialog
from ui.dialogs.bulk_enroll import BulkEnroll
from ui.dialogs.pay_out import PayOutDialog
from ui.dialogs.promise import PromiseDialog
from ui.dialogs.refund import PaymentsOf, RefundDialog
from ui.theme import theme

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
LONG = ("A company of a very long name " * 6).strip()


def _pay(actor: Actor, student: int, course: int) -> None:
    enrollment.enroll(actor, EnrollmentDraft(student, course))
    (due,) = payments.owed(student)
    line = payments.PayLine(due.enrollment_id, amount_minor=33000)
    payments.complete(actor, payments.start(actor, payments.PaymentDraft("k", student, "card", 34000, (line,))))


@pytest.mark.parametrize(("kind", "said"), [("refund", "€5.00 is given back."), ("pay_out", "€5.00 is paid out.")])
def test_what_is_typed_over_the_amount_while_it_is_given_back_changes_nothing(
    driver: Driver, kind: str, said: str
) -> None:
    """The answer read the field once more: it said another amount, or failed over an empty one."""
    did(driver, _pay, driver.center.student, driver.center.course)
    form: Any
    if kind == "refund":
        (row,) = paid.of_student(driver.center.student)
        form = RefundDialog(driver.desk.context, driver.window, row)
    else:
        form = PayOutDialog(driver.desk.context, driver.window, driver.center.student)
    form.open()
    driver.type(form, f"{kind}_amount", "5")
    driver.type(form, f"{kind}_reason", "asked for")
    form.main_action()
    form.amount.clear()
    form.main_action()
    assert form.fields["amount"].error == ""  # a second key while it is done says nothing
    driver.settled()
    driver.gone(kind)
    assert driver.window.notice_label.text().startswith(said)
    assert [row.amount_minor for row in Payment.select().where(Payment.payment_type == "refund")] == [500]
    assert checks.run() == []


def test_two_keys_at_once_enroll_once_and_go_where_the_first_leads(driver: Driver) -> None:
    driver.desk.enroll_student(driver.center.student)
    form = driver.dialog("enroll")
    told: list[object] = []
    driver.desk.context.problem.connect(told.append)
    QTest.keyClick(form, Qt.Key.Key_Return, CTRL)
    QTest.keyClick(form, Qt.Key.Key_S, CTRL)
    QTest.keyClick(form, Qt.Key.Key_Q, ALT)
    assert driver._dialog("offer_quote") is None
    driver.gone("enroll")
    driver.settled()
    assert CourseEnrolled.select().count() == 1 and told == []
    assert driver.window.current_key() == "payments"


def test_what_is_wrong_with_a_plan_of_ones_own_is_said_at_the_plan(driver: Driver) -> None:
    driver.desk.enroll_student(driver.center.student)
    form = driver.dialog("enroll")
    driver.key(Qt.Key.Key_0, ALT)
    plan = form.own_plan
    for edit, words, problem in (
        (plan.rows[1].due, "soon", "“soon” is not a date"), (plan.rows[0].due, "2020-02-01", "1 Feb 2020 has passed"),
        (plan.rows[2].amount, "a lot", "“a lot” is not an amount"),
    ):  # fmt: skip
        before = edit.text()
        edit.selectAll()
        QTest.keyClicks(edit, words)
        assert not edit.property("wrong")  # nothing is called wrong while it is typed
        form.mail.setFocus()
        driver.key(Qt.Key.Key_Return, CTRL)
        driver.until(lambda said=problem: said in plan.sum.text())
        assert form.problem.text() == ""
        assert edit.property("wrong") and problem in edit.accessibleDescription()
        assert QApplication.focusWidget() is edit
        edit.selectAll()
        QTest.keyClicks(edit, before)
        assert not edit.property("wrong") and edit.accessibleDescription() == ""
        assert plan.sum.text() == "Adds up to €330.00"
    plan.rows[0].amount.selectAll()
    QTest.keyClicks(plan.rows[0].amount, "100.00")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert form.problem.text() == "" and "€330.00" in plan.sum.text() and CourseEnrolled.select().count() == 0


def test_what_is_wrong_with_a_plan_is_seen_where_the_text_is_large(driver: Driver) -> None:
    driver.window.setFixedSize(1366, 768)
    theme().use(scale=1.5)
    try:
        driver.desk.enroll_student(driver.center.student)
        form = driver.dialog("enroll")
        driver.key(Qt.Key.Key_0, ALT)
        form.own_plan.rows[2].due.setText("soon")
        driver.settled()
        driver.key(Qt.Key.Key_Return, CTRL)
        driver.until(lambda: not form.own_plan.sum.visibleRegion().isEmpty())
        assert "is not a date" in form.own_plan.sum.text()
        assert form.own_plan.rows[2].due.hasFocus() and not form.own_plan.rows[2].due.visibleRegion().isEmpty()
    finally:
        theme().use(scale=1.0)


def test_nothing_is_billed_to_a_buyer_whose_lines_are_not_there_yet(driver: Driver) -> None:
    """Lines of the buyer before went on the invoice of the one just chosen."""
    c = driver.center
    payer = did(driver, people.add_payer, people.PayerDraft("Alpen", kind="company", email="a@alpen.example"))
    did(driver, enrollment.sell, SaleDraft(c.student, (SaleItem(c.book),)))
    did(driver, enrollment.sell, SaleDraft(c.other_student, (SaleItem(c.book),), payer_id=payer))
    form = BillDialog(driver.desk.context, driver.window, c.student)
    form.open()
    driver.until(lambda: len(form.rows) == 1)
    driver.settled()
    mine = form.rows[0].line.student_id
    assert mine == c.student
    form.payer.setCurrentIndex(form.payer.findData(payer))
    form.main_action()
    form.look()
    form.look_at_proforma()
    driver.settled()
    assert Invoice.select().count() == 0 and driver._dialog("bill_preview") is None
    driver.until(lambda: [row.line.student_id for row in form.rows] == [c.student, c.other_student])
    form.mail.setChecked(False)
    form.look()
    form.look()  # Ctrl+P twice
    driver.until(lambda: driver._dialog("bill_preview") is not None)
    driver.settled()
    shown = [one for one in QApplication.topLevelWidgets() if one.objectName() == "bill_preview" and one.isVisible()]
    assert len(shown) == 1
    shown[0].close()
    did(driver, enrollment.sell, SaleDraft(c.other_student, (SaleItem(c.book),), payer_id=payer))
    driver.until(lambda: len(form.rows) == 3)
    assert not form.mail.isChecked()  # as it was set
    form.main_action()
    driver.settled()
    invoice = Invoice.get()
    assert invoice.payer_id == payer
    assert checks.run() == []


@pytest.mark.parametrize("form", ["enroll", "bulk_enroll", "bill"])
@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_a_long_name_of_who_pays_stays_within_the_form(driver: Driver, form: str, scale: float) -> None:
    c = driver.center
    payer = did(driver, people.add_payer, people.PayerDraft(LONG, kind="company"))
    row = User.get_by_id(c.student)
    draft = people.StudentDraft(row.first_name, row.last_name, date_of_birth="1998-05-04", payer_id=payer)
    did(driver, people.edit_student, c.student, row.version, draft)
    driver.window.setFixedSize(1366, 768)
    theme().use(scale=scale)
    try:
        if form == "enroll":
            driver.desk.enroll_student(c.student)
        elif form == "bulk_enroll":
            BulkEnroll(driver.desk.context, driver.window, [c.student, c.other_student], payer).open()
        else:
            BillDialog(driver.desk.context, driver.window, c.student, payer).open()
        dialog = driver.dialog(form)
        driver.settled()
        inside = [field for field in dialog.fields.values() if field.isVisible()]
        inside += dialog.findChildren(QWidget, "total") + dialog.findChildren(QWidget, "bulk_total")
        for part in inside:
            assert part.mapTo(dialog, part.rect().topRight()).x() <= dialog.width() - 10, part.objectName()
    finally:
        theme().use(scale=1.0)


def test_a_rate_with_a_fraction_is_written_as_the_center_writes_numbers(driver: Driver) -> None:
    context = driver.desk.context
    context.set_actor(driver.center.admin)
    did(driver, center.save, replace(context.center, locale="de"))
    context.set_center(center.load())
    use_center_defaults()
    rate = did(driver, center.add_tax_rate, center.TaxRateDraft("New", "S", 1950))
    driver.desk.enroll_student(driver.center.student)
    form = driver.dialog("enroll")
    form.tax.setCurrentIndex(form.tax.findData(rate))
    assert TaxRate.get_by_id(rate).rate_bp == 1950
    assert form.fields["list_price"].below.text() == "with 19,5 % VAT inside"


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_a_long_name_leaves_the_head_of_a_form_its_cross(driver: Driver, scale: float) -> None:
    did(driver, enrollment.sell, SaleDraft(driver.center.student, (SaleItem(driver.center.book),)))
    driver.window.setFixedSize(1366, 768)
    theme().use(scale=scale)
    context, window, student = driver.desk.context, driver.window, driver.center.student
    try:
        for form in (
            PaymentsOf(context, window, student, LONG), PromiseDialog(context, window, student, None, LONG, 2400)
        ):  # fmt: skip
            form.open()
            driver.settled()
            cross = driver.find(form, QWidget, "form_away")
            assert cross.mapTo(form, cross.rect().topRight()).x() < form.width()
            assert LONG in f"{form.headline.text()} {form.subtitle.text()}"
            form.close()
    finally:
        theme().use(scale=1.0)
