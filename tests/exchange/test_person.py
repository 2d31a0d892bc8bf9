"""Everything held about one person in one file: complete, theirs alone, and whole or not there."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from app import clock, store
from app.desk import erasing, merge
from app.desk.accounts import Actor
from app.errors import EnvironmentFault, UserError
from app.exchange import person
from app.exchange.reading import Stopped
from app.store import migrations
from app.store.models import Attachment, CourseEnrolled, Payment, User
from tests.desk.test_erasing_words import promise, quote
from tests.desk.test_merge import pay
from tests.documents.test_invoice import text_of
from tests.support.center import SmallCenter
from tests.support.full_center import START, build_full


@pytest.fixture
def full(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = build_full(tmp_path / "center")
    with clock.frozen(START.replace(hour=18)):
        yield made
    store.close_center()


def test_it_holds_every_row_about_the_person_and_documents_that_open(full: SmallCenter, tmp_path: Path) -> None:
    with store.write("Files", full.admin) as w:
        w.insert(
            Attachment, subject_table="users", subject_id=full.student, file_name="../=id card.txt",
            media_type="text/plain", size=5, sha256=hashlib.sha256(b"hello").hexdigest(), content=b"hello",
        )  # fmt: skip
        w.update(User, full.student, address="=HYPERLINK(1)")
    merge.merge(full.staff, full.student, full.other_student)
    path = tmp_path / "ana.zip"
    count = person.export_person(full.staff, full.student, path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names)) == count
        tables = json.loads(archive.read("person.json"))
        assert {one["number"] for one in tables["person"]} == {"S-000001", "S-000002"}
        (head, first, *_others) = csv.reader(io.StringIO(archive.read("person.csv").decode("utf-8-sig")))
        assert first[head.index("address")] == "'=HYPERLINK(1)"
        assert "password_hash" not in head
        (kept,) = [name for name in names if name.startswith("files/")]
        assert archive.read(kept) == b"hello"
        assert ".." not in kept.split("/")
        for name in names:
            if name.endswith(".pdf"):
                assert archive.read(name).startswith(b"%PDF-")
        assert {name.split("/")[0] for name in names if "/" in name} == {"invoices", "receipts", "files"}
        assert "statement.pdf" in names
    connection = store.db.connection()
    for name, table, column in (
        ("payments", "payments", "student_id"), ("invoices", "invoices", "student_id"),
        ("mails", "mail_queue", "student_id"),
        ("seats", "slot_enrolled", "student_id"), ("enrollments", "courses_enrolled", "student_id"),
        ("sales", "product_enrolled", "student_id"), ("timeline", "timeline", "user_id"), ("notes", "notes", "user_id"),
    ):  # fmt: skip
        (rows,) = connection.execute(
            f"SELECT count(*) FROM {table} WHERE {column} IN (?, ?)", (full.student, full.other_student)
        ).fetchone()
        assert len(tables[name]) == rows, name
    assert tables["changes"]
    third = User.get(User.first_name == "अनिका")
    assert third.email not in path.read_bytes().decode("latin-1")
    assert third.email not in json.dumps(tables)


def test_every_table_that_points_at_a_person_is_in_it_or_said_why_not(full: SmallCenter) -> None:
    """A new table about people must be thought of."""
    names = {
        "person": "users", "enrollments": "courses_enrolled", "sales": "product_enrolled", "seats": "slot_enrolled",
        "money_put_to_use": "student_payments", "mails": "mail_queue",
    }  # fmt: skip
    told = {names.get(name, name) for name in person.everything(full.student)}
    told -= {"payers", "installments", "attachments", "changes"}  # point at what points at the person
    about_staff = {
        "availability", "session_instructor", "slot_instructor", "tills", "notifications", "notification_recipients",
    }  # fmt: skip
    pointing = set()
    for kind, name, sql in migrations.schema_of(migrations.SCHEMA_VERSION):
        own = [line for line in sql.splitlines() if "REFERENCES users(id)" in line]
        if kind == "table" and name != "people_search" and len(own) > 2:  # beside created_by and updated_by
            pointing.add(name)
    assert pointing - {"tills"} == (told | about_staff) - {"tills"}


def test_files_about_a_purchase_quotes_and_promises_are_in_it(full: SmallCenter, tmp_path: Path) -> None:
    line = CourseEnrolled.get(CourseEnrolled.student_id == full.student).id
    quote(full, full.student)
    promise(full, full.student)
    with store.write("Files", full.admin) as w:
        for number, name in enumerate(("contract.pdf", "ё" * 260 + ".pdf", "a\nb\x00.txt")):
            w.insert(
                Attachment, subject_table="courses_enrolled", subject_id=line, file_name=name, media_type="text/plain",
                size=1, sha256="", content=str(number).encode(),
            )  # fmt: skip
    path = tmp_path / "ana.zip"
    person.export_person(full.staff, full.student, path)
    with zipfile.ZipFile(path) as archive:
        tables = json.loads(archive.read("person.json"))
        files = {archive.read(name): name for name in archive.namelist() if name.startswith("files/")}
    assert [len(tables[name]) for name in ("quotes", "promises", "attachments")] == [1, 1, 3]
    assert sorted(files) == [b"0", b"1", b"2"]
    assert all(len(name.encode()) < 255 and name.isprintable() for name in files.values())
    assert files[b"1"].endswith(".pdf")


def test_the_statement_ends_with_the_day_at_the_center(full: SmallCenter, tmp_path: Path) -> None:
    """Half past midnight in Vienna is yesterday in UTC: what was paid a minute ago stands on it, too."""
    path = tmp_path / "ana.zip"
    with clock.frozen(START.replace(day=20, hour=23, minute=30)):
        payment = pay(full, full.student, 777, "late")
        number = Payment.get_by_id(payment).number
        person.export_person(full.staff, full.student, path)
    with zipfile.ZipFile(path) as archive:
        assert number in text_of(archive.read("statement.pdf"), tmp_path)
    with clock.frozen(START.replace(year=2025)):  # a clock that was set back
        person.export_person(full.staff, full.student, path)


def test_an_erased_person_has_little_to_hand_out(full: SmallCenter, tmp_path: Path) -> None:
    erasing.erase(full.admin, full.student)
    path = tmp_path / "gone.zip"
    person.export_person(full.staff, full.student, path)
    with zipfile.ZipFile(path) as archive:
        tables = json.loads(archive.read("person.json"))
    assert tables["person"][0]["email"] is None
    assert {mail["text"] for mail in tables["mails"]} == {"—"}
    assert tables["invoices"][0]["buyer_name"] == "Ana Satler"
    del tables["invoices"]
    assert "Satler" not in json.dumps(tables)


def test_a_file_is_whole_or_not_there(full: SmallCenter, tmp_path: Path) -> None:
    path = tmp_path / "ana.zip"
    path.write_bytes(b"kept")
    seen: list[int] = []
    with pytest.raises(Stopped):
        person.export_person(
            full.staff, full.student, path, stop=lambda: len(seen) > 3, progress=lambda done, _of: seen.append(done)
        )
    assert path.read_bytes() == b"kept"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["ana.zip", "center"]
    with pytest.raises(EnvironmentFault, match=r"cannot_write"):
        person.export_person(full.staff, full.student, tmp_path / "none" / "ana.zip")
    with pytest.raises(UserError, match=r"store\.gone"):
        person.export_person(full.staff, 999, path)
    with pytest.raises(UserError, match=r"not_a_student"):
        person.export_person(full.staff, full.instructor, path)
    with pytest.raises(UserError, match=r"rights\.missing"):
        person.export_person(Actor(full.instructor, "instructor"), full.student, path)
