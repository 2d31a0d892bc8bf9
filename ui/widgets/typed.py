"""A line of text on a page, whose keys have two masters: what is typed there, and what is done at the desk."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit

_EXPORT = QKeyCombination(Qt.KeyboardModifier.ControlModifier, Qt.Key.Key_E)


class TypedLine(QLineEdit):
    """A line edit that keeps Ctrl+Z only while it has typing of its own to take back, and Ctrl+E never.

    Qt's own keeps both: the first even where nothing is left to undo; on X11 the second, for the end of the line, which
    has a key of its own. The focus of a page rests in its search field: what is said of the keys has to be true there.
    """

    def event(self, event: QEvent) -> bool:
        """The key that nothing here answers goes on to the window."""
        if event.type() == QEvent.Type.ShortcutOverride:
            assert isinstance(event, QKeyEvent)
            nothing = not self.isUndoAvailable() and event.matches(QKeySequence.StandardKey.Undo)
            if nothing or event.keyCombination() == _EXPORT:
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
