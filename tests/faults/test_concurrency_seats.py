"""Eight writers on the last seat: one winner. With the guards switched off the same test oversells."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from app import store
from app.desk import scheduling, seats
from app.errors import DeskError, UserError
from app.store.models import Slot, SlotEnrolled, User
from tests.support.center import SmallCenter, small_center
from tests.support.controls import without_transactions

__all__ = ["small_center"]

WRITERS = 8


def race(center: SmallCenter, gate: threading.Barrier | None, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[str]]:
    """Let everyone book the same last seat at once; (winners, how the others were refused)."""
    session = scheduling.plan_session(
        center.staff,
        scheduling.SessionDraft(
            course_id=center.course,
            name="Last seat",
            recurrence="picked_dates",
            picked_dates=("2030-01-08",),
            capacity=1,
        ),
    )
    slot = int(Slot.get(Slot.session_id == session).id)
    with store.write("People", center.admin) as w:
        students = [w.insert(User, role="student", first_name=f"Writer {n}") for n in range(WRITERS)]
    if gate is not None:
        counted = seats.taken

        def slow(slot_id: int, now: str) -> int:
            found = counted(slot_id, now)
            # Hold everyone between the decision and the deed, where the guards should not let two be at once.
            if threading.current_thread() is not threading.main_thread():
                try:
                    gate.wait(timeout=5)
                except threading.BrokenBarrierError:
                    pass
            return found

        monkeypatch.setattr(seats, "taken", slow)
    start = threading.Barrier(WRITERS)
    refused: list[str] = []
    others: list[BaseException] = []

    def book(student: int) -> None:
        with store.connected():
            start.wait()
            try:
                seats.book(center.staff, slot, student)
            except UserError as error:
                refused.append(error.key)
            except (DeskError, Exception) as error:
                others.append(error)

    threads = [threading.Thread(target=book, args=(student,)) for student in students]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gate is not None or not others, others
    live: Any = SlotEnrolled.select().where(SlotEnrolled.slot_id == slot, SlotEnrolled.status == "booked")
    return live.count(), refused


def test_one_winner(small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    winners, refused = race(small_center, None, monkeypatch)
    assert winners == 1
    assert refused == ["seats.full"] * (WRITERS - 1)


def test_control_without_the_guards_it_oversells(small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    without_transactions(monkeypatch)
    winners, _refused = race(small_center, threading.Barrier(WRITERS), monkeypatch)
    assert winners > 1
