"""Lists by the command line: exit codes, lines on standard error, a backup before, nothing written when refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app import store
from app.store import backup, checks
from app.store.models import Import, User
from tests.support.center import build
from ui.main import main

GOOD = "Vorname;Nachname;E-Mail\r\nMai;Le;mai@mail.example\r\nEve;Ott;\r\nAna;Satler;ana.satler@mail.example\r\n"
BAD = GOOD + "Ian;Ray;ian@\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build(tmp_path / "center")
    store.close_center()
    return tmp_path / "center"


def run(folder: Path, *words: object) -> int:
    return main(["--data-dir", str(folder), *map(str, words)])


def people(folder: Path) -> int:
    store.open_center(folder)
    try:
        assert checks.run() == []
        return int(User.select().where(User.role == "student").count())
    finally:
        store.close_center()


def written(tmp_path: Path, words: str) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(words, "utf-8")
    return path


def test_import_and_export(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, GOOD)
    assert run(folder, "import", "students", path, "--dry-run", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["lines"]["new"], said["lines"]["same"], said["added"]) == (2, 1, 0)
    assert people(folder) == 2
    assert backup.listing(folder) == []
    assert run(folder, "import", "students", path) == 0
    assert "2 added, 0 changed." in capsys.readouterr().out
    assert people(folder) == 4
    assert [one.why for one in backup.listing(folder)] == ["import"]
    assert run(folder, "import", "students", path, "--dry-run") == 0
    assert "imported before" in capsys.readouterr().err
    out = tmp_path / "out.xlsx"
    assert run(folder, "export", "students", out, "--search", "mai@") == 0
    assert "1 students" in capsys.readouterr().out
    assert run(folder, "import", "students", out, "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["lines"]["same"] == 1


def test_a_wrong_line_refuses_the_list_unless_it_is_left_out(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, BAD)
    assert run(folder, "import", "students", path) == 1
    said = capsys.readouterr()
    assert "list.csv:5: Email: “ian@” is not an e-mail address" in said.err
    assert people(folder) == 2
    assert run(folder, "import", "students", path, "--skip-wrong") == 0
    assert people(folder) == 4
    store.open_center(folder)
    assert json.loads(Import.get().outcome)["wrong"] == 1
    store.close_center()


def test_refusals_and_wrong_usage(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "import", "students", tmp_path / "none.csv") == 1
    assert "cannot be read" in capsys.readouterr().err
    dates = written(tmp_path, "Vorname,Geboren\r\nAna,03/04/1998\r\n")
    assert run(folder, "import", "students", dates) == 1
    assert "more than one way" in capsys.readouterr().err
    assert run(folder, "import", "students", dates, "--dates", "mdy") == 0
    assert run(folder, "export", "students", tmp_path / "x.pdf") == 1
    for words in (("import", "pigs", "x"), ("import", "students")):
        with pytest.raises(SystemExit) as ended:
            run(folder, *words)
        assert ended.value.code == 2


def test_an_import_is_refused_while_a_window_owns_the_folder(folder: Path, tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    store.claim_folder(folder)
    owner, store.opening._owner = store.opening._owner, None
    try:
        assert run(folder, "import", "students", path) == 1
        assert run(folder, "import", "students", path, "--dry-run") == 0
    finally:
        owner.close()
    assert people(folder) == 2
