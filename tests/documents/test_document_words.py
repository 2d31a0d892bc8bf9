"""The words on documents: the buyer's language, whatever that of the desk is; every language says every word."""

from __future__ import annotations

import gettext
import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from hypothesis import given
from hypothesis import strategies as st

from app import text
from app.documents import invoice, proforma, receipt, statement, words
from app.documents import type as setting
from tests.documents import test_proforma, test_receipt, test_statement
from tests.documents.test_invoice import ROOT, lettered, text_of

FILES = [f"app/documents/{name}.py" for name in ("invoice", "proforma", "receipt", "sheet", "statement")]


def messages() -> set[str]:
    """Every word that a document may say."""
    found = {"check", "other"}  # means of payment, by which an invoice says how it was paid
    for file in [*FILES, "app/desk/papers.py"]:
        keywords = {**DEFAULT_KEYWORDS, "N_": None}
        for _line, message, _comments, _context in extract_from_file("python", str(ROOT / file), keywords=keywords):
            found |= {message} if isinstance(message, str) else set(message)
    return found


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_language_says_every_word_and_nothing_else(language: str) -> None:
    catalog = words.catalog(language)
    assert set(catalog) == messages()
    for message, said in catalog.items():
        assert said.strip() == said != ""
        assert sorted(re.findall(r"{\w+}", said)) == sorted(re.findall(r"{\w+}", message)), message


@pytest.mark.parametrize("language", ["en", *words.LANGUAGES])
def test_words_have_the_room_that_stands_for_them(language: str) -> None:
    """In points: a title beside the buyer, a label before its value, heads of columns beside each other."""
    with words.speaking(language):
        for message in ("Invoice", "Credit note", "Quote", "Pro forma", "Statement"):
            assert setting.width(words._(message), setting.BOLD, 24) <= 204, message
        for message in ("To", "IBAN", "Reference"):
            assert setting.width(words._(message), setting.REGULAR, 8.8) <= 56, message
        for message in ("Number", "Issued", "Service", "Pay by", "Refers to invoice", "Valid until"):
            assert setting.width(words._(message), setting.REGULAR, 9.2) <= 100, message
        heads = [("Qty", 354), ("Unit net", 419), ("VAT", 481), ("Net", 547)]
        for (_before, left), (message, right) in itertools.pairwise(heads):
            assert left + setting.width(words._(message) + " €", setting.SEMIBOLD, 8.5) + 4 <= right, message
        for message in ("Not due", "1–30 days", "31–60 days", "61–90 days", "Over 90 days"):
            assert setting.width(words._(message), setting.REGULAR, 8) <= 96, message


@given(st.text(max_size=12))
def test_whatever_a_language_is_called_a_document_says_something(language: str) -> None:
    with words.speaking(language):
        assert words._("Paid by#day")
    assert words._("Invoice") == "Invoice"
    with words.speaking("de_AT"):
        assert (words._("From#day"), words._("To"), words._("To#day")) == ("Von", "An", "Bis")


class Upside(gettext.NullTranslations):
    """A desk in another language."""

    def gettext(self, message: str) -> str:
        return "⟦" + message + "⟧"


@pytest.mark.slow
def test_a_document_speaks_the_language_of_its_buyer_whatever_the_desk_speaks(tmp_path: Path) -> None:
    papers = {
        "Rechnung": lambda one: invoice.render(lettered(3, language=one)),
        "Gutschrift": lambda one: invoice.render(lettered(3, language=one, kind="credit_note", refers_to_label="1")),
        "Beleg": lambda one: receipt.render(test_receipt.document(language=one), copy_on="1"),
        "Kontoauszug": lambda one: statement.render(replace(test_statement.document(3), language=one)),
        "Gültig bis": lambda one: proforma.render(test_proforma.paper(1, language=one, valid_until="2026-12-24")),
    }
    before = {title: (make("de-AT"), make("pl")) for title, make in papers.items()}
    try:
        text.use_catalog(Upside())
        assert {title: (make("de-AT"), make("pl")) for title, make in papers.items()} == before
    finally:
        text.use_catalog(gettext.NullTranslations())
    for title, (german, polish) in before.items():
        said = text_of(german, tmp_path)
        assert title in said
        assert not re.search(r"\b(Invoice|Total|Paid|Date|Page|Number|Still|Due|What)\b", said), said
        assert not re.search(r"Rechnung|Gesamt|Seite", text_of(polish, tmp_path))
    assert "17. März 2026" in text_of(before["Rechnung"][0], tmp_path)


def test_control_a_word_of_the_desk_on_a_document_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invoice, "_", text._)
    before = invoice.render(lettered(3))
    try:
        text.use_catalog(Upside())
        assert invoice.render(lettered(3)) != before
    finally:
        text.use_catalog(gettext.NullTranslations())
