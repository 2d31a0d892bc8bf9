"""A form over the window: where it stands."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Field, Text


class Seen(QObject):
    """What happens to a widget, in order."""

    def __init__(self, watched: QObject) -> None:
        super().__init__()
        self.events: list[QEvent.Type] = []
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.events.append(event.type())
        return False


def test_a_form_has_its_place_before_it_comes_up(qtbot: QtBot) -> None:
    """Moved while it came up, it could take itself to be in the corner of the screen: shadow and lists opened there."""
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setGeometry(140, 90, 900, 700)
    window.show()
    qtbot.waitExposed(window)
    form = FormDialog(window, "A form", "info", width=520)
    form.body.addWidget(Text("A sentence of many words that does not fit into one line. " * 6, wrap=True))
    seen = Seen(form)
    form.show()
    qtbot.waitExposed(form)
    came_up = seen.events.index(QEvent.Type.Show)
    assert QEvent.Type.Move in seen.events[:came_up]
    assert QEvent.Type.Move not in seen.events[came_up:]
    assert QEvent.Type.Resize not in seen.events[came_up:]
    apart = form.geometry().center() - window.geometry().center()
    assert max(abs(apart.x()), abs(apart.y())) <= 1
    form.close()


class Asking(FormDialog):
    """Asks for some things, and counts how often it was told to go on."""

    def __init__(self, window: QMainWindow, *names: str) -> None:
        super().__init__(window, "A form", "info", width=520)
        self.told = 0
        for name in names:
            self.body.addWidget(self.add_field(name, Field(name, name=name)))
        self.add_foot((), Button("Save", kind="primary"))

    def main_action(self) -> None:
        self.told += 1


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    made = QMainWindow()
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.mark.parametrize("enter", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_moves_on_and_never_throws_away_what_was_typed(qtbot: QtBot, window: QMainWindow, enter: Qt.Key) -> None:
    form = Asking(window, "first", "last")
    form.open()
    qtbot.waitExposed(form)
    first, last = (form.fields[name].edit for name in ("first", "last"))
    first.setFocus()
    QTest.keyClicks(first, "Vera")
    QTest.keyClick(first, enter)
    assert (form.isVisible(), form.focusWidget(), form.told) == (True, last, 0)
    QTest.keyClick(last, enter)
    assert form.isVisible()
    assert form.told == 0
    form.main.setFocus()
    QTest.keyClick(form.main, enter)
    assert (form.isVisible(), form.told) == (True, 1)
    form.close()


def test_where_one_thing_is_asked_enter_is_enough(qtbot: QtBot, window: QMainWindow) -> None:
    form = Asking(window, "reason")
    form.open()
    qtbot.waitExposed(form)
    field = form.fields["reason"].edit
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert (form.isVisible(), form.told) == (True, 1)
    form.close()


def test_whom_a_form_is_about_does_not_run_into_the_words_at_its_end(qtbot: QtBot, window: QMainWindow) -> None:
    form = Asking(window, "first", "last")
    form.subtitle.setText("Maximiliane Oberhofer-Grünwald of the evening course")
    form.open()
    qtbot.waitExposed(form)
    end = form.subtitle.geometry().right()
    assert form._typing.isVisible() and form._typing.geometry().left() - end > 8
    form.reject()
