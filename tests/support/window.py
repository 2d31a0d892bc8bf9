"""The real window over a small center, driven by mouse and keyboard; what it did is read back from the file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QLineEdit, QMenu, QPushButton, QWidget

from app import store
from app.mail.worker import MailRunner
from tests.support.center import SmallCenter, build
from ui.application import Desk
from ui.theme import theme


class Driver:
    """Finds what a person sees and does what a person does."""

    def __init__(self, desk: Desk, center: SmallCenter) -> None:
        self.center = center
        self.use(desk)

    def use(self, desk: Desk) -> None:
        """Go on with another desk, as after a restore."""
        self.desk, self.window = desk, desk.window

    def until(self, condition: Callable[[], object], seconds: float = 10) -> None:
        """Let the window work until something is true."""
        limit = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < limit, "it did not happen"
            QTest.qWait(10)

    def settled(self) -> None:
        """Let every call to the desk thread be answered."""
        self.until(lambda: not self.desk.context.calls)
        QApplication.processEvents()

    def dialog(self, name: str) -> Any:
        """The open dialog of that name."""
        self.until(lambda: self._dialog(name) is not None)
        found = self._dialog(name)
        assert found is not None
        found.activateWindow()
        self.until(found.isActiveWindow)
        return found

    def _dialog(self, name: str) -> QDialog | None:
        found = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
        return next((one for one in found if one.objectName() == name), None)

    def gone(self, name: str) -> None:
        """Wait until a dialog is closed."""
        self.until(lambda: self._dialog(name) is None)
        self.window.activateWindow()
        self.until(self.window.isActiveWindow)

    def find(self, inside: QWidget, kind: type[Any], name: str) -> Any:
        """A visible widget by its object name."""
        found = [w for w in inside.findChildren(kind, name) if w.isVisible()]
        assert found, f"no visible {name}"
        return found[0]

    def click(self, inside: QWidget, name: str) -> None:
        """Click a button."""
        button = self.find(inside, QWidget, name)
        assert button.isEnabled(), f"{name} is off"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        QApplication.processEvents()

    def type(self, inside: QWidget, name: str, words: str) -> None:
        """Type into a field. Other scripts go in as text: keyClicks aborts on them."""
        edit = self.find(inside, QLineEdit, name)
        edit.setFocus()
        edit.selectAll()
        if words.isascii():
            QTest.keyClicks(edit, words)
        else:
            edit.clear()
            edit.insert(words)
            edit.textEdited.emit(words)

    def key(self, key: Qt.Key, modifiers: Any = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is."""
        target = QApplication.focusWidget() or self.window
        QTest.keyClick(target, key, modifiers)
        QApplication.processEvents()

    def choose(self, menu: QMenu, name: str) -> None:
        """Go down an open menu to an entry, by keys, and press Enter."""
        self.until(menu.isVisible)
        for _ in menu.actions():
            chosen = menu.activeAction()
            if chosen is None or chosen.objectName() != name:
                QTest.keyClick(menu, Qt.Key.Key_Down)
        assert menu.activeAction().objectName() == name
        QTest.keyClick(menu, Qt.Key.Key_Return)

    def page(self, key: str) -> Any:
        """Go to a page by its button on the rail."""
        self.click(self.window, f"rail_{key}")
        return self.window.current()


@pytest.fixture
def driver(qapp: QApplication, tmp_path: Path) -> Iterator[Driver]:
    """The window over the small center; mails wait, for there is no account."""
    yield from opened(qapp, tmp_path / "center", None)


def opened(
    qapp: QApplication, folder: Path, runner: MailRunner | None, center: SmallCenter | None = None
) -> Iterator[Driver]:
    """Open the window on a folder, making the small center if there is none, and close it in order."""
    qapp.setApplicationName("Deskbell")
    qapp.setStyle("Fusion")
    # Tests press keys faster than a hand; what guards against a double press is tested with an interval of its own.
    qapp.setDoubleClickInterval(0)
    theme().apply()
    if center is None:
        center = build(folder, email="desk@brueckenhaus.example")
    else:
        store.open_center(folder)
    store.disconnect()
    desk = Desk(folder, runner)
    desk.start()
    desk.window.activateWindow()
    driver = Driver(desk, center)
    try:
        yield driver
    finally:
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog):
                widget.close()
        driver.desk.stop()
        QApplication.processEvents()


def did(driver: Driver, function: Callable[..., Any], *args: Any) -> Any:
    """The answer of a function of the desk, run where the window runs it."""
    found: list[Any] = []
    driver.desk.context.run(function, *args, done=found.append)
    driver.settled()
    return found[0]


def said(widget: QWidget) -> str:
    """Every word a person reads there."""
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def typed(words: str) -> None:
    """Type where the focus is."""
    target = QApplication.focusWidget()
    assert target is not None
    QTest.keyClicks(target, words)
    QApplication.processEvents()


def typed_over(words: str) -> None:
    """Type over what stands in the focused field."""
    target = QApplication.focusWidget()
    assert target is not None
    QTest.keyClick(target, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    typed(words)


__all__ = ["Driver", "QPushButton", "did", "driver", "opened", "said", "typed", "typed_over"]
