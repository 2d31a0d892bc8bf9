"""A child process that dies by SIGKILL at a chosen step, and what it said before.

A parent that is warm and holds no connection forks the child; what the child says goes through a pipe as soon as it is
said, so that it is known outside the file. A step is a statement of SQL (the driver's trace) or a file that is about to
be opened, linked, renamed or removed (the interpreter's audit events, which come before the act).
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app import paths, store
from app.store import checks, cipher

Say = Callable[[str], None]
Content = dict[str, list[Any]]


@pytest.fixture
def memory_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what a kill leaves does not depend on a disk, which takes its time."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="deskbell-", dir="/dev/shm"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Steps:
    """Counts what it is told of and dies at the chosen one; 0 only counts."""

    die_at: int = 0
    seen: int = 0
    names: list[str] = field(default_factory=list)

    def __call__(self, name: str = "") -> None:
        """One step more."""
        self.seen += 1
        if self.die_at == 0:
            self.names.append(name)
        if self.seen == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)


def trace_statements(steps: Steps, *, reading: bool = False) -> None:
    """In a child: each statement on a connection made from now on is a step; where it only looks, with `reading`."""
    connect = cipher.driver.connect

    def traced(name: str, *args: Any, **kwargs: Any) -> Any:
        connection = connect(name, *args, **kwargs)
        if reading or not (name in ("", ":memory:") or str(name).endswith("?mode=ro")):
            connection.set_trace_callback(steps)
        return connection

    cipher.driver.connect = traced


FILE_EVENTS = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.truncate", "shutil.copyfile"}


def watch_files(steps: Steps, folder: Path) -> None:
    """In a child: every act on a file of `folder` is a step."""
    inside = str(folder)

    def heard(event: str, args: tuple[Any, ...]) -> None:
        if (event in FILE_EVENTS or event == "open") and str(args[0]).startswith(inside):
            steps(f"{event} {Path(str(args[0])).name}")

    sys.addaudithook(heard)


def in_child(work: Callable[[Say], None], kill_after: float | None = None, *, words: int = 1) -> tuple[list[str], bool]:
    """Fork and do `work` there: what it said, and whether it was killed. A child that fails by itself fails the test.

    With `kill_after` the parent kills it so many seconds after its first word, or after so many `words`; with none,
    so many seconds after the fork.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            work(lambda words: os.write(writing, f"{words}\n".encode()) and None)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        first = b"".join(pipe.readline() for _ in range(words))
        if kill_after is not None and (first or words == 0):
            time.sleep(kill_after)
            os.kill(pid, signal.SIGKILL)
        said = (first + pipe.read()).decode().splitlines()
    _pid, status = os.waitpid(pid, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert killed or status == 0, f"the child failed by itself: {status}"
    return said, killed


def content() -> Content:
    """Every row of every table of the open center."""
    connection = store.db.connection()
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables}


def next_start(folder: Path) -> tuple[Content, list[str]]:
    """Start as the program does after a kill: own the folder, open the center; its rows and what breaks a rule."""
    assert paths.data_file(folder).exists(), "center.db stands for nothing"
    store.claim_folder(folder)
    try:
        store.open_center(folder)
        try:
            return content(), [str(broken) for broken in checks.run()]
        finally:
            store.close_center()
    finally:
        store.release_folder()
