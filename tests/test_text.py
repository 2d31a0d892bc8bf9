"""Words: clean input, folding for search, and sentences that every key can be made into."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import text
from app.errors import UserError


@given(st.text(max_size=250))
def test_what_is_stored_is_clean(typed: str) -> None:
    try:
        kept = text.clean(typed, field="name")
    except UserError as refused:
        assert refused.field == "name"
        assert refused.key in ("text.too_long", "text.control_character", "text.broken")
        return
    assert kept == unicodedata.normalize("NFC", kept).strip()
    assert len(kept) <= text.NAME_LIMIT
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in kept)
    assert text.clean(kept, field="name") == kept


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("a\x00b", "text.control_character"),
        ("a\nb", "text.control_character"),
        ("a\x85b", "text.control_character"),
        ("a\u2028b", "text.control_character"),
        ("a\u2029b", "text.control_character"),
        ("\u200b\u2060\u00ad", "text.required"),
        ("\ud800x", "text.broken"),
        ("x" * 201, "text.too_long"),
        ("   ", "text.required"),
    ],
)
def test_what_cannot_be_stored_is_refused_beside_its_field(typed: str, key: str) -> None:
    with pytest.raises(UserError) as refused:
        text.clean(typed, field="name", required=True)
    assert (refused.value.key, refused.value.field) == (key, "name")


def test_markup_and_formulas_are_text() -> None:
    for typed in ("<b>Ana</b>", "=SUM(A1)", "Robert'); DROP TABLE users;--", "{name}", "ليلى", "अनिका"):
        assert text.clean(typed, field="name") == typed
    assert text.clean("e\u0301", field="name") == "é"
    assert text.clean("one\r\ntwo\tthree", field="note", multiline=True) == "one\ntwo\tthree"


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Łukasz", "lukasz"),
        ("Groß", "GROSS"),
        ("Søren", "soren"),
        ("Yıldız", "yildiz"),
        ("İpek", "ipek"),
        ("Æsa", "aesa"),
    ],
)
def test_neighbors_find_each_other(written: str, typed: str) -> None:
    assert text.fold(written) == text.fold(typed)


@given(st.text())
def test_folding_twice_changes_nothing_more(written: str) -> None:
    once = text.fold(written)
    assert text.fold(once) == once


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("+43 660 555 01 84", "436605550184"),
        ("0660/555-0184", "6605550184"),
        ("(01) 555 0140", "15550140"),
        ("Ana", ""),
        ("12", ""),
    ],
)
def test_phone_numbers_are_their_digits(written: str, digits: str) -> None:
    assert text.phone_digits(written) == digits


def test_sentences_show_values_in_the_centers_way() -> None:
    shown = text.sentence(
        "enrollment.created",
        {"student": "<Ana>", "course": "{course}", "amount": 33000, "number": "E-1"},
        currency="EUR", locale="de",
    )  # fmt: skip
    assert shown == "<Ana> was enrolled in {course} for 330,00\xa0€ (E-1)."
    assert text.sentence("a.newer.key", {"x": 1}) == "a.newer.key"
    assert (
        text.sentence(UserError("text.too_long", "name", limit=200, length=201))
        == "At most 200 characters; this has 201."
    )


def test_every_template_can_be_read() -> None:
    for key, template in text.messages().items():
        assert template[0] not in " {" or template.startswith("{"), key
        for _literal, name, spec, _conversion in string.Formatter().parse(template):
            if name is not None:
                assert name.isidentifier(), key
                known = spec in ("", "money", "date", "time", "stamp", "key") or spec[-1] in "dfs%"
                assert known, f"{key}: {spec}"
