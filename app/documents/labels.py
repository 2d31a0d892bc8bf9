"""Address labels on the sheets that offices buy: frozen addresses → PDF bytes, at the very size of the sheet."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.documents.sheet import INK
from app.text import N_, _

mm = 72 / 25.4
#: Printers leave an edge of the paper white; text keeps away from it and from the cut.
_EDGE, _INSIDE = 5.0, 3.0
_LARGEST, _SMALLEST = 11.0, 6.5


@dataclass(frozen=True)
class LabelSheet:
    """A sheet of labels; every length in millimeters. `left` and `top` are where the first label begins."""

    name: str
    paper: tuple[float, float]
    across: int
    down: int
    label: tuple[float, float]
    left: float
    top: float
    gap: tuple[float, float] = (0.0, 0.0)

    @property
    def labels(self) -> int:
        """How many labels a sheet has."""
        return self.across * self.down


_A4, _LETTER = (210.0, 297.0), (215.9, 279.4)
#: The sizes are those that makers print on their boxes.
SHEETS: dict[str, LabelSheet] = {
    "a4_3x8": LabelSheet(N_("A4, 3 × 8, 70 × 37 mm"), _A4, 3, 8, (70, 37), 0, 0.5),
    "a4_3x7": LabelSheet(N_("A4, 3 × 7, 63.5 × 38.1 mm"), _A4, 3, 7, (63.5, 38.1), 7.21, 15.15, (2.54, 0)),
    "a4_2x7": LabelSheet(N_("A4, 2 × 7, 99.1 × 38.1 mm"), _A4, 2, 7, (99.1, 38.1), 4.65, 15.15, (2.5, 0)),
    "letter_3x10": LabelSheet(
        N_("Letter, 3 × 10, 2⅝ × 1 in"), _LETTER, 3, 10, (66.675, 25.4), 4.7625, 12.7, (3.175, 0)
    ),
    "letter_2x5": LabelSheet(N_("Letter, 2 × 5, 4 × 2 in"), _LETTER, 2, 5, (101.6, 50.8), 3.96875, 12.7, (4.7625, 0)),
}


def pages(sheet: LabelSheet, count: int, first: int = 1) -> int:
    """How many sheets so many labels take, when the first goes on label `first` of a sheet that was begun."""
    return max(1, -(-(count + first - 1) // sheet.labels))


def render(sheet: LabelSheet, addresses: Sequence[tuple[str, ...]], first: int = 1, language: str = "en") -> bytes:
    """The labels as PDF: the name and the lines below it. What has no room gets smaller, then ends in an ellipsis."""
    from reportlab.pdfgen.canvas import Canvas

    from app.documents import type as setting

    setting.fonts()
    buffer = io.BytesIO()
    size = (sheet.paper[0] * mm, sheet.paper[1] * mm)
    canvas: Any = Canvas(buffer, pagesize=size, invariant=1, initialFontName=setting.REGULAR, lang=language)
    canvas.setTitle(_("Address labels"))
    canvas.setViewerPreference("PrintScaling", "None")  # scaled, they would not meet the labels
    for number, lines in enumerate(addresses, start=first - 1):
        if number > first - 1 and not number % sheet.labels:
            canvas.showPage()
        _label(canvas, sheet, number % sheet.labels, lines)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def place(sheet: LabelSheet, number: int) -> tuple[float, float, float, float]:
    """(left, top, width, height) of the part of a label that text may use, in millimeters from the upper left."""
    row, column = divmod(number, sheet.across)
    wide, high = sheet.label
    left = sheet.left + column * (wide + sheet.gap[0])
    top = sheet.top + row * (high + sheet.gap[1])
    start, end = max(left + _INSIDE, _EDGE), min(left + wide - _INSIDE, sheet.paper[0] - _EDGE)
    upper, lower = max(top + _INSIDE, _EDGE), min(top + high - _INSIDE, sheet.paper[1] - _EDGE)
    return start, upper, end - start, lower - upper


def _label(canvas: Any, sheet: LabelSheet, number: int, lines: tuple[str, ...]) -> None:
    from app.documents import type as setting

    left, top, wide, high = (length * mm for length in place(sheet, number))
    fonts = [setting.SEMIBOLD, *([setting.REGULAR] * (len(lines) - 1))]
    size = _LARGEST
    while size > _SMALLEST and not _fits(lines, fonts, size, wide, high):
        size -= 0.5
    room = max(1, int(high / (size * 1.25)))
    if len(lines) > room:
        lines = (*lines[: room - 1], ", ".join(lines[room - 1 :]))
    y = sheet.paper[1] * mm - top - size
    canvas.setFillColorRGB(*INK)
    for line, font in zip(lines, fonts, strict=False):
        setting.draw(canvas, left, y, setting.shorten(line, font, size, wide), font, size)
        y -= size * 1.25


def _fits(lines: tuple[str, ...], fonts: list[str], size: float, wide: float, high: float) -> bool:
    from app.documents import type as setting

    tall = len(lines) * size * 1.25
    return tall <= high and all(
        setting.width(line, font, size) <= wide for line, font in zip(lines, fonts, strict=False)
    )
