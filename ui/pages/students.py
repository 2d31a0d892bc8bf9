"""The student roster (picture 02): find anyone, read one panel."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from app import text
from app.desk import arranging
from app.desk.arranging import View
from app.lists import people as roster
from app.text import _, ngettext
from ui.context import Context
from ui.dialogs.columns import ColumnsDialog
from ui.dialogs.student import StudentDialog
from ui.pages import student_columns
from ui.pages.selection_panel import SelectionPanel
from ui.pages.student_filters import FilterBar
from ui.pages.student_panel import StudentPanel
from ui.pages.student_verbs import StudentVerbs
from ui.pages.student_views import ViewTabs
from ui.theme import theme
from ui.widgets.basic import Button, Card, Chip, EmptyState, PageHead, Text
from ui.widgets.line import Line
from ui.widgets.table import MOST_SELECTED, PagedModel, RowTable

#: What the roster and the panel read; nearly all that is about a person has its entry in the timeline.
_SHOWN = frozenset(
    {"users", "payers", "courses_enrolled", "product_enrolled", "payments", "invoices", "slot_enrolled", "slots",
     "mail_queue", "notes", "attachments", "quotes", "timeline"}
)  # fmt: skip


class _Look:
    """One look at the file; `over` when something else was typed meanwhile."""

    over = False


def _unless_over(look: _Look, function: Callable[..., Any], *args: Any) -> tuple[_Look, Any] | None:
    """Read beside the window, unless nobody wants to know any more."""
    return None if look.over else (look, function(*args))


class StudentsPage(QWidget):
    """Search field, chips, table, panel. Typing shows the best 200 at once; the whole list follows."""

    pay_requested = Signal(int)
    enroll_requested = Signal(int)
    enroll_several_requested = Signal(list)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.key_hints = [
            (("/",), _("search")), (("↑", "↓"), _("move")), (("Tab",), _("panel")), (("F4",), _("pay")),
        ]  # fmt: skip
        self.help_keys = [
            ("/", _("search")), ("F", _("add a filter")), ("Ctrl+N", _("new student")),
            ("E", _("edit the selected student")),
            ("S", _("sort")), ("Ctrl+Shift+C", _("columns and order")), ("Ctrl+Shift+V", _("views")),
            ("Ctrl+Shift+S", _("save this view")), ("Alt+0 … 9", _("everyone, or one of your views")),
            ("Shift+↑ ↓, Ctrl+A", _("select several")), ("M", _("message")), ("B", _("book a slot")),
            ("Ctrl+E", _("export")), ("Ctrl+P", _("print the list, address labels")), ("F2", _("enroll")),
            ("Shift+F2", _("enroll several together")), ("W", _("who pays: the whole family or company")),
            ("F4", _("take a payment")), ("Ctrl+Tab", _("next tab of the panel")),
            ("Ctrl+Shift+A", _("attach a file to the person")),
        ]  # fmt: skip
        self.verbs = StudentVerbs(self)
        self._dirty = True
        self._more = False
        self._many: list[int] = []
        self._look = _Look()
        self._awaited = self._from_top = False
        self._sort = ""
        self.columns: tuple[str, ...] = student_columns.USUAL
        self._menu: QMenu | None = None
        self._everyone = self._open_invoices = 0
        self._owed = ""
        self._started = 0.0
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 0, 16, 12)
        column.setSpacing(0)
        new = Button(_("New student"), "user-plus", kind="primary", keys=("Ctrl", "N"))
        new.clicked.connect(self.new_student)
        bring = Button(_("Import…"), "download")
        bring.clicked.connect(self.import_people)
        take = Button(_("Export"), "file-text")
        take.clicked.connect(self.export_people)
        pick = Button(_("Columns"), "list-filter")
        pick.clicked.connect(self.choose_columns)
        self.views_button = Button(_("Views"), "bookmark")
        self.views_button.clicked.connect(self.choose_view)
        self.head = PageHead(_("Students"), [bring, take, self.views_button, pick, new])
        column.addWidget(self.head)
        self.filters = FilterBar()
        self.views = ViewTabs(context, self._present)
        self.views.picked.connect(self._use_view)
        column.addWidget(self.views)
        self.search = self.filters.search
        self.filters.changed.connect(self._typed)
        self.search.returnPressed.connect(self._to_table)
        column.addWidget(self.filters)
        column.addSpacing(12)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._list(), 1)
        self.panel = StudentPanel(context)
        self.side = QStackedWidget()
        theme().changed.connect(self._fit)
        self._fit()
        self.panel.pay_requested.connect(self.pay_requested)
        self.panel.enroll_requested.connect(self.enroll_requested)
        self.panel.edit_requested.connect(self.edit_student)
        self.panel.message_requested.connect(self.verbs.message)
        self.selection = SelectionPanel()
        self.selection.message_requested.connect(self.verbs.message)
        self.selection.enroll_requested.connect(self.verbs.enroll)
        self.selection.export_requested.connect(self.verbs.export_selected)
        self.selection.menu_requested.connect(self.verbs.open_menu_of_several)
        self.side.addWidget(self.panel)
        self.side.addWidget(self.selection)
        row.addWidget(self.side)
        column.addLayout(row, 1)
        self._panel_for: int | None = None
        self._panel_rest = QTimer(self)
        self._panel_rest.setSingleShot(True)
        self._panel_rest.timeout.connect(self._show_panel)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._show_rest)
        self._whose = context.actor.user_id
        self._take_arrangement()
        context.actor_changed.connect(self._take_over)
        for keys, act in (
            ("Ctrl+N", self.new_student),
            ("Ctrl+Tab", self.panel.next_tab),
            ("Ctrl+Shift+A", self.panel.attach_file),
            ("Ctrl+Shift+F", self.filters.choose_filter),
            ("Ctrl+Shift+C", self.choose_columns),
            ("Ctrl+Shift+V", self.choose_view),
            ("Ctrl+Shift+S", self.views.save),
            ("Ctrl+E", self.export_people),
            ("Shift+F2", self.verbs.enroll_together),
            ("Ctrl+P", self.print_people),
            *((f"Alt+{number}", partial(self.views.pick, number)) for number in range(10)),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def _fit(self) -> None:
        """The panel grows with the text, and leaves the roster its names and balances."""
        self.side.setFixedWidth(min(theme().px(416), 540))

    def _list(self) -> QWidget:
        self.model = PagedModel(student_columns.columns(student_columns.USUAL, self.context), roster.page)
        self.table = RowTable(self.model, "students", 35)
        self.table.let_arrange()
        self.table.let_select_many()
        self.table.many_selected.connect(self._selected_many)
        self.table.too_many.connect(self._say_too_many)
        self.table.menu_asked.connect(self.verbs.open_menu)
        self.table.sort_asked.connect(self.sort_by)
        self.table.columns_moved.connect(self._columns_moved)
        self.table.widths_changed.connect(self._keep_widths)
        self.table.head_menu_asked.connect(self._head_menu)
        self.table.selected_id.connect(self._selected)
        self.table.activated_id.connect(self._to_panel)
        card = Card(margins=(1, 1, 1, 1))
        inner = card.layout()
        assert isinstance(inner, QVBoxLayout)
        inner.setSpacing(0)
        self.drop = Button(_("Drop the filter"), "x", keys=("Esc",))
        self.drop.clicked.connect(self.drop_filter)
        self.add_this = Button(_("New student"), "plus")
        self.add_this.setObjectName("new_named")
        self.add_this.clicked.connect(self.new_named)
        self.empty = EmptyState("users", "", "", [self.drop, self.add_this])
        self.stack = QStackedWidget()
        self.stack.addWidget(self.table)
        self.stack.addWidget(self.empty)
        inner.addWidget(self.stack, 1)
        band = QFrame()
        band.setProperty("foot", True)
        foot = QHBoxLayout(band)
        foot.setContentsMargins(14, 4, 14, 4)
        self.range = Text("", "small", "text2")
        self.owed = Line("", "small", "text2")
        self.took = Text("", "small", "text3")
        foot.addWidget(self.range)
        foot.addSpacing(20)
        foot.addWidget(self.owed, 1)
        foot.addWidget(self.took)
        inner.addWidget(band)
        self.table.verticalScrollBar().valueChanged.connect(self._say_range)
        self.table.verticalScrollBar().rangeChanged.connect(self._say_range)
        return card

    # -- columns and order, as whoever is at the desk likes them

    def _take_arrangement(self) -> None:
        """Show columns and order as this person left them."""
        kept = arranging.load(self.context.actor.user_id)
        if dict(kept.widths) != self.table.widths:
            self.table.set_widths(kept.widths)
        self._arrange(kept.columns, kept.sort)

    def _arrange(self, keys: Sequence[str], sort: str) -> None:
        wanted = student_columns.known(keys)
        if wanted != self.columns:
            self.columns = wanted
            shown = student_columns.columns(wanted, self.context)
            self.table.arrange(shown, sideways=wanted != student_columns.USUAL)
        sort = sort if sort.removeprefix("-") in roster.ORDERS else ""
        if sort != self._sort:
            self._sort = sort
            self._from_top = True
            self._typed()
        self._say_sort()

    def _say_sort(self) -> None:
        """The head tells the order that is there, chosen or not: filters alone run by name."""
        by_name = self._chosen() and not self.search.text().strip()
        self.model.set_sort(self._sort or ("name" if by_name else ""))

    def arrange(self, keys: Sequence[str], sort: str) -> None:
        """Choose columns and order, and keep them for whoever is at the desk."""
        before = (self.columns, self._sort)
        self._arrange(keys, sort)
        self.views.say_changed()
        if (self.columns, self._sort) != before and self.views.current() is None:
            usual = self.columns == student_columns.USUAL
            self.context.run(arranging.arrange, () if usual else self.columns, self._sort)

    def asked(self) -> tuple[str, tuple[str, ...], str]:
        """Words, filters and order, as `app.lists.people.ids` takes them."""
        return self.search.text(), self._chosen(), self._sort

    def _present(self) -> View:
        """What is shown, as a view without a name."""
        columns = () if self.columns == student_columns.USUAL else self.columns
        return View("", self.search.text().strip(), self._chosen(), columns, self._sort)

    def _use_view(self, view: View | None) -> None:
        if view is None:
            self._take_arrangement()
            self.filters.drop()
        else:
            self._arrange(view.columns, view.sort)
            self.filters.put_filters(view.words, view.filters)

    def _take_over(self) -> None:
        """Somebody else is at the desk: their views, their columns, and everyone."""
        if self._whose != self.context.actor.user_id:
            self._whose = self.context.actor.user_id
            self.views.reload()
            self.views.pick(0)

    def choose_view(self) -> None:
        """Ctrl+Shift+V: pick a view, save, rename, remove."""
        self.views.open_menu(self.views_button)

    def sort_by(self, key: str) -> None:
        """Sort by a column; once more turns it round, a third time leaves it as found."""
        first, other = (f"-{key}", key) if key in student_columns.DOWN_FIRST else (key, f"-{key}")
        self.arrange(self.columns, {first: other, other: ""}.get(self._sort, first))

    def _columns_moved(self, keys: list[str]) -> None:
        self.table.arrange(self.model.columns, sideways=True)  # the head back in its own order
        self.arrange(keys, self._sort)

    def choose_columns(self) -> None:
        """Ctrl+Shift+C: which columns, in which order, sorted by which."""
        every = [(key, student_columns.head(key)) for key in student_columns.KEYS]
        usual = {one.key: one.width or one.least for one in student_columns.columns(student_columns.KEYS, self.context)}
        dialog = ColumnsDialog(
            self, every, self.columns, student_columns.USUAL, self._sort, student_columns.DOWN_FIRST.__contains__,
            self.table.widths, usual,
        )  # fmt: skip
        dialog.chosen.connect(self.arrange)
        dialog.widened.connect(self._widened)
        dialog.open()

    def _widened(self, widths: dict[str, int]) -> None:
        """Columns made wider or narrower by keys, in the dialog; what is not named is as usual."""
        least = {one.key: self.table.least(one) for one in student_columns.columns(student_columns.KEYS, self.context)}
        self.table.set_widths({key: max(width, least[key]) for key, width in widths.items()})
        self._keep_widths(self.table.widths)

    def _keep_widths(self, widths: dict[str, int]) -> None:
        self.context.run(arranging.widen, dict(widths))

    def choose_sort(self) -> None:
        """S: the columns to sort by."""
        menu = self.new_menu()
        for key in self.columns:
            action = menu.addAction(student_columns.head(key))
            action.setCheckable(True)
            action.setChecked(key == self._sort.removeprefix("-"))
            action.triggered.connect(partial(self._sort_chosen, key))
        menu.popup(self.table.viewport().mapToGlobal(QPoint(12, 4)))
        menu.setActiveAction(menu.actions()[0])

    def _sort_chosen(self, key: str, _on: bool = False) -> None:
        self.sort_by(key)

    def new_menu(self) -> QMenu:
        """An empty menu in place of the one before."""
        if self._menu is not None:
            self._menu.deleteLater()
        self._menu = QMenu(self)
        return self._menu

    def _head_menu(self, key: str, where: QPoint) -> None:
        """What can be done with one column."""
        menu, at, keys = self.new_menu(), self.columns.index(key), list(self.columns)
        for said, sort in ((_("Sort upwards"), key), (_("Sort downwards"), f"-{key}"), (_("As found"), "")):
            menu.addAction(said).triggered.connect(partial(self._rearranged, keys, sort))
        menu.addSeparator()
        moves = ((_("Move before"), at - 1, at > 1), (_("Move behind"), at + 1, 0 < at < len(keys) - 1))
        for said, place, possible in moves:
            moved = [one for one in keys if one != key]
            moved.insert(place, key)
            action = menu.addAction(said)
            action.setEnabled(possible)
            action.triggered.connect(partial(self._rearranged, moved, self._sort))
        menu.addAction(_("As wide as its words")).triggered.connect(partial(self._fit_column, key))
        usual = menu.addAction(_("Usual width"))
        usual.setEnabled(key in self.table.widths)
        usual.triggered.connect(partial(self._usual_width, key))
        hide = menu.addAction(_("Hide this column"))
        hide.setEnabled(at > 0 and len(keys) > 2)
        hide.triggered.connect(partial(self._rearranged, [one for one in keys if one != key], self._sort))
        menu.addSeparator()
        menu.addAction(_("Columns…")).triggered.connect(self.choose_columns)
        menu.popup(where)

    def _fit_column(self, key: str) -> None:
        self.table.draw_width(key, self.table.fitting(key))

    def _usual_width(self, key: str) -> None:
        self.table.set_widths({one: width for one, width in self.table.widths.items() if one != key})
        self._keep_widths(self.table.widths)

    def _rearranged(self, keys: list[str], sort: str, _on: bool = False) -> None:
        self.arrange(keys, sort)

    # -- what is shown

    def page_shown(self) -> None:
        """Read again what changed while the page was hidden."""
        if self._dirty:
            self.reload()
        self.search.setFocus()

    def on_changes(self, changes: Any) -> None:
        """After a commit: reload what is on screen, or remember to."""
        if "settings" in changes.tables:
            self.views.reload()
        if not changes.tables & _SHOWN:
            return
        self._dirty = True
        if self.isVisible():
            self.reload()

    @property
    def chips(self) -> dict[str, Chip]:
        """The filters that stand beside the search field, on or off."""
        return self.filters.chips

    def _chosen(self) -> tuple[str, ...]:
        return self.filters.chosen()

    def _typed(self) -> None:
        self._look.over = True  # an answer on its way belongs to what was typed before
        self._look = _Look()
        self._started = time.perf_counter()
        zone = self.context.center.zone
        self._say_sort()
        self.views.say_changed()
        found = roster.at_once(self.search.text(), self._chosen(), zone, self._sort)
        self._awaited = found is None
        if found is None:
            self._ask_list()
        else:
            self._show_ids(found[0])
            self._say(len(found[0]), more=found[1] and len(found[0]) == roster.AT_ONCE)
            self._say_took()
        self._rest.start(250)

    def _show_ids(self, found: list[int]) -> None:
        """Show these rows; whoever is selected stays so, but another order is read from its top."""
        self.table.show_ids(found, keep=found[0] if found and self._from_top else None)
        self._from_top = False

    def _say_took(self) -> None:
        took = max(1, round((time.perf_counter() - self._started) * 1000))
        self.took.setText(_("found in {ms} ms").format(ms=took))

    def _ask_list(self) -> None:
        """The whole list in its order, read beside the window."""
        asked = (self.search.text(), self._chosen(), self.context.center.zone, None, self._sort)
        self.context.read(_unless_over, self._look, roster.ids, *asked, done=self._list_read)

    def _show_rest(self) -> None:
        """The whole list, counts and sums, read beside the window once typing rests."""
        self._ask_list()
        asked = (self.search.text(), self._chosen(), self.context.center.zone, self.filters.shown())
        self.context.read(_unless_over, self._look, roster.counted, *asked, done=self._counts_read)
        self.context.read(_unless_over, self._look, roster.open_invoices, *asked[:3], done=self._invoices_read)

    def _list_read(self, answer: tuple[_Look, list[int]] | None) -> None:
        if answer is None or answer[0] is not self._look:
            return  # something else was typed meanwhile
        found = answer[1]
        if found != self.model.ids:
            self._show_ids(found)
        if self._awaited:
            self._awaited = False
            self._say_took()
        self._say(len(found), more=False)
        self._say_facts()

    def _counts_read(self, answer: tuple[_Look, tuple[dict[str, int], int, int]] | None) -> None:
        if answer is None or answer[0] is not self._look:
            return
        counts, owed_minor, owing = answer[1]
        self.filters.show_counts(counts)
        self._everyone = counts[""]
        self._owed = (
            ngettext("{n} of them owes {amount}", "{n} of them owe {amount} together", owing).format(
                n=f"{owing:,}", amount=text.show_money(owed_minor)
            )
            if owed_minor
            else ""
        )
        self._say_owed()
        self._say_facts()

    def _invoices_read(self, answer: tuple[_Look, int] | None) -> None:
        if answer is not None and answer[0] is self._look:
            self._open_invoices = answer[1]
            self._say_owed()

    def _say_owed(self) -> None:
        """What they owe together, and on how many invoices: what has none yet is owed all the same."""
        count = self._open_invoices if self._owed else 0
        said = ngettext("{n} open invoice", "{n} open invoices", count).format(n=f"{count:,}") if count else ""
        self.owed.setText(" · ".join(filter(None, (self._owed, said))))

    def _say_facts(self) -> None:
        everyone = self._everyone
        people = ngettext("{n} person", "{n} people", everyone).format(n=f"{everyone:,}")
        matching = _("{n} match").format(n=f"{len(self.model.ids):,}")
        filtered = self.search.text().strip() or self._chosen()
        self.head.facts.setText(f"{people} · {matching}" if filtered else people)

    def _say(self, count: int, *, more: bool) -> None:
        self._more = more
        self._say_range()
        if count:
            self.stack.setCurrentWidget(self.table)
            return
        self._say_nobody(self.search.text().strip(), self.filters.labels())
        self.stack.setCurrentWidget(self.empty)

    def _say_range(self) -> None:
        first, last = self.table.visible_rows()
        count = len(self.model.ids)
        of = f"{count:,}{'+' if self._more else ''}"
        span = _("{first}–{last} of {all}").format(first=f"{first:,}", last=f"{last:,}", all=of)
        self.range.setText(span if count else _("nobody"))

    def _say_nobody(self, typed: str, filters: list[str]) -> None:
        """What was looked for, who would be there without the filter, and the way out."""
        self.drop.setVisible(bool(typed or filters))
        self.add_this.setVisible(bool(typed) or not filters)
        self.add_this.set_label(_("New “{name}”").format(name=typed.title()[:40]) if typed else _("New student"))
        self.empty.tile.set_icon("search" if typed or filters else "users", "brasstext")
        if not typed and not filters:
            self.empty.headline.setText(_("No students yet"))
            self.empty.words.setText(_("Add the first by hand. Nothing is missing: this roster is new."))
            return
        said = _("Nobody matches “{words}”").format(words=typed) if typed else _("Nobody here")
        self.empty.headline.setText(" · ".join([said, *filters]))
        others = roster.ids(typed, (), self.context.center.zone, 200) if typed and filters else []
        names = ", ".join(row.name for row in roster.page(others[:2]).values())
        if others:
            match = ngettext(
                "{n} person matches without the filter: {names}.",
                "{n} people match without the filter: {names}.",
                len(others),
            )
            more = "200+" if len(others) == 200 else str(len(others))
            self.empty.words.setText(match.format(n=more, names=names + (" …" if len(others) > 2 else "")))
        else:
            self.empty.words.setText(_("Try fewer letters. A name, a part of a phone number or of a mail will do."))

    def reload(self) -> None:
        """Read everything shown again."""
        self._dirty = False
        if not self.model.ids:
            self._typed()
        self._rest.start(50)
        self.model.refresh()
        self.panel.reload()

    def drop_filter(self) -> None:
        """Show everyone again."""
        if self.views.current() is not None:
            self.views.pick(0)
        else:
            self.filters.drop()
        self.search.setFocus()

    def select(self, student_id: int) -> None:
        """Show one student, whatever was filtered."""
        if not self.table.select_id(student_id):
            self.drop_filter()
            self._typed()
            if not self.table.select_id(student_id):
                everyone = roster.ids("", (), self.context.center.zone, sort=self._sort)
                self.table.show_ids(everyone, keep=student_id)
        self._awaited = False
        self._panel_rest.stop()
        self.side.setCurrentWidget(self.panel)
        self.panel.show_student(student_id)

    def current_student(self) -> int | None:
        """Who is selected, alone; nobody while the list for what was just asked is still on its way."""
        return None if self._awaited or len(self._many) > 1 else self.table.current_id()

    def selected_students(self) -> list[int]:
        """All who are selected, in their order."""
        if self._awaited:
            return []
        return self._many if len(self._many) > 1 else [one for one in (self.table.current_id(),) if one is not None]

    def _selected_many(self, ids: list[int]) -> None:
        self._many = ids
        self._panel_rest.start(60)

    def _say_too_many(self) -> None:
        said = _("{n} are selected: more cannot be worked with at once. Export takes the whole list.")
        self.context.notice.emit(said.format(n=f"{MOST_SELECTED:,}"))

    def _selected(self, student_id: object) -> None:
        # The panel follows when typing or moving rests: reading it must not hold up a keystroke.
        self._panel_for = student_id if isinstance(student_id, int) else None
        self._panel_rest.start(60)

    def _show_panel(self) -> None:
        if len(self._many) > 1:
            self.selection.show_students(self._many)
            self.side.setCurrentWidget(self.selection)
            return
        self.side.setCurrentWidget(self.panel)
        self.panel.show_student(self._panel_for)

    def _to_table(self) -> None:
        self.table.setFocus()

    def _to_panel(self, student_id: int) -> None:
        if len(self._many) > 1:
            self._show_panel()
            self.selection.setFocus()
            return
        self.side.setCurrentWidget(self.panel)
        self.panel.show_student(student_id)
        self.panel.setFocus()

    # -- keys and dialogs

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Slash:
            self.search.setFocus()
            self.search.selectAll()
        elif key == Qt.Key.Key_Down and self.search.hasFocus():
            self.table.setFocus()
        elif key == Qt.Key.Key_Escape and len(self._many) > 1:
            self.table.select_id(self.table.current_id())
        elif key == Qt.Key.Key_Escape:
            self.drop_filter()
        elif key == Qt.Key.Key_M and not self.search.hasFocus() and not event.modifiers():
            self.verbs.message()
        elif key == Qt.Key.Key_B and not self.search.hasFocus() and not event.modifiers():
            self.verbs.book()
        elif key == Qt.Key.Key_W and not self.search.hasFocus() and not event.modifiers():
            self.verbs.family()
        elif key == Qt.Key.Key_E and not self.search.hasFocus():
            self.edit_student()
        elif key == Qt.Key.Key_F and not self.search.hasFocus() and not event.modifiers():
            self.filters.choose_filter()
        elif key == Qt.Key.Key_S and not self.search.hasFocus() and not event.modifiers():
            self.choose_sort()
        else:
            super().keyPressEvent(event)

    def new_student(self) -> None:
        """Open the form for a new student."""
        dialog = StudentDialog(self.context, self)
        dialog.saved.connect(self._added)
        dialog.open()

    def new_named(self) -> None:
        """A new student by the name that nobody has."""
        dialog = StudentDialog(self.context, self)
        dialog.name(self.search.text().strip().title())
        dialog.saved.connect(self._added)
        dialog.open()

    def _added(self, student_id: int) -> None:
        self.drop_filter()
        self._typed()
        self.select(student_id)

    def import_people(self) -> None:
        """Bring a list of people in."""
        from ui.dialogs import import_people

        import_people.choose(self.context, self)

    def export_people(self) -> None:
        """Ctrl+E: take the list as it is shown out, or those of it who are selected."""
        self.verbs.export()

    def print_people(self) -> None:
        """Ctrl+P: the list as it is shown, or address labels."""
        self.verbs.print_out()

    def edit_student(self) -> None:
        """Open the form for the selected student."""
        student = self.current_student()
        if student is not None:
            StudentDialog(self.context, self, student).open()
