"""Files of other programs, good and bad: told by what is in them, refused at once and in words where they cannot be."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from app import text
from app.errors import DeskError, EnvironmentFault, UserError
from app.exchange import columns, reading, sheet
from app.exchange.reading import Table

PEOPLE = [("Łukasz", "Wiśniewski"), ("Zoë", "Bjørnstad"), ("Öykü", "Yıldız"), ("ليلى", "حدّاد")]
HEADS = ("First name", "Last name")


def saved(folder: Path, content: bytes, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def lines(rows: list[tuple[str, ...]], separator: str = ",") -> str:
    return "".join(separator.join(row) + "\r\n" for row in rows)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_and_separators_are_recognized(tmp_path: Path, encoding: str, separator: str) -> None:
    table = reading.read(saved(tmp_path, lines([HEADS, *PEOPLE], separator).encode(encoding)))
    assert table.rows == PEOPLE
    assert table.heads == list(HEADS)
    assert list(table.lines) == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("page", "rows"),
    [
        ("cp1252", [("Vorname", "Nachname"), ("Jürgen", "Groß"), ("José", "Núñez"), ("Chloé", "Lefèvre")]),
        ("cp1250", [("Imię", "Nazwisko"), ("Łukasz", "Wiśniewski"), ("Paweł", "Żółć"), ("Łucja", "Gałązka")]),
        ("cp1254", [("Adı", "Soyadı"), ("Öykü", "Yıldız"), ("Gülşen", "Şahin"), ("Çağla", "Yiğit")]),
        ("latin-1", [("Prénom", "Nom"), ("Amélie", "Fournier"), ("François", "Dupré")]),
    ],
)
def test_the_old_pages_of_several_countries(tmp_path: Path, page: str, rows: list[tuple[str, str]]) -> None:
    table = reading.read(saved(tmp_path, lines(rows, ";").encode(page)))
    assert table.rows == rows[1:]
    assert columns.guess(table) == ["first_name", "last_name"]


def test_an_encoding_can_be_chosen_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, lines([HEADS, ("Иван", "Петров")]).encode("cp1251"))
    assert reading.read(path, encoding="cp1251").rows == [("Иван", "Петров")]
    assert refused(path, encoding="utf-8") == "exchange.bad_encoding"


def test_quotes_hold_separators_and_line_breaks(tmp_path: Path) -> None:
    table = reading.read(saved(tmp_path, b'Name;Address\r\n"Ana ""A"" Satler";"Weg 1;\r\n1010 Wien"\r\nB;C\r\n'))
    assert table.rows == [('Ana "A" Satler', "Weg 1;\r\n1010 Wien"), ("B", "C")]
    assert list(table.lines) == [2, 4]


def test_excels_own_first_line_names_the_separator(tmp_path: Path) -> None:
    table = reading.read(saved(tmp_path, b"sep=|\r\nFirst name|Last name\r\nA,B;C|D\r\n"))
    assert (table.rows, list(table.lines)) == ([("A,B;C", "D")], [3])


def test_without_heads_the_first_line_is_a_person(tmp_path: Path) -> None:
    table = reading.read(
        saved(tmp_path, b"Ana;Satler;ana@mail.example;04.05.1998\r\nMai;Le;mai@mail.example;01.02.1990\r\n")
    )
    assert (table.has_heads, len(table.rows), list(table.lines)) == (False, 2, [1, 2])
    assert table.heads == ["Column A", "Column B", "Column C", "Column D"]
    assert columns.guess(table) == ["first_name", "last_name", "email", "date_of_birth"]
    told = reading.read(tmp_path / "list.csv", heads=True)
    assert (told.has_heads, len(told.rows)) == (True, 1)


def test_repeated_and_missing_heads_get_names(tmp_path: Path) -> None:
    table = reading.read(saved(tmp_path, b"First name,Phone,Phone,,\r\nAna,1,+43 660 5550184,x,y\r\n"))
    assert table.heads == ["First name", "Phone", "Phone (2)", "Column D", "Column E"]
    assert columns.guess(table)[:3] == ["first_name", "phone", "phone"]


def refused(path: Path, **how: object) -> str:
    """The key of the refusal, which must have a sentence. How fast it comes is the benchmark's."""
    with pytest.raises(DeskError) as caught:
        reading.read(path, **how)  # type: ignore[arg-type]
    assert text.sentence(caught.value) != caught.value.key
    return caught.value.key


def xlsx(rows: list[list[object]], title: str = "People") -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """An XLSX with its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            made = change(part.filename, source.read(part))
            if made is not None:
                target.writestr(part.filename, made)
    return out.getvalue()


BILLION = (
    b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">"""
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]>"
)


def entity_bomb(name: str, content: bytes) -> bytes:
    if name != "xl/worksheets/sheet1.xml":
        return content
    return (
        BILLION + content.partition(b"?>")[2].replace(b"<v>", b"<v>&j;")
        if b"?>" in content[:80]
        else BILLION + content.replace(b"Ana", b"&j;")
    )


def zip_bomb(name: str, content: bytes) -> bytes:
    return content + b" " * (80 * 1024 * 1024) if name == "xl/worksheets/sheet1.xml" else content


SMALL = [["First name", "Last name"], ["Ana", "Satler"]]

BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "exchange.empty"),
    "only blanks": (lambda: b"\r\n  \r\n\r\n", "exchange.empty"),
    "only commas": (lambda: b",,,\r\n,,,\r\n", "exchange.empty"),
    "only a mark": (lambda: b"\xef\xbb\xbf", "exchange.empty"),
    "head only": (lambda: b"First name,Last name\r\n", "exchange.heads_only"),
    "head only, sheet": (lambda: xlsx(SMALL[:1]), "exchange.heads_only"),
    "empty sheet": (lambda: xlsx([]), "exchange.empty"),
    "a web page": (lambda: b"<html><table><tr><td>Ana</td></tr></table></html>", "exchange.web_page"),
    "a web page with a mark": (lambda: b"\xef\xbb\xbf\r\n<!DOCTYPE html><html></html>", "exchange.web_page"),
    "a sheet of 2003 as XML": (
        lambda: b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "exchange.old_excel",
    ),
    "an old Excel file": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4000, "exchange.old_excel"),
    "a PDF": (lambda: b"%PDF-1.7\n%\xe2\xe3", "exchange.not_a_list"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "exchange.not_a_list"),
    "a zip of something else": (
        lambda: repacked(xlsx(SMALL), lambda n, c: None if "Types" in n else c),
        "exchange.not_a_list",
    ),
    "a cut sheet": (lambda: xlsx(SMALL)[:-300], "exchange.bad_xlsx"),
    "a sheet cut early": (lambda: xlsx(SMALL)[:200], "exchange.bad_xlsx"),
    "a sheet with broken XML": (lambda: repacked(xlsx(SMALL), lambda n, c: c[: len(c) // 2]), "exchange.bad_xlsx"),
    "an entity bomb": (lambda: repacked(xlsx(SMALL), entity_bomb), "exchange.bad_xlsx"),
    "a zip bomb": (lambda: repacked(xlsx(SMALL), zip_bomb), "exchange.bomb"),
    "an open quote": (lambda: b'Name,Mail\r\nAna,a@x.example\r\n"Mai,b@x.example\r\nC,d\r\n', "exchange.open_quote"),
    "a quote within": (lambda: b'Name,Mail\r\n"Ana"x,a@x.example\r\n', "exchange.open_quote"),
    "a million columns": (lambda: b"Name" + b"," * 1_000_000 + b"x\r\nAna\r\n", "exchange.too_many_columns"),
    "many columns, sheet": (lambda: xlsx([["x"] * 500, ["y"] * 500]), "exchange.too_many_columns"),
    "more than a million rows": (lambda: b"Name\n" + b"a\n" * 1_000_002, "exchange.too_many_rows"),
    "a cell without an end": (lambda: b"Name,Mail\r\nAna," + b"x" * 200_000 + b"\r\n", "exchange.cell_too_long"),
    "a card without anyone": (lambda: b"BEGIN:VCARD\r\nEND:VCARD\r\n", "exchange.heads_only"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("ending", ["csv", "xls"])
def test_what_cannot_be_right_is_refused_in_words(tmp_path: Path, name: str, ending: str) -> None:
    content, key = BAD[name]
    assert refused(saved(tmp_path, content(), f"list.{ending}")) == key


def test_control_without_the_look_at_sizes_a_bomb_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.exchange import sheet

    monkeypatch.setattr(sheet, "_look_before_opening", lambda content: None)
    assert reading.read(saved(tmp_path, repacked(xlsx(SMALL), zip_bomb))).rows == [("Ana", "Satler")]


def test_a_file_larger_than_the_limit_is_not_read_at_all(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(reading.MOST_BYTES + 1)
    assert refused(path) == "exchange.too_large"


def test_no_file_a_folder_and_a_pipe(tmp_path: Path) -> None:
    assert refused(tmp_path / "not there.csv") == "exchange.unreadable"
    assert refused(tmp_path) == "exchange.not_a_list"
    os.mkfifo(tmp_path / "pipe.csv")
    assert refused(tmp_path / "pipe.csv") == "exchange.not_a_list"


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, b"First name\r\nAna\r\n")
    real = Path.open

    def while_someone_saves(self: Path, *args: object, **kwargs: object) -> object:
        file = real(self, *args, **kwargs)  # type: ignore[call-overload]
        os.utime(path, ns=(1, 1))
        return file

    monkeypatch.setattr(Path, "open", while_someone_saves)
    assert refused(path) == "exchange.changed"


def test_a_stick_that_is_pulled_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, b"First name\r\nAna\r\n")

    class Gone(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", lambda self, mode="r": Gone())
    with pytest.raises(EnvironmentFault) as caught:
        reading.read(path)
    assert "Input/output error" in text.sentence(caught.value)


def test_sheets_give_text_days_and_formulas_as_they_are_written(tmp_path: Path) -> None:
    from datetime import date, datetime

    rows: list[list[object]] = [
        ["First name", "Phone", "Born", "Note"],
        ["Ana", 436605550184, datetime(1998, 5, 4), "=1+1"],
        [None, None, None, None],
        ["Mai", 4.36605550184e11, date(1990, 2, 1), True],
        ["Eve", "0660 1", datetime(2000, 1, 1, 9, 30), 1.5],
    ]
    table = reading.read(saved(tmp_path, xlsx(rows), "list.xlsx"))
    assert table.rows == [
        ("Ana", "436605550184", "1998-05-04", "=1+1"),
        ("Mai", "436605550184", "1990-02-01", "TRUE"),
        ("Eve", "0660 1", "2000-01-01 09:30", "1.5"),
    ]
    assert list(table.lines) == [2, 4, 5]


def test_the_first_visible_sheet_with_anything_in_it_is_taken(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "Empty"  # type: ignore[union-attr]
    hidden = book.create_sheet("Hidden")
    hidden.sheet_state = "hidden"
    hidden.append(["Secret"])
    shown = book.create_sheet("People")
    for row in SMALL:
        shown.append(row)
    book.save(tmp_path / "book.xlsx")
    assert reading.read(tmp_path / "book.xlsx").rows == [("Ana", "Satler")]


VCARDS = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Satler;Ana;Maria;;\r\nFN:Ana Satler\r\n"
    "item1.EMAIL;TYPE=INTERNET:ana@mail.example\r\n"
    "TEL;TYPE=FAX:+43 1 1\r\nTEL;TYPE=HOME:+43 1 555\r\nTEL;TYPE=CELL:+43 660 5550184\r\nBDAY:19980504\r\n"
    "ADR;TYPE=HOME:;;Weg 1\\, Stiege 2;Wien;;1010;Austria\r\nNOTE:a long\r\n  line\r\nEND:VCARD\r\n"
    "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Mai Thi Nguyen\r\nTEL;VALUE=uri;TYPE=\"voice,cell\":tel:+84-555-550\r\n"
    "EMAIL:old@mail.example\r\nEMAIL;PREF=1:new@mail.example\r\nBDAY:1990-02-01\r\nEND:VCARD\r\n"
    "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Gro=DF;J=FC=\r\nrgen\r\n"
    "TEL;CELL:0664 1234567\r\nEND:VCARD\r\n"
)  # fmt: skip


def test_vcards_of_three_versions(tmp_path: Path) -> None:
    table = reading.read(saved(tmp_path, VCARDS.encode(), "people.vcf"))
    people = [dict(zip(table.heads, row, strict=True)) for row in table.rows]
    assert people[0] == {
        "first_name": "Ana Maria", "last_name": "Satler", "full_name": "Ana Satler", "email": "ana@mail.example",
        "phone": "+43 660 5550184", "date_of_birth": "1998-05-04", "language": "",
        "address": "Weg 1, Stiege 2\n1010 Wien\nAustria",
    }  # fmt: skip
    assert (people[1]["full_name"], people[1]["email"], people[1]["phone"]) == (
        "Mai Thi Nguyen", "new@mail.example", "+84-555-550",
    )  # fmt: skip
    assert (people[2]["first_name"], people[2]["last_name"], people[2]["phone"]) == ("Jürgen", "Groß", "0664 1234567")
    assert list(table.lines) == [1, 14, 22]


@pytest.mark.parametrize(("limit", "most"), [("MOST_UNPACKED", 400), ("MOST_PARTS", 3)])
def test_a_sheet_of_more_than_a_file_may_hold_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    """However little it is packed: what all parts come to, and how many there are, is known before."""
    path = saved(tmp_path, xlsx(SMALL), "list.xlsx")
    assert len(reading.read(path).rows) == len(SMALL) - 1
    monkeypatch.setattr(sheet, limit, most)
    with pytest.raises(UserError, match=r"exchange\.too_large"):
        reading.read(path)


def test_a_cell_of_a_sheet_without_an_end_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_IN_A_CELL", 20)
    path = saved(tmp_path, xlsx([["Name"], ["Ana"], ["x" * 21]]), "list.xlsx")
    with pytest.raises(UserError, match=r"exchange\.cell_too_long") as error:
        reading.read(path)
    assert error.value.params == {"line": 3}


def test_reading_stops_when_asked(tmp_path: Path) -> None:
    path = saved(tmp_path, b"Name\n" + b"Ana\n" * 10_000)
    told: list[int] = []
    with pytest.raises(reading.Stopped):
        reading.read(path, stop=lambda: len(told) > 1, progress=lambda done, total: told.append(done))
    assert told == [2_000, 4_000]


HEADS_OF: dict[str, tuple[str, str, dict[str, str]]] = {
    "Google Contacts": (
        "First Name,Middle Name,Last Name,Phonetic First Name,Nickname,Organization Name,Birthday,Notes,Labels,"
        "E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value,Address 1 - Formatted,Address 1 - City",
        "Ana,,Satler,,,,1998-05-04,,* myContacts,* ,ana@mail.example,Mobile,+43 660 5550184,Weg 1,Wien",
        {"First Name": "first_name", "Last Name": "last_name", "Birthday": "date_of_birth",
         "E-mail 1 - Value": "email", "Phone 1 - Value": "phone", "Address 1 - Formatted": "address",
         "Address 1 - City": "city"},
    ),
    "Outlook": (
        "Title,First Name,Middle Name,Last Name,Company,Home Street,Home City,Home Postal Code,Home Country/Region,"
        "Home Phone,Mobile Phone,Birthday,E-mail Address,E-mail Type,Language",
        ",Ana,,Satler,,Weg 1,Wien,1010,Austria,,+43 660 5550184,5/24/1998,ana@mail.example,SMTP,",
        {"First Name": "first_name", "Last Name": "last_name", "Home Street": "street", "Home City": "city",
         "Home Postal Code": "zip", "Home Country/Region": "country", "Mobile Phone": "phone",
         "Birthday": "date_of_birth", "E-mail Address": "email"},
    ),
    "German": (
        "Nachname,Vorname,Geb.-Datum,E-Mail,Handy,Straße,PLZ,Ort",
        "S,Ana,4.5.1998,a@x.example,+43660555,W 1,1010,Wien",
        {"Nachname": "last_name", "Vorname": "first_name", "Geb.-Datum": "date_of_birth", "E-Mail": "email",
         "Handy": "phone", "Straße": "street", "PLZ": "zip", "Ort": "city"}),
    "German, the short way": ("Name,Vorname", "Satler,Ana", {"Name": "last_name", "Vorname": "first_name"}),
    "French": (
        "Nom,Prénom,Né le,Courriel,Portable,Adresse,Code postal,Ville",
        "S,Ana,4/5/1998,a@x.example,+33 655501,R 1,75001,Paris",
        {"Nom": "last_name", "Prénom": "first_name", "Né le": "date_of_birth", "Courriel": "email",
         "Portable": "phone", "Adresse": "address", "Code postal": "zip", "Ville": "city"}),
    "Spanish": (
        "Nombre,Apellidos,Fecha de nacimiento,Correo electrónico,Móvil",
        "Ana,S,4/5/1998,a@x.example,+34 655501",
        {"Nombre": "first_name", "Apellidos": "last_name", "Fecha de nacimiento": "date_of_birth",
         "Correo electrónico": "email", "Móvil": "phone"}),
    "Italian": (
        "Nome,Cognome,Data di nascita,Indirizzo e-mail,Cellulare,CAP",
        "Ana,S,4/5/1998,a@x.example,+39 655501,1",
        {"Nome": "first_name", "Cognome": "last_name", "Data di nascita": "date_of_birth", "Indirizzo e-mail": "email",
         "Cellulare": "phone", "CAP": "zip"}),
    "Polish": ("Imię,Nazwisko,Data urodzenia,Adres e-mail,Telefon komórkowy", "Ana,S,4.05.1998,a@x.example,+48 655501",
        {"Imię": "first_name", "Nazwisko": "last_name", "Data urodzenia": "date_of_birth", "Adres e-mail": "email",
         "Telefon komórkowy": "phone"}),
    "Turkish": ("Adı,Soyadı,Doğum Tarihi,E-posta,Cep Telefonu,Öğrenci No", "Öykü,Y,04.05.1998,o@x.example,+90 655501,7",
        {"Adı": "first_name", "Soyadı": "last_name", "Doğum Tarihi": "date_of_birth", "E-posta": "email",
         "Cep Telefonu": "phone", "Öğrenci No": "number"}),
    "Ukrainian": ("Прізвище,Ім'я,Дата народження,Телефон", "К,О,04.05.1998,+38055501",
        {"Прізвище": "last_name", "Ім'я": "first_name", "Дата народження": "date_of_birth", "Телефон": "phone"}),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS_OF)
def test_columns_of_real_exports_are_known(tmp_path: Path, name: str) -> None:
    heads, row, meant = HEADS_OF[name]
    table = reading.read(saved(tmp_path, f"{heads}\r\n{row}\r\n".encode()))
    guessed = {head: field for head, field in zip(table.heads, columns.guess(table), strict=True) if field}
    assert guessed == meant


def test_columns_that_say_nothing_are_known_by_what_they_hold(tmp_path: Path) -> None:
    table = reading.read(saved(tmp_path, b"Vorname,Nachname,K1,K2,K3\r\nAna,S,a@x.example,+43 660 555,1998-05-24\r\n"))
    assert columns.guess(table)[2:] == ["email", "phone", "date_of_birth"]
    contract = reading.read(saved(tmp_path, b"Vorname,Nachname,K3\r\nAna,S,2026-05-24\r\n"))
    assert columns.guess(contract)[2:] == [""]  # nobody who enrolls was born this year


def test_a_table_keeps_short_lines_as_they_are(tmp_path: Path) -> None:
    table: Table = reading.read(saved(tmp_path, b"First name,Last name,Email\r\nAna\r\nMai,Le\r\n"))
    assert [len(row) for row in table.rows] == [1, 2]


def test_errors_name_the_line(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        reading.read(saved(tmp_path, b'Name,Mail\r\n"A\r\nB",x\r\n"open,y\r\nz\r\n'))
    assert caught.value.params == {"line": 4}
