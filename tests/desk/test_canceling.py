"""Canceling an enrollment: what it does stands there before, and whoever had a document gets the new ones by mail."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.desk import canceling, center, enrollment, invoices, payments, people, refunds, seats
from app.desk.changing import Paper
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.errors import UserError
from app.store import checks
from app.store.models import CourseEnrolled, Invoice, MailQueue, SlotEnrolled, User
from tests.desk.test_transfer import group
from tests.desk.test_waiving import enroll, pay
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def documents(mail: MailQueue) -> list[str]:
    return [Invoice.get_by_id(one["id"]).label for one in json.loads(mail.attachments)]


def newest() -> MailQueue:
    found: MailQueue = MailQueue.select().order_by(MailQueue.id.desc()).get()
    return found


def test_the_credit_note_and_what_stands_on_a_new_invoice_are_mailed(small_center: SmallCenter) -> None:
    made, line = small_center, enroll(small_center)
    (book,) = enrollment.sell(made.staff, SaleDraft(made.student, (SaleItem(made.book),)))
    pay(made, 12_400, PayLine(line, amount_minor=10_000), PayLine(None, book, amount_minor=2_400))
    mails = MailQueue.select().count()
    seen = canceling.preview(made.staff, line)
    assert (CourseEnrolled.get_by_id(line).status, MailQueue.select().count()) == ("pending", mails)
    assert seen.papers == (
        Paper("credit_note", "2026-000001", "Ana Satler", 35_400),
        Paper("invoice", "", "Ana Satler", 2_400, 2_400),
    )
    assert (seen.open_before_minor, seen.open_after_minor, seen.credit_after_minor) == (23_000, 0, 10_000)
    assert seen.mails == ("Ana Satler",)
    assert canceling.cancel_enrollment(made.staff, line, "moved away", seen) == seen
    mail, (letter,) = newest(), seen.letters
    assert MailQueue.select().count() == mails + 1
    assert documents(mail) == ["2026-000002", Invoice.get(Invoice.kind == "credit_note").label]
    assert (mail.subject, mail.text) == (letter.subject, letter.text)
    assert "2026-000002" in letter.text
    assert refunds.student_credit_minor(made.student) == 10_000
    assert checks.run() == []


def test_a_credit_note_that_nothing_follows_is_mailed_by_itself_to_who_was_billed(small_center: SmallCenter) -> None:
    made = small_center
    company = people.add_payer(made.staff, people.PayerDraft("Alpen GmbH", kind="company", email="buch@alpen.example"))
    line = enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, payer_id=company))
    paid = PaymentDraft("k", made.student, "card", 10_000, (PayLine(line, amount_minor=10_000),), payer_id=company)
    payments.complete(made.staff, payments.start(made.staff, paid))
    done = canceling.cancel_enrollment(made.staff, line, "moved away")
    note = Invoice.get(Invoice.kind == "credit_note")
    assert done.mails == ("Alpen GmbH",)
    assert (newest().to_address, newest().template_key, documents(newest())) == (
        "buch@alpen.example", "credit_note", [note.label],
    )  # fmt: skip
    assert newest().subject == f"Credit note {note.label}"
    assert "invoice 2026-000001 is credited in full." in newest().text
    assert "€100.00 was paid on it and is kept as credit." in newest().text
    assert checks.run() == []


def test_nothing_is_mailed_where_there_was_no_document_or_the_center_mails_none(small_center: SmallCenter) -> None:
    made, line = small_center, enroll(small_center)
    mails = MailQueue.select().count()
    assert canceling.cancel_enrollment(made.staff, line, "moved away").mails == ()
    center.save(made.admin, replace(center.load(), mail_invoices=False))
    other = enroll(made)
    invoices.bill(made.staff, made.student, [PayLine(other)])
    mails = MailQueue.select().count()
    assert canceling.cancel_enrollment(made.staff, other, "moved away").mails == ()
    assert MailQueue.select().count() == mails
    assert checks.run() == []


def test_seats_are_named_and_what_is_refused_says_what_is_true(small_center: SmallCenter) -> None:
    made = small_center
    draft = EnrollmentDraft(made.student, made.course, session_id=group(made, made.course, "Evening"))
    line = enrollment.enroll(made.staff, draft)
    seen = canceling.preview(made.staff, line)
    assert [title for title, _at in seen.seats_free] == ["Evening", "Evening"]
    with pytest.raises(UserError, match=r"text\.required"):
        canceling.cancel_enrollment(made.staff, line, " ", seen)
    seats.cancel_seat(made.staff, SlotEnrolled.select().order_by(SlotEnrolled.id).get().id)
    with pytest.raises(UserError, match=r"changing\.stale"):
        canceling.cancel_enrollment(made.staff, line, "moved away", seen)
    assert CourseEnrolled.get_by_id(line).status == "pending"
    canceling.cancel_enrollment(made.staff, line, "moved away")
    for again in (
        lambda: canceling.preview(made.staff, line),
        lambda: canceling.cancel_enrollment(made.staff, line, "x"),
    ):
        with pytest.raises(UserError, match=r"enrollment\.already_canceled"):
            again()
    with pytest.raises(UserError, match=r"store\.gone"):
        canceling.preview(made.staff, 999)
    assert User.get_by_id(made.student).balance_minor == 0
    assert checks.run() == []
