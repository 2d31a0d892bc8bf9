"""Check: every rule proven over the file, from the window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from app.lists import keeping as kept
from app.text import _, ngettext
from ui.context import Context
from ui.pages.keeping.card import KeepingCard
from ui.widgets.basic import Button, Icon, Text, clear_layout


class Check(KeepingCard):
    """One button; what was found stands under it."""

    def __init__(self, context: Context) -> None:
        super().__init__(_("Check"), "shield-check")
        self.context = context
        said = _("Proves every rule over the file: money, numbers, seats, mail, the record.")
        self.column.addWidget(Text(said, "body", "text2", wrap=True))
        self.found = QVBoxLayout()
        self.found.setSpacing(4)
        self.column.addLayout(self.found)
        self.check = Button(_("Check the file"), "shield-check")
        self.check.setObjectName("check_file")
        self.check.clicked.connect(self.check_file)
        self.column.addWidget(self.check, alignment=Qt.AlignmentFlag.AlignLeft)

    def check_file(self) -> None:
        """Prove every rule beside the window."""
        self.check.setEnabled(False)
        clear_layout(self.found)
        self.found.addWidget(Text(_("Checking…"), "label", "text2"))
        self.context.read(kept.broken_rules, done=self._checked)

    def _checked(self, found: object) -> None:
        assert isinstance(found, list)
        self.check.setEnabled(True)
        clear_layout(self.found)
        if not found:
            line = QHBoxLayout()
            line.addWidget(Icon("circle-check", "ok", 16))
            line.addWidget(Text(_("Every rule holds."), "label", "ok"), 1)
            self.found.addLayout(line)
            return
        said = ngettext("{n} row breaks a rule:", "{n} rows break a rule:", len(found)).format(n=len(found))
        self.found.addWidget(Text(said, "label", "danger"))
        for one in found[:8]:
            self.found.addWidget(Text(one, "small", "text2", wrap=True))
