"""The words on documents, in the language of whom they are for and not in that of the desk.

What is frozen comes out the same for ever, so a layout knows its languages and its words for ever, too: a language that
is added, or a word that is said otherwise, comes with a new layout. The first two layouts are in English. A message may
have a mark behind "#" that tells it from another one which English says alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from app import paths

#: The languages of layout 3, besides English.
LANGUAGES = ("de", "es", "fr", "it")

_language: ContextVar[str] = ContextVar("language of a document", default="en")


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Have documents in this block say their words in a language ("de-AT" in German), in English if it has none."""
    tongue = language.replace("_", "-").split("-")[0].lower()
    before = _language.set(tongue if tongue in LANGUAGES else "en")
    try:
        yield
    finally:
        _language.reset(before)


def _(message: str) -> str:
    """A word of a document in the language that is spoken."""
    return catalog(_language.get()).get(message) or message.partition("#")[0]


def ngettext(one: str, many: str, n: int) -> str:
    """The right plural form for `n`."""
    return _(one if n == 1 else many)


def dated(pattern: str) -> str:
    """A pattern of a date as the language that is spoken writes it: a German day is an ordinal."""
    return pattern.replace("d", "d.", 1) if _language.get() == "de" else pattern


@lru_cache(maxsize=8)
def catalog(language: str) -> dict[str, str]:
    """Message → what it is in a language; nothing for English."""
    if language not in LANGUAGES:
        return {}
    found: dict[str, str] = json.loads((paths.resources() / "words" / f"{language}.json").read_text("utf-8"))
    return found
