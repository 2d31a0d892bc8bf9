"""Who works here: for the choice of who is at the desk, and for assigning work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from peewee import Case

from app.store.models import User
from app.store.prepared import Prepared, prepared

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
    return [Person(id_, f"{first} {last}".strip(), role, uid) for id_, uid, first, last, role in _in(roles or ROLES)()]


@lru_cache(maxsize=16)
def _in(roles: tuple[str, ...]) -> Prepared:
    order = Case(User.role, [("staff", 0), ("admin", 1), ("super_admin", 2)], 3)
    return prepared(
        lambda: (
            User.select(User.id, User.uid, User.first_name, User.last_name, User.role)
            .where(User.role.in_(roles), User.status == "active")
            .order_by(order, User.last_name, User.first_name)
        )
    )
