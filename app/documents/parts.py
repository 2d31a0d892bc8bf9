"""What more than one document draws: the house mark, a code to scan; and what stands in for a canvas meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Nowhere:
    """A canvas that swallows what is drawn on it: the first pass measures."""

    def __getattr__(self, name: str) -> Any:
        return _swallow


def _swallow(*_args: Any, **_kwargs: Any) -> Any:
    return Nowhere()


class Later:
    """A canvas, or a path of one, that remembers what is drawn on it until it is known how many pages there are."""

    def __init__(self) -> None:
        self._calls: list[Callable[[Any], Any]] = []
        self._real: Any = None

    def __getattr__(self, name: str) -> Any:
        def remember(*args: Any, **named: Any) -> None:
            self._calls.append(lambda canvas: getattr(canvas, name)(*args, **named))

        return remember

    def beginPath(self) -> Any:
        """A path, whose lines are remembered as well."""
        path = Later()

        def begin(canvas: Any) -> None:
            path._real = canvas.beginPath()
            path.draw(path._real)

        self._calls.append(begin)
        return path

    def drawPath(self, path: Any) -> None:
        """Draw a path of `beginPath`."""
        self._calls.append(lambda canvas: canvas.drawPath(path._real))

    def then(self, call: Callable[[Any], Any]) -> None:
        """Have this called with the real one when it is its turn."""
        self._calls.append(call)

    def draw(self, canvas: Any) -> None:
        """Draw on a real one what was drawn here, in the same order."""
        for call in self._calls:
            call(canvas)


def emblem(canvas: Any, left: float, bottom: float, scale: float = 1.0) -> None:
    """Three arches, 77 × 24 points: the house mark until a center has its own picture."""
    canvas.saveState()
    canvas.translate(left, bottom)
    canvas.scale(scale, scale)
    canvas.setLineWidth(2.6)
    canvas.setLineCap(1)
    canvas.line(2, 22, 75, 22)
    canvas.line(2, 1, 75, 1)
    for index in range(3):
        at = 7 + index * 21.5
        path = canvas.beginPath()
        path.moveTo(at, 1)
        path.lineTo(at, 10)
        path.arcTo(at, 0, at + 19, 19, 180, -180)
        path.lineTo(at + 19, 1)
        canvas.drawPath(path)
    canvas.restoreState()


def code(canvas: Any, matrix: list[Any], left: float, top: float, side: float, color: Any) -> None:
    """A code to scan as one path of unit cells: a thousand single rectangles would cost more than a page's text.

    The path is written as PDF says it (`n` begins, `re` is a rectangle, `f*` fills): reportlab takes as long to write
    its two hundred whole numbers as the text of half a page.
    """
    cell = side / len(matrix)
    canvas.saveState()
    canvas.setFillColorRGB(*color)
    canvas.translate(left, top)
    canvas.scale(cell, -cell)
    path = ["n"]
    for row, cells in enumerate(matrix):
        column = 0
        while column < len(cells):
            end = column
            while end < len(cells) and cells[end]:
                end += 1
            if end > column:
                path.append(f"{column} {row} {end - column} 1 re")
            column = end + 1
    canvas.addLiteral(" ".join(path))
    canvas.addLiteral("f*")
    canvas.restoreState()


def picture(
    canvas: Any, content: bytes, left: float, bottom: float, wide: float, high: float, *, roll: bool = False,
    middle: bool = False,
) -> None:  # fmt: skip
    """A PNG or JPEG as large as a box allows, at its left or in its `middle`, in the middle of its height; for a `roll`
    in black. One that cannot be read is left out: the document is worth more than the picture on it.
    """
    import io

    from reportlab.lib.utils import ImageReader

    try:
        image = ImageReader(black(content, wide, high) if roll else io.BytesIO(content))
        own_wide, own_high = image.getSize()
        scale = min(wide / own_wide, high / own_high)
        drawn = own_high * scale
        if middle:
            left += (wide - own_wide * scale) / 2
        at = bottom + (high - drawn) / 2
        canvas.drawImage(image, left, at, own_wide * scale, drawn, mask=None if roll else "auto")
    except Exception:  # whatever the codecs raise
        return


#: A roll printer has eight dots to a millimeter.
_ROLL_DOTS = 203 / 72
#: Shades, of 255: up to the first all is printed, from the second on nothing; dots stand for those between.
_DARK, _PALE = 110, 250


def black(content: bytes, wide: float, high: float) -> Any:
    """A picture in black dots on white, as many as a roll printer has in a box of `wide` by `high` points.

    What is transparent is paper. Dark colors are solid, so that letters keep their edges; light ones would vanish if a
    border alone decided, and are dotted.
    """
    import io

    from PIL import Image

    with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as opened:
        own = opened.convert("RGBA")
    paper = Image.new("RGBA", own.size, "white")
    paper.alpha_composite(own)
    grey = paper.convert("L")
    scale = min(1.0, wide * _ROLL_DOTS / grey.width, high * _ROLL_DOTS / grey.height)
    grey = grey.resize((max(1, round(grey.width * scale)), max(1, round(grey.height * scale))), Image.Resampling.BOX)
    grey = grey.point([max(0, min(255, (shade - _DARK) * 255 // (_PALE - _DARK))) for shade in range(256)])
    return grey.convert("1").convert("L")
