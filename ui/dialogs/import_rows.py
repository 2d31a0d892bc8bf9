"""Step two of bringing a list in: every line as it would be stored, what is wrong at the top, mended in its cell."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QStyle,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app import text
from app.exchange import checking, columns
from app.exchange.checking import Line, Plan
from app.text import N_, _, ngettext
from ui.dialogs.import_columns import high
from ui.theme import theme
from ui.widgets.basic import Button, Chip, Text
from ui.widgets.table import Cell, CellDelegate, Column, PagedModel

#: State: its name, icon and color.
STATES = {
    "wrong": (N_("Wrong"), "circle-alert", "danger"),
    "update": (N_("Already there, differs"), "pencil", "warn"),
    "twice": (N_("Twice in the list"), "copy", "warn"),
    "same": (N_("Already there"), "check", "text3"),
    "new": (N_("New"), "user-plus", "ok"),
    "dropped": (N_("Left out"), "x", "text3"),
}
_WIDTHS = {"email": 190, "phone": 160, "date_of_birth": 110, "language": 80, "status": 90, "number": 90, "address": 170}
Index = QModelIndex | QPersistentModelIndex


class LinesModel(PagedModel):
    """Lines of a plan by their place in it; the cells of the fields can be typed in. `mended()` after one was."""

    mended = Signal()

    def __init__(self) -> None:
        self.plan: Plan | None = None
        super().__init__([], self._lines)

    def _lines(self, wanted: list[int]) -> dict[int, Line]:
        return {number: self.plan.lines[number] for number in wanted} if self.plan else {}

    def show_plan(self, plan: Plan, state: str) -> None:
        """Show the lines in a state, '' for all: what needs someone first."""
        self.beginResetModel()
        self.plan = plan
        self.columns = [
            Column(_("Line"), 56, lambda line: Cell(f"{line.line:,}", color="text3", right=True), right=True),
            Column(_("What it is"), 150, self._state),
            *(Column(columns.name_of(name), _WIDTHS.get(name, 140), self._value(name)) for name in plan.fields),
        ]
        self._pages.clear()
        order = {key: place for place, key in enumerate(STATES)}
        numbers = [number for number, line in enumerate(plan.lines) if not state or line.state == state]
        self.ids = numbers if state else sorted(numbers, key=lambda number: order[plan.lines[number].state])
        self.endResetModel()

    @staticmethod
    def _state(line: Line) -> Cell:
        name, icon, color = STATES[line.state]
        return Cell(_(name), "label", color, icon=icon)

    def _value(self, name: str) -> Any:
        place = self.plan.fields.index(name) if self.plan else 0

        def cell(line: Line) -> Cell:
            said = " ".join(line.values[place].split())
            if line.state == "dropped":
                return Cell(said, color="text3")
            if line.errors and name in line.errors:
                return Cell(said, color="danger", icon="circle-alert")
            return Cell(said)

        return cell

    def field_at(self, index: Index) -> str:
        """The field of a cell, '' for the two columns that tell about the line."""
        return self.plan.fields[index.column() - 2] if self.plan and index.isValid() and index.column() >= 2 else ""

    def flags(self, index: Index) -> Qt.ItemFlag:
        found = super().flags(index)
        return found | Qt.ItemFlag.ItemIsEditable if self.field_at(index) else found

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.EditRole and index.isValid():
            line = self.row(index.row())
            return line.values[index.column() - 2].replace("\n", ", ") if line and self.field_at(index) else None
        if role == Qt.ItemDataRole.AccessibleDescriptionRole and index.isValid():
            line = self.row(index.row())
            error = (line.errors or {}).get(self.field_at(index)) if line else None
            return text.sentence(error) if error else ""
        return super().data(index, role)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        name = self.field_at(index)
        if not name or self.plan is None or role != Qt.ItemDataRole.EditRole:
            return False
        typed = str(value).replace(", ", "\n") if name == "address" else str(value)
        number = self.ids[index.row()]
        if self.plan.lines[number].values[index.column() - 2] != typed:
            self.plan.put(number, name, typed)
            self.refresh()
            self.mended.emit()
        return True


class _GridDelegate(CellDelegate):
    """A cell of the grid; the one that would be typed in has a ring."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        view = option.widget
        if (
            isinstance(view, QTableView)
            and view.currentIndex() == index
            and option.state & QStyle.StateFlag.State_Active
        ):
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().color("brassedge" if view.hasFocus() else "line2"), 2))
            painter.drawRoundedRect(QRectF(option.rect).adjusted(1, 1, -2, -3), 4, 4)
            painter.restore()


class LinesGrid(QTableView):
    """↑↓←→ move, typing or Enter mends, Delete leaves a line out. `dropped(places)`."""

    delete_pressed = Signal()
    moved = Signal()

    def __init__(self, model: LinesModel) -> None:
        super().__init__()
        self.setObjectName("import_lines")
        self.setAccessibleName(_("Lines of the list"))
        self.setModel(model)
        self.setItemDelegate(_GridDelegate(self))
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.DoubleClicked | trigger.EditKeyPressed | trigger.AnyKeyPressed)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(theme().px(34))
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionsClickable(False)
        head.setFixedHeight(theme().px(32))
        head.setStretchLastSection(True)
        model.modelReset.connect(self._fit)

    def _fit(self) -> None:
        model = self.model()
        assert isinstance(model, PagedModel)
        for number, column in enumerate(model.columns):
            self.setColumnWidth(number, theme().px(column.width))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.state() == QAbstractItemView.State.EditingState:
            event.accept()  # the Enter that ended the typing comes up from the field
        elif event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.edit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()
        self.moved.emit()


class LinesStep(QWidget):
    """The grid with its counts. `changed()` after anything that may change who is who, or what is imported."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.plan: Plan | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        chips = QHBoxLayout()
        chips.setSpacing(8)
        self._only_one = QButtonGroup(self)
        self.chips: dict[str, Chip] = {"": Chip(_("All"), key="all")}
        for key, (name, icon, _color) in STATES.items():
            self.chips[key] = Chip(_(name), icon, key)
        for chip in self.chips.values():
            self._only_one.addButton(chip)
            chip.clicked.connect(self._filtered)
            chips.addWidget(chip)
        chips.addStretch(1)
        column.addLayout(chips)
        self.model = LinesModel()
        self.model.mended.connect(self._mended)
        self.grid = LinesGrid(self.model)
        self.grid.setMinimumHeight(high())
        self.grid.delete_pressed.connect(self.drop)
        self.grid.moved.connect(self._moved)
        column.addWidget(self.grid, 1)
        self.about = Text("", "label", "text2", wrap=True)
        self.about.setObjectName("about_line")
        self.about.setMinimumHeight(theme().px(36))
        column.addWidget(self.about)
        acts = QHBoxLayout()
        acts.setSpacing(8)
        self.drop_button = Button(_("Leave out"), "x", keys=("Del",))
        self.drop_button.clicked.connect(self.drop)
        self.back_button = Button(_("Take in again"), "plus")
        self.back_button.clicked.connect(self.take_again)
        self.new_button = Button(_("Add as new"), "user-plus")
        self.new_button.clicked.connect(self.add_as_new)
        self.wrong_button = Button(_("Leave out all wrong ones"), "x")
        self.wrong_button.clicked.connect(self.drop_wrong)
        for button in (self.drop_button, self.back_button, self.new_button, self.wrong_button):
            acts.addWidget(button)
        acts.addStretch(1)
        self.update_box = QCheckBox()
        self.update_box.setObjectName("update_those_there")
        self.update_box.toggled.connect(self.changed)
        acts.addWidget(self.update_box)
        column.addLayout(acts)

    def show_plan(self, plan: Plan) -> None:
        """Show a checked list."""
        self.plan = plan
        self.chips[""].setChecked(True)
        self.model.show_plan(plan, "")
        self.count()
        if self.model.ids:
            self.grid.setCurrentIndex(self.model.index(0, 2))
            self.next_wrong()
        self.grid.setFocus()

    def count(self) -> None:
        """Say how many lines are what, after any change."""
        if self.plan is None:
            return
        counts = self.plan.counts()
        self.chips[""].set_count(len(self.plan.lines))
        for key in STATES:
            self.chips[key].set_count(counts[key])
            self.chips[key].setVisible(bool(counts[key]) or self.chips[key].isChecked())
        self.wrong_button.setVisible(counts["wrong"] > 0)
        said = ngettext("Change the {n} who is already there", "Change the {n} who are already there", counts["update"])
        self.update_box.setText(said.format(n=f"{counts['update']:,}"))
        self.update_box.setAccessibleName(self.update_box.text())
        self.update_box.setVisible(counts["update"] > 0)
        self.model.refresh()
        self._moved()

    def _filtered(self) -> None:
        if self.plan is None:
            return
        state = next((key for key, chip in self.chips.items() if chip.isChecked()), "")
        self.model.show_plan(self.plan, state)
        if self.model.ids:
            self.grid.setCurrentIndex(self.model.index(0, 2))
        self._moved()

    def _mended(self) -> None:
        self.count()
        self.changed.emit()

    def _moved(self) -> None:
        """What there is to say about the line where one stands."""
        index = self.grid.currentIndex()
        line = self.model.row(index.row()) if self.plan and 0 <= index.row() < len(self.model.ids) else None
        state = line.state if line else ""
        self.drop_button.setEnabled(line is not None and state != "dropped")
        self.back_button.setVisible(state == "dropped" or bool(line and line.chosen))
        self.new_button.setVisible(state in ("update", "same", "twice"))
        if line is None or self.plan is None:
            self.about.setText("")
            return
        name = self.model.field_at(index)
        if line.errors and name in line.errors:
            key, params = (
                "exchange.wrong_field",
                {"field": columns.name_of(name), "why": text.sentence(line.errors[name])},
            )
        else:
            key, params = checking.remark(self.plan, line)
        said = text.sentence(key, params) if key else ""
        self.about.setText(_("Line {n}: {words}").format(n=line.line, words=said) if said else "")
        self.about.set_color("danger" if line.errors else "text2")

    def _chosen(self) -> list[int]:
        rows = {index.row() for index in self.grid.selectionModel().selectedRows()}
        rows |= {self.grid.currentIndex().row()} if self.grid.currentIndex().isValid() else set()
        return [self.model.ids[row] for row in rows]

    def _decide(self, numbers: list[int], state: str) -> None:
        if self.plan is not None and numbers:
            self.plan.decide(numbers, state)
            self.count()
            self.changed.emit()

    def drop(self) -> None:
        """Leave the selected lines out."""
        self._decide(self._chosen(), "dropped")
        self.grid.setFocus()

    def take_again(self) -> None:
        """Take back what was decided about the selected lines."""
        self._decide(self._chosen(), "")
        self.grid.setFocus()

    def add_as_new(self) -> None:
        """Import the selected lines as new people, although someone like them is there."""
        self._decide(self._chosen(), "new")
        self.grid.setFocus()

    def drop_wrong(self) -> None:
        """Leave every wrong line out."""
        if self.plan is not None:
            self._decide([number for number, line in enumerate(self.plan.lines) if line.state == "wrong"], "dropped")
            self.grid.setFocus()

    def next_wrong(self) -> None:
        """Go to the next cell that is wrong, from where one stands; around the end."""
        if self.plan is None or not self.model.ids:
            return
        here = self.grid.currentIndex()
        fields = self.plan.fields
        rows = len(self.model.ids)
        for step in range(rows + 1):
            row = (max(here.row(), 0) + step) % rows
            line = self.model.row(row)
            wrong = [place for place, name in enumerate(fields) if line and line.errors and name in line.errors]
            if line is None or line.state != "wrong":
                continue
            later = [place for place in wrong if step or place + 2 > here.column()]
            if later:
                self.grid.setCurrentIndex(self.model.index(row, later[0] + 2))
                return
        first = self.model.row(max(here.row(), 0))
        if first and first.errors:
            place = min(fields.index(name) for name in first.errors)
            self.grid.setCurrentIndex(self.model.index(max(here.row(), 0), place + 2))
