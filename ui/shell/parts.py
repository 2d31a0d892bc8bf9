"""What the ink frame is made of: rail items, actions and facts, key hints. Painted, mirrored, as large as the text."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ui.theme import theme
from ui.widgets.line import Line
from ui.widgets.paint import draw_icon, draw_keys, draw_line, keys_width, lead, width_of


class RailButton(QAbstractButton):
    """A page on the rail: icon, word, brass marker, and a pill with what waits there."""

    def __init__(self, label: str, icon: str, name: str) -> None:
        super().__init__()
        self.setText(label)
        self._icon = icon
        self.count = 0
        self.setCheckable(True)
        self.setObjectName(name)
        self.setAccessibleName(label)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.updateGeometry)

    def set_count(self, count: int) -> None:
        """What waits there; 0 shows no pill."""
        self.count = count
        self.setAccessibleDescription(str(count) if count else "")
        self.update()

    def _font(self) -> QFont:
        font = theme().font("rail")
        if self.isChecked():
            font.setWeight(QFont.Weight.Bold)
        return font

    def sizeHint(self) -> QSize:
        bold = theme().font("rail")
        bold.setWeight(QFont.Weight.Bold)
        return QSize(max(80, width_of(self.text(), bold) + 20), 40 + theme().px(16))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on, wide, high = self.isChecked(), self.width(), self.height()
        everything = QRectF(self.rect())
        painter.setPen(Qt.PenStyle.NoPen)
        if on or self.underMouse():
            painter.setBrush(theme().color("frame2"))
            painter.drawRoundedRect(everything.adjusted(8, 0, -8, 0), 8, 8)
        if on:
            painter.setBrush(theme().color("brass"))
            painter.drawRoundedRect(QRectF(lead(painter, everything, -3, 6), high / 2 - 16, 6, 32), 3, 3)
        if self.hasFocus():
            painter.setPen(QPen(theme().color("brassedge"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(everything.adjusted(9, 1, -9, -1), 7, 7)
        icon = QRectF((wide - 20) / 2, 9, 20, 20)
        draw_icon(painter, icon, 0, self._icon, "brass" if on else "framemuted", 20)
        painter.setFont(self._font())
        painter.setPen(theme().color("frametext" if on else "framemuted"))
        words = QRectF(0, 30, wide, high - 36)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip), self.text())
        if self.count:
            self._pill(painter, icon)

    def _pill(self, painter: QPainter, icon: QRectF) -> None:
        words = str(self.count) if self.count < 100 else "99+"
        font = theme().font("key")
        font.setWeight(QFont.Weight.Bold)
        high = theme().px(18)
        wide = max(high, width_of(words, font) + 9)
        place = QRectF(lead(painter, icon, 14, wide), 1, wide, high)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color("brass"))
        painter.drawRoundedRect(place, high / 2, high / 2)
        painter.setPen(theme().color("brassink"))
        painter.setFont(font)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)


class BarButton(QAbstractButton):
    """An action in the ink bar, or a fact in the status bar that opens what is behind it."""

    def __init__(self, label: str, icon: str, keys: Sequence[str] = (), *, brass: bool = True) -> None:
        super().__init__()
        self._icon, self._keys, self._brass = icon, tuple(keys), brass
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme().changed.connect(self.updateGeometry)
        self.setText(label)
        self.setAccessibleName(label)

    def set_label(self, label: str) -> None:
        """Another label; a fact without one is not there."""
        self.setText(label)
        self.setAccessibleName(label)
        self.setVisible(bool(label))
        self.updateGeometry()
        self.update()

    def _parts(self) -> tuple[int, int, int]:
        """Where the words start, how wide they are, and the keys."""
        font = theme().font("body" if self._brass else "small")
        return theme().px(16) + (8 if self._brass else 7), width_of(self.text(), font), keys_width(self._keys)

    def sizeHint(self) -> QSize:
        start, label, keys = self._parts()
        return QSize(start + label + (keys + 8 if keys else 0) + 8, theme().px(28 if self._brass else 22))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        everything = QRectF(self.rect())
        start, label, keys = self._parts()
        draw_icon(painter, everything, 4, self._icon, "brass" if self._brass else "framemuted", theme().px(16))
        ink = theme().color("frametext" if self._brass or self.underMouse() else "framemuted")
        words = QRectF(lead(painter, everything, 4 + start, label), 0, label, self.height())
        draw_line(painter, words, self.text(), theme().font("body" if self._brass else "small"), ink)
        if keys:
            left = lead(painter, everything, 12 + start + label, keys)
            edge = theme().color("framemuted")
            draw_keys(painter, left, self.height() / 2, self._keys, theme().color("frametext"), edge)
        if self.hasFocus():
            painter.setPen(QPen(theme().color("brass"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(everything.adjusted(1, 1, -1, -1), 6, 6)


class KeyHints(QWidget):
    """The three or four keys of the place where the focus is."""

    def __init__(self) -> None:
        super().__init__()
        self.hints: Sequence[tuple[Sequence[str], str]] = ()
        theme().changed.connect(self.updateGeometry)

    def set(self, hints: Sequence[tuple[Sequence[str], str]]) -> None:
        """Other keys."""
        self.hints = hints
        self.setAccessibleName(", ".join(f"{'+'.join(keys)} {words}" for keys, words in hints))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._wide(self.hints), theme().px(22))

    @staticmethod
    def _wide(hints: Sequence[tuple[Sequence[str], str]]) -> int:
        font = theme().font("small")
        wide = sum(keys_width(keys) + width_of(words, font) + 26 for keys, words in hints)
        return max(wide - 18, 0)

    def _fitting(self) -> list[tuple[Sequence[str], str]]:
        """The keys there is room for: none is better than a part of one, and the last, all keys, goes last."""
        found = list(self.hints)
        while found and self._wide(found) > self.width():
            found.pop(-2 if len(found) > 1 else -1)
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        everything, middle, font = QRectF(self.rect()), self.height() / 2, theme().font("small")
        x = 0
        for keys, words in self._fitting():
            wide, label = keys_width(keys), width_of(words, font)
            left = lead(painter, everything, x, wide)
            draw_keys(painter, left, middle, keys, theme().color("frametext"), theme().color("framemuted"))
            place = QRectF(lead(painter, everything, x + wide + 8, label), 0, label, self.height())
            draw_line(painter, place, words, font, theme().color("framemuted"))
            x += wide + label + 26


class Notice(Line):
    """What was done, in one line."""

    def __init__(self) -> None:
        super().__init__("", "small_strong", "brass")
        self.setObjectName("notice")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def say(self, words: str) -> None:
        """Another sentence."""
        self.setText(words)
        self.setAccessibleName(words)
        self.updateGeometry()
