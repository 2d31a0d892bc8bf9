"""Encrypting a center's file where it lies, and taking the encryption off again, without losing anything.

The center is closed. A copy under the new lock is made beside the file, compared with it row by row, proven by every
rule, synced, and takes the file's name in one rename: at any instant `center.db` is whole, and says by itself which key
it takes (`cipher`). The copies beside it are made over one by one in the same way; what a kill leaves is done at the
next start.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from app import paths
from app.errors import DeskError, EnvironmentFault
from app.store import backup, cipher, contents, database, migrations, opening

_PARTIAL = ".recoding.partial"

#: What `restore` calls the file that it keeps aside.
_KEPT_ASIDE = re.compile(r"before-restore-\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z(-\d+)?\.db")

#: Where a plain file says whose it is.
_OURS = migrations.APPLICATION_ID.to_bytes(4, "big")

#: So many seconds the desk stays closed for the copies; the rest is made over beside it.
PATIENCE_S = 60


@dataclass(frozen=True)
class Aligned:
    """What became of the copies: made over, removed because they could not be read, left for another time.

    The names: `failed` are those of the left ones that were tried in vain. `damaged` and `strangers` stay as they are:
    the first can only be the center's and cannot be read, of the others nothing says that they are the center's.
    """

    done: int = 0
    removed: int = 0
    left: int = 0
    failed: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()

    def __add__(self, other: Aligned) -> Aligned:
        return Aligned(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


def switch(
    data_dir: Path,
    lock: cipher.Lock,
    actor: Any,
    label: str,
    settle: Callable[[database.Write], None] = lambda write: None,
) -> Aligned:
    """Put the closed center in `data_dir` under another lock, then the copies beside it; `settle` writes in it.

    What takes longer than PATIENCE_S is left to `align`.

    EnvironmentFaults `secrecy.unsound` where the file breaks a rule, `store.locked` where another program has it open,
    `store.disk_full`, `cli.cannot_write`: then the file is as it was.
    """
    target = paths.data_file(data_dir)
    partial = target.with_name(target.name + _PARTIAL)
    try:
        sweep(data_dir)
        with contextlib.closing(cipher.connect(target)) as connection:
            database.into_one_file(connection)
        with _held(target):
            backup.copy(target, partial, lock=lock)
            _prove_same(target, partial)
            broken = backup.verify(partial)
            if broken:
                raise EnvironmentFault("secrecy.unsound", detail=broken)
            who = contents.person(target, actor.user_id)
            opening.record_in(partial, label, actor, who.uid if who is not None else "", settle)
            backup.sync(partial)
        _give_name(partial, target)
    except cipher.UNREADABLE as error:
        raise database.as_fault(error, str(target)) or EnvironmentFault("cli.cannot_write", path=str(target)) from error
    except OSError as error:
        raise EnvironmentFault("cli.cannot_write", path=str(data_dir)) from error
    finally:
        with contextlib.suppress(OSError):
            backup.remove(partial)
    until = time.monotonic() + PATIENCE_S
    try:
        return align(data_dir, lambda: time.monotonic() > until)
    except Exception:
        # Whatever it is, the file has its new lock and what went before must not be called undone. The thread that
        # makes copies comes by here again, and tells what stands in its way.
        return Aligned(left=sum(1 for _ in _beside(data_dir)))


def align(data_dir: Path, stop: Callable[[], bool] = lambda: False) -> Aligned:
    """Make over what lies beside the center and is not closed as it is: backups, files kept aside.

    Beside an encrypted center nothing of it stays plain: a copy that cannot be read is removed, if its name is one that
    only this program gives and its first bytes are a center's. What may be another program's is named and not touched.
    Beside a plain one, what is encrypted under a key that is not here stays. What fails for another reason (a full
    disk) is left for another time, and named; it keeps none of the others from being made over.
    """
    kept = sweep(data_dir)
    lock = cipher.lock_of(paths.data_file(data_dir))
    return _align(lock, [*_beside(data_dir)], stop) + Aligned(left=len(kept), failed=kept)


def align_place(data_dir: Path, place: Path, stop: Callable[[], bool] = lambda: False) -> Aligned:
    """`align` for the second place of backups, where the copies of another center may lie.

    Where all lay side by side once, a copy that cannot be read may be of either: it stays, and is a stranger.
    """
    file = paths.data_file(data_dir)
    lock, center = cipher.lock_of(file), backup.center_of(file)
    if not center:
        return Aligned()
    backup.sweep_place(place, center)
    aligned = _align(lock, [one.path for one in backup.in_place(place, center)], stop)
    if lock.kind != "keyed":
        return aligned
    nobodys = [one.path for one in backup.in_folder(place) if not backup.center_of(one.path)]
    return aligned + Aligned(strangers=tuple(path.name for path in nobodys if _kind(path) in ("plain", "strange")))


def unlike(data_dir: Path) -> int:
    """How many copies beside the center are not closed as it is; a damaged one beside an encrypted center counts."""
    kind = cipher.kind_of(paths.data_file(data_dir))
    kinds = [(path, _kind(path)) for path in _beside(data_dir)]
    return sum(
        found != kind if found != "strange" else kind == "keyed" and backup.is_name(path.name) for path, found in kinds
    )


def _kind(path: Path) -> str:
    """How a file is closed; "strange" where its first bytes do not say that it is a center's."""
    try:
        kind = cipher.kind_of(path)
        with path.open("rb") as file:
            head = file.read(72)
    except OSError:
        return "strange"
    ours = kind in ("keyed", "sealed") or (kind == "plain" and head[68:] == _OURS)
    return kind if ours else "strange"


def _align(lock: cipher.Lock, found: list[Path], stop: Callable[[], bool]) -> Aligned:
    done = removed = left = 0
    failed: list[str] = []
    damaged: list[str] = []
    strangers: list[str] = []
    for path in found:
        kind = _kind(path)
        if kind in (lock.kind, "sealed"):
            continue
        if kind == "strange":
            if not path.exists():
                continue
            if not backup.is_name(path.name):
                strangers.append(path.name)
            elif lock.kind == "keyed":
                damaged.append(path.name)
            continue
        if stop():
            left += 1
            continue
        try:
            with backup.alone():
                if not path.exists():
                    continue  # thinned meanwhile: to open it would make an empty file of its name
                _make_over(path, lock)
            done += 1
        except Exception as error:  # whatever it is, the copies after it are made over all the same
            key = error.key if isinstance(error, DeskError) else ""
            if lock.kind == "keyed" and key in ("store.damaged", "store.foreign_file", "secrecy.differs"):
                if not (_KEPT_ASIDE.fullmatch(path.name) or backup.is_name(path.name)):
                    strangers.append(path.name)
                    continue
                with contextlib.suppress(OSError):
                    backup.remove(path)
                    removed += 1
                    continue
            left += 1
            if key != "store.key_missing":
                failed.append(path.name)
    return Aligned(done, removed, left, tuple(failed), tuple(damaged), tuple(strangers))


def _make_over(path: Path, lock: cipher.Lock) -> None:
    """One copy under another lock, under its own name."""
    partial = path.with_name(path.name + _PARTIAL)
    try:
        with contextlib.closing(cipher.connect(path)) as connection, contextlib.suppress(*cipher.UNREADABLE):
            database.into_one_file(connection)
        backup.copy(path, partial, lock=lock)
        _prove_same(path, partial)
        backup.sync(partial)
        _give_name(partial, path)
        for ending in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
    except cipher.UNREADABLE as error:
        raise database.as_fault(error, str(path)) or EnvironmentFault("cli.cannot_write", path=str(path)) from error
    except OSError as error:
        raise EnvironmentFault("cli.cannot_write", path=str(path)) from error
    finally:
        with contextlib.suppress(OSError):
            backup.remove(partial)


def _give_name(partial: Path, target: Path) -> None:
    """The one step that counts: before it all is as it was, after it the other file is whole."""
    os.replace(partial, target)
    with contextlib.suppress(OSError):  # a folder that cannot be synced: the name is given all the same
        backup.sync(target.parent)


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    """Keep other programs from writing in a file, and from beginning a log beside it that nobody would fold in."""
    with contextlib.closing(cipher.connect(path, mode="ro")) as guard:
        guard.execute("BEGIN")
        guard.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield


def _prove_same(path: Path, other: Path) -> None:
    """Compare two files row by row, each read with its own key. EnvironmentFault `secrecy.differs`."""
    with (
        contextlib.closing(database.open_beside(path)) as was,
        contextlib.closing(database.open_beside(other)) as now,
    ):
        for pragma in ("application_id", "user_version"):
            if was.execute(f"PRAGMA {pragma}").fetchone() != now.execute(f"PRAGMA {pragma}").fetchone():
                raise EnvironmentFault("secrecy.differs", path=str(path), detail=pragma)
        schema = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        if was.execute(schema).fetchall() != now.execute(schema).fetchall():
            raise EnvironmentFault("secrecy.differs", path=str(path), detail="sqlite_master")
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        for (name,) in was.execute(tables).fetchall():
            rows = f'SELECT * FROM "{name}" NOT INDEXED'
            for one, two in zip_longest(was.execute(rows), now.execute(rows)):
                if one != two:
                    raise EnvironmentFault("secrecy.differs", path=str(path), detail=str(name))


def _beside(data_dir: Path) -> Iterator[Path]:
    yield from (one.path for one in backup.listing(data_dir))
    yield from sorted(data_dir.glob("before-*.db"))


def sweep(data_dir: Path) -> tuple[str, ...]:
    """Take away what was half made when a kill came: when encryption goes off, it holds plain pages.

    Returns the names of what could not be taken away.
    """
    kept = []
    for folder in (data_dir, paths.backups(data_dir)):
        for left in (*folder.glob(f"*{_PARTIAL}*"), *folder.glob("restored.partial*")):
            try:
                left.unlink(missing_ok=True)
            except OSError:
                kept.append(left.name)
    return tuple(kept)
