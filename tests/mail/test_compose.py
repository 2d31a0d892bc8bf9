"""Frozen text and MIME bytes: the same every time, and nothing typed can become a header."""

from __future__ import annotations

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import UserError
from app.mail import compose

PLAIN = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=80)
ANYTHING = st.text(st.characters(exclude_categories=("Cs",)), max_size=80)


def mime(**values: object) -> bytes:
    base = {
        "from_header": "desk@brueckenhaus.example", "to_name": "Ana Satler", "to_address": "ana@mail.example",
        "subject": "Hello", "body": "Text\n", "message_id": "<1@brueckenhaus.example>",
        "date": "Tue, 24 Nov 2026 09:00:00 +0100",
    }  # fmt: skip
    return compose.build_mime(**{**base, **values})  # type: ignore[arg-type]


@given(subject=PLAIN, body=PLAIN, name=PLAIN.filter(lambda text: text.strip()))
def test_what_goes_in_comes_out(subject: str, body: str, name: str) -> None:
    made = mime(subject=subject.strip(), body=body + "\n", to_name=name)
    parsed = email.message_from_bytes(made, policy=email.policy.default)
    assert " ".join(str(parsed["Subject"]).split()) == " ".join(subject.split())
    assert parsed.get_content().replace("\r\n", "\n").rstrip("\n") == body.rstrip("\n")
    assert [address.addr_spec for address in parsed["To"].addresses] == ["ana@mail.example"]


@given(name=ANYTHING)
def test_a_name_that_came_from_elsewhere_stays_in_its_header(name: str) -> None:
    """A file that was imported or edited by another tool may hold names with line breaks."""
    parsed = email.message_from_bytes(mime(to_name=name), policy=email.policy.default)
    assert [address.addr_spec for address in parsed["To"].addresses] == ["ana@mail.example"]
    assert parsed.keys() == email.message_from_bytes(mime(), policy=email.policy.default).keys()


def test_the_same_input_gives_the_same_bytes() -> None:
    attachment = compose.Attachment("2026-000001.pdf", "application/pdf", b"%PDF-1.4 " + bytes(range(256)))
    first, second = (mime(attachments=[attachment]) for _ in range(2))
    assert first == second
    part = list(email.message_from_bytes(first, policy=email.policy.default).iter_attachments())[0]
    assert (part.get_filename(), part.get_content()) == ("2026-000001.pdf", attachment.content)


@pytest.mark.parametrize("subject", ["a\nBcc: x@y.example", "a\r\nTo: x", "a\x00b", "a\u2028b"])
def test_a_subject_cannot_smuggle_a_header(subject: str) -> None:
    with pytest.raises(UserError, match=r"mail\.line_break_in_subject"):
        compose.check_subject(subject)


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@", "@b", "a b@c.example", "a@b.example,c@d.example", "a@b\n.example", "<a@b.example>", "a@b@c"],
)
def test_one_plain_address_or_none(address: str) -> None:
    with pytest.raises(UserError, match=r"mail\.bad_address"):
        compose.check_address(address)


def test_values_in_a_template_are_text_and_a_line_break_in_one_is_refused() -> None:
    params = {"center": "C", "student": "<b>{{ 7*7 }}</b>", "course": "B", "number": "E-1", "amount_minor": 100}
    _subject, body = compose.freeze("enrollment_confirmation", "en", {**params, "first_on": None, "installments": []})
    assert "Hello <b>{{ 7*7 }}</b>," in body
    with pytest.raises(UserError, match=r"mail\.too_long"):
        compose.freeze("message", "en", {"center": "C", "subject": "x", "text": "y" * 60_000})


def test_every_template_of_the_program_renders() -> None:
    line = {"title": "B", "quantity": 1, "amount_minor": 100, "due_on": "2026-11-24", "student": "S"}
    everything = {
        "center": "C", "student": "S", "name": "S", "level": 1,
        "course": "B", "number": "N", "amount_minor": 100, "first_on": "2026-11-24",
        "installments": [{"due_on": "2026-11-24", "amount_minor": 100}], "lines": [line], "method": "cash",
        "credit_minor": 5, "label": "2026-000001", "due_on": "2026-11-24", "title": "T",
        "old_start": "2026-11-24T09:00", "new_start": "2026-11-25T09:00", "room": "R", "reason": "ill", "subject": "S",
        "text": "T", "start": "2026-11-24T09:00:00Z", "until": "2026-11-24T08:00:00Z", "invoice": "2026-000001",
        "freed_minor": 5, "refund": "P-000002",
    }  # fmt: skip
    from app import paths

    keys = [file.name.split(".")[0] for file in (paths.resources() / "templates" / "mail").glob("*.txt")]
    assert len(keys) >= 7
    for key in keys:
        subject, body = compose.freeze(key, "de-AT", everything)
        assert subject.strip()
        assert body.strip()
