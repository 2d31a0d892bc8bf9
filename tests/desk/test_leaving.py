"""A student leaves: nothing booked any more, everything else as it was, and taken back whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app import clock, store
from app.desk import enrollment, leaving, merge, people, refunds, seats, undo
from app.desk.accounts import Actor
from app.errors import UserError
from app.store import checks
from app.store.models import CourseEnrolled, MailQueue, Notification, Slot, SlotEnrolled, Timeline, User
from tests.desk.test_merge import pay, plan, rows
from tests.desk.test_undo_properties import START
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.frozen(START):
        yield


@pytest.fixture
def booked(small_center: SmallCenter) -> SmallCenter:
    """Ana has been to one slot, and has three to come: alone, with another, and with one who waits."""
    center, ana = small_center, small_center.student
    enrollment.enroll(center.staff, enrollment.EnrollmentDraft(student_id=ana, course_id=center.course))
    pay(center, ana, 700, "credit")
    slots = {
        name: plan(center, name, day, capacity)
        for name, day, capacity in (
            ("Been", "2026-11-16", 3), ("Alone", "2026-11-20", 3), ("Both", "2026-11-21", 3), ("Full", "2026-11-22", 1),
        )
    }  # fmt: skip
    for slot in slots.values():
        seats.book(center.staff, slot, ana)
    seats.book(center.staff, slots["Both"], center.other_student)
    seats.wait(center.staff, slots["Full"], center.other_student)
    return center


LATER = START + timedelta(hours=4)


def test_the_preview_says_what_is_freed_and_what_stays(booked: SmallCenter) -> None:
    with clock.frozen(LATER):
        before = rows()
        found = leaving.preview(booked.student)
        assert [(one.title, one.waiting, one.empty) for one in found.seats] == [
            ("Alone", 0, True), ("Both", 0, False), ("Full", 1, True),
        ]  # fmt: skip
        assert (found.owed_minor, found.credit_minor, found.obstacle) == (33_000, 700, None)
        assert found.running == ("E-00001, Driving B Theory",)
        assert found.mails_canceled == ()
        assert len(found.mails_sent) == 2
        assert rows() == before


def test_who_leaves_is_nowhere_booked_and_everything_else_stays(booked: SmallCenter) -> None:
    with clock.frozen(LATER):
        before = rows()
        operation = leaving.leave(booked.staff, booked.student, User.get_by_id(booked.student).version, "moves away")
        ana = User.get_by_id(booked.student)
        assert (ana.status, ana.next_slot_at, ana.balance_minor) == ("inactive", None, 32_300)
        mine = {Slot.get_by_id(row.slot_id).start_wall[:10]: row.status for row in SlotEnrolled.select().where(
            SlotEnrolled.student_id == booked.student)}  # fmt: skip
        assert mine == {
            "2026-11-16": "booked", "2026-11-20": "canceled", "2026-11-21": "canceled", "2026-11-22": "canceled",
        }  # fmt: skip
        assert CourseEnrolled.get().status == "pending"
        assert Notification.get(Notification.key == "seats.freed").needs_decision
        entry = Timeline.select().where(Timeline.user_id == booked.student).order_by(Timeline.id.desc()).get()
        assert entry.key == "leaving.timeline_why"
        assert checks.run() == []
        with pytest.raises(UserError, match=r"enrollment\.student_inactive"):
            enrollment.enroll(booked.staff, enrollment.EnrollmentDraft(booked.student, booked.course))
        undo.undo(booked.staff, operation)
        assert rows() == before
        assert checks.run() == []


def test_a_mail_about_a_coming_slot_is_canceled_one_about_money_goes_out(booked: SmallCenter) -> None:
    slot = plan(booked, "Offered", "2026-11-24", 1)
    seats.book(booked.staff, slot, booked.other_student)
    seats.wait(booked.staff, slot, booked.student)
    given = SlotEnrolled.get(SlotEnrolled.slot_id == slot, SlotEnrolled.student_id == booked.other_student)
    seats.cancel_seat(booked.staff, given.id)
    seats.offer(booked.staff, slot, booked.student)
    found = leaving.preview(booked.student)
    assert len(found.mails_canceled) == 1
    operation = leaving.leave(booked.staff, booked.student)
    states = {row.template_key: row.state for row in MailQueue.select().where(MailQueue.student_id == booked.student)}
    assert states == {"enrollment_confirmation": "queued", "payment_receipt": "queued", "seat_offer": "canceled"}
    assert leaving.preview(booked.student).mails_canceled == ()
    undo.undo(booked.staff, operation)
    assert MailQueue.get(MailQueue.template_key == "seat_offer").state == "queued"
    assert checks.run() == []


def test_a_seat_given_to_somebody_else_stands_in_the_way_of_the_way_back(booked: SmallCenter) -> None:
    operation = leaving.leave(booked.staff, booked.student)
    full = Slot.get(Slot.start_wall == "2026-11-22T09:00")
    seats.book(booked.staff, full.id, booked.other_student)
    with pytest.raises(UserError) as error:
        undo.undo(booked.staff, operation)
    assert error.value.key == "undo.full"


def test_who_cannot_leave(booked: SmallCenter) -> None:
    leaving.leave(booked.staff, booked.other_student)
    assert leaving.preview(booked.other_student).obstacle is not None
    for student, key in ((booked.other_student, "leaving.already"), (booked.instructor, "people.not_a_student")):
        with pytest.raises(UserError) as error:
            leaving.leave(booked.staff, student)
        assert error.value.key == key
    with pytest.raises(UserError, match=r"store\.gone"):
        leaving.preview(999)
    with pytest.raises(UserError, match=r"changed_meanwhile"):
        leaving.leave(booked.staff, booked.student, 99)
    with pytest.raises(UserError, match=r"rights\.missing"):
        leaving.leave(Actor(booked.instructor, "instructor"), booked.student)


def test_a_record_merged_away_leaves_as_the_person(booked: SmallCenter) -> None:
    from app.desk import merge

    merge.merge(booked.staff, booked.student, booked.other_student)
    assert leaving.preview(booked.other_student).student_id == booked.student
    leaving.leave(booked.staff, booked.other_student)
    assert User.get_by_id(booked.student).status == "inactive"
    assert refunds.student_credit_minor(booked.student) == 700
    assert people.alike(people.StudentDraft("", email="l.wisniewski@mail.example"))[0].id == booked.student
    assert checks.run() == []
    assert store.is_open()


def test_a_place_that_nobody_saw_in_the_preview_is_not_given_back_unseen(booked: SmallCenter) -> None:
    """A later slot moves no kept column of the student: their version alone would not tell."""
    with clock.frozen(LATER):
        found = leaving.preview(booked.student)
        seen = [one.seat_id for one in found.seats]
        late = plan(booked, "Late", "2026-12-20", 3)
        seats.book(booked.staff, late, booked.student)
        before = rows()
        with pytest.raises(UserError, match=r"changed_meanwhile"):
            leaving.leave(booked.staff, booked.student, found.version, seen=seen)
        assert rows() == before
        again = leaving.preview(booked.student)
        seats.cancel_seat(booked.staff, again.seats[0].seat_id)  # one fewer is no surprise
        version = User.get_by_id(booked.student).version
        leaving.leave(booked.staff, booked.student, version, seen=[one.seat_id for one in again.seats])
        assert leaving.preview(booked.student).seats == ()


def test_who_only_waited_frees_nothing_that_is_offered_again(booked: SmallCenter) -> None:
    """A seat that is free already was offered when it became so: another asking would be about nothing new."""
    center = booked
    third = people.add_student(center.staff, people.StudentDraft("Mai", "Le"))
    full = Slot.select().order_by(Slot.start_utc.desc()).first()
    with clock.frozen(LATER):
        seats.wait(center.staff, full.id, third)
        holder = SlotEnrolled.get(SlotEnrolled.slot_id == full.id, SlotEnrolled.student_id == center.student)
        seats.cancel_seat(center.staff, holder.id)
        told = Notification.select().count()
        leaving.leave(center.staff, center.other_student)
        assert Notification.select().count() == told


def test_a_mail_that_stands_at_a_record_merged_away_is_canceled_too(booked: SmallCenter) -> None:
    slot = plan(booked, "Offered", "2026-11-24", 1)
    twin = people.add_student(booked.staff, people.StudentDraft("Anna", "Satler", "anna@mail.example"))
    seats.book(booked.staff, slot, booked.other_student)
    seats.wait(booked.staff, slot, twin)
    given = SlotEnrolled.get(SlotEnrolled.slot_id == slot, SlotEnrolled.student_id == booked.other_student)
    seats.cancel_seat(booked.staff, given.id)
    seats.offer(booked.staff, slot, twin)
    merge.merge(booked.admin, booked.student, twin)
    assert MailQueue.get(MailQueue.template_key == "seat_offer").student_id == twin
    assert len(leaving.preview(booked.student).mails_canceled) == 1
    leaving.leave(booked.staff, booked.student)
    assert MailQueue.get(MailQueue.template_key == "seat_offer").state == "canceled"
