"""The history as it is read: in words, newest first, and told in words."""

from __future__ import annotations

import re
from datetime import timedelta

from app import clock, store, text
from app.desk import catalog, enrollment, people, scheduling, seats, undo
from app.desk.accounts import SYSTEM
from app.lists import operations
from app.store import images, migrations
from app.store.models import MODELS, Note, Operation, Slot, User
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def last() -> int:
    return int(Operation.select(Operation.id).order_by(Operation.id.desc()).scalar())


def booked(c: SmallCenter) -> int:
    day = (clock.now() + timedelta(days=3)).date().isoformat()
    draft = scheduling.SessionDraft(
        course_id=c.course, name="Theory", recurrence="picked_dates", picked_dates=(day,), start_time="17:30"
    )
    slot = Slot.get(Slot.session_id == scheduling.plan_session(c.staff, draft)).id
    seats.book(c.staff, slot, c.student)
    return last()


def test_a_row_says_what_who_and_about_whom(small_center: SmallCenter) -> None:
    operation = booked(small_center)
    row = operations.page([operation])[operation]
    assert (row.words, row.who, row.desk) == ("Seat booked", "Marta Kowalczyk", "Desk 1")
    assert row.touched.startswith("Ana Satler, Theory, ")
    assert (row.undone, row.is_undo, row.can_be_undone) == (False, False, True)
    taken_back = undo.undo(small_center.staff, operation)
    again = undo.undo(small_center.staff, taken_back)
    rows = operations.page([operation, taken_back, again])
    assert [rows[one].words for one in (taken_back, again)] == ["Taken back: Seat booked", "Done again: Seat booked"]
    assert [rows[one].undone for one in (operation, taken_back, again)] == [False, True, False]
    assert rows[taken_back].touched == row.touched


def test_the_list_is_newest_first_and_leaves_the_programs_own_work_out(small_center: SmallCenter) -> None:
    operation = booked(small_center)
    with store.write("Settle mail", SYSTEM) as w:
        w.insert(Note, user_id=small_center.student, text="x")
    assert operations.ids()[0] == operation
    assert operations.ids(program_too=True)[0] == last()
    assert operations.ids() == sorted(operations.ids(), reverse=True)
    assert operations.ids(actor_id=small_center.admin.user_id) == [2]


def test_the_list_is_filtered_by_what_who_and_about_whom(small_center: SmallCenter) -> None:
    c = small_center
    operation = booked(c)
    people.add_note(c.admin, c.other_student, "hers")
    note = last()
    assert operations.ids("seat booked") == [operation]
    assert operations.ids("satler")[0] == operation
    assert note in operations.ids("wisniewski")
    assert operation not in operations.ids("wisniewski")
    assert operation in operations.ids("kowalczyk"), "who did it"
    assert note not in operations.ids("kowalczyk")
    assert operations.ids("nobody at all") == []
    taken_back = undo.undo(c.staff, operation)
    assert operations.ids("seat booked") == [taken_back, operation]


def test_a_detail_tells_before_and_after_in_words(small_center: SmallCenter) -> None:
    c = small_center
    payer = people.add_payer(c.staff, people.PayerDraft("ACME", "company"))
    row = User.get_by_id(c.student)
    draft = people.StudentDraft("Ana", "Maier", "ana.satler@mail.example", "", "1998-05-04", payer_id=payer)
    people.edit_student(c.staff, c.student, row.version, draft)
    (record,) = operations.detail(last())
    assert (record.kind, record.name, record.act, record.may_come_back) == ("Person", "Ana Maier", "changed", True)
    told = {field.name: (field.before, field.after) for field in record.fields}
    assert told == {"Last name": ("Satler", "Maier"), "Phone": ("+43 660 555 01 84", ""), "Payer": ("", "ACME")}
    catalog.edit_course(c.admin, c.course, 1, catalog.CourseDraft("B-T", "<b>Bold</b>", 35050, 1))
    (record,) = operations.detail(last())
    told = {field.name: (field.before, field.after) for field in record.fields}
    assert told["Price"] == ("€330.00", "€350.50")
    assert told["Name"] == ("Driving B Theory", "<b>Bold</b>"), "shown plain"


def test_every_operation_of_a_busy_day_can_be_told(small_center: SmallCenter) -> None:
    c = small_center
    booked(c)
    enrollment.enroll(c.staff, enrollment.EnrollmentDraft(c.student, c.course))
    enrollment.sell(c.staff, enrollment.SaleDraft(c.student, (enrollment.SaleItem(c.book),)))
    for operation in operations.ids(program_too=True):
        for record in operations.detail(operation):
            assert record.kind[0].isupper()
            assert "{" not in record.name
            assert not any("_" in field.name for field in record.fields), record.fields


def test_one_record_is_compared_with_how_it_was(small_center: SmallCenter) -> None:
    c = small_center
    row = User.get_by_id(c.student)
    people.edit_student(c.staff, c.student, row.version, people.StudentDraft("Ana", "Maier", row.email))
    now, first = operations.moments("users", c.student)
    assert (now.words, now.who) == ("Student changed", "Marta Kowalczyk")
    assert operations.back_to("users", c.student, now) == ()
    fields = {field.name: (field.before, field.after) for field in operations.back_to("users", c.student, first)}
    assert fields["Last name"] == ("Maier", "Satler")


def test_every_table_has_a_name_people_know(small_center: SmallCenter) -> None:
    tables = migrations.recorded_tables(store.db.connection())
    assert [one for one in tables if f"table.{one}" not in text.messages()] == []
    assert {model._meta.table_name for model in MODELS} - {"operations", "changes"} == set(tables)


def shown() -> list[tuple[str, str]]:
    """(table, column) of everything that somebody can see in the history."""
    return [
        (table, column)
        for table, columns in ((model._meta.table_name, model._meta.columns) for model in MODELS)
        if table not in {"operations", "changes", *operations._FOLLOWS}
        for column in columns
        if column not in operations._HIDDEN and column not in operations._OF_TABLE.get(table, ())
    ]


def test_every_column_people_see_has_a_word() -> None:
    assert len(shown()) > 150
    assert [one for one in shown() if f"column.{one[1]}" not in text.messages()] == []


def test_every_number_that_points_at_a_record_is_told_by_its_name(small_center: SmallCenter) -> None:
    seen = shown()
    loose = [
        (table, column)
        for table in {table for table, _column in seen}
        for parent, column in images._references(table)
        if (table, column) in seen and operations._POINTS.get(column) != parent
    ]
    assert loose == []


def test_every_state_a_row_can_be_in_has_a_word(small_center: SmallCenter) -> None:
    """As the schema lists them."""
    seen = set(shown())
    schema = store.db.connection().execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    states = [
        (table, column, value.strip().strip("'"))
        for table, sql in schema
        for column, values in re.findall(r"CHECK \((\w+) IN \(([^)]*)\)", sql or "")
        if (table, column) in seen and (table, column) != ("tax_rates", "category")  # a letter of the tax law
        for value in values.split(",")
    ]
    assert len(states) > 50
    assert [(t, c) for t, c, _v in states if c not in operations._STATES and c not in operations._FLAGS] == []
    wordless = [one for one in states if one[1] in operations._STATES and f"value.{one[2]}" not in text.messages()]
    assert wordless == []


def test_stored_states_are_told_in_words(small_center: SmallCenter) -> None:
    c = small_center
    booked(c)
    seats.cancel_seat(c.staff, 1)
    seat = next(record for record in operations.detail(last()) if record.table == "slot_enrolled")
    assert [(field.name, field.before, field.after) for field in seat.fields] == [("Status", "booked", "canceled")]


def test_what_is_worked_out_is_no_moment_of_its_own(small_center: SmallCenter) -> None:
    c = small_center
    enrollment.enroll(c.staff, enrollment.EnrollmentDraft(c.student, c.course))
    assert User.get_by_id(c.student).version == 2, "the balance was written"
    assert len(operations.moments("users", c.student)) == 1
