"""Safe keeping as it is read: the copies there are, what a restore would change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app import text
from app.lists.soundness import rule_words
from app.store import checks, surroundings
from app.store.backup import Backup, Stopped, listing, verify
from app.store.contents import Contents, contents
from app.store.restore import Difference, compare

__all__ = [
    "Backup", "Contents", "Difference", "concerns", "contents", "copies", "difference", "look_into", "why_unsound",
]  # fmt: skip


def copies(data_dir: Path) -> list[Backup]:
    """The copies beside the file, newest first."""
    return listing(data_dir)


def concerns(data_dir: Path) -> list[str]:
    """What around the data folder may harm it, in sentences: a share, a synchronized folder, a full disk, a wrong
    clock, work that is missing.
    """
    return [text.sentence(found.key, found.params) for found in surroundings.warnings(data_dir)]


def difference(source: Path, data_dir: Path) -> list[Difference] | None:
    """What a restore of a copy would change, by kind; None where the present file cannot be read.

    EnvironmentFault `cli.bad_backup`.
    """
    return compare(source, data_dir)


def why_unsound(copy: Path, stop: Callable[[], bool] = lambda: False) -> str:
    """The first rule that a copy breaks, in words; '' if it breaks none. Stopped if `stop` says so meanwhile."""
    said = verify(copy, stop)
    name = said.split(":")[0]
    return rule_words(name) if name in checks.RULES else said


def look_into(
    copy: Backup, data_dir: Path, stop: Callable[[], bool] = lambda: False
) -> tuple[list[Difference] | None, str] | None:
    """What restoring a copy would change, and why it cannot be restored, '' if it can; None where `stop` said so.

    No differences are known where the present file cannot be read.
    """
    try:
        return compare(copy.path, data_dir, stop), "" if copy.verified else why_unsound(copy.path, stop)
    except Stopped:
        return None
