"""The inbox (picture 06): a to-do list, not a log. What is done leaves it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import clock, text
from app.desk import notifications
from app.lists import inbox
from app.text import N_, _, ngettext
from ui import words
from ui.context import Context
from ui.pages.seat_offer import SeatOffer
from ui.theme import theme
from ui.widgets.basic import Button, Card, EmptyState, PageHead, Text, clear_layout, rule
from ui.widgets.facts import FactTable
from ui.widgets.paint import draw_icon, draw_line, lead, width_of

_FILTERS = (
    ("open", N_("All open"), "inbox"), ("mine", N_("Mine"), "user-check"), ("unread", N_("Unread"), "circle-dot"),
    ("decisions", N_("Decisions"), "hourglass"), ("money", N_("Money"), "banknote"), ("mail", N_("Mail"), "mail"),
    ("system", N_("Center"), "hard-drive"), ("done", N_("Done"), "circle-check"),
)  # fmt: skip
_GROUPS = {
    "decision": N_("Needs a decision"),
    "money": N_("Money"),
    "center": N_("Center"),
    "mail": N_("Mail and system"),
}
_LOOK = {
    "payment": ("banknote", "info", "infobg"), "calendar": ("hourglass", "held", "heldbg"),
    "message": ("mail", "danger", "dangerbg"), "new_account": ("user-plus", "ok", "okbg"),
    "system": ("hard-drive", "ok", "okbg"), "delete": ("trash-2", "warn", "warnbg"),
}  # fmt: skip


#: What lies behind an item, as its main button says it; everything else is about a student.
_OPENS = {"mail_queue": N_("See the mail"), "slots": N_("Open the slot"), "sessions": N_("Open the session")}
SNOOZE = timedelta(hours=2)


class FilterButton(QAbstractButton):
    """A filter at the left, with its count."""

    def __init__(self, key: str, label: str, icon: str) -> None:
        super().__init__()
        self.key, self._icon, self.count = key, icon, 0
        self.setText(label)
        self.setCheckable(True)
        self.setObjectName(f"inbox_{key}")
        self.setAccessibleName(label)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_count(self, count: int) -> None:
        """How many it would show."""
        self.count = count
        self.setAccessibleDescription(str(count))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(max(152, theme().px(146)), theme().px(34))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on, everything = self.isChecked(), QRectF(self.rect())
        if on or self.underMouse() or self.hasFocus():
            here = self.hasFocus()
            painter.setPen(QPen(theme().color("brassedge" if here else "line"), 2 if here else 1))
            painter.setBrush(theme().color("surface" if on else "surface2"))
            painter.drawRoundedRect(everything.adjusted(1, 1, -1, -1), 7, 7)
        if on:
            stripe = QRectF(lead(painter, everything, 0, 3), 5, 3, self.height() - 10)
            painter.fillRect(stripe, theme().color("brassedge"))
        size, high = theme().px(16), self.height()
        draw_icon(painter, everything, 11, self._icon, "text" if on else "text2", size)
        number = theme().font("label")
        said, start = f"{self.count:,}", 11 + size + 9
        wide = width_of(said, number)
        room = self.width() - start - wide - 16
        words_ = QRectF(lead(painter, everything, start, room), 0, room, high)
        draw_line(
            painter,
            words_,
            self.text(),
            theme().font("name" if on else "body"),
            theme().color("text" if on else "text2"),
        )
        end = QRectF(lead(painter, everything, self.width() - wide - 10, wide), 0, wide, high)
        draw_line(painter, end, said, number, theme().color("text2" if self.count else "text3"), end=True)


class ItemRow(QAbstractButton):
    """One notification in the list, with a line of facts; takes focus and keys by itself."""

    def __init__(self, item: inbox.InboxItem, said: str, facts: str, at: str) -> None:
        super().__init__()
        self.item, self.facts, self._at = item, facts, at
        self.setText(said)
        self.setCheckable(True)
        self.setObjectName("inbox_item")
        self.setAccessibleName(("" if item.read else _("unread") + ": ") + said)
        self.setAccessibleDescription(" · ".join(filter(None, (facts, at, item.assigned_name))))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        return QSize(300, theme().px(54))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, on = QRectF(self.rect()), self.isChecked()
        painter.fillRect(box, theme().color("brasstint" if on else "surface2" if self.underMouse() else "surface"))
        painter.fillRect(QRectF(0, box.bottom() - 1, box.width(), 1), theme().color("line"))
        if on:
            painter.fillRect(QRectF(lead(painter, box, 0, 3), 0, 3, box.height()), theme().color("brassedge"))
        if self.hasFocus():
            painter.setPen(QPen(theme().color("brassedge"), 2))
            painter.drawRoundedRect(box.adjusted(2, 2, -2, -3), 4, 4)
        middle = box.center().y()
        painter.setPen(Qt.PenStyle.NoPen)
        if not self.item.read and not self.item.done_at:
            painter.setBrush(theme().color("brassedge"))
            painter.drawEllipse(QRectF(lead(painter, box, 6, 8), middle - 4, 8, 8))
        draw_tile(painter, QRectF(lead(painter, box, 20, 32), middle - 16, 32, 32), self.item)
        small, font = theme().font("small"), theme().font("body" if self.item.read else "name")
        at = width_of(self._at, small)
        start = 62
        line = theme().px(19)
        upper = QRectF(0, middle - line, box.width(), line) if self.facts or self.item.assigned_name else box
        lower = QRectF(0, middle, box.width(), line)
        self._line(painter, upper, start, box.width() - start - at - 26, self.text(), font, "text")
        end = QRectF(lead(painter, upper, box.width() - at - 14, at), upper.top(), at, upper.height())
        draw_line(painter, end, self._at, small, theme().color("text3"), end=True)
        who = self.item.assigned_name
        wide = width_of(who, small) if who else 0
        self._line(painter, lower, start, box.width() - start - wide - 26, self.facts, small, "text2")
        if who:
            end = QRectF(lead(painter, lower, box.width() - wide - 14, wide), lower.top(), wide, line)
            draw_line(painter, end, who, small, theme().color("text2"), end=True)

    @staticmethod
    def _line(painter: QPainter, box: QRectF, x: float, room: float, said: str, font: QFont, token: str) -> None:
        words_ = QFontMetrics(font).elidedText(said, Qt.TextElideMode.ElideRight, int(room))
        place = QRectF(lead(painter, box, x, room), box.top(), room, box.height())
        draw_line(painter, place, words_, font, theme().color(token))


def draw_tile(painter: QPainter, place: QRectF, item: inbox.InboxItem) -> None:
    """The sign of an item's type on a ground of its color."""
    icon, ink, ground = _LOOK.get(item.type, _LOOK["system"])
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().color(ground))
    painter.drawRoundedRect(place, 7, 7)
    size = round(place.height() / 2)
    draw_icon(painter, place, (place.width() - size) / 2, icon, ink, size)


class _Tile(QWidget):
    """The same sign, larger, beside the title."""

    def __init__(self) -> None:
        super().__init__()
        self.item: inbox.InboxItem | None = None
        self.setFixedSize(theme().px(36), theme().px(36))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.item is not None:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            draw_tile(painter, QRectF(self.rect()), self.item)


class InboxPage(QWidget):
    """Filters, the list in groups, the item with all that is needed to decide."""

    open_requested = Signal(str, int)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.key_hints = [
            (("J", "K"), _("move")),
            (("D",), _("done")),
            (("O",), _("offer seat")),
            (("U",), _("unread")),
        ]
        self.help_keys = [
            ("J / K", _("next, previous")), ("Enter", _("open the record behind")), ("D", _("done, or not done")),
            ("O", _("offer the free seat to the first in line")), ("S", _("assign to me")),
            ("Z", _("snooze for two hours")), ("U", _("unread")), ("Shift+R", _("all read")),
        ]  # fmt: skip
        self.rows: list[ItemRow] = []
        self.selected: inbox.InboxItem | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 0, 16, 12)
        column.setSpacing(0)
        self.all_read = Button(_("Mark all read"), "check-check", keys=("Shift", "R"), kind="quiet")
        self.all_read.clicked.connect(self.mark_all_read)
        self.head = PageHead(_("Inbox"), [self.all_read])
        column.addWidget(self.head)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addLayout(self._filters())
        row.addWidget(self._list(), 50)
        row.addWidget(self._detail(), 57)
        column.addLayout(row, 1)
        context.actor_changed.connect(self.reload)

    def _filters(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(2)
        self.filters: dict[str, FilterButton] = {}
        group = QButtonGroup(self)
        for key, label, icon in _FILTERS:
            button = FilterButton(key, _(label), icon)
            button.clicked.connect(self.reload)
            group.addButton(button)
            self.filters[key] = button
            column.addWidget(button)
        self.filters["open"].setChecked(True)
        column.addStretch(1)
        return column

    def _list(self) -> QWidget:
        card = Card(margins=(1, 1, 1, 1))
        outer = card.layout()
        assert isinstance(outer, QVBoxLayout)
        inner = QWidget()
        inner.setObjectName("scrolled")
        self.items = QVBoxLayout(inner)
        self.items.setContentsMargins(0, 0, 0, 0)
        self.items.setSpacing(0)
        self.scroller = QScrollArea()
        self.scroller.setWidgetResizable(True)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroller.setWidget(inner)
        outer.addWidget(self.scroller)
        return card

    def _detail(self) -> QWidget:
        card = Card(margins=(16, 16, 16, 14))
        column = card.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(12)
        top = QHBoxLayout()
        top.setSpacing(12)
        self.tile = _Tile()
        top.addWidget(self.tile, alignment=Qt.AlignmentFlag.AlignTop)
        names = QVBoxLayout()
        names.setSpacing(2)
        self.title = Text("", "panel", wrap=True)
        self.title.setObjectName("inbox_title")
        self.facts = Text("", "small", "text2", wrap=True)
        names.addWidget(self.title)
        names.addWidget(self.facts)
        top.addLayout(names, 1)
        column.addLayout(top)
        self.table = FactTable()
        column.addWidget(self.table)
        self.seat_offer = SeatOffer(self.context)
        self.seat_offer.hide()
        column.addWidget(self.seat_offer)
        self.open = Button(_("Open"), "corner-down-left", kind="primary", keys=("Enter",))
        self.open.clicked.connect(self.open_record)
        column.addWidget(self.open, alignment=Qt.AlignmentFlag.AlignLeading)
        column.addStretch(1)
        column.addWidget(rule())
        foot = QHBoxLayout()
        self.assign = Button(_("Assign to me"), "user-check", keys=("S",), kind="quiet")
        self.assign.clicked.connect(self.assign_to_me)
        self.snooze = Button(_("Snooze 2 h"), "clock", keys=("Z",), kind="quiet")
        self.snooze.clicked.connect(self.snooze_item)
        self.done = Button(_("Done"), "check", keys=("D",))
        self.done.clicked.connect(self.mark_done)
        for button in (self.assign, self.snooze):
            foot.addWidget(button)
        foot.addStretch(1)
        foot.addWidget(self.done)
        column.addLayout(foot)
        return card

    # -- what is shown

    def page_shown(self) -> None:
        """Read the list again; keys go to it."""
        self.reload()
        chosen = next((row for row in self.rows if row.isChecked()), None)
        (chosen or self.filters[self.chosen()]).setFocus()

    def on_changes(self, changes: Any) -> None:
        """After a commit that touched the inbox."""
        if changes.tables & {"notifications", "notification_recipients", "slot_enrolled"} and self.isVisible():
            self.reload()

    def chosen(self) -> str:
        """The chosen filter."""
        return next(key for key, button in self.filters.items() if button.isChecked())

    def reload(self) -> None:
        """Read counts and items again, keeping what is selected."""
        keep = self.selected.id if self.selected is not None else None
        had_focus = any(row.hasFocus() for row in self.rows)
        reader = self.context.actor.user_id
        counts = inbox.counts(reader)
        for key, button in self.filters.items():
            button.set_count(counts[key])
        found = inbox.items(reader, self.chosen())
        self.head.facts.setText(self._head_facts(counts, inbox.oldest(reader)))
        clear_layout(self.items)
        self.rows = []
        group = ""
        for item in found[:200]:
            if item.group != group and self.chosen() != "done":
                group = item.group
                self.items.addWidget(self._heading(group, sum(one.group == group for one in found)))
            said = text.sentence(item.key, item.params)
            row = ItemRow(item, said, self._second(item, said), self._at(item.created_at))
            row.clicked.connect(self._clicked)
            self.items.addWidget(row)
            self.rows.append(row)
        if found:
            self.items.addStretch(1)
        else:
            nothing = EmptyState("circle-check", _("Nothing waits here"), _("What is done is under Done."))
            self.items.addWidget(nothing, 1)
        here = next((row for row in self.rows if row.item.id == keep), self.rows[0] if self.rows else None)
        self._select(here, focus=had_focus)

    def _second(self, item: inbox.InboxItem, said: str) -> str:
        """What the first line does not say."""
        if item.key == "seats.freed":
            waiting = int(item.params.get("waiting", 0))
            wait = ngettext("{n} person waits", "{n} people wait", waiting).format(n=waiting)
            first = str(item.params.get("first", ""))
            return " · ".join(filter(None, (wait, _("{name} is first").format(name=first) if first else "")))
        return " · ".join([value for _label, value in self._facts(item) if value not in said][:3])

    @staticmethod
    def _heading(group: str, count: int) -> QWidget:
        band = QFrame()
        band.setProperty("band", True)
        line = QHBoxLayout(band)
        line.setContentsMargins(14, 6, 14, 6)
        line.setSpacing(8)
        line.addWidget(Text(_(_GROUPS[group]), "label", "text2"))
        line.addWidget(Text(str(count), "label", "text"))
        line.addStretch(1)
        if group == "decision":
            line.addWidget(Text(_("someone waits for us"), "small", "text2"))
        return band

    def _at(self, stamp: str) -> str:
        """The time alone for what came today."""
        said, here = words.when(stamp, self.context.center), words.clock_time(stamp, self.context.center)
        return here if said == _("today {time}").format(time=here) else said

    def _head_facts(self, counts: dict[str, int], oldest: str | None) -> str:
        said = _("{open} open · {unread} unread").format(open=counts["open"], unread=counts["unread"])
        if oldest is None:
            return said
        minutes = max(int((clock.now() - clock.parse_stamp(oldest)).total_seconds() // 60), 0)
        days, hours = minutes // 1440, minutes // 60
        if days:
            age = ngettext("{n} day", "{n} days", days).format(n=days)
        else:
            age = _("{h} h {m} min").format(h=hours, m=minutes % 60) if hours else _("{m} min").format(m=minutes)
        return f"{said} · " + _("oldest {age}").format(age=age)

    def _clicked(self) -> None:
        row = self.sender()
        assert isinstance(row, ItemRow)
        self._select(row)
        if not row.item.read:
            self.context.run(notifications.mark_read, [row.item.id])

    def select(self, notification_id: int) -> None:
        """Select an item by its id."""
        self._select(next((row for row in self.rows if row.item.id == notification_id), None))

    def _select(self, row: ItemRow | None, *, focus: bool = False) -> None:
        for other in self.rows:
            other.setChecked(other is row)
        self.selected = row.item if row is not None else None
        for button in (self.open, self.assign, self.snooze, self.done):
            button.setVisible(row is not None)
        offers = row is not None and row.item.key == "seats.freed" and row.item.link_id is not None
        self.seat_offer.setVisible(offers)
        self.open.kind = "default" if offers else "primary"  # offering the seat is the one thing to do then
        self.open.setVisible(row is not None and row.item.link_table is not None)
        self.table.show_facts(())
        self.tile.setVisible(row is not None)
        if row is None:
            self.title.setText(_("Nothing is selected."))
            self.facts.setText("")
            return
        self.open.set_label(_(_OPENS.get(row.item.link_table or "", N_("Open the student"))))
        later = words.clock_time(clock.stamp(clock.now() + SNOOZE), self.context.center)
        self.snooze.set_label(_("Snooze to {time}").format(time=later))
        if offers:
            self.seat_offer.show_slot(int(row.item.link_id or 0))
        item = row.item
        if focus:
            row.setFocus()
        self.scroller.ensureWidgetVisible(row)
        self.tile.item = item
        self.tile.update()
        self.title.setText(row.text())
        at = words.when(item.created_at, self.context.center)
        done = _("done by {name}").format(name=item.done_by) if item.done_at else ""
        whose = _("with {name}").format(name=item.assigned_name) if item.assigned_name else ""
        self.facts.setText(" · ".join(part for part in (at, whose, done) if part))
        self.done.set_label(_("Not done") if item.done_at else _("Done"))
        self.table.show_facts(self._facts(item))

    def _facts(self, item: inbox.InboxItem) -> list[tuple[str, str]]:
        found = []
        labels = {
            "student": _("Student"), "name": _("Name"), "course": _("Course"), "number": _("Number"),
            "amount": _("Amount"), "credit": _("Credit"), "method": _("Method"), "title": _("Slot"), "at": _("When"),
            "waiting": _("Waiting"), "first": _("First in line"), "reply": _("The server said"), "reason": _("Reason"),
            "product": _("Product"), "count": _("Slots"), "label": _("Invoice"),
        }  # fmt: skip
        for key, value in () if item.key == "seats.freed" else item.params.items():
            if key not in labels or value in ("", None, 0):
                continue
            if key in ("amount", "credit"):
                said = text.show_money(int(value))
            elif key == "at":
                said = words.when(str(value), self.context.center)
            else:
                said = words.state(str(value)) if key == "method" else str(value)
            found.append((labels[key], said))
        return found

    # -- what is done

    def open_record(self) -> None:
        """Enter: the record behind."""
        item = self.selected
        if item is not None and item.link_table is not None and item.link_id is not None:
            if not item.read:
                self.context.run(notifications.mark_read, [item.id])
            self.open_requested.emit(item.link_table, item.link_id)

    def mark_done(self) -> None:
        """D: done, or not done any more."""
        if self.selected is not None:
            self.context.run(_done, self.selected.id, not self.selected.done_at, busy=self.done)

    def assign_to_me(self) -> None:
        """S: this is mine."""
        if self.selected is not None:
            self.context.run(notifications.assign, self.selected.id, self.context.actor.user_id, busy=self.assign)

    def snooze_item(self) -> None:
        """Z: in two hours."""
        if self.selected is not None:
            until = clock.stamp(clock.now() + SNOOZE)
            self.context.run(notifications.snooze, self.selected.id, until, busy=self.snooze)

    def offer_seat(self) -> None:
        """O: the free seat goes to the first in line."""
        if self.seat_offer.isVisible():
            self.seat_offer.offer_first()

    def mark_all_read(self) -> None:
        """Shift+R."""
        unread = [row.item.id for row in self.rows if not row.item.read]
        if unread:
            self.context.run(notifications.mark_read, unread, busy=self.all_read)

    def mark_unread(self) -> None:
        """U."""
        if self.selected is not None:
            self.context.run(_unread, self.selected.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shift = event.key(), event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        at = next((n for n, row in enumerate(self.rows) if row.isChecked()), 0)
        if key in (Qt.Key.Key_J, Qt.Key.Key_Down) and self.rows:
            self._select(self.rows[min(at + 1, len(self.rows) - 1)], focus=True)
        elif key in (Qt.Key.Key_K, Qt.Key.Key_Up) and self.rows:
            self._select(self.rows[max(at - 1, 0)], focus=True)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_record()
        elif key == Qt.Key.Key_R and shift:
            self.mark_all_read()
        elif key in (Qt.Key.Key_D, Qt.Key.Key_S, Qt.Key.Key_Z, Qt.Key.Key_U, Qt.Key.Key_O):
            {
                Qt.Key.Key_D: self.mark_done, Qt.Key.Key_S: self.assign_to_me, Qt.Key.Key_Z: self.snooze_item,
                Qt.Key.Key_U: self.mark_unread, Qt.Key.Key_O: self.offer_seat,
            }[Qt.Key(key)]()  # fmt: skip
        else:
            super().keyPressEvent(event)


def _done(actor: Any, notification_id: int, done: bool) -> None:
    notifications.mark_done(actor, notification_id, done=done)


def _unread(actor: Any, notification_id: int) -> None:
    notifications.mark_read(actor, [notification_id], read=False)
