"""The calendar by hand and by keyboard: month and filters beside the week, and a slot that is carried."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app import clock
from app.desk import scheduling, seats
from app.lists import places
from app.store.models import MailQueue, Slot
from tests.support.window import Driver, did, driver
from ui.theme import theme

__all__ = ["driver"]

ALT = Qt.KeyboardModifier.AltModifier


def monday() -> date:
    """Monday of a week that is all ahead."""
    today = clock.local_date("Europe/Vienna")
    return today + timedelta(days=14 - today.weekday())


def plan(driver: Driver, name: str, on: date, at: str = "10:00", **more: Any) -> int:
    """A slot in the room; returns its id."""
    draft = scheduling.SessionDraft(
        course_id=driver.center.course, name=name, recurrence="picked_dates", picked_dates=(on.isoformat(),),
        start_time=at, duration_minutes=90, capacity=6, session_type="group",
        **{"resource_id": driver.center.room, **more},
    )  # fmt: skip
    session = did(driver, scheduling.plan_session, draft)
    return int(Slot.get(Slot.session_id == session).id)


@pytest.fixture
def calendar(driver: Driver) -> Any:
    """The page, at a week ahead with two slots in one room: Tuesday 10:00 and Wednesday 10:00."""
    plan(driver, "Theory 5", monday() + timedelta(days=1))
    plan(driver, "Theory 6", monday() + timedelta(days=2))
    page = driver.page("calendar")
    page.go_to(monday())
    driver.settled()
    return page


def block(page: Any, title: str) -> Any:
    return next(one for one in page.grid.blocks if one.block.title == title)


def carried(driver: Driver, page: Any, title: str) -> Any:
    """Take a slot up and let the places around it be found."""
    one = block(page, title)
    one.setFocus()
    driver.key(Qt.Key.Key_Down, ALT)
    driver.settled()
    return one


def test_a_day_of_the_month_opens_its_week(driver: Driver, calendar: Any) -> None:
    days = calendar.month.days
    assert days.span == (monday(), monday() + timedelta(days=5))
    assert (monday() + timedelta(days=1)).isoformat() in days.busy
    wanted = monday() + timedelta(days=9)
    calendar.month._to(wanted.replace(day=1))
    number = days.shown().index(wanted)
    place = days._box(number % 7, number // 7 + 1).center().toPoint()
    QTest.mouseClick(days, Qt.MouseButton.LeftButton, pos=place)
    assert calendar.first == monday() + timedelta(days=7)


def test_the_month_goes_by_keys_and_enter_opens(driver: Driver, calendar: Any) -> None:
    days = calendar.month.days
    days.setFocus()
    days.picked_out = monday()
    driver.key(Qt.Key.Key_Down)
    driver.key(Qt.Key.Key_Right)
    assert days.picked_out == monday() + timedelta(days=8)
    assert str((monday() + timedelta(days=8)).day) in days.accessibleName()
    assert calendar.first == monday(), "looking around moves nothing"
    driver.key(Qt.Key.Key_Return)
    assert calendar.first == monday() + timedelta(days=7)


def test_a_filter_counts_hides_and_keeps_the_focus(driver: Driver, calendar: Any) -> None:
    box = calendar.filters.boxes[("room", "Room 1")]
    assert calendar.filters._counts[("room", "Room 1")].text() == "2"
    box.setFocus()
    driver.key(Qt.Key.Key_Space)
    assert calendar.grid.blocks == []
    calendar.reload()
    assert calendar.filters.boxes[("room", "Room 1")] is box, "the box is the same after every reading"
    assert box.hasFocus()
    driver.key(Qt.Key.Key_Space)
    assert len(calendar.grid.blocks) == 2


def test_places_glow_where_the_slot_fits_and_say_why_not_elsewhere(driver: Driver, calendar: Any) -> None:
    carried(driver, calendar, "Theory 5")
    found = {place.start_wall[:10]: (place.fits, said) for place, said in calendar.grid.places if place.fits}
    assert set(found) == {(monday() + timedelta(days=n)).isoformat() for n in range(6)}
    assert set(found.values()) == {(True, "Free · Room 1")}
    first = next(place for place, _said in calendar.grid.places if place.start_wall.startswith(monday().isoformat()))
    assert first.start_wall.endswith("T10:00"), "the nearest to its own time of day"
    driver.key(Qt.Key.Key_Escape)
    assert calendar.grid.places == []


def test_a_place_that_is_taken_says_by_what(driver: Driver, calendar: Any) -> None:
    one = block(calendar, "Theory 5").block
    day = monday() + timedelta(days=2)
    around = places.of_slot(one.id, [day], (8, 21), [])
    why_not = [place for place in around if not place.fits]
    assert [place.why.key for place in why_not if place.why] == ["scheduling.room_busy"]
    assert why_not[0].start_wall == f"{day.isoformat()}T10:00"
    fits = [place for place in around if place.fits]
    assert fits[0].start_wall in (f"{day.isoformat()}T08:30", f"{day.isoformat()}T11:30")
    assert scheduling.check_move(one.id, fits[0].start_wall, one.resource_id) == []


def test_what_is_over_is_said_to_be_past(driver: Driver, calendar: Any) -> None:
    one = block(calendar, "Theory 5").block
    yesterday = clock.local_date("Europe/Vienna") - timedelta(days=1)
    (place,) = places.of_slot(one.id, [yesterday], (8, 21), [])
    assert place.past
    assert not place.fits


def test_a_clash_cannot_be_dropped_and_says_why(driver: Driver, calendar: Any) -> None:
    one = block(calendar, "Theory 5")
    one.setFocus()
    driver.key(Qt.Key.Key_Right, ALT)
    assert calendar.grid.verdict == (False, "Room 1 taken: Theory 6")
    assert not calendar.panel.move_button.isEnabled()
    assert calendar.panel.room_says.text() == "taken"
    driver.key(Qt.Key.Key_Return)
    driver.settled()
    assert calendar.grid.carrying is not None, "it is still carried"
    assert Slot.get_by_id(one.block.id).start_wall == one.block.start_wall
    driver.key(Qt.Key.Key_Right, ALT)
    assert calendar.panel.move_button.isEnabled()
    driver.key(Qt.Key.Key_Return)
    driver.settled()
    assert Slot.get_by_id(one.block.id).on_date == (monday() + timedelta(days=3)).isoformat()


def test_a_drag_floats_until_it_is_dropped_or_put_back(driver: Driver, calendar: Any) -> None:
    did(driver, seats.book, block(calendar, "Theory 5").block.id, driver.center.student)
    calendar.reload()
    one = block(calendar, "Theory 5")
    before, wide = one.block.start_wall, round(calendar.grid._column())
    start = one.rect().center()
    QTest.mousePress(one, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(one, start + QPoint(2 * wide, 0))
    driver.until(lambda: calendar.grid.carrying is not None)
    QTest.mouseRelease(one, Qt.MouseButton.LeftButton, pos=start + QPoint(2 * wide, 0))
    driver.settled()
    assert one.ghost
    assert calendar.panel.from_.text() != calendar.panel.to.text()
    assert "1 person gets a mail" in calendar.grid.note
    assert Slot.get_by_id(one.block.id).start_wall == before, "nothing moves until it is dropped"
    driver.click(calendar, "put_back")
    assert calendar.grid.carrying is None
    assert Slot.get_by_id(one.block.id).start_wall == before
    one.setFocus()
    driver.key(Qt.Key.Key_Left, ALT)
    driver.click(calendar, "move_here")
    driver.settled()
    assert Slot.get_by_id(one.block.id).on_date == monday().isoformat()
    assert MailQueue.select().where(MailQueue.template_key.contains("moved")).count() == 1


@pytest.mark.parametrize("dark", [False, True])
def test_the_carried_slot_lies_above_the_others(driver: Driver, calendar: Any, dark: bool) -> None:
    try:
        theme().use(dark=dark)
        one = carried(driver, calendar, "Theory 5")
        driver.key(Qt.Key.Key_Right, ALT)
        start = calendar.grid.carrying[1]
        end = start + timedelta(minutes=90)
        box = calendar.grid.place_of(start.isoformat("T", "minutes"), end.isoformat("T", "minutes"))
        picture = calendar.grid.grab().toImage()
        edges = {picture.pixelColor(round(box.center().x()), round(box.top()) + n).name() for n in range(3)}
        assert theme().hex("brassedge").lower() in edges, "a brass edge, over the slot that stands there"
        assert one.ghost
    finally:
        theme().use(dark=False)


def test_what_came_is_marked_from_the_day_of_the_slot_on(driver: Driver) -> None:
    today = clock.local_date("Europe/Vienna")
    now = datetime.fromisoformat(f"{today.isoformat()}T12:00").strftime("%H:%M")
    early = plan(driver, "Today", today, now)
    late = plan(driver, "Later", today + timedelta(days=7), now)
    for slot in (early, late):
        did(driver, seats.book, slot, driver.center.student)
    page = driver.page("calendar")
    page.show_record("slots", late)
    assert page.panel.findChildren(QWidget, "seat_row")
    assert not [one for one in page.panel.findChildren(QWidget, "mark_attended") if one.isVisible()]
    page.show_record("slots", early)
    QApplication.processEvents()
    for name in ("mark_attended", "mark_absent"):
        button = driver.find(page.panel, QWidget, name)
        right = button.mapTo(page.panel, button.rect().topRight()).x()
        assert right <= page.panel.width(), "both buttons are in sight"
    driver.click(page.panel, "mark_absent")
    driver.settled()
    assert [seat.status for seat in page_seats(early)] == ["absent"]


def page_seats(slot: int) -> list[Any]:
    from app.lists import calendar as lists

    return lists.seats(slot)


def test_right_to_left_the_first_day_is_at_the_right(driver: Driver, calendar: Any) -> None:
    try:
        QApplication.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        QApplication.processEvents()
        calendar.reload()
        grid = calendar.grid
        assert grid._left(grid.days[0]) > grid._left(grid.days[-1])
        one = block(calendar, "Theory 5")
        one.setFocus()
        driver.key(Qt.Key.Key_Right, ALT)
        assert grid.carrying[1].date() == monday(), "the right arrow goes where the eye goes"
    finally:
        QApplication.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def test_a_session_is_planned_with_two_instructors(driver: Driver) -> None:
    from app.store import write
    from app.store.models import SessionInstructor, User

    did(driver, lambda actor: add_instructor(write, actor, User))
    page = driver.page("calendar")
    page.new_session()
    form = driver.dialog("session")
    driver.type(form, "start_date", "2031-03-03")
    driver.type(form, "end_date", "2031-03-09")
    form.days[2].setChecked(True)
    form.teacher.setCurrentIndex(form.teacher.findText("Jürgen Groß"))
    form.second.setCurrentIndex(form.second.findText("Jürgen Groß"))
    assert len(form.draft().instructor_ids) == 1, "the same person counts once"
    form.second.setCurrentIndex(form.second.findText("Ivana Čović"))
    driver.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    driver.gone("session")
    driver.settled()
    assert SessionInstructor.select().count() == 2
    assert page.panel.teacher.text() == "Ivana Čović, Jürgen Groß"


def add_instructor(write: Any, actor: Any, user: Any) -> None:
    with write("Add", actor) as w:
        w.insert(user, role="instructor", first_name="Ivana", last_name="Čović")
