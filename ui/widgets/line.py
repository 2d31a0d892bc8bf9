"""One line of text that gives way: what has no room ends in an ellipsis and stands whole in the tooltip."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy

from ui.theme import theme
from ui.widgets.basic import Text
from ui.widgets.paint import draw_line, width_of


class Line(Text):
    """A `Text` as wide as it is given. `natural_width` is what it would like; `struck` draws a line through it."""

    def __init__(self, text: str = "", role: str = "body", color: str = "text", *, struck: bool = False) -> None:
        super().__init__(text, role, color)
        self._struck = struck
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(1)

    def natural_width(self) -> int:
        """How wide the whole text is."""
        return width_of(self.text(), theme().font(self._role)) + 1

    def sizeHint(self) -> QSize:
        return QSize(self.natural_width(), super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        font = theme().font(self._role)
        if self._struck:
            font.setStrikeOut(True)
        words = QFontMetrics(font).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip(as_tip(self.text()) if words != self.text() else "")
        end = bool(self._side & Qt.AlignmentFlag.AlignRight)
        draw_line(QPainter(self), QRectF(self.rect()), words, font, theme().color(self._color), end=end)


def as_tip(said: str) -> str:
    """Text as a tool tip shows it: Qt would take markup in a name for markup."""
    return f"<span>{escape(said).replace(chr(10), '<br>')}</span>" if "<" in said else said
