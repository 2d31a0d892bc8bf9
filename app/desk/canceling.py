"""Canceling an enrollment: its documents are credited, what was paid becomes credit, coming seats are free again."""

from __future__ import annotations

from app import store, text
from app.desk import center, changing, enrollment, promises
from app.desk.accounts import Actor, require
from app.desk.changing import Effect
from app.desk.dues import PayLine
from app.errors import UserError
from app.store import Write
from app.store.models import Course, CourseEnrolled


def preview(actor: Actor, enrollment_id: int) -> Effect:
    """What canceling would do; nothing is kept. UserErrors as from `cancel_enrollment`, none about the reason."""
    require(actor, "enrollment.cancel")
    with changing.Rehearsal() as rehearsal, store.write("Cancel enrollment", actor) as w:
        rehearsal.show(_cancel_in(w, enrollment_id, "-"))
    return rehearsal.effect


def cancel_enrollment(actor: Actor, enrollment_id: int, reason: str, shown: Effect | None = None) -> Effect:
    """Cancel a pending enrollment; with `shown`, only if it does what the preview said.

    Its invoices are credited, what was paid becomes credit, coming seats are freed. Other lines of a credited invoice
    are invoiced anew with the money they had; the credit notes and new invoices are mailed to their buyers.
    UserErrors `enrollment.already_canceled`, `enrollment.already_completed`, `store.gone`, `invoices.clock_back`,
    `changing.stale`, or beside `reason`.
    """
    require(actor, "enrollment.cancel")
    reason = text.clean(reason, field="reason", required=True)
    with store.write("Cancel enrollment", actor) as w:
        effect = _cancel_in(w, enrollment_id, reason)
        changing.hold(shown, effect)
    return effect


def _cancel_in(w: Write, enrollment_id: int, reason: str) -> Effect:
    line = CourseEnrolled.get_or_none(CourseEnrolled.id == enrollment_id)
    if line is None:
        raise UserError("store.gone")
    how, found = center.load(), changing.dues_of(PayLine(enrollment_id))
    before, free = changing.Before(line.student_id, found), changing.booked(enrollment_id, w.now)
    withdrawn, renewed = enrollment.cancel_in(w, enrollment_id, reason)
    changing.send_papers(w, how, withdrawn, renewed)
    promises.owed_no_more(w, line.student_id)
    title = Course.get_by_id(line.course_id).name
    return before.effect(title, changing.dues_of(PayLine(enrollment_id)), seats_free=changing.named(free))
