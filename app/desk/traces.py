"""Where an erased person is named in what was written about others: free words, and questions kept on the roster.

What is theirs alone is blanked whole (`erasing`); here only the name goes, and the rest stays as it was written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from app import text
from app.store import Write, erasure, search
from app.store.models import (
    Attachment,
    Availability,
    CourseEnrolled,
    DiscountRule,
    Import,
    Note,
    Payment,
    ProductEnrolled,
    Promise,
    Quote,
    Setting,
    Slot,
    SlotEnrolled,
    TillMove,
)

#: What stands where something was erased.
GONE = "—"

#: Where a desk types what it likes about anybody, and the columns.
WORDS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (Note, ("text",)),
    (Attachment, ("file_name",)),
    (Import, ("file_name",)),
    (TillMove, ("reason",)),
    (Slot, ("title", "cancel_reason", "override_reason")),
    (SlotEnrolled, ("override_reason",)),
    (CourseEnrolled, ("discount_reason", "cancel_reason")),
    (ProductEnrolled, ("discount_reason", "cancel_reason")),
    (DiscountRule, ("name",)),
    (Quote, ("discount_reason",)),
    (Promise, ("note",)),
    (Payment, ("reference", "note", "reason", "draft")),
    (Availability, ("reason",)),
)


_RUN = re.compile(r"[^\W_]+")


class Names:
    """What a person was ever called, to be cut out of words about others: in any case, with or without accents."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        """`pairs` are (first, last)."""
        self._whole: set[tuple[str, ...]] = set()
        self._sought: set[tuple[str, ...]] = set()
        written: set[tuple[str, ...]] = set()
        for first, last in pairs:
            one, other = tuple(_RUN.findall(first)), tuple(_RUN.findall(last))
            whole = tuple(map(text.fold, one + other))
            self._whole.add(whole)
            if len(whole) > 1:  # a word alone is somebody else's name, too
                self._sought |= {whole, tuple(map(text.fold, other + one))}
                written |= {one + other, whole}
        #: Names of more than one word, as written and without accents: all words of one of them tell a name.
        self.words = sorted(written)
        #: Those, and the names of one word: what a value may be that is nothing but a name.
        self.alone = sorted(written | self._whole - {()})

    def cut(self, words: str) -> str:
        """Free words without the name."""
        runs = list(_RUN.finditer(words)) if self._sought else []
        folded = [text.fold(run[0]) for run in runs]
        made, done, at = "", 0, 0
        lengths = sorted({len(name) for name in self._sought}, reverse=True)
        while at < len(runs):
            wide = next((n for n in lengths if tuple(folded[at : at + n]) in self._sought), 0)
            start, end = runs[at].start(), runs[at + wide - 1].end() if wide else 0
            # A double name is another one.
            if wide and words[start - 1 : start] != "-" and words[end : end + 1] != "-":
                made, done, at = made + words[done:start] + GONE, end, at + wide
            else:
                at += 1
        return made + words[done:]

    def cut_value(self, words: str) -> str:
        """A value that may be nothing but the name."""
        return GONE if tuple(map(text.fold, _RUN.findall(words))) in self._whole - {()} else self.cut(words)


def cut_words(w: Write, names: Names, but: Mapping[str, set[int]]) -> None:
    """Take the name out of free words about others and out of the record of them; `but`: rows dealt with, by table."""
    for model, columns in WORDS if names.words else ():
        table = model._meta.table_name
        rows = set(erasure.rows_with_words(table, columns, names.words)) - but.get(table, set())

        def blank(image: dict[str, Any], columns: tuple[str, ...] = columns) -> dict[str, Any]:
            return {**image, **{name: names.cut(image[name]) for name in columns if image.get(name)}}

        for row in list(model.select(model.id, *(getattr(model, name) for name in columns)).where(model.id.in_(rows))):
            kept = {name: getattr(row, name) for name in columns}
            moved = {name: value for name, value in blank(kept).items() if value != kept[name]}
            if moved:
                w.update(model, row.id, **moved)
        erasure.redact(w, table, sorted(rows), blank, moved_only=True)


def forget_views(w: Write, names: Names, known_by: str) -> None:
    """Take the person out of everybody's views of the roster: their name, and words that find nobody but them.

    `known_by` is the folded text of all that they were ever found by; they are no longer found when this is asked.
    """
    asked: dict[str, bool] = {}

    def about_them(words: str) -> bool:
        if words not in asked:
            terms = search.terms(words)
            fits = all(term in known_by if len(term) >= 3 else f" {term}" in f" {known_by}" for term in terms)
            asked[words] = bool(terms) and fits and not search.people(words, 1)
        return asked[words]

    def views(value: str) -> str:
        kept = json.loads(value)
        taken = {one.get("name") for one in kept}
        for one in kept:
            one["words"] = "" if about_them(str(one.get("words", ""))) else names.cut_value(str(one.get("words", "")))
            name = names.cut_value(str(one["name"]))
            if name != one["name"]:
                one["name"] = next(new for new in _numbered(name) if new not in taken)
                taken.add(one["name"])
        return json.dumps(kept, ensure_ascii=False)

    def blank(image: dict[str, Any]) -> dict[str, Any]:
        try:
            return {**image, "value": views(image["value"])}
        except (ValueError, TypeError, AttributeError, KeyError):  # left there by another program
            return image

    rows = erasure.rows_like("settings", "key", "person.%.views")
    for row in list(Setting.select(Setting.id, Setting.value).where(Setting.id.in_(rows))):
        value = blank({"value": row.value})["value"]
        if json.loads(value) != json.loads(row.value):
            w.update(Setting, row.id, value=value)
    erasure.redact(w, "settings", rows, blank, moved_only=True)


def _numbered(name: str) -> Iterable[str]:
    yield name
    for number in range(2, 1_000):
        yield f"{name} ({number})"


def known_by(images: Iterable[Mapping[str, Any]]) -> str:
    """All that a person was ever found by, from the images of their records: folded, numbers as digits."""
    found: dict[str, None] = {}
    for one in images:
        for name in ("first_name", "last_name", "email", "phone", "emergency_phone"):
            value = one.get(name) or ""
            if value:
                found[text.phone_digits(value) if "phone" in name else text.fold(value)] = None
    return " ".join(found)


__all__ = ["GONE", "WORDS", "Names", "cut_words", "forget_views", "known_by"]
