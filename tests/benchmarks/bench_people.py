"""The roster at 100,000 and at 1,000,000 students in one run: what a keystroke, the panel and a scrolled row cost.

The floor of each is the bare query or the same window's empty repaint in the same run. `DESKBELL_PEOPLE` names other
sizes, as ``10000 100000``.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication

from app import clock, store
from app.desk import center as centers
from app.desk import enrollment, papers, payments
from app.desk.accounts import Actor
from app.lists import people as roster
from app.store import search
from app.store.models import Course, User
from app.workers import DeskThread
from tests.benchmarks.bench_desk import say
from tests.support.center import SmallCenter, build
from ui.context import Context
from ui.pages.students import StudentsPage
from ui.theme import theme

pytestmark = pytest.mark.benchmark
SIZES = [int(size) for size in os.environ.get("DESKBELL_PEOPLE", "100000 1000000").split()]
#: The bounds of a keystroke, by size (p95, milliseconds).
BOUNDS = {100_000: "16 ms", 1_000_000: "48 ms"}
WORDS = ["a", "an", "ann", "wis", "muller", "lukasz w", "555 12", "gro", "oyku y", "s-0123"]


class Taken:
    """How long an act took on the wall, and of this thread's own time: others may be busy on this machine."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.own: list[float] = []

    def time(self, act: Callable[[], object]) -> None:
        begun, own = time.perf_counter(), time.thread_time()
        act()
        self.wall.append((time.perf_counter() - begun) * 1000)
        self.own.append((time.thread_time() - own) * 1000)

    def p95(self) -> str:
        """The slowest but five of a hundred on the wall; of its own time that, and the median."""
        wall, own = (sorted(times)[int(len(times) * 0.95) - 1] for times in (self.wall, self.own))
        return f"{wall:.1f} ms (own {own:.1f}, median {statistics.median(self.own):.1f})"


class Painted(QObject):
    """Counts how often a widget was painted."""

    painted = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.painted += event.type() == QEvent.Type.Paint
        return False


def fill(center: SmallCenter, count: int) -> None:
    """So many students with names of many languages, in parts of 50,000: one write never holds them all."""
    from app.demo.names import people

    chance = random.Random(1)
    for first in range(0, count, 50_000):
        rows = [
            {
                "id": 100 + first + n, "role": "student", "number": f"S-{100 + first + n:06d}",
                "first_name": one.first_name, "last_name": one.last_name, "email": one.email, "phone": one.phone,
            }
            for n, one in enumerate(people(chance, min(50_000, count - first)))
        ]  # fmt: skip
        with store.write("Many people", center.admin) as w:
            w.insert_many(User, rows)
            search.index_many(w.connection, rows)
    with store.write("Many people", center.admin) as w:
        w.reserve_numbers("student", count + 200)


def live(center: SmallCenter, student: int) -> None:
    """Ten years of one student: forty courses and a hundred and twenty payments on them."""
    with store.write("Courses", center.admin) as w:
        courses = [
            w.insert(Course, code=f"L{student}-{n}", name=f"Course {n}", price_minor=30_000, tax_rate_id=1)
            for n in range(40)
        ]
    for n, course in enumerate(courses):
        with clock.frozen(datetime(2016, 12, 1, 9, tzinfo=UTC) + timedelta(days=90 * n)):
            line = enrollment.enroll(center.staff, enrollment.EnrollmentDraft(student, course, send_mail=False))
            for part in range(3):
                asked = (payments.PayLine(line, amount_minor=10_000),)
                draft = payments.PaymentDraft(f"{student}-{n}-{part}", student, "card", 10_000, asked)
                payments.complete(center.staff, payments.start(center.staff, draft))


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: f"{size:,}")
def roster_page(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, qapp: QApplication
) -> Iterator[tuple[int, SmallCenter, StudentsPage]]:
    """The page over so many students."""
    folder: Path = tmp_path_factory.mktemp("people") / "center"
    center = build(folder, email="desk@brueckenhaus.example")
    live(center, center.student)
    fill(center, request.param)
    theme().apply()
    thread = DeskThread()
    page = StudentsPage(Context(thread, thread, Actor(1, "super_admin"), centers.load()))
    page.resize(1286, 692)
    page.show()
    QApplication.processEvents()
    yield request.param, center, page
    for timer in (page._rest, page._panel_rest):
        timer.stop()
    page.close()
    page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    thread._stop_listening()
    store.close_center()


def test_a_keystroke(roster_page: tuple[int, SmallCenter, StudentsPage]) -> None:
    """Until the rows stand there. The first time that a word is typed its pages and letters come from afar."""
    size, _center, page = roster_page
    first, taken, raw, seen = Taken(), Taken(), Taken(), Painted()
    page.table.viewport().installEventFilter(seen)
    for number, word in enumerate(WORDS * 13):
        raw.time(lambda word=word: search.people(word))  # type: ignore[misc]

        def press(word: str = word) -> None:
            page.search.setText(word)
            QApplication.processEvents()

        seen.painted = 0
        (first if number < len(WORDS) else taken).time(press)
        assert seen.painted, "the rows are on the screen"
    page._rest.stop()
    page.search.setText("")
    page._rest.stop()
    assert len(taken.wall) == 120
    say(f"keystroke at {size:,}, p95", taken.p95(), f"{raw.p95()} raw query", BOUNDS.get(size, "-"))
    say("the first time a word is typed", first.p95(), "-", "-")


def test_the_panel(roster_page: tuple[int, SmallCenter, StudentsPage]) -> None:
    size, center, page = roster_page
    taken, other = Taken(), Taken()

    def show(student: int) -> None:
        page.panel.show_student(student)
        page.panel.repaint()
        QApplication.processEvents()

    for n in range(30):
        other.time(lambda n=n: show(100 + n))  # type: ignore[misc]
        taken.time(lambda: show(center.student))
    say(f"panel at {size:,}, p95", taken.p95(), f"{other.p95()} a new student", "30 ms")
    assert page.panel.name.text() == roster.page([center.student])[center.student].name


def test_scrolling(roster_page: tuple[int, SmallCenter, StudentsPage], monkeypatch: pytest.MonkeyPatch) -> None:
    """One look at the file a frame at most, wherever the list is dragged to."""
    size, _center, page = roster_page
    ids = roster.ids("", (), "UTC")
    page.model.set_ids(ids)
    QApplication.processEvents()
    looks: list[int] = []
    fetch = page.model._fetch

    def counted(wanted: list[int]) -> dict[int, object]:
        looks.append(len(wanted))
        return fetch(wanted)

    monkeypatch.setattr(page.model, "_fetch", counted)
    bar, taken, most, chance = page.table.verticalScrollBar(), Taken(), 0, random.Random(2)

    def frame(place: int) -> None:
        bar.setValue(place)
        page.table.viewport().repaint()

    for _ in range(200):
        before = len(looks)
        place = chance.randrange(bar.maximum())
        taken.time(lambda place=place: frame(place))  # type: ignore[misc]
        most = max(most, len(looks) - before)
    idle = Taken()
    for _ in range(50):
        idle.time(page.table.viewport().repaint)
    assert most == 1
    say(f"a frame while scrolling {size:,}, p95", taken.p95(), f"{idle.p95()} painted again", "one fetch (is 1)")


def test_whole_lists(roster_page: tuple[int, SmallCenter, StudentsPage]) -> None:
    size, _center, _page = roster_page
    for said, chips, words in (("every id", (), ""), ("who owes", ("owes",), ""), ("ids of “ann”", (), "ann")):
        taken = Taken()
        for _ in range(5):
            taken.time(lambda words=words, chips=chips: roster.ids(words, chips, "UTC"))  # type: ignore[misc]
        say(f"{said} of {size:,}", taken.p95(), "-", "beside the window")
        assert taken.wall


def test_a_statement_of_ten_years(roster_page: tuple[int, SmallCenter, StudentsPage]) -> None:
    size, center, _page = roster_page
    taken = Taken()
    for _ in range(7):
        taken.time(lambda: papers.statement([center.student], "2016-12-01", "2026-11-30"))
    printed = Taken()
    for _ in range(7):
        printed.time(lambda: papers.statement_pdf([center.student], "2016-12-01", "2026-11-30"))
    assert len(papers.statement([center.student], "2016-12-01", "2026-11-30").lines) > 150
    say(f"statement of ten years at {size:,}", f"{printed.p95()} as PDF", f"{taken.p95()} read", "200 ms")
