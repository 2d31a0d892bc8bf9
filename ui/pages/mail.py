"""The mail queue (picture 07): what waits, what went out, what needs a person, and the server's own words."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app import text
from app.lists import mail
from app.mail import queue
from app.mail.worker import MailState
from app.text import N_, _
from ui import words
from ui.context import Context
from ui.dialogs import ask
from ui.theme import theme
from ui.widgets.basic import Badge, Button, Card, Chip, Icon, PageHead, Text, clear_layout, rule
from ui.widgets.search import SearchField
from ui.widgets.table import Cell, Column, PagedModel, RowTable

_CHIPS = (
    ("today", N_("All today"), ""), ("settle", N_("To settle"), ""), ("queued", N_("Queued"), "clock"),
    ("sending", N_("Sending"), "send"),
    ("retrying", N_("Retrying"), "refresh-cw"), ("failed", N_("Failed"), "circle-alert"),
    ("uncertain", N_("Uncertain"), "circle-question-mark"), ("sent_today", N_("Sent today"), "circle-check"),
)  # fmt: skip


class MailPage(QWidget):
    """Banner when sending stands still, chips, the list, the attempts of one message."""

    look_requested = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.key_hints = [(("R",), _("try now")), (("E",), _("edit address")), (("Del",), _("cancel"))]
        self.help_keys = [
            ("R", _("try the message now")), ("E", _("edit the address")), ("Del", _("cancel, asks first")),
            ("F5", _("look for the connection now")),
        ]  # fmt: skip
        self._rows: dict[int, mail.MailRow] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 0, 16, 12)
        column.setSpacing(10)
        self.head = PageHead(_("Mail"))
        column.addWidget(self.head)
        column.addWidget(self._banner())
        chips = QHBoxLayout()
        chips.setSpacing(8)
        self.chips: dict[str, Chip] = {}
        for key, label, icon in _CHIPS:
            chip = Chip(_(label), icon, key)
            chip.setAutoExclusive(True)
            chip.clicked.connect(self.reload)
            self.chips[key] = chip
            chips.addWidget(chip)
        self.chips["today"].setChecked(True)
        chips.addStretch(1)
        self.search = SearchField(_("Name or subject"), "mail_search", low=True)
        self.search.setFixedWidth(168)
        self.search.textChanged.connect(self.reload)
        chips.addWidget(self.search)
        column.addLayout(chips)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._list(), 1)
        row.addWidget(self._detail())
        column.addLayout(row, 1)

    def _banner(self) -> QWidget:
        self.banner = QFrame()
        self.banner.setObjectName("mail_banner")
        row = QHBoxLayout(self.banner)
        row.setContentsMargins(16, 8, 14, 8)
        row.addWidget(Icon("wifi-off", "warn", 20))
        names = QVBoxLayout()
        names.setSpacing(0)
        self.banner_title = Text("", "name", "warn")
        self.banner_title.setObjectName("banner_title")
        self.banner_words = Text("", "label", "text2", wrap=True)
        names.addWidget(self.banner_title)
        names.addWidget(self.banner_words)
        row.addLayout(names, 1)
        self.look = Button(_("Look now"), "refresh-cw", keys=("F5",))
        self.look.clicked.connect(self.look_requested)
        row.addWidget(self.look)
        self.banner.hide()
        return self.banner

    def _list(self) -> QWidget:
        card = Card(margins=(1, 1, 1, 1))
        inner = card.layout()
        assert isinstance(inner, QVBoxLayout)
        model = PagedModel(
            [
                Column(_("State"), 122, lambda row: Cell(words.state(row.state), badge=row.state)),
                Column(_("To"), 170, lambda row: Cell(row.to_name or row.to_address, "name")),
                Column(_("Subject"), 0, lambda row: Cell(row.subject)),
                Column(_("Tries"), 60, lambda row: Cell(str(row.tries), color="text2"), right=True),
                Column(_("When or why"), 220, self._why),
            ],
            lambda ids: {one: self._rows[one] for one in ids if one in self._rows},
        )
        self.table = RowTable(model, "mails")
        self.table.selected_id.connect(self._selected)
        inner.addWidget(self.table)
        return card

    def _why(self, row: mail.MailRow) -> Cell:
        here = self.context.center
        if row.state == "sent":
            return Cell(words.when(row.sent_at, here), color="text2")
        if row.state == "retrying":
            return Cell(_("next try {when}").format(when=words.when(row.next_try_at, here)), color="warn")
        if row.state in ("failed", "uncertain"):
            said = text.sentence(row.reason, {"tries": row.tries})
            return Cell(
                f"{said} ({row.last_reply.split(' ')[0]})" if row.last_reply[:3].isdigit() else said, color="danger"
            )
        if row.state == "queued":
            return Cell(_("goes when online"), color="text2")
        return Cell(words.when(row.updated_at, here), color="text2")

    def _detail(self) -> QWidget:
        card = Card(margins=(16, 14, 16, 14))
        card.setFixedWidth(376)
        column = card.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(8)
        line = QHBoxLayout()
        line.addWidget(Text(_("Attempts"), "section"))
        self.badge = Badge("queued", "")
        line.addWidget(self.badge)
        line.addStretch(1)
        column.addLayout(line)
        self.subject = Text("", "name", wrap=True)
        self.address = Text("", "body", "text2", wrap=True)
        self.address.setObjectName("mail_address")
        column.addWidget(self.subject)
        column.addWidget(self.address)
        column.addWidget(rule())
        inner = QWidget()
        inner.setObjectName("scrolled")
        self.attempts = QVBoxLayout(inner)
        self.attempts.setContentsMargins(0, 4, 0, 4)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        column.addWidget(scroll, 1)
        self.safe = Text("", "label", "ok", wrap=True)
        column.addWidget(self.safe)
        row = QHBoxLayout()
        self.retry = Button(_("Try now"), "refresh-cw", kind="primary", keys=("R",))
        self.retry.clicked.connect(self.try_now)
        self.edit = Button(_("Edit"), "pencil", keys=("E",))
        self.edit.clicked.connect(self.edit_address)
        self.cancel = Button(_("Cancel"), "ban", kind="danger")
        self.cancel.clicked.connect(self.cancel_mail)
        self.arrived = Button(_("It arrived"), "check")
        self.arrived.clicked.connect(self.it_arrived)
        self.again = Button(_("Send again"), "refresh-cw", kind="danger")
        self.again.clicked.connect(self.send_again)
        for button in (self.retry, self.edit, self.cancel, self.arrived, self.again):
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        return card

    # -- what is shown

    def page_shown(self) -> None:
        """Read the queue again."""
        self.reload()
        self.table.setFocus()

    def on_changes(self, changes: Any) -> None:
        """After a commit that touched the queue."""
        if changes.tables & {"mail_queue"} and self.isVisible():
            self.reload()

    def reload(self) -> None:
        """Read chips and rows again, keeping what is selected."""
        zone = self.context.center.zone
        counts = mail.counts(zone)
        for key, chip in self.chips.items():
            chip.set_count(counts[key])
        chosen = next(key for key, chip in self.chips.items() if chip.isChecked())
        found = mail.rows(chosen, zone, self.search.text())
        self._rows = {row.id: row for row in found}
        self.head.facts.setText(
            _("{today} today · {sent} sent · {open} still to settle").format(
                today=counts["today"], sent=counts["sent_today"], open=counts["settle"]
            )
        )
        self.table.show_ids([row.id for row in found])
        self._selected(self.table.current_id())

    def select(self, mail_id: int) -> None:
        """Show one message."""
        self.chips["today"].setChecked(True)
        self.search.clear()
        self.reload()
        self.table.select_id(mail_id)

    def show_state(self, state: MailState | None) -> None:
        """Say when sending stands still, what still works, and the next look."""
        name = state.name if state is not None else "idle"
        titles = {
            "offline": _("Offline since {time} — mails wait; nothing is lost."),
            "refused_account": _("The mail server refuses the account — mails wait; nothing is lost."),
            "needs_password": _("The mail password is asked for: Settings, mail account."),
            "fault": _("Sending stands still — mails wait; nothing is lost."),
            "no_account": _("No mail account yet — mails wait; nothing is lost."),
        }
        self.banner.setVisible(name in titles)
        if state is not None and name in titles:
            self.banner_title.setText(titles[name].format(time=words.clock_time(state.since, self.context.center)))
            said = _("Everything else works. Deskbell looks for the connection every minute and sends by itself.")
            self.banner_words.setText(f"{said} {state.words}".strip())
            ground, edge = theme().hex("warnbg"), theme().hex("warnfill")
            self.banner.setStyleSheet(
                f"QFrame#mail_banner {{ background: {ground}; border: 1px solid {edge}; border-radius: 10px; }}"
            )

    def _selected(self, mail_id: object) -> None:
        row = self._rows.get(mail_id) if isinstance(mail_id, int) else None
        clear_layout(self.attempts)
        state = row.state if row is not None else ""
        open_ = state in ("queued", "retrying", "failed", "held")
        for button, shown in (
            (self.retry, open_), (self.edit, open_), (self.cancel, open_), (self.arrived, state == "uncertain"),
            (self.again, state == "uncertain"), (self.badge, row is not None),
        ):  # fmt: skip
            button.setVisible(shown)
        self.safe.setVisible(open_ or state == "uncertain")
        if row is None:
            self.subject.setText(_("Nothing is selected."))
            self.address.setText("")
            return
        self.badge.set(row.state, words.state(row.state))
        self.subject.setText(row.subject)
        self.address.setText(f"@ {row.to_address}")
        self.safe.set_color("warn" if state == "uncertain" else "ok")
        self.safe.setText(
            _("It may have arrived. Ask before sending it again.")
            if state == "uncertain"
            else _("No copy has reached {name} yet, so a new try cannot send it twice.").format(
                name=row.to_name or row.to_address
            )
        )
        for attempt in mail.attempts(row.id):
            line = QHBoxLayout()
            good = attempt.outcome in ("sent", "resolved")
            line.addWidget(Icon("circle-check" if good else "circle-x", "ok" if good else "danger", 16))
            line.addWidget(Text(_said(attempt.outcome), "name"), 1)
            line.addWidget(Text(words.when(attempt.ended_at, self.context.center), "small", "text3"))
            self.attempts.addLayout(line)
            self.attempts.addWidget(Text(attempt.reply, "small", "text2", wrap=True))
        self.attempts.addStretch(1)

    # -- what a person does

    def _current(self) -> mail.MailRow | None:
        current = self.table.current_id()
        return self._rows.get(current) if current is not None else None

    def try_now(self) -> None:
        """R."""
        row = self._current()
        if row is not None:
            self.context.run(queue.retry_now, row.id, done=self._tried, busy=self.retry)

    def _tried(self, _nothing: object) -> None:
        self.look_requested.emit()

    def edit_address(self) -> None:
        """E: the same text to another address."""
        row = self._current()
        if row is not None and self.edit.isVisible():
            question = ask.ask(
                self, _("Edit the address"), row.subject, [("save", _("Send there"))], self._edited, field=_("Address")
            )
            assert question.edit is not None  # type: ignore[attr-defined]
            question.edit.setText(row.to_address)  # type: ignore[attr-defined]

    def _edited(self, _choice: str, address: str) -> None:
        row = self._current()
        if row is not None:
            self.context.run(queue.edit_address, row.id, address)

    def cancel_mail(self) -> None:
        """Del: never send it; asks first."""
        row = self._current()
        if row is not None and self.cancel.isVisible():
            title, why = _("Cancel this mail?"), _("“{subject}” will never be sent.").format(subject=row.subject)
            ask.ask(self, title, why, [("cancel", _("Cancel the mail"))], self._cancel)

    def _cancel(self, _choice: str, _words: str) -> None:
        row = self._current()
        if row is not None:
            self.context.run(queue.cancel, row.id)

    def it_arrived(self) -> None:
        """A person knows that an uncertain message arrived."""
        row = self._current()
        if row is not None:
            self.context.run(_arrived, row.id, True)

    def send_again(self) -> None:
        """A person decides to send an uncertain message again."""
        row = self._current()
        if row is not None:
            self.context.run(_arrived, row.id, False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        acts = {
            Qt.Key.Key_R: self.try_now, Qt.Key.Key_E: self.edit_address, Qt.Key.Key_Delete: self.cancel_mail,
            Qt.Key.Key_F5: self.look_requested.emit,
        }  # fmt: skip
        act = acts.get(Qt.Key(event.key()))
        if act is not None:
            act()
        else:
            super().keyPressEvent(event)


def _said(outcome: str) -> str:
    return {
        "sent": _("Sent"), "deferred": _("Told to come back later"), "failed": _("Refused"),
        "uncertain": _("The line broke after it was handed over"), "offline": _("No connection"),
        "refused_account": _("The account was refused"), "resolved": _("Settled by a person"),
    }.get(outcome, outcome)  # fmt: skip


def _arrived(actor: Any, mail_id: int, arrived: bool) -> None:
    queue.resolve_uncertain(actor, mail_id, arrived=arrived)
