"""The inbox: one thing someone must see, a row per recipient, worked off together."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from app import clock, store
from app.desk.accounts import Actor, require, roles_with
from app.errors import UserError
from app.store import Write
from app.store.models import Notification, NotificationRecipient, User
from app.store.prepared import Prepared, prepared


def notify(
    w: Write,
    type_: str,
    class_: str,
    key: str,
    link: tuple[str, int] | None = None,
    /,
    *,
    recipients: Iterable[int] | None = None,
    needs_decision: bool = False,
    **params: Any,
) -> int:
    """Put a notification in the inbox, inside the event's own write.

    Without `recipients` it goes to every active super admin (DOMAIN.md, flow 1).
    """
    table, row_id = link or (None, None)
    notification = w.insert(
        Notification,
        type=type_,
        **{"class": class_},
        key=key,
        params=json.dumps(params, ensure_ascii=False, sort_keys=True),
        link_table=table,
        link_id=row_id,
        needs_decision=int(needs_decision),
    )
    for user_id in sorted(set(super_admins() if recipients is None else recipients)):
        w.insert(NotificationRecipient, notification_id=notification, user_id=user_id)
    return notification


def super_admins() -> list[int]:
    """The ids of every active super admin."""
    return _active("super_admin")


def who_may(right: str) -> list[int]:
    """The ids of every active person who has a right."""
    return _active(*roles_with(right))


def _active(*roles: str) -> list[int]:
    return [user_id for (user_id,) in _in_roles(roles)()]


@lru_cache(maxsize=32)
def _in_roles(roles: tuple[str, ...]) -> Prepared:
    return prepared(lambda: User.select(User.id).where(User.role.in_(roles), User.status == "active"))


def mark_read(actor: Actor, notification_ids: Iterable[int], *, read: bool = True) -> None:
    """Mark notifications read (or unread) for the actor alone."""
    require(actor, "inbox.work")
    with store.write("Mark read" if read else "Mark unread", actor) as w:
        rows = NotificationRecipient.select(NotificationRecipient.id, NotificationRecipient.read_at).where(
            NotificationRecipient.notification_id.in_(list(notification_ids)),
            NotificationRecipient.user_id == actor.user_id,
        )
        for row in list(rows):
            if (row.read_at is not None) != read:
                w.update(NotificationRecipient, row.id, read_at=w.now if read else None)


def mark_done(actor: Actor, notification_id: int, *, done: bool = True) -> None:
    """Take a notification off everyone's list, or put it back."""
    require(actor, "inbox.work")
    with store.write("Mark done" if done else "Mark not done", actor) as w:
        w.update(
            Notification, notification_id, done_at=w.now if done else None, done_by=actor.user_id if done else None
        )


def assign(actor: Actor, notification_id: int, user_id: int | None) -> None:
    """Give a notification to one person, or to nobody. UserError `inbox.no_such_person`."""
    require(actor, "inbox.work")
    with store.write("Assign", actor) as w:
        if user_id is not None:
            person = User.get_or_none(User.id == user_id)
            if person is None or person.role == "student" or person.status != "active":
                raise UserError("inbox.no_such_person", "assigned_to")
            seen = NotificationRecipient.get_or_none(
                NotificationRecipient.notification_id == notification_id, NotificationRecipient.user_id == user_id
            )
            if seen is None:
                w.insert(NotificationRecipient, notification_id=notification_id, user_id=user_id)
        w.update(Notification, notification_id, assigned_to=user_id)


def snooze(actor: Actor, notification_id: int, until: str | None) -> None:
    """Hide a notification until a UTC stamp. UserError `inbox.snooze_past` if that is not ahead."""
    require(actor, "inbox.work")
    if until is not None and until <= clock.stamp():
        raise UserError("inbox.snooze_past", "snoozed_until")
    with store.write("Snooze", actor) as w:
        w.update(Notification, notification_id, snoozed_until=until)
