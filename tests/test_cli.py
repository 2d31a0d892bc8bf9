"""The command line as a support person uses it: exit codes, words on standard error, and who may write."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import clock, demo, paths, store
from app.demo import history
from app.desk import secrecy
from app.desk.accounts import SYSTEM
from app.store import backup, checks, cipher, opening
from app.store.models import Payment, User
from tests.support.center import build
from tests.support.full_center import START, build_full
from tests.support.keyrings import nothing_is_known
from tests.support.later_schema import STEPS, Step, later_schema
from ui.main import main

__all__ = ["later_schema", "nothing_is_known"]

MORNING = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build_full(tmp_path / "center")
    store.close_center()
    return tmp_path / "center"


def run(folder: Path, *words: str) -> int:
    return main(["--data-dir", str(folder), *words])


def test_check_is_silent_over_a_sound_file_and_says_what_is_broken(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "check") == 0
    assert "0 broken rows" in capsys.readouterr().out
    store.open_center(folder)
    store.db.connection().execute("UPDATE current_operation SET operation_id = 1")
    store.close_center()
    assert run(folder, "check", "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert [row["rule"] for row in said["broken"]] == ["record.closed"]


def test_repair_makes_anew_what_can_be_and_reports_what_stays(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.open_center(folder)
    store.db.connection().execute("DROP INDEX payments_day")
    store.close_center()
    assert run(folder, "repair") == 0
    said = capsys.readouterr().out
    assert "Indexes: 1" in said
    assert "Every rule holds." in said
    assert len(list((folder / "backups").glob("*-repair.unsound.db"))) == 1
    assert run(folder, "repair") == 0
    assert len(list((folder / "backups").iterdir())) == 1
    store.open_center(folder)
    store.db.connection().execute("CREATE TABLE more (x)")
    store.close_center()
    report = tmp_path / "report.txt"
    assert run(folder, "repair", "--report", str(report)) == 1
    assert "1 row · the file itself" in capsys.readouterr().err
    assert "table more is not ours" in report.read_text("utf-8")
    assert run(folder, "check", "--report", str(tmp_path / "no" / "such")) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_backup_and_restore(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy.db"
    assert run(folder, "backup", str(copy)) == 0
    assert run(folder, "backup", str(copy)) == 1
    assert "already there" in capsys.readouterr().err
    store.open_center(folder)
    before = User.select().count()
    with store.write("After the backup", store_actor()) as w:
        w.insert(User, role="student", number="S-9", first_name="Late")
    store.close_center()
    assert run(folder, "restore", str(copy)) == 0
    store.open_center(folder)
    assert User.select().count() == before
    store.close_center()
    assert len(list(folder.glob("before-restore-*.db"))) == 1


def store_actor() -> object:
    from app.desk.accounts import SYSTEM

    return SYSTEM


@pytest.mark.parametrize("damage", ["cut", "foreign", "empty"])
def test_a_bad_backup_is_refused_and_nothing_is_touched(
    folder: Path, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.db"
    assert run(folder, "backup", str(bad)) == 0
    whole = bad.read_bytes()
    bad.write_bytes({"cut": whole[: len(whole) // 2], "foreign": b"something else" * 99, "empty": b""}[damage])
    before = (folder / "center.db").read_bytes()
    assert run(folder, "restore", str(bad)) == 1
    assert "not a sound Deskbell backup" in capsys.readouterr().err
    assert (folder / "center.db").read_bytes() == before


def test_an_invoice_as_pdf_the_same_bytes_twice(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one.pdf", "two.pdf"):
        assert run(folder, "invoice", "2026-000001", "--out", str(tmp_path / name)) == 0
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    assert (tmp_path / "one.pdf").read_bytes().startswith(b"%PDF")
    assert run(folder, "invoice", "2026-999999", "--out", str(tmp_path / "no.pdf")) == 1
    assert "There is no invoice 2026-999999." in capsys.readouterr().err
    assert not (tmp_path / "no.pdf").exists()


def test_wrong_usage_is_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["no-such-command"])
    assert ended.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


def test_a_writing_command_refuses_while_a_window_owns_the_folder(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.claim_folder(folder)
    try:
        owner = opening._owner
        opening._owner = None
        assert run(folder, "mail", "send") == 1
        assert "already open" in capsys.readouterr().err
        assert run(folder, "repair") == 1
        assert "already open" in capsys.readouterr().err
        assert run(folder, "mail", "status") == 0
        opening._owner = owner
    finally:
        store.release_folder()


READING = {
    "check": ("check",),
    "backup": ("backup", "copy.db"),
    "invoice": ("invoice", "2026-000001", "--out", "invoice.pdf"),
    "export": ("export", "students", "people.csv"),
    "mail status": ("mail", "status"),
    "dry run": ("import", "students", "list.csv", "--dry-run"),
}


@pytest.mark.parametrize("words", READING.values(), ids=READING.keys())
def test_a_reading_command_does_not_upgrade_the_file_under_a_window(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    later_schema: Callable[[list[Step]], None],
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.csv").write_text("First name\nZoë\n", "utf-8")
    before = (folder / "center.db").read_bytes()
    later_schema(STEPS)
    store.claim_folder(folder)
    owner, opening._owner = opening._owner, None
    try:
        assert run(folder, *words) == 1
        assert "is of an older version, and a window or another command has it open" in capsys.readouterr().err
        assert (folder / "center.db").read_bytes() == before
        assert not (folder / "backups").exists()
    finally:
        owner.close()
    with clock.frozen(START + timedelta(hours=10)):
        assert run(folder, *words) == 0
    assert [one.why for one in backup.listing(folder)] == ["migration"], "brought up, after a copy of the old one"
    store.claim_folder(folder)  # and let go of
    store.release_folder()


@pytest.mark.parametrize("what", ["missing", "foreign", "newer"])
def test_a_folder_that_cannot_be_opened_is_named_in_words(
    tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "center"
    folder.mkdir()
    file = folder / "center.db"
    if what == "foreign":
        file.write_bytes(b"this is a letter, not a database" * 10)
    elif what == "newer":
        build(folder / "x")
        store.db.connection().execute("PRAGMA user_version = 999")
        store.close_center()
        (folder / "x" / "center.db").rename(file)
    before = file.read_bytes() if file.exists() else b""
    assert run(folder, "check") == 1
    said = capsys.readouterr().err
    assert {"missing": "no Deskbell data", "foreign": "another program", "newer": "newer Deskbell"}[what] in said
    assert (file.read_bytes() if file.exists() else b"") == before


@pytest.mark.parametrize("command", ["check", "mail send", "mail status", "demo --students 2"])
@pytest.mark.parametrize("what", ["a file", "below a file", "a folder called center.db"])
def test_a_path_that_can_be_no_data_folder_is_named_in_words(
    tmp_path: Path, what: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter").write_text("a letter")
    (tmp_path / "odd" / "center.db").mkdir(parents=True)
    folder = {"a file": "letter", "below a file": "letter/below", "a folder called center.db": "odd"}[what]
    assert run(tmp_path / folder, *command.split()) == 1
    said = capsys.readouterr().err
    assert str(tmp_path / folder) in said
    assert said.count("\n") == 1
    assert not store.is_open()
    assert (tmp_path / "letter").read_text() == "a letter"


def test_a_demo_that_was_broken_off_leaves_no_half_center(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while it was made, at the first start: the next start must not open what is there of it."""
    write = history.write

    def broken_off(*args: Any) -> None:
        write(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(history, "write", broken_off)
        with pytest.raises(KeyboardInterrupt):
            demo.fill(tmp_path, students=1)
    assert not paths.data_file(tmp_path).exists()
    demo.fill(tmp_path, students=1)
    assert [file.name for file in tmp_path.iterdir()] == ["center.db"]


def test_the_self_test(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["self-test"]) == 0
    said = capsys.readouterr().out
    assert said.count(" ok") == 5


def test_a_demo_center_keeps_every_rule_and_is_the_same_twice(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        demo.fill(tmp_path / name, students=40, seed=7, now=MORNING)
        store.open_center(tmp_path / name)
        with clock.frozen(MORNING):
            assert checks.run() == []
        people = [(row.first_name, row.last_name, row.balance_minor) for row in User.select().order_by(User.id)]
        money = [
            (row.number, row.status, row.method, row.amount_minor) for row in Payment.select().order_by(Payment.id)
        ]
        found.append((people, money))
        assert {row.status for row in Payment.select()} == {"STARTED", "COMPLETED", "FAILED"}
        store.close_center()
    assert found[0] == found[1]


def test_a_large_demo_brings_many_people_and_keeps_every_rule(tmp_path: Path) -> None:
    from app.demo import history

    small, history.BUSY = history.BUSY, 15
    try:
        demo.fill(tmp_path / "many", students=2_000, seed=3, now=MORNING)
    finally:
        history.BUSY = small
    store.open_center(tmp_path / "many")
    with clock.frozen(MORNING):
        assert checks.run() == []
    assert User.select().where(User.role == "student").count() == 2_000
    store.close_center()


def test_one_encrypted_file_moves_the_center_by_command_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moved, words, other = tmp_path / "move.deskbell", tmp_path / "words.txt", tmp_path / "other"
    words.write_text("correct horse battery staple\n", "utf-8")
    assert run(folder, "backup", str(moved)) == 1  # nobody can be asked for the passphrase here
    assert "passphrase" in capsys.readouterr().err
    assert run(folder, "backup", str(moved), "--passphrase-file", str(tmp_path / "none")) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert run(folder, "backup", str(moved), "--passphrase-file", str(words)) == 0
    assert not moved.read_bytes().startswith(b"SQLite")
    assert run(other, "restore", str(moved)) == 1
    assert "passphrase" in capsys.readouterr().err
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("correct horse battery stable", "utf-8")
    assert run(other, "restore", str(moved), "--passphrase-file", str(wrong)) == 1
    assert "does not open this file" in capsys.readouterr().err
    assert not (other / "center.db").exists()
    assert run(other, "restore", str(moved), "--passphrase-file", str(words)) == 0
    assert run(other, "check") == 0
    assert "0 broken rows" in capsys.readouterr().out


def test_a_passphrase_is_asked_for_on_a_terminal(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "move.deskbell"
    answers = iter(["long enough", "long enouhg", "long enough", "long enough", "long enough"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(answers))
    assert run(folder, "backup", str(moved)) == 1
    assert "not the same" in capsys.readouterr().err
    assert run(folder, "backup", str(moved)) == 0
    assert run(tmp_path / "other", "restore", str(moved)) == 0
    assert "long enough" not in "".join(capsys.readouterr())


def test_an_encrypted_center_by_command_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = secrecy.new_code()
    secrecy.switch_on(SYSTEM, folder, code)
    cipher.forget()
    assert run(folder, "check") == 1
    said = capsys.readouterr().err
    assert "encrypted" in said
    assert "Traceback" not in said
    paper = tmp_path / "paper.txt"
    for words, answer in ((secrecy.new_code(), "encrypted"), (code[:-3], "groups of"), ("x", "groups of")):
        paper.write_text(words)
        assert run(folder, "--key-file", str(paper), "check") == 1
        assert answer in capsys.readouterr().err
    assert run(folder, "--key-file", str(tmp_path / "none"), "check") == 1
    assert "cannot be read" in capsys.readouterr().err
    paper.write_text(f"{code}\n")
    assert run(folder, "--key-file", str(paper), "check") == 0
    cipher.forget()
    monkeypatch.setenv("DESKBELL_KEY_FILE", str(paper))
    copy = tmp_path / "copy.db"
    assert run(folder, "backup", str(copy)) == 0
    assert cipher.kind_of(copy) == "keyed"
    assert run(folder, "restore", str(copy)) == 0
    assert run(folder, "mail", "status") == 0
    assert cipher.kind_of(folder / "center.db") == "keyed"
