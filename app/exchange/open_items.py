"""The list of what is unpaid, for a spreadsheet: it adds up there, and calculates nothing that somebody typed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from app import money
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.exchange import exporting, sheet
from app.lists.open_items import Line
from app.text import _

FORMATS = ("csv", "xlsx")


def export_open_items(actor: Actor, lines: Sequence[Line], path: Path, currency: str) -> int:
    """Write these lines, in this order, as the file's ending says; returns how many. Amounts are decimals, in XLSX
    numbers that add up.

    UserErrors `exchange.unknown_list_format`, `exchange.nothing_open`; EnvironmentFault `cli.cannot_write`. A file that
    was there is replaced only by a whole one.
    """
    require(actor, "people.export")
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise UserError("exchange.unknown_list_format", name=path.name)
    if not lines:
        raise UserError("exchange.nothing_open")
    heads = [
        _("Student"), _("Number"), _("Who pays"), _("What is owed"), _("Invoice or line"), _("Due"), _("Days late"),
        _("Open"), _("Currency"), _("Promised for"), _("Promised"), _("Promise broken"), _("Reminders"),
        _("Last reminded on"),
    ]  # fmt: skip
    rows = (
        [
            line.student, line.number, line.payer, line.title, line.detail, line.due_on, Decimal(line.days_late),
            Decimal(money.to_major(line.open_minor, currency)), currency, line.pay_on,
            Decimal(money.to_major(line.promised_minor, currency)) if line.pay_on else "",
            _("yes") if line.broken else "", Decimal(line.reminded) if line.reminded else "", line.reminded_on,
        ]
        for line in lines
    )  # fmt: skip

    def fill(partial: Path) -> int:
        if kind == "xlsx":
            sheet.write(partial, heads, rows, _("Open items"))
        else:
            exporting.write_csv(partial, heads, ([str(cell) for cell in row] for row in rows))
        return len(lines)

    return exporting.replace_with(path, fill)
