"""Forms whose work runs beside the window: how far it is, and that it stops when nobody waits for it any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from app.errors import DeskError
from app.exchange.reading import Stopped
from app.text import _
from ui.context import Context
from ui.dialogs.form import FormDialog


class Work(QObject):
    """Something long that runs beside the window: how far it is, and whether it was stopped."""

    progress = Signal(int, int)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.stopped = False

    def stop(self) -> bool:
        """Whether someone said stop, or closed the window; asked by whoever does the work."""
        return self.stopped or self._context.is_closing

    def tell(self, done: int, total: int) -> None:
        """How far it is, from whatever thread."""
        self.progress.emit(done, total)


def unless_stopped(function: Callable[..., Any], *args: Any) -> Any:
    """What a function returns; Stopped as an answer, for it is no failure."""
    try:
        return function(*args)
    except Stopped as stopped:
        return stopped


class BesideForm(FormDialog):
    """A form that begins its work and closes with the answer; closed before, the work stops and nobody is told.

    Subclasses add `bar` where it belongs, `begin` the work, and take the answer in `finished_with`.
    """

    def __init__(self, context: Context, parent: QWidget, title: str, icon: str, *, width: int) -> None:
        super().__init__(parent, title, icon, width=width)
        self.context = context
        self.work = Work(context)
        self.work.progress.connect(self._progressed)
        self._closed = False
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Progress"))
        self.bar.hide()

    def begin(self, function: Callable[..., Any], *args: Any) -> None:
        """Call ``function(*args, work)`` beside the window."""
        self.say("")
        self.bar.setRange(0, 0)
        self.bar.show()
        self.main.setEnabled(False)
        self.context.read(unless_stopped, function, *args, self.work, done=self._answered, failed=self._failed)

    def finished_with(self, answer: Any) -> None:
        """What the work gave; the form is still there."""
        raise NotImplementedError

    def _answered(self, answer: Any) -> None:
        if not self._closed and not isinstance(answer, Stopped):
            self.finished_with(answer)

    def _progressed(self, done: int, total: int) -> None:
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def _failed(self, error: DeskError) -> None:
        if not self._closed:
            self.bar.hide()
            self.main.setEnabled(True)
            self.refuse(error)

    def done(self, code: int) -> None:
        self._closed = True
        self.work.stopped = True
        super().done(code)
