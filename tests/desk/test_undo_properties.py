"""Any order of desk work and undos: a plain model of rows says what an undo gives, or that it must be refused.

The model knows rows as dicts and what each operation did to them. It says of every undo whether it may be done (each
row is as the operation left it, and the outcome breaks no rule of seats and references), and what the file then holds.
What happens in a run is drawn by its number alone: 100 runs of 30 steps by default, in full 1,000 of 100.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app import clock, paths, store
from app.desk import canceling, catalog, enrollment, exact, payments, people, scheduling, seats, undo
from app.errors import UserError
from app.store import checks, images
from app.store.models import Course, Operation, Payer, Product, SlotEnrolled, User
from tests.support.center import SmallCenter, build
from tests.support.counting import Count, sliced
from tests.support.killing import memory_path

__all__ = ["memory_path"]

FULL = os.environ.get("DESKBELL_FULL", "")
EXAMPLES, STEPS = (1000, 100) if "safe" in FULL or FULL == "all" else (100, 30)
START = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)

Key = tuple[str, int]
Row = dict[str, Any]
World = dict[Key, Row]

TABLES = (
    "users", "payers", "courses", "products", "sessions", "slots", "slot_enrolled", "notes", "courses_enrolled",
    "product_enrolled",
)  # fmt: skip
#: table → column → the table it points at.
POINTS = {
    "users": {"payer_id": "payers"},
    "sessions": {"course_id": "courses"},
    "slots": {"session_id": "sessions"},
    "slot_enrolled": {"slot_id": "slots", "student_id": "users", "enrollment_id": "courses_enrolled"},
    "notes": {"user_id": "users"},
    "courses_enrolled": {"student_id": "users", "course_id": "courses", "session_id": "sessions"},
    "product_enrolled": {"student_id": "users", "product_id": "products"},
}
#: Worked out from other rows: `check` proves them, the model does not know them.
DERIVED = {
    "balance_minor", "next_slot_id", "next_slot_at", "next_slot_as_of", "seats_taken", "theory_done_minutes",
    "practical_done_minutes", "progress_bp", "completed_on", "skipped_reason", "canceled_on", "cancel_reason", "stock",
}  # fmt: skip


#: What happens, and how often.
ACTS = {
    "add_student": 1, "edit_student": 2, "add_something": 1, "catalog": 3, "plan": 1, "move": 1, "cancel_slot": 1,
    "book": 3, "seat": 1, "give_back": 2, "mark": 2, "time_passes": 1, "enroll": 2, "cancel_enrollment": 1, "sell": 2,
    "pay": 2, "undo_one": 1, "undo_one_that_counts": 7, "undo_newest": 1, "do_again": 3,
}  # fmt: skip


@dataclass
class Done:
    """One operation as the model knows it: the rows it changed, before and after."""

    id: int
    way: str
    delta: dict[Key, tuple[Row | None, Row | None]]
    stock: int
    made: int = 0
    undo_of: Done | None = None


def read() -> World:
    """Every row people know, as plain dicts."""
    world: World = {}
    connection = store.db.connection()
    for table in TABLES:
        cursor = connection.execute(f"SELECT * FROM {table}")
        names = [one[0] for one in cursor.description]
        for values in cursor.fetchall():
            row = dict(zip(names, values, strict=True))
            shown = {name: row[name] for name in names if name not in images.BOOKKEEPING and name not in DERIVED}
            if table == "courses_enrolled":
                shown["status"] = "canceled" if row["status"] == "canceled" else "running"
            if table == "slots":
                shown["cancel_reason"] = row["cancel_reason"]
            world[table, row["id"]] = shown
    return world


def stock(center: SmallCenter) -> int:
    return int(Product.get_by_id(center.book).stock)


def difference(before: World, after: World) -> dict[Key, tuple[Row | None, Row | None]]:
    return {
        key: (before.get(key), after.get(key))
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    }


def is_live(seat: Row, now: str) -> bool:
    return seat["status"] in ("booked", "attended") or (seat["status"] == "held" and seat["held_until"] > now)


def breaks_a_rule(world: World, touched: set[Key], now: str) -> bool:
    """Whether a world could not be: dangling references, two rows with one code, seats that are not there."""
    for (table, _), row in world.items():
        for column, parent in POINTS.get(table, {}).items():
            if row[column] is not None and (parent, row[column]) not in world:
                return True
    codes = [row["code"] for (table, _), row in world.items() if table == "courses"]
    if len(codes) != len(set(codes)):
        return True
    by_slot: dict[int, list[Row]] = defaultdict(list)
    by_student: dict[int, list[Row]] = defaultdict(list)
    attended: dict[int, int] = defaultdict(int)
    seated: set[tuple[int, int]] = set()
    for key, seat in ((key, row) for key, row in world.items() if key[0] == "slot_enrolled"):
        if seat["status"] == "canceled":
            continue
        slot = world["slots", seat["slot_id"]]
        if (seat["slot_id"], seat["student_id"]) in seated or slot["canceled_at"] is not None:
            return True
        seated.add((seat["slot_id"], seat["student_id"]))
        line = world.get(("courses_enrolled", seat["enrollment_id"]))
        concerned = key in touched or ("slots", seat["slot_id"]) in touched
        if line is not None and line["status"] == "canceled" and concerned:
            return True
        if is_live(seat, now):
            by_slot[seat["slot_id"]].append(seat)
            by_student[seat["student_id"]].append(slot)
        if seat["status"] == "attended" and seat["enrollment_id"] is not None:
            attended[seat["enrollment_id"]] += 1
    if any(len(taken) > world["slots", slot]["capacity"] for slot, taken in by_slot.items()):
        return True
    for slots in by_student.values():
        slots.sort(key=lambda slot: slot["start_utc"])
        if any(one["end_utc"] > two["start_utc"] for one, two in pairwise(slots)):
            return True
    pending = [
        (row["student_id"], row["course_id"])
        for (table, line), row in world.items()
        if table == "courses_enrolled" and row["status"] == "running" and not attended[line]
    ]
    return len(pending) != len(set(pending))


class Templates:
    """A small center, made once and copied for each run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.center = build(self.folder / "made")
        with store.write("More", self.center.admin) as w:
            w.update(Course, self.center.course, theory_minutes=60, minimum_age=None)  # one attendance completes it
            w.update(Product, self.center.book, stock=6)
            w.insert(Course, code="C", name="Other", price_minor=5000, tax_rate_id=1, theory_minutes=60)
        with clock.frozen(START):
            for name, hour in (("Noon", 12), ("Rival", 12), ("Late", 13)):
                draft = scheduling.SessionDraft(
                    course_id=self.center.course, name=name, recurrence="picked_dates",
                    picked_dates=(START.date().isoformat(),), start_time=f"{hour}:00", duration_minutes=60, capacity=1,
                )  # fmt: skip
                scheduling.plan_session(self.center.admin, draft)
            people.add_student(self.center.admin, people.StudentDraft("Noor", "Neu"))
        store.close_center()

    def copy(self) -> Path:
        target = Path(tempfile.mkdtemp(dir=self.folder))
        shutil.copy(paths.data_file(self.folder / "made"), paths.data_file(target))
        store.open_center(target)
        store.relax_for_new_file()
        return target


class Desk:
    """Staff at work, at random, who change their minds."""

    def __init__(self, templates: Templates, counts: Counter[str]) -> None:
        self.center, self.folder, self.counts = templates.center, templates.copy(), counts
        self.actor = self.center.admin
        self.now = START
        self.world, self.stock = read(), stock(self.center)
        self.done: list[Done] = []

    def work(self, steps: list[tuple[str, int, int]]) -> None:
        """Do one thing after another; which of the rows each is about are its two numbers' to say."""
        try:
            with clock.frozen(lambda: self.now):
                for number, (act, a, b) in enumerate(steps, start=1):
                    getattr(self, act)(a, b)
                    if number % 15 == 0:
                        assert checks.run() == []
        finally:
            store.close_center()
            shutil.rmtree(self.folder)

    def do(self, function: Callable[..., Any], *args: Any, way: str = "exact") -> None:
        """Do one thing at the desk; what it did to the rows is the model's knowledge of it."""
        try:
            made = function(self.actor, *args)
        except UserError:
            assert read() == self.world
            return
        self.learn(way, made if isinstance(made, int) else 0)

    def learn(self, way: str, made: int = 0, undo_of: Done | None = None) -> Done:
        after, left = read(), stock(self.center)
        newest = int(Operation.select(Operation.id).order_by(Operation.id.desc()).scalar())
        one = Done(newest, way, difference(self.world, after), left - self.stock, made, undo_of=undo_of)
        self.world, self.stock = after, left
        self.done.append(one)
        return one

    def some(self, table: str, number: int) -> int:
        ids = sorted(row_id for name, row_id in self.world if name == table)
        if table == "users":
            ids = [row_id for row_id in ids if self.world[table, row_id]["role"] == "student"]
        return ids[number % len(ids)] if ids else 0

    # -- people and catalog

    def add_student(self, a: int, _b: int) -> None:
        self.do(people.add_student, people.StudentDraft(("Zoë", "Ida")[a % 2], "Neu"))

    def edit_student(self, a: int, b: int) -> None:
        row = User.get_by_id(self.some("users", a % 3))
        paying = self.some("payers", b // 3) or None if b % 2 else None
        draft = people.StudentDraft(("Ana", "Eva", "Uma")[b % 3], "Neu", row.email or "", payer_id=paying)
        self.do(people.edit_student, row.id, row.version, draft)

    def add_something(self, a: int, b: int) -> None:
        if b % 3:
            self.do(people.add_note, self.some("users", a), "a note")
        elif a % 2 and self.some("payers", b // 3):
            row = Payer.get_by_id(self.some("payers", b // 3))
            self.do(people.edit_payer, row.id, row.version, people.PayerDraft(("Eva", "Uma")[b % 2], "company"))
        else:
            self.do(people.add_payer, people.PayerDraft(f"Payer {Payer.select().count()}"))

    def catalog(self, a: int, b: int) -> None:
        code = ("X", "Y", "Z")[b % 3]
        if a % 4 == 0:
            self.do(catalog.add_course, catalog.CourseDraft(code, "More", 100, 1))
        elif a % 4 == 1:
            self.do(catalog.restock, self.center.book, (-2, -1, 2, 3)[b % 4])
        else:
            row = Course.get_by_id(self.some("courses", b))
            draft = catalog.CourseDraft(code, row.name, row.price_minor, 1, theory_minutes=row.theory_minutes)
            self.do(catalog.edit_course, row.id, row.version, draft)

    # -- calendar and seats

    def plan(self, a: int, b: int) -> None:
        on = (START + timedelta(days=a % 2)).date().isoformat()
        draft = scheduling.SessionDraft(
            course_id=self.some("courses", b % 2), name="Group", recurrence="picked_dates", picked_dates=(on,),
            start_time=f"{12 + a % 3}:00", duration_minutes=60, capacity=1 + b % 2,
        )  # fmt: skip
        self.do(scheduling.plan_session, draft)

    def move(self, a: int, b: int) -> None:
        slot = self.world.get(("slots", self.some("slots", a)))
        if slot is not None:
            version = images.present("slots", slot["id"])["version"]  # type: ignore[index]
            self.do(scheduling.move_slot, slot["id"], version, f"{slot['on_date']}T{12 + b % 3}:00")

    def cancel_slot(self, a: int, _b: int) -> None:
        self.do(scheduling.cancel_slot, self.some("slots", a), "ice")

    def book(self, a: int, b: int) -> None:
        self.do(seats.book, self.some("slots", a), self.some("users", b % 3))

    def seat(self, a: int, b: int) -> None:
        self.do((seats.hold, seats.wait)[a % 2], self.some("slots", a // 2), self.some("users", b % 3))

    def give_back(self, a: int, _b: int) -> None:
        self.do(seats.cancel_seat, self.some("slot_enrolled", a))

    def mark(self, a: int, b: int) -> None:
        seat = SlotEnrolled.get_or_none(SlotEnrolled.id == self.some("slot_enrolled", a))
        how = ("attended", "absent", "booked")[b % 3]
        if seat is not None and seat.status != how:
            self.do(seats.mark, seat.id, how)

    def time_passes(self, a: int, _b: int) -> None:
        self.now += timedelta(minutes=(1, 20)[a % 2])

    # -- money

    def enroll(self, a: int, b: int) -> None:
        course = self.some("courses", a)
        group = next(
            (row["id"] for (name, _), row in self.world.items() if name == "sessions" and row["course_id"] == course),
            None,
        )
        draft = enrollment.EnrollmentDraft(self.some("users", b), course, session_id=group if b % 2 else None)
        self.do(enrollment.enroll, draft, way="enroll")

    def cancel_enrollment(self, a: int, _b: int) -> None:
        line = self.some("courses_enrolled", a)
        if line and not self._money_on(line, None):
            self.do(canceling.cancel_enrollment, line, "moved away")

    def sell(self, a: int, _b: int) -> None:
        draft = enrollment.SaleDraft(self.some("users", a), (enrollment.SaleItem(self.center.book),))
        self.do(lambda actor: enrollment.sell(actor, draft)[0], way="sell")

    def pay(self, a: int, b: int) -> None:
        student = self.some("users", a)
        owed = payments.owed(student)
        if owed:
            due = owed[b % len(owed)]
            amount = max(due.open_minor // (1 + b % 2), 1)
            line = payments.PayLine(due.enrollment_id, due.product_enrolled_id, None, amount)
            draft = payments.PaymentDraft(f"k{len(self.done)}", student, "card", amount, (line,))
            made = payments.start(self.actor, draft)
            payments.complete(self.actor, made)
            self.learn("pay", made)

    # -- taking back

    def undo_one(self, a: int, _b: int) -> None:
        if self.done:
            self._undo(self.done[-1 - a % min(len(self.done), 12)])

    def undo_one_that_counts(self, a: int, _b: int) -> None:
        counting = [one for one in self.done if not self._undone(one) and one.delta]
        if counting:
            self._undo(counting[-1 - a % min(len(counting), 12)])

    def undo_newest(self, a: int, _b: int) -> None:
        """What Ctrl+Z does, as the model says which it is."""
        for _time in range(1 + a % 2):
            mine = [one for one in self.done if not self._undone(one) and one.undo_of is None]
            if mine:
                assert undo.newest(self.actor) == mine[-1].id
                self._undo(mine[-1])

    def do_again(self, a: int, _b: int) -> None:
        """Take back what took something back."""
        undos = [one for one in self.done if one.undo_of is not None]
        if undos:
            self._undo(undos[-1 - a % len(undos)])

    def _undo(self, one: Done) -> None:
        expected = None if self._undone(one) else self._expected(one)
        before, left = self.world, self.stock
        seen = undo.preview(self.actor, one.id).obstacle
        assert (read(), stock(self.center)) == (before, left), "a preview changes nothing"
        try:
            undo.undo(self.actor, one.id)
        except UserError as error:
            assert seen is not None, f"not seen before: {error}"
            assert (seen.key, seen.params) == (error.key, error.params), "a preview says what would stand in the way"
            assert expected is None, f"refused: {error}"
            assert (read(), stock(self.center)) == (before, left), "a refusal changes nothing"
            self.counts[error.key] += 1
            return
        assert expected is not None, f"operation {one.id} should have been refused"
        assert seen is None, f"a preview saw what was not there: {seen}"
        world, pieces = expected
        assert read() == world
        assert stock(self.center) == pieces
        self.counts["done"] += 1
        self.learn("exact" if one.way == "exact" else "money" if one.way == "pay" else "exact", undo_of=one)

    def _undone(self, one: Done) -> bool:
        """Whether something that counts itself takes it back."""
        return any(other.undo_of is one and not self._undone(other) for other in self.done)

    def _expected(self, one: Done) -> tuple[World, int] | None:
        """The rows after an undo, and the stock; None where it must be refused."""
        if one.way == "money":
            return None
        again = one.undo_of.undo_of if one.undo_of is not None else None
        if again is not None and self._undone(again):
            return None  # what would be taken back once more is taken back already
        world = dict(self.world)
        if one.way == "pay":
            return None if self._given_back(one.made) else (world, self.stock)
        if one.way == "enroll":
            return self._without_enrollment(world, one.made)
        if one.way == "sell":
            line = dict(world["product_enrolled", one.made])
            if line["status"] == "canceled" or self._money_on(None, one.made):
                return None
            world["product_enrolled", one.made] = {**line, "status": "canceled"}
            return world, self.stock + 1
        for key, (before, after) in one.delta.items():
            if world.get(key) != after:
                return None
            if before is None:
                del world[key]
                if key[0] == "users" and self._kept_for_ever(key[1]):
                    return None
            else:
                world[key] = before
        pieces = self.stock - one.stock
        if pieces < 0 or (not one.delta and not one.stock):
            return None
        if breaks_a_rule(world, set(one.delta), clock.stamp()):
            return None
        return world, pieces

    def _without_enrollment(self, world: World, line: int) -> tuple[World, int] | None:
        row = world["courses_enrolled", line]
        mine = {key: seat for key, seat in world.items() if key[0] == "slot_enrolled" and seat["enrollment_id"] == line}
        if row["status"] == "canceled" or self._money_on(line, None):
            return None
        if any(seat["status"] in ("attended", "absent") for seat in mine.values()):
            return None
        world["courses_enrolled", line] = {**row, "status": "canceled"}
        for key, seat in mine.items():
            coming = world["slots", seat["slot_id"]]["start_utc"] > clock.stamp()
            if seat["status"] in ("booked", "held", "waiting") and coming:
                world[key] = {**seat, "status": "canceled", "held_until": None, "held_by": None}
        return world, self.stock

    # -- facts read off the file by hand

    def _money_on(self, line: int | None, sale: int | None) -> bool:
        column, value = ("enrollment_id", line) if line is not None else ("product_enrolled_id", sale)
        ((count,),) = (
            store.db.connection()
            .execute(
                f"SELECT count(*) FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id WHERE l.{column} = ?"
                " AND i.kind = 'invoice' AND NOT EXISTS (SELECT 1 FROM invoices c WHERE c.refers_to = i.id)",
                (value,),
            )
            .fetchall()
        )
        return bool(count)

    def _given_back(self, payment: int) -> bool:
        query = "SELECT count(*) FROM payments WHERE refund_of = ?"
        return bool(store.db.connection().execute(query, (payment,)).fetchone()[0])

    def _kept_for_ever(self, student: int) -> bool:
        return any(
            store.db.connection()
            .execute(f"SELECT count(*) FROM {table} WHERE student_id = ?", (student,))
            .fetchone()[0]
            for table in ("mail_queue", "payments", "invoices", "student_payments")
        )


def a_day(chance: random.Random, steps: int) -> list[tuple[str, int, int]]:
    """So many things that are done at a desk, as they are drawn."""
    acts = chance.choices(list(ACTS), list(ACTS.values()), k=steps)
    return [(act, chance.randrange(10_000), chance.randrange(10_000)) for act in acts]


def run(folder: Path, runs: Count, steps: int) -> Counter[str]:
    """Work and undo at random; what came of the undos."""
    templates, counts = Templates(folder), Counter[str]()
    for number in runs:
        try:
            Desk(templates, counts).work(a_day(random.Random(number), steps))
        except AssertionError as error:
            runs.fail(number, [str(error) or "other rows than the model's"])
            raise
    return counts


def test_undo_gives_what_a_plain_model_says_in_any_order_of_work(memory_path: Path) -> None:
    runs = Count("run", sliced(range(EXAMPLES)))
    counts = run(memory_path, runs, STEPS)
    print(dict(counts))  # noqa: T201 - read with -s in a full run
    assert counts["done"] > 3 * runs.done
    met = {key for key, count in counts.items() if count}
    assert {f"undo.{key}" for key in ("already", "later_change", "in_use", "full", "rival", "paid")} <= met


def test_control_without_the_guard_the_model_finds_lost_work(
    memory_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exact, "_unchanged_since", lambda row, since: None)
    with pytest.raises(AssertionError, match="should have been refused"):
        run(memory_path, Count("run", range(40)), 30)
