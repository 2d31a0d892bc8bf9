"""What taking an operation back would do, by name; then the one button."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app import text
from app.desk import undo
from app.errors import DeskError
from app.text import N_, _, ngettext
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Icon, Text

#: What becomes of a record, how it is said, its icon and color.
_ACTS = (
    ("gone", N_("Goes again"), "circle-x", "danger"),
    ("back", N_("Comes back"), "plus", "ok"),
    ("changed", N_("Is as before"), "history", "brasstext"),
)

#: As many names of a kind are told; the count is always whole.
MOST_NAMES = 8


class TakeBackDialog(FormDialog):
    """The preview of an undo. Ctrl+Enter does it. `taken_back(operation id)`."""

    taken_back = Signal(int)

    def __init__(self, context: Context, parent: QWidget, found: undo.Preview) -> None:
        super().__init__(parent, _("Take back"), "undo-2", width=600)
        self.setObjectName("take_back")
        self.context, self.found = context, found
        at = words.when(found.at, context.center)
        self.body.addWidget(Text(found.words, "section", wrap=True))
        done = _("{who}, {when}").format(who=found.who, when=at)
        self.body.addWidget(Text(done, "body", "text3", wrap=True))
        if found.obstacle is not None:
            self._line("circle-alert", "danger", text.sentence(found.obstacle))
        for act, said, icon, color in _ACTS:
            rows = [f"{text.sentence(f'table.{row.table}')}: {row.name}" for row in found.rows if row.act == act]
            if rows:
                self._line(icon, color, _(said), rows)
        for key, params in found.money:
            shown = {**params, "method": words.state(str(params.get("method", "")))}
            self._line("banknote", "brasstext", text.sentence(key, shown))
        if found.mails_canceled:
            said = ngettext("{n} mail is canceled", "{n} mails are canceled", len(found.mails_canceled))
            self._line("mail", "brasstext", said.format(n=len(found.mails_canceled)), found.mails_canceled)
        if found.mails_gone:
            said = ngettext(
                "{n} mail has left already; tell them yourself", "{n} mails have left already; tell them yourself",
                len(found.mails_gone),
            )  # fmt: skip
            self._line("triangle-alert", "warn", said.format(n=len(found.mails_gone)), found.mails_gone)
        if found.obstacle is None:
            kept = _("This is written into the history and can be taken back, too.")
            if found.money:
                kept = _("Money is given back by an entry of its own; nothing is erased.")
            self.body.addWidget(Text(kept, "small", "text3", wrap=True))
        button = Button(_("Take it back"), "undo-2", kind="primary", keys=("Ctrl", "Enter"))
        button.setObjectName("take_back_now")
        button.setEnabled(found.obstacle is None)
        self.add_foot((), button)
        if found.obstacle is None:
            button.setFocus()

    def _line(self, icon: str, color: str, said: str, names: list[str] | tuple[str, ...] = ()) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Icon(icon, color, 16))
        line.addWidget(Text(said, "label", color if color in ("danger", "warn") else "text", wrap=True), 1)
        self.body.addLayout(line)
        shown = list(dict.fromkeys(names))
        for name in shown[:MOST_NAMES]:
            label = Text(name, "body", "text2", wrap=True)
            label.setContentsMargins(24, 0, 0, 0)
            self.body.addWidget(label)
        if len(shown) > MOST_NAMES:
            left = len(shown) - MOST_NAMES
            more = ngettext("and {n} more", "and {n} more", left).format(n=left)
            label = Text(more, "small", "text3")
            label.setContentsMargins(24, 0, 0, 0)
            self.body.addWidget(label)

    def main_action(self) -> None:
        if self.main.isEnabled():
            self.context.run(undo.undo, self.found.operation_id, done=self._done, failed=self._refused, busy=self.main)

    def _done(self, operation: int) -> None:
        self.context.notice.emit(_("Taken back: {what}").format(what=self.found.words))
        self.accept()
        self.taken_back.emit(operation)

    def _refused(self, error: DeskError) -> None:
        self.refuse(error)
