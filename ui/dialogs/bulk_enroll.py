"""Enrolling several people in one course: who, in which group, who pays; what it means for each, and the sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app import text
from app.desk import bulk
from app.desk.bulk import BulkDraft, Line, Preview
from app.errors import DeskError, UserError
from app.lists import calendar, catalog
from app.text import _, ngettext
from ui.context import Context
from ui.dialogs.enroll import group_words
from ui.dialogs.find_payer import PayerPick
from ui.dialogs.form import FormDialog, window_under
from ui.theme import theme
from ui.widgets.basic import Button, Field, Icon, Text, clear_layout, rule
from ui.widgets.squares import SeatSquares
from ui.widgets.table import Cell, Column, PagedModel, RowTable


class _Model(PagedModel):
    """People with a check mark that a screen reader hears, too."""

    checked: Any = None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.CheckStateRole and index.isValid() and index.column() == 0:
            on = self.checked(self.ids[index.row()])
            return Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
        return super().data(index, role)


class _People(RowTable):
    """Space or a click on its mark checks and unchecks whoever the line is about; A checks all, N nobody."""

    toggled = Signal(int)
    all_asked = Signal(bool)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        current = self.current_id()
        if event.key() == Qt.Key.Key_Space and current is not None:
            self.toggled.emit(current)
        elif event.key() in (Qt.Key.Key_A, Qt.Key.Key_N) and not event.modifiers():
            self.all_asked.emit(event.key() == Qt.Key.Key_A)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == 0 and event.button() == Qt.MouseButton.LeftButton:
            self.toggled.emit(self.paged.ids[index.row()])


class BulkEnroll(FormDialog):
    """`enrolled(enrollment ids)` after all of them are in the file."""

    enrolled = Signal(list)

    def __init__(
        self, context: Context, parent: QWidget, student_ids: Sequence[int], payer_id: int | None = None
    ) -> None:
        super().__init__(parent, _("Enroll together"), "user-plus", width=1040)
        self.setObjectName("bulk_enroll")
        self.context, self.ids = context, list(dict.fromkeys(student_ids))
        self.seen: Preview | None = None
        self._off: set[int] = set()  # unchecked by hand
        self._asked = self._answered = 0
        self._pressed: tuple[BulkDraft, list[Line]] | None = None  # while it was still being looked at
        self._refused: DeskError | None = None  # said until something else is chosen
        self._seen_for: BulkDraft | None = None
        self._closed = self._writing = False
        self.body.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.setSpacing(0)
        left = QVBoxLayout()
        left.setContentsMargins(20, 16, 20, 18)
        left.setSpacing(10)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        top = Qt.AlignmentFlag.AlignTop
        self.payer = PayerPick(context, _("Each pays alone"))
        self.payer.set_payer(payer_id)
        self.payer.picked.connect(self._chosen_anew)
        grid.addWidget(self.add_field("payer", Field(_("Who pays"), self.payer, name="bulk_payer")), 0, 0, top)
        self.course = QComboBox()
        groups = calendar.groups()
        for offer in catalog.courses():
            self.course.addItem(f"{offer.name}   {offer.code}", (offer, None))
            for group in groups:
                if group.course_id == offer.id:
                    free = max(group.fullest.capacity - group.fullest.taken, 0)
                    left_over = ngettext("{n} seat free", "{n} seats free", free).format(n=free)
                    self.course.addItem(f"{group_words(context, offer, group)} · {left_over}", (offer, group))
        self.course.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.course.currentIndexChanged.connect(self._chosen_anew)
        field = Field(_("Course and group"), self.course, name="bulk_course")
        grid.addWidget(self.add_field("course", field), 0, 1, top)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        left.addLayout(grid)
        model = _Model(self._columns(), self._rows)
        model.checked = self.is_checked
        self.table = _People(model, "bulk_people", 40)
        self.table.setAccessibleName(_("Who enrolls"))
        self.table.toggled.connect(self.toggle)
        self.table.all_asked.connect(self.check_all)
        self.table.activated_id.connect(self.toggle)
        self.table.selected_id.connect(self._say_current)
        high = theme().px(33) + theme().px(40) * max(3, min(len(self.ids), 8))
        self.table.setFixedHeight(min(high, max(window_under(self).height() - theme().px(400), 150)))
        left.addWidget(self.table)
        self.people_error = Text("", "label", "danger", wrap=True)
        self.people_error.setObjectName("bulk_people_error")
        self.people_error.hide()
        left.addWidget(self.people_error)
        self.current = Text("", "small", "text2", wrap=True)
        self.current.setObjectName("bulk_current")
        self.current.setMinimumHeight(theme().px(34))
        self.current.setAlignment(Qt.AlignmentFlag.AlignTop)
        left.addWidget(self.current)
        keys = Text(_("Space checks and unchecks · A everyone · N nobody"), "small", "text3")
        left.addWidget(keys)
        left.addStretch(1)
        row.addLayout(left, 1)
        row.addWidget(self._summary())
        self.body.addLayout(row)
        self.mail = QCheckBox(_("Mail the confirmations"))
        self.mail.setObjectName("bulk_mail")
        self.mail.setChecked(True)
        self.mail.toggled.connect(self._chosen_anew)
        self.add_foot((self.mail,), Button(_("Enroll together"), "check", kind="primary", keys=("Ctrl", "Enter")))
        self.main.setObjectName("bulk_now")
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._look)
        context.changed.connect(self._changed)
        self.table.show_ids(self.ids)
        self.main.setEnabled(False)
        self._look()
        self.course.setFocus()

    # -- what stands there

    def _columns(self) -> list[Column]:
        return [
            Column("", 34, self._mark),
            Column(_("Name"), 0, lambda one: Cell(one.name, "name", avatar=one.student_id), grow=True, least=150),
            Column(_("Price"), 92, self._price, right=True),
            Column(_("What to know"), 0, self._remark, grow=True, least=210),
        ]

    def _rows(self, ids: list[int]) -> dict[int, Line]:
        lines = self.seen.lines if self.seen is not None else ()
        return {line.student_id: line for line in lines if line.student_id in ids}

    def _mark(self, one: Line) -> Cell:
        if self.is_checked(one.student_id):
            return Cell(icon="square-check", color="text")
        return Cell(icon="square", color="line" if one.refusal is not None else "line2")

    def _price(self, one: Line) -> Cell:
        quiet = not self.is_checked(one.student_id)
        said = text.show_money(one.gross_minor) if one.refusal is None else "–"
        return Cell(said, "body", "text3" if quiet else "text", right=True)

    def _remark(self, one: Line) -> Cell:
        if one.refusal is not None:
            return Cell(text.sentence(one.refusal), color="danger", icon="circle-alert")
        if one.warnings:
            key, params = one.warnings[0]
            return Cell(text.sentence(key, dict(params)), color="warn", icon="circle-alert")
        if self.mail.isChecked() and not one.mail:
            return Cell(_("No mail address: no confirmation goes out."), color="warn", icon="mail")
        return Cell(_("Nothing in the way"), color="text3")

    def _summary(self) -> QWidget:
        box = QFrame()
        box.setProperty("aside", True)
        box.setFixedWidth(min(theme().px(272), 340))
        column = QVBoxLayout(box)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(8)
        self.seats = QWidget()
        seats = QVBoxLayout(self.seats)
        seats.setContentsMargins(0, 0, 0, 0)
        seats.setSpacing(5)
        self.seats_title = Text("", "label", "text2", wrap=True)
        self.seats_count = Text("", "amount_m")
        self.seats_count.setObjectName("bulk_seats")
        self.squares = SeatSquares()
        for widget in (self.seats_title, self.seats_count, self.squares, rule()):
            seats.addWidget(widget)
        column.addWidget(self.seats)
        self.sums = QGridLayout()
        self.sums.setVerticalSpacing(6)
        column.addLayout(self.sums)
        column.addWidget(rule())
        self.checks = QVBoxLayout()
        self.checks.setSpacing(8)
        column.addLayout(self.checks)
        column.addStretch(1)
        return box

    # -- who is checked

    def line(self, student_id: int) -> Line | None:
        """What was found for somebody."""
        return self._rows([student_id]).get(student_id)

    def is_checked(self, student_id: int) -> bool:
        """Whether somebody is to be enrolled: everyone who can be, but those unchecked by hand."""
        found = self.line(student_id)
        return found is not None and found.refusal is None and student_id not in self._off

    def chosen(self) -> list[int]:
        """Who is to be enrolled, in their order."""
        return [one for one in self.ids if self.is_checked(one)]

    def toggle(self, student_id: int) -> None:
        """Check or uncheck somebody; whoever cannot be enrolled stays unchecked, and the reason is said below."""
        self._off ^= {student_id}
        self._show()
        self._chosen_anew()  # without them another price may count for the others
        self._say_current(student_id)

    def check_all(self, on: bool) -> None:
        """Everyone who can be enrolled, or nobody."""
        self._off = set() if on else set(self.ids)
        self._show()
        self._chosen_anew()

    # -- what it means

    def draft(self) -> BulkDraft | None:
        """What was chosen; None where there is no course."""
        offer, group = self.course.currentData() or (None, None)
        if offer is None:
            return None
        session = group.session_id if group is not None else None
        return BulkDraft(tuple(self.chosen()), offer.id, self.payer.currentData(), session, self.mail.isChecked())

    def look_again(self) -> None:
        """Ask beside the window what it means for each."""
        self._rest.start(60)

    def _chosen_anew(self, *_what: object) -> None:
        self._refused = self._pressed = None
        self.look_again()

    def _is_looking(self) -> bool:
        """Whether what stands there was found for something else than what is chosen."""
        return self._rest.isActive() or self._answered != self._asked

    def _changed(self, changes: Any) -> None:
        if changes.tables & _MEANT and not self._closed:
            self.look_again()

    def _look(self) -> None:
        draft = self.draft()
        self._rest.stop()
        self._asked += 1
        if draft is None:
            self._answered = self._asked
            self.refuse(UserError("scheduling.no_course", "course"))
            return
        everyone = replace(draft, student_ids=tuple(self.ids))
        asked = (self._asked, everyone, frozenset(self._off))
        self.context.read(_preview, *asked, done=self._looked, failed=partial(self._not_looked, self._asked))

    def _looked(self, answer: tuple[int, BulkDraft, Preview]) -> None:
        if answer[0] != self._asked or self._closed:
            return
        self.clear_errors()
        self._answered, self._seen_for, self.seen = answer
        self._show()
        self._say_current(self.table.current_id())
        if self._refused is not None:
            self._say_still(self._refused)
        pressed, self._pressed = self._pressed, None
        draft = self.draft()
        if draft is not None and pressed is not None and pressed == (draft, self._lines_of(draft)):
            self.main_action()

    def _not_looked(self, asked: int, error: DeskError) -> None:
        if asked == self._asked and not self._closed:
            self._answered, self._pressed, self.seen = asked, None, None
            self._show()
            self.refuse(error)

    def _say_still(self, error: DeskError) -> None:
        """What was refused, over the new look; the keys stay where they are."""
        here = self.focusWidget()
        self.refuse(error)
        if here is not None:
            here.setFocus()

    def _lines_of(self, draft: BulkDraft) -> list[Line]:
        return [line for one in draft.student_ids if (line := self.line(one)) is not None]

    def _show(self) -> None:
        """Marks, seats, sum and mails for those who are checked."""
        self.table.paged.refresh()
        chosen = self.chosen()
        self._show_seats(len(chosen))
        self._show_sums(chosen)
        self._say_people("")
        count = ngettext("Enroll {n} person", "Enroll {n} people", len(chosen)).format(n=len(chosen))
        self.main.set_label(count)
        self.main.setEnabled(bool(chosen) and self._too_few() is None and not self._writing)

    def _too_few(self) -> UserError | None:
        draft = self.draft()
        return bulk.too_few_seats(self.seen, draft, len(draft.student_ids)) if self.seen and draft else None

    def _show_seats(self, count: int) -> None:
        _offer, group = self.course.currentData() or (None, None)
        room = self.seen.room if self.seen is not None else None
        self.seats.setVisible(group is not None and room is not None)
        error = self._too_few()
        if group is not None and room is not None:
            self.seats_title.setText(_("Seats in {group}").format(group=room.group))
            free = ngettext("{n} of {free} free seat", "{n} of {free} free seats", room.free)
            self.seats_count.setText(free.format(n=count, free=room.free))
            self.seats_count.set_color("danger" if error is not None else "text")
            self.squares.show_seats(group.fullest, own=count > 0 and error is None)
        field = self.fields["course"]
        if error is not None:
            field.set_error(text.sentence(error))
        else:
            field.clear_error()

    def _show_sums(self, chosen: list[int]) -> None:
        clear_layout(self.sums)
        clear_layout(self.checks)
        lines = [line for one in chosen if (line := self.line(one)) is not None]
        people = ngettext("{n} person", "{n} people", len(lines)).format(n=len(lines))
        self.sums.addWidget(Text(people, "body", "text2"), 0, 0)
        self.sums.addWidget(Text(_("To pay in all"), "name"), 1, 0)
        self.total = Text(text.show_money(sum(line.total_minor for line in lines)), "amount_m")
        self.total.setObjectName("bulk_total")
        self.total.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.sums.addWidget(self.total, 1, 1)
        fees = sum(line.fee_minor for line in lines)
        if fees:
            self._check("coins", "text2", _("With registration fees of {amount}").format(amount=text.show_money(fees)))
        mails = sum(bool(line.mail) for line in lines)
        goes = ngettext("{n} mail goes out", "{n} mails go out", mails).format(n=mails)
        self._check("mail", "text2", goes if mails else _("No mail goes out"))
        without = len(lines) - mails if self.mail.isChecked() else 0
        if without:
            missing = ngettext("{n} has no mail address", "{n} have no mail address", without)
            self._check("circle-alert", "warn", missing.format(n=without))
        warned = sum(bool(line.warnings) for line in lines)
        if warned:
            said = ngettext("{n} has something to know first", "{n} have something to know first", warned)
            self._check("circle-alert", "warn", said.format(n=warned))
        refused = sum(line.refusal is not None for line in self.seen.lines) if self.seen is not None else 0
        if refused:
            out = ngettext("{n} cannot be enrolled and is left out", "{n} cannot be enrolled and are left out", refused)
            self._check("circle-x", "danger", out.format(n=refused))
        self._check("undo-2", "text2", _("All or nobody; Ctrl+Z takes it back as one"))

    def _check(self, icon: str, color: str, said: str) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(Icon(icon, color, 16), alignment=Qt.AlignmentFlag.AlignTop)
        line.addWidget(Text(said, "small", color, wrap=True), 1)
        self.checks.addLayout(line)

    def _say_current(self, student_id: object) -> None:
        """Everything about the person of the current line, whole sentences."""
        found = self.line(student_id) if isinstance(student_id, int) else None
        if found is None:
            self.current.setText("")
            return
        said = [text.sentence(found.refusal)] if found.refusal is not None else []
        said += [text.sentence(key, dict(params)) for key, params in found.warnings]
        if found.fee_minor and found.refusal is None:
            fee = text.show_money(found.fee_minor)
            said.append(_("The registration fee of {amount} comes with it.").format(amount=fee))
        if found.mail:
            said.append(_("The confirmation goes to {address}.").format(address=found.mail))
        self.current.setText(_("{name}: {facts}").format(name=found.name, facts=" ".join(said)) if said else found.name)
        self.current.set_color("danger" if found.refusal is not None else "text2")

    def _say_people(self, said: str) -> None:
        self.people_error.setText(said)
        self.people_error.setVisible(bool(said))

    def refuse(self, error: DeskError) -> None:
        if isinstance(error, UserError) and error.field == "people":
            self._say_people(text.sentence(error))
            self.table.setFocus()
            return
        if isinstance(error, UserError) and error.field in ("session", "list_price", "tax_rate"):
            error.field = "course"
        super().refuse(error)

    def main_action(self) -> None:
        draft = self.draft()
        if draft is None or self._writing:
            return
        looking = self._is_looking()
        if looking and replace(draft, student_ids=tuple(self.ids)) != self._seen_for:
            return  # what was not seen is not done: another course may cost something else, or leave somebody out
        if not self.main.isEnabled():
            error = self._too_few()
            if error is None and self.seen is not None and not draft.student_ids:
                error = self._refused = UserError("bulk.nobody", "people")
            if error is not None:
                self.refuse(error)
            return
        if looking:
            self._pressed = draft, self._lines_of(draft)
            if self._rest.isActive():
                self._look()
            return
        self._writing = True  # a look that is answered meanwhile does not free the button
        self.context.run(bulk.enroll_several, draft, done=self._done, failed=self._failed, busy=self.main)

    def _failed(self, error: DeskError) -> None:
        """Something is other than it was: say it, and look again at everybody."""
        self._writing, self._refused = False, error
        self.refuse(error)
        self._look()

    def _done(self, ids: list[int]) -> None:
        self.accept()
        said = ngettext("{n} person enrolled.", "{n} people enrolled.", len(ids))
        self.context.notice.emit(said.format(n=len(ids)))
        self.enrolled.emit(ids)

    def done(self, code: int) -> None:
        self._closed = True
        super().done(code)


#: What a price, a seat or a refusal may follow from.
_MEANT = frozenset(
    {"users", "payers", "courses", "courses_enrolled", "product_enrolled", "sessions", "slots", "slot_enrolled",
     "discount_rules", "quotes", "products", "tax_rates", "settings"}
)  # fmt: skip


def _preview(asked: int, draft: BulkDraft, left_out: frozenset[int]) -> tuple[int, BulkDraft, Preview]:
    return asked, draft, bulk.preview(draft, left_out)
