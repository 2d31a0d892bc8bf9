"""Picture and texts on documents through the window: by keys and mouse, refused beside the picture, seen on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.desk import enrollment, invoices, letterhead
from app.desk.accounts import Actor
from app.desk.enrollment import SaleDraft, SaleItem
from app.desk.payments import PayLine
from app.store.models import Invoice
from tests.support.window import Driver, did, driver
from tests.support.writers_billing import png
from ui.dialogs import ask

__all__ = ["driver"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def test_by_keys_and_mouse(driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.desk.context.set_actor(Actor(driver.center.admin.user_id, "super_admin"))
    driver.key(Qt.Key.Key_K, CTRL)
    field = driver.window.command
    driver.until(field.hasFocus)
    QTest.keyClicks(field, "texts and picture")
    driver.until(driver.desk.commands.isVisible)
    QTest.keyClick(field, Qt.Key.Key_Return)
    dialog = driver.dialog("letterhead")
    for name, content, said in (
        ("no.png", b"no picture", "This is no picture that can be printed."),
        ("large.png", png() + b"\0" * 1_100_000, "more than 1 MB"),
    ):
        (tmp_path / name).write_bytes(content)
        monkeypatch.setattr(ask, "choose_open_file", lambda parent, title, kind, name=name: str(tmp_path / name))
        driver.key(Qt.Key.Key_L, ALT)
        driver.until(lambda said=said: said in dialog.problem.text())
        assert letterhead.logo() == b""
    monkeypatch.setattr(ask, "choose_open_file", lambda parent, title, kind: str(tmp_path / "gone.png"))
    driver.click(dialog, "choose_picture")
    assert "cannot be read" in dialog.problem.text()
    (tmp_path / "logo.png").write_bytes(png())
    monkeypatch.setattr(ask, "choose_open_file", lambda parent, title, kind: str(tmp_path / "logo.png"))
    driver.click(dialog, "choose_picture")
    driver.until(lambda: dialog.off.isEnabled())
    assert not dialog.picture.pixmap().isNull()
    dialog.words["foot"].setPlainText("Thank <you>")
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone("letterhead")
    (line,) = did(driver, enrollment.sell, SaleDraft(driver.center.student, (SaleItem(driver.center.book),)))
    did(driver, invoices.bill, driver.center.student, [PayLine(product_enrolled_id=line)])
    made = invoices.document(Invoice.get().id)
    assert (made.foot_text, made.logo) == ("Thank <you>", png())
    driver.desk.on_documents()
    dialog = driver.dialog("letterhead")
    assert dialog.words["foot"].toPlainText() == "Thank <you>"
    driver.click(dialog, "picture_off")
    driver.until(lambda: not dialog.off.isEnabled())
    assert letterhead.logo() == b""
    assert invoices.document(Invoice.get().id).logo == png()
    dialog.reject()


def test_the_front_desk_may_look_and_is_told_who_may_change(driver: Driver) -> None:
    driver.desk.on_documents()
    dialog = driver.dialog("letterhead")
    dialog.words["foot"].setPlainText("mine")
    driver.click(dialog, "save_texts")
    driver.until(lambda: dialog.problem.text())
    assert letterhead.texts() == {}
    dialog.reject()
