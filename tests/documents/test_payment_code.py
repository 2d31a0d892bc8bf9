"""The code to pay by, read off the printed page by an independent reader: what it asks for is what is open.

The payload follows EPC069-12 (European Payments Council, Quick Response Code: Guidelines to Enable the Data Capture for
the Initiation of a SEPA Credit Transfer), version 2.1.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pypdfium2
import pytest

from app.documents.invoice import CopyState, InvoiceDocument, render
from tests.documents.test_invoice import NAMES, document, snapshot
from tests.support import qr

#: The character sets that a payload can name.
CHARSETS = ("utf-8", "iso-8859-1", "iso-8859-2", "iso-8859-4", "iso-8859-5", "iso-8859-7", "iso-8859-10", "iso-8859-15")


def codes(pdf: bytes, words: str = "by scanning with your bank app") -> list[tuple[int, qr.Matrix]]:
    """(page, modules) of each code to pay by: it stands left of the words that say so."""
    document_ = pypdfium2.PdfDocument(pdf)
    places = []
    for number, page in enumerate(document_):
        text = page.get_textpage()
        found = text.search(words).get_next()
        if found is not None:
            _left, bottom, _right, _top = text.get_charbox(found[0])
            places.append((number, bottom))
    document_.close()
    return [(number, qr.on_page(pdf, number, (54, bottom - 82, 152, bottom + 16))) for number, bottom in places]


def payload(pdf: bytes, words: str = "by scanning with your bank app") -> list[str]:
    """The lines of the one code on the paper."""
    ((_page, matrix),) = codes(pdf, words)
    version, raw = qr.read(matrix)
    assert version <= 13
    assert len(raw) <= 331
    charset = CHARSETS[int(raw.split(b"\n")[2]) - 1]
    return raw.decode(charset).split("\n")


def obey(lines: list[str], name: str, iban: str, bic: str, amount: str, text: str) -> None:
    assert lines[0] == "BCD"
    assert lines[1] in ("001", "002")
    assert lines[2] in "12345678"
    assert lines[3] == "SCT"
    assert lines[4] == bic
    assert bic or lines[1] == "002", "only the second version does without a BIC"
    assert lines[5] == name
    assert 1 <= len(lines[5]) <= 70
    assert lines[6] == iban
    moved = iban[4:] + iban[:4]
    assert int("".join(str(int(char, 36)) for char in moved)) % 97 == 1
    assert lines[7] == amount
    assert lines[8:10] == ["", ""], "no purpose; the reference is free text, so there is no structured one"
    assert lines[10] == text
    assert len(lines[10]) <= 140
    assert len(lines) <= 12


def test_the_reader_knows_a_code_that_is_not_ours() -> None:
    """The reader itself, over codes of every size it may meet and all masks."""
    import segno

    for length in range(5, 330, 9):
        for mask in (length % 8, (length + 3) % 8):
            made = segno.make_qr(b"x" * length, error="m", boost_error=False, mode="byte", mask=mask)
            matrix = [[bool(cell) for cell in row] for row in made.matrix]
            assert qr.read(matrix) == (made.version, b"x" * length)
    for length in range(5, 75, 7):
        made = segno.make_qr(b"y" * length, error="q", boost_error=False, mode="byte")
        assert qr.read([[bool(cell) for cell in row] for row in made.matrix]) == (made.version, b"y" * length)


@pytest.mark.parametrize("paid", [0, 10_000])
def test_the_printed_code_asks_for_what_is_open(paid: int) -> None:
    made = document(paid=paid)
    amount = f"EUR{(made.gross_minor - paid) / 100:.2f}"
    obey(payload(render(made)), "Brückenhaus", "AT611904300234573201", "", amount, "Invoice 2026-000430")


def test_the_reference_is_the_one_that_is_printed_beside_the_code() -> None:
    made = replace(document(), language="de-AT")
    amount = f"EUR{made.gross_minor / 100:.2f}"
    obey(
        payload(render(made), "mit der Bank-App"),
        "Brückenhaus",
        "AT611904300234573201",
        "",
        amount,
        "Rechnung 2026-000430",
    )
    assert pypdfium2.PdfDocument(render(made))[0].get_textpage().search("Rechnung 2026-000430").get_next() is not None


def test_a_copy_asks_for_what_is_open_by_then_and_for_nothing_when_it_is_paid() -> None:
    made = document()
    lines = payload(render(made, CopyState("2026-04-02", made.gross_minor - 1)))
    obey(lines, "Brückenhaus", "AT611904300234573201", "", "EUR0.01", "Invoice 2026-000430")
    assert codes(render(made, CopyState("2026-04-02", made.gross_minor))) == []
    assert codes(render(made, CopyState("2026-04-02", 0, credited_by="CN-1"))) == []
    assert codes(render(made, preview=True)) == []


def sold_by(**values: str) -> InvoiceDocument:
    frozen = json.loads(snapshot())
    frozen["seller"] |= values
    return InvoiceDocument.from_snapshot(json.dumps(frozen))


@pytest.mark.parametrize("name", [*NAMES[:2], NAMES[4], NAMES[5], "Bäckerei & Söhne <GmbH>", "y" * 70])
def test_every_name_and_a_bic_are_in_it(name: str) -> None:
    made = sold_by(name=name, bic="BKAUATWW")
    amount = f"EUR{made.gross_minor / 100:.2f}"
    obey(payload(render(made)), name, "AT611904300234573201", "BKAUATWW", amount, "Invoice 2026-000430")


def test_a_name_that_is_too_long_is_cut_where_the_code_allows_no_more() -> None:
    lines = payload(render(sold_by(name="z" * 200)))
    assert lines[5] == "z" * 70


def test_no_code_where_a_transfer_of_this_kind_is_not_possible() -> None:
    assert codes(render(sold_by(iban=""))) == []
    assert codes(render(sold_by(iban="AT00 0000"))) == []
    assert codes(render(replace(document(), currency="CHF"))) == []
    assert codes(render(replace(document(), kind="credit_note"))) == []


def test_control_a_module_that_is_wrong_is_seen() -> None:
    ((_page, matrix),) = codes(render(document()))
    version, good = qr.read(matrix)
    row, column = qr._path(len(matrix), version)[100]
    matrix[row][column] ^= True
    assert qr.read(matrix) != (version, good)
