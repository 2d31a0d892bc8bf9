"""The foot of the roster: how many invoices are open of those who owe, counted once more one by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import clock, store
from app.desk import crediting, enrollment, identity, merge, payments, people
from app.lists import people as roster
from app.store.models import Invoice, StudentPayment, User
from tests.desk.test_merge import pay
from tests.support.center import SmallCenter
from tests.support.full_center import START, build_full

ZONE = "Europe/Vienna"


@pytest.fixture
def full(tmp_path: Path) -> Iterator[SmallCenter]:
    with clock.frozen(START):
        yield build_full(tmp_path / "center")
    store.close_center()


def one_by_one() -> int:
    count = 0
    for invoice in Invoice.select().where(Invoice.kind == "invoice"):
        person = User.get_by_id(identity.root(invoice.student_id))
        paid = sum(
            row.direction * row.amount_minor
            for row in StudentPayment.select().where(StudentPayment.invoice_id == invoice.id)
        )
        credited = Invoice.get_or_none(Invoice.refers_to == invoice.id, Invoice.is_full == 1)
        count += person.balance_minor > 0 and invoice.gross_minor > paid and credited is None
    return count


def test_it_is_what_one_finds_one_by_one_also_after_a_merge_and_a_credit_note(full: SmallCenter) -> None:
    counts = [roster.open_invoices("", (), ZONE)]
    assert counts[0] == one_by_one()
    newcomer = people.add_student(full.staff, people.StudentDraft("Nova", "Neu"))
    line = enrollment.enroll(full.staff, enrollment.EnrollmentDraft(student_id=newcomer, course_id=full.course))
    (due,) = payments.owed(newcomer)
    pay(full, newcomer, 1_000, "a part", payments.PayLine(line, None, due.installment_id, 1_000))
    made = Invoice.get(Invoice.student_id == newcomer).id
    counts.append(roster.open_invoices("", (), ZONE))
    assert counts[1] == counts[0] + 1 == one_by_one()
    assert (roster.open_invoices("nova", (), ZONE), roster.open_invoices("zzz", (), ZONE)) == (1, 0)
    assert roster.open_invoices("", ("owes",), ZONE) == counts[1]
    twin = people.add_student(full.staff, people.StudentDraft("Nova", "Neumann"))
    merge.merge(full.staff, twin, newcomer)
    assert roster.open_invoices("neumann", (), ZONE) == 1, "the document stays at the record merged away"
    assert roster.open_invoices("", (), ZONE) == one_by_one()
    crediting.credit(full.staff, made, "wrong buyer")
    assert roster.open_invoices("", (), ZONE) == counts[0] == one_by_one()
