"""From template to frozen text, and from frozen text to MIME bytes that are the same every time."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from app import clock, paths, store, text
from app.errors import UserError

#: A mail's text may not grow beyond this, whatever a template does.
TEXT_LIMIT = 50_000


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message."""

    file_name: str
    media_type: str
    content: bytes


@lru_cache(maxsize=1)
def _environment() -> Any:
    # Imported when the first mail is written: the window's first paint does not wait for it.
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["money"] = text.show_money
    for spec in ("date", "time", "stamp"):
        environment.filters[spec] = lambda value, spec=spec: text.show(value, spec)
    return environment


@lru_cache(maxsize=64)
def _template(key: str, language: str) -> Any:
    folder = paths.resources() / "templates" / "mail"
    for code in (language, language.split("-")[0], "en"):
        file = folder / f"{key}.{code}.txt"
        if file.exists():
            return _environment().from_string(file.read_text("utf-8"))
    raise ValueError(f"no mail template {key}")


def freeze(key: str, language: str, params: dict[str, Any]) -> tuple[str, str]:
    """(subject, text) of a template with its values: the first line is the subject.

    Values are text, whatever they look like. UserErrors `mail.line_break_in_subject`, `mail.too_long`.
    """
    pieces: list[str] = []
    size = 0
    for piece in _template(key, language).generate(**params):
        size += len(piece)
        if size > TEXT_LIMIT:
            raise UserError("mail.too_long", "text", limit=TEXT_LIMIT)
        pieces.append(piece)
    subject, _mark, body = "".join(pieces).partition("\n")
    return check_subject(subject), body.strip() + "\n"


def check_subject(subject: str) -> str:
    """A subject that cannot smuggle in another header."""
    subject = subject.strip()
    if any(ord(char) < 32 or char in "\x7f\x85\u2028\u2029" for char in subject):
        raise UserError("mail.line_break_in_subject", "subject")
    return subject[:200]


def check_address(address: str) -> str:
    """One plain address, or UserError `mail.bad_address`."""
    address = address.strip()
    local, mark, domain = address.rpartition("@")
    bad = not address.isascii() or any(char.isspace() or ord(char) < 32 or char in ',;<>"()[]\\' for char in address)
    if bad or not mark or not local or not domain or "@" in local or len(address) > 254:
        raise UserError("mail.bad_address", "to_address", text=address[:60])
    return address


def message_id(domain: str) -> str:
    """A Message-ID that is never used twice."""
    return f"<{store.uuid7()}@{domain}>"


def date_header(zone: str) -> str:
    """Now, as a mail's Date header in the center's zone."""
    return format_datetime(clock.now().astimezone(clock.zone(zone)).replace(microsecond=0))


def sender(address: str, name: str) -> str:
    """A From or To header: an address, with a name where there is one."""
    return str(Address(display_name=name, addr_spec=address)) if name else address


def _one_line(name: str) -> str:
    """A name that cannot end its header, whatever another tool wrote into the file."""
    return "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in name).strip()


def build_mime(
    *,
    from_header: str,
    to_name: str,
    to_address: str,
    subject: str,
    body: str,
    message_id: str,
    date: str,
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """The message as it goes over the wire (CRLF). The same input gives the same bytes."""
    message = EmailMessage(policy=SMTP)
    message["From"] = from_header
    message["To"] = sender(to_address, _one_line(to_name))
    message["Subject"] = subject
    message["Date"] = date
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body, cte="quoted-printable")
    for attachment in attachments:
        main, sub = attachment.media_type.split("/")
        message.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.file_name)
    if attachments:
        message.set_boundary("deskbell-" + hashlib.sha256(message_id.encode()).hexdigest()[:32])
    return message.as_bytes()
