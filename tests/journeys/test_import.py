"""A list of people through the real window: three bad rows, two mended in the grid, one left out; and out again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit

from app.desk import people
from app.store import backup, checks
from app.store.models import Import, Operation, User
from tests.support.window import Driver, driver
from ui.dialogs import ask

__all__ = ["driver"]

LIST = (
    "Vorname;Nachname;E-Mail;Handy;Geb.-Datum;Kundenkarte\r\n"
    "Mai;Le;mai@mail.example;+84 555 550;01.02.1990;7\r\n"
    "Eve;Ott;eve@;+43 660 555 77 01;03.04.1991;8\r\n"
    "Ian;Ray;ian@mail.example;12;31.12.1992;9\r\n"
    ";Nobody;nobody@mail.example;;;10\r\n"
    "Ana;Satler;ana.satler@mail.example;+43 660 555 01 84;04.05.1998;11\r\n"
    "=1+1;<b>Bold</b>;bold@mail.example;;05.06.1993;12\r\n"
)


def given(tmp_path: Path, words: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list on the disk, which is what someone chooses."""
    path = tmp_path / "kunden.csv"
    path.write_bytes(words.encode("cp1252"))
    monkeypatch.setattr(ask, "choose_open_file", lambda parent, title, kind: str(path))
    return path


def opened_import(driver: Driver) -> Any:
    page = driver.page("students")
    driver.click(page, "import")
    return driver.dialog("import_people")


def type_over(dialog: Any, words: str) -> None:
    """Type into the cell where one stands, and Enter."""
    grid = dialog.lines.grid
    QTest.keyClick(grid, Qt.Key.Key_Return)
    edit = grid.findChild(QLineEdit)
    assert edit is not None
    edit.selectAll()
    QTest.keyClicks(edit, words)
    QTest.keyClick(edit, Qt.Key.Key_Return)
    QApplication.processEvents()


def test_three_bad_rows_two_mended_one_left_out(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(tmp_path, LIST, monkeypatch)
    operations = Operation.select().where(Operation.label == "Import students").count()
    dialog = opened_import(driver)
    driver.until(lambda: dialog.columns.combos)
    assert dialog.columns.mapping == ["first_name", "last_name", "email", "phone", "date_of_birth", ""]
    assert dialog.columns.encoding.currentData() == "cp1252" or dialog.columns.encoding.currentData() == "utf-8"
    driver.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    driver.until(lambda: dialog.lines.isVisible())
    grid, model = dialog.lines.grid, dialog.lines.model
    assert [dialog.plan.lines[number].state for number in model.ids[:3]] == ["wrong"] * 3
    assert not dialog.main.isEnabled()
    assert "3 lines are wrong." in dialog.problem.text()
    # One stands on the first wrong cell already; F3 goes on.
    assert model.field_at(grid.currentIndex()) == "email"
    assert "is not an e-mail address" in dialog.lines.about.text()
    type_over(dialog, "eve@mail.example")
    driver.settled()
    driver.key(Qt.Key.Key_F3)
    assert model.field_at(grid.currentIndex()) == "phone"
    type_over(dialog, "+43 660 555 77 02")
    driver.settled()
    driver.key(Qt.Key.Key_F3)
    assert model.field_at(grid.currentIndex()) == "first_name"
    driver.key(Qt.Key.Key_Delete)
    driver.settled()
    assert dialog.main.text() == "Import 4 people"
    assert dialog.main.isEnabled()
    assert dialog.problem.text() == ""
    assert dialog.lines.chips["same"].count == 1
    before = User.select().where(User.role == "student").count()
    driver.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    driver.gone("import_people")
    driver.settled()
    assert User.select().where(User.role == "student").count() == before + 4
    assert Operation.select().where(Operation.label == "Import students").count() == operations + 1
    assert User.get(User.email == "eve@mail.example").date_of_birth == "1991-04-03"
    assert User.get(User.email == "bold@mail.example").first_name == "=1+1"
    assert User.get_or_none(User.email == "nobody@mail.example") is None
    kept = json.loads(Import.get().outcome)
    assert (kept["new"], kept["dropped"], kept["same"]) == (4, 1, 1)
    assert "import" in [one.why for one in backup.listing(driver.desk.data_dir)]
    said = [label.text() for label in driver.window.findChildren(QLabel)]
    assert any("4 people imported · 1 was already there · 1 left out" in words for words in said)
    assert checks.run() == []
    # The same file once more is noticed.
    dialog = opened_import(driver)
    driver.until(lambda: dialog.columns.combos)
    assert "imported before" in dialog.columns.before_words.text()
    driver.key(Qt.Key.Key_Escape)
    driver.gone("import_people")


def test_a_file_that_cannot_be_read_and_another_one(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = given(tmp_path, "<html><table></table></html>", monkeypatch)
    dialog = opened_import(driver)
    driver.until(lambda: dialog.problem.text())
    assert "web page" in dialog.problem.text()
    path.write_bytes(b"Name,Born\r\nAna Lind,03/04/1998\r\nMai Le,05/06/1990\r\n")
    driver.click(dialog, "another_file")
    driver.until(lambda: dialog.columns.combos)
    assert dialog.problem.text() == ""
    driver.click(dialog, "import_main")
    driver.until(lambda: dialog.columns.dates_field.error)  # both could be the day: asked, not guessed
    dialog.columns.dates.setCurrentIndex(dialog.columns.dates.findData("mdy"))
    driver.click(dialog, "import_main")
    driver.until(lambda: dialog.lines.isVisible())
    assert [line.row["date_of_birth"] for line in dialog.plan.lines] == ["1998-03-04", "1990-05-06"]
    driver.click(dialog, "back_to_columns")
    combo = driver.find(dialog, QComboBox, "column_0")
    combo.setCurrentIndex(0)
    combo.activated.emit(0)
    driver.click(dialog, "import_main")
    assert "No column holds a name" in dialog.problem.text()
    driver.key(Qt.Key.Key_Escape)
    driver.gone("import_people")
    assert Import.select().count() == 0


def test_someone_like_them_is_added_as_new_when_one_says_so(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "First name,Last name,Phone\r\nLukasz,Wisniewski,+48 605 550 133\r\nAna,Satler-Lind,+43 660 555 01 84\r\n"
    given(tmp_path, words, monkeypatch)
    dialog = opened_import(driver)
    driver.until(lambda: dialog.columns.combos)
    driver.click(dialog, "import_main")
    driver.until(lambda: dialog.lines.isVisible())
    assert [line.state for line in dialog.plan.lines] == ["same", "update"]
    assert not dialog.main.isEnabled()
    assert "already there. Differs: Last name" in dialog.lines.about.text()
    driver.click(dialog, "update_those_there")
    driver.settled()
    assert dialog.main.text() == "Import 1 person"
    driver.click(dialog, "update_those_there")
    driver.click(dialog, "add_as_new")
    driver.settled()
    assert [line.state for line in dialog.plan.lines] == ["same", "new"]
    driver.click(dialog, "import_main")
    driver.gone("import_people")
    driver.settled()
    assert User.select().where(User.first_name == "Ana").count() == 2
    assert checks.run() == []


def test_what_is_being_read_stops_with_the_dialog(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(tmp_path, LIST + "Kim;Lee;;;;\r\n" * 60_000, monkeypatch)
    dialog = opened_import(driver)
    driver.key(Qt.Key.Key_Escape)
    driver.gone("import_people")
    driver.settled()
    assert dialog.is_closed
    # The window lives on, and so does its reader.
    found: list[object] = []
    driver.desk.context.read(len, "abc", done=found.append)
    driver.settled()
    assert found == [3]


def test_someone_who_came_in_meanwhile_is_shown_before_anything_is_written(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(
        tmp_path,
        LIST.replace("eve@;", "eve@mail.example;").replace(";12;", ";;").replace(";Nobody", "No;Body"),
        monkeypatch,
    )
    dialog = opened_import(driver)
    driver.until(lambda: dialog.columns.combos)
    driver.click(dialog, "import_main")
    driver.until(lambda: dialog.lines.isVisible())
    assert dialog.main.text() == "Import 5 people"
    driver.desk.context.run(people.add_student, people.StudentDraft("Mai", "Le", email="mai@mail.example"))
    driver.settled()
    driver.click(dialog, "import_main")
    driver.until(lambda: dialog.main.text() == "Import 4 people")
    assert "Mai Le came in since" in dialog.problem.text()
    assert Import.select().count() == 0
    driver.click(dialog, "import_main")
    driver.gone("import_people")
    driver.settled()
    assert User.select().where(User.email == "mai@mail.example").count() == 1
    assert checks.run() == []


def test_the_list_goes_out_as_it_is_shown(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out.csv"
    monkeypatch.setattr(
        ask, "choose_save_file", lambda parent, title, name, kind: str(target.with_suffix("." + name[-3:]))
    )
    page = driver.page("students")
    driver.type(page, "student_search", "lukasz")
    driver.click(page, "export")
    dialog = driver.dialog("export_people")
    driver.click(dialog, "save_as")
    driver.gone("export_people")
    assert target.read_text("utf-8-sig").count("\n") == 2
    assert "Łukasz" in target.read_text("utf-8-sig")
    driver.click(page, "export")
    dialog = driver.dialog("export_people")
    driver.click(dialog, "who_selected")
    driver.click(dialog, "kind_vcf")
    driver.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    driver.gone("export_people")
    assert target.with_suffix(".vcf").read_text("utf-8").count("BEGIN:VCARD") == 1


def test_both_are_two_keys_from_the_command_bar(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(tmp_path, LIST, monkeypatch)
    for typed, name in (("import stu", "import_people"), ("export stu", "export_people")):
        driver.type(driver.window, driver.window.command.objectName(), typed)
        driver.until(lambda: driver.desk.commands.isVisible())
        driver.key(Qt.Key.Key_Return)
        driver.dialog(name)
        driver.settled()
        driver.key(Qt.Key.Key_Escape)
        driver.gone(name)
