"""What stands around the data folder and may harm it, one sentence each. Nothing here where nothing does."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from app.text import _
from ui.pages.keeping.card import KeepingCard
from ui.widgets.basic import Icon, Text, clear_layout


class Concerns(KeepingCard):
    """Hidden while there is nothing to tell."""

    def __init__(self) -> None:
        super().__init__(_("Around the data"), "triangle-alert")
        self.setObjectName("concerns")
        self.rows = QVBoxLayout()
        self.rows.setSpacing(8)
        self.column.addLayout(self.rows)
        self.hide()

    def show_sentences(self, sentences: Sequence[str]) -> None:
        """Tell these, in place of those told before."""
        clear_layout(self.rows)
        for said in sentences:
            line = QHBoxLayout()
            line.setSpacing(8)
            line.addWidget(Icon("triangle-alert", "warn", 16), alignment=Qt.AlignmentFlag.AlignTop)
            line.addWidget(Text(said, "body", "warn", wrap=True), 1)
            self.rows.addLayout(line)
        self.setVisible(bool(sentences))
