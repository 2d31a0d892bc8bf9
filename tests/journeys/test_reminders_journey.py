"""Promises and reminders in open items: by keys and by mouse, seen in the list, chosen by filters, stopped half way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app import clock
from app.desk import enrollment, people
from app.desk.enrollment import SaleDraft, SaleItem
from app.store import checks
from app.store.models import MailQueue, Promise, Timeline, User
from tests.support.window import Driver, did, driver, said
from ui.dialogs import remind

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def late(driver: Driver, students: list[int]) -> None:
    """Each of them owes a book since forty days ago."""
    with clock.frozen(clock.now() - timedelta(days=40)):
        for one in students:
            did(driver, enrollment.sell, SaleDraft(one, (SaleItem(driver.center.book),)))


def opened(driver: Driver, count: int) -> Any:
    driver.desk.open_items()
    dialog = driver.dialog("open_items")
    driver.until(lambda: len(dialog.owners) == count)
    return dialog


def day(days: int) -> str:
    return (clock.local_date("Europe/Vienna") + timedelta(days=days)).isoformat()


def test_a_promise_is_noted_by_keys_seen_and_breaks(driver: Driver) -> None:
    ana, other = driver.center.student, driver.center.other_student
    late(driver, [ana, other])
    dialog = opened(driver, 2)
    dialog.by_owner.select_id(next(one for one, owner in dialog.owners.items() if owner.name == "Ana Satler"))
    driver.key(Qt.Key.Key_S, ALT)
    form = driver.dialog("promise_form")
    assert form.amount.text() == "24.00"
    driver.type(form, "promise_pay_on", day(-1))
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: "has passed" in form.fields["pay_on"].error)
    driver.type(form, "promise_pay_on", day(3))
    driver.type(form, "promise_note", "after <b>payday</b>")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("promise_form")
    driver.dialog("open_items")
    driver.until(lambda: [chip.count for chip in dialog.marks] == [1, 0])
    assert dialog.lines[dialog.by_owner.current_id()].student == "Ana Satler", "the row stays chosen"
    driver.click(dialog, "chip_mark_promised")
    driver.until(lambda: len(dialog.owners) == 1)
    (row,) = dialog.owners.values()
    assert dialog._promised(row.told).text != "–"
    driver.click(dialog, "chip_mark_broken")
    driver.click(dialog, "chip_mark_promised")
    driver.until(lambda: dialog.nothing.isVisible())
    dialog.reject()
    driver.gone("open_items")
    with clock.frozen(clock.now() + timedelta(days=4)):
        dialog = opened(driver, 2)
        assert [chip.count for chip in dialog.marks] == [0, 1]
        driver.click(dialog, "chip_mark_broken")
        driver.until(lambda: len(dialog.owners) == 1)
        assert dialog._promised(next(iter(dialog.owners.values())).told).text.startswith("broken, ")
        driver.click(dialog, "promise")
        form = driver.dialog("promise_form")
        assert "after <b>payday</b>" in said(form)
        driver.click(form, "promise_off")
        driver.gone("promise_form")
        driver.until(lambda: [chip.count for chip in dialog.marks] == [0, 0])
        dialog.reject()
    assert Promise.get().status == "withdrawn"
    assert checks.run() == []


def test_one_is_reminded_by_keys_and_the_list_says_it(driver: Driver) -> None:
    ana = driver.center.student
    late(driver, [ana])
    dialog = opened(driver, 1)
    driver.key(Qt.Key.Key_R, ALT)
    form = driver.dialog("remind_form")
    driver.until(lambda: form.main.isEnabled())
    assert form.subtitle.text() == "1 mail, €24.00 late"
    assert form.mail.toPlainText().startswith("Payment reminder: €24.00")
    assert MailQueue.select().where(MailQueue.template_key == "payment_reminder").count() == 0
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("remind_form")
    driver.dialog("open_items")
    driver.until(lambda: dialog.lines[0].reminded == 1)
    assert dialog._reminded(dialog.lines[0]).text.endswith("(1)")
    driver.key(Qt.Key.Key_R, ALT)
    form = driver.dialog("remind_form")
    driver.until(lambda: form.left_out.isVisible())
    assert not form.main.isEnabled()
    assert form.table.paged.cell(form.table.paged.index(0, 1)).text == "was reminded today"
    form.reject()
    driver.gone("remind_form")
    dialog.reject()
    assert Timeline.select().where(Timeline.key == "reminding.timeline").count() == 1


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remind, "AT_ONCE", 1)


@pytest.mark.usefixtures("few")
def test_all_that_are_shown_are_reminded_but_who_cannot_be_is_named(driver: Driver) -> None:
    ana, other = driver.center.student, driver.center.other_student
    nobody = did(driver, people.add_student, people.StudentDraft("No", "Address"))
    late(driver, [ana, other, nobody])
    dialog = opened(driver, 3)
    driver.click(dialog, "remind_all")
    form = driver.dialog("remind_form")
    driver.until(lambda: form.main.isEnabled())
    assert form.subtitle.text() == "2 mails, €48.00 late"
    assert form.left_out.text() == "1 is left out, with the reason beside the name."
    driver.click(form, "queue_reminders")
    driver.gone("remind_form")
    found = MailQueue.select().where(MailQueue.template_key == "payment_reminder")
    assert {mail.student_id for mail in found} == {ana, other}
    assert User.get_by_id(nobody).email is None
    driver.dialog("open_items").reject()
    assert checks.run() == []


@pytest.mark.usefixtures("few")
def test_esc_stops_between_two_mails(driver: Driver) -> None:
    late(driver, [driver.center.student, driver.center.other_student])
    dialog = opened(driver, 2)
    driver.click(dialog, "remind_all")
    form = driver.dialog("remind_form")
    driver.until(lambda: form.main.isEnabled())
    form.main_action()
    driver.key(Qt.Key.Key_Escape)
    driver.gone("remind_form")
    driver.settled()
    assert driver.window.notice_label.text().startswith("Stopped: 1 is not reminded.")
    assert MailQueue.select().where(MailQueue.template_key == "payment_reminder").count() == 1
    driver.dialog("open_items").reject()
    assert dialog is not None
