"""An entry of the panel: plain text in lines that fit, an end that is never cut, opened by mouse and by keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.support.odd_text import ODD
from ui.theme import theme
from ui.widgets.entry import Entry


@pytest.fixture
def right_to_left(qapp: QApplication) -> Iterator[None]:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def shown(qtbot: QtBot, entry: Entry, wide: int = 360) -> Entry:
    qtbot.addWidget(entry)
    entry.resize(wide, entry.heightForWidth(wide))
    entry.show()
    return entry


def test_long_words_go_on_below_and_markup_is_text(qtbot: QtBot) -> None:
    line = shown(qtbot, Entry("Note added", "today 09:00 · Marta"))
    long = shown(qtbot, Entry("x" * 400, "today 09:00 · Marta"))
    assert long.heightForWidth(360) > 4 * line.heightForWidth(360)
    assert long.heightForWidth(720) < long.heightForWidth(360)
    bold = shown(qtbot, Entry("<b>Ana</b>"))
    assert bold.heightForWidth(360) == shown(qtbot, Entry("(b)Ana(/b)")).heightForWidth(360)
    assert bold.accessibleName() == "<b>Ana</b>"
    two = shown(qtbot, Entry("one\ntwo"))
    assert two.heightForWidth(360) > line.heightForWidth(360) - 10


@pytest.mark.parametrize("said", ODD)
def test_odd_text_is_drawn(qtbot: QtBot, said: str) -> None:
    for entry in (
        Entry(said, said, amount="€12.00", badge=("sent", "Sent"), opens=True, ruled=True),
        Entry(said, said, icon="paperclip", role="name"),
    ):
        assert not shown(qtbot, entry).grab().isNull()


@pytest.mark.usefixtures("right_to_left")
def test_in_a_mirrored_window_the_end_is_at_the_left(qtbot: QtBot) -> None:
    entry = shown(qtbot, Entry("", amount="WWWW"), 400)
    image = entry.grab().toImage()
    inked = {x for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y).lightness() < 90}
    assert inked and max(inked) < 200


def test_it_opens_by_mouse_and_by_keys_only_where_it_leads_somewhere(qtbot: QtBot) -> None:
    told: list[int] = []
    leads, stays = shown(qtbot, Entry("Paid", opens=True)), shown(qtbot, Entry("Paid"))
    for entry in (leads, stays):
        entry.opened.connect(lambda: told.append(1))
    QTest.mouseClick(leads, Qt.MouseButton.LeftButton)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
        QTest.keyClick(leads, key)
    QTest.mouseClick(stays, Qt.MouseButton.LeftButton)
    QTest.keyClick(stays, Qt.Key.Key_Return)
    assert len(told) == 4
    assert leads.focusPolicy() == Qt.FocusPolicy.StrongFocus
    assert stays.focusPolicy() == Qt.FocusPolicy.NoFocus


def test_it_grows_with_the_text(qtbot: QtBot) -> None:
    entry = shown(qtbot, Entry("Note added", "today 09:00 · Marta"))
    before = entry.heightForWidth(360)
    theme().use(scale=1.5)
    try:
        assert entry.heightForWidth(360) > before
    finally:
        theme().use(scale=1.0)


def test_in_a_narrow_column_every_line_has_its_room(qtbot: QtBot) -> None:
    """A widget is as wide as a window before it stands in a layout: its height must not stay what it was then."""
    column, box = QWidget(), QFrame()
    outer, inner = QVBoxLayout(column), QVBoxLayout(box)
    entry = Entry("Prefers Car 2 (automatic). Employer pays German — Alpen Logistik GmbH", ruled=True)
    inner.addWidget(entry)
    outer.addWidget(box)
    outer.addStretch(1)
    qtbot.addWidget(column)
    column.resize(420, 400)
    column.show()
    QApplication.processEvents()
    assert entry.width() < 420
    assert entry.height() == entry.heightForWidth(entry.width()) > Entry("x", ruled=True).heightForWidth(380)
