"""Money: integers in the currency's minor unit, rounded half-up on the absolute value (DOMAIN.md, "Money").

Nothing here knows a float. Amounts that people type go through one strict parser; amounts that people
read go through Babel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency, format_decimal, get_currency_precision, get_currency_symbol

from app.errors import UserError

#: No single amount may exceed this many minor units: sums of a whole center stay far inside 64 bits.
MAX_MINOR = 10**12


def divide_half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator rounded half-up on the absolute value, sign applied after."""
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    quotient, rest = divmod(abs(numerator), denominator)
    if rest * 2 >= denominator:
        quotient += 1
    return quotient if numerator >= 0 else -quotient


def share(amount_minor: int, basis_points: int) -> int:
    """`basis_points` (1/100 of a percent) of an amount, half-up, in minor units."""
    return divide_half_up(amount_minor * basis_points, 10_000)


@dataclass(frozen=True)
class Split:
    """A price taken apart: net + tax == gross, all in minor units."""

    net_minor: int
    tax_minor: int
    gross_minor: int


def split_gross(gross_minor: int, rate_bp: int) -> Split:
    """Take the tax out of a gross price. The gross that was quoted is kept."""
    net = divide_half_up(gross_minor * 10_000, 10_000 + rate_bp)
    return Split(net, gross_minor - net, gross_minor)


def split_net(net_minor: int, rate_bp: int) -> Split:
    """Put the tax on a net price."""
    tax = share(net_minor, rate_bp)
    return Split(net_minor, tax, net_minor + tax)


def spread(total_minor: int, parts: int) -> list[int]:
    """Split an amount into `parts` that differ by at most one minor unit and sum to it, larger ones first."""
    if parts < 1:
        raise ValueError("at least one part")
    sign = 1 if total_minor >= 0 else -1
    base, rest = divmod(abs(total_minor), parts)
    return [sign * (base + (1 if index < rest else 0)) for index in range(parts)]


@lru_cache(maxsize=32)
def precision(currency: str) -> int:
    """Digits after the decimal mark in `currency` (2 for EUR, 0 for JPY, 3 for KWD)."""
    return int(get_currency_precision(currency))


_PLAIN = re.compile(r"[0-9]+")
#: Marks of direction that some locales put around an amount; nobody sees them, and nobody types them.
_DIRECTION = "\u200e\u200f\u061c"


def _well_grouped(groups: list[str], locale: Locale) -> bool:
    """Whether groups of digits stand where the locale puts them (12,34,567 in India), or in thousands."""
    first, *middle, last = groups
    return any(
        len(last) == end and 1 <= len(first) <= size and all(len(part) == size for part in middle)
        for end, size in {(3, 3), locale.decimal_formats[None].grouping}
    )


def parse(text: str, currency: str, locale: str = "en", *, field: str | None = "amount") -> int:
    """Minor units of what a person typed, strictly in the locale's notation.

    A currency sign or code around the number and well-placed group marks are understood; anything else
    (``1_000``, other digits, ``NaN``, ``1e5``, a sign, too many decimals) raises
    UserError `money.not_an_amount`, nothing at all `money.empty`, above `MAX_MINOR` `money.too_large`.
    """
    known = Locale.parse(locale.replace("-", "_"))
    symbols = known.number_symbols["latn"]
    decimal, group = symbols["decimal"], symbols["group"]
    digits = precision(currency)
    example = format_plain(123450 if digits else 1234, currency, locale)

    def refuse() -> UserError:
        return UserError("money.not_an_amount", field, text=text.strip()[:40], example=example)

    body = text.strip().strip(_DIRECTION).strip()
    if not body:
        raise UserError("money.empty", field, example=example)
    for sign in (get_currency_symbol(currency, locale.replace("-", "_")).strip(_DIRECTION), currency):
        body = body.removeprefix(sign).removesuffix(sign).strip().strip(_DIRECTION).strip()
    whole, mark, fraction = body.partition(decimal)
    if mark and (not digits or not fraction or len(fraction) > digits or not _PLAIN.fullmatch(fraction)):
        raise refuse()
    if group.isspace():
        whole = re.sub(r"[\u00a0\u202f ]", group, whole)
    elif group == "’":
        whole = whole.replace("'", group)  # the one that keyboards have
    groups = whole.split(group)
    if len(groups) > 1 and not _well_grouped(groups, known):
        raise refuse()
    whole = "".join(groups)
    if not _PLAIN.fullmatch(whole):
        raise refuse()
    if len(whole) > 18:
        raise UserError("money.too_large", field, text=text.strip()[:40])
    minor: int = int(whole) * 10**digits + int((fraction or "0").ljust(digits, "0") or "0")
    if minor > MAX_MINOR:
        raise UserError("money.too_large", field, text=text.strip()[:40])
    return minor


def to_major(minor: int, currency: str) -> str:
    """The exact decimal text of an amount with a point, for files: 12345 EUR → ``123.45``."""
    digits = precision(currency)
    sign = "-" if minor < 0 else ""
    whole, fraction = divmod(abs(minor), 10**digits)
    return f"{sign}{whole}.{fraction:0{digits}d}" if digits else f"{sign}{whole}"


def _decimal(minor: int, currency: str) -> object:
    from decimal import Decimal

    return Decimal(minor).scaleb(-precision(currency))


@lru_cache(maxsize=4096)  # the same prices again and again, and 90 µs each time
def format(minor: int, currency: str, locale: str = "en") -> str:
    """An amount as a person reads it: ``€1,284.50``."""
    return format_currency(_decimal(minor, currency), currency, locale=locale.replace("-", "_"))  # type: ignore[arg-type]


def format_plain(minor: int, currency: str, locale: str = "en") -> str:
    """An amount without its currency sign, for columns and input fields: ``1,284.50``."""
    digits = precision(currency)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(_decimal(minor, currency), format=pattern, locale=locale.replace("-", "_"))  # type: ignore[arg-type]


def is_iban(account: str) -> bool:
    """Whether an account number is an IBAN whose check digits hold (ISO 13616: 97 leaves 1)."""
    plain = account.replace(" ", "").upper()
    if not (plain.isascii() and plain.isalnum() and 15 <= len(plain) <= 34 and plain[:2].isalpha()):
        return False
    return plain[2:4].isdigit() and int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1
