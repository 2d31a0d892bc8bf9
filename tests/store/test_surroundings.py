"""Where the data folder lies is told with its reason: shares, synchronized folders, a full disk, a wrong clock."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from app import clock, paths, store, text
from app.desk import keeping
from app.desk.accounts import SYSTEM
from app.store import backup, surroundings
from app.store.models import Note, Operation
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

MOUNTS = r"""
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:20 / /proc rw - proc proc rw
30 21 0:40 / /mnt/share rw - cifs //server/share rw
31 21 0:41 / /mnt/my\040share rw - nfs4 server:/x rw
32 21 0:42 / /home/ana/far rw - fuse.sshfs ana@far:/ rw
33 30 8:2 / /mnt/share/local rw - ext4 /dev/sdb1 rw
34 21 0:43 / /mnt/vm rw - 9p host rw
35 21 0:44 / /mnt/dav rw - davfs https://x rw
36 21 8:3 / /mnt/over rw - ext4 /dev/sdc1 rw
37 21 0:45 / /mnt/over rw - smb3 //server/over rw
broken line
""".lstrip()


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/ana/Deskbell", ""),
        ("/mnt/share", "cifs"),
        ("/mnt/share/center", "cifs"),
        ("/mnt/share/local/center", ""),
        ("/mnt/shared", ""),
        ("/mnt/my share/center", "nfs4"),
        ("/home/ana/far/away", "fuse.sshfs"),
        ("/mnt/vm/x", "9p"),
        ("/mnt/dav", "davfs"),
        ("/mnt/over/x", "smb3"),
    ],
)
def test_a_network_share_on_linux(folder: str, kind: str) -> None:
    assert surroundings.network_kind(PurePosixPath(folder), surroundings.linux_mounts(MOUNTS)) == kind


def test_a_network_share_on_macos() -> None:
    mounts = surroundings.macos_mounts(
        "/dev/disk3s1s1 on / (apfs, sealed, local, read-only)\n"
        "//ana@server/Center%20data on /Volumes/Center data (smbfs, nodev, nosuid, mounted by ana)\n"
        "server:/x on /Volumes/nfs (nfs)\n"
    )
    kinds = {name: surroundings.network_kind(PurePosixPath(name), mounts) for name in ("/Users/ana", "/Volumes/nfs/x")}
    assert kinds == {"/Users/ana": "", "/Volumes/nfs/x": "nfs"}
    assert surroundings.network_kind(PurePosixPath("/Volumes/Center data/a"), mounts) == "smbfs"


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        (r"\\server\share\center", "UNC"),
        (r"\\?\UNC\server\share", "UNC"),
        (r"Z:\center", "SMB"),
        (r"\\?\Z:\center", "SMB"),
        (r"C:\Users\ana", ""),
    ],
)
def test_a_network_share_on_windows(folder: str, kind: str) -> None:
    assert surroundings.network_drive(folder, lambda root: 4 if root == "Z:\\" else 3) == kind


@pytest.mark.parametrize(
    ("folder", "by"),
    [
        ("/home/ana/Dropbox/center", "Dropbox"),
        ("/home/ana/Dropbox (Business)/center", "Dropbox"),
        ("/Users/ana/Library/CloudStorage/OneDrive-Brueckenhaus/center", "OneDrive"),
        ("/Users/ana/Library/CloudStorage/GoogleDrive-ana@x.example/My Drive", "Google Drive"),
        ("/Users/ana/Library/Mobile Documents/com~apple~CloudDocs/center", "iCloud"),
        ("/home/ana/Nextcloud2/center", "Nextcloud"),
        ("/home/ana/work/center", "Syncthing"),
        ("/home/ana/clients/center", "Nextcloud"),
        ("/home/ana/files/center", "Dropbox"),
        ("/home/ana/owned/center", "ownCloud"),
        ("/home/ana/center", ""),
        ("/home/ana/Dropbox-free/center", ""),
        ("/home/ana/plain/Sync of music", ""),
    ],
)
def test_a_synchronized_folder(folder: str, by: str) -> None:
    names = {
        "/home/ana/work": [".stfolder", "center"],
        "/home/ana/clients": ["._sync_0a1b2c.db"],
        "/home/ana/files": [".dropbox.cache"],
        "/home/ana/owned": [".owncloudsync.log"],
        "/home/ana/plain": ["sync_notes.db", "stfolder", "letter.txt"],
    }
    assert surroundings.synced_by(PurePosixPath(folder), lambda at: names.get(str(at), [])) == by


def test_a_synchronized_folder_on_windows() -> None:
    def nothing(_at: PurePath) -> list[str]:
        return []

    folder = PureWindowsPath(r"C:\Users\ana\OneDrive - Brückenhaus GmbH\center")
    assert surroundings.synced_by(folder, nothing) == "OneDrive"


def test_little_room_and_a_wrong_clock() -> None:
    folder, now = Path("/x"), datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert surroundings.room(folder, surroundings.LITTLE_ROOM) == []
    (told,) = surroundings.room(folder, 5 * 1024 * 1024)
    assert told.params["megabytes"] == 5
    assert surroundings.dates(None, now) == []
    assert surroundings.dates("no stamp", now) == []
    assert surroundings.dates(clock.stamp(now + timedelta(hours=23)), now) == []
    (late,) = surroundings.dates(clock.stamp(now + timedelta(days=3650)), now)
    (early,) = surroundings.dates(None, now.replace(year=2016))
    assert [late.key, early.key] == ["surroundings.clock_behind", "surroundings.clock_early"]


def test_each_has_a_sentence() -> None:
    now = clock.stamp(datetime(2026, 11, 20, 12, tzinfo=UTC))
    values = {"path": "/x", "kind": "nfs", "by": "Dropbox", "megabytes": 5, "now": now, "newest": now, "made_at": now}
    keys = [key for key in text.messages() if key.startswith("surroundings.")]
    assert len(keys) == 6
    for key in (*keys, "store.work_missing"):
        said = text.sentence(key, {**values, "count": 2})
        assert said != key
        assert "{" not in said


# -- over a real folder


def keys(folder: Path) -> list[str]:
    return [told.key for told in surroundings.warnings(folder)]


def test_a_plain_folder_has_nothing_to_tell(small_center: SmallCenter) -> None:
    plain = [
        key for key in keys(small_center.folder) if key not in ("surroundings.network", "surroundings.little_room")
    ]
    assert plain == []


def test_a_clock_ten_years_behind_is_told(small_center: SmallCenter) -> None:
    with clock.frozen(clock.now() + timedelta(days=3650)), store.write("Later", small_center.staff) as w:
        w.insert(Note, user_id=small_center.student, text="from the future")
    assert "surroundings.clock_behind" in keys(small_center.folder)


def test_a_file_older_than_its_backup_and_its_last_operation_is_told(small_center: SmallCenter) -> None:
    folder, file = small_center.folder, paths.data_file(small_center.folder)
    store.close_center()
    old = file.read_bytes()
    store.open_center(folder)
    for number in range(3):
        with store.write("Write note", small_center.staff) as w:
            w.insert(Note, user_id=small_center.student, text=str(number))
    assert backup.take(folder, "asked").verified
    assert store.noticed() == []
    store.close_center()
    file.write_bytes(old)
    store.open_center(folder)
    told = {one.key: one.params for one in surroundings.warnings(folder)}
    assert told["store.work_missing"] == {"count": 3}
    assert told["surroundings.older_than_backup"]["count"] == 3
    shutil.rmtree(paths.backups(folder))
    with store.write("Goes on", small_center.staff) as w:
        w.insert(Note, user_id=small_center.student, text="on purpose")
    store.close_center()
    store.open_center(folder)
    assert not {"store.work_missing", "surroundings.older_than_backup"} & set(keys(folder))


def test_a_copy_without_its_log_is_told(small_center: SmallCenter, tmp_path: Path) -> None:
    """Control: with its log nothing is missing."""
    folder = small_center.folder
    store.db.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    with store.write("Write note", small_center.staff) as w:
        w.insert(Note, user_id=small_center.student, text="in the log")
    made = Operation.select().count()
    for name, left_out in (("whole", "*-shm"), ("half", "center.db-*")):
        shutil.copytree(folder, tmp_path / name, ignore=shutil.ignore_patterns(left_out))
    store.close_center()
    for name, count in (("whole", made), ("half", made - 1)):
        store.open_center(tmp_path / name)
        assert Operation.select().count() == count
        assert [key for key, _params in store.noticed()] == (["store.work_missing"] if name == "half" else [])
        store.close_center()
    store.open_center(folder)


def test_a_file_that_was_restored_on_purpose_is_not_called_old(small_center: SmallCenter) -> None:
    """Its newest backup is the one made just before. Control: put back behind the program's back, it is called so."""
    folder, file = small_center.folder, paths.data_file(small_center.folder)
    old = backup.take(folder, "asked")
    for number in range(3):
        with store.write("Write note", small_center.staff) as w:
            w.insert(Note, user_id=small_center.student, text=str(number))
    backup.take(folder, "restore")
    store.close_center()
    keeping.restore(SYSTEM, old.path, folder)
    assert "surroundings.older_than_backup" not in keys(folder)
    restored = file.read_bytes()
    store.open_center(folder)
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        for number in range(9):
            with store.write("Write note", small_center.staff) as w:
                w.insert(Note, user_id=small_center.student, text=str(number))
        backup.take(folder, "auto")
    store.close_center()
    file.write_bytes(restored)
    assert "surroundings.older_than_backup" in keys(folder)
    store.open_center(folder)
