"""The log: what went wrong is in it with its places, and nothing that anybody typed; it stays small."""

from __future__ import annotations

import errno
import json
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from app import log, paths, store
from app.desk import enrollment, people
from app.errors import UserError
from tests.support.center import build
from ui import crash


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Path]:
    log.begin(tmp_path)
    yield paths.log_file(tmp_path)
    log.end()


def fail(error: BaseException) -> None:
    """Let something go wrong with a name, a mail and an amount at hand."""
    name, mail, amount_minor = "Ana Satler", "ana@example.com", 12345
    try:
        raise error
    except BaseException as caught:
        log.failure(caught)
        assert f"{name} {mail} {amount_minor}"


def test_the_place_and_the_kind_are_kept_and_no_words(kept: Path) -> None:
    fail(ValueError("Ana Satler <ana@example.com> owes 123.45"))
    said = kept.read_text("utf-8")
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ Deskbell \d", said)
    assert "  tests/test_log.py:" in said and " fail\n  ValueError\n" in said
    assert not [one for one in ("Ana", "ana@", "123", str(Path.home())) if one in said.replace("test_log", "")]


def test_a_place_outside_the_program_is_named_without_its_folders(kept: Path) -> None:
    try:
        json.loads("Ana")
    except ValueError as error:
        log.failure(error)
    said = kept.read_text("utf-8")
    assert "\n  decoder.py:" in said and "python3" not in said and "Ana" not in said


def test_what_led_to_it_comes_first_and_codes_are_kept(kept: Path) -> None:
    try:
        try:
            raise OSError(errno.ENOSPC, "no room", "/home/ana/center.db")
        except OSError as error:
            raise UserError("people.name_needed", "name", name="Ana") from error
    except UserError as error:
        log.failure(error)
    said = kept.read_text("utf-8")
    assert said.index("OSError ENOSPC") < said.index("app.errors.UserError people.name_needed")
    assert "ana" not in said.lower()


def test_an_error_of_a_rule_over_real_people_names_none_of_them(kept: Path, tmp_path: Path) -> None:
    center = build(tmp_path / "center")
    try:
        with pytest.raises(UserError) as twice:
            people.add_student(center.staff, people.StudentDraft("Ana", "Satler", email="ana at example"))
        log.failure(twice.value)
        with pytest.raises(Exception) as odd:
            enrollment.enroll(center.staff, enrollment.EnrollmentDraft("Ana Satler", center.course))  # type: ignore[arg-type]
        log.failure(odd.value)
    finally:
        store.close_center()
    said = kept.read_text("utf-8")
    assert said.count("Deskbell") == 2 and "app/desk/people.py" in said and "app/desk/enrollment.py" in said
    assert "    raise UserError(" in said  # a line of the program itself
    assert "Ana" not in said and "Satler" not in said and "ana at" not in said


def test_the_same_again_is_counted(kept: Path) -> None:
    for _time in range(25):
        fail(ZeroDivisionError("one"))
    said = kept.read_text("utf-8")
    assert said.count("Deskbell") == 1 and said.count("for the 10th time: ZeroDivisionError") == 1


def test_the_log_stays_small(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MOST_BYTES", 4_000)
    log.begin(kept.parent)
    for number in range(200):
        fail(type(f"Error{number}", (Exception,), {})())
    files = sorted(kept.parent.iterdir())
    assert [one.name for one in files] == ["deskbell.log", "deskbell.log.1", "deskbell.log.2"]
    assert max(one.stat().st_size for one in files) <= 4_000
    assert "Error199" in kept.read_text("utf-8")


def test_calls_without_end_are_cut(kept: Path) -> None:
    def deeper() -> None:
        deeper()

    try:
        deeper()
    except RecursionError as error:
        log.failure(error)
    said = kept.read_text("utf-8")
    assert " more)" in said and said.count("\n") < 120


def test_a_log_that_cannot_be_written_is_no_second_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.begin(tmp_path / "not there")
    try:
        fail(ValueError("x"))
    finally:
        log.end()
    fail(ValueError("after the end"))
    assert capsys.readouterr().err == "" and list(tmp_path.iterdir()) == []


def test_what_fails_in_threads_and_without_a_window_is_in_it(
    kept: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "__excepthook__", lambda *error: None)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)

    class Odd(QThread):
        def run(self) -> None:
            try:
                raise KeyError("Ana Satler")
            except KeyError:
                sys.excepthook(*sys.exc_info())  # as the threads of the program tell it

    def work() -> None:
        raise LookupError("Ana Satler")

    window = QWidget()
    reporter = crash.CrashReporter(window)
    reporter.install()
    reporter.happened.disconnect()  # no dialog here
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    odd = Odd()
    odd.start()
    assert odd.wait(5_000)
    said = kept.read_text("utf-8")
    assert "LookupError" in said and "KeyError" in said and "Ana" not in said
    window.deleteLater()
    qtbot.waitUntil(lambda: not isValid(reporter))
    sys.excepthook(ArithmeticError, ArithmeticError("between two desks"), None)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    said = kept.read_text("utf-8")
    assert "ArithmeticError" in said and "KeyboardInterrupt" not in said
