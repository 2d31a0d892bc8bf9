"""Check and repair: every rule proven over the file beside the window; what can be made anew is, on request."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout

from app import text
from app.desk.accounts import may
from app.lists import soundness
from app.lists.soundness import Finding, Soundness
from app.text import _, ngettext
from app.workers import CheckThread
from ui import words
from ui.context import Context
from ui.dialogs import ask
from ui.pages.keeping.card import KeepingCard
from ui.widgets.basic import Button, Icon, Text, clear_layout

#: As many broken rules are shown; the report has them all.
MOST = 12


class Check(KeepingCard):
    """Check the file, stop it, see what was found by rule; repair, and save the report. `copied` before a repair."""

    copied = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(_("Check and repair"), "shield-check")
        self.setObjectName("check_card")
        self.context = context
        self.found: Soundness | None = None
        self.thread_: CheckThread | None = None
        said = _("Proves every rule over the file: money, numbers, seats, mail, the record. Go on working meanwhile.")
        self.column.addWidget(Text(said, "body", "text2", wrap=True))
        self.check = self._button(_("Check the file"), "shield-check", "check_file", self.check_file)
        self.stop = self._button(_("Stop"), "x", "check_stop", self.stop_check)
        self.mend = self._button(_("Repair"), "refresh-cw", "repair", self.repair)
        self.save = self._button(_("Save the report…"), "save", "save_report", self.save_report)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        for button in (self.check, self.stop, self.mend):
            foot.addWidget(button)
        foot.addStretch(1)
        self.column.addLayout(foot)
        self.column.addWidget(self.save, alignment=Qt.AlignmentFlag.AlignLeft)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setObjectName("check_progress")
        self.column.addWidget(self.bar)
        self.now = Text("", "small", "text2", wrap=True)
        self.now.setObjectName("check_now")
        self.column.addWidget(self.now)
        self.results = QVBoxLayout()
        self.results.setSpacing(10)
        self.column.addLayout(self.results)
        context.actor_changed.connect(self._actor_changed)
        self._show_buttons()

    def _button(self, label: str, icon: str, name: str, act: object) -> Button:
        button = Button(label, icon)
        button.setObjectName(name)
        button.clicked.connect(act)
        return button

    def _show_buttons(self) -> None:
        running = self.thread_ is not None
        had_focus = any(button.hasFocus() for button in (self.check, self.stop, self.mend))
        self.bar.setVisible(running)
        self.now.setVisible(running)
        self.stop.setVisible(running)
        self.check.setVisible(not running)
        self.mend.setVisible(not running and self.found is not None and bool(self.found.kinds))
        self.mend.setEnabled(self._may_repair())
        self.save.setVisible(not running and self.found is not None and not self.found.sound)
        if had_focus:
            (self.stop if running else self.mend if self.mend.isVisible() else self.check).setFocus()

    def _may_repair(self) -> bool:
        return may(self.context.actor, "keeping.repair")

    def _actor_changed(self) -> None:
        self._show_buttons()
        if self.thread_ is None and self.found is not None:
            clear_layout(self.results)
            self._show(self.found)

    # -- running

    def check_file(self) -> None:
        """Prove every rule beside the window."""
        self._begin(CheckThread(), _("Checking…"))

    def repair(self) -> None:
        """Make anew what can be, after a copy; then check again."""
        self._begin(CheckThread(self.context.actor), _("A copy of the file is made first…"))

    def _begin(self, thread: CheckThread, said: str) -> None:
        if self.thread_ is not None:
            return
        self.thread_ = thread
        self.now.setText(said)
        self.now.set_color("text2")
        self.bar.setRange(0, 0)
        self.bar.setAccessibleName(said)
        clear_layout(self.results)
        thread.progress.connect(self._progress)
        thread.finished.connect(self._ended)
        self._show_buttons()
        thread.start()

    def stop_check(self) -> None:
        """Break it off; nothing was changed by checking."""
        if self.thread_ is not None:
            self.thread_.stop()

    def finish(self) -> None:
        """The window closes: break off, and let nobody be told."""
        if self.thread_ is not None:
            self.thread_.progress.disconnect(self._progress)
            self.thread_.finished.disconnect(self._ended)
            self.thread_.stop()
            self.thread_.wait()
            self.thread_ = None

    def _progress(self, rule: str, done: int, of: int) -> None:
        self.bar.setRange(0, of)
        self.bar.setValue(done)
        said = soundness.rule_words(rule)
        self.now.setText(said)
        self.bar.setAccessibleName(said)

    # -- what was found

    def _ended(self) -> None:
        thread, self.thread_ = self.thread_, None
        assert thread is not None
        thread.wait()
        clear_layout(self.results)
        if thread.error is not None:  # what was found before still stands
            self._say("circle-alert", "danger", text.sentence(thread.error))
        else:
            self.found = thread.found
        if thread.made is not None and thread.made.copy is not None:
            self._made(thread)
            self.copied.emit()
        if self.found is not None:
            self._show(self.found)
        elif thread.error is None:
            self._say("info", "text2", _("Stopped. What was not proven yet may hold or not."))
        self._show_buttons()

    def _made(self, thread: CheckThread) -> None:
        made = thread.made
        assert made is not None
        assert made.copy is not None
        if made.done:
            names = ", ".join(soundness.rule_words(f"repair.{kind}") for kind in made.done)
            self._say("circle-check", "ok", _("Made anew: {things}.").format(things=names))
        for _kind, error in made.failed:
            self._say("circle-alert", "danger", text.sentence(error))
        at = words.when(made.copy.made_at, self.context.center)
        self._say("hard-drive", "text2", _("The file as it was is among the backups, {at}.").format(at=at))

    def _show(self, found: Soundness) -> None:
        at = words.when(found.at, self.context.center)
        if found.sound:
            said = _("All {n} rules hold, {at}.").format(n=found.rules, at=at)
            self._say("circle-check", "ok", said)
            return
        count = len(found.findings)
        self._say("circle-alert", "danger", soundness.summary(found, at))
        if found.kinds:
            names = ", ".join(soundness.rule_words(f"repair.{kind}") for kind in found.kinds)
            said = _("“Repair” makes anew: {things}. No payment, person or booking is touched.")
            self._say("refresh-cw", "text2", said.format(things=names))
            if not self._may_repair():
                self._say("lock", "text2", _("An admin repairs: who is at the desk is chosen at the lower right."))
        for one in found.findings[:MOST]:
            self.results.addWidget(_Group(one))
        if count > MOST:
            more = ngettext("{n} more in the report.", "{n} more in the report.", count - MOST)
            self._say("info", "text2", more.format(n=count - MOST))

    def _say(self, icon: str, color: str, said: str) -> None:
        line = QHBoxLayout()
        line.addWidget(Icon(icon, color, 16), alignment=Qt.AlignmentFlag.AlignTop)
        line.addWidget(Text(said, "label", color, wrap=True), 1)
        self.results.addLayout(line)

    def save_report(self) -> None:
        """Where to; a text that a person can read and send."""
        if self.found is None:
            return
        name = f"deskbell-check-{self.found.at[:10]}.txt"
        path = ask.choose_save_file(self, _("Save the report"), name, _("Text (*.txt)"))
        if not path:
            return
        try:
            Path(path).write_text(soundness.report(self.found), "utf-8")
        except OSError:
            self._say("circle-alert", "danger", text.sentence("cli.cannot_write", {"path": path}))
        else:
            self.context.notice.emit(_("Saved as {path}.").format(path=path))


class _Group(QFrame):
    """One broken rule: in words, whom it touches by name, what it means, what to do."""

    def __init__(self, found: Finding) -> None:
        super().__init__()
        self.setProperty("tinted", True)
        self.setObjectName("finding")
        self.setAccessibleName(found.says)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(
            Icon(*(("refresh-cw", "text2") if found.mendable else ("circle-alert", "danger"))),
            alignment=Qt.AlignmentFlag.AlignTop,
        )
        head.addWidget(Text(found.says, "label", "text", wrap=True), 1)
        column.addLayout(head)
        column.addWidget(Text(soundness.rows_words(found), "small", "text3", wrap=True))
        if found.names:
            more = "…" if found.count > len(found.names) else ""
            column.addWidget(Text("; ".join(found.names) + more, "small", "text2", wrap=True))
        column.addWidget(Text(f"{found.means} {found.todo}", "small", "text2", wrap=True))
