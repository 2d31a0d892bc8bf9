"""A verified copy of the one file, and the way back.

A copy counts only when it was read back and every rule of `checks` holds over it. The present file is never written
over: a restore keeps it aside.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from sqlcipher3 import dbapi2 as driver

from app import clock, paths
from app.errors import EnvironmentFault
from app.store import checks, database, migrations


def make(target: Path) -> int:
    """Copy the open file to `target` and verify the copy; returns its size in bytes.

    EnvironmentFaults `cli.file_exists`, `cli.cannot_write`, `cli.bad_backup`. The copy appears under its name only
    when it is whole.
    """
    if target.exists():
        raise EnvironmentFault("cli.file_exists", path=str(target))
    partial = target.with_name(target.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        copy = driver.connect(str(partial), isolation_level=None)
    except (OSError, driver.Error) as error:
        raise EnvironmentFault("cli.cannot_write", path=str(target)) from error
    try:
        database.db.connection().backup(copy, pages=256)
        copy.execute("PRAGMA journal_mode = DELETE")
    except driver.Error as error:
        raise EnvironmentFault("cli.cannot_write", path=str(target)) from error
    finally:
        copy.close()
    broken = verify(partial)
    if broken:
        partial.unlink()
        raise EnvironmentFault("cli.bad_backup", path=str(target), detail=broken)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.rename(target)
    return target.stat().st_size


def verify(path: Path) -> str:
    """What is wrong with a backup file in a few words, '' if it is sound. Leaves the open center as it is."""
    try:
        connection = driver.connect(path.resolve().as_uri() + "?mode=ro", uri=True, isolation_level=None)
    except driver.Error as error:
        return str(error)
    try:
        if migrations.version_of(connection) == 0:
            return "it is empty"
        broken = checks.over(connection)
    except (driver.Error, EnvironmentFault) as error:
        return str(error)
    finally:
        connection.close()
    return str(broken[0]) if broken else ""


def restore(source: Path, data_dir: Path) -> Path | None:
    """Put a verified backup in place of the center in `data_dir`, which must be closed.

    The present file is kept aside; returns where. EnvironmentFaults `cli.no_such_file`, `cli.bad_backup`.
    """
    if not source.exists():
        raise EnvironmentFault("cli.no_such_file", path=str(source))
    broken = verify(source)
    if broken:
        raise EnvironmentFault("cli.bad_backup", path=str(source), detail=broken)
    target = paths.data_file(data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name("restored.partial")
    fresh.unlink(missing_ok=True)
    origin = driver.connect(source.resolve().as_uri() + "?mode=ro", uri=True, isolation_level=None)
    copy = driver.connect(str(fresh), isolation_level=None)
    with contextlib.closing(origin), contextlib.closing(copy):
        origin.backup(copy, pages=256)
    aside = None
    if target.exists():
        aside = target.with_name(f"before-restore-{clock.stamp().replace(':', '')}.db")
        _fold_in_the_log(target)
        target.rename(aside)
    for leftover in ("-wal", "-shm"):
        target.with_name(target.name + leftover).unlink(missing_ok=True)
    fresh.rename(target)
    return aside


def _fold_in_the_log(path: Path) -> None:
    """Bring what stands in the write-ahead log into the file itself, so that it can be moved alone."""
    connection = driver.connect(str(path), isolation_level=None)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
