"""Receipts and quotes as papers, any paper as a mail: what they say stays, whatever is changed in the center later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app import clock, store, text
from app.desk import (
    catalog,
    center,
    crediting,
    enrollment,
    erasing,
    invoices,
    labels,
    letterhead,
    letters,
    papers,
    payments,
    people,
    quotes,
    refunds,
    undo,
)
from app.desk.accounts import Actor
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.desk.quotes import QuoteDraft
from app.documents.words import catalog as catalog_of
from app.errors import UserError
from app.mail import queue
from app.store import checks
from app.store.models import Change, MailQueue, Operation, User
from tests.support.center import SmallCenter, small_center
from tests.support.writers_billing import png

__all__ = ["small_center"]

START = clock.parse_stamp("2026-11-16T08:00:00.000Z")


@pytest.fixture(autouse=True)
def sound(small_center: SmallCenter) -> Iterator[None]:
    """Whatever a test did, every rule of the file holds after it."""
    with clock.frozen(START):
        text.use_defaults("EUR", "en", "Europe/Vienna")
        yield
        assert checks.run() == []


def later(hours: int) -> Any:
    return clock.frozen(clock.parse_stamp(f"2026-11-{16 + hours // 24}T{8 + hours % 24:02d}:00:00.000Z"))


def speaks(c: SmallCenter, language: str, student: int | None = None) -> None:
    with store.write("Learn language", c.admin) as w:
        w.update(User, student or c.student, language=language)


def pay(c: SmallCenter, minor: int, key: str, enrolled: int | None = None, *, above: int = 0) -> int:
    lines = (PayLine(enrollment_id=enrolled, amount_minor=minor),) if enrolled else ()
    payment = payments.start(c.staff, PaymentDraft(key, c.student, "card", minor + above, lines))
    payments.complete(c.staff, payment)
    return payment


def enrolled(c: SmallCenter) -> int:
    return enrollment.enroll(c.staff, EnrollmentDraft(c.student, c.course, send_mail=False))


# -- the receipt -------------------------------------------------------------------------------------------------


def test_a_receipt_says_for_ever_what_the_center_was_when_the_money_was_taken(small_center: SmallCenter) -> None:
    c = small_center
    line = enrolled(c)
    first = pay(c, 10_000, "k1", line)
    before = papers.receipt(first)
    assert (before.logo, before.head_text, before.cashier) == (b"", "", "Marta K.")
    with later(1):
        letterhead.set_logo(c.admin, "logo.png", png())
        letterhead.save_texts(c.admin, "en", "Welcome.", "Bye.")
    with later(2):
        second = pay(c, 5_000, "k2", line)
        dressed = papers.receipt(second)
        content = papers.receipt_pdf(second, paper="a4")[1]
    assert (dressed.logo, dressed.head_text, dressed.foot_text) == (png(), "Welcome.", "Bye.")
    with later(30):
        letterhead.set_logo(c.admin, "other.png", png(color="red"))
        letterhead.save_texts(c.admin, "en", "Other.", "")
        undo.undo(c.admin, Operation.select().order_by(Operation.id.desc()).get().id)
        here = center.load()
        center.save(c.admin, replace(here, legal_name="Another GmbH", address="Elsewhere 1"))
        third = papers.receipt(pay(c, 5_000, "k3", line))
        assert (third.seller_name, third.logo, third.head_text) == ("Another GmbH", png(color="red"), "Welcome.")
        assert papers.receipt(first) == replace(before, next_slot="")
        assert papers.receipt(second) == replace(dressed, next_slot="")
        assert papers.receipt_pdf(second, paper="a4")[1] == content
        assert papers.receipt(first).check_code == before.check_code


def test_control_a_receipt_of_the_center_as_it_is_now_would_change(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = small_center
    payment = pay(c, 10_000, "k1", enrolled(c))
    monkeypatch.setattr(letterhead, "when", lambda *which: letterhead.now())
    before = papers.receipt(payment)
    with later(1):
        letterhead.save_texts(c.admin, "en", "Welcome.", "Bye.")
    assert papers.receipt(payment) != before


def test_a_receipt_speaks_the_language_of_what_was_paid(small_center: SmallCenter) -> None:
    c = small_center
    speaks(c, "de")
    line = enrolled(c)
    german = pay(c, 10_000, "k1", line, above=500)
    said = papers.receipt(german)
    assert (said.language, said.method) == ("de", "Karte")
    assert said.lines[0].detail.startswith("Teil von Rechnung ")
    speaks(c, "fr")
    rest = pay(c, 22_500, "k2", line, above=500)
    with later(1):
        refund = refunds.refund(c.staff, german, 500, "too much", "r1")
        assert papers.receipt(german) == replace(said, next_slot=papers.receipt(german).next_slot)
        assert (papers.receipt(refund).language, papers.receipt(refund).method) == ("de", "Karte")
        assert papers.receipt(rest).lines[0].detail.startswith("Teil von Rechnung "), "that invoice is frozen in German"
        last = pay(c, 500, "k3", line)
        assert papers.receipt(last).lines[0].detail.startswith("Rest von Rechnung ")
        credit = pay(c, 0, "k4", above=300)
        assert papers.receipt(credit).language == "fr", "it paid nothing, so it is for whoever they are now"


def test_a_credit_note_keeps_the_language_and_a_statement_asks_for_it_again(small_center: SmallCenter) -> None:
    c = small_center
    speaks(c, "it")
    catalog.restock(c.admin, c.book, 1)
    (line,) = enrollment.sell(c.staff, SaleDraft(c.student, (SaleItem(c.book),)))
    billed = invoices.bill(c.staff, c.student, [PayLine(product_enrolled_id=line)], send_mail=False)
    speaks(c, "es")
    assert invoices.document(billed).language == "it"
    assert invoices.document(crediting.credit(c.staff, billed, "wrong")).language == "it"
    assert papers.statement([c.student], "2026-01-01", "2026-12-31").language == "es"


# -- the quote ---------------------------------------------------------------------------------------------------


def test_a_quote_on_paper_says_until_when_and_why(small_center: SmallCenter) -> None:
    c = small_center
    speaks(c, "de")
    letterhead.save_texts(c.admin, "de", "Guten Tag.", "")
    quote = quotes.offer(c.staff, QuoteDraft(c.student, c.course, discount_minor=3_300, discount_reason="asked twice"))
    made = papers.quote(quote)
    assert (made.title, made.label, made.issued_on, made.valid_until) == (
        "Angebot", "Q-00001", "2026-11-16", "2026-11-30",
    )  # fmt: skip
    assert (made.head_text, made.language) == ("Guten Tag.", "de")
    (line,) = made.lines
    assert (line.net_minor, line.tax_minor, line.gross_minor) == (24_750, 4_950, 29_700)
    assert line.detail == "B-T · Listenpreis 330,00 €, abzüglich 33,00 €".replace(" €", "\xa0€")
    assert made.note.splitlines()[0].startswith("Dieser Preis gilt bis 30")
    assert made.note.splitlines()[1] == "Nachlass: asked twice"
    with later(26):
        center.save(c.admin, replace(center.load(), legal_name="Another GmbH"))
        letterhead.save_texts(c.admin, "de", "Servus.", "")
        assert papers.quote(quote) == made
    name, content = papers.quote_pdf(quote)
    assert (name, content[:5]) == ("Q-00001.pdf", b"%PDF-")
    quotes.withdraw(c.staff, quote)
    with pytest.raises(UserError, match=r"papers\.withdrawn"):
        papers.quote_pdf(quote)
    with pytest.raises(UserError, match=r"store\.gone"):
        papers.quote_pdf(99)


# -- the mail ----------------------------------------------------------------------------------------------------


def references(c: SmallCenter) -> list[papers.Reference]:
    """One of every kind."""
    payment = pay(c, 10_000, "k1", enrolled(c))
    quote = quotes.offer(c.staff, QuoteDraft(c.student, c.course))
    catalog.restock(c.admin, c.book, 1)
    (line,) = enrollment.sell(c.staff, SaleDraft(c.student, (SaleItem(c.book),)))
    return [
        {"kind": "invoice", "id": 1}, {"kind": "invoice", "id": 1, "copy": True},
        {"kind": "receipt", "id": payment}, {"kind": "receipt", "id": payment, "paper": "roll", "copy": True},
        {"kind": "quote", "id": quote},
        {"kind": "statement", "students": [c.student], "first_on": "2026-01-01", "last_on": "2026-12-31",
         "payer": None},
        {"kind": "proforma", "student": c.student, "lines": [{"product_enrolled_id": line}], "payer": None,
         "note": "for Ana's mother"},
    ]  # fmt: skip


def test_every_paper_is_mailed_as_it_was_seen(small_center: SmallCenter) -> None:
    c = small_center
    speaks(c, "de")
    for number, reference in enumerate(references(c)):
        seen = papers.made(reference)[1]
        mail = papers.mail(c.staff, reference, f"r{number}")
        assert papers.mail(c.staff, reference, f"r{number}") == mail, "the same press is one mail"
        row = MailQueue.get_by_id(mail)
        assert (row.to_address, row.language, row.student_id) == (User.get_by_id(c.student).email, "de", c.student)
        assert row.subject.split()[0] in {
            catalog_of("de")[one] for one in ("Invoice", "Receipt", "Quote", "Statement of account", "Pro forma")
        }
        assert papers.resolve(json.loads(row.attachments)[0]).content == seen
    assert queue.build("desk@example.com", papers.resolve) >= 7
    mimes = [bytes(row.mime) for row in MailQueue.select().where(MailQueue.event_key.startswith("paper:"))]
    assert all(b"application/pdf" in mime for mime in mimes)
    assert not MailQueue.select().where(MailQueue.state == "failed").exists()


def test_what_cannot_be_mailed_is_refused_before_anything_is_queued(small_center: SmallCenter) -> None:
    c = small_center
    *_, quote, _statement, _proforma = found = references(c)
    count = MailQueue.select().count()
    with pytest.raises(UserError, match=r"rights\.missing"):
        papers.mail(Actor(c.staff.user_id, "instructor"), found[0], "x")
    quotes.withdraw(c.staff, quote["id"])
    for reference in (quote, {"kind": "secret", "id": 1}, {"kind": "invoice", "id": 99}, {"kind": "receipt", "id": 99}):
        with pytest.raises(UserError, match=r"store\.gone|papers\.withdrawn"):
            papers.mail(c.staff, reference, "x")
    with store.write("Forget address", c.admin) as w:
        w.update(User, c.student, email=None)
    with pytest.raises(UserError, match=r"papers\.no_address"):
        papers.mail(c.staff, found[0], "x")
    assert MailQueue.select().count() == count


def test_words_typed_on_a_paper_that_was_mailed_go_with_the_person(small_center: SmallCenter) -> None:
    c = small_center
    found = references(c)
    papers.mail(c.staff, found[-1], "note")
    assert "mother" in MailQueue.get(MailQueue.event_key == "paper:note").attachments
    erasing.erase(c.admin, c.student)
    kept = " ".join(row.attachments for row in MailQueue.select())
    kept += " ".join(f"{row.before} {row.after}" for row in Change.select().where(Change.table_name == "mail_queue"))
    assert "mother" not in kept
    assert '"kind": "proforma"' in kept


def test_a_mailed_paper_is_taken_back_while_it_waits(small_center: SmallCenter) -> None:
    c = small_center
    quote = quotes.offer(c.staff, QuoteDraft(c.student, c.course))
    mail = papers.mail(c.staff, {"kind": "quote", "id": quote}, "r1")
    done = Operation.select().order_by(Operation.id.desc()).get()
    assert text.sentence(labels.key(done.label)) == "Document mailed"
    undo.undo(c.staff, done.id)
    assert MailQueue.get_by_id(mail).state == "canceled"


def test_a_quote_for_whoever_pays_names_the_student_and_goes_to_them(small_center: SmallCenter) -> None:
    c = small_center
    draft = people.PayerDraft("Alpen GmbH", kind="company", email="accounts@alpen.example", language="fr")
    payer = people.add_payer(c.staff, draft)
    quote = quotes.offer(c.staff, QuoteDraft(c.student, c.course, payer_id=payer))
    made = papers.quote(quote)
    assert (made.name, made.language, made.title) == ("Alpen GmbH", "fr", "Devis")
    assert made.lines[0].detail.endswith(" · B-T") and len(made.lines[0].detail) > 6
    mail = MailQueue.get_by_id(papers.mail(c.staff, {"kind": "quote", "id": quote}, "r1"))
    assert (mail.to_address, mail.payer_id, mail.subject) == ("accounts@alpen.example", payer, "Devis Q-00001")
    assert mail.text.startswith("Bonjour Alpen GmbH,\n\nci-joint : Devis Q-00001.")


def test_a_receipt_says_who_paid_and_for_whom(small_center: SmallCenter) -> None:
    c = small_center
    payer = people.add_payer(c.staff, people.PayerDraft("Alpen GmbH", kind="company", email="accounts@alpen.example"))
    both = [
        enrollment.enroll(c.staff, EnrollmentDraft(one, c.course, payer_id=payer, send_mail=False))
        for one in (c.student, c.other_student)
    ]
    names = [letters.student(one).name for one in (c.student, c.other_student)]

    def receipt(key: str, amounts: list[int], payer_id: int | None, extra: int = 0) -> Any:
        lines = tuple(
            PayLine(enrollment_id=one, amount_minor=minor) for one, minor in zip(both, amounts, strict=True) if minor
        )
        draft = PaymentDraft(key, c.student, "card", sum(amounts) + extra, lines, payer_id=payer_id)
        payment = payments.start(c.staff, draft)
        payments.complete(c.staff, payment)
        return papers.receipt(payment)

    company = receipt("k1", [5_000, 6_000], payer)
    assert (company.payer, company.student, company.next_slot) == ("Alpen GmbH", "", "")
    assert [line.detail.split(" · ")[0] for line in company.lines] == names
    assert receipt("k2", [0, 1_000], payer).student == names[1]
    friend = receipt("k3", [0, 1_000], None)
    assert (friend.payer, friend.student) == (names[0], names[1]), "one student pays for another"
    own = receipt("k4", [1_000, 0], None)
    assert (own.payer, own.student) == ("", names[0])
    assert " · " not in own.lines[0].detail
    credit = receipt("k5", [0, 0], payer, extra=700)
    assert (credit.payer, credit.student, credit.lines) == ("Alpen GmbH", "", ())
