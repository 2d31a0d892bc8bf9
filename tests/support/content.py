"""All that a center's file holds, to compare two files by."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from app.store import database


def content(path: Path) -> dict[str, Any]:
    """Every row of every table, the schema, whose file it is, and what the search finds."""
    with contextlib.closing(database.open_beside(path)) as connection:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        found: dict[str, Any] = {
            name: connection.execute(f'SELECT * FROM "{name}" ORDER BY 1, 2').fetchall()
            for (name,) in connection.execute(tables).fetchall()
        }
        for pragma in ("user_version", "application_id"):
            found[pragma] = connection.execute(f"PRAGMA {pragma}").fetchone()
        found["schema"] = sorted(connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall(), key=str)
        search = "SELECT rowid FROM people_trigram WHERE folded LIKE '%wisniewski%' ORDER BY 1"
        found["search"] = connection.execute(search).fetchall()
    return found


def lost(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What of `before` is not in `after` as it was."""
    found = []
    for name, rows in before.items():
        if name == "sqlite_sequence":
            continue
        if isinstance(rows, list):
            kept = set(after.get(name, []))
            found += [f"{name}: {row!r:.80}" for row in rows if row not in kept]
        elif rows != after.get(name):
            found.append(name)
    return found


def added(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """The tables that have rows more."""
    return {name for name, rows in after.items() if isinstance(rows, list) and set(rows) - set(before.get(name, []))}
