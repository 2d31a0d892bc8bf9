"""What finding anything from a list has in common: type, arrow, Enter; the field keeps the focus all the while."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget

from ui.dialogs.form import FormDialog
from ui.widgets.basic import Text
from ui.widgets.search import SearchField
from ui.widgets.table import PagedModel, RowTable


class Finder(FormDialog):
    """A search field over a table. Subclasses fill it in `_typed`, and do what is chosen in `_choose`."""

    def add_search(self, prompt: str, name: str) -> None:
        """The field, under an object name."""
        self.search = SearchField(prompt, name)
        self.search.textChanged.connect(self._typed)
        self.search.returnPressed.connect(self.main_action)
        self.body.addWidget(self.search)

    def add_found(self, model: PagedModel, name: str, nothing: str, *, row: int = 36, height: int = 330) -> None:
        """The table, and what is said in its place while it is empty, each under an object name."""
        self.table = RowTable(model, name, row)
        self.table.activated_id.connect(self._choose)
        self.nothing = Text("", "body", "text2", wrap=True)
        self.nothing.setObjectName(nothing)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.found = QStackedWidget()
        self.found.addWidget(self.table)
        self.found.addWidget(self.nothing)
        self.found.setFixedHeight(height)
        self.body.addWidget(self.found)

    def show_found(self, ids: Sequence[int], nothing: str) -> None:
        """Show these rows with the first chosen, or say why there are none."""
        self.table.show_ids(list(ids))
        self.nothing.setText(nothing)
        self.found.setCurrentWidget(self.table if ids else self.nothing)
        self.main.setEnabled(bool(ids))
        if ids:
            self.table.select_id(ids[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.search.hasFocus() and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            ids, current = self.table.paged.ids, self.table.current_id()
            if current in ids:
                self.table.select_id(ids[max(0, min(len(ids) - 1, ids.index(current) + step))])
            return
        if self.search.hasFocus() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return  # the field has said it
        super().keyPressEvent(event)

    def _typed(self, typed: str) -> None:
        raise NotImplementedError

    def _choose(self, row_id: int) -> None:
        raise NotImplementedError

    def main_action(self) -> None:
        current = self.table.current_id()
        if current is not None:
            self._choose(current)
