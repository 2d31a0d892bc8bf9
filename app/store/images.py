"""Rows as the record of changes holds them: what an operation touched, and putting a row back to an image of it.

An image is a row's columns by name. What every write moves by itself (version, stamp, actor) is no part of what a row
says; the rest is compared and put back here, for every table alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

from app.errors import UserError
from app.store import migrations, search
from app.store.database import Write, db, listed

Image = dict[str, Any]

#: A list of ids, or of objects, as one value of a statement: however many they are, they are one question.
_THESE = "(SELECT value FROM json_each({}))"

#: So many images are read from their words at once.
_AT_ONCE = 500

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
    rows = db.execute_sql(
        "SELECT table_name, row_id, before, after, redacted FROM changes WHERE operation_id = ? ORDER BY id LIMIT ?",
        (operation_id, most),
    )
    while some := rows.fetchmany(_AT_ONCE):
        images = iter(_images(words for _table, _row, before, after, _gone in some for words in (before, after)))
        for table, row_id, _before, _after, redacted in some:
            before, after = next(images), next(images)
            known = found.pop((table, row_id), None)
            first = known.before if known is not None else before
            gone = bool(redacted) or (known is not None and known.redacted)
            found[(table, row_id)] = Touched(table, row_id, first, after, gone)
    return list(found.values())


def is_redacted(operation_id: int) -> bool:
    """Whether something that an operation changed must not be known any more."""
    sql = "SELECT 1 FROM changes WHERE operation_id = ? AND redacted = 1 LIMIT 1"
    return db.execute_sql(sql, (operation_id,)).fetchone() is not None


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


def steps(
    table: str, row_ids: Collection[int], names: Sequence[str]
) -> list[tuple[int, str, dict[str, Any], dict[str, Any]]]:
    """How some columns of many rows came to what they are: (row, when, their values before and after) of each change
    that moved one of them, in order. `when` is the UTC stamp of its operation.
    """
    values = ", ".join(f"c.{side} ->> '$.{name}'" for side in ("before", "after") for name in names)
    moved = " OR ".join(f"c.before ->> '$.{name}' IS NOT c.after ->> '$.{name}'" for name in names)
    rows = db.execute_sql(
        f"SELECT c.row_id, o.at, {values} FROM changes c JOIN operations o ON o.id = c.operation_id"
        f" WHERE c.table_name = ? AND c.row_id IN {_THESE.format('?')} AND c.before IS NOT NULL AND c.after IS NOT NULL"
        f" AND ({moved}) ORDER BY c.id",
        (table, listed(row_ids)),
    ).fetchall()
    count = len(names)
    return [
        (row_id, at, dict(zip(names, found[:count], strict=True)), dict(zip(names, found[count:], strict=True)))
        for row_id, at, *found in rows
    ]


def running() -> int | None:
    """The operation that is being written at the moment, if there is one."""
    ((found,),) = db.execute_sql("SELECT operation_id FROM current_operation").fetchall()
    return int(found) if found is not None else None


def present(table: str, row_id: int) -> Image | None:
    """The row as it is now, in the form in which changes are recorded (bytes by their length)."""
    return present_of(table, (row_id,)).get(row_id)


def present_of(table: str, row_ids: Collection[int]) -> dict[int, Image]:
    """Those of many rows that are there, as they are now."""
    columns = _columns(table)
    names = [name for name, _kind in columns]
    parts = ", ".join(f"length({name})" if kind == "BLOB" else name for name, kind in columns)
    sql = f"SELECT {parts} FROM {table} WHERE id IN {_THESE.format('?')}"
    found = (dict(zip(names, row, strict=True)) for row in db.execute_sql(sql, (listed(row_ids),)).fetchall())
    return {int(image["id"]): image for image in found}


def moved_on(rows: Iterable[Touched]) -> list[Touched]:
    """Those of some rows that are there or not, or stand at a version, as no operation since could have left them."""
    rows = list(rows)
    versions: dict[tuple[str, int], int] = {}
    for table, ids in by_table((row.table, row.row_id) for row in rows).items():
        _columns(table)
        sql = f"SELECT id, version FROM {table} WHERE id IN {_THESE.format('?')}"
        for row_id, version in db.execute_sql(sql, (listed(ids),)).fetchall():
            versions[table, row_id] = version
    return [
        row
        for row in rows
        if versions.get((row.table, row.row_id)) != (row.after["version"] if row.after is not None else None)
    ]


def by_table(rows: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    """The ids of rows by their table."""
    found: dict[str, list[int]] = {}
    for table, row_id in rows:
        found.setdefault(table, []).append(row_id)
    return found


def holds_bytes(table: str) -> bool:
    """Whether rows of a table hold bytes, which the record keeps by their length alone."""
    return any(kind == "BLOB" for _name, kind in _columns(table))


#: What a row shall be, or None: gone; and the columns that are left as they are.
Wanted = tuple[int, Image | None, frozenset[str]]


def put_back(w: Write, table: str, rows: Sequence[Wanted]) -> None:
    """Make rows of one table what images say, in this order. Bytes stay as they are.

    For a write that proves its references at the end (`prove_references`): ask `missing` and `referring` before.
    """
    now = present_of(table, [row_id for row_id, image, _but in rows if image is not None])

    def kind(row: Wanted) -> str:
        return "gone" if row[1] is None else "changed" if row[0] in now else "back"

    for what, some in groupby(rows, kind):
        part = list(some)
        if what == "gone":
            _take_away(w, table, [row_id for row_id, _image, _but in part])
        elif what == "back":
            _bring(w, table, [image for _row_id, image, _but in part if image is not None])
        else:
            _change(w, table, part, now)


def _take_away(w: Write, table: str, row_ids: list[int]) -> None:
    these = (listed(row_ids),)
    if table == "users":
        w._execute(f"DELETE FROM people_search WHERE id IN {_THESE.format('?')}", these)
    if w._execute(f"DELETE FROM {table} WHERE id IN {_THESE.format('?')}", these).rowcount != len(row_ids):
        raise UserError("store.gone")


def _bring(w: Write, table: str, found: list[Image]) -> None:
    # A row that comes back goes on counting: whoever still holds an old version of it is told.
    ids = [image["id"] for image in found]
    last = dict(
        w._execute(
            "SELECT row_id, max(coalesce(after ->> 'version', before ->> 'version')) FROM changes"
            f" WHERE table_name = ? AND row_id IN {_THESE.format('?')} GROUP BY row_id",
            (table, listed(ids)),
        ).fetchall()
    )
    known = [name for name, kind in _columns(table) if kind != "BLOB"]
    for names, some in groupby(found, lambda image: tuple(name for name in known if name in image)):
        moved = (
            {**i, "version": int(last[i["id"]]) + 1, "updated_at": w.now, "updated_by": w.actor.user_id} for i in some
        )
        marks = ", ".join("?" * len(names))
        w._execute_many(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",
            [tuple(image[name] for name in names) for image in moved],
        )
    search.index_all(w.connection, table, ids)


def _change(w: Write, table: str, rows: Sequence[Wanted], now: Mapping[int, Image]) -> None:
    known = [name for name, kind in _columns(table) if kind != "BLOB" and name != "id" and name not in BOOKKEEPING]
    moved: list[tuple[tuple[str, ...], int, Image]] = []
    for row_id, image, but in rows:
        assert image is not None
        is_now = now[row_id]
        names = tuple(n for n in known if n in image and n not in but and image[n] != is_now[n])
        if names:
            moved.append((names, row_id, image))
    for names, some in groupby(moved, lambda one: one[0]):
        sets = "".join(f"{name} = ?, " for name in names)
        w._execute_many(
            f"UPDATE {table} SET {sets}version = version + 1, updated_at = ?, updated_by = ? WHERE id = ?",
            [(*(image[name] for name in names), w.now, w.actor.user_id, row_id) for _names, row_id, image in some],
        )
    search.index_all(w.connection, table, [row_id for _names, row_id, _image in moved])


@contextmanager
def supposing(rows: Mapping[str, Sequence[Wanted]]) -> Iterator[None]:
    """Read some tables, for the length of a block, as if rows of them were what images say; nothing is written.

    For a connection inside a read (`database.looking`), at whose end this is over, too: a view of the table's name
    in the connection's own temporary schema stands before the table.
    """
    connection = db.connection()
    for table, wanted in rows.items():
        names = [name for name, _kind in _columns(table)]
        now = present_of(table, [row_id for row_id, _image, _but in wanted])
        made = []
        for row_id, image, but in wanted:
            if image is not None:
                is_now = now.get(row_id, image)
                made.append([is_now[n] if n in but or n in BOOKKEEPING else image.get(n) for n in names])
        connection.execute(f"CREATE TEMP TABLE supposed_{table} AS SELECT * FROM main.{table} WHERE 0")
        connection.executemany(f"INSERT INTO supposed_{table} VALUES ({', '.join('?' * len(names))})", made)
        connection.execute(f"CREATE TEMP TABLE instead_of_{table} (id INTEGER PRIMARY KEY)")
        connection.executemany(f"INSERT INTO instead_of_{table} VALUES (?)", [(one[0],) for one in wanted])
        connection.execute(
            f"CREATE TEMP VIEW {table} AS SELECT * FROM main.{table}"
            f" WHERE id NOT IN (SELECT id FROM temp.instead_of_{table}) UNION ALL SELECT * FROM temp.supposed_{table}"
        )
    yield


# -- references ------------------------------------------------------------------------------------------------


def referring(
    table: str,
    row_ids: Collection[int],
    going: Mapping[str, Collection[int]],
    but: Collection[tuple[str, str]] = (),
) -> Iterator[tuple[str, int, int]]:
    """(table, row, row of `table` it points at): of each table one row that stays, though it points at rows that go.

    `but` are (table, column) that are not asked. A table is read once, however many rows go.
    """
    for child in _recorded():
        columns = [column for parent, column in _references(child) if parent == table and (child, column) not in but]
        if not columns:
            continue
        where = " OR ".join(f"{column} IN {_THESE.format('?1')}" for column in columns)
        row = db.execute_sql(
            f"SELECT id, {', '.join(columns)} FROM {child} WHERE ({where}) AND id NOT IN {_THESE.format('?2')} LIMIT 1",
            (listed(row_ids), listed(going.get(child, ()))),
        ).fetchone()
        if row is not None:
            gone = set(row_ids)
            yield child, int(row[0]), next(int(value) for value in row[1:] if value in gone)


def missing(table: str, found: Iterable[Image]) -> list[tuple[str, int]]:
    """(table, row) of what images of rows of `table` point at and is not there."""
    found = list(found)
    gone: list[tuple[str, int]] = []
    for parent, column in _references(table):
        wanted = {int(image[column]) for image in found if image.get(column) is not None}
        if wanted:
            sql = f"SELECT id FROM {parent} WHERE id IN {_THESE.format('?')}"
            there = {row_id for (row_id,) in db.execute_sql(sql, (listed(wanted),)).fetchall()}
            gone += [(parent, row_id) for row_id in sorted(wanted - there)]
    return gone


def rivals(table: str, found: Iterable[tuple[int, Image]]) -> list[tuple[int, int]]:
    """(row, other row) where another row holds what an image wants for itself alone: a code, a name, a seat."""
    found = list(found)
    met: list[tuple[int, int]] = []
    for columns, condition in _unique(table):
        used = [*columns, *(name for name, _ in _columns(table) if name not in columns and _speaks(condition, name))]
        wanted = [
            {"of": row_id, **{name: image.get(name) for name in used}}
            for row_id, image in found
            if all(image.get(column) is not None for column in columns)
        ]
        if not wanted:
            continue
        parts = ", ".join(f"value ->> '$.{name}' AS {name}" for name in used)
        where = f" WHERE {condition}" if condition else ""
        same = " AND ".join(f"t.{column} = w.{column}" for column in columns)
        met += db.execute_sql(
            f"WITH wanted AS (SELECT value ->> '$.of' AS of, {parts} FROM json_each(?))"
            f" SELECT w.of, t.id FROM (SELECT * FROM wanted{where}) w"
            f" CROSS JOIN (SELECT * FROM {table}{where}) t ON {same} WHERE t.id <> w.of",
            (json.dumps(wanted, ensure_ascii=False),),
        ).fetchall()
    return met


def _speaks(condition: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", condition) is not None


def prove_references(w: Write) -> None:
    """No row points at nothing because of this operation: what SQLite proves row by row, asked once for all of them.

    For it SQLite reads every table that may point at a person once for each person who goes. RuntimeError.
    """
    tables = w._execute("SELECT DISTINCT table_name FROM changes WHERE operation_id = ?", (w.operation_id,)).fetchall()
    for (table,) in tables:
        _columns(table)
        touched = "SELECT row_id FROM changes WHERE operation_id = ? AND table_name = ?"
        mine = (w.operation_id, table)
        gone = [
            row_id
            for (row_id,) in w._execute(
                f"{touched} AND after IS NULL EXCEPT SELECT id FROM {table} WHERE id IN ({touched})", mine * 2
            ).fetchall()
        ]
        if gone:
            for child, row_id, _of in referring(table, gone, {}):
                raise RuntimeError(f"{child} {row_id} would stay without its row of {table}")
        for parent, column in _references(table):
            loose = w._execute(
                f"SELECT id FROM {table} WHERE id IN ({touched}) AND {column} IS NOT NULL"
                f" AND {column} NOT IN (SELECT id FROM {parent}) LIMIT 1",
                mine,
            ).fetchone()
            if loose is not None:
                raise RuntimeError(f"{table} {loose[0]} would stay without its row of {parent}")


def _images(words: Iterable[str | None]) -> list[Image | None]:
    """Many images at once: read together they share the names of their columns, a third of what they weigh."""
    return json.loads(f"[{','.join(one or 'null' for one in words)}]")  # type: ignore[no-any-return]


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
