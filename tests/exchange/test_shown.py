"""The roster taken out as it is on the screen: what comes back, what stands on paper, what meets its label."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from app import store
from app.desk import enrollment, people
from app.desk.accounts import Actor
from app.desk.people import StudentDraft
from app.documents import labels, listing
from app.documents.listing import ListDocument, Listed
from app.errors import DeskError, UserError
from app.exchange import checking, columns, exporting, importing, reading, shown
from app.exchange.shown import Shown, ShownColumn
from app.lists import people as roster
from app.store.models import User
from tests.support.center import SmallCenter, build, small_center
from tests.support.odd_text import ODD

__all__ = ["small_center"]

USUAL = ("name", "phone", "email", "courses", "next_slot", "balance", "status")
EVERY = ("name", "number", "born", "address", "payer", "language", "since", *USUAL[1:])
_ATTRIBUTE = {"next_slot": "next_slot_at", "balance": "balance_minor", "born": "date_of_birth", "since": "created_at"}


def screen(keys: tuple[str, ...], asked: str = "") -> Shown:
    def says(key: str) -> Any:
        return lambda row: str(getattr(row, _ATTRIBUTE.get(key, key)) or "")

    heads = {"next_slot": "Next slot", "balance": "Balance", "payer": "Who pays", "since": "Since"}
    return Shown(
        tuple(ShownColumn(key, heads.get(key, key.title()), 100, key == "balance", says(key)) for key in keys), asked
    )


def plan_of(path: Path) -> checking.Plan:
    table = reading.read(path)
    return checking.plan(table, columns.guess(table))


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SmallCenter, list[int]]]:
    """A center where every odd text that a field takes is somebody's name and address."""
    made = build(tmp_path_factory.mktemp("odd") / "center")
    ids = []
    for number, said in enumerate(ODD):
        born = f"19{60 + number % 40}-{1 + number % 12:02d}-{1 + number % 28:02d}"
        draft = StudentDraft(
            said, ODD[-number - 1], f"p{number}@mail.example", f"+43 660 555{number:04d}", born,
            f"{said}\n{number} Main Street", "de", ("active", "on_hold", "applicant", "inactive")[number % 4],
        )  # fmt: skip
        try:
            ids.append(people.add_student(made.staff, draft))
        except UserError:
            continue  # the field refuses it: it cannot be stored, so it cannot come out
    assert len(ids) > 80
    yield made, ids
    store.close_center()


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("keys", [USUAL, EVERY, ("name", "email"), ("name", "balance", "number")], ids=len)
def test_what_goes_out_as_shown_comes_back_as_it_was(
    odd: tuple[SmallCenter, list[int]], tmp_path: Path, keys: tuple[str, ...], ending: str
) -> None:
    """Read in again: the columns are known by their heads, and every value is what the file holds."""
    made, ids = odd
    path = tmp_path / f"out.{ending}"
    assert shown.export(made.staff, ids, screen(keys), path) == len(ids)
    plan = plan_of(path)
    assert [line.errors for line in plan.lines if line.errors] == []
    fields = [field for field in plan.fields if field != "number"]
    wanted = {"first_name", "last_name", *(f for key in keys for f in shown._FIELDS.get(key, ()))} - {"number"}
    assert set(fields) == wanted
    for line, student in zip(plan.lines, ids, strict=True):
        stored = User.get_by_id(student)
        assert line.row is not None
        for field in fields:
            assert (line.row[field] or "") == (getattr(stored, field) or ""), field
    if {"email", "number"} & set(keys):
        assert [line.match for line in plan.lines] == ids
        assert {line.state for line in plan.lines} == {"same"}


def test_into_an_empty_center_it_brings_the_same_people(odd: tuple[SmallCenter, list[int]], tmp_path: Path) -> None:
    made, ids = odd
    fields = ("first_name", "last_name", "email", "phone", "status", "date_of_birth", "address", "language")
    path = tmp_path / "out.csv"
    shown.export(made.staff, ids, screen(EVERY), path)
    before = [tuple(getattr(User.get_by_id(one), field) for field in fields) for one in ids]
    plan = plan_of(path)
    plan.decide(range(len(plan.lines)), "new")
    done = importing.import_students(made.staff, plan)
    after = [
        tuple(getattr(User.get_by_id(one), field) for field in fields)
        for one in range(done.first_id, done.first_id + done.added)
    ]
    assert after == before


def test_columns_and_order_are_those_of_the_screen(small_center: SmallCenter, tmp_path: Path) -> None:
    enrollment.enroll(small_center.staff, enrollment.EnrollmentDraft(small_center.student, small_center.course))
    path = tmp_path / "out.csv"
    ids = [small_center.other_student, small_center.student]
    shown.export(small_center.staff, ids, screen(("name", "balance", "courses", "number")), path)
    assert cells(path) == [
        ["First name", "Last name", "Balance (EUR)", "Courses", "Student number"],
        ["Łukasz", "Wiśniewski", "0.00", "", "S-000002"],
        ["Ana", "Satler", "330.00", "Driving B Theory", "S-000001"],
    ]


LIVE = set("=+-@\t\r＝＋－＠")


def test_no_cell_is_a_live_formula(odd: tuple[SmallCenter, list[int]], tmp_path: Path) -> None:
    made, ids = odd
    credit = ids[0]
    with store.write("A credit", made.admin) as w:
        w.update(User, credit, balance_minor=-500)
    for ending in ("csv", "xlsx"):
        shown.export(made.staff, ids, screen(EVERY), tmp_path / f"x.{ending}")
    found = [cell for row in cells(tmp_path / "x.csv") for cell in row]
    assert [cell for cell in found if cell[:1] in LIVE and cell] == []
    assert "'-5.00" in found
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"=1+1" in sheet
    assert b"<f" not in sheet.replace(b"<fo", b"")


def test_control_without_the_guard_a_cell_would_be_calculated(
    small_center: SmallCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = people.add_student(small_center.staff, StudentDraft("=1+1"))
    monkeypatch.setattr(exporting, "safe", lambda cell: cell)
    shown.export(small_center.staff, [student], screen(USUAL), tmp_path / "x.csv")
    assert "=1+1" in cells(tmp_path / "x.csv")[1]


def owing(small_center: SmallCenter, path: Path) -> None:
    with store.write("They owe", small_center.admin) as w:
        for student in (small_center.student, small_center.other_student):
            w.update(User, student, balance_minor=1_234_500)
    ids = [small_center.student, small_center.other_student]
    shown.export(small_center.staff, ids, screen(("name", "balance", "number")), path)


def test_an_amount_is_not_read_back_as_a_telephone(
    small_center: SmallCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owing(small_center, tmp_path / "x.csv")
    assert columns.guess(reading.read(tmp_path / "x.csv")) == ["first_name", "last_name", "", "number"]
    monkeypatch.setattr(columns, "NO_FIELDS", ())
    assert "phone" in columns.guess(reading.read(tmp_path / "x.csv")), (
        "the control: its values look like numbers to dial"
    )


def test_it_refuses_in_words_and_replaces_nothing(small_center: SmallCenter, tmp_path: Path) -> None:
    kept = tmp_path / "kept.csv"
    kept.write_text("before")
    staff, ids = small_center.staff, [small_center.student]
    for path, some, key in (
        (tmp_path / "x.vcf", ids, "exchange.unknown_shown"),
        (kept, [], "exchange.nobody_to_export"),
        (tmp_path / "no" / "x.pdf", ids, "cli.cannot_write"),
    ):
        with pytest.raises(DeskError) as caught:
            shown.export(staff, some, screen(USUAL), path)
        assert caught.value.key == key
    for ending in shown.FORMATS:
        with pytest.raises(reading.Stopped):
            shown.export(staff, ids, screen(USUAL), kept.with_suffix(f".{ending}"), stop=lambda: True)
    assert kept.read_text() == "before"
    assert [path.name for path in tmp_path.glob("kept*")] == ["kept.csv"]
    nobody = Actor(small_center.instructor, "instructor")
    for act in (
        lambda: shown.export(nobody, ids, screen(USUAL), kept),
        lambda: shown.paper(nobody, ids, screen(USUAL)),
        lambda: shown.address_labels(nobody, ids, "a4_3x8"),
    ):
        with pytest.raises(UserError, match=r"rights\.missing"):
            act()


# -- on paper


def words_on(content: bytes) -> list[str]:
    """The text of each page."""
    document = pypdfium2.PdfDocument(content)
    found = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return found


def test_the_list_on_paper_repeats_its_heads_and_counts_its_pages(small_center: SmallCenter) -> None:
    document = ListDocument(
        "Students", "Owes money", "Center", "26 Nov 2026", "en",
        (Listed("Name", 2), Listed("Balance", 1, right=True)), 120,
    )  # fmt: skip
    rows = [(f"Person {number}", f"€{number}.00") for number in range(120)]

    def made() -> bytes:
        buffer = io.BytesIO()
        assert listing.write(document, rows, buffer) == 120
        return buffer.getvalue()

    pages = words_on(made())
    assert len(pages) == document.pages == 3
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of 3" in page
        assert "Balance" in page
        assert "Owes money" in page
    assert [page.count("Person ") for page in pages] == [document.rows_on_a_page] * 2 + [
        120 - 2 * document.rows_on_a_page
    ]
    assert made() == made(), "the same rows give the same bytes"


@pytest.mark.parametrize("keys", [("name", "phone", "email"), EVERY], ids=["upright", "across"])
def test_odd_text_stands_on_paper_as_it_is_written(odd: tuple[SmallCenter, list[int]], keys: tuple[str, ...]) -> None:
    """Markup is no markup; what turns the direction or has no width moves nothing off the page."""
    made, ids = odd
    content = shown.paper(made.staff, ids, screen(keys, "“<b>x</b>”"))
    text = "".join(words_on(content))
    whole = ("<b>Ana</b>", "&amp; &lt;x&gt;", "{name} %s %(x)s", "=1+1", "evil", "Łukasz", "“<b>x</b>”")
    for said in (
        whole if len(keys) <= listing.UPRIGHT else ("<b>Ana", "&amp;", "{name}", "=1+1", "Łukasz", "“<b>x</b>”")
    ):
        assert said in text, said
    document = pypdfium2.PdfDocument(content)
    for page in document:
        wide, high = page.get_size()
        assert (wide < high) is (len(keys) <= listing.UPRIGHT)
        lines = page.get_textpage()
        for number in range(lines.count_rects()):
            left, bottom, right, top = lines.get_rect(number)
            assert 30 <= left <= right <= wide - 30
            assert 0 <= bottom <= top <= high
    document.close()


def test_a_list_that_nobody_prints_goes_to_a_file(
    small_center: SmallCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown, "MOST_PAGES", 0)
    with pytest.raises(UserError) as caught:
        shown.paper(small_center.staff, [small_center.student], screen(USUAL))
    assert (caught.value.key, caught.value.params["pages"]) == ("exchange.too_long_for_paper", 1)
    assert shown.export(small_center.staff, [small_center.student], screen(USUAL), tmp_path / "x.pdf") == 1


# -- labels


def spots(content: bytes) -> list[tuple[int, float, float, str]]:
    """(page, left, top from above in millimeters, text) of each line."""
    document = pypdfium2.PdfDocument(content)
    found = []
    for number, page in enumerate(document):
        high = page.get_size()[1]
        lines = page.get_textpage()
        for one in range(lines.count_rects()):
            left, bottom, right, top = lines.get_rect(one)
            said = lines.get_text_bounded(left, bottom, right, top)
            found.append((number, left / labels.mm, (high - top) / labels.mm, said))
    document.close()
    return found


@pytest.mark.parametrize("kind", labels.SHEETS)
@pytest.mark.parametrize("first", [1, 4])
def test_every_address_meets_its_label(kind: str, first: int) -> None:
    sheet = labels.SHEETS[kind]
    count = sheet.labels + 2
    addresses = [(f"Person {number}", f"Street {number}", "1070 Wien") for number in range(count)]
    content = labels.render(sheet, addresses, first)
    document = pypdfium2.PdfDocument(content)
    wide, high = document[0].get_size()
    assert (round(wide / labels.mm, 1), round(high / labels.mm, 1)) == sheet.paper
    assert len(document) == labels.pages(sheet, count, first)
    document.close()
    names = [spot for spot in spots(content) if spot[3].startswith("Person")]
    assert len(names) == count
    for number, (page, left, top, said) in enumerate(names):
        at = number + first - 1
        assert page == at // sheet.labels
        row, column = divmod(at % sheet.labels, sheet.across)
        x = sheet.left + column * (sheet.label[0] + sheet.gap[0])
        y = sheet.top + row * (sheet.label[1] + sheet.gap[1])
        assert x < left < x + sheet.label[0] / 2, said
        assert y < top < y + sheet.label[1] / 2, said
    last = sheet.left + sheet.across * sheet.label[0] + (sheet.across - 1) * sheet.gap[0]
    assert last <= sheet.paper[0] + 0.1
    assert sheet.top + sheet.down * sheet.label[1] <= sheet.paper[1]


def test_a_long_address_stays_on_its_label() -> None:
    sheet = labels.SHEETS["letter_3x10"]
    long = ("Maximilian-Konstantin von und zu Hohenstein-Wallenburg", *(f"line {n} " + "x" * 60 for n in range(14)))
    content = labels.render(sheet, [long] * 30)
    left, top, wide, high = labels.place(sheet, 0)
    mine = [spot for spot in spots(content) if spot[1] < left + wide and spot[2] < top + high + 4]
    assert mine
    assert all(left - 0.5 <= x and top - 1.5 <= y <= top + high for _page, x, y, _said in mine)
    assert any("…" in said for *_place, said in mine)


def test_who_has_no_address_is_counted_and_a_sheet_has_an_end(small_center: SmallCenter) -> None:
    staff = small_center.staff
    here = people.add_student(staff, StudentDraft("Mai", "Le", address="Lindengasse 7\n\n1070 Wien"))
    content, count, without = shown.address_labels(staff, [small_center.student, here], "a4_3x8", 5)
    assert (count, without) == (1, 1)
    assert [said.strip() for *_place, said in spots(content)] == ["Mai Le", "Lindengasse 7", "1070 Wien"]
    for ids, first, key in (([small_center.student], 1, "no_addresses"), ([here], 25, "no_such_label")):
        with pytest.raises(UserError) as caught:
            shown.address_labels(staff, ids, "a4_3x8", first)
        assert caught.value.key == f"exchange.{key}"


def test_odd_text_stands_on_labels_as_it_is_written(odd: tuple[SmallCenter, list[int]]) -> None:
    made, ids = odd
    content, count, _without = shown.address_labels(made.staff, ids, "letter_3x10")
    assert count == len(ids)
    text = "".join(words_on(content))
    assert "<b>Ana</b>" in text
    assert "=1+1" in text
    assert text.count("Main Street") == count


def test_rows_know_the_two_names(small_center: SmallCenter) -> None:
    row = roster.page([small_center.student])[small_center.student]
    assert (row.first_name, row.last_name) == ("Ana", "Satler")
