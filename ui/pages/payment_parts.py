"""Parts of the payment desk: ways to pay, the three steps, a line that is owed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app import clock, money, text
from app.desk import payments
from app.desk.basket import Priced, Waiting
from app.desk.quotes import Quoted
from app.errors import UserError
from app.lists import catalog, payers
from app.text import N_, _, ngettext
from ui import words
from ui.context import Context
from ui.theme import theme
from ui.widgets.basic import Badge, Button, Text, clear_layout, draw_keys, keys_width
from ui.widgets.line import Line, as_tip
from ui.widgets.paint import draw_icon, draw_line, lead, width_of
from ui.widgets.typed import TypedLine

#: Ways to pay: key, word, icon. The first three have a button, every one a place in a split payment.
METHODS = (
    ("cash", N_("Cash"), "banknote"),
    ("card", N_("Card"), "credit-card"),
    ("transfer", N_("Transfer"), "landmark"),
    ("check", N_("Check"), "sticky-note"),
    ("other", N_("Other"), "coins"),
)
#: Widths of Due, Open and Pay now at 100 %.
COLUMNS = (110, 84, 86)
#: Between them.
GAP = 10
#: Nobody is given a note of 500 back.
_COINS = (20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1)


class MethodButton(QAbstractButton):
    """A way to pay."""

    def __init__(self, key: str, label: str, icon: str, keys: tuple[str, ...]) -> None:
        super().__init__()
        self.key, self._icon, self._keys = key, icon, keys
        self.setText(label)
        self.setCheckable(True)
        self.setObjectName(f"method_{key}")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.updateGeometry)
        self.setAccessibleName(label)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(80), 34 + theme().px(38))

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
        painter.drawText(QRectF(0, 27, self.width(), theme().px(20)), Qt.AlignmentFlag.AlignCenter, self.text())
        left = (self.width() - keys_width(self._keys)) / 2
        draw_keys(
            painter, left, self.height() - 6 - theme().px(9), self._keys, theme().color("text2"), theme().color("line2")
        )


class Steps(QWidget):
    """Draft → Started → Completed, with times. Started is already saved."""

    def __init__(self) -> None:
        super().__init__()
        self.times = ["", "", ""]
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.updateGeometry)

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

    def _widths(self) -> list[tuple[int, int]]:
        """How wide the word and the time of each step are."""
        label, small = theme().font("label"), theme().font("small")
        return [
            (width_of(name, label), width_of(at or "—", small))
            for name, at in zip(self._names(), self.times, strict=True)
        ]

    def _wide(self, word: int, at: int) -> int:
        return word + at + theme().px(14) + 38

    def sizeHint(self) -> QSize:
        wide = sum(self._wide(*pair) for pair in self._widths()) + 2 * theme().px(28)
        return QSize(wide, theme().px(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        everything, high = QRectF(self.rect()), self.height()
        reached, x, gap = sum(bool(at) for at in self.times), 0.0, theme().px(28)
        steps = zip(self._names(), self.times, self._widths(), strict=True)
        for number, (name, at, (word, time)) in enumerate(steps):
            wide = self._wide(word, time)
            box = QRectF(lead(painter, everything, x, wide), 0, wide, high).adjusted(0.5, 0.5, -0.5, -0.5)
            now = number == reached - 1 and reached < 3
            solid = Qt.PenStyle.SolidLine if at else Qt.PenStyle.DashLine
            painter.setPen(QPen(theme().color("brassedge" if now else "line"), 1, solid))
            painter.setBrush(theme().color("brasstint" if now else "surface" if at else "bg"))
            painter.drawRoundedRect(box, high / 2 - 1, high / 2 - 1)
            icon, color = ("circle-dot", "brasstext") if now else ("check", "ok") if at else ("circle", "text3")
            size = theme().px(14)
            draw_icon(painter, box, 11, icon, color, size, 2.1)
            start = 11 + size + 7
            place = QRectF(lead(painter, box, start, word), 0, word, high)
            draw_line(painter, place, name, theme().font("label"), theme().color("text" if at else "text3"))
            place = QRectF(lead(painter, box, start + word + 7, time), 0, time, high)
            draw_line(painter, place, at or "—", theme().font("small"), theme().color("text3"))
            x += wide
            if number < 2:
                left = lead(painter, everything, x + 1, gap - 2)
                painter.setPen(QPen(theme().color("brassedge" if self.times[number + 1] else "line"), 2))
                painter.drawLine(QPointF(left, high / 2), QPointF(left + gap - 2, high / 2))
                x += gap


class GivenField(TypedLine):
    """The amount given, in large type: the currency before it, the key for the exact sum behind."""

    def __init__(self, symbol: str) -> None:
        super().__init__()
        self._symbol, self.hint = symbol, ""
        self.setObjectName("amount_given")
        self.setAccessibleName(_("Amount given"))
        self.setProperty("big", True)
        theme().changed.connect(self.restyle)
        self.restyle()

    def restyle(self) -> None:
        """Type and room for what stands beside it."""
        self.setFont(theme().font("amount_m"))
        before = width_of(self._symbol, theme().font("amount_m")) + 8
        behind = width_of(self.hint, theme().font("small")) + 8 if self.hint else 0
        sides = (behind, before) if self.isRightToLeft() else (before, behind)
        self.setTextMargins(sides[0], 0, sides[1], 0)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self.restyle()

    def say(self, hint: str) -> None:
        """Another hint."""
        if hint != self.hint:
            self.hint = hint
            self.restyle()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter, box = QPainter(self), QRectF(self.rect()).adjusted(13, 0, -13, 0)
        draw_line(painter, box, self._symbol, theme().font("amount_m"), theme().color("text2"))
        draw_line(painter, box, self.hint, theme().font("small"), theme().color("text3"), end=True)


class OwedRow(QWidget):
    """One line that is owed, or that is added now: taken or not, and how much of it."""

    changed = Signal()
    removed = Signal(object)
    more_wanted = Signal(object, QPoint)

    def __init__(
        self, context: Context, due: payments.OwedLine | None, offer: catalog.Offer | None = None, reason: str = ""
    ) -> None:
        super().__init__()
        self.context, self.due, self.offer = context, due, offer
        self._reason, self._agreed = reason, offer.gross_minor(context.center.prices) if offer is not None else 0
        self.coupon = ""
        self.quote: Quoted | None = None
        self.quote_id: int | None = None
        self.paying: int | None = None
        self._waits: Sequence[Waiting] = ()
        self.proposed = self.open_minor
        self.setProperty("lined", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self._line = QWidget()
        whole.addWidget(self._line)
        row = QHBoxLayout(self._line)
        row.setContentsMargins(12, 9, 16, 9)  # the room around the box is its own
        row.setSpacing(GAP)
        title = due.title if due is not None else offer.name if offer is not None else ""
        self.title = title
        self.take = QCheckBox()
        self.take.setAccessibleName(title)
        self.take.setObjectName("take")
        self.take.setChecked(True)
        self.take.setFixedWidth(26)
        if offer is not None:  # taken out again rather than left
            self.take.setProperty("added", True)
            self.take.setToolTip(_("Take it out again"))
        self.take.toggled.connect(self._toggled)
        row.addWidget(self.take)
        names = QVBoxLayout()
        names.setSpacing(0)
        self.label = Line(title, "name")  # a long title gives way to the amounts
        self.more = Button("", "ellipsis", kind="bare", size="small")
        self.more.setObjectName("line_more")
        self.more.setAccessibleName(_("More for {what}").format(what=title))
        self.more.setToolTip(_("More for this line (Shift+F10)"))
        self.more.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab goes from amount to amount
        self.more.clicked.connect(self._ask_for_more)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.label, 1)
        head.addWidget(self.more)
        names.addLayout(head)
        self.detail = Line(self._detail(), "small", "text3")
        self.detail.setObjectName("line_detail")
        self.setToolTip(as_tip(reason))  # the name of a rule is no markup
        names.addWidget(self.detail)
        row.addLayout(names, 1)
        self._show_more()  # a child by now: a window of its own would take the keys
        when = QVBoxLayout()
        when.setSpacing(0)
        first, second, color = self._due()
        for said, role, ink in ((first, "small_strong", color), (second, "small", "text3")):
            when.addWidget(Line(said, role, ink))  # a long word for a day ends in an ellipsis, and is told whole
        holder = QWidget()
        holder.setLayout(when)
        when.setContentsMargins(0, 0, 0, 0)
        self._due_box = holder
        row.addWidget(holder)
        self.open = Text(text.show_money(self.open_minor), "name")
        self.open.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.open)
        self.edit = TypedLine(money.format_plain(self.open_minor, context.center.currency, context.center.locale))
        self.edit.setObjectName("pay_now")
        self.edit.setAccessibleName(_("Pay now for {what}").format(what=title))
        self.edit.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.edit.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # the line has one
        self.edit.textEdited.connect(self._edited)
        row.addWidget(self.edit)
        self.outcome = QWidget()
        self._outcome = QHBoxLayout(self.outcome)
        self._outcome.setContentsMargins(0, 0, 0, 0)
        self.outcome.hide()
        row.addWidget(self.outcome)
        self.wrong = Text("", "small", "danger", wrap=True)
        self.wrong.setObjectName("line_problem")
        self.wrong.setContentsMargins(38 + GAP, 0, 16, 9)
        self.wrong.hide()
        whole.addWidget(self.wrong)
        self.fit()

    def fit(self) -> None:
        """Columns and the height of a line follow the text size; an outcome moves nothing."""
        self._line.setFixedHeight(theme().px(56))
        self.more.setFixedSize(theme().px(28), theme().px(20))
        for widget, wide in zip(
            (self._due_box, self.open, self.edit, self.outcome), (*COLUMNS, COLUMNS[-1]), strict=True
        ):
            widget.setFixedWidth(theme().px(wide))

    @property
    def open_minor(self) -> int:
        """What is open on this line."""
        if self.due is not None:
            return self.due.open_minor
        return self._agreed

    def set_price(self, priced: Priced, payer_id: int | None) -> None:
        """What something added costs this student where this payer pays, and why: a discount, a coupon or a promised
        price may lower it.
        """
        self.coupon, self.quote, self.paying = priced.coupon, priced.quote, payer_id
        self.quote_id = priced.quote.id if priced.quote is not None and priced.quoted else None
        gross_minor, untouched = priced.gross_minor, self.amount() == self._agreed
        self._agreed, self._reason = gross_minor, priced.reason
        self.open.setText(text.show_money(gross_minor))
        self._show_detail()
        self.setToolTip("" if self.quote_id is not None else as_tip(priced.reason))
        self._show_more()
        if untouched:
            self.edit.setText(money.format_plain(gross_minor, self.context.center.currency, self.context.center.locale))
            self._edited()

    @property
    def rate_bp(self) -> int:
        """The tax that is in it, in basis points."""
        rate = self.due or self.offer
        return rate.rate_bp if rate is not None else 0

    def _detail(self) -> str:
        if self.due is None:
            course = self.offer is not None and self.offer.kind == "course"
            added = _("Enrolls now · {price}") if course else _("Added now · 1 × {price}")
            parts = [added.format(price=text.show_money(self.open_minor))]
            if self.quote is not None:
                return self._quoted()
            if self._reason:  # the price stands beside it; why it is lower is what is read here
                parts = [_("Enrolls now") if course else _("Added now"), self._short()]
            parts += [tax_words(self.rate_bp)] if self.rate_bp else []
            return " · ".join(parts)
        paid = self.due.gross_minor - self.due.open_minor
        parts = [self.due.student, self.due.invoice_label or self.due.detail]
        if paid:
            parts.append(
                _("{paid} of {all} paid").format(paid=text.show_money(paid), all=text.show_money(self.due.gross_minor))
            )
        return " · ".join(part for part in (*parts, self._short()) if part)

    def _quoted(self) -> str:
        """The price that was promised, and to whom where it does not count here."""
        quote = self.quote
        assert quote is not None
        facts = {
            "number": quote.number,
            "amount": text.show_money(quote.price.gross_minor),
            "day": words.day(quote.expires_on, self.context.center),
        }
        if self.quote_id is None and quote.payer_id == self.paying:
            return _("Quote {number} is not used: {amount}").format(**facts)
        if self.quote_id is not None:
            return _("Quoted until {day} · {number}").format(**facts)
        if quote.payer_id is None:
            return _("{amount} if the student pays · {number}").format(**facts)
        payer = payers.get(quote.payer_id)
        return _("{amount} if {payer} pays · {number}").format(payer=payer.name if payer else "", **facts)

    def _show_more(self) -> None:
        """The menu of the line, where there is one and the line can be changed."""
        self.more.setVisible(self.isEnabled() and (self.due is not None or self.quote is not None))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            self._show_more()

    def _short(self) -> str:
        """The discount that counts, without those that do not: they are in the tool tip."""
        return self._reason.partition(". ")[0]

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

    def _ask_for_more(self) -> None:
        if self.due is not None or self.quote is not None:
            self.more_wanted.emit(self, self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._ask_for_more()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        shifted = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        if event.key() == Qt.Key.Key_Menu or (event.key() == Qt.Key.Key_F10 and shifted):
            self._ask_for_more()
        else:
            super().keyPressEvent(event)

    def _toggled(self, on: bool) -> None:
        if not on and self.offer is not None:
            self.removed.emit(self)
            return
        self.edit.setEnabled(on)
        self.label.set_color("text" if on else "text2")
        self.open.set_color("text" if on else "text2")
        self.show_outcome(None if on else "—")
        self.changed.emit()

    def show_outcome(self, said: str | None, badge: str = "") -> None:
        """Words in place of the amount: a dash for a line that is left, then what became of it; None: the amount."""
        clear_layout(self._outcome)
        self.edit.setVisible(said is None)
        self.outcome.setVisible(said is not None)
        if said is not None:
            self._outcome.addStretch(1)
            self._outcome.addWidget(Badge(badge, said) if badge else Text(said, "body", "text2"))

    def propose(self, minor: int) -> None:
        """How much of it is taken before anybody says otherwise."""
        self.proposed = minor
        self.pay(minor)

    def pay(self, minor: int) -> None:
        """Take the line with so much of it; 0 leaves it."""
        self.take.setChecked(minor > 0)
        if minor > 0:
            self.edit.setText(money.format_plain(minor, self.context.center.currency, self.context.center.locale))
            self._edited()

    def _edited(self) -> None:
        self._show_detail()
        self.edit.style().unpolish(self.edit)
        self.edit.style().polish(self.edit)
        self.changed.emit()

    def show_waiting(self, payments_: Sequence[Waiting]) -> None:
        """Payments of this line that nobody has answered yet: only what they leave is taken beforehand."""
        self._waits = payments_
        if self._waits:
            self.propose(max(self.open_minor - sum(one.line.amount_minor for one in self._waits), 0))
        self._show_detail()

    def _waiting(self) -> str:
        """What waits, since when, and in which payment."""
        amount = text.show_money(min(sum(one.line.amount_minor for one in self._waits), self.open_minor))
        at = words.clock_time(self._waits[-1].started_at, self.context.center)
        return _("{amount} waits since {time} · {number}").format(amount=amount, time=at, number=self._waits[-1].number)

    def _show_detail(self) -> None:
        """What the line is, and below it what is wrong with the amount that was typed."""
        wrong = self.problem()
        self.detail.setText(self._waiting() if self._waits else self._detail())
        self.detail.set_color("warn" if self._waits else "text3")
        self.wrong.setText(wrong)
        self.wrong.setVisible(bool(wrong))
        self.edit.setProperty("wrong", bool(wrong))
        self.edit.setAccessibleDescription(wrong)

    def amount(self) -> int | None:
        """How much is paid now, 0 where the line is not taken, None where it is not an amount that fits."""
        if not self.take.isChecked():
            return 0
        try:
            return self._typed()
        except UserError:
            return None

    def problem(self) -> str:
        """What is wrong with the amount, in a sentence; empty where nothing is."""
        try:
            if self.take.isChecked():
                self._typed()
        except UserError as error:
            return text.sentence(error)
        return ""

    def _typed(self) -> int:
        here = self.context.center
        typed = money.parse(self.edit.text(), here.currency, here.locale, field="lines")
        if typed > self.open_minor:
            raise UserError("payments.above_open", "lines", open=self.open_minor)
        if typed <= 0 < self.open_minor:
            raise UserError("payments.line_amount", "lines")
        return typed


def method_word(method: str) -> str:
    """A way to pay as a word."""
    return next((_(word) for key, word, _icon in METHODS if key == method), method)


def tax_words(rate_bp: int) -> str:
    """A tax rate as it is said: VAT 20 %."""
    return _("VAT {rate} %").format(rate=f"{rate_bp / 100:g}")


def taxes(rows: Sequence[OwedRow]) -> tuple[int, dict[int, int]]:
    """(net, tax by rate in basis points) of what is paid now, in minor units."""
    net = 0
    by_rate: dict[int, int] = {}
    for row in rows:
        split = money.split_gross(row.amount() or 0, row.rate_bp)
        net += split.net_minor
        if split.tax_minor:
            by_rate[row.rate_bp] = by_rate.get(row.rate_bp, 0) + split.tax_minor
    return net, dict(sorted(by_rate.items(), reverse=True))


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
    parts, rests = [], []
    for coin in _COINS:
        count, minor = divmod(minor, coin)
        if count:
            said = text.show_money(coin)
            parts.append(f"{count} × {said.removesuffix('.00') if coin >= 100 else said}")
            rests.append(minor)
    if len(parts) > 4:  # what has no line of its own is not left unsaid
        parts = [*parts[:3], f"+ {text.show_money(rests[2])}"]
    return "\n".join(parts)
