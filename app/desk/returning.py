"""A product that was sold is taken back: stock is there again, its invoice is credited, its money becomes credit."""

from __future__ import annotations

from typing import Any

from app import store, text
from app.desk import center, changing, enrollment, invoices, letters, notifications, promises, timeline
from app.desk.accounts import Actor, require
from app.desk.changing import Effect
from app.desk.dues import PayLine
from app.errors import UserError
from app.store import Write
from app.store.models import Product, ProductEnrolled


def preview(actor: Actor, line_id: int) -> Effect:
    """What taking a product back would do; nothing is kept. UserErrors as from `return_product`, but for the reason."""
    require(actor, "enrollment.cancel")
    with changing.Rehearsal() as rehearsal, store.write("Return product", actor) as w:
        rehearsal.show(_return_in(w, line_id, "-"))
    return rehearsal.effect


def return_product(actor: Actor, line_id: int, reason: str, shown: Effect | None = None) -> Effect:
    """Take a whole line of products back; with `shown`, only if it does what the preview said.

    Physical ones go back into stock. Its invoice is credited, what was paid on it becomes credit; other lines of that
    invoice are invoiced anew with the money they had, and mailed as the center mails invoices. UserErrors
    `returning.already`, `store.gone`, `invoices.clock_back`, `changing.stale`, or beside `reason`.
    """
    require(actor, "enrollment.cancel")
    reason = text.clean(reason, field="reason", required=True)
    with store.write("Return product", actor) as w:
        effect = _return_in(w, line_id, reason)
        changing.hold(shown, effect)
    return effect


def _return_in(w: Write, line_id: int, reason: str) -> Effect:
    line = ProductEnrolled.get_or_none(ProductEnrolled.id == line_id)
    if line is None:
        raise UserError("store.gone")
    product, how = Product.get_by_id(line.product_id), center.load()
    if line.status == "canceled":
        raise UserError("returning.already", product=product.name, number=line.number)
    found = changing.dues_of(PayLine(None, line_id))
    before = changing.Before(line.student_id, found)
    withdrawn = invoices.withdraw(w, how, [due.invoice_id for due in found], reason)
    enrollment.cancel_sale_in(w, line_id, reason)
    changing.send_papers(w, how, withdrawn, invoices.renew(w, how, withdrawn))
    promises.owed_no_more(w, line.student_id)
    _tell(w, line, product, reason)
    back = line.quantity if product.stock is not None else None
    return before.effect(product.name, changing.dues_of(PayLine(None, line_id)), back_in_stock=back)


def _tell(w: Write, line: Any, product: Any, reason: str) -> None:
    link, student = ("product_enrolled", line.id), letters.student(line.student_id)
    facts = {"product": product.name, "quantity": line.quantity, "number": line.number, "reason": reason}
    timeline.add(w, line.student_id, "returning.timeline", link, **facts)
    about: dict[str, Any] = {"student": student.name, "student_id": student.student_id}
    notifications.notify(w, "payment", "center", "returning.done", link, **about, **facts)
