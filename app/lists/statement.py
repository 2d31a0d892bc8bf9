"""The account of a student, a family or a company: what was bought and paid in order, what is open by age.

A line stands there at the price it was bought for, on its day; what was waived or canceled later, and what counts again
because that was taken back, are entries of their own days. So a day that has passed says the same for ever: its
entries, and the balances before and after it. What is open is told as of the moment, for it is there to be paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any

from app import clock
from app.desk import center, dues, identity
from app.store import images
from app.store.models import Course, CourseEnrolled, Payer, Payment, Product, ProductEnrolled, StudentPayment, User

#: The upper ends, in days late, of the ages of open money: not yet due, then up to 30, 60, 90, and more.
AGES = (0, 30, 60, 90)


@dataclass(frozen=True)
class Entry:
    """One movement. `amount_minor` is positive where more is owed afterwards, negative where less.

    `kind` is bought, waived, canceled, restored (canceled before, and taken back), paid, refunded, paid_by_other
    (another person's payment was put on this student's lines) or paid_for_other.
    """

    on: str
    kind: str
    title: str
    detail: str
    student_id: int
    student: str
    amount_minor: int


@dataclass(frozen=True)
class OpenItem:
    """One line with money still open, and how many days late it is (0 where it is not due yet)."""

    due_on: str
    title: str
    detail: str
    student: str
    open_minor: int
    days_late: int

    @property
    def age(self) -> int:
        """Which of the five ages it falls into: 0 not due, 4 more than 90 days late."""
        return next((index for index, most in enumerate(AGES) if self.days_late <= most), len(AGES))


@dataclass(frozen=True)
class Statement:
    """Everything between two days, with the balance before and after, in minor units. Positive: money is owed."""

    first_on: str
    last_on: str
    opening_minor: int
    entries: tuple[Entry, ...]
    open_items: tuple[OpenItem, ...]

    @property
    def closing_minor(self) -> int:
        """The balance after the last entry."""
        return self.opening_minor + sum(entry.amount_minor for entry in self.entries)

    @property
    def running_minor(self) -> list[int]:
        """The balance after each entry."""
        return list(accumulate((entry.amount_minor for entry in self.entries), initial=self.opening_minor))[1:]

    @property
    def by_age_minor(self) -> list[int]:
        """What is open in each of the five ages."""
        sums = [0] * (len(AGES) + 1)
        for item in self.open_items:
            sums[item.age] += item.open_minor
        return sums


def of_payer(payer_id: int) -> list[int]:
    """The students a payer pays for, by name."""
    theirs = User.select(User.id).where(User.payer_id == payer_id, User.status != "merged")
    query = theirs.order_by(User.last_name, User.first_name, User.id)
    return [row.id for row in query]


def payer_of(student_id: int) -> tuple[int, str] | None:
    """(id, name) of who pays for a student, None where they pay themselves."""
    query = Payer.select(Payer.id, Payer.name).join(User, on=(User.payer_id == Payer.id)).where(User.id == student_id)
    row = query.get_or_none()
    return (row.id, row.name) if row is not None else None


def of_students(student_ids: Sequence[int], first_on: str, last_on: str) -> Statement:
    """The account of these students together, from one ISO day to another, both included.

    Whatever stands at records that were merged away is the person's.
    """
    people = _people(student_ids)
    entries = sorted(
        [*_bought(CourseEnrolled, Course, "course_id", "enrolled_on", people),
         *_bought(ProductEnrolled, Product, "product_id", "sold_on", people),
         *_paid(people), *_across(people)],
        key=lambda entry: (entry.on, entry.kind, entry.detail),
    )  # fmt: skip
    before = sum(entry.amount_minor for entry in entries if entry.on < first_on)
    within = tuple(entry for entry in entries if first_on <= entry.on <= last_on)
    return Statement(first_on, last_on, before, within, tuple(open_items(student_ids, last_on)))


def open_items(student_ids: Iterable[int], today: str) -> list[OpenItem]:
    """What is open now, oldest due first, with its age on a day."""
    found = []
    for student_id, name in dict.fromkeys(_people(student_ids).values()):
        for due in dues.of_student(student_id):
            if due.open_minor > 0:
                late = max(0, (date.fromisoformat(today) - date.fromisoformat(due.due_on)).days)
                said = due.invoice_label or due.detail
                found.append(OpenItem(due.due_on, due.title, said, name, due.open_minor, late))
    return sorted(found, key=lambda item: (item.due_on, item.student, item.title))


#: Record → the person it stands for: the record in use and its name.
_People = dict[int, tuple[int, str]]


def _people(student_ids: Iterable[int]) -> _People:
    records = identity.all_records(student_ids)
    rows = User.select(User.id, User.first_name, User.last_name).where(User.id.in_(list(records.values())))
    names = {row.id: f"{row.first_name} {row.last_name}".strip() for row in rows}
    return {one: (first, names[first]) for one, first in records.items() if first in names}


def _bought(line: Any, thing: Any, key: str, day: str, people: _People) -> list[Entry]:
    """Lines as they were agreed, and what became of each since: the record of changes knows every price it had."""
    query = (
        line.select(
            line.id, line.number, line.student_id, getattr(line, day), line.gross_minor, line.status, line.canceled_on,
            thing.name,
        )
        .join(thing, on=(thing.id == getattr(line, key)))
        .where(line.student_id.in_(list(people)))
        .tuples()
    )  # fmt: skip
    rows = list(query)
    steps: dict[int, list[tuple[str, int, int, str]]] = {}
    zone = center.load().zone
    for row_id, at, before, after in images.steps(line._meta.table_name, [row[0] for row in rows], _OWED):
        on = clock.local_date(zone, clock.parse_stamp(at)).isoformat()
        less = _owed(after) - _owed(before)
        kind = "waived" if less < 0 else "restored"
        if after["status"] == "canceled" and before["status"] != "canceled":
            kind, on = "canceled", after["canceled_on"] or on
        steps.setdefault(row_id, []).append((kind, less, before["gross_minor"], on))
    found = []
    for row_id, number, student, on, gross, status, canceled_on, title in rows:
        story = steps.get(row_id, [])
        first = story[0][2] if story else gross
        found.append(Entry(on, "bought", title, number, *people[student], first))
        found += [Entry(then, kind, title, number, *people[student], less) for kind, less, _, then in story if less]
        if status == "canceled" and not story:  # it was brought in like this
            found.append(Entry(canceled_on or on, "canceled", title, number, *people[student], -gross))
    return found


#: What decides how much is owed on a line, and since when not any more.
_OWED = ("gross_minor", "status", "canceled_on")


def _owed(values: dict[str, Any]) -> int:
    """What a line adds to what is owed, in minor units."""
    return 0 if values["status"] == "canceled" else int(values["gross_minor"])


def _paid(people: _People) -> list[Entry]:
    query: Any = (
        Payment.select(
            Payment.number, Payment.student_id, Payment.settled_on, Payment.amount_minor, Payment.method,
            Payment.payment_type,
        )
        .where(Payment.student_id.in_(list(people)), Payment.status == "COMPLETED")
        .tuples()
    )  # fmt: skip
    return [
        Entry(on, "refunded", method, number, *people[student], amount)
        if kind == "refund"
        else Entry(on, "paid", method, number, *people[student], -amount)
        for number, student, on, amount, method, kind in query
    ]


def _across(people: _People) -> list[Entry]:
    """Money of one person's payment on another's line; between two people of one statement it evens out."""
    put = StudentPayment
    query: Any = (
        put.select(put.student_id, put.created_at, put.direction, put.amount_minor, put.method, Payment.number,
                   Payment.student_id)
        .join(Payment, on=(Payment.id == put.payment_id))
        .where(
            put.student_id != Payment.student_id,
            put.student_id.in_(list(people)) | Payment.student_id.in_(list(people)),
        )
        .tuples()
    )  # fmt: skip
    zone = center.load().zone
    found = []
    for student, at, direction, amount, method, number, payer in query:
        if student in people and people[student] == people.get(payer):
            continue  # two records of one person: money that stayed where it was
        on = clock.local_date(zone, clock.parse_stamp(at)).isoformat()
        if student in people:
            found.append(Entry(on, "paid_by_other", method, number, *people[student], -direction * amount))
        if payer in people:
            found.append(Entry(on, "paid_for_other", method, number, *people[payer], direction * amount))
    return found
