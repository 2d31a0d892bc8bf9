"""The roster as it is on the screen, taken out: its columns, its order, its filter; as CSV, XLSX or PDF, or on paper.

CSV and XLSX say exact values (an address whole, an amount as a plain number, a day as year-month-day), so that an
import reads back what stands there; PDF says what the screen says.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app import clock, money, text
from app.desk import center
from app.desk.accounts import Actor, require
from app.documents import labels, listing
from app.errors import UserError
from app.exchange import columns as fields
from app.exchange import exporting, sheet
from app.exchange.reading import Progress, Stop, Stopped, never
from app.lists import people
from app.settings import Center
from app.text import _

FORMATS = ("csv", "xlsx", "pdf")
#: What is looked at before it is printed; more than this is for a file.
MOST_PAGES = 60

#: The columns of the roster that an import knows, and as which of its fields; the name is two.
_FIELDS = {
    "name": ("first_name", "last_name"), "number": ("number",), "phone": ("phone",), "email": ("email",),
    "status": ("status",), "born": ("date_of_birth",), "address": ("address",), "language": ("language",),
}  # fmt: skip


@dataclass(frozen=True)
class ShownColumn:
    """A column on the screen: its key (`app.lists.people.ORDERS`), head and width, and how it says a row."""

    key: str
    head: str
    width: float
    right: bool
    says: Callable[[people.Row], str]


@dataclass(frozen=True)
class Shown:
    """What the screen shows: the columns in their order, and what was asked for, in words."""

    columns: tuple[ShownColumn, ...]
    asked: str = ""


def export(
    actor: Actor, ids: Sequence[int], shown: Shown, path: Path, *, stop: Stop = never, progress: Progress | None = None
) -> int:
    """Write these students, in this order and these columns, as the file's ending says; returns how many.

    UserErrors `exchange.unknown_shown`, `exchange.nobody_to_export`; EnvironmentFault `cli.cannot_write`. A file
    that was there is replaced only by a whole one.
    """
    require(actor, "people.export")
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise UserError("exchange.unknown_shown", name=path.name)
    if not ids:
        raise UserError("exchange.nobody_to_export")
    here = center.load()
    rows = _told(_rows(ids), len(ids), stop, progress)
    if kind == "pdf":
        document = _document(here, shown, len(ids))

        def fill(partial: Path) -> int:
            with partial.open("wb") as file:
                return listing.write(document, _words(rows, shown), file)

    else:
        heads, values = _heads(shown, here), (_values(row, shown, here) for row in rows)

        def fill(partial: Path) -> int:
            counted = _Counted(values)
            if kind == "csv":
                exporting.write_csv(partial, heads, counted)
            else:
                sheet.write(partial, heads, counted, _("Students"))
            return counted.count

    return exporting.replace_with(path, fill)


def pages(shown: Shown, count: int) -> int:
    """How many pages a list of so many rows takes."""
    return _document(Center(), shown, count).pages


def paper(
    actor: Actor, ids: Sequence[int], shown: Shown, *, stop: Stop = never, progress: Progress | None = None
) -> bytes:
    """The list as PDF, to look at and print. UserError `exchange.too_long_for_paper` above MOST_PAGES pages."""
    require(actor, "people.export")
    document = _document(center.load(), shown, len(ids))
    if document.pages > MOST_PAGES:
        raise UserError("exchange.too_long_for_paper", pages=document.pages, limit=MOST_PAGES)
    buffer = io.BytesIO()
    listing.write(document, _words(_told(_rows(ids), len(ids), stop, progress), shown), buffer)
    return buffer.getvalue()


def address_labels(
    actor: Actor, ids: Sequence[int], kind: str, first: int = 1, *, stop: Stop = never, progress: Progress | None = None
) -> tuple[bytes, int, int]:
    """(PDF, labels, how many have no address) on a sheet of `labels.SHEETS`, from label `first` of it on.

    UserErrors `exchange.no_addresses`, `exchange.no_such_label` beside `first`, `exchange.too_long_for_paper`.
    """
    require(actor, "people.export")
    on = labels.SHEETS[kind]
    if not 1 <= first <= on.labels:
        raise UserError("exchange.no_such_label", "first", limit=on.labels)
    found, without = [], 0
    for row in _told(_rows(ids), len(ids), stop, progress):
        lines = tuple(line.strip() for line in row.address.splitlines() if line.strip())
        if lines:
            found.append((row.name, *lines))
        else:
            without += 1
    if not found:
        raise UserError("exchange.no_addresses")
    if labels.pages(on, len(found), first) > MOST_PAGES:
        raise UserError("exchange.too_long_for_paper", pages=labels.pages(on, len(found), first), limit=MOST_PAGES)
    return labels.render(on, found, first, center.load().language), len(found), without


# -- rows


def _rows(ids: Sequence[int]) -> Iterator[people.Row]:
    for start in range(0, len(ids), exporting.PAGE):
        some = list(ids[start : start + exporting.PAGE])
        found = people.page(some)
        yield from (found[one] for one in some if one in found)


def _told(rows: Iterator[people.Row], total: int, stop: Stop, progress: Progress | None) -> Iterator[people.Row]:
    """The rows, telling how far it is; Stopped where someone said stop."""
    for number, row in enumerate(rows):
        if not number % exporting.PAGE:
            if stop():
                raise Stopped
            if progress is not None:
                progress(number, total)
        yield row


class _Counted:
    """Rows on their way, and how many they were."""

    def __init__(self, rows: Iterator[list[str]]) -> None:
        self._rows, self.count = rows, 0

    def __iter__(self) -> Iterator[list[str]]:
        for row in self._rows:
            self.count += 1
            yield row


def _heads(shown: Shown, here: Center) -> list[str]:
    made: list[str] = []
    for column in shown.columns:
        if column.key in _FIELDS:
            made += [fields.name_of(field) for field in _FIELDS[column.key]]
        elif column.key == "balance":
            made.append(_("Balance ({currency})").format(currency=here.currency))
        else:
            made.append(column.head)
    return made


def _values(row: people.Row, shown: Shown, here: Center) -> list[str]:
    made: list[str] = []
    for column in shown.columns:
        if column.key == "name":
            made += [row.first_name, row.last_name]
        elif column.key == "balance":
            made.append(money.to_major(row.balance_minor, here.currency))
        elif column.key == "next_slot":
            made.append(f"{_wall(row.next_slot_at, here):%Y-%m-%d %H:%M}" if row.next_slot_at else "")
        elif column.key == "since":
            made.append(f"{_wall(row.created_at, here):%Y-%m-%d}")
        elif column.key == "born":
            made.append(row.date_of_birth)
        else:
            made.append(str(getattr(row, column.key)))
    return made


def _wall(stamp: str, here: Center) -> object:
    return clock.utc_to_wall(clock.parse_stamp(stamp), here.zone)


# -- paper


def _document(here: Center, shown: Shown, count: int) -> listing.ListDocument:
    people_ = text.ngettext("{n} person", "{n} people", count).format(n=f"{count:,}")
    asked = " · ".join(filter(None, (people_, shown.asked)))
    columns = tuple(listing.Listed(one.head, one.width, one.right) for one in shown.columns)
    today = text.show(clock.local_date(here.zone), "date")
    return listing.ListDocument(_("Students"), asked, here.name, today, here.language, columns, count)


def _words(rows: Iterator[people.Row], shown: Shown) -> Iterator[list[str]]:
    for row in rows:
        yield [" ".join(column.says(row).split("\n")) for column in shown.columns]
