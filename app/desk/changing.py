"""Changing what was agreed: a price, a plan, a place, the line that money stands on.

Documents are frozen, so a change credits the invoices it concerns in full and issues them anew (`invoices.withdraw` and
`renew`). What a change would do is worked out by doing it and taking everything back before it is kept: the preview is
the act. The act itself is given what was shown, and refuses where it would do something else by now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from peewee import fn

from app.desk import dues, identity, invoices, letters, refunds, seats
from app.desk.dues import Due, PayLine
from app.desk.invoices import Freed, Renewed, Withdrawn
from app.errors import UserError
from app.settings import Center
from app.store import Write
from app.store.models import (
    OFF_PLAN,
    Installment,
    Invoice,
    InvoiceLine,
    MailQueue,
    Payment,
    Slot,
    SlotEnrolled,
    StudentPayment,
)


@dataclass(frozen=True)
class Paper:
    """A document that a change makes, in minor units. `label`: the invoice that is credited; '' for one to come."""

    kind: str
    label: str
    buyer: str
    gross_minor: int
    paid_minor: int = 0


@dataclass(frozen=True)
class Part:
    """An installment as it stands after a change; `fixed`: it has an invoice or money, and stays as it is."""

    due_on: str
    amount_minor: int
    paid_minor: int
    fixed: bool


@dataclass(frozen=True)
class Letter:
    """A mail as it goes out. Numbers of documents are those that would come next."""

    to: str
    subject: str
    text: str


@dataclass(frozen=True)
class Effect:
    """What a change does, in minor units.

    `open`, `credit`: what is open on the line and what the student's credit is, before and after. `mails`: who gets
    one, in order. `plan`: the installments afterwards. `moved_minor`: the money that changes its line. `seats_free` and
    `seats_taken`: slots as (title, start in UTC). `kept_slots`: how many attended ones stay with the old place.
    `paid_before`: the money on each due before; what was done once is not what was shown any more. `to_plan_minor`:
    what installments of a new place have to come to. `notes`: what staff should know first, as (message key,
    parameters). `freed`: whose credit grows by what was taken off the line, for everyone but the student. `number`: the
    one a credit note takes. `back_in_stock`: pieces that can be sold again, None where none are counted. `letters`: the
    mails in full; a document issued meanwhile gives them other numbers, and is no other effect.
    """

    title: str
    open_before_minor: int
    open_after_minor: int
    gross_before_minor: int
    gross_after_minor: int
    credit_before_minor: int
    credit_after_minor: int
    papers: tuple[Paper, ...] = ()
    mails: tuple[str, ...] = ()
    plan: tuple[Part, ...] = ()
    moved_minor: int = 0
    seats_free: tuple[tuple[str, str], ...] = ()
    seats_taken: tuple[tuple[str, str], ...] = ()
    kept_slots: int = 0
    paid_before: tuple[int, ...] = ()
    to_plan_minor: int = 0
    notes: tuple[tuple[str, dict[str, Any]], ...] = ()
    freed: tuple[tuple[str, int], ...] = ()
    number: str = ""
    back_in_stock: int | None = None
    letters: tuple[Letter, ...] = field(default=(), compare=False)


class Rehearsal:
    """Around the write of an act that is only looked at: `show` takes everything back and keeps what it would do."""

    def __init__(self) -> None:
        self._effect: Effect | None = None

    def show(self, effect: Effect) -> None:
        """Keep the effect, and nothing else."""
        self._effect = effect
        raise _Shown

    @property
    def effect(self) -> Effect:
        """What was shown."""
        assert self._effect is not None
        return self._effect

    def __enter__(self) -> Rehearsal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        return isinstance(error, _Shown)


class _Shown(Exception):
    """Rolls a rehearsed act back."""


def hold(shown: Effect | None, effect: Effect) -> None:
    """UserError `changing.stale` where an act would not do what its preview said."""
    if shown is not None and shown != effect:
        raise UserError("changing.stale")


class Before:
    """What is there when a change begins; `effect` says afterwards what became of it.

    With no student, as where a document is about several, everyone's credit is told by name.
    """

    def __init__(self, student_id: int | None, found: Sequence[Due]) -> None:
        self._student, self._found = student_id, list(found)
        self._credit = self._credit_now()
        self._invoice, self._mail, self._put = _last(Invoice), _last(MailQueue), _last(StudentPayment)

    def _credit_now(self) -> int:
        return refunds.student_credit_minor(self._student) if self._student is not None else 0

    def effect(self, title: str, after: Sequence[Due], **more: Any) -> Effect:
        """The effect of what was done since; `after` are the dues that have the place of those before."""
        mails = tuple(self._mails())
        return Effect(
            title=title,
            open_before_minor=sum(due.open_minor for due in self._found),
            open_after_minor=sum(due.open_minor for due in after),
            gross_before_minor=sum(due.gross_minor for due in self._found),
            gross_after_minor=sum(due.gross_minor for due in after),
            credit_before_minor=self._credit,
            credit_after_minor=self._credit_now(),
            freed=tuple(self._freed()),
            papers=tuple(self._papers()),
            mails=tuple(one.to for one in mails),
            letters=mails,
            plan=tuple(as_part(due) for due in after if due.kind == "installment"),
            paid_before=tuple(due.paid_minor for due in self._found),
            **more,
        )

    def _freed(self) -> list[tuple[str, int]]:
        """(name, minor units) of those whose money lies free now, but for the student the change is about."""
        put, free = StudentPayment, fn.SUM(StudentPayment.direction * StudentPayment.amount_minor * -1)
        query: Any = put.select(Payment.student_id, Payment.payer_id, free)
        query = query.join(Payment, on=(Payment.id == put.payment_id)).where(put.id > self._put)
        grown: dict[tuple[str, int], tuple[str, int]] = {}
        for student_id, payer_id, amount in query.group_by(Payment.student_id, Payment.payer_id).tuples():
            to = letters.buyer(student_id, payer_id)
            whose = ("payer", payer_id) if payer_id is not None else ("student", to.student_id)
            grown[whose] = (to.name, grown.get(whose, ("", 0))[1] + amount)
        if self._student is not None:
            grown.pop(("student", identity.root(self._student)), None)
        return [(name, amount) for _, (name, amount) in sorted(grown.items()) if amount > 0]

    def _papers(self) -> list[Paper]:
        found = []
        for row in Invoice.select().where(Invoice.id > self._invoice).order_by(Invoice.id):
            if row.kind == "credit_note":
                credited = Invoice.get_by_id(row.refers_to).label
                found.append(Paper("credit_note", credited, row.buyer_name, row.gross_minor))
            else:
                put = StudentPayment
                paid = put.select(fn.COALESCE(fn.SUM(put.direction * put.amount_minor), 0))
                paid = paid.where(put.invoice_id == row.id).scalar()
                found.append(Paper("invoice", "", row.buyer_name, row.gross_minor, int(paid)))
        return found

    def _mails(self) -> list[Letter]:
        row = MailQueue
        new = row.select(row.to_name, row.to_address, row.subject, row.text).where(row.id > self._mail)
        return [Letter(one.to_name or one.to_address, one.subject, one.text) for one in new.order_by(row.id)]


def _last(model: Any) -> int:
    return int(model.select(fn.COALESCE(fn.MAX(model.id), 0)).scalar())


def send_papers(w: Write, how: Center, withdrawn: Sequence[Withdrawn], renewed: Sequence[Renewed]) -> None:
    """Mail what a change did to documents, where the center mails invoices: a new invoice with the credit note it
    follows, and by itself a credit note that nothing follows.
    """
    invoices.send_renewed(w, how, renewed)
    followed = {one.note_id for one in renewed}
    for gone in withdrawn if how.mail_invoices else ():
        if gone.note_id not in followed:
            send_note(w, gone.invoice, gone.note_id, gone.freed)


def send_note(w: Write, invoice: Any, note_id: int, freed: Sequence[Freed]) -> None:
    """Queue the mail that brings a credit note to whom its invoice was made out."""
    label = Invoice.get_by_id(note_id).label
    facts = {
        "label": label,
        "invoice": invoice.label,
        "amount_minor": invoice.gross_minor,
        "freed_minor": sum(one.amount_minor for one in freed),
    }
    to = letters.buyer(invoice.student_id, invoice.payer_id)
    letters.send(w, to, "credit_note", f"invoice.credited:{label}", facts, (note_id,))


def as_part(due: Due) -> Part:
    """An installment as a plan shows it."""
    return Part(due.due_on, due.gross_minor, due.paid_minor, fixed(due))


def fixed(due: Due) -> bool:
    """Whether an installment has an invoice or money: a new plan leaves it as it is."""
    return due.invoice_id is not None or due.paid_minor > 0


def dues_of(line: PayLine) -> list[Due]:
    """The dues of a whole line, in the order of its plan."""
    if line.enrollment_id is not None:
        found = dues.of_lines([line.enrollment_id], [])
    else:
        found = dues.of_lines([], [line.product_enrolled_id or 0])
    return sorted(found, key=lambda due: due.position)


def puts_on(line: PayLine) -> Any:
    """The condition of the money that was put on a whole line."""
    if line.enrollment_id is not None:
        return StudentPayment.enrollment_id == line.enrollment_id
    return StudentPayment.product_enrolled_id == line.product_enrolled_id


def booked(enrollment_id: int, now: str, session_id: int | None = None) -> list[int]:
    """The coming slots in which an enrollment has a seat, or those of one group."""
    seat = SlotEnrolled
    query = (
        seat.select(seat.slot_id)
        .join(Slot, on=(Slot.id == seat.slot_id))
        .where(seat.enrollment_id == enrollment_id, seats.live(now), Slot.canceled_at.is_null(), Slot.start_utc > now)
        .order_by(Slot.start_utc, Slot.id)
    )
    if session_id is not None:
        query = query.where(seat.session_id == session_id)
    return [row.slot_id for row in query]


def named(slot_ids: Iterable[int]) -> tuple[tuple[str, str], ...]:
    """Slots as an effect names them."""
    slots = [Slot.get_by_id(slot_id) for slot_id in slot_ids]
    return tuple((seats.title(slot), slot.start_utc) for slot in slots)


# -- plans ----------------------------------------------------------------------------------------------------


def write_plan(w: Write, enrollment_id: int, plan: Sequence[tuple[int | None, str, int]]) -> list[int]:
    """Make these the installments of an enrollment: (row that stays or None, due date, minor units); returns the rows.

    A row that is in it no more goes. Where a frozen document points at it, the row is kept beyond `OFF_PLAN`.
    """
    there = {row.id: row for row in Installment.select().where(Installment.enrollment_id == enrollment_id)}
    stays = {row_id for row_id, _, _ in plan if row_id is not None}
    beyond = max([OFF_PLAN, *(row.position for row in there.values())])
    for row in there.values():
        if row.id in stays or row.position > OFF_PLAN:
            continue
        if InvoiceLine.select().where(InvoiceLine.installment_id == row.id).exists():
            beyond += 1
            w.update(Installment, row.id, position=beyond)
        else:
            w.delete(Installment, row.id)
    moved = [
        row_id for at, (row_id, _, _) in enumerate(plan, start=1) if row_id is not None and there[row_id].position != at
    ]
    for row_id in moved:  # out of each other's way: a place is taken once
        beyond += 1
        w.update(Installment, row_id, position=beyond)
    made: list[int] = []
    for at, (part_id, due_on, amount) in enumerate(plan, start=1):
        values: dict[str, Any] = {"position": at, "due_on": due_on, "amount_minor": amount}
        if part_id is None:
            made.append(w.insert(Installment, enrollment_id=enrollment_id, **values))
            continue
        if part_id in moved or (there[part_id].due_on, there[part_id].amount_minor) != (due_on, amount):
            w.update(Installment, part_id, **values)
        made.append(part_id)
    return made
