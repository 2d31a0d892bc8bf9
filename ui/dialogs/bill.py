"""An invoice to be paid later: who pays, which lines, by when, what it says; looked at before it is issued."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import clock, text
from app.desk import invoices, papers
from app.errors import DeskError, UserError
from app.lists import billing, payers
from app.lists import people as roster
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.pages import paper
from ui.theme import theme
from ui.widgets.basic import Button, Field, Text, clear_layout
from ui.widgets.line import Line
from ui.widgets.typed import TypedLine

#: Tables that say what can be put on an invoice.
_BILLED = {"courses_enrolled", "product_enrolled", "installments", "invoices", "invoice_lines", "student_payments"}


#: Nobody's lines were read so far: a buyer is an id, or None for the student.
_NOBODY = -1


class BillRow(QWidget):
    """One line that has no invoice yet: on it or not."""

    def __init__(self, context: Context, line: billing.BillLine) -> None:
        super().__init__()
        self.line = line
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(10)
        self.take = QCheckBox()
        self.take.setObjectName("bill_line")
        self.take.setAccessibleName(f"{line.title}, {line.student}")
        self.take.setChecked(True)
        row.addWidget(self.take)
        row.addWidget(Line(line.title, "name"), 2)
        row.addWidget(Line(line.detail, "small", "text3"), 2)
        row.addWidget(Text(words.day(line.due_on, context.center), "small", "text2"))
        amount = Text(text.show_money(line.gross_minor), "name")
        amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        amount.setMinimumWidth(theme().px(96))
        row.addWidget(amount)


class BillDialog(FormDialog):
    """`issued(invoice id)` after it is in the file. Begins with whom the student or payer named stands for."""

    issued = Signal(int)

    def __init__(self, context: Context, parent: QWidget, student_id: int | None, payer_id: int | None = None) -> None:
        super().__init__(parent, _("Invoice"), "receipt-text", subtitle=_("to be paid later"), width=860)
        self.setObjectName("bill")
        self.context, self.student_id = context, student_id
        self.rows: list[BillRow] = []
        self._closed = False
        self._asked = 0
        self._lines_for: object = _NOBODY  # whose lines stand there
        self.payer = QComboBox()
        self.payer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.payer.setMinimumContentsLength(20)  # a long name of a company does not push the day out of the form
        found = roster.page([student_id]).get(student_id) if student_id is not None else None
        self._name = found.name if found is not None else ""
        if found is not None:
            self.payer.addItem(_("{name} pays").format(name=found.name), None)
        for one, name in payers.names():
            self.payer.addItem(name, one)
        if payer_id is None and student_id is not None:
            payer_id = billing.payer_of(student_id)
        if payer_id is not None:
            self.payer.setCurrentIndex(max(self.payer.findData(payer_id), 0))
        upper = QHBoxLayout()
        upper.setSpacing(16)
        top = Qt.AlignmentFlag.AlignTop
        upper.addWidget(self.add_field("payer", Field(_("Bill to"), self.payer, name="bill_to")), 2, top)
        self.due_on = TypedLine()
        self.due_on.setPlaceholderText(self._usual_day())
        due = Field(_("To be paid by"), self.due_on, name="due_on", hint=_("like 2026-03-24; empty: as always"))
        upper.addWidget(self.add_field("due_on", due), 1, top)
        self.body.addLayout(upper)
        self.body.addWidget(self._line_box())
        self.note = QPlainTextEdit()
        self.note.setFixedHeight(theme().px(52))
        self.note.setTabChangesFocus(True)
        note = Field(_("Text on the invoice (may stay empty)"), self.note, name="bill_note")
        self.body.addWidget(self.add_field("note", note))
        self.mail = QCheckBox(_("Mail the invoice"))
        self.mail.setObjectName("mail_invoice")
        self.mail.setAccessibleName(self.mail.text())
        look = Button(_("Preview"), "eye", keys=("Ctrl", "P"))
        look.setObjectName("preview_bill")
        look.clicked.connect(self.look)
        self.preview = look
        self._shortcut("Ctrl+P", self.look)
        self.proforma = Button(_("Pro forma"), "file-text", kind="quiet", keys=("Alt", "F"))
        self.proforma.clicked.connect(self.look_at_proforma)
        self._shortcut("Alt+F", self.look_at_proforma)
        self._shortcut("Alt+A", self.all_or_none)
        issue = Button(_("Issue the invoice"), "check", kind="primary", keys=("Ctrl", "Enter"))
        self.add_foot((self.mail, look, self.proforma), issue)
        self.main.setObjectName("issue")
        self.payer.currentIndexChanged.connect(self._read)
        context.changed.connect(self._changed)
        self._read()
        self.payer.setFocus()

    def _line_box(self) -> QWidget:
        box = QFrame()
        box.setProperty("card", True)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(12, 6, 8, 6)
        head.setSpacing(8)
        head.addWidget(Text(_("Lines that have no invoice yet"), "label", "text2"))
        head.addStretch(1)
        self.every = Button(_("All or none"), kind="quiet", keys=("Alt", "A"), size="small")
        self.every.setObjectName("all_or_none")
        self.every.clicked.connect(self.all_or_none)
        head.addWidget(self.every)
        self.add = Button(_("Add product…"), "plus", kind="quiet", keys=("Alt", "N"), size="small")
        self.add.setObjectName("bill_add_product")
        self.add.clicked.connect(self.add_product)
        self._shortcut("Alt+N", self.add_product)
        head.addWidget(self.add)
        column.addLayout(head)
        inner = QWidget()
        inner.setObjectName("scrolled")
        self.lines = QVBoxLayout(inner)
        self.lines.setContentsMargins(0, 0, 0, 8)
        self.lines.setSpacing(0)
        self.scroller = QScrollArea()
        self.scroller.setWidgetResizable(True)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroller.setWidget(inner)
        parent = self.parentWidget()
        room = parent.window().height() if parent is not None else 768
        self.scroller.setFixedHeight(max(min(theme().px(208), room - theme().px(500)), 120))
        column.addWidget(self.scroller)
        return box

    def _usual_day(self) -> str:
        from datetime import timedelta

        here = self.context.center
        return (clock.local_date(here.zone) + timedelta(days=here.due_days)).isoformat()

    # -- the lines

    def _changed(self, changes: Any) -> None:
        """What somebody billed, paid or canceled meanwhile is no longer offered; what was left out stays so."""
        if self.isVisible() and changes.tables & _BILLED:
            self._read()

    def _read(self) -> None:
        """Read the lines beside the window: a company may have many students."""
        self._asked += 1
        payer = self.payer.currentData()
        self.context.read(_lines, self._asked, self.student_id, payer, done=self._found, failed=self._refused)

    def _found(self, answer: tuple[int, list[billing.BillLine], bool]) -> None:
        asked, lines, reachable = answer
        if self._closed or asked != self._asked:
            return
        before, self._lines_for = self._lines_for, self.payer.currentData()
        left_out = {row.line.line for row in self.rows if not row.take.isChecked()}
        here = next((row.line.line for row in self.rows if row.take.hasFocus()), None)
        clear_layout(self.lines)
        self.rows = []
        student = None
        for line in lines:
            if line.student_id != student:
                student = line.student_id
                whose = QHBoxLayout()
                whose.setContentsMargins(12, 8, 12, 2)
                whose.addWidget(Line(line.student, "label", "text2"))
                self.lines.addLayout(whose)
            row = BillRow(self.context, line)
            row.take.setChecked(line.line not in left_out)
            row.take.toggled.connect(self._say)
            self.rows.append(row)
            self.lines.addWidget(row)
            if line.line == here:
                row.take.setFocus()
        if not lines:
            nothing = Text(_("Everything this buyer pays for has an invoice already."), "body", "text2", wrap=True)
            nothing.setContentsMargins(12, 8, 12, 8)
            self.lines.addWidget(nothing)
        self.lines.addStretch(1)
        if self._lines_for != before or not reachable:  # else it stays as somebody set it
            self.mail.setChecked(reachable and self.context.center.mail_invoices)
        self.mail.setEnabled(reachable)
        self.mail.setToolTip("" if reachable else _("This buyer has no mail address."))
        self._say()

    def chosen(self) -> list[billing.BillLine]:
        """The lines that are on the invoice."""
        return [row.line for row in self.rows if row.take.isChecked()]

    def all_or_none(self) -> None:
        """Alt+A: every line, or where all are chosen none."""
        on = not all(row.take.isChecked() for row in self.rows)
        for row in self.rows:
            row.take.setChecked(on)

    def add_product(self) -> None:
        """Alt+N: sell a product to one of these students; it is a line here then, paid by whom is billed."""
        from ui.dialogs.sell import SellDialog  # first needed when something is added

        people = [(self.student_id, self._name)] if self.student_id is not None else []
        people += [(row.line.student_id, row.line.student) for row in self.rows]
        found = list(dict(people).items())
        if found:
            SellDialog(self.context, self, found, self.payer.currentData()).open()

    def _say(self) -> None:
        lines = self.chosen()
        total = text.show_money(sum(line.gross_minor for line in lines))
        students = len({line.student_id for line in lines})
        said = ngettext("{n} line", "{n} lines", len(lines)).format(n=len(lines))
        of = ngettext("of {n} student", "of {n} students", students).format(n=students)
        self.subtitle.setText(_("{lines} {of}, {amount}").format(lines=said, of=of, amount=total) if lines else "")
        planned = any(line.kind == "installment" for line in lines)
        plan = _("Installments stay due on the days of their plan.")
        self.fields["due_on"].set_hint(plan if planned else _("like 2026-03-24; empty: as always"))

    # -- looking and issuing

    def _asked_for(self) -> tuple[int, list[Any], int | None]:
        """(student, lines, payer) of what is chosen."""
        lines, payer = self.chosen(), self.payer.currentData()
        if not lines:
            raise UserError("invoices.nothing_to_bill", "lines")
        student = self.student_id if payer is None and self.student_id is not None else lines[0].student_id
        return student, [line.line for line in lines], payer

    def look(self) -> None:
        """Ctrl+P: the invoice as it would be issued, marked as a preview on every page."""
        asked = self._wanted()
        if asked is not None:
            self._look(None, papers.preview_pdf, *asked, self.due_on.text(), self.note.toPlainText())

    def look_at_proforma(self) -> None:
        """Alt+F: a paper over the same lines that is no invoice, to print, mail or save; nothing of it is kept."""
        asked = self._wanted()
        if asked is not None:
            student, lines, payer = asked
            reference = {
                "kind": "proforma", "student": student, "lines": [asdict(line) for line in lines], "payer": payer,
                "note": self.note.toPlainText(),
            }  # fmt: skip
            self._look(reference, papers.made, reference)

    def _is_reading(self) -> bool:
        """Whether the lines that stand there are another buyer's than the one who is chosen."""
        return bool(self._lines_for != self.payer.currentData())

    def _wanted(self) -> tuple[int, list[Any], int | None] | None:
        """What is asked for; nothing where it is read still, or was refused in words."""
        if not self.preview.isEnabled() or self._is_reading():
            return None
        self.clear_errors()
        try:
            return self._asked_for()
        except UserError as error:
            self.refuse(error)
            return None

    def _look(self, reference: papers.Reference | None, make: Callable[..., tuple[str, bytes]], *asked: Any) -> None:
        for button in (self.preview, self.proforma):
            button.setEnabled(False)
        self.context.read(make, *asked, done=partial(self._looked, reference), failed=self._refused)

    def _looked(self, reference: papers.Reference | None, made: tuple[str, bytes]) -> None:
        if not self._closed:
            self._let_look()
            title, name = (_("Pro forma"), "proforma_preview") if reference else (_("Invoice"), "bill_preview")
            paper.show_made(self, self.context, title, name, made, reference)

    def _let_look(self) -> None:
        for button in (self.preview, self.proforma):
            button.setEnabled(True)

    def main_action(self) -> None:
        if not self.main.isEnabled() or self._is_reading():
            return
        self.clear_errors()
        try:
            student, lines, payer = self._asked_for()
        except UserError as error:
            self.refuse(error)
            return
        billed = partial(
            invoices.bill, payer_id=payer, due_on=self.due_on.text(), note=self.note.toPlainText(),
            send_mail=self.mail.isChecked(),
        )  # fmt: skip
        self.context.run(billed, student, lines, done=self._issued, failed=self._refused, busy=self.main)

    def _refused(self, error: DeskError) -> None:
        if self._closed:
            return
        self._let_look()
        self.refuse(error)
        if isinstance(error, UserError) and error.field == "lines":
            self._read()

    def _issued(self, invoice_id: int) -> None:
        self.accept()
        self.issued.emit(invoice_id)

    def done(self, code: int) -> None:
        self._closed = True
        super().done(code)


def _lines(asked: int, student_id: int | None, payer_id: int | None) -> tuple[int, list[billing.BillLine], bool]:
    return asked, billing.lines(student_id, payer_id), billing.has_address(student_id, payer_id)


def bill(context: Context, parent: QWidget, student_id: int | None, payer_id: int | None = None) -> None:
    """Open the dialog; what was issued is shown on paper."""
    dialog = BillDialog(context, parent, student_id, payer_id)
    dialog.issued.connect(partial(paper.show_invoice, parent, context))
    dialog.open()
