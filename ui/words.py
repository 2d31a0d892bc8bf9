"""How stored states and moments are said in the window."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date, get_day_names

from app import clock, text
from app.settings import Center
from app.text import _

_STATES = {
    "applicant": "Applicant", "active": "Active", "on_hold": "On hold", "inactive": "Inactive", "merged": "Merged",
    "pending": "Running", "completed": "Completed", "canceled": "Canceled", "booked": "Not yet here",
    "attended": "Attended", "absent": "Absent", "held": "Held", "waiting": "Waiting", "queued": "Queued",
    "sending": "Sending", "retrying": "Retrying", "sent": "Sent", "failed": "Failed", "uncertain": "Uncertain",
    "started": "Started", "invoice": "Invoice", "credit_note": "Credit note", "cash": "Cash", "card": "Card",
    "transfer": "Transfer", "check": "Check", "other": "Other", "payment": "Payment",
    "super_admin": "Super admin", "admin": "Admin", "staff": "Front desk", "instructor": "Instructor",
}  # fmt: skip


def state(key: str) -> str:
    """A stored state as a word."""
    return _(_STATES.get(key, key))


def balance(minor: int) -> tuple[str, str]:
    """(words, color) of a balance: due, credit, or settled."""
    if minor > 0:
        return _("{amount} due").format(amount=text.show_money(minor)), "danger"
    if minor < 0:
        return _("{amount} credit").format(amount=text.show_money(-minor)), "ok"
    return _("settled"), "text3"


def when(stamp: str | None, center: Center) -> str:
    """A moment as people say it: today 09:00, Thu 19, 17:30, or 3 Dec, 09:30."""
    if not stamp:
        return ""
    wall = clock.utc_to_wall(clock.parse_stamp(stamp), center.zone)
    return wall_words(wall, clock.local_date(center.zone), center.locale)


def wall_words(wall: datetime, today: date, locale: str) -> str:
    """A wall time as people say it."""
    at = f"{wall:%H:%M}"
    if wall.date() == today:
        return _("today {time}").format(time=at)
    days = abs((wall.date() - today).days)
    pattern = "EEE d" if days < 7 else "d MMM" if days < 300 else "d MMM y"
    return f"{format_date(wall.date(), pattern, locale=locale.replace('-', '_'))}, {at}"


def day(iso: str, center: Center) -> str:
    """A date as people say it; the year only where it is another."""
    on = date.fromisoformat(iso[:10])
    pattern = "d MMM" if on.year == clock.local_date(center.zone).year else "d MMM y"
    return str(format_date(on, pattern, locale=center.locale.replace("-", "_")))


def weekday(number: int, center: Center) -> str:
    """The short name of a weekday, 1 (Monday) to 7."""
    return str(get_day_names("abbreviated", locale=center.locale.replace("-", "_"))[number - 1])


def clock_time(stamp: str, center: Center) -> str:
    """The wall time of a moment."""
    return f"{clock.utc_to_wall(clock.parse_stamp(stamp), center.zone):%H:%M}"
