"""Beside the payment desk: what was taken today, what should be in the till, the last payments."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from app import text
from app.desk import till
from app.lists import takings
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.dialogs.open_till import OpenTill, closed_words
from ui.pages.payment_parts import METHODS
from ui.theme import theme
from ui.widgets.basic import Badge, Button, Card, Icon, Text, clear_layout, rule
from ui.widgets.line import Line
from ui.widgets.paint import lead


class ShareBar(QWidget):
    """Takings by method: cash brass, card ink, transfer hatched, all other means dotted."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: tuple[int, ...] = ()
        self.setFixedHeight(10)

    def set(self, *parts: int) -> None:
        """Other amounts, in the order of the methods."""
        self.parts = tuple(max(part, 0) for part in parts)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        total, x, everything = sum(self.parts) or 1, 0.0, QRectF(self.rect())
        for number, amount in enumerate(self.parts):
            wide = (self.width() - 4) * amount / total
            if wide >= 1:
                _fill(painter, number)
                left = lead(painter, everything, x, wide)
                painter.drawRoundedRect(QRectF(left + 0.5, 0.5, wide - 1, self.height() - 1), 2, 2)
                x += wide + 2


class _Mark(QWidget):
    """The sign of a method in the bar, beside its word."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.setFixedSize(theme().px(11), theme().px(11))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _fill(painter, self._number)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)


def _fill(painter: QPainter, number: int) -> None:
    """Cash brass, card ink, transfer hatched, all other means dotted."""
    painter.setPen(QPen(theme().color("brassedge" if number == 0 else "text2"), 1))
    color = theme().color("brass" if number == 0 else "text2")
    pattern = {2: Qt.BrushStyle.BDiagPattern, 3: Qt.BrushStyle.Dense6Pattern, 4: Qt.BrushStyle.Dense6Pattern}
    painter.setBrush(QBrush(color, pattern.get(number, Qt.BrushStyle.SolidPattern)))


class DaySide(QWidget):
    """The right side of the payment desk. `resume_requested(payment id)` for a payment that waits; `reloaded` when
    another number of them may wait.
    """

    resume_requested = Signal(int)
    reloaded = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self._number = ""
        self.waiting: list[takings.PaymentRow] = []
        self._boxes: list[QFrame] = []
        self._shown = 0
        self.setFixedWidth(256)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        inner = self._card(column)
        line = QHBoxLayout()
        line.addWidget(Text(_("Taken today"), "label"))
        line.addStretch(1)
        self.count = Text("", "small", "text2")
        line.addWidget(self.count)
        inner.addLayout(line)
        self.total = Text("", "amount_l")
        inner.addWidget(self.total)
        self.shares = ShareBar()
        inner.addWidget(self.shares)
        self.by_method = QGridLayout()
        self.by_method.setContentsMargins(0, 4, 0, 0)
        self.by_method.setVerticalSpacing(5)
        inner.addLayout(self.by_method)
        inner = self._card(column)
        self.till_box = QGridLayout()
        self.till_box.setVerticalSpacing(5)
        inner.addLayout(self.till_box)
        inner = self._card(column, 1)
        inner.setSpacing(0)
        inner.setContentsMargins(0, 12, 0, 12)  # the lines go from edge to edge
        held = QWidget()
        held.setObjectName("scrolled")
        whole = QVBoxLayout(held)
        whole.setContentsMargins(0, 0, 0, 0)
        self.last = QVBoxLayout()
        self.last.setSpacing(0)
        whole.addLayout(self.last)
        whole.addStretch(1)
        scroll = QScrollArea()  # however many payments wait: each can be answered
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(held)
        inner.addWidget(scroll, 1)

    @staticmethod
    def _card(column: QVBoxLayout, stretch: int = 0) -> QVBoxLayout:
        card = Card()
        column.addWidget(card, stretch)
        inner = card.layout()
        assert isinstance(inner, QVBoxLayout)
        inner.setSpacing(6)
        return inner

    def point_at(self, number: str) -> None:
        """The payment just made, which stands out among the last ones."""
        self._number = number
        for box in self._boxes:
            box.setProperty("just_now", box.property("number") == number)
            box.style().unpolish(box)
            box.style().polish(box)

    def _room(self) -> int:
        """How many payments there is room for below the cards above."""
        left = self.height() - theme().px(445)
        return max(6, min(left // theme().px(33), 20))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._shown and self._room() != self._shown:
            self._last()

    def reload(self) -> None:
        """Read everything again."""
        today = takings.of_day(self.context.center.zone)
        self.count.setText(ngettext("{n} payment", "{n} payments", today.count).format(n=today.count))
        self.total.setText(text.show_money(today.total_minor))
        self.shares.set(*(today.by_method[key] for key, _label, _icon in METHODS))
        clear_layout(self.by_method)
        for number, (key, label, _icon) in enumerate(METHODS):
            if number > 2 and not today.by_method[key]:
                continue  # shown on the days that have them
            self.by_method.addWidget(_Mark(number), number, 0)
            self.by_method.addWidget(Text(_(label), "body", "text2"), number, 1)
            self.by_method.addWidget(_right_text(text.show_money(today.by_method[key]), "name"), number, 2)
        self.by_method.setColumnStretch(1, 1)
        self._till()
        self._last()

    def _till(self) -> None:
        clear_layout(self.till_box)
        state = till.current()
        if state is None:
            for number, said in enumerate(closed_words()):
                self.till_box.addWidget(Text(said, "small" if number else "label", wrap=True), number, 0)
            button = Button(_("Open the till…"), "wallet", size="small")
            button.clicked.connect(self.open_till)
            self.till_box.addWidget(button, 2, 0, Qt.AlignmentFlag.AlignLeft)
            return
        self.till_box.addWidget(Text(state.name, "label"), 0, 0)
        self.till_box.addWidget(Badge("open", _("Open")), 0, 1, Qt.AlignmentFlag.AlignRight)
        opened = words.clock_time(state.opened_at, self.context.center)
        rows = [
            (_("Float at {time}").format(time=opened), state.float_minor),
            (_("+ cash in"), state.cash_in_minor),
            (_("− paid out"), state.paid_out_minor),
        ]
        for number, (label, amount) in enumerate(rows, start=1):
            self.till_box.addWidget(Text(label, "body", "text2"), number, 0)
            self.till_box.addWidget(_right_text(text.show_money(amount), "name"), number, 1)
        self.till_box.addWidget(rule(), 4, 0, 1, 2)
        self.till_box.addWidget(Text(_("Should be inside"), "body", "text2"), 5, 0)
        self.till_box.addWidget(_right_text(text.show_money(state.expected_minor), "section"), 5, 1)

    def open_till(self) -> None:
        """Ask for the float, over the desk as it stands."""
        OpenTill(self.context, self.window()).open()

    def _last(self) -> None:
        """What waits for an answer first, then the payments just made."""
        clear_layout(self.last)
        self._boxes, self._shown = [], self._room()
        self.waiting = waiting = takings.started()
        self.reloaded.emit()
        if waiting:
            self._heading(_("Waiting for an answer"))
            for row in waiting:
                button = Button(text.show_money(row.amount_minor), size="small")
                button.setProperty("payment", row.id)
                button.setObjectName("resume")
                button.setAccessibleName(_("{name}: {amount}").format(name=row.name, amount=button.text()))
                button.clicked.connect(self._resume_clicked)
                self._row(row, row.started_at, button)
        self._heading(_("Last payments"))
        for row in takings.last_payments(max(self._shown - len(waiting), 3)):
            amount = _right_text(text.show_money(row.amount_minor), "name")
            self._row(row, row.settled_at or row.started_at, amount)

    def _heading(self, words_: str) -> None:
        heading = _indented(Text(words_, "label"))
        heading.setContentsMargins(14, 2 if self.last.count() == 0 else 10, 14, 6)
        self.last.addWidget(heading)

    def _row(self, row: takings.PaymentRow, at: str, end: QWidget) -> None:
        self.last.addWidget(rule())
        line = QHBoxLayout()
        line.setContentsMargins(14, 0, 14, 0)
        line.setSpacing(8)
        box = QFrame()
        box.setProperty("number", row.number)
        box.setProperty("just_now", row.number == self._number)
        self._boxes.append(box)
        box.setFixedHeight(theme().px(31))
        box.setLayout(line)
        line.addWidget(Text(words.clock_time(at, self.context.center), "small", "text3"))
        line.addWidget(Line(row.name), 1)
        icon = next((icon for key, _label, icon in METHODS if key == row.method), "coins")
        line.addWidget(Icon(icon, "text3", 14))
        line.addWidget(end)
        self.last.addWidget(box)

    def _resume_clicked(self) -> None:
        self.resume_requested.emit(int(self.sender().property("payment")))


class WaitingButton(Button):
    """What waits for an answer, in the head: for where the side has given way to large type."""

    def __init__(self, side: DaySide) -> None:
        super().__init__("", "clock", kind="flat")
        self._side = side
        self.setObjectName("waiting_payments")
        self.clicked.connect(self._show)
        side.reloaded.connect(self.follow)

    def follow(self) -> None:
        """Other payments wait, or the side is shown or not."""
        count = len(self._side.waiting)
        self.set_label(str(count))
        said = ngettext("{n} payment waits for an answer", "{n} payments wait for an answer", count).format(n=count)
        self.setAccessibleName(said)
        self.setToolTip(said)
        self.setVisible(count > 0 and self._side.isHidden())

    def _show(self) -> None:
        menu = QMenu(self)
        menu.setObjectName("waiting_menu")
        menu.aboutToHide.connect(menu.deleteLater)
        for row in self._side.waiting:
            facts = {"name": row.name, "amount": text.show_money(row.amount_minor), "number": row.number}
            entry = menu.addAction(_("{name}: {amount} · {number}").format(**facts).replace("&", "&&"))
            entry.triggered.connect(partial(self._chosen, row.id))
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))
        menu.setActiveAction(menu.actions()[0])

    def _chosen(self, payment_id: int, _on: bool = False) -> None:
        self._side.resume_requested.emit(payment_id)


def _indented(said: Text) -> Text:
    said.setContentsMargins(14, 0, 14, 0)
    return said


def _right_text(words_: str, role: str) -> Text:
    made = Text(words_, role)
    made.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return made
