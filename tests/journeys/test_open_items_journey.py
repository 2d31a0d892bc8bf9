"""Open items through the real window: reached by keys, every figure leads to its lines, out as a file, on to paying."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import clock
from app.desk import enrollment
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from tests.support.window import Driver, driver
from ui.dialogs import ask

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def owing(driver: Driver) -> None:
    """Ana is late with two of three installments; Łukasz owes a book that is due today."""
    from datetime import timedelta

    first = clock.local_date("Europe/Vienna") - timedelta(days=50)
    plan = enrollment.plan(33000, 3, first.isoformat())
    run = driver.desk.context.run
    with clock.frozen(clock.now() - timedelta(days=50)):
        run(enrollment.enroll, EnrollmentDraft(driver.center.student, driver.center.course, installments=plan))
        driver.settled()
    run(enrollment.sell, SaleDraft(driver.center.other_student, (SaleItem(driver.center.book),)))
    driver.settled()


def test_by_keys_from_the_command_bar_to_the_payment(driver: Driver) -> None:
    owing(driver)
    driver.key(Qt.Key.Key_K, CTRL)
    field = driver.window.command
    driver.until(field.hasFocus)
    QTest.keyClicks(field, "open items")
    driver.until(driver.desk.commands.isVisible)
    QTest.keyClick(field, Qt.Key.Key_Return)
    dialog = driver.dialog("open_items")
    driver.until(lambda: dialog.lines)
    assert dialog.foot_words.text() == "2 lines, €220.00", "what is not late is left out"
    assert [chip.count for chip in dialog.chips] == [2, 1, 1, 0, 0]
    assert dialog.chips[2].text() == "31–60 days  €110.00"
    driver.key(Qt.Key.Key_Return)  # the lines of the first who owes
    assert [dialog.lines[number].days_late for number in dialog.by_line.paged.ids] == [50, dialog.lines[1].days_late]
    driver.key(Qt.Key.Key_Backspace)
    assert dialog.stack.currentWidget() is dialog.by_owner
    driver.key(Qt.Key.Key_Return)
    driver.key(Qt.Key.Key_Return)
    driver.gone("open_items")
    driver.settled()
    assert driver.window.current_key() == "payments"
    assert driver.window.current().student_id == driver.center.student


def test_by_mouse_from_the_payment_desk_each_figure_shows_its_lines(driver: Driver) -> None:
    owing(driver)
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    driver.click(driver.window.current(), "open_items")
    dialog = driver.dialog("open_items")
    driver.until(lambda: dialog.lines)
    driver.click(dialog, "chip_age_0")
    assert dialog.foot_words.text() == "2 lines, €134.00"
    driver.click(dialog, "chip_age_2")
    assert dialog.foot_words.text() == "3 lines, €244.00"
    table = dialog.by_owner
    place = table.visualRect(table.paged.index(0, 4)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    assert dialog.foot_words.text() == "1 line, €110.00"
    driver.click(dialog, "all_owners")
    driver.click(dialog, "open_items_by_line")
    assert len(dialog.by_line.paged.ids) == 3
    driver.type(dialog, "open_items_words", "highway")
    assert dialog.foot_words.text() == "1 line, €24.00"
    driver.type(dialog, "open_items_words", "nobody")
    assert dialog.nothing.isVisible()
    assert not dialog.export.isEnabled()


def test_what_is_shown_goes_out_as_a_file(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owing(driver)
    driver.page("payments")
    driver.dialog("find_student").reject()
    driver.gone("find_student")
    driver.key(Qt.Key.Key_O, ALT)
    dialog = driver.dialog("open_items")
    driver.until(lambda: dialog.lines)
    driver.click(dialog, "open_items_kind_csv")
    monkeypatch.setattr(ask, "choose_save_file", lambda parent, title, name, kind: str(tmp_path / f"late{name[-4:]}"))
    driver.key(Qt.Key.Key_E, CTRL)
    driver.settled()
    assert (tmp_path / "late.csv").read_text("utf-8-sig").count("Ana Satler") == 2
    assert "2 lines are in late.csv" in dialog.foot_words.text()
    monkeypatch.setattr(ask, "choose_save_file", lambda *_: str(tmp_path / "late.pdf"))
    driver.key(Qt.Key.Key_E, CTRL)
    driver.settled()
    assert "neither CSV nor Excel" in dialog.problem.text()
    QApplication.processEvents()
