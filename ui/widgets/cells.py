"""Cells of a table: what they show, and how they are drawn to the tokens, fast enough for a keystroke.

Most of what a keystroke costs is drawing the rows it found. Lines of text are laid out once and kept, badges and
avatars are pictures that are made once; text that does not fit ends in an ellipsis, amounts never do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QGuiApplication, QPainter, QPixmap, QStaticText, QTextOption, QTransform

from ui.theme import theme
from ui.widgets.paint import draw_avatar, draw_badge, initials, lead, reads_right_to_left

#: The least a column gets that takes what is left, at 100 %.
LEAST = 120


@dataclass(frozen=True)
class Cell:
    """What one cell shows: text in a role and color, a second line, a badge, an avatar, or an icon."""

    text: str = ""
    role: str = "body"
    color: str = "text"
    second: str = ""
    badge: str = ""
    avatar: int | None = None
    icon: str = ""
    right: bool = False


@dataclass(frozen=True)
class Column:
    """A column: its head, its width (0 takes what is left), and how a row becomes a cell.

    Of a wide window's room, columns that `grow` get as much as those without a width, which never get less than
    `least`. `key` is what the rows can be sorted by, where they can be.
    """

    head: str
    width: int
    cell: Callable[[Any], Cell]
    right: bool = False
    grow: bool = False
    least: int = LEAST
    key: str = ""


def draw_cell(painter: QPainter, box: QRectF, cell: Cell, right: bool) -> None:
    """Draw what a cell shows into `box`, the part of a cell that words may use."""
    if cell.badge:
        _badge(painter, box, cell.badge, cell.text)
        return
    if cell.avatar is not None:
        size = theme().px(24)
        picture = _avatar_picture(initials(cell.text), cell.avatar % 4, size, *_look())
        painter.drawPixmap(QPointF(lead(painter, box, 0, size), box.center().y() - size / 2), picture)
        box = _behind(painter, box, size + 8)
    elif cell.icon:
        size = theme().px(16)
        place = QPointF(lead(painter, box, 0, size), box.center().y() - size / 2)
        painter.drawPixmap(place, theme().pixmap(cell.icon, cell.color, size))
        box = _behind(painter, box, size + 8)
    if not cell.second:
        if cell.text:
            _words(painter, box, cell.text, cell.role, cell.color, right, 0.5)
        return
    upper = box.adjusted(0, 0, 0, -box.height() / 2 + 2)
    _words(painter, upper, cell.text, cell.role, cell.color, right, 1.0)
    lower = box.adjusted(0, box.height() / 2 + 1, 0, 0)
    _words(painter, lower, cell.second, "small", "text3", right, 0.0)


def _behind(painter: QPainter, box: QRectF, taken: float) -> QRectF:
    wide = box.width() - taken
    return QRectF(lead(painter, box, taken, wide), box.top(), wide, box.height())


def _words(painter: QPainter, box: QRectF, said: str, role: str, color: str, right: bool, share: float) -> None:
    """One line: `share` says where in the height it stands, 0 at the top, 1 at the bottom."""
    look = theme()
    line = _line(said, role, look.scale)
    size = line.size()
    if not right and size.width() > box.width():  # numbers and amounts are never shortened
        line = _line(_shortened(said, role, look.scale, int(box.width())), role, look.scale)
        size = line.size()
    x = lead(painter, box, box.width() - size.width() if right else 0, size.width())
    painter.setFont(look.shared_font(role))
    painter.setPen(look.shared_color(color))
    painter.drawStaticText(QPointF(x, round(box.top() + (box.height() - size.height()) * share)), line)


@lru_cache(maxsize=4096)
def _line(said: str, role: str, scale: float) -> QStaticText:
    """A line laid out in its own direction; markup in it is text."""
    assert scale  # part of the question: the font follows it
    made = QStaticText(" ".join(said.splitlines()))
    made.setTextFormat(Qt.TextFormat.PlainText)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.NoWrap)
    rtl = reads_right_to_left(said)
    option.setTextDirection(Qt.LayoutDirection.RightToLeft if rtl else Qt.LayoutDirection.LeftToRight)
    made.setTextOption(option)
    made.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    made.prepare(QTransform(), theme().shared_font(role))
    return made


@lru_cache(maxsize=4096)
def _shortened(said: str, role: str, scale: float, width: int) -> str:
    """The words as far as there is room, then an ellipsis. While somebody types, the same rows come again and again."""
    assert scale  # part of the question: the font follows it
    return QFontMetrics(theme().shared_font(role)).elidedText(said, Qt.TextElideMode.ElideRight, width)


def _look() -> tuple[bool, float]:
    screen = QGuiApplication.primaryScreen()
    return theme().dark, screen.devicePixelRatio() if screen is not None else 1.0


@lru_cache(maxsize=1024)
def _avatar_picture(letters: str, color: int, size: int, dark: bool, ratio: float) -> QPixmap:
    picture = _blank(QSize(size, size), ratio)
    painter = QPainter(picture)
    draw_avatar(painter, QRectF(0, 0, size, size), letters, color)
    painter.end()
    return picture


def _badge(painter: QPainter, box: QRectF, status: str, label: str) -> None:
    high = theme().px(20)
    wide = min(_badge_width(label, theme().scale), int(box.width()))
    picture = _badge_picture(status, label, wide, high, *_look(), painter.layoutDirection())
    painter.drawPixmap(QPointF(lead(painter, box, 0, wide), box.center().y() - high / 2), picture)


@lru_cache(maxsize=256)
def _badge_width(label: str, scale: float) -> int:
    from ui.widgets.paint import badge_width

    assert scale
    return badge_width(label)


@lru_cache(maxsize=512)
def _badge_picture(
    status: str, label: str, wide: int, high: int, dark: bool, ratio: float, direction: Qt.LayoutDirection
) -> QPixmap:
    picture = _blank(QSize(max(wide, 1), high), ratio)
    painter = QPainter(picture)
    painter.setLayoutDirection(direction)
    draw_badge(painter, QRectF(0, 0, wide, high), status, label)
    painter.end()
    return picture


def _blank(size: QSize, ratio: float) -> QPixmap:
    picture = QPixmap(size * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    return picture
