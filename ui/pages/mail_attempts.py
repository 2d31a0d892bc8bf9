"""The tries of one message, newest first, on a line: what was said, by the server's own words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.lists import mail
from app.mail.queue import BACK_OFF, MOST_TRIES
from app.text import _
from ui import words
from ui.context import Context
from ui.theme import theme
from ui.widgets.basic import Icon, Text, clear_layout


class Attempts(QWidget):
    """What comes next, then every try."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 6, 0, 6)
        self._column.setSpacing(0)
        self.setObjectName("scrolled")

    def show_mail(self, row: mail.MailRow | None) -> None:
        """Another message."""
        clear_layout(self._column)
        if row is None:
            return
        found = self._coming(row)
        here = self.context.center
        for attempt in mail.attempts(row.id):
            good = attempt.outcome in ("sent", "resolved")
            icon = ("circle-check", "ok") if good else ("circle-x", "danger")
            if attempt.outcome == "uncertain":
                icon = ("circle-question-mark", "warn")
            found.append((*icon, said(attempt.outcome), words.when(attempt.ended_at, here), attempt.reply))
        self._rows(found)

    def _coming(self, row: mail.MailRow) -> list[tuple[str, str, str, str, str]]:
        if row.state == "retrying":
            waits = ", ".join(str(minutes) for minutes in BACK_OFF[:4])
            facts = _("{n} of {all} · waits grow: {waits} min …").format(n=row.tries + 1, all=MOST_TRIES, waits=waits)
            at = words.when(row.next_try_at, self.context.center)
            return [("clock", "warn", _("Next try, if online"), at, facts)]
        if row.state == "queued":
            return [("clock", "text2", _("Goes when online"), "", _("Nothing was tried yet."))]
        return []

    def _rows(self, found: Sequence[tuple[str, str, str, str, str]]) -> None:
        for number, (icon, color, title, at, reply) in enumerate(found):
            line = QHBoxLayout()
            line.setSpacing(10)
            side = QVBoxLayout()
            side.setSpacing(3)
            side.addWidget(Icon(icon, color, 17), alignment=Qt.AlignmentFlag.AlignHCenter)
            thread = QFrame()
            thread.setFixedWidth(1)
            thread.setStyleSheet(f"background: {theme().hex('line2')}; border: none;")
            thread.setVisible(number < len(found) - 1)
            side.addWidget(thread, 1, Qt.AlignmentFlag.AlignHCenter)
            if number == len(found) - 1:
                side.addStretch(1)
            line.addLayout(side)
            names = QVBoxLayout()
            names.setSpacing(1)
            head = QHBoxLayout()
            head.addWidget(Text(title, "name", wrap=True), 1)
            head.addWidget(Text(at, "small", "text3"), alignment=Qt.AlignmentFlag.AlignTop)
            names.addLayout(head)
            if reply:
                names.addWidget(Text(reply, "small", "text2", wrap=True))
            names.addSpacing(10)
            line.addLayout(names, 1)
            self._column.addLayout(line)
        self._column.addStretch(1)


def said(outcome: str) -> str:
    """What a try came to."""
    return {
        "sent": _("Sent"), "deferred": _("Told to come back later"), "failed": _("Refused"),
        "uncertain": _("The line broke after it was handed over"), "offline": _("No connection"),
        "refused_account": _("The account was refused"), "resolved": _("Settled by a person"),
    }.get(outcome, outcome)  # fmt: skip
