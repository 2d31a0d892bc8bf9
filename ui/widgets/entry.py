"""An entry of a story: words, below them when and by whom, at the end an amount or a state; drawn as one widget.

A label takes a millisecond to be made, for its style alone; a story has hundreds of them.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.text import _
from ui.theme import theme
from ui.widgets.paint import badge_width, draw_badge, draw_icon, draw_line, lead, reads_right_to_left, width_of
from ui.widgets.ring import hide_ring, show_ring

_GAP = 8


class Entry(QWidget):
    """`said` goes on in as many lines as it needs, or with `icon` ends in an ellipsis; `second` is one quiet line.

    One that `opens` takes the focus and says `opened` at a click, Enter and Space. All of it is plain text.
    """

    opened = Signal()

    def __init__(
        self,
        said: str,
        second: str = "",
        *,
        role: str = "body",
        icon: str = "",
        amount: str = "",
        amount_color: str = "text",
        badge: tuple[str, str] | None = None,
        opens: bool = False,
        ruled: bool = False,
    ) -> None:
        super().__init__()
        self.said, self.second, self._role, self._icon = said, second, role, icon
        self._amount, self._amount_color, self._badge = amount, amount_color, badge
        self.opens, self._ruled = opens, ruled
        self._lines: tuple[tuple[int, float, bool], QTextLayout, float] | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)  # fixed, it could not grow
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMinimumWidth(1)
        ends = [amount, badge[1] if badge else ""]
        self.setAccessibleName(" · ".join(filter(None, (said, *ends, second))))
        if opens:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setAccessibleDescription(_("Enter opens it"))
        theme().changed.connect(self.updateGeometry)

    # -- how large it is

    def _ends(self) -> tuple[int, int, int]:
        """How wide the amount, the badge and the sign that it opens are, each with the gap before it."""
        amount = width_of(self._amount, theme().font("name")) + _GAP if self._amount else 0
        badge = badge_width(self._badge[1]) + _GAP if self._badge else 0
        return amount, badge, theme().px(16) + _GAP if self.opens else 0

    def _room(self, width: int) -> tuple[int, int]:
        """(where the words begin, how wide they may be)."""
        start = theme().px(16) + _GAP if self._icon else 0
        return start, max(width - start - sum(self._ends()), 40)

    def _laid(self, wide: int) -> tuple[QTextLayout, float]:
        """The words in lines, and how high they are; laid out once for a width."""
        of = (wide, theme().scale, self.isRightToLeft())
        if self._lines is not None and self._lines[0] == of:
            return self._lines[1], self._lines[2]
        layout = QTextLayout(self.said.replace("\n", "\u2028"), theme().font(self._role))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        way = reads_right_to_left(self.said)
        option.setTextDirection(Qt.LayoutDirection.RightToLeft if way else Qt.LayoutDirection.LeftToRight)
        edge = Qt.AlignmentFlag.AlignRight if self.isRightToLeft() else Qt.AlignmentFlag.AlignLeft
        option.setAlignment(edge | Qt.AlignmentFlag.AlignAbsolute)
        layout.setTextOption(option)
        layout.beginLayout()
        high = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(wide)
            line.setPosition(QPointF(0, high))
            high += line.height()
        layout.endLayout()
        self._lines = (of, layout, high)
        return layout, high

    def _above(self) -> int:
        return 7 if self._ruled else 0

    def _line(self, role: str) -> int:
        return QFontMetrics(theme().font(role)).height()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        first = 0.0
        if self.said:
            first = self._line(self._role) if self._icon else self._laid(self._room(width)[1])[1]
        first = max(first, theme().px(20)) if self._badge else first
        first = max(first, self._line("name")) if self._amount else first
        return round(self._above() + first + (self._line("small") + 2 if self.second else 0) + 1)

    def sizeHint(self) -> QSize:
        wide = self.width() if self.width() > 100 else 360
        return QSize(wide, self.heightForWidth(wide))

    def minimumSizeHint(self) -> QSize:
        return QSize(1, self._above() + self._line("small"))

    # -- how it looks

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look, everything = theme(), QRectF(self.rect())
        if self._ruled:
            painter.fillRect(QRectF(0, 0, self.width(), 1), look.color("line"))
        top = float(self._above())
        start, wide = self._room(self.width())
        ink = "brasstext" if self.opens and self.underMouse() else "text"
        font = look.font(self._role)
        high = self._first_line(painter, start, wide, top, font, ink)
        amount, badge, _sign = self._ends()
        line = QRectF(0, top, everything.width(), max(self._line(self._role), look.px(20) if self._badge else 0))
        end = everything.width()
        if self.opens:
            end -= look.px(16)
            draw_icon(painter, line, end, "chevron-right", "text3", look.px(16))
            end -= _GAP
        if self._badge is not None:
            end -= badge - _GAP
            box = QRectF(lead(painter, line, end, badge - _GAP), line.top(), badge - _GAP, look.px(20))
            draw_badge(painter, box, *self._badge)
            end -= _GAP
        if self._amount:
            end -= amount - _GAP
            box = QRectF(lead(painter, line, end, amount - _GAP), top, amount - _GAP, line.height())
            draw_line(painter, box, self._amount, look.font("name"), look.color(self._amount_color), end=True)
        if self.second:
            small = look.font("small")
            whole = everything.width() - start
            said = QFontMetrics(small).elidedText(self.second, Qt.TextElideMode.ElideRight, int(whole))
            box = QRectF(lead(painter, everything, start, whole), top + high + 2, whole, self._line("small"))
            draw_line(painter, box, said, small, look.color("text3"))

    def _first_line(self, painter: QPainter, start: int, wide: int, top: float, font: QFont, ink: str) -> float:
        if not self.said:
            return 0
        left = lead(painter, QRectF(self.rect()), start, wide)
        if self._icon:
            high = self._line(self._role)
            draw_icon(painter, QRectF(0, top, self.width(), high), 0, self._icon, "text2", theme().px(16))
            words = QFontMetrics(font).elidedText(self.said, Qt.TextElideMode.ElideRight, wide)
            draw_line(painter, QRectF(left, top, wide, high), words, font, theme().color(ink))
            return float(high)
        layout, laid = self._laid(wide)
        painter.setPen(theme().color(ink))
        layout.draw(painter, QRectF(left, top, wide, laid).topLeft())
        return max(laid, theme().px(20)) if self._badge else laid

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    # -- what it does

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.opens and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.opens and self.rect().contains(event.position().toPoint()):
            self.opened.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        show_ring(self, 5)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        hide_ring(self)
