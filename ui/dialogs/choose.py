"""Who is at the desk: chosen from the file's staff, without a password until sign-in exists."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QWidget

from app.desk.accounts import Actor
from app.lists import staff
from app.text import _
from ui import memory, words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.theme import theme
from ui.widgets.basic import Button, Field


class ChooseActor(FormDialog):
    """Who works at this desk now, and how it looks."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent, _("At the desk"), "user", width=520)
        self.setObjectName("choose_actor")
        self.context = context
        self.people = QComboBox()
        for person in staff.at_work():
            self.people.addItem(f"{person.name} · {words.state(person.role)}", person)
            if person.id == context.actor.user_id:
                self.people.setCurrentIndex(self.people.count() - 1)
        self.body.addWidget(Field(_("Who is at the desk"), self.people, name="at_the_desk"))
        self.look = QComboBox()
        self.look.addItem(_("Light"), False)
        self.look.addItem(_("Dark"), True)
        self.look.setCurrentIndex(int(theme().dark))
        self.body.addWidget(Field(_("Look"), self.look, name="look"))
        self.text_size = QComboBox()
        for percent in (90, 100, 110, 125, 150):
            self.text_size.addItem(f"{percent} %", percent)
        self.text_size.setCurrentIndex(self.text_size.findData(round(theme().scale * 100)))
        self.body.addWidget(Field(_("Text size"), self.text_size, name="text_size"))
        self.add_foot((), Button(_("Take over"), "check", kind="primary", keys=("Ctrl", "Enter")))

    def main_action(self) -> None:
        person = self.people.currentData()
        if person is not None:
            self.context.set_actor(Actor(person.id, person.role))
        dark, scale = bool(self.look.currentData()), int(self.text_size.currentData() or 100) / 100
        self.accept()
        if (dark, scale) != (theme().dark, theme().scale):
            theme().use(dark=dark, scale=scale)
            memory.keep_look()
