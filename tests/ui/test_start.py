"""Where no desk can be opened: every fault is met on a screen, a backup is one press away, and nothing is lost."""

from __future__ import annotations

import contextlib
import gettext
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot
from sqlcipher3 import dbapi2 as driver

from app import paths, store, text
from app.desk import enrollment
from app.desk.accounts import SYSTEM
from app.desk.enrollment import EnrollmentDraft
from app.errors import EnvironmentFault
from app.store import atrest, backup, checks, cipher, database, opening
from app.store.models import CourseEnrolled, MailQueue, Notification, Operation, User
from tests.support.center import build
from tests.support.window import Driver
from ui import run, start
from ui.dialogs import ask, unlock
from ui.theme import theme


@pytest.fixture(autouse=True)
def as_before(qapp: QApplication) -> Iterator[None]:
    qapp.setApplicationName("Deskbell")
    qapp.setStyle("Fusion")
    theme().use(dark=False, scale=1.0)
    yield
    theme().use(dark=False, scale=1.0)
    store.close_center()
    store.release_folder()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A center with one enrollment, two verified backups and one unsound; later work that no backup has."""
    folder = tmp_path_factory.mktemp("sound") / "center"
    center = build(folder, email="desk@brueckenhaus.example")
    backup.take(folder, "asked")
    enrollment.enroll(center.staff, EnrollmentDraft(center.student, center.course))
    backup.take(folder, "auto")
    store.db.connection().execute("UPDATE current_operation SET operation_id = 1")
    backup.take(folder, "auto")
    with store.write("Later", center.admin) as w:
        w.insert(User, role="instructor", first_name="Later")
    store.close_center()
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    shutil.copytree(sound, tmp_path / "center")
    return tmp_path / "center"


def zero(path: Path, at: int, length: int) -> None:
    with path.open("r+b") as raw:
        raw.seek(at)
        raw.write(bytes(length))


def foreign(path: Path, *, wal: bool = False) -> None:
    """Another program's own database stands where ours should."""
    path.unlink()
    connection = driver.connect(str(path), isolation_level=None)
    if wal:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE songs (title)")
    connection.execute("INSERT INTO songs VALUES ('La Paloma')")
    if not wal:
        connection.close()
        return
    kept = {one.name: one.read_bytes() for one in path.parent.glob("center.db*")}
    connection.close()
    for name, content in kept.items():  # as a crash of that program leaves it: with its log
        (path.parent / name).write_bytes(content)


def make_fault(folder: Path, kind: str) -> None:
    file = paths.data_file(folder)
    if kind == "first page":
        zero(file, 100, 4000)
    elif kind == "pages of people":
        zero(file, 2 * 4096, 40 * 4096)
    elif kind == "cut":
        file.write_bytes(file.read_bytes()[:9000])
    elif kind == "gone":
        file.unlink()
    elif kind == "empty":
        file.write_bytes(b"")
    elif kind == "a letter":
        file.write_bytes(b"Dear Ingrid, thank you for the cake." * 200)
    elif kind == "another database":
        foreign(file)
    elif kind == "newer":
        with contextlib.closing(driver.connect(str(file), isolation_level=None)) as connection:
            connection.execute("PRAGMA user_version = 999")
    else:
        raise AssertionError(kind)


class Opened:
    """An opening under way, and what came of it."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        self.found: list[tuple[Path, str]] = []
        self.made: list[Path] = []
        self.ends = 0
        self.qtbot = qtbot
        self.opening = start.Opening(folder, self._make)
        self.opening.opened.connect(lambda path, said: self.found.append((path, said)))
        self.opening.closed.connect(self._ended)
        self.opening.begin()

    def _make(self, folder: Path) -> None:
        self.made.append(folder)
        build(folder)
        store.close_center()

    def _ended(self) -> None:
        self.ends += 1

    @property
    def screen(self) -> start.StartScreen:
        screen = self.opening.screen
        assert screen is not None
        screen.activateWindow()
        self.qtbot.waitUntil(screen.isActiveWindow)
        return screen

    def words(self, name: str) -> str:
        labels = [one for one in self.screen.findChildren(QLabel, name) if one.isVisible()]
        return labels[0].text() if labels else ""

    def buttons(self) -> list[str]:
        return [one.objectName() for one in self.screen.findChildren(start.Button) if one.isVisible()]

    def click(self, name: str) -> None:
        (button,) = [one for one in self.screen.findChildren(start.Button, name) if one.isVisible()]
        assert button.isEnabled(), name
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        QApplication.processEvents()

    def wait(self) -> None:
        self.qtbot.waitUntil(lambda: bool(self.found), timeout=20_000)


@pytest.fixture
def opened(folder: Path, qtbot: QtBot) -> Iterator[Any]:
    made: list[Opened] = []

    def begin(kind: str = "", at: Path | None = None) -> Opened:
        if kind:
            make_fault(folder, kind)
        made.append(Opened(at or folder, qtbot))
        return made[0]

    yield begin
    for one in made:
        if one.opening.screen is not None:
            one.opening.screen.close()
    QApplication.processEvents()


DAMAGED = ("first page", "pages of people", "cut")


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_offers_the_last_verified_backup_and_one_click_opens_it(
    folder: Path, opened: Any, kind: str
) -> None:
    one = opened(kind)
    broken = paths.data_file(folder).read_bytes()
    assert one.words("headline") == "The data file is damaged"
    assert "damaged" in one.words("reason")
    assert one.words("path") == str(paths.data_file(folder))
    assert one.words("backup").startswith("The last verified backup was made today ")
    assert "just now" in one.words("backup") or "minute" in one.words("backup")
    assert one.words("holds") == "It holds 5 people, 0 payments, 0 invoices."
    assert one.buttons()[0] == "open_backup"
    one.click("open_backup")
    one.wait()
    ((path, said),) = one.found
    assert path == folder
    assert "The backup is open." in said
    (aside,) = folder.glob("before-restore-*.db")
    assert aside.name in said
    assert aside.read_bytes() == broken
    store.open_center(folder)
    assert CourseEnrolled.select().count() == 1
    assert User.get_or_none(User.first_name == "Later") is None
    # Nobody had signed in: it is recorded as the program's own doing, told, and its mails are held.
    last = Operation.select().order_by(Operation.id.desc()).get()
    assert (last.label, last.actor_id, last.actor_role) == ("Restore backup", None, "system")
    assert Notification.get(Notification.key == "keeping.restored")
    assert {row.state for row in MailQueue.select()} == {"held"}
    assert checks.run() == []


def test_enter_alone_opens_it(folder: Path, opened: Any) -> None:
    one = opened("first page")
    assert one.screen.focusWidget() is one.screen.primary
    QTest.keyClick(one.screen.focusWidget(), Qt.Key.Key_Return)
    one.wait()
    assert one.found[0][0] == folder


def test_a_file_that_is_gone_is_never_replaced_by_a_new_center(folder: Path, opened: Any) -> None:
    one = opened("gone")
    assert one.made == []
    assert one.words("headline") == "The data file is gone"
    one.click("open_backup")
    one.wait()
    assert not list(folder.glob("before-restore-*"))
    store.open_center(folder)
    assert CourseEnrolled.select().count() == 1


def test_an_empty_file_is_met_the_same_way(opened: Any) -> None:
    one = opened("empty")
    assert one.words("headline") == "The data file is gone"
    one.click("open_backup")
    one.wait()


def test_a_folder_without_anything_gets_a_center_as_before(tmp_path: Path, opened: Any) -> None:
    one = opened(at=tmp_path / "new")
    assert one.opening.screen is None
    assert [path for path, _said in one.found] == one.made == [tmp_path / "new"]


@pytest.mark.parametrize("kind", ["a letter", "another database"])
def test_another_programs_file_is_named_and_kept_byte_by_byte(folder: Path, opened: Any, kind: str) -> None:
    make_fault(folder, kind)
    before = {one.name: one.read_bytes() for one in folder.glob("center.db*")}
    one = opened()
    assert one.words("headline") == "This file belongs to another program"
    assert one.buttons()[0] == "choose_folder"
    one.click("try_again")
    assert {name: (folder / name).read_bytes() for name in before} == before
    one.click("open_backup")
    one.wait()
    (aside,) = folder.glob("before-restore-*.db")
    assert aside.read_bytes() == before["center.db"]


def test_another_programs_log_goes_with_its_file(folder: Path, opened: Any) -> None:
    """Control: a file that is so much as opened would have its log folded in."""
    file = paths.data_file(folder)
    foreign(file, wal=True)
    before, log = file.read_bytes(), file.with_name("center.db-wal").read_bytes()
    assert log
    one = opened()
    one.click("open_backup")
    one.wait()
    (aside,) = folder.glob("before-restore-*.db")
    assert aside.read_bytes() == before
    assert aside.with_name(aside.name + "-wal").read_bytes() == log
    with contextlib.closing(driver.connect(str(aside))) as connection:
        assert connection.execute("SELECT title FROM songs").fetchall() == [("La Paloma",)]
    assert aside.read_bytes() != before


def test_a_newer_file_is_only_replaced_by_one_who_chose_to(folder: Path, opened: Any) -> None:
    one = opened("newer")
    assert one.words("headline") == "A newer Deskbell wrote this data"
    assert one.buttons()[0] == "close"
    assert "open_backup" not in one.buttons()
    one.click("choose_backup")
    one.screen.table.select_id(2)
    one.click("open_chosen")
    one.wait()
    (aside,) = folder.glob("before-restore-*.db")
    with contextlib.closing(driver.connect(str(aside))) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (999,)


def test_a_second_window_is_sent_to_the_first(folder: Path, opened: Any) -> None:
    store.claim_folder(folder)
    owner, opening._owner = opening._owner, None
    one = opened()
    assert one.words("headline") == "Deskbell is already open"
    assert sorted(one.buttons()) == ["close", "try_again"]
    one.click("try_again")
    assert one.words("headline") == "Deskbell is already open"
    owner.close()
    QTest.keyClick(one.screen, Qt.Key.Key_Return)
    one.wait()


def test_a_file_that_another_program_holds_can_be_tried_again(folder: Path, opened: Any) -> None:
    holder = driver.connect(str(paths.data_file(folder)), isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    database.BUSY_TIMEOUT_MS, before = 50, database.BUSY_TIMEOUT_MS
    database.PRAGMAS["busy_timeout"] = 50
    try:
        one = opened()
        assert one.words("headline") == "Another program holds the data file"
        assert "open_backup" not in one.buttons()
        holder.close()
        one.click("try_again")
        one.wait()
    finally:
        database.BUSY_TIMEOUT_MS = database.PRAGMAS["busy_timeout"] = before


@pytest.mark.parametrize(
    ("key", "headline"), [("store.read_only", "Deskbell cannot write here"), ("store.disk_full", "The disk is full")]
)
def test_where_nothing_can_be_written_the_backup_opens_elsewhere(
    folder: Path, tmp_path: Path, opened: Any, monkeypatch: pytest.MonkeyPatch, key: str, headline: str, qtbot: QtBot
) -> None:
    one = opened("first page")
    before = {path.name: path.read_bytes() for path in folder.glob("center.db*")}
    one.opening._refuse(EnvironmentFault(key, path=str(folder)))
    assert one.words("headline") == headline
    assert one.buttons()[0] == "try_again"
    monkeypatch.setattr(ask, "choose_folder", lambda *_: str(folder))
    one.click("open_backup")
    assert "already holds a center" in one.words("problem")
    monkeypatch.setattr(ask, "choose_folder", lambda *_: "")
    one.click("open_backup")
    assert one.opening._restoring is None
    monkeypatch.setattr(ask, "choose_folder", lambda *_: str(tmp_path / "elsewhere"))
    one.click("open_backup")
    one.wait()
    assert one.found[0][0] == tmp_path / "elsewhere"
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_a_backup_that_did_not_open_elsewhere_leaves_the_screen_with_its_own_folder(
    folder: Path, tmp_path: Path, opened: Any, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    """ "Try again" means the folder that is named on the screen; in the other one no new center is made."""
    one = opened("first page")
    one.opening._refuse(EnvironmentFault("store.read_only", path=str(folder)))
    copy = one.screen.newest.path
    copy.write_bytes(copy.read_bytes()[: 40 * 4096])
    monkeypatch.setattr(ask, "choose_folder", lambda *_: str(tmp_path / "elsewhere"))
    one.click("open_backup")
    qtbot.waitUntil(lambda: one.opening._restoring is None and one.words("problem") != "", timeout=20_000)
    one.click("try_again")
    assert one.made == []
    assert one.opening.data_dir == folder
    assert not paths.data_file(tmp_path / "elsewhere").exists()


def test_a_file_whose_key_nobody_has_can_be_replaced_by_a_backup(
    folder: Path, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One flipped byte among those that say which key it takes: no code on any paper fits, and a backup opens."""
    monkeypatch.setattr(unlock, "ask_for_code", lambda _file: False)
    key = cipher.new_key()
    cipher.remember(key)
    atrest.switch(folder, cipher.keyed(key), SYSTEM, "Switch encryption on")
    file = paths.data_file(folder)
    content = bytearray(file.read_bytes())
    content[6] ^= 1
    file.write_bytes(content)
    one = opened()
    assert one.words("headline") == "This center is encrypted"
    assert one.buttons()[0] == "try_again"
    one.click("choose_backup")
    one.click("open_chosen")
    one.wait()
    assert cipher.kind_of(file) == "keyed"
    assert [each.read_bytes() for each in folder.glob("before-restore-*.db")] == [bytes(content)]
    store.close_center()
    cipher.forget()


def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path, opened: Any) -> None:
    (tmp_path / "file").write_text("a file stands where the folder should be")
    one = opened(at=tmp_path / "file")
    assert one.words("headline") == "Deskbell cannot write here"
    assert one.buttons()[0] == "try_again"


def test_another_backup_is_chosen_from_the_list_in_three_clicks(folder: Path, opened: Any) -> None:
    one = opened("first page")
    one.click("choose_backup")
    table = one.screen.table
    assert table.hasFocus()
    assert table.current_id() == 2  # the newest is unsound
    table.select_id(3)
    assert not one.screen.primary.isEnabled()
    assert "cannot be opened" in one.words("about")
    place = table.visualRect(table.model().index(2, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert one.words("about") == "It holds 5 people, 0 payments, 0 invoices."
    one.click("open_chosen")
    one.wait()
    store.open_center(folder)
    assert CourseEnrolled.select().count() == 0


def test_another_backup_by_keyboard_and_the_way_back(folder: Path, opened: Any) -> None:
    one = opened("first page")
    QTest.keyClick(one.screen.focusWidget(), Qt.Key.Key_Tab)
    assert one.screen.focusWidget().objectName() == "choose_backup"
    QTest.keyClick(one.screen.focusWidget(), Qt.Key.Key_Return)
    QTest.keyClick(one.screen.table, Qt.Key.Key_Up)
    QTest.keyClick(one.screen.table, Qt.Key.Key_Return)  # unsound: nothing happens
    assert one.opening._restoring is None
    QTest.keyClick(one.screen.focusWidget(), Qt.Key.Key_Escape)
    QApplication.processEvents()
    assert one.words("headline") == "The data file is damaged"
    one.click("choose_backup")
    QTest.keyClick(one.screen.table, Qt.Key.Key_Return)
    one.wait()
    store.open_center(folder)
    assert CourseEnrolled.select().count() == 1


def test_without_a_readable_backup_it_says_so_and_takes_a_file(
    folder: Path, tmp_path: Path, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick = tmp_path / "stick.db"
    shutil.copyfile(backup.listing(folder)[1].path, stick)
    bad = tmp_path / "bad.db"
    bad.write_bytes(b"no backup at all" * 300)
    for one_copy in backup.listing(folder):
        one_copy.path.write_bytes(b"torn" * 400)
    one = opened("first page")
    assert "none of them can be read" in one.words("no_backup")
    assert one.buttons()[0] == "choose_backup"
    one.click("choose_backup")
    monkeypatch.setattr(ask, "choose_open_file", lambda *_: str(bad))
    one.click("from_file")
    one.qtbot.waitUntil(lambda: one.words("problem") != "", timeout=10_000)
    assert "not a sound Deskbell backup" in one.words("problem")
    one.click("choose_backup")
    monkeypatch.setattr(ask, "choose_open_file", lambda *_: str(stick))
    one.click("from_file")
    one.wait()
    store.open_center(folder)
    assert CourseEnrolled.select().count() == 1


def test_without_any_backup_it_says_where_it_looked(folder: Path, opened: Any) -> None:
    shutil.rmtree(paths.backups(folder))
    one = opened("first page")
    assert str(paths.backups(folder)) in one.words("no_backup")
    assert one.buttons()[0] == "try_again"


def test_another_folder_can_be_opened_instead(
    folder: Path, sound: Path, tmp_path: Path, opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(sound, tmp_path / "other")
    one = opened("first page")
    monkeypatch.setattr(ask, "choose_folder", lambda *_: str(tmp_path / "other"))
    one.click("choose_folder")
    one.wait()
    assert one.found == [(tmp_path / "other", "")]
    # The first folder is let go of.
    owner, opening._owner = opening._owner, None
    store.claim_folder(folder)
    owner.close()


def test_escape_and_close_end_the_program(opened: Any) -> None:
    one = opened("first page")
    QTest.keyClick(one.screen, Qt.Key.Key_Escape)
    assert one.ends == 1


def test_names_and_paths_are_shown_as_they_are(tmp_path: Path, sound: Path, qtbot: QtBot) -> None:
    odd = tmp_path / "a <b>folder</b> & ليلى"
    shutil.copytree(sound, odd)
    make_fault(odd, "first page")
    one = Opened(odd, qtbot)
    assert str(odd) in one.words("path")
    words = [label for label in one.screen.findChildren(QLabel) if label.text()]
    assert words
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in words)
    one.screen.close()


class Bracketed(gettext.NullTranslations):
    """Every text that went through gettext stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, one: str, many: str, n: int) -> str:
        return f"⟦{one if n == 1 else many}⟧"


def test_every_text_goes_through_gettext_and_stands_right_to_left(
    folder: Path, opened: Any, qapp: QApplication
) -> None:
    text.use_catalog(Bracketed())
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        one = opened("first page")
        for show in (one.screen.show_reason, one.screen.show_copies, lambda: one.screen.show_busy(text._("busy"))):
            show()
            QTest.qWait(30)
            said = [
                widget.text()
                for widget in one.screen.findChildren(QWidget)
                if isinstance(widget, QLabel | start.Button) and widget.isVisible() and widget.text()
            ]
            own = {"Deskbell", "Brückenhaus Training Center", str(paths.data_file(folder))}
            assert len(said) > 2
            assert [words for words in said if "⟦" not in words and words not in own] == []
        # Right to left the bell stands at the right of the name.
        bell, product = (one.screen.findChildren(QLabel)[n] for n in (0, 1))
        assert bell.mapTo(one.screen, bell.rect().center()).x() > product.mapTo(one.screen, product.rect().center()).x()
    finally:
        text.use_catalog(gettext.NullTranslations())
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


@pytest.mark.parametrize("scale", [0.9, 1.5])
@pytest.mark.parametrize("dark", [False, True])
def test_every_word_has_room(folder: Path, opened: Any, dark: bool, scale: float) -> None:
    theme().use(dark=dark, scale=scale)
    one = opened("first page")
    QTest.qWait(50)
    screen = one.screen
    for widget in screen.findChildren(QWidget):
        if widget.isVisible() and isinstance(widget, QLabel | start.Button) and widget.text():
            inside = screen.rect().contains(widget.mapTo(screen, widget.rect().bottomRight()))
            assert inside, widget.text()
            if isinstance(widget, QLabel):
                assert widget.height() >= widget.heightForWidth(widget.width()), widget.text()


def test_from_a_broken_file_to_a_working_desk_in_one_click(folder: Path, qapp: QApplication) -> None:
    """The program itself, from its start: the screen, one press of Enter, and a desk that takes a student."""
    make_fault(folder, "pages of people")
    presses: list[str] = []

    def press() -> None:
        screens = [one for one in qapp.topLevelWidgets() if isinstance(one, start.StartScreen) and one.isVisible()]
        if screens and screens[0].isActiveWindow() and screens[0].primary is not None:
            presses.append("Enter")
            QTest.keyClick(screens[0].focusWidget(), Qt.Key.Key_Return)
        assert len(presses) < 4

    hand = QTimer()
    hand.timeout.connect(press)
    hand.start(50)
    desk = run.first_desk(folder)
    hand.stop()
    assert desk is not None
    desk.start()
    try:
        driver_ = Driver(desk, None)  # type: ignore[arg-type]
        desk.window.activateWindow()
        assert "The backup is open." in desk.window.notice_label.text()
        driver_.key(Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
        driver_.until(desk.window.current().search.hasFocus)
        driver_.key(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
        form = driver_.dialog("form")
        driver_.type(form, "first_name", "Niamh")
        driver_.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        driver_.gone("form")
        driver_.settled()
        assert User.get(User.first_name == "Niamh")
        assert presses == ["Enter"]
    finally:
        for widget in qapp.topLevelWidgets():
            if isinstance(widget, QDialog):
                widget.close()
        desk.stop()
    assert os.listdir(folder)
