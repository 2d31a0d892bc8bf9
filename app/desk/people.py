"""People: students, those who work here, and those who pay for others."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import Any

from babel.core import Locale, UnknownLocaleError

from app import clock, store, text
from app.desk import identity, notifications, timeline
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.store import search
from app.store.models import Note, Payer, User


@dataclass(frozen=True)
class StudentDraft:
    """A student as typed. `date_of_birth` is ISO text or None."""

    first_name: str
    last_name: str = ""
    email: str = ""
    phone: str = ""
    date_of_birth: str | None = None
    address: str = ""
    language: str = "en"
    status: str = "active"
    emergency_name: str = ""
    emergency_phone: str = ""
    payer_id: int | None = None


@dataclass(frozen=True)
class StaffDraft:
    """Someone who works here, as typed."""

    first_name: str
    last_name: str = ""
    role: str = "staff"
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class PayerDraft:
    """A guardian or a company, as typed."""

    name: str
    kind: str = "guardian"
    email: str = ""
    phone: str = ""
    address: str = ""
    tax_id: str = ""
    language: str = "en"
    status: str = "active"


def add_student(actor: Actor, draft: StudentDraft) -> int:
    """Add a student to the roster; returns the id. UserErrors stand beside their field."""
    require(actor, "people.edit")
    row = _student_row(draft)
    with store.write("Add student", actor) as w:
        _may_pay(row["payer_id"])
        _number, label = w.next_number("student")
        user_id = w.insert(User, role="student", number=label, **row)
        timeline.add(w, user_id, "people.added", ("users", user_id))
        notifications.notify(w, "new_account", "center", "people.new_student", ("users", user_id), name=full_name(row))
        return user_id


def edit_student(actor: Actor, user_id: int, version: int, draft: StudentDraft) -> None:
    """Change a student. UserError `store.changed_meanwhile` if someone else changed them since `version`."""
    require(actor, "people.edit")
    row = _student_row(draft)
    with store.write("Edit student", actor) as w:
        before = User.get_or_none(User.id == user_id)
        if before is None:
            raise UserError("store.gone")
        if before.role != "student":
            raise UserError("people.not_a_student")
        if before.status == "merged":
            raise UserError("enrollment.student_merged", name=_name(before))
        identity.in_sight(user_id)
        if row["payer_id"] != before.payer_id:
            _may_pay(row["payer_id"])
        moved = {name: value for name, value in row.items() if getattr(before, name) != value}
        if not moved:
            return
        w.update(User, user_id, version, **moved)
        timeline.add(w, user_id, "people.edited", ("users", user_id), fields=", ".join(sorted(moved)))


def add_staff(actor: Actor, draft: StaffDraft) -> int:
    """Add someone who works here; returns the id. Only a super admin adds another."""
    require(actor, "people.staff")
    if draft.role not in ("instructor", "staff", "admin", "super_admin"):
        raise UserError("people.unknown_role", "role")
    if draft.role == "super_admin":
        require(actor, "people.super_admin")
    row = {
        "first_name": text.clean(draft.first_name, field="first_name", required=True),
        "last_name": text.clean(draft.last_name, field="last_name"),
        "email": check_email(draft.email),
        "phone": check_phone(draft.phone),
    }
    with store.write("Add staff", actor) as w:
        told = notifications.super_admins()  # not the new one: who holds a row of the inbox can never be taken back
        user_id = w.insert(User, role=draft.role, status="active", **row)
        timeline.add(w, user_id, "people.added", ("users", user_id))
        link = ("users", user_id)
        notifications.notify(w, "new_account", "center", "people.new_staff", link, recipients=told, name=full_name(row))
        return user_id


def add_payer(actor: Actor, draft: PayerDraft) -> int:
    """Add a guardian or company; returns the id. UserErrors stand beside their field."""
    require(actor, "people.edit")
    row = payer_row(draft)
    with store.write("Add payer", actor) as w:
        return w.insert(Payer, **row)


def edit_payer(actor: Actor, payer_id: int, version: int, draft: PayerDraft) -> None:
    """Change a payer; whoever they pay for is found by the new words. Documents that were issued keep the old ones.

    An inactive payer is offered no more: UserError `people.payer_in_use` beside `status` while students who have not
    left are still paid for. `store.changed_meanwhile` if someone else changed the payer since `version`.
    """
    require(actor, "people.edit")
    row = payer_row(draft)
    with store.write("Edit payer", actor) as w:
        before = Payer.get_or_none(Payer.id == payer_id)
        if before is None:
            raise UserError("store.gone")
        if row["status"] == "inactive" and before.status == "active":
            theirs = User.select().where(User.payer_id == payer_id, User.status.not_in(["inactive", "merged"])).count()
            if theirs:
                raise UserError("people.payer_in_use", "status", count=theirs, name=before.name)
        moved = {name: value for name, value in row.items() if getattr(before, name) != value}
        if moved:
            w.update(Payer, payer_id, version, **moved)


def payer_row(draft: PayerDraft) -> dict[str, Any]:
    """What is stored of a payer as typed. UserErrors stand beside their field."""
    return {name: rule(getattr(draft, name)) for name, rule in PAYER_RULES.items()}


def add_note(actor: Actor, user_id: int, words: str, pinned: bool = False) -> int:
    """Write a note about a person; a pinned one stands on their overview."""
    require(actor, "people.note")
    body = text.clean(words, field="text", limit=text.TEXT_LIMIT, required=True, multiline=True)
    with store.write("Add note", actor) as w:
        user_id = identity.in_sight(user_id)
        note = w.insert(Note, user_id=user_id, text=body, pinned=int(pinned))
        timeline.add(w, user_id, "people.noted", ("notes", note))
        return note


@dataclass(frozen=True)
class Alike:
    """A student who may be the person that is being typed, and the field that says so: phone, email or last_name."""

    id: int
    name: str
    number: str
    field: str


def alike(draft: StudentDraft, but: int | None = None, limit: int = 5) -> list[Alike]:
    """Students who may be the same person: same phone in any notation, same e-mail, or near-same name and birth date.

    What stands on a record merged away counts for the person. Never raises for half-typed fields: it is asked while
    someone types. `but` is whoever is being edited.
    """
    found: dict[int, str] = {}
    for field, ids in (
        ("phone", _same_phone(draft.phone)),
        ("email", _same_email(draft.email)),
        ("last_name", _same_name_and_birth(draft)),
    ):
        for user_id in ids:
            found.setdefault(identity.root(user_id), field)
    mine = identity.root(but) if but is not None else None
    wanted = [user_id for user_id in found if user_id != mine][:limit]
    rows = {row.id: row for row in User.select().where(User.id.in_(wanted))}
    return [Alike(one, _name(rows[one]), rows[one].number or "", found[one]) for one in wanted]


#: As many last digits make a number: what comes before them is how one dials it, from where.
_DIALED = 8


def _same_phone(typed: str) -> list[int]:
    digits = text.phone_digits(typed)
    if len(digits) < 6:
        return []
    end = digits[-_DIALED:]
    found = []
    for row in _records_of(search.people(end)):
        theirs = text.phone_digits(row.phone or "")
        if theirs == digits or (len(end) == _DIALED and theirs.endswith(end)):
            found.append(row.id)
    return found


def _same_email(typed: str) -> list[int]:
    email = typed.strip().casefold()
    if "@" not in email.strip("@"):
        return []
    return [row.id for row in _records_of(search.people(email)) if (row.email or "").casefold() == email]


def _same_name_and_birth(draft: StudentDraft) -> list[int]:
    from rapidfuzz import fuzz

    name = text.fold(f"{draft.first_name} {draft.last_name}").strip()
    if not draft.date_of_birth or not name:
        return []
    born = User.select(User.id, User.first_name, User.last_name).where(
        User.date_of_birth == text.whole(draft.date_of_birth.strip()), User.role == "student"
    )
    rows = list(born.limit(2_000))
    return [row.id for row in rows if fuzz.token_sort_ratio(name, text.fold(f"{row.first_name} {row.last_name}")) >= 85]


def _records_of(user_ids: list[int]) -> Any:
    return User.select().where(User.id.in_(list(identity.all_records(user_ids[:50]))))


def full_name(row: dict[str, Any]) -> str:
    """First and last name in their order."""
    return f"{row['first_name']} {row['last_name']}".strip()


def _name(person: Any) -> str:
    return f"{person.first_name} {person.last_name}".strip()


def _student_row(draft: StudentDraft) -> dict[str, Any]:
    row = {name: rule(getattr(draft, name)) for name, rule in STUDENT_RULES.items()}
    return {**row, "payer_id": draft.payer_id}


def _may_pay(payer_id: int | None) -> None:
    """Who is newly chosen to pay is there, and still active. UserErrors beside `payer_id`."""
    if payer_id is None:
        return
    payer = Payer.get_or_none(Payer.id == payer_id)
    if payer is None:
        raise UserError("people.no_such_payer", "payer_id")
    if payer.status != "active":
        raise UserError("enrollment.payer_unavailable", "payer_id")


def check_email(typed: str, field: str = "email") -> str | None:
    """An address as it is stored, None for an empty field. Whether it exists is the mail server's to say."""
    if any(char in typed.strip() for char in "\r\n"):
        raise UserError("people.email_line_break", field)
    address = text.clean(typed, field=field)
    if not address:
        return None
    if "," in address:
        raise UserError("people.email_comma", field, suggestion=address.replace(",", "."))
    local, at, domain = address.rpartition("@")
    if at and len(local) <= 64 and len(address) <= 254 and _PLAIN_LOCAL.fullmatch(local) and not _odd_case(local):
        known = _domain(domain)  # most of a list share a few, and it is the domain that takes long to judge
        if known and len(known) <= len(domain):
            return f"{local}@{known}"
    return _whole_address(address, field)


_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+\-]+(\.[A-Za-z0-9_+\-]+)*")


def _odd_case(local: str) -> bool:
    """Postmaster and its like are known in small letters; a single word may be one of them."""
    return local.isalpha() and not local.islower()


@lru_cache(maxsize=2_000)
def _domain(name: str) -> str:
    """A domain as servers write it, '' where it is none or takes a closer look."""
    try:
        return _whole_address(f"x@{name}", "").removeprefix("x@")
    except UserError:
        return ""


def _whole_address(address: str, field: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        # Servers that take letters beyond ASCII before the @ are rare; a domain's are written as servers know it.
        found = validate_email(address, check_deliverability=False, test_environment=True, allow_smtputf8=False)
        return found.ascii_email or found.normalized
    except EmailNotValidError as error:
        raise UserError("people.bad_email", field, text=address[:60]) from error


def check_phone(typed: str, field: str = "phone") -> str | None:
    """A phone number as typed if it can be one, None for an empty field."""
    number = text.clean(typed, field=field, limit=40)
    if not number:
        return None
    # Numbering plans change faster than programs do: whatever can be dialed is kept as it was typed (E.164: 15 digits).
    if not re.fullmatch(r"\+?[\d\s()/.\-]+", number) or not 5 <= sum(char.isdigit() for char in number) <= 15:
        raise UserError("people.bad_phone", field, text=number)
    return number


def check_birth(typed: str | None, field: str = "date_of_birth") -> str | None:
    """An ISO date of birth, None for an empty field."""
    if not typed or not typed.strip():
        return None
    try:
        born = date.fromisoformat(typed.strip())
    except ValueError as error:
        raise UserError("people.bad_date", field, text=typed.strip()[:40]) from error
    today = clock.now().date()
    if born > today:
        raise UserError("people.born_ahead", field)
    if today.year - born.year > 130:
        raise UserError("people.too_old", field)
    return born.isoformat()


def check_language(typed: str, field: str = "language") -> str:
    """A language code that Babel knows."""
    code = typed.strip() or "en"
    if not _known_language(code):
        raise UserError("people.unknown_language", field, text=code[:20])
    return code


@lru_cache(maxsize=500)
def _known_language(code: str) -> bool:
    try:
        Locale.parse(code.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return False
    return True


def check_status(typed: str, field: str = "status") -> str:
    """A status that the desk may give."""
    if typed not in ("applicant", "active", "on_hold", "inactive"):
        raise UserError("people.unknown_status", field)
    return typed


def check_payer_kind(typed: str, field: str = "kind") -> str:
    """Guardian, company or other."""
    if typed not in ("guardian", "company", "other"):
        raise UserError("people.unknown_kind", field)
    return typed


def _check_payer_status(typed: str) -> str:
    if typed not in ("active", "inactive"):
        raise UserError("people.unknown_payer_status", "status")
    return typed


def _check_emergency_phone(typed: str) -> str:
    return check_phone(typed, field="emergency_phone") or ""


#: What may stand in each field of a student, in the form and in an imported file: typed text to what is stored.
#: Each raises a UserError beside its field.
STUDENT_RULES: dict[str, Callable[[str], Any]] = {
    "first_name": partial(text.clean, field="first_name", required=True),
    "last_name": partial(text.clean, field="last_name"),
    "email": check_email,
    "phone": check_phone,
    "date_of_birth": check_birth,
    "address": partial(text.clean, field="address", limit=text.TEXT_LIMIT, multiline=True),
    "language": check_language,
    "status": check_status,
    "emergency_name": partial(text.clean, field="emergency_name"),
    "emergency_phone": _check_emergency_phone,
}

#: The same for a payer.
PAYER_RULES: dict[str, Callable[[str], Any]] = {
    "name": partial(text.clean, field="name", required=True),
    "kind": check_payer_kind,
    "email": check_email,
    "phone": check_phone,
    "address": partial(text.clean, field="address", limit=text.TEXT_LIMIT, multiline=True),
    "tax_id": partial(text.clean, field="tax_id"),
    "language": check_language,
    "status": _check_payer_status,
}
