"""Words: gettext catalogs, message keys to sentences, clean input, folding for search.

Every visible text goes through `_`. Errors, notifications and timeline entries hold a key and
parameters; `sentence` renders them in the reader's language.
"""

from __future__ import annotations

import gettext as _gettext
import importlib
import pkgutil
import re
import string
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from app import clock, money
from app.errors import DeskError, UserError

NAME_LIMIT = 200
TEXT_LIMIT = 10_000

_translation: _gettext.NullTranslations = _gettext.NullTranslations()


def _(message: str) -> str:
    """The message in the language of this desk."""
    return _translation.gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    """The right plural form for `n`."""
    return _translation.ngettext(one, many, n)


def N_(message: str) -> str:
    """Mark a text for extraction without translating it here."""
    return message


def use_catalog(translation: _gettext.NullTranslations) -> None:
    """Switch the language of this process."""
    global _translation
    _translation = translation


# -- keys to sentences ---------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def messages() -> dict[str, str]:
    """Every message key with its English sentence, gathered from `app.messages`."""
    import app.messages as package

    found: dict[str, str] = {}
    for module in pkgutil.iter_modules(package.__path__):
        area = importlib.import_module(f"app.messages.{module.name}")
        for key, template in area.MESSAGES.items():
            if key in found:
                raise ValueError(f"message key {key} is given twice")
            found[key] = template
    return found


class _Formatter(string.Formatter):
    """`{amount:money}`, `{on:date}`, `{at:time}`, `{at:stamp}` besides Python's own format specs."""

    def __init__(self, currency: str, locale: str, zone: str) -> None:
        self.currency, self.locale, self.zone = currency, locale.replace("-", "_"), zone

    def format_field(self, value: Any, spec: str) -> str:
        if spec == "money":
            return money.format(int(value), self.currency, self.locale)
        if spec == "date":
            day = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
            return str(format_date(day, "d MMM y", locale=self.locale))
        if spec in ("time", "stamp"):
            text = str(value)
            at = (
                clock.utc_to_wall(clock.parse_stamp(text), self.zone)
                if text.endswith("Z")
                else datetime.fromisoformat(text)
            )
            clock_time = str(format_time(at.time(), "HH:mm", locale=self.locale))
            if spec == "time":
                return clock_time
            return f"{format_date(at.date(), 'd MMM y', locale=self.locale)}, {clock_time}"
        if spec == "key":
            return sentence(str(value), {}, currency=self.currency, locale=self.locale, zone=self.zone)
        return str(super().format_field(value, spec))


def sentence(
    key: str | DeskError,
    params: dict[str, Any] | None = None,
    *,
    currency: str | None = None,
    locale: str | None = None,
    zone: str | None = None,
) -> str:
    """The sentence of a message key (or of an error) with its parameters, in the reader's language.

    Currency, locale and zone default to those of the open center (`use_defaults`). An unknown key, as a newer
    program may have written one, is shown as itself rather than lost.
    """
    name, values = (key.key, key.params) if isinstance(key, DeskError) else (key, params)
    template = messages().get(name)
    if template is None:
        return name
    formatter = _Formatter(currency or _defaults[0], locale or _defaults[1], zone or _defaults[2])
    return formatter.vformat(_(template), (), values or {})


_defaults: tuple[str, str, str] = ("EUR", "en", "UTC")


def use_defaults(currency: str, locale: str, zone: str) -> None:
    """The center's currency, locale and zone for every sentence that does not say otherwise."""
    global _defaults
    _defaults = (currency, locale, zone)


def show_money(minor: int) -> str:
    """An amount in the center's currency and locale."""
    return money.format(minor, _defaults[0], _defaults[1])


def show_percent(basis_points: int) -> str:
    """A share of so many hundredths of a percent in the center's locale: ``12.5 %``."""
    return f"{format_decimal(Decimal(basis_points).scaleb(-2), '#,##0.##', locale=_defaults[1].replace('-', '_'))} %"


def show_number_sample(locale: str) -> str:
    """A sample number in a locale. Raises what Babel raises for a locale it does not know."""
    return money.format_plain(123450, "EUR", locale)


def show(value: Any, spec: str, locale: str = "") -> str:
    """A value in a locale, or the center's: spec is money, date, time or stamp, as in message templates."""
    currency, own, zone = _defaults
    return _Formatter(currency, locale or own, zone).format_field(value, spec)


# -- clean input ---------------------------------------------------------------------------------------------

_LINE_BREAKS = {"\n", "\r", "\t"}
_INVISIBLE = {"Cf", "Zs", "Zl", "Zp"}


def clean(text: str, *, field: str, limit: int = NAME_LIMIT, required: bool = False, multiline: bool = False) -> str:
    """Text as it is stored: NFC, trimmed, without control characters. Unicode's own line breaks are some, too:
    in a name they would end a mail's header.

    Raises UserError `text.required`, `text.too_long`, `text.control_character` or `text.broken`
    (a lone surrogate), each beside `field`. DOMAIN.md, "Everything".
    """
    text = unicodedata.normalize("NFC", text).strip()
    if multiline:
        text = re.sub("\r\n|[\r\u2028\u2029]", "\n", text)
    visible = bool(text) and text.isprintable()
    for char in "" if visible else text:  # what is printable holds none of these
        category = unicodedata.category(char)
        if category == "Cs":
            raise UserError("text.broken", field)
        if category in ("Cc", "Zl", "Zp") and not (multiline and char in _LINE_BREAKS):
            raise UserError("text.control_character", field)
        visible = visible or category not in _INVISIBLE
    if required and not visible:
        raise UserError("text.required", field)
    if len(text) > limit:
        raise UserError("text.too_long", field, limit=limit, length=len(text))
    return text


# -- folding for search --------------------------------------------------------------------------------------

# What decomposition does not take apart: letters that people type as their plain neighbors.
_SPECIAL = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i", "ħ": "h",
        "ŧ": "t", "ŋ": "n", "ĸ": "k", "ſ": "s", "ẞ": "ss", "ƒ": "f", "ə": "e", "ё": "е", "й": "и",
        "’": "'", "ʼ": "'", "‐": "-", "‑": "-", "–": "-",
    }
)  # fmt: skip
_PHONE = re.compile(r"^[+(]?[\d][\d\s()/.\-]{3,}$")


def fold(text: str) -> str:
    """Text as search sees it: lower case, no accents, special letters as their plain neighbors.

    Lukasz finds Łukasz, Gross finds Groß, soren finds Søren, yildiz finds Yıldız.
    """
    if text.isascii():
        return text.lower()
    text = whole(text)
    lowered = text.casefold().translate(_SPECIAL)
    decomposed = unicodedata.normalize("NFKD", lowered)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", bare.translate(_SPECIAL))


def whole(text: str) -> str:
    """Text without halves of letters, as a clipboard may cut them: what is looked for can hold none."""
    return text if text.isascii() else text.encode("utf-8", "ignore").decode("utf-8")


def phone_digits(text: str) -> str:
    """The digits of a phone number without leading zeros or the plus sign, '' if it does not look like one."""
    text = text.strip()
    if not _PHONE.match(text):
        return ""
    return re.sub(r"\D", "", text).lstrip("0")
