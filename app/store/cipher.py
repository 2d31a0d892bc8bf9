"""Which key opens which file: the one place that every connection to a center's file goes through.

A file says by itself what it is. A plain one begins as SQLite files do. An encrypted one (SQLCipher) begins with its
salt, and the salt is ours to choose: four letters, which key it takes, and chance. So a file and what is known about
it cannot part: a rename, a copy on a stick, a kill between two files never leave a key beside the wrong file.

Two ways to encrypt: under the center's own 256-bit key ("keyed": the file at rest and its backups), and under a
passphrase ("sealed": the one file that moves to another laptop). Keys live in memory and in the system's keyring,
passphrases in memory alone; neither is ever written to a file.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as driver

from app.errors import EnvironmentFault, UserError

_PLAIN_HEAD = b"SQLite format 3\x00"
_KEYED, _SEALED = b"DBel", b"DBsp"

#: The keyring's service under which keys stand by their id: a center may have had several.
_SERVICE = "deskbell-center"

#: What reading a file raises that may hold anything: the driver's own errors, and the one it fails with where SQLite's
#: complaint quotes the damaged bytes. Whoever reads a file that may be damaged catches these, never the first alone.
UNREADABLE = (driver.Error, UnicodeDecodeError)

_keys: dict[str, str] = {}
_passphrases: dict[Path, str] = {}


@dataclass(frozen=True)
class Lock:
    """How a file is closed: "plain", "keyed" or "sealed", and what opens it, as `PRAGMA key` takes it."""

    kind: str
    secret: str = field(default="", repr=False)

    def salt(self) -> str:
        """The first 16 bytes of a new file under this lock, in hex."""
        if self.kind == "sealed":
            return (_SEALED + secrets.token_bytes(12)).hex()
        return _KEYED.hex() + id_of(self.secret[2:-1]) + secrets.token_hex(4)


PLAIN = Lock("plain")


# -- keys ----------------------------------------------------------------------------------------------------


def new_key() -> str:
    """A fresh key: 256 bits in hex."""
    return secrets.token_hex(32)


def id_of(key: str) -> str:
    """What a key is called in the file's first bytes and in the keyring. It tells nothing about the key."""
    return hashlib.sha256(b"deskbell key id" + bytes.fromhex(key)).hexdigest()[:16]


def keyed(key: str) -> Lock:
    """The lock of a center's own key. Raw: it costs nothing to open."""
    return Lock("keyed", f"x'{key}'")


def remember(key: str) -> str:
    """Know a key for as long as the program runs; returns its id."""
    _keys[id_of(key)] = key
    return id_of(key)


def keep(key: str) -> bool:
    """Keep a key in the system's keyring; False if there is none, or it does not give back what it was given."""
    import keyring
    from keyring.errors import KeyringError

    name = remember(key)
    try:
        keyring.set_password(_SERVICE, name, key)
        return keyring.get_password(_SERVICE, name) == key
    except KeyringError:
        return False


def kept(key_id: str) -> bool | None:
    """Whether the system's keyring has the key of that id, None where there is no keyring."""
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(_SERVICE, key_id) is not None
    except KeyringError:
        return None


def find(key_id: str) -> str | None:
    """The key of that id, from memory or from the keyring; None where it has to be asked for."""
    if key_id not in _keys:
        # Imported when first asked: finding the system's keyring takes as long as the window's first paint.
        import keyring
        from keyring.errors import KeyringError

        try:
            found = keyring.get_password(_SERVICE, key_id)
        except KeyringError:
            return None
        if found is None:
            return None
        _keys[key_id] = found
    return _keys[key_id]


def forget() -> None:
    """Know no key and no passphrase any more."""
    _keys.clear()
    _passphrases.clear()


@contextlib.contextmanager
def passphrase(path: Path, words: str) -> Any:
    """Know the passphrase of a sealed file for the length of a block."""
    knew = _passphrases.get(path.resolve())
    _passphrases[path.resolve()] = words
    try:
        yield
    finally:
        del _passphrases[path.resolve()]
        if knew is not None:
            _passphrases[path.resolve()] = knew


def know_passphrase(path: Path, words: str | None) -> None:
    """Know the passphrase of a sealed file until it is told to forget it (None)."""
    if words is None:
        _passphrases.pop(path.resolve(), None)
    else:
        _passphrases[path.resolve()] = words


# -- files ---------------------------------------------------------------------------------------------------


def kind_of(path: Path) -> str:
    """ "plain", "keyed" or "sealed" by a file's first bytes; "foreign" for anything else. An empty one is plain."""
    with path.open("rb") as file:
        head = file.read(16)
    if not head or head == _PLAIN_HEAD:
        return "plain"
    return {_KEYED: "keyed", _SEALED: "sealed"}.get(head[:4], "foreign") if len(head) == 16 else "foreign"


def key_id_of(path: Path) -> str:
    """Which key a keyed file takes."""
    with path.open("rb") as file:
        return file.read(12)[4:].hex()


def lock_of(path: Path) -> Lock:
    """What opens a file. One that is not ours, or cannot be read, counts as plain: SQLite says what is wrong with it.

    EnvironmentFault `store.key_missing` where the key has to be asked for; UserError `secrecy.passphrase_needed`.
    """
    try:
        kind = kind_of(path)
    except OSError:
        return PLAIN
    if kind == "keyed":
        key = find(key_id_of(path))
        if key is None:
            raise EnvironmentFault("store.key_missing", path=str(path))
        return keyed(key)
    if kind == "sealed":
        words = _passphrases.get(path.resolve())
        if words is None:
            raise UserError("secrecy.passphrase_needed", "passphrase", path=str(path))
        return Lock("sealed", words)
    return PLAIN


def unlock(connection: Any, lock: Lock, *, new: bool = False) -> None:
    """Tell a fresh connection its key, before anything else is asked of it."""
    if lock.kind == "plain":
        return
    connection.execute("PRAGMA cipher_log_level = NONE")  # a wrong key is our sentence to say, not standard error's
    connection.execute("PRAGMA key = '{}'".format(lock.secret.replace("'", "''")))
    if new:
        connection.execute(f"PRAGMA cipher_salt = \"x'{lock.salt()}'\"")


def connect(path: Path, *, mode: str = "", **options: Any) -> Any:
    """A connection of the driver's own to a file of any kind. `mode` "ro" reads alone; "" may write and make it.

    Errors as from `lock_of`; UserError `secrecy.wrong_passphrase`, EnvironmentFault `store.damaged` where the key
    does not open the file.
    """
    lock = lock_of(path)
    options.setdefault("isolation_level", None)
    if mode:
        connection = driver.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, **options)
    else:
        connection = driver.connect(str(path), **options)
    try:
        unlock(connection, lock)
        if lock.kind != "plain":
            _opens(connection, lock)
    except BaseException:
        connection.close()
        raise
    return connection


def _opens(connection: Any, lock: Lock) -> None:
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except UNREADABLE as error:
        refused = "not a database" in str(error)
        if lock.kind == "sealed" and refused:
            raise UserError("secrecy.wrong_passphrase", "passphrase") from error
        if lock.kind == "keyed" and (refused or "malformed" in str(error) or isinstance(error, UnicodeDecodeError)):
            detail = "its first page does not answer to its key" if refused else str(error)
            raise EnvironmentFault("store.damaged", detail=detail) from error
        raise


def attach(connection: Any, path: Path, name: str) -> None:
    """Read a file of any kind beside the one that a connection has open; it must have been opened by address."""
    values = (f"{path.resolve().as_uri()}?mode=ro", lock_of(path).secret)
    connection.execute(f"ATTACH DATABASE ? AS {name} KEY ?", values)
