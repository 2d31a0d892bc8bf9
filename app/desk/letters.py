"""A mail that belongs to an event: who gets it, and what the timeline says when there is no address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import fn

from app.desk import identity, timeline
from app.errors import UserError
from app.mail import compose, queue
from app.store import Write
from app.store.models import Payer, User
from app.store.prepared import prepared


@dataclass(frozen=True)
class Buyer:
    """Who a document or mail is addressed to, as they are now: the payer if there is one, else the student."""

    student_id: int
    payer_id: int | None
    name: str
    address: str
    email: str
    tax_id: str
    language: str

    def same_as(self, other: Buyer) -> bool:
        """Whether both are one payer, or one student who pays for themselves."""
        return self.payer_id == other.payer_id and (self.payer_id is not None or self.student_id == other.student_id)


def buyer(student_id: int, payer_id: int | None) -> Buyer:
    """The payer, or the student who pays for themselves. UserError `store.gone`."""
    if payer_id is None:
        return student(student_id)
    found = _payer(payer_id)
    if not found:
        raise UserError("store.gone")
    ((name, address, email, tax_id, language),) = found
    return Buyer(identity.root(student_id), payer_id, name, address, email or "", tax_id, language)


def student(student_id: int) -> Buyer:
    """A student, addressed themselves as the record in use has them. UserError `store.gone`."""
    found = _student(student_id)
    if not found:
        raise UserError("store.gone")
    ((in_use, first, last, address, email, language),) = found
    return Buyer(in_use, None, f"{first} {last}".strip(), address, email or "", "", language)


@prepared
def _payer(payer_id: int) -> Any:
    row = Payer
    return row.select(row.name, row.address, row.email, row.tax_id, row.language).where(row.id == payer_id)


@prepared
def _student(student_id: int) -> Any:
    row, asked = User, User.alias()
    columns = (row.id, row.first_name, row.last_name, row.address, row.email, row.language)
    in_use = row.id == fn.COALESCE(asked.merged_into, asked.id)
    return asked.select(*columns).join(row, on=in_use).where(asked.id == student_id)


def send(
    w: Write,
    to: Buyer,
    template_key: str,
    event_key: str,
    params: dict[str, Any],
    invoice_ids: tuple[int, ...] = (),
) -> bool:
    """Put one mail in the queue inside the event's own write.

    Without an address that mail can be sent to there is none, and the timeline says so: the event itself goes on.
    """
    try:
        address = compose.check_address(to.email)
    except UserError:
        timeline.add(w, to.student_id, "payments.no_address", name=to.name)
        return False
    queue.enqueue(
        w,
        event_key=event_key,
        student_id=to.student_id,
        payer_id=to.payer_id,
        to_name=to.name,
        to_address=address,
        template_key=template_key,
        language=to.language,
        params=params,
        attachments=[{"kind": "invoice", "id": invoice_id} for invoice_id in invoice_ids],
    )
    return True
