"""A damaged file under the window: one sentence that says what to do, no traceback, and the window goes on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel

from app import paths, store
from app.desk import enrollment
from app.errors import EnvironmentFault
from app.store import damage, database, opening
from tests.support.center import build
from tests.support.window import Driver, opened
from ui import application, run
from ui.crash import CrashReporter
from ui.start import StartScreen


def zero_page_of(folder: Path, table: str) -> None:
    """A closed file loses the first page of a table."""
    connection = database.open_beside(paths.data_file(folder))
    query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
    (page,) = connection.execute(query, (table,)).fetchone()
    connection.close()
    content = bytearray(paths.data_file(folder).read_bytes())
    content[(page - 1) * 4096 : page * 4096] = bytes(4096)
    paths.data_file(folder).write_bytes(content)


@pytest.fixture
def damaged(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """The window over a file whose enrollments are unreadable, with the hooks that a started program has."""
    center = build(tmp_path / "center", email="desk@brueckenhaus.example")
    enrollment.enroll(center.staff, enrollment.EnrollmentDraft(center.student, center.course))
    store.close_center()
    zero_page_of(center.folder, "courses_enrolled")
    monkeypatch.setattr(opening, "_probe", lambda connection: None)  # damage that the door does not see
    monkeypatch.setattr(sys, "__excepthook__", lambda *error: None)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    start = application.Desk.start

    def with_hooks(desk: application.Desk) -> None:
        CrashReporter(desk.window).install()
        start(desk)

    monkeypatch.setattr(application.Desk, "start", with_hooks)
    yield from opened(qapp, center.folder, None, center)


def words(dialog: Any) -> str:
    return " ".join(label.text() for label in dialog.findChildren(QLabel))


def test_a_damaged_page_is_one_sentence_and_the_window_goes_on(damaged: Driver) -> None:
    damaged.page("students")
    told = damaged.dialog("fault")
    assert "The data file is damaged" in words(told)
    assert "Restore the last backup" in words(told)
    told.reject()
    damaged.gone("fault")
    assert damaged._dialog("crash") is None
    damaged.page("calendar")
    assert damaged.window.current().objectName() != ""


def test_what_looks_like_a_bug_is_one_in_a_whole_file_only(damaged: Driver) -> None:
    """The same error is the file's fault over a damaged file, and a crash over one that is whole."""
    error = TypeError("'NoneType' object is not subscriptable")
    fault = damage.explain(error)
    assert isinstance(fault, EnvironmentFault)
    assert (fault.key, fault.__cause__) == ("store.damaged", error)


def test_control_a_bug_over_a_whole_file_stays_a_bug(tmp_path: Path) -> None:
    build(tmp_path / "center")
    error = TypeError("'NoneType' object is not subscriptable")
    assert damage.explain(error) is error
    store.close_center()
    assert damage.explain(error) is error


def test_a_job_of_the_desk_says_it_too(damaged: Driver) -> None:
    """What fails on the desk thread arrives as a fault where the page shows its faults."""
    found: list[Any] = []

    def read(_actor: Any) -> Any:
        return database.db.execute_sql("SELECT * FROM courses_enrolled").fetchone()

    damaged.desk.context.run(read, failed=found.append)
    damaged.until(lambda: found)
    assert (type(found[0]), found[0].key) == (EnvironmentFault, "store.damaged")


def test_damage_that_only_the_desk_stumbles_over_leads_back_to_the_screen(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    center = build(tmp_path / "center")
    store.close_center()
    zero_page_of(center.folder, "settings")
    monkeypatch.setattr(opening, "_probe", lambda connection: None)
    seen: list[str] = []

    def look() -> None:
        for screen in qapp.topLevelWidgets():
            if isinstance(screen, StartScreen) and screen.isVisible():
                seen.append(words(screen))
                screen.close()

    eye = QTimer()
    eye.timeout.connect(look)
    eye.start(50)
    try:
        assert run.first_desk(center.folder) is None
    finally:
        eye.stop()
        store.close_center()
        store.release_folder()
    assert len(seen) == 1
    assert "The data file is damaged" in seen[0]
