"""Everything held about one person, written to one file beside the window; it can be stopped."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QProgressBar, QWidget

from app.errors import DeskError
from app.exchange import person
from app.exchange.reading import Stopped
from app.lists import people as roster
from app.text import _, ngettext
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.form import FormDialog
from ui.dialogs.import_people import _unless_stopped, _Work
from ui.widgets.basic import Button, Text


class ExportPerson(FormDialog):
    """What is in it, where to save it, how far it is."""

    def __init__(self, context: Context, parent: QWidget, student_id: int) -> None:
        super().__init__(parent, _("Everything about one person"), "file-text", width=560)
        self.setObjectName("export_person")
        self.context = context
        self.row = roster.page([student_id])[student_id]
        self.student_id = student_id
        self._work = _Work(context)
        self._work.progress.connect(self._progressed)
        self._closed = False
        self.body.addWidget(Text(_("{name} ({number})").format(name=self.row.name, number=self.row.number), "section"))
        said = _(
            "One ZIP file: what is stored as CSV and JSON, invoices, receipts and the account as PDF, and the files."
        )
        self.body.addWidget(Text(said, "body", "text2", wrap=True))
        self.body.addWidget(
            Text(_("Hand it to the person it is about, and to nobody else."), "small", "text3", wrap=True)
        )
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Progress"))
        self.bar.hide()
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
        self.say("")
        self.bar.setRange(0, 0)
        self.bar.show()
        self.main.setEnabled(False)
        self.context.read(
            _unless_stopped, _export, self.context, self.student_id, target, self._work,
            done=self._saved, failed=self._failed,
        )  # fmt: skip

    def _progressed(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def _saved(self, answer: tuple[int, str] | Stopped) -> None:
        if self._closed or isinstance(answer, Stopped):
            return
        count, name = answer
        self.accept()
        said = ngettext("{n} file is in {file}", "{n} files are in {file}", count)
        self.context.notice.emit(said.format(n=count, file=name))

    def _failed(self, error: DeskError) -> None:
        if not self._closed:
            self.bar.hide()
            self.main.setEnabled(True)
            self.refuse(error)

    def done(self, code: int) -> None:
        self._closed = True
        self._work.stopped = True
        super().done(code)


def _export(context: Context, student_id: int, path: Path, work: _Work) -> tuple[int, str]:
    return person.export_person(context.actor, student_id, path, stop=work.stop, progress=work.tell), path.name
