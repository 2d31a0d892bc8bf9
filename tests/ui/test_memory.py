"""What the window keeps at this computer from one start to the next."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow
from pytestqt.qtbot import QtBot

from app import log, paths, store
from tests.support.center import build
from tests.support.window import Driver, driver
from ui import memory, run
from ui.theme import theme
from ui.window import DeskWindow

__all__ = ["driver"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own for what is kept; and the look as it was, for whoever comes next."""
    file = tmp_path / "config" / "last.json"
    monkeypatch.setattr(paths, "_memory", lambda: file)
    yield file
    theme().use(dark=False, scale=1.0)


def test_look_and_text_size_are_there_at_the_next_start(driver: Driver, home: Path) -> None:
    driver.window.actor_button.click()
    dialog = driver.dialog("choose_actor")
    dialog.look.setCurrentIndex(1)
    dialog.text_size.setCurrentIndex(dialog.text_size.findData(125))
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    driver.gone("choose_actor")
    assert (theme().dark, theme().scale) == (True, 1.25)
    theme().use(dark=False, scale=1.0)
    memory.take_look()
    assert (theme().dark, theme().scale) == (True, 1.25)


def test_size_and_place_are_there_at_the_next_start_beside_the_folder(qtbot: QtBot, tmp_path: Path) -> None:
    paths.data_file(tmp_path).touch()
    paths.remember(data_dir=str(tmp_path))
    first, second = QMainWindow(), QMainWindow()
    for window in (first, second):
        window.setCentralWidget(QLineEdit())
        qtbot.addWidget(window)
    first.setGeometry(40, 60, 512, 433)
    first.show()
    qtbot.waitExposed(first)
    memory.keep_place(first)
    memory.take_place(second)
    assert second.geometry() == first.geometry()
    assert paths.last_data_dir() == tmp_path


def work_once(application: QApplication, folder: Path, act: Callable[[DeskWindow], None]) -> None:
    """The program's window from start to end, closed by a person after one thing."""
    done: list[DeskWindow] = []

    def hand() -> None:
        found = [one for one in application.topLevelWidgets() if isinstance(one, DeskWindow) and one.isVisible()]
        if found and not done:
            done.append(found[0])
            act(found[0])
            found[0].close()

    timer = QTimer()
    timer.timeout.connect(hand)
    timer.start(50)
    try:
        assert run.open_window(folder) == 0
    finally:
        timer.stop()
    assert done


def test_the_program_takes_look_and_place_at_its_start_and_keeps_them_at_its_end(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    term = signal.getsignal(signal.SIGTERM)
    build(tmp_path / "center")
    store.close_center()
    seen = []

    def make_dark(window: DeskWindow) -> None:
        window.showNormal()
        window.setGeometry(0, 40, 1024, 700)
        theme().use(dark=True)
        memory.keep_look()

    try:
        work_once(qapp, tmp_path / "center", make_dark)
        theme().use(dark=False)
        work_once(qapp, tmp_path / "center", lambda window: seen.append((window.height(), theme().dark)))
    finally:
        signal.signal(signal.SIGTERM, term)
        qapp.setQuitOnLastWindowClosed(True)
    assert seen == [(700, True)]


def test_what_nobody_caught_is_in_the_log_of_the_folder(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "__excepthook__", lambda *error: None)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    term = signal.getsignal(signal.SIGTERM)
    build(tmp_path / "center")
    store.close_center()

    def fail(window: DeskWindow) -> None:
        window.close()
        raise LookupError("Ana Satler")

    try:
        work_once(qapp, tmp_path / "center", fail)
    finally:
        signal.signal(signal.SIGTERM, term)
        qapp.setQuitOnLastWindowClosed(True)
    said = paths.log_file(tmp_path / "center").read_text("utf-8")
    assert "LookupError" in said and "Satler" not in said
    assert log.file() is None


@pytest.mark.parametrize(
    "written",
    [b"", b"\xff\xfe", b"[]", b"7", b'{"dark": 3, "scale": "large", "window": 9, "data_dir": []}',
     b'{"scale": 99.0, "window": "not of this world", "data_dir": "\\u0000"}'],
)  # fmt: skip
def test_whatever_stands_there_the_window_comes_up(qtbot: QtBot, home: Path, written: bytes) -> None:
    home.parent.mkdir()
    home.write_bytes(written)
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(400, 300)
    memory.take_look()
    memory.take_place(window)
    assert 0.9 <= theme().scale <= 1.5
    assert (window.width(), window.height()) == (400, 300)
    assert paths.last_data_dir() is None
    memory.keep_look()
    assert json.loads(home.read_text("utf-8"))["scale"] == theme().scale


def test_a_home_that_cannot_be_written_to_is_no_reason_not_to_work(home: Path) -> None:
    home.parent.write_bytes(b"a file where the folder should be")
    memory.keep_look()
    assert paths.remembered() == {}
