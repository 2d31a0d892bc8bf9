"""The small month beside the week: the shown days as a band, today in brass, a dot where something happens."""

from __future__ import annotations

import calendar as weeks
from datetime import date, timedelta

from babel.dates import format_date, get_day_names
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app import clock
from app.lists import calendar
from app.text import _
from ui.context import Context
from ui.theme import theme
from ui.widgets.basic import Button
from ui.widgets.line import Line


class SmallMonth(QWidget):
    """`picked(day)` when a day is clicked, or chosen by arrows and Enter."""

    picked = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.setObjectName("small_month")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(0)
        self.title = Line("", "label")
        row.addWidget(self.title, 1)
        for icon, label, act in (
            ("chevron-left", _("Month before"), self.month_before),
            ("chevron-right", _("Month after"), self.month_after),
        ):
            button = Button("", icon, kind="flat", size="small")
            button.setObjectName("month_before" if act == self.month_before else "month_after")
            button.setAccessibleName(label)
            button.setToolTip(label)
            button.clicked.connect(act)
            row.addWidget(button)
        column.addLayout(row)
        self.days = _Days(self)
        column.addWidget(self.days)

    def show_span(self, first: date, last: date) -> None:
        """Mark the days that the week shows; the month is theirs."""
        self.days.span = (first, last)
        if self.days.picked_out is None or not first <= self.days.picked_out <= last:
            self.days.picked_out = first
        self._to(last.replace(day=1) if first.month != last.month and last.day > 3 else first.replace(day=1))

    def month_before(self) -> None:
        """PgUp in the month: look around; the week stays where it is."""
        self._to((self.days.month - timedelta(days=1)).replace(day=1))

    def month_after(self) -> None:
        """PgDn in the month."""
        self._to((self.days.month + timedelta(days=32)).replace(day=1))

    def _to(self, month: date) -> None:
        self.days.month = month
        name = str(format_date(month, "LLLL y", locale=self.context.center.locale.replace("-", "_")))
        self.title.setText(name)
        shown = self.days.shown()
        self.days.busy = calendar.days_with_slots(shown[0], shown[-1])
        self.days.say()
        self.days.update()


class _Days(QWidget):
    def __init__(self, month: SmallMonth) -> None:
        super().__init__()
        self._month = month
        self.month = clock.local_date(month.context.center.zone).replace(day=1)
        self.picked_out: date | None = None
        self.span: tuple[date, date] = (self.month, self.month)
        self.busy: set[str] = set()
        self.setObjectName("month_days")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.updateGeometry)

    def shown(self) -> list[date]:
        """Six weeks, the first with the first of the month."""
        first = self.month - timedelta(days=self.month.weekday())
        return [first + timedelta(days=offset) for offset in range(42)]

    def say(self) -> None:
        """The name a screen reader reads."""
        locale = self._month.context.center.locale.replace("-", "_")
        here = self.picked_out or self.month
        self.setAccessibleName(str(format_date(here, "EEEE d MMMM y", locale=locale)))

    def sizeHint(self) -> QSize:
        return QSize(theme().px(182), 7 * theme().px(25))

    def _box(self, column: int, row: int) -> QRectF:
        wide, high = self.width() / 7, self.height() / 7
        column = 6 - column if self.isRightToLeft() else column
        return QRectF(column * wide, row * high, wide, high)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        center = self._month.context.center
        names = get_day_names("narrow", locale=center.locale.replace("-", "_"))
        painter.setFont(theme().font("small"))
        painter.setPen(theme().color("text3"))
        for number in range(7):
            painter.drawText(self._box(number, 0), Qt.AlignmentFlag.AlignCenter, str(names[number]))
        today, (first, last) = clock.local_date(center.zone), self.span
        for number, day in enumerate(self.shown()):
            box = self._box(number % 7, number // 7 + 1)
            painter.setPen(Qt.PenStyle.NoPen)
            if first <= day <= last:
                painter.setBrush(theme().color("sunken"))
                painter.drawRect(box.adjusted(0, 1, 0, -1))
            tile = QRectF(0, 0, min(box.width(), theme().px(26)), box.height() - 1)
            tile.moveCenter(box.center())
            if day == today:
                painter.setBrush(theme().color("brass"))
                painter.drawRoundedRect(tile, 6, 6)
            if self.hasFocus() and day == self.picked_out:
                painter.setPen(QPen(theme().color("brassedge"), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(tile.adjusted(1, 1, -1, -1), 5, 5)
            ink = "brassink" if day == today else "text" if day.month == self.month.month else "text3"
            painter.setFont(theme().font("badge" if day == today else "small"))
            painter.setPen(theme().color(ink))
            painter.drawText(box.adjusted(0, -2, 0, -2), Qt.AlignmentFlag.AlignCenter, str(day.day))
            if day.isoformat() in self.busy and day.month == self.month.month:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme().color("brassink" if day == today else "text3"))
                painter.drawEllipse(QPointF(box.center().x(), box.bottom() - 4), 1.5, 1.5)

    def day_at(self, x: float, y: float) -> date | None:
        """The day at a place, None on the head."""
        column, row = int(x / (self.width() / 7)), int(y / (self.height() / 7)) - 1
        if not 0 <= row < 6 or not 0 <= column < 7:
            return None
        return self.shown()[row * 7 + (6 - column if self.isRightToLeft() else column)]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        day = self.day_at(event.position().x(), event.position().y())
        if day is not None:
            self.picked_out = day
            self._month.picked.emit(day)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        aside = -1 if self.isRightToLeft() else 1
        steps = {
            Qt.Key.Key_Left: -aside, Qt.Key.Key_Right: aside, Qt.Key.Key_Up: -7, Qt.Key.Key_Down: 7,
        }  # fmt: skip
        here, key = self.picked_out or self.month, Qt.Key(event.key())
        if key in steps and not event.modifiers():
            self._go(here + timedelta(days=steps[key]))
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            other = (here.replace(day=1) + timedelta(days=-1 if key == Qt.Key.Key_PageUp else 32)).replace(day=1)
            self._go(other.replace(day=min(here.day, weeks.monthrange(other.year, other.month)[1])))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._month.picked.emit(here)
        else:
            super().keyPressEvent(event)

    def _go(self, day: date) -> None:
        self.picked_out = day
        self._month._to(day.replace(day=1))
