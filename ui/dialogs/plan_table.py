"""The plan of an enrollment as a table: when each part is due, how much it is, what is left after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app import clock, money, text
from app.desk import enrollment
from app.desk.changing import Part
from app.errors import UserError
from app.text import _, sentence
from ui import words
from ui.context import Context
from ui.theme import theme
from ui.widgets.basic import Button, Text, clear_layout
from ui.widgets.typed import TypedLine

#: Widths of the columns at 100 %; 0 takes what is left.
_WIDTHS = (28, 118, 0, 92, 92)


class PlanTable(QFrame):
    """Rows of 36 pixels under a head; the first part is the one the payment desk takes next."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.setProperty("framed", True)
        self.rows: list[tuple[str, ...]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(1, 1, 1, 1)
        self._column.setSpacing(0)

    def show_parts(self, parts: Sequence[tuple[str, int]], gross: int) -> None:
        """Due dates and amounts in minor units, and what they add up to."""
        clear_layout(self._column)
        self.rows = []
        head = (_("#"), _("Due"), _("What"), _("Amount"), _("Left after"))
        self._row([self._cell(said, "label", "text2") for said in head], head=True)
        today, left = clock.local_date(self.context.center.zone).isoformat(), gross
        for number, (due_on, amount) in enumerate(parts, start=1):
            left -= amount
            now = number == 1 and due_on <= today
            day = _("today") if due_on <= today else words.day(due_on, self.context.center)
            part = _("part {n} of {all}").format(n=number, all=len(parts)) if len(parts) > 1 else ""
            said = (_("→ Payment desk opens next"), "badge", "brasstext") if now else (part, "small", "text2")
            what = Text(*said)
            if now:
                what.setFixedHeight(theme().px(22))
                what.setStyleSheet(
                    f"color: {theme().hex('brasstext')}; background: {theme().hex('brasstint')};"
                    " border: none; border-radius: 5px; padding: 2px 7px;"
                )
            cells = [
                self._cell(str(number), "body", "text2"),
                self._cell(day, "name" if now else "body"),
                what,
                self._cell(text.show_money(amount), "name"),
                self._cell(text.show_money(left), "body", "text2"),
            ]
            self.rows.append((str(number), day, text.show_money(amount), text.show_money(left)))
            self._row(cells, last=number == len(parts))

    @staticmethod
    def _cell(said: str, role: str, color: str = "text") -> Text:
        return Text(said, role, color)

    def _row(self, cells: Sequence[QWidget], *, head: bool = False, last: bool = False) -> None:
        box = QFrame()
        box.setFixedHeight(theme().px(32 if head else 34))
        if head:
            box.setProperty("band", True)
        elif not last:
            box.setProperty("lined", True)
        line = QHBoxLayout(box)
        line.setContentsMargins(12, 0, 12, 0)
        line.setSpacing(8)
        for number, (cell, wide) in enumerate(zip(cells, _WIDTHS, strict=True)):
            if number > 2 and isinstance(cell, Text):
                cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if wide:
                cell.setFixedWidth(theme().px(wide))
                line.addWidget(cell)
            else:
                line.addWidget(cell)
                line.addStretch(1)
        self._column.addWidget(box)


#: Widths of the columns of a plan that is typed: number, due, what, amount, left after, and the button at its end.
_TYPED = (28, 124, 0, 104, 92, 28)


class _TypedRow:
    """The widgets of one installment that is typed."""

    def __init__(self, due: TypedLine, amount: TypedLine, left: Text) -> None:
        self.due, self.amount, self.left = due, amount, left


class PlanEditor(QFrame):
    """A plan that is typed: dates and amounts, even or uneven, and beside them what is still missing.

    Installments that stay as they are stand among them and cannot be touched. `changed` when something was typed.
    """

    changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.setObjectName("plan_editor")
        self.setProperty("framed", True)
        self._kept: tuple[Part, ...] = ()
        self._left_minor = 0
        self._unread: TypedLine | None = None
        self.rows: list[_TypedRow] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        self._column = QVBoxLayout()
        self._column.setSpacing(0)
        column.addLayout(self._column)
        foot = QFrame()
        foot.setProperty("band", True)
        line = QHBoxLayout(foot)
        line.setContentsMargins(12, 7, 12, 7)
        line.setSpacing(8)
        self.add = Button(_("Add a part"), "plus", kind="quiet", size="small", keys=("Alt", "A"))
        self.add.clicked.connect(self.add_part)
        self.even = Button(_("Spread evenly"), kind="quiet", size="small", keys=("Alt", "E"))
        self.even.clicked.connect(self.spread)
        self.sum = Text("", "small_strong", "ok", wrap=True)
        self.sum.setObjectName("plan_sum")
        self.sum.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.add)
        line.addWidget(self.even)
        line.addWidget(self.sum, 1)
        column.addWidget(foot)
        for keys, act in (("Alt+A", self.add_part), ("Alt+E", self.spread), ("Alt+Del", self.remove_part)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(act)

    def show_plan(self, kept: Sequence[Part], loose: Sequence[tuple[str, int]], left_minor: int) -> None:
        """Begin with installments that stay, those that can be typed over, and what these have to come to."""
        self._kept, self._left_minor = tuple(kept), left_minor
        self._fill([(due_on, self._plain(amount)) for due_on, amount in loose])

    def set_left(self, left_minor: int) -> None:
        """The price changed: the same parts have to come to another sum."""
        if left_minor != self._left_minor:
            self._left_minor = left_minor
            self._say()

    def parts(self) -> tuple[tuple[str, int], ...]:
        """What was typed: (due date, minor units). UserErrors `enrollment.date`, and as from an amount, about
        `installments`; `refuse` says them where they are.
        """
        found = []
        here = self.context.center
        self._unread = None
        for row in self.rows:
            due = row.due.text().strip()
            try:
                day = date.fromisoformat(due)
            except ValueError as error:
                self._unread = row.due
                raise UserError("enrollment.date", "installments", text=due[:20]) from error
            try:
                minor = money.parse(row.amount.text(), here.currency, here.locale, field="installments")
            except UserError:
                self._unread = row.amount
                raise
            found.append((day.isoformat(), minor))
        return tuple(found)

    def refuse(self, error: UserError) -> None:
        """Say what is wrong at the foot of the plan; the row it is about is marked and takes the keys."""
        edit = self.point(error) or self.rows[0].amount
        edit.setFocus()
        around = self.parentWidget()
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        if around is not None:  # a low window: what is said, and what it is about last
            around.ensureWidgetVisible(self.sum)
            around.ensureWidgetVisible(edit)

    def point(self, error: UserError) -> TypedLine | None:
        """Say what is wrong at the foot of the plan, and mark what it is about: what cannot be read, or a day that has
        passed. Whoever types goes on.
        """
        self.sum.setText(sentence(error))
        self.sum.set_color("danger")
        edit = self._unread
        if error.key == "enrollment.installments_past":
            edit = next((row.due for row in self.rows[error.params["at"] :]), None)
        if edit is not None:
            _mark(edit, sentence(error))
        return edit

    def add_part(self) -> None:
        """One more part at the end, a month later, over what is missing."""
        typed = [(row.due.text(), row.amount.text()) for row in self.rows]
        missing = self._left_minor - self._typed_minor()
        typed.append((self._next_day(), self._plain(missing) if missing > 0 else ""))
        self._fill(typed)
        self.rows[-1].due.setFocus()
        self.rows[-1].due.selectAll()
        self.changed.emit()

    def remove_part(self) -> None:
        """Take the part with the focus away; the last one stays."""
        here = [at for at, row in enumerate(self.rows) if row.due.hasFocus() or row.amount.hasFocus()]
        if here:
            self._remove(here[0])

    def spread(self) -> None:
        """What is to be planned, spread evenly over the parts there are."""
        amounts = money.spread(self._left_minor, len(self.rows))
        for row, amount in zip(self.rows, amounts, strict=True):
            row.amount.setText(self._plain(amount))
        self._edited()

    # -- inside

    def _remove(self, at: int) -> None:
        if len(self.rows) < 2:
            return
        typed = [(row.due.text(), row.amount.text()) for row in self.rows]
        del typed[at]
        self._fill(typed)
        self.rows[min(at, len(self.rows) - 1)].amount.setFocus()
        self.changed.emit()

    def _fill(self, typed: Sequence[tuple[str, str]]) -> None:
        clear_layout(self._column)
        self.rows, self._unread = [], None
        head = (_("#"), _("Due"), _("What"), _("Amount"), _("Left after"), "")
        self._put([Text(said, "label", "text2") for said in head], head=True)
        for number, part in enumerate(self._kept, start=1):
            paid = part.paid_minor == part.amount_minor
            what = _("paid, stays") if paid else _("invoiced, stays")
            day = words.day(part.due_on, self.context.center)
            shown = text.show_money(part.amount_minor)
            said = ((str(number), "body", "text2"), (day, "body", "text2"), (what, "small", "text3"),
                    (shown, "body", "text2"), ("", "body", "text2"), ("", "body", "text2"))  # fmt: skip
            self._put([Text(*one) for one in said])
        for number, (due_on, amount) in enumerate(typed, start=len(self._kept) + 1):
            self._put_row(number, due_on, amount)
        self._say()

    def _put_row(self, number: int, due_on: str, amount: str) -> None:
        row = _TypedRow(TypedLine(due_on), TypedLine(amount), Text("", "body", "text2"))
        row.due.setObjectName("part_due")
        row.due.setAccessibleName(_("Due date of part {n}").format(n=number))
        row.amount.setObjectName("part_amount")
        row.amount.setAccessibleName(_("Amount of part {n}").format(n=number))
        row.amount.setAlignment(Qt.AlignmentFlag.AlignRight)
        for edit in (row.due, row.amount):
            edit.textEdited.connect(self._edited)
        away = Button("", "x", kind="bare", size="small")
        away.setObjectName("part_away")
        away.setAccessibleName(_("Take part {n} away").format(n=number))
        away.setToolTip(_("Take this part away (Alt+Del)"))
        away.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        away.clicked.connect(partial(self._remove, len(self.rows)))
        what = Text(_("part {n}").format(n=number), "small", "text3")
        self.rows.append(row)
        self._put([Text(str(number), "body", "text2"), row.due, what, row.amount, row.left, away])

    def _put(self, cells: Sequence[QWidget], *, head: bool = False) -> None:
        box = QFrame()
        box.setFixedHeight(theme().px(32 if head else 42))
        box.setProperty("band" if head else "lined", True)
        line = QHBoxLayout(box)
        line.setContentsMargins(12, 0, 12, 0)
        line.setSpacing(8)
        for at, (cell, wide) in enumerate(zip(cells, _TYPED, strict=True)):
            if at in (3, 4) and isinstance(cell, Text):
                cell.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if wide:
                cell.setFixedWidth(theme().px(wide))
            line.addWidget(cell, 0 if wide else 1)
        self._column.addWidget(box)

    def _edited(self) -> None:
        for row in self.rows:
            for edit in (row.due, row.amount):
                if edit.property("wrong"):
                    _mark(edit, "")
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        left = self._left_minor
        for row in self.rows:
            left -= self._minor(row)
            row.left.setText(text.show_money(left))
        if left > 0:
            self.sum.setText(_("{amount} is missing").format(amount=text.show_money(left)))
        elif left < 0:
            self.sum.setText(_("{amount} too much").format(amount=text.show_money(-left)))
        else:
            self.sum.setText(_("Adds up to {amount}").format(amount=text.show_money(self._left_minor)))
        self.sum.set_color("ok" if left == 0 else "danger")

    def _typed_minor(self) -> int:
        return sum(self._minor(row) for row in self.rows)

    def _minor(self, row: _TypedRow) -> int:
        here = self.context.center
        try:
            return money.parse(row.amount.text(), here.currency, here.locale)
        except UserError:
            return 0

    def _plain(self, minor: int) -> str:
        return money.format_plain(minor, self.context.center.currency, self.context.center.locale)

    def _next_day(self) -> str:
        """A month after the last part, today where that says no date."""
        today = clock.local_date(self.context.center.zone).isoformat()
        last = self.rows[-1].due.text().strip() if self.rows else today
        try:
            return enrollment.plan(2, 2, last)[-1][0]
        except UserError:
            return today


def _mark(edit: TypedLine, said: str) -> None:
    """Mark a line as wrong, or with '' as right again."""
    edit.setProperty("wrong", bool(said))
    edit.setAccessibleDescription(said)
    edit.style().unpolish(edit)
    edit.style().polish(edit)
