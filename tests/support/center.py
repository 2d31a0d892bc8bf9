"""A small center for tests: a real file, its first rows, a few people and things to sell.

Founding one takes a tenth of a second, twelve times as long as opening it, and most tests need one: it is founded once
in a process and minute, and its bytes are written down for every other test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app import clock, store
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


#: What was made, by what it was made of: the rows' ids and every file of the closed folder.
_known: dict[object, tuple[SmallCenter, dict[str, bytes]]] = {}
_here: set[object] = set()


def new_test() -> None:
    """The next center may be a copy again."""
    _here.clear()


def once(made_of: object, make: Callable[[Path], SmallCenter], folder: Path) -> SmallCenter:
    """What `make` makes in `folder`, open in this thread: copied where this process made it before.

    A second one within a test is made anew, for two centers have no uid in common.
    """
    known = None if made_of in _here else _known.get(made_of)
    first = made_of not in _here and known is None
    _here.add(made_of)
    if known is not None:
        center, files = known
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            with (folder / name).open("xb") as file:
                file.write(content)
        store.open_center(folder)
        return replace(center, folder=folder)
    center = make(folder)
    if first:
        store.close_center()
        if len(_known) > 20:
            _known.clear()
        _known[made_of] = (center, {path.name: path.read_bytes() for path in folder.iterdir()})
        store.open_center(folder)
    return center


def build(folder: Path, **settings: object) -> SmallCenter:
    """Make a center in `folder` and leave it open in this thread. Stamps are of this minute, or of a frozen clock."""
    moment = clock.stamp()[:16] if clock._now is clock._system_now else clock.stamp()
    return once(("small", moment, repr(sorted(settings.items()))), lambda place: _build(place, settings), folder)


def _build(folder: Path, settings: dict[str, object]) -> SmallCenter:
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
