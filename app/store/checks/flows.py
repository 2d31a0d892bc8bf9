"""The four flows are whole: what belongs to one event was written by one operation (DOMAIN.md, "The four flows")."""

from __future__ import annotations

from app.store.checks.rules import sql, who
from app.text import N_

_MADE = "(SELECT min(c.operation_id) FROM changes c WHERE c.table_name = '{table}' AND c.row_id = {alias}.id AND c.before IS NULL)"


def _companion(table: str, alias: str, operation: str, link_table: str, kind: str) -> str:
    """A timeline entry or notification about the row, written by the same operation."""
    about = "subject_table = '{0}' AND x.subject_id" if kind == "timeline" else "link_table = '{0}' AND x.link_id"
    return (
        f"EXISTS (SELECT 1 FROM {kind} x JOIN changes d ON d.table_name = '{kind}' AND d.row_id = x.id"
        f" AND d.operation_id = {operation} WHERE x.{about.format(link_table)} = {alias}.id)"
    )


_ENROLLED = _MADE.format(table="courses_enrolled", alias="e")
sql(
    "flow.enrollment",
    N_("An enrollment has its timeline entry and its notification, by the same operation"),
    "courses_enrolled",
    f"SELECT e.id, e.number FROM courses_enrolled e WHERE NOT {_companion('e', 'e', _ENROLLED, 'courses_enrolled', 'timeline')}"
    f" OR NOT {_companion('e', 'e', _ENROLLED, 'courses_enrolled', 'notifications')}",
)
_SOLD = _MADE.format(table="product_enrolled", alias="e")
sql(
    "flow.sale",
    N_("A sale has its timeline entry and its notification, by the same operation"),
    "product_enrolled",
    "SELECT e.id, e.number FROM product_enrolled e WHERE NOT EXISTS (SELECT 1 FROM timeline x JOIN changes d"
    f" ON d.table_name = 'timeline' AND d.row_id = x.id AND d.operation_id = {_SOLD}"
    f" WHERE x.user_id = e.student_id OR {who('x.user_id')} = {who('e.student_id')})"
    " OR NOT EXISTS (SELECT 1 FROM changes d WHERE d.table_name = 'notifications' AND d.before IS NULL"
    f" AND d.operation_id = {_SOLD})",
)
_SETTLED = (
    "(SELECT max(c.operation_id) FROM changes c WHERE c.table_name = 'payments' AND c.row_id = p.id"
    " AND c.after ->> 'status' = 'COMPLETED' AND c.before ->> 'status' IS NOT 'COMPLETED')"
)
sql(
    "flow.payment",
    N_("A completed payment has its timeline entry and its notification, by the operation that completed it"),
    "payments",
    "SELECT p.id, p.number FROM payments p WHERE p.status = 'COMPLETED' AND ("
    f"NOT {_companion('payments', 'p', _SETTLED, 'payments', 'timeline')}"
    f" OR NOT {_companion('payments', 'p', _SETTLED, 'payments', 'notifications')})",
)
sql(
    "flow.receipt",
    "A completed payment queued its receipt, or the timeline says that there is no address, by the same operation",
    "payments",
    "SELECT p.id, p.number FROM payments p WHERE p.status = 'COMPLETED' AND p.payment_type <> 'refund'"
    " AND NOT EXISTS (SELECT 1 FROM mail_queue m JOIN changes d ON d.table_name = 'mail_queue' AND d.row_id = m.id"
    f" AND d.operation_id = {_SETTLED} WHERE m.event_key = 'payment.completed:' || p.number)"
    " AND NOT EXISTS (SELECT 1 FROM changes d JOIN timeline x ON x.id = d.row_id AND x.key = 'payments.no_address'"
    f" WHERE d.operation_id = {_SETTLED} AND d.table_name = 'timeline')",
)
sql(
    "flow.stock",
    "What is sold of a physical product leaves its stock, by the same operation",
    "product_enrolled",
    """
    WITH sold AS (
        SELECT c.operation_id AS operation, e.product_id AS product, sum(e.quantity) AS pieces, min(e.id) AS line
        FROM product_enrolled e JOIN products p ON p.id = e.product_id AND p.kind = 'physical'
        JOIN changes c ON c.table_name = 'product_enrolled' AND c.row_id = e.id AND c.before IS NULL
        GROUP BY c.operation_id, e.product_id
    ), moved AS (
        SELECT operation_id AS operation, row_id AS product, sum((before ->> 'stock') - (after ->> 'stock')) AS pieces
        FROM changes WHERE table_name = 'products' AND before IS NOT NULL AND after IS NOT NULL
        GROUP BY operation_id, row_id
    )
    SELECT line, pieces || ' sold, stock moved by ' || coalesce(left_stock, 0) FROM (
        SELECT s.line, s.pieces, m.pieces AS left_stock FROM sold s
        LEFT JOIN moved m ON m.operation = s.operation AND m.product = s.product
    ) WHERE pieces <> coalesce(left_stock, 0)
    """,
)
sql(
    "flow.started_alone",
    N_("A payment that is not completed stands in payments alone"),
    "payments",
    "SELECT p.id, p.number FROM payments p WHERE p.status <> 'COMPLETED' AND ("
    "EXISTS (SELECT 1 FROM student_payments s WHERE s.payment_id = p.id)"
    " OR EXISTS (SELECT 1 FROM mail_queue m WHERE m.event_key = 'payment.completed:' || p.number)"
    " OR EXISTS (SELECT 1 FROM timeline t WHERE t.subject_table = 'payments' AND t.subject_id = p.id)"
    " OR EXISTS (SELECT 1 FROM notifications n WHERE n.link_table = 'payments' AND n.link_id = p.id))",
)
sql(
    "flow.started_first",
    N_("Every payment was STARTED in the file before it was completed or failed, once"),
    "payments",
    "SELECT p.id, p.number FROM payments p WHERE NOT EXISTS (SELECT 1 FROM changes c WHERE c.table_name = 'payments'"
    " AND c.row_id = p.id AND c.before IS NULL AND c.after ->> 'status' = 'STARTED')"
    " OR 1 < (SELECT count(*) FROM changes c WHERE c.table_name = 'payments' AND c.row_id = p.id"
    " AND c.before IS NOT NULL AND c.after ->> 'status' <> 'STARTED'"
    # Whoever was erased is taken out of the words beside it; the record of it is redacted.
    " AND NOT (c.redacted = 1 AND c.before ->> 'status' = c.after ->> 'status'))",
)
_PROMISED = _MADE.format(table="promises", alias="p")
sql(
    "flow.promise",
    N_("A promise to pay is a student's, for a day not before it was said, and has its timeline entry"),
    "promises",
    "SELECT p.id, 'for ' || p.pay_on || ', said ' || p.said_on FROM promises p WHERE p.pay_on < p.said_on"
    " UNION ALL SELECT p.id, 'of no student' FROM promises p JOIN users u ON u.id = p.student_id AND u.role <> 'student'"
    f" UNION ALL SELECT p.id, 'without its entry' FROM promises p"
    f" WHERE NOT {_companion('promises', 'p', _PROMISED, 'promises', 'timeline')}",
)
sql(
    "flow.reminder",
    N_("A reminder to pay stands on the timeline, by the operation that queued it"),
    "mail_queue",
    "SELECT m.id, m.event_key FROM mail_queue m WHERE m.event_key GLOB 'payment.reminder:*' AND NOT EXISTS ("
    "SELECT 1 FROM changes c JOIN changes d ON d.operation_id = c.operation_id AND d.table_name = 'timeline'"
    " JOIN timeline t ON t.id = d.row_id AND t.key = 'reminding.timeline'"
    " WHERE c.table_name = 'mail_queue' AND c.row_id = m.id AND c.before IS NULL)",
)
sql(
    "inbox.recipients",
    N_("A notification has someone to see it, and no student"),
    "notifications",
    # The recipients lead: there are few of them for each person, and a hundred students for each recipient.
    "SELECT n.id, n.key FROM notifications n WHERE NOT EXISTS (SELECT 1 FROM notification_recipients r"
    " WHERE r.notification_id = n.id) OR n.id IN (SELECT r.notification_id FROM notification_recipients r"
    " CROSS JOIN users u ON u.id = r.user_id WHERE u.role = 'student')",
)
#: What no record that was merged away has: what it is, its table, and how the table points at it.
_MOVED = (
    ("a seat", "slot_enrolled x", "x.student_id = u.id"),
    ("an enrollment", "courses_enrolled x", "x.student_id = u.id"),
    ("a sale", "product_enrolled x", "x.student_id = u.id"),
    ("a quote", "quotes x", "x.student_id = u.id"),
    ("a payment under way", "payments x", "x.student_id = u.id AND x.status = 'STARTED'"),
    ("a note", "notes x", "x.user_id = u.id"),
    ("a promise", "promises x", "x.student_id = u.id"),
    ("an attachment", "attachments x", "x.subject_table = 'users' AND x.subject_id = u.id"),
    ("a balance or a next slot", "users x", "x.id = u.id AND (x.balance_minor <> 0 OR x.next_slot_at IS NOT NULL)"),
)
sql(
    "people.merged",
    N_("A record that was merged away keeps only what is never moved: no seat, purchase, note or payment under way"),
    "users",
    # The few records merged away lead.
    " UNION ALL ".join(
        f"SELECT u.id, u.number || ' still has {what}' FROM users u CROSS JOIN {table} ON {how}"
        " WHERE u.merged_into IS NOT NULL"
        for what, table, how in _MOVED
    ),
)
#: What is held about nobody who was erased: what it is, its table, and how the table says so.
_HELD = (
    (
        "contact or a birth date",
        "users x",
        "x.id = u.id AND (x.last_name <> '' OR x.email IS NOT NULL OR x.phone IS NOT NULL"
        " OR x.date_of_birth IS NOT NULL OR x.address <> '' OR x.emergency_name <> '' OR x.emergency_phone <> ''"
        " OR x.status NOT IN ('inactive', 'merged'))",
    ),
    ("a note", "notes x", "x.user_id = u.id"),
    ("an attachment", "attachments x", "x.subject_table = 'users' AND x.subject_id = u.id"),
    (
        "an attachment of a note",
        "attachments x CROSS JOIN changes c",
        "x.subject_table = 'notes' AND c.table_name = 'notes' AND c.row_id = x.subject_id"
        " AND coalesce(c.after, c.before) ->> 'user_id' = u.id",
    ),
    (
        "the words of a mail",
        "mail_queue x",
        "x.student_id = u.id AND x.created_at <= u.erased_at AND (x.to_address <> 'erased@erased.invalid'"
        " OR x.to_name <> '' OR x.text <> '—' OR x.subject <> '—')",
    ),
    (
        "words on a payment",
        "payments x",
        "x.student_id = u.id AND x.created_at <= u.erased_at"
        " AND (x.reference <> '' OR x.note <> '' OR x.reason NOT IN ('', '—'))",
    ),
    (
        "words on a quote or an open one",
        "quotes x",
        "x.student_id = u.id AND x.created_at <= u.erased_at AND (x.discount_reason <> '' OR x.status = 'open')",
    ),
    (
        "words on a promise or an open one of their own",  # what a payer promised is the payer's
        "promises x",
        "x.student_id = u.id AND x.created_at <= u.erased_at"
        " AND (x.note <> '' OR (x.status = 'open' AND x.payer_id IS NULL))",
    ),
    (
        "a name in the record of changes",
        "changes x",
        "x.table_name = 'users' AND x.row_id = u.id AND (coalesce(x.after, x.before) ->> 'first_name' <> u.first_name"
        " OR coalesce(x.after, x.before) ->> 'last_name' <> '' OR coalesce(x.after, x.before) ->> 'email' IS NOT NULL"
        " OR coalesce(x.before, x.after) ->> 'email' IS NOT NULL)",
    ),
    (
        "the words of a mail in the record of changes",
        "mail_queue m CROSS JOIN changes x",
        "m.student_id = u.id AND m.created_at <= u.erased_at AND x.table_name = 'mail_queue' AND x.row_id = m.id"
        " AND x.after ->> 'text' <> '—'",
    ),
)
sql(
    "people.erased",
    N_("Of whoever was erased on request only what the law keeps is left: no contact, note, attachment or word"),
    "users",
    " UNION ALL ".join(
        f"SELECT u.id, u.number || ' still has {what}' FROM users u CROSS JOIN {table} ON {how}"
        " WHERE u.erased_at IS NOT NULL"
        for what, table, how in _HELD
    ),
)
sql(
    "people.numbers",
    N_("Every student has a number, nobody who does not sign in has a password"),
    "users",
    "SELECT id, first_name FROM users WHERE (role = 'student' AND number IS NULL)"
    " OR (role = 'student' AND password_hash IS NOT NULL)",
)
