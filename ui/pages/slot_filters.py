"""The left side of the calendar: which courses, instructors and rooms are shown, with what each would show."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.lists import calendar, catalog
from app.text import N_, _
from ui.theme import CATEGORY, theme
from ui.widgets.basic import Text, clear_layout
from ui.widgets.line import as_tip

_CATEGORIES = (
    ("driving", N_("Driving")),
    ("language", N_("Languages")),
    ("music", N_("Music")),
    ("safety", N_("Safety")),
    ("exam", N_("Exams")),
)
Key = tuple[str, str]


class SlotFilters(QScrollArea):
    """Check boxes in three groups; `changed` when one is turned."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.boxes: dict[Key, QCheckBox] = {}
        self._counts: dict[Key, Text] = {}
        inner = QWidget()
        inner.setObjectName("scrolled")
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(1, 0, 10, 0)
        self._column.setSpacing(7)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setStyleSheet("QScrollArea { background: transparent; }")
        self.setWidget(inner)
        theme().changed.connect(self._color)

    def show_blocks(self, found: Sequence[calendar.Block]) -> None:
        """Offer what these slots have; what was turned off stays off, and the focus stays where it is."""
        sizes = {row[1]: row[2] for row in catalog.resources()}
        categories = {block.category for block in found}
        rooms = sorted({block.room for block in found if block.room})
        groups: list[tuple[str, str, list[Key]]] = [
            (_("Course"), "category", [(key, _(label)) for key, label in _CATEGORIES if key in categories]),
            (_("Instructor"), "instructor", [(n, n) for n in sorted({n for b in found for n in b.instructors})]),
            (_("Room"), "room", [(n, self._room(n, sizes.get(n))) for n in rooms]),
        ]
        wanted = [(kind, key) for _heading, kind, choices in groups for key, _label in choices]
        if wanted != list(self.boxes):
            self._build(groups)
        for (kind, key), said in self._counts.items():
            said.setText(str(sum(is_of(block, kind, key) for block in found)))

    @staticmethod
    def _room(name: str, seats: int | None) -> str:
        return name if seats is None else _("{room} · {n} seats").format(room=name, n=seats)

    def _build(self, groups: Sequence[tuple[str, str, list[Key]]]) -> None:
        off = {key for key, box in self.boxes.items() if not box.isChecked()}
        clear_layout(self._column)
        self.boxes, self._counts = {}, {}
        for heading, kind, choices in groups:
            if not choices:
                continue
            self._column.addWidget(Text(heading, "label", "text2"))
            for key, label in choices:
                line = QHBoxLayout()
                box = QCheckBox(label)
                box.setObjectName(f"filter_{kind}_{key}")
                box.setToolTip(as_tip(label))
                box.setChecked((kind, key) not in off)
                box.setMinimumWidth(1)
                box.toggled.connect(self.changed)
                self.boxes[(kind, key)] = box
                line.addWidget(box, 1)
                count = self._counts[(kind, key)] = Text("", "small", "text3")
                line.addWidget(count)
                self._column.addLayout(line)
            self._column.addSpacing(6)
        self._column.addStretch(1)
        self._color()

    def _color(self) -> None:
        """A square in the color of a category, beside its word."""
        for (kind, key), box in self.boxes.items():
            if kind == "category":
                size = theme().px(11)
                square = QPixmap(size, size)
                square.fill(Qt.GlobalColor.transparent)
                painter = QPainter(square)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme().color(CATEGORY.get(key, "cdrive")))
                painter.drawRoundedRect(0, 0, size, size, 2, 2)
                painter.end()
                box.setIcon(QIcon(square))
                box.setIconSize(QSize(size, size))

    def lets_through(self, block: calendar.Block) -> bool:
        """Whether no filter that is off is about this slot."""
        return all(box.isChecked() or not is_of(block, kind, key) for (kind, key), box in self.boxes.items())


def is_of(block: calendar.Block, kind: str, key: str) -> bool:
    """Whether a filter is about a slot."""
    return key in block.instructors if kind == "instructor" else getattr(block, kind) == key
