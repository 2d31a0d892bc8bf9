"""Every writing function of `app.desk` and of the mail queue, each to be done once over one prepared center."""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from app import clock
from app.desk import (
    catalog,
    enrollment,
    invoices,
    keeping,
    notifications,
    payments,
    people,
    scheduling,
    seats,
    till,
)
from app.desk import center as centers
from app.mail import queue
from app.store.models import Invoice, MailQueue, Notification, Payment, Product, Session, Slot, SlotEnrolled, User
from tests.support.center import SmallCenter
from tests.support.full_center import START, build_full

#: When the deeds are done.
NOW = START + timedelta(hours=8)

Deed = Callable[[SmallCenter], object]
DAY = "2026-11-26"


def prepare(folder: Path) -> SmallCenter:
    """A center in which each of them has something to do, left open."""
    with clock.frozen(NOW):
        return _prepare(folder)


def _prepare(folder: Path) -> SmallCenter:
    center = build_full(folder)
    catalog.restock(center.admin, center.book, 5)
    payments.start(center.staff, payments.PaymentDraft("due", center.student, "card", 1_000))
    enrollment.sell(center.staff, _sale(center.other_student, center))
    queue.write_mail(center.staff, center.student, "Ana", "ana.satler@mail.example", "Hello", "Text")
    scheduling.plan_session(center.staff, _session(center, "Free", "2026-11-27"))
    full = scheduling.plan_session(center.staff, replace(_session(center, "Full", "2026-11-28"), capacity=1))
    slot = Slot.get(Slot.session_id == full).id
    seat = seats.book(center.staff, slot, center.student)
    seats.wait(center.staff, slot, center.other_student)
    seats.cancel_seat(center.staff, seat, "ill")
    people.add_student(center.staff, people.StudentDraft("Nils", "Anders"))
    keeping.set_second_place(center.admin, "/")
    return center


def _sale(student: int, center: SmallCenter) -> enrollment.SaleDraft:
    return enrollment.SaleDraft(student, (enrollment.SaleItem(center.book),))


def _session(center: SmallCenter, name: str, day: str) -> scheduling.SessionDraft:
    return scheduling.SessionDraft(
        course_id=center.course, name=name, recurrence="picked_dates", picked_dates=(day,), capacity=3,
        start_time="15:00", resource_id=center.room, instructor_ids=(center.instructor,),
    )  # fmt: skip


def _slot(name: str) -> int:
    return int(Slot.get(Slot.session_id == Session.get(Session.name == name).id).id)


def _seat(status: str, slot: int | None = None) -> int:
    found = SlotEnrolled.select().where(SlotEnrolled.status == status)
    if slot is not None:
        found = found.where(SlotEnrolled.slot_id == slot)
    return int(found.order_by(SlotEnrolled.id).first().id)


def _newcomer() -> int:
    return int(User.get(User.last_name == "Anders").id)


def _version(user: int) -> int:
    return int(User.get_by_id(user).version)


def _payment(key: str) -> int:
    return int(Payment.get(Payment.request_key == key).id)


def _mail(state: str) -> int:
    return int(MailQueue.select().where(MailQueue.state == state).order_by(MailQueue.id).first().id)


def _notification() -> int:
    return int(Notification.select().where(Notification.done_at.is_null()).order_by(Notification.id).first().id)


def _open_line(student: int) -> payments.PayLine:
    due = next(due for due in payments.owed(student) if due.open_minor)
    return payments.PayLine(due.enrollment_id, due.product_enrolled_id, due.installment_id, min(due.open_minor, 1_000))


def _unbilled(student: int) -> payments.PayLine:
    due = next(due for due in payments.owed(student) if due.product_enrolled_id is not None)
    return payments.PayLine(None, due.product_enrolled_id, None, due.open_minor)


MONEY: dict[str, Deed] = {
    "enrollment.enroll": lambda c: enrollment.enroll(c.staff, enrollment.EnrollmentDraft(c.other_student, c.course)),
    "enrollment.sell": lambda c: enrollment.sell(c.staff, _sale(c.student, c)),
    "enrollment.cancel_enrollment": lambda c: enrollment.cancel_enrollment(c.admin, 2, "moved away"),
    "payments.start": lambda c: payments.start(
        c.staff, payments.PaymentDraft("new", c.student, "cash", 2_000, given_minor=5_000)
    ),
    "payments.complete": lambda c: payments.complete(c.staff, _payment("due")),
    "payments.fail": lambda c: payments.fail(c.staff, _payment("due"), "card refused"),
    "payments.apply_credit": lambda c: payments.apply_credit(c.staff, 6, [_open_line(6)]),
    "payments.refund": lambda c: payments.refund(c.staff, _payment("first"), 500, "too much", "refund-2"),
    "invoices.bill": lambda c: invoices.bill(c.staff, c.other_student, [_unbilled(c.other_student)]),
    "invoices.credit": lambda c: invoices.credit(c.admin, int(Invoice.get(Invoice.kind == "invoice").id), "wrong"),
    "till.move": lambda c: till.move(c.staff, "paid_in", 500, "change"),
    "till.close_till": lambda c: till.close_till(c.staff, 20_000),
}

SEATS: dict[str, Deed] = {
    "scheduling.plan_session": lambda c: scheduling.plan_session(c.staff, _session(c, "New", DAY)),
    "scheduling.move_slot": lambda c: scheduling.move_slot(
        c.staff, _slot("Free"), int(Slot.get_by_id(_slot("Free")).version), "2026-11-27T17:00"
    ),
    "scheduling.cancel_slot": lambda c: scheduling.cancel_slot(c.staff, _slot("Next week"), "ill"),
    "seats.book": lambda c: seats.book(c.staff, _slot("Free"), c.student),
    "seats.book_session": lambda c: seats.book_session(
        c.staff, int(Slot.get_by_id(_slot("Free")).session_id), c.other_student
    ),
    "seats.hold": lambda c: seats.hold(c.staff, _slot("Free"), c.student),
    "seats.wait": lambda c: seats.wait(c.staff, _slot("Next week"), _newcomer()),
    "seats.cancel_seat": lambda c: seats.cancel_seat(c.staff, _seat("booked", _slot("Next week"))),
    "seats.mark": lambda c: seats.mark(c.staff, _seat("attended"), "absent"),
    "seats.offer": lambda c: seats.offer(c.staff, _slot("Full"), c.other_student),
}


OTHERS: dict[str, Deed] = {
    "till.open_till": lambda c: till.open_till(c.staff, 10_000),
    "seats.roll_forward": lambda c: seats.roll_forward(c.staff),
    "people.add_student": lambda c: people.add_student(c.staff, people.StudentDraft("Öykü", "Yıldız")),
    "people.edit_student": lambda c: people.edit_student(
        c.staff, c.student, _version(c.student), people.StudentDraft("Anna", "Satler")
    ),
    "people.add_staff": lambda c: people.add_staff(c.admin, people.StaffDraft("Per", "Olsen")),
    "people.add_payer": lambda c: people.add_payer(c.staff, people.PayerDraft("Satler & Co", "company")),
    "people.add_note": lambda c: people.add_note(c.staff, c.student, "prefers mornings"),
    "catalog.add_course": lambda c: catalog.add_course(c.admin, catalog.CourseDraft("NEW", "New course", 1_000, 1)),
    "catalog.edit_course": lambda c: catalog.edit_course(
        c.admin, c.course, 1, catalog.CourseDraft("B-T", "Driving B", 34_000, 1, theory_minutes=720)
    ),
    "catalog.add_product": lambda c: catalog.add_product(
        c.admin, catalog.ProductDraft("NEW", "New book", 900, 1, stock=2)
    ),
    "catalog.edit_product": lambda c: catalog.edit_product(
        c.admin, c.book, int(Product.get_by_id(c.book).version), catalog.ProductDraft("HB", "Handbook", 2_500, 2)
    ),
    "catalog.restock": lambda c: catalog.restock(c.admin, c.book, 2),
    "catalog.add_resource": lambda c: catalog.add_resource(c.admin, catalog.ResourceDraft("Room 2")),
    "catalog.edit_resource": lambda c: catalog.edit_resource(c.admin, c.room, 1, catalog.ResourceDraft("Room 1a")),
    "center.save": lambda c: centers.save(c.admin, replace(centers.load(), name="Brückenhaus")),
    "center.add_tax_rate": lambda c: centers.add_tax_rate(c.admin, centers.TaxRateDraft("Parking", "S", 1_300)),
    "center.switch_tax_rate": lambda c: centers.switch_tax_rate(c.admin, 2, available=False),
    "notifications.mark_read": lambda c: notifications.mark_read(c.admin, [_notification()]),
    "notifications.mark_done": lambda c: notifications.mark_done(c.admin, _notification()),
    "notifications.assign": lambda c: notifications.assign(c.admin, _notification(), c.staff.user_id),
    "notifications.snooze": lambda c: notifications.snooze(c.admin, _notification(), "2026-12-01T08:00:00.000Z"),
    "keeping.set_second_place": lambda c: keeping.set_second_place(c.admin, ""),
    "keeping.second_place_seen": lambda c: keeping.second_place_seen(c.admin),
    "keeping.remind_of_second_place": lambda c: keeping.remind_of_second_place(c.admin),
    "keeping.report_unsound": lambda c: keeping.report_unsound(c.admin, "a rule"),
    "queue.write_mail": lambda c: queue.write_mail(c.staff, c.student, "Ana", "ana@mail.example", "Hello", "Text"),
    "queue.retry_now": lambda c: queue.retry_now(c.staff, _mail("failed")),
    "queue.hold": lambda c: queue.hold(c.staff, _mail("queued")),
    "queue.cancel": lambda c: queue.cancel(c.staff, _mail("queued")),
    "queue.edit_address": lambda c: queue.edit_address(c.staff, _mail("failed"), "new@mail.example"),
    "queue.resolve_uncertain": lambda c: queue.resolve_uncertain(c.staff, _mail("uncertain"), arrived=True),
    "queue.save_account": lambda c: queue.save_account(
        c.admin, queue.AccountDraft("smtp.mail.example", from_address="desk@mail.example")
    ),
}

ALL = {**MONEY, **SEATS, **OTHERS}

#: What some of them need to have been done first.
BEFORE: dict[str, Deed] = {"till.open_till": lambda c: till.close_till(c.staff, 20_000)}

#: Not one write: a restore replaces the file, and has tests of its own.
LEFT_OUT = {"keeping.restore"}


#: Those that have something to do only when days have gone by.
LATER = ("seats.roll_forward", "keeping.second_place_seen", "keeping.remind_of_second_place")


def at_time_of(name: str) -> AbstractContextManager[None]:
    """The clock at the moment at which a deed is done."""
    return clock.frozen(NOW + timedelta(days=9) if name in LATER else NOW)


def writers() -> set[str]:
    """``module.function`` of everything in the desk and the mail queue that asks for a right: what must be in ALL."""
    root = Path(__file__).resolve().parents[2] / "app"
    found = set()
    for path in (*sorted((root / "desk").glob("*.py")), root / "mail" / "queue.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if (
                isinstance(node, ast.FunctionDef)
                and not node.name.startswith("_")
                and any(
                    isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "require"
                    for part in ast.walk(node)
                )
            ):
                found.add(f"{path.stem}.{node.name}")
    return found - LEFT_OUT
