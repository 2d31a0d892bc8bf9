"""Pro forma: an invoice's lines and sums, and on every page that it is none; no number is taken, nothing is kept."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import store
from app.desk import enrollment, invoices, papers
from app.desk.enrollment import SaleDraft, SaleItem
from app.desk.payments import PayLine
from app.documents.invoice import InvoiceDocument
from app.documents.proforma import ProformaDocument, render
from app.errors import UserError
from app.store import checks
from app.store.models import Invoice, Operation, Series
from tests.documents.test_invoice import NAMES, snapshot, text_of
from tests.support.center import SmallCenter, build
from tests.support.odd_text import ODD


def paper(lines: int = 3, **values: object) -> ProformaDocument:
    known = InvoiceDocument.from_snapshot(snapshot(lines=lines))
    said: dict[str, object] = {
        "title": "Pro forma", "disclaimer": "Pro forma, not an invoice", "label": "", "name": NAMES[0],
        "address": "\n".join(NAMES), "tax_id": "ATU1", "currency": "EUR", "language": "en", "seller": known.seller,
        "issued_on": "2026-11-26", "valid_until": "", "lines": known.lines,
    }  # fmt: skip
    return ProformaDocument(**(said | values))  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 300])
def test_every_page_says_that_it_is_no_invoice(tmp_path: Path, count: int) -> None:
    made = paper(count)
    pdf = render(made)
    words = text_of(pdf, tmp_path)
    pages = words.count("Page ")
    assert words.count("Pro forma, not an invoice") == pages
    assert (pages > 5) == (count == 300)
    for absent in ("Pay by", "Still to pay", "scanning", "Number", "Invoice"):
        assert absent not in words
    flat = " ".join(words.split())
    for line in made.lines:
        assert line.title in flat
    assert f"€{sum(line.gross_minor for line in made.lines) / 100:,.2f}" in flat
    assert render(made) == pdf
    subprocess.run(["qpdf", "--check", str(tmp_path / "x.pdf")], check=True, capture_output=True)
    fonts = subprocess.run(["pdffonts", str(tmp_path / "x.pdf")], capture_output=True, text=True, check=True).stdout
    assert all(re.search(r"\byes\s+yes\s+(yes|no)\b", row) for row in fonts.splitlines()[2:]), fonts


@pytest.mark.slow
def test_a_quote_is_printed_with_its_number_and_its_day(tmp_path: Path) -> None:
    made = paper(title="Quote", disclaimer="A quote, not an invoice", label="Q-000007", valid_until="2026-12-24")
    flat = " ".join(text_of(render(made), tmp_path).split())
    for said in ("Quote", "A quote, not an invoice", "Q-000007", "Valid until", "24 December 2026"):
        assert said in flat


@pytest.mark.slow
def test_a_long_name_is_text(tmp_path: Path) -> None:
    flat = "".join(text_of(render(paper(name="<b>Bo</b> & " + "x" * 190)), tmp_path).split())
    assert "<b>Bo</b>&" in flat


def test_odd_text_is_drawn() -> None:
    for said in ODD:
        assert render(paper(1, name=said, address=said, note=said)).startswith(b"%PDF")


@pytest.fixture
def center(tmp_path: Path) -> Iterator[SmallCenter]:
    yield build(tmp_path / "center")
    store.close_center()


def test_nothing_is_kept_and_no_number_is_taken(center: SmallCenter) -> None:
    sold = [
        enrollment.sell(center.staff, SaleDraft(one, (SaleItem(center.book),)))[0]
        for one in (center.student, center.other_student)
    ]
    lines = [PayLine(product_enrolled_id=one) for one in sold]
    before = Operation.select().count()
    name, content = papers.proforma_pdf(center.student, lines, None, "as you asked")
    assert name.startswith("pro-forma-")
    assert content.startswith(b"%PDF")
    made = papers.proforma(center.student, lines, None, "as you asked")
    assert (made.label, made.note, len(made.lines)) == ("", "as you asked", 2)
    assert "Łukasz" in made.lines[1].detail
    assert (Operation.select().count(), Invoice.select().count()) == (before, 0)
    assert not Series.select().where(Series.gapless == 1).exists()
    invoices.bill(center.staff, center.student, lines)
    with pytest.raises(UserError, match=r"already_invoiced"):
        papers.proforma(center.student, lines, None)
    assert checks.run() == []
