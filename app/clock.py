"""Time. Stamps are UTC text; slots are wall time in a named zone with UTC derived from it.

A stamp looks like ``2026-11-24T12:22:05.123Z``: it sorts as text and is read by every other tool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.errors import UserError


def _system_now() -> datetime:
    return datetime.now(UTC)


_now: Callable[[], datetime] = _system_now


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _now()


@contextmanager
def frozen(moment: datetime | Callable[[], datetime]) -> Iterator[None]:
    """Stand in for the clock: one moment, or a function that tells it. For tests and the demo center."""
    global _now
    before = _now
    if callable(moment):
        _now = moment
    else:
        if moment.tzinfo is None:
            raise ValueError("the clock needs an aware moment")
        fixed = moment.astimezone(UTC)

        def _fixed() -> datetime:
            return fixed

        _now = _fixed
    try:
        yield
    finally:
        _now = before


def stamp(moment: datetime | None = None) -> str:
    """`moment` (default: now) as a UTC stamp with milliseconds."""
    at = (moment or now()).astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def parse_stamp(text: str) -> datetime:
    """The aware UTC moment of a stamp. ValueError if it is not one."""
    if not text.endswith("Z"):
        raise ValueError(f"not a UTC stamp: {text!r}")
    return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The zone called `name` (IANA). UserError `clock.unknown_zone` if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UserError("clock.unknown_zone", "zone", name=name) from error


def wall_to_utc(wall: datetime, zone_name: str, fold: int | None = None) -> datetime:
    """The UTC moment of a naive wall time in a zone.

    A wall time that a clock change skips is refused (`clock.does_not_exist`); one that comes twice
    asks which (`clock.exists_twice`) unless `fold` (0 the first, 1 the second) says it. DOMAIN.md, "Everything".
    """
    tz = zone(zone_name)
    first = wall.replace(tzinfo=tz, fold=0)
    second = wall.replace(tzinfo=tz, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    round_trip = first.astimezone(UTC).astimezone(tz).replace(tzinfo=None)
    if round_trip != wall:
        raise UserError("clock.does_not_exist", "start_time", wall=wall.isoformat("T", "minutes"), zone=zone_name)
    if fold is None:
        raise UserError("clock.exists_twice", "start_time", wall=wall.isoformat("T", "minutes"), zone=zone_name)
    return (second if fold else first).astimezone(UTC)


def utc_to_wall(moment: datetime, zone_name: str) -> datetime:
    """The naive wall time that a clock in `zone_name` shows at `moment`."""
    return moment.astimezone(zone(zone_name)).replace(tzinfo=None)


def local_date(zone_name: str, moment: datetime | None = None) -> date:
    """The calendar date at the center at `moment` (default: now)."""
    return utc_to_wall(moment or now(), zone_name).date()


def day_bounds(day: date, zone_name: str) -> tuple[str, str]:
    """The stamps between which `day` lies at the center, start included, end excluded."""
    tz = zone(zone_name)
    start = datetime(day.year, day.month, day.day, tzinfo=tz)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=tz)
    return stamp(start), stamp(end)
