"""Check and repair: what can be made anew is broken on purpose, spoken of, and made anew; nothing else is touched."""

from __future__ import annotations

import contextlib
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import clock, paths, store, text
from app.desk import people, repairs, secrecy
from app.desk.accounts import SYSTEM, Actor
from app.errors import EnvironmentFault, UserError
from app.lists import soundness
from app.store import backup, checks, migrations, repair, search
from app.store.models import Operation
from tests.support.breaking import breaking
from tests.support.full_center import START, build_full
from tests.support.keyrings import MemoryKeyring, memory_keyring, nothing_is_known

__all__ = ["memory_keyring", "nothing_is_known"]

NOW = START.replace(hour=18)

#: What a repair may change of a business row: kept columns, and the stamps of the change itself.
KEPT = {column for _rule, _table, columns in repair.KEPT.values() for column in columns}
STAMPS = {"version", "updated_at", "updated_by"}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "center"
    build_full(folder)
    store.close_center()
    return folder


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Any]:
    store.open_center(folder)
    try:
        with clock.frozen(NOW):
            yield store.db.connection()
    finally:
        store.close_center()


@pytest.fixture
def file(sound: Path, tmp_path: Path) -> Iterator[Any]:
    """A copy of the sound center, open; yields the raw connection."""
    shutil.copytree(sound, tmp_path / "center")
    with opened(tmp_path / "center") as connection:
        yield connection


def business(connection: Any, but: set[str] = KEPT | STAMPS) -> dict[str, list[tuple[Any, ...]]]:
    """Every recorded row but for some columns."""
    found = {}
    for table in migrations.recorded_tables(connection):
        columns = [name for (name,) in connection.execute(f"SELECT name FROM pragma_table_info('{table}')")]
        names = ", ".join(name for name in columns if name not in but)
        found[table] = connection.execute(f"SELECT {names} FROM {table} NOT INDEXED ORDER BY id").fetchall()
    return found


def shift_page(connection: Any, name: str) -> None:
    """Make an index say less than its table: its first entries are gone from the file."""
    (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    folder = store.data_folder()
    store.close_center()
    with paths.data_file(folder).open("r+b") as raw:
        raw.seek((root - 1) * size + 3)
        raw.write(b"\x00\x01")  # one cell is left of all
    store.open_center(folder)


def another_index(connection: Any) -> None:
    connection.execute("PRAGMA writable_schema = 1")
    connection.execute(
        "UPDATE sqlite_master SET sql = 'CREATE INDEX users_name ON users(phone)' WHERE name = 'users_name'"
    )
    connection.execute("PRAGMA writable_schema = RESET")


Break = Callable[[Any], object]


def sql(*statements: str) -> Break:
    return lambda connection: [connection.execute(one) for one in statements]


#: What is broken → how, and the rules that speak.
BREAKS: dict[str, tuple[Break, set[str]]] = {
    "a missing guard": (sql("DROP TRIGGER guard_invoices_update"), {"file.schema"}),
    "a guard that guards nothing": (
        sql(
            "DROP TRIGGER guard_payments_update",
            "CREATE TRIGGER guard_payments_update BEFORE UPDATE ON payments WHEN 0 BEGIN SELECT 1; END",
        ),
        {"file.schema"},
    ),
    "no recording": (sql("DROP TRIGGER record_users_update"), {"file.schema"}),
    "a missing index": (sql("DROP INDEX payments_day"), {"file.schema"}),
    "a missing unique index": (sql("DROP INDEX tills_one_open"), {"file.schema"}),
    "an index over other columns": (another_index, {"file.schema", "file.integrity"}),
    "an index without its entries": (lambda c: shift_page(c, "users_name"), {"file.integrity"}),
    "a unique index without its entries": (lambda c: shift_page(c, "sqlite_autoindex_users_1"), {"file.integrity"}),
    "someone's words in the search index": (
        sql("UPDATE people_search SET folded = 'nobody' WHERE id = 4"),
        {"file.search"},
    ),
    "someone missing from the search index": (sql("DELETE FROM people_search WHERE id = 4"), {"file.search"}),
    "an emptied trigram index": (
        sql("INSERT INTO people_trigram (people_trigram) VALUES ('delete-all')"),
        {"file.search"},
    ),
    "an emptied prefix index": (
        sql("INSERT INTO people_prefix (people_prefix) VALUES ('delete-all')"),
        {"file.search"},
    ),
    "no search table": (sql("DROP TABLE people_search"), {"file.schema"}),
    "no trigram index": (sql("DROP TABLE people_trigram"), {"file.schema"}),
    "a torn trigram index": (sql("DELETE FROM people_trigram_data"), {"file.integrity"}),
    "a trigram index without its settings": (
        sql("DELETE FROM people_trigram_config"),
        {"file.integrity"},
    ),
    "a trigram index without its tables": (
        sql("DROP TABLE people_trigram_config", "DROP TABLE people_trigram_docsize"),
        {"file.schema", "file.integrity"},
    ),
    "no search triggers": (sql("DROP TRIGGER people_search_insert"), {"file.schema"}),
    "an operation left open": (sql("UPDATE current_operation SET operation_id = 1"), {"record.closed"}),
    "no mark of the operation": (sql("DELETE FROM current_operation"), {"record.closed"}),
    "a wrong balance": (lambda c: breaking(c, "UPDATE users SET balance_minor = balance_minor + 7"), {"money.balance"}),
    "a wrong next slot": (
        lambda c: breaking(c, "UPDATE users SET next_slot_at = NULL, next_slot_id = NULL WHERE id = 4"),
        {"students.next_slot"},
    ),
    "a wrong count of seats": (
        lambda c: breaking(c, "UPDATE slots SET seats_taken = seats_taken + 1"),
        {"seats.kept_count"},
    ),
    "a wrong progress": (
        lambda c: breaking(c, "UPDATE courses_enrolled SET theory_done_minutes = 91, progress_bp = 10000 WHERE id = 1"),
        {"progress.attended"},
    ),
}


@pytest.mark.parametrize("name", list(BREAKS))
def test_what_can_be_made_anew_is_told_made_anew_and_then_silent(file: Any, name: str) -> None:
    broken, rules = BREAKS[name]
    broken(file)
    connection = store.db.connection()
    before, recorded = business(connection), Operation.select().count()
    found = soundness.examine()
    assert {one.rule for one in found.findings} == rules
    assert all(one.mendable for one in found.findings), found
    made = repairs.repair(SYSTEM)
    assert (made.failed, bool(made.count)) == ([], True)
    assert checks.run() == []
    assert business(store.db.connection()) == before
    # It is on record, and the file as it was is among the copies.
    labels = [row.label for row in Operation.select().order_by(Operation.id).offset(recorded)]
    assert labels and all(label.startswith("Repair ") for label in labels)
    assert [(one.why, one.verified) for one in backup.listing(store.data_folder())] == [("repair", False)]
    # A second time there is nothing to do, and nothing is written.
    count = Operation.select().count()
    assert repairs.repair(SYSTEM) == repairs.Repaired()
    assert Operation.select().count() == count
    assert search.people("satler") == [4]


#: What is somebody's work or money, or not ours: told, never touched.
NOT_OURS: dict[str, tuple[Break, set[str]]] = {
    "another program's trigger": (
        sql("CREATE TRIGGER helpful AFTER INSERT ON operations BEGIN UPDATE payers SET email = 'x@evil.example'; END"),
        {"file.schema"},
    ),
    "another program's table": (sql("CREATE TABLE more (x)"), {"file.schema"}),
    "a payment's method": (
        lambda c: breaking(c, "UPDATE student_payments SET method = 'check' WHERE payment_id = 2"),
        {"money.method", "record.frozen"},
    ),
    "a till that was counted wrongly": (
        lambda c: breaking(c, "UPDATE tills SET expected_minor = expected_minor + 1 WHERE status = 'closed'"),
        {"money.till_expected"},
    ),
    "a number series": (
        lambda c: breaking(c, "UPDATE series SET next_number = next_number + 1 WHERE name LIKE 'invoice-%'"),
        {"invoices.gapless"},
    ),
    "a row changed behind the record": (
        lambda c: breaking(c, "UPDATE users SET address = 'elsewhere' WHERE role = 'staff'", record=False),
        {"record.rows"},
    ),
    "a balance changed together with an address behind the record": (
        lambda c: breaking(
            c, "UPDATE users SET address = 'elsewhere', balance_minor = 7 WHERE role = 'staff'", record=False
        ),
        {"record.rows", "money.balance"},
    ),
}


def whole(connection: Any) -> dict[str, Any]:
    """Every recorded row, every column, and the record itself."""
    return {
        **business(connection, set()),
        "operations": connection.execute("SELECT * FROM operations").fetchall(),
        "changes": connection.execute("SELECT * FROM changes").fetchall(),
        "schema": migrations.read_schema(connection),
    }


@pytest.mark.parametrize("name", list(NOT_OURS))
def test_what_cannot_be_made_anew_stays_told_and_is_not_touched(file: Any, name: str) -> None:
    broken, rules = NOT_OURS[name]
    broken(file)
    before = whole(file)
    assert {one.rule for one in soundness.examine().findings} == rules
    made = repairs.repair(SYSTEM)
    assert made.count == 0
    assert whole(file) == before
    assert {one.rule for one in soundness.examine().findings} == rules


def test_beside_what_stays_told_the_rest_is_made_anew(file: Any) -> None:
    breaking(file, "UPDATE tills SET expected_minor = expected_minor + 1 WHERE status = 'closed'")
    breaking(file, "UPDATE users SET balance_minor = balance_minor + 7 WHERE role = 'instructor'")
    file.execute("DROP INDEX payments_day")
    before = business(file)
    assert repairs.repair(SYSTEM).done == {"indexes": 1, "balances": 1}
    assert {broken.rule for broken in checks.run()} == {"money.till_expected"}
    assert business(file) == before


def test_a_foreign_trigger_keeps_every_repair_away(file: Any) -> None:
    """Control: without that guard, the repair of a balance would let it write into business rows."""
    sql("CREATE TRIGGER helpful AFTER UPDATE ON users BEGIN UPDATE courses SET description = 'seen'; END")(file)
    file.execute("UPDATE people_search SET folded = 'nobody' WHERE id = 4")
    assert repairs.repair(SYSTEM) == repairs.Repaired()
    assert {one.mendable for one in soundness.examine().findings} == {False}
    before = business(file)
    file.execute("UPDATE current_operation SET operation_id = 1")
    file.execute("UPDATE users SET phone = '1' WHERE id = 4")
    assert business(file)["courses"] != before["courses"]


def test_a_unique_index_that_rows_stand_against_is_told_in_words(file: Any) -> None:
    breaking(
        file,
        "DROP INDEX tills_one_open",
        "UPDATE tills SET status = 'open', closed_at = NULL",
    )
    breaking(file, "UPDATE users SET balance_minor = balance_minor + 7 WHERE role = 'instructor'")
    made = repairs.repair(SYSTEM)
    ((kind, error),) = made.failed
    assert kind == "indexes"
    assert "tills_one_open" in text.sentence(error)
    assert made.done == {"balances": 1}
    assert ("index", "tills_one_open") not in {(k, n) for k, n, _sql in migrations.read_schema(file)}


def test_a_page_of_rows_that_cannot_be_read_is_told_and_left(file: Any) -> None:
    """Where more than an index is damaged, nothing is filled anew from it."""
    (root,) = file.execute("SELECT rootpage FROM sqlite_master WHERE name = 'notifications'").fetchone()
    size = file.execute("PRAGMA page_size").fetchone()[0]
    path = paths.data_file(store.data_folder())
    store.disconnect()
    with path.open("r+b") as raw:
        raw.seek((root - 1) * size)
        raw.write(bytes(size))
    damaged = path.read_bytes()
    store.connect()  # the door would not let this file in
    found = soundness.examine()
    assert "file.integrity" in {one.rule for one in found.findings}
    assert found.kinds == ()
    assert repairs.repair(SYSTEM) == repairs.Repaired()
    store.disconnect()
    assert path.read_bytes() == damaged


def test_one_bad_page_of_an_encrypted_file_is_one_finding_not_fifty(
    sound: Path, tmp_path: Path, memory_keyring: MemoryKeyring
) -> None:
    """Behind the first page whose proof fails nothing more can be read: that is no sum gone wrong, and no repair."""
    folder = tmp_path / "center"
    shutil.copytree(sound, folder)
    secrecy.switch_on(SYSTEM, folder, secrecy.new_code())
    store.open_center(folder)
    (root,) = store.db.connection().execute("SELECT rootpage FROM sqlite_master WHERE name = 'notes'").fetchone()
    size = int(store.db.connection().execute("PRAGMA page_size").fetchone()[0])
    store.disconnect()
    with paths.data_file(folder).open("r+b") as raw:
        raw.seek((root - 1) * size + 100)
        raw.write(b"another program was here")
    store.connect()
    try:
        found = soundness.examine()
        assert not found.sound
        assert found.findings[0].rule == soundness.UNREAD
        assert found.unread > 10
        assert [one.rule for one in found.findings[1:]] in ([], ["file.integrity"])
        assert found.kinds == ()
        said = soundness.report(found)
        assert "A part of the file cannot be read" in said
        assert f"{found.unread} rules of {found.rules} could not be proven" in said
        assert "go back to the last verified backup" in said.lower()
    finally:
        store.close_center()


def test_staff_may_not_repair(file: Any) -> None:
    file.execute("DROP INDEX payments_day")
    with pytest.raises(UserError) as refused:
        repairs.repair(Actor(2, "staff"))
    assert refused.value.key == "rights.missing"
    assert repairs.repair(Actor(1, "admin")).done == {"indexes": 1}


def test_without_a_copy_nothing_is_touched(file: Any) -> None:
    file.execute("DROP INDEX payments_day")
    folder = paths.backups(store.data_folder())
    folder.write_text("a file stands where the folder should be")
    before = whole(file)
    with pytest.raises(EnvironmentFault) as fault:
        repairs.repair(SYSTEM)
    assert fault.value.key == "cli.cannot_write"
    assert whole(file) == before


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6))
def test_any_mixture_is_repaired_once_and_for_all(sound: Path, seed: int) -> None:
    """Whatever was broken together: one repair ends it, a second finds nothing, and business rows are as before."""
    chosen = random.Random(seed)
    folder = sound.parent / f"mixture-{seed}"
    shutil.copytree(sound, folder)
    try:
        with opened(folder) as connection:
            names = chosen.sample([name for name in BREAKS if "entries" not in name], 4)
            for name in sorted(names, key=list(BREAKS).index, reverse=True):  # what needs the guards comes first
                with contextlib.suppress(repair.driver.DatabaseError):  # one break may take another's ground away
                    BREAKS[name][0](connection)
            before = business(connection)
            repairs.repair(SYSTEM)
            assert checks.run() == []
            assert business(connection) == before
            count = Operation.select().count()
            assert repairs.repair(SYSTEM) == repairs.Repaired()
            assert Operation.select().count() == count
    finally:
        shutil.rmtree(folder)


# -- the check beside the window -----------------------------------------------------------------------------


def notes_seen() -> set[int]:
    """Check while somebody commits a note in the middle; how many notes the rules before and after it could see."""
    seen: list[int] = []

    def commit() -> None:
        with store.connected():
            people.add_note(SYSTEM, 4, "meanwhile")

    def note(name: str, _done: int, _of: int) -> None:
        if name == "money.balance":
            thread = threading.Thread(target=commit)
            thread.start()
            thread.join()
        seen.append(store.db.execute_sql("SELECT count(*) FROM notes").fetchone()[0])

    assert checks.run(note) == []
    return set(seen)


def test_a_check_sees_one_moment_while_others_write(file: Any) -> None:
    assert notes_seen() == {0}
    assert store.db.execute_sql("SELECT count(*) FROM notes").fetchone() == (1,)


def test_control_without_one_moment_rules_see_different_files(file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_one_moment", contextlib.nullcontext)
    assert notes_seen() == {0, 1}


def test_control_a_repair_of_a_row_changed_behind_the_record_would_hide_it(
    file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    NOT_OURS["a balance changed together with an address behind the record"][0](file)
    monkeypatch.setattr(repair, "_changed_behind_the_record", lambda *_: set())
    assert repairs.repair(SYSTEM).done == {"balances": 1}
    assert checks.run() == []  # and nobody would ever know who moved the address


def test_a_check_holds_no_write_lock_and_stops_in_the_middle_of_a_statement(file: Any) -> None:
    """Stopped within 0.3 s although the statement under way would take minutes."""
    stop = threading.Event()
    ended: list[float] = []
    slow = checks.Rule(
        "slow", "Counts for minutes",
        lambda c: c.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e10)"
                            " SELECT 'users', 0, count(*) FROM n"),
    )  # fmt: skip
    begun = threading.Event()

    def check() -> None:
        with store.connected(readonly=True):
            checks.RULES["slow"] = slow
            try:
                with pytest.raises(checks.Stopped):
                    checks.run(lambda name, _d, _o: begun.set() if name == "slow" else None, stop.is_set)
            finally:
                del checks.RULES["slow"]
            ended.append(time.monotonic())

    thread = threading.Thread(target=check)
    thread.start()
    assert begun.wait(20)
    with store.write("Beside a check", SYSTEM):
        pass
    asked = time.monotonic()
    stop.set()
    thread.join(20)
    assert ended and ended[0] - asked < 0.3
    assert checks.run() == []


# -- the report ----------------------------------------------------------------------------------------------


def test_the_report_says_in_words_what_whom_and_what_to_do(file: Any) -> None:
    breaking(file, "UPDATE users SET balance_minor = balance_minor + 7 WHERE id = 4")
    breaking(file, "UPDATE invoices SET document_hash = replace(document_hash, 'a', 'b') WHERE id = 1")
    found = soundness.examine()
    said = soundness.report(found)
    head, foot = said.split("For support")
    assert "3 rules of" in head
    for words in (
        "The kept balance is what the rows say",
        "Ana Satler (S-000001)",
        "people",
        "Let “Repair” work it out",
        "The snapshot of a document",
        "2026-000001",
        "frozen by law",
    ):
        assert words in head, words
    assert not any(rule in head for rule in checks.RULES)
    assert "money.balance: users 4: kept" in foot
    assert soundness.report(soundness.Soundness(found.at, found.rules, (), (), ())).count("All ") == 1


def test_every_rule_has_its_meaning_and_a_next_step() -> None:
    for rule in checks.RULES:
        for what in ("means", "next"):
            assert not soundness._about(what, rule).startswith("check."), rule
    for kind in repair.KINDS:
        assert soundness.rule_words(f"repair.{kind}") != f"repair.{kind}"


def test_markup_and_other_scripts_in_names_are_told_as_they_are(file: Any) -> None:
    breaking(file, "UPDATE users SET balance_minor = 7, first_name = '<b>اليلى</b>' WHERE id = 5")
    names = [name for one in soundness.examine().findings for name in one.names]
    assert "<b>اليلى</b> Wiśniewski (S-000002)" in names
