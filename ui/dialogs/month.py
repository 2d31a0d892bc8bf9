"""All documents of a month as PDF, for the bookkeeper: a file of each, or one of all."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QCheckBox, QWidget

from app import clock
from app.desk.accounts import Actor
from app.errors import UserError
from app.exchange import batch
from app.text import _, ngettext
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.beside import BesideForm, Work
from ui.widgets.basic import Button, Field, Segment, Text
from ui.widgets.typed import TypedLine


class MonthDialog(BesideForm):
    """Which month, with receipts or without, and as what; Esc stops."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, parent, _("Documents of a month"), "file-text", width=560)
        self.setObjectName("month_form")
        self._running = ""
        today = clock.local_date(context.center.zone)
        before = f"{today.year}-{today.month - 1:02d}" if today.month > 1 else f"{today.year - 1}-12"
        self.month = TypedLine(before)
        hint = _("like 2026-11: invoices and credit notes issued in it")
        self.body.addWidget(self.add_field("month", Field(_("Month"), self.month, name="month", hint=hint)))
        self.kind = Segment([("folder", _("A file of each"), ()), ("one", _("One PDF of all"), ())], "month_kind")
        self.kind.set_value("folder")
        self.body.addWidget(Field(_("As"), self.kind, name="month_kind"))
        self.receipts = QCheckBox(_("Receipts of the payments, too"))
        self.receipts.setObjectName("month_receipts")
        self.receipts.setAccessibleName(self.receipts.text())
        self.body.addWidget(self.receipts)
        self.far = Text("", "small", "text2")
        self.far.setObjectName("month_far")
        self.body.addWidget(self.far)
        self.body.addWidget(self.bar)
        self.add_foot((), Button(_("Save as…"), "save", kind="primary", keys=("Ctrl", "Enter")))
        self.main.setObjectName("save_month")
        self.month.setFocus()
        self.month.selectAll()

    def main_action(self) -> None:
        if not self.main.isEnabled():
            return
        self.clear_errors()
        try:
            month = batch.check_month(self.month.text())
        except UserError as error:
            self.refuse(error)
            return
        if self.kind.value() == "folder":
            path = ask.choose_folder(self, _("Documents of a month"))
        else:
            path = ask.choose_save_file(self, _("Documents of a month"), f"documents-{month}.pdf", "PDF (*.pdf)")
        if not path:
            return
        target = Path(path)
        if self.kind.value() == "one" and not target.suffix:
            target = target.with_suffix(".pdf")
        write = batch.write_folder if self.kind.value() == "folder" else batch.write_one
        self._running = self.kind.value()
        self.begin(partial(_write, write), self.context.actor, month, target, self.receipts.isChecked())

    def _progressed(self, done: int, total: int) -> None:
        super()._progressed(done, total)
        self.far.setText(_("{done} of {total}").format(done=f"{done:,}", total=f"{total:,}"))

    def done(self, code: int) -> None:
        """Closed while it writes: it stops after the document under way, and that is said."""
        if self._running and not self.main.isEnabled():
            said = {
                "folder": _("Stopped. The documents written until then are whole."),
                "one": _("Stopped. No file was written."),
            }
            self.context.notice.emit(said[self._running])
        super().done(code)

    def finished_with(self, answer: tuple[int, str]) -> None:
        count, name = answer
        self._running = ""
        self.accept()
        said = ngettext("{n} document is in {file}", "{n} documents are in {file}", count)
        self.context.notice.emit(said.format(n=f"{count:,}", file=name))


def _write(write: Any, actor: Actor, month: str, target: Path, receipts: bool, work: Work) -> tuple[int, str]:
    count = write(actor, month, target, with_receipts=receipts, stop=work.stop, progress=work.tell)
    return count, target.name
