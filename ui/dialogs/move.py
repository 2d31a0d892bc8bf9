"""The file that moves a center: made under a passphrase that is typed twice, opened again with it."""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from app import clock
from app.desk import secrecy
from app.errors import DeskError, UserError
from app.text import _, sentence
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Icon, Text

#: What file dialogs offer: the file that moves; and any copy that can be brought in.
KIND, ANY_KIND = "Deskbell (*.deskbell)", "Deskbell (*.deskbell *.db)"


def hidden_line() -> QLineEdit:
    """A line for a secret."""
    edit = QLineEdit()
    edit.setEchoMode(QLineEdit.EchoMode.Password)
    return edit


class _PassphraseDialog(FormDialog):
    """A form with passphrases in it, hidden until their box is ticked."""

    def show_box(self) -> QCheckBox:
        """The box that shows what is typed."""
        box = QCheckBox(_("Show the passphrase"))
        box.setObjectName("show_passphrase")
        box.setAccessibleName(box.text())
        box.toggled.connect(self._show)
        return box

    def _show(self, shown: bool) -> None:
        for key in ("passphrase", "again"):
            if key in self.fields:
                edit = self.fields[key].edit
                assert isinstance(edit, QLineEdit)
                edit.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)


class MoveDialog(_PassphraseDialog):
    """Passphrase, place, progress; then what to do on the other laptop."""

    progress = Signal(int, int)

    def __init__(self, context: Context, parent: QWidget, data_dir: Path) -> None:
        super().__init__(parent, _("Move to another laptop"), "upload", width=600)
        self.setObjectName("move_dialog")
        self.context, self.data_dir = context, data_dir
        self.running = False
        self._stop = threading.Event()
        self._replace = False
        self.said = Text(
            _("Everything is in the file. Without the passphrase nobody can open it, and nobody can recover it."),
            "body", "text2", wrap=True,
        )  # fmt: skip
        self.body.addWidget(self.said)
        hint = _("At least 10 characters, or four words. Send it another way than the file.")
        self.body.addWidget(
            self.add_field("passphrase", Field(_("Passphrase"), hidden_line(), name="passphrase", hint=hint))
        )
        self.body.addWidget(self.add_field("again", Field(_("The passphrase again"), hidden_line(), name="again")))
        self.shown = self.show_box()
        self.body.addWidget(self.shown, alignment=Qt.AlignmentFlag.AlignLeft)
        line = QHBoxLayout()
        place = QLineEdit(str(Path.home() / self._name()))
        line.addWidget(self.add_field("file", Field(_("File"), place, name="move_file")), 1)
        self.choose = Button(_("Choose…"), "hard-drive")
        self.choose.setObjectName("choose_move_file")
        self.choose.clicked.connect(self.choose_file)
        self.beside = QWidget()
        beside = QVBoxLayout(self.beside)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(4)
        beside.addWidget(Text(" ", "label"))  # as high as the label of the field beside it
        beside.addWidget(self.choose)
        beside.addStretch(1)
        line.addWidget(self.beside)
        line.setContentsMargins(0, 0, 0, 0)
        self.body.addLayout(line)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Writing and proving the file"))
        self.bar.hide()
        self.body.addWidget(self.bar)
        self.add_foot((), Button(_("Make the file"), "lock", kind="primary", keys=("Ctrl", "Enter")))
        self.progress.connect(self._progressed)
        self.fields["passphrase"].edit.setFocus()

    def _name(self) -> str:
        here = self.context.center
        name = "".join(char if char.isalnum() else "-" for char in here.name).strip("-") or "Deskbell"
        return f"{name}-{clock.local_date(here.zone)}{secrecy.ENDING}"

    def choose_file(self) -> None:
        """Look for the place."""
        path = ask.choose_save_file(self, _("The file to move"), self.fields["file"].text(), KIND)
        if path:
            edit = self.fields["file"].edit
            assert isinstance(edit, QLineEdit)
            edit.setText(path if path.endswith(secrecy.ENDING) else path + secrecy.ENDING)
            self._replace = path.endswith(secrecy.ENDING)  # the system's own dialog has asked

    def main_action(self) -> None:
        if self.running or not self.main.isEnabled():
            return
        self.clear_errors()
        try:
            words = secrecy.passphrase(self.fields["passphrase"].text(), self.fields["again"].text())
            self.target = Path(self.fields["file"].text().strip())
            if not self.target.is_absolute():
                raise UserError("secrecy.whole_path", "file")
        except UserError as error:
            self.refuse(error)
            return
        self._busy(True)
        self.context.read(
            secrecy.make_file,
            self.context.actor, self.data_dir, self.target, words, self._stopped, self.progress.emit,
            self._replace, done=self._made, failed=self._failed,
        )  # fmt: skip

    def _stopped(self) -> bool:
        """Whether someone pressed Esc, or closed the window; asked by whoever writes the file."""
        return self._stop.is_set() or self.context.is_closing

    def _busy(self, running: bool) -> None:
        self.running = running
        for field in self.fields.values():
            field.edit.setEnabled(not running)
        for button in (self.choose, self.main):
            button.setEnabled(not running)
        self.bar.setVisible(running)

    def _progressed(self, done: int, of: int) -> None:
        self.bar.setRange(0, of)
        self.bar.setValue(done)

    def _failed(self, error: DeskError) -> None:
        self._busy(False)
        if self._stop.is_set():
            self.reject()
        elif error.key in ("cli.file_exists", "cli.cannot_write", "store.read_only"):
            self.fields["file"].set_error(sentence(error))
            self.fields["file"].edit.setFocus()
        else:
            self.refuse(error)
            self.fields["passphrase"].edit.setFocus()  # a field that was off for a while has lost the focus

    def _made(self, size: object) -> None:
        assert isinstance(size, int)
        self._busy(False)
        for field in self.fields.values():
            field.hide()
        for widget in (self.beside, self.main, self.shown, self.said):
            widget.hide()
        done = QWidget()
        column = QVBoxLayout(done)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        line = QHBoxLayout()
        line.addWidget(Icon("circle-check", "ok", 18))
        made = _("{file} is written and proven: {size}.").format(file=self.target.name, size=f"{size / 1e6:.1f} MB")
        line.addWidget(Text(made, "label", "ok", wrap=True), 1)
        column.addLayout(line)
        for step in (
            _("1. Carry the file to the other laptop and install Deskbell there."),
            _("2. There: Settings, Safe keeping, Bring a file in; choose the file and type the passphrase."),
            _("3. Type the password of the mail account again: it stays in this laptop's keyring."),
            _("4. Work on one of the two only. What is written here from now on is not in the file."),
        ):
            column.addWidget(Text(step, "body", wrap=True))
        self.body.addWidget(done)

    def reject(self) -> None:
        """Esc: let go of what is being written first; the answer closes the form."""
        if self.running:
            self._stop.set()
            self.say(_("Stopping…"))
            return
        super().reject()


class BringDialog(_PassphraseDialog):
    """The passphrase or the recovery code of a file from elsewhere. `opened(path, stamp of its moment)` if it fits."""

    opened = Signal(object, str)

    def __init__(self, context: Context, parent: QWidget, path: Path) -> None:
        super().__init__(parent, _("Bring a file in"), "download", width=560)
        self.setObjectName("bring_dialog")
        self.context, self.path = context, path
        self.body.addWidget(Text(path.name, "name", wrap=True))
        said = _("The next step shows what would change, before anything does.")
        self.body.addWidget(Text(said, "body", "text2", wrap=True))
        self.by_code = secrecy.needs_code(path)
        if self.by_code:
            field = Field(_("Recovery code"), QLineEdit(), name="recovery_code", hint=_("From the paper, 13 groups."))
            self.body.addWidget(self.add_field("code", field))
        else:
            field = Field(_("Passphrase"), hidden_line(), name="passphrase")
            self.body.addWidget(self.add_field("passphrase", field))
            self.body.addWidget(self.show_box(), alignment=Qt.AlignmentFlag.AlignLeft)
        self.add_foot((), Button(_("Open"), "key-round", kind="primary", keys=("Ctrl", "Enter")))
        field.edit.setFocus()

    def main_action(self) -> None:
        if self.main.isEnabled():
            self.clear_errors()
            self.main.setEnabled(False)
            act, field = (secrecy.open_with_code, "code") if self.by_code else (secrecy.unlock, "passphrase")
            self.context.read(act, self.path, self.fields[field].text(), done=self._fits, failed=self._failed)

    def _fits(self, moment: object) -> None:
        self.accept()
        self.opened.emit(self.path, str(moment))

    def _failed(self, error: DeskError) -> None:
        self.main.setEnabled(True)
        self.refuse(error)
