"""A file that is half, foreign, hostile, read-only or has the wrong log: a sentence, and nothing of it is changed."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app import paths, store, text
from app.errors import EnvironmentFault
from app.store import backup, checks, cipher, migrations
from app.store.models import Note, Operation, User
from tests.support.center import SmallCenter, build
from tests.support.disk import forked

pytestmark = pytest.mark.slow
driver = cipher.driver


@pytest.fixture
def closed(tmp_path: Path) -> SmallCenter:
    """A center that was closed in order."""
    center = build(tmp_path / "center")
    store.close_center()
    return center


def hashes(folder: Path) -> dict[str, str]:
    """Every file there, by its bytes; the index of a log is scratch paper, and an empty log is none."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm") and (path.stat().st_size or not path.name.endswith("-wal"))
    }


def refused(folder: Path, *keys: str) -> EnvironmentFault:
    """Opening is refused in words, within the time of a child, and nothing is changed, made or gone."""
    before = hashes(folder)
    with pytest.raises(EnvironmentFault) as raised:
        store.open_center(folder)
    fault = raised.value
    assert fault.key in keys
    assert text.sentence(fault) != fault.key
    assert hashes(folder) == before
    assert not store.is_open()
    return fault


def raw(folder: Path) -> Any:
    """The file as another program opens it."""
    connection = driver.connect(str(paths.data_file(folder)), isolation_level=None)
    connection.execute("PRAGMA trusted_schema = 1")
    return connection


# -- half a file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 15, 50, 99, 100, 1_000, 4_096, 5_000, 0.5, -4_096, -1])
def test_a_half_copied_file(closed: SmallCenter, size: float) -> None:
    file = paths.data_file(closed.folder)
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * size) if 0 < size < 1 else int(size)])
    refused(closed.folder, "store.damaged", "store.foreign_file")


def test_an_empty_file(closed: SmallCenter) -> None:
    paths.data_file(closed.folder).write_bytes(b"")
    refused(closed.folder, "store.missing")


# -- another program's ---------------------------------------------------------------------------------------------


def test_a_folder_of_another_program(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    (folder / "sub").mkdir(parents=True)
    (folder / "letter.txt").write_text("hello")
    (folder / "sub" / "data.db").write_bytes(b"\x00" * 100)
    refused(folder, "store.missing")
    (folder / "center.db").mkdir()
    refused(folder, "store.foreign_file")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hello")
    for call in (
        lambda: store.open_center(tmp_path / "file", create=True),
        lambda: store.claim_folder(tmp_path / "file"),
        lambda: store.open_center(tmp_path / "file"),
    ):
        with pytest.raises(EnvironmentFault):
            call()
    assert (tmp_path / "file").read_text() == "hello"


@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize("version", [0, 5, -5, migrations.SCHEMA_VERSION])
def test_another_programs_database(tmp_path: Path, mode: str, version: int) -> None:
    """Also while that program has it open, its log beside it."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    theirs = raw(folder)
    theirs.execute(f"PRAGMA journal_mode = {mode}").fetchone()
    theirs.execute("CREATE TABLE users (name)")
    theirs.execute(f"PRAGMA user_version = {version}")
    theirs.execute("INSERT INTO users VALUES ('theirs')")
    refused(folder, "store.foreign_file")
    assert theirs.execute("SELECT name FROM users").fetchall() == [("theirs",)]
    theirs.close()
    refused(folder, "store.foreign_file")


@pytest.mark.parametrize("version", [-1, migrations.SCHEMA_VERSION + 1, 2**31 - 1])
def test_a_version_that_is_not_known(closed: SmallCenter, version: int) -> None:
    other = raw(closed.folder)
    other.execute(f"PRAGMA user_version = {version}")
    other.close()
    refused(closed.folder, "store.newer_file" if version > 0 else "store.foreign_file")


# -- hostile -------------------------------------------------------------------------------------------------------

ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"

HOSTILE: dict[str, list[str]] = {
    "a trigger that takes payments away": [
        "CREATE TRIGGER evil AFTER INSERT ON operations BEGIN DELETE FROM payments; END"
    ],
    "a view in place of a table": [
        "ALTER TABLE notes RENAME TO gone",
        f"CREATE VIEW notes AS {ENDLESS} SELECT x AS id, x AS uid, 1 AS version, 'x' AS text FROM c",
    ],
    "a column that is computed": [
        "ALTER TABLE users ADD COLUMN evil TEXT GENERATED ALWAYS AS (hex(zeroblob(id * 1000000))) VIRTUAL"
    ],
    "an index over an expression": ["CREATE INDEX evil ON payments (hex(zeroblob(1000)))"],
    "an index that refuses": ["CREATE UNIQUE INDEX evil ON payments (method)"],
    "a guard that was made toothless": [
        "DROP TRIGGER record_payments_insert",
        "CREATE TRIGGER record_payments_insert AFTER INSERT ON payments BEGIN SELECT 1; END",
    ],
    "a table that is gone": ["PRAGMA foreign_keys = 0", "DROP TABLE mail_attempts"],
    "a trigger of ten thousand tests": [
        "CREATE TRIGGER evil BEFORE UPDATE ON users WHEN "
        + " + ".join(["1"] * 900)
        + " BEGIN SELECT "
        + ", ".join(f"randomblob({n})" for n in range(1_500))
        + "; END"
    ],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_schema(closed: SmallCenter, tmp_path: Path, what: str) -> None:
    other = raw(closed.folder)
    for statement in HOSTILE[what]:
        other.execute(statement)
    other.close()
    fault = refused(closed.folder, "store.strange_schema")
    assert "Restore" in text.sentence(fault)
    copy = tmp_path / "copy.db"
    shutil.copyfile(paths.data_file(closed.folder), copy)
    # A backup that holds it is never taken for sound, and looking at it comes to an end.
    assert forked(lambda: backup.verify(copy), timeout=20) not in ("", None)


def test_control_a_hostile_trigger_would_have_acted(closed: SmallCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    other = raw(closed.folder)
    other.execute(
        "CREATE TRIGGER evil AFTER UPDATE ON current_operation WHEN NEW.operation_id IS NOT NULL"
        " BEGIN UPDATE users SET first_name = 'Mallory'; END"
    )
    other.close()
    monkeypatch.setattr(migrations, "strange", lambda connection: [])
    store.open_center(closed.folder)
    with store.write("Write note", closed.staff) as w:
        w.insert(Note, user_id=closed.student, text="harmless")
    assert User.get_by_id(closed.student).first_name == "Mallory"
    store.close_center()


def test_tables_and_views_of_other_tools_do_no_harm(closed: SmallCenter) -> None:
    """People open the file with other tools: what they add beside ours is told by check and not in the way."""
    other = raw(closed.folder)
    other.execute("CREATE TABLE report (x)")
    other.execute(f"CREATE VIEW endless AS {ENDLESS} SELECT x FROM c")
    other.close()
    store.open_center(closed.folder)
    assert {one.detail for one in checks.run()} == {"table report is not ours", "view endless is not ours"}
    store.close_center()


# -- the log -------------------------------------------------------------------------------------------------------


def write_notes(center: SmallCenter, count: int) -> None:
    for number in range(count):
        with store.write("Write note", center.staff) as w:
            w.insert(Note, user_id=center.student, text=f"{number} " * 300)


def keep(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("*-shm"))
    return to


def answer(folder: Path) -> list[str]:
    """What opening and check say."""
    try:
        store.open_center(folder)
    except EnvironmentFault as fault:
        return [fault.key]
    said = [key for key, _params in store.noticed()] + [str(one) for one in checks.run()]
    store.close_center()
    return said


def test_a_log_that_belongs_to_a_later_or_another_file(closed: SmallCenter, tmp_path: Path) -> None:
    folder = closed.folder
    early = keep(folder, tmp_path / "early")
    store.open_center(folder)
    connection = store.db.connection()
    write_notes(closed, 30)
    connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
    write_notes(closed, 30)
    late = keep(folder, tmp_path / "late")
    store.close_center()
    assert (late / "center.db-wal").stat().st_size > 10_000
    assert answer(keep(late, tmp_path / "control")) == []
    shutil.copyfile(late / "center.db-wal", early / "center.db-wal")
    refused(early, "store.damaged")
    other = build(tmp_path / "other")
    write_notes(other, 3)
    theirs = keep(other.folder, tmp_path / "theirs")
    store.close_center()
    shutil.copyfile(theirs / "center.db-wal", folder / "center.db-wal")
    assert answer(folder) != []


def test_a_stale_log_of_the_same_file(closed: SmallCenter, tmp_path: Path) -> None:
    """An old log beside a newer file: what it holds must not come back unsaid."""
    store.open_center(closed.folder)
    write_notes(closed, 5)
    early = keep(closed.folder, tmp_path / "early")
    write_notes(closed, 40)
    count = Note.select().count()
    store.close_center()
    shutil.copyfile(early / "center.db-wal", closed.folder / "center.db-wal")
    said = answer(closed.folder)
    if not said:
        store.open_center(closed.folder)
        assert Note.select().count() == count
        store.close_center()


@pytest.mark.parametrize("size", [0, 1, 100, 32_768, 70_000])
def test_garbage_in_the_index_of_the_log(closed: SmallCenter, tmp_path: Path, size: int) -> None:
    store.open_center(closed.folder)
    write_notes(closed, 5)
    folder = keep(closed.folder, tmp_path / "left")
    operations = Operation.select().count()
    store.close_center()
    (folder / "center.db-shm").write_bytes(random.Random(size).randbytes(size))
    store.open_center(folder)
    assert Operation.select().count() == operations
    assert checks.run() == []
    store.close_center()


# -- read-only -----------------------------------------------------------------------------------------------------


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that somebody without rights can reach; pytest's own is closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def as_nobody(work: Callable[[], Any]) -> Any:
    """In a child without root's rights, which no permission stops."""

    def child() -> Any:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
        return work()

    return forked(child)


@pytest.mark.parametrize("left", [False, True], ids=["closed", "with its log"])
@pytest.mark.parametrize("what", ["folder", "file", "nothing"])
def test_a_read_only_folder_or_file(open_to_all: Path, what: str, left: bool) -> None:
    folder = open_to_all / "center"
    center = build(folder)
    if left:
        write_notes(center, 3)
        folder = keep(folder, open_to_all / "left")
    store.close_center()
    for path in (folder, *folder.iterdir()):
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
    if what == "folder":
        folder.chmod(0o555)
    elif what == "file":
        paths.data_file(folder).chmod(0o444)
    before = hashes(folder)

    def work() -> str:
        try:
            store.open_center(folder)
        except EnvironmentFault as fault:
            return fault.key
        return "opened"

    assert as_nobody(work) == ("opened" if what == "nothing" else "store.read_only")
    assert what == "nothing" or hashes(folder) == before
    folder.chmod(0o755)


def test_a_new_center_where_nothing_may_be_written(open_to_all: Path) -> None:
    open_to_all.chmod(0o555)

    def work() -> list[str]:
        said = []
        for call in (
            lambda: store.open_center(open_to_all / "new", create=True),
            lambda: store.claim_folder(open_to_all / "new"),
            lambda: store.claim_folder(open_to_all),
        ):
            try:
                call()
            except EnvironmentFault as fault:
                said.append(fault.key)
        return said

    assert as_nobody(work) == ["store.read_only"] * 3
    assert list(open_to_all.iterdir()) == []
