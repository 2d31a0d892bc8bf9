"""Payers as they are read: found in any notation, with everyone they pay for and what these owe."""

from __future__ import annotations

import pytest

from app.desk import bulk, enrollment, payments, people
from app.desk.people import PayerDraft, StudentDraft
from app.lists import payers
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def add(c: SmallCenter, name: str, **values: str) -> int:
    return people.add_payer(c.staff, PayerDraft(name, **values))


@pytest.mark.parametrize(
    "words", ["muller", "MÜLLER eva", "eva@mail", "Eva müller mail.example", "+43 660 555 09", "0660 5550909", "55509"]
)
def test_a_payer_is_found_by_any_of_it(small_center: SmallCenter, words: str) -> None:
    eva = add(small_center, "Eva Müller", email="eva@mail.example", phone="+43 660 555 09 09")
    add(small_center, "Łódź Driving", kind="company", email="office@lodz.example", phone="+48 42 111 22 33")
    assert payers.find(words) == [eva]


def test_payers_are_listed_by_name_and_the_inactive_only_where_asked(small_center: SmallCenter) -> None:
    old = add(small_center, "anton", status="inactive")
    zoe, bea = add(small_center, "Zoë"), add(small_center, "bea")
    assert payers.find("") == [bea, zoe]
    assert payers.find("", inactive=True) == [old, bea, zoe]
    assert payers.find("zoe") == [zoe]
    assert payers.find("anton") == [] and payers.find("anton", inactive=True) == [old]
    assert payers.find("", 1) == [bea]
    assert payers.find("nobody of that name") == []


def test_who_may_be_the_same_is_known_by_address_or_by_the_very_name(small_center: SmallCenter) -> None:
    eva = add(small_center, "Eva Müller", email="eva@mail.example")
    bare = add(small_center, "Alpen GmbH", kind="company")
    for name, email, same in (
        ("Someone", "EVA@mail.example", eva), ("eva mueller", "", None), ("Eva Muller", "", eva),
        ("Eva Müller", "other@mail.example", None), ("alpen gmbh", "new@alpen.example", bare), ("", "", None),
    ):  # fmt: skip
        found = payers.alike(name, email)
        assert (found.id if found else None) == same, (name, email)
    assert payers.alike("Eva Müller", "eva@mail.example", but=eva) is None


def test_a_family_is_seen_with_what_each_owes_and_the_sum(small_center: SmallCenter) -> None:
    c = small_center
    eva = add(c, "Eva Müller", email="eva@mail.example")
    tim, ida, uma = (
        people.add_student(c.staff, StudentDraft(first, last, payer_id=eva, date_of_birth="2000-01-01"))
        for first, last in (("Tim", "Müller"), ("Ida", "Müller"), ("Uma", "Ziegler"))
    )
    for one in (tim, ida):
        enrollment.enroll(c.staff, enrollment.EnrollmentDraft(one, c.course, payer_id=eva))
    payments.complete(c.staff, payments.start(c.staff, payments.PaymentDraft("more", uma, "card", 5_000)))
    bulk.enroll_several(c.staff, bulk.BulkDraft((c.student,), c.course, eva))
    seen = payers.family(eva)
    assert seen is not None
    assert [(member.row.name, member.owed_minor, member.guest) for member in seen.members] == [
        ("Ida Müller", 33_000, False), ("Tim Müller", 33_000, False), ("Uma Ziegler", -5_000, False),
        ("Ana Satler", 33_000, True),
    ]  # fmt: skip
    assert (seen.owed_minor, seen.credit_minor, seen.payer.people) == (99_000, 5_000, 3)
    assert seen.members[0].row.courses == "Driving B Theory"
    assert seen.ids == [ida, tim, uma, c.student]
    shown, more = payers.beside(tim, eva)
    assert ([one.row.name for one in shown], more) == (["Ida Müller", "Uma Ziegler"], 0)
    shown, more = payers.beside(tim, eva, most=1)
    assert ([one.row.name for one in shown], more) == (["Ida Müller"], 1)
    assert payers.family(99) is None
    assert payers.get(None) is None
