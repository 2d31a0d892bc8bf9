"""The students there are, as an import compares itself with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from app.store.models import Import, Payer, User


@dataclass(frozen=True, slots=True)
class Known:
    """What an import can change in a student, and what tells them apart."""

    id: int
    number: str
    version: int
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    date_of_birth: str | None
    address: str
    language: str
    status: str
    emergency_name: str
    emergency_phone: str
    payer_id: int | None = None


@dataclass(frozen=True, slots=True)
class KnownPayer:
    """Who pays for others, as an import compares with them."""

    id: int
    name: str
    kind: str
    email: str | None
    phone: str | None
    status: str


_COLUMNS = (
    User.id, User.number, User.version, User.first_name, User.last_name, User.email, User.phone, User.date_of_birth,
    User.address, User.language, User.status, User.emergency_name, User.emergency_phone,
    User.payer_id,
)  # fmt: skip


def merged() -> Iterator[tuple[Known, int]]:
    """Every record that was merged away, and the student in whom it lives on: a list may still know the old one."""
    query: Any = User.select(*_COLUMNS, User.merged_into).where(
        User.merged_into.is_null(False), User.role == "student", User.erased_at.is_null()
    )
    for row in query.tuples().iterator():
        yield Known(row[0], row[1] or "", *row[2:-1]), int(row[-1])


def students(since: tuple[int, str] | None = None, among: list[int] | None = None) -> Iterator[Known]:
    """Every student who is neither merged away nor erased.

    With `since` (id, stamp) those that are newer, or changed from then on; with `among` those of these ids.
    """
    query = User.select(*_COLUMNS).where(User.role == "student", User.status != "merged", User.erased_at.is_null())
    if since is not None:
        query = query.where((User.id > since[0]) | (User.updated_at >= since[1]))
    if among is not None:
        query = query.where(User.id.in_(among))
    for row in query.tuples().iterator():
        yield Known(row[0], row[1] or "", *row[2:])


def payers(among: Iterable[int] | None = None) -> Iterator[KnownPayer]:
    """Everyone who pays for others, those who are active first; with `among` those of these ids."""
    query: Any = Payer.select(Payer.id, Payer.name, Payer.kind, Payer.email, Payer.phone, Payer.status)
    if among is not None:
        query = query.where(Payer.id.in_(list(among)))
    for row in query.order_by(Payer.status, Payer.id).tuples().iterator():
        yield KnownPayer(*row)


def imported_before(sha256: str) -> tuple[str, str, int] | None:
    """(when, file name, people) of the last import of the very same file, None where there was none."""
    row = Import.select().where(Import.sha256 == sha256).order_by(Import.id.desc()).first()
    return (row.created_at, row.file_name, row.row_count) if row is not None else None
