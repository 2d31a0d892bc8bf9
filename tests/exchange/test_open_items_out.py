"""The list of open items for a spreadsheet: whole files, exact amounts, and no formula that somebody typed."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from app import clock, store
from app.desk import enrollment, promises, reminding
from app.desk.accounts import Actor
from app.desk.enrollment import SaleDraft, SaleItem
from app.errors import EnvironmentFault, UserError
from app.exchange.open_items import export_open_items
from app.lists import open_items
from app.store.models import User
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


@pytest.fixture
def lines(small_center: SmallCenter) -> list[open_items.Line]:
    with store.write("A name", small_center.admin) as w:
        w.update(User, small_center.student, first_name="=cmd|' /C calc'!A0", last_name="")
    for student in (small_center.student, small_center.other_student):
        enrollment.sell(small_center.staff, SaleDraft(student, (SaleItem(small_center.book),)))
    return open_items.read("2030-01-01")


def test_csv_holds_every_line_and_no_formula(
    small_center: SmallCenter, lines: list[open_items.Line], tmp_path: Path
) -> None:
    path = tmp_path / "open.csv"
    assert export_open_items(small_center.staff, lines, path, "EUR") == 2
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        heads, *rows = list(csv.reader(file))
    assert heads[0] == "Student"
    assert [row[0] for row in rows] == ["'=cmd|' /C calc'!A0", "Łukasz Wiśniewski"]
    assert {(row[3], row[7], row[8]) for row in rows} == {("Highway Code handbook", "24.00", "EUR")}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_xlsx_holds_the_same_and_adds_up(
    small_center: SmallCenter, lines: list[open_items.Line], tmp_path: Path
) -> None:
    path = tmp_path / "open.xlsx"
    export_open_items(small_center.staff, lines, path, "EUR")
    sheet = openpyxl.load_workbook(path).active
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
    assert cells[0].value == "=cmd|' /C calc'!A0"
    amounts = [row[7] for row in sheet.iter_rows(min_row=2)]
    assert [(cell.value, cell.data_type, cell.number_format) for cell in amounts] == [(24, "n", "#,##0.00")] * 2
    assert {row[6].data_type for row in sheet.iter_rows(min_row=2)} == {"n"}


@pytest.mark.parametrize(("currency", "said", "form"), [("JPY", 2400, "#,##0"), ("KWD", 2.4, "#,##0.000")])
def test_a_currency_has_its_own_digits(
    small_center: SmallCenter, lines: list[open_items.Line], tmp_path: Path, currency: str, said: float, form: str
) -> None:
    path = tmp_path / "open.xlsx"
    export_open_items(small_center.staff, lines, path, currency)
    cell = openpyxl.load_workbook(path).active["H2"]
    assert (cell.value, cell.data_type, cell.number_format) == (said, "n", form)


def test_what_cannot_be_written_is_said_and_leaves_the_old_file(
    small_center: SmallCenter, lines: list[open_items.Line], tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="unknown_list_format"):
        export_open_items(small_center.staff, lines, tmp_path / "open.pdf", "EUR")
    with pytest.raises(UserError, match="nothing_open"):
        export_open_items(small_center.staff, [], tmp_path / "open.csv", "EUR")
    with pytest.raises(UserError, match=r"rights\.missing"):
        export_open_items(Actor(small_center.instructor, "instructor"), lines, tmp_path / "open.csv", "EUR")
    with pytest.raises(EnvironmentFault, match="cannot_write"):
        export_open_items(small_center.staff, lines, tmp_path / "nowhere" / "open.csv", "EUR")
    assert list(tmp_path.glob("*.csv*")) == []


def test_promises_and_reminders_go_out_with_their_line(small_center: SmallCenter, tmp_path: Path) -> None:
    small = small_center
    with clock.frozen(datetime(2026, 10, 1, 12, tzinfo=UTC)):
        enrollment.sell(small.staff, SaleDraft(small.student, (SaleItem(small.book),)))
        enrollment.sell(small.staff, SaleDraft(small.other_student, (SaleItem(small.book),)))
    with clock.frozen(datetime(2026, 11, 2, 12, tzinfo=UTC)):
        promises.add(small.staff, small.student, "2026-11-09", 1_250)
        reminding.remind(small.staff, [(small.student, None)])
    lines = open_items.read("2026-11-16")
    for name in ("open.csv", "open.xlsx"):
        export_open_items(small.staff, lines, tmp_path / name, "EUR")
    with (tmp_path / "open.csv").open(encoding="utf-8-sig", newline="") as file:
        heads, *rows = list(csv.reader(file))
    assert heads[9:] == ["Promised for", "Promised", "Promise broken", "Reminders", "Last reminded on"]
    said: dict[str, list[object]] = {row[0]: list(row[9:]) for row in rows}
    assert said == {
        "Ana Satler": ["2026-11-09", "12.50", "yes", "1", "2026-11-02"], "Łukasz Wiśniewski": ["", "", "", "", ""],
    }  # fmt: skip
    sheet = openpyxl.load_workbook(tmp_path / "open.xlsx").active
    found = [[cell.value or "" for cell in row] for row in sheet.iter_rows(min_row=2)]
    said["Ana Satler"] = ["2026-11-09", 12.5, "yes", 1, "2026-11-02"]
    assert {row[0]: row[9:14] for row in found} == said
