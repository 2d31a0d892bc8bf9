"""Whoever pays for others, through the real window: chosen, added, edited; a family seen together; a company's people
enrolled in one go.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QPlainTextEdit, QWidget

from app.desk import catalog, center, discounts, enrollment, people, scheduling, seats, undo
from app.desk.people import PayerDraft, StudentDraft
from app.store import checks
from app.store.models import CourseEnrolled, MailQueue, Operation, Payer, SlotEnrolled, TaxRate, User
from tests.support.window import Driver, did, driver, opened, said, typed, typed_over
from ui.widgets.basic import Text

__all__ = ["driver", "opened"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
LEFT = Qt.MouseButton.LeftButton


def family(driver: Driver) -> tuple[int, list[int]]:
    """Eva Novak and the three she pays for; two of them owe for a course."""
    payer = did(driver, people.add_payer, PayerDraft("Eva Novak", "guardian", "eva@mail.example", "+43 660 555 09 09"))
    kids = [
        did(driver, people.add_student, StudentDraft(name, "Novak", date_of_birth="2004-05-06", payer_id=payer))
        for name in ("Ida", "Tim", "Uma")
    ]
    for one in kids[:2]:
        did(driver, enrollment.enroll, enrollment.EnrollmentDraft(one, driver.center.course, payer_id=payer))
    return payer, kids


def company(driver: Driver, capacity: int = 3) -> tuple[int, list[int], int]:
    """Alpen GmbH, four people of it, and a group with some seats."""
    payer = did(driver, people.add_payer, PayerDraft("Alpen GmbH", "company", "office@alpen.example"))
    ids = [
        did(driver, people.add_student, StudentDraft(
            f"Nina {n}", "Zeman", f"n{n}@mail.example", date_of_birth="1999-05-06", payer_id=payer
        ))
        for n in range(4)
    ]  # fmt: skip
    draft = scheduling.SessionDraft(
        course_id=driver.center.course, name="Evening", recurrence="picked_dates", picked_dates=("2031-11-24",),
        capacity=capacity,
    )  # fmt: skip
    return payer, ids, did(driver, scheduling.plan_session, draft)


def rows_of(ids: list[int]) -> list[Any]:
    return list(CourseEnrolled.select().where(CourseEnrolled.student_id.in_(ids)).order_by(CourseEnrolled.student_id))


def menu(driver: Driver) -> QMenu:
    driver.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    found = QApplication.activePopupWidget()
    assert isinstance(found, QMenu)
    return found


def command(driver: Driver, words: str) -> list[Any]:
    """What the bar shows for some words."""
    driver.key(Qt.Key.Key_K, CTRL)
    typed_over(words)
    driver.until(lambda: driver.desk.commands.isVisible() and driver.desk.commands.rows)
    driver.until(lambda: not driver.desk.commands._rest.isActive())
    return driver.desk.commands.rows


def choose_result(driver: Driver, title: str) -> None:
    """Go down to a line of the bar and press Enter."""
    rows = driver.desk.commands.rows
    for _step in range(next(n for n, row in enumerate(rows) if row.result.title == title)):
        driver.key(Qt.Key.Key_Down)
    driver.key(Qt.Key.Key_Return)


# -- choosing and adding -------------------------------------------------------------------------------------------


def test_a_new_payer_on_the_spot_by_keys_and_the_student_is_found_by_them(driver: Driver) -> None:
    page = driver.page("students")
    driver.key(Qt.Key.Key_N, CTRL)
    form = driver.dialog("form")
    typed("Tim")
    form.payer.setFocus()
    driver.key(Qt.Key.Key_Space)
    finder = driver.dialog("find_payer")
    typed("ute klein")
    assert "ute klein" in driver.find(finder, QLabel, "found_no_payer").text()
    driver.key(Qt.Key.Key_N, CTRL)
    payer = driver.dialog("payer_form")
    assert payer.fields["name"].text() == "Ute Klein"
    payer.fields["email"].edit.setFocus()
    typed("no address")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: payer.fields["email"].error)
    assert "is not an e-mail address" in payer.fields["email"].error
    assert Payer.select().count() == 0
    typed_over("ute@mail.example")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: form.payer.currentData() is not None)
    driver.dialog("form")
    assert form.payer.currentText() == "Ute Klein"
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("form")
    driver.settled()
    tim = User.get(User.first_name == "Tim")
    assert Payer.get_by_id(tim.payer_id).name == "Ute Klein"
    page.search.setFocus()
    typed_over("ute@mail")
    driver.until(lambda: page.model.ids == [tim.id])


def test_the_student_pays_alone_again_by_a_key_and_by_the_mouse(driver: Driver) -> None:
    _payer, kids = family(driver)
    page = driver.page("students")
    page.select(kids[0])
    page.edit_student()
    form = driver.dialog("form")
    assert form.payer.currentText() == "Eva Novak"
    QTest.mouseClick(form.payer, LEFT)
    finder = driver.dialog("find_payer")
    driver.click(finder, "nobody_pays")
    driver.until(lambda: form.payer.currentData() is None)
    driver.dialog("form")
    driver.click(form, "save")
    driver.gone("form")
    driver.settled()
    assert User.get_by_id(kids[0]).payer_id is None
    page.edit_student()
    form = driver.dialog("form")
    form.payer.setFocus()
    QTest.keyClicks(form.payer, "e")
    finder = driver.dialog("find_payer")
    typed("eva")
    driver.key(Qt.Key.Key_Return)
    driver.until(lambda: form.payer.currentText() == "Eva Novak")
    driver.dialog("form")
    form.payer.setFocus()
    driver.key(Qt.Key.Key_Delete)
    assert form.payer.currentText() == "The student"
    form.reject()


def test_a_payer_without_a_name_or_with_impossible_words_is_refused_beside_the_field(driver: Driver) -> None:
    driver.page("students")
    command(driver, "new payer")
    choose_result(driver, "New payer")
    form = driver.dialog("payer_form")
    for key, words, part in (
        ("name", "   ", "fill this in"), ("email", "a@@b", "not an e-mail"), ("email", "a@b,example", "comma"),
        ("phone", "call me", "not a phone"), ("language", "klingon", "language code"),
    ):  # fmt: skip
        driver.type(form, "payer_name", "Eva")
        driver.type(form, f"payer_{key}", words)
        driver.key(Qt.Key.Key_Return, CTRL)
        driver.until(lambda key=key: form.fields[key].error)
        assert part in form.fields[key].error, form.fields[key].error
        assert form.fields[key].edit.hasFocus()
        form.put(key, "en" if key == "language" else "")
    assert Payer.select().count() == 0
    form.reject()


def test_odd_text_stands_as_it_was_typed(driver: Driver) -> None:
    page = driver.page("students")
    for words in ("<b>Ana</b> & Söhne", "Robert'); DROP TABLE payers;--", "\u202eevil", "{name} %s", "ليلى حدّاد"):
        driver.desk.new_payer()
        form = driver.dialog("payer_form")
        driver.type(form, "payer_name", words)
        driver.key(Qt.Key.Key_Return, CTRL)
        seen = driver.dialog("family")
        assert driver.find(seen, QLabel, "family_name").text() == words
        assert all(label.textFormat() == Qt.TextFormat.PlainText for label in seen.findChildren(Text))
        seen.reject()
        driver.gone("family")
    assert Payer.select().count() == 5
    student, marked = driver.center.student, Payer.get(Payer.name.startswith("<b>"))
    row = User.get_by_id(student)
    did(driver, people.edit_student, student, row.version, StudentDraft("Ana", "Satler", payer_id=marked.id))
    page.select(student)
    QApplication.processEvents()
    line = driver.find(page.panel, QWidget, "open_family")
    assert (line.text(), "<b>" in line.toolTip()) == (marked.name, False)
    assert checks.run() == []


def test_one_who_is_there_already_is_taken_and_not_doubled(driver: Driver) -> None:
    payer, _kids = family(driver)
    page = driver.page("students")
    page.select(driver.center.student)
    page.edit_student()
    form = driver.dialog("form")
    form.payer.setFocus()
    driver.key(Qt.Key.Key_Space)
    driver.dialog("find_payer")
    driver.key(Qt.Key.Key_N, CTRL)
    new = driver.dialog("payer_form")
    typed("Eve")
    driver.type(new, "payer_email", "EVA@mail.example")
    driver.until(lambda: new.box.isVisible())
    assert "Eva Novak is there already" in said(new)
    driver.key(Qt.Key.Key_O, ALT)
    driver.until(lambda: form.payer.currentData() == payer)
    driver.dialog("form")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("form")
    driver.settled()
    assert Payer.select().count() == 1
    assert User.get_by_id(driver.center.student).payer_id == payer


# -- a family ------------------------------------------------------------------------------------------------------


def test_a_family_of_three_is_seen_together_and_its_statement_opened_by_keys(driver: Driver) -> None:
    _payer, kids = family(driver)
    page = driver.page("students")
    page.select(kids[0])
    page.table.setFocus()
    driver.key(Qt.Key.Key_W)
    seen = driver.dialog("family")
    assert driver.find(seen, QLabel, "family_name").text() == "Eva Novak"
    assert driver.find(seen, QLabel, "family_facts").text() == "Guardian · eva@mail.example · +43 660 555 09 09"
    assert seen.table.paged.ids == kids
    cells = [[cell.text for cell in seen.table.paged.cells(n)] for n in range(3)]
    assert [row[0] for row in cells] == ["Ida Novak", "Tim Novak", "Uma Novak"]
    assert [row[3] for row in cells] == ["€330.00 due", "€330.00 due", "settled"]
    assert driver.find(seen, QLabel, "family_sums").text() == "3 people · 2 of them owe €660.00 together"
    driver.key(Qt.Key.Key_S)
    paper = driver.dialog("statement_preview")
    assert paper.content.startswith(b"%PDF")
    driver.key(Qt.Key.Key_Escape)
    driver.until(lambda: driver._dialog("statement_preview") is None)
    seen = driver.dialog("family")
    seen.table.setFocus()
    driver.key(Qt.Key.Key_Down)
    driver.key(Qt.Key.Key_Return)
    driver.gone("family")
    assert page.panel.student_id == kids[1]
    page.table.setFocus()
    driver.key(Qt.Key.Key_W)
    seen = driver.dialog("family")
    driver.key(Qt.Key.Key_F4)
    driver.gone("family")
    assert driver.window.current_key() == "payments"
    assert driver.window.current().student_id == kids[0]


def test_the_panel_names_the_siblings_and_leads_to_them_and_to_the_family_by_the_mouse(driver: Driver) -> None:
    _payer, kids = family(driver)
    page = driver.page("students")
    page.select(kids[2])
    QApplication.processEvents()
    lines = driver.find(page.panel, QWidget, "family_lines")
    assert "and for 2 siblings" in said(lines)
    driver.click(lines, f"sibling_{kids[0]}")
    driver.until(lambda: page.panel.student_id == kids[0])
    driver.click(page.panel, "open_family")
    seen = driver.dialog("family")
    driver.click(seen, "statement")
    paper = driver.dialog("statement_preview")
    paper.reject()
    driver.until(lambda: driver._dialog("statement_preview") is None)
    driver.click(seen, "edit_payer")
    form = driver.dialog("payer_form")
    driver.type(form, "payer_name", "Ewa Kowalska")
    driver.click(form, "save")
    driver.until(lambda: driver._dialog("payer_form") is None)
    driver.until(lambda: driver.find(seen, QLabel, "family_name").text() == "Ewa Kowalska")
    seen.reject()
    driver.gone("family")
    page.search.setText("kowalska")
    driver.until(lambda: sorted(page.model.ids) == kids)
    page.select(kids[2])
    QApplication.processEvents()
    assert driver.find(page.panel, QWidget, "open_family").text() == "Ewa Kowalska"


def test_w_says_that_a_student_pays_alone(driver: Driver) -> None:
    page = driver.page("students")
    page.select(driver.center.student)
    page.table.setFocus()
    driver.key(Qt.Key.Key_W)
    assert "pays alone" in driver.window.notice_label.text()
    assert driver._dialog("family") is None


def test_a_mail_goes_to_the_payer_or_to_each_student(driver: Driver) -> None:
    payer, ids, _session = company(driver)
    driver.page("students")
    driver.desk.open_payer(payer)
    seen = driver.dialog("family")
    driver.key(Qt.Key.Key_M)
    QTest.keyClick(menu(driver), Qt.Key.Key_Return)
    message = driver.dialog("message")
    assert "To 1 person: Alpen GmbH" in said(message)
    driver.type(message, "message_subject", "Dates")
    driver.find(message, QPlainTextEdit, "message_text").setPlainText("See you.")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: driver._dialog("message") is None)
    driver.settled()
    mail = MailQueue.select().order_by(MailQueue.id.desc()).get()
    assert (mail.to_name, mail.to_address, mail.student_id) == ("Alpen GmbH", "office@alpen.example", ids[0])
    seen._write_to(ids)
    assert "To 4 people, each by themselves" in said(driver.dialog("message"))


# -- a company ------------------------------------------------------------------------------------------------------


def test_four_of_a_company_and_three_seats_by_keys_one_unchecked_then_undone(driver: Driver) -> None:
    payer, ids, session = company(driver)
    driver.page("students")
    rows = command(driver, "alpen")
    assert "Alpen GmbH" in [row.result.title for row in rows if row.result.group == "Who pays"]
    choose_result(driver, "Alpen GmbH")
    driver.dialog("family")
    driver.key(Qt.Key.Key_F2)
    form = driver.dialog("bulk_enroll")
    driver.until(lambda: len(form.chosen()) == 4)
    assert form.payer.currentText() == "Alpen GmbH"
    assert form.total.text() == "€1,320.00"
    driver.key(Qt.Key.Key_Down)  # the group of the course
    driver.until(lambda: form.fields["course"].error)
    error = form.fields["course"].error
    assert "Evening has room for 3 on" in error and "4 are checked. Uncheck 1, or" in error
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.settled()
    assert rows_of(ids) == [], "it was refused"
    form.table.setFocus()
    driver.key(Qt.Key.Key_Down)
    driver.key(Qt.Key.Key_Space)
    assert form.chosen() == [ids[0], *ids[2:]]
    assert not form.fields["course"].error
    assert (form.total.text(), form.main.text()) == ("€990.00", "Enroll 3 people")
    assert "3 mails go out" in said(form)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: driver._dialog("bulk_enroll") is None)
    seen = driver.dialog("family")
    driver.settled()
    made = rows_of(ids)
    assert [(row.student_id, row.payer_id, row.session_id, row.status) for row in made] == [
        (one, payer, session, "pending") for one in (ids[0], *ids[2:])
    ]
    assert Operation.select().where(Operation.label == "Enroll several").count() == 1
    assert driver.find(seen, QLabel, "family_sums").text() == "4 people · 3 of them owe €990.00 together"
    seen.reject()
    driver.gone("family")
    assert "Ctrl+Z" in driver.window.notice_label.text()
    driver.key(Qt.Key.Key_Z, CTRL)
    back = driver.dialog("take_back")
    assert "Several students enrolled" in said(back)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: driver._dialog("take_back") is None)
    driver.settled()
    assert {row.status for row in rows_of(ids)} == {"canceled"}
    assert SlotEnrolled.select().where(SlotEnrolled.status == "booked").count() == 0
    assert checks.run() == []


def test_several_of_the_roster_by_the_mouse_and_who_cannot_is_left_out_with_the_reason(driver: Driver) -> None:
    payer, ids, _session = company(driver, capacity=9)
    child = did(driver, people.add_student, StudentDraft("Tiny", "Zeman", date_of_birth="2024-01-01", payer_id=payer))
    page = driver.page("students")
    page.search.setText("zeman")
    driver.until(lambda: len(page.model.ids) == 5)
    driver.settled()
    for number in range(5):
        place = page.table.visualRect(page.model.index(number, 0)).center()
        QTest.mouseClick(page.table.viewport(), LEFT, CTRL if number else Qt.KeyboardModifier.NoModifier, QPoint(place))
    driver.until(lambda: page.selection.isVisible())
    driver.click(page.selection, "selection_more")
    verbs = menu(driver)
    action = next(one for one in verbs.actions() if one.text().startswith("Enroll together"))
    QTest.mouseClick(verbs, LEFT, pos=verbs.actionGeometry(action).center())
    form = driver.dialog("bulk_enroll")
    driver.until(lambda: form.seen is not None)
    assert form.payer.currentText() == "Alpen GmbH", "the payer of all of them"
    assert child not in form.chosen() and len(form.chosen()) == 4
    at = form.table.paged.ids.index(child)
    assert "younger than 17" in form.table.paged.cells(at)[3].text
    mark = form.table.visualRect(form.table.paged.index(at, 0)).center()
    QTest.mouseClick(form.table.viewport(), LEFT, pos=mark)
    assert child not in form.chosen(), "who cannot stays unchecked"
    assert "Tiny Zeman: The student will be younger" in driver.find(form, QLabel, "bulk_current").text()
    other = next(n for n, one in enumerate(form.table.paged.ids) if one == ids[3])
    mark = form.table.visualRect(form.table.paged.index(other, 0)).center()
    QTest.mouseClick(form.table.viewport(), LEFT, pos=mark)
    assert sorted(form.chosen()) == ids[:3]
    form.mail.setChecked(False)
    driver.until(lambda: "No mail goes out" in said(form))
    driver.click(form, "bulk_now")
    driver.gone("bulk_enroll")
    driver.settled()
    assert [row.student_id for row in rows_of([*ids, child])] == ids[:3]
    assert MailQueue.select().count() == 0
    assert checks.run() == []


def test_a_seat_that_went_meanwhile_is_told_and_nobody_is_enrolled(driver: Driver) -> None:
    payer, ids, session = company(driver, capacity=4)
    driver.page("students")
    driver.desk.open_payer(payer)
    driver.dialog("family").enroll_together()
    form = driver.dialog("bulk_enroll")
    form.course.setCurrentIndex(1)
    driver.until(lambda: form.seen is not None and form.seen.room is not None and form.main.isEnabled())
    did(driver, seats.book_session, session, driver.center.student)  # at the other desk
    driver.until(lambda: form.fields["course"].error)
    assert "room for 3" in form.fields["course"].error
    assert rows_of(ids) == []
    assert not form.main.isEnabled()


def test_a_and_n_check_everyone_and_nobody(driver: Driver) -> None:
    payer, ids, _session = company(driver)
    driver.desk.enroll_together(ids)
    form = driver.dialog("bulk_enroll")
    driver.until(lambda: len(form.chosen()) == 4)
    assert form.payer.currentData() == payer
    form.table.setFocus()
    driver.key(Qt.Key.Key_N)
    assert form.chosen() == [] and not form.main.isEnabled()
    driver.key(Qt.Key.Key_Return, CTRL)
    assert "Choose at least one person" in driver.find(form, QLabel, "bulk_people_error").text()
    driver.key(Qt.Key.Key_A)
    assert len(form.chosen()) == 4 and form.main.isEnabled()
    form.payer._chosen(None)
    driver.until(lambda: form.draft().payer_id is None)
    form.reject()


def set_up(driver: Driver, function: Any, *args: Any) -> Any:
    return did(driver, lambda _actor: function(driver.center.admin, *args))


def together(driver: Driver, ids: list[int], payer: int) -> Any:
    driver.page("students")
    driver.desk.open_payer(payer)
    driver.dialog("family").enroll_together()
    form = driver.dialog("bulk_enroll")
    driver.until(lambda: len(form.chosen()) == len(ids))
    driver.settled()
    return form


def test_what_another_course_costs_is_seen_before_anybody_enrolls_in_it(driver: Driver) -> None:
    payer, ids, _session = company(driver)
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    other = set_up(driver, catalog.add_course, catalog.CourseDraft("Z9", "Zebra", 90_000, rate))
    form = together(driver, ids, payer)
    at = next(n for n in range(form.course.count()) if form.course.itemData(n)[0].id == other)
    form.course.setCurrentIndex(at)
    form.main_action()  # a key that was on its way
    driver.settled()
    assert rows_of(ids) == [] and driver._dialog("bulk_enroll") is form
    driver.until(lambda: form.total.text() == "€3,600.00")
    form.toggle(ids[0])
    form.main_action()  # the others cost what was seen
    driver.gone("bulk_enroll")
    driver.settled()
    assert [(row.student_id, row.course_id) for row in rows_of(ids)] == [(one, other) for one in ids[1:]]


def test_why_nobody_was_enrolled_stays_said_over_the_new_look(driver: Driver) -> None:
    payer, ids, _session = company(driver)
    form = together(driver, ids, payer)
    form.context.changed.disconnect(form._changed)  # the other desk's write has not come to this one yet
    draft = enrollment.EnrollmentDraft(ids[1], driver.center.course)
    did(driver, enrollment.enroll, draft)
    form.main_action()
    driver.until(lambda: len(form.chosen()) == 3)
    driver.settled()
    assert "Nina 1 Zeman" in form.people_error.text() and form.people_error.isVisible()
    form.main_action()
    driver.gone("bulk_enroll")
    driver.settled()
    assert len(rows_of(ids)) == 4


def test_siblings_and_fees_are_in_the_sum_and_follow_the_marks(driver: Driver) -> None:
    payer = did(driver, people.add_payer, PayerDraft("Eva Novak"))
    kids = [
        did(driver, people.add_student, StudentDraft(name, "Novak", date_of_birth="2004-05-06", payer_id=payer))
        for name in ("Ida", "Tim", "Uma")
    ]
    rate = TaxRate.get(TaxRate.rate_bp == 2000).id
    fee = set_up(driver, catalog.add_product, catalog.ProductDraft("REG", "Registration", 2500, rate, kind="digital"))
    set_up(driver, center.save, replace(center.load(), registration_product_id=fee))
    set_up(
        driver,
        discounts.add_rule,
        discounts.RuleDraft("Siblings", "sibling", course_id=driver.center.course, percent_bp=1000),
    )
    form = together(driver, kids, payer)
    assert form.total.text() == "€999.00"
    assert "With registration fees of €75.00" in said(form)
    form.toggle(kids[0])
    driver.until(lambda: form.total.text() == "€677.00")
    form.main_action()
    driver.gone("bulk_enroll")
    driver.settled()
    assert sum(User.get_by_id(one).balance_minor for one in kids) == 67_700
    assert checks.run() == []


def test_an_edit_is_not_dropped_for_one_who_is_called_the_same(driver: Driver) -> None:
    payer, _kids = family(driver)
    did(driver, people.add_payer, PayerDraft("Eva Huber"))
    driver.page("students")
    driver.desk.open_payer(payer)
    driver.dialog("family").edit_payer()
    form = driver.dialog("payer_form")
    form.put("name", "Eva Huber")
    form.put("email", "")
    driver.until(lambda: form.same is not None and form.box.isVisible())
    assert not form.take.isVisible()
    driver.key(Qt.Key.Key_O, ALT)
    assert driver._dialog("payer_form") is form, "what was typed is still there"
    form.put("email", "eva.huber@mail.example")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("payer_form")
    driver.settled()
    assert Payer.get_by_id(payer).name == "Eva Huber"


def test_a_family_whose_payer_was_taken_back_is_closed(driver: Driver) -> None:
    payer = did(driver, people.add_payer, PayerDraft("Eva Novak"))
    driver.page("students")
    driver.desk.open_payer(payer)
    driver.dialog("family")
    did(driver, lambda actor: undo.undo(actor, undo.newest(actor)))
    driver.gone("family")
    assert Payer.select().count() == 0
