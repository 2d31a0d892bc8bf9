"""Numbered documents: no gap, no earlier date, no change; one full credit note; the snapshot says what it said."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import clock, store, text
from app.desk import (
    canceling,
    center,
    crediting,
    discounts,
    dues,
    enrollment,
    invoices,
    letters,
    papers,
    payments,
    people,
    refunds,
    waiving,
)
from app.desk.discounts import RuleDraft
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.documents.invoice import Discount, Less, render
from app.errors import UserError
from app.store import checks
from app.store.models import Invoice, InvoiceLine, MailQueue, Series, StudentPayment, User
from tests.support.center import SmallCenter, build, small_center
from tests.support.odd_text import ODD

__all__ = ["small_center"]

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def owed_book(small: SmallCenter) -> PayLine:
    """A handbook that has been sold, as a line to bill or pay."""
    draft = SaleDraft(small.student, (SaleItem(small.book),))
    return PayLine(product_enrolled_id=enrollment.sell(small.staff, draft)[0], amount_minor=2400)


def bill(small: SmallCenter) -> int:
    return invoices.bill(small.staff, small.student, [owed_book(small)])


def pay(small: SmallCenter, line: PayLine, key: str) -> int:
    draft = PaymentDraft(key, small.student, "transfer", line.amount_minor, (line,))
    payment = payments.start(small.staff, draft)
    payments.complete(small.staff, payment)
    return payment


def test_numbers_run_per_year_without_a_gap(small_center: SmallCenter) -> None:
    with clock.frozen(datetime(2026, 12, 30, 12, tzinfo=UTC)):
        first = bill(small_center)
        line = owed_book(small_center)
        with pytest.raises(RuntimeError, match="crash"), store.write("Interrupted", small_center.staff) as w:
            to = letters.student(small_center.student)
            lost = invoices.issue(w, center.load(), to, [(due, ()) for due in dues.chosen([line])])
            assert Invoice.get_by_id(lost).label == "2026-000002"
            raise RuntimeError("crash")
        second = invoices.bill(small_center.staff, small_center.student, [line])
        note = crediting.credit(small_center.staff, first, "wrong")
    with clock.frozen(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)):  # the new year has begun at the center
        third = bill(small_center)
    labels = [Invoice.get_by_id(made).label for made in (first, second, note, third)]
    assert labels == ["2026-000001", "2026-000002", "CN-2026-000001", "2027-000001"]
    assert {row.name for row in Series.select() if row.gapless} == {"invoice-2026", "credit-2026", "invoice-2027"}


def test_the_pattern_is_the_centers_own(tmp_path: Path) -> None:
    made = build(tmp_path / "c", invoice_pattern="{{R}}-{number:04d}/{year}", credit_note_pattern="G{year:d}-{number}")
    try:
        with clock.frozen(NOON):
            invoice = bill(made)
            note = crediting.credit(made.staff, invoice, "wrong")
        assert [Invoice.get_by_id(i).label for i in (invoice, note)] == ["{R}-0001/2026", "G2026-1"]
    finally:
        store.close_center()


def test_a_clock_that_went_back_is_named(small_center: SmallCenter) -> None:
    with clock.frozen(NOON):
        first = bill(small_center)
        line = owed_book(small_center)
    draft = PaymentDraft("k1", small_center.student, "card", 2400, (line,))
    with clock.frozen(datetime(2026, 11, 23, 12, tzinfo=UTC)):
        payment = payments.start(small_center.staff, draft)
        for call in (
            lambda: invoices.bill(small_center.staff, small_center.student, [line]),
            lambda: crediting.credit(small_center.staff, first, "wrong"),
            lambda: payments.complete(small_center.staff, payment),
        ):
            with pytest.raises(UserError, match=r"invoices\.clock_back") as refused:
                call()
        assert text.sentence(refused.value) == (
            "This computer says it is 23 Nov 2026, but a document was issued on 24 Nov 2026."
            " Set the clock right and try again."
        )
        assert [row.payment_id for row in payments.started()] == [payment]
    assert (Invoice.select().count(), StudentPayment.select().count()) == (1, 0)
    with clock.frozen(NOON):
        assert payments.complete(small_center.staff, payment).invoice_ids


def test_a_bill_is_due_later_and_mailed(small_center: SmallCenter) -> None:
    with clock.frozen(NOON):
        made = bill(small_center)
    row = Invoice.get_by_id(made)
    assert (row.issued_on, row.due_on) == ("2026-11-24", "2026-12-08")
    assert (row.net_minor, row.tax_minor, row.gross_minor) == (2182, 218, 2400)  # 24.00 / 1.1 = 21.818…
    mail = MailQueue.get(MailQueue.template_key == "invoice")
    assert json.loads(mail.attachments) == [{"kind": "invoice", "id": made}]
    line = PayLine(product_enrolled_id=InvoiceLine.get().product_enrolled_id)
    with pytest.raises(UserError, match=r"invoices\.already_invoiced"):
        invoices.bill(small_center.staff, small_center.student, [line])


def test_a_bill_needs_a_buyer_who_is_there(small_center: SmallCenter) -> None:
    line = owed_book(small_center)
    for student, payer in ((999, None), (small_center.student, 999)):
        with pytest.raises(UserError, match=r"store\.gone"):
            invoices.bill(small_center.staff, student, [line], payer)
    assert Invoice.select().count() == 0


def test_the_snapshot_says_what_was_true_when_it_was_issued(small_center: SmallCenter) -> None:
    line = owed_book(small_center)
    with clock.frozen(NOON):
        pay(small_center, replace(line, amount_minor=1000), "k1")
    made = Invoice.get().id
    before = invoices.document(made)
    with store.write("New name", small_center.admin) as w:
        w.update(User, small_center.student, first_name="Anna", address="Elsewhere 1")
    center.save(small_center.admin, replace(center.load(), legal_name="Renamed GmbH"))
    with clock.frozen(NOON):
        pay(small_center, replace(line, amount_minor=1400), "k2")
    after = invoices.document(made)
    assert before == after
    assert (after.buyer["name"], after.seller["name"]) == ("Ana Satler", "Brückenhaus Training Center")
    assert after.paid == ({"on": "2026-11-24", "method": "transfer", "amount_minor": 1000},)
    assert (after.paid_minor, after.gross_minor) == (1000, 2400)
    row = Invoice.get_by_id(made)
    assert hashlib.sha256(row.snapshot.encode()).hexdigest() == row.document_hash
    with clock.frozen(datetime(2026, 12, 1, 12, tzinfo=UTC)):
        state = invoices.copy_state(made)
    assert (state.printed_on, state.paid_minor, state.credited_by) == ("2026-12-01", 2400, "")


def test_a_credit_note_repeats_the_invoice_and_frees_the_money(small_center: SmallCenter) -> None:
    line = owed_book(small_center)
    payment = pay(small_center, line, "k1")
    (invoice,) = (row.id for row in Invoice.select())
    note = crediting.credit(small_center.staff, invoice, "wrong buyer")
    row = Invoice.get_by_id(note)
    assert (row.kind, row.refers_to, row.is_full, row.gross_minor) == ("credit_note", invoice, 1, 2400)
    document = invoices.document(note)
    assert (document.kind, document.refers_to_label) == ("credit_note", Invoice.get_by_id(invoice).label)
    assert document.lines == invoices.document(invoice).lines
    assert refunds.credit_minor(payment) == 2400
    assert invoices.copy_state(invoice).credited_by == row.label
    assert (invoices.open_minor(invoice), invoices.open_minor(note)) == (0, 0)
    with pytest.raises(UserError, match=r"invoices\.already_credited"):
        crediting.credit(small_center.staff, invoice, "again")
    with pytest.raises(UserError, match=r"invoices\.is_credit_note"):
        crediting.credit(small_center.staff, note, "again")
    with pytest.raises(UserError, match=r"store\.gone"):
        crediting.credit(small_center.staff, 999, "none")
    with pytest.raises(UserError, match=r"text\.required"):
        crediting.credit(small_center.staff, invoice, "")
    (again,) = refunds.apply_credit(small_center.staff, small_center.student, [line], "use")
    assert invoices.open_minor(again) == 0
    assert Invoice.get_by_id(again).number == 2


def test_money_is_taken_off_once(small_center: SmallCenter) -> None:
    """A part was refunded before: the credit note sets only the rest free."""
    line = owed_book(small_center)
    payment = pay(small_center, line, "k1")
    refunds.refund(small_center.staff, payment, 500, "torn page", "r1")
    refunds.refund(small_center.staff, payment, 300, "another", "r2")
    (invoice,) = (row.id for row in Invoice.select())
    assert invoices.paid_minor(invoice) == 1600
    crediting.credit(small_center.staff, invoice, "wrong buyer")
    assert (invoices.paid_minor(invoice), refunds.credit_minor(payment)) == (0, 1600)
    assert checks.run() == []


def test_a_line_canceled_with_its_invoice_is_no_longer_owed(small_center: SmallCenter) -> None:
    line = enrollment.enroll(small_center.staff, EnrollmentDraft(small_center.student, small_center.course))
    invoices.bill(small_center.staff, small_center.student, [PayLine(line)])
    canceling.cancel_enrollment(small_center.staff, line, "moved away")
    assert payments.owed(small_center.student) == []
    assert [row.kind for row in Invoice.select()] == ["invoice", "credit_note"]


def test_a_bill_has_a_day_a_text_and_names_whose_line_it_is(small_center: SmallCenter) -> None:
    payer = people.add_payer(small_center.staff, people.PayerDraft("Alpen GmbH", kind="company"))
    lines = []
    for student in (small_center.student, small_center.other_student):
        lines += enrollment.sell(small_center.staff, SaleDraft(student, (SaleItem(small_center.book),)))
    chosen = [PayLine(product_enrolled_id=line) for line in lines]
    with clock.frozen(NOON):
        draft = invoices.preview(small_center.student, chosen, payer, due_on="2027-01-31", note=" PO 7\n8 ")
        assert Invoice.select().count() == 0
        made = invoices.bill(
            small_center.staff, small_center.student, chosen, payer, due_on="2027-01-31", note=" PO 7\n8 "
        )
    issued = invoices.document(made)
    assert replace(draft, label=issued.label) == issued, "what was looked at is what was issued"
    assert (issued.due_on, issued.note, issued.layout) == ("2027-01-31", "PO 7\n8", 3)
    assert ["Ana Satler" in issued.lines[0].detail, "Łukasz Wiśniewski" in issued.lines[1].detail] == [True, True]
    assert [due.billed_to for due in dues.of_student(small_center.other_student)] == [payer]
    with clock.frozen(NOON):
        own = bill(small_center)
    assert "Satler" not in invoices.document(own).lines[0].detail, "their own name stands above"
    assert checks.run() == []


@pytest.mark.parametrize(
    ("due_on", "key"), [("2026-11-23", "invoices.due_past"), ("24.11.2026", "invoices.bad_date"), ("0", "bad_date")]
)
def test_a_day_that_cannot_be_is_refused_beside_its_field(small_center: SmallCenter, due_on: str, key: str) -> None:
    line = owed_book(small_center)
    with clock.frozen(NOON), pytest.raises(UserError, match=key) as refused:
        invoices.bill(small_center.staff, small_center.student, [line], due_on=due_on)
    assert refused.value.field == "due_on"
    assert "date" in text.sentence(refused.value) or "has passed" in text.sentence(refused.value)
    with clock.frozen(NOON):  # today is no past day, and empty is the center's own
        made = invoices.bill(small_center.staff, small_center.student, [line], due_on="2026-11-24")
        assert Invoice.get_by_id(made).due_on == "2026-11-24"
        assert Invoice.get_by_id(bill(small_center)).due_on == "2026-12-08"


def test_a_line_canceled_meanwhile_is_not_billed_in_silence(small_center: SmallCenter) -> None:
    book = owed_book(small_center)
    line = enrollment.enroll(small_center.staff, EnrollmentDraft(small_center.student, small_center.course))
    canceling.cancel_enrollment(small_center.staff, line, "moved away")
    with pytest.raises(UserError, match=r"invoices\.line_gone"):
        invoices.bill(small_center.staff, small_center.student, [book, PayLine(line)])
    assert Invoice.select().count() == 0


@pytest.mark.parametrize("mail", [True, False])
def test_the_desk_says_whether_a_bill_is_mailed_whatever_the_center_does_as_a_rule(
    small_center: SmallCenter, mail: bool
) -> None:
    center.save(small_center.admin, replace(center.load(), mail_invoices=not mail))
    invoices.bill(small_center.staff, small_center.student, [owed_book(small_center)], send_mail=mail)
    assert MailQueue.select().where(MailQueue.template_key == "invoice").count() == int(mail)
    invoices.bill(small_center.staff, small_center.student, [owed_book(small_center)])
    assert MailQueue.select().where(MailQueue.template_key == "invoice").count() == 1


def test_odd_text_on_an_invoice_is_text(small_center: SmallCenter) -> None:
    line, drawn = owed_book(small_center), 0
    for said in ODD:
        try:
            draft = invoices.preview(small_center.student, [line], note=said)
        except UserError as refused:
            assert refused.field == "note"
            continue
        assert draft.note == text.clean(said, field="note", multiline=True)
        assert render(draft, preview=True).startswith(b"%PDF")
        drawn += 1
    assert drawn > 80
    made = invoices.bill(small_center.staff, small_center.student, [line], note="<b>{x}</b> =1+1 ليلى")
    assert invoices.document(made).note == "<b>{x}</b> =1+1 ليلى"
    assert papers.invoice_pdf(made)[1].startswith(b"%PDF")


# -- discounts on documents ---------------------------------------------------------------------------------------


def discounts_on(invoice_id: int) -> list[Discount | None]:
    return [line.discount for line in invoices.document(invoice_id).lines]


def framework(c: SmallCenter) -> int:
    """A company with a contract over 5 %."""
    company = people.add_payer(c.staff, people.PayerDraft(name="Alpen Logistik GmbH", kind="company"))
    terms = RuleDraft("Framework agreement", "company", payer_id=company, percent_bp=500)
    discounts.add_rule(c.admin, terms)
    return company


def test_a_line_that_cost_less_says_what_it_cost_and_why(small_center: SmallCenter) -> None:
    c = small_center
    company = framework(c)
    discounts.add_rule(c.admin, RuleDraft("Spring", "coupon", amount_minor=400, code="spring-26"))
    line = enrollment.enroll(c.staff, EnrollmentDraft(c.student, c.course, payer_id=company))
    by_hand = EnrollmentDraft(c.other_student, c.course, discount_minor=3_000, discount_reason="Ana Satler asked me")
    typed = enrollment.enroll(c.staff, by_hand)
    items = (SaleItem(c.book, 2, coupon="SPRING26"), SaleItem(c.book))
    sold = enrollment.sell(c.staff, SaleDraft(c.other_student, items))
    lines = [PayLine(line), PayLine(typed), *(PayLine(product_enrolled_id=one) for one in sold)]
    quoted = center.load().prices
    expected = [
        Discount(4_800, quoted, (Less(400, "Spring", code="SPRING26"),)),
        None,
        Discount(33_000, quoted, (Less(1_650, "Framework agreement", 500),)),
        Discount(33_000, quoted, (Less(3_000),)),
    ]
    assert [one.discount for one in invoices.preview(c.student, lines, company).lines] == expected
    invoice = invoices.bill(c.staff, c.student, lines, company)
    assert discounts_on(invoice) == expected
    row = Invoice.get_by_id(invoice)
    # What cannot be blanked once it is issued says nothing that somebody typed about a person.
    assert "asked me" not in row.snapshot
    charged = [one.gross_minor for one in InvoiceLine.select().order_by(InvoiceLine.position)]
    assert charged == [4_400, 2_400, 31_350, 30_000] and row.gross_minor == sum(charged)
    crediting.credit(c.staff, invoice, "wrong buyer")
    assert discounts_on(Invoice.get(Invoice.refers_to == invoice).id) == expected, "a credit note repeats the invoice"
    assert checks.run() == []


def test_a_course_in_installments_says_once_a_document_what_the_whole_of_it_cost(small_center: SmallCenter) -> None:
    c = small_center
    company = framework(c)
    plan = enrollment.plan(31_350, 3, "2031-01-31")
    line = enrollment.enroll(c.staff, EnrollmentDraft(c.student, c.course, payer_id=company, installments=plan))
    parts = [due.installment_id for due in payments.owed(c.student)]
    whole = Discount(33_000, center.load().prices, (Less(1_650, "Framework agreement", 500),), of_whole=True)
    first = invoices.bill(c.staff, c.student, [PayLine(line, None, parts[0])], company)
    rest = invoices.bill(c.staff, c.student, [PayLine(line, None, one) for one in parts[1:]], company)
    assert discounts_on(first) == [whole]
    assert discounts_on(rest) == [whole, None]
    assert sum(Invoice.get_by_id(one).gross_minor for one in (first, rest)) == 31_350
    assert checks.run() == []


def test_what_was_waived_stands_beside_the_rule_on_the_invoice_issued_anew(small_center: SmallCenter) -> None:
    c = small_center
    company = framework(c)
    line = enrollment.enroll(c.staff, EnrollmentDraft(c.student, c.course, payer_id=company))
    invoices.bill(c.staff, c.student, [PayLine(line)], company)
    waiving.waive(c.admin, waiving.Waiver(PayLine(line), 1_350, "ill, says Ana Satler"))
    again = Invoice.select().where(Invoice.kind == "invoice").order_by(Invoice.id.desc()).get()
    (found,) = discounts_on(again.id)
    assert found is not None and found.less == (Less(1_650, "Framework agreement", 500), Less(1_350))
    assert again.gross_minor == found.list_minor - sum(one.minor for one in found.less) == 30_000
    assert "Satler" not in json.dumps(json.loads(again.snapshot)["lines"][0]["discount"])
    assert checks.run() == []
