"""SIGKILL at every step of switching encryption on and off: the center opens, nothing is missing, nothing stays plain.

A warm parent forks a child for each step; the child counts statements of every connection, renames, syncs and removals,
and kills itself at the n-th: at 41 of some 840 steps each way by default, in full at all of them. What the keyring was
given goes through a pipe, outside the file.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keyring
import pytest

from app import paths, store
from app.desk import secrecy
from app.desk.accounts import SYSTEM
from app.errors import EnvironmentFault
from app.store import atrest, backup, checks, cipher, recovery
from tests.support.content import content, lost
from tests.support.counting import Count, sliced
from tests.support.full_center import build_full
from tests.support.keyrings import MemoryKeyring, memory_keyring, nothing_is_known
from tests.support.killing import memory_path

__all__ = ["memory_keyring", "memory_path", "nothing_is_known"]

pytestmark = pytest.mark.slow
FULL = os.environ.get("DESKBELL_FULL", "") in ("all", "safe")
CANARY = "Wiśniewski".encode()


class _Told(MemoryKeyring):
    """A keyring whose entries outlive the child: each is told to the parent."""

    def __init__(self, out: int) -> None:
        super().__init__()
        self.out = out

    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, password)
        os.write(self.out, b"kept\n")


def count_steps(die_at: int) -> Callable[[], int]:
    """In the child: die at a step; returns how many there were."""
    seen = 0

    def step(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    plain = cipher.driver.connect

    def connect(*args: Any, **options: Any) -> Any:
        connection = plain(*args, **options)
        connection.set_trace_callback(step)
        return connection

    for module in (cipher.driver, backup.driver):
        module.connect = connect

    def counted(whole: Callable[..., Any]) -> Callable[..., Any]:
        def before_and_after(*args: Any, **options: Any) -> Any:
            step()
            result = whole(*args, **options)
            step()
            return result

        return before_and_after

    for name in ("replace", "rename", "fsync", "unlink", "link"):
        setattr(os, name, counted(getattr(os, name)))
    return lambda: seen


def run_child(folder: Path, code: str, act: str, die_at: int) -> tuple[bool, int]:
    """Fork; (whether the key was kept, how many steps there were as far as it lived)."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            keyring.set_keyring(_Told(writing))
            seen = count_steps(die_at)
            if act == "on":
                secrecy.switch_on(SYSTEM, folder, code)
            else:
                secrecy.switch_off(SYSTEM, folder)
            os.write(writing, f"steps {seen()}\n".encode())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read().splitlines()
    _pid, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed by itself"
    steps = [int(line.split()[1]) for line in said if line.startswith("steps")]
    return "kept" in said, steps[0] if steps else 0


def files(folder: Path) -> dict[str, Path]:
    """The center's file and every copy beside it."""
    found = [paths.data_file(folder), *(one.path for one in backup.listing(folder)), *folder.glob("before-*.db")]
    return {path.name: path for path in found}


def readable(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and CANARY in path.read_bytes()]


def aftermath(folder: Path, act: str, kept: bool, before: dict[str, dict[str, Any]]) -> list[str]:
    """What is wrong after a kill, and after the next start has cleared up."""
    wrong = []
    kind = cipher.kind_of(paths.data_file(folder))
    if act == "on" and kind == "keyed" and not kept:
        wrong.append("encrypted before the keyring had the key")
    secrecy.align(folder, None)
    store.open_center(folder)
    wrong += [str(broken) for broken in checks.run()]
    store.close_center()
    now = files(folder)
    for name, rows in before.items():
        wrong += [f"{name}: {what}" for what in lost(rows, content(now[name]))] if name in now else [f"{name} is gone"]
    wrong += [f"{name} is {cipher.kind_of(path)}" for name, path in now.items() if cipher.kind_of(path) != kind]
    if kind == "keyed":
        wrong += [f"{name} can be read" for name in readable(folder)]
    wrong += [f"{path.name} is left" for path in folder.rglob("*.partial*")]
    return wrong


def kill_everywhere(base: Path, act: str, most: int) -> tuple[set[str], list[str]]:
    """Kill switching at so many of its steps; (the kinds the file had afterwards, what was wrong)."""
    origin, work, code = base / "origin", base / "work", secrecy.new_code()
    cipher.remember(recovery.decode(code))
    build_full(origin)
    backup.take(origin, "auto")
    store.close_center()
    shutil.copy(paths.data_file(origin), origin / "before-restore-2026-01-01T000000.000Z.db")
    if act == "off":
        secrecy.switch_on(SYSTEM, origin, code)
    before = {name: content(path) for name, path in files(origin).items()}
    shutil.copytree(origin, work)
    _kept, total = run_child(work, code, act, 0)
    shutil.rmtree(work)
    shutil.copytree(origin, work)
    aftermath(work, act, True, before)  # what the forks import and work out is there already
    # The steps around the renames are few among many reads: the end of each stretch is always among those tried.
    points = sorted({1 + n * total // most for n in range(most)} | set(range(max(1, total - 10), total + 1)))
    kinds = set()
    kills = Count(f"{act}, of {total} steps killed at", sliced(points))
    for die_at in kills:
        shutil.rmtree(work)
        shutil.copytree(origin, work)
        kept, _steps = run_child(work, code, act, die_at)
        kinds.add(cipher.kind_of(paths.data_file(work)))
        kills.fail(die_at, aftermath(work, act, kept, before))
    return kinds, kills.wrong


@pytest.mark.parametrize("act", ["on", "off"])
def test_a_kill_leaves_the_one_or_the_other_and_nothing_missing(
    memory_path: Path, act: str, memory_keyring: MemoryKeyring
) -> None:
    kinds, wrong = kill_everywhere(memory_path, act, 100_000 if FULL else 30)
    assert wrong == []
    assert kinds == {"plain", "keyed"}


def test_control_a_file_written_in_place_is_found_broken(
    memory_path: Path, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the copy made under the file's own name, a kill leaves a center that does not open."""
    whole = backup.copy

    def in_place(source: Path, target: Path, *args: Any, **options: Any) -> None:
        if source.name != paths.DATA_FILE or "lock" not in options:
            whole(source, target, *args, **options)
            return
        aside = source.with_name("aside")
        shutil.copy(source, aside)
        whole(aside, source, *args, **options)
        shutil.copy(source, target)
        aside.unlink()

    monkeypatch.setattr(backup, "copy", in_place)
    monkeypatch.setattr(atrest, "_prove_same", lambda *_: None)
    with pytest.raises(EnvironmentFault) as fault:
        kill_everywhere(memory_path, "on", 60)
    assert fault.value.key in ("store.foreign_file", "store.damaged", "store.missing")
