"""Ending what was agreed: an enrollment is canceled, a sold product is taken back. What it does is said before."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app import text
from app.desk import canceling, dues, returning
from app.desk.dues import PayLine
from app.lists import people as roster
from app.text import _
from ui.context import Context
from ui.dialogs.change import ReasonDialog
from ui.widgets.basic import Button


class CancelDialog(ReasonDialog):
    """Cancel one running enrollment; `line` is the one to begin with, whatever became of it."""

    look_at = staticmethod(canceling.preview)
    act = staticmethod(canceling.cancel_enrollment)

    def __init__(self, context: Context, parent: QWidget, student_id: int, line: PayLine | None = None) -> None:
        super().__init__(context, parent, _("Cancel enrollment"), "ban", width=620)
        self.setObjectName("cancel")
        self.nothing = _("No enrollment is running that could be canceled.")
        first = line.enrollment_id if line is not None else None
        rows = [row for row in roster.enrollments(student_id) if row.status == "pending" or row.id == first]
        said = _(
            "Coming seats become free, its documents are credited, and what was paid becomes credit, to be used or paid"
            " out. What was attended stays on record."
        )
        main = Button(_("Cancel the enrollment"), "check", kind="primary", keys=("Ctrl", "Enter"))
        self.ask(_("Enrollment"), [(f"{row.title} · {row.number}", row.id) for row in rows], first, said, main)

    def done_words(self) -> str:
        assert self.effect is not None
        return _("The enrollment in {what} is canceled.").format(what=self.effect.title)


class ReturnDialog(ReasonDialog):
    """Take one line of products back, paid or not; `line` is the one to begin with."""

    look_at = staticmethod(returning.preview)
    act = staticmethod(returning.return_product)

    def __init__(self, context: Context, parent: QWidget, student_id: int, line: PayLine | None = None) -> None:
        super().__init__(context, parent, _("Return product"), "package", width=620)
        self.setObjectName("return_product")
        self.nothing = _("No product was sold here that could be taken back.")
        sold = [
            (_sold(due), due.product_enrolled_id)
            for due in reversed(dues.of_student(student_id))
            if due.product_enrolled_id is not None
        ]
        said = _(
            "The whole line is taken back. What was paid for it becomes credit, to be used or paid out: Alt+P at the"
            " payment desk gives money back."
        )
        main = Button(_("Take it back"), "check", kind="primary", keys=("Ctrl", "Enter"))
        self.ask(_("Product"), sold, line.product_enrolled_id if line is not None else None, said, main)

    def done_words(self) -> str:
        assert self.effect is not None
        return _("{what} is taken back.").format(what=self.effect.title)


def _sold(due: dues.Due) -> str:
    """A line of products as it is chosen from others."""
    paid = _("{amount} paid").format(amount=text.show_money(due.paid_minor))
    return " · ".join((f"{due.quantity} × {due.title}", due.detail, paid))
