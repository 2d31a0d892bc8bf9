"""The receipt: what a payment was for, its tax, given and change, on a roll and on A4."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import store
from app.desk import enrollment, papers, payments, refunds
from app.documents.receipt import ReceiptDocument, ReceiptLine, render
from app.errors import UserError
from tests.documents.test_invoice import NAMES, text_of
from tests.support.center import build

LINES = (
    ReceiptLine("Driving lessons, 5 × 50 min", "part of invoice 2026-000398", 8_000, 2000, "S"),
    ReceiptLine("First aid for B license", "invoice 2026-000412", 7_200, 2000, "S"),
    ReceiptLine("Highway Code handbook 2026", "1 × 24.00 · invoice 2026-000431", 2_400, 1000, "S"),
)


def document(**values: object) -> ReceiptDocument:
    facts: dict[str, object] = {
        "number": "P-001187", "at": "17 March 2026, 09:43", "till": "Till 1", "student": NAMES[2], "currency": "EUR",
        "language": "en", "seller_name": "Brückenhaus Training Center", "seller_address": "Glockengasse 14\n1020 Wien",
        "seller_tax_id": "ATU 7312 5508", "method": "cash", "amount_minor": 17_600, "given_minor": 20_000,
        "credit_minor": 0, "lines": LINES, "next_slot": "Wed 18 March, 10:00",
    }  # fmt: skip
    return ReceiptDocument(**{**facts, **values})  # type: ignore[arg-type]


def size_of(pdf: bytes) -> tuple[float, float]:
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert box is not None
    return float(box[1]), float(box[2])


@pytest.mark.slow
@pytest.mark.parametrize("paper", ["roll", "a4"])
def test_the_paper_says_what_was_paid(tmp_path: Path, paper: str) -> None:
    pdf = render(document(), paper=paper)
    flat = " ".join(text_of(pdf, tmp_path).split())
    for expected in (
        "Receipt", "P-001187", "17 March 2026, 09:43", "80.00 A", "72.00 A", "24.00 B", "Total €176.00",
        "Cash given 200.00", "Change 24.00", "A 20 % 126.67 25.33 152.00", "B 10 % 21.82 2.18 24.00", "PAID",
        "Next: Wed 18 March, 10:00",
    ):  # fmt: skip
        assert expected in flat
    assert "COPY" not in flat
    assert pdf.count(b"/Type /Page\n") == 1
    assert size_of(pdf)[0] == pytest.approx(226.77 if paper == "roll" else 595.28, abs=0.1)
    (tmp_path / "x.pdf").write_bytes(pdf)
    subprocess.run(["qpdf", "--check", str(tmp_path / "x.pdf")], check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.parametrize(("refunds", "said"), [("", "Paid by"), ("P-000001", "Given back by")])
def test_a_refund_is_given_back_by_its_means(tmp_path: Path, refunds: str, said: str) -> None:
    words = text_of(render(document(refunds=refunds, given_minor=None)), tmp_path)
    assert [one in words for one in ("Paid by", "Given back by")] == [
        one == said for one in ("Paid by", "Given back by")
    ]


@pytest.mark.slow
def test_a_later_print_says_copy_and_when(tmp_path: Path) -> None:
    flat = " ".join(text_of(render(document(), copy_on="2 April 2026"), tmp_path).split())
    assert "COPY · 2 April 2026" in flat


def test_the_same_bytes_twice_and_a_code_that_knows_every_figure() -> None:
    assert render(document()) == render(document())
    assert document().check_code != document(given_minor=20_100).check_code
    assert document().check_code.startswith("DESKBELL P-001187 176.00 EUR ")


def test_the_code_is_read_back_from_the_paper() -> None:
    import pypdfium2
    import segno

    page = pypdfium2.PdfDocument(render(document()))[0]
    bitmap = page.render(scale=4, grayscale=True)
    picture, width = bytes(bitmap.buffer), bitmap.stride
    matrix = [list(row) for row in segno.make(document().check_code, error="m").matrix]
    side = 70 * 4 / len(matrix)
    left = (226.77 - 70) / 2 * 4
    tops = range(bitmap.height // 2, bitmap.height - (70 * 4))

    def reads_at(top: int) -> bool:
        return all(
            (picture[int(top + (row + 0.5) * side) * width + int(left + (column + 0.5) * side)] < 128) == bool(cell)
            for row, cells in enumerate(matrix)
            for column, cell in enumerate(cells)
        )

    assert any(reads_at(top) for top in tops)


@given(
    st.lists(
        st.tuples(st.text(max_size=200), st.integers(1, 10**9), st.sampled_from([0, 500, 1000, 2000])), max_size=40
    )
)
@settings(max_examples=30, deadline=None)
def test_any_lines_fit_on_one_strip(lines: list[tuple[str, int, int]]) -> None:
    made = tuple(ReceiptLine(title, "", amount, rate, "S") for title, amount, rate in lines)
    paid = sum(line.amount_minor for line in made) or 100
    whole = document(lines=made, amount_minor=paid, given_minor=None)
    pdf = render(whole)
    assert pdf.count(b"/Type /Page\n") == 1
    assert sum(split.gross_minor for *_rest, split in whole.taxes) == sum(line.amount_minor for line in made)
    assert all(split.net_minor + split.tax_minor == split.gross_minor for *_rest, split in whole.taxes)
    assert io.BytesIO(pdf).read(5) == b"%PDF-"


def test_a_receipt_of_a_real_payment(tmp_path: Path) -> None:
    center = build(tmp_path / "center")
    enrolled = enrollment.enroll(
        center.staff, enrollment.EnrollmentDraft(student_id=center.student, course_id=center.course)
    )
    gross = payments.owed(center.student)[0].open_minor
    line = payments.PayLine(enrollment_id=enrolled, amount_minor=gross - 1_000)
    draft = payments.PaymentDraft(
        "r1", center.student, "cash", gross, (line,), given_minor=gross + 5_000, note="for the handbook"
    )
    payment = payments.start(center.staff, draft)
    with pytest.raises(UserError, match=r"papers\.no_receipt"):
        papers.receipt(payment)
    done = payments.complete(center.staff, payment)
    made = papers.receipt(payment)
    assert (made.number, made.amount_minor, made.given_minor) == (done.number, gross, gross + 5_000)
    assert [one.amount_minor for one in made.lines] == [gross - 1_000]
    assert made.lines[0].detail.startswith("part of invoice ")
    assert made.credit_minor == 1_000
    # What is done with the credit later is not on the paper that was handed over.
    refunds.apply_credit(
        center.staff, center.student, (payments.PayLine(enrollment_id=enrolled, amount_minor=1_000),), "use"
    )
    assert papers.receipt(payment) == made
    refund = refunds.refund(center.staff, payment, 500, "too much", "r2")
    back = papers.receipt(refund)
    assert (back.refunds, back.amount_minor, back.lines) == (done.number, 500, ())
    name, content = papers.receipt_pdf(payment, paper="a4", copy=True)
    assert name == f"{done.number}-copy.pdf"
    assert content.startswith(b"%PDF-")
    with pytest.raises(UserError, match=r"store\.gone"):
        papers.receipt(99_999)
    store.close_center()
