"""Who pays for a student, and whom else they pay for: a few lines on the panel that lead to the whole family."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.lists import payers
from app.lists import people as roster
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.widgets.basic import Avatar, Button, Text
from ui.widgets.line import Line


class FamilyLines(QWidget):
    """The payer as a button that opens everyone they pay for; below it siblings or colleagues with what they owe."""

    def __init__(self, context: Context, found: roster.Overview) -> None:
        super().__init__()
        self.setObjectName("family_lines")
        self.context = context
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
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
        self.open = Button(payer.name, "building-2" if company else "users", kind="quiet", keys=("W",), size="small")
        self.open.setObjectName("open_family")
        self.open.setAccessibleName(_("All whom {name} pays for").format(name=payer.name))
        self.open.clicked.connect(self.open_family)
        column.addWidget(self.open, alignment=Qt.AlignmentFlag.AlignLeft)
        for member in members:
            line = QHBoxLayout()
            line.setSpacing(0)  # the name is a button with air of its own
            line.addWidget(Avatar(member.row.name, 22, member.row.id))
            name = Button(member.row.name, kind="bare", size="small")
            name.setObjectName(f"sibling_{member.row.id}")
            name.clicked.connect(partial(self.context.navigate.emit, "students", member.row.id))
            line.addWidget(name)
            facts = [words.state(member.row.status)] if member.row.status != "active" else []
            line.addWidget(Line(" · ".join([*facts, member.row.courses]), "small", "text3"), 1)
            owes, color = words.balance(member.owed_minor)
            line.addWidget(Text(owes if member.owed_minor else "", "small", color))
            column.addLayout(line)
        if more:
            column.addWidget(Text(_("and {n} more").format(n=more), "small", "text3"))

    def open_family(self) -> None:
        """Everyone this payer pays for."""
        self.context.navigate.emit("payer", self.payer_id)
