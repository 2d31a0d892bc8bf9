"""What is owed and what is added to it (the left of picture 05): rows to take, offers to add, the sum of both."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QObject, QPoint, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QHBoxLayout,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app import clock, text
from app.desk import basket, enrollment, payments, registration
from app.desk.quotes import Quoted
from app.errors import UserError
from app.lists import billing, catalog, discounts
from app.text import _, ngettext
from ui.context import Context
from ui.pages import line_acts
from ui.pages.payment_parts import COLUMNS, GAP, OwedRow, tax_words, taxes
from ui.theme import theme
from ui.widgets.basic import Button, Text, clear_layout, rule
from ui.widgets.line import Line
from ui.widgets.paint import draw_icon, draw_keys, draw_line, keys_width, lead

_KINDS = ("course", "product")


def _is_planned(due: payments.OwedLine, today: str) -> bool:
    """Whether a plan asks for this on a later day, and no invoice does."""
    return due.installment_id is not None and due.invoice_id is None and due.due_on > today


class Chosen(NamedTuple):
    """What a payment is for, as its draft says it."""

    lines: tuple[payments.PayLine, ...]
    courses: tuple[int, ...]
    sales: tuple[enrollment.SaleItem, ...]
    coupons: tuple[tuple[int, str], ...]
    quoted: tuple[tuple[int, int], ...]


class Others(NamedTuple):
    """What a payer owes for others than the student: so many lines of so many people, in minor units; taken or not."""

    lines: int
    people: int
    open_minor: int
    taken: bool


class AddBox(QAbstractButton):
    """The place where something is added: it looks like a field, and opens the list."""

    def __init__(self) -> None:
        super().__init__()
        self.setText(_("Add a course or product"))
        self.setAccessibleName(self.text())
        self.setObjectName("add_offer")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(200, theme().px(36))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, everything = QPainter(self), QRectF(self.rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on, here = self.isEnabled(), self.hasFocus()
        edge = "line" if not on else "brassedge" if here else "text2" if self.underMouse() else "line2"
        painter.setPen(QPen(theme().color(edge), 2 if here and on else 1))
        painter.setBrush(theme().color("surface" if on else "sunken"))
        painter.drawRoundedRect(everything.adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        ink, start, keys = "text2" if on else "text3", 12 + theme().px(16) + 8, keys_width(("Ins",))
        draw_icon(painter, everything, 12, "plus", ink, theme().px(16))
        room = everything.width() - start - keys - 24
        place = QRectF(lead(painter, everything, start, room), 0, room, everything.height())
        draw_line(painter, place, self.text(), theme().font("body"), theme().color(ink))
        left = lead(painter, everything, everything.width() - keys - 12, keys)
        draw_keys(painter, left, everything.height() / 2, ("Ins",), theme().color(ink), theme().color("line2"))


class Owed(QWidget):
    """The lines of one student, and of whoever else the payer pays for. `changed` when another sum is to be paid;
    `foot` is shown where the page wants it. `refused` is what is wrong with the coupon that was typed.
    """

    changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.rows: list[OwedRow] = []
        self.offer_buttons: list[Button] = []
        self._open = False
        self._student: int | None = None
        self.payer: int | None = None
        self.codes = ""
        self.refused: UserError | None = None
        self._not_quoted: set[int] = set()
        self._columns: list[tuple[QWidget, int]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(rule())
        column.addWidget(self._head())
        self.lines = QVBoxLayout()
        self.lines.setSpacing(0)
        self.lines.setContentsMargins(0, 0, 0, 0)
        inner = QWidget()
        inner.setObjectName("scrolled")
        whole = QVBoxLayout(inner)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(self.lines)
        whole.addLayout(self._adding())
        whole.addStretch(1)
        scroll = self._scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        self._bar = scroll.verticalScrollBar()
        self._bar.rangeChanged.connect(self._range_changed)
        column.addWidget(scroll, 1)
        self.foot = QFrame()
        self.foot.setProperty("foot", True)
        foot = QHBoxLayout(self.foot)
        foot.setContentsMargins(16, 9, 16, 9)
        self.selected = Line("", "small", "text2")
        self.selected.setObjectName("selected_lines")
        self.sum = Text("", "title")
        foot.addWidget(self.selected, 1)
        foot.addWidget(self.sum)

    def _head(self) -> QWidget:
        head = QFrame()
        head.setProperty("band", True)
        columns = self._head_columns = QHBoxLayout(head)
        columns.setContentsMargins(38 + GAP, 7, 16, 7)
        columns.setSpacing(GAP)
        for label, wide, right in (
            (_("What is owed"), 0, False), (_("Due"), COLUMNS[0], False), (_("Open"), COLUMNS[1], True),
            (_("Pay now"), COLUMNS[2], True),
        ):  # fmt: skip
            said = self._last_column = Text(label, "label", "text2")
            if wide:
                self._columns.append((said, wide))
            if right:
                said.setAlignment(Qt.AlignmentFlag.AlignRight)
            columns.addWidget(said, 0 if wide else 1)
        return head

    def _adding(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(16, 12, 16, 10)
        column.setSpacing(10)
        self.add = AddBox()
        self.add.clicked.connect(self.find_offer)
        column.addWidget(self.add)
        self.often = QHBoxLayout()
        self.often.setSpacing(8)
        column.addLayout(self.often)
        return column

    def _range_changed(self, _least: int, most: int) -> None:
        """The head stays above its columns."""
        wide = self._bar.sizeHint().width() if most else 0
        self._head_columns.setContentsMargins(38 + GAP, 7, 16 + wide, 7)

    def _show_last(self) -> None:
        """What was added last is seen, and where more is added."""
        self._scroll.ensureWidgetVisible(self.add)

    def fit(self) -> None:
        """Widths follow the text size."""
        for widget, wide in self._columns:
            widget.setFixedWidth(theme().px(wide))
        for row in self.rows:
            row.fit()
        self._fit_due()
        if len(self.offer_buttons) > self._often():
            self._fill_offers()
            self.allow(self._open)

    def _fit_due(self) -> None:
        """The days take what the longest of them needs, the titles all the rest."""
        wide = max([theme().px(COLUMNS[0]), *(row.due_width() for row in self.rows)])
        self._columns[0][0].setFixedWidth(wide)
        for row in self.rows:
            row.give_due(wide)

    # -- what stands there

    def show_student(self, student_id: int | None, payer_id: int | None = None) -> None:
        """Begin anew with what someone owes, and with a payer what that payer owes for others; None shows nothing."""
        self._student, self.payer = student_id, payer_id
        self.codes, self.refused, self._not_quoted = "", None, set()
        for row in self.rows:
            self.lines.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []
        self._fit_due()
        self._last_column.setText(_("Pay now"))
        self._fill_offers()
        if student_id is not None:
            for row in self._rows_of(billing.together(student_id, payer_id)):
                self._add_row(row)

    def _rows_of(self, owed: Sequence[payments.OwedLine]) -> list[OwedRow]:
        """A row for each due, with the reason of its discount.

        Everything is taken beforehand but what a plan asks for later: nothing of that, or the next part
        where there is nothing else.
        """
        lines = [
            ("product_enrolled", due.product_enrolled_id or 0)
            if due.enrollment_id is None
            else ("courses_enrolled", due.enrollment_id)
            for due in owed
        ]
        why = discounts.reasons(lines)
        rows = [OwedRow(self.context, due, reason=why.get(line, "")) for due, line in zip(owed, lines, strict=True)]
        started = basket.waiting()
        for row in rows:
            row.show_waiting([one for one in started if row.due is not None and one.means(row.due)])
        today = clock.local_date(self.context.center.zone).isoformat()
        later = [row for row in rows if row.due is not None and _is_planned(row.due, today)]
        for row in later if self.rows or len(later) < len(rows) else later[1:]:
            row.propose(0)
        return rows

    def is_stale(self, student_id: int) -> bool:
        """Whether something else is owed now than stands here."""
        return billing.together(student_id, self.payer) != [row.due for row in self.rows if row.due is not None]

    def let_go(self, student_id: int) -> None:
        """Take away the lines that are not owed any more as they stand here; what was added stays."""
        owed = billing.together(student_id, self.payer)
        for row in [row for row in self.rows if row.due is not None and row.due not in owed]:
            self._remove_row(row)

    def renew(self, student_id: int, *, take: bool = True) -> None:
        """Show what is owed now; what was added and not sold yet stays below it. New lines are taken, or left."""
        self.let_go(student_id)
        there = [row.due for row in self.rows if row.due is not None]
        for row in self._rows_of([due for due in billing.together(student_id, self.payer) if due not in there]):
            if not take:
                row.propose(0)
            self._add_row(row, len([one for one in self.rows if one.due is not None]))
        self.changed.emit()

    def pay_by(self, payer_id: int | None, *, take: bool) -> None:
        """Another one pays: what they owe for others comes in the place of what the one before did. All else stays as
        it was typed; a contract of theirs, or a price promised to them, counts for what is added.
        """
        self.payer = payer_id
        self._price()
        if self._student is not None:
            self.renew(self._student, take=take)

    def others(self) -> Others | None:
        """What stands here of others than the student, None where nothing does."""
        theirs = [row for row in self.rows if row.due is not None and row.due.student]
        if not theirs:
            return None
        people = {row.due.student for row in theirs if row.due is not None}
        taken = any(row.take.isChecked() for row in theirs)
        return Others(len(theirs), len(people), sum(row.open_minor for row in theirs), taken)

    def take_others(self, on: bool) -> None:
        """Take every line of others in whole, or none of them."""
        for row in self.rows:
            if row.due is not None and row.due.student:
                row.pay(row.open_minor if on else 0)

    def is_typed(self) -> bool:
        """Whether a line was left out, added, or is paid in part."""
        return any(row.offer is not None or row.amount() != row.proposed for row in self.rows)

    def allow(self, on: bool) -> None:
        """Whether lines can be chosen and added: not once the payment is started."""
        self._open = on
        for widget in (self.add, *self.offer_buttons, *self.rows):
            widget.setEnabled(on)

    def _add_row(self, row: OwedRow, place: int | None = None) -> None:
        row.changed.connect(self.changed)
        row.removed.connect(self._remove_row)
        place = len(self.rows) if place is None else place
        self.rows.insert(place, row)
        self.lines.insertWidget(place, row)
        row.more_wanted.connect(self._show_more)
        self._fit_due()

    def _show_more(self, row: QObject, at: QPoint) -> None:
        """Shift+F10 on a line: what else is done with it."""
        assert isinstance(row, OwedRow)
        if not self._open or self._student is None:
            return
        if row.due is not None:
            line = payments.PayLine(row.due.enrollment_id, row.due.product_enrolled_id)
            line_acts.menu(self.context, self, self._student, line, at)
        elif row.offer is not None and row.quote is not None and row.quote.payer_id == self.payer:
            self._quote_menu(row.offer.id, row.quote, at)

    def _quote_menu(self, course_id: int, quote: Quoted, at: QPoint) -> None:
        """Whether a price that was promised is used: for the one line that has it."""
        made = QMenu(self)
        made.setObjectName("line_menu")
        made.aboutToHide.connect(made.deleteLater)
        used = course_id not in self._not_quoted
        said = _("Do not use quote {number}") if used else _("Use quote {number}, {amount}")
        facts = {"number": quote.number, "amount": text.show_money(quote.price.gross_minor)}
        entry = made.addAction(theme().icon("file-text", "text2"), said.format(**facts))
        entry.setObjectName("line_quote")
        entry.triggered.connect(partial(self._use_quote, course_id, not used))
        made.popup(at)
        made.setActiveAction(entry)

    def _use_quote(self, course_id: int, use: bool, _on: bool = False) -> None:
        (self._not_quoted.discard if use else self._not_quoted.add)(course_id)
        self._price()
        self.changed.emit()

    def _remove_row(self, row: QObject) -> None:
        assert isinstance(row, OwedRow)
        place, here = self.rows.index(row), QApplication.focusWidget()
        self.rows.remove(row)
        if here is not None and row.isAncestorOf(here):  # the keys of the page work from where the focus is
            (self.rows[min(place, len(self.rows) - 1)].take if self.rows else self.add).setFocus()
        self._price()
        self.lines.removeWidget(row)
        row.hide()
        row.deleteLater()
        self._fit_due()
        self.changed.emit()

    @staticmethod
    def _often() -> int:
        """How many things that are often sold have room beside each other."""
        return 3 if theme().scale < 1.2 else 2

    def _fill_offers(self) -> None:
        clear_layout(self.often)
        self.offer_buttons = []
        self.often.addWidget(Text(_("Often sold:"), "small", "text3"))
        for offer in catalog.products(often=True)[: self._often()]:
            short = " ".join(offer.name.split(",")[0].split()[:2])
            price = text.show_money(offer.gross_minor(self.context.center.prices))
            button = Button(f"{short}  {price}", kind="quiet", size="small")
            button.setProperty("offer", offer.id)
            button.clicked.connect(self._often_clicked)
            self.offer_buttons.append(button)
            self.often.addWidget(button)
        self.often.addStretch(1)

    def _often_clicked(self) -> None:
        wanted = self.sender().property("offer")
        for offer in catalog.products(often=True):
            if offer.id == wanted:
                self.add_offer(offer)

    def find_offer(self) -> None:
        """Ins: choose a course or a product by its name."""
        if self._open and self._student is not None:
            from ui.dialogs.find_offer import FindOffer  # first needed when something is added

            dialog = FindOffer(self.context, self, self._student)
            dialog.chosen.connect(self.add_offer)
            dialog.open()

    def add_offer(self, offer: catalog.Offer) -> None:
        """Add a product or a course, once: it is sold, or the student enrolled, when the payment completes."""
        there = {row.offer.id for row in self.rows if row.offer is not None and row.offer.kind == "course"}
        if self._open and not (offer.kind == "course" and offer.id in there):
            self._add_row(OwedRow(self.context, None, offer))
            if offer.kind == "course":
                self._add_fee()
            self._price()
            self.changed.emit()
            QTimer.singleShot(0, self._show_last)

    def _add_fee(self) -> None:
        """Whoever is new is charged with the registration fee, once."""
        assert self._student is not None
        fee = registration.due(self.context.center, self._student)
        there = {row.offer.id for row in self.rows if row.offer is not None and row.offer.kind == "product"}
        if fee is not None and fee.id not in there:
            for offer in catalog.products():
                if offer.id == fee.id:
                    self._add_row(OwedRow(self.context, None, offer))

    def use_coupon(self, codes: str) -> None:
        """Coupons for what is added, as typed; `refused` says afterwards what is wrong with one."""
        self.codes = codes
        self._price()
        self.changed.emit()

    def price_again(self) -> None:
        """What is added costs what it costs now: a quote or a coupon may be gone since."""
        self._price()
        self.changed.emit()

    def _price(self) -> None:
        """What is added costs what the payment would agree on now; what is refused is said when it is started."""
        self.refused = None
        added = {kind: [row for row in self.rows if row.offer and row.offer.kind == kind] for kind in _KINDS}
        if self._student is None or not any(added.values()):
            self.codes = ""  # a coupon goes with what it lowers
            return
        courses, products = ([row.offer.id for row in added[kind] if row.offer] for kind in _KINDS)
        try:
            found = basket.price(
                self.context.center, self._student, courses, products, self.payer, self.codes, self._not_quoted
            )
        except UserError:
            return
        self.refused = found.refused
        rows = (*added["course"], *added["product"])
        for row, priced in zip(rows, (*found.courses, *found.products), strict=True):
            row.set_price(priced, self.payer)

    def show_begun(self, begun: basket.Begun) -> None:
        """What a payment was started with: its lines alone are taken, and what it adds stands below at its price."""
        for row in self.rows:
            row.show_waiting([])  # it stands here now
        self.take_only(begun.lines)
        offers = {(one.kind, one.id): one for one in (*catalog.courses(), *catalog.products())}
        for kind, item, priced in begun.added:
            if (kind, item) in offers:
                row = OwedRow(self.context, None, offers[kind, item])
                row.set_price(priced, self.payer)
                self._add_row(row)
        self.changed.emit()

    def take_only(self, lines: Sequence[payments.PayLine]) -> None:
        """Of what is owed now, the lines that a payment was started for, and no more of each than it meant."""
        wanted = {(line.enrollment_id, line.product_enrolled_id, line.installment_id): line for line in lines}
        for row in self.rows:
            due = row.due
            if due is not None:
                key = (due.enrollment_id, due.product_enrolled_id, due.installment_id)
                row.pay(min(wanted[key].amount_minor, due.open_minor) if key in wanted else 0)

    # -- sums

    def total_minor(self) -> int | None:
        """What is to be paid, None while an amount on a line does not fit."""
        amounts = [row.amount() for row in self.rows]
        return None if any(amount is None for amount in amounts) else sum(amount or 0 for amount in amounts)

    def taken(self) -> bool:
        """Whether any line is taken."""
        return any(row.take.isChecked() for row in self.rows)

    def up_to(self, amount_minor: int) -> Chosen:
        """The lines that an amount pays, in their order; and all courses and sales that are taken, with what lowers the
        price of each: what the amount does not reach is enrolled and sold all the same, and owed.
        """
        left = amount_minor
        lines, courses, sales, coupons, quoted = [], [], [], [], []
        for row in self.rows:
            wanted = min(row.amount() or 0, left)
            if not wanted and (row.offer is None or not row.take.isChecked()):
                continue
            left -= wanted
            if row.due is not None:
                due = row.due
                lines.append(payments.PayLine(due.enrollment_id, due.product_enrolled_id, due.installment_id, wanted))
            elif row.offer is not None and row.offer.kind == "course":
                courses.append(row.offer.id)
                if row.coupon:
                    coupons.append((row.offer.id, row.coupon))
                if row.quote_id is not None:
                    quoted.append((row.offer.id, row.quote_id))
            elif row.offer is not None:
                sales.append(enrollment.SaleItem(row.offer.id, coupon=row.coupon))
        return Chosen(tuple(lines), tuple(courses), tuple(sales), tuple(coupons), tuple(quoted))

    def to_wrong(self) -> None:
        """To the first amount that does not fit, where it is said why."""
        for row in self.rows:
            if row.amount() is None:
                row.edit.setFocus()
                row.edit.selectAll()
                return

    def show_sums(self) -> None:
        """Say below how many lines are taken, the tax in them, and their sum."""
        total = self.total_minor()
        self.sum.setText(text.show_money(total) if total is not None else "—")
        taken = [row for row in self.rows if row.take.isChecked()]
        net, by_rate = taxes(taken)
        parts = [ngettext("{n} line selected", "{n} lines selected", len(taken)).format(n=len(taken))]
        if taken:
            parts.append(_("Net {amount}").format(amount=text.show_money(net)))
            parts += [f"{tax_words(rate)} {text.show_money(tax)}" for rate, tax in by_rate.items()]
        self.selected.setText("    ".join(parts))

    def show_outcome(self, paid_minor: int, *, sold: bool) -> list[str]:
        """What became of each line, where so much was paid on them in their order; `sold`: what was added is there now,
        also where no money came to it. Returns what was taken, and is not there because none did.
        """
        without: list[str] = []
        self._last_column.setText(_("Result"))
        left = paid_minor
        for row in self.rows:
            put = min(row.amount() or 0, left)
            left -= put
            whole = put and put == row.open_minor
            owed = sold and row.offer is not None and row.open_minor > 0
            if row.offer is not None and not sold and not put and row.open_minor:
                without.append(row.title)
            left_out = _("owed") if owed else "—"
            row.show_outcome(_("Paid") if whole else text.show_money(put) if put else left_out, "paid" if whole else "")
        return without
