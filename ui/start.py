"""Where no desk can be opened: what happened, what is safe, the one next step. The last backup is one press away."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent, QIcon, QKeyEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QMainWindow, QProgressBar, QVBoxLayout, QWidget

from app import clock, paths, store, text
from app.desk import keeping
from app.desk.accounts import SYSTEM
from app.errors import DeskError, EnvironmentFault
from app.lists import keeping as kept
from app.text import N_, _, ngettext
from app.workers import BetweenThread
from ui import words
from ui.dialogs import ask
from ui.dialogs.unlock import open_with_key
from ui.theme import theme
from ui.widgets.basic import Button, Card, Icon, Text, clear_layout, rule
from ui.widgets.table import Cell, Column, PagedModel, RowTable


@dataclass(frozen=True)
class Way:
    """How a fault is met: its headline, what to do about it, and what a backup may do.

    `backup` is "here" (in place of the broken file), "elsewhere" (in another folder: this one cannot be written),
    "chosen" (only from the list, after someone thought about it), or "" (it would not help).
    """

    headline: str
    safe: str
    backup: str = "here"
    icon: str = "circle-alert"
    first: str = "backup"


_BROKEN = Way(
    N_("The data file is damaged"),
    N_("The file stays as it is, under another name. What was done after the backup is not in it."),
)
_NO_ROOM = N_("Nothing was lost. Another folder can hold the last backup until this one can be written again.")
_WAYS = {
    "store.in_use": Way(
        N_("Deskbell is already open"),
        N_("Everything is safe in the other window. Two at once would get in each other's way."),
        "",
        "monitor",
        "again",
    ),
    "store.locked": Way(
        N_("Another program holds the data file"),
        N_("Nothing was lost. A backup program or a synchronized folder lets go of it in a moment."),
        "",
        "lock",
        "again",
    ),
    "store.read_only": Way(N_("Deskbell cannot write here"), _NO_ROOM, "elsewhere", "lock", "again"),
    "store.disk_full": Way(N_("The disk is full"), _NO_ROOM, "elsewhere", "hard-drive", "again"),
    "store.io_error": Way(N_("The disk reports errors"), _NO_ROOM, "elsewhere", "hard-drive", "again"),
    "store.foreign_file": Way(
        N_("This file belongs to another program"),
        N_("It was not touched. If a backup is opened here, it is kept under another name, byte by byte."),
        "here",
        "file-text",
        "folder",
    ),
    "store.newer_file": Way(
        N_("A newer Deskbell wrote this data"),
        N_("Everything is safe in the file. Update Deskbell on this computer, then start it again."),
        "chosen",
        "download",
        "close",
    ),
    "store.missing": Way(
        N_("The data file is gone"), N_("Opening a backup makes the file anew. What was done after it is not in it.")
    ),
    "store.old_sqlite": Way(
        N_("This Deskbell is not complete"),
        N_("The data was not touched. Install Deskbell again, then start it."),
        "",
        "download",
        "close",
    ),
    "store.damaged": _BROKEN,
    "store.strange_schema": Way(
        N_("Something changed the structure of the data file"),
        N_("The file stays as it is, under another name. What was done after the backup is not in it."),
    ),
    "store.upgrade_failed": Way(
        N_("The data could not be brought up to this version"),
        N_("Everything is safe in the file, and in the copy that was made before."),
        "chosen",
        "download",
        "close",
    ),
    "store.key_missing": Way(
        N_("This center is encrypted"),
        N_("Everything is safe in the file. The recovery code on paper opens it."),
        "chosen",  # the bytes that say which key may be the damaged ones
        "lock",
        "again",
    ),
}
_OTHER = Way(
    N_("Deskbell cannot open this center"),
    N_("The file was not touched. If a backup is opened, it is kept under another name."),
)


class StartScreen(QMainWindow):
    """What stands in place of a desk. Signals: `backup_wanted(path, folder or None)`, `folder_wanted(path)`, `again`,
    `closed`.
    """

    backup_wanted = Signal(object, object)
    folder_wanted = Signal(object)
    again = Signal()
    closed = Signal()

    def __init__(self, fault: DeskError, data_dir: Path) -> None:
        super().__init__()
        self.fault, self.data_dir = fault, data_dir
        self.way = _WAYS.get(fault.key, _OTHER)
        self.copies = kept.copies(data_dir) if self.way.backup else []
        self.newest, self.holds = _newest_readable(self.copies)
        self.setObjectName("start")
        self.setWindowTitle("Deskbell")
        self.setWindowIcon(QIcon(str(paths.resources() / "icons" / "deskbell.svg")))
        self.setMinimumSize(760, 560)
        self.resize(1024, 680)
        self._root = QWidget()
        self._root.setObjectName("root")
        column = QVBoxLayout(self._root)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar())
        page = QWidget()
        page.setObjectName("page")
        page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column.addWidget(page, 1)
        self._foot = QWidget()
        column.addWidget(self._foot)
        around = QVBoxLayout(page)
        around.setContentsMargins(24, 20, 24, 20)
        self._body = QVBoxLayout()
        self._body.setSpacing(14)
        card = Card(self._body, margins=(28, 24, 28, 24))
        across = QHBoxLayout()  # stretches rather than an alignment: the card's height follows from its own width
        across.addStretch(1)
        across.addWidget(card)
        across.addStretch(1)
        around.addStretch(1)
        around.addLayout(across)
        around.addStretch(1)
        self._card = card
        self.setCentralWidget(self._root)
        self.primary: Button | None = None
        self.back: Button | None = None
        self.problem = ""
        theme().changed.connect(self._restyle)
        self._restyle()
        self.show_reason()

    def _restyle(self) -> None:
        self._root.setStyleSheet(f"QWidget#root {{ background: {theme().hex('frame')}; }}")
        self._ink.setFixedHeight(max(48, theme().px(32) + 8))
        self._foot.setFixedHeight(theme().px(18) + 10)
        self._card.setFixedWidth(min(theme().px(700), 900))

    def _bar(self) -> QWidget:
        self._ink = bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(26, 0, 16, 0)
        row.setSpacing(10)
        row.addWidget(Icon("deskbell", "brass", 28))
        row.addSpacing(16)
        row.addWidget(Text("Deskbell", "section", "frametext"))
        row.addWidget(Text(self.holds.center if self.holds is not None else "", "body", "framemuted"))
        row.addStretch(1)
        return bar

    # -- the reason

    def show_reason(self, problem: str = "") -> None:
        """What happened, what is safe, the next step; `problem` is what stood in the way of the step before."""
        self.problem = problem
        self._empty()
        head = QHBoxLayout()
        head.setSpacing(16)
        tile = Icon(self.way.icon, "brasstext", 28)
        tile.setProperty("tile", True)
        tile.setStyleSheet("")
        tile.setAlignment(Qt.AlignmentFlag.AlignCenter)
        tile.setFixedSize(64, 64)
        head.addWidget(tile, alignment=Qt.AlignmentFlag.AlignTop)
        said = QVBoxLayout()
        said.setSpacing(6)
        self._label(said, _(self.way.headline), "panel", name="headline")
        self._label(said, text.sentence(self.fault), "body", "text2", name="reason")
        self._label(said, str(paths.data_file(self.data_dir)), "small", "text3", name="path")
        head.addLayout(said, 1)
        self._body.addLayout(head)
        if problem:
            line = QHBoxLayout()
            line.addWidget(Icon("circle-alert", "danger", 16), alignment=Qt.AlignmentFlag.AlignTop)
            self._label(line, problem, "label", "danger", name="problem")
            self._body.addLayout(line)
        self._body.addWidget(rule())
        self._label(self._body, _(self.way.safe), "body", "text2", name="safe")
        if self.way.backup:
            self._backup_facts()
        self._buttons()

    def _backup_facts(self) -> None:
        if self.newest is None or self.holds is None:
            unread = any(one.verified for one in self.copies)
            said = (
                _("There are verified backups, but none of them can be read.")
                if unread
                else _("There is no verified backup in {path}.").format(path=paths.backups(self.data_dir))
            )
            more = _("Look on the stick or the other disk that backups were copied to.")
            self._label(self._body, f"{said} {more}", "label", "warn", name="no_backup")
            return
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(Icon("shield-check", "ok", 18), alignment=Qt.AlignmentFlag.AlignTop)
        facts = QVBoxLayout()
        facts.setSpacing(2)
        at = self._moment(self.newest)
        self._label(
            facts,
            _("The last verified backup was made {at} ({age}).").format(at=at, age=_age(self.newest.made_at)),
            "name",
            name="backup",
        )
        self._label(facts, _("It holds {facts}.").format(facts=_counts(self.holds)), "small", "text2", name="holds")
        line.addLayout(facts, 1)
        self._body.addLayout(line)

    def _buttons(self) -> None:
        steps: dict[str, tuple[str, str, str, Callable[[], None]]] = {}
        if self.newest is not None and self.way.backup in ("here", "elsewhere"):
            at = self._moment(self.newest)
            label = _("Open the backup of {at}").format(at=at)
            if self.way.backup == "elsewhere":
                label = _("Open the backup of {at} in another folder…").format(at=at)
            steps["backup"] = ("open_backup", label, "history", self._open_newest)
        if self.way.backup:
            steps["choose"] = ("choose_backup", _("Choose another backup…"), "hard-drive", self.show_copies)
        steps["again"] = ("try_again", _("Try again"), "refresh-cw", self.again.emit)
        steps["folder"] = ("choose_folder", _("Choose another data folder…"), "door-open", self._choose_folder)
        steps["close"] = ("close", _("Close"), "x", self.close_program)
        if self.fault.key in ("store.in_use", "store.old_sqlite"):
            del steps["folder"]
        first = self.way.first if self.way.first in steps else "choose" if self.copies else "again"
        name, label, icon, act = steps.pop(first)
        self._body.addSpacing(4)
        self.primary = self._button(name, label, icon, act, primary=True)
        self._body.addWidget(self.primary, alignment=Qt.AlignmentFlag.AlignLeft)
        row: QHBoxLayout | None = None
        for number, (name, label, icon, act) in enumerate(steps.values()):
            if number % 2 == 0:
                row = QHBoxLayout()
                row.setSpacing(8)
                self._body.addLayout(row)
            assert row is not None
            row.addWidget(self._button(name, label, icon, act))
            if number % 2 or number == len(steps) - 1:
                row.addStretch(1)
        _focus(self.primary)

    def _button(self, name: str, label: str, icon: str, act: Callable[..., Any], *, primary: bool = False) -> Button:
        keys = ("Enter",) if primary else ("Esc",) if name in ("close", "back") else ()
        button = Button(label, icon, kind="primary" if primary else "default", keys=keys)
        button.setObjectName(name)
        button.clicked.connect(act)
        return button

    # -- the list

    def show_copies(self) -> None:
        """Every copy beside the file, newest first, and the way to one that lies elsewhere."""
        self._empty()
        self._label(self._body, _("Choose a backup"), "panel", name="headline")
        self._label(self._body, _(self.way.safe), "body", "text2", name="safe")
        rows = {one.number: one for one in self.copies}
        model = PagedModel(
            [
                Column(_("When"), 0, lambda row: Cell(f"{self._moment(row)} ({_age(row.made_at)})", "name")),
                Column(
                    _("Size"), 90, lambda row: Cell(f"{row.size / 1e6:.1f} MB", color="text2", right=True), right=True
                ),
                Column(
                    _("State"),
                    120,
                    lambda row: Cell(
                        _("Verified") if row.verified else _("Unsound"), badge="completed" if row.verified else "failed"
                    ),
                ),
            ],
            lambda ids: {one: rows[one] for one in ids if one in rows},
        )
        self.table = RowTable(model, "copies")
        self.table.setMinimumHeight(theme().px(220))
        self._body.addWidget(self.table)
        self.about = self._label(self._body, "", "small", "text2", name="about")
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self._button("from_file", _("From a file…"), "save", self._choose_file))
        foot.addStretch(1)
        self.back = self._button("back", _("Back"), "undo-2", self._back)
        foot.addWidget(self.back)
        self.primary = self._button("open_chosen", _("Open this backup"), "history", self._open_chosen, primary=True)
        foot.addWidget(self.primary)
        self._body.addLayout(foot)
        self.table.selected_id.connect(self._selected)
        self.table.activated_id.connect(self._open_chosen)
        self.table.show_ids(list(rows), keep=self.newest.number if self.newest is not None else None)
        if rows:
            _focus(self.table)
        else:
            self._selected(None)
            _focus(self.back)

    def _selected(self, number: object) -> None:
        chosen = next((one for one in self.copies if one.number == number), None)
        holds = kept.contents(chosen.path) if chosen is not None else None
        if chosen is None:
            said = _("No backup lies beside the file. One may lie on a stick or another disk.")
        elif not chosen.verified:
            said = _("This copy breaks a rule and cannot be opened as a center. It is kept for support.")
        elif holds is None:
            said = _("This copy cannot be read.")
        else:
            said = _("It holds {facts}.").format(facts=_counts(holds))
        self.about.setText(said)
        assert self.primary is not None
        self.primary.setEnabled(chosen is not None and chosen.verified and holds is not None)

    def _open_chosen(self, _number: object = None) -> None:
        chosen = next((one for one in self.copies if one.number == self.table.current_id()), None)
        if chosen is not None and self.primary is not None and self.primary.isEnabled():
            self._open(chosen.path)

    # -- steps

    def _back(self) -> None:
        self.show_reason()

    def _open_newest(self) -> None:
        if self.newest is not None:
            self._open(self.newest.path)

    def _open(self, path: Path) -> None:
        folder: Path | None = None
        if self.way.backup == "elsewhere":
            chosen = ask.choose_folder(self, _("An empty folder for the backup"))
            if not chosen:
                return
            folder = Path(chosen)
        self.backup_wanted.emit(path, folder)

    def _choose_file(self) -> None:
        path = ask.choose_open_file(self, _("A backup"), _("Deskbell data (*.db)"))
        if path:
            self._open(Path(path))

    def _choose_folder(self) -> None:
        path = ask.choose_folder(self, _("Another data folder"))
        if path:
            self.folder_wanted.emit(Path(path))

    def show_busy(self, said: str) -> None:
        """Something runs that takes as long as it takes."""
        self._empty()
        self._label(self._body, said, "panel", name="busy")
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setAccessibleName(said)
        self._body.addWidget(bar)

    def close_program(self) -> None:
        """Nothing more is wanted."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        event.accept()
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        focus = self.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            chosen = focus if isinstance(focus, Button) else self.primary
            if chosen is not None and chosen.isEnabled():
                chosen.click()
        elif event.key() == Qt.Key.Key_Escape:
            if self.back is not None:
                self.back.click()
            elif self.primary is not None:  # not while something runs
                self.close_program()
        else:
            super().keyPressEvent(event)

    def _empty(self) -> None:
        self.primary = self.back = None
        clear_layout(self._body)

    @staticmethod
    def _label(into: QBoxLayout, said: str, role: str, color: str = "text", *, name: str = "") -> Text:
        label = Text(said, role, color, wrap=True)
        label.setObjectName(name)
        into.addWidget(label)
        return label

    def _moment(self, copy: kept.Backup) -> str:
        zone, locale = (self.holds.zone, self.holds.locale) if self.holds is not None else ("UTC", "en")
        return words.wall_words(clock.utc_to_wall(copy.moment, zone), clock.local_date(zone), locale)


def _focus(widget: QWidget) -> None:
    """Have the focus at once: what was just put in a layout is shown a moment later, and takes none until then."""
    widget.show()
    widget.setFocus()


def _newest_readable(copies: list[kept.Backup]) -> tuple[kept.Backup | None, kept.Contents | None]:
    for one in copies:
        holds = kept.contents(one.path) if one.verified else None
        if holds is not None:
            return one, holds
    return None, None


def _counts(holds: kept.Contents) -> str:
    return ", ".join(
        (
            ngettext("{n} person", "{n} people", holds.people).format(n=f"{holds.people:,}"),
            ngettext("{n} payment", "{n} payments", holds.payments).format(n=f"{holds.payments:,}"),
            ngettext("{n} invoice", "{n} invoices", holds.invoices).format(n=f"{holds.invoices:,}"),
        )
    )


def _age(stamp: str) -> str:
    gone = max(clock.now() - clock.parse_stamp(stamp), timedelta())
    minutes = int(gone.total_seconds() // 60)
    if minutes == 0:
        return _("just now")
    if minutes < 60:
        return ngettext("{n} minute ago", "{n} minutes ago", minutes).format(n=minutes)
    if minutes < 48 * 60:
        return ngettext("{n} hour ago", "{n} hours ago", minutes // 60).format(n=minutes // 60)
    return ngettext("{n} day ago", "{n} days ago", gone.days).format(n=gone.days)


class Opening(QObject):
    """Opens a data folder, or shows why it cannot be and goes on from there.

    `opened(folder, words)` once its center is open and this thread disconnected; `closed` where nobody wanted on.
    """

    opened = Signal(object, str)
    closed = Signal()

    def __init__(self, data_dir: Path, make: Callable[[Path], None]) -> None:
        super().__init__()
        self.data_dir = data_dir
        self.screen: StartScreen | None = None
        self.found: tuple[Path, str] | None = None
        self._make = make
        self._claimed: Path | None = None
        self._restoring: BetweenThread | None = None

    def begin(self, fault: DeskError | None = None) -> None:
        """Open the folder; with `fault`, show first why what was open could not stay so."""
        self._claimed = self.data_dir if fault is not None else None
        if fault is not None:
            self._refuse(fault)
        else:
            self._try()

    def _try(self, said: str = "") -> None:
        try:
            self._claim(self.data_dir)
            if not paths.data_file(self.data_dir).exists():
                if kept.copies(self.data_dir):
                    raise EnvironmentFault("store.missing", path=str(self.data_dir))
                self._make(self.data_dir)
            open_with_key(self.data_dir)
        except DeskError as fault:
            self._refuse(fault)
            return
        store.disconnect()
        screen, self.screen = self.screen, None
        if screen is not None:
            self._take_off(screen)
        self.found = (self.data_dir, said)
        self.opened.emit(self.data_dir, said)

    def _claim(self, folder: Path) -> None:
        if self._claimed != folder:
            store.release_folder()
            self._claimed = None
            store.claim_folder(folder)
            self._claimed = folder

    def _refuse(self, fault: DeskError) -> None:
        print(text.sentence(fault), file=sys.stderr)  # noqa: T201 - who started it from a terminal reads it there
        before = self.screen
        self.screen = screen = StartScreen(fault, self.data_dir)
        screen.backup_wanted.connect(self._restore)
        screen.folder_wanted.connect(self._elsewhere)
        screen.again.connect(self._again)
        screen.closed.connect(self._end)
        if before is not None:
            screen.resize(before.size())
        screen.show()
        screen.activateWindow()
        if before is not None:
            self._take_off(before)

    def _again(self) -> None:
        self._try()

    def _elsewhere(self, folder: object) -> None:
        assert isinstance(folder, Path)
        self.data_dir = folder
        self._try()

    def _restore(self, source: object, folder: object) -> None:
        assert isinstance(source, Path)
        assert self.screen is not None
        if isinstance(folder, Path):
            try:
                if paths.data_file(folder).exists():
                    raise EnvironmentFault("store.not_empty", path=str(folder))
                self._claim(folder)
            except DeskError as fault:
                self.screen.show_reason(text.sentence(fault))
                return
            self.data_dir = folder
        self.screen.show_busy(_("Opening the backup. The file that was there is kept aside …"))
        self._restoring = BetweenThread(partial(keeping.restore, SYSTEM, source, self.data_dir))
        self._restoring.finished.connect(self._restored)
        self._restoring.start()

    def _restored(self) -> None:
        thread, self._restoring = self._restoring, None
        assert thread is not None
        thread.wait()
        if self.screen is None:
            return
        if thread.error is not None:
            self.data_dir = self.screen.data_dir  # not the other folder, where nothing came to be
            self.screen.show_reason(text.sentence(thread.error))
            return
        kept_as = _("The broken file is kept as {name}.").format(name=thread.result.name) if thread.result else ""
        self._try(" ".join(filter(None, (_("The backup is open."), kept_as))))

    def _take_off(self, screen: StartScreen) -> None:
        """Close a screen without taking it for a wish to end."""
        screen.closed.disconnect(self._end)
        screen.close()
        screen.deleteLater()

    def _end(self) -> None:
        if self._restoring is not None:  # the file is never left half-way: what was begun ends first
            self._restoring.wait()
        self.screen = None
        self.closed.emit()


def open_folder(
    data_dir: Path, make: Callable[[Path], None], fault: DeskError | None = None
) -> tuple[Path, str] | None:
    """Open a folder, asking on the screen where it cannot be: which one is open and what to say; None for none."""
    opening, loop = Opening(data_dir, make), QEventLoop()
    opening.opened.connect(loop.quit)
    opening.closed.connect(loop.quit)
    opening.begin(fault)
    if opening.screen is not None:
        loop.exec()
    return opening.found
