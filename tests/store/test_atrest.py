"""Encrypted where it lies: on and off without losing anything, nothing plain left behind, every way in keyed."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from app import paths, store
from app.desk import keeping, people, secrecy
from app.desk.accounts import SYSTEM, Actor
from app.errors import EnvironmentFault, UserError
from app.store import atrest, backup, checks, cipher, database, recovery, restore
from app.store.models import Notification, Operation, User
from app.workers import BackupThread
from tests.support.center import SmallCenter, build, small_center
from tests.support.content import added, content, lost
from tests.support.damaged import not_utf8
from tests.support.full_center import build_full
from tests.support.keyrings import MemoryKeyring, memory_keyring, nothing_is_known

__all__ = ["memory_keyring", "nothing_is_known", "small_center"]

CANARIES = ["Wiśniewski".encode(), b"l.wisniewski@mail.example"]
RECORD = {"operations", "changes", "notifications", "notification_recipients"}


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A closed center with rows of every kind, two backups and a file that was kept aside."""
    folder = tmp_path / "full"
    build_full(folder)
    backup.take(folder, "auto")
    backup.take(folder, "asked")
    store.close_center()
    shutil.copy(paths.data_file(folder), folder / "before-restore-2026-01-01T000000.000Z.db")
    return folder


def canaries(folder: Path) -> list[str]:
    """The files under a folder in which a student's name or address can be read."""
    return sorted(
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(canary in path.read_bytes() for canary in CANARIES)
    )


def switched_on(folder: Path, actor: Actor = SYSTEM) -> str:
    code = secrecy.new_code()
    secrecy.switch_on(actor, folder, code)
    return code


# -- on and off ----------------------------------------------------------------------------------------------


def test_on_off_on_loses_nothing(full: Path, memory_keyring: MemoryKeyring) -> None:
    file = paths.data_file(full)
    before = content(file)
    assert before["search"] != []
    switched_on(full)
    assert secrecy.state(full) == secrecy.State(True, True, True, 0)
    once = content(file)
    assert lost(before, once) == []
    assert added(before, once) == RECORD
    secrecy.switch_off(SYSTEM, full)
    assert secrecy.state(full) == secrecy.State(False, True, False, 0)
    assert file.read_bytes().startswith(b"SQLite format 3\0")
    switched_on(full)
    again = content(file)
    assert lost(once, again) == []
    assert added(before, again) == RECORD
    assert len(memory_keyring.kept) == 2
    store.open_center(full)
    labels = [row.label for row in Operation.select().order_by(Operation.id.desc()).limit(3)]
    assert labels == ["Switch encryption on", "Switch encryption off", "Switch encryption on"]
    assert Notification.select().where(Notification.key == "secrecy.switched_on").count() == 2
    assert checks.run() == []
    store.close_center()


def test_the_switch_is_recorded_by_whoever_did_it(full: Path, memory_keyring: MemoryKeyring) -> None:
    store.open_center(full)
    admin = User.select().where(User.role.in_(["super_admin", "admin"])).first().id
    store.close_center()
    switched_on(full, Actor(admin, "super_admin", "Desk 2"))
    store.open_center(full)
    done = Operation.get(Operation.label == "Switch encryption on")
    assert (done.actor_id, done.actor_role, done.desk) == (admin, "super_admin", "Desk 2")
    store.close_center()


def test_a_row_that_were_lost_on_the_way_is_noticed(
    full: Path, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the comparison: a copy in which a row is another is not put in place."""
    whole = backup.copy

    def leaky(source: Path, target: Path, *args: Any, **options: Any) -> None:
        whole(source, target, *args, **options)
        with contextlib.closing(cipher.connect(target)) as connection:
            connection.execute("UPDATE people_search SET folded = folded || 'x' WHERE id = 1")

    monkeypatch.setattr(backup, "copy", leaky)
    with pytest.raises(EnvironmentFault) as fault:
        switched_on(full)
    assert fault.value.key == "secrecy.differs"
    assert cipher.kind_of(paths.data_file(full)) == "plain"
    assert not list(full.rglob("*.partial"))


def test_nothing_that_lies_there_can_be_read_afterwards(full: Path, memory_keyring: MemoryKeyring) -> None:
    names = {"center.db", "before-restore-2026-01-01T000000.000Z.db"}
    assert names < set(canaries(full))
    assert len(canaries(full)) == 4
    switched_on(full)
    assert canaries(full) == []
    store.open_center(full)
    student = people.add_student(SYSTEM, people.StudentDraft("Zofia", "Wiśniewski", "l.wisniewski@mail.example"))
    backup.take(full, "auto")
    assert (full / "center.db-wal").stat().st_size > 0
    assert canaries(full) == []
    assert User.get_by_id(student).last_name == "Wiśniewski"
    store.close_center()
    assert [cipher.kind_of(one.path) for one in backup.listing(full)] == ["keyed"] * 3
    assert all(backup.verify(one.path) == "" for one in backup.listing(full))
    secrecy.switch_off(SYSTEM, full)
    assert len(canaries(full)) == 5


def test_what_a_kill_left_plain_is_made_over_at_the_next_start(
    full: Path, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atrest, "align", lambda *_: atrest.Aligned())
    switched_on(full)
    monkeypatch.undo()
    assert len(canaries(full)) == 3
    assert secrecy.state(full).unlike == 3
    assert secrecy.align(full, None).done == 3
    assert canaries(full) == []


def test_many_copies_do_not_keep_the_desk_closed(
    full: Path, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atrest, "PATIENCE_S", -1)
    assert secrecy.switch_on(SYSTEM, full, secrecy.new_code()) == atrest.Aligned(left=3)
    assert cipher.kind_of(paths.data_file(full)) == "keyed"
    assert secrecy.state(full).unlike == 3
    assert secrecy.align(full, None).done == 3


def test_a_copy_that_cannot_be_read_does_not_stay_plain(full: Path, memory_keyring: MemoryKeyring) -> None:
    one = backup.listing(full)[0].path
    whole = one.read_bytes()
    one.write_bytes(whole[: len(whole) // 2])
    code = secrecy.new_code()
    assert secrecy.switch_on(SYSTEM, full, code) == atrest.Aligned(done=2, removed=1, left=0)
    assert not one.exists()
    assert canaries(full) == []


def test_what_may_be_another_programs_is_named_and_stays(
    full: Path, tmp_path: Path, memory_keyring: MemoryKeyring
) -> None:
    """A restore into a folder keeps aside whatever stood there, and people keep files under all sorts of names."""
    (aside,) = full.glob("before-restore-*.db")
    whole = aside.read_bytes()
    aside.unlink()
    foreign = full / "before-restore-2026-01-02T000000.000Z.db"
    with contextlib.closing(sqlite3.connect(foreign)) as connection, connection:
        connection.execute("CREATE TABLE recipes (name)")
        connection.execute("INSERT INTO recipes VALUES ('Powidltascherl')")
    letter = full / "before-christmas.db"
    letter.write_text("Dear Ana, before Christmas …", "utf-8")
    own_name = full / "before-the-summer.db"  # a copy made by hand: it is a center's, but is it ours to remove?
    own_name.write_bytes(whole[: len(whole) // 2])
    by_hand = full / "before-the-autumn.db"
    by_hand.write_bytes(whole)
    damaged = full / "before-restore-2026-01-03T000000.000Z-2.db"
    damaged.write_bytes(whole[: len(whole) // 2])
    wiped = backup.listing(full)[0].path
    wiped.write_bytes(bytes(100) + wiped.read_bytes()[100:])
    kept = {path: path.read_bytes() for path in (foreign, letter, own_name, wiped)}
    done = secrecy.switch_on(SYSTEM, full, secrecy.new_code())
    assert {path: path.read_bytes() for path in kept} == kept
    assert sorted(done.strangers) == sorted(path.name for path in kept if path != wiped)
    assert done.damaged == (wiped.name,), "by its name it can only be ours"
    assert (done.done, done.removed, done.left) == (2, 1, 0)
    assert not damaged.exists()
    assert cipher.kind_of(by_hand) == "keyed"
    assert secrecy.align(full, None).done == 0
    assert secrecy.state(full).unlike == 2, "the copy by hand whose name says nothing, and the damaged one"
    assert secrecy.switch_off(SYSTEM, full).strangers
    assert {path: path.read_bytes() for path in kept} == kept


def test_a_full_disk_leaves_a_copy_for_another_time(
    full: Path, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_args: Any, **_options: Any) -> None:
        raise EnvironmentFault("store.disk_full")

    with monkeypatch.context() as patch:
        patch.setattr(atrest, "_prove_same", full_disk)
        with pytest.raises(EnvironmentFault):
            switched_on(full)
    assert cipher.kind_of(paths.data_file(full)) == "plain"
    assert not list(full.rglob("*.partial"))
    with monkeypatch.context() as patch:
        patch.setattr(atrest, "align", lambda *_: atrest.Aligned())
        switched_on(full)
    with monkeypatch.context() as patch:
        patch.setattr(atrest, "_prove_same", full_disk)
        aligned = atrest.align(full)
        assert (aligned.done, aligned.left, len(aligned.failed)) == (0, 3, 3)
    assert len(canaries(full)) == 3
    assert atrest.align(full) == atrest.Aligned(done=3)


def test_a_copy_whose_schema_is_no_text_is_removed_and_those_after_it_follow(
    full: Path, memory_keyring: MemoryKeyring
) -> None:
    for one in backup.listing(full):
        not_utf8(one.path)
    assert secrecy.switch_on(SYSTEM, full, secrecy.new_code()) == atrest.Aligned(done=1, removed=2)
    assert canaries(full) == []


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("a bug"), OSError("pulled"), UserError("secrecy.wrong_passphrase")]
)
def test_whatever_is_wrong_with_one_copy_it_is_named_and_the_others_follow(
    full: Path, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    first = backup.listing(full)[0].path
    whole = atrest._make_over

    def bad(path: Path, lock: cipher.Lock) -> None:
        if path == first:
            raise error
        whole(path, lock)

    monkeypatch.setattr(atrest, "_make_over", bad)
    done = secrecy.switch_on(SYSTEM, full, secrecy.new_code())
    assert done == atrest.Aligned(done=2, left=1, failed=(first.name,))
    assert secrecy.stays_open(done) == [first.name]
    assert cipher.kind_of(paths.data_file(full)) == "keyed"


@pytest.mark.parametrize("where", ["align", "sweep", "sync"])
def test_once_the_file_has_its_name_the_switch_has_happened(
    full: Path, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Whatever goes wrong with what lies beside it; to say that it did not would be the worst that can be said."""
    file = paths.data_file(full)
    sync, unlink = backup.sync, Path.unlink

    def bug(*_args: Any, **_options: Any) -> Any:
        raise ZeroDivisionError("a bug")

    def unsynced(path: Path) -> None:
        if path == full and cipher.kind_of(file) == "keyed":
            raise OSError("Input/output error")
        sync(path)

    def refused(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("restored.partial") and path.exists():
            raise PermissionError("held by another program")
        unlink(path, missing_ok=missing_ok)

    if where == "align":
        monkeypatch.setattr(atrest, "_align", bug)
    elif where == "sync":
        monkeypatch.setattr(backup, "sync", unsynced)
    else:
        (full / "restored.partial").write_bytes(file.read_bytes())
        monkeypatch.setattr(Path, "unlink", refused)
    done = secrecy.switch_on(SYSTEM, full, secrecy.new_code())
    assert cipher.kind_of(file) == "keyed"
    assert (done.left, done.failed) == {
        "align": (3, ()), "sync": (0, ()), "sweep": (1, ("restored.partial",))
    }[where]  # fmt: skip


def test_what_the_former_version_left_on_the_stick_does_not_stay_plain_unnamed(
    full: Path, tmp_path: Path, memory_keyring: MemoryKeyring
) -> None:
    """Then all lay side by side: a half of a copy, which may be whole, and a damaged copy that may be of either."""
    stick, other = tmp_path / "stick", tmp_path / "other"
    stick.mkdir()
    build(other)
    theirs = backup.take(other, "auto")
    store.close_center()
    ours = backup.listing(full)[0]
    backup.to_second_place(ours, stick)
    halves = [stick / f"deskbell-00000{number}-20261124T120000Z-auto.partial" for number in (1, 2, 3)]
    halves[0].write_bytes(ours.path.read_bytes())
    halves[1].write_bytes(ours.path.read_bytes()[:9000])
    halves[2].write_bytes(theirs.path.read_bytes())
    letter = stick / "deskbell-letters.partial"
    letter.write_text("Dear Ana", "utf-8")
    damaged = stick / "deskbell-000009-20261124T120000Z-auto.db"
    damaged.write_bytes(ours.path.read_bytes()[:9000])
    switched_on(full)
    aligned = secrecy.align(full, stick)
    assert [path.exists() for path in (*halves, letter, damaged)] == [False, False, True, True, True]
    assert aligned.strangers == (damaged.name,)
    assert secrecy.stays_open(aligned) == [damaged.name]
    halves[0].write_bytes(ours.path.read_bytes())
    backup.to_second_place(backup.listing(full)[0], stick)
    assert not halves[0].exists(), "the next copy clears it away, too"


def test_the_second_place_follows(full: Path, tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    for one in backup.listing(full):
        backup.to_second_place(one, stick)
    assert len(canaries(stick)) == 2
    switched_on(full)
    assert len(canaries(stick)) == 2
    newest = backup.listing(full)[0]
    backup.to_second_place(newest, stick)
    assert len(canaries(stick)) == 1
    assert secrecy.align(full, stick).done == 1
    assert canaries(stick) == []
    (there,) = stick.rglob(newest.path.name)
    assert backup.verify(there) == ""


def test_on_a_stick_of_two_centers_the_other_ones_copies_stay_as_they_are(
    full: Path, tmp_path: Path, memory_keyring: MemoryKeyring
) -> None:
    stick, other = tmp_path / "stick", tmp_path / "other"
    stick.mkdir()
    build(other)
    theirs = backup.take(other, "auto")
    store.close_center()
    ours = backup.listing(full)[0]
    side_by_side = stick / "deskbell-000001-20261116T080000Z-auto.db"
    damaged = stick / "deskbell-000002-20261116T080000Z-auto.db"
    shutil.copyfile(theirs.path, side_by_side)
    damaged.write_bytes(theirs.path.read_bytes()[:5000])
    backup.to_second_place(theirs, stick)
    backup.to_second_place(ours, stick)
    before = {path: path.read_bytes() for path in stick.rglob("*.db") if path.name != ours.path.name}
    assert len(before) == 3
    switched_on(full)
    assert secrecy.align(full, stick).done == 1
    assert {path: path.read_bytes() for path in before} == before
    (there,) = stick.rglob(ours.path.name)
    assert cipher.kind_of(there) == "keyed"


def test_a_file_that_breaks_a_rule_or_is_in_use_stays_as_it_is(
    small_center: SmallCenter, memory_keyring: MemoryKeyring
) -> None:
    file = paths.data_file(small_center.folder)
    with pytest.raises(EnvironmentFault) as fault:
        switched_on(small_center.folder)
    assert fault.value.key == "store.locked"
    with store.write("Break the balance", small_center.admin) as w:
        w.update(User, small_center.student, balance_minor=5)
    store.close_center()
    with pytest.raises(EnvironmentFault) as fault:
        switched_on(small_center.folder)
    assert fault.value.key == "secrecy.unsound"
    assert cipher.kind_of(file) == "plain"
    assert not list(small_center.folder.rglob("*.partial"))


@pytest.mark.parametrize("held", [True, False])
def test_meanwhile_nobody_begins_a_log_that_would_stay_plain(
    full: Path, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    """And the control: without the hold another program writes in a file that is about to be replaced."""
    file = paths.data_file(full)
    heard: list[str] = []
    whole = atrest._prove_same

    def another_program(path: Path, other: Path) -> None:
        whole(path, other)
        if path == file:
            with contextlib.closing(cipher.driver.connect(str(file), isolation_level=None)) as connection:
                connection.execute("PRAGMA busy_timeout = 0")
                try:
                    connection.execute("PRAGMA journal_mode = WAL")
                    connection.execute("UPDATE people_search SET folded = folded WHERE id = 1")
                    heard.append("wrote")
                except cipher.driver.OperationalError as error:
                    heard.append(str(error))

    monkeypatch.setattr(atrest, "_prove_same", another_program)
    if not held:
        monkeypatch.setattr(atrest, "_held", lambda _path: contextlib.nullcontext())
    switched_on(full)
    assert heard == (["database is locked"] if held else ["wrote"])


def test_only_a_super_admin_switches(small_center: SmallCenter, memory_keyring: MemoryKeyring) -> None:
    store.close_center()
    for act in (
        lambda: switched_on(small_center.folder, small_center.staff),
        lambda: secrecy.switch_off(small_center.staff, small_center.folder),
        lambda: secrecy.code(small_center.staff, small_center.folder),
        lambda: switched_on(small_center.folder, Actor(small_center.staff.user_id, "admin")),
    ):
        with pytest.raises(UserError) as refused:
            act()
        assert refused.value.key == "rights.missing"
    assert memory_keyring.kept == {}
    assert switched_on(small_center.folder, small_center.admin)


# -- working on it -------------------------------------------------------------------------------------------


def test_several_threads_work_on_an_encrypted_center(small_center: SmallCenter, memory_keyring: MemoryKeyring) -> None:
    store.close_center()
    switched_on(small_center.folder)
    store.open_center(small_center.folder)

    def work() -> None:
        with store.connected():
            for number in range(10):
                people.add_note(small_center.staff, small_center.student, f"note {number}")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    made = [backup.take(small_center.folder, "auto") for _ in range(3)]
    for thread in threads:
        thread.join()
    assert store.db.execute_sql("SELECT count(*) FROM notes").fetchone() == (40,)
    assert all(one.verified for one in made)
    assert checks.run() == []


def test_restore_keeps_the_kind_of_the_present_file(full: Path, tmp_path: Path, memory_keyring: MemoryKeyring) -> None:
    plain = tmp_path / "plain.db"
    shutil.copy(backup.listing(full)[0].path, plain)
    switched_on(full)
    keyed = tmp_path / "keyed.db"
    shutil.copy(backup.listing(full)[0].path, keyed)
    assert restore.compare(plain, full) == []
    aside = keeping.restore(SYSTEM, plain, full)
    assert aside is not None
    assert cipher.kind_of(paths.data_file(full)) == "keyed"
    assert cipher.kind_of(aside) == "keyed"
    assert canaries(full) == []
    secrecy.switch_off(SYSTEM, full)
    keeping.restore(SYSTEM, keyed, full)
    assert cipher.kind_of(paths.data_file(full)) == "plain"
    store.open_center(full)
    assert checks.run() == []
    store.close_center()
    fresh = tmp_path / "fresh"
    keeping.restore(SYSTEM, keyed, fresh)
    assert cipher.kind_of(paths.data_file(fresh)) == "keyed"


def test_the_file_that_moves_can_be_made_of_an_encrypted_center(
    full: Path, tmp_path: Path, memory_keyring: MemoryKeyring
) -> None:
    switched_on(full)
    one = tmp_path / "move.deskbell"
    secrecy.make_file(SYSTEM, full, one, "four words it has")
    assert canaries(tmp_path) == []
    secrecy.unlock(one, "four words it has")
    keeping.restore(SYSTEM, one, full)
    assert cipher.kind_of(paths.data_file(full)) == "keyed"
    assert canaries(full) == []
    cipher.forget()
    memory_keyring.kept.clear()
    secrecy.unlock(one, "four words it has")
    keeping.restore(SYSTEM, one, tmp_path / "other")
    assert backup.verify(paths.data_file(tmp_path / "other")) == ""


def test_nothing_plain_takes_the_place_of_a_file_whose_key_is_not_here(
    full: Path, tmp_path: Path, memory_keyring: MemoryKeyring
) -> None:
    plain = tmp_path / "plain.db"
    shutil.copy(backup.listing(full)[0].path, plain)
    code = switched_on(full)
    cipher.forget()
    memory_keyring.kept.clear()
    with pytest.raises(EnvironmentFault) as fault:
        keeping.restore(SYSTEM, plain, full)
    assert fault.value.key == "store.key_missing"
    with pytest.raises(EnvironmentFault) as fault:
        restore.compare(backup.listing(full)[0].path, full)
    assert fault.value.key == "store.key_missing"
    store.know_code(code)
    assert keeping.restore(SYSTEM, plain, full) is not None


def test_the_backup_thread_makes_over_what_lies_plain_beside(
    full: Path, tmp_path: Path, memory_keyring: MemoryKeyring, qapp: Any
) -> None:
    plain = tmp_path / "plain.db"
    shutil.copy(backup.listing(full)[0].path, plain)
    switched_on(full)
    shutil.copy(plain, backup.listing(full)[0].path)
    assert len(canaries(full)) == 1
    store.open_center(full)
    thread = BackupThread(full)
    thread.start()
    limit = time.monotonic() + 30
    while atrest.unlike(full) and time.monotonic() < limit:
        thread.wait(20)
    thread.finish()
    store.close_center()
    assert canaries(full) == []
    assert all(backup.verify(one.path) == "" for one in backup.listing(full))


# -- keys and codes ------------------------------------------------------------------------------------------


def test_without_its_key_the_file_is_named_not_touched_and_opens_by_the_code(
    full: Path, memory_keyring: MemoryKeyring, capfd: Any
) -> None:
    code = switched_on(full)
    cipher.forget()
    memory_keyring.kept.clear()
    file = paths.data_file(full)
    before = file.read_bytes()
    for act in (
        lambda: store.open_center(full),
        lambda: secrecy.switch_off(SYSTEM, full),
        lambda: backup.take(full, "auto"),
        lambda: secrecy.code(SYSTEM, full),
    ):
        with pytest.raises(EnvironmentFault) as fault:
            act()
        assert fault.value.key == "store.key_missing"
    assert secrecy.needs_code(file)
    for typed, key in (
        (secrecy.new_code(), "secrecy.other_code"),
        (code[:-1], "secrecy.code_length"),
        (code.replace(code[0], "2" if code[0] != "2" else "3", 1), "secrecy.code_group"),
        (code + "!", "secrecy.code_letter"),
        ("", "secrecy.code_length"),
    ):
        with pytest.raises(UserError) as refused:
            secrecy.unlock_with_code(file, typed)
        assert (refused.value.key, refused.value.field) == (key, "code")
    assert file.read_bytes() == before
    assert secrecy.unlock_with_code(file, f" {code.lower().replace('-', ' ')}\n")
    assert not secrecy.needs_code(file)
    store.open_center(full)
    assert checks.run() == []
    store.close_center()
    assert secrecy.code(SYSTEM, full) == code
    assert capfd.readouterr().err == ""


def test_without_a_keyring_nothing_is_kept_and_the_code_is_asked_for(full: Path) -> None:
    code = switched_on(full)
    assert secrecy.state(full) == secrecy.State(True, False, False, 0)
    key = recovery.decode(code)
    for path in full.rglob("*"):
        if path.is_file():
            assert key.encode() not in path.read_bytes()
            assert bytes.fromhex(key) not in path.read_bytes()
            assert code.encode() not in path.read_bytes()
    store.open_center(full)
    store.close_center()
    cipher.forget()
    assert secrecy.needs_code(paths.data_file(full))
    assert secrecy.unlock_with_code(paths.data_file(full), code) is False
    store.open_center(full)
    store.close_center()


def test_a_damaged_encrypted_file_is_said_to_be_damaged(full: Path, memory_keyring: MemoryKeyring) -> None:
    switched_on(full)
    file = paths.data_file(full)
    whole = file.read_bytes()
    for at, key in ((40, "store.damaged"), (14, "store.damaged"), (6, "store.key_missing"), (0, "store.foreign_file")):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        with pytest.raises(EnvironmentFault) as fault:
            store.open_center(full)
        assert fault.value.key == key
    for cut in (len(whole) // 8192 * 4096, len(whole) // 8192 * 4096 + 1000, 4096):
        file.write_bytes(whole[:cut])
        assert backup.verify(file) != ""
        assert keeping.restore(SYSTEM, backup.listing(full)[0].path, full) is not None
        assert cipher.kind_of(file) == "keyed"
        assert backup.verify(file) == ""


@pytest.mark.parametrize("seed", range(20))
def test_every_code_gives_its_key_back_and_every_slip_is_found_in_its_group(seed: int) -> None:
    import random

    draw = random.Random(seed)
    key = draw.randbytes(32).hex() if seed else "0" * 64
    code = recovery.encode(key)
    assert recovery.decode(code) == key
    assert recovery.decode(code.lower().replace("-", "").replace("0", "o").replace("1", "l")) == key
    groups = code.split("-")
    assert [len(group) for group in groups] == [5] * 13
    for number, group in enumerate(groups):
        for place in range(5):
            for letter in recovery.ALPHABET:
                if letter != group[place]:
                    slip = [*groups]
                    slip[number] = group[:place] + letter + group[place + 1 :]
                    assert wrong_group("-".join(slip)) == number + 1
        for place in range(4):
            if group[place] != group[place + 1]:
                slip = [*groups]
                slip[number] = group[:place] + group[place + 1] + group[place] + group[place + 2 :]
                assert wrong_group("-".join(slip)) == number + 1
        if number and groups[number - 1] != group:
            slip = [*groups]
            slip[number - 1], slip[number] = group, groups[number - 1]
            assert wrong_group("-".join(slip)) == number


def wrong_group(code: str) -> int:
    with pytest.raises(UserError) as refused:
        recovery.decode(code)
    assert refused.value.key == "secrecy.code_group"
    return int(refused.value.params["group"])


def test_a_key_is_never_shown_by_accident(memory_keyring: MemoryKeyring) -> None:
    key = cipher.new_key()
    lock = cipher.keyed(key)
    assert key not in repr(lock)
    assert key not in lock.salt()
    assert cipher.id_of(key) not in key


def test_the_last_group_must_be_typed_back() -> None:
    code = secrecy.new_code()
    secrecy.last_group(f" {code[-5:].lower()} ", code)
    for typed in ("", code[:5] if code[:5] != code[-5:] else "00000", code[-6:]):
        with pytest.raises(UserError) as refused:
            secrecy.last_group(typed, code)
        assert (refused.value.key, refused.value.field) == ("secrecy.wrong_group", "last_group")


def test_open_beside_reads_an_encrypted_file(full: Path, memory_keyring: MemoryKeyring) -> None:
    """And the control: the driver alone, without the one place that knows the key, does not."""
    switched_on(full)
    with contextlib.closing(database.open_beside(paths.data_file(full))) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone()[0] > 3
    bare = cipher.driver.connect(str(paths.data_file(full)))
    with pytest.raises(cipher.driver.DatabaseError, match="not a database"):
        bare.execute("SELECT count(*) FROM users")
    bare.close()
