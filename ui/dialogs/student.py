"""Adding and editing a student. Whoever may be the same person is shown beside the field while someone types."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.desk import people
from app.desk.people import Alike, StudentDraft
from app.errors import DeskError
from app.lists import people as roster
from app.text import N_, _
from ui import words
from ui.context import Context
from ui.dialogs.find_payer import PayerPick
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Icon, clear_layout
from ui.widgets.line import Line

#: What two people have in common, by the field beside which it is said, and the row of the form below it.
_ALIKE = {
    "email": (N_("same e-mail"), 1), "phone": (N_("same phone"), 1),
    "last_name": (N_("like name, born that day"), 2),
}  # fmt: skip


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
            grid.addWidget(field, 2 * row, column, Qt.AlignmentFlag.AlignTop)
            assert isinstance(field.edit, QLineEdit)
            field.edit.textEdited.connect(self._typed)
        self.fields["date_of_birth"].set_hint(_("like 1998-05-31"))
        self.status = QComboBox()
        for key in ("active", "applicant", "on_hold", "inactive"):
            self.status.addItem(words.state(key), key)
        grid.addWidget(
            self.add_field("status", Field(_("Status"), self.status, name="status")), 6, 1, Qt.AlignmentFlag.AlignTop
        )
        self.payer = PayerPick(context, _("The student"))
        grid.addWidget(self.add_field("payer_id", Field(_("Who pays"), self.payer, name="payer")), 10, 0)
        self.body.addLayout(grid)
        self.alike: dict[int, QFrame] = {}
        for row in (1, 2):
            box = QFrame()
            box.setObjectName(f"alike_{row}")
            box.setProperty("note", True)
            inner = QVBoxLayout(box)
            inner.setContentsMargins(10, 6, 8, 6)
            inner.setSpacing(4)
            box.hide()
            self.alike[row] = box
            grid.addWidget(box, 2 * row + 1, 0, 1, 2)
        self._asked, self._merge_with = 0, 0
        self.shown: list[Alike] = []
        self._shortcut("Alt+O", self.open_first)
        self._shortcut("Alt+M", self.merge_first)
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
        self.payer.set_payer(found.payer_id)

    def draft(self) -> StudentDraft:
        """What was typed."""
        typed = {key: field.text() for key, field in self.fields.items() if isinstance(field.edit, QLineEdit)}
        typed["address"] = typed["address"].replace(", ", "\n")
        return StudentDraft(**typed, status=self.status.currentData(), payer_id=self.payer.currentData())

    # -- who may be the same person

    def _typed(self) -> None:
        self._asked += 1  # an answer on its way belongs to what was typed before
        self._rest.start(250)

    def _look_for_alike(self) -> None:
        """Beside the window: whoever types is not held up, and can always save."""
        self.context.read(_alike, self._asked, self.draft(), self.student_id, done=self._found_alike)

    def _found_alike(self, answer: tuple[int, list[Alike]]) -> None:
        asked, found = answer
        if asked != self._asked or found == self.shown or not self.isVisible():
            return
        self.shown = found
        for row, box in self.alike.items():
            lines = box.layout()
            assert isinstance(lines, QVBoxLayout)
            clear_layout(lines)
            here = [one for one in found if _ALIKE[one.field][1] == row]
            for one in here:
                line, buttons = self._alike_line(one, first=one is found[0])
                lines.addLayout(line)
                for before, button in pairwise((self.fields[one.field].edit, *buttons)):
                    QWidget.setTabOrder(before, button)  # the next key after what was typed
            box.setVisible(bool(here))
        for key, field in self.fields.items():
            if key in _ALIKE:
                same = next((one for one in found if one.field == key), None)
                field.edit.setAccessibleDescription(
                    _("{name}: {what}").format(name=same.name, what=_(_ALIKE[key][0]))
                    if same and not field.error
                    else ""
                )

    def _alike_line(self, one: Alike, *, first: bool) -> tuple[QHBoxLayout, list[Button]]:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Icon("users", "brasstext", 16))
        said = _("{name} ({number})").format(name=one.name, number=one.number)
        who = QVBoxLayout()  # what is the same stands below: beside the name and two buttons it would be cut
        who.setSpacing(0)
        who.addWidget(Line(said, "name"))
        who.addWidget(Line(_(_ALIKE[one.field][0]), "small", "text2"))
        line.addLayout(who, 1)
        buttons = []
        for name, label, keys, act in (
            ("open_alike", _("Open that one"), ("Alt", "O"), self._open),
            ("merge_alike", _("Save and merge"), ("Alt", "M"), self._merge),
        ):
            button = Button(label, kind="quiet", size="small", keys=keys if first else ())
            button.setObjectName(f"{name}_{one.id}")
            button.setAccessibleName(f"{label}: {said}")
            button.clicked.connect(partial(act, one.id))
            line.addWidget(button)
            buttons.append(button)
        return line, buttons

    def open_first(self) -> None:
        """Alt+O."""
        if self.shown:
            self._open(self.shown[0].id)

    def merge_first(self) -> None:
        """Alt+M."""
        if self.shown:
            self._merge(self.shown[0].id)

    def _open(self, student_id: int) -> None:
        self.reject()
        self.context.navigate.emit("students", student_id)

    def _merge(self, student_id: int) -> None:
        """What was typed is saved as it is; the two records are then looked at side by side."""
        self._merge_with = student_id
        self.main_action()

    def refuse(self, error: DeskError) -> None:
        self._merge_with = 0
        super().refuse(error)

    def _merged_next(self, saved: int) -> None:
        if self._merge_with:
            from ui.pages.person_acts import merge_two

            stays, other = (self._merge_with, saved) if self.student_id is None else (saved, self._merge_with)
            parent = self.parentWidget()
            assert parent is not None
            merge_two(self.context, parent, stays, other)

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
        self._merged_next(student_id)

    def _edited(self, _nothing: object) -> None:
        self.accept()
        self.context.notice.emit(_("Saved."))
        assert self.student_id is not None
        self._merged_next(self.student_id)


def _alike(asked: int, draft: StudentDraft, but: int | None) -> tuple[int, list[Alike]]:
    return asked, people.alike(draft, but)
