"""Undo: rows become exactly what they were, money gets a counter-entry, and what stands in the way is named."""

from __future__ import annotations

import ast
import contextlib
import json
import re
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app import clock, paths, store, text
from app.desk import (
    canceling,
    catalog,
    center,
    counter,
    enrollment,
    exact,
    invoices,
    keeping,
    labels,
    notifications,
    payments,
    people,
    records,
    refunds,
    scheduling,
    seats,
    till,
    undo,
)
from app.desk.accounts import SYSTEM, Actor
from app.errors import UserError
from app.mail import queue
from app.mail.smtp import Outcome
from app.store import backup, checks, cipher, images, search
from app.store.models import (
    Course,
    CourseEnrolled,
    Invoice,
    MailQueue,
    Note,
    Notification,
    NotificationRecipient,
    Operation,
    Payment,
    Product,
    ProductEnrolled,
    Session,
    Slot,
    SlotEnrolled,
    Timeline,
    User,
)
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

ROOT = Path(__file__).resolve().parents[2]


def last() -> int:
    return int(Operation.select(Operation.id).order_by(Operation.id.desc()).scalar())


def slot(c: SmallCenter, capacity: int = 2, days: int = 3, name: str = "Theory", at: str = "17:30") -> int:
    """A session with one coming slot; returns the slot."""
    day = (clock.now() + timedelta(days=days)).date().isoformat()
    draft = scheduling.SessionDraft(
        course_id=c.course, name=name, recurrence="picked_dates", picked_dates=(day,), start_time=at,
        capacity=capacity, session_type="group",
    )  # fmt: skip
    return int(Slot.get(Slot.session_id == scheduling.plan_session(c.staff, draft)).id)


def business() -> dict[str, dict[int, dict[str, Any]]]:
    """Every row that undo puts back, as people know it: without bookkeeping."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for table in (
        "users", "payers", "courses", "products", "resources", "sessions", "session_instructor", "slots",
        "slot_enrolled", "courses_enrolled", "notes", "settings", "tax_rates", "mail_accounts",
    ):  # fmt: skip
        ids = [row_id for (row_id,) in store.db.connection().execute(f"SELECT id FROM {table}").fetchall()]
        found[table] = {
            row_id: {
                name: value
                for name, value in (images.present(table, row_id) or {}).items()
                if name not in images.BOOKKEEPING and name != "next_slot_as_of"
            }
            for row_id in ids
        }
    return found


def refused(actor: Actor, operation: int) -> UserError:
    before = business()
    with pytest.raises(UserError) as caught:
        undo.undo(actor, operation)
    assert business() == before
    seen = undo.preview(actor, operation).obstacle
    assert seen is not None
    assert (seen.key, seen.params) == (caught.value.key, caught.value.params), "the preview says the same"
    assert "{" not in text.sentence(caught.value)
    return caught.value


# -- exactly back ------------------------------------------------------------------------------------------------


def _student(c: SmallCenter) -> None:
    people.add_student(c.staff, people.StudentDraft("Zoë", "Neu", phone="+43 660 111"))


def _edit(c: SmallCenter) -> None:
    row = User.get_by_id(c.student)
    people.edit_student(
        c.staff, c.student, row.version, people.StudentDraft("Anna", "Satler", phone=row.phone, email=row.email)
    )


def _payer(c: SmallCenter) -> None:
    people.add_payer(c.staff, people.PayerDraft("ACME", "company"))


def _note(c: SmallCenter) -> None:
    people.add_note(c.staff, c.student, "likes mornings")


def _colleague(c: SmallCenter) -> None:
    people.add_staff(c.admin, people.StaffDraft("Nora", "Neu"))


def _course(c: SmallCenter) -> None:
    catalog.edit_course(c.admin, c.course, 1, catalog.CourseDraft("B-T", "Theory B", 35000, 1, theory_minutes=600))


def _product(c: SmallCenter) -> None:
    catalog.add_product(c.admin, catalog.ProductDraft("K", "Kit", 500, 1, stock=3))


def _restock(c: SmallCenter) -> None:
    catalog.restock(c.admin, c.book, 7)


def _settings(c: SmallCenter) -> None:
    center.save(c.admin, replace(center.load(), name="Another", due_days=3))


def _plan(c: SmallCenter) -> None:
    slot(c, name="Evening", days=5)


def _book(c: SmallCenter) -> None:
    seats.book(c.staff, Slot.get().id, c.student)


def _hold(c: SmallCenter) -> None:
    seats.hold(c.staff, Slot.get().id, c.student)


def _book_session(c: SmallCenter) -> None:
    seats.book_session(c.staff, Session.get().id, c.student)


def _give_back(c: SmallCenter) -> None:
    seats.cancel_seat(c.staff, SlotEnrolled.get(SlotEnrolled.student_id == c.other_student).id, "ill")


def _move(c: SmallCenter) -> None:
    there = Slot.get()
    scheduling.move_slot(c.staff, there.id, there.version, f"{there.on_date}T19:00", c.room)


def _cancel(c: SmallCenter) -> None:
    scheduling.cancel_slot(c.staff, Slot.get().id, "ice")


def _done(c: SmallCenter) -> None:
    notifications.mark_done(c.staff, Notification.get().id)


def _account(c: SmallCenter) -> None:
    queue.save_account(c.admin, queue.AccountDraft("mail.example", from_address="desk@mail.example"))


EXACT = [
    _student, _edit, _payer, _note, _colleague, _course, _product, _restock, _settings, _plan, _book, _hold,
    _book_session, _give_back, _move, _cancel, _done, _account,
]  # fmt: skip


@pytest.mark.parametrize("act", EXACT, ids=lambda act: act.__name__)
def test_everything_is_exactly_as_it_was_and_can_be_done_again(small_center: SmallCenter, act: Any) -> None:
    c = small_center
    there = slot(c)
    seats.book(c.staff, there, c.other_student)
    before = business()
    act(c)
    operation, after = last(), business()
    undo_id = undo.undo(c.admin, operation)
    assert business() == before
    assert Operation.get_by_id(undo_id).undo_of == operation
    assert checks.run() == []
    again = undo.undo(c.admin, undo_id)
    assert business() == after, "an undo is taken back like anything else"
    assert checks.run() == []
    undo.undo(c.admin, operation)
    assert business() == before
    undo_twice = undo.preview(c.admin, operation).obstacle
    assert undo_twice is not None
    assert undo_twice.key == "undo.already"
    assert again == undo_id + 1
    assert checks.run() == []


def test_the_timeline_keeps_what_was_done_and_says_that_it_was_taken_back(small_center: SmallCenter) -> None:
    c = small_center
    seats.book(c.staff, slot(c), c.student)
    taken_back = undo.undo(c.staff, last())
    undo.undo(c.staff, taken_back)
    said = [(row.key, json.loads(row.params)) for row in Timeline.select().where(Timeline.user_id == c.student)]
    assert [key for key, _ in said] == ["seats.booked", "undo.timeline", "undo.timeline_again"]
    assert text.sentence(*said[1]) == "Taken back: Seat booked"
    assert text.sentence(*said[2]) == "Done again: Seat booked"


def test_what_was_taken_back_twice_in_turn_is_not_taken_back_a_third_time(small_center: SmallCenter) -> None:
    c = small_center
    catalog.restock(c.admin, c.book, 3)
    first = last()
    again = undo.undo(c.admin, undo.undo(c.admin, first))
    undo.undo(c.admin, first)
    catalog.restock(c.admin, c.book, 3)
    assert refused(c.admin, again).key == "undo.already", "its stock has gone already"
    assert checks.run() == []


def test_notifications_of_what_is_taken_back_need_nobody(small_center: SmallCenter) -> None:
    slot(small_center)
    told = Notification.get(Notification.key == "scheduling.planned")
    taken_back = undo.undo(small_center.staff, last())
    assert Notification.get_by_id(told.id).done_at is not None
    undo.undo(small_center.staff, taken_back)
    assert Notification.get_by_id(told.id).done_at is None


def test_a_student_who_was_added_by_mistake_is_off_the_roster_and_is_not_found(small_center: SmallCenter) -> None:
    c = small_center
    added = people.add_student(c.staff, people.StudentDraft("Zoë", "Neu"))
    operation = last()
    assert undo.preview(c.staff, operation).rows == (undo.Row("gone", "users", "Zoë Neu"),)
    undo.undo(c.staff, operation)
    assert search.people("Zoë") == []
    assert User.get_or_none(User.id == added) is None
    another = people.add_student(c.staff, people.StudentDraft("Ida", "Neu"))
    assert another > added, "what is said about someone who is gone never becomes another's"
    assert User.get_by_id(another).number == "S-000004", "a number that was said aloud is not given twice"
    assert checks.run() == []


def test_a_seat_that_was_offered_waits_again_and_the_mail_is_canceled(small_center: SmallCenter) -> None:
    c = small_center
    there = slot(c, capacity=1)
    seat = seats.book(c.staff, there, c.student)
    seats.wait(c.staff, there, c.other_student)
    seats.cancel_seat(c.staff, seat)
    seats.offer(c.staff, there, c.other_student)
    operation = last()
    assert undo.preview(c.staff, operation).mails_canceled == ("Łukasz Wiśniewski",)
    undo.undo(c.staff, operation)
    assert SlotEnrolled.get(SlotEnrolled.student_id == c.other_student).status == "waiting"
    assert MailQueue.get(MailQueue.template_key == "seat_offer").state == "canceled"
    assert checks.run() == []


def test_what_was_given_to_someone_is_theirs_no_more_even_if_they_read_it(small_center: SmallCenter) -> None:
    c = small_center
    slot(c)
    told = Notification.get().id
    assert c.staff.user_id is not None
    notifications.assign(c.admin, told, c.staff.user_id)
    operation = last()
    notifications.mark_read(c.staff, [told])
    undo.undo(c.admin, operation)
    assert Notification.get_by_id(told).assigned_to is None
    assert [row.user_id for row in NotificationRecipient.select()] == [c.admin.user_id]
    assert checks.run() == []


# -- what stands in the way ----------------------------------------------------------------------------------------


def test_a_later_change_is_named(small_center: SmallCenter) -> None:
    c = small_center
    _edit(c)
    first = last()
    row = User.get_by_id(c.student)
    people.edit_student(c.admin, c.student, row.version, people.StudentDraft("Anna", "Maier", email=row.email))
    later = last()
    error = refused(c.staff, first)
    assert error.key == "undo.later_change"
    assert error.params["what"] == "Student changed"
    assert error.params["who"] == "Ingrid Maurer"
    assert error.params["at"] == Operation.get_by_id(later).at
    assert error.params["record"] == "Anna Maier"
    undo.undo(c.admin, later)
    undo.undo(c.staff, first)
    assert User.get_by_id(c.student).first_name == "Ana"


def test_what_uses_it_since_is_named(small_center: SmallCenter) -> None:
    c = small_center
    there = slot(c)
    planned = last()
    seats.book(c.staff, there, c.student)
    booked = last()
    error = refused(c.staff, planned)
    assert (error.key, error.params["what"]) == ("undo.in_use", "Seat booked")
    undo.undo(c.staff, booked)
    undo.undo(c.staff, planned)
    assert Slot.select().count() == 0
    assert checks.run() == []


def test_a_student_with_an_enrollment_stays(small_center: SmallCenter) -> None:
    c = small_center
    added = people.add_student(c.staff, people.StudentDraft("Zoë", "Neu", date_of_birth="1990-01-01"))
    operation = last()
    enrollment.enroll(c.staff, enrollment.EnrollmentDraft(added, c.course))
    error = refused(c.staff, operation)
    assert (error.key, error.params["what"], error.params["record"]) == ("undo.in_use", "Student enrolled", "Zoë Neu")


def test_the_program_takes_no_person_back(small_center: SmallCenter) -> None:
    """Their timeline would stand with whoever did it, and the program has none."""
    people.add_student(small_center.staff, people.StudentDraft("Zoë", "Neu"))
    added = last()
    assert refused(SYSTEM, added).key == "undo.kept"
    undo.undo(small_center.staff, added)


def test_what_is_redacted_while_the_undo_begins_does_not_come_back(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is read before the write has the file to itself: it is read again where something went out of it."""
    c = small_center
    _edit(c)
    edited, now = last(), business()
    read = images.of_operation

    def redacted(operation_id: int, most: int = -1) -> Any:
        found = read(operation_id, most)
        monkeypatch.setattr(images, "of_operation", read)
        with contextlib.closing(cipher.connect(paths.data_file(c.folder))) as other:
            guards = other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'changes'")
            for (name,) in guards.fetchall():
                other.execute(f"DROP TRIGGER {name}")
            other.execute("UPDATE changes SET redacted = 1, before = NULL WHERE operation_id = ?", (operation_id,))
        return found

    monkeypatch.setattr(images, "of_operation", redacted)
    with pytest.raises(UserError) as caught:
        undo.undo(c.staff, edited)
    assert caught.value.key == "undo.redacted"
    assert business() == now


def test_a_seat_that_was_given_to_another_is_not_taken_from_them(small_center: SmallCenter) -> None:
    c = small_center
    there = slot(c, capacity=1)
    seat = seats.book(c.staff, there, c.student)
    seats.cancel_seat(c.staff, seat)
    given_back = last()
    seats.book(c.admin, there, c.other_student)
    error = refused(c.staff, given_back)
    assert (error.key, error.params["what"], error.params["who"]) == ("undo.full", "Seat booked", "Ingrid Maurer")
    assert checks.run() == []


def test_nobody_is_put_in_two_places_at_once(small_center: SmallCenter) -> None:
    c = small_center
    there, other = slot(c), slot(c, name="Rival")
    seat = seats.book(c.staff, there, c.student)
    seats.cancel_seat(c.staff, seat)
    given_back = last()
    seats.book(c.staff, other, c.student)
    error = refused(c.staff, given_back)
    assert (error.key, error.params["name"], error.params["what"]) == ("undo.busy", "Ana Satler", "Seat booked")


def test_no_seat_comes_back_into_a_canceled_slot(small_center: SmallCenter) -> None:
    c = small_center
    there = slot(c)
    seats.cancel_seat(c.staff, seats.book(c.staff, there, c.student))
    given_back = last()
    scheduling.cancel_slot(c.staff, there, "ice")
    assert refused(c.staff, given_back).key == "undo.slot_canceled"


def test_a_room_that_was_given_away_is_named(small_center: SmallCenter) -> None:
    c = small_center
    day = (clock.now() + timedelta(days=3)).date().isoformat()
    draft = scheduling.SessionDraft(
        course_id=c.course, name="First", recurrence="picked_dates", picked_dates=(day,), start_time="10:00",
        capacity=2, resource_id=c.room,
    )  # fmt: skip
    first = Slot.get(Slot.session_id == scheduling.plan_session(c.staff, draft)).id
    scheduling.cancel_slot(c.staff, first, "ice")
    canceled = last()
    scheduling.plan_session(c.staff, replace(draft, name="Second"))
    error = refused(c.staff, canceled)
    assert (error.key, error.params["other"]) == ("scheduling.room_busy", "Second")


def test_a_code_that_is_taken_again_is_named(small_center: SmallCenter) -> None:
    c = small_center
    catalog.edit_course(c.admin, c.course, 1, catalog.CourseDraft("NEW", "Theory B", 35000, 1))
    operation = last()
    catalog.add_course(c.admin, catalog.CourseDraft("B-T", "Rival", 100, 1))
    error = refused(c.admin, operation)
    assert (error.key, error.params["record"], error.params["what"]) == ("undo.rival", "Rival", "Course added")


def test_what_it_belonged_to_and_is_gone_is_named(small_center: SmallCenter) -> None:
    c = small_center
    payer = people.add_payer(c.staff, people.PayerDraft("ACME", "company"))
    added = last()
    row = User.get_by_id(c.student)
    people.edit_student(c.staff, c.student, row.version, people.StudentDraft("Ana", "Satler", payer_id=payer))
    people.edit_student(c.staff, c.student, row.version + 1, people.StudentDraft("Ana", "Satler"))
    without = last()
    undo.undo(c.staff, added)
    error = refused(c.staff, without)
    assert (error.key, error.params["record"]) == ("undo.missing", "ACME")
    assert error.params["what"] == "Taken back: Payer added"


def test_stock_is_moved_by_so_many_and_never_below_nothing(small_center: SmallCenter) -> None:
    c = small_center
    catalog.restock(c.admin, c.book, 5)
    operation = last()
    enrollment.sell(c.staff, enrollment.SaleDraft(c.student, (enrollment.SaleItem(c.book, 2),)))
    undo.undo(c.admin, operation)
    assert Product.get_by_id(c.book).stock == 1
    catalog.restock(c.admin, c.book, 5)
    operation = last()
    enrollment.sell(c.staff, enrollment.SaleDraft(c.student, (enrollment.SaleItem(c.book, 4),)))
    error = refused(c.admin, operation)
    assert (error.key, error.params["left"], error.params["wanted"]) == ("undo.stock", 2, 5)


def test_without_the_guard_a_later_change_is_lost(small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: switch the guard off in the program's own code, and a colleague's work is gone."""
    c = small_center
    _edit(c)
    first = last()
    row = User.get_by_id(c.student)
    people.edit_student(c.admin, c.student, row.version, people.StudentDraft("Hanna", "Satler", email=row.email))
    monkeypatch.setattr(exact, "_unchanged_since", lambda row, since: None)
    undo.undo(c.staff, first)
    assert User.get_by_id(c.student).first_name == "Ana", "the name that a colleague wrote later is lost"


def test_without_the_rules_a_slot_is_oversold(small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    c = small_center
    there = slot(c, capacity=1)
    seats.cancel_seat(c.staff, seats.book(c.staff, there, c.student))
    given_back = last()
    seats.book(c.staff, there, c.other_student)
    monkeypatch.setattr(exact, "_hold_rules", lambda w, rows, since: None)
    undo.undo(c.staff, given_back)
    assert {broken.rule for broken in checks.run()} == {"seats.capacity"}


# -- rights --------------------------------------------------------------------------------------------------------


def test_staff_take_back_their_own_and_admins_anybodys(small_center: SmallCenter) -> None:
    c = small_center
    people.add_note(c.admin, c.student, "hers")
    assert refused(c.staff, last()).key == "rights.missing"
    people.add_note(c.staff, c.student, "mine")
    undo.undo(c.staff, last())
    people.add_note(c.staff, c.student, "mine, too")
    undo.undo(Actor(c.admin.user_id, "admin"), last())
    assert [row.text for row in Note.select()] == ["hers"]


def test_who_may_not_do_it_may_not_take_it_back(small_center: SmallCenter) -> None:
    c = small_center
    catalog.restock(c.admin, c.book, 1)
    error = refused(Actor(c.admin.user_id, "staff"), last())
    assert (error.key, error.params["right"]) == ("rights.missing", "catalog.edit")
    with pytest.raises(UserError, match=r"rights\.missing"):
        undo.undo(Actor(c.instructor, "instructor"), last())


def test_an_admin_takes_colleagues_back_but_no_super_admin(small_center: SmallCenter) -> None:
    c = small_center
    admin = Actor(people.add_staff(c.admin, people.StaffDraft("Nora", "Neu", role="admin")), "admin")
    boss = people.add_staff(c.admin, people.StaffDraft("Petra", "Chef", role="super_admin"))
    added = last()
    error = refused(admin, added)
    assert (error.key, error.params["right"]) == ("rights.missing", "people.super_admin")
    taken_back = undo.undo(c.admin, added)
    assert User.get_or_none(User.id == boss) is None
    assert refused(admin, taken_back).params["right"] == "people.super_admin", "nor does an admin make one by undo"
    (moment,) = records.moments("users", boss)
    with pytest.raises(UserError) as caught:
        records.bring_back(admin, "users", boss, moment.change_id)
    assert caught.value.params["right"] == "people.super_admin"
    undo.undo(c.admin, taken_back)
    assert User.get_by_id(boss).role == "super_admin"
    people.add_staff(c.admin, people.StaffDraft("Lena", "Neu"))
    undo.undo(admin, undo.undo(admin, last()))


# -- mail ------------------------------------------------------------------------------------------------------------


def test_a_mail_is_canceled_while_it_can_be_and_queued_again_by_doing_it_again(small_center: SmallCenter) -> None:
    c = small_center
    there = slot(c)
    seats.book(c.staff, there, c.student)
    scheduling.cancel_slot(c.staff, there, "ice")
    operation = last()
    assert undo.preview(c.staff, operation).mails_canceled == ("Ana Satler",)
    taken_back = undo.undo(c.staff, operation)
    assert [row.state for row in MailQueue.select()] == ["canceled"]
    undo.undo(c.staff, taken_back)
    assert [row.state for row in MailQueue.select()] == ["queued"]
    undo.undo(c.staff, operation)
    scheduling.cancel_slot(c.staff, there, "snow")
    assert [row.state for row in MailQueue.select()] == ["canceled", "queued"], "a new event is a new mail"
    assert checks.run() == []


def test_a_mail_that_has_left_is_named(small_center: SmallCenter) -> None:
    c = small_center
    there = slot(c)
    seats.book(c.staff, there, c.student)
    scheduling.cancel_slot(c.staff, there, "ice")
    operation = last()
    queue.build("desk@mail.example", lambda reference: pytest.fail("no attachment"))
    (claimed,) = queue.claim("test")
    seen = undo.preview(c.staff, operation)
    assert (seen.mails_gone, seen.mails_canceled, seen.obstacle) == (("Ana Satler",), (), None)
    queue.settle(claimed.id, Outcome("sent", "dot", "250 OK"), clock.stamp())
    undo.undo(c.staff, operation)
    assert MailQueue.get().state == "sent"
    assert Slot.get_by_id(there).canceled_at is None
    assert checks.run() == []


def test_a_mail_written_by_hand_comes_back_only_before_it_leaves(small_center: SmallCenter) -> None:
    c = small_center
    queue.write_mail(c.staff, c.student, "Ana", "ana@mail.example", "Hello", "Hi")
    operation = last()
    taken_back = undo.undo(c.staff, operation)
    assert MailQueue.get().state == "canceled"
    undo.undo(c.staff, taken_back)
    queue.build("desk@mail.example", lambda reference: pytest.fail("no attachment"))
    assert len(queue.claim("test")) == 1
    assert refused(c.staff, operation).key == "undo.mail_gone"


def test_what_was_done_with_a_mail_is_taken_back(small_center: SmallCenter) -> None:
    c = small_center
    mail = queue.write_mail(c.staff, c.student, "Ana", "ana@mail.example", "Hello", "Hi")
    queue.cancel(c.staff, mail)
    undo.undo(c.staff, last())
    assert MailQueue.get_by_id(mail).state == "queued"
    queue.edit_address(c.staff, mail, "other@mail.example")
    undo.undo(c.staff, last())
    assert [row.state for row in MailQueue.select().order_by(MailQueue.id)] == ["queued", "canceled"]
    assert checks.run() == []


# -- money -----------------------------------------------------------------------------------------------------------


def pay(c: SmallCenter, student: int, amount: int, key: str, line: int) -> int:
    draft = payments.PaymentDraft(
        key, student, "card", amount, (payments.PayLine(enrollment_id=line, amount_minor=amount),)
    )
    made = payments.start(c.staff, draft)
    payments.complete(c.staff, made)
    return made


def test_an_enrollment_is_canceled_and_its_mail_too(small_center: SmallCenter) -> None:
    c = small_center
    session = Slot.get_by_id(slot(c)).session_id
    line = enrollment.enroll(c.staff, enrollment.EnrollmentDraft(c.student, c.course, session_id=session))
    operation = last()
    seen = undo.preview(c.staff, operation)
    assert [text.sentence(*one) for one in seen.money] == ["E-00001, Ana Satler is canceled; €330.00 is owed no more"]
    assert seen.mails_canceled == ("Ana Satler",)
    taken_back = undo.undo(c.staff, operation)
    assert CourseEnrolled.get_by_id(line).status == "canceled"
    assert User.get_by_id(c.student).balance_minor == 0
    assert SlotEnrolled.get().status == "canceled"
    assert checks.run() == []
    undo.undo(c.staff, taken_back)
    assert (CourseEnrolled.get_by_id(line).status, User.get_by_id(c.student).balance_minor) == ("pending", 33000)
    assert (SlotEnrolled.get().status, MailQueue.get().state) == ("booked", "queued")
    assert checks.run() == []


def test_an_enrollment_with_money_or_an_invoice_is_refused(small_center: SmallCenter) -> None:
    c = small_center
    line = enrollment.enroll(c.staff, enrollment.EnrollmentDraft(c.student, c.course))
    operation = last()
    invoice = invoices.bill(c.staff, c.student, [payments.PayLine(enrollment_id=line)])
    billed = last()
    error = refused(c.staff, operation)
    assert (error.key, error.params["label"]) == ("undo.invoiced", Invoice.get_by_id(invoice).label)
    undo.undo(c.staff, billed)
    assert Invoice.select().where(Invoice.refers_to == invoice).count() == 1
    pay(c, c.student, 10000, "k", line)
    paid = last()
    error = refused(c.staff, operation)
    assert (error.key, error.params["amount"]) == ("undo.paid", 10000)
    undo.undo(c.staff, paid)
    assert User.get_by_id(c.student).balance_minor == 33000
    assert checks.run() == []


def test_a_payment_is_given_back_and_only_once(small_center: SmallCenter) -> None:
    c = small_center
    line = enrollment.enroll(c.staff, enrollment.EnrollmentDraft(c.student, c.course))
    made = pay(c, c.student, 10000, "k", line)
    operation = last()
    seen = undo.preview(c.staff, operation)
    assert [key for key, _ in seen.money] == ["undo.does_refund", "undo.does_stay"]
    assert Payment.select().count() == 1, "a preview writes nothing"
    taken_back = undo.undo(c.staff, operation)
    back = Payment.get(Payment.refund_of == made)
    assert (back.amount_minor, back.status, back.reason) == (10000, "COMPLETED", "taken back")
    assert User.get_by_id(c.student).balance_minor == 33000
    assert refused(c.staff, taken_back).key == "undo.money"
    assert checks.run() == []


def test_eight_who_take_the_same_payment_back_give_the_money_back_once(small_center: SmallCenter) -> None:
    c = small_center
    line = enrollment.enroll(c.staff, enrollment.EnrollmentDraft(c.student, c.course))
    pay(c, c.student, 10000, "k", line)
    operation, answers = last(), []

    def take() -> None:
        with store.connected():
            try:
                answers.append(undo.undo(c.staff, operation))
            except UserError as error:
                answers.append(error.key)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, answers))[1:] == ["undo.already"] * 7
    assert Payment.select().where(Payment.payment_type == "refund").count() == 1
    assert checks.run() == []


def test_a_payment_of_which_a_part_was_given_back_names_that(small_center: SmallCenter) -> None:
    c = small_center
    line = enrollment.enroll(c.staff, enrollment.EnrollmentDraft(c.student, c.course))
    made = pay(c, c.student, 10000, "k", line)
    operation = last()
    refunds.refund(c.admin, made, 500, "too much", "r")
    error = refused(c.staff, operation)
    assert (error.key, error.params["what"], error.params["who"]) == (
        "undo.stays_since", "Money given back", "Ingrid Maurer",
    )  # fmt: skip


def test_a_sale_is_canceled_and_its_stock_comes_back(small_center: SmallCenter) -> None:
    c = small_center
    (line,) = enrollment.sell(c.staff, enrollment.SaleDraft(c.student, (enrollment.SaleItem(c.book, 2),)))
    operation = last()
    taken_back = undo.undo(c.staff, operation)
    assert (ProductEnrolled.get_by_id(line).status, Product.get_by_id(c.book).stock) == ("canceled", 3)
    assert User.get_by_id(c.student).balance_minor == 0
    assert checks.run() == []
    undo.undo(c.staff, taken_back)
    assert (ProductEnrolled.get_by_id(line).status, Product.get_by_id(c.book).stock) == ("completed", 1)
    assert User.get_by_id(c.student).balance_minor == 4800
    assert checks.run() == []


def test_used_credit_becomes_credit_again(small_center: SmallCenter) -> None:
    c = small_center
    made = payments.start(c.staff, payments.PaymentDraft("k", c.student, "card", 50000))
    payments.complete(c.staff, made)
    line = enrollment.enroll(c.staff, enrollment.EnrollmentDraft(c.student, c.course))
    refunds.apply_credit(c.staff, c.student, [payments.PayLine(enrollment_id=line, amount_minor=33000)], "use")
    operation = last()
    undo.undo(c.staff, operation)
    assert refunds.student_credit_minor(c.student) == 50000
    assert Invoice.select().where(Invoice.kind == "credit_note").count() == 1
    assert checks.run() == []


def test_an_invoice_that_was_paid_since_names_the_payment(small_center: SmallCenter) -> None:
    c = small_center
    line = enrollment.enroll(c.staff, enrollment.EnrollmentDraft(c.student, c.course))
    invoices.bill(c.staff, c.student, [payments.PayLine(enrollment_id=line)])
    billed = last()
    pay(c, c.student, 10000, "k", line)
    error = refused(c.staff, billed)
    assert (error.key, error.params["what"]) == ("undo.in_use", "Payment completed")


def test_cash_is_moved_the_other_way_while_the_till_is_open(small_center: SmallCenter) -> None:
    c = small_center
    till.open_till(c.staff, 20000)
    till.move(c.staff, "paid_out", 1900, "stamps")
    operation = last()
    undo.undo(c.staff, operation)
    state = till.current()
    assert state is not None
    assert state.expected_minor == 20000
    till.move(c.staff, "paid_in", 500, "coins")
    operation = last()
    till.close_till(c.staff, 20500)
    assert refused(c.staff, operation).key == "undo.till_closed"


def test_a_canceled_enrollment_runs_again_unless_a_document_was_credited(small_center: SmallCenter) -> None:
    c = small_center
    line = enrollment.enroll(c.staff, enrollment.EnrollmentDraft(c.student, c.course))
    canceling.cancel_enrollment(c.staff, line, "moved away")
    undo.undo(c.staff, last())
    assert (CourseEnrolled.get_by_id(line).status, User.get_by_id(c.student).balance_minor) == ("pending", 33000)
    invoices.bill(c.staff, c.student, [payments.PayLine(enrollment_id=line)])
    canceling.cancel_enrollment(c.staff, line, "moved away")
    assert refused(c.staff, last()).key == "undo.money"
    assert checks.run() == []


@pytest.mark.parametrize("label", [label for label, kind in labels.LABELS.items() if kind.way == "refused"])
def test_what_is_never_taken_back_says_what_to_do(small_center: SmallCenter, label: str) -> None:
    with store.write(label, small_center.admin) as w:
        w.update(Course, small_center.course, description="x")
    error = refused(small_center.admin, last())
    assert error.key == labels.LABELS[label].why
    assert text.sentence(error) != error.key


# -- which operation Ctrl+Z means ----------------------------------------------------------------------------------


def test_the_newest_of_mine_at_this_desk_and_then_the_one_before(small_center: SmallCenter) -> None:
    c = small_center
    people.add_note(c.staff, c.student, "one")
    one = last()
    people.add_note(c.staff, c.student, "two")
    two = last()
    people.add_note(Actor(c.staff.user_id, "staff", "Desk 2"), c.student, "elsewhere")
    people.add_note(c.admin, c.student, "hers")
    payments.start(c.staff, payments.PaymentDraft("k", c.student, "card", 500))
    assert undo.newest(c.staff) == two
    undo.undo(c.staff, two)
    assert undo.newest(c.staff) == one
    undo.undo(c.staff, one)
    with pytest.raises(UserError, match=r"undo\.nothing_newer"):
        undo.newest(c.staff)


def test_after_what_nothing_takes_back_nothing_older_is_meant(small_center: SmallCenter) -> None:
    """Ctrl+Z after a refund says what it cannot do; it does not reach for the note that was written before."""
    c = small_center
    people.add_note(c.admin, c.student, "before")
    line = enrollment.enroll(c.admin, enrollment.EnrollmentDraft(c.student, c.course))
    made = pay(c, c.student, 10000, "k", line)
    people.add_note(c.staff, c.student, "hers")
    refunds.refund(c.admin, made, 500, "too much", "r")
    with pytest.raises(UserError, match=r"undo\.newest_stays") as refusal:
        undo.preview_newest(c.admin)
    said = text.sentence(refusal.value)
    assert "Money given back. Money that was given back is taken again" in said
    assert "history" in said
    assert undo.newest(c.staff) == last() - 1, "the note of somebody else is meant by them alone"
    people.add_note(c.admin, c.student, "after")
    assert undo.newest(c.admin) == last()


# -- one record ------------------------------------------------------------------------------------------------------


def test_nothing_from_before_a_restore_is_the_newest(small_center: SmallCenter) -> None:
    """It may be weeks old, and its like was done again since; whoever wants it finds it in the history."""
    c = small_center
    people.add_note(c.admin, c.student, "long ago")
    before = last()
    copy = backup.take(c.folder, "asked")
    people.add_note(c.admin, c.student, "just now")
    store.close_center()
    keeping.restore(c.admin, copy.path, c.folder)
    store.open_center(c.folder)
    with pytest.raises(UserError, match=r"undo\.nothing_newer"):
        undo.newest(c.admin)
    people.add_note(c.admin, c.student, "after it")
    assert undo.newest(c.admin) == last()
    undo.undo(c.admin, last())
    with pytest.raises(UserError, match=r"undo\.nothing_newer"):
        undo.preview_newest(c.admin)
    assert undo.preview(c.admin, before).obstacle is None
    undo.undo(c.admin, before)
    assert Note.select().count() == 0


def test_one_record_comes_back_to_a_chosen_moment(small_center: SmallCenter) -> None:
    c = small_center
    _edit(c)
    row = User.get_by_id(c.student)
    people.edit_student(c.admin, c.student, row.version, people.StudentDraft("Anna", "Maier", email="a@mail.example"))
    story = records.moments("users", c.student)
    assert [one.image["last_name"] for one in story] == ["Maier", "Satler", "Satler"]
    records.bring_back(c.staff, "users", c.student, story[-1].change_id)
    now = User.get_by_id(c.student)
    assert (now.first_name, now.last_name, now.email) == ("Ana", "Satler", "ana.satler@mail.example")
    assert Operation.get_by_id(last()).label == "Bring back record"
    assert checks.run() == []
    undo.undo(c.staff, last())
    assert User.get_by_id(c.student).last_name == "Maier"


def test_a_record_that_is_gone_comes_back(small_center: SmallCenter) -> None:
    c = small_center
    product = catalog.add_product(c.admin, catalog.ProductDraft("K", "Kit", 500, 1, stock=3))
    story = records.moments("products", product)
    undo.undo(c.admin, last())
    assert Product.get_or_none(Product.id == product) is None
    records.bring_back(c.admin, "products", product, story[0].change_id)
    assert Product.get_by_id(product).stock == 3
    assert checks.run() == []


def test_what_stands_in_the_way_of_a_record_is_named_too(small_center: SmallCenter) -> None:
    c = small_center
    there = slot(c, capacity=1)
    seat = seats.book(c.staff, there, c.student)
    story = records.moments("slot_enrolled", seat)
    with pytest.raises(UserError, match=r"undo\.record_same"):
        records.bring_back(c.staff, "slot_enrolled", seat, story[0].change_id)
    seats.cancel_seat(c.staff, seat)
    seats.book(c.staff, there, c.other_student)
    with pytest.raises(UserError, match=r"undo\.full"):
        records.bring_back(c.staff, "slot_enrolled", seat, story[0].change_id)
    assert checks.run() == []


def test_money_and_the_rest_are_refused_in_words(small_center: SmallCenter) -> None:
    c = small_center
    made = payments.start(c.staff, payments.PaymentDraft("k", c.student, "card", 500))
    for table, row_id, key in (("payments", made, "undo.record_money"), ("settings", 1, "undo.record_kind")):
        with pytest.raises(UserError) as caught:
            records.bring_back(c.admin, table, row_id, 1)
        assert caught.value.key == key


def test_a_colleagues_record_needs_the_right_for_colleagues(small_center: SmallCenter) -> None:
    c = small_center
    story = records.moments("users", c.instructor)
    with pytest.raises(UserError, match=r"rights\.missing"):
        records.bring_back(c.staff, "users", c.instructor, story[0].change_id)


# -- the list of labels ----------------------------------------------------------------------------------------------


#: Functions that write under a label they are given: every label that is handed to them, and the right asked there.
HANDED_ON = {
    "repairs.py": (re.compile(r'"(Repair [a-z ]+)"'), "keeping.repair"),
    "opening.py": (re.compile("(?!)"), ""),  # those of restore and secrecy
    "restore.py": (re.compile(r'"(Restore backup)"'), ""),
    "secrecy.py": (re.compile(r'"(Switch encryption [a-z]+)"'), "keeping.secrecy"),
}


def written_labels() -> dict[str, tuple[str, str]]:
    """label → (file, the right asked first) of every `store.write` in the desk, the mail and the store."""
    found: dict[str, tuple[str, str]] = {}
    for folder in ("app/desk", "app/mail", "app/store", "app/exchange"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            handed_on, needs = HANDED_ON.get(path.name, (None, ""))
            if handed_on is not None:
                found |= dict.fromkeys(handed_on.findall(path.read_text("utf-8")), (path.name, needs))
            for function in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not isinstance(function, ast.FunctionDef):
                    continue
                calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
                asked = [
                    node.args[1].value
                    for node in calls
                    if ast.unparse(node.func) == "require" and isinstance(node.args[1], ast.Constant)
                ]
                for node in calls:
                    if ast.unparse(node.func) in ("store.write", "write", "database.write"):
                        words = [n.value for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant)]
                        if isinstance(node.args[0], ast.Name) and handed_on is not None:
                            continue
                        assert words, f"{path}:{node.lineno} has no label that can be read"
                        found |= {word: (path.name, str(asked[0]) if asked else "") for word in words}
    return found


def test_every_operation_of_the_program_is_classified_and_has_words() -> None:
    found = written_labels()
    assert len(found) > 55
    assert set(found) == set(labels.LABELS)
    for label in found:
        assert labels.key(label).startswith("operation."), f"{label} has no sentence"
    assert set(counter.WAYS) == {label for label, kind in labels.LABELS.items() if kind.way == "counter"}
    assert set(counter.RIGHTS) == set(counter.WAYS)


def test_taking_back_needs_the_right_that_doing_needed() -> None:
    for label, (_file, right) in written_labels().items():
        kind = labels.LABELS[label]
        if kind.way != "refused":
            assert kind.right == right, label
