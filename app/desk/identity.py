"""Which records stand for one person: one that is in use, and those that were merged into it and point at it.

What may move stands at the record in use. Documents, payments, sent mails and the timeline stay where they were
written: whoever asks about a person asks with all of their records. A pointer never points at another pointer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from app import store
from app.errors import UserError
from app.store.models import (
    Attachment,
    CourseEnrolled,
    Note,
    Payment,
    ProductEnrolled,
    Promise,
    Quote,
    SlotEnrolled,
    User,
)
from app.store.prepared import prepared

_into = prepared(lambda user_id: User.select(User.merged_into).where(User.id == user_id))
_pointing = prepared(lambda user_id: User.select(User.id).where(User.merged_into == user_id).order_by(User.id))
_into_all = prepared(
    lambda user_ids: User.select(User.id, User.merged_into).where(User.id.in_(store.these(user_ids))).order_by(User.id)
)
_pointing_all = prepared(
    lambda user_ids: (
        User.select(User.id, User.merged_into).where(User.merged_into.in_(store.these(user_ids))).order_by(User.id)
    )
)


def root(user_id: int) -> int:
    """The record in use of the person that a record stands for: itself, unless it was merged away."""
    found = _into(user_id)
    return int(found[0][0]) if found and found[0][0] is not None else user_id


def student(user_id: int) -> Any:
    """The record in use of a student, whichever of theirs is asked with.

    UserErrors `store.gone`, `people.not_a_student`.
    """
    found = User.get_or_none(User.id == root(user_id))
    if found is None:
        raise UserError("store.gone")
    if found.role != "student":
        raise UserError("people.not_a_student")
    return found


def in_sight(user_id: int) -> int:
    """The record in use of a person about whom something is written down. UserErrors `store.gone`, `erase.refused`: of
    whoever was erased on request nothing is kept any more.
    """
    found = User.get_or_none(User.id == root(user_id))
    if found is None:
        raise UserError("store.gone")
    if found.erased_at is not None:
        raise UserError("erase.refused")
    return int(found.id)


def records(user_id: int) -> tuple[int, ...]:
    """Every record of a person, the one in use first, whichever of them is asked with."""
    first = root(user_id)
    return (first, *(int(row[0]) for row in _pointing(first)))


def in_use(user_ids: Iterable[int]) -> list[int]:
    """The records in use of everyone who is there, each once; asked in one question, however many they are."""
    return sorted({int(user_id if into is None else into) for user_id, into in _into_all(store.listed(user_ids))})


def merged_away(user_ids: Collection[int]) -> set[int]:
    """Those of some records that were merged into another; asked in one question, however many they are."""
    return {user_id for user_id, into in _into_all(store.listed(user_ids)) if into is not None} if user_ids else set()


def all_records(user_ids: Iterable[int]) -> dict[int, int]:
    """Record → the record in use, of everyone who is there; in the order in which they are asked for.

    However many they are, these are two questions.
    """
    wanted = list(user_ids)
    roots = {user_id: user_id if into is None else into for user_id, into in _into_all(store.listed(wanted))}
    merged: dict[int, list[int]] = {}
    for user_id, into in _pointing_all(store.listed(roots.values())):
        merged.setdefault(into, []).append(user_id)
    firsts = dict.fromkeys(roots[user_id] for user_id in wanted if user_id in roots)
    return {record: first for first in firsts for record in (first, *merged.get(first, ()))}


def left_behind(user_id: int) -> list[tuple[str, int]]:
    """(table, row) of what stands at a record and must not, once it is merged away: the first of each kind."""
    found: list[tuple[str, int]] = []
    conditions: tuple[tuple[Any, Any], ...] = (
        (SlotEnrolled, SlotEnrolled.student_id == user_id),
        (CourseEnrolled, CourseEnrolled.student_id == user_id),
        (ProductEnrolled, ProductEnrolled.student_id == user_id),
        (Quote, Quote.student_id == user_id),
        (Promise, Promise.student_id == user_id),
        (Payment, (Payment.student_id == user_id) & (Payment.status == "STARTED")),
        (Note, Note.user_id == user_id),
        (Attachment, (Attachment.subject_table == "users") & (Attachment.subject_id == user_id)),
    )
    for model, condition in conditions:
        row = model.select(model.id).where(condition).order_by(model.id.desc()).first()
        if row is not None:
            found.append((model._meta.table_name, int(row.id)))
    return found
