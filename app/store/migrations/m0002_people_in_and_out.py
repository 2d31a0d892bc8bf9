"""Schema 2: records of one person are found from the one they were merged into."""

from __future__ import annotations

from typing import Any


def upgrade(connection: Any) -> None:
    """Bring a file of schema 1 up. Few records are merged away: the index holds those alone."""
    # Asked while someone types a new person: who was born that day.
    connection.execute("CREATE INDEX users_born ON users(date_of_birth) WHERE date_of_birth IS NOT NULL")
    connection.execute("CREATE INDEX users_merged ON users(merged_into) WHERE merged_into IS NOT NULL")
