"""Parts of the payment desk: ways to pay, the three steps, a line that is owed."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app import clock, money, text
from app.desk import payments
from app.errors import UserError
from app.lists import catalog
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.theme import theme
from ui.widgets.basic import Button, Card, Icon, Text, draw_keys, keys_width

_COINS = (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1)


class MethodButton(QAbstractButton):
    """A way to pay."""

    def __init__(self, key: str, label: str, icon: str, keys: tuple[str, ...]) -> None:
        super().__init__()
        self.key, self._icon, self._keys = key, icon, keys
        self.setText(label)
        self.setCheckable(True)
        self.setObjectName(f"method_{key}")
        self.setAccessibleName(label)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(100, theme().px(72))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isChecked()
        painter.setPen(
            QPen(theme().color("brassedge" if on or self.hasFocus() else "line2"), 2 if on or self.hasFocus() else 1)
        )
        painter.setBrush(theme().color("brasstint" if on else "surface2" if self.underMouse() else "surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 7, 7)
        ink = "brasstext" if on else "text"
        painter.drawPixmap(QPointF(self.width() / 2 - 9, 8), theme().pixmap(self._icon, ink, 18))
        painter.setFont(theme().font("button"))
        painter.setPen(theme().color(ink))
        painter.drawText(QRectF(0, 27, self.width(), 20), Qt.AlignmentFlag.AlignCenter, self.text())
        left = (self.width() - keys_width(self._keys)) / 2
        draw_keys(painter, left, self.height() - 15, self._keys, theme().color("text2"), theme().color("line2"))


class Steps(QWidget):
    """Draft → Started → Completed, with times. Started is already saved."""

    def __init__(self) -> None:
        super().__init__()
        self.times = ["", "", ""]
        self.setFixedHeight(theme().px(30))

    def set(self, draft: str, started: str = "", completed: str = "") -> None:
        """The times at which each step was reached."""
        self.times = [draft, started, completed]
        done = [name for name, at in zip(self._names(), self.times, strict=True) if at]
        self.setAccessibleName(done[-1] if done else "")
        self.updateGeometry()
        self.update()

    @staticmethod
    def _names() -> list[str]:
        return [_("Draft"), _("Started"), _("Completed")]

    def sizeHint(self) -> QSize:
        return QSize(theme().px(440), theme().px(30))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        reached = sum(bool(at) for at in self.times)
        x = float(self.width() - 3 * theme().px(128) - 48)
        for number, (name, at) in enumerate(zip(self._names(), self.times, strict=True)):
            wide = float(theme().px(128))
            box = QRectF(x + 0.5, 1.5, wide, self.height() - 3)
            now = number == reached - 1 and reached < 3
            pen = QPen(theme().color("brassedge" if now else "line"), 1)
            if not at:
                pen.setStyle(Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.setBrush(theme().color("brasstint" if now else "surface" if at else "bg"))
            painter.drawRoundedRect(box, 14, 14)
            icon, color = ("circle-dot", "brasstext") if now else ("check", "ok") if at else ("circle", "text3")
            painter.drawPixmap(QPointF(x + 10, self.height() / 2 - 7), theme().pixmap(icon, color, 14, 2.1))
            painter.setFont(theme().font("label"))
            painter.setPen(theme().color("text" if at else "text3"))
            label = QRectF(x + 30, 0, theme().px(86), self.height())
            painter.drawText(label, Qt.AlignmentFlag.AlignVCenter, name)
            wide_name = QFontMetrics(theme().font("label")).horizontalAdvance(name)
            painter.setFont(theme().font("small"))
            painter.setPen(theme().color("text3"))
            rest = QRectF(x + 36 + wide_name, 0, theme().px(60), self.height())
            painter.drawText(rest, Qt.AlignmentFlag.AlignVCenter, at or "—")
            x += wide
            if number < 2:
                painter.setPen(QPen(theme().color("brassedge" if self.times[number + 1] else "line"), 2))
                painter.drawLine(QPointF(x + 1, self.height() / 2), QPointF(x + 23, self.height() / 2))
                x += 24


class OwedRow(QWidget):
    """One line that is owed, or that is added now: taken or not, and how much of it."""

    changed = Signal()
    removed = Signal(object)

    def __init__(self, context: Context, due: payments.OwedLine | None, offer: catalog.Offer | None = None) -> None:
        super().__init__()
        self.context, self.due, self.offer = context, due, offer
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 7, 16, 7)
        row.setSpacing(12)
        title = due.title if due is not None else offer.name if offer is not None else ""
        self.title = title
        self.take = QCheckBox()
        self.take.setAccessibleName(title)
        self.take.setObjectName("take")
        self.take.setChecked(True)
        self.take.toggled.connect(self._toggled)
        row.addWidget(self.take)
        names = QVBoxLayout()
        names.setSpacing(0)
        self.label = Text(title, "name")
        detail = Text(self._detail(), "small", "text3")
        for said in (self.label, detail):
            # A long title gives way to the amounts; the tooltip has all of it.
            said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            said.setToolTip(said.text())
            names.addWidget(said)
        row.addLayout(names, 1)
        when = QVBoxLayout()
        when.setSpacing(0)
        first, second, color = self._due()
        when.addWidget(Text(first, "small_strong", color))
        when.addWidget(Text(second, "small", "text3"))
        holder = QWidget()
        holder.setLayout(when)
        when.setContentsMargins(0, 0, 0, 0)
        self._due_box = holder
        row.addWidget(holder)
        self.open = Text(text.show_money(self.open_minor), "name")
        self.open.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.open)
        self.edit = QLineEdit(money.format_plain(self.open_minor, context.center.currency, context.center.locale))
        self.edit.setObjectName("pay_now")
        self.edit.setAccessibleName(_("Pay now for {what}").format(what=title))
        self.edit.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.edit.textEdited.connect(self._edited)
        row.addWidget(self.edit)
        self.fit()

    def fit(self) -> None:
        """Columns follow the text size."""
        for widget, wide in ((self._due_box, 92), (self.open, 84), (self.edit, 86)):
            widget.setFixedWidth(theme().px(wide))

    @property
    def open_minor(self) -> int:
        """What is open on this line."""
        if self.due is not None:
            return self.due.open_minor
        assert self.offer is not None
        return self.offer.price_minor

    def _detail(self) -> str:
        if self.due is None:
            return _("Added now · 1 × {price}").format(price=text.show_money(self.open_minor))
        paid = self.due.gross_minor - self.due.open_minor
        parts = [self.due.invoice_label or self.due.detail]
        if paid:
            parts.append(
                _("{paid} of {all} paid").format(paid=text.show_money(paid), all=text.show_money(self.due.gross_minor))
            )
        return " · ".join(part for part in parts if part)

    def _due(self) -> tuple[str, str, str]:
        if self.due is None:
            return _("now"), "", "text3"
        days = (date.fromisoformat(self.due.due_on) - clock.local_date(self.context.center.zone)).days
        said = words.day(self.due.due_on, self.context.center)
        if days < 0:
            late = ngettext("{n} day late", "{n} days late", -days).format(n=-days)
            return late, _("since {day}").format(day=said), "danger"
        soon = _("today") if days == 0 else ngettext("in {n} day", "in {n} days", days).format(n=days)
        return _("due {day}").format(day=said), soon, "text2"

    def _toggled(self, on: bool) -> None:
        if not on and self.offer is not None:
            self.removed.emit(self)
            return
        self.edit.setEnabled(on)
        self.label.set_color("text" if on else "text2")
        self.changed.emit()

    def _edited(self) -> None:
        self.edit.setProperty("wrong", self.amount() is None)
        self.edit.style().unpolish(self.edit)
        self.edit.style().polish(self.edit)
        self.changed.emit()

    def amount(self) -> int | None:
        """How much is paid now, 0 where the line is not taken, None where it is not an amount that fits."""
        if not self.take.isChecked():
            return 0
        try:
            typed = money.parse(self.edit.text(), self.context.center.currency, self.context.center.locale)
        except UserError:
            return None
        return typed if 0 < typed <= self.open_minor else None


class DoneCard(Card):
    """After the payment: what to give back, then invoice, reversal, next person."""

    def __init__(self) -> None:
        super().__init__(margins=(16, 16, 16, 16))
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(10)
        top = QHBoxLayout()
        top.addWidget(Icon("circle-check", "ok", 32))
        names = QVBoxLayout()
        names.setSpacing(0)
        self.paid = Text("", "title", "ok")
        self.paid.setObjectName("paid")
        self.facts = Text("", "label", "text2")
        names.addWidget(self.paid)
        names.addWidget(self.facts)
        top.addLayout(names, 1)
        column.addLayout(top)
        box_frame = QFrame()
        box_frame.setProperty("good", True)
        box = QHBoxLayout(box_frame)
        box.setContentsMargins(16, 10, 16, 10)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(Text(_("Give back"), "label", "ok"))
        self.give_back = Text("", "amount_change", "ok")
        self.give_back.setObjectName("give_back")
        left.addWidget(self.give_back)
        box.addLayout(left)
        box.addStretch(1)
        self.coins = Text("", "body", "ok")
        self.coins.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        box.addWidget(self.coins)
        self.box = box_frame
        column.addWidget(box_frame)
        self.invoice = Button(_("Open invoice"), "file-text", keys=("O",))
        self.reverse = Button(_("Reverse this payment"), "undo-2", keys=("Ctrl", "Z"))
        column.addWidget(self.invoice)
        column.addWidget(self.reverse)
        self.words = Text("", "label", "text2", wrap=True)
        self.words.setObjectName("done_facts")
        column.addWidget(self.words)
        column.addStretch(1)
        self.next = Button(_("Next person"), "user", kind="primary", keys=("Enter",), size="big")
        column.addWidget(self.next)


def likely_notes(total: int) -> list[int]:
    """The exact sum, and what people are likely to hand over for it."""
    found = [total]
    for note in (500, 1_000, 2_000, 5_000, 10_000):
        up = -(-total // note) * note
        if up not in found:
            found.append(up)
    return found[:4]


def in_coins(minor: int, context: Context) -> str:
    """Change in notes and coins, the largest first; for currencies with hundredths."""
    if money.precision(context.center.currency) != 2 or minor <= 0:
        return ""
    parts = []
    for coin in _COINS:
        count, minor = divmod(minor, coin)
        if count:
            said = text.show_money(coin)
            parts.append(f"{count} × {said.removesuffix('.00') if coin >= 100 else said}")
    return "\n".join(parts[:4])
