"""Setting lines of mixed scripts in a PDF.

reportlab has no font fallback, so a line is split into runs by the font that has its glyphs. Arabic and Hebrew are
reshaped and reordered here and drawn as they stand; Devanagari is shaped by reportlab (HarfBuzz). Never both.
Nothing interprets markup: text is text.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import arabic_reshaper
from bidi import get_display
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont, shapeStr

from app import paths

REGULAR, MEDIUM, SEMIBOLD, BOLD = "Inter-Regular", "Inter-Medium", "Inter-SemiBold", "Inter-Bold"
_LATIN = (REGULAR, MEDIUM, SEMIBOLD, BOLD)
_SCRIPTS = ("Arabic", "Devanagari", "Hebrew")
_ISOLATE, _END_ISOLATE = "\u2066", "\u2069"


@dataclass(frozen=True)
class Run:
    """A piece of a line in one font, ready to draw."""

    font: str
    text: str
    shaped: bool


@lru_cache(maxsize=1)
def fonts() -> dict[str, frozenset[int]]:
    """Register the embedded fonts once; what each of them can draw."""
    folder = paths.resources() / "fonts"
    names = [*_LATIN, *(f"NotoSans{script}-{weight}" for script in _SCRIPTS for weight in ("Regular", "Bold"))]
    found = {}
    for name in names:
        font = TTFont(name, str(folder / f"{name}.ttf"))
        pdfmetrics.registerFont(font)
        found[name] = frozenset(font.face.charToGlyph)
    return found


def _fallback(font: str, char: str) -> str:
    """The font that draws `char` in a line set in `font`; `font` itself where none does."""
    known = fonts()
    code = ord(char)
    if code in known[font]:
        return font
    weight = "Bold" if font in (SEMIBOLD, BOLD) else "Regular"
    for script in _SCRIPTS:
        if code in known[f"NotoSans{script}-{weight}"]:
            return f"NotoSans{script}-{weight}"
    return font


def _is_rtl(text: str) -> bool:
    return any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)


@lru_cache(maxsize=4096)
def runs(text: str, font: str) -> tuple[Run, ...]:
    """A line in the order in which it is drawn, split by font."""
    if text.isascii():  # most of a long list is, and every font has it
        return (Run(font, text, False),) if text else ()
    text = unicodedata.normalize("NFC", text)
    if _is_rtl(text):
        text = get_display(arabic_reshaper.reshape(_isolate_numbers(text)), base_dir="L")
    text = text.replace(_ISOLATE, "").replace(_END_ISOLATE, "")
    found: list[tuple[str, str]] = []
    for char in text:
        name = _fallback(font, char)
        if found and (
            found[-1][0] == name or unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Cf")
        ):
            found[-1] = (found[-1][0], found[-1][1] + char)
        else:
            found.append((name, char))
    return tuple(Run(name, piece, name.startswith("NotoSansDevanagari")) for name, piece in found)


def _isolate_numbers(text: str) -> str:
    """Keep numbers and Latin words left to right inside a right-to-left line."""
    made, inside = "", False
    for char in text:
        number = unicodedata.bidirectional(char) in ("EN", "L") or (inside and char in ".,:-/€")
        if number and not inside:
            made += _ISOLATE
        elif inside and not number:
            made += _END_ISOLATE
        made += char
        inside = number
    return made + (_END_ISOLATE if inside else "")


@lru_cache(maxsize=8192)
def width(text: str, font: str, size: float) -> float:
    """How wide a line is, in points."""
    fonts()
    return sum(_run_width(run, size) for run in runs(text, font))


def _run_width(run: Run, size: float) -> float:
    if run.shaped:
        # Text that shaping leaves as it is comes back as a plain string.
        pieces = getattr(shapeStr(run.text, run.font, size), "__shapeData__", None)
        if pieces is not None:
            return float(sum(piece.x_advance for piece in pieces) * size / 1000)
    return float(pdfmetrics.stringWidth(run.text, run.font, size))


def draw(
    canvas: Any, x: float, y: float, text: str, font: str, size: float, align: str = "left", *, spoken: bool = True
) -> float:
    """Draw one line; `x` is its left end, or its right end or middle by `align`. Returns its width.

    Shaped glyphs are no letters: beside them stands what they read (PDF 32000-1, 14.9.4, "Replacement text"), so that
    they are found, copied and read aloud; not where they are not `spoken`, as before layout 3 of an invoice.
    """
    total = width(text, font, size)
    at = x - total if align == "right" else x - total / 2 if align == "center" else x
    pieces = runs(text, font)
    for run in pieces:
        if run.shaped and spoken:
            reads = run.text.encode("utf-16-be", "surrogatepass").hex().upper()
            canvas.addLiteral(f"/Span <</ActualText <FEFF{reads}>>> BDC")
        canvas.setFont(run.font, size)
        canvas.drawString(at, y, shapeStr(run.text, run.font, size) if run.shaped else run.text)
        if run.shaped and spoken:
            canvas.addLiteral("EMC")
        if run is not pieces[-1]:
            at += _run_width(run, size)
    return total


def shorten(text: str, font: str, size: float, most: float) -> str:
    """The text, with an ellipsis where it is wider than `most` points."""
    if width(text, font, size) <= most:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle].rstrip() + "…", font, size) <= most:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"


def wrap(text: str, font: str, size: float, most: float) -> list[str]:
    """The text in lines of at most `most` points; a word that is too long by itself is broken."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            while width(word, font, size) > most:
                cut = len(word) - 1
                while cut > 1 and width(word[:cut], font, size) > most:
                    cut -= 1
                if line:
                    lines.append(line)
                    line = ""
                lines.append(word[:cut])
                word = word[cut:]
            joined = f"{line} {word}".strip()
            if line and width(joined, font, size) > most:
                lines.append(line)
                line = word
            else:
                line = joined
        lines.append(line)
    return lines
