"""One payment by several means (DOMAIN.md, "tender_group"): each part is a payment of its own, settled once.

The whole, that is its lines, its sales and who pays, is agreed with the first part and stands in every one. A part
takes, in the order of the whole, what no other part has; a part that failed has nothing. So what was refused is left to
the next means, parts may be settled in any order, and a crash between two of them leaves each as it was.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.desk.dues import PayLine
from app.desk.enrollment import SaleItem, price_courses, price_items
from app.errors import UserError
from app.settings import Center
from app.store.models import Payment

#: What is agreed once, for all parts.
_AGREED = ("student_id", "payer_id", "lines", "courses", "coupons", "sales", "split_minor")


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
) -> dict[str, Any]:
    """What is enrolled in and sold when a payment completes, at the prices of now, as its row keeps it.

    UserErrors as `price_courses` and `price_items`.
    """
    priced = price_courses(how, student_id, courses, payer_id, coupons)
    beside = [price for _, price in priced]
    return {
        "courses": [{"course_id": course_id, "price": asdict(price)} for course_id, price in priced],
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
        else agree(how, asked["student_id"], courses, sales, asked["payer_id"], asked["coupons"])
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
    return {"agreed": agreed, **{kind: [one for one in own if one["amount_minor"]] for kind, own in claims.items()}}


def begun(student_id: int, group: str | None) -> dict[str, int]:
    """What completed parts have sold already: its place in the whole, and the line."""
    found: dict[str, int] = {}
    for row in _rows(student_id, group) if group is not None else ():
        if row.status == "COMPLETED":
            found.update(json.loads(row.draft).get("begun", {}))
    return found


def _rows(student_id: int, group: str) -> list[Any]:
    query: Any = Payment.select().where(Payment.student_id == student_id, Payment.tender_group == group)
    return [row for row in query.order_by(Payment.id) if json.loads(row.draft)["asked"].get("split_minor") is not None]
