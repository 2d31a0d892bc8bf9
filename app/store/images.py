"""Rows as the record of changes holds them: what an operation touched, and putting a row back to an image of it.

An image is a row's columns by name. What every write moves by itself (version, stamp, actor) is no part of what a row
says; the rest is compared and put back here, for every table alike.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.errors import UserError
from app.store import migrations
from app.store.database import Write, _after_row, db

Image = dict[str, Any]

#: Columns that every write moves by itself.
BOOKKEEPING = frozenset({"version", "updated_at", "updated_by"})


@dataclass(frozen=True)
class Touched:
    """One row an operation touched, all of its changes to it taken together. None: there was, or is, no such row."""

    table: str
    row_id: int
    before: Image | None
    after: Image | None
    redacted: bool = False

    def moved(self, but: frozenset[str] = frozenset()) -> set[str]:
        """The columns whose value differs, without bookkeeping and those in `but`."""
        return differing(self.before, self.after, but)


@dataclass(frozen=True)
class Moment:
    """One recorded change of a row."""

    change_id: int
    operation_id: int
    before: Image | None
    after: Image | None
    redacted: bool


def differing(one: Image | None, other: Image | None, but: frozenset[str] = frozenset()) -> set[str]:
    """The columns in which two images differ, without bookkeeping and those in `but`."""
    one, other = one or {}, other or {}
    names = (one.keys() | other.keys()) - BOOKKEEPING - but
    return {name for name in names if one.get(name) != other.get(name)}


def of_operation(operation_id: int, most: int = -1) -> list[Touched]:
    """What an operation touched, a row once, in the order in which it was last touched; or its first changes alone."""
    found: dict[tuple[str, int], Touched] = {}
    for table, row_id, before, after, redacted in db.execute_sql(
        "SELECT table_name, row_id, before, after, redacted FROM changes WHERE operation_id = ? ORDER BY id LIMIT ?",
        (operation_id, most),
    ).fetchall():
        known = found.pop((table, row_id), None)
        first = known.before if known is not None else _image(before)
        gone = bool(redacted) or (known is not None and known.redacted)
        found[(table, row_id)] = Touched(table, row_id, first, _image(after), gone)
    return list(found.values())


def first_of_operation(operation_id: int, but: tuple[str, ...], limit: int) -> list[tuple[str, int, Image]]:
    """(table, row, image) of the first rows an operation touched, without some tables."""
    marks = ", ".join("?" * len(but))
    rows = db.execute_sql(
        f"SELECT table_name, row_id, coalesce(after, before) FROM changes WHERE operation_id = ?"
        f" AND table_name NOT IN ({marks}) ORDER BY id LIMIT ?",
        (operation_id, *but, limit),
    ).fetchall()
    return [(table, row_id, json.loads(image)) for table, row_id, image in rows]


def of_row(table: str, row_id: int, after_operation: int = 0) -> list[Moment]:
    """The story of one row, newest first."""
    rows = db.execute_sql(
        "SELECT id, operation_id, before, after, redacted FROM changes"
        " WHERE table_name = ? AND row_id = ? AND operation_id > ? ORDER BY id DESC",
        (table, row_id, after_operation),
    ).fetchall()
    return [Moment(one, of, _image(before), _image(after), bool(gone)) for one, of, before, after, gone in rows]


def running() -> int | None:
    """The operation that is being written at the moment, if there is one."""
    ((found,),) = db.execute_sql("SELECT operation_id FROM current_operation").fetchall()
    return int(found) if found is not None else None


def present(table: str, row_id: int) -> Image | None:
    """The row as it is now, in the form in which changes are recorded (bytes by their length)."""
    parts = ", ".join(f"length({name})" if kind == "BLOB" else name for name, kind in _columns(table))
    row = db.execute_sql(f"SELECT {parts} FROM {table} WHERE id = ?", (row_id,)).fetchone()
    return dict(zip((name for name, _kind in _columns(table)), row, strict=True)) if row is not None else None


def holds_bytes(table: str) -> bool:
    """Whether rows of a table hold bytes, which the record keeps by their length alone."""
    return any(kind == "BLOB" for _name, kind in _columns(table))


def put_back(w: Write, table: str, row_id: int, image: Image | None, but: frozenset[str] = frozenset()) -> None:
    """Make a row what an image says (None: gone), except for the columns in `but`. Bytes stay as they are.

    References are proven at the commit: ask `missing` and `referring` before.
    """
    w._execute("PRAGMA defer_foreign_keys = 1")
    now = present(table, row_id)
    if image is None:
        if now is None:
            raise UserError("store.gone")
        if table == "users":
            w._execute("DELETE FROM people_search WHERE id = ?", (row_id,))
        w._execute(f"DELETE FROM {table} WHERE id = ?", (row_id,))
        return
    names = [name for name, kind in _columns(table) if kind != "BLOB" and name in image]
    if now is None:
        # A row that comes back goes on counting: whoever still holds an old version of it is told.
        ((last,),) = db.execute_sql(
            "SELECT max(coalesce(after ->> 'version', before ->> 'version')) FROM changes"
            " WHERE table_name = ? AND row_id = ?",
            (table, row_id),
        ).fetchall()
        values = {**image, "version": int(last) + 1, "updated_at": w.now, "updated_by": w.actor.user_id}
        marks = ", ".join("?" * len(names))
        w._execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", tuple(values[name] for name in names))
    else:
        moved = [n for n in names if n not in BOOKKEEPING and n not in but and n != "id" and image[n] != now[n]]
        if not moved:
            return
        sets = "".join(f"{name} = ?, " for name in moved)
        w._execute(
            f"UPDATE {table} SET {sets}version = version + 1, updated_at = ?, updated_by = ? WHERE id = ?",
            (*(image[name] for name in moved), w.now, w.actor.user_id, row_id),
        )
    _after_row(w, table, row_id)


def referring(table: str, row_id: int) -> list[tuple[str, int]]:
    """(table, row) of rows that point at a row, a few of each table."""
    found: list[tuple[str, int]] = []
    for child in _recorded():
        columns = [column for parent, column in _references(child) if parent == table]
        if not columns:
            continue
        where = " OR ".join(f"{column} = ?" for column in columns)
        rows = db.execute_sql(f"SELECT id FROM {child} WHERE {where} LIMIT 20", (row_id,) * len(columns)).fetchall()
        found += [(child, one) for (one,) in rows if (child, one) != (table, row_id)]
    return found


def missing(table: str, image: Image) -> list[tuple[str, int]]:
    """(table, row) of what an image points at and is not there."""
    found = []
    for parent, column in _references(table):
        value = image.get(column)
        if value is not None and not db.execute_sql(f"SELECT 1 FROM {parent} WHERE id = ?", (value,)).fetchone():
            found.append((parent, int(value)))
    return found


def rival(table: str, row_id: int, image: Image) -> int | None:
    """The row that holds what an image wants for itself alone (a code, a name, a seat), None where it is free."""
    for columns, condition in _unique(table):
        if any(image.get(column) is None for column in columns):
            continue
        values = [image[column] for column in columns]
        where = " AND ".join(f"{column} = ?" for column in columns)
        if condition:
            inner = ", ".join(f"? AS {name}" for name in image)
            if not db.execute_sql(f"SELECT 1 FROM (SELECT {inner}) WHERE {condition}", [*image.values()]).fetchone():
                continue
            where += f" AND {condition}"
        row = db.execute_sql(f"SELECT id FROM {table} WHERE {where} AND id <> ?", (*values, row_id)).fetchone()
        if row is not None:
            return int(row[0])
    return None


def _image(words: str | None) -> Image | None:
    return json.loads(words) if words is not None else None


# The schema of a program does not change while it runs: what is read off it is kept.


@lru_cache(maxsize=1)
def _recorded() -> tuple[str, ...]:
    return tuple(migrations.recorded_tables(db.connection()))


@lru_cache(maxsize=128)
def _columns(table: str) -> tuple[tuple[str, str], ...]:
    if table not in _recorded():
        raise ValueError(f"{table} is not a recorded table")
    return tuple(db.execute_sql("SELECT name, type FROM pragma_table_info(?)", (table,)).fetchall())


@lru_cache(maxsize=128)
def _references(table: str) -> tuple[tuple[str, str], ...]:
    """(parent, column) of every reference a table makes."""
    rows = db.execute_sql('SELECT "table", "from" FROM pragma_foreign_key_list(?)', (table,)).fetchall()
    return tuple((parent, column) for parent, column in rows)


@lru_cache(maxsize=128)
def _unique(table: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """(columns, condition) of every unique index, '' where it holds for all rows."""
    found = []
    for name, partial in db.execute_sql(
        'SELECT name, partial FROM pragma_index_list(?) WHERE "unique" = 1', (table,)
    ).fetchall():
        columns = tuple(
            column for (column,) in db.execute_sql("SELECT name FROM pragma_index_info(?)", (name,)).fetchall()
        )
        condition = ""
        if partial:
            ((words,),) = db.execute_sql("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchall()
            condition = words.split(" WHERE ", 1)[1]
        found.append((columns, condition))
    return tuple(found)
