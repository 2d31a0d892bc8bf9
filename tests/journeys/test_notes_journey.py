"""Notes with files, and the timeline, in the panel: by mouse, by keyboard, taken back; what is refused is said."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget

from app import clock
from app.desk import enrollment, notes, people, promises
from app.exchange import kept_files
from app.lists import person
from app.store import checks
from app.store.models import Attachment, Note
from tests.desk.test_notes import JPEG, PDF, PNG, draft
from tests.support.odd_text import ODD
from tests.support.window import Driver, did, driver, opened, typed
from tests.support.window import said as labels
from ui.dialogs import ask
from ui.widgets.entry import Entry

__all__ = ["driver", "opened"]

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def panel(driver: Driver) -> Any:
    """Ana is shown, on the tab of notes."""
    page = driver.page("students")
    page.select(driver.center.student)
    driver.settled()
    page.panel.show_tab("notes")
    QApplication.processEvents()
    return page.panel


@pytest.fixture
def form(tmp_path: Path) -> Path:
    path = tmp_path / "signed form.pdf"
    path.write_bytes(PDF)
    return path


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the file dialog answers: set the first."""
    answer = [""]
    monkeypatch.setattr(ask, "choose_open_file", lambda parent, title, kind: answer[0])
    monkeypatch.setattr(ask, "choose_save_file", lambda parent, title, name, kind: answer[0])
    return answer


@pytest.fixture
def viewed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What a viewer would have been given."""
    given: list[Path] = []
    monkeypatch.setattr(ask, "open_outside", lambda path: given.append(Path(path)) or True)
    return given


def write(driver: Driver, panel: Any, words: str) -> int:
    driver.type(panel, "new_note", words)
    driver.key(Qt.Key.Key_Return)
    driver.settled()
    driver.until(lambda: words in said(panel))
    return int(Note.select().order_by(Note.id.desc()).get().id)


def said(widget: QWidget) -> str:
    """Every word a person reads there, drawn or on a label."""
    drawn = [f"{one.said}\n{one.second}" for one in widget.findChildren(Entry) if one.isVisible()]
    return "\n".join([labels(widget), *drawn])


def shown(driver: Driver, panel: Any, words: str) -> None:
    driver.settled()
    driver.until(lambda: words in said(panel))


def test_a_note_with_a_file_by_mouse_opened_removed_and_got_back(
    driver: Driver, panel: Any, form: Path, chosen: list[str], viewed: list[Path], tmp_path: Path
) -> None:
    note = write(driver, panel, "Signed the form today")
    chosen[0] = str(form)
    driver.click(panel, f"attach_to_note_{note}")
    shown(driver, panel, "signed form.pdf")
    assert f"PDF · {len(PDF)} bytes" in said(panel)
    file = Attachment.select(Attachment.id, Attachment.subject_table, Attachment.subject_id).get()
    assert (file.subject_table, file.subject_id) == ("notes", note)

    driver.click(panel, f"open_file_{file.id}")
    driver.until(lambda: viewed)
    assert viewed[0].read_bytes() == PDF and viewed[0].suffix == ".pdf"
    assert (viewed[0].parent.stat().st_mode | viewed[0].stat().st_mode) & 0o077 == 0, "nobody else may look"
    chosen[0] = str(tmp_path / "copy.pdf")
    driver.click(panel, f"save_file_{file.id}")
    driver.until((tmp_path / "copy.pdf").exists)
    assert (tmp_path / "copy.pdf").read_bytes() == PDF

    driver.click(panel, f"remove_file_{file.id}")
    dialog = driver.dialog("question")
    assert "stay in the data file until the person is erased" in said(dialog)
    driver.click(dialog, "remove")
    driver.gone("question")
    driver.settled()
    driver.until(lambda: "signed form.pdf" not in said(panel))
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.click(driver.dialog("take_back"), "take_back_now")
    driver.gone("take_back")
    shown(driver, panel, "signed form.pdf")
    assert did(driver, _sound) == []


def _sound(_actor: Any) -> list[Any]:
    return checks.run()


def test_the_same_by_keyboard_alone(driver: Driver, panel: Any, form: Path, chosen: list[str]) -> None:
    page = driver.window.current()
    page.panel.show_tab("overview")
    page.table.setFocus()
    chosen[0] = str(form)
    driver.key(Qt.Key.Key_A, CTRL | SHIFT)
    shown(driver, panel, "signed form.pdf")
    panel.setFocus()
    for _step in range(30):
        if QApplication.focusWidget().objectName() == "new_note":
            break
        driver.key(Qt.Key.Key_Tab)
    typed("prefers mornings")
    driver.key(Qt.Key.Key_Return)
    shown(driver, panel, "prefers mornings")
    note = Note.get()
    driver.until(lambda: QApplication.focusWidget().objectName() == "new_note")
    assert QApplication.focusWidget().text() == ""
    for name in (f"edit_note_{note.id}", f"pin_note_{note.id}"):
        for _step in range(12):
            if QApplication.focusWidget().objectName() == name:
                break
            driver.key(Qt.Key.Key_Tab)
        driver.key(Qt.Key.Key_Space)
        if name.startswith("edit"):
            driver.dialog("note")
            driver.key(Qt.Key.Key_End, CTRL)
            typed(" and Car 2")
            driver.key(Qt.Key.Key_Return, CTRL)
            driver.gone("note")
            shown(driver, panel, "prefers mornings and Car 2")
            driver.until(lambda name=name: QApplication.focusWidget().objectName() == name)
    driver.settled()
    driver.until(lambda: "on the overview" not in said(panel))
    driver.until(lambda: QApplication.focusWidget().objectName() == f"pin_note_{note.id}")
    driver.key(Qt.Key.Key_Tab)
    driver.key(Qt.Key.Key_Tab)
    driver.key(Qt.Key.Key_Space)  # remove the note: it has no file, and it can be taken back
    driver.until(lambda: "prefers mornings" not in said(panel))
    driver.settled()
    driver.until(lambda: QApplication.focusWidget() is not None)
    driver.key(Qt.Key.Key_Z, CTRL)
    driver.dialog("take_back")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("take_back")
    shown(driver, panel, "prefers mornings and Car 2")


def drop(panel: QWidget, place: QPoint, *paths: Path) -> None:
    """What the window system sends when files are dropped there."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, Qt.DropAction.CopyAction, mime, left, none)
    QApplication.sendEvent(panel, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(panel, QDropEvent(QPointF(place), Qt.DropAction.CopyAction, mime, left, none))


def test_files_are_dropped_on_a_note_or_beside_it(driver: Driver, panel: Any, form: Path, tmp_path: Path) -> None:
    note = write(driver, panel, "brought two papers")
    box = driver.find(panel, QWidget, f"note_{note}")
    drop(panel, box.mapTo(panel, QPoint(10, 6)), form)
    shown(driver, panel, "signed form.pdf")
    card, photo = tmp_path / "id.png", tmp_path / "face.jpg"
    card.write_bytes(PNG)
    photo.write_bytes(JPEG)
    panel.show_tab("overview")
    drop(panel, QPoint(60, 40), card, photo)
    shown(driver, panel, "face.jpg")
    kept = did(driver, lambda _actor: person.notes(driver.center.student))
    assert [one.name for one in kept.files] == ["id.png", "face.jpg"]
    assert [one.name for one in kept.notes[0].files] == ["signed form.pdf"]


def test_what_is_refused_is_said_beside_it_and_nothing_is_kept(
    driver: Driver, panel: Any, form: Path, chosen: list[str], tmp_path: Path
) -> None:
    (tmp_path / "empty.pdf").write_bytes(b"")
    with (tmp_path / "large.pdf").open("wb") as large:
        large.truncate(notes.MOST_BYTES + 1)
    (tmp_path / "bell\a.pdf").write_bytes(PDF)
    for name, words in (
        ("empty.pdf", "“empty.pdf” is empty."),
        ("large.pdf", "“large.pdf” is larger than 10 MB."),
        ("gone.pdf", "“gone.pdf” is not there any more."),
        ("", "is a folder."),
        ("bell\a.pdf", "control character"),
    ):
        chosen[0] = os.path.join(tmp_path, name)
        driver.click(panel, "attach_file")
        driver.settled()
        driver.until(lambda words=words: words.casefold() in said(panel).casefold())
    assert Attachment.select().count() == 0
    chosen[0] = str(form)
    driver.click(panel, "attach_file")
    shown(driver, panel, "signed form.pdf")
    assert not [one for one in panel.findChildren(QLabel, "file_problem") if one.isVisible()], "that is over"
    driver.click(panel, "attach_file")
    shown(driver, panel, "This file is kept here already: “signed form.pdf”")
    assert Attachment.select().count() == 1


def test_a_half_typed_note_outlives_what_others_write(driver: Driver, panel: Any) -> None:
    driver.type(panel, "new_note", "half a")
    did(driver, people.add_note, driver.center.student, "written elsewhere")
    shown(driver, panel, "written elsewhere")
    driver.until(lambda: QApplication.focusWidget().objectName() == "new_note")
    typed(" sentence")
    driver.key(Qt.Key.Key_Return)
    shown(driver, panel, "half a sentence")


def test_two_desks_at_one_note(driver: Driver, panel: Any) -> None:
    note = write(driver, panel, "mornings")
    driver.click(panel, f"edit_note_{note}")
    dialog = driver.dialog("note")
    did(driver, notes.edit_note, note, 1, "afternoons")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    driver.until(lambda: "changed" in said(dialog))
    driver.key(Qt.Key.Key_Escape)
    driver.gone("note")
    assert "afternoons" in said(panel)


def test_markup_and_odd_text_are_text_and_a_program_is_never_opened(
    driver: Driver, panel: Any, tmp_path: Path, viewed: list[Path]
) -> None:
    student = driver.center.student
    names = [normalize("NFC", one.strip()) for one in ODD if one.isprintable() and one.strip()][:25]
    for number, name in enumerate(names):
        note = did(driver, people.add_note, student, name)
        content = (b"%PDF-" if number % 2 else b"MZ") + str(number).encode()
        did(driver, notes.attach, student, draft(f"{name}.pdf", content), note)
    driver.settled()
    driver.until(lambda: f"{names[-1]}.pdf" in said(panel) and f"{names[0]}.pdf" in said(panel))  # the last come later
    for label in panel.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText or not label.text()
        assert "<b>" not in label.toolTip()
    rows = did(driver, lambda _actor: [f for n in person.notes(student).notes for f in n.files])
    opens = {int(one.objectName().rpartition("_")[2]) for one in panel.findChildren(QWidget)
             if one.objectName().startswith("open_file_") and one.isVisible()}  # fmt: skip
    assert opens == {row.id for row in rows if row.media_type == "application/pdf"}
    for row in rows:
        if row.id in opens:
            path = kept_files.copy_for_viewer(row.id)
            assert path.suffix == ".pdf" and len(path.parts) > 3 and path.is_file()
        else:
            with pytest.raises(notes.UserError):
                kept_files.copy_for_viewer(row.id)
    left = path.parents[1]
    kept_files.forget_copies()
    assert not left.exists()


# -- the timeline


def entries(panel: Any) -> list[str]:
    """What is read there: the count, and what each entry says."""
    labels = [one.text() for one in panel.inner.findChildren(QLabel) if one.isVisible()]
    return labels + [one.said for one in panel.inner.findChildren(Entry) if one.isVisible()]


def opening(panel: Any) -> list[Entry]:
    return [one for one in panel.inner.findChildren(Entry) if one.isVisible() and one.opens]


def pick(driver: Driver, begins: str) -> None:
    driver.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    action = next(one for one in menu.actions() if one.text().startswith(begins))
    menu.setActiveAction(action)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    driver.until(lambda: not menu.isVisible())
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)


def test_the_timeline_is_narrowed_by_kind_and_by_who_did_it(driver: Driver, panel: Any) -> None:
    c = driver.center
    did(driver, people.edit_student, c.student, 1, people.StudentDraft("Ana", "Satler", phone="+43 1 555 01 84"))
    did(driver, people.add_note, c.student, "from the front desk")
    driver.desk.context.set_actor(c.admin)
    made = did(driver, people.add_note, c.student, "from the manager")
    did(driver, notes.edit_note, made, 1, "by the manager")
    panel.show_tab("timeline")
    driver.until(lambda: "4 entries" in entries(panel))
    kinds = driver.find(panel, QWidget, "chip_story_kind")
    kinds.setFocus()
    driver.key(Qt.Key.Key_Space)
    pick(driver, "Notes")
    driver.until(lambda: "3 of 4" in entries(panel))
    assert not [one for one in entries(panel) if one.startswith("Changed:")]
    driver.until(lambda: QApplication.focusWidget().objectName() == "chip_story_kind")
    driver.find(panel, QWidget, "chip_story_by").setFocus()
    driver.key(Qt.Key.Key_Space)
    names = {row.id: f"{row.first_name} {row.last_name}".strip() for row in _users()}
    pick(driver, names[c.admin.user_id])
    driver.until(lambda: "2 of 4" in entries(panel))
    assert {"Note added", "Note changed"} <= set(entries(panel))
    driver.find(panel, QWidget, "chip_story_kind").setFocus()
    driver.key(Qt.Key.Key_Space)
    pick(driver, "Everything")
    driver.until(lambda: "2 of 4" in entries(panel))
    driver.window.current().select(c.other_student)
    driver.window.current().select(c.student)
    driver.until(lambda: "4 entries" in entries(panel))


def _users() -> list[Any]:
    from app.store.models import User

    return list(User.select())


def test_an_entry_opens_its_record_by_key_and_by_mouse(driver: Driver, panel: Any) -> None:
    from app.desk import seats
    from tests.desk.test_merge import plan

    c = driver.center
    slot = did(driver, lambda _actor: plan(c, "Evening", "2031-03-04", 3))
    did(driver, seats.book, slot, c.student)
    did(driver, people.add_note, c.student, "hello")
    panel.show_tab("timeline")
    driver.until(lambda: opening(panel))
    assert opening(panel)[0].said == "Note added"
    opening(panel)[0].setFocus()
    driver.key(Qt.Key.Key_Return)
    assert panel.tabs.tabText(panel.tabs.currentIndex()) == "Notes"
    panel.show_tab("timeline")
    driver.until(lambda: opening(panel))
    seat = opening(panel)[1]
    QTest.mouseClick(seat, Qt.MouseButton.LeftButton)
    driver.until(lambda: driver.window.current_key() == "calendar")
    assert driver.window.current().selected == slot


def test_the_head_of_the_panel_writes_a_message_and_the_menu_edits(driver: Driver, panel: Any) -> None:
    driver.click(panel, "message")
    assert "Ana" in labels(driver.dialog("message"))
    driver.key(Qt.Key.Key_Escape)
    driver.gone("message")
    driver.find(panel, QWidget, "panel_more").click()
    pick(driver, "Edit")
    driver.dialog("form")
    driver.key(Qt.Key.Key_Escape)
    driver.gone("form")
    driver.window.current().table.setFocus()
    driver.key(Qt.Key.Key_E)
    driver.dialog("form")
    driver.key(Qt.Key.Key_Escape)
    driver.gone("form")


# -- an answer that comes when somebody else, or something else, is shown


def test_a_note_that_is_kept_while_another_tab_is_shown(driver: Driver, panel: Any) -> None:
    slow = threading.Event()
    driver.desk.context.run(lambda _actor: slow.wait(20))
    driver.type(panel, "new_note", "kept all the same")
    driver.key(Qt.Key.Key_Return)
    panel.show_tab("messages")
    QTest.qWait(50)  # what stood there is gone
    slow.set()
    driver.settled()
    panel.show_tab("notes")
    shown(driver, panel, "kept all the same")
    assert driver.find(panel, QWidget, "new_note").text() == ""


def test_what_is_typed_for_the_next_person_outlives_the_answer_about_the_last(driver: Driver, panel: Any) -> None:
    c = driver.center
    slow = threading.Event()
    driver.desk.context.run(lambda _actor: slow.wait(20))
    driver.type(panel, "new_note", "about Ana")
    driver.key(Qt.Key.Key_Return)
    driver.window.current().select(c.other_student)
    panel.notes.line.setText("half a")
    slow.set()
    driver.settled()
    assert driver.find(panel, QWidget, "new_note").text() == "half a"
    assert [(row.user_id, row.text) for row in Note.select()] == [(c.student, "about Ana")]


def test_what_is_typed_after_the_key_stays_for_the_next_note(driver: Driver, panel: Any) -> None:
    slow = threading.Event()
    driver.desk.context.run(lambda _actor: slow.wait(20))
    driver.type(panel, "new_note", "first")
    driver.key(Qt.Key.Key_Return)
    driver.find(panel, QWidget, "new_note").setText("first and second")
    slow.set()
    driver.settled()
    assert driver.find(panel, QWidget, "new_note").text() == " and second"


def test_a_file_that_is_refused_is_not_said_of_somebody_else(driver: Driver, panel: Any, tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").write_bytes(b"")
    slow = threading.Event()
    driver.desk.context.read(slow.wait, 20, done=lambda _it: None)
    panel.notes.take([str(tmp_path / "empty.pdf")])
    driver.window.current().select(driver.center.other_student)
    slow.set()
    driver.settled()
    assert "empty.pdf" not in said(panel)
    assert "empty.pdf" in driver.window.notice_label.text(), "but it is said"


def test_the_timeline_shows_a_promise_at_once(driver: Driver, panel: Any) -> None:
    c = driver.center
    did(driver, enrollment.enroll, enrollment.EnrollmentDraft(c.student, c.course))
    panel.show_tab("timeline")
    driver.settled()
    day = clock.local_date("UTC").isoformat()
    did(driver, promises.add, c.student, day, 100)
    driver.until(lambda: any(one.startswith("Promised to pay") for one in entries(panel)))
