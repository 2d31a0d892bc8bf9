"""Time: stamps that sort, wall times that exist, days that are as long as they are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import clock
from app.errors import UserError

VIENNA = "Europe/Vienna"
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


def test_a_stamp_is_utc_with_milliseconds() -> None:
    assert clock.stamp(datetime(2026, 11, 24, 12, 22, 5, 123999, tzinfo=UTC)) == "2026-11-24T12:22:05.123Z"


@given(moments, moments)
def test_stamps_sort_as_time_does_and_come_back(one: datetime, two: datetime) -> None:
    a, b = clock.stamp(one), clock.stamp(two)
    if a < b:
        assert one < two
    assert clock.stamp(clock.parse_stamp(a)) == a


@pytest.mark.parametrize("text", ["2026-11-24T12:22:05", "yesterday", "2026-11-24T12:22:05+01:00", "Z"])
def test_what_is_no_stamp_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        clock.parse_stamp(text)


def test_a_time_that_the_clocks_skip_is_refused() -> None:
    with pytest.raises(UserError, match=r"clock\.does_not_exist"):
        clock.wall_to_utc(datetime(2026, 3, 29, 2, 30), VIENNA)
    assert clock.wall_to_utc(datetime(2026, 3, 29, 3, 0), VIENNA) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert clock.wall_to_utc(datetime(2026, 3, 29, 1, 59), VIENNA) == datetime(2026, 3, 29, 0, 59, tzinfo=UTC)


def test_a_time_that_comes_twice_asks_which() -> None:
    wall = datetime(2026, 10, 25, 2, 30)
    with pytest.raises(UserError, match=r"clock\.exists_twice"):
        clock.wall_to_utc(wall, VIENNA)
    assert clock.wall_to_utc(wall, VIENNA, fold=0) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert clock.wall_to_utc(wall, VIENNA, fold=1) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@given(moments, st.sampled_from([VIENNA, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]))
def test_every_moment_has_a_wall_time_that_leads_back(moment: datetime, zone: str) -> None:
    wall = clock.utc_to_wall(moment, zone)
    candidates = set()
    for fold in (0, 1):
        candidates.add(clock.wall_to_utc(wall, zone, fold=fold))
    assert moment in candidates


def test_a_weekly_nine_o_clock_stays_nine_o_clock() -> None:
    day = datetime(2026, 3, 22, 9)
    utc = [clock.wall_to_utc(day + timedelta(weeks=week), VIENNA).hour for week in range(3)]
    assert utc == [8, 7, 7]


def test_days_lie_between_midnights_of_the_center() -> None:
    assert clock.day_bounds(date(2026, 3, 29), VIENNA) == ("2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z")
    assert clock.local_date(VIENNA, datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == date(2027, 1, 1)


def test_an_unknown_zone_is_named() -> None:
    for name in ("Atlantis/Center", "", "../../etc/passwd"):
        with pytest.raises(UserError, match=r"clock\.unknown_zone"):
            clock.zone(name)


def test_the_clock_can_be_stood_in_for_and_comes_back() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    ticks = iter([moment, moment + timedelta(seconds=1)])
    with clock.frozen(moment):
        assert clock.now() == clock.now() == moment
        with clock.frozen(lambda: next(ticks)):
            assert [clock.now(), clock.now()] == [moment, moment + timedelta(seconds=1)]
        assert clock.now() == moment
    assert clock.now() > moment
    with pytest.raises(ValueError, match="aware"), clock.frozen(datetime(2026, 1, 1)):
        pass
