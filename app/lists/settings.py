"""What the settings page shows of the center's lists."""

from __future__ import annotations

from dataclasses import dataclass

from app.store.models import Product, TaxRate


@dataclass(frozen=True)
class Rate:
    """A tax rate in basis points, or with `reason` why no tax is due; `on_offer` for new prices."""

    id: int
    name: str
    rate_bp: int
    reason: str
    on_offer: bool


def tax_rates() -> list[tuple[int, str, int, str]]:
    """(id, name, rate in basis points, exemption reason) of every rate on offer, highest first."""
    return [(rate.id, rate.name, rate.rate_bp, rate.reason) for rate in every_tax_rate() if rate.on_offer]


def every_tax_rate() -> list[Rate]:
    """Those on offer first, then those switched off; each highest first."""
    query = TaxRate.select().order_by(TaxRate.status, TaxRate.rate_bp.desc(), TaxRate.name)
    return [Rate(row.id, row.name, row.rate_bp, row.exemption_reason, row.status == "available") for row in query]


def product_name(product_id: int) -> str:
    """The name of a product, on offer or not."""
    row = Product.get_or_none(Product.id == product_id)
    return row.name if row is not None else ""
