"""A price as it is agreed: list price less at most one discount, then tax, in the center's way of quoting.

What is agreed is kept on the line and does not follow the catalog any more (DOMAIN.md, "Money").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app import money
from app.desk.discounts import Choice
from app.errors import UserError
from app.settings import Center


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
