"""What is done with something a student bought: from its line at the payment desk, from its enrollment in the panel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget

from app import text
from app.desk import changing, payments, refunds
from app.desk.dues import PayLine
from app.lists import find
from app.store import uuid7
from app.text import N_, _
from ui.context import Context
from ui.theme import theme

#: key, how it is said in a menu, icon, which kind of line it is for, '' for all.
LINE_ACTS: tuple[tuple[str, str, str, str], ...] = (
    ("waive", N_("Waive what is open…"), "hand-coins", ""),
    ("replan", N_("Plan installments…"), "calendar-days", "enrollment"),
    ("transfer", N_("Transfer the place…"), "arrow-right", "enrollment"),
    ("move_money", N_("Move money to another line…"), "arrow-left-right", ""),
    ("cancel", N_("Cancel enrollment…"), "ban", "enrollment"),
    ("return", N_("Return product…"), "package", "product"),
)


def begin(key: str, context: Context, parent: QWidget, student_id: int, line: PayLine | None = None) -> None:
    """Open the dialog of one of `LINE_ACTS`, on a line or with none chosen yet."""
    if key == "waive":
        from ui.dialogs.waive import WaiveDialog

        WaiveDialog(context, parent, student_id, line).open()
    elif key == "replan":
        from ui.dialogs.replan import ReplanDialog

        ReplanDialog(context, parent, student_id, line).open()
    elif key == "transfer":
        from ui.dialogs.transfer import TransferDialog

        TransferDialog(context, parent, student_id, line).open()
    elif key == "move_money":
        from ui.dialogs.transfer import MoveMoneyDialog

        MoveMoneyDialog(context, parent, student_id, line).open()
    elif key == "cancel":
        from ui.dialogs.cancel import CancelDialog

        CancelDialog(context, parent, student_id, line).open()
    elif key == "return":
        from ui.dialogs.cancel import ReturnDialog

        ReturnDialog(context, parent, student_id, line).open()


def credit(context: Context, parent: QWidget, invoices: Sequence[find.FoundInvoice], _on: bool = False) -> None:
    """Open the credit note over one of some invoices."""
    from ui.dialogs import credit as notes

    notes.credit(context, parent, invoices)


def menu(context: Context, parent: QWidget, student_id: int, line: PayLine, at: QPoint) -> QMenu:
    """The menu of a line, at a place on the screen."""
    made = QMenu(parent)
    made.setObjectName("line_menu")
    made.aboutToHide.connect(made.deleteLater)
    kind = "product" if line.enrollment_id is None else "enrollment"
    for key, said, icon, wanted in LINE_ACTS:
        if wanted not in ("", kind):
            continue
        entry = made.addAction(theme().icon(icon, "text2"), _(said))
        entry.setObjectName(f"line_{key}")
        entry.triggered.connect(partial(begin, key, context, parent.window(), student_id, line))
    for invoice in find.documents(due.invoice_id for due in changing.dues_of(line) if due.invoice_id is not None):
        said = _("Credit note for {label}…").format(label=invoice.label)
        entry = made.addAction(theme().icon("receipt-text", "text2"), said)
        entry.setObjectName("line_credit_note")
        entry.triggered.connect(partial(credit, context, parent.window(), [invoice]))
    usable = min(refunds.student_credit_minor(student_id), _open_minor(student_id, line))
    if usable:
        said = _("Pay {amount} of it with credit").format(amount=text.show_money(usable))
        entry = made.addAction(theme().icon("coins", "text2"), said)
        entry.setObjectName("line_credit")
        entry.triggered.connect(partial(_use_credit, context, student_id, line, usable, uuid7()))
    made.popup(at)
    made.setActiveAction(made.actions()[0])
    return made


def _open_minor(student_id: int, line: PayLine) -> int:
    """What is open on a whole line."""
    keys = (line.enrollment_id, line.product_enrolled_id)
    return sum(
        due.open_minor for due in payments.owed(student_id) if (due.enrollment_id, due.product_enrolled_id) == keys
    )


def _use_credit(
    context: Context, student_id: int, line: PayLine, amount_minor: int, key: str, _on: bool = False
) -> None:
    """Put credit on a line; the history takes it back."""
    said = _("{amount} of credit is used.").format(amount=text.show_money(amount_minor))
    lines = (PayLine(line.enrollment_id, line.product_enrolled_id, None, amount_minor),)
    context.run(refunds.apply_credit, student_id, lines, key, done=partial(_used, context, said))


def _used(context: Context, said: str, _invoices: object) -> None:
    context.notice.emit(said)
