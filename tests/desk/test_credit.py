"""Credit and refunds: whose the money is, that a click uses it once, and which mails tell of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from app import clock, store
from app.desk import canceling, enrollment, invoices, payments, people, refunds, undo
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.errors import UserError
from app.lists import payers
from app.lists import people as roster
from app.mail import compose, queue
from app.mail.smtp import Outcome
from app.store import checks
from app.store.models import Invoice, MailQueue, Operation, Payment, StudentPayment, User
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def paid(made: SmallCenter, amount: int, *lines: PayLine, payer: int | None = None, key: str = "paid") -> int:
    draft = PaymentDraft(key, made.student, "transfer", amount, lines, payer_id=payer)
    payment = payments.start(made.staff, draft)
    payments.complete(made.staff, payment)
    return payment


def book(made: SmallCenter, student: int, payer: int | None = None) -> PayLine:
    (line,) = enrollment.sell(made.staff, SaleDraft(student, (SaleItem(made.book),), payer_id=payer))
    return PayLine(product_enrolled_id=line, amount_minor=2_400)


# -- once ---------------------------------------------------------------------------------------------------------


def test_credit_is_used_once_for_one_click(small_center: SmallCenter) -> None:
    made = small_center
    paid(made, 20_000)
    line = PayLine(enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course)), amount_minor=3_000)
    issued = refunds.apply_credit(made.staff, made.student, [line], "click")
    assert refunds.apply_credit(made.staff, made.student, [line], "click") == issued
    assert refunds.student_credit_minor(made.student) == 17_000
    for other in ([PayLine(line.enrollment_id, amount_minor=4_000)], [line, book(made, made.student)]):
        with pytest.raises(UserError, match=r"payments\.credit_key_reused"):
            refunds.apply_credit(made.staff, made.student, other, "click")
    refunds.apply_credit(made.staff, made.student, [line], "another click")
    assert [row.amount_minor for row in StudentPayment.select()] == [3_000, 3_000]
    assert checks.run() == []


# -- mails --------------------------------------------------------------------------------------------------------


def mails(event: str = "payment.") -> list[tuple[str, str]]:
    found = MailQueue.select().where(MailQueue.event_key.startswith(event)).order_by(MailQueue.id)
    return [(mail.template_key, mail.state) for mail in found]


def become(state: str) -> None:
    """Every message in the queue is handed over as far as this state."""
    if state == "queued":
        return
    queue.build("desk@b.example", lambda _reference: compose.Attachment("a.pdf", "application/pdf", b"%PDF"))
    for mail in queue.claim("test"):
        if state != "sending":
            queue.mark_final_dot(mail.id)
            assert queue.settle(mail.id, Outcome(state, "dot", "250 ok"), clock.stamp()) == state


def test_a_payment_given_back_at_once_mails_nothing(small_center: SmallCenter) -> None:
    made = small_center
    payment = paid(made, 5_000)
    assert mails() == [("payment_receipt", "queued")]
    refunds.refund(made.staff, payment, 5_000, "wrong person", "back")
    assert mails() == [("payment_receipt", "canceled")]
    assert checks.run() == []


def test_the_invoice_that_a_stopped_receipt_would_have_brought_comes_by_itself(small_center: SmallCenter) -> None:
    """It is open again, and somebody will be reminded of it."""
    made = small_center
    payment = paid(made, 5_000, book(made, made.student))
    (invoice,) = Invoice.select()
    refunds.refund(made.staff, payment, 5_000, "wrong card", "back")
    assert mails() == [("payment_receipt", "canceled")]
    (mail,) = MailQueue.select().where(MailQueue.event_key == f"invoice.issued:{invoice.label}")
    assert (mail.state, json.loads(mail.attachments)) == ("queued", [{"kind": "invoice", "id": invoice.id}])
    assert (mail.to_address, invoices.open_minor(invoice.id)) == ("ana.satler@mail.example", 2_400)
    assert checks.run() == []


def test_an_invoice_that_stays_when_its_payment_is_taken_back_is_mailed_all_the_same(small_center: SmallCenter) -> None:
    """Ana pays her own book, and one that her guardian is billed for."""
    made, draft = small_center, people.PayerDraft("Ruth", email="r@mail.example")
    guardian = people.add_payer(made.staff, draft)
    lines = (book(made, made.student), book(made, made.student, guardian))
    paid(made, 4_800, *lines)
    done = Operation.get(Operation.label == "Complete payment").id
    assert undo.preview(made.staff, done).mails_canceled == ("Ana Satler",)
    undo.undo(made.staff, done)
    assert mails() == [("payment_receipt", "canceled")]
    brought = MailQueue.select().where(MailQueue.template_key == "invoice").order_by(MailQueue.to_name)
    assert [(mail.to_name, mail.state) for mail in brought] == [("Ana Satler", "queued"), ("Ruth", "queued")]
    numbers = [one["id"] for mail in brought for one in json.loads(mail.attachments)]
    assert sorted(numbers) == [row.id for row in Invoice.select().order_by(Invoice.id)]
    assert checks.run() == []


@pytest.mark.parametrize("state", ["sending", "sent", "uncertain"])
def test_who_got_a_receipt_is_told_of_the_refund(small_center: SmallCenter, state: str) -> None:
    made = small_center
    payment = paid(made, 5_000)
    become(state)
    refund = Payment.get_by_id(refunds.refund(made.staff, payment, 5_000, "asked for", "back"))
    assert mails() == [("payment_receipt", state), ("payment_refund", "queued")]
    mail = MailQueue.get(MailQueue.event_key == f"payment.refunded:{refund.number}")
    assert mail.subject == f"Refund {refund.number}: €50.00"
    assert "€50.00 of your payment P-000001 goes back to you (transfer)" in mail.text
    assert (mail.to_address, mail.student_id) == ("ana.satler@mail.example", made.student)


def test_a_part_given_back_is_told_beside_the_receipt_and_the_last_part_stops_both(small_center: SmallCenter) -> None:
    made = small_center
    payment = paid(made, 5_000)
    refunds.refund(made.staff, payment, 2_000, "too much", "first")
    assert mails() == [("payment_receipt", "queued"), ("payment_refund", "queued")]
    refunds.refund(made.staff, payment, 3_000, "all of it", "second")
    assert mails() == [("payment_receipt", "canceled"), ("payment_refund", "canceled")]
    assert checks.run() == []


@pytest.mark.parametrize(
    ("told", "amount", "expected"),
    [
        (lambda made, mail: queue.cancel(made.admin, mail), 5_000, ["canceled"]),
        (lambda made, mail: queue.hold(made.admin, mail), 5_000, ["canceled"]),
        (lambda made, mail: queue.hold(made.admin, mail), 1_000, ["held", "queued"]),
        (lambda made, mail: queue.edit_address(made.admin, mail, "ana@other.example"), 5_000, ["canceled", "canceled"]),
        (lambda made, mail: queue.edit_address(made.admin, mail, "ana@other.example"), 1_000,
         ["canceled", "queued", "queued"]),
    ],
)  # fmt: skip
def test_what_a_hand_did_with_the_receipt_counts(
    small_center: SmallCenter, told: Callable[[SmallCenter, int], Any], amount: int, expected: list[str]
) -> None:
    made = small_center
    payment = paid(made, 5_000)
    told(made, MailQueue.get(MailQueue.template_key == "payment_receipt").id)
    refunds.refund(made.staff, payment, amount, "asked for", "back")
    assert [state for _, state in mails()] == expected


@pytest.mark.parametrize("was", ["queued", "sent"])
def test_a_payment_taken_back_in_the_history_is_told_like_any_refund(small_center: SmallCenter, was: str) -> None:
    made = small_center
    paid(made, 5_000)
    become(was)
    undo.undo(made.staff, Operation.get(Operation.label == "Complete payment").id)
    expected = [("payment_receipt", "canceled")]
    if was == "sent":
        expected = [("payment_receipt", "sent"), ("payment_refund", "queued")]
    assert mails() == expected


# -- whose --------------------------------------------------------------------------------------------------------


@pytest.fixture
def company(small_center: SmallCenter) -> int:
    """A company paid for a and b on one invoice, by one payment that stands at a; then b was canceled."""
    made = small_center
    draft = people.PayerDraft("Alpen GmbH", kind="company", email="buch@alpen.example")
    payer = people.add_payer(made.staff, draft)
    lines = [
        enrollment.enroll(made.staff, EnrollmentDraft(student, made.course, payer_id=payer, send_mail=False))
        for student in (made.student, made.other_student)
    ]
    whole = [PayLine(line, amount_minor=33_000) for line in lines]
    invoices.bill(made.staff, made.student, whole, payer_id=payer, send_mail=False)
    paid(made, 66_000, *whole, payer=payer)
    canceling.cancel_enrollment(made.staff, lines[1], "does not come")
    return payer


def test_what_a_company_paid_is_no_students_credit(small_center: SmallCenter, company: int) -> None:
    made = small_center
    for student in (made.student, made.other_student):
        assert refunds.student_credit_minor(student) == 0
    assert refunds.credit_of(None, company) == refunds.held_minor(made.student) == 33_000
    own = book(made, made.student)
    with pytest.raises(UserError, match=r"payments\.not_enough_credit"):
        refunds.apply_credit(made.staff, made.student, [own], "own")
    with pytest.raises(UserError, match=r"payments\.not_this_payers"):
        refunds.apply_credit(made.staff, made.student, [own], "own", company)
    with pytest.raises(UserError, match=r"payments\.pay_out_above"):
        refunds.pay_out(made.staff, made.student, 1, "wants it", "out")
    assert refunds.pay_out_of(made.student, 1) == []
    assert Payment.select().where(Payment.payment_type == "refund").count() == 0
    shown = roster.overview(made.student)
    assert shown is not None
    assert shown.row.balance_minor == 2_400
    assert checks.run() == []


def test_a_companys_credit_goes_on_what_it_pays_for(small_center: SmallCenter, company: int) -> None:
    made = small_center
    line = book(made, made.other_student, company)
    assert refunds.of_payer(company, [line, book(made, made.other_student)]) == [line]
    (issued,) = refunds.apply_credit(made.staff, made.other_student, [line], "use", company)
    assert refunds.apply_credit(made.staff, made.other_student, [line], "use", company) == (issued,)
    assert Invoice.get_by_id(issued).payer_id == company
    assert refunds.credit_of(None, company) == 33_000 - 2_400
    assert {row.id: row.balance_minor for row in User.select().where(User.role == "student")} == {
        made.student: 2_400 - 33_000, made.other_student: 2_400,
    }  # fmt: skip
    assert checks.run() == []


def test_a_companys_credit_is_paid_out_to_it(small_center: SmallCenter, company: int) -> None:
    made = small_center
    become("sent")
    with store.write("Who pays", made.staff) as w:
        for student in (made.student, made.other_student):
            w.update(User, student, payer_id=company)
    family = payers.family(company)
    assert family is not None
    assert (family.payer_credit_minor, family.credit_minor, family.owed_minor) == (33_000, 0, 0)
    with pytest.raises(UserError, match=r"payments\.pay_out_above"):
        refunds.pay_out(made.staff, None, 33_001, "asked for", "out", company)
    made_ids = refunds.pay_out(made.staff, None, 33_000, "asked for", "out", company)
    assert refunds.pay_out(made.staff, None, 33_000, "asked for", "out", company) == made_ids
    assert [Payment.get_by_id(one).payer_id for one in made_ids] == [company]
    told = MailQueue.get(MailQueue.template_key == "payment_refund")
    assert (told.to_address, told.payer_id) == ("buch@alpen.example", company)
    assert told.text.startswith("Hello Alpen GmbH,")
    assert refunds.credit_of(None, company) == 0
    assert {row.balance_minor for row in User.select().where(User.role == "student")} == {0}
    assert checks.run() == []
