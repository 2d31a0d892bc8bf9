"""One student: what they owe, what comes next, how far they are, how to reach them, and their story."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from app import text
from app.desk import payments, people
from app.lists import people as roster
from app.text import _
from ui import words
from ui.context import Context
from ui.pages import paper
from ui.theme import CATEGORY, theme
from ui.widgets.basic import Avatar, Badge, Button, Card, Icon, Text, clear_layout, rule

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
        super().__init__(margins=(0, 0, 0, 0))
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
        for label in (_("Overview"), _("Timeline"), _("Enrollments"), _("Payments"), _("Messages"), _("Notes")):
            self.tabs.addTab(label)
        self.tabs.currentChanged.connect(self.reload)
        column.addWidget(self.tabs)
        column.addWidget(rule())
        self.scroll = QScrollArea()
        self.scroll.setWidgetResizable(True)
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget()
        inner.setObjectName("scrolled")
        self.body = QVBoxLayout(inner)
        self.body.setContentsMargins(16, 10, 16, 12)
        self.body.setSpacing(6)
        self.scroll.setWidget(inner)
        column.addWidget(self.scroll, 1)

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
        self.name = Text("", "panel")
        self.name.setObjectName("panel_name")
        self.badge = Badge("active", "")
        line.addWidget(self.name)
        line.addWidget(self.badge)
        line.addStretch(1)
        names.addLayout(line)
        self.facts = Text("", "small", "text2")
        names.addWidget(self.facts)
        top.addLayout(names, 1)
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

    def next_tab(self) -> None:
        """Ctrl+Tab."""
        self.tabs.setCurrentIndex((self.tabs.currentIndex() + 1) % self.tabs.count())

    def show_student(self, student_id: int | None) -> None:
        """Show someone, or nobody."""
        if student_id != self.student_id:
            self.student_id = student_id
            self.reload()

    def reload(self) -> None:
        """Read the shown tab again."""
        clear_layout(self.body)
        found = roster.overview(self.student_id) if self.student_id is not None else None
        for widget in (self.pay, self.enroll, self.edit, self.tabs, self.avatar, self.badge):
            widget.setVisible(found is not None)
        if found is None:
            self.name.setText("")
            self.facts.setText(_("Nobody is selected."))
            return
        row = found.row
        self.avatar.set(row.name, row.id)
        self.name.setText(row.name)
        self.name.setToolTip(row.name)
        self.badge.set(row.status, words.state(row.status))
        years = roster.age(found.date_of_birth, self.context.center.zone)
        parts = [row.number, _("{n} years").format(n=years) if years is not None else "", found.payer]
        self.facts.setText(" · ".join(part for part in parts if part))
        getattr(self, f"_show_{_TABS[self.tabs.currentIndex()]}")(found)
        self.body.addStretch(1)

    # -- tabs

    def _heading(self, words_: str) -> None:
        self.body.addSpacing(4)
        self.body.addWidget(Text(words_, "label", "text2"))

    def _pair(self, left: str, right: str, *, role: str = "body", color: str = "text", second: str = "") -> None:
        line = QHBoxLayout()
        text_ = Text(left, role, "text", wrap=True)
        line.addWidget(text_, 1)
        line.addWidget(Text(right, "small", color))
        self.body.addLayout(line)
        if second:
            self.body.addWidget(Text(second, "small", "text3", wrap=True))

    def _show_overview(self, found: roster.Overview) -> None:
        self.body.addWidget(self._money(found))
        self._heading(_("Next"))
        if found.row.next_slot_at:
            when = words.when(found.row.next_slot_at, self.context.center)
            self._pair(found.next_title, "", role="name", second=" · ".join(filter(None, (when, found.next_room))))
        else:
            self.body.addWidget(Text(_("No slot booked."), "body", "text3"))
        self._heading(_("Enrollments"))
        self._enrolled(limit=3)
        self._heading(_("Contact"))
        for icon, value in (
            ("phone", found.row.phone),
            ("at-sign", found.row.email),
            ("shield-check", found.emergency),
        ):
            if value:
                line = QHBoxLayout()
                line.addWidget(Icon(icon, "text3", 15))
                line.addWidget(Text(value))
                line.addStretch(1)
                self.body.addLayout(line)
        if found.note:
            note = QFrame()
            note.setProperty("note", True)
            inner = QHBoxLayout(note)
            inner.setContentsMargins(10, 7, 8, 7)
            inner.addWidget(Icon("sticky-note", "brasstext", 16), alignment=Qt.AlignmentFlag.AlignTop)
            inner.addWidget(Text(found.note, "label", "text2", wrap=True), 1)
            self.body.addWidget(note)

    def _money(self, found: roster.Overview) -> QWidget:
        box = QFrame()
        box.setProperty("tinted", True)
        line = QHBoxLayout(box)
        line.setContentsMargins(12, 9, 12, 9)
        said, color = words.balance(found.row.balance_minor)
        line.addWidget(Text(said if found.row.balance_minor else _("Nothing owed"), "panel", color))
        line.addStretch(1)
        why = QVBoxLayout()
        why.setSpacing(0)
        today = words.day
        for due in payments.owed(found.row.id)[:2]:
            label = due.invoice_label or due.title
            text_ = _("{amount} due {day} · {what}").format(
                amount=text.show_money(due.open_minor), day=today(due.due_on, self.context.center), what=label
            )
            why.addWidget(Text(text_, "small", "text2"), alignment=Qt.AlignmentFlag.AlignRight)
        line.addLayout(why)
        return box

    def _enrolled(self, limit: int) -> None:
        assert self.student_id is not None
        rows = roster.enrollments(self.student_id)
        if not rows:
            self.body.addWidget(Text(_("Not enrolled yet."), "body", "text3"))
        for row in rows[:limit]:
            line = QHBoxLayout()
            line.addWidget(Icon(row.icon, CATEGORY.get(row.category, "cdrive"), 17))
            line.addWidget(Text(row.title, "name"), 1)
            line.addWidget(Text(f"{row.done_minutes // 60} / {row.planned_minutes // 60} h", "small", "text2"))
            self.body.addLayout(line)
            self.body.addWidget(ProgressBar(row.progress_bp))
            facts = _("attended {a} · absent {b} · {c} to come · {state}").format(
                a=row.attended, b=row.absent, c=row.coming, state=words.state(row.status)
            )
            self.body.addWidget(Text(facts, "small", "text3"))

    def _show_enrollments(self, found: roster.Overview) -> None:
        self._enrolled(limit=100)

    def _show_timeline(self, found: roster.Overview) -> None:
        for entry in roster.timeline(found.row.id):
            when = words.when(entry.at, self.context.center)
            self._pair(entry.words, when, color="text3", second=entry.actor)

    def _show_payments(self, found: roster.Overview) -> None:
        for one in roster.documents(found.row.id):
            amount = text.show_money(one.amount_minor)
            detail = words.state(one.words) if one.kind == "payment" else words.state(one.kind)
            said = f"{words.day(one.on, self.context.center)} · {detail} · {words.state(one.status)}"
            self._pair(one.number, amount, role="name", color="text", second=said)
            if one.kind != "payment":
                button = Button(_("Open {number}").format(number=one.number), "file-text", kind="quiet", size="small")
                button.setObjectName("open_document")
                button.clicked.connect(partial(paper.show_invoice, self, self.context, one.id, copy=True))
                self.body.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)

    def _show_messages(self, found: roster.Overview) -> None:
        for at, subject, state in roster.messages(found.row.id):
            self._pair(subject, words.state(state), second=words.when(at, self.context.center))

    def _show_notes(self, found: roster.Overview) -> None:
        self.note = QLineEdit()
        self.note.setObjectName("new_note")
        self.note.setAccessibleName(_("New note"))
        self.note.setPlaceholderText(_("Write a note, Enter keeps it"))
        self.note.returnPressed.connect(self._add_note)
        self.body.addWidget(self.note)
        for at, body, pinned in roster.notes(found.row.id):
            self._pair(body, _("pinned") if pinned else "", second=words.when(at, self.context.center))

    def _add_note(self) -> None:
        if self.note.text().strip():
            self.context.run(people.add_note, self.student_id, self.note.text(), True, busy=self.note)
