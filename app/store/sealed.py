"""One encrypted file that holds the whole center as of one moment, to be opened with a passphrase on another laptop.

It is an ordinary SQLCipher file: whoever has the passphrase can open it with other tools, too, without this program.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from app import text
from app.errors import EnvironmentFault, UserError
from app.store import backup, cipher, migrations

ENDING = ".deskbell"

#: A passphrase has so many characters, or so many words.
CHARACTERS, WORDS = 10, 4

#: SQLCipher's pages: a file that does not end with one was cut.
_PAGE = 4096


def checked(words: str) -> str:
    """A passphrase as it is used: NFC, so that every keyboard types the same one. UserErrors beside `passphrase`."""
    words = text.clean(words, field="passphrase", required=True)
    if len(words) < CHARACTERS and len(words.split()) < WORDS:
        raise UserError("secrecy.weak_passphrase", "passphrase", characters=CHARACTERS, words=WORDS)
    return words


def make(
    source: Path,
    target: Path,
    words: str,
    stop: Callable[[], bool] = lambda: False,
    progress: backup.Progress | None = None,
    *,
    replace: bool = False,
) -> int:
    """Write a center's file as it is at one moment under a passphrase; returns the size in bytes.

    It gets its name only when it was opened again with the passphrase and every rule holds over it. `progress` counts
    hundredths. EnvironmentFaults `cli.file_exists` (unless `replace`), `cli.cannot_write`, `cli.bad_backup`,
    `store.disk_full`; UserErrors as from `checked`; Stopped.
    """
    words = checked(words)
    if target.exists() and not replace:
        raise EnvironmentFault("cli.file_exists", path=str(target))
    tell = progress if progress is not None else lambda done, of: None
    partial = target.with_name(target.name + ".partial")
    try:
        lock = cipher.Lock("sealed", words)
        backup.copy(source, partial, stop, lambda done, of: tell(40 * done // max(of, 1), 100), lock)
        with cipher.passphrase(partial, words):
            broken = backup.verify(partial, stop, lambda _rule, done, of: tell(40 + 60 * done // of, 100))
        if broken:
            raise EnvironmentFault("cli.bad_backup", path=str(target), detail=broken)
        backup.sync(partial)
        os.replace(partial, target)
        backup.sync(target.parent)
    except OSError as error:
        raise EnvironmentFault("cli.cannot_write", path=str(target)) from error
    finally:
        with contextlib.suppress(OSError):
            backup.remove(partial)
    return target.stat().st_size


def unlock(path: Path, words: str) -> str:
    """Open a file with its passphrase and know it from now on; returns the stamp of the moment that it holds.

    UserError `secrecy.wrong_passphrase` beside `passphrase`. EnvironmentFaults `cli.no_such_file`, `secrecy.not_sealed`
    for another program's file, `cli.bad_backup` for one that was cut, `store.newer_file`.
    """
    if not path.is_file():
        raise EnvironmentFault("cli.no_such_file", path=str(path))
    if cipher.kind_of(path) != "sealed":
        raise EnvironmentFault("secrecy.not_sealed", path=str(path))
    if path.stat().st_size % _PAGE:
        raise EnvironmentFault("cli.bad_backup", path=str(path), detail=text.sentence("secrecy.cut", {}))
    words = text.clean(words, field="passphrase", required=True)
    with cipher.passphrase(path, words):
        moment = moment_of(path)
    cipher.know_passphrase(path, words)
    return moment


def moment_of(path: Path) -> str:
    """The stamp of the last operation in a file of any kind. EnvironmentFaults `cli.bad_backup`, `store.newer_file`."""
    try:
        with contextlib.closing(cipher.connect(path, mode="ro")) as connection:
            migrations.version_of(connection)
            return str(connection.execute("SELECT coalesce(max(at), '') FROM operations").fetchone()[0])
    except (*cipher.UNREADABLE, OSError) as error:
        raise EnvironmentFault("cli.bad_backup", path=str(path), detail=str(error)) from error


def forget(path: Path) -> None:
    """Know the passphrase of a file no more."""
    cipher.know_passphrase(path, None)


def is_sealed(path: Path) -> bool:
    """Whether a file is opened with a passphrase."""
    return path.is_file() and cipher.kind_of(path) == "sealed"
