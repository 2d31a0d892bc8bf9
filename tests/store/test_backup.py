"""Backups: copies that are proven, kept by age, and never lost."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import clock, paths, store
from app.desk import catalog, enrollment, keeping, people
from app.desk.accounts import SYSTEM
from app.desk.enrollment import SaleDraft, SaleItem
from app.errors import EnvironmentFault
from app.store import backup
from app.store.backup import Backup
from app.store.models import User
from tests.support.center import SmallCenter, build, small_center
from tests.support.copies import enroll, mine, rows
from tests.support.counting import Count, sliced
from tests.support.killing import memory_path

__all__ = ["memory_path", "small_center"]


# -- making --------------------------------------------------------------------------------------------------


def test_a_backup_is_whole_verified_and_numbered(small_center: SmallCenter) -> None:
    first = backup.take(small_center.folder, "asked")
    enroll(small_center)
    second = backup.take(small_center.folder, "auto")
    assert [(one.number, one.why, one.verified) for one in backup.listing(small_center.folder)] == [
        (2, "auto", True),
        (1, "asked", True),
    ]
    assert backup.verify(second.path) == ""
    assert rows(first.path, "SELECT count(*) FROM courses_enrolled") == [(0,)]
    assert rows(second.path, "SELECT count(*) FROM courses_enrolled") == [(1,)]
    assert backup.last_operation_in(second.path) == keeping.last_operation()
    assert not list(second.path.parent.glob("*-wal"))
    assert not list(second.path.parent.glob("*.partial"))


def test_a_backup_holds_one_moment_while_others_write(small_center: SmallCenter) -> None:
    """Commits between two pages neither get in nor make the copy start anew."""
    with store.write("Bulk", small_center.admin) as w:
        for number in range(300):
            w.insert(User, role="instructor", first_name=f"Someone {number} " + "x" * 150)
    written: list[int] = []

    def step(_done: int, _total: int) -> None:
        with store.write("Between two pages", small_center.admin) as w:
            written.append(w.insert(User, role="instructor", first_name="Late"))

    before = backup.PAGES
    backup.PAGES = 16
    try:
        made = backup.take(small_center.folder, "asked", progress=step)
    finally:
        backup.PAGES = before
    assert len(written) > 3
    assert made.verified
    assert rows(made.path, "SELECT count(*) FROM users WHERE first_name = 'Late'") == [(0,)]


def test_a_backup_can_be_stopped_and_leaves_nothing(small_center: SmallCenter) -> None:
    with pytest.raises(backup.Stopped):
        backup.take(small_center.folder, "auto", stop=lambda: True)
    assert list(paths.backups(small_center.folder).iterdir()) == []


def test_what_breaks_a_rule_is_kept_as_unsound_and_never_counts_as_verified(small_center: SmallCenter) -> None:
    good = backup.take(small_center.folder, "asked")
    with store.write("Break the balance", small_center.admin) as w:
        w.update(User, small_center.student, balance_minor=5)
    bad = backup.take(small_center.folder, "auto")
    assert not bad.verified
    assert bad.path.name.endswith(".unsound.db")
    newest = backup.newest_verified(small_center.folder)
    assert newest is not None
    assert newest.path == good.path


def test_a_full_or_missing_place_is_said_in_words_and_leaves_no_half_copy(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = backup._new

    def small(path: Path) -> Any:
        connection = new(path)
        connection.execute("PRAGMA max_page_count = 10")
        return connection

    monkeypatch.setattr(backup, "_new", small)
    with pytest.raises(EnvironmentFault) as fault:
        backup.take(small_center.folder, "auto")
    assert fault.value.key in ("store.disk_full", "cli.cannot_write")
    assert list(paths.backups(small_center.folder).iterdir()) == []
    monkeypatch.undo()
    shutil.rmtree(paths.backups(small_center.folder))
    paths.backups(small_center.folder).write_text("a file stands where the folder should be")
    with pytest.raises(EnvironmentFault) as fault:
        backup.take(small_center.folder, "auto")
    assert fault.value.key == "cli.cannot_write"


FULL = os.environ.get("DESKBELL_FULL", "") in ("all", "safe")

#: Tables in which a restore writes what follows from it.
SETTLED = {"operations", "changes", "notifications", "notification_recipients", "mail_queue", "series"}


def content(path: Path) -> dict[str, list[Any]]:
    """Every row of every table that holds rows of its own."""
    with contextlib.closing(backup.database.open_beside(path)) as connection:
        named = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%STRICT%'"
        names = [name for (name,) in connection.execute(named).fetchall()]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}


@pytest.mark.slow
def test_backups_under_load_are_each_sound_restored_and_the_moment_they_claim(memory_path: Path) -> None:
    """Ten by default, 1,000 in full, ten a center, while another thread writes as fast as it can: each is verified,
    restored into an empty folder, and compared row by row with what had been written at the one moment it claims.

    Zero failures in n copies bound the rate of failures near 3/n (at 95 %): 30 % for ten, 0.3 % for a thousand.
    """
    copies = Count("copy", sliced(range(1_000 if FULL else 10), at_once=10))
    for number in copies:
        folder = memory_path / f"{number // 10}"
        if number % 10 == 0:
            taken = taken_under_load(folder)
            present = content(paths.data_file(folder / "center"))
        copies.fail(number, differences(folder, present, *taken[number % 10]))
        if number % 10 == 9:
            shutil.rmtree(folder)
    assert copies.wrong == []


def taken_under_load(folder: Path) -> list[tuple[Backup, int, int]]:
    """Ten backups of a busy center, each with the fewest and the most notes that it can hold."""
    center = build(folder / "center")
    product = catalog.ProductDraft("PDF", "A file", 100, 1, kind="digital")
    sale = SaleDraft(center.student, (SaleItem(catalog.add_product(center.admin, product)),))
    stop = threading.Event()
    written: list[int] = []

    def load() -> None:
        with store.connected():
            while not stop.is_set():
                written.append(people.add_note(center.staff, center.student, f"busy {len(written)}"))
                if len(written) % 5 == 0:
                    enrollment.sell(center.staff, sale)

    thread = threading.Thread(target=load)
    thread.start()
    taken: list[tuple[Backup, int, int]] = []
    try:
        for _ in range(10):
            before = len(written)
            while len(written) < before + 2:
                assert thread.is_alive()
                stop.wait(0.001)
            one = backup.take(center.folder, "auto")
            taken.append((one, before + 2, len(written) + 1))
    finally:
        stop.set()
        thread.join()
        store.close_center()
    return taken


def differences(folder: Path, present: dict[str, list[Any]], one: Backup, least: int, most: int) -> list[str]:
    """What is other in a backup, or in what is restored from it, than at the moment it claims."""
    copy = content(one.path)
    # Only additions and the kept columns of the one student and series change: what is there is what was there.
    notes = len(copy["notes"])
    wrong = [] if one.verified else ["not verified"]
    if not least <= notes <= most:
        wrong.append(f"{notes} notes, not {least} to {most}")
    if [row[-2] for row in copy["notes"]] != [f"busy {number}" for number in range(notes)]:
        wrong.append("other notes")
    for table in copy.keys() - {"users", "series", "products"}:
        if copy[table] != present[table][: len(copy[table])]:
            wrong.append(f"{table} never was so")
    empty = folder / "empty"
    keeping.restore(SYSTEM, one.path, empty)
    restored = content(paths.data_file(empty))
    wrong += [f"{table} was restored as another" for table in copy.keys() - SETTLED if restored[table] != copy[table]]
    for table in SETTLED - {"mail_queue", "series"}:
        if restored[table][: len(copy[table])] != copy[table]:
            wrong.append(f"{table} was restored as another")
    wrong += [f"restored: {words}" for words in [backup.verify(paths.data_file(empty))] if words]
    shutil.rmtree(empty)
    return wrong


def test_control_the_bytes_of_the_file_alone_are_not_the_moment(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was acknowledged stands in the log; a copy by hand has lost it, and looks sound."""
    monkeypatch.setattr(backup, "copy", lambda source, target, *_: shutil.copyfile(source, target))
    store.db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    people.add_note(small_center.staff, small_center.student, "busy")
    one = backup.take(small_center.folder, "auto")
    assert one.verified
    assert rows(one.path, "SELECT count(*) FROM notes") == [(0,)]


# -- keeping -------------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def made(number: int, age: timedelta, why: str = "auto", *, verified: bool = True) -> Backup:
    return Backup(Path(f"{number}.db"), number, clock.stamp(NOW - age), why, 1, verified)


def test_two_years_of_backups_are_thinned_by_age() -> None:
    every = [made(10_000 - n, timedelta(hours=2 * n)) for n in range(12 * 730)]
    gone = {one.number for one in backup.to_remove(every)}
    ages = [NOW - one.moment for one in every if one.number not in gone]
    assert sum(age < timedelta(days=4) for age in ages) == 48
    assert 48 + 10 + 10 + 21 <= len(ages) <= 48 + 14 + 12 + 24
    assert timedelta(days=650) < max(ages) < timedelta(days=730)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-4_000_000, 4_000_000), st.sampled_from(backup.REASONS), st.booleans()), max_size=120
    )
)
def test_thinning_never_takes_the_last_ones_whatever_the_clock_says_and_is_done_when_done(
    drawn: list[tuple[int, str, bool]],
) -> None:
    every = [made(1000 - n, timedelta(minutes=a), why, verified=ok) for n, (a, why, ok) in enumerate(drawn)]
    kept = [one for one in every if one not in backup.to_remove(every)]
    verified = [one for one in every if one.verified]
    assert verified[: backup.LAST] == [one for one in kept if one.verified][: backup.LAST]
    assert backup.to_remove(kept) == []
    assert len([one for one in kept if not one.verified]) <= backup.UNSOUND


def test_what_preceded_something_dangerous_is_kept_longer() -> None:
    before = [made(n, timedelta(days=20, minutes=-n), "erase") for n in (3, 2, 1)]
    assert backup.to_remove([*(made(n, timedelta(minutes=-n)) for n in range(90, 10, -1)), *before])[-1].number > 3


def test_a_clock_ten_years_off_costs_no_copy(small_center: SmallCenter) -> None:
    for years in (0, 10, -10, 0):
        with clock.frozen(NOW + timedelta(days=3650 * years / 10)):
            backup.take(small_center.folder, "auto")
    assert [one.number for one in backup.listing(small_center.folder)] == [4, 3, 2, 1]


def test_what_a_kill_left_is_cleared_away_by_the_next_copy(small_center: SmallCenter, tmp_path: Path) -> None:
    """A journal that stayed under the name of a copy to be made would be played into it."""
    folder = paths.backups(small_center.folder)
    folder.mkdir()
    for name in (
        "deskbell-000001-20261124T120000Z-auto.partial",
        "deskbell-000001-20261124T120000Z-auto.partial-journal",
    ):
        (folder / name).write_bytes(b"half")
    target = tmp_path / "by hand.db"
    for ending in (".partial", ".partial-journal", ".partial-wal"):
        target.with_name(target.name + ending).write_bytes(b"half")
    stick = tmp_path / "stick"
    stick.mkdir()
    there = mine(stick, small_center)
    there.mkdir()
    (there / "deskbell-000009-20261124T120000Z-auto.partial").write_bytes(b"half")
    one = backup.take(small_center.folder, "auto")
    backup.make(target)
    backup.to_second_place(one, stick)
    assert list(folder.iterdir()) == [one.path]
    assert [path.name for path in there.iterdir()] == [one.path.name]
    assert sorted(path.name for path in tmp_path.glob("by hand*")) == ["by hand.db"]
    assert backup.verify(target) == ""


def test_a_copy_that_is_thinned_while_we_look_hides_no_other(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (backup.take(small_center.folder, "auto") for _ in range(2))
    known = backup._known

    def thinned(path: Path) -> Backup | None:
        if path == first.path:
            path.unlink(missing_ok=True)
        return known(path)

    monkeypatch.setattr(backup, "_known", thinned)
    assert [one.number for one in backup.listing(small_center.folder)] == [second.number]


# -- several at once -----------------------------------------------------------------------------------------


def test_two_copies_at_once_leave_each_other_alone(small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread's copy and the one before an import or a repair: each whole, each with a number of its own."""
    proven, both = backup.verify, threading.Barrier(2, timeout=2)

    def met(*args: Any, **options: Any) -> str:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait()
        return proven(*args, **options)

    monkeypatch.setattr(backup, "verify", met)
    said: list[object] = []

    def one(why: str) -> None:
        try:
            said.append(backup.take(small_center.folder, why))
        except Exception as error:
            said.append(error)

    threads = [threading.Thread(target=one, args=(why,)) for why in ("auto", "import")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(each, Backup) and each.verified for each in said), said
    assert sorted(each.number for each in backup.listing(small_center.folder)) == [1, 2]
    assert sorted(each.why for each in backup.listing(small_center.folder)) == ["auto", "import"]


def test_a_copy_that_waits_for_another_can_be_stopped(small_center: SmallCenter) -> None:
    with backup.alone(), pytest.raises(backup.Stopped):
        backup.take(small_center.folder, "auto", lambda: True)
    assert backup.listing(small_center.folder) == []
