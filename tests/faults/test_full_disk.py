"""The disk is full at every page, and the n-th write or sync fails: refused in words, whole, and to be repeated.

A full disk is SQLite's own page limit on the writer's connection; failing writes and syncs are the shim's, once and for
good. By default it happens at some of them, in full at each (DESKBELL_FULL=safe), or at each in the functions that
decide on money (DESKBELL_FULL=money). After every failure the file holds what it held; with room back the same deed is
there exactly once; a process that dies right after the refusal leaves the same. The controls swallow the error, the
store's guard switched off.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import clock, store
from app.errors import EnvironmentFault
from app.store import checks, cipher, database, migrations
from tests.support import disk
from tests.support.center import SmallCenter
from tests.support.counting import Count, in_full, sliced
from tests.support.killing import memory_path
from tests.support.writers import NOW, SCENARIOS, build_ground, lay_ground

__all__ = ["memory_path"]

pytestmark = pytest.mark.slow
FULL, MONEY = in_full("safe"), in_full("money")
DEEDS = [name for name, one in SCENARIOS.items() if FULL or (one.money if MONEY else one.core)]

#: Every n-th call that could fail is made to; in full all of them, by both errors, once and for good.
STRIDE = 1 if FULL or MONEY else 12

Content = list[tuple[str, int, int]]


def content() -> Content:
    """How many rows each table holds and how often they were changed: a deed done twice or by half shows."""
    connection = store.db.connection()
    found = []
    for table in migrations.recorded_tables(connection):
        count, versions = connection.execute(f"SELECT count(*), coalesce(sum(version), 0) FROM {table}").fetchone()
        found.append((table, count, versions))
    for table in ("operations", "changes", "people_search"):
        found.append((table, *connection.execute(f"SELECT count(*), coalesce(max(id), 0) FROM {table}").fetchone()))
    return found


def repack(folder: Path, page_size: int) -> None:
    """Full pages of this size: the smaller they are, the more often a flow needs a new one."""
    connection = cipher.driver.connect(str(folder / "center.db"), isolation_level=None)
    connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    connection.execute(f"PRAGMA page_size = {page_size}")
    connection.execute("VACUUM")
    assert connection.execute("PRAGMA page_size").fetchone()[0] == page_size
    connection.close()


class Bench:
    """One deed over one ground, to be done again and again on fresh copies."""

    def __init__(self, folder: Path, ground: SmallCenter, name: str, page_size: int = 4096) -> None:
        self.origin, self.work, self.dead = folder / "origin", folder / "work", folder / "dead"
        self.one = SCENARIOS[name]
        shutil.rmtree(self.origin, ignore_errors=True)
        shutil.copytree(ground.folder, self.origin)
        self.center = replace(lay_ground(self.origin, self.one, ground), folder=self.work)
        repack(self.origin, page_size)
        self.fresh()
        self.before, self.broken = content(), checks.run()
        self.one.do(self.center)
        self.after = content()
        assert self.after != self.before
        assert self.one.empty or checks.run() == []
        store.close_center()

    def fresh(self) -> None:
        """A new copy, open."""
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.origin, self.work)
        store.open_center(self.work)

    def attempt(self) -> EnvironmentFault | None:
        """Do it; how it was refused, None where it was done."""
        try:
            self.one.do(self.center)
        except EnvironmentFault as fault:
            return fault
        return None

    def refused(
        self, fault: EnvironmentFault, room_back: Callable[[], None], *, may_be_there: bool = False
    ) -> list[str]:
        """What is wrong after a refusal; with `may_be_there` a process that died now may leave the deed, but whole."""
        wrong = []
        if fault.key not in ("store.disk_full", "store.io_error"):
            wrong.append(f"refused as {fault}")
        if content() != self.before:
            wrong.append("refused, and yet something was written")
        shutil.rmtree(self.dead, ignore_errors=True)
        shutil.copytree(self.work, self.dead, ignore=shutil.ignore_patterns("*-shm"))
        room_back()
        again = self.attempt()
        if again is not None:
            wrong.append(f"refused with room back: {again}")
        elif content() != self.after:
            wrong.append("not there exactly once after it was repeated")
        wrong += self.close()
        store.open_center(self.dead)
        found = content()
        if found != self.before and not (may_be_there and found == self.after):
            wrong.append("a process that died after the refusal left something else")
        wrong += [f"dead: {one}" for one in self.unsound(found)]
        store.close_center()
        return wrong

    def close(self) -> list[str]:
        """Close, open again, prove."""
        store.close_center()
        store.open_center(self.work)
        wrong = [str(one) for one in self.unsound(content())]
        store.close_center()
        return wrong

    def unsound(self, found: Content) -> list[checks.Broken]:
        """What breaks a rule and did not before: a repair begins with something, an empty center has no first rows."""
        known = self.broken if found == self.before or self.one.empty else []
        return [one for one in checks.run() if one not in known]


def fill_page_by_page(bench: Bench) -> tuple[int, list[str]]:
    """Room for k pages, from none until the deed fits; (refusals, what was wrong)."""
    wrong: list[str] = []
    whole = FULL or (MONEY and bench.one.money)
    for refusals, room in enumerate(
        range(0, 500, 1 if whole else 60 if bench.one.rare else 5 if bench.one.core else 10)
    ):
        bench.fresh()
        connection = store.db.connection()
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + room}")

        def room_back(connection: Any = connection) -> None:
            connection.execute("PRAGMA max_page_count = 1000000")

        fault = bench.attempt()
        if fault is None:
            if content() != bench.after:
                wrong.append(f"room for {room} pages: done, and something is missing")
            wrong += bench.close()
            return refusals, wrong
        wrong += [f"room for {room} pages: {one}" for one in bench.refused(fault, room_back)]
    raise AssertionError("it never fits")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> SmallCenter:
    """The ground of every deed, closed."""
    with clock.frozen(NOW):
        return build_ground(tmp_path_factory.mktemp("ground") / "center")


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_full_disk_at_every_page(memory_path: Path, ground: SmallCenter, name: str) -> None:
    with clock.frozen(SCENARIOS[name].moment):
        refusals, wrong = fill_page_by_page(Bench(memory_path, ground, name, page_size=512))
    print(f"{name}: {refusals} refusals, {len(wrong)} wrong", flush=True)  # noqa: T201 - read with -s in a full run
    assert wrong == []
    assert refusals >= 1


# -- failing writes and syncs --------------------------------------------------------------------------------------


WAYS = [(errno.ENOSPC, True), (errno.EIO, False), (errno.EIO, True), (errno.ENOSPC, False)]


def every_call_fails(folder: str, names: list[str], stride: int) -> dict[str, Any]:
    """Under the shim: let the n-th write, truncation or sync of each deed fail; (failures, what was wrong).

    With a stride every n-th call in turn fails in one of the four ways, without one each call in all of them.
    """
    failures, wrong = 0, []
    base = Path(folder)
    with clock.frozen(NOW):
        ground = build_ground(base / "ground" / "center")
    disk.watch(base)
    for number, name in enumerate(names):
        with clock.frozen(SCENARIOS[name].moment):
            bench = Bench(base, ground, name)
            for way in range(4 if stride == 1 else 1):
                n, turn, hit = 1 + number % stride, way + number, True
                while hit:
                    kind, for_good = WAYS[turn % 4]
                    hit, found = one_call_fails(bench, n, kind, for_good, pages=1 if turn % 8 > 3 else 1_000)
                    where = f"{name}: {errno.errorcode[kind]} at call {n}{' and after' if for_good else ''}"
                    wrong += [f"{where}: {one}" for one in found]
                    failures += hit
                    n, turn = n + stride, turn + (1 if stride > 1 else 4 * (n % 2))
    return {"failures": failures, "wrong": wrong}


def one_call_fails(bench: Bench, n: int, kind: int, for_good: bool, pages: int) -> tuple[bool, list[str]]:
    """A deed whose n-th call fails, the log being played into the file every so many pages; whether there was one."""
    bench.fresh()
    store.db.connection().execute(f"PRAGMA wal_autocheckpoint = {pages}").fetchone()
    disk.fail(n, kind, for_good=for_good)
    fault = bench.attempt()
    hit = disk.calls() >= n
    disk.fail(0)
    if fault is not None:
        return hit, bench.refused(fault, lambda: None, may_be_there=for_good)
    found = [] if content() == bench.after else ["done, and something is missing"]
    return hit, found + bench.close()


def test_a_write_or_sync_that_fails(memory_path: Path) -> None:
    failures = 0
    at_once = 1 if STRIDE == 1 else len(DEEDS)
    deeds = Count("deed", sliced(range(0, len(DEEDS), at_once)))
    for number in deeds:
        shutil.rmtree(memory_path / "ground", ignore_errors=True)
        names = DEEDS[number : number + at_once]
        came = disk.shimmed(
            memory_path, "tests.faults.test_full_disk:every_call_fails", str(memory_path), names, STRIDE, timeout=3600
        )
        failures += came["failures"]
        deeds.fail(number, came["wrong"])
        print(f"{failures} failing calls with {names[-1]}", flush=True)  # noqa: T201 - read with -s in a full run
    assert failures > 15 * deeds.done * at_once / STRIDE
    assert deeds.wrong == []


def a_sync_fails_once(folder: str, guarded: bool) -> list[str]:
    """Under the shim: the sync of a payment's commit fails, and the process dies after the refusal."""
    base = Path(folder)
    if not guarded:
        database._void = lambda connection: None
    with clock.frozen(NOW):
        bench = Bench(base, build_ground(base / "ground" / "center"), "payments.complete")
        disk.watch(base)
        wrong = []
        for n in range(1, 6):
            bench.fresh()
            disk.fail(n, errno.EIO, kinds=disk.SYNCS)
            fault = bench.attempt()
            disk.fail(0)
            if fault is None:
                store.close_center()
                continue
            wrong += bench.refused(fault, lambda: None)
    return wrong


def test_what_was_refused_at_its_sync_is_not_found_done_after_a_crash(memory_path: Path) -> None:
    assert disk.shimmed(memory_path, "tests.faults.test_full_disk:a_sync_fails_once", str(memory_path), True) == []


def test_control_a_commit_left_in_the_log_comes_back(memory_path: Path) -> None:
    wrong = disk.shimmed(memory_path, "tests.faults.test_full_disk:a_sync_fails_once", str(memory_path), False)
    assert wrong == ["a process that died after the refusal left something else"]


def opening_fails(folder: str) -> dict[str, Any]:
    """Under the shim: opening a center while calls fail."""
    base = Path(folder)
    refused, wrong = 0, []
    with clock.frozen(NOW):
        center = build_ground(base / "open")
        disk.watch(base)
        store.open_center(center.folder)
        SCENARIOS["payments.complete"].do(center)
        shutil.copytree(base / "open", base / "left", ignore=shutil.ignore_patterns("*-shm"))
        store.close_center()
        for kind in ("open", "left"):
            for n in range(1, 30):
                shutil.rmtree(base / "work", ignore_errors=True)
                shutil.copytree(base / kind, base / "work")
                disk.fail(n, errno.ENOSPC, for_good=True)
                try:
                    store.open_center(base / "work")
                    store.close_center()
                except EnvironmentFault as fault:
                    refused += 1
                    if fault.key not in ("store.disk_full", "store.io_error"):
                        wrong.append(f"{kind} {n}: {fault}")
                disk.fail(0)
                store.open_center(base / "work")
                wrong += [f"{kind} {n}: {one}" for one in checks.run()]
                store.close_center()
    return {"refused": refused, "wrong": wrong}


def test_a_full_disk_at_opening(memory_path: Path) -> None:
    came = disk.shimmed(memory_path, "tests.faults.test_full_disk:opening_fails", str(memory_path))
    assert came["wrong"] == []
    assert came["refused"] >= 1


# -- controls ------------------------------------------------------------------------------------------------------


def swallow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flow that swallows what the database says and goes on."""
    execute = database.Write._execute

    def heedless(self: database.Write, sql: str, params: Any = ()) -> Any:
        try:
            return execute(self, sql, params)
        except cipher.driver.DatabaseError:
            return type(
                "Cursor",
                (),
                {"lastrowid": 1, "rowcount": 1, "fetchall": lambda _: [], "fetchone": lambda _: (1, "{number}", 1)},
            )()

    monkeypatch.setattr(database.Write, "_execute", heedless)


def test_a_flow_that_swallows_the_error_is_stopped_by_the_guard(
    memory_path: Path, ground: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.frozen(NOW):
        bench = Bench(memory_path, ground, "payments.complete", page_size=512)
        bench.fresh()
        connection = store.db.connection()
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
        swallow(monkeypatch)
        with pytest.raises(store.TransactionLost):
            bench.one.do(bench.center)
        monkeypatch.undo()
        assert content() == bench.before
        store.close_center()


def test_control_without_the_guard_what_was_acknowledged_is_not_there(
    memory_path: Path, ground: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.frozen(NOW):
        bench = Bench(memory_path, ground, "payments.complete", page_size=512)
        swallow(monkeypatch)
        monkeypatch.setattr(database, "_still_open", lambda connection, sql: None)
        monkeypatch.setattr(
            database, "_commit", lambda connection: connection.in_transaction and connection.execute("COMMIT")
        )
        _refusals, wrong = fill_page_by_page(bench)
    assert any("something is missing" in one for one in wrong)
