"""After the payment (picture 05b): the same places, what to give back, and what can be done with it now."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout

from app.text import _
from ui.theme import theme
from ui.widgets.basic import Button, Card, Icon, Text
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
    """What was paid, what to give back, then receipt, mail, invoice, reversal, next person."""

    def __init__(self) -> None:
        super().__init__(margins=(16, 20, 16, 16))
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
