"""A disk that can be watched, lose its power, and fail: the preloaded shim of tests/faults, and images of what it saw.

`shimmed("tests.faults.test_x:function", …)` runs a function in a process of its own under the shim. There, `watch`,
`mark` and `fail` speak to it. `read_log` and `image` turn a record into what a disk may hold after the power went.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import json
import os
import random
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SHIM = ROOT / "tests" / "faults" / "shim.c"
SECTOR = 512

#: Which calls `fail` counts.
WRITES, SYNCS, BOTH = 1, 2, 3


def build_shim(folder: Path) -> Path:
    """The shim, compiled."""
    made = folder / "shim.so"
    command = ["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(made), str(SHIM), "-ldl"]
    subprocess.run([*command, "-lpthread"], check=True, capture_output=True)
    return made


def shimmed(tmp_path: Path, function: str, *args: Any, timeout: float = 1200) -> Any:
    """Call ``module:function(*args)`` (plain values) in a process under the shim; what it returned, by way of JSON."""
    shim = tmp_path / "shim.so"
    if not shim.exists():
        build_shim(tmp_path)
    answer = tmp_path / "answer.json"
    env = {**os.environ, "LD_PRELOAD": str(shim), "DESKBELL_SHIM": "1"}
    command = [
        sys.executable,
        "-X",
        "faulthandler",
        "-m",
        "tests.support.disk",
        function,
        json.dumps(args),
        str(answer),
    ]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(answer.read_text("utf-8"))


# -- in the process under the shim -------------------------------------------------------------------------------


def _library() -> Any:
    assert os.environ.get("DESKBELL_SHIM"), "not under the shim"
    return ctypes.CDLL(None)


def watch(folder: Path, log: Path | None = None) -> None:
    """Everything this process does under `folder` goes through the shim, and into `log`."""
    assert _library().shim_watch(str(folder.resolve()).encode(), str(log or "").encode()) == 0


def mark(**facts: Any) -> None:
    """Something was acknowledged: a line in the record, after what came before it."""
    _library().shim_mark(json.dumps(facts).encode())


def fail(nth: int, number: int = errno.ENOSPC, *, for_good: bool = False, kinds: int = BOTH) -> None:
    """Let the n-th call from now fail (0: none), once or for good."""
    _library().shim_fail(ctypes.c_long(nth), number, int(for_good), kinds)


def calls() -> int:
    """How many calls there were since `fail`."""
    library = _library()
    library.shim_calls.restype = ctypes.c_long
    return int(library.shim_calls())


# -- records and images ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One thing that a process did to the disk."""

    kind: str
    file: int
    offset: int
    data: bytes


def read_log(path: Path) -> list[Entry]:
    """The record, in order."""
    raw = path.read_bytes()
    found, at = [], 0
    while at < len(raw):
        kind, file, offset, length = struct.unpack_from("<cIqq", raw, at)
        at += 21
        found.append(Entry(kind.decode(), file, offset, raw[at : at + length]))
        at += length
    return found


def marks(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """What had been acknowledged."""
    return [json.loads(entry.data) for entry in entries if entry.kind == "m"]


@dataclass
class _Inode:
    """A file: what is on the disk for certain, and what may or may not be."""

    durable: bytearray
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # (offset, bytes), or (length, None): cut

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.durable, *change)
        self.pending.clear()


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        if len(content) > offset:
            del content[offset:]
        else:
            content.extend(bytes(offset - len(content)))
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def _sectors(change: tuple[int, bytes | None]) -> list[tuple[int, bytes | None]]:
    offset, data = change
    if data is None:
        return [change]
    first = -offset % SECTOR or SECTOR
    cuts = [0, *range(first, len(data), SECTOR), len(data)]
    return [(offset + a, data[a:b]) for a, b in pairwise(cuts) if a < b]


#: What may become of writes that no sync followed.
FATES = ("dropped", "kept", "prefix", "some", "torn", "reordered", "garbage")


def _survivors(pending: list[tuple[int, bytes | None]], chance: random.Random) -> list[tuple[int, bytes | None]]:
    fate = chance.choice(FATES)
    if fate == "dropped":
        return []
    if fate == "kept":
        return pending
    if fate == "prefix":
        return pending[: chance.randint(0, len(pending))]
    if fate == "some":
        return [change for change in pending if chance.random() < 0.5]
    pieces = [piece for change in pending for piece in _sectors(change)]
    some = [piece for piece in pieces if chance.random() < chance.choice((0.1, 0.5, 0.9))]
    if fate == "reordered":
        chance.shuffle(some)
    if fate == "garbage":  # a sector that was being written may hold anything
        some = [(at, chance.randbytes(len(d)) if d and chance.random() < 0.2 else d) for at, d in some]
    return some


def image(origin: Path, entries: Sequence[Entry], chance: random.Random, target: Path) -> None:
    """Write into `target` what a disk may hold if the power went after `entries`, which began with `origin`.

    Certain is what a sync of its file followed. Of the rest each file loses, keeps, tears or reorders its part by
    `chance`. Names (made, moved, removed) reach the disk in their order, as every journaling file system has it; a
    sync of a file brings along its own name and those before it, a sync of a folder all.
    """
    files: dict[str, _Inode] = {
        str(path.relative_to(origin)): _Inode(bytearray(path.read_bytes()))
        for path in origin.rglob("*")
        if path.is_file()
    }
    lasting = dict(files)
    moves: list[tuple[Callable[[dict[str, _Inode]], Any], _Inode | None]] = []
    handles: dict[int, _Inode | None] = {}  # None: a folder

    def settle(upto: int) -> None:
        for move, _inode in moves[:upto]:
            move(lasting)
        del moves[:upto]

    def name(move: Callable[[dict[str, _Inode]], Any], inode: _Inode | None = None) -> None:
        move(files)
        moves.append((move, inode))

    for entry in entries:
        if entry.kind == "o":
            path = entry.data.decode()
            if path not in files and entry.offset:
                inode = _Inode(bytearray())
                name(lambda at, path=path, inode=inode: at.__setitem__(path, inode), inode)  # type: ignore[misc]
            handles[entry.file] = files.get(path)
        elif entry.kind in "ru" or entry.kind == "l":
            old, _, new = entry.data.decode().partition("\n")
            if entry.kind == "u":
                name(lambda at, old=old: at.pop(old, None))  # type: ignore[misc]
            elif entry.kind == "r":
                name(lambda at, old=old, new=new: at.__setitem__(new, at.pop(old)))  # type: ignore[misc]
            else:
                name(lambda at, old=old, new=new: at.__setitem__(new, at[old]))  # type: ignore[misc]
        elif entry.kind in "wt":
            inode = handles[entry.file]
            assert inode is not None
            inode.pending.append((entry.offset, entry.data if entry.kind == "w" else None))
        elif entry.kind == "s":
            inode = handles[entry.file]
            if inode is None:
                settle(len(moves))
            else:
                inode.sync()
                settle(max((n + 1 for n, (_, made) in enumerate(moves) if made is inode), default=0))
    settle(chance.randint(0, len(moves)))
    done: dict[int, bytes] = {}
    for path, inode in lasting.items():
        content = done.get(id(inode))
        if content is None:
            held = bytearray(inode.durable)
            for change in _survivors(inode.pending, chance):
                _apply(held, *change)
            content = done[id(inode)] = bytes(held)
        whole = target / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_bytes(content)


def forked(work: Callable[[], Any], timeout: float = 60) -> Any:
    """Do `work` in a forked child: what it returned (by way of JSON), or a text that says how the child ended."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            import signal

            signal.alarm(int(timeout))  # ends a child that hangs
            with os.fdopen(writing, "w") as pipe:
                json.dump(work(), pipe)
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    _pid, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return f"the child was ended by signal {os.WTERMSIG(status)}"
    if os.WEXITSTATUS(status):
        return "the child failed by itself"
    return json.loads(said)


if __name__ == "__main__":
    where, arguments, answer = sys.argv[1:]
    module, called = where.split(":")
    result = getattr(importlib.import_module(module), called)(*json.loads(arguments))
    Path(answer).write_text(json.dumps(result), "utf-8")
