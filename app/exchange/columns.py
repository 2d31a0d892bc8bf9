"""Which column of a foreign list is which field of a person: by its head in many languages, else by what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from app import text
from app.exchange import dates
from app.exchange.heads import HEADS
from app.exchange.reading import Table
from app.text import N_, _

#: What a column can be, with its name; parts of an address and of a name are put together.
FIELDS: dict[str, str] = {
    "first_name": N_("First name"),
    "last_name": N_("Last name"),
    "full_name": N_("Whole name"),
    "email": N_("Email"),
    "phone": N_("Phone"),
    "date_of_birth": N_("Date of birth"),
    "address": N_("Address"),
    "street": N_("Street"),
    "zip": N_("Postal code"),
    "city": N_("City"),
    "region": N_("Region"),
    "country": N_("Country"),
    "language": N_("Language"),
    "status": N_("Status"),
    "emergency_name": N_("Emergency contact"),
    "emergency_phone": N_("Emergency phone"),
    "number": N_("Student number"),
    "payer_name": N_("Payer name"),
    "payer_kind": N_("Payer kind"),
    "payer_email": N_("Payer email"),
    "payer_phone": N_("Payer phone"),
}

#: What an exported list has besides: no field of a person.
NO_FIELDS = (
    N_("Courses"), N_("Next slot"), N_("Next slot (UTC)"), N_("Balance"), N_("Who pays"), N_("Since"),
)  # fmt: skip

#: How many lines are looked at to tell what a column holds.
_LOOK = 5_000
_SIGNS = re.compile(r"[^\w']+")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+?[0-9][0-9\s()/.\-]{5,20}")
_DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}")


def _plain(head: str) -> str:
    return _SIGNS.sub(" ", text.fold(head)).replace("_", " ").strip()


_BY_HEAD = {_plain(name): field for field, names in HEADS.items() for name in names.split(",")}


def name_of(field: str) -> str:
    """What a field is called, at the head of an exported column and in the window."""
    return _(FIELDS[field])


def field_of(head: str) -> str:
    """The field that a column's head means, '' where it is not known."""
    plain = _plain(head)
    for written in (plain, re.sub(r"\b[2-9]\b", "1", plain), _spaces(re.sub(r"\b[0-9]\b", "", plain))):
        if written in _BY_HEAD:
            return _BY_HEAD[written]
    return next((key for key, name in FIELDS.items() if plain in (_plain(key), _plain(name), _plain(_(name)))), "")


def _spaces(words: str) -> str:
    return " ".join(words.split())


def settle_heads(table: Table, heads: bool | None) -> None:
    """Decide whether the first line names the columns, and give every column a name of its own."""
    named = _has_heads(table) if heads is None else heads
    table.has_heads = named
    width = max(len(table.heads), max(map(len, table.rows[:1000]), default=0))
    if named:
        names = [head.strip() for head in table.heads] + [""] * (width - len(table.heads))
    else:
        table.rows.insert(0, tuple(table.heads))
        table.lines.insert(0, table.heads_line)
        names = [""] * width
    seen: dict[str, int] = {}
    for number, name in enumerate(names):
        name = name or _("Column {letters}").format(letters=letters(number))
        seen[name] = seen.get(name, 0) + 1
        names[number] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    table.heads = names


def letters(number: int) -> str:
    """A column as sheets name it: A, B, … Z, AA."""
    found = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(65 + rest) + found
    return found


def _has_heads(table: Table) -> bool:
    """A first line that holds an address, a number or a date already is a person."""
    return not any(_MAIL.fullmatch(c) or _PHONE.fullmatch(c) or _DATE.fullmatch(c) for c in map(str.strip, table.heads))


def guess(table: Table) -> list[str]:
    """A field for each column, '' for what is not brought in. By the head; where that says nothing, by the values."""
    if table.kind == "vcard":
        return list(table.heads)
    found = [field_of(re.sub(r" \(\d+\)$", "", head)) if table.has_heads else "" for head in table.heads]
    samples = [_some(table, number, 200) for number in range(len(table.heads))]
    ours = [table.has_heads and _is_no_field(head) for head in table.heads]
    for number, values in enumerate(samples):
        if not values and len(table.rows) <= _LOOK:
            found[number] = ""  # nothing in it: a wide export has dozens of these
    if "first_name" in found and "last_name" not in found and "full_name" in found:
        found[found.index("full_name")] = "last_name"  # Name, Vorname: the one is what the other is not
    if "first_name" in found and "full_name" in found:
        found = ["" if field == "full_name" else field for field in found]
    for field, pattern in (("email", _MAIL), ("date_of_birth", _DATE), ("phone", _PHONE)):
        if field not in found:
            match = next(
                (n for n, values in enumerate(samples) if not found[n] and not ours[n] and _mostly(values, pattern)),
                None,
            )
            if match is None or (field == "date_of_birth" and not _past(samples[match])):
                continue
            if field != "phone" or not _mostly(samples[match], _DATE):
                found[match] = field
    if not table.has_heads and not {"first_name", "full_name"} & set(found):
        names = [n for n, values in enumerate(samples) if not found[n] and _mostly(values, re.compile(r"[^\W\d_].*"))]
        if len(names) >= 2:
            found[names[0]], found[names[1]] = "first_name", "last_name"
        elif names:
            found[names[0]] = "full_name"
    return found


def _is_no_field(head: str) -> bool:
    """Whether an exported list names a column so that no import reads: an amount is no phone number."""
    plain = re.sub(r" [a-z]{3}$", "", _plain(head))
    return plain in {_plain(name) for name in NO_FIELDS} | {_plain(_(name)) for name in NO_FIELDS}


def _some(table: Table, number: int, most: int) -> list[str]:
    """The first values of a column that are not empty, as far as it is looked."""
    found: list[str] = []
    for row in table.rows[:_LOOK]:
        if number < len(row) and row[number].strip():
            found.append(row[number].strip())
            if len(found) == most:
                break
    return found


def _mostly(values: Sequence[str], pattern: re.Pattern[str]) -> bool:
    return bool(values) and sum(1 for value in values if pattern.fullmatch(value)) >= 0.7 * len(values)


def _past(values: Iterable[str]) -> bool:
    """Whether dates lie far enough back to be birthdays, not the day of a contract."""
    years = [int(value[:4]) for value in (dates.iso(v, "dmy") or dates.iso(v, "mdy") for v in values) if value]
    from app import clock

    return bool(years) and sorted(years)[len(years) // 2] <= clock.now().year - 10


def samples(table: Table, number: int, most: int = 3) -> list[str]:
    """A few values of a column, to see what it holds."""
    return _some(table, number, most)
