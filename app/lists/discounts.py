"""The center's discount rules with what became of them, and the lines behind each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app import clock
from app.desk import center, discounts
from app.desk.discounts import Rule
from app.store.models import Course, CourseEnrolled, Payer, Product, ProductEnrolled, Quote, User


@dataclass(frozen=True)
class RuleRow:
    """A rule as it is listed: for what, who pays, and how often it is used (of `rule.most_uses`).

    `used`: a price was ever agreed with it, if only for a line that was canceled since.
    """

    rule: Rule
    course: str
    company: str
    uses: int
    used: bool


@dataclass(frozen=True)
class LineRow:
    """A line that a rule has lowered; amounts in minor units, `status` as in its table, `held` for an open quote."""

    id: int
    number: str
    student_id: int
    student: str
    what: str
    on: str
    discount_minor: int
    status: str


def rules() -> list[RuleRow]:
    """Every rule, those on offer first, in the order in which they are asked."""
    today = clock.local_date(center.load().zone)
    courses = {row.id: row.name for row in Course.select(Course.id, Course.name)}
    payers = {row.id: row.name for row in Payer.select(Payer.id, Payer.name)}
    return [
        RuleRow(
            rule,
            courses.get(rule.course_id, "") if rule.course_id is not None else "",
            payers.get(rule.payer_id, "") if rule.payer_id is not None else "",
            discounts.uses(rule.id, today),
            discounts.used_by(rule.id) is not None,
        )
        for rule in discounts.rules()
    ]


def reasons(of: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """(table, line) → why its discount is what it is, of those lines that have one."""
    wanted = list(of)
    models: tuple[Any, ...] = (CourseEnrolled, ProductEnrolled)
    return {
        (table, row.id): row.discount_reason
        for model, table in ((one, one._meta.table_name) for one in models)
        for row in model.select(model.id, model.discount_reason).where(
            model.id.in_([row_id for name, row_id in wanted if name == table]), model.discount_minor > 0
        )
    }


def lines(rule_id: int) -> list[LineRow]:
    """The lines of a rule and the quotes that hold a use of it, newest first; canceled lines among them."""
    found: list[LineRow] = []
    kinds: tuple[tuple[Any, Any, str, str], ...] = (
        (CourseEnrolled, Course, "course_id", "enrolled_on"),
        (ProductEnrolled, Product, "product_id", "sold_on"),
    )
    for model, thing, column, day in kinds:
        query: Any = (
            model.select(
                model.number, model.student_id, User.first_name, User.last_name, thing.name, getattr(model, day),
                model.discount_minor, model.status,
            )
            .join(User, on=(User.id == model.student_id))
            .join(thing, on=(thing.id == getattr(model, column)))
            .where(model.discount_rule_id == rule_id)
            .tuples()
        )  # fmt: skip
        for number, student, first, last, what, on, off, status in query:
            found.append(LineRow(0, number, student, f"{first} {last}".strip(), what, on, off, status))
    today = clock.local_date(center.load().zone).isoformat()
    quoted: Any = (
        Quote.select(
            Quote.number, Quote.student_id, User.first_name, User.last_name, Course.name, Quote.quoted_on,
            Quote.discount_minor,
        )
        .join(User, on=(User.id == Quote.student_id))
        .join(Course, on=(Course.id == Quote.course_id))
        .where(Quote.discount_rule_id == rule_id, Quote.status == "open", Quote.expires_on >= today)
        .tuples()
    )  # fmt: skip
    for number, student, first, last, what, on, off in quoted:
        found.append(LineRow(0, number, student, f"{first} {last}".strip(), what, on, off, "held"))
    found.sort(key=lambda row: (row.on, row.number), reverse=True)
    return [LineRow(number, *list(vars(row).values())[1:]) for number, row in enumerate(found, start=1)]
