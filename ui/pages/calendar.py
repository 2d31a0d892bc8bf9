"""The session calendar (picture 03): a painted week, filters at the left, the selected slot at the right."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from babel.dates import format_date
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QScrollArea, QTabBar, QVBoxLayout, QWidget

from app import clock, text
from app.desk import scheduling, seats
from app.errors import DeskError, UserError
from app.lists import calendar
from app.text import N_, _, ngettext
from ui import words
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.find import FindStudent
from ui.dialogs.session import SessionDialog
from ui.pages.week import WeekGrid
from ui.widgets.basic import Button, Card, Icon, PageHead, SeatBar, Segment, Text, clear_layout, rule

_CATEGORIES = (
    ("driving", N_("Driving")),
    ("language", N_("Languages")),
    ("safety", N_("Safety")),
    ("exam", N_("Exams")),
)


class CalendarPage(QWidget):
    """A day or a week of slots; nothing moves until it is dropped, and everyone with a seat is told."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.key_hints = [
            (("←", "→"), _("slot")), (("Alt", "↓"), _("move slot")), (("A", "X"), _("came, absent")),
        ]  # fmt: skip
        self.help_keys = [
            (_("arrows"), _("select a slot")), (_("Alt+arrows"), _("carry the slot; Enter drops, Esc puts back")),
            ("T", _("today")), ("G", _("go to a date")), ("PgUp / PgDn", _("week before, after")),
            ("Ctrl+N", _("new session")), ("B", _("book a student into the slot")),
            ("A / X / Backspace", _("attended, absent, not yet: in the attendance list")),
        ]  # fmt: skip
        self.first = self._monday(clock.local_date(context.center.zone))
        self.selected: int | None = None
        self._blocks: dict[int, calendar.Block] = {}
        self._carried_to = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 0, 16, 12)
        column.setSpacing(0)
        column.addWidget(self._head())
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._filters())
        middle = Card(margins=(1, 1, 1, 1))
        inner = middle.layout()
        assert isinstance(inner, QVBoxLayout)
        self.grid = WeekGrid(context)
        self.grid.chosen.connect(self._chosen)
        self.grid.carry_changed.connect(self._carried)
        self.grid.drop_requested.connect(self.drop)
        self.grid.put_back.connect(self.put_back)
        self.scroll = QScrollArea()
        self.scroll.setWidgetResizable(True)
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll.setWidget(self.grid)
        inner.addWidget(self.scroll)
        row.addWidget(middle, 1)
        row.addWidget(self._inspector())
        column.addLayout(row, 1)
        shortcut = QShortcut(QKeySequence("Ctrl+N"), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.new_session)
        self._minute = QTimer(self)
        self._minute.timeout.connect(self.grid.update)
        self._minute.start(60_000)

    @staticmethod
    def _monday(day: date) -> date:
        return day - timedelta(days=day.weekday())

    def _head(self) -> QWidget:
        back = Button("", "chevron-left", kind="quiet")
        back.setObjectName("week_back")
        back.setAccessibleName(_("Earlier"))
        back.clicked.connect(self.earlier)
        today = Button(_("Today"), keys=("T",), kind="quiet")
        today.clicked.connect(self.today)
        on = Button("", "chevron-right", kind="quiet")
        on.setObjectName("week_on")
        on.setAccessibleName(_("Later"))
        on.clicked.connect(self.later)
        self.span = Segment((("day", _("Day"), ()), ("week", _("Week"), ())), "span")
        self.span.set_value("week")
        self.span.chosen.connect(self.reload)
        new = Button(_("New session"), "calendar-plus", keys=("Ctrl", "N"))
        new.clicked.connect(self.new_session)
        self.head = PageHead("", [back, today, on, self.span, new])
        return self.head

    def _filters(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(150)
        self.filters = QVBoxLayout(side)
        self.filters.setContentsMargins(0, 4, 0, 0)
        self.filters.setSpacing(7)
        self.boxes: dict[tuple[str, str], QCheckBox] = {}
        return side

    def _show_filters(self, found: list[calendar.Block]) -> None:
        off = {key for key, box in self.boxes.items() if not box.isChecked()}
        clear_layout(self.filters)
        self.boxes = {}
        groups = (
            (_("Course"), "category", [(key, _(label)) for key, label in _CATEGORIES]),
            (_("Instructor"), "instructor", [(n, n) for n in sorted({n for b in found for n in b.instructors})]),
            (_("Room"), "room", [(n, n) for n in sorted({block.room for block in found if block.room})]),
        )
        for heading, kind, choices in groups:
            self.filters.addWidget(Text(heading, "label", "text2"))
            for key, label in choices[:8]:
                count = sum(self._is(block, kind, key) for block in found)
                line = QHBoxLayout()
                box = QCheckBox(label)
                box.setObjectName(f"filter_{kind}_{key}")
                box.setChecked((kind, key) not in off)
                box.toggled.connect(self.reload_grid)
                self.boxes[(kind, key)] = box
                line.addWidget(box, 1)
                line.addWidget(Text(str(count), "small", "text3"))
                self.filters.addLayout(line)
            self.filters.addSpacing(8)
        self.filters.addStretch(1)

    @staticmethod
    def _is(block: calendar.Block, kind: str, key: str) -> bool:
        return key in block.instructors if kind == "instructor" else getattr(block, kind) == key

    def _inspector(self) -> QWidget:
        self.inspector = Card(margins=(16, 14, 16, 14))
        self.inspector.setFixedWidth(288)
        column = self.inspector.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(8)
        self.title = Text("", "section", wrap=True)
        self.title.setObjectName("slot_title")
        self.when = Text("", "label", "text2", wrap=True)
        self.room = Text("", "body", "text2", wrap=True)
        self.taken = Text("", "name")
        self.taken.setObjectName("seats_taken")
        self.bar = SeatBar((9, 12))
        self.legend = Text("", "small", "text2", wrap=True)
        for widget in (self.title, self.when, self.room, rule(), self.taken, self.bar, self.legend):
            column.addWidget(widget)
        self.tabs = QTabBar()
        self.tabs.setObjectName("slot_tabs")
        self.tabs.setDrawBase(False)
        self.tabs.addTab(_("Attendance"))
        self.tabs.addTab(_("Waiting"))
        self.tabs.currentChanged.connect(self._show_people)
        column.addWidget(self.tabs)
        inner = QWidget()
        inner.setObjectName("scrolled")
        self.people = QVBoxLayout(inner)
        self.people.setContentsMargins(0, 0, 0, 0)
        self.people.setSpacing(2)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        column.addWidget(scroll, 1)
        self.problem = Text("", "label", "danger", wrap=True)
        self.problem.setObjectName("calendar_problem")
        column.addWidget(self.problem)
        row = QHBoxLayout()
        self.book = Button(_("Book"), "user-plus", kind="primary", keys=("B",))
        self.book.clicked.connect(self.book_student)
        self.move = Button(_("Move here"), "check", kind="primary", keys=("↵",))
        self.move.clicked.connect(self.drop)
        self.undo = Button(_("Put back"), keys=("Esc",))
        self.undo.clicked.connect(self.put_back)
        self.cancel = Button(_("Cancel slot"), "ban", kind="danger")
        self.cancel.clicked.connect(self.cancel_slot)
        for button in (self.book, self.cancel, self.move, self.undo):
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        return self.inspector

    # -- what is shown

    def page_shown(self) -> None:
        """Read the week again."""
        self.reload()
        self.grid.setFocus()

    def on_changes(self, changes: Any) -> None:
        """After a commit that touched slots or seats."""
        if changes.tables & {"slots", "slot_enrolled", "sessions", "student_payments"} and self.isVisible():
            self.reload()

    def days(self) -> list[date]:
        """The days shown: Monday to Saturday, Sunday when it has slots; or one day."""
        if self.span.value() == "day":
            return [self.first]
        monday = self._monday(self.first)
        week = [monday + timedelta(days=offset) for offset in range(7)]
        return week if calendar.days_with_slots(week[6], week[6]) else week[:6]

    def reload(self) -> None:
        """Read everything shown again."""
        days = self.days()
        found = calendar.blocks(days[0], days[-1])
        self._blocks = {block.id: block for block in found}
        self._show_filters(found)
        self.reload_grid()
        locale = self.context.center.locale.replace("-", "_")
        first, last = days[0], days[-1]
        span = f"{first.day} – {format_date(last, 'd MMMM y', locale=locale)}"
        self.head.title.setText(span if first != last else str(format_date(first, "EEEE d MMMM y", locale=locale)))
        all_seats = sum(block.capacity for block in found) or 1
        share = sum(block.taken for block in found) * 100 // all_seats
        self.head.facts.setText(
            _("Week {week} · {slots} · {share} % of seats taken").format(
                week=first.isocalendar().week,
                slots=ngettext("{n} slot", "{n} slots", len(found)).format(n=len(found)),
                share=share,
            )
        )
        self._show_slot()

    def reload_grid(self) -> None:
        """Show the slots that pass the filters."""
        shown = [
            block
            for block in self._blocks.values()
            if all(box.isChecked() or not self._is(block, kind, key) for (kind, key), box in self.boxes.items())
        ]
        self.grid.show_days(self.days(), shown, self.selected)

    def show_record(self, table: str, row_id: int) -> None:
        """Show a slot, or a session's next one."""
        found = calendar.day_of(table, row_id)
        if found is not None:
            self.first, self.selected = found
            if self.span.value() == "week":
                self.first = self._monday(self.first)
            self.reload()
            self.grid.focus_slot(self.selected)

    def _chosen(self, slot_id: int) -> None:
        if self.grid.carrying is not None and self.grid.carrying[0].block.id != slot_id:
            self.grid.end_carry()
        self.selected = slot_id
        self.grid.mark(slot_id)
        self._show_slot()

    def _show_slot(self) -> None:
        block = self._blocks.get(self.selected or 0)
        carrying = self.grid.carrying is not None
        for widget in (self.book, self.cancel):
            widget.setVisible(block is not None and not carrying)
        for widget in (self.move, self.undo):
            widget.setVisible(carrying)
        self.tabs.setVisible(block is not None)
        self.bar.setVisible(block is not None)
        self.problem.setText("")
        if block is None:
            self.title.setText(_("No slot is selected"))
            for label in (self.when, self.room, self.taken, self.legend):
                label.setText("")
            clear_layout(self.people)
            return
        self.title.setText(block.title)
        self.when.setText(
            f"{words.day(block.on_date, self.context.center)} · {block.start_wall[11:]}–{block.end_wall[11:]}"
        )
        self.room.setText(" · ".join(filter(None, (block.room, ", ".join(block.instructors)))))
        free = block.capacity - block.taken
        self.taken.setText(
            _("{taken} of {all} seats taken · {free} free").format(taken=block.taken, all=block.capacity, free=free)
        )
        self.bar.set(block.paid, block.pending, block.held, block.capacity, block.waiting)
        self.bar.setVisible(block.capacity <= 22)
        self.legend.setText(
            _("{paid} paid · {pending} pending · {held} held").format(
                paid=block.paid, pending=block.pending, held=block.held
            )
        )
        self.tabs.setTabText(0, _("Attendance {n}").format(n=block.taken))
        self.tabs.setTabText(1, _("Waiting {n}").format(n=block.waiting))
        self._show_people()

    def _show_people(self) -> None:
        clear_layout(self.people)
        if self.selected is None:
            return
        waiting = self.tabs.currentIndex() == 1
        number = 0
        for seat in calendar.seats(self.selected):
            if (seat.status == "waiting") != waiting:
                continue
            number += 1
            self.people.addWidget(SeatRow(self, seat, number))
        if not number:
            self.people.addWidget(Text(_("Nobody yet."), "body", "text3"))
        self.people.addStretch(1)

    # -- moving

    def _carried(self, slot_id: int, start_wall: str) -> None:
        self.selected, self._carried_to = slot_id, start_wall
        block = self._blocks[slot_id]
        try:
            problems: list[UserError] = scheduling.check_move(slot_id, start_wall, block.resource_id)
        except UserError as error:
            problems = [error]
        self.grid.judge(
            not problems, text.sentence(problems[0]) if problems else _("Free · {room}").format(room=block.room)
        )
        self._show_slot()
        self.when.setText(f"{block.start_wall[11:]} → {start_wall[8:10]}. {start_wall[11:]}")
        if problems:
            self.problem.setText(text.sentence(problems[0]))
        elif block.taken:
            said = ngettext(
                "{n} person gets a mail after you drop.", "{n} people get a mail after you drop.", block.taken
            )
            self.legend.setText(_("Fits.") + " " + said.format(n=block.taken))

    def drop(self) -> None:
        """Enter: move the carried slot to where it is."""
        if self.grid.carrying is None or self.selected is None:
            return
        block = self._blocks[self.selected]
        if self._carried_to == block.start_wall:
            self.put_back()
            return
        self.context.run(
            scheduling.move_slot, block.id, block.version, self._carried_to, done=self._moved, failed=self._refused
        )

    def _moved(self, _nothing: object) -> None:
        self.grid.end_carry()
        self.context.notice.emit(_("Moved. Everyone with a seat gets a mail."))
        self.reload()

    def put_back(self) -> None:
        """Esc: nothing was moved."""
        self.grid.end_carry()
        self._show_slot()

    def _refused(self, error: DeskError) -> None:
        self.grid.end_carry()
        self._show_slot()
        self.problem.setText(text.sentence(error))

    # -- seats

    def book_student(self) -> None:
        """B: give someone a seat."""
        if self.selected is not None:
            finder = FindStudent(self.context, self, _("Who gets the seat?"))
            finder.chosen.connect(self._book)
            finder.open()

    def _book(self, student_id: int) -> None:
        self._booking = student_id
        self.context.run(
            seats.book, self.selected, student_id, done=self._booked, failed=self._not_booked, busy=self.book
        )

    def _booked(self, _seat: int) -> None:
        self.context.notice.emit(_("Booked."))

    def _not_booked(self, error: DeskError) -> None:
        if error.key == "seats.full":
            choices = [("wait", _("Put on the waiting list"))]
            ask.ask(self, _("The slot is full"), text.sentence(error), choices, self._wait)
        else:
            self.problem.setText(text.sentence(error))

    def _wait(self, _choice: str, _words: str) -> None:
        self.context.run(seats.wait, self.selected, self._booking, failed=self._refused)

    def mark(self, seat_id: int, status: str) -> None:
        """Attended, absent, or not yet."""
        self.context.run(seats.mark, seat_id, status, failed=self._refused)

    def give_back(self, seat_id: int) -> None:
        """Give a seat back."""
        self.context.run(seats.cancel_seat, seat_id, failed=self._refused)

    def cancel_slot(self) -> None:
        """Cancel the selected slot, with a reason that everyone is told."""
        block = self._blocks.get(self.selected or 0)
        if block is not None:
            said = _("{n} seats are given back; everyone gets a mail. Why?").format(n=block.taken)
            ask.ask(
                self, _("Cancel this slot"), said, [("cancel", _("Cancel the slot"))], self._cancel, field=_("Reason")
            )

    def _cancel(self, _choice: str, reason: str) -> None:
        self.context.run(scheduling.cancel_slot, self.selected, reason, failed=self._refused)

    def new_session(self) -> None:
        """Ctrl+N: plan a session."""
        dialog = SessionDialog(self.context, self, self.first)
        dialog.planned.connect(self._planned)
        dialog.open()

    def _planned(self, session_id: int) -> None:
        self.context.notice.emit(_("Session planned."))
        self.show_record("sessions", session_id)

    # -- going about

    def _step(self, sign: int) -> None:
        self.first += timedelta(days=sign * (1 if self.span.value() == "day" else 7))
        self.reload()

    def earlier(self) -> None:
        """PgUp."""
        self._step(-1)

    def later(self) -> None:
        """PgDn."""
        self._step(1)

    def today(self) -> None:
        """T."""
        day = clock.local_date(self.context.center.zone)
        self.first = day if self.span.value() == "day" else self._monday(day)
        self.reload()

    def go_to_date(self) -> None:
        """G."""
        question = ask.ask(self, _("Go to a date"), _("Like 2026-12-01."), [("go", _("Go"))], self._go, field=_("Date"))
        assert question.edit is not None  # type: ignore[attr-defined]

    def _go(self, _choice: str, typed: str) -> None:
        try:
            day = date.fromisoformat(typed.strip())
        except ValueError:
            self.problem.setText(text.sentence("scheduling.bad_date", {"text": typed.strip()[:40]}))
            return
        self.first = day if self.span.value() == "day" else self._monday(day)
        self.reload()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        acts = {
            Qt.Key.Key_T: self.today, Qt.Key.Key_G: self.go_to_date, Qt.Key.Key_PageUp: self.earlier,
            Qt.Key.Key_PageDown: self.later, Qt.Key.Key_B: self.book_student,
        }  # fmt: skip
        act = acts.get(Qt.Key(event.key()))
        if act is not None:
            act()
        else:
            super().keyPressEvent(event)


class SeatRow(QWidget):
    """A person in the attendance or waiting list: A came, X absent, Backspace not yet, Del gives the seat back."""

    def __init__(self, page: CalendarPage, seat: calendar.Seat, number: int) -> None:
        super().__init__()
        self.page, self.seat = page, seat
        self.setObjectName("seat_row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"{seat.name}, {words.state(seat.status)}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(6)
        icons = {
            "attended": ("circle-check", "ok"), "absent": ("circle-x", "danger"), "held": ("bookmark", "held"),
            "waiting": ("hourglass", "text2"),
        }  # fmt: skip
        row.addWidget(Icon(*icons.get(seat.status, ("circle-dashed", "text3")), 16))
        row.addWidget(Text(f"{number}  {seat.name}" if seat.status == "waiting" else seat.name), 1)
        if seat.status == "held" and seat.held_until:
            until = words.clock_time(seat.held_until, page.context.center)
            row.addWidget(Text(_("to {time}").format(time=until), "small", "held"))
        elif seat.skipped_reason:
            row.addWidget(Text(text.sentence(seat.skipped_reason), "small", "warn"))
        elif seat.due_minor:
            row.addWidget(Text(_("{amount} due").format(amount=text.show_money(seat.due_minor)), "small", "danger"))
        if seat.status in ("booked", "attended", "absent"):
            for status, icon, label in (("attended", "check", _("came")), ("absent", "x", _("absent"))):
                button = Button("", icon, kind="quiet", size="small")
                button.setCheckable(True)
                button.setChecked(seat.status == status)
                button.setObjectName(f"mark_{status}")
                button.setAccessibleName(f"{seat.name}: {label}")
                button.setProperty("status", status)
                button.clicked.connect(self._clicked)
                row.addWidget(button)

    def _clicked(self) -> None:
        status = str(self.sender().property("status"))
        self.page.mark(self.seat.id, "booked" if self.seat.status == status else status)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        marks = {Qt.Key.Key_A: "attended", Qt.Key.Key_X: "absent", Qt.Key.Key_Backspace: "booked"}
        status = marks.get(Qt.Key(event.key()))
        if status is not None:
            self.page.mark(self.seat.id, status)
        elif event.key() == Qt.Key.Key_Delete:
            self.page.give_back(self.seat.id)
        else:
            super().keyPressEvent(event)
