"""Enrolling (picture 08): student, course, price, discount, plan; what it does to the seats and the sum."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from app import clock, money, text
from app.desk import enrollment, payments
from app.desk.enrollment import EnrollmentDraft
from app.desk.quotes import QuoteDraft
from app.errors import DeskError, UserError
from app.lists import calendar, catalog
from app.lists import people as roster
from app.lists import settings as center_lists
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.dialogs.enroll_quote import OfferQuote, QuotedPrice
from ui.dialogs.enroll_sums import EnrollSums
from ui.dialogs.find_payer import PayerPick
from ui.dialogs.form import FormDialog
from ui.dialogs.grow import grow
from ui.dialogs.plan_table import PlanEditor, PlanTable
from ui.theme import theme
from ui.widgets.basic import Button, Field, Icon, Segment, Text, clear_layout, rule
from ui.widgets.line import Line
from ui.widgets.paint import draw_seat
from ui.widgets.squares import SeatSquares


class EnrollDialog(FormDialog):
    """`enrolled(enrollment id, pay next)` after the enrollment is in the file."""

    enrolled = Signal(int, bool)

    def __init__(self, context: Context, parent: QWidget, student_id: int) -> None:
        super().__init__(parent, _("Enroll"), "user-plus", subtitle=_("draft"), width=960)
        self.setObjectName("enroll")
        self.context, self.student_id = context, student_id
        self._coupon_whole = True
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.timeout.connect(self._grow)
        found = roster.page([student_id])[student_id]
        seen = roster.overview(student_id)
        self.born = seen.date_of_birth if seen is not None else None
        self.body.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.setSpacing(0)
        left = QVBoxLayout()
        left.setContentsMargins(20, 16, 20, 18)
        left.setSpacing(10)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        for place in range(12):
            grid.setColumnStretch(place, 1)  # what is said below a field does not move the others
        top = Qt.AlignmentFlag.AlignTop
        student = QLineEdit(f"{found.name}   {found.number}")
        student.setReadOnly(True)
        student.setCursorPosition(0)  # of a long name the beginning is shown
        student.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        grid.addWidget(Field(_("Student"), student, name="student"), 0, 0, 1, 6)
        self.payer = PayerPick(context, _("{name} pays").format(name=found.name))
        self.payer.set_payer(seen.payer_id if seen is not None else None)
        grid.addWidget(self.add_field("payer", Field(_("Who pays"), self.payer, name="payer")), 0, 6, 1, 6, top)
        self.payer.picked.connect(self._payer_chosen)
        self.course = QComboBox()
        self.course.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.course.setMinimumContentsLength(24)  # a long name of a group gives way to the sums beside it
        groups = calendar.groups()
        for offer in catalog.courses():
            self.course.addItem(f"{offer.name}   {offer.code}", (offer, None))
            for group in groups:
                if group.course_id == offer.id:
                    self.course.addItem(group_words(context, offer, group), (offer, group))
        self.course.currentIndexChanged.connect(self._course_chosen)
        course = Field(_("Course and group"), self.course, name="course")
        grid.addWidget(self.add_field("course", course), 1, 0, 1, 12)
        self.quoted = QuotedPrice(self.context, student_id)
        self.quoted.changed.connect(self._quote_chosen)
        grid.addWidget(self.quoted, 2, 0, 1, 12)
        self.price = QLineEdit()
        self.price.textEdited.connect(self._update)
        grid.addWidget(
            self.add_field("list_price", Field(_("List price"), self.price, name="list_price")), 3, 0, 1, 3, top
        )
        self.discount = QLineEdit()
        self.discount.setPlaceholderText(_("5 % or 72.00"))
        self.discount.textEdited.connect(self._update)
        grid.addWidget(
            self.add_field("discount", Field(_("Discount"), self.discount, name="discount")), 3, 3, 1, 3, top
        )
        self.coupon = QLineEdit()
        self.coupon.textEdited.connect(self._coupon_edited)
        self.coupon.editingFinished.connect(self._coupon_typed)
        coupon = Field(_("Coupon"), self.coupon, name="coupon")
        grid.addWidget(self.add_field("coupon", coupon), 3, 6, 1, 3, top)
        self.tax = QComboBox()
        for rate_id, name, _rate, _reason in center_lists.tax_rates():
            self.tax.addItem(name, rate_id)
        self.tax.currentIndexChanged.connect(self._update)
        grid.addWidget(self.add_field("tax_rate", Field(_("Tax"), self.tax, name="tax_rate")), 3, 9, 1, 3, top)
        self.why = self.add_field("discount_reason", Field(_("Reason of the discount"), name="discount_reason"))
        grid.addWidget(self.why, 4, 0, 1, 12)
        left.addLayout(grid)
        self.explained = Text("", "small", "text2", wrap=True)
        self.explained.setObjectName("discount_explained")
        left.addWidget(self.explained)
        left.addWidget(Text(_("Plan"), "label", "text2"))
        self.plan = Segment(
            (
                ("1", _("Pay at once"), ("Alt", "1")),
                ("3", _("3 installments"), ("Alt", "3")),
                ("6", _("6 installments"), ("Alt", "6")),
                ("0", _("Own plan…"), ("Alt", "0")),
            ),
            "plan",
        )
        self.plan.set_value("1")
        self.plan.chosen.connect(self._update)
        left.addWidget(self.plan)
        self.parts = PlanTable(context)
        left.addWidget(self.parts)
        self.own_plan = PlanEditor(context)
        self.own_plan.changed.connect(self._update)
        self.own_plan.hide()
        left.addWidget(self.own_plan)
        self.override = self.add_field("override_reason", Field(_("Enroll anyway, because"), name="override_reason"))
        self.override.hide()
        left.addWidget(self.override)
        left.addStretch(1)
        row.addLayout(left, 1)
        row.addWidget(self._summary())
        self.body.addLayout(row)
        self.mail = QCheckBox(_("Mail the confirmation"))
        self.mail.setObjectName("mail_confirmation")
        self.mail.setChecked(bool(found.email))
        self.mail.setEnabled(bool(found.email))
        self.only = Button(_("Enroll only"), keys=("Ctrl", "S"))
        self.only.clicked.connect(self.enroll_only)
        self.promise = Button(_("Quote"), keys=("Alt", "Q"), kind="quiet")
        self.promise.setToolTip(_("promise this price until a day, and enroll later (Alt+Q)"))
        self.promise.clicked.connect(self.offer_quote)
        pay = Button(_("Enroll and pay"), "banknote", kind="primary", keys=("Ctrl", "Enter"))
        self.add_foot((self.mail, self.promise), pay)
        self.foot.insertWidget(self.foot.count() - 1, self.only)
        others = (("Ctrl+S", self.enroll_only), ("Alt+Q", self.offer_quote), ("Alt+U", self.quoted.toggle))
        for keys, act in (*others, *((f"Alt+{n}", self._planner(n)) for n in ("1", "3", "6", "0"))):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setAutoRepeat(False)
            shortcut.activated.connect(act)
        promised = self.quoted.courses()
        with QSignalBlocker(self.course):  # a price that was promised is taken up before anything else
            places = range(self.course.count())
            self.course.setCurrentIndex(next((n for n in places if self.course.itemData(n)[0].id in promised), 0))
        self._course_chosen()
        self.course.setFocus()

    def _planner(self, parts: str) -> Callable[[], None]:
        def choose() -> None:
            self.plan.set_value(parts)
            self._update()

        return choose

    def _summary(self) -> QWidget:
        box = QFrame()
        box.setProperty("aside", True)
        box.setFixedWidth(min(theme().px(292), 360))
        column = QVBoxLayout(box)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(10)
        self.seats = QWidget()
        seats = QVBoxLayout(self.seats)
        seats.setContentsMargins(0, 0, 0, 0)
        seats.setSpacing(5)
        self.seats_title = Text("", "label", "text2", wrap=True)
        line = QHBoxLayout()
        line.setSpacing(8)
        self.seats_count = Text("", "amount_m")
        self.seats_count.setObjectName("seats_after")
        self.seats_left = Line("", "small", "text2")
        line.addWidget(self.seats_count)
        line.addWidget(self.seats_left, 1)
        self.squares = SeatSquares()
        self.seats_kinds = Text("", "small", "text2", wrap=True)
        self.own = QWidget()
        own = QHBoxLayout(self.own)
        own.setContentsMargins(0, 0, 0, 0)
        own.setSpacing(8)
        own.addWidget(_OwnSeat())
        own.addWidget(Text(_("this seat: pending until it is paid"), "small", "text2"), 1)
        seats.addWidget(self.seats_title)
        seats.addLayout(line)
        for widget in (self.squares, self.seats_kinds, self.own):
            seats.addWidget(widget)
        seats.addSpacing(6)
        seats.addWidget(rule())
        column.addWidget(self.seats)
        self.sums = EnrollSums(self.context)
        self.sums.changed.connect(self._update)
        self.total = self.sums.total
        column.addWidget(self.sums)
        column.addWidget(rule())
        self.warnings = QVBoxLayout()
        self.warnings.setSpacing(8)
        column.addLayout(self.warnings)
        column.addStretch(1)
        return box

    def _offer(self) -> catalog.Offer | None:
        chosen = self.course.currentData()
        return chosen[0] if chosen else None

    def _group(self) -> calendar.Group | None:
        chosen = self.course.currentData()
        return chosen[1] if chosen else None

    def _course_chosen(self) -> None:
        offer = self._offer()
        if offer is not None:
            center = self.context.center
            self.price.setText(money.format_plain(offer.price_minor, center.currency, center.locale))
            with QSignalBlocker(self.tax):
                self.tax.setCurrentIndex(self.tax.findData(offer.tax_rate_id))
        self._show_seats()
        self.quoted.show_for(offer.id if offer is not None else None)

    def _coupon_edited(self) -> None:
        self._coupon_whole = False  # a code that is still being typed is not called wrong
        self._update()

    def _coupon_typed(self) -> None:
        if self.isVisible():  # a form that closes takes the focus away, too
            self._coupon_whole = True
            self._update()

    def _payer_chosen(self) -> None:
        quoted = self.quoted.chosen()
        if quoted is not None and quoted.payer_id != self.payer.currentData():
            self.quoted.let_go()  # it was promised to somebody else
        else:
            self._update()

    def _quote_chosen(self) -> None:
        """A promised price takes the place of what is typed about it; without one the catalog counts again."""
        quoted, offer, center = self.quoted.chosen(), self._offer(), self.context.center
        for widget in (self.price, self.discount, self.coupon, self.tax):
            widget.setEnabled(quoted is None)
        if quoted is not None:
            self.payer.set_payer(quoted.payer_id)
        listed = quoted.price.list_price_minor if quoted is not None else offer.price_minor if offer is not None else 0
        self.price.setText(money.format_plain(listed, center.currency, center.locale))
        if quoted is not None:
            self.discount.clear()
            self.coupon.clear()
        self.fields["coupon"].clear_error()
        self._update()

    def _show_seats(self) -> None:
        group = self._group()
        self.seats.setVisible(group is not None)
        if group is None:
            return
        block = group.fullest
        free = block.capacity - block.taken
        self.seats_title.setText(_("Seats in {group}").format(group=group.name))
        count = _("{n} of {all}").format(n=min(block.taken + 1, block.capacity), all=block.capacity)
        left = ngettext("after this, {n} stays free", "after this, {n} stay free", free - 1).format(n=free - 1)
        self.seats_count.setText(count if free > 0 else _("{all} of {all}").format(all=block.taken))
        self.seats_left.setText(left if free > 0 else _("full"))
        self.own.setVisible(free > 0)
        self.squares.show_seats(block, own=True)
        kinds = ((_("{n} paid"), block.paid), (_("{n} pending"), block.pending), (_("{n} held"), block.held))
        said = " · ".join(words_.format(n=n) for words_, n in kinds if n)
        meets = ngettext("{n} meeting to come", "{n} meetings to come", group.slots).format(n=group.slots)
        self.seats_kinds.setText(" · ".join(filter(None, (said, meets))))

    def _discount_minor(self, price: int) -> int | None:
        """What was typed by hand, None where nothing was: then the center's rules are asked."""
        typed = self.discount.text().strip()
        if not typed:
            return None
        if typed.endswith("%"):
            percent = money.parse(typed.removesuffix("%").strip(), "EUR", self.context.center.locale, field="discount")
            return money.share(price, percent)
        return money.parse(typed, self.context.center.currency, self.context.center.locale, field="discount")

    def _priced(self) -> tuple[EnrollmentDraft, enrollment.Quote]:
        """What was typed, and its price: without a coupon that does not count, which is said once it is typed whole."""
        try:
            draft = self.draft()
            return draft, enrollment.quote(draft)
        except UserError as error:
            if error.field != "coupon":
                raise
            if self._coupon_whole:
                self.fields["coupon"].set_error(text.sentence(error))
            draft = self.draft(coupon="")
            return draft, enrollment.quote(draft)

    def draft(self, coupon: str | None = None) -> EnrollmentDraft:
        """What was typed, with another coupon if one is given. UserErrors stand by their field."""
        offer, center, group = self._offer(), self.context.center, self._group()
        if offer is None:
            raise UserError("scheduling.no_course", "course")
        price = money.parse(self.price.text(), center.currency, center.locale, field="list_price")
        quoted = self.quoted.chosen()
        draft = EnrollmentDraft(
            student_id=self.student_id,
            course_id=offer.id,
            payer_id=self.payer.currentData(),
            list_price_minor=price,
            discount_minor=self._discount_minor(price) if quoted is None else None,
            discount_reason=self.why.text() if not self.why.isHidden() else "",
            tax_rate_id=self._tax_rate(offer),
            session_id=group.session_id if group is not None else None,
            send_mail=self.mail.isChecked(),
            override_reason=self.override.text() if not self.override.isHidden() else "",
            coupon="" if quoted is not None else self.coupon.text() if coupon is None else coupon,
            quote_id=quoted.id if quoted is not None else None,
            with_fee=self.sums.with_fee(),
        )
        parts = int(self.plan.value() or "1")
        if parts == 1:
            return draft
        gross = enrollment.quote(draft).gross_minor
        if parts == 0:
            self._open_own(gross)
            return EnrollmentDraft(**{**draft.__dict__, "installments": self.own_plan.parts()})
        first = clock.local_date(center.zone).isoformat()
        return EnrollmentDraft(**{**draft.__dict__, "installments": enrollment.plan(gross, parts, first)})

    def _open_own(self, gross: int) -> None:
        """An own plan begins with the three even parts that most begin with; afterwards it is what was typed."""
        if self.own_plan.rows:
            self.own_plan.set_left(gross)
            return
        first = clock.local_date(self.context.center.zone).isoformat()
        self.own_plan.show_plan((), enrollment.plan(gross, min(3, gross), first) if gross else (), gross)

    def _tax_rate(self, offer: catalog.Offer) -> int | None:
        """The rate that was chosen; None for the course's own, which may be one that is not offered any more."""
        chosen = self.tax.currentData()
        return int(chosen) if chosen is not None and chosen != offer.tax_rate_id else None

    def _update(self) -> None:
        clear_layout(self.warnings)
        own = self.plan.value() == "0"
        self.own_plan.setVisible(own)
        self.why.setVisible(bool(self.discount.text().strip()) and self.quoted.chosen() is None)
        try:
            draft, quote = self._priced()
        except UserError as error:
            self.parts.hide()
            self.explained.hide()
            self.sums.say(text.sentence(error))
            self.main.set_label(_("Enroll and pay"))
            return
        self._show_sums(quote)
        today = clock.local_date(self.context.center.zone).isoformat()
        parts = draft.installments or ((today, quote.gross_minor),)
        self.parts.show_parts(parts, quote.gross_minor)
        self.parts.setVisible(not own)
        now = parts[0][1] + self.sums.fee_minor(quote)
        self.main.set_label(_("Enroll and take {amount}").format(amount=text.show_money(now)) if now else _("Enroll"))
        keys = {key for key, _params in quote.warnings}
        self.override.setVisible("enrollment.too_young" in keys)
        for key, params in quote.warnings:
            self._check(text.sentence(key, dict(params)), "warn")
        for good in self._goods(keys):
            self._check(good, "ok")
        late = self._late()
        if late:
            self._check(late, "warn")
        if self.isVisible():
            grow(self)  # its own way of taking its size stops at two thirds of the screen
            self._settled.start()  # and again, once wrapped lines stand where they stay

    def _grow(self) -> None:
        self._scroll.updateGeometry()  # a plan in place of another asks for its room only now
        grow(self)

    def _show_sums(self, quote: enrollment.Quote) -> None:
        rate = text.show_percent(quote.rate_bp)
        gross = self.context.center.prices == "gross"
        inside = text.show_money(quote.tax_minor)
        vat = _("with {rate} VAT inside") if gross else _("{rate} VAT comes on top")
        self.fields["list_price"].set_hint(vat.format(rate=rate) if quote.rate_bp else _("no VAT"))
        self.fields["tax_rate"].set_hint(_("{amount} VAT").format(amount=inside) if quote.rate_bp else _("no VAT"))
        less = text.show_money(-quote.discount_minor)
        self.fields["discount"].set_hint(less if quote.discount_minor else _("an amount, or like 5 %"))
        choice = quote.choice
        told = choice.reason if choice.kind == "quote" else choice.explained
        self.explained.setText(told if choice.kind != "hand" or choice.others else "")
        self.explained.setVisible(bool(self.explained.text()))
        self.sums.show_quote(quote)

    def _check(self, said: str, color: str) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        icon = Icon("circle-check" if color == "ok" else "circle-alert", color, 16)
        line.addWidget(icon, alignment=Qt.AlignmentFlag.AlignTop)
        line.addWidget(Text(said, "small", color, wrap=True), 1)
        self.warnings.addLayout(line)

    def _goods(self, warned: set[str]) -> list[str]:
        """What was looked at and is right."""
        found, offer = [], self._offer()
        if self._group() is not None and "seats.student_busy" not in warned:
            found.append(_("No clash with other slots"))
        needs = offer.minimum_age if offer is not None else None
        years = roster.age(self.born, self.context.center.zone)
        if needs is not None and years is not None and "enrollment.too_young" not in warned:
            found.append(_("Old enough: {years}, needs {needs}").format(years=years, needs=needs))
        return found

    def _late(self) -> str:
        today = clock.local_date(self.context.center.zone).isoformat()
        late = [due for due in payments.owed(self.student_id) if due.due_on < today]
        if not late:
            return ""
        amount = text.show_money(sum(due.open_minor for due in late))
        what = late[0].invoice_label or late[0].title
        return _("{amount} is late, {what}. You may still enroll.").format(amount=amount, what=what)

    def main_action(self) -> None:
        self._save(pay_next=True)

    def enroll_only(self) -> None:
        """Enroll without going to the payment desk."""
        self._save(pay_next=False)

    def _save(self, *, pay_next: bool) -> None:
        if not self.main.isEnabled():
            return  # it is being done, by whichever of the two keys
        self.clear_errors()
        self._pay_next = pay_next
        try:
            draft = self.draft()
        except UserError as error:
            self.refuse(error)
            return
        self.context.run(enrollment.enroll, draft, done=self._saved, failed=self.refuse, busy=self.main)

    def offer_quote(self) -> None:
        """Promise the price that was typed; nobody is enrolled by that."""
        if not self.main.isEnabled():
            return
        self.clear_errors()
        try:
            typed = self.draft()
            gross = enrollment.quote(typed).gross_minor
        except UserError as error:
            self.refuse(error)
            return
        names = QuoteDraft.__dataclass_fields__.keys() - {"expires_on"}
        draft = QuoteDraft(**{name: getattr(typed, name) for name in names})
        if self.quoted.chosen() is not None:
            self.say(_("This price is promised already."))
            return
        dialog = OfferQuote(self.context, self, draft, gross)
        dialog.offered.connect(self.accept)
        dialog.open()

    def refuse(self, error: DeskError) -> None:
        """What is wrong with a plan of one's own is said at the plan."""
        if isinstance(error, UserError) and error.field == "installments" and not self.own_plan.isHidden():
            self.own_plan.refuse(error)
        else:
            super().refuse(error)

    def _saved(self, enrollment_id: int) -> None:
        self.accept()
        self.context.notice.emit(_("Enrolled."))
        self.enrolled.emit(enrollment_id, self._pay_next)


def group_words(context: Context, offer: catalog.Offer, group: calendar.Group) -> str:
    """A group of a course in one line: name, days and time, when it meets next, where."""
    name = group.name.removeprefix(offer.name).strip(" ,·")
    days = ", ".join(words.weekday(day, context.center) for day in group.weekdays)
    starts = _("next {day}").format(day=words.day(group.next_on, context.center))
    facts = (offer.name, name, f"{days} {group.start_time}", starts, group.fullest.room)
    return " · ".join(filter(None, facts))


class _OwnSeat(QWidget):
    """The sign of the seat in question."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(theme().px(13), theme().px(13))

    def paintEvent(self, event: QPaintEvent) -> None:
        draw_seat(QPainter(self), QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), "own")
