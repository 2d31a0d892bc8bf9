"""One byte of a schema is no UTF-8, so SQLite's complaint cannot be decoded: whoever reads it says so in words."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import paths, store
from app.desk.accounts import SYSTEM
from app.errors import DeskError
from app.store import atrest, backup, cipher, contents, database, opening, restore, sealed, surroundings
from tests.support.center import SmallCenter, small_center
from tests.support.damaged import not_utf8

__all__ = ["small_center"]

#: Every function that is given a file it did not make, by what it says of one that cannot be read.
TOLD: dict[str, tuple[Callable[[Path], Any], Any]] = {
    "backup.center_of": (backup.center_of, ""),
    "backup.last_operation_in": (backup.last_operation_in, ""),
    "backup.operations_in": (backup.operations_in, 0),
    "contents.contents": (contents.contents, None),
    "contents.person": (lambda path: contents.person(path, 1), None),
    "opening.is_older": (lambda path: opening.is_older(path.parent), False),
    "surroundings.newest_stamp": (surroundings._newest_stamp, None),
    "surroundings.restored_at": (surroundings._restored_at, ""),
}
REFUSED: dict[str, Callable[[Path], Any]] = {
    "atrest.make_over": lambda path: atrest._make_over(path, cipher.keyed(cipher.new_key())),
    "atrest.switch": lambda path: atrest.switch(path.parent, cipher.keyed(cipher.new_key()), SYSTEM, "Switch"),
    "backup.copy": lambda path: backup.copy(path, path.with_name("copy.db")),
    "backup.export": lambda path: backup.copy(path, path.with_name("copy.db"), lock=cipher.keyed(cipher.new_key())),
    "opening.look": lambda path: opening._look(path, create=False),
    "opening.open_center": lambda path: store.open_center(path.parent),
    "restore.compare": lambda path: restore.compare(path, path.parent),
    "restore.restore": lambda path: restore.restore(path, path.parent, SYSTEM),
    "sealed.make": lambda path: sealed.make(path, path.with_name("moved.deskbell"), "four words of a passphrase"),
    "sealed.moment_of": sealed.moment_of,
}


@pytest.fixture
def damaged(small_center: SmallCenter) -> Path:
    """The file of a closed center, damaged so."""
    store.close_center()
    return not_utf8(paths.data_file(small_center.folder))


def test_the_damage_is_the_one_that_is_meant(damaged: Path) -> None:
    with contextlib.closing(database.open_beside(damaged)) as connection, pytest.raises(UnicodeDecodeError):
        connection.execute("SELECT count(*) FROM operations")


@pytest.mark.parametrize("name", TOLD)
def test_who_tells_what_is_in_a_file_tells_that_nothing_can_be_read(damaged: Path, name: str) -> None:
    tell, nothing = TOLD[name]
    assert tell(damaged) == nothing


@pytest.mark.parametrize("name", REFUSED)
def test_who_needs_the_file_refuses_it_in_words(damaged: Path, name: str) -> None:
    before = damaged.read_bytes()
    with pytest.raises(DeskError):
        REFUSED[name](damaged)
    assert damaged.read_bytes() == before
    assert not list(damaged.parent.glob("*copy.db*")) + list(damaged.parent.glob("*.partial*"))


def test_verifying_says_what_is_wrong(damaged: Path) -> None:
    assert "malformed" in backup.verify(damaged) or "decode" in backup.verify(damaged)


def test_a_file_damaged_so_is_restored_over_and_kept_aside(small_center: SmallCenter) -> None:
    whole = backup.take(small_center.folder, "asked")
    store.close_center()
    present = paths.data_file(small_center.folder)
    bytes_of_damage = not_utf8(present).read_bytes()
    aside = restore.restore(whole.path, small_center.folder, SYSTEM)
    assert aside is not None
    assert aside.read_bytes() == bytes_of_damage
    assert backup.verify(present) == ""


def test_a_key_that_opens_such_a_file_says_that_it_is_damaged(damaged: Path, tmp_path: Path) -> None:
    """The complaint of an encrypted file comes as early as its key is tried."""
    lock = cipher.keyed(cipher.new_key())
    cipher.remember(lock.secret[2:-1])
    target = tmp_path / "keyed.db"
    with contextlib.closing(cipher.driver.connect(target.as_uri(), uri=True, isolation_level=None)) as made:
        cipher.unlock(made, lock, new=True)
        made.execute("CREATE TABLE operations (id)")
        made.execute("PRAGMA writable_schema = 1")
        made.execute("UPDATE sqlite_master SET sql = CAST(x'435245FF5445' AS TEXT)")
    with pytest.raises(DeskError) as refused:
        database.open_beside(target)
    assert refused.value.key == "store.damaged"
