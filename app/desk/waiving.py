"""Waiving: all or a part of what is open on a line is let go. What was paid is refunded, never waived.

The discount of the line grows by it, in the line's own way of quoting, and its price is worked out again. Its open
installments are lowered from the last one backward; one that is lowered to nothing goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app import money, store, text
from app.desk import balances, center, changing, invoices, notifications, promises, timeline
from app.desk.accounts import Actor, require
from app.desk.changing import Effect
from app.desk.dues import Due, PayLine
from app.errors import UserError
from app.store import Write
from app.store.models import CourseEnrolled, ProductEnrolled, User


@dataclass(frozen=True)
class Waiver:
    """So much (minor units, gross) of what is open on an enrollment or on a product sold, and why."""

    line: PayLine
    amount_minor: int
    reason: str


def preview(actor: Actor, line: PayLine, amount_minor: int) -> Effect:
    """What waiving would do; nothing is kept. UserErrors as from `waive`."""
    require(actor, "payment.waive")
    with changing.Rehearsal() as rehearsal, store.write("Waive", actor) as w:
        rehearsal.show(_waive_in(w, Waiver(line, amount_minor, "-")))
    return rehearsal.effect


def waive(actor: Actor, waiver: Waiver, shown: Effect | None = None) -> Effect:
    """Let go of a part of what is open on a line; with `shown`, only if it does what the preview said.

    Its invoices are credited and issued anew with the money that stood on them. Where a net price cannot come to the
    exact amount, a little less is waived. UserErrors `waiving.canceled`,
    `waiving.nothing_open`, `waiving.above_open`, `waiving.no_such_price`, `payments.amount`, `invoices.clock_back`,
    `changing.stale`, or beside `reason`.
    """
    require(actor, "payment.waive")
    reason = text.clean(waiver.reason, field="reason", required=True)
    with store.write("Waive", actor) as w:
        effect = _waive_in(w, Waiver(waiver.line, waiver.amount_minor, reason))
        changing.hold(shown, effect)
    return effect


def _waive_in(w: Write, waiver: Waiver) -> Effect:
    model, line = _line(waiver.line)
    found = changing.dues_of(waiver.line)
    left = sum(due.open_minor for due in found)
    if left == 0:
        raise UserError("waiving.nothing_open", number=line.number)
    if not 0 < waiver.amount_minor <= money.MAX_MINOR:
        raise UserError("payments.amount", "amount")
    if waiver.amount_minor > left:
        raise UserError("waiving.above_open", "amount", open=left)
    how, before = center.load(), changing.Before(line.student_id, found)
    price, quoted_less = _lowered(line, waiver.amount_minor)
    amount = line.gross_minor - price.gross_minor
    lowered = _lower(found, amount)
    withdrawn = invoices.withdraw(w, how, [due.invoice_id for due, _ in lowered], waiver.reason)
    w.update(
        model,
        line.id,
        discount_minor=line.discount_minor + quoted_less,
        waived_minor=line.waived_minor + quoted_less,
        discount_reason=" · ".join(filter(None, (line.discount_reason, waiver.reason)))[-text.NAME_LIMIT :],
        net_minor=price.net_minor,
        tax_minor=price.tax_minor,
        gross_minor=price.gross_minor,
    )
    if found[0].kind == "installment":
        amounts = {due.installment_id: due.gross_minor for due in found}
        amounts |= {due.installment_id: less for due, less in lowered}
        plan = [(due.installment_id, due.due_on, amounts[due.installment_id]) for due in found]
        changing.write_plan(w, line.id, [part for part in plan if part[2]])
    changing.send_papers(w, how, withdrawn, invoices.renew(w, how, withdrawn))
    _tell(w, model, line, found[0].title, amount, waiver.reason)
    balances.recompute(w, line.student_id)
    promises.owed_no_more(w, line.student_id)
    return before.effect(found[0].title, changing.dues_of(waiver.line))


def _line(line: PayLine) -> tuple[Any, Any]:
    model: Any = CourseEnrolled if line.enrollment_id is not None else ProductEnrolled
    row = model.get_or_none(model.id == (line.enrollment_id or line.product_enrolled_id))
    if row is None:
        raise UserError("store.gone")
    if row.status == "canceled":
        raise UserError("waiving.canceled", number=row.number)
    return model, row


def _lowered(line: Any, amount_minor: int) -> tuple[money.Split, int]:
    """The price of a line less an amount, and by how much its discount grows, as it is quoted.

    A net price steps over some gross amounts: then the next higher one is taken, so that no more is waived than asked.
    """
    wanted = line.gross_minor - amount_minor
    quoted = line.list_price_minor - line.discount_minor
    if line.quoted == "gross":
        return money.split_gross(wanted, line.rate_bp), amount_minor
    near = money.divide_half_up(wanted * 10_000, 10_000 + line.rate_bp)
    steps = [money.split_net(net, line.rate_bp) for net in range(max(near - 2, 0), min(near + 3, quoted))]
    fit = [split for split in steps if split.gross_minor >= wanted]
    if not fit:
        raise UserError("waiving.no_such_price", "amount")
    best = min(fit, key=lambda split: split.gross_minor)
    return best, quoted - best.net_minor


def _lower(found: list[Due], amount_minor: int) -> list[tuple[Due, int]]:
    """What each due that is lowered comes to then: the last one first, none below what was paid."""
    lowered = []
    for due in reversed(found):
        less = min(due.open_minor, amount_minor)
        if less:
            lowered.append((due, due.gross_minor - less))
            amount_minor -= less
    return lowered


def _tell(w: Write, model: Any, line: Any, title: str, amount: int, reason: str) -> None:
    link = (model._meta.table_name, line.id)
    facts = {"title": title, "amount": amount, "number": line.number, "reason": reason}
    student = User.get_by_id(line.student_id)
    name = f"{student.first_name} {student.last_name}".strip()
    timeline.add(w, student.id, "waiving.timeline", link, **facts)
    notifications.notify(w, "payment", "center", "waiving.done", link, student=name, student_id=student.id, **facts)
