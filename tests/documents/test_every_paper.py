"""Every kind of paper: a sound file with every font in it, that says all it should, the same bytes each time."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image, ImageChops
from reportlab.pdfgen.canvas import Canvas

from app import money
from app.documents import invoice, parts, proforma, receipt, statement
from app.documents import type as setting
from app.documents.invoice import CopyState, InvoiceDocument
from app.documents.receipt import ReceiptLine
from tests.documents import test_proforma, test_receipt, test_statement
from tests.documents.test_invoice import NAMES, ROOT, logo, snapshot
from tests.support import qr

#: A name as long as one may be, of words in all the scripts of the fonts and of one word that has to be broken.
LONG = (" ".join(NAMES) + " <b>Bo</b> & " + "x" * 60 + " Weiterbildungsgesellschaft" * 5)[:200]
TEXTS = {"head_text": "Guten Tag,\nwillkommen.", "foot_text": "Montag bis Freitag, 9 bis 18 Uhr."}


@dataclass(frozen=True)
class Made:
    """A paper, and what it has to say."""

    pdf: bytes
    said: list[str]


def amounts(*minor: int) -> list[str]:
    return [money.format_plain(abs(one), "EUR", "en") for one in minor]


def _invoice(lines: int, name: str, **values: object) -> Made:
    kept = json.loads(snapshot(lines=lines, buyer=name, paid=10_000)) | TEXTS | {"note": "PO-7719"}
    made = replace(InvoiceDocument.from_snapshot(json.dumps(kept)), logo=logo(), **values)  # type: ignore[arg-type]
    said = [name, *NAMES, made.label, "Glockengasse 14 · 1020 Wien", *TEXTS.values(), "PO-7719"]
    for line in made.lines:
        said += [line.title, line.detail, *amounts(line.net_minor)]
    for tax in made.taxes:
        said += amounts(tax.net_minor, tax.tax_minor, tax.gross_minor)
    if made.kind == "invoice":
        said += ["AT61 1904 3002 3457 3201", *amounts(made.gross_minor - 10_000)]
    return Made(invoice.render(made), [*said, *amounts(made.net_minor, made.tax_minor, made.gross_minor)])


def _copy(lines: int, name: str) -> Made:
    made = InvoiceDocument.from_snapshot(snapshot(lines=lines, buyer=name))
    pdf = invoice.render(made, CopyState("2026-04-02", 5_000))
    return Made(pdf, [name, "COPY", "2 April 2026", *amounts(made.gross_minor - 5_000)])


def _receipt(paper: str) -> Callable[[int, str], Made]:
    def make(lines: int, name: str) -> Made:
        found = tuple(
            ReceiptLine(f"Forklift permit {number}", NAMES[number % 6], 10_000 + number, 2000, "S")
            for number in range(lines)
        )
        total = sum(line.amount_minor for line in found)
        made = test_receipt.document(
            lines=found, student=name, amount_minor=total, given_minor=None, logo=logo(), cashier="Marta K.", **TEXTS
        )
        said = [name, made.number, "Glockengasse 14, 1020 Wien", "Till 1 · Marta K.", *TEXTS.values(), *amounts(total)]
        for line in found:
            said += [line.title, line.detail, *amounts(line.amount_minor)]
        for *_rest, split in made.taxes:
            said += amounts(split.net_minor, split.tax_minor, split.gross_minor)
        return Made(receipt.render(made, paper=paper), said)

    return make


def _statement(lines: int, name: str) -> Made:
    made = replace(test_statement.document(lines, name), logo=logo(), **TEXTS)  # type: ignore[arg-type]
    said = [name, made.address, made.tax_id, *TEXTS.values(), *amounts(made.closing_minor)]
    for line in made.lines:
        said += [line.title, line.detail, *amounts(line.amount_minor, line.balance_minor)]
    return Made(statement.render(made), [*said, *(one.title for one in made.open_lines)])


def _proforma(**values: object) -> Callable[[int, str], Made]:
    def make(lines: int, name: str) -> Made:
        made = test_proforma.paper(lines, name=name, note="As you asked.", logo=logo(), **TEXTS, **values)
        said = [name, *NAMES, made.title, made.disclaimer, made.label, made.note, *TEXTS.values()]
        for line in made.lines:
            said += [line.title, line.detail, *amounts(line.net_minor)]
        return Made(proforma.render(made), [*said, *amounts(sum(line.gross_minor for line in made.lines))])

    return make


KINDS: dict[str, Callable[[int, str], Made]] = {
    "invoice": _invoice,
    "credit note": lambda lines, name: _invoice(lines, name, kind="credit_note", refers_to_label="2026-000429"),
    "copy": _copy,
    "receipt on a roll": _receipt("roll"),
    "receipt on A4": _receipt("a4"),
    "statement": _statement,
    "pro forma": _proforma(),
    "quote": _proforma(
        title="Quote", disclaimer="A quote, not an invoice", label="Q-00007", valid_until="2026-12-24"
    ),
}  # fmt: skip


#: Words that are drawn one after the other from the right: a reader gives each as it is written, the last one first.
_ARABIC = re.compile("[\u0600-\u06ff]+(?: [\u0600-\u06ff]+)+")


def flat(words: str) -> str:
    """The letters alone: without blanks, without the marks that a reader puts around what runs from right to left, and
    with the letters that stand for joined ones. Vowel signs of Arabic are not drawn.
    """
    plain = unicodedata.normalize("NFKC", words)
    return "".join(char for char in plain if not (char.isspace() or unicodedata.category(char) == "Cf" or char == "ّ"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("lines", "name"), [(1, NAMES[0]), (2, LONG), (300, NAMES[4])], ids=["1", "2", "300"])
def test_sound_with_every_font_in_it_and_saying_all_that_it_should(
    kind: str, lines: int, name: str, tmp_path: Path
) -> None:
    made = KINDS[kind](lines, name)
    pdf = str(tmp_path / "x.pdf")
    Path(pdf).write_bytes(made.pdf)
    # In the order in which it is drawn, so that a name over several lines stays one.
    words = subprocess.run(["pdftotext", "-raw", pdf, "-"], capture_output=True, text=True, check=True).stdout
    subprocess.run(["qpdf", "--check", pdf], check=True, capture_output=True)
    fonts = subprocess.run(["pdffonts", pdf], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert fonts and all(re.search(r"\byes\s+yes\s+(yes|no)\b", row) for row in fonts), fonts
    found = flat(words)
    for said in made.said:
        assert flat(_ARABIC.sub(lambda words: " ".join(reversed(words[0].split())), said)) in found, said


@pytest.mark.slow
def test_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    code = (
        "import hashlib, json; from tests.documents.test_every_paper import KINDS, LONG;"
        "print(json.dumps({kind: hashlib.sha256(make(3, LONG).pdf).hexdigest() for kind, make in KINDS.items()}))"
    )
    there = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for _time in range(2):
        assert json.loads(there) == {k: hashlib.sha256(make(3, LONG).pdf).hexdigest() for k, make in KINDS.items()}


@pytest.mark.parametrize("paper", ["roll", "a4"])
@pytest.mark.parametrize("lines", [1, 60])
def test_the_check_code_of_a_receipt_is_read_off_the_paper(paper: str, lines: int) -> None:
    found = tuple(ReceiptLine(f"Lesson {number}", "", 5_000, 2000, "S") for number in range(lines))
    made = test_receipt.document(lines=found, amount_minor=5_000 * lines, logo=logo())
    pdf = receipt.render(made, paper=paper)
    document = pypdfium2.PdfDocument(pdf)
    last = len(document) - 1
    words = document[last].get_textpage()
    at = words.search("Check code of this receipt").get_next()
    assert at is not None
    left, _bottom, _right, top = words.get_charbox(at[0])
    right = words.get_charbox(at[0] + at[1] - 1)[2]
    document.close()
    middle, wide = (left + right) / 2, right - left
    code = qr.on_page(pdf, last, (middle - 0.42 * wide, top + 1, middle + 0.42 * wide, top + 0.85 * wide))
    assert qr.read(code)[1].decode() == made.check_code


def test_a_picture_on_a_roll_is_black_dots_on_paper() -> None:
    """Dark is solid, light is dotted, what is transparent is paper; no more dots than the printer has."""
    dots = parts.black(logo(), 110, 44)
    assert set(dots.tobytes()) <= {0, 255}
    assert dots.width <= 110 / 72 * 203 + 1 and dots.height <= 44 / 72 * 203 + 1

    def ink(left: float, top: float, right: float, bottom: float) -> float:
        """The share of black in a part of the picture, whose sides are given in hundredths."""
        wide, high = dots.size
        box = (round(wide * left), round(high * top), round(wide * right), round(high * bottom))
        found = dots.crop(box).tobytes()
        return found.count(0) / len(found)

    assert ink(0.38, 0.22, 0.95, 0.36) == 1, "dark blue"
    assert ink(0.46, 0.44, 0.87, 0.56) == 0, "white letters on it"
    assert 0.3 < ink(0.1, 0.3, 0.24, 0.7) < 0.7, "brass"
    assert ink(0, 0, 0.02, 0.1) == 0, "transparent"
    made = test_receipt.document(logo=logo())
    assert receipt.render(made, paper="roll").count(b"/Subtype /Image") == 1, "no mask: the roll is white"
    assert receipt.render(made, paper="a4").count(b"/Subtype /Image") == 2
    broken = test_receipt.document(logo=logo()[:60])
    for paper in ("roll", "a4"):
        assert b"/Subtype /Image" not in receipt.render(broken, paper=paper), "the receipt is worth more"


# -- shaped text beside a kept picture ---------------------------------------------------------------------------

#: What tells whether letters are joined and conjuncts made: Arabic with a ligature, Devanagari with a reph, a sign that
#: stands before its letter, and half letters.
SHAPED = ("ليلى حدّاد", "السلام عليكم", "अनिका शर्मा", "प्रशिक्षण केन्द्र", "क्षत्रिय विद्यार्थी", "Łukasz ليلى शर्मा 12")
KEPT = Path(__file__).parent.parent / "data" / "shaped.png"


def lines_drawn(folder: Path) -> Any:
    """The lines as the printer sees them: a picture in shades of grey."""
    canvas = Canvas(str(folder / "s.pdf"), pagesize=(340, 26 * len(SHAPED)), invariant=1)
    setting.fonts()
    for number, said in enumerate(SHAPED):
        for x, font in ((8, setting.REGULAR), (174, setting.BOLD)):
            setting.draw(canvas, x, 26 * (len(SHAPED) - number) - 19, said, font, 15)
    canvas.save()
    subprocess.run(["pdftoppm", "-png", "-gray", "-r", "100", "-singlefile", "s.pdf", "s"], cwd=folder, check=True)
    with Image.open(folder / "s.png") as found:
        return found.convert("L")


def apart(one: Any, other: Any) -> list[float]:
    """How far each line of one picture is from the other's: the difference by the ink of the line."""
    assert one.size == other.size
    high, found = one.height / len(SHAPED), []
    for number in range(len(SHAPED)):
        box = (0, round(high * number), one.width, round(high * (number + 1)))
        a, b = one.crop(box), other.crop(box)
        ink = sum(255 - shade for shade in b.tobytes())
        found.append(sum(ImageChops.difference(a, b).tobytes()) / ink)
    return found


#: Another version of the rasterizer draws edges another way; letters that are not joined are much further apart.
TOLERATED = 0.1


@pytest.mark.slow
def test_shaped_lines_are_those_of_the_kept_picture(tmp_path: Path) -> None:
    with Image.open(KEPT) as kept:
        found = apart(lines_drawn(tmp_path), kept.convert("L"))
    assert max(found) < TOLERATED, found


@pytest.mark.slow
@pytest.mark.parametrize(("part", "lines"), [("shapeStr", (2, 3, 4, 5)), ("arabic_reshaper", (0, 1, 5))])
def test_control_lines_that_are_not_shaped_are_seen(
    part: str, lines: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if part == "shapeStr":
        monkeypatch.setattr(setting, part, lambda text, font, size: text)
    else:
        monkeypatch.setattr(setting.arabic_reshaper, "reshape", lambda text: text)
    for known in (setting.runs, setting.width):
        known.cache_clear()
    try:
        with Image.open(KEPT) as kept:
            found = apart(lines_drawn(tmp_path), kept.convert("L"))
    finally:
        setting.runs.cache_clear()
        setting.width.cache_clear()
    assert [number for number, far in enumerate(found) if far > 2 * TOLERATED] == list(lines), found


def test_every_paper_draws_its_words_by_the_one_that_shapes_them() -> None:
    """The picture above speaks for every kind: nothing else of a document puts words on a page."""
    folder = ROOT / "app" / "documents"
    calls = {path.name: path.read_text("utf-8").count("String(") for path in folder.glob("*.py")}
    assert {name: count for name, count in calls.items() if count} == {"type.py": 1, "recovery.py": 1}
