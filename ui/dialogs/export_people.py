"""Taking a list of students out: who, as what, and where to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.desk.accounts import Actor
from app.exchange import exporting
from app.exchange import shown as as_shown
from app.exchange.shown import Shown
from app.text import _, ngettext
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.beside import BesideForm, Work
from ui.dialogs.print_people import Asked, ids_of, who
from ui.widgets.basic import Button, Field, Segment, Text


class ExportPeople(BesideForm):
    """The list as it is shown, by its words, filters, columns and order; or those who are selected."""

    def __init__(self, context: Context, parent: QWidget, asked: Asked, selected: Sequence[int], shown: Shown) -> None:
        super().__init__(context, parent, _("Export students"), "file-text", width=560)
        self.setObjectName("export_people")
        self.asked, self.selected, self.shown = asked, list(selected), shown
        self.who = who(self.selected)
        self.kind = Segment(
            [("csv", _("CSV"), ()), ("xlsx", _("Excel"), ()), ("pdf", _("PDF"), ()), ("vcf", _("vCard"), ())], "kind"
        )
        self.kind.set_value("csv")
        self.kind.chosen.connect(self._fit)
        self.what = Segment([("shown", _("As shown"), ()), ("all", _("Every field"), ())], "what")
        self.what.set_value("shown")
        self.body.addWidget(Field(_("Who"), self.who, name="who"))
        self.body.addWidget(Field(_("As"), self.kind, name="kind"))
        self.what_field = Field(_("Columns"), self.what, name="what")
        self.body.addWidget(self.what_field)
        self.said = Text("", "small", "text3", wrap=True)
        self.body.addWidget(self.said)
        self.body.addWidget(self.bar)
        self.add_foot((), Button(_("Save as…"), "save", kind="primary", keys=("Ctrl", "Enter")))
        self._fit()
        self.kind.buttons["csv"].setFocus()

    def _fit(self) -> None:
        sheet = self.kind.value() in ("csv", "xlsx")
        self.what_field.setVisible(sheet)
        self.said.setText(
            _("Cells that a spreadsheet would calculate are marked, and come back as they are.")
            if sheet
            else _("The columns and words of the screen, on A4.")
            if self.kind.value() == "pdf"
            else _("One card for each: name, address, telephone, mail, birthday.")
        )

    def main_action(self) -> None:
        kind = self.kind.value()
        path = ask.choose_save_file(self, _("Export students"), f"students.{kind}", f"*.{kind}")
        if not path:
            return
        target = Path(path) if Path(path).suffix else Path(path).with_suffix(f".{kind}")
        only = self.selected if self.who.value() == "selected" else []
        zone = self.context.center.zone
        self.begin(
            _export, self.context.actor, self.asked, only, zone, self._columns(), target,
        )  # fmt: skip

    def _columns(self) -> Shown | None:
        """The columns of the screen, None for every field."""
        kind = self.kind.value()
        return self.shown if kind == "pdf" or (kind != "vcf" and self.what.value() == "shown") else None

    def finished_with(self, answer: tuple[int, str]) -> None:
        count, name = answer
        self.accept()
        said = ngettext("{n} student is in {file}", "{n} students are in {file}", count)
        self.context.notice.emit(said.format(n=f"{count:,}", file=name))


def _export(
    actor: Actor, asked: Asked, only: list[int], zone: str, shown: Shown | None, path: Path, work: Work
) -> tuple[int, str]:
    ids = ids_of(asked, only, zone)
    if shown is not None:
        return as_shown.export(actor, ids, shown, path, stop=work.stop, progress=work.tell), path.name
    return exporting.export_students(actor, ids, path, stop=work.stop, progress=work.tell), path.name
