"""Transfers: money, documents and seats go along in one write, or nothing does; the preview says what happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app import clock, store
from app.desk import enrollment, payments, refunds, scheduling, seats, transfer
from app.desk.changing import Paper
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.desk.transfer import MoneyMove, Place
from app.errors import UserError
from app.store import checks
from app.store.models import (
    Course,
    CourseEnrolled,
    Invoice,
    MailQueue,
    Payer,
    Product,
    ProductEnrolled,
    Slot,
    SlotEnrolled,
    StudentPayment,
    User,
)
from tests.desk.test_waiving import enroll, pay
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def group(made: SmallCenter, course: int, name: str, capacity: int = 2, days: int = 2, hour: str = "09:00") -> int:
    """A group that meets on coming days."""
    today = clock.local_date("Europe/Vienna")
    dates = tuple((today + timedelta(days=n + 7)).isoformat() for n in range(days))
    draft = scheduling.SessionDraft(
        course_id=course, name=name, recurrence="picked_dates", picked_dates=dates, start_time=hour, capacity=capacity
    )
    return scheduling.plan_session(made.staff, draft)


def lessons(made: SmallCenter, price: int = 50_000) -> int:
    with store.write("Second course", made.admin) as w:
        rate = Course.get_by_id(made.course).tax_rate_id
        return w.insert(
            Course, code="D-L", name="Driving lessons", price_minor=price, tax_rate_id=rate, practical_minutes=100
        )


def fee(made: SmallCenter) -> int:
    with store.write("Fee", made.admin) as w:
        rate = Course.get_by_id(made.course).tax_rate_id
        return w.insert(Product, code="FEE", name="Transfer fee", kind="digital", price_minor=1_500, tax_rate_id=rate)


def taken(session: int) -> list[int]:
    return [slot.seats_taken for slot in Slot.select().where(Slot.session_id == session).order_by(Slot.id)]


def test_another_course_takes_money_seats_and_a_fee_along(small_center: SmallCenter) -> None:
    made, course, extra = small_center, lessons(small_center), fee(small_center)
    old_group, new_group = group(made, made.course, "Old"), group(made, course, "New", hour="12:00")
    draft = EnrollmentDraft(made.student, made.course, session_id=old_group)
    line = enrollment.enroll(made.staff, draft)
    pay(made, 33_000, PayLine(line, amount_minor=33_000))
    place = Place(line, course, new_group, fee_product_id=extra, reason="wants to drive")
    seen = transfer.preview_place(made.staff, place)
    assert CourseEnrolled.get_by_id(line).status == "pending", "a preview keeps nothing"
    assert (taken(old_group), taken(new_group)) == ([1, 1], [0, 0])
    assert seen.papers == (
        Paper("credit_note", "2026-000001", "Ana Satler", 33_000),
        Paper("invoice", "", "Ana Satler", 51_500, 33_000),
    )
    assert (seen.open_before_minor, seen.open_after_minor, seen.moved_minor) == (0, 18_500, 33_000)
    assert (len(seen.seats_free), len(seen.seats_taken)) == (2, 2)
    assert seen.mails == ("Ana Satler", "Ana Satler"), "the confirmation and the documents"
    mails = MailQueue.select().count()
    assert transfer.transfer_place(made.staff, place, seen) == seen
    assert MailQueue.select().count() == mails + 2
    new = CourseEnrolled.get(CourseEnrolled.moved_from == line)
    assert (new.course_id, new.session_id, new.gross_minor) == (course, new_group, 50_000)
    old = CourseEnrolled.get_by_id(line)
    assert (old.status, old.cancel_reason) == ("canceled", "wants to drive")
    assert (taken(old_group), taken(new_group)) == ([0, 0], [1, 1])
    assert ProductEnrolled.get().product_id == extra
    assert User.get_by_id(made.student).balance_minor == 18_500
    with pytest.raises(UserError, match=r"enrollment\.already_canceled"):
        transfer.transfer_place(made.staff, place)
    assert checks.run() == []


def test_what_was_paid_above_the_new_price_stays_credit(small_center: SmallCenter) -> None:
    made, course = small_center, lessons(small_center, 20_000)
    line = enroll(made)
    pay(made, 33_000, PayLine(line, amount_minor=33_000))
    seen = transfer.preview_place(made.staff, Place(line, course))
    assert (seen.moved_minor, seen.credit_after_minor) == (20_000, 13_000)
    transfer.transfer_place(made.staff, Place(line, course, reason="cheaper"), seen)
    assert refunds.student_credit_minor(made.student) == 13_000
    assert checks.run() == []


def test_what_else_stood_on_the_invoice_keeps_its_money_and_is_mailed_anew(small_center: SmallCenter) -> None:
    made, course = small_center, lessons(small_center)
    line = enroll(made)
    (book,) = enrollment.sell(made.staff, SaleDraft(made.student, (SaleItem(made.book),)))
    pay(made, 12_400, PayLine(line, amount_minor=10_000), PayLine(None, book, amount_minor=2_400))
    done = transfer.transfer_place(made.staff, Place(line, course, reason="other wish", send_mail=False))
    assert [(paper.kind, paper.gross_minor, paper.paid_minor) for paper in done.papers] == [
        ("credit_note", 35_400, 0), ("invoice", 2_400, 2_400), ("invoice", 50_000, 10_000),
    ]  # fmt: skip
    assert done.mails == ("Ana Satler", "Ana Satler")
    assert checks.run() == []


def test_without_documents_there_are_none_after(small_center: SmallCenter) -> None:
    made, course = small_center, lessons(small_center)
    line = enroll(made)
    done = transfer.transfer_place(made.staff, Place(line, course, discount_minor=5_000, reason="other wish"))
    assert (done.papers, done.open_after_minor) == ((), 45_000)
    assert checks.run() == []


def test_a_full_group_is_refused_and_nothing_is_changed(small_center: SmallCenter) -> None:
    made, course = small_center, lessons(small_center)
    full = group(made, course, "Full", capacity=1)
    seats.book_session(made.staff, full, made.other_student)
    line = enroll(made)
    pay(made, 33_000, PayLine(line, amount_minor=33_000))
    before = (Invoice.select().count(), CourseEnrolled.select().count(), StudentPayment.select().count())
    with pytest.raises(UserError, match=r"seats\.full"):
        transfer.transfer_place(made.staff, Place(line, course, full, reason="wants to"))
    with pytest.raises(UserError, match=r"seats\.full"):
        transfer.preview_place(made.staff, Place(line, course, full))
    assert (Invoice.select().count(), CourseEnrolled.select().count(), StudentPayment.select().count()) == before
    assert CourseEnrolled.get_by_id(line).status == "pending"
    assert checks.run() == []


def test_another_group_of_the_course_moves_seats_alone(small_center: SmallCenter) -> None:
    made = small_center
    old_group, new_group = group(made, made.course, "Old"), group(made, made.course, "New", hour="12:00")
    by_hand = group(made, made.course, "Extra", days=1, hour="15:00")
    line = enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, session_id=old_group))
    seats.book_session(made.staff, by_hand, made.student)
    pay(made, 10_000, PayLine(line, amount_minor=10_000))
    seen = transfer.preview_place(made.staff, Place(line, made.course, new_group))
    assert (seen.papers, seen.mails, seen.moved_minor) == ((), (), 0)
    transfer.transfer_place(made.staff, Place(line, made.course, new_group, reason="evenings"), seen)
    assert (taken(old_group), taken(new_group), taken(by_hand)) == ([0, 0], [1, 1], [1])
    row = CourseEnrolled.get_by_id(line)
    assert (row.status, row.session_id) == ("pending", new_group)
    for again in (new_group, None):
        with pytest.raises(UserError, match=r"transfer\.same_place"):
            transfer.transfer_place(made.staff, Place(line, made.course, again, reason="again"))
    assert checks.run() == []


def test_attended_slots_stay_with_the_old_place(small_center: SmallCenter) -> None:
    made, course = small_center, lessons(small_center)
    old_group = group(made, made.course, "Old")
    line = enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, session_id=old_group))
    first = Slot.select().where(Slot.session_id == old_group).order_by(Slot.id).get()
    with clock.frozen(clock.parse_stamp(first.end_utc)):
        seats.mark(made.staff, SlotEnrolled.get(SlotEnrolled.slot_id == first.id).id, "attended")
        done = transfer.transfer_place(made.staff, Place(line, course, reason="other wish"))
        assert (done.kept_slots, len(done.seats_free)) == (1, 1)
        assert CourseEnrolled.get_by_id(line).theory_done_minutes > 0
        assert CourseEnrolled.get(CourseEnrolled.moved_from == line).progress_bp == 0
        assert checks.run() == []


def test_what_is_refused_says_what_is_true(small_center: SmallCenter) -> None:
    made, course = small_center, lessons(small_center)
    line = enroll(made)
    with store.write("For grown-ups", made.admin) as w:
        w.update(Course, course, minimum_age=99)
    one = Place(line, course, reason="wish")
    for place, key in (
        (replace(one, reason=""), r"text\.required"),
        (one, r"transfer\.too_young"),
        (replace(one, enrollment_id=999), r"store\.gone"),
        (replace(one, course_id=999), r"store\.gone"),
        (replace(one, fee_product_id=made.book, list_price_minor=-1), r"enrollment\.price|transfer\.too_young"),
    ):
        with pytest.raises(UserError, match=key):
            transfer.transfer_place(made.staff, place)
    with store.write("For all", made.admin) as w:
        w.update(Course, course, minimum_age=None)
    enrollment.enroll(made.staff, EnrollmentDraft(made.student, course))
    with pytest.raises(UserError, match=r"enrollment\.already_enrolled"):
        transfer.transfer_place(made.staff, one)
    assert checks.run() == []


# -- money


def test_money_goes_to_another_line_of_the_same_student(small_center: SmallCenter) -> None:
    made, course = small_center, lessons(small_center)
    source, target = enroll(made), enrollment.enroll(made.staff, EnrollmentDraft(made.student, course))
    pay(made, 20_000, PayLine(source, amount_minor=20_000))
    pay(made, 5_000, PayLine(source, amount_minor=5_000), key="k2")
    move = MoneyMove(PayLine(source), PayLine(target), 6_000, "put on the wrong one")
    seen = transfer.preview_money(made.staff, move)
    assert [(paper.kind, paper.gross_minor, paper.paid_minor) for paper in seen.papers] == [("invoice", 50_000, 6_000)]
    transfer.move_money(made.staff, move, seen)
    assert [(due.enrollment_id, due.open_minor) for due in payments.owed(made.student)] == [
        (source, 33_000 - 19_000), (target, 44_000),
    ]  # fmt: skip
    assert User.get_by_id(made.student).balance_minor == 83_000 - 25_000
    for wrong, key in (
        (replace(move, amount_minor=19_001), r"transfer\.above_paid"),
        (replace(move, target=PayLine(source)), r"transfer\.same_line"),
        (replace(move, source=PayLine(target), target=PayLine(source), amount_minor=0), r"payments\.amount"),
        (replace(move, target=PayLine(999)), r"payments\.line_gone"),
        (replace(move, reason=" "), r"text\.required"),
    ):
        with pytest.raises(UserError, match=key):
            transfer.move_money(made.staff, wrong)
    with pytest.raises(UserError, match=r"changing\.stale"):
        transfer.move_money(made.staff, move, seen)
    assert checks.run() == []


def test_money_goes_to_another_student_of_the_same_payer_alone(small_center: SmallCenter) -> None:
    made = small_center
    source = enroll(made)
    target = enrollment.enroll(made.staff, EnrollmentDraft(made.other_student, made.course))
    pay(made, 20_000, PayLine(source, amount_minor=20_000))
    move = MoneyMove(PayLine(source), PayLine(target), 20_000, "siblings")
    with pytest.raises(UserError, match=r"transfer\.other_payer"):
        transfer.move_money(made.staff, move)
    with store.write("One payer", made.admin) as w:
        payer = w.insert(Payer, name="Alpen Logistik GmbH", kind="company")
        for student in (made.student, made.other_student):
            w.update(User, student, payer_id=payer)
    transfer.move_money(made.staff, move)
    balances = [User.get_by_id(one).balance_minor for one in (made.student, made.other_student)]
    assert balances == [33_000, 13_000]
    with pytest.raises(UserError, match=r"transfer\.above_open"):
        transfer.move_money(made.staff, MoneyMove(PayLine(target), PayLine(nearly_paid(made)), 20_000, "too much"))
    assert checks.run() == []


def nearly_paid(made: SmallCenter) -> int:
    """A second enrollment that is all but paid."""
    line = enrollment.enroll(made.staff, EnrollmentDraft(made.student, lessons(made)))
    pay(made, 49_000, PayLine(line, amount_minor=49_000), key="most")
    return line


def siblings(made: SmallCenter) -> tuple[int, int]:
    """(their mother, who pays as a rule, and a company)."""
    with store.write("Siblings", made.admin) as w:
        mother = w.insert(Payer, name="Mia Satler", kind="guardian")
        company = w.insert(Payer, name="Alpen Logistik GmbH", kind="company")
        for student in (made.student, made.other_student):
            w.update(User, student, payer_id=mother)
    return mother, company


def paid_line(made: SmallCenter, payer: int | None, *, line_payer: int | None = None) -> int:
    """A course line of the first student, wholly paid by somebody."""
    draft = EnrollmentDraft(made.student, made.course, payer_id=line_payer, send_mail=False)
    line = enrollment.enroll(made.staff, draft)
    paid = PaymentDraft("p", made.student, "card", 33_000, (PayLine(line, amount_minor=33_000),), payer_id=payer)
    payments.complete(made.staff, payments.start(made.staff, paid))
    return line


@pytest.mark.parametrize(
    ("paid_by", "named", "target", "goes"),
    [
        ("mother", None, None, True),  # she paid, and pays for the sister as a rule
        (None, None, None, True),  # billed to the student; she pays for both as a rule
        (None, "mother", None, True),  # named on the line of the one, the usual payer of the other
        (None, "mother", "mother", True),
        ("company", None, None, False),  # the company paid this line: its money is not the sister's
        (None, "company", None, False),
        (None, "company", "company", True),  # the company pays for both, whoever the mother is
        (None, None, "company", False),  # what the mother paid is not to pay the company's line
    ],
)
def test_whose_money_it_is_decides_whether_it_goes_to_a_sibling(
    small_center: SmallCenter, paid_by: str | None, named: str | None, target: str | None, goes: bool
) -> None:
    made = small_center
    mother, company = siblings(made)
    ids = {"mother": mother, "company": company, None: None}
    source = paid_line(made, ids[paid_by], line_payer=ids[named])
    draft = EnrollmentDraft(made.other_student, made.course, payer_id=ids[target], send_mail=False)
    move = MoneyMove(PayLine(source), PayLine(enrollment.enroll(made.staff, draft)), 20_000, "siblings")
    if goes:
        assert transfer.move_money(made.staff, move).moved_minor == 20_000
    else:
        with pytest.raises(UserError, match=r"transfer\.other_payer"):
            transfer.move_money(made.staff, move)
    assert checks.run() == []
