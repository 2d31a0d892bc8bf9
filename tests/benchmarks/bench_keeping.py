"""Safe keeping: a backup and a restore of some 100 MB, every rule over 100,000 people, what the record costs."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app import paths, store
from app.desk import enrollment, keeping, payments
from app.desk.accounts import SYSTEM
from app.store import backup, checks, cipher, database, migrations
from app.store.models import CourseEnrolled
from tests.benchmarks.bench_desk import PEOPLE, big, median_ms, say
from tests.support.center import SmallCenter

pytestmark = pytest.mark.benchmark
__all__ = ["big"]


def _seconds(act: Callable[[], object], times: int = 3) -> float:
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        took.append(time.perf_counter() - begun)
    return statistics.median(took)


def test_a_backup_and_a_restore(big: SmallCenter, tmp_path: Path) -> None:
    source = paths.data_file(big.folder)
    store.db.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    size = source.stat().st_size / 1e6

    def bare() -> None:
        target = tmp_path / "bare.db"
        target.unlink(missing_ok=True)
        with contextlib.closing(database.open_beside(source)) as origin:
            with contextlib.closing(cipher.driver.connect(str(target))) as made:
                origin.backup(made)
        backup.sync(target)

    floor = _seconds(bare)
    copied = _seconds(lambda: backup.copy(source, tmp_path / "copy.db"))
    made: list[backup.Backup] = []
    whole = _seconds(lambda: made.append(backup.take(big.folder, "asked")))
    assert all(one.verified for one in made)
    bare_words = f"{floor:.2f} s driver's backup"
    say(f"backup of {size:.0f} MB, copied", f"{copied:.2f} s", bare_words, f"{copied / floor:.2f}x")
    say("  and verified by every rule", f"{whole:.2f} s", bare_words, f"{whole / floor:.2f}x")

    folder = tmp_path / "restored"
    store.close_center()

    def plain() -> None:
        shutil.copyfile(made[-1].path, tmp_path / "plain.db")
        backup.sync(tmp_path / "plain.db")

    floor = _seconds(plain)
    took = _seconds(lambda: keeping.restore(SYSTEM, made[-1].path, folder))
    store.open_center(big.folder)
    assert paths.data_file(folder).exists()
    say(f"restore of {size:.0f} MB, verified", f"{took:.2f} s", f"{floor:.2f} s copied file", f"{took / floor:.1f}x")


def test_every_rule(big: SmallCenter) -> None:
    connection = store.db.connection()
    floor = _seconds(lambda: connection.execute("PRAGMA integrity_check").fetchall())
    found: list[Any] = []
    took = _seconds(lambda: found.extend(checks.run()))
    assert found == []
    say(f"check over {PEOPLE:,} students", f"{took:.2f} s", f"{floor:.2f} s integrity_check", f"{took / floor:.1f}x")


@contextlib.contextmanager
def _unrecorded() -> Iterator[None]:
    """The same file without the triggers that record what a write touched."""
    connection = store.db.connection()
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'record\\_%' ESCAPE '\\'"
    ).fetchall()
    for (name,) in names:
        connection.execute(f'DROP TRIGGER "{name}"')
    yield
    migrations.make_record_triggers(connection)


def test_what_the_record_costs(big: SmallCenter) -> None:
    students = itertools.count(100)
    key = os.urandom(4).hex()

    def enroll() -> int:
        return enrollment.enroll(
            big.staff, enrollment.EnrollmentDraft(student_id=50_000 + next(students), course_id=big.course)
        )

    def started() -> int:
        made = enroll()
        student = store.by_id(CourseEnrolled, made).student_id
        line = payments.PayLine(enrollment_id=made, amount_minor=33_000)
        draft = payments.PaymentDraft(f"{key}-{student}", student, "card", 33_000, (line,))
        return payments.start(big.staff, draft)

    with_record: dict[str, list[float]] = {"enroll": [], "pay": []}
    without: dict[str, list[float]] = {"enroll": [], "pay": []}

    def measure(into: dict[str, list[float]]) -> None:
        into["enroll"].append(median_ms(enroll, 20)[0])
        waiting = iter([started() for _ in range(20)])
        into["pay"].append(median_ms(lambda: payments.complete(big.staff, next(waiting)), 20)[0])

    for _ in range(5):  # turn by turn: a machine that slows down slows both
        measure(with_record)
        with _unrecorded():
            measure(without)
    for name, took in with_record.items():
        ours, floor = statistics.median(took), statistics.median(without[name])
        bound = f"1.3x (is {ours / floor:.2f}x)"
        say(f"recording changes, {name}", f"{ours:.2f} ms", f"{floor:.2f} ms unrecorded", bound)
    assert with_record["pay"]
