"""Bringing 100,000 people in, checks included, beside the driver's executemany of the same rows into the same file."""

from __future__ import annotations

import csv
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from app import store
from app.demo.names import people
from app.errors import DeskError
from app.exchange import checking, columns, importing, reading
from app.store import database
from app.store.models import Timeline
from tests.benchmarks.bench_desk import PEOPLE, say
from tests.exchange.test_reading import BAD
from tests.support.center import build

pytestmark = pytest.mark.benchmark
ROOT = Path(__file__).resolve().parent.parent.parent


def listed(path: Path, count: int, *, paid: bool = False) -> Path:
    """A list as a spreadsheet of a German-speaking country writes it; `paid` has one who pays for every three."""
    heads = ["Vorname", "Nachname", "E-Mail", "Telefon", "Geburtsdatum", "Straße", "PLZ", "Ort"]
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(heads + ["Zahler", "E-Mail Eltern", "Telefon Eltern"] * paid)
        for number, one in enumerate(people(random.Random(3), count)):
            year, month, day = one.date_of_birth.split("-")
            out.writerow(
                [
                    one.first_name, one.last_name, one.email, f"+43 660 {number:07d}", f"{day}.{month}.{year}",
                    f"Weg {number % 997}", f"{1000 + number % 90}", "Wien",
                    *[f"Vera {number // 3}", f"vera{number // 3}@mail.example", f"+43 1 {number // 3:07d}"] * paid,
                ]
            )  # fmt: skip
    return path


def whole_import(folder: Path, path: Path) -> tuple[float, importing.Done]:
    """(seconds from the file to the commit, what was done) of an import into a new center, which stays open."""
    center = build(folder)
    begun = time.perf_counter()
    table = reading.read(path)
    plan = checking.plan(table, columns.guess(table))
    plan.decide([number for number, line in enumerate(plan.lines) if line.state == "twice"], "new")
    done = importing.import_students(center.staff, plan)
    return time.perf_counter() - begun, done


def test_bad_files_are_refused_within_a_second(tmp_path: Path) -> None:
    took = {}
    for name, (content, key) in BAD.items():
        path = tmp_path / "list.csv"
        path.write_bytes(content())
        begun = time.perf_counter()
        with pytest.raises(DeskError, match=key):
            reading.read(path)
        took[name] = time.perf_counter() - begun
    name = max(took, key=lambda one: took[one])
    say(f"refusing {len(BAD)} bad files", f"{max(took.values()):.2f} s: {name}", "-", "1 s each")


def test_a_sheet_beside_openpyxl_alone(tmp_path: Path) -> None:
    count = PEOPLE // 10
    path = tmp_path / "people.xlsx"
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    with listed(tmp_path / "people.csv", count).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file, delimiter=";"):
            sheet.append(row)
    book.save(path)
    begun = time.perf_counter()
    assert len(reading.read(path).rows) == count
    ours = time.perf_counter() - begun
    begun = time.perf_counter()
    bare = load_workbook(path, read_only=True)
    assert len(list(bare.worksheets[0].iter_rows(values_only=True))) == count + 1
    floor = time.perf_counter() - begun
    bare.close()
    say(f"reading a sheet of {count:,}", f"{ours:.2f} s", f"{floor:.2f} s openpyxl", f"(is {ours / floor:.2f}x)")


def rows_of(table: str, columns: list[str], above: int) -> list[tuple[Any, ...]]:
    sql = f"SELECT {', '.join(columns)} FROM {table} WHERE id > ? ORDER BY id"
    return list(database.db.connection().execute(sql, (above,)).fetchall())


@pytest.mark.parametrize("paid", [False, True])
def test_an_import_beside_the_plain_driver(tmp_path: Path, paid: bool) -> None:
    path = listed(tmp_path / "people.csv", PEOPLE, paid=paid)
    ours, done = whole_import(tmp_path / "ours", path)
    assert done.added == PEOPLE
    first = done.first_id - 1
    before = Timeline.select().count() - PEOPLE
    ready = []
    for table, above in (("payers", 0), ("users", first), ("people_search", first), ("timeline", before)):
        names = [row[1] for row in database.db.connection().execute(f"PRAGMA table_info({table})").fetchall()]
        values = rows_of(table, names, above)
        assert len(values) == (PEOPLE if table != "payers" else -(-PEOPLE // 3) * paid)
        ready.append((f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", values))
    store.close_center()
    center = build(tmp_path / "floor")
    begun = time.perf_counter()
    with store.write("Floor", center.staff) as w:
        for sql, values in ready:
            w.connection.executemany(sql, values)
    floor = time.perf_counter() - begun
    store.close_center()
    say(
        f"import of {PEOPLE:,} people{' with payers' * paid}, checked",
        f"{ours:.1f} s",
        f"{floor:.1f} s executemany",
        f"2x (is {ours / floor:.2f}x)",
    )


#: The most a process ever held, by its own account: getrusage would count what its parent held before.
CHILD = """
import re, sys
from pathlib import Path
from tests.benchmarks.bench_exchange import whole_import
if len(sys.argv) > 1:
    whole_import(Path(sys.argv[1]), Path(sys.argv[2]))
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def test_the_memory_of_an_import(tmp_path: Path) -> None:
    path = listed(tmp_path / "people.csv", PEOPLE)
    most, least = (
        int(subprocess.check_output([sys.executable, "-c", CHILD, *arguments], cwd=ROOT, text=True))
        for arguments in ([str(tmp_path / "center"), str(path)], [])
    )
    say(f"memory of importing {PEOPLE:,}", f"{most} MB", f"{least} MB without", "300 MB")


#: A list of everyone as the screen shows it, in a process of its own: what it takes, and the most it ever held.
SHOWN = """
import re, sys, time
from pathlib import Path
from app import store
from app.desk.accounts import SYSTEM
from app.exchange import shown
from app.lists import people
store.open_center(Path(sys.argv[1]))
keys = ("name", "phone", "email", "courses", "next_slot_at", "balance_minor", "status")
names = {"next_slot_at": "next_slot", "balance_minor": "balance"}
says = lambda key: lambda row: str(getattr(row, key) or "")
columns = [shown.ShownColumn(names.get(key, key), key, 100, False, says(key)) for key in keys]
ids = people.ids("", (), "Europe/Vienna", sort="name")
begun = time.perf_counter()
count = shown.export(SYSTEM, ids, shown.Shown(tuple(columns)), Path(sys.argv[2]))
took = time.perf_counter() - begun
held = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
store.close_center()
print(count, took, held)
"""


def test_the_roster_out_as_it_is_shown(tmp_path: Path) -> None:
    _took, done = whole_import(tmp_path / "center", listed(tmp_path / "people.csv", PEOPLE))
    store.close_center()
    for ending in ("csv", "xlsx", "pdf"):
        command = [sys.executable, "-c", SHOWN, str(tmp_path / "center"), str(tmp_path / f"out.{ending}")]
        count, took, held = subprocess.check_output(command, cwd=ROOT, text=True).split()
        assert int(count) >= done.added
        say(f"{PEOPLE:,} rows as shown, {ending}", f"{float(took):.1f} s, {held} MB", "-", "300 MB")
