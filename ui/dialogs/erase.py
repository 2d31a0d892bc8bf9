"""Erasing on request: what goes and what stays, by name; the number typed as a word; then the one button, for good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app import store, text
from app.desk import erasing
from app.desk.accounts import may
from app.errors import DeskError
from app.store import backup
from app.text import N_, _, ngettext, sentence
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Icon, Text, clear_layout, rule

#: As many names of a kind are told; the count is always whole.
MOST_NAMES = 6

_KINDS = {
    "users": N_("Name and contact"), "merged": N_("Merged records"), "notes": N_("Notes"),
    "attachments": N_("Attachments"), "mail_queue": N_("Words of mails"), "timeline": N_("Words of the timeline"),
    "slot_enrolled": N_("Coming bookings"), "invoices": N_("Invoices"), "payments": N_("Payments"),
    "courses_enrolled": N_("Enrollments"), "product_enrolled": N_("Sales"), "quotes": N_("Quotes"),
    "promises": N_("Promises to pay"), "words": N_("Words typed beside payments, purchases and seats"),
    "payers": N_("Who paid, a person of their own"),
}  # fmt: skip


class EraseDialog(FormDialog):
    """A preview, and afterwards what stayed. Nothing takes it back."""

    def __init__(self, context: Context, parent: QWidget, student_id: int, data_dir: Path) -> None:
        self.found = erasing.preview(student_id, data_dir)
        title = _("Erase {name}").format(name=self.found.name)
        super().__init__(parent, title, "user-x", subtitle=self.found.number, width=640)
        self.setObjectName("erase")
        self.context, self._data_dir = context, data_dir
        self.running = False
        self.content = QVBoxLayout()
        self.content.setSpacing(9)
        self.body.addLayout(self.content)
        obstacle = sentence(self.found.obstacle) if self.found.obstacle is not None else ""
        if not may(context.actor, "people.erase"):
            obstacle = _("An admin erases: who is at the desk is chosen at the lower right.")
        if obstacle:
            self._line("circle-alert", "danger", obstacle)
        else:
            self._preview()
            said = _("Type {number} to confirm").format(number=self.found.number)
            self.body.addWidget(self.add_field("number", Field(said, QLineEdit(), name="erase_number")))
        self.page_keys()
        button = Button(_("Erase for good"), "user-x", kind="danger", keys=("Ctrl", "Enter"))
        button.setObjectName("erase_now")
        button.setEnabled(not obstacle)
        self.add_foot((), button)
        (self.fields["number"].edit if self.fields else button).setFocus()

    def _preview(self) -> None:
        self._heading(_("Is gone for good"))
        for part in self.found.gone:
            self._part(part, "circle-x", "danger")
        self._stays(self.found.stays)
        if self.found.warnings:
            self.content.addWidget(rule())
        for key, params in self.found.warnings:
            self._line("triangle-alert", "warn", sentence(key, dict(params)))
        self._copies(self.found.copies)

    def _stays(self, parts: tuple[erasing.Part, ...]) -> None:
        self.content.addWidget(rule())
        if not parts:
            self._line("circle-check", "ok", _("Nothing has to be kept."))
            return
        self._heading(_("Stays, for the law asks to keep it"))
        for part in parts:
            self._part(part, "file-text", "text2")

    def _copies(self, copies: tuple[str, ...]) -> None:
        if not copies:
            return
        self.content.addWidget(rule())
        said = ngettext(
            "{n} earlier copy still holds the person until it is thinned. A restore of it erases again: {names}",
            "{n} earlier copies still hold the person until they are thinned. A restore of one erases again: {names}",
            len(copies),
        )
        names = "; ".join(copies[:MOST_NAMES]) + (" …" if len(copies) > MOST_NAMES else "")
        self._line("hard-drive", "brasstext", said.format(n=len(copies), names=names))

    def _heading(self, said: str) -> None:
        self.content.addWidget(Text(said, "label", "text2"))

    def _part(self, part: erasing.Part, icon: str, color: str) -> None:
        names = "; ".join(part.names[:MOST_NAMES])
        left = part.count - len(part.names[:MOST_NAMES])
        if part.names and left > 0:
            names += " " + ngettext("and {n} more", "and {n} more", left).format(n=left)
        said = f"{_(_KINDS[part.kind])} ({part.count})"
        self._line(icon, color, f"{said}: {names}" if names else said, "body")

    def _line(self, icon: str, color: str, said: str, role: str = "label") -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Icon(icon, color, 16), alignment=Qt.AlignmentFlag.AlignTop)
        ink = color if color in ("danger", "warn") and role == "label" else "text"
        line.addWidget(Text(said, role, ink, wrap=True), 1)
        self.content.addLayout(line)

    # -- doing it

    def main_action(self) -> None:
        if self.running or not self.main.isEnabled():
            return
        self.clear_errors()
        if self.fields["number"].text().strip().casefold() != self.found.number.casefold():
            self.fields["number"].set_error(_("That is not {number}.").format(number=self.found.number))
            return
        self.running = True
        self.main.setEnabled(False)
        self.say(_("A verified copy is made first …"))
        self.context.read(_copy_first, lambda: self.context.is_closing, done=self._copied, failed=self._failed)

    def _copied(self, made: object) -> None:
        if made is None:  # the window closes
            return
        self.say(_("Erasing, and writing the file anew …"))
        self.context.run(
            erasing.erase, self.found.student_id, self.found.version,
            done=self._done, failed=self._failed, busy=self.main,
        )  # fmt: skip

    def _failed(self, error: DeskError) -> None:
        self.running = False
        self.main.setEnabled(True)
        self.say("")
        if error.key == "store.changed_meanwhile":  # what another desk made of it is shown before it is asked again
            self.found = erasing.preview(self.found.student_id, self._data_dir)
            clear_layout(self.content)
            self._preview()
        self.refuse(error)

    def _done(self, done: object) -> None:
        assert isinstance(done, erasing.Erased)
        self.running = False
        self.say("")
        clear_layout(self.content)
        self.fields["number"].hide()
        self.main.hide()
        self._line("circle-check", "ok", _("{number} is erased.").format(number=done.number))
        if done.unclean is not None:
            said = _("The file itself could not be written anew ({why}). That is done at the next start.")
            self._line("triangle-alert", "warn", said.format(why=text.sentence(done.unclean)))
        self._stays(done.stays)
        self._copies(done.copies)
        self.context.notice.emit(_("{number} is erased.").format(number=done.number))
        self.context.backup_wanted.emit()

    def reject(self) -> None:
        """Esc: not while it is being done."""
        if not self.running:
            super().reject()


def _copy_first(stop: Callable[[], bool]) -> backup.Backup | None:
    """A verified copy; None where the window closes meanwhile."""
    try:
        return erasing.back_up_first(store.data_folder(), stop)
    except backup.Stopped:
        return None
