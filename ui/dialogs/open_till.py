"""Opening the till where the money is taken: its float, and what came in cash while it was closed."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app import money, text
from app.desk import till
from app.errors import UserError
from app.text import _
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Text
from ui.widgets.typed import TypedLine


def closed_words() -> list[str]:
    """What is said of a till that is closed: that it is, and what came in cash since then."""
    missed = till.missed_cash()
    if missed is None:
        return [_("The till is closed.")]
    key = "till.missed_both" if missed.returned_minor else "till.missed"
    return [
        _("The till is closed."),
        text.sentence(key, {"taken": missed.taken_minor, "returned": missed.returned_minor}),
    ]


class OpenTill(FormDialog):
    """The float, counted in the drawer. Ctrl+Enter opens the till; what is paid meanwhile stays as it stands."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent, _("Open the till"), "wallet", width=460)
        self.setObjectName("open_till")
        self.context = context
        self.body.addWidget(Text(" ".join(closed_words()), "body", "text2", wrap=True))
        self.amount = TypedLine()
        self.body.addWidget(self.add_field("float", Field(_("Float"), self.amount, name="till_float")))
        button = Button(_("Open the till"), "check", kind="primary", keys=("Ctrl", "Enter"))
        button.setObjectName("open_till_now")
        self.add_foot((), button)
        self.amount.setFocus()

    def main_action(self) -> None:
        if not self.main.isEnabled():
            return
        self.clear_errors()
        here = self.context.center
        try:
            amount = money.parse(self.amount.text(), here.currency, here.locale, field="float")
        except UserError as error:
            self.refuse(error)
            return
        self.context.run(till.open_till, amount, done=self._opened, failed=self.refuse, busy=self.main)

    def _opened(self, _till: int) -> None:
        self.accept()
        self.context.notice.emit(_("The till is open."))
