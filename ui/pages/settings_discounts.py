"""Discounts in the settings: the center's rules, how often each was used, and a form for another one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app import text
from app.desk import discounts
from app.desk.accounts import Actor, may
from app.errors import DeskError, UserError
from app.lists import discounts as listed
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.dialogs.discount import DiscountDialog, RuleFields
from ui.widgets.basic import Button, Card, Text, clear_layout, show_error


class DiscountsCard(Card):
    """The rules, each with its uses and a switch; below them the form."""

    def __init__(self, context: Context) -> None:
        super().__init__(margins=(18, 14, 18, 16))
        self.context = context
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.setSpacing(10)
        column.addWidget(Text(_("Discounts"), "section"))
        said = _("At most one applies to a line: by hand, else coupon, else company, else siblings, else everyone.")
        column.addWidget(Text(said, "small", "text2", wrap=True))
        self.rules = QVBoxLayout()
        self.rules.setSpacing(6)
        column.addLayout(self.rules)
        self.form = RuleFields(context, "discount")
        self.fields = self.form.fields
        column.addLayout(self.form)
        self.problem = Text("", "label", "danger", wrap=True)
        column.addWidget(self.problem)
        self.add = Button(_("Add discount"), "plus")
        self.add.clicked.connect(self.store)
        row = QHBoxLayout()
        row.addWidget(self.add)
        row.addStretch(1)
        column.addLayout(row)
        self.form.started()
        self.reload()

    # -- what there is

    def reload(self) -> None:
        """Read the rules again, and what the form offers. The keys stay at the rule they were at."""
        here = self.window().focusWidget()
        name = here.objectName() if here is not None and self.isAncestorOf(here) else ""
        clear_layout(self.rules)
        self._acts: dict[str, Button] = {}
        rows = listed.rules()
        for row in rows:
            self.rules.addWidget(self._line(row))
        if not rows:
            self.rules.addWidget(Text(_("There is none yet."), "body", "text2"))
        self.form.offer()
        if name in self._acts:
            self._acts[name].setFocus()

    def _line(self, row: listed.RuleRow) -> QWidget:
        rule, on = row.rule, row.rule.status == "available"
        holder = QWidget()
        holder.setObjectName(f"rule_{rule.id}")
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        names = QVBoxLayout()
        names.setSpacing(0)
        for label in (
            Text(rule.words, "name", "text" if on else "text3", wrap=True),
            Text(self._facts(row), "small", "text2", wrap=True),
        ):
            label.setMinimumWidth(1)  # one long word does not push the buttons out of sight
            names.addWidget(label)
        if row.used:
            fixed = _("Prices were agreed with it, so what it says stays; it can be switched off.")
            names.addWidget(Text(fixed, "small", "text3", wrap=True))
        line.addLayout(names, 1)
        said = ngettext("{n} use", "{n} uses", row.uses).format(n=row.uses)
        if rule.most_uses is not None:
            said = _("{n} of {all} uses").format(n=row.uses, all=rule.most_uses)
        line.addWidget(self._act(rule, f"uses_{rule.id}", said, partial(self._show_lines, rule)))
        if not row.used:
            line.addWidget(self._act(rule, f"change_{rule.id}", _("Change…"), partial(self._change, row)))
        turn = _("Switch off") if on else _("Switch on")
        line.addWidget(self._act(rule, f"switch_{rule.id}", turn, partial(self._switch, rule.id, not on)))
        return holder

    def _act(self, rule: discounts.Rule, name: str, label: str, act: Callable[[], None]) -> Button:
        button = Button(label, kind="quiet", size="small")
        button.setObjectName(name)
        button.setAccessibleName(f"{rule.name}: {label}")
        button.clicked.connect(act)
        self._acts[name] = button
        return button

    def _facts(self, row: listed.RuleRow) -> str:
        rule = row.rule
        kinds = {
            "anyone": _("everyone"),
            "sibling": _("siblings"),
            "coupon": _("coupon {code}"),
            "company": "{company}",
        }
        parts = [kinds[rule.applies_to].format(code=rule.code, company=row.company), row.course]
        if rule.first_on is not None:
            parts.append(_("from {day}").format(day=words.day(rule.first_on, self.context.center)))
        if rule.last_on is not None:
            parts.append(_("until {day}").format(day=words.day(rule.last_on, self.context.center)))
        if rule.most_uses_each is not None:
            parts.append(_("{n} per student").format(n=rule.most_uses_each))
        if rule.status != "available":
            parts.append(_("switched off"))
        return " · ".join(part for part in parts if part)

    def _show_lines(self, rule: discounts.Rule) -> None:
        from ui.dialogs.discount_lines import DiscountLines  # first needed when somebody asks

        DiscountLines(self.context, self, rule).open()

    def _change(self, row: listed.RuleRow) -> None:
        self.problem.setText("")
        if not may(self.context.actor, "settings.edit"):
            self.problem.setText(_("Only an admin changes discounts."))
            return
        dialog = DiscountDialog(self.context, self, row)
        dialog.saved.connect(self.reload)
        dialog.open()

    # -- what is done

    def _switch(self, rule_id: int, on: bool) -> None:
        self.context.run(_switch, rule_id, on, done=self._switched, failed=self._refused)

    def _switched(self, _nothing: object) -> None:
        self.reload()

    def store(self) -> None:
        """Add what was typed."""
        self.problem.setText("")
        for field in self.fields.values():
            field.clear_error()
        try:
            draft = self.form.draft()
        except UserError as error:
            self._refused(error)
            return
        self.context.run(discounts.add_rule, draft, done=self._added, failed=self._refused, busy=self.add)

    def _added(self, _rule: int) -> None:
        self.form.clear()
        self.reload()
        self.context.notice.emit(_("Discount added."))
        self.fields["name"].edit.setFocus()

    def _refused(self, error: DeskError) -> None:
        if isinstance(error, UserError):
            show_error(error, self.fields, self.problem.setText)
        else:
            self.problem.setText(text.sentence(error))


def _switch(actor: Actor, rule_id: int, on: bool) -> None:
    discounts.switch_rule(actor, rule_id, available=on)
