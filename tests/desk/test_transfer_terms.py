"""What a transferred place is agreed at: its plan, its discount, the registration fee, and who is too young for it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app import clock, store, text
from app.desk import (
    center,
    discounts,
    dues,
    enrollment,
    invoices,
    payments,
    quotes,
    refunds,
    registration,
    transfer,
    waiving,
)
from app.desk.changing import Part
from app.desk.discounts import RuleDraft
from app.desk.enrollment import EnrollmentDraft
from app.desk.payments import PayLine
from app.desk.quotes import QuoteDraft
from app.desk.transfer import Place
from app.errors import UserError
from app.store import checks
from app.store.models import (
    Course,
    CourseEnrolled,
    Invoice,
    InvoiceLine,
    MailQueue,
    Product,
    ProductEnrolled,
    StudentPayment,
    Timeline,
    User,
)
from tests.desk.test_transfer import fee, lessons
from tests.desk.test_waiving import enroll, pay, plan_of
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def new_of(line: int) -> CourseEnrolled:
    found: CourseEnrolled = CourseEnrolled.get(CourseEnrolled.moved_from == line)
    return found


def today_() -> str:
    return clock.local_date("Europe/Vienna").isoformat()


# -- installments


def test_the_plan_goes_along_on_its_days_and_in_its_proportions(small_center: SmallCenter) -> None:
    """110.00 of 330.00 are paid. 500.00 - 110.00 = 390.00 are left: 195.00 on each of the two days left."""
    made, course, line = small_center, lessons(small_center), enroll(small_center, 3)
    first = payments.owed(made.student)[0]
    pay(made, 11_000, PayLine(line, None, first.installment_id, 11_000))
    seen = transfer.preview_place(made.staff, Place(line, course, plan="carry"))
    assert seen.plan == (
        Part(today_(), 11_000, 11_000, fixed=True),
        Part("2030-02-28", 19_500, 0, fixed=False),
        Part("2030-03-31", 19_500, 0, fixed=False),
    )
    assert [(paper.kind, paper.gross_minor, paper.paid_minor) for paper in seen.papers] == [
        ("credit_note", 11_000, 0), ("invoice", 11_000, 11_000),
    ]  # fmt: skip
    assert (seen.open_before_minor, seen.open_after_minor, seen.to_plan_minor) == (22_000, 39_000, 39_000)
    assert transfer.transfer_place(made.staff, Place(line, course, plan="carry", reason="drives"), seen) == seen
    new = new_of(line)
    assert plan_of(new.id) == [(1, today_(), 11_000), (2, "2030-02-28", 19_500), (3, "2030-03-31", 19_500)]
    assert [due.gross_minor for due in payments.owed(made.student)] == [19_500, 19_500]
    mail = MailQueue.get(MailQueue.template_key == "enrollment_confirmation", MailQueue.text.contains(new.number))
    assert "2. €195.00, due 28 Feb 2030" in mail.text
    assert User.get_by_id(made.student).balance_minor == 39_000
    assert checks.run() == []


def test_an_uneven_plan_stays_uneven_and_days_that_have_passed_are_today(small_center: SmallCenter) -> None:
    """Open are 100.00, 30.00 and 200.00, the first two late. Of 500.00 x 130/330 = 196.97 are due today."""
    made, course = small_center, lessons(small_center)
    plan = (("2030-01-01", 10_000), ("2030-02-01", 3_000), ("2036-01-01", 20_000))
    line = enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, installments=plan))
    with clock.frozen(datetime(2030, 3, 1, 12, tzinfo=UTC)):
        transfer.transfer_place(made.staff, Place(line, course, plan="carry", reason="drives"))
    assert plan_of(new_of(line).id) == [(1, "2030-03-01", 19_697), (2, "2036-01-01", 30_303)]
    assert Invoice.select().count() == 0
    assert checks.run() == []


@pytest.mark.parametrize(("paid", "first"), [(0, 0), (10_000, 31)])
def test_an_even_plan_begins_today_or_a_month_after_what_was_paid(
    small_center: SmallCenter, paid: int, first: int
) -> None:
    made, course, line = small_center, lessons(small_center), enroll(small_center)
    with clock.frozen(datetime(2027, 1, 15, 12, tzinfo=UTC)):
        if paid:
            pay(made, paid, PayLine(line, amount_minor=paid))
        transfer.transfer_place(made.staff, Place(line, course, plan="even", parts=3, reason="drives"))
        rows = plan_of(new_of(line).id)
    amounts = [10_000, 13_334, 13_333, 13_333] if paid else [16_667, 16_667, 16_666]
    assert [amount for _, _, amount in rows] == amounts
    start = datetime(2027, 1, 15) + timedelta(days=first)
    assert rows[1 if paid else 0][1] == start.date().isoformat()
    assert checks.run() == []


def test_an_own_plan_comes_to_what_is_left(small_center: SmallCenter) -> None:
    made, course, line = small_center, lessons(small_center), enroll(small_center)
    pay(made, 10_000, PayLine(line, amount_minor=10_000))
    own = Place(line, course, plan="own", installments=(("2030-01-01", 1), ("2030-06-01", 39_999)), reason="drives")
    for wrong, key in (
        (replace(own, installments=(("2030-01-01", 50_000),)), r"transfer\.plan_sum"),
        (replace(own, installments=(("2030-06-01", 1), ("2030-01-01", 39_999))), r"enrollment\.installments_order"),
        (replace(own, installments=(("2020-01-01", 1), ("2030-01-01", 39_999))), r"enrollment\.installments_past"),
        (replace(own, installments=tuple(("2030-06-01", 1) for _ in range(61))), r"enrollment\.parts"),
        (replace(own, plan="even", parts=0), r"enrollment\.parts"),
        (replace(own, plan="even", parts=60), r"enrollment\.parts"),  # and the paid one would be the 61st
    ):
        with pytest.raises(UserError, match=key):
            transfer.transfer_place(made.staff, wrong)
    assert CourseEnrolled.get_by_id(line).status == "pending"
    extra = fee(made)
    done = transfer.transfer_place(made.staff, replace(own, fee_product_id=extra))
    assert [(paper.gross_minor, paper.paid_minor) for paper in done.papers if paper.kind == "invoice"] == [
        (11_500, 10_000)
    ], "the paid part and the fee; the rest is invoiced in its turn"
    assert [part.amount_minor for part in done.plan] == [10_000, 1, 39_999]
    assert checks.run() == []


def test_what_is_paid_in_full_has_no_plan_and_what_was_only_billed_is_billed_in_turn(
    small_center: SmallCenter,
) -> None:
    made, course, line = small_center, lessons(small_center, 20_000), enroll(small_center)
    pay(made, 33_000, PayLine(line, amount_minor=33_000))
    done = transfer.transfer_place(made.staff, Place(line, course, plan="even", parts=3, reason="drives"))
    assert (done.plan, done.to_plan_minor, done.credit_after_minor) == ((), 0, 13_000)
    other = enrollment.enroll(made.staff, EnrollmentDraft(made.other_student, made.course))
    invoices.bill(made.staff, made.other_student, [PayLine(other)])
    mails = MailQueue.select().count()
    move = Place(other, course, plan="even", parts=2, reason="drives", send_mail=False)
    done = transfer.transfer_place(made.staff, move)
    assert [paper.kind for paper in done.papers] == ["credit_note"]
    assert [part.amount_minor for part in done.plan] == [10_000, 10_000]
    newest = MailQueue.select().order_by(MailQueue.id.desc()).get()
    assert MailQueue.select().count() == mails + 1
    assert (newest.template_key, "Nothing is to be paid on it any more." in newest.text) == ("credit_note", True)
    assert checks.run() == []


# -- discounts


def coupon(made: SmallCenter, **more: object) -> int:
    return discounts.add_rule(made.admin, RuleDraft("Spring", "coupon", percent_bp=1_000, code="SPRING", **more))  # type: ignore[arg-type]


def with_coupon(made: SmallCenter) -> int:
    return enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, coupon="spring"))


def test_a_coupon_goes_along_where_it_holds_and_is_used_once(small_center: SmallCenter) -> None:
    """10 % of 330.00 were 33.00; of 500.00 they are 50.00."""
    made, course, rule = small_center, lessons(small_center), coupon(small_center, most_uses=1)
    line = with_coupon(made)
    seen = transfer.preview_place(made.staff, Place(line, course))
    assert (seen.notes, seen.gross_before_minor, seen.gross_after_minor) == ((), 29_700, 45_000)
    transfer.transfer_place(made.staff, Place(line, course, reason="drives"), seen)
    new = new_of(line)
    assert (new.discount_rule_id, new.discount_minor) == (rule, 5_000)
    assert new.discount_reason == f"Spring, {discounts.percent(1_000)}, as on E-00001"
    assert discounts.uses(rule, clock.local_date("Europe/Vienna")) == 1
    with pytest.raises(UserError, match=r"discounts\.used_up"):
        enrollment.enroll(made.staff, EnrollmentDraft(made.other_student, made.course, coupon="spring"))
    assert checks.run() == []


@pytest.mark.parametrize("why", ["course", "off", "over"])
def test_a_coupon_that_does_not_hold_there_gives_its_use_back_and_is_named(small_center: SmallCenter, why: str) -> None:
    made, course = small_center, lessons(small_center)
    today = clock.local_date("Europe/Vienna")
    last = today.isoformat() if why == "over" else None
    rule = coupon(made, most_uses=1, course_id=made.course if why == "course" else None, last_on=last)
    line = with_coupon(made)
    if why == "off":
        discounts.switch_rule(made.admin, rule, available=False)
    later = datetime.now(UTC) + timedelta(days=2 if why == "over" else 0)
    with clock.frozen(later):
        seen = transfer.preview_place(made.staff, Place(line, course))
        ((key, params),) = seen.notes
        assert (
            key == {"course": "discounts.wrong_course", "off": "discounts.switched_off", "over": "discounts.over"}[why]
        )
        assert "without it the price stays €500.00" in text.sentence(key, params)
        assert seen.gross_after_minor == 50_000
        transfer.transfer_place(made.staff, Place(line, course, reason="drives"), seen)
        assert discounts.uses(rule, clock.local_date("Europe/Vienna")) == 0
    assert (new_of(line).discount_rule_id, new_of(line).discount_reason) == (None, "")
    assert checks.run() == []


def test_a_rule_of_the_old_course_alone_is_named_and_the_centers_other_rules_count(small_center: SmallCenter) -> None:
    made, course = small_center, lessons(small_center)
    theory = discounts.add_rule(made.admin, RuleDraft("Theory week", percent_bp=2_000, course_id=made.course))
    line = enroll(made)
    assert CourseEnrolled.get_by_id(line).discount_rule_id == theory
    everyone = discounts.add_rule(made.admin, RuleDraft("November", percent_bp=500))
    seen = transfer.preview_place(made.staff, Place(line, course))
    assert [text.sentence(key, params) for key, params in seen.notes] == [
        "“Theory week”, which lowered E-00001, does not hold for Driving lessons today and does not go along."
    ]
    transfer.transfer_place(made.staff, Place(line, course, reason="drives"), seen)
    assert (new_of(line).discount_rule_id, new_of(line).gross_minor) == (everyone, 47_500)
    assert checks.run() == []


def test_a_discount_by_hand_stays_and_is_named_unless_one_is_typed(small_center: SmallCenter) -> None:
    """30.00 were given by hand and 10.00 waived later: the waiver is no discount to be typed again."""
    made, course, rule = small_center, lessons(small_center), coupon(small_center)
    draft = EnrollmentDraft(made.student, made.course, discount_minor=3_000, discount_reason="loyal")
    line = enrollment.enroll(made.staff, draft)
    waiving.waive(made.admin, waiving.Waiver(PayLine(line), 1_000, "hardship"))
    seen = transfer.preview_place(made.staff, Place(line, course))
    assert [text.sentence(key, params) for key, params in seen.notes] == [
        "The discount of €30.00 on E-00001 was given by hand and stays with it. Type it again if it goes along.",
        "The €10.00 waived on E-00001 stay with it and do not go along.",
    ]
    with pytest.raises(UserError, match=r"enrollment\.discount_above_price") as refused:
        transfer.preview_place(made.staff, Place(line, course, discount_minor=50_001))
    assert text.sentence(refused.value) == "The discount is larger than the price, which stays €500.00."
    typed = Place(line, course, discount_minor=3_000, reason="loyal, still")
    assert [key for key, _params in transfer.preview_place(made.staff, typed).notes] == ["transfer.waived_lost"]
    transfer.transfer_place(made.staff, typed)
    assert (new_of(line).gross_minor, new_of(line).discount_reason) == (47_000, "loyal, still")
    assert discounts.uses(rule, clock.local_date("Europe/Vienna")) == 0
    assert checks.run() == []


# -- the registration fee


def with_fee(made: SmallCenter) -> int:
    with store.write("Registration", made.admin) as w:
        rate = Course.get_by_id(made.course).tax_rate_id
        product = w.insert(
            Product, code="REG", name="Registration", kind="digital", price_minor=4_500, tax_rate_id=rate
        )
    center.save(made.admin, replace(center.load(), registration_product_id=product))
    return product


def fees(made: SmallCenter) -> list[tuple[int, str]]:
    return [(row.gross_minor, row.status) for row in ProductEnrolled.select().order_by(ProductEnrolled.id)]


def test_a_registration_fee_is_charged_once_and_keeps_its_money(small_center: SmallCenter) -> None:
    """One invoice over 330.00 and 45.00 has 145.00: 100.00 go to the new place, 45.00 stay on the fee."""
    made, course, product = small_center, lessons(small_center), with_fee(small_center)
    line = enroll(made)
    (reg,) = (row.id for row in ProductEnrolled.select())
    pay(made, 14_500, PayLine(line, amount_minor=10_000), PayLine(None, reg, amount_minor=4_500))
    twice = Place(line, course, fee_product_id=product, reason="drives")
    with pytest.raises(UserError, match=r"transfer\.registration_charged") as refused:
        transfer.preview_place(made.staff, twice)
    assert (refused.value.field, refused.value.params["number"]) == ("items", "A-00001")
    done = transfer.transfer_place(made.staff, replace(twice, fee_product_id=None))
    assert [(paper.kind, paper.gross_minor, paper.paid_minor) for paper in done.papers] == [
        ("credit_note", 37_500, 0), ("invoice", 4_500, 4_500), ("invoice", 50_000, 10_000),
    ]  # fmt: skip
    assert fees(made) == [(4_500, "completed")]
    assert dues.of_lines([], [reg])[0].open_minor == 0
    assert registration.due(center.load(), made.student) is None
    again = enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course))
    assert (len(fees(made)), CourseEnrolled.get_by_id(again).status) == (1, "pending")
    assert User.get_by_id(made.student).balance_minor == 50_000 + 33_000 + 4_500 - 14_500
    assert checks.run() == []


@pytest.mark.parametrize("paid", [False, True])
def test_a_fee_of_its_own_is_not_touched_and_one_left_out_is_not_charged_later(
    small_center: SmallCenter, paid: bool
) -> None:
    made, course, product = small_center, lessons(small_center), with_fee(small_center)
    line = enroll(made)
    (reg,) = (row.id for row in ProductEnrolled.select())
    if paid:
        pay(made, 4_500, PayLine(None, reg, amount_minor=4_500))
    done = transfer.transfer_place(made.staff, Place(line, course, reason="drives"))
    assert (done.papers, fees(made)) == ((), [(4_500, "completed")])
    assert dues.of_lines([], [reg])[0].open_minor == (0 if paid else 4_500)
    free = EnrollmentDraft(made.other_student, made.course, with_fee=False)
    other = enrollment.enroll(made.admin, free)
    transfer.transfer_place(made.staff, Place(other, course, reason="drives"))
    assert len(fees(made)) == 1
    third = EnrollmentDraft(made.other_student, made.course)
    enrollment.enroll(made.staff, third)
    assert len(fees(made)) == 1, "they were let in without it once"
    charged = Place(new_of(other).id, made.course, fee_product_id=product, reason="back")
    with pytest.raises(UserError, match=r"enrollment\.already_enrolled"):
        transfer.transfer_place(made.staff, charged)
    assert checks.run() == []


def test_a_fee_left_out_can_be_charged_with_a_transfer_once(small_center: SmallCenter) -> None:
    made, course, product = small_center, lessons(small_center), with_fee(small_center)
    line = enrollment.enroll(made.admin, EnrollmentDraft(made.student, made.course, with_fee=False))
    place = Place(line, course, fee_product_id=product, reason="drives")
    transfer.transfer_place(made.staff, place)
    assert fees(made) == [(4_500, "completed")]
    back = Place(new_of(line).id, made.course, fee_product_id=product, reason="back")
    with pytest.raises(UserError, match=r"transfer\.registration_charged"):
        transfer.transfer_place(made.staff, back)
    assert checks.run() == []


def test_a_payment_under_way_with_the_fee_and_a_transfer_meanwhile_charge_it_once(small_center: SmallCenter) -> None:
    made, course, product = small_center, lessons(small_center), with_fee(small_center)
    draft = payments.PaymentDraft(
        "k", made.student, "card", 37_500, sales=(payments.SaleItem(product),), courses=(made.course,)
    )
    way = payments.start(made.staff, draft)
    line = enroll(made)
    transfer.transfer_place(made.staff, Place(line, course, reason="drives"))
    done = payments.complete(made.staff, way)
    assert fees(made) == [(4_500, "completed")]
    assert done.credit_minor == 4_500, "the fee was charged meanwhile: its money is there to pay it with"
    assert refunds.student_credit_minor(made.student) == 4_500
    assert checks.run() == []


# -- who is let in


def test_who_is_too_young_is_transferred_for_a_reason_that_is_recorded(small_center: SmallCenter) -> None:
    made, course, line = small_center, lessons(small_center), enroll(small_center)
    with store.write("For grown-ups", made.admin) as w:
        w.update(Course, course, minimum_age=99, prerequisite_id=made.course)
    seen = transfer.preview_place(made.staff, Place(line, course))
    assert [key for key, _ in seen.notes] == ["enrollment.too_young", "enrollment.prerequisite_missing"]
    place = Place(line, course, reason="drives")
    for reason in ("", "  "):
        with pytest.raises(UserError, match=r"transfer\.too_young") as refused:
            transfer.transfer_place(made.staff, replace(place, override_reason=reason))
        assert refused.value.field == "override_reason"
    transfer.transfer_place(made.staff, replace(place, override_reason="parents agree"), seen)
    for key in ("enrollment.timeline_override", "enrollment.timeline_prerequisite"):
        entry = Timeline.get(Timeline.key == key)
        assert json.loads(entry.params) == {"course": "Driving lessons", "reason": "parents agree"}
        assert entry.subject_id == new_of(line).id
    assert checks.run() == []


def test_a_reason_that_nothing_asks_for_is_not_recorded(small_center: SmallCenter) -> None:
    made, course, line = small_center, lessons(small_center), enroll(small_center)
    transfer.transfer_place(made.staff, Place(line, course, reason="drives", override_reason="just so"))
    assert Timeline.select().where(Timeline.key.contains("override")).count() == 0
    assert InvoiceLine.select().count() == StudentPayment.select().count() == 0


@pytest.mark.parametrize("limit", [{"most_uses": 1}, {"most_uses_each": 1}, {}])
def test_a_promise_that_was_used_for_the_old_place_is_not_made_again_and_its_coupon_goes_along(
    small_center: SmallCenter, limit: dict[str, int]
) -> None:
    """500.00 less 10 % is 450.00: the quote keeps no use of the coupon for a place that nobody has any more."""
    made, course = small_center, lessons(small_center)
    draft = RuleDraft("Autumn", "coupon", percent_bp=1_000, code="AUTUMN", **limit)  # type: ignore[arg-type]
    rule = discounts.add_rule(made.admin, draft)
    quote = quotes.offer(made.staff, QuoteDraft(made.student, made.course, coupon="autumn"))
    line = enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, quote_id=quote))
    seen = transfer.preview_place(made.staff, Place(line, course))
    assert (seen.gross_after_minor, seen.notes) == (45_000, ())
    transfer.transfer_place(made.staff, Place(line, course, reason="drives"), seen)
    assert new_of(line).discount_rule_id == rule
    assert quotes.load(quote).status == "used" and quotes.of_student(made.student) == []
    assert checks.run() == []


def test_that_what_was_waived_does_not_go_along_is_said_before(small_center: SmallCenter) -> None:
    made, course, line = small_center, lessons(small_center), enroll(small_center, 3)
    waiving.waive(made.admin, waiving.Waiver(PayLine(line), 33_000, "hardship"))
    seen = transfer.preview_place(made.staff, Place(line, course))
    assert seen.open_after_minor == 50_000
    assert [text.sentence(*note) for note in seen.notes] == [
        "The €330.00 waived on E-00001 stay with it and do not go along."
    ]
    assert transfer.transfer_place(made.staff, Place(line, course, reason="drives"), seen) == seen
    assert checks.run() == []
