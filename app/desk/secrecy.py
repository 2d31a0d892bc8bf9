"""What keeps a center's data from other people's eyes: the encrypted file that moves to another laptop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app import paths, text
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.store import sealed
from app.store.backup import Progress, Stopped
from app.store.sealed import ENDING, forget, is_sealed, unlock

__all__ = ["ENDING", "forget", "is_sealed", "make_file", "passphrase", "unlock"]


def passphrase(words: str, again: str) -> str:
    """A passphrase typed twice, as it is used. UserErrors beside `passphrase` and `again`."""
    checked = sealed.checked(words)
    if text.clean(again, field="again", required=True) != checked:
        raise UserError("secrecy.passphrases_differ", "again")
    return checked


def make_file(
    actor: Actor,
    data_dir: Path,
    target: Path,
    words: str,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
    replace: bool = False,
) -> int:
    """Write the whole center into one file under a passphrase; returns its size.

    Errors as from `sealed.make`; UserError `secrecy.stopped` where `stop` said so.
    """
    require(actor, "keeping.move")
    try:
        return sealed.make(paths.data_file(data_dir), target, words, stop, progress, replace=replace)
    except Stopped as stopped:
        raise UserError("secrecy.stopped") from stopped
