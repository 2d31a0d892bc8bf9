"""Flow 3: STARTED before money moves, completed or failed once, never lost, never doubled."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import clock, money, store, text
from app.desk import canceling, enrollment, invoices, payments, refunds, till
from app.desk.accounts import Actor
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.errors import UserError
from app.store import checks
from app.store.models import (
    Invoice,
    MailQueue,
    Notification,
    Operation,
    Payment,
    Product,
    ProductEnrolled,
    StudentPayment,
    Timeline,
    User,
)
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


@pytest.fixture
def owing(small_center: SmallCenter) -> tuple[SmallCenter, int]:
    """The small center with a student who owes 330.00 for a course; and that enrollment."""
    draft = EnrollmentDraft(small_center.student, small_center.course, send_mail=False)
    return small_center, enrollment.enroll(small_center.staff, draft)


def draft_of(center: SmallCenter, line: int, amount: int = 33000, key: str = "k1", **more: Any) -> PaymentDraft:
    return PaymentDraft(key, center.student, "card", amount, (PayLine(line, amount_minor=min(amount, 33000)),), **more)


def counts() -> list[int]:
    tables = (StudentPayment, Invoice, Notification, MailQueue, Timeline, ProductEnrolled)
    return [table.select().count() for table in tables]


def test_started_then_completed(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    before = counts()
    made = payments.start(center.staff, draft_of(center, line, reference="Terminal 4711"))
    row = Payment.get_by_id(made)
    assert (row.status, row.number, row.payment_type, row.settled_at) == ("STARTED", "P-000001", "course_fee", None)
    assert counts() == before
    assert User.get_by_id(center.student).balance_minor == 33000
    assert [(p.payment_id, p.student_name, p.amount_minor) for p in payments.started()] == [(made, "Ana Satler", 33000)]
    operations = Operation.select().count()
    done = payments.complete(center.staff, made)
    assert Operation.select().count() == operations + 1
    assert (done.number, done.amount_minor, done.change_minor, done.credit_minor, done.receipt) == (
        "P-000001", 33000, 0, 0, False,
    )  # fmt: skip
    row = Payment.get_by_id(made)
    here = clock.local_date("Europe/Vienna", clock.parse_stamp(row.settled_at))
    assert (row.status, row.settled_on) == ("COMPLETED", here.isoformat())
    put = StudentPayment.get()
    assert (put.payment_id, put.enrollment_id, put.invoice_id, put.amount_minor, put.direction, put.method) == (
        made, line, done.invoice_ids[0], 33000, 1, "card",
    )  # fmt: skip
    assert User.get_by_id(center.student).balance_minor == 0
    assert payments.owed(center.student) == payments.started() == []
    mail = MailQueue.get(MailQueue.template_key == "payment_receipt")
    assert json.loads(mail.attachments) == [{"kind": "invoice", "id": done.invoice_ids[0]}]
    told = Notification.get(Notification.key == "payments.completed")
    assert text.sentence(told.key, json.loads(told.params)) == "Ana Satler paid €330.00 (P-000001)."
    assert Timeline.select().where(Timeline.key == "payments.timeline_completed").count() == 1


def test_completed_is_completed_once(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    made = payments.start(center.staff, draft_of(center, line))
    payments.complete(center.staff, made)
    before = counts()
    with pytest.raises(UserError, match=r"payments\.already_completed") as refused:
        payments.complete(center.staff, made)
    assert "Nothing was booked twice" in text.sentence(refused.value)
    with pytest.raises(UserError, match=r"payments\.already_completed"):
        payments.fail(center.staff, made, "card declined")
    assert counts() == before


def test_failed_stays_in_payments_alone(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    made = payments.start(center.staff, draft_of(center, line))
    before = counts()
    with pytest.raises(UserError, match=r"text\.required"):
        payments.fail(center.staff, made, "  ")
    payments.fail(center.staff, made, "card declined")
    row = Payment.get_by_id(made)
    assert (row.status, row.reason) == ("FAILED", "card declined")
    assert counts() == before
    assert User.get_by_id(center.student).balance_minor == 33000
    for call in (lambda: payments.complete(center.staff, made), lambda: payments.fail(center.staff, made, "again")):
        with pytest.raises(UserError, match=r"payments\.already_failed"):
            call()
    assert refunds.refundable_minor(made) == refunds.credit_minor(made) == 0


def test_a_double_click_is_one_payment(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    draft = draft_of(center, line)
    made = payments.start(center.staff, draft)
    assert payments.start(center.staff, draft) == made
    payments.complete(center.staff, made)
    assert payments.start(center.staff, draft) == made
    for other in (replace(draft, amount_minor=34000), replace(draft, method="cash"), replace(draft, lines=())):
        with pytest.raises(UserError, match=r"payments\.key_reused"):
            payments.start(center.staff, other)
    assert Payment.select().count() == 1


def test_cash_needs_enough_and_gives_change(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    cash = replace(draft_of(center, line), method="cash")
    with pytest.raises(UserError, match=r"payments\.given_too_little") as refused:
        payments.start(center.staff, replace(cash, given_minor=32900))
    assert (refused.value.field, text.sentence(refused.value)) == ("given", "The cash given is €1.00 short.")
    done = payments.complete(center.staff, payments.start(center.staff, replace(cash, given_minor=35000)))
    assert done.change_minor == 2000


def test_only_cash_is_given(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    done = payments.complete(center.staff, payments.start(center.staff, draft_of(center, line, given_minor=40000)))
    assert (done.change_minor, Payment.get_by_id(done.payment_id).given_minor) == (0, None)
    assert checks.run() == []


def test_a_clock_that_steps_back_a_little_breaks_no_rule(owing: tuple[SmallCenter, int]) -> None:
    """Computers set their clocks by the network: a payment may end before the second in which it began."""
    center, line = owing
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    with clock.frozen(noon):
        till.open_till(center.staff, 0)
        made = payments.start(center.staff, replace(draft_of(center, line, 10000), method="cash"))
        payments.complete(center.staff, payments.start(center.staff, draft_of(center, line, 5000, "k2")))
    with clock.frozen(noon - timedelta(seconds=3)):
        payments.complete(center.staff, made)
        refunds.refund(center.staff, made, 500, "asked", "r1")
        enrollment.sell(center.staff, SaleDraft(center.student, (SaleItem(center.book),)))
        rest = tuple(PayLine(product_enrolled_id=due.product_enrolled_id, amount_minor=2400)
                     for due in payments.owed(center.student) if due.kind == "product")  # fmt: skip
        sold = PaymentDraft("k3", center.student, "cash", 2400, rest)
        payments.complete(center.staff, payments.start(center.staff, sold))
        till.close_till(center.staff, 11900)
    assert checks.run() == []


def test_part_of_it_then_the_rest_on_the_same_invoice(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    first = payments.complete(center.staff, payments.start(center.staff, draft_of(center, line, 10000)))
    (invoice,) = first.invoice_ids
    assert (invoices.paid_minor(invoice), invoices.open_minor(invoice)) == (10000, 23000)
    (owed,) = payments.owed(center.student)
    assert (owed.open_minor, owed.invoice_id, owed.invoice_label) == (23000, invoice, Invoice.get_by_id(invoice).label)
    second = payments.complete(center.staff, payments.start(center.staff, draft_of(center, line, 23000, "k2")))
    assert (second.invoice_ids, second.receipt) == ((), True)
    assert invoices.open_minor(invoice) == 0
    assert json.loads(MailQueue.select().order_by(MailQueue.id.desc()).get().attachments) == []


def test_more_than_it_is_credit_used_next_time(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    draft = replace(draft_of(center, line), amount_minor=40000)
    made = payments.start(center.staff, draft)
    done = payments.complete(center.staff, made)
    assert done.credit_minor == refunds.credit_minor(made) == refunds.student_credit_minor(center.student) == 7000
    assert User.get_by_id(center.student).balance_minor == -7000
    (book,) = enrollment.sell(center.staff, SaleDraft(center.student, (SaleItem(center.book),)))
    line_of_book = PayLine(product_enrolled_id=book, amount_minor=2400)
    (issued,) = refunds.apply_credit(center.staff, center.student, [line_of_book], "first")
    assert invoices.open_minor(issued) == 0
    mail = MailQueue.get(MailQueue.event_key == f"invoice.issued:{Invoice.get_by_id(issued).label}")
    assert json.loads(mail.attachments) == [{"kind": "invoice", "id": issued}]
    assert refunds.student_credit_minor(center.student) == 4600
    assert User.get_by_id(center.student).balance_minor == -4600
    (second,) = enrollment.sell(center.staff, SaleDraft(center.student, (SaleItem(center.book, 2),)))
    with pytest.raises(UserError, match=r"payments\.not_enough_credit"):
        refunds.apply_credit(
            center.staff, center.student, [PayLine(product_enrolled_id=second, amount_minor=4800)], "second"
        )
    assert refunds.student_credit_minor(center.student) == 4600


def test_credit_is_used_for_something(small_center: SmallCenter) -> None:
    with pytest.raises(UserError, match=r"payments\.line_amount"):
        refunds.apply_credit(small_center.staff, small_center.student, [], "use")
    assert Timeline.select().where(Timeline.key == "payments.timeline_credit_used").count() == 0


def test_a_prepayment_is_credit(small_center: SmallCenter) -> None:
    made = payments.start(small_center.staff, PaymentDraft("k1", small_center.student, "transfer", 5000))
    assert Payment.get_by_id(made).payment_type == "credit"
    done = payments.complete(small_center.staff, made)
    assert (done.credit_minor, done.receipt, done.invoice_ids) == (5000, True, ())
    assert refunds.student_credit_minor(small_center.student) == 5000


def test_products_of_the_draft_are_sold_when_it_completes_at_the_price_agreed(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    made = payments.start(center.staff, draft_of(center, line, 35400, sales=(SaleItem(center.book),)))
    assert (Product.get_by_id(center.book).stock, ProductEnrolled.select().count()) == (3, 0)
    assert Payment.get_by_id(made).payment_type == "mixed"
    with store.write("Dearer", center.admin) as w:
        w.update(Product, center.book, price_minor=9900, status="unavailable")
    done = payments.complete(center.staff, made)
    assert (Product.get_by_id(center.book).stock, ProductEnrolled.get().gross_minor) == (2, 2400)
    assert done.credit_minor == 0
    assert Invoice.get_by_id(done.invoice_ids[0]).gross_minor == 35400


def test_money_that_moved_is_taken_in_though_its_line_is_gone(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    made = payments.start(center.staff, draft_of(center, line, 35400, sales=(SaleItem(center.book),)))
    canceling.cancel_enrollment(center.staff, line, "moved away")
    enrollment.sell(center.staff, SaleDraft(center.other_student, (SaleItem(center.book, 3),)))
    done = payments.complete(center.staff, made)
    assert (done.credit_minor, done.unsold, done.invoice_ids) == (35400, ("Highway Code handbook",), ())
    assert User.get_by_id(center.student).balance_minor == -35400
    told = Notification.get(Notification.key == "payments.unsold")
    assert told.needs_decision == 1
    assert Product.get_by_id(center.book).stock == 0


def test_two_payments_for_one_line_leave_the_second_as_credit(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    first = payments.start(center.staff, draft_of(center, line, key="k1"))
    second = payments.start(center.staff, draft_of(center, line, key="k2"))
    assert payments.complete(center.staff, first).credit_minor == 0
    assert payments.complete(center.staff, second).credit_minor == 33000


def test_a_line_named_twice_takes_no_more_than_is_open(owing: tuple[SmallCenter, int]) -> None:
    """Somebody else paid part of it between the start and the end."""
    center, line = owing
    twice = (PayLine(line, amount_minor=20000), PayLine(line, amount_minor=13000))
    late = payments.start(center.staff, PaymentDraft("k1", center.student, "card", 33000, twice))
    first = payments.complete(center.staff, payments.start(center.staff, draft_of(center, line, 10000, "k2")))
    assert payments.complete(center.staff, late).credit_minor == 10000
    assert invoices.paid_minor(first.invoice_ids[0]) == 33000
    assert checks.run() == []


def test_one_payment_by_card_and_cash(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    card = payments.start(center.staff, draft_of(center, line, 20000, "k1", tender_group="g1"))
    cash = payments.start(center.staff, replace(draft_of(center, line, 13000, "k2", tender_group="g1"), method="cash"))
    (invoice,) = payments.complete(center.staff, card).invoice_ids
    assert payments.complete(center.staff, cash).receipt
    assert invoices.open_minor(invoice) == 0
    assert Payment.select().where(Payment.tender_group == "g1").count() == 2


def test_a_brother_pays(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    draft = replace(draft_of(center, line), student_id=center.other_student, amount_minor=34000)
    made = payments.start(center.staff, draft)
    payments.complete(center.staff, made)
    assert [User.get_by_id(who).balance_minor for who in (center.student, center.other_student)] == [0, -1000]
    refunds.refund(center.staff, made, 2000, "too much", "k2")
    assert [User.get_by_id(who).balance_minor for who in (center.student, center.other_student)] == [1000, 0]


def test_an_enrollment_in_installments_is_paid_oldest_first(small_center: SmallCenter) -> None:
    plan = enrollment.plan(33000, 3, "2031-01-31")
    draft = EnrollmentDraft(small_center.student, small_center.course, installments=plan, send_mail=False)
    line = enrollment.enroll(small_center.staff, draft)
    done = payments.complete(
        small_center.staff, payments.start(small_center.staff, draft_of(small_center, line, 15000))
    )
    assert [owed.open_minor for owed in payments.owed(small_center.student)] == [7000, 11000]
    invoice = Invoice.get_by_id(done.invoice_ids[0])
    assert (invoice.gross_minor, invoice.due_on) == (22000, plan[1][0]), "the first part is paid: the second is to be"
    part = payments.owed(small_center.student)[1].installment_id
    only = PaymentDraft("k2", small_center.student, "card", 11000, (PayLine(line, None, part, 11000),))
    (issued,) = payments.complete(small_center.staff, payments.start(small_center.staff, only)).invoice_ids
    assert Invoice.get_by_id(issued).gross_minor == 11000


@pytest.mark.parametrize(
    ("change", "key", "field"),
    [
        ({"amount_minor": 0}, "payments.amount", "amount"),
        ({"amount_minor": -5}, "payments.amount", "amount"),
        ({"amount_minor": money.MAX_MINOR + 1}, "payments.amount", "amount"),
        ({"method": "gold"}, "payments.method", "method"),
        ({"student_id": 999}, "store.gone", None),
        ({"payer_id": 999}, "store.gone", None),
        ({"amount_minor": 100}, "payments.lines_above_amount", "amount"),
        ({"lines": (PayLine(1, amount_minor=0),)}, "payments.line_amount", "lines"),
        ({"lines": (PayLine(amount_minor=5),)}, "payments.line_amount", "lines"),
        ({"lines": (PayLine(999, amount_minor=5),)}, "payments.line_gone", "lines"),
        ({"lines": (PayLine(1, amount_minor=33001),), "amount_minor": 40000}, "payments.line_above_open", "lines"),
        ({"sales": (SaleItem(1, 4),)}, "enrollment.out_of_stock", "items"),
        ({"reference": "a\nb"}, "text.control_character", "reference"),
        ({"given_minor": 100}, "payments.given_too_little", "given"),
    ],
)
def test_a_bad_payment_is_not_started(
    owing: tuple[SmallCenter, int], change: dict[str, Any], key: str, field: str | None
) -> None:
    center, line = owing
    with pytest.raises(UserError) as refused:
        payments.start(center.staff, replace(draft_of(center, line), **change))
    assert (refused.value.key, refused.value.field) == (key, field)
    assert "{" not in text.sentence(refused.value)
    assert Payment.select().count() == 0


def test_refunds_stop_at_what_was_paid(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    made = payments.start(center.staff, replace(draft_of(center, line), amount_minor=40000))
    with pytest.raises(UserError, match=r"payments\.not_completed"):
        refunds.refund(center.staff, made, 100, "asked", "r0")
    (invoice,) = payments.complete(center.staff, made).invoice_ids
    first = refunds.refund(center.staff, made, 10000, "asked", "r1")
    row = Payment.get_by_id(first)
    assert (row.payment_type, row.refund_of, row.status, row.amount_minor, row.method) == (
        "refund", made, "COMPLETED", 10000, "card",
    )  # fmt: skip
    assert (refunds.credit_minor(made), invoices.paid_minor(invoice)) == (0, 30000)
    assert User.get_by_id(center.student).balance_minor == 3000
    assert refunds.refund(center.staff, made, 10000, "asked", "r1") == first
    with pytest.raises(UserError, match=r"payments\.key_reused"):
        refunds.refund(center.staff, made, 9000, "asked", "r1")
    with pytest.raises(UserError, match=r"payments\.refund_above_paid") as refused:
        refunds.refund(center.staff, made, 30001, "asked", "r2")
    assert text.sentence(refused.value) == "At most €300.00 of P-000001 can be refunded."
    refunds.refund(center.staff, made, 30000, "asked", "r3")
    assert refunds.refundable_minor(made) == 0
    assert User.get_by_id(center.student).balance_minor == 33000
    with pytest.raises(UserError, match=r"payments\.refund_of_refund"):
        refunds.refund(center.staff, first, 1, "asked", "r4")
    for amount in (0, -1):
        with pytest.raises(UserError, match=r"payments\.amount"):
            refunds.refund(center.staff, made, amount, "asked", "r5")


def test_rights_are_asked(owing: tuple[SmallCenter, int]) -> None:
    center, line = owing
    nobody = Actor(center.instructor, "instructor")
    made = payments.start(center.staff, draft_of(center, line))
    for call in (
        lambda: payments.start(nobody, draft_of(center, line, key="k2")),
        lambda: payments.complete(nobody, made),
        lambda: payments.fail(nobody, made, "x"),
        lambda: refunds.refund(nobody, made, 1, "x", "r"),
        lambda: refunds.apply_credit(nobody, center.student, [], "use"),
    ):
        with pytest.raises(UserError, match=r"rights\.missing"):
            call()
    assert Payment.get_by_id(made).status == "STARTED"


def test_another_process_completes_what_a_crash_left(owing: tuple[SmallCenter, int]) -> None:
    """The STARTED row alone is enough: nothing of the draft lives in memory."""
    center, line = owing
    made = payments.start(center.staff, draft_of(center, line, 35400, sales=(SaleItem(center.book),)))
    store.close_center()
    program = (
        "import sys; from pathlib import Path; from app import store; from app.desk import payments;"
        "from app.desk.accounts import Actor; store.open_center(Path(sys.argv[1]));"
        "(left,) = payments.started();"
        f"print(payments.complete(Actor({center.staff.user_id}, 'staff'), left.payment_id).credit_minor);"
        "store.close_center()"
    )
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program, str(center.folder)], cwd=root, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "0"
    store.open_center(center.folder)
    assert Payment.get_by_id(made).status == "COMPLETED"
    assert User.get_by_id(center.student).balance_minor == 0


def test_credit_is_paid_out_of_the_payments_it_came_from(small_center: SmallCenter) -> None:
    """The oldest first, each by its means, no line touched, and never above the credit."""
    staff, student = small_center.staff, small_center.student
    (line,) = enrollment.sell(staff, SaleDraft(student, (SaleItem(small_center.book),)))
    for key, method, amount in (("a", "card", 3_000), ("b", "transfer", 1_000)):
        lines = (PayLine(product_enrolled_id=line, amount_minor=2_400),) if key == "a" else ()
        payments.complete(staff, payments.start(staff, PaymentDraft(key, student, method, amount, lines)))
    assert [(one.method, one.amount_minor) for one in refunds.pay_out_of(student, 1_600)] == [
        ("card", 600), ("transfer", 1_000),
    ]  # fmt: skip
    for amount, reason, key in ((1_601, "leaves", r"pay_out_above"), (0, "leaves", r"amount"), (1, " ", r"required")):
        with pytest.raises(UserError, match=key):
            refunds.pay_out(staff, student, amount, reason, "out")
    made = refunds.pay_out(staff, student, 700, "leaves", "out")
    assert refunds.pay_out(staff, student, 700, "leaves", "out") == made
    with pytest.raises(UserError, match=r"payments\.key_reused"):
        refunds.pay_out(staff, student, 600, "leaves", "out")
    assert [(row.method, row.amount_minor) for row in Payment.select().where(Payment.id.in_(made))] == [
        ("card", 600), ("transfer", 100),
    ]  # fmt: skip
    assert (refunds.student_credit_minor(student), payments.owed(student)) == (900, [])
    assert checks.run() == []
