"""Every line of a list of people checked before anything is written: the field rules, who is already there, who
stands in the list twice.

    plan = checking.plan(table, columns.guess(table))
    plan.counts()          # {"new": 97, "wrong": 3, ...}
    plan.put(12, "email", "ana@mail.example")
    checking.match_again(plan)

The field rules are those of the student form (`app.desk.people.STUDENT_RULES`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any

from rapidfuzz import fuzz

from app import clock, text
from app.desk.people import STUDENT_RULES
from app.errors import UserError
from app.exchange import columns, dates, paying
from app.exchange.reading import Progress, Stop, Stopped, Table, never
from app.lists import known as roster

#: What can become of a line. `twice` stands in the list before, `same` and `update` are already there (`update`
#: differs in something), `dropped` was taken out by hand.
STATES = ("new", "update", "same", "twice", "wrong", "dropped")

#: How alike two folded names must be (of 100), as for the duplicates shown while a student is typed.
ALIKE = 85
#: So many lines with one phone number or one birthday are compared with each other; a list may have one for all.
CROWD = 40

_NAME_WITH_COMMA = re.compile(r"([^,]+),\s*([^,]+)")
_PARTICLES = {
    "van", "von", "de", "der", "den", "di", "da", "del", "della", "la", "le", "el", "al", "bin", "ibn", "dos", "du",
    "zu", "ter",
}  # fmt: skip
_PARTS = ("street", "zip", "city", "region", "country")
_OUTLOOK_NO_DATE = "0/0/00"
_STATUSES = {
    "applicant": "applicant bewerber bewerberin candidat candidate candidato candidata kandydat aday lead prospect",
    "active": "active aktiv aktive actif active activo activa attivo attiva ativo ativa aktywny aktywna aktif actief 1",
    "on_hold": "on_hold hold onhold paused pausiert pause pausa en_pause en_pausa in_pausa sospeso wstrzymany",
    "inactive": "inactive inaktiv inactif inactivo inactiva inattivo inattiva inativo nieaktywny pasif inactief former"
    " ehemalig ehemalige ancien archived 0",
}
_STATUS = {word: status for status, words in _STATUSES.items() for word in words.split()}


@dataclass(slots=True)
class Line:
    """One person of the list: what stands in each field, what is wrong there, and what will become of it.

    `values` are in the order of `Plan.fields`. `row` is what would be stored, None while something is wrong. `match`
    is the student already there, `twin` the line before with the same person, `near` someone who shares a mail
    address or a number and is called otherwise. `chosen` is what was decided by hand, '' for nothing. `payer` is who
    pays and is there already.
    """

    line: int
    values: list[str]
    row: dict[str, Any] | None = None
    errors: dict[str, UserError] | None = None
    match: int | None = None
    twin: int | None = None
    near: int | None = None
    differs: bool = False
    chosen: str = ""
    payer: int | None = None

    @property
    def state(self) -> str:
        """One of STATES."""
        if self.chosen:
            return self.chosen
        if self.errors:
            return "wrong"
        if self.twin is not None:
            return "twice"
        if self.match is not None:
            return "update" if self.differs else "same"
        return "new"


@dataclass
class Plan:
    """A checked list. `as_of` is the highest student id when it was checked, `stamp` the moment."""

    table: Table
    fields: list[str]
    date_style: str
    sure_of_dates: bool
    lines: list[Line]
    known: dict[int, roster.Known] = field(default_factory=dict)
    as_of: int = 0
    stamp: str = ""

    def counts(self) -> dict[str, int]:
        """How many lines are in each state."""
        found = Counter(line.state for line in self.lines)
        return {state: found[state] for state in STATES}

    def chosen(self, *, update: bool) -> tuple[list[Line], list[Line]]:
        """(lines that become new students, lines that change one who is there: all with `update`, else the chosen)."""
        right = [line for line in self.lines if line.row is not None]
        new = [line for line in right if line.state == "new"]
        changed = [line for line in right if line.state == "update" and line.differs and (update or line.chosen)]
        return new, changed

    def put(self, number: int, name: str, value: str) -> None:
        """Put another text into a field of a line and check it. Who is who is asked by `match_again`."""
        line = self.lines[number]
        line.values[self.fields.index(name)] = value
        if line.chosen != "dropped":
            line.chosen = ""
        _check(line, self.fields, self.date_style)

    def decide(self, numbers: Iterable[int], state: str) -> None:
        """Decide about lines by hand: new, update, same, dropped; '' for what was found. Only a right line is new."""
        for number in numbers:
            line = self.lines[number]
            if state in ("new", "update") and (line.row is None or (state == "update" and line.match is None)):
                continue
            line.chosen = state


def fields_of(mapping: Sequence[str]) -> list[str]:
    """The fields of the grid: those of a student that some column brings, the name always."""
    brought = set(mapping)
    if "full_name" in brought:
        brought |= {"first_name", "last_name"}
    if brought & set(_PARTS):
        brought.add("address")
    if brought & set(paying.FIELDS):
        brought.add("payer_name")
    every = (*STUDENT_RULES, "number", *paying.FIELDS)
    return [name for name in every if name in brought or name in ("first_name", "last_name")]


def check_mapping(table: Table, mapping: Sequence[str]) -> None:
    """UserError `exchange.no_name` where no column brings a name."""
    if not {"first_name", "last_name", "full_name"} & set(mapping):
        raise UserError("exchange.no_name")


def date_style(table: Table, mapping: Sequence[str]) -> tuple[str, bool]:
    """(style, sure) of the dates of birth; as `dates.style_of`."""
    places = [n for n, name in enumerate(mapping) if name == "date_of_birth"]
    return dates.style_of(row[n] for row in table.rows for n in places if n < len(row))


def plan(
    table: Table, mapping: Sequence[str], style: str = "", *, stop: Stop = never, progress: Progress | None = None
) -> Plan:
    """Check every line. `style` says how dates are written where the column does not tell (`exchange.which_dates`)."""
    check_mapping(table, mapping)
    sure = True
    if not style:
        style, sure = date_style(table, mapping)
        if not sure:
            raise UserError("exchange.which_dates", "dates")
    fields = fields_of(mapping)
    composer = _Composer(mapping, fields, table.kind)
    lines: list[Line] = []
    total = len(table.rows)
    for number, row in enumerate(table.rows):
        if not number % 1_000:
            if stop():
                raise Stopped
            if progress is not None:
                progress(number, total)
        line = Line(table.lines[number], composer.values(row))
        _check(line, fields, style)
        lines.append(line)
    made = Plan(table, fields, style, sure, lines)
    match_again(made, stop)
    if progress is not None:
        progress(total, total)
    return made


# -- from columns to fields ----------------------------------------------------------------------------------


class _Composer:
    """Puts the columns of a line together to the fields of a person."""

    def __init__(self, mapping: Sequence[str], fields: Sequence[str], kind: str) -> None:
        self._unmarked = unsafe if kind == "csv" else str
        self._places = {name: [n for n, each in enumerate(mapping) if each == name] for name in set(mapping) if name}
        self._fields = fields
        # One column for a field, as mostly, is taken as it stands.
        self._plain = all(len(places) == 1 for places in self._places.values()) and not (
            {"full_name", *_PARTS} & set(self._places)
        )
        self._direct = [self._places.get(name, [-1])[0] for name in fields]

    def values(self, row: tuple[str, ...]) -> list[str]:
        width = len(row)
        if self._plain:
            return [self._unmarked(row[n]) if 0 <= n < width else "" for n in self._direct]
        found = {name: self._first(row, places) for name, places in self._places.items()}
        if "full_name" in found and not found.get("first_name") and not found.get("last_name"):
            found["first_name"], found["last_name"] = split_name(found["full_name"])
        if "address" in self._fields:
            found["address"] = _address(found)
        return [found.get(name, "") for name in self._fields]

    def _first(self, row: tuple[str, ...], places: Sequence[int]) -> str:
        for place in places:
            if place < len(row) and row[place].strip():
                return self._unmarked(row[place])
        return ""


def _address(found: dict[str, str]) -> str:
    """An address from its parts. A column of that name may hold the town already, or the street alone."""
    whole = found.get("address") or found.get("street", "")
    said = whole.casefold()
    zip_code, city, region, country = (found.get(name, "") for name in _PARTS[1:])
    place = [part for part in (zip_code, city) if part and part.casefold() not in said]
    more = [part for part in (region, country) if part and part.casefold() not in said]
    return "\n".join(filter(None, (whole, " ".join(place), *more)))


def split_name(name: str) -> tuple[str, str]:
    """(first, last) of a whole name: at its comma, else before the last word and what belongs to it."""
    match = _NAME_WITH_COMMA.fullmatch(name.strip())
    if match:
        return match[2].strip(), match[1].strip()
    words = name.split()
    if len(words) < 2:
        return name.strip(), ""
    cut = len(words) - 1
    while cut > 1 and words[cut - 1].lower() in _PARTICLES:
        cut -= 1
    return " ".join(words[:cut]), " ".join(words[cut:])


_SAFE = re.compile("'+[=+\\-@\t\r＝＋－＠]")


def unsafe(cell: str) -> str:
    """A cell without the mark that keeps a sheet from calculating it (`exporting.safe`)."""
    return cell[1:] if cell[:1] == "'" and _SAFE.match(cell) else cell


# -- one line ------------------------------------------------------------------------------------------------


def _check(line: Line, fields: Sequence[str], style: str) -> None:
    row: dict[str, Any] = {}
    errors: dict[str, UserError] | None = None
    for name, typed in zip(fields, line.values, strict=True):
        try:
            row[name] = _RULES[name](typed, style)
        except UserError as error:
            error.__traceback__ = error.__cause__ = error.__context__ = None  # a hundred thousand may be kept
            errors = errors or {}
            errors[name] = error
    line.errors = errors
    line.row = None if errors else row


def _born(typed: str, style: str) -> str | None:
    value = typed.strip()
    if not value or value == _OUTLOOK_NO_DATE:
        return None
    iso = dates.iso(value, style)
    if iso is None:
        raise UserError("people.bad_date", "date_of_birth", text=value[:40])
    return STUDENT_RULES["date_of_birth"](iso)  # type: ignore[no-any-return]


def _language(typed: str, _style: str) -> str:
    value = typed.strip()
    if not value:
        return ""
    if len(value) > 3 and "-" not in value and "_" not in value:
        value = _language_names().get(text.fold(value), value)
    return STUDENT_RULES["language"](value)  # type: ignore[no-any-return]


_OWN_NAMES = ("de", "en", "fr", "es", "it", "pl", "tr", "pt", "nl", "uk", "ru", "ar", "hi", "cs", "hu", "ro", "el")
_names: dict[str, str] = {}


def _language_names() -> dict[str, str]:
    """What languages are called in some of them, folded, to their code."""
    if not _names:
        from babel import Locale

        for code in ("en", "de", "fr", "es", "it", "pl", "tr", "pt", "nl"):
            locale = Locale(code)
            for language, name in locale.languages.items():
                if len(language) <= 3:
                    _names.setdefault(text.fold(name), language)
        for code in _OWN_NAMES:
            _names[text.fold(Locale(code).get_display_name() or code)] = code
    return _names


def _status(typed: str, _style: str) -> str:
    value = typed.strip()
    if not value:
        return ""
    return STUDENT_RULES["status"](_STATUS.get(text.fold(value).replace(" ", "_").replace("-", "_"), value))  # type: ignore[no-any-return]


def _first_of(typed: str) -> str:
    """The first of several in one cell, as Google Contacts writes them.

    A list of ours that went through a spreadsheet may keep the mark before the plus of a number.
    """
    return typed.split(" ::: ", 1)[0].lstrip("'") if typed else typed


def _contact(name: str) -> Any:
    rule = STUDENT_RULES[name]
    return lambda typed, _style: rule(_first_of(typed))


def _number(typed: str, _style: str) -> str:
    return text.clean(typed, field="number")


def _ruled(name: str) -> Any:
    rule = STUDENT_RULES[name]
    return lambda typed, _style: rule(typed)


#: How a cell becomes what is stored: by the form's own rules, after foreign dates and words were made ours. An empty
#: status or language is '', and becomes the usual one when the row is written.
_RULES: dict[str, Any] = {
    **{name: _ruled(name) for name in STUDENT_RULES},
    **{name: _contact(name) for name in ("email", "phone", "emergency_phone")},
    "date_of_birth": _born,
    "language": _language,
    "status": _status,
    "number": _number,
    **paying.rules(_first_of),
}


# -- who is who ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Marks:
    """What tells a person apart: the address in small letters, the digits that are dialed, the birthday, the names."""

    mail: str
    digits: str
    born: str
    first: str
    last: str

    @property
    def whole(self) -> str:
        return f"{self.first} {self.last}"


def _marks(first: str, last: str, mail: str | None, phone: str | None, born: str | None) -> _Marks:
    digits = text.phone_digits(phone) if phone else ""
    return _Marks(
        mail.lower() if mail else "", digits if len(digits) >= 6 else "", born or "", text.fold(first), text.fold(last)
    )


class _People:
    """People by their marks, to ask who someone is."""

    def __init__(self) -> None:
        self._contact: dict[str, list[int]] = {}
        self._born: dict[str, list[int]] = {}
        self._whole: dict[tuple[str, str], int] = {}
        self._marks: dict[int, _Marks] = {}

    def add(self, key: int, marks: _Marks) -> None:
        self._marks[key] = marks
        for index, value in ((self._contact, marks.mail), (self._contact, marks.digits), (self._born, marks.born)):
            if value:
                crowd = index.setdefault(value, [])
                if len(crowd) < CROWD:
                    crowd.append(key)
                else:  # too many to compare one by one; the very same name is still found
                    self._whole.setdefault((value, marks.whole), key)

    def may_be(self, key: int, marks: _Marks) -> bool:
        """Whether someone with the same student number is the same: another center has numbers of the same form."""
        known = self._marks[key]
        return (
            any(one and one == other for one, other in zip(astuple(marks)[:3], astuple(known)[:3], strict=True))
            or fuzz.token_sort_ratio(marks.whole, known.whole) >= 60
            or fuzz.ratio(marks.first, known.first) >= ALIKE
        )

    def find(self, marks: _Marks) -> tuple[int | None, int | None]:
        """(the same person, else someone who shares an address or a number)."""
        near = None
        for value in (marks.mail, marks.digits):
            for key in self._contact.get(value, ()) if value else ():
                if _one_person(marks, self._marks[key]):
                    return key, None
                near = key if near is None else near
        for key in self._born.get(marks.born, ()) if marks.born else ():
            if fuzz.token_sort_ratio(marks.whole, self._marks[key].whole) >= ALIKE:
                return key, None
        for value in (marks.mail, marks.digits, marks.born) if self._whole else ():
            if value and (value, marks.whole) in self._whole:
                return self._whole[(value, marks.whole)], None
        return None, near


def _one_person(one: _Marks, other: _Marks) -> bool:
    """Whether two with one address or number are one: families share these, and first names they do not.

    A firm's address is shared by strangers: where the birthdays differ, the whole name must be near the same.
    """
    if fuzz.token_sort_ratio(one.whole, other.whole) >= ALIKE:
        return fuzz.ratio(one.first, other.first) >= 60 or one.first == other.last
    if one.born and other.born and one.born != other.born:
        return False
    return fuzz.ratio(one.first, other.first) >= ALIKE


def match_again(made: Plan, stop: Stop = never) -> None:
    """Find who is already there and who stands in the list twice; lines that are wrong or dropped are left alone.

    A window may show the plan meanwhile: whoever a line points at is known before it does.
    """
    marks = [
        _marks(row["first_name"], row["last_name"], row.get("email"), row.get("phone"), row.get("date_of_birth"))
        if (row := line.row) is not None and line.chosen != "dropped"
        else None
        for line in made.lines
    ]
    asked = {mark for each in marks if each is not None for mark in (each.mail, each.digits, each.born)} - {""}
    numbers = {row["number"] for line in made.lines if (row := line.row) and row.get("number")}
    there, by_number, known = _People(), {}, {}
    stamp, highest = clock.stamp(), 0
    if stop():
        raise Stopped
    for one in roster.students():
        highest = max(highest, one.id)
        if one.number in numbers:
            by_number[one.number] = one.id
        elif not asked & {(one.email or "").lower(), text.phone_digits(one.phone or ""), one.date_of_birth}:
            continue
        known[one.id] = one
        there.add(one.id, _marks(one.first_name, one.last_name, one.email, one.phone, one.date_of_birth))
    into = _merged_away(there, by_number, known)
    if stop():
        raise Stopped
    made.known = {**made.known, **known}
    paid = "payer_name" in made.fields
    paid_by = paying.Payers(roster.payers() if paid else ())
    listed = _People()
    for number, (line, mark) in enumerate(zip(made.lines, marks, strict=True)):
        row = line.row
        match = twin = near = None
        if mark is not None and row is not None:
            numbered = by_number.get(row.get("number", ""))
            if numbered is not None and there.may_be(numbered, mark):
                match = numbered
            else:
                match, near = there.find(mark)
                near = numbered if match is None and near is None else near
            match, near = into.get(match or 0, match), into.get(near or 0, near)
            twin, _near = listed.find(mark)
            if twin is None:
                listed.add(number, mark)
        line.payer = None
        payer = paying.told(row) if paid and row is not None else None
        if row is not None and payer is not None:
            there_already = paid_by.find(payer)
            line.payer = there_already.id if there_already is not None else None
            if there_already is not None and there_already.status != "active" and _newly(line, known.get(match or 0)):
                line.row, line.errors = None, {"payer_name": paying.inactive(there_already)}
                row = None
        line.differs = match is not None and row is not None and bool(_moved(known[match], row, line.payer))
        line.match, line.twin, line.near = match, twin, near
    made.as_of, made.stamp = highest, stamp


def _merged_away(there: _People, by_number: dict[str, int], known: dict[int, roster.Known]) -> dict[int, int]:
    """Let records that were merged away be found, too; returns in whom each lives on, who is known as well."""
    into: dict[int, int] = {}
    for one, person in roster.merged():
        into[one.id] = person
        if one.number:
            by_number[one.number] = one.id
        there.add(one.id, _marks(one.first_name, one.last_name, one.email, one.phone, one.date_of_birth))
    missing = sorted(set(into.values()) - known.keys())
    for start in range(0, len(missing), 500):
        known.update({one.id: one for one in roster.students(among=missing[start : start + 500])})
    return into


def changes(made: Plan, line: Line) -> dict[str, Any]:
    """What a line would change in the student already there; an empty cell changes nothing."""
    if line.match is None or line.row is None:
        return {}
    return _moved(made.known[line.match], line.row, line.payer)


def _moved(known: roster.Known, row: dict[str, Any], payer_id: int | None) -> dict[str, Any]:
    """`payer_name` stands there where another pays than until now, or one who is not there yet."""
    found = {
        name: value
        for name, value in row.items()
        if value not in (None, "")
        and name not in _APART
        and not _says_the_same(name, value, getattr(known, name) or "")
    }
    payer = paying.told(row)
    if payer is not None and (payer_id is None or payer_id != known.payer_id):
        found["payer_name"] = payer.name
    return found


#: What is no column of a student.
_APART = frozenset({"number", *paying.FIELDS})


def _newly(line: Line, known: roster.Known | None) -> bool:
    """Whether a payer is newly chosen by a line."""
    return known is None or known.payer_id != line.payer


def _says_the_same(name: str, value: str, kept: str) -> bool:
    """Whether a list says no more than what is known: a number in another notation, a name without its accents."""
    if value == kept:
        return True
    if name == "email":
        return value.lower() == kept.lower()
    if name in ("phone", "emergency_phone"):
        return text.phone_digits(value) == text.phone_digits(kept) != ""
    if name in ("first_name", "last_name", "emergency_name"):
        return value.isascii() and text.fold(value) == text.fold(kept)
    return False


def remark(made: Plan, line: Line) -> tuple[str, dict[str, Any]]:
    """(key, parameters) of what there is to say about a line, ('', {}) for nothing. What is wrong comes first."""
    if line.errors:
        name, error = next(iter(line.errors.items()))
        return "exchange.wrong_field", {"field": columns.name_of(name), "why": text.sentence(error)}
    if line.twin is not None:
        return "exchange.is_twice", {"line": made.lines[line.twin].line}
    if line.match is not None:
        known = made.known[line.match]
        who = {"name": f"{known.first_name} {known.last_name}".strip(), "number": known.number}
        if not line.differs:
            return "exchange.is_there", who
        return "exchange.differs", {**who, "fields": ", ".join(columns.name_of(each) for each in changes(made, line))}
    if line.near is not None:
        known = made.known[line.near]
        return "exchange.shares", {"name": f"{known.first_name} {known.last_name}".strip(), "number": known.number}
    return "", {}


def first_among(people: Iterable[roster.Known], lines: Iterable[Line]) -> str:
    """The name of the first line that is one of some people and was not known to be, '' for none."""
    there = _People()
    known = {}
    for one in people:
        known[one.id] = one
        there.add(one.id, _marks(one.first_name, one.last_name, one.email, one.phone, one.date_of_birth))
    for line in lines if known else ():
        row = line.row
        if row is None or line.match is not None:
            continue
        mark = _marks(row["first_name"], row["last_name"], row.get("email"), row.get("phone"), row.get("date_of_birth"))
        if there.find(mark)[0] is not None:
            return f"{row['first_name']} {row['last_name']}".strip()
    return ""
