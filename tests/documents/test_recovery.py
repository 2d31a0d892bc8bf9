"""The page with a recovery code: readable, the same bytes twice, every font embedded."""

from __future__ import annotations

import re

import pypdfium2
import pytest

from app.documents.recovery import Page, render
from app.store import cipher, recovery

CODE = recovery.encode("7f" * 32)


@pytest.mark.parametrize("name", ["Brückenhaus Training Center", "مركز التدريب", "<b>&" * 60])
def test_the_code_can_be_read_off_the_page(name: str) -> None:
    content = render(Page(name, "en", CODE, "ab12cd34", "25 Nov 2026"))
    assert content == render(Page(name, "en", CODE, "ab12cd34", "25 Nov 2026"))
    document = pypdfium2.PdfDocument(content)
    words = document[0].get_textpage().get_text_range()
    assert len(document) == 1
    document.close()
    assert recovery.decode("".join(re.findall(r"\b[0-9A-Z]{5}\b", words))) == "7f" * 32
    assert "ab12cd34 · 25 Nov 2026" in words
    assert b"/FontFile2" in content
    assert b"/Helvetica" not in content


def test_the_page_says_which_key_and_never_shows_the_key_itself() -> None:
    key = cipher.new_key()
    page = Page("Center", "en", recovery.encode(key), cipher.id_of(key)[:8], "25 Nov 2026")
    assert key.encode() not in render(page)
    assert page.code not in repr(page)
