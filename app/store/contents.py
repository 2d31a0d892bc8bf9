"""What a file holds, told without opening it as the center: how much, whose it is, and who somebody in it is."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from app.errors import DeskError
from app.store import cipher, database


@dataclass(frozen=True)
class Contents:
    """Counts of a center's file, its name, and how it writes moments: its zone and locale."""

    people: int
    payments: int
    invoices: int
    center: str
    zone: str
    locale: str


def contents(path: Path) -> Contents | None:
    """What a center's file holds; None where it cannot be read."""
    try:
        with contextlib.closing(database.open_beside(path)) as connection:
            people, payments, invoices = connection.execute(
                "SELECT (SELECT count(*) FROM users WHERE status <> 'merged'), (SELECT count(*) FROM payments),"
                " (SELECT count(*) FROM invoices)"
            ).fetchone()
            settings = dict(
                connection.execute("SELECT key, value FROM settings WHERE key IN ('center.name', 'center.zone',"
                                   " 'center.locale')").fetchall()
            )  # fmt: skip
            said = {key: str(json.loads(value)) for key, value in settings.items()}
    except (*cipher.UNREADABLE, DeskError, OSError, ValueError):
        return None
    return Contents(
        people,
        payments,
        invoices,
        said.get("center.name", ""),
        said.get("center.zone", "UTC"),
        said.get("center.locale", "en"),
    )


@dataclass(frozen=True)
class Person:
    """Who somebody is in every file of a center: ids are given out anew after a restore, a uid never is."""

    uid: str
    name: str


def person(path: Path, user_id: int | None) -> Person | None:
    """Who has an id in a center's file; None for the program itself, and where the file cannot be read."""
    if user_id is None or not path.exists():
        return None
    try:
        with contextlib.closing(database.open_beside(path)) as connection:
            sql = "SELECT uid, trim(first_name || ' ' || last_name) FROM users WHERE id = ?"
            row = connection.execute(sql, (user_id,)).fetchone()
    except Exception:  # who is at the desk is asked beside something else, which no damage may stop
        return None
    return Person(*row) if row is not None else None
