"""A day of a statement that has passed says the same for ever, whatever is waived, moved, planned or canceled later."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app import clock, paths, store
from app.desk import (
    canceling,
    crediting,
    dues,
    enrollment,
    papers,
    payments,
    refunds,
    replan,
    transfer,
    undo,
    waiving,
)
from app.desk.changing import dues_of
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.desk.transfer import MoneyMove, Place
from app.errors import UserError
from app.lists import statement
from app.store import checks, images
from app.store.models import Course, CourseEnrolled, Operation, Payment, Product, ProductEnrolled, User
from tests.desk.test_transfer import lessons
from tests.support.center import SmallCenter, build

FIRST = date(2027, 1, 4)


@contextmanager
def on(day: int) -> Iterator[str]:
    """Noon of the so manieth day."""
    at = FIRST + timedelta(days=day)
    with clock.frozen(datetime(at.year, at.month, at.day, 12, tzinfo=UTC)):
        yield at.isoformat()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[SmallCenter]:
    with on(0):
        found = build(tmp_path / "center")
    yield found
    store.close_center()


def printed(student: int, day: str) -> tuple[Any, ...]:
    """What a statement from the first day up to one says of its days."""
    found = statement.of_students([student], "0001-01-01", day)
    return found.opening_minor, found.entries, found.closing_minor


def moves(student: int) -> list[tuple[str, str, int]]:
    return [(entry.on[8:], entry.kind, entry.amount_minor) for entry in printed(student, "9999-12-31")[1]]


def begin(made: SmallCenter) -> int:
    return enrollment.enroll(made.staff, EnrollmentDraft(made.student, made.course, send_mail=False))


def test_a_waiver_is_an_entry_of_its_own_day(made: SmallCenter) -> None:
    with on(0) as first:
        line = begin(made)
        (book,) = enrollment.sell(made.staff, SaleDraft(made.student, (SaleItem(made.book),)))
        before = printed(made.student, first)
    with on(3):
        waiving.waive(made.admin, waiving.Waiver(PayLine(line), 5_000, "hardship"))
        waiving.waive(made.admin, waiving.Waiver(PayLine(None, book), 2_400, "hardship"))
    with on(5):
        waiving.waive(made.admin, waiving.Waiver(PayLine(line), 1_000, "hardship"))
    assert printed(made.student, first) == before
    assert moves(made.student) == [
        ("04", "bought", 2_400), ("04", "bought", 33_000), ("07", "waived", -2_400), ("07", "waived", -5_000),
        ("09", "waived", -1_000),
    ]  # fmt: skip
    assert printed(made.student, "9999-12-31")[2] == User.get_by_id(made.student).balance_minor == 27_000
    paper = papers.statement([made.student], first, "2027-01-31")
    assert [line.title for line in paper.lines if line.amount_minor < 0] == [
        "Waived: Highway Code handbook", "Waived: Driving B Theory", "Waived: Driving B Theory",
    ]  # fmt: skip


def test_a_canceled_line_that_counts_again_keeps_both_days(made: SmallCenter) -> None:
    with on(0):
        line = begin(made)
    with on(1) as canceled:
        waiving.waive(made.admin, waiving.Waiver(PayLine(line), 3_000, "hardship"))
        canceling.cancel_enrollment(made.staff, line, "moved away")
        before = printed(made.student, canceled)
    with on(2):
        undo.undo(made.staff, Operation.select().where(Operation.label == "Cancel enrollment").get().id)
    assert printed(made.student, canceled) == before
    assert moves(made.student) == [
        ("04", "bought", 33_000), ("05", "canceled", -30_000), ("05", "waived", -3_000), ("06", "restored", 30_000),
    ]  # fmt: skip
    with on(9):
        canceling.cancel_enrollment(made.staff, line, "moved away")
    assert moves(made.student)[-1] == ("13", "canceled", -30_000)
    assert printed(made.student, "9999-12-31")[2] == User.get_by_id(made.student).balance_minor == 0


def test_a_transfer_and_a_new_plan_leave_the_days_before_them(made: SmallCenter) -> None:
    with on(0) as first:
        course, line = lessons(made), begin(made)
        paid = PaymentDraft("k", made.student, "card", 10_000, (PayLine(line, amount_minor=10_000),))
        payments.complete(made.staff, payments.start(made.staff, paid))
        before = printed(made.student, first)
    with on(1):
        replan.replan(made.staff, line, (("2027-03-01", 3_000), ("2027-04-01", 20_000)))
    with on(2):
        transfer.transfer_place(made.staff, Place(line, course, plan="carry", reason="drives"))
    assert printed(made.student, first) == before
    assert moves(made.student) == [
        ("04", "bought", 33_000), ("04", "paid", -10_000), ("06", "bought", 50_000), ("06", "canceled", -33_000),
    ]  # fmt: skip
    assert printed(made.student, "9999-12-31")[2] == User.get_by_id(made.student).balance_minor == 40_000


def test_control_without_the_record_of_changes_a_waiver_changes_the_day_of_the_purchase(
    made: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on(0) as first:
        line = begin(made)
        before = printed(made.student, first)
    with on(3):
        waiving.waive(made.admin, waiving.Waiver(PayLine(line), 5_000, "hardship"))
    monkeypatch.setattr(images, "steps", lambda *_: [])
    assert printed(made.student, first) != before


# -- in any order


class Days:
    """Staff at work, day after day, at random; what is not possible is left."""

    def __init__(self, made: SmallCenter, data: st.DataObject) -> None:
        self.made, self.data, self.count = made, data, 0
        self.students = [made.student, made.other_student]
        self.courses = [row.id for row in Course.select()]

    def pick(self, these: list[Any]) -> Any:
        return self.data.draw(st.sampled_from(these))

    def line(self) -> PayLine:
        found: list[Any] = [
            PayLine(row.id) for row in CourseEnrolled.select().where(CourseEnrolled.status == "pending")
        ]
        found += [PayLine(None, row.id) for row in ProductEnrolled.select()]
        return self.pick(found or [PayLine(999)])  # type: ignore[no-any-return]

    def open_of(self, line: PayLine) -> int:
        return sum(due.open_minor for due in dues_of(line))

    def enroll(self) -> None:
        draft = EnrollmentDraft(self.pick(self.students), self.pick(self.courses), send_mail=False)
        enrollment.enroll(self.made.staff, draft)

    def sell(self) -> None:
        enrollment.sell(self.made.staff, SaleDraft(self.pick(self.students), (SaleItem(self.made.book),)))

    def pay(self) -> None:
        line, self.count = self.line(), self.count + 1
        amount = max(self.open_of(line) // self.pick([1, 2]), 1)
        lines = (PayLine(line.enrollment_id, line.product_enrolled_id, None, amount),)
        draft = PaymentDraft(f"k{self.count}", self.pick(self.students), "card", amount + self.pick([0, 700]), lines)
        payments.complete(self.made.staff, payments.start(self.made.staff, draft))

    def refund(self) -> None:
        self.count += 1
        found = [row.id for row in Payment.select().where(Payment.payment_type != "refund")]
        if found:
            one = self.pick(found)
            refunds.refund(self.made.staff, one, max(refunds.refundable_minor(one) // 2, 1), "asked", f"k{self.count}")

    def waive(self) -> None:
        line = self.line()
        waiving.waive(self.made.admin, waiving.Waiver(line, max(self.open_of(line) // self.pick([1, 3]), 1), "hard"))

    def plan(self) -> None:
        line = self.line()
        left = replan.planned(line.enrollment_id or 0).left_minor
        replan.replan(self.made.staff, line.enrollment_id or 0, (("2028-01-01", left - 1), ("2028-02-01", 1)))

    def transfer(self) -> None:
        line = self.line()
        plan = self.pick(["", "carry", "even"])
        place = Place(line.enrollment_id or 0, self.pick(self.courses), plan=plan, parts=2, reason="wish")
        transfer.transfer_place(self.made.staff, place)

    def move(self) -> None:
        source, target = self.line(), self.line()
        amount = min(sum(due.paid_minor for due in dues_of(source)), self.open_of(target))
        transfer.move_money(self.made.staff, MoneyMove(source, target, amount, "wrong line"))

    def cancel(self) -> None:
        canceling.cancel_enrollment(self.made.staff, self.line().enrollment_id or 0, "moved away")

    def credit(self) -> None:
        live = [due.invoice_id for one in self.students for due in dues.of_student(one) if due.invoice_id]
        if live:
            crediting.credit(self.made.staff, self.pick(live), "wrong buyer")

    def take_back(self) -> None:
        undo.undo(self.made.staff, undo.newest(self.made.staff))

    def work(self, *first: Callable[[], None]) -> None:
        acts: list[Callable[[], None]] = [
            self.enroll, self.sell, self.pay, self.refund, self.waive, self.plan, self.transfer, self.move, self.cancel,
            self.credit, self.take_back,
        ]  # fmt: skip
        try:
            self.pick(list(first) or acts)()
        except UserError:
            return


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallCenter, Path]:
    folder = tmp_path_factory.mktemp("days") / "center"
    with on(0):
        found = build(folder)
        lessons(found)
        with store.write("Many", found.admin) as w:
            w.update(Product, found.book, stock=100)
    store.close_center()
    return found, folder


@settings(
    max_examples=25, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(data=st.data())
def test_what_was_printed_once_is_printed_again(
    template: tuple[SmallCenter, Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    found, source = template
    folder = tmp_path_factory.mktemp("run")
    shutil.copy(paths.data_file(source), paths.data_file(folder))
    store.open_center(folder)
    try:
        days, then = Days(found, data), {}
        for day in range(6):
            with on(day) as today:
                if day < 2:
                    days.work((days.enroll, days.pay)[day])
                for _act in range(3):
                    days.work()
                for student in days.students:
                    then[student, today] = printed(student, today)
        for (student, day), before in then.items():
            assert printed(student, day) == before
        for student in days.students:
            assert printed(student, "9999-12-31")[2] == User.get_by_id(student).balance_minor
        assert checks.run() == []
    finally:
        store.close_center()
        shutil.rmtree(folder)
