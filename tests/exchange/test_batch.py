"""All documents of a month: the originals, one by one or as one PDF, whole or not there, stopped when it is said."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest

from app import clock, store
from app.desk import crediting, enrollment, invoices, papers, payments
from app.desk.accounts import Actor
from app.desk.enrollment import SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.errors import EnvironmentFault, UserError
from app.exchange import batch
from app.exchange.reading import Stopped
from app.store.models import Invoice, Product
from tests.support.center import SmallCenter, build

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def month(tmp_path: Path) -> Iterator[SmallCenter]:
    """Three invoices in November, one of them credited and one paid; one more in December."""
    made = build(tmp_path / "center", invoice_pattern="R{year}/{number}")
    with store.write("Enough books", made.admin) as w:
        w.update(Product, made.book, stock=50)
    for number, day in enumerate((5, 17, 30), start=1):
        with clock.frozen(datetime(2026, 11, day, 12, tzinfo=UTC)):
            line = sold(made)
            if number == 2:
                draft = PaymentDraft("paid", made.student, "card", 2_400, (line,))
                payments.complete(made.staff, payments.start(made.staff, draft))
            else:
                invoices.bill(made.staff, made.student, [line])
    with clock.frozen(datetime(2026, 11, 30, 13, tzinfo=UTC)):
        crediting.credit(made.staff, Invoice.get(Invoice.number == 1).id, "wrong")
    with clock.frozen(datetime(2026, 12, 1, 12, tzinfo=UTC)):
        invoices.bill(made.staff, made.student, [sold(made)])
    yield made
    store.close_center()


def sold(made: SmallCenter) -> PayLine:
    (line,) = enrollment.sell(made.staff, SaleDraft(made.student, (SaleItem(made.book),)))
    return PayLine(product_enrolled_id=line, amount_minor=2_400)


def test_a_folder_has_the_original_of_each(month: SmallCenter, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    folder = tmp_path / "out" / "2026-11"
    count = batch.write_folder(month.staff, "2026-11", folder, progress=lambda *now: seen.append(now))
    assert count == 4
    assert sorted(path.name for path in folder.iterdir()) == [
        "CN-2026-000001.pdf",
        "R2026_1.pdf",
        "R2026_2.pdf",
        "R2026_3.pdf",
    ]
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    second = Invoice.get(Invoice.number == 2, Invoice.kind == "invoice")
    assert (folder / "R2026_2.pdf").read_bytes() == papers.invoice_pdf(second.id)[1], "the same bytes as ever"
    again = {path.name: path.read_bytes() for path in folder.iterdir()}
    batch.write_folder(month.staff, " 2026-11 ", folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == again
    assert batch.write_folder(month.staff, "2026-11", tmp_path / "with", with_receipts=True) == 5
    assert (tmp_path / "with" / "P-000001.pdf").read_bytes().startswith(b"%PDF")


def words(path: Path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    found = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return found


@pytest.mark.slow
def test_one_pdf_has_them_all_in_the_order_of_their_numbers(month: SmallCenter, tmp_path: Path) -> None:
    path = tmp_path / "november.pdf"
    assert batch.write_one(month.staff, "2026-11", path, with_receipts=True) == 5
    pages = words(path)
    assert len(pages) == 5
    for page, said in zip(pages, ("R2026/1", "R2026/2", "R2026/3", "CN-2026-000001", "P-000001"), strict=True):
        assert said in page
    assert "R2026/4" not in "".join(pages)
    first = Invoice.get(Invoice.number == 1, Invoice.kind == "invoice")
    (tmp_path / "single.pdf").write_bytes(papers.invoice_pdf(first.id)[1])
    assert pages[0] == words(tmp_path / "single.pdf")[0], "it says what the original says"
    subprocess.run(["qpdf", "--check", str(path)], check=True, capture_output=True)
    listing = subprocess.run(["pdffonts", str(path)], capture_output=True, text=True, check=True).stdout
    assert all(" yes yes " in " ".join(row.split()) for row in listing.splitlines()[2:]), listing
    before = path.read_bytes()
    batch.write_one(month.staff, "2026-11", path, with_receipts=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("typed", "key"),
    [("2026-13", "batch.bad_month"), ("11/2026", "batch.bad_month"), ("", "batch.bad_month"), ("٢٠٢٦-11", "batch.bad"),
     ("2026-10", "batch.nothing")],
)  # fmt: skip
def test_a_month_that_is_none_or_empty_is_said(month: SmallCenter, tmp_path: Path, typed: str, key: str) -> None:
    for write in (batch.write_folder, batch.write_one):
        with pytest.raises(UserError, match=key) as refused:
            write(month.staff, typed, tmp_path / "x")
        assert refused.value.field == "month"
    assert not (tmp_path / "x").exists()


def test_a_stop_leaves_whole_files_and_no_half_one(month: SmallCenter, tmp_path: Path) -> None:
    calls: list[int] = []

    def stop() -> bool:
        calls.append(1)
        return len(calls) > 2

    with pytest.raises(Stopped):
        batch.write_folder(month.staff, "2026-11", tmp_path / "out", stop=stop)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["R2026_1.pdf", "R2026_2.pdf"]
    calls.clear()
    (tmp_path / "one.pdf").write_bytes(b"kept")
    with pytest.raises(Stopped):
        batch.write_one(month.staff, "2026-11", tmp_path / "one.pdf", stop=stop)
    assert (tmp_path / "one.pdf").read_bytes() == b"kept"
    assert not list(tmp_path.glob("*.partial"))


def test_what_cannot_be_written_and_who_may_not(month: SmallCenter, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnvironmentFault, match=r"cli\.cannot_write"):
        batch.write_folder(month.staff, "2026-11", tmp_path / "file")
    with pytest.raises(EnvironmentFault, match=r"cli\.cannot_write"):
        batch.write_one(month.staff, "2026-11", tmp_path / "none" / "x.pdf")
    for write in (batch.write_folder, batch.write_one):
        with pytest.raises(UserError, match=r"rights\.missing"):
            write(Actor(month.instructor, "instructor"), "2026-11", tmp_path / "x")


def test_numbers_that_look_the_same_as_names_of_files_do_not_meet() -> None:
    found = [batch.Paper("invoice", n, label) for n, label in enumerate(("R/1", "R:1", "r_1", "..", "R_1-2"))]
    names = list(batch._names(found))
    assert len({name.casefold() for name in names}) == 5
    assert names[:2] == ["R_1.pdf", "R_1-2.pdf"]


@pytest.mark.slow
def test_the_command_line_writes_both_and_refuses_in_one_sentence(month: SmallCenter, tmp_path: Path) -> None:
    store.close_center()

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ui.main", "--data-dir", str(month.folder), "invoices", *args]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    done = run("--month", "2026-11", "--out", str(tmp_path / "folder"), "--json")
    assert (done.returncode, done.stdout.strip()) == (0, '{"documents": 4}'), done.stderr
    assert len(list((tmp_path / "folder").iterdir())) == 4
    done = run("--month", "2026-11", "--out", str(tmp_path / "all.pdf"), "--receipts")
    assert (done.returncode, done.stdout.strip()) == (0, f"{tmp_path / 'all.pdf'}: 5 documents."), done.stderr
    done = run("--month", "soon", "--out", str(tmp_path / "x"))
    assert (done.returncode, done.stderr.strip()) == (1, "“soon” is not a month. Write it like 2026-11.")
    assert run("--month", "2026-11").returncode == 2
