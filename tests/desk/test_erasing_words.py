"""Erasing on request: words about the person wherever a desk can type them, and nobody else's words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app import clock, paths, store
from app.desk import (
    arranging,
    enrollment,
    erasing,
    merge,
    payments,
    people,
    refunds,
    seats,
    timeline,
    traces,
    undo,
)
from app.desk.accounts import SYSTEM
from app.desk.arranging import View
from app.errors import UserError
from app.lists import person
from app.mail import queue
from app.store import checks, cipher, images
from app.store.models import (
    MODELS,
    Attachment,
    Change,
    Import,
    Note,
    Notification,
    Operation,
    Payment,
    Promise,
    Quote,
    Timeline,
    User,
)
from tests.desk.test_merge import pay, plan
from tests.desk.test_undo_properties import START
from tests.support.center import SmallCenter, small_center
from tests.support.full_center import build_full

__all__ = ["small_center"]

WORD = "Kanarienvogelq"


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.frozen(START):
        yield


def holding(word: str) -> set[str]:
    """The tables that hold a word, in any column, in any case."""
    connection = store.db.connection()
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
    return {
        table
        for table in tables
        for values in connection.execute(f'SELECT * FROM "{table}"').fetchall()
        if any(word.lower() in str(value).lower() for value in values)
    }


def quote(center: SmallCenter, student: int, status: str = "open") -> int:
    """A price quoted to a student, as it stands in the file."""
    with store.write("Quote", center.staff) as w:
        return w.insert(
            Quote, number=f"Q-{student}", student_id=student, course_id=center.course, quoted="gross",
            list_price_minor=33_000, discount_minor=100, discount_reason=f"for {WORD}", tax_category="S", rate_bp=2_000,
            net_minor=27_417, tax_minor=5_483, gross_minor=32_900, quoted_on="2026-11-16", expires_on="2026-12-16",
            status=status,
        )  # fmt: skip


def promise(center: SmallCenter, student: int) -> int:
    """What somebody said they would pay, as it stands in the file."""
    with store.write("Promise", center.staff) as w:
        made = w.insert(
            Promise, student_id=student, said_on="2026-11-16", pay_on="2026-12-01", amount_minor=500,
            note=f"{WORD} said so",
        )  # fmt: skip
        timeline.add(w, student, "promises.timeline", ("promises", made), amount=500, on="2026-12-01")
        return made


def test_free_words_on_payments_go_and_the_money_stays(small_center: SmallCenter) -> None:
    center, ana = small_center, small_center.student
    asked = payments.PaymentDraft("one", ana, "transfer", 900, reference=f"from {WORD}", note=f"{WORD}\nher aunt")
    done = payments.start(center.staff, asked)
    payments.complete(center.staff, done)
    failed = payments.start(center.staff, replace(asked, request_key="two"))
    payments.fail(center.staff, failed, f"{WORD} had no card")
    back = refunds.refund(center.staff, done, 200, f"{WORD} moved away", "three")
    kept = ("number", "status", "amount_minor", "method", "settled_at", "settled_on", "started_at", "refund_of")
    before = [[getattr(row, name) for name in kept] for row in Payment.select().order_by(Payment.id)]
    assert holding(WORD) >= {"payments", "changes"}
    assert {part.kind: part.count for part in erasing.preview(ana, center.folder).gone}["words"] == 3
    erasing.erase(center.admin, ana)
    assert holding(WORD) == set()
    assert [[getattr(row, name) for name in kept] for row in Payment.select().order_by(Payment.id)] == before
    assert [Payment.get_by_id(one).reason for one in (done, failed, back)] == ["", "—", "—"]
    assert checks.run() == []
    with clock.frozen(START + timedelta(minutes=1)):
        refunds.refund(center.staff, done, 100, "the rest", "four")  # money goes on, in words of its own
        assert checks.run() == []


def test_everybody_of_a_center_where_everything_happened_can_be_erased(tmp_path: Path) -> None:
    """Money counted in a closed till, documents, seats, mails: every rule holds after each of them is gone."""
    with clock.frozen(START):
        center = build_full(tmp_path / "center")
    with clock.frozen(START + timedelta(days=30)):
        for waits in list(Payment.select().where(Payment.status == "STARTED")):
            payments.fail(center.staff, waits.id, "nobody came")
        kept = {row.id: row.last_name for row in User.select().where(User.role == "student")}
        for student in kept:
            erasing.erase(center.admin, student)
            assert checks.run() == []
        for last in kept.values():
            assert holding(last) <= {"invoices", "changes"}
            told = Change.select(Change.table_name).where(Change.after.contains(last) | Change.before.contains(last))
            assert {row.table_name for row in told} <= {"invoices"}
    store.close_center()


def test_words_that_an_older_program_left_go_at_the_next_start(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch
) -> None:
    center, ana = small_center, small_center.student
    payments.complete(
        center.staff, payments.start(center.staff, payments.PaymentDraft("one", ana, "card", 900, note=WORD))
    )
    with monkeypatch.context() as older:
        older.setitem(erasing._BLANKS, "payments", lambda _row: {})
        erasing.erase(center.admin, ana)
    told = Notification.select().count()
    assert [one.rule for one in checks.run()] == ["people.erased"]
    assert erasing.finish(SYSTEM)
    assert checks.run() == []
    assert holding(WORD) == set()
    assert WORD.encode() not in paths.data_file(center.folder).read_bytes()
    assert Notification.select().count() == told
    assert not erasing.finish(SYSTEM)


@pytest.mark.parametrize(
    "column", ["amount_minor = 1", "status = 'FAILED'", "number = 'P-9'", "settled_on = '2020-01-01'"]
)
def test_an_erasure_may_change_the_words_of_a_payment_and_nothing_else(small_center: SmallCenter, column: str) -> None:
    paid = pay(small_center, small_center.student, 900, "one")
    with pytest.raises(cipher.driver.Error, match="frozen"), store.write("Erase person", small_center.admin) as w:
        w._execute(f"UPDATE payments SET {column}, note = 'x' WHERE id = ?", (paid,))
    with pytest.raises(cipher.driver.Error, match="frozen"), store.write("Edit student", small_center.admin) as w:
        w.update(Payment, paid, note="x")


def test_control_words_left_on_a_payment_are_found(small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    center, ana = small_center, small_center.student
    payments.complete(
        center.staff, payments.start(center.staff, payments.PaymentDraft("one", ana, "card", 900, note=WORD))
    )
    quote(center, ana)
    promise(center, ana)
    for table in ("payments", "quotes", "promises"):
        monkeypatch.setitem(erasing._BLANKS, table, lambda _row: {})
    erasing.erase(center.admin, ana)
    broken = [one.detail for one in checks.run()]
    assert all(any(what in words for words in broken) for what in ("words on a payment", "on a quote", "on a promise"))


def test_quotes_and_promises_end_and_say_nothing(small_center: SmallCenter) -> None:
    center, ana = small_center, small_center.student
    quote(center, ana)
    promise(center, ana)
    stays = {part.kind: part.names for part in erasing.preview(ana, center.folder).stays}
    assert stays["quotes"] == (f"Q-{ana}",)
    assert {part.kind for part in erasing.preview(ana, center.folder).gone} >= {"promises"}
    erasing.erase(center.admin, ana)
    assert holding(WORD) == set()
    assert [(row.status, row.gross_minor) for row in Quote.select()] == [("withdrawn", 32_900)]
    assert [row.status for row in Promise.select()] == ["withdrawn"]
    assert checks.run() == []


def test_quotes_and_promises_move_with_a_merge_and_back(small_center: SmallCenter) -> None:
    center, ana, other = small_center, small_center.student, small_center.other_student
    one, two = quote(center, other), promise(center, other)
    found = {part.kind: part.moves for part in merge.preview(ana, other).parts}
    assert (found["quotes"], found["promises"]) == (True, True)
    done = merge.merge(center.admin, ana, other)
    assert (Quote.get_by_id(one).student_id, Promise.get_by_id(two).student_id) == (ana, ana)
    assert checks.run() == []
    undo.undo(center.admin, done)
    assert (Quote.get_by_id(one).student_id, Promise.get_by_id(two).student_id) == (other, other)
    with store.write("Broken", center.admin) as w:
        w.update(User, other, status="merged", merged_into=ana)
    assert [one for one in checks.run() if one.rule == "people.merged" and "a quote" in one.detail]
    assert [one for one in checks.run() if one.rule == "people.merged" and "a promise" in one.detail]


def test_a_saved_view_forgets_a_typed_name(small_center: SmallCenter) -> None:
    center = small_center
    made = people.add_student(center.staff, people.StudentDraft("Petra", WORD, "p@mail.example", "+43 660 111 22 33"))
    arranging.save_view(center.staff, View(f"Ask petra {WORD.upper()}", "owing", ("owes",)))
    arranging.save_view(center.staff, View("Her", f"petra {WORD[:7].lower()}", ("owes",), ("name",), "name"))
    arranging.save_view(center.admin, View("By phone", "0660 111 2233"))
    arranging.save_view(center.admin, View("Everyone like Ana", "ana"))
    arranging.save_view(center.admin, View("Petras", "petra"))
    arranging.remove_view(center.admin, "By phone")
    people.add_student(center.staff, people.StudentDraft("Petra", "Other"))
    erasing.erase(center.admin, made)
    assert holding(WORD[:7]) == set()
    assert "1112233" not in "".join(str(row.before) + str(row.after) for row in Change.select()).replace(" ", "")
    hers = arranging.load(center.staff.user_id).views
    assert [(one.words, one.filters) for one in hers] == [("owing", ("owes",)), ("", ("owes",))]
    assert hers[1] == View("Her", "", ("owes",), ("name",), "name")
    assert "petra" not in hers[0].name.lower()
    others = {one.name: one.words for one in arranging.load(center.admin.user_id).views}
    assert others == {"Everyone like Ana": "ana", "Petras": "petra"}  # there are others whom it finds
    assert checks.run() == []


def test_a_name_is_found_with_and_without_its_accents(small_center: SmallCenter) -> None:
    center = small_center
    made = people.add_student(center.staff, people.StudentDraft("Żaneta", "Łyżwińska-Groß"))
    names = (
        "Zaneta Lyzwinska-Gross follow up",
        "ŻANETA ŁYŻWIŃSKA GROSS",
        "Gross Żaneta",
        "Zaneta Lyzwinska-Gross-Mayr",
    )
    for name in names:
        arranging.save_view(center.staff, View(name))
    people.add_note(center.staff, center.student, "friend of lyzwinska gross, zaneta")
    erasing.erase(center.admin, made)
    assert [one.name for one in arranging.load(center.staff.user_id).views] == [
        "— follow up", "—", "Gross Żaneta", "Zaneta Lyzwinska-Gross-Mayr",
    ]  # fmt: skip
    assert Note.get().text == "friend of —"


def test_views_of_one_name_stay_apart(small_center: SmallCenter) -> None:
    center = small_center
    made = people.add_student(center.staff, people.StudentDraft("Petra", WORD))
    for name in (f"Petra {WORD}", f"{WORD}, Petra", "—"):
        arranging.save_view(center.staff, View(name, name))
    erasing.erase(center.admin, made)
    names = [one.name for one in arranging.load(center.staff.user_id).views]
    assert len(set(names)) == 3
    arranging.remove_view(center.staff, names[0])
    assert len(arranging.load(center.staff.user_id).views) == 2


def test_the_name_goes_from_what_was_written_about_others(small_center: SmallCenter) -> None:
    center = small_center
    made = people.add_student(center.staff, people.StudentDraft("Petra", WORD))
    people.add_note(center.staff, center.student, f"sister of Petra  {WORD}, same bus")
    with store.write("Elsewhere", center.admin) as w:
        w.insert(Import, kind="students", file_name=f"{WORD}_Petra.vcf", sha256="0" * 64, row_count=1)
    slot = plan(center, "Group", "2026-11-20", 3)
    seats.book(center.staff, slot, center.other_student, override_reason=f"drives with petra {WORD}")
    erasing.erase(center.admin, made)
    assert holding(WORD) == set()
    assert Note.get().text == "sister of —, same bus"
    assert Import.get().file_name == "—.vcf"
    assert checks.run() == []


def test_a_name_of_one_word_cuts_nobody_elses(small_center: SmallCenter) -> None:
    center = small_center
    made = people.add_student(center.staff, people.StudentDraft("Ana"))
    double = people.add_student(center.staff, people.StudentDraft("Petra", "Ana"))
    people.add_note(center.staff, center.student, "Ana likes Mondays")
    told = ["Ana Satler", "Ana", "Petra Ana", "Ana-Marie"]
    with store.write("About others", center.admin) as w:
        for name in told:
            w.insert(
                Timeline, user_id=center.student, key="payments.timeline_paid_by",
                params=json.dumps({"name": name, "number": "P-1", "amount": 5, "method": "cash"}),
            )  # fmt: skip
    erasing.erase(center.admin, made)
    query = Timeline.select().where(Timeline.key == "payments.timeline_paid_by").order_by(Timeline.id)
    assert [json.loads(row.params)["name"] for row in query] == ["Ana Satler", "—", "Petra Ana", "Ana-Marie"]
    assert Note.get().text == "Ana likes Mondays"
    assert User.get_by_id(double).last_name == "Ana"


def test_what_was_deleted_or_taken_back_goes_too(small_center: SmallCenter) -> None:
    center, ana = small_center, small_center.student
    line = enrollment.enroll(center.staff, enrollment.EnrollmentDraft(student_id=ana, course_id=center.course))
    with store.write("Files", center.admin) as w:
        file = w.insert(
            Attachment, subject_table="courses_enrolled", subject_id=line, file_name=f"{WORD}.pdf",
            media_type="application/pdf", size=1, sha256="0" * 64, content=b"x",
        )  # fmt: skip
    with store.write("Files", center.admin) as w:
        w.delete(Attachment, file)
    one, two = plan(center, "One", "2026-11-20", 3), plan(center, "Two", "2026-11-20", 3, start="09:30")
    seats.book(center.staff, one, ana)
    seats.book(center.staff, two, ana, override_reason=f"with {WORD}")
    undo.undo(center.staff, int(Operation.select(Operation.id).order_by(Operation.id.desc()).limit(1).get().id))
    assert holding(WORD) == {"changes"}
    erasing.erase(center.admin, ana)
    assert holding(WORD) == set()
    assert checks.run() == []


def parted(center: SmallCenter) -> tuple[int, int]:
    """(whose values another record took over for a while, that record): merged and parted again."""
    made = people.add_student(
        center.staff, people.StudentDraft("Petra", WORD, f"{WORD}@mail.example", "+43 660 111 22 33", address=WORD)
    )
    people.add_note(center.staff, made, "about Petra")
    fields = dict.fromkeys(("first_name", "last_name", "email", "phone", "address"), "other")
    done = merge.merge(center.admin, center.student, made, fields)
    people.add_note(center.staff, center.student, "while they were one")
    undo.undo(center.admin, done)
    return made, center.student


def test_what_another_record_took_over_for_a_while_goes_from_its_story(small_center: SmallCenter) -> None:
    made, ana = parted(small_center)
    assert images.differing({"last_name": User.get_by_id(ana).last_name}, {"last_name": "Satler"}) == set()
    erasing.erase(small_center.admin, made)
    assert holding(WORD) == set()
    story = [one.after for one in images.of_row("users", ana) if one.after is not None]
    assert {one["last_name"] for one in story} == {"Satler"}
    assert {one["email"] for one in story} == {"ana.satler@mail.example"}
    assert checks.run() == []


def test_whose_notes_they_are_again_they_stay(small_center: SmallCenter) -> None:
    made, ana = parted(small_center)
    erasing.erase(small_center.admin, ana)
    mine = [row for row in Note.select() if row.user_id == made]
    assert [row.text for row in mine] == ["about Petra"]
    story = images.of_row("notes", mine[0].id)
    assert {one.after["text"] for one in story if one.after is not None} == {"about Petra"}
    assert not any(one.redacted for one in story)
    assert [entry.words for entry in person.timeline(made)]
    assert checks.run() == []


def test_an_erased_person_is_booked_nowhere(small_center: SmallCenter) -> None:
    center, ana = small_center, small_center.student
    erasing.erase(center.admin, ana)
    slot = plan(center, "Group", "2026-11-20", 3)
    acts: list[Any] = [
        lambda: seats.book(center.staff, slot, ana),
        lambda: enrollment.enroll(center.staff, enrollment.EnrollmentDraft(student_id=ana, course_id=center.course)),
    ]
    for act in acts:
        with pytest.raises(UserError) as error:
            act()
        assert error.value.key in ("seats.not_active", "enrollment.student_inactive")


#: Columns that every row has, and those with words that the program chooses: states, methods, keys, days and stamps.
BY_THE_PROGRAM = re.compile(
    r".*\.(uid|at|service_from|service_to|(created|updated)_(at|by)|\w+_(at|on|until|utc|wall|hash|key|date|time)|status|state|kind|type|class|"
    r"\w*(quoted|tax_category|language|currency|code|number|label|icon|category|series|zone|method|media_type|sha256)|"
    r"direction|stage|outcome|desk|lease_by|event_key|message_id|date|template_key|key|role|actor_role|table_name|"
    r"(subject|link)_table|session_type|class_type|payment_type|recurrence|weekdays|picked_dates|applies_to|unit|"
    r"security|host|username|pattern|request_key|tender_group|waiting_since|skipped_reason|next_slot_as_of|"
    r"exemption_reason|title_key|date_of_birth)"
)
#: Blanked whole where they are the person's.
CLEARED = """
    users.first_name users.last_name users.email users.phone users.address users.emergency_name users.emergency_phone
    notes.text attachments.file_name payments.reference payments.note payments.reason payments.draft
    courses_enrolled.discount_reason courses_enrolled.cancel_reason product_enrolled.discount_reason
    product_enrolled.cancel_reason slot_enrolled.override_reason quotes.discount_reason promises.note
    mail_queue.to_name mail_queue.to_address mail_queue.subject mail_queue.text mail_queue.last_reply mail_queue.reason
    mail_attempts.reply timeline.params notifications.params settings.value
"""
#: About others: the name goes.
SWEPT = """
    imports.file_name till_moves.reason slots.title slots.cancel_reason slots.override_reason discount_rules.name
    availability.reason
"""
#: Commercial and tax law, or listed as staying: a document as it was issued, who pays, what a session is called.
KEPT = """
    invoices.buyer_name invoices.snapshot invoice_lines.title invoice_lines.detail payers.name payers.email payers.phone
    payers.address payers.tax_id sessions.name users.password_hash changes.before changes.after
"""
#: About the center and what it offers, or about the program.
ABOUT_NOBODY = """
    tax_rates.name courses.name courses.description products.name tills.name resources.name closures.name
    sessions.location mail_accounts.name mail_accounts.from_address mail_accounts.from_name mail_queue.attachments
    mail_queue.from_header templates.subject templates.body imports.outcome series.name operations.label
    availability.from_time availability.to_time
"""


def test_a_desk_that_was_slower_writes_nothing_about_an_erased_person(small_center: SmallCenter) -> None:
    """A message begun before, and sent after: name, address and words would be back in the file."""
    center, ana = small_center, small_center.student
    erasing.erase(center.admin, ana)
    acts: list[Any] = [
        lambda: queue.write_mail(center.staff, ana, WORD, "ana@mail.example", WORD, WORD),
        lambda: queue.write_mails(
            center.staff, [(center.other_student, "L", "l@mail.example"), (ana, WORD, "a@mail.example")], "Hi", "Hi"
        ),
        lambda: people.add_note(center.staff, ana, WORD),
        lambda: people.edit_student(center.staff, ana, User.get_by_id(ana).version, people.StudentDraft(WORD)),
    ]
    for act in acts:
        with pytest.raises(UserError, match=r"erase\.refused"):
            act()
    assert holding(WORD) == set()


@pytest.mark.parametrize("faster", ["payment", "edit", "erasure"])
def test_what_another_desk_did_between_a_look_and_an_erasure_stands_in_its_way(
    small_center: SmallCenter, monkeypatch: pytest.MonkeyPatch, faster: str
) -> None:
    center, ana = small_center, small_center.student
    version = User.get_by_id(ana).version
    wanted = {"payment": "erase.started", "edit": "store.changed_meanwhile", "erasure": "erase.already"}[faster]

    def meanwhile(*_args: Any) -> tuple[str, ...]:
        """What is read between the first look and the write."""
        monkeypatch.undo()
        if faster == "payment":
            payments.start(center.staff, payments.PaymentDraft("waits", ana, "transfer", 100))
        elif faster == "edit":
            people.edit_student(center.staff, ana, version, people.StudentDraft("Ana", "Satler", phone="+43 1 2345678"))
        else:
            erasing.erase(center.admin, ana)
        return ()

    monkeypatch.setattr(erasing, "_copies", meanwhile)
    with pytest.raises(UserError) as error:
        erasing.erase(center.admin, ana, version)
    assert error.value.key == wanted
    assert (User.get_by_id(ana).erased_at is not None) == (faster == "erasure")
    assert checks.run() == []


def test_no_column_of_words_is_forgotten() -> None:
    """Whoever adds one to the file says here what an erasure does about it."""
    found = {
        f"{model._meta.table_name}.{column}"  # type: ignore[attr-defined]
        for model in MODELS
        for column, kept in model._meta.columns.items()  # type: ignore[attr-defined]
        if kept.field_type == "TEXT"
    }
    told = {*CLEARED.split(), *SWEPT.split(), *KEPT.split(), *ABOUT_NOBODY.split()}
    assert told - found == set()
    assert {one for one in found - told if not BY_THE_PROGRAM.fullmatch(one)} == set()
    swept = {f"{model._meta.table_name}.{column}" for model, columns in traces.WORDS for column in columns}
    assert set(SWEPT.split()) <= swept <= {*SWEPT.split(), *CLEARED.split()}
