"""vCards (2.1, 3.0 and 4.0 in; 3.0 out, which every telephone reads): RFC 2426 and RFC 6350, as far as people go."""

from __future__ import annotations

import quopri
import re
from array import array
from collections.abc import Iterator, Mapping

from app.exchange.reading import Table

#: What a card's lines become; a card has each of them, or an empty text.
FIELDS = (
    "first_name", "last_name", "full_name", "email", "phone", "date_of_birth", "address", "language"
)  # fmt: skip
_BREAK = re.compile(r"\r\n|\n|\r")
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)(?:=("[^"]*"|[^;:"]*(?:,"[^"]*")*))?')
_NAME = re.compile(r"(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)")
_SPLIT = re.compile(r"(?<!\\)(?:\\\\)*;")


def read(text: str, encoding: str) -> Table:
    """All cards of a file; `lines` says where each begins."""
    rows: list[tuple[str, ...]] = []
    lines = array("L")
    card: dict[str, str] = {}
    begun = 0
    for number, name, parameters, value in _properties(text):
        if name == "BEGIN":
            card, begun = {}, number
        elif name == "END":
            if any(card.values()):
                rows.append(tuple(card.get(field, "") for field in FIELDS))
                lines.append(begun)
            card = {}
        else:
            _take(card, name, parameters, value)
    if any(card.values()):  # the file was cut: what stands there is shown, and can be mended or dropped
        rows.append(tuple(card.get(field, "") for field in FIELDS))
        lines.append(begun)
    return Table("vcard", "", "", list(FIELDS), rows, lines, encoding)


def _take(card: dict[str, str], name: str, parameters: str, value: str) -> None:
    if name == "N":
        parts = [_plain(part) for part in _parts(value)] + [""] * 5
        card["last_name"] = parts[0]
        card["first_name"] = " ".join(filter(None, (parts[1], parts[2])))
    elif name == "FN":
        card["full_name"] = _plain(value)
    elif name == "EMAIL" and ("PREF" in parameters or not card.get("email")):
        card["email"] = _plain(value).removeprefix("mailto:")
    elif name == "TEL" and "FAX" not in parameters:
        if not card.get("phone") or "PREF" in parameters or ("CELL" in parameters and "!" not in card):
            card["phone"] = _plain(value).removeprefix("tel:")
            if "PREF" in parameters or "CELL" in parameters:
                card["!"] = ""  # the one that rings in a pocket stays
    elif name == "BDAY":
        match = re.match(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})", value.strip())
        card["date_of_birth"] = "-".join(match.groups()) if match else _plain(value)
    elif name == "ADR" and not card.get("address"):
        box, more, street, city, region, code, country, *_rest = [_plain(p) for p in _parts(value)] + [""] * 7
        place = " ".join(filter(None, (code, city)))
        card["address"] = "\n".join(filter(None, (box, more, street, place, region, country)))
    elif name == "LANG" and not card.get("language"):
        card["language"] = _plain(value)


def _properties(text: str) -> Iterator[tuple[int, str, str, str]]:
    """(line, name, parameters in capitals, value) of every property, unfolded and without quoted-printable."""
    pending: list[str] = []
    begun = 0
    for number, line in enumerate(_BREAK.split(text), start=1):
        if pending and line[:1] in (" ", "\t"):
            pending.append(line[1:])
        elif pending and pending[-1].endswith("=") and "QUOTED-PRINTABLE" in pending[0].upper().split(":")[0]:
            pending[-1] = pending[-1][:-1]
            pending.append(line)
        else:
            yield from _property(begun, "".join(pending))
            pending, begun = ([line] if line.strip() else []), number
    yield from _property(begun, "".join(pending))


def _property(number: int, line: str) -> Iterator[tuple[int, str, str, str]]:
    head = _NAME.match(line)
    if head is None:
        return
    at, parameters, charset = head.end(), [], "utf-8"
    while found := _PARAMETER.match(line, at):
        at = found.end()
        parameters += [found[1].upper(), (found[2] or "").upper()]
        if found[1].upper() == "CHARSET" and found[2]:
            charset = found[2].strip('"')
    if line[at : at + 1] != ":":
        return
    value = line[at + 1 :]
    if "QUOTED-PRINTABLE" in parameters:
        try:
            value = quopri.decodestring(value.encode("utf-8")).decode(charset, "replace")
        except LookupError:
            value = quopri.decodestring(value.encode("utf-8")).decode("utf-8", "replace")
    yield number, head[1].upper(), ",".join(parameters), value


def _parts(value: str) -> list[str]:
    """The parts of a structured value; an escaped semicolon cuts nothing."""
    parts, start = [], 0
    for found in _SPLIT.finditer(value):
        parts.append(value[start : found.end() - 1])
        start = found.end()
    return [*parts, value[start:]]


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value, flags=re.S).strip()


def card(person: Mapping[str, str]) -> str:
    """One person as a card, lines ended and folded as the format asks (75 octets, never within a letter)."""
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"N:{_escaped(person['last_name'])};{_escaped(person['first_name'])};;;",
        f"FN:{_escaped(' '.join(filter(None, (person['first_name'], person['last_name']))))}",
    ]
    for name, field in (("EMAIL;TYPE=INTERNET", "email"), ("TEL;TYPE=CELL", "phone"), ("BDAY", "date_of_birth")):
        if person.get(field):
            lines.append(f"{name}:{_escaped(person[field])}")
    if person.get("address"):
        lines.append(f"ADR;TYPE=HOME:;;{_escaped(person['address'])};;;;")
    if person.get("language"):
        lines.append(f"LANG:{_escaped(person['language'])}")
    return "".join(_folded(line) + "\r\n" for line in [*lines, "END:VCARD"])


def _escaped(value: str) -> str:
    return re.sub(r"([\\,;])", r"\\\1", value).replace("\n", "\\n")


def _folded(line: str) -> str:
    found, room = [""], 75
    for char in line:
        size = len(char.encode("utf-8"))
        if size > room:
            found.append(" ")
            room = 74
        found[-1] += char
        room -= size
    return "\r\n".join(found)
