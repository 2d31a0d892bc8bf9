"""What is unpaid and late: by student, by who pays, or line by line; every figure leads to its lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from app import clock, store, text
from app.desk.accounts import Actor
from app.exchange import open_items as writing
from app.lists import open_items
from app.text import _, ngettext
from ui import words
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.form import FormDialog
from ui.theme import theme
from ui.widgets.basic import Button, Chip, Segment, Text
from ui.widgets.search import SearchField
from ui.widgets.table import Cell, Column, PagedModel, RowTable
from ui.widgets.wrap import WrapRow


def age_names() -> list[str]:
    """The ages, as their chips and columns say them."""
    return [_("Not due yet"), _("1–30 days"), _("31–60 days"), _("61–90 days"), _("over 90 days")]


#: Tables that say what is open, promised and reminded.
_OPEN_BY = {"courses_enrolled", "product_enrolled", "installments", "student_payments", "invoices", "promises",
            "mail_queue", "users"}  # fmt: skip

#: So many lines are searched at every letter without a wait; longer lists are searched beside the window.
AT_ONCE = 5_000

#: No row has this number: after the list was read again the one that was chosen is another's.
NOWHERE = -1


#: Columns of everyone who owes: where the ages begin, and what somebody said and was told.
_FIRST_AGE, _OWNER_PROMISED, _OWNER_REMINDED = 2, 2 + open_items.HOW_MANY, 3 + open_items.HOW_MANY
#: Columns of the lines.
_LINE_PROMISED, _LINE_REMINDED = 6, 7


@dataclass(frozen=True)
class _Place:
    """Where the table stood before the list was read again: rows have other numbers then."""

    only: open_items.Owner | None
    age: int | None
    here: open_items.Line | None


class _Figures(RowTable):
    """A table whose figures open what is behind them: `figure(row, column)` by a double click. Enter opens the row."""

    figure = Signal(int, int)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            self.figure.emit(self.paged.ids[index.row()], index.column())


class OpenItems(FormDialog):
    """`student_chosen(id)`: their payment is to be taken. `together_chosen(student, payer)`: one for all of the payer.
    `bill_chosen(student, payer or None)`: what has no invoice is to be billed.
    """

    student_chosen = Signal(int)
    together_chosen = Signal(int, int)
    bill_chosen = Signal(int, object)

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent, _("Open items"), "coins", width=1180)
        self.setObjectName("open_items")
        self.context = context
        self.lines: list[open_items.Line] = []
        self.shown: list[open_items.Line] = []
        self.owners: dict[int, open_items.Owner] = {}
        self._only: open_items.Owner | None = None
        self._age: int | None = None
        self._closed = False
        self._asked = 0
        self._newest: list[open_items.Line] = []
        self._reading = self._old = False
        self._back_to: _Place | None = None
        upper = QHBoxLayout()
        upper.setSpacing(12)
        self.search = SearchField(_("Name, number, invoice or course"), "open_items_words", low=True)
        self.search.textChanged.connect(self._again)
        upper.addWidget(self.search, 1)
        self.marks = [Chip(_("Promised"), key="mark_promised"), Chip(_("Promise broken"), key="mark_broken")]
        for mark in self.marks:
            upper.addWidget(mark)
        self.by = Segment(
            [("student", _("By student"), ()), ("payer", _("By who pays"), ()), ("line", _("Every line"), ())],
            "open_items_by",
        )
        self.by.set_value("student")
        self.by.chosen.connect(self._again)
        upper.addWidget(self.by)
        self.body.addLayout(upper)
        chips, acts = WrapRow(), WrapRow()
        self.chips = [Chip(name, key=f"age_{number}") for number, name in enumerate(age_names())]
        for chip in (*self.chips, *self.marks):
            chip.clicked.connect(self._again)
        for chip in self.chips:
            chips.put(chip)
        self.body.addWidget(chips)
        self.back = Button("", "arrow-left-right", kind="quiet", keys=("Backspace",), size="small")
        self.back.setObjectName("all_owners")
        self.back.clicked.connect(self.show_all)
        self.body.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        self.acts = [
            self._act(_("Promise…"), "hourglass", "S", "promise", self.note_promise),
            self._act(_("Remind…"), "mail", "R", "remind", self.remind_one),
            self._act(_("Remind all shown…"), "send", "T", "remind_all", self.remind_all),
            self._act(_("Mails…"), "inbox", "M", "reminded", self.show_reminders),
            self._act(_("Invoice…"), "receipt-text", "I", "bill_these", self.bill_these),
            self._act(_("Pay all of it"), "banknote", "P", "pay_together", self.pay_together),
        ]
        for button in self.acts:
            acts.put(button)
        self.body.addWidget(acts)
        self.by_owner = _Figures(PagedModel(self._owner_columns(), self._owner_rows), "open_owners", 36)
        self.by_owner.activated_id.connect(self.show_lines_of)
        self.by_owner.figure.connect(self._owner_figure)
        self.by_owner.setAccessibleDescription(_("Enter shows the lines, 1 to 5 those of one age."))
        self.by_line = _Figures(PagedModel(self._line_columns(), self._line_rows), "open_lines", 36)
        self.by_line.activated_id.connect(self._pay)
        self.by_line.figure.connect(self._line_figure)
        self.nothing = Text(_("Reading …"), "body", "text2", wrap=True)
        self.nothing.setObjectName("open_nothing")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack = QStackedWidget()
        for widget in (self.by_owner, self.by_line, self.nothing):
            self.stack.addWidget(widget)
        self.stack.setCurrentWidget(self.nothing)
        self.stack.setFixedHeight(min(theme().px(400), max(parent.window().height() - theme().px(372), 160)))
        self.body.addWidget(self.stack)
        self.foot_words = Text("", "name")
        self.foot_words.setObjectName("open_sum")
        self.export = Button(_("Export"), "file-text", keys=("Ctrl", "E"))
        self.export.clicked.connect(self.save_as)
        self.kind = Segment([("xlsx", _("Excel"), ()), ("csv", _("CSV"), ())], "open_items_kind")
        self.kind.set_value("xlsx")
        main = Button(_("Show its lines"), "check", kind="primary", keys=("Ctrl", "Enter"))
        self.add_foot((self.foot_words, self.export, self.kind), main)
        self._shortcut("Ctrl+E", self.save_as)
        self.main.setObjectName("open_main")
        self.search.setFocus()
        self._show()
        self.nothing.setText(_("Reading …"))
        context.changed.connect(self._changed)
        self._read()

    def _act(self, label: str, icon: str, key: str, name: str, act: Callable[[], None]) -> Button:
        """What is done with whoever the table stands at."""
        button = Button(label, icon, kind="quiet", keys=("Alt", key), size="small")
        button.setObjectName(name)
        button.clicked.connect(act)
        self._shortcut(f"Alt+{key}", act)
        return button

    def _read(self) -> None:
        """Read the list; what changes while it is read makes it old, and it is read once more then."""
        self._old = self._reading
        if self._reading:
            return
        self._reading = True
        today = clock.local_date(self.context.center.zone).isoformat()
        self.context.read(open_items.read, today, done=self._found, failed=self._not_read)

    def _changed(self, changes: store.Changes) -> None:
        """What was promised, reminded or paid meanwhile is read again; who is chosen stays chosen."""
        if not self._closed and changes.tables & _OPEN_BY:
            self._read()

    # -- columns

    def _owner_columns(self) -> list[Column]:
        def figure(age: int) -> Column:
            color = ("text2", "text", "warn", "danger", "danger")[age]

            def cell(row: open_items.Owner) -> Cell:
                minor = row.by_age_minor[age]
                return Cell(text.show_money(minor) if minor else "–", "body", color if minor else "text3", right=True)

            return Column(age_names()[age], 98, cell, right=True)

        return [
            Column(_("Who owes"), 0, lambda row: Cell(row.name, "name", icon="", second="")),
            Column(_("About"), 100, lambda row: Cell(row.detail, "small", "text2")),
            *(figure(age) for age in range(open_items.HOW_MANY)),
            Column(_("Promised"), 104, lambda row: self._promised(row.told)),
            Column(_("Reminded"), 104, lambda row: self._reminded(row.told)),
            Column(_("Together"), 104, self._amount, right=True),
        ]

    def _line_columns(self) -> list[Column]:
        return [
            Column(_("Who owes"), 0, lambda row: Cell(row.student, "name")),
            Column(_("Who pays"), 120, lambda row: Cell(row.payer, "body", "text2")),
            Column(_("What is owed"), 160, lambda row: Cell(row.title)),
            Column(_("Invoice or line"), 130, lambda row: Cell(row.detail, "small", "text2")),
            Column(_("Due"), 96, lambda row: Cell(words.day(row.due_on, self.context.center), "body", "text2")),
            Column(_("Late"), 92, self._late),
            Column(_("Promised"), 104, self._promised),
            Column(_("Reminded"), 104, self._reminded),
            Column(_("Open"), 104, self._amount, right=True),
        ]

    def _promised(self, row: open_items.Line) -> Cell:
        if not row.pay_on:
            return Cell("–", "small", "text3")
        day = words.day(row.pay_on, self.context.center)
        return Cell(
            _("broken, {day}").format(day=day) if row.broken else day, "small", "danger" if row.broken else "text"
        )

    def _reminded(self, row: open_items.Line) -> Cell:
        if not row.reminded:
            return Cell("–", "small", "text3")
        day = words.day(row.reminded_on, self.context.center)
        return Cell(_("{day} ({n})").format(day=day, n=row.reminded), "small", "text2")

    @staticmethod
    def _amount(row: open_items.Owner | open_items.Line) -> Cell:
        minor = row.total_minor if isinstance(row, open_items.Owner) else row.open_minor
        return Cell(text.show_money(minor), "strong", right=True)

    @staticmethod
    def _late(row: open_items.Line) -> Cell:
        if not row.days_late:
            return Cell(_("not due yet"), "body", "text2")
        said = ngettext("{n} day", "{n} days", row.days_late).format(n=row.days_late)
        return Cell(said, "body", "danger" if row.age > 2 else "warn" if row.age == 2 else "text")

    def _owner_rows(self, wanted: list[int]) -> dict[int, open_items.Owner]:
        return {one: self.owners[one] for one in wanted if one in self.owners}

    def _line_rows(self, wanted: list[int]) -> dict[int, open_items.Line]:
        return {one: self.lines[one] for one in wanted}

    # -- what is shown

    def _found(self, lines: object) -> None:
        self._reading = False
        if self._closed:
            return
        assert isinstance(lines, list)
        self._newest = lines
        self._back_to = _Place(self._only, self._age, self._line_here())
        self._show()
        if self._old:
            self._read()

    def _not_read(self, error: object) -> None:
        self._reading = False
        self._failed(error)

    def _failed(self, error: object) -> None:
        if not self._closed:
            self.refuse(error)  # type: ignore[arg-type]

    def ages(self) -> list[int]:
        """The ages that are chosen; none means all that is late."""
        return [number for number, chip in enumerate(self.chips) if chip.isChecked()]

    def _again(self) -> None:
        self._only = self._age = self._back_to = None
        self._show()

    def _show(self) -> None:
        """Work out what is shown: at once, or beside the window where the list is long."""
        self._asked += 1
        marks = tuple(mark for mark, chip in zip(open_items.MARKS, self.marks, strict=True) if chip.isChecked())
        question = (self.search.text(), tuple(self.ages()), self.by.value(), marks)
        if len(self._newest) <= AT_ONCE:
            self._shown(_view(self._asked, self._newest, *question))
        else:
            self.context.read(_view, self._asked, self._newest, *question, done=self._shown, failed=self._failed)

    def _shown(self, answer: tuple[int, list[open_items.Line], open_items.View]) -> None:
        number, lines, found = answer
        if self._closed or number != self._asked:
            return  # something else was typed meanwhile
        self.lines = lines
        for chip, name, minor, count in zip(self.chips, age_names(), found.by_age_minor, found.by_age, strict=True):
            chip.setText(f"{name}  {text.show_money(minor)}")
            chip.setAccessibleName(chip.text())
            chip.set_count(count)
        for chip, count in zip(self.marks, found.by_mark, strict=True):
            chip.set_count(count)
        self.owners = {owner.id: owner for owner in found.owners}
        back, self._back_to = self._back_to, None
        if back is None:
            self._show_rows(found.lines)
            return
        self._only = self._same_owner(back.only, back.age) if back.only is not None else None
        self._show_rows(found.lines, keep=NOWHERE)
        self._stand_at(back.here)

    def _same_owner(self, before: open_items.Owner, age: int | None) -> open_items.Owner | None:
        """Who was looked at, as they owe now; None where nothing of it is open any more."""
        group = self._group(before.lines[0])
        now = next((one for one in self.owners.values() if self._group(one.lines[0]) == group), None)
        return _of_age(now, age) if now is not None else None

    def _stand_at(self, before: open_items.Line | None) -> None:
        """Back to whom or what the table stood at: its rows have other numbers now."""
        table = self.stack.currentWidget()
        if before is None or not isinstance(table, RowTable):
            return
        if table is self.by_owner:
            group = self._group(before)
            same = next((one.id for one in self.owners.values() if self._group(one.lines[0]) == group), None)
        else:
            rows = [self.lines[one] for one in table.paged.ids]
            same = next((one.id for one in rows if _mark(one) == _mark(before)), None)
        table.select_id(same)

    def _group(self, line: open_items.Line) -> tuple[str, int]:
        """Whose row a line is in."""
        return _owner(line) if self.by.value() == "payer" else ("student", line.student_id)

    def _show_rows(self, lines: Sequence[open_items.Line], keep: int | None = None) -> None:
        """Everyone who owes, or the lines: all of them, or those of one."""
        self.shown = list(self._only.lines if self._only is not None else lines)
        in_lines = self._only is not None or self.by.value() == "line"
        self.back.setVisible(self._only is not None)
        if self._only is not None:
            said = _("All · shown are the lines of {name}").format(name=_short(self._only.name))
            if self._age is not None:
                said = _("All · shown are the lines of {name}, {age}").format(
                    name=_short(self._only.name), age=age_names()[self._age]
                )
            self.back.set_label(said)
        table = self.by_line if in_lines else self.by_owner
        table.show_ids([line.id for line in self.shown] if in_lines else list(self.owners), keep)
        self.stack.setCurrentWidget(table if self.shown else self.nothing)
        self.nothing.setText(_("Nothing of this is open."))
        self.main.set_label(_("Take the payment") if in_lines else _("Show its lines"))
        for button in (self.main, self.export, *self.acts):
            button.setEnabled(bool(self.shown))
        count = len(self.shown)
        said = ngettext("{n} line, {amount}", "{n} lines, {amount}", count)
        total = sum(line.open_minor for line in self.shown)
        self.foot_words.setText(said.format(n=f"{count:,}", amount=text.show_money(total)))

    def show_lines_of(self, owner_id: int, age: int | None = None) -> None:
        """The lines behind the figures of one who owes, or behind the figure of one age."""
        owner = self.owners.get(owner_id)
        found = _of_age(owner, age) if owner is not None else None
        if found is not None:
            self._only, self._age = found, age
            self._show_rows((), keep=NOWHERE)
            self.by_line.setFocus()

    def _owner_figure(self, owner_id: int, column: int) -> None:
        """A double click: on an age its lines, on a promise its form, on reminders their mails, else every line."""
        told = self.owners[owner_id].told
        if column == _OWNER_PROMISED and told.pay_on:
            self.note_promise()
        elif column == _OWNER_REMINDED and told.reminded:
            self.show_reminders()
        elif 0 <= column - _FIRST_AGE < open_items.HOW_MANY:
            self.show_lines_of(owner_id, column - _FIRST_AGE)
        else:
            self.show_lines_of(owner_id)

    def _line_figure(self, line_id: int, column: int) -> None:
        line = self.lines[line_id]
        if column == _LINE_PROMISED and line.pay_on:
            self.note_promise()
        elif column == _LINE_REMINDED and line.reminded:
            self.show_reminders()
        else:
            self._pay(line_id)

    def show_all(self) -> None:
        """Back from the lines of one to everyone."""
        before = self._only
        self._again()
        if before is not None:
            self._stand_at(before.lines[0])
        (self.by_owner if self.by.value() != "line" else self.by_line).setFocus()

    def main_action(self) -> None:
        table = self.stack.currentWidget()
        if not isinstance(table, RowTable) or table.current_id() is None:
            return
        chosen = table.current_id()
        assert chosen is not None
        if table is self.by_owner:
            self.show_lines_of(chosen)
        else:
            self._pay(chosen)

    def _pay(self, line_id: int) -> None:
        student = self.lines[line_id].student_id
        self.accept()
        self.student_chosen.emit(student)

    def _line_here(self) -> open_items.Line | None:
        """The line the table stands at, or the first of the owner it stands at."""
        table = self.stack.currentWidget()
        here = table.current_id() if isinstance(table, RowTable) else None
        return self.lines[here] if here is not None and here < len(self.lines) else None

    def _told_here(self) -> open_items.Line | None:
        """The line whose promise and reminders the row says that the table stands at."""
        line = self._line_here()
        if line is None or not self.shown:
            return None
        return self.owners[line.id].told if self.stack.currentWidget() is self.by_owner else line

    def note_promise(self) -> None:
        """Alt+S: by when whoever pays said they would."""
        line = self._told_here()
        if line is None:
            return
        from ui.dialogs.promise import PromiseDialog

        owed = sum(one.open_minor for one in self.lines if _owner(one) == _owner(line) and one.age)
        owed = owed or sum(one.open_minor for one in self.lines if _owner(one) == _owner(line))
        PromiseDialog(self.context, self, line.student_id, line.payer_id, line.payer or line.student, owed).open()

    def remind_one(self) -> None:
        """Alt+R: a reminder to whoever pays what the table stands at."""
        owners = self._owners_here()
        if owners:
            self._remind(owners)

    def _owners_here(self) -> list[tuple[int, int | None]]:
        """Whoever pays what the table stands at."""
        line = self._line_here()
        if line is None or not self.shown:
            return []
        lines = self.owners[line.id].lines if self.stack.currentWidget() is self.by_owner else (line,)
        return list({_owner(one): (one.student_id, one.payer_id) for one in lines}.values())

    def show_reminders(self) -> None:
        """Alt+M: the mails that the count of reminders stands for."""
        owners, line = self._owners_here(), self._line_here()
        if owners and line is not None:
            from ui.dialogs.reminded import RemindedDialog

            name = self.owners[line.id].name if self.stack.currentWidget() is self.by_owner else line.payer
            RemindedDialog(self.context, self, owners, name or line.student).open()

    def remind_all(self) -> None:
        """Alt+T: a reminder to everyone who pays what is shown."""
        owners = {_owner(line): (line.student_id, line.payer_id) for line in self.shown}
        if owners:
            self._remind(list(owners.values()))

    def _remind(self, owners: list[tuple[int, int | None]]) -> None:
        from ui.dialogs.remind import RemindDialog

        RemindDialog(self.context, self, owners).open()

    def bill_these(self) -> None:
        """Alt+I: an invoice over what has none yet, to whoever pays for it."""
        line = self._line_here()
        if line is not None and self.shown:
            self.accept()
            self.bill_chosen.emit(line.student_id, line.payer_id)

    def pay_together(self) -> None:
        """Alt+P: one payment for all that this payer owes, for whomever; for a student without a payer, theirs."""
        line = self._line_here()
        if line is None or not self.shown:
            return
        self.accept()
        if line.payer_id is not None:
            self.together_chosen.emit(line.student_id, line.payer_id)
        else:
            self.student_chosen.emit(line.student_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, table = event.key(), self.stack.currentWidget()
        if key == Qt.Key.Key_Backspace and self._only is not None:
            self.show_all()
        elif table is self.by_owner and self.by_owner.hasFocus() and "1" <= event.text() <= str(open_items.HOW_MANY):
            chosen = self.by_owner.current_id()
            if chosen is not None:
                self.show_lines_of(chosen, int(event.text()) - 1)
        elif key == Qt.Key.Key_Down and self.search.hasFocus() and isinstance(table, RowTable):
            table.setFocus()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.search.hasFocus():
            self.main_action()
        else:
            super().keyPressEvent(event)

    # -- out of the program

    def save_as(self) -> None:
        """Ctrl+E: the lines behind what is shown, as CSV or Excel."""
        if not self.export.isEnabled():
            return
        kind = self.kind.value()
        path = ask.choose_save_file(self, _("Export open items"), f"open-items.{kind}", f"*.{kind}")
        if not path:
            return
        target = Path(path) if Path(path).suffix else Path(path).with_suffix(f".{kind}")
        self.say("")
        self.export.setEnabled(False)
        self.context.read(
            _export, self.context.actor, list(self.shown), target, self.context.center.currency, done=self._saved,
            failed=self._not_saved,
        )  # fmt: skip

    def _saved(self, answer: tuple[int, str]) -> None:
        count, name = answer
        said = ngettext("{n} line is in {file}", "{n} lines are in {file}", count)
        self.context.notice.emit(said.format(n=f"{count:,}", file=name))
        if not self._closed:
            self.export.setEnabled(True)
            self.foot_words.setText(said.format(n=f"{count:,}", file=name))

    def _not_saved(self, error: object) -> None:
        if not self._closed:
            self.export.setEnabled(True)
            self.refuse(error)  # type: ignore[arg-type]

    def done(self, code: int) -> None:
        self._closed = True
        super().done(code)


def _owner(line: open_items.Line) -> tuple[str, int]:
    """Who pays a line."""
    return ("payer", line.payer_id) if line.payer_id is not None else ("student", line.student_id)


def _mark(line: open_items.Line) -> tuple[int, int | None, str, str, str]:
    """What tells a line from every other one, whatever its number in the list."""
    return line.student_id, line.payer_id, line.detail, line.title, line.due_on


def _of_age(owner: open_items.Owner, age: int | None) -> open_items.Owner | None:
    """One who owes with the lines of one age alone; None where there are none."""
    lines = tuple(line for line in owner.lines if age is None or line.age == age)
    return replace(owner, lines=lines) if lines else None


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"


def _view(
    number: int, lines: list[open_items.Line], typed: str, ages: tuple[int, ...], by: str, marks: tuple[str, ...]
) -> tuple[int, list[open_items.Line], open_items.View]:
    return number, lines, open_items.view(lines, typed, ages, by, marks)


def _export(actor: Actor, lines: list[open_items.Line], path: Path, currency: str) -> tuple[int, str]:
    return writing.export_open_items(actor, lines, path, currency), path.name
