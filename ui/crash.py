"""When the program itself is wrong: one dialog that says nothing was saved, once per traceback, from any thread.

What looks like a bug may be a damaged file or a failing disk: that is asked first, beside the window, and said in one
sentence instead. Every one is written to the log, which names nobody; what cannot reach a window is in it, too.
"""

from __future__ import annotations

import sys
import threading
import traceback
from functools import partial
from types import TracebackType

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget

from app import __version__, log, text
from app.errors import EnvironmentFault
from app.store.damage import explain
from app.text import _
from ui.dialogs.ask import ask
from ui.dialogs.form import FormDialog
from ui.widgets.basic import Button, Text


class CrashDialog(FormDialog):
    """What happened, what is safe, and details to copy."""

    def __init__(self, parent: QWidget, details: str) -> None:
        super().__init__(parent, _("Deskbell hit an error. Nothing was saved."), "circle-x", width=760)
        self.setObjectName("crash")
        self.details = details
        words = _("What you were doing was not booked. Everything that was saved before is safe; you can go on.")
        self.body.addWidget(Text(words, "body", "text2", wrap=True))
        box = QPlainTextEdit(details)
        box.setReadOnly(True)
        box.setFixedHeight(180)
        box.setObjectName("details")
        box.setAccessibleName(_("Details"))
        self.body.addWidget(box)
        if log.file() is not None:
            kept = _("It is kept in deskbell.log in the data folder, too, without names, addresses and amounts.")
            label = Text(kept, "small", "text2", wrap=True)
            label.setObjectName("crash_log")
            self.body.addWidget(label)
        copy = Button(_("Copy details"), "copy")
        copy.clicked.connect(self._copy)
        self.add_foot((copy,), Button(_("Go on"), kind="primary", keys=("Ctrl", "Enter")))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.details)

    def main_action(self) -> None:
        self.accept()


def tell_fault(window: QWidget, fault: EnvironmentFault) -> None:
    """A fault of the machine that stays until somebody does something: one sentence, once, and the way to the backups.

    The window's `safe_keeping_wanted` is told where that way is taken.
    """
    words = text.sentence(fault)
    told = window.property("told_faults") or []
    if words not in told:
        window.setProperty("told_faults", [*told, words])
        choices = [("keeping", _("Open safe keeping")), ("on", _("Go on"))]
        damaged = fault.key in ("store.damaged", "store.foreign_file")
        title = _("The data file is damaged") if damaged else _("Deskbell cannot go on like this")
        dialog = ask(window, title, words, choices, partial(_fault_answered, window))
        dialog.setObjectName("fault")


def _fault_answered(window: QWidget, key: str, _words: str) -> None:
    wanted = getattr(window, "safe_keeping_wanted", None)
    if key == "keeping" and wanted is not None:
        wanted.emit()


def write_down(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say on standard error and in the log what nobody caught: all there is to do while there is no window."""
    sys.__excepthook__(kind, error, trace)
    if not issubclass(kind, KeyboardInterrupt):
        log.failure(error if error.__traceback__ is not None else error.with_traceback(trace))


class CrashReporter(QObject):
    """Catches what nobody caught, in every thread, and shows it in the window's thread."""

    happened = Signal(object, str)
    explained = Signal(object, str)

    #: So long the dialog waits for the answer whether the file is damaged, in milliseconds.
    PATIENCE_MS = 2_000

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._seen: set[str] = set()
        self._waiting: set[str] = set()
        self.happened.connect(self._begin, Qt.ConnectionType.QueuedConnection)
        self.explained.connect(self._end, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take over the interpreter's hooks."""
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        write_down(kind, error, trace)
        if not issubclass(kind, KeyboardInterrupt):
            try:
                self.happened.emit(error, "".join(traceback.format_exception(kind, error, trace)))
            except RuntimeError:
                return  # the window is gone: it is between two desks, or at the end

    def _thread_hook(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._hook(args.exc_type, args.exc_value, args.exc_traceback)

    def _begin(self, error: BaseException, details: str) -> None:
        if details in self._seen or QApplication.instance() is None:
            return
        self._seen.add(details)
        self._waiting.add(details)
        QTimer.singleShot(self.PATIENCE_MS, self, lambda: self._show(details))
        threading.Thread(target=self._ask, args=(error, details), daemon=True).start()

    def _ask(self, error: BaseException, details: str) -> None:
        """In a thread of its own: is it the file?"""
        answer = explain(error)
        try:
            self.explained.emit(answer, details)
        except RuntimeError:
            return  # the window is gone

    def _end(self, error: BaseException, details: str) -> None:
        if not isinstance(error, EnvironmentFault):
            self._show(details)
            return
        self._waiting.discard(details)
        tell_fault(self._window, error)

    def _show(self, details: str) -> None:
        if details in self._waiting:
            self._waiting.discard(details)
            CrashDialog(self._window, f"Deskbell {__version__}\n\n{details}").open()
