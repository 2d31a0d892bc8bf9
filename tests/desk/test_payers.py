"""Payers: what may be typed, what follows an edit, who may be chosen."""

from __future__ import annotations

import pytest

from app import store
from app.desk import people, undo
from app.desk.accounts import Actor
from app.desk.people import PayerDraft, StudentDraft
from app.errors import UserError
from app.store import checks, search
from app.store.models import Payer, User
from tests.support.center import SmallCenter, small_center
from tests.support.odd_text import ODD

__all__ = ["small_center"]


def family(c: SmallCenter, **values: str) -> tuple[int, int]:
    payer = people.add_payer(c.staff, PayerDraft(**{"name": "Eva Müller", "email": "eva@mail.example", **values}))
    child = people.add_student(c.staff, StudentDraft("Tim", "Müller", payer_id=payer))
    return payer, child


def edited(c: SmallCenter, payer: int, **values: str) -> None:
    row = Payer.get_by_id(payer)
    kept = {name: getattr(row, name) or "" for name in people.PAYER_RULES}
    people.edit_payer(c.staff, payer, row.version, PayerDraft(**{**kept, **values}))


@pytest.mark.parametrize(
    ("values", "field", "key"),
    [
        ({"name": "  "}, "name", "text.required"),
        ({"name": "x" * 201}, "name", "text.too_long"),
        ({"name": "a\x00b"}, "name", "text.control_character"),
        ({"name": "a\ud800"}, "name", "text.broken"),
        ({"email": "no address"}, "email", "people.bad_email"),
        ({"email": "a@b,example"}, "email", "people.email_comma"),
        ({"email": "a@b.example\nBcc: c@d.example"}, "email", "people.email_line_break"),
        ({"phone": "call me"}, "phone", "people.bad_phone"),
        ({"kind": "uncle"}, "kind", "people.unknown_kind"),
        ({"language": "klingon"}, "language", "people.unknown_language"),
        ({"status": "asleep"}, "status", "people.unknown_payer_status"),
        ({"tax_id": "x" * 201}, "tax_id", "text.too_long"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    small_center: SmallCenter, values: dict[str, str], field: str, key: str
) -> None:
    draft = PayerDraft(**{"name": "Eva", **values})
    payer, _child = family(small_center)
    row = Payer.get_by_id(payer)
    for call in (
        lambda: people.add_payer(small_center.staff, draft),
        lambda: people.edit_payer(small_center.staff, payer, row.version, draft),
    ):
        with pytest.raises(UserError) as caught:
            call()
        assert (caught.value.key, caught.value.field) == (key, field)
    assert Payer.select().count() == 1
    assert Payer.get_by_id(payer).version == row.version


def test_a_student_is_found_by_whoever_pays_also_after_that_changed(small_center: SmallCenter) -> None:
    payer, child = family(small_center, phone="+43 660 555 09 09")
    for words in ("eva muller", "eva@mail.example", "6605550909"):
        assert search.people(words) == [child], words
    edited(small_center, payer, name="Ewa Kowalska", email="ewa@post.example", phone="+48 605 111 222")
    for words in ("kowalska", "ewa@post.example", "605111222"):
        assert search.people(words) == [child], words
    for words in ("eva muller", "eva@mail.example", "6605550909"):
        assert search.people(words) == [], words
    assert checks.run() == []
    undo.undo(small_center.staff, undo.newest(small_center.staff))
    assert search.people("eva@mail.example") == [child]
    assert search.people("kowalska") == []
    assert checks.run() == []


def test_control_where_the_index_does_not_follow_the_check_says_so(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    payer, _child = family(small_center)
    monkeypatch.setattr(search, "index", lambda connection, table, row_id: None)
    edited(small_center, payer, name="Ewa Kowalska")
    assert any(broken.rule == "file.search" for broken in checks.run())


def test_an_edit_that_changes_nothing_writes_nothing_and_a_late_one_is_refused(small_center: SmallCenter) -> None:
    payer, _child = family(small_center)
    edited(small_center, payer)
    assert Payer.get_by_id(payer).version == 1
    edited(small_center, payer, tax_id="ATU12345678", kind="company", address="Weg 1\n1010 Wien")
    row = Payer.get_by_id(payer)
    assert (row.version, row.tax_id, row.kind, row.address) == (2, "ATU12345678", "company", "Weg 1\n1010 Wien")
    with pytest.raises(UserError, match=r"store\.changed_meanwhile"):
        people.edit_payer(small_center.staff, payer, 1, PayerDraft("Late"))
    with pytest.raises(UserError, match=r"store\.gone"):
        people.edit_payer(small_center.staff, 99, 1, PayerDraft("Nobody"))
    with pytest.raises(UserError, match=r"rights\.missing"):
        people.edit_payer(Actor(small_center.instructor, "instructor"), payer, 2, PayerDraft("No"))


def test_a_payer_with_students_stays_active_and_an_inactive_one_is_not_chosen(small_center: SmallCenter) -> None:
    c = small_center
    payer, child = family(c)
    with pytest.raises(UserError) as caught:
        edited(c, payer, status="inactive")
    assert (caught.value.key, caught.value.field) == ("people.payer_in_use", "status")
    assert caught.value.params == {"count": 1, "name": "Eva Müller"}
    row = User.get_by_id(child)
    people.edit_student(c.staff, child, row.version, StudentDraft("Tim", "Müller", status="inactive", payer_id=payer))
    edited(c, payer, status="inactive")
    row = User.get_by_id(child)
    people.edit_student(c.staff, child, row.version, StudentDraft("Timo", "Müller", status="inactive", payer_id=payer))
    for call in (
        lambda: people.add_student(c.staff, StudentDraft("New", payer_id=payer)),
        lambda: people.edit_student(c.staff, c.student, 1, StudentDraft("Ana", payer_id=payer)),
    ):
        with pytest.raises(UserError) as caught:
            call()
        assert (caught.value.key, caught.value.field) == ("enrollment.payer_unavailable", "payer_id")
    with pytest.raises(UserError, match=r"people\.no_such_payer"):
        people.add_student(c.staff, StudentDraft("New", payer_id=99))
    assert checks.run() == []


def test_the_odd_text_goes_through_every_field_of_a_payer(small_center: SmallCenter) -> None:
    kept = 0
    for said in ODD:
        try:
            payer = people.add_payer(small_center.staff, PayerDraft(said, address=f"{said}\n{said}", tax_id=said))
        except UserError as error:
            assert error.field in ("name", "address", "tax_id")
            continue
        kept += 1
        row = Payer.get_by_id(payer)
        edited(small_center, payer, tax_id="1")
        edited(small_center, payer, tax_id=row.tax_id)
        again = Payer.get_by_id(payer)
        assert (again.name, again.address, again.tax_id) == (row.name, row.address, row.tax_id)
        people.add_student(small_center.staff, StudentDraft("Kid", payer_id=payer))
    assert kept > len(ODD) * 0.8
    assert checks.run() == []
    assert store.db.execute_sql("SELECT count(*) FROM payers").fetchone()[0] == kept
