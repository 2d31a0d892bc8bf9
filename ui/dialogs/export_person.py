"""Everything held about one person, written to one file beside the window; it can be stopped."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.exchange import person
from app.lists import people as roster
from app.text import _, ngettext
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.beside import BesideForm, Work
from ui.widgets.basic import Button, Text


class ExportPerson(BesideForm):
    """What is in it, where to save it, how far it is."""

    def __init__(self, context: Context, parent: QWidget, student_id: int) -> None:
        super().__init__(context, parent, _("Everything about one person"), "file-text", width=560)
        self.setObjectName("export_person")
        self.row = roster.page([student_id])[student_id]
        self.student_id = student_id
        self.body.addWidget(Text(_("{name} ({number})").format(name=self.row.name, number=self.row.number), "section"))
        said = _(
            "One ZIP file: what is stored as CSV and JSON, invoices, receipts and the account as PDF, and the files."
        )
        self.body.addWidget(Text(said, "body", "text2", wrap=True))
        self.body.addWidget(
            Text(_("Hand it to the person it is about, and to nobody else."), "small", "text3", wrap=True)
        )
        self.body.addWidget(self.bar)
        button = Button(_("Save as…"), "save", kind="primary", keys=("Ctrl", "Enter"))
        self.add_foot((), button)
        button.setFocus()

    def main_action(self) -> None:
        if not self.main.isEnabled():
            return
        path = ask.choose_save_file(self, self.windowTitle(), f"{self.row.number}.zip", "*.zip")
        if not path:
            return
        target = Path(path) if Path(path).suffix else Path(path).with_suffix(".zip")
        self.begin(
            _export, self.context, self.student_id, target,
        )  # fmt: skip

    def finished_with(self, answer: tuple[int, str]) -> None:
        count, name = answer
        self.accept()
        said = ngettext("{n} file is in {file}", "{n} files are in {file}", count)
        self.context.notice.emit(said.format(n=count, file=name))


def _export(context: Context, student_id: int, path: Path, work: Work) -> tuple[int, str]:
    return person.export_person(context.actor, student_id, path, stop=work.stop, progress=work.tell), path.name
