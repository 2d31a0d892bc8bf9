"""Enrolling several people at once: what is said before, all of them or nobody, and taken back as one."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from app import clock, store, text
from app.desk import bulk, catalog, center, discounts, enrollment, people, quotes, scheduling, seats, undo
from app.desk.accounts import Actor
from app.errors import UserError
from app.store import checks
from app.store.models import (
    Course,
    CourseEnrolled,
    MailQueue,
    Notification,
    Operation,
    SlotEnrolled,
    TaxRate,
    User,
)
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

BORN = ("1999-01-02", "2000-03-04", "2001-05-06")


@pytest.fixture
def company(small_center: SmallCenter) -> tuple[SmallCenter, int, list[int]]:
    """Alpen GmbH and the four people it pays for."""
    c = small_center
    payer = people.add_payer(c.staff, people.PayerDraft("Alpen GmbH", "company", "office@alpen.example"))
    ids = [
        people.add_student(
            c.staff, people.StudentDraft(f"Nina {n}", "Zeman", f"n{n}@mail.example", date_of_birth=born, payer_id=payer)
        )
        for n, born in enumerate(BORN)
    ]
    ids.append(people.add_student(c.staff, people.StudentDraft("Omar", "Khatib", payer_id=payer)))
    return c, payer, ids


def group_of(c: SmallCenter, capacity: int, name: str = "Evening", days: tuple[str, ...] = ("2031-11-24",)) -> int:
    draft = scheduling.SessionDraft(
        course_id=c.course, name=name, recurrence="picked_dates", picked_dates=days, capacity=capacity,
        start_time="17:30" if name == "Evening" else "12:00",
    )  # fmt: skip
    return scheduling.plan_session(c.staff, draft)


def refused(actor: Actor, draft: bulk.BulkDraft) -> UserError:
    before = CourseEnrolled.select().count(), Operation.select().count(), MailQueue.select().count()
    with pytest.raises(UserError) as caught:
        bulk.enroll_several(actor, draft)
    assert (CourseEnrolled.select().count(), Operation.select().count(), MailQueue.select().count()) == before
    assert "{" not in text.sentence(caught.value)
    return caught.value


def test_all_are_enrolled_in_one_operation_and_the_payer_pays(company: tuple[SmallCenter, int, list[int]]) -> None:
    c, payer, ids = company
    session = group_of(c, 4, days=("2031-11-24", "2031-11-25"))
    draft = bulk.BulkDraft(tuple(ids), c.course, payer, session)
    seen = bulk.preview(draft)
    assert [(line.name, line.gross_minor, line.mail, line.refusal) for line in seen.lines] == [
        ("Nina 0 Zeman", 33_000, "n0@mail.example", None),
        ("Nina 1 Zeman", 33_000, "n1@mail.example", None),
        ("Nina 2 Zeman", 33_000, "n2@mail.example", None),
        ("Omar Khatib", 33_000, "", None),
    ]
    assert [key for key, _params in seen.lines[3].warnings] == ["enrollment.age_unknown"]
    assert seen.room is not None and (seen.room.group, seen.room.free) == ("Evening", 4)
    operations, told, mails = Operation.select().count(), Notification.select().count(), MailQueue.select().count()
    made = bulk.enroll_several(c.staff, draft)
    assert Operation.select().count() == operations + 1
    assert Operation.select().order_by(Operation.id.desc()).get().label == "Enroll several"
    rows = [CourseEnrolled.get_by_id(one) for one in made]
    assert [(row.student_id, row.payer_id, row.session_id) for row in rows] == [(one, payer, session) for one in ids]
    assert Notification.select().count() == told + 4
    assert MailQueue.select().count() == mails + 3
    assert SlotEnrolled.select().where(SlotEnrolled.session_id == session).count() == 8
    assert {row.balance_minor for row in User.select().where(User.id.in_(ids))} == {33_000}
    assert checks.run() == []


def test_no_mail_where_none_is_asked_for(company: tuple[SmallCenter, int, list[int]]) -> None:
    c, payer, ids = company
    draft = bulk.BulkDraft(tuple(ids), c.course, payer, send_mail=False)
    assert [line.mail for line in bulk.preview(draft).lines] == [""] * 4
    mails = MailQueue.select().count()
    bulk.enroll_several(c.staff, draft)
    assert MailQueue.select().count() == mails


def test_what_is_refused_stands_beside_each_and_nobody_is_enrolled(
    company: tuple[SmallCenter, int, list[int]],
) -> None:
    c, payer, ids = company
    child = people.add_student(c.staff, people.StudentDraft("Tim", "Klein", date_of_birth="2025-01-01"))
    gone = people.add_student(c.staff, people.StudentDraft("Uma", "Weg", status="inactive", date_of_birth=BORN[0]))
    held = people.add_student(c.staff, people.StudentDraft("Hal", "Ten", status="on_hold", date_of_birth=BORN[0]))
    seated = people.add_student(c.staff, people.StudentDraft("Sia", "Sitz", date_of_birth=BORN[0]))
    busy = people.add_student(c.staff, people.StudentDraft("Bea", "Voll", date_of_birth=BORN[0]))
    session, other = group_of(c, 9), group_of(c, 9, "Evening")
    for slot in scheduling.slots_of(session):
        seats.book(c.staff, slot.id, seated)
    for slot in scheduling.slots_of(other):
        seats.book(c.staff, slot.id, busy)
    number = CourseEnrolled.get_by_id(enrollment.enroll(c.staff, enrollment.EnrollmentDraft(ids[0], c.course))).number
    asked = (ids[0], child, gone, held, seated, busy, 99_999, ids[1])
    found = bulk.preview(bulk.BulkDraft(asked, c.course, payer, session)).lines
    assert [line.refusal.key if line.refusal else "" for line in found] == [
        "enrollment.already_enrolled", "enrollment.too_young", "enrollment.student_inactive", "bulk.not_active",
        "bulk.has_seat", "seats.student_busy", "store.gone", "",
    ]  # fmt: skip
    assert found[0].refusal is not None and found[0].refusal.params["number"] == number
    for line in found[:-1]:
        assert line.refusal is not None
        said = refused(c.staff, bulk.BulkDraft((ids[1], line.student_id), c.course, payer, session))
        assert (said.key, said.params) == ("bulk.refused", {"name": line.name}), line
        assert "{" not in text.sentence(line.refusal)
    assert refused(c.staff, bulk.BulkDraft(asked, c.course, payer, session)).key == "bulk.refused_some"
    without = bulk.preview(bulk.BulkDraft((held, seated, busy), c.course, payer)).lines
    assert [line.refusal for line in without] == [None] * 3, "it was about the group"
    assert checks.run() == []


def test_a_missing_prerequisite_is_said_and_does_not_stop(company: tuple[SmallCenter, int, list[int]]) -> None:
    c, payer, ids = company
    with store.write("Advanced", c.admin) as w:
        w.update(
            Course, c.course, prerequisite_id=w.insert(Course, code="F", name="First", price_minor=1, tax_rate_id=1)
        )
    draft = bulk.BulkDraft(tuple(ids[:2]), c.course, payer)
    assert [[key for key, _ in line.warnings] for line in bulk.preview(draft).lines] == [
        ["enrollment.prerequisite_missing"]
    ] * 2
    assert len(bulk.enroll_several(c.staff, draft)) == 2


def test_four_people_and_three_seats_are_refused_in_words_that_say_what_is_true(
    company: tuple[SmallCenter, int, list[int]],
) -> None:
    c, payer, ids = company
    session = group_of(c, 3)
    draft = bulk.BulkDraft(tuple(ids), c.course, payer, session)
    said = refused(c.staff, draft)
    assert said.key == "bulk.few_seats"
    assert {name: said.params[name] for name in ("group", "free", "count", "over")} == {
        "group": "Evening", "free": 3, "count": 4, "over": 1,
    }  # fmt: skip
    group_of(c, 3, "Small")
    assert refused(c.staff, draft).key == "bulk.few_seats"
    group_of(c, 8, "Noon")
    said = refused(c.staff, draft)
    assert (said.key, said.params["other"]) == ("bulk.few_seats_other", "Noon")
    assert len(bulk.enroll_several(c.staff, bulk.BulkDraft(tuple(ids[:3]), c.course, payer, session))) == 3
    one = bulk.BulkDraft((ids[3],), c.course, payer, session)
    assert refused(c.staff, one).key == "bulk.full_other"
    assert checks.run() == []


def test_the_seats_are_counted_in_the_write_and_not_by_the_preview(
    company: tuple[SmallCenter, int, list[int]],
) -> None:
    c, payer, ids = company
    session = group_of(c, 4)
    draft = bulk.BulkDraft(tuple(ids), c.course, payer, session)
    assert bulk.too_few_seats(bulk.preview(draft), draft, 4) is None
    seats.book_session(c.staff, session, c.student)  # at the other desk
    assert refused(c.staff, draft).key == "bulk.few_seats"


def overbooked(c: SmallCenter, draft: bulk.BulkDraft) -> list[str]:
    """What breaks a rule after trying to enroll them all."""
    try:
        bulk.enroll_several(c.staff, draft)
    except UserError:
        pass
    return [str(broken) for broken in checks.run()]


def test_control_without_the_seat_guards_a_group_is_overbooked(
    company: tuple[SmallCenter, int, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    c, payer, ids = company
    draft = bulk.BulkDraft(tuple(ids), c.course, payer, group_of(c, 3))
    assert overbooked(c, draft) == []
    monkeypatch.setattr(bulk, "_refuse_too_few", lambda found, draft: None)
    assert overbooked(c, draft) == [], "the guard of each seat holds alone"
    assert CourseEnrolled.select().where(CourseEnrolled.student_id.in_(ids)).count() == 0
    monkeypatch.setattr(seats, "taken", lambda slot_id, now: 0)
    assert any("seats" in broken for broken in overbooked(c, draft))


def test_control_without_the_look_somebody_is_enrolled_who_must_not(
    company: tuple[SmallCenter, int, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    c, payer, ids = company
    held = people.add_student(c.staff, people.StudentDraft("Hal", "Ten", status="inactive", date_of_birth=BORN[0]))
    draft = bulk.BulkDraft((ids[0], held), c.course, payer)
    assert refused(c.staff, draft).key == "bulk.refused"
    monkeypatch.setattr(bulk, "refuse_some", lambda lines: None)
    assert refused(c.staff, draft).key == "enrollment.student_inactive", "the rule itself stands behind it"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"student_ids": ()}, "bulk.nobody"),
        ({"student_ids": tuple(range(1, 502))}, "bulk.too_many"),
        ({"payer_id": 99_999}, "enrollment.payer_unavailable"),
        ({"session_id": 99_999}, "seats.session_over"),
        ({"course_id": 99_999}, "store.gone"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(
    company: tuple[SmallCenter, int, list[int]], change: dict[str, object], key: str
) -> None:
    c, payer, ids = company
    values = {"student_ids": tuple(ids), "course_id": c.course, "payer_id": payer, **change}
    assert refused(c.staff, bulk.BulkDraft(**values)).key == key  # type: ignore[arg-type]


def test_a_payer_who_is_inactive_and_a_course_that_is_gone(company: tuple[SmallCenter, int, list[int]]) -> None:
    c, payer, ids = company
    other = people.add_payer(c.staff, people.PayerDraft("Old GmbH", "company", status="inactive"))
    said = refused(c.staff, bulk.BulkDraft(tuple(ids), c.course, other))
    assert (said.key, said.field) == ("enrollment.payer_unavailable", "payer")
    with store.write("Off", c.admin) as w:
        w.update(Course, c.course, status="unavailable")
    assert refused(c.staff, bulk.BulkDraft(tuple(ids), c.course, payer)).key == "enrollment.course_unavailable"
    assert refused(Actor(c.instructor, "instructor"), bulk.BulkDraft(tuple(ids), c.course)).key == "rights.missing"


def test_it_is_taken_back_as_one(company: tuple[SmallCenter, int, list[int]]) -> None:
    c, payer, ids = company
    session = group_of(c, 4)
    made = bulk.enroll_several(c.staff, bulk.BulkDraft(tuple(ids), c.course, payer, session))
    seen = undo.preview_newest(c.staff)
    assert seen.obstacle is None
    assert len(seen.money) == 4 and len(seen.mails_canceled) == 3
    undo.undo(c.staff, undo.newest(c.staff))
    assert {row.status for row in CourseEnrolled.select().where(CourseEnrolled.id.in_(made))} == {"canceled"}
    now = clock.stamp()
    assert [seats.taken(slot.id, now) for slot in scheduling.slots_of(session)] == [0]
    assert {row.balance_minor for row in User.select().where(User.id.in_(ids))} == {0}
    assert checks.run() == []


# -- what is said is what is charged


def charged(ids: list[int]) -> list[int]:
    return [User.get_by_id(one).balance_minor for one in ids]


def test_siblings_who_enroll_together_are_told_the_price_they_are_charged(
    company: tuple[SmallCenter, int, list[int]],
) -> None:
    c, _payer, ids = company
    mother = people.add_payer(c.staff, people.PayerDraft("Maria Zeman"))
    discounts.add_rule(c.admin, discounts.RuleDraft("Siblings", "sibling", percent_bp=1000))
    draft = bulk.BulkDraft(tuple(ids[:3]), c.course, mother)
    told = bulk.preview(draft)
    assert [line.gross_minor for line in told.lines] == [33_000, 29_700, 29_700]
    alone = bulk.preview(draft, left_out={ids[0]})
    assert [line.gross_minor for line in alone.lines] == [33_000, 33_000, 29_700], "the first is not there yet"
    bulk.enroll_several(c.staff, draft)
    assert charged(ids[:3]) == [line.total_minor for line in told.lines]
    assert checks.run() == []


def test_a_rule_that_is_used_up_by_the_first_lowers_no_more(company: tuple[SmallCenter, int, list[int]]) -> None:
    c, payer, ids = company
    discounts.add_rule(c.admin, discounts.RuleDraft("First two", percent_bp=1000, most_uses=2, most_uses_each=1))
    draft = bulk.BulkDraft(tuple(ids), c.course, payer)
    told = bulk.preview(draft)
    assert [line.gross_minor for line in told.lines] == [29_700, 29_700, 33_000, 33_000]
    bulk.enroll_several(c.staff, draft)
    assert charged(ids) == [line.total_minor for line in told.lines]
    assert checks.run() == []


def test_the_registration_fee_of_each_who_is_new_is_in_the_sum(company: tuple[SmallCenter, int, list[int]]) -> None:
    c, payer, ids = company
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    fee = catalog.add_product(c.admin, catalog.ProductDraft("REG", "Registration", 2500, rate, kind="digital"))
    center.save(c.admin, replace(center.load(), registration_product_id=fee))
    other = catalog.add_course(c.admin, catalog.CourseDraft("C2", "First aid", 10_000, rate))
    enrollment.enroll(c.staff, enrollment.EnrollmentDraft(ids[0], other, send_mail=False, payer_id=payer))
    before = charged(ids)
    draft = bulk.BulkDraft(tuple(ids), c.course, payer)
    told = bulk.preview(draft)
    assert [line.fee_minor for line in told.lines] == [0, 2500, 2500, 2500]
    bulk.enroll_several(c.staff, draft)
    now = [after - one for after, one in zip(charged(ids), before, strict=True)]
    assert now == [line.total_minor for line in told.lines] == [33_000, 35_500, 35_500, 35_500]
    assert checks.run() == []


def test_a_price_that_was_promised_to_one_is_said(company: tuple[SmallCenter, int, list[int]]) -> None:
    c, payer, ids = company
    quotes.offer(c.staff, quotes.QuoteDraft(ids[1], c.course, payer, discount_minor=3_000, discount_reason="fair"))
    draft = bulk.BulkDraft(tuple(ids[:3]), c.course, payer)
    told = bulk.preview(draft).lines
    assert [[key for key, _facts in line.warnings] for line in told] == [[], ["bulk.quoted"], []]
    said = text.sentence(*told[1].warnings[0])
    assert "€300.00" in said and "Q-00001" in said and "{" not in said


# -- two desks at once


def desks(c: SmallCenter, draft: bulk.BulkDraft) -> list[str]:
    """Two desks enroll the same people at the same moment: what each is told, '' for nothing."""
    start, told = threading.Barrier(2), []

    def desk(actor: Actor) -> None:
        with store.connected():
            start.wait(20)
            try:
                bulk.enroll_several(actor, draft)
                told.append("")
            except UserError as error:
                told.append(error.key)

    threads = [threading.Thread(target=desk, args=(actor,)) for actor in (c.staff, c.admin)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(told)


def test_two_desks_at_once_enroll_everybody_once(company: tuple[SmallCenter, int, list[int]]) -> None:
    c, payer, ids = company
    draft = bulk.BulkDraft(tuple(ids), c.course, payer, group_of(c, 9))
    assert desks(c, draft) == ["", "bulk.refused_some"]
    assert [row.student_id for row in CourseEnrolled.select().order_by(CourseEnrolled.student_id)] == ids
    assert checks.run() == []


def test_control_with_a_look_from_before_the_write_everybody_is_enrolled_twice(
    company: tuple[SmallCenter, int, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    c, payer, ids = company
    draft = bulk.BulkDraft(tuple(ids), c.course, payer)
    before = bulk.preview(draft)
    monkeypatch.setattr(bulk, "preview", lambda _draft: before)
    assert desks(c, draft) == ["", "enrollment.already_enrolled"], "the guard of each enrollment holds alone"
    bulk_ids = [row.id for row in CourseEnrolled.select()]
    assert len(bulk_ids) == 4
    monkeypatch.setattr(enrollment, "check_new", lambda student, course: None)
    assert desks(c, draft) == ["", ""]
    assert CourseEnrolled.select().count() == 12
