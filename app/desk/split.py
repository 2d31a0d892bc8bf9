"""One payment by several means (DOMAIN.md, "tender_group"): each part is a payment of its own, settled once.

The whole, that is its lines, its sales and who pays, is agreed with the first part and stands in every one. A part
takes, in the order of the whole, what no other part has; a part that failed has nothing. So what was refused is left to
the next means, parts may be settled in any order, and a crash between two of them leaves each as it was.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from app import clock
from app.desk import dues, letters, notifications, quotes, timeline
from app.desk.discounts import still_holds
from app.desk.dues import PayLine
from app.desk.enrollment import (
    Price,
    PricedItem,
    SaleItem,
    enroll_paid_in,
    price_courses,
    price_items,
    running,
    sell_in,
)
from app.desk.registration import charged_since
from app.errors import UserError
from app.settings import Center
from app.store import Write
from app.store.models import Payment

#: What is agreed once, for all parts.
_AGREED = ("student_id", "payer_id", "lines", "courses", "coupons", "quoted", "sales", "split_minor")


@dataclass(frozen=True)
class Part:
    """One means of a split payment. Amounts in minor units; `status` as in payments."""

    payment_id: int
    number: str
    method: str
    status: str
    amount_minor: int
    given_minor: int | None
    reason: str
    started_at: str

    @property
    def change_minor(self) -> int:
        """What is given back, once it is completed."""
        return (self.given_minor or self.amount_minor) - self.amount_minor if self.status == "COMPLETED" else 0


def parts(student_id: int, group: str) -> list[Part]:
    """The parts of a student's split payment, in the order they were started."""
    names = Part.__dataclass_fields__
    return [
        Part(**{name: getattr(row, "id" if name == "payment_id" else name) for name in names})
        for row in _rows(student_id, group)
    ]


def agree(
    how: Center,
    student_id: int,
    courses: Sequence[int],
    sales: Sequence[SaleItem],
    payer_id: int | None = None,
    coupons: Sequence[tuple[int, str]] = (),
    quoted: Sequence[tuple[int, int]] = (),
) -> dict[str, Any]:
    """What is enrolled in and sold when a payment completes, at the prices of now or promised, as its row keeps it.

    UserErrors as `price_courses` and `price_items`.
    """
    priced = price_courses(how, student_id, courses, payer_id, coupons, quoted)
    by_quote = dict(quoted)
    beside = [price for course_id, price in priced if course_id not in by_quote]  # a quote holds its own use
    return {
        "courses": [
            {"course_id": course_id, "price": asdict(price)}
            | ({"quote_id": by_quote[course_id]} if course_id in by_quote else {})
            for course_id, price in priced
        ],
        "sales": [asdict(item) for item in (price_items(how, student_id, sales, payer_id, beside) if sales else ())],
    }


def share(
    how: Center,
    asked: dict[str, Any],
    lines: Sequence[PayLine],
    courses: Sequence[int],
    sales: Sequence[SaleItem],
) -> dict[str, Any]:
    """What the next part pays, as its row keeps it: `asked` is its draft; lines, courses and sales are the whole's.

    UserErrors `payments.split_above` (beside `amount`), `payments.split_changed`, and as from `agree`.
    """
    others = [row for row in _rows(asked["student_id"], asked["tender_group"]) if row.status != "FAILED"]
    kept = [json.loads(row.draft) for row in others]
    if any(one["asked"].get(name, []) != asked[name] for one in kept for name in _AGREED):
        raise UserError("payments.split_changed")
    left = int(asked["split_minor"]) - sum(row.amount_minor for row in others)
    if asked["amount_minor"] > left:
        raise UserError("payments.split_above", "amount", left=left)
    # Prices are agreed once; what an earlier part has sold is not looked for in the stock again.
    agreed = (
        kept[0]["agreed"]
        if kept
        else agree(how, asked["student_id"], courses, sales, asked["payer_id"], asked["coupons"], asked["quoted"])
    )
    taken = Counter[tuple[str, int]]()
    for one in kept:
        for kind in ("lines", "courses", "sales"):
            for each in one[kind]:
                taken[kind, each["n"]] += each["amount_minor"]
    left = int(asked["amount_minor"])

    def claim(kind: str, n: int, whole_minor: int) -> int:
        nonlocal left
        mine = max(0, min(left, whole_minor - taken[kind, n]))
        left -= mine
        return mine

    claims = {
        "lines": [{"n": n, **asdict(line), "amount_minor": claim("lines", n, line.amount_minor)}
                  for n, line in enumerate(lines)],
        **{kind: [{"n": n, **item, "amount_minor": claim(kind, n, item["price"]["gross_minor"])}
                  for n, item in enumerate(agreed[kind])]
           for kind in ("courses", "sales")},
    }  # fmt: skip

    there = {(kind, own["n"]) for one in kept for kind in claims for own in one[kind]}

    def mine(kind: str, one: dict[str, Any]) -> bool:
        # What costs nothing goes with the first part that does not fail.
        free = kind != "lines" and not one["price"]["gross_minor"]
        return bool(one["amount_minor"]) or (free and (kind, one["n"]) not in there)

    return {"agreed": agreed, **{kind: [one for one in own if mine(kind, one)] for kind, own in claims.items()}}


def begun(student_id: int, group: str | None) -> dict[str, int]:
    """What completed parts have sold already: its place in the whole, and the line."""
    found: dict[str, int] = {}
    for row in _rows(student_id, group) if group is not None else ():
        if row.status == "COMPLETED":
            found.update(json.loads(row.draft).get("begun", {}))
    return found


def sell(w: Write, how: Center, payment: Any, kept: dict[str, Any]) -> tuple[list[PayLine], dict[str, int], list[str]]:
    """Enroll and sell at the prices agreed: the lines to pay, those begun for all parts, and what ran out meanwhile.

    The money has moved, so what ran out is told, not refused. Who was enrolled meanwhile is not enrolled twice: as much
    as was agreed goes to that enrollment, whatever it costs, and both prices are told. What else the payment is for
    keeps its money.
    """
    before = begun(payment.student_id, payment.tender_group)
    lines: list[PayLine] = []
    new: dict[str, int] = {}
    unsold: list[str] = []
    student = payment.student_id
    for one in kept.get("courses", ()):
        place = f"course {one.get('n')}"
        line = before.get(place)
        if line is None:
            price = _price(payment, one, w.moment, how)
            there = running(student).get(one["course_id"])
            held = _held_quote(one, w.moment, how)
            line = enroll_paid_in(w, how, student, one["course_id"], price, payment.payer_id, held)
            new[place] = line
            if there is not None:
                _tell_other_price(w, payment, line, price.gross_minor)
        lines.append(PayLine(enrollment_id=line, amount_minor=_share_of(one, payment)))
    for one in kept["sales"]:
        place = str(one.get("n"))
        line = before.get(place)
        if line is None:
            if charged_since(how, student, one["product_id"], payment.started_at):
                continue  # two payments, or an enrollment meanwhile: the fee is charged once, the money is credit
            item = PricedItem(one["product_id"], one["quantity"], _price(payment, one, w.moment, how))
            try:
                (line,) = sell_in(w, how, student, [item], payment.payer_id)
            except UserError as error:
                if error.key != "enrollment.out_of_stock":
                    raise
                unsold.append(str(error.params["product"]))
                continue
            new[place] = line
        lines.append(PayLine(product_enrolled_id=line, amount_minor=_share_of(one, payment)))
    return lines, new if "agreed" in kept else {}, unsold


def _share_of(one: dict[str, Any], payment: Any) -> int:
    """What of a payment is for one course or product of its draft: its share, or no more than the price agreed."""
    return int(one["amount_minor"]) if "amount_minor" in one else min(payment.amount_minor, one["price"]["gross_minor"])


def _tell_other_price(w: Write, payment: Any, line: int, agreed_minor: int) -> None:
    """Say that somebody enrolled the student meanwhile at another price than the payment agreed on."""
    found = dues.of_lines([line], [])
    price = sum(due.gross_minor for due in found)
    if price == agreed_minor:
        return
    link, student = ("payments", payment.id), letters.student(payment.student_id)
    facts: dict[str, Any] = {"course": found[0].title, "price": price, "agreed": agreed_minor, "number": payment.number}
    timeline.add(w, student.student_id, "payments.timeline_other_price", link, **facts)
    about: dict[str, Any] = {"student": student.name, "student_id": student.student_id}
    notifications.notify(w, "payment", "center", "payments.other_price", link, needs_decision=True, **about, **facts)


def _price(payment: Any, one: dict[str, Any], moment: datetime, how: Center) -> Price:
    """A price that was agreed when the payment was started. It stands, whatever became of the rule behind its discount:

    a rule that was used up between two parts of a payment is not named by the line, nor is that of a quote which does
    not hold its use any more.
    """
    price = Price(**one["price"])
    rule, on = price.discount_rule_id, clock.local_date(how.zone, moment)
    if one.get("quote_id") is not None:
        return price if _held_quote(one, moment, how) is not None else replace(price, discount_rule_id=None)
    if rule is not None and not still_holds(rule, on, payment):
        return replace(price, discount_rule_id=None)
    return price


def _held_quote(one: dict[str, Any], moment: datetime, how: Center) -> int | None:
    """The quote that a course was agreed with, while it can still be used."""
    quote = one.get("quote_id")
    return quote if quote is not None and quotes.holds(quote, clock.local_date(how.zone, moment)) else None


def _rows(student_id: int, group: str) -> list[Any]:
    query: Any = Payment.select().where(Payment.student_id == student_id, Payment.tender_group == group)
    return [row for row in query.order_by(Payment.id) if json.loads(row.draft)["asked"].get("split_minor") is not None]
