"""Receipts and statements from the window: after a payment with R, later from the student's panel as a COPY."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.store.models import Payment
from tests.documents.test_invoice import text_of
from tests.support.window import Driver, driver, opened
from ui.dialogs import ask

__all__ = ["driver", "opened"]

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stood-in file dialog saves."""
    path = tmp_path / "saved.pdf"
    monkeypatch.setattr(ask, "choose_save_file", lambda *_: str(path))
    return path


def saved(driver: Driver, name: str, target: Path) -> str:
    """Save what the preview shows with its key; the words on the paper."""
    target.unlink(missing_ok=True)
    driver.key(Qt.Key.Key_Return, CTRL)
    driver.gone(name)
    return " ".join(text_of(target.read_bytes(), target.parent).split())


def pay(driver: Driver) -> str:
    """Enroll the first student and take the money by card, all by keyboard; the payment's number."""
    driver.page("students")
    driver.key(Qt.Key.Key_F2)
    driver.dialog("enroll")
    driver.key(Qt.Key.Key_S, CTRL)
    driver.gone("enroll")
    driver.settled()
    driver.key(Qt.Key.Key_F4)
    driver.key(Qt.Key.Key_2, ALT)
    for _step in ("start", "complete"):
        driver.key(Qt.Key.Key_Return, CTRL)
        driver.settled()
    return str(Payment.get(Payment.status == "COMPLETED").number)


@pytest.mark.slow
def test_r_prints_the_receipt_of_the_payment_just_made(driver: Driver, target: Path) -> None:
    number = pay(driver)
    driver.key(Qt.Key.Key_R)
    preview = driver.dialog("receipt_preview")
    roll = preview.content
    driver.key(Qt.Key.Key_2, ALT)
    assert preview.content != roll
    words = saved(driver, "receipt_preview", target)
    assert number in words
    assert "Paid by card" in words
    assert "€330.00" in words
    assert "COPY" not in words


@pytest.mark.slow
def test_the_panel_opens_the_account_and_a_copy_of_the_receipt(driver: Driver, target: Path) -> None:
    number = pay(driver)
    page = driver.page("students")
    driver.settled()
    page.select(Payment.get(Payment.number == number).student_id)
    page.panel.tabs.setCurrentIndex(3)
    driver.until(lambda: any(one.isVisible() for one in page.panel.findChildren(QWidget, "open_statement")))
    driver.click(page.panel, "open_statement")
    preview = driver.dialog("statement_preview")
    this_year = preview.content
    driver.key(Qt.Key.Key_2, ALT)
    assert preview.content != this_year
    words = saved(driver, "statement_preview", target)
    assert "Charged" in words
    assert number in words
    assert "Balance on" in words
    assert "€0.00" in words
    driver.click(page.panel, "open_receipt")
    driver.dialog("receipt_preview")
    assert "COPY" in saved(driver, "receipt_preview", target)
