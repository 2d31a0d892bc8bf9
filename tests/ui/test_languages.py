"""The window once in a pseudo-language and once right to left: a text that escaped gettext is found, nothing breaks."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QDialog, QLabel, QLineEdit, QWidget

from app import help as help_texts
from app import text
from app.desk import people
from app.exchange.delimited import ENCODINGS
from app.lists import catalog
from app.store import db
from tests.support.window import Driver, did, driver
from ui.dialogs import ask
from ui.dialogs.promise import PromiseDialog
from ui.dialogs.remind import RemindDialog
from ui.pages import person_acts

__all__ = ["driver"]

PAGES = ("students", "calendar", "payments", "inbox", "mail", "settings")
_LETTERS = str.maketrans("aeiouncsyzAEIOUNCSYZ", "âéïöüñçšýžÂÉÏÖÜÑÇŠÝŽ")


def disguise(message: str) -> str:
    """A text as the pseudo-language has it: other letters, brackets around; placeholders stay as they are."""
    parts = re.split(r"(\{[^}]*\})", message)
    return "⟦" + "".join(part if part.startswith("{") else part.translate(_LETTERS) for part in parts) + "⟧"


class Pseudo(gettext.NullTranslations):
    asked: ClassVar[set[str]] = set()

    def gettext(self, message: str) -> str:
        self.asked.add(message)
        return disguise(message)

    def ngettext(self, one: str, many: str, n: int) -> str:
        self.asked.add(one)
        return disguise(one if n == 1 else many)


def extracted() -> set[str]:
    """Every message that a translator would be handed."""
    root, found = Path(text.__file__).parent.parent, set()
    for folder in ("app", "ui"):
        for _file, _line, message, _comments, _context in extract_from_dir(
            root / folder, method_map=[("**.py", "python")], keywords={**DEFAULT_KEYWORDS, "N_": None}
        ):
            found.add(message if isinstance(message, str) else message[0])
    return found


@pytest.fixture(autouse=True)
def pseudo() -> Iterator[None]:
    """Before the window is made: labels are said once."""
    text.use_catalog(Pseudo())
    yield
    text.use_catalog(gettext.NullTranslations())


def visible_words(window: QWidget) -> set[str]:
    """What the widgets of a window say, by label, accessible name, placeholder and tool tip."""
    found: set[str] = set()
    for widget in [window, *window.findChildren(QWidget)]:
        if not widget.isVisible():
            continue
        found |= {widget.accessibleName(), widget.accessibleDescription(), widget.toolTip()}
        if isinstance(widget, QLabel | QAbstractButton):
            found.add(widget.text())
        if isinstance(widget, QLineEdit):
            found.add(widget.placeholderText())
        if isinstance(widget, QComboBox):
            found |= {widget.itemText(index) for index in range(widget.count())}
    return found


def known_values(driver: Driver) -> list[str]:
    """Every text that stands in the file, or in a file of its own for each language: not translated word by word."""
    found = {value for value in vars(driver.desk.context.center).values() if isinstance(value, str) and value}
    tables = db.execute_sql("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%STRICT%'").fetchall()
    for (table,) in tables:
        for row in db.execute_sql(f"SELECT * FROM {table}").fetchall():
            found |= {value for value in row if isinstance(value, str) and value}
    for topic in (*driver.window.pages, "center", "keeping"):
        found |= set(help_texts.paragraphs(topic))  # translated file by file
    return sorted(found, key=len, reverse=True)


#: The program's own name, keys on a keyboard, formats, units: the same in every language.
SAME = re.compile(
    r"Deskbell|Ctrl|Shift|Alt|Space|Enter|Esc|Del|Tab|F\d+|PgUp|Highway Code|PgDn|Backspace|Ins|"
    r"VAT|SMTP|STARTTLS|TLS|EUR|IBAN|BIC|"
    r"Scroll (Left|Right)|"  # Qt says these out of its own catalog
    r"Europe/\w+|[a-z]+@[\w.]+|smtp\.\w+\.\w+"
)


def escaped(words: set[str], values: list[str]) -> list[str]:
    """Texts in which a word stands that neither the pseudo-language nor the file knows."""
    found = []
    for said in words:
        rest = re.sub(r"⟦[^⟦⟧]*⟧", " ", said)
        while "⟦" in rest and rest != (rest := re.sub(r"⟦[^⟦⟧]*⟧", " ", rest)):
            pass
        for value in values:
            if len(value) > 1:
                rest = rest.replace(value, " ")
        rest = SAME.sub(" ", rest)
        rest = re.sub(
            r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w*\b", " ", rest
        )
        if re.search(r"[A-Za-z]{3,}", rest):
            found.append(said)
    return sorted(found)


@pytest.fixture
def right_to_left(qapp: QApplication) -> Iterator[None]:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def find_an_offer(driver: Driver) -> None:
    desk = driver.page("payments")
    for dialog in [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]:
        dialog.reject()
    desk.new_draft(driver.center.student)
    desk.owed.find_offer()


def forms(driver: Driver) -> Iterator[QDialog]:
    """Every form that the pages open, one after the other."""
    students, calendar = driver.page("students"), driver.window
    for open_it in (
        students.new_student,
        students.export_people,
        students.choose_columns,
        students.print_people,
        lambda: driver.desk.enroll_student(driver.center.student),
        lambda: driver.page("calendar").new_session(),
        lambda: find_an_offer(driver),
        driver.desk.open_items,
        driver.desk.documents_of_month,
        driver.desk.on_documents,
        lambda: PromiseDialog(driver.desk.context, students, driver.center.student, None, "Ana Satler", 100).open(),
        lambda: RemindDialog(driver.desk.context, students, [(driver.center.student, None)]).open(),
        *(
            partial(person_acts.act, key, driver.desk.context, students, driver.center.student)
            for key in ("bill", "waive", "replan", "transfer", "move_money", "cancel")
        ),
        *(
            partial(person_acts.act, key, driver.desk.context, students, driver.center.student)
            for key in ("payout", "leave", "give", "erase")
        ),
        lambda: person_acts.merge_two(
            driver.desk.context, students, driver.center.student, driver.center.other_student
        ),
        driver.desk.help,
        driver.desk.choose_actor,
    ):
        open_it()
        found = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
        assert found, calendar
        yield found[0]
        found[0].reject()
        QApplication.processEvents()


def test_every_text_of_the_pages_goes_through_gettext(driver: Driver) -> None:
    values = known_values(driver)
    for key in PAGES:
        page = driver.page(key)
        if key == "students":
            page.select(driver.center.student)
        if key == "payments":
            page.new_draft(driver.center.student)
        driver.settled()
        assert escaped(visible_words(driver.window), values) == [], key
    desk = driver.page("payments")
    desk.owed.add_offer(catalog.products()[0])
    desk.methods["split"].click()
    desk.split.rows[0].amount.setText("1")
    desk.split.add_part()
    for _step in ("start", "complete", "the rest", "start", "complete"):
        desk.go_on()
        driver.settled()
        assert escaped(visible_words(driver.window), known_values(driver)) == []
    assert Pseudo.asked
    assert sorted(Pseudo.asked - extracted()) == []


def test_every_text_of_the_forms_goes_through_gettext(driver: Driver) -> None:
    values = known_values(driver)
    handed_over = extracted()
    for form in forms(driver):
        assert Pseudo.asked <= handed_over, sorted(Pseudo.asked - handed_over)
        assert escaped(visible_words(form), values) == [], form.objectName()


def test_every_text_of_a_refund_goes_through_gettext(driver: Driver) -> None:
    desk = driver.page("payments")
    driver.dialog("find_student").reject()
    desk.new_draft(driver.center.student)
    desk.owed.add_offer(catalog.products()[0])
    for _step in ("start", "complete"):
        desk.go_on()
        driver.settled()
    desk.show_payments()
    listed = driver.dialog("payments_of")
    assert escaped(visible_words(listed), known_values(driver)) == []
    model = listed.table.paged
    cells = {model.cell(model.index(0, column)).text for column in range(len(model.columns))}
    heads = {column.head for column in model.columns}
    assert escaped(cells | heads, known_values(driver)) == []
    listed.main_action()
    dialog = driver.dialog("refund")
    assert dialog.effect.isVisible()
    assert escaped(visible_words(dialog), known_values(driver)) == []
    dialog.main_action()
    driver.settled()
    assert escaped(visible_words(dialog), known_values(driver)) == []
    assert sorted(Pseudo.asked - extracted()) == []
    for form in (dialog, listed):
        form.reject()


def test_every_text_of_an_import_goes_through_gettext(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Name,Phone,Born\nQqqq Wwww,12,03/04/1998\nAna Satler,+43 660 555 01 84,31/12/1998\n", "utf-8")
    monkeypatch.setattr(ask, "choose_open_file", lambda parent, title, kind: str(path))
    values = [*known_values(driver), *path.read_text().replace(",", "\n").split("\n"), path.name, "Qqqq", "Wwww"]
    values += [name.upper() for name in ENCODINGS]
    driver.page("students").import_people()
    dialog = driver.dialog("import_people")
    driver.until(lambda: dialog.columns.combos)
    assert escaped(visible_words(dialog), values) == []
    dialog.main_action()
    driver.until(lambda: dialog.lines.isVisible())
    assert escaped(visible_words(dialog), values) == []
    heads = [dialog.lines.model.headerData(n, Qt.Orientation.Horizontal) for n in range(5)]
    assert escaped(set(heads), values) == []
    assert sorted(Pseudo.asked - extracted()) == []
    dialog.reject()


def test_every_text_of_the_history_goes_through_gettext(driver: Driver) -> None:
    driver.desk.context.run(people.add_payer, people.PayerDraft("ACME", "company"))
    driver.desk.context.run(people.add_note, driver.center.student, "a note")
    driver.settled()
    values = known_values(driver)
    page = driver.page("settings")
    page.show_part("history")
    driver.settled()
    history = page.history
    driver.until(lambda: history.model.ids)
    for operation in history.model.ids[:2]:
        history.table.select_id(operation)
        driver.settled()
        assert escaped(visible_words(driver.window), values) == []
        for row in (history.model.row(number) for number in range(2)):
            assert escaped({row.words, row.touched}, values) == []
    driver.desk.take_back()
    dialog = driver.dialog("take_back")
    assert escaped(visible_words(dialog), values) == []
    dialog.reject()
    driver.click(history, "bring_back_payers_1")
    dialog = driver.dialog("bring_back")
    assert escaped(visible_words(dialog), values) == []
    dialog.reject()
    assert sorted(Pseudo.asked - extracted()) == []


def test_every_text_of_payers_goes_through_gettext(driver: Driver) -> None:
    payer = did(driver, people.add_payer, people.PayerDraft("ACME", "company", "office@acme.example"))
    both = [did(driver, people.add_student, people.StudentDraft(first, payer_id=payer)) for first in ("Qqqq", "Wwww")]
    values = known_values(driver)
    page = driver.page("students")
    page.select(both[0])
    QApplication.processEvents()
    assert "⟦" in page.panel.findChild(QWidget, "family_lines").findChild(QLabel).text()
    assert escaped(visible_words(driver.window), values) == []
    driver.desk.find_payer()
    dialog = driver.dialog("find_payer")
    assert escaped(visible_words(dialog), values) == []
    dialog.add_payer()
    assert escaped(visible_words(driver.dialog("payer_form")), values) == []
    driver.dialog("payer_form").reject()
    dialog.reject()
    driver.desk.open_payer(payer)
    dialog = driver.dialog("family")
    assert escaped(visible_words(dialog), values) == []
    heads = [dialog.table.paged.headerData(n, Qt.Orientation.Horizontal) for n in range(5)]
    assert escaped(set(heads), values) == []
    dialog.enroll_together()
    form = driver.dialog("bulk_enroll")
    driver.until(lambda: form.seen is not None)
    assert escaped(visible_words(form), values) == []
    for number in range(2):
        assert escaped({cell.text for cell in form.table.paged.cells(number)}, values) == []
    form.reject()
    dialog.reject()
    assert sorted(Pseudo.asked - extracted()) == []


def test_the_control_finds_a_text_that_is_not_translated(driver: Driver) -> None:
    label = QLabel("Hello there", driver.window)
    label.show()
    assert "Hello there" in escaped(visible_words(driver.window), known_values(driver))


@pytest.mark.usefixtures("right_to_left")
def test_the_window_stands_right_to_left(driver: Driver) -> None:
    for key in PAGES:
        page = driver.page(key)
        if key == "payments":
            page.new_draft(driver.center.student)
        driver.settled()
        assert not driver.window.grab().isNull()
    rail = driver.find(driver.window, QWidget, "rail_students")
    assert rail.mapTo(driver.window, rail.rect().center()).x() > driver.window.width() / 2
    for form in forms(driver):
        assert not form.grab().isNull()
