"""The statement of account: every movement once, the balance after each, what is open by age."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from app import clock, store
from app.desk import canceling, enrollment, papers, payments
from app.documents.statement import OpenLine, StatementDocument, StatementLine, render
from app.errors import UserError
from app.lists import statement
from app.store.models import CourseEnrolled, User
from tests.documents.test_invoice import NAMES, text_of
from tests.support.center import SmallCenter, build
from tests.support.full_center import build_full

ALWAYS = ("0001-01-01", "9999-12-31")


@pytest.fixture
def full(tmp_path: Path) -> SmallCenter:
    return build_full(tmp_path / "center")


def test_the_closing_balance_is_the_kept_one_for_everyone(full: SmallCenter) -> None:
    running = CourseEnrolled.get(CourseEnrolled.student_id == full.student, CourseEnrolled.status == "pending")
    canceling.cancel_enrollment(full.staff, running.id, "moved away")
    people_ = {row.id: row.balance_minor for row in User.select().where(User.role == "student")}
    accounts = {one: statement.of_students([one], *ALWAYS) for one in people_}
    assert {one: account.closing_minor for one, account in accounts.items()} == people_
    assert any(account.entries for account in accounts.values())
    together = statement.of_students(list(people_), *ALWAYS)
    assert together.closing_minor == sum(people_.values())
    assert together.running_minor[-1] == together.closing_minor
    assert {entry.kind for entry in together.entries} >= {"bought", "canceled", "paid", "refunded"}
    store.close_center()


def test_what_came_before_is_the_opening_balance(full: SmallCenter) -> None:
    whole = statement.of_students([full.student], *ALWAYS)
    days = sorted({entry.on for entry in whole.entries})
    assert days
    for day in days:
        later = statement.of_students([full.student], day, ALWAYS[1])
        assert later.opening_minor == sum(entry.amount_minor for entry in whole.entries if entry.on < day)
        assert later.closing_minor == whole.closing_minor
    store.close_center()


def test_ages_by_the_day(tmp_path: Path) -> None:
    center = build(tmp_path / "center")
    made = enrollment.enroll(
        center.staff, enrollment.EnrollmentDraft(student_id=center.student, course_id=center.course)
    )
    (due,) = payments.owed(center.student)
    first = clock.local_date("Europe/Vienna").fromisoformat(due.due_on)
    for days, age in ((-5, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (4_000, 4)):
        day = first.fromordinal(first.toordinal() + days).isoformat()
        (item,) = statement.open_items([center.student], day)
        assert (item.age, item.days_late) == (age, max(0, days))
        assert statement.of_students([center.student], "2020-01-01", day).by_age_minor[age] == due.open_minor
    assert made
    store.close_center()


def test_a_family_is_one_account(tmp_path: Path) -> None:
    center = build(tmp_path / "center")
    enrolled = [
        enrollment.enroll(center.staff, enrollment.EnrollmentDraft(student_id=one, course_id=center.course))
        for one in (center.student, center.other_student)
    ]
    gross = payments.owed(center.student)[0].open_minor
    lines = tuple(payments.PayLine(enrollment_id=one, amount_minor=gross) for one in enrolled)
    payment = payments.start(center.staff, payments.PaymentDraft("f1", center.student, "card", 2 * gross, lines))
    payments.complete(center.staff, payment)
    ids = [center.student, center.other_student]
    for one in ids:
        account = statement.of_students([one], *ALWAYS)
        assert account.closing_minor == User.get_by_id(one).balance_minor == 0
        kinds = [entry.kind for entry in account.entries]
        assert ("paid_for_other" if one == center.student else "paid_by_other") in kinds
    both = papers.statement(ids, "2020-01-01", "2030-01-01")
    assert (both.opening_minor, both.closing_minor) == (0, 0)
    assert any(User.get_by_id(one).first_name in line.detail for line in both.lines for one in ids)
    with pytest.raises(UserError, match=r"papers\.days") as refused:
        papers.statement(ids, "2030-01-01", "2020-01-01")
    assert refused.value.field == "last_on"
    with pytest.raises(UserError, match=r"store\.gone"):
        papers.statement([99_999], "2020-01-01", "2030-01-01")
    store.close_center()


def document(count: int, name: str = "Alpen Logistik GmbH") -> StatementDocument:
    lines, balance = [], 0
    for number in range(count):
        amount = 10_000 + number if number % 2 == 0 else -9_000
        balance += amount
        lines.append(StatementLine("2026-03-17", f"Forklift permit {number}", NAMES[number % 6], amount, balance))
    open_lines = (OpenLine("2026-03-31", "Forklift exam", "2026-000430", max(balance, 1), 12),)
    return StatementDocument(
        number="S-000001-2026-04-12", name=name, address="Hafenstraße 31\n4020 Linz", tax_id="ATU 6843 2190",
        currency="EUR", language="en", seller={"name": "Brückenhaus"}, issued_on="2026-04-12", first_on="2026-01-01",
        last_on="2026-04-12", opening_minor=0, closing_minor=balance, lines=tuple(lines), open_lines=open_lines,
        by_age_minor=(0, max(balance, 1), 0, 0, 0),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("count", [0, 1, 90])
def test_the_paper_carries_every_movement(tmp_path: Path, count: int) -> None:
    made = document(count, name="<b>Bo</b> & " + "x" * 190)
    pdf = render(made)
    words = text_of(pdf, tmp_path)
    flat = " ".join(words.split())
    for line in made.lines:
        assert line.title in flat
        assert f"{abs(line.amount_minor) / 100:,.2f}" in flat
    assert "<b>Bo</b> &" in flat
    assert "Balance on 12 April 2026" in flat
    assert "12 days late" in flat
    pages = len(re.findall(rb"/Type /Page\n", pdf))
    assert f"Page {pages} of {pages}" in flat
    assert (pages > 1) == (count == 90)
    assert render(made) == pdf
    (tmp_path / "x.pdf").write_bytes(pdf)
    subprocess.run(["qpdf", "--check", str(tmp_path / "x.pdf")], check=True, capture_output=True)
