"""People: what may be typed, what is refused beside its field, what an edit leaves behind."""

from __future__ import annotations

import json

import pytest

from app import store
from app.desk import people
from app.desk.accounts import Actor
from app.errors import UserError
from app.store.models import Note, Notification, NotificationRecipient, Timeline, User
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def draft(**values: object) -> people.StudentDraft:
    return people.StudentDraft(**{"first_name": "Öykü", **values})  # type: ignore[arg-type]


def test_a_new_student_gets_a_number_a_timeline_and_a_notification(small_center: SmallCenter) -> None:
    made = people.add_student(small_center.staff, draft(last_name="Yıldız", phone="+43 664 555 03 90"))
    row = User.get_by_id(made)
    assert (row.number, row.role, row.status, row.created_by) == (
        "S-000003",
        "student",
        "active",
        small_center.staff.user_id,
    )
    assert [entry.key for entry in Timeline.select().where(Timeline.user_id == made)] == ["people.added"]
    notice = Notification.get(Notification.link_id == made)
    assert json.loads(notice.params) == {"name": "Öykü Yıldız"}
    readers = [
        r.user_id for r in NotificationRecipient.select().where(NotificationRecipient.notification_id == notice.id)
    ]
    assert readers == [small_center.admin.user_id]
    assert (
        store.db.execute_sql("SELECT folded FROM people_search WHERE id = ?", (made,))
        .fetchone()[0]
        .startswith("oyku yildiz s-000003")
    )


@pytest.mark.parametrize(
    ("values", "field", "key"),
    [
        ({"first_name": "  "}, "first_name", "text.required"),
        ({"first_name": "x" * 201}, "first_name", "text.too_long"),
        ({"last_name": "a\x00b"}, "last_name", "text.control_character"),
        ({"last_name": "a\ud800"}, "last_name", "text.broken"),
        ({"email": "fz@mail,example"}, "email", "people.email_comma"),
        ({"email": "a@b.example\nBcc: x@y.example"}, "email", "people.email_line_break"),
        ({"email": "nobody"}, "email", "people.bad_email"),
        ({"phone": "call me"}, "phone", "people.bad_phone"),
        ({"phone": "12"}, "phone", "people.bad_phone"),
        ({"date_of_birth": "1999-02-31"}, "date_of_birth", "people.bad_date"),
        ({"date_of_birth": "2999-01-01"}, "date_of_birth", "people.born_ahead"),
        ({"date_of_birth": "1801-01-01"}, "date_of_birth", "people.too_old"),
        ({"language": "klingon!"}, "language", "people.unknown_language"),
        ({"status": "merged"}, "status", "people.unknown_status"),
        ({"payer_id": 99}, "payer_id", "people.no_such_payer"),
    ],
)
def test_bad_input_is_refused_beside_its_field(
    small_center: SmallCenter, values: dict[str, object], field: str, key: str
) -> None:
    before = User.select().count()
    with pytest.raises(UserError) as refused:
        people.add_student(small_center.staff, draft(**values))
    assert (refused.value.field, refused.value.key) == (field, key)
    assert User.select().count() == before


def test_markup_and_formulas_in_names_are_text(small_center: SmallCenter) -> None:
    made = people.add_student(small_center.staff, draft(first_name="<b>Bo</b>", last_name='=HYPERLINK("x")'))
    row = User.get_by_id(made)
    assert (row.first_name, row.last_name) == ("<b>Bo</b>", '=HYPERLINK("x")')


def test_an_edit_on_an_old_version_is_refused(small_center: SmallCenter) -> None:
    first = people.StudentDraft("Ana", "Satler", "ana@mail.example")
    people.edit_student(small_center.staff, small_center.student, 1, first)
    with pytest.raises(UserError, match=r"store\.changed_meanwhile"):
        people.edit_student(small_center.staff, small_center.student, 1, people.StudentDraft("Anna", "Satler"))
    row = User.get_by_id(small_center.student)
    assert (row.first_name, row.version) == ("Ana", 2)
    entry = Timeline.get(Timeline.user_id == small_center.student, Timeline.key == "people.edited")
    assert "email" in json.loads(entry.params)["fields"]


def test_rights(small_center: SmallCenter) -> None:
    with pytest.raises(UserError, match=r"rights\.missing"):
        people.add_student(Actor(small_center.instructor, "instructor"), draft())
    with pytest.raises(UserError, match=r"rights\.missing"):
        people.add_staff(small_center.staff, people.StaffDraft("Eve"))


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"phone": "0043 660 5550184"}, "phone"),
        ({"phone": "+43 660 555 01 84"}, "phone"),
        ({"phone": "0660/555-01-84"}, "phone"),
        ({"phone": "+43 (0)660 5550184"}, "phone"),
        ({"phone": "5550184"}, ""),
        ({"phone": "+43 660 555 01 85"}, ""),
        ({"phone": "66"}, ""),
        ({"email": "ANA.satler@mail.example"}, "email"),
        ({"email": "ana.satler@mail.exampl"}, ""),
        ({"email": "@"}, ""),
        ({"first_name": "Anna", "last_name": "Sattler", "date_of_birth": "1998-05-04"}, "last_name"),
        ({"first_name": "Satler", "last_name": "Ana", "date_of_birth": " 1998-05-04 "}, "last_name"),
        ({"first_name": "Anna", "last_name": "Sattler", "date_of_birth": "1998-05-05"}, ""),
        ({"first_name": "Anna", "last_name": "Sattler"}, ""),
        ({"first_name": "", "date_of_birth": "1998-05-04"}, ""),
        ({"first_name": "Somebody", "last_name": "Else"}, ""),
    ],
)  # fmt: skip
def test_whoever_may_be_the_same_person_is_found_while_typing(
    small_center: SmallCenter, typed: dict[str, str], field: str
) -> None:
    found = people.alike(draft(**{"first_name": "Q", "last_name": "", "phone": "", "email": "", **typed}))
    assert [(one.id, one.name, one.field) for one in found] == (
        [(small_center.student, "Ana Satler", field)] if field else []
    )
    assert people.alike(draft(**{"first_name": "Q", **typed}), small_center.student) == []


def test_a_pinned_note(small_center: SmallCenter) -> None:
    note = people.add_note(small_center.staff, small_center.student, "Prefers Car 2.\nEmployer pays.", pinned=True)
    row = Note.get_by_id(note)
    assert (row.text, row.pinned) == ("Prefers Car 2.\nEmployer pays.", 1)
    with pytest.raises(UserError, match=r"text\.required"):
        people.add_note(small_center.staff, small_center.student, "   ")
