"""The file itself: SQLite's own checks, the schema's guards, well-formed values."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from app import text
from app.store import cipher, migrations, search
from app.store.checks.rules import Finding, rule, sql
from app.text import N_

_STAMP = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}Z")
#: Control characters and lone surrogates; among several lines, all but their breaks and tabs.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_DATE = re.compile(r"\d{4}-[01]\d-[0-3]\d")
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_WALL = {"start_wall", "end_wall"}


@rule("file.integrity", N_("SQLite finds its pages, indexes and constraints in order"))
def integrity(connection: Any) -> Iterable[Finding]:
    for words in integrity_words(connection):
        yield "file", 0, words


def integrity_words(connection: Any) -> list[str]:
    """What SQLite finds wrong, line by line. Where it cannot go on over the whole file, table by table."""
    try:
        return [words for (words,) in connection.execute("PRAGMA integrity_check").fetchall() if words != "ok"]
    except cipher.UNREADABLE as error:
        if "interrupted" in str(error):
            raise
    found = []
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    for (name,) in names:
        try:
            lines = connection.execute(f'PRAGMA integrity_check("{name}")').fetchall()
        except cipher.UNREADABLE as error:
            if "interrupted" in str(error):
                raise
            found.append(f"table {name}: {error}")
        else:
            found += [words for (words,) in lines if words != "ok"]
    return found or ["SQLite cannot read the whole file"]


@rule("file.references", N_("Every reference points at a row that is there"))
def references(connection: Any) -> Iterable[Finding]:
    for table, row_id, parent, _number in connection.execute("PRAGMA foreign_key_check").fetchall():
        yield table, row_id or 0, f"points at a missing row of {parent}"


@rule("file.schema", N_("The file holds the tables, indexes and triggers of its version, and nothing else"))
def schema(connection: Any) -> Iterable[Finding]:
    for kind, name, state in schema_differences(connection):
        yield "file", 0, schema_words(kind, name, state)


def schema_differences(connection: Any) -> list[tuple[str, str, str]]:
    """(type, name, state) of what differs from the schema of the file's version: missing, another, not ours."""
    wanted = migrations.schema_of(int(connection.execute("PRAGMA user_version").fetchone()[0]))
    found = migrations.read_schema(connection)
    ours, theirs = ({(kind, name) for kind, name, _sql in each} for each in (wanted, found))
    more = [(kind, name, "another" if (kind, name) in ours else "not ours") for kind, name, _sql in found - wanted]
    return sorted(more) + [(kind, name, "missing") for kind, name in sorted(ours - theirs)]


def schema_words(kind: str, name: str, state: str) -> str:
    """One difference as the check says it."""
    return f"{kind} {name} is {state}"


@rule(
    "file.values",
    N_("Stamps are UTC, dates ISO, uids UUIDv7; text is NFC without control characters; names end at 200"),
)
def values(connection: Any) -> Iterable[Finding]:
    for table in migrations.recorded_tables(connection):
        columns = connection.execute(f'SELECT name, type FROM pragma_table_info("{table}")').fetchall()
        names = [name for name, kind in columns if kind == "TEXT"]
        checks = [(index + 1, name, _check_of(table, name)) for index, name in enumerate(names)]
        for row in connection.execute(f"SELECT id, {', '.join(names)} FROM {table}"):
            for index, name, check in checks:
                value = row[index]
                if value and not check(value):
                    yield table, row[0], f"{name} is {value[:60]!r}"


def _check_of(table: str, name: str) -> Any:
    if name == "uid":
        return _UUID7.fullmatch
    if name in _WALL:
        return re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d").fullmatch
    if name.endswith(("_at", "_utc", "_until")) or name in ("waiting_since", "next_slot_as_of"):
        return _STAMP.fullmatch
    if name.endswith("_on") or name in (
        "date_of_birth",
        "on_date",
        "start_date",
        "end_date",
        "service_from",
        "service_to",
    ):
        return _DATE.fullmatch
    multiline = name in (
        "text", "address", "description", "last_reply", "reply", "body", "snapshot", "draft", "params",
    )  # fmt: skip
    if (table, name) == ("settings", "value"):
        return _setting
    limit = 200 if name in ("first_name", "last_name", "name") else None

    return lambda value: (limit is None or len(value) <= limit) and _plain(value, multiline)


def _setting(value: str) -> bool:
    """JSON hides control characters behind escapes: what counts is the text it stands for."""
    said = json.loads(value)
    return not isinstance(said, str) or _plain(said, True)


def _plain(value: str, multiline: bool) -> bool:
    control = _CONTROL_IN_LINES if multiline else _CONTROL
    return control.search(value) is None and (value.isascii() or unicodedata.is_normalized("NFC", value))


@rule("file.search", N_("The search index finds everyone by what stands on them"))
def search_index(connection: Any) -> Iterable[Finding]:
    kept = iter(connection.execute("SELECT id, folded FROM people_search ORDER BY id"))
    stored = next(kept, None)
    for row_id, line in search.lines(connection):
        while stored is not None and stored[0] < row_id:
            stored = next(kept, None)
        if stored != (row_id, line):
            yield "users", row_id, "the search index holds something else"
    for index in ("people_trigram", "people_prefix"):
        for (row_id,) in connection.execute(
            f"SELECT id FROM people_search WHERE id NOT IN (SELECT id FROM {index}_docsize)"
            f" UNION ALL SELECT id FROM {index}_docsize WHERE id NOT IN (SELECT id FROM people_search)"
        ):
            yield "users", row_id, "the search index does not know the same people"


@rule("file.messages", N_("Timeline and inbox hold known keys and readable parameters, settings hold JSON"))
def messages(connection: Any) -> Iterable[Finding]:
    known = text.messages()
    for table in ("timeline", "notifications"):
        for row_id, key, params in connection.execute(f"SELECT id, key, params FROM {table}"):
            if key not in known:
                yield table, row_id, f"unknown key {key}"
            elif not isinstance(json.loads(params), dict):
                yield table, row_id, "parameters are no object"


sql(
    "file.merged",
    N_("A record that was merged away points at a student's record in use"),
    "users",
    "SELECT u.id, 'points at ' || t.status || ' ' || t.role FROM users u JOIN users t ON t.id = u.merged_into"
    " WHERE t.status = 'merged' OR t.role <> 'student' OR u.role <> 'student'",
)
