"""What stands on documents besides their figures: the center's picture, texts at head and foot in each language."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPlainTextEdit, QWidget

from app.desk import letterhead
from app.errors import EnvironmentFault
from app.text import _
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.form import FormDialog
from ui.theme import theme
from ui.widgets.basic import Button, Field, Text


class LetterheadDialog(FormDialog):
    """Texts are saved for the chosen language; a picture is on every document issued from then on."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent, _("On documents"), "pencil", width=640)
        self.setObjectName("letterhead")
        self.context = context
        row = QHBoxLayout()
        row.setSpacing(10)
        self.picture = QLabel()
        self.picture.setFixedSize(theme().px(120), theme().px(48))
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setTextFormat(Qt.TextFormat.PlainText)
        self.picture.setAccessibleName(_("Picture on documents"))
        row.addWidget(self.picture)
        self.choose = Button(_("Choose a picture…"), keys=("Alt", "L"))
        self.choose.setObjectName("choose_picture")
        self.choose.clicked.connect(self.choose_picture)
        self._shortcut("Alt+L", self.choose_picture)
        self.off = Button(_("Take it off"), kind="quiet")
        self.off.setObjectName("picture_off")
        self.off.clicked.connect(self.take_off)
        row.addWidget(self.choose)
        row.addWidget(self.off)
        row.addStretch(1)
        self.body.addLayout(row)
        said = _("PNG or JPEG, at most 1 MB; in black on a roll. What was issued keeps what it had.")
        self.body.addWidget(Text(said, "small", "text3"))
        self.language = QComboBox()
        self.language.setEditable(True)
        self.texts = letterhead.texts()
        here = context.center.language
        for code in dict.fromkeys((here, *self.texts, "en", "de", "fr", "it", "tr", "ar", "uk")):
            self.language.addItem(code)
        by = Field(_("Language of the buyer"), self.language, name="letterhead_language")
        by.set_hint(_("a code like en or de; buyers of other languages get the first that was written"))
        self.body.addWidget(self.add_field("language", by))
        self.words: dict[str, QPlainTextEdit] = {}
        for key, label in (("head", _("Text above the lines")), ("foot", _("Text below the sums"))):
            edit = QPlainTextEdit()
            edit.setFixedHeight(theme().px(72))
            edit.setTabChangesFocus(True)
            self.words[key] = edit
            self.body.addWidget(self.add_field(key, Field(label, edit, name=f"letterhead_{key}")))
        self.add_foot((), Button(_("Save the texts"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self.main.setObjectName("save_texts")
        self.language.currentTextChanged.connect(self._show_texts)
        self._show_texts()
        self._show_picture()
        self.words["head"].setFocus()

    def _show_texts(self) -> None:
        """What is written in the chosen language; nothing typed is lost while a code is being typed."""
        said = self.texts.get(self.language.currentText().strip())
        if said is not None:
            self.words["head"].setPlainText(said.head)
            self.words["foot"].setPlainText(said.foot)

    def _show_picture(self) -> None:
        content = letterhead.logo()
        shown = QPixmap()
        if content and shown.loadFromData(content):
            keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            self.picture.setPixmap(shown.scaled(self.picture.size(), keep, smooth))
        else:
            self.picture.setText(_("no picture"))
        self.off.setEnabled(bool(content))

    def choose_picture(self) -> None:
        """Alt+L: a picture from this computer."""
        path = ask.choose_open_file(self, _("Choose a picture"), "PNG, JPEG (*.png *.jpg *.jpeg)")
        if not path:
            return
        self.clear_errors()
        try:
            with open(path, "rb") as file:
                content = file.read(letterhead.MOST_BYTES + 1)  # more than that is refused unread
        except OSError:
            self.refuse(EnvironmentFault("cli.cannot_read", path=path))
            return
        self._set(Path(path).name, content)

    def take_off(self) -> None:
        """From now on the house mark stands there again."""
        self._set("", b"")

    def _set(self, name: str, content: bytes) -> None:
        self.context.run(
            letterhead.set_logo, name, content, done=self._picture_set, failed=self.refuse, busy=self.choose
        )

    def _picture_set(self, _nothing: object) -> None:
        self._show_picture()
        self.context.notice.emit(_("From now on this stands on documents."))

    def main_action(self) -> None:
        if self.main.isEnabled():
            self.clear_errors()
            self.context.run(
                letterhead.save_texts, self.language.currentText(), self.words["head"].toPlainText(),
                self.words["foot"].toPlainText(), done=self._saved, failed=self.refuse, busy=self.main,
            )  # fmt: skip

    def _saved(self, _nothing: object) -> None:
        self.accept()
        self.context.notice.emit(_("The texts stand on documents from now on."))
