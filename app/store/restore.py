"""The way back: what a backup would change, and putting it in the place of the present file.

The present file is never written over: it is kept aside under its own name. Up to the one rename at the end, a kill
leaves the present file as it was; after it, the restored one is whole.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import clock, paths
from app.errors import DeskError, EnvironmentFault
from app.store import backup, cipher, database, migrations, opening, witness

#: What a restore is told about, kind by kind: table, and how a row is called.
KINDS: dict[str, tuple[str, str]] = {
    "people": ("users", "trim(t.first_name || ' ' || t.last_name)"),
    "enrollments": ("courses_enrolled", "t.number"),
    "sales": ("product_enrolled", "t.number"),
    "payments": ("payments", "t.number"),
    "invoices": ("invoices", "t.label"),
    "slots": (
        "slots",
        "coalesce(nullif(t.title, ''), (SELECT s.name FROM sessions s WHERE s.id = t.session_id)) || ', '"
        " || replace(t.start_wall, 'T', ' ')",
    ),
    "seats": (
        "slot_enrolled",
        "(SELECT trim(u.first_name || ' ' || u.last_name) FROM users u WHERE u.id = t.student_id) || ', '"
        " || (SELECT replace(s.start_wall, 'T', ' ') FROM slots s WHERE s.id = t.slot_id)",
    ),
}

#: What a restore is called in the record of the file that was restored.
LABEL = "Restore backup"

#: What becomes the present file, until it does.
FRESH = "restored.partial"

#: As many rows are asked for in one statement.
_AT_ONCE = 500

#: As many names of a kind are told; the count is always whole.
MOST_NAMES = 50


@dataclass(frozen=True)
class Difference:
    """What a restore would do to one kind: rows that would be gone, come back, or be as they were, with names."""

    kind: str
    gone: int
    back: int
    changed: int
    gone_names: tuple[str, ...]
    back_names: tuple[str, ...]
    changed_names: tuple[str, ...]


def compare(source: Path, data_dir: Path, stop: Callable[[], bool] = lambda: False) -> list[Difference] | None:
    """What would change if `source` stood in place of the present file; kinds without a difference are left out.

    None where the present file cannot be read: nothing can be told then, and the backup is needed all the more.
    EnvironmentFault `cli.bad_backup` where the backup cannot be read; Stopped if `stop` says so meanwhile.
    """
    found = []
    try:
        with (
            contextlib.closing(database.open_beside(source)) as old,
            contextlib.closing(database.open_beside(paths.data_file(data_dir))) as now,
        ):
            for connection in (old, now):
                connection.set_progress_handler(lambda: int(stop()), 10_000)
                connection.execute("BEGIN")
            for kind, (table, name) in KINDS.items():
                before, present = _versions(old, table), _versions(now, table)
                gone = sorted(present.keys() - before.keys())
                back = sorted(before.keys() - present.keys())
                written = sorted(uid for uid in before.keys() & present.keys() if before[uid] != present[uid])
                changed = _really_changed(old, now, table, written)
                if gone or back or changed:
                    found.append(
                        Difference(
                            kind, len(gone), len(back), len(changed),
                            _names(now, table, name, gone), _names(old, table, name, back),
                            _names(now, table, name, changed),
                        )
                    )  # fmt: skip
    except (*cipher.UNREADABLE, EnvironmentFault) as error:
        if stop():
            raise backup.Stopped from error
        if _can_be_read(source):
            return None
        if isinstance(error, EnvironmentFault):
            raise
        raise EnvironmentFault("cli.bad_backup", path=str(source), detail=str(error)) from error
    return found


def _can_be_read(path: Path) -> bool:
    """Whether what is compared can be read in a file."""
    try:
        with contextlib.closing(database.open_beside(path)) as connection:
            for table, name in KINDS.values():
                connection.execute(f"SELECT t.*, {name} FROM {table} t").fetchall()
    except (*cipher.UNREADABLE, DeskError):
        return False
    return True


#: What a row says of itself, and what follows from the clock: not what anybody did to it.
_BESIDE = frozenset({"id", "version", "updated_at", "updated_by", "next_slot_id", "next_slot_at", "next_slot_as_of"})


def _really_changed(old: Any, now: Any, table: str, uids: list[str]) -> list[str]:
    """Those of the rows that say something else, and not only that they were written."""
    had = {row[1] for row in old.execute(f"PRAGMA table_info({table})")}  # a copy may be of an older schema
    known = [row[1] for row in now.execute(f"PRAGMA table_info({table})") if row[1] in had]
    columns = ", ".join(["uid", *(name for name in known if name not in _BESIDE | {"uid"})])
    found = []
    for start in range(0, len(uids), _AT_ONCE):
        some = uids[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        query = f"SELECT {columns} FROM {table} WHERE uid IN ({marks})"
        before, present = ({row[0]: row for row in file.execute(query, some)} for file in (old, now))
        found += [uid for uid in some if before[uid] != present[uid]]
    return found


def _versions(connection: Any, table: str) -> dict[str, int]:
    return dict(connection.execute(f"SELECT uid, version FROM {table}").fetchall())


def _names(connection: Any, table: str, name: str, uids: list[str]) -> tuple[str, ...]:
    some = uids[-MOST_NAMES:][::-1]  # a uid begins with its time: the newest first
    marks = ", ".join("?" * len(some))
    rows = dict(connection.execute(f"SELECT t.uid, {name} FROM {table} t WHERE t.uid IN ({marks})", some).fetchall())
    return tuple(str(rows.get(uid) or "?") for uid in some)


def restore(
    source: Path,
    data_dir: Path,
    actor: Any,
    uid: str = "",
    settle: Callable[[database.Write], None] = lambda write: None,
    then: Callable[[Any], object] = lambda actor: None,
) -> Path | None:
    """Put a verified backup in place of the center in `data_dir`, which must be closed; returns where that is kept.

    The restored file is encrypted as the present one is, whatever the backup is. An older schema is brought up first.
    `settle` writes, in one recorded operation of the restored file, what follows from being restored; it is done by
    whoever has the actor's `uid` there. `then` is called with them after that, the file still open and aside.
    EnvironmentFaults `cli.no_such_file`, `cli.bad_backup`, `store.newer_file`, `cli.cannot_write`, `store.key_missing`,
    UserErrors `secrecy.passphrase_needed`, `secrecy.wrong_passphrase`: then the present file is as it was.
    """
    if not source.exists():
        raise EnvironmentFault("cli.no_such_file", path=str(source))
    try:
        lock = _lock_after(source, paths.data_file(data_dir))
    except OSError as error:  # a folder stands there, or nobody may read it
        raise EnvironmentFault("cli.cannot_write", path=str(paths.data_file(data_dir))) from error
    broken = backup.verify(source)
    if broken:
        raise EnvironmentFault("cli.bad_backup", path=str(source), detail=broken)
    data_dir.mkdir(parents=True, exist_ok=True)
    target = paths.data_file(data_dir)
    fresh = data_dir / FRESH
    try:
        backup.copy(source, fresh, lock=lock)
        opening.record_in(fresh, LABEL, actor, uid, settle, then)
        backup.sync(fresh)
        aside = _keep_aside(target) if target.exists() else None
        backup.sync(data_dir)  # the second name stands before the first one changes hands
        witness.forget(target)
        os.replace(fresh, target)
        backup.sync(data_dir)
    except OSError as error:
        raise EnvironmentFault("cli.cannot_write", path=str(data_dir)) from error
    finally:
        with contextlib.suppress(OSError):
            backup.remove(fresh)
    return aside


def sweep(data_dir: Path) -> None:
    """Clear away what a restore left that was killed. For whoever owns the folder, before the center is opened.

    Killed before the last rename, the present file stands under two names: a kept moment that went on changing would
    be none, and a file with two names is not safe to open under both.
    """
    with contextlib.suppress(OSError):
        for left in (data_dir / FRESH, *data_dir.glob("before-restore-*.partial")):
            backup.remove(left)
        present = paths.data_file(data_dir)
        if present.exists():
            for aside in data_dir.glob("before-restore-*.db"):
                if aside.samefile(present):
                    aside.unlink()


def _lock_after(source: Path, present: Path) -> cipher.Lock:
    """How the restored file is closed: as the present one, or where that says nothing as the backup.

    Where the present one is encrypted and its key is not here, what comes in its place must be encrypted, too.
    """
    own = cipher.lock_of(source)
    if present.exists() and cipher.kind_of(present) in ("plain", "keyed"):
        try:
            return cipher.lock_of(present)
        except EnvironmentFault:
            if own.kind != "keyed":
                raise
    return own if own.kind == "keyed" else cipher.PLAIN


def _keep_aside(target: Path) -> Path:
    """Keep the present file under another name as well: the name `center.db` never stands for nothing."""
    connection = None
    if not another_programs(target):
        with contextlib.suppress(EnvironmentFault):  # without its key, or damaged: kept as it is, with its log
            connection = cipher.connect(target)
    try:
        if connection is not None:
            database.into_one_file(connection)
    except cipher.UNREADABLE as error:
        # A damaged file is kept as it is, with its log. A sound one must not lose its log on the way.
        fault = database.as_fault(error, str(target))
        if fault is not None and fault.key in ("store.locked", "store.disk_full", "store.read_only"):
            raise fault from error
    finally:
        if connection is not None:
            connection.close()
    aside = _free_name(target.parent, f"before-restore-{clock.stamp().replace(':', '')}")
    try:
        os.link(target, aside)
    except OSError:  # a disk without hard links
        partial = aside.with_suffix(".partial")
        shutil.copyfile(target, partial)
        backup.sync(partial)
        partial.rename(aside)
    for ending in ("-wal", "-shm"):
        left = target.with_name(target.name + ending)
        if left.exists():  # a log that stayed would be played into the restored file
            left.rename(aside.with_name(aside.name + ending))
    return aside


def _free_name(folder: Path, stem: str) -> Path:
    """A name nobody has: by a clock that was set back, a moment comes twice."""
    name, number = folder / f"{stem}.db", 1
    while name.exists():
        number += 1
        name = folder / f"{stem}-{number}.db"
    return name


def another_programs(path: Path) -> bool:
    """Whether a file is somebody else's database: one that is so much as opened may fold its log and change."""
    with path.open("rb") as file:
        head = file.read(72)
    return head.startswith(b"SQLite format 3\x00") and head[68:72] != migrations.APPLICATION_ID.to_bytes(4, "big")
