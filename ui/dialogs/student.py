"""Adding and editing a student, with possible duplicates shown while typing."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QWidget

from app.desk import people
from app.desk.people import StudentDraft
from app.lists import people as roster
from app.text import _
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Text


class StudentDialog(FormDialog):
    """One form for both; `saved(id)` after a new student is in the file."""

    saved = Signal(int)

    def __init__(self, context: Context, parent: QWidget, student_id: int | None = None) -> None:
        title = _("New student") if student_id is None else _("Edit student")
        super().__init__(parent, title, "user-plus", width=680)
        self.context, self.student_id = context, student_id
        self._version = 0
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(12)
        places = (
            ("first_name", _("First name"), 0, 0), ("last_name", _("Last name"), 0, 1),
            ("email", _("Email"), 1, 0), ("phone", _("Phone"), 1, 1),
            ("date_of_birth", _("Born"), 2, 0), ("language", _("Language"), 2, 1),
            ("address", _("Address"), 3, 0),
            ("emergency_name", _("Emergency contact"), 4, 0), ("emergency_phone", _("Their phone"), 4, 1),
        )  # fmt: skip
        for key, label, row, column in places:
            field = self.add_field(key, Field(label, name=key))
            grid.addWidget(field, row, column, Qt.AlignmentFlag.AlignTop)
            assert isinstance(field.edit, QLineEdit)
            field.edit.textEdited.connect(self._typed)
        self.fields["date_of_birth"].set_hint(_("like 1998-05-31"))
        self.status = QComboBox()
        for key in ("active", "applicant", "on_hold", "inactive"):
            self.status.addItem(words.state(key), key)
        grid.addWidget(
            self.add_field("status", Field(_("Status"), self.status, name="status")), 3, 1, Qt.AlignmentFlag.AlignTop
        )
        self.payer = QComboBox()
        self.payer.addItem(_("The student"), None)
        for payer_id, name in roster.payers():
            self.payer.addItem(name, payer_id)
        grid.addWidget(self.add_field("payer_id", Field(_("Who pays"), self.payer, name="payer")), 5, 0)
        self.body.addLayout(grid)
        self.alike = Text("", "label", "warn", wrap=True)
        self.alike.setObjectName("alike")
        self.alike.hide()
        self.body.addWidget(self.alike)
        self.add_foot((), Button(_("Save"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._look_for_alike)
        if student_id is not None:
            self._fill(student_id)
        else:
            self._set("language", context.center.language)
        self.fields["first_name"].edit.setFocus()

    def _set(self, key: str, value: str) -> None:
        edit = self.fields[key].edit
        assert isinstance(edit, QLineEdit)
        edit.setText(value)

    def name(self, typed: str) -> None:
        """Begin with a name: the last word is the last name."""
        first, _space, last = typed.rpartition(" ")
        self._set("first_name", first or last)
        self._set("last_name", last if first else "")
        self._typed()

    def _fill(self, student_id: int) -> None:
        found = roster.overview(student_id)
        if found is None:
            return
        self._version = found.version
        for key, value in (
            ("first_name", found.first_name), ("last_name", found.last_name), ("email", found.row.email),
            ("phone", found.row.phone), ("date_of_birth", found.date_of_birth or ""), ("language", found.language),
            ("address", found.address.replace("\n", ", ")), ("emergency_name", found.emergency_name),
            ("emergency_phone", found.emergency_phone),
        ):  # fmt: skip
            self._set(key, value)
        self.status.setCurrentIndex(max(self.status.findData(found.row.status), 0))
        self.payer.setCurrentIndex(max(self.payer.findData(found.payer_id), 0))

    def draft(self) -> StudentDraft:
        """What was typed."""
        typed = {key: field.text() for key, field in self.fields.items() if isinstance(field.edit, QLineEdit)}
        typed["address"] = typed["address"].replace(", ", "\n")
        return StudentDraft(**typed, status=self.status.currentData(), payer_id=self.payer.currentData())

    def _typed(self) -> None:
        self._rest.start(250)

    def _look_for_alike(self) -> None:
        found = [one for one in people.similar(self.draft()) if one != self.student_id]
        names = [row.name + f" ({row.number})" for row in roster.page(found).values()]
        self.alike.setText(_("Already here? {names}").format(names=", ".join(names)))
        self.alike.setVisible(bool(names))

    def main_action(self) -> None:
        self.clear_errors()
        if self.student_id is None:
            self.context.run(people.add_student, self.draft(), done=self._added, failed=self.refuse, busy=self.main)
        else:
            self.context.run(
                people.edit_student, self.student_id, self._version, self.draft(),
                done=self._edited, failed=self.refuse, busy=self.main,
            )  # fmt: skip

    def _added(self, student_id: int) -> None:
        self.accept()
        self.context.notice.emit(_("Added to the roster."))
        self.saved.emit(student_id)

    def _edited(self, _nothing: object) -> None:
        self.accept()
        self.context.notice.emit(_("Saved."))
