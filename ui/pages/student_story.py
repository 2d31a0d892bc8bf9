"""The panel's tab of the timeline: what happened, narrowed by kind and by who did it; an entry opens its record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.lists import person
from app.text import N_, _, ngettext
from ui import words
from ui.context import Context
from ui.widgets.basic import Chip, Text
from ui.widgets.entry import Entry

_KINDS = {
    "": N_("Everything"), "enrollments": N_("Enrollments"), "money": N_("Money"), "seats": N_("Seats"),
    "messages": N_("Messages"), "record": N_("Changes of the record"), "notes": N_("Notes"),
}  # fmt: skip

#: So many entries are shown, the newest; and so many fill the panel.
SHOWN, AT_ONCE = 200, 10


class Story(QObject):
    """Keeps what the timeline is narrowed by, and fills the tab. `opened(table, row)`."""

    opened = Signal(str, int)

    def __init__(self, context: Context, panel: QWidget, again: Callable[[], None]) -> None:
        super().__init__(panel)
        self.context, self.panel, self._again = context, panel, again
        self.kind = ""
        self.by: int | None = None
        self._menu: QMenu | None = None

    def show_student(self) -> None:
        """Somebody else: the kind stays as it was chosen, but other people may have worked on them."""
        self.by = None

    def fill(self, column: QVBoxLayout, student_id: int) -> Iterator[None]:
        """Put the tab into the panel's body, a screenful at a time."""
        told = person.told(student_id)
        if self.by not in {who for who, _name, _count in told.people}:
            self.by = None
        rows = person.timeline(student_id, SHOWN, self.kind, self.by)
        everyone: dict[int | None, str] = {
            None: _("Anyone"),
            **{who: name or _("Deskbell") for who, name, _count in told.people},
        }
        line = QHBoxLayout()
        line.setSpacing(8)
        kinds = [
            (key, _(_KINDS[key]), told.kinds[key] if key else told.count)
            for key in _KINDS
            if not key or told.kinds[key] or key == self.kind
        ]
        whose = [(None, everyone[None], told.count)] + [(who, everyone[who], n) for who, _name, n in told.people]
        self.kinds = Chip(_(_KINDS[self.kind]), "list-filter", "story_kind", opens=True)
        self.people = Chip(_shortened(everyone[self.by]), "user", "story_by", opens=True)
        self.kinds.clicked.connect(partial(self._choose, self.kinds, kinds, self._of_kind))
        self.people.clicked.connect(partial(self._choose, self.people, whose, self._by))
        line.addWidget(self.kinds)
        line.addWidget(self.people)
        line.addStretch(1)
        count = Text(self._count(len(rows), told.count), "small", "text3")
        count.setObjectName("story_count")
        line.addWidget(count)
        column.addLayout(line)
        for number, row in enumerate(rows, start=1):
            self._entry(column, row)
            if number % AT_ONCE == 0:
                yield

    def _count(self, shown: int, whole: int) -> str:
        if self.kind or self.by is not None:
            more = "+" if shown == SHOWN else ""
            return _("{n} of {all}").format(n=f"{shown:,}{more}", all=f"{whole:,}")
        if whole > shown:
            return _("the last {n} of {all}").format(n=f"{shown:,}", all=f"{whole:,}")
        return ngettext("{n} entry", "{n} entries", whole).format(n=f"{whole:,}")

    def _entry(self, column: QVBoxLayout, row: person.TimelineRow) -> None:
        when = words.when(row.at, self.context.center)
        facts = " · ".join(filter(None, (when, row.actor or _("Deskbell"))))
        subject = row.subject if row.subject is not None and row.subject[0] in OPENED else None
        entry = Entry(row.words, facts, opens=subject is not None, ruled=True)
        if subject is not None:
            entry.opened.connect(partial(self.opened.emit, *subject))
        column.addWidget(entry)

    # -- what it is narrowed by

    def _choose(self, chip: Chip, offered: Sequence[tuple[object, str, int]], act: Callable[[object], None]) -> None:
        if self._menu is not None:
            self._menu.deleteLater()
        self._menu = menu = QMenu(self.panel)
        menu.setObjectName("story_menu")
        for key, said, count in offered:
            entry = menu.addAction(f"{_shortened(said)}\t{count:,}".replace("&", "&&"))
            entry.triggered.connect(partial(act, key))
        menu.popup(chip.mapToGlobal(chip.rect().bottomLeft()))
        menu.setActiveAction(menu.actions()[0])

    def _of_kind(self, key: object) -> None:
        self.kind = str(key)
        self._again()

    def _by(self, who: object) -> None:
        self.by = who if isinstance(who, int) else None
        self._again()


#: Tables whose records an entry opens.
OPENED = frozenset(
    {
        "payments",
        "invoices",
        "courses_enrolled",
        "product_enrolled",
        "slots",
        "mail_queue",
        "notes",
        "attachments",
        "quotes",
    }
)


def _shortened(said: str) -> str:
    return said if len(said) <= 24 else f"{said[:23]}…"
