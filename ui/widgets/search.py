"""A search field: its sign before the text, as high as the chips beside it where it stands in a filter row."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF
from PySide6.QtGui import QPainter, QPaintEvent

from ui.theme import theme
from ui.widgets.paint import draw_icon
from ui.widgets.typed import TypedLine


class SearchField(TypedLine):
    """Words to look for; `low` for a filter row. The words beside it are its name and its hint."""

    def __init__(self, words: str, name: str, *, low: bool = False) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(words)
        self.setPlaceholderText(words)
        self.setProperty("low", low)
        theme().changed.connect(self._make_room)
        self._make_room()

    def _make_room(self) -> None:
        room = theme().px(16) + 6
        self.setTextMargins(0 if self.isRightToLeft() else room, 0, room if self.isRightToLeft() else 0, 0)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self._make_room()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        draw_icon(QPainter(self), QRectF(self.rect()), 11, "search", "text2", theme().px(16))
