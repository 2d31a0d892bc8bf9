"""Steps of the schema: a copy before, whole or not at all, rebuilt tables as guarded and recorded as before."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2 as driver

from app import clock, paths, store, text
from app.desk import keeping, people, secrecy
from app.desk.accounts import SYSTEM
from app.errors import EnvironmentFault
from app.store import backup, checks, database, migrations, restore
from app.store.models import Operation, User
from tests.support.center import SmallCenter, small_center
from tests.support.full_center import START
from tests.support.keyrings import MemoryKeyring, memory_keyring
from tests.support.later_schema import STEPS, Step, later_schema, rebuild_users

__all__ = ["later_schema", "memory_keyring", "small_center"]

DATA = Path(__file__).resolve().parent.parent / "data"
Install = Callable[[list[Step]], None]


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """The newest kept file in a folder of its own, closed."""
    folder = tmp_path / "older"
    folder.mkdir()
    shutil.copy(DATA / f"schema-{migrations.SCHEMA_VERSION}.db", paths.data_file(folder))
    return folder


def content(path: Path) -> dict[str, list[Any]]:
    """Every row of every table, read without the program."""
    with contextlib.closing(database.open_beside(path)) as connection:
        names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


# -- a kept file of every schema


def test_a_file_of_every_schema_is_kept(tmp_path: Path) -> None:
    """Whoever adds a step keeps a file: ``python -m tests.support.full_center``."""
    kept = {path.name for path in DATA.glob("schema-*.db")}
    assert kept == {f"schema-{version}.db" for version in range(1, migrations.SCHEMA_VERSION + 1)}
    for version in range(1, migrations.SCHEMA_VERSION + 1):
        one = tmp_path / f"schema-{version}.db"
        shutil.copy(DATA / one.name, one)  # SQLite writes beside whatever it opens, also to read
        with contextlib.closing(database.open_beside(one)) as connection:
            assert migrations.version_of(connection) == version
            assert connection.execute("SELECT count(*) FROM payments").fetchone()[0] > 3


# -- a copy before


def test_before_an_upgrade_a_verified_copy_of_the_old_file_is_kept(older: Path, later_schema: Install) -> None:
    before = content(paths.data_file(older))
    version = migrations.SCHEMA_VERSION
    later_schema(STEPS)
    store.open_center(older)
    (one,) = backup.listing(older)
    assert (one.why, one.verified, one.number) == ("migration", True, 1)
    assert content(one.path) == before
    with contextlib.closing(database.open_beside(one.path)) as connection:
        assert migrations.version_of(connection) == version
    with clock.frozen(START + timedelta(hours=10)):
        assert checks.run() == []
    store.close_center()
    store.open_center(older)
    assert len(backup.listing(older)) == 1
    store.close_center()


def test_a_new_file_and_one_that_is_up_to_date_are_not_copied(older: Path, tmp_path: Path) -> None:
    store.open_center(older)
    store.close_center()
    store.open_center(tmp_path / "new", create=True)
    store.close_center()
    assert backup.listing(older) == backup.listing(tmp_path / "new") == []


def test_where_no_copy_can_be_made_nothing_is_upgraded(older: Path, later_schema: Install) -> None:
    later_schema(STEPS)
    paths.backups(older).write_text("a file stands where the folder should be")
    before = content(paths.data_file(older))
    with pytest.raises(EnvironmentFault) as fault:
        store.open_center(older)
    assert fault.value.key == "cli.cannot_write"
    assert not store.is_open()
    assert content(paths.data_file(older)) == before
    paths.backups(older).unlink()
    store.open_center(older)
    store.close_center()


def test_an_older_file_that_breaks_a_rule_is_kept_as_unsound_and_upgraded(older: Path, later_schema: Install) -> None:
    with contextlib.closing(driver.connect(str(paths.data_file(older)), isolation_level=None)) as connection:
        connection.execute("UPDATE current_operation SET operation_id = 1")
    later_schema(STEPS)
    store.open_center(older)
    (one,) = backup.listing(older)
    assert (one.why, one.verified) == ("migration", False)
    with clock.frozen(START + timedelta(hours=10)):
        assert [broken.rule for broken in checks.run()] == ["record.closed"]
    store.close_center()


def test_an_older_backup_is_verified_by_what_it_becomes_and_restored(
    small_center: SmallCenter, later_schema: Install
) -> None:
    one = backup.take(small_center.folder, "asked")
    bytes_before = one.path.read_bytes()
    store.close_center()
    later_schema(STEPS)
    assert backup.verify(one.path) == ""
    assert one.path.read_bytes() == bytes_before
    keeping.restore(SYSTEM, one.path, small_center.folder)
    store.open_center(small_center.folder)
    assert store.db.execute_sql("SELECT nickname FROM users WHERE id = ?", (small_center.student,)).fetchone() == (
        "Ana",
    )
    assert checks.run() == []
    assert backup.listing(small_center.folder)[0].why == "asked"


def test_an_older_encrypted_backup_is_proven_without_lying_open_on_the_disk(
    small_center: SmallCenter, later_schema: Install, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close_center()
    secrecy.switch_on(SYSTEM, small_center.folder, secrecy.new_code())
    one = backup.take(small_center.folder, "asked")
    later_schema(STEPS)
    opened: list[str] = []
    connect = driver.connect

    def seen(name: str, *args: Any, **options: Any) -> Any:
        opened.append(name)
        return connect(name, *args, **options)

    monkeypatch.setattr(backup.driver, "connect", seen)
    assert backup.verify(one.path) == ""
    assert "file::memory:" in opened
    assert "file:" not in opened


@pytest.mark.parametrize("rule", ["file.integrity", "file.schema", "record.closed"])
def test_an_older_backup_that_is_not_whole_is_found_before_it_is_brought_up(
    older: Path, later_schema: Install, rule: str
) -> None:
    with contextlib.closing(driver.connect(str(paths.data_file(older)), isolation_level=None)) as connection:
        if rule == "file.integrity":
            connection.execute("PRAGMA writable_schema = 1")
            connection.execute("UPDATE sqlite_master SET rootpage = 3 WHERE name = 'notes'")
        elif rule == "file.schema":
            connection.execute(
                "CREATE TRIGGER harmless AFTER INSERT ON operations BEGIN UPDATE users SET email = ''; END"
            )
        else:
            connection.execute("UPDATE current_operation SET operation_id = 1")
    later_schema(STEPS)
    assert backup.verify(paths.data_file(older)) != ""


# -- whole or not at all


def half(connection: Any) -> None:
    connection.execute("CREATE TABLE half_done (id INTEGER PRIMARY KEY) STRICT")
    connection.execute("UPDATE users SET first_name = 'Nobody'")
    raise ZeroDivisionError("half way")


def loose(connection: Any) -> None:
    connection.execute("DELETE FROM users WHERE role = 'instructor'")


def forgetful(connection: Any) -> None:
    body = migrations.body_of(connection, "invoices")
    connection.execute(f"CREATE TABLE again {body}")
    connection.execute("INSERT INTO again SELECT * FROM invoices")
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("DROP TABLE invoices")
    connection.execute("ALTER TABLE again RENAME TO invoices")


def twice(connection: Any) -> None:
    connection.execute("CREATE UNIQUE INDEX one_role ON users(role)")


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (half, "half way"),
        (loose, "without its row of users"),
        (forgetful, "lost the triggers guard_changes_delete"),
        (twice, "UNIQUE"),
    ],
)
def test_an_upgrade_that_fails_says_so_and_leaves_the_file_as_it_was(
    older: Path, later_schema: Install, step: Step, words: str
) -> None:
    """A step that breaks, leaves a reference loose, loses a guard, or meets rows it did not expect."""
    later_schema([step])
    before = content(paths.data_file(older))
    with pytest.raises(EnvironmentFault) as fault:
        store.open_center(older)
    assert fault.value.key == "store.upgrade_failed"
    assert words in fault.value.params["detail"]
    assert "is as it was" in text.sentence(fault.value)
    assert not store.is_open()
    assert content(paths.data_file(older)) == before
    (one,) = backup.listing(older)
    assert one.why == "migration"
    assert content(one.path) == before


def test_steps_before_the_one_that_fails_stay_and_are_not_done_twice(older: Path, later_schema: Install) -> None:
    first = migrations.SCHEMA_VERSION
    later_schema([rebuild_users, half])
    with pytest.raises(EnvironmentFault):
        store.open_center(older)
    with contextlib.closing(database.open_beside(paths.data_file(older))) as connection:
        assert migrations.version_of(connection) == first + 1
    migrations.STEPS[-1] = STEPS[-1]
    store.open_center(older)
    assert store.db.execute_sql("PRAGMA user_version").fetchone() == (first + 2,)
    store.close_center()


def test_two_programs_that_upgrade_at_once_do_each_step_once(older: Path, later_schema: Install) -> None:
    """The second finds the version moved while it waited for the lock."""
    later_schema(STEPS)
    path = str(paths.data_file(older))
    slow, fast = (driver.connect(path, isolation_level=None) for _ in range(2))

    class Overtaken:
        """A connection that another one overtakes between its look and its lock."""

        def __getattr__(self, name: str) -> Any:
            return getattr(slow, name)

        def execute(self, sql: str, *params: Any) -> Any:
            if sql == "BEGIN IMMEDIATE":
                migrations.upgrade(fast)
            return slow.execute(sql, *params)

    assert migrations.upgrade(Overtaken()) == []
    assert slow.execute("PRAGMA user_version").fetchone() == (migrations.SCHEMA_VERSION,)
    slow.close()
    fast.close()


# -- what a rebuild keeps


def test_a_file_that_was_upgraded_is_a_new_file(older: Path, later_schema: Install) -> None:
    later_schema(STEPS)
    store.open_center(older)
    upgraded = migrations.read_schema(store.db.connection())
    assert upgraded == migrations.schema_of(migrations.SCHEMA_VERSION)
    assert any("nickname" in sql for _kind, name, sql in upgraded if name == "users")
    assert any("nickname" in sql for _kind, name, sql in upgraded if name == "record_users_update")
    store.close_center()


def test_rebuilt_tables_keep_their_rows_indexes_guards_and_record(older: Path, later_schema: Install) -> None:
    path = paths.data_file(older)
    before = content(path)
    later_schema(STEPS)
    store.open_center(older)
    connection = store.db.connection()
    after = content(path)
    for table in ("invoices", "payments", "changes", "people_search", "courses_enrolled"):
        assert after[table] == before[table], table
    assert [row[0] for row in after["users"]] == [row[0] for row in before["users"]]
    assert connection.execute("SELECT count(*) FROM users WHERE nickname = first_name").fetchone()[0] == len(
        before["users"]
    )
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    plan = connection.execute("EXPLAIN QUERY PLAN SELECT 1 FROM users WHERE number = 'S-000001'").fetchall()
    assert "INDEX" in plan[0][3]
    for statement, words in (
        ("UPDATE invoices SET gross_minor = 1", "frozen"),
        ("DELETE FROM payments", "for ever"),
        ("INSERT OR REPLACE INTO invoices SELECT * FROM invoices", "for ever"),
        ("DELETE FROM changes", "for ever"),
        ("UPDATE courses_enrolled SET student_id = 999", "FOREIGN KEY"),
        ("DELETE FROM users WHERE id = 1", "FOREIGN KEY"),
    ):
        with pytest.raises(driver.Error, match=words), store.write("Break in", SYSTEM) as w:
            w.connection.execute(statement)
    with pytest.raises(driver.Error, match="outside an operation"):
        connection.execute("UPDATE users SET nickname = 'x'")
    with clock.frozen(START + timedelta(hours=10)):
        admin = User.get(User.role == "super_admin")
        with store.write("Rename", SYSTEM) as w:
            w.connection.execute("UPDATE users SET nickname = 'Inge', version = version + 1 WHERE id = ?", (admin.id,))
        last = Operation.select().order_by(Operation.id.desc()).get().id
        assert connection.execute(
            "SELECT json_extract(before, '$.nickname'), json_extract(after, '$.nickname') FROM changes"
            " WHERE operation_id = ?", (last,)
        ).fetchall() == [("Ingrid", "Inge")]  # fmt: skip
        people.add_note(SYSTEM, admin.id, "goes on")
        assert checks.run() == []
    store.close_center()


def test_control_without_the_proof_a_lost_guard_goes_unnoticed(
    older: Path, later_schema: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    later_schema([forgetful])
    monkeypatch.setattr(migrations, "_triggers", lambda connection: {})
    monkeypatch.setattr(
        migrations,
        "_drop_record_triggers",
        lambda connection: [
            connection.execute(f"DROP TRIGGER {name}")
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'record_*'"
            ).fetchall()
        ],
    )
    store.open_center(older)
    with store.write("Break in", SYSTEM) as w:
        w.connection.execute("UPDATE invoices SET due_on = '2030-01-01'")
    store.close_center()


def test_a_restore_of_an_older_file_that_cannot_be_brought_up_leaves_the_present_one(
    small_center: SmallCenter, older: Path, later_schema: Install
) -> None:
    store.close_center()
    later_schema([twice])
    before = paths.data_file(small_center.folder).read_bytes()
    with pytest.raises(EnvironmentFault) as fault:
        keeping.restore(SYSTEM, paths.data_file(older), small_center.folder)
    assert fault.value.key == "cli.bad_backup"
    assert paths.data_file(small_center.folder).read_bytes() == before
    assert not (small_center.folder / restore.FRESH).exists()
