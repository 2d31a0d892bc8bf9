"""Where discounts, quotes, payers, changes, promises and undo meet: what one of them agreed, the others keep."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app import clock, store
from app.desk import (
    canceling,
    discounts,
    enrollment,
    invoices,
    payments,
    people,
    promises,
    quotes,
    refunds,
    reminding,
    transfer,
    undo,
    waiving,
)
from app.desk.discounts import RuleDraft
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.desk.quotes import QuoteDraft
from app.desk.transfer import MoneyMove, Place
from app.errors import UserError
from app.store import checks
from app.store.models import CourseEnrolled, Invoice, MailQueue, Operation, Promise, Quote, User
from tests.desk.test_transfer import lessons
from tests.desk.test_waiving import enroll
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def book(made: SmallCenter, student: int | None = None, payer: int | None = None) -> int:
    (line,) = enrollment.sell(made.staff, SaleDraft(student or made.student, (SaleItem(made.book),), payer_id=payer))
    return line


def company(made: SmallCenter) -> int:
    return people.add_payer(made.staff, people.PayerDraft("Alpen GmbH", kind="company", email="buch@alpen.example"))


def pay(made: SmallCenter, amount: int, *lines: PayLine, key: str = "k", payer: int | None = None) -> int:
    draft = PaymentDraft(key, made.student, "card", amount, lines, payer_id=payer)
    paid = payments.start(made.staff, draft)
    payments.complete(made.staff, paid)
    return paid


def begun(made: SmallCenter, key: str, line: PayLine) -> int:
    return payments.start(made.staff, PaymentDraft(key, made.student, "transfer", line.amount_minor, (line,)))


def last(label: str) -> int:
    return int(Operation.select().where(Operation.label == label).order_by(Operation.id.desc()).get().id)


def test_moving_money_twice_as_it_was_shown_once_moves_it_once(small_center: SmallCenter) -> None:
    made, line = small_center, enroll(small_center)
    other = book(made)
    invoices.bill(made.staff, made.student, [PayLine(None, other)], send_mail=False)
    pay(made, 10_000, PayLine(line, amount_minor=10_000))
    move = MoneyMove(PayLine(line), PayLine(None, other), 500, "wrong line")
    seen = transfer.preview_money(made.staff, move)
    transfer.move_money(made.staff, move, seen)
    with pytest.raises(UserError, match=r"changing\.stale"):
        transfer.move_money(made.staff, move, seen)
    assert sum(due.paid_minor for due in enrollment.dues.of_lines([], [other])) == 500
    assert checks.run() == []


def test_a_transfer_bills_whoever_the_old_invoice_billed(small_center: SmallCenter) -> None:
    made, course, payer = small_center, lessons(small_center), company(small_center)
    line = enroll(made)
    pay(made, 33_000, PayLine(line, amount_minor=33_000), payer=payer)
    transfer.transfer_place(made.staff, Place(line, course, reason="other wish", send_mail=False))
    newest = Invoice.select().where(Invoice.kind == "invoice").order_by(Invoice.id.desc()).get()
    assert (newest.payer_id, newest.buyer_name) == (payer, "Alpen GmbH")
    assert checks.run() == []


@pytest.mark.parametrize("way", ["credit", "move"])
def test_a_line_paid_with_a_companys_money_is_billed_to_the_company(small_center: SmallCenter, way: str) -> None:
    made, payer = small_center, company(small_center)
    if way == "credit":
        pay(made, 5_000, payer=payer)
        other = book(made)
        with store.write("Who pays", made.staff) as w:
            w.update(User, made.student, payer_id=payer)
        refunds.apply_credit(made.staff, made.student, [PayLine(None, other, None, 2_400)], "use", payer)
    else:
        line = enroll(made)
        pay(made, 5_000, PayLine(line, amount_minor=5_000), payer=payer)
        other = book(made)
        transfer.move_money(made.staff, MoneyMove(PayLine(line), PayLine(None, other), 2_400, "wrong line"))
    newest = Invoice.select().where(Invoice.kind == "invoice").order_by(Invoice.id.desc()).get()
    assert (newest.payer_id, newest.buyer_name) == (payer, "Alpen GmbH")
    assert checks.run() == []


def test_taking_a_withdrawal_back_gives_no_coupon_twice(small_center: SmallCenter) -> None:
    made = small_center
    discounts.add_rule(made.admin, RuleDraft("Once", "coupon", percent_bp=1000, code="ONCE", most_uses=1))
    quote = quotes.offer(made.staff, QuoteDraft(made.student, made.course, coupon="once"))
    quotes.withdraw(made.staff, quote)
    enrollment.enroll(made.staff, EnrollmentDraft(made.other_student, made.course, coupon="once"))
    with pytest.raises(UserError, match=r"undo\.coupon"):
        undo.undo(made.staff, last("Withdraw quote"))
    assert undo.preview(made.staff, last("Withdraw quote")).obstacle is not None
    assert Quote.get_by_id(quote).status == "withdrawn"
    assert checks.run() == []


def test_bringing_an_offer_back_gives_no_coupon_twice(small_center: SmallCenter) -> None:
    made = small_center
    discounts.add_rule(made.admin, RuleDraft("Once", "coupon", percent_bp=1000, code="ONCE", most_uses=1))
    quotes.offer(made.staff, QuoteDraft(made.student, made.course, coupon="once"))
    undo.undo(made.staff, last("Offer quote"))
    enrollment.enroll(made.staff, EnrollmentDraft(made.other_student, made.course, coupon="once"))
    assert undo.preview(made.staff, last("Take back")).obstacle is not None
    with pytest.raises(UserError, match=r"undo\.coupon"):
        undo.undo(made.staff, last("Take back"))
    assert Quote.select().count() == 0


def test_a_rule_for_one_use_each_goes_along_with_a_transfer(small_center: SmallCenter) -> None:
    made, course = small_center, lessons(small_center)
    rule = discounts.add_rule(made.admin, RuleDraft("Welcome", percent_bp=1000, most_uses_each=1))
    line = enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course))
    assert CourseEnrolled.get_by_id(line).discount_rule_id == rule
    transfer.transfer_place(made.staff, Place(line, course, reason="other wish", send_mail=False))
    new = CourseEnrolled.get(CourseEnrolled.moved_from == line)
    assert (new.discount_rule_id, new.gross_minor) == (rule, 45_000)
    assert checks.run() == []


def test_an_invoice_issued_anew_keeps_its_day_and_its_text(small_center: SmallCenter) -> None:
    made, payer = small_center, company(small_center)
    line = enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, payer_id=payer))
    invoices.bill(made.staff, made.student, [PayLine(line)], payer, due_on="2099-03-24", note="Order 4711")
    waiving.waive(made.admin, waiving.Waiver(PayLine(line), 3_000, "hardship"))
    newest = Invoice.select().order_by(Invoice.id.desc()).get()
    assert (newest.kind, newest.gross_minor, newest.due_on) == ("invoice", 30_000, "2099-03-24")
    assert invoices.document(newest.id).note == "Order 4711"
    assert checks.run() == []


@pytest.mark.parametrize("way", ["waive", "cancel", "enroll"])
def test_a_promise_of_what_is_owed_no_more_is_off(small_center: SmallCenter, way: str) -> None:
    made, line = small_center, enroll(small_center)
    promise = promises.add(made.staff, made.student, "2099-12-01", 33_000)
    if way == "enroll":
        undo.undo(made.staff, last("Enroll student"))
    elif way == "waive":
        waiving.waive(made.admin, waiving.Waiver(PayLine(line), 33_000, "hardship"))
    else:
        canceling.cancel_enrollment(made.staff, line, "moved away")
    assert Promise.get_by_id(promise).status == "withdrawn"
    if way != "waive":
        undo.undo(made.staff, last("Cancel enrollment" if way == "cancel" else "Take back"))
        assert Promise.get_by_id(promise).status == "open"
    assert checks.run() == []


def test_a_companys_promise_stands_while_another_of_its_students_owes(small_center: SmallCenter) -> None:
    made, payer = small_center, company(small_center)
    line = enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, payer_id=payer))
    other = book(made, made.other_student, payer)
    promise = promises.add(made.staff, made.student, "2099-12-01", 35_400, payer_id=payer)
    waiving.waive(made.admin, waiving.Waiver(PayLine(line), 33_000, "hardship"))
    assert Promise.get_by_id(promise).status == "open"
    waiving.waive(made.admin, waiving.Waiver(PayLine(None, other), 2_400, "hardship"))
    assert Promise.get_by_id(promise).status == "withdrawn"
    assert checks.run() == []


def test_a_promise_goes_along_with_a_transfer(small_center: SmallCenter) -> None:
    made, course, line = small_center, lessons(small_center), enroll(small_center)
    promise = promises.add(made.staff, made.student, "2099-12-01", 33_000)
    transfer.transfer_place(made.staff, Place(line, course, reason="other wish", send_mail=False))
    assert Promise.get_by_id(promise).status == "open"


def test_nothing_is_billed_where_nothing_is_left_to_pay_for(small_center: SmallCenter) -> None:
    made, line = small_center, enroll(small_center)
    waiving.waive(made.admin, waiving.Waiver(PayLine(line), 33_000, "hardship"))
    with pytest.raises(UserError, match=r"invoices\.nothing_to_bill"):
        invoices.bill(made.staff, made.student, [PayLine(line)])
    assert Invoice.select().count() == 0


def test_money_under_way_for_a_line_that_went_is_credit_and_for_a_plan_goes_on_it(small_center: SmallCenter) -> None:
    made, course, line = small_center, lessons(small_center), enroll(small_center)
    way = begun(made, "a", PayLine(line, amount_minor=20_000))
    waiving.waive(made.admin, waiving.Waiver(PayLine(line), 20_000, "hardship"))
    late = begun(made, "b", PayLine(line, amount_minor=5_000))
    assert payments.complete(made.staff, way).credit_minor == 7_000
    transfer.transfer_place(made.staff, Place(line, course, reason="other wish", send_mail=False))
    assert payments.complete(made.staff, late).credit_minor == 5_000
    assert refunds.student_credit_minor(made.student) == 12_000
    assert User.get_by_id(made.student).balance_minor == 50_000 - 25_000
    assert checks.run() == []


def test_a_quote_is_used_up_with_the_place_that_is_moved_on(small_center: SmallCenter) -> None:
    """The coupon goes along: a promise that stood again would give its one use a second time, or keep it back."""
    made, course = small_center, lessons(small_center)
    discounts.add_rule(made.admin, RuleDraft("Once", "coupon", percent_bp=1000, code="ONCE", most_uses=1))
    quote = quotes.offer(made.staff, QuoteDraft(made.student, made.course, coupon="once"))
    line = enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, quote_id=quote))
    waiving.waive(made.admin, waiving.Waiver(PayLine(line), 700, "hardship"))
    transfer.transfer_place(made.staff, Place(line, course, reason="other wish", send_mail=False))
    assert CourseEnrolled.get(CourseEnrolled.moved_from == line).gross_minor == 45_000
    assert Quote.get_by_id(quote).status == "used"
    with pytest.raises(UserError, match=r"discounts\.used_up"):
        enrollment.enroll(made.staff, EnrollmentDraft(made.other_student, made.course, coupon="once"))
    with pytest.raises(UserError, match=r"quotes\.used"):
        enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, quote_id=quote))
    assert checks.run() == []


def test_a_reminder_that_was_taken_back_is_queued_again_the_same_day(small_center: SmallCenter) -> None:
    made = small_center
    with clock.frozen(datetime(2026, 10, 1, 12, tzinfo=UTC)):
        book(made)
    with clock.frozen(datetime(2026, 11, 24, 12, tzinfo=UTC)):
        for _ in range(3):
            (done,) = reminding.remind(made.staff, [(made.student, None)])
            assert done.obstacle == ""
            undo.undo(made.staff, last("Remind"))
        (done,) = reminding.remind(made.staff, [(made.student, None)])
        (again,) = reminding.remind(made.staff, [(made.student, None)])
    assert (done.level, done.obstacle, again.obstacle) == (1, "", "reminding.today")
    mails = MailQueue.select().where(MailQueue.template_key == "payment_reminder").order_by(MailQueue.id)
    assert [mail.state for mail in mails] == ["canceled"] * 3 + ["queued"]
    assert reminding.sent() == {("student", made.student): ["2026-11-24"]}
    assert checks.run() == []


def test_money_given_back_from_before_does_not_count_against_a_promise(small_center: SmallCenter) -> None:
    made, line = small_center, enroll(small_center)
    earlier = pay(made, 5_000, PayLine(line, amount_minor=5_000))
    promise = promises.add(made.staff, made.student, "2099-12-01", 10_000)
    refunds.refund(made.admin, earlier, 5_000, "by mistake", "r")
    waiving.waive(made.admin, waiving.Waiver(PayLine(line), 3_000, "hardship"))
    assert Promise.get_by_id(promise).status == "open"
    pay(made, 10_000, PayLine(line, amount_minor=10_000), key="k2")
    assert Promise.get_by_id(promise).status == "kept"
    assert checks.run() == []


def test_money_that_only_changes_its_invoice_keeps_no_promise(small_center: SmallCenter) -> None:
    made, line = small_center, enroll(small_center)
    pay(made, 20_000, PayLine(line, amount_minor=20_000))
    promise = promises.add(made.staff, made.student, "2099-12-01", 8_000)
    waiving.waive(made.admin, waiving.Waiver(PayLine(line), 3_000, "hardship"))
    pay(made, 1_000, PayLine(line, amount_minor=1_000), key="k2")
    assert Promise.get_by_id(promise).status == "open"


def test_money_moved_from_a_sibling_keeps_a_promise(small_center: SmallCenter) -> None:
    made, line = small_center, enroll(small_center)
    mother = people.add_payer(made.staff, people.PayerDraft("Mia Satler"))
    with store.write("Siblings", made.admin) as w:
        for one in (made.student, made.other_student):
            w.update(User, one, payer_id=mother)
    pay(made, 5_000, PayLine(line, amount_minor=5_000))
    other = book(made, made.other_student)
    invoices.bill(made.staff, made.other_student, [PayLine(None, other)], send_mail=False)
    promise = promises.add(made.staff, made.other_student, "2099-12-01", 2_400)
    transfer.move_money(made.staff, MoneyMove(PayLine(line), PayLine(None, other), 2_400, "meant for her"))
    assert Promise.get_by_id(promise).status == "kept"
