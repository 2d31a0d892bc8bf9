"""Putting students on paper: the list as it is shown, or address labels; looked at first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox, QWidget

from app.desk.accounts import Actor
from app.documents import labels
from app.exchange import shown as exporting
from app.exchange.shown import Shown
from app.lists import people as roster
from app.text import _, ngettext
from ui.context import Context
from ui.dialogs.beside import BesideForm, Work
from ui.pages import paper
from ui.widgets.basic import Button, Field, Segment, Text

Asked = tuple[str, tuple[str, ...], str]


class PrintPeople(BesideForm):
    """The list or labels, of everyone in the list or of those who are selected."""

    def __init__(self, context: Context, parent: QWidget, asked: Asked, selected: Sequence[int], shown: Shown) -> None:
        super().__init__(context, parent, _("Print students"), "printer", width=560)
        self.setObjectName("print_people")
        self.asked, self.selected, self.shown = asked, list(selected), shown
        self.what = Segment([("list", _("The list as shown"), ()), ("labels", _("Address labels"), ())], "what")
        self.what.set_value("list")
        self.what.chosen.connect(self._fit)
        self.body.addWidget(Field(_("What"), self.what, name="what"))
        self.who = who(self.selected)
        self.body.addWidget(Field(_("Who"), self.who, name="who"))
        self.sheet = QComboBox()
        for key, sheet in labels.SHEETS.items():
            self.sheet.addItem(_(sheet.name), key)
        self.sheet.currentIndexChanged.connect(self._fit)
        self.sheet_field = Field(_("Sheet of labels"), self.sheet, name="label_sheet")
        self.body.addWidget(self.sheet_field)
        self.first = QComboBox()
        self.first_field = Field(_("Begin at label"), self.first, name="first_label")
        self.first_field.set_hint(_("of a sheet that was begun: counted along the rows"))
        self.body.addWidget(self.add_field("first", self.first_field))
        self.note = Text(_("Whoever has no address is left out. Print at 100 %."), "small", "text3", wrap=True)
        self.body.addWidget(self.note)
        self.body.addWidget(self.bar)
        self.add_foot((), Button(_("Look at it"), "eye", kind="primary", keys=("Ctrl", "Enter")))
        self._fit()
        self.what.buttons["list"].setFocus()

    def _fit(self) -> None:
        on_labels = self.what.value() == "labels"
        for part in (self.sheet_field, self.first_field, self.note):
            part.setVisible(on_labels)
        count, before = labels.SHEETS[str(self.sheet.currentData())].labels, self.first.currentIndex()
        if count != self.first.count():
            self.first.clear()
            self.first.addItems([str(number) for number in range(1, count + 1)])
            self.first.setCurrentIndex(before if 0 <= before < count else 0)

    def main_action(self) -> None:
        if not self.main.isEnabled():
            return
        self.clear_errors()
        only = self.selected if self.who.value() == "selected" else []
        kind = str(self.sheet.currentData()) if self.what.value() == "labels" else ""
        self.begin(
            _made, self.context.actor, self.asked, only, self.context.center.zone, self.shown, kind,
            self.first.currentIndex() + 1,
        )  # fmt: skip

    def finished_with(self, answer: tuple[bytes, int, int]) -> None:
        content, count, without = answer
        parent, on_labels = self.parentWidget(), self.what.value() == "labels"
        assert parent is not None
        self.accept()
        name = "labels.pdf" if on_labels else "students.pdf"
        title = _("Address labels") if on_labels else _("Students")
        preview = paper.PaperPreview(
            self.context, parent.window(), title, "people_preview", [("", lambda: (name, content))]
        )
        preview.whole_paper = on_labels
        preview.open()
        if on_labels:
            said = ngettext("{n} label", "{n} labels", count).format(n=count)
            left = ngettext("{n} has no address", "{n} have no address", without).format(n=without)
            self.context.notice.emit(" · ".join([said, left] if without else [said]))


def who(selected: Sequence[int]) -> Segment:
    """Everyone in the list, or those who are selected."""
    choices = [("shown", _("Everyone in the list"), ())]
    if len(selected) == 1:
        choices.append(("selected", _("Only the selected one"), ()))
    elif selected:
        choices.append(("selected", _("The {n} selected").format(n=len(selected)), ()))
    made = Segment(choices, "who")
    made.set_value("selected" if len(selected) > 1 else "shown")
    return made


def ids_of(asked: Asked, only: list[int], zone: str) -> list[int]:
    """Who is meant, in the order of the list."""
    typed, chips, sort = asked
    return only or roster.ids(typed, chips, zone, sort=sort)


def _made(
    actor: Actor, asked: Asked, only: list[int], zone: str, shown: Shown, kind: str, first: int, work: Work
) -> tuple[bytes, int, int]:
    ids = ids_of(asked, only, zone)
    if kind:
        return exporting.address_labels(actor, ids, kind, first, stop=work.stop, progress=work.tell)
    return exporting.paper(actor, ids, shown, stop=work.stop, progress=work.tell), len(ids), 0
