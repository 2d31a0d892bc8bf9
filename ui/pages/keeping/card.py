"""The card all parts of safe keeping stand in."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from ui.widgets.basic import Card, Icon, Text


class KeepingCard(Card):
    """A titled card; its parts go into `column`."""

    def __init__(self, title: str, icon: str) -> None:
        super().__init__(margins=(16, 12, 16, 12))
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        self.column = column
        column.setSpacing(8)
        self.head = head = QHBoxLayout()
        head.addWidget(Icon(icon, "brasstext", 18))
        head.addWidget(Text(title, "section"), 1)
        column.addLayout(head)
