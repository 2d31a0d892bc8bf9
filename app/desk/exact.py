"""Putting rows back exactly: what a later change stands in the way of is named, and every rule still holds after it.

Kept columns are not put back but worked out again, so that they say what the rows say.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from app import store
from app.desk import balances, identity, naming, operations, scheduling, seats
from app.errors import UserError
from app.store import Write, images, search
from app.store.images import Image, Touched
from app.store.models import (
    CourseEnrolled,
    InvoiceLine,
    Operation,
    Payment,
    Slot,
    SlotEnrolled,
    StudentPayment,
    Timeline,
    User,
)

#: Worked out from other rows, by table.
KEPT: dict[str, frozenset[str]] = {
    "users": frozenset({"balance_minor", "next_slot_id", "next_slot_at", "next_slot_as_of"}),
    "slots": frozenset({"seats_taken"}),
    "courses_enrolled": frozenset({"theory_done_minutes", "practical_done_minutes", "progress_bp"}),
    "products": frozenset({"stock"}),  # moved by so many, not to so many
}

#: What may have gone on since, by table: put back only where it is as the operation left it.
LOOSE: dict[str, frozenset[str]] = {
    "slot_enrolled": frozenset({"skipped_reason"}),
    "notification_recipients": frozenset({"read_at"}),
    "mail_queue": frozenset(
        {"mime", "mime_hash", "from_header", "stage", "tries", "next_try_at", "lease_until", "lease_by",
         "last_reply", "reason", "sent_at"}
    ),
}  # fmt: skip

#: Tables of money and documents: kept for ever, never touched here.
MONEY = frozenset({"payments", "student_payments", "invoices", "invoice_lines", "installments", "tills", "till_moves"})
#: Purchases are born with what follows from them and never die; their state may be put back.
PURCHASES = frozenset({"courses_enrolled", "product_enrolled"})


def put_back(w: Write, rows: Sequence[Touched], since: int) -> list[tuple[str, Touched]]:
    """Make rows what they were before the operation `since`; returns what became of which: gone, back or changed.

    UserErrors name what stands in the way (`undo.later_change`, `undo.in_use`, `undo.missing`, `undo.rival`,
    `undo.full`, `undo.busy`, and more); money and documents are refused (`undo.money`).
    """
    rows = [row for row in rows if row.before is not None or row.after is not None]
    for row in rows:
        if row.table in MONEY or (row.table in PURCHASES and (row.before is None or row.after is None)):
            raise UserError("undo.money")
        if row.redacted:
            raise UserError("undo.redacted")
    told = [row for row in rows if _is_business(row)]
    known = {(row.table, row.row_id) for row in told}
    for row in told:
        _unchanged_since(row, since)
    _free_to_go(w, [row for row in rows if row.before is None], since)
    coming = {(row.table, row.row_id) for row in rows if row.after is None}
    for row in rows:
        if row.before is not None:
            _free_to_come(row, since, coming)
    done = []
    for row in reversed(rows):
        if row.before is None and row.table == "users":
            _move_timeline(w, row.row_id)
        images.put_back(w, row.table, row.row_id, *_target(row))
        if (row.table, row.row_id) in known:
            done.append(("gone" if row.before is None else "back" if row.after is None else "changed", row))
    for row in rows:
        parted = row.after["merged_into"] if row.table == "users" and row.before and row.after else None
        if parted is not None:
            search.index(w.connection, "users", parted)  # whose words it was found by until now
    _recompute(w, rows)
    _hold_rules(w, told, since)
    _hold_person(told, since)
    return done[::-1]


def _loose(row: Touched) -> frozenset[str]:
    """The columns of a row that do not count when it is compared."""
    found = KEPT.get(row.table, frozenset()) | LOOSE.get(row.table, frozenset())
    if row.table == "courses_enrolled" and "progress_bp" in row.moved():
        found |= {"status", "completed_on"}  # they follow from progress there
    return found


def _is_business(row: Touched) -> bool:
    """Whether the operation changed what the row says, and not only what follows from other rows."""
    return row.before is None or row.after is None or bool(row.moved(_loose(row))) or bool(_stock_moved(row))


def _stock_moved(row: Touched) -> int:
    """By how many pieces putting a product back moves its stock."""
    if row.table != "products" or row.before is None or row.after is None:
        return 0
    return int(row.before["stock"] or 0) - int(row.after["stock"] or 0)


def _unchanged_since(row: Touched, since: int) -> None:
    """The guard of every undo: the row says what the operation left it saying."""
    now = images.present(row.table, row.row_id)
    loose = _loose(row)
    if (now is None) != (row.after is None) or images.differing(now, row.after, loose):
        raise operations.in_the_way("undo.later_change", row.table, row.row_id, since, "undo.changed", loose)


def _target(row: Touched) -> tuple[Image | None, frozenset[str]]:
    """What a row becomes, and the columns that are left as they are."""
    if row.before is None:
        return None, frozenset()
    now = images.present(row.table, row.row_id)
    if now is None:
        return row.before, frozenset()
    target, left = dict(row.before), KEPT.get(row.table, frozenset())
    if row.after is not None:
        left |= target.keys() - row.moved()  # what the operation did not touch may have gone on
        left |= {name for name in _loose(row) if now.get(name) != row.after.get(name)}
    if row.table == "products":
        moved = _stock_moved(row)
        if moved and now["stock"] + moved < 0:
            raise UserError("undo.stock", record=naming.name(row.table, row.row_id), left=now["stock"], wanted=-moved)
        target["stock"] = None if now["stock"] is None else now["stock"] + moved
        left -= {"stock"}
    return target, left


# -- what stands in the way ------------------------------------------------------------------------------------


def _free_to_go(w: Write, rows: Iterable[Touched], since: int) -> None:
    """Nothing that stays points at rows that go. A person's timeline moves on, next slots are worked out again."""
    going = {(row.table, row.row_id) for row in rows}
    for table, row_id in going:
        for child, child_id in images.referring(table, row_id):
            if (child, child_id) in going or (child == "users" and table == "slots"):
                continue
            if child == "timeline" and table == "users" and Timeline.get_by_id(child_id).actor_id != row_id:
                continue
            by = operations.blame(child, child_id, since)
            if by is None:
                raise UserError("undo.kept", record=naming.name(table, row_id))
            raise UserError("undo.in_use", record=naming.name(table, row_id), **operations.facts(by))
        if table == "users":
            theirs = Operation.get_or_none(Operation.actor_id == row_id)
            if theirs is not None:
                raise UserError("undo.in_use", record=naming.name(table, row_id), **operations.facts(theirs.id))
            if w.actor.user_id is None:
                raise UserError("undo.kept", record=naming.name(table, row_id))


def _free_to_come(row: Touched, since: int, coming: set[tuple[str, int]]) -> None:
    """What a row points at is there, and nobody has taken what it wants for itself alone."""
    assert row.before is not None
    if row.after is None and images.holds_bytes(row.table):
        raise UserError("undo.bytes")
    image = {name: value for name, value in row.before.items() if name not in KEPT.get(row.table, frozenset())}
    for table, row_id in images.missing(row.table, image):
        if (table, row_id) in coming:
            continue
        story = images.of_row(table, row_id)
        named = operations.facts(story[0].operation_id) if story else {"what": "", "who": "", "at": ""}
        raise UserError("undo.missing", record=naming.name(table, row_id), **named)
    other = images.rival(row.table, row.row_id, image)
    if other is not None:
        raise operations.in_the_way("undo.rival", row.table, other, since, "undo.changed")
    if row.table == "courses_enrolled" and row.before["status"] == "pending" and "student_id" not in row.moved():
        twin = CourseEnrolled.get_or_none(
            CourseEnrolled.student_id == row.before["student_id"],
            CourseEnrolled.course_id == row.before["course_id"],
            CourseEnrolled.status == "pending",
            CourseEnrolled.id != row.row_id,
        )
        if twin is not None:
            raise operations.in_the_way("undo.rival", "courses_enrolled", twin.id, since, "undo.changed")
    if row.table == "settings" and row.before["key"] == "currency" and row.moved():  # noqa: SIM102
        if Payment.select(Payment.id).limit(1).exists():
            raise UserError("center.currency_fixed", "currency")


def _hold_rules(w: Write, rows: Iterable[Touched], since: int) -> None:
    """Seats and rooms after the rows are back: capacity, one place at a time, no seat in a canceled slot."""
    moved_slots = {"start_utc", "end_utc", "resource_id", "canceled_at"}
    slots = [row for row in rows if row.table == "slots" and row.before is not None and row.moved() & moved_slots]
    for row in slots:
        slot = store.by_id(Slot, row.row_id)
        if slot is not None and slot.canceled_at is None and not slot.override_reason:
            found = scheduling.clashes(slot.id)
            if found:
                raise found[0]
    touched = {row.row_id for row in rows if row.table == "slot_enrolled" and row.before is not None}
    for row in slots:
        touched |= {seat.id for seat in SlotEnrolled.select(SlotEnrolled.id).where(SlotEnrolled.slot_id == row.row_id)}
    for seat_id in sorted(touched):
        _hold_seat(w, store.by_id(SlotEnrolled, seat_id), since)


def _hold_seat(w: Write, seat: Any, since: int) -> None:
    if seat is None or seat.status == "canceled":
        return
    slot = store.by_id(Slot, seat.slot_id)
    assert slot is not None
    if slot.canceled_at is not None:
        raise operations.in_the_way("undo.slot_canceled", "slots", slot.id, since, "undo.changed")
    enrollment = store.by_id(CourseEnrolled, seat.enrollment_id) if seat.enrollment_id is not None else None
    if enrollment is not None and enrollment.status == "canceled":
        raise operations.in_the_way(
            "undo.later_change", "courses_enrolled", enrollment.id, since, "undo.not_running", KEPT["courses_enrolled"]
        )
    if seat.status not in ("booked", "attended") and not (seat.status == "held" and seat.held_until > w.now):
        return
    if seats.taken(slot.id, w.now) > slot.capacity:
        raise _named_by_seats(w, "undo.full", slot, seat, since, ())
    other = seats.busy_elsewhere(seat.student_id, slot.start_utc, slot.end_utc, w.now, but=slot.id)
    if other is None or seat.override_reason or slot.override_reason or other.override_reason:
        return
    theirs = SlotEnrolled.get(
        SlotEnrolled.slot_id == other.id, SlotEnrolled.student_id == seat.student_id, seats.live(w.now)
    )
    if not theirs.override_reason:
        raise _named_by_seats(w, "undo.busy", other, seat, since, (theirs.id,))


#: Tables of what belongs to a record in use alone, and the column that says to whose.
_OF_PERSON = {
    "slot_enrolled": "student_id", "courses_enrolled": "student_id", "product_enrolled": "student_id",
    "notes": "user_id", "users": "merged_into",
}  # fmt: skip


def _hold_person(rows: Iterable[Touched], since: int) -> None:
    """Merged or parted, a person is whole: nothing is left at a pointer, no line apart from its documents and money."""
    for row in rows:
        of = row.before.get(_OF_PERSON.get(row.table, "")) if row.before is not None else None
        if of is not None and identity.root(of) != of:  # it would point at a record merged away since
            raise operations.in_the_way("undo.later_change", "users", of, since, "undo.changed")
        if row.table == "users" and row.before is not None and row.before["merged_into"] is not None:
            for table, row_id in identity.left_behind(row.row_id):
                raise operations.in_the_way("undo.in_use", table, row_id, since, "undo.changed")
        if row.table in PURCHASES and row.before is not None and "student_id" in row.moved():
            who = identity.root(row.before["student_id"])
            for table, row_id, student_id in _on_line(row):
                if identity.root(student_id) != who:
                    raise operations.in_the_way("undo.in_use", table, row_id, since, "undo.changed")


def _on_line(row: Touched) -> Iterable[tuple[str, int, int]]:
    """(table, row, student) of the lines of documents and the money on a purchase, newest first."""
    key = "enrollment_id" if row.table == "courses_enrolled" else "product_enrolled_id"
    for table, model in (("student_payments", StudentPayment), ("invoice_lines", InvoiceLine)):
        query = model.select(model.id, model.student_id).where(getattr(model, key) == row.row_id)
        for found in query.order_by(model.id.desc()):
            yield table, found.id, found.student_id


def _named_by_seats(w: Write, key: str, slot: Any, seat: Any, since: int, ids: tuple[int, ...]) -> UserError:
    """Who took the seat, or the student's time: the newest operation among the live seats of a slot, or on itself."""
    rows = SlotEnrolled.select(SlotEnrolled.id).where(SlotEnrolled.slot_id == slot.id, seats.live(w.now))
    others = ids or [row.id for row in rows if row.id != seat.id]
    found = [operations.blame("slot_enrolled", one, since, LOOSE["slot_enrolled"]) for one in others]
    found.append(operations.blame("slots", slot.id, since, KEPT["slots"]))
    by = max((one for one in found if one is not None), default=None)
    params = {"record": naming.name("slots", slot.id), "name": naming.name("users", seat.student_id)}
    return UserError(key, **params, **operations.facts(by)) if by is not None else UserError("undo.changed", **params)


# -- what follows ----------------------------------------------------------------------------------------------


def _move_timeline(w: Write, user_id: int) -> None:
    """A person who goes leaves no timeline: its entries stand with whoever took them off the roster."""
    params = json.dumps({"name": naming.name("users", user_id)}, ensure_ascii=False)
    for entry in list(Timeline.select(Timeline.id).where(Timeline.user_id == user_id)):
        w.update(Timeline, entry.id, user_id=w.actor.user_id, key="undo.timeline_gone", params=params)


def _recompute(w: Write, rows: Iterable[Touched]) -> None:
    """Bring every kept column that depends on these rows in step."""
    students: set[int] = set()
    slots: set[int] = set()
    lines: set[int] = set()
    for row in rows:
        for image in filter(None, (row.before, row.after)):
            if row.table == "users":
                students.add(row.row_id)
            elif row.table == "slots":
                slots.add(row.row_id)
            elif row.table == "slot_enrolled":
                students.add(image["student_id"])
                slots.add(image["slot_id"])
                lines |= {image["enrollment_id"]} - {None}
            elif row.table in PURCHASES:
                students.add(image["student_id"])
                lines |= {row.row_id} if row.table == "courses_enrolled" else set()
        if row.table == "courses" and row.moved() & {"theory_minutes", "practical_minutes"}:
            lines |= {line.id for line in CourseEnrolled.select(CourseEnrolled.id).where(
                CourseEnrolled.course_id == row.row_id)}  # fmt: skip
    seated = SlotEnrolled.select(SlotEnrolled.student_id, SlotEnrolled.enrollment_id)
    for seat in seated.where(SlotEnrolled.slot_id.in_(sorted(slots))) if slots else ():
        students.add(seat.student_id)
        lines |= {seat.enrollment_id} if seat.enrollment_id is not None else set()
    seats.recount(w, sorted(slots))
    seats.recompute_progress(w, sorted(lines))
    there = {row.id for row in User.select(User.id).where(User.id.in_(sorted(students)), User.role == "student")}
    seats.refresh_next_slot(w, sorted(there))
    balances.recompute_all(w, there)
