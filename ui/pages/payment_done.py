"""After the payment (picture 05b): the same places, what to give back, and what can be done with it now."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout

from app import clock, text
from app.desk import payments
from app.lists import find, staff
from app.lists import mail as mail_list
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.pages.payment_parts import METHODS, in_coins, method_word
from ui.pages.payment_split import PartRow
from ui.theme import theme
from ui.widgets.basic import Badge, Button, Card, Icon, Text, clear_layout
from ui.widgets.line import Line
from ui.widgets.paint import draw_icon, draw_keys, draw_line, keys_width, lead


class ActionCard(QAbstractButton):
    """Something to do, what it is about, and its key."""

    def __init__(self, name: str, icon: str, title: str, keys: Sequence[str]) -> None:
        super().__init__()
        self._icon, self._keys, self.detail = icon, tuple(keys), ""
        self.setObjectName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.updateGeometry)
        self.say(title, "")

    def say(self, title: str, detail: str) -> None:
        """Another title, and another line below it."""
        self.detail = detail
        self.setText(title)
        self.setAccessibleName(title)
        self.setAccessibleDescription(detail)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, theme().px(52))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on, here = self.isEnabled(), self.hasFocus()
        edge = "brassedge" if here else "text3" if self.underMouse() and on else "line"
        painter.setPen(QPen(theme().color(edge), 2 if here else 1))
        ground = "sunken" if self.isDown() or not on else "surface2" if self.underMouse() else "surface"
        painter.setBrush(theme().color(ground))
        everything = QRectF(self.rect())
        painter.drawRoundedRect(everything.adjusted(1, 1, -1, -1), 7, 7)
        draw_icon(painter, everything, 14, self._icon, "text2" if on else "text3", theme().px(17))
        start, keys = 14 + theme().px(17) + 12, keys_width(self._keys)
        room = everything.width() - start - keys - 24
        half = everything.height() / 2
        for role, said, color, top in (
            ("name", self.text(), "text" if on else "text3", half - theme().px(19)),
            ("small", self.detail, "text2" if on else "text3", half),
        ):
            font, high = theme().font(role), theme().px(19)
            box = QRectF(lead(painter, everything, start, room), top if self.detail else half - high / 2, room, high)
            words = QFontMetrics(font).elidedText(said, Qt.TextElideMode.ElideRight, int(room))
            draw_line(painter, box, words, font, theme().color(color))
        left = lead(painter, everything, everything.width() - keys - 13, keys)
        draw_keys(painter, left, half, self._keys, theme().color("text2"), theme().color("line2"))


class DoneCard(Card):
    """What was paid, what to give back, then receipt, mail, invoice, reversal, next person.

    `receipt_wanted` (payment): that of one part of a split payment.
    """

    receipt_wanted = Signal(int)

    def __init__(self, context: Context) -> None:
        super().__init__(margins=(16, 20, 16, 16))
        self.context = context
        self.mailed: int | None = None
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(8)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(Icon("circle-check", "ok", 32))
        names = QVBoxLayout()
        names.setSpacing(1)
        self.paid = Line("", "title", "ok")
        self.paid.setObjectName("paid")
        self.facts = Line("", "small", "text2")
        names.addWidget(self.paid)
        names.addWidget(self.facts)
        top.addLayout(names, 1)
        column.addLayout(top)
        column.addSpacing(6)
        self.box = QFrame()
        self.box.setProperty("good", True)
        box = QHBoxLayout(self.box)
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
        column.addWidget(self.box)
        self.parts = QGridLayout()
        self.parts.setContentsMargins(0, 2, 0, 2)
        self.parts.setHorizontalSpacing(8)
        self.parts.setVerticalSpacing(6)
        self.parts.setColumnStretch(1, 1)
        column.addLayout(self.parts)
        column.addSpacing(4)
        self.receipt = ActionCard("print_receipt", "printer", _("Print receipt"), ("R",))
        self.receipt.say(_("Print receipt"), _("80 mm roll or A4"))
        self.mail = ActionCard("receipt_mail", "mail", _("Receipt by mail"), ("M",))
        self.invoice = ActionCard("open_invoice", "file-text", _("Open invoice"), ("O",))
        self.reverse = ActionCard("reverse_this_payment", "undo-2", _("Reverse this payment"), ("Ctrl", "Z"))
        for card in (self.receipt, self.mail, self.invoice, self.reverse):
            column.addWidget(card)
        self.words = Text("", "small", "text2", wrap=True)
        self.words.setObjectName("done_facts")
        column.addWidget(self.words)
        column.addStretch(1)
        self.next = Button(_("Next person"), "user", kind="primary", keys=("Enter",), size="big")
        column.addWidget(self.next)

    def show_completed(self, done: payments.Completed, method: str, parts: Sequence[PartRow]) -> None:
        """What a payment did; `parts` of a split one are told one by one. `mailed` is then the receipt in the queue."""
        how = {
            "cash": _("{amount} paid in cash"), "card": _("{amount} paid by card"),
            "transfer": _("{amount} paid by transfer"), "check": _("{amount} paid by check"),
        }  # fmt: skip
        said = how.get(method, _("{amount} paid"))
        count = sum(row.status == "COMPLETED" for row in parts)
        if parts:
            said = ngettext("{amount} paid in {n} part", "{amount} paid in {n} parts", count)
        paid = sum(row.amount_minor() for row in parts if row.status == "COMPLETED") if parts else done.amount_minor
        self.paid.setText(said.format(amount=text.show_money(paid), n=count))
        here = self.context.center
        who = next((one.name for one in staff.at_work() if one.id == self.context.actor.user_id), "")
        self.facts.setText(" · ".join(filter(None, (done.number, words.clock_time(clock.stamp(), here), who))))
        self.show_parts(parts)
        self.box.setVisible(done.change_minor > 0)
        self.give_back.setText(text.show_money(done.change_minor))
        self.coins.setText(in_coins(done.change_minor, self.context))
        self.invoice.setVisible(bool(done.invoice_ids))
        if done.invoice_ids:
            label = find.label_of(done.invoice_ids[0])
            more = len(done.invoice_ids) - 1
            also = ngettext("and {n} more, made just now", "and {n} more, made just now", more).format(n=more)
            self.invoice.say(_("Open invoice {number}").format(number=label), also if more else _("made just now"))
        self.reverse.say(_("Reverse this payment"), _("asks for a reason"))
        self.reverse.setEnabled(True)
        receipt = mail_list.receipt_of(done.number)
        self.mail.setVisible(receipt is not None)
        facts = [] if receipt is not None else [_("No receipt was mailed: there is no address.")]
        self.mailed = None
        if receipt is not None:
            self.mailed, address, state = receipt
            to = _("to {address} · {state}").format(address=address, state=words.state(state).lower())
            self.mail.say(_("Receipt by mail"), to)
        if done.credit_minor:
            facts.append(_("{amount} stays as credit.").format(amount=text.show_money(done.credit_minor)))
        if done.unsold:
            facts.append(_("Out of stock meanwhile: {what}.").format(what=", ".join(done.unsold)))
        self.words.setText(" ".join(facts))

    def say_without(self, titles: Sequence[str]) -> None:
        """What was to be sold by several means that ended before its turn came."""
        if titles:
            said = _("Not sold, for no part paid it: {what}.").format(what=", ".join(titles))
            self.words.setText(" ".join(filter(None, (self.words.text(), said))))

    def show_parts(self, rows: Sequence[PartRow]) -> None:
        """Every part with its method; the receipt of each that is completed. None for a payment by one means."""
        clear_layout(self.parts)
        for number, row in enumerate(rows):
            icon = next(icon for key, _word, icon in METHODS if key == row.method())
            self.parts.addWidget(Icon(icon, "text2", 16), number, 0)
            said = [method_word(row.method()), row.payment_number, row.reason]
            self.parts.addWidget(Line(" · ".join(filter(None, said)), "name"), number, 1)
            amount = Text(text.show_money(row.amount_minor()), "name")
            amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.parts.addWidget(amount, number, 2)
            if row.status != "COMPLETED":
                state = _("Failed") if row.status == "FAILED" else _("Started")
                self.parts.addWidget(Badge(row.status.lower(), state), number, 3)
                continue
            receipt = Button("", "printer", kind="quiet", size="mark")
            receipt.setObjectName(f"receipt_part_{number + 1}")
            receipt.setAccessibleName(_("Receipt {number}").format(number=row.payment_number))
            receipt.setToolTip(receipt.accessibleName())
            receipt.setProperty("payment", row.payment_id)
            receipt.clicked.connect(self._receipt_clicked)
            self.parts.addWidget(receipt, number, 3, Qt.AlignmentFlag.AlignRight)

    def _receipt_clicked(self) -> None:
        self.receipt_wanted.emit(int(self.sender().property("payment")))
