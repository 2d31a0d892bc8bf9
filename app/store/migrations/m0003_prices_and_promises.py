"""Schema 3: rules for discounts, prices quoted until a day, lines that were waived or moved, promises to pay, and
files that were removed from a panel.

What is typed beside a settled payment may be taken out by the one operation that erases a person, and no more of it.

`@` stands for the columns every business row has. Money is INTEGER minor units, shares are basis points, days ISO text.
"""

from __future__ import annotations

from typing import Any

from app.store.migrations.m0001_first_schema import COMMON
from app.store.migrations.m0002_people_in_and_out import ERASING

_RULES = """
CREATE TABLE discount_rules (@
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    applies_to TEXT NOT NULL CHECK (applies_to IN ('anyone', 'coupon', 'sibling', 'company')),
    amount_minor INTEGER NOT NULL DEFAULT 0 CHECK (amount_minor >= 0),
    percent_bp INTEGER NOT NULL DEFAULT 0 CHECK (percent_bp BETWEEN 0 AND 10000),
    code TEXT UNIQUE CHECK ((code IS NOT NULL) = (applies_to = 'coupon')),
    payer_id INTEGER REFERENCES payers(id) CHECK ((payer_id IS NOT NULL) = (applies_to = 'company')),
    course_id INTEGER REFERENCES courses(id),
    first_on TEXT,
    last_on TEXT CHECK (first_on IS NULL OR last_on IS NULL OR first_on <= last_on),
    most_uses INTEGER CHECK (most_uses IS NULL OR most_uses > 0),
    most_uses_each INTEGER CHECK (most_uses_each IS NULL OR most_uses_each > 0),
    status TEXT NOT NULL DEFAULT 'available' CHECK (status IN ('available', 'unavailable')),
    CHECK ((amount_minor > 0) <> (percent_bp > 0))
) STRICT
"""

_QUOTES = """
CREATE TABLE quotes (@
    number TEXT NOT NULL UNIQUE,
    student_id INTEGER NOT NULL REFERENCES users(id),
    course_id INTEGER NOT NULL REFERENCES courses(id),
    payer_id INTEGER REFERENCES payers(id),
    discount_rule_id INTEGER REFERENCES discount_rules(id),
    quoted TEXT NOT NULL CHECK (quoted IN ('gross', 'net')),
    list_price_minor INTEGER NOT NULL CHECK (list_price_minor >= 0),
    discount_minor INTEGER NOT NULL DEFAULT 0 CHECK (discount_minor BETWEEN 0 AND list_price_minor),
    discount_reason TEXT NOT NULL DEFAULT '',
    tax_category TEXT NOT NULL,
    rate_bp INTEGER NOT NULL,
    exemption_reason TEXT NOT NULL DEFAULT '',
    net_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    gross_minor INTEGER NOT NULL CHECK (gross_minor = net_minor + tax_minor),
    quoted_on TEXT NOT NULL,
    expires_on TEXT NOT NULL CHECK (expires_on >= quoted_on),
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'used', 'withdrawn')),
    enrollment_id INTEGER REFERENCES courses_enrolled(id) CHECK ((status = 'used') = (enrollment_id IS NOT NULL))
) STRICT
"""

_PROMISES = """
CREATE TABLE promises (@
    student_id INTEGER NOT NULL REFERENCES users(id),
    payer_id INTEGER REFERENCES payers(id),
    said_on TEXT NOT NULL,
    pay_on TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    note TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'kept', 'withdrawn'))
) STRICT
"""

#: All of a payment but what somebody typed, and what every write moves by itself.
_OF_A_PAYMENT = (
    "id", "uid", "created_at", "created_by", "number", "request_key", "student_id", "payer_id", "method", "status",
    "payment_type", "amount_minor", "currency", "given_minor", "refund_of", "tender_group", "till_id", "desk",
    "started_at", "settled_at", "settled_on",
)  # fmt: skip


def _let_words_go(connection: Any) -> None:
    find = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'guard_payments_update'"
    ((sql,),) = connection.execute(find).fetchall()
    head, body = str(sql).split(" BEGIN ", 1)
    table, _when, condition = head.partition(" WHEN ")
    same = " AND ".join(f"OLD.{column} IS NEW.{column}" for column in _OF_A_PAYMENT)
    connection.execute("DROP TRIGGER guard_payments_update")
    connection.execute(f"{table} WHEN ({condition}) AND NOT ({ERASING} AND {same}) BEGIN {body}")


def upgrade(connection: Any) -> None:
    """Bring a file of schema 2 up."""
    for table in (_RULES, _QUOTES, _PROMISES):
        connection.execute(table.strip().replace("@", COMMON))
    for line in ("courses_enrolled", "product_enrolled"):
        connection.execute(f"ALTER TABLE {line} ADD COLUMN discount_rule_id INTEGER REFERENCES discount_rules(id)")
        # Part of the discount: what was let go after the price was agreed.
        connection.execute(
            f"ALTER TABLE {line} ADD COLUMN waived_minor INTEGER NOT NULL DEFAULT 0"
            " CHECK (waived_minor BETWEEN 0 AND discount_minor)"
        )
        connection.execute(
            f"CREATE INDEX {line}_discount_rule ON {line}(discount_rule_id) WHERE discount_rule_id IS NOT NULL"
        )
    # The place this one was transferred from.
    connection.execute("ALTER TABLE courses_enrolled ADD COLUMN moved_from INTEGER REFERENCES courses_enrolled(id)")
    connection.execute("CREATE INDEX quotes_student ON quotes(student_id)")
    connection.execute("CREATE INDEX promises_student ON promises(student_id)")
    # Rows of one split payment are asked for by their group.
    connection.execute("CREATE INDEX payments_tender_group ON payments(tender_group) WHERE tender_group IS NOT NULL")
    _let_words_go(connection)
    # Put away, not deleted: the record of changes keeps no bytes, so this alone lets a removed file come back. The
    # column stands behind the bytes, where reading it reads them; whoever lists what is there asks the index.
    connection.execute("ALTER TABLE attachments ADD COLUMN removed_at TEXT")
    connection.execute(
        "CREATE INDEX attachments_there ON attachments(subject_table, subject_id) WHERE removed_at IS NULL"
    )
