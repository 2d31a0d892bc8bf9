"""Who is at the desk and what they may do."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import UserError

#: Rights by role; a super admin has every right.
_FRONT_DESK = frozenset(
    {
        "people.edit", "people.note", "enrollment.create", "enrollment.cancel", "sale.create", "payment.take",
        "payment.refund", "invoice.issue", "invoice.credit", "schedule.plan", "schedule.book", "schedule.attend",
        "schedule.override", "mail.write", "mail.settle", "inbox.work", "till.open", "till.move", "till.close",
        "keeping.note", "undo.own", "people.import", "people.export", "people.merge", "desk.arrange",
        "enrollment.plan", "enrollment.transfer", "payment.move",
    }
)  # fmt: skip
_RIGHTS: dict[str, frozenset[str]] = {
    "student": frozenset(),
    "instructor": frozenset({"schedule.attend", "inbox.work", "desk.arrange"}),
    "staff": _FRONT_DESK,
    "admin": _FRONT_DESK | {
        "catalog.edit", "settings.edit", "people.staff", "keeping.restore", "keeping.repair", "keeping.settings",
        "keeping.move", "undo.others", "people.erase", "payment.waive", "enrollment.leave_fee_out",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Actor:
    """Who does something: a person of the file (None for the program itself), their role, and at which desk."""

    user_id: int | None
    role: str
    desk: str = "Desk 1"


#: The program itself: mail thread, kept columns, the first rows of a new center.
SYSTEM = Actor(None, "system", "system")


def may(actor: Actor, right: str) -> bool:
    """Whether the actor has a right."""
    return actor.role in ("super_admin", "system") or right in _RIGHTS.get(actor.role, frozenset())


def roles_with(right: str) -> list[str]:
    """The roles of people that have a right."""
    return [role for role in ("super_admin", *_RIGHTS) if may(Actor(None, role), right)]


def require(actor: Actor, right: str) -> None:
    """UserError `rights.missing` unless the actor has the right. Every writing function begins with it."""
    if not may(actor, right):
        raise UserError("rights.missing", role=actor.role.replace("_", " "), right=right, who=_who_may(right))


def _who_may(right: str) -> str:
    """The message key of the least role that has a right."""
    least = next((role for role in ("staff", "admin") if right in _RIGHTS[role]), "super_admin")
    return f"rights.by_{least}"
