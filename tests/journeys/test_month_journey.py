"""Documents of a month through the window: by the command bar, as files or one PDF, refused beside the field."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app import clock
from app.desk import enrollment, invoices
from app.desk.enrollment import SaleDraft, SaleItem
from app.desk.payments import PayLine
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
    driver.type(dialog, "month", "soon")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.until(lambda: "is not a month" in dialog.fields["month"].error)
    assert not (tmp_path / "month").exists()
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
