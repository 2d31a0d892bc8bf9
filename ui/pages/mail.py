"""The mail queue (picture 07): what waits, what went out, what needs a person, and the server's own words."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app import text
from app.lists import mail
from app.mail import queue
from app.mail.queue import MOST_TRIES
from app.mail.worker import MailState
from app.text import N_, _, ngettext
from ui import words
from ui.context import Context
from ui.dialogs import ask
from ui.pages.mail_attempts import Attempts
from ui.theme import theme
from ui.widgets.basic import Badge, Button, Card, Chip, Icon, PageHead, Text, rule
from ui.widgets.line import Line
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
    account_requested = Signal()

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
        column.setSpacing(0)
        self.account = Button(_("Mail account"), "settings", kind="quiet")
        self.account.clicked.connect(self.account_requested)
        self.head = PageHead(_("Mail"), [self.account])
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
        self._chip_row = chips
        self.search = SearchField(_("Name or subject"), "mail_search", low=True)
        self.search.setFixedWidth(theme().px(168))
        theme().changed.connect(self._fit)
        self.search.textChanged.connect(self.reload)
        column.addLayout(chips)
        column.addSpacing(12)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._list(), 1)
        row.addWidget(self._detail())
        column.addLayout(row, 1)
        self._fit()

    def _fit(self) -> None:
        """In large type the chips need their whole row: the search field moves up beside the title."""
        self.search.setFixedWidth(theme().px(168))
        large = theme().scale > 1.1
        head = self.head.layout()
        assert isinstance(head, QHBoxLayout)
        (head if large else self._chip_row).insertWidget(head.count() - 1 if large else -1, self.search)
        for chip in self.chips.values():
            chip.set_plain(large)

    def _banner(self) -> QWidget:
        self.banner = QFrame()
        self.banner.setObjectName("mail_banner")
        row = QHBoxLayout(self.banner)
        row.setContentsMargins(16, 9, 14, 9)
        row.setSpacing(14)
        row.addWidget(Icon("wifi-off", "warn", 20))
        names = QVBoxLayout()
        names.setSpacing(0)
        self.banner_title = Text("", "name", "warn")
        self.banner_title.setObjectName("banner_title")
        self.banner_words = Text("", "small", "text2", wrap=True)
        names.addWidget(self.banner_title)
        names.addWidget(self.banner_words)
        row.addLayout(names, 1)
        self.look = Button(_("Look now"), "refresh-cw", keys=("F5",))
        self.look.clicked.connect(self.look_requested)
        self.next_look = Text("", "small", "warn")
        self.enter = Button(_("Enter the account"), "settings")
        self.enter.clicked.connect(self.account_requested)
        for widget in (self.next_look, self.look, self.enter):
            row.addWidget(widget)
        holder = QWidget()  # the air below the banner comes and goes with it
        below = QVBoxLayout(holder)
        below.setContentsMargins(0, 0, 0, 12)
        below.addWidget(self.banner)
        holder.hide()
        self._banner_box = holder
        return holder

    def _list(self) -> QWidget:
        card = Card(margins=(1, 1, 1, 1))
        inner = card.layout()
        assert isinstance(inner, QVBoxLayout)
        model = PagedModel(
            [
                Column(_("State"), 122, lambda row: Cell(words.state(row.state), badge=row.state)),
                Column(_("To"), 0, lambda row: Cell(row.to_name or row.to_address, "name")),
                Column(_("Subject"), 0, lambda row: Cell(row.subject)),
                Column(_("Tries"), 64, self._tries, right=True),
                Column(_("When or why"), 232, self._why),
            ],
            lambda ids: {one: self._rows[one] for one in ids if one in self._rows},
        )
        self.table = RowTable(model, "mails")
        self.table.selected_id.connect(self._selected)
        inner.addWidget(self.table)
        return card

    @staticmethod
    def _tries(row: mail.MailRow) -> Cell:
        counted = row.state in ("retrying", "failed")
        said = _("{n} of {all}").format(n=row.tries, all=MOST_TRIES) if counted else str(row.tries)
        return Cell(said, color="text2", right=True)

    def _why(self, row: mail.MailRow) -> Cell:
        here = self.context.center
        if row.state == "sent":
            return Cell(words.when(row.sent_at, here), color="text2")
        if row.state == "retrying":
            return Cell(_("next try {when}").format(when=words.when(row.next_try_at, here)), color="warn")
        if row.state == "uncertain":
            return Cell(_("line broke after sending"), color="warn")
        if row.state == "failed":
            code, _space, rest = row.last_reply.partition(" ")
            plain = re.sub(r"^\d\.\d+\.\d+\s+", "", rest).strip()
            if code.isdigit() and plain:
                return Cell(f"{plain} ({code})", color="danger")
            return Cell(text.sentence(row.reason, {"tries": row.tries}), color="danger")
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
        column.addWidget(self.subject)
        self.address_box = QFrame()
        self.address_box.setProperty("framed", True)
        line = QHBoxLayout(self.address_box)
        line.setContentsMargins(10, 3, 3, 3)
        line.setSpacing(8)
        line.addWidget(Icon("at-sign", "text3", 15))
        self.address = Line("", "body", "text")
        self.address.setObjectName("mail_address")
        line.addWidget(self.address, 1)
        self.edit = Button(_("Edit"), keys=("E",), kind="bare", size="small")
        self.edit.clicked.connect(self.edit_address)
        line.addWidget(self.edit)
        column.addWidget(self.address_box)
        self.attempts_rule = rule()
        column.addWidget(self.attempts_rule)
        self.attempts = Attempts(self.context)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.attempts)
        column.addWidget(scroll, 1)
        self.safe_box = QFrame()
        line = QHBoxLayout(self.safe_box)
        line.setContentsMargins(12, 9, 12, 9)
        line.setSpacing(10)
        self.safe_icon = Icon("shield-check", "ok", 16)
        line.addWidget(self.safe_icon, alignment=Qt.AlignmentFlag.AlignTop)
        self.safe = Text("", "small", "ok", wrap=True)
        line.addWidget(self.safe, 1)
        column.addWidget(self.safe_box)
        row = QHBoxLayout()
        self.retry = Button(_("Try now"), "refresh-cw", kind="primary", keys=("R",))
        self.retry.clicked.connect(self.try_now)
        self.cancel = Button(_("Cancel"), "ban", kind="danger")
        self.cancel.clicked.connect(self.cancel_mail)
        self.arrived = Button(_("It arrived"), "check")
        self.arrived.clicked.connect(self.it_arrived)
        self.again = Button(_("Send again"), "refresh-cw", kind="danger")
        self.again.clicked.connect(self.send_again)
        for button in (self.retry, self.cancel, self.arrived, self.again):
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
        waiting = mail.waiting()
        wait = ngettext("{n} mail waits", "{n} mails wait", waiting).format(n=waiting)
        titles = {
            "offline": _("Offline since {time} — {mails}; nothing is lost."),
            "refused_account": _("The mail server refuses the account — {mails}; nothing is lost."),
            "needs_password": _("The mail password is asked for — {mails}; nothing is lost."),
            "fault": _("Sending stands still — {mails}; nothing is lost."),
            "no_account": _("No mail account yet — {mails}; nothing is lost."),
        }
        self._banner_box.setVisible(name in titles)
        account = name in ("no_account", "needs_password", "refused_account")
        self.enter.setVisible(account)
        self.look.setVisible(name in titles and name != "no_account")
        next_look = state.next_look if state is not None and not account else None
        at = words.clock_time(next_look, self.context.center) if next_look else ""
        self.next_look.setText(_("next look {time}").format(time=at) if at else "")
        if state is not None and name in titles:
            since = words.clock_time(state.since, self.context.center)
            self.banner_title.setText(titles[name].format(time=since, mails=wait))
            said = (
                _("Everything else works. Enter server and password under Settings; the mails then go by themselves.")
                if account
                else _("Everything else works. Deskbell looks for the connection every minute and sends by itself.")
            )
            self.banner_words.setText(f"{said} {state.words}".strip())
            ground, edge = theme().hex("warnbg"), theme().hex("warnfill")
            self.banner.setStyleSheet(
                f"QFrame#mail_banner {{ background: {ground}; border: 1px solid {edge}; border-radius: 10px; }}"
            )

    def _selected(self, mail_id: object) -> None:
        row = self._rows.get(mail_id) if isinstance(mail_id, int) else None
        self.attempts.show_mail(row)
        state = row.state if row is not None else ""
        open_ = state in ("queued", "retrying", "failed", "held")
        for button, shown in (
            (self.retry, open_), (self.edit, open_), (self.cancel, open_), (self.arrived, state == "uncertain"),
            (self.again, state == "uncertain"), (self.badge, row is not None),
        ):  # fmt: skip
            button.setVisible(shown)
        self.safe_box.setVisible(open_ or state == "uncertain")
        for part in (self.address_box, self.attempts_rule):
            part.setVisible(row is not None)
        if row is None:
            self.subject.setText(_("No message here.") if not self._rows else _("Nothing is selected."))
            self.address.setText("")
            return
        self.badge.set(row.state, words.state(row.state))
        self.subject.setText(row.subject)
        self.address.setText(row.to_address)
        unsure = state == "uncertain"
        self.safe.set_color("warn" if unsure else "ok")
        self.safe_icon.set_icon("circle-question-mark" if unsure else "shield-check", "warn" if unsure else "ok")
        ground = theme().hex("warnbg" if unsure else "okbg")
        self.safe_box.setStyleSheet(f"QFrame {{ background: {ground}; border: none; border-radius: 7px; }}")
        self.safe.setText(
            _("It may have arrived. Ask before sending it again.")
            if state == "uncertain"
            else _("No copy has reached {name} yet, so a new try cannot send it twice.").format(
                name=row.to_name or row.to_address
            )
        )

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


def _arrived(actor: Any, mail_id: int, arrived: bool) -> None:
    queue.resolve_uncertain(actor, mail_id, arrived=arrived)
