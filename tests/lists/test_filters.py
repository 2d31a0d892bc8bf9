"""The roster's filters against a plain reading of the rows: who is found, in which order, and what is counted."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import clock, store, text
from app.lists import filters, people
from app.store.models import (
    Course,
    CourseEnrolled,
    MailQueue,
    Session,
    SessionInstructor,
    Slot,
    SlotEnrolled,
    SlotInstructor,
    User,
)
from tests.support.center import SmallCenter, build

ZONE = "Europe/Vienna"
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)  # a Thursday
FIRST = ("Ana", "ana", "Łukasz", "Öykü", "Zoë", "Bjørn", "अनिका", "ليلى", "O'Brien", "<b>Ana</b>")
LAST = ("Satler", "Wiśniewski", "Yıldız", "Groß", "", "de la Cruz", "'=1+1")


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCenter]:
    """Ninety students with a bit of everything, and slots in the past, this week, next week and canceled."""
    with clock.frozen(NOW):
        made = build(tmp_path_factory.mktemp("filters") / "center")
        fill(made, random.Random(7))
        yield made
        store.close_center()


def fill(made: SmallCenter, dice: random.Random) -> None:
    with store.write("A bit of everything", made.admin) as w:
        courses = [made.course] + [
            w.insert(Course, code=f"C{n}", name=f"Course {n}", icon="car", price_minor=100, tax_rate_id=1)
            for n in range(2)
        ]
        teachers = [made.instructor, w.insert(User, role="instructor", first_name="Yusuf", last_name="Demir")]
        students = []
        for n in range(90):
            born = dice.choice([None, f"{1960 + n % 40}-{dice.choice(['11-26', '12-09', '12-10', '11-25', '02-29'])}"])
            students.append(
                w.insert(
                    User, role="student", number=w.next_number("student")[1], first_name=dice.choice(FIRST),
                    last_name=dice.choice(LAST), email=dice.choice([None, f"a{n}@mail.example"]),
                    phone=dice.choice([None, f"+43 660 {n:07d}"]), date_of_birth=born,
                    status=dice.choice(filters.STATUSES), balance_minor=dice.choice([0, 0, 9_900, -500]),
                    address=dice.choice(["", "Lindengasse 7\n1070 Wien"]),
                )
            )  # fmt: skip
        gone = w.insert(User, role="student", first_name="Gone", status="merged", merged_into=students[1])
        mail(w, gone, "failed")
        for student in students[::13]:  # erased on request, and still owing or with a seat
            w.update(User, student, erased_at=clock.stamp(NOW))
        for number, student in enumerate([*students, gone]):
            for course in dice.sample(courses, dice.choice([0, 1, 2])):
                w.insert(
                    CourseEnrolled, number=f"E-{student}-{course}", student_id=student, course_id=course,
                    enrolled_on="2026-01-01", list_price_minor=0, tax_category="S", rate_bp=0, net_minor=0,
                    tax_minor=0, gross_minor=0, status=dice.choice(["pending", "pending", "completed", "canceled"]),
                )  # fmt: skip
            if not number % 11 and student != gone:
                mail(w, student, dice.choice(["failed", "queued"]))
        for number, days in enumerate((-30, -3, 0, 1, 3, 4, 9)):
            session = w.insert(
                Session, course_id=courses[number % 3], name=f"Session {number}", class_type="theory",
                session_type="group", start_date="2026-01-01", end_date="2026-12-31", recurrence="picked_dates",
                start_time="10:00", duration_minutes=60, capacity=50, zone=ZONE,
            )  # fmt: skip
            w.insert(SessionInstructor, session_id=session, instructor_id=teachers[number % 2])
            for position, canceled in ((1, None), (2, "2026-11-20T00:00:00Z")):
                start = NOW + timedelta(days=days, hours=position)
                slot = w.insert(
                    Slot, session_id=session, position=position, on_date=f"{start:%Y-%m-%d}",
                    start_wall=f"{start:%Y-%m-%dT%H:%M}", end_wall=f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}",
                    zone=ZONE, start_utc=clock.stamp(start), end_utc=clock.stamp(start + timedelta(hours=1)),
                    capacity=50, canceled_at=canceled,
                )  # fmt: skip
                if days > 2:
                    w.insert(
                        SlotInstructor, slot_id=slot, instructor_id=teachers[0],
                        kind="removed" if number % 2 == 0 else "added",
                    )  # fmt: skip
                for student in dice.sample(students, 9):
                    status = dice.choice(["booked", "attended", "absent", "canceled"])
                    w.insert(SlotEnrolled, session_id=session, slot_id=slot, student_id=student, status=status)


def mail(w: store.Write, student: int, state: str) -> None:
    w.insert(
        MailQueue, event_key=f"m{student}", student_id=student, to_address="a@mail.example", subject="S", text="T",
        template_key="message", language="en", message_id=f"<{student}@x>", date="now", state=state,
        reason="refused" if state == "failed" else "",
    )  # fmt: skip


# -- the plain reading


def rows(model: Any) -> list[Any]:
    return list(model.select())


class Plain:
    """The rows as they stand in the file, and each filter as a sentence about them."""

    def __init__(self) -> None:
        self.students = {u.id: u for u in rows(User) if u.role == "student" and u.status != "merged"}
        slots = {s.id: s for s in rows(Slot) if s.canceled_at is None}
        seats = [(s.student_id, slots[s.slot_id]) for s in rows(SlotEnrolled) if s.slot_id in slots and live(s)]
        coming = [(student, slot) for student, slot in seats if slot.end_utc > clock.stamp(NOW)]
        teachers: dict[int, set[int]] = {slot.id: set() for slot in slots.values()}
        for slot in slots.values():
            teachers[slot.id] = {r.instructor_id for r in rows(SessionInstructor) if r.session_id == slot.session_id}
        for r in rows(SlotInstructor):
            if r.slot_id in teachers:
                (teachers[r.slot_id].add if r.kind == "added" else teachers[r.slot_id].discard)(r.instructor_id)
        monday, sunday = "2026-11-22T23:00:00Z", "2026-11-29T23:00:00Z"  # Vienna is an hour ahead of UTC
        soon = {f"{date(2026, 11, 26) + timedelta(days=n):%m-%d}" for n in range(14)}
        into = {u.id: u.merged_into or u.id for u in rows(User)}
        bounced = {into[m.student_id] for m in rows(MailQueue) if m.state == "failed"}
        self.this_week = {student for student, slot in seats if monday <= slot.start_utc < sunday}
        self.told: dict[str, Callable[[Any], bool]] = {
            "slot_this_week": lambda u: u.id in self.this_week,
            "no_slot": lambda u: u.id not in {student for student, _slot in coming},
            "owes": lambda u: u.balance_minor > 0,
            "credit": lambda u: u.balance_minor < 0,
            "birthday": lambda u: bool(u.date_of_birth) and u.date_of_birth[5:] in soon,
            "mail_bounces": lambda u: u.id in bounced,
            "erased": lambda u: u.erased_at is not None,
        }
        for status in filters.STATUSES:
            self.told[f"status:{status}"] = lambda u, status=status: u.status == status
        running = {(e.student_id, e.course_id) for e in rows(CourseEnrolled) if e.status == "pending"}
        for course in rows(Course):
            self.told[f"course:{course.id}"] = lambda u, id=course.id: (u.id, id) in running
        for teacher in [u for u in rows(User) if u.role == "instructor"]:
            mine = {student for student, slot in coming if teacher.id in teachers[slot.id]}
            self.told[f"instructor:{teacher.id}"] = lambda u, mine=mine: u.id in mine

    def fits(self, user: Any, names: tuple[str, ...]) -> bool:
        kinds: dict[str, bool] = {}
        for name in names:
            kind = name.partition(":")[0]
            kinds[kind] = kinds.get(kind, False) or self.told[name](user)
        return all(kinds.values())

    def found(self, words: str, names: tuple[str, ...]) -> set[int]:
        parts = text.fold(words).split()

        def seen(u: Any) -> bool:
            return u.erased_at is None or "erased" in names or words.strip().lower() == u.number.lower()

        return {
            u.id
            for u in self.students.values()
            if seen(u) and self.fits(u, names) and all(has(u, part) for part in parts)
        }


def live(seat: Any) -> bool:
    return seat.status in ("booked", "attended")


def has(user: Any, part: str) -> bool:
    said = text.fold(" ".join(filter(None, (user.first_name, user.last_name, user.number, user.email))))
    said += " " + text.phone_digits(user.phone or "")
    return part in said if len(part) > 2 else f" {part}" in f" {said}"


@pytest.fixture(scope="module")
def plain(center: SmallCenter) -> Plain:
    return Plain()


NAMES = (
    "slot_this_week", "no_slot", "owes", "credit", "birthday", "mail_bounces", "erased",
    "status:applicant", "status:active", "status:on_hold", "status:inactive",
    "course:1", "course:2", "course:3", "instructor:3", "instructor:6",
)  # fmt: skip


#: The number of one of those who were erased, as people type it.
ERASED_NUMBER = " s-000016 "


def test_whoever_was_erased_is_out_of_sight_but_for_their_filter_and_their_number(plain: Plain) -> None:
    gone = {one for one, row in plain.students.items() if row.erased_at is not None}
    assert len(gone) == 7
    assert not gone & set(people.ids("", (), ZONE))
    assert not gone & set(people.ids("s-0000", (), ZONE))
    assert set(people.ids("", ("erased",), ZONE)) == gone
    (asked,) = people.ids(ERASED_NUMBER, (), ZONE)
    assert asked in gone
    assert people.at_once(ERASED_NUMBER, (), ZONE) == ([asked], False)
    assert people.ids(ERASED_NUMBER, ("owes", "credit"), ZONE, sort="name") in ([], [asked])


def test_every_filter_is_tried(plain: Plain) -> None:
    assert set(NAMES) == set(plain.told)
    for name in NAMES:
        found = plain.found("", (name,))
        assert 0 < len(found) < len(plain.students), name


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.sampled_from(NAMES), max_size=5, unique=True).map(tuple),
    words=st.sampled_from(
        ["", "", "ana", "łuk", "a", "satler an", "s-0000", "660", "zzz", "<b>", "'=1", "अ", ERASED_NUMBER]
    ),
    sort=st.sampled_from(["", *people.ORDERS, *(f"-{key}" for key in people.ORDERS)]),
)
def test_every_row_fits_and_counts_equal_the_rows(plain: Plain, names: tuple[str, ...], words: str, sort: str) -> None:
    whole = people.whole(words, names, ZONE, sort, NAMES)
    found = plain.found(words, names)
    assert len(whole.ids) == len(set(whole.ids))
    assert set(whole.ids) == found
    assert whole.counts[""] == len(plain.found("", ()))
    owing = [plain.students[one].balance_minor for one in found if plain.students[one].balance_minor > 0]
    assert (whole.owed_minor, whole.owing) == (sum(owing), len(owing))
    for name in NAMES:
        others = tuple(one for one in names if one.partition(":")[0] != name.partition(":")[0])
        assert whole.counts[name] == len(people.ids(words, (*others, name), ZONE)) == len(
            plain.found(words, (*others, name))
        )  # fmt: skip
    at_once = people.at_once(words, names, ZONE, sort)
    if at_once is not None:
        assert at_once[0] == whole.ids[: people.AT_ONCE]


@pytest.mark.parametrize("key", people.ORDERS)
def test_a_list_runs_both_ways_and_who_has_none_of_it_comes_last(center: SmallCenter, key: str) -> None:
    up, down = people.ids("", (), ZONE, sort=key), people.ids("", (), ZONE, sort=f"-{key}")
    shown = people.page(up)

    def value(student: int) -> Any:
        row = shown[student]
        return {
            "name": text.fold(f"{row.name} {row.number}"), "number": row.number,
            "phone": row.phone, "email": row.email.lower(),
            "courses": row.courses.lower().partition(",")[0], "next_slot": row.next_slot_at or "",
            "balance": row.balance_minor, "status": filters.STATUSES.index(row.status), "born": row.date_of_birth,
            "language": row.language, "address": row.address.lower(), "payer": row.payer.lower(),
            "since": row.created_at,
        }[key]  # fmt: skip

    values, back = [value(one) for one in up], [value(one) for one in down]
    if key not in ("balance", "status"):
        empty = values.count("")
        assert values[len(values) - empty :] == back[len(back) - empty :] == [""] * empty
        values, back = values[: len(values) - empty], back[: len(back) - empty]
    assert values == sorted(values)
    assert back == sorted(values, reverse=True)


@pytest.mark.parametrize(
    ("today", "found"),
    [
        ("2027-02-20", True),  # the 28th is within two weeks, and 2027 has no 29th
        ("2027-03-01", False),
        ("2028-02-20", True),
        ("2028-03-01", False),
        ("2027-01-01", False),
    ],
)
def test_a_birthday_on_a_leap_day_is_not_forgotten(today: str, found: bool) -> None:
    soon = filters.birthdays(date.fromisoformat(today))
    assert ("02-29" in soon) is found
    assert today[5:] in soon
    assert len(set(soon)) == len(soon) <= filters.BIRTHDAY_DAYS + 1


@pytest.mark.parametrize("name", ["", "x", "status:", "status:merged", "course:", "course:x", "course:²", "owes:1"])
def test_an_unknown_filter_finds_nobody(center: SmallCenter, name: str) -> None:
    assert not filters.is_known(name)
    assert people.ids("", (name,), ZONE) == []
    assert people.ids("", ("birthday", name), ZONE) == []


def test_control_a_filter_that_lets_a_wrong_row_through_is_found(
    center: SmallCenter, plain: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Canceled slots counted as slots."""
    monkeypatch.setitem(filters._PLAIN, "slot_this_week", lambda zone: User.id.in_(seated_anywhere()))
    assert set(people.ids("", ("slot_this_week",), ZONE)) != plain.found("", ("slot_this_week",))


def seated_anywhere() -> Any:
    return (
        SlotEnrolled.select(SlotEnrolled.student_id)
        .join(Slot, on=(Slot.id == SlotEnrolled.slot_id))
        .where(SlotEnrolled.status.in_(["booked", "attended"]), Slot.start_utc > "2026-11-22T23:00:00Z")
    )
