"""The window closes while something long runs beside it: it stops at once, and leaves no half file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from app import paths
from app.errors import UserError
from app.exchange import shown as as_shown
from app.lists import keeping as kept
from app.store import backup, checks
from tests.support.window import Driver, driver
from ui.dialogs import ask

__all__ = ["driver"]

#: So long a disk hangs that nobody takes away, in seconds.
HANGS_S = 20


class Hanging:
    """The first call of something long hangs until whoever wanted it says stop; the next ones go through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, stop_at: int | str) -> None:
        self._whole, self._stop_at = getattr(module, name), stop_at
        self.in_the_middle = threading.Event()
        self.stopped = False
        monkeypatch.setattr(module, name, self.call)

    def call(self, *args: Any, **options: Any) -> Any:
        if not self.in_the_middle.is_set():
            stop = options[self._stop_at] if isinstance(self._stop_at, str) else args[self._stop_at]
            self.in_the_middle.set()
            until = time.monotonic() + HANGS_S
            while time.monotonic() < until and not self.stopped:
                self.stopped = stop()
                threading.Event().wait(0.01)
        return self._whole(*args, **options)


class HangingDisk:
    """The first copy hangs in its middle until whoever wanted it says stop; the next ones go through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._copy = backup.copy
        self.in_the_middle = threading.Event()
        self.stopped = False
        monkeypatch.setattr(backup, "copy", self.copy)

    def copy(self, source: Path, target: Path, stop: Callable[[], bool], *more: Any) -> None:
        def asked() -> bool:
            self.in_the_middle.set()
            until = time.monotonic() + HANGS_S
            while time.monotonic() < until:
                if stop():
                    self.stopped = True
                    return True
                threading.Event().wait(0.01)
            return False

        self._copy(source, target, stop if self.in_the_middle.is_set() else asked, *more)


def close(driver: Driver) -> None:
    """What whoever runs the program does when the window was closed."""
    driver.window.close()
    driver.desk.stop()
    driver.desk.stop = lambda: None  # type: ignore[method-assign]


def test_a_file_that_moves_is_not_finished(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.desk.context.set_actor(driver.center.admin)
    page = driver.page("settings")
    page.show_part("keeping")
    driver.click(page.keeping, "make_move_file")
    dialog = driver.dialog("move_dialog")
    target = tmp_path / "moves" / "move.deskbell"
    target.parent.mkdir()
    for field, words in (("passphrase", "four little paper words"), ("again", "four little paper words")):
        driver.type(dialog, field, words)
    driver.type(dialog, "move_file", str(target))
    disk = HangingDisk(monkeypatch)
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    driver.until(disk.in_the_middle.is_set)
    close(driver)
    assert disk.stopped
    assert list(target.parent.iterdir()) == []


def test_nor_is_a_list_that_goes_out(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "lists" / "students.csv"
    target.parent.mkdir()
    monkeypatch.setattr(ask, "choose_save_file", lambda *_args: str(target))
    page = driver.page("students")
    driver.settled()
    driver.click(page, "export")
    dialog = driver.dialog("export_people")
    work = Hanging(monkeypatch, as_shown, "export", "stop")
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    driver.until(work.in_the_middle.is_set)
    close(driver)
    assert work.stopped
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("long", ["comparing", "proving"])
def test_nor_is_looking_into_a_copy(driver: Driver, monkeypatch: pytest.MonkeyPatch, long: str) -> None:
    """An unsound one is proven once more to say what it breaks, which takes as long as a backup."""
    driver.desk.context.set_actor(driver.center.admin)
    one = backup.take(driver.center.folder, "asked")
    one.path.rename(one.path.with_suffix(".unsound.db"))
    page = driver.page("settings")
    page.show_part("keeping")
    driver.until(lambda: page.keeping.backups.model.ids == [1])
    work = Hanging(monkeypatch, *((kept, "compare") if long == "comparing" else (checks, "over")), 2)
    driver.click(page.keeping, "restore")
    driver.until(work.in_the_middle.is_set)
    close(driver)
    assert work.stopped


def test_nor_is_the_backup_before_an_import(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "people.csv"
    path.write_text("First name\nMai\n", "utf-8")
    monkeypatch.setattr(ask, "choose_open_file", lambda parent, title, kind: str(path))
    driver.click(driver.page("students"), "import")
    dialog = driver.dialog("import_people")
    driver.until(lambda: dialog.columns.combos)
    driver.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    driver.until(lambda: dialog.lines.isVisible())
    driver.settled()
    disk = HangingDisk(monkeypatch)
    driver.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    driver.until(disk.in_the_middle.is_set)
    close(driver)
    assert disk.stopped
    folder = paths.backups(driver.center.folder)
    assert [one.why for one in backup.listing(driver.center.folder)] == ["closing"], "and the last copy was made"
    assert {path.suffix for path in folder.iterdir()} == {".db"}


@pytest.mark.parametrize("fails", [False, True])
def test_an_answer_to_a_form_that_is_gone_is_told_to_nobody(driver: Driver, fails: bool) -> None:
    """Esc while something is read or saved; a refusal is still said, by the window."""
    page, waits, told = driver.page("students"), threading.Event(), []
    page.new_student()
    form = driver.dialog("form")

    def slow(*_actor: object) -> None:
        assert waits.wait(10)
        if fails:
            raise UserError("store.gone")

    driver.desk.context.problem.connect(told.append)
    driver.desk.context.run(slow, done=form.reject, failed=form.refuse, busy=form.main)
    driver.desk.context.read(slow, done=form.say, failed=form.refuse)
    driver.key(Qt.Key.Key_Escape)
    driver.gone("form")
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not isValid(form)
    waits.set()
    driver.settled()
    assert [error.key for error in told] == (["store.gone"] * 2 if fails else [])
