"""Another process holds the write lock: the window types on, the operation waits, gives up in words, can be repeated.

By default the operation waits two seconds, in full thirty, a hundred times, and the lock is held until it has given up.
The other process and the test talk through pipes: nobody guesses when the lock is held and when it is free.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from app import paths, store, text
from app.desk import payments, people
from app.desk.payments import PaymentDraft
from app.errors import EnvironmentFault
from app.mail import compose, queue
from app.store import checks, database
from app.store.models import MailQueue, Note, Payment
from app.workers import MailThread
from tests.support.center import SmallCenter, small_center
from tests.support.window import Driver, opened

__all__ = ["small_center"]

pytestmark = pytest.mark.slow
FULL = os.environ.get("DESKBELL_FULL", "") in ("all", "safe")
HELD_S, ROUNDS = (30, 100) if FULL else (2, 1)

_HOLDER = """
import sys
from sqlcipher3 import dbapi2 as driver
connection = driver.connect(sys.argv[1], isolation_level=None, timeout=60)
for wanted in sys.stdin:
    connection.execute("BEGIN IMMEDIATE" if wanted.strip() == "hold" else "ROLLBACK")
    print("done", flush=True)
"""


class Holder:
    """Another program with the same file open."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-c", _HOLDER, str(paths.data_file(folder))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _ask(self, wanted: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{wanted}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    def hold(self) -> None:
        """Take the lock of writers; returns when it is held."""
        self._ask("hold")

    def free(self) -> None:
        """Give it back; returns when it is free."""
        self._ask("free")

    def end(self) -> None:
        """Let the process end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()


@pytest.fixture
def driver(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """The window, whose writes wait so long for another program's lock."""
    monkeypatch.setitem(database.PRAGMAS, "busy_timeout", HELD_S * 1000)
    yield from opened(qapp, tmp_path / "center", None)


@pytest.fixture
def holder(driver: Driver) -> Iterator[Holder]:
    made = Holder(driver.center.folder)
    yield made
    made.end()


def type_on(driver: Driver, words: str) -> None:
    """Type into the search field, key by key, while an operation waits."""
    page = driver.page("students")
    search = driver.find(page, QLineEdit, "student_search")
    search.setFocus()
    search.selectAll()
    for number, letter in enumerate(words, start=1):
        QTest.keyClick(search, letter)
        assert search.text() == words[:number]
        assert driver.desk.context.calls or number > 1, "the operation did not wait"


def test_the_window_types_on_and_the_payment_is_refused_in_words_and_repeated_once(
    driver: Driver, holder: Holder
) -> None:
    locked = text.sentence(EnvironmentFault("store.locked", path="", detail=""))
    for number in range(1, ROUNDS + 1):
        desk = driver.page("payments")
        desk.new_draft(driver.center.student)
        desk.methods["card"].setChecked(True)
        driver.type(desk, "amount_given", "12.50")
        driver.settled()
        key = desk.one.key
        holder.hold()
        driver.click(desk, "payment_main")
        type_on(driver, "ana")
        driver.until(lambda: driver.window.current().model.ids == [driver.center.student])
        driver.window.current().search.clear()
        driver.until(lambda desk=desk: desk.problem.text() != "", seconds=HELD_S + 60)
        assert desk.problem.text() == locked
        assert Payment.select().count() == number - 1
        holder.free()
        # The same draft under the same key, once more and once too often.
        driver.page("payments")
        driver.click(desk, "payment_main")
        driver.settled()
        draft = PaymentDraft(key, driver.center.student, "card", 1250)
        again: list[int] = []
        driver.desk.context.run(payments.start, draft, done=again.append)
        driver.until(lambda again=again: again)
        assert again == [desk.payment_id]
        assert Payment.select().where(Payment.request_key == key).count() == 1
        # Completed while the lock is held, and freed in time: it waits, and is done.
        holder.hold()
        driver.click(desk, "payment_main")
        type_on(driver, "a")
        assert Payment.get_by_id(desk.payment_id).status == "STARTED"
        holder.free()
        driver.settled()
        assert desk.problem.text() == ""
        assert Payment.get_by_id(desk.payment_id).status == "COMPLETED"
        assert Payment.select().count() == number
    assert checks.run() == []


def test_control_without_the_key_what_is_repeated_is_there_twice(small_center: SmallCenter) -> None:
    """A note has no request key: whoever repeats it after it was written has two."""
    for _ in range(2):
        people.add_note(small_center.staff, small_center.student, "once")
    assert Note.select().count() == 2
    for _ in range(2):
        payments.start(small_center.staff, PaymentDraft("once", small_center.student, "card", 500))
    assert Payment.select().count() == 1


def test_control_without_patience_the_first_moment_of_a_lock_is_the_end(small_center: SmallCenter) -> None:
    holder = Holder(small_center.folder)
    store.db.connection().execute("PRAGMA busy_timeout = 0")
    holder.hold()
    with pytest.raises(EnvironmentFault) as fault:
        people.add_note(small_center.staff, small_center.student, "at once")
    assert fault.value.key == "store.locked"
    holder.free()
    people.add_note(small_center.staff, small_center.student, "again")
    assert [note.text for note in Note.select()] == ["again"]
    holder.end()


def test_mails_that_a_kill_left_are_freed_when_the_lock_is_gone(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail thread's first write meets the lock: it says so and lives on."""
    monkeypatch.setitem(database.PRAGMAS, "busy_timeout", 100)
    queue.write_mail(small_center.staff, small_center.student, "Ana", "ana@mail.example", "Hello", "See you")
    queue.build("desk@mail.example", lambda ref: compose.Attachment("a.pdf", "application/pdf", b"%PDF"))
    queue.claim("killed")
    holder = Holder(small_center.folder)
    holder.hold()
    said: SimpleQueue[str] = SimpleQueue()
    thread = MailThread()
    thread.EVERY_MS = 10  # type: ignore[misc]
    thread.state_changed.connect(lambda state: said.put(state.name), Qt.ConnectionType.DirectConnection)
    thread.start()
    assert said.get(timeout=30) == "fault"
    assert MailQueue.get().state == "sending"
    holder.free()
    assert said.get(timeout=30) == "no_account"
    thread.finish()
    holder.end()
    assert MailQueue.get().state == "queued"
