"""The thread that makes copies beside the window: when, how long others wait for it, and what stops it (nothing)."""

from __future__ import annotations

import errno
import queue
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app import clock, paths, store, workers
from app.desk import keeping, people, secrecy
from app.desk.accounts import SYSTEM
from app.errors import EnvironmentFault
from app.store import backup, checks, cipher, database
from app.workers import BackupThread, KeepingState
from tests.support.center import SmallCenter, small_center
from tests.support.damaged import not_utf8

__all__ = ["small_center"]

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Watched:
    """A running backup thread and what it says, heard in its own thread."""

    def __init__(self, center: SmallCenter) -> None:
        self.center = center
        self.thread = BackupThread(center.folder)
        self.thread.LOOK_S = 0.005  # type: ignore[misc, assignment]
        self.thread._next_at = 0
        self.said: queue.Queue[KeepingState] = queue.Queue()
        self.looks = threading.Semaphore(0)
        self.thread.state_changed.connect(self.said.put, Qt.ConnectionType.DirectConnection)
        changed = self.thread._changed

        def looked() -> bool:
            self.looks.release()
            return changed()

        self.thread._changed = looked  # type: ignore[method-assign]

    def until(self, wanted: Callable[[KeepingState], object]) -> KeepingState:
        """The first state from now on that is wanted."""
        while True:
            state = self.said.get(timeout=30)
            if wanted(state):
                return state

    def copied(self) -> backup.Backup:
        """The next copy that is done."""
        last = self.until(lambda state: not state.running and state.last is not None and not state.problem).last
        assert last is not None
        return last

    def look(self, times: int = 5) -> None:
        """Let it look so often."""
        for _ in range(times):
            assert self.looks.acquire(timeout=30)

    def write(self, words: str = "busy") -> int:
        """Something changes, by another thread than its own."""
        return people.add_note(self.center.staff, self.center.student, words)

    def numbers(self) -> list[int]:
        """The copies there are."""
        return [one.number for one in backup.listing(self.center.folder)]


@pytest.fixture
def watched(small_center: SmallCenter) -> Iterator[Watched]:
    """Not started yet; stopped at the end."""
    made = Watched(small_center)
    yield made
    made.thread.finish()
    assert not list(paths.backups(small_center.folder).glob("*.partial*"))


# -- when


def test_a_copy_is_made_when_something_changed_and_only_then(watched: Watched) -> None:
    watched.thread.EVERY_S = 0  # type: ignore[misc]
    watched.thread.start()
    assert watched.copied().why == "auto"
    watched.look()
    assert watched.numbers() == [1]
    watched.write()
    assert watched.copied().number == 2
    watched.look()
    watched.thread.finish()
    assert watched.numbers() == [2, 1]


def test_between_two_copies_lie_fifteen_minutes_whatever_the_calendar_says(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread counts by a clock that cannot be set; the one on the wall jumps ten years both ways meanwhile."""
    passed = [0.0]
    monkeypatch.setattr(workers, "time", SimpleNamespace(monotonic=lambda: passed[0]))
    wall = [NOW]
    with clock.frozen(lambda: wall[0]):
        watched.thread.start()
        watched.copied()
        for number, (minutes, years) in enumerate(((14.9, 10), (15.1, 10), (29.9, -10), (30.2, -10), (60.0, 0))):
            wall[0] = NOW + timedelta(days=365.3 * years, minutes=number)
            watched.write()
            passed[0] = minutes * 60
            if number % 2 == 0 and number < 4:
                before = watched.numbers()
                for _ in range(3):  # it wakes, and is not yet allowed to
                    watched.thread._wake.set()
                    while watched.thread._wake.is_set():
                        threading.Event().wait(0.001)
                assert watched.numbers() == before
            else:
                watched.copied()
        watched.thread.finish()
    listing = backup.listing(watched.center.folder)
    assert [one.number for one in listing] == [4, 3, 2, 1]
    assert [one.moment.year for one in listing] == [2026, 2016, 2036, 2026]
    assert all(one.verified for one in listing)


def test_at_closing_the_last_changes_are_copied_and_nothing_where_there_are_none(watched: Watched) -> None:
    watched.thread.start()
    watched.copied()
    watched.write()
    watched.thread.finish()
    (last, _first) = backup.listing(watched.center.folder)
    assert (last.why, last.verified) == ("closing", True)
    assert backup.last_operation_in(last.path) == keeping.last_operation()
    again = Watched(watched.center)
    again.thread.start()
    again.thread.finish()
    assert watched.numbers() == [2, 1]


def test_after_a_restore_the_first_change_is_seen_though_its_number_was_given_out_before(
    small_center: SmallCenter,
) -> None:
    early = backup.take(small_center.folder, "asked")
    for number in range(9):
        people.add_note(small_center.staff, small_center.student, f"later undone {number}")
    backup.take(small_center.folder, "auto")
    store.close_center()
    keeping.restore(SYSTEM, early.path, small_center.folder)
    store.open_center(small_center.folder)
    watched = Watched(small_center)
    watched.thread.start()
    made = watched.copied()
    watched.thread.finish()
    assert made.number == 3
    assert backup.last_operation_in(made.path) == keeping.last_operation()


# -- beside everyone else


def test_between_two_pages_others_write_and_wait_for_nothing(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy stands still in its own thread, at every page, while this one writes."""
    monkeypatch.setattr(backup, "PAGES", 16)
    here, go_on = threading.Semaphore(0), threading.Semaphore(0)

    def page(_done: int, _of: int) -> None:
        here.release()
        assert go_on.acquire(timeout=30)

    watched.thread.progress.connect(page, Qt.ConnectionType.DirectConnection)
    database.db.connection().execute("PRAGMA busy_timeout = 0")
    watched.thread.start()
    notes = []
    for _ in range(6):
        assert here.acquire(timeout=30)
        notes.append(watched.write())
        go_on.release()
    for _ in range(500):
        go_on.release()
    one = watched.copied()
    assert one.verified
    with database.open_beside(one.path) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)
    assert len(set(notes)) == 6


def test_control_a_copy_that_holds_the_write_lock_is_felt(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = database.open_beside

    class Holding:
        """A connection to copy from that keeps writers out meanwhile, as a copy by hand would."""

        def __init__(self, path: Path) -> None:
            self._inner = beside(path)
            self._lock = cipher.driver.connect(str(path), isolation_level=None)

        def execute(self, sql: str) -> Any:
            if sql == "BEGIN":
                self._lock.execute("BEGIN IMMEDIATE")
            return self._inner.execute(sql)

        def close(self) -> None:
            self._inner.close()
            self._lock.close()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

    monkeypatch.setattr(database, "open_beside", lambda path: Holding(path) if path.suffix == ".db" else beside(path))
    monkeypatch.setattr(backup, "PAGES", 16)
    here, go_on = threading.Event(), threading.Event()

    def page(_done: int, _of: int) -> None:
        here.set()
        go_on.wait(30)

    watched.thread.progress.connect(page, Qt.ConnectionType.DirectConnection)
    database.db.connection().execute("PRAGMA busy_timeout = 0")
    watched.thread.start()
    assert here.wait(30)
    with pytest.raises(EnvironmentFault) as fault:
        watched.write()
    assert fault.value.key == "store.locked"
    go_on.set()


def test_closing_lets_go_of_a_copy_under_way_and_makes_the_last_one(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "PAGES", 4)
    here, go_on, pages = threading.Event(), threading.Event(), []

    def page(done: int, of: int) -> None:
        pages.append((done, of))
        here.set()
        assert go_on.wait(30)

    watched.thread.progress.connect(page, Qt.ConnectionType.DirectConnection)
    watched.thread.start()
    assert here.wait(30)
    closing = threading.Thread(target=watched.thread.finish)
    closing.start()
    assert watched.thread._stop.wait(30)
    go_on.set()
    closing.join(timeout=60)
    assert not closing.is_alive()
    (one,) = backup.listing(watched.center.folder)
    assert (one.why, one.verified, one.number) == ("closing", True, 1)
    begun = [done for done, _of in pages].index(pages[0][0], 1)
    assert begun <= 2, "the stopped copy went on for pages"


# -- what stands in its way


def test_a_second_place_that_is_gone_full_or_pulled_is_told_and_the_thread_goes_on(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    keeping.set_second_place(watched.center.admin, str(stick))
    watched.thread.start()
    assert watched.until(lambda state: state.second_place).second_place == "copied"
    shutil.rmtree(stick)
    watched.thread.ask()
    said = watched.until(lambda state: not state.running)
    assert (said.second_place, said.problem) == ("gone", "")
    stick.mkdir()
    copyfile = shutil.copyfile
    for number in (errno.ENOSPC, errno.EIO):

        def failing(source: Path, target: Path, number: int = number) -> None:
            Path(target).write_bytes(Path(source).read_bytes()[:5_000])
            raise OSError(number, "No space left on device" if number == errno.ENOSPC else "Input/output error")

        monkeypatch.setattr(shutil, "copyfile", failing)
        watched.thread.ask()
        said = watched.until(lambda state: not state.running)
        assert said.second_place == "failed"
        assert "The backup on this computer is whole" in said.problem
        assert [path for path in stick.rglob("*") if path.is_file()] == []
    monkeypatch.setattr(shutil, "copyfile", copyfile)
    watched.thread.ask()
    assert watched.until(lambda state: not state.running).second_place == "copied"
    assert watched.numbers() == [5, 4, 3, 2, 1]
    assert [path.name for path in stick.rglob("*.db")] == [backup.listing(watched.center.folder)[0].path.name]


def test_a_folder_that_cannot_be_written_is_told_and_the_next_try_succeeds(watched: Watched) -> None:
    folder = paths.backups(watched.center.folder)
    folder.write_text("a file stands where the folder should be")
    watched.thread.start()
    assert "cannot be written" in watched.until(lambda state: state.problem).problem
    folder.unlink()
    watched.thread.ask()
    assert watched.copied().number == 1


def test_a_bug_in_closing_the_copies_is_told_and_the_thread_lives_on(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *args: caught.append(args[1]))
    align = secrecy.align
    tried: list[int] = []

    def broken(*args: Any, **kwargs: Any) -> int:
        tried.append(len(tried))
        if len(tried) <= 2:
            raise ZeroDivisionError("a bug")
        return align(*args, **kwargs)

    monkeypatch.setattr(secrecy, "align", broken)
    watched.thread.start()
    said = "Some copies may not be encrypted as the data file is: a bug. The next backup tries again."
    assert watched.until(lambda state: state.problem).problem == said
    state = watched.until(lambda state: not state.running and state.last is not None)
    assert state.problem == said
    assert state.last is not None
    assert state.last.verified, "the copy is made all the same"
    watched.thread.ask()
    assert watched.copied().number == 2
    assert [type(error) for error in caught] == [ZeroDivisionError] * 2
    assert len(tried) == 3


def test_copies_that_stay_open_are_named_by_the_thread(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = "deskbell-000009-20261124T120000Z-auto.db"
    aligned = secrecy.Aligned(left=1, failed=("a.db",), damaged=("b.db",), strangers=("before-christmas.db", damaged))
    monkeypatch.setattr(secrecy, "align", lambda *_args: aligned)
    watched.thread.start()
    assert watched.until(lambda state: state.problem).problem == (
        f"Not encrypted as the data file is: a.db, b.db, {damaged}. The next backup tries again; delete what you do"
        " not need."
    )


def test_a_bug_in_one_round_is_told_and_not_the_last_round(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    caught: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *args: caught.append(args[1]))
    rules = dict(checks.RULES)
    take = backup.take

    def broken(*args: Any, **kwargs: Any) -> backup.Backup:
        monkeypatch.setattr(backup, "take", take)
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(backup, "take", broken)
    watched.thread.start()
    assert watched.until(lambda state: state.problem).problem == (
        "The last backup failed: a bug. The data and the earlier copies are as they were."
    )
    watched.thread.ask()
    assert watched.copied().verified
    assert [type(error) for error in caught] == [ZeroDivisionError]
    assert rules == checks.RULES


def test_a_new_computer_goes_on_above_the_numbers_of_its_stick(watched: Watched, tmp_path: Path) -> None:
    """Counted from one again, the copies of the new computer would be the oldest on the stick, and thinned away."""
    stick = tmp_path / "stick"
    stick.mkdir()
    with clock.frozen(NOW):
        first = backup.take(watched.center.folder, "auto")
    for number in range(400, 460):
        shutil.copy(first.path, stick / first.path.name.replace("000001", f"{number:06d}"))
    first.path.unlink()
    keeping.set_second_place(watched.center.admin, str(stick))
    watched.thread.state = KeepingState(None)
    watched.thread.start()
    made = watched.copied()
    assert made.number == 460
    assert [path.name for path in stick.rglob(made.path.name)] == [made.path.name]


def test_damaged_copies_on_the_stick_and_here_stop_no_round(watched: Watched, tmp_path: Path) -> None:
    """The newest copy is the first thing that the thread reads, those of the stick say how to go on counting."""
    stick = tmp_path / "stick"
    stick.mkdir()
    newest = backup.take(watched.center.folder, "auto")
    shutil.copy(not_utf8(newest.path), stick / newest.path.name)
    shutil.copy(newest.path, stick / newest.path.name.replace("000001-2", "000007-9999992"))
    shutil.copy(newest.path, stick / re.sub(r"-\d{8}T", "-20261399T", newest.path.name))  # of no moment
    keeping.set_second_place(watched.center.admin, str(stick))
    watched.thread.start()
    watched.thread.ask()
    state = watched.until(lambda state: state.second_place)
    assert (state.second_place, state.problem) == ("copied", "")
    assert watched.numbers() == [2, 1]
    assert watched.thread.isRunning()


@pytest.mark.parametrize("where", ["highest", "to_second_place"])
def test_whatever_goes_wrong_with_the_second_place_comes_after_the_copy_here(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    caught: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *args: caught.append(args[1]))

    def broken(*_args: Any, **_kwargs: Any) -> Any:
        assert watched.numbers()[:1] == [len(caught) + 1], "the copy here was not there before"
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(backup, where, broken)
    keeping.set_second_place(watched.center.admin, str(tmp_path))
    watched.thread.start()
    for number in (1, 2):
        watched.thread.ask()
        state = watched.until(lambda state: state.second_place and not state.running)
        assert state.second_place == "failed"
        assert state.problem == f"The copy to {tmp_path} failed: a bug. The backup on this computer is whole."
        assert state.last is not None
        assert (state.last.number, state.last.verified) == (number, True)
        watched.said.queue.clear()
    assert {type(error) for error in caught} == {ZeroDivisionError}


def test_a_setting_of_the_second_place_that_cannot_be_read_costs_no_copy(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", lambda *args: None)
    monkeypatch.setattr(keeping, "second_place", lambda: {}["path"])
    watched.thread.start()
    state = watched.until(lambda state: not state.running and state.last is not None)
    assert (state.second_place, watched.numbers()) == ("failed", [1])


def test_a_thread_that_cannot_begin_tries_again(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    caught: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *args: caught.append(args[1]))
    connect, last, failed = store.connect, backup.last_operation_in, []

    def refused(**options: Any) -> None:
        if len(failed) < 2:
            failed.append("connect")
            raise EnvironmentFault("store.locked", path="center.db")
        connect(**options)

    def bug(path: Path) -> str:
        if "read" not in failed:
            failed.append("read")
            raise ZeroDivisionError("a bug")
        return last(path)

    backup.take(watched.center.folder, "auto")
    watched.thread.state = KeepingState(backup.newest_verified(watched.center.folder))
    monkeypatch.setattr(store, "connect", refused)
    monkeypatch.setattr(backup, "last_operation_in", bug)
    watched.thread.start()
    assert "Another program holds the data file" in watched.until(lambda state: state.problem).problem
    assert watched.copied().number == 2
    assert failed == ["connect", "connect", "read"]
