"""The story of a person: every entry is of one kind, whatever part of the program tells it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from app import store
from app.desk import timeline
from app.lists import person
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

DESK = Path(person.__file__).parent.parent

#: What is a change of the record, and of nothing else.
RECORD = ("people.", "erase.", "merge.", "undo.", "exchange.", "repairs.")


def told() -> set[str]:
    """The keys that are written to timelines as the program says them."""
    found = set()
    for path in [*DESK.glob("desk/*.py"), *DESK.glob("exchange/*.py"), *DESK.glob("mail/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "timeline.add":
                found |= {
                    one.value
                    for arg in node.args
                    for one in ast.walk(arg)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str) and "." in one.value
                }
    return found


def test_only_changes_of_the_record_are_told_as_such() -> None:
    keys = told()
    assert len(keys) > 30
    as_record = {key for key in keys if person.kind_of(key) == "record"}
    assert {key for key in as_record if not key.startswith(RECORD)} == set()


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("transfer.timeline", "enrollments"), ("transfer.timeline_group", "enrollments"),
        ("transfer.timeline_money", "money"), ("quotes.timeline_offered", "enrollments"),
        ("promises.timeline", "money"), ("waiving.timeline", "money"), ("people.edited", "record"),
    ],
)  # fmt: skip
def test_counted_and_shown_are_the_same_entries(small_center: SmallCenter, key: str, kind: str) -> None:
    c = small_center
    before = {one: len(person.timeline(c.student, kind=one)) for one in person.KINDS}
    assert before == person.told(c.student).kinds
    facts = dict.fromkeys(
        ("old", "new", "number", "reason", "group", "course", "source", "target", "title", "fields", "name"), "x"
    )
    days = {"amount": 100, "on": "2026-11-20", "until": "2026-11-20"}
    with store.write("Small center", c.admin) as w:
        timeline.add(w, c.student, key, ("users", c.student), **facts, **days)
    after = {one: len(person.timeline(c.student, kind=one)) for one in person.KINDS}
    assert after == person.told(c.student).kinds
    assert {one for one in after if after[one] != before[one]} == {kind}
