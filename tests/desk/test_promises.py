"""Promises to pay: noted, kept by the money, taken back, and known wherever a person is moved, erased or handed out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app import clock, text
from app.desk import dues, enrollment, erasing, invoices, merge, payments, people, promises, refunds, undo
from app.desk.accounts import Actor
from app.desk.enrollment import SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.errors import UserError
from app.exchange import person
from app.store import checks
from app.store.models import Operation, Payer, Promise, Timeline
from tests.support.center import SmallCenter, small_center
from tests.support.odd_text import ODD

__all__ = ["small_center"]

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def book(small: SmallCenter, student: int, payer: int | None = None) -> PayLine:
    (line,) = enrollment.sell(small.staff, SaleDraft(student, (SaleItem(small.book),), payer_id=payer))
    return PayLine(product_enrolled_id=line, amount_minor=2_400)


def pay(small: SmallCenter, line: PayLine, key: str, payer: int | None = None, student: int | None = None) -> int:
    draft = PaymentDraft(key, student or small.student, "transfer", line.amount_minor, (line,), payer_id=payer)
    payment = payments.start(small.staff, draft)
    payments.complete(small.staff, payment)
    return payment


def status(promise: int) -> str:
    return str(Promise.get_by_id(promise).status)


def test_it_is_kept_when_so_much_came(small_center: SmallCenter) -> None:
    small = small_center
    with clock.frozen(NOON):
        first, second = book(small, small.student), book(small, small.student)
        made = promises.add(small.staff, small.student, "2026-12-01", 2_000, " after the holidays ")
    row = Promise.get_by_id(made)
    assert (row.said_on, row.pay_on, row.note, row.status) == ("2026-11-24", "2026-12-01", "after the holidays", "open")
    with clock.frozen(NOON + timedelta(days=2)):
        pay(small, PayLine(product_enrolled_id=first.product_enrolled_id, amount_minor=1_500), "a")
        assert status(made) == "open"
        pay(small, PayLine(product_enrolled_id=second.product_enrolled_id, amount_minor=500), "b")
    assert status(made) == "kept"
    keys = [one.key for one in Timeline.select().where(Timeline.key.startswith("promises")).order_by(Timeline.id)]
    assert keys == ["promises.timeline", "promises.timeline_kept"]
    assert checks.run() == []


def test_it_is_kept_when_nothing_is_owed_any_more_though_less_came(small_center: SmallCenter) -> None:
    line = book(small_center, small_center.student)
    made = promises.add(small_center.staff, small_center.student, "2099-12-01", 9_900)
    pay(small_center, line, "a")
    assert status(made) == "kept"


def test_money_from_before_does_not_keep_it(small_center: SmallCenter) -> None:
    small = small_center
    with clock.frozen(NOON):
        first, second = book(small, small.student), book(small, small.student)
        pay(small, first, "a")
    with clock.frozen(NOON + timedelta(hours=1)):
        made = promises.add(small.staff, small.student, "2026-12-01", 2_400)
        pay(small, PayLine(product_enrolled_id=second.product_enrolled_id, amount_minor=100), "b")
    assert status(made) == "open"


def test_a_company_keeps_its_promise_by_paying_for_anyone(small_center: SmallCenter) -> None:
    small = small_center
    payer = people.add_payer(small.staff, people.PayerDraft("Alpen GmbH", kind="company"))
    own = book(small, small.student)
    lines = [book(small, one, payer) for one in (small.student, small.other_student)]
    invoices.bill(small.staff, small.student, lines, payer)
    made = promises.add(small.staff, small.student, "2099-12-01", 2_400, payer_id=payer)
    pay(small, own, "a")
    assert status(made) == "open", "what the student pays is not the company's"
    assert [due.student_id for due in dues.owed_by(small.student, payer)] == [small.student, small.other_student]
    pay(small, lines[1], "b", payer, small.other_student)
    assert status(made) == "kept"
    assert promises.standing() == {}
    assert Payer.get_by_id(payer).name == "Alpen GmbH"


def test_credit_keeps_it_too(small_center: SmallCenter) -> None:
    small = small_center
    line = book(small, small.student)
    payment = payments.start(small.staff, PaymentDraft("c", small.student, "cash", 5_000))
    payments.complete(small.staff, payment)
    made = promises.add(small.staff, small.student, "2099-12-01", 2_400)
    refunds.apply_credit(small.staff, small.student, [line], "use")
    assert status(made) == "kept"


def test_the_newest_counts_and_each_end_is_said_once(small_center: SmallCenter) -> None:
    small = small_center
    book(small, small.student)
    first = promises.add(small.staff, small.student, "2099-12-01", 2_400)
    second = promises.add(small.staff, small.student, "2099-12-24", 2_000)
    assert [status(first), status(second)] == ["withdrawn", "open"]
    said = promises.of(small.student, None)
    assert said is not None
    assert (said.id, said.pay_on, said.amount_minor) == (second, "2099-12-24", 2_000)
    promises.withdraw(small.staff, second)
    for again in (promises.withdraw, promises.keep):
        with pytest.raises(UserError, match=r"promises\.settled"):
            again(small.staff, second)
        with pytest.raises(UserError, match=r"store\.gone"):
            again(small.staff, 999)
    third = promises.add(small.staff, small.student, "2099-12-24", 2_000)
    promises.keep(small.staff, third)
    assert promises.of(small.student, None) is None
    assert checks.run() == []


@pytest.mark.parametrize(
    ("pay_on", "amount", "field", "key"),
    [
        ("2026-11-23", 100, "pay_on", "promises.past"), ("soon", 100, "pay_on", "invoices.bad_date"),
        ("2026-11-30", 0, "amount", "promises.amount"), ("2026-11-30", 10**15, "amount", "promises.amount"),
    ],
)  # fmt: skip
def test_what_cannot_be_promised(small_center: SmallCenter, pay_on: str, amount: int, field: str, key: str) -> None:
    with clock.frozen(NOON):
        book(small_center, small_center.student)
        with pytest.raises(UserError, match=key) as refused:
            promises.add(small_center.staff, small_center.student, pay_on, amount)
    assert refused.value.field == field
    assert text.sentence(refused.value) != key
    assert Promise.select().count() == 0


def test_nothing_is_promised_where_nothing_is_owed(small_center: SmallCenter) -> None:
    with pytest.raises(UserError, match=r"promises\.nothing_open"):
        promises.add(small_center.staff, small_center.student, "2099-01-01", 100)
    with pytest.raises(UserError, match=r"rights\.missing"):
        promises.add(Actor(small_center.instructor, "instructor"), small_center.student, "2099-01-01", 100)


def test_it_is_taken_back_exactly(small_center: SmallCenter) -> None:
    small = small_center
    book(small, small.student)
    first = promises.add(small.staff, small.student, "2099-12-01", 2_400)
    second = promises.add(small.staff, small.student, "2099-12-24", 2_000)
    last = Operation.select().order_by(Operation.id.desc()).get()
    undo.undo(small.staff, last.id)
    assert status(first) == "open"
    assert Promise.get_or_none(Promise.id == second) is None
    assert checks.run() == []


def test_a_merge_moves_it_and_is_parted_again(small_center: SmallCenter) -> None:
    small = small_center
    book(small, small.other_student)
    made = promises.add(small.staff, small.other_student, "2099-12-01", 2_400)
    assert "promises" in {part.kind for part in merge.preview(small.student, small.other_student).parts if part.moves}
    operation = merge.merge(small.staff, small.student, small.other_student)
    assert promises.of(small.student, None) is not None
    assert checks.run() == []
    undo.undo(small.staff, operation)
    assert Promise.get_by_id(made).student_id == small.other_student


def test_erasing_takes_the_words_and_the_hand_out_has_them(small_center: SmallCenter, tmp_path: Path) -> None:
    small = small_center
    book(small, small.student)
    promises.add(small.staff, small.student, "2099-12-01", 2_400, "her sister Maria pays")
    (row,) = person.everything(small.student)["promises"]
    assert (row["note"], row["amount_minor"]) == ("her sister Maria pays", 2_400)
    erasing.erase(small.admin, small.student)
    assert Promise.get().note == ""
    assert "Maria" not in str(person.everything(small.student))
    assert b"her sister Maria" not in b"".join(path.read_bytes() for path in small.folder.glob("*.db*"))
    assert checks.run() == []


def test_odd_words_are_words(small_center: SmallCenter) -> None:
    book(small_center, small_center.student)
    kept = 0
    for said in ODD:
        try:
            made = promises.add(small_center.staff, small_center.student, "2099-12-01", 2_400, said)
        except UserError as refused:
            assert refused.field == "note"
            continue
        assert Promise.get_by_id(made).note == text.clean(said, field="note")
        kept += 1
    assert kept > 80
    assert checks.run() == []


def test_taking_a_payment_back_gives_the_money_back_and_leaves_the_promise_kept(small_center: SmallCenter) -> None:
    small = small_center
    line = book(small, small.student)
    made = promises.add(small.staff, small.student, "2099-12-01", 2_400)
    pay(small, line, "a")
    undo.undo(small.staff, Operation.select().order_by(Operation.id.desc()).get().id)
    assert [due.open_minor for due in payments.owed(small.student)] == [2_400]
    assert status(made) == "kept", "somebody talks to them anyway"
    assert checks.run() == []


def test_what_a_company_promised_stands_when_one_of_its_people_is_erased(small_center: SmallCenter) -> None:
    small = small_center
    payer = people.add_payer(small.staff, people.PayerDraft("Alpen GmbH", "company"))
    book(small, small.student, payer)
    book(small, small.other_student, payer)
    theirs = promises.add(small.staff, small.student, "2099-12-01", 4_800, "when Ana is back", payer)
    own = book(small, small.student)
    mine = promises.add(small.staff, small.student, "2099-12-01", own.amount_minor)
    erasing.erase(small.admin, small.student)
    assert (status(theirs), status(mine)) == ("open", "withdrawn")
    assert Promise.get_by_id(theirs).note == ""
    assert promises.of(small.other_student, payer) is not None
    assert checks.run() == []


def test_of_two_promises_of_a_merged_person_the_last_one_counts_alone(small_center: SmallCenter) -> None:
    small = small_center
    book(small, small.student)
    book(small, small.other_student)
    first = promises.add(small.staff, small.student, "2099-12-01", 2_400)
    last = promises.add(small.staff, small.other_student, "2099-12-24", 2_400)
    operation = merge.merge(small.staff, small.student, small.other_student)
    assert (status(first), status(last)) == ("withdrawn", "open")
    promises.keep(small.staff, last)
    assert promises.of(small.student, None) is None, "nobody is asked for the one before"
    undo.undo(small.staff, Operation.select().order_by(Operation.id.desc()).get().id)
    undo.undo(small.staff, operation)
    assert (status(first), status(last)) == ("open", "open")
    assert Promise.get_by_id(last).student_id == small.other_student
    assert checks.run() == []
