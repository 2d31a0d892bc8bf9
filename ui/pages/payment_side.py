"""Beside the payment desk: what was taken today, what should be in the till, the last payments."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app import text
from app.desk import till
from app.lists import takings
from app.text import N_, _, ngettext
from ui import words
from ui.context import Context
from ui.theme import theme
from ui.widgets.basic import Badge, Button, Card, Icon, Text, clear_layout

METHODS = (
    ("cash", N_("Cash"), "banknote"),
    ("card", N_("Card"), "credit-card"),
    ("transfer", N_("Transfer"), "landmark"),
)


class ShareBar(QWidget):
    """Takings by method: cash brass, card ink, transfer hatched."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = (0, 0, 0)
        self.setFixedHeight(10)

    def set(self, cash: int, card: int, transfer: int) -> None:
        """Other amounts."""
        self.parts = (max(cash, 0), max(card, 0), max(transfer, 0))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        total = sum(self.parts) or 1
        x = 0.0
        for amount, token in zip(self.parts, ("brass", "text2", "line2"), strict=True):
            wide = (self.width() - 4) * amount / total
            if wide >= 1:
                painter.setPen(QPen(theme().color("brassedge" if token == "brass" else "text2"), 1))
                hatched = token == "line2"
                color = theme().color("text2" if hatched else token)
                painter.setBrush(QBrush(color, Qt.BrushStyle.BDiagPattern) if hatched else QBrush(color))
                painter.drawRoundedRect(QRectF(x + 0.5, 0.5, wide - 1, 9), 2, 2)
                x += wide + 2


class DaySide(QWidget):
    """The right side of the payment desk. `resume_requested(payment id)` for a payment that waits."""

    resume_requested = Signal(int)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.setFixedWidth(256)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        taken = Card()
        inner = taken.layout()
        assert isinstance(inner, QVBoxLayout)
        inner.setSpacing(6)
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
        inner.addLayout(self.by_method)
        column.addWidget(taken)
        drawer = Card()
        inner = drawer.layout()
        assert isinstance(inner, QVBoxLayout)
        self.till_box = QGridLayout()
        inner.addLayout(self.till_box)
        column.addWidget(drawer)
        last = Card()
        inner = last.layout()
        assert isinstance(inner, QVBoxLayout)
        self.last_title = Text(_("Last payments"), "label")
        inner.addWidget(self.last_title)
        self.last = QVBoxLayout()
        self.last.setSpacing(6)
        inner.addLayout(self.last)
        inner.addStretch(1)
        column.addWidget(last, 1)

    def reload(self) -> None:
        """Read everything again."""
        today = takings.of_day(self.context.center.zone)
        self.count.setText(ngettext("{n} payment", "{n} payments", today.count).format(n=today.count))
        self.total.setText(text.show_money(today.total_minor))
        self.shares.set(*(today.by_method[key] for key in ("cash", "card", "transfer")))
        clear_layout(self.by_method)
        for number, (key, label, icon) in enumerate(METHODS):
            self.by_method.addWidget(Icon(icon, "text2", 14), number, 0)
            self.by_method.addWidget(Text(_(label), "label", "text2"), number, 1)
            self.by_method.addWidget(_right_text(text.show_money(today.by_method[key]), "name"), number, 2)
        self.by_method.setColumnStretch(1, 1)
        clear_layout(self.till_box)
        state = till.current()
        if state is None:
            self.till_box.addWidget(Text(_("The till is closed."), "label"), 0, 0)
        else:
            self.till_box.addWidget(Text(state.name, "label"), 0, 0)
            self.till_box.addWidget(Badge("open", _("Open")), 0, 1, Qt.AlignmentFlag.AlignRight)
            opened = words.clock_time(state.opened_at, self.context.center)
            rows = [
                (_("Float at {time}").format(time=opened), state.float_minor),
                (_("+ cash in"), state.cash_in_minor),
                (_("− paid out"), state.paid_out_minor),
                (_("Should be inside"), state.expected_minor),
            ]
            for number, (label, amount) in enumerate(rows, start=1):
                self.till_box.addWidget(Text(label, "label", "text2"), number, 0)
                self.till_box.addWidget(_right_text(text.show_money(amount), "name"), number, 1)
        self._last()

    def _last(self) -> None:
        clear_layout(self.last)
        open_ones = takings.started()
        self.last_title.setText(_("Waiting for an answer") if open_ones else _("Last payments"))
        for row in (open_ones or takings.last_payments())[:6]:
            line = QHBoxLayout()
            at = row.settled_at or row.started_at
            line.addWidget(Text(words.clock_time(at, self.context.center), "small", "text3"))
            line.addWidget(Text(row.name[:16] + ("…" if len(row.name) > 16 else ""), "label"), 1)
            if row.status == "STARTED":
                button = Button(text.show_money(row.amount_minor), size="small")
                button.setProperty("payment", row.id)
                button.setObjectName("resume")
                button.clicked.connect(self._resume_clicked)
                line.addWidget(button)
            else:
                line.addWidget(_right_text(text.show_money(row.amount_minor), "name"))
            self.last.addLayout(line)

    def _resume_clicked(self) -> None:
        self.resume_requested.emit(int(self.sender().property("payment")))


def _right_text(words_: str, role: str) -> Text:
    made = Text(words_, role)
    made.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return made
