"""Facts in a tinted table: a label, and beside it words or a widget."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui.theme import theme
from ui.widgets.basic import Text, clear_layout, rule


class FactTable(QFrame):
    """Rows with hairlines between them; without rows it is not there."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("tinted", True)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(1, 0, 1, 0)
        self._rows.setSpacing(0)

    def show_facts(self, facts: Sequence[tuple[str, str | QWidget]]) -> None:
        """Other facts."""
        clear_layout(self._rows)
        self.setVisible(bool(facts))
        for number, (label, value) in enumerate(facts):
            if number:
                self._rows.addWidget(rule())
            line = QHBoxLayout()
            line.setContentsMargins(12, 7, 12, 7)
            name = Text(label, "body", "text3")
            name.setFixedWidth(theme().px(118))
            line.addWidget(name, alignment=Qt.AlignmentFlag.AlignTop)
            line.addWidget(value if isinstance(value, QWidget) else Text(value, "name", wrap=True), 1)
            self._rows.addLayout(line)
