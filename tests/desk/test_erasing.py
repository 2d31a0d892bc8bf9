"""Erasing on request: seeded words are searched for in the bytes of the file, its log, and copies made afterwards."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app import clock, paths, store
from app.desk import (
    canceling,
    enrollment,
    erasing,
    invoices,
    keeping,
    leaving,
    merge,
    notes,
    payments,
    people,
    records,
    refunds,
    scheduling,
    seats,
    undo,
    waiving,
)
from app.desk.accounts import SYSTEM, Actor
from app.desk.dues import PayLine
from app.errors import EnvironmentFault, UserError
from app.lists import operations as history
from app.lists import people as roster
from app.lists import person
from app.mail import compose, queue
from app.mail.smtp import Outcome
from app.store import backup, checks, cipher, database, erasure, search
from app.store.models import (
    Attachment,
    Change,
    CourseEnrolled,
    Invoice,
    MailQueue,
    Note,
    Notification,
    Operation,
    Payment,
    Timeline,
    User,
)
from tests.desk.test_merge import pay, plan
from tests.desk.test_undo_properties import START
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

#: Words that stand nowhere else: nobody is called so.
FIRST, LAST, OLD, TWIN = "Zanzibarquux", "Wolkenbruchq", "Vormalsnamex", "Doppelgaengerq"
CANARIES = {
    "first": FIRST, "last": LAST, "old": OLD, "twin": TWIN, "email": "kanarie77@vogel-q.example", "phone": "6605557731",
    "typed": "555 77 31",
    "street": "Papageiengasse", "emergency": "Notfallonkelx", "note": "erzaehltgernq", "gone": "laengstgeloeschtq",
    "file": "taufscheinq.pdf", "bytes": "inhaltdesscheinsq", "mail": "liebesbriefq", "subject": "betreffgeheimq",
    "at note": "meldezettelq.png", "bytes at note": "stempelundsiegelq", "bytes put away": "rueckseitefehltq",
    "bytes gone": "mitnotizverschwundenq",
    "reason": "umzugnachpapuaq", "reply": "postfachvollq", "override": "wegenzwillingq", "discount": "nachlasstanteq",
}  # fmt: skip


def no_files(_reference: dict[str, Any]) -> compose.Attachment:
    return compose.Attachment("a.pdf", "application/pdf", b"%PDF-1.4")


def file(c: SmallCenter, person_id: int, name: str, word: str, note: int | None = None) -> int:
    """A file that holds a word of its own, five hundred times."""
    content = f"%PDF-1.4 {word}".encode() * 500
    draft = notes.FileDraft(name, content, notes.media_type(content), hashlib.sha256(content).hexdigest())
    return notes.attach(c.staff, person_id, draft, note)


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.frozen(START):
        yield


@pytest.fixture
def canary(small_center: SmallCenter) -> tuple[SmallCenter, int]:
    """Someone of whom every field, mail, note and entry holds a word of its own; nothing was billed to them."""
    c = small_center
    made = people.add_student(
        c.staff,
        people.StudentDraft(
            OLD, LAST, CANARIES["email"], "+43 660 555 77 31", "1990-01-02", f"{CANARIES['street']} 7",
            emergency_name=CANARIES["emergency"], emergency_phone="+43 1 999 77 31",
        ),
    )  # fmt: skip
    row = User.get_by_id(made)
    people.edit_student(
        c.staff, made, row.version,
        people.StudentDraft(
            FIRST, LAST, CANARIES["email"], "+43 660 555 77 31", "1990-01-02", f"{CANARIES['street']} 7",
            emergency_name=CANARIES["emergency"], emergency_phone="+43 1 999 77 31",
        ),
    )  # fmt: skip
    kept = people.add_note(c.staff, made, f"sie {CANARIES['note']}")
    gone = people.add_note(c.staff, made, f"sie ist {CANARIES['gone']}")
    file(c, made, CANARIES["file"], CANARIES["bytes"])
    file(c, made, CANARIES["at note"], CANARIES["bytes at note"], kept)
    notes.remove_file(c.staff, file(c, made, "away.png", CANARIES["bytes put away"], kept))
    file(c, made, "with the note.png", CANARIES["bytes gone"], gone)
    notes.remove_note(c.staff, gone, 1)
    line = enrollment.enroll(
        c.staff,
        enrollment.EnrollmentDraft(made, c.course, discount_minor=100, discount_reason=CANARIES["discount"]),
    )
    one, two = plan(c, "One", "2026-11-20", 3), plan(c, "Two", "2026-11-20", 3, start="09:30")
    seats.book(c.staff, one, made)
    seats.book(c.staff, two, made, override_reason=CANARIES["override"])
    seats.cancel_seat(c.staff, seats._row(two, made).id, CANARIES["reason"])
    queue.write_mail(c.staff, made, f"{FIRST} {LAST}", CANARIES["email"], CANARIES["subject"], CANARIES["mail"])
    queue.write_mail(c.staff, made, f"{FIRST} {LAST}", CANARIES["email"], CANARIES["subject"] + " 2", "later")
    queue.build("desk@brueckenhaus.example", no_files)
    for mail in queue.claim("test", limit=2):
        outcome = (
            Outcome("sent", "dot", f"250 OK {CANARIES['reply']}")
            if mail.id % 2
            else Outcome("failed", "rcpt", f"550 {CANARIES['reply']}")
        )
        queue.settle(mail.id, outcome, clock.stamp())
    canceling.cancel_enrollment(c.staff, line, CANARIES["reason"])
    twin = people.add_student(c.staff, people.StudentDraft(TWIN, LAST))
    people.add_note(c.staff, twin, CANARIES["note"] + " auch")
    merge.merge(c.staff, made, twin)
    # The name where it is about somebody else, and a longer one that only begins like it.
    with store.write("About others", c.admin) as w:
        for name in (f"{FIRST} {LAST}", "Ana Satler"):
            w.insert(
                Timeline, user_id=c.student, actor_id=None, key="payments.timeline_paid_by",
                params=json.dumps({"name": name, "number": "P-1", "amount": 5, "method": "cash"}),
            )  # fmt: skip
    assert checks.run() == []
    return c, made


def found_in(path: Path) -> set[str]:
    """Which canaries stand in the bytes of a file and of its log, in any case; for names also a good part of them."""
    content = b"".join(
        each.read_bytes().lower() for each in (path, path.with_name(path.name + "-wal")) if each.exists()
    )
    plain = {key: word.lower().removesuffix(".example") for key, word in CANARIES.items()}
    pieces = {key: [word, word[:9], word[-8:]] for key, word in plain.items()}
    return {key for key, words in pieces.items() if any(word.encode() in content for word in words)}


def test_no_byte_of_the_person_is_left(canary: tuple[SmallCenter, int]) -> None:
    center, made = canary
    file = paths.data_file(center.folder)
    store.db.connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert found_in(file) == set(CANARIES), "every word was there"
    before = backup.take(center.folder, "asked")
    done = erasing.erase(center.admin, made)
    assert (done.unclean, done.number) == (None, "S-000003")
    assert found_in(file) == set()
    assert checks.run() == []
    after = backup.take(center.folder, "asked")
    assert after.verified
    assert found_in(after.path) == set()
    assert found_in(before.path) == set(CANARIES)
    assert done.copies == (clock_words(before),)
    store.close_center()
    assert found_in(file) == set()
    for path in center.folder.iterdir():
        if path.is_file():
            assert found_in(path) == set(), path
    store.open_center(center.folder)


def clock_words(one: backup.Backup) -> str:
    from app import text

    return text.show(one.made_at, "stamp")


def test_what_is_left_reads_like_a_person_of_whom_nothing_is_known(canary: tuple[SmallCenter, int]) -> None:
    center, made = canary
    erasing.erase(center.admin, made)
    row = User.get_by_id(made)
    assert (row.first_name, row.last_name, row.email, row.status, row.number) == (
        "Erased person", "", None, "inactive", "S-000003",
    )  # fmt: skip
    assert row.erased_at is not None
    assert search.people("zanzibar") == search.people("6605557731") == search.people("doppel") == []
    assert search.people("S-000003") == [made]
    assert Note.select().count() == Attachment.select().count() == 0
    assert {mail.state for mail in MailQueue.select().where(MailQueue.student_id == made)} == {"sent", "canceled"}
    assert roster.overview(made) is not None
    assert person.timeline(made)[0].words == "Erased on request; documents and payments stay"
    assert all(entry.words for entry in person.timeline(made))
    assert len(person.messages(made)) > 2
    for operation in Operation.select(Operation.id):
        history.detail(operation.id)
    told = [json.loads(row.params)["name"] for row in Timeline.select().where(
        Timeline.key == "payments.timeline_paid_by").order_by(Timeline.id)]  # fmt: skip
    assert told == ["—", "Ana Satler"]
    assert Notification.get(Notification.key == "erase.done").type == "delete"
    assert checks.run() == []


def test_documents_and_payments_stay_and_are_listed_before_and_after(small_center: SmallCenter) -> None:
    center, ana = small_center, small_center.student
    line = enrollment.enroll(center.staff, enrollment.EnrollmentDraft(student_id=ana, course_id=center.course))
    pay(center, ana, 33_500, "all", payments.PayLine(line, None, None, 33_000))
    found = erasing.preview(ana, center.folder)
    stays = {part.kind: part.names for part in found.stays}
    assert stays == {
        "invoices": ("2026-000001, Ana Satler",), "payments": ("P-000001, €335.00",),
        "courses_enrolled": ("E-00001",),
    }  # fmt: skip
    assert {part.kind for part in found.gone} == {"users", "mail_queue", "timeline"}
    assert [key for key, _params in found.warnings] == ["erase.credit"]
    invoice = Invoice.get()
    kept = (invoice.buyer_name, invoice.snapshot, invoice.document_hash)
    done = erasing.erase(center.admin, ana, found.version)
    assert {part.kind: part.names for part in done.stays} == stays
    invoice = Invoice.get()
    assert (invoice.buyer_name, invoice.snapshot, invoice.document_hash) == kept
    assert invoices.document(invoice.id).buyer["name"] == "Ana Satler"
    assert User.get_by_id(ana).balance_minor == -500
    connection = store.db.connection()
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
    holding = {
        table
        for table in tables
        for values in connection.execute(f'SELECT * FROM "{table}"').fetchall()
        if any("Satler" in str(value) for value in values)
    }
    assert holding == {"invoices", "changes"}
    assert {row.table_name for row in Change.select() if "Satler" in (row.after or "")} == {"invoices"}
    with clock.frozen(START + timedelta(minutes=1)):
        refunds.refund(center.staff, Payment.get().id, 500, "credit", "back")  # money goes on
        assert checks.run() == []


def test_what_was_waived_keeps_having_had_a_reason(small_center: SmallCenter) -> None:
    center, ana = small_center, small_center.student
    line = enrollment.enroll(center.staff, enrollment.EnrollmentDraft(ana, center.course))
    waiving.waive(center.admin, waiving.Waiver(PayLine(line), 3_000, "Ana Satler has no work"))
    erasing.erase(center.admin, ana)
    assert CourseEnrolled.get_by_id(line).discount_reason == "—"
    assert checks.run() == []


def test_it_is_never_taken_back_and_nothing_brings_a_row_back(canary: tuple[SmallCenter, int]) -> None:
    center, made = canary
    edited = int(Operation.select(Operation.id).where(Operation.label == "Edit student").get().id)
    merged = int(Operation.select(Operation.id).where(Operation.label == "Merge records").get().id)
    done = erasing.erase(center.admin, made)
    for operation, key in ((done.operation_id, "undo.erased"), (edited, "undo.redacted"), (merged, "undo.redacted")):
        with pytest.raises(UserError) as error:
            undo.undo(center.admin, operation)
        assert error.value.key == key
    assert [one for one in records.moments("users", made) if "Zanz" in str(one.image)] == []
    for act in (
        lambda: people.edit_student(center.staff, made, User.get_by_id(made).version, people.StudentDraft("Back")),
        lambda: people.add_note(center.staff, made, "again"),
        lambda: merge.merge(center.staff, center.student, made),
        lambda: erasing.erase(center.admin, made),
    ):
        with pytest.raises(UserError) as error:
            act()
        assert error.value.key in ("erase.refused", "erase.already")
    assert leaving.preview(made).obstacle is not None
    assert people.alike(people.StudentDraft(FIRST, LAST, CANARIES["email"])) == []


def test_a_restore_of_an_older_copy_erases_again(canary: tuple[SmallCenter, int]) -> None:
    center, made = canary
    older = backup.take(center.folder, "asked")
    erasing.erase(center.admin, made)
    store.close_center()
    aside = keeping.restore(SYSTEM, older.path, center.folder)
    assert found_in(paths.data_file(center.folder)) == set()
    store.open_center(center.folder)
    assert User.get_by_id(made).erased_at is not None
    assert Notification.select().where(Notification.key == "erase.again").count() == 1
    assert checks.run() == []
    assert aside is not None
    assert aside.name in erasing._copies([made], center.folder)


def test_the_list_beside_the_file_is_enough_where_the_present_file_cannot_be_read(
    canary: tuple[SmallCenter, int],
) -> None:
    center, made = canary
    older = backup.take(center.folder, "asked")
    erasing.erase(center.admin, made)
    store.close_center()
    paths.data_file(center.folder).write_bytes(b"nothing of the kind" * 100)
    keeping.restore(SYSTEM, older.path, center.folder)
    assert found_in(paths.data_file(center.folder)) == set()
    store.open_center(center.folder)
    assert User.get_by_id(made).erased_at is not None


def test_copies_at_the_second_place_are_named_too(small_center: SmallCenter, tmp_path: Path) -> None:
    center, stick = small_center, tmp_path / "stick"
    stick.mkdir()
    keeping.set_second_place(center.admin, str(stick))
    assert erasing.preview(center.student, center.folder).copies == (str(stick),)  # not plugged in, or empty
    made = backup.take(center.folder, "asked")
    backup.to_second_place(made, stick)
    said = clock_words(made)
    assert erasing.preview(center.student, center.folder).copies == (said, f"{said} ({stick})")
    theirs = backup.folder_in(stick, "another center's uid")
    theirs.mkdir()
    shutil.copy(made.path, theirs)  # a stick may carry the copies of two centers
    assert erasing.preview(center.student, center.folder).copies == (said, f"{said} ({stick})")


def test_the_list_names_nobody(canary: tuple[SmallCenter, int]) -> None:
    center, made = canary
    erasing.erase(center.admin, made)
    kept = json.loads((center.folder / "erased.json").read_text("utf-8"))
    assert kept["clean"] is True
    assert User.get_by_id(made).uid in kept["uids"]
    assert len(kept["uids"]) == 2
    assert not re.search("[g-z]", "".join(kept["uids"]))


def test_a_file_that_could_not_be_cleaned_is_cleaned_later(
    canary: tuple[SmallCenter, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program reads: the person is erased all the same, the bytes go at the next start."""
    center, made = canary
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    store.db.connection().execute("PRAGMA busy_timeout = 50").fetchone()
    reader = cipher.connect(paths.data_file(center.folder), mode="ro")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM users").fetchone()
    done = erasing.erase(center.admin, made)
    assert isinstance(done.unclean, EnvironmentFault)
    assert done.unclean.key == "store.locked"
    assert User.get_by_id(made).erased_at is not None
    assert not erasure.known(center.folder).clean
    with pytest.raises(EnvironmentFault):
        erasing.finish(SYSTEM)
    reader.close()
    assert found_in(paths.data_file(center.folder)) != set()
    assert erasing.finish(SYSTEM)
    assert found_in(paths.data_file(center.folder)) == set()
    assert not erasing.finish(SYSTEM)
    assert checks.run() == []


def test_what_must_wait_and_who_may(canary: tuple[SmallCenter, int]) -> None:
    center, made = canary
    with pytest.raises(UserError, match=r"rights\.missing"):
        erasing.erase(center.staff, made)
    with pytest.raises(UserError, match=r"changed_meanwhile"):
        erasing.erase(center.admin, made, 99)
    with pytest.raises(UserError, match=r"not_a_student"):
        erasing.preview(center.instructor, center.folder)
    with pytest.raises(UserError, match=r"store\.gone"):
        erasing.erase(Actor(center.admin.user_id, "admin"), 999)
    waits = payments.start(center.staff, payments.PaymentDraft("waits", made, "transfer", 100))
    assert erasing.preview(made, center.folder).obstacle is not None
    with pytest.raises(UserError, match=r"erase\.started"):
        erasing.erase(center.admin, made)
    payments.fail(center.staff, waits, "nobody came")
    queue.write_mail(center.staff, made, "x", "x@mail.example", "x", "x")
    queue.build("desk@brueckenhaus.example", no_files)
    queue.claim("test", limit=50)
    with pytest.raises(UserError, match=r"erase\.sending"):
        erasing.erase(center.admin, made)
    assert not (center.folder / "erased.json").exists()


def test_coming_seats_are_set_free_and_a_session_by_the_name_is_pointed_out(small_center: SmallCenter) -> None:
    center, ana = small_center, small_center.student
    draft = scheduling.SessionDraft(
        course_id=center.course, name="Lesson of Ana Satler", recurrence="picked_dates", picked_dates=("2026-11-20",),
        capacity=1, session_type="individual",
    )  # fmt: skip
    scheduling.plan_session(center.staff, draft)
    slot = plan(center, "Group", "2026-11-21", 1)
    seats.book(center.staff, slot, ana)
    enrollment.enroll(center.staff, enrollment.EnrollmentDraft(student_id=ana, course_id=center.course))
    found = erasing.preview(ana, center.folder)
    assert [key for key, _params in found.warnings] == ["erase.owes", "erase.session"]
    erasing.erase(center.admin, ana)
    seats.book(center.staff, slot, center.other_student)
    assert CourseEnrolled.get().status == "pending"
    assert checks.run() == []


def test_control_without_the_cleaning_the_bytes_are_found(
    canary: tuple[SmallCenter, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    center, made = canary
    monkeypatch.setattr(erasure, "clean", lambda: None)
    erasing.erase(center.admin, made)
    assert len(found_in(paths.data_file(center.folder))) > 5


def test_control_without_the_redaction_the_record_still_tells(
    canary: tuple[SmallCenter, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    center, made = canary
    monkeypatch.setattr(erasure, "redact", lambda *_args, **_kw: 0)
    erasing.erase(center.admin, made)
    assert FIRST.lower() in paths.data_file(center.folder).read_bytes().decode("utf-8", "replace").lower()
    assert {broken.rule for broken in checks.run()} == {"people.erased", "record.frozen"}


def test_who_paid_for_them_is_named_before_and_after(small_center: SmallCenter) -> None:
    c = small_center
    payer = people.add_payer(c.staff, people.PayerDraft("Maria Satler"))
    kid = people.add_student(c.staff, people.StudentDraft("Tim", "Klein", payer_id=payer))
    told = erasing.preview(kid, c.folder).stays
    assert [(part.kind, part.names) for part in told] == [("payers", ("Maria Satler",))]
    assert erasing.erase(c.admin, kid).stays == told
