"""A credit note over a whole invoice: what was paid on it becomes credit, and its lines are owed without an invoice."""

from __future__ import annotations

from app import store, text
from app.desk import center, changing, dues, invoices
from app.desk.accounts import Actor, require
from app.desk.changing import Effect
from app.desk.dues import PayLine
from app.errors import UserError
from app.store import Write
from app.store.models import Invoice, InvoiceLine


def preview(actor: Actor, invoice_id: int, send_mail: bool | None = None) -> Effect:
    """What crediting would do; nothing is kept. UserErrors as from `credit`, none about the reason."""
    require(actor, "invoice.credit")
    with changing.Rehearsal() as rehearsal, store.write("Credit invoice", actor) as w:
        rehearsal.show(_credit_in(w, invoice_id, "-", send_mail)[1])
    return rehearsal.effect


def credit(
    actor: Actor, invoice_id: int, reason: str, send_mail: bool | None = None, shown: Effect | None = None
) -> int:
    """Credit an invoice in full; returns the credit note's id. With `shown`, only if it does what the preview said.

    What was paid on it becomes the credit of whoever paid. `send_mail` None leaves it to the center's setting whether
    the credit note is mailed. UserErrors `invoices.is_credit_note`, `invoices.already_credited`,
    `invoices.clock_back`, `store.gone`, `changing.stale`, or beside `reason`.
    """
    require(actor, "invoice.credit")
    reason = text.clean(reason, field="reason", required=True)
    with store.write("Credit invoice", actor) as w:
        note_id, effect = _credit_in(w, invoice_id, reason, send_mail)
        changing.hold(shown, effect)
    return note_id


def _credit_in(w: Write, invoice_id: int, reason: str, send_mail: bool | None) -> tuple[int, Effect]:
    invoice, how = Invoice.get_or_none(Invoice.id == invoice_id), center.load()
    if invoice is None:
        raise UserError("store.gone")
    lines = [
        PayLine(line.enrollment_id, line.product_enrolled_id, line.installment_id)
        for line in InvoiceLine.select().where(InvoiceLine.invoice_id == invoice_id)
    ]
    before = changing.Before(None, [due for due in dues.chosen(lines) if due.invoice_id == invoice_id])
    note_id, freed = invoices.credit_in(w, how, invoice, reason)
    if how.mail_invoices if send_mail is None else send_mail:
        changing.send_note(w, invoice, note_id, freed)
    number = Invoice.get_by_id(note_id).label
    return note_id, before.effect(invoice.label, dues.chosen(lines), number=number)
