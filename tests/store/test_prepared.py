"""Reads whose SQL is written once answer like any other query, for every argument and every number of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from peewee import Value, fn

from app import store
from app.desk import enrollment, payments
from app.desk.enrollment import EnrollmentDraft
from app.desk.payments import PayLine, PaymentDraft
from app.store import database
from app.store import prepared as module
from app.store.models import Note, Payment, User
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


# -- planned once


def planned(act: Callable[[], object]) -> int:
    """How many steps of planning SQLite takes for an act: it asks for leave at each, and only while it plans."""
    asked: list[str] = []

    def leave(_kind: int, first: str | None, *_rest: Any) -> int:
        asked.append(str(first))
        return 0

    connection = store.db.connection()
    connection.set_authorizer(leave)
    act()  # whoever may ask for leave makes everything be planned anew, once
    asked.clear()
    act()
    connection.set_authorizer(None)
    return len(asked)


def paying(small: SmallCenter) -> Callable[[], object]:
    """Completes a payment of one student, then of another."""
    waiting = []
    for student in (small.student, small.other_student):
        line = enrollment.enroll(small.staff, EnrollmentDraft(student, small.course))
        paid = (PayLine(enrollment_id=line, amount_minor=33_000),)
        waiting.append(payments.start(small.staff, PaymentDraft(f"{student}", student, "cash", 33_000, paid)))
    return lambda: payments.complete(small.staff, waiting.pop())


def test_a_payment_like_one_before_plans_no_statement(small_center: SmallCenter) -> None:
    assert planned(paying(small_center)) == 0
    assert Payment.select().where(Payment.status == "COMPLETED").count() == 2


def test_it_would_with_as_many_ready_statements_as_the_driver_keeps(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "READY_STATEMENTS", 100)
    store.close_center()
    store.open_center(small_center.folder)
    assert planned(paying(small_center)) > 100


def test_a_value_that_is_always_the_same_is_not_planned_for_anew(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waiting() -> Any:
        return prepared(lambda least: Payment.select(Payment.id).where(Payment.status == "STARTED", Payment.id > least))

    written_out, given = waiting(), waiting()
    assert planned(lambda: written_out(0)) == 0
    monkeypatch.setattr(module, "_with_constants", lambda sql, params, marks: (sql, list(params)))
    assert planned(lambda: given(0)) > 0


def test_a_question_for_one_row_is_not_planned_anew(small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    def one() -> None:
        assert User.get_by_id(small_center.student).last_name == "Satler"
        assert User.select().order_by(User.id.desc()).first().id == User.select(fn.MAX(User.id)).scalar()

    assert planned(one) == 0
    monkeypatch.setattr(database, "_one_row", lambda sql, params: (sql, params))
    assert planned(one) > 0


def test_constants_stand_in_a_statement_as_what_they_are(small_center: SmallCenter) -> None:
    """Whatever a text holds, it is one: quotes, marks for values, line breaks, nothing at all."""
    odd = ["it's", "''", "?", "a ? b", "", "two\nlines", "x\\", "--", "ü"]
    with store.write("Notes", small_center.staff) as w:
        for each in odd:
            w.insert(Note, user_id=small_center.student, text=f"<{each}>", pinned=len(each) % 2)
    for each in odd:
        same = saying(f"<{each}>", len(each) % 2)
        assert same(small_center.student) == [(f"<{each}>", -5)]
        assert same(small_center.other_student) == []


def saying(words: str, pinned: int) -> Any:
    says = (Note.text == words) & (Note.pinned == pinned)
    return prepared(lambda user: Note.select(Value(words), Value(-5)).where(says, Note.user_id == user))
