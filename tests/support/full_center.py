"""A center in which everything has happened once: the ground for breaking one rule at a time.

    python -m tests.support.full_center

keeps one as `tests/data/schema-N.db`: once for every schema version, in the commit that raises it.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app import clock, store
from app.desk import crediting, enrollment, payments, people, refunds, scheduling, seats, till
from app.mail import compose, queue
from app.mail.smtp import Outcome
from app.store import backup, migrations
from app.store.models import Course, MailQueue, Slot, TillMove
from tests.support.center import SmallCenter, build, once

START = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)


def build_full(folder: Path) -> SmallCenter:
    """Make it in `folder` and leave it open in this thread."""
    return once("full", _build_full, folder)


def _build_full(folder: Path) -> SmallCenter:
    with clock.frozen(START):
        center = build(folder, email="desk@brueckenhaus.example")
        drawer = till.open_till(center.staff, 20_000)
        with store.write("Second course", center.admin) as w:
            lessons = w.insert(
                Course, code="D-L", name="Driving lessons", price_minor=60_000, tax_rate_id=1, practical_minutes=500
            )
        third = people.add_student(center.staff, people.StudentDraft("अनिका", "शर्मा", email="anika@mail.example"))
        theory = enrollment.enroll(
            center.staff, enrollment.EnrollmentDraft(student_id=center.student, course_id=center.course)
        )
        plan = enrollment.plan(60_000, 3, "2026-11-16")
        parts = enrollment.enroll(
            center.staff,
            enrollment.EnrollmentDraft(student_id=center.other_student, course_id=lessons, installments=plan),
        )
        dropped = enrollment.enroll(center.staff, enrollment.EnrollmentDraft(student_id=third, course_id=lessons))
    with clock.frozen(START + timedelta(hours=1)):
        first = pay(center, "first", center.student, "cash", 40_000, theory, sales=(enrollment.SaleItem(center.book),))
        installment = payments.owed(center.other_student)[0]
        pay(center, "part", center.other_student, "card", 5_000, parts, installment.installment_id)
        whole = pay(center, "whole", third, "transfer", 60_000, dropped)
        failed = payments.start(center.staff, payments.PaymentDraft("failed", third, "card", 100))
        payments.fail(center.staff, failed, "card refused")
        payments.start(center.staff, payments.PaymentDraft("open", third, "transfer", 700))
    with clock.frozen(START + timedelta(hours=2)):
        refunds.refund(center.staff, first, 1_000, "too much", "refund-1")
        crediting.credit(center.staff, payments_invoice(whole), "wrong buyer")
        enrollment.sell(center.staff, enrollment.SaleDraft(third, (enrollment.SaleItem(center.book),)))
        till.move(center.staff, "paid_out", 1_900, "stamps")
    for days, name in ((0, "Monday"), (1, "Tuesday"), (9, "Next week")):
        with clock.frozen(START):
            day = (START + timedelta(days=days)).date().isoformat()
            session = scheduling.plan_session(
                center.staff,
                scheduling.SessionDraft(
                    course_id=center.course, name=name, recurrence="picked_dates", picked_dates=(day,), capacity=2,
                    start_time="12:00", resource_id=center.room, instructor_ids=(center.instructor,),
                ),
            )  # fmt: skip
            slot = Slot.get(Slot.session_id == session).id
            seat = seats.book(center.staff, slot, center.student)
            if days == 9:
                seats.book(center.staff, slot, center.other_student)
                seats.wait(center.staff, slot, third)
        if days == 0:
            with clock.frozen(START + timedelta(hours=5)):
                seats.mark(center.staff, seat, "attended")
        if days == 1:
            with clock.frozen(START + timedelta(hours=6)):
                scheduling.cancel_slot(center.staff, slot, "ill")
    with clock.frozen(START + timedelta(hours=7)):
        till.close_till(center.staff, drawer_minor())
        till.open_till(center.staff, 20_000)
        send_mails()
    assert drawer == 1
    return center


def pay(
    center: SmallCenter,
    key: str,
    student: int,
    method: str,
    amount: int,
    enrolled: int,
    installment: int | None = None,
    sales: tuple[enrollment.SaleItem, ...] = (),
) -> int:
    """Start and complete a payment on one enrollment."""
    due = sum(line.open_minor for line in payments.owed(student) if line.enrollment_id == enrolled)
    line = payments.PayLine(enrollment_id=enrolled, installment_id=installment, amount_minor=min(amount, due))
    made = payments.start(
        center.staff,
        payments.PaymentDraft(
            key, student, method, amount, (line,), sales, given_minor=amount if method == "cash" else None
        ),
    )
    payments.complete(center.staff, made)
    return made


def payments_invoice(payment_id: int) -> int:
    """The invoice a payment's money stands on."""
    from app.store.models import StudentPayment

    return int(StudentPayment.get(StudentPayment.payment_id == payment_id).invoice_id)


def drawer_minor() -> int:
    """What the open till should hold."""
    state = till.current()
    assert state is not None
    assert TillMove.select().count() == 1
    return state.expected_minor


def send_mails() -> None:
    """One message sent, one refused, one uncertain, one deferred; the rest waits."""
    queue.build("desk@brueckenhaus.example", lambda ref: compose.Attachment("a.pdf", "application/pdf", b"%PDF-1.4"))
    claimed = queue.claim("test", limit=4)
    assert len(claimed) == 4
    outcomes = (
        Outcome("sent", "dot", "250 OK"),
        Outcome("failed", "rcpt", "550 no such user"),
        Outcome("uncertain", "dot", "Connection unexpectedly closed"),
        Outcome("deferred", "rcpt", "451 greylisted"),
    )
    for mail, outcome in zip(claimed, outcomes, strict=True):
        queue.settle(mail.id, outcome, clock.stamp())
    assert MailQueue.select().where(MailQueue.state == "queued").count() >= 2


def keep() -> None:
    """Keep a file of the present schema for all tests to come; one that is there stays."""
    with tempfile.TemporaryDirectory() as folder:
        build_full(Path(folder) / "center")
        try:
            with clock.frozen(START + timedelta(hours=10)):
                backup.make(Path(__file__).parent.parent / "data" / f"schema-{migrations.SCHEMA_VERSION}.db")
        finally:
            store.close_center()


if __name__ == "__main__":
    keep()
