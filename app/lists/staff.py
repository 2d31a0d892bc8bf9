"""Who works here: for the choice of who is at the desk, and for assigning work."""

from __future__ import annotations

from dataclasses import dataclass

from peewee import Case

from app.store.models import User

ROLES = ("super_admin", "admin", "staff", "instructor")


@dataclass(frozen=True)
class Person:
    """Someone who works at the center; `uid` is who they are in every file of it."""

    id: int
    name: str
    role: str
    uid: str = ""


def at_work(*roles: str) -> list[Person]:
    """Active people in these roles (default: every role but student), front desk first, by name."""
    wanted = roles or ROLES
    order = Case(User.role, [("staff", 0), ("admin", 1), ("super_admin", 2)], 3)
    query = (
        User.select(User.id, User.uid, User.first_name, User.last_name, User.role)
        .where(User.role.in_(wanted), User.status == "active")
        .order_by(order, User.last_name, User.first_name)
    )
    return [Person(row.id, f"{row.first_name} {row.last_name}".strip(), row.role, row.uid) for row in query]
