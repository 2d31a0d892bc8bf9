"""Finding people: what is indexed, and the query behind every search field.

The folded text of a person (names, number, e-mail, phone digits, payer) is indexed twice: by trigrams for words
of three characters and more, by word beginnings for shorter ones (DESIGN.md, "Search"). What stands on a record that
was merged away is part of the text of the record in use: whoever types an old number or name finds the person.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app import text
from app.store.database import db

#: A record and those merged into it, each once: the record in use, then what `folded` wants of one of them.
_PERSON = """
    SELECT {person}, u.first_name, u.last_name, u.number, u.email, u.phone, u.emergency_phone, p.name, p.email, p.phone
    FROM users u LEFT JOIN payers p ON p.id = u.payer_id {which}
"""
_OWN = _PERSON.format(person="u.id", which="{0} ORDER BY u.id")
_MERGED = _PERSON.format(person="u.merged_into", which="WHERE u.merged_into {0} ORDER BY u.id")


def folded(first: str, last: str, number: str, email: str, phones: tuple[str, ...], payer: str) -> str:
    """The text a person is found by."""
    digits = " ".join(filter(None, (text.phone_digits(phone or "") for phone in phones)))
    return text.fold(" ".join(filter(None, (first, last, number, email, payer)))) + (" " + digits if digits else "")


def lines(connection: Any, user_id: int | None = None) -> Iterator[tuple[int, str]]:
    """(record, the text it is found by) of one record, or of all in their order."""
    one = () if user_id is None else (user_id,)
    more: dict[int, str] = {}
    for person, *columns in connection.execute(_MERGED.format("IS NOT NULL" if user_id is None else "= ?"), one):
        more[person] = f"{more.get(person, '')} {_line(*columns)}"
    for person, *columns in connection.execute(_OWN.format("" if user_id is None else "WHERE u.id = ?"), one):
        yield person, _line(*columns) + more.get(person, "")


def _line(
    first: str, last: str, number: str, email: str, phone: str, emergency: str, payer: str, mail: str, payer_phone: str
) -> str:
    return folded(first, last, number, " ".join(filter(None, (email, mail))), (phone, emergency, payer_phone), payer)


def index(connection: Any, table: str, row_id: int) -> None:
    """Bring the index in step with a user and whoever they were merged into, or with everyone a payer pays for."""
    if table == "payers":
        for (user_id,) in connection.execute("SELECT id FROM users WHERE payer_id = ?", (row_id,)).fetchall():
            index(connection, "users", user_id)
        return
    into = connection.execute("SELECT merged_into FROM users WHERE id = ?", (row_id,)).fetchone()[0]
    for one in filter(None, (row_id, into)):
        for found in list(lines(connection, one)):
            connection.execute(
                "INSERT INTO people_search (id, folded) VALUES (?, ?)"
                " ON CONFLICT (id) DO UPDATE SET folded = excluded.folded WHERE folded <> excluded.folded",
                found,
            )


def index_many(connection: Any, rows: list[dict[str, Any]]) -> None:
    """Index many new people at once, from the columns they were inserted with."""
    found = [
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
    connection.executemany("INSERT INTO people_search (id, folded) VALUES (?, ?)", found)


def fill(connection: Any) -> int:
    """Index everyone in an empty `people_search`; returns how many."""
    found = list(lines(connection))
    connection.executemany("INSERT INTO people_search (id, folded) VALUES (?, ?)", found)
    return len(found)


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


def people(words: str, limit: int = AT_ONCE, roles: tuple[str, ...] = ("student",)) -> list[int]:
    """Ids of the people whom all `words` fit, newest first, at most `limit`."""
    sql, values = matching(words, roles)
    return [row[0] for row in db.connection().execute(f"{sql} LIMIT ?", (*values, limit)).fetchall()]
