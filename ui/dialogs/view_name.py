"""A name for a view of the roster: for a new one, or another for one that is there."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from app.desk import arranging
from app.desk.arranging import View
from app.errors import DeskError
from app.text import _
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Text


class ViewName(FormDialog):
    """`named(name)` when the view is in the file. With `before` that view gets another name, else `view` is kept."""

    named = Signal(str)

    def __init__(self, context: Context, parent: QWidget, view: View, before: str = "", words: str = "") -> None:
        super().__init__(parent, _("Rename the view") if before else _("Save this view"), "bookmark", width=480)
        self.setObjectName("view_name")
        self.context, self.view, self.before = context, view, before
        if words:
            self.body.addWidget(Text(words, "body", "text2", wrap=True))
        self.name = self.add_field("name", Field(_("Name"), name="view_name_field"))
        self.body.addWidget(self.name)
        self.add_foot((), Button(_("Save"), "check", kind="primary", keys=("Ctrl", "Enter")))
        edit = self.name.edit
        edit.setText(before or view.name)  # type: ignore[attr-defined]
        edit.selectAll()  # type: ignore[attr-defined]
        edit.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """One field: Enter is enough."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.name.edit.hasFocus():
            if self.main.isEnabled():
                self.main_action()
            return
        super().keyPressEvent(event)

    def main_action(self) -> None:
        self.clear_errors()
        name = self.name.text()
        if self.before:
            self.context.run(
                arranging.rename_view, self.before, name, done=self._kept, failed=self._refused, busy=self.main
            )
        else:
            view = View(name, self.view.words, self.view.filters, self.view.columns, self.view.sort)
            self.context.run(arranging.save_view, view, done=self._kept, failed=self._refused, busy=self.main)

    def _refused(self, error: DeskError) -> None:
        self.refuse(error)

    def _kept(self, _nothing: object) -> None:
        name = self.name.text().strip()
        self.accept()
        self.named.emit(name)
