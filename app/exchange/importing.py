"""A checked list written into the center: one operation, all of it or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from app import store
from app.desk import center, notifications, timeline
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.exchange import checking, paying
from app.exchange.checking import Line, Plan
from app.exchange.reading import Progress, Stop, Stopped, never
from app.lists import known
from app.store import Write, backup, search
from app.store.models import Import, Payer, Timeline, User

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
        paid_by = _payers(w, plan, new, changed, language)
        pattern = _pattern()
        for start, lines in _chunks(new):
            rows = [
                {
                    **_BLANK,
                    "language": language,
                    **{name: value for name, value in _of_student(line.row) if value not in (None, "")},
                    "payer_id": paid_by.of(line),
                    "id": top + start + number,
                    "number": pattern.format(number=first + start + number),
                }
                for number, line in enumerate(lines)
            ]
            _add(w, rows, params, paid_by.found_by)
            if progress is not None:
                progress(start + len(lines), total)
        versions: dict[int, int] = {}  # two lines may be one person by different marks
        for line in changed:
            moved = checking.changes(plan, line)
            assert line.match is not None
            fields = ", ".join(sorted(moved))
            if moved.pop("payer_name", None) is not None:
                moved["payer_id"] = paid_by.of(line)
            version = versions.get(line.match, plan.known[line.match].version)
            w.update(User, line.match, version, **moved)
            versions[line.match] = version + 1
            timeline.add(w, line.match, "people.edited", ("users", line.match), fields=fields)
        outcome = json.dumps({**counts, "updated": len(changed), "payers": paid_by.made}, sort_keys=True)
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
    "address": "", "language": "", "emergency_name": "", "emergency_phone": "", "payer_id": None,
}  # fmt: skip


def _chunks(rows: list[Line]) -> Iterator[tuple[int, list[Line]]]:
    for start in range(0, len(rows), CHUNK):
        yield start, rows[start : start + CHUNK]


def _of_student(row: dict[str, Any] | None) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in (row or {}).items() if name not in paying.FIELDS)


class _PaidBy:
    """Who pays for each line, once everyone who pays is in the file; `made` says how many were not there before."""

    def __init__(self) -> None:
        self.made = 0
        #: What their students are found by: name, address, phone of each payer.
        self.found_by: dict[int, tuple[str, str, str]] = {}
        self._of: dict[int, int] = {}

    def put(self, line: Line, payer_id: int, name: str, email: str | None, phone: str | None) -> None:
        """A payer pays for a line."""
        self._of[id(line)] = payer_id
        self.found_by[payer_id] = (name, email or "", phone or "")

    def of(self, line: Line) -> int | None:
        """Who pays for a line, None where they pay alone."""
        return self._of.get(id(line))


def _payers(w: Write, plan: Plan, new: list[Line], changed: list[Line], language: str) -> _PaidBy:
    """Match who pays with those who are there as of now, and add those who are not, each once.

    UserError `exchange.payer_inactive`.
    """
    found = _PaidBy()
    if "payer_name" not in plan.fields:
        return found
    there, listed = paying.Payers(known.payers()), paying.Payers()
    rows: list[paying.Payer] = []
    waiting: list[tuple[Line, int]] = []
    lines: list[tuple[Line, int | None]] = [(line, None) for line in new]
    lines += [(line, plan.known[line.match].payer_id if line.match is not None else None) for line in changed]
    for line, before in lines:
        payer = paying.told(line.row or {})
        if payer is None:
            continue
        one = there.find(payer)
        if one is not None:
            if one.status != "active" and before != one.id:
                raise paying.inactive(one)
            found.put(line, one.id, one.name, one.email, one.phone)
            continue
        place = listed.find(payer)
        if place is None:
            place = len(rows)
            rows.append(payer)
            listed.add(place, payer.name, payer.kind, payer.email, payer.phone)
        elif payer.email and not rows[place].email:
            rows[place] = replace(payer, phone=payer.phone or rows[place].phone)  # a company, by now with its address
            listed.add(place, payer.name, payer.kind, payer.email, payer.phone)
        waiting.append((line, place))
    found.made = len(rows)
    first = _add_payers(w, rows, language)
    for line, place in waiting:
        payer = rows[place]
        found.put(line, first + place, payer.name, payer.email, payer.phone)
    return found


def _add_payers(w: Write, payers: list[paying.Payer], language: str) -> int:
    """Add payers; their ids follow each other from the one returned."""
    first = w.fresh_id(Payer)
    rows = [
        {
            "id": first + place, "name": one.name, "kind": one.kind, "email": one.email, "phone": one.phone,
            "language": language,
        }
        for place, one in enumerate(payers)
    ]  # fmt: skip
    w.insert_many(Payer, rows)
    return first


def _add(w: Write, rows: list[dict[str, Any]], params: str, paid_by: Mapping[int, tuple[str, str, str]]) -> None:
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
    search.index_many(w.connection, rows, paid_by)


def _pattern() -> str:
    from app.store.models import Series

    return str(Series.get(Series.name == "student").pattern)


def _refuse_who_came_meanwhile(plan: Plan, new: list[Line]) -> None:
    """Nobody who came in, or was changed, after the list was checked may be doubled by it."""
    late = list(known.students(since=(plan.as_of, plan.stamp)))
    name = checking.first_among(late, new)
    if name:
        raise UserError("exchange.meanwhile", name=name)
