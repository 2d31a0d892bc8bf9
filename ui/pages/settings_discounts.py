"""Discounts in the settings: the center's rules, how often each was used, and a form for another one."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app import money, text
from app.desk import discounts
from app.desk.accounts import Actor
from app.desk.discounts import RuleDraft
from app.errors import DeskError, UserError
from app.lists import catalog, payers
from app.lists import discounts as listed
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.widgets.basic import Button, Card, Field, Text, clear_layout, show_error


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
        column.addLayout(self._form())
        self.problem = Text("", "label", "danger", wrap=True)
        column.addWidget(self.problem)
        self.add = Button(_("Add discount"), "plus")
        self.add.clicked.connect(self.store)
        row = QHBoxLayout()
        row.addWidget(self.add)
        row.addStretch(1)
        column.addLayout(row)
        self.reload()
        self._kind_chosen()

    def _form(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(8)
        self.kind = QComboBox()
        for key, label in (
            ("anyone", _("everyone")), ("coupon", _("whoever has the coupon")), ("sibling", _("siblings")),
            ("company", _("students of a company")),
        ):  # fmt: skip
            self.kind.addItem(label, key)
        self.kind.currentIndexChanged.connect(self._kind_chosen)
        self.company, self.course = QComboBox(), QComboBox()
        self.value = QLineEdit()
        self.value.setPlaceholderText(_("10 % or 25.00"))
        self.fields: dict[str, Field] = {
            "name": Field(_("Name"), name="discount_name"),
            "value": Field(_("Discount"), self.value, name="discount_value"),
            "applies_to": Field(_("For"), self.kind, name="discount_for"),
            "code": Field(_("Code"), name="discount_code"),
            "payer": Field(_("Company"), self.company, name="discount_company"),
            "course": Field(_("Course"), self.course, name="discount_course"),
            "first_on": Field(_("From"), name="discount_from", hint=_("empty, or like 2026-11-24")),
            "last_on": Field(_("Until"), name="discount_until"),
            "most_uses": Field(_("At most, in all"), name="discount_most", hint=_("empty: as often as you like")),
            "most_uses_each": Field(_("At most, per student"), name="discount_most_each"),
        }
        for place, (key, field) in enumerate((key, one) for key, one in self.fields.items() if key != "payer"):
            grid.addWidget(field, place // 3, place % 3, Qt.AlignmentFlag.AlignTop)
            if key == "code":
                grid.addWidget(
                    self.fields["payer"], place // 3, place % 3, Qt.AlignmentFlag.AlignTop
                )  # one of the two is asked
        for place in range(3):
            grid.setColumnStretch(place, 1)
        return grid

    # -- what there is

    def reload(self) -> None:
        """Read the rules again, and what the form offers."""
        clear_layout(self.rules)
        rows = listed.rules()
        for row in rows:
            self.rules.addWidget(self._line(row))
        if not rows:
            self.rules.addWidget(Text(_("There is none yet."), "body", "text2"))
        self._fill(self.company, [(None, _("choose one")), *payers.names(kind="company")])
        courses = [(offer.id, offer.name) for offer in catalog.courses()]
        self._fill(self.course, [(None, _("everything that is sold")), *courses])

    @staticmethod
    def _fill(box: QComboBox, found: list[tuple[int | None, str]]) -> None:
        chosen = box.currentData()
        box.clear()
        for key, label in found:
            box.addItem(label, key)
        box.setCurrentIndex(max(box.findData(chosen), 0))

    def _line(self, row: listed.RuleRow) -> QWidget:
        rule, on = row.rule, row.rule.status == "available"
        holder = QWidget()
        holder.setObjectName(f"rule_{rule.id}")
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(Text(rule.words, "name", "text" if on else "text3", wrap=True))
        names.addWidget(Text(self._facts(row), "small", "text2", wrap=True))
        line.addLayout(names, 1)
        said = ngettext("{n} use", "{n} uses", row.uses).format(n=row.uses)
        if rule.most_uses is not None:
            said = _("{n} of {all} uses").format(n=row.uses, all=rule.most_uses)
        used = Button(said, kind="quiet", size="small")
        used.setObjectName(f"uses_{rule.id}")
        used.setAccessibleName(f"{rule.name}: {said}")
        used.clicked.connect(partial(self._show_lines, rule))
        switch = Button(_("Switch off") if on else _("Switch on"), kind="quiet", size="small")
        switch.setObjectName(f"switch_{rule.id}")
        switch.setAccessibleName(f"{rule.name}: {switch.text()}")
        switch.clicked.connect(partial(self._switch, rule.id, not on))
        line.addWidget(used)
        line.addWidget(switch)
        return holder

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

    # -- what is done

    def _switch(self, rule_id: int, on: bool) -> None:
        self.context.run(_switch, rule_id, on, done=self._switched, failed=self._refused)

    def _switched(self, _nothing: object) -> None:
        self.reload()

    def _kind_chosen(self) -> None:
        kind = self.kind.currentData()
        self.fields["payer"].setVisible(kind == "company")
        self.fields["code"].setVisible(kind != "company")
        self.fields["code"].edit.setEnabled(kind == "coupon")

    def store(self) -> None:
        """Add what was typed."""
        self.problem.setText("")
        for field in self.fields.values():
            field.clear_error()
        try:
            draft = self._draft()
        except UserError as error:
            self._refused(error)
            return
        self.context.run(discounts.add_rule, draft, done=self._added, failed=self._refused, busy=self.add)

    def _draft(self) -> RuleDraft:
        here = self.context.center
        typed = self.value.text().strip()
        amount = share = 0
        if typed.endswith("%"):
            share = money.parse(typed.removesuffix("%").strip(), "EUR", here.locale, field="value")
        else:
            amount = money.parse(typed, here.currency, here.locale, field="value")
        kind = str(self.kind.currentData())
        return RuleDraft(
            name=self.fields["name"].text(),
            applies_to=kind,
            amount_minor=amount,
            percent_bp=share,
            code=self.fields["code"].text() if kind == "coupon" else "",
            payer_id=self.company.currentData() if kind == "company" else None,
            course_id=self.course.currentData(),
            first_on=self.fields["first_on"].text() or None,
            last_on=self.fields["last_on"].text() or None,
            most_uses=self._count("most_uses"),
            most_uses_each=self._count("most_uses_each"),
        )

    def _count(self, key: str) -> int | None:
        typed = self.fields[key].text().strip()
        if typed and not (typed.isascii() and typed.isdecimal() and len(typed) < 10):
            raise UserError("discounts.count", key)
        return int(typed) if typed else None

    def _added(self, _rule: int) -> None:
        for field in self.fields.values():
            if isinstance(field.edit, QLineEdit):
                field.edit.clear()
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
