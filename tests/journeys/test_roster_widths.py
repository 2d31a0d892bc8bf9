"""How wide a column is: drawn by the mouse, by keys, fitted by a double click, and kept for whoever is at the desk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import store
from app.desk import arranging
from app.store.models import Operation, Setting
from tests.journeys.test_roster_columns import click_head, menu, page, pick
from tests.support.window import Driver, did, driver, opened
from ui.pages import student_columns

__all__ = ["driver", "opened", "page"]

CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


def at(page: Any, key: str) -> int:
    return [column.key for column in page.model.columns].index(key)


def width(page: Any, key: str) -> int:
    return int(page.table.columnWidth(at(page, key)))


def border(page: Any, key: str) -> QPoint:
    head = page.table.horizontalHeader()
    number = at(page, key)
    return QPoint(head.sectionViewportPosition(number) + head.sectionSize(number) - 1, head.height() // 2)


def draw(page: Any, key: str, by: int) -> None:
    """Drag the border behind a column."""
    port, place = page.table.horizontalHeader().viewport(), border(page, key)
    left = Qt.MouseButton.LeftButton
    QTest.mouseMove(port, place)
    QTest.mousePress(port, left, Qt.KeyboardModifier.NoModifier, place)
    for step in (by // 2, by):
        QTest.mouseMove(port, place + QPoint(step, 0))
    QTest.mouseRelease(port, left, Qt.KeyboardModifier.NoModifier, place + QPoint(by, 0))


def kept(driver: Driver) -> dict[str, int]:
    driver.settled()
    return dict(arranging.load(driver.desk.context.actor.user_id).widths)


def roster(driver: Driver) -> Any:
    found = driver.page("students")
    driver.until(lambda: found.model.ids)
    driver.settled()
    return found


def test_a_border_is_dragged_and_the_width_is_there_after_a_restart(qapp: QApplication, tmp_path: Path) -> None:
    drawn, center = 0, None
    for first in opened(qapp, tmp_path / "center", None):
        center, page = first.center, roster(first)
        before = width(page, "phone")
        draw(page, "phone", 60)
        first.until(lambda first=first, before=before: kept(first) == {"phone": before + 60})
        drawn = width(page, "phone")
        assert drawn == before + 60
        assert not any(page.table.isColumnHidden(n) for n in range(page.model.columnCount())), "nothing went for it"
        assert page.model.order == "", "to draw is not to sort"
    for again in opened(qapp, tmp_path / "center", None, center):
        assert width(roster(again), "phone") == drawn


def test_an_amount_is_never_cut(driver: Driver, page: Any) -> None:
    draw(page, "balance", -80)
    driver.until(lambda: "balance" in kept(driver))
    assert width(page, "balance") >= 108
    draw(page, "email", -500)
    driver.until(lambda: "email" in kept(driver))
    assert width(page, "email") >= 40


def test_a_double_click_on_the_border_fits_and_the_menu_goes_back(driver: Driver, page: Any) -> None:
    usual = width(page, "email")
    port, place = page.table.horizontalHeader().viewport(), border(page, "email")
    QTest.mouseMove(port, place)
    QTest.mouseDClick(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    driver.until(lambda: "email" in kept(driver))
    longest = max(page.table.fontMetrics().horizontalAdvance(page.model.row(n).email) for n in range(3))
    assert width(page, "email") >= longest
    click_head(page, "email", Qt.MouseButton.RightButton)
    pick(driver, "Usual width")
    driver.until(lambda: kept(driver) == {})
    assert width(page, "email") == usual
    click_head(page, "name", Qt.MouseButton.RightButton)
    assert not next(a for a in menu(driver).actions() if a.text() == "Usual width").isEnabled()
    pick(driver, "As wide as its words")
    driver.until(lambda: "name" in kept(driver))


def test_by_keys_alone_and_each_person_has_widths_of_their_own(driver: Driver, page: Any) -> None:
    before = width(page, "phone")
    driver.key(Qt.Key.Key_Down)
    driver.key(Qt.Key.Key_C, CTRL | SHIFT)
    dialog = driver.dialog("columns")
    driver.key(Qt.Key.Key_Down)
    for _step in range(3):
        driver.key(Qt.Key.Key_Right, ALT)
    driver.key(Qt.Key.Key_Left, ALT)
    assert dialog.list.currentItem().text() == "Phone · 172"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("columns")
    driver.until(lambda: kept(driver) == {"phone": 172})
    assert width(page, "phone") == before + 24
    marta = driver.desk.context.actor
    driver.desk.context.set_actor(driver.center.admin)
    driver.settled()
    assert width(page, "phone") == before
    driver.desk.context.set_actor(marta)
    driver.settled()
    assert width(page, "phone") == before + 24
    driver.key(Qt.Key.Key_C, CTRL | SHIFT)
    driver.click(driver.dialog("columns"), "column_usual")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("columns")
    driver.until(lambda: kept(driver) == {})
    assert width(page, "phone") == before


def test_nothing_is_written_where_nothing_was_drawn(driver: Driver, page: Any) -> None:
    did(driver, lambda _actor: None)
    before = Operation.select().count()
    driver.window.resize(1700, 900)
    QApplication.processEvents()
    driver.window.resize(1366, 768)
    driver.key(Qt.Key.Key_C, CTRL | SHIFT)
    driver.dialog("columns")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("columns")
    QTest.qWait(300)
    driver.settled()
    assert Operation.select().count() == before


@pytest.mark.parametrize("value", ["[]", "7", '{"phone": "wide"}', '{"phone": -5, "nobody": 99999}', "null"])
def test_what_another_program_left_there_does_no_harm(driver: Driver, page: Any, value: str) -> None:
    actor = driver.desk.context.actor

    def leave(_actor: Any) -> None:
        with store.write("Widths", actor) as w:
            w.insert(Setting, key=f"person.{actor.user_id}.widths", value=value)

    did(driver, leave)
    found = arranging.load(actor.user_id).widths
    assert all(arranging.NARROWEST <= one <= arranging.WIDEST for one in found.values())
    page._take_arrangement()
    assert width(page, "phone") >= 40
    assert set(student_columns.USUAL) == {column.key for column in page.model.columns}
