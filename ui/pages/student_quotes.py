"""Promised prices in a student's panel: what was quoted until when, to be used, put on paper or withdrawn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app import text
from app.desk import quotes
from app.text import _
from ui.context import Context
from ui.pages import paper
from ui.widgets.basic import Button, Text


class QuotesPart(QWidget):
    """The open quotes of a student, nothing where there are none. `enroll` opens the form, which takes the price up."""

    def __init__(self, context: Context, student_id: int, enroll: Callable[[], object]) -> None:
        super().__init__()
        self.context = context
        self.setObjectName("quotes_part")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        found = quotes.of_student(student_id)
        if found:
            column.addWidget(Text(_("Quoted prices"), "label", "text2"))
        for quote in found:
            column.addWidget(Text(quote.course, "body", wrap=True))
            said = _("{amount} until {day} · {number}")
            if quote.expired:
                said = _("{amount} until {day} · {number} · expired")
            facts = {"amount": text.show_money(quote.price.gross_minor), "number": quote.number}
            day = text.show(quote.expires_on, "date")
            color = "text3" if quote.expired else "text2"
            column.addWidget(Text(said.format(day=day, **facts), "small", color, wrap=True))
            row = QHBoxLayout()
            if quote.usable:
                row.addWidget(self._button(_("Use"), f"use_{quote.id}", quote, enroll))
            row.addWidget(self._button(_("Show"), f"show_{quote.id}", quote, partial(self._show, quote.id)))
            row.addWidget(self._button(_("Withdraw"), f"withdraw_{quote.id}", quote, partial(self._withdraw, quote.id)))
            row.addStretch(1)
            column.addLayout(row)
        if not found:
            self.hide()

    @staticmethod
    def _button(label: str, name: str, quote: quotes.Quoted, act: Callable[[], object]) -> Button:
        made = Button(label, kind="quiet", size="small")
        made.setObjectName(name)
        made.setAccessibleName(f"{label}: {quote.number}, {quote.course}")
        made.clicked.connect(act)
        return made

    def _show(self, quote_id: int) -> None:
        paper.show_quote(self.window(), self.context, quote_id)

    def _withdraw(self, quote_id: int) -> None:
        self.context.run(quotes.withdraw, quote_id)
