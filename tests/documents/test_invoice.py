"""Paper: what is printed is what was frozen, in every script, the same bytes for ever."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab import rl_config
from reportlab.pdfbase.ttfonts import shapeStr

from app import money
from app.documents import type as setting
from app.documents.invoice import CopyState, Discount, InvoiceDocument, Less, Painter, render
from app.documents.words import LANGUAGES
from app.money import divide_half_up, split_net
from app.settings import Center

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = ("Łukasz Wiśniewski", "Öykü Yıldız", "ليلى حدّاد", "अनिका शर्मा", "Олена Коваленко", "Nguyễn Thị Mai")
REASON = "Free of VAT under § 6 (1) no. 11 UStG 1994 (education)."


def snapshot(lines: int = 3, buyer: str = "Alpen Logistik GmbH", title: str = "Forklift permit", paid: int = 0) -> str:
    made = []
    for number in range(1, lines + 1):
        exempt = number % 3 == 0
        split = split_net(32_000 + number, 0 if exempt else 2000)
        made.append(
            {
                "position": number, "title": f"{title} {number}", "detail": NAMES[number % len(NAMES)], "quantity": 1,
                "unit_net_minor": split.net_minor, "rate_bp": 0 if exempt else 2000,
                "tax_category": "E" if exempt else "S", "exemption_reason": REASON if exempt else "",
                "net_minor": split.net_minor, "tax_minor": split.tax_minor, "gross_minor": split.gross_minor,
            }
        )  # fmt: skip
    sums = {name: sum(line[name] for line in made) for name in ("net_minor", "tax_minor", "gross_minor")}
    head = {
        "kind": "invoice", "label": "2026-000430", "issued_on": "2026-03-17", "due_on": "2026-03-31",
        "service_from": "2026-03-24", "service_to": "2026-05-29", "currency": "EUR", "language": "en", **sums,
    }  # fmt: skip
    seller = asdict(Center(name="Brückenhaus", address="Glockengasse 14\n1020 Wien", iban="AT61 1904 3002 3457 3201"))
    parts = [{"on": "2026-03-16", "method": "transfer", "amount_minor": paid}] if paid else []
    return json.dumps(
        {
            "head": head,
            "lines": made,
            "seller": seller,
            "buyer": {"name": buyer, "address": "\n".join(NAMES)},
            "paid": parts,
        }
    )


def document(**values: object) -> InvoiceDocument:
    return InvoiceDocument.from_snapshot(snapshot(**values))  # type: ignore[arg-type]


def text_of(pdf: bytes, folder: Path) -> str:
    (folder / "x.pdf").write_bytes(pdf)
    return subprocess.run(
        ["pdftotext", "-layout", str(folder / "x.pdf"), "-"], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.slow
def test_what_is_printed_is_what_was_frozen(tmp_path: Path) -> None:
    made = document(paid=10_000)
    words = text_of(render(made), tmp_path)
    flat = " ".join(words.split())
    for expected in ("Invoice", "2026-000430", "17 March 2026", "31 March 2026", "Alpen Logistik GmbH", "PART PAID"):
        assert expected in flat
    for line in made.lines:
        assert line.title in flat
        assert f"{line.net_minor / 100:,.2f}" in flat
    assert f"€{made.gross_minor / 100:,.2f}" in flat
    assert f"€{(made.gross_minor - 10_000) / 100:,.2f}" in flat
    for name in (NAMES[0], NAMES[1], NAMES[4]):
        assert name in flat
    assert "Page 1 of 1" in flat
    # Shaped text comes back in the order of its glyphs: every letter is there.
    assert {"अ", "न", "श"} <= set(flat)
    assert re.search("[\u0600-\u06ff\ufb50-\ufefc]", flat)


@pytest.mark.slow
def test_every_font_is_embedded_and_the_file_is_sound(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_bytes(render(document()))
    listing = subprocess.run(["pdffonts", str(tmp_path / "x.pdf")], capture_output=True, text=True, check=True).stdout
    rows = listing.splitlines()[2:]
    assert len(rows) >= 4
    assert all(re.search(r"\byes\s+yes\s+(yes|no)\b", row) for row in rows), listing
    subprocess.run(["qpdf", "--check", str(tmp_path / "x.pdf")], check=True, capture_output=True)


@pytest.mark.slow
def test_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(snapshot(paid=5_000))
    code = (
        "import sys, hashlib; from app.documents.invoice import *;"
        "print(hashlib.sha256(render(InvoiceDocument.from_snapshot(open(sys.argv[1]).read()))).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "s.json")], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(found) == 1
    assert render(document(paid=5_000)) == render(document(paid=5_000))


def drawn(pdf: bytes) -> str:
    """A digest of all that is drawn on the pages of an uncompressed PDF, the dots of pictures included."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    kept = [one for one in streams if b" Tf" in one]
    return hashlib.sha256(b"".join(kept + re.findall(rb"/Subtype /Image.*?endstream", pdf, re.DOTALL))).hexdigest()


def test_layout_1_draws_what_it_drew_from_its_first_release_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """An invoice of years ago comes out the same: these digests are never changed; a new look is a new layout."""
    monkeypatch.setattr(rl_config, "pageCompression", 0)
    first = InvoiceDocument.from_snapshot(snapshot(paid=10_000), 1)
    assert drawn(render(first)) == "c906619f4702dff703280fb65e2482be7579ad071370e2bcade3ca47daf61b4d"
    later = render(InvoiceDocument.from_snapshot(snapshot(lines=40), 1), CopyState("2026-04-01", 5_000))
    assert drawn(later) == "0178da1274ad63537763a617ba3d2c530bf6a7a92e8a9e9b5d23a57b505349f2"


def logo() -> bytes:
    """A picture of a center, with colors, letters on dark and what is transparent."""
    from PIL import Image, ImageDraw

    made = Image.new("RGBA", (300, 100), (0, 0, 0, 0))
    pen = ImageDraw.Draw(made)
    pen.ellipse((5, 5, 95, 95), fill=(237, 178, 60, 255))
    pen.rectangle((110, 20, 290, 80), fill=(20, 60, 120, 255))
    pen.rectangle((130, 40, 270, 60), fill=(255, 255, 255, 255))
    out = io.BytesIO()
    made.save(out, "PNG")
    return out.getvalue()


def lettered(layout: int = 2, lines: int = 3, **values: object) -> InvoiceDocument:
    """A document with all that a layout knows: picture, texts, an own text, a long name, a day, a code to pay by."""
    frozen = json.loads(snapshot(lines=lines, buyer=" ".join([*NAMES, "Weiterbildung"] * 3)[:200], paid=10_000))
    texts = {
        "head_text": "Guten Tag,\nwillkommen.",
        "foot_text": "Montag bis Freitag, 9 bis 18 Uhr.",
        "note": "PO-7719",
    }
    made = InvoiceDocument.from_snapshot(json.dumps(frozen | texts), layout)
    return replace(made, **({"logo": logo()} | values))  # type: ignore[arg-type]


def drawn_as(layout: int) -> dict[str, str]:
    """What a layout draws of all that a document can be."""
    made = lettered(layout)
    found = {
        "invoice": render(made),
        "long": render(lettered(layout, lines=40)),
        "copy": render(made, CopyState("2026-04-01", 5_000)),
        "credited": render(made, CopyState("2026-04-01", 5_000, "CN-2026-000001")),
        "credit note": render(lettered(layout, kind="credit_note", refers_to_label="2026-000429")),
        "arabic": render(lettered(layout, language="ar", logo=b"")),
    }
    if layout >= 3:
        found |= {one: render(replace(made, language=one), CopyState("2026-04-01", 1)) for one in LANGUAGES}
    return {name: drawn(pdf)[:16] for name, pdf in found.items()}


@pytest.mark.parametrize("layout", [2, 3])
def test_later_layouts_draw_what_they_drew_from_their_first_release_on(
    layout: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Like layout 1: picture, texts, day, code and a long name stand where they stood, in the same words."""
    monkeypatch.setattr(rl_config, "pageCompression", 0)
    assert drawn_as(layout) == DRAWN[layout]


#: What a layout drew when it was new. Never changed: a new look, or another word, is a new layout.
DRAWN = {
    2: {
        "invoice": "c4309c40b383b5bc",
        "long": "54b000b9d1fe0aa6",
        "copy": "5f1e25eb3bde7def",
        "credited": "c3c3eb6d6f74472d",
        "credit note": "7ff44513bb290daf",
        "arabic": "62dd7a18fb38bf9e",
    },
    3: {
        "invoice": "4f13539a0ccbb0a2",
        "long": "ec66a5de826143c9",
        "copy": "b01ecc7ef4e8ce8a",
        "credited": "dfc3426ce939f756",
        "credit note": "14c7ba72f8223896",
        "arabic": "27d7b01d49d5b93b",
        "de": "a05ac8a62756bd68",
        "es": "a56b2898143ff573",
        "fr": "acb6f6502555a77b",
        "it": "0e61c314d5dad422",
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("lines", [1, 2, 120])
def test_long_invoices_repeat_the_head_and_carry_the_sum(tmp_path: Path, lines: int) -> None:
    words = text_of(render(document(lines=lines)), tmp_path)
    pages = words.count("Page ")
    assert f"Page {pages} of {pages}" in words
    carried = re.findall(r"Carried over +([\d,.]+)", words)
    assert carried[::2] == carried[1::2] and len(carried) >= 2 * (pages - 2), "each page says what the one before did"
    assert (pages > 3) == (lines == 120)
    last = words.split("\f")[pages - 1]
    assert "Total" in last
    assert "Tax" in last


def lines_of(pages: int, made: InvoiceDocument) -> Painter:
    """A painter that has drawn a document on so many pages."""
    painter = Painter(made, None)
    painter.paint()
    assert painter.page == pages
    return painter


def test_six_lines_with_their_sums_and_the_code_are_one_page() -> None:
    made = document(lines=6)
    assert len(made.taxes) == 2 and all(line.detail for line in made.lines)
    lines_of(1, replace(made, buyer=made.buyer | {"tax_id": "ATU12345678"}))
    lines_of(2, replace(made, layout=2))
    lines_of(
        1, replace(made, paid=({"on": "2026-03-16", "method": "transfer", "amount_minor": 1},), lines=made.lines[:5])
    )


@pytest.mark.parametrize("kind", ["invoice", "credit_note"])
@pytest.mark.parametrize("paid", [0, 10_000, 10**9])
@pytest.mark.parametrize("copy", [None, CopyState("2026-04-01", 0), CopyState("2026-04-01", 5_000, "CN-1")])
@pytest.mark.parametrize("lines", [1, 3])
def test_the_sums_ask_for_the_height_that_they_draw(kind: str, paid: int, copy: CopyState | None, lines: int) -> None:
    made = replace(document(lines=lines, paid=paid), kind=kind)
    for part in range(3 if paid else 1):
        painter = Painter(replace(made, paid=made.paid * (part + 1)), copy)
        before = painter.y = 700.0
        state = painter._state()
        code = painter._payment_code(state[1]) is not None
        asked = painter._sums_height(
            list(dict.fromkeys(filter(None, (o.exemption_reason for o in made.lines)))), state[0]
        )
        painter._sums()
        # Below them four points to the code, or the text; the code has its own 112 and as many below.
        assert before - painter.y == pytest.approx(asked + 4 + (122 if code else 0))


LESS = Less(1_375, "Framework agreement <b>2026</b>", 525)


@pytest.mark.parametrize(
    ("language", "quantity", "discount", "said"),
    [
        ("en", 1, Discount(27_500, "net", (LESS,)),
         "List price €275.00, less €13.75 (Framework agreement <b>2026</b>, 5.25 %)"),
        ("de-AT", 1, Discount(27_500, "gross", (LESS, Less(1_000))),
         "Listenpreis € 275,00 mit USt, abzüglich € 13,75 (Framework agreement <b>2026</b>, 5,25 %), abzüglich € 10,00"
         " (wie vereinbart)"),
        ("en", 3, Discount(6_000, "net", (Less(600, "Summer", code="SUMMER26"),)),
         "List price 3 × €20.00, less €6.00 (Summer, coupon SUMMER26)"),
        ("it", 1, Discount(90_000, "net", (Less(9_000),), of_whole=True),
         "Corso intero · Prezzo di listino 900,00 €, meno 90,00 € (come concordato)"),
    ],
)  # fmt: skip
def test_a_line_says_its_list_price_and_why_it_costs_less(
    language: str, quantity: int, discount: Discount, said: str, tmp_path: Path
) -> None:
    frozen = json.loads(snapshot())
    frozen["lines"][0] |= {"quantity": quantity, "discount": asdict(discount)}
    made = InvoiceDocument.from_snapshot(json.dumps(frozen))
    assert made.lines[0].discount == discount and made.lines[1].discount is None
    words = " ".join(text_of(render(replace(made, language=language)), tmp_path).replace("\xa0", " ").split())
    assert said in words
    for layout in (1, 2):
        assert InvoiceDocument.from_snapshot(json.dumps(frozen), layout).lines[0].discount is None


def test_what_a_line_costs_less_is_in_no_sum(tmp_path: Path) -> None:
    """120 lines with and without it carry over, tax and total the same amounts."""
    frozen = json.loads(snapshot(lines=120))
    for line in frozen["lines"]:
        line["discount"] = asdict(Discount(99_999_00, "net", (LESS,)))
    made = InvoiceDocument.from_snapshot(json.dumps(frozen))
    words = text_of(render(made), tmp_path)
    net = [line.net_minor for line in made.lines]
    sums = {f"{sum(net[:n]) / 100:,.2f}" for n in range(1, 121)}
    carried = re.findall(r"Carried over +([\d,.]+)", words)
    assert len(carried) > 4 and set(carried) <= sums and carried[::2] == carried[1::2]
    plain = text_of(render(document(lines=120)), tmp_path)
    assert (
        words[words.rindex("Tax") :].split("Page")[0].split() == plain[plain.rindex("Tax") :].split("Page")[0].split()
    )


@pytest.mark.slow
def test_a_long_name_and_markup_are_text(tmp_path: Path) -> None:
    words = text_of(render(document(buyer="<b>Bo</b> & " + "x" * 190, title="<font color=red>")), tmp_path)
    flat = "".join(words.split())
    assert "<b>Bo</b>&" in flat
    assert "<fontcolor=red>1" in flat


@pytest.mark.slow
def test_a_copy_says_so_and_what_is_paid_by_now(tmp_path: Path) -> None:
    made = document(paid=10_000)
    copy = text_of(render(made, CopyState("2026-04-02", made.gross_minor)), tmp_path)
    assert "COPY" in copy
    assert "2 April 2026" in copy
    assert "PAID" in copy
    assert "PART PAID" not in copy
    assert "Still to pay" in copy
    original = text_of(render(made), tmp_path)
    assert "COPY" not in original


def test_devanagari_is_shaped_and_arabic_is_joined() -> None:
    setting.fonts()
    (run,) = setting.runs("शर्मा", setting.REGULAR)
    assert run.shaped
    shaped = shapeStr(run.text, run.font, 10)
    assert len(shaped) < len(run.text) or [ord(c) for c in shaped] != [ord(c) for c in run.text]
    (arabic,) = setting.runs("ليلى", setting.REGULAR)
    assert not arabic.shaped
    assert all("\ufb50" <= char <= "\ufefc" for char in arabic.text)


def test_every_letter_of_a_name_has_a_glyph() -> None:
    known = setting.fonts()
    for name in (*NAMES, "נועה כהן", "Ελένη Παππά"):
        for run in setting.runs(name, setting.SEMIBOLD):
            missing = [char for char in run.text if ord(char) not in known[run.font] and not char.isspace()]
            assert missing == [], (name, run)


@settings(max_examples=60)
@given(words=st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60), most=st.floats(30, 300))
def test_lines_fit(words: str, most: float) -> None:
    assert setting.width(setting.shorten(words, setting.REGULAR, 9, most), setting.REGULAR, 9) <= max(
        most, setting.width("…", setting.REGULAR, 9)
    )


def test_the_code_carries_what_is_open_and_goes_when_nothing_is() -> None:

    made = document(paid=10_000)
    painter = Painter(made, None)
    code = painter._payment_code(made.gross_minor - 10_000)
    import segno.helpers

    again = segno.helpers.make_epc_qr(
        name="Brückenhaus", iban="AT611904300234573201", amount=(made.gross_minor - 10_000) / 100,
        text="Invoice 2026-000430",
    )  # fmt: skip
    assert code is not None
    assert code.matrix == again.matrix
    assert painter._payment_code(0) is None


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-03-24", "2026-05-29", "24 March – 29 May 2026"),
        ("2026-11-19", "2026-11-24", "19 – 24 November 2026"),
        ("2026-11-19", "2026-11-19", "19 November 2026"),
        ("2026-09-19", "2027-11-24", "19 Sep 2026 – 24 Nov 2027"),
    ],
)
def test_the_days_of_service_have_room_beside_their_label(first: str, last: str, expected: str) -> None:
    import pypdfium2

    frozen = json.loads(snapshot())
    frozen["head"] |= {"service_from": first, "service_to": last}
    page = pypdfium2.PdfDocument(render(InvoiceDocument.from_snapshot(json.dumps(frozen))))[0]
    words = page.get_textpage()
    label = words.search("Service").get_next()
    value = words.search(expected, match_case=True).get_next()
    assert label is not None
    assert value is not None, words.get_text_range()
    end = words.get_charbox(label[0] + label[1] - 1)[2]
    assert words.get_charbox(value[0])[0] > end + 6


@pytest.mark.parametrize(
    ("quantity", "net", "currency", "said"),
    [
        (3, 6_218, "EUR", "20.7267"), (3, 6_219, "EUR", "20.73"), (1, 6_218, "EUR", "62.18"),
        (7, 100, "JPY", "14.29"), (150, 100_001, "EUR", "6.666733"), (3, -6_218, "EUR", "−20.7267"),
    ],
)  # fmt: skip
def test_the_price_of_one_multiplies_up_to_the_line(quantity: int, net: int, currency: str, said: str) -> None:
    """62.18 for 3 is 20.7267 each, for 3 x 20.73 were 62.19."""
    unit = divide_half_up(net, quantity)
    line = replace(document().lines[0], quantity=quantity, net_minor=net, unit_net_minor=unit)
    for layout, expected in ((3, said), (2, money.format_plain(unit, currency).replace("-", "−"))):
        painter = Painter(replace(document(), currency=currency, lines=(line,), layout=layout), None)
        assert painter._unit(line) == expected
    shown = Decimal(said.replace("−", "-").replace(",", "")) * quantity
    assert divide_half_up(int(shown * 10**8), 10 ** (8 - money.precision(currency))) == net


def with_note(note: str, lines: int = 3) -> InvoiceDocument:
    return InvoiceDocument.from_snapshot(json.dumps(json.loads(snapshot(lines=lines)) | {"note": note}))


@pytest.mark.slow
def test_a_text_of_its_own_stands_below_the_sums_and_goes_on_over_the_page(tmp_path: Path) -> None:
    words = " ".join(text_of(render(with_note("Your order <b>PO-7719</b> & more")), tmp_path).split())
    assert "Your order <b>PO-7719</b> & more" in words
    assert words.index("Still to pay") < words.index("Your order")
    long = " ".join(f"word{number}" for number in range(400))
    words = text_of(render(with_note(long, lines=9)), tmp_path)
    assert all(f"word{number}" in words for number in range(400))
    assert words.count("Page 3 of 3") == 1


def test_layout_1_knows_no_text_of_its_own() -> None:
    frozen = json.dumps(json.loads(snapshot()) | {"note": "later"})
    old = InvoiceDocument.from_snapshot(frozen, 1)
    assert old.note == ""
    assert render(old) == render(InvoiceDocument.from_snapshot(snapshot(), 1))
    assert render(InvoiceDocument.from_snapshot(frozen)) != render(old)


@pytest.mark.slow
def test_a_preview_says_so_on_every_page_and_cannot_be_paid(tmp_path: Path) -> None:
    words = text_of(render(document(lines=40), preview=True), tmp_path)
    pages = words.count("Page ")
    assert pages > 1
    assert words.count("PREVIEW") == words.count("Not issued yet: this is no invoice.") == pages
    assert "scanning" not in words
    assert "scanning" in text_of(render(document(lines=40)), tmp_path)
