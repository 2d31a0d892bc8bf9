"""Finding people by any fragment."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import store
from app.store import checks, database, search
from app.store.models import Payer, User
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

NAMES = (
    ("Łukasz", "Wiśniewski"), ("Jürgen", "Groß"), ("Søren", "Kjær"), ("Öykü", "Yıldız"), ("Anne-Marie", "O'Brien"),
    ("ليلى", "حدّاد"), ("अनिका", "शर्मा"), ("Олена", "Коваленко"), ("100%", "under_score"),
)  # fmt: skip


@pytest.fixture
def people(small_center: SmallCenter) -> dict[str, int]:
    made = {}
    with store.write("People", small_center.admin) as w:
        payer = w.insert(Payer, name="Alpen Logistik GmbH", kind="company")
        for first, last in NAMES:
            made[first] = w.insert(
                User, role="student", first_name=first, last_name=last, phone="+43 (0)676 555-03-07", payer_id=payer
            )
    return made


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("lukasz", "Łukasz"), ("WISNIEW", "Łukasz"), ("wis luk", "Łukasz"), ("gross", "Jürgen"), ("soren kj", "Søren"),
        ("yildiz", "Öykü"), ("oyku", "Öykü"), ("anne-marie", "Anne-Marie"), ("o'brien", "Anne-Marie"), ("ليلى", "ليلى"),
        ("अनि", "अनिका"), ("кова", "Олена"), ("100%", "100%"), ("under_s", "100%"), ("so", "Søren"), ("kj s", "Søren"),
    ],
)  # fmt: skip
def test_any_fragment_finds(people: dict[str, int], words: str, found: str) -> None:
    assert people[found] in search.people(words)


def test_phone_in_any_notation_and_payer_find_everyone_newest_first(people: dict[str, int]) -> None:
    newest_first = sorted(people.values(), reverse=True)
    assert search.people("0043 (0) 676 / 555 03 07") == newest_first
    assert search.people("alpen log") == newest_first
    assert search.people("alpen log", limit=2) == newest_first[:2]


def test_what_does_not_fit_is_not_found(people: dict[str, int]) -> None:
    assert search.people("lukasz gross") == []
    assert search.people("ross") == [people["Jürgen"]]
    assert search.people("ro") == []  # short words match beginnings only


def test_staff_are_found_only_when_asked_for(small_center: SmallCenter) -> None:
    assert search.people("marta") == []
    assert search.people("marta", roles=("staff",)) == [small_center.staff.user_id]


def test_the_index_follows_an_edit_of_the_person_and_of_the_payer(
    people: dict[str, int], small_center: SmallCenter
) -> None:
    with store.write("Edit", small_center.admin) as w:
        w.update(User, people["Søren"], first_name="Sören")
        w.update(Payer, 1, name="Nordwind AG")
    assert search.people("alpen") == []
    assert set(search.people("nordwind")) == set(people.values())


def changed_one_by_one(people: dict[str, int], center: SmallCenter) -> list[checks.Broken]:
    """What the rule about the index finds after each column that people are found by was changed by itself."""
    found: list[checks.Broken] = []
    for model, row in ((User, people["Søren"]), (Payer, 1)):
        for name in sorted(search.COLUMNS[model._meta.table_name] - {"payer_id", "merged_into"}):
            with store.write("Edit", center.admin) as w:
                w.update(model, row, **{name: "5550123" if name.endswith("phone") else "Quux"})
            found += checks.over(store.db.connection(), only={"file.search"})
    return found


def test_the_index_follows_each_column_that_people_are_found_by(
    people: dict[str, int], small_center: SmallCenter
) -> None:
    read = {*re.findall(r"\b([up])\.(\w+)", search._PERSON), ("u", "merged_into")} - {("u", "id"), ("p", "id")}
    known = {(table[0], name) for table, names in search.COLUMNS.items() for name in names}
    assert read == known
    assert changed_one_by_one(people, small_center) == []


def test_control_an_index_that_follows_no_column_is_out_of_step(
    people: dict[str, int], small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_is_searched", lambda table, names: False)
    monkeypatch.setattr(database, "_update_sql", {})
    assert len(changed_one_by_one(people, small_center)) >= 6


@settings(max_examples=150, deadline=None)
@given(words=st.text(max_size=30))
def test_nothing_typed_can_break_it(shared_people: None, words: str) -> None:
    assert isinstance(search.people(words), list)


@pytest.fixture(scope="module")
def shared_people(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    from tests.support.center import build

    build(tmp_path_factory.mktemp("search") / "center")
    yield
    store.close_center()
