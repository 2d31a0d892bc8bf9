"""The inbox as it is read: groups, counts, and what stands behind one item."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from peewee import JOIN, Case, fn

from app import clock
from app.desk import identity
from app.store.models import (
    CourseEnrolled,
    Invoice,
    Notification,
    NotificationRecipient,
    Payment,
    ProductEnrolled,
    User,
)
from app.store.prepared import prepared

#: Filter keys in the order they are shown.
FILTERS = ("open", "mine", "unread", "decisions", "money", "mail", "system", "done")

_GROUPS = {"payment": "money", "message": "mail", "system": "mail", "delete": "mail"}


@dataclass(frozen=True)
class InboxItem:
    """One notification for one reader: key and parameters, not yet words."""

    id: int
    type: str
    key: str
    params: dict[str, Any]
    group: str
    created_at: str
    read: bool
    done_at: str | None
    done_by: str
    assigned_to: int | None
    assigned_name: str
    snoozed_until: str | None
    link_table: str | None
    link_id: int | None
    needs_decision: bool


def _condition(name: str, reader: int | None, now: str) -> Any:
    is_open = Notification.done_at.is_null()
    awake = Notification.snoozed_until.is_null() | (Notification.snoozed_until <= now)
    return {
        "open": is_open & awake,
        "mine": is_open & awake & (Notification.assigned_to == reader),
        "unread": is_open & awake & NotificationRecipient.read_at.is_null(),
        "decisions": is_open & awake & (Notification.needs_decision == 1),
        "money": is_open & awake & (Notification.type == "payment"),
        "mail": is_open & awake & (Notification.type == "message"),
        "system": is_open & awake & Notification.type.in_(["system", "delete", "new_account", "calendar"]),
        "done": Notification.done_at.is_null(False),
    }[name]


def _for_reader(reader: int | None, *columns: Any) -> Any:
    return (
        Notification.select(*columns)
        .join(NotificationRecipient, on=(NotificationRecipient.notification_id == Notification.id))
        .where(NotificationRecipient.user_id == reader)
    )


def counts(reader: int | None) -> dict[str, int]:
    """How many items each filter would show to this reader."""
    now = clock.stamp()
    sums = [fn.SUM(Case(None, [(_condition(name, reader, now), 1)], 0)).alias(name) for name in FILTERS]
    row = _for_reader(reader, *sums).dicts().get()
    return {name: int(row[name] or 0) for name in FILTERS}


def unread(reader: int | None) -> int:
    """How many open items this reader has not read: the pill on the rail. Looks at open ones alone."""
    return int(_unread(reader, clock.stamp())[0][0]) if reader is not None else 0


@prepared
def _unread(reader: int, now: str) -> Any:
    return _for_reader(reader, fn.COUNT(Notification.id)).where(_condition("unread", reader, now))


def oldest(reader: int | None) -> str | None:
    """When the item that waits longest came in, None where nothing waits."""
    query = _for_reader(reader, fn.MIN(Notification.created_at)).where(_condition("open", reader, clock.stamp()))
    return next((row[0] for row in query.tuples()), None)


def items(reader: int | None, name: str = "open", limit: int = 500) -> list[InboxItem]:
    """The items of a filter: what needs a decision first, then money, then mail and the rest; newest first."""
    now = clock.stamp()
    assigned, finisher = User.alias(), User.alias()
    query = (
        _for_reader(
            reader,
            Notification,
            NotificationRecipient.read_at.alias("read_at"),
            assigned.first_name.alias("assigned_name"),
            finisher.first_name.alias("done_name"),
        )
        .join(assigned, JOIN.LEFT_OUTER, on=(assigned.id == Notification.assigned_to))
        .join(finisher, JOIN.LEFT_OUTER, on=(finisher.id == Notification.done_by))
        .where(_condition(name, reader, now))
        .order_by(Notification.created_at.desc(), Notification.id.desc())
        .limit(limit)
    )
    found = [
        InboxItem(
            id=row["id"],
            type=row["type"],
            key=row["key"],
            params=json.loads(row["params"]),
            group="decision" if row["needs_decision"] else _GROUPS.get(row["type"], "center"),
            created_at=row["created_at"],
            read=row["read_at"] is not None,
            done_at=row["done_at"],
            done_by=row["done_name"] or "",
            assigned_to=row["assigned_to"],
            assigned_name=row["assigned_name"] or "",
            snoozed_until=row["snoozed_until"],
            link_table=row["link_table"],
            link_id=row["link_id"],
            needs_decision=bool(row["needs_decision"]),
        )
        for row in query.dicts()
    ]
    if name == "done":
        return found
    order = {"decision": 0, "money": 1, "center": 2, "mail": 3}
    return sorted(found, key=lambda item: order[item.group])


def student_behind(table: str, row_id: int) -> int | None:
    """The student whose record a notification links to, None where it is about no one."""
    models: dict[str, Any] = {
        "payments": Payment,
        "invoices": Invoice,
        "courses_enrolled": CourseEnrolled,
        "product_enrolled": ProductEnrolled,
    }
    if table == "users":
        return identity.root(row_id)
    if table in models:
        row = models[table].get_or_none(models[table].id == row_id)
        return identity.root(row.student_id) if row is not None else None
    return None
