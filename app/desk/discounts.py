"""Discounts: rules as the center keeps them, and the choice of at most one of them for a line.

The order is fixed: a discount typed by hand, then the coupon that was given, then the contract of the company that
pays, then siblings, then anyone. Within one kind the largest reduction counts, and of two as large the older rule.
Uses are counted from what stands in the file, so that a line that is canceled gives its use back by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import JOIN, fn

from app import clock, money, store, text
from app.desk import center, identity
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.store.models import (
    Course,
    CourseEnrolled,
    DiscountRule,
    Payer,
    Payment,
    ProductEnrolled,
    Quote,
    User,
)
from app.store.prepared import prepared

#: Kinds of rules in the order in which they are asked.
ORDER = ("coupon", "company", "sibling", "anyone")

#: A name that stands on every line it lowers.
NAME_LIMIT = 60

#: What a rule says: fixed once it was used, so that a line can always be explained by it.
TERMS = frozenset(
    {"applies_to", "amount_minor", "percent_bp", "code", "payer_id", "course_id", "first_on", "last_on", "most_uses",
     "most_uses_each"}
)  # fmt: skip


@dataclass(frozen=True)
class RuleDraft:
    """A rule as typed: an amount in minor units or a share in basis points, for whom, for what, when, how often.

    `code` belongs to coupons, `payer_id` to company contracts. Without `course_id` it is for everything that is sold.
    The days are ISO dates in the center's zone and count themselves. `most_uses_each` is for one student.
    """

    name: str
    applies_to: str = "anyone"
    amount_minor: int = 0
    percent_bp: int = 0
    code: str = ""
    payer_id: int | None = None
    course_id: int | None = None
    first_on: str | None = None
    last_on: str | None = None
    most_uses: int | None = None
    most_uses_each: int | None = None


@dataclass(frozen=True)
class Rule:
    """A rule as it is kept; the columns of `discount_rules`."""

    id: int
    version: int
    name: str
    applies_to: str
    amount_minor: int
    percent_bp: int
    code: str | None
    payer_id: int | None
    course_id: int | None
    first_on: str | None
    last_on: str | None
    most_uses: int | None
    most_uses_each: int | None
    status: str

    def reduction(self, list_minor: int) -> int:
        """What it takes off a list price, on the side that is quoted: a share half-up, an amount up to the price."""
        return min(self.amount_minor, list_minor) if self.amount_minor else money.share(list_minor, self.percent_bp)

    @property
    def words(self) -> str:
        """Its name and what it gives, as a line says it: `Siblings, 10 %`."""
        return f"{self.name}, {text.show_money(self.amount_minor) if self.amount_minor else percent(self.percent_bp)}"


@dataclass(frozen=True)
class Line:
    """What a price is asked for: `course_id` is None for a product. Prices in minor units, as quoted.

    `typed_minor` is a discount typed by hand, with its reason: 0 is none at all, None leaves it to the rules.
    """

    student_id: int
    list_minor: int
    course_id: int | None = None
    payer_id: int | None = None
    coupon: str = ""
    typed_minor: int | None = None
    typed_reason: str = ""


@dataclass(frozen=True)
class Choice:
    """The discount of a line: `kind` is hand, one of ORDER, or '' for none. `others` would have fitted, too."""

    discount_minor: int = 0
    kind: str = ""
    rule: Rule | None = None
    reason: str = ""
    others: tuple[Rule, ...] = ()

    @property
    def explained(self) -> str:
        """One line for whoever asks: what counts, what does not, and why; '' where there was nothing to choose."""
        used = self.rule.words if self.rule is not None else ""
        if self.kind == "hand":
            used = text.sentence("discounts.by_hand" if self.discount_minor else "discounts.none_by_hand")
        if not self.others:
            return used
        others = "; ".join(rule.words for rule in self.others)
        return text.sentence("discounts.explained", {"used": used, "others": others})


#: What a line without a discount has.
NONE = Choice()


@dataclass(frozen=True)
class Together:
    """What is agreed for others in the same operation, before any of it stands in the file: the rules that their lines
    use, and (student, who pays for the course) of those who enroll.
    """

    rules: tuple[int, ...] = ()
    enrolled: tuple[tuple[int, int | None], ...] = ()


#: A line that is agreed by itself.
ALONE = Together()


# -- choosing --------------------------------------------------------------------------------------------------


def choose(fitting: Iterable[Rule], list_minor: int) -> tuple[Rule | None, tuple[Rule, ...]]:
    """Of rules that fit a line, the one that counts and those that do not, both in the order of the house."""
    ranked = sorted(
        (rule for rule in fitting if rule.reduction(list_minor) > 0),
        key=lambda rule: (ORDER.index(rule.applies_to), -rule.reduction(list_minor), rule.id),
    )
    return (ranked[0], tuple(ranked[1:])) if ranked else (None, ())


def best(line: Line, on: date, reserved: Sequence[int] = (), together: Together = ALONE) -> Choice:
    """The discount of a line on a day of the center. Reads only; inside a write it decides, before one it tells.

    `reserved` are rules that lines of this student, agreed together with this one, use already; `together` is what is
    agreed for others. UserErrors, all beside `coupon`:
    `discounts.unknown_code`, `discounts.switched_off`, `discounts.not_yet`, `discounts.over`, `discounts.wrong_course`,
    `discounts.used_up`, `discounts.used_by_student`. What was typed by hand is for `prices.agree` to judge.
    """
    fitting = [
        rule
        for rule in _offered(on)
        if _is_for(rule, line, together) and not _spent(rule, line, on, reserved, together)
    ]
    if line.coupon.strip():
        fitting.append(_coupon(line, on, reserved))
    rule, others = choose(fitting, line.list_minor)
    if line.typed_minor is not None:
        every = (() if rule is None else (rule,)) + others
        return Choice(line.typed_minor, "hand", None, line.typed_reason, every)
    if rule is None:
        return NONE
    found = Choice(rule.reduction(line.list_minor), rule.applies_to, rule, "", others)
    return Choice(found.discount_minor, found.kind, rule, found.explained, others)


def _offered(on: date) -> list[Rule]:
    """Every rule but coupons that counts on a day."""
    query = DiscountRule.select().where(DiscountRule.status == "available", DiscountRule.applies_to != "coupon")
    day = on.isoformat()
    return [rule for rule in map(_rule, query) if (rule.first_on or day) <= day <= (rule.last_on or day)]


def _is_for(rule: Rule, line: Line, together: Together) -> bool:
    if rule.course_id is not None and rule.course_id != line.course_id:
        return False
    if rule.applies_to == "company":
        return rule.payer_id == line.payer_id
    return rule.applies_to != "sibling" or has_sibling(line.student_id, line.payer_id, together)


def has_sibling(student_id: int, payer_id: int | None = None, together: Together = ALONE) -> bool:
    """Whether another student for whom the same guardian pays is enrolled in a course that has not ended, or `together`
    with this one.
    """
    student = User.get_by_id(student_id)
    asked = [one for one in {student.payer_id, payer_id} if one is not None]
    guardians = [row.id for row in Payer.select(Payer.id).where(Payer.id.in_(asked), Payer.kind == "guardian")]
    if not guardians:
        return False
    mine, line = list(identity.records(student_id)), CourseEnrolled
    others = [one for one in together.enrolled if one[0] not in mine]
    if any(payer in guardians for _student, payer in others):
        return True
    theirs = User.select(User.id).where(User.id.in_([one for one, _payer in others]), User.payer_id.in_(guardians))
    if others and theirs.exists():
        return True
    running = (
        line.select(line.id)
        .join(User, on=(User.id == line.student_id))
        .where(
            line.status == "pending",
            line.student_id.not_in(mine),
            line.payer_id.in_(guardians) | User.payer_id.in_(guardians),
        )
    )
    return bool(running.exists())


def _coupon(line: Line, on: date, reserved: Sequence[int]) -> Rule:
    """The coupon that was typed, or why it cannot be used and what is still true."""
    code = fold_code(line.coupon)
    row = DiscountRule.get_or_none(DiscountRule.code == code) if code else None
    if row is None:
        raise UserError("discounts.unknown_code", "coupon", code=line.coupon.strip()[:40], price=line.list_minor)
    rule = _rule(row)
    facts: dict[str, Any] = {"code": rule.code, "price": line.list_minor}
    if rule.status != "available":
        raise UserError("discounts.switched_off", "coupon", **facts)
    day = on.isoformat()
    if rule.first_on is not None and day < rule.first_on:
        raise UserError("discounts.not_yet", "coupon", on=rule.first_on, **facts)
    if rule.last_on is not None and day > rule.last_on:
        raise UserError("discounts.over", "coupon", on=rule.last_on, **facts)
    if rule.course_id is not None and rule.course_id != line.course_id:
        raise UserError("discounts.wrong_course", "coupon", course=Course.get_by_id(rule.course_id).name, **facts)
    here = reserved.count(rule.id)
    if rule.most_uses_each is not None:
        mine = uses(rule.id, on, line.student_id) + here
        if mine >= rule.most_uses_each:
            student = User.get_by_id(line.student_id)
            name = f"{student.first_name} {student.last_name}".strip()
            raise UserError("discounts.used_by_student", "coupon", name=name, count=mine, **facts)
    if rule.most_uses is not None and uses(rule.id, on) + here >= rule.most_uses:
        raise UserError("discounts.used_up", "coupon", most=rule.most_uses, **facts)
    return rule


def _spent(rule: Rule, line: Line, on: date, reserved: Sequence[int], together: Together) -> bool:
    """Whether a rule has been used as often as it may."""
    here = reserved.count(rule.id)
    each, most = rule.most_uses_each, rule.most_uses
    if each is not None and uses(rule.id, on, line.student_id) + here >= each:
        return True
    return most is not None and uses(rule.id, on) + here + together.rules.count(rule.id) >= most


def uses(rule_id: int, on: date, student_id: int | None = None, but: Any = None) -> int:
    """How often a rule is used: lines that are not canceled, open quotes that have not expired, started payments.

    With `student_id`, by that student; `but` is a payment whose own hold does not count. Quotes and payments hold a use
    until it becomes a line or lapses.
    """
    mine = None if student_id is None else identity.records(student_id)
    count = 0
    lines: tuple[Any, ...] = (CourseEnrolled, ProductEnrolled)
    for model in lines:
        query = model.select(fn.COUNT(model.id)).where(model.discount_rule_id == rule_id, model.status != "canceled")
        count += (query if mine is None else query.where(model.student_id.in_(mine))).scalar()
    quoted = Quote.select(fn.COUNT(Quote.id)).where(
        Quote.discount_rule_id == rule_id, Quote.status == "open", Quote.expires_on >= on.isoformat()
    )
    count += (quoted if mine is None else quoted.where(Quote.student_id.in_(mine))).scalar()
    return int(count) + len({(whole, place) for _payment, whole, place in _held(rule_id, mine, but, on)})


def _held(
    rule_id: int, students: Sequence[int] | None, but: Any = None, on: date | None = None
) -> list[tuple[int, Any, str]]:
    """Uses that payments under way have agreed on and not yet sold: (payment, it or its group, place in it).

    `but` is a payment that is left out with its group. What parts of one payment share is one use. Where a day is
    given, what an open quote holds on it is left out, too: it is counted as that of the quote.
    """
    query = Payment.select(Payment.id, Payment.tender_group, Payment.draft).where(
        Payment.status == "STARTED", Payment.draft.contains(f'"discount_rule_id": {rule_id}')
    )
    if students is not None:
        query = query.where(Payment.student_id.in_(students))
    found: list[tuple[int, Any, str]] = []
    for row in query:
        kept = json.loads(row.draft)
        whole = kept.get("agreed", kept)
        group = row.tender_group if "agreed" in kept else None
        if but is not None and (row.id == but.id or (group is not None and group == but.tender_group)):
            continue
        gone = _begun(group) if group is not None else set()
        for kind, word in (("courses", "course "), ("sales", "")):
            for number, one in enumerate(whole.get(kind, ())):
                place = f"{word}{number}"
                if on is not None and _holds_itself(one.get("quote_id"), on):
                    continue
                if one["price"].get("discount_rule_id") == rule_id and place not in gone:
                    found.append((row.id, group or row.id, place))
    return found


def _holds_itself(quote_id: int | None, on: date) -> bool:
    """Whether a course is agreed with a quote that is open, and is counted as such."""
    mine = (Quote.id == quote_id) & (Quote.status == "open") & (Quote.expires_on >= on.isoformat())
    return quote_id is not None and Quote.select(Quote.id).where(mine).exists()


def _begun(group: str) -> set[str]:
    """Places of a split payment that its completed parts have sold already."""
    rows = Payment.select(Payment.draft).where(Payment.tender_group == group, Payment.status == "COMPLETED")
    return {place for row in rows for place in json.loads(row.draft).get("begun", {})}


def still_holds(rule_id: int, on: date, payment: Any) -> bool:
    """Whether a rule has room for a line that a payment, which completes now, agreed on when it was started."""
    rule = _rule(DiscountRule.get_by_id(rule_id))
    if rule.most_uses is not None and uses(rule_id, on, but=payment) >= rule.most_uses:
        return False
    each = rule.most_uses_each
    return each is None or uses(rule_id, on, payment.student_id, but=payment) < each


def above_limit(rule_id: int, student_id: int) -> bool:
    """Whether a rule is used more often than it may be: asked where a use came back that was given back before."""
    rule = _rule(DiscountRule.get_by_id(rule_id))
    on = clock.local_date(center.load().zone)
    if rule.most_uses is not None and uses(rule_id, on) > rule.most_uses:
        return True
    return rule.most_uses_each is not None and uses(rule_id, on, student_id) > rule.most_uses_each


# -- on documents ----------------------------------------------------------------------------------------------


def _less(model: Any, ids: tuple[int, ...]) -> Any:
    rule = DiscountRule
    return (
        model.select(
            model.id, model.quoted, model.list_price_minor, model.discount_minor, model.waived_minor,
            rule.name, rule.percent_bp, rule.code,
        )
        .join(rule, JOIN.LEFT_OUTER, on=(rule.id == model.discount_rule_id))
        .where(model.id.in_(ids), model.discount_minor > 0)
    )  # fmt: skip


_less_of_courses = prepared(lambda ids: _less(CourseEnrolled, ids))
_less_of_products = prepared(lambda ids: _less(ProductEnrolled, ids))


def frozen(enrollment_ids: Iterable[int], product_ids: Iterable[int]) -> dict[tuple[str, int], dict[str, Any]]:
    """What a document says for ever about the discounts of lines, by ("course" or "product", line): the list price as
    it was quoted, and each reduction with the name, share and code of its rule. Minor units, basis points.

    What was typed at the desk or waived has no name there: a typed reason may be about a person, and what is issued
    cannot be blanked any more when they are erased.
    """
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for kind, ask, ids in (
        ("course", _less_of_courses, enrollment_ids),
        ("product", _less_of_products, product_ids),
    ):
        lines = tuple(sorted(set(ids)))
        for line, quoted, listed, discount, waived, name, share, code in ask(lines) if lines else ():
            by_rule = discount - waived if name is not None else 0
            less = [{"minor": by_rule, "name": name, "percent_bp": share, "code": code or ""}] if by_rule else []
            if discount > by_rule:
                less.append({"minor": discount - by_rule, "name": "", "percent_bp": 0, "code": ""})
            found[kind, line] = {"list_minor": listed, "quoted": quoted, "less": less}
    return found


# -- keeping the rules -----------------------------------------------------------------------------------------


def add_rule(actor: Actor, draft: RuleDraft) -> int:
    """Add a rule; returns its id. UserErrors beside the field: `discounts.one_of_two`, `discounts.percent`,
    `discounts.code_needed`, `discounts.code_taken`, `discounts.company`, `discounts.course`, `discounts.day`,
    `discounts.days`, `discounts.count`, `enrollment.price`.
    """
    require(actor, "settings.edit")
    with store.write("Add discount rule", actor) as w:
        return w.insert(DiscountRule, **_clean(draft, None))


def edit_rule(actor: Actor, rule_id: int, version: int, draft: RuleDraft) -> None:
    """Change a rule that is still at `version` and that nothing was ever sold or quoted with (`discounts.in_use`)."""
    require(actor, "settings.edit")
    with store.write("Edit discount rule", actor) as w:
        row = DiscountRule.get_or_none(DiscountRule.id == rule_id)
        if row is not None and used_by(rule_id) is not None:
            raise UserError("discounts.in_use", "name", name=row.name)
        w.update(DiscountRule, rule_id, version, **_clean(draft, rule_id))


def switch_rule(actor: Actor, rule_id: int, *, available: bool) -> None:
    """Offer a rule from now on, or no longer. What was agreed with it stays as it was agreed."""
    require(actor, "settings.edit")
    with store.write("Switch discount rule", actor) as w:
        w.update(DiscountRule, rule_id, status="available" if available else "unavailable")


def used_by(rule_id: int, but: tuple[str, int] | None = None) -> tuple[str, int] | None:
    """(table, row) of the newest line, canceled or not, quote or payment under way that has a rule, but one of them."""
    models: tuple[Any, ...] = (CourseEnrolled, ProductEnrolled, Quote)
    found: list[tuple[str, str, int]] = []
    for model in models:
        query = model.select(model.id, model.created_at).where(model.discount_rule_id == rule_id)
        rows = query.order_by(model.id.desc()).limit(2)
        found += [(row.created_at, model._meta.table_name, row.id) for row in rows]
    found += [("", "payments", payment_id) for payment_id in sorted({one[0] for one in _held(rule_id, None)})]
    return next(((table, row_id) for _, table, row_id in sorted(found, reverse=True) if (table, row_id) != but), None)


def rules(*, all_of_them: bool = True) -> list[Rule]:
    """The center's rules in the order in which they are asked; without `all_of_them` those on offer."""
    found = [_rule(row) for row in DiscountRule.select()]
    wanted = [rule for rule in found if all_of_them or rule.status == "available"]
    return sorted(wanted, key=lambda rule: (rule.status != "available", ORDER.index(rule.applies_to), rule.id))


def fold_code(code: str) -> str:
    """A coupon's code as it is kept and compared: letters and digits alone, in capitals."""
    return "".join(char for char in text.fold(code) if char.isalnum()).upper()


def percent(basis_points: int) -> str:
    """A share as people read it, in the center's locale: `12.5 %`."""
    return text.show_percent(basis_points)


def _clean(draft: RuleDraft, rule_id: int | None) -> dict[str, Any]:
    """The columns of a rule, or a UserError beside the field."""
    name = text.clean(draft.name, field="name", limit=NAME_LIMIT, required=True)
    if draft.applies_to not in ORDER:
        raise UserError("catalog.choice", "applies_to", value=draft.applies_to)
    if draft.amount_minor < 0 or draft.amount_minor > money.MAX_MINOR:
        raise UserError("enrollment.price", "value")
    if not 0 <= draft.percent_bp <= 10_000:
        raise UserError("discounts.percent", "value")
    if (draft.amount_minor > 0) == (draft.percent_bp > 0):
        raise UserError("discounts.one_of_two", "value")
    return {
        "name": name,
        "applies_to": draft.applies_to,
        "amount_minor": draft.amount_minor,
        "percent_bp": draft.percent_bp,
        "code": _code(draft, rule_id),
        "payer_id": _company(draft),
        "course_id": _course(draft.course_id),
        **_days(draft),
        "most_uses": _count(draft.most_uses, "most_uses"),
        "most_uses_each": _count(draft.most_uses_each, "most_uses_each"),
    }


def _code(draft: RuleDraft, rule_id: int | None) -> str | None:
    if draft.applies_to != "coupon":
        return None
    code = fold_code(text.clean(draft.code, field="code", limit=40))
    if not code:
        raise UserError("discounts.code_needed", "code")
    twin = DiscountRule.get_or_none(DiscountRule.code == code)
    if twin is not None and twin.id != rule_id:
        raise UserError("discounts.code_taken", "code", code=code, name=twin.name)
    return code


def _company(draft: RuleDraft) -> int | None:
    if draft.applies_to != "company":
        return None
    company = (Payer.id == draft.payer_id) & (Payer.kind == "company") & (Payer.status == "active")
    if draft.payer_id is None or not Payer.select(Payer.id).where(company).exists():
        raise UserError("discounts.company", "payer")
    return draft.payer_id


def _course(course_id: int | None) -> int | None:
    if course_id is not None and not Course.select(Course.id).where(Course.id == course_id).exists():
        raise UserError("discounts.course", "course")
    return course_id


def _days(draft: RuleDraft) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in ("first_on", "last_on"):
        typed = getattr(draft, name)
        try:
            found[name] = date.fromisoformat(typed.strip()).isoformat() if typed and typed.strip() else None
        except ValueError as error:
            raise UserError("discounts.day", name, text=typed.strip()[:20]) from error
    if found["first_on"] and found["last_on"] and found["first_on"] > found["last_on"]:
        raise UserError("discounts.days", "last_on", on=found["first_on"])
    return found


def _count(number: int | None, field: str) -> int | None:
    if number is not None and not 1 <= number <= 1_000_000:
        raise UserError("discounts.count", field)
    return number


def _rule(row: Any) -> Rule:
    return Rule(**{name: getattr(row, name) for name in Rule.__dataclass_fields__})
