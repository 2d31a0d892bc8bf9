"""The one encrypted file that moves a center: whole, proven, opened by its passphrase alone."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import threading
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from app import paths, store
from app.desk import keeping, people, secrecy
from app.desk.accounts import SYSTEM
from app.errors import DeskError, EnvironmentFault, UserError
from app.store import backup, checks, cipher, sealed
from app.store.models import MailQueue, Operation, User
from tests.support.center import SmallCenter, small_center
from tests.support.content import content
from tests.support.full_center import build_full
from tests.support.keyrings import nothing_is_known

__all__ = ["nothing_is_known", "small_center"]

FULL = os.environ.get("DESKBELL_FULL", "") in ("all", "safe")
WORDS = "Grüße vom Brückenhaus"
CANARY = "Wiśniewski".encode()


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A closed center with rows of every kind."""
    build_full(tmp_path / "full")
    store.close_center()
    return tmp_path / "full"


def seal(data_dir: Path, target: Path, words: str = WORDS) -> Path:
    assert secrecy.make_file(SYSTEM, data_dir, target, words) == target.stat().st_size
    return target


def test_everything_is_in_the_file_and_nothing_of_it_can_be_read(full: Path, tmp_path: Path) -> None:
    plain = paths.data_file(full)
    one = seal(full, tmp_path / "move.deskbell")
    assert not list(tmp_path.glob("*.partial*"))
    with cipher.passphrase(one, WORDS):
        before, after = content(plain), content(one)
        assert after == before
        assert backup.verify(one) == ""
    assert len(before["users"]) > 3
    assert before["search"] != []
    assert before["user_version"][0] > 0
    assert CANARY in plain.read_bytes()
    assert CANARY not in one.read_bytes()
    assert not one.read_bytes().startswith(b"SQLite")


def test_the_export_alone_would_forget_whose_file_it_is(full: Path, tmp_path: Path) -> None:
    """The control: what `_export` sets again is really lost without it, and a file without it is refused."""
    made = cipher.driver.connect((tmp_path / "x.db").as_uri(), uri=True, isolation_level=None)
    cipher.attach(made, paths.data_file(full), "origin")
    made.execute("SELECT sqlcipher_export('main', 'origin')")
    assert made.execute("PRAGMA user_version").fetchone() == (0,)
    assert made.execute("PRAGMA application_id").fetchone() == (0,)
    made.close()
    assert "another program" in backup.verify(tmp_path / "x.db")


def test_it_holds_one_moment_while_others_write(small_center: SmallCenter, tmp_path: Path) -> None:
    with store.write("Bulk", small_center.admin) as w:
        for number in range(300):
            w.insert(User, role="instructor", first_name=f"Someone {number} " + "x" * 150)
    stop = threading.Event()
    written: list[int] = []

    def load() -> None:
        with store.connected():
            while not stop.is_set():
                written.append(people.add_note(small_center.staff, small_center.student, "busy"))

    thread = threading.Thread(target=load)
    thread.start()
    try:
        for number in range(3):
            seal(small_center.folder, tmp_path / f"{number}.deskbell")
    finally:
        stop.set()
        thread.join()
    assert len(written) > 3
    counts = []
    for number in range(3):
        one = tmp_path / f"{number}.deskbell"
        with cipher.passphrase(one, WORDS):
            assert backup.verify(one) == ""
            counts.append(backup.last_operation_in(one))
    assert counts == sorted(counts)


def test_another_laptop_opens_it_with_the_passphrase(full: Path, tmp_path: Path) -> None:
    one = seal(full, tmp_path / "move.deskbell")
    elsewhere = tmp_path / "elsewhere"
    assert secrecy.unlock(one, f"  {unicodedata.normalize('NFD', WORDS)}\n") != ""
    assert keeping.restore(SYSTEM, one, elsewhere) is None
    secrecy.forget(one)
    assert cipher.kind_of(paths.data_file(elsewhere)) == "plain"
    store.open_center(elsewhere)
    assert Operation.select().order_by(Operation.id.desc()).get().label == "Restore backup"
    assert MailQueue.select().where(MailQueue.state.in_(["queued", "sending"])).count() == 0
    assert checks.run() == []
    store.close_center()


def test_a_wrong_passphrase_is_said_beside_its_field(full: Path, tmp_path: Path, capfd: Any) -> None:
    one = seal(full, tmp_path / "move.deskbell")
    for words in ("grüße vom brückenhaus", "Grüße vom Brückenhaus!", "x"):
        with pytest.raises(UserError) as refused:
            secrecy.unlock(one, words)
        assert (refused.value.key, refused.value.field) == ("secrecy.wrong_passphrase", "passphrase")
    with pytest.raises(UserError) as refused:
        keeping.restore(SYSTEM, one, tmp_path / "elsewhere")
    assert refused.value.key == "secrecy.passphrase_needed"
    assert not (tmp_path / "elsewhere").exists()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("damage", ["short", "cut", "page", "foreign", "plain", "newer", "gone", "flipped"])
def test_a_bad_file_is_refused_in_words_and_nothing_is_touched(full: Path, tmp_path: Path, damage: str) -> None:
    one = seal(full, tmp_path / "move.deskbell")
    whole = one.read_bytes()
    middle = len(whole) // 8192 * 4096
    if damage == "gone":
        one.unlink()
    elif damage == "plain":
        shutil.copy(paths.data_file(full), one)
    elif damage == "newer":
        with cipher.passphrase(one, WORDS), contextlib.closing(cipher.connect(one)) as connection:
            connection.execute("PRAGMA user_version = 999")
    else:
        one.write_bytes(
            {
                "short": whole[:100],
                "cut": whole[: middle + 1000],
                "page": whole[:middle],
                "foreign": b"a letter, not a center" * 400,
                "flipped": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            }[damage]
        )
    before = paths.data_file(full).read_bytes()
    with pytest.raises(EnvironmentFault) as fault:
        secrecy.unlock(one, WORDS)
        keeping.restore(SYSTEM, one, full)
    wanted = {"gone": "cli.no_such_file", "foreign": "secrecy.not_sealed", "plain": "secrecy.not_sealed"}
    wanted["newer"] = "store.newer_file"
    assert fault.value.key == wanted.get(damage, "cli.bad_backup")
    assert paths.data_file(full).read_bytes() == before
    assert not list(full.glob("*.partial"))


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("", "text.required"),
        ("short", "secrecy.weak_passphrase"),
        ("a b c", "secrecy.weak_passphrase"),
        ("a b c d", ""),
        ("exactly-10", ""),
        ("with\x00control characters", "text.control_character"),
        ('it\'s "quoted"; DROP TABLE users --', ""),
        ("x" * 500, "text.too_long"),
    ],
)
def test_which_passphrases_will_do(full: Path, tmp_path: Path, words: str, key: str) -> None:
    target = tmp_path / "move.deskbell"
    if key:
        with pytest.raises(UserError) as refused:
            secrecy.make_file(SYSTEM, full, target, words)
        assert (refused.value.key, refused.value.field) == (key, "passphrase")
        assert not target.exists()
    else:
        seal(full, target, words)
        assert secrecy.unlock(target, words) != ""


def test_typed_twice_it_must_be_the_same() -> None:
    assert secrecy.passphrase(WORDS, f" {WORDS} ") == WORDS
    with pytest.raises(UserError) as refused:
        secrecy.passphrase(WORDS, "Gruesse vom Brueckenhaus")
    assert (refused.value.key, refused.value.field) == ("secrecy.passphrases_differ", "again")


def test_what_is_stopped_broken_or_in_the_way_leaves_no_half_file(small_center: SmallCenter, tmp_path: Path) -> None:
    target = tmp_path / "move.deskbell"
    with pytest.raises(UserError) as stopped:
        secrecy.make_file(SYSTEM, small_center.folder, target, WORDS, stop=lambda: True)
    assert stopped.value.key == "secrecy.stopped"
    with store.write("Break the balance", small_center.admin) as w:
        w.update(User, small_center.student, balance_minor=5)
    with pytest.raises(EnvironmentFault) as fault:
        secrecy.make_file(SYSTEM, small_center.folder, target, WORDS)
    assert fault.value.key == "cli.bad_backup"
    with pytest.raises(EnvironmentFault) as fault:
        secrecy.make_file(SYSTEM, small_center.folder, tmp_path / "no" / "folder.deskbell", WORDS)
    assert fault.value.key in ("cli.cannot_write", "store.read_only")
    assert [one.name for one in tmp_path.iterdir()] == ["center"]
    with store.write("Mend the balance", small_center.admin) as w:
        w.update(User, small_center.student, balance_minor=0)
    target.write_text("something of mine")
    with pytest.raises(EnvironmentFault) as fault:
        seal(small_center.folder, target)
    assert fault.value.key == "cli.file_exists"
    assert target.read_text() == "something of mine"
    secrecy.make_file(SYSTEM, small_center.folder, target, WORDS, replace=True)
    assert sealed.is_sealed(target)


def test_staff_may_not_carry_the_center_away(small_center: SmallCenter, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        secrecy.make_file(small_center.staff, small_center.folder, tmp_path / "move.deskbell", WORDS)
    assert refused.value.key == "rights.missing"
    secrecy.make_file(small_center.admin, small_center.folder, tmp_path / "move.deskbell", WORDS)


def test_progress_runs_to_its_end(small_center: SmallCenter, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    secrecy.make_file(
        SYSTEM, small_center.folder, tmp_path / "m.deskbell", WORDS, progress=lambda done, of: seen.append((done, of))
    )
    assert [done for done, _of in seen] == sorted(done for done, _of in seen)
    assert seen[-1][0] > 90
    assert {of for _done, of in seen} == {100}


def test_one_byte_that_is_another_is_always_noticed(full: Path, tmp_path: Path) -> None:
    """Every page carries its own proof: whatever was changed on the way, nothing wrong is ever brought in."""
    one = seal(full, tmp_path / "move.deskbell")
    whole = one.read_bytes()
    draw = random.Random(5)
    places = [0, 3, 4, 15, 16, 4095, len(whole) - 1]
    places += [draw.randrange(len(whole)) for _ in range(2_000 if FULL else 16)]
    noticed = 0
    for at in places:
        one.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << draw.randrange(8))]) + whole[at + 1 :])
        with pytest.raises(DeskError) as refused:
            secrecy.unlock(one, WORDS)
            keeping.restore(SYSTEM, one, tmp_path / "elsewhere")
        assert refused.value.key in ("cli.bad_backup", "secrecy.wrong_passphrase", "secrecy.not_sealed")
        noticed += 1
    assert noticed == len(places)
    assert not (tmp_path / "elsewhere").exists()
    one.write_bytes(whole)
    secrecy.unlock(one, WORDS)
    keeping.restore(SYSTEM, one, tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere").exists()
