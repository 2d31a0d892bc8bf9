"""A product is taken back: stock, money and documents follow, and nothing is taken back twice."""

from __future__ import annotations

import pytest

from app.desk import changing, enrollment, invoices, payments, refunds, returning, undo
from app.desk.changing import Paper
from app.desk.enrollment import SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.errors import UserError
from app.store import checks, write
from app.store.models import (
    Invoice,
    MailQueue,
    Notification,
    Operation,
    Product,
    ProductEnrolled,
    TaxRate,
    Timeline,
    User,
)
from tests.desk.test_waiving import enroll
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def sell(made: SmallCenter, product: int | None = None, quantity: int = 1) -> int:
    draft = SaleDraft(made.student, (SaleItem(product or made.book, quantity),))
    return enrollment.sell(made.staff, draft)[0]


def pay(made: SmallCenter, amount: int, *lines: PayLine) -> None:
    payments.complete(made.staff, payments.start(made.staff, PaymentDraft("k", made.student, "card", amount, lines)))


def test_an_unpaid_book_goes_back_into_stock_and_is_owed_no_more(small_center: SmallCenter) -> None:
    made, line = small_center, sell(small_center, quantity=2)
    assert Product.get_by_id(made.book).stock == 1
    seen = returning.preview(made.staff, line)
    assert (ProductEnrolled.get_by_id(line).status, Product.get_by_id(made.book).stock) == ("completed", 1)
    assert (seen.open_before_minor, seen.open_after_minor, seen.back_in_stock) == (4_800, 0, 2)
    assert (seen.papers, seen.mails) == ((), ())
    assert returning.return_product(made.staff, line, "bought twice", seen) == seen
    row = ProductEnrolled.get_by_id(line)
    assert (row.status, row.cancel_reason) == ("canceled", "bought twice")
    assert Product.get_by_id(made.book).stock == 3
    assert User.get_by_id(made.student).balance_minor == 0
    assert Timeline.select().where(Timeline.key == "returning.timeline").count() == 1
    assert Notification.select().where(Notification.key == "returning.done").count() == 1
    assert checks.run() == []
    undo.undo(made.staff, Operation.get(Operation.label == "Return product").id)
    assert (ProductEnrolled.get_by_id(line).status, Product.get_by_id(made.book).stock) == ("completed", 1)
    assert User.get_by_id(made.student).balance_minor == 4_800
    assert checks.run() == []


def test_what_stands_with_it_on_the_invoice_is_issued_anew_with_its_money(small_center: SmallCenter) -> None:
    made, line, book = small_center, enroll(small_center), sell(small_center)
    pay(made, 35_400, PayLine(line, amount_minor=33_000), PayLine(None, book, amount_minor=2_400))
    mails = MailQueue.select().count()
    done = returning.return_product(made.staff, book, "pages are missing")
    assert done.papers == (
        Paper("credit_note", "2026-000001", "Ana Satler", 35_400),
        Paper("invoice", "", "Ana Satler", 33_000, 33_000),
    )
    assert (done.credit_before_minor, done.credit_after_minor) == (0, 2_400)
    assert done.mails == ("Ana Satler",)
    assert MailQueue.select().count() == mails + 1
    assert refunds.student_credit_minor(made.student) == 2_400
    assert Invoice.select().where(Invoice.kind == "credit_note").count() == 1
    assert checks.run() == []


def test_nothing_is_counted_back_where_there_is_no_stock(small_center: SmallCenter) -> None:
    made = small_center
    with write("Digital pack", made.admin) as w:
        rate = TaxRate.get(TaxRate.rate_bp == 2000).id
        pack = w.insert(Product, code="DP", name="Digital pack", kind="digital", price_minor=900, tax_rate_id=rate)
    line = sell(made, pack)
    invoices.bill(made.staff, made.student, [PayLine(None, line)])
    done = returning.return_product(made.staff, line, "never opened")
    assert (done.back_in_stock, done.open_after_minor) == (None, 0)
    assert [paper.kind for paper in done.papers] == ["credit_note"]
    assert Product.get_by_id(pack).stock is None
    assert checks.run() == []


def test_refusals(small_center: SmallCenter) -> None:
    made, line = small_center, sell(small_center)
    with pytest.raises(UserError) as refused:
        returning.return_product(made.staff, line, " ")
    assert refused.value.field == "reason"
    returning.return_product(made.staff, line, "bought twice")
    stock = Product.get_by_id(made.book).stock
    for call in (lambda: returning.preview(made.staff, line), lambda: returning.return_product(made.staff, line, "x")):
        with pytest.raises(UserError, match=r"returning\.already"):
            call()
    with pytest.raises(UserError, match=r"store\.gone"):
        returning.preview(made.staff, 999)
    assert Product.get_by_id(made.book).stock == stock, "it is put back once"


def test_a_payment_meanwhile_makes_the_preview_stale(small_center: SmallCenter) -> None:
    made, line = small_center, sell(small_center)
    seen = returning.preview(made.staff, line)
    pay(made, 2_400, PayLine(None, line, amount_minor=2_400))
    with pytest.raises(UserError, match=r"changing\.stale"):
        returning.return_product(made.staff, line, "bought twice", seen)
    assert ProductEnrolled.get_by_id(line).status == "completed"
    assert refunds.student_credit_minor(made.student) == 0


def test_the_control_a_program_that_does_not_hold_its_preview_takes_it_back(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changing, "hold", lambda shown, effect: None)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        test_a_payment_meanwhile_makes_the_preview_stale(small_center)
