"""What is added at the payment desk: coupons find their line, promised prices count, and both stand when it is paid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app import clock, text
from app.desk import basket, canceling, catalog, center, discounts, enrollment, payments, people, quotes
from app.desk.discounts import RuleDraft
from app.desk.dues import PayLine
from app.desk.enrollment import EnrollmentDraft, SaleItem
from app.desk.payments import PaymentDraft
from app.desk.quotes import QuoteDraft
from app.errors import UserError
from app.store import checks
from app.store.models import Course, CourseEnrolled, Payment, ProductEnrolled, Quote, TaxRate
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

START = clock.parse_stamp("2026-11-16T08:00:00.000Z")


@pytest.fixture(autouse=True)
def sound(small_center: SmallCenter) -> Iterator[None]:
    """Whatever a test did, every rule of the file holds after it."""
    with clock.frozen(START):
        text.use_defaults("EUR", "en", "Europe/Vienna")
        yield
        assert checks.run() == []


def priced(c: SmallCenter, codes: str = "", *, courses: Any = None, products: Any = None, **more: Any) -> basket.Basket:
    courses, products = (c.course,) if courses is None else courses, (c.book,) if products is None else products
    return basket.price(center.load(), c.student, courses, products, codes=codes, **more)


def coupon(c: SmallCenter, code: str, **values: Any) -> int:
    return discounts.add_rule(c.admin, RuleDraft(code.title(), "coupon", code=code, **values))


def gross(found: basket.Basket) -> list[int]:
    return [one.gross_minor for one in (*found.courses, *found.products)]


def second_course(c: SmallCenter, price: int = 10_000) -> int:
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    return catalog.add_course(c.admin, catalog.CourseDraft("C2", "First aid", price, rate))


def dearer(c: SmallCenter) -> None:
    row = Course.get_by_id(c.course)
    draft = catalog.CourseDraft(row.code, row.name, 40_000, row.tax_rate_id, theory_minutes=720, minimum_age=17)
    catalog.edit_course(c.admin, row.id, row.version, draft)


def test_a_coupon_goes_on_the_line_where_it_takes_off_most_and_a_second_one_on_another(
    small_center: SmallCenter,
) -> None:
    c = small_center
    coupon(c, "SUMMER", percent_bp=2500)
    coupon(c, "BOOK", amount_minor=400)
    found = priced(c, "summer", courses=(second_course(c), c.course))
    # 25 % of 330.00 is 82.50; of 100.00 25.00; of the book's 24.00 6.00
    assert gross(found) == [10_000, 24_750, 2_400]
    assert [one.coupon for one in found.courses] == ["", "summer"]
    assert found.courses[1].reason == "Summer, 25 %"
    both = priced(c, "sum-mer, BOOK")
    assert gross(both) == [24_750, 2_000] and both.products[0].coupon == "BOOK"
    assert (found.refused, both.refused) == (None, None)
    assert priced(c, " , ").refused is None


@pytest.mark.parametrize(
    ("codes", "key"),
    [
        ("winter", "discounts.unknown_code"), ("?!", "discounts.unknown_code"), ("OLD", "discounts.over"),
        ("LATER", "discounts.not_yet"), ("SUMMER, sum mer", "discounts.twice"), ("FIRST", "discounts.wrong_course"),
        ("SUMMER, BOOK, ONE", "discounts.no_line"), ("GONE", "discounts.switched_off"), ("ONE", None),
    ],
)  # fmt: skip
def test_a_wrong_code_is_told_and_the_others_count(small_center: SmallCenter, codes: str, key: str | None) -> None:
    c = small_center
    coupon(c, "SUMMER", percent_bp=2500)
    coupon(c, "BOOK", amount_minor=400)
    coupon(c, "ONE", percent_bp=100)
    coupon(c, "OLD", percent_bp=2500, last_on="2026-11-15")
    coupon(c, "LATER", percent_bp=2500, first_on="2026-11-17")
    coupon(c, "FIRST", percent_bp=2500, course_id=second_course(c))
    discounts.switch_rule(c.admin, coupon(c, "GONE", percent_bp=2500), available=False)
    found = priced(c, codes)
    assert (found.refused.key if found.refused else None) == key
    if found.refused is not None:
        assert found.refused.field == "coupon" and text.sentence(found.refused).count(".") >= 1
        assert found.refused.params.get("price", 35_400) == 35_400, "what all of it costs without"
    if codes.startswith("SUMMER"):
        assert found.courses[0].gross_minor == 24_750


def test_what_costs_nothing_takes_no_coupon(small_center: SmallCenter) -> None:
    c = small_center
    coupon(c, "SUMMER", percent_bp=2500)
    free = second_course(c, price=0)
    found = priced(c, "summer", courses=(free,), products=())
    assert found.refused is not None and found.refused.key == "discounts.nothing_off"


def test_a_coupon_that_was_used_up_or_is_used_by_this_payment_already_is_refused(small_center: SmallCenter) -> None:
    c = small_center
    coupon(c, "SUMMER", percent_bp=2500, most_uses_each=1)
    draft = PaymentDraft("k1", c.student, "card", 24_750, courses=(c.course,), coupons=((c.course, "summer"),))
    made = payments.start(c.staff, draft)
    found = priced(c, "summer", courses=(), products=(c.book,))
    assert found.refused is not None and found.refused.key == "discounts.used_by_student"
    assert gross(found) == [2_400]
    payments.complete(c.staff, made)
    assert CourseEnrolled.get().discount_reason == "Summer, 25 %"
    assert priced(c, "summer", courses=()).refused is not None


def test_a_promised_price_counts_whatever_the_catalog_says_and_is_used_when_it_is_paid(
    small_center: SmallCenter,
) -> None:
    c = small_center
    quote = quotes.offer(c.staff, QuoteDraft(c.student, c.course, discount_minor=3_300, discount_reason="asked twice"))
    dearer(c)
    found = priced(c)
    (line,) = found.courses
    assert (line.gross_minor, line.quoted, line.quote.id if line.quote else 0) == (29_700, True, quote)
    declined = priced(c, not_quoted={c.course})
    assert declined.courses[0].gross_minor == 40_000 and not declined.courses[0].quoted
    draft = PaymentDraft("k1", c.student, "card", 29_700, courses=(c.course,), quoted=((c.course, quote),))
    made = payments.start(c.staff, draft)
    assert Quote.get().status == "open"
    assert basket.begun(made).added == (("course", c.course, basket.Priced(29_700, "asked twice")),)
    payments.complete(c.staff, made)
    row = CourseEnrolled.get()
    assert (row.gross_minor, Quote.get().status, Quote.get().enrollment_id) == (29_700, "used", row.id)
    canceling.cancel_enrollment(c.admin, row.id, "moved away")
    assert Quote.get().status == "open", "the promise stands again"


def test_a_price_that_was_promised_to_another_payer_is_shown_and_not_used(small_center: SmallCenter) -> None:
    c = small_center
    company = people.add_payer(c.staff, people.PayerDraft(name="Alpen Logistik", kind="company"))
    quotes.offer(c.staff, QuoteDraft(c.student, c.course, payer_id=company, discount_minor=1_000, discount_reason="x"))
    own = priced(c).courses[0]
    assert (own.gross_minor, own.quoted, own.quote.payer_id if own.quote else 0) == (33_000, False, company)
    theirs = priced(c, payer_id=company).courses[0]
    assert (theirs.gross_minor, theirs.quoted) == (32_000, True)


def test_a_coupon_does_not_lower_a_promised_price(small_center: SmallCenter) -> None:
    c = small_center
    coupon(c, "SUMMER", percent_bp=2500)
    quotes.offer(c.staff, QuoteDraft(c.student, c.course))
    found = priced(c, "summer", products=())
    assert found.refused is not None and found.refused.key == "discounts.no_line"
    assert gross(found) == [33_000]
    assert gross(priced(c, "summer")) == [33_000, 1_800], "it goes on the book"


def test_a_quote_and_the_payment_that_uses_it_are_one_use_of_a_coupon(small_center: SmallCenter) -> None:
    c = small_center
    rule = coupon(c, "SUMMER", percent_bp=2500, most_uses=2)
    quote = quotes.offer(c.staff, QuoteDraft(c.student, c.course, coupon="summer"))
    today = clock.local_date("Europe/Vienna")
    assert discounts.uses(rule, today) == 1
    draft = PaymentDraft("k1", c.student, "card", 24_750, courses=(c.course,), quoted=((c.course, quote),))
    made = payments.start(c.staff, draft)
    assert discounts.uses(rule, today) == 1, "the quote holds it, the payment does not hold it again"
    enrollment.enroll(c.staff, EnrollmentDraft(c.other_student, c.course, coupon="summer"))
    assert discounts.uses(rule, today) == 2
    payments.complete(c.staff, made)
    assert discounts.uses(rule, today) == 2
    assert CourseEnrolled.get(CourseEnrolled.student_id == c.student).discount_rule_id == rule


@pytest.mark.parametrize("gone", ["withdrawn", "expired", "used"])
def test_what_was_promised_and_paid_stands_when_the_quote_is_gone_by_then(small_center: SmallCenter, gone: str) -> None:
    c = small_center
    coupon(c, "SUMMER", percent_bp=2500, most_uses=1)
    quote = quotes.offer(c.staff, QuoteDraft(c.student, c.course, coupon="summer", expires_on="2026-11-20"))
    draft = PaymentDraft("k1", c.student, "card", 24_750, courses=(c.course,), quoted=((c.course, quote),))
    made = payments.start(c.staff, draft)
    if gone == "withdrawn":
        quotes.withdraw(c.staff, quote)
    elif gone == "used":
        enrollment.enroll(c.staff, EnrollmentDraft(c.student, c.course, quote_id=quote))
    with clock.frozen(
        clock.parse_stamp("2026-11-23T08:00:00.000Z" if gone == "expired" else "2026-11-16T09:00:00.000Z")
    ):
        done = payments.complete(c.staff, made)
    assert done.credit_minor == 0
    (row,) = CourseEnrolled.select().where(CourseEnrolled.student_id == c.student)
    assert row.gross_minor == 24_750
    assert (row.discount_rule_id is None) == (gone != "used")


def test_a_quote_that_was_used_meanwhile_is_refused_before_money_moves(small_center: SmallCenter) -> None:
    c = small_center
    quote = quotes.offer(c.staff, QuoteDraft(c.student, c.course, discount_minor=100, discount_reason="x"))
    quotes.withdraw(c.staff, quote)
    draft = PaymentDraft("k1", c.student, "card", 32_900, courses=(c.course,), quoted=((c.course, quote),))
    with pytest.raises(UserError) as error:
        payments.start(c.staff, draft)
    assert text.sentence(error.value) == "Quote Q-00001 was withdrawn; today Driving B Theory costs €330.00."
    assert Payment.select().count() == 0


def test_by_several_means_coupon_and_quote_are_agreed_once(small_center: SmallCenter) -> None:
    c = small_center
    coupon(c, "BOOK", amount_minor=400)
    quote = quotes.offer(c.staff, QuoteDraft(c.student, c.course, discount_minor=3_000, discount_reason="x"))
    whole = PaymentDraft(
        "k1", c.student, "card", 20_000, (), (SaleItem(c.book, coupon="BOOK"),), tender_group="g", split_minor=32_000,
        courses=(c.course,), quoted=((c.course, quote),),
    )  # fmt: skip
    first = payments.start(c.staff, whole)
    found = payments.whole_of(first)
    assert found is not None and found[0] == whole
    second = payments.start(c.staff, PaymentDraft(**{**vars(whole), "request_key": "k2", "amount_minor": 12_000}))
    payments.complete(c.staff, second)
    payments.complete(c.staff, first)
    assert (CourseEnrolled.get().gross_minor, ProductEnrolled.get().gross_minor) == (30_000, 2_000)
    assert Quote.get().status == "used"


def test_what_costs_nothing_is_sold_with_the_first_part_that_completes(small_center: SmallCenter) -> None:
    c = small_center
    coupon(c, "FREE", percent_bp=10_000)
    whole = PaymentDraft(
        "k1", c.student, "card", 1_000, (), (SaleItem(c.book),), tender_group="g", split_minor=2_400,
        courses=(c.course,), coupons=((c.course, "FREE"),),
    )  # fmt: skip
    payments.fail(c.staff, payments.start(c.staff, whole), "refused")
    for key, amount in (("k2", 1_000), ("k3", 1_400)):
        part = PaymentDraft(**{**vars(whole), "request_key": key, "amount_minor": amount})
        payments.complete(c.staff, payments.start(c.staff, part))
    assert [row.gross_minor for row in CourseEnrolled.select()] == [0]
    assert ProductEnrolled.select().count() == 1


def test_a_payment_that_waits_means_the_installment_it_names_or_all_of_its_line(small_center: SmallCenter) -> None:
    c = small_center
    plan = enrollment.plan(33_000, 3, "2026-11-16")
    line = enrollment.enroll(c.staff, EnrollmentDraft(c.student, c.course, installments=plan))
    other = enrollment.enroll(c.staff, EnrollmentDraft(c.other_student, c.course, installments=plan))
    dues = payments.owed(c.student)
    for key, part in (
        ("k1", PayLine(line, None, dues[1].installment_id, 5_000)),
        ("k2", PayLine(other, None, None, 6_000)),
    ):
        student = c.student if part.enrollment_id == line else c.other_student
        payments.start(c.staff, PaymentDraft(key, student, "card", part.amount_minor, (part,)))
    named, whole = basket.waiting()
    assert [named.means(due) for due in dues] == [False, True, False]
    assert [whole.means(due) for due in payments.owed(c.other_student)] == [True, True, True]
    assert not any(whole.means(due) for due in dues)
    payments.complete(c.staff, named.payment_id)
    assert [one.payment_id for one in basket.waiting()] == [whole.payment_id]
