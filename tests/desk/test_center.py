"""The center's own settings: clean text, numbers that never meet, a currency that stays once a price was agreed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app import clock, text
from app.desk import center, crediting, enrollment, invoices
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine
from app.errors import UserError
from app.store import checks
from app.store.models import Invoice
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def bill(small: SmallCenter) -> int:
    (sold,) = enrollment.sell(small.staff, SaleDraft(small.student, (SaleItem(small.book),)))
    return invoices.bill(small.staff, small.student, [PayLine(product_enrolled_id=sold)])


@pytest.mark.parametrize(
    ("change", "key", "field"),
    [
        ({"name": " "}, "text.required", "name"),
        ({"name": "a" * 201}, "text.too_long", "name"),
        ({"legal_name": "a\x07b"}, "text.control_character", "legal_name"),
        ({"legal_name": "a\ud800"}, "text.broken", "legal_name"),
        ({"address": "a\x00b"}, "text.control_character", "address"),
        ({"register_line": "a\nb"}, "text.control_character", "register_line"),
        ({"email": "desk@b.example\nBcc: x@y.example"}, "people.email_line_break", "email"),
        ({"email": "a@b.example,c@d.example"}, "people.email_comma", "email"),
        ({"till_name": ""}, "text.required", "till_name"),
        ({"zone": "Europe/Atlantis"}, "clock.unknown_zone", "zone"),
        ({"currency": "???"}, "center.unknown_currency", "currency"),
        ({"locale": "xx-YY"}, "center.unknown_locale", "locale"),
        ({"language": "no such"}, "people.unknown_language", "language"),
        ({"prices": "half"}, "center.gross_or_net", "prices"),
        ({"due_days": 366}, "center.due_days", "due_days"),
        ({"invoice_pattern": "{year}"}, "center.bad_pattern", "invoice_pattern"),
        ({"invoice_pattern": "{number}"}, "center.bad_pattern", "invoice_pattern"),
        ({"invoice_pattern": "2026-{number}"}, "center.bad_pattern", "invoice_pattern"),
        ({"invoice_pattern": "{year.real}-{number}"}, "center.bad_pattern", "invoice_pattern"),
        ({"invoice_pattern": "{year}-{number}\n"}, "center.bad_pattern", "invoice_pattern"),
        ({"invoice_pattern": "{year}-{number:06q}"}, "center.bad_pattern", "invoice_pattern"),
        ({"credit_note_pattern": "{year}-{number:06d}"}, "center.same_pattern", "credit_note_pattern"),
        ({"credit_note_pattern": "{year}-{number:d}", "invoice_pattern": "{year}-{number}"},
         "center.same_pattern", "credit_note_pattern"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_refused_beside_its_field(
    small_center: SmallCenter, change: dict[str, Any], key: str, field: str
) -> None:
    before = center.load()
    with pytest.raises(UserError) as refused:
        center.save(small_center.admin, replace(before, **change))
    assert (refused.value.key, refused.value.field) == (key, field)
    assert "{" not in text.sentence(refused.value).replace("{year}-{number:06d}", "")
    assert center.load() == before


def test_settings_are_stored_clean(small_center: SmallCenter) -> None:
    typed = replace(center.load(), name=" A\u0301b ", address="One\r\nTwo ", email=" desk@B.example ")
    center.save(small_center.admin, typed)
    kept = center.load()
    assert (kept.name, kept.address, kept.email) == ("\u00c1b", "One\nTwo", "desk@b.example")
    assert checks.run() == []


@pytest.mark.parametrize("agreed", ["enrolled", "sold", "billed"])
def test_the_currency_stays_once_a_price_was_agreed(small_center: SmallCenter, agreed: str) -> None:
    center.save(small_center.admin, replace(center.load(), currency="CHF"))
    if agreed == "enrolled":
        enrollment.enroll(small_center.staff, EnrollmentDraft(small_center.student, small_center.course))
    elif agreed == "sold":
        enrollment.sell(small_center.staff, SaleDraft(small_center.student, (SaleItem(small_center.book),)))
    else:
        bill(small_center)
    with pytest.raises(UserError, match=r"center\.currency_fixed"):
        center.save(small_center.admin, replace(center.load(), currency="EUR"))
    assert checks.run() == []


def test_credit_notes_never_take_a_number_that_invoices_had(small_center: SmallCenter) -> None:
    """Patterns may change in the middle of a year; a series keeps the one it began with."""
    old = center.load().invoice_pattern
    with clock.frozen(NOON):
        invoice = bill(small_center)
        swapped = replace(center.load(), invoice_pattern="INV-{year}-{number}", credit_note_pattern=old)
        with pytest.raises(UserError, match=r"center\.same_pattern"):
            center.save(small_center.admin, swapped)
        center.save(small_center.admin, replace(center.load(), credit_note_pattern="G-{year}-{number}"))
        note = crediting.credit(small_center.staff, invoice, "wrong")
    assert [Invoice.get_by_id(made).label for made in (invoice, note)] == ["2026-000001", "G-2026-1"]


def test_an_account_with_a_wrong_digit_is_refused_beside_its_field(small_center: SmallCenter) -> None:
    with pytest.raises(UserError, match=r"center\.bad_iban") as refused:
        center.save(small_center.admin, replace(center.load(), iban="AT61 1904 3002 3457 3202"))
    assert refused.value.field == "iban"
    center.save(small_center.admin, replace(center.load(), iban=""))
