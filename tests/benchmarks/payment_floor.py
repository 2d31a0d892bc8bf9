"""What the rows of a completed payment cost by themselves: the floor that `bench_desk` holds a payment against.

The rows are read back from the record of the payment itself, so the floor can neither leave one out nor write one
more: every business row of the operation (inserts as inserts, updates as updates of the columns that moved), the row of
`operations`, and the rows of `changes` with both images as long as they are. They go into a copy of the center's own
file, taken before the first of these payments and vacuumed: the same people, tables, constraints, references and
indexes. Triggers alone are dropped, because the plain author writes the record themselves, row by row. Same driver,
same pragmas, one BEGIN IMMEDIATE. At the end both files must hold the same rows (`differences`).

What the floor need not do, though every author would have to: read anything, decide, check rights, number, make texts,
images, uids or stamps. All that it writes lies ready as values, and what a table gives by itself is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peewee

from app import store
from app.store import cipher
from app.store.database import PRAGMAS
from app.store.models import MODELS

_MODELS: dict[str, Any] = {model._meta.table_name: model for model in MODELS}
_RECORD = ("operations", "changes")


@dataclass(frozen=True)
class Written:
    """One row that a payment wrote: values by the model's fields, and its id where it was there before."""

    table: str
    row_id: int | None
    values: dict[str, Any]


class _Bare(peewee.SqliteDatabase):
    """peewee's own database over the program's driver, so that two builds of SQLite are not compared in passing."""

    def _connect(self) -> Any:
        connection = cipher.connect(Path(str(self.database)))
        self._add_conn_hooks(connection)
        return connection


def written_by(operation_id: int) -> list[Written]:
    """Every row of an operation: the operation, what it wrote in order, and the record of that."""
    connection = store.db.connection()
    found = _rows(connection, "operations", "id", operation_id)
    for table, row_id, before, after in connection.execute(
        "SELECT table_name, row_id, before, after FROM changes WHERE operation_id = ? ORDER BY id", (operation_id,)
    ).fetchall():
        there = json.loads(before) if before else _given(connection, table)
        found.append(Written(table, row_id if before else None, _values(table, json.loads(after), there)))
    return found + _rows(connection, "changes", "operation_id", operation_id)


def _rows(connection: Any, table: str, column: str, value: int) -> list[Written]:
    cursor = connection.execute(f"SELECT * FROM {table} WHERE {column} = ? ORDER BY id", (value,))
    names, given = [one[0] for one in cursor.description], _given(connection, table)
    return [
        Written(table, None, _values(table, dict(zip(names, row, strict=True)), given)) for row in cursor.fetchall()
    ]


def _values(table: str, row: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
    """What has to be said of a row: all but its id, and what is there already."""
    fields = _MODELS[table]._meta.columns
    return {
        fields[column].name: value for column, value in row.items() if column != "id" and there.get(column) != value
    }


def _given(connection: Any, table: str) -> dict[str, Any]:
    """What a table puts into a column by itself."""
    columns = connection.execute(f'SELECT name, dflt_value FROM pragma_table_info("{table}")').fetchall()
    return {name: connection.execute(f"SELECT {word}").fetchone()[0] for name, word in columns if word is not None}


def business(rows: list[Written]) -> list[Written]:
    """Without the record of them."""
    return [row for row in rows if row.table not in _RECORD]


class Floor:
    """A copy of the open center's file without triggers, in which the same rows are written once more."""

    def __init__(self, copy: Path) -> None:
        store.db.connection().execute("VACUUM INTO ?", (str(copy),))
        self._db = _Bare(str(copy), pragmas=PRAGMAS)
        self._db.connect()
        for (name,) in self._db.execute_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            self._db.execute_sql(f'DROP TRIGGER "{name}"')
        self._sql: dict[tuple[str, tuple[str, ...], bool], str] = {}

    @contextmanager
    def bound(self) -> Iterator[None]:
        """The models speak to the copy in the block."""
        with self._db.bind_ctx(MODELS, bind_refs=False, bind_backrefs=False):
            yield

    def by_models(self, rows: list[Written]) -> None:
        """As a plain author writes them with peewee. Inside `bound`."""
        with self._db.atomic("IMMEDIATE"):
            for row in rows:
                model = _MODELS[row.table]
                if row.row_id is None:
                    model.create(**row.values)
                else:
                    model.update(**row.values).where(model.id == row.row_id).execute()

    def by_driver(self, rows: list[Written]) -> None:
        """The same by the driver alone, every statement written before."""
        connection = self._db.connection()
        connection.execute("BEGIN IMMEDIATE")
        for row in rows:
            values = tuple(row.values.values())
            connection.execute(self._statement(row), values if row.row_id is None else (*values, row.row_id))
        connection.execute("COMMIT")

    def _statement(self, row: Written) -> str:
        key = (row.table, tuple(row.values), row.row_id is None)
        if key not in self._sql:
            names = [f'"{_MODELS[row.table]._meta.fields[name].column_name}"' for name in row.values]
            if row.row_id is None:
                self._sql[key] = f"INSERT INTO {row.table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
            else:
                self._sql[key] = f"UPDATE {row.table} SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?"
        return self._sql[key]

    def differences(self) -> list[str]:
        """Tables that do not hold the rows of the open center: the floor then wrote something else."""
        return [table for table in _MODELS if _all(store.db.connection(), table) != _all(self._db.connection(), table)]

    def close(self) -> None:
        """Give the copy's connection back."""
        self._db.close()


def _all(connection: Any, table: str) -> Any:
    return connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()
