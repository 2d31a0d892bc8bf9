"""The number of the last acknowledged operation, written beside the file as well.

A log that was cut or left behind takes the last operations with it, and SQLite cannot know: what it finds is whole.
Not synced, always after the commit: the witness may lag behind the file, it never runs ahead of it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from app import paths


def _beside(path: Path) -> Path:
    return path.with_name("last-operation")


def remembered(path: Path) -> int:
    """The last operation that was acknowledged for a center's file, 0 where nothing is known."""
    try:
        return int(_beside(path).read_text("ascii"))
    except (OSError, ValueError):
        return 0


def remember(path: Path, operation_id: int) -> None:
    """Write down the last acknowledged operation. Where that fails there is one witness less, and nothing is lost."""
    if path.name != paths.DATA_FILE:
        return  # a center that is being made aside, by a restore or the like: what it remembers is not this one's
    with suppress(OSError):
        # Always as long and written over, never cut: one write over another leaves no third number, and a file system
        # that hurries what follows a cut to the disk would cost as much as the commit.
        file = os.open(_beside(path), os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.write(file, b"%020d" % operation_id)
        finally:
            os.close(file)


def forget(path: Path) -> None:
    """Another file stands there on purpose."""
    with suppress(OSError):
        _beside(path).unlink()
