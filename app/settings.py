"""What a center says about itself: one frozen object, kept as rows of `settings`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Center:
    """The center as it appears on documents, and the choices its rules depend on.

    `currency` is fixed once money was booked; `prices` says whether catalog prices are quoted with tax inside
    ("gross") or without ("net"); `zone` is the IANA zone of every new slot. The product `registration_product_id` is
    sold along with a student's first enrollment; a quoted price holds for `quote_days`.
    """

    name: str = "My training center"
    legal_name: str = ""
    address: str = ""
    email: str = ""
    phone: str = ""
    tax_id: str = ""
    register_line: str = ""
    iban: str = ""
    bic: str = ""
    currency: str = "EUR"
    locale: str = "en"
    language: str = "en"
    zone: str = "Europe/Vienna"
    country: str = "AT"
    prices: str = "gross"
    due_days: int = 14
    invoice_pattern: str = "{year}-{number:06d}"
    credit_note_pattern: str = "CN-{year}-{number:06d}"
    till_name: str = "Till 1"
    mail_invoices: bool = True
    registration_product_id: int | None = None
    quote_days: int = 14

    @property
    def seller_name(self) -> str:
        """The name that stands on an invoice."""
        return self.legal_name or self.name

    def as_rows(self) -> dict[str, Any]:
        """Setting keys and values."""
        return {f"center.{name}": value for name, value in asdict(self).items()}

    @classmethod
    def from_rows(cls, rows: dict[str, Any]) -> Center:
        """The center out of setting rows; what is not there keeps its default, what is unknown is left alone."""
        return cls(**{f.name: rows[f"center.{f.name}"] for f in fields(cls) if f"center.{f.name}" in rows})
