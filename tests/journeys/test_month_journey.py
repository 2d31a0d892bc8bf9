"""Documents of a month through the window: by the command bar, as files or one PDF, refused beside the field."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app import clock
from app.desk import enrollment, invoices
from app.desk.enrollment import SaleDraft, SaleItem
from app.desk.payments import PayLine
from app.exchange import batch
from tests.support.window import Driver, did, driver
from ui.dialogs import ask

__all__ = ["driver"]

CTRL = Qt.KeyboardModifier.ControlModifier


def test_by_keys_into_a_folder_and_by_mouse_into_one_pdf(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _one in range(3):
        (line,) = did(driver, enrollment.sell, SaleDraft(driver.center.student, (SaleItem(driver.center.book),)))
        did(driver, invoices.bill, driver.center.student, [PayLine(product_enrolled_id=line)])
    monkeypatch.setattr(ask, "choose_folder", lambda parent, title: str(tmp_path / "month"))
    monkeypatch.setattr(ask, "choose_save_file", lambda parent, title, name, kind: str(tmp_path / name))
    month = f"{clock.local_date('Europe/Vienna'):%Y-%m}"
    driver.key(Qt.Key.Key_K, CTRL)
    field = driver.window.command
    driver.until(field.hasFocus)
    QTest.keyClicks(field, "documents of a month")
    driver.until(driver.desk.commands.isVisible)
    QTest.keyClick(field, Qt.Key.Key_Return)
    dialog = driver.dialog("month_form")
    asked: list[str] = []
    monkeypatch.setattr(ask, "choose_folder", lambda parent, title: asked.append(title))
    driver.type(dialog, "month", "soon")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: "is not a month" in dialog.fields["month"].error)
    assert asked == []  # nobody chooses a folder for a month that is none
    monkeypatch.setattr(ask, "choose_folder", lambda parent, title: str(tmp_path / "month"))
    driver.type(dialog, "month", month)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("month_form")
    assert len(list((tmp_path / "month").glob("*.pdf"))) == 3
    driver.desk.documents_of_month()
    dialog = driver.dialog("month_form")
    driver.type(dialog, "month", month)
    driver.click(dialog, "month_kind_one")
    driver.click(dialog, "month_receipts")
    driver.click(dialog, "save_month")
    driver.gone("month_form")
    assert (tmp_path / f"documents-{month}.pdf").read_bytes().startswith(b"%PDF")


def test_closed_before_it_is_done_nothing_is_there(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (line,) = did(driver, enrollment.sell, SaleDraft(driver.center.student, (SaleItem(driver.center.book),)))
    did(driver, invoices.bill, driver.center.student, [PayLine(product_enrolled_id=line)])
    monkeypatch.setattr(ask, "choose_save_file", lambda parent, title, name, kind: str(tmp_path / "all.pdf"))
    driver.desk.documents_of_month()
    dialog = driver.dialog("month_form")
    driver.type(dialog, "month", f"{clock.local_date('Europe/Vienna'):%Y-%m}")
    driver.click(dialog, "month_kind_one")
    dialog.work.stopped = True
    driver.click(dialog, "save_month")
    driver.settled()
    assert list(tmp_path.glob("all.pdf*")) == []
    dialog.reject()


@pytest.mark.parametrize(("kind", "left"), [("folder", 1), ("one", 0)])
def test_esc_stops_between_two_documents_and_says_what_is_there(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, left: int
) -> None:
    for _one in range(3):
        (line,) = did(driver, enrollment.sell, SaleDraft(driver.center.student, (SaleItem(driver.center.book),)))
        did(driver, invoices.bill, driver.center.student, [PayLine(product_enrolled_id=line)])
    target = tmp_path / "out"
    target.mkdir()
    monkeypatch.setattr(ask, "choose_folder", lambda parent, title: str(target))
    monkeypatch.setattr(ask, "choose_save_file", lambda parent, title, name, kind: str(target / name))
    first, go_on = threading.Event(), threading.Event()
    told = batch._told

    def held(found: Any, stop: Any, progress: Any) -> Any:
        for number, paper in enumerate(told(found, stop, progress)):
            if number == 1:
                first.set()
                assert go_on.wait(10)
                if stop():
                    raise batch.Stopped
            yield paper

    monkeypatch.setattr(batch, "_told", held)
    driver.desk.documents_of_month()
    dialog = driver.dialog("month_form")
    driver.type(dialog, "month", f"{clock.local_date('Europe/Vienna'):%Y-%m}")
    driver.click(dialog, f"month_kind_{kind}")
    driver.click(dialog, "save_month")
    try:
        driver.until(lambda: first.is_set() and dialog.far.text() == "1 of 3")
        driver.key(Qt.Key.Key_Escape)
        driver.gone("month_form")
    finally:
        go_on.set()
    driver.settled()
    said = driver.window.notice_label.text()
    assert said.startswith("Stopped. The documents written until then" if left else "Stopped. No file was written.")
    assert len(list(target.iterdir())) == left
