"""Adding and editing who pays for others. One who may be there already is shown while someone types."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLineEdit, QWidget

from app.desk import people
from app.desk.people import PayerDraft
from app.lists import payers
from app.text import _
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Icon
from ui.widgets.line import Line


class PayerDialog(FormDialog):
    """One form for both; `saved(id)` when the payer is in the file, or when one who was there already is taken."""

    saved = Signal(int)

    def __init__(self, context: Context, parent: QWidget, payer_id: int | None = None) -> None:
        title = _("New payer") if payer_id is None else _("Edit payer")
        super().__init__(parent, title, "wallet", width=640)
        self.setObjectName("payer_form")
        self.context, self.payer_id = context, payer_id
        self._version, self._asked = 0, 0
        self.same: payers.Row | None = None
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(12)
        top = Qt.AlignmentFlag.AlignTop
        self.kind = QComboBox()
        for key in ("guardian", "company", "other"):
            self.kind.addItem(words.payer_kind(key), key)
        self.status = QComboBox()
        for key in ("active", "inactive"):
            self.status.addItem(words.state(key), key)
        places: tuple[tuple[str, str, int, int, QWidget | None], ...] = (
            ("name", _("Name"), 0, 0, None), ("kind", _("Kind"), 0, 1, self.kind),
            ("email", _("Email"), 1, 0, None), ("phone", _("Phone"), 1, 1, None),
            ("address", _("Address"), 3, 0, None), ("tax_id", _("Tax id"), 3, 1, None),
            ("language", _("Language"), 4, 0, None), ("status", _("Status"), 4, 1, self.status),
        )  # fmt: skip
        for key, label, row, column, edit in places:
            field = self.add_field(key, Field(label, edit, name=f"payer_{key}"))
            grid.addWidget(field, row, column, top)
            if key in ("name", "email") and isinstance(field.edit, QLineEdit):
                field.edit.textEdited.connect(self._typed)
        self.fields["address"].set_hint(_("as it stands on invoices; a comma begins a line"))
        self.fields["language"].set_hint(_("of invoices and mails, like de"))
        self.box = QFrame()
        self.box.setObjectName("same_payer")
        self.box.setProperty("note", True)
        line = QHBoxLayout(self.box)
        line.setContentsMargins(10, 6, 8, 6)
        line.setSpacing(8)
        line.addWidget(Icon("users", "brasstext", 16))
        self.same_words = Line("", "name")
        line.addWidget(self.same_words, 1)
        self.take = Button(_("Take that one"), kind="quiet", size="small", keys=("Alt", "O"))
        self.take.clicked.connect(self.take_same)
        line.addWidget(self.take)
        if payer_id is not None:
            self.take.hide()  # one who is there cannot become another by an edit
        self.box.hide()
        grid.addWidget(self.box, 2, 0, 1, 2)
        self.body.addLayout(grid)
        self._shortcut("Alt+O", self.take_same)
        self.add_foot((), Button(_("Save"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._look_for_same)
        self.put("language", context.center.language)
        if payer_id is not None:
            self._fill(payer_id)
        self.fields["name"].edit.setFocus()

    def put(self, key: str, value: str) -> None:
        """Begin with something that was typed elsewhere."""
        edit = self.fields[key].edit
        assert isinstance(edit, QLineEdit)
        edit.setText(value)
        if key in ("name", "email"):
            self._typed()

    def _fill(self, payer_id: int) -> None:
        found = payers.get(payer_id)
        if found is None:
            return
        self._version = found.version
        for key in ("name", "email", "phone", "tax_id", "language"):
            self.put(key, getattr(found, key))
        self.put("address", found.address.replace("\n", ", "))
        self.kind.setCurrentIndex(max(self.kind.findData(found.kind), 0))
        self.status.setCurrentIndex(max(self.status.findData(found.status), 0))

    def draft(self) -> PayerDraft:
        """What was typed."""
        typed = {key: field.text() for key, field in self.fields.items() if isinstance(field.edit, QLineEdit)}
        typed["address"] = typed["address"].replace(", ", "\n")
        return PayerDraft(**typed, kind=self.kind.currentData(), status=self.status.currentData())

    # -- one who may be there already

    def _typed(self) -> None:
        self._asked += 1
        self._rest.start(250)

    def _look_for_same(self) -> None:
        typed = self.draft()
        self.context.read(_same, self._asked, typed.name, typed.email, self.payer_id, done=self._found_same)

    def _found_same(self, answer: tuple[int, payers.Row | None]) -> None:
        if answer[0] != self._asked or not self.isVisible():
            return
        self.same = answer[1]
        self.box.setVisible(self.same is not None)
        if self.same is not None:
            facts = (words.payer_kind(self.same.kind), self.same.email, self.same.phone)
            said = " · ".join(filter(None, facts))
            self.same_words.setText(_("{name} is there already ({facts})").format(name=self.same.name, facts=said))

    def take_same(self) -> None:
        """Alt+O: the one who is there, and what was typed here is dropped."""
        if self.payer_id is None and self.same is not None and self.box.isVisible():
            self.accept()
            self.saved.emit(self.same.id)

    def main_action(self) -> None:
        self.clear_errors()
        if self.payer_id is None:
            self.context.run(people.add_payer, self.draft(), done=self._added, failed=self.refuse, busy=self.main)
        else:
            self.context.run(
                people.edit_payer, self.payer_id, self._version, self.draft(),
                done=self._edited, failed=self.refuse, busy=self.main,
            )  # fmt: skip

    def _added(self, payer_id: int) -> None:
        self.accept()
        self.context.notice.emit(_("Payer added."))
        self.saved.emit(payer_id)

    def _edited(self, _nothing: object) -> None:
        self.accept()
        self.context.notice.emit(_("Saved."))
        assert self.payer_id is not None
        self.saved.emit(self.payer_id)


def _same(asked: int, name: str, email: str, but: int | None) -> tuple[int, payers.Row | None]:
    return asked, payers.alike(name, email, but)
