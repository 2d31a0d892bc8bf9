"""Which columns a list shows, in which order, and by which it runs; everything by keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QListWidget, QListWidgetItem, QWidget

from app.desk import arranging
from app.text import _
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Segment

#: So much wider or narrower a column becomes with one key.
STEP = 12


class ColumnsDialog(FormDialog):
    """`chosen(keys, sort)`, and `widened(widths)` with what is wider or narrower than usual, where a width was moved.

    Space shows or hides a column, Alt with ↑ ↓ moves it, with ← → makes it narrower or wider; the first stays first.
    """

    chosen = Signal(list, str)
    widened = Signal(dict)

    def __init__(
        self,
        parent: QWidget,
        columns: Sequence[tuple[str, str]],
        shown: Sequence[str],
        usual: Sequence[str],
        sort: str,
        downwards: Callable[[str], bool],
        widths: Mapping[str, int],
        usual_widths: Mapping[str, int],
    ) -> None:
        super().__init__(parent, _("Columns"), "list-filter", width=520)
        self.setObjectName("columns")
        self._columns, self._usual, self._downwards = dict(columns), tuple(usual), downwards
        self._before, self._usual_widths = {**usual_widths, **widths}, dict(usual_widths)
        self._widths = dict(self._before)
        self.list = QListWidget()
        self.list.setObjectName("column_list")
        self.list.setAccessibleName(_("Columns, in their order"))
        self.list.setSpacing(3)
        self.body.addWidget(self.list)
        ways = (
            ("column_up", _("Up"), "chevron-up", ("Alt", "↑"), self.move_up),
            ("column_down", _("Down"), "chevron-down", ("Alt", "↓"), self.move_down),
        )
        sizes = (
            ("column_narrower", _("Narrower"), "", ("Alt", "←"), self.narrower),
            ("column_wider", _("Wider"), "", ("Alt", "→"), self.wider),
            ("column_usual", _("As usual"), "undo-2", (), self.as_usual),
        )
        for buttons in (ways, sizes):
            row = QHBoxLayout()
            for name, label, icon, keys, act in buttons:
                button = Button(label, icon, keys=keys, kind="quiet")
                button.setObjectName(name)
                button.clicked.connect(act)
                row.addWidget(button)
            row.addStretch(1)
            self.body.addLayout(row)
        self._shortcut("Alt+Up", self.move_up)
        self._shortcut("Alt+Down", self.move_down)
        self._shortcut("Alt+Left", self.narrower)
        self._shortcut("Alt+Right", self.wider)
        self.sort = QComboBox()
        self.sort.addItem(_("as found: the newest first"), "")
        for key, label in columns:
            self.sort.addItem(label, key)
        self.sort.currentIndexChanged.connect(self._sort_changed)
        self.way = Segment([("up", _("Upwards"), ()), ("down", _("Downwards"), ())], "way")
        row = QHBoxLayout()
        row.addWidget(Field(_("Sorted by"), self.sort, name="sort_by"), 1)
        row.addWidget(self.way, alignment=Qt.AlignmentFlag.AlignBottom)
        self.body.addLayout(row)
        self.add_foot((), Button(_("Use these"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self._fill(shown)
        self.list.setFixedHeight((self.list.sizeHintForRow(0) + 6) * len(columns) + 4)
        self.sort.setCurrentIndex(max(self.sort.findData(sort.removeprefix("-")), 0))
        self._say_way("down" if sort.startswith("-") else "up")
        self.list.setCurrentRow(0)
        self.list.setFocus()

    def _fill(self, shown: Sequence[str]) -> None:
        self.list.clear()
        for key in (*shown, *(key for key in self._columns if key not in shown)):
            item = QListWidgetItem(self._said(key))
            item.setData(Qt.ItemDataRole.UserRole, key)
            first = not self.list.count()
            flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
            item.setFlags(flags if first else flags | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if key in shown else Qt.CheckState.Unchecked)
            self.list.addItem(item)

    def keys(self) -> list[str]:
        """The columns that are to be shown, in their order."""
        items = [self.list.item(number) for number in range(self.list.count())]
        return [i.data(Qt.ItemDataRole.UserRole) for i in items if i.checkState() == Qt.CheckState.Checked]

    def move_up(self) -> None:
        """Alt+↑."""
        self._move(-1)

    def move_down(self) -> None:
        """Alt+↓."""
        self._move(1)

    def _move(self, by: int) -> None:
        row = self.list.currentRow()
        if row > 0 and 0 < row + by < self.list.count():
            self.list.insertItem(row + by, self.list.takeItem(row))
            self.list.setCurrentRow(row + by)

    def _said(self, key: str) -> str:
        own = self._widths[key]
        return self._columns[key] if own == self._usual_widths[key] else f"{self._columns[key]} · {own}"

    def narrower(self) -> None:
        """Alt+←."""
        self._widen(-STEP)

    def wider(self) -> None:
        """Alt+→."""
        self._widen(STEP)

    def _widen(self, by: int) -> None:
        item = self.list.currentItem()
        if item is not None:
            key = item.data(Qt.ItemDataRole.UserRole)
            self._widths[key] = min(max(self._widths[key] + by, arranging.NARROWEST), arranging.WIDEST)
            item.setText(self._said(key))

    def as_usual(self) -> None:
        """The columns as they come, as wide as they come, and no order of one's own."""
        self._widths = dict(self._usual_widths)
        self._fill(self._usual)
        self.list.setCurrentRow(0)
        self.sort.setCurrentIndex(0)

    def _sort_changed(self) -> None:
        self._say_way("down" if self._downwards(str(self.sort.currentData())) else "up")

    def _say_way(self, way: str) -> None:
        self.way.set_value(way)
        self.way.setEnabled(bool(self.sort.currentData()))

    def main_action(self) -> None:
        sort = str(self.sort.currentData())
        keys = self.keys()
        self.accept()
        if self._widths != self._before:
            self.widened.emit({key: w for key, w in self._widths.items() if w != self._usual_widths[key]})
        self.chosen.emit(keys, f"-{sort}" if sort and self.way.value() == "down" else sort)
