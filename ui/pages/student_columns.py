"""The columns the roster can show, and how each of them says its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from babel import Locale, UnknownLocaleError

from app import clock, text
from app.lists.people import Row
from app.text import N_, _
from ui import words
from ui.context import Context
from ui.widgets.table import Cell, Column

#: key → (head, width at 100 % (0 takes what is left), takes room of a wide window, what it needs at least)
_SHAPES: dict[str, tuple[str, int, bool, int]] = {
    "name": (N_("Name"), 0, False, 174),
    "number": (N_("Number"), 92, False, 0),
    "phone": (N_("Phone"), 148, False, 0),
    "email": (N_("Email"), 72, True, 0),
    "courses": (N_("Courses"), 72, True, 0),
    "next_slot": (N_("Next slot"), 114, False, 0),
    "balance": (N_("Balance"), 108, False, 0),
    "status": (N_("Status"), 96, False, 0),
    "born": (N_("Born"), 106, False, 0),
    "address": (N_("Address"), 160, True, 0),
    "payer": (N_("Who pays"), 120, True, 0),
    "language": (N_("Language"), 92, False, 0),
    "since": (N_("Since"), 106, False, 0),
}
KEYS = tuple(_SHAPES)
#: How much of a page each takes beside the others: on paper there is no tooltip for what was cut.
ON_PAPER = {
    "name": 150, "number": 62, "phone": 112, "email": 160, "courses": 130, "next_slot": 84, "balance": 88, "status": 58,
    "born": 72, "address": 160, "payer": 110, "language": 66, "since": 72,
}  # fmt: skip
USUAL = ("name", "phone", "email", "courses", "next_slot", "balance", "status")
#: Columns whose first click runs downwards: who owes most, who came last.
DOWN_FIRST = ("balance", "since")


def known(keys: Sequence[str]) -> tuple[str, ...]:
    """The columns of these that this program has, each once, the name first; the usual ones where none is left."""
    found = tuple(dict.fromkeys(key for key in keys if key in KEYS and key != "name"))
    return ("name", *found) if found else USUAL


def head(key: str) -> str:
    """What a column is called."""
    return _(_SHAPES[key][0])


def columns(keys: Sequence[str], context: Context) -> list[Column]:
    """Columns for the table, in this order."""
    says = _cells(context)
    made = []
    for key in keys:
        _said, width, grow, least = _SHAPES[key]
        made.append(Column(head(key), width, says[key], key == "balance", grow, least or 120, key))
    return made


def _cells(context: Context) -> dict[str, Callable[[Row], Cell]]:
    def when(stamp: str | None) -> str:
        return words.when(stamp, context.center)

    def language(code: str) -> str:
        return language_name(code, context.center.locale)

    def since(stamp: str) -> str:
        day = clock.utc_to_wall(clock.parse_stamp(stamp), context.center.zone).date()
        return text.show(day, "date")

    return {
        "name": lambda row: Cell(row.name, "name", avatar=row.id),
        "number": lambda row: Cell(row.number, color="text2"),
        "phone": lambda row: Cell(row.phone, color="text2"),
        "email": lambda row: Cell(row.email, color="text2"),
        "courses": lambda row: Cell(row.courses),
        "next_slot": lambda row: Cell(when(row.next_slot_at), color="text2"),
        "balance": _balance,
        "status": lambda row: Cell(words.state(row.status), badge=row.status),
        "born": lambda row: Cell(text.show(row.date_of_birth, "date") if row.date_of_birth else "", color="text2"),
        "address": lambda row: Cell(row.address.replace("\n", ", "), color="text2"),
        "payer": lambda row: Cell(row.payer, color="text2"),
        "language": lambda row: Cell(language(row.language), color="text2"),
        "since": lambda row: Cell(since(row.created_at), color="text2"),
    }


def _balance(row: Row) -> Cell:
    said, color = words.balance(row.balance_minor)
    return Cell(said, "body" if row.balance_minor == 0 else "strong", color, right=True)


def language_name(code: str, locale: str) -> str:
    """A language by its name in the center's own; its code where it is not known."""
    try:
        return str(Locale.parse(code.replace("-", "_")).get_language_name(locale.replace("-", "_")) or code)
    except (ValueError, UnknownLocaleError):
        return code
