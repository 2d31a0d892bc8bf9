"""The center itself: its first rows, its settings, its tax rates."""

from __future__ import annotations

import json
import string
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.core import UnknownLocaleError
from babel.numbers import is_currency

from app import clock, store, text
from app.desk import people
from app.desk.accounts import SYSTEM, Actor, require
from app.errors import UserError
from app.settings import Center
from app.store import Write
from app.store.models import CourseEnrolled, Invoice, Payment, ProductEnrolled, Series, Setting, TaxRate, User
from app.store.prepared import prepared

#: Numbers that people quote. Invoice and credit note series are made per year when the first one is issued.
_SERIES = {"student": "S-{number:06d}", "enrollment": "E-{number:05d}", "payment": "P-{number:06d}"}


#: The setting that names the second place for backups and the day on which it was seen last.
SECOND_PLACE = "keeping.second_place"


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
    center = _clean(center)
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
    return _center(tuple(row for row in _settings() if row[0].startswith("center.")))


@lru_cache(maxsize=4)
def _center(rows: tuple[tuple[str, str], ...]) -> Center:
    return Center.from_rows({key: json.loads(value) for key, value in rows})


@prepared
def _settings() -> Any:
    return Setting.select(Setting.key, Setting.value)


def save(actor: Actor, center: Center) -> None:
    """Change the center's settings. UserErrors beside the field; the currency stays once a price was agreed."""
    require(actor, "settings.edit")
    center = _clean(center)
    with store.write("Change settings", actor) as w:
        booked = (CourseEnrolled, ProductEnrolled, Payment, Invoice)
        if center.currency != load().currency and any(model.select().exists() for model in booked):
            raise UserError("center.currency_fixed", "currency")
        _check_series(center)
        _save(w, center)


def for_year(pattern: str, year: int) -> str:
    """A pattern of document numbers with its year filled in and its number left open."""
    made = ""
    for literal, field, spec, _ in string.Formatter().parse(pattern):
        made += literal.replace("{", "{{").replace("}", "}}")
        if field == "year":
            made += format(year, spec or "")
        elif field is not None:
            made += "{" + field + (":" + spec if spec else "") + "}"
    return made


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


def _clean(center: Center) -> Center:
    """The settings as they are stored, or a UserError beside the field."""
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
    if _labels("invoice_pattern", center.invoice_pattern) & _labels("credit_note_pattern", center.credit_note_pattern):
        raise UserError("center.same_pattern", "credit_note_pattern")
    names = ("legal_name", "phone", "tax_id", "register_line", "iban", "bic", "country")
    lines: dict[str, Any] = {name: text.clean(getattr(center, name), field=name) for name in names}
    return replace(
        center,
        name=text.clean(center.name, field="name", required=True),
        till_name=text.clean(center.till_name, field="till_name", required=True),
        address=text.clean(center.address, field="address", limit=text.TEXT_LIMIT, multiline=True),
        email=people.check_email(center.email) or "",
        language=people.check_language(center.language),
        **lines,
    )


#: Years and numbers that tell whether two patterns can ever give the same label.
_YEARS, _NUMBERS = (2026, 2027), (1, 2, 11, 1_234_567)


def _labels(field: str, pattern: str) -> set[str]:
    """Some labels of a pattern. UserError `center.bad_pattern` where one would come twice or could not be made."""
    try:
        if text.clean(pattern, field=field, limit=60) != pattern:
            raise ValueError("blanks at its ends")
        made = {for_year(pattern, year).format(number=number) for year in _YEARS for number in _NUMBERS}
        if len(made) < len(_YEARS) * len(_NUMBERS):
            raise ValueError("a label twice")
    except (UserError, KeyError, IndexError, ValueError, AttributeError) as error:
        raise UserError("center.bad_pattern", field) from error
    return made


def _check_series(center: Center) -> None:
    """A series keeps the pattern it began with; the other kind of document must not take up its labels."""
    others = {
        "invoice": ("credit_note_pattern", center.credit_note_pattern),
        "credit": ("invoice_pattern", center.invoice_pattern),
    }
    for series in Series.select().where(Series.gapless == 1):
        kind, _, year = series.name.partition("-")
        field, pattern = others[kind]
        theirs = for_year(pattern, int(year))
        if any(theirs.format(number=number) == series.pattern.format(number=number) for number in _NUMBERS):
            raise UserError("center.same_pattern", field)


def _save(w: Write, center: Center) -> None:
    kept = {row.key: row for row in Setting.select()}
    for key, value in center.as_rows().items():
        encoded = json.dumps(value, ensure_ascii=False)
        if key not in kept:
            w.insert(Setting, key=key, value=encoded)
        elif kept[key].value != encoded:
            w.update(Setting, kept[key].id, value=encoded)


def second_place() -> tuple[Path, date] | None:
    """The second place for backups and the day it was seen last; None where none is set."""
    row = Setting.get_or_none(Setting.key == SECOND_PLACE)
    kept = json.loads(row.value) if row is not None else None
    return (Path(kept["path"]), date.fromisoformat(kept["seen_on"])) if kept else None
