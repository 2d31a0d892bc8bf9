"""The threads beside the window (QtCore only): the desk thread, which does the writing, and the mail thread.

A thread that owns a connection overrides `run()`: peewee's connection is thread-local and `moveToThread` loses it.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from app import store


class Job(QObject):
    """One call handed to the desk thread. `done` carries its result, `failed` its exception.

    Lives in the thread that submitted it; connect only methods of QObjects.
    """

    done = Signal(object)
    failed = Signal(object)

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self.call = call


class DeskThread(QThread):
    """Runs the desk's functions one after the other, in the order they were submitted, on its own connection.

    `committed` relays every commit of any thread of this process as one signal with a `store.Changes`.
    """

    committed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._stop_listening = store.listen(self.committed.emit)

    def submit(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Job:
        """Hand over one call; it runs after those already waiting. Keep the Job until it has answered."""
        job = Job(lambda: function(*args, **kwargs))
        self._jobs.put(job)
        return job

    def run(self) -> None:
        """The thread's life: connect, work off the jobs, disconnect."""
        with store.connected():
            while (job := self._jobs.get()) is not None:
                try:
                    result = job.call()
                except BaseException as error:  # every failure is answered, none is swallowed
                    job.failed.emit(error)
                else:
                    job.done.emit(result)

    def finish(self) -> None:
        """Let what was submitted run to its end, then stop; returns when the thread is over."""
        self._jobs.put(None)
        self.wait()
        self._stop_listening()
