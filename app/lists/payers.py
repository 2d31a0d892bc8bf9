"""Payers as they are read: found by name, address or number; with everyone they pay for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from peewee import fn

from app import text
from app.desk import dues, identity, refunds
from app.lists import people as roster
from app.lists import statement
from app.store.models import CourseEnrolled, Payer, ProductEnrolled, User


@dataclass(frozen=True)
class Row:
    """Who pays for others. `people` is how many students have them as their payer."""

    id: int
    name: str
    kind: str
    email: str
    phone: str
    address: str
    tax_id: str
    language: str
    status: str
    version: int
    people: int


@dataclass(frozen=True)
class Member:
    """One of a payer's students. `owed_minor` is their balance; a `guest` has another payer, or none, and owes what
    this payer took over for them.
    """

    row: roster.Row
    owed_minor: int
    guest: bool = False


@dataclass(frozen=True)
class Family:
    """A payer with everyone they pay for, by name; sums in minor units.

    `payer_credit_minor` is what the payer paid that nothing was bought with: it is theirs, no student's.
    """

    payer: Row
    members: tuple[Member, ...]
    payer_credit_minor: int = 0

    @property
    def ids(self) -> list[int]:
        """The students, in their order."""
        return [member.row.id for member in self.members]

    @property
    def owed_minor(self) -> int:
        """What those who owe, owe together."""
        return sum(member.owed_minor for member in self.members if member.owed_minor > 0)

    @property
    def credit_minor(self) -> int:
        """What those who have credit have together."""
        return -sum(member.owed_minor for member in self.members if member.owed_minor < 0)


def find(words: str, limit: int = 50, *, inactive: bool = False) -> list[int]:
    """Payers whom all words fit, by name; '' finds the first of all. Those who are inactive only where asked for.

    A word fits anywhere in name and address (folded as `app.text.fold` does); a phone number by its digits.
    """
    digits = text.phone_digits(words)
    terms = text.fold(words).split()[:8]
    query: Any = Payer.select(Payer.id, Payer.name, Payer.email).order_by(fn.LOWER(Payer.name), Payer.id)
    if not inactive:
        query = query.where(Payer.status == "active")
    if len(digits) >= 3:
        return [row[0] for row in query.where(_dialed().contains(digits)).limit(limit).tuples()]
    for term in terms:
        query = query.where(Payer.name.contains(term) | Payer.email.contains(term) | _foreign(Payer.name))
    if not terms:
        return [row[0] for row in query.limit(limit).tuples()]
    found = []
    for row_id, name, email in query.tuples().iterator():
        said = _folded(name, email or "")
        if all(term in said for term in terms):
            found.append(int(row_id))
            if len(found) == limit:
                break
    return found


@lru_cache(maxsize=50_000)
def _folded(name: str, email: str) -> str:
    return text.fold(f"{name} {email}")


def _foreign(column: Any) -> Any:
    """Whether letters beyond ASCII stand there: what the file compares without folding may say something else."""
    return fn.LENGTH(column.cast("BLOB")) != fn.LENGTH(column)


def _dialed() -> Any:
    """A phone number without what people put between its digits."""
    found: Any = Payer.phone
    for sign in " -/.()":
        found = fn.REPLACE(found, sign, "")
    return found


def page(payer_ids: Sequence[int]) -> dict[int, Row]:
    """The rows of some payers."""
    ids = list(payer_ids)
    counts: Any = (
        User.select(User.payer_id, fn.COUNT(User.id))
        .where(User.payer_id.in_(ids), User.status != "merged")
        .group_by(User.payer_id)
        .tuples()
    )
    people = dict(counts)
    return {
        row.id: Row(
            row.id, row.name, row.kind, row.email or "", row.phone or "", row.address, row.tax_id, row.language,
            row.status, row.version, people.get(row.id, 0),
        )
        for row in Payer.select().where(Payer.id.in_(ids))
    }  # fmt: skip


def names(*, kind: str = "") -> list[tuple[int, str]]:
    """(id, name) of everyone who pays for others now; with a `kind` those of it alone."""
    query = Payer.select(Payer.id, Payer.name).where(Payer.status == "active").order_by(Payer.name)
    if kind:
        query = query.where(Payer.kind == kind)
    return [(row.id, row.name) for row in query]


def get(payer_id: int | None) -> Row | None:
    """One payer, None where there is none."""
    return page([payer_id]).get(payer_id) if payer_id is not None else None


def alike(name: str, email: str, but: int | None = None) -> Row | None:
    """A payer who may be the one that is typed: the same address, or the same name where one address is missing."""
    mail, folded = email.strip().lower(), text.fold(name).strip()
    if not (mail or folded):
        return None
    alike = (fn.LOWER(Payer.email) == mail) | (fn.LOWER(Payer.name) == folded) | _foreign(Payer.name)
    query: Any = Payer.select(Payer.id, Payer.name, Payer.email).where(Payer.status == "active", alike)
    for row_id, theirs, address in query.order_by(Payer.id).tuples().iterator():
        same = mail == (address or "").lower() if mail and address else text.fold(theirs) == folded
        if same and row_id != but:
            return get(row_id)
    return None


def family(payer_id: int) -> Family | None:
    """A payer with everyone they pay for, None where the payer is gone.

    Beside those who have them as payer, those with a running enrollment, or an unpaid line, that this payer took over.
    """
    payer = get(payer_id)
    if payer is None:
        return None
    own = statement.of_payer(payer_id)
    taken = _taken_over(payer_id, own)
    rows = roster.page([*own, *taken])
    members = [Member(rows[one], _owes(rows[one])) for one in own if one in rows]
    members += [Member(rows[one], owed, guest=True) for one, owed in taken.items() if one in rows]
    return Family(payer, tuple(members), refunds.credit_of(None, payer_id))


def _owes(row: roster.Row) -> int:
    """What a student owes; credit of what others paid at them is not theirs, though their balance keeps it."""
    return row.balance_minor + refunds.held_minor(row.id)


def _taken_over(payer_id: int, but: Sequence[int]) -> dict[int, int]:
    """Whoever else this payer pays a course or a product for, and what is open on that."""
    running: Any = CourseEnrolled.select(CourseEnrolled.student_id, CourseEnrolled.id).where(
        CourseEnrolled.payer_id == payer_id, CourseEnrolled.status == "pending"
    )
    sold: Any = ProductEnrolled.select(ProductEnrolled.student_id, ProductEnrolled.id).where(
        ProductEnrolled.payer_id == payer_id, ProductEnrolled.status != "canceled"
    )
    lines = [{line: identity.root(student) for student, line in query.tuples()} for query in (running, sold)]
    courses, products = ({line: one for line, one in some.items() if one not in but} for some in lines)
    found = dict.fromkeys(courses.values(), 0)
    for due in dues.of_lines(courses, products):
        person = identity.root(due.student_id)
        found[person] = found.get(person, 0) + max(due.open_minor, 0)
    return {student: owed for student, owed in found.items() if owed or student in courses.values()}


def common(student_ids: Sequence[int]) -> int | None:
    """The payer whom all of some students have, None where they differ, have none, or the payer is inactive."""
    found: Any = User.select(User.payer_id).where(User.id.in_(list(student_ids))).distinct().limit(2).tuples()
    ids = [row[0] for row in found]
    payer = get(ids[0]) if len(ids) == 1 else None
    return payer.id if payer is not None and payer.status == "active" else None


def beside(student_id: int, payer_id: int, most: int = 4) -> tuple[list[Member], int]:
    """(the first of those whom a payer pays for besides a student, how many more there are)."""
    others = [one for one in statement.of_payer(payer_id) if one != student_id]
    rows = roster.page(others[:most])
    return [Member(rows[one], _owes(rows[one])) for one in others[:most] if one in rows], len(others[most:])
