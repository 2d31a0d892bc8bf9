"""The focus ring: 2 px of brass edge, 2 px off the button or chip that has the focus; it never animates."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFocusFrame, QProxyStyle, QStyle, QStyleOption, QWidget

from ui.theme import theme

#: Two of distance, two of ring.
REACH = 4


class _RingStyle(QProxyStyle):
    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returnData: object = None,
    ) -> int:
        if hint == QStyle.StyleHint.SH_FocusFrame_AboveWidget:
            return 1  # a child of the window, so that no narrow parent cuts it
        return super().styleHint(hint, option, widget, returnData)  # type: ignore[arg-type]

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        if metric in (QStyle.PixelMetric.PM_FocusFrameHMargin, QStyle.PixelMetric.PM_FocusFrameVMargin):
            return REACH
        return super().pixelMetric(metric, option, widget)


class FocusRing(QFocusFrame):
    """Follows its widget wherever it is moved or scrolled; lies above the neighbors, not in the layout."""

    def __init__(self) -> None:
        super().__init__()
        self._style = _RingStyle("Fusion")
        self.setStyle(self._style)
        self.radius = 9

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color("brassedge"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), self.radius, self.radius)


_ring: FocusRing | None = None


def show_ring(widget: QWidget, radius: float) -> None:
    """Put the ring around what got the focus."""
    global _ring
    if _ring is None or not shiboken6.isValid(_ring):  # it goes with the window it was last shown in
        _ring = FocusRing()
    _ring.radius = round(radius)
    _ring.setWidget(widget)


def hide_ring(widget: QWidget) -> None:
    """Take the ring away from what lost the focus."""
    if _ring is not None and shiboken6.isValid(_ring) and _ring.widget() is widget:
        _ring.setWidget(None)  # type: ignore[arg-type]
