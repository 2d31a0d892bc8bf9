"""A credit note: what it does stands there before, whose credit grows by it, and what another desk did meanwhile."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.desk import changing, crediting, enrollment, invoices, payments, people, refunds
from app.desk.changing import Paper
from app.desk.enrollment import EnrollmentDraft
from app.desk.payments import PayLine, PaymentDraft
from app.errors import UserError
from app.store import checks
from app.store.models import Invoice, MailQueue, Operation, User
from tests.desk.test_waiving import enroll, pay
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def test_what_is_shown_is_what_is_done(small_center: SmallCenter) -> None:
    made, line = small_center, enroll(small_center)
    pay(made, 10_000, PayLine(line, amount_minor=10_000))
    (invoice,) = Invoice.select()
    mails, operations = MailQueue.select().count(), Operation.select().count()
    seen = crediting.preview(made.staff, invoice.id)
    assert (Invoice.select().count(), MailQueue.select().count()) == (1, mails), "a preview keeps nothing"
    assert Operation.select().count() == operations
    assert (seen.title, seen.number) == ("2026-000001", "CN-2026-000001")
    assert seen.papers == (Paper("credit_note", "2026-000001", "Ana Satler", 33_000),)
    assert (seen.open_before_minor, seen.open_after_minor) == (23_000, 33_000)
    assert (seen.freed, seen.mails) == ((("Ana Satler", 10_000),), ("Ana Satler",))
    note = Invoice.get_by_id(crediting.credit(made.staff, invoice.id, "wrong buyer", None, seen))
    assert (note.kind, note.label, note.refers_to) == ("credit_note", seen.number, invoice.id)
    mail = MailQueue.select().order_by(MailQueue.id.desc()).get()
    assert json.loads(mail.attachments) == [{"kind": "invoice", "id": note.id}]
    assert "€100.00 was paid on it and is kept as credit." in mail.text
    assert refunds.student_credit_minor(made.student) == 10_000
    assert checks.run() == []


def test_without_a_mail_none_goes_out(small_center: SmallCenter) -> None:
    enroll(small_center)
    line = payments.owed(small_center.student)[0]
    invoice = invoices.bill(small_center.staff, small_center.student, [PayLine(line.enrollment_id)])
    mails = MailQueue.select().count()
    assert crediting.preview(small_center.staff, invoice, False).mails == ()
    crediting.credit(small_center.staff, invoice, "wrong buyer", False)
    assert MailQueue.select().count() == mails


def test_money_of_several_people_becomes_the_credit_of_each(small_center: SmallCenter) -> None:
    """One invoice of a company over two students; each paid a part of it."""
    made = small_center
    company = people.add_payer(made.staff, people.PayerDraft("Alpen GmbH", kind="company"))
    lines = [
        enrollment.enroll(made.staff, EnrollmentDraft(one, made.course, payer_id=company))
        for one in (made.student, made.other_student)
    ]
    invoice = invoices.bill(made.staff, made.student, [PayLine(line) for line in lines], company)
    for one, line, amount in zip((made.student, made.other_student), lines, (5_000, 700), strict=True):
        draft = PaymentDraft(f"of {one}", one, "card", amount, (PayLine(line, amount_minor=amount),))
        payments.complete(made.staff, payments.start(made.staff, draft))
    seen = crediting.preview(made.staff, invoice)
    assert seen.freed == (("Ana Satler", 5_000), ("Łukasz Wiśniewski", 700))
    assert (seen.open_before_minor, seen.open_after_minor) == (60_300, 66_000)
    assert seen.mails == (), "the company has no address"
    crediting.credit(made.staff, invoice, "wrong company", None, seen)
    assert [User.get_by_id(one).balance_minor for one in (made.student, made.other_student)] == [28_000, 32_300]
    assert checks.run() == []


def test_refusals_leave_everything_as_it_was(small_center: SmallCenter) -> None:
    line = enroll(small_center)
    invoice = invoices.bill(small_center.staff, small_center.student, [PayLine(line)])
    seen = crediting.preview(small_center.staff, invoice)
    note = crediting.credit(small_center.staff, invoice, "wrong buyer", None, seen)
    count, operations = Invoice.select().count(), Operation.select().count()
    for document, key in ((invoice, "already_credited"), (note, "is_credit_note")):
        for call in (
            lambda it=document: crediting.preview(small_center.staff, it),
            lambda it=document: crediting.credit(small_center.staff, it, "again"),
            lambda it=document: crediting.credit(small_center.staff, it, "again", None, seen),
        ):
            with pytest.raises(UserError, match=rf"invoices\.{key}"):
                call()
    with pytest.raises(UserError, match=r"store\.gone"):
        crediting.preview(small_center.staff, 999)
    assert (Invoice.select().count(), Operation.select().count()) == (count, operations)


def test_what_another_desk_did_meanwhile_is_not_credited_along(small_center: SmallCenter) -> None:
    made, line = small_center, enroll(small_center)
    invoice = invoices.bill(made.staff, made.student, [PayLine(line)])
    seen = crediting.preview(made.staff, invoice)
    pay(made, 10_000, PayLine(line, amount_minor=10_000))
    with pytest.raises(UserError, match=r"changing\.stale"):
        crediting.credit(made.staff, invoice, "wrong buyer", None, seen)
    assert Invoice.select().where(Invoice.kind == "credit_note").count() == 0
    crediting.credit(made.staff, invoice, "wrong buyer", None, crediting.preview(made.staff, invoice))


def test_a_number_that_another_desk_took_makes_the_preview_stale(small_center: SmallCenter) -> None:
    made, line = small_center, enroll(small_center)
    first = invoices.bill(made.staff, made.student, [PayLine(line)])
    other = enrollment.enroll(made.staff, EnrollmentDraft(made.other_student, made.course))
    second = invoices.bill(made.staff, made.other_student, [PayLine(other)])
    seen = crediting.preview(made.staff, first)
    crediting.credit(made.staff, second, "wrong buyer")
    with pytest.raises(UserError, match=r"changing\.stale"):
        crediting.credit(made.staff, first, "wrong buyer", None, seen)
    again = crediting.preview(made.staff, first)
    assert again == replace(seen, number="CN-2026-000002")


def test_the_control_a_program_that_does_not_hold_its_preview_credits_what_nobody_saw(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "hold", lambda shown, effect: None)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        test_what_another_desk_did_meanwhile_is_not_credited_along(small_center)
