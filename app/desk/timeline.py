"""What happened to a person, in order: a key and parameters, rendered for each reader."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from app.desk import identity
from app.store import Write
from app.store.models import Timeline


def add(w: Write, user_id: int, key: str, subject: tuple[str, int] | None = None, /, **params: Any) -> int:
    """Put an entry on a person's timeline, inside the event's own write. `subject` is (table, id).

    What happens to something that stands at a record merged away happens to the person, and is read with them.
    """
    table, row_id = subject or (None, None)
    return w.insert(
        Timeline,
        user_id=identity.root(user_id),
        actor_id=w.actor.user_id,
        key=key,
        params=json.dumps(params, ensure_ascii=False, sort_keys=True),
        subject_table=table,
        subject_id=row_id,
    )


def add_to_all(w: Write, user_ids: Iterable[int], key: str, **params: Any) -> None:
    """`add` the same entry to the timelines of many people at once; of those who are there, and once for a person."""
    said = {"actor_id": w.actor.user_id, "key": key, "params": json.dumps(params, ensure_ascii=False, sort_keys=True)}
    w.insert_many(Timeline, [{"user_id": user_id, **said} for user_id in identity.in_use(user_ids)])
