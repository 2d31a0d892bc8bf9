"""Where a slot could go: for each day the nearest place that works, and what stands in the way of a nearer one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app import clock
from app.desk import scheduling
from app.errors import UserError
from app.store.models import Slot

#: How far apart the places are that are looked at, in minutes; how many a day at most.
STEP, MOST = 30, 12


@dataclass(frozen=True)
class Place:
    """A place for a slot, as wall times. `why` is what stands in the way; `past` says that the time is over."""

    start_wall: str
    end_wall: str
    why: UserError | None = None
    past: bool = False

    @property
    def fits(self) -> bool:
        """Whether the slot may go there."""
        return self.why is None and not self.past


def of_slot(slot_id: int, days: Sequence[date], hours: tuple[int, int], seen: Sequence[tuple[str, str]]) -> list[Place]:
    """Places on `days` between two hours that no slot on screen covers (`seen`: their wall times).

    A day has at most one that works and one that does not; both are the nearest to the slot's own time of day.
    """
    slot = Slot.get_by_id(slot_id)
    length = clock.parse_stamp(slot.end_utc) - clock.parse_stamp(slot.start_utc)
    own = datetime.fromisoformat(slot.start_wall)
    now = clock.utc_to_wall(clock.now(), slot.zone)
    covered = [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in seen]
    found: list[Place] = []
    for day in days:
        found += _of_day(slot, day, hours, own.time(), length, covered, now.replace(tzinfo=None))
    return found


def _of_day(
    slot: Slot,
    day: date,
    hours: tuple[int, int],
    at: time,
    length: timedelta,
    covered: Sequence[tuple[datetime, datetime]],
    now: datetime,
) -> list[Place]:
    close, wanted = datetime.combine(day, time()) + timedelta(hours=hours[1]), datetime.combine(day, at)
    start, starts = datetime.combine(day, time(hours[0])), []
    while start + length <= close:
        if not any(start < end and begin < start + length for begin, end in covered):
            starts.append(start)
        start += timedelta(minutes=STEP)
    starts.sort(key=lambda one: (abs(one - wanted), one))
    found: list[Place] = []
    for one in starts[:MOST]:
        if any(_wall(one) < place.end_wall and place.start_wall < _wall(one + length) for place in found):
            continue
        place = _judged(slot, one, length, past=one < now)
        if place.fits or not found:
            found.append(place)
        if place.fits or place.past:
            break
    return found


def _judged(slot: Slot, start: datetime, length: timedelta, *, past: bool) -> Place:
    why: UserError | None = None
    if not past:
        try:
            why = next(iter(scheduling.check_move(slot.id, _wall(start), slot.resource_id)), None)
        except UserError as error:  # a time that the clock change leaves out
            why = error
    return Place(_wall(start), _wall(start + length), why, past)


def _wall(moment: datetime) -> str:
    return moment.isoformat("T", "minutes")
