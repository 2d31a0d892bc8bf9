"""Opening a center: known by its bytes before anything of it changes, trusted only where it is what was left.

One program owns a folder at a time (`claim_folder`); one file of it is open in a process (`open_center`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as driver

from app import paths
from app.errors import EnvironmentFault, UserError
from app.store import cipher, database, migrations, witness

_owner: Any = None
_noticed: list[tuple[str, dict[str, Any]]] = []


def open_center(data_dir: Path, *, create: bool = False) -> None:
    """Open the center in `data_dir` for this process, upgrading an older schema.

    EnvironmentFault: `store.missing`, `store.not_empty`, `store.foreign_file`, `store.newer_file`,
    `store.read_only`, `store.disk_full`, `store.damaged`, `store.strange_schema`, `store.old_sqlite`,
    `store.upgrade_failed`, `store.key_missing`. Nothing is touched before the file is known to be ours, and an older
    one not before a copy of it is kept.
    """
    if driver.sqlite_version_info < (3, 51, 3):
        raise EnvironmentFault("store.old_sqlite", version=driver.sqlite_version)
    path = paths.data_file(data_dir)
    _noticed.clear()
    if create:
        if path.exists() and not _nothing_in(path):
            raise EnvironmentFault("store.not_empty", path=str(data_dir))
        with database.faults(str(data_dir)):
            data_dir.mkdir(parents=True, exist_ok=True)
    elif not path.exists():
        raise EnvironmentFault("store.missing", path=str(data_dir))
    with database.faults(str(data_dir), otherwise="store.damaged"):
        _look(path, create)
        database.db.init(str(path))
        try:
            database.connect()
            if 0 < migrations.version_of(database.db.connection()) < migrations.SCHEMA_VERSION:
                _copy_before_upgrade(data_dir)
            bring_up()
            _probe(database.db.connection())
        except BaseException:
            database.disconnect()
            database.db.init(None)
            raise


def is_older(data_dir: Path) -> bool:
    """Whether opening the center in `data_dir` would upgrade it. What cannot be told is for `open_center` to say."""
    try:
        with contextlib.closing(cipher.connect(paths.data_file(data_dir), mode="ro")) as connection:
            return 0 < migrations.version_of(connection) < migrations.SCHEMA_VERSION
    except (*cipher.UNREADABLE, EnvironmentFault, OSError):
        return False


def _copy_before_upgrade(data_dir: Path) -> None:
    """Keep a copy of an older file before its first step (DESIGN.md, "The store").

    One that breaks a rule is kept as unsound and upgraded all the same: the desk that could mend it is behind this
    door. One whose pages are damaged is not touched.
    """
    from app.store import backup  # stands on this module

    made = backup.take(data_dir, "migration")
    if made.broken.startswith("file.integrity"):
        raise EnvironmentFault("store.damaged", detail=made.broken)


def bring_up() -> None:
    """Run the schema's missing steps over this thread's connection.

    EnvironmentFault `store.upgrade_failed` where one fails for a reason of its own; the file is as it was before it.
    """
    try:
        migrations.upgrade(database.db.connection())
    except (EnvironmentFault, UserError):
        raise
    except Exception as error:
        path = str(database.db.database)
        detail = str(error) or type(error).__name__
        fault = database.as_fault(error, path)
        raise fault or EnvironmentFault("store.upgrade_failed", path=path, detail=detail) from error


def _look(path: Path, create: bool) -> None:
    """Know whose file it is before a single byte of it changes."""
    if create:
        return
    if not path.is_file():
        raise EnvironmentFault("store.foreign_file", path=str(path))
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise EnvironmentFault("store.read_only", path=str(path.parent))
    # With a log beside it SQLite decides: the power may have gone while the first page was played into the file.
    if cipher.kind_of(path) not in ("plain", "keyed") and not path.with_name(path.name + "-wal").exists():
        raise EnvironmentFault("store.foreign_file", path=str(path))
    connection = cipher.connect(path, mode="ro")
    try:
        connection.execute("PRAGMA trusted_schema = 0")
        if migrations.version_of(connection) == 0:
            raise EnvironmentFault("store.missing", path=str(path.parent))
        _trust(connection, path)
    except cipher.UNREADABLE as error:
        fault = database.as_fault(error, str(path))
        raise fault or EnvironmentFault("store.damaged", path=str(path), detail=str(error)) from error
    finally:
        connection.close()


def _trust(connection: Any, path: Path) -> None:
    """Refuse a file whose structure is not what this program wrote, or whose pages do not agree after an unclean end.

    A log beside the file says that nobody closed it: the power went, the file was copied, or the log is another
    file's. Only then are the pages read: 1.3 s for 100,000 students; a clean start pays nothing. What no start sees,
    the proof of the next backup does.
    """
    strange = migrations.strange(connection)
    if strange:
        raise EnvironmentFault("store.strange_schema", path=str(path), detail=", ".join(strange[:5]))
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        (words,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if words != "ok":
            raise EnvironmentFault("store.damaged", path=str(path), detail=" ".join(words.split()))
    else:
        # SQLCipher answers some pragmas with text.
        pages, size = (int(connection.execute(f"PRAGMA {one}").fetchone()[0]) for one in ("page_count", "page_size"))
        if path.stat().st_size < pages * size:
            raise EnvironmentFault("store.damaged", path=str(path), detail=f"{path.stat().st_size} < {pages * size}")
    last = connection.execute("SELECT coalesce(max(id), 0) FROM operations").fetchone()[0]
    if (known := witness.remembered(path)) > last:
        _noticed.append(("store.work_missing", {"count": known - last}))


def noticed() -> list[tuple[str, dict[str, Any]]]:
    """What was seen at opening that does not stand in the way: message keys with their parameters."""
    return list(_noticed)


def _probe(connection: Any) -> None:
    """Read both ends of every table: what the first page needs is there, or the door says that it is not.

    Takes a millisecond; reading every page takes 1.5 s at 100,000 students, and is what `check` and every backup do.
    """
    for table in [*migrations.recorded_tables(connection), "operations", "changes"]:
        for order in ("id", "id DESC"):
            connection.execute(f"SELECT * FROM {table} ORDER BY {order} LIMIT 1").fetchone()


def _nothing_in(path: Path) -> bool:
    """Whether nothing was ever done in this file: its making was killed before the first row."""
    if path.stat().st_size == 0:
        return True
    try:
        _look(path, create=False)
        connection = database.open_beside(path)
        try:
            return int(connection.execute("SELECT count(*) FROM operations").fetchone()[0]) == 0
        finally:
            connection.close()
    except EnvironmentFault as fault:
        return fault.key == "store.missing"
    except cipher.UNREADABLE:
        return False


def record_in(
    path: Path,
    label: str,
    actor: Any,
    uid: str,
    settle: Callable[[database.Write], None] = lambda write: None,
    then: Callable[[Any], object] = lambda actor: None,
) -> None:
    """Open a closed copy as the program opens any center, record one operation in it, and close it into one file.

    The actor is whoever has `uid` in it, by whatever id; the program itself where nobody who works here has. `then` is
    called with that actor for what is an operation of its own, before the copy is closed.
    """
    database.db.init(str(path))
    database.connect()
    try:
        bring_up()
        sql = "SELECT id FROM users WHERE uid = ? AND role <> 'student'"
        row = database.db.execute_sql(sql, (uid,)).fetchone() if actor.user_id is not None else None
        who = type(actor)(*((row[0], actor.role) if row is not None else (None, "system")), actor.desk)
        with database.write(label, who) as w:
            settle(w)
        then(who)
        database.into_one_file(database.db.connection())
    finally:
        database.close_center()


def keep_new_file(made_in: Path, data_dir: Path) -> None:
    """Put a center that was made aside (and is closed) in its place, lasting, and clear the folder it was made in."""
    made, path = paths.data_file(made_in), paths.data_file(data_dir)
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    witness.forget(made)
    witness.forget(path)  # of a center that stood here before
    made.replace(path)
    made_in.rmdir()


def claim_folder(data_dir: Path) -> None:
    """Be the one program on this folder until the process ends. EnvironmentFault `store.in_use` if another is.

    The lock is SQLite's own on a small file beside the data: it works on every platform and dies with us. What a
    killed restore left in the folder is cleared away.
    """
    global _owner
    with database.faults(str(data_dir)):
        data_dir.mkdir(parents=True, exist_ok=True)
        connection = driver.connect(str(data_dir / "in-use.lock"), isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except driver.OperationalError as error:
            connection.close()
            if "locked" in str(error):
                raise EnvironmentFault("store.in_use", path=str(data_dir)) from error
            raise
    _owner = connection
    from app.store import restore  # stands on this module

    restore.sweep(data_dir)


def release_folder() -> None:
    """Let another program have the folder."""
    global _owner
    if _owner is not None:
        _owner.close()
        _owner = None
