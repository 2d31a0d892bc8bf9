"""Choosing who pays: found by name, address or number, or added on the spot. Thousands fit, for none is listed."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QWidget

from app.lists import payers
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.dialogs.finder import Finder
from ui.dialogs.payer import PayerDialog
from ui.widgets.basic import Button
from ui.widgets.table import Cell, Column, PagedModel


class FindPayer(Finder):
    """`chosen(id)` when someone was chosen or added, None for the student themselves (where `nobody` is a label)."""

    chosen = Signal(object)

    def __init__(
        self, context: Context, parent: QWidget, title: str, *, nobody: str = "", inactive: bool = False
    ) -> None:
        super().__init__(parent, title, "wallet", width=720)
        self.setObjectName("find_payer")
        self.context, self._inactive = context, inactive
        self.add_search(_("Name, mail or phone of who pays"), "payer_words")
        model = PagedModel(
            [
                Column(_("Name"), 0, self._name),
                Column(_("Email"), 190, lambda row: Cell(row.email, color="text2")),
                Column(_("Phone"), 140, lambda row: Cell(row.phone, color="text2")),
                Column(_("Students"), 76, lambda row: Cell(str(row.people), color="text2", right=True), right=True),
            ],
            payers.page,
        )
        self.add_found(model, "found_payers", "found_no_payer", row=44, height=300)
        self.add = Button(_("New payer"), "plus", keys=("Ctrl", "N"))
        self.add.clicked.connect(self.add_payer)
        left = [self.add]
        if nobody:
            self.alone = Button(nobody, "user", keys=("Ctrl", "D"), kind="quiet")
            self.alone.setObjectName("nobody_pays")
            self.alone.clicked.connect(self._alone)
            left.append(self.alone)
            self._shortcut("Ctrl+D", self._alone)
        self._shortcut("Ctrl+N", self.add_payer)
        self.add_foot(left, Button(_("Choose"), "check", kind="primary", keys=("Enter",)))
        self._typed("")
        self.search.setFocus()

    @staticmethod
    def _name(row: payers.Row) -> Cell:
        kind = words.payer_kind(row.kind)
        said = f"{kind} · {words.state(row.status)}" if row.status != "active" else kind
        return Cell(row.name, "name", second=said, icon="building-2" if row.kind == "company" else "users")

    def _typed(self, typed: str) -> None:
        said = typed.strip()[:60]
        nothing = (
            _("Nobody who pays matches “{words}”. Ctrl+N adds them.").format(words=said)
            if said
            else _("Nobody pays for others yet. Ctrl+N adds the first.")
        )
        self.show_found(payers.find(typed, inactive=self._inactive), nothing)

    def _choose(self, payer_id: int) -> None:
        self.accept()
        self.chosen.emit(payer_id)

    def _alone(self) -> None:
        self.accept()
        self.chosen.emit(None)

    def add_payer(self) -> None:
        """Ctrl+N: a new payer by the name that was typed; whoever is added is chosen."""
        dialog = PayerDialog(self.context, self)
        typed = self.search.text().strip()
        if typed and "@" in typed:
            dialog.put("email", typed)
        elif typed and not typed.lstrip("+")[:1].isdigit():
            dialog.put("name", typed.title() if typed.islower() else typed)
        dialog.saved.connect(self._choose)
        dialog.open()


class PayerPick(QComboBox):
    """Who pays, as one line of a form: Space, ↓, a letter or a click opens the search. `currentData()` is the id."""

    picked = Signal()

    def __init__(self, context: Context, nobody: str) -> None:
        super().__init__()
        self.context, self._nobody = context, nobody
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)  # a long name gives way to what stands beside it
        self.addItem(nobody, None)
        self.setMaxCount(1)

    def set_nobody(self, words_: str) -> None:
        """How it is called that the student pays."""
        self._nobody = words_
        if self.currentData() is None:
            self.set_payer(None)

    def set_payer(self, payer_id: object) -> None:
        """Show who pays; None for the student themselves."""
        row = payers.get(payer_id) if isinstance(payer_id, int) else None
        said = row.name if row is not None else self._nobody
        if row is not None and row.status != "active":
            said = f"{said} · {words.state(row.status)}"
        self.setItemText(0, said)
        self.setItemData(0, row.id if row is not None else None)
        self.setToolTip(f"<p>{escape(_says(row))}</p>" if row is not None else "")

    def showPopup(self) -> None:
        """The search in place of a list of all."""
        finder = FindPayer(self.context, self.window(), _("Who pays?"), nobody=self._nobody)
        finder.chosen.connect(self._chosen)
        finder.open()

    def _chosen(self, payer_id: object) -> None:
        self.set_payer(payer_id)
        self.setFocus()
        self.picked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._chosen(None)
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Down, Qt.Key.Key_Up) or (
            plain and event.text() and event.text().isprintable()
        ):
            self.showPopup()
        else:
            event.ignore()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


def _says(row: payers.Row) -> str:
    many = ngettext("{n} student", "{n} students", row.people).format(n=row.people)
    return " · ".join(filter(None, (row.name, words.payer_kind(row.kind), row.email, row.phone, many)))
