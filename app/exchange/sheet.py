"""XLSX in and out. What a file would unpack to is known before any of it is parsed, and no entity is ever resolved."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.errors import UserError
from app.exchange import reading
from app.exchange.reading import Progress, Stop, Stopped, Table

#: What all parts of a file may unpack to. Sheets are packed ten- to fortyfold; a bomb a thousandfold.
MOST_UNPACKED = 512 * 1024 * 1024
MOST_PARTS = 5_000
MOST_FOLD, FOLD_FROM = 200, 16 * 1024 * 1024

# Letters that XML cannot hold are written by number; what looks like a number is marked (ECMA-376, 22.9.2.19).
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NEEDS_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b\x0c\x0e-\x1f\r\ufffe\uffff]")


def read(content: bytes, stop: Stop, progress: Progress | None) -> Table:
    """The first sheet that holds anything; the first line is in `heads`. UserErrors as `reading.read` names them."""
    _look_before_opening(content)
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl leaves out of a foreign file is none of our columns
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
            try:
                sheets = [one for one in book.worksheets if one.sheet_state == "visible"] or book.worksheets
                table = Table("xlsx", "", "", [], [])
                for each in sheets:
                    table = _sheet(each, stop, progress)
                    if table.heads:
                        break
                return table
            finally:
                book.close()
    except (UserError, Stopped):
        raise
    except Exception as error:
        # A foreign file may be broken in any way, and the library stumbles in as many.
        raise UserError("exchange.bad_xlsx") from error


def _look_before_opening(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeDecodeError) as error:
        raise UserError("exchange.bad_xlsx") from error
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names:
        raise UserError("exchange.not_a_list")
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED:
        raise UserError("exchange.too_large", limit=MOST_UNPACKED // 1024**2)
    if unpacked > FOLD_FROM and unpacked > MOST_FOLD * len(content):
        raise UserError("exchange.bomb")


def _sheet(sheet: Any, stop: Stop, progress: Progress | None) -> Table:
    rows: list[tuple[str, ...]] = []
    lines = array("L")
    cells = sheet.iter_rows(max_row=reading.MOST_ROWS + 2, max_col=reading.MOST_COLUMNS + 1, values_only=True)
    for number, row in enumerate(cells, start=1):
        if not number % 2_000:
            if stop():
                raise Stopped
            if progress is not None:
                progress(number, 0)
        width = len(row)
        while width and row[width - 1] is None:
            width -= 1
        if not width:
            continue
        if width > reading.MOST_COLUMNS:
            raise UserError("exchange.too_many_columns", limit=reading.MOST_COLUMNS)
        said = tuple(value if type(value) is str and "_x" not in value else _said(value) for value in row[:width])
        if not any(said):
            continue
        if any(len(cell) > reading.MOST_IN_A_CELL for cell in said):
            raise UserError("exchange.cell_too_long", line=number)
        rows.append(said)
        lines.append(number)
        if len(rows) > reading.MOST_ROWS + 1:
            raise UserError("exchange.too_many_rows", limit=reading.MOST_ROWS)
    first = lines[0] if lines else 1
    return Table("xlsx", "", "", list(rows[0]) if rows else [], rows[1:], lines[1:], heads_line=first)


def _said(value: Any) -> str:
    """A cell as text: whole numbers without a point, days as year-month-day, a formula as it is written."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, (int, date, time, timedelta)):
        return str(value)
    return str(getattr(value, "text", "") or "")  # a formula over several cells


def write(path: Path, heads: Sequence[str], rows: Iterable[Sequence[str | Decimal]], title: str) -> None:
    """A sheet of text and numbers: what looks like a formula is none, a Decimal is shown with its own digits.

    OSError where it cannot be written.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)

    def cells(values: Sequence[str | Decimal]) -> Iterator[Any]:
        for value in values:
            if isinstance(value, Decimal):
                number = WriteOnlyCell(sheet, value)
                digits = -int(value.as_tuple().exponent)
                number.number_format = f"#,##0.{'0' * digits}" if digits > 0 else "#,##0"
                yield number
                continue
            cell = WriteOnlyCell(sheet, _NEEDS_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", value))
            cell.data_type = "s"
            cell.number_format = "@"
            yield cell

    try:
        sheet.append(list(cells(heads)))
        for row in rows:
            sheet.append(list(cells(row)))
    except BaseException:
        # What was written so far stands in a file of the library's, which only an ended sheet lets go of.
        sheet.close()
        sheet._writer.cleanup()
        raise
    book.save(path)
