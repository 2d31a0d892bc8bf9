"""Reminders to pay: whom, of what, which level; never twice a day, never of what is paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app import clock, store, text
from app.desk import center, enrollment, invoices, merge, payments, people, reminding, undo
from app.desk.accounts import Actor
from app.desk.enrollment import SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.errors import UserError
from app.lists import open_items
from app.mail import queue
from app.store import checks
from app.store.models import MailQueue, Operation, Timeline, User
from tests.support.center import SmallCenter, small_center
from tests.support.odd_text import ODD

__all__ = ["small_center"]

SOLD = datetime(2026, 10, 1, 12, tzinfo=UTC)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def book(small: SmallCenter, student: int, payer: int | None = None) -> PayLine:
    (line,) = enrollment.sell(small.staff, SaleDraft(student, (SaleItem(small.book),), payer_id=payer))
    return PayLine(product_enrolled_id=line, amount_minor=2_400)


def mails() -> list[MailQueue]:
    query = MailQueue.select().where(MailQueue.template_key == "payment_reminder", MailQueue.state != "canceled")
    return list(query.order_by(MailQueue.id))


def test_the_mail_names_each_late_line_and_the_level_rises_with_each_day(small_center: SmallCenter) -> None:
    small, ana = small_center, [(small_center.student, None)]
    with clock.frozen(SOLD):
        book(small, small.student)
    with clock.frozen(NOON):
        book(small, small.student)  # due today: it is not late
        (planned,) = reminding.plan(ana)
        assert mails() == []
        (done,) = reminding.remind(small.staff, ana)
        assert (done, done.level, done.open_minor, done.obstacle) == (planned, 1, 2_400, "")
        (again,) = reminding.remind(small.staff, ana)
        assert again.obstacle == "reminding.today"
    (mail,) = mails()
    assert (mail.to_address, mail.student_id) == ("ana.satler@mail.example", small.student)
    assert mail.subject == "Payment reminder: €24.00"
    assert "€24.00, due 15 Oct 2026: Highway Code handbook" in mail.text
    assert mail.text.count("Highway") == 1
    assert planned.text() == (mail.subject, mail.text)
    for days, level, subject in ((7, 2, "Second payment"), (14, 3, "Last payment"), (21, 3, "Last payment")):
        with clock.frozen(NOON + timedelta(days=days)):
            (done,) = reminding.remind(small.staff, ana)
        assert done.level == level
        assert mails()[-1].subject.startswith(subject)
    assert reminding.sent() == {("student", small.student): ["2026-11-24", "2026-12-01", "2026-12-08", "2026-12-15"]}
    said = [text.sentence(one.key, {"name": "x", "amount": 1, "level": 9}) for one in Timeline.select()
            .where(Timeline.key == "reminding.timeline")]  # fmt: skip
    assert len(said) == 4
    assert checks.run() == []


@pytest.mark.parametrize("days", [14, 0, 30])
def test_nobody_is_late_before_the_days_that_the_center_gives(small_center: SmallCenter, days: int) -> None:
    """A line that has no invoice yet is to be paid as if it had got one on its day; so is one that has."""
    small, ana = small_center, [(small_center.student, None)]
    center.save(small.admin, replace(center.load(), due_days=days))
    with clock.frozen(SOLD):
        line = book(small, small.student)
    for billed in (False, True):
        if billed:
            with clock.frozen(SOLD):
                invoices.bill(small.staff, small.student, [line])
        for after, said in ((days, "reminding.nothing_late"), (days + 1, "")):
            with clock.frozen(SOLD + timedelta(days=after)):
                (planned,) = reminding.plan(ana)
                (item,) = open_items.read(clock.local_date("Europe/Vienna").isoformat())
            assert (planned.obstacle, item.days_late) == (said, 0 if said else 1)


def test_a_new_debt_begins_with_the_first_level(small_center: SmallCenter) -> None:
    small, ana = small_center, [(small_center.student, None)]
    with clock.frozen(SOLD):
        line = book(small, small.student)
    with clock.frozen(NOON):
        reminding.remind(small.staff, ana)
        payments.complete(
            small.staff, payments.start(small.staff, PaymentDraft("k", small.student, "card", 2_400, (line,)))
        )
        book(small, small.student)
        assert reminding.plan(ana)[0].obstacle == "reminding.nothing_late"
    with clock.frozen(NOON + timedelta(days=30)):
        assert reminding.remind(small.staff, ana)[0].level == 1


def test_a_company_gets_one_mail_for_all_whom_it_pays_for(small_center: SmallCenter) -> None:
    small = small_center
    draft = people.PayerDraft("Alpen <b>GmbH</b>", kind="company", email="accounts@alpen.example")
    payer = people.add_payer(small.staff, draft)
    with clock.frozen(SOLD):
        lines = [book(small, one, payer) for one in (small.student, small.other_student)]
        invoices.bill(small.staff, small.student, lines, payer, send_mail=False)
    with clock.frozen(NOON):
        asked = [(small.student, payer), (small.other_student, payer), (small.student, None)]
        company, student = reminding.remind(small.staff, asked)
    assert (company.name, company.open_minor, student.obstacle) == (
        "Alpen <b>GmbH</b>",
        4_800,
        "reminding.nothing_late",
    )
    (mail,) = mails()
    assert mail.to_address == "accounts@alpen.example"
    assert "Hello Alpen <b>GmbH</b>," in mail.text
    for name in ("Ana Satler", "Łukasz Wiśniewski", "2026-000001"):
        assert name in mail.text
    assert {one.user_id for one in Timeline.select().where(Timeline.key == "reminding.timeline")} == {
        small.student, small.other_student,
    }  # fmt: skip
    assert checks.run() == []


def test_whoever_has_no_address_is_named_and_nothing_is_written(small_center: SmallCenter) -> None:
    small = small_center
    with clock.frozen(SOLD):
        book(small, small.student)
    with store.write("No address", small.admin) as w:
        w.update(User, small.student, email=None)
    with clock.frozen(NOON):
        (found,) = reminding.remind(small.staff, [(small.student, None)])
    assert found.obstacle == "reminding.no_address"
    assert mails() == []
    assert reminding.sent() == {}
    with pytest.raises(UserError, match=r"rights\.missing"):
        reminding.remind(Actor(small.instructor, "instructor"), [(small.student, None)])


def test_a_canceled_reminder_does_not_count_and_a_merge_keeps_the_level(small_center: SmallCenter) -> None:
    small = small_center
    with clock.frozen(SOLD):
        book(small, small.other_student)
    with clock.frozen(NOON):
        reminding.remind(small.staff, [(small.other_student, None)])
    with clock.frozen(NOON + timedelta(days=1)):
        reminding.remind(small.staff, [(small.other_student, None)])
        queue.cancel(small.staff, mails()[-1].id)
    assert reminding.sent() == {("student", small.other_student): ["2026-11-24"]}
    merge.merge(small.staff, small.student, small.other_student)
    assert reminding.sent() == {("student", small.student): ["2026-11-24"]}
    with clock.frozen(NOON + timedelta(days=9)):
        assert reminding.plan([(small.student, None)])[0].level == 2
    assert checks.run() == []


def test_it_is_taken_back_while_the_mail_waits(small_center: SmallCenter) -> None:
    small = small_center
    with clock.frozen(SOLD):
        book(small, small.student)
    with clock.frozen(NOON):
        reminding.remind(small.staff, [(small.student, None)])
        undo.undo(small.staff, Operation.select().order_by(Operation.id.desc()).get().id)
    assert reminding.sent() == {}
    assert checks.run() == []


def test_odd_names_stay_text_in_the_mail(small_center: SmallCenter) -> None:
    small = small_center
    with clock.frozen(SOLD):
        book(small, small.student)
    for number, said in enumerate(ODD):
        with store.write("A name", small.admin) as w:
            w.update(User, small.student, first_name=said, last_name="")
        with clock.frozen(NOON + timedelta(days=number)):
            (done,) = reminding.remind(small.staff, [(small.student, None)])
        assert done.obstacle == ""
        assert said.strip() in mails()[-1].text
    assert len(mails()) == len(ODD)


def test_a_mail_that_failed_is_no_reminder_and_one_to_a_mended_address_is(small_center: SmallCenter) -> None:
    """Its event says more than the day: the list of open items took that for the day and could not be painted."""
    small, ana = small_center, [(small_center.student, None)]
    with clock.frozen(SOLD):
        book(small, small.student)
    with clock.frozen(NOON):
        reminding.remind(small.staff, ana)
        with store.write("Refuse", small.admin) as w:
            w.update(MailQueue, mails()[0].id, state="failed", reason="no such mailbox")
        assert reminding.sent() == {}
        assert [one.state for one in reminding.mails(ana)] == ["failed"]
        assert reminding.plan(ana)[0].obstacle == ""
        queue.edit_address(small.staff, mails()[0].id, "ana@elsewhere.example")
        assert reminding.sent() == {("student", small.student): ["2026-11-24"]}
        assert reminding.plan(ana)[0].obstacle == "reminding.today"
        (line,) = open_items.read("2026-11-24")
        assert (line.reminded, line.reminded_on) == (1, "2026-11-24")
        found = reminding.mails(ana)
    assert [(one.on, one.to_address) for one in found if one.state == "queued"] == [
        ("2026-11-24", "ana@elsewhere.example")
    ]


def test_the_mails_of_whoever_was_reminded_newest_first_also_of_a_merged_record(small_center: SmallCenter) -> None:
    small = small_center
    payer = people.add_payer(small.staff, people.PayerDraft("Alpen", kind="company", email="a@alpen.example"))
    with clock.frozen(SOLD):
        book(small, small.other_student)
        book(small, small.student, payer)
    for days in (0, 1, 2):
        with clock.frozen(NOON + timedelta(days=days)):
            reminding.remind(small.staff, [(small.other_student, None), (small.student, payer)])
    queue.cancel(small.staff, mails()[-2].id)
    merge.merge(small.staff, small.student, small.other_student)
    assert [one.on for one in reminding.mails([(small.student, None)])] == ["2026-11-25", "2026-11-24"]
    assert len(reminding.mails([(small.student, None), (small.student, payer)])) == 5
    assert reminding.mails([(small.instructor, None)]) == []
    assert reminding.mails([(small.student, payer)])[0].text.startswith("Hello Alpen,")
