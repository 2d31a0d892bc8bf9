"""Planning installments anew: what is paid or invoiced stays, the rest is typed, and adds up before it is kept."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QComboBox, QWidget

from app.desk import replan
from app.desk.dues import PayLine
from app.errors import DeskError, UserError
from app.lists import people as roster
from app.text import _
from ui.context import Context
from ui.dialogs.change import ChangeDialog
from ui.dialogs.plan_table import PlanEditor
from ui.widgets.basic import Button, Field, Text


class ReplanDialog(ChangeDialog):
    """The plan of one enrollment as a table; `line` is the one to begin with."""

    tells_plan = False  # it is what is typed
    look_at = staticmethod(replan.preview)
    act = staticmethod(replan.replan)

    def __init__(self, context: Context, parent: QWidget, student_id: int, line: PayLine | None = None) -> None:
        super().__init__(context, parent, _("Plan installments"), "calendar-days", width=680)
        self.setObjectName("replan")
        self.plans: dict[int, replan.Planned] = {}
        self.what = QComboBox()
        for row in roster.enrollments(student_id):
            if row.status == "canceled":
                continue
            try:
                found = replan.planned(row.id)
            except UserError:
                continue  # nothing of it is left to plan
            self.plans[row.id] = found
            self.what.addItem(f"{found.title} · {found.number}", row.id)
        if line is not None and line.enrollment_id in self.plans:
            self.what.setCurrentIndex(list(self.plans).index(line.enrollment_id))
        self.body.addWidget(self.add_field("enrollment", Field(_("Enrollment"), self.what, name="replan_enrollment")))
        self.editor = PlanEditor(context)
        self.editor.changed.connect(self.look)
        self.body.addWidget(self.add_field("installments", Field(_("Plan"), self.editor, name="plan_editor")))
        said = _("What has an invoice or money stays as it is. Dates are written like 2026-11-24.")
        self.body.addWidget(Text(said, "small", "text3", wrap=True))
        self.body.addWidget(self.view)
        self.add_foot((), Button(_("Plan it"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self.what.currentIndexChanged.connect(self._chosen)
        self._chosen()

    def _chosen(self) -> None:
        found = self._planned()
        self.editor.setVisible(found is not None)
        if found is None:
            self._unsure()
            self.view.say(_("Nothing is left to plan."))
            return
        self.editor.show_plan(found.kept, found.loose, found.left_minor)
        self.editor.rows[0].due.setFocus()
        self.look()

    def _planned(self) -> replan.Planned | None:
        return self.plans.get(self.what.currentData()) if self.plans else None

    def asked(self) -> tuple[Any, ...]:
        found = self._planned()
        if found is None:
            raise UserError("payments.line_gone", "enrollment")
        parts = self.editor.parts()
        if parts == found.loose and found.kept == () and len(parts) > 1:
            raise UserError("replan.same", "installments")
        return self.what.currentData(), parts

    def not_seen(self, error: DeskError) -> None:
        """What is wrong with one part is said at that part."""
        if error.key == "enrollment.installments_past" and isinstance(error, UserError):
            self.editor.point(error)

    def ordered(self) -> tuple[Any, ...]:
        return self.what.currentData(), self.editor.parts()

    def done_words(self) -> str:
        return _("The installments are planned anew.")
