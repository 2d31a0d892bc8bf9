"""The registration fee: a product that is sold along with a student's first enrollment, by a setting of the center."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.desk import identity
from app.settings import Center
from app.store.models import CourseEnrolled, Product, ProductEnrolled

#: The right to let a student in without the fee.
LEAVE_OUT = "enrollment.leave_fee_out"


def due(how: Center, student_id: int) -> Any | None:
    """The product that a student's next enrollment is charged with; None where the fee was charged, or there is none.

    It is due once: for whoever never bought it, and was never enrolled, leaving aside what was canceled.
    """
    if how.registration_product_id is None:
        return None
    product = Product.get_or_none(Product.id == how.registration_product_id, Product.status == "available")
    if product is None:
        return None
    records = list(identity.records(student_id))
    enrolled = CourseEnrolled.student_id.in_(records) & (CourseEnrolled.status != "canceled")
    charged = _charged(product.id, records)
    if CourseEnrolled.select().where(enrolled).exists() or ProductEnrolled.select().where(charged).exists():
        return None
    return product


def is_missing(how: Center, student_id: int, sold: Collection[int]) -> bool:
    """Whether the fee is due and is not among the products sold: leaving it out takes the right LEAVE_OUT."""
    fee = due(how, student_id)
    return fee is not None and fee.id not in sold


def charged_since(how: Center, student_id: int, product_id: int, stamp: str) -> bool:
    """Whether a product is the fee, and the student was charged with it after a moment (a UTC stamp)."""
    if product_id != how.registration_product_id:
        return False
    later = _charged(product_id, list(identity.records(student_id))) & (ProductEnrolled.created_at > stamp)
    return bool(ProductEnrolled.select().where(later).exists())


def charged_with(how: Center, student_id: int) -> str | None:
    """The number of the line by which a student was charged with the fee; None where they were not."""
    records = list(identity.records(student_id))
    line = ProductEnrolled.get_or_none(_charged(how.registration_product_id or 0, records))
    return line.number if line is not None else None


def charged_besides(how: Center, student_id: int, product_id: int, line_id: int) -> int | None:
    """Where a product is the fee: the line, other than this one, by which a student was charged with it; else None."""
    if product_id != how.registration_product_id:
        return None
    others = _charged(product_id, list(identity.records(student_id))) & (ProductEnrolled.id != line_id)
    line = ProductEnrolled.get_or_none(others)
    return line.id if line is not None else None


def _charged(product_id: int, records: list[int]) -> Any:
    line = ProductEnrolled
    return line.student_id.in_(records) & (line.product_id == product_id) & (line.status != "canceled")
