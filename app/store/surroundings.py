"""What stands around the data folder and may harm it: a network share, a folder that is synchronized, a full disk, a
clock that is off, a file older than its backup. Each is told with its reason; none of them stands in the way.

The looks are plain functions over what they are given; `warnings` gives them what this computer says.
"""

from __future__ import annotations

import contextlib
import fnmatch
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from app import clock, paths
from app.errors import DeskError
from app.store import backup, cipher, database, opening, restore

#: Below so many free bytes the disk is called nearly full: room for some backups and a log.
LITTLE_ROOM = 200 * 1024 * 1024

#: An entry may be so much younger than the clock before the clock is called wrong.
CLOCK_SLACK = timedelta(days=1)

#: No computer runs this program before the year in which it was made.
RELEASED = 2026

#: Kinds of file systems behind which another computer stands, as Linux and macOS call them. On them the locks of two
#: computers, and the memory that SQLite shares between connections, do not hold.
NETWORK = {
    "9p", "acfs", "afpfs", "afs", "ceph", "cifs", "coda", "davfs", "fuse.ceph", "fuse.davfs", "fuse.davfs2",
    "fuse.glusterfs", "fuse.gvfsd-fuse", "fuse.rclone", "fuse.sshfs", "fuse.vmhgfs-fuse", "gfs2", "glusterfs", "lustre",
    "ncpfs", "nfs", "nfs4", "ocfs2", "prl_fs", "smb3", "smbfs", "sshfs", "vboxsf", "webdav",
}  # fmt: skip

#: Who keeps a folder in step: by how it is called, and by what lies in it.
SYNC_NAMES = {
    "Dropbox": ("dropbox", "dropbox (*)"),
    "OneDrive": ("onedrive", "onedrive - *", "onedrive-*"),
    "Google Drive": ("google drive", "googledrive", "googledrive-*", "my drive"),
    "iCloud": ("icloud drive", "iclouddrive", "mobile documents", "com~apple~clouddocs"),
    "Nextcloud": ("nextcloud", "nextcloud[0-9]"),
    "ownCloud": ("owncloud", "owncloud[0-9]"),
    "MEGA": ("mega", "megasync"),
    "Syncthing": ("syncthing",),
    "pCloud": ("pclouddrive", "pcloud drive"),
}
SYNC_MARKS = {
    "Dropbox": (".dropbox", ".dropbox.cache"),
    "OneDrive": (".849c9593-d756-4e56-8d6e-42412f2a707b",),
    "Google Drive": (".tmp.driveupload", ".tmp.drivedownload"),
    "Nextcloud": (".nextcloudsync.log", ".sync_*.db", "._sync_*.db"),
    "ownCloud": (".owncloudsync.log", ".csync_journal.db"),
    "Syncthing": (".stfolder", ".stignore"),
    "MEGA": (".megaignore",),
}


@dataclass(frozen=True)
class Concern:
    """Something to be told: a message key and its parameters."""

    key: str
    params: dict[str, Any] = field(default_factory=dict)


def warnings(data_dir: Path) -> list[Concern]:
    """What should be told about where the center lies. The data file may be open or not."""
    folder = data_dir.resolve()
    found = list(where(folder))
    with contextlib.suppress(OSError):
        found += room(folder, shutil.disk_usage(folder).free)
    found += dates(_newest_stamp(paths.data_file(folder)), clock.now())
    found += [Concern(key, params) for key, params in opening.noticed()]
    found += _older_than_backup(folder)
    return found


# -- looks ---------------------------------------------------------------------------------------------------


def where(folder: Path) -> Iterable[Concern]:
    """A network share, a folder that somebody synchronizes: by what this computer says."""
    kind = ""
    if sys.platform == "win32":
        kind = network_drive(str(folder), _windows_drive_type)
    elif sys.platform == "darwin":
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            said = subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=5, check=True).stdout
            kind = network_kind(PurePosixPath(folder), macos_mounts(said))
    else:
        with contextlib.suppress(OSError):
            kind = network_kind(PurePosixPath(folder), linux_mounts(Path("/proc/self/mountinfo").read_text("utf-8")))
    if kind:
        yield Concern("surroundings.network", {"path": str(folder), "kind": kind})
    by = synced_by(folder, _names_in)
    if by:
        yield Concern("surroundings.synced", {"path": str(folder), "by": by})


def linux_mounts(mountinfo: str) -> list[tuple[str, str]]:
    """(mount point, kind of file system) of each line of /proc/self/mountinfo, in order."""
    found = []
    for line in mountinfo.splitlines():
        before, dash, after = line.partition(" - ")
        parts = before.split()
        if dash and len(parts) >= 5 and after.split():
            point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), parts[4])
            found.append((point, after.split()[0]))
    return found


def macos_mounts(said: str) -> list[tuple[str, str]]:
    """(mount point, kind) of each line of what `mount` says: ``//host/share on /Volumes/share (smbfs, nodev)``."""
    return re.findall(r"^.*? on (/.*) \((\w+)", said, re.MULTILINE)


def network_kind(folder: PurePosixPath, mounts: Iterable[tuple[str, str]]) -> str:
    """The kind of network file system that a folder lies on, '' for a disk of this computer."""
    best, kind = -1, ""
    for point, name in mounts:
        if folder.is_relative_to(point) and len(PurePosixPath(point).parts) >= best:  # a later mount hides an earlier
            best, kind = len(PurePosixPath(point).parts), name
    return kind if kind.lower() in NETWORK else ""


def network_drive(folder: str, drive_type: Callable[[str], int]) -> str:
    """The same on Windows: a share by its name, or a letter that stands for one (GetDriveTypeW says 4)."""
    plain = folder.removeprefix("\\\\?\\")
    if plain.upper().startswith("UNC\\") or plain.startswith("\\\\"):
        return "UNC"
    return "SMB" if plain[1:2] == ":" and drive_type(plain[:2] + "\\") == 4 else ""


def synced_by(folder: PurePath, names_in: Callable[[PurePath], Iterable[str]]) -> str:
    """Who synchronizes a folder, '' if nobody is seen to: by the names of the folders above it and by their marks."""
    for level in (folder, *folder.parents):
        for by, names in SYNC_NAMES.items():
            if any(fnmatch.fnmatchcase(level.name.casefold(), name) for name in names):
                return by
        here = [name.casefold() for name in names_in(level)]
        for by, marks in SYNC_MARKS.items():
            if any(fnmatch.fnmatchcase(name, mark) for name in here if name.startswith(".") for mark in marks):
                return by
    return ""


def room(folder: Path, free: int) -> list[Concern]:
    """A disk that is nearly full."""
    if free >= LITTLE_ROOM:
        return []
    return [Concern("surroundings.little_room", {"path": str(folder), "megabytes": free // (1024 * 1024)})]


def dates(newest: str | None, now: datetime) -> list[Concern]:
    """A clock that is off: before the program was made, or more than a day behind what was written already."""
    if now.year < RELEASED:
        return [Concern("surroundings.clock_early", {"now": clock.stamp(now)})]
    with contextlib.suppress(ValueError):
        if newest and clock.parse_stamp(newest) > now + CLOCK_SLACK:
            return [Concern("surroundings.clock_behind", {"now": clock.stamp(now), "newest": newest})]
    return []


# -- what this computer says -----------------------------------------------------------------------------------


def _names_in(folder: PurePath) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _windows_drive_type(root: str) -> int:
    import ctypes

    return int(ctypes.windll.kernel32.GetDriveTypeW(root))  # type: ignore[attr-defined]


def _newest_stamp(path: Path) -> str | None:
    """When the last operation was made by the clock of then."""
    try:
        with contextlib.closing(database.open_beside(path)) as connection:
            row = connection.execute("SELECT at FROM operations ORDER BY id DESC LIMIT 1").fetchone()
    except (*cipher.UNREADABLE, DeskError, OSError):
        return None
    return str(row[0]) if row else None


def _older_than_backup(folder: Path) -> list[Concern]:
    """A data file that lacks what its newest backup has: it was copied without its log, or an old one put back."""
    newest = backup.newest_verified(folder)
    if newest is None:
        return []
    file = paths.data_file(folder)
    lacks = backup.operations_in(newest.path) - backup.operations_in(file)
    if lacks <= 0 or _restored_at(file) >= newest.made_at[:19]:  # a copy's name holds no more than its second
        return []
    return [Concern("surroundings.older_than_backup", {"count": lacks, "made_at": newest.made_at})]


def _restored_at(path: Path) -> str:
    """When the file was last restored, as far as the second, '' where it never was: on purpose it may be older."""
    try:
        with contextlib.closing(database.open_beside(path)) as connection:
            label = (restore.LABEL,)
            row = connection.execute("SELECT max(at) FROM operations WHERE label = ?", label).fetchone()
    except (*cipher.UNREADABLE, DeskError, OSError):
        return ""
    return str(row[0] or "")[:19]
