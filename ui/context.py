"""What every page is given: who is at the desk, the center, and the one road to the desk thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from app.desk.accounts import Actor
from app.errors import DeskError
from app.settings import Center
from app.workers import DeskThread, Job


class _Call(QObject):
    """A running job with its two answers; a QObject, so that they arrive in the window's thread."""

    def __init__(self, context: Context, job: Job, done: Any, failed: Any, busy: QWidget | None) -> None:
        super().__init__(context)
        self.job, self._done, self._failed, self._busy = job, done, failed, busy
        self._silent = False
        self._had_focus = busy is not None and busy.hasFocus()
        if busy is not None:
            busy.setEnabled(False)
        self._went_to = QApplication.focusWidget()
        job.done.connect(self._on_done)
        job.failed.connect(self._on_failed)

    def forget(self) -> None:
        """Tell nobody any more; what was submitted is still done."""
        self._done = self._failed = self._busy = None
        self._silent = True

    def _on_done(self, result: object) -> None:
        self._end()
        if self._done is not None and _is_there(self._done):
            self._done(result)

    def _on_failed(self, error: BaseException) -> None:
        self._end()
        if self._silent and isinstance(error, DeskError):
            return
        if self._failed is not None and isinstance(error, DeskError) and _is_there(self._failed):
            self._failed(error)
        elif isinstance(error, DeskError):
            self._context().problem.emit(error)
        else:
            raise error

    def _context(self) -> Context:
        parent = self.parent()
        assert isinstance(parent, Context)
        return parent

    def _end(self) -> None:
        if self._busy is not None and isValid(self._busy):
            wandered = QApplication.focusWidget()
            self._busy.setEnabled(True)
            if self._had_focus and (wandered is None or wandered is self._went_to):
                self._busy.setFocus()  # what is disabled loses it; the next key belongs where the last one was
        self._context().calls.discard(self)
        self.deleteLater()


def _is_there(told: Any) -> bool:
    """Whether whoever waits for an answer still exists: a form may be closed, and gone, before it comes."""
    while isinstance(told, partial):
        told = told.func
    owner = getattr(told, "__self__", None)
    return not isinstance(owner, QObject) or isValid(owner)


class Context(QObject):
    """Shared by all pages. Signals: `changed` (store.Changes after a commit), `problem` (a DeskError nobody
    claimed), `notice` (a finished sentence for the notice line), `navigate` (page key, parameters), `actor_changed`,
    `backup_wanted` (now).
    """

    changed = Signal(object)
    problem = Signal(object)
    notice = Signal(str)
    navigate = Signal(str, object)
    actor_changed = Signal()
    center_changed = Signal()
    backup_wanted = Signal()

    def __init__(self, desk: DeskThread, reader: DeskThread, actor: Actor, center: Center) -> None:
        super().__init__()
        self.desk, self.reader, self.actor, self.center = desk, reader, actor, center
        self.calls: set[_Call] = set()
        self._closing = threading.Event()
        desk.committed.connect(self._on_committed)

    def run(
        self,
        function: Callable[..., Any],
        *args: Any,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Any], None] | None = None,
        busy: QWidget | None = None,
    ) -> None:
        """Call ``function(actor, *args)`` on the desk thread. `busy` is disabled until the answer.

        `done(result)` and `failed(DeskError)` run in the window's thread; a bug goes to the crash dialog.
        """
        call = _Call(self, Job(function, self.actor, *args), done, failed, busy)
        self.calls.add(call)
        self.desk.submit(call.job)

    def read(
        self,
        function: Callable[..., Any],
        *args: Any,
        done: Callable[[Any], None],
        failed: Callable[[Any], None] | None = None,
    ) -> None:
        """Read something longer beside the window: ``function(*args)`` on the reader's own read-only connection."""
        call = _Call(self, Job(function, *args), done, failed, None)
        self.calls.add(call)
        self.reader.submit(call.job)

    @property
    def is_closing(self) -> bool:
        """Whether the window closes: what runs long beside it, and writes nothing of the center, stops then."""
        return self._closing.is_set()

    def forget(self) -> None:
        """The window closes: answers that still come in have nobody to tell."""
        self._closing.set()
        for call in self.calls:
            call.forget()

    def set_actor(self, actor: Actor) -> None:
        """Someone else is at the desk now."""
        self.actor = actor
        self.actor_changed.emit()

    def set_center(self, center: Center) -> None:
        """The center's settings were changed."""
        self.center = center
        self.center_changed.emit()

    def _on_committed(self, changes: object) -> None:
        self.changed.emit(changes)
