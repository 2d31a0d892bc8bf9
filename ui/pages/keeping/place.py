"""The second place for backups: a folder on a stick, another disk, a share."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout

from app import text
from app.desk import keeping
from app.errors import DeskError, UserError
from app.text import _
from ui import words
from ui.context import Context
from ui.dialogs import ask
from ui.pages.keeping.card import KeepingCard
from ui.widgets.basic import Button, Field, Text, show_error
from ui.widgets.typed import TypedLine


class SecondPlace(KeepingCard):
    """Choose the folder, see when it was there last."""

    def __init__(self, context: Context) -> None:
        super().__init__(_("Second place"), "save")
        self.context = context
        said = _("A folder on a stick or another disk gets every backup, too.")
        self.column.addWidget(Text(said, "body", "text2", wrap=True))
        self.place = TypedLine()
        self.place_field = Field(_("Folder"), self.place, name="second_place")
        self.column.addWidget(self.place_field)
        self.seen = Text("", "small", "text3", wrap=True)
        self.column.addWidget(self.seen)
        foot = QHBoxLayout()
        self.choose = Button(_("Choose…"), "hard-drive")
        self.choose.setObjectName("choose_place")
        self.choose.clicked.connect(self.choose_place)
        self.save_place = Button(_("Save the place"), "check")
        self.save_place.setObjectName("save_place")
        self.save_place.clicked.connect(self.store_place)
        foot.addWidget(self.choose)
        foot.addStretch(1)
        foot.addWidget(self.save_place)
        self.column.addLayout(foot)

    def reload(self) -> None:
        """Read again where it is and when it was seen."""
        found = keeping.second_place()
        if not self.place.hasFocus():
            self.place.setText(str(found[0]) if found is not None else "")
        self.seen.setText(
            _("Seen last on {day}.").format(day=words.day(found[1].isoformat(), self.context.center))
            if found is not None
            else _("None is chosen: a fire or a thief takes file and backups together.")
        )

    def choose_place(self) -> None:
        """Look for the folder."""
        path = ask.choose_folder(self, _("Second place for backups"))
        if path:
            self.place.setText(path)
            self.store_place()

    def store_place(self) -> None:
        """Save the second place."""
        self.place_field.clear_error()
        self.context.run(
            keeping.set_second_place,
            self.place.text(),
            done=self._stored,
            failed=self._refused,
            busy=self.save_place,
        )

    def _stored(self, _nothing: object) -> None:
        self.context.notice.emit(_("Saved. The next backup goes there, too."))
        self.reload()

    def _refused(self, error: DeskError) -> None:
        if isinstance(error, UserError):
            show_error(error, {"second_place": self.place_field}, self.place_field.set_error)
        else:
            self.place_field.set_error(text.sentence(error))
