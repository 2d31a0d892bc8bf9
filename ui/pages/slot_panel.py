"""The inspector of the calendar (picture 03): the selected slot in words, who is in it, who waits, and what to do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QTabBar, QVBoxLayout, QWidget

from app import clock, text
from app.errors import UserError
from app.lists import calendar, catalog
from app.text import _
from ui import words
from ui.context import Context
from ui.theme import CATEGORY, theme
from ui.widgets.basic import Button, Card, Icon, Text, clear_layout, rule
from ui.widgets.line import Line
from ui.widgets.squares import SeatSquares


def why_not(problem: UserError) -> str:
    """What stands in the way, in as few words as a place in the week has room for."""
    facts = {key: str(value) for key, value in problem.params.items()}
    said = {
        "scheduling.room_busy": _("{name} taken: {other}"),
        "scheduling.instructor_busy": _("{name} teaches {other}"),
        "scheduling.instructor_away": _("{name} is away"),
        "scheduling.student_busy": _("{name} has {other}"),
        "scheduling.center_closed": _("closed: {name}"),
    }.get(problem.key)
    return said.format(**facts) if said is not None else text.sentence(problem)


class SlotPanel(Card):
    """Shows a slot. What a person does here is asked of whoever listens."""

    book = Signal()
    cancel = Signal()
    drop = Signal()
    put_back = Signal()

    def __init__(self, context: Context, mark: Callable[[int, str], None], give_back: Callable[[int], None]) -> None:
        super().__init__(margins=(12, 14, 12, 12))
        self.context, self._mark, self._give_back = context, mark, give_back
        self.slot: calendar.Block | None = None
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(7)
        top = QHBoxLayout()
        top.setSpacing(10)
        self.icon = Icon("calendar-days", "text2", 20)
        top.addWidget(self.icon, alignment=Qt.AlignmentFlag.AlignTop)
        names = QVBoxLayout()
        names.setSpacing(1)
        self.title = Text("", "section", wrap=True)
        self.title.setObjectName("slot_title")
        self.when = Text("", "small", "text2", wrap=True)
        names.addWidget(self.title)
        names.addWidget(self.when)
        top.addLayout(names, 1)
        column.addLayout(top)
        column.addWidget(self._band())
        self.about = QWidget()
        about = QVBoxLayout(self.about)
        about.setContentsMargins(0, 0, 0, 0)
        about.setSpacing(5)
        self.room, self.room_says = self._fact(about, "door-open")
        self.teacher, self.teacher_says = self._fact(about, "user")
        about.addWidget(rule())
        line = QHBoxLayout()
        self.taken = Text("", "name")
        self.taken.setObjectName("seats_taken")
        self.free = Text("", "small", "text2")
        line.addWidget(self.taken)
        line.addStretch(1)
        line.addWidget(self.free)
        about.addLayout(line)
        self.squares = SeatSquares()
        about.addWidget(self.squares)
        self.legend = Text("", "small", "text2", wrap=True)
        about.addWidget(self.legend)
        column.addWidget(self.about)
        column.addWidget(self._people(), 1)
        self.nothing = Text(_("Arrows choose a slot, Ctrl+N plans a session."), "small", "text2", wrap=True)
        column.addWidget(self.nothing)
        self.problem = Text("", "small_strong", "danger", wrap=True)
        self.problem.setObjectName("calendar_problem")
        column.addWidget(self.problem)
        column.addLayout(self._buttons())
        theme().changed.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        self.setFixedWidth(max(288, min(theme().px(288), 380)))

    def _band(self) -> QWidget:
        """While the slot is carried: from where to where."""
        self.band = QFrame()
        self.band.setProperty("brassband", True)
        row = QHBoxLayout(self.band)
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(8)
        self.from_ = Line("", "small", "text2", struck=True)
        self.to = Line("", "small_strong", "text")
        row.addWidget(self.from_)
        row.addWidget(Icon("arrow-right", "brasstext", 15))
        row.addWidget(self.to)
        return self.band

    @staticmethod
    def _fact(column: QVBoxLayout, icon: str) -> tuple[Line, Text]:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(Icon(icon, "text3", 15))
        name, says = Line("", "label", "text2"), Text("", "small", "text2")
        row.addWidget(name, 1)
        row.addWidget(says)
        column.addLayout(row)
        return name, says

    def _people(self) -> QWidget:
        box = self.people_box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.tabs = QTabBar()
        self.tabs.setObjectName("slot_tabs")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.addTab(_("Attendance"))
        self.tabs.addTab(_("Waiting"))
        self.tabs.currentChanged.connect(self.show_people)
        column.addWidget(self.tabs)
        column.addWidget(rule())
        inner = QWidget()
        inner.setObjectName("scrolled")
        self.people = QVBoxLayout(inner)
        self.people.setContentsMargins(0, 0, 0, 0)
        self.people.setSpacing(0)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        column.addWidget(scroll, 1)
        return box

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.book_button = Button(_("Book"), "user-plus", kind="primary", keys=("B",))
        self.book_button.clicked.connect(self.book)
        self.cancel_button = Button(_("Cancel slot"), "ban", kind="danger")
        self.cancel_button.clicked.connect(self.cancel)
        self.move_button = Button(_("Move here"), kind="primary", keys=("Enter",))
        self.move_button.clicked.connect(self.drop)
        self.undo_button = Button(_("Put back"), keys=("Esc",))
        self.undo_button.clicked.connect(self.put_back)
        for button in (self.book_button, self.cancel_button, self.move_button, self.undo_button):
            row.addWidget(button)
        row.addStretch(1)
        return row

    # -- what is shown

    def show_slot(self, block: calendar.Block | None, *, carrying: bool) -> None:
        """Show a slot, or say that none is selected."""
        self.slot = block
        for widget in (self.book_button, self.cancel_button):
            widget.setVisible(block is not None and not carrying)
        for part in (self.move_button, self.undo_button, self.band):
            part.setVisible(block is not None and carrying)
        for box in (self.about, self.people_box):
            box.setVisible(block is not None)
        self.nothing.setVisible(block is None)
        self.problem.setText("")
        self.problem.hide()
        if block is None:
            self.title.setText(_("No slot is selected"))
            self.when.setText("")
            self.icon.set_icon("calendar-days", "text2")
            clear_layout(self.people)
            return
        self.icon.set_icon(block.icon, CATEGORY.get(block.category, "cdrive"))
        self.title.setText(block.title)
        number, of = calendar.meeting(block.id)
        day = words.day(block.on_date, self.context.center)
        times = f"{block.start_wall[11:16]}–{block.end_wall[11:16]}"
        meeting = _("{n} of {all}").format(n=number, all=of) if of > 1 else ""
        self.when.setText(" · ".join(filter(None, (day, times, meeting))))
        seats = {row[1]: row[2] for row in catalog.resources()}.get(block.room)
        self.room.setText(block.room or _("No room"))
        self.room_says.setText(_("{n} seats").format(n=seats) if seats is not None else "")
        self.room_says.set_color("text2")
        self.teacher.setText(", ".join(block.instructors) or _("Nobody yet"))
        self.teacher_says.setText("")
        free = max(block.capacity - block.taken, 0)
        self.taken.setText(_("{taken} of {all} seats taken").format(taken=block.taken, all=block.capacity))
        self.free.setText(_("{free} free").format(free=free))
        self.squares.show_seats(block)
        kinds = ((_("{n} paid"), block.paid), (_("{n} pending"), block.pending), (_("{n} held"), block.held))
        self.legend.setText(" · ".join(said.format(n=n) for said, n in kinds if n) or _("Nobody yet."))
        self.tabs.setTabText(0, _("Attendance {n}").format(n=block.taken))
        self.tabs.setTabText(1, _("Waiting {n}").format(n=block.waiting))
        self.show_people()

    def show_carried(self, start_wall: str, problems: list[UserError], note: str) -> None:
        """Where the slot is carried to, and what the room and the instructors say to it."""
        block = self.slot
        if block is None:
            return
        here = self.context.center
        self.from_.setText(f"{words.weekday_of(block.start_wall, here)} · {block.start_wall[11:16]}")
        self.to.setText(f"{words.weekday_of(start_wall, here)} · {start_wall[11:16]}")
        keys = {problem.key for problem in problems}
        busy = {"scheduling.instructor_busy": _("teaches"), "scheduling.instructor_away": _("away")}
        for says, taken, word in (
            (self.room_says, "scheduling.room_busy" in keys, _("taken")),
            (self.teacher_says, bool(keys & busy.keys()), next((busy[key] for key in busy if key in keys), "")),
        ):
            says.setText(word if taken else _("free"))
            says.set_color("danger" if taken else "ok")
        if not block.instructors:
            self.teacher_says.setText("")
        self.move_button.setEnabled(not problems)
        self.say(text.sentence(problems[0]) if problems else "")
        if note:
            self.legend.setText(note)

    def say(self, words_: str) -> None:
        """Say what went wrong."""
        self.problem.setText(words_)
        self.problem.setVisible(bool(words_))

    def show_people(self) -> None:
        """Read again who has a seat, or who waits."""
        clear_layout(self.people)
        if self.slot is None:
            return
        waiting, number = self.tabs.currentIndex() == 1, 0
        begun = self.slot.on_date <= clock.local_date(self.context.center.zone).isoformat()
        for seat in calendar.seats(self.slot.id):
            if (seat.status == "waiting") == waiting:
                number += 1
                row = SeatRow(self.context, seat, number, begun=begun)
                row.marked.connect(self._mark)
                row.given_back.connect(self._give_back)
                self.people.addWidget(row)
        if not number:
            self.people.addWidget(Text(_("Nobody yet."), "small", "text3"))
        self.people.addStretch(1)


class SeatRow(QWidget):
    """A person in the attendance or waiting list: A came, X absent, Backspace not yet, Del gives the seat back.

    The two buttons are there from the day of the slot on: before it nobody can have come.
    """

    marked = Signal(int, str)
    given_back = Signal(int)

    def __init__(self, context: Context, seat: calendar.Seat, number: int, *, begun: bool) -> None:
        super().__init__()
        self.seat = seat
        self.setObjectName("seat_row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"{seat.name}, {words.state(seat.status)}")
        self.setProperty("row", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(6)
        icons = {
            "attended": ("circle-check", "ok"), "absent": ("circle-x", "danger"), "held": ("bookmark", "held"),
            "waiting": ("hourglass", "text2"),
        }  # fmt: skip
        row.addWidget(Icon(*icons.get(seat.status, ("circle-dashed", "text3")), 16))
        row.addWidget(Line(f"{number}  {seat.name}" if seat.status == "waiting" else seat.name), 1)
        said, color = self._says(context)
        row.addWidget(Text(said, "small", color))
        if begun and seat.status in ("booked", "attended", "absent"):
            for status, icon, label in (("attended", "check", _("came")), ("absent", "x", _("absent"))):
                button = Button("", icon, kind="good" if status == "attended" else "bad", size="mark")
                button.setCheckable(True)
                button.setChecked(seat.status == status)
                button.setObjectName(f"mark_{status}")
                button.setAccessibleName(f"{seat.name}: {label}")
                button.setToolTip(label)
                button.setProperty("status", status)
                button.clicked.connect(self._clicked)
                row.addWidget(button)
        else:
            self.setMinimumHeight(theme().px(28))

    def _says(self, context: Context) -> tuple[str, str]:
        seat = self.seat
        if seat.status == "held" and seat.held_until:
            return _("held to {time}").format(time=words.clock_time(seat.held_until, context.center)), "held"
        if seat.skipped_reason:
            return text.sentence(seat.skipped_reason), "warn"
        if seat.status == "waiting" and seat.waiting_since:
            return _("since {day}").format(day=words.day(seat.waiting_since, context.center)), "text2"
        if seat.due_minor:
            return _("{amount} due").format(amount=text.show_money(seat.due_minor)), "danger"
        return (_("paid"), "text2") if seat.status != "waiting" else ("", "text2")

    def _clicked(self) -> None:
        status = str(self.sender().property("status"))
        self.marked.emit(self.seat.id, "booked" if self.seat.status == status else status)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        marks = {Qt.Key.Key_A: "attended", Qt.Key.Key_X: "absent", Qt.Key.Key_Backspace: "booked"}
        status = marks.get(Qt.Key(event.key()))
        if status is not None:
            self.marked.emit(self.seat.id, status)
        elif event.key() == Qt.Key.Key_Delete:
            self.given_back.emit(self.seat.id)
        else:
            super().keyPressEvent(event)
