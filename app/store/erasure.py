"""What erasing a person needs of the file itself: the record of changes redacted, and no byte left behind.

Beside the file stands `erased.json`: the uids of everyone who was erased, so that a restore of an older copy erases
them again, and whether the file still has to be cleaned (a kill, or a full disk, may come between). It names nobody.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import EnvironmentFault
from app.store import database, restore
from app.store.database import Write, db, faults

#: An image of a row in the record of changes, without what was personal in it.
Blank = Callable[[dict[str, Any]], dict[str, Any]]


# -- the record of changes -------------------------------------------------------------------------------------


def redact(
    w: Write,
    table: str,
    row_ids: Collection[int],
    blank: Blank,
    *,
    moved_only: bool = False,
    among: tuple[int, int] | None = None,
) -> int:
    """Take what is personal out of every recorded change of these rows; returns how many changes there were.

    With `moved_only` a change in which there is nothing to take out stays as it is, and can be taken back as before.
    With `among` (first, last) only what these operations and those between them changed.
    """
    count = 0
    first, last = among if among is not None else (0, w.operation_id)
    for row_id in row_ids:
        for change_id, *images in w.connection.execute(
            "SELECT id, before, after FROM changes WHERE table_name = ? AND row_id = ?"
            " AND operation_id BETWEEN ? AND ?",
            (table, row_id, first, last),
        ).fetchall():
            kept = [json.loads(words) if words is not None else None for words in images]
            made = [blank(one) if one is not None else None for one in kept]
            if moved_only and made == kept:
                continue
            before, after = (json.dumps(one, ensure_ascii=False) if one is not None else None for one in made)
            _redact_one(w, change_id, before, after)
            count += 1
    return count


def _redact_one(w: Write, change_id: int, before: str | None, after: str | None) -> None:
    w._execute("UPDATE changes SET before = ?, after = ?, redacted = 1 WHERE id = ?", (before, after, change_id))


def rows_ever(table: str, column: str, values: Collection[int], also: tuple[str, str] | None = None) -> list[int]:
    """Ids of the rows of a table that ever pointed at one of `values`, also of those that are gone.

    With `also` (column, text), that column must have said so in the same moment.
    """
    image, marks = "coalesce(after, before)", ", ".join("?" * len(values))
    sql = f"SELECT DISTINCT row_id FROM changes WHERE table_name = ? AND {image} ->> ? IN ({marks})"
    params: list[Any] = [table, f"$.{column}", *values]
    if also is not None:
        sql += f" AND {image} ->> ? = ?"
        params += [f"$.{also[0]}", also[1]]
    return [int(row[0]) for row in db.execute_sql(sql + " ORDER BY row_id", params).fetchall()]


def images_of(table: str, row_ids: Collection[int]) -> list[dict[str, Any]]:
    """Every image that the record of changes holds of these rows."""
    found = []
    for row_id in row_ids:
        rows = db.execute_sql(
            "SELECT before, after FROM changes WHERE table_name = ? AND row_id = ?", (table, row_id)
        ).fetchall()
        found += [json.loads(words) for pair in rows for words in pair if words is not None]
    return found


def rows_with_words(table: str, columns: Collection[str], names: Collection[tuple[str, ...]]) -> list[int]:
    """Ids of rows of which some column holds all words of one of some names, now or in the record of changes.

    Words are letters and digits alone, so that JSON writes them as they are; A to Z count in any case.
    """
    found: set[int] = set()
    for words in names:
        pieces = [f"%{word}%" for word in sorted(words, key=len, reverse=True)]  # the rarest tells first

        def holds(column: str, pieces: list[str] = pieces) -> str:
            return "(" + " AND ".join([f"{column} LIKE ?"] * len(pieces)) + ")"

        sql = f"SELECT id FROM {table} WHERE {' OR '.join(map(holds, columns))}"
        found |= {int(row[0]) for row in db.execute_sql(sql, pieces * len(columns)).fetchall()}
        sql = f"SELECT DISTINCT row_id FROM changes WHERE table_name = ? AND ({holds('before')} OR {holds('after')})"
        found |= {int(row[0]) for row in db.execute_sql(sql, (table, *pieces, *pieces)).fetchall()}
    return sorted(found)


def rows_like(table: str, column: str, pattern: str) -> list[int]:
    """Ids of rows whose `column` was ever like a pattern (LIKE), also of those that are gone."""
    sql = "SELECT DISTINCT row_id FROM changes WHERE table_name = ? AND coalesce(after, before) ->> ? LIKE ?"
    found = db.execute_sql(sql + " ORDER BY row_id", (table, f"$.{column}", pattern)).fetchall()
    return [int(row[0]) for row in found]


def forget_words(w: Write) -> None:
    """Have the search index drop the words of what it was told to forget: FTS5 only marks them, until it is asked."""
    for index in ("people_trigram", "people_prefix"):
        w._execute(f"INSERT INTO {index} ({index}) VALUES ('optimize')")


# -- the bytes -------------------------------------------------------------------------------------------------


def clean() -> None:
    """Write the open file anew without what was deleted: no free pages, and an empty log.

    Waits for nobody for long: EnvironmentFault `store.locked` while another reads, `store.disk_full` where there is no
    room for a second file. What is in the file stays as it is either way.
    """
    path = str(db.database)
    with database._write_lock, faults(path):
        connection = db.connection()
        connection.execute("VACUUM")
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise EnvironmentFault("store.locked", path=path, detail="wal_checkpoint")


# -- beside the file -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Known:
    """The uids of everyone erased from a center, and whether its file has been cleaned since."""

    uids: frozenset[str] = frozenset()
    clean: bool = True


def _beside(data_dir: Path) -> Path:
    return data_dir / "erased.json"


def known(data_dir: Path) -> Known:
    """What is written beside the file; nothing where nobody was erased, or it cannot be read."""
    try:
        kept = json.loads(_beside(data_dir).read_text("utf-8"))
        return Known(frozenset(map(str, kept["uids"])), bool(kept["clean"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Known()


def note(data_dir: Path, uids: Iterable[str] = (), *, clean: bool | None = None) -> None:
    """Write down who was erased, beside those who were before, and whether the file is clean. UTF-8, whole or not."""
    before = known(data_dir)
    wanted = sorted(before.uids | set(uids))
    path = _beside(data_dir)
    partial = path.with_name(path.name + ".partial")
    with faults(str(path)):
        with partial.open("w", encoding="utf-8") as file:
            json.dump({"uids": wanted, "clean": before.clean if clean is None else clean}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)


def erased_in(path: Path) -> frozenset[str]:
    """The uids of everyone who is erased in a center's file, none where it cannot be read or is another program's."""
    if not path.is_file() or restore.another_programs(path):
        return frozenset()
    with contextlib.suppress(Exception), contextlib.closing(database.open_beside(path)) as connection:
        rows = connection.execute("SELECT uid FROM users WHERE erased_at IS NOT NULL").fetchall()
        return frozenset(uid for (uid,) in rows)
    return frozenset()
