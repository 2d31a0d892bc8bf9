"""Backups: copies that are proven, kept by age, and never lost; and the way back."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import clock, paths, store, text
from app.desk import catalog, enrollment, keeping, people
from app.desk.accounts import SYSTEM, Actor
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.errors import EnvironmentFault, UserError
from app.store import backup, checks, cipher, restore
from app.store.backup import Backup
from app.store.models import MailQueue, Note, Notification, NotificationRecipient, Operation, User
from tests.support.breaking import breaking
from tests.support.center import SmallCenter, build, small_center
from tests.support.damaged import not_utf8

__all__ = ["small_center"]


def enroll(center: SmallCenter) -> int:
    return enrollment.enroll(center.staff, EnrollmentDraft(center.student, center.course))


def mine(place: Path, center: SmallCenter) -> Path:
    """Where a center's copies lie on a second place."""
    return backup.folder_in(place, backup.center_of(paths.data_file(center.folder)))


def rows(path: Path, query: str) -> list[Any]:
    with contextlib.closing(backup.database.open_beside(path)) as connection:
        return list(connection.execute(query).fetchall())


# -- making --------------------------------------------------------------------------------------------------


def test_a_backup_is_whole_verified_and_numbered(small_center: SmallCenter) -> None:
    first = backup.take(small_center.folder, "asked")
    enroll(small_center)
    second = backup.take(small_center.folder, "auto")
    assert [(one.number, one.why, one.verified) for one in backup.listing(small_center.folder)] == [
        (2, "auto", True),
        (1, "asked", True),
    ]
    assert backup.verify(second.path) == ""
    assert rows(first.path, "SELECT count(*) FROM courses_enrolled") == [(0,)]
    assert rows(second.path, "SELECT count(*) FROM courses_enrolled") == [(1,)]
    assert backup.last_operation_in(second.path) == keeping.last_operation()
    assert not list(second.path.parent.glob("*-wal"))
    assert not list(second.path.parent.glob("*.partial"))


def test_a_backup_holds_one_moment_while_others_write(small_center: SmallCenter) -> None:
    """Commits between two pages neither get in nor make the copy start anew."""
    with store.write("Bulk", small_center.admin) as w:
        for number in range(300):
            w.insert(User, role="instructor", first_name=f"Someone {number} " + "x" * 150)
    written: list[int] = []

    def step(_done: int, _total: int) -> None:
        with store.write("Between two pages", small_center.admin) as w:
            written.append(w.insert(User, role="instructor", first_name="Late"))

    before = backup.PAGES
    backup.PAGES = 16
    try:
        made = backup.take(small_center.folder, "asked", progress=step)
    finally:
        backup.PAGES = before
    assert len(written) > 3
    assert made.verified
    assert rows(made.path, "SELECT count(*) FROM users WHERE first_name = 'Late'") == [(0,)]


def test_a_backup_can_be_stopped_and_leaves_nothing(small_center: SmallCenter) -> None:
    with pytest.raises(backup.Stopped):
        backup.take(small_center.folder, "auto", stop=lambda: True)
    assert list(paths.backups(small_center.folder).iterdir()) == []


def test_what_breaks_a_rule_is_kept_as_unsound_and_never_counts_as_verified(small_center: SmallCenter) -> None:
    good = backup.take(small_center.folder, "asked")
    with store.write("Break the balance", small_center.admin) as w:
        w.update(User, small_center.student, balance_minor=5)
    bad = backup.take(small_center.folder, "auto")
    assert not bad.verified
    assert bad.path.name.endswith(".unsound.db")
    newest = backup.newest_verified(small_center.folder)
    assert newest is not None
    assert newest.path == good.path


def test_a_full_or_missing_place_is_said_in_words_and_leaves_no_half_copy(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = backup._new

    def small(path: Path) -> Any:
        connection = new(path)
        connection.execute("PRAGMA max_page_count = 10")
        return connection

    monkeypatch.setattr(backup, "_new", small)
    with pytest.raises(EnvironmentFault) as fault:
        backup.take(small_center.folder, "auto")
    assert fault.value.key in ("store.disk_full", "cli.cannot_write")
    assert list(paths.backups(small_center.folder).iterdir()) == []
    monkeypatch.undo()
    shutil.rmtree(paths.backups(small_center.folder))
    paths.backups(small_center.folder).write_text("a file stands where the folder should be")
    with pytest.raises(EnvironmentFault) as fault:
        backup.take(small_center.folder, "auto")
    assert fault.value.key == "cli.cannot_write"


FULL = os.environ.get("DESKBELL_FULL", "") in ("all", "safe")

#: Tables in which a restore writes what follows from it.
SETTLED = {"operations", "changes", "notifications", "notification_recipients", "mail_queue", "series"}


def content(path: Path) -> dict[str, list[Any]]:
    """Every row of every table that holds rows of its own."""
    names = [
        name for (name,) in rows(path, "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%STRICT%'")
    ]
    return {name: rows(path, f"SELECT * FROM {name}") for name in names}


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(50 if FULL else 1))
def test_backups_under_load_are_each_sound_restored_and_the_moment_they_claim(tmp_path: Path, batch: int) -> None:
    """Ten by default, 1,000 in full, while another thread writes as fast as it can: each is verified, restored into
    an empty folder, and compared row by row with what had been written at the one moment it claims.

    Zero failures in n copies bound the rate of failures near 3/n (at 95 %): 30 % for ten, 0.3 % for a thousand.
    """
    center = build(tmp_path / "center")
    product = catalog.ProductDraft("PDF", "A file", 100, 1, kind="digital")
    sale = SaleDraft(center.student, (SaleItem(catalog.add_product(center.admin, product)),))
    stop = threading.Event()
    written: list[int] = []

    def load() -> None:
        with store.connected():
            while not stop.is_set():
                written.append(people.add_note(center.staff, center.student, f"busy {len(written)}"))
                if len(written) % 5 == 0:
                    enrollment.sell(center.staff, sale)

    thread = threading.Thread(target=load)
    thread.start()
    taken: list[tuple[Backup, int, int]] = []
    try:
        for _ in range(20 if FULL else 10):
            before = len(written)
            while len(written) < before + 2:
                assert thread.is_alive()
                stop.wait(0.001)
            one = backup.take(center.folder, "auto")
            taken.append((one, before + 2, len(written) + 1))
    finally:
        stop.set()
        thread.join()
    store.close_center()
    present = content(paths.data_file(center.folder))
    for one, least, most in taken:
        assert one.verified
        copy = content(one.path)
        # Only additions and the kept columns of the one student and series change: what is there is what was there.
        notes = len(copy["notes"])
        assert least <= notes <= most
        assert [row[-2] for row in copy["notes"]] == [f"busy {number}" for number in range(notes)]
        for table in copy.keys() - {"users", "series", "products"}:
            assert copy[table] == present[table][: len(copy[table])], table
        empty = tmp_path / f"empty-{one.number}"
        keeping.restore(SYSTEM, one.path, empty)
        restored = content(paths.data_file(empty))
        for table in copy.keys() - SETTLED:
            assert restored[table] == copy[table], table
        for table in SETTLED - {"mail_queue", "series"}:
            assert restored[table][: len(copy[table])] == copy[table], table
        assert backup.verify(paths.data_file(empty)) == ""
        shutil.rmtree(empty)


def test_control_the_bytes_of_the_file_alone_are_not_the_moment(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was acknowledged stands in the log; a copy by hand has lost it, and looks sound."""
    monkeypatch.setattr(backup, "copy", lambda source, target, *_: shutil.copyfile(source, target))
    store.db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    people.add_note(small_center.staff, small_center.student, "busy")
    one = backup.take(small_center.folder, "auto")
    assert one.verified
    assert rows(one.path, "SELECT count(*) FROM notes") == [(0,)]


# -- keeping -------------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def made(number: int, age: timedelta, why: str = "auto", *, verified: bool = True) -> Backup:
    return Backup(Path(f"{number}.db"), number, clock.stamp(NOW - age), why, 1, verified)


def test_two_years_of_backups_are_thinned_by_age() -> None:
    every = [made(10_000 - n, timedelta(hours=2 * n)) for n in range(12 * 730)]
    gone = {one.number for one in backup.to_remove(every)}
    ages = [NOW - one.moment for one in every if one.number not in gone]
    assert sum(age < timedelta(days=4) for age in ages) == 48
    assert 48 + 10 + 10 + 21 <= len(ages) <= 48 + 14 + 12 + 24
    assert timedelta(days=650) < max(ages) < timedelta(days=730)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-4_000_000, 4_000_000), st.sampled_from(backup.REASONS), st.booleans()), max_size=120
    )
)
def test_thinning_never_takes_the_last_ones_whatever_the_clock_says_and_is_done_when_done(
    drawn: list[tuple[int, str, bool]],
) -> None:
    every = [made(1000 - n, timedelta(minutes=a), why, verified=ok) for n, (a, why, ok) in enumerate(drawn)]
    kept = [one for one in every if one not in backup.to_remove(every)]
    verified = [one for one in every if one.verified]
    assert verified[: backup.LAST] == [one for one in kept if one.verified][: backup.LAST]
    assert backup.to_remove(kept) == []
    assert len([one for one in kept if not one.verified]) <= backup.UNSOUND


def test_what_preceded_something_dangerous_is_kept_longer() -> None:
    before = [made(n, timedelta(days=20, minutes=-n), "erase") for n in (3, 2, 1)]
    assert backup.to_remove([*(made(n, timedelta(minutes=-n)) for n in range(90, 10, -1)), *before])[-1].number > 3


def test_a_clock_ten_years_off_costs_no_copy(small_center: SmallCenter) -> None:
    for years in (0, 10, -10, 0):
        with clock.frozen(NOW + timedelta(days=3650 * years / 10)):
            backup.take(small_center.folder, "auto")
    assert [one.number for one in backup.listing(small_center.folder)] == [4, 3, 2, 1]


# -- the second place ----------------------------------------------------------------------------------------


def test_the_second_place_gets_the_same_bytes_and_says_when_it_is_gone(
    small_center: SmallCenter, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    keeping.set_second_place(small_center.admin, str(stick))
    one = backup.take(small_center.folder, "auto")
    backup.to_second_place(one, stick)
    assert (mine(stick, small_center) / one.path.name).read_bytes() == one.path.read_bytes()
    shutil.rmtree(stick)
    with pytest.raises(EnvironmentFault) as fault:
        backup.to_second_place(one, stick)
    assert fault.value.key == "keeping.second_place_gone"
    with clock.frozen(clock.now() + timedelta(days=2)):
        assert not keeping.remind_of_second_place(SYSTEM)
    with clock.frozen(clock.now() + timedelta(days=4)):
        assert keeping.remind_of_second_place(SYSTEM)
        assert not keeping.remind_of_second_place(SYSTEM)
    assert Notification.get(Notification.key == "keeping.second_place_missing")
    assert checks.run() == []


def test_a_stick_that_is_pulled_leaves_what_was_there(
    small_center: SmallCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = backup.take(small_center.folder, "auto")
    backup.to_second_place(first, tmp_path)
    second = backup.take(small_center.folder, "auto")

    def pulled(source: Path, target: Path) -> None:
        Path(target).write_bytes(Path(source).read_bytes()[:100])
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(shutil, "copyfile", pulled)
    with pytest.raises(EnvironmentFault) as fault:
        backup.to_second_place(second, tmp_path)
    assert fault.value.key == "keeping.second_place_failed"
    folder = mine(tmp_path, small_center)
    assert (folder / first.path.name).exists()
    assert not list(folder.glob("*.partial"))
    monkeypatch.undo()
    torn = folder / second.path.with_suffix(".partial").name
    torn.write_bytes(b"half")
    backup.to_second_place(second, tmp_path)
    assert backup.verify(folder / second.path.name) == ""
    assert not torn.exists()


def test_two_centers_on_one_stick_keep_out_of_each_others_way(small_center: SmallCenter, tmp_path: Path) -> None:
    """The same numbers, the same names: each thins, and counts on from, what is its own."""
    stick = tmp_path / "stick"
    stick.mkdir()
    ours = backup.take(small_center.folder, "auto")
    backup.to_second_place(ours, stick)
    store.close_center()
    other = build(tmp_path / "other")
    try:
        theirs = backup.take(other.folder, "auto")
        backup.to_second_place(theirs, stick)
        there = mine(stick, other)
        for number in range(2, 80):
            shutil.copy(theirs.path, there / theirs.path.name.replace("-000001-", f"-{number:06d}-"))
        theirs = backup.numbered_above(backup.take(other.folder, "auto"), backup.highest(stick, other.folder))
        backup.to_second_place(theirs, stick)
    finally:
        store.close_center()
    assert len(list(there.iterdir())) < 60, "thinned"
    assert [path.name for path in mine(stick, small_center).iterdir()] == [ours.path.name]
    assert backup.highest(stick, small_center.folder) == 1
    assert backup.highest(stick, other.folder) == theirs.number == 80
    assert backup.highest(stick, tmp_path / "a new computer") == 0


def test_copies_from_when_all_lay_side_by_side_are_known_by_what_they_hold(
    small_center: SmallCenter, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    former = backup.take(small_center.folder, "auto")
    shutil.copyfile(former.path, stick / former.path.name)
    store.close_center()
    other = build(tmp_path / "other")
    foreign = stick / former.path.name.replace("-000001-", "-000002-")
    shutil.copyfile(backup.take(other.folder, "auto").path, foreign)
    store.close_center()
    unreadable = stick / former.path.name.replace("-000001-", "-000003-")
    unreadable.write_bytes(b"a letter, not a copy" * 99)
    assert backup.highest(stick, small_center.folder) == 1
    newest = backup.take(small_center.folder, "auto")
    backup.to_second_place(newest, stick)
    assert {path.name for path in mine(stick, small_center).iterdir()} == {former.path.name, newest.path.name}
    assert {path for path in stick.iterdir() if path.is_file()} == {foreign, unreadable}


def test_a_copy_that_lies_in_the_folder_is_not_lost_to_one_of_its_name_beside_it(
    small_center: SmallCenter, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    one = backup.take(small_center.folder, "auto")
    backup.to_second_place(one, stick)
    enroll(small_center)
    two = backup.take(small_center.folder, "auto")
    beside = stick / one.path.name
    shutil.copyfile(two.path, beside)
    backup.to_second_place(two, stick)
    assert (mine(stick, small_center) / one.path.name).read_bytes() == one.path.read_bytes()
    assert beside.read_bytes() == two.path.read_bytes()


def test_a_copy_that_does_not_say_whose_it_is_goes_nowhere(small_center: SmallCenter, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    one = backup.take(small_center.folder, "auto")
    not_utf8(one.path)
    with pytest.raises(EnvironmentFault) as fault:
        backup.to_second_place(one, stick)
    assert fault.value.key == "keeping.second_place_failed"
    assert list(stick.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("no/such", "keeping.no_folder"),
        ("/no/such/folder", "keeping.no_folder"),
        ("inside", "keeping.inside_data_folder"),
    ],
)
def test_a_bad_second_place_is_refused(small_center: SmallCenter, path: str, key: str) -> None:
    if path == "inside":
        path = str(small_center.folder)
    with pytest.raises(UserError) as refused:
        keeping.set_second_place(small_center.admin, path)
    assert (refused.value.key, refused.value.field) == (key, "second_place")
    assert keeping.second_place() is None


# -- the way back --------------------------------------------------------------------------------------------


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


def test_what_a_kill_left_is_cleared_away_by_the_next_copy(small_center: SmallCenter, tmp_path: Path) -> None:
    """A journal that stayed under the name of a copy to be made would be played into it."""
    folder = paths.backups(small_center.folder)
    folder.mkdir()
    for name in (
        "deskbell-000001-20261124T120000Z-auto.partial",
        "deskbell-000001-20261124T120000Z-auto.partial-journal",
    ):
        (folder / name).write_bytes(b"half")
    target = tmp_path / "by hand.db"
    for ending in (".partial", ".partial-journal", ".partial-wal"):
        target.with_name(target.name + ending).write_bytes(b"half")
    stick = tmp_path / "stick"
    stick.mkdir()
    there = mine(stick, small_center)
    there.mkdir()
    (there / "deskbell-000009-20261124T120000Z-auto.partial").write_bytes(b"half")
    one = backup.take(small_center.folder, "auto")
    backup.make(target)
    backup.to_second_place(one, stick)
    assert list(folder.iterdir()) == [one.path]
    assert [path.name for path in there.iterdir()] == [one.path.name]
    assert sorted(path.name for path in tmp_path.glob("by hand*")) == ["by hand.db"]
    assert backup.verify(target) == ""


def test_a_copy_that_is_thinned_while_we_look_hides_no_other(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (backup.take(small_center.folder, "auto") for _ in range(2))
    known = backup._known

    def thinned(path: Path) -> Backup | None:
        if path == first.path:
            path.unlink(missing_ok=True)
        return known(path)

    monkeypatch.setattr(backup, "_known", thinned)
    assert [one.number for one in backup.listing(small_center.folder)] == [second.number]


# -- several at once -----------------------------------------------------------------------------------------


def test_two_copies_at_once_leave_each_other_alone(small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread's copy and the one before an import or a repair: each whole, each with a number of its own."""
    proven, both = backup.verify, threading.Barrier(2, timeout=2)

    def met(*args: Any, **options: Any) -> str:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait()
        return proven(*args, **options)

    monkeypatch.setattr(backup, "verify", met)
    said: list[object] = []

    def one(why: str) -> None:
        try:
            said.append(backup.take(small_center.folder, why))
        except Exception as error:
            said.append(error)

    threads = [threading.Thread(target=one, args=(why,)) for why in ("auto", "import")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(each, Backup) and each.verified for each in said), said
    assert sorted(each.number for each in backup.listing(small_center.folder)) == [1, 2]
    assert sorted(each.why for each in backup.listing(small_center.folder)) == ["auto", "import"]


def test_a_copy_that_waits_for_another_can_be_stopped(small_center: SmallCenter) -> None:
    with backup.alone(), pytest.raises(backup.Stopped):
        backup.take(small_center.folder, "auto", lambda: True)
    assert backup.listing(small_center.folder) == []


def test_a_folder_in_the_place_of_the_file_is_refused_in_words(small_center: SmallCenter, tmp_path: Path) -> None:
    copy = backup.take(small_center.folder, "asked")
    store.close_center()
    paths.data_file(tmp_path).mkdir()
    with pytest.raises(EnvironmentFault) as refused:
        keeping.restore(SYSTEM, copy.path, tmp_path)
    assert refused.value.key == "cli.cannot_write"
    assert paths.data_file(tmp_path).is_dir()
    store.open_center(small_center.folder)
