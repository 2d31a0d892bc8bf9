"""Names that are read from right to left in sentences that are not: the amount after a name stands after it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QTextLayout, QTextOption
from PySide6.QtWidgets import QApplication, QLabel

from ui.widgets.basic import Text
from ui.widgets.paint import isolated

NAMES = ("سلمى حدّاد", "נועה מזרחי", "ليلى")


def places(words: str, part: str) -> list[float]:
    """Where each character of a part of a line is drawn, from the left."""
    option = QTextOption()
    option.setTextDirection(Qt.LayoutDirection.LeftToRight)
    layout = QTextLayout(words, QFont("Noto Sans"))
    layout.setTextOption(option)
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(10_000)
    layout.endLayout()
    at = words.index(part)
    return [line.cursorToX(at + n)[0] for n in range(len(part))]  # type: ignore[index]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "sentence", ["Over €330.00 for {}; €213.34 of it is paid", "{} · €213.34", "1 of {}, €213.34 on"]
)
def test_an_amount_after_a_name_is_drawn_after_it(qapp: QApplication, name: str, sentence: str) -> None:
    words = isolated(sentence.format(name))
    amount, named = places(words, "€213.34"), places(words, name)
    assert amount == sorted(amount)
    assert min(amount) > max(named)


def test_control_bare_it_is_turned_round(qapp: QApplication) -> None:
    words = f"Over €330.00 for {NAMES[0]}; €213.34 of it is paid"
    assert places(words, "€213.34") != sorted(places(words, "€213.34"))


@pytest.mark.parametrize("words", ["", "Ana Satler", "€5 für Łukasz", NAMES[0], "\u202eevil"])
def test_other_words_stay_as_they_are(qapp: QApplication, words: str) -> None:
    assert isolated(words) == words


def test_a_label_gives_back_what_it_was_given(qapp: QApplication) -> None:
    label = Text(f"€5 for {NAMES[1]}")
    assert label.text() == f"€5 for {NAMES[1]}"
    assert QLabel.text(label) == f"€5 for \u2068{NAMES[1]}\u2069"


def test_in_a_window_that_is_read_from_the_right_nothing_is_set_apart(qapp: QApplication) -> None:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        assert isolated(f"€5 for {NAMES[1]}") == f"€5 for {NAMES[1]}"
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
