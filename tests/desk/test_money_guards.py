"""Guarantees of the payment desk that no other test would miss: each of these was seen red with its guard taken out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from peewee import fn

from app import clock, money
from app.desk import (
    accounts,
    canceling,
    catalog,
    center,
    crediting,
    discounts,
    enrollment,
    merge,
    payments,
    promises,
    quotes,
    refunds,
    reminding,
    replan,
    transfer,
    undo,
    waiving,
)
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.errors import UserError
from app.mail import queue
from app.store import checks
from app.store.models import (
    CourseEnrolled,
    Installment,
    Invoice,
    MailQueue,
    Operation,
    Payment,
    ProductEnrolled,
    Promise,
    TaxRate,
    User,
)
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def enroll(made: SmallCenter, student: int | None = None) -> int:
    return enrollment.enroll(made.staff, EnrollmentDraft(student or made.student, made.course, send_mail=False))


def test_cash_given_has_an_upper_end(small_center: SmallCenter) -> None:
    draft = PaymentDraft("k", small_center.student, "cash", 100, given_minor=money.MAX_MINOR + 1)
    with pytest.raises(UserError, match=r"payments\.amount") as refused:
        payments.start(small_center.staff, draft)
    assert refused.value.field == "given"
    assert Payment.select().count() == 0


def test_a_course_paid_for_needs_the_right_to_enroll(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may take money only, enrolls nobody by it."""
    draft = PaymentDraft("k", small_center.student, "card", 33_000, courses=(small_center.course,))
    monkeypatch.setitem(accounts._RIGHTS, "staff", accounts._RIGHTS["staff"] - {"enrollment.create"})
    with pytest.raises(UserError, match=r"rights\.missing") as refused:
        payments.start(small_center.staff, draft)
    assert refused.value.params["right"] == "enrollment.create"
    assert Payment.select().count() == 0


def test_credit_goes_to_what_is_open_alone(small_center: SmallCenter) -> None:
    line = enroll(small_center)
    payments.complete(
        small_center.staff, payments.start(small_center.staff, PaymentDraft("k", small_center.student, "card", 90_000))
    )
    for amount, key in ((33_001, "line_above_open"), (0, "line_amount"), (-1, "line_amount")):
        with pytest.raises(UserError, match=rf"payments\.{key}"):
            refunds.apply_credit(
                small_center.staff, small_center.student, (PayLine(line, amount_minor=amount),), f"{amount}"
            )
    gone = enroll(small_center, small_center.other_student)
    canceling.cancel_enrollment(small_center.staff, gone, "moves away")
    with pytest.raises(UserError, match=r"payments\.line_gone"):
        refunds.apply_credit(small_center.staff, small_center.student, (PayLine(gone, amount_minor=1),), "gone")
    assert refunds.student_credit_minor(small_center.student) == 90_000


# -- whoever paid for somebody else ------------------------------------------------------------------------------


def paid_by_a_brother(made: SmallCenter, *, with_book: bool = False) -> int:
    """Łukasz pays Ana's course, and a book for her: one invoice; the enrollment."""
    line = enroll(made)
    lines = [PayLine(line, amount_minor=33_000)]
    if with_book:
        (book,) = enrollment.sell(made.staff, SaleDraft(made.student, (SaleItem(made.book),)))
        lines.append(PayLine(None, book, amount_minor=2_400))
    draft = PaymentDraft("k", made.other_student, "card", sum(one.amount_minor for one in lines), tuple(lines))
    done = payments.complete(made.staff, payments.start(made.staff, draft))
    assert (len(done.invoice_ids), balances(made)) == (1, [0, 0])
    return line


def balances(made: SmallCenter) -> list[int]:
    """What Ana and Łukasz owe, as it is kept."""
    return [User.get_by_id(one).balance_minor for one in (made.student, made.other_student)]


def test_what_a_brother_paid_is_his_again_when_its_invoice_is_credited(small_center: SmallCenter) -> None:
    """The money is credit of whoever paid, whose balance says so at once."""
    paid_by_a_brother(small_center)
    crediting.credit(small_center.staff, Invoice.get().id, "wrong buyer")
    assert balances(small_center) == [33_000, -33_000]
    assert checks.run() == []


def test_what_a_brother_paid_beside_a_canceled_line_stays_paid(small_center: SmallCenter) -> None:
    line = paid_by_a_brother(small_center, with_book=True)
    canceling.cancel_enrollment(small_center.staff, line, "moves away")
    assert balances(small_center) == [0, -33_000]
    assert checks.run() == []


def test_what_a_brother_paid_above_a_cheaper_course_is_his_credit(small_center: SmallCenter) -> None:
    line, made = paid_by_a_brother(small_center), small_center
    transfer.transfer_place(made.staff, transfer.Place(line, cheaper(made), reason="too long"))
    assert balances(made) == [0, -23_000]
    assert checks.run() == []


def test_a_promise_ends_where_a_transfer_leaves_nothing_owed(small_center: SmallCenter) -> None:
    line, made = enroll(small_center), small_center
    pay(made, PayLine(line, amount_minor=20_000))
    promises.add(made.staff, made.student, (clock.now() + timedelta(days=9)).date().isoformat(), 13_000)
    transfer.transfer_place(made.staff, transfer.Place(line, cheaper(made), reason="too long"))
    assert (Promise.get().status, payments.owed(made.student)) == ("withdrawn", [])


def cheaper(made: SmallCenter) -> int:
    """A course for 100.00."""
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    return catalog.add_course(made.admin, catalog.CourseDraft("ECO", "First aid", 10_000, rate, theory_minutes=90))


# -- changing what was agreed -------------------------------------------------------------------------------------


def planned(made: SmallCenter, parts: int = 3) -> tuple[int, list[int]]:
    """A course in installments: the enrollment, and the rows of its plan."""
    plan = enrollment.plan(33_000, parts, "2031-01-15")
    draft = EnrollmentDraft(made.student, made.course, installments=plan, send_mail=False)
    line = enrollment.enroll(made.staff, draft)
    return line, [row.id for row in Installment.select().order_by(Installment.position)]


def pay(made: SmallCenter, *lines: PayLine, more: int = 0) -> None:
    amount = sum(line.amount_minor for line in lines) + more
    draft = PaymentDraft(f"pay {amount} {lines}", made.student, "card", amount, lines)
    payments.complete(made.staff, payments.start(made.staff, draft))


def test_waiving_takes_no_installment_below_what_was_paid_on_it(small_center: SmallCenter) -> None:
    line, parts = planned(small_center)
    pay(small_center, PayLine(line, None, parts[2], 5_000))
    done = waiving.waive(small_center.admin, waiving.Waiver(PayLine(line), 28_000, "hardship"))
    assert [(part.amount_minor, part.paid_minor) for part in done.plan] == [(5_000, 5_000)]
    assert checks.run() == []


def test_a_new_plan_has_no_more_parts_than_a_plan_may_with_those_that_stay(small_center: SmallCenter) -> None:
    line, parts = planned(small_center)
    pay(small_center, PayLine(line, None, parts[0], 11_000))
    anew = enrollment.plan(22_000, enrollment.MAX_PARTS, "2031-03-01")
    with pytest.raises(UserError, match=r"enrollment\.parts") as refused:
        replan.replan(small_center.staff, line, anew)
    assert refused.value.params["most"] == enrollment.MAX_PARTS
    replan.replan(small_center.staff, line, enrollment.plan(22_000, enrollment.MAX_PARTS - 1, "2031-03-01"))


def test_a_plan_or_a_place_that_would_do_something_else_by_now_is_refused(small_center: SmallCenter) -> None:
    made = small_center
    line, _parts = planned(made)
    anew = (("2031-02-01", 13_000), ("2031-03-01", 20_000))
    place = transfer.Place(line, cheaper(made), reason="too long")
    plan_seen, place_seen = replan.preview(made.staff, line, anew), transfer.preview_place(made.staff, place)
    pay(made, more=500)  # credit, which the preview told
    with pytest.raises(UserError, match=r"changing\.stale"):
        replan.replan(made.staff, line, anew, plan_seen)
    with pytest.raises(UserError, match=r"changing\.stale"):
        transfer.transfer_place(made.staff, place, place_seen)
    assert [row.amount_minor for row in Installment.select().order_by(Installment.position)] == [11_000] * 3
    assert replan.replan(made.staff, line, anew, replan.preview(made.staff, line, anew)).plan
    assert transfer.transfer_place(made.staff, place, transfer.preview_place(made.staff, place))


# -- discounts ----------------------------------------------------------------------------------------------------


def discounts_of(made: SmallCenter, *students: int) -> list[int]:
    """What each of these gets off a book, sold one after the other, in minor units."""
    sold = [enrollment.sell(made.staff, SaleDraft(one, (SaleItem(made.book),)))[0] for one in students]
    return [ProductEnrolled.get_by_id(line).discount_minor for line in sold]


def test_a_discount_for_anyone_ends_for_each_at_its_limit(small_center: SmallCenter) -> None:
    made = small_center
    discounts.add_rule(made.admin, discounts.RuleDraft("Hello", amount_minor=100, most_uses_each=1))
    assert discounts_of(made, made.student, made.student, made.other_student) == [100, 0, 100]


def test_a_discount_for_anyone_counts_on_its_days_alone(small_center: SmallCenter) -> None:
    made = small_center
    today = clock.local_date("Europe/Vienna")
    before, after = ((today + timedelta(days=days)).isoformat() for days in (-1, 1))
    discounts.add_rule(made.admin, discounts.RuleDraft("Past", amount_minor=300, last_on=before))
    discounts.add_rule(made.admin, discounts.RuleDraft("To come", amount_minor=200, first_on=after))
    assert discounts_of(made, made.student) == [0]
    now = discounts.RuleDraft("Now", amount_minor=100, first_on=today.isoformat(), last_on=today.isoformat())
    discounts.add_rule(made.admin, now)
    assert discounts_of(made, made.student) == [100]


def test_a_coupon_that_a_student_used_between_two_parts_is_not_named_twice(small_center: SmallCenter) -> None:
    """The price that was agreed stands; the use that the rule has left for the student is the one in between."""
    made, student = small_center, small_center.student
    rule = discounts.RuleDraft("Once", "coupon", percent_bp=1000, code="ONCE", most_uses_each=1)
    used = discounts.add_rule(made.admin, rule)
    whole = PaymentDraft(
        "a", student, "card", 33_000, (), (SaleItem(made.book, coupon="once"),), courses=(made.course,),
        tender_group="g", split_minor=33_000 + 2_160,
    )  # fmt: skip
    payments.complete(made.staff, payments.start(made.staff, whole))  # the course alone; the book waits
    between = enrollment.sell(made.staff, SaleDraft(student, (SaleItem(made.book, coupon="once"),)))[0]
    rest = replace(whole, request_key="b", amount_minor=2_160)
    payments.complete(made.staff, payments.start(made.staff, rest))
    rows = list(ProductEnrolled.select().order_by(ProductEnrolled.id))
    assert [(row.gross_minor, row.discount_rule_id) for row in rows] == [(2_160, used), (2_160, None)]
    assert rows[0].id == between
    assert checks.run() == []


def test_a_use_that_a_student_had_once_more_keeps_the_first_from_coming_back(small_center: SmallCenter) -> None:
    made, student = small_center, small_center.student
    rule = discounts.RuleDraft("Once", "coupon", percent_bp=1000, code="ONCE", most_uses_each=1)
    discounts.add_rule(made.admin, rule)
    first = EnrollmentDraft(student, made.course, send_mail=False, coupon="once")
    canceling.cancel_enrollment(made.staff, enrollment.enroll(made.staff, first), "not yet")
    canceled = int(Operation.select(fn.MAX(Operation.id)).scalar())
    enrollment.sell(made.staff, SaleDraft(student, (SaleItem(made.book, coupon="once"),)))
    with pytest.raises(UserError, match=r"undo\.coupon"):
        undo.undo(made.staff, canceled)
    assert CourseEnrolled.get().status == "canceled"


def test_uses_of_a_record_that_was_merged_in_count_for_the_person(small_center: SmallCenter) -> None:
    made = small_center
    rule = discounts.RuleDraft("Hello", "coupon", amount_minor=100, code="HELLO", most_uses_each=1)
    discounts.add_rule(made.admin, rule)
    item = SaleItem(made.book, coupon="hello")
    enrollment.sell(made.staff, SaleDraft(made.other_student, (item,)))
    merge.merge(made.staff, made.student, made.other_student)
    with pytest.raises(UserError, match=r"discounts\.used_by_student"):
        enrollment.sell(made.staff, SaleDraft(made.student, (item,)))


def test_a_tax_rate_that_is_off_is_for_no_new_price(small_center: SmallCenter) -> None:
    made = small_center
    off = center.add_tax_rate(made.admin, center.TaxRateDraft("Lodging", "S", 1300))
    draft = EnrollmentDraft(made.student, made.course, tax_rate_id=off, send_mail=False)
    assert enrollment.quote(draft).rate_bp == 1300
    center.switch_tax_rate(made.admin, off, available=False)
    with pytest.raises(UserError, match=r"catalog\.tax_rate") as refused:
        enrollment.enroll(made.staff, draft)
    assert refused.value.field == "tax_rate"


def test_a_quote_is_for_its_course_alone(small_center: SmallCenter) -> None:
    made, other = small_center, cheaper(small_center)
    promised = quotes.offer(made.staff, quotes.QuoteDraft(made.student, other))
    with pytest.raises(UserError, match=r"quotes\.other"):
        enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, quote_id=promised))
    assert quotes.load(promised).usable


def test_a_quote_whose_days_are_over_does_not_come_back_with_a_cancellation(small_center: SmallCenter) -> None:
    made, now = small_center, clock.now()
    until = (now + timedelta(days=3)).date().isoformat()
    promised = quotes.offer(made.staff, quotes.QuoteDraft(made.student, made.course, expires_on=until))
    draft = EnrollmentDraft(made.student, made.course, quote_id=promised, send_mail=False)
    line = enrollment.enroll(made.staff, draft)
    with clock.frozen(now + timedelta(days=9)):
        canceling.cancel_enrollment(made.staff, line, "moves away")
    assert (quotes.load(promised).status, quotes.load(promised).enrollment_id) == ("used", line)


def test_a_reminder_that_was_canceled_can_be_sent_on_the_same_day(small_center: SmallCenter) -> None:
    """Its mail is one of its own: an event that was told already brings none."""
    made, ana = small_center, [(small_center.student, None)]
    now = clock.now()
    with clock.frozen(now - timedelta(days=60)):
        enrollment.sell(made.staff, SaleDraft(made.student, (SaleItem(made.book),)))
    states = MailQueue.select(MailQueue.state).where(MailQueue.template_key == "payment_reminder")
    with clock.frozen(now):
        reminding.remind(made.staff, ana)
        queue.cancel(made.staff, MailQueue.get(MailQueue.template_key == "payment_reminder").id)
        assert [one.obstacle for one in reminding.remind(made.staff, ana)] == [""]
        assert [row.state for row in states.order_by(MailQueue.id)] == ["canceled", "queued"]
        assert [one.obstacle for one in reminding.remind(made.staff, ana)] == ["reminding.today"]
