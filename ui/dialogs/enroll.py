"""Enrolling (picture 08): student, course, price, discount, plan; what it does to the seats and the sum."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app import clock, money, text
from app.desk import enrollment
from app.desk.enrollment import EnrollmentDraft
from app.errors import UserError
from app.lists import catalog
from app.lists import people as roster
from app.text import _
from ui import words
from ui.context import Context
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Icon, Segment, Text, clear_layout, rule


class EnrollDialog(FormDialog):
    """`enrolled(enrollment id, pay next)` after the enrollment is in the file."""

    enrolled = Signal(int, bool)

    def __init__(self, context: Context, parent: QWidget, student_id: int) -> None:
        super().__init__(parent, _("Enroll"), "user-plus", subtitle=_("draft"), width=900)
        self.setObjectName("enroll")
        self.context, self.student_id = context, student_id
        found = roster.page([student_id])[student_id]
        row = QHBoxLayout()
        row.setSpacing(20)
        left = QVBoxLayout()
        left.setSpacing(12)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(12)
        student = QLineEdit(f"{found.name}   {found.number}")
        student.setReadOnly(True)
        student.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        grid.addWidget(Field(_("Student"), student, name="student"), 0, 0)
        self.payer = QComboBox()
        self.payer.addItem(_("{name} pays").format(name=found.name), None)
        for payer_id, name in roster.payers():
            self.payer.addItem(name, payer_id)
        grid.addWidget(self.add_field("payer", Field(_("Who pays"), self.payer, name="payer")), 0, 1)
        self.course = QComboBox()
        for offer in catalog.courses():
            self.course.addItem(f"{offer.name}   {offer.code}", offer)
        self.course.currentIndexChanged.connect(self._course_chosen)
        grid.addWidget(self.add_field("course", Field(_("Course"), self.course, name="course")), 1, 0, 1, 2)
        self.price = QLineEdit()
        self.price.textEdited.connect(self._update)
        grid.addWidget(self.add_field("list_price", Field(_("List price"), self.price, name="list_price")), 2, 0)
        self.discount = QLineEdit()
        self.discount.setPlaceholderText(_("5 % or 72.00"))
        self.discount.textEdited.connect(self._update)
        grid.addWidget(self.add_field("discount", Field(_("Discount"), self.discount, name="discount")), 2, 1)
        left.addLayout(grid)
        left.addWidget(Text(_("Plan"), "label", "text2"))
        self.plan = Segment(
            (("1", _("Pay at once"), ("1",)), ("3", _("3 installments"), ("3",)), ("6", _("6 installments"), ("6",))),
            "plan",
        )
        self.plan.set_value("1")
        self.plan.chosen.connect(self._update)
        left.addWidget(self.plan)
        self.parts = QGridLayout()
        self.parts.setVerticalSpacing(6)
        left.addLayout(self.parts)
        left.addStretch(1)
        row.addLayout(left, 3)
        row.addWidget(self._summary(), 2)
        self.body.addLayout(row)
        self.mail = QCheckBox(_("Mail the confirmation"))
        self.mail.setObjectName("mail_confirmation")
        self.mail.setChecked(bool(found.email))
        self.mail.setEnabled(bool(found.email))
        self.only = Button(_("Enroll only"), keys=("Ctrl", "S"))
        self.only.clicked.connect(self.enroll_only)
        self.add_foot((self.mail,), Button(_("Enroll and pay"), "banknote", kind="primary", keys=("Ctrl", "Enter")))
        self.foot.insertWidget(self.foot.count() - 1, self.only)
        for keys, act in (("Ctrl+S", self.enroll_only), *((f"Alt+{n}", self._planner(n)) for n in ("1", "3", "6"))):
            QShortcut(QKeySequence(keys), self).activated.connect(act)
        self._course_chosen()
        self.course.setFocus()

    def _planner(self, parts: str) -> Callable[[], None]:
        def choose() -> None:
            self.plan.set_value(parts)
            self._update()

        return choose

    def _summary(self) -> QWidget:
        box = QFrame()
        box.setProperty("tinted", True)
        column = QVBoxLayout(box)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(8)
        self.sums = QGridLayout()
        column.addLayout(self.sums)
        column.addWidget(rule())
        self.warnings = QVBoxLayout()
        column.addLayout(self.warnings)
        column.addStretch(1)
        return box

    def _offer(self) -> catalog.Offer | None:
        offer = self.course.currentData()
        return offer if isinstance(offer, catalog.Offer) else None

    def _course_chosen(self) -> None:
        offer = self._offer()
        if offer is not None:
            center = self.context.center
            self.price.setText(money.format_plain(offer.price_minor, center.currency, center.locale))
        self._update()

    def _discount_minor(self, price: int) -> int:
        typed = self.discount.text().strip()
        if not typed:
            return 0
        if typed.endswith("%"):
            percent = money.parse(typed.removesuffix("%").strip(), "EUR", self.context.center.locale, field="discount")
            return money.share(price, percent)
        return money.parse(typed, self.context.center.currency, self.context.center.locale, field="discount")

    def draft(self) -> EnrollmentDraft:
        """What was typed. UserErrors stand by their field."""
        offer, center = self._offer(), self.context.center
        if offer is None:
            raise UserError("scheduling.no_course", "course")
        price = money.parse(self.price.text(), center.currency, center.locale, field="list_price")
        draft = EnrollmentDraft(
            student_id=self.student_id,
            course_id=offer.id,
            payer_id=self.payer.currentData(),
            list_price_minor=price,
            discount_minor=self._discount_minor(price),
            send_mail=self.mail.isChecked(),
        )
        parts = int(self.plan.value() or "1")
        if parts == 1:
            return draft
        gross = enrollment.quote(draft).gross_minor
        first = clock.local_date(center.zone).isoformat()
        return EnrollmentDraft(**{**draft.__dict__, "installments": enrollment.plan(gross, parts, first)})

    def _update(self) -> None:
        clear_layout(self.sums)
        clear_layout(self.parts)
        clear_layout(self.warnings)
        try:
            draft = self.draft()
            quote = enrollment.quote(draft)
        except UserError as error:
            said = Text(text.sentence(error), "label", "danger", wrap=True)
            self.sums.addWidget(said, 0, 0)
            return
        rows = [(_("List price"), quote.list_minor), (_("Discount"), -quote.discount_minor)]
        for number, (label, amount) in enumerate(rows):
            self.sums.addWidget(Text(label, "body", "text2"), number, 0)
            self.sums.addWidget(_right(text.show_money(amount), "name"), number, 1)
        self.sums.addWidget(Text(_("To pay in all"), "name"), 2, 0)
        self.total = _right(text.show_money(quote.gross_minor), "amount_l")
        self.total.setObjectName("total")
        self.sums.addWidget(self.total, 2, 1)
        net = _("Net {net} · VAT {tax}").format(
            net=text.show_money(quote.net_minor), tax=text.show_money(quote.tax_minor)
        )
        self.sums.addWidget(Text(net, "small", "text3"), 3, 0, 1, 2)
        left = quote.gross_minor
        for number, (due_on, amount) in enumerate(draft.installments):
            left -= amount
            for column, said in enumerate(
                (
                    str(number + 1),
                    words.day(due_on, self.context.center),
                    text.show_money(amount),
                    _("{amount} left").format(amount=text.show_money(left)),
                )
            ):
                self.parts.addWidget(Text(said, "name" if column == 2 else "body", "text2"), number, column)
        for key, params in quote.warnings:
            line = QHBoxLayout()
            line.addWidget(Icon("triangle-alert", "warn", 16))
            line.addWidget(Text(text.sentence(key, dict(params)), "label", "warn", wrap=True), 1)
            self.warnings.addLayout(line)
        if not quote.warnings:
            line = QHBoxLayout()
            line.addWidget(Icon("circle-check", "ok", 16))
            line.addWidget(Text(_("Nothing stands in the way."), "label", "ok"), 1)
            self.warnings.addLayout(line)

    def main_action(self) -> None:
        self._save(pay_next=True)

    def enroll_only(self) -> None:
        """Enroll without going to the payment desk."""
        self._save(pay_next=False)

    def _save(self, *, pay_next: bool) -> None:
        self.clear_errors()
        self._pay_next = pay_next
        try:
            draft = self.draft()
        except UserError as error:
            self.refuse(error)
            return
        self.context.run(enrollment.enroll, draft, done=self._saved, failed=self.refuse, busy=self.main)

    def _saved(self, enrollment_id: int) -> None:
        self.accept()
        self.context.notice.emit(_("Enrolled."))
        self.enrolled.emit(enrollment_id, self._pay_next)


def _right(words_: str, role: str) -> Text:
    made = Text(words_, role)
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    return made
