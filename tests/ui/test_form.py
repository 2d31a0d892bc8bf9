"""A form over the window: where it stands."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from ui.dialogs.form import FormDialog
from ui.widgets.basic import Text


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
