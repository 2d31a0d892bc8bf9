"""The file that moves a center, made and brought in by hand through the real window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit

from app import store
from app.desk import secrecy
from tests.support.keyrings import nothing_is_known
from tests.support.window import Driver, driver
from ui.application import Desk, reopened
from ui.dialogs import ask

__all__ = ["driver", "nothing_is_known"]

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
