"""Finding people: what is indexed, and the query behind every search field.

The folded text of a person (names, number, e-mail, phone digits, payer) is indexed twice: by trigrams for words
of three characters and more, by word beginnings for shorter ones (DESIGN.md, "Search").
"""

from __future__ import annotations

from typing import Any

from app import text

_PERSON = """
    SELECT u.first_name, u.last_name, u.number, u.email, u.phone, u.emergency_phone, p.name, p.email, p.phone
    FROM users u LEFT JOIN payers p ON p.id = u.payer_id WHERE u.id = ?
"""


def folded(first: str, last: str, number: str, email: str, phones: tuple[str, ...], payer: str) -> str:
    """The text a person is found by."""
    digits = " ".join(filter(None, (text.phone_digits(phone or "") for phone in phones)))
    return text.fold(" ".join(filter(None, (first, last, number, email, payer)))) + (" " + digits if digits else "")


def index(connection: Any, table: str, row_id: int) -> None:
    """Bring the index in step with a user, or with everyone a payer pays for."""
    if table == "payers":
        for (user_id,) in connection.execute("SELECT id FROM users WHERE payer_id = ?", (row_id,)).fetchall():
            index(connection, "users", user_id)
        return
    first, last, number, email, phone, emergency, payer, payer_email, payer_phone = connection.execute(
        _PERSON, (row_id,)
    ).fetchone()
    line = folded(first, last, number, " ".join(filter(None, (email, payer_email))), (phone, emergency, payer_phone), payer)
    connection.execute(
        "INSERT INTO people_search (id, folded) VALUES (?, ?)"
        " ON CONFLICT (id) DO UPDATE SET folded = excluded.folded WHERE folded <> excluded.folded",
        (row_id, line),
    )
