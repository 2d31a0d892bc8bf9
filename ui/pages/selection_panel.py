"""What stands at the right while several students are selected: who, what they owe, and what can be done with all."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app import text
from app.lists import people as roster
from app.text import _, ngettext
from ui import words
from ui.widgets.basic import Avatar, Button, Card, Text, clear_layout, rule
from ui.widgets.line import Line

#: So many are named; the others are counted.
NAMED = 40


class SelectionPanel(Card):
    """Message, enroll, export; the rest behind three dots."""

    message_requested = Signal()
    enroll_requested = Signal()
    export_requested = Signal()
    menu_requested = Signal()

    def __init__(self) -> None:
        super().__init__(margins=(16, 12, 16, 12))
        self.setObjectName("selection_panel")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(8)
        top = QHBoxLayout()
        self.title = Text("", "panel")
        self.title.setObjectName("selection_title")
        top.addWidget(self.title)
        top.addStretch(1)
        self.more = Button("", "ellipsis", kind="bare")
        self.more.setObjectName("selection_more")
        self.more.setAccessibleName(_("More"))
        self.more.setToolTip(_("More (Shift+F10)"))
        self.more.clicked.connect(self.menu_requested)
        top.addWidget(self.more)
        column.addLayout(top)
        self.facts = Line("", "small", "text2")
        column.addWidget(self.facts)
        row = QHBoxLayout()
        row.setSpacing(8)
        for name, label, icon, keys, signal in (
            ("selection_message", _("Message"), "send", ("M",), self.message_requested),
            ("selection_enroll", _("Enroll…"), "plus", ("F2",), self.enroll_requested),
            ("selection_export", _("Export…"), "file-text", (), self.export_requested),
        ):
            button = Button(label, icon, keys=keys, kind="quiet")
            button.setObjectName(name)
            button.clicked.connect(signal)
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(rule())
        inner = QWidget()
        inner.setObjectName("scrolled")
        self.body = QVBoxLayout(inner)
        self.body.setContentsMargins(0, 4, 0, 0)
        self.body.setSpacing(6)
        scroller = QScrollArea()
        scroller.setWidgetResizable(True)
        scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroller.setWidget(inner)
        column.addWidget(scroller, 1)

    def show_students(self, ids: Sequence[int]) -> None:
        """Say who is selected."""
        clear_layout(self.body)
        self.title.setText(ngettext("{n} student selected", "{n} students selected", len(ids)).format(n=len(ids)))
        owed_minor, owing = roster.owed(list(ids))
        said = ngettext("{n} of them owes {amount}", "{n} of them owe {amount} together", owing)
        self.facts.setText(said.format(n=owing, amount=text.show_money(owed_minor)) if owing else _("Nothing owed"))
        rows = roster.page(list(ids[:NAMED]))
        for row in (rows[one] for one in ids[:NAMED] if one in rows):
            line = QHBoxLayout()
            line.setSpacing(8)
            line.addWidget(Avatar(row.name, 24, row.id))
            line.addWidget(Line(row.name, "name"), 1)
            owes, color = words.balance(row.balance_minor)
            line.addWidget(Text(owes if row.balance_minor else "", "small", color))
            self.body.addLayout(line)
        rest = len(ids) - NAMED
        if rest > 0:
            self.body.addWidget(Text(_("and {n} more").format(n=rest), "small", "text3"))
        self.body.addStretch(1)
