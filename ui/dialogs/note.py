"""A note to write anew."""

from __future__ import annotations

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from app.desk import notes
from app.lists.person import NoteRow
from app.text import _
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.theme import theme
from ui.widgets.basic import Button, Field


class NoteDialog(FormDialog):
    """The text of one note; what somebody else changed meanwhile is not written over."""

    def __init__(self, context: Context, parent: QWidget, note: NoteRow) -> None:
        super().__init__(parent, _("Note"), "notebook-pen", width=520)
        self.setObjectName("note")
        self.context, self.note = context, note
        self.words = QPlainTextEdit(note.text)
        self.words.setFixedHeight(theme().px(180))
        self.words.setTabChangesFocus(True)
        self.words.textChanged.connect(self.clear_errors)
        self.body.addWidget(self.add_field("text", Field(_("Text"), self.words, name="note_text")))
        self.add_foot((), Button(_("Save"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self.words.setFocus()

    def main_action(self) -> None:
        if not self.main.isEnabled():
            return
        self.clear_errors()
        self.context.run(
            notes.edit_note, self.note.id, self.note.version, self.words.toPlainText(),
            done=self._saved, failed=self.refuse, busy=self.main,
        )  # fmt: skip

    def _saved(self, _nothing: object) -> None:
        self.accept()
