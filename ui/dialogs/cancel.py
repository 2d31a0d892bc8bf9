"""Canceling an enrollment: which one, why; what it does to money, documents and seats, and what the mails say."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QComboBox, QPlainTextEdit, QWidget

from app.desk import canceling
from app.desk.changing import Effect
from app.desk.dues import PayLine
from app.errors import UserError
from app.lists import people as roster
from app.text import _
from ui.context import Context
from ui.dialogs.change import ChangeDialog
from ui.theme import theme
from ui.widgets.basic import Button, Field
from ui.widgets.typed import TypedLine


class CancelDialog(ChangeDialog):
    """Cancel one running enrollment; `line` is the one to begin with."""

    look_at = staticmethod(canceling.preview)
    act = staticmethod(canceling.cancel_enrollment)

    def __init__(self, context: Context, parent: QWidget, student_id: int, line: PayLine | None = None) -> None:
        super().__init__(context, parent, _("Cancel an enrollment"), "ban")
        self.setObjectName("cancel")
        self.what = QComboBox()
        self.what.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for row in roster.enrollments(student_id):
            if row.status == "pending":
                self.what.addItem(f"{row.title} · {row.number}", row.id)
        if line is not None:
            self.what.setCurrentIndex(max(self.what.findData(line.enrollment_id), 0))
        self.body.addWidget(self.add_field("enrollment", Field(_("Enrollment"), self.what, name="cancel_enrollment")))
        self.reason = TypedLine()
        self.body.addWidget(self.add_field("reason", Field(_("Reason"), self.reason, name="cancel_reason")))
        self.body.addWidget(self.view)
        self.letters = QPlainTextEdit()
        self.letters.setReadOnly(True)
        self.letters.setTabChangesFocus(True)
        self.letters.setFixedHeight(theme().px(132))
        self.said = Field(_("What the mails say"), self.letters, name="cancel_letters")
        self.body.addWidget(self.said)
        self.said.hide()
        self.add_foot((), Button(_("Cancel it"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self.what.currentIndexChanged.connect(self.look)
        self.reason.setFocus()
        if self.what.count():
            self.look()
        else:
            self._unsure()
            self.view.say(_("No enrollment is running."))

    def seen(self, effect: Effect) -> None:
        """The mails in full, one below the other."""
        said = "\n\n".join(f"{one.to} · {one.subject}\n\n{one.text.strip()}" for one in effect.letters)
        if said != self.letters.toPlainText():
            self.letters.setPlainText(said)
        self.said.setVisible(bool(said))

    def asked(self) -> tuple[Any, ...]:
        if self.what.currentData() is None:
            raise UserError("payments.line_gone", "enrollment")
        return (self.what.currentData(),)

    def ordered(self) -> tuple[Any, ...]:
        return self.what.currentData(), self.reason.text()

    def done_words(self) -> str:
        assert self.effect is not None
        return _("{what} is canceled.").format(what=self.effect.title)
