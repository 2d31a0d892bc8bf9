"""Who pays for a student, and whom else they pay for: a few lines on the panel that lead to the whole family."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from html import escape

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.lists import payers
from app.lists import people as roster
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.theme import theme
from ui.widgets.basic import Text
from ui.widgets.paint import draw_avatar, draw_icon, draw_keys, draw_line, keys_width, lead, width_of
from ui.widgets.ring import hide_ring, show_ring


class PersonRow(QAbstractButton):
    """Somebody as one line that opens them; a name that has no room ends in an ellipsis, what is owed never does."""

    def __init__(
        self,
        name: str,
        facts: str = "",
        end: tuple[str, str] = ("", "text3"),
        *,
        avatar: int | None = None,
        icon: str = "",
        keys: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.setText(name)
        self.setShortcut(QKeySequence())  # an ampersand in a name is no key
        self._facts, self._end, self._avatar, self._icon, self._keys = facts, end, avatar, icon, tuple(keys)
        self.setAccessibleName(", ".join(filter(None, (name, facts, end[0]))))
        self.setToolTip(f"<p>{escape(name)}</p>")  # a tool tip would take markup in a name for its own
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, theme().px(30))

    def minimumSizeHint(self) -> QSize:
        return QSize(1, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        if self.underMouse() or self.isDown():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().color("sunken" if self.isDown() else "surface2"))
            painter.drawRoundedRect(box, 7, 7)
        sign, start = theme().px(22), theme().px(22) + 8
        if self._avatar is not None:
            place = QRectF(lead(painter, box, 0, sign), (box.height() - sign) / 2, sign, sign)
            draw_avatar(painter, place, self.text(), self._avatar)
        else:
            draw_icon(painter, box, 3, self._icon, "text2", theme().px(16))
        name, small = theme().font("name"), theme().font("small")
        end = keys_width(self._keys) or (width_of(self._end[0], small) if self._end[0] else 0)
        room = box.width() - start - end - 12
        wide = min(width_of(self.text(), name) + 2, room)
        said = QFontMetrics(name).elidedText(self.text(), Qt.TextElideMode.ElideRight, int(wide))
        place = QRectF(lead(painter, box, start, wide), 0, wide, box.height())
        draw_line(painter, place, said, name, theme().color("text"))
        rest = room - wide - 8
        if self._facts and rest > theme().px(24):
            said = QFontMetrics(small).elidedText(self._facts, Qt.TextElideMode.ElideRight, int(rest))
            place = QRectF(lead(painter, box, start + wide + 8, rest), 0, rest, box.height())
            draw_line(painter, place, said, small, theme().color("text3"))
        place = QRectF(lead(painter, box, box.width() - end - 2, end), 0, end, box.height())
        if self._keys:
            edge = theme().color("line2")
            draw_keys(painter, place.left(), box.center().y(), self._keys, theme().color("text2"), edge)
        elif self._end[0]:
            draw_line(painter, place, self._end[0], small, theme().color(self._end[1]), end=True)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        show_ring(self, 9)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        hide_ring(self)


class FamilyLines(QWidget):
    """The payer as a button that opens everyone they pay for; below it siblings or colleagues with what they owe."""

    def __init__(self, context: Context, found: roster.Overview) -> None:
        super().__init__()
        self.setObjectName("family_lines")
        self.context = context
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        payer = payers.get(found.payer_id)
        if payer is None:
            return
        self.payer_id = payer.id
        company = payer.kind == "company"
        members, more = payers.beside(found.row.id, payer.id)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(Text(_("Who pays"), "label", "text2"))
        others = len(members) + more
        said = (
            ngettext("and for {n} colleague", "and for {n} colleagues", others)
            if company
            else ngettext("and for {n} sibling", "and for {n} siblings", others)
            if payer.kind == "guardian"
            else ngettext("and for {n} other", "and for {n} others", others)
        )
        head.addWidget(Text(said.format(n=others) if others else "", "small", "text2"))
        head.addStretch(1)
        column.addLayout(head)
        facts = " · ".join(filter(None, (words.payer_kind(payer.kind), payer.phone or payer.email)))
        self.open = PersonRow(payer.name, facts, icon="building-2" if company else "users", keys=("W",))
        self.open.setObjectName("open_family")
        self.open.clicked.connect(self.open_family)
        column.addWidget(self.open)
        for member in members:
            state = words.state(member.row.status) if member.row.status != "active" else ""
            owes, color = words.balance(member.owed_minor)
            row = PersonRow(
                member.row.name,
                " · ".join(filter(None, (state, member.row.courses))),
                (owes if member.owed_minor else "", color),
                avatar=member.row.id,
            )
            row.setObjectName(f"sibling_{member.row.id}")
            row.clicked.connect(partial(self.context.navigate.emit, "students", member.row.id))
            column.addWidget(row)
        if more:
            column.addWidget(Text(_("and {n} more").format(n=more), "small", "text3"))

    def open_family(self) -> None:
        """Everyone this payer pays for."""
        self.context.navigate.emit("payer", self.payer_id)
