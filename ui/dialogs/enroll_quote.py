"""Promised prices in the enroll form: using one that stands, and promising a new one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from app import clock, text
from app.desk import quotes
from app.desk.quotes import Quoted, QuoteDraft
from app.text import _
from ui.context import Context
from ui.dialogs.form import FormDialog, window_under
from ui.pages import paper
from ui.widgets.basic import Button, Field, Text


class QuotedPrice(QCheckBox):
    """Whether a price that was promised is used. `changed` when another one counts, or none."""

    changed = Signal()

    def __init__(self, context: Context, student_id: int) -> None:
        super().__init__()
        self.context, self._student = context, student_id
        self._quote: Quoted | None = None
        self.setObjectName("use_quote")
        self.toggled.connect(self.changed)
        self.hide()

    def courses(self) -> set[int]:
        """The courses that a price was promised for."""
        return {one.course_id for one in quotes.of_student(self._student, usable=True)}

    def show_for(self, course_id: int | None) -> None:
        """The lowest price that was promised for a course: it is used unless somebody says otherwise."""
        found = [one for one in quotes.of_student(self._student, usable=True) if one.course_id == course_id]
        self._quote = min(found, key=lambda one: one.price.gross_minor, default=None)
        self.setVisible(self._quote is not None)
        if self._quote is not None:
            said = _("{number}: {amount} was quoted until {day}. Use it (Alt+U)")
            facts = {"amount": text.show_money(self._quote.price.gross_minor), "number": self._quote.number}
            self.setText(said.format(day=text.show(self._quote.expires_on, "date"), **facts))
            self.setAccessibleName(self.text())
        with QSignalBlocker(self):
            self.setChecked(self._quote is not None)
        self.changed.emit()

    def chosen(self) -> Quoted | None:
        """The quote that is used."""
        return self._quote if self.isChecked() else None

    def let_go(self) -> None:
        """Use none."""
        self.setChecked(False)


class OfferQuote(FormDialog):
    """Until when a price holds. `offered` after the quote is in the file."""

    offered = Signal()

    def __init__(self, context: Context, parent: QWidget, draft: QuoteDraft, gross_minor: int) -> None:
        super().__init__(parent, _("Quote this price"), "file-text", width=620)
        self.setObjectName("offer_quote")
        self.context, self._draft = context, draft
        said = _("{amount} is promised: it holds until the day you write, whatever the catalog says by then.")
        self.body.addWidget(Text(said.format(amount=text.show_money(gross_minor)), "body", "text2", wrap=True))
        until = clock.local_date(context.center.zone) + timedelta(days=context.center.quote_days)
        self.day = QLineEdit(until.isoformat())
        self.body.addWidget(self.add_field("expires_on", Field(_("Until"), self.day, name="expires_on")))
        self._shown = False
        paper_too = Button(_("Quote and show"), "file-text", keys=("Ctrl", "P"))
        paper_too.setObjectName("quote_and_show")
        paper_too.clicked.connect(self.quote_and_show)
        self._shortcut("Ctrl+P", self.quote_and_show)
        self.add_foot((paper_too,), Button(_("Quote"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self.day.setFocus()
        self.day.selectAll()

    def quote_and_show(self) -> None:
        """Ctrl+P: put the quote in the file and show its paper, to be printed, mailed or saved."""
        self._shown = True
        self._offer()

    def main_action(self) -> None:
        """Put the quote in the file."""
        self._shown = False
        self._offer()

    def _offer(self) -> None:
        if not self.main.isEnabled():
            return
        self.clear_errors()
        draft = replace(self._draft, expires_on=self.day.text())
        self.context.run(quotes.offer, draft, done=self._offered, failed=self.refuse, busy=self.main)

    def _offered(self, quote_id: int) -> None:
        quote = quotes.load(quote_id)
        said = _("{amount} quoted until {day} ({number}).")
        facts = {"amount": text.show_money(quote.price.gross_minor), "number": quote.number}
        below = window_under(self)
        self.accept()
        self.context.notice.emit(said.format(day=text.show(quote.expires_on, "date"), **facts))
        self.offered.emit()
        if self._shown:
            paper.show_quote(below, self.context, quote_id)
