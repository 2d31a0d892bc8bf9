"""What the money rules refuse: in one sentence that says what is still true, and nothing in the file is another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from app import paths, store, text
from app.desk import canceling, crediting, enrollment, invoices, refunds, replan, seats, transfer, waiving
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine
from app.desk.transfer import MoneyMove, Place
from app.desk.waiving import Waiver
from app.errors import UserError
from app.store import checks
from app.store.models import CourseEnrolled, Invoice, Payment, StudentPayment, User
from tests.desk.test_transfer import group, lessons
from tests.desk.test_waiving import enroll, pay
from tests.faults.test_concurrency_money import at_once
from tests.support.center import SmallCenter, small_center
from tests.support.content import content
from tests.support.controls import without_transactions

__all__ = ["small_center"]

WRITERS = 4


@dataclass
class There:
    """Ana's theory, 300.00 of 330.00 paid, on an invoice; a refund of 20.00 and a credit note; a full group."""

    made: SmallCenter
    line: int
    payment: int
    refund: int
    invoice: int
    note: int
    course: int
    full: int
    canceled: int
    completed: int


@pytest.fixture
def there(small_center: SmallCenter) -> There:
    made, course = small_center, lessons(small_center)
    line = enroll(made)
    payment = pay(made, 30_000, PayLine(line, amount_minor=30_000))
    refund = refunds.refund(made.staff, payment, 2_000, "asked", "r")
    invoice = Invoice.get(Invoice.kind == "invoice").id
    (book,) = enrollment.sell(made.staff, SaleDraft(made.student, (SaleItem(made.book),)))
    note = crediting.credit(made.staff, invoices.bill(made.staff, made.student, [PayLine(None, book)]), "wrong buyer")
    full = group(made, course, "Full", capacity=1)
    seats.book_session(made.staff, full, made.other_student)
    canceled = enrollment.enroll(made.staff, EnrollmentDraft(made.other_student, made.course))
    canceling.cancel_enrollment(made.staff, canceled, "moved away")
    completed = enrollment.enroll(made.staff, EnrollmentDraft(made.other_student, course))
    with store.write("Completed", made.admin) as w:
        w.update(CourseEnrolled, completed, status="completed", completed_on="2026-11-20")
    return There(made, line, payment, refund, invoice, note, course, full, canceled, completed)


#: What is asked for, and what is said. Every sentence names what is, or what stays as it is.
REFUSED: tuple[tuple[str, Callable[[There], Any], str], ...] = (
    (
        "a discount above the price",
        lambda t: enrollment.enroll(t.made.staff, EnrollmentDraft(t.made.student, t.course, discount_minor=50_001)),
        "The discount is larger than the price, which stays €500.00.",
    ),
    (
        "a discount above the price of a book",
        lambda t: enrollment.sell(t.made.staff, SaleDraft(t.made.student, (SaleItem(t.made.book, 2, 4_801),))),
        "The discount is larger than the price, which stays €48.00.",
    ),
    (
        "a discount above the price there",
        lambda t: transfer.transfer_place(t.made.staff, Place(t.line, t.course, discount_minor=50_001, reason="x")),
        "The discount is larger than the price, which stays €500.00.",
    ),
    (
        "a refund above the paid",
        lambda t: refunds.refund(t.made.staff, t.payment, 28_001, "too much", "k1"),
        "At most €280.00 of P-000001 can be refunded.",
    ),
    (
        "a refund of a refund",
        lambda t: refunds.refund(t.made.staff, t.refund, 1, "again", "k2"),
        "P-000002 is itself a refund; what it gave back stays given back.",
    ),
    (
        "a payout of credit that is not there",
        lambda t: refunds.pay_out(t.made.staff, t.made.student, 1, "leaves", "k3"),
        "Only €0.00 of credit is there to be paid out.",
    ),
    (
        "a waiver above what is open",
        lambda t: waiving.waive(t.made.admin, Waiver(PayLine(t.line), 5_001, "hardship")),
        "Only €50.00 is open. What was paid is refunded, not waived.",
    ),
    (
        "a waiver of what was canceled",
        lambda t: waiving.waive(t.made.admin, Waiver(PayLine(t.canceled), 1, "hardship")),
        "E-00002 was canceled, so nothing is open on it.",
    ),
    (
        "a transfer to a full slot",
        lambda t: transfer.transfer_place(t.made.staff, Place(t.line, t.course, t.full, reason="drives")),
        "is full: 1 of 1 seats are taken.",
    ),
    (
        "a transfer of what was canceled",
        lambda t: transfer.transfer_place(t.made.staff, Place(t.canceled, t.course, reason="drives")),
        "Enrollment E-00002 was canceled already. Nothing was done twice.",
    ),
    (
        "a transfer of what is completed",
        lambda t: transfer.transfer_place(t.made.staff, Place(t.completed, t.made.course, reason="back")),
        "Enrollment E-00003 is completed and stays so: it is neither canceled nor transferred.",
    ),
    (
        "a transfer to where the place is",
        lambda t: transfer.transfer_place(t.made.staff, Place(t.line, t.made.course, reason="drives")),
        "This is the place as it is. Choose another course or another group.",
    ),
    (
        "a plan that does not add up",
        lambda t: transfer.transfer_place(
            t.made.staff, Place(t.line, t.course, plan="own", installments=(("2030-01-01", 1),), reason="drives")
        ),
        "The installments add up to €0.01, but €220.00 is left to plan.",
    ),
    (
        "more money moved than was paid",
        lambda t: transfer.move_money(t.made.staff, MoneyMove(PayLine(t.line), PayLine(t.completed), 28_001, "x")),
        "Only €280.00 stands on Driving B Theory.",
    ),
    (
        "money moved to whom somebody else pays for",
        lambda t: transfer.move_money(t.made.staff, MoneyMove(PayLine(t.line), PayLine(t.completed), 1, "x")),
        "Money goes to another student only where one payer pays for both lines. It stays where it is.",
    ),
    (
        "a credit note for a credit note",
        lambda t: crediting.credit(t.made.staff, t.note, "again"),
        "CN-2026-000001 is a credit note and cannot be credited; it stands as it is.",
    ),
    (
        "a second credit note for an invoice",
        lambda t: crediting.credit(t.made.staff, Invoice.get_by_id(t.note).refers_to, "again"),
        "Invoice 2026-000002 was credited already by CN-2026-000001.",
    ),
    (
        "canceling twice",
        lambda t: canceling.cancel_enrollment(t.made.staff, t.canceled, "again"),
        "Enrollment E-00002 was canceled already. Nothing was done twice.",
    ),
    (
        "canceling what is completed",
        lambda t: canceling.cancel_enrollment(t.made.staff, t.completed, "too late"),
        "Enrollment E-00003 is completed and stays so: it is neither canceled nor transferred.",
    ),
    (
        "a plan of what was canceled",
        lambda t: replan.replan(t.made.staff, t.canceled, (("2030-01-01", 1),)),
        "E-00002 was canceled, so there is nothing to plan.",
    ),
)  # fmt: skip


@pytest.mark.parametrize(("ask", "said"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED])
def test_it_is_refused_in_one_sentence_and_nothing_is_another(
    there: There, ask: Callable[[There], Any], said: str
) -> None:
    file = paths.data_file(there.made.folder)
    before = content(file)
    with pytest.raises(UserError) as refused:
        ask(there)
    sentence = text.sentence(refused.value)
    assert sentence == said or (
        said.startswith("is full") and sentence.endswith(said) and sentence.startswith("Full on ")
    )
    assert "{" not in sentence
    assert content(file) == before
    assert checks.run() == []


# -- two desks, and more


def refused_keys(results: list[Any]) -> list[str]:
    assert all(isinstance(one, UserError) for one in results if isinstance(one, Exception)), results
    return [one.key for one in results if isinstance(one, UserError)]


def test_desks_that_refund_the_same_payment_give_it_back_once(small_center: SmallCenter) -> None:
    made, line = small_center, enroll(small_center)
    paid = pay(made, 30_000, PayLine(line, amount_minor=30_000))
    results = at_once(
        [lambda n=n: refunds.refund(made.staff, paid, 20_000, "asked", f"desk {n}") for n in range(WRITERS)]
    )
    assert refused_keys(results) == ["payments.refund_above_paid"] * (WRITERS - 1)
    assert {one.params["left"] for one in results if isinstance(one, UserError)} == {10_000}
    again = at_once([lambda: refunds.refund(made.staff, paid, 10_000, "the rest", "same")] * WRITERS)
    assert len(set(again)) == 1, "a double click is one refund"
    back = Payment.select().where(Payment.payment_type == "refund").order_by(Payment.id)
    assert [row.amount_minor for row in back] == [20_000, 10_000]
    assert User.get_by_id(made.student).balance_minor == 33_000
    assert checks.run() == []


@pytest.mark.parametrize("shown", [True, False])
def test_desks_that_transfer_the_same_place_do_it_once(small_center: SmallCenter, shown: bool) -> None:
    made, course, line = small_center, lessons(small_center), enroll(small_center, 3)
    pay(made, 12_000, PayLine(line, amount_minor=12_000))
    place = Place(line, course, plan="carry", reason="drives")
    seen = transfer.preview_place(made.staff, place) if shown else None
    results = at_once([lambda: transfer.transfer_place(made.staff, place, seen)] * WRITERS)
    assert refused_keys(results) == ["enrollment.already_canceled"] * (WRITERS - 1)
    assert CourseEnrolled.select().where(CourseEnrolled.moved_from == line).count() == 1
    stands = sum(row.direction * row.amount_minor for row in StudentPayment.select())
    assert (stands, refunds.student_credit_minor(made.student)) == (12_000, 0)
    assert checks.run() == []


def test_a_desk_that_cancels_and_one_that_transfers_do_not_both(small_center: SmallCenter) -> None:
    made, course, line = small_center, lessons(small_center), enroll(small_center)
    pay(made, 12_000, PayLine(line, amount_minor=12_000))
    seen = canceling.preview(made.staff, line)
    results = at_once([
        lambda: canceling.cancel_enrollment(made.staff, line, "moved away", seen),
        lambda: transfer.transfer_place(made.staff, Place(line, course, reason="drives")),
    ])  # fmt: skip
    assert refused_keys(results) == ["enrollment.already_canceled"]
    assert Invoice.select().where(Invoice.kind == "credit_note").count() == 1
    assert checks.run() == []


def test_a_preview_that_another_desks_waiver_made_untrue_is_not_carried_out(small_center: SmallCenter) -> None:
    """A cancelation, a transfer and a plan that were looked at before 30.00 were waived: each says so, and is whole."""
    made, course, line = small_center, lessons(small_center), enroll(small_center)
    place, plan = Place(line, course, reason="drives"), (("2030-01-01", 3_000), ("2030-02-01", 30_000))
    cancel, move = canceling.preview(made.staff, line), transfer.preview_place(made.staff, place)
    planned = replan.preview(made.staff, line, plan)
    waiving.waive(made.admin, Waiver(PayLine(line), 3_000, "hardship"))
    for act, key in (
        (lambda: canceling.cancel_enrollment(made.staff, line, "moved away", cancel), "changing.stale"),
        (lambda: transfer.transfer_place(made.staff, place, move), "changing.stale"),
        (lambda: replan.replan(made.staff, line, plan, planned), "replan.sum"),
    ):
        with pytest.raises(UserError) as refused:
            act()
        assert refused.value.key == key
    assert "Nothing was done" in text.sentence("changing.stale")
    assert (CourseEnrolled.get_by_id(line).status, CourseEnrolled.get_by_id(line).gross_minor) == ("pending", 30_000)
    assert checks.run() == []


def test_control_without_the_guards_more_than_one_desk_takes_its_refund_for_done(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, line = small_center, enroll(small_center)
    paid = pay(made, 30_000, PayLine(line, amount_minor=30_000))
    without_transactions(monkeypatch)
    gate, counted = threading.Barrier(WRITERS), refunds._refunded

    def slow(payment_id: int) -> int:
        found = counted(payment_id)
        if threading.current_thread() is not threading.main_thread():
            try:
                gate.wait(timeout=5)
            except threading.BrokenBarrierError:
                pass
        return found

    monkeypatch.setattr(refunds, "_refunded", slow)
    at_once([lambda n=n: refunds.refund(made.staff, paid, 20_000, "asked", f"desk {n}") for n in range(WRITERS)])
    assert sum(row.amount_minor for row in Payment.select().where(Payment.payment_type == "refund")) > 30_000
