"""What keeps a center's data from other people's eyes: the encrypted file that moves to another laptop, and the file
that lies encrypted on this one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app import clock, paths, text
from app.desk import center, notifications
from app.desk.accounts import Actor, require
from app.documents import recovery as paper
from app.errors import EnvironmentFault, UserError
from app.store import Write, atrest, cipher, recovery, sealed
from app.store.atrest import Aligned
from app.store.backup import Progress, Stopped
from app.store.backup import is_name as is_copy
from app.store.sealed import ENDING, forget, is_sealed, moment_of, unlock

__all__ = [
    "ENDING",
    "Aligned",
    "State",
    "align",
    "code",
    "code_page",
    "forget",
    "is_sealed",
    "last_group",
    "make_file",
    "may_move",
    "may_switch",
    "moment_of",
    "needs_code",
    "new_code",
    "open_with_code",
    "passphrase",
    "state",
    "stays_open",
    "switch_off",
    "switch_on",
    "unlock",
    "unlock_with_code",
]

# -- the file that moves -------------------------------------------------------------------------------------


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


# -- the file at rest ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """Whether the center's file is encrypted, whether this computer has a keyring and its key is in it, and how many
    copies beside it are not closed as it is.
    """

    encrypted: bool
    has_keyring: bool
    has_key: bool
    unlike: int


def state(data_dir: Path) -> State:
    """How the center lies on the disk."""
    file = paths.data_file(data_dir)
    encrypted = cipher.kind_of(file) == "keyed"
    has_key = cipher.kept(cipher.key_id_of(file) if encrypted else "")
    return State(encrypted, has_key is not None, bool(has_key), atrest.unlike(data_dir))


def may_move(actor: Actor) -> None:
    """UserError `rights.missing` unless the actor may make the file that moves the center."""
    require(actor, "keeping.move")


def may_switch(actor: Actor) -> None:
    """UserError `rights.missing` unless the actor may switch encryption on and off."""
    require(actor, "keeping.secrecy")


def new_code() -> str:
    """The recovery code of a fresh key. Whoever has it on paper can open the file on any computer."""
    return recovery.encode(cipher.new_key())


def code(actor: Actor, data_dir: Path) -> str:
    """The recovery code of the encrypted center, for a paper that was lost. EnvironmentFault `store.key_missing`."""
    require(actor, "keeping.secrecy")
    return recovery.encode(cipher.lock_of(paths.data_file(data_dir)).secret[2:-1])


def last_group(typed: str, of: str) -> None:
    """Prove that the code is on paper: its last group typed back. UserError beside `last_group`."""
    if not recovery.same_group(typed, of.rsplit("-", 1)[1]):
        raise UserError("secrecy.wrong_group", "last_group")


def code_page(code: str) -> tuple[str, bytes]:
    """(file name, PDF) of a recovery code."""
    here = center.load()
    key_id = cipher.id_of(recovery.decode(code))
    page = paper.Page(here.name, here.language, code, key_id[:8], text.show(clock.local_date(here.zone), "date"))
    return f"recovery-code-{key_id[:8]}.pdf", paper.render(page)


def switch_on(actor: Actor, data_dir: Path, code: str) -> Aligned:
    """Encrypt the closed center under the key of `code`, then every copy beside it.

    The key goes into the system's keyring first; where there is none the code is asked for at each start. Errors as
    from `atrest.switch`.
    """
    require(actor, "keeping.secrecy")
    key = recovery.decode(code)
    cipher.keep(key)

    def settle(w: Write) -> None:
        notifications.notify(w, "system", "system", "secrecy.switched_on", key_id=cipher.id_of(key)[:8])

    return atrest.switch(data_dir, cipher.keyed(key), actor, "Switch encryption on", settle)


def switch_off(actor: Actor, data_dir: Path) -> Aligned:
    """Take the encryption off the closed center and off every copy beside it. Errors as from `atrest.switch`.

    The key stays in the keyring: a stick in a drawer may still hold copies under it.
    """
    require(actor, "keeping.secrecy")

    def settle(w: Write) -> None:
        notifications.notify(w, "system", "system", "secrecy.switched_off")

    return atrest.switch(data_dir, cipher.PLAIN, actor, "Switch encryption off", settle)


def align(data_dir: Path, place: Path | None, stop: Callable[[], bool] = lambda: False) -> Aligned:
    """Encrypt or decrypt all copies as the center is, also those of the second place; says what became of them."""
    aligned = atrest.align(data_dir, stop)
    if place is not None and place.is_dir():
        aligned += atrest.align_place(data_dir, place, stop)
    return aligned


def stays_open(aligned: Aligned) -> list[str]:
    """The names of copies that anyone may read though the center is encrypted, or that did not follow it.

    Not those of other programs' files: of these it is said once, when encryption is switched.
    """
    names = [*aligned.failed, *aligned.damaged, *aligned.strangers]
    return [name for name in names if name not in aligned.strangers or is_copy(name)]


def unlock_with_code(path: Path, code: str) -> bool:
    """Open an encrypted file with its recovery code; True if this computer keeps the key from now on.

    UserErrors beside `code`: as from `recovery.decode`, and `secrecy.other_code` for a sound code of another key.
    """
    key = recovery.decode(code)
    if cipher.id_of(key) != cipher.key_id_of(path):
        raise UserError("secrecy.other_code", "code")
    return cipher.keep(key)


def open_with_code(path: Path, code: str) -> str:
    """`unlock_with_code`; returns the stamp of the moment that the file holds."""
    unlock_with_code(path, code)
    return moment_of(path)


def needs_code(path: Path) -> bool:
    """Whether a file is encrypted under a key that is not here."""
    if not path.is_file() or cipher.kind_of(path) != "keyed":
        return False
    try:
        cipher.lock_of(path)
    except EnvironmentFault:
        return True
    return False
