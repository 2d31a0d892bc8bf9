"""What a restore would do, kind by kind and by name; then the one button."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app import store
from app.desk.accounts import may
from app.lists import keeping as kept
from app.store import erasure
from app.text import N_, _
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.theme import theme
from ui.widgets.basic import Button, Icon, Text, rule

_KINDS = {
    "people": N_("People"),
    "enrollments": N_("Enrollments"),
    "sales": N_("Sales"),
    "payments": N_("Payments"),
    "invoices": N_("Invoices"),
    "slots": N_("Slots"),
    "seats": N_("Seats"),
}
#: What happens to rows: icon, color, the sentence with names behind it, and without.
_FATES = (
    ("gone", "circle-x", "danger", N_("{n} would be gone"), N_("{n} would be gone: {names}")),
    ("back", "undo-2", "ok", N_("{n} would come back"), N_("{n} would come back: {names}")),
    (
        "changed",
        "history",
        "text2",
        N_("{n} would be as they were then"),
        N_("{n} would be as they were then: {names}"),
    ),
)
#: As many names stand in a line; the count is always whole.
NAMES = 12


class RestoreDialog(FormDialog):
    """What would be gone, come back, or be as it was; then the one button. `agreed(path)`.

    `why` says what is wrong with an unsound copy, which can be looked at and not restored.
    """

    agreed = Signal(object)

    def __init__(
        self, context: Context, parent: QWidget, chosen: kept.Backup, found: list[kept.Difference], why: str = ""
    ) -> None:
        at = words.when(chosen.made_at, context.center)
        super().__init__(parent, _("Restore"), "history", subtitle=at, width=min(theme().px(680), 940))
        self.setObjectName("restore_dialog")
        self.chosen = chosen
        if found:
            self.body.addWidget(Text(_("What would change in the present file:"), "body", "text2", wrap=True))
            self.body.addWidget(self._differences(found, parent.window().height()))
        else:
            self.body.addWidget(Text(_("Nothing differs from the present file."), "body", "text2", wrap=True))
        self.body.addWidget(rule())
        lost = next((each for each in found if each.kind == "invoices" and each.gone), None)
        if lost is not None:
            labels = ", ".join(lost.gone_names[:6])
            self._warn(
                _("Invoices that were handed out would be gone, and their numbers given again: {labels}.").format(
                    labels=labels
                )
            )
        if not chosen.verified:
            said = _("This copy breaks a rule and cannot be restored as a whole: {rule}.")
            self._warn(said.format(rule=why) if why else _("This copy is unsound and cannot be restored as a whole."))
        allowed = may(context.actor, "keeping.restore")
        if not allowed:
            self._warn(_("An admin restores: who is at the desk is chosen at the lower right."))
        if chosen.verified:
            said = _("The present file is kept aside. Mails of the restored file that were not sent are held.")
            self.body.addWidget(Text(said, "body", "text2", wrap=True))
            if erasure.known(store.data_folder()).uids:
                said = _("Whoever was erased on request since then is erased again, and does not come back.")
                self.body.addWidget(Text(said, "body", "text2", wrap=True))
        button = Button(_("Restore to {moment}").format(moment=at), "history", kind="primary", keys=("Ctrl", "Enter"))
        button.setObjectName("restore_now")
        button.setEnabled(chosen.verified and allowed)
        self.add_foot((), button)

    def _differences(self, found: list[kept.Difference], high: int) -> QWidget:
        """Kind by kind; what is more than fits is scrolled, by keys as well."""
        inner = QWidget()
        inner.setObjectName("scrolled")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(6)
        for each in found:
            column.addWidget(Text(_(_KINDS[each.kind]), "name"))
            for fate, icon, color, alone, named in _FATES:
                count, names = getattr(each, fate), getattr(each, f"{fate}_names")
                if count:
                    self._fate(column, icon, color, count, names, alone, named)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("differences")
        scroll.setAccessibleName(_("What would change"))
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        scroll.setWidget(inner)
        wide = self.width() - 60
        whole = column.heightForWidth(wide) if column.hasHeightForWidth() else inner.sizeHint().height()
        scroll.setFixedHeight(min(whole + 4, max(180, high - theme().px(330))))
        return scroll

    @staticmethod
    def _fate(
        column: QVBoxLayout, icon: str, color: str, count: int, names: tuple[str, ...], alone: str, named: str
    ) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Icon(icon, color, 16), alignment=Qt.AlignmentFlag.AlignTop)
        told = ", ".join(names[:NAMES])
        more = count - len(names[:NAMES])
        if more > 0:
            told = _("{names} and {n} more").format(names=told, n=more)
        said = _(named if told else alone).format(n=count, names=told)
        line.addWidget(Text(said, "body", color, wrap=True), 1)
        column.addLayout(line)

    def _warn(self, said: str) -> None:
        line = QHBoxLayout()
        line.addWidget(Icon("triangle-alert", "warn", 16), alignment=Qt.AlignmentFlag.AlignTop)
        line.addWidget(Text(said, "label", "warn", wrap=True), 1)
        self.body.addLayout(line)

    def main_action(self) -> None:
        if self.main.isEnabled():
            self.accept()
            self.agreed.emit(self.chosen.path)
