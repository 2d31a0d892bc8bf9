"""The command line as a support person uses it: exit codes, words on standard error, and who may write."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app import clock, demo, store
from app.store import checks, database
from app.store.models import Payment, User
from tests.support.center import build
from tests.support.full_center import build_full
from ui.main import main

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
        owner = database._owner
        database._owner = None
        assert run(folder, "mail", "send") == 1
        assert "already open" in capsys.readouterr().err
        assert run(folder, "repair") == 1
        assert "already open" in capsys.readouterr().err
        assert run(folder, "mail", "status") == 0
        database._owner = owner
    finally:
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


def test_the_self_test(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["self-test"]) == 0
    said = capsys.readouterr().out
    assert said.count(" ok") == 4


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
