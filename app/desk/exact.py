"""Putting rows back exactly: what a later change stands in the way of is named, and every rule still holds after it.

Kept columns are not put back but worked out again, so that they say what the rows say.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from app import clock, store
from app.desk import balances, center, discounts, identity, naming, operations, registration, scheduling, seats
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.store import Write, images, search
from app.store.images import Image, Touched
from app.store.models import (
    Attachment,
    CourseEnrolled,
    InvoiceLine,
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


@dataclass(frozen=True)
class Put:
    """One row that is put back: what it becomes, the columns left as they are, and whether people are told of it."""

    row: Touched
    target: Image | None
    left: frozenset[str]
    told: bool

    @property
    def act(self) -> str:
        """What becomes of it: gone, back or changed."""
        return "gone" if self.row.before is None else "back" if self.row.after is None else "changed"


def look(actor: Actor, rows: Sequence[Touched], since: int) -> list[Put]:
    """What making rows what they were before the operation `since` does to each; reads only.

    UserErrors name what stands in the way (`undo.later_change`, `undo.in_use`, `undo.missing`, `undo.rival`,
    `undo.stock`, and more); money and documents are refused (`undo.money`). Seats and rooms are for `suppose`, or for
    `put_back` itself, to judge. What is asked of the file is asked of all rows at once.
    """
    require(actor, "undo.own")
    rows = [row for row in rows if row.before is not None or row.after is not None]
    for row in rows:
        if row.table in MONEY or (row.table in PURCHASES and (row.before is None or row.after is None)):
            raise UserError("undo.money")
        if row.redacted:
            raise UserError("undo.redacted")
    told = {(row.table, row.row_id) for row in rows if _is_business(row)}
    for row in images.moved_on(row for row in rows if (row.table, row.row_id) in told):
        _unchanged_since(row, since)
    _free_to_go(actor, [row for row in rows if row.before is None], since)
    _free_to_come(rows, since)
    _free_of_files(rows, since)
    staying = images.by_table((row.table, row.row_id) for row in rows if row.before is not None)
    now = {table: images.present_of(table, ids) for table, ids in staying.items()}
    found = []
    for row in reversed(rows):
        target, left = _target(row, now.get(row.table, {}).get(row.row_id))
        found.append(Put(row, target, left, (row.table, row.row_id) in told))
    return found[::-1]


def put_back(w: Write, found: Sequence[Put], since: int) -> None:
    """Do what `look` found, in a write that proves its references at the end (`images.prove_references`).

    UserErrors where a rule would not hold after it: of seats and rooms `undo.full`, `undo.busy`, `undo.slot_canceled`,
    clashes; of a person with several records `undo.in_use`.
    """
    _move_timeline(w, [put.row.row_id for put in found if put.act == "gone" and put.row.table == "users"])
    for table, some in _by_table(found):
        images.put_back(w, table, [(put.row.row_id, put.target, put.left) for put in reversed(some)])
    # Whose words somebody was found by until now, or is from now on.
    search.index_all(w.connection, "users", [one for put in found for one in _joined(put.row)])
    _recompute(w, [put.row for put in found])
    _hold(w.now, [put.row for put in found if put.told], since)


def suppose(found: Sequence[Put], now: str, since: int) -> None:
    """The UserErrors of `put_back`, without doing it: for a preview, inside `store.looking`."""
    tables = _READ_FOR_SEATS | (_READ_FOR_A_PERSON if any(_about_person(put.row) for put in found) else set())
    wanted = [put for put in found if put.row.table in tables]
    rows = {t: [(put.row.row_id, put.target, put.left) for put in some] for t, some in _by_table(wanted)}
    with images.supposing(rows):
        _hold(now, [put.row for put in found if put.told], since)


#: What the rules of seats, rooms and discounts are read from; beside it, what those of a person with several records
#: are.
_READ_FOR_SEATS = {"slots", "slot_enrolled", "courses_enrolled", "product_enrolled", "quotes"}
_READ_FOR_A_PERSON = {"users", "promises", "notes", "attachments"}


def _hold(now: str, rows: Sequence[Touched], since: int) -> None:
    """Every rule that only rows as they are then can tell: for a preview and for doing it alike."""
    _hold_rules(now, rows, since)
    _hold_discounts(rows, since)
    _hold_person(rows, since)


def _hold_discounts(rows: Sequence[Touched], since: int) -> None:
    """A use that was given back, and is taken again now, may have gone to somebody else meanwhile."""
    for row in rows:
        if row.table not in PURCHASES | {"quotes"} or row.before is None or "status" not in row.moved():
            continue
        rule_id = row.before["discount_rule_id"]
        if rule_id is None or row.before["status"] in ("canceled", "withdrawn"):
            continue
        if discounts.above_limit(rule_id, row.before["student_id"]):
            used = discounts.used_by(rule_id, but=(row.table, row.row_id))
            by, record = operations.blame(*used, since) if used else None, naming.name("discount_rules", rule_id)
            if by is None:
                raise UserError("undo.changed", record=record)
            raise UserError("undo.coupon", record=record, **operations.facts(by))


def _joined(row: Touched) -> set[int]:
    """The records that a record was merged into before and after, where that is not the same."""
    if row.table != "users" or row.before is None or row.after is None:
        return set()
    return {row.before["merged_into"], row.after["merged_into"]} - {None} if "merged_into" in row.moved() else set()


def _about_person(row: Touched) -> bool:
    """Whether `_hold_person` has something to ask because of a row."""
    if row.table == "users":
        return row.before is not None and (row.before["merged_into"] is not None or bool(_joined(row)))
    return row.table in PURCHASES and "student_id" in row.moved()


def _by_table(found: Sequence[Put]) -> list[tuple[str, list[Put]]]:
    """Rows of different tables do not stand in each other's way: references are proven at the end."""
    table = attrgetter("row.table")
    return [(name, list(some)) for name, some in groupby(sorted(found, key=table), table)]


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


def _target(row: Touched, now: Image | None) -> tuple[Image | None, frozenset[str]]:
    """What a row that is `now` so becomes, and the columns that are left as they are.

    A file is put away, not deleted: its bytes are nowhere else, and it could not be attached again.
    """
    if row.table == "attachments" and row.before is None and row.after is not None:
        return {**row.after, "removed_at": clock.stamp()}, frozenset(row.after.keys() - {"removed_at"})
    if row.before is None or now is None:
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


def _free_to_go(actor: Actor, rows: Iterable[Touched], since: int) -> None:
    """Nothing that stays points at rows that go. A person's timeline moves on, next slots are worked out again."""
    going = images.by_table((row.table, row.row_id) for row in rows)
    for table, ids in going.items():
        moving = {"users": [("timeline", "user_id")], "slots": [("users", "next_slot_id")]}.get(table, [])
        for child, child_id, row_id in images.referring(table, ids, going, moving):
            by = operations.blame(child, child_id, since)
            if by is None:
                raise UserError("undo.kept", record=naming.name(table, row_id))
            raise UserError("undo.in_use", record=naming.name(table, row_id), **operations.facts(by))
    people = going.get("users", [])
    theirs = operations.first_of(people)
    if theirs is not None:
        raise UserError("undo.in_use", record=naming.name("users", theirs[1]), **operations.facts(theirs[0]))
    if people and actor.user_id is None:
        raise UserError("undo.kept", record=naming.name("users", people[0]))


def _free_to_come(rows: Iterable[Touched], since: int) -> None:
    """What rows point at is there, and nobody has taken what they want for themselves alone."""
    rows = list(rows)
    coming = {(row.table, row.row_id) for row in rows if row.after is None}
    wanted: dict[str, list[tuple[int, Image]]] = {}
    for row in rows:
        if row.before is None:
            continue
        if row.after is None and images.holds_bytes(row.table):
            raise UserError("undo.bytes")
        kept = KEPT.get(row.table, frozenset())
        image = {name: value for name, value in row.before.items() if name not in kept}
        wanted.setdefault(row.table, []).append((row.row_id, image))
    for of, found in wanted.items():
        for table, row_id in images.missing(of, (image for _row_id, image in found)):
            if (table, row_id) in coming:
                continue
            story = images.of_row(table, row_id)
            named = operations.facts(story[0].operation_id) if story else {"what": "", "who": "", "at": ""}
            raise UserError("undo.missing", record=naming.name(table, row_id), **named)
        for _row_id, other in images.rivals(of, found):
            raise operations.in_the_way("undo.rival", of, other, since, "undo.changed")
    for row in rows:
        if row.before is not None:
            _free_of_twins(row, row.before, since)
            _free_of_uses(row, since)


def _free_of_uses(row: Touched, since: int) -> None:
    """What a discount rule says explains the lines it has lowered: it does not change under them."""
    if row.table != "discount_rules" or row.after is None or not row.moved() & discounts.TERMS:
        return
    used = discounts.used_by(row.row_id)
    if used is not None:
        by, record = operations.blame(*used, since), naming.name(row.table, row.row_id)
        if by is None:
            raise UserError("undo.kept", record=record)
        raise UserError("undo.in_use", record=record, **operations.facts(by))


def _free_of_files(rows: Sequence[Touched], since: int) -> None:
    """No file stays without what it stands at, and none comes back to a note that is gone: no reference holds them."""
    moving = [row for row in rows if row.table == "attachments"]
    for table in ("notes", "users"):
        going = [row.row_id for row in rows if row.table == table and row.before is None]
        there = Attachment.select(Attachment.id, Attachment.subject_id).where(
            Attachment.subject_table == table,
            Attachment.subject_id.in_(store.these(store.listed(going))),
            Attachment.id.not_in([row.row_id for row in moving]),
        )
        if table == "notes":  # what was removed stays with the person
            there = there.where(Attachment.removed_at.is_null())
        file = there.order_by(Attachment.id.desc()).first() if going else None
        if file is not None:
            raise operations.in_the_way("undo.in_use", "attachments", file.id, since, "undo.file_kept")
    coming = {row.row_id for row in rows if row.table == "notes" and row.before is not None}
    for row in moving:
        at = row.before if row.before is not None and row.before.get("removed_at") is None else None
        if at is None or at["subject_table"] != "notes" or at["subject_id"] in coming:
            continue
        story = images.of_row("notes", at["subject_id"])
        if story and story[0].after is None:
            raise UserError("undo.note_gone", **operations.facts(story[0].operation_id))


def _free_of_twins(row: Touched, before: Image, since: int) -> None:
    # Two records of one person may have brought a line each: a line that changes hands is answered by `_hold_person`.
    if row.table == "courses_enrolled" and before["status"] == "pending" and "student_id" not in row.moved():
        twin = CourseEnrolled.get_or_none(
            CourseEnrolled.student_id == before["student_id"],
            CourseEnrolled.course_id == before["course_id"],
            CourseEnrolled.status == "pending",
            CourseEnrolled.id != row.row_id,
        )
        if twin is not None:
            raise operations.in_the_way("undo.rival", "courses_enrolled", twin.id, since, "undo.changed")
    if row.table == "product_enrolled" and before["status"] != "canceled" and "status" in row.moved():
        fee = registration.charged_besides(center.load(), before["student_id"], before["product_id"], row.row_id)
        if fee is not None:  # it is due once
            raise operations.in_the_way("undo.rival", "product_enrolled", fee, since, "undo.changed")
    if row.table == "settings" and before["key"] == "currency" and row.moved():  # noqa: SIM102
        if Payment.select(Payment.id).limit(1).exists():
            raise UserError("center.currency_fixed", "currency")


def _hold_rules(now: str, rows: Iterable[Touched], since: int) -> None:
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
        touched |= {seat.id for seat in SlotEnrolled.select(SlotEnrolled.id).where(seats.of_slot(row.row_id))}
    for seat_id in sorted(touched):
        _hold_seat(now, store.by_id(SlotEnrolled, seat_id), since)


def _hold_seat(now: str, seat: Any, since: int) -> None:
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
    if seat.status not in ("booked", "attended") and not (seat.status == "held" and seat.held_until > now):
        return
    if seats.taken(slot.id, now) > slot.capacity:
        raise _named_by_seats(now, "undo.full", slot, seat, since, ())
    other = seats.busy_elsewhere(seat.student_id, slot.start_utc, slot.end_utc, now, but=slot.id)
    if other is None or seat.override_reason or slot.override_reason or other.override_reason:
        return
    theirs = SlotEnrolled.get(
        SlotEnrolled.slot_id == other.id, SlotEnrolled.student_id == seat.student_id, seats.live(now)
    )
    if not theirs.override_reason:
        raise _named_by_seats(now, "undo.busy", other, seat, since, (theirs.id,))


#: Tables of what belongs to a record in use alone, and the column that says to whose.
_OF_PERSON = {
    "slot_enrolled": "student_id", "courses_enrolled": "student_id", "product_enrolled": "student_id",
    "quotes": "student_id", "promises": "student_id", "notes": "user_id", "users": "merged_into",
}  # fmt: skip


def _hold_person(rows: Iterable[Touched], since: int) -> None:
    """Merged or parted, a person is whole: nothing is left at a pointer, no line apart from its documents and money."""
    rows = list(rows)
    whose = [row.before.get(_OF_PERSON.get(row.table, "")) if row.before is not None else None for row in rows]
    merged = identity.merged_away({of for of in whose if of is not None})
    for row, of in zip(rows, whose, strict=True):
        if of in merged:  # it would point at a record merged away since
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


def _named_by_seats(now: str, key: str, slot: Any, seat: Any, since: int, ids: tuple[int, ...]) -> UserError:
    """Who took the seat, or the student's time: the newest operation among the live seats of a slot, or on itself."""
    rows = SlotEnrolled.select(SlotEnrolled.id).where(seats.of_slot(slot.id), seats.live(now))
    others = ids or [row.id for row in rows if row.id != seat.id]
    found = [operations.blame("slot_enrolled", one, since, LOOSE["slot_enrolled"]) for one in others]
    found.append(operations.blame("slots", slot.id, since, KEPT["slots"]))
    by = max((one for one in found if one is not None), default=None)
    params = {"record": naming.name("slots", slot.id), "name": naming.name("users", seat.student_id)}
    return UserError(key, **params, **operations.facts(by)) if by is not None else UserError("undo.changed", **params)


# -- what follows ----------------------------------------------------------------------------------------------


def _move_timeline(w: Write, user_ids: list[int]) -> None:
    """People who go leave no timeline: its entries stand with whoever took them off the roster."""
    if not user_ids:
        return
    there = images.present_of("users", user_ids)
    rows = []
    theirs: Any = (
        Timeline.select(Timeline.id, Timeline.user_id)
        .where(Timeline.user_id.in_(store.these(store.listed(user_ids))))
        .order_by(Timeline.id)
        .tuples()
    )
    for entry_id, user_id in theirs:
        params = json.dumps({"name": naming.name("users", user_id, there[user_id])}, ensure_ascii=False)
        rows.append((w.actor.user_id, "undo.timeline_gone", params, entry_id))
    w.update_many(Timeline, ("user_id", "key", "params"), rows)


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
    for seat in seated.where(SlotEnrolled.slot_id.in_(store.these(store.listed(slots)))) if slots else ():
        students.add(seat.student_id)
        lines |= {seat.enrollment_id} if seat.enrollment_id is not None else set()
    seats.recount(w, sorted(slots))
    seats.recompute_progress(w, sorted(lines))
    wanted = User.select(User.id).where(User.id.in_(store.these(store.listed(students))), User.role == "student")
    there = [row.id for row in wanted]
    seats.refresh_next_slot(w, there)
    balances.recompute_all(w, there)
