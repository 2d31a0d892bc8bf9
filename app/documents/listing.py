"""A list on A4: what a table shows, row under row, its heads on every page; upright, or across where it is wide.

The rows come as they are read and are not held, only what is drawn of them: a list of a hundred thousand takes some
130 MB until its file is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, Any

from app.documents.sheet import INK, LINE, TEXT2, TEXT3
from app.text import _

#: Up to so many columns stand upright.
UPRIGHT = 6
_MARGIN, _ROW, _HEAD, _FOOT = 36.0, 17.0, 84.0, 40.0
_SIZE, _GAP = 8.2, 6.0


@dataclass(frozen=True)
class Listed:
    """A column: its head, how much of the page it takes beside the others, and whether it stands at the right."""

    head: str
    share: float
    right: bool = False


@dataclass(frozen=True)
class ListDocument:
    """What stands over the rows: `title`, below it `asked` (filters in words), `center`, and when it was printed."""

    title: str
    asked: str
    center: str
    printed: str
    language: str
    columns: tuple[Listed, ...]
    count: int

    @property
    def size(self) -> tuple[float, float]:
        """The page in points: A4 upright or across."""
        upright = (595.2755905511812, 841.8897637795277)
        return upright if len(self.columns) <= UPRIGHT else (upright[1], upright[0])

    @property
    def rows_on_a_page(self) -> int:
        """How many rows a page holds."""
        return int((self.size[1] - _HEAD - _FOOT - _MARGIN / 2) // _ROW)

    @property
    def pages(self) -> int:
        """How many pages there are; one at least."""
        return max(1, -(-self.count // self.rows_on_a_page))


def write(document: ListDocument, rows: Iterable[Sequence[str]], file: IO[bytes]) -> int:
    """Write the list as PDF; returns how many rows. The same rows give the same bytes."""
    from reportlab.pdfgen.canvas import Canvas

    from app.documents import type as setting

    setting.fonts()
    canvas: Any = Canvas(
        file, pagesize=document.size, invariant=1, pageCompression=1, initialFontName=setting.REGULAR,
        lang=document.language,
    )  # fmt: skip
    canvas.setTitle(document.title)
    canvas.setAuthor(document.center)
    page = _Page(document, canvas)
    written = 0
    for row in rows:
        if written and not written % document.rows_on_a_page:
            page.end()
            page.begin()
        page.row(row)
        written += 1
    page.end()
    canvas.save()
    return written


class _Page:
    """The page that is being filled."""

    def __init__(self, document: ListDocument, canvas: Any) -> None:
        from app.documents import type as setting

        self.d, self.c, self.type = document, canvas, setting
        self.wide, self.high = document.size
        self.number = 0
        whole = sum(column.share for column in document.columns)
        room = self.wide - 2 * _MARGIN - _GAP * (len(document.columns) - 1)
        self.places: list[tuple[float, float]] = []
        x = _MARGIN
        for column in document.columns:
            width = room * column.share / whole
            self.places.append((x, width))
            x += width + _GAP
        self.begin()

    def begin(self) -> None:
        """Title, what was asked for, and the heads."""
        self.number += 1
        self._ink: Any = None  # a page begins without a color
        top, setting = self.high - _MARGIN - 8, self.type
        half = (self.wide - 2 * _MARGIN) / 2
        self._say(_MARGIN, top, self.d.title, 13, setting.BOLD, INK, half)
        self._say(self.wide - _MARGIN, top, self.d.center, 9, setting.SEMIBOLD, TEXT2, half - 12, "right")
        self._say(_MARGIN, top - 14, self.d.asked, 8.2, setting.REGULAR, TEXT2, half * 1.4)
        self._say(self.wide - _MARGIN, top - 14, self.d.printed, 8.2, setting.REGULAR, TEXT3, half * 0.6 - 12, "right")
        y = top - 34
        for column, (x, width) in zip(self.d.columns, self.places, strict=True):
            self._cell(x, width, y, column.head, setting.SEMIBOLD, TEXT2, column.right)
        self._rule(y - 5, 0.9, INK)
        self.y = y - 5

    def row(self, cells: Sequence[str]) -> None:
        """One row; a cell that has no room ends in an ellipsis."""
        self.y -= _ROW
        for number, (cell, column, (x, width)) in enumerate(zip(cells, self.d.columns, self.places, strict=True)):
            font = self.type.MEDIUM if number == 0 else self.type.REGULAR
            self._cell(x, width, self.y + 5.4, cell, font, INK, column.right)
        self._rule(self.y, 0.4, LINE)

    def end(self) -> None:
        """The foot, and the page goes out."""
        said = _("Page {page} of {pages}").format(page=self.number, pages=self.d.pages)
        self._say(self.wide - _MARGIN, 24, said, 8, self.type.SEMIBOLD, TEXT2, 200, "right")
        self.c.showPage()

    def _cell(self, x: float, width: float, y: float, words: str, font: str, color: Any, right: bool) -> None:
        if words:
            at = x + width if right else x
            self._say(at, y, words, _SIZE, font, color, width, "right" if right else "left")

    def _say(
        self, x: float, y: float, words: str, size: float, font: str, color: Any, most: float, align: str = "left"
    ) -> None:
        if color is not self._ink:
            self.c.setFillColorRGB(*color)
            self._ink = color
        self.type.draw(self.c, x, y, self.type.shorten(words, font, size, most), font, size, align)

    def _rule(self, y: float, width: float, color: Any) -> None:
        self.c.setStrokeColorRGB(*color)
        self.c.setLineWidth(width)
        self.c.line(_MARGIN, y, self.wide - _MARGIN, y)
