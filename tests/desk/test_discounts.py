"""Discounts: at most one a line, in a stated order; coupons with their limits; the arithmetic worked out by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import clock, store, text
from app.desk import accounts, canceling, catalog, center, discounts, enrollment, payments, people, undo
from app.desk.discounts import Rule, RuleDraft
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PaymentDraft
from app.errors import UserError
from app.store import checks
from app.store.models import CourseEnrolled, DiscountRule, Operation, ProductEnrolled, TaxRate, User
from tests.support.breaking import breaking
from tests.support.center import SmallCenter, build, small_center

__all__ = ["small_center"]

START = clock.parse_stamp("2026-11-16T08:00:00.000Z")
TODAY = date(2026, 11, 16)


@pytest.fixture(autouse=True)
def sound(small_center: SmallCenter) -> Iterator[None]:
    """Whatever a test did, every rule of the file holds after it."""
    with clock.frozen(START):
        text.use_defaults("EUR", "en", "Europe/Vienna")
        yield
        assert checks.run() == []


def rule(c: SmallCenter, name: str, applies_to: str = "anyone", **values: Any) -> int:
    if not {"amount_minor", "percent_bp"} & values.keys():
        values["percent_bp"] = 1000
    return discounts.add_rule(c.admin, RuleDraft(name, applies_to, **values))


def enroll(c: SmallCenter, student: int | None = None, course: int | None = None, **values: Any) -> Any:
    draft = EnrollmentDraft(student or c.student, course or c.course, send_mail=False, **values)
    return CourseEnrolled.get_by_id(enrollment.enroll(c.staff, draft))


def refused(do: Callable[[], object]) -> UserError:
    with pytest.raises(UserError) as error:
        do()
    return error.value


def guardian(c: SmallCenter, *students: int, kind: str = "guardian") -> int:
    payer = people.add_payer(c.staff, people.PayerDraft(name="Maria Satler", kind=kind))
    with store.write("Small center", c.admin) as w:
        for student in students:
            w.update(User, student, payer_id=payer)
    return payer


def second_course(c: SmallCenter, price: int = 10000) -> int:
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    return catalog.add_course(c.admin, catalog.CourseDraft("C2", "First aid", price, rate))


def last() -> int:
    return int(Operation.select(Operation.id).order_by(Operation.id.desc()).get().id)


# -- arithmetic ------------------------------------------------------------------------------------------------

#: (list price, share, taken off) where half-even would take off one less or one more. 25 % of 0.10 is 0.025.
SHARES = (
    (10, 2500, 3),  # 2.5 → 3, half-even 2
    (18, 2500, 5),  # 4.5 → 5, half-even 4
    (50, 2500, 13),  # 12.5 → 13, half-even 12
    (14, 2500, 4),  # 3.5 → 4
    (33000, 2500, 8250),
    (33333, 1250, 4167),  # 4166.625
    (9999, 10000, 9999),
    (1, 2500, 0),  # 0.25
)


def test_a_share_is_rounded_half_up_on_the_side_that_is_quoted(small_center: SmallCenter) -> None:
    c = small_center
    for price, share, off in SHARES:
        made = rule(c, "Everyone", percent_bp=share)
        line = enroll(c, list_price_minor=price)
        assert (line.discount_minor, line.gross_minor) == (off, price - off)
        assert line.net_minor + line.tax_minor == line.gross_minor
        discounts.switch_rule(c.admin, made, available=False)
        canceling.cancel_enrollment(c.staff, line.id, "next")


#: quoted, list price, share, tax rate → discount, net, tax, gross; worked out on paper.
TABLE = (
    # 25 % of 0.50 is 0.125 → 0.13; 0.37 with 20 % inside is net 0.3083 → 0.31
    ("gross", 50, 2500, 2000, 13, 31, 6, 37),
    ("net", 50, 2500, 2000, 13, 37, 7, 44),  # 20 % of 0.37 is 0.074 → 0.07
    # 10.00 with 20 % inside: no net of two decimals gives it back (8.33 + 1.67); the gross that was quoted stays
    ("gross", 1000, 0, 2000, 0, 833, 167, 1000),
    ("gross", 20000, 5000, 2000, 10000, 8333, 1667, 10000),
    # 7 %: 99.99 / 1.07 = 93.4486
    ("gross", 11110, 1000, 700, 1111, 9345, 654, 9999),
    ("net", 11110, 1000, 700, 1111, 9999, 700, 10699),  # 7 % of 99.99 is 6.9993
    ("net", 250, 1000, 2000, 25, 225, 45, 270),
    ("net", 25, 1000, 2000, 3, 22, 4, 26),  # 10 % of 0.25 is 0.025 → 0.03; 20 % of 0.22 is 0.044
)


def test_tax_is_worked_out_after_the_discount_gross_and_net(small_center: SmallCenter) -> None:
    c = small_center
    for quoted, price, share, rate, off, net, tax, gross in TABLE:
        center.save(c.admin, replace(center.load(), prices=quoted))
        rate_id = center.add_tax_rate(c.admin, center.TaxRateDraft("Another", "S", rate))
        made = rule(c, "Everyone", percent_bp=share) if share else None
        line = enroll(c, list_price_minor=price, tax_rate_id=rate_id)
        assert (line.discount_minor, line.net_minor, line.tax_minor, line.gross_minor) == (off, net, tax, gross)
        assert net + tax == gross and (gross if quoted == "gross" else net) == price - off
        if made is not None:
            discounts.switch_rule(c.admin, made, available=False)
        canceling.cancel_enrollment(c.staff, line.id, "next")


def test_an_amount_of_a_rule_is_cut_to_the_price_but_one_typed_by_hand_is_refused(small_center: SmallCenter) -> None:
    used = rule(small_center, "Fifty off", amount_minor=5000)
    line = enroll(small_center, list_price_minor=3000)
    assert (line.discount_minor, line.gross_minor, line.discount_rule_id) == (3000, 0, used)
    draft = EnrollmentDraft(small_center.other_student, small_center.course, list_price_minor=3000, discount_minor=3001)
    error = refused(lambda: enrollment.enroll(small_center.staff, draft))
    assert (error.key, error.field) == ("enrollment.discount_above_price", "discount")
    assert text.sentence(error) == "The discount is larger than the price, which stays €30.00."
    assert CourseEnrolled.select().count() == 1


# -- which one -------------------------------------------------------------------------------------------------


def test_one_discount_a_line_in_the_order_of_the_house(small_center: SmallCenter) -> None:
    c = small_center
    company = people.add_payer(c.staff, people.PayerDraft(name="Alpen Logistik GmbH", kind="company"))
    enroll(c, c.other_student)
    guardian(c, c.student, c.other_student)
    names = {
        rule(c, "Everyone", percent_bp=9000): "anyone",
        rule(c, "Siblings", "sibling", percent_bp=4000): "sibling",
        rule(c, "Contract", "company", payer_id=company, percent_bp=2000): "company",
        rule(c, "Summer", "coupon", code="SUMMER", percent_bp=500): "coupon",
    }
    draft = EnrollmentDraft(c.student, c.course, payer_id=company, coupon="summer")
    seen = []
    for gone in (None, "coupon", "company", "sibling", "anyone"):
        if gone is not None:
            (away,) = (rule_id for rule_id, kind in names.items() if kind == gone)
            discounts.switch_rule(c.admin, away, available=False)
            draft = replace(draft, coupon="")
        choice = enrollment.quote(draft).choice
        seen.append((choice.kind, choice.discount_minor, len(choice.others)))
    assert seen == [("coupon", 1650, 3), ("company", 6600, 2), ("sibling", 13200, 1), ("anyone", 29700, 0), ("", 0, 0)]


def test_what_was_typed_by_hand_goes_before_every_rule_also_when_it_is_nothing(small_center: SmallCenter) -> None:
    rule(small_center, "Everyone", percent_bp=5000)
    line = enroll(small_center, discount_minor=100, discount_reason="returning student")
    assert (line.discount_minor, line.discount_rule_id, line.discount_reason) == (100, None, "returning student")
    none = enroll(small_center, small_center.other_student, discount_minor=0)
    assert (none.discount_minor, none.discount_rule_id) == (0, None)


def test_the_line_says_which_rule_counts_and_which_do_not(small_center: SmallCenter) -> None:
    c = small_center
    rule(c, "Siblings", "sibling", percent_bp=1000)
    used = rule(c, "Summer", "coupon", code="SUMMER", amount_minor=2500)
    enroll(c, c.other_student)
    guardian(c, c.student, c.other_student)
    line = enroll(c, coupon="Summer")
    assert (line.discount_rule_id, line.discount_minor) == (used, 2500)
    assert line.discount_reason == (
        "Summer, €25.00. Not used: Siblings, 10 %. Only one discount applies to a line: by hand, else coupon, else"
        " company, else siblings, else everyone."
    )


def test_the_largest_of_a_kind_counts_then_the_oldest(small_center: SmallCenter) -> None:
    first = rule(small_center, "Ten", percent_bp=1000)
    rule(small_center, "Thirty-three", amount_minor=3300)
    assert enroll(small_center).discount_rule_id == first
    large = rule(small_center, "Forty", amount_minor=4000)
    assert enroll(small_center, small_center.other_student).discount_rule_id == large


def test_siblings_are_students_of_one_guardian_with_a_course_that_runs(small_center: SmallCenter) -> None:
    c = small_center
    used = rule(c, "Siblings", "sibling")
    guardian(c, c.student, c.other_student)
    first = enroll(c, c.other_student)
    assert first.discount_rule_id is None  # nobody else is enrolled yet
    second = enroll(c)
    assert second.discount_rule_id == used
    canceling.cancel_enrollment(c.staff, first.id, "moved away")
    assert enroll(c, course=second_course(c)).discount_rule_id is None


def test_a_company_is_no_guardian_and_a_contract_is_for_who_pays(small_center: SmallCenter) -> None:
    c = small_center
    company = guardian(c, c.student, c.other_student, kind="company")
    rule(c, "Siblings", "sibling")
    contract = rule(c, "Contract", "company", payer_id=company)
    enroll(c, c.other_student)
    assert enroll(c).discount_rule_id is None
    assert enroll(c, course=second_course(c), payer_id=company).discount_rule_id == contract


RULES = st.builds(
    Rule, id=st.integers(1, 50), version=st.just(1), name=st.just("x"), applies_to=st.sampled_from(discounts.ORDER),
    amount_minor=st.just(0), percent_bp=st.integers(1, 10_000), code=st.none(), payer_id=st.none(),
    course_id=st.none(), first_on=st.none(), last_on=st.none(), most_uses=st.none(), most_uses_each=st.none(),
    status=st.just("available"),
) | st.builds(
    Rule, id=st.integers(51, 99), version=st.just(1), name=st.just("x"), applies_to=st.sampled_from(discounts.ORDER),
    amount_minor=st.integers(1, 100_000), percent_bp=st.just(0), code=st.none(), payer_id=st.none(),
    course_id=st.none(), first_on=st.none(), last_on=st.none(), most_uses=st.none(), most_uses_each=st.none(),
    status=st.just("available"),
)  # fmt: skip


@given(rules=st.lists(RULES, max_size=6, unique_by=lambda one: one.id), price=st.integers(0, 60_000), data=st.data())
def test_of_any_rules_one_counts_and_the_price_is_never_below_zero(
    rules: list[Rule], price: int, data: st.DataObject
) -> None:
    used, others = discounts.choose(rules, price)
    assert (used, others) == discounts.choose(data.draw(st.permutations(rules)), price)  # whatever order they come in
    giving = [one for one in rules if one.reduction(price) > 0]
    assert (used is None) == (not giving)
    assert sorted([*others, *([used] if used else [])], key=lambda one: one.id) == sorted(
        giving, key=lambda one: one.id
    )
    assert all(0 <= one.reduction(price) <= price for one in rules)
    for other in others:
        assert used is not None
        first, second = discounts.ORDER.index(used.applies_to), discounts.ORDER.index(other.applies_to)
        assert first <= second
        if first == second:
            assert (-used.reduction(price), used.id) < (-other.reduction(price), other.id)


# -- coupons ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["SUMMER-26", "summer 26", " Sum–mer26 ", "ＳＵＭＭＥＲ26"])
def test_a_code_is_known_however_it_is_written(small_center: SmallCenter, typed: str) -> None:
    used = rule(small_center, "Summer", "coupon", code="Summer 26")
    assert DiscountRule.get_by_id(used).code == "SUMMER26"
    assert enroll(small_center, coupon=typed).discount_rule_id == used


REFUSED = (
    ("NOPE", "discounts.unknown_code", "There is no coupon “NOPE”; without one the price stays €330.00."),
    ("---", "discounts.unknown_code", "There is no coupon “---”; without one the price stays €330.00."),
    ("OFF", "discounts.switched_off", "Coupon OFF is switched off; without it the price stays €330.00."),
    ("NEXT", "discounts.not_yet", "Coupon NEXT counts from 17 Nov 2026; until then the price stays €330.00."),
    ("PAST", "discounts.over", "Coupon PAST counted until 15 Nov 2026; without it the price stays €330.00."),
    ("OTHER", "discounts.wrong_course", "Coupon OTHER is for First aid alone; without it the price stays €330.00."),
    (
        "USED", "discounts.used_up",
        "Coupon USED has been used as often as it may be (1); without it the price stays €330.00.",
    ),
    (
        "MINE", "discounts.used_by_student",
        "Ana Satler has used coupon MINE already; that discount stands, and here the price stays €330.00.",
    ),
)  # fmt: skip


def test_a_coupon_that_does_not_count_is_refused_in_a_sentence_that_says_what_does(small_center: SmallCenter) -> None:
    c = small_center
    other = second_course(c)
    discounts.switch_rule(c.admin, rule(c, "Off", "coupon", code="OFF"), available=False)
    rule(c, "Next", "coupon", code="NEXT", first_on="2026-11-17")
    rule(c, "Past", "coupon", code="PAST", last_on="2026-11-15")
    rule(c, "Other", "coupon", code="OTHER", course_id=other)
    rule(c, "Used", "coupon", code="USED", most_uses=1)
    rule(c, "Mine", "coupon", code="MINE", most_uses_each=1)
    enroll(c, c.other_student, other, coupon="used")
    enroll(c, c.student, other, coupon="mine")
    before = CourseEnrolled.select().count()
    for code, key, words in REFUSED:
        draft = EnrollmentDraft(c.student, c.course, coupon=code)
        for do in (enrollment.enroll, lambda _actor, draft: enrollment.quote(draft)):
            error = refused(lambda do=do, draft=draft: do(c.staff, draft))  # type: ignore[misc]
            assert (error.key, error.field, text.sentence(error)) == (key, "coupon", words)
    assert CourseEnrolled.select().count() == before


def test_the_first_and_the_last_day_of_a_coupon_count_in_the_centers_zone(small_center: SmallCenter) -> None:
    c = small_center
    used = rule(c, "Day", "coupon", code="DAY", first_on="2026-11-17", last_on="2026-11-17")
    draft = EnrollmentDraft(c.student, c.course, coupon="day")
    for moment, fits in (
        ("2026-11-16T22:59:59.000Z", False),  # 23:59:59 in Vienna
        ("2026-11-16T23:00:00.000Z", True),  # midnight in Vienna
        ("2026-11-17T22:59:59.000Z", True),
        ("2026-11-17T23:00:00.000Z", False),
    ):
        with clock.frozen(clock.parse_stamp(moment)):
            if fits:
                choice = enrollment.quote(draft).choice
                assert choice.rule is not None and choice.rule.id == used
            else:
                assert refused(lambda: enrollment.quote(draft)).key in ("discounts.not_yet", "discounts.over")


def test_a_line_that_is_canceled_or_taken_back_gives_its_use_back(small_center: SmallCenter) -> None:
    c = small_center
    rule(c, "Once", "coupon", code="ONCE", most_uses=1)
    first = enroll(c, coupon="once")
    assert refused(lambda: enroll(c, c.other_student, coupon="once")).key == "discounts.used_up"
    canceling.cancel_enrollment(c.staff, first.id, "moved away")
    canceled = last()
    enroll(c, c.other_student, coupon="once")
    enrolled = last()
    # The use went to somebody else meanwhile: the first enrollment cannot come back with it.
    for do in (undo.undo, lambda actor, which: _raise(undo.preview(actor, which).obstacle)):
        error = refused(lambda do=do: do(c.staff, canceled))  # type: ignore[misc]
        assert error.key == "undo.coupon"
        assert text.sentence(error).startswith("Once is used as often as it may be: Student enrolled, by Marta")
    undo.undo(c.staff, enrolled)
    undo.undo(c.staff, canceled)
    assert CourseEnrolled.get_by_id(first.id).status == "pending"


def _raise(error: UserError | None) -> None:
    assert error is not None
    raise error


def test_a_product_takes_rules_for_everything_and_none_of_a_course(small_center: SmallCenter) -> None:
    c = small_center
    rule(c, "Course", percent_bp=5000, course_id=c.course)
    every = rule(c, "Everything", "coupon", code="ALL", percent_bp=2500)
    rule(c, "Course coupon", "coupon", code="COURSE", course_id=c.course)
    (line,) = enrollment.sell(c.staff, SaleDraft(c.student, (SaleItem(c.book, 1, coupon="all"),)))
    sold = ProductEnrolled.get_by_id(line)
    assert (sold.discount_minor, sold.gross_minor, sold.discount_rule_id) == (600, 1800, every)
    assert sold.discount_reason == "Everything, 25 %"
    (plain,) = enrollment.sell(c.staff, SaleDraft(c.student, (SaleItem(c.book),)))
    assert ProductEnrolled.get_by_id(plain).discount_minor == 0
    sale = SaleDraft(c.student, (SaleItem(c.book, coupon="course"),))
    assert refused(lambda: enrollment.sell(c.staff, sale)).key == "discounts.wrong_course"


def test_one_coupon_is_not_used_twice_in_one_sale(small_center: SmallCenter) -> None:
    c = small_center
    rule(c, "Once", "coupon", code="ONCE", most_uses_each=1)
    sale = SaleDraft(c.student, (SaleItem(c.book, coupon="once"), SaleItem(c.book, coupon="once")))
    error = refused(lambda: enrollment.sell(c.staff, sale))
    assert (error.key, error.field) == ("discounts.used_by_student", "coupon")
    assert ProductEnrolled.select().count() == 0


# -- the payment desk ------------------------------------------------------------------------------------------


def pay(c: SmallCenter, key: str, amount: int, student: int | None = None, **values: Any) -> int:
    return payments.start(c.staff, PaymentDraft(key, student or c.student, "card", amount, **values))


def test_the_payment_desk_sells_at_the_discounted_price(small_center: SmallCenter) -> None:
    c = small_center
    every = rule(c, "Everyone", percent_bp=1000)
    coupon = rule(c, "Course coupon", "coupon", code="COURSE", course_id=c.course, percent_bp=5000)
    made = pay(c, "k", 16500 + 2160, courses=(c.course,), coupons=((c.course, "course"),), sales=(SaleItem(c.book),))
    done = payments.complete(c.staff, made)
    assert done.credit_minor == 0
    course, book = CourseEnrolled.get(), ProductEnrolled.get()
    assert (course.discount_rule_id, course.gross_minor) == (coupon, 16500)
    assert (book.discount_rule_id, book.gross_minor) == (every, 2160)


def test_a_started_payment_holds_the_use_until_it_fails(small_center: SmallCenter) -> None:
    c = small_center
    rule(c, "Once", "coupon", code="ONCE", most_uses=1)
    made = pay(c, "k", 29700, courses=(c.course,), coupons=((c.course, "once"),))
    assert refused(lambda: enroll(c, c.other_student, coupon="once")).key == "discounts.used_up"
    payments.fail(c.staff, made, "declined")
    enroll(c, c.other_student, coupon="once")


def test_a_payment_that_completes_after_the_last_day_keeps_the_price_it_agreed(small_center: SmallCenter) -> None:
    c = small_center
    used = rule(c, "Today", "coupon", code="TODAY", last_on="2026-11-16", most_uses=1)
    made = pay(c, "k", 29700, courses=(c.course,), coupons=((c.course, "today"),))
    with clock.frozen(clock.parse_stamp("2026-11-18T08:00:00.000Z")):
        payments.complete(c.staff, made)
    line = CourseEnrolled.get()
    assert (line.discount_rule_id, line.gross_minor, line.enrolled_on) == (used, 29700, "2026-11-18")


def test_parts_of_a_payment_use_a_coupon_once_and_keep_its_price_when_it_is_gone(small_center: SmallCenter) -> None:
    c = small_center
    used = rule(c, "Once", "coupon", code="ONCE", most_uses=1)
    parts: dict[str, Any] = {
        "tender_group": "g", "split_minor": 32100, "courses": (c.course,), "coupons": ((c.course, "once"),),
        "sales": (SaleItem(c.book),),
    }  # fmt: skip
    first = pay(c, "a", 10000, **parts)
    second = pay(c, "b", 22100, **parts)
    assert discounts.uses(used, TODAY) == 1
    payments.complete(c.staff, first)
    payments.complete(c.staff, second)
    assert (CourseEnrolled.get().discount_rule_id, discounts.uses(used, TODAY)) == (used, 1)


def test_a_price_that_was_agreed_stands_when_its_coupon_went_between_two_parts(small_center: SmallCenter) -> None:
    c = small_center
    used = rule(c, "Once", "coupon", code="ONCE", most_uses=1)
    parts: dict[str, Any] = {
        "tender_group": "g", "split_minor": 33000 + 2160, "courses": (c.course,),
        "sales": (SaleItem(c.book, coupon="once"),),
    }  # fmt: skip
    payments.complete(c.staff, pay(c, "a", 33000, **parts))  # the course alone; the book waits for the next part
    taken = enroll(c, c.other_student, coupon="once")
    payments.complete(c.staff, pay(c, "b", 2160, **parts))
    sold = ProductEnrolled.get()
    assert (sold.gross_minor, sold.discount_minor, sold.discount_rule_id) == (2160, 240, None)
    assert (taken.discount_rule_id, discounts.uses(used, TODAY)) == (used, 1)


# -- two desks -------------------------------------------------------------------------------------------------


def race(folder: Path, students: list[int], course: int, actor: accounts.Actor) -> tuple[int, list[str]]:
    """As many desks as there are students take one coupon at once: how many got it, and why the others did not."""
    barrier, said = threading.Barrier(len(students)), []

    def desk(student: int) -> None:
        with store.connected():
            barrier.wait()
            try:
                enrollment.enroll(actor, EnrollmentDraft(student, course, send_mail=False, coupon="two"))
            except UserError as error:
                said.append(error.key)

    threads = [threading.Thread(target=desk, args=(student,)) for student in students]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return CourseEnrolled.select().where(CourseEnrolled.discount_rule_id.is_null(False)).count(), said


def ground(folder: Path) -> tuple[SmallCenter, list[int]]:
    made = build(folder)
    rule(made, "Two", "coupon", code="TWO", most_uses=2)
    with store.write("Small center", made.admin) as w:
        students = [
            w.insert(User, role="student", number=w.next_number("student")[1], first_name="Mai", last_name=f"Le {n}",
                     date_of_birth="1998-05-04")
            for n in range(6)
        ]  # fmt: skip
    return made, students


@contextmanager
def another(folder: Path, back: Path) -> Iterator[tuple[SmallCenter, list[int]]]:
    """A center of its own in place of the test's, which is opened again after it."""
    store.close_center()
    try:
        yield ground(folder)
    finally:
        store.close_center()
        store.open_center(back)


def test_desks_that_take_a_coupon_at_once_get_it_as_often_as_it_may_be_used(
    small_center: SmallCenter, tmp_path: Path
) -> None:
    with another(tmp_path / "race", small_center.folder) as (made, students):
        got, said = race(made.folder, students, made.course, made.staff)
        assert (got, said) == (2, ["discounts.used_up"] * 4)
        assert checks.run() == []


def test_control_uses_that_are_counted_before_the_write_are_given_too_often(
    small_center: SmallCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with another(tmp_path / "race", small_center.folder) as (made, students):
        counted = discounts.uses(1, TODAY)
        monkeypatch.setattr(discounts, "uses", lambda *_args, **_kwargs: counted)
        got, _said = race(made.folder, students, made.course, made.staff)
        assert got == 6
        monkeypatch.undo()
        assert {broken.rule for broken in checks.run()} == {"discounts.uses"}


# -- keeping the rules -----------------------------------------------------------------------------------------


BAD = (
    ({"name": " "}, "text.required", "name"),
    ({"name": "x" * 61}, "text.too_long", "name"),
    ({"applies_to": "students"}, "catalog.choice", "applies_to"),
    ({"percent_bp": 0}, "discounts.one_of_two", "value"),
    ({"amount_minor": 100}, "discounts.one_of_two", "value"),
    ({"percent_bp": 10_001}, "discounts.percent", "value"),
    ({"percent_bp": 0, "amount_minor": -1}, "enrollment.price", "value"),
    ({"applies_to": "coupon", "code": " - "}, "discounts.code_needed", "code"),
    ({"applies_to": "coupon", "code": "sum mer"}, "discounts.code_taken", "code"),
    ({"applies_to": "company"}, "discounts.company", "payer"),
    ({"course_id": 999}, "discounts.course", "course"),
    ({"first_on": "1 May"}, "discounts.day", "first_on"),
    ({"first_on": "2026-12-02", "last_on": "2026-12-01"}, "discounts.days", "last_on"),
    ({"most_uses": 0}, "discounts.count", "most_uses"),
    ({"most_uses_each": -1}, "discounts.count", "most_uses_each"),
)


def test_a_rule_that_makes_no_sense_is_refused_beside_its_field(small_center: SmallCenter) -> None:
    rule(small_center, "Summer", "coupon", code="SUMMER")
    good = RuleDraft("Rule", "anyone", percent_bp=1000)
    for values, key, field in BAD:
        draft = replace(good, **values)  # type: ignore[arg-type]
        error = refused(lambda draft=draft: discounts.add_rule(small_center.admin, draft))  # type: ignore[misc]
        assert (error.key, error.field) == (key, field)
    assert DiscountRule.select().count() == 1


def test_a_guardian_has_no_contract(small_center: SmallCenter) -> None:
    payer = guardian(small_center, small_center.student)
    draft = RuleDraft("Contract", "company", percent_bp=1000, payer_id=payer)
    assert refused(lambda: discounts.add_rule(small_center.admin, draft)).key == "discounts.company"


def test_the_front_desk_keeps_no_rules(small_center: SmallCenter) -> None:
    made = rule(small_center, "Rule")
    staff, draft = small_center.staff, RuleDraft("Rule", percent_bp=1000)
    for do in (
        lambda: discounts.add_rule(staff, draft),
        lambda: discounts.edit_rule(staff, made, 1, draft),
        lambda: discounts.switch_rule(staff, made, available=False),
    ):
        assert refused(do).key == "rights.missing"


def test_a_rule_is_changed_while_it_is_unused_and_switched_off_after(small_center: SmallCenter) -> None:
    c = small_center
    made = rule(c, "Summer", "coupon", code="SUMMER", percent_bp=1000)
    discounts.edit_rule(c.admin, made, 1, RuleDraft("Summer", "coupon", code="SUMMER", percent_bp=2000))
    edited = last()
    line = enroll(c, coupon="summer")
    assert line.discount_minor == 6600
    draft = RuleDraft("Summer", "coupon", code="SUMMER", percent_bp=3000)
    error = refused(lambda: discounts.edit_rule(c.admin, made, 2, draft))
    assert (error.key, error.field) == ("discounts.in_use", "name")
    # Nor by taking the change back: the line is explained by what the rule says.
    assert refused(lambda: undo.undo(c.admin, edited)).key == "undo.in_use"
    canceling.cancel_enrollment(c.staff, line.id, "moved away")
    assert refused(lambda: discounts.edit_rule(c.admin, made, 2, draft)).key == "discounts.in_use"
    discounts.switch_rule(c.admin, made, available=False)
    undo.undo(c.admin, last())
    assert DiscountRule.get_by_id(made).status == "available"


def test_adding_and_changing_a_rule_is_taken_back(small_center: SmallCenter) -> None:
    c = small_center
    made = rule(c, "Rule", percent_bp=1000)
    added = last()
    discounts.edit_rule(c.admin, made, 1, RuleDraft("Rule", percent_bp=2000))
    undo.undo(c.admin, last())
    assert DiscountRule.get_by_id(made).percent_bp == 1000
    undo.undo(c.admin, added)
    assert DiscountRule.select().count() == 0


# -- what the file says of it ----------------------------------------------------------------------------------


def test_every_side_of_what_fits_a_line_is_seen(small_center: SmallCenter) -> None:
    """Each line is brought out of step with its rule, and back."""
    c = small_center
    company = people.add_payer(c.staff, people.PayerDraft(name="Alpen Logistik GmbH", kind="company"))
    rule(c, "Contract", "company", payer_id=company, course_id=c.course, last_on="2026-11-16", most_uses_each=1)
    enroll(c, payer_id=company)
    other = second_course(c)
    raw = store.db.connection()
    for table, column, wrong, broken in (
        ("courses_enrolled", "payer_id", "NULL", "discounts.fits"),
        ("discount_rules", "course_id", str(other), "discounts.fits"),
        ("discount_rules", "last_on", "'2026-11-15'", "discounts.fits"),
        ("discount_rules", "first_on", "'2026-11-17'", "discounts.fits"),
        ("discount_rules", "percent_bp", "999", "discounts.fits"),
    ):
        ((right,),) = raw.execute(f"SELECT quote({column}) FROM {table} WHERE id = 1").fetchall()
        if column == "first_on":
            breaking(raw, f"UPDATE {table} SET last_on = NULL WHERE id = 1")
        breaking(raw, f"UPDATE {table} SET {column} = {wrong} WHERE id = 1")
        assert {one.rule for one in checks.run()} == {broken}, column
        breaking(raw, f"UPDATE {table} SET {column} = {right} WHERE id = 1")
        assert checks.run() == [], column
    enroll(c, c.other_student, other)
    breaking(raw, "UPDATE discount_rules SET course_id = NULL", "UPDATE discount_rules SET percent_bp = 1000")
    enroll(c, c.other_student, payer_id=company)
    both = "UPDATE courses_enrolled SET student_id = {} WHERE id = (SELECT max(id) FROM courses_enrolled)"
    assert checks.run() == []
    breaking(raw, both.format(c.student))
    assert "discounts.uses" in {one.rule for one in checks.run()}  # and the balances, and who it was told of
    breaking(raw, both.format(c.other_student))
