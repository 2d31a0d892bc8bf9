"""Find or command: one field in the ink bar, and under it what the words fit, in groups.

Content comes from callables `words -> groups`; what is chosen leaves as its `action`. Typing alone does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.text import _, fold
from ui.theme import theme
from ui.widgets.paint import draw_avatar, draw_icon, draw_keys, draw_line, keys_width, lead, width_of

Index = QModelIndex | QPersistentModelIndex
#: Rows that are shown at most; the words get longer instead of the list.
SHOWN = 12


@dataclass(frozen=True)
class CommandItem:
    """One line: what it is, a fact about it, and the `action` that is handed out when it is chosen."""

    title: str
    action: object
    detail: str = ""
    icon: str = "search"
    avatar: int | None = None
    right: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class CommandGroup:
    """Lines under a heading."""

    title: str
    items: tuple[CommandItem, ...]


Provider = Callable[[str], Sequence[CommandGroup]]


def matched(title: str, words: str) -> list[tuple[int, int]]:
    """(start, length) of the typed words in a title, found as searching finds them: without case and accents."""
    plain = fold(title)
    if len(plain) != len(title):  # a letter that folds to two has no place to underline
        return []
    places = ((plain.find(word), len(word)) for word in fold(words).split())
    return [(start, length) for start, length in places if start >= 0]


class _Model(QAbstractListModel):
    """Headings (no item) and lines, one under the other."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, CommandItem | None]] = []
        self.words = ""

    def show(self, groups: Sequence[CommandGroup], words: str) -> None:
        self.beginResetModel()
        self.words, self.rows = words, []
        for group in groups:
            if group.items:
                self.rows.append((group.title, None))
                self.rows += [(item.title, item) for item in group.items]
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's name
        return 0 if parent.isValid() else len(self.rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        heading = self.rows[index.row()][1] is None
        return Qt.ItemFlag.NoItemFlags if heading else Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self.rows[index.row()][0]
        item = self.rows[index.row()][1]
        if role == Qt.ItemDataRole.AccessibleDescriptionRole and item is not None:
            return " ".join(filter(None, (item.detail, item.right, "+".join(item.keys))))
        return None


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        model = index.model()
        assert isinstance(model, _Model)
        return QSize(100, theme().px(30 if model.rows[index.row()][1] is None else 40))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, _Model)
        title, item = model.rows[index.row()]
        box = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if item is None:
            place = box.adjusted(16, 6, -16, 0)
            draw_line(painter, place, title, theme().font("label"), theme().color("text3"))
        else:
            if option.state & QStyle.StateFlag.State_Selected:
                painter.fillRect(box, theme().color("brasstint"))
                stripe = QRectF(lead(painter, box, 0, 3), box.top(), 3, box.height())
                painter.fillRect(stripe, theme().color("brassedge"))
            self._line(painter, box.adjusted(16, 0, -16, 0), item, model.words)
        painter.restore()

    def _line(self, painter: QPainter, box: QRectF, item: CommandItem, words: str) -> None:
        size = theme().px(28)
        mark = QRectF(lead(painter, box, 0, size), box.center().y() - size / 2, size, size)
        if item.avatar is not None:
            draw_avatar(painter, mark, item.title, item.avatar)
        else:
            draw_icon(painter, mark, (size - theme().px(16)) / 2, item.icon, "text2", theme().px(16))
        name, small = theme().font("name"), theme().font("small")
        right = keys_width(item.keys) or width_of(item.right, theme().font("small_strong"))
        room = box.width() - size - 12 - (right + 12 if right else 0)
        title = QFontMetrics(name).elidedText(item.title, Qt.TextElideMode.ElideRight, int(room))
        wide = width_of(title, name)
        place = QRectF(lead(painter, box, size + 12, wide), box.top(), wide, box.height())
        draw_line(painter, place, title, name, theme().color("text"))
        if title == item.title:
            self._underline(painter, place, title, words)
        rest = room - wide - 10
        if rest > 30 and item.detail:
            detail = QFontMetrics(small).elidedText(item.detail, Qt.TextElideMode.ElideRight, int(rest))
            after = QRectF(lead(painter, box, size + 22 + wide, rest), box.top(), rest, box.height())
            draw_line(painter, after, detail, small, theme().color("text2"))
        if item.keys:
            left = lead(painter, box, box.width() - right, right)
            draw_keys(painter, left, box.center().y(), item.keys, theme().color("text2"), theme().color("line2"))
        elif item.right:
            draw_line(painter, box, item.right, theme().font("small_strong"), theme().color("text2"), end=True)

    @staticmethod
    def _underline(painter: QPainter, place: QRectF, title: str, words: str) -> None:
        """Under the typed letters; scripts that join their letters are left alone."""
        metrics = QFontMetrics(theme().font("name"))
        painter.setPen(QPen(theme().color("brassedge"), 2))
        base = place.center().y() + metrics.height() / 2
        for start, length in matched(title, words) if title[:1] < "\u0590" else []:
            left = place.left() + metrics.horizontalAdvance(title[:start])
            painter.drawLine(left, base, left + metrics.horizontalAdvance(title[start : start + length]), base)


class CommandPanel(QFrame):
    """The list under the field. It never takes the focus: the field keeps it and moves the choice."""

    chosen = Signal(object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("command_panel")
        self.setProperty("card", True)
        self._model = _Model()
        self.list = QListView()
        self.list.setObjectName("command_list")
        self.list.setAccessibleName(_("What fits"))
        self.list.setModel(self._model)
        self.list.setItemDelegate(_Delegate(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self.choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 6, 1, 6)
        column.addWidget(self.list)
        self.hide()

    def offer(self, groups: Sequence[CommandGroup], words: str) -> None:
        """Show groups; the first line is chosen. Nothing to show hides the list."""
        self._model.show(groups, words)
        high = sum(self.list.sizeHintForRow(row) for row in range(self._model.rowCount()))
        if not high:
            self.hide()
            return
        window = self.parentWidget()
        wide = min(720, window.width() - 40)
        self.setFixedSize(wide, min(high + 14, window.height() - 100))
        self.move((window.width() - wide) // 2, theme().px(32) + 20)
        self.list.setCurrentIndex(self._model.index(self._next(-1, 1)))
        self.show()
        self.raise_()

    def _next(self, row: int, step: int) -> int:
        """The next line that is not a heading; round at the ends."""
        count = self._model.rowCount()
        for _try in range(count):
            row = (row + step) % count
            if self._model.rows[row][1] is not None:
                break
        return row

    def move_choice(self, step: int) -> None:
        """One line down or up."""
        index = self._model.index(self._next(self.list.currentIndex().row(), step))
        self.list.setCurrentIndex(index)
        self.list.scrollTo(index)

    def current(self) -> CommandItem | None:
        """The chosen line, None while nothing is shown."""
        index = self.list.currentIndex()
        return self._model.rows[index.row()][1] if self.isVisible() and index.isValid() else None

    def choose(self) -> None:
        """Hand out the chosen line's action."""
        item = self.current()
        if item is not None:
            self.hide()
            self.chosen.emit(item.action)


class CommandField(QLineEdit):
    """The field. `chosen(action)`; Enter without an offer is `returnPressed`, as in any field."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("bar", True)
        self.setObjectName("command_bar")
        self.setAccessibleName(_("Find or command"))
        self.setPlaceholderText(_("Find a student, invoice or slot — or type a command"))
        self.setMinimumWidth(280)
        self.setMaximumWidth(520)
        self.providers: list[Provider] = []
        self.panel: CommandPanel | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(60)
        self._pause.timeout.connect(self._offer)
        self.textEdited.connect(self._edited)
        theme().changed.connect(self.restyle)
        self.restyle()

    def restyle(self) -> None:
        """Room for the sign before and the keys behind the text."""
        self._keys = ("Ctrl", "K")
        before, behind = theme().px(16) + 12, keys_width(self._keys) + 8
        if self.isRightToLeft():
            before, behind = behind, before
        self.setTextMargins(before, 0, behind, 0)

    def take_focus(self) -> None:
        """Ctrl+K: into the field, with what stands there selected."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def sizeHint(self) -> QSize:
        return QSize(520, theme().px(32))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self.restyle()

    def _edited(self) -> None:
        self._pause.start()

    def _offer(self) -> None:
        words = self.text().strip()
        if self.panel is None:
            self.panel = CommandPanel(self.window())
            self.panel.chosen.connect(self._chosen)
        groups = [group for provider in self.providers for group in provider(words)] if words else []
        self.panel.offer(groups, words)

    def _chosen(self, action: object) -> None:
        self.clear()
        self.chosen.emit(action)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, panel = event.key(), self.panel
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._pause.isActive():
            self._pause.stop()  # fast fingers: offer first, then take what is on top
            self._offer()
            panel = self.panel
        open_ = panel is not None and panel.isVisible()
        if panel is not None and open_ and key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            panel.move_choice(1 if key == Qt.Key.Key_Down else -1)
        elif panel is not None and open_ and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            panel.choose()
        elif panel is not None and open_ and key == Qt.Key.Key_Tab:
            item = panel.current()
            self.setText(item.title if item is not None else self.text())
        elif key == Qt.Key.Key_Escape:
            self._pause.stop()
            if panel is not None:
                panel.hide()
            self.clear()
            self.window().setFocus()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Tab
            and self.panel is not None
            and self.panel.isVisible()
        ):
            self.keyPressEvent(event)  # Tab finishes the word here; elsewhere it moves on
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._pause.stop()
        if self.panel is not None:
            self.panel.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        everything, here = QRectF(self.rect()), self.hasFocus()
        draw_icon(painter, everything, 12, "search", "text2" if here else "framemuted", theme().px(16))
        keys = ("Esc",) if here else self._keys
        wide = keys_width(keys)
        ink, edge = ("text2", "line2") if here else ("framemuted", "framemuted")
        left = lead(painter, everything, everything.width() - wide - 9, wide)
        draw_keys(painter, left, everything.height() / 2, keys, theme().color(ink), theme().color(edge))
