"""Safe keeping as it is read: the copies there are, what a restore would change."""

from __future__ import annotations

from pathlib import Path

from app.store.backup import Backup, listing
from app.store.contents import Contents, contents
from app.store.restore import Difference, compare

__all__ = ["Backup", "Contents", "Difference", "contents", "copies", "difference"]


def copies(data_dir: Path) -> list[Backup]:
    """The copies beside the file, newest first."""
    return listing(data_dir)


def difference(source: Path, data_dir: Path) -> list[Difference]:
    """What a restore of a copy would change, by kind. EnvironmentFault `cli.bad_backup`."""
    return compare(source, data_dir)
