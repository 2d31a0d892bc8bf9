"""Ordered steps over `user_version`. A new file runs the same steps as an old one and ends with the same schema.

Each step is raw SQL and runs in one transaction with its version number, while references are not enforced and the
recording triggers are away: a step may rebuild tables that others point at (`rebuild`) and fill new columns. Before it
commits, the recording triggers are made again from the columns the tables then have, every reference is proven, and no
other trigger may have been lost on the way: dropping a table drops its triggers silently.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sqlcipher3 import dbapi2 as driver

from app.errors import EnvironmentFault
from app.store.migrations import m0001_first_schema, m0002_people_in_and_out, m0003_prices_and_promises

#: "DBel": says whose file this is (PRAGMA application_id).
APPLICATION_ID = 0x4442656C

STEPS: list[Callable[[Any], None]] = [
    m0001_first_schema.upgrade,
    m0002_people_in_and_out.upgrade,
    m0003_prices_and_promises.upgrade,
]
SCHEMA_VERSION = len(STEPS)

#: Tables whose changes are not recorded: the record itself, and what is derived from recorded rows.
UNRECORDED = {"operations", "changes", "current_operation", "people_search"}


def recorded_tables(connection: Any) -> list[str]:
    """Every business table of the file: those whose rows carry uid and version."""
    rows = connection.execute(
        "SELECT m.name FROM sqlite_master m WHERE m.type = 'table' AND m.sql LIKE '%STRICT%'"
        " AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE name = 'version') ORDER BY m.name"
    ).fetchall()
    return [name for (name,) in rows if name not in UNRECORDED]


def _record_triggers(connection: Any, table: str) -> list[str]:
    columns = connection.execute(f'SELECT name, type FROM pragma_table_info("{table}")').fetchall()

    def image(row: str) -> str:
        # JSON cannot hold bytes: a blob is recorded by its length; its hash stands in a column beside it.
        pairs = [
            f"'{name}', " + (f"length({row}.{name})" if kind == "BLOB" else f"{row}.{name}") for name, kind in columns
        ]
        return f"json_object({', '.join(pairs)})"

    refuse = (
        "SELECT RAISE(ABORT, 'a write outside an operation')"
        " WHERE (SELECT operation_id FROM current_operation) IS NULL;"
    )
    made = []
    for event, before, after, row in (
        ("INSERT", "NULL", image("NEW"), "NEW"),
        ("UPDATE", image("OLD"), image("NEW"), "NEW"),
        ("DELETE", image("OLD"), "NULL", "OLD"),
    ):
        made.append(
            f"CREATE TRIGGER record_{table}_{event.lower()} AFTER {event} ON {table} BEGIN {refuse}"
            " INSERT INTO changes (operation_id, table_name, row_id, before, after) VALUES"
            f" ((SELECT operation_id FROM current_operation), '{table}', {row}.id, {before}, {after}); END"
        )
    return made


def make_record_triggers(connection: Any) -> None:
    """(Re)make the triggers by which the store records every change (DOMAIN.md, operations and changes)."""
    _drop_record_triggers(connection)
    for table in recorded_tables(connection):
        for statement in _record_triggers(connection, table):
            connection.execute(statement)


def _drop_record_triggers(connection: Any) -> None:
    for name in _triggers(connection):
        if name.startswith("record_"):
            connection.execute(f'DROP TRIGGER "{name}"')


def _triggers(connection: Any) -> dict[str, str]:
    """Name and table of every trigger."""
    return dict(connection.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'").fetchall())


def rebuild(connection: Any, table: str, body: str, filled: Mapping[str, str] | None = None) -> None:
    """Inside a step: make `table` anew with the columns and constraints of `body`; rows and ids stay as they are.

    `body` is what follows ``CREATE TABLE name``: ``(id INTEGER PRIMARY KEY, …) STRICT``; `body_of` gives the present
    one. A column that both have is taken over as it is; `filled` gives SQL over the old row for those that are new or
    to be changed. Indexes and triggers are made again word for word: where one names a column that goes, the step
    drops it first.
    """
    connection.execute(f'CREATE TABLE "_rebuilt" {body}')
    before, after = (
        [name for (name,) in connection.execute(f'SELECT name FROM pragma_table_info("{each}")').fetchall()]
        for each in (table, "_rebuilt")
    )
    sources = {**{name: f'"{name}"' for name in before if name in after}, **(filled or {})}
    names = ", ".join(f'"{name}"' for name in sources)
    connection.execute(f'INSERT INTO "_rebuilt" ({names}) SELECT {", ".join(sources.values())} FROM "{table}"')
    # Triggers of other tables may name this one: a rename reads them all, and fails while the name stands for nothing.
    standing = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND (type IN ('trigger', 'view')"
        " OR (type = 'index' AND tbl_name = ?)) ORDER BY type = 'trigger', rowid",
        (table,),
    ).fetchall()
    for kind, name, _sql in standing[::-1]:
        connection.execute(f'DROP {kind} "{name}"')
    connection.execute(f'DROP TABLE "{table}"')
    connection.execute(f'ALTER TABLE "_rebuilt" RENAME TO "{table}"')
    for _kind, _name, sql in standing:
        connection.execute(sql)


def body_of(connection: Any, table: str) -> str:
    """What follows ``CREATE TABLE name`` in the file: where a rebuild starts from."""
    (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone()
    return str(sql)[str(sql).index("(") :]


def version_of(connection: Any) -> int:
    """The schema version of an open file, 0 for an empty one.

    EnvironmentFault `store.foreign_file` for another program's file, `store.newer_file` for a newer Deskbell's.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    if version < 0 or (application != APPLICATION_ID and (tables or application or version)):
        raise EnvironmentFault("store.foreign_file", path=path)
    if version > SCHEMA_VERSION:
        raise EnvironmentFault("store.newer_file", found=version, known=SCHEMA_VERSION)
    return version


def upgrade(connection: Any) -> list[int]:
    """Run the steps that are missing; returns their numbers. Each is whole or not there at all."""
    return _run(connection, SCHEMA_VERSION)


def _run(connection: Any, upto: int) -> list[int]:
    done = []
    enforced = connection.execute("PRAGMA foreign_keys").fetchone()[0]
    connection.execute("PRAGMA foreign_keys = 0")  # says nothing inside a transaction
    try:
        while version_of(connection) < upto:
            connection.execute("BEGIN IMMEDIATE")
            try:
                number = version_of(connection) + 1  # another program may have been faster
                if number <= upto:
                    _step(connection, number)
                    done.append(number)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
    finally:
        connection.execute(f"PRAGMA foreign_keys = {enforced}")
    return done


def _step(connection: Any, number: int) -> None:
    before = _triggers(connection)
    _drop_record_triggers(connection)
    STEPS[number - 1](connection)
    if not connection.in_transaction:
        raise RuntimeError(f"step {number} ended its transaction")
    make_record_triggers(connection)
    after = _triggers(connection)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()}
    lost = sorted(name for name in before.keys() - after.keys() if before[name] in tables)
    if lost:
        raise RuntimeError(f"step {number} lost the triggers {', '.join(lost)}")
    loose = connection.execute("PRAGMA foreign_key_check").fetchone()
    if loose is not None:
        raise RuntimeError(f"step {number} left {loose[0]} {loose[1]} without its row of {loose[2]}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {number}")


@lru_cache(maxsize=4)
def schema_of(version: int) -> frozenset[tuple[str, str, str]]:
    """(type, name, SQL) of all that a file of this version holds, by making one in memory."""
    connection = driver.connect(":memory:", isolation_level=None)
    try:
        _run(connection, version)
        return read_schema(connection)
    finally:
        connection.close()


def read_schema(connection: Any) -> frozenset[tuple[str, str, str]]:
    """(type, name, SQL) of all that an open file holds, as far as somebody wrote it."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return frozenset((kind, name, sql) for kind, name, sql in rows if not name.startswith("sqlite_"))


def strange(connection: Any) -> list[str]:
    """What stands in a file's schema that would act behind this program's back, in the words ``kind name``.

    A table that is missing or another, a trigger or an index on our tables that is not ours. Tables and views that
    somebody added are not used here and do no harm; what merely lacks an index or a guard is for `check` to say.
    """
    ours = {
        (kind, name): sql for kind, name, sql in schema_of(int(connection.execute("PRAGMA user_version").fetchone()[0]))
    }
    tables = {name for kind, name in ours if kind == "table"}
    found = {
        (kind, name): (table, sql)
        for kind, name, table, sql in connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master"
        ).fetchall()
        if sql is not None and not name.startswith("sqlite_")
    }
    wrong = [f"{kind} {name}" for (kind, name) in ours if kind == "table" and (kind, name) not in found]
    for (kind, name), (table, sql) in found.items():
        known = ours.get((kind, name))
        if known != sql and (known is not None or kind == "trigger" or (kind == "index" and table in tables)):
            wrong.append(f"{kind} {name}")
    return sorted(wrong)


def guard_triggers() -> list[str]:
    """The statements of every trigger that freezes rows or keeps the search index, as this schema has them."""
    return sorted(
        sql for kind, name, sql in schema_of(SCHEMA_VERSION) if kind == "trigger" and not name.startswith("record_")
    )
