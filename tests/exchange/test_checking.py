"""Every line checked before anything is written: the form's rules, dates, who is there, who stands there twice."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app import text
from app.desk import merge, people
from app.desk.people import StudentDraft, check_email
from app.errors import UserError
from app.exchange import checking, columns, dates, paying, reading
from app.exchange.checking import Plan
from app.store.models import User
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]
HEADS = ("First name", "Last name", "Email", "Phone", "Date of birth")


def table(rows: list[tuple[str, ...]], folder: Path, heads: tuple[str, ...] = HEADS) -> reading.Table:
    out = io.StringIO()
    csv.writer(out).writerows([heads, *rows])
    path = folder / "list.csv"
    path.write_text(out.getvalue(), "utf-8")
    return reading.read(path, heads=True)


def planned(rows: list[tuple[str, ...]], folder: Path, heads: tuple[str, ...] = HEADS, style: str = "") -> Plan:
    made = table(rows, folder, heads)
    return checking.plan(made, columns.guess(made), style)


def states(plan: Plan) -> list[str]:
    return [line.state for line in plan.lines]


def test_errors_name_line_field_and_reason(small_center: SmallCenter, tmp_path: Path) -> None:
    plan = planned(
        [
            ("Mai", "Le", "mai@mail.example", "+84 555 550", "1990-02-01"),
            ("", "Nobody", "a@b", "12", "31.02.1990"),
            ("Bell\x07", "x" * 201, "", "", "2190-01-01"),
            ("Ok", "", "", "", ""),
        ],
        tmp_path,
    )
    assert states(plan) == ["new", "wrong", "wrong", "new"]
    said = {(line.line, field): error.key for line in plan.lines for field, error in (line.errors or {}).items()}
    assert said == {
        (3, "first_name"): "text.required",
        (3, "email"): "people.bad_email",
        (3, "phone"): "people.bad_phone",
        (3, "date_of_birth"): "people.bad_date",
        (4, "first_name"): "text.control_character",
        (4, "last_name"): "text.too_long",
        (4, "date_of_birth"): "people.born_ahead",
    }
    key, params = checking.remark(plan, plan.lines[1])
    assert text.sentence(key, params) == "First name: Please fill this in."


def test_a_cell_is_mended_and_a_line_dropped(small_center: SmallCenter, tmp_path: Path) -> None:
    plan = planned(
        [("Mai", "Le", "mai@", "", ""), ("Eve", "Ott", "eve@", "", ""), ("Ian", "Ray", "", "", "")], tmp_path
    )
    plan.put(0, "email", "mai@mail.example")
    plan.decide([1], "dropped")
    checking.match_again(plan)
    assert states(plan) == ["new", "dropped", "new"]
    assert plan.counts() == {"new": 2, "update": 0, "same": 0, "twice": 0, "wrong": 0, "dropped": 1}
    plan.decide([1], "new")  # it is still wrong: nobody can choose that away
    assert states(plan) == ["new", "dropped", "new"]
    plan.decide([1], "")
    assert states(plan) == ["new", "wrong", "new"]


def test_people_already_there_are_matched_not_doubled(small_center: SmallCenter, tmp_path: Path) -> None:
    rows = [
        ("Ana", "Satler", "ANA.SATLER@mail.example", "+43 660 555 01 84", "1998-05-04"),
        ("Lukasz", "Wisniewski", "", "0048/605-550-133", ""),
        ("Satler", "Ana", "", "", "1998-05-04"),
        ("Anna", "Satler", "other@mail.example", "", "04.05.1998"),
        ("Mia", "Satler", "ana.satler@mail.example", "+43 660 555 01 84", "2001-01-02"),
        ("Nobody", "Known", "", "", ""),
    ]
    ana, lukasz = small_center.student, small_center.other_student
    each = [planned([row], tmp_path) for row in rows]
    assert [plan.lines[0].match for plan in each] == [ana, lukasz, ana, ana, None, None]
    assert [states(plan) for plan in each] == [["same"], ["same"], ["update"], ["update"], ["new"], ["new"]]
    assert checking.changes(each[3], each[3].lines[0]) == {"first_name": "Anna", "email": "other@mail.example"}
    key, params = checking.remark(each[4], each[4].lines[0])
    assert (key, params["name"]) == ("exchange.shares", "Ana Satler")  # a sister with the family's address is another
    assert states(planned(rows, tmp_path)) == ["same", "same", "twice", "twice", "new", "new"]


def test_control_without_the_names_a_sister_would_be_lost(
    small_center: SmallCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_one_person", lambda one, other: True)
    plan = planned([("Mia", "Satler", "ana.satler@mail.example", "", "2001-01-02")], tmp_path)
    assert states(plan) == ["update"]


def test_strangers_with_a_firms_address_are_several(small_center: SmallCenter, tmp_path: Path) -> None:
    rows = [
        ("Anna", "Maier", "office@firm.example", "", "1990-01-01"),
        ("Anna", "Huber", "office@firm.example", "", "1985-07-03"),
        ("Anna", "Maier", "office@firm.example", "", "1990-01-01"),
    ]
    plan = planned(rows, tmp_path)
    assert states(plan) == ["new", "new", "twice"]
    assert checking.remark(plan, plan.lines[2]) == ("exchange.is_twice", {"line": 2})


def test_the_students_number_is_the_surest_match(small_center: SmallCenter, tmp_path: Path) -> None:
    number = User.get_by_id(small_center.student).number
    heads = ("Student number", "First name", "Last name")
    plan = planned([(number, "Ana", "Novak"), (number, "Oswald", "Perchten")], tmp_path, heads)
    assert (plan.lines[0].match, plan.lines[0].state) == (small_center.student, "update")
    # Another center has numbers of the same form: a stranger with one is a stranger.
    assert (plan.lines[1].match, plan.lines[1].near, plan.lines[1].state) == (None, small_center.student, "new")


def test_a_plan_can_be_shown_while_it_is_matched_again(
    small_center: SmallCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(
        [("Ana", "Satler", "ana.satler@mail.example", "+43 1 777", ""), ("Eve", "Ott", "", "", "")], tmp_path
    )
    said = []
    real = checking.roster.students

    def while_someone_looks() -> object:
        said.extend(checking.remark(plan, line)[0] for line in plan.lines)
        yield from real()
        said.extend(checking.remark(plan, line)[0] for line in plan.lines)

    monkeypatch.setattr(checking.roster, "students", while_someone_looks)
    checking.match_again(plan)
    assert said == ["exchange.differs", "", "exchange.differs", ""]


def test_one_birthday_for_all_does_not_take_all_day(small_center: SmallCenter, tmp_path: Path) -> None:
    rows = [(f"N{n:05d}x{n * 7919 % 99991}", f"L{n * 104729 % 99991}", "", "", "1970-01-01") for n in range(6_000)]
    rows.append(rows[5_000])
    compared = 0
    real = checking.fuzz.token_sort_ratio

    class Counting:
        ratio = staticmethod(checking.fuzz.ratio)

        @staticmethod
        def token_sort_ratio(one: str, other: str) -> float:
            nonlocal compared
            compared += 1
            return float(real(one, other))

    patch = pytest.MonkeyPatch()
    patch.setattr(checking, "fuzz", Counting)
    try:
        plan = planned(rows, tmp_path)
    finally:
        patch.undo()
    assert compared <= len(rows) * (checking.CROWD + 2)
    assert plan.lines[-1].state == "twice"


def test_google_writes_several_addresses_in_one_cell(small_center: SmallCenter, tmp_path: Path) -> None:
    heads = ("Name", "Given Name", "Family Name", "E-mail 1 - Value", "E-mail 2 - Value")
    rows = [("Ana S", "Ana", "S", "a@x.example ::: b@x.example", "c@x.example"), ("Mai", "Mai", "", "", "d@x.example")]
    plan = planned(rows, tmp_path, heads)
    mails = [line.row["email"] for line in plan.lines if line.row]
    assert mails == ["a@x.example", "d@x.example"]


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("Ana Satler", ("Ana", "Satler")),
        ("Satler, Ana Maria", ("Ana Maria", "Satler")),
        ("Jan van der Berg", ("Jan", "van der Berg")),
        ("Ana Maria Satler", ("Ana Maria", "Satler")),
        ("Madonna", ("Madonna", "")),
        ("  van  Gogh ", ("van", "Gogh")),
    ],
)
def test_a_whole_name_is_taken_apart(whole: str, parts: tuple[str, str]) -> None:
    assert checking.split_name(whole) == parts


def test_parts_of_an_address_are_put_together(small_center: SmallCenter, tmp_path: Path) -> None:
    heads = ("First name", "Street", "ZIP", "City", "Country")
    plan = planned([("Ana", "Weg 1", "1010", "Wien", "Austria"), ("Mai", "", "", "Graz", "")], tmp_path, heads)
    assert [line.row["address"] for line in plan.lines if line.row] == ["Weg 1\n1010 Wien\nAustria", "Graz"]
    heads = ("Prénom", "Adresse", "Code postal", "Ville")
    rows = [
        ("Ana", "1 rue X", "75001", "Paris"),
        ("Mai", "2 rue Y\n75002 Paris", "75002", "Paris"),
        ("Eve", "", "", ""),
    ]
    plan = planned(rows, tmp_path, heads)
    found = [line.row["address"] for line in plan.lines if line.row]
    assert found == ["1 rue X\n75001 Paris", "2 rue Y\n75002 Paris", ""]


def test_languages_and_states_in_words(small_center: SmallCenter, tmp_path: Path) -> None:
    heads = ("First name", "Language", "Status")
    rows = [
        ("A", "Deutsch", "Aktiv"),
        ("B", "polski", "on hold"),
        ("C", "fr", ""),
        ("D", "", "Inactif"),
        ("E", "Klingonisch!", "?"),
    ]
    plan = planned(rows, tmp_path, heads)
    got = [(line.row["language"], line.row["status"]) for line in plan.lines if line.row]
    assert got == [("de", "active"), ("pl", "on_hold"), ("fr", ""), ("", "inactive")]
    assert set(plan.lines[4].errors or {}) == {"language", "status"}


def test_without_a_name_nothing_is_checked(small_center: SmallCenter, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        planned([("a@x.example",)], tmp_path, ("Email",))
    assert caught.value.key == "exchange.no_name"


def test_checking_stops_when_asked_and_tells_how_far_it_is(small_center: SmallCenter, tmp_path: Path) -> None:
    made = table([("Ana", f"S{n}", "", "", "") for n in range(3_000)], tmp_path)
    told: list[tuple[int, int]] = []
    mapping = columns.guess(made)
    with pytest.raises(reading.Stopped):
        checking.plan(made, mapping, stop=lambda: len(told) > 1, progress=lambda *done: told.append(done))
    assert told == [(0, 3_000), (1_000, 3_000)]
    told.clear()
    checking.plan(made, mapping, progress=lambda *done: told.append(done))
    assert told[-1] == (3_000, 3_000)


# -- dates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["1998-05-04", "1990-12-31"], ("", True)),
        (["04.05.1998", "31.12.1990"], ("dmy", True)),
        (["04.05.1998"], ("dmy", True)),
        (["04/05/1998", "31/12/1990"], ("dmy", True)),
        (["04/05/1998", "12/31/1990"], ("mdy", True)),
        (["04/05/1998", "11/12/1990"], ("", False)),
        (["04/05/1998", "31/12/1990", "12/31/1990"], ("", False)),
        (["05/05/1998"], ("", True)),
        (["4-5-98", "31-12-90"], ("dmy_short", False)),
        (["4 May 1998", "1 janvier 1990", "", "?"], ("", True)),
    ],
)
def test_a_column_tells_how_its_dates_are_written_or_is_asked(values: list[str], found: tuple[str, bool]) -> None:
    assert dates.style_of(values) == found


@pytest.mark.parametrize(
    ("value", "style", "iso"),
    [
        ("04.05.1998", "", "1998-05-04"), ("4/5/1998", "dmy", "1998-05-04"), ("4/5/1998", "mdy", "1998-04-05"),
        ("4/5/1998", "", None), ("5/5/1998", "", "1998-05-05"), ("13/5/1998", "mdy", None), ("5/13/1998", "dmy", None),
        ("1998/5/4", "mdy", "1998-05-04"), ("19980504", "", "1998-05-04"), ("1998-05-04T00:00:00Z", "", "1998-05-04"),
        ("1998-05-04 00:00:00", "", "1998-05-04"), ("4. Mai 1998", "", "1998-05-04"), ("4 mai 1998", "", "1998-05-04"),
        ("4 de mayo de 1998", "", "1998-05-04"), ("May 4th, 1998", "", "1998-05-04"), ("04-May-1998", "", "1998-05-04"),
        ("4 maja 1998", "", "1998-05-04"), ("4 Mayıs 1998", "", "1998-05-04"), ("31.02.1998", "", None),
        ("4/5/98", "dmy", None), ("4/5/98", "dmy_short", "1998-05-04"), ("4/5/05", "mdy_short", "2005-04-05"),
        ("--05-04", "", None), ("1998", "", None), ("٠٤/٠٥/١٩٩٨", "dmy", None), ("not a date", "dmy", None),
    ],
)  # fmt: skip
def test_dates_of_many_countries(value: str, style: str, iso: str | None) -> None:
    assert dates.iso(value, style) == iso


def test_dates_that_can_be_two_are_asked_for(small_center: SmallCenter, tmp_path: Path) -> None:
    rows = [("Ana", "S", "", "", "03/04/1998"), ("Mai", "L", "", "", "05/06/1990")]
    with pytest.raises(UserError) as caught:
        planned(rows, tmp_path)
    assert caught.value.key == "exchange.which_dates"
    born = [line.row["date_of_birth"] for line in planned(rows, tmp_path, style="mdy").lines if line.row]
    assert born == ["1998-03-04", "1990-05-06"]


# -- the rules are the form's --------------------------------------------------------------------------------


@given(
    local=st.text("abcXYZ019._+-!\"' @", max_size=12) | st.sampled_from(["info", "INFO", "Ana", "a" * 64, "a" * 65]),
    domain=st.text("abcX09.-ü_", max_size=14)
    | st.sampled_from(["mail.example", "MAIL.Example", "x.local", "a--b.example"]),
)
@example("Postmaster", "mail.example")
@example("a", "xn--mnchen-3ya.example")
@example("a", "münchen.example")
def test_the_short_way_of_judging_an_address_says_what_the_long_one_says(local: str, domain: str) -> None:
    typed = f"{local}@{domain}".strip()

    def told(act: object) -> str:
        try:
            return str(act())  # type: ignore[operator]
        except UserError as error:
            return error.key

    if "," not in typed and "\n" not in typed:
        assert told(lambda: check_email(typed)) == told(lambda: people._whole_address(typed, "email"))


def test_the_form_and_the_list_share_one_set_of_rules(small_center: SmallCenter) -> None:
    with pytest.raises(UserError) as caught:
        people.add_student(small_center.staff, StudentDraft("Ana", phone="12"))
    assert (caught.value.key, caught.value.field) == ("people.bad_phone", "phone")
    ruled = set(people.STUDENT_RULES)
    assert ruled | {"payer_id"} == set(StudentDraft.__dataclass_fields__)
    assert set(checking._RULES) == ruled | {"number", *paying.FIELDS}


def test_a_list_that_knows_a_record_merged_away_means_the_person(small_center: SmallCenter, tmp_path: Path) -> None:
    """By its number, its address and its name; the line is told by the number in use."""
    merge.merge(small_center.staff, small_center.student, small_center.other_student)
    heads = ("Student number", *HEADS)
    plan = planned(
        [
            ("S-000002", "Łukasz", "Wiśniewski", "", "", ""),
            ("", "Lukasz", "Wisniewski", "l.wisniewski@mail.example", "", ""),
            ("", "Ana", "Satler", "ana.satler@mail.example", "", ""),
            ("", "Mai", "Le", "mai@mail.example", "", ""),
        ],
        tmp_path,
        heads,
    )
    assert [line.match for line in plan.lines] == [small_center.student] * 3 + [None]
    key, params = checking.remark(plan, plan.lines[1])
    assert (key, params["number"]) == ("exchange.differs", "S-000001")
