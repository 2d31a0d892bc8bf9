"""Letting go of what is open on a line: which line, how much, why; and what that does to its documents."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QComboBox, QWidget

from app import money, text
from app.desk import payments, waiving
from app.desk.dues import PayLine
from app.errors import UserError
from app.text import _
from ui.context import Context
from ui.dialogs.change import ChangeDialog
from ui.widgets.basic import Button, Field, Text
from ui.widgets.typed import TypedLine


class WaiveDialog(ChangeDialog):
    """Waive all or a part of what is open; `line` is the one to begin with."""

    look_at = staticmethod(waiving.preview)
    act = staticmethod(waiving.waive)

    def __init__(self, context: Context, parent: QWidget, student_id: int, line: PayLine | None = None) -> None:
        super().__init__(context, parent, _("Waive"), "hand-coins")
        self.setObjectName("waive")
        self.lines: dict[PayLine, int] = {}
        self.what = QComboBox()
        titles: dict[PayLine, str] = {}
        for due in payments.owed(student_id):
            key = PayLine(due.enrollment_id, due.product_enrolled_id)
            self.lines[key] = self.lines.get(key, 0) + due.open_minor
            titles.setdefault(key, due.title)
        for key, amount in self.lines.items():
            self.what.addItem(
                _("{title}, {amount} open").format(title=titles[key], amount=text.show_money(amount)), key
            )
        if line is not None and line in self.lines:
            self.what.setCurrentIndex(list(self.lines).index(line))
        self.body.addWidget(self.add_field("line", Field(_("What"), self.what, name="waive_line")))
        self.amount = TypedLine()
        self.body.addWidget(self.add_field("amount", Field(_("Amount"), self.amount, name="waive_amount")))
        self.reason = TypedLine()
        self.body.addWidget(self.add_field("reason", Field(_("Reason"), self.reason, name="waive_reason")))
        said = _("Only what is open is waived. What was paid is given back as a refund.")
        self.body.addWidget(Text(said, "small", "text3", wrap=True))
        self.body.addWidget(self.view)
        self.add_foot((), Button(_("Waive it"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self.what.currentIndexChanged.connect(self._chosen)
        self.amount.textEdited.connect(self.look)
        self._chosen()
        self.amount.setFocus()
        self.amount.selectAll()

    def _chosen(self) -> None:
        if not self.lines:
            self._unsure()
            self.view.say(_("Nothing is open."))
            return
        here = self.context.center
        self.amount.setText(money.format_plain(self.lines[self.what.currentData()], here.currency, here.locale))
        self.look()

    def _minor(self) -> int:
        here = self.context.center
        return money.parse(self.amount.text(), here.currency, here.locale, field="amount")

    def asked(self) -> tuple[Any, ...]:
        if not self.lines:
            raise UserError("payments.line_gone", "line")
        return self.what.currentData(), self._minor()

    def ordered(self) -> tuple[Any, ...]:
        return (waiving.Waiver(self.what.currentData(), self._minor(), self.reason.text()),)

    def done_words(self) -> str:
        assert self.effect is not None
        less = self.effect.gross_before_minor - self.effect.gross_after_minor
        return _("{amount} is waived.").format(amount=text.show_money(less))
