"""The roster on paper and as a file, as it is shown: by keys and by mouse, through the real window."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PySide6.QtCore import QMarginsF, Qt
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QApplication, QComboBox

from app.desk import people
from app.documents import labels
from app.exchange import shown
from tests.exchange.test_shown import spots, words_on
from tests.support.window import Driver, driver, opened
from ui.dialogs import ask
from ui.pages import paper

__all__ = ["driver", "opened"]

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def page(driver: Driver) -> Any:
    """Three students by name downwards, name and email alone, two of them with an address."""
    for number in range(2):
        draft = people.StudentDraft(f"Nina {number}", "Zeman", address=f"Lindengasse {number}\n1070 Wien")
        driver.desk.context.run(people.add_student, draft)
    driver.settled()
    found = driver.page("students")
    found.arrange(("name", "email", "balance"), "-name")
    driver.until(lambda: len(found.model.ids) == 4 and found.model.row(0).name == "Nina 1 Zeman")
    driver.settled()
    return found


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stood-in file dialog saves."""
    path = tmp_path / "out"
    monkeypatch.setattr(
        ask, "choose_save_file", lambda parent, title, name, kind: str(path.with_suffix("." + name[-4:].strip(".")))
    )
    return path


def test_ctrl_e_takes_out_what_is_shown_in_its_order(driver: Driver, page: Any, target: Path) -> None:
    driver.key(Qt.Key.Key_E, CTRL)
    driver.dialog("export_people")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("export_people")
    with target.with_suffix(".csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["First name", "Last name", "Email", "Balance (EUR)"]
    assert [row[0] for row in rows[1:]] == ["Nina 1", "Nina 0", "Łukasz", "Ana"]
    page.search.setText("nina")
    driver.settled()
    driver.click(page, "export")
    dialog = driver.dialog("export_people")
    driver.click(dialog, "kind_pdf")
    assert not dialog.what_field.isVisible()
    driver.click(dialog, "save_as")
    driver.gone("export_people")
    (text,) = words_on(target.with_suffix(".pdf").read_bytes())
    assert "2 people · “nina”" in text
    assert "settled" in text, "on paper it says what the screen says"
    assert "Satler" not in text


def test_every_field_can_be_taken_out_too(driver: Driver, page: Any, target: Path) -> None:
    driver.click(page, "export")
    dialog = driver.dialog("export_people")
    driver.click(dialog, "what_all")
    driver.click(dialog, "kind_xlsx")
    driver.click(dialog, "save_as")
    driver.gone("export_people")
    assert target.with_suffix(".xlsx").stat().st_size > 1000


def test_ctrl_p_shows_the_list_before_it_is_printed(driver: Driver, page: Any, target: Path) -> None:
    page.filters.toggle("status:active")
    driver.settled()
    driver.key(Qt.Key.Key_P, CTRL)
    driver.dialog("print_people")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("print_people")
    preview = driver.dialog("people_preview")
    (text,) = words_on(preview.content)
    assert "4 people · Active" in text
    assert text.index("Nina 1 Zeman") < text.index("Ana Satler")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("people_preview")
    assert target.with_suffix(".pdf").read_bytes().startswith(b"%PDF")


def test_labels_begin_where_a_sheet_was_begun_and_keep_their_size(driver: Driver, page: Any, tmp_path: Path) -> None:
    driver.key(Qt.Key.Key_P, CTRL)
    dialog = driver.dialog("print_people")
    driver.click(dialog, "what_labels")
    dialog.sheet.setCurrentIndex(dialog.sheet.findData("letter_3x10"))
    assert driver.find(dialog, QComboBox, "first_label").count() == 30
    dialog.first.setCurrentIndex(4)
    driver.click(dialog, "look_at_it")
    driver.gone("print_people")
    preview = driver.dialog("people_preview")
    assert driver.window.notice_label.text().startswith("2 labels · 2 have no address")
    sheet = labels.SHEETS["letter_3x10"]
    left, top, wide, high = labels.place(sheet, 4)
    first = next(spot for spot in spots(preview.content) if spot[3].startswith("Nina 1"))
    assert left - 0.5 <= first[1] <= left + wide
    assert top - 1.5 <= first[2] <= top + high
    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "printed.pdf"))
    printer.setPageMargins(QMarginsF(20, 20, 20, 20))
    paper.print_pdf(preview.content, printer, whole_paper=preview.whole_paper)
    document = pypdfium2.PdfDocument(tmp_path / "printed.pdf")
    size = document[0].get_size()
    assert [round(length / labels.mm) for length in size] == [216, 279]
    bitmap = document[0].render(scale=2, grayscale=True)
    inked = [n for n in range(bitmap.width) for m in (m_at(first, bitmap),) if dark(bitmap, n, m)]
    document.close()
    assert min(inked) / 2 / labels.mm == pytest.approx(first[1], abs=1.0), "printed at its very size, margins or not"
    preview.reject()
    QApplication.processEvents()


def m_at(spot: tuple[int, float, float, str], bitmap: Any) -> int:
    """The line of pixels through the middle of a name."""
    return round((spot[2] + 1.2) * labels.mm * 2)


def dark(bitmap: Any, x: int, y: int) -> bool:
    return any(bytes(bitmap.buffer)[(y + up) * bitmap.stride + x] < 128 for up in range(-2, 3))


def test_what_is_too_long_for_paper_or_has_no_address_says_so(
    driver: Driver, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown, "MOST_PAGES", 0)
    driver.key(Qt.Key.Key_P, CTRL)
    dialog = driver.dialog("print_people")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: "at most 0 are printed at once" in dialog.problem.text())
    assert dialog.main.isEnabled()
    dialog.reject()
    page.search.setText("satler")
    driver.settled()
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)
    driver.key(Qt.Key.Key_P, CTRL)
    dialog = driver.dialog("print_people")
    driver.click(dialog, "what_labels")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: dialog.problem.text() == "Nobody here has an address.")
    dialog.reject()
