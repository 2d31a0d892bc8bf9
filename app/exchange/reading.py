"""A file of people as lines and cells, whatever program wrote it: CSV, XLSX or vCard, told by what is in it.

Every limit is checked before, or while, the file is taken in: a file that cannot be right is refused within a second
and in words. Cells are text; a formula is the text it is written in.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import EnvironmentFault, UserError

MOST_BYTES = 256 * 1024 * 1024
MOST_ROWS = 1_000_000
MOST_COLUMNS = 400
#: A cell may hold more than any field takes, so that it is refused in its line and not with the whole file.
MOST_IN_A_CELL = 131_072

Stop = Callable[[], bool]
Progress = Callable[[int, int], None]


class Stopped(Exception):
    """Someone said stop; nothing was written."""


def never() -> bool:
    """Nobody says stop."""
    return False


@dataclass
class Table:
    """What a file holds. `heads` are its columns as named there; `lines[i]` is where in the file row i begins.

    A vCard has no columns of its own: its `heads` are the fields of a person. `kind` is csv, xlsx or vcard.
    """

    kind: str
    name: str
    sha256: str
    heads: list[str]
    rows: list[tuple[str, ...]]
    lines: array[int] = field(default_factory=lambda: array("L"))
    encoding: str = ""
    separator: str = ""
    has_heads: bool = True
    heads_line: int = 1


def read(
    path: Path,
    *,
    encoding: str = "",
    heads: bool | None = None,
    stop: Stop = never,
    progress: Progress | None = None,
) -> Table:
    """Take a file in. `encoding` and `heads` (whether the first line names the columns) where someone knows better.

    UserErrors `exchange.empty`, `exchange.heads_only`, `exchange.web_page`, `exchange.old_excel`,
    `exchange.not_a_list`, `exchange.bad_xlsx`, `exchange.too_large`, `exchange.too_many_rows`,
    `exchange.too_many_columns`, `exchange.cell_too_long`, `exchange.open_quote`, `exchange.bad_encoding`,
    `exchange.changed`; EnvironmentFault `exchange.unreadable`.
    """
    from app.exchange import columns, delimited, sheet, vcard

    content = _bytes(path)
    start = content[:1024].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    lower = start[:200].lower()
    if content[:4] == b"PK\x03\x04":
        table = sheet.read(content, stop, progress)
    elif start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") or b"schemas-microsoft-com:office:spreadsheet" in start:
        raise UserError("exchange.old_excel")
    elif lower.startswith((b"<html", b"<!doctype html", b"<table", b"<head", b"<meta", b"<?xml", b"<!--")):
        raise UserError("exchange.web_page")
    elif lower.startswith(
        (b"%pdf", b"\x89png", b"\xff\xd8\xff", b"gif8", b"sqlite format", b"{\\rtf", b"rar!", b"7z\xbc")
    ):
        raise UserError("exchange.not_a_list")
    elif lower.startswith(b"begin:vcard"):
        table = vcard.read(*delimited.decode(content, encoding))
    else:
        table = delimited.read(content, encoding, stop, progress)
    table.name, table.sha256 = path.name, hashlib.sha256(content).hexdigest()
    if not table.rows and not any(table.heads):
        raise UserError("exchange.empty")
    if table.kind != "vcard":
        columns.settle_heads(table, heads)
    if not table.rows:
        raise UserError("exchange.heads_only")
    return table


def _bytes(path: Path) -> bytes:
    """All of a file, as it was at one moment. A stick that is pulled and a file still being written are told."""
    try:
        if path.is_dir() or (path.exists() and not path.is_file()):
            raise UserError("exchange.not_a_list")
        before = path.stat()
        if before.st_size > MOST_BYTES:
            raise UserError("exchange.too_large", limit=MOST_BYTES // 1024**2)
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        after = path.stat()
    except OSError as error:
        raise EnvironmentFault("exchange.unreadable", path=str(path), detail=error.strerror or str(error)) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(content) != before.st_size:
        raise UserError("exchange.changed")
    if not content:
        raise UserError("exchange.empty")
    return content
