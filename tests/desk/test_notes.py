"""Notes and the files kept with them: what may be kept, what is refused, and that all of it can be taken back."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from app import store
from app.desk import exact, merge, notes, people, undo
from app.errors import UserError
from app.exchange import person as whole_person
from app.lists import person
from app.store import checks
from app.store.models import Attachment, Note, Operation, Timeline
from tests.desk.test_merge import rows
from tests.support.center import SmallCenter, small_center
from tests.support.odd_text import ODD

__all__ = ["small_center"]

PDF, PNG, JPEG = b"%PDF-1.7 signed form", b"\x89PNG\r\n\x1a\n id copy", b"\xff\xd8\xff\xe0 face"


def draft(name: str = "id.png", content: bytes = PNG) -> notes.FileDraft:
    return notes.FileDraft(name, content, notes.media_type(content), hashlib.sha256(content).hexdigest())


def last() -> int:
    return int(Operation.select().order_by(Operation.id.desc()).get().id)


def back(center: SmallCenter) -> int:
    return undo.undo(center.staff, last())


def files(student: int) -> list[str]:
    """Names of the files that are shown, of all notes and of the person."""
    shown = person.notes(student)
    return [one.name for one in (*shown.files, *(file for note in shown.notes for file in note.files))]


def refusal(call: Any) -> UserError:
    with pytest.raises(UserError) as refused:
        call()
    return refused.value


# -- reading what shall be kept


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, "application/pdf"), (PNG, "image/png"), (JPEG, "image/jpeg"), (b"GIF89a..", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"), (b"....ftypheic....", "image/heic"),
        (b"PK\x03\x04docx", "application/zip"), (b"MZ this is a program", notes.UNKNOWN),
        (b"<html>%PDF-</html>", notes.UNKNOWN), (b"x", notes.UNKNOWN),
    ],
)  # fmt: skip
def test_what_a_file_is_its_bytes_say_and_not_its_name(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "invoice.pdf"
    path.write_bytes(content)
    found = notes.read_file(path)
    assert (found.media_type, found.content, found.name) == (kind, content, "invoice.pdf")
    assert found.sha256 == hashlib.sha256(content).hexdigest()


def test_what_cannot_be_kept_is_refused_in_one_sentence_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").write_bytes(b"")
    with (tmp_path / "large.pdf").open("wb") as large:
        large.truncate(notes.MOST_BYTES + 1)
    (tmp_path / "whole.pdf").write_bytes(b"x" * notes.MOST_BYTES)
    (tmp_path / "line\nbreak.pdf").write_bytes(PDF)
    os.mkfifo(tmp_path / "pipe")
    undecodable = Path(os.fsdecode(bytes(tmp_path) + b"/\xff.pdf"))
    undecodable.write_bytes(PDF)
    expected = {
        "empty.pdf": "files.empty", "large.pdf": "files.too_large", "gone.pdf": "files.vanished", ".": "files.folder",
        "pipe": "files.special", "line\nbreak.pdf": "text.control_character", undecodable.name: "text.broken",
        "x" * 201: "text.too_long",
    }  # fmt: skip
    for name, key in expected.items():
        error = refusal(lambda path=tmp_path / name if name != "." else tmp_path: notes.read_file(path))
        assert (error.key, error.field) == (key, "file"), name
    assert len(notes.read_file(tmp_path / "whole.pdf").content) == notes.MOST_BYTES


def test_what_the_system_does_not_read_is_refused_with_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "form.pdf"
    path.symlink_to(path)
    error = refusal(lambda: notes.read_file(path))
    assert (error.key, error.params["why"]) == ("files.unreadable", os.strerror(errno.ELOOP))


def _while_reading(path: Path, act: Any, monkeypatch: pytest.MonkeyPatch) -> UserError:
    """Let something happen to the file between the bytes and the second look: at the system's own call."""
    real = os.fstat

    def fstat(number: int) -> os.stat_result:
        act()
        return real(number)

    with monkeypatch.context() as patched:
        patched.setattr(notes.os, "fstat", fstat)
        return refusal(lambda: notes.read_file(path))


def test_a_file_that_vanishes_or_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(PDF)
    assert _while_reading(path, lambda: path.unlink(), monkeypatch).key == "files.vanished"
    path.write_bytes(PDF)
    assert _while_reading(path, lambda: path.write_bytes(PDF * 2), monkeypatch).key == "files.changing"
    assert notes.read_file(path).content == PDF * 2


# -- keeping


def test_a_file_stands_at_a_note_or_at_the_person_and_the_timeline_says_so(small_center: SmallCenter) -> None:
    c = small_center
    note = people.add_note(c.staff, c.student, "signed today")
    notes.attach(c.staff, c.student, draft("form.pdf", PDF), note)
    made = notes.attach(c.staff, c.student, draft())
    shown = person.notes(c.student)
    assert [(file.name, file.media_type, file.size) for file in shown.files] == [("id.png", "image/png", len(PNG))]
    assert [file.name for file in shown.notes[0].files] == ["form.pdf"]
    assert notes.content(made) == draft()
    assert person.timeline(c.student)[0].words == "File attached: id.png"
    assert checks.run() == []


def test_the_same_file_twice_for_a_person_is_noticed_also_across_merged_records(small_center: SmallCenter) -> None:
    c = small_center
    note = people.add_note(c.staff, c.other_student, "brought it")
    first = notes.attach(c.staff, c.other_student, draft(), note)
    merge.merge(c.staff, c.student, c.other_student)
    error = refusal(lambda: notes.attach(c.staff, c.student, draft("another name.png")))
    assert (error.key, error.field, error.params["name"]) == ("files.twice", "file", "id.png")
    notes.remove_file(c.staff, first)
    notes.attach(c.staff, c.student, draft("another name.png"))
    assert files(c.student) == ["another name.png"]


def test_odd_text_in_names_and_notes_stays_as_it_is(small_center: SmallCenter) -> None:
    c = small_center
    kept = 0
    for number, said in enumerate(ODD):
        try:
            note = people.add_note(c.staff, c.student, said)
            made = notes.attach(c.staff, c.student, draft(said[:200], PNG + str(number).encode()), note)
        except UserError as error:
            assert error.key in ("text.required", "text.control_character", "text.broken")
            continue
        found = notes.content(made)
        assert notes.plain_name(found.name) and not set(notes.plain_name(found.name)) & set('/\\:*?"<>|\n')
        kept += 1
    assert kept > 40
    assert len(files(c.student)) == kept
    assert checks.run() == []


def test_nothing_is_kept_with_someone_who_was_erased_or_at_anothers_note(small_center: SmallCenter) -> None:
    from app.desk import erasing

    c = small_center
    note = people.add_note(c.staff, c.other_student, "hers")
    assert refusal(lambda: notes.attach(c.staff, c.student, draft(), note)).key == "store.gone"
    erasing.erase(c.admin, c.student)
    assert refusal(lambda: notes.attach(c.staff, c.student, draft())).key == "erase.refused"


def test_two_desks_cannot_write_over_each_other(small_center: SmallCenter) -> None:
    c = small_center
    note = people.add_note(c.staff, c.student, "mornings")
    notes.edit_note(c.staff, note, 1, "afternoons")
    for call in (
        lambda: notes.edit_note(c.admin, note, 1, "evenings"),
        lambda: notes.pin_note(c.admin, note, 1, True),
        lambda: notes.remove_note(c.admin, note, 1),
    ):
        assert refusal(call).key == "store.changed_meanwhile"
    assert Note.get_by_id(note).text == "afternoons"
    assert refusal(lambda: notes.edit_note(c.staff, note, 2, " ")).field == "text"


def test_the_file_is_read_before_anyone_is_kept_from_writing(small_center: SmallCenter, tmp_path: Path) -> None:
    """`read_file` asks for no lock: it goes on while a write is open elsewhere."""
    path = tmp_path / "a.pdf"
    path.write_bytes(PDF)
    found: list[notes.FileDraft] = []
    with store.write("Busy", small_center.staff):
        thread = threading.Thread(target=lambda: found.append(notes.read_file(path)))
        thread.start()
        thread.join(10)
    assert [one.name for one in found] == ["a.pdf"]


# -- taking back


@pytest.mark.parametrize("what", ["edit", "pin", "remove note", "attach", "remove file"])
def test_each_is_taken_back_exactly_and_done_again(small_center: SmallCenter, what: str) -> None:
    c = small_center
    note = people.add_note(c.staff, c.student, "mornings")
    file = notes.attach(c.staff, c.student, draft(), note)
    notes.remove_file(c.staff, notes.attach(c.staff, c.student, draft("old.png", PNG + b"2"), note))
    before = rows()
    {
        "edit": lambda: notes.edit_note(c.staff, note, 1, "afternoons"),
        "pin": lambda: notes.pin_note(c.staff, note, 1, True),
        "remove note": lambda: notes.remove_note(c.staff, note, 1),
        "attach": lambda: notes.attach(c.staff, c.student, draft("form.pdf", PDF), note),
        "remove file": lambda: notes.remove_file(c.staff, file),
    }[what]()
    after = rows()
    assert after != before
    back(c)
    if what == "attach":  # put away, so that it can come back
        assert files(c.student) == ["id.png"]
    else:
        assert rows() == before
    assert notes.content(file) == draft()
    back(c)
    moved = {key for key in rows().keys() | after.keys() if rows().get(key) != after.get(key)}
    assert {table for table, _id in moved} <= {"attachments"} and len(moved) <= 1, "only when it was removed"
    if what == "attach":
        assert sorted(files(c.student)) == ["form.pdf", "id.png"]
    assert checks.run() == []


def test_what_stands_at_something_keeps_it_from_going(small_center: SmallCenter) -> None:
    c = small_center
    note = people.add_note(c.staff, c.student, "mornings")
    written = last()
    file = notes.attach(c.staff, c.student, draft(), note)
    error = refusal(lambda: undo.undo(c.staff, written))
    assert (error.key, error.params["record"]) == ("undo.in_use", "id.png")
    notes.remove_file(c.staff, file)
    removed = last()
    undo.undo(c.staff, written)
    assert refusal(lambda: undo.undo(c.staff, removed)).key == "undo.note_gone"
    assert refusal(lambda: notes.content(file)).key == "store.gone"
    assert checks.run() == []
    newcomer = people.add_student(c.staff, people.StudentDraft("Nova", "Neu"))
    added = last()
    notes.attach(c.staff, newcomer, draft())
    assert refusal(lambda: undo.undo(c.staff, added)).key == "undo.in_use"
    back(c)
    assert refusal(lambda: undo.undo(c.staff, added)).key == "undo.file_kept"


def test_control_without_the_guard_a_file_is_left_standing_nowhere(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = small_center
    note = people.add_note(c.staff, c.student, "mornings")
    written = last()
    notes.attach(c.staff, c.student, draft(), note)
    monkeypatch.setattr(exact, "_free_of_files", lambda rows, since: None)
    undo.undo(c.staff, written)
    assert {broken.rule for broken in checks.run()} == {"files.subject"}


def test_merging_moves_files_also_removed_ones_and_parting_brings_them_back(small_center: SmallCenter) -> None:
    c = small_center
    note = people.add_note(c.staff, c.other_student, "hers")
    notes.attach(c.staff, c.other_student, draft("at note.png"), note)
    notes.attach(c.staff, c.other_student, draft("form.pdf", PDF))
    away = notes.attach(c.staff, c.other_student, draft("away.jpg", JPEG))
    notes.remove_file(c.staff, away)
    removed = last()
    before = rows()
    parts = {part.kind: part.names for part in merge.preview(c.student, c.other_student).parts}
    assert parts["attachments"] == ("at note.png", "form.pdf")
    merge.merge(c.staff, c.student, c.other_student)
    assert sorted(files(c.student)) == ["at note.png", "form.pdf"]
    assert checks.run() == []
    merged = last()
    undo.undo(c.staff, merged)
    assert rows() == before
    undo.undo(c.staff, removed)
    merge.merge(c.staff, c.student, c.other_student)
    assert sorted(files(c.student)) == ["at note.png", "away.jpg", "form.pdf"]
    assert checks.run() == []


def test_everything_about_a_person_holds_files_of_notes_and_removed_ones(
    small_center: SmallCenter, tmp_path: Path
) -> None:
    import zipfile

    c = small_center
    note = people.add_note(c.staff, c.student, "mornings")
    notes.attach(c.staff, c.student, draft("at note.png"), note)
    gone = people.add_note(c.staff, c.student, "gone")
    notes.attach(c.staff, c.student, draft("went along.pdf", PDF), gone)
    notes.remove_note(c.staff, gone, 1)
    whole_person.export_person(c.staff, c.student, tmp_path / "ana.zip")
    with zipfile.ZipFile(tmp_path / "ana.zip") as archive:
        kept = {name: archive.read(name) for name in archive.namelist() if name.startswith("files/")}
    assert sorted(kept.values()) == sorted([PNG, PDF])
    assert {name.rpartition("/")[0] for name in kept} == {"files", "files/removed"}


def test_bytes_that_changed_on_the_disk_are_not_handed_out(small_center: SmallCenter) -> None:
    from tests.support.breaking import breaking

    c = small_center
    made = notes.attach(c.staff, c.student, draft())
    breaking(store.db.connection(), f"UPDATE attachments SET content = zeroblob({len(PNG)}) WHERE id = {made}")
    assert refusal(lambda: notes.content(made)).key == "files.damaged"
    assert {broken.rule for broken in checks.run()} == {"files.content"}


def test_what_is_told_stays_on_the_timeline(small_center: SmallCenter) -> None:
    c = small_center
    note = people.add_note(c.staff, c.student, "mornings")
    notes.edit_note(c.staff, note, 1, "afternoons")
    notes.remove_file(c.staff, notes.attach(c.staff, c.student, draft()))
    notes.remove_note(c.staff, note, 2)
    said = [row.key for row in Timeline.select().where(Timeline.user_id == c.student).order_by(Timeline.id)]
    assert said[-5:] == [
        "people.noted", "notes.timeline_edited", "files.timeline_attached", "files.timeline_removed",
        "notes.timeline_removed",
    ]  # fmt: skip
    assert Attachment.select().count() == 1
