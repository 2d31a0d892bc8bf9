"""A price as it is agreed: list price less at most one discount, then tax, in the center's way of quoting.

What is agreed is kept on the line and does not follow the catalog any more (DOMAIN.md, "Money").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app import clock, money
from app.desk import discounts
from app.desk.discounts import ALONE, Choice, Line, Together
from app.errors import UserError
from app.settings import Center
from app.store.models import Course, Payer, TaxRate, User


@dataclass(frozen=True)
class Price:
    """A price agreed, as a line keeps it. Amounts in minor units; list and discount as quoted, for the whole line.

    `discount_reason` says in words why the discount is what it is; `discount_rule_id` is None for one typed by hand.
    """

    quoted: str
    list_price_minor: int
    discount_minor: int
    tax_category: str
    rate_bp: int
    exemption_reason: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    discount_reason: str = ""
    discount_rule_id: int | None = None


class Asked(Protocol):
    """What a price of a course is asked for with: an enrollment, or a quote, as typed."""

    @property
    def student_id(self) -> int: ...
    @property
    def payer_id(self) -> int | None: ...
    @property
    def list_price_minor(self) -> int | None: ...
    @property
    def discount_minor(self) -> int | None: ...
    @property
    def tax_rate_id(self) -> int | None: ...
    @property
    def coupon(self) -> str: ...


def of_course(
    how: Center,
    asked: Asked,
    course: Any,
    *,
    reason: str = "",
    reserved: Sequence[int] = (),
    together: Together = ALONE,
) -> tuple[Price, Choice]:
    """The price of a course as of now, and why it is so; `reserved` and `together` as in `discounts.best`.

    UserErrors `catalog.tax_rate`, coupons as from `discounts.best`, and as from `agree`.
    """
    listed = course.price_minor if asked.list_price_minor is None else asked.list_price_minor
    rate_id = course.tax_rate_id if asked.tax_rate_id is None else asked.tax_rate_id
    rate = TaxRate.get_or_none(TaxRate.id == rate_id)
    if rate is None or (asked.tax_rate_id is not None and rate.status != "available"):
        raise UserError("catalog.tax_rate", "tax_rate")
    check_list(listed)
    line = Line(asked.student_id, listed, course.id, asked.payer_id, asked.coupon, asked.discount_minor, reason)
    choice = discounts.best(line, clock.local_date(how.zone), reserved, together)
    return agree(how, listed, choice, rate), choice


def agree(how: Center, list_minor: int, choice: Choice, rate: Any) -> Price:
    """Work out a price. UserErrors `enrollment.price`, `enrollment.discount_above_price`, beside their fields."""
    check_list(list_minor)
    discount_minor = choice.discount_minor
    if discount_minor < 0:
        raise UserError("enrollment.discount_negative", "discount")
    if discount_minor > list_minor:
        raise UserError("enrollment.discount_above_price", "discount", price=list_minor)
    split = (money.split_gross if how.prices == "gross" else money.split_net)(list_minor - discount_minor, rate.rate_bp)
    return Price(
        quoted=how.prices,
        list_price_minor=list_minor,
        discount_minor=discount_minor,
        tax_category=rate.category,
        rate_bp=rate.rate_bp,
        exemption_reason=rate.exemption_reason,
        net_minor=split.net_minor,
        tax_minor=split.tax_minor,
        gross_minor=split.gross_minor,
        discount_reason=choice.reason,
        discount_rule_id=choice.rule.id if choice.rule is not None else None,
    )


def check_list(list_minor: int) -> None:
    """UserError `enrollment.price` unless it can be a list price."""
    if not 0 <= list_minor <= money.MAX_MINOR:
        raise UserError("enrollment.price", "list_price")


def student(student_id: int) -> Any:
    """A student who can buy. UserErrors `store.gone`, `enrollment.student_inactive`, `enrollment.student_merged`."""
    found = User.get_or_none(User.id == student_id, User.role == "student")
    if found is None:
        raise UserError("store.gone")
    if found.status in ("inactive", "merged"):
        name = f"{found.first_name} {found.last_name}".strip()
        raise UserError(f"enrollment.student_{found.status}", "student", name=name)
    return found


def course(course_id: int) -> Any:
    """A course on offer. UserErrors `store.gone`, `enrollment.course_unavailable`."""
    found = Course.get_or_none(Course.id == course_id)
    if found is None:
        raise UserError("store.gone")
    if found.status != "available":
        raise UserError("enrollment.course_unavailable", "course", course=found.name)
    return found


def check_payer(payer_id: int | None) -> None:
    """UserError `enrollment.payer_unavailable` where someone is to pay who is not active."""
    if payer_id is not None and Payer.get_or_none(Payer.id == payer_id, Payer.status == "active") is None:
        raise UserError("enrollment.payer_unavailable", "payer")
