"""Finding people: what is indexed, and the query behind every search field.

The folded text of a person (names, number, e-mail, phone digits, payer) is indexed twice: by trigrams for words
of three characters and more, by word beginnings for shorter ones (DESIGN.md, "Search").
"""

from __future__ import annotations

import json
from typing import Any

from peewee import SQL, NodeList

from app import text
from app.store.database import db

_PERSON = """
    SELECT u.first_name, u.last_name, u.number, u.email, u.phone, u.emergency_phone, p.name, p.email, p.phone
    FROM users u LEFT JOIN payers p ON p.id = u.payer_id WHERE u.id = ?
"""


def folded(first: str, last: str, number: str, email: str, phones: tuple[str, ...], payer: str) -> str:
    """The text a person is found by."""
    digits = " ".join(filter(None, (text.phone_digits(phone or "") for phone in phones)))
    return text.fold(" ".join(filter(None, (first, last, number, email, payer)))) + (" " + digits if digits else "")


_PUT = (
    "INSERT INTO people_search (id, folded) VALUES (?, ?)"
    " ON CONFLICT (id) DO UPDATE SET folded = excluded.folded WHERE folded <> excluded.folded"
)


def index(connection: Any, table: str, row_id: int) -> None:
    """Bring the index in step with a user, or with everyone a payer pays for."""
    if table == "payers":
        index_all(connection, table, [row_id])
    else:
        connection.execute(_PUT, (row_id, _line(*connection.execute(_PERSON, (row_id,)).fetchone())))


def index_all(connection: Any, table: str, row_ids: list[int]) -> None:
    """Bring the index in step with many users, or with everyone whom many payers pay for; other tables have none."""
    if table not in ("users", "payers") or not row_ids:
        return
    these = "(SELECT value FROM json_each(?))"
    where = f"u.id IN {these}" if table == "users" else f"u.payer_id IN {these}"
    people = _PERSON.replace("SELECT", "SELECT u.id,").replace("u.id = ?", where)
    found = connection.execute(people, (json.dumps(row_ids),)).fetchall()
    connection.executemany(_PUT, [(row_id, _line(*row)) for row_id, *row in found])


def _line(
    first: str, last: str, number: str, email: str, phone: str, emergency: str, payer: str, payer_email: str,
    payer_phone: str,
) -> str:  # fmt: skip
    mails = " ".join(filter(None, (email, payer_email)))
    return folded(first, last, number, mails, (phone, emergency, payer_phone), payer)


def index_many(connection: Any, rows: list[dict[str, Any]]) -> None:
    """Index many new people at once, from the columns they were inserted with."""
    lines = [
        (
            row["id"],
            folded(
                row["first_name"],
                row["last_name"],
                row.get("number", ""),
                row.get("email", ""),
                (row.get("phone", ""), row.get("emergency_phone", "")),
                "",
            ),
        )
        for row in rows
    ]
    connection.executemany("INSERT INTO people_search (id, folded) VALUES (?, ?)", lines)


def fill(connection: Any) -> int:
    """Index everyone in an empty `people_search`; returns how many."""
    rows = connection.execute(_PERSON.replace("SELECT", "SELECT u.id,").replace(" WHERE u.id = ?", "")).fetchall()
    lines = [(row_id, _line(*row)) for row_id, *row in rows]
    connection.executemany("INSERT INTO people_search (id, folded) VALUES (?, ?)", lines)
    return len(lines)


#: Results that stand there at once; counts and the rest of the list follow beside.
AT_ONCE = 200


def terms(words: str) -> list[str]:
    """What is searched for: folded words, or the digits of something that looks like a phone number."""
    digits = text.phone_digits(words)
    found = [digits] if len(digits) >= 3 else text.fold(words).split()
    return sorted((term[:60] for term in found[:8]), key=len, reverse=True)


def _matches(term: str) -> tuple[str, str]:
    """One word rechecked on a row `s`: anywhere from three characters on, else at a word's beginning."""
    if len(term) >= 3:
        return "instr(s.folded, ?) > 0", term
    return "instr(' ' || s.folded, ?) > 0", f" {term}"


def _source(term: str) -> tuple[str, str] | None:
    """The index that knows rows with this word, newest first; None where only a scan can tell."""
    if len(term) >= 3 and not any(char in term for char in "%_"):
        return "SELECT rowid AS id FROM people_trigram WHERE folded LIKE ?", f"%{term}%"
    if len(term) < 3 and term.isalnum():
        return "SELECT rowid AS id FROM people_prefix WHERE people_prefix MATCH ?", f'"{term}" *'
    return None


def matching(words: str, roles: tuple[str, ...] = ("student",)) -> tuple[str, list[Any]]:
    """A SELECT of the ids (column id, newest first) of everyone whom all `words` fit, and its values."""
    found = terms(words)
    marks = ", ".join("?" * len(roles))
    if not found:
        return f"SELECT u.id FROM users u WHERE u.role IN ({marks}) AND u.status <> 'merged' ORDER BY u.id DESC", [
            *roles
        ]
    source = _source(found[0])
    checks = found[1:] if source and len(found[0]) >= 3 else found
    conditions, values = zip(*map(_matches, checks), strict=True) if checks else ((), ())
    inner, inner_values = source if source else ("SELECT id FROM people_search", None)
    sql = (
        f"SELECT c.id FROM ({inner}) c CROSS JOIN people_search s ON s.id = c.id CROSS JOIN users u ON u.id = c.id"
        f" WHERE u.role IN ({marks}) AND u.status <> 'merged'"
        + "".join(f" AND {part}" for part in conditions)
        + " ORDER BY c.id DESC"
    )
    return sql, [*([inner_values] if inner_values is not None else []), *roles, *values]


def fits(user_id: Any, words: str, roles: tuple[str, ...] = ("student",)) -> Any:
    """The condition that all `words` fit the person with the id in column `user_id`."""
    sql, values = matching(words, roles)
    return user_id.in_(SQL(f"({sql})", values))


def folded_of(user_id: Any) -> Any:
    """The folded text of the person with the id in column `user_id`, first name first: what names are sorted by."""
    return NodeList((SQL("(SELECT folded FROM people_search WHERE people_search.id ="), user_id, SQL(")")))


def people(words: str, limit: int = AT_ONCE, roles: tuple[str, ...] = ("student",)) -> list[int]:
    """Ids of the people whom all `words` fit, newest first, at most `limit`."""
    sql, values = matching(words, roles)
    return [row[0] for row in db.connection().execute(f"{sql} LIMIT ?", (*values, limit)).fetchall()]


def with_phone(digits: str, limit: int = 5) -> list[int]:
    """Students with exactly these phone digits (no leading zeros) among their numbers."""
    sql = (
        "SELECT s.id FROM people_trigram t JOIN people_search s ON s.id = t.rowid JOIN users u ON u.id = s.id"
        " WHERE t.folded LIKE ? AND instr(s.folded || ' ', ?) > 0 AND u.role = 'student'"
        " AND u.status <> 'merged' LIMIT ?"
    )
    return [row[0] for row in db.connection().execute(sql, (f"% {digits}%", f" {digits} ", limit)).fetchall()]
