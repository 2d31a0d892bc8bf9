"""The record of changes: every row's story is whole, and every operation says who, when and what."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from app.store import migrations
from app.store.checks.rules import Finding, rule, sql
from app.text import N_

sql(
    "record.operations",
    N_("Every operation says who, when and what"),
    "operations",
    "SELECT id, label || ' by ' || actor_role || ' at ' || at FROM operations"
    " WHERE trim(label) = '' OR trim(actor_role) = '' OR at NOT LIKE '____-__-__T__:__:__.___Z'"
    " OR (actor_id IS NULL AND actor_role <> 'system')"
    " OR (actor_id IS NOT NULL AND actor_id NOT IN (SELECT id FROM users))",
)


@rule(
    "record.rows", N_("The last recorded change of every row is the row as it is, and its version counts its changes")
)
def rows(connection: Any) -> Iterable[Finding]:
    for table in migrations.recorded_tables(connection):
        columns = connection.execute(f'SELECT name, type FROM pragma_table_info("{table}")').fetchall()
        pairs = ", ".join(
            f"'{name}', " + (f"length(t.{name})" if kind == "BLOB" else f"t.{name}") for name, kind in columns
        )
        query = (
            f"SELECT t.id, json_object({pairs}), c.after, c.n, c.firsts, t.version FROM {table} t LEFT JOIN ("
            "  SELECT row_id, count(after) AS n, sum(before IS NULL) - sum(after IS NULL) AS firsts, after, redacted,"
            "  max(id)"
            "  FROM changes WHERE table_name = ? GROUP BY row_id) c ON c.row_id = t.id"
            " WHERE c.row_id IS NULL OR (c.redacted = 0 AND (c.after IS NOT json_object(" + pairs + ")"
            " OR c.firsts <> 1 OR c.n <> t.version))"
        )
        for row_id, now, recorded, count, firsts, version in connection.execute(query, (table,)):
            difference = _difference(now, recorded, count, firsts, version)
            if difference:
                yield table, row_id, difference


def _difference(now: str, recorded: str | None, count: int | None, firsts: int | None, version: int) -> str:
    """What is wrong in words; '' where only the table has other columns than when the row was recorded."""
    if recorded is None and count is None:
        return "was never recorded"
    if firsts != 1:
        return f"was recorded as new {firsts} times more than as gone"
    if now != recorded:
        before, after = json.loads(recorded or "{}"), json.loads(now)
        moved = [name for name in after if name in before and after[name] != before[name]]
        if moved or not before:
            return f"differs from the record in {', '.join(moved or after)}"
    if count == version:
        return ""
    return f"is at version {version} after {count} changes"


sql(
    "record.frozen",
    "What is frozen was written once: documents and their lines, money put to use, tries to send",
    "changes",
    "SELECT id, table_name || ' ' || row_id || ' was changed' FROM changes WHERE before IS NOT NULL"
    " AND (table_name IN ('invoices', 'invoice_lines', 'student_payments')"
    # A person who was erased is taken out of what servers answered; the record of it is redacted.
    " OR (table_name = 'mail_attempts' AND redacted = 0))",
)
sql(
    "record.gone",
    N_("A row that is gone was deleted by an operation, and comes back only as a new one"),
    "changes",
    "SELECT id, table_name || ' ' || row_id || ' has changes after its end' FROM changes c WHERE after IS NULL"
    " AND (SELECT d.before FROM changes d WHERE d.table_name = c.table_name AND d.row_id = c.row_id AND d.id > c.id"
    " ORDER BY d.id LIMIT 1) IS NOT NULL",
)


@rule("record.undo", N_("What takes an operation back names an earlier one, and no operation is taken back twice"))
def undone_once(connection: Any) -> Iterable[Finding]:
    pairs = connection.execute(
        "SELECT id, undo_of FROM operations WHERE undo_of IS NOT NULL ORDER BY id DESC"
    ).fetchall()
    gone: set[int] = set()  # newest first: whoever comes later has said already whether this one still counts
    for row_id, target in pairs:
        if (
            target >= row_id
            or connection.execute("SELECT 1 FROM operations WHERE id = ?", (target,)).fetchone() is None
        ):
            yield "operations", row_id, f"takes back {target}, which is later or not there"
        elif row_id not in gone:
            if target in gone:
                yield "operations", row_id, f"operation {target} is taken back twice"
            gone.add(target)


sql(
    "record.closed",
    N_("No operation is left open"),
    "current_operation",
    "SELECT one, operation_id FROM current_operation WHERE operation_id IS NOT NULL"
    " UNION ALL SELECT 1, 'nothing says that none is' WHERE NOT EXISTS (SELECT 1 FROM current_operation)",
)
