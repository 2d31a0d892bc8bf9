"""What is unpaid in the whole center: the same lines as one student after the other, by age, by who owes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from app import clock, store
from app.desk import dues, enrollment, people, promises, reminding
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.lists import open_items, statement
from app.store.models import User
from tests.support.center import SmallCenter, small_center
from tests.support.full_center import START, build_full

__all__ = ["small_center"]

TODAY = "2026-11-16"


@pytest.fixture
def full(tmp_path: Path) -> Iterator[SmallCenter]:
    with clock.frozen(START):
        yield build_full(tmp_path / "center")
    store.close_center()


def students() -> list[int]:
    return [row.id for row in User.select(User.id).where(User.role == "student")]


@pytest.mark.usefixtures("full")
def test_it_is_what_each_student_owes_and_each_age_of_it() -> None:
    found = open_items.read("2027-03-01")
    one_by_one = statement.open_items(students(), "2027-03-01")
    assert sorted(
        (line.due_on, line.title, line.detail, line.student, line.open_minor, line.days_late) for line in found
    ) == (sorted((it.due_on, it.title, it.detail, it.student, it.open_minor, it.days_late) for it in one_by_one))
    assert len(found) > 2
    assert open_items.sums(found) == statement.of_students(students(), "0001-01-01", "2027-03-01").by_age_minor
    assert len({line.age for line in found}) > 1


def late_by(center: SmallCenter, days: list[int]) -> None:
    """Ana owes one euro for each day that is named: due so many days before today."""
    first = date.fromisoformat(TODAY)
    plan = tuple(sorted(((first - timedelta(days=n)).isoformat(), 100) for n in days))
    with store.write("A price", center.admin) as w:
        from app.store.models import Course

        w.update(Course, center.course, price_minor=100 * len(days))
    with clock.frozen(datetime.combine(first - timedelta(days=max(0, *days)), time(12), UTC)):
        enrollment.enroll(center.staff, EnrollmentDraft(center.student, center.course, installments=plan))


@pytest.mark.parametrize(
    ("days", "age"), [(-1, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (4000, 4)]
)
def test_the_edges_of_the_ages(small_center: SmallCenter, days: int, age: int) -> None:
    late_by(small_center, [days])
    (line,) = open_items.read(TODAY)
    assert (line.age, line.days_late, line.open_minor) == (age, max(days, 0), 100)


def test_words_and_ages_choose(small_center: SmallCenter) -> None:
    late_by(small_center, [-5, 10, 40, 100])
    enrollment.sell(small_center.staff, SaleDraft(small_center.other_student, (SaleItem(small_center.book),)))
    found = open_items.read("2026-11-16")
    assert [line.days_late for line in open_items.chosen(found, "", [])] == [100, 40, 10]
    assert [line.days_late for line in open_items.chosen(found, "satler", [0, 4])] == [100, 0]
    assert len(open_items.chosen(found, "lukasz", range(5))) == 1
    assert len(open_items.chosen(found, "LUKASZ highway", range(5))) == 1
    assert open_items.chosen(found, "lukasz driving", range(5)) == []


def test_owners_are_students_or_who_pays_for_them(small_center: SmallCenter) -> None:
    payer = people.add_payer(small_center.staff, people.PayerDraft("Brücken GmbH", kind="company"))
    late_by(small_center, [10, 40])
    for student, pays in ((small_center.student, None), (small_center.other_student, payer)):
        sale = SaleDraft(student, (SaleItem(small_center.book),), payer_id=pays)
        enrollment.sell(small_center.staff, sale)
    with store.write("Who pays", small_center.admin) as w:
        w.update(User, small_center.student, payer_id=payer)
    found = open_items.read("2030-01-01")
    by_student = open_items.owners(found, by_payer=False)
    assert [(one.name, one.total_minor, len(one.lines)) for one in by_student] == [
        ("Ana Satler", 2600, 3), ("Łukasz Wiśniewski", 2400, 1),
    ]  # fmt: skip
    (whole,) = open_items.owners(found, by_payer=True)
    assert (whole.name, whole.total_minor, whole.detail) == ("Brücken GmbH", 5000, "Ana Satler, Łukasz Wiśniewski")
    assert sum(whole.by_age_minor) == 5000


def test_nothing_is_open_where_everything_is_paid(small_center: SmallCenter) -> None:
    assert open_items.read(TODAY) == []
    assert dues.of_everyone() == []


def test_promises_and_reminders_stand_on_the_lines_of_whoever_pays(small_center: SmallCenter) -> None:
    small = small_center
    payer = people.add_payer(small.staff, people.PayerDraft("Brücken GmbH", kind="company", email="b@bruecken.example"))
    moment = START.replace(month=10)
    with clock.frozen(moment):
        enrollment.sell(small.staff, SaleDraft(small.student, (SaleItem(small.book),)))
        enrollment.sell(small.staff, SaleDraft(small.student, (SaleItem(small.book),), payer_id=payer))
        enrollment.sell(small.staff, SaleDraft(small.other_student, (SaleItem(small.book),), payer_id=payer))
    with clock.frozen(START):
        promises.add(small.staff, small.student, "2026-11-20", 4_800, payer_id=payer)
        reminding.remind(small.staff, [(small.student, None)])
    found = {(line.student_id, line.payer_id): line for line in open_items.read("2026-11-20")}
    own, first, second = (found[key] for key in (
        (small.student, None), (small.student, payer), (small.other_student, payer),
    ))  # fmt: skip
    assert (own.pay_on, own.reminded, own.reminded_on) == ("", 1, "2026-11-16")
    for line in (first, second):
        assert (line.pay_on, line.promised_minor, line.broken, line.reminded) == ("2026-11-20", 4_800, False, 0)
    lines = open_items.read("2026-11-21")
    assert [line.broken for line in lines if line.payer_id] == [True, True]
    whole = open_items.view(lines, "", [], "line")
    assert (whole.by_mark, len(whole.lines)) == ([0, 2], 3)
    assert {line.payer_id for line in open_items.view(lines, "", [], "line", ["broken"]).lines} == {payer}
    assert open_items.view(lines, "", [], "line", ["promised"]).lines == []
    assert len(open_items.view(lines, "", [], "line", ["promised", "broken"]).lines) == 2
    owner = next(one for one in open_items.view(lines, "", [], "student").owners if one.name == "Ana Satler")
    assert owner.told.broken
