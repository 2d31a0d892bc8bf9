"""Finding people: what is indexed, and the query behind every search field.

The folded text of a person (names, number, e-mail, phone digits, payer) is indexed twice: by trigrams for words
of three characters and more, by word beginnings for shorter ones (DESIGN.md, "Search"). What stands on a record that
was merged away is part of the text of the record in use: whoever types an old number or name finds the person.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from peewee import SQL, NodeList

from app import text
from app.store.database import db

#: A record and those merged into it, each once: the record in use, then what `folded` wants of one of them.
_PERSON = """
    SELECT {person}, u.first_name, u.last_name, u.number, u.email, u.phone, u.emergency_phone, p.name, p.email, p.phone
    FROM users u LEFT JOIN payers p ON p.id = u.payer_id {which}
"""
_IN_THESE = "IN (SELECT value FROM json_each(?))"
_OWN = _PERSON.format(person="u.id", which="{0} ORDER BY u.id")
_MERGED = _PERSON.format(person="u.merged_into", which="WHERE u.merged_into {0} ORDER BY u.id")

#: By what of a row people are found, and by whose: a change of anything else leaves the index as it is.
COLUMNS = {
    "users": frozenset(
        ("first_name", "last_name", "number", "email", "phone", "emergency_phone", "payer_id", "merged_into")
    ),
    "payers": frozenset(("name", "email", "phone")),
}

_PUT = (
    "INSERT INTO people_search (id, folded) VALUES (?, ?)"
    " ON CONFLICT (id) DO UPDATE SET folded = excluded.folded WHERE folded <> excluded.folded"
)


def folded(first: str, last: str, number: str, email: str, phones: tuple[str, ...], payer: str) -> str:
    """The text a person is found by."""
    digits = " ".join(filter(None, (text.phone_digits(phone or "") for phone in phones)))
    return text.fold(" ".join(filter(None, (first, last, number, email, payer)))) + (" " + digits if digits else "")


def lines(connection: Any, user_ids: Collection[int] | None = None) -> Iterator[tuple[int, str]]:
    """(record, the text it is found by) of some records, or of all; in their order."""
    these = () if user_ids is None else (json.dumps(list(user_ids)),)
    more: dict[int, str] = {}
    for person, *columns in connection.execute(_MERGED.format("IS NOT NULL" if user_ids is None else _IN_THESE), these):
        more[person] = f"{more.get(person, '')} {_line(*columns)}"
    for person, *columns in connection.execute(
        _OWN.format("" if user_ids is None else f"WHERE u.id {_IN_THESE}"), these
    ):
        yield person, _line(*columns) + more.get(person, "")


def _line(
    first: str, last: str, number: str, email: str, phone: str, emergency: str, payer: str, mail: str, payer_phone: str
) -> str:
    return folded(first, last, number, " ".join(filter(None, (email, mail))), (phone, emergency, payer_phone), payer)


def index(connection: Any, table: str, row_id: int) -> None:
    """`index_all` for one user or payer."""
    index_all(connection, table, [row_id])


def index_all(connection: Any, table: str, row_ids: Collection[int]) -> None:
    """Bring the index in step with many users and whoever they were merged into, or with everyone whom many payers pay
    for; other tables have none.
    """
    if table not in ("users", "payers") or not row_ids:
        return
    which = "id" if table == "users" else "payer_id"
    sql = f"SELECT id, merged_into FROM users WHERE {which} {_IN_THESE}"
    found = connection.execute(sql, (json.dumps(list(row_ids)),)).fetchall()
    wanted = {one for row in found for one in row if one is not None}
    connection.executemany(_PUT, list(lines(connection, sorted(wanted))))


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
