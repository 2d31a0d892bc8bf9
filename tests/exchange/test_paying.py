"""Who pays, in a list: found by its heads, matched with whoever is there, made once, taken out again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from app import store, text
from app.desk import people, undo
from app.desk.people import PayerDraft, StudentDraft
from app.errors import UserError
from app.exchange import checking, columns, exporting, importing, paying, reading
from app.exchange.checking import Plan
from app.store import checks, search
from app.store.models import Import, Payer, User
from tests.support.center import SmallCenter, build, small_center
from tests.support.controls import without_transactions
from tests.support.odd_text import ODD

__all__ = ["small_center"]
HEADS = ("First name", "Last name", "Email", "Payer name", "Payer kind", "Payer email", "Payer phone")


def plan_of(folder: Path, rows: list[tuple[str, ...]], heads: tuple[str, ...] = HEADS) -> Plan:
    path = folder / "list.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([heads, *rows])
    table = reading.read(path, heads=True)
    return checking.plan(table, columns.guess(table))


def brought(
    c: SmallCenter, folder: Path, rows: list[tuple[str, ...]], heads: tuple[str, ...] = HEADS
) -> list[Payer | None]:
    """Who pays for each line after it came in."""
    done = importing.import_students(c.staff, plan_of(folder, rows, heads))
    assert done.added == len(rows)
    new = [User.get_by_id(done.first_id + number) for number in range(done.added)]
    return [Payer.get_or_none(Payer.id == row.payer_id) if row.payer_id else None for row in new]


@pytest.mark.parametrize(
    ("heads", "fields"),
    [
        ("Guardian,Guardian email,Parent phone,Payer type", "payer_name,payer_email,payer_phone,payer_kind"),
        ("Zahler,E-Mail Eltern,Telefon Eltern,Zahlerart", "payer_name,payer_email,payer_phone,payer_kind"),
        ("Payeur,E-mail du parent,Téléphone du parent,Type de payeur", "payer_name,payer_email,payer_phone,payer_kind"),
        (
            "Pagador,Correo del tutor,Teléfono del tutor,Tipo de pagador",
            "payer_name,payer_email,payer_phone,payer_kind",
        ),
        ("Genitore,Email genitore,Telefono genitore,Tipo di pagante", "payer_name,payer_email,payer_phone,payer_kind"),
        ("Płatnik,E-mail rodzica,Telefon rodzica,Rodzaj płatnika", "payer_name,payer_email,payer_phone,payer_kind"),
        ("Veli adı,Veli e-posta,Veli telefonu,Ödeyen türü", "payer_name,payer_email,payer_phone,payer_kind"),
    ],
)
def test_heads_in_several_languages(heads: str, fields: str) -> None:
    assert [columns.field_of(head) for head in heads.split(",")] == fields.split(",")


def test_what_means_the_student_is_not_taken_for_the_payer() -> None:
    for head in ("Company", "Organization Name", "Contact", "Emergency contact", "Email", "Who pays", "Name"):
        assert not columns.field_of(head).startswith("payer_"), head


def test_one_payer_of_several_lines_is_made_once_and_each_is_found_by_them(
    small_center: SmallCenter, tmp_path: Path
) -> None:
    rows = [
        ("Tim", "Weiss", "", "Eva Weiß", "mother", "eva@mail.example", "+43 660 111 22 33"),
        ("Ida", "Weiss", "", "Eva Weiss", "", "EVA@mail.example", ""),
        ("Omar", "Zed", "", "Alpen GmbH", "", "", ""),
        ("Nina", "Zed", "", "ALPEN GMBH", "Firma", "", ""),
        ("Solo", "Zed", "", "", "guardian", "", ""),
        ("Kid", "Zed", "", "", "", "only@mail.example", ""),
    ]
    eva, same, alpen, alpen2, nobody, only = brought(small_center, tmp_path, rows)
    assert eva is not None and alpen is not None and only is not None
    assert (eva, alpen, nobody) == (same, alpen2, None)
    assert (eva.name, eva.kind, eva.email, eva.phone) == (
        "Eva Weiß",
        "guardian",
        "eva@mail.example",
        "+43 660 111 22 33",
    )
    assert (alpen.name, alpen.kind, alpen.email) == ("Alpen GmbH", "company", None)
    assert (only.name, only.kind) == ("only@mail.example", "guardian")
    assert Payer.select().count() == 3
    assert len(search.people("eva weiss")) == 2
    assert len(search.people("6601112233")) == 2
    assert len(search.people("alpen gmbh")) == 2
    assert json.loads(Import.get().outcome)["payers"] == 3
    assert checks.run() == []


def test_whoever_is_there_is_matched_and_not_doubled(small_center: SmallCenter, tmp_path: Path) -> None:
    c = small_center
    add = lambda *values: people.add_payer(c.staff, PayerDraft(*values))  # noqa: E731
    eva, bare = add("Eva Weiß", "guardian", "eva@mail.example"), add("Uwe Bar", "guardian", "", "+43 1 555 01 00")
    firm = add("Alpen GmbH", "company", "office@alpen.example")
    twin = add("Eva's twin", "guardian", "eva@mail.example")
    for cells, wanted in (
        (("Eva Weiss", "", "Eva@mail.example", ""), eva),  # name and address
        (("Somebody", "", "eva@mail.example", ""), eva),  # the address alone: the first of them
        (("EVA'S TWIN", "", "eva@mail.example", ""), twin),  # of two with one address, the one of that name
        (("uwe bar", "", "", ""), bare),  # no address known of either
        (("Uwe Bar", "", "", "0043 1 555 01 00"), bare),
        (("Uwe Bar", "", "", "+43 1 999 99 99"), None),  # another number: another person of that name
        (("alpen gmbh", "", "", ""), firm),  # a company is the one of its name
        (("Eva Weiß", "", "", ""), None),  # a person of that name is not
        (("Alpen GmbH", "", "other@alpen.example", ""), None),
    ):  # fmt: skip
        before = Payer.select().count()
        (payer,) = brought(c, tmp_path, [("Kid", str(before), "", *cells)])
        assert payer is not None
        assert (payer.id if payer.id in (eva, bare, firm, twin) else None) == wanted, cells
        assert Payer.select().count() == before + (wanted is None), cells
        if wanted is None:
            undo.undo(c.staff, undo.newest(c.staff))
            assert Payer.select().count() == before
    assert Payer.get_by_id(eva).version == 1, "who is there stays as they are"
    assert checks.run() == []


def test_a_list_can_give_a_student_another_payer(small_center: SmallCenter, tmp_path: Path) -> None:
    c = small_center
    eva = people.add_payer(c.staff, PayerDraft("Eva Weiß", "guardian", "eva@mail.example"))
    ana = ("Ana", "Satler", "ana.satler@mail.example")
    plan = plan_of(tmp_path, [(*ana, "Eva Weiß", "", "eva@mail.example", "")])
    assert [line.state for line in plan.lines] == ["update"]
    key, params = checking.remark(plan, plan.lines[0])
    assert (key, params["fields"]) == ("exchange.differs", "Payer name")
    importing.import_students(c.staff, plan, update=True)
    assert User.get_by_id(c.student).payer_id == eva
    assert search.people("eva@mail.example") == [c.student]
    again = plan_of(tmp_path, [(*ana, "Eva Weiß", "", "eva@mail.example", "")])
    assert [line.state for line in again.lines] == ["same"]
    nobody = plan_of(tmp_path, [(*ana, "", "", "", "")])
    assert [line.state for line in nobody.lines] == ["same"], "an empty cell changes nothing"
    other = plan_of(tmp_path, [(*ana, "Uwe Neu", "", "uwe@mail.example", "")])
    importing.import_students(c.staff, other, update=True)
    assert Payer.get_by_id(User.get_by_id(c.student).payer_id).name == "Uwe Neu"
    assert search.people("uwe@mail.example") == [c.student]
    assert checks.run() == []


def test_what_cannot_be_is_said_in_its_cell(small_center: SmallCenter, tmp_path: Path) -> None:
    rows = [
        ("A", "", "", "a\x07b", "", "", ""),
        ("B", "", "", "Eva", "uncle", "", ""),
        ("C", "", "", "Eva", "", "no address", ""),
        ("D", "", "", "Eva", "", "", "call me"),
        ("E", "", "", "x" * 201, "", "", ""),
    ]
    plan = plan_of(tmp_path, rows)
    said = [(field, error.key) for line in plan.lines for field, error in (line.errors or {}).items()]
    assert said == [
        ("payer_name", "text.control_character"), ("payer_kind", "people.unknown_kind"),
        ("payer_email", "people.bad_email"), ("payer_phone", "people.bad_phone"), ("payer_name", "text.too_long"),
    ]  # fmt: skip
    plan.put(2, "payer_email", "eva@mail.example")
    checking.match_again(plan)
    assert plan.lines[2].state == "new"


def test_an_inactive_payer_is_not_chosen_anew_and_stays_with_whom_they_pay_for(
    small_center: SmallCenter, tmp_path: Path
) -> None:
    c = small_center
    eva = people.add_payer(c.staff, PayerDraft("Eva Weiß", "guardian", "eva@mail.example"))
    old = people.add_student(c.staff, StudentDraft("Old", "One", "old@mail.example", status="inactive", payer_id=eva))
    people.edit_payer(c.staff, eva, 1, PayerDraft("Eva Weiß", "guardian", "eva@mail.example", status="inactive"))
    rows = [
        ("New", "One", "", "Eva", "", "eva@mail.example", ""),
        ("Old", "One", "old@mail.example", "Eva", "", "eva@mail.example", ""),
    ]
    plan = plan_of(tmp_path, rows)
    assert [line.state for line in plan.lines] == ["wrong", "same"]
    assert "inactive payer" in text.sentence(plan.lines[0].errors["payer_name"])  # type: ignore[index]
    assert plan.lines[1].match == old
    fresh = plan_of(tmp_path, [("Newer", "One", "", "Nobody", "", "nobody@mail.example", "")])
    nobody = people.add_payer(c.staff, PayerDraft("Nobody", "guardian", "nobody@mail.example", status="inactive"))
    with pytest.raises(UserError, match=r"exchange\.payer_inactive"):
        importing.import_students(c.staff, fresh)
    assert Payer.select().where(Payer.id > nobody).count() == 0


def test_one_who_was_added_since_the_list_was_checked_is_not_doubled(small_center: SmallCenter, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, [("Tim", "Weiss", "", "Eva", "", "eva@mail.example", "")])
    eva = people.add_payer(small_center.staff, PayerDraft("Eva Weiß", "guardian", "eva@mail.example"))
    done = importing.import_students(small_center.staff, plan)
    assert User.get_by_id(done.first_id).payer_id == eva
    assert Payer.select().count() == 1


def test_control_without_the_look_a_payer_is_doubled(
    small_center: SmallCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.add_payer(small_center.staff, PayerDraft("Eva Weiß", "guardian", "eva@mail.example"))
    monkeypatch.setattr(paying.Payers, "find", lambda self, payer: None)
    rows = [(name, "Weiss", "", "Eva", "", "eva@mail.example", "") for name in ("Tim", "Ida")]
    brought(small_center, tmp_path, rows)
    assert Payer.select().count() == 3


def test_payers_come_in_with_their_people_or_not_at_all(
    small_center: SmallCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(f"P{n}", "Weiss", "", f"Payer {n % 7}", "", f"p{n % 7}@mail.example", "") for n in range(50)]

    def pull(done: int, total: int) -> None:
        raise RuntimeError("the plug")

    with pytest.raises(RuntimeError):
        importing.import_students(small_center.staff, plan_of(tmp_path, rows), progress=pull)
    assert Payer.select().count() == 0
    without_transactions(monkeypatch)
    with pytest.raises(RuntimeError):
        importing.import_students(small_center.staff, plan_of(tmp_path, rows), progress=pull)
    assert Payer.select().count() == 7, "the control: half of it is there"


def test_an_import_with_payers_is_taken_back_whole_and_their_ids_are_not_given_again(
    small_center: SmallCenter, tmp_path: Path
) -> None:
    rows = [(f"P{n}", "Weiss", "", f"Payer {n}", "", f"p{n}@mail.example", "") for n in range(5)]
    first = [payer.id for payer in brought(small_center, tmp_path, rows) if payer is not None]
    undo.undo(small_center.staff, undo.newest(small_center.staff))
    assert Payer.select().count() == 0
    assert checks.run() == []
    again = [payer.id for payer in brought(small_center, tmp_path, rows) if payer is not None]
    assert min(again) > max(first)
    assert checks.run() == []


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_people_and_payers_go_from_one_center_to_another(tmp_path: Path, ending: str) -> None:
    """What a center exports, an empty one brings in alike: each payer once, with name, kind, address and phone."""
    here = build(tmp_path / "here")
    names = {}
    for number, said in enumerate(ODD):
        draft = PayerDraft(
            said, ("guardian", "company", "other")[number % 3], f"p{number}@mail.example", f"+43 660 {number:06d}"
        )
        try:
            names[people.add_payer(here.staff, draft)] = said
        except UserError:
            continue
    payers = list(names)
    ids = [
        people.add_student(here.staff, StudentDraft(f"S{n}", "X", f"s{n}@mail.example", payer_id=payers[n // 2]))
        for n in range(2 * len(payers))
    ]

    def seen() -> list[tuple[object, ...]]:
        sql = (
            "SELECT u.first_name, p.name, p.kind, p.email, p.phone FROM users u JOIN payers p ON p.id = u.payer_id"
            " ORDER BY u.email"
        )
        return store.db.execute_sql(sql).fetchall()  # type: ignore[no-any-return]

    before = seen()
    path = tmp_path / f"out.{ending}"
    exporting.export_students(here.staff, ids, path)
    store.close_center()
    there = build(tmp_path / "there")
    table = reading.read(path)
    done = importing.import_students(there.staff, checking.plan(table, columns.guess(table)))
    assert done.added == len(ids) > 100
    assert seen() == before
    assert Payer.select().count() == len(payers)
    assert checks.run() == []
    store.close_center()


def test_a_company_without_an_address_is_not_doubled_once_one_line_has_it(
    small_center: SmallCenter, tmp_path: Path
) -> None:
    c = small_center
    firm = people.add_payer(c.staff, PayerDraft("Berg AG", "company"))
    rows = [
        ("Kid", "One", "", "Berg AG", "", "office@berg.example", ""),
        ("Kid", "Two", "", "Tal GmbH", "", "", "+43 1 555 01 00"),
        ("Kid", "Three", "", "TAL GMBH", "", "office@tal.example", ""),
        ("Kid", "Four", "", "Tal GmbH", "", "other@tal.example", ""),
        ("Kid", "Five", "", "Tal GmbH", "", "", ""),
    ]
    berg, tal, same, other, bare = brought(c, tmp_path, rows)
    assert berg is not None and tal is not None and other is not None
    assert berg.id == firm
    assert (tal, bare) == (same, tal)
    assert (tal.email, tal.phone) == ("office@tal.example", "+43 1 555 01 00")
    assert other.id != tal.id, "another address: another office"
    assert Payer.select().count() == 3
    assert checks.run() == []
