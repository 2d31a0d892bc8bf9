"""A row of parts that goes on in the next line where it has no room."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget


class WrapRow(QWidget):
    """Children side by side at the size they ask for, as high as the lines they need; Tab goes along them."""

    def __init__(self, spacing: int = 8) -> None:
        super().__init__()
        self._spacing = spacing
        self.parts: list[QWidget] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def put(self, part: QWidget, at: int | None = None) -> None:
        """Add a part at the end, or at a place."""
        self.parts.insert(len(self.parts) if at is None else at, part)
        part.setParent(self)
        part.show()
        for before, after in zip(self.parts, self.parts[1:], strict=False):
            QWidget.setTabOrder(before, after)
        self._arrange()

    def take(self, part: QWidget) -> None:
        """Take a part away for good."""
        self.parts.remove(part)
        part.hide()
        part.deleteLater()
        self._arrange()

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.LayoutDirectionChange):
            self._arrange()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def sizeHint(self) -> QSize:
        wide = sum(part.sizeHint().width() + self._spacing for part in self.parts) - self._spacing
        return QSize(max(wide, 0), self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        return QSize(max((part.sizeHint().width() for part in self.parts), default=0), self.minimumHeight())

    def _arrange(self) -> None:
        x = y = line = 0
        places: list[tuple[QWidget, int, int, QSize]] = []
        starts = [0]
        for part in self.parts:
            size = part.sizeHint().boundedTo(part.maximumSize()).expandedTo(part.minimumSize())
            if x and x + size.width() > self.width():
                x, y, line = 0, y + line + self._spacing, 0
                starts.append(len(places))
            places.append((part, x, y, size))
            x += size.width() + self._spacing
            line = max(line, size.height())
        ends = [*starts[1:], len(places)]
        for start, end in zip(starts, ends, strict=True):
            high = max((size.height() for _part, _x, _y, size in places[start:end]), default=0)
            for part, left, top, size in places[start:end]:
                if self.isRightToLeft():
                    left = self.width() - left - size.width()
                part.setGeometry(left, top + (high - size.height()) // 2, size.width(), size.height())
        if self.minimumHeight() != y + line:
            self.setFixedHeight(y + line)
