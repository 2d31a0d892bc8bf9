"""Transfers: a place to another course or group, and money to another line; what each does stands there before."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget

from app import clock, money, text
from app.desk import dues, transfer
from app.desk.changing import Effect
from app.desk.dues import PayLine
from app.errors import DeskError, UserError
from app.lists import calendar, catalog
from app.lists import people as roster
from app.text import _
from ui import words
from ui.context import Context
from ui.dialogs.change import ChangeDialog
from ui.dialogs.find import FindStudent
from ui.dialogs.plan_table import PlanEditor
from ui.widgets.basic import Button, Field, Text
from ui.widgets.typed import TypedLine


class TransferDialog(ChangeDialog):
    """One running enrollment, the course or group it goes to, its price and plan, a fee, and why."""

    look_at = staticmethod(transfer.preview_place)
    act = staticmethod(transfer.transfer_place)

    def __init__(self, context: Context, parent: QWidget, student_id: int, line: PayLine | None = None) -> None:
        super().__init__(context, parent, _("Transfer"), "arrow-right", width=680)
        self.setObjectName("transfer")
        running = [row for row in roster.enrollments(student_id) if row.status == "pending"]
        self.what = QComboBox()
        for row in running:
            self.what.addItem(f"{row.title} · {row.number}", row.id)
        if line is not None:
            self.what.setCurrentIndex(max(self.what.findData(line.enrollment_id), 0))
        self.place = QComboBox()
        self.place.addItem(_("Please choose"), None)
        groups = calendar.groups()
        for offer in catalog.courses():
            self.place.addItem(f"{offer.name}   {offer.code}", (offer, None))
            for group in groups:
                if group.course_id == offer.id:
                    self.place.addItem(self._group_words(offer, group), (offer, group.session_id))
        self.price, self.discount = TypedLine(), TypedLine()
        self.discount.setPlaceholderText(_("5 % or 72.00"))
        self.fee = QComboBox()
        self.fee.addItem(_("no fee"), None)
        for product in catalog.products():
            price = text.show_money(product.gross_minor(context.center.prices))
            self.fee.addItem(f"{product.name}, {price}", product.id)
        self.plan = QComboBox()
        for said, plan in (
            (_("at once"), ("", 0)), (_("on the days it has now"), ("carry", 0)), (_("3 installments"), ("even", 3)),
            (_("6 installments"), ("even", 6)), (_("Own plan…"), ("own", 0)),
        ):  # fmt: skip
            self.plan.addItem(said, plan)
        for box in (self.what, self.place, self.fee):  # a long name does not widen the form
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(12)
        self.reason, self.anyway = TypedLine(), TypedLine()
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        top = Qt.AlignmentFlag.AlignTop
        for key, label, edit, place in (
            ("enrollment", _("From"), self.what, (0, 0, 1, 6)), ("place", _("To"), self.place, (1, 0, 1, 6)),
            ("list_price", _("Price there"), self.price, (2, 0, 1, 3)),
            ("discount", _("Discount by hand"), self.discount, (2, 3, 1, 3)),
            ("items", _("Fee"), self.fee, (3, 0, 1, 3)), ("plan", _("What is left is paid"), self.plan, (3, 3, 1, 3)),
        ):  # fmt: skip
            grid.addWidget(self.add_field(key, Field(label, edit, name=f"transfer_{key}")), *place, top)
        for column in range(6):
            grid.setColumnStretch(column, 1)
        self.body.addLayout(grid)
        self.own = PlanEditor(context)
        self.body.addWidget(self.add_field("installments", Field(_("Plan"), self.own, name="transfer_installments")))
        self.fields["installments"].hide()
        self.body.addWidget(self.add_field("reason", Field(_("Reason"), self.reason, name="transfer_reason")))
        anyway = Field(_("Transfer anyway, because"), self.anyway, name="transfer_override_reason")
        self.body.addWidget(self.add_field("override_reason", anyway))
        anyway.hide()
        self.body.addWidget(self.view)
        self.add_foot((), Button(_("Transfer it"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self._to_plan = 0
        self.place.currentIndexChanged.connect(self._chosen)
        self.what.currentIndexChanged.connect(self._from_chosen)
        self.plan.currentIndexChanged.connect(self._plan_chosen)
        self.fee.currentIndexChanged.connect(self.look)
        self.own.changed.connect(self.look)
        for edit in (self.price, self.discount):
            edit.textEdited.connect(self.look)
        self._from_chosen()
        self._chosen()
        self.place.setFocus()

    def _group_words(self, offer: catalog.Offer, group: calendar.Group) -> str:
        name = group.name.removeprefix(offer.name).strip(" ,·")
        days = ", ".join(words.weekday(day, self.context.center) for day in group.weekdays)
        free = max(group.fullest.capacity - group.fullest.taken, 0)
        said = _("{n} free").format(n=free)
        return " · ".join(filter(None, (offer.name, name, f"{days} {group.start_time}", said)))

    def _chosen(self) -> None:
        chosen, here = self.place.currentData(), self.context.center
        with QSignalBlocker(self.price):
            price = money.format_plain(chosen[0].price_minor, here.currency, here.locale) if chosen else ""
            self.price.setText(price)
        self.look()

    def _from_chosen(self) -> None:
        """What is paid in installments goes on like that unless another plan is chosen."""
        here = self.what.currentData()
        open_parts = [due for due in dues.of_lines([here], []) if due.open_minor] if here is not None else []
        planned = any(due.kind == "installment" for due in open_parts)
        with QSignalBlocker(self.plan):
            self.plan.setCurrentIndex(1 if planned else 0)
        self._plan_chosen()

    def _plan_chosen(self) -> None:
        own = self._own_plan()
        if own and self._to_plan:
            self._begin_own()
        self.fields["installments"].setVisible(own)
        self.look()

    def _own_plan(self) -> bool:
        return bool(self.plan.currentData()[0] == "own")

    def _begin_own(self) -> None:
        """An own plan begins with one part over all that is left."""
        today = clock.local_date(self.context.center.zone).isoformat()
        self.own.show_plan((), [(today, self._to_plan)], self._to_plan)

    def _place(self) -> transfer.Place:
        chosen, here = self.place.currentData(), self.context.center
        if chosen is None or self.what.currentData() is None:
            raise UserError("transfer.choose", "place")
        price = money.parse(self.price.text(), here.currency, here.locale, field="list_price")
        plan, parts = self.plan.currentData()
        if plan == "own" and not self._to_plan:
            plan = ""  # how much there is to plan is not known yet
        return transfer.Place(
            enrollment_id=self.what.currentData(),
            course_id=chosen[0].id,
            session_id=chosen[1],
            list_price_minor=price,
            discount_minor=self._discount_minor(price),
            fee_product_id=self.fee.currentData(),
            reason=self.reason.text(),
            plan=plan,
            parts=parts,
            installments=self.own.parts() if plan == "own" else (),
            override_reason=self.anyway.text(),
        )

    def _discount_minor(self, price_minor: int) -> int | None:
        """What was typed by hand, None where nothing was: then the rule of the old place is asked, and the center's."""
        typed, here = self.discount.text().strip(), self.context.center
        if not typed:
            return None
        if typed.endswith("%"):
            return money.share(price_minor, money.parse(typed[:-1].strip(), "EUR", here.locale, field="discount"))
        return money.parse(typed, here.currency, here.locale, field="discount")

    def seen(self, effect: Effect) -> None:
        """A reason is asked for where the student is too young, and a plan has to come to what is left now."""
        self.fields["override_reason"].setVisible(any(key == "enrollment.too_young" for key, _params in effect.notes))
        first = self._own_plan() and not self._to_plan and bool(effect.to_plan_minor)
        self._left_is(effect.to_plan_minor)
        if first:
            self._begin_own()
            self.look()

    def not_seen(self, error: DeskError) -> None:
        if error.key == "transfer.plan_sum":
            self._left_is(int(error.params["price"]))
        elif error.key == "enrollment.installments_past" and isinstance(error, UserError):
            self.own.point(error)

    def _left_is(self, left_minor: int) -> None:
        self._to_plan = left_minor
        self.own.set_left(left_minor)

    def asked(self) -> tuple[Any, ...]:
        return (self._place(),)

    def ordered(self) -> tuple[Any, ...]:
        return (self._place(),)

    def done_words(self) -> str:
        assert self.effect is not None
        return _("Transferred to {what}.").format(what=self.effect.title)


class MoveMoneyDialog(ChangeDialog):
    """Money from one line to another of the same student, or of somebody the same payer pays for."""

    look_at = staticmethod(transfer.preview_money)
    act = staticmethod(transfer.move_money)

    def __init__(self, context: Context, parent: QWidget, student_id: int, line: PayLine | None = None) -> None:
        super().__init__(context, parent, _("Move money"), "arrow-left-right", width=620)
        self.setObjectName("move_money")
        self.student_id = student_id
        self.source, self.target = QComboBox(), QComboBox()
        self._paid: dict[PayLine, int] = {}
        self._open: dict[PayLine, int] = {}
        for key, title, paid, _left in _lines(student_id):
            if paid:
                self._paid[key] = paid
                said = _("{title}, {amount} paid").format(title=title, amount=text.show_money(paid))
                self.source.addItem(said, key)
        self._offer(student_id, "")
        if line is not None and line in self._paid:
            self.source.setCurrentIndex(list(self._paid).index(line))
        elif line is not None and line in self._open:
            self.target.setCurrentIndex(list(self._open).index(line))
        self.body.addWidget(self.add_field("lines", Field(_("From"), self.source, name="move_source")))
        self.body.addWidget(self.add_field("target", Field(_("To"), self.target, name="move_target")))
        self.amount, self.reason = TypedLine(), TypedLine()
        self.body.addWidget(self.add_field("amount", Field(_("Amount"), self.amount, name="move_amount")))
        self.body.addWidget(self.add_field("reason", Field(_("Reason"), self.reason, name="move_reason")))
        said = _("The line it comes from is owed again; the one it goes to gets an invoice where it has none.")
        self.body.addWidget(Text(said, "small", "text3", wrap=True))
        self.body.addWidget(self.view)
        other = Button(_("To another student…"), "users", kind="quiet")
        other.setObjectName("move_other")
        other.clicked.connect(self._find)
        self.add_foot((other,), Button(_("Move it"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self.source.currentIndexChanged.connect(self._chosen)
        self.target.currentIndexChanged.connect(self._chosen)
        self.amount.textEdited.connect(self.look)
        self._chosen()
        self.source.setFocus()

    def _offer(self, student_id: int, name: str) -> None:
        """The open lines of a student among the targets."""
        for key, title, _paid, left in _lines(student_id):
            if left and key not in self._open:
                self._open[key] = left
                said = _("{title}, {amount} open").format(title=title, amount=text.show_money(left))
                self.target.addItem(" · ".join(filter(None, (name, said))), key)

    def _find(self) -> None:
        finder = FindStudent(self.context, self, _("Whose line is paid with it?"))
        finder.chosen.connect(self._found)
        finder.open()

    def _found(self, student_id: int) -> None:
        before = len(self._open)
        self._offer(student_id, roster.page([student_id])[student_id].name)
        if len(self._open) > before:
            self.target.setCurrentIndex(before)
        self._chosen()

    def _chosen(self) -> None:
        source, target, here = self.source.currentData(), self.target.currentData(), self.context.center
        fits = min(self._paid.get(source, 0), self._open.get(target, 0))
        self.amount.setText(money.format_plain(fits, here.currency, here.locale))
        self.look()

    def _move(self) -> transfer.MoneyMove:
        source, target, here = self.source.currentData(), self.target.currentData(), self.context.center
        if source is None or target is None:
            raise UserError("transfer.no_two_lines", "target")
        amount = money.parse(self.amount.text(), here.currency, here.locale, field="amount")
        return transfer.MoneyMove(source, target, amount, self.reason.text())

    def asked(self) -> tuple[Any, ...]:
        return (self._move(),)

    def ordered(self) -> tuple[Any, ...]:
        return (self._move(),)

    def done_words(self) -> str:
        assert self.effect is not None
        amount = text.show_money(self.effect.moved_minor)
        return _("{amount} was moved to {what}.").format(amount=amount, what=self.effect.title)


def _lines(student_id: int) -> list[tuple[PayLine, str, int, int]]:
    """(line, title, paid, open) of what a student bought, in minor units."""
    found: dict[PayLine, tuple[str, int, int]] = {}
    for due in dues.of_student(student_id):
        key = PayLine(due.enrollment_id, due.product_enrolled_id)
        _title, paid, left = found.get(key, ("", 0, 0))
        found[key] = (due.title, paid + due.paid_minor, left + due.open_minor)
    return [(key, title, paid, left) for key, (title, paid, left) in found.items()]
