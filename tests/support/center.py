"""A small center for tests: a real file, its first rows, a few people and things to sell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app import store
from app.desk import center
from app.desk.accounts import Actor
from app.settings import Center
from app.store.models import Course, Product, Resource, TaxRate, User


@dataclass
class SmallCenter:
    """Ids of the rows every test may lean on."""

    folder: Path
    admin: Actor
    staff: Actor
    student: int
    other_student: int
    instructor: int
    course: int
    book: int
    room: int


def build(folder: Path, **settings: object) -> SmallCenter:
    """Make a center in `folder` and leave it open in this thread."""
    store.open_center(folder, create=True)
    values: dict[str, object] = {"name": "Brückenhaus Training Center", "iban": "AT611904300234573201", **settings}
    admin_id = center.found(Center(**values), "Ingrid", "Maurer")  # type: ignore[arg-type]
    admin = Actor(admin_id, "super_admin")
    standard = TaxRate.get(TaxRate.rate_bp == 2000).id
    reduced = TaxRate.get(TaxRate.rate_bp == 1000).id
    with store.write("Small center", admin) as w:
        staff = w.insert(User, role="staff", first_name="Marta", last_name="Kowalczyk")
        instructor = w.insert(User, role="instructor", first_name="Jürgen", last_name="Groß")
        people = [
            w.insert(
                User,
                role="student",
                number=w.next_number("student")[1],
                first_name=first,
                last_name=last,
                email=email,
                phone=phone,
                date_of_birth="1998-05-04",
            )
            for first, last, email, phone in (
                ("Ana", "Satler", "ana.satler@mail.example", "+43 660 555 01 84"),
                ("Łukasz", "Wiśniewski", "l.wisniewski@mail.example", "+48 605 550 133"),
            )
        ]
        course = w.insert(
            Course,
            code="B-T",
            name="Driving B Theory",
            icon="car",
            price_minor=33000,
            tax_rate_id=standard,
            theory_minutes=720,
            practical_minutes=0,
            minimum_age=17,
        )
        book = w.insert(
            Product,
            code="HB",
            name="Highway Code handbook",
            kind="physical",
            price_minor=2400,
            tax_rate_id=reduced,
            stock=3,
            often_sold=1,
        )
        room = w.insert(Resource, name="Room 1", kind="room", seats=14)
    return SmallCenter(folder, admin, Actor(staff, "staff"), people[0], people[1], instructor, course, book, room)


@pytest.fixture
def small_center(tmp_path: Path) -> Iterator[SmallCenter]:
    """The small center, open for writing in the test's thread."""
    made = build(tmp_path / "center")
    yield made
    store.close_center()
