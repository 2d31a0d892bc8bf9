"""The center itself: its first rows, its settings, its tax rates."""

from __future__ import annotations

import json
from dataclasses import dataclass

from babel.core import UnknownLocaleError
from babel.numbers import is_currency

from app import clock, store, text
from app.desk.accounts import SYSTEM, Actor, require
from app.errors import UserError
from app.settings import Center
from app.store import Write
from app.store.models import Payment, Series, Setting, TaxRate, User

#: Numbers that people quote. Invoice and credit note series are made per year when the first one is issued.
_SERIES = {"student": "S-{number:06d}", "enrollment": "E-{number:05d}", "payment": "P-{number:06d}"}


@dataclass(frozen=True)
class TaxRateDraft:
    """A tax rate as typed: category is the EN 16931 code, the rate in basis points."""

    name: str
    category: str = "S"
    rate_bp: int = 0
    exemption_reason: str = ""


DEFAULT_TAX_RATES = (
    TaxRateDraft("Standard", "S", 2000),
    TaxRateDraft("Reduced", "S", 1000),
    TaxRateDraft("Exempt (education)", "E", 0, "Free of VAT: education"),
)


def found(
    center: Center, admin_first: str, admin_last: str, tax_rates: tuple[TaxRateDraft, ...] = DEFAULT_TAX_RATES
) -> int:
    """Write the first rows of an empty file; returns the super admin's id."""
    _check(center)
    first = text.clean(admin_first, field="first_name", required=True)
    last = text.clean(admin_last, field="last_name")
    with store.write("Found the center", SYSTEM) as w:
        for name, pattern in _SERIES.items():
            w.insert(Series, name=name, pattern=pattern, next_number=1, gapless=0)
        _save(w, center)
        for rate in tax_rates:
            _add_tax_rate(w, rate)
        return w.insert(
            User, role="super_admin", status="active", first_name=first, last_name=last, language=center.language
        )


def load() -> Center:
    """The center of the open file."""
    return Center.from_rows({row.key: json.loads(row.value) for row in Setting.select(Setting.key, Setting.value)})


def save(actor: Actor, center: Center) -> None:
    """Change the center's settings. UserErrors beside the field; the currency stays once money was booked."""
    require(actor, "settings.edit")
    _check(center)
    with store.write("Change settings", actor) as w:
        if center.currency != load().currency and Payment.select(Payment.id).limit(1).exists():
            raise UserError("center.currency_fixed", "currency")
        _save(w, center)


def add_tax_rate(actor: Actor, draft: TaxRateDraft) -> int:
    """Add a tax rate; returns its id. Rates in use are never edited: add another and switch the old one off."""
    require(actor, "settings.edit")
    with store.write("Add tax rate", actor) as w:
        return _add_tax_rate(w, draft)


def switch_tax_rate(actor: Actor, tax_rate_id: int, *, available: bool) -> None:
    """Offer a tax rate for new prices, or no longer."""
    require(actor, "settings.edit")
    with store.write("Switch tax rate", actor) as w:
        w.update(TaxRate, tax_rate_id, status="available" if available else "unavailable")


def _add_tax_rate(w: Write, draft: TaxRateDraft) -> int:
    name = text.clean(draft.name, field="name", required=True)
    reason = text.clean(draft.exemption_reason, field="exemption_reason")
    if not 0 <= draft.rate_bp <= 10_000:
        raise UserError("center.bad_rate", "rate")
    if draft.category != "S" and draft.rate_bp:
        raise UserError("center.rate_without_tax", "rate")
    if draft.category == "E" and not reason:
        raise UserError("center.reason_needed", "exemption_reason")
    return w.insert(TaxRate, name=name, category=draft.category, rate_bp=draft.rate_bp, exemption_reason=reason)


def _check(center: Center) -> None:
    text.clean(center.name, field="name", required=True)
    clock.zone(center.zone)
    if not is_currency(center.currency):
        raise UserError("center.unknown_currency", "currency", code=center.currency)
    if center.prices not in ("gross", "net"):
        raise UserError("center.gross_or_net", "prices")
    if not 0 <= center.due_days <= 365:
        raise UserError("center.due_days", "due_days")
    try:
        text.show_number_sample(center.locale)
    except (UnknownLocaleError, ValueError) as error:
        raise UserError("center.unknown_locale", "locale", code=center.locale) from error
    for field in ("invoice_pattern", "credit_note_pattern"):
        try:
            one, two = (getattr(center, field).format(year=2026, number=n) for n in (1, 2))
        except (KeyError, IndexError, ValueError) as error:
            raise UserError("center.bad_pattern", field) from error
        if one == two or "2026" not in one:
            raise UserError("center.bad_pattern", field)


def _save(w: Write, center: Center) -> None:
    kept = {row.key: row for row in Setting.select()}
    for key, value in center.as_rows().items():
        encoded = json.dumps(value, ensure_ascii=False)
        if key not in kept:
            w.insert(Setting, key=key, value=encoded)
        elif kept[key].value != encoded:
            w.update(Setting, kept[key].id, value=encoded)
