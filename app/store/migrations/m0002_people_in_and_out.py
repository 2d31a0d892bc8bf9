"""Schema 2: records of one person are found from the one they were merged into; a person may be erased on request.

Mails and tries to send them stay frozen, but for the one operation that takes a person out of them.
"""

from __future__ import annotations

from typing import Any

#: The operation whose writes pass the guards on mails: what the law lets go, goes.
ERASE = "Erase person"

#: True inside it.
ERASING = f"(SELECT o.label FROM operations o JOIN current_operation c ON c.operation_id = o.id) IS '{ERASE}'"


def upgrade(connection: Any) -> None:
    """Bring a file of schema 1 up."""
    connection.execute("ALTER TABLE users ADD COLUMN erased_at TEXT")
    connection.execute("CREATE INDEX users_erased ON users(erased_at) WHERE erased_at IS NOT NULL")
    # Asked while someone types a new person: who was born that day.
    connection.execute("CREATE INDEX users_born ON users(date_of_birth) WHERE date_of_birth IS NOT NULL")
    # Few records are merged away: the index holds those alone.
    connection.execute("CREATE INDEX users_merged ON users(merged_into) WHERE merged_into IS NOT NULL")
    find = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?"
    for name in ("guard_mail_queue_update", "guard_mail_attempts_update"):
        (sql,) = connection.execute(find, (name,)).fetchone()
        head, body = str(sql).split(" BEGIN ", 1)
        table, _when, condition = head.partition(" WHEN ")
        condition = f"({condition}) AND NOT {ERASING}" if condition else f"NOT {ERASING}"
        connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute(f"{table} WHEN {condition} BEGIN {body}")
