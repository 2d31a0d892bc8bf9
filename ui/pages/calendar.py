"""The session calendar (picture 03): a painted week, filters at the left, the selected slot at the right."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from babel.dates import format_date
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app import clock, text
from app.desk import scheduling, seats
from app.errors import DeskError, UserError
from app.lists import calendar, places
from app.text import _, ngettext
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.find import FindStudent
from ui.dialogs.session import SessionDialog
from ui.pages.month import SmallMonth
from ui.pages.slot_filters import SlotFilters
from ui.pages.slot_panel import SlotPanel, why_not
from ui.pages.week import WeekGrid
from ui.theme import theme
from ui.widgets.basic import Button, Card, PageHead, Segment


class CalendarPage(QWidget):
    """A day or a week of slots; nothing moves until it is dropped, and everyone with a seat is told."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.key_hints = [
            (("←", "→"), _("slot")), (("Alt", "↓"), _("move slot")), (("G",), _("go to date")),
            (("A", "X"), _("came, absent")),
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
        row.addWidget(self._aside())
        middle = Card(margins=(1, 1, 1, 1))
        inner = middle.layout()
        assert isinstance(inner, QVBoxLayout)
        self.grid = WeekGrid(context)
        self.grid.chosen.connect(self._chosen)
        self.grid.carry_begun.connect(self._look_around)
        self.grid.carry_changed.connect(self._carried)
        self.grid.drop_requested.connect(self.drop)
        self.grid.put_back.connect(self.put_back)
        self.scroller = QScrollArea()
        self.scroller.setWidgetResizable(True)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroller.setWidget(self.grid)
        self.scroller.verticalScrollBar().valueChanged.connect(self.grid.follow_scrolling)
        inner.addWidget(self.scroller)
        row.addWidget(middle, 1)
        self.panel = SlotPanel(context, self.mark, self.give_back)
        self.panel.book.connect(self.book_student)
        self.panel.cancel.connect(self.cancel_slot)
        self.panel.drop.connect(self.drop)
        self.panel.put_back.connect(self.put_back)
        self.title, self.problem = self.panel.title, self.panel.problem
        row.addWidget(self.panel)
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
        back.setToolTip(_("Earlier (PgUp)"))
        back.clicked.connect(self.earlier)
        today = Button(_("Today"), keys=("T",), kind="quiet")
        today.clicked.connect(self.today)
        on = Button("", "chevron-right", kind="quiet")
        on.setObjectName("week_on")
        on.setAccessibleName(_("Later"))
        on.setToolTip(_("Later (PgDn)"))
        on.clicked.connect(self.later)
        self.span = Segment((("day", _("Day"), ()), ("week", _("Week"), ())), "span")
        self.span.set_value("week")
        self.span.chosen.connect(self.reload)
        new = Button(_("New session"), "calendar-plus", keys=("Ctrl", "N"))
        new.clicked.connect(self.new_session)
        self.head = PageHead("", [back, today, on, self.span, new])
        return self.head

    def _aside(self) -> QWidget:
        self.aside = QWidget()
        column = QVBoxLayout(self.aside)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(14)
        self.month = SmallMonth(self.context)
        self.month.picked.connect(self.go_to)
        column.addWidget(self.month)
        self.filters = SlotFilters()
        self.filters.changed.connect(self.reload_grid)
        column.addWidget(self.filters, 1)
        theme().changed.connect(self._fit)
        self._fit()
        return self.aside

    def _fit(self) -> None:
        self.aside.setFixedWidth(max(184, min(theme().px(184), 230)))

    # -- what is shown

    def page_shown(self) -> None:
        """Read the week again."""
        if self.selected is None:
            today = clock.local_date(self.context.center.zone)
            coming = calendar.next_of(calendar.blocks(today, self.days()[-1])) if self.days()[-1] >= today else None
            self.selected = coming.id if coming is not None else None
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
        self.filters.show_blocks(found)
        self.month.show_span(days[0], days[-1])
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
        shown = [block for block in self._blocks.values() if self.filters.lets_through(block)]
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
        self.panel.show_slot(self._blocks.get(self.selected or 0), carrying=self.grid.carrying is not None)

    # -- moving

    def _carried(self, slot_id: int, start_wall: str) -> None:
        self.selected, self._carried_to = slot_id, start_wall
        block = self._blocks[slot_id]
        try:
            problems: list[UserError] = scheduling.check_move(slot_id, start_wall, block.resource_id)
        except UserError as error:
            problems = [error]
        note = ""
        if not problems and block.taken:
            mails = ngettext(
                "{n} person gets a mail after you drop.", "{n} people get a mail after you drop.", block.taken
            )
            note = _("Fits.") + " " + mails.format(n=block.taken)
        self.grid.judge(not problems, why_not(problems[0]) if problems else self._free(block), note)
        self._show_slot()
        self.panel.show_carried(start_wall, problems, note)

    @staticmethod
    def _free(block: calendar.Block) -> str:
        return " · ".join(filter(None, (_("Free"), block.room)))

    def _look_around(self, slot_id: int) -> None:
        """Beside the window: where else in the week the carried slot could go, and why not elsewhere."""
        self.context.read(
            places.of_slot, slot_id, list(self.grid.days), self.grid.hours, self.grid.seen(), done=self._found
        )

    def _found(self, found: list[places.Place]) -> None:
        if self.grid.carrying is None:
            return
        free = self._free(self.grid.carrying[0].block)
        self.grid.show_places(
            [(one, _("in the past") if one.past else why_not(one.why) if one.why else free) for one in found]
        )

    def drop(self) -> None:
        """Enter: move the carried slot to where it is."""
        if self.grid.carrying is None or self.selected is None:
            return
        block = self._blocks[self.selected]
        if self._carried_to == block.start_wall:
            self.put_back()
            return
        if not self.grid.verdict[0]:
            return  # the note and the inspector say why
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
        self.panel.say(text.sentence(error))

    # -- seats

    def book_student(self) -> None:
        """B: give someone a seat."""
        if self.selected is not None:
            finder = FindStudent(self.context, self, _("Who gets the seat?"))
            finder.chosen.connect(self._book)
            finder.open()

    def _book(self, student_id: int) -> None:
        self._booking, button = student_id, self.panel.book_button
        self.context.run(seats.book, self.selected, student_id, done=self._booked, failed=self._not_booked, busy=button)

    def _booked(self, _seat: int) -> None:
        self.context.notice.emit(_("Booked."))

    def _not_booked(self, error: DeskError) -> None:
        if error.key == "seats.full":
            choices = [("wait", _("Put on the waiting list"))]
            ask.ask(self, _("The slot is full"), text.sentence(error), choices, self._wait)
        else:
            self.panel.say(text.sentence(error))

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
            self.panel.say(text.sentence("scheduling.bad_date", {"text": typed.strip()[:40]}))
            return
        self.go_to(day)

    def go_to(self, day: date) -> None:
        """Show a day, or its week."""
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
