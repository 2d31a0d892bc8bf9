"""A line of text on a page, where Ctrl+Z has two masters: what was typed there, and what was done at the desk."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit


class TypedLine(QLineEdit):
    """A line edit that keeps Ctrl+Z only while it has typing of its own to take back.

    Qt's own keeps the key even where nothing is left to undo. The focus of a page rests in its search field, so
    "Ctrl+Z takes it back" would be said there and not be true.
    """

    def event(self, event: QEvent) -> bool:
        """The key that nothing here answers goes on to the window."""
        if event.type() == QEvent.Type.ShortcutOverride and not self.isUndoAvailable():
            assert isinstance(event, QKeyEvent)
            if event.matches(QKeySequence.StandardKey.Undo):
                event.ignore()
                return False
        return super().event(event)

    def clear(self) -> None:
        """Emptied by the page, which nobody typed: nothing for the key to take back."""
        self.setText("")

    def forget_typing(self) -> None:
        """Something was done since: Ctrl+Z means that now. The words, the cursor and what is selected stay."""
        if self.isUndoAvailable():
            at, start, length = self.cursorPosition(), self.selectionStart(), self.selectionLength()
            quiet = self.blockSignals(True)
            self.setText(self.text())
            self.blockSignals(quiet)
            self.setCursorPosition(at)
            if length:
                self.setSelection(*((start, length) if at > start else (start + length, -length)))
