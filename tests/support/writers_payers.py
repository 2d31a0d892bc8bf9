"""How the writers of payers and of enrolling several at once are called: part of tests/support/writers.py."""

from __future__ import annotations

from typing import Any

from app import store
from app.desk import bulk, people
from app.exchange import checking, columns, importing, reading
from app.store.models import Course, Payer, Session
from tests.support.center import SmallCenter
from tests.support.writers import _plan, scenario


def _company(made: SmallCenter) -> None:
    """A company that pays for two, and a group with room for them."""
    payer = people.add_payer(made.staff, people.PayerDraft("Alpen GmbH", "company", "office@alpen.example"))
    for name in ("Nina", "Omar"):
        people.add_student(made.staff, people.StudentDraft(name, "Zeman", f"{name}@mail.example", payer_id=payer))
    _plan(made, "Company", 2)


@scenario("people.edit_payer", before=_company)
def _(made: SmallCenter) -> None:
    row = Payer.get(Payer.name == "Alpen GmbH")
    people.edit_payer(made.staff, row.id, row.version, people.PayerDraft("Alpen AG", "company", phone="+43 1 555 01"))


@scenario("bulk.enroll_several", before=_company)
def _(made: SmallCenter) -> Any:
    payer = Payer.get(Payer.name == "Alpen GmbH").id
    ids = tuple(row[0] for row in store.db.execute_sql("SELECT id FROM users WHERE payer_id = ?", (payer,)))
    course, session = Course.get_by_id(made.course).id, Session.get(Session.name == "Company").id
    return bulk.enroll_several(made.staff, bulk.BulkDraft(ids, course, payer, session))


def _paid_list(made: SmallCenter) -> None:
    _company(made)
    (made.folder.parent / "paid.csv").write_text(
        "First name,Last name,Email,Payer name,Payer email\n"
        "Ana,Satler,ana.satler@mail.example,Alpen GmbH,office@alpen.example\n"
        "Mai,Le,mai@mail.example,Eva Le,eva@mail.example\nIan,Le,ian@mail.example,Eva Le,eva@mail.example\n",
        "utf-8",
    )


@scenario("importing.import_students with payers", before=_paid_list)
def _(made: SmallCenter) -> None:
    table = reading.read(made.folder.parent / "paid.csv")
    done = importing.import_students(made.staff, checking.plan(table, columns.guess(table)), update=True)
    assert (done.added, done.changed, Payer.select().count()) == (2, 1, 2)
