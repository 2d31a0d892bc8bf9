"""Taking back a whole list of people: asked in sets, previewed beside whoever writes, its references proven at the end.

In full (`dev.py test --full safe`) a hundred thousand people.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from app import paths, store
from app.desk import enrollment, exact, people, seats, undo
from app.exchange import checking, columns, importing, reading
from app.store import checks, cipher, images, search
from app.store.models import CourseEnrolled, Operation, Timeline, User
from tests.desk.test_undo import business, last, slot
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

FULL = os.environ.get("DESKBELL_FULL", "")
FEW, MANY = 200, 100_000 if "safe" in FULL or FULL == "all" else 3_000


def bring_in(c: SmallCenter, count: int, name: str) -> int:
    """Import so many people; returns the operation."""
    path = c.folder.parent / f"{name}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = [(f"{name}{number}", "Neu", f"{name}{number}@mail.example") for number in range(count)]
        csv.writer(file).writerows([("First name", "Last name", "Email"), *rows])
    table = reading.read(path)
    done = importing.import_students(c.staff, checking.plan(table, columns.guess(table)))
    assert done.added == count
    return last()


@contextmanager
def questions() -> Iterator[Counter[str]]:
    """How many statements of each kind SQLite is given; those of triggers do not count."""
    counts: Counter[str] = Counter()
    connection = store.db.connection()
    connection.set_trace_callback(lambda said: counts.update([said.lstrip().split(None, 1)[0]]))
    try:
        yield counts
    finally:
        connection.set_trace_callback(None)


def test_a_list_is_taken_back_and_done_again_by_as_many_questions_as_there_are_kinds_of_rows(
    small_center: SmallCenter,
) -> None:
    c = small_center
    asked: dict[int, list[int]] = {}
    for count, name in ((FEW, "few"), (MANY, "many")):
        before = business() if count == FEW else {}
        operation = bring_in(c, count, name)
        after = business() if count == FEW else {}
        asked[count] = []
        with questions() as counts:
            seen = undo.preview(c.staff, operation)
        asked[count].append(counts["SELECT"])
        assert seen.obstacle is None
        assert Counter((row.act, row.table) for row in seen.rows)["gone", "users"] == count
        with questions() as counts:
            taken_back = undo.undo(c.staff, operation)
        asked[count].append(counts["SELECT"])
        assert counts["PRAGMA"] == 2, "references are set aside once, not row by row"
        assert (search.people(f"{name}{count - 1}"), User.select().where(User.last_name == "Neu").count()) == ([], 0)
        moved = Timeline.select().where(Timeline.key == "undo.timeline_gone").count()
        assert moved == sum(asked)
        assert not before or business() == before
        with questions() as counts:
            again = undo.undo(c.staff, taken_back)
        asked[count].append(counts["SELECT"])
        assert Operation.get_by_id(again).undo_of == taken_back
        assert len(search.people(f"{name}{count - 1}")) == 1
        assert not after or business() == after
        undo.undo(c.staff, again)
    few, many = asked[FEW], asked[MANY]
    assert all(b <= a for a, b in zip(few, many, strict=True)), f"{FEW} people: {few} SELECTs, {MANY}: {many}"
    assert max(few) < 200
    assert checks.run() == []


@contextmanager
def another_program_writes(c: SmallCenter) -> Iterator[None]:
    """Somebody else has the write lock."""
    with closing(cipher.connect(paths.data_file(c.folder))) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_whoever_looks_makes_nobody_wait_and_waits_for_nobody(small_center: SmallCenter) -> None:
    c = small_center
    imported = bring_in(c, 20, "some")
    line = enrollment.enroll(c.staff, enrollment.EnrollmentDraft(c.student, c.course))
    enrolled = last()
    with another_program_writes(c):
        seen = undo.preview(c.staff, imported)
        money = undo.preview(c.staff, enrolled)
    assert (seen.obstacle, len(seen.rows)) == (None, 21)
    assert (money.obstacle, [key for key, _ in money.money]) == (None, ["undo.does_cancel"])
    assert CourseEnrolled.get_by_id(line).status == "pending"


def test_the_rules_of_seats_are_judged_without_writing_too(small_center: SmallCenter) -> None:
    c = small_center
    there = slot(c, capacity=1)
    seats.cancel_seat(c.staff, seats.book(c.staff, there, c.student))
    given_back = last()
    with another_program_writes(c):
        assert undo.preview(c.staff, given_back).obstacle is None
    rival = seats.book(c.staff, there, c.other_student)
    with another_program_writes(c):
        obstacle = undo.preview(c.staff, given_back).obstacle
    assert obstacle is not None
    assert (obstacle.key, obstacle.params["name"]) == ("undo.full", "Ana Satler")
    seats.cancel_seat(c.staff, rival)
    before = business()
    assert undo.preview(c.staff, given_back).obstacle is None
    assert business() == before, "what was supposed is over"
    undo.undo(c.staff, given_back)
    assert checks.run() == []


def test_a_row_that_would_point_at_nothing_keeps_everything_as_it_is(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite does not watch the references of an undo: they are proven before the commit, whatever was overlooked."""
    c = small_center
    added = people.add_student(c.staff, people.StudentDraft("Zoë", "Neu", date_of_birth="1990-01-01"))
    operation = last()
    enrollment.enroll(c.staff, enrollment.EnrollmentDraft(added, c.course))
    before = business()
    monkeypatch.setattr(exact, "_free_to_go", lambda actor, rows, since: None)
    with pytest.raises(RuntimeError, match=r"courses_enrolled .* without its row of users"):
        undo.undo(c.staff, operation)
    assert business() == before
    assert store.db.connection().execute("PRAGMA foreign_keys").fetchone()[0] == 1
    monkeypatch.setattr(images, "prove_references", lambda w: None)
    undo.undo(c.staff, operation)
    assert "file.references" in {broken.rule for broken in checks.run()}, "the control: nobody else would have seen it"


def test_a_row_that_would_come_back_to_nothing_keeps_everything_as_it_is(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = small_center
    payer = people.add_payer(c.staff, people.PayerDraft("ACME", "company"))
    added = last()
    student = people.add_student(c.staff, people.StudentDraft("Zoë", "Neu", payer_id=payer))
    row = User.get_by_id(student)
    people.edit_student(c.staff, student, row.version, people.StudentDraft("Zoë", "Neu"))
    without = last()
    undo.undo(c.staff, added)
    monkeypatch.setattr(exact, "_free_to_come", lambda rows, since: None)
    before = business()
    with pytest.raises(RuntimeError, match=r"users .* without its row of payers"):
        undo.undo(c.staff, without)
    assert business() == before


def test_people_who_have_done_something_since_stay(small_center: SmallCenter) -> None:
    c = small_center
    colleague = people.add_staff(c.admin, people.StaffDraft("Nora", "Neu"))
    added = last()
    people.add_note(undo.Actor(colleague, "staff"), c.student, "hers")
    obstacle = undo.preview(c.admin, added).obstacle
    assert obstacle is not None
    assert obstacle.key == "undo.in_use"
