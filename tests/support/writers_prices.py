"""Scenarios of the writers of discounts and quotes, and of selling with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.desk import catalog, center, discounts, enrollment, people, quotes, undo
from app.desk.discounts import RuleDraft
from app.store.models import Course, DiscountRule, Operation, Quote, TaxRate
from tests.support.center import SmallCenter
from tests.support.writers import scenario

_SUMMER = RuleDraft("Summer", "coupon", percent_bp=2500, code="SUMMER", most_uses=1)


def _lessons() -> int:
    return int(Course.get(Course.code == "D-L").id)


def _rule(made: SmallCenter) -> int:
    return discounts.add_rule(made.admin, _SUMMER)


scenario("discounts.add_rule")(_rule)


@scenario("discounts.edit_rule", before=_rule)
def _(made: SmallCenter) -> None:
    rule = DiscountRule.get()
    discounts.edit_rule(made.admin, rule.id, rule.version, RuleDraft("Summer", "anyone", amount_minor=500))


@scenario("discounts.switch_rule", before=_rule)
def _(made: SmallCenter) -> None:
    discounts.switch_rule(made.admin, DiscountRule.get().id, available=False)


@scenario("enrollment.enroll with a coupon", before=_rule)
def _(made: SmallCenter) -> Any:
    return enrollment.enroll(made.staff, enrollment.EnrollmentDraft(made.student, _lessons(), coupon="summer"))


def _quote(made: SmallCenter) -> int:
    return quotes.offer(made.staff, quotes.QuoteDraft(made.student, _lessons(), coupon="summer"))


def _quoted(made: SmallCenter) -> None:
    _rule(made)
    _quote(made)


scenario("quotes.offer", before=_rule)(_quote)


@scenario("quotes.withdraw", before=_quoted)
def _(made: SmallCenter) -> None:
    quotes.withdraw(made.staff, Quote.get().id)


def _registered(made: SmallCenter) -> int:
    """Somebody new, and a fee for them."""
    fee = catalog.ProductDraft("REG", "Registration", 2500, TaxRate.get(TaxRate.rate_bp == 2000).id, kind="digital")
    product = catalog.add_product(made.admin, fee)
    center.save(made.admin, replace(center.load(), registration_product_id=product))
    return people.add_student(made.staff, people.StudentDraft("Mai", "Le", date_of_birth="1998-05-04"))


def _quoted_and_registered(made: SmallCenter) -> None:
    _rule(made)
    quotes.offer(made.staff, quotes.QuoteDraft(_registered(made), _lessons(), coupon="summer"))


@scenario("enrollment.enroll with a quote and a fee", before=_quoted_and_registered)
def _(made: SmallCenter) -> Any:
    quote = Quote.get()
    return enrollment.enroll(
        made.staff, enrollment.EnrollmentDraft(quote.student_id, quote.course_id, quote_id=quote.id)
    )


@scenario("undo.undo of an enrollment with a quote and a fee", before=lambda made: _enrolled(made), about_money=True)
def _(made: SmallCenter) -> Any:
    return undo.undo(made.admin, Operation.select(Operation.id).order_by(Operation.id.desc()).get().id)


def _enrolled(made: SmallCenter) -> None:
    _quoted_and_registered(made)
    quote = Quote.get()
    enrollment.enroll(made.staff, enrollment.EnrollmentDraft(quote.student_id, quote.course_id, quote_id=quote.id))
