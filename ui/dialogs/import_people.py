"""Bringing a list of people in: read the file, say what its columns are, mend what is wrong, then one button.

Reading and checking run beside the window and can be stopped; so does the backup before. The write itself is one
operation, whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from app import store, text
from app.errors import DeskError
from app.exchange import checking, importing, reading
from app.exchange.checking import Plan
from app.exchange.importing import Done
from app.exchange.reading import Stopped, Table
from app.lists import known
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.beside import Work, unless_stopped
from ui.dialogs.form import FormDialog
from ui.dialogs.import_columns import ColumnsStep
from ui.dialogs.import_rows import LinesStep
from ui.widgets.basic import Button, Text


def choose(context: Context, parent: QWidget) -> None:
    """Ask for a file, and open it."""
    path = ask.choose_open_file(
        parent, _("Import students"), _("Lists") + " (*.csv *.tsv *.txt *.xlsx *.vcf *.xls);;* (*)"
    )
    if path:
        ImportPeople(context, parent, Path(path)).open()


class ImportPeople(FormDialog):
    """Busy, columns, lines; then busy again."""

    def __init__(self, context: Context, parent: QWidget, path: Path) -> None:
        super().__init__(parent, _("Import students"), "download", width=1120)
        self.setObjectName("import_people")
        self.context, self.path = context, path
        self.plan: Plan | None = None
        self._work = Work(context)
        self._writing = self._closed = self._refused = False
        self.stack = QStackedWidget()
        self.busy, self.busy_words, self.bar = self._busy_step()
        self.columns = ColumnsStep()
        self.columns.reread.connect(self._read)
        self.lines = LinesStep()
        self.lines.changed.connect(self._mended)
        for step in (self.busy, self.columns, self.lines):
            self.stack.addWidget(step)
        self.body.addWidget(self.stack)
        self.back = Button(_("Columns"), "chevron-left", kind="quiet", keys=("Alt", "←"))
        self.back.setObjectName("back_to_columns")
        self.back.clicked.connect(self._to_columns)
        self._shortcut("Alt+Left", self._to_columns)
        self.other = Button(_("Another file"), "file-text", kind="quiet")
        self.other.clicked.connect(self._another)
        self.add_foot(
            (self.back, self.other), Button(_("Check the lines"), "check", kind="primary", keys=("Ctrl", "Enter"))
        )
        self.main.setObjectName("import_main")
        self._read("", None)

    def _busy_step(self) -> tuple[QWidget, Text, QProgressBar]:
        step = QWidget()
        column = QVBoxLayout(step)
        column.setContentsMargins(0, 24, 0, 24)
        column.setSpacing(14)
        said = Text("", "body", "text2", wrap=True)
        bar = QProgressBar()
        bar.setTextVisible(False)
        bar.setAccessibleName(_("Progress"))
        column.addStretch(1)
        column.addWidget(said)
        column.addWidget(bar)
        column.addStretch(1)
        return step, said, bar

    # -- what runs beside

    def _begin(self, said: str) -> Work:
        """Show that something runs; returns what it can ask and tell."""
        self._work.stopped = True
        self._work = Work(self.context)
        self._work.progress.connect(self._progressed)
        self.busy_words.setText(said)
        self.bar.setRange(0, 0)
        self.say("")
        self._show(self.busy)
        return self._work

    def _progressed(self, done: int, total: int) -> None:
        if self.sender() is self._work:
            self.bar.setRange(0, total)
            self.bar.setValue(done)

    def _show(self, step: QWidget) -> None:
        self.stack.setCurrentWidget(step)
        self.main.setVisible(step is not self.busy)
        self.back.setVisible(step is self.lines)
        self.other.setVisible(step is self.columns)
        if step is self.columns:
            self.main.set_label(_("Check the lines"))
            self.main.setEnabled(True)

    def _beside(self, function: Callable[..., Any], *args: Any, done: Callable[[Any], None]) -> None:
        self.context.read(unless_stopped, function, *args, done=_Answer(self, done), failed=_Answer(self, self._failed))

    def _failed(self, error: DeskError) -> None:
        """Nothing was written: say why, and stand where one can go on."""
        self._writing = False
        here = self.lines if self.plan is not None else self.columns if self.columns.table is not None else self.busy
        self._show(here)
        if here is self.busy:
            self.busy_words.setText("")
            self.bar.setRange(0, 1)
            self.bar.setValue(0)
            self.other.show()
            self.other.setFocus()
        if error.key == "exchange.which_dates":
            self.columns.ask_for_dates(text.sentence(error))
        else:
            self.refuse(error)
        if error.key in ("exchange.meanwhile", "store.changed_meanwhile"):
            self._refused = True
            self._match_again()

    # -- the file

    def _another(self) -> None:
        chosen = ask.choose_open_file(
            self, _("Import students"), _("Lists") + " (*.csv *.tsv *.txt *.xlsx *.vcf *.xls);;* (*)"
        )
        if chosen:
            self.path = Path(chosen)
            self.columns.table = None
            self._read("", None)

    def _read(self, encoding: str, heads: bool | None) -> None:
        self.plan = None
        work = self._begin(_("Reading {name}…").format(name=self.path.name))
        self._beside(_read_file, self.path, encoding, heads, work, done=self._was_read)

    def _was_read(self, answer: tuple[Table, tuple[str, str, int] | None]) -> None:
        self.columns.show_table(*answer, when=self._when)
        self._show(self.columns)
        combos = list(self.columns.combos.values())
        if combos:
            combos[0].setFocus()

    def _when(self, stamp: str) -> str:
        return words.when(stamp, self.context.center)

    def _to_columns(self) -> None:
        if self.stack.currentWidget() is self.lines:
            self.plan = None
            self._work.stopped = True
            self.say("")
            self._show(self.columns)

    # -- the lines

    def _check(self) -> None:
        table, mapping, style = self.columns.table, list(self.columns.mapping), self.columns.date_style()
        assert table is not None
        try:
            checking.check_mapping(table, mapping)
        except DeskError as error:
            self.refuse(error)
            return
        work = self._begin(_("Checking every line…"))
        self._beside(_check_lines, table, mapping, style, work, done=self._checked)

    def _checked(self, plan: Plan) -> None:
        self.plan = plan
        self._show(self.lines)
        self.lines.show_plan(plan)
        self._label()

    def _mended(self) -> None:
        self._refused = False
        self._match_again()

    def _match_again(self) -> None:
        """Who is who may have changed with a cell: asked beside, while the grid stays."""
        if self.plan is not None:
            self.main.setEnabled(False)
            self._beside(_match, self.plan, done=self._matched)

    def _matched(self, plan: Plan) -> None:
        if plan is self.plan:
            self.lines.count()
            self._label()

    def _label(self) -> None:
        """What the button does, in numbers; off while a line is wrong."""
        assert self.plan is not None
        new, changed = self.plan.chosen(update=self.lines.update_box.isChecked())
        count = len(new) + len(changed)
        self.main.set_label(ngettext("Import {n} person", "Import {n} people", count).format(n=f"{count:,}"))
        wrong = self.plan.counts()["wrong"]
        self.main.setEnabled(count > 0 and not wrong)
        if wrong:
            said = ngettext("{n} line is wrong.", "{n} lines are wrong.", wrong).format(n=f"{wrong:,}")
            self.say(said + " " + _("Mend them in their cells, or leave them out. F3 goes to the next."))
        elif not self._refused:  # what was refused stands there until something is done about it
            self.say("")

    def next_wrong(self) -> None:
        """F3: the next cell that is wrong."""
        if self.stack.currentWidget() is self.lines:
            self.lines.next_wrong()
            self.lines.grid.setFocus()
        else:
            super().next_wrong()

    # -- the write

    def main_action(self) -> None:
        if self.stack.currentWidget() is self.columns:
            self._check()
        elif self.stack.currentWidget() is self.lines and self.main.isEnabled():
            work = self._begin(_("A backup is made and proven first. Close stops it; nothing is written yet."))
            self._beside(_back_up, work, done=self._backed_up)

    def _backed_up(self, _nothing: object) -> None:
        assert self.plan is not None
        work = self._begin(_("Importing. All of it is written, or nothing."))
        self._writing = True
        self._show(self.busy)
        update = self.lines.update_box.isChecked()
        self.context.run(
            importing.import_students, self.plan, update, work.tell,
            done=_Answer(self, self._imported), failed=_Answer(self, self._failed),
        )  # fmt: skip

    def _imported(self, done: Done) -> None:
        self._writing = False
        self.accept()
        said = [ngettext("{n} person imported", "{n} people imported", done.added).format(n=f"{done.added:,}")]
        if done.changed:
            said.append(ngettext("{n} changed", "{n} changed", done.changed).format(n=f"{done.changed:,}"))
        there = done.left_out["same"] + done.left_out["update"]
        for count, one, many in (
            (there, _("{n} was already there"), _("{n} were already there")),
            (done.left_out["twice"], _("{n} stood there twice"), _("{n} stood there twice")),
            (done.left_out["dropped"], _("{n} left out"), _("{n} left out")),
        ):
            if count:
                said.append((one if count == 1 else many).format(n=f"{count:,}"))
        self.context.notice.emit(_("{what}.").format(what=" · ".join(said)))

    def done(self, code: int) -> None:
        if self._writing:
            return  # what is being written ends by itself, whole or not at all
        self._closed = True
        self._work.stopped = True
        super().done(code)

    @property
    def is_closed(self) -> bool:
        """Whether answers have nobody to tell any more."""
        return self._closed


class _Answer:
    """Calls back unless the dialog was closed, or what ran was stopped, meanwhile."""

    def __init__(self, dialog: ImportPeople, act: Callable[[Any], None]) -> None:
        self._dialog, self._act = dialog, act

    def __call__(self, answer: Any) -> None:
        if not self._dialog.is_closed and not isinstance(answer, Stopped):
            self._act(answer)


def _read_file(path: Path, encoding: str, heads: bool | None, work: Work) -> tuple[Table, tuple[str, str, int] | None]:
    table = reading.read(path, encoding=encoding, heads=heads, stop=work.stop, progress=work.tell)
    return table, known.imported_before(table.sha256)


def _check_lines(table: Table, mapping: list[str], style: str, work: Work) -> Plan:
    return checking.plan(table, mapping, style, stop=work.stop, progress=work.tell)


def _match(plan: Plan) -> Plan:
    checking.match_again(plan)
    return plan


def _back_up(work: Work) -> None:
    importing.back_up_first(store.data_folder(), work.stop, work.tell)
