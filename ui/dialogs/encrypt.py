"""Switching encryption on in three steps: what it means, the code on paper, the proof that it is on paper."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.desk import secrecy
from app.errors import UserError
from app.text import _
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.form import FormDialog
from ui.theme import theme
from ui.widgets.basic import Button, Field, Icon, Text


class CodeView(QWidget):
    """A recovery code in its numbered groups; a screen reader hears it whole."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.setObjectName("recovery_code_view")
        self.setAccessibleName(code)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 4, 0, 4)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        for index, group in enumerate(code.split("-")):
            row, column = divmod(index, 5)
            grid.addWidget(Text(str(index + 1), "small", "text3"), row, 2 * column, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(Text(group, "panel"), row, 2 * column + 1)
            grid.setColumnMinimumWidth(2 * column + 1, theme().px(84))
        grid.setColumnStretch(10, 1)


class _CodeDialog(FormDialog):
    """A form that can put a code on paper."""

    context: Context
    code: str

    def paper_buttons(self) -> QHBoxLayout:
        """Print, or save as PDF."""
        line = QHBoxLayout()
        for name, label, icon, act in (
            ("print_code", _("Print…"), "printer", self.print_code),
            ("save_code", _("Save as PDF…"), "save", self.save_code),
        ):
            button = Button(label, icon)
            button.setObjectName(name)
            button.clicked.connect(act)
            line.addWidget(button)
        line.addStretch(1)
        return line

    def print_code(self) -> None:
        """Choose a printer."""
        self._printer = ask.choose_printer(self, self._print)

    def _print(self) -> None:
        from ui.pages.paper import print_pdf

        print_pdf(secrecy.code_page(self.code)[1], self._printer)

    def save_code(self) -> None:
        """The page as a file, for a printer elsewhere."""
        name, content = secrecy.code_page(self.code)
        path = ask.choose_save_file(self, _("Save as PDF"), name, "PDF (*.pdf)")
        if path:
            try:
                with open(path, "wb") as file:
                    file.write(content)
            except OSError as error:
                self.say(_("{path} cannot be written: {why}").format(path=path, why=error.strerror))


class EncryptDialog(_CodeDialog):
    """`agreed(code)` when the code is on paper."""

    agreed = Signal(str)

    def __init__(self, context: Context, parent: QWidget, *, has_keyring: bool) -> None:
        super().__init__(parent, _("Switch encryption on"), "lock", width=640)
        self.setObjectName("encrypt_dialog")
        self.context, self.code, self.step = context, "", 1
        self.inside = QWidget()
        self.column = QVBoxLayout(self.inside)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(12)
        self.body.addWidget(self.inside)
        for icon, words in (
            (
                "lock",
                _("The center's file and its backups become unreadable for whoever takes the laptop or the stick."),
            ),
            (
                "key-round",
                _("The key goes into this computer's keyring: Deskbell opens as before.")
                if has_keyring
                else _("This computer has no keyring: Deskbell asks for the recovery code at each start."),
            ),
            (
                "printer",
                _("A recovery code on paper opens the file on any computer. Without key and paper nobody can."),
            ),
            (
                "history",
                _(
                    "Backups are made over, here and on the second place when it is there; one that cannot be read is"
                    " removed. Copies that you saved elsewhere stay as they are."
                ),
            ),
            (
                "info",
                _(
                    "What was plain on this disk can stay in deleted blocks until they are used again: no program can"
                    " promise otherwise. Against that, encrypt the whole disk."
                ),
            ),
        ):
            self._line(icon, words)
        self.add_foot((), Button(_("Make the recovery code"), "key-round", kind="primary", keys=("Ctrl", "Enter")))
        self.main.setObjectName("encrypt_next")

    def _line(self, icon: str, words: str) -> None:
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(Icon(icon, "brasstext", 17), alignment=Qt.AlignmentFlag.AlignTop)
        line.addWidget(Text(words, "body", wrap=True), 1)
        self.column.addLayout(line)

    def main_action(self) -> None:
        if self.step == 1:
            self._show_code()
        elif self.step == 2:
            self._ask_back()
        else:
            self._prove()

    def _fresh(self, step: int, label: str) -> None:
        self.step = step
        self.inside.hide()
        self.inside.deleteLater()
        self.inside = QWidget()
        self.column = QVBoxLayout(self.inside)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(12)
        self.body.addWidget(self.inside)
        self.main.set_label(label)

    def _show_code(self) -> None:
        self.code = secrecy.new_code()
        self._fresh(2, _("It is on paper"))
        said = _(
            "Print it, or copy it by hand. Keep the paper in a safe, away from the laptop; make no photograph of it."
        )
        self.column.addWidget(Text(said, "body", "text2", wrap=True))
        self.column.addWidget(CodeView(self.code))
        self.column.addLayout(self.paper_buttons())

    def _ask_back(self) -> None:
        self._fresh(3, _("Switch encryption on"))
        said = _("The last group proves that the paper is there. Then Deskbell closes, encrypts, and opens again.")
        self.column.addWidget(Text(said, "body", "text2", wrap=True))
        field = Field(_("The last group (13) on the paper"), QLineEdit(), name="last_group")
        self.column.addWidget(self.add_field("last_group", field))
        field.edit.setFocus()

    def _prove(self) -> None:
        self.clear_errors()
        try:
            secrecy.last_group(self.fields["last_group"].text(), self.code)
        except UserError as error:
            self.refuse(error)
            return
        self.accept()
        self.agreed.emit(self.code)


class CodeDialog(_CodeDialog):
    """The code of an encrypted center once more, for a paper that was lost."""

    def __init__(self, context: Context, parent: QWidget, code: str) -> None:
        super().__init__(parent, _("Recovery code"), "key-round", width=640)
        self.setObjectName("code_dialog")
        self.context, self.code = context, code
        self.body.addWidget(CodeView(code))
        self.body.addLayout(self.paper_buttons())
        self.add_foot((), Button(_("Done"), "check", kind="primary", keys=("Ctrl", "Enter")))

    def main_action(self) -> None:
        self.accept()
