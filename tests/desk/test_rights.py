"""Rights: nobody without one gets past the first line of a writing function, and an override needs its own."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest

import app.desk
from app.desk import accounts, scheduling, seats
from app.desk.accounts import Actor
from app.errors import UserError
from app.mail import queue
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def acting() -> dict[str, Callable[..., Any]]:
    """Every public function that takes an actor first."""
    modules = [importlib.import_module(f"app.desk.{found.name}") for found in pkgutil.iter_modules(app.desk.__path__)]
    found = {}
    for module in (*modules, queue):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            parameters = list(inspect.signature(function).parameters)
            if function.__module__ == module.__name__ and parameters[:1] == ["actor"] and not name.startswith("_"):
                found[f"{module.__name__}.{name}"] = function
    return {name: function for name, function in found.items() if name not in ("app.desk.accounts.may",)}


FUNCTIONS = acting()


def test_the_functions_were_found() -> None:
    assert len(FUNCTIONS) > 45
    assert {"app.desk.refunds.refund", "app.desk.till.close_till", "app.mail.queue.cancel"} <= set(FUNCTIONS)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "app.desk.accounts.require"])
def test_a_student_gets_no_further_than_the_first_line(name: str) -> None:
    """There is no file open: whatever is asked before the right would fail in another way."""
    function, values, named = FUNCTIONS[name], [], {}
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        if parameter.default is inspect.Parameter.empty:
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                named[parameter.name] = None
            else:
                values.append(None)
    with pytest.raises(UserError, match=r"rights\.missing"):
        function(Actor(None, "student"), *values, **named)


def test_an_override_needs_a_right_of_its_own(small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(accounts._RIGHTS, "staff", accounts._RIGHTS["staff"] - {"schedule.override"})
    staff = small_center.staff
    draft = scheduling.SessionDraft(
        course_id=small_center.course, name="Evening", recurrence="picked_dates", picked_dates=("2031-03-04",)
    )
    forced = scheduling.SessionDraft(**{**vars(draft), "override_reason": "must be"})
    slot = scheduling.slots_of(scheduling.plan_session(staff, draft))[0]
    for call in (
        lambda: scheduling.plan_session(staff, forced),
        lambda: scheduling.move_slot(staff, slot.id, slot.version, "2031-03-05T09:00", override_reason="must be"),
        lambda: seats.book(staff, slot.id, small_center.student, override_reason="must be"),
        lambda: seats.book_session(staff, slot.session_id, small_center.student, override_reason="must be"),
    ):
        with pytest.raises(UserError) as refused:
            call()
        assert refused.value.params["right"] == "schedule.override"
