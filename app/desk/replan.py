"""Planning anew what is left of an enrollment: even or uneven installments, without touching what was paid.

Installments that have an invoice or money stay as they are. An enrollment that was invoiced whole is credited and
issued anew per plan: what was paid becomes its first, paid installment, and the others get their invoices in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app import clock, store
from app.desk import balances, center, changing, enrollment, invoices, timeline
from app.desk.accounts import Actor, require
from app.desk.changing import Effect, Part
from app.desk.dues import Due, PayLine
from app.errors import UserError
from app.store import Write
from app.store.models import CourseEnrolled


@dataclass(frozen=True)
class Planned:
    """The plan of an enrollment: installments that stay, what is left to plan (minor units), and how it is planned."""

    title: str
    number: str
    kept: tuple[Part, ...]
    left_minor: int
    loose: tuple[tuple[str, int], ...]


def planned(enrollment_id: int) -> Planned:
    """The plan as it is; reads only. UserErrors `replan.canceled`, `replan.nothing_left`, `store.gone`."""
    found = _dues(enrollment_id)
    kept, loose, left = _sides(found, _today())
    return Planned(found[0].title, CourseEnrolled.get_by_id(enrollment_id).number, tuple(kept), left, tuple(loose))


def preview(actor: Actor, enrollment_id: int, parts: Sequence[tuple[str, int]]) -> Effect:
    """What planning anew would do; nothing is kept. UserErrors as from `replan`."""
    require(actor, "enrollment.plan")
    with changing.Rehearsal() as rehearsal, store.write("Plan installments", actor) as w:
        rehearsal.show(_replan_in(w, enrollment_id, parts))
    return rehearsal.effect


def replan(actor: Actor, enrollment_id: int, parts: Sequence[tuple[str, int]], shown: Effect | None = None) -> Effect:
    """Plan what is left as (due date, minor units) in order; with `shown`, only if it does what the preview said.

    UserErrors `replan.canceled`, `replan.nothing_left`, `replan.sum`, `replan.same`, `enrollment.parts`,
    `enrollment.date`, `enrollment.installments_past`, `enrollment.installments_order`, `invoices.clock_back`,
    `changing.stale`.
    """
    require(actor, "enrollment.plan")
    with store.write("Plan installments", actor) as w:
        effect = _replan_in(w, enrollment_id, parts)
        changing.hold(shown, effect)
    return effect


def _replan_in(w: Write, enrollment_id: int, parts: Sequence[tuple[str, int]]) -> Effect:
    found, how = _dues(enrollment_id), center.load()
    line = CourseEnrolled.get_by_id(enrollment_id)
    today = clock.local_date(how.zone, w.moment).isoformat()
    kept, loose, left = _sides(found, today)
    # What is overdue may stay so: its day is moved by whoever wants to, not by a change of another part.
    wanted = enrollment.check_plan(parts, left, today, "replan.sum", [due_on for due_on, _amount in loose])
    if not wanted:
        raise UserError("replan.sum", "installments", total=0, price=left)
    if len(kept) + len(wanted) > enrollment.MAX_PARTS:
        raise UserError("enrollment.parts", "installments", most=enrollment.MAX_PARTS)
    whole = found[0] if found[0].kind == "enrollment" else None
    if wanted == loose and whole is None:
        raise UserError("replan.same", "installments")
    before = changing.Before(line.student_id, found)
    rows: list[tuple[int | None, str, int]] = []
    if whole is None:
        rows += [(due.installment_id, due.due_on, due.gross_minor) for due in found if changing.fixed(due)]
    elif kept:
        rows.append((None, min(today, wanted[0][0]), whole.paid_minor))
    free = [due.installment_id for due in found if whole is None and not changing.fixed(due)]
    free += [None] * (len(wanted) - len(free))
    rows += [(row_id, due_on, amount) for row_id, (due_on, amount) in zip(free, wanted, strict=False)]
    withdrawn = invoices.withdraw(w, how, [whole.invoice_id] if whole is not None else [], line.number)
    made = changing.write_plan(w, enrollment_id, sorted(rows, key=lambda row: row[1]))
    heirs = [(enrollment_id, None, made[0])] if kept else []
    becomes = {whole.key: heirs} if whole is not None else None
    changing.send_papers(w, how, withdrawn, invoices.renew(w, how, withdrawn, becomes))
    after = changing.dues_of(PayLine(enrollment_id))
    facts = {"course": found[0].title, "number": line.number, "parts": len(after), "amount": left}
    timeline.add(w, line.student_id, "replan.timeline", ("courses_enrolled", enrollment_id), **facts)
    balances.recompute(w, line.student_id)
    return before.effect(found[0].title, after)


def _today() -> str:
    return clock.local_date(center.load().zone).isoformat()


def _dues(enrollment_id: int) -> list[Due]:
    line = CourseEnrolled.get_or_none(CourseEnrolled.id == enrollment_id)
    if line is None:
        raise UserError("store.gone")
    if line.status == "canceled":
        raise UserError("replan.canceled", number=line.number)
    found = changing.dues_of(PayLine(enrollment_id))
    if not _sides(found, "")[2]:
        raise UserError("replan.nothing_left", number=line.number)
    return found


def _sides(found: Sequence[Due], today: str) -> tuple[list[Part], list[tuple[str, int]], int]:
    """What stays as it is, how the rest is planned now, and what the rest comes to in minor units."""
    if found[0].kind == "enrollment":
        whole = found[0]
        kept = [Part(today, whole.paid_minor, whole.paid_minor, fixed=True)] if whole.paid_minor else []
        loose = [(max(whole.due_on, today), whole.open_minor)] if whole.open_minor else []
        return kept, loose, whole.open_minor
    kept = [changing.as_part(due) for due in found if changing.fixed(due)]
    loose = [(due.due_on, due.gross_minor) for due in found if not changing.fixed(due)]
    return kept, loose, sum(amount for _, amount in loose)
