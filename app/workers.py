"""The threads beside the window (QtCore only): the desk thread, which does the writing, the mail thread, the backups.

A thread that owns a connection overrides `run()`: peewee's connection is thread-local and `moveToThread` loses it.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from app import store, text
from app.desk import keeping, papers
from app.desk.accounts import Actor
from app.errors import DeskError, EnvironmentFault
from app.mail.worker import MailRunner
from app.store import backup, damage


class Job(QObject):
    """One call for the desk thread. `done` carries its result, `failed` its exception.

    Lives in the thread that submitted it; connect only methods of QObjects.
    """

    done = Signal(object)
    failed = Signal(object)

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        super().__init__()
        self._function, self._args = function, args

    def call(self) -> Any:
        """Do it."""
        return self._function(*self._args)


class DeskThread(QThread):
    """Runs the desk's functions one after the other, in the order they were submitted, on its own connection.

    With `readonly` it is the reader: what takes longer than a paint is read beside the window.

    `committed` relays every commit of any thread of this process as one signal with a `store.Changes`.
    """

    committed = Signal(object)

    def __init__(self, parent: QObject | None = None, *, readonly: bool = False) -> None:
        super().__init__(parent)
        self._readonly = readonly
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._stop_listening = store.listen(self.committed.emit)

    def submit(self, job: Job) -> None:
        """Hand over one call; it runs after those already waiting.

        Connect the job first: the answer may come before this returns. Keep it until it has answered.
        """
        self._jobs.put(job)

    def run(self) -> None:
        """The thread's life: connect, work off the jobs, disconnect."""
        with store.connected(readonly=self._readonly):
            while (job := self._jobs.get()) is not None:
                try:
                    result = job.call()
                except BaseException as error:  # every failure is answered, none is swallowed
                    job.failed.emit(damage.explain(error))
                else:
                    job.done.emit(result)

    def finish(self) -> None:
        """Let what was submitted run to its end, then stop; returns when the thread is over."""
        self._jobs.put(None)
        self.wait()
        self._stop_listening()


class MailThread(QThread):
    """Sends the queue in the background on its own connection. `state_changed` carries a `MailState`.

    It wakes when a commit touched the queue, when `look_now` is called, and every few seconds for what is due.
    """

    state_changed = Signal(object)

    #: How often it looks for messages whose time has come, in milliseconds.
    EVERY_MS = 5_000

    def __init__(self, runner: MailRunner | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner if runner is not None else MailRunner(papers.resolve)
        self._runner.on_state = self.state_changed.emit
        self._stop = threading.Event()
        self._wake = threading.Semaphore(0)
        self._look_now = False
        self._stop_listening = store.listen(self._heard)

    def _heard(self, changes: store.Changes) -> None:
        if not changes.label.endswith(("mail", "mails")) and changes.tables & {"mail_queue", "mail_accounts"}:
            self._wake.release()

    def look_now(self) -> None:
        """Look for the connection at once."""
        self._look_now = True
        self._wake.release()

    def run(self) -> None:
        """The thread's life: free what a crash left, then send what is due until told to stop."""
        with store.connected():
            self._runner.start()
            while not self._stop.is_set():
                look, self._look_now = self._look_now, False
                self._work(look)
                if not self._wake.acquire(timeout=self.EVERY_MS / 1000):
                    self._runner.hang_up()
            self._runner.close()

    def _work(self, look_now: bool) -> None:
        """One round. A round that fails is told and not the last one: what was claimed is freed by its lease."""
        try:
            self._runner.run_once(self._stop, look_now=look_now)
        except Exception as error:
            self._runner.close()
            fault = damage.explain(error)
            if isinstance(fault, EnvironmentFault):
                self._runner.tell("fault", text.sentence(fault))
            else:
                sys.excepthook(*sys.exc_info())

    def finish(self) -> None:
        """Stop, breaking a send that hangs; what was not begun waits in the queue."""
        self._stop_listening()
        self._stop.set()
        self._wake.release()
        if not self.wait(500):
            self._runner.abort()
            self.wait()


@dataclass(frozen=True)
class KeepingState:
    """How backups stand: the newest verified copy, whether one is being made, and what went wrong in words.

    `second_place` is "" (none is chosen), "copied", "gone" or "failed"; `broken` is what an unsound copy stumbled over.
    """

    last: backup.Backup | None
    running: bool = False
    problem: str = ""
    second_place: str = ""
    broken: str = ""


class BackupThread(QThread):
    """Makes verified copies beside the window: when something changed, when asked, and at the end.

    `state_changed` carries a `KeepingState`, `progress` the pages copied and how many there are.
    """

    state_changed = Signal(object)
    progress = Signal(int, int)

    #: A changed file is copied after so many seconds, and looked at this often.
    EVERY_S, LOOK_S = 15 * 60, 30

    def __init__(self, data_dir: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._data_dir = data_dir
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._asked = ""
        self._next_at = time.monotonic() + self.LOOK_S
        self.last_words = "closing"
        self.state = KeepingState(backup.newest_verified(data_dir))

    def ask(self) -> None:
        """Make a copy now."""
        self._asked = "asked"
        self._wake.set()

    def run(self) -> None:
        """The thread's life: copy what changed until told to stop, then once more."""
        with store.connected(readonly=True):
            self._known = backup.operations_in(self.state.last.path) if self.state.last is not None else -1
            while not self._stop.is_set():
                self._wake.wait(self.LOOK_S)
                self._wake.clear()
                why, self._asked = self._asked, ""
                if not self._stop.is_set() and (why or (time.monotonic() >= self._next_at and self._changed())):
                    self._take(why or "auto", self._stop.is_set)
            if self._changed():
                self._take(self.last_words, lambda: False)

    def _changed(self) -> bool:
        try:
            return keeping.last_operation() > self._known
        except Exception as error:
            fault = damage.explain(error)
            if not isinstance(fault, EnvironmentFault):
                raise
            self._next_at = time.monotonic() + self.EVERY_S
            self._tell(KeepingState(self.state.last, problem=text.sentence(fault)))
            return False

    def _take(self, why: str, stop: Callable[[], bool]) -> None:
        self._tell(KeepingState(self.state.last, running=True, second_place=self.state.second_place))
        known = keeping.last_operation()
        try:
            made = backup.take(self._data_dir, why, stop, self.progress.emit)
        except backup.Stopped:
            self._tell(KeepingState(self.state.last, second_place=self.state.second_place))
            return
        except EnvironmentFault as fault:
            self._next_at = time.monotonic() + self.LOOK_S
            self._tell(KeepingState(self.state.last, problem=text.sentence(fault)))
            return
        self._known = known
        self._next_at = time.monotonic() + self.EVERY_S
        if not made.verified:
            self._tell(KeepingState(self.state.last, broken=made.broken))
            return
        self._tell(self._second_place(made))

    def _second_place(self, made: backup.Backup) -> KeepingState:
        place = keeping.second_place()
        if place is None:
            return KeepingState(made)
        try:
            backup.to_second_place(made, place[0])
        except EnvironmentFault as fault:
            gone = fault.key == "keeping.second_place_gone"
            said = "" if gone else text.sentence(fault)
            return KeepingState(made, problem=said, second_place="gone" if gone else "failed")
        return KeepingState(made, second_place="copied")

    def _tell(self, state: KeepingState) -> None:
        self.state = state
        self.state_changed.emit(state)

    def finish(self, last_words: str = "closing") -> None:
        """Let go of a copy under way, make the last one if anything changed, and stop."""
        self.last_words = last_words
        self._stop.set()
        self._wake.set()
        self.wait()


class RestoreThread(QThread):
    """Puts a backup in place of the closed center. Afterwards `error` holds what went wrong, None where nothing did."""

    def __init__(self, actor: Actor, source: Path, data_dir: Path) -> None:
        super().__init__()
        self._actor, self._source, self._data_dir = actor, source, data_dir
        self.error: DeskError | None = None
        self.aside: Path | None = None

    def run(self) -> None:
        """The thread's life: one restore, which opens and closes the file itself."""
        try:
            self.aside = keeping.restore(self._actor, self._source, self._data_dir)
        except DeskError as error:
            self.error = error
