"""CSV as it really comes: its encoding and its separator are recognized from what it holds."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from array import array
from collections import Counter

from app.errors import UserError
from app.exchange import reading
from app.exchange.reading import Progress, Stop, Stopped, Table

SEPARATORS = (",", ";", "\t", "|")
#: What may be chosen where the guess is wrong.
ENCODINGS = ("utf-8", "utf-16", "cp1252", "cp1250", "cp1254", "cp1251", "cp1253", "cp1257", "iso8859-2", "mac-roman")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
#: Signs that touch a letter only where the encoding is wrong.
_SIGN = "[¡-©«-¹»-¿×÷‚„†‡•‰€™˛ˇ˘ÐÞðþ]"
_STRANGE = re.compile(rf"(?<=[^\W\d_]){_SIGN}|{_SIGN}(?=[^\W\d_])|[\x80-\x9f]")


def decode(content: bytes, encoding: str = "") -> tuple[str, str]:
    """(text, encoding): by its mark, as UTF-8 where it is valid, else the Windows page that makes sense of it."""
    for mark, name in _BOMS:
        if content.startswith(mark) and (not encoding or encoding.replace("_", "-").startswith(name[:5])):
            return _decoded(content[len(mark) :], name), name
    if encoding:
        return _decoded(content, "utf-16-le" if encoding == "utf-16" else encoding), encoding
    head = content[:4000]
    if head.count(0) > len(head) // 4:
        name = "utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"
        return _decoded(content, name), name
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        if error.end >= len(content) and error.reason == "unexpected end of data" and error.start > 0:
            return content[: error.start].decode("utf-8"), "utf-8"  # cut within its last letter
    sample = content[:200_000]
    best = min(("cp1252", "cp1250", "cp1254"), key=lambda page: _strangeness(sample, page))
    # A handful of bytes mean nothing in some pages; the letter is shown as unknown and can be mended in its cell.
    return content.decode(best, "replace"), best


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding.startswith("utf-16") and error.end >= len(content):
            return content[: error.start].decode(encoding)
        raise UserError("exchange.bad_encoding", encoding=encoding) from error


def _strangeness(sample: bytes, page: str) -> tuple[int, int]:
    """How badly a page fits: column names it does not make out, then signs that stand where a letter should."""
    from app.exchange import columns

    text = sample.decode(page, "replace")
    first = text.split("\n", 1)[0]
    known = sum(1 for word in re.split(r"[,;\t|]", first) if columns.field_of(word.strip(' "\r')))
    return -known, len(_STRANGE.findall(text)) + text.count("\ufffd")


def read(content: bytes, encoding: str, stop: Stop, progress: Progress | None) -> Table:
    """The lines of a CSV file; the first is in `heads`."""
    text, encoding = decode(content, encoding)
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise UserError("exchange.empty")
    separator, skipped = "", 0
    hint = re.match(r"sep=(.)\r?\n", text[:8])
    if hint:
        separator, skipped = hint[1], 1
        text = text[hint.end() :]
    separator = separator or separator_of(text[:100_000])
    csv.field_size_limit(reading.MOST_IN_A_CELL)
    if max(text.count("\n"), text.count("\r")) > reading.MOST_ROWS:
        _refuse_too_many(text, separator)
    rows: list[tuple[str, ...]] = []
    lines = array("L")
    source = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begun = 1
    known: dict[str, str] = {}  # values that come again and again are kept once
    try:
        for row in source:
            if any(row):
                if len(row) > reading.MOST_COLUMNS:
                    while row and not row[-1]:
                        row.pop()
                    if len(row) > reading.MOST_COLUMNS:
                        raise UserError("exchange.too_many_columns", limit=reading.MOST_COLUMNS)
                rows.append(tuple([known.setdefault(cell, cell) if len(cell) < 20 else cell for cell in row]))
                lines.append(begun + skipped)
                if len(known) > 20_000:
                    known.clear()
                if not len(rows) % 2_000:
                    if stop():
                        raise Stopped
                    if progress is not None:
                        progress(len(rows), 0)
            begun = source.line_num + 1
    except csv.Error as error:
        if "field larger" in str(error):
            raise UserError("exchange.cell_too_long", line=begun + skipped) from error
        raise UserError("exchange.open_quote", line=begun + skipped) from error
    heads = list(rows[0]) if rows else []
    first = lines[0] if lines else 1
    return Table("csv", "", "", heads, rows[1:], lines[1:], encoding, separator, heads_line=first)


def _refuse_too_many(text: str, separator: str) -> None:
    """Count before anything is kept: line breaks within quotes are none of a list."""
    with contextlib.suppress(csv.Error):  # where it is broken is said when it is read
        found = sum(1 for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row)
        if found > reading.MOST_ROWS + 1:
            raise UserError("exchange.too_many_rows", limit=reading.MOST_ROWS)


def separator_of(text: str) -> str:
    """The separator that cuts the first lines most evenly. A comma where there is none at all."""
    best, most = ",", 0.0
    for separator in SEPARATORS:
        widths: Counter[int] = Counter()
        try:
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
                if any(row):
                    widths[len(row)] += 1
                if widths.total() >= 30:
                    break
        except csv.Error:
            continue
        if not widths:
            continue
        width, times = max(widths.items(), key=lambda one: (one[1], one[0]))
        score = (times / widths.total()) * (width - 1) ** 0.5 if width > 1 else 0.0
        if score > most:
            best, most = separator, score
    return best
