"""Open items: every figure opens what it stands for, by keys and mouse, and stays what it is while the list changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from app import clock
from app.desk import enrollment, people, promises, reminding, waiving
from app.desk.enrollment import SaleDraft, SaleItem
from app.desk.payments import PayLine
from app.desk.waiving import Waiver
from app.lists import open_items as listed
from app.mail import queue
from app.store import Changes, checks
from app.store.models import MailQueue
from tests.support.window import Driver, did, driver
from ui.dialogs import ask, open_items
from ui.theme import theme

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def sell(driver: Driver, student: int, days: int = 40, payer: int | None = None) -> PayLine:
    """A book that is late since so many days: it was sold the center's days to pay before."""
    with clock.frozen(clock.now() - timedelta(days=days + driver.desk.context.center.due_days)):
        (line,) = did(driver, enrollment.sell, SaleDraft(student, (SaleItem(driver.center.book),), payer_id=payer))
    return PayLine(product_enrolled_id=line)


def waive(driver: Driver, *lines: PayLine) -> None:
    driver.desk.context.set_actor(driver.center.admin)
    for line in lines:
        did(driver, waiving.waive, Waiver(line, 2400, "hardship"))


def siblings(driver: Driver) -> int:
    """Ana and Łukasz with one payer; Łukasz owes more."""
    c = driver.center
    payer = int(did(driver, people.add_payer, people.PayerDraft(name="Maria", email="maria@mail.example")))
    sell(driver, c.student, 40, payer)
    for days in (40, 10):
        sell(driver, c.other_student, days, payer)
    return payer


def opened(driver: Driver, count: int) -> Any:
    driver.desk.open_items()
    dialog = driver.dialog("open_items")
    driver.until(lambda: len(dialog.owners) == count)
    driver.settled()
    return dialog


def names(dialog: Any) -> list[str]:
    """Whose lines are shown."""
    return [dialog.lines[one].student for one in dialog.by_line.paged.ids]


def double(table: Any, row: int, column: int) -> None:
    place = table.visualRect(table.paged.index(row, column)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


@pytest.fixture(params=[5_000, 0], ids=["at once", "beside the window"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_items, "AT_ONCE", request.param)


@pytest.mark.usefixtures("size")
def test_the_lines_of_one_sibling_stay_theirs_when_something_was_noted(driver: Driver) -> None:
    payer = siblings(driver)
    dialog = opened(driver, 2)
    dialog.by_owner.select_id(next(one.id for one in dialog.owners.values() if one.name == "Ana Satler"))
    driver.key(Qt.Key.Key_Return)
    driver.until(lambda: names(dialog) == ["Ana Satler"])
    did(driver, promises.add, driver.center.student, clock.local_date("Europe/Vienna").isoformat(), 2400, "", payer)
    driver.until(lambda: all(line.pay_on for line in dialog.lines))
    driver.settled()
    assert names(dialog) == ["Ana Satler"] and "Ana Satler" in dialog.back.text()
    driver.click(dialog, "all_owners")
    driver.settled()
    chosen = dialog.by_owner.current_id()
    assert dialog.owners[chosen].name == "Ana Satler"


@pytest.mark.usefixtures("size")
def test_the_figure_of_an_age_stays_when_the_list_gets_shorter(driver: Driver) -> None:
    c = driver.center
    theirs = [sell(driver, c.other_student, days) for days in (70, 10)]
    hers = sell(driver, c.student, 200)
    dialog = opened(driver, 2)
    for number, other in enumerate(dialog.owners.values()):
        if other.name != "Ana Satler":
            double(dialog.by_owner, number, 2 + 3)  # 61 to 90 days
    driver.until(lambda: dialog.foot_words.text() == "1 line, €24.00")
    assert dialog.back.text().endswith("61–90 days")
    ana = next(line.id for line in dialog.lines if line.student == "Ana Satler")
    assert ana == 0  # every other line has another number without hers
    waive(driver, hers)
    driver.until(lambda: len(dialog.lines) == 2)
    driver.settled()
    assert [dialog.lines[one].days_late for one in dialog.by_line.paged.ids] == [70]
    assert dialog.by_line.paged.cells(0)[0].text != ""
    assert dialog.foot_words.text() == "1 line, €24.00"
    waive(driver, theirs[0])
    driver.until(lambda: len(dialog.lines) == 1)
    driver.settled()
    assert dialog.stack.currentWidget() is dialog.by_owner and not dialog.back.isVisible()


def test_one_age_by_a_number_and_reminders_and_promises_by_keys(driver: Driver) -> None:
    c = driver.center
    sell(driver, c.student, 10)
    sell(driver, c.student, 40)
    dialog = opened(driver, 1)
    dialog.by_owner.setFocus()
    driver.key(Qt.Key.Key_4)  # nothing is that old
    assert dialog.stack.currentWidget() is dialog.by_owner
    driver.key(Qt.Key.Key_3)
    assert [dialog.lines[one].age for one in dialog.by_line.paged.ids] == [2]
    driver.key(Qt.Key.Key_Backspace)
    driver.key(Qt.Key.Key_M, ALT)
    form = driver.dialog("reminded_form")
    assert form.count.text() == "Nobody was reminded so far." and form.mail.toPlainText() == ""
    driver.key(Qt.Key.Key_Escape)
    driver.gone("reminded_form")
    assert dialog.isVisible()


def test_the_count_of_reminders_opens_their_mails_and_a_promise_its_form(driver: Driver) -> None:
    payer = siblings(driver)
    c = driver.center
    for days in (3, 2):
        with clock.frozen(clock.now() - timedelta(days=days)):
            did(driver, reminding.remind, [(c.student, payer)])
    today = clock.local_date("Europe/Vienna").isoformat()
    did(driver, promises.add, c.student, today, 1000, "by phone", payer)
    dialog = opened(driver, 2)
    assert dialog._reminded(dialog.lines[0]).text.endswith("(2)")
    double(dialog.by_owner, 0, open_items._OWNER_REMINDED)
    form = driver.dialog("reminded_form")
    assert form.subtitle.text() == "Łukasz Wiśniewski" and len(form.table.paged.ids) == 2
    first, second = (form.mails[one] for one in form.table.paged.ids)
    assert (first.on > second.on, first.to_address) == (True, "maria@mail.example")
    assert form.mail.toPlainText() == f"{first.subject}\n\n{first.text}"
    driver.key(Qt.Key.Key_Down)
    assert form.mail.toPlainText().startswith(second.subject)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("reminded_form")
    driver.dialog("open_items")
    double(dialog.by_owner, 0, open_items._OWNER_PROMISED)
    asked = driver.dialog("promise_form")
    assert "by phone" in asked.findChild(open_items.Text, "promise_before").text()
    driver.key(Qt.Key.Key_Escape)
    driver.gone("promise_form")
    driver.dialog("open_items")
    driver.click(dialog, "open_items_by_line")
    double(dialog.by_line, 1, open_items._LINE_REMINDED)
    assert len(driver.dialog("reminded_form").table.paged.ids) == 2
    driver.key(Qt.Key.Key_Escape)
    driver.gone("reminded_form")
    driver.dialog("open_items")
    double(dialog.by_line, 1, 0)
    driver.gone("open_items")
    assert driver.window.current_key() == "payments"
    assert checks.run() == []


def test_a_reminder_to_a_mended_address_is_shown_and_painted(driver: Driver) -> None:
    """The day was taken from the event with what follows it: the list could not be painted."""
    c = driver.center
    sell(driver, c.student)
    did(driver, reminding.remind, [(c.student, None)])
    did(driver, queue.edit_address, MailQueue.get(MailQueue.template_key == "payment_reminder").id, "a@else.example")
    dialog = opened(driver, 1)
    assert dialog.by_owner.paged.cells(0)[open_items._OWNER_REMINDED].text.endswith("(1)")


def test_the_list_is_read_once_more_however_much_is_done_meanwhile(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = driver.center
    sell(driver, c.student)
    dialog = opened(driver, 1)
    times: list[str] = []
    read = listed.read

    def counted(today: str) -> list[listed.Line]:
        times.append(today)
        return read(today)

    monkeypatch.setattr(listed, "read", counted)
    context = driver.desk.context
    for _time in range(8):
        context.changed.emit(Changes("Take payment", frozenset({"student_payments"}), 1))
    driver.settled()
    driver.until(lambda: not dialog._reading)
    assert len(times) == 2


def test_a_second_export_waits_for_the_first(driver: Driver, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sell(driver, driver.center.student)
    dialog = opened(driver, 1)
    asked: list[str] = []

    def choose(_parent: object, _title: str, name: str, _kind: str) -> str:
        asked.append(name)
        return str(tmp_path / name)

    monkeypatch.setattr(ask, "choose_save_file", choose)
    dialog.save_as()
    dialog.save_as()
    driver.settled()
    assert asked == ["open-items.xlsx"] and dialog.findChild(QPushButton, "export").isEnabled()


@pytest.mark.parametrize("scale", [1.0, 1.5])
@pytest.mark.parametrize("side", [Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft])
def test_nothing_is_cut_at_the_edge(driver: Driver, scale: float, side: Qt.LayoutDirection) -> None:
    """The sums stood outside of the form where the text is large."""
    sell(driver, driver.center.student)
    driver.window.setFixedSize(1366, 768)
    theme().use(scale=scale)
    QApplication.setLayoutDirection(side)
    try:
        dialog = opened(driver, 1)
        parts = [*dialog.acts, *dialog.chips, *dialog.marks, dialog.by, dialog.search, dialog.by_owner, dialog.main]
        for part in parts:
            left = part.mapTo(dialog, part.rect().topLeft()).x()
            assert left >= 10 and left + part.width() <= dialog.width() - 10, part.objectName()
        table = dialog.by_owner
        sums = table.visualRect(table.paged.index(0, table.paged.columnCount() - 1))
        assert sums.width() >= theme().px(100) and table.viewport().rect().contains(sums)
    finally:
        QApplication.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        theme().use(scale=1.0)
