"""The file that moves a center, and encryption on and off, by hand through the real window."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QWidget

from app import paths, store
from app.desk import secrecy
from app.errors import EnvironmentFault
from app.store import cipher
from app.workers import Between
from tests.support.keyrings import MemoryKeyring, memory_keyring, nothing_is_known
from tests.support.window import Driver, driver
from ui.application import Desk
from ui.dialogs import ask
from ui.dialogs.unlock import open_with_key
from ui.run import reopened

__all__ = ["driver", "memory_keyring", "nothing_is_known"]

WORDS = "four little paper words"


def keeping(driver: Driver) -> Any:
    driver.desk.context.set_actor(driver.center.admin)
    page = driver.page("settings")
    page.show_part("keeping")
    return page.keeping


def said(inside: Any) -> str:
    return "\n".join(label.text() for label in inside.findChildren(QLabel) if label.isVisible())


def make(driver: Driver, target: Path) -> None:
    cards = keeping(driver)
    driver.click(cards, "make_move_file")
    dialog = driver.dialog("move_dialog")
    driver.type(dialog, "passphrase", WORDS)
    driver.type(dialog, "again", WORDS)
    driver.type(dialog, "move_file", str(target))
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    driver.settled()
    assert "written and proven" in said(dialog)
    assert "Carry the file" in said(dialog)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    driver.gone("move_dialog")


def test_whoever_may_not_make_the_file_is_told_before_typing_a_passphrase(driver: Driver) -> None:
    cards = keeping(driver)
    driver.desk.context.set_actor(driver.center.staff)
    driver.click(cards, "make_move_file")
    driver.settled()
    assert driver._dialog("move_dialog") is None
    assert "Only an admin may do this" in said(cards)
    driver.desk.context.set_actor(driver.center.admin)
    driver.settled()
    assert "Only an admin may do this" not in said(cards), "what one person was refused is not said to the next"


def test_the_file_is_made_and_brought_back_in(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "move.deskbell"
    make(driver, target)
    assert secrecy.is_sealed(target)
    first = store.db.execute_sql("SELECT count(*) FROM users").fetchone()
    driver.desk.context.run(_add_one)
    driver.settled()
    cards = keeping(driver)
    monkeypatch.setattr(ask, "choose_open_file", lambda *_: str(target))
    driver.click(cards, "bring_move_file")
    dialog = driver.dialog("bring_dialog")
    driver.type(dialog, "passphrase", "some other words here")
    driver.click(dialog, "open")
    driver.settled()
    assert dialog.fields["passphrase"].error.startswith("The passphrase does not open this file")
    driver.type(dialog, "passphrase", WORDS)
    driver.click(dialog, "open")
    restoring = driver.dialog("restore_dialog")
    assert "Newcomer" in said(restoring)
    driver.click(restoring, "restore_now")
    job = driver.desk.next_job
    assert job is not None
    driver.desk.stop()
    again = reopened(driver.desk)
    assert isinstance(again, Desk)
    driver.use(again)
    again.start()
    assert store.db.execute_sql("SELECT count(*) FROM users").fetchone() == first
    assert again.window.notice_label.text() == "Restored."


def test_a_plain_backup_and_one_with_a_code_are_brought_in_the_same_way(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.store import backup, recovery

    plain, keyed, junk = tmp_path / "plain.db", tmp_path / "keyed.db", tmp_path / "junk.db"
    backup.copy(paths.data_file(driver.center.folder), plain)
    key = cipher.new_key()
    cipher.remember(key)
    backup.copy(plain, keyed, lock=cipher.keyed(key))
    cipher.forget()
    junk.write_bytes(b"a letter, not a center" * 400)
    cards = keeping(driver)
    for path, code in ((plain, ""), (keyed, recovery.encode(key))):
        monkeypatch.setattr(ask, "choose_open_file", lambda *_, path=path: str(path))
        driver.click(cards, "bring_move_file")
        if code:
            dialog = driver.dialog("bring_dialog")
            driver.type(dialog, "recovery_code", code[:-1])
            driver.click(dialog, "open")
            driver.settled()
            assert "13 groups" in dialog.fields["code"].error
            driver.type(dialog, "recovery_code", code)
            driver.click(dialog, "open")
        restoring = driver.dialog("restore_dialog")
        assert "Nothing differs" in said(restoring)
        QTest.keyClick(restoring, Qt.Key.Key_Escape)
        driver.gone("restore_dialog")
    monkeypatch.setattr(ask, "choose_open_file", lambda *_: str(junk))
    driver.click(cards, "bring_move_file")
    driver.settled()
    assert "not a sound Deskbell backup" in said(cards.move_card)


def _add_one(actor: Any) -> None:
    from app.desk import people

    people.add_student(actor, people.StudentDraft("New", "Newcomer"))


def test_what_is_typed_wrong_is_said_beside_its_field_and_nothing_is_written(driver: Driver, tmp_path: Path) -> None:
    cards = keeping(driver)
    driver.click(cards, "make_move_file")
    dialog = driver.dialog("move_dialog")
    taken = tmp_path / "taken.deskbell"
    taken.write_text("mine")
    for first, second, place, field, words in (
        ("short", "short", "x", "passphrase", "At least 10 characters"),
        (WORDS, "four little paper word", "x", "again", "not the same"),
        (WORDS, WORDS, "just-a-name.deskbell", "file", "folder"),
        (WORDS, WORDS, str(taken), "file", "already there"),
        (WORDS, WORDS, str(tmp_path / "no" / "such.deskbell"), "file", "cannot"),
    ):
        driver.type(dialog, "passphrase", first)
        driver.type(dialog, "again", second)
        driver.type(dialog, "move_file", place)
        driver.click(dialog, "make_the_file")
        driver.settled()
        wrong = {name: each.error for name, each in dialog.fields.items() if each.error}
        assert list(wrong) == [field]
        assert words in wrong[field]
    assert taken.read_text() == "mine"
    assert list(tmp_path.glob("*.partial")) == []
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    driver.gone("move_dialog")


def test_the_passphrase_is_hidden_until_asked_for(driver: Driver) -> None:
    driver.click(keeping(driver), "make_move_file")
    dialog = driver.dialog("move_dialog")
    edits = [dialog.fields[name].edit for name in ("passphrase", "again")]
    assert [edit.echoMode() for edit in edits] == [QLineEdit.EchoMode.Password] * 2
    dialog.shown.click()
    assert [edit.echoMode() for edit in edits] == [QLineEdit.EchoMode.Normal] * 2
    dialog.shown.click()
    assert [edit.echoMode() for edit in edits] == [QLineEdit.EchoMode.Password] * 2


# -- the file at rest ----------------------------------------------------------------------------------------


def card(driver: Driver) -> Any:
    cards = keeping(driver)
    driver.settled()
    return cards.encryption


def do_job(driver: Driver) -> None:
    """What `open_window` does between two desks."""
    driver.desk.stop()
    again = reopened(driver.desk)
    assert isinstance(again, Desk)
    driver.use(again)
    again.start()
    again.window.activateWindow()


def agree_to_encrypt(driver: Driver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Through the three steps by hand, with the code from the page that was saved."""
    driver.click(card(driver), "encryption_on")
    dialog = driver.dialog("encrypt_dialog")
    assert "deleted blocks" in said(dialog)
    driver.click(dialog, "encrypt_next")
    paper = tmp_path / "paper.pdf"
    monkeypatch.setattr(ask, "choose_save_file", lambda *_: str(paper))
    driver.click(dialog, "save_code")
    shown = str(driver.find(dialog, QWidget, "recovery_code_view").accessibleName())
    assert letters(paper) == shown
    driver.click(dialog, "encrypt_next")
    driver.type(dialog, "last_group", "AAAAA")
    driver.click(dialog, "encrypt_next")
    assert dialog.fields["last_group"].error == "This is not the last group on the paper."
    assert driver.desk.next_job is None
    driver.type(dialog, "last_group", shown[-5:].lower())
    driver.click(dialog, "encrypt_next")
    assert driver.desk.next_job is not None
    return shown


def letters(paper: Path) -> str:
    """The code as it can be read off the page."""
    import pypdfium2

    document = pypdfium2.PdfDocument(paper.read_bytes())
    found = document[0].get_textpage().get_text_range()
    document.close()
    return "-".join(re.findall(r"\b[0-9A-Z]{5}\b", found))


def test_encryption_is_switched_on_and_off_by_hand(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory_keyring: MemoryKeyring
) -> None:
    file = paths.data_file(driver.center.folder)
    assert "can read everything" in said(card(driver))
    people = store.db.execute_sql("SELECT count(*) FROM users").fetchone()
    letter = driver.center.folder / "before-christmas.db"
    letter.write_text("Dear Ana", "utf-8")
    code = agree_to_encrypt(driver, monkeypatch, tmp_path)
    do_job(driver)
    assert cipher.kind_of(file) == "keyed"
    assert driver.window.notice_label.text() == (
        "The center is encrypted. One file may be another program's and stays as it is: before-christmas.db."
        " Whoever has the disk can read it; if it holds data of the center, move it to a safe place or delete it."
    )
    assert letter.read_text("utf-8") == "Dear Ana"
    assert store.db.execute_sql("SELECT count(*) FROM users").fetchone() == people
    here = card(driver)
    assert "in this computer's keyring" in said(here)
    driver.desk.backups.ask()
    driver.until(lambda: not driver.desk.backups.state.running and driver.desk.backups.state.last is not None)
    driver.click(here, "encryption_code")
    again = driver.dialog("code_dialog")
    assert driver.find(again, QWidget, "recovery_code_view").accessibleName() == code
    driver.click(again, "print_code")
    (asks,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, QPrintDialog) and w.isVisible()]
    asks.printer().setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    asks.printer().setOutputFileName(str(tmp_path / "code.pdf"))
    asks.done(QDialog.DialogCode.Accepted)
    driver.until(lambda: not asks.isVisible())
    assert (tmp_path / "code.pdf").stat().st_size > 10_000
    driver.click(again, "done")
    driver.gone("code_dialog")
    driver.click(card(driver), "encryption_off")
    driver.click(driver.dialog("question"), "switch_encryption_off")
    do_job(driver)
    assert cipher.kind_of(file) == "plain"
    assert "can read everything" in said(card(driver))
    assert store.db.execute_sql("SELECT count(*) FROM users").fetchone() == people


def test_staff_is_told_who_may_switch(driver: Driver) -> None:
    here = card(driver)
    driver.desk.context.set_actor(driver.center.staff)
    driver.click(here, "encryption_on")
    assert "Only a super admin may do this" in said(here)
    driver.desk.context.set_actor(driver.center.admin)
    assert "Only a super admin may do this" not in said(here), "what one person was refused is not said to the next"


def test_without_a_keyring_the_code_is_asked_for_before_the_window(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = paths.data_file(driver.center.folder)
    driver.click(card(driver), "encryption_on")
    dialog = driver.dialog("encrypt_dialog")
    assert "no keyring" in said(dialog)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    driver.gone("encrypt_dialog")
    code = agree_to_encrypt(driver, monkeypatch, tmp_path)
    do_job(driver)
    assert "asked for at each start" in said(card(driver))
    driver.desk.stop()
    cipher.forget()
    seen: list[str] = []

    def person() -> None:
        """Types a wrong code, then the right one."""
        found = [each for each in QApplication.topLevelWidgets() if each.objectName() == "unlock_dialog"]
        dialog = next(each for each in found if each.isVisible())
        driver.type(dialog, "recovery_code", secrecy.new_code())
        driver.click(dialog, "open")
        seen.append(dialog.code.error)
        driver.type(dialog, "recovery_code", code)
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    QTimer.singleShot(200, person)
    open_with_key(driver.center.folder)
    store.disconnect()
    assert seen == ["A sound code, but of another key. Look for the paper of this center."]
    driver.use(Desk(driver.center.folder))
    driver.desk.start()
    assert cipher.kind_of(file) == "keyed"


def test_who_gives_up_opens_nothing(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = agree_to_encrypt(driver, monkeypatch, tmp_path)
    do_job(driver)
    driver.desk.stop()
    cipher.forget()

    def person() -> None:
        found = [each for each in QApplication.topLevelWidgets() if each.objectName() == "unlock_dialog"]
        QTest.keyClick(next(each for each in found if each.isVisible()), Qt.Key.Key_Escape)

    QTimer.singleShot(200, person)
    with pytest.raises(EnvironmentFault) as fault:
        open_with_key(driver.center.folder)
    assert fault.value.key == "store.key_missing"
    store.know_code(code)
    open_with_key(driver.center.folder)
    store.disconnect()
    driver.use(Desk(driver.center.folder))
    driver.desk.start()


def test_a_job_that_fails_says_why_and_the_desk_opens_again(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory_keyring: MemoryKeyring
) -> None:
    agree_to_encrypt(driver, monkeypatch, tmp_path)
    driver.desk.stop()
    store.open_center(driver.center.folder)
    store.db.connection().execute("UPDATE current_operation SET operation_id = 1")
    store.close_center()
    again = reopened(driver.desk)
    assert again is not None
    driver.use(again)
    again.start()
    assert "breaks a rule and stays as it is" in again.window.notice_label.text()
    assert cipher.kind_of(paths.data_file(driver.center.folder)) == "plain"


def test_a_bug_in_a_job_between_two_desks_is_told_and_the_desk_opens_again(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("sys.excepthook", lambda kind, error, _trace: told.append(f"{kind.__name__}: {error}"))

    def bug() -> None:
        raise LookupError("nobody thought of this")

    driver.desk.between(Between("Waiting", str, bug))
    driver.desk.stop()
    again = reopened(driver.desk)
    assert again is not None
    driver.use(again)
    again.start()
    assert again.window.notice_label.text().startswith("It was not finished: nobody thought of this")
    assert told == ["LookupError: nobody thought of this"]


def test_after_a_restore_everyone_may_do_what_the_restored_file_says(driver: Driver, tmp_path: Path) -> None:
    """Someone who became an admin after the backup is none in it."""
    from functools import partial

    from app.desk import keeping as safe
    from app.desk.accounts import Actor
    from app.store import backup
    from app.store.models import User
    from app.workers import Between

    made: list[backup.Backup] = []
    staff = driver.center.staff
    driver.desk.context.read(backup.take, driver.desk.data_dir, "asked", done=made.append)
    driver.settled()

    def promote(_actor: Actor) -> None:
        with store.write("Promote", driver.center.admin) as w:
            w.update(User, staff.user_id or 0, role="admin")

    driver.desk.context.run(promote)
    driver.settled()
    promoted = Actor(staff.user_id, "admin")
    driver.desk.context.set_actor(promoted)
    job = partial(safe.restore, promoted, made[0].path, driver.desk.data_dir)
    driver.desk.between(Between("Restoring", str, job, why="restore"))
    do_job(driver)
    assert driver.desk.context.actor == Actor(staff.user_id, "staff")
