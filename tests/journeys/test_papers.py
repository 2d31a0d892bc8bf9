"""Papers from the window: the receipt with R, later in the panel as a COPY; statements, quotes; each of them mailed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app import store
from app.desk import papers
from app.desk.accounts import Actor
from app.store import checks
from app.store.models import Invoice, MailQueue, Payment, Quote, User
from tests.documents.test_invoice import text_of
from tests.support.window import Driver, did, driver, opened
from ui.dialogs import ask
from ui.pages.paper import show_statement

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


def mailed() -> list[str]:
    """What the queued documents are called."""
    rows = MailQueue.select().where(MailQueue.event_key.startswith("paper:")).order_by(MailQueue.id)
    return [row.subject for row in rows]


@pytest.mark.slow
def test_a_quote_is_shown_mailed_and_saved_where_it_is_made_and_in_the_panel(driver: Driver, target: Path) -> None:
    page = driver.page("students")
    driver.key(Qt.Key.Key_F2)
    driver.dialog("enroll")
    driver.key(Qt.Key.Key_Q, ALT)
    driver.dialog("offer_quote")
    driver.key(Qt.Key.Key_P, CTRL)
    driver.gone("enroll")
    preview = driver.dialog("quote_preview")
    quote = Quote.get()
    who = User.get_by_id(quote.student_id)
    assert preview.subtitle.text() == f"Q-00001.pdf · {who.email}"
    driver.key(Qt.Key.Key_M, CTRL)
    driver.key(Qt.Key.Key_M, CTRL)
    driver.settled()
    assert mailed() == ["Quote Q-00001"], "two presses are one mail"
    said = f"Q-00001.pdf is in the mail queue, to {who.email}."
    assert preview.subtitle.text() == said, "the status bar is below the form"
    words = saved(driver, "quote_preview", target)
    for said in ("Quote", "Q-00001", "Valid until", "A quote, not an invoice", "This price holds until"):
        assert said in words
    page.select(quote.student_id)
    driver.until(lambda: page.panel.findChildren(QWidget, f"show_{quote.id}"))
    driver.click(page.panel, f"show_{quote.id}")
    preview = driver.dialog("quote_preview")
    driver.click(preview, "mail_paper")
    driver.settled()
    assert preview.isVisible(), "the panel was drawn anew; the paper stays"
    assert mailed() == ["Quote Q-00001"] * 2
    preview.reject()
    assert checks.run() == []


@pytest.mark.slow
def test_receipt_statement_and_invoice_are_mailed_from_their_previews(driver: Driver) -> None:
    number = pay(driver)
    driver.key(Qt.Key.Key_R)
    preview = driver.dialog("receipt_preview")
    roll = preview.content
    driver.key(Qt.Key.Key_M, CTRL)
    driver.settled()
    preview.reject()
    driver.gone("receipt_preview")
    driver.key(Qt.Key.Key_O)
    driver.click(driver.dialog("invoice_preview"), "mail_paper")
    driver.settled()
    driver.dialog("invoice_preview").reject()
    driver.gone("invoice_preview")
    payment = Payment.get(Payment.number == number)
    show_statement(driver.window, driver.desk.context, payment.student_id)
    driver.dialog("statement_preview")
    driver.key(Qt.Key.Key_M, CTRL)
    driver.settled()
    label = Invoice.get().label
    assert mailed() == [f"Receipt {number}", f"Invoice {label}", "Statement of account"]
    references = [json.loads(row.attachments)[0] for row in MailQueue.select().where(MailQueue.event_key ** "paper:%")]
    assert papers.resolve(references[0]).content == roll, "what was seen is what is sent"
    assert references[1] == {"kind": "invoice", "id": Invoice.get().id, "copy": False}
    assert papers.resolve(references[2]).file_name.endswith(".pdf")
    # Whoever cannot be reached by mail is named, and the paper stays open.
    did(driver, _without_address, payment.student_id)
    preview = driver.dialog("statement_preview")
    driver.key(Qt.Key.Key_2, ALT)
    driver.key(Qt.Key.Key_M, CTRL)
    driver.settled()
    assert "has no email address, so nothing was mailed." in preview.problem.text()
    assert len(mailed()) == 3


def _without_address(actor: Actor, student_id: int) -> None:
    with store.write("Forget address", actor) as w:
        w.update(User, student_id, email=None)
