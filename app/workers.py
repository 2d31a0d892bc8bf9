"""The threads beside the window (QtCore only): the desk thread, which does the writing, the mail thread, the backups.

A thread that owns a connection overrides `run()`: peewee's connection is thread-local and `moveToThread` loses it.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal

from app import store, text
from app.desk import keeping, papers
from app.desk.accounts import Actor
from app.errors import DeskError, EnvironmentFault
from app.mail.worker import MailRunner
from app.store import backup, checks, damage

if TYPE_CHECKING:
    from app.desk import repairs
    from app.lists import soundness


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
        self._begun = False
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
            while not self._stop.is_set():
                look, self._look_now = self._look_now, False
                self._work(look)
                if not self._wake.acquire(timeout=self.EVERY_MS / 1000):
                    self._runner.hang_up()
            self._runner.close()

    def _work(self, look_now: bool) -> None:
        """One round. A round that fails is told and not the last one: what was claimed is freed by its lease."""
        try:
            if not self._begun:
                self._runner.start()
                self._begun = True
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


def _in_words(error: Exception, key: str) -> str:
    """What went wrong with the copies, in words. A bug is told to whoever keeps the log, too, and ends nothing."""
    fault = damage.explain(error)
    if isinstance(fault, DeskError):
        return text.sentence(fault)
    sys.excepthook(type(error), error, error.__traceback__)
    return text.sentence(key, {"detail": str(error) or type(error).__name__})


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
        while not self._connected():
            if self._stop.wait(self.LOOK_S):
                return
        try:
            problem = self._align()
            if problem:
                self._tell(KeepingState(self.state.last, problem=problem))
            self._known = self._last_in_copy()
            while not self._stop.is_set():
                self._wake.wait(self.LOOK_S)
                self._wake.clear()
                why, self._asked = self._asked, ""
                if not self._stop.is_set() and (why or time.monotonic() >= self._next_at):
                    self._round(why, self._stop.is_set)
            self._round("", lambda: False)
        finally:
            store.disconnect()

    def _connected(self) -> bool:
        """Whether this thread has its connection now; what stands in the way is told, and may be gone the next time."""
        try:
            store.connect(readonly=True)
        except Exception as error:
            store.disconnect()
            self._tell(KeepingState(self.state.last, problem=_in_words(error, "keeping.failed")))
            return False
        return True

    def _last_in_copy(self) -> str | None:
        """The last operation that the newest copy has; None where that cannot be told, and so a copy is due."""
        try:
            return backup.last_operation_in(self.state.last.path) if self.state.last is not None else None
        except Exception as error:
            _in_words(error, "keeping.failed")
            return None

    def _round(self, why: str, stop: Callable[[], bool]) -> None:
        """Copy if asked or changed. A round that fails is told and not the last one."""
        try:
            if why or self._changed():
                self._take(why or (self.last_words if self._stop.is_set() else "auto"), stop)
        except Exception as error:
            self._next_at = time.monotonic() + self.LOOK_S
            self._tell(KeepingState(self.state.last, problem=_in_words(error, "keeping.failed")))

    def _align(self) -> str:
        """Close every copy as the center is: what a kill left of switching encryption, a stick that was not there.

        Returns what went wrong in words, '' where nothing did; the next copy tries again.
        """
        from app.desk import secrecy  # not needed for the first page

        try:
            place = keeping.second_place()
            aligned = secrecy.align(self._data_dir, place[0] if place is not None else None, self._stop.is_set)
        except Exception as error:
            return _in_words(error, "keeping.align_failed")
        names = secrecy.stays_open(aligned)
        return text.sentence("keeping.stays_open", {"names": ", ".join(names)}) if names else ""

    def _changed(self) -> bool:
        return keeping.last_operation() != self._known

    def _take(self, why: str, stop: Callable[[], bool]) -> None:
        self._tell(KeepingState(self.state.last, running=True, second_place=self.state.second_place))
        known = keeping.last_operation()
        try:
            made = backup.take(self._data_dir, why, stop, self.progress.emit)
        except backup.Stopped:
            self._tell(KeepingState(self.state.last, second_place=self.state.second_place))
            return
        self._known = known
        self._next_at = time.monotonic() + self.EVERY_S
        if not made.verified:
            self._tell(KeepingState(self.state.last, broken=made.broken))
            return
        self._tell(self._second_place(made))

    def _second_place(self, made: backup.Backup) -> KeepingState:
        """After the copy here, which nothing about the other place may cost: what went wrong there is told as that."""
        path = ""
        try:
            place = keeping.second_place()
            if place is not None:
                path = str(place[0])
                made = backup.numbered_above(made, backup.highest(place[0], self._data_dir))
                backup.to_second_place(made, place[0])
        except Exception as error:
            if isinstance(error, EnvironmentFault) and error.key == "keeping.second_place_gone":
                return KeepingState(made, problem=self._align(), second_place="gone")
            if isinstance(error, DeskError):
                return KeepingState(made, problem=text.sentence(error), second_place="failed")
            if not isinstance(error, OSError):
                sys.excepthook(type(error), error, error.__traceback__)
            detail = str(error) or type(error).__name__
            said = text.sentence("keeping.second_place_failed", {"path": path, "detail": detail})
            return KeepingState(made, problem=said, second_place="failed")
        return KeepingState(made, problem=self._align(), second_place="copied" if place is not None else "")

    def _tell(self, state: KeepingState) -> None:
        self.state = state
        self.state_changed.emit(state)

    def finish(self, last_words: str = "closing") -> None:
        """Let go of a copy under way, make the last one if anything changed, and stop."""
        self.last_words = last_words
        self._stop.set()
        self._wake.set()
        self.wait()


@dataclass(frozen=True)
class Between:
    """A job between two desks: it needs the center closed, so it is done when one desk has stopped and before the next.

    `work` runs in a thread that has no connection; `waiting` is said meanwhile, what `done` makes of its result
    afterwards. `why` is the reason of the backup that is made before.
    """

    waiting: str
    done: Callable[[Any], str]
    work: Callable[[], Any] = field(repr=False)  # may hold a recovery code
    why: str = "closing"


class BetweenThread(QThread):
    """Does a job between two desks. Afterwards `error` holds what went wrong, None where nothing did."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
        self._work = work
        self.error: DeskError | None = None
        self.result: Any = None

    def run(self) -> None:
        """The thread's life: one job, which opens and closes the file itself."""
        try:
            self.result = self._work()
        except DeskError as error:
            self.error = error
        except Exception as error:  # a bug: the desk opens again all the same
            self.error = EnvironmentFault("keeping.job_failed", detail=str(error) or type(error).__name__)
            sys.excepthook(*sys.exc_info())


class CheckThread(QThread):
    """Proves every rule of the open file beside the window, on a connection of its own; given an actor, repairs first.

    `progress` carries a rule (or `repair.` and a kind), how many are done, and of how many. Afterwards `found` holds a
    `Soundness` (None where it was stopped), `made` what was repaired, `error` what stood in the way.
    """

    progress = Signal(str, int, int)

    def __init__(self, actor: Actor | None = None) -> None:
        super().__init__()
        self._actor = actor
        self._stop = threading.Event()
        self.found: soundness.Soundness | None = None
        self.made: repairs.Repaired | None = None
        self.error: DeskError | None = None

    def run(self) -> None:
        """The thread's life: one check, or one repair and the check of what it left."""
        from app.desk import repairs
        from app.lists import soundness

        try:
            with store.connected(readonly=self._actor is None):
                if self._actor is not None:
                    self.made = repairs.repair(self._actor, self.progress.emit, self._stop.is_set)
                self.found = soundness.examine(self.progress.emit, self._stop.is_set)
        except DeskError as error:
            self.error = error
        except (checks.Stopped, backup.Stopped):
            self.found = None
        except Exception:
            sys.excepthook(*sys.exc_info())

    def stop(self) -> None:
        """Do not go on; a statement under way is broken off."""
        self._stop.set()
