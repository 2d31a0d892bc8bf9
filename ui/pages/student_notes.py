"""The panel's tab of notes: write, edit, pin, remove; files at a note or straight at the person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QObject, QPoint, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from app.desk import notes, people
from app.desk.notes import FileDraft
from app.errors import DeskError
from app.exchange import kept_files
from app.lists import person
from app.lists.person import FileRow, NoteRow
from app.text import N_, _, sentence
from ui import words
from ui.context import Context
from ui.dialogs import ask
from ui.dialogs.note import NoteDialog
from ui.widgets.basic import Button, Icon, Text
from ui.widgets.entry import Entry
from ui.widgets.typed import TypedLine

#: What a kind of file is called; all others are a file.
_KINDS = {
    "application/pdf": N_("PDF"), "image/png": N_("PNG picture"), "image/jpeg": N_("JPEG picture"),
    "image/gif": N_("GIF picture"), "image/tiff": N_("TIFF picture"), "image/webp": N_("WebP picture"),
    "image/heic": N_("HEIC picture"), "application/zip": N_("ZIP, or a document of an office program"),
}  # fmt: skip


#: So many notes fill the panel.
AT_ONCE = 2


def size(count: int) -> str:
    """So many bytes, as people say it."""
    if count < 1024:
        return _("{n} bytes").format(n=count)
    if count < 1024 * 1024:
        return _("{n} KB").format(n=round(count / 1024))
    return _("{n} MB").format(n=f"{count / 1024 / 1024:.1f}")


class NotesTab(QObject):
    """Fills the tab anew at every change; what is half typed, and what was refused, is kept over it."""

    def __init__(self, context: Context, panel: QWidget, again: Callable[[], None]) -> None:
        super().__init__(panel)
        self.context, self.panel, self._again = context, panel, again
        self.student_id: int | None = None
        self._typed = self._problem = ""
        self._busy = False

    def show_student(self, student_id: int | None) -> None:
        """Somebody else: nothing is typed or refused yet."""
        self.student_id = student_id
        self._typed = self._problem = ""

    # -- what is there

    def fill(self, column: QVBoxLayout) -> Iterator[None]:
        """Put the tab into the panel's body, a screenful at a time."""
        assert self.student_id is not None
        found = person.notes(self.student_id)
        self.line = TypedLine()
        self.line.setObjectName("new_note")
        self.line.setAccessibleName(_("New note"))
        self.line.setPlaceholderText(_("Write a note, Enter keeps it"))
        self.line.setText(self._typed)
        self.line.textChanged.connect(self._keep_typed)
        self.line.returnPressed.connect(self._add)
        column.addWidget(self.line)
        row = QHBoxLayout()
        row.setSpacing(10)
        self.add_file = Button(_("Attach a file…"), "paperclip", kind="quiet", size="small")
        self.add_file.setObjectName("attach_file")
        self.add_file.setToolTip(_("Attach a file (Ctrl+Shift+A)"))
        self.add_file.clicked.connect(partial(self.choose_file, None))
        row.addWidget(self.add_file)
        row.addWidget(Text(_("or drop it here: 10 MB at most"), "small", "text3"))
        row.addStretch(1)
        column.addLayout(row)
        self._say_problem(column)
        for file in found.files:
            column.addLayout(self._file(file))
        for number, note in enumerate(found.notes, start=1):
            column.addWidget(self._note(note))
            if number % AT_ONCE == 0:
                yield

    def _say_problem(self, column: QVBoxLayout) -> None:
        self.add_file.setAccessibleDescription(self._problem)
        if not self._problem:
            return
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(Icon("circle-alert", "danger", 14), alignment=Qt.AlignmentFlag.AlignTop)
        said = Text(self._problem, "small", "danger", wrap=True)
        said.setObjectName("file_problem")
        line.addWidget(said, 1)
        column.addLayout(line)

    def _note(self, note: NoteRow) -> QWidget:
        box = QFrame()
        box.setObjectName(f"note_{note.id}")
        box.setProperty("note_id", note.id)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(Entry(note.text, ruled=True))
        row = QHBoxLayout()
        row.setSpacing(2)
        on_top = _("on the overview") if note.pinned else ""
        facts = [words.when(note.at, self.context.center), note.actor, on_top]
        row.addWidget(Entry("", " · ".join(filter(None, facts))), 1, Qt.AlignmentFlag.AlignVCenter)
        pin = _("Take off the overview") if note.pinned else _("Put on the overview")
        for name, label, icon, act in (
            ("edit_note", _("Edit this note"), "pencil", partial(self._edit, note)),
            ("pin_note", pin, "pin", partial(self._pin, note)),
            ("attach_to_note", _("Attach a file to this note…"), "paperclip", partial(self.choose_file, note.id)),
            ("remove_note", _("Remove this note"), "trash-2", partial(self._remove, note)),
        ):
            row.addWidget(_small(f"{name}_{note.id}", label, icon, act))
        column.addLayout(row)
        for file in note.files:
            column.addLayout(self._file(file))
        return box

    def _file(self, file: FileRow) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        facts = (_(_KINDS.get(file.media_type, N_("File"))), size(file.size), words.when(file.at, self.context.center))
        icon = "paperclip" if file.media_type == notes.UNKNOWN else "file-text"
        row.addWidget(Entry(file.name, " · ".join(facts), role="name", icon=icon), 1)
        buttons = [
            ("save_file", _("Save this file as…"), "save", partial(self._save, file)),
            ("remove_file", _("Remove this file"), "trash-2", partial(self._remove_file, file)),
        ]
        if file.media_type in notes.OPENED:
            buttons.insert(0, ("open_file", _("Open this file"), "eye", partial(self._open, file)))
        inner = QHBoxLayout()
        inner.setSpacing(2)
        for name, label, icon, act in buttons:
            button = _small(f"{name}_{file.id}", label, icon, act)
            button.setAccessibleDescription(file.name)
            inner.addWidget(button)
        row.addLayout(inner)
        return row

    # -- notes

    def _keep_typed(self, typed: str) -> None:
        self._typed = typed

    def _add(self) -> None:
        if self._typed.strip():
            added = partial(self._added, self.student_id, self._typed)
            self._do(people.add_note, self.student_id, self._typed, True, done=added)

    def _added(self, student_id: int | None, words_: str) -> None:
        """What was kept leaves the line; what was typed since, or for somebody else, stays."""
        if student_id == self.student_id and self._typed.startswith(words_):
            self._typed = self._typed.removeprefix(words_)
            if isValid(self.line):
                self.line.setText(self._typed)

    def _edit(self, note: NoteRow) -> None:
        NoteDialog(self.context, self.panel, note).open()

    def _pin(self, note: NoteRow) -> None:
        self._do(notes.pin_note, note.id, note.version, not note.pinned)

    def _remove(self, note: NoteRow) -> None:
        if note.files:
            names = ", ".join(file.name for file in note.files)
            said = _("The note goes from here, and with it: {names}. {back}").format(names=names, back=_come_back())
            act = partial(self._confirmed, notes.remove_note, (note.id, note.version))
            self._ask(_("Remove this note"), said, act)
        else:
            self._do(notes.remove_note, note.id, note.version)

    def _ask(self, title: str, said: str, act: Callable[[str, str], None]) -> None:
        ask.ask(self.panel, title, said, [("remove", _("Remove"))], act)

    def _confirmed(self, function: Callable[..., Any], values: tuple[Any, ...], _key: str, _words: str) -> None:
        self._do(function, *values)

    # -- files

    def choose_file(self, note_id: int | None = None) -> None:
        """Ask for a file, and keep it at a note or straight at the person."""
        kinds = _("PDF and pictures") + " (*.pdf *.png *.jpg *.jpeg);;" + _("Every file") + " (*)"
        path = ask.choose_open_file(self.panel, _("Attach a file"), kinds)
        if path:
            self.take([path], note_id)

    def take(self, paths: Sequence[str], note_id: int | None = None) -> None:
        """Keep files, one after another; the last that is refused is said."""
        self._problem = ""
        for path in paths:
            kept = partial(self._keep, self.student_id, note_id)
            self.context.read(notes.read_file, Path(path), done=kept, failed=self._refusal())

    def _keep(self, student_id: int | None, note_id: int | None, draft: FileDraft) -> None:
        if student_id is not None:
            refused = partial(self._file_refused, student_id)
            self.context.run(notes.attach, student_id, draft, note_id, failed=refused)

    def _open(self, file: FileRow) -> None:
        self.context.read(
            kept_files.copy_for_viewer, file.id,
            done=partial(self._hand_over, self.student_id, file.name), failed=self._refusal(),
        )  # fmt: skip

    def _hand_over(self, student_id: int | None, name: str, path: Path) -> None:
        if not ask.open_outside(str(path)):
            self._say_of(student_id, sentence("files.no_viewer", {"name": name}))

    def _save(self, file: FileRow) -> None:
        path = ask.choose_save_file(self.panel, _("Save file"), notes.plain_name(file.name), "")
        if path:
            self.context.read(kept_files.save_copy, file.id, Path(path), done=self._saved, failed=self._refusal())

    def _saved(self, path: Path) -> None:
        self.context.notice.emit(_("Saved {path}.").format(path=path))

    def _remove_file(self, file: FileRow) -> None:
        said = _("“{name}” goes from here. {back}").format(name=file.name, back=_come_back())
        self._ask(_("Remove file"), said, partial(self._confirmed, notes.remove_file, (file.id,)))

    # -- one at a time, and what is refused

    def _do(self, function: Callable[..., Any], *values: Any, done: Callable[[], None] | None = None) -> None:
        if self._busy:
            return  # a second key on its way to the same thing
        self._busy = True
        self._problem = ""
        refused = partial(self._refused, self.student_id)
        self.context.run(function, *values, done=partial(self._done, done), failed=refused)

    def _done(self, then: Callable[[], None] | None, _result: object) -> None:
        self._busy = False
        if then is not None:
            then()

    def _refused(self, student_id: int | None, error: DeskError) -> None:
        self._busy = False
        self._say_of(student_id, sentence(error))

    def _refusal(self) -> Callable[[DeskError], None]:
        return partial(self._file_refused, self.student_id)

    def _file_refused(self, student_id: int | None, error: DeskError) -> None:
        self._say_of(student_id, sentence(error))

    def _say_of(self, student_id: int | None, said: str) -> None:
        """What was refused about somebody stands with them, and is told where somebody else is shown by now."""
        if student_id != self.student_id:
            self.context.notice.emit(said)
            return
        self._problem = said
        self._again()


def _come_back() -> str:
    return _(
        "Ctrl+Z or the history brings it back. The bytes of a file stay in the data file until the person is erased on"
        " request."
    )


def _small(name: str, label: str, icon: str, act: Callable[[], object]) -> Button:
    button = Button("", icon, kind="bare", size="mark")
    button.setObjectName(name)
    button.setAccessibleName(label)
    button.setToolTip(label)
    button.clicked.connect(act)
    return button


def dropped(mime: QMimeData) -> list[str]:
    """The files of this computer that are dragged."""
    return [url.toLocalFile() for url in mime.urls() if url.isLocalFile()] if mime.hasUrls() else []


def note_under(panel: QWidget, place: QPoint) -> int | None:
    """The note that something was dropped on; None beside all of them."""
    for widget in _upwards(panel.childAt(place)):
        note_id = widget.property("note_id")
        if note_id is not None:
            return int(note_id)
    return None


def _upwards(widget: QWidget | None) -> Iterator[QWidget]:
    while widget is not None:
        yield widget
        widget = widget.parentWidget()


__all__ = ["NotesTab", "dropped", "note_under", "size"]
