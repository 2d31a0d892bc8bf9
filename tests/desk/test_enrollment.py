"""Flows 1 and 2: everything of an enrollment or a sale is there, or nothing is; each refusal is one sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app import clock, money, store, text
from app.desk import canceling, enrollment, invoices, payments, refunds, scheduling, seats
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.errors import UserError
from app.store import checks
from app.store.models import (
    Course,
    CourseEnrolled,
    Installment,
    Invoice,
    MailQueue,
    Notification,
    NotificationRecipient,
    Operation,
    Payer,
    Product,
    ProductEnrolled,
    Slot,
    SlotEnrolled,
    TaxRate,
    Timeline,
    User,
)
from tests.support.center import SmallCenter, build, small_center

__all__ = ["small_center"]


def counts() -> list[int]:
    tables = (CourseEnrolled, ProductEnrolled, Installment, Notification, MailQueue, Timeline, Operation)
    return [table.select().count() for table in tables]


def test_one_enrollment_is_one_transaction_with_all_that_follows(small_center: SmallCenter) -> None:
    before = Operation.select().count()
    made = enrollment.enroll(small_center.staff, EnrollmentDraft(small_center.student, small_center.course))
    assert Operation.select().count() == before + 1
    row = CourseEnrolled.get_by_id(made)
    assert (row.number, row.status, row.gross_minor, row.net_minor, row.tax_minor) == (
        "E-00001",
        "pending",
        33000,
        27500,
        5500,
    )
    assert (row.tax_category, row.rate_bp) == ("S", 2000)
    assert User.get_by_id(small_center.student).balance_minor == 33000
    told = Notification.get(Notification.key == "enrollment.created")
    assert (told.type, told.link_table, told.link_id) == ("payment", "courses_enrolled", made)
    recipients = {
        r.user_id for r in NotificationRecipient.select().where(NotificationRecipient.notification_id == told.id)
    }
    assert recipients == {small_center.admin.user_id}
    mail = MailQueue.get()
    assert (mail.template_key, mail.to_address, mail.state) == (
        "enrollment_confirmation", "ana.satler@mail.example", "queued",
    )  # fmt: skip
    assert "Driving B Theory" in mail.subject
    entry = Timeline.get(Timeline.key == "enrollment.timeline_created")
    assert (entry.user_id, entry.subject_id) == (small_center.student, made)
    assert text.sentence(entry.key, json.loads(entry.params), currency="EUR") == (
        "Enrolled in Driving B Theory for €330.00 (E-00001)."
    )


def test_without_an_address_there_is_no_mail_and_the_timeline_says_so(small_center: SmallCenter) -> None:
    for address in (None, "not an address", "a@b.example,c@d.example"):
        with store.write("Address", small_center.admin) as w:
            student = w.insert(User, role="student", first_name="Öykü", email=address)
        enrollment.enroll(small_center.staff, EnrollmentDraft(student, small_center.course))
        assert Timeline.select().where(Timeline.user_id == student, Timeline.key == "payments.no_address").count() == 1
    assert MailQueue.select().count() == 0


@pytest.mark.parametrize(
    ("prices", "listed", "discount", "rate", "net", "tax", "gross"),
    [
        # gross: net = gross / 1.2, half-up.      100.00 / 1.2 = 83.3333…        → 83.33 + 16.67
        ("gross", 10000, 0, 2000, 8333, 1667, 10000),
        # 0.03 / 1.2 = 0.025 → half-up 0.03 (half-even would give 0.02)
        ("gross", 3, 0, 2000, 3, 0, 3),
        # 0.09 / 1.2 = 0.075 → 0.08 + 0.01
        ("gross", 9, 0, 2000, 8, 1, 9),
        # (24.00 − 1.00) / 1.1 = 20.9090… → 20.91 + 2.09
        ("gross", 2400, 100, 1000, 2091, 209, 2300),
        # net: tax = net × rate, half-up.         0.25 × 10 % = 0.025 → 0.03 (half-even: 0.02)
        ("net", 25, 0, 1000, 25, 3, 28),
        # 333.33 × 20 % = 66.666 → 66.67
        ("net", 33333, 0, 2000, 33333, 6667, 40000),
        # (100.00 − 33.00) × 20 % = 13.40
        ("net", 10000, 3300, 2000, 6700, 1340, 8040),
        # no tax: net is gross
        ("net", 10000, 0, 0, 10000, 0, 10000),
        ("gross", 10000, 10000, 2000, 0, 0, 0),
    ],
)
def test_prices_worked_out_by_hand(
    tmp_path: Any, prices: str, listed: int, discount: int, rate: int, net: int, tax: int, gross: int
) -> None:
    center = build(tmp_path / "center", prices=prices)
    try:
        rate_id = TaxRate.get(TaxRate.rate_bp == rate).id
        draft = EnrollmentDraft(
            center.student, center.course, list_price_minor=listed, discount_minor=discount, tax_rate_id=rate_id
        )
        quote = enrollment.quote(draft)
        assert (quote.net_minor, quote.tax_minor, quote.gross_minor) == (net, tax, gross)
        row = CourseEnrolled.get_by_id(enrollment.enroll(center.staff, draft))
        assert (row.quoted, row.net_minor, row.tax_minor, row.gross_minor) == (prices, net, tax, gross)
        assert (row.list_price_minor, row.discount_minor) == (listed, discount)
    finally:
        store.close_center()


def test_an_agreed_price_does_not_follow_the_catalog(small_center: SmallCenter) -> None:
    made = enrollment.enroll(small_center.staff, EnrollmentDraft(small_center.student, small_center.course))
    with store.write("Dearer", small_center.admin) as w:
        w.update(Course, small_center.course, price_minor=99900)
    assert [line.open_minor for line in payments.owed(small_center.student)] == [33000]
    assert CourseEnrolled.get_by_id(made).gross_minor == 33000


def test_installments_are_even_and_sum_to_the_price() -> None:
    assert enrollment.plan(10000, 3, "2026-11-30") == (
        ("2026-11-30", 3334), ("2026-12-30", 3333), ("2027-01-30", 3333),
    )  # fmt: skip
    assert [on for on, _ in enrollment.plan(400, 4, "2027-11-30")] == [
        "2027-11-30",
        "2027-12-30",
        "2028-01-30",
        "2028-02-29",
    ]
    for total, parts in ((100, 0), (100, 61), (2, 3)):
        with pytest.raises(UserError, match=r"enrollment\.parts"):
            enrollment.plan(total, parts, "2026-11-30")
    with pytest.raises(UserError, match=r"enrollment\.date"):
        enrollment.plan(100, 2, "30.11.2026")


def test_installments_are_owed_one_by_one_and_their_taxes_sum_to_the_line(small_center: SmallCenter) -> None:
    plan = enrollment.plan(33000, 7, "2031-01-31")
    made = enrollment.enroll(
        small_center.staff, EnrollmentDraft(small_center.student, small_center.course, installments=plan)
    )
    owed = payments.owed(small_center.student)
    assert [(line.kind, line.due_on, line.open_minor) for line in owed] == [
        ("installment", on, part) for on, part in plan
    ]
    for line in owed:
        invoices.bill(small_center.staff, small_center.student, [PayLine(made, None, line.installment_id)])
    billed = list(Invoice.select())
    assert len(billed) == 7
    row = CourseEnrolled.get_by_id(made)
    assert sum(document.tax_minor for document in billed) == row.tax_minor == 5500
    assert sum(document.net_minor for document in billed) == row.net_minor


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"discount_minor": 33001}, "enrollment.discount_above_price"),
        ({"discount_minor": -1}, "enrollment.discount_negative"),
        ({"list_price_minor": -1}, "enrollment.price"),
        ({"list_price_minor": money.MAX_MINOR + 1}, "enrollment.price"),
        ({"tax_rate_id": 999}, "catalog.tax_rate"),
        ({"course_id": 999}, "store.gone"),
        ({"student_id": 999}, "store.gone"),
        ({"payer_id": 999}, "enrollment.payer_unavailable"),
        ({"session_id": 999}, "enrollment.wrong_session"),
        ({"installments": (("2031-01-01", 10000),)}, "enrollment.installments_sum"),
        ({"installments": (("2031-02-01", 10000), ("2031-01-01", 23000))}, "enrollment.installments_order"),
        ({"installments": (("2031-01-01", 33000), ("2031-02-01", 0))}, "enrollment.parts"),
        ({"installments": (("2020-01-01", 3000), ("2031-01-01", 30000))}, "enrollment.installments_past"),
        ({"installments": (("soon", 33000),)}, "enrollment.date"),
        ({"discount_reason": "a\x07b"}, "text.control_character"),
    ],
)
def test_a_bad_enrollment_leaves_nothing_behind(small_center: SmallCenter, change: dict[str, Any], key: str) -> None:
    draft = EnrollmentDraft(small_center.student, small_center.course)
    before = counts()
    with pytest.raises(UserError) as refused:
        enrollment.enroll(small_center.staff, replace(draft, **change))
    assert refused.value.key == key
    assert "{" not in text.sentence(refused.value)
    assert counts() == before
    assert User.get_by_id(small_center.student).balance_minor == 0


def group(center: SmallCenter, capacity: int = 2, times: tuple[str, ...] = ("17:30",)) -> list[int]:
    """A group with three meetings at each time; returns the session ids."""
    draft = scheduling.SessionDraft(
        course_id=center.course, name="Group 7", recurrence="picked_dates",
        picked_dates=("2026-12-01", "2026-12-03", "2026-12-08"), start_time="17:30", duration_minutes=90,
        capacity=capacity, session_type="group",
    )  # fmt: skip
    return [scheduling.plan_session(center.staff, replace(draft, start_time=time)) for time in times]


def test_joining_a_group_takes_a_seat_in_every_coming_slot_or_enrolls_nobody(small_center: SmallCenter) -> None:
    center = small_center
    with clock.frozen(datetime(2026, 11, 24, 8, tzinfo=UTC)):
        (session,) = group(center, capacity=1)
        draft = EnrollmentDraft(center.student, center.course, session_id=session)
        assert enrollment.quote(draft).warnings == ()
        made = enrollment.enroll(center.staff, draft)
        taken = list(SlotEnrolled.select().where(SlotEnrolled.session_id == session))
        assert [(seat.student_id, seat.enrollment_id, seat.status) for seat in taken] == [
            (center.student, made, "booked")
        ] * 3
        assert CourseEnrolled.get_by_id(made).session_id == session
        assert User.get_by_id(center.student).next_slot_id == taken[0].slot_id
        other = replace(draft, student_id=center.other_student)
        assert [key for key, _params in enrollment.quote(other).warnings] == ["seats.full"]
        before = counts()
        with pytest.raises(UserError) as refused:
            enrollment.enroll(center.staff, other)
        assert (refused.value.key, counts()) == ("seats.full", before)
    with clock.frozen(datetime(2026, 12, 24, 8, tzinfo=UTC)), pytest.raises(UserError) as refused:
        enrollment.enroll(center.staff, other)
    assert refused.value.key == "seats.session_over"
    assert checks.run() == []


def test_a_clash_with_another_slot_is_told_before_and_refused(small_center: SmallCenter) -> None:
    center = small_center
    with clock.frozen(datetime(2026, 11, 24, 8, tzinfo=UTC)):
        early, late = group(center, times=("17:30", "18:00"))
        seats.book(center.staff, Slot.get(Slot.session_id == early).id, center.student)
        draft = EnrollmentDraft(center.student, center.course, session_id=late)
        ((key, params),) = enrollment.quote(draft).warnings
        assert key == "seats.student_busy"
        assert "Group 7" in text.sentence(key, params)
        with pytest.raises(UserError) as refused:
            enrollment.enroll(center.staff, draft)
    assert refused.value.key == "seats.student_busy"
    assert CourseEnrolled.select().count() == 0


def test_who_and_what_cannot_be_enrolled(small_center: SmallCenter) -> None:
    staff, draft = small_center.staff, EnrollmentDraft(small_center.student, small_center.course)
    for status, merged, key in (
        ("inactive", None, "student_inactive"),
        ("merged", small_center.other_student, "student_merged"),
    ):
        with store.write("Status", small_center.admin) as w:
            w.update(User, small_center.student, status=status, merged_into=merged)
        with pytest.raises(UserError, match=key):
            enrollment.enroll(staff, draft)
    with store.write("Status", small_center.admin) as w:
        w.update(User, small_center.student, status="active", merged_into=None)
        w.update(Course, small_center.course, status="unavailable")
    with pytest.raises(UserError, match="course_unavailable"):
        enrollment.enroll(staff, draft)
    with store.write("Status", small_center.admin) as w:
        w.update(Course, small_center.course, status="available")
    enrollment.enroll(staff, draft)
    with pytest.raises(UserError, match=r"enrollment\.already_enrolled"):
        enrollment.enroll(staff, draft)
    with pytest.raises(UserError, match=r"rights\.missing"):
        enrollment.enroll(replace(staff, role="instructor"), draft)


def test_age_is_counted_on_the_first_day(small_center: SmallCenter) -> None:
    born = {small_center.student: "2009-11-25", small_center.other_student: None}
    with store.write("Birthdays", small_center.admin) as w:
        for student, day in born.items():
            w.update(User, student, date_of_birth=day)
    draft = EnrollmentDraft(small_center.student, small_center.course)
    with clock.frozen(datetime(2026, 11, 24, 12, tzinfo=UTC)):
        assert [key for key, _ in enrollment.quote(draft).warnings] == ["enrollment.too_young"]
        with pytest.raises(UserError, match=r"enrollment\.too_young"):
            enrollment.enroll(small_center.staff, draft)
        unknown = replace(draft, student_id=small_center.other_student)
        assert [key for key, _ in enrollment.quote(unknown).warnings] == ["enrollment.age_unknown"]
        enrollment.enroll(small_center.staff, unknown)
        enrollment.enroll(small_center.staff, replace(draft, override_reason="17 tomorrow"))
    entry = Timeline.get(Timeline.key == "enrollment.timeline_override")
    assert json.loads(entry.params)["reason"] == "17 tomorrow"
    with clock.frozen(datetime(2026, 11, 25, 12, tzinfo=UTC)):
        assert enrollment.quote(draft).warnings == ()


def test_a_course_that_comes_first_is_named(small_center: SmallCenter) -> None:
    with store.write("Second course", small_center.admin) as w:
        rate = TaxRate.get(TaxRate.rate_bp == 2000).id
        second = w.insert(
            Course, code="B-P", name="Practice", price_minor=100, tax_rate_id=rate, prerequisite_id=small_center.course
        )
    draft = EnrollmentDraft(small_center.student, second)
    assert enrollment.quote(draft).warnings == (("enrollment.prerequisite_missing", {"course": "Driving B Theory"}),)


def test_sales_take_stock_and_stop_at_none(small_center: SmallCenter) -> None:
    staff, student = small_center.staff, small_center.student
    sold = enrollment.sell(staff, SaleDraft(student, (SaleItem(small_center.book, 2, discount_minor=300),)))
    row = ProductEnrolled.get_by_id(sold[0])
    assert (row.quantity, row.list_price_minor, row.discount_minor, row.gross_minor) == (2, 4800, 300, 4500)
    assert (row.net_minor, row.tax_minor) == (4091, 409)  # 45.00 / 1.1 = 40.909…
    assert Product.get_by_id(small_center.book).stock == 1
    assert User.get_by_id(student).balance_minor == 4500
    assert MailQueue.select().count() == 0
    before = counts()
    for items in ((SaleItem(small_center.book, 2),), (SaleItem(small_center.book), SaleItem(small_center.book))):
        with pytest.raises(UserError, match=r"enrollment\.out_of_stock") as refused:
            enrollment.sell(staff, SaleDraft(student, items))
        assert text.sentence(refused.value) == "Only 1 × Highway Code handbook left in stock."
    for draft, key in (
        (SaleDraft(student, ()), "enrollment.nothing_chosen"),
        (SaleDraft(student, (SaleItem(small_center.book, 0),)), "enrollment.quantity"),
        (SaleDraft(student, (SaleItem(999),)), "enrollment.product_unavailable"),
        (SaleDraft(student, (SaleItem(small_center.book, 1, 2401),)), "enrollment.discount_above_price"),
        (SaleDraft(999, (SaleItem(small_center.book),)), "store.gone"),
    ):
        with pytest.raises(UserError, match=key):
            enrollment.sell(staff, draft)
    assert counts() == before
    enrollment.sell(staff, SaleDraft(student, (SaleItem(small_center.book),), send_mail=True))
    assert MailQueue.get().template_key == "sale_confirmation"


def test_canceling_credits_the_invoice_and_keeps_the_money_as_credit(small_center: SmallCenter) -> None:
    staff, student = small_center.staff, small_center.student
    made = enrollment.enroll(staff, EnrollmentDraft(student, small_center.course))
    (book,) = enrollment.sell(staff, SaleDraft(student, (SaleItem(small_center.book),)))
    lines = (PayLine(made, amount_minor=10000), PayLine(product_enrolled_id=book, amount_minor=2400))
    paid = payments.start(staff, PaymentDraft("k1", student, "card", 12400, lines))
    (first,) = payments.complete(staff, paid).invoice_ids
    operations = Operation.select().count()
    canceling.cancel_enrollment(staff, made, "moved away")
    assert Operation.select().count() == operations + 1
    note, renewed = Invoice.get(Invoice.kind == "credit_note"), Invoice.select().order_by(Invoice.id.desc()).get()
    assert (note.refers_to, note.gross_minor, note.label) == (first, 35400, f"CN-{note.issued_on[:4]}-000001")
    assert (renewed.gross_minor, invoices.paid_minor(renewed.id), invoices.open_minor(renewed.id)) == (2400, 2400, 0)
    assert refunds.student_credit_minor(student) == 10000
    assert User.get_by_id(student).balance_minor == -10000
    assert payments.owed(student) == []
    for number, key in ((made, "enrollment.already_canceled"), (999, "store.gone")):
        with pytest.raises(UserError, match=key):
            canceling.cancel_enrollment(staff, number, "again")
    with store.write("Complete", small_center.admin) as w:
        other = enrollment_row(w, small_center)
    with pytest.raises(UserError, match=r"enrollment\.already_completed"):
        canceling.cancel_enrollment(staff, other, "too late")


def enrollment_row(w: store.Write, center: SmallCenter) -> int:
    return w.insert(
        CourseEnrolled, number="E-X", student_id=center.other_student, course_id=center.course, status="completed",
        enrolled_on="2026-01-01", list_price_minor=0, tax_category="S", rate_bp=0, net_minor=0, tax_minor=0,
        gross_minor=0,
    )  # fmt: skip


def test_a_payer_is_billed_instead_of_the_student(small_center: SmallCenter) -> None:
    staff, student = small_center.staff, small_center.student
    with store.write("Payer", small_center.admin) as w:
        payer = w.insert(Payer, name="Alpen Logistik GmbH", kind="company", email="a@alpen.example", tax_id="ATU1")
    made = enrollment.enroll(staff, EnrollmentDraft(student, small_center.course, payer_id=payer))
    (book,) = enrollment.sell(staff, SaleDraft(student, (SaleItem(small_center.book),)))
    lines = (PayLine(made, amount_minor=33000), PayLine(product_enrolled_id=book, amount_minor=2400))
    done = payments.complete(staff, payments.start(staff, PaymentDraft("k1", student, "card", 35400, lines)))
    buyers = {Invoice.get_by_id(invoice).buyer_name for invoice in done.invoice_ids}
    assert buyers == {"Ana Satler", "Alpen Logistik GmbH"}
    receipt = MailQueue.get(MailQueue.template_key == "payment_receipt")
    own = Invoice.get(Invoice.buyer_name == "Ana Satler").id
    assert (receipt.to_address, json.loads(receipt.attachments)) == (
        "ana.satler@mail.example", [{"kind": "invoice", "id": own}],
    )  # fmt: skip
    sent = MailQueue.get(MailQueue.template_key == "invoice")
    assert (sent.to_address, sent.payer_id) == ("a@alpen.example", payer)
