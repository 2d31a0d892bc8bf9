"""The one way to write: whole or not at all, recorded, numbered, guarded; and a file that defends itself."""

from __future__ import annotations

import json
import re
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest
from peewee import SQL
from sqlcipher3 import dbapi2 as driver

from app import paths, store
from app.desk import enrollment, payments
from app.desk.accounts import SYSTEM
from app.desk.enrollment import EnrollmentDraft
from app.desk.payments import PayLine, PaymentDraft
from app.errors import EnvironmentFault, UserError
from app.store import database, migrations
from app.store.models import Change, Invoice, Note, Operation, Payment, Series, User
from app.store.prepared import prepared
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def raw(small: SmallCenter) -> Any:
    """A connection of another program, which knows nothing of the house."""
    connection = driver.connect(str(paths.data_file(small.folder)), isolation_level=None)
    connection.execute("PRAGMA recursive_triggers = 1")
    return connection


def rows() -> tuple[int, int, int]:
    return Note.select().count(), Operation.select().count(), Change.select().count()


# -- whole or not at all


def test_a_write_is_whole_and_its_listeners_hear_of_it_once(small_center: SmallCenter) -> None:
    heard: list[store.Changes] = []
    stop = store.listen(heard.append)
    with store.write("Two notes", small_center.staff) as w:
        first = w.insert(Note, user_id=small_center.student, text="one")
        w.insert(Note, user_id=small_center.student, text="two")
        assert heard == []
    stop()
    assert [(c.label, c.tables) for c in heard] == [("Two notes", frozenset({"notes"}))]
    row = Note.get_by_id(first)
    assert uuid.UUID(row.uid).version == 7
    assert (row.version, row.created_by, row.updated_by) == (1, small_center.staff.user_id, small_center.staff.user_id)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row.created_at)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, UserError])
def test_a_write_that_fails_leaves_nothing(small_center: SmallCenter, error: type[BaseException]) -> None:
    before, heard = rows(), []
    stop = store.listen(heard.append)
    with pytest.raises(error), store.write("Fails", small_center.staff) as w:
        w.insert(Note, user_id=small_center.student, text="half")
        raise error("text.required")
    stop()
    assert (rows(), heard) == (before, [])
    with store.write("Goes on", small_center.staff) as w:
        w.insert(Note, user_id=small_center.student, text="whole")


def test_writes_do_not_nest(small_center: SmallCenter) -> None:
    before = rows()
    with (
        pytest.raises(store.WriteOutsideOperation),
        store.write("Outer", small_center.staff),
        store.write("Inner", small_center.staff),
    ):
        pytest.fail("a write inside a write")
    assert rows() == before


def test_a_column_that_is_not_there_is_a_bug(small_center: SmallCenter) -> None:
    for call in (
        lambda w: w.insert(Note, user_id=small_center.student, text="x", colour="red"),
        lambda w: w.update(Note, 1, colour="red"),
    ):
        with pytest.raises(ValueError, match="colour"), store.write("Wrong", small_center.staff) as w:
            call(w)


# -- recorded


def test_every_row_is_recorded_before_and_after(small_center: SmallCenter) -> None:
    with store.write("Write note", small_center.staff) as w:
        note = w.insert(Note, user_id=small_center.student, text="one")
    with store.write("Change note", small_center.admin) as w:
        w.update(Note, note, text="two")
    with store.write("Remove note", small_center.admin) as w:
        w.delete(Note, note)
    kept = list(Change.select().where(Change.table_name == "notes", Change.row_id == note).order_by(Change.id))
    images = [[json.loads(image)["text"] if image else None for image in (c.before, c.after)] for c in kept]
    assert images == [[None, "one"], ["one", "two"], ["two", None]]
    labels = [Operation.get_by_id(c.operation_id).label for c in kept]
    assert labels == ["Write note", "Change note", "Remove note"]
    operation = Operation.get_by_id(kept[0].operation_id)
    assert (operation.actor_id, operation.actor_role, operation.desk) == (small_center.staff.user_id, "staff", "Desk 1")


def test_a_write_outside_an_operation_is_refused_by_the_file(small_center: SmallCenter) -> None:
    other = raw(small_center)
    for statement in (
        "UPDATE users SET first_name = 'Mallory'",
        "DELETE FROM notes",
        "INSERT INTO notes (uid, created_at, updated_at, user_id, text) VALUES ('u', 'now', 'now', 1, 'x')",
    ):
        if statement.startswith("DELETE"):
            with store.write("Note", small_center.staff) as w:
                w.insert(Note, user_id=small_center.student, text="x")
        with pytest.raises(driver.Error, match="outside an operation"):
            other.execute(statement)
    other.close()
    assert User.select().where(User.first_name == "Mallory").count() == 0


def test_another_thread_can_only_read_when_it_is_told_so(small_center: SmallCenter) -> None:
    found: list[Any] = []

    def reader() -> None:
        with store.connected(readonly=True):
            found.append(User.select().count())
            try:
                with store.write("No", small_center.staff):
                    found.append("wrote")
            except store.WriteOutsideOperation as error:
                found.append(type(error))
            try:
                database.db.execute_sql("UPDATE current_operation SET operation_id = 1")
                found.append("wrote")
            except Exception as error:
                found.append("readonly" in str(error))

    thread = threading.Thread(target=reader)
    thread.start()
    thread.join()
    assert found == [User.select().count(), store.WriteOutsideOperation, True]


# -- versions and numbers


def test_a_version_guards_an_update(small_center: SmallCenter) -> None:
    with store.write("First", small_center.staff) as w:
        w.update(User, small_center.student, 1, first_name="Anna")
    assert User.get_by_id(small_center.student).version == 2
    for row, version, key in (
        (small_center.student, 1, "store.changed_meanwhile"),
        (999, 1, "store.gone"),
        (999, None, "store.gone"),
    ):
        with pytest.raises(UserError, match=key), store.write("Second", small_center.staff) as w:
            w.update(User, row, version, first_name="Hanna")
    assert User.get_by_id(small_center.student).first_name == "Anna"
    with pytest.raises(UserError, match=r"store\.gone"), store.write("Delete", small_center.staff) as w:
        w.delete(Note, 999)


def test_a_number_is_taken_with_its_transaction_or_not_at_all(small_center: SmallCenter) -> None:
    with store.write("One", small_center.staff) as w:
        assert w.next_number("invoice-2031", "2031-{number:03d}", gapless=True) == (1, "2031-001")
    with pytest.raises(RuntimeError), store.write("Lost", small_center.staff) as w:
        assert w.next_number("invoice-2031") == (2, "2031-002")
        raise RuntimeError
    with store.write("Two", small_center.staff) as w:
        assert w.next_number("invoice-2031") == (2, "2031-002")
        assert w.next_number("invoice-2031", "ignored {number}") == (3, "2031-003")
    with pytest.raises(ValueError, match="no series"), store.write("None", small_center.staff) as w:
        w.next_number("nothing")
    assert Series.get(Series.name == "invoice-2031").next_number == 4


# -- the file defends itself


@pytest.fixture
def paid(small_center: SmallCenter) -> SmallCenter:
    """A center with an enrollment, a completed payment, and its invoice."""
    line = enrollment.enroll(small_center.staff, EnrollmentDraft(small_center.student, small_center.course))
    draft = PaymentDraft("k1", small_center.student, "card", 33000, (PayLine(line, amount_minor=33000),))
    payments.complete(small_center.staff, payments.start(small_center.staff, draft))
    return small_center


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE invoices SET gross_minor = 1", "frozen"),
        ("DELETE FROM invoices", "for ever"),
        ("INSERT OR REPLACE INTO invoices SELECT * FROM invoices", "for ever"),
        ("UPDATE invoice_lines SET title = 'x'", "frozen"),
        ("DELETE FROM invoice_lines", "for ever"),
        ("INSERT OR REPLACE INTO invoice_lines SELECT * FROM invoice_lines", "for ever"),
        ("UPDATE payments SET note = 'x'", "frozen"),
        ("UPDATE payments SET status = 'FAILED', reason = 'x'", "frozen"),
        ("DELETE FROM payments", "for ever"),
        ("INSERT OR REPLACE INTO payments SELECT * FROM payments", "for ever"),
        ("UPDATE student_payments SET amount_minor = 1", "frozen"),
        ("INSERT OR REPLACE INTO student_payments SELECT * FROM student_payments", "for ever"),
        ("DELETE FROM student_payments", "for ever"),
        ("DELETE FROM timeline", "for ever"),
        ("DELETE FROM mail_queue", "for ever"),
        ("UPDATE mail_queue SET text = 'x'", "frozen"),
        ("UPDATE operations SET label = 'x'", "frozen"),
        ("DELETE FROM operations", "for ever"),
        ("DELETE FROM changes", "for ever"),
        ("UPDATE changes SET after = NULL, before = '{}'", "redacted"),
    ],
)
def test_frozen_rows_stay(paid: SmallCenter, statement: str, words: str) -> None:
    """Even inside an operation, even by INSERT OR REPLACE, which walks around triggers that do not recurse."""
    before = Invoice.get().snapshot, Payment.get().status, Change.select().count()
    with pytest.raises(driver.Error, match=words), store.write("Break in", paid.admin) as w:
        w.connection.execute(statement)
    assert (Invoice.get().snapshot, Payment.get().status, Change.select().count()) == before


def test_a_started_payment_keeps_what_was_agreed(small_center: SmallCenter) -> None:
    made = payments.start(small_center.staff, PaymentDraft("k1", small_center.student, "card", 500))
    for change in (
        {"amount_minor": 1},
        {"method": "cash"},
        {"request_key": "k2"},
        {"student_id": small_center.other_student},
    ):
        with pytest.raises(driver.Error, match="frozen"), store.write("Tamper", small_center.admin) as w:
            w.update(Payment, made, **change)
    assert Payment.get_by_id(made).amount_minor == 500


# -- a disk that fills up


def test_a_full_disk_is_said_in_words_and_leaves_nothing(paid: SmallCenter) -> None:
    connection = database.db.connection()
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    before = rows()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(EnvironmentFault) as fault, store.write("Too much", paid.staff) as w:
        for _ in range(500):
            w.insert(Note, user_id=paid.student, text="x" * 9000)
    assert fault.value.key == "store.disk_full"
    connection.execute("PRAGMA max_page_count = 1000000")
    assert rows() == before
    with store.write("Goes on", paid.staff) as w:
        w.insert(Note, user_id=paid.student, text="room again")


def test_an_error_of_a_full_disk_is_called_full(tmp_path: Path) -> None:
    """SQLite calls it an I/O error when there is no room for the shared memory beside the log."""
    error = driver.OperationalError("disk I/O error")
    faults = [database.as_fault(error, str(path)) for path in (tmp_path, tmp_path / "not there", Path("/proc"))]
    assert [fault and fault.key for fault in faults] == ["store.io_error", "store.io_error", "store.disk_full"]


def test_nothing_goes_on_in_autocommit_after_sqlite_rolled_back(paid: SmallCenter) -> None:
    """A caller that swallows the error by which SQLite ended the transaction meets the next guard at every step.

    INSERT OR ROLLBACK stands for the disk: it makes SQLite roll back by itself at a moment the test can choose.
    """
    before = rows()
    with pytest.raises(store.TransactionLost), store.write("Swallows", paid.staff) as w:
        w.insert(Note, user_id=paid.student, text="half")
        with pytest.raises(driver.IntegrityError):
            w.connection.execute("INSERT OR ROLLBACK INTO current_operation VALUES (1, NULL)")
        for call in (
            lambda: w.insert(Note, user_id=paid.student, text="alone"),
            lambda: w.insert_many(Note, [{"user_id": paid.student, "text": "alone"}]),
            lambda: w.update(User, paid.student, first_name="Alone"),
            lambda: w.next_number("payment"),
            lambda: User.get_by_id(paid.student),
            lambda: store.by_id(User, paid.student),
            lambda: payments.load(1),
        ):
            with pytest.raises(store.TransactionLost):
                call()
    assert rows() == before
    assert User.get_by_id(paid.student).first_name == "Ana"


def test_a_read_that_failed_and_was_swallowed_ends_the_write(paid: SmallCenter) -> None:
    """A disk may fail in the middle of a read, too, and leave the transaction open for half of what was meant."""
    before = rows()
    broken = prepared(lambda user_id: User.select(SQL("json('{')")).where(User.id == user_id))
    with pytest.raises(store.TransactionLost), store.write("Swallows", paid.staff) as w:
        w.insert(Note, user_id=paid.student, text="half")
        with pytest.raises(driver.Error, match="malformed JSON"):
            broken(paid.student)
    assert rows() == before
    with pytest.raises(driver.Error, match="malformed JSON"):
        broken(paid.student)  # outside a write it is an error and no more


def test_a_swallowed_rollback_does_not_pass_for_a_commit(paid: SmallCenter) -> None:
    before, heard = rows(), []
    stop = store.listen(heard.append)
    with pytest.raises(store.TransactionLost), store.write("Swallows", paid.staff) as w:
        w.insert(Note, user_id=paid.student, text="half")
        w.connection.execute("ROLLBACK")
    stop()
    assert (rows(), heard) == (before, [])


# -- opening


def test_a_new_file_is_ours_and_opens_again(small_center: SmallCenter) -> None:
    connection = database.db.connection()
    assert connection.execute("PRAGMA application_id").fetchone()[0] == migrations.APPLICATION_ID
    for name, value in database.PRAGMAS.items():
        assert connection.execute(f"PRAGMA {name}").fetchone()[0] == value
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    store.close_center()
    store.open_center(small_center.folder)
    assert User.get_by_id(small_center.student).first_name == "Ana"


def test_what_is_not_ours_is_not_touched(tmp_path: Path) -> None:
    def refused(folder: Path, key: str) -> None:
        file = paths.data_file(folder)
        before = file.read_bytes() if file.exists() else None
        with pytest.raises(EnvironmentFault) as fault:
            store.open_center(folder)
        assert fault.value.key == key
        assert (file.read_bytes() if file.exists() else None) == before
        assert not store.is_open()

    refused(tmp_path / "nothing", "store.missing")
    for name, content in (("text", b"hello, I am a letter"), ("other", None), ("newer", None)):
        folder = tmp_path / name
        folder.mkdir()
        if content is not None:
            paths.data_file(folder).write_bytes(content)
        else:
            connection = driver.connect(str(paths.data_file(folder)))
            connection.execute("CREATE TABLE t (x)")
            if name == "newer":
                connection.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {migrations.SCHEMA_VERSION + 1}")
            connection.commit()
            connection.close()
        refused(folder, "store.newer_file" if name == "newer" else "store.foreign_file")


def test_a_folder_that_holds_a_center_is_not_founded_again(small_center: SmallCenter) -> None:
    store.close_center()
    with pytest.raises(EnvironmentFault, match=r"store\.not_empty"):
        store.open_center(small_center.folder, create=True)
    store.open_center(small_center.folder)


def test_a_connection_that_cannot_be_made_leaves_nothing_open(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pragma that does not take is a fault; afterwards the folder can be tried again in the same process."""
    store.close_center()
    with monkeypatch.context() as patch:
        patch.setitem(database.PRAGMAS, "synchronous", 9)
        with pytest.raises(EnvironmentFault, match=r"store\.damaged"):
            store.open_center(small_center.folder)
    assert not store.is_open()
    store.open_center(small_center.folder)
    assert User.get_by_id(small_center.student).first_name == "Ana"


def test_a_listener_that_fails_does_not_pass_for_a_write_that_failed(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write is in the file: whoever asked for it gets its result, and all others hear of it."""
    heard: list[str] = []
    told: list[str] = []
    monkeypatch.setattr(sys, "excepthook", lambda _kind, error, _trace: told.append(str(error)))

    def broken(_changes: store.Changes) -> None:
        raise RuntimeError("no window any more")

    stops = [store.listen(broken), store.listen(lambda changes: heard.append(changes.label))]
    try:
        with store.write("Note", SYSTEM) as w:
            w.insert(Note, user_id=small_center.student, text="x")
    finally:
        for stop in stops:
            stop()
    assert (heard, told) == (["Note"], ["no window any more"])


def test_a_second_program_is_told(small_center: SmallCenter) -> None:
    store.claim_folder(small_center.folder)
    try:
        with pytest.raises(EnvironmentFault, match=r"store\.in_use"):
            store.claim_folder(small_center.folder)
    finally:
        store.release_folder()


def test_the_programs_own_work_names_no_person(small_center: SmallCenter) -> None:
    with store.write("Housekeeping", SYSTEM) as w:
        note = w.insert(Note, user_id=small_center.student, text="x")
    assert Note.get_by_id(note).created_by is None
    assert Operation.select().order_by(Operation.id.desc()).get().actor_role == "system"
