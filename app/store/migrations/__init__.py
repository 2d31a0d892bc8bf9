"""Ordered steps over `user_version`. A new file runs the same steps as an old one and ends with the same schema.

Each step is raw SQL and runs in one transaction with its version number. The recording triggers are made
again after every step, from the columns the tables then have: a table rebuild drops triggers silently.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlcipher3 import dbapi2 as driver

from app.errors import EnvironmentFault
from app.store.migrations import m0001_first_schema

#: "DBel": says whose file this is (PRAGMA application_id).
APPLICATION_ID = 0x4442656C

STEPS: list[Callable[[Any], None]] = [m0001_first_schema.upgrade]
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
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'record\\_%' ESCAPE '\\'"
    ).fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    for table in recorded_tables(connection):
        for statement in _record_triggers(connection, table):
            connection.execute(statement)


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
    for number in range(version_of(connection) + 1, upto + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            STEPS[number - 1](connection)
            make_record_triggers(connection)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        done.append(number)
    return done


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
    search = [line for line in m0001_first_schema.SEARCH.splitlines() if line.startswith("CREATE TRIGGER")]
    return [*m0001_first_schema.guards(), *search]
