"""The one open file of this process, and the one way to write in it.

    with store.write("Take payment", actor) as w:
        payment = w.insert(Payment, amount_minor=5000, ...)

`write` takes the process-wide write lock, begins IMMEDIATE at depth 0, records the operation, commits, and only
then tells the listeners what changed. Triggers in the file record every row's before and after; a change outside
`write` is refused by the file itself. Nothing that waits (network, PDF, dialog) belongs inside.

Every thread has its own connection: `connect()` when the thread starts, `disconnect()` before it ends. The
window's thread connects read-only.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import peewee
from playhouse.sqlcipher_ext import SqlCipherDatabase

from app import clock
from app.errors import EnvironmentFault, UserError
from app.store import cipher, witness

#: How long a write waits for another program's lock before it gives up in words, in milliseconds.
BUSY_TIMEOUT_MS = 5_000

#: How many statements a connection keeps ready. The driver's own hundred is full after a center was opened, and then it
#: never lets go of what was asked early: whatever is asked later is prepared anew each time, which takes three times as
#: long as answering it. All that is done at a desk, each thing once, asks some five hundred. A statement takes 5 KB,
#: one that writes 13 KB.
READY_STATEMENTS = 500

#: Set on every connection and read back: a pragma that did not take is a fault, not a wish.
PRAGMAS: dict[str, Any] = {
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "trusted_schema": 0,
    "journal_mode": "wal",
    "synchronous": 2,
    "busy_timeout": BUSY_TIMEOUT_MS,
    "mmap_size": 0,
}


class WriteOutsideOperation(RuntimeError):
    """A bug: something tried to write without `store.write`, or from a thread that may only read."""


class TransactionLost(RuntimeError):
    """SQLite rolled the transaction back under us; going on would run in autocommit."""


@dataclass(frozen=True)
class Changes:
    """What one committed operation touched: coarse facts for those who show them."""

    label: str
    tables: frozenset[str]
    operation_id: int


class _ThreadState(threading.local):
    readonly = False
    writing: Write | None = None


class _Database(SqlCipherDatabase):  # type: ignore[misc]  # playhouse tells no types
    """peewee's database, which refuses to go on once SQLite has rolled a write back."""

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        sql, params = _one_row(sql, params)
        writing = _thread.writing
        if writing is None:
            return super().execute_sql(sql, params)
        _still_open(self.connection(), sql)
        try:
            return super().execute_sql(sql, params)
        except Exception:
            writing.spoiled = True
            raise

    def rows(self, sql: str, params: Any) -> list[tuple[Any, ...]]:
        """Every row of an answer as the driver gives it, and its errors too: `execute_sql` by the straight road."""
        if self._state.closed:
            raise peewee.InterfaceError("no connection is open in this thread")
        connection, writing = self._state.conn, _thread.writing
        if writing is not None:
            _still_open(connection, sql)
        try:
            rows: list[tuple[Any, ...]] = connection.execute(sql, params).fetchall()
            return rows
        except Exception:
            if writing is not None:
                writing.spoiled = True
            raise

    def _connect(self) -> Any:
        options = {name: value for name, value in self.connect_params.items() if name != "passphrase"}
        connection = cipher.connect(Path(str(self.database)), cached_statements=READY_STATEMENTS, **options)
        self._add_conn_hooks(connection)
        return connection


def _one_row(sql: str, params: Any) -> tuple[str, Any]:
    """peewee's question for one row with the one written out: SQLite plans anew, each time, for a limit it is given."""
    for asked, given, said in ((" LIMIT ? OFFSET ?", [1, 0], " LIMIT 1"), (" LIMIT ?", [1], " LIMIT 1")):
        if sql.endswith(asked) and params[-len(given) :] == given:
            return sql[: -len(asked)] + said, params[: -len(given)]
    return sql, params


_thread = _ThreadState()
_write_lock = threading.Lock()
_listeners: list[Callable[[Changes], None]] = []
db = _Database(None, autoconnect=False, thread_safe=True, check_same_thread=True)


def uuid7() -> str:
    """A UUIDv7 (RFC 9562): time first, so that rows sort by when they were made."""
    value = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10))
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


# -- opening -------------------------------------------------------------------------------------------------


def open_beside(path: Path) -> Any:
    """A read-only connection of the driver's own to any center's file, beside the one that is open.

    Nothing that stands in the file's schema is trusted. Close it yourself.
    """
    connection = cipher.connect(path, mode="ro")
    connection.execute("PRAGMA trusted_schema = 0")
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return connection


def into_one_file(connection: Any) -> None:
    """Fold the log into the file, so that it can be moved alone. EnvironmentFault `store.locked`."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    if mode != "delete":
        raise EnvironmentFault("store.locked", path="", detail=str(mode))


def close_center() -> None:
    """Close this thread's connection and forget the file. Other threads must have disconnected."""
    disconnect()
    db.init(None)


def data_folder() -> Path:
    """The folder of the center that is open."""
    return Path(str(db.database)).parent


def is_open() -> bool:
    """Whether this process has a center open."""
    return db.database is not None


def connect(*, readonly: bool = False) -> None:
    """Give this thread its own connection. A read-only one refuses every write."""
    db.connect()
    _thread.readonly = readonly
    connection = db.connection()
    for name, value in PRAGMAS.items():
        connection.execute(f"PRAGMA {name} = {value}").fetchone()
        found = connection.execute(f"PRAGMA {name}").fetchone()
        if found is not None and found[0] != value:
            raise EnvironmentFault("store.damaged", detail=f"{name}={found[0]}")
    if readonly:
        connection.execute("PRAGMA query_only = 1")


def disconnect() -> None:
    """Close this thread's connection, if it has one."""
    if db.database is not None and not db.is_closed():
        db.close()
    _thread.readonly = False


@contextmanager
def connected(*, readonly: bool = False) -> Iterator[None]:
    """A connection for the length of a block, for short-lived threads."""
    connect(readonly=readonly)
    try:
        yield
    finally:
        disconnect()


def relax_for_new_file() -> None:
    """Do not wait for the disk at every commit. Only for a file that is thrown away if making it does not end."""
    db.connection().execute("PRAGMA synchronous = 0")


def by_id(model: Any, row_id: int) -> Any | None:
    """One whole row by its id, None where there is none; attributes are columns, as on the model.

    The statement is written once a table: peewee takes ten times as long to write it as SQLite to answer it.
    """
    found = _by_id.get(model)
    if found is None:
        table = model._meta.table_name
        names = [field.name for field in model._meta.columns.values()]
        found = _by_id[model] = (f"SELECT {', '.join(model._meta.columns)} FROM {table} WHERE id = ?", names)
    for row in db.rows(found[0], (row_id,)):
        return SimpleNamespace(**dict(zip(found[1], row, strict=True)))
    return None


_by_id: dict[Any, tuple[str, list[str]]] = {}


def listed(row_ids: Iterable[int]) -> str:
    """Ids, each once and in order, as one value of a statement: it takes only so many values, but a long text."""
    return json.dumps(sorted(set(row_ids)))


def these(ids: str) -> Any:
    """For a query's `in_`: the ids that were `listed`. However many they are, it is one question."""
    return peewee.SQL("(SELECT value FROM json_each(?))", (ids,))


@contextmanager
def looking() -> Iterator[None]:
    """Everything read in the block is as it is at one moment, whoever writes meanwhile; nobody waits for it."""
    connection = db.connection()
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def interrupt(connection: Any) -> None:
    """Stop a long read that runs on another thread's connection."""
    connection.interrupt()


@contextmanager
def faults(path: str, *, otherwise: str = "") -> Iterator[None]:
    """Say the machine's faults in words; what is none of the known ones is `otherwise`, or passes."""
    try:
        yield
    except (*cipher.UNREADABLE, peewee.DatabaseError) as error:
        fault = as_fault(error, path)
        if fault is None and otherwise:
            fault = EnvironmentFault(otherwise, path=path, detail=str(error))
        if fault is None:
            raise
        raise fault from error
    except OSError as error:
        if error.errno not in _OS_FAULTS:
            raise
        raise EnvironmentFault(_OS_FAULTS[error.errno], path=path) from error


#: What the system says about a folder or a file, in our words. A file where a folder should be cannot be written in.
_OS_FAULTS = {
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST), "store.read_only"),
    errno.EISDIR: "store.foreign_file",
    errno.ENOSPC: "store.disk_full",
    errno.EIO: "store.io_error",
}


def as_fault(error: Exception, path: str) -> EnvironmentFault | None:
    """The machine's fault behind a database error, None where it is something else."""
    words = str(error).lower()
    for sign, key in (
        ("disk is full", "store.disk_full"),
        ("readonly", "store.read_only"),
        ("unable to open", "store.read_only"),
        ("locked", "store.locked"),
        ("disk i/o", "store.io_error"),
        ("not a database", "store.foreign_file"),
        ("malformed", "store.damaged"),
        ("not decode", "store.damaged"),
        ("can't decode", "store.damaged"),  # the driver, over the words of SQLite's own complaint
        ("unsupported file format", "store.damaged"),
        ("too big", "store.damaged"),
    ):
        if sign in words:
            if key == "store.io_error" and _no_room(path):
                key = "store.disk_full"  # without room for its shared memory SQLite speaks of an I/O error
            return EnvironmentFault(key, path=path, detail=str(error))
    return None


def _no_room(path: str) -> bool:
    try:
        return shutil.disk_usage(path).free < 64 * 1024
    except OSError:
        return False


# -- writing -------------------------------------------------------------------------------------------------


class Write:
    """An open operation. Rows go in through it, so that uid, stamps, actor and version are always right."""

    def __init__(self, label: str, actor: Any, undo_of: int | None) -> None:
        self.label = label
        self.actor = actor
        self.spoiled = False
        self.connection = db.connection()
        self.moment = clock.now()
        self.now = clock.stamp(self.moment)
        self.operation_id = self._execute(
            "INSERT INTO operations (uid, label, actor_id, actor_role, desk, at, undo_of) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (uuid7(), label, actor.user_id, actor.role, actor.desk, self.now, undo_of),
        ).lastrowid
        self._execute("UPDATE current_operation SET operation_id = ?", (self.operation_id,))

    def _execute(self, sql: str, params: Any = ()) -> Any:
        # A full disk may end a statement and leave the transaction open: whoever swallows that must not commit.
        _still_open(self.connection, sql)
        try:
            return self.connection.execute(sql, params)
        except Exception:
            self.spoiled = True
            raise

    def _execute_many(self, sql: str, params: list[tuple[Any, ...]]) -> None:
        _still_open(self.connection, sql)
        try:
            self.connection.executemany(sql, params)
        except Exception:
            self.spoiled = True
            raise

    def insert(self, model: Any, **values: Any) -> int:
        """Add one row of `model`; returns its id. uid, version, stamps and actor are filled in."""
        row = {
            "uid": uuid7(),
            "version": 1,
            "created_at": self.now,
            "updated_at": self.now,
            "created_by": self.actor.user_id,
            "updated_by": self.actor.user_id,
            **values,
        }
        table = model._meta.table_name
        names = tuple(row)
        sql = _insert_sql.get((table, names))
        if sql is None:
            known = model._meta.columns
            unknown = [name for name in names if name not in known]
            if unknown:
                raise ValueError(f"{table} has no column {unknown}")
            sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
            if "id" not in row:
                sql = _with_fresh_id(table, names)
            _insert_sql[(table, names)] = sql
        row_id = int(self._execute(sql, tuple(row.values())).lastrowid)
        _after_row(self, table, row_id)
        return row_id

    def fresh_id(self, model: Any) -> int:
        """The first id that no row of `model` ever had: for many rows at once that are told of each other."""
        return int(self._execute(f"SELECT {_fresh_id(model._meta.table_name)}").fetchone()[0])

    def insert_many(self, model: Any, rows: list[dict[str, Any]]) -> None:
        """Add many rows with the same columns by the driver's fast road. Ids as given (`fresh_id`), or fresh ones."""
        if not rows:
            return
        common = {
            "version": 1,
            "created_at": self.now,
            "updated_at": self.now,
            "created_by": self.actor.user_id,
            "updated_by": self.actor.user_id,
        }
        names = ("uid", *(name for name in common if name not in rows[0]), *(n for n in rows[0] if n != "uid"))
        table = model._meta.table_name
        sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        if "id" not in rows[0]:
            sql = _with_fresh_id(table, names)
        pick = itemgetter(*names)
        self._execute_many(sql, [pick({"uid": uuid7(), **common, **row}) for row in rows])

    def update_many(self, model: Any, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        """Change the same columns of many rows: each the values of `names`, then the id. Not for searched columns."""
        sets = "".join(f"{model._meta.columns[name].column_name} = ?, " for name in names)
        sql = f"UPDATE {model._meta.table_name} SET {sets}version = version + 1, updated_at = ?, updated_by = ?"
        fixed = (self.now, self.actor.user_id)
        self._execute_many(f"{sql} WHERE id = ?", [(*row[:-1], *fixed, row[-1]) for row in rows])

    def update(self, model: Any, row_id: int, version: int | None = None, **values: Any) -> None:
        """Change the named columns of one row, and no others.

        With `version`, the row must still be at it: UserError `store.changed_meanwhile` if someone was faster,
        `store.gone` if there is no such row.
        """
        table = model._meta.table_name
        names = tuple(values)
        known = _update_sql.get((table, names, version is None))
        if known is None:
            unknown = [name for name in names if name not in model._meta.columns]
            if unknown:
                raise ValueError(f"{table} has no column {unknown}")
            sets = "".join(f"{name} = ?, " for name in names)
            sql = f"UPDATE {table} SET {sets}version = version + 1, updated_at = ?, updated_by = ? WHERE id = ?"
            if version is not None:
                sql += " AND version = ?"
            known = _update_sql[(table, names, version is None)] = (sql, _is_searched(table, names))
        sql, searched = known
        params: tuple[Any, ...] = (*values.values(), self.now, self.actor.user_id, row_id)
        cursor = self._execute(sql, params if version is None else (*params, version))
        if cursor.rowcount != 1:
            found = self._execute(f"SELECT 1 FROM {table} WHERE id = ?", (row_id,)).fetchone()
            raise UserError("store.changed_meanwhile" if found else "store.gone")
        if searched:
            _after_row(self, table, row_id)

    def delete(self, model: Any, row_id: int) -> None:
        """Take one row away; what it held stays in `changes`. UserError `store.gone` if it is not there."""
        table = model._meta.table_name
        if self._execute(f"DELETE FROM {table} WHERE id = ?", (row_id,)).rowcount != 1:
            raise UserError("store.gone")

    def next_number(self, name: str, pattern: str | None = None, *, gapless: bool = False) -> tuple[int, str]:
        """Take the next number of a series, in this transaction: (number, label as people quote it).

        The series' pattern is a format string such as ``S-{number:06d}``; with `pattern`, a series that is not
        there yet (a new year's invoices) begins at 1. A document series is gapless because number and document
        are committed together or not at all (DOMAIN.md, "Invoices").
        """
        find = "SELECT id, pattern, next_number FROM series WHERE name = ?"
        row = self._execute(find, (name,)).fetchone()
        if row is None:
            if pattern is None:
                raise ValueError(f"no series {name}")
            from app.store.models import Series

            self.insert(Series, name=name, pattern=pattern, next_number=1, gapless=int(gapless))
            row = self._execute(find, (name,)).fetchone()
        series_id, pattern, number = row
        self._execute(
            "UPDATE series SET next_number = ?, version = version + 1, updated_at = ?, updated_by = ? WHERE id = ?",
            (number + 1, self.now, self.actor.user_id, series_id),
        )
        return number, pattern.format(number=number)

    def reserve_numbers(self, name: str, count: int) -> int:
        """Take `count` numbers of a series at once; returns the first."""
        series_id, first = self._execute("SELECT id, next_number FROM series WHERE name = ?", (name,)).fetchone()
        self._execute(
            "UPDATE series SET next_number = ?, version = version + 1, updated_at = ?, updated_by = ? WHERE id = ?",
            (first + count, self.now, self.actor.user_id, series_id),
        )
        return int(first)

    def _finish(self) -> frozenset[str]:
        rows = self._execute(
            "SELECT DISTINCT table_name FROM changes WHERE operation_id = ?", (self.operation_id,)
        ).fetchall()
        self._execute("UPDATE current_operation SET operation_id = NULL")
        return frozenset(name for (name,) in rows)


_insert_sql: dict[tuple[str, tuple[str, ...]], str] = {}
_update_sql: dict[tuple[str, tuple[str, ...], bool], tuple[str, bool]] = {}


def _fresh_id(table: str) -> str:
    """An id that was never given: what is said about a row that is gone must not become another row's."""
    known = f"SELECT coalesce(max(row_id), 0) FROM changes WHERE table_name = '{table}'"
    return f"max(({known}), (SELECT coalesce(max(id), 0) FROM {table})) + 1"


def _with_fresh_id(table: str, names: tuple[str, ...]) -> str:
    """An INSERT that never gives an id twice: what is said about a row that is gone must not become another row's."""
    return f"INSERT INTO {table} (id, {', '.join(names)}) VALUES ({_fresh_id(table)}, {', '.join('?' * len(names))})"


def _is_searched(table: str, names: tuple[str, ...]) -> bool:
    """Whether people are found by one of these columns."""
    from app.store import search

    return not search.COLUMNS.get(table, frozenset()).isdisjoint(names)


def _after_row(write: Write, table: str, row_id: int) -> None:
    """Keep the search index in step with the people it finds."""
    if table in ("users", "payers"):
        from app.store import search

        search.index(write.connection, table, row_id)


# The three guards of every write stand by themselves, so that a test can switch one off and see what it prevents.


def _begin(connection: Any) -> None:
    """Take SQLite's write lock before anything is read: a deferred transaction would decide on stale rows."""
    connection.execute("BEGIN IMMEDIATE")


def _still_open(connection: Any, sql: str) -> None:
    """After a full disk SQLite has rolled back the statement or everything; one more would stand alone, or for half."""
    if not connection.in_transaction or (_thread.writing is not None and _thread.writing.spoiled):
        raise TransactionLost(sql.split(None, 1)[0])


def _commit(connection: Any) -> None:
    """Make the operation lasting, whole."""
    _still_open(connection, "COMMIT")
    try:
        connection.execute("COMMIT")
    except cipher.UNREADABLE:
        _void(connection)
        raise


def _void(connection: Any) -> None:
    """A commit that failed at its sync stands whole in the log: after a crash the next start would find it done.

    Whoever was refused must be right, so another commit that changes nothing is written in its place, if the disk
    takes it.
    """
    with suppress(*cipher.UNREADABLE):
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("COMMIT")


@contextmanager
def write(
    label: str, actor: Any, *, undo_of: int | None = None, prove: Callable[[Write], None] | None = None
) -> Iterator[Write]:
    """One named operation: all of it is in the file after the block, or none of it.

    `actor` says who (user_id, role, desk). Raises what the block raises, after rolling back; a full disk or a
    locked file becomes an EnvironmentFault. Writes do not nest. With `prove`, references are not enforced row by row
    but by this, before the commit: it raises where one is loose.
    """
    if _thread.readonly:
        raise WriteOutsideOperation("this thread may only read: hand the write to the desk thread")
    if _thread.writing is not None:
        raise WriteOutsideOperation("a write inside a write")
    with _write_lock, faults(str(db.database)):
        connection = db.connection()
        if prove is not None:
            connection.execute("PRAGMA foreign_keys = 0")  # says nothing inside a transaction
        try:
            _begin(connection)
            operation = Write(label, actor, undo_of)
            _thread.writing = operation
            yield operation
            if prove is not None:
                prove(operation)
            tables = operation._finish()
            _commit(connection)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            _thread.writing = None
            if prove is not None:
                connection.execute(f"PRAGMA foreign_keys = {PRAGMAS['foreign_keys']}")
        witness.remember(Path(str(db.database)), operation.operation_id)
    changes = Changes(label, tables, operation.operation_id)
    for listener in list(_listeners):
        try:
            listener(changes)
        except Exception:  # told, but not to whoever wrote: that is in the file
            sys.excepthook(*sys.exc_info())


def listen(listener: Callable[[Changes], None]) -> Callable[[], None]:
    """Hear of every commit, in the thread that made it; returns the way to stop."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener) if listener in _listeners else None
