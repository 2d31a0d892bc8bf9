"""Move to another laptop: one encrypted file, made here and brought in there."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout

from app import text
from app.desk import secrecy
from app.errors import DeskError
from app.lists import keeping as kept
from app.text import _
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.move import ANY_KIND, BringDialog, MoveDialog
from ui.dialogs.restore import RestoreDialog
from ui.pages.keeping.card import KeepingCard
from ui.theme import theme
from ui.widgets.basic import Button, Text


class Move(KeepingCard):
    """Make the file; bring one in. `restore_wanted(path)` after a person agreed to what it would change."""

    restore_wanted = Signal(object)

    def __init__(self, context: Context, data_dir: Path) -> None:
        super().__init__(_("Move to another laptop"), "monitor")
        self.context, self.data_dir = context, data_dir
        said = _("One file with everything in it, encrypted under a passphrase.")
        self.column.addWidget(Text(said, "body", "text2", wrap=True))
        self.problem = Text("", "label", "danger", wrap=True)
        self.problem.setObjectName("move_problem")
        self.problem.hide()
        self.column.addWidget(self.problem)
        self.make = Button(_("Make the file…"), "upload")
        self.make.setObjectName("make_move_file")
        self.make.clicked.connect(self.make_file)
        self.bring = Button(_("Bring a file in…"), "download")
        self.bring.setObjectName("bring_move_file")
        self.bring.clicked.connect(self.bring_file)
        self.buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self.buttons.setSpacing(8)
        for button in (self.make, self.bring):
            self.buttons.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
        self.buttons.addStretch(1)
        self.column.addLayout(self.buttons)
        context.actor_changed.connect(self._forget)
        self._turn()
        theme().changed.connect(self._turn)

    def _turn(self) -> None:
        """The buttons stand side by side where the text leaves them room."""
        way = QBoxLayout.Direction
        self.buttons.setDirection(way.TopToBottom if theme().px(100) > 115 else way.LeftToRight)

    def _say(self, words: str) -> None:
        self.problem.setText(words)
        self.problem.setVisible(bool(words))

    def _forget(self) -> None:
        """What one person was refused is not said to the next."""
        self._say("")

    def make_file(self) -> None:
        """Ask for passphrase and place; whoever may not is told before typing anything."""
        self._say("")
        try:
            secrecy.may_move(self.context.actor)
        except DeskError as error:
            self._failed(error)
            return
        MoveDialog(self.context, self, self.data_dir).open()

    def bring_file(self) -> None:
        """Choose a file from another laptop, and open it with whatever it takes."""
        self._say("")
        path = ask.choose_open_file(self, _("The file from the other laptop"), ANY_KIND)
        if not path:
            return
        self._bringing = Path(path)
        if secrecy.is_sealed(self._bringing) or secrecy.needs_code(self._bringing):
            dialog = BringDialog(self.context, self, self._bringing)
            dialog.opened.connect(self._opened)
            dialog.open()
        else:
            self.context.read(secrecy.moment_of, self._bringing, done=self._opened_plain, failed=self._failed)

    def _opened_plain(self, moment: object) -> None:
        self._opened(self._bringing, str(moment))

    def _opened(self, path: object, moment: str) -> None:
        assert isinstance(path, Path)
        self._brought = kept.Backup(path, 0, moment, "asked", path.stat().st_size, verified=True)
        self.context.read(kept.difference, path, self.data_dir, done=self._compared, failed=self._failed)

    def _compared(self, found: object) -> None:
        assert found is None or isinstance(found, list)
        dialog = RestoreDialog(self.context, self, self._brought, found)
        dialog.agreed.connect(self.restore_wanted)
        dialog.open()

    def _failed(self, error: DeskError) -> None:
        self._say(text.sentence(error))
