"""What can be sold and taught, as it is offered at the desk."""

from __future__ import annotations

from dataclasses import dataclass

from app import money
from app.store.models import Course, Product, Resource, TaxRate


@dataclass(frozen=True)
class Offer:
    """A course or product with its price in minor units. `stock` is None where there is none to count."""

    kind: str
    id: int
    code: str
    name: str
    price_minor: int
    icon: str
    stock: int | None = None
    tax_rate_id: int | None = None
    rate_bp: int = 0
    minimum_age: int | None = None

    def gross_minor(self, prices: str) -> int:
        """What is paid for one, where the center quotes its prices gross or net."""
        return money.split_net(self.price_minor, self.rate_bp).gross_minor if prices == "net" else self.price_minor


def _rates() -> dict[int, int]:
    """Tax rates in basis points by their id."""
    return {row.id: row.rate_bp for row in TaxRate.select(TaxRate.id, TaxRate.rate_bp)}


def courses() -> list[Offer]:
    """Courses that can be enrolled in, by name."""
    query = Course.select().where(Course.status == "available").order_by(Course.name)
    rates = _rates()
    return [
        Offer(
            "course", row.id, row.code, row.name, row.price_minor, row.icon, None, row.tax_rate_id,
            rates[row.tax_rate_id], row.minimum_age,
        )
        for row in query
    ]  # fmt: skip


def products(*, often: bool = False) -> list[Offer]:
    """Products that can be sold, by name; with `often` those that are offered as buttons."""
    query = Product.select().where(Product.status == "available").order_by(Product.name)
    if often:
        query = query.where(Product.often_sold == 1)
    rates = _rates()
    return [
        Offer(
            "product", row.id, row.code, row.name, row.price_minor, "package", row.stock, row.tax_rate_id,
            rates[row.tax_rate_id],
        )
        for row in query
    ]  # fmt: skip


def resources() -> list[tuple[int, str, int | None]]:
    """(id, name, seats) of rooms, vehicles and equipment in use."""
    query = Resource.select().where(Resource.status == "available").order_by(Resource.kind, Resource.name)
    return [(row.id, row.name, row.seats) for row in query]
