"""Reads whose SQL is written once answer like any other query, for every argument and every number of them."""

from __future__ import annotations

from typing import Any

import pytest

from app import store
from app.store.models import Note, User
from app.store.prepared import prepared
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def test_the_answer_follows_the_arguments_and_the_rows(small_center: SmallCenter) -> None:
    written = []

    @prepared
    def notes(user_ids: tuple[int, ...], text: str, most: int) -> Any:
        written.append(user_ids)
        condition = (Note.user_id.in_(user_ids)) & (Note.text != text) & (Note.id < most) & (Note.pinned == 0)
        return Note.select(Note.user_id, Note.text).where(condition).order_by(Note.id)

    one, two = small_center.student, small_center.other_student
    with store.write("Notes", small_center.staff) as w:
        for user, text in ((one, "a"), (two, "b"), (one, "'; DROP TABLE notes")):
            w.insert(Note, user_id=user, text=text)
    assert notes((one,), "a", 99) == [(one, "'; DROP TABLE notes")]
    assert notes((two,), "a", 99) == [(two, "b")]
    assert notes((one, two), "'; DROP TABLE notes", 99) == [(one, "a"), (two, "b")]
    assert notes((two, one), "x", 2) == [(one, "a")]
    assert notes((999,), "x", 99) == []
    assert [len(ids) for ids in written] == [1, 2]
    with store.write("One more", small_center.staff) as w:
        w.insert(Note, user_id=two, text="c")
    assert notes((two,), "a", 99) == [(two, "b"), (two, "c")]


def test_an_argument_that_does_not_reach_the_query_is_a_bug(small_center: SmallCenter) -> None:
    lost = prepared(lambda user_id: User.select(User.id).where(User.id == small_center.student))
    with pytest.raises(ValueError, match="does not stand in it"):
        lost(1)
