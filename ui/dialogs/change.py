"""What a change of something agreed would do, said before it is done: money, documents, installments, seats, mails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app import text
from app.desk.changing import Effect, Paper
from app.errors import DeskError, UserError
from app.text import _, ngettext, sentence
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.theme import theme
from ui.widgets.basic import Button, Field, Icon, Text, clear_layout
from ui.widgets.typed import TypedLine

#: As many slots are named; the count is always whole.
MOST_NAMES = 4


class EffectView(QWidget):
    """The effect of a change in sentences; without `plan` the installments stand elsewhere already."""

    def __init__(self, context: Context, *, plan: bool = True) -> None:
        super().__init__()
        self.setObjectName("effect")
        self.context, self._plan = context, plan
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(7)

    def say(self, said: str, color: str = "text3") -> None:
        """One sentence in the place of an effect."""
        clear_layout(self._column)
        if said:
            self._line("circle-alert" if color == "danger" else "info", color, said)

    def show_effect(self, effect: Effect) -> None:
        """What to know first, then money, installments, documents, seats and mails."""
        clear_layout(self._column)
        for key, params in effect.notes:
            self._line("triangle-alert", "warn", sentence(key, params))
        before, after = (text.show_money(one) for one in (effect.open_before_minor, effect.open_after_minor))
        if before == after:
            self._line("banknote", "brasstext", _("Open: {amount}, as before").format(amount=after))
        else:
            self._line("banknote", "brasstext", _("Open: {before} → {after}").format(before=before, after=after))
        if effect.moved_minor:
            moved = _("{amount} that was paid is moved").format(amount=text.show_money(effect.moved_minor))
            self._line("arrow-left-right", "brasstext", moved)
        if effect.credit_before_minor != effect.credit_after_minor:
            before, after = (text.show_money(one) for one in (effect.credit_before_minor, effect.credit_after_minor))
            self._line("coins", "brasstext", _("Credit: {before} → {after}").format(before=before, after=after))
        if effect.plan and self._plan:
            self._line("calendar-days", "brasstext", self._installments(effect))
        for name, amount in effect.freed:
            said = _("{amount} that was paid becomes credit of {name}")
            self._line("coins", "brasstext", said.format(amount=text.show_money(amount), name=name))
        for paper in effect.papers:
            self._line("file-text", "brasstext", self._paper(paper, effect.number))
        if not effect.papers:
            self._line("file-text", "text3", _("No document is touched."))
        if effect.back_in_stock is not None:
            said = ngettext("{n} piece goes back into stock", "{n} pieces go back into stock", effect.back_in_stock)
            self._line("package", "brasstext", said.format(n=effect.back_in_stock))
        self._seats(effect)
        if effect.mails:
            said = ngettext("{n} mail goes out: {names}", "{n} mails go out: {names}", len(effect.mails))
            self._line("mail", "brasstext", said.format(n=len(effect.mails), names=", ".join(effect.mails)))
        else:
            self._line("mail", "text3", _("No mail goes out."))

    def _installments(self, effect: Effect) -> str:
        parts = []
        for part in effect.plan[:MOST_NAMES]:
            said = _("{amount} on {day}, paid") if part.paid_minor == part.amount_minor else _("{amount} on {day}")
            day = words.day(part.due_on, self.context.center)
            parts.append(said.format(amount=text.show_money(part.amount_minor), day=day))
        if len(effect.plan) > MOST_NAMES:
            parts.append("…")
        said = ngettext("{n} installment: {parts}", "{n} installments: {parts}", len(effect.plan))
        return said.format(n=len(effect.plan), parts=" · ".join(parts))

    @staticmethod
    def _paper(paper: Paper, number: str) -> str:
        amount, paid = text.show_money(paper.gross_minor), text.show_money(paper.paid_minor)
        if paper.kind == "credit_note" and number:
            said = _("Credit note {number} for {buyer}: invoice {label} over {amount} is credited in full")
            return said.format(number=number, buyer=paper.buyer, label=paper.label, amount=amount)
        if paper.kind == "credit_note":
            return _("Invoice {label} over {amount} is credited in full").format(label=paper.label, amount=amount)
        if paper.paid_minor == paper.gross_minor:
            return _("A new invoice over {amount} for {buyer}, paid").format(amount=amount, buyer=paper.buyer)
        said = _("A new invoice over {amount} for {buyer}; {paid} of it is paid")
        return said.format(amount=amount, buyer=paper.buyer, paid=paid)

    def _seats(self, effect: Effect) -> None:
        here = self.context.center
        free, taken = len(effect.seats_free), len(effect.seats_taken)
        for found, said in (
            (effect.seats_free, ngettext("{n} seat becomes free: {names}", "{n} seats become free: {names}", free)),
            (effect.seats_taken, ngettext("{n} seat is taken: {names}", "{n} seats are taken: {names}", taken)),
        ):
            if not found:
                continue
            names = [f"{title} ({words.when(at, here)})" for title, at in found[:MOST_NAMES]]
            if len(found) > MOST_NAMES:
                names.append("…")
            self._line("calendar-days", "brasstext", said.format(n=len(found), names=" · ".join(names)))
        if effect.kept_slots:
            kept = ngettext(
                "{n} attended slot stays with the old enrollment",
                "{n} attended slots stay with the old enrollment",
                effect.kept_slots,
            )
            self._line("graduation-cap", "text3", kept.format(n=effect.kept_slots))

    def _line(self, icon: str, color: str, said: str) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Icon(icon, color, 16), alignment=Qt.AlignmentFlag.AlignTop)
        shown = {"danger": "danger", "text3": "text3", "warn": "warn"}.get(color, "text")
        line.addWidget(Text(said, "body", shown, wrap=True), 1)
        self._column.addLayout(line)


class ChangeDialog(FormDialog):
    """A change with its preview: what is typed is tried out at once, and Ctrl+Enter does what was shown, or refuses.

    Subclasses give `look_at` and `act`, functions of the desk, and what they are asked: `asked()`. `changed` is told
    after it is done; `answer` is what the act returned.
    """

    changed = Signal()
    tells_plan = True
    look_at: Callable[..., Any]
    act: Callable[..., Any]

    def __init__(
        self, context: Context, parent: QWidget, title: str, icon: str, *, subtitle: str = "", width: int = 600
    ) -> None:
        super().__init__(parent, title, icon, subtitle=subtitle, width=width)
        self.context = context
        self.effect: Effect | None = None
        self.answer: Any = None
        self.view = EffectView(context, plan=self.tells_plan)
        self._looking = self._again = self._away = self._doing = False
        context.changed.connect(self._told)

    def asked(self) -> tuple[Any, ...]:
        """What the preview is asked. UserErrors stand beside their fields."""
        raise NotImplementedError

    def ordered(self) -> tuple[Any, ...]:
        """What the act is asked, before the effect that was shown."""
        raise NotImplementedError

    def done_words(self) -> str:
        """What is said when it is done."""
        raise NotImplementedError

    def look(self) -> None:
        """Try out what is typed now; while one trial runs, only the newest wish is kept."""
        if self._away:
            return
        if self._looking:
            self._again = True
            return
        self._unsure()
        try:
            asked = self.asked()
        except UserError as error:
            self.view.say(sentence(error))
            self._fit()
            return
        self._looking = True
        self.context.run(self.look_at, *asked, done=self._seen, failed=self._not_seen)

    def _unsure(self) -> None:
        self.effect = None
        self.main.setEnabled(False)

    def _seen(self, effect: Effect) -> None:
        self._looking = False
        if self._away:
            return
        if self._again:
            self._again = False
            self.look()
            return
        self.effect = effect
        self.main.setEnabled(not self._doing)
        self.view.show_effect(effect)
        self.seen(effect)
        self._fit()

    def seen(self, effect: Effect) -> None:
        """Show more of an effect than its sentences."""

    def _not_seen(self, error: DeskError) -> None:
        self._looking = False
        if self._away:
            return
        if self._again:
            self._again = False
            self.look()
            return
        self.view.say(sentence(error), "danger")
        self.not_seen(error)
        self._fit()

    def not_seen(self, error: DeskError) -> None:
        """Do more with what stands in the way than say it."""

    def _fit(self) -> None:
        if self.isVisible():
            self.adjustSize()

    def _told(self, _changes: object) -> None:
        """Another desk did something: what is shown may not be true any more."""
        if not self._doing:
            self.look()

    def main_action(self) -> None:
        if self.effect is None or not self.main.isEnabled():
            return
        self.clear_errors()
        self._doing = True
        self.context.run(self.act, *self.ordered(), self.effect, done=self._did, failed=self._refused, busy=self.main)

    def _refused(self, error: DeskError) -> None:
        self._doing = False
        if self._away:
            return
        self.refuse(error)
        if error.key == "changing.stale":
            self.look()

    def _did(self, answer: object) -> None:
        if self._away:
            return
        self.answer = answer
        self.context.notice.emit(self.done_words())
        self.accept()
        self.changed.emit()

    def done(self, code: int) -> None:
        """Close; an answer that is still on its way finds nobody."""
        self._away = True
        super().done(code)


class ReasonDialog(ChangeDialog):
    """A change that asks which one and why, and nothing else. Subclasses say what there is to choose from."""

    #: What is said where there is nothing to choose.
    nothing = ""

    def ask(self, label: str, things: Sequence[tuple[str, int]], first: int | None, said: str, main: Button) -> None:
        """Fill the form: (words, id) to choose from, the id to begin with, a sentence about what follows."""
        self.what = QComboBox()
        for words_, one in things:
            self.what.addItem(words_, one)
        if first is not None:
            self.what.setCurrentIndex(max(self.what.findData(first), 0))
        name = self.objectName()
        self.body.addWidget(self.add_field("what", Field(label, self.what, name=f"{name}_what")))
        self.reason = TypedLine()
        self.body.addWidget(self.add_field("reason", Field(_("Reason"), self.reason, name=f"{name}_reason")))
        self.body.addWidget(Text(said, "small", "text3", wrap=True))
        self.body.addWidget(self.view)
        self.letters = QPlainTextEdit()
        self.letters.setReadOnly(True)
        self.letters.setTabChangesFocus(True)
        self.letters.setFixedHeight(theme().px(132))
        self.mailed = Field(_("What the mails say"), self.letters, name=f"{name}_letters")
        self.body.addWidget(self.mailed)
        self.mailed.hide()
        self.add_foot((), main)
        self.what.currentIndexChanged.connect(self.look)
        self.look()
        self.reason.setFocus()

    def seen(self, effect: Effect) -> None:
        """The mails in full, one below the other."""
        said = "\n\n".join(f"{one.to} · {one.subject}\n\n{one.text.strip()}" for one in effect.letters)
        if said != self.letters.toPlainText():
            self.letters.setPlainText(said)
        self.mailed.setVisible(bool(said))

    def look(self) -> None:
        """The effect on what is chosen, or that there is nothing to choose."""
        if self.what.count():
            super().look()
        else:
            self._unsure()
            self.view.say(self.nothing)

    def asked(self) -> tuple[Any, ...]:
        return (self.what.currentData(),)

    def ordered(self) -> tuple[Any, ...]:
        return self.what.currentData(), self.reason.text()
