"""When the program itself is wrong: one dialog that says nothing was saved, once per traceback, from any thread."""

from __future__ import annotations

import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget

from app import __version__
from app.text import _
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
        copy = Button(_("Copy details"), "copy")
        copy.clicked.connect(self._copy)
        self.add_foot((copy,), Button(_("Go on"), kind="primary", keys=("Ctrl", "Enter")))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.details)

    def main_action(self) -> None:
        self.accept()


class CrashReporter(QObject):
    """Catches what nobody caught, in every thread, and shows it in the window's thread."""

    happened = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._seen: set[str] = set()
        self.happened.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take over the interpreter's hooks."""
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if not issubclass(kind, KeyboardInterrupt):
            self.happened.emit("".join(traceback.format_exception(kind, error, trace)))

    def _thread_hook(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._hook(args.exc_type, args.exc_value, args.exc_traceback)

    def _show(self, details: str) -> None:
        if details in self._seen or QApplication.instance() is None:
            return
        self._seen.add(details)
        CrashDialog(self._window, f"Deskbell {__version__}\n\n{details}").open()
