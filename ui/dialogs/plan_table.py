"""The plan of an enrollment as a table: when each part is due, how much it is, what is left after it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app import clock, text
from app.text import _
from ui import words
from ui.context import Context
from ui.theme import theme
from ui.widgets.basic import Text, clear_layout

#: Widths of the columns at 100 %; 0 takes what is left.
_WIDTHS = (28, 118, 0, 92, 92)


class PlanTable(QFrame):
    """Rows of 36 pixels under a head; the first part is the one the payment desk takes next."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.setProperty("framed", True)
        self.rows: list[tuple[str, ...]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(1, 1, 1, 1)
        self._column.setSpacing(0)

    def show_parts(self, parts: Sequence[tuple[str, int]], gross: int) -> None:
        """Due dates and amounts in minor units, and what they add up to."""
        clear_layout(self._column)
        self.rows = []
        head = (_("#"), _("Due"), _("What"), _("Amount"), _("Left after"))
        self._row([self._cell(said, "label", "text2") for said in head], head=True)
        today, left = clock.local_date(self.context.center.zone).isoformat(), gross
        for number, (due_on, amount) in enumerate(parts, start=1):
            left -= amount
            now = number == 1 and due_on <= today
            day = _("today") if due_on <= today else words.day(due_on, self.context.center)
            part = _("part {n} of {all}").format(n=number, all=len(parts)) if len(parts) > 1 else ""
            said = (_("→ Payment desk opens next"), "badge", "brasstext") if now else (part, "small", "text2")
            what = Text(*said)
            if now:
                what.setFixedHeight(theme().px(22))
                what.setStyleSheet(
                    f"color: {theme().hex('brasstext')}; background: {theme().hex('brasstint')};"
                    " border: none; border-radius: 5px; padding: 2px 7px;"
                )
            cells = [
                self._cell(str(number), "body", "text2"),
                self._cell(day, "name" if now else "body"),
                what,
                self._cell(text.show_money(amount), "name"),
                self._cell(text.show_money(left), "body", "text2"),
            ]
            self.rows.append((str(number), day, text.show_money(amount), text.show_money(left)))
            self._row(cells, last=number == len(parts))

    @staticmethod
    def _cell(said: str, role: str, color: str = "text") -> Text:
        return Text(said, role, color)

    def _row(self, cells: Sequence[QWidget], *, head: bool = False, last: bool = False) -> None:
        box = QFrame()
        box.setFixedHeight(theme().px(32 if head else 34))
        if head:
            box.setProperty("band", True)
        elif not last:
            box.setProperty("lined", True)
        line = QHBoxLayout(box)
        line.setContentsMargins(12, 0, 12, 0)
        line.setSpacing(8)
        for number, (cell, wide) in enumerate(zip(cells, _WIDTHS, strict=True)):
            if number > 2 and isinstance(cell, Text):
                cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if wide:
                cell.setFixedWidth(theme().px(wide))
                line.addWidget(cell)
            else:
                line.addWidget(cell)
                line.addStretch(1)
        self._column.addWidget(box)
