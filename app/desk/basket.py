"""What is added at the payment desk before it is in the file: its prices, with promised ones and coupons put on lines.

Nothing is written. A payment that is started with what is found here agrees on the same prices (`split.agree`), or is
refused with the same words.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.desk import discounts, payments, quotes, split
from app.desk.dues import PayLine
from app.desk.enrollment import SaleItem
from app.desk.quotes import Quoted
from app.errors import UserError
from app.settings import Center


@dataclass(frozen=True)
class Priced:
    """One thing added: what it costs this student now, in minor units, why, and by which coupon or quote.

    `quote` is the usable one of the lowest price, whether it is used or not: `payer_id` says for whom it was promised.
    """

    gross_minor: int
    reason: str = ""
    coupon: str = ""
    quote: Quoted | None = None
    quoted: bool = False


@dataclass(frozen=True)
class Basket:
    """Courses, then products, each in the order asked; `refused` is what is wrong with the first code that is."""

    courses: tuple[Priced, ...]
    products: tuple[Priced, ...]
    refused: UserError | None = None


def price(
    how: Center,
    student_id: int,
    courses: Sequence[int],
    products: Sequence[int],
    payer_id: int | None = None,
    codes: str = "",
    not_quoted: Collection[int] = (),
) -> Basket:
    """The prices of what is added. A price that was promised to the student and this payer counts, unless its course is
    in `not_quoted`. `codes` are coupons as typed, with commas between; each goes on one line, where it takes off most,
    and no line takes two.

    UserErrors as from `split.agree`; what is wrong with a code is not raised but told: the others count.
    """
    promised = _promised(student_id, courses)
    used = {
        course: quote.id
        for course, quote in promised.items()
        if quote.payer_id == payer_id and course not in not_quoted
    }
    there: list[str] = ["" for _ in (*courses, *products)]

    def agreed(coupons: Sequence[str]) -> list[dict[str, Any]]:
        items = [SaleItem(one, coupon=code) for one, code in zip(products, coupons[len(courses) :], strict=True)]
        on_courses = [(one, code) for one, code in zip(courses, coupons, strict=False) if code]
        found = split.agree(how, student_id, courses, items, payer_id, on_courses, list(used.items()))
        return [one["price"] for one in (*found["courses"], *found["sales"])]

    now, refused, seen = agreed(there), None, set[str]()
    without = sum(one["gross_minor"] for one in now)
    for typed in filter(None, (one.strip() for one in codes.split(","))):
        code = discounts.fold_code(typed)
        free = [n for n in range(len(there)) if not there[n] and not (n < len(courses) and courses[n] in used)]
        try:
            if code and code in seen:
                raise UserError("discounts.twice", "coupon", code=code)
            place, now = _place(typed, code, free, there, now, agreed)
            there[place] = typed
            seen.add(code)
        except UserError as error:
            if error.field != "coupon":
                raise
            # Told for all that is added: a single line is not what the person at the desk looks at.
            refused = refused or UserError(error.key, "coupon", **{**error.params, "price": without})
    lines = [Priced(one["gross_minor"], one["discount_reason"], code) for one, code in zip(now, there, strict=True)]
    on_courses = tuple(
        replace(line, quote=promised.get(course), quoted=course in used)
        for line, course in zip(lines, courses, strict=False)
    )
    return Basket(on_courses, tuple(lines[len(courses) :]), refused)


@dataclass(frozen=True)
class Begun:
    """What a payment was started with: the lines it pays, and what it adds at the prices agreed: (kind, id, price)."""

    payer_id: int | None
    note: str
    reference: str
    given_minor: int | None
    lines: tuple[PayLine, ...]
    added: tuple[tuple[str, int, Priced], ...]


def begun(payment_id: int) -> Begun:
    """What a payment, or the whole that it is a part of, was started with. UserError `store.gone`."""
    payment = payments.load(payment_id)
    kept = json.loads(payment.draft)
    asked, agreed = kept["asked"], kept.get("agreed", kept)
    added = [
        (kind, one[f"{kind}_id"], Priced(one["price"]["gross_minor"], one["price"]["discount_reason"]))
        for kind, name in (("course", "courses"), ("product", "sales"))
        for one in agreed.get(name, ())
    ]
    lines = tuple(PayLine(**line) for line in asked["lines"])
    reference = asked.get("reference", "")
    return Begun(asked["payer_id"], asked["note"], reference, payment.given_minor, lines, tuple(added))


@dataclass(frozen=True)
class Waiting:
    """A payment that is started and means to pay a line: nobody has said yet whether its money moved."""

    payment_id: int
    number: str
    started_at: str
    line: PayLine

    def means(self, due: payments.OwedLine) -> bool:
        """Whether it is for something that is owed: an installment, or the whole line it is a part of."""
        mine, theirs = self.line, (due.enrollment_id, due.product_enrolled_id)
        return (mine.enrollment_id, mine.product_enrolled_id) == theirs and (
            mine.installment_id is None or mine.installment_id == due.installment_id
        )


def waiting() -> list[Waiting]:
    """The lines of every payment that is started, oldest first; a part of a split one has its share."""
    found: list[Waiting] = []
    for one in payments.started():
        kept = json.loads(payments.load(one.payment_id).draft)
        for line in kept.get("lines", kept["asked"]["lines"]):
            mine = PayLine(**{name: line[name] for name in PayLine.__dataclass_fields__})
            found.append(Waiting(one.payment_id, one.number, one.started_at, mine))
    return found


def _promised(student_id: int, courses: Collection[int]) -> dict[int, Quoted]:
    """The lowest price that was promised for each course."""
    usable = sorted(quotes.of_student(student_id, usable=True), key=lambda one: -one.price.gross_minor)
    return {one.course_id: one for one in usable if one.course_id in courses}


def _place(
    typed: str, code: str, free: Sequence[int], there: Sequence[str], now: Sequence[dict[str, Any]], agreed: Any
) -> tuple[int, list[dict[str, Any]]]:
    """Where a coupon takes off most, and all prices then. UserErrors beside `coupon`."""
    best: tuple[int, int, list[dict[str, Any]]] | None = None
    wrong: UserError | None = None
    for place in free:
        coupons = [*there[:place], typed, *there[place + 1 :]]
        try:
            found = agreed(coupons)
        except UserError as error:
            if error.field != "coupon":
                raise
            if wrong is None or wrong.key == "discounts.wrong_course":
                wrong = error
            continue
        off, rule = found[place]["discount_minor"], found[place]["discount_rule_id"]
        if rule != now[place]["discount_rule_id"] and (best is None or off > best[0]):
            best = (off, place, found)
    if best is not None:
        return best[1], best[2]
    raise wrong or UserError(
        "discounts.nothing_off" if free else "discounts.no_line", "coupon", code=code or typed[:40]
    )
