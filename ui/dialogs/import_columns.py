"""Step one of bringing a list in: which column is what, seen by what it holds, and how the file is written."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.exchange import checking, columns
from app.exchange.delimited import ENCODINGS
from app.exchange.reading import Table
from app.text import N_, _, ngettext
from ui.theme import theme
from ui.widgets.basic import Field, Icon, Text, clear_layout

_DATES = (
    ("dmy", N_("Day first: 31/12/1998")),
    ("mdy", N_("Month first: 12/31/1998")),
    ("dmy_short", N_("Day first, short year: 31/12/98")),
    ("mdy_short", N_("Month first, short year: 12/31/98")),
)


def high() -> int:
    """How high a list within the dialog is at least: what grows with the text takes it from the list (768 pixels)."""
    return round(330 * 330 / theme().px(330))


class ColumnsStep(QWidget):
    """`reread(encoding, heads)` where the file should be read in another way."""

    reread = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.table: Table | None = None
        self.mapping: list[str] = []
        self.combos: dict[int, QComboBox] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.facts = Text("", "body", "text2", wrap=True)
        column.addWidget(self.facts)
        self.before = QWidget()
        line = QHBoxLayout(self.before)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(Icon("triangle-alert", "warn", 16))
        self.before_words = Text("", "label", "warn", wrap=True)
        line.addWidget(self.before_words, 1)
        column.addWidget(self.before)
        row = QHBoxLayout()
        row.setSpacing(16)
        self.encoding = QComboBox()
        self.encoding_field = Field(_("Encoding"), self.encoding, name="encoding")
        self.dates = QComboBox()
        self.dates.setMinimumWidth(theme().px(290))
        self.dates_field = Field(_("Dates are written"), self.dates, name="dates")
        self.heads = QCheckBox(_("The first line names the columns"))
        self.heads.setObjectName("first_line")
        self.heads.setAccessibleName(self.heads.text())
        row.addWidget(self.encoding_field)
        row.addWidget(self.dates_field)
        row.addWidget(self.heads)
        row.addStretch(1)
        column.addLayout(row)
        inner = QWidget()
        inner.setObjectName("scrolled")
        self.grid = QGridLayout(inner)
        self.grid.setContentsMargins(0, 0, 8, 0)
        self.grid.setHorizontalSpacing(16)
        self.grid.setVerticalSpacing(6)
        self.grid.setColumnStretch(2, 1)
        scroll = QScrollArea()
        scroll.setObjectName("columns")
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        scroll.setMinimumHeight(high())
        column.addWidget(scroll, 1)
        self.encoding.activated.connect(self._reread)
        self.heads.clicked.connect(self._reread)

    def show_table(self, table: Table, before: tuple[str, str, int] | None, when: Callable[[str], str]) -> None:
        """Show a file that was read. `before` is the last import of the very same file."""
        self.table = table
        self.mapping = columns.guess(table)
        people = ngettext("{n} line", "{n} lines", len(table.rows)).format(n=f"{len(table.rows):,}")
        self.facts.setText(f"{table.name} · {people}")
        self.before.setVisible(before is not None)
        if before is not None:
            said = _("This very file was imported before: {when}, {n} people.")
            self.before_words.setText(said.format(when=when(before[0]), n=f"{before[2]:,}"))
        self.encoding_field.setVisible(table.kind == "csv")
        self.heads.setVisible(table.kind != "vcard")
        self.encoding.clear()
        for name in dict.fromkeys((table.encoding, *ENCODINGS)):
            self.encoding.addItem(name.upper(), name)
        self.heads.setChecked(table.has_heads)
        self._fill(table)
        self._ask_dates()

    def _fill(self, table: Table) -> None:
        clear_layout(self.grid)
        self.combos = {}
        for place, head in enumerate((_("Column"), _("Becomes"), _("Holds"))):
            self.grid.addWidget(Text(head, "small", "text3"), 0, place)
        for number, head in enumerate(table.heads):
            some = columns.samples(table, number)
            if not some:
                continue  # a wide export has dozens of empty columns
            row = len(self.combos) + 1
            name = columns.name_of(head) if table.kind == "vcard" else head
            self.grid.addWidget(Text(name[:60], "name"), row, 0)
            combo = QComboBox()
            combo.setObjectName(f"column_{number}")
            combo.setAccessibleName(name)
            combo.addItem(_("Not imported"), "")
            for field in columns.FIELDS:
                combo.addItem(columns.name_of(field), field)
            combo.setCurrentIndex(max(combo.findData(self.mapping[number]), 0))
            combo.setProperty("column", number)
            combo.activated.connect(self._mapped)
            self.combos[number] = combo
            self.grid.addWidget(combo, row, 1)
            said = " · ".join(" ".join(value.split())[:40] for value in some)
            self.grid.addWidget(Text(said, "body", "text2"), row, 2)
        self.grid.setRowStretch(len(self.combos) + 1, 1)

    def _mapped(self) -> None:
        combo = self.sender()
        assert isinstance(combo, QComboBox)
        self.mapping[int(combo.property("column"))] = str(combo.currentData())
        self._ask_dates()

    def _ask_dates(self) -> None:
        assert self.table is not None
        style, sure = checking.date_style(self.table, self.mapping)
        self.dates.clear()
        self.dates_field.clear_error()
        if not sure:
            self.dates.addItem(_("Please choose"), "")
        for key, label in _DATES:
            self.dates.addItem(_(label), key)
        self.dates.setCurrentIndex(max(self.dates.findData(style), 0) if sure else 0)
        self.dates_field.setVisible(bool(style) or not sure)

    def date_style(self) -> str:
        """The style that was chosen or found, '' where none is needed or none was chosen."""
        return str(self.dates.currentData() or "") if not self.dates_field.isHidden() else ""

    def _reread(self) -> None:
        table = self.table
        assert table is not None
        chosen = str(self.encoding.currentData() or "") if table.kind == "csv" else ""
        self.reread.emit(chosen if chosen != table.encoding else "", self.heads.isChecked())

    def ask_for_dates(self, words: str) -> None:
        """Say that the dates need an answer."""
        self.dates_field.setVisible(True)
        self.dates_field.set_error(words)
        self.dates.setFocus()
