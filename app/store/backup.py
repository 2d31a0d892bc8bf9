"""Verified copies of the one file: making them, proving them, keeping the right ones.

A copy counts only when it was read back and every rule of `checks` holds over it; until then it has no name that
anything looks for. Copies live in `backups/` beside the file, numbered: the order does not depend on a clock.
A copy of a file that breaks a rule is kept too, as unsound: it is better than nothing and never taken for verified.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as driver

from app import clock, paths, text
from app.errors import DeskError, EnvironmentFault
from app.store import checks, cipher, database, migrations

#: Why a copy was made. The first two are routine; the others precede something that cannot be taken back otherwise.
REASONS = ("auto", "closing", "asked", "migration", "import", "restore", "merge", "erase", "repair")

#: Pages copied in one go; between two of them others may run.
PAGES = 2_048

#: How many of the last copies are kept (a day of them); before that one a day, one a week, one a month.
LAST, DAYS, WEEKS, MONTHS = 48, 14, 12, 24

#: Unsound copies kept, and copies that preceded something dangerous.
UNSOUND, DANGEROUS = 3, 10

_NAME = re.compile(r"deskbell-(\d{6})-(\d{8}T\d{6}Z)-([a-z]+)(\.unsound)?\.db")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Backup:
    """A copy in `backups/`: the UTC stamp of when it was made, why, its size in bytes, and whether it is verified.

    `broken` says in a few words what was wrong with an unsound one, as long as the program runs that made it.
    """

    path: Path
    number: int
    made_at: str
    why: str
    size: int
    verified: bool
    broken: str = ""

    @property
    def moment(self) -> datetime:
        """When it was made, by the clock of then."""
        return clock.parse_stamp(self.made_at)


class Stopped(Exception):
    """The copy was not wanted any more; nothing of it is left."""


_making = threading.Lock()


@contextlib.contextmanager
def alone(stop: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Be the one who names, thins and clears away in `backups/`: the thread makes copies, and so do import and repair.

    Waits for whoever is at it; Stopped if `stop` says yes meanwhile.
    """
    while not _making.acquire(timeout=0.1):
        if stop():
            raise Stopped
    try:
        yield
    finally:
        _making.release()


# -- making --------------------------------------------------------------------------------------------------


def make(target: Path) -> int:
    """Copy the open file to `target` and verify the copy; returns its size in bytes.

    EnvironmentFaults `cli.file_exists`, `cli.cannot_write`, `cli.bad_backup`. The copy appears under its name only
    when it is whole and every rule holds.
    """
    if target.exists():
        raise EnvironmentFault("cli.file_exists", path=str(target))
    partial = target.with_name(target.name + ".partial")
    copy(Path(str(database.db.database)), partial)
    broken = verify(partial)
    if broken:
        remove(partial)
        raise EnvironmentFault("cli.bad_backup", path=str(target), detail=broken)
    _name(partial, target)
    return target.stat().st_size


def take_first(
    data_dir: Path,
    why: str,
    otherwise: str,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
) -> Backup:
    """A verified copy before something that changes much. EnvironmentFault `otherwise` where it is unsound; Stopped."""
    made = take(data_dir, why, stop, progress)
    if not made.verified:
        raise EnvironmentFault(otherwise, detail=made.broken)
    return made


def take(
    data_dir: Path,
    why: str,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
) -> Backup:
    """Make the next copy in `backups/`, verify it, thin the others; returns it.

    Runs on connections of its own beside the window and never waits for a writer nor makes one wait. `stop` is asked
    while it runs: Stopped if it says yes. EnvironmentFault `cli.cannot_write`, `store.disk_full` and the like.
    """
    with alone(stop):
        return _take(data_dir, why, stop, progress)


def _take(data_dir: Path, why: str, stop: Callable[[], bool], progress: Progress | None) -> Backup:
    folder = paths.backups(data_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("*.partial*"):  # of a copy that a kill stopped, with its journal
            left.unlink()
        number = max((one.number for one in listing(data_dir)), default=0)
    except OSError as error:
        raise EnvironmentFault("cli.cannot_write", path=str(folder)) from error
    stamp = clock.stamp()
    name = f"deskbell-{number + 1:06d}-{clock.parse_stamp(stamp):%Y%m%dT%H%M%SZ}-{why}"
    partial = folder / f"{name}.partial"
    try:
        copy(paths.data_file(data_dir), partial, stop, progress)
        broken = verify(partial, stop)
    except Stopped:
        remove(partial)
        raise
    target = folder / (f"{name}.unsound.db" if broken else f"{name}.db")
    _name(partial, target)
    made = _known(target)
    assert made is not None
    with contextlib.suppress(OSError):  # a copy too many does no harm, and the next round tries again
        for old in to_remove(listing(data_dir)):
            old.path.unlink()
    return replace(made, broken=broken)


def copy(
    source: Path,
    target: Path,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
    lock: cipher.Lock | None = None,
) -> None:
    """A copy of a file as it is at one moment, whoever writes meanwhile. EnvironmentFault `cli.cannot_write`.

    Under `lock`, or as the source is: a copy of an encrypted file is encrypted.
    """
    own = cipher.lock_of(source)
    if lock is not None and lock != own:
        _export(source, target, lock, stop, progress)
        return

    def step(_status: int, remaining: int, total: int) -> None:
        if stop():
            raise Stopped
        if progress is not None:
            progress(total - remaining, total)

    try:
        remove(target)
        with contextlib.closing(database.open_beside(source)) as origin, contextlib.closing(_new(target)) as made:
            cipher.unlock(made, own, new=True)
            # The open read keeps the moment: without it every commit of another connection would start the copy anew.
            origin.execute("BEGIN")
            origin.execute("SELECT count(*) FROM sqlite_master").fetchone()
            origin.backup(made, pages=PAGES, progress=step)
            made.execute("PRAGMA journal_mode = DELETE")
    except (OSError, *cipher.UNREADABLE) as error:
        with contextlib.suppress(OSError):
            remove(target)
        raise database.as_fault(error, str(target)) or EnvironmentFault("cli.cannot_write", path=str(target)) from error


def remove(path: Path) -> None:
    """Take a file away with its log and journal: one that stayed would be played into the next of that name."""
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _export(source: Path, target: Path, lock: cipher.Lock, stop: Callable[[], bool], progress: Progress | None) -> None:
    """`copy` into a file under another lock, which the backup API does not do."""
    asked = 0

    def step() -> int:
        nonlocal asked
        asked += 1
        if progress is not None and asked % 100 == 0:
            progress(min(target.stat().st_size, size), size)
        return int(stop())

    try:
        target.unlink(missing_ok=True)
        size = source.stat().st_size
        with contextlib.closing(driver.connect(target.resolve().as_uri(), uri=True, isolation_level=None)) as made:
            cipher.unlock(made, lock, new=True)
            # Thrown away unless it ends, and synced then.
            made.execute("PRAGMA journal_mode = OFF").fetchone()
            made.execute("PRAGMA synchronous = OFF")
            cipher.attach(made, source, "origin")
            made.set_progress_handler(step, 2_000)
            made.execute("BEGIN")
            _take_over(made)
            made.execute("COMMIT")
    except (OSError, *cipher.UNREADABLE) as error:
        with contextlib.suppress(OSError):
            target.unlink(missing_ok=True)
        if stop():
            raise Stopped from error
        raise database.as_fault(error, str(target)) or EnvironmentFault("cli.cannot_write", path=str(target)) from error


def _take_over(connection: Any) -> None:
    """Everything that stands in the attached `origin`, with the two numbers that the export forgets."""
    connection.execute("SELECT sqlcipher_export('main', 'origin')").fetchone()
    for name in ("application_id", "user_version"):
        value = connection.execute(f"PRAGMA origin.{name}").fetchone()[0]
        connection.execute(f"PRAGMA main.{name} = {value}")


def _new(path: Path) -> Any:
    return driver.connect(str(path), isolation_level=None)


def _name(partial: Path, target: Path) -> None:
    """Give a whole copy its name, lastingly."""
    try:
        sync(partial)
        partial.rename(target)
        sync(target.parent)
    except OSError as error:
        raise EnvironmentFault("cli.cannot_write", path=str(target)) from error


def sync(path: Path) -> None:
    """Have a file or a folder on the disk, not on its way there."""
    if path.is_dir() and os.name == "nt":
        return  # Windows has no handle on a folder; its journal orders renames
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def verify(
    path: Path,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[str, int, int], None] | None = None,
) -> str:
    """What is wrong with a backup file in a few words, '' if it is sound. Leaves the open center as it is.

    One of an older schema is sound when it is whole and every rule holds over what it becomes: a copy of it is brought
    up on the side, and thrown away.
    """
    try:
        with contextlib.closing(database.open_beside(path)) as connection:
            version = migrations.version_of(connection)
            if version == 0:
                return "it is empty"
            if version == migrations.SCHEMA_VERSION:
                broken = checks.over(connection, progress, stop)
            else:
                broken = checks.over(connection, stop=stop, only=_WHOLE) or _brought_up(path, stop)
    except DeskError as error:
        return text.sentence(error)
    except Exception as error:
        # Whatever a rule stumbles over in a file that may hold anything: it is not sound, and this is why.
        if stop():
            raise Stopped from error
        return str(error) or type(error).__name__
    return str(broken[0]) if broken else ""


#: What can be asked of a file of any schema; the other rules know the present tables.
_WHOLE = ("file.integrity", "file.references", "file.schema")


def _brought_up(path: Path, stop: Callable[[], bool]) -> list[checks.Broken]:
    # A nameless file that dies with us; what is encrypted does not lie open on the disk even so long.
    place = "file:" if cipher.kind_of(path) == "plain" else "file::memory:"
    with contextlib.closing(driver.connect(place, uri=True, isolation_level=None)) as aside:
        cipher.attach(aside, path, "origin")
        _take_over(aside)
        aside.execute("DETACH DATABASE origin")
        aside.execute("PRAGMA writable_schema = RESET")  # the export writes triggers down unread
        aside.execute("PRAGMA trusted_schema = 0")
        migrations.upgrade(aside)
        return checks.over(aside, stop=stop)


# -- keeping -------------------------------------------------------------------------------------------------


def _known(path: Path) -> Backup | None:
    match = _NAME.fullmatch(path.name)
    if match is None or not is_name(path.name):
        return None
    try:
        made = datetime.strptime(match[2], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:  # the 99th of a month: no copy of ours
        return None
    return Backup(path, int(match[1]), clock.stamp(made), match[3], path.stat().st_size, match[4] is None)


def is_name(name: str) -> bool:
    """Whether a file is called as only this program calls its copies."""
    match = _NAME.fullmatch(name)
    return match is not None and match[3] in REASONS


def listing(data_dir: Path) -> list[Backup]:
    """The copies there are, newest first."""
    return in_folder(paths.backups(data_dir))


def in_folder(folder: Path) -> list[Backup]:
    """The copies in any folder, newest first; none where it cannot be read."""
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # thinned while we look
                found.append(_known(path))
    return sorted((one for one in found if one is not None), key=lambda one: one.number, reverse=True)


def newest_verified(data_dir: Path) -> Backup | None:
    """The copy to fall back on."""
    return next((one for one in listing(data_dir) if one.verified), None)


def to_remove(backups: Sequence[Backup]) -> list[Backup]:
    """Which copies are not kept any more, given all of them newest first.

    Verified: the last 48, then the newest of each of the last 14 days, 12 weeks and 24 months there is a copy of, and
    the last ten that preceded a migration, an import and the like. Unsound: the last three. Counted, never measured
    against a clock that may be ten years off: the newest verified one always stays.
    """
    verified = [one for one in backups if one.verified]
    keep = {one.number for one in [one for one in backups if not one.verified][:UNSOUND]}
    keep |= {one.number for one in verified[:LAST]}
    keep |= {one.number for one in [one for one in verified if one.why not in REASONS[:3]][:DANGEROUS]}
    spans: list[tuple[int, Callable[[datetime], object]]] = [
        (DAYS, lambda moment: moment.date()),
        (WEEKS, lambda moment: moment.isocalendar()[:2]),
        (MONTHS, lambda moment: (moment.year, moment.month)),
    ]
    for most, span in spans:
        seen: set[object] = set()
        for one in verified:
            if len(seen) < most and span(one.moment) not in seen:
                seen.add(span(one.moment))
                keep.add(one.number)
    return [one for one in backups if one.number not in keep]


# -- the second place ----------------------------------------------------------------------------------------


def center_of(path: Path) -> str:
    """The uid of the first operation in a file: the same in every copy of a center, and in no other center's. '' where
    it cannot be read.
    """
    return _uid_in(path, "ORDER BY id")


def folder_in(place: Path, center: str) -> Path:
    """Where on a second place the copies of a center lie: on a stick of two centers each has a folder of its own."""
    return place / f"deskbell-{center[-12:]}"


def in_place(place: Path, center: str) -> list[Backup]:
    """The copies of a center on a second place, newest first; also those from when all lay side by side."""
    if not center:
        return []
    side_by_side = [one for one in in_folder(place) if center_of(one.path) == center]
    found = [*in_folder(folder_in(place, center)), *side_by_side]
    return sorted(found, key=lambda one: one.number, reverse=True)


def sweep_place(place: Path, center: str) -> None:
    """Take away halves of copies from when all lay side by side: one may be whole, and plain where the center is not.

    What can be read as another center's stays; a half that says nothing was of a copy that did not end.
    """
    with contextlib.suppress(OSError):
        for left in place.glob("deskbell-*.partial"):
            if is_name(f"{left.stem}.db") and center_of(left) in (center, ""):
                left.unlink(missing_ok=True)


def to_second_place(backup: Backup, place: Path) -> None:
    """Copy a verified backup to its center's folder on another disk, and prove that its bytes arrived.

    EnvironmentFault `keeping.second_place_gone` where the place is not there, `keeping.second_place_failed` with the
    system's words where it was pulled or is full. What was there before stays, and so does what is another center's.
    """
    if not place.is_dir():
        raise EnvironmentFault("keeping.second_place_gone", path=str(place))
    center = center_of(backup.path)
    folder = folder_in(place, center)
    target = folder / backup.path.name
    partial = target.with_suffix(".partial")
    try:
        if not center:
            raise OSError("whose copy it is cannot be read")
        folder.mkdir(exist_ok=True)
        for left in folder.glob("deskbell-*.partial"):  # of a stick that was pulled
            left.unlink()
        sweep_place(place, center)
        for one in in_place(place, center):
            if one.path.parent != folder and not (folder / one.path.name).exists():
                one.path.rename(folder / one.path.name)
        if not target.exists() or cipher.kind_of(target) != cipher.kind_of(backup.path):
            shutil.copyfile(backup.path, partial)
            sync(partial)
            if _hash(partial) != _hash(backup.path):
                raise OSError("what was read back is not what was written")
            os.replace(partial, target)
            sync(folder)
        for old in to_remove(in_folder(folder)):
            old.path.unlink()
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        words = error.strerror or str(error)
        raise EnvironmentFault("keeping.second_place_failed", path=str(place), detail=words) from error


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def highest(place: Path, data_dir: Path) -> int:
    """The highest number of a center's copies on a place, 0 where there is none: a new computer goes on above them."""
    return max((one.number for one in in_place(place, center_of(paths.data_file(data_dir)))), default=0)


def numbered_above(one: Backup, number: int) -> Backup:
    """A copy under a number higher than that: the copy itself, or renamed. OSError where that cannot be.

    Renamed when it is there already: a stick that hangs or is damaged comes after the copy, never before it.
    """
    if one.number > number:
        return one
    with alone():
        path = one.path.with_name(one.path.name.replace(f"-{one.number:06d}-", f"-{number + 1:06d}-", 1))
        one.path.rename(path)
        sync(path.parent)
    return replace(one, path=path, number=number + 1)


def last_operation_in(path: Path) -> str:
    """The uid of the last operation in a file: what was done since is not in it. '' where it cannot be read."""
    return _uid_in(path, "ORDER BY id DESC")


def _uid_in(path: Path, order: str) -> str:
    try:
        with contextlib.closing(database.open_beside(path)) as connection:
            row = connection.execute(f"SELECT uid FROM operations {order} LIMIT 1").fetchone()
            return str(row[0]) if row is not None else ""
    except (*cipher.UNREADABLE, DeskError, OSError):
        return ""


def operations_in(path: Path) -> int:
    """The number of the last operation in a file, 0 where it cannot be read."""
    try:
        with contextlib.closing(database.open_beside(path)) as connection:
            return int(connection.execute("SELECT coalesce(max(id), 0) FROM operations").fetchone()[0])
    except (*cipher.UNREADABLE, DeskError, OSError):
        return 0
