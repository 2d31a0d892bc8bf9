"""Encryption of the file where it lies: how it stands, on and off."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout

from app import text
from app.desk import secrecy
from app.errors import DeskError
from app.text import _, ngettext
from app.workers import Between
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.encrypt import CodeDialog, EncryptDialog
from ui.pages.keeping.card import KeepingCard
from ui.theme import theme
from ui.widgets.basic import Badge, Button, Text


class Encryption(KeepingCard):
    """Switch on, switch off, the code once more. `job_wanted(Between)` for what needs the center closed."""

    job_wanted = Signal(object)

    def __init__(self, context: Context, data_dir: Path) -> None:
        super().__init__(_("Encryption"), "lock")
        self.context, self.data_dir = context, data_dir
        self.state: secrecy.State | None = None
        self.badge = Badge("canceled", "")
        self.head.addWidget(self.badge)
        self.said = Text("", "body", "text2", wrap=True)
        self.said.setObjectName("encryption_state")
        self.column.addWidget(self.said)
        self.on = Button(_("Switch on…"), "lock")
        self.on.setObjectName("encryption_on")
        self.on.clicked.connect(self.switch_on)
        self.again = Button(_("Recovery code…"), "key-round")
        self.again.setObjectName("encryption_code")
        self.again.clicked.connect(self.show_code)
        self.off = Button(_("Switch off…"))
        self.off.setObjectName("encryption_off")
        self.off.clicked.connect(self.switch_off)
        self.buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self.buttons.setSpacing(8)
        for button in (self.on, self.again, self.off):
            button.hide()
            self.buttons.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
        self.buttons.addStretch(1)
        self.column.addLayout(self.buttons)
        self._turn()
        theme().changed.connect(self._turn)
        self.badge.hide()
        context.actor_changed.connect(self._forget)

    def _turn(self) -> None:
        """The buttons stand side by side where the text leaves them room."""
        way = QBoxLayout.Direction
        self.buttons.setDirection(way.TopToBottom if theme().px(100) > 115 else way.LeftToRight)

    def reload(self) -> None:
        """Read how the file lies there."""
        self.context.read(secrecy.state, self.data_dir, done=self._show, failed=self._failed)

    def _show(self, state: object) -> None:
        assert isinstance(state, secrecy.State)
        self.state = state
        self.badge.set("completed" if state.encrypted else "canceled", _("On") if state.encrypted else _("Off"))
        self.badge.show()
        if not state.encrypted:
            said = _("Whoever takes this laptop or a backup can read everything.")
        elif state.has_key:
            said = _(
                "File and backups are encrypted. The key is in this computer's keyring; the recovery code on paper."
            )
        else:
            said = _("File and backups are encrypted. The recovery code is asked for at each start.")
        if state.unlike:
            said += " " + ngettext(
                "{n} copy is not made over yet.", "{n} copies are not made over yet.", state.unlike
            ).format(n=state.unlike)
        self.said.setText(said)
        self.said.set_color("text2")
        self.on.setVisible(not state.encrypted)
        self.again.setVisible(state.encrypted)
        self.off.setVisible(state.encrypted)

    def _forget(self) -> None:
        """What one person was refused is not said to the next."""
        if self.state is not None:
            self._show(self.state)

    def _failed(self, error: DeskError) -> None:
        self.said.setText(text.sentence(error))
        self.said.set_color("danger")

    def switch_on(self) -> None:
        """What it means, the code, the proof; then the job."""
        if self._may() and self.state is not None:
            dialog = EncryptDialog(self.context, self, has_keyring=self.state.has_keyring)
            dialog.agreed.connect(self._agreed)
            dialog.open()

    def _may(self) -> bool:
        try:
            secrecy.may_switch(self.context.actor)
        except DeskError as error:
            self._failed(error)
            return False
        return True

    def _agreed(self, code: str) -> None:
        work = partial(secrecy.switch_on, self.context.actor, self.data_dir, code)
        said = _("Encrypting. Every row is compared and every rule proven; the file takes its place when all holds …")
        self.job_wanted.emit(Between(said, _switched_on, work))

    def switch_off(self) -> None:
        """Ask, then the job."""
        if self._may():
            words = _("File and backups can then be read by whoever has the laptop or a stick. Nothing is lost.")
            choices = (("off", _("Switch encryption off")),)
            ask.ask(self, _("Switch encryption off"), words, choices, self._answered)

    def _answered(self, _key: str, _words: str) -> None:
        work = partial(secrecy.switch_off, self.context.actor, self.data_dir)
        said = _("Taking the encryption off. Every row is compared and every rule proven …")
        self.job_wanted.emit(Between(said, _switched_off, work))

    def show_code(self) -> None:
        """The recovery code once more, for a paper that was lost."""
        try:
            code = secrecy.code(self.context.actor, self.data_dir)
        except DeskError as error:
            self._failed(error)
            return
        CodeDialog(self.context, self, code).open()


def _switched_on(result: secrecy.Aligned) -> str:
    said = [_("The center is encrypted.")]
    if result.removed:
        gone = ngettext(
            "{n} copy could not be read and was removed.",
            "{n} copies could not be read and were removed.",
            result.removed,
        )
        said.append(gone.format(n=result.removed))
    return " ".join([*said, *_following(result), *_still_open(result)])


def _switched_off(result: secrecy.Aligned) -> str:
    return " ".join([_("The encryption is off."), *_following(result)])


def _following(result: secrecy.Aligned) -> list[str]:
    said = []
    if result.left:
        copies = ngettext("{n} copy follows beside your work.", "{n} copies follow beside your work.", result.left)
        said.append(copies.format(n=result.left))
    if result.failed:
        failed = ngettext(
            "One could not be done now: {names}.", "{n} could not be done now: {names}.", len(result.failed)
        )
        said.append(failed.format(n=len(result.failed), names=", ".join(result.failed)))
    return said


def _still_open(result: secrecy.Aligned) -> list[str]:
    """What stays as it is beside the encrypted center, and what to do about it."""
    said = []
    if result.damaged:
        damaged = ngettext(
            "One copy is damaged and stays as it is: {names}. Whoever has the disk may read in it; delete it.",
            "{n} copies are damaged and stay as they are: {names}. Whoever has the disk may read in them; delete them.",
            len(result.damaged),
        )
        said.append(damaged.format(n=len(result.damaged), names=", ".join(result.damaged)))
    if result.strangers:
        stays = ngettext(
            "One file may be another program's and stays as it is: {names}. Whoever has the disk can read it; if it"
            " holds data of the center, move it to a safe place or delete it.",
            "{n} files may be another program's and stay as they are: {names}. Whoever has the disk can read them; if"
            " they hold data of the center, move them to a safe place or delete them.",
            len(result.strangers),
        )
        said.append(stays.format(n=len(result.strangers), names=", ".join(result.strangers)))
    return said
