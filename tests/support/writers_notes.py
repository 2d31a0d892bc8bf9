"""Scenarios of the roster and its panel: notes, files kept with them, widths; tests/support/writers.py joins them."""

from __future__ import annotations

import hashlib
from typing import Any

from app.desk import arranging, notes, people
from app.store.models import Attachment, Note
from tests.support.center import SmallCenter
from tests.support.writers import scenario


def _draft(word: str = "signed form") -> notes.FileDraft:
    content = b"%PDF-1.7 " + word.encode() * 2_000  # some pages of the file
    return notes.FileDraft("form.pdf", content, notes.media_type(content), hashlib.sha256(content).hexdigest())


def _written(made: SmallCenter) -> None:
    people.add_note(made.staff, made.student, "asks for mornings")


def _note() -> Any:
    return Note.select().order_by(Note.id.desc()).get()


def _kept(made: SmallCenter) -> None:
    """A note with two files."""
    _written(made)
    for word in ("signed form", "its back"):
        notes.attach(made.staff, made.student, _draft(word), _note().id)


@scenario("notes.edit_note", before=_written)
def _(made: SmallCenter) -> None:
    notes.edit_note(made.staff, _note().id, _note().version, "asks for evenings")


@scenario("notes.pin_note", before=_written)
def _(made: SmallCenter) -> None:
    notes.pin_note(made.staff, _note().id, _note().version, True)


@scenario("notes.remove_note", before=_kept)
def _(made: SmallCenter) -> None:
    notes.remove_note(made.staff, _note().id, _note().version)


@scenario("notes.attach", before=_written)
def _(made: SmallCenter) -> Any:
    return notes.attach(made.staff, made.student, _draft(), _note().id)


@scenario("notes.remove_file", before=_kept)
def _(made: SmallCenter) -> None:
    notes.remove_file(made.staff, Attachment.select(Attachment.id).order_by(Attachment.id).get().id)


@scenario("arranging.widen")
def _(made: SmallCenter) -> None:
    arranging.widen(made.staff, {"phone": 180})
