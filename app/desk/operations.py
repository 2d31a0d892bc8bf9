"""Named operations as the desk looks back on them: who, when, whether they still count, and who stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app import store, text
from app.desk import labels, naming
from app.errors import UserError
from app.store import images
from app.store.models import Operation, User


@dataclass(frozen=True)
class Done:
    """One operation that was done. `root` is what it is about where it takes back, or does again, another one."""

    id: int
    label: str
    actor_id: int | None
    desk: str
    at: str
    undo_of: int | None
    root: int
    depth: int = 0

    @property
    def again(self) -> bool:
        """Whether it does its root again: an undo of an undo."""
        return self.depth > 0 and self.depth % 2 == 0


def load(operation_id: int) -> Done:
    """An operation by its id. UserError `undo.no_such`."""
    row = Operation.get_or_none(Operation.id == operation_id)
    if row is None:
        raise UserError("undo.no_such")
    root, depth = row, 0
    while root.undo_of is not None:
        root, depth = Operation.get_by_id(root.undo_of), depth + 1
    return Done(row.id, row.label, row.actor_id, row.desk, row.at, row.undo_of, root.id, depth)


def undone() -> dict[int, int]:
    """Every operation that is taken back, with the operation that did it; without what is being written now."""
    now = images.running()
    pairs: Any = (
        Operation.select(Operation.id, Operation.undo_of)
        .where(Operation.undo_of.is_null(False), Operation.id != (now or 0))
        .tuples()
    )
    found: dict[int, int] = {}
    for row_id, target in sorted(pairs, reverse=True):  # the newest first: it says whether an older one still counts
        if row_id not in found:
            found[target] = row_id
    return found


def words(done: Done) -> str:
    """What an operation did, in the language of this desk."""
    if done.undo_of is None:
        return text.sentence(labels.key(done.label))
    key = "undo.timeline_again" if done.again else "undo.timeline"
    return text.sentence(key, {"what": labels.key(load(done.root).label)})


def facts(operation_id: int) -> dict[str, str]:
    """What, who and when, as messages name an operation."""
    done = load(operation_id)
    person = User.get_or_none(User.id == done.actor_id) if done.actor_id is not None else None
    who = f"{person.first_name} {person.last_name}".strip() if person is not None else "Deskbell"
    return {"what": words(done), "who": who, "at": done.at}


def first_of(people: Sequence[int]) -> tuple[int, int] | None:
    """(operation, person): the first thing that was done by one of these people, None where they did nothing."""
    row = (
        Operation.select(Operation.id, Operation.actor_id)
        .where(Operation.actor_id.in_(store.these(store.listed(people))))
        .order_by(Operation.id)
        .first()
        if people
        else None
    )
    return (row.id, row.actor_id) if row is not None else None


def blame(table: str, row_id: int, after: int, but: frozenset[str] = frozenset()) -> int | None:
    """The newest operation after another that changed what a row says and still counts.

    One that only takes back an operation as late as itself left the row as it had been.
    """
    gone = undone()
    undoes = {by: target for target, by in gone.items()}
    now = images.running()
    for moment in images.of_row(table, row_id, after):
        if moment.operation_id == now:
            continue
        counts = moment.operation_id not in gone and undoes.get(moment.operation_id, 0) <= after
        if counts and images.differing(moment.before, moment.after, but):
            return moment.operation_id
    return None


def in_the_way(
    key: str, table: str, row_id: int, after: int, otherwise: str, but: frozenset[str] = frozenset(), **params: Any
) -> UserError:
    """The error that names a record, and the later operation that has to be taken back first."""
    record = naming.name(table, row_id)
    by = blame(table, row_id, after, but)
    if by is None:
        return UserError(otherwise, record=record, **params)
    kind = labels.kind(load(by).label)
    if kind.way == "refused":  # nobody can take that back first
        return UserError("undo.stays_since", record=record, why=kind.why, **facts(by))
    return UserError(key, record=record, **params, **facts(by))
