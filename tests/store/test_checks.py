"""`check` is proven: over a center in which everything has happened it is silent, and each rule, broken on purpose,
is the one that speaks.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import clock, store
from app.desk import erasing, merge, people
from app.desk.accounts import Actor
from app.store import checks, migrations
from tests.support.breaking import breaking
from tests.support.full_center import START, build_full

NOW = START.replace(hour=18)
#: The hash of a file without bytes.
NOTHING = hashlib.sha256(b"").hexdigest()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "center"
    build_full(folder)
    store.close_center()
    return folder


@pytest.fixture
def file(sound: Path, tmp_path: Path) -> Iterator[Any]:
    """A copy of the sound center, open; yields the raw connection."""
    shutil.copytree(sound, tmp_path / "center")
    store.open_center(tmp_path / "center")
    with clock.frozen(NOW):
        yield store.db.connection()
    store.close_center()


def row(table: str, **values: object) -> str:
    """An INSERT with the columns every row has."""
    common = {
        "uid": store.uuid7(),
        "created_at": "2026-11-16T17:00:00.000Z",
        "updated_at": "2026-11-16T17:00:00.000Z",
    }
    every = {**common, **values}
    quoted = ", ".join(str(v) if not isinstance(v, str) or v.startswith("(") else f"'{v}'" for v in every.values())
    return f"INSERT INTO {table} ({', '.join(every)}) VALUES ({quoted})"


def part(number: str, student: str, **values: object) -> str:
    """A started part of the split payment g."""
    return row(
        "payments", number=number, request_key=number, student_id=student, method="card", status="STARTED",
        payment_type="credit", amount_minor=100, currency="EUR", tender_group="g",
        started_at="2026-11-16T17:00:00.000Z", **values,
    )  # fmt: skip


SENT = "(SELECT id FROM mail_queue WHERE state = 'sent')"
UNCERTAIN = "(SELECT id FROM mail_queue WHERE state = 'uncertain')"
COMING = "(SELECT max(id) FROM slots)"
FROZEN = ("invoices", "invoice_lines", "student_payments", "mail_attempts")
#: rule → statements that break it and nothing else.
BREAKS: dict[str, tuple[str, ...]] = {
    "files.subject": (
        row("attachments", subject_table="notes", subject_id=999, file_name="a.txt", media_type="text/plain", size=0,
            sha256=NOTHING, content="(x'')"),
    ),
    "files.content": (
        row("attachments", subject_table="users", subject_id=4, file_name="a.txt", media_type="text/plain", size=1,
            sha256=NOTHING, content="(x'00')"),
    ),
    "file.references": (
        row("notes", user_id=999, text="for nobody"),
    ),
    "file.values": ("UPDATE users SET address = 'a' || char(7) WHERE role = 'staff'",),
    "file.messages": ("UPDATE timeline SET key = 'no.such_key' WHERE id = (SELECT max(id) FROM timeline)",),
    "record.gone": (
        row("closures", id=1, name="x", starts_on="2027-01-01", ends_on="2027-01-01"),
        "DELETE FROM closures WHERE id = 1",
        "INSERT INTO changes (operation_id, table_name, row_id, before, after)"
        " SELECT operation_id, table_name, row_id, before, before FROM changes WHERE table_name = 'closures' AND after IS NULL",
    ),
    "record.operations": (
        "INSERT INTO operations (uid, label, actor_id, actor_role, desk, at)"
        " VALUES ('x', 'Nobody', NULL, 'staff', 'Desk 1', '2026-11-16T17:00:00.000Z')",
    ),
    "record.undo": (
        "INSERT INTO operations (uid, label, actor_id, actor_role, desk, at, undo_of)"
        " VALUES ('x', 'Take back', NULL, 'system', 'Desk 1', '2026-11-16T17:00:00.000Z', 3),"
        " ('y', 'Take back', NULL, 'system', 'Desk 1', '2026-11-16T17:00:00.000Z', 3)",
    ),
    "money.payment_used": (
        row("payments", number="P-9", request_key="r9", student_id="(SELECT student_id FROM payments WHERE id = 2)",
            method="card", status="STARTED", payment_type="refund", amount_minor=100, currency="EUR", refund_of=2,
            started_at="2026-11-16T17:00:00.000Z"),
        "UPDATE series SET next_number = next_number + 1 WHERE name = 'payment'",
        "UPDATE payments SET status = 'COMPLETED', settled_at = '2026-11-16T17:00:00.000Z', settled_on = '2026-11-16'"
        " WHERE number = 'P-9'",
        "UPDATE users SET balance_minor = balance_minor + 100 WHERE id = (SELECT student_id FROM payments WHERE id = 2)",
        row("notifications", type="payment", **{"class": "center"}, key="payments.completed", link_table="payments",
            link_id="(SELECT max(id) FROM payments)"),
        row("notification_recipients", notification_id="(SELECT max(id) FROM notifications)", user_id=1),
        row("timeline", user_id="(SELECT student_id FROM payments WHERE id = 2)", key="payments.timeline_completed",
            subject_table="payments", subject_id="(SELECT max(id) FROM payments)"),
    ),
    "money.taken_back": (
        "UPDATE student_payments SET installment_id = NULL, invoice_id = invoice_id, reverses_id ="
        " (SELECT id FROM student_payments WHERE payment_id = 2) WHERE direction = -1",
    ),
    "money.tender_group": (
        part("P-8", "(SELECT student_id FROM payments WHERE id = 2)"),
        part("P-9", "(SELECT max(id) FROM users WHERE role = 'student')"),
        "UPDATE series SET next_number = next_number + 2 WHERE name = 'payment'",
    ),
    "money.method": ("UPDATE student_payments SET method = 'check' WHERE payment_id = 2",),
    "money.balance": ("UPDATE users SET balance_minor = balance_minor + 1 WHERE role = 'instructor'",),
    "money.installments": ("UPDATE installments SET amount_minor = amount_minor + 1 WHERE position = 3",),
    "money.left_plan": (
        row("installments", enrollment_id=2, position=1001, due_on="2026-11-16", amount_minor=5),
    ),
    "money.per_plan": (row("installments", enrollment_id=1, position=1, due_on="2026-11-16", amount_minor=33000),),
    "money.waived": (
        "UPDATE courses_enrolled SET list_price_minor = list_price_minor + 5, discount_minor = discount_minor + 5,"
        " waived_minor = 5 WHERE id = 2",
    ),
    "money.moved_from": ("UPDATE courses_enrolled SET moved_from = 1 WHERE id = 2",),
    "money.till_expected": ("UPDATE tills SET expected_minor = expected_minor + 1 WHERE status = 'closed'",),
    "money.prices": ("UPDATE courses_enrolled SET discount_minor = 5 WHERE id = 2",),
    "money.completed_only": (
        row("student_payments", payment_id="(SELECT id FROM payments WHERE payment_type = 'refund')", student_id=4,
            enrollment_id=1, invoice_id=1, amount_minor=1, method="cash"),
        row("student_payments", payment_id="(SELECT id FROM payments WHERE payment_type = 'refund')", student_id=4,
            enrollment_id=1, invoice_id=1, amount_minor=1, method="cash", direction=-1,
            reverses_id="(SELECT max(id) FROM student_payments)"),
    ),
    "money.invoice_paid": (
        "UPDATE student_payments SET amount_minor = 20000 WHERE payment_id = 2",
        "UPDATE student_payments SET amount_minor = 5000 WHERE payment_id = 2",
        row("student_payments", payment_id=1, student_id=4, product_enrolled_id=1, invoice_id=1, amount_minor=3600,
            method="cash"),
        "UPDATE product_enrolled SET list_price_minor = 6600, net_minor = 6000, tax_minor = 600, gross_minor = 6600"
        " WHERE id = 1",
        "UPDATE users SET balance_minor = balance_minor + 4200 WHERE id = 4",
    ),
    "money.line_paid": (
        "UPDATE student_payments SET student_id = 5 WHERE payment_id = 1 AND enrollment_id IS NOT NULL",
        "UPDATE users SET balance_minor = balance_minor - 33000 WHERE id = 5",
        "UPDATE users SET balance_minor = balance_minor + 33000 WHERE id = 4",
    ),
    "discounts.fits": (
        row("discount_rules", name="x", applies_to="anyone", percent_bp=1000),
        "UPDATE courses_enrolled SET discount_rule_id = 1 WHERE id = 2",
    ),
    "discounts.uses": (  # so small a share of the price of a book is nothing, so that the lines fit
        row("discount_rules", name="x", applies_to="anyone", percent_bp=1, most_uses=1),
        "UPDATE product_enrolled SET discount_rule_id = 1",
    ),
    "quotes.used": (
        row("quotes", number="Q-9", student_id="(SELECT student_id FROM courses_enrolled WHERE id = 2)",
            course_id="(SELECT course_id FROM courses_enrolled WHERE id = 2)", quoted="gross", list_price_minor=1,
            tax_category="S", rate_bp=2000, net_minor=1, tax_minor=0, gross_minor=1, quoted_on="2026-11-16",
            expires_on="2026-11-30", status="used", enrollment_id=2),
    ),
    "invoices.gapless": ("UPDATE series SET next_number = next_number + 1 WHERE name LIKE 'invoice-%'",),
    "invoices.dates": ("UPDATE invoices SET issued_at = '2026-11-20T08:00:00.000Z' WHERE number = 1 AND kind = 'invoice'",),
    "invoices.credit": ("UPDATE invoices SET student_id = 4 WHERE kind = 'credit_note'",),
    "invoices.credited_money": (
        row("student_payments", payment_id=3, student_id="(SELECT student_id FROM payments WHERE id = 3)",
            enrollment_id=3, invoice_id="(SELECT refers_to FROM invoices WHERE kind = 'credit_note')", amount_minor=10,
            method="transfer"),
    ),
    "invoices.line_once": (
        "UPDATE courses_enrolled SET list_price_minor = 15000, net_minor = 12500, tax_minor = 2500, gross_minor = 15000"
        " WHERE id = 2",
        "DELETE FROM installments WHERE position > 1",
        "UPDATE installments SET amount_minor = 15000 WHERE position = 1",
        "UPDATE users SET balance_minor = balance_minor - 45000 WHERE id = 5",
    ),
    "invoices.line_owner": ("UPDATE invoice_lines SET installment_id = 1 WHERE enrollment_id = 1",),
    "invoices.tax": ("UPDATE invoice_lines SET unit_net_minor = unit_net_minor + 1 WHERE id = 1",),
    "invoices.snapshot": ("UPDATE invoices SET document_hash = replace(document_hash, 'a', 'b') WHERE id = 1",),
    "invoices.paid_line_invoiced": (),
    "numbers.series": ("UPDATE series SET next_number = 2 WHERE name = 'student'",),
    "seats.capacity": (f"UPDATE slots SET capacity = 1 WHERE id = {COMING}",),
    "seats.kept_count": (f"UPDATE slots SET seats_taken = 1 WHERE id = {COMING}",),
    "seats.one_each": (
        "DROP INDEX slot_enrolled_one_seat",
        row("slot_enrolled", session_id="(SELECT max(id) FROM sessions)", slot_id=COMING, student_id=6,
            status="absent"),
        "CREATE UNIQUE INDEX slot_enrolled_one_seat ON slot_enrolled(id)",
    ),
    "seats.session": (f"UPDATE slot_enrolled SET session_id = 1 WHERE slot_id = {COMING} AND status = 'waiting'",),
    "seats.enrollment": ("UPDATE slot_enrolled SET enrollment_id = 2 WHERE status = 'waiting'",),
    "seats.canceled_slot": ("UPDATE slots SET cancel_reason = '' WHERE canceled_at IS NOT NULL",),
    "seats.two_places": (
        row("slots", session_id="(SELECT max(id) FROM sessions)", position=2, on_date="2026-11-25",
            start_wall="2026-11-25T12:30", end_wall="2026-11-25T13:30", zone="Europe/Vienna",
            start_utc="2026-11-25T11:30:00.000Z", end_utc="2026-11-25T12:30:00.000Z", capacity=3, seats_taken=1),
        row("slot_instructor", slot_id="(SELECT max(id) FROM slots)", instructor_id=3, kind="removed"),
        row("slot_enrolled", session_id="(SELECT max(id) FROM sessions)", slot_id="(SELECT max(id) FROM slots)",
            student_id=4, status="booked"),
    ),
    "slots.room": (
        row("slots", session_id="(SELECT max(id) FROM sessions)", position=2, on_date="2026-11-25", resource_id=1,
            start_wall="2026-11-25T12:30", end_wall="2026-11-25T13:30", zone="Europe/Vienna",
            start_utc="2026-11-25T11:30:00.000Z", end_utc="2026-11-25T12:30:00.000Z", capacity=3),
        row("slot_instructor", slot_id="(SELECT max(id) FROM slots)", instructor_id=3, kind="removed"),
    ),
    "slots.instructor": (
        row("slots", session_id="(SELECT max(id) FROM sessions)", position=2, on_date="2026-11-25",
            start_wall="2026-11-25T12:30", end_wall="2026-11-25T13:30", zone="Europe/Vienna",
            start_utc="2026-11-25T11:30:00.000Z", end_utc="2026-11-25T12:30:00.000Z", capacity=3),
    ),
    "slots.instructors_work_here": ("UPDATE session_instructor SET instructor_id = 4 WHERE session_id = 1",),
    "slots.times": (f"UPDATE slots SET end_wall = '2026-11-25T13:31' WHERE id = {COMING}",),
    "students.next_slot": ("UPDATE users SET next_slot_at = NULL, next_slot_id = NULL WHERE id = 4",),
    "progress.attended": ("UPDATE courses_enrolled SET theory_done_minutes = 91 WHERE id = 1",),
    "progress.completed": ("UPDATE courses_enrolled SET completed_on = '2026-11-16' WHERE status = 'pending'",),
    "mail.one_recipient": (f"UPDATE mail_queue SET to_address = 'a@x.example,b@x.example' WHERE id = {SENT}",),
    "mail.sent": (
        f"UPDATE mail_attempts SET outcome = 'deferred' WHERE mail_id = {SENT}",
    ),
    "mail.tries": (f"UPDATE mail_queue SET tries = 2 WHERE id = {SENT}",),
    "mail.never_twice": (
        row("mail_attempts", mail_id=UNCERTAIN, attempt=2, started_at="2026-11-16T17:00:00.000Z",
            ended_at="2026-11-16T17:00:00.000Z", outcome="deferred"),
        f"UPDATE mail_queue SET tries = 2 WHERE id = {UNCERTAIN}",
    ),
    "mail.states": ("UPDATE mail_queue SET next_try_at = NULL WHERE id = (SELECT max(id) FROM mail_queue)",),
    "mail.told": (f"UPDATE notifications SET link_id = 999 WHERE link_table = 'mail_queue' AND link_id = {UNCERTAIN}",),
    "mail.bytes": (f"UPDATE mail_queue SET mime_hash = lower(hex(zeroblob(32))) WHERE id = {SENT}",),
    "flow.enrollment": ("UPDATE timeline SET subject_id = 99 WHERE subject_table = 'courses_enrolled' AND subject_id = 2",),
    "flow.sale": (
        row("product_enrolled", number="A-9", student_id=4, product_id=1, sold_on="2026-11-16", quantity=1,
            list_price_minor=0, tax_category="S", rate_bp=1000, net_minor=0, tax_minor=0, gross_minor=0),
        "UPDATE products SET stock = stock - 1 WHERE id = 1",
        "UPDATE series SET next_number = next_number + 1 WHERE name = 'sale'",
    ),
    "flow.promise": (
        row("promises", student_id=4, said_on="2026-11-16", pay_on="2026-11-20", amount_minor=100),
    ),
    "flow.reminder": (
        "UPDATE mail_queue SET event_key = 'payment.reminder:student:4:2026-11-16'"
        " WHERE event_key = 'enrollment.created:E-00001'",
    ),
    "flow.receipt": ("UPDATE mail_queue SET event_key = 'other' WHERE event_key = 'payment.completed:P-000002'",),
    "flow.stock": ("UPDATE product_enrolled SET quantity = quantity + 1 WHERE id = 1",),
    "record.frozen": ("UPDATE invoice_lines SET unit = unit WHERE id = 1",),
    "flow.payment": ("UPDATE timeline SET subject_id = 99 WHERE subject_table = 'payments' AND subject_id = 2",),
    "flow.started_alone": (
        row("timeline", user_id=4, key="people.added", subject_table="payments",
            subject_id="(SELECT id FROM payments WHERE status = 'FAILED')"),
    ),
    "inbox.recipients": ("DELETE FROM notification_recipients WHERE notification_id = 1",),
    "people.numbers": (
        "UPDATE users SET password_hash = 'x' WHERE id = 4",
    ),
}  # fmt: skip


#: Rules about rows that may not change a second time: the row and its last record are changed together.
QUIET_BREAKS = {
    "money.one_currency": "UPDATE payments SET currency = 'USD' WHERE status = 'FAILED'",
    "money.settled": "UPDATE payments SET given_minor = 60000 WHERE method = 'transfer' AND status = 'COMPLETED'",
    "money.till": "UPDATE payments SET till_id = 2 WHERE method = 'card' AND status = 'COMPLETED'",
    "money.till_missed": "UPDATE payments SET method = 'cash' WHERE method = 'card' AND status = 'COMPLETED'",
    "money.refund": "UPDATE payments SET refund_of = (SELECT id FROM payments WHERE status = 'FAILED')"
    " WHERE payment_type = 'refund'",
}


def quietly(connection: Any, table: str, statement: str) -> None:
    """Change rows, and what was recorded of them last, as if they had been so from the start."""
    breaking(connection, statement, record=False)
    columns = [name for (name,) in connection.execute(f"SELECT name FROM pragma_table_info('{table}')")]
    image = ", ".join(f"'{name}', t.{name}" for name in columns)
    connection.execute("DROP TRIGGER guard_changes_update")
    connection.execute(
        f"UPDATE changes SET after = (SELECT json_object({image}) FROM {table} t WHERE t.id = row_id)"
        f" WHERE id IN (SELECT max(id) FROM changes WHERE table_name = '{table}' GROUP BY row_id)"
    )
    for guard in migrations.guard_triggers():
        if " guard_changes_update " in guard:
            connection.execute(guard)


def test_a_center_in_which_everything_happened_is_sound(file: Any) -> None:
    assert checks.run() == []


@pytest.mark.parametrize("name", [name for name, statements in BREAKS.items() if statements])
def test_a_broken_rule_is_the_one_that_speaks(file: Any, name: str) -> None:
    breaking(file, *BREAKS[name])
    # A second seat gets past its unique index only with another index in its place, which is seen, too.
    also = {"file.schema"} if name == "seats.one_each" else set()
    spoken = {broken.rule for broken in checks.run()}
    # A frozen row cannot be broken without being changed, nor a document without saying something else.
    if any(statement.startswith(f"UPDATE {table} ") for table in FROZEN for statement in BREAKS[name]):
        also |= spoken & {"record.frozen", "invoices.snapshot"}
    assert spoken == {name} | also


@pytest.mark.parametrize("name", list(QUIET_BREAKS))
def test_a_broken_rule_about_settled_payments_is_the_one_that_speaks(file: Any, name: str) -> None:
    quietly(file, "payments", QUIET_BREAKS[name])
    # A payment that is cash from now on leaves what it paid by card behind.
    also = {"money.method"} if name == "money.till_missed" else set()
    assert {broken.rule for broken in checks.run()} == {name} | also


def test_a_payment_that_was_never_started_speaks(file: Any) -> None:
    file.execute("DROP TRIGGER guard_changes_update")
    file.execute(
        "UPDATE changes SET after = json_set(after, '$.status', 'COMPLETED')"
        " WHERE table_name = 'payments' AND row_id = 2 AND before IS NULL"
    )
    for guard in migrations.guard_triggers():
        if " guard_changes_update " in guard:
            file.execute(guard)
    assert {broken.rule for broken in checks.run()} == {"flow.started_first"}


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        ("money.moved_from", "UPDATE courses_enrolled SET moved_from = id WHERE id = 2"),
        (
            "money.moved_from",
            "UPDATE courses_enrolled SET moved_from = (SELECT max(id) FROM courses_enrolled WHERE status <> 'canceled'"
            " AND id <> 1) WHERE id = 1",
        ),
        (
            "money.waived",
            "UPDATE product_enrolled SET list_price_minor = list_price_minor + 5, discount_minor = discount_minor + 5,"
            " waived_minor = 5 WHERE id = 1",
        ),
        ("file.values", r"""UPDATE settings SET value = '"a\u0007"' WHERE key = 'center.legal_name'"""),
        ("file.values", r"""UPDATE settings SET value = '"e\u0301"' WHERE key = 'center.legal_name'"""),
        ("invoices.snapshot", "UPDATE invoices SET buyer_name = 'Someone else' WHERE id = 1"),
        ("invoices.snapshot", "UPDATE invoice_lines SET detail = 'something else' WHERE id = 1"),
        ("mail.sent", f"UPDATE mail_attempts SET reply = '354 go on' WHERE mail_id = {SENT}"),
        ("numbers.series", "UPDATE series SET next_number = 1 WHERE name = 'sale'"),
        ("flow.started_alone", "UPDATE mail_queue SET event_key = 'payment.completed:' || (SELECT number FROM payments"
         " WHERE status = 'FAILED') WHERE event_key = 'enrollment.created:E-00001'"),
    ],
)  # fmt: skip
def test_every_side_of_a_rule_speaks(file: Any, rule: str, statement: str) -> None:
    breaking(file, statement)
    assert {broken.rule for broken in checks.run()} - {"record.frozen"} == {rule}


@pytest.fixture
def merged(file: Any) -> tuple[Any, int, int]:
    """The file, a record that was merged away, and the one in use."""
    admin = Actor(1, "super_admin")
    other, stays = (people.add_student(admin, people.StudentDraft("Zoë", name)) for name in ("Neu", "Noi"))
    merge.merge(admin, stays, other)
    assert checks.run() == []
    return file, other, stays


def test_a_pointer_at_someone_who_works_here_speaks(merged: tuple[Any, int, int]) -> None:
    file, _other, stays = merged
    breaking(file, f"UPDATE users SET role = 'instructor' WHERE id = {stays}")
    assert {broken.rule for broken in checks.run()} == {"file.merged"}


LEFT_BEHIND: dict[str, tuple[str, set[str]]] = {
    "a note": (row("notes", user_id="(OTHER)", text="left behind"), set()),
    "a promise": (
        row("promises", student_id="(OTHER)", said_on="2026-11-16", pay_on="2026-11-20", amount_minor=100),
        {"flow.promise"},
    ),
    "a seat": (
        row("slot_enrolled", session_id="(SELECT max(id) FROM sessions)", slot_id=COMING, student_id="(OTHER)",
            status="canceled"),
        set(),
    ),
    "an attachment": (
        row("attachments", subject_table="users", subject_id="(OTHER)", file_name="a.txt", media_type="text/plain",
            size=0, sha256=NOTHING, content="(x'')"),
        set(),
    ),
    "a payment under way": (
        row("payments", number="P-000001a", request_key="r9", student_id="(OTHER)", method="card", status="STARTED",
            payment_type="credit", amount_minor=100, currency="EUR", started_at="2026-11-16T17:00:00.000Z"),
        {"numbers.series"},
    ),
    "a balance": ("UPDATE users SET balance_minor = 1 WHERE id = OTHER", {"money.balance"}),
    "an enrollment": ("UPDATE courses_enrolled SET student_id = OTHER WHERE id = 2", {"*"}),
    "a quote": (
        row("quotes", number="Q-9", student_id="(OTHER)", course_id=1, quoted="gross", list_price_minor=1,
            tax_category="S", rate_bp=2000, net_minor=1, tax_minor=0, gross_minor=1, quoted_on="2026-11-16",
            expires_on="2026-11-30"),
        set(),
    ),
    "a sale": ("UPDATE product_enrolled SET student_id = OTHER WHERE id = 1", {"*"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(LEFT_BEHIND))
def test_what_is_left_behind_at_a_pointer_speaks(merged: tuple[Any, int, int], kind: str) -> None:
    file, other, _stays = merged
    statement, also = LEFT_BEHIND[kind]
    breaking(file, statement.replace("OTHER", str(other)))
    spoken = checks.run()
    assert [one.rule for one in spoken if f"still has {kind}" in one.detail] == ["people.merged"]
    if also != {"*"}:  # a purchase that changes hands is in the way of every rule about its money
        assert {one.rule for one in spoken} == {"people.merged"} | also


@pytest.fixture
def erased(file: Any) -> Any:
    """The file after the student with money, a sent mail and a seat was erased: id 4."""
    people.add_note(Actor(1, "super_admin"), 4, "prefers mornings")
    erasing.erase(Actor(1, "super_admin"), 4)
    assert checks.run() == []
    return file


HELD: dict[str, str] = {
    "contact": "UPDATE users SET phone = '+43 1 999 00 00' WHERE id = 4",
    "a note": row("notes", id=99, user_id=4, text="left behind"),
    "an attachment": row("attachments", subject_table="users", subject_id=4, file_name="a.txt",
                         media_type="text/plain", size=0, sha256=NOTHING, content="(x'')"),
    "an attachment of a note": row("attachments", subject_table="notes", file_name="a.txt", size=0, sha256=NOTHING,
                                   subject_id="(SELECT max(row_id) FROM changes WHERE table_name = 'notes')",
                                   media_type="text/plain", removed_at="2026-11-16T17:00:00.000Z", content="(x'')"),
    "the words of a mail": "UPDATE mail_queue SET text = 'Dear Ana' WHERE id ="
    " (SELECT max(id) FROM mail_queue WHERE student_id = 4)",
    "a name in the record": "UPDATE users SET first_name = 'Ana' WHERE id = 4",
}  # fmt: skip


@pytest.mark.parametrize("kind", list(HELD))
def test_what_is_still_held_about_the_erased_speaks(erased: Any, kind: str) -> None:
    breaking(erased, HELD[kind])
    spoken = checks.run()
    assert any(one.rule == "people.erased" and f"still has {kind}" in one.detail for one in spoken)
    assert {one.rule for one in spoken} <= {"people.erased", "file.search"}


def test_a_document_whose_sums_are_not_its_lines_speaks(file: Any) -> None:
    (snapshot,) = file.execute("SELECT snapshot FROM invoices WHERE id = 1").fetchone()
    whole = json.loads(snapshot)
    whole["head"]["net_minor"] += 1
    whole["head"]["tax_minor"] -= 1
    text = json.dumps(whole)
    digest = hashlib.sha256(text.encode()).hexdigest()
    breaking(
        file,
        f"UPDATE invoices SET net_minor = net_minor + 1, tax_minor = tax_minor - 1, document_hash = '{digest}',"
        f" snapshot = '{text}' WHERE id = 1",
    )
    assert {broken.rule for broken in checks.run()} == {"invoices.sums", "record.frozen"}


def test_a_missing_guard_speaks(file: Any) -> None:
    file.execute("DROP TRIGGER guard_invoices_update")
    assert [str(broken) for broken in checks.run()] == ["file.schema: file 0: trigger guard_invoices_update is missing"]


def test_a_change_behind_the_record_speaks(file: Any) -> None:
    breaking(file, "UPDATE users SET address = 'elsewhere' WHERE role = 'staff'", record=False)
    assert [(b.rule, b.detail) for b in checks.run()] == [("record.rows", "differs from the record in address")]


def test_an_operation_left_open_speaks(file: Any) -> None:
    file.execute("UPDATE current_operation SET operation_id = 1")
    assert {broken.rule for broken in checks.run()} == {"record.closed"}


def test_a_search_index_out_of_step_speaks(file: Any) -> None:
    file.execute("UPDATE people_search SET folded = 'nobody' WHERE id = 4")
    assert {broken.rule for broken in checks.run()} == {"file.search"}


def test_a_damaged_index_speaks(file: Any) -> None:
    file.execute("PRAGMA writable_schema = 1")
    file.execute("UPDATE sqlite_master SET sql = 'CREATE INDEX users_name ON users(phone)' WHERE name = 'users_name'")
    file.execute("PRAGMA writable_schema = RESET")
    assert {broken.rule for broken in checks.run()} == {"file.integrity", "file.schema"}


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER helpful AFTER INSERT ON payments BEGIN UPDATE payers SET email = 'x@evil.example'; END",
        "CREATE VIEW totals AS SELECT 1",
        "CREATE TABLE more (x)",
        "CREATE INDEX more ON users(phone)",
    ],
)
def test_what_is_not_ours_in_the_schema_speaks(file: Any, statement: str) -> None:
    file.execute(statement)
    assert [(b.rule, b.detail.endswith("is not ours")) for b in checks.run()] == [("file.schema", True)]


def test_money_on_a_credit_note_speaks(file: Any) -> None:
    breaking(
        file,
        "UPDATE student_payments SET invoice_id = (SELECT id FROM invoices WHERE kind = 'credit_note')"
        " WHERE payment_id = 3",
    )
    assert "invoices.paid_line_invoiced" in {broken.rule for broken in checks.run()}


def test_every_rule_has_been_seen_to_speak() -> None:
    elsewhere = {"file.schema", "record.rows", "record.closed", "file.search", "file.integrity"}
    elsewhere |= {"flow.started_first", "invoices.sums", "file.merged", "people.merged", "people.erased"}
    elsewhere |= {"invoices.picture"}  # tests/desk/test_letterhead.py
    assert set(BREAKS) | set(QUIET_BREAKS) | elsewhere == set(checks.RULES)


@pytest.mark.parametrize(
    "draft",
    [
        {"asked": {"split_minor": 199}},
        {"asked": {"split_minor": 200}, "begun": {"0": 1}},
    ],
)
def test_parts_above_their_whole_or_that_sell_a_thing_twice_are_found(file: Any, draft: dict[str, Any]) -> None:
    student = "(SELECT student_id FROM payments WHERE id = 2)"
    whole = part("P-8", student, draft=json.dumps(draft)), part("P-9", student, draft=json.dumps(draft))
    breaking(file, *whole, "UPDATE series SET next_number = next_number + 2 WHERE name = 'payment'")
    assert {broken.rule for broken in checks.run()} == {"money.tender_group"}


def test_parts_that_are_like_each_other_break_no_rule(file: Any) -> None:
    student, draft = "(SELECT student_id FROM payments WHERE id = 2)", json.dumps({"asked": {"split_minor": 200}})
    whole = part("P-8", student, draft=draft), part("P-9", student, draft=draft)
    breaking(file, *whole, "UPDATE series SET next_number = next_number + 2 WHERE name = 'payment'")
    assert checks.run() == []
