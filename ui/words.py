"""How stored states and moments are said in the window."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date, get_day_names

from app import clock, text
from app.settings import Center
from app.text import N_, _

_STATES = {
    "applicant": N_("Applicant"),
    "active": N_("Active"),
    "on_hold": N_("On hold"),
    "inactive": N_("Inactive"),
    "merged": N_("Merged"),
    "pending": N_("Running"),
    "completed": N_("Completed"),
    "canceled": N_("Canceled"),
    "booked": N_("Not yet here"),
    "attended": N_("Attended"),
    "absent": N_("Absent"),
    "held": N_("Held"),
    "waiting": N_("Waiting"),
    "queued": N_("Queued"),
    "sending": N_("Sending"),
    "retrying": N_("Retrying"),
    "sent": N_("Sent"),
    "failed": N_("Failed"),
    "uncertain": N_("Uncertain"),
    "started": N_("Started"),
    "invoice": N_("Invoice"),
    "credit_note": N_("Credit note"),
    "cash": N_("Cash"),
    "card": N_("Card"),
    "transfer": N_("Transfer"),
    "check": N_("Check"),
    "other": N_("Other"),
    "payment": N_("Payment"),
    "super_admin": N_("Super admin"),
    "admin": N_("Admin"),
    "staff": N_("Front desk"),
    "instructor": N_("Instructor"),
}


def state(key: str) -> str:
    """A stored state as a word."""
    return _(_STATES.get(key, key))


_PAYER_KINDS = {"guardian": N_("Guardian"), "company": N_("Company"), "other": N_("Other payer")}


def payer_kind(key: str) -> str:
    """What kind of payer, as a word."""
    return _(_PAYER_KINDS.get(key, key))


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


def weekday_of(wall: str, center: Center) -> str:
    """The day of a wall time: Thu 19."""
    return str(format_date(date.fromisoformat(wall[:10]), "EEE d", locale=center.locale.replace("-", "_")))


def weekday(number: int, center: Center) -> str:
    """The short name of a weekday, 1 (Monday) to 7."""
    return str(get_day_names("abbreviated", locale=center.locale.replace("-", "_"))[number - 1])


def clock_time(stamp: str, center: Center) -> str:
    """The wall time of a moment."""
    return f"{clock.utc_to_wall(clock.parse_stamp(stamp), center.zone):%H:%M}"
