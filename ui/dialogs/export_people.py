"""Taking a list of students out: who, as what, and where to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QProgressBar, QWidget

from app.desk.accounts import Actor
from app.exchange import exporting
from app.exchange.reading import Stopped
from app.lists import people as roster
from app.text import _, ngettext
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.form import FormDialog
from ui.dialogs.import_people import _unless_stopped, _Work
from ui.widgets.basic import Button, Field, Segment, Text


class ExportPeople(FormDialog):
    """The list as it is shown, by its words, filters and order, or those who are selected."""

    def __init__(
        self, context: Context, parent: QWidget, asked: tuple[str, tuple[str, ...], str], selected: Sequence[int]
    ) -> None:
        super().__init__(parent, _("Export students"), "file-text", width=560)
        self.setObjectName("export_people")
        self.context, self.asked, self.selected = context, asked, list(selected)
        self._work = _Work()
        self._work.progress.connect(self._progressed)
        self._closed = False
        who = [("shown", _("Everyone in the list"), ())]
        if len(self.selected) == 1:
            who.append(("selected", _("Only the selected one"), ()))
        elif self.selected:
            who.append(("selected", _("The {n} selected").format(n=len(self.selected)), ()))
        self.who = Segment(who, "who")
        self.who.set_value("shown")
        self.kind = Segment([("csv", _("CSV"), ()), ("xlsx", _("Excel"), ()), ("vcf", _("vCard"), ())], "kind")
        self.kind.set_value("csv")
        self.body.addWidget(Field(_("Who"), self.who, name="who"))
        self.body.addWidget(Field(_("As"), self.kind, name="kind"))
        said = _("Cells that a spreadsheet would calculate are marked, and come back as they are.")
        self.body.addWidget(Text(said, "small", "text3", wrap=True))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Progress"))
        self.bar.hide()
        self.body.addWidget(self.bar)
        self.add_foot((), Button(_("Save as…"), "save", kind="primary", keys=("Ctrl", "Enter")))
        self.kind.buttons["csv"].setFocus()

    def main_action(self) -> None:
        kind = self.kind.value()
        path = ask.choose_save_file(self, _("Export students"), f"students.{kind}", f"*.{kind}")
        if not path:
            return
        target = Path(path) if Path(path).suffix else Path(path).with_suffix(f".{kind}")
        self.say("")
        self.bar.setRange(0, 0)
        self.bar.show()
        self.main.setEnabled(False)
        only = self.selected if self.who.value() == "selected" else []
        zone = self.context.center.zone
        self.context.read(
            _unless_stopped, _export, self.context.actor, self.asked, only, zone, target, self._work,
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
        said = ngettext("{n} student is in {file}", "{n} students are in {file}", count)
        self.context.notice.emit(said.format(n=f"{count:,}", file=name))

    def _failed(self, error: object) -> None:
        if not self._closed:
            self.bar.hide()
            self.main.setEnabled(True)
            self.refuse(error)  # type: ignore[arg-type]

    def done(self, code: int) -> None:
        self._closed = True
        self._work.stopped = True
        super().done(code)


def _export(
    actor: Actor, asked: tuple[str, tuple[str, ...], str], only: list[int], zone: str, path: Path, work: _Work
) -> tuple[int, str]:
    typed, chips, sort = asked
    ids = only or roster.ids(typed, chips, zone, sort=sort)
    return exporting.export_students(actor, ids, path, stop=work.stop, progress=work.tell), path.name
