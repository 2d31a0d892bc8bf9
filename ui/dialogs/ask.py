"""The one seam for asking and telling. Nothing here blocks: an answer comes back by a call.

Tests stand in for the file dialogs; everything else they drive as a person would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QFileDialog, QLineEdit, QWidget

from app.text import _
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Text

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter


class _Question(FormDialog):
    """A sentence, choices, and where asked for one line of text."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        words: str,
        choices: Sequence[tuple[str, str]],
        answered: Callable[[str, str], None],
        field: str = "",
    ) -> None:
        super().__init__(parent, title, "info", width=520)
        self.setObjectName("question")
        self._answered = answered
        self.body.addWidget(Text(words, "body", "text2", wrap=True))
        self.edit: QLineEdit | None = None
        if field:
            self.edit = QLineEdit()
            self.body.addWidget(self.add_field("reason", Field(field, self.edit, name="answer")))
        for key, label in choices[1:]:
            button = Button(label)
            button.setProperty("answer", key)
            button.clicked.connect(self._other)
            self.foot.addWidget(button)
        self._main_key = choices[0][0]
        self.add_foot((), Button(choices[0][1], kind="primary", keys=("Ctrl", "Enter")))

    def _other(self) -> None:
        self._answer(str(self.sender().property("answer")))

    def main_action(self) -> None:
        self._answer(self._main_key)

    def _answer(self, key: str) -> None:
        words = self.edit.text() if self.edit is not None else ""
        if self.edit is not None and not words.strip():
            self.fields["reason"].set_error(_("Please fill this in."))
            return
        self.accept()
        self._answered(key, words)


def ask(
    parent: QWidget,
    title: str,
    words: str,
    choices: Sequence[tuple[str, str]],
    answered: Callable[[str, str], None],
    field: str = "",
) -> FormDialog:
    """Ask; `answered(key, text)` is called with the choice (the first is the main one), never when it is closed."""
    question = _Question(parent, title, words, choices, answered, field)
    question.open()
    return question


def choose_save_file(parent: QWidget, title: str, name: str, kind: str) -> str:
    """Where to save, '' if nowhere."""
    path, _kind = QFileDialog.getSaveFileName(parent, title, name, kind)
    return path


def choose_open_file(parent: QWidget, title: str, kind: str) -> str:
    """Which file to read, '' if none."""
    path, _kind = QFileDialog.getOpenFileName(parent, title, "", kind)
    return path


def choose_folder(parent: QWidget, title: str) -> str:
    """Which folder, '' if none."""
    return QFileDialog.getExistingDirectory(parent, title)


def open_outside(path: str) -> bool:
    """Hand a file to the program that the platform opens such files with; False where there is none."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(path))


def choose_printer(parent: QWidget, chosen: Callable[[], None]) -> QPrinter:
    """Ask for a printer; `chosen` is called when there is one, and the printer returned is it."""
    from PySide6.QtPrintSupport import QPrintDialog, QPrinter

    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    dialog = QPrintDialog(printer, parent)
    dialog.accepted.connect(chosen)
    QDialog.open(dialog)  # its own open() wants a receiver
    return printer
