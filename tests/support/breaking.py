"""Breaking a file on purpose, behind the program's back."""

from __future__ import annotations

from typing import Any

from app import store


def breaking(connection: Any, *statements: str, record: bool = True) -> None:
    """Change rows behind the program's back: guards and constraints off, the record of changes kept in step."""
    guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'guard%'")
    guards = guards.fetchall()
    recorders: list[tuple[str, str]] = []
    if not record:
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'record%'")
        recorders = found.fetchall()
    connection.execute("PRAGMA foreign_keys = 0")
    connection.execute("PRAGMA ignore_check_constraints = 1")
    for name, _sql in [*guards, *recorders]:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(
        "INSERT INTO operations (uid, label, actor_id, actor_role, desk, at)"
        f" VALUES ('{store.uuid7()}', 'Break', NULL, 'system', 'test', '2026-11-16T17:00:00.000Z')"
    )
    connection.execute("UPDATE current_operation SET operation_id = (SELECT max(id) FROM operations)")
    for statement in statements:
        if record and statement.startswith("UPDATE"):
            statement = statement.replace(" SET ", " SET version = version + 1, ", 1)
        assert connection.execute(statement).rowcount != 0, statement
    connection.execute("UPDATE current_operation SET operation_id = NULL")
    for _name, sql in [*guards, *recorders]:
        connection.execute(sql)
