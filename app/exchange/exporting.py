"""Lists of students out of the center: other programs read them, calculate nothing, and bring them back alike."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from app import money
from app.desk import center
from app.desk.accounts import Actor, require
from app.errors import EnvironmentFault, UserError
from app.exchange import columns, paying, sheet, vcard
from app.exchange.reading import Progress, Stop, Stopped, never
from app.lists import known, people
from app.text import N_, _

#: The columns of a person, as an import reads them again; then what the roster shows besides.
FIELDS = (
    "number", "first_name", "last_name", "email", "phone", "date_of_birth", "address", "language", "status",
    "emergency_name", "emergency_phone", *paying.FIELDS,
)  # fmt: skip
SHOWN = (("courses", N_("Courses")), ("next_slot_at", N_("Next slot (UTC)")), ("balance", N_("Balance")))
_PAYER = tuple(field.removeprefix("payer_") for field in paying.FIELDS)
FORMATS = ("csv", "xlsx", "vcf")
PAGE = 500

# What a spreadsheet calculates (OWASP, "CSV Injection", with its full-width twins), behind any marks of ours.
_LIVE = re.compile("'*[=+\\-@\t\r＝＋－＠]")


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula. `checking.unsafe` takes the mark off again, exactly."""
    return "'" + cell if _LIVE.match(cell) else cell


def export_students(
    actor: Actor, ids: Sequence[int], path: Path, *, stop: Stop = never, progress: Progress | None = None
) -> int:
    """Write these students, in this order, as the file's ending says; returns how many.

    UserErrors `exchange.unknown_format`, `exchange.nobody_to_export`; EnvironmentFault `cli.cannot_write`. A file
    that was there is replaced only by a whole one.
    """
    require(actor, "people.export")
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise UserError("exchange.unknown_format", name=path.name)
    if not ids:
        raise UserError("exchange.nobody_to_export")
    count = 0

    def counted(rows: Iterator[dict[str, str]]) -> Iterator[dict[str, str]]:
        nonlocal count
        for row in rows:
            count += 1
            if not count % PAGE:
                if stop():
                    raise Stopped
                if progress is not None:
                    progress(count, len(ids))
            yield row

    def fill(partial: Path) -> int:
        _WRITERS[kind](partial, counted(_rows(ids)))
        return count

    return replace_with(path, fill)


def replace_with(path: Path, fill: Callable[[Path], int]) -> int:
    """Let `fill` make a file, and put it in place when it is whole. EnvironmentFault `cli.cannot_write`."""
    partial = path.with_name(path.name + ".partial")
    try:
        try:
            count = fill(partial)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise EnvironmentFault("cli.cannot_write", path=str(path)) from error
    return count


def heads() -> list[str]:
    """The heads of an exported list, in the language of the desk."""
    return [columns.name_of(field) for field in FIELDS] + [_(name) for _field, name in SHOWN]


def _rows(ids: Sequence[int]) -> Iterator[dict[str, str]]:
    currency = center.load().currency
    for start in range(0, len(ids), PAGE):
        page = list(ids[start : start + PAGE])
        shown, full = people.page(page), {one.id: one for one in known.students(among=page)}
        payers = {one.id: one for one in known.payers({each.payer_id for each in full.values() if each.payer_id})}
        for student in page:
            if student in full and student in shown:
                row = {field: getattr(full[student], field) or "" for field in FIELDS if field not in paying.FIELDS}
                payer = payers.get(full[student].payer_id or 0)
                row |= {f"payer_{part}": (getattr(payer, part) or "") if payer else "" for part in _PAYER}
                one = shown[student]
                amount = money.to_major(one.balance_minor, currency)
                yield {**row, "courses": one.courses, "next_slot_at": one.next_slot_at or "", "balance": amount}


def _values(row: dict[str, str]) -> list[str]:
    return [row[field] for field in FIELDS] + [row[field] for field, _name in SHOWN]


def write_csv(path: Path, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A list as CSV: no cell of it is calculated by whatever opens it."""
    # The mark at the front tells Excel that it is UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([safe(head) for head in heads])
        for row in rows:
            writer.writerow([safe(value) for value in row])


def _csv(path: Path, rows: Iterator[dict[str, str]]) -> None:
    write_csv(path, heads(), map(_values, rows))


def _xlsx(path: Path, rows: Iterator[dict[str, str]]) -> None:
    sheet.write(path, heads(), (_values(row) for row in rows), _("Students"))


def _vcf(path: Path, rows: Iterator[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        for row in rows:
            file.write(vcard.card(row))


_WRITERS = {"csv": _csv, "xlsx": _xlsx, "vcf": _vcf}
