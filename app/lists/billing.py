"""What can be put on an invoice: the open lines of a student, or of everyone whom somebody pays for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.desk import dues, identity, payments
from app.desk.dues import Due, PayLine
from app.desk.payments import OwedLine
from app.lists import statement
from app.store.models import Payer, User


@dataclass(frozen=True)
class BillLine:
    """One line that has no invoice yet, in minor units, and whose it is."""

    student_id: int
    student: str
    line: PayLine
    kind: str
    title: str
    detail: str
    due_on: str
    gross_minor: int


def lines(student_id: int | None, payer_id: int | None) -> list[BillLine]:
    """What has no invoice yet, by student and then oldest first.

    With a payer: what they pay for, of all students, and what a student named besides has bought without a payer. With
    none: what the student pays for.
    """
    people = dues.paid_for(payer_id) if payer_id is not None else []
    student_id = identity.root(student_id) if student_id is not None else None
    if student_id is not None and student_id not in people:
        people.append(student_id)
    found: list[BillLine] = []
    for name, due in _dues_of(people, student_id, payer_id):
        if due.invoice_id is None:
            line = PayLine(due.enrollment_id, due.product_enrolled_id, due.installment_id)
            found.append(
                BillLine(due.student_id, name, line, due.kind, due.title, due.detail, due.due_on, due.gross_minor)
            )
    return sorted(found, key=lambda one: (one.student_id != student_id, one.student, one.student_id, one.due_on))


def together(student_id: int, payer_id: int | None) -> list[OwedLine]:
    """What a student owes, oldest due first; with a payer also what that payer owes for others, each named."""
    own = payments.owed(student_id)
    if payer_id is None:
        return own
    others = [one for one in dues.paid_for(payer_id) if one != identity.root(student_id)]
    names = [name for name in OwedLine.__dataclass_fields__ if name != "student"]
    return own + [
        OwedLine(**{name: getattr(due, name) for name in names}, student=student)
        for student, due in _dues_of(others, None, payer_id)
    ]


def _dues_of(people: list[int], student_id: int | None, payer_id: int | None) -> Iterator[tuple[str, Due]]:
    """(student, due) of what is open and paid by a payer, or by the student themselves where there is none.

    What `student_id` bought without a payer of its own can be paid by whoever is named.
    """
    query = User.select(User.id, User.first_name, User.last_name, User.payer_id).where(User.id.in_(people))
    for row in query.order_by(User.last_name, User.first_name, User.id):
        usual = payer_id if row.id == student_id else row.payer_id
        for due in dues.of_student(row.id):
            if due.open_minor > 0 and due.paid_by(usual) == payer_id:
                yield f"{row.first_name} {row.last_name}".strip(), due


def payer_of(student_id: int) -> int | None:
    """Who pays for a student as a rule."""
    found = statement.payer_of(identity.root(student_id))
    return found[0] if found is not None else None


def has_address(student_id: int | None, payer_id: int | None) -> bool:
    """Whether the buyer has an address for mail."""
    if payer_id is None and student_id is None:
        return False
    found: Any = Payer.select(Payer.email).where(Payer.id == payer_id)
    if payer_id is None:
        found = User.select(User.email).where(User.id == identity.root(student_id or 0))
    return any(email for (email,) in found.tuples())
