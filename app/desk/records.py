"""Bringing one record back to how it was at a moment: people, the catalog, the calendar. Never money or documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app import store
from app.desk import exact, identity, operations, timeline
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.store import images
from app.store.images import Image, Touched

#: What may be brought back, with the right that changing it needs.
RIGHTS = {
    "users": "people.edit",
    "payers": "people.edit",
    "notes": "people.note",
    "courses": "catalog.edit",
    "products": "catalog.edit",
    "resources": "catalog.edit",
    "tax_rates": "settings.edit",
    "sessions": "schedule.plan",
    "session_instructor": "schedule.plan",
    "slots": "schedule.plan",
    "slot_instructor": "schedule.plan",
    "availability": "schedule.plan",
    "closures": "schedule.plan",
    "slot_enrolled": "schedule.book",
}

#: Never taken out of the past: who may sign in is said in the present, and stock is counted.
_STAYS = ("password_hash", "stock")


@dataclass(frozen=True)
class Moment:
    """How a record was after one operation. `image` is what it said then."""

    change_id: int
    words: str
    who: str
    at: str
    image: Image


def may_come_back(table: str) -> bool:
    """Whether records of a table are brought back one by one."""
    return table in RIGHTS


def moments(table: str, row_id: int, limit: int = 200) -> list[Moment]:
    """How a record was, newest first; the first is how it is now, if it is still there.

    Changes of what is worked out from other rows alone are no moments of their own.
    """
    found: list[Moment] = []
    worked_out = exact.KEPT.get(table, frozenset()) | exact.LOOSE.get(table, frozenset())
    for one in images.of_row(table, row_id):
        if len(found) == limit:
            break
        if one.after is not None and not one.redacted and images.differing(one.before, one.after, worked_out):
            facts = operations.facts(one.operation_id)
            found.append(Moment(one.change_id, facts["what"], facts["who"], facts["at"], one.after))
    return found


def bring_back(actor: Actor, table: str, row_id: int, change_id: int) -> int:
    """Make a record what it was after one recorded change; returns the operation. What follows is worked out again.

    UserErrors `undo.record_money`, `undo.record_kind`, `undo.record_same`, `undo.record_merged`, `undo.redacted`,
    `store.gone`, and what stands in the way as in `exact.look` and `exact.put_back`.
    """
    require(actor, "undo.own")
    require_for(actor, table, row_id)
    with store.write("Bring back record", actor, prove=images.prove_references) as w:
        moment = next((one for one in images.of_row(table, row_id) if one.change_id == change_id), None)
        if moment is None or moment.after is None:
            raise UserError("store.gone")
        if moment.redacted:
            raise UserError("undo.redacted")
        now = images.present(table, row_id)
        then = dict(moment.after)
        if now is not None:
            then.update({name: now[name] for name in _STAYS if name in now})
        if table == "users" and then["merged_into"] != (now or then)["merged_into"]:
            raise UserError("undo.record_merged")
        for name in {"student_id", "user_id"} & then.keys():
            then[name] = identity.root(then[name])  # what was merged stays merged
        row = Touched(table, row_id, then, now)
        found = exact.look(actor, [row], moment.operation_id)
        if not any(put.told for put in found):
            raise UserError("undo.record_same")
        exact.put_back(w, found, moment.operation_id)
        person: Any = row_id if table == "users" else then.get("student_id", then.get("user_id"))
        if person is not None:
            at = operations.facts(moment.operation_id)["at"]
            timeline.add(w, int(person), "undo.timeline_restored", (table, row_id), at=at)
        return int(w.operation_id)


def require_for(actor: Actor, table: str, row_id: int) -> None:
    """The right that changing a record needs. UserErrors `rights.missing`, or why it is never brought back."""
    require(actor, "undo.own")
    if table in exact.MONEY or table in exact.PURCHASES:
        raise UserError("undo.record_money")
    if table not in RIGHTS:
        raise UserError("undo.record_kind")
    require(actor, RIGHTS[table])
    if table == "users":
        roles = {(one.after or one.before or {}).get("role") for one in images.of_row(table, row_id)}
        if roles - {"student"}:
            require(actor, "people.staff")
        if "super_admin" in roles:
            require(actor, "people.super_admin")
