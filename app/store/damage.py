"""Is it the program that is wrong, or the file? Asked where an error arrives that nobody claimed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import peewee

from app.errors import DeskError, EnvironmentFault
from app.store import cipher, database
from app.store.checks import RULES

#: What no bug of a page breaks: SQLite's own rules, the structure, well-formed values, every row as it was recorded.
RULES_OF_DAMAGE = ("file.integrity", "file.schema", "file.values", "record.rows")


def explain(error: BaseException) -> BaseException:
    """The machine's fault behind an error, the error itself where there is none.

    A database error says it by itself. A flipped byte need not: it may be a date that is none, or nothing where a name
    should be, and look like a bug of whoever reads it. So an unknown error is one only in a file that is whole, which
    takes up to 5 s at 100,000 students: ask beside the window.
    """
    if isinstance(error, DeskError) or not isinstance(error, Exception) or not database.is_open():
        return error
    path = Path(str(database.db.database))
    fault = None
    if isinstance(error, (*cipher.UNREADABLE, peewee.PeeweeException)):
        fault = database.as_fault(error, str(path))
    if fault is None and (wrong := damage(path)):
        fault = EnvironmentFault("store.damaged", path=str(path), detail=wrong)
    if fault is None:
        return error
    fault.__cause__ = error
    return fault


def damage(path: Path) -> str:
    """What is damaged in a center's file in a few words, '' if nothing is; over a connection of its own."""
    try:
        with contextlib.closing(database.open_beside(path)) as connection:
            for name in RULES_OF_DAMAGE:
                found: Any = next(iter(RULES[name].find(connection)), None)
                if found is not None:
                    table, row_id, detail = found
                    return " ".join(f"{table} {row_id}: {detail}".split())
    except Exception as error:  # whatever a rule stumbles over in a file that may hold anything
        return str(error) or type(error).__name__
    return ""
