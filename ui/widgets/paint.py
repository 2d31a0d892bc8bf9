"""Drawing to the tokens, in either direction: what widgets and table cells have in common.

Positions are counted from the leading edge (left, or right in a right-to-left window). Text keeps its own direction:
a phone number or an amount reads left to right wherever it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetrics, QGuiApplication, QPainter, QPen

from ui.theme import theme

#: status → icon, text color, ground, outlined
STATUS: dict[str, tuple[str, str, str, bool]] = {
    "active": ("circle-check", "ok", "okbg", False),
    "completed": ("circle-check", "ok", "okbg", False),
    "paid": ("circle-check", "ok", "okbg", False),
    "attended": ("circle-check", "ok", "okbg", False),
    "sent": ("circle-check", "ok", "okbg", False),
    "open": ("circle-check", "ok", "okbg", False),
    "applicant": ("clock", "info", "infobg", False),
    "pending": ("clock", "info", "infobg", False),
    "started": ("clock", "info", "infobg", False),
    "sending": ("send", "info", "infobg", False),
    "on_hold": ("bookmark", "held", "heldbg", False),
    "held": ("bookmark", "held", "heldbg", False),
    "inactive": ("moon", "neutral", "neutralbg", False),
    "waiting": ("hourglass", "neutral", "neutralbg", False),
    "booked": ("circle-dashed", "neutral", "neutralbg", False),
    "queued": ("clock", "neutral", "neutralbg", False),
    "retrying": ("refresh-cw", "warn", "warnbg", False),
    "uncertain": ("circle-question-mark", "warn", "surface", True),
    "failed": ("circle-alert", "danger", "dangerbg", False),
    "absent": ("circle-x", "danger", "dangerbg", False),
    "due": ("coins", "danger", "dangerbg", False),
    "canceled": ("ban", "neutral", "surface", True),
    "merged": ("users", "neutral", "surface", True),
}
SEAT_EDGE = {"paid": "okfill", "pending": "infofill", "held": "heldfill", "free": "line2", "own": "brassedge"}


def mirrored(painter: QPainter) -> bool:
    """Whether reading starts at the right: a painter has the direction of the application."""
    return painter.layoutDirection() == Qt.LayoutDirection.RightToLeft


def lead(painter: QPainter, box: QRectF, x: float, wide: float) -> float:
    """The left edge of something `wide` that starts `x` after the leading edge of `box`."""
    return box.left() + box.width() - x - wide if mirrored(painter) else box.left() + x


def reads_right_to_left(words: str) -> bool:
    """The direction of a text: that of its first letter; digits and signs have none."""
    if words.isascii():
        return False
    strong = next((kind for kind in map(unicodedata.bidirectional, words) if kind in ("L", "R", "AL")), "L")
    return strong != "L"


_RIGHT_TO_LEFT, _LEFT_TO_RIGHT = Qt.LayoutDirection.RightToLeft, Qt.LayoutDirection.LeftToRight

#: Letters that are read from right to left, and a run of such words.
_FROM_RIGHT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_RUN = re.compile(f"[{_FROM_RIGHT}](?:[{_FROM_RIGHT}\\s'’.-]*[{_FROM_RIGHT}])?")
_FROM_LEFT = re.compile(r"[^\W_\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


def isolated(words: str) -> str:
    """The words for a left-to-right window, each name that is read from right to left set apart from what follows it.

    Without that the sign, the amount or the date after an Arabic or Hebrew name is taken for a part of the name and
    drawn turned round before it (Unicode Standard Annex 9, first strong isolate).
    """
    if words.isascii() or QGuiApplication.layoutDirection() == _RIGHT_TO_LEFT or not _FROM_LEFT.search(words):
        return words
    return _RUN.sub("\u2068\\g<0>\u2069", words) if _RUN.search(words) else words


def width_of(words: str, font: QFont) -> int:
    """How wide a line of text is."""
    return QFontMetrics(font).horizontalAdvance(words)


# Put together once: each `|` of two flags costs as much as drawing a short word.
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_ONCE = int(Qt.TextFlag.TextDontClip | Qt.TextFlag.TextSingleLine) | int(Qt.AlignmentFlag.AlignAbsolute)
_AT_LEFT = int(Qt.AlignmentFlag.AlignLeft | _MIDDLE) | _ONCE
_AT_RIGHT = int(Qt.AlignmentFlag.AlignRight | _MIDDLE) | _ONCE


def draw_line(
    painter: QPainter,
    box: QRectF,
    words: str,
    font: QFont,
    color: QColor,
    *,
    end: bool = False,
    vertical: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignVCenter,
) -> None:
    """Draw one line at the leading edge of `box`, or at its `end`; what is too long is drawn whole, not cut."""
    here = painter.layoutDirection()
    shown = isolated(words)
    way = _RIGHT_TO_LEFT if shown is words and reads_right_to_left(words) else _LEFT_TO_RIGHT
    right = end != (here == _RIGHT_TO_LEFT)
    if vertical is _MIDDLE:
        flags = _AT_RIGHT if right else _AT_LEFT
    else:
        flags = int((Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft) | vertical) | _ONCE
    if way != here:
        painter.setLayoutDirection(way)
    painter.setFont(font)
    painter.setPen(color)
    painter.drawText(box, flags, shown)
    if way != here:
        painter.setLayoutDirection(here)


def draw_icon(painter: QPainter, box: QRectF, x: float, name: str, token: str, size: int, stroke: float = 1.75) -> None:
    """Draw an icon `x` after the leading edge of `box`, in the middle of its height."""
    place = QPointF(lead(painter, box, x, size), box.center().y() - size / 2)
    painter.drawPixmap(place, theme().pixmap(name, token, size, stroke))


def draw_keys(painter: QPainter, x: float, middle: float, keys: Sequence[str], color: QColor, edge: QColor) -> float:
    """Draw key caps from `x` to the right, centered on `middle`; returns where they end. Keys are never mirrored."""
    font = theme().font("key")
    painter.setFont(font)
    height = theme().px(18)
    for key in keys:
        wide = _key_width(key, font)
        box = QRectF(x + 0.5, middle - height / 2 + 0.5, wide - 1, height - 1)
        painter.setPen(QPen(edge, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(color)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)
        x += wide + 3
    return x - 3


def _key_width(key: str, font: QFont) -> int:
    return max(width_of(key, font) + 8, theme().px(18))


def keys_width(keys: Sequence[str]) -> int:
    """How wide key caps are."""
    font = theme().font("key")
    return sum(_key_width(key, font) + 3 for key in keys) - 3 if keys else 0


def badge_width(label: str) -> int:
    """How wide a badge is."""
    return width_of(label, theme().font("badge")) + theme().px(14) + 19


def draw_badge(painter: QPainter, box: QRectF, status: str, label: str) -> None:
    """Draw a badge at the leading edge of `box`, centered."""
    icon, ink, ground, outlined = STATUS.get(status, STATUS["queued"])
    height, wide = theme().px(20), min(badge_width(label), box.width())
    place = QRectF(lead(painter, box, 0, wide), box.center().y() - height / 2, wide, height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme().color(ink), 1) if outlined else Qt.PenStyle.NoPen)
    painter.setBrush(theme().color(ground))
    painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
    size = theme().px(14)
    draw_icon(painter, place, 7, icon, ink, size, 2.1)
    rest = wide - size - 11
    words = QRectF(lead(painter, place, size + 11, rest), place.top(), rest, height)
    draw_line(painter, words, label, theme().font("badge"), theme().color(ink))


def initials(name: str) -> str:
    """The first letters of a name, one for scripts that join theirs."""
    words = [word for word in name.split() if word[0].isalpha()]
    if not words:
        return "?"
    if words[0][0] > "\u0590":
        return words[0][0]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else words[0][1:2])).upper()


def draw_avatar(painter: QPainter, box: QRectF, name: str, seed: int) -> None:
    """Draw an avatar that fills `box`."""
    color = theme().color(("cdrive", "cexam", "clang", "csafe")[seed % 4])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.2))
    painter.setBrush(theme().color("surface"))
    painter.drawEllipse(box.adjusted(1, 1, -1, -1))
    font = theme().font("badge")
    font.setPixelSize(max(9, round(box.width() * 0.36)))
    painter.setFont(font)
    painter.setPen(color)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, initials(name))


def draw_seats(painter: QPainter, box: QRectF, counts: Sequence[int], cell: tuple[int, int]) -> float:
    """Draw paid, pending, held and free seats from the leading edge of `box`; returns how wide they are."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    x, top = 0.0, box.center().y() - cell[1] / 2
    for kind, count in zip(("paid", "pending", "held", "free"), counts, strict=False):
        for _ in range(count):
            left = lead(painter, box, x, cell[0])
            draw_seat(painter, QRectF(left + 0.5, top + 0.5, cell[0] - 1, cell[1] - 1), kind)
            x += cell[0] + 2
    return x


def draw_seat(painter: QPainter, place: QRectF, kind: str) -> None:
    """Draw one seat: paid solid, pending hatched, held with a middle bar, free outlined, one's own in brass."""
    painter.setPen(QPen(theme().color(SEAT_EDGE[kind]), 1))
    if kind in ("paid", "own"):
        painter.setBrush(theme().color("okfill" if kind == "paid" else "brass"))
    elif kind == "pending":
        painter.setBrush(QBrush(theme().color("infofill"), Qt.BrushStyle.BDiagPattern))
    else:
        painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(place, 1.5, 1.5)
    if kind == "held":
        middle = int(place.center().y()) + 0.5  # on a pixel, so that the bar is not blurred over two
        painter.drawLine(QPointF(place.left() + 1, middle), QPointF(place.right() - 1, middle))


def draw_seat_bar(painter: QPainter, box: QRectF, counts: Sequence[int], high: float = 8) -> None:
    """Draw the same seats as one bar, where single ones have no room: a part for each kind, in their order."""
    total = sum(counts[:4]) or 1
    top, x = box.center().y() - high / 2, 0.0
    for kind, count in zip(("paid", "pending", "held", "free"), counts, strict=False):
        wide = box.width() * count / total
        if count:
            left = lead(painter, box, x, wide)
            draw_seat(painter, QRectF(left + 0.5, top + 0.5, max(wide - 2, 1.5), high - 1), kind)
        x += wide
