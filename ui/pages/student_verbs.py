"""What can be done with the students who are selected: the menu of a row, and the dialogs behind it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint

from app.lists import people as roster
from app.lists import statement
from app.text import _
from ui.dialogs.message import MessageDialog
from ui.pages import person_acts, student_columns
from ui.widgets.table import Column

if TYPE_CHECKING:
    from app.exchange.shown import Shown
    from ui.pages.students import StudentsPage


class StudentVerbs(QObject):
    """The verbs of the roster; who they are about is whoever is selected when they are said."""

    def __init__(self, page: StudentsPage) -> None:
        super().__init__(page)
        self.page = page

    def message(self) -> None:
        """M: a mail to each of those who are selected."""
        ids = self.page.selected_students()
        if ids:
            MessageDialog(self.page.context, self.page, ids).open()

    def book(self) -> None:
        """B: a seat for who is selected, alone."""
        student = self.page.current_student()
        if student is not None:
            person_acts.act("book", self.page.context, self.page, student)

    def enroll(self) -> None:
        """F2: enroll who is selected; several one after the other."""
        ids = self.page.selected_students()
        if len(ids) > 1:
            self.page.enroll_several_requested.emit(ids)
        elif ids:
            self.page.enroll_requested.emit(ids[0])

    def enroll_together(self) -> None:
        """Shift+F2: those who are selected in one course, in one operation."""
        ids = self.page.selected_students()
        if ids:
            self.page.context.navigate.emit("enroll_together", ids)

    def family(self) -> None:
        """W: who pays for the selected student, with everyone else they pay for."""
        student = self.page.current_student()
        payer = statement.payer_of(student) if student is not None else None
        if payer is not None:
            self.page.context.navigate.emit("payer", payer[0])
        elif student is not None:
            self.page.context.notice.emit(_("This student pays alone. E chooses who pays."))

    def pay(self) -> None:
        """F4: the payment desk for who is selected, alone."""
        student = self.page.current_student()
        if student is not None:
            self.page.pay_requested.emit(student)

    def export(self, *, selected: bool = False) -> None:
        """Take the list as it is shown out, or those of it who are selected."""
        from ui.dialogs.export_people import ExportPeople

        page = self.page
        dialog = ExportPeople(page.context, page, page.asked(), page.selected_students(), self.as_shown())
        if selected:
            dialog.who.set_value("selected")
        dialog.open()

    def export_selected(self) -> None:
        """Take those who are selected out."""
        self.export(selected=True)

    def print_out(self) -> None:
        """The list as it is shown, or address labels."""
        from ui.dialogs.print_people import PrintPeople

        page = self.page
        PrintPeople(page.context, page, page.asked(), page.selected_students(), self.as_shown()).open()

    def as_shown(self) -> Shown:
        """The columns as they stand there, and what was asked for in words."""
        from app.exchange.shown import Shown, ShownColumn

        made = [
            ShownColumn(one.key, one.head, student_columns.ON_PAPER[one.key], one.right, partial(_said, one))
            for one in self.page.model.columns
        ]
        typed = self.page.search.text().strip()
        words = [_("“{words}”").format(words=typed)] if typed else []
        return Shown(tuple(made), " · ".join([*words, *self.page.filters.labels()]))

    def open_menu(self, where: QPoint) -> None:
        """Everything that can be done with those who are selected."""
        menu, ids = self.page.new_menu(), self.page.selected_students()
        menu.setObjectName("student_menu")
        for said, keys, act, alone in (
            (_("Take payment"), "F4", self.pay, True),
            (_("Enroll…"), "F2", self.enroll, False),
            (_("Book a slot…"), "B", self.book, True),
            (_("Enroll together…"), "Shift+F2", self.enroll_together, False),
            (_("Family or company"), "W", self.family, True),
            (_("Message…"), "M", self.message, False),
            (_("Edit"), "E", self.page.edit_student, True),
            (_("Export…"), "Ctrl+E", self.export_selected, False),
            (_("Print, labels…"), "Ctrl+P", self.print_out, False),
        ):
            action = menu.addAction(f"{said}\t{keys}")
            action.setEnabled(bool(ids) and (len(ids) == 1 or not alone))
            action.triggered.connect(act)
        menu.popup(where)
        menu.setActiveAction(menu.actions()[0])

    def open_menu_of_several(self) -> None:
        """The same menu under the three dots of the panel."""
        under = self.page.selection.more
        self.open_menu(under.mapToGlobal(under.rect().bottomLeft()))


def _said(column: Column, row: roster.Row) -> str:
    return column.cell(row).text
