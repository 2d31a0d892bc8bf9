"""Sessions and slots: what a draft makes, what is refused, what a move tells whom."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app import clock, store
from app.desk import scheduling, seats
from app.desk.scheduling import SessionDraft
from app.errors import UserError
from app.store import checks
from app.store.models import Availability, Closure, MailQueue, Resource, Session, Slot, SlotEnrolled, Timeline, User
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def monday():  # type: ignore[no-untyped-def]
    with clock.frozen(NOW):
        yield


def draft(center: SmallCenter, **values: object) -> SessionDraft:
    base = SessionDraft(
        course_id=center.course,
        name="Theory evening",
        start_date="2026-11-24",
        end_date="2026-12-10",
        weekdays=(2, 4),
        start_time="17:30",
        duration_minutes=90,
        capacity=12,
        resource_id=center.room,
        instructor_ids=(center.instructor,),
    )
    return replace(base, **values)  # type: ignore[arg-type]


def test_weekdays_make_slots_at_the_same_wall_time(small_center: SmallCenter) -> None:
    session = scheduling.plan_session(small_center.staff, draft(small_center))
    slots = list(Slot.select().where(Slot.session_id == session).order_by(Slot.start_utc))
    assert [slot.on_date for slot in slots] == [
        "2026-11-24", "2026-11-26", "2026-12-01", "2026-12-03", "2026-12-08", "2026-12-10",
    ]  # fmt: skip
    assert {slot.start_wall[11:] for slot in slots} == {"17:30"}
    assert slots[0].start_utc == "2026-11-24T16:30:00.000Z"
    assert scheduling.instructors_of(slots[0]) == [small_center.instructor]


def test_a_weekly_nine_stays_nine_across_the_clock_change(small_center: SmallCenter) -> None:
    session = scheduling.plan_session(
        small_center.staff,
        draft(small_center, start_date="2027-03-22", end_date="2027-04-02", weekdays=(1,), start_time="09:00"),
    )
    slots = list(Slot.select().where(Slot.session_id == session).order_by(Slot.start_utc))
    assert [(slot.start_wall, slot.start_utc) for slot in slots] == [
        ("2027-03-22T09:00", "2027-03-22T08:00:00.000Z"),
        ("2027-03-29T09:00", "2027-03-29T07:00:00.000Z"),
    ]


def test_a_time_that_does_not_exist_is_refused_and_one_that_comes_twice_asks(small_center: SmallCenter) -> None:
    gap = draft(small_center, recurrence="picked_dates", picked_dates=("2027-03-28",), start_time="02:30")
    with pytest.raises(UserError, match=r"clock\.does_not_exist"):
        scheduling.plan_session(small_center.staff, gap)
    twice = replace(gap, picked_dates=("2027-10-31",))
    with pytest.raises(UserError, match=r"clock\.exists_twice"):
        scheduling.plan_session(small_center.staff, twice)
    assert Session.select().count() == 0
    found = [scheduling.preview_slots(replace(twice, fold=fold))[0].start_utc for fold in (0, 1)]
    assert found == ["2027-10-31T00:30:00.000Z", "2027-10-31T01:30:00.000Z"]


def test_what_was_typed_is_stored_as_dates_and_times(small_center: SmallCenter) -> None:
    typed = draft(small_center, start_date=" 20261124", end_date="2026-12-10 ", start_time="9:00")
    session = Session.get_by_id(scheduling.plan_session(small_center.staff, typed))
    assert (session.start_date, session.end_date, session.start_time) == ("2026-11-24", "2026-12-10", "09:00")
    picked = draft(small_center, recurrence="picked_dates", picked_dates=("20261211", " 2026-12-09"), start_time="9:00")
    session = Session.get_by_id(scheduling.plan_session(small_center.staff, picked))
    assert (session.start_date, session.end_date) == ("2026-12-09", "2026-12-11")
    assert json.loads(session.picked_dates) == ["2026-12-09", "2026-12-11"]
    assert checks.run() == []


def test_a_slot_may_not_end_before_it_starts_on_the_clock(small_center: SmallCenter) -> None:
    """02:30 the first time plus 45 minutes is 02:15 the second time: nobody could read that in a calendar."""
    night = draft(small_center, recurrence="picked_dates", picked_dates=("2027-10-31",), start_time="02:30", fold=0)
    with pytest.raises(UserError) as refused:
        scheduling.plan_session(small_center.staff, replace(night, duration_minutes=45))
    assert (refused.value.key, refused.value.field) == ("scheduling.ends_in_repeated_hour", "duration")
    scheduling.plan_session(small_center.staff, replace(night, duration_minutes=90))
    assert checks.run() == []


def test_a_session_does_not_run_into_itself_on_a_short_day(small_center: SmallCenter) -> None:
    whole_days = draft(
        small_center, start_date="2027-03-27", end_date="2027-03-28", weekdays=(6, 7), duration_minutes=1440
    )
    with pytest.raises(UserError, match=r"scheduling\.overlaps_itself"):
        scheduling.plan_session(small_center.staff, whole_days)
    scheduling.plan_session(small_center.staff, replace(whole_days, override_reason="the last hour is free"))
    assert checks.run() == []


@pytest.mark.parametrize("typed", ["2026-11-27T09:00:30", "2026-11-27T09:00+01:00", "tomorrow"])
def test_a_slot_moves_to_a_wall_time(small_center: SmallCenter, typed: str) -> None:
    session = scheduling.plan_session(small_center.staff, draft(small_center))
    slot = Slot.get(Slot.session_id == session)
    with pytest.raises(UserError, match=r"scheduling\.bad_time"):
        scheduling.move_slot(small_center.staff, slot.id, slot.version, typed)


def test_a_slot_moves_to_a_room_that_is_there_and_large_enough(small_center: SmallCenter) -> None:
    session = scheduling.plan_session(small_center.staff, draft(small_center))
    slot = Slot.get(Slot.session_id == session)
    with store.write("Rooms", small_center.admin) as w:
        gone = w.insert(Resource, name="Gone", kind="room", seats=20, status="unavailable")
        small = w.insert(Resource, name="Small", kind="room", seats=4)
    for room, key in ((99, "no_resource"), (gone, "no_resource"), (small, "room_too_small")):
        with pytest.raises(UserError, match=rf"scheduling\.{key}"):
            scheduling.move_slot(small_center.staff, slot.id, slot.version, slot.start_wall, room)
    assert Slot.get_by_id(slot.id).resource_id == small_center.room


def test_a_slot_that_is_there_already_is_not_moved_and_nobody_gets_a_mail(small_center: SmallCenter) -> None:
    session = scheduling.plan_session(small_center.staff, draft(small_center))
    slot = Slot.get(Slot.session_id == session)
    seats.book(small_center.staff, slot.id, small_center.student)
    there = Slot.get_by_id(slot.id)
    with pytest.raises(UserError, match=r"scheduling\.same_place"):
        scheduling.move_slot(small_center.staff, slot.id, there.version, there.start_wall)
    assert Slot.get_by_id(slot.id).version == there.version
    assert not MailQueue.select().exists()


def test_an_address_that_cannot_be_written_to_stops_no_move(small_center: SmallCenter) -> None:
    session = scheduling.plan_session(small_center.staff, draft(small_center))
    slot = Slot.get(Slot.session_id == session)
    for student in (small_center.student, small_center.other_student):
        seats.book(small_center.staff, slot.id, student)
    with store.write("Imported", small_center.admin) as w:
        w.update(User, small_center.student, email="ana at mail")
    scheduling.move_slot(small_center.staff, slot.id, Slot.get_by_id(slot.id).version, "2026-11-24T09:00")
    assert [mail.student_id for mail in MailQueue.select()] == [small_center.other_student]
    assert Timeline.get(Timeline.key == "payments.no_address").user_id == small_center.student


@pytest.mark.parametrize(
    ("values", "field", "key"),
    [
        ({"end_date": "2026-11-01"}, "end_date", "scheduling.end_before_start"),
        ({"start_date": "2026-02-31"}, "start_date", "scheduling.bad_date"),
        ({"start_time": "25:00"}, "start_time", "scheduling.bad_time"),
        ({"duration_minutes": 0}, "duration", "scheduling.bad_duration"),
        ({"capacity": 0}, "capacity", "scheduling.bad_capacity"),
        ({"capacity": 15}, "capacity", "scheduling.room_too_small"),
        ({"session_type": "individual"}, "capacity", "scheduling.individual_capacity"),
        ({"weekdays": ()}, "weekdays", "scheduling.no_weekday"),
        ({"weekdays": (7,), "end_date": "2026-11-25"}, "end_date", "scheduling.no_slots"),
        ({"recurrence": "working_days", "end_date": "2030-11-25"}, "end_date", "scheduling.too_many"),
        ({"recurrence": "picked_dates"}, "picked_dates", "scheduling.no_dates"),
        ({"course_id": 99}, "course", "scheduling.no_course"),
        ({"instructor_ids": (1, 99)}, "instructors", "scheduling.no_instructor"),
        ({"name": " "}, "name", "text.required"),
    ],
)
def test_bad_drafts(small_center: SmallCenter, values: dict[str, object], field: str, key: str) -> None:
    with pytest.raises(UserError) as refused:
        scheduling.plan_session(small_center.staff, draft(small_center, **values))
    assert (refused.value.field, refused.value.key) == (field, key)
    assert Session.select().count() == 0


def test_room_and_instructor_clash_back_to_back_is_free_and_an_override_is_recorded(small_center: SmallCenter) -> None:
    scheduling.plan_session(small_center.staff, draft(small_center))
    overlapping = draft(small_center, name="Other", start_time="18:00")
    problems = scheduling.preview_slots(overlapping)[0].problems
    assert [problem.key for problem in problems] == ["scheduling.room_busy", "scheduling.instructor_busy"]
    with pytest.raises(UserError, match=r"scheduling\.room_busy"):
        scheduling.plan_session(small_center.staff, overlapping)
    scheduling.plan_session(small_center.staff, draft(small_center, name="After", start_time="19:00"))
    forced = scheduling.plan_session(small_center.staff, replace(overlapping, override_reason="moved to the yard"))
    reasons = {slot.override_reason for slot in Slot.select().where(Slot.session_id == forced)}
    assert reasons == {"moved to the yard"}


def test_closed_days_and_away_instructors(small_center: SmallCenter) -> None:
    with store.write("Rows", small_center.admin) as w:
        w.insert(Closure, name="Holiday", starts_on="2026-12-08", ends_on="2026-12-08")
        w.insert(
            Availability, instructor_id=small_center.instructor, on_date="2026-11-26", from_time="14:30",
            to_time="23:00", is_open=0,
        )  # fmt: skip
        w.insert(Availability, instructor_id=small_center.instructor, weekday=4, from_time="08:00", to_time="20:00")
    plans = scheduling.preview_slots(draft(small_center))
    assert "2026-12-08" not in [plan.on_date for plan in plans]
    away = {plan.on_date: [problem.key for problem in plan.problems] for plan in plans}
    assert away["2026-11-26"] == ["scheduling.instructor_away"]
    assert away["2026-12-03"] == []


def test_moving_a_slot_tells_everyone_with_a_seat(small_center: SmallCenter) -> None:
    session = scheduling.plan_session(small_center.staff, draft(small_center))
    slot = Slot.get(Slot.session_id == session, Slot.on_date == "2026-11-26")
    seats.book(small_center.staff, slot.id, small_center.student)
    scheduling.move_slot(small_center.staff, slot.id, Slot.get_by_id(slot.id).version, "2026-11-27T09:00")
    moved = Slot.get_by_id(slot.id)
    assert (moved.start_wall, moved.end_wall) == ("2026-11-27T09:00", "2026-11-27T10:30")
    mail = MailQueue.get(MailQueue.template_key == "slot_moved")
    assert (mail.to_address, mail.state) == ("ana.satler@mail.example", "queued")
    assert "27 Nov 2026, 09:00" in mail.subject
    assert Timeline.select().where(Timeline.key == "scheduling.slot_moved").count() == 1
    assert User.get_by_id(small_center.student).next_slot_at == moved.start_utc
    with pytest.raises(UserError, match=r"store\.changed_meanwhile"):
        scheduling.move_slot(small_center.staff, slot.id, slot.version, "2026-11-28T09:00")


def test_a_move_is_refused_where_a_student_is_busy(small_center: SmallCenter) -> None:
    first = scheduling.plan_session(small_center.staff, draft(small_center))
    with store.write("Room", small_center.admin) as w:
        yard = w.insert(Resource, name="Yard", kind="room", seats=20)
    second = scheduling.plan_session(
        small_center.staff,
        draft(small_center, name="Yard day", weekdays=(3,), resource_id=yard, instructor_ids=()),
    )
    slot_a = Slot.get(Slot.session_id == first)
    slot_b = Slot.get(Slot.session_id == second)
    for slot in (slot_a, slot_b):
        seats.book(small_center.staff, slot.id, small_center.student)
    problems = scheduling.check_move(slot_b.id, slot_a.start_wall)
    assert [problem.key for problem in problems] == ["scheduling.student_busy"]


def test_canceling_a_slot_gives_the_seats_back(small_center: SmallCenter) -> None:
    session = scheduling.plan_session(small_center.staff, draft(small_center))
    slot = Slot.get(Slot.session_id == session)
    seat = seats.book(small_center.staff, slot.id, small_center.student)
    scheduling.cancel_slot(small_center.staff, slot.id, "Jürgen is ill")
    assert SlotEnrolled.get_by_id(seat).status == "canceled"
    assert Slot.get_by_id(slot.id).seats_taken == 0
    assert User.get_by_id(small_center.student).next_slot_at is None
    assert "Jürgen is ill" in MailQueue.get(MailQueue.template_key == "slot_canceled").text
    with pytest.raises(UserError, match=r"scheduling\.slot_canceled"):
        seats.book(small_center.staff, slot.id, small_center.student)
