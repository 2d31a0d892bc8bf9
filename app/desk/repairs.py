"""Check and repair: make anew what can be made from the rest of the file, after a copy of the file as it is.

Each repair is an operation of its own, with who and when. What is somebody's work or money is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from app import store
from app.desk import balances, seats
from app.desk.accounts import Actor, require
from app.errors import DeskError
from app.store import Write, backup, checks
from app.store import repair as anew
from app.store.models import Course, CourseEnrolled

#: Rows brought in step in one operation: others at the desk wait no longer than for those.
AT_ONCE = 200


@dataclass
class Repaired:
    """What a repair did: the copy made before, kind → how many were made anew, and what could not be, with why."""

    copy: backup.Backup | None = None
    done: dict[str, int] = field(default_factory=dict)
    failed: list[tuple[str, DeskError]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many things were made anew."""
        return sum(self.done.values())


def repair(actor: Actor, progress: checks.Progress | None = None, stop: Callable[[], bool] = lambda: False) -> Repaired:
    """Check the open file, copy it, and make anew what can be; nothing at all where nothing can.

    Stopped (`checks.Stopped`, `backup.Stopped`) between two steps: what was made anew until then is whole. The copy is
    made first, or an EnvironmentFault says why not and nothing is touched.
    """
    require(actor, "keeping.repair")
    made = Repaired()
    kinds = anew.plan(store.db.connection(), checks.run(progress, stop))
    if not kinds:
        return made
    made.copy = backup.take(store.data_folder(), "repair", stop)
    _make_anew(actor, made, list(kinds), progress, stop)
    if "search" in kinds:  # where its tables are missing, the check says so and looks no further
        rest = anew.plan(store.db.connection(), checks.run(progress, stop))
        _make_anew(actor, made, [kind for kind in rest if kind not in kinds], progress, stop)
    made.done = {kind: count for kind, count in made.done.items() if count}
    return made


def _make_anew(
    actor: Actor, made: Repaired, kinds: list[str], progress: checks.Progress | None, stop: Callable[[], bool]
) -> None:
    for number, kind in enumerate(kinds):
        if progress is not None:
            progress(f"repair.{kind}", number, len(kinds))
        for step in _steps(actor, kind):
            if stop():
                raise checks.Stopped
            try:
                made.done[kind] = made.done.get(kind, 0) + step()
            except DeskError as error:
                made.failed.append((kind, error))


def _steps(actor: Actor, kind: str) -> Iterator[Callable[[], int]]:
    """The operations of one kind of repair; each answers how many things it made anew."""
    connection = store.db.connection()
    if kind == "triggers":
        yield partial(_write, actor, "Repair guards", anew.make_triggers)
    elif kind == "indexes":
        for name in anew.lacking_indexes(connection):
            yield partial(_write, actor, "Repair index", anew.make_index, name)
        for name in anew.damaged_indexes(connection):
            yield partial(_write, actor, "Repair index", anew.refill_index, name)
    elif kind == "search":
        yield partial(_write, actor, "Repair search index", anew.make_search)
    elif kind == "operation":
        yield partial(_write, actor, "Repair open operation", anew.mark_no_operation)
    else:
        # Some hundred rows at a time; each is worked out from the rows as they are then.
        rows = anew.out_of_step(connection, kind)
        for first in range(0, len(rows), AT_ONCE):
            yield partial(_write, actor, _LABELS[kind], _in_step, kind, rows[first : first + AT_ONCE])


_LABELS = {
    "balances": "Repair balances",
    "next_slots": "Repair next slots",
    "seats": "Repair seats taken",
    "progress": "Repair course progress",
}


def _write(actor: Actor, label: str, work: Callable[..., int], *args: Any) -> int:
    require(actor, "keeping.repair")
    with store.write(label, actor) as w:
        return work(w, *args)


def _in_step(w: Write, kind: str, rows: list[int]) -> int:
    if kind == "balances":
        balances.recompute_all(w, rows)
    elif kind == "next_slots":
        seats.refresh_next_slot(w, rows)
    elif kind == "seats":
        seats.recount(w, rows)
    else:
        for row in rows:
            kept = CourseEnrolled.get_by_id(row)
            w.update(CourseEnrolled, row, **seats.progress_of(row, Course.get_by_id(kept.course_id)))
    return len(rows)
