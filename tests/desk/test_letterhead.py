"""The picture and the texts on documents: in the buyer's language, frozen when issued, the same bytes for ever."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from app import store, text
from app.desk import catalog, crediting, enrollment, invoices, letterhead, papers, undo
from app.desk.accounts import Actor
from app.desk.enrollment import SaleDraft, SaleItem
from app.desk.payments import PayLine
from app.documents.invoice import InvoiceDocument, render
from app.errors import UserError
from app.store import checks
from app.store.models import Attachment, Invoice, Operation, User
from tests.documents.test_invoice import snapshot, text_of
from tests.support.breaking import breaking
from tests.support.center import SmallCenter, small_center
from tests.support.odd_text import ODD
from tests.support.writers_billing import png

__all__ = ["small_center"]


def billed(small: SmallCenter) -> int:
    catalog.restock(small.admin, small.book, 1)
    (line,) = enrollment.sell(small.staff, SaleDraft(small.student, (SaleItem(small.book),)))
    return invoices.bill(small.staff, small.student, [PayLine(product_enrolled_id=line)], send_mail=False)


def test_a_document_keeps_what_it_was_issued_with(small_center: SmallCenter) -> None:
    small = small_center
    before = papers.invoice_pdf(billed(small))[1]
    letterhead.set_logo(small.admin, "logo.png", png())
    letterhead.save_texts(small.admin, "en", "Welcome.", "Thank you for learning with us.")
    first = billed(small)
    made = invoices.document(first)
    assert (made.head_text, made.foot_text) == ("Welcome.", "Thank you for learning with us.")
    assert made.logo == png()
    assert made.logo_sha256 == hashlib.sha256(png()).hexdigest()
    paper = papers.invoice_pdf(first)[1]
    assert b"/Subtype /Image" in paper
    assert b"/Subtype /Image" not in before
    letterhead.set_logo(small.admin, "other.png", png(30, 30, "red"))
    letterhead.save_texts(small.admin, "en", "Other.", "")
    assert papers.invoice_pdf(first)[1] == paper, "the same bytes after another picture and text"
    assert papers.invoice_pdf(Invoice.get().id)[1] == before
    second = invoices.document(billed(small))
    assert (second.head_text, second.foot_text, second.logo) == ("Other.", "", png(30, 30, "red"))
    note = invoices.document(crediting.credit(small.staff, first, "wrong"))
    assert (note.head_text, note.logo) == ("Other.", png(30, 30, "red"))
    letterhead.set_logo(small.admin, "", b"")
    assert invoices.document(billed(small)).logo == b""
    assert papers.invoice_pdf(first)[1] == paper
    assert checks.run() == []


def test_the_buyer_reads_their_own_language(small_center: SmallCenter) -> None:
    small = small_center
    for language, head in (("de", "Guten Tag"), ("tr", "Merhaba")):
        letterhead.save_texts(small.admin, language, head, "")
    for language, head in (("tr", "Merhaba"), ("de-AT", "Guten Tag"), ("de", "Guten Tag"), ("fr", "Guten Tag")):
        with store.write("A language", small.admin) as w:
            w.update(User, small.student, language=language)
        assert letterhead.frozen(language)["head_text"] == head
        catalog.restock(small.admin, small.book, 1)
        line = enrollment.sell(small.staff, SaleDraft(small.student, (SaleItem(small.book, 1),)))[0]
        draft = invoices.preview(small.student, [PayLine(product_enrolled_id=line)])
        assert draft.head_text == head
        enrolled = papers.proforma(small.student, [PayLine(product_enrolled_id=line)], None)
        assert enrolled.head_text == head
        if language == "de":
            break
    letterhead.save_texts(small.admin, "de", "", "")
    assert list(letterhead.texts()) == ["tr"]


def bomb() -> bytes:
    out = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"x" * 10, "no_picture"), (png()[:-30], "no_picture"), (b"%PDF-1.4", "no_picture"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "no_picture"), (b"GIF89a" + b"\0" * 60, "no_picture"),
        (png() + b"\0" * 1_048_576, "too_large"), (bomb(), "too_many_pixels"),
    ],
)  # fmt: skip
def test_what_is_no_picture_to_print_is_refused(small_center: SmallCenter, content: bytes, key: str) -> None:
    with pytest.raises(UserError, match=rf"letterhead\.{key}") as refused:
        letterhead.set_logo(small_center.admin, "logo.png", content)
    assert refused.value.field == "logo"
    assert text.sentence(refused.value) != f"letterhead.{key}"
    assert Attachment.select().count() == 0
    assert letterhead.logo() == b""


def test_only_who_may_change_settings_does(small_center: SmallCenter) -> None:
    for act in (
        lambda actor: letterhead.set_logo(actor, "a.png", png()),
        lambda actor: letterhead.save_texts(actor, "en", "a", "b"),
    ):
        with pytest.raises(UserError, match=r"rights\.missing"):
            act(Actor(small_center.staff.user_id, "staff"))
        act(small_center.admin)
    with pytest.raises(UserError) as refused:
        letterhead.save_texts(small_center.admin, "nowhere", "a", "b")
    assert refused.value.field == "language"
    with pytest.raises(UserError) as refused:
        letterhead.save_texts(small_center.admin, "en", "a" * 601, "b")
    assert refused.value.field == "head"


def test_texts_are_taken_back_and_a_picture_is_not(small_center: SmallCenter) -> None:
    small = small_center
    letterhead.save_texts(small.admin, "en", "First", "")
    letterhead.save_texts(small.admin, "en", "Second", "")
    undo.undo(small.admin, Operation.select().order_by(Operation.id.desc()).get().id)
    assert letterhead.texts()["en"].head == "First"
    letterhead.set_logo(small.admin, "logo.png", png())
    with pytest.raises(UserError, match=r"undo\.picture"):
        undo.undo(small.admin, Operation.select().order_by(Operation.id.desc()).get().id)


def test_a_picture_that_is_gone_is_found_and_the_document_still_prints(small_center: SmallCenter) -> None:
    small = small_center
    letterhead.set_logo(small.admin, "logo.png", png())
    made = billed(small)
    breaking(store.db.connection(), "DELETE FROM attachments")
    assert {one.rule for one in checks.run()} == {"invoices.picture"}
    assert papers.invoice_pdf(made)[1].startswith(b"%PDF")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "kind"), [("RGB", "PNG"), ("RGBA", "PNG"), ("P", "PNG"), ("L", "JPEG"), ("CMYK", "JPEG")]
)
def test_pictures_of_every_kind_are_drawn_the_same_each_time(tmp_path: Path, mode: str, kind: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (200, 60)).save(out, kind)
    made = replace(InvoiceDocument.from_snapshot(snapshot(lines=40)), logo=out.getvalue(), foot_text="Bye")
    pdf = render(made)
    assert render(made) == pdf
    words = text_of(pdf, tmp_path)
    assert "Bye" in words
    subprocess.run(["qpdf", "--check", str(tmp_path / "x.pdf")], check=True, capture_output=True)
    assert len(re.findall(rb"/Subtype /Image", pdf)) <= 2, "one picture for all pages, with its mask"


def test_odd_texts_are_text(small_center: SmallCenter) -> None:
    kept = {}
    for number, said in enumerate(ODD):
        try:
            letterhead.save_texts(small_center.admin, "en", said, said)
        except UserError as refused:
            assert refused.field == "head"
            continue
        kept[said] = text.clean(said, field="x", multiline=True)
        assert letterhead.texts().get("en", letterhead.Texts()).head == kept[said]
        if number % 9 == 0:
            assert invoices.document(billed(small_center)).foot_text == kept[said]
    assert len(kept) > 80
    for said in kept.values():
        made = replace(InvoiceDocument.from_snapshot(snapshot()), head_text=said, foot_text=said)
        assert render(made).startswith(b"%PDF")
    assert checks.run() == []


def test_the_first_layout_shows_none_of_it() -> None:
    frozen = json.loads(snapshot()) | {"head_text": "a", "foot_text": "b", "logo": "c"}
    old = InvoiceDocument.from_snapshot(json.dumps(frozen), 1)
    assert render(old) == render(InvoiceDocument.from_snapshot(snapshot(), 1))
