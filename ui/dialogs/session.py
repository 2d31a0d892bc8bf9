"""Planning a session: what, when, where, who; the slots it makes and what stands in their way."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app import clock, text
from app.desk import scheduling
from app.desk.scheduling import SessionDraft
from app.errors import UserError
from app.lists import catalog, staff
from app.text import _, ngettext
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Text


class SessionDialog(FormDialog):
    """`planned(session id)` after the session is in the file."""

    planned = Signal(int)

    def __init__(self, context: Context, parent: QWidget, first: date) -> None:
        super().__init__(parent, _("New session"), "calendar-plus", width=720)
        self.setObjectName("session")
        self.context = context
        first = max(first, clock.local_date(context.center.zone))  # of a week that has begun, the days ahead
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(12)
        self.course = QComboBox()
        for offer in catalog.courses():
            self.course.addItem(f"{offer.name}   {offer.code}", offer)
        self.course.currentIndexChanged.connect(self._course_chosen)
        self._put(grid, "course", _("Course"), 0, 0, self.course)
        self.kind = QComboBox()
        self.kind.addItem(_("Theory"), "theory")
        self.kind.addItem(_("Practical"), "practical")
        self._put(grid, "class_type", _("Kind"), 0, 1, self.kind)
        self._put(grid, "name", _("Name"), 1, 0)
        self.room = QComboBox()
        self.room.addItem(_("No room"), None)
        for resource, name, size in catalog.resources():
            self.room.addItem(name if size is None else _("{room} · {n} seats").format(room=name, n=size), resource)
        self._put(grid, "resource", _("Room or vehicle"), 1, 1, self.room)
        self._put(grid, "start_date", _("From"), 2, 0, value=first.isoformat())
        self._put(grid, "end_date", _("To"), 2, 1, value=(first + timedelta(weeks=4)).isoformat())
        self._put(grid, "start_time", _("Time"), 3, 0, value="09:00")
        self._put(grid, "duration", _("Minutes"), 3, 1, value="90")
        self._put(grid, "capacity", _("Seats"), 4, 0, value="12")
        self.teacher = QComboBox()
        self.teacher.addItem(_("Nobody yet"), None)
        for person in staff.at_work("instructor"):
            self.teacher.addItem(person.name, person.id)
        self._put(grid, "instructors", _("Instructor"), 4, 1, self.teacher)
        self.second = QComboBox()
        self.second.addItem(_("Nobody"), None)
        for person in staff.at_work("instructor"):
            self.second.addItem(person.name, person.id)
        days = QHBoxLayout()
        days.setSpacing(14)
        self.days: dict[int, QCheckBox] = {}
        for number, label in enumerate((_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")), start=1):
            box = QCheckBox(label)
            box.setObjectName(f"weekday_{number}")
            box.toggled.connect(self._preview)
            self.days[number] = box
            days.addWidget(box)
        days.addStretch(1)
        weekdays = QVBoxLayout()
        weekdays.setSpacing(8)
        weekdays.addWidget(Text(_("On these weekdays"), "label", "text2"))
        weekdays.addLayout(days)
        grid.addLayout(weekdays, 5, 0, 1, 2)
        self._put(grid, "override_reason", _("Go on in spite of a clash, because"), 6, 0)
        self._put(grid, "second_instructor", _("Second instructor"), 6, 1, self.second)
        self.body.addLayout(grid)
        self.preview = Text("", "label", "text2", wrap=True)
        self.preview.setObjectName("session_preview")
        self.body.addWidget(self.preview)
        self.add_foot((), Button(_("Plan the session"), "check", kind="primary", keys=("Ctrl", "Enter")))
        for box_ in (self.room, self.teacher, self.second, self.kind):
            box_.currentIndexChanged.connect(self._preview)
        self._course_chosen()
        self.fields["name"].edit.setFocus()

    def _put(
        self,
        grid: QGridLayout,
        key: str,
        label: str,
        row: int,
        column: int,
        edit: QWidget | None = None,
        value: str = "",
    ) -> None:
        field = self.add_field(key, Field(label, edit, name=key))
        if isinstance(field.edit, QLineEdit):
            field.edit.setText(value)
            field.edit.textEdited.connect(self._preview)
        grid.addWidget(field, row, column, Qt.AlignmentFlag.AlignTop)

    def _course_chosen(self) -> None:
        offer = self.course.currentData()
        name = self.fields["name"].edit
        assert isinstance(name, QLineEdit)
        if isinstance(offer, catalog.Offer):
            name.setText(offer.name)
        self._preview()

    def _number(self, key: str) -> int:
        typed = self.fields[key].text().strip()
        if not typed.isascii() or not typed.isdigit() or len(typed) > 5:
            raise UserError("scheduling.bad_duration" if key == "duration" else "scheduling.bad_capacity", key)
        return int(typed)

    def _instructors(self) -> tuple[int, ...]:
        """Those who were chosen, each once."""
        chosen = (self.teacher.currentData(), self.second.currentData())
        return tuple(dict.fromkeys(one for one in chosen if one is not None))

    def draft(self) -> SessionDraft:
        """What was typed. UserErrors stand by their field."""
        offer = self.course.currentData()
        if not isinstance(offer, catalog.Offer):
            raise UserError("scheduling.no_course", "course")
        capacity = self._number("capacity")
        return SessionDraft(
            course_id=offer.id,
            name=self.fields["name"].text(),
            class_type=self.kind.currentData(),
            session_type="individual" if capacity == 1 else "group",
            start_date=self.fields["start_date"].text(),
            end_date=self.fields["end_date"].text(),
            weekdays=tuple(number for number, box in self.days.items() if box.isChecked()),
            start_time=self.fields["start_time"].text(),
            duration_minutes=self._number("duration"),
            capacity=capacity,
            resource_id=self.room.currentData(),
            instructor_ids=self._instructors(),
            override_reason=self.fields["override_reason"].text(),
        )

    def _preview(self) -> None:
        try:
            plans = scheduling.preview_slots(self.draft())
        except UserError as error:
            self.preview.set_color("text3")
            self.preview.setText(text.sentence(error))
            return
        clashes = [plan.problems[0] for plan in plans if plan.problems]
        made = ngettext("{n} slot", "{n} slots", len(plans)).format(n=len(plans))
        said = _("{slots}, {first} to {last}.").format(slots=made, first=plans[0].on_date, last=plans[-1].on_date)
        if clashes:
            said += " " + ngettext("{n} clash: {why}", "{n} clashes: {why}", len(clashes)).format(
                n=len(clashes), why=text.sentence(clashes[0])
            )
        self.preview.set_color("warn" if clashes else "ok")
        self.preview.setText(said)

    def main_action(self) -> None:
        self.clear_errors()
        try:
            draft = self.draft()
        except UserError as error:
            self.refuse(error)
            return
        self.context.run(scheduling.plan_session, draft, done=self._planned, failed=self.refuse, busy=self.main)

    def _planned(self, session_id: int) -> None:
        self.accept()
        self.planned.emit(session_id)
