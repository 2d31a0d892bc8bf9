"""Seats: capacity, one seat each, holds that expire, the waiting list, attendance and progress."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app import clock, store
from app.desk import catalog, scheduling, seats
from app.errors import UserError
from app.store import checks, images
from app.store.models import Course, CourseEnrolled, MailQueue, Notification, Slot, SlotEnrolled, Timeline, User
from tests.support.center import SmallCenter, build, small_center

__all__ = ["small_center"]

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def tuesday() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def test_the_seats_of_a_slot_are_found_and_not_looked_for(small_center: SmallCenter) -> None:
    """By their index, also where a preview supposes that some were other; the control asks for live seats alone."""
    slot = slot_of(small_center)
    seat = seats.book(small_center.staff, slot, small_center.student)

    def scans(condition: Any) -> int:
        sql, values = SlotEnrolled.select(SlotEnrolled.id).where(condition, seats.live(clock.stamp())).sql()
        plan = store.db.connection().execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        return sum("SCAN" in words and "supposed" not in words for *_, words in plan)

    bare = SlotEnrolled.slot_id == slot
    assert (scans(seats.of_slot(slot)), scans(bare)) == (0, 1)
    with store.looking(), images.supposing({"slot_enrolled": [(seat, None, frozenset())]}):
        assert (scans(seats.of_slot(slot)), scans(bare)) == (0, 1)
        assert seats.taken(slot, clock.stamp()) == 0
    assert seats.taken(slot, clock.stamp()) == 1


def slot_of(center: SmallCenter, capacity: int = 1, day: str = "2026-11-24", time: str = "17:30") -> int:
    session = scheduling.plan_session(
        center.staff,
        scheduling.SessionDraft(
            course_id=center.course,
            name=f"Evening {day} {time}",
            recurrence="picked_dates",
            picked_dates=(day,),
            start_time=time,
            duration_minutes=90,
            capacity=capacity,
        ),
    )
    return int(Slot.get(Slot.session_id == session).id)


def enrolled(center: SmallCenter, student: int) -> int:
    with store.write("Enroll", center.admin) as w:
        return w.insert(
            CourseEnrolled, number=f"E-{student}", student_id=student, course_id=center.course,
            enrolled_on="2026-11-01", list_price_minor=0, tax_category="S", rate_bp=2000, net_minor=0, tax_minor=0,
            gross_minor=0,
        )  # fmt: skip


def test_a_full_slot_is_refused_in_words(small_center: SmallCenter) -> None:
    slot = slot_of(small_center)
    seats.book(small_center.staff, slot, small_center.student)
    with pytest.raises(UserError) as refused:
        seats.book(small_center.staff, slot, small_center.other_student)
    assert (refused.value.key, refused.value.params["taken"], refused.value.params["capacity"]) == ("seats.full", 1, 1)
    assert Slot.get_by_id(slot).seats_taken == 1


def test_one_seat_per_student_and_none_in_two_places(small_center: SmallCenter) -> None:
    slot, clash = slot_of(small_center, 5), slot_of(small_center, 5, time="18:00")
    after = slot_of(small_center, 5, time="19:00")
    seats.book(small_center.staff, slot, small_center.student)
    with pytest.raises(UserError, match=r"seats\.twice"):
        seats.book(small_center.staff, slot, small_center.student)
    with pytest.raises(UserError, match=r"seats\.student_busy"):
        seats.book(small_center.staff, clash, small_center.student)
    seats.book(small_center.staff, after, small_center.student)
    seat = seats.book(small_center.staff, clash, small_center.student, override_reason="comes late")
    assert SlotEnrolled.get_by_id(seat).override_reason == "comes late"


def test_an_expired_hold_is_free_without_a_timer(small_center: SmallCenter) -> None:
    slot = slot_of(small_center)
    seats.hold(small_center.staff, slot, small_center.student, minutes=15)
    with pytest.raises(UserError, match=r"seats\.full"):
        seats.book(small_center.staff, slot, small_center.other_student)
    with clock.frozen(NOW + timedelta(minutes=16)):
        seats.book(small_center.staff, slot, small_center.other_student)
        with pytest.raises(UserError, match=r"seats\.full"):
            seats.book(small_center.staff, slot, small_center.student)


def test_a_hold_that_ran_out_is_nobodys_next_slot_once_they_wait(small_center: SmallCenter) -> None:
    slot = slot_of(small_center)
    seats.hold(small_center.staff, slot, small_center.student, 15)
    with clock.frozen(NOW + timedelta(minutes=20)):
        seats.book(small_center.staff, slot, small_center.other_student)
        seats.wait(small_center.staff, slot, small_center.student)
        assert User.get_by_id(small_center.student).next_slot_at is None
        assert checks.run() == []


def test_a_canceled_slot_is_nobodys_next_slot_not_even_of_a_hold_that_ran_out(small_center: SmallCenter) -> None:
    slot = slot_of(small_center)
    seats.hold(small_center.staff, slot, small_center.student, 15)
    with clock.frozen(NOW + timedelta(minutes=20)):
        scheduling.cancel_slot(small_center.staff, slot, "ice")
        assert User.get_by_id(small_center.student).next_slot_at is None
        assert checks.run() == []


def test_a_hold_becomes_the_booking(small_center: SmallCenter) -> None:
    slot = slot_of(small_center)
    held = seats.hold(small_center.staff, slot, small_center.student)
    assert seats.book(small_center.staff, slot, small_center.student) == held
    assert SlotEnrolled.get_by_id(held).status == "booked"


def test_the_waiting_list_is_by_priority_then_first_come_and_skips_for_a_reason(small_center: SmallCenter) -> None:
    slot = slot_of(small_center)
    with store.write("People", small_center.admin) as w:
        late, busy, early = (w.insert(User, role="student", first_name=name) for name in ("Late", "Busy", "Early"))
    seat = seats.book(small_center.staff, slot, small_center.student)
    with pytest.raises(UserError, match=r"seats\.free"):
        seats.wait(small_center.staff, slot_of(small_center, 1, "2026-11-25"), early)
    seats.wait(small_center.staff, slot, early)
    with clock.frozen(NOW + timedelta(minutes=1)):
        seats.wait(small_center.staff, slot, late)
    seats.wait(small_center.staff, slot, busy, priority=5)
    seats.book(small_center.staff, slot_of(small_center, 3, time="18:00"), busy)
    assert [row.student_id for row in seats.waiting_list(slot)] == [busy, early, late]
    seats.cancel_seat(small_center.staff, seat)
    notice = Notification.get(Notification.key == "seats.freed")
    assert (notice.needs_decision, json.loads(notice.params)["first_id"]) == (1, early)
    assert seats.waiting_list(slot)[0].skipped_reason == "seats.skipped_busy"


def test_attendance_moves_progress_and_a_correction_moves_it_back(small_center: SmallCenter) -> None:
    enrollment = enrolled(small_center, small_center.student)
    slot = slot_of(small_center, 5)
    seat = seats.book(small_center.staff, slot, small_center.student)
    assert SlotEnrolled.get_by_id(seat).enrollment_id == enrollment
    seats.mark(small_center.staff, seat, "attended")
    row = CourseEnrolled.get_by_id(enrollment)
    assert (row.theory_done_minutes, row.progress_bp, row.status) == (90, 1250, "pending")
    seats.mark(small_center.staff, seat, "absent")
    assert CourseEnrolled.get_by_id(enrollment).theory_done_minutes == 0
    seats.mark(small_center.staff, seat, "booked")
    assert SlotEnrolled.get_by_id(seat).status == "booked"


def test_all_hours_attended_complete_the_course(small_center: SmallCenter) -> None:
    enrollment = enrolled(small_center, small_center.student)
    for day in range(8):
        slot = slot_of(small_center, 5, f"2026-11-{17 + day}", "10:00")
        seats.mark(small_center.staff, seats.book(small_center.staff, slot, small_center.student), "attended")
    row = CourseEnrolled.get_by_id(enrollment)
    assert (row.progress_bp, row.status, row.completed_on) == (10_000, "completed", "2026-11-24")


def test_other_hours_of_a_course_move_the_progress_and_reopen_nothing(small_center: SmallCenter) -> None:
    running, done = (enrolled(small_center, who) for who in (small_center.student, small_center.other_student))
    for day in range(8):
        slot = slot_of(small_center, 5, f"2026-11-{17 + day}", "10:00")
        for student in (small_center.student, small_center.other_student)[day % 2 :]:
            seats.mark(small_center.staff, seats.book(small_center.staff, slot, student), "attended")
    assert [CourseEnrolled.get_by_id(one).progress_bp for one in (running, done)] == [5000, 10_000]
    row = Course.get_by_id(small_center.course)
    longer = catalog.CourseDraft(
        code=row.code, name=row.name, price_minor=row.price_minor, tax_rate_id=row.tax_rate_id, theory_minutes=1440
    )
    catalog.edit_course(small_center.admin, row.id, row.version, longer)
    found = [CourseEnrolled.get_by_id(one) for one in (running, done)]
    assert [(one.progress_bp, one.status) for one in found] == [(2500, "pending"), (5000, "completed")]
    assert [broken for broken in checks.run() if broken.rule.startswith("progress")] == []
    catalog.edit_course(small_center.admin, row.id, row.version + 1, replace(longer, theory_minutes=360))
    assert CourseEnrolled.get_by_id(running).status == "completed"
    assert [broken for broken in checks.run() if broken.rule.startswith("progress")] == []


def test_attendance_cannot_be_marked_before_the_day(small_center: SmallCenter) -> None:
    seat = seats.book(small_center.staff, slot_of(small_center, 5, "2026-11-25"), small_center.student)
    with pytest.raises(UserError, match=r"seats\.too_early"):
        seats.mark(small_center.staff, seat, "attended")


def test_the_next_slot_rolls_forward(small_center: SmallCenter) -> None:
    for day in ("2026-11-25", "2026-11-26"):
        seats.book(small_center.staff, slot_of(small_center, 5, day), small_center.student)
    assert User.get_by_id(small_center.student).next_slot_at == "2026-11-25T16:30:00.000Z"
    with clock.frozen(NOW + timedelta(days=1, hours=12)):
        assert seats.roll_forward() == 1
        assert seats.roll_forward() == 0
    assert User.get_by_id(small_center.student).next_slot_at == "2026-11-26T16:30:00.000Z"


def test_an_expired_hold_is_no_next_slot(small_center: SmallCenter) -> None:
    later = slot_of(small_center, 5, "2026-11-27")
    seats.book(small_center.staff, later, small_center.student)
    seats.hold(small_center.staff, slot_of(small_center, 5, "2026-11-26"), small_center.student)
    assert User.get_by_id(small_center.student).next_slot_at == "2026-11-26T16:30:00.000Z"
    with clock.frozen(NOW + timedelta(minutes=16)):
        assert seats.roll_forward() == 1
        assert seats.roll_forward() == 0
    assert User.get_by_id(small_center.student).next_slot_id == later


def test_waiting_is_no_seat_and_a_live_hold_does_not_wait(small_center: SmallCenter) -> None:
    slot = slot_of(small_center)
    held = seats.hold(small_center.staff, slot, small_center.student)
    with pytest.raises(UserError, match=r"seats\.twice"):
        seats.wait(small_center.staff, slot, small_center.student)
    with clock.frozen(NOW + timedelta(minutes=16)):
        seats.book(small_center.staff, slot, small_center.other_student)
        assert seats.wait(small_center.staff, slot, small_center.student) == held
        assert User.get_by_id(small_center.student).next_slot_id is None
        assert checks.run() == []


def test_a_canceled_slot_is_nobodys_next(small_center: SmallCenter) -> None:
    slot = slot_of(small_center)
    seats.hold(small_center.staff, slot, small_center.student)
    with clock.frozen(NOW + timedelta(minutes=16)):
        scheduling.cancel_slot(small_center.staff, slot, "ill")
        assert checks.run() == []


@pytest.mark.parametrize("status", ["attended", "booked"])
def test_an_absence_is_not_taken_back_into_a_second_place(small_center: SmallCenter, status: str) -> None:
    slot, clash = slot_of(small_center, 5), slot_of(small_center, 5, time="18:00")
    seat = seats.book(small_center.staff, slot, small_center.student)
    seats.mark(small_center.staff, seat, "absent")
    there = seats.book(small_center.staff, clash, small_center.student)
    with pytest.raises(UserError, match=r"seats\.student_busy"):
        seats.mark(small_center.staff, seat, status)
    seats.cancel_seat(small_center.staff, there)
    seats.mark(small_center.staff, seat, status)
    assert checks.run() == []


def test_a_seat_belongs_to_the_students_own_enrollment_in_the_course(small_center: SmallCenter) -> None:
    own, others = (enrolled(small_center, who) for who in (small_center.student, small_center.other_student))
    slot = slot_of(small_center, 5)
    with pytest.raises(UserError, match=r"seats\.wrong_enrollment"):
        seats.book(small_center.staff, slot, small_center.student, enrollment_id=others)
    seat = seats.book(small_center.staff, slot, small_center.student, enrollment_id=own)
    assert SlotEnrolled.get_by_id(seat).enrollment_id == own


class SeatMachine(RuleBasedStateMachine):
    """Random bookings beside a plain model: a dict of (slot, student) → state."""

    folder: Path

    @initialize()
    def start(self) -> None:
        import tempfile

        self.temp = tempfile.TemporaryDirectory()
        self.clock = NOW
        self.frozen = clock.frozen(lambda: self.clock)
        self.frozen.__enter__()
        self.center = build(Path(self.temp.name) / "center")
        with store.write("People", self.center.admin) as w:
            self.students = [w.insert(User, role="student", first_name=f"S{n}") for n in range(4)]
        self.capacity = {slot_of(self.center, 2): 2, slot_of(self.center, 1, time="19:30"): 1}
        self.seats: dict[tuple[int, int], tuple[str, datetime | None]] = {}

    def teardown(self) -> None:
        if hasattr(self, "center"):
            mine = [rule for rule in checks.RULES.values() if rule.name.startswith(("seats.", "students."))]
            broken = [found for rule in mine for found in rule.find(store.db.connection())]
            store.close_center()
            self.frozen.__exit__(None, None, None)
            self.temp.cleanup()
            assert broken == []

    def live(self, slot: int) -> int:
        return sum(
            1
            for (at, _student), (state, until) in self.seats.items()
            if at == slot and (state in ("booked", "attended") or (state == "held" and until and until > self.clock))
        )

    def expect(self, slot: int, student: int, kind: str) -> bool:
        state, until = self.seats.get((slot, student), ("", None))
        if state in ("booked", "attended", "absent"):
            return False
        own = state == "held" and until is not None and until > self.clock
        return self.live(slot) - int(own) < self.capacity[slot]

    @rule(which=st.integers(0, 1), who=st.integers(0, 3), kind=st.sampled_from(["book", "hold"]))
    def take(self, which: int, who: int, kind: str) -> None:
        slot, student = list(self.capacity)[which], self.students[who]
        allowed = self.expect(slot, student, kind)
        try:
            if kind == "book":
                seats.book(self.center.staff, slot, student)
                state: tuple[str, datetime | None] = ("booked", None)
            else:
                seats.hold(self.center.staff, slot, student, minutes=10)
                state = ("held", self.clock + timedelta(minutes=10))
        except UserError as error:
            assert not allowed, error
        else:
            assert allowed
            self.seats[(slot, student)] = state

    @rule(who=st.integers(0, 3), which=st.integers(0, 1), status=st.sampled_from(["attended", "absent", "booked"]))
    def attend(self, who: int, which: int, status: str) -> None:
        slot, student = list(self.capacity)[which], self.students[who]
        row = SlotEnrolled.get_or_none(
            SlotEnrolled.slot_id == slot, SlotEnrolled.student_id == student, SlotEnrolled.status != "canceled"
        )
        state = self.seats.get((slot, student), ("", None))[0]
        assert (row.status if row else "") == state
        if state not in ("booked", "attended", "absent"):
            return
        blocked = state == "absent" and status != "absent" and self.live(slot) >= self.capacity[slot]
        try:
            seats.mark(self.center.staff, row.id, status)
        except UserError as error:
            assert blocked, error
        else:
            assert not blocked
            self.seats[(slot, student)] = (status, None)

    @rule(who=st.integers(0, 3), which=st.integers(0, 1))
    def cancel(self, who: int, which: int) -> None:
        slot, student = list(self.capacity)[which], self.students[who]
        row = SlotEnrolled.get_or_none(
            SlotEnrolled.slot_id == slot, SlotEnrolled.student_id == student, SlotEnrolled.status != "canceled"
        )
        if row is not None:
            seats.cancel_seat(self.center.staff, row.id)
            del self.seats[(slot, student)]

    @rule(who=st.integers(0, 3), which=st.integers(0, 1))
    def wait(self, who: int, which: int) -> None:
        slot, student = list(self.capacity)[which], self.students[who]
        state, until = self.seats.get((slot, student), ("", None))
        gone = state == "held" and until is not None and until <= self.clock
        allowed = self.live(slot) >= self.capacity[slot] and (state == "" or gone)
        try:
            seats.wait(self.center.staff, slot, student)
        except UserError as error:
            assert not allowed, error
        else:
            assert allowed
            self.seats[(slot, student)] = ("waiting", None)

    @rule(minutes=st.integers(1, 12))
    def time_passes(self, minutes: int) -> None:
        self.clock += timedelta(minutes=minutes)

    @invariant()
    def counts_agree(self) -> None:
        if not hasattr(self, "center"):
            return
        for slot, capacity in self.capacity.items():
            assert seats.taken(slot, clock.stamp()) == self.live(slot) <= capacity
            kept = sum(
                1 for (at, _s), (state, _u) in self.seats.items() if at == slot and state in ("booked", "attended")
            )
            assert Slot.get_by_id(slot).seats_taken == kept


TestSeatMachine = SeatMachine.TestCase
TestSeatMachine.settings = settings(max_examples=15, stateful_step_count=25, deadline=None, derandomize=True)


def waiting_for(center: SmallCenter) -> tuple[int, int, int, int]:
    """A slot whose one seat was given back while two wait: (slot, first in line, second in line, who left)."""
    slot = slot_of(center)
    with store.write("One more", center.admin) as w:
        number = w.next_number("student")[1]
        third = w.insert(User, role="student", number=number, first_name="Yusuf", email="yusuf@mail.example")
    seat = seats.book(center.staff, slot, center.student)
    seats.wait(center.staff, slot, center.other_student)
    with clock.frozen(NOW + timedelta(minutes=1)):
        seats.wait(center.staff, slot, third)
    seats.cancel_seat(center.staff, seat)
    return slot, center.other_student, third, center.student


def test_a_free_seat_is_offered_to_the_first_in_line_and_held_until_it_runs_out(small_center: SmallCenter) -> None:
    slot, first, second, _left = waiting_for(small_center)
    until = seats.offer(small_center.staff, slot, first)
    assert until == clock.stamp(NOW + timedelta(hours=2))
    row = SlotEnrolled.get(SlotEnrolled.student_id == first)
    assert (row.status, row.held_until) == ("held", until)
    mail = MailQueue.get(MailQueue.template_key == "seat_offer")
    assert mail.to_address == "l.wisniewski@mail.example"
    assert "11:00" in mail.text  # the center's clock in Vienna, two hours from 09:00
    with pytest.raises(UserError) as refused:
        seats.offer(small_center.staff, slot, second)
    assert refused.value.key == "seats.full"
    with clock.frozen(NOW + timedelta(hours=2, seconds=1)):
        seats.offer(small_center.staff, slot, second)
        assert SlotEnrolled.get(SlotEnrolled.student_id == second).status == "held"
        with pytest.raises(UserError) as refused:
            seats.offer(small_center.staff, slot, first)
        assert checks.run() == []
    assert refused.value.key == "seats.not_waiting"


def test_who_is_passed_over_is_passed_over_for_a_reason_that_can_be_read(small_center: SmallCenter) -> None:
    slot, first, second, _left = waiting_for(small_center)
    with pytest.raises(UserError) as refused:
        seats.offer(small_center.staff, slot, second)
    assert (refused.value.key, refused.value.field) == ("seats.skip_reason", "reason")
    assert SlotEnrolled.get(SlotEnrolled.student_id == second).status == "waiting"
    seats.offer(small_center.staff, slot, second, "Łukasz cannot be reached")
    assert SlotEnrolled.get(SlotEnrolled.student_id == first).skipped_reason == "seats.skipped_by_hand"
    entry = Timeline.get(Timeline.key == "seats.passed_over")
    assert (entry.user_id, json.loads(entry.params)["reason"]) == (first, "Łukasz cannot be reached")


def test_a_reason_is_written_down_when_the_seat_goes_past_the_line(small_center: SmallCenter) -> None:
    """Offered past someone who is busy by now, and booked at the desk for someone who never waited."""
    slot, first, second, left = waiting_for(small_center)
    seats.book(small_center.staff, slot_of(small_center, 5, time="18:00"), first)
    seats.offer(small_center.staff, slot, second)
    assert seats.waiting_list(slot)[0].skipped_reason == "seats.skipped_busy"
    with clock.frozen(NOW + timedelta(hours=2, seconds=1)):
        elsewhere = SlotEnrolled.get(SlotEnrolled.student_id == first, SlotEnrolled.status == "booked")
        seats.cancel_seat(small_center.staff, elsewhere.id)
        seats.book(small_center.staff, slot, left)
    (waits,) = seats.waiting_list(slot)
    assert (waits.student_id, waits.skipped_reason) == (first, "seats.skipped_booked")


def test_whoever_cannot_come_needs_no_reason_to_be_passed_over_and_a_begun_slot_is_not_offered(
    small_center: SmallCenter,
) -> None:
    slot, first, second, _left = waiting_for(small_center)
    with store.write("On hold", small_center.admin) as w:
        w.update(User, first, status="on_hold")
    seats.offer(small_center.staff, slot, second)
    assert SlotEnrolled.get(SlotEnrolled.student_id == second).status == "held"
    with clock.frozen(NOW + timedelta(hours=12)), pytest.raises(UserError) as refused:
        seats.offer(small_center.staff, slot, first)
    assert refused.value.key == "seats.slot_begun"
