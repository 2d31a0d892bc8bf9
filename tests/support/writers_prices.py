"""Scenarios of the writers of discounts and quotes, and of selling with them."""

from __future__ import annotations

from typing import Any

from app.desk import discounts, enrollment
from app.desk.discounts import RuleDraft
from app.store.models import Course, DiscountRule
from tests.support.center import SmallCenter
from tests.support.writers import scenario

_SUMMER = RuleDraft("Summer", "coupon", percent_bp=2500, code="SUMMER", most_uses=1)


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
    lessons = Course.get(Course.code == "D-L").id
    return enrollment.enroll(made.staff, enrollment.EnrollmentDraft(made.student, lessons, coupon="summer"))
