"""What a person reads and reaches on the pages of the desk: counts, ways out, results, the one main action."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QWidget

from app import clock
from app.desk import enrollment
from app.desk.enrollment import EnrollmentDraft
from app.lists import people as roster
from app.mail import queue
from app.mail.worker import MailState
from app.store.models import CourseEnrolled, MailQueue, Payment, User
from tests.support.window import Driver, did, driver
from ui import command_words
from ui.pages.payment_parts import OwedRow
from ui.theme import theme
from ui.widgets.basic import Button
from ui.widgets.line import Line

__all__ = ["driver"]

CTRL = Qt.KeyboardModifier.ControlModifier


def enroll(driver: Driver, parts: int = 1, ago: int = 0) -> None:
    """Ana owes for the course, in parts, the first of them due so many days ago."""
    with clock.frozen(clock.now() - timedelta(days=ago)):
        first = clock.local_date("Europe/Vienna").isoformat()
        plan = enrollment.plan(33000, parts, first) if parts > 1 or ago else ()
        did(driver, enrollment.enroll, EnrollmentDraft(driver.center.student, driver.center.course, installments=plan))


def texts(inside: QWidget) -> list[str]:
    """The words of the labels that can be seen."""
    QApplication.processEvents()
    return [one.text() for one in inside.findChildren(QLabel) if one.isVisible()]


def paying(driver: Driver) -> Any:
    """The payment desk with Ana."""
    driver.desk.pay_for(driver.center.student)
    driver.settled()
    return driver.window.current()


# -- students


def test_a_list_read_for_other_words_is_forgotten(driver: Driver) -> None:
    page = driver.page("students")
    driver.settled()
    page._show_rest()  # everyone is being read beside the window
    page.search.setText("satler")
    driver.settled()
    assert page.model.ids == [driver.center.student]


def test_the_control_takes_a_list_that_was_asked_for_last(driver: Driver) -> None:
    page = driver.page("students")
    page.search.setText("satler")
    driver.settled()
    page.search.setText("")
    page._show_rest()
    driver.settled()
    assert len(page.model.ids) == 2


def test_the_foot_says_which_rows_and_what_they_owe(driver: Driver) -> None:
    enroll(driver)
    page = driver.page("students")
    driver.until(lambda: page.owed.text())
    assert page.range.text() == "1–2 of 2"
    assert page.owed.text() == "1 of them owes €330.00"


def test_nobody_found_names_who_is_there_without_the_filter_and_ways_out(driver: Driver) -> None:
    page = driver.page("students")
    page.chips["status:on_hold"].click()
    page.search.setText("ana")
    assert page.empty.headline.text() == "Nobody matches “ana” · On hold"
    assert page.empty.words.text() == "1 person matches without the filter: Ana Satler."
    page.search.setText("petra novak")
    driver.click(page, "new_named")
    form = driver.dialog("form")
    assert (form.fields["first_name"].text(), form.fields["last_name"].text()) == ("Petra", "Novak")
    driver.key(Qt.Key.Key_Escape)
    driver.gone("form")
    driver.click(page, "drop_the_filter")
    assert len(page.model.ids) == 2


def test_the_panel_says_what_is_late_and_what_comes_next(driver: Driver) -> None:
    enroll(driver, parts=3, ago=10)
    page = driver.page("students")
    page.select(driver.center.student)
    assert {"€330.00", "open", "€110.00 overdue", "and 2 more lines", "1 running"} <= set(texts(page.panel))


# -- payment desk


def test_a_line_that_is_left_shows_a_dash_and_no_field(driver: Driver) -> None:
    enroll(driver, parts=3)
    desk = paying(driver)
    first, second, third = desk.rows
    assert desk.who.amount.text() == "€330.00"
    second.take.click()  # the plan asks for it later: it was left
    assert not third.edit.isVisible()
    assert third.outcome.isVisible()
    assert first.edit.isVisible() and second.edit.isVisible() and not second.outcome.isVisible()
    assert desk.to_pay.text() == "€220.00"


def test_the_foot_splits_what_is_paid_by_tax(driver: Driver) -> None:
    enroll(driver)
    desk = paying(driver)
    driver.click(desk, "highway_code_24_00")
    assert desk.selected.text().split("    ") == [
        "2 lines selected", "Net €296.82", "VAT 20 % €55.00", "VAT 10 % €2.18",
    ]  # fmt: skip
    assert 29682 + 5500 + 218 == 35400


def test_where_prices_are_quoted_net_the_tax_is_asked_for_too(driver: Driver) -> None:
    """Else the sale would cost more than what is taken, and a rest would stay open."""
    from dataclasses import replace

    from app.desk import center

    changed = replace(driver.desk.context.center, prices="net")
    admin = driver.desk.context.actor
    driver.desk.context.actor = driver.center.admin
    did(driver, center.save, changed)
    driver.desk.context.set_center(changed)
    driver.desk.context.actor = admin
    desk = paying(driver)
    driver.click(desk, "highway_code_26_40")
    assert desk.to_pay.text() == "€26.40"
    for _step in ("start", "complete"):
        driver.click(desk, "payment_main")
        driver.settled()
    assert User.get_by_id(driver.center.student).balance_minor == 0
    assert Payment.get().amount_minor == 2640


def test_after_completion_every_line_says_what_became_of_it_and_nothing_moves(driver: Driver) -> None:
    enroll(driver, parts=3)
    desk = paying(driver)
    desk.rows[1].take.click()
    driver.type(desk, "amount_given", "150")
    QApplication.processEvents()
    before = [(row.y(), row.height()) for row in desk.rows]
    for _step in ("start", "complete"):
        driver.click(desk, "payment_main")
        driver.settled()
    assert [(row.y(), row.height()) for row in desk.rows] == before
    said = [[one.label if hasattr(one, "label") else one.text() for one in outcome(row)] for row in desk.rows]
    assert said == [["Paid"], ["€40.00"], ["—"]]
    assert desk.who.amount.text() == "€180.00"
    assert not any(button.isEnabled() for button in desk.owed.offer_buttons), "nothing can be added to it any more"
    assert driver.window.hints.accessibleName().startswith("R receipt, M mail, Enter next person")
    assert desk.done.facts.text().endswith("Marta Kowalczyk")


def outcome(row: Any) -> list[Any]:
    return [one for one in row.outcome.findChildren(QWidget) if one.isVisible()]


def test_m_shows_the_receipt_in_the_mail_queue(driver: Driver) -> None:
    enroll(driver)
    desk = paying(driver)
    for _step in ("start", "complete"):
        driver.click(desk, "payment_main")
        driver.settled()
    assert "ana.satler@mail.example" in desk.done.mail.detail
    driver.key(Qt.Key.Key_M)
    mail = driver.window.current()
    row = MailQueue.get_by_id(mail.table.current_id())
    assert row.event_key == f"payment.completed:{Payment.get().number}"


def test_without_an_address_the_desk_says_that_nothing_was_mailed(driver: Driver) -> None:
    person = roster.overview(driver.center.student)
    assert person is not None
    from app.desk import people

    draft = people.StudentDraft(first_name="Ana", last_name="Satler", email="")
    did(driver, people.edit_student, driver.center.student, person.version, draft)
    enroll(driver)
    desk = paying(driver)
    for _step in ("start", "complete"):
        driver.click(desk, "payment_main")
        driver.settled()
    assert not desk.done.mail.isVisible()
    assert "no address" in desk.done.words.text()


def test_an_amount_that_is_typed_takes_the_place_of_the_one_proposed(driver: Driver) -> None:
    enroll(driver)
    desk = paying(driver)
    assert desk.given.hasFocus()
    QTest.keyClicks(desk.given, "400")
    assert desk.given.text() == "400"
    driver.key(Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    QTest.keyClicks(desk.given, "50")
    assert desk.given.text() == "50"


def test_a_note_that_is_likely_is_marked_when_it_was_given(driver: Driver) -> None:
    enroll(driver)
    desk = paying(driver)
    driver.type(desk, "amount_given", "340")
    QApplication.processEvents()
    notes = [one for one in desk.findChildren(Button) if one.kind == "choice" and one.isVisible()]
    marked = [button.text() for button in notes if button.isChecked()]
    assert marked == ["340.00"]


def test_what_waits_and_what_was_paid_stand_side_by_side(driver: Driver) -> None:
    enroll(driver)
    desk = paying(driver)
    driver.click(desk, "payment_main")
    driver.settled()
    driver.key(Qt.Key.Key_Escape)
    driver.settled()
    said = texts(desk.side)
    assert "Waiting for an answer" in said
    assert "Last payments" in said
    assert driver.find(desk.side, Button, "resume").text() == "€330.00"


@pytest.mark.parametrize("started", [False, True])
def test_at_150_percent_the_change_is_whole(driver: Driver, started: bool) -> None:
    try:
        driver.window.resize(1366, 768)
        theme().use(scale=1.5)
        enroll(driver)
        desk = paying(driver)
        driver.type(desk, "amount_given", "400")
        if started:
            driver.click(desk, "payment_main")
            driver.settled()
        QApplication.processEvents()
        assert desk.change.text() == "€70.00"
        assert desk.change.height() >= desk.change.fontMetrics().height()
        bottom = desk.main.mapTo(desk, desk.main.rect().bottomLeft()).y()
        assert desk.change_box.mapTo(desk, desk.change_box.rect().bottomLeft()).y() < bottom <= desk.height()
    finally:
        theme().use(scale=1.0)


# -- enrolling


def test_the_plan_table_counts_down_to_nothing(driver: Driver) -> None:
    driver.desk.enroll_student(driver.center.student)
    form = driver.dialog("enroll")
    assert [row[2:] for row in form.parts.rows] == [("€330.00", "€0.00")]
    driver.type(form, "discount", "10%")
    driver.key(Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    assert [row[1:] for row in form.parts.rows][0] == ("today", "€99.00", "€198.00")
    assert [row[2:] for row in form.parts.rows] == [
        ("€99.00", "€198.00"), ("€99.00", "€99.00"), ("€99.00", "€0.00"),
    ]  # fmt: skip
    assert form.fields["discount"].below.text() == "-€33.00"
    assert form.fields["tax_rate"].below.text() == "€49.50 VAT"


def test_what_was_checked_is_said_good_or_bad(driver: Driver) -> None:
    enroll(driver, parts=3, ago=10)
    driver.desk.enroll_student(driver.center.student)
    form = driver.dialog("enroll")
    years = roster.age("1998-05-04", "Europe/Vienna")
    said = texts(form)
    assert f"Old enough: {years}, needs 17" in said
    assert any(str(one).startswith("€110.00 is late, ") for one in said)


def test_someone_too_young_is_enrolled_with_a_reason(driver: Driver) -> None:
    from app.desk import people

    person = roster.overview(driver.center.student)
    assert person is not None
    born = (clock.local_date("Europe/Vienna") - timedelta(days=365 * 15)).isoformat()
    draft = people.StudentDraft(first_name="Ana", last_name="Satler", date_of_birth=born)
    did(driver, people.edit_student, driver.center.student, person.version, draft)
    driver.desk.enroll_student(driver.center.student)
    form = driver.dialog("enroll")
    assert form.override.isVisible()
    driver.key(Qt.Key.Key_S, CTRL)
    driver.settled()
    assert form.override.error
    assert CourseEnrolled.select().count() == 0
    driver.type(form, "override_reason", "parents agree")
    driver.key(Qt.Key.Key_S, CTRL)
    driver.gone("enroll")
    driver.settled()
    assert CourseEnrolled.select().count() == 1


# -- inbox


def test_the_inbox_opens_on_its_list_and_says_what_each_item_is_about(driver: Driver) -> None:
    enroll(driver)
    driver.desk.context.set_actor(driver.center.admin)
    inbox = driver.page("inbox")
    driver.settled()
    assert any(row.hasFocus() for row in inbox.rows)
    assert "oldest" in inbox.head.facts.text()
    row = next(row for row in inbox.rows if row.item.key == "enrollment.created")
    inbox.select(row.item.id)
    assert inbox.open.text() == "Open the student"
    assert inbox.open.kind == "primary"
    assert inbox.snooze.text().startswith("Snooze to ")
    driver.click(inbox, "open")
    assert driver.window.current().current_student() == driver.center.student


def test_an_inbox_with_nothing_offers_nothing(driver: Driver) -> None:
    inbox = driver.page("inbox")
    driver.settled()
    assert inbox.rows == []
    for button in (inbox.open, inbox.assign, inbox.snooze, inbox.done):
        assert not button.isVisible()


# -- mail


def test_the_banner_says_how_many_wait_and_leads_to_the_account(driver: Driver) -> None:
    enroll(driver)
    mail = driver.page("mail")
    mail.show_state(MailState("no_account", clock.stamp()))
    assert mail.banner_title.text() == "No mail account yet — 1 mail waits; nothing is lost."
    assert not mail.look.isVisible()
    driver.click(mail, "enter_the_account")
    assert driver.window.current() is driver.window.pages["settings"].widget
    mail = driver.page("mail")
    mail.show_state(MailState("offline", clock.stamp(), clock.stamp()))
    assert mail.look.isVisible()
    assert mail.next_look.text().startswith("next look ")
    mail.show_state(MailState("idle", clock.stamp()))
    assert not mail.banner.isVisible()


def test_a_refused_address_is_told_in_the_servers_words(driver: Driver) -> None:
    from app.mail.smtp import Outcome

    enroll(driver)
    did(driver, lambda _actor: fail_first(Outcome("failed", "rcpt", "550 5.1.1 address does not exist")))
    mail = driver.page("mail")
    row = mail._rows[mail.table.current_id()]
    assert mail._why(row).text == "address does not exist (550)"
    assert mail._tries(row).text.startswith("1 of ")
    assert "550 5.1.1 address does not exist" in texts(mail.attempts)


def fail_first(outcome: Any) -> None:
    queue.build("desk@brueckenhaus.example", lambda reference: None)  # type: ignore[arg-type,return-value]
    (one,) = queue.claim("test")
    queue.settle(one.id, outcome, clock.stamp())


# -- command bar


@pytest.mark.parametrize(
    ("typed", "who", "verb", "amount", "method"),
    [
        ("ana pay 40 cash", "ana", "pay", 4000, "cash"),
        ("pay €12.50 card ana satler", "ana satler", "pay", 1250, "card"),
        ("ENROLL ana", "ana", "enroll", None, ""),
        ("transfer 40 pay ana", "ana", "pay", 4000, "transfer"),
        ("transfer ana", "ana", "transfer", None, ""),
        ("credit 2026-000340", "2026-000340", "credit", None, ""),
        ("sell", "sell", "", None, ""),
        ("ana 40 cash", "ana 40 cash", "", None, ""),
        ("pay 0660 555", "0660", "pay", 55500, ""),
        ("pay 1_000 ana", "1_000 ana", "pay", None, ""),
    ],
)
def test_words_are_taken_apart(
    driver: Driver, typed: str, who: str, verb: str, amount: int | None, method: str
) -> None:
    asked = command_words.understand(typed, driver.desk.context.center)
    assert asked == command_words.Asked(who, verb, amount, method)


def command(driver: Driver, typed: str) -> Any:
    field = driver.window.command
    field.setFocus()
    field.clear()
    QTest.keyClicks(field, typed)
    driver.until(lambda: driver.desk.commands.isVisible() and not driver.desk.commands._rest.isActive())
    return driver.desk.commands


def test_the_card_says_what_enter_does_and_enter_only_prepares_it(driver: Driver) -> None:
    enroll(driver)
    panel = command(driver, "ana pay 40 card")
    promise = panel.rows[0].result.promise
    assert promise.sentence == "Take €40.00 by card from Ana Satler"
    assert dict(promise.figures) == {"Open now": "€330.00", "This payment": "€40.00", "Left after": "€290.00"}
    driver.window.grab()
    QTest.keyClick(driver.window.command, Qt.Key.Key_Return)
    desk = driver.window.current()
    assert (desk.student_id, desk.method(), desk.given.text()) == (driver.center.student, "card", "40.00")
    assert Payment.select().count() == 0, "nothing is booked by typing"
    for _step in ("start", "complete"):
        driver.click(desk, "payment_main")
        driver.settled()
    assert Payment.get().amount_minor == 4000
    assert User.get_by_id(driver.center.student).balance_minor == 29000


def test_more_cash_than_owed_is_given_back_and_more_by_card_is_credit(driver: Driver) -> None:
    enroll(driver)
    row = roster.page([driver.center.student])[driver.center.student]
    cash = command_words.payment(command_words.Asked("ana", "pay", 40000, "cash"), row)
    assert cash.sentence.startswith("Take €330.00 in cash")
    assert dict(cash.figures)["Give back"] == "€70.00"
    card = command_words.payment(command_words.Asked("ana", "pay", 40000, "card"), row)
    assert dict(card.figures)["Stays as credit"] == "€70.00"
    assert "Give back" not in dict(card.figures)


def test_the_list_grows_with_what_is_typed_and_says_when_there_is_nothing(driver: Driver) -> None:
    panel = command(driver, "ana")
    high = panel.height()
    assert high > 40 * len(panel.rows)
    QTest.keyClicks(driver.window.command, "qqzz")
    driver.until(lambda: not panel.rows)
    assert panel.isVisible()
    assert 40 < panel.height() < high
    panel = command(driver, "enroll ana")
    assert panel.rows[0].result.promise.sentence == "Enroll Ana Satler"
    QTest.keyClick(driver.window.command, Qt.Key.Key_Return)
    assert driver.dialog("enroll").student_id == driver.center.student


# -- forms


def test_a_form_closes_by_its_cross_and_stays_in_the_middle_when_it_grows(driver: Driver) -> None:
    page = driver.page("students")
    driver.click(page, "new_student")
    form = driver.dialog("form")
    middle = form.geometry().center()
    form.main_action()
    driver.settled()
    driver.until(lambda: form.fields["first_name"].error)
    QApplication.processEvents()
    grown = form.geometry().center()
    assert abs(grown.x() - middle.x()) <= 1
    assert abs(grown.y() - middle.y()) <= 1
    driver.click(form, "form_away")
    driver.gone("form")
    assert not [one for one in QApplication.topLevelWidgets() if isinstance(one, QDialog) and one.isVisible()]


def test_finding_nobody_says_so_and_chooses_nobody(driver: Driver) -> None:
    driver.page("payments")
    finder = driver.dialog("find_student")
    driver.type(finder, "find_words", "qqzz")
    assert finder.nothing.isVisible()
    assert "qqzz" in finder.nothing.text()
    assert not finder.main.isEnabled()
    finder.main_action()
    assert finder.isVisible()
    driver.type(finder, "find_words", "satler")
    assert finder.table.isVisible()
    assert finder.main.isEnabled()


def test_the_arrows_move_through_who_was_found_while_typing(driver: Driver) -> None:
    driver.page("payments")
    finder = driver.dialog("find_student")
    driver.type(finder, "find_words", "mail.example")
    first, second = finder.table.paged.ids[:2]
    assert finder.table.current_id() == first
    for key, found in ((Qt.Key.Key_Down, second), (Qt.Key.Key_Up, first), (Qt.Key.Key_Up, first)):
        QTest.keyClick(finder.search, key)
        assert finder.table.current_id() == found


@pytest.mark.parametrize(("fact", "page"), [("fact_mail", "mail"), ("fact_till", "settings")])
def test_a_fact_of_the_status_bar_opens_what_is_behind_it(driver: Driver, fact: str, page: str) -> None:
    driver.window.till_fact.set_label("Till 1 open since 08:02")
    driver.window.mail_fact.set_label("1 mail waiting")
    driver.click(driver.window, fact)
    assert driver.window.current() is driver.window.pages[page].widget


def test_a_form_that_is_higher_than_the_screen_scrolls_between_head_and_foot(driver: Driver) -> None:
    try:
        driver.window.resize(1366, 700)
        theme().use(scale=1.5)
        driver.page("calendar").new_session()
        form = driver.dialog("session")
        QApplication.processEvents()
        assert form.height() <= 700
        for button in ("plan_the_session", "close"):
            place = driver.find(form, QWidget, button)
            assert place.mapTo(form, place.rect().bottomLeft()).y() < form.height()
        last = form.fields["override_reason"].edit
        assert last.visibleRegion().isEmpty(), "it is below what is seen"
        form.days[7].setFocus()
        driver.key(Qt.Key.Key_Tab)
        assert last.hasFocus()
        assert not last.visibleRegion().isEmpty(), "the focus brings it up"
    finally:
        theme().use(scale=1.0)


def test_a_day_of_another_year_has_room_on_its_line_in_large_type(driver: Driver) -> None:
    enroll(driver)
    desk = paying(driver)
    scale = theme().scale
    try:
        theme().use(scale=1.25)
        row = OwedRow(driver.desk.context, replace(desk.rows[0].due, due_on="2029-11-28"))
        row.setParent(desk)
        row.resize(780, row.sizeHint().height())
        row.show()
        (day,) = [one for one in row.findChildren(Line) if one.text() == "due 28 Nov 2029"]
        QApplication.processEvents()
        assert day.width() >= day.natural_width()
        before = desk.rows[0].label.mapTo(desk, desk.rows[0].label.rect().topRight()).x()
        desk.owed._add_row(row)
        QApplication.processEvents()
        boxes = {one._due_box.mapTo(desk, one._due_box.rect().topLeft()).x() for one in desk.rows}
        assert len(boxes) == 1, "the days of all lines stand below each other"
        assert desk.rows[0].label.mapTo(desk, desk.rows[0].label.rect().topRight()).x() < before
    finally:
        theme().use(scale=scale)
