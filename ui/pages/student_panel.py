"""One student: what they owe, what comes next, how far they are, how to reach them, and their story."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app import clock, text
from app.desk import identity, payments
from app.desk.dues import PayLine
from app.lists import people as roster
from app.lists import person
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.pages import line_acts, paper, person_acts, student_notes
from ui.pages.student_family import FamilyLines
from ui.pages.student_notes import NotesTab
from ui.pages.student_quotes import QuotesPart
from ui.pages.student_story import Story
from ui.theme import CATEGORY, theme
from ui.widgets.basic import Avatar, Badge, Button, Card, Icon, Text, clear_layout, rule
from ui.widgets.entry import Entry
from ui.widgets.line import Line

_TABS = ("overview", "timeline", "enrollments", "payments", "messages", "notes")
#: So long after a screenful the next one is put below it: what is seen is painted first.
STEP_MS = 10
#: Where the records of a table are shown that have no page of their own.
_TAB_OF = {
    "payments": "payments", "product_enrolled": "payments", "courses_enrolled": "enrollments", "notes": "notes",
    "attachments": "notes", "quotes": "enrollments",
}  # fmt: skip


class ProgressBar(QWidget):
    """How far an enrollment is."""

    def __init__(self, basis_points: int) -> None:
        super().__init__()
        self._share = basis_points / 10_000
        self.setFixedHeight(5)
        self.setAccessibleName(f"{basis_points // 100} %")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("sunken"))
        painter.drawRoundedRect(QRectF(self.rect()), 2.5, 2.5)
        painter.setBrush(theme().color("okfill"))
        painter.drawRoundedRect(QRectF(0, 0, self.width() * self._share, self.height()), 2.5, 2.5)


class StudentPanel(Card):
    """The right side of the roster."""

    pay_requested = Signal(int)
    enroll_requested = Signal(int)
    edit_requested = Signal()
    message_requested = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(margins=(1, 1, 1, 6))
        self.context = context
        self.student_id: int | None = None
        self._shown: tuple[int | None, int] = (None, 0)
        self._had: tuple[str | None, int] = (None, 0)
        self._rest: Iterator[None] = iter(())
        self._more = QTimer(self)
        self._more.setSingleShot(True)
        self._more.timeout.connect(self._go_on)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.notes = NotesTab(context, self, self.reload)
        self.story = Story(context, self, self.reload)
        self.story.opened.connect(self._open_record)
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(0)
        column.addLayout(self._head())
        self.tabs = QTabBar()
        self.tabs.setObjectName("panel_tabs")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        theme().changed.connect(self._fit)
        self._fit()
        for label in (_("Overview"), _("Timeline"), _("Enrollments"), _("Payments"), _("Messages"), _("Notes")):
            self.tabs.addTab(label)
        self.tabs.currentChanged.connect(self.reload)
        column.addWidget(self.tabs)
        self.below_tabs = rule()
        column.addWidget(self.below_tabs)
        self.scroller = QScrollArea()
        self.scroller.setWidgetResizable(True)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.inner = QWidget()
        self.inner.setObjectName("scrolled")
        around = QVBoxLayout(self.inner)
        around.setContentsMargins(16, 10, 16, 12)
        self.body = QVBoxLayout()
        self.body.setSpacing(6)
        around.addLayout(self.body)
        around.addStretch(1)
        self.scroller.setWidget(self.inner)
        column.addWidget(self.scroller, 1)

    def _fit(self) -> None:
        self.tabs.setUsesScrollButtons(theme().scale > 1.1)  # six words that have room at 100 % alone

    def _head(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(16, 12, 16, 6)
        column.setSpacing(10)
        top = QHBoxLayout()
        top.setSpacing(12)
        self.avatar = Avatar()
        top.addWidget(self.avatar)
        names = QVBoxLayout()
        names.setSpacing(1)
        line = QHBoxLayout()
        line.setSpacing(8)
        self.name = Line("", "panel")
        self.name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.name.setObjectName("panel_name")
        self.badge = Badge("active", "")
        line.addWidget(self.name)
        line.addWidget(self.badge)
        line.addStretch(1)
        names.addLayout(line)
        self.facts = Line("", "small", "text2")
        names.addWidget(self.facts)
        top.addLayout(names, 1)
        self.more = Button("", "ellipsis", kind="bare")
        self.more.setObjectName("panel_more")
        self.more.setAccessibleName(_("More for this student"))
        self.more.setToolTip(_("More for this student"))
        self.menu = QMenu(self.more)
        edit = self.menu.addAction(theme().icon("pencil", "text2"), _("Edit") + "\tE")
        edit.setObjectName("act_edit")
        edit.triggered.connect(self.edit_requested)
        for key, said, _with_name, icon in person_acts.ACTS:
            entry = self.menu.addAction(theme().icon(icon, "text2"), _(said))
            entry.setObjectName(f"act_{key}")
            entry.triggered.connect(partial(self._act, key))
        self.more.clicked.connect(self._open_menu)
        top.addWidget(self.more, alignment=Qt.AlignmentFlag.AlignTop)
        column.addLayout(top)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.pay = Button(_("Take payment"), "banknote", keys=("F4",), size="tight")
        self.pay.clicked.connect(self._pay)
        self.enroll = Button(_("Enroll"), "plus", keys=("F2",), kind="quiet", size="tight")
        self.enroll.clicked.connect(self._enroll)
        self.message = Button(_("Message"), "send", kind="quiet", size="tight")
        self.message.clicked.connect(self.message_requested)
        for button in (self.pay, self.enroll, self.message):
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        return column

    def _pay(self) -> None:
        if self.student_id is not None:
            self.pay_requested.emit(self.student_id)

    def _enroll(self) -> None:
        if self.student_id is not None:
            self.enroll_requested.emit(self.student_id)

    def _open_menu(self) -> None:
        self.menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))
        self.menu.setActiveAction(self.menu.actions()[0])

    def _act(self, key: str) -> None:
        if self.student_id is not None:
            person_acts.act(key, self.context, self, self.student_id)

    def next_tab(self) -> None:
        """Ctrl+Tab."""
        self.tabs.setCurrentIndex((self.tabs.currentIndex() + 1) % self.tabs.count())

    def show_student(self, student_id: int | None) -> None:
        """Show someone, or nobody."""
        student_id = identity.root(student_id) if student_id is not None else None
        if student_id != self.student_id:
            self.student_id = student_id
            self.notes.show_student(student_id)
            self.story.show_student()
            self.reload()

    def show_tab(self, key: str) -> None:
        """One of the tabs, by its name in `_TABS`."""
        self.tabs.setCurrentIndex(_TABS.index(key))

    def reload(self) -> None:
        """Read the shown tab again; nothing is read for the others. What had the focus in it has it again."""
        shown = (self.student_id, self.tabs.currentIndex())
        if shown == self._shown:
            self._had = (self._focused(), self.scroller.verticalScrollBar().value())
        else:
            self._had = (None, 0)
            self._shown = shown
        self._rest = iter(())
        self._fill()
        self._more.start(STEP_MS)  # what was filled in is shown by then

    def _go_on(self) -> None:
        """What is below the first screenful, bit by bit: a key that is pressed meanwhile does not wait for it."""
        for _step in self._rest:
            self._more.start(STEP_MS)
            return
        self._settle(*self._had)

    def _focused(self) -> str | None:
        """The name of what has the focus in the body; None where it has none there."""
        here = self.window().focusWidget()  # also while a dialog stands before it
        return here.objectName() if here is not None and self.inner.isAncestorOf(here) else None

    def _settle(self, had: str | None, down: int) -> None:
        self.scroller.verticalScrollBar().setValue(down)
        if had is None:
            return
        found = [one for one in self.inner.findChildren(QWidget, had) if one.isVisible()] if had else []
        (found[0] if found else self).setFocus()  # its record may be gone

    def _fill(self) -> None:
        clear_layout(self.body)
        if self.student_id is not None:
            self.student_id = identity.root(self.student_id)  # merged into another record while it is shown
        found = roster.overview(self.student_id) if self.student_id is not None else None
        shown = (self.pay, self.enroll, self.message, self.more, self.tabs, self.below_tabs, self.avatar, self.badge)
        for widget in shown:
            widget.setVisible(found is not None)
        if found is None:
            self.name.setText("")
            self.facts.setText(_("Nobody is selected."))
            return
        row = found.row
        self.avatar.set(row.name, row.id)
        self.name.setText(row.name)
        self.badge.set(row.status, words.state(row.status))
        years = roster.age(found.date_of_birth, self.context.center.zone)
        spoken = _language(found.language, self.context.center.locale)
        parts = [
            row.number,
            _("{n} years").format(n=years) if years is not None else "",
            _("speaks {language}").format(language=spoken) if spoken else "",
            _("{name} pays").format(name=found.payer) if found.payer else "",
        ]
        self.facts.setText(" · ".join(part for part in parts if part))
        self._rest = getattr(self, f"_show_{_TABS[self.tabs.currentIndex()]}")(found) or iter(())
        next(self._rest, None)

    # -- tabs

    def _heading(self, words_: str, facts: str = "") -> None:
        self.body.addSpacing(4)
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(Text(words_, "label", "text2"))
        line.addWidget(Text(facts, "small", "text2"))
        line.addStretch(1)
        self.body.addLayout(line)

    def _nothing(self, words_: str) -> None:
        self.body.addWidget(Text(words_, "body", "text3"))

    def _show_overview(self, found: roster.Overview) -> None:
        self.body.addWidget(self._money(found))
        self._heading(_("Next"))
        if found.row.next_slot_at:
            self.body.addLayout(self._next(found))
        else:
            self._nothing(_("No slot booked."))
        rows = roster.enrollments(found.row.id)
        running = sum(row.status == "pending" for row in rows)
        finished = sum(row.status == "completed" for row in rows)
        said = [_("{n} running").format(n=running)] if running else []
        said += [_("{n} finished").format(n=finished)] if finished else []
        self._heading(_("Enrollments"), " · ".join(said))
        self._enrolled(rows[:3])
        self.body.addWidget(QuotesPart(self.context, found.row.id, self._enroll))
        self._heading(_("Contact"))
        for icon, value in (
            ("phone", found.row.phone),
            ("at-sign", found.row.email),
            ("shield-check", found.emergency),
        ):
            if value:
                line = QHBoxLayout()
                line.setSpacing(8)
                line.addWidget(Icon(icon, "text3", 16))
                line.addWidget(Line(value), 1)
                if value == found.emergency:
                    line.addWidget(Text(_("in an emergency"), "small", "text3"))
                self.body.addLayout(line)
        if not (found.row.phone or found.row.email or found.emergency):
            self.body.addWidget(Text(_("No phone, no mail address."), "body", "text2"))
        if found.payer_id is not None:
            self.body.addWidget(FamilyLines(self.context, found))
        if found.note:
            note = QFrame()
            note.setProperty("note", True)
            inner = QHBoxLayout(note)
            inner.setContentsMargins(10, 7, 8, 7)
            inner.addWidget(Icon("sticky-note", "brasstext", 16), alignment=Qt.AlignmentFlag.AlignTop)
            inner.addWidget(Text(found.note, "small", "text2", wrap=True), 1)
            self.body.addSpacing(4)
            self.body.addWidget(note)

    def _money(self, found: roster.Overview) -> QWidget:
        """What they owe, and why: the late ones first and in red."""
        box = QFrame()
        box.setProperty("tinted", True)
        whole: QHBoxLayout | QVBoxLayout = QVBoxLayout(box) if theme().scale > 1.2 else QHBoxLayout(box)
        whole.setContentsMargins(12, 9, 12, 9)
        line = QHBoxLayout()
        line.setSpacing(6)
        whole.addLayout(line)
        owed = found.row.balance_minor
        if not owed:
            line.addWidget(Text(_("Nothing owed"), "section", "text2"))
        else:
            kind, color = (_("open"), "text") if owed > 0 else (_("credit"), "ok")
            line.addWidget(Text(text.show_money(abs(owed)), "amount_m", color))
            line.addWidget(Text(kind, "name", color), alignment=Qt.AlignmentFlag.AlignBottom)
        line.addStretch(1)
        why = QVBoxLayout()
        why.setSpacing(0)
        here = self.context.center
        today = clock.local_date(here.zone).isoformat()
        dues = payments.owed(found.row.id)
        for due in dues[: 2 if len(dues) <= 2 else 1]:
            amount, what = text.show_money(due.open_minor), due.invoice_label or due.title
            late = due.due_on < today
            said = _("{amount} overdue") if late else _("{amount} due {day}")
            parts = QHBoxLayout()
            parts.setSpacing(0)
            parts.addStretch(1)
            first = said.format(amount=amount, day=words.day(due.due_on, here))
            parts.addWidget(Text(first, "small_strong" if late else "small", "danger" if late else "text2"))
            reason = Line(f" · {what}", "small", "text2")  # gives way, so that no amount leaves the panel
            reason.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
            parts.addWidget(reason)
            why.addLayout(parts)
        if len(dues) > 2:
            more = ngettext("and {n} more line", "and {n} more lines", len(dues) - 1).format(n=len(dues) - 1)
            last = Text(more, "small", "text3")
            last.setAlignment(Qt.AlignmentFlag.AlignRight)
            why.addWidget(last)
        whole.addLayout(why)
        return box

    def _next(self, found: roster.Overview) -> QHBoxLayout:
        """The day on a leaf of a calendar, then what and where."""
        here = self.context.center
        wall = clock.utc_to_wall(clock.parse_stamp(found.row.next_slot_at or ""), here.zone)
        leaf = QFrame()
        leaf.setProperty("datetile", True)
        leaf.setFixedSize(theme().px(42), theme().px(42))
        column = QVBoxLayout(leaf)
        column.setContentsMargins(0, 2, 0, 3)
        column.setSpacing(0)
        month = str(format_date(wall.date(), "MMM", locale=here.locale.replace("-", "_")))
        for said, role, color in ((str(wall.day), "section", "text"), (month, "key", "text2")):
            made = Text(said, role, color)
            made.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(made)
        names = QVBoxLayout()
        names.setSpacing(1)
        names.addWidget(Line(found.next_title, "name"))
        when = words.when(found.row.next_slot_at, here)
        if found.next_end_wall:
            when += f"–{found.next_end_wall[11:16]}"
        said = " · ".join(filter(None, (when, found.next_room, *found.next_with)))
        names.addWidget(Line(said, "small", "text2"))
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(leaf)
        row.addLayout(names, 1)
        today = wall.date() == clock.local_date(here.zone)
        if found.next_status and (today or found.next_status != "booked"):
            row.addWidget(Badge(found.next_status, words.state(found.next_status)))
        return row

    def _enrolled(self, rows: list[roster.EnrollmentRow]) -> None:
        if not rows:
            self._nothing(_("Not enrolled yet."))
        for row in rows:
            line = QHBoxLayout()
            line.setSpacing(8)
            line.addWidget(Icon(row.icon, CATEGORY.get(row.category, "cdrive"), 17))
            line.addWidget(Line(row.title, "name"), 1)
            if row.planned_minutes:  # a course without a plan, as a single lesson, has nothing to be part of
                done = _("{done} of {all} h").format(done=row.done_minutes // 60, all=row.planned_minutes // 60)
                line.addWidget(Text(done, "small", "text2"))
            if row.status != "canceled":
                line.addWidget(self._more_for(row))
            self.body.addLayout(line)
            below = QVBoxLayout()
            below.setContentsMargins(theme().px(17) + 8, 0, 0, 4)
            below.setSpacing(4)
            if row.planned_minutes:
                below.addWidget(ProgressBar(row.progress_bp))
            below.addWidget(Text(self._progress(row), "small", "text3"))
            self.body.addLayout(below)

    def _more_for(self, row: roster.EnrollmentRow) -> Button:
        button = Button("", "ellipsis", kind="bare", size="small")
        button.setObjectName("enrollment_more")
        button.setAccessibleName(_("More for {what}").format(what=row.title))
        button.setToolTip(_("More for {what}").format(what=row.title))
        button.clicked.connect(partial(self._enrollment_menu, row.id, button))
        return button

    def _enrollment_menu(self, enrollment_id: int, button: Button) -> None:
        if self.student_id is not None:
            at = button.mapToGlobal(button.rect().bottomLeft())
            line_acts.menu(self.context, self, self.student_id, PayLine(enrollment_id), at)

    @staticmethod
    def _progress(row: roster.EnrollmentRow) -> str:
        held = row.attended + row.absent
        parts = [_("attended {n} of {held} held").format(n=row.attended, held=held)] if held else []
        parts += [_("{n} absent").format(n=row.absent)] if row.absent else []
        parts += [_("{n} to come").format(n=row.coming)] if row.coming else []
        if row.status != "pending" or not parts:
            parts.append(words.state(row.status))
        return " · ".join(parts)

    def _show_enrollments(self, found: roster.Overview) -> None:
        self._enrolled(roster.enrollments(found.row.id))
        self.body.addWidget(QuotesPart(self.context, found.row.id, self._enroll))

    def _show_timeline(self, found: roster.Overview) -> Iterator[None]:
        return self.story.fill(self.body, found.row.id)

    def _open_record(self, table: str, row_id: int) -> None:
        """The record behind an entry of the timeline."""
        if table == "invoices":
            paper.show_invoice(self, self.context, row_id, copy=True)
        elif table == "payments" and person.is_completed(row_id):
            paper.show_receipt(self, self.context, row_id, copy=True)
        elif table in ("slots", "mail_queue"):
            self.context.navigate.emit(table, row_id)
        else:
            self.show_tab(_TAB_OF[table])

    def _show_payments(self, found: roster.Overview) -> Iterator[None]:
        rows = person.documents(found.row.id)
        if not rows:
            self._nothing(_("No payments or invoices yet."))
        else:
            self._paper_button("open_statement", _("Statement of account"), paper.show_statement, found.row.id)
        for number, one in enumerate(rows, start=1):
            paid = one.kind == "payment"
            detail = words.state(one.words) if paid else words.state(one.kind)
            parts = [words.day(one.on, self.context.center), detail]
            if paid and one.status != "completed":
                parts.append(words.state(one.status))
            if one.kind == "invoice":
                parts.append(self._left(one))
            color = "text" if one.amount_minor >= 0 else "danger"
            said = text.show_money(one.amount_minor)
            self.body.addWidget(
                Entry(one.number, " · ".join(parts), role="name", amount=said, amount_color=color, ruled=True)
            )
            if not paid:
                said = _("Open {number}").format(number=one.number)
                self._paper_button("open_document", said, partial(paper.show_invoice, copy=True), one.id)
            elif one.status == "completed":
                said = _("Receipt of {number}").format(number=one.number)
                self._paper_button("open_receipt", said, partial(paper.show_receipt, copy=True), one.id)
            if number % 6 == 0:
                yield

    def _left(self, invoice: person.Document) -> str:
        """What is still to be paid of an invoice, and until when."""
        if invoice.open_minor is None:
            return _("credited")
        if invoice.open_minor <= 0:
            return _("paid")
        until = words.day(invoice.words, self.context.center)
        return _("{amount} open, due {day}").format(amount=text.show_money(invoice.open_minor), day=until)

    def _paper_button(self, name: str, said: str, show: Callable[..., object], row_id: int) -> None:
        button = Button(said, "file-text", kind="quiet", size="small")
        button.setObjectName(name)
        button.clicked.connect(partial(show, self, self.context, row_id))
        self.body.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)

    def _show_messages(self, found: roster.Overview) -> Iterator[None]:
        rows = person.messages(found.row.id)
        if not rows:
            self._nothing(_("No messages yet."))
        for number, (at, subject, state, mail_id) in enumerate(rows, start=1):
            when = words.when(at, self.context.center)
            entry = Entry(subject, when, badge=(state, words.state(state)), opens=True, ruled=self.body.count() > 0)
            entry.opened.connect(partial(self._open_record, "mail_queue", mail_id))
            self.body.addWidget(entry)
            if number % 10 == 0:
                yield

    def _show_notes(self, _found: roster.Overview) -> Iterator[None]:
        return self.notes.fill(self.body)

    # -- files

    def attach_file(self) -> None:
        """Ctrl+Shift+A: keep a file with this person."""
        if self.student_id is not None:
            self.show_tab("notes")
            self.notes.choose_file()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files of this computer may be dropped anywhere on the panel of a person."""
        if self.student_id is not None and student_notes.dropped(event.mimeData()):
            event.acceptProposedAction()
            self._mark(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._mark(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Keep what is dropped: at the note it is dropped on, or straight at the person."""
        self._mark(False)
        note = student_notes.note_under(self, event.position().toPoint())
        paths = student_notes.dropped(event.mimeData())
        event.acceptProposedAction()
        self.show_tab("notes")
        self.notes.take(paths, note)

    def _mark(self, on: bool) -> None:
        self.setProperty("dropping", on)
        self.style().unpolish(self)
        self.style().polish(self)


def _language(code: str, locale: str) -> str:
    """A language by its name in the center's own; '' where it is not known."""
    try:
        return str(Locale.parse(code.replace("-", "_")).get_language_name(locale.replace("-", "_")) or "")
    except (ValueError, UnknownLocaleError):
        return ""
