"""What the settings page shows of the center's lists."""

from __future__ import annotations

from app.store.models import TaxRate


def tax_rates() -> list[tuple[int, str, int, str]]:
    """(id, name, rate in basis points, exemption reason) of every rate on offer, highest first."""
    query = TaxRate.select().where(TaxRate.status == "available").order_by(TaxRate.rate_bp.desc(), TaxRate.name)
    return [(row.id, row.name, row.rate_bp, row.exemption_reason) for row in query]
