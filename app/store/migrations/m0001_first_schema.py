"""Schema 1: every table of DOMAIN.md, the guards on frozen rows, the search tables.

Raw SQL, never the live models. `@` at the head of a table stands for the columns every business row has.
Stamps are UTC text, dates ISO text, money INTEGER minor units, rates basis points.
"""

from __future__ import annotations

from typing import Any

COMMON = """
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    created_by INTEGER REFERENCES users(id),
    updated_by INTEGER REFERENCES users(id),
"""

TABLES = """
CREATE TABLE users (@
    number TEXT UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('student', 'instructor', 'staff', 'admin', 'super_admin')),
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('applicant', 'active', 'on_hold', 'inactive', 'merged')),
    merged_into INTEGER REFERENCES users(id) CHECK ((status = 'merged') = (merged_into IS NOT NULL)),
    first_name TEXT NOT NULL CHECK (length(first_name) <= 200),
    last_name TEXT NOT NULL DEFAULT '' CHECK (length(last_name) <= 200),
    email TEXT,
    phone TEXT,
    date_of_birth TEXT,
    address TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT 'en',
    emergency_name TEXT NOT NULL DEFAULT '',
    emergency_phone TEXT NOT NULL DEFAULT '',
    payer_id INTEGER REFERENCES payers(id),
    password_hash TEXT,
    balance_minor INTEGER NOT NULL DEFAULT 0,
    next_slot_id INTEGER REFERENCES slots(id),
    next_slot_at TEXT,
    next_slot_as_of TEXT
) STRICT;
CREATE INDEX users_role ON users(role, id, status);
CREATE INDEX users_balance ON users(balance_minor) WHERE balance_minor <> 0;
CREATE INDEX users_next_slot ON users(next_slot_at) WHERE next_slot_at IS NOT NULL;
CREATE INDEX users_name ON users(last_name, first_name);
CREATE INDEX users_payer ON users(payer_id) WHERE payer_id IS NOT NULL;

CREATE TABLE payers (@
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    kind TEXT NOT NULL CHECK (kind IN ('guardian', 'company', 'other')),
    email TEXT,
    phone TEXT,
    address TEXT NOT NULL DEFAULT '',
    tax_id TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT 'en',
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive'))
) STRICT;

CREATE TABLE tax_rates (@
    name TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN ('S', 'Z', 'E', 'AE', 'O')),
    rate_bp INTEGER NOT NULL CHECK (rate_bp BETWEEN 0 AND 10000),
    exemption_reason TEXT NOT NULL DEFAULT '' CHECK (category <> 'E' OR exemption_reason <> ''),
    status TEXT NOT NULL DEFAULT 'available' CHECK (status IN ('available', 'unavailable')),
    CHECK (category = 'S' OR rate_bp = 0)
) STRICT;

CREATE TABLE courses (@
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    category TEXT NOT NULL DEFAULT 'driving',
    icon TEXT NOT NULL DEFAULT 'book-open',
    description TEXT NOT NULL DEFAULT '',
    price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
    tax_rate_id INTEGER NOT NULL REFERENCES tax_rates(id),
    theory_minutes INTEGER NOT NULL DEFAULT 0 CHECK (theory_minutes >= 0),
    practical_minutes INTEGER NOT NULL DEFAULT 0 CHECK (practical_minutes >= 0),
    unit_minutes INTEGER NOT NULL DEFAULT 45 CHECK (unit_minutes > 0),
    minimum_age INTEGER CHECK (minimum_age BETWEEN 0 AND 120),
    prerequisite_id INTEGER REFERENCES courses(id),
    status TEXT NOT NULL DEFAULT 'available' CHECK (status IN ('available', 'unavailable'))
) STRICT;

CREATE TABLE courses_enrolled (@
    number TEXT NOT NULL UNIQUE,
    student_id INTEGER NOT NULL REFERENCES users(id),
    course_id INTEGER NOT NULL REFERENCES courses(id),
    payer_id INTEGER REFERENCES payers(id),
    session_id INTEGER REFERENCES sessions(id),
    enrolled_on TEXT NOT NULL,
    quoted TEXT NOT NULL DEFAULT 'gross' CHECK (quoted IN ('gross', 'net')),
    list_price_minor INTEGER NOT NULL CHECK (list_price_minor >= 0),
    discount_minor INTEGER NOT NULL DEFAULT 0 CHECK (discount_minor BETWEEN 0 AND list_price_minor),
    discount_reason TEXT NOT NULL DEFAULT '',
    tax_category TEXT NOT NULL,
    rate_bp INTEGER NOT NULL,
    exemption_reason TEXT NOT NULL DEFAULT '',
    net_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    gross_minor INTEGER NOT NULL CHECK (gross_minor = net_minor + tax_minor AND gross_minor >= 0),
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'completed', 'canceled')),
    theory_done_minutes INTEGER NOT NULL DEFAULT 0 CHECK (theory_done_minutes >= 0),
    practical_done_minutes INTEGER NOT NULL DEFAULT 0 CHECK (practical_done_minutes >= 0),
    progress_bp INTEGER NOT NULL DEFAULT 0 CHECK (progress_bp BETWEEN 0 AND 10000),
    completed_on TEXT,
    canceled_on TEXT,
    cancel_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX courses_enrolled_student ON courses_enrolled(student_id, status);
CREATE INDEX courses_enrolled_course ON courses_enrolled(course_id, status);

CREATE TABLE products (@
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    kind TEXT NOT NULL CHECK (kind IN ('physical', 'digital')),
    price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
    tax_rate_id INTEGER NOT NULL REFERENCES tax_rates(id),
    stock INTEGER CHECK (stock >= 0),
    often_sold INTEGER NOT NULL DEFAULT 0 CHECK (often_sold IN (0, 1)),
    status TEXT NOT NULL DEFAULT 'available' CHECK (status IN ('available', 'unavailable')),
    CHECK ((kind = 'physical') = (stock IS NOT NULL))
) STRICT;

CREATE TABLE product_enrolled (@
    number TEXT NOT NULL UNIQUE,
    student_id INTEGER NOT NULL REFERENCES users(id),
    product_id INTEGER NOT NULL REFERENCES products(id),
    payer_id INTEGER REFERENCES payers(id),
    sold_on TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    quoted TEXT NOT NULL DEFAULT 'gross' CHECK (quoted IN ('gross', 'net')),
    list_price_minor INTEGER NOT NULL CHECK (list_price_minor >= 0),
    discount_minor INTEGER NOT NULL DEFAULT 0 CHECK (discount_minor BETWEEN 0 AND list_price_minor),
    discount_reason TEXT NOT NULL DEFAULT '',
    tax_category TEXT NOT NULL,
    rate_bp INTEGER NOT NULL,
    exemption_reason TEXT NOT NULL DEFAULT '',
    net_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    gross_minor INTEGER NOT NULL CHECK (gross_minor = net_minor + tax_minor AND gross_minor >= 0),
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'completed', 'canceled')),
    canceled_on TEXT,
    cancel_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX product_enrolled_student ON product_enrolled(student_id, status);
CREATE INDEX product_enrolled_product ON product_enrolled(product_id);

CREATE TABLE tills (@
    name TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    opened_at TEXT NOT NULL,
    opened_by INTEGER REFERENCES users(id),
    float_minor INTEGER NOT NULL CHECK (float_minor >= 0),
    closed_at TEXT CHECK ((status = 'closed') = (closed_at IS NOT NULL)),
    closed_by INTEGER REFERENCES users(id),
    counted_minor INTEGER,
    expected_minor INTEGER
) STRICT;
CREATE UNIQUE INDEX tills_one_open ON tills(name) WHERE status = 'open';

CREATE TABLE till_moves (@
    till_id INTEGER NOT NULL REFERENCES tills(id),
    kind TEXT NOT NULL CHECK (kind IN ('paid_in', 'paid_out')),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    reason TEXT NOT NULL CHECK (reason <> '')
) STRICT;
CREATE INDEX till_moves_till ON till_moves(till_id);

CREATE TABLE payments (@
    number TEXT NOT NULL UNIQUE,
    request_key TEXT NOT NULL UNIQUE,
    student_id INTEGER NOT NULL REFERENCES users(id),
    payer_id INTEGER REFERENCES payers(id),
    method TEXT NOT NULL CHECK (method IN ('cash', 'card', 'transfer', 'check', 'other')),
    status TEXT NOT NULL CHECK (status IN ('STARTED', 'COMPLETED', 'FAILED')),
    payment_type TEXT NOT NULL
        CHECK (payment_type IN ('course_fee', 'product_fee', 'mixed', 'activation', 'credit', 'refund', 'other')),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    given_minor INTEGER CHECK (given_minor >= amount_minor),
    reference TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    refund_of INTEGER REFERENCES payments(id),
    tender_group TEXT,
    till_id INTEGER REFERENCES tills(id),
    desk TEXT NOT NULL DEFAULT '',
    draft TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(draft)),
    reason TEXT NOT NULL DEFAULT '',
    started_at TEXT NOT NULL,
    settled_at TEXT,
    settled_on TEXT,
    CHECK ((payment_type = 'refund') = (refund_of IS NOT NULL)),
    CHECK ((status = 'STARTED') = (settled_at IS NULL)),
    CHECK ((settled_at IS NULL) = (settled_on IS NULL)),
    CHECK (status <> 'FAILED' OR reason <> '')
) STRICT;
CREATE INDEX payments_student ON payments(student_id, status);
CREATE INDEX payments_started ON payments(started_at) WHERE status = 'STARTED';
CREATE INDEX payments_day ON payments(settled_on, method) WHERE status = 'COMPLETED';
CREATE INDEX payments_till ON payments(till_id) WHERE till_id IS NOT NULL;
CREATE INDEX payments_refund ON payments(refund_of) WHERE refund_of IS NOT NULL;
CREATE INDEX payments_payer ON payments(payer_id) WHERE payer_id IS NOT NULL;

CREATE TABLE invoices (@
    series TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 1),
    label TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    refers_to INTEGER REFERENCES invoices(id) CHECK ((kind = 'credit_note') = (refers_to IS NOT NULL)),
    is_full INTEGER NOT NULL DEFAULT 0 CHECK (is_full IN (0, 1)),
    student_id INTEGER NOT NULL REFERENCES users(id),
    payer_id INTEGER REFERENCES payers(id),
    buyer_name TEXT NOT NULL,
    language TEXT NOT NULL,
    currency TEXT NOT NULL,
    issued_at TEXT NOT NULL,
    issued_on TEXT NOT NULL,
    service_from TEXT,
    service_to TEXT,
    due_on TEXT NOT NULL,
    net_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    gross_minor INTEGER NOT NULL CHECK (gross_minor = net_minor + tax_minor AND gross_minor >= 0),
    snapshot TEXT NOT NULL CHECK (json_valid(snapshot)),
    document_hash TEXT NOT NULL CHECK (length(document_hash) = 64),
    layout_version INTEGER NOT NULL,
    UNIQUE (series, number)
) STRICT;
CREATE UNIQUE INDEX invoices_one_full_credit ON invoices(refers_to) WHERE kind = 'credit_note' AND is_full = 1;
CREATE INDEX invoices_student ON invoices(student_id);
CREATE INDEX invoices_issued ON invoices(issued_on);
CREATE INDEX invoices_refers ON invoices(refers_to) WHERE refers_to IS NOT NULL;

CREATE TABLE installments (@
    enrollment_id INTEGER NOT NULL REFERENCES courses_enrolled(id),
    position INTEGER NOT NULL CHECK (position >= 1),
    due_on TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    UNIQUE (enrollment_id, position)
) STRICT;

CREATE TABLE invoice_lines (@
    invoice_id INTEGER NOT NULL REFERENCES invoices(id),
    position INTEGER NOT NULL CHECK (position >= 1),
    student_id INTEGER NOT NULL REFERENCES users(id),
    enrollment_id INTEGER REFERENCES courses_enrolled(id),
    product_enrolled_id INTEGER REFERENCES product_enrolled(id),
    installment_id INTEGER REFERENCES installments(id),
    title TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT '',
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit TEXT NOT NULL DEFAULT 'piece',
    quoted TEXT NOT NULL CHECK (quoted IN ('gross', 'net')),
    unit_net_minor INTEGER NOT NULL,
    tax_category TEXT NOT NULL,
    rate_bp INTEGER NOT NULL,
    exemption_reason TEXT NOT NULL DEFAULT '',
    net_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    gross_minor INTEGER NOT NULL CHECK (gross_minor = net_minor + tax_minor),
    UNIQUE (invoice_id, position),
    CHECK ((enrollment_id IS NULL) <> (product_enrolled_id IS NULL)),
    CHECK (installment_id IS NULL OR enrollment_id IS NOT NULL)
) STRICT;
CREATE INDEX invoice_lines_enrollment ON invoice_lines(enrollment_id) WHERE enrollment_id IS NOT NULL;
CREATE INDEX invoice_lines_product ON invoice_lines(product_enrolled_id) WHERE product_enrolled_id IS NOT NULL;
CREATE INDEX invoice_lines_installment ON invoice_lines(installment_id) WHERE installment_id IS NOT NULL;

CREATE TABLE student_payments (@
    payment_id INTEGER NOT NULL REFERENCES payments(id),
    student_id INTEGER NOT NULL REFERENCES users(id),
    enrollment_id INTEGER REFERENCES courses_enrolled(id),
    product_enrolled_id INTEGER REFERENCES product_enrolled(id),
    installment_id INTEGER REFERENCES installments(id),
    invoice_id INTEGER NOT NULL REFERENCES invoices(id),
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    direction INTEGER NOT NULL DEFAULT 1 CHECK (direction IN (1, -1)),
    reverses_id INTEGER REFERENCES student_payments(id) CHECK ((direction = -1) = (reverses_id IS NOT NULL)),
    method TEXT NOT NULL,
    CHECK ((enrollment_id IS NULL) <> (product_enrolled_id IS NULL))
) STRICT;
CREATE INDEX student_payments_payment ON student_payments(payment_id);
CREATE INDEX student_payments_invoice ON student_payments(invoice_id);
CREATE INDEX student_payments_student ON student_payments(student_id);
CREATE INDEX student_payments_enrollment ON student_payments(enrollment_id) WHERE enrollment_id IS NOT NULL;
CREATE INDEX student_payments_product ON student_payments(product_enrolled_id) WHERE product_enrolled_id IS NOT NULL;

CREATE TABLE resources (@
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('room', 'vehicle', 'equipment')),
    quantity INTEGER NOT NULL DEFAULT 1 CHECK (quantity >= 1),
    seats INTEGER CHECK (seats >= 1),
    status TEXT NOT NULL DEFAULT 'available' CHECK (status IN ('available', 'unavailable'))
) STRICT;

CREATE TABLE availability (@
    instructor_id INTEGER NOT NULL REFERENCES users(id),
    weekday INTEGER CHECK (weekday BETWEEN 1 AND 7),
    on_date TEXT,
    from_time TEXT NOT NULL,
    to_time TEXT NOT NULL CHECK (to_time > from_time),
    is_open INTEGER NOT NULL DEFAULT 1 CHECK (is_open IN (0, 1)),
    reason TEXT NOT NULL DEFAULT '',
    CHECK ((weekday IS NULL) <> (on_date IS NULL))
) STRICT;
CREATE INDEX availability_instructor ON availability(instructor_id);

CREATE TABLE closures (@
    name TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL CHECK (ends_on >= starts_on)
) STRICT;

CREATE TABLE sessions (@
    course_id INTEGER NOT NULL REFERENCES courses(id),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    class_type TEXT NOT NULL CHECK (class_type IN ('theory', 'practical')),
    session_type TEXT NOT NULL CHECK (session_type IN ('individual', 'group')),
    start_date TEXT NOT NULL,
    end_date TEXT NOT NULL CHECK (end_date >= start_date),
    recurrence TEXT NOT NULL CHECK (recurrence IN ('weekdays', 'working_days', 'weekend', 'picked_dates')),
    weekdays TEXT NOT NULL DEFAULT '',
    picked_dates TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(picked_dates)),
    start_time TEXT NOT NULL,
    duration_minutes INTEGER NOT NULL CHECK (duration_minutes BETWEEN 1 AND 1440),
    capacity INTEGER NOT NULL CHECK (capacity >= 1),
    location TEXT NOT NULL DEFAULT '',
    resource_id INTEGER REFERENCES resources(id),
    zone TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'planned' CHECK (status IN ('planned', 'canceled'))
) STRICT;
CREATE INDEX sessions_course ON sessions(course_id);

CREATE TABLE session_instructor (@
    session_id INTEGER NOT NULL REFERENCES sessions(id),
    instructor_id INTEGER NOT NULL REFERENCES users(id),
    UNIQUE (session_id, instructor_id)
) STRICT;

CREATE TABLE slots (@
    session_id INTEGER NOT NULL REFERENCES sessions(id),
    position INTEGER NOT NULL CHECK (position >= 1),
    title TEXT NOT NULL DEFAULT '',
    on_date TEXT NOT NULL,
    start_wall TEXT NOT NULL,
    end_wall TEXT NOT NULL CHECK (end_wall > start_wall),
    zone TEXT NOT NULL,
    start_utc TEXT NOT NULL,
    end_utc TEXT NOT NULL CHECK (end_utc > start_utc),
    resource_id INTEGER REFERENCES resources(id),
    capacity INTEGER NOT NULL CHECK (capacity >= 1),
    seats_taken INTEGER NOT NULL DEFAULT 0 CHECK (seats_taken >= 0),
    canceled_at TEXT,
    cancel_reason TEXT NOT NULL DEFAULT '',
    override_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX slots_start ON slots(start_utc, end_utc);
CREATE INDEX slots_session ON slots(session_id, start_utc);
CREATE INDEX slots_resource ON slots(resource_id, start_utc) WHERE resource_id IS NOT NULL;

CREATE TABLE slot_instructor (@
    slot_id INTEGER NOT NULL REFERENCES slots(id),
    instructor_id INTEGER NOT NULL REFERENCES users(id),
    kind TEXT NOT NULL CHECK (kind IN ('added', 'removed')),
    UNIQUE (slot_id, instructor_id)
) STRICT;

CREATE TABLE slot_enrolled (@
    session_id INTEGER NOT NULL REFERENCES sessions(id),
    slot_id INTEGER NOT NULL REFERENCES slots(id),
    student_id INTEGER NOT NULL REFERENCES users(id),
    enrollment_id INTEGER REFERENCES courses_enrolled(id),
    status TEXT NOT NULL CHECK (status IN ('booked', 'held', 'waiting', 'attended', 'absent', 'canceled')),
    held_until TEXT,
    held_by INTEGER REFERENCES users(id),
    priority INTEGER NOT NULL DEFAULT 0,
    waiting_since TEXT,
    skipped_reason TEXT NOT NULL DEFAULT '',
    override_reason TEXT NOT NULL DEFAULT '',
    CHECK ((status = 'held') = (held_until IS NOT NULL)),
    CHECK (status <> 'waiting' OR waiting_since IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX slot_enrolled_one_seat ON slot_enrolled(slot_id, student_id) WHERE status <> 'canceled';
CREATE INDEX slot_enrolled_student ON slot_enrolled(student_id, status);
CREATE INDEX slot_enrolled_enrollment ON slot_enrolled(enrollment_id) WHERE enrollment_id IS NOT NULL;
CREATE INDEX slot_enrolled_session ON slot_enrolled(session_id);

CREATE TABLE notifications (@
    type TEXT NOT NULL CHECK (type IN ('new_account', 'payment', 'calendar', 'message', 'delete', 'system')),
    class TEXT NOT NULL CHECK (class IN ('personal', 'center', 'system')),
    key TEXT NOT NULL,
    params TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(params)),
    link_table TEXT,
    link_id INTEGER CHECK ((link_table IS NULL) = (link_id IS NULL)),
    needs_decision INTEGER NOT NULL DEFAULT 0 CHECK (needs_decision IN (0, 1)),
    done_at TEXT,
    done_by INTEGER REFERENCES users(id),
    assigned_to INTEGER REFERENCES users(id),
    snoozed_until TEXT
) STRICT;
CREATE INDEX notifications_open ON notifications(created_at) WHERE done_at IS NULL;

CREATE TABLE notification_recipients (@
    notification_id INTEGER NOT NULL REFERENCES notifications(id),
    user_id INTEGER NOT NULL REFERENCES users(id),
    read_at TEXT,
    UNIQUE (notification_id, user_id)
) STRICT;
CREATE INDEX notification_recipients_user ON notification_recipients(user_id, read_at);

CREATE TABLE mail_accounts (@
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    security TEXT NOT NULL CHECK (security IN ('starttls', 'tls', 'none')),
    username TEXT NOT NULL DEFAULT '',
    from_address TEXT NOT NULL,
    from_name TEXT NOT NULL DEFAULT '',
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX mail_accounts_one_active ON mail_accounts(active) WHERE active = 1;

CREATE TABLE mail_queue (@
    event_key TEXT NOT NULL UNIQUE,
    student_id INTEGER REFERENCES users(id),
    payer_id INTEGER REFERENCES payers(id),
    to_name TEXT NOT NULL DEFAULT '',
    to_address TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    attachments TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(attachments)),
    template_key TEXT NOT NULL,
    language TEXT NOT NULL,
    message_id TEXT NOT NULL UNIQUE,
    date TEXT NOT NULL,
    from_header TEXT NOT NULL DEFAULT '',
    replaces_id INTEGER REFERENCES mail_queue(id),
    mime BLOB,
    mime_hash TEXT CHECK ((mime IS NULL) = (mime_hash IS NULL)),
    state TEXT NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'uncertain', 'held', 'canceled')),
    stage TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    next_try_at TEXT,
    lease_until TEXT CHECK ((state = 'sending') = (lease_until IS NOT NULL)),
    lease_by TEXT NOT NULL DEFAULT '',
    last_reply TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    sent_at TEXT CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CHECK (state NOT IN ('sending', 'sent', 'uncertain') OR mime_hash IS NOT NULL),
    CHECK (state <> 'failed' OR reason <> '')
) STRICT;
CREATE INDEX mail_queue_due ON mail_queue(next_try_at) WHERE state = 'queued';
CREATE INDEX mail_queue_state ON mail_queue(state, updated_at);
CREATE INDEX mail_queue_student ON mail_queue(student_id) WHERE student_id IS NOT NULL;

CREATE TABLE mail_attempts (@
    mail_id INTEGER NOT NULL REFERENCES mail_queue(id),
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    started_at TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    outcome TEXT NOT NULL
        CHECK (outcome IN ('sent', 'deferred', 'failed', 'uncertain', 'offline', 'refused_account', 'resolved')),
    stage TEXT NOT NULL DEFAULT '',
    reply TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX mail_attempts_mail ON mail_attempts(mail_id);

CREATE TABLE timeline (@
    user_id INTEGER NOT NULL REFERENCES users(id),
    actor_id INTEGER REFERENCES users(id),
    key TEXT NOT NULL,
    params TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(params)),
    subject_table TEXT,
    subject_id INTEGER CHECK ((subject_table IS NULL) = (subject_id IS NULL))
) STRICT;
CREATE INDEX timeline_user ON timeline(user_id, id);
CREATE INDEX timeline_subject ON timeline(subject_table, subject_id);

CREATE TABLE reminders (@
    kind TEXT NOT NULL CHECK (kind IN ('class', 'due_date')),
    days INTEGER NOT NULL CHECK (days >= 0),
    direction TEXT NOT NULL CHECK (direction IN ('before', 'after')),
    level INTEGER NOT NULL DEFAULT 1 CHECK (level >= 1),
    template_key TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1))
) STRICT;

CREATE TABLE notes (@
    user_id INTEGER NOT NULL REFERENCES users(id),
    text TEXT NOT NULL CHECK (text <> ''),
    pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1))
) STRICT;
CREATE INDEX notes_user ON notes(user_id);

CREATE TABLE attachments (@
    subject_table TEXT NOT NULL,
    subject_id INTEGER NOT NULL,
    file_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL CHECK (size BETWEEN 0 AND 10485760 AND size = length(content)),
    sha256 TEXT NOT NULL,
    content BLOB NOT NULL
) STRICT;
CREATE INDEX attachments_subject ON attachments(subject_table, subject_id);

CREATE TABLE templates (@
    key TEXT NOT NULL,
    language TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (key, language)
) STRICT;

CREATE TABLE imports (@
    kind TEXT NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    row_count INTEGER NOT NULL,
    outcome TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE settings (@
    key TEXT NOT NULL UNIQUE,
    value TEXT NOT NULL CHECK (json_valid(value))
) STRICT;

CREATE TABLE series (@
    name TEXT NOT NULL UNIQUE,
    pattern TEXT NOT NULL,
    next_number INTEGER NOT NULL DEFAULT 1 CHECK (next_number >= 1),
    gapless INTEGER NOT NULL DEFAULT 0 CHECK (gapless IN (0, 1))
) STRICT;
"""

RECORD = """
CREATE TABLE operations (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL CHECK (label <> ''),
    actor_id INTEGER,
    actor_role TEXT NOT NULL,
    desk TEXT NOT NULL,
    at TEXT NOT NULL,
    undo_of INTEGER REFERENCES operations(id)
) STRICT;
CREATE INDEX operations_at ON operations(at);

CREATE TABLE changes (
    id INTEGER PRIMARY KEY,
    operation_id INTEGER NOT NULL REFERENCES operations(id),
    table_name TEXT NOT NULL,
    row_id INTEGER NOT NULL,
    before TEXT,
    after TEXT,
    redacted INTEGER NOT NULL DEFAULT 0 CHECK (redacted IN (0, 1)),
    CHECK (before IS NOT NULL OR after IS NOT NULL)
) STRICT;
CREATE INDEX changes_operation ON changes(operation_id);
CREATE INDEX changes_row ON changes(table_name, row_id);

-- One row. operation_id is set only inside a write; the recording triggers refuse a change while it is NULL.
CREATE TABLE current_operation (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    operation_id INTEGER REFERENCES operations(id)
) STRICT;
INSERT INTO current_operation (one, operation_id) VALUES (1, NULL);
"""

SEARCH = """
CREATE TABLE people_search (
    id INTEGER PRIMARY KEY REFERENCES users(id),
    folded TEXT NOT NULL
) STRICT;
CREATE VIRTUAL TABLE people_trigram USING fts5(folded, content='people_search', content_rowid='id',
    tokenize='trigram', detail='none');
CREATE VIRTUAL TABLE people_prefix USING fts5(folded, content='people_search', content_rowid='id',
    tokenize='unicode61', prefix='1 2 3', detail='none');
CREATE TRIGGER people_search_insert AFTER INSERT ON people_search BEGIN
    INSERT INTO people_trigram (rowid, folded) VALUES (NEW.id, NEW.folded);
    INSERT INTO people_prefix (rowid, folded) VALUES (NEW.id, NEW.folded);
END;
CREATE TRIGGER people_search_delete AFTER DELETE ON people_search BEGIN
    INSERT INTO people_trigram (people_trigram, rowid, folded) VALUES ('delete', OLD.id, OLD.folded);
    INSERT INTO people_prefix (people_prefix, rowid, folded) VALUES ('delete', OLD.id, OLD.folded);
END;
CREATE TRIGGER people_search_update AFTER UPDATE ON people_search BEGIN
    INSERT INTO people_trigram (people_trigram, rowid, folded) VALUES ('delete', OLD.id, OLD.folded);
    INSERT INTO people_prefix (people_prefix, rowid, folded) VALUES ('delete', OLD.id, OLD.folded);
    INSERT INTO people_trigram (rowid, folded) VALUES (NEW.id, NEW.folded);
    INSERT INTO people_prefix (rowid, folded) VALUES (NEW.id, NEW.folded);
END;
"""


def _never(table: str, event: str, why: str, when: str = "") -> str:
    name = f"guard_{table}_{event.split()[0].lower()}"
    condition = f"WHEN {when} " if when else ""
    return f"CREATE TRIGGER {name} BEFORE {event} ON {table} {condition}BEGIN SELECT RAISE(ABORT, '{why}'); END;"


def guards() -> list[str]:
    """Triggers on rows that DOMAIN.md freezes: the service is the first line, these are the second."""
    kept = "is kept for ever"
    found = [
        _never(table, "DELETE", f"{table} {kept}")
        for table in (
            "invoices", "invoice_lines", "payments", "student_payments", "mail_attempts", "mail_queue",
            "timeline", "operations", "changes",
        )
    ]  # fmt: skip
    found += [
        _never(table, "UPDATE", f"{table} is frozen")
        for table in ("invoices", "invoice_lines", "student_payments", "mail_attempts", "operations")
    ]
    fixed = ("number", "request_key", "student_id", "method", "amount_minor", "currency", "refund_of", "started_at")
    moved = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in fixed)
    found.append(_never("payments", "UPDATE", "a settled payment is frozen", f"OLD.status <> 'STARTED' OR {moved}"))
    text = ("event_key", "subject", "text", "attachments", "message_id", "date")
    moved = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in text)
    found.append(
        _never(
            "mail_queue",
            "UPDATE",
            "a queued message is frozen",
            f"OLD.state = 'sent' OR {moved} OR (OLD.mime_hash IS NOT NEW.mime_hash AND OLD.mime_hash IS NOT NULL)",
        )
    )
    found.append(_never("changes", "UPDATE", "changes are only redacted", "NEW.redacted <> 1 OR OLD.id <> NEW.id"))
    return found


def upgrade(connection: Any) -> None:
    """Make the first schema in an empty file."""
    for statement in _statements(TABLES.replace("@", COMMON) + RECORD):
        connection.execute(statement)
    for statement in guards():
        connection.execute(statement)
    for statement in _statements(SEARCH):
        connection.execute(statement)


def _statements(script: str) -> list[str]:
    """The script's statements; a trigger body keeps its inner semicolons."""
    found: list[str] = []
    current = ""
    for line in script.splitlines():
        if line.lstrip().startswith("--"):
            continue
        current += line + "\n"
        inside_trigger = "CREATE TRIGGER" in current and not line.startswith("END")
        if line.rstrip().endswith(";") and not inside_trigger:
            found.append(current.strip())
            current = ""
    return found
