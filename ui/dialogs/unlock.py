"""Before there is a window: the recovery code of an encrypted center whose key this computer does not have."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout

from app import paths, store
from app.errors import DeskError, EnvironmentFault, UserError
from app.text import _, sentence
from ui.dialogs.grow import grow
from ui.theme import theme
from ui.widgets.basic import Button, Field, Icon, Text, show_error


class UnlockDialog(QDialog):
    """Accepted when the code fits."""

    def __init__(self, file: Path) -> None:
        super().__init__(None, Qt.WindowType.Dialog)
        self.file = file
        self.setWindowTitle("Deskbell")
        self.setObjectName("unlock_dialog")
        self.setFixedWidth(theme().px(800))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        head = QHBoxLayout()
        head.addWidget(Icon("lock", "brasstext", 20))
        head.addWidget(Text(_("This center is encrypted"), "panel"), 1)
        column.addLayout(head)
        said = _("Its key is not in this computer's keyring. Type the recovery code from the paper.")
        column.addWidget(Text(said, "body", "text2", wrap=True))
        column.addWidget(Text(str(file), "small", "text3", wrap=True))
        hint = _("13 groups; capitals, dashes and blanks do not matter.")
        self.code = Field(_("Recovery code"), QLineEdit(), name="recovery_code", hint=hint)
        column.addWidget(self.code)
        self.problem = Text("", "label", "danger", wrap=True)
        self.problem.hide()
        column.addWidget(self.problem)
        foot = QHBoxLayout()
        foot.addStretch(1)
        close = Button(_("Quit"), kind="quiet", keys=("Esc",))
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        self.main = Button(_("Open"), "key-round", kind="primary", keys=("Enter",))
        self.main.setDefault(True)
        self.main.clicked.connect(self.try_code)
        foot.addWidget(close)
        foot.addWidget(self.main)
        column.addLayout(foot)
        self.code.edit.setFocus()

    def try_code(self) -> None:
        """Open with what was typed, or say what is wrong with it."""
        from app.desk import secrecy  # a start without this dialog does not wait for it

        self.problem.hide()
        try:
            secrecy.unlock_with_code(self.file, self.code.text())
        except UserError as error:
            show_error(error, {"code": self.code}, self._say)
        except DeskError as error:
            self._say(sentence(error))
        else:
            self.accept()
            return
        grow(self)

    def _say(self, words: str) -> None:
        self.problem.setText(words)
        self.problem.show()


def ask_for_code(file: Path) -> bool:
    """Ask until the code fits; False if whoever sits there gives up."""
    dialog = UnlockDialog(file)
    fits = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    return fits


def open_with_key(data_dir: Path) -> None:
    """Open the center; where its key is not here, ask for the recovery code. Faults as from `store.open_center`."""
    while True:
        try:
            store.open_center(data_dir)
            return
        except EnvironmentFault as fault:
            if fault.key != "store.key_missing" or not ask_for_code(paths.data_file(data_dir)):
                raise
