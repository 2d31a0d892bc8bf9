"""The filter row of the roster: search field, chips with counts, the courses, and everything else one can ask for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QMenu

from app.lists import filters
from app.text import N_, _
from ui import words
from ui.theme import theme
from ui.widgets.basic import Chip
from ui.widgets.line import as_tip
from ui.widgets.search import SearchField
from ui.widgets.wrap import WrapRow

_PLAIN = {
    "slot_this_week": (N_("Has a slot this week"), "calendar-check"),
    "no_slot": (N_("No slot booked"), "calendar-days"),
    "owes": (N_("Owes money"), "coins"),
    "credit": (N_("Has credit"), "hand-coins"),
    "birthday": (N_("Birthday within 14 days"), "bell"),
    "mail_bounces": (N_("Mail bounces"), "mail"),
    "erased": (N_("Erased on request"), "user-x"),
}
_STATUS_ICONS = {"applicant": "clock", "active": "circle-check", "on_hold": "bookmark", "inactive": "moon"}
#: A course may be called anything; a chip and a line of a menu stay readable.
_LONGEST = 40


class FilterBar(WrapRow):
    """`changed` when other students are asked for. Chips that were added stay until the filter is dropped."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("student_filters")
        self.search = SearchField(_("Name, phone, mail or number"), "student_search", low=True)
        theme().changed.connect(self._fit)
        self._fit()
        self.search.textChanged.connect(self.changed)
        self.put(self.search)
        self.chips: dict[str, Chip] = {}
        self._menu: QMenu | None = None
        for name in filters.READY:
            self._add_chip(name, None)
        self.courses = Chip(_("Course"), "graduation-cap", "course", opens=True)
        self.courses.clicked.connect(self.choose_course)
        self.add = Chip(_("Add filter"), "plus", "add_filter")
        self.add.setCheckable(False)
        self.add.clicked.connect(self.choose_filter)
        self.put(self.courses)
        self.put(self.add)

    def _fit(self) -> None:
        self.search.setFixedSize(theme().px(250), theme().px(30) + 2)

    # -- what is asked for

    def words(self) -> str:
        """What was typed."""
        return self.search.text()

    def chosen(self) -> tuple[str, ...]:
        """The filters that are on."""
        return tuple(name for name, chip in self.chips.items() if chip.isChecked())

    def shown(self) -> tuple[str, ...]:
        """The filters that stand there, on or off: each of them says a count."""
        return tuple(self.chips)

    def labels(self) -> list[str]:
        """The filters that are on, in words."""
        return [chip.text() for chip in self.chips.values() if chip.isChecked()]

    def show_counts(self, counts: dict[str, int]) -> None:
        """Say how many each filter would show; what was not counted keeps its number."""
        for name, chip in self.chips.items():
            if name in counts:
                chip.set_count(counts[name])

    def put_filters(self, typed: str, names: Sequence[str]) -> None:
        """Ask for these words and filters, and no others; `changed` is told once."""
        known = filters.choices()
        names = [name for name in names if filters.is_known(name) and label(name, known)]
        before = self.blockSignals(True)
        self.search.blockSignals(True)
        self.search.setText(typed)
        self.search.blockSignals(False)
        for name, chip in list(self.chips.items()):
            if name not in names and name not in filters.READY:
                del self.chips[name]
                self.take(chip)
            else:
                chip.setChecked(name in names)
        for name in names:
            if name not in self.chips:
                self._add_chip(name, known).setChecked(True)
        self.blockSignals(before)
        self.changed.emit()

    def drop(self) -> None:
        """Ask for everyone again."""
        self.put_filters("", ())

    def toggle(self, name: str, _on: bool = False) -> None:
        """Turn a filter on or off, adding its chip where there is none."""
        if name not in self.chips:
            self._add_chip(name, filters.choices())
        self.chips[name].toggle()

    def _add_chip(self, name: str, known: filters.Choices | None) -> Chip:
        chip = Chip(_shortened(label(name, known)), _icon(name), name)
        chip.setToolTip(as_tip(label(name, known)) if len(label(name, known)) > _LONGEST else "")
        chip.toggled.connect(self.changed)
        self.chips[name] = chip
        place = len(self.parts) - 2 if hasattr(self, "add") else None  # before the two that open menus
        self.put(chip, place)
        return chip

    # -- menus

    def choose_course(self) -> None:
        """The courses, to see who takes one of them."""
        menu = self._new_menu()
        self._offer(menu, [(f"course:{number}", name) for number, name in filters.choices().courses])
        self._open(menu, self.courses)

    def choose_filter(self) -> None:
        """Everything that can be asked for, in groups."""
        known = filters.choices()
        menu = self._new_menu()
        self._offer(menu, [(name, _(said)) for name, (said, _icon_name) in _PLAIN.items()])
        menu.addSeparator()
        for heading, names in (
            (_("Status"), [(f"status:{key}", words.state(key)) for key in filters.STATUSES]),
            (_("Course"), [(f"course:{number}", name) for number, name in known.courses]),
            (_("Instructor of a coming slot"), [(f"instructor:{number}", name) for number, name in known.instructors]),
        ):
            inner = menu.addMenu(heading)
            inner.setEnabled(bool(names))
            self._offer(inner, names)
        self._open(menu, self.add)

    def _new_menu(self) -> QMenu:
        if self._menu is not None:
            self._menu.deleteLater()
        self._menu = QMenu(self)
        self._menu.setObjectName("filter_menu")
        return self._menu

    def _offer(self, menu: QMenu, names: Sequence[tuple[str, str]]) -> None:
        for name, said in names:
            action = menu.addAction(_shortened(said).replace("&", "&&"))
            action.setObjectName(f"filter_{name}")
            action.setCheckable(True)
            action.setChecked(name in self.chips and self.chips[name].isChecked())
            action.triggered.connect(partial(self.toggle, name))

    def _open(self, menu: QMenu, under: Chip) -> None:
        corner = under.rect().bottomRight() if self.isRightToLeft() else under.rect().bottomLeft()
        place = under.mapToGlobal(corner + QPoint(0, 4))
        if self.isRightToLeft():
            place -= QPoint(menu.sizeHint().width(), 0)
        menu.popup(place)
        if menu.actions():
            menu.setActiveAction(menu.actions()[0])


def label(name: str, known: filters.Choices | None) -> str:
    """A filter in words; '' where its course or instructor is gone."""
    kind, _mark, value = name.partition(":")
    if kind in _PLAIN:
        return _(_PLAIN[kind][0])
    if kind == "status":
        return words.state(value)
    known = known if known is not None else filters.choices()
    if kind == "course":
        return dict(known.courses).get(int(value), "")
    found = dict(known.instructors).get(int(value), "")
    return _("With {name}").format(name=found) if found else ""


def _icon(name: str) -> str:
    kind, _mark, value = name.partition(":")
    if kind == "status":
        return _STATUS_ICONS[value]
    return {"course": "graduation-cap", "instructor": "user"}.get(kind) or _PLAIN[kind][1]


def _shortened(said: str) -> str:
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1].rstrip() + "…"
