"""Lists brought in and taken out: one operation, all of it or nothing; what goes out comes back alike."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import paths, store, text
from app.desk import people, undo
from app.desk.accounts import Actor
from app.desk.people import PayerDraft, StudentDraft
from app.errors import DeskError, EnvironmentFault, UserError
from app.exchange import checking, columns, exporting, importing, reading
from app.exchange.checking import Plan
from app.lists import known
from app.store import backup, checks, search
from app.store.models import Import, Notification, Operation, Payer, Timeline, User
from tests.support.center import SmallCenter, small_center
from tests.support.controls import without_transactions
from tests.support.counting import Count, sliced
from tests.support.odd_text import ODD

__all__ = ["small_center"]
FULL = os.environ.get("DESKBELL_FULL", "") in ("all", "import")
FORMATS = ("csv", "xlsx", "vcf")


def plan_of(path: Path, style: str = "") -> Plan:
    table = reading.read(path)
    return checking.plan(table, columns.guess(table), style)


def written(folder: Path, rows: list[tuple[str, ...]]) -> Path:
    path = folder / "list.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("First name", "Last name", "Email", "Phone", "Date of birth"), *rows])
    return path


ROWS = [
    ("Mai", "Le", "mai@mail.example", "+84 555 550", "1990-02-01"),
    ("Eve", "Ott", "", "", ""),
    ("Ian", "Ray", "", "", ""),
]


def test_an_import_is_one_operation_with_numbers_timeline_and_one_notification(
    small_center: SmallCenter, tmp_path: Path
) -> None:
    operations = Operation.select().count()
    done = importing.import_students(small_center.staff, plan_of(written(tmp_path, ROWS)))
    assert (done.added, done.changed) == (3, 0)
    assert Operation.select().count() == operations + 1
    assert Operation.select().order_by(Operation.id.desc()).get().label == "Import students"
    mai = User.get(User.email == "mai@mail.example")
    assert (mai.id, mai.number, mai.role, mai.status, mai.date_of_birth) == (
        done.first_id, "S-000003", "student", "active", "1990-02-01",
    )  # fmt: skip
    assert mai.created_by == small_center.staff.user_id
    entries = list(Timeline.select().where(Timeline.key == "exchange.imported"))
    assert [json.loads(entry.params) for entry in entries] == [{"file": "list.csv"}] * 3
    told = Notification.get(Notification.key == "exchange.done")
    assert json.loads(told.params)["count"] == 3
    kept = Import.get()
    assert (kept.file_name, kept.row_count, json.loads(kept.outcome)["new"]) == ("list.csv", 3, 3)
    assert search.people("mai le") == [mai.id]
    with store.write("Next", small_center.staff) as w:
        assert w.next_number("student")[1] == "S-000006"
    assert checks.run() == []


def test_the_same_file_twice_is_noticed_and_doubles_nobody(small_center: SmallCenter, tmp_path: Path) -> None:
    path = written(tmp_path, ROWS)
    assert known.imported_before(reading.read(path).sha256) is None
    importing.import_students(small_center.staff, plan_of(path))
    again = plan_of(path)
    before = known.imported_before(again.table.sha256)
    assert before is not None and before[1:] == ("list.csv", 3)
    # Two of them have a name and nothing else: nobody can know whether they are the same.
    assert again.counts() | {"new": 0} == {"new": 0, "update": 0, "same": 1, "twice": 0, "wrong": 0, "dropped": 0}


def test_nobody_to_import_and_nobody_with_the_right(small_center: SmallCenter, tmp_path: Path) -> None:
    path = written(tmp_path, ROWS)
    with pytest.raises(UserError) as caught:
        importing.import_students(Actor(small_center.instructor, "instructor"), plan_of(path))
    assert caught.value.key == "rights.missing"
    plan = plan_of(path)
    plan.decide(range(3), "dropped")
    with pytest.raises(UserError) as caught:
        importing.import_students(small_center.staff, plan)
    assert caught.value.key == "exchange.nothing"
    with pytest.raises(UserError):
        exporting.export_students(Actor(small_center.instructor, "instructor"), [1], tmp_path / "x.csv")


def test_those_who_are_there_are_changed_only_when_asked(small_center: SmallCenter, tmp_path: Path) -> None:
    rows = [("Ana", "Satler", "ana.satler@mail.example", "+43 1 999", ""), *ROWS[:1]]
    path = written(tmp_path, rows)
    done = importing.import_students(small_center.staff, plan_of(path))
    assert (done.added, done.changed, done.left_out["update"]) == (1, 0, 1)
    done = importing.import_students(small_center.staff, plan_of(path), update=True)
    ana = User.get_by_id(small_center.student)
    assert (done.added, done.changed) == (0, 1)
    # What the list does not say stays as it was.
    assert (ana.phone, ana.date_of_birth, ana.email) == ("+43 1 999", "1998-05-04", "ana.satler@mail.example")
    assert search.people("431999") == [ana.id]
    assert checks.run() == []


def test_two_lines_that_are_one_person_change_them_one_after_the_other(
    small_center: SmallCenter, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    number = User.get_by_id(small_center.student).number
    path.write_text(
        "Student number,First name,Last name,Email,Phone\n"
        f"{number},Ana,,new@mail.example,\n,Ana,Satler,ana.satler@mail.example,+43 1 777\n"
        ",Ana,Satler,ana.satler@mail.example,+43 1 888\n",
        "utf-8",
    )
    plan = plan_of(path)
    assert [line.state for line in plan.lines] == ["update", "update", "twice"]
    assert importing.import_students(small_center.staff, plan, update=True).changed == 2
    ana = User.get_by_id(small_center.student)
    assert (ana.email, ana.phone) == ("new@mail.example", "+43 1 777")
    assert checks.run() == []


def test_one_who_came_in_meanwhile_is_not_doubled(small_center: SmallCenter, tmp_path: Path) -> None:
    plan = plan_of(written(tmp_path, ROWS))
    people.add_student(small_center.staff, StudentDraft("Mai", "Le", email="mai@mail.example"))
    before = User.select().count()
    with pytest.raises(UserError) as caught:
        importing.import_students(small_center.staff, plan)
    assert (caught.value.key, caught.value.params) == ("exchange.meanwhile", {"name": "Mai Le"})
    assert User.select().count() == before
    checking.match_again(plan)
    assert importing.import_students(small_center.staff, plan).added == 2


def test_control_without_the_look_someone_is_doubled(
    small_center: SmallCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(written(tmp_path, ROWS))
    people.add_student(small_center.staff, StudentDraft("Mai", "Le", email="mai@mail.example"))
    monkeypatch.setattr(importing, "_refuse_who_came_meanwhile", lambda plan, new: None)
    importing.import_students(small_center.staff, plan)
    assert User.select().where(User.email == "mai@mail.example").count() == 2


def many(folder: Path, count: int) -> Path:
    return written(folder, [(f"P{n}", f"Q{n}", f"p{n}@mail.example", f"+43 660 {n:06d}", "") for n in range(count)])


class Pulled(Exception):
    """The plug, in the middle of a write."""


def pull(done: int, total: int) -> None:
    raise Pulled


def test_an_import_that_breaks_off_leaves_nothing(small_center: SmallCenter, tmp_path: Path) -> None:
    before = User.select().count()
    with pytest.raises(Pulled):
        importing.import_students(small_center.staff, plan_of(many(tmp_path, 100)), progress=pull)
    assert User.select().count() == before
    assert Import.select().count() == 0
    assert checks.run() == []


def test_control_without_one_transaction_half_a_list_is_found(
    small_center: SmallCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(many(tmp_path, 100))
    before = User.select().count()
    without_transactions(monkeypatch)
    with pytest.raises(Pulled):
        importing.import_students(small_center.staff, plan, progress=pull)
    assert User.select().count() > before
    assert Import.select().count() == 0


def test_the_backup_before(small_center: SmallCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    importing.back_up_first(small_center.folder)
    made = backup.listing(small_center.folder)
    assert [(one.why, one.verified) for one in made] == [("import", True)]
    with pytest.raises(reading.Stopped):
        importing.back_up_first(small_center.folder, stop=lambda: True)
    connection = store.db.connection()
    connection.execute("UPDATE current_operation SET operation_id = 1")
    with pytest.raises(EnvironmentFault) as caught:
        importing.back_up_first(small_center.folder)
    assert caught.value.key == "exchange.no_backup"
    assert paths.backups(small_center.folder).is_dir()


# -- out -----------------------------------------------------------------------------------------------------


def test_an_export_shows_the_list_as_it_stands(small_center: SmallCenter, tmp_path: Path) -> None:
    path = tmp_path / "students.csv"
    ids = [small_center.other_student, small_center.student]
    assert exporting.export_students(small_center.staff, ids, path) == 2
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert rows[0][:5] == ["Student number", "First name", "Last name", "Email", "Phone"]
    assert [row[1] for row in rows[1:]] == ["Łukasz", "Ana"]
    assert rows[1][4] == "'+48 605 550 133"
    assert rows[1][-3:] == ["", "", "0.00"]


def test_an_export_refuses_in_words_and_replaces_nothing(small_center: SmallCenter, tmp_path: Path) -> None:
    for name, ids, key in (
        ("x.pdf", [1], "exchange.unknown_format"),
        ("x.csv", [], "exchange.nobody_to_export"),
        ("no/such/folder/x.csv", [1], "cli.cannot_write"),
    ):
        with pytest.raises(DeskError) as caught:
            exporting.export_students(small_center.staff, ids, tmp_path / name)
        assert caught.value.key == key
    kept = tmp_path / "kept.csv"
    kept.write_text("before")
    importing.import_students(small_center.staff, plan_of(many(tmp_path, 600)))
    ids = [row.id for row in User.select(User.id).where(User.role == "student")]
    for ending in FORMATS:
        with pytest.raises(reading.Stopped):
            exporting.export_students(small_center.staff, ids, kept.with_suffix(f".{ending}"), stop=lambda: True)
    assert kept.read_text() == "before"
    assert [path.name for path in tmp_path.glob("kept*")] == ["kept.csv"]


LIVE = [said for said in ODD if said.strip("'")[:1] in set("=+-@＝＋－＠")]


def test_no_cell_that_goes_out_is_a_live_formula(small_center: SmallCenter, tmp_path: Path) -> None:
    assert len(LIVE) > 10
    for said in LIVE:
        people.add_student(small_center.staff, StudentDraft(said, said))
    ids = [row.id for row in User.select(User.id).where(User.role == "student").order_by(User.id)]
    exporting.export_students(small_center.staff, ids, tmp_path / "x.csv")
    exporting.export_students(small_center.staff, ids, tmp_path / "x.xlsx")
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert [cell for cell in cells if cell[:1] in set("=+-@\t\r＝＋－＠") and cell] == []
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"=1+1" in sheet
    assert b"<f" not in sheet.replace(b"<fo", b"")


def test_control_a_plain_csv_would_be_calculated(
    small_center: SmallCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = people.add_student(small_center.staff, StudentDraft("=1+1"))
    monkeypatch.setattr(exporting, "safe", lambda cell: cell)
    exporting.export_students(small_center.staff, [student], tmp_path / "x.csv")
    assert ",=1+1," in (tmp_path / "x.csv").read_text("utf-8-sig")


@given(st.lists(st.sampled_from(["'", "=", "+", "-", "@", "\t", "\r", "a", "＝", " ", '"']), max_size=8).map("".join))
def test_the_mark_on_a_cell_comes_off_exactly(cell: str) -> None:
    assert checking.unsafe(exporting.safe(cell)) == cell
    assert exporting.safe(cell)[:1] not in set("=+-@\t\r＝＋－＠") or not cell


# -- out and in again ----------------------------------------------------------------------------------------

NAMES = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40),
    st.lists(st.sampled_from(ODD), min_size=2, max_size=3).map("".join),
)
LINES = st.one_of(NAMES, st.lists(NAMES, min_size=2, max_size=3).map("\n".join))
PEOPLE = st.lists(st.tuples(NAMES, NAMES | st.just(""), LINES | st.just("")), min_size=1, max_size=6)
KEPT = ("first_name", "last_name", "address", "email", "phone", "date_of_birth", "language")
MORE = ("status", "emergency_name", "emergency_phone")


@pytest.fixture
def empty_center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SmallCenter, Path]]:
    from tests.support.center import build

    folder = tmp_path_factory.mktemp("round")
    yield build(folder / "center"), folder
    store.close_center()


def stored(ids: list[int], fields: tuple[str, ...]) -> list[tuple[object, ...]]:
    return [tuple(getattr(User.get_by_id(one), field) for field in fields) for one in ids]


def round_trip(center: SmallCenter, folder: Path, drafts: list[StudentDraft], ending: str) -> None:
    """Add, export, forget what tells people apart, import: the same people are there twice, letter by letter.

    Whoever pays for them pays for both, and is there once.
    """
    fields = KEPT if ending == "vcf" else (*KEPT, *MORE, "payer_id")
    payers = Payer.select().count()
    ids = [people.add_student(center.staff, draft) for draft in drafts]
    path = folder / f"out.{ending}"
    exporting.export_students(center.staff, ids, path)
    plan = plan_of(path)
    if "number" in plan.fields:
        assert [line.match for line in plan.lines] == ids
        assert [line.state for line in plan.lines] == ["same"] * len(ids)
    plan.decide(range(len(plan.lines)), "new")
    assert all(line.state == "new" for line in plan.lines), [line.errors for line in plan.lines]
    done = importing.import_students(center.staff, plan)
    assert stored(list(range(done.first_id, done.first_id + done.added)), fields) == stored(ids, fields)
    assert Payer.select().count() == payers


def paying(center: SmallCenter, drafts: list[StudentDraft], words: list[str]) -> list[StudentDraft]:
    """The drafts with payers of such names among them: with an address, with a phone, with neither; and nobody."""
    made: list[int | None] = [None]
    taken = {row.name for row in Payer.select()}
    for number, said in enumerate(words):
        kind = ("guardian", "company", "other")[number % 3]
        mail = f"payer{Payer.select().count()}@mail.example" if number % 2 else ""
        draft = PayerDraft(said, kind, mail, "+43 1 555 01 00" if number % 4 < 2 else "")
        try:
            name = people.payer_row(draft)["name"]
        except UserError:
            continue
        if text.fold(name) not in map(text.fold, taken):  # two of one name without an address are one
            made.append(people.add_payer(center.staff, draft))
            taken.add(name)
    return [replace(draft, payer_id=made[number % len(made)]) for number, draft in enumerate(drafts)]


def drafts_of(rows: list[tuple[str, str, str]]) -> list[StudentDraft]:
    made = []
    for number, (first, last, address) in enumerate(rows):
        draft = StudentDraft(
            first, last, f"p{number}@mail.example", f"+43 660 55501{number}", f"199{number}-05-04", address, "de",
            ("active", "on_hold", "applicant", "inactive")[number % 4], last, "",
        )  # fmt: skip
        try:
            people._student_row(draft)
        except UserError:
            continue  # the field refuses it: it cannot be stored, so it cannot come out
        made.append(draft)
    return made


@pytest.mark.parametrize("ending", FORMATS)
def test_the_odd_text_goes_out_and_comes_back(empty_center: tuple[SmallCenter, Path], ending: str) -> None:
    center, folder = empty_center
    drafts = [
        StudentDraft(said, ODD[-number], address=f"{said}\n{ODD[number]}") for number, said in enumerate(ODD) if number
    ]
    kept = []
    for draft in drafts:
        try:
            people._student_row(draft)
        except UserError:
            continue
        kept.append(draft)
    assert len(kept) > len(ODD) * 0.8
    round_trip(center, folder, paying(center, kept, list(ODD)), ending)
    assert checks.run() == []


@pytest.mark.parametrize("ending", FORMATS)
@given(rows=PEOPLE)
@settings(max_examples=400 if FULL else 25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_export_and_import_are_inverse(
    empty_center: tuple[SmallCenter, Path], ending: str, rows: list[tuple[str, str, str]]
) -> None:
    center, folder = empty_center
    drafts = drafts_of(rows)
    if drafts:
        round_trip(center, folder, paying(center, drafts, [last for _first, last, _address in rows if last]), ending)


def test_twins_of_one_letter_are_stored_as_one(small_center: SmallCenter, tmp_path: Path) -> None:
    importing.import_students(
        small_center.staff, plan_of(written(tmp_path, [("Ame\u0301lie", "A\u030angström", "", "", "")]))
    )
    row = User.select().order_by(User.id.desc()).get()
    assert (row.first_name, row.last_name) == ("Amélie", "Ångström")
    assert unicodedata.is_normalized("NFC", row.first_name)


def test_an_import_that_was_taken_back_gives_its_ids_to_nobody(small_center: SmallCenter, tmp_path: Path) -> None:
    """The record of changes would tell two people's stories as one."""
    center = small_center
    gone = people.add_student(center.staff, StudentDraft("Gone", "Again"))
    undo.undo(center.staff, newest())
    path = written(tmp_path, ROWS)
    first = importing.import_students(center.staff, plan_of(path))
    assert first.first_id > gone
    undo.undo(center.staff, newest())
    taken_back = newest()
    second = importing.import_students(center.staff, plan_of(path))
    assert second.first_id >= first.first_id + first.added
    assert checks.run() == []
    undo.undo(center.staff, newest())
    undo.undo(center.staff, taken_back)  # the first one, done again, finds its rows free
    assert checks.run() == []
    assert User.select().where(User.id == first.first_id, User.first_name == "Mai").exists()


def newest() -> int:
    return int(Operation.select(Operation.id).order_by(Operation.id.desc()).limit(1).get().id)


# -- broken files ------------------------------------------------------------------------------------------------


def spoiled(content: bytes, rng: random.Random) -> bytes:
    """A file as bad copies, editors and disks leave it: bytes flipped, cut, doubled, zeroed, put in."""
    made = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5, 40))):
        at = rng.randrange(len(made) + 1)
        wide = rng.choice((1, 1, 2, 16, 400))
        match rng.randrange(7):
            case 0:
                made[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del made[at : at + wide]
            case 2:
                made[at:at] = made[at : at + wide]
            case 3:
                made[at : at + wide] = bytes(wide)
            case 4:
                made[at:at] = rng.choice(
                    (b'"', b",", b";", b"\r\n", b"\n", b"\x00", b"\xff\xfe", b"'", b"=", b"\\", b"<", b"&")
                )
            case 5:
                made = made[:at]
            case 6:
                made[at:at] = rng.randbytes(wide)
    return bytes(made)


def resealed(content: bytes, rng: random.Random) -> bytes:
    """An XLSX whose parts are spoiled inside a sound archive, so that the damage reaches the parser."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        parts = source.namelist()
        hit = {rng.choice(parts), "xl/worksheets/sheet1.xml" if rng.random() < 0.7 else rng.choice(parts)}
        for name in parts:
            data = source.read(name)
            target.writestr(name, spoiled(data, rng) if name in hit else data)
    return out.getvalue()


def test_spoiled_files_are_refused_in_words_or_reported_line_by_line(small_center: SmallCenter, tmp_path: Path) -> None:
    importing.import_students(small_center.staff, plan_of(many(tmp_path, 30)))
    ids = [row.id for row in User.select(User.id).where(User.role == "student")]
    seeds: list[tuple[str, bytes]] = []
    for ending in FORMATS:
        exporting.export_students(small_center.staff, ids, tmp_path / f"seed.{ending}")
        seeds.append((ending, (tmp_path / f"seed.{ending}").read_bytes()))
    seeds.append(("csv", seeds[0][1].decode("utf-8-sig").encode("utf-16")))
    seeds.append(("csv", seeds[0][1].decode("utf-8-sig").replace(",", ";").encode("cp1252", "replace")))
    outcome = {"refused": 0, "read": 0, "wrong lines": 0}
    users = User.select().count()
    for number in Count("import", sliced(range(20_000 if FULL else 200))):
        rng = random.Random(f"spoiled {number}")
        ending, content = rng.choice(seeds)
        made = resealed(content, rng) if ending == "xlsx" and rng.random() < 0.7 else spoiled(content, rng)
        path = tmp_path / f"spoiled.{ending}"
        path.write_bytes(made)
        try:
            plan = plan_of(path, "dmy")
        except DeskError as error:
            assert error.key.startswith("exchange."), error
            outcome["refused"] += 1
            continue
        outcome["read"] += 1
        counts = plan.counts()
        assert sum(counts.values()) == len(plan.table.rows)
        outcome["wrong lines"] += counts["wrong"]
        for line in plan.lines:
            assert (line.row is None) == bool(line.errors)
            checking.remark(plan, line)
    assert all(outcome.values()), outcome
    assert User.select().count() == users
    # What was read of the last one goes in by the rules, or not at all.
    assert checks.run() == []
