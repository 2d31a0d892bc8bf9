"""The way back: what a restore would change, and what becomes of the present file."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import clock, paths, store, text
from app.desk import keeping, people
from app.desk.accounts import SYSTEM, Actor
from app.errors import EnvironmentFault, UserError
from app.store import backup, checks, cipher, restore
from app.store.models import MailQueue, Note, Notification, NotificationRecipient, Operation, User
from tests.support.breaking import breaking
from tests.support.center import SmallCenter, small_center
from tests.support.copies import enroll, rows

__all__ = ["small_center"]

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_the_difference_is_told_by_count_and_by_name(small_center: SmallCenter) -> None:
    one = backup.take(small_center.folder, "asked")
    assert restore.compare(one.path, small_center.folder) == []
    enroll(small_center)
    with store.write("New", small_center.admin) as w:
        w.insert(User, role="instructor", first_name="Yusuf", last_name="Demir")
    found = {each.kind: each for each in restore.compare(one.path, small_center.folder)}
    assert (found["people"].gone, found["people"].gone_names) == (1, ("Yusuf Demir",))
    assert found["people"].changed_names == ("Ana Satler",)
    assert found["enrollments"].gone_names == ("E-00001",)
    assert "payments" not in found


def test_however_many_changed_all_are_told(small_center: SmallCenter) -> None:
    many = restore._AT_ONCE * 2 + 1
    with store.write("Many", small_center.admin) as w:
        w.insert_many(User, [{"id": 9_000 + n, "role": "instructor", "first_name": f"I {n}"} for n in range(many)])
    one = backup.take(small_center.folder, "asked")
    with store.write("Born", small_center.admin) as w:
        w.update_many(User, ("date_of_birth",), [("1990-01-01", 9_000 + n) for n in range(many)])
    (told,) = restore.compare(one.path, small_center.folder)
    assert (told.kind, told.changed) == ("people", many)


def test_what_only_followed_the_clock_is_no_difference(small_center: SmallCenter) -> None:
    """A next slot moves on by itself every hour: nobody would recognize these people as changed."""
    one = backup.take(small_center.folder, "asked")
    with store.write("Refresh", small_center.admin) as w:
        w.update(User, small_center.student, next_slot_as_of="2031-01-01T00:00:00.000Z")
    assert restore.compare(one.path, small_center.folder) == []
    with store.write("Rename", small_center.admin) as w:
        w.update(User, small_center.student, last_name="Novak")
    (people,) = restore.compare(one.path, small_center.folder)
    assert (people.changed, people.changed_names) == (1, ("Ana Novak",))


def test_a_restore_is_recorded_holds_unsent_mails_and_keeps_the_present_file(small_center: SmallCenter) -> None:
    center = small_center
    enroll(center)
    waiting = MailQueue.select().where(MailQueue.state == "queued").count()
    assert waiting == 1
    one = backup.take(center.folder, "asked")
    with store.write("After", center.admin) as w:
        after = w.insert(User, role="instructor", first_name="After")
    present = keeping.last_operation()
    store.close_center()
    aside = keeping.restore(center.admin, one.path, center.folder)
    assert aside is not None
    assert backup.last_operation_in(aside) == present
    store.open_center(center.folder)
    assert User.get_or_none(User.id == after) is None
    last = Operation.select().order_by(Operation.id.desc()).get()
    assert (last.label, last.actor_id) == ("Restore backup", center.admin.user_id)
    held = MailQueue.get()
    assert (held.state, held.reason, held.next_try_at) == ("held", "keeping.held", None)
    assert Notification.get(Notification.key == "keeping.restored")
    assert checks.run() == []
    assert store.db.execute_sql("PRAGMA journal_mode").fetchone() == ("wal",)


def test_whoever_is_not_in_the_restored_file_restores_as_the_program(small_center: SmallCenter) -> None:
    one = backup.take(small_center.folder, "asked")
    with store.write("New", small_center.admin) as w:
        late = w.insert(User, role="super_admin", first_name="Late")
    store.close_center()
    keeping.restore(Actor(late, "super_admin"), one.path, small_center.folder)
    store.open_center(small_center.folder)
    assert Operation.select().order_by(Operation.id.desc()).get().actor_id is None
    assert checks.run() == []


def copy_with_uids(center: SmallCenter, name: str, *statements: str) -> Path:
    """A backup of another line of the same center, in which the same ids are other people's."""
    path = center.folder.parent / name
    backup.make(path)
    with contextlib.closing(cipher.connect(path, isolation_level=None)) as connection:
        breaking(connection, *statements)
    return path


def test_whoever_has_the_same_id_in_the_restored_file_did_not_restore_it(small_center: SmallCenter) -> None:
    c = small_center
    other = copy_with_uids(c, "other.db", f"UPDATE users SET uid = '{store.uuid7()}' WHERE id = {c.admin.user_id}")
    store.close_center()
    keeping.restore(c.admin, other, c.folder)
    store.open_center(c.folder)
    last = Operation.select().order_by(Operation.id.desc()).get()
    assert (last.label, last.actor_id, last.actor_role) == ("Restore backup", None, "system")
    told = Notification.get(Notification.key == "keeping.restored_by")
    assert text.sentence(told.key, json.loads(told.params)).startswith("Ingrid Maurer restored the center to ")
    assert checks.run() == []


def test_who_restored_is_known_by_any_id(small_center: SmallCenter) -> None:
    c = small_center
    uid = User.get_by_id(c.admin.user_id).uid
    other = copy_with_uids(
        c,
        "other.db",
        f"UPDATE users SET uid = '{store.uuid7()}' WHERE id = {c.admin.user_id}",
        f"UPDATE users SET uid = '{uid}' WHERE id = {c.staff.user_id}",
    )
    store.close_center()
    keeping.restore(c.admin, other, c.folder)
    store.open_center(c.folder)
    assert Operation.select().order_by(Operation.id.desc()).get().actor_id == c.staff.user_id
    assert Notification.get(Notification.key == "keeping.restored")
    assert checks.run() == []


def test_all_who_may_restore_are_told(small_center: SmallCenter) -> None:
    c = small_center
    admin = people.add_staff(c.admin, people.StaffDraft("Nora", "Neu", role="admin"))
    with store.write("Gone", c.admin) as w:
        w.insert(User, role="admin", first_name="Former", status="inactive")
    one = backup.take(c.folder, "asked")
    store.close_center()
    keeping.restore(Actor(admin, "admin"), one.path, c.folder)
    store.open_center(c.folder)
    told = Notification.get(Notification.key == "keeping.restored")
    rows = NotificationRecipient.select().where(NotificationRecipient.notification_id == told.id)
    assert {row.user_id for row in rows} == {c.admin.user_id, admin}


def test_staff_may_not_restore(small_center: SmallCenter) -> None:
    one = backup.take(small_center.folder, "asked")
    with pytest.raises(UserError) as refused:
        keeping.restore(small_center.staff, one.path, small_center.folder)
    assert refused.value.key == "rights.missing"


@pytest.mark.parametrize("damage", ["cut", "foreign", "newer", "hostile trigger", "broken rule"])
def test_a_bad_backup_is_refused_before_anything_is_touched(small_center: SmallCenter, damage: str) -> None:
    one = backup.take(small_center.folder, "asked")
    whole = one.path.read_bytes()
    if damage in ("cut", "foreign"):
        one.path.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"some other file" * 200)
    else:
        with contextlib.closing(backup._new(one.path)) as connection:
            connection.execute(
                {
                    "newer": "PRAGMA user_version = 999",
                    "hostile trigger": "CREATE TRIGGER harmless AFTER INSERT ON operations BEGIN"
                    " UPDATE users SET email = 'x@evil.example'; END",
                    "broken rule": "UPDATE current_operation SET operation_id = 1",
                }[damage]
            )
    store.close_center()
    before = paths.data_file(small_center.folder).read_bytes()
    with pytest.raises(EnvironmentFault) as fault:
        keeping.restore(SYSTEM, one.path, small_center.folder)
    assert fault.value.key in ("cli.bad_backup", "store.newer_file")
    assert paths.data_file(small_center.folder).read_bytes() == before
    assert not list(small_center.folder.glob("restored*"))


def test_a_restore_waits_for_nobody_who_holds_the_file_and_says_so(small_center: SmallCenter) -> None:
    """Another program reads: its log cannot be folded in, and moved away it would take what was acknowledged along."""
    one = backup.take(small_center.folder, "asked")
    people.add_note(small_center.staff, small_center.student, "after the backup")
    store.close_center()
    other = backup.driver.connect(str(paths.data_file(small_center.folder)), isolation_level=None)
    other.execute("BEGIN")
    assert other.execute("SELECT count(*) FROM notes").fetchone() == (1,)
    with pytest.raises(EnvironmentFault) as fault:
        keeping.restore(SYSTEM, one.path, small_center.folder)
    assert fault.value.key == "store.locked"
    other.close()
    assert not list(small_center.folder.glob("*restore*"))
    store.open_center(small_center.folder)
    assert [note.text for note in Note.select()] == ["after the backup"]
    assert checks.run() == []


def test_two_restores_of_one_moment_keep_two_files(small_center: SmallCenter) -> None:
    """A clock that was set back says the same moment twice."""
    one = backup.take(small_center.folder, "asked")
    kept = []
    with clock.frozen(NOW):
        for number in range(2):
            people.add_note(small_center.staff, small_center.student, f"present {number}")
            store.close_center()
            kept.append(keeping.restore(SYSTEM, one.path, small_center.folder))
            store.open_center(small_center.folder)
    assert [rows(path, "SELECT text FROM notes") for path in kept if path is not None] == [
        [("present 0",)],
        [("present 1",)],
    ]


def test_a_folder_in_the_place_of_the_file_is_refused_in_words(small_center: SmallCenter, tmp_path: Path) -> None:
    copy = backup.take(small_center.folder, "asked")
    store.close_center()
    paths.data_file(tmp_path).mkdir()
    with pytest.raises(EnvironmentFault) as refused:
        keeping.restore(SYSTEM, copy.path, tmp_path)
    assert refused.value.key == "cli.cannot_write"
    assert paths.data_file(tmp_path).is_dir()
    store.open_center(small_center.folder)
