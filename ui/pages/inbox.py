"""The inbox (picture 06): a to-do list, not a log. What is done leaves it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import clock, text
from app.desk import notifications
from app.lists import inbox
from app.text import N_, _
from ui import words
from ui.context import Context
from ui.pages.seat_offer import SeatOffer
from ui.theme import theme
from ui.widgets.basic import Button, Card, EmptyState, Icon, PageHead, Text, clear_layout, rule

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
        return QSize(152, theme().px(34))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isChecked()
        if on or self.underMouse() or self.hasFocus():
            painter.setPen(QPen(theme().color("brassedge" if self.hasFocus() else "line"), 1))
            painter.setBrush(theme().color("surface" if on else "surface2"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        if on:
            painter.fillRect(QRectF(0, 6, 3, self.height() - 12), theme().color("brassedge"))
        painter.drawPixmap(QPointF(11, self.height() / 2 - 8), theme().pixmap(self._icon, "text2", 16))
        painter.setFont(theme().font("label" if on else "body"))
        painter.setPen(theme().color("text" if on else "text2"))
        painter.drawText(QRectF(36, 0, 90, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.setFont(theme().font("label"))
        box = QRectF(0, 0, self.width() - 10, self.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, str(self.count))


class ItemRow(QAbstractButton):
    """One notification in the list; takes focus and keys by itself."""

    def __init__(self, item: inbox.InboxItem, said: str, at: str) -> None:
        super().__init__()
        self.item, self._at = item, at
        self.setText(said)
        self.setCheckable(True)
        self.setObjectName("inbox_item")
        self.setAccessibleName(("" if item.read else _("unread") + ": ") + said)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        return QSize(300, theme().px(54))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        on = self.isChecked()
        painter.fillRect(box, theme().color("brasstint" if on else "surface2" if self.underMouse() else "surface"))
        painter.fillRect(QRectF(0, box.bottom() - 1, box.width(), 1), theme().color("line"))
        if on:
            painter.fillRect(QRectF(0, 0, 3, box.height()), theme().color("brassedge"))
        if self.hasFocus():
            painter.setPen(QPen(theme().color("brassedge"), 2))
            painter.drawRoundedRect(box.adjusted(2, 2, -2, -3), 4, 4)
        middle = box.center().y()
        painter.setPen(Qt.PenStyle.NoPen)
        if not self.item.read and not self.item.done_at:
            painter.setBrush(theme().color("brassedge"))
            painter.drawEllipse(QPointF(11, middle), 4, 4)
        icon, ink, ground = _LOOK.get(self.item.type, _LOOK["system"])
        painter.setBrush(theme().color(ground))
        painter.drawRoundedRect(QRectF(20, middle - 16, 32, 32), 7, 7)
        painter.drawPixmap(QPointF(28, middle - 8), theme().pixmap(icon, ink, 16))
        small = theme().font("small")
        wide = QFontMetrics(small).horizontalAdvance(self._at)
        font = theme().font("body" if self.item.read else "strong")
        painter.setFont(font)
        painter.setPen(theme().color("text"))
        room = box.width() - 62 - wide - 22
        said = QFontMetrics(font).elidedText(self.text(), Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(QRectF(62, 0, room, box.height()), Qt.AlignmentFlag.AlignVCenter, said)
        painter.setFont(small)
        painter.setPen(theme().color("text3"))
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(box.adjusted(0, 0, -12, -16 if self.item.assigned_name else 0), right, self._at)
        if self.item.assigned_name:
            painter.drawText(box.adjusted(0, 22, -12, 0), right, self.item.assigned_name)


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
        row.addWidget(self._list(), 5)
        row.addWidget(self._detail(), 6)
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
        self.scroll = QScrollArea()
        self.scroll.setWidgetResizable(True)
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll.setWidget(inner)
        outer.addWidget(self.scroll)
        return card

    def _detail(self) -> QWidget:
        card = Card(margins=(16, 16, 16, 14))
        column = card.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(12)
        top = QHBoxLayout()
        self.icon = Icon("inbox", "text2", 22)
        top.addWidget(self.icon)
        names = QVBoxLayout()
        names.setSpacing(2)
        self.title = Text("", "panel", wrap=True)
        self.title.setObjectName("inbox_title")
        self.facts = Text("", "label", "text2", wrap=True)
        names.addWidget(self.title)
        names.addWidget(self.facts)
        top.addLayout(names, 1)
        column.addLayout(top)
        self.grid = QGridLayout()
        self.grid.setVerticalSpacing(8)
        self.grid.setColumnStretch(1, 1)
        column.addLayout(self.grid)
        self.seat_offer = SeatOffer(self.context)
        self.seat_offer.hide()
        column.addWidget(self.seat_offer)
        column.addStretch(1)
        column.addWidget(rule())
        foot = QHBoxLayout()
        self.open = Button(_("Open"), "corner-down-left", kind="primary", keys=("Enter",))
        self.open.clicked.connect(self.open_record)
        self.assign = Button(_("Assign to me"), "user-check", keys=("S",), kind="quiet")
        self.assign.clicked.connect(self.assign_to_me)
        self.snooze = Button(_("Snooze 2 h"), "clock", keys=("Z",), kind="quiet")
        self.snooze.clicked.connect(self.snooze_item)
        self.done = Button(_("Done"), "check", keys=("D",))
        self.done.clicked.connect(self.mark_done)
        for button in (self.open, self.assign, self.snooze):
            foot.addWidget(button)
        foot.addStretch(1)
        foot.addWidget(self.done)
        column.addLayout(foot)
        return card

    # -- what is shown

    def page_shown(self) -> None:
        """Read the list again."""
        self.reload()

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
        self.head.facts.setText(_("{open} open · {unread} unread").format(open=counts["open"], unread=counts["unread"]))
        clear_layout(self.items)
        self.rows = []
        group = ""
        for item in found[:200]:
            if item.group != group and self.chosen() != "done":
                group = item.group
                heading = Text(f"{_(_GROUPS[group])}  {sum(one.group == group for one in found)}", "label", "text2")
                heading.setContentsMargins(14, 6, 14, 6)
                self.items.addWidget(heading)
            row = ItemRow(item, text.sentence(item.key, item.params), words.when(item.created_at, self.context.center))
            row.clicked.connect(self._clicked)
            self.items.addWidget(row)
            self.rows.append(row)
        if not found:
            self.items.addWidget(EmptyState("circle-check", _("Nothing waits here"), _("What is done is under Done.")))
        self.items.addStretch(1)
        here = next((row for row in self.rows if row.item.id == keep), self.rows[0] if self.rows else None)
        self._select(here, focus=had_focus)

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
        clear_layout(self.grid)
        for button in (self.open, self.assign, self.snooze, self.done):
            button.setEnabled(row is not None)
        offers = row is not None and row.item.key == "seats.freed" and row.item.link_id is not None
        self.seat_offer.setVisible(offers)
        if row is None:
            self.title.setText("")
            self.facts.setText("")
            return
        if offers:
            self.seat_offer.show_slot(int(row.item.link_id or 0))
        item = row.item
        if focus:
            row.setFocus()
        self.scroll.ensureWidgetVisible(row)
        icon, ink, _ground = _LOOK.get(item.type, _LOOK["system"])
        self.icon.set_icon(icon, ink)
        self.title.setText(row.text())
        at = words.when(item.created_at, self.context.center)
        done = _("done by {name}").format(name=item.done_by) if item.done_at else ""
        whose = _("with {name}").format(name=item.assigned_name) if item.assigned_name else ""
        self.facts.setText(" · ".join(part for part in (at, whose, done) if part))
        self.done.set_label(_("Not done") if item.done_at else _("Done"))
        self.open.setEnabled(item.link_table is not None)
        for number, (label, value) in enumerate(self._facts(item)):
            self.grid.addWidget(Text(label, "body", "text3"), number, 0)
            self.grid.addWidget(Text(value, "name", wrap=True), number, 1)

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
            until = clock.stamp(clock.now() + timedelta(hours=2))
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
