"""A payer and everyone they pay for: siblings of a guardian, colleagues of a company; what each owes, and the sum."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from app import text
from app.lists import payers
from app.lists.payers import Family, Member
from app.text import _, ngettext, sentence
from ui import words
from ui.context import Context
from ui.dialogs.bulk_enroll import BulkEnroll
from ui.dialogs.form import FormDialog, window_under
from ui.dialogs.message import MessageDialog
from ui.dialogs.pay_out import PayOutDialog
from ui.dialogs.payer import PayerDialog
from ui.pages import paper
from ui.theme import theme
from ui.widgets.basic import Button, Text
from ui.widgets.line import Line
from ui.widgets.table import Cell, Column, PagedModel, RowTable

#: Tables that say what stands here.
_SHOWN = {
    "users", "payers", "courses_enrolled", "product_enrolled", "payments", "student_payments", "slot_enrolled",
}  # fmt: skip


class FamilyDialog(FormDialog):
    """`student_chosen(id)` to open a person, `pay_requested(id)` for their payment desk."""

    student_chosen = Signal(int)
    pay_requested = Signal(int)

    def __init__(self, context: Context, parent: QWidget, payer_id: int) -> None:
        found = payers.family(payer_id)
        company = found is not None and found.payer.kind == "company"
        title, icon = (_("Company"), "building-2") if company else (_("Family"), "users")
        super().__init__(parent, title, icon, width=960)
        self.setObjectName("family")
        self.context, self.payer_id = context, payer_id
        self.found: Family | None = None
        self.name = Line("", "section")
        self.name.setObjectName("family_name")
        self.facts = Line("", "small", "text2")
        self.facts.setObjectName("family_facts")
        names = QVBoxLayout()
        names.setSpacing(2)
        names.addWidget(self.name)
        names.addWidget(self.facts)
        upper = QHBoxLayout()
        upper.setSpacing(8)
        upper.addLayout(names, 1)
        self.edit = Button(_("Edit payer"), "pencil", keys=("E",), kind="quiet")
        self.write = Button(_("Message"), "send", keys=("M",), kind="quiet")
        self.statement = Button(_("Statement"), "file-text", keys=("S",), kind="quiet")
        acts = (self.edit_payer, self.choose_whom, self.show_statement)
        for button, act in zip((self.edit, self.write, self.statement), acts, strict=True):
            button.clicked.connect(act)
            upper.addWidget(button)
        self.body.addLayout(upper)
        self.table = RowTable(PagedModel(self._columns(), self._rows), "family_people", 44)
        self.table.let_select_many()
        self.table.activated_id.connect(self._open)
        self.table.menu_asked.connect(self._open_menu)
        said = _("Nobody is paid for yet. Choose this payer in the form of a student.")
        self.nobody = Text(said, "body", "text2", wrap=True)
        self.nobody.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.nobody)
        self.body.addWidget(self.stack)
        self.sums = Line("", "name")
        self.sums.setObjectName("family_sums")
        self.body.addWidget(self.sums)
        self.pay = Button(_("Take payment"), "banknote", keys=("F4",))
        self.pay.setObjectName("family_pay")
        self.pay.clicked.connect(self.take_payment)
        self.enroll = Button(_("Enroll together…"), "user-plus", keys=("F2",))
        self.enroll.setObjectName("family_enroll")
        self.enroll.clicked.connect(self.enroll_together)
        self.out = Button(_("Pay out credit…"), "coins", keys=("C",))
        self.out.setObjectName("family_pay_out")
        self.out.clicked.connect(self.pay_out)
        self._shortcut("F4", self.take_payment)
        self._shortcut("F2", self.enroll_together)
        main = Button(_("Open"), "arrow-right", kind="primary", keys=("Enter",))
        main.setObjectName("family_open")
        self.add_foot((self.pay, self.enroll, self.out), main)
        context.changed.connect(self._changed)
        self.reload()
        self.table.setFocus()

    def _columns(self) -> list[Column]:
        def owes(member: Member) -> Cell:
            said, color = words.balance(member.owed_minor)
            return Cell(said, "strong" if member.owed_minor else "body", color, right=True)

        def name(member: Member) -> Cell:
            row = member.row
            guest = _("{number} · only a course is paid for").format(number=row.number)
            return Cell(row.name, "name", second=guest if member.guest else row.number, avatar=row.id)

        return [
            Column(_("Name"), 0, name),
            Column(_("Courses"), 200, lambda member: Cell(member.row.courses, color="text2")),
            Column(_("Next slot"), 130, self._next),
            Column(_("Owes"), 120, owes, right=True),
            Column(_("Status"), 110, lambda m: Cell(words.state(m.row.status), badge=m.row.status)),
        ]

    def _next(self, member: Member) -> Cell:
        said = words.when(member.row.next_slot_at, self.context.center)
        return Cell(said or "–", color="text2" if said else "text3")

    def _rows(self, ids: list[int]) -> dict[int, Any]:
        members = self.found.members if self.found is not None else ()
        return {member.row.id: member for member in members if member.row.id in ids}

    def _changed(self, changes: Any) -> None:
        if changes.tables & _SHOWN:
            self.reload()
            if self.found is None:  # added by mistake, and taken back: there is nothing to edit or enroll
                self.context.notice.emit(sentence("store.gone"))
                self.reject()

    def reload(self) -> None:
        """Read everything again."""
        self.found = found = payers.family(self.payer_id)
        if found is None:
            return
        payer = found.payer
        self.name.setText(payer.name)
        kind = words.payer_kind(payer.kind)
        status = words.state(payer.status) if payer.status != "active" else ""
        tax = _("tax id {number}").format(number=payer.tax_id) if payer.tax_id else ""
        where = payer.address.replace("\n", ", ")
        self.facts.setText(" · ".join(filter(None, (kind, status, payer.email, payer.phone, tax, where))))
        self.table.show_ids(found.ids)
        self.table.paged.refresh()
        many = bool(found.members)
        self.stack.setCurrentWidget(self.table if many else self.nobody)
        high = theme().px(33) + theme().px(44) * max(2, min(len(found.members), 9))
        self.stack.setFixedHeight(min(high, max(window_under(self).height() - theme().px(320), 140)))
        self.sums.setText(_sums(found))
        for button in (self.pay, self.enroll, self.main):
            button.setEnabled(many)
        self.out.setVisible(found.payer_credit_minor > 0)
        self.statement.setEnabled(any(not member.guest for member in found.members))
        self.write.setEnabled(many and any((payer.email, *(member.row.email for member in found.members))))

    def _chosen(self) -> list[int]:
        """Those who are selected, where these are several; else everyone."""
        chosen = self.table.selected_ids()
        return chosen if len(chosen) > 1 or self.found is None else self.found.ids

    # -- verbs

    def _open(self, student_id: int) -> None:
        self.accept()
        self.student_chosen.emit(student_id)

    def main_action(self) -> None:
        current = self.table.current_id()
        if current is not None:
            self._open(current)

    def take_payment(self) -> None:
        """F4: the payment desk for the person of the current line."""
        current = self.table.current_id()
        if current is not None:
            self.accept()
            self.pay_requested.emit(current)

    def pay_out(self) -> None:
        """C: what this payer paid and nothing was bought with goes back to them."""
        if self.found is not None and self.found.payer_credit_minor > 0:
            PayOutDialog(self.context, self, None, self.payer_id).open()

    def enroll_together(self) -> None:
        """F2: those who are selected, else everyone, in one course; this payer pays."""
        ids = self._chosen()
        if ids:
            BulkEnroll(self.context, self, ids, self.payer_id).open()

    def show_statement(self) -> None:
        """S: the account of all of them together."""
        if self.statement.isEnabled():
            paper.show_payer_statement(self, self.context, self.payer_id)

    def edit_payer(self) -> None:
        """E: name, address and all that stands on invoices."""
        PayerDialog(self.context, self, self.payer_id).open()

    def choose_whom(self) -> None:
        """M: whom to write to, the payer or those they pay for."""
        found = self.found
        if found is None or not self.write.isEnabled():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setObjectName("family_write")
        payer = menu.addAction(_("To {name}").format(name=found.payer.name.replace("&", "&&")))
        payer.setEnabled(bool(found.payer.email))
        payer.triggered.connect(self.write_to_payer)
        ids = self._chosen()
        said = ngettext("To {n} student, by themselves", "To {n} students, each by themselves", len(ids))
        menu.addAction(said.format(n=len(ids))).triggered.connect(partial(self._write_to, ids))
        menu.popup(self.write.mapToGlobal(self.write.rect().bottomLeft()))
        menu.setActiveAction(menu.actions()[0] if found.payer.email else menu.actions()[1])

    def write_to_payer(self) -> None:
        """One mail to whoever pays."""
        if self.found is not None and self.found.members:
            payer = self.found.payer
            MessageDialog(self.context, self, self.found.ids, (payer.name, payer.email)).open()

    def _write_to(self, ids: list[int], _on: bool = False) -> None:
        MessageDialog(self.context, self, ids).open()

    def _open_menu(self, where: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setObjectName("family_menu")
        for said, keys, act in (
            (_("Open"), "Enter", self.main_action), (_("Take payment"), "F4", self.take_payment),
            (_("Enroll together…"), "F2", self.enroll_together), (_("Message"), "M", self.choose_whom),
            (_("Statement"), "S", self.show_statement), (_("Edit payer"), "E", self.edit_payer),
        ):  # fmt: skip
            menu.addAction(f"{said}\t{keys}").triggered.connect(act)
        menu.popup(where)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        acts = {
            Qt.Key.Key_C: self.pay_out, Qt.Key.Key_E: self.edit_payer, Qt.Key.Key_M: self.choose_whom,
            Qt.Key.Key_S: self.show_statement,
        }  # fmt: skip
        act = acts.get(Qt.Key(event.key()))
        if act is not None and not event.modifiers():
            act()
        else:
            super().keyPressEvent(event)


def _sums(found: Family) -> str:
    people = ngettext("{n} person", "{n} people", len(found.members)).format(n=len(found.members))
    owing = sum(member.owed_minor > 0 for member in found.members)
    owed = ngettext("{n} of them owes {amount}", "{n} of them owe {amount} together", owing)
    parts = [people, owed.format(n=owing, amount=text.show_money(found.owed_minor)) if owing else _("nothing owed")]
    if found.payer_credit_minor:
        said = _("{amount} credit of {name}")
        parts.append(said.format(amount=text.show_money(found.payer_credit_minor), name=found.payer.name))
    if found.credit_minor:
        parts.append(_("{amount} credit").format(amount=text.show_money(found.credit_minor)))
    return " · ".join(parts)
