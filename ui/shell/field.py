"""The command field in the ink bar: a line edit with its sign before and its keys behind the text."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy

from app.text import _
from ui.theme import theme
from ui.widgets.paint import draw_icon, draw_keys, keys_width, lead
from ui.widgets.typed import TypedLine

OPENS = ("Ctrl", "K")
CLOSES = ("Esc",)


class CommandField(TypedLine):
    """Find or command. What is typed is answered by whoever listens."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("bar", True)
        self.setObjectName("command_bar")
        self.setAccessibleName(_("Find or command"))
        self.setPlaceholderText(_("Find a student, invoice or slot — or type a command"))
        self.setMinimumWidth(260)
        self.setMaximumWidth(520)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.restyle)
        self.restyle()

    def restyle(self) -> None:
        """Room for the sign and the keys."""
        before, behind = theme().px(16) + 12, keys_width(OPENS) + 6
        if self.isRightToLeft():
            before, behind = behind, before
        self.setTextMargins(before, 0, behind, 0)
        self.updateGeometry()

    def take_focus(self) -> None:
        """Ctrl+K: into the field, with what stands there selected."""
        self.setFocus()
        self.selectAll()

    def sizeHint(self) -> QSize:
        return QSize(520, theme().px(32))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self.restyle()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        everything, here = QRectF(self.rect()), self.hasFocus()
        draw_icon(painter, everything, 12, "search", "text2" if here else "framemuted", theme().px(16))
        keys = CLOSES if here else OPENS
        left = lead(painter, everything, everything.width() - keys_width(keys) - 9, keys_width(keys))
        ink, edge = ("text2", "line2") if here else ("frametext", "framemuted")
        draw_keys(painter, left, everything.height() / 2, keys, theme().color(ink), theme().color(edge))
