"""Tables over an id list and a page cache: a true row count, no fetching more, sorting and filtering in the store."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QHelpEvent, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
)

from app.text import _
from ui.theme import theme
from ui.widgets.cells import Cell as Cell
from ui.widgets.cells import Column as Column
from ui.widgets.cells import draw_cell
from ui.widgets.line import as_tip
from ui.widgets.paint import badge_width, draw_icon, draw_line, lead, width_of

#: Rows fetched at once: a screenful and some.
PAGE = 60
#: So many rows can be selected together.
MOST_SELECTED = 500
#: So long a cell keeps the words it said.
SAID_FOR_S = 30.0
Index = QModelIndex | QPersistentModelIndex


class PagedModel(QAbstractTableModel):
    """Ids in order, rows fetched a page at a time from `fetch(ids) -> {id: row}`."""

    def __init__(self, columns: Sequence[Column], fetch: Callable[[list[int]], dict[int, Any]]) -> None:
        super().__init__()
        self.columns, self._fetch = list(columns), fetch
        self.order = ""
        self.ids: list[int] = []
        self._pages: dict[int, dict[int, Any]] = {}

    def set_ids(self, ids: Sequence[int]) -> None:
        """Show these rows, in this order."""
        self.beginResetModel()
        self.ids = list(ids)
        self._pages.clear()
        self.endResetModel()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show these columns, in this order."""
        self.beginResetModel()
        self.columns = list(columns)
        self.endResetModel()

    def set_sort(self, sort: str) -> None:
        """Say by which column the rows run; downwards after a minus, '' for none."""
        if sort == self.order:
            return
        self.order = sort
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)

    def refresh(self) -> None:
        """Read the shown rows again."""
        self._pages.clear()
        if self.ids:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.ids) - 1, len(self.columns) - 1))

    def row(self, number: int) -> Any | None:
        """The row at a place; None when it is gone from the file."""
        self._fetch_pages(number // PAGE, number // PAGE)
        return self._pages[number // PAGE].get(self.ids[number])

    def fetch_rows(self, first: int, last: int) -> None:
        """Have all rows from one place to another at hand, by one look at the file at most; errors are told."""
        try:
            self._fetch_pages(first // PAGE, last // PAGE)
        except Exception:
            sys.excepthook(*sys.exc_info())

    def _fetch_pages(self, first: int, last: int) -> None:
        missing = [page for page in range(first, last + 1) if page not in self._pages]
        if not missing:
            return
        if len(self._pages) > 60:
            self._pages.clear()
            missing = list(range(first, last + 1))
        self._pages.update({page: {} for page in missing})  # told once where it cannot be read, not at every paint
        found = self._fetch([one for page in missing for one in self.ids[page * PAGE : (page + 1) * PAGE]])
        for page in missing:
            self._pages[page] = found

    def cells(self, number: int) -> Sequence[Cell]:
        """What a row shows in each column; nothing where it cannot be read."""
        try:
            row = self.row(number)
            if row is not None:
                return [column.cell(row) for column in self.columns]
        except Exception:
            sys.excepthook(*sys.exc_info())
        return [Cell()] * len(self.columns)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's name
        return 0 if parent.isValid() else len(self.ids)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's name
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].head
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.columns[section].right else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.AccessibleTextRole:
            said = {"": "{head}", "up": _("{head}, upwards"), "down": _("{head}, downwards")}
            return said[self.direction(section)].format(head=self.columns[section].head)
        return None

    def direction(self, section: int) -> str:
        """Which way the rows run by a column: up, down, or '' where they do not."""
        key = self.columns[section].key
        return "" if not key else "up" if key == self.order else "down" if self.order == f"-{key}" else ""

    def cell(self, index: Index) -> Cell:
        """What a place shows; nothing where it cannot be read: an error within Qt's painting would end the program."""
        try:
            row = self.row(index.row())
            return Cell() if row is None else self.columns[index.column()].cell(row)
        except Exception:
            sys.excepthook(*sys.exc_info())
            return Cell()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.cell(index).text
        return None


class CellDelegate(QStyledItemDelegate):
    """Draws cells one by one, for grids whose cells are typed in; a table of rows draws itself."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, PagedModel)
        state = option.state
        rect = QRectF(option.rect)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.fillRect(rect, theme().color("brasstint" if selected else "surface"))
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), theme().color("line"))
        if selected and index.column() == 0:
            stripe = QRectF(lead(painter, rect, 0, 3), rect.top(), 3, rect.height())
            painter.fillRect(stripe, theme().color("brassedge"))
        box, right = room_in(painter, rect, index.column()), model.columns[index.column()].right
        draw_cell(painter, box, model.cell(index), right)
        painter.restore()

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        """What ended in an ellipsis stands whole in the tooltip."""
        model = index.model()
        if event.type() == QEvent.Type.ToolTip and isinstance(model, PagedModel) and index.isValid():
            cell = model.cell(index)
            room = option.rect.width() - (44 if cell.avatar is not None else 12)
            said = cell.text if not cell.right and width_of(cell.text, theme().font(cell.role)) > room else ""
            QToolTip.showText(event.globalPos(), as_tip(said), view)
            return True
        return super().helpEvent(event, view, option, index)


def room_in(painter: QPainter, rect: QRectF, column: int) -> QRectF:
    """Where words stand in a cell: the first column leaves room for the stripe."""
    inset = 12 if column == 0 else 6
    wide = rect.width() - inset - 6
    return QRectF(lead(painter, rect, inset, wide), rect.top(), wide, rect.height())


class _Head(QHeaderView):
    """The head of a table: words over the left edge of what stands below, one line in the label's type."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        model = self.model()
        assert isinstance(model, PagedModel)
        box = QRectF(rect)
        painter.save()
        painter.fillRect(box, theme().color("surface2"))
        painter.fillRect(QRectF(box.left(), box.bottom() - 1, box.width(), 1), theme().color("line"))
        inset = 12 if section == 0 else 6
        column, wide = model.columns[section], box.width() - inset - 6
        way = model.direction(section)
        arrow = theme().px(14) + 4 if way else 0
        place = QRectF(lead(painter, box, inset, wide), box.top(), wide, box.height() - 1)
        font = theme().font("label")
        room = wide - arrow
        said = (
            QFontMetrics(font).elidedText(column.head, Qt.TextElideMode.ElideRight, int(room)) if way else column.head
        )
        words = (
            place
            if not (way and column.right)
            else QRectF(lead(painter, place, 0, room), place.top(), room, place.height())
        )
        draw_line(painter, words, said, font, theme().color("text" if way else "text2"), end=column.right)
        if way:
            x = room if column.right else width_of(said, font)
            icon = "chevron-down" if way == "up" else "chevron-up"  # it points to where the list goes on
            draw_icon(painter, place, x + 4, icon, "text", theme().px(14), 2.0)
        painter.restore()


class RowTable(QTableView):
    """A table of whole rows, one selected. `activated_id`, `selected_id`; ↑↓ move, Enter opens.

    One that is `let_arrange` asks for more: `sort_asked` by a click on a head, `columns_moved` with the keys in their
    new order, `widths_changed` with what was drawn wider or narrower, `head_menu_asked` with a column and where.
    One that is `let_select_many` tells `many_selected` the ids in their order, and `too_many` where more than
    MOST_SELECTED were asked for.
    """

    activated_id = Signal(int)
    selected_id = Signal(object)
    sort_asked = Signal(str)
    columns_moved = Signal(list)
    head_menu_asked = Signal(str, QPoint)
    many_selected = Signal(list)
    too_many = Signal()
    menu_asked = Signal(QPoint)
    widths_changed = Signal(dict)

    def __init__(self, model: PagedModel, name: str, row_height: int = 36) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setModel(model)
        self.paged = model
        self._row_height = row_height
        self._cells: dict[int, Sequence[Cell]] = {}
        self._said_at = 0.0
        model.modelReset.connect(self._forget_cells)
        model.dataChanged.connect(self._forget_cells)
        self.hovered = -1
        self.setHorizontalHeader(_Head())
        self._sideways = self._arrangeable = self._laying = False
        self.widths: dict[str, int] = {}
        self._drawn = QTimer(self)
        self._drawn.setSingleShot(True)
        self._drawn.timeout.connect(self._take_widths)
        self.entered.connect(self._entered)
        self.setItemDelegate(CellDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionsClickable(False)
        self._fix_columns()
        theme().changed.connect(self.restyle)
        self.restyle()
        self.doubleClicked.connect(self._activated)

    def _fix_columns(self) -> None:
        columns, head, mode = self.paged.columns, self.horizontalHeader(), QHeaderView.ResizeMode
        shared = self._sideways or any(one.grow for one in columns)
        for number, column in enumerate(columns):
            fixed = bool(column.width) or shared
            drawn = self._arrangeable and shared
            head.setSectionResizeMode(number, mode.Interactive if drawn else mode.Fixed if fixed else mode.Stretch)

    def let_arrange(self) -> None:
        """Let heads be clicked to sort, dragged to another place, and asked for their menu."""
        head = self.horizontalHeader()
        head.setSectionsClickable(True)
        head.setSectionsMovable(True)
        head.setFirstSectionMovable(False)
        head.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        head.sectionClicked.connect(self._head_clicked)
        head.sectionMoved.connect(self._head_moved)
        head.customContextMenuRequested.connect(self._head_menu)
        head.sectionResized.connect(self._section_drawn)
        head.sectionHandleDoubleClicked.connect(self._fit_section)
        head.setMinimumSectionSize(40)
        self._arrangeable = True
        self._fix_columns()
        self.restyle()

    # -- widths of one's own

    def set_widths(self, widths: Mapping[str, int]) -> None:
        """Columns (by key) that are as wide as somebody drew them, in pixels at 100 %. What has no room scrolls."""
        self.widths = dict(widths)
        self.restyle()

    def least(self, column: Column) -> int:
        """How narrow a column may be: an amount is never cut."""
        return column.width if column.right else 48

    def fitting(self, key: str) -> int:
        """How wide a column must be for its head and what its rows on the screen say, in pixels at 100 %."""
        number = [column.key for column in self.paged.columns].index(key)
        column = self.paged.columns[number]
        wide = width_of(column.head, theme().font("label")) + theme().px(14) + 4
        first, last = self.visible_rows()
        for row in range(first - 1, last):
            cell = self.paged.cells(row)[number]
            if cell.badge:
                wide = max(wide, badge_width(cell.text))
            else:
                avatar = theme().px(32) if cell.avatar is not None else 0
                wide = max(wide, width_of(cell.text, theme().font(cell.role)) + avatar)
        return max(round((wide + 24) / theme().scale), self.least(column))

    def draw_width(self, key: str, width: int) -> None:
        """Make a column so wide, and tell."""
        column = next(one for one in self.paged.columns if one.key == key)
        self.set_widths({**self.widths, key: max(width, self.least(column))})
        self.widths_changed.emit(dict(self.widths))

    def _fit_section(self, section: int) -> None:
        key = self.paged.columns[section].key
        self.draw_width(key, self.fitting(key))

    def _section_drawn(self, section: int, _before: int, now: int) -> None:
        if self._laying or not now or not self.paged.columns[section].key:
            return
        column = self.paged.columns[section]
        self.widths[column.key] = max(round(now / theme().scale), self.least(column))
        self._drawn.start(200)  # once the hand rests: the others follow then

    def _take_widths(self) -> None:
        self.restyle()
        self.widths_changed.emit(dict(self.widths))

    def _head_clicked(self, section: int) -> None:
        if self.paged.columns[section].key:
            self.sort_asked.emit(self.paged.columns[section].key)

    def _head_moved(self, _section: int, _before: int, _after: int) -> None:
        QTimer.singleShot(0, self, self._take_order)  # the head is still busy with the move

    def _take_order(self) -> None:
        head, columns = self.horizontalHeader(), self.paged.columns
        keys = [columns[head.logicalIndex(place)].key for place in range(head.count())]
        if keys != [column.key for column in columns]:
            self.columns_moved.emit(keys)

    def _head_menu(self, place: QPoint) -> None:
        section = self.horizontalHeader().logicalIndexAt(place)
        if section >= 0:
            where = self.horizontalHeader().viewport().mapToGlobal(place)
            self.head_menu_asked.emit(self.paged.columns[section].key, where)

    def arrange(self, columns: Sequence[Column], *, sideways: bool) -> None:
        """Show these columns in this order. Where they have no room: `sideways` they scroll, else the narrowest go."""
        keep, many, head = self.current_id(), self.selected_ids(), self.horizontalHeader()
        head.blockSignals(True)
        for place in range(head.count()):
            head.moveSection(head.visualIndex(place), place)
        head.blockSignals(False)
        self._sideways = sideways
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.paged.set_columns(columns)
        self._fix_columns()
        self.restyle()
        self.select_id(keep)
        self._select_again(many)

    def let_select_many(self) -> None:
        """Let Ctrl, Shift and Ctrl+A select several rows, and the context menu ask for what can be done with them."""
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.selectionModel().selectionChanged.connect(self._selection_changed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._row_menu)

    def _row_menu(self, place: QPoint) -> None:
        self.menu_asked.emit(self.viewport().mapToGlobal(place))

    def _selected_rows(self) -> list[int]:
        chosen = self.selectionModel().selection()
        parts = [chosen.at(number) for number in range(chosen.count())]
        return sorted({row for part in parts for row in range(part.top(), part.bottom() + 1)})

    def selected_ids(self) -> list[int]:
        """The ids of the selected rows, in their order."""
        return [self.paged.ids[number] for number in self._selected_rows() if number < len(self.paged.ids)]

    def selectAll(self) -> None:
        """Ctrl+A: every row, up to a bound that can be worked with."""
        if self.selectionMode() == QAbstractItemView.SelectionMode.ExtendedSelection and self.paged.ids:
            self._select_rows(range(min(len(self.paged.ids), MOST_SELECTED)))
            if len(self.paged.ids) > MOST_SELECTED:
                self.too_many.emit()

    def _select_rows(self, rows: Iterable[int]) -> None:
        chosen, last = QItemSelection(), self.paged.columnCount() - 1
        for first, end in _runs(rows):
            chosen.select(self.paged.index(first, 0), self.paged.index(end, last))
        self.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _selection_changed(self) -> None:
        rows = self._selected_rows()
        if len(rows) > MOST_SELECTED:
            downwards = self.currentIndex().row() >= rows[-1]
            self._select_rows(rows[:MOST_SELECTED] if downwards else rows[-MOST_SELECTED:])
            self.too_many.emit()
            return
        self.many_selected.emit(self.selected_ids())

    def restyle(self) -> None:
        """Heights and widths follow the font."""
        self.verticalHeader().setDefaultSectionSize(theme().px(self._row_height))
        self.horizontalHeader().setFixedHeight(theme().px(32))
        self.setHorizontalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAsNeeded if self._scrolls() else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        laying, self._laying = self._laying, True
        for number, column in enumerate(self.paged.columns):
            if column.width or column.key in self.widths:
                self.setColumnWidth(number, theme().px(self.widths.get(column.key) or column.width))
        self._laying = laying
        self._give_way()

    def _scrolls(self) -> bool:
        """Whether what has no room is reached sideways: whoever drew a column wide did not ask for others to go."""
        return self._sideways or any(column.key in self.widths for column in self.paged.columns)

    def _give_way(self) -> None:
        """Where columns have no room, the narrowest go, whole: a cut amount reads as another amount.

        What is right-aligned, what has no width of its own, and states stay.
        """
        laying, self._laying = self._laying, True
        self._share()
        self._laying = laying

    def _share(self) -> None:
        columns, sideways = self.paged.columns, self._scrolls()
        widths = {
            number: theme().px(self.widths.get(column.key) or column.width or column.least)
            for number, column in enumerate(columns)
        }
        may_go = [n for n, column in enumerate(columns) if column.width and not column.right and not self._states(n)]
        if sideways:
            may_go = []
        for number in set(widths) - set(may_go):
            self.setColumnHidden(number, False)
        left_over = self.viewport().width() - sum(widths.values())
        for number in sorted(may_go, key=lambda n: widths[n]):
            gone = left_over < 0
            self.setColumnHidden(number, gone)
            left_over += widths[number] if gone else 0
        growing = [
            n
            for n, one in enumerate(columns)
            if (one.grow or not one.width) and one.key not in self.widths and not self.isColumnHidden(n)
        ]
        if growing and (sideways or any(column.grow for column in columns)):
            for number in growing:
                self.setColumnWidth(number, widths[number] + max(left_over, 0) // len(growing))
            rest = max(left_over, 0) % len(growing) + (0 if sideways else min(left_over, 0))
            self.setColumnWidth(growing[0], self.columnWidth(growing[0]) + rest)

    def _entered(self, index: QModelIndex) -> None:
        self._hover(index.row())

    def _hover(self, row: int) -> None:
        if row != self.hovered:
            self.hovered = row
            self.viewport().update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def _states(self, column: int) -> bool:
        return self.paged.rowCount() > 0 and bool(self.paged.cell(self.paged.index(0, column)).badge)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._give_way()

    def visible_rows(self) -> tuple[int, int]:
        """The first and the last row that can be read, counted from one."""
        high = self.rowHeight(0) if self.paged.ids else 1
        top = self.verticalScrollBar().value()
        last = (top + self.viewport().height()) // max(high, 1)
        return -(-top // max(high, 1)) + 1, min(max(last, 1), len(self.paged.ids))

    def current_id(self) -> int | None:
        """The selected row's id."""
        index = self.currentIndex()
        return self.paged.ids[index.row()] if index.isValid() and index.row() < len(self.paged.ids) else None

    def select_id(self, row_id: int | None) -> bool:
        """Select a row by its id; False where it is not shown."""
        if row_id is None or row_id not in self.paged.ids:
            return False
        index = self.paged.index(self.paged.ids.index(row_id), 0)
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        return True

    def show_ids(self, ids: Sequence[int], keep: int | None = None) -> None:
        """Show rows and keep the selection where its row is still there; else the first row is selected."""
        many = self.selected_ids() if keep is None else []
        keep = keep if keep is not None else self.current_id()
        self.paged.set_ids(ids)
        self._give_way()
        if not self.select_id(keep):
            if ids:
                self.select_id(ids[0])
            else:
                self.selected_id.emit(None)
        self._select_again(many)

    def _select_again(self, many: Sequence[int]) -> None:
        """Those of several who are still in the list, after the model was put anew: Qt forgets them without a word."""
        if len(many) > 1:
            kept = set(many)
            rows = [number for number, one in enumerate(self.paged.ids) if one in kept]
            if len(rows) > 1:
                self._select_rows(rows)
        if self.selectionMode() == QAbstractItemView.SelectionMode.ExtendedSelection:
            self.many_selected.emit(self.selected_ids())

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        for index in (current, previous):  # Qt draws the two cells anew; the ring goes around the whole row
            if index.isValid():
                top, high = self.rowViewportPosition(index.row()), self.rowHeight(index.row())
                self.viewport().update(0, top, self.viewport().width(), high)
        self.selected_id.emit(self.paged.ids[current.row()] if current.isValid() else None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self._activated()
            return
        bare = not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
        if bare and event.text().strip() and event.text().isprintable():
            event.ignore()  # a letter is a key of the page; looking for it here would read every row there is
            return
        super().keyPressEvent(event)

    def _activated(self) -> None:
        row_id = self.current_id()
        if row_id is not None:
            self.activated_id.emit(row_id)

    def _forget_cells(self) -> None:
        self._cells.clear()

    def _cells_of(self, row: int) -> Sequence[Cell]:
        """What a row shows, said once; nothing where it cannot be read."""
        found = self._cells.get(row)
        if found is None:
            if len(self._cells) > 2_000:
                self._cells.clear()
            found = self._cells[row] = self.paged.cells(row)
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows that can be seen, each as a whole: asking a delegate for every cell takes twice as long."""
        painter = QPainter(self.viewport())
        if self.paged.ids:
            self._paint_rows(painter, event.rect())
        if self.hasFocus() and self.currentIndex().isValid():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().color("brassedge"), 2))
            top = self.visualRect(self.currentIndex())
            place = QRectF(1, top.top() + 1, self.viewport().width() - 2, top.height() - 3)
            painter.drawRoundedRect(place, 4, 4)

    def _paint_rows(self, painter: QPainter, clip: QRect) -> None:
        if time.monotonic() - self._said_at > SAID_FOR_S:
            self._cells.clear()  # they say today and tomorrow
            self._said_at = time.monotonic()
        high, last = self.rowHeight(0), len(self.paged.ids) - 1
        first = max(self.rowAt(clip.top()), 0)
        end = self.rowAt(clip.bottom())
        end = last if end < 0 else min(end, last)
        self.paged.fetch_rows(first, end)
        columns = [
            (number, self.columnViewportPosition(number), self.columnWidth(number), column.right)
            for number, column in enumerate(self.paged.columns)
            if not self.isColumnHidden(number)
        ]
        columns = [one for one in columns if one[1] + one[2] >= clip.left() and one[1] <= clip.right()]
        left = min((x for _n, x, _w, _r in columns), default=0)
        wide = max((x + width for _n, x, width, _r in columns), default=0) - left
        look, chosen = theme(), self.selectionModel().selection()
        parts = [chosen.at(number) for number in range(chosen.count())]
        selected = [(part.top(), part.bottom()) for part in parts]
        line, edge = look.shared_color("line"), look.shared_color("brassedge")
        for row in range(first, end + 1):
            top = self.rowViewportPosition(row)
            on = any(start <= row <= stop for start, stop in selected)
            ground = look.shared_color("brasstint" if on else "surface2" if row == self.hovered else "surface")
            painter.fillRect(QRectF(left, top, wide, high), ground)
            painter.fillRect(QRectF(left, top + high - 1, wide, 1), line)
            cells = self._cells_of(row)
            for number, x, width, right in columns:
                box = QRectF(x, top, width, high)
                if on and number == 0:
                    painter.fillRect(QRectF(lead(painter, box, 0, 3), top, 3, high), edge)
                cell = cells[number]
                if cell.text or cell.second or cell.badge or cell.icon or cell.avatar is not None:
                    draw_cell(painter, room_in(painter, box, number), cell, right)


def _runs(rows: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Rows in their order as (first, last) of those that follow each other."""
    first = last = -1
    for row in rows:
        if row != last + 1 or first < 0:
            if first >= 0:
                yield first, last
            first = row
        last = row
    if first >= 0:
        yield first, last
