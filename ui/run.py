"""The program's window from start to end: which center, its desk, what a desk asks for when it closes, and again.

Shut down: mail thread, desk thread, window, file.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app import log, paths, store, text
from app.cli import know_key
from app.desk import keeping
from app.desk.accounts import Actor
from app.errors import DeskError
from app.lists import staff
from app.store import damage
from app.text import _
from app.workers import BetweenThread
from ui import memory
from ui.application import Desk
from ui.crash import CrashReporter, write_down
from ui.dialogs.waiting import Waiting
from ui.start import open_folder


def open_window(data_dir: Path, key_file: Path | None = None) -> int:
    """Open the window on a center, making a demo center at the first start; returns the exit code."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("Deskbell")
    application.setStyle("Fusion")
    memory.take_look()
    application.setQuitOnLastWindowClosed(False)
    log.begin(data_dir)
    sys.excepthook = write_down  # until there is a window to show it in
    try:
        return _work(application, data_dir, key_file)
    except Exception as error:
        log.failure(error)
        raise
    finally:
        log.end()


def _work(application: QApplication, data_dir: Path, key_file: Path | None) -> int:
    """One desk after the other until somebody closes the last."""
    desk = first_desk(data_dir, key_file)
    if desk is None:
        store.release_folder()
        return 1
    # A system that ends its session says TERM: close in order then, too. Python hears it when it gets to run.
    signal.signal(signal.SIGTERM, lambda *_: application.quit())
    heartbeat = QTimer()
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start(300)
    try:
        while desk is not None:
            log.begin(desk.data_dir)
            reporter = CrashReporter(desk.window)
            reporter.install()
            desk.window.closing.connect(application.quit)
            memory.take_place(desk.window)
            desk.start()
            try:
                code = application.exec()
            finally:
                memory.keep_place(desk.window)
                desk.stop()
            desk = reopened(desk)
        return code
    finally:
        store.release_folder()


def first_desk(data_dir: Path, key_file: Path | None = None) -> Desk | None:
    """The desk over a folder, asking on the screen where there can be none; None where nobody wants on."""
    fault: DeskError | None = None
    try:
        know_key(key_file)
    except DeskError as error:
        print(text.sentence(error), file=sys.stderr)  # noqa: T201 - it was named on the command line
        return None
    while (found := open_folder(data_dir, _make_demo, fault)) is not None:
        data_dir, said = found
        try:
            desk = Desk(data_dir)
        except Exception as error:  # what the door did not see
            explained = damage.explain(error)
            if not isinstance(explained, DeskError):
                raise
            store.close_center()
            fault = explained
            continue
        paths.remember(data_dir=str(data_dir.resolve()))
        if said:
            desk.window.notice(said)
        return desk
    return None


def reopened(desk: Desk) -> Desk | None:
    """After a desk has stopped: the next one, when the job it asked for is done; None where it asked for none.

    Where the job fails the present file is as it was, and the new desk says why.
    """
    if desk.next_job is None:
        return None
    before = keeping.at_the_desk(desk.data_dir, desk.context.actor.user_id) or desk.who_is_here()
    thread = BetweenThread(desk.next_job.work)
    waiting = Waiting(desk.next_job.waiting)
    waiting.until(thread)
    again = first_desk(desk.data_dir)
    if again is None:
        return None
    # What somebody may do is said by the file that is open now: it may be of a time before they became an admin.
    # Who that is says the uid alone: ids of the file that was may be another's in it.
    here = {person.uid: person for person in staff.at_work("staff", "admin", "super_admin")}
    who = here.get(before.uid) if before is not None else None
    if who is not None:
        again.context.set_actor(Actor(who.id, who.role, desk.context.actor.desk))
    again.window.notice(text.sentence(thread.error) if thread.error is not None else desk.next_job.done(thread.result))
    return again


def _make_demo(data_dir: Path) -> None:
    from PySide6.QtWidgets import QProgressBar, QProgressDialog

    from app import demo

    said = _("Making a demo center in {path} …").format(path=data_dir)
    progress = QProgressDialog(said, "", 0, 100)
    progress.setCancelButton(None)
    for bar in progress.findChildren(QProgressBar):
        bar.setTextVisible(False)
    progress.setWindowTitle("Deskbell")
    progress.setMinimumDuration(0)

    def step(done: int, of: int) -> None:
        progress.setValue(round(99 * done / max(of, 1)))
        QApplication.processEvents()

    demo.fill(data_dir, progress=step)
    progress.close()
    progress.deleteLater()
