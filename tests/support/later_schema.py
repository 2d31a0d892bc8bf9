"""A schema to come: steps that rebuild tables others point at, fill a new column, and move rows. For tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.store import migrations

Step = Callable[[Any], None]


def rebuild_users(connection: Any) -> None:
    """A column more on the table nearly everything points at, which points at itself."""
    body = migrations.body_of(connection, "users")
    assert "phone TEXT" in body
    wanted = body.replace("phone TEXT", "nickname TEXT NOT NULL DEFAULT '',\n    phone TEXT", 1)
    migrations.rebuild(connection, "users", wanted, {"nickname": "first_name"})


def rebuild_frozen(connection: Any) -> None:
    """Tables whose rows may be neither changed nor deleted, and the table every recording trigger writes to."""
    for table in ("invoices", "payments", "changes"):
        migrations.rebuild(connection, table, migrations.body_of(connection, table))


def fill_in(connection: Any) -> None:
    """A new column on a table that stays, and its values."""
    connection.execute("ALTER TABLE courses ADD COLUMN color TEXT NOT NULL DEFAULT ''")
    connection.execute("UPDATE courses SET color = 'blue'")
    connection.execute("CREATE INDEX courses_color ON courses(color)")


STEPS: list[Step] = [rebuild_users, rebuild_frozen, fill_in]


def install(steps: list[Step]) -> None:
    """The program knows these steps besides its own from now on. In a child process, or undone by `later_schema`."""
    migrations.STEPS = [*migrations.STEPS, *steps]
    migrations.SCHEMA_VERSION = len(migrations.STEPS)
    migrations.schema_of.cache_clear()


@pytest.fixture
def later_schema(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[list[Step]], None]]:
    """`install` for the length of a test."""
    monkeypatch.setattr(migrations, "STEPS", migrations.STEPS)
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", migrations.SCHEMA_VERSION)
    yield install
    migrations.schema_of.cache_clear()
