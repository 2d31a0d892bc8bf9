"""What of a center's file can be made anew from the rest of it, and the making. Business rows are never touched.

Anew come: guards, recording triggers and indexes of the schema, the contents of an index, the search index, the mark of
the open operation, and the columns that are kept beside what the rows say. Everything else that breaks a rule is
somebody's work or money: it is only told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlcipher3 import dbapi2 as driver

from app.errors import UserError
from app.store import cipher, migrations, search
from app.store.checks import RULES, Broken
from app.store.checks.file import integrity_words, schema_differences, schema_words
from app.store.database import Write

#: What can be made anew, in the order in which it is: guards first, so that what follows is guarded and recorded.
KINDS = ("triggers", "indexes", "search", "operation", "balances", "next_slots", "seats", "progress")

#: Kept columns: kind → the rule that proves them, their table, their columns.
KEPT: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "balances": ("money.balance", "users", ("balance_minor",)),
    "next_slots": ("students.next_slot", "users", ("next_slot_id", "next_slot_at", "next_slot_as_of")),
    "seats": ("seats.kept_count", "slots", ("seats_taken",)),
    "progress": (
        "progress.attended",
        "courses_enrolled",
        ("theory_done_minutes", "practical_done_minutes", "progress_bp"),
    ),
}

#: Lines of SQLite's integrity check that speak of an index alone.
_OF_INDEX = (
    re.compile(r"row \d+ missing from index (\S+)"),
    re.compile(r"wrong # of entries in index (\S+)"),
    re.compile(r"row \d+ values differ from index (\S+)"),
    re.compile(r"rowid not at end-of-record for row \d+ of index (\S+)"),
    re.compile(r"non-unique entry in index (\S+)"),
)
_OF_PAGE = re.compile(r"Fragmentation of \d+ bytes reported as \d+ on page (\d+)|Tree (\d+) ")
_OF_TABLE = re.compile(r"table (\S+): ")
_SEARCH = re.compile(r"people_(search|trigram|prefix)(?![a-z])")


def plan(connection: Any, broken: Iterable[Broken]) -> dict[str, frozenset[Broken]]:
    """What of that which is broken can be made anew: kind → the findings it should end, in the order of `KINDS`.

    Nothing, while a trigger stands in the file that is not ours: whatever is written, it might write, too. A rule that
    could not be proven asks for a repair only where it is the search index that cannot be read, and nothing else.
    """
    broken = list(broken)
    found: dict[str, set[Broken]] = {kind: set() for kind in KINDS}
    differences = schema_differences(connection)
    if any(kind == "trigger" and state == "not ours" for kind, _name, state in differences):
        return {}
    for kind, name, state in differences:
        one = Broken("file.schema", "file", 0, schema_words(kind, name, state))
        if _SEARCH.match(name) and state != "not ours":
            found["search"].add(one)
        elif kind in ("trigger", "index") and state != "not ours":
            found["triggers" if kind == "trigger" else "indexes"].add(one)
    integrity = {one for one in broken if one.rule == "file.integrity"}
    of_search = {one for one in integrity if _SEARCH.search(one.detail) or "fts5" in one.detail}
    found["search"] |= of_search
    if damaged_indexes(connection, [one.detail for one in integrity - of_search]):
        found["indexes"] |= integrity - of_search
    rules = {"search": "file.search", "operation": "record.closed", **{kind: KEPT[kind][0] for kind in KEPT}}
    unread = {one for one in broken if one.unproven}
    only_search = all(one.rule == "file.search" for one in unread)
    for kind, rule in rules.items():
        found[kind] |= {one for one in broken if one.rule == rule and (only_search or one not in unread)}
    return {kind: frozenset(ones) for kind, ones in found.items() if ones}


# -- guards, recording triggers, indexes ---------------------------------------------------------------------


def make_triggers(write: Write) -> int:
    """Make every trigger of the schema that is missing or another; returns how many."""
    made = 0
    for kind, name, state in schema_differences(write.connection):
        if kind == "trigger" and state != "not ours" and not _SEARCH.match(name):
            _drop(write.connection, kind, name, state)
            write.connection.execute(_statement(write.connection, kind, name))
            made += 1
    return made


def lacking_indexes(connection: Any) -> list[str]:
    """Indexes of the schema that are missing or another."""
    return [
        name
        for kind, name, state in schema_differences(connection)
        if kind == "index" and state != "not ours" and not _SEARCH.match(name)
    ]


def make_index(write: Write, name: str) -> int:
    """Make one index of the schema anew. UserError `repair.twice` where rows that are there stand against it."""
    write.connection.execute(f'DROP INDEX IF EXISTS "{name}"')
    return _once(write, name, _statement(write.connection, "index", name))


def damaged_indexes(connection: Any, lines: list[str] | None = None) -> list[str]:
    """Indexes, or tables all of whose indexes, can be filled anew: only if nothing but indexes is damaged.

    `lines` are what SQLite's integrity check says; without them it is asked.
    """
    if lines is None:
        lines = [words for words in integrity_words(connection) if not (_SEARCH.search(words) or "fts5" in words)]
    roots = dict(connection.execute("SELECT rootpage, name FROM sqlite_master WHERE type = 'index'").fetchall())
    found: list[str] = []
    for line in (part for words in lines for part in words.splitlines() if not part.startswith("***")):
        index = next((match[1] for each in _OF_INDEX if (match := each.match(line))), None)
        page = _OF_PAGE.match(line)
        table = _OF_TABLE.match(line)
        if page:
            index = roots.get(int(page[1] or page[2]))
        elif table and _rows_can_be_read(connection, table[1]):
            index = table[1]
        if index is None:
            return []
        found.append(index)
    return sorted(set(found))


def refill_index(write: Write, name: str) -> int:
    """Fill an index, or all of a table's, anew from the rows. UserError `repair.twice` as above."""
    return _once(write, name, f'REINDEX "{name}"')


def _once(write: Write, name: str, statement: str) -> int:
    try:
        write.connection.execute(statement)
    except driver.IntegrityError as error:
        raise UserError("repair.twice", name=name) from error
    return 1


def _rows_can_be_read(connection: Any, table: str) -> bool:
    """Whether a table is whole beside its indexes."""
    try:
        for _row in connection.execute(f'SELECT * FROM "{table}" NOT INDEXED'):
            pass
    except cipher.UNREADABLE as error:
        if "interrupted" in str(error):
            raise
        return False
    return True


def _statement(connection: Any, kind: str, name: str) -> str:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    return next(sql for k, n, sql in migrations.schema_of(version) if (k, n) == (kind, name))


def _drop(connection: Any, kind: str, name: str, state: str) -> None:
    if state == "another":
        connection.execute(f'DROP {kind.upper()} "{name}"')


# -- the search index ----------------------------------------------------------------------------------------


def make_search(write: Write) -> int:
    """Make the search index anew, its tables included, from the people it finds."""
    connection = write.connection
    _forget_search(connection)
    for name in ("people_search", "people_trigram", "people_prefix"):
        connection.execute(_statement(connection, "table", name))
    search.fill(connection)
    for name in ("people_trigram", "people_prefix"):
        connection.execute(f"INSERT INTO {name} ({name}) VALUES ('rebuild')")
    for name in ("people_search_insert", "people_search_delete", "people_search_update"):
        connection.execute(_statement(connection, "trigger", name))
    return 1


def _forget_search(connection: Any) -> None:
    """Take away the search tables whatever state they are in: one whose own tables are damaged cannot be dropped."""
    connection.execute("PRAGMA writable_schema = 1")
    connection.execute("DELETE FROM sqlite_master WHERE name IN ('people_trigram', 'people_prefix')")
    connection.execute("DELETE FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'people_search'")
    connection.execute("PRAGMA writable_schema = RESET")
    left = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'people%'").fetchall()
    for (name,) in left:
        if _SEARCH.match(name):
            connection.execute(f'DROP TABLE "{name}"')


# -- kept columns --------------------------------------------------------------------------------------------


def out_of_step(connection: Any, kind: str) -> list[int]:
    """Rows whose kept columns are not what the rows say, and which otherwise are as they were recorded last.

    A row that was changed behind the record is left alone: recording it now would hide what was done to it.
    """
    rule, table, columns = KEPT[kind]
    ids = {row_id for _table, row_id, _detail in RULES[rule].find(connection)}
    return sorted(ids - _changed_behind_the_record(connection, table, columns)) if ids else []


def _changed_behind_the_record(connection: Any, table: str, but: tuple[str, ...]) -> set[int]:
    columns = connection.execute(f'SELECT name, type FROM pragma_table_info("{table}")').fetchall()
    pairs = ", ".join(
        f"'{name}', " + (f"length(t.{name})" if kind == "BLOB" else f"t.{name}") for name, kind in columns
    )
    paths = ", ".join(f"'$.{name}'" for name in but)
    rows = connection.execute(
        f"SELECT t.id FROM {table} t LEFT JOIN (SELECT row_id, after, redacted, max(id) FROM changes"
        " WHERE table_name = ? GROUP BY row_id) c ON c.row_id = t.id WHERE c.row_id IS NULL OR (c.redacted = 0 AND"
        f" json_remove(coalesce(c.after, '{{}}'), {paths}) IS NOT json_remove(json_object({pairs}), {paths}))",
        (table,),
    )
    return {row_id for (row_id,) in rows}


def mark_no_operation(write: Write) -> int:
    """Have the one row that says which operation is open; the end of this write says that none is."""
    write.connection.execute(
        "INSERT INTO current_operation (one, operation_id) VALUES (1, ?)"
        " ON CONFLICT (one) DO UPDATE SET operation_id = excluded.operation_id",
        (write.operation_id,),
    )
    return 1
