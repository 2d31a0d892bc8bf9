"""Copies in tests: what is done between two of them, where they lie, what stands in them."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from app import paths
from app.desk import enrollment
from app.desk.enrollment import EnrollmentDraft
from app.store import backup
from tests.support.center import SmallCenter


def enroll(center: SmallCenter) -> int:
    return enrollment.enroll(center.staff, EnrollmentDraft(center.student, center.course))


def mine(place: Path, center: SmallCenter) -> Path:
    """Where a center's copies lie on a second place."""
    return backup.folder_in(place, backup.center_of(paths.data_file(center.folder)))


def rows(path: Path, query: str) -> list[Any]:
    with contextlib.closing(backup.database.open_beside(path)) as connection:
        return list(connection.execute(query).fetchall())
