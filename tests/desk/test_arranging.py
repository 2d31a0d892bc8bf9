"""How each person likes the roster: kept for them alone, and readable whatever stands there."""

from __future__ import annotations

import pytest

from app import store
from app.desk import arranging, undo
from app.desk.accounts import Actor
from app.desk.arranging import Arrangement, View
from app.errors import UserError
from app.lists import operations
from app.store import checks
from app.store.models import Operation, Setting
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

OWING = View("Owing", "ana", ("owes", "course:1"), ("name", "balance"), "-balance")


def test_each_person_has_their_own(small_center: SmallCenter) -> None:
    staff, admin = small_center.staff, small_center.admin
    arranging.arrange(staff, ("name", "balance"), "-balance")
    arranging.save_view(staff, OWING)
    assert arranging.load(staff.user_id) == Arrangement(("name", "balance"), "-balance", (OWING,))
    assert arranging.load(admin.user_id) == arranging.load(None) == Arrangement()
    arranging.arrange(staff, (), "")
    assert arranging.load(staff.user_id) == Arrangement(views=(OWING,))
    assert checks.run() == []


def test_whoever_can_be_at_the_desk_may_arrange_it(small_center: SmallCenter) -> None:
    instructor = Actor(small_center.instructor, "instructor")
    arranging.arrange(instructor, ("name", "phone"), "name")
    assert arranging.load(instructor.user_id).sort == "name"


def test_a_view_is_saved_over_renamed_and_removed(small_center: SmallCenter) -> None:
    staff = small_center.staff
    for name in ("Owing", "Today", "Mail"):
        arranging.save_view(staff, View(name))
    arranging.save_view(staff, OWING)
    assert arranging.load(staff.user_id).views == (OWING, View("Today"), View("Mail"))
    arranging.rename_view(staff, "Today", " Tonight ")
    arranging.rename_view(staff, "Mail", "Mail")
    assert [one.name for one in arranging.load(staff.user_id).views] == ["Owing", "Tonight", "Mail"]
    for act, key in (
        (lambda: arranging.rename_view(staff, "Tonight", "Mail"), "arranging.taken"),
        (lambda: arranging.rename_view(staff, "gone", "x"), "store.gone"),
        (lambda: arranging.rename_view(staff, "Mail", "  "), "text.required"),
        (lambda: arranging.save_view(staff, View("x" * 41)), "text.too_long"),
        (lambda: arranging.save_view(staff, View("a\nb")), "text.control_character"),
        (lambda: arranging.remove_view(staff, "gone"), "store.gone"),
    ):
        with pytest.raises(UserError) as refused:
            act()
        assert (refused.value.key, refused.value.field) == (key, "name")
    arranging.remove_view(staff, "Tonight")
    assert [one.name for one in arranging.load(staff.user_id).views] == ["Owing", "Mail"]


def test_a_person_has_no_more_views_than_can_be_told_apart(small_center: SmallCenter) -> None:
    for number in range(arranging.MOST_VIEWS):
        arranging.save_view(small_center.staff, View(f"View {number}"))
    with pytest.raises(UserError, match=r"arranging\.too_many"):
        arranging.save_view(small_center.staff, OWING)
    arranging.save_view(small_center.staff, View("View 3", sort="name"))


def test_taking_back_brings_a_view_again_and_passes_over_columns(small_center: SmallCenter) -> None:
    staff = small_center.staff
    arranging.save_view(staff, OWING)
    arranging.remove_view(staff, "Owing")
    removed = Operation.select(Operation.id).order_by(Operation.id.desc()).scalar()
    arranging.arrange(staff, ("name", "phone"), "")
    assert operations.page([removed])[removed].words == "View removed"
    assert undo.newest(staff) == removed, "Ctrl+Z takes back work, not a column"
    undo.undo(staff, removed)
    assert arranging.load(staff.user_id) == Arrangement(("name", "phone"), "", (OWING,))


@pytest.mark.parametrize("what", ["roster", "views"])
@pytest.mark.parametrize(
    "value", ["null", "[]", "7", '"x"', "[{}]", "[[]]", '{"columns": 1}', '[{"name": 1, "filters": 2}]']
)
def test_what_another_program_left_there_does_no_harm(small_center: SmallCenter, value: str, what: str) -> None:
    with store.write("Something else", small_center.staff) as w:
        w.insert(Setting, key=f"person.{small_center.staff.user_id}.{what}", value=value)
    found = arranging.load(small_center.staff.user_id)
    assert (found.columns, found.sort) == ((), "")
    assert all(isinstance(one, View) for one in found.views)
    arranging.arrange(small_center.staff, ("name", "phone"), "")
    arranging.save_view(small_center.staff, OWING)
    found = arranging.load(small_center.staff.user_id)
    assert (found.columns, found.views) == (("name", "phone"), (OWING,))
