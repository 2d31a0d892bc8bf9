"""Notes about a person, and the files kept with them: an ID copy, a signed form.

A file stands at a note or straight at the person, inside the data file, so that one file is the whole backup; 10 MB
each (DOMAIN.md, "Tables"). What kind of file it is its first bytes say, never its name.

To remove a file is a mark (`removed_at`), not a deletion: the record of changes keeps no bytes, so a deleted file could
never come back, and taking a step back is worth more at a desk than the room on the disk. A removed file is seen
nowhere, moves with the person, goes out with everything about them, and is gone for good when the person is erased on
request. A note that is removed takes its files along, and brings them back.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import store, text
from app.desk import identity, timeline
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.store import Write, erasure
from app.store.models import Attachment, Note, User

#: DOMAIN.md, "Tables": attachments are in the file, 10 MB each.
MOST_BYTES = 10 * 1024 * 1024

UNKNOWN = "application/octet-stream"

#: Kinds that are handed to the platform's own viewer, and how such a file is named there; all others are only saved.
OPENED = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}

#: How a kind of file begins.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"PK\x03\x04", "application/zip"),
)


@dataclass(frozen=True)
class FileDraft:
    """A file as it was read: its name, its bytes, and what the bytes are."""

    name: str
    content: bytes
    media_type: str
    sha256: str


# -- reading a file --------------------------------------------------------------------------------------------


def read_file(path: Path) -> FileDraft:
    """Read a file that shall be kept; never inside a write: a slow disk must not hold up the desk.

    UserErrors beside `file`: `files.vanished`, `files.folder`, `files.special`, `files.unreadable`, `files.empty`,
    `files.too_large`, `files.changing` (somebody writes in it at this moment), and what a name may not hold, as
    `text.clean` says.
    """
    name = text.clean(path.name, field="file", required=True)
    try:
        before = path.stat()
        if stat.S_ISDIR(before.st_mode):
            raise UserError("files.folder", "file", name=name)
        if not stat.S_ISREG(before.st_mode):
            raise UserError("files.special", "file", name=name)
        _in_bounds(name, before.st_size)
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
            after = os.fstat(file.fileno())
        still = path.stat()
    except FileNotFoundError as error:
        raise UserError("files.vanished", "file", name=name) from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UserError("files.unreadable", "file", name=name, why=why) from error
    _in_bounds(name, len(content))
    same = {(one.st_size, one.st_mtime_ns, one.st_ino) for one in (before, after, still)}
    if len(same) != 1 or len(content) != before.st_size:
        raise UserError("files.changing", "file", name=name)
    return FileDraft(name, content, media_type(content), hashlib.sha256(content).hexdigest())


def _in_bounds(name: str, size: int) -> None:
    if not size:
        raise UserError("files.empty", "file", name=name)
    if size > MOST_BYTES:
        raise UserError("files.too_large", "file", name=name, limit=MOST_BYTES // 1024 // 1024)


def media_type(content: bytes) -> str:
    """What bytes are by how they begin; `UNKNOWN` for what is none of the known kinds."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        return "image/heic"
    return next((kind for begin, kind in _MAGIC if content.startswith(begin)), UNKNOWN)


# -- notes -----------------------------------------------------------------------------------------------------


def edit_note(actor: Actor, note_id: int, version: int, words: str) -> None:
    """Write a note anew. UserErrors `store.gone`, `store.changed_meanwhile`, and those of the text beside `text`."""
    require(actor, "people.note")
    body = text.clean(words, field="text", limit=text.TEXT_LIMIT, required=True, multiline=True)
    with store.write("Edit note", actor) as w:
        note = _note(note_id)
        if note.text == body and note.version == version:
            return
        w.update(Note, note_id, version, text=body)
        timeline.add(w, note.user_id, "notes.timeline_edited", ("notes", note_id))


def pin_note(actor: Actor, note_id: int, version: int, pinned: bool) -> None:
    """Show a note on the overview, or no more. UserErrors `store.gone`, `store.changed_meanwhile`."""
    require(actor, "people.note")
    with store.write("Pin note", actor) as w:
        _note(note_id)
        w.update(Note, note_id, version, pinned=int(pinned))


def remove_note(actor: Actor, note_id: int, version: int) -> None:
    """Take a note away with its files. UserErrors `store.gone`, `store.changed_meanwhile`. Undo brings all of it back.

    The files are marked as removed and stay in the data file, as with `remove_file`.
    """
    require(actor, "people.note")
    with store.write("Remove note", actor) as w:
        note = _note(note_id)
        if note.version != version:
            raise UserError("store.changed_meanwhile")
        there = (Attachment.subject_table == "notes") & (Attachment.subject_id == note_id)
        for row in list(Attachment.select(Attachment.id).where(there, Attachment.removed_at.is_null())):
            w.update(Attachment, row.id, removed_at=w.now)
        w.delete(Note, note_id)
        timeline.add(w, note.user_id, "notes.timeline_removed", ("users", note.user_id))


def _note(note_id: int) -> Any:
    note = Note.get_or_none(Note.id == note_id)
    if note is None:
        raise UserError("store.gone")
    return note


# -- files -----------------------------------------------------------------------------------------------------


def attach(actor: Actor, user_id: int, draft: FileDraft, note_id: int | None = None) -> int:
    """Keep a file with a person, at one of their notes or straight at them; returns the id.

    UserErrors beside `file`: `files.twice` where the person has it already, `files.empty`, `files.too_large`; and
    `store.gone`, `erase.refused`. Undo puts it away like `remove_file`, so that it can be done again.
    """
    require(actor, "people.note")
    name = text.clean(draft.name, field="file", required=True)
    _in_bounds(name, len(draft.content))
    with store.write("Attach file", actor) as w:
        user_id = identity.root(user_id)
        person = User.get_or_none(User.id == user_id)
        if person is None or (note_id is not None and _note(note_id).user_id != user_id):
            raise UserError("store.gone")
        if person.erased_at is not None:
            raise UserError("erase.refused")
        twin = (
            Attachment.select(Attachment.file_name, Attachment.created_at)
            .where(of_people([user_id]), Attachment.removed_at.is_null(), Attachment.sha256 == draft.sha256)
            .first()
        )
        if twin is not None:
            raise UserError("files.twice", "file", name=twin.file_name, at=twin.created_at)
        at = ("users", user_id) if note_id is None else ("notes", note_id)
        made = w.insert(
            Attachment, subject_table=at[0], subject_id=at[1], file_name=name, media_type=draft.media_type,
            size=len(draft.content), sha256=draft.sha256, content=draft.content,
        )  # fmt: skip
        timeline.add(w, user_id, "files.timeline_attached", ("attachments", made), name=name)
        return made


def remove_file(actor: Actor, file_id: int) -> None:
    """Put a file away. UserError `store.gone`. It is a mark: the bytes stay in the data file until the person is
    erased on request, and undo brings the file back.
    """
    require(actor, "people.note")
    with store.write("Remove file", actor) as w:
        row = _file(file_id)
        w.update(Attachment, file_id, removed_at=w.now)
        owner = _owner(w, row)
        timeline.add(w, owner, "files.timeline_removed", ("users", owner), name=row.file_name)


def content(file_id: int) -> FileDraft:
    """A file as it was given. UserErrors `store.gone`, `files.damaged` where the bytes are not those that were kept."""
    row = _file(file_id)
    found = bytes(Attachment.select(Attachment.content).where(Attachment.id == file_id).get().content)
    if hashlib.sha256(found).hexdigest() != row.sha256:
        raise UserError("files.damaged", name=row.file_name)
    return FileDraft(row.file_name, found, row.media_type, row.sha256)


def plain_name(name: str) -> str:
    """A file's name that every system takes for one file, and none for a command."""
    kept = "".join(char if char.isalnum() or char in "-_. ()" else "_" for char in name)
    return kept.strip(". ") or "file"


def _file(file_id: int) -> Any:
    """A file that is there, without its bytes."""
    columns = (Attachment.id, Attachment.subject_table, Attachment.subject_id, Attachment.file_name,
               Attachment.media_type, Attachment.sha256)  # fmt: skip
    row = Attachment.select(*columns).where(Attachment.id == file_id, Attachment.removed_at.is_null()).first()
    if row is None:
        raise UserError("store.gone")
    return row


def _owner(w: Write, row: Any) -> int:
    if row.subject_table == "notes":
        return int(_note(row.subject_id).user_id)
    return int(row.subject_id)


# -- whose they are --------------------------------------------------------------------------------------------


def of_people(records: Collection[int], *, ever: bool = False) -> Any:
    """The condition for files kept with people of these records: at them or at their notes.

    With `ever`, also at notes that are gone: such files are removed, and still in the data file.
    """
    notes: Any = Note.select(Note.id).where(Note.user_id.in_(list(records)))
    if ever:
        notes = erasure.rows_ever("notes", "user_id", records)
    at_people = (Attachment.subject_table == "users") & Attachment.subject_id.in_(list(records))
    return at_people | ((Attachment.subject_table == "notes") & Attachment.subject_id.in_(notes))


__all__ = [
    "MOST_BYTES", "OPENED", "UNKNOWN", "FileDraft", "attach", "content", "edit_note", "media_type", "of_people",
    "pin_note", "plain_name", "read_file", "remove_file", "remove_note",
]  # fmt: skip
