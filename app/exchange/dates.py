"""Dates of birth in the styles of many countries. A style belongs to a column: one value may fit several, all seldom.

03/04/1998 is a day in March or in April. Where no value of a column tells, nobody guesses: someone is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from babel.dates import get_month_names

from app import clock, text

#: The styles that can be chosen: year-month-day, day first, month first, and the two with the year cut to two digits.
STYLES = ("ymd", "dmy", "mdy", "dmy_short", "mdy_short")

_ISO = re.compile(r"([0-9]{4})[-/. ]([0-9]{1,2})[-/. ]([0-9]{1,2})\.?(?:[T ][0-9:.,Z+\-]*)?")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_OTHER = re.compile(r"([0-9]{1,2})\s*([-/.])\s*([0-9]{1,2})\s*[-/.]\s*([0-9]{4}|[0-9]{2})\.?(?: [0-9:]*)?")
_NAMED = re.compile(r"([0-9]{1,2})[.\-\s]+(?:de )?([^\W\d]{3,12})[.,\-\s]+(?:de )?([0-9]{4})")
_NAME_FIRST = re.compile(r"([^\W\d]{3,12})\.?\s+([0-9]{1,2})(?:st|nd|rd|th)?,?\s+([0-9]{4})")
_LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "pl", "tr", "nl", "cs", "sv", "nb", "da", "ro", "hu", "uk", "ru")


def style_of(values: Iterable[str]) -> tuple[str, bool]:
    """(style, sure) of a column. With `sure` False the values fit several styles, or contradict each other: ask.

    A style of "" says that every value can be read in any.
    """
    day_first = month_first = ambiguous = short = 0
    for value in values:
        match = _OTHER.fullmatch(value.strip())
        if match is None:
            continue
        first, mark, second = int(match[1]), match[2], int(match[3])
        short += len(match[4]) == 2
        if first > 12 >= second or (mark == "." and second <= 12):  # nobody puts points after the month
            day_first += 1
        elif second > 12 >= first:
            month_first += 1
        elif first != second:
            ambiguous += 1
    if not day_first and not month_first and not ambiguous and not short:
        return "", True
    suffix = "_short" if short else ""
    if day_first and not month_first:
        return "dmy" + suffix, not short
    if month_first and not day_first:
        return "mdy" + suffix, not short
    return "", False


def iso(value: str, style: str) -> str | None:
    """A date as ISO text, None where it is none in that style or could be two."""
    typed = value.strip()
    match = _ISO.fullmatch(typed) or _COMPACT.fullmatch(typed)
    if match:
        return _date(int(match[1]), int(match[2]), int(match[3]))
    match = _OTHER.fullmatch(typed)
    if match:
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        if len(match[4]) == 2:
            if not style.endswith("_short"):
                return None
            this_year = clock.now().year
            year += this_year // 100 * 100
            year -= 100 if year > this_year else 0
        if match[2] == "." or (style.startswith("dmy") and second <= 12):
            return _date(year, second, first)
        if style.startswith("mdy"):
            return _date(year, first, second)
        return _date(year, second, first) if first == second else None
    match = _NAMED.fullmatch(typed)
    if match:
        return _date(int(match[3]), _months().get(text.fold(match[2]), 0), int(match[1]))
    match = _NAME_FIRST.fullmatch(typed)
    if match:
        return _date(int(match[3]), _months().get(text.fold(match[1]), 0), int(match[2]))
    return None


def _date(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """What months are called, folded, to their number. A word that means two is left out."""
    found: dict[str, set[int]] = {}
    get: Callable[..., Any] = get_month_names
    for language in _LANGUAGES:
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in get(width, context=context, locale=language).items():
                    found.setdefault(text.fold(name).strip("."), set()).add(number)
    return {name: min(numbers) for name, numbers in found.items() if len(numbers) == 1}
