"""What a discount rule says: the fields of one, and the form that changes a rule nothing was sold with yet."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QWidget

from app import money, text
from app.desk import discounts
from app.desk.discounts import Rule, RuleDraft
from app.errors import UserError
from app.lists import catalog, payers
from app.lists.discounts import RuleRow
from app.settings import Center
from app.text import _
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field


class RuleFields(QGridLayout):
    """Ten fields of a rule in three columns; `fields` are known by the names that errors call them."""

    def __init__(self, context: Context, prefix: str) -> None:
        super().__init__()
        self.context = context
        self.setHorizontalSpacing(14)
        self.setVerticalSpacing(8)
        self.kind = QComboBox()
        for key, label in (
            ("anyone", _("everyone")), ("coupon", _("whoever has the coupon")), ("sibling", _("siblings")),
            ("company", _("students of a company")),
        ):  # fmt: skip
            self.kind.addItem(label, key)
        self.kind.currentIndexChanged.connect(self._kind_chosen)
        self.company, self.course = _narrow(), _narrow()
        value = Field(_("Discount"), name=f"{prefix}_value")
        assert isinstance(value.edit, QLineEdit)
        here = context.center
        said = _("{share} or {amount}").format(
            share=text.show_percent(1000), amount=money.format_plain(2500, here.currency, here.locale)
        )
        value.edit.setPlaceholderText(said)
        self.fields: dict[str, Field] = {
            "name": Field(_("Name"), name=f"{prefix}_name"),
            "value": value,
            "applies_to": Field(_("For"), self.kind, name=f"{prefix}_for"),
            "code": Field(_("Code"), name=f"{prefix}_code"),
            "payer": Field(_("Company"), self.company, name=f"{prefix}_company"),
            "course": Field(_("Course"), self.course, name=f"{prefix}_course"),
            "first_on": Field(_("From"), name=f"{prefix}_from", hint=_("empty, or like 2026-11-24")),
            "last_on": Field(_("Until"), name=f"{prefix}_until"),
            "most_uses": Field(_("At most, in all"), name=f"{prefix}_most", hint=_("empty: as often as you like")),
            "most_uses_each": Field(_("At most, per student"), name=f"{prefix}_most_each"),
        }
        for place, (key, field) in enumerate((key, one) for key, one in self.fields.items() if key != "payer"):
            self.addWidget(field, place // 3, place % 3, Qt.AlignmentFlag.AlignTop)
            if key == "code":  # one of the two is asked
                self.addWidget(self.fields["payer"], place // 3, place % 3, Qt.AlignmentFlag.AlignTop)
        for place in range(3):
            self.setColumnStretch(place, 1)

    def started(self) -> None:
        """Once the fields stand somewhere: show those that the kind asks for, and what can be chosen."""
        self.offer()
        self._kind_chosen()

    def offer(self) -> None:
        """Read again what can be chosen; what is chosen stays so, whatever became of it."""
        _fill(self.company, [(None, _("choose one")), *payers.names(kind="company")])
        courses = [(offer.id, offer.name) for offer in catalog.courses()]
        _fill(self.course, [(None, _("everything that is sold")), *courses])

    def _kind_chosen(self) -> None:
        kind = self.kind.currentData()
        self.fields["payer"].setVisible(kind == "company")
        self.fields["code"].setVisible(kind != "company")
        self.fields["code"].edit.setEnabled(kind == "coupon")

    def show_rule(self, row: RuleRow) -> None:
        """What a rule says now."""
        rule = row.rule
        for box, chosen, name in (
            (self.company, rule.payer_id, row.company),
            (self.course, rule.course_id, row.course),
        ):
            if chosen is not None and box.findData(chosen) < 0:
                box.addItem(name, chosen)  # no longer on offer, and still what the rule is for
            box.setCurrentIndex(max(box.findData(chosen), 0))
        self.kind.setCurrentIndex(self.kind.findData(rule.applies_to))
        counts = {key: str(getattr(rule, key) or "") for key in ("most_uses", "most_uses_each")}
        says = {
            "name": rule.name, "value": _value(rule, self.context.center), "code": rule.code or "",
            "first_on": rule.first_on or "", "last_on": rule.last_on or "", **counts,
        }  # fmt: skip
        for key, words in says.items():
            edit = self.fields[key].edit
            assert isinstance(edit, QLineEdit)
            edit.setText(words)
            edit.setCursorPosition(0)

    def clear(self) -> None:
        """Empty for another rule; for whom and for what it is stays chosen."""
        for field in self.fields.values():
            if isinstance(field.edit, QLineEdit):
                field.edit.clear()

    def draft(self) -> RuleDraft:
        """What was typed. UserErrors beside `value`, `most_uses`, `most_uses_each`."""
        here = self.context.center
        typed = self.fields["value"].text().strip()
        bare = typed.removeprefix("%").removesuffix("%").strip()
        amount = share = 0
        if bare != typed:
            share = money.parse(bare, "EUR", here.locale, field="value")
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


def _narrow() -> QComboBox:
    """A list that is no wider than its column, however long the names in it."""
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    return box


def _fill(box: QComboBox, found: list[tuple[int | None, str]]) -> None:
    chosen, called = box.currentData(), box.currentText()
    box.clear()
    for key, label in found:
        box.addItem(label, key)
    if chosen is not None and box.findData(chosen) < 0:
        box.addItem(called, chosen)
    box.setCurrentIndex(max(box.findData(chosen), 0))


def _value(rule: Rule, here: Center) -> str:
    """The amount or the share of a rule as it would be typed."""
    if rule.percent_bp:
        return f"{money.format_plain(rule.percent_bp, 'EUR', here.locale)} %"
    return money.format_plain(rule.amount_minor, here.currency, here.locale)


class DiscountDialog(FormDialog):
    """Change a rule that nothing was sold or quoted with. `saved()`: it was."""

    saved = Signal()

    def __init__(self, context: Context, parent: QWidget, row: RuleRow) -> None:
        super().__init__(parent, _("Change the discount"), "percent", width=860)
        self.setObjectName("discount_form")
        self.context, self.rule = context, row.rule
        self.form = RuleFields(context, "change")
        self.fields = self.form.fields
        self.body.addLayout(self.form)
        self.form.started()
        self.form.show_rule(row)
        self.add_foot((), Button(_("Save"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self.main.setObjectName("save_discount")
        self.fields["name"].edit.setFocus()

    def main_action(self) -> None:
        if not self.main.isEnabled():
            return
        self.clear_errors()
        try:
            draft = self.form.draft()
        except UserError as error:
            self.refuse(error)
            return
        self.context.run(
            discounts.edit_rule, self.rule.id, self.rule.version, draft, done=self._done, failed=self.refuse,
            busy=self.main,
        )  # fmt: skip

    def _done(self, _nothing: object) -> None:
        self.accept()
        self.saved.emit()
        self.context.notice.emit(_("The discount is changed."))
