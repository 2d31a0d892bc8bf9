"""Quotes: a promised price holds until its day, is used once, and goes with the person. The registration fee."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from app import clock, paths, store, text
from app.desk import (
    canceling,
    catalog,
    center,
    discounts,
    enrollment,
    erasing,
    merge,
    payments,
    people,
    quotes,
    returning,
    undo,
)
from app.desk.discounts import RuleDraft
from app.desk.enrollment import EnrollmentDraft, SaleItem
from app.desk.payments import PaymentDraft
from app.desk.quotes import QuoteDraft
from app.errors import UserError
from app.exchange import person
from app.store import checks
from app.store.models import Course, CourseEnrolled, Operation, ProductEnrolled, Quote, TaxRate, User
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

START = clock.parse_stamp("2026-11-16T08:00:00.000Z")


def at(stamp: str) -> Any:
    return clock.frozen(clock.parse_stamp(stamp))


@pytest.fixture(autouse=True)
def sound(small_center: SmallCenter) -> Iterator[None]:
    """Whatever a test did, every rule of the file holds after it."""
    with clock.frozen(START):
        text.use_defaults("EUR", "en", "Europe/Vienna")
        yield
        assert checks.run() == []


def refused(do: Callable[[], object]) -> UserError:
    with pytest.raises(UserError) as error:
        do()
    return error.value


def offer(c: SmallCenter, **values: Any) -> Any:
    return Quote.get_by_id(quotes.offer(c.staff, QuoteDraft(c.student, c.course, **values)))


def using(c: SmallCenter, quote: Any, **values: Any) -> EnrollmentDraft:
    return EnrollmentDraft(c.student, c.course, send_mail=False, quote_id=quote.id, **values)


def dearer(c: SmallCenter, price: int = 40000) -> None:
    """The catalog asks more, at another rate."""
    course = Course.get_by_id(c.course)
    rate = center.add_tax_rate(c.admin, center.TaxRateDraft("New", "S", 2200))
    draft = catalog.CourseDraft(course.code, course.name, price, rate, theory_minutes=720, minimum_age=17)
    catalog.edit_course(c.admin, course.id, course.version, draft)


def last() -> int:
    return int(Operation.select(Operation.id).order_by(Operation.id.desc()).get().id)


def test_a_quoted_price_is_kept_while_the_catalog_and_the_tax_rise(small_center: SmallCenter) -> None:
    c = small_center
    quote = offer(c, discount_minor=3300, discount_reason="asked twice")
    assert (quote.number, quote.quoted_on, quote.expires_on) == ("Q-00001", "2026-11-16", "2026-11-30")
    # 330.00 - 33.00 = 297.00 with 20 % inside: 247.50 + 49.50
    assert (quote.net_minor, quote.tax_minor, quote.gross_minor) == (24750, 4950, 29700)
    dearer(c)
    assert enrollment.quote(EnrollmentDraft(c.student, c.course)).gross_minor == 40000
    assert enrollment.quote(using(c, quote)).gross_minor == 29700
    line = CourseEnrolled.get_by_id(enrollment.enroll(c.staff, using(c, quote)))
    assert (line.list_price_minor, line.discount_minor, line.gross_minor, line.rate_bp) == (33000, 3300, 29700, 2000)
    assert line.discount_reason == "asked twice"
    assert (Quote.get().status, Quote.get().enrollment_id) == ("used", line.id)
    assert quotes.of_student(c.student) == []


def test_a_plan_adds_up_to_the_quoted_price(small_center: SmallCenter) -> None:
    c = small_center
    quote = offer(c)
    dearer(c)
    plan = enrollment.plan(33000, 3, "2026-11-16")
    enrollment.enroll(c.staff, using(c, quote, installments=plan))
    assert sum(due.gross_minor for due in payments.owed(c.student)) == 33000


def test_the_last_day_counts_and_the_next_says_todays_price(small_center: SmallCenter) -> None:
    c = small_center
    quote = offer(c, expires_on="2026-11-20")
    dearer(c)
    with at("2026-11-20T22:59:59.000Z"):  # 23:59:59 in Vienna
        assert enrollment.quote(using(c, quote)).gross_minor == 33000
        assert [one.usable for one in quotes.of_student(c.student)] == [True]
    with at("2026-11-20T23:00:00.000Z"):
        error = refused(lambda: enrollment.enroll(c.staff, using(c, quote)))
        assert (error.key, error.field) == ("quotes.expired", "quote")
        assert text.sentence(error) == (
            "Quote Q-00001 counted until 20 Nov 2026; today Driving B Theory costs €400.00."
        )
        assert [one.expired for one in quotes.of_student(c.student)] == [True]
        assert quotes.of_student(c.student, usable=True) == []
    assert CourseEnrolled.select().count() == 0


def test_one_that_was_withdrawn_used_or_is_anothers_is_refused_with_todays_price(small_center: SmallCenter) -> None:
    c = small_center
    quote = offer(c)
    payer = people.add_payer(c.staff, people.PayerDraft(name="Alpen Logistik GmbH", kind="company"))
    for other in (replace(using(c, quote), student_id=c.other_student), using(c, quote, payer_id=payer)):
        error = refused(lambda other=other: enrollment.enroll(c.staff, other))  # type: ignore[misc]
        assert error.key == "quotes.other"
    quotes.withdraw(c.staff, quote.id)
    assert text.sentence(refused(lambda: enrollment.enroll(c.staff, using(c, quote)))) == (
        "Quote Q-00001 was withdrawn; today Driving B Theory costs €330.00."
    )
    assert refused(lambda: quotes.withdraw(c.staff, quote.id)).key == "quotes.withdrawn"
    undo.undo(c.staff, last())
    enrollment.enroll(c.staff, using(c, quote))
    assert text.sentence(refused(lambda: quotes.withdraw(c.staff, quote.id))) == (
        "Quote Q-00001 was used for E-00001 already; today Driving B Theory costs €330.00."
    )
    canceling.cancel_enrollment(c.staff, CourseEnrolled.get().id, "x")
    assert enrollment.enroll(c.staff, using(c, quote))  # what was promised is promised until its day


def test_a_quote_counts_once_however_often_it_is_tried(small_center: SmallCenter) -> None:
    c = small_center
    quote = offer(c)
    made = enrollment.enroll(c.staff, using(c, quote))
    with store.write("Small center", c.admin) as w:
        w.update(CourseEnrolled, made, status="completed", completed_on="2026-11-16")
    error = refused(lambda: enrollment.enroll(c.staff, using(c, quote)))
    assert error.key == "quotes.used"
    with store.write("Small center", c.admin) as w:
        w.update(CourseEnrolled, made, status="pending", completed_on=None)


def test_undo_of_the_enrollment_lets_the_promise_stand_and_its_undo_uses_it_again(small_center: SmallCenter) -> None:
    c = small_center
    quote = offer(c)
    made = enrollment.enroll(c.staff, using(c, quote))
    undo.undo(c.staff, last())
    assert (Quote.get().status, CourseEnrolled.get().status) == ("open", "canceled")
    undo.undo(c.staff, last())
    assert (Quote.get().status, Quote.get().enrollment_id) == ("used", made)
    assert CourseEnrolled.get().status == "pending"


def test_offering_is_taken_back_and_so_is_withdrawing(small_center: SmallCenter) -> None:
    c = small_center
    offer(c)
    offered = last()
    quotes.withdraw(c.staff, Quote.get().id)
    undo.undo(c.staff, last())
    assert Quote.get().status == "open"
    undo.undo(c.staff, offered)
    assert Quote.select().count() == 0


def test_an_open_quote_holds_the_use_of_its_coupon(small_center: SmallCenter) -> None:
    c = small_center
    rule = discounts.add_rule(c.admin, RuleDraft("Once", "coupon", percent_bp=1000, code="ONCE", most_uses=1))
    quote = offer(c, coupon="once", expires_on="2026-11-20")
    other = EnrollmentDraft(c.other_student, c.course, coupon="once")
    assert refused(lambda: enrollment.enroll(c.staff, other)).key == "discounts.used_up"
    with at("2026-11-21T08:00:00.000Z"):
        assert enrollment.quote(other).choice.kind == "coupon"  # it has lapsed
    discounts.switch_rule(c.admin, rule, available=False)  # what was promised stands
    line = CourseEnrolled.get_by_id(enrollment.enroll(c.staff, using(c, quote)))
    assert (line.discount_rule_id, line.gross_minor) == (rule, 29700)


@pytest.mark.parametrize(
    ("day", "key"),
    [("2026-11-15", "quotes.day"), ("2027-11-18", "quotes.day"), ("next week", "discounts.day")],
)
def test_a_day_that_makes_no_sense_is_refused(small_center: SmallCenter, day: str, key: str) -> None:
    error = refused(lambda: offer(small_center, expires_on=day))
    assert (error.key, error.field) == (key, "expires_on")


def test_the_center_says_how_long_a_price_holds(small_center: SmallCenter) -> None:
    c = small_center
    center.save(c.admin, replace(center.load(), quote_days=3))
    assert offer(c).expires_on == "2026-11-19"
    for days in (0, 367):
        error = refused(lambda days=days: center.save(c.admin, replace(center.load(), quote_days=days)))  # type: ignore[misc]
        assert (error.key, error.field) == ("center.quote_days", "quote_days")


def test_quotes_go_with_the_person_in_merging_exporting_and_erasing(small_center: SmallCenter) -> None:
    c = small_center
    quote = offer(c, discount_minor=100, discount_reason="nachlasstanteq")
    assert person.everything(c.student)["quotes"][0]["number"] == "Q-00001"
    seen = merge.preview(c.other_student, c.student)
    assert [part.names for part in seen.parts if part.kind == "quotes"] == [("Q-00001, Driving B Theory",)]
    merge.merge(c.admin, c.other_student, c.student)
    assert Quote.get().student_id == c.other_student
    undo.undo(c.admin, last())
    assert Quote.get().student_id == c.student
    merge.merge(c.admin, c.other_student, c.student)
    enrolled = EnrollmentDraft(c.other_student, c.course, send_mail=False, quote_id=quote.id)
    assert enrollment.quote(enrolled).gross_minor == 32900
    erasing.erase(c.admin, c.other_student)
    assert (Quote.get().status, Quote.get().discount_reason) == ("withdrawn", "")
    assert b"nachlasstanteq" not in paths.data_file(c.folder).read_bytes()


# -- the registration fee --------------------------------------------------------------------------------------


@pytest.fixture
def fee(small_center: SmallCenter) -> int:
    """The center asks €25.00 of whoever is new."""
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    made = catalog.add_product(
        small_center.admin, catalog.ProductDraft("REG", "Registration", 2500, rate, kind="digital")
    )
    center.save(small_center.admin, replace(center.load(), registration_product_id=made))
    return made


def enroll(c: SmallCenter, course: int | None = None, **values: Any) -> int:
    return enrollment.enroll(c.staff, EnrollmentDraft(c.student, course or c.course, send_mail=False, **values))


def another_course(c: SmallCenter) -> int:
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    return catalog.add_course(c.admin, catalog.CourseDraft("C2", "First aid", 10000, rate))


def test_the_first_enrollment_is_charged_with_the_fee_and_no_later_one(small_center: SmallCenter, fee: int) -> None:
    c = small_center
    told = enrollment.quote(EnrollmentDraft(c.student, c.course)).fee
    assert told == enrollment.Fee("Registration", 2500)
    enroll(c)
    sold = ProductEnrolled.get()
    assert (sold.product_id, sold.gross_minor, sold.student_id) == (fee, 2500, c.student)
    assert User.get_by_id(c.student).balance_minor == 33000 + 2500
    assert enrollment.quote(EnrollmentDraft(c.student, another_course(c))).fee is None
    enroll(c, Course.get(Course.code == "C2").id)
    assert ProductEnrolled.select().count() == 1


def test_it_is_one_transaction(small_center: SmallCenter, fee: int) -> None:
    c = small_center
    enroll(c)
    assert Operation.get_by_id(last()).label == "Enroll student"
    undo.undo(c.staff, last())
    assert (CourseEnrolled.get().status, ProductEnrolled.get().status) == ("canceled", "canceled")
    assert User.get_by_id(c.student).balance_minor == 0
    assert enrollment.quote(EnrollmentDraft(c.student, c.course)).fee is not None  # they are new again


def test_a_canceled_enrollment_leaves_the_fee_that_was_charged_and_charges_none_again(
    small_center: SmallCenter, fee: int
) -> None:
    c = small_center
    canceling.cancel_enrollment(c.staff, enroll(c), "moved away")
    assert User.get_by_id(c.student).balance_minor == 2500
    enroll(c)
    assert ProductEnrolled.select().count() == 1


def test_a_fee_does_not_come_back_beside_the_one_that_was_charged_since(small_center: SmallCenter, fee: int) -> None:
    c, line = small_center, enroll(small_center)
    returning.return_product(c.staff, ProductEnrolled.get().id, "not wanted")
    returned = last()
    canceling.cancel_enrollment(c.staff, line, "moved away")
    enroll(c)
    assert refused(lambda: undo.undo(c.staff, returned)).key == "undo.rival"
    assert [row.status for row in ProductEnrolled.select().order_by(ProductEnrolled.id)] == ["canceled", "completed"]
    assert checks.run() == []


def test_leaving_the_fee_out_takes_a_right(small_center: SmallCenter, fee: int) -> None:
    c = small_center
    draft = EnrollmentDraft(c.student, c.course, send_mail=False, with_fee=False)
    assert refused(lambda: enrollment.enroll(c.staff, draft)).key == "rights.missing"
    paying = PaymentDraft("k", c.student, "card", 33000, courses=(c.course,))
    assert refused(lambda: payments.start(c.staff, paying)).key == "rights.missing"
    assert CourseEnrolled.select().count() == 0
    enrollment.enroll(c.admin, draft)
    assert ProductEnrolled.select().count() == 0
    assert enrollment.quote(EnrollmentDraft(c.student, another_course(c))).fee is None  # they are not new any more


def test_two_payments_under_way_charge_it_once_and_the_rest_is_credit(small_center: SmallCenter, fee: int) -> None:
    c = small_center
    other = another_course(c)
    made = [
        payments.start(
            c.staff, PaymentDraft(f"k{n}", c.student, "card", price + 2500, courses=(course,), sales=(SaleItem(fee),))
        )
        for n, (course, price) in enumerate(((c.course, 33000), (other, 10000)))
    ]
    with at("2026-11-16T09:00:00.000Z"):
        done = [payments.complete(c.staff, one) for one in made]
    assert [one.credit_minor for one in done] == [0, 2500]
    assert (ProductEnrolled.select().count(), CourseEnrolled.select().count()) == (1, 2)


def test_parts_of_a_payment_sell_it_once(small_center: SmallCenter, fee: int) -> None:
    c = small_center
    whole = PaymentDraft(
        "a", c.student, "card", 33000, courses=(c.course,), sales=(SaleItem(fee),), tender_group="g", split_minor=35500
    )
    first = payments.start(c.staff, whole)
    with at("2026-11-16T09:00:00.000Z"):
        payments.complete(c.staff, first)
        second = payments.start(c.staff, replace(whole, request_key="b", amount_minor=2500))
        done = payments.complete(c.staff, second)
    assert (done.credit_minor, ProductEnrolled.select().count()) == (0, 1)


def test_a_fee_that_is_not_sold_any_more_is_not_charged(small_center: SmallCenter, fee: int) -> None:
    c = small_center
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    off = catalog.ProductDraft("REG", "Registration", 2500, rate, kind="digital", status="unavailable")
    catalog.edit_product(c.admin, fee, 1, off)
    enroll(c)
    assert ProductEnrolled.select().count() == 0
    error = refused(lambda: center.save(c.admin, replace(center.load(), registration_product_id=999)))
    assert (error.key, error.field) == ("enrollment.product_unavailable", "registration_product_id")
