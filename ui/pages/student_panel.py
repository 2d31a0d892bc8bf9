"""One student: what they owe, what comes next, how far they are, how to reach them, and their story."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
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
from app.desk import identity, payments, people
from app.lists import people as roster
from app.lists import person
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.pages import paper, person_acts
from ui.pages.student_quotes import QuotesPart
from ui.theme import CATEGORY, theme
from ui.widgets.basic import Avatar, Badge, Button, Card, Icon, Text, clear_layout, rule
from ui.widgets.line import Line
from ui.widgets.typed import TypedLine

_TABS = ("overview", "timeline", "enrollments", "payments", "messages", "notes")


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

    def __init__(self, context: Context) -> None:
        super().__init__(margins=(1, 1, 1, 6))
        self.context = context
        self.student_id: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
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
        inner = QWidget()
        inner.setObjectName("scrolled")
        self.body = QVBoxLayout(inner)
        self.body.setContentsMargins(16, 10, 16, 12)
        self.body.setSpacing(6)
        self.scroller.setWidget(inner)
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
        for key, said, _with_name, icon in person_acts.ACTS:
            entry = self.menu.addAction(theme().icon(icon, "text2"), _(said))
            entry.setObjectName(f"act_{key}")
            entry.triggered.connect(partial(self._act, key))
        self.more.clicked.connect(self._open_menu)
        top.addWidget(self.more, alignment=Qt.AlignmentFlag.AlignTop)
        column.addLayout(top)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.pay = Button(_("Take payment"), "banknote", keys=("F4",))
        self.pay.clicked.connect(self._pay)
        self.enroll = Button(_("Enroll"), "plus", keys=("F2",), kind="quiet")
        self.enroll.clicked.connect(self._enroll)
        self.edit = Button(_("Edit"), "pencil", kind="quiet")
        self.edit.clicked.connect(self.edit_requested)
        for button in (self.pay, self.enroll, self.edit):
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
            self.reload()

    def reload(self) -> None:
        """Read the shown tab again."""
        clear_layout(self.body)
        if self.student_id is not None:
            self.student_id = identity.root(self.student_id)  # merged into another record while it is shown
        found = roster.overview(self.student_id) if self.student_id is not None else None
        shown = (self.pay, self.enroll, self.edit, self.more, self.tabs, self.below_tabs, self.avatar, self.badge)
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
        getattr(self, f"_show_{_TABS[self.tabs.currentIndex()]}")(found)
        self.body.addStretch(1)

    # -- tabs

    def _heading(self, words_: str, facts: str = "") -> None:
        self.body.addSpacing(4)
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(Text(words_, "label", "text2"))
        line.addWidget(Text(facts, "small", "text2"))
        line.addStretch(1)
        self.body.addLayout(line)

    def _entry(self, left: str, right: QWidget, second: str, *, role: str = "body") -> None:
        """Words, what belongs at the end of the line, and below when and by whom."""
        if self.body.count():
            self.body.addWidget(rule())
        line = QHBoxLayout()
        line.addWidget(Text(left, role, "text", wrap=True), 1)
        line.addWidget(right, alignment=Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(line)
        if second:
            self.body.addWidget(Text(second, "small", "text3", wrap=True))

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
                self.body.addLayout(line)
        if not (found.row.phone or found.row.email or found.emergency):
            self.body.addWidget(Text(_("No phone, no mail address."), "body", "text2"))
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
        names.addWidget(Line(" · ".join(filter(None, (when, found.next_room))), "small", "text2"))
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(leaf)
        row.addLayout(names, 1)
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
            self.body.addLayout(line)
            below = QVBoxLayout()
            below.setContentsMargins(theme().px(17) + 8, 0, 0, 4)
            below.setSpacing(4)
            if row.planned_minutes:
                below.addWidget(ProgressBar(row.progress_bp))
            below.addWidget(Text(self._progress(row), "small", "text3"))
            self.body.addLayout(below)

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

    def _show_timeline(self, found: roster.Overview) -> None:
        for entry in person.timeline(found.row.id):
            when = words.when(entry.at, self.context.center)
            self._entry(entry.words, QWidget(), " · ".join(filter(None, (when, entry.actor))))

    def _show_payments(self, found: roster.Overview) -> None:
        rows = person.documents(found.row.id)
        if not rows:
            self._nothing(_("No payments or invoices yet."))
        else:
            self._paper_button("open_statement", _("Statement of account"), paper.show_statement, found.row.id)
        for one in rows:
            paid = one.kind == "payment"
            detail = words.state(one.words) if paid else words.state(one.kind)
            parts = [words.day(one.on, self.context.center), detail]
            if paid and one.status != "completed":
                parts.append(words.state(one.status))
            amount = Text(text.show_money(one.amount_minor), "name", "text" if one.amount_minor >= 0 else "danger")
            self._entry(one.number, amount, " · ".join(parts), role="name")
            if not paid:
                said = _("Open {number}").format(number=one.number)
                self._paper_button("open_document", said, partial(paper.show_invoice, copy=True), one.id)
            elif one.status == "completed":
                said = _("Receipt of {number}").format(number=one.number)
                self._paper_button("open_receipt", said, partial(paper.show_receipt, copy=True), one.id)

    def _paper_button(self, name: str, said: str, show: Callable[..., object], row_id: int) -> None:
        button = Button(said, "file-text", kind="quiet", size="small")
        button.setObjectName(name)
        button.clicked.connect(partial(show, self, self.context, row_id))
        self.body.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)

    def _show_messages(self, found: roster.Overview) -> None:
        rows = person.messages(found.row.id)
        if not rows:
            self._nothing(_("No messages yet."))
        for at, subject, state in rows:
            self._entry(subject, Badge(state, words.state(state)), words.when(at, self.context.center))

    def _show_notes(self, found: roster.Overview) -> None:
        self.note = TypedLine()
        self.note.setObjectName("new_note")
        self.note.setAccessibleName(_("New note"))
        self.note.setPlaceholderText(_("Write a note, Enter keeps it"))
        self.note.returnPressed.connect(self._add_note)
        self.body.addWidget(self.note)
        for at, body, pinned in roster.notes(found.row.id):
            said = Text(_("pinned") if pinned else "", "small", "text3")
            self._entry(body, said, words.when(at, self.context.center))

    def _add_note(self) -> None:
        if self.note.text().strip():
            self.context.run(people.add_note, self.student_id, self.note.text(), True, busy=self.note)


def _language(code: str, locale: str) -> str:
    """A language by its name in the center's own; '' where it is not known."""
    try:
        return str(Locale.parse(code.replace("-", "_")).get_language_name(locale.replace("-", "_")) or "")
    except (ValueError, UnknownLocaleError):
        return ""
