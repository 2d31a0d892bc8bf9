"""A checked list written into the center: one operation, all of it or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from app import store
from app.desk import center, notifications, timeline
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.exchange import checking
from app.exchange.checking import Line, Plan
from app.exchange.reading import Progress, Stop, Stopped, never
from app.lists import known
from app.store import Write, backup, search
from app.store.models import Import, Timeline, User

#: So many people at once go down the driver's road; more would only take memory.
CHUNK = 2_000

_Some = TypeVar("_Some")


@dataclass(frozen=True)
class Done:
    """What an import did: ids of the new people, how many were changed, and what was left out, state by state."""

    first_id: int
    added: int
    changed: int
    left_out: dict[str, int]


def back_up_first(data_dir: Path, stop: Stop = never, progress: Progress | None = None) -> None:
    """A verified copy before the import. EnvironmentFault `exchange.no_backup` where it is unsound; Stopped."""
    try:
        backup.take_first(data_dir, "import", "exchange.no_backup", stop, progress)
    except backup.Stopped as stopped:
        raise Stopped from stopped


def import_students(actor: Actor, plan: Plan, update: bool = False, progress: Progress | None = None) -> Done:
    """Add the new people of a plan, and with `update` change those who are there; returns what was done.

    One operation "Import students". UserErrors `exchange.nothing`; `exchange.meanwhile` where one of them came in
    since the list was checked, `store.changed_meanwhile` where one to be changed was changed: nothing is written.
    Lines that are wrong stay out: whoever must not leave any out asks `plan.counts()` first.
    """
    require(actor, "people.import")
    new, changed = plan.chosen(update=update)
    if not new and not changed:
        raise UserError("exchange.nothing")
    total = len(new) + len(changed)
    counts = plan.counts()
    with store.write("Import students", actor) as w:
        _refuse_who_came_meanwhile(plan, new)
        first = w.reserve_numbers("student", len(new)) if new else 0
        top = w.fresh_id(User)
        language = center.load().language
        params = json.dumps({"file": plan.table.name}, ensure_ascii=False)
        pattern = _pattern()
        for start, lines in _chunks(new):
            rows = [
                {
                    **_BLANK,
                    "language": language,
                    **{name: value for name, value in (line.row or {}).items() if value not in (None, "")},
                    "id": top + start + number,
                    "number": pattern.format(number=first + start + number),
                }
                for number, line in enumerate(lines)
            ]
            _add(w, rows, params)
            if progress is not None:
                progress(start + len(lines), total)
        versions: dict[int, int] = {}  # two lines may be one person by different marks
        for line in changed:
            moved = checking.changes(plan, line)
            assert line.match is not None
            version = versions.get(line.match, plan.known[line.match].version)
            w.update(User, line.match, version, **moved)
            versions[line.match] = version + 1
            fields = ", ".join(sorted(moved))
            timeline.add(w, line.match, "people.edited", ("users", line.match), fields=fields)
        outcome = json.dumps({**counts, "updated": len(changed)}, sort_keys=True)
        w.insert(
            Import,
            kind="students",
            file_name=plan.table.name[:200],
            sha256=plan.table.sha256,
            row_count=len(new),
            outcome=outcome,
        )
        notifications.notify(
            w,
            "new_account",
            "center",
            "exchange.done",
            count=len(new),
            changed=len(changed),
            file=plan.table.name[:200],
        )
    left_out = {state: count for state, count in counts.items() if state not in ("new", "update")}
    if not update:
        left_out["update"] = counts["update"]
    return Done(top, len(new), len(changed), left_out)


#: What an imported person has where the list says nothing; every row has the same columns.
_BLANK: dict[str, Any] = {
    "role": "student", "status": "active", "last_name": "", "email": None, "phone": None, "date_of_birth": None,
    "address": "", "language": "", "emergency_name": "", "emergency_phone": "",
}  # fmt: skip


def _chunks(rows: list[Line]) -> Iterator[tuple[int, list[Line]]]:
    for start in range(0, len(rows), CHUNK):
        yield start, rows[start : start + CHUNK]


def _add(w: Write, rows: list[dict[str, Any]], params: str) -> None:
    """New people, what they are found by, and the first entry of their timelines."""
    w.insert_many(User, rows)
    w.insert_many(
        Timeline,
        [
            {
                "user_id": row["id"], "actor_id": w.actor.user_id, "key": "exchange.imported", "params": params,
                "subject_table": "users", "subject_id": row["id"],
            }
            for row in rows
        ],
    )  # fmt: skip
    search.index_many(w.connection, rows)


def _pattern() -> str:
    from app.store.models import Series

    return str(Series.get(Series.name == "student").pattern)


def _refuse_who_came_meanwhile(plan: Plan, new: list[Line]) -> None:
    """Nobody who came in, or was changed, after the list was checked may be doubled by it."""
    late = list(known.students(since=(plan.as_of, plan.stamp)))
    name = checking.first_among(late, new)
    if name:
        raise UserError("exchange.meanwhile", name=name)
