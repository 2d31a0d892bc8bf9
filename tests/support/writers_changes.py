"""Ways to change what was agreed, for the tests that try every writer."""

from __future__ import annotations

from typing import Any

from app.desk import dues, invoices, refunds, replan, waiving
from app.desk.payments import PayLine
from app.store.models import CourseEnrolled, Installment, Payment
from tests.support.center import SmallCenter
from tests.support.writers import scenario


def _planned(made: SmallCenter) -> int:
    """Łukasz's lessons in three installments of 200.00; 50.00 of the first are paid. The last is invoiced, unpaid."""
    return int(Installment.get(Installment.position == 3).enrollment_id)


def _bill_last(made: SmallCenter) -> None:
    last = Installment.get(Installment.position == 3)
    line = PayLine(last.enrollment_id, None, last.id)
    invoices.bill(made.staff, made.other_student, [line])


@scenario("waiving.waive", before=_bill_last)
def _(made: SmallCenter) -> Any:
    done = waiving.waive(made.admin, waiving.Waiver(PayLine(_planned(made)), 45_000, "hardship"))
    assert done.papers
    return done


@scenario("replan.replan", before=_bill_last)
def _(made: SmallCenter) -> Any:
    return replan.replan(made.staff, _planned(made), (("2026-11-20", 1), ("2027-03-01", 19_999)))


def _bill_whole(made: SmallCenter) -> None:
    """Ana's theory stands paid in half on one invoice with a book."""
    first = Payment.get(Payment.request_key == "first")
    refunds.refund(made.staff, first.id, 20_000, "half of it", "half")


@scenario("replan.replan of what was invoiced whole", before=_bill_whole)
def _(made: SmallCenter) -> Any:
    line = CourseEnrolled.get(CourseEnrolled.student_id == made.student).id
    done = replan.replan(made.staff, line, (("2026-12-01", 1_000), ("2027-01-01", open_minor(line) - 1_000)))
    assert [paper.kind for paper in done.papers] == ["credit_note", "invoice"]
    return done


def open_minor(line: int) -> int:
    """What is open on an enrollment."""
    return sum(due.open_minor for due in dues.of_lines([line], []))
