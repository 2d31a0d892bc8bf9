"""Money: payments, what they pay for, balances, prices, tills (DOMAIN.md, "Money")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.money import split_gross, split_net
from app.store.checks.rules import Finding, rule, sql, who
from app.store.models import OFF_PLAN
from app.text import N_

_USED = "(SELECT coalesce(sum(direction * amount_minor), 0) FROM student_payments s WHERE s.payment_id = p.id)"
_REFUNDED = (
    "(SELECT coalesce(sum(r.amount_minor), 0) FROM payments r WHERE r.refund_of = p.id AND r.status = 'COMPLETED')"
)

sql(
    "money.payment_used",
    N_("What a payment paid for, and its refunds, are never above its amount nor below nothing"),
    "payments",
    f"SELECT p.id, {_USED} || ' used and ' || {_REFUNDED} || ' refunded of ' || p.amount_minor FROM payments p"
    f" WHERE p.status = 'COMPLETED' AND p.payment_type <> 'refund'"
    f" AND ({_USED} < 0 OR {_USED} + {_REFUNDED} > p.amount_minor)",
)
sql(
    "money.tender_group",
    N_("Parts of one payment are of one student, payer and currency, never above the whole, and sell a thing once"),
    "payments",
    "SELECT min(id), 'parts of ' || tender_group FROM payments WHERE tender_group IS NOT NULL GROUP BY tender_group"
    " HAVING count(DISTINCT student_id) > 1 OR count(DISTINCT currency) > 1 OR count(DISTINCT coalesce(payer_id, 0)) > 1"
    " OR max(payment_type = 'refund') OR sum(CASE status WHEN 'FAILED' THEN 0 ELSE amount_minor END)"
    " > max(draft ->> '$.asked.split_minor')"
    " UNION ALL SELECT max(p.id), 'sold twice in ' || p.tender_group FROM payments p, json_each(p.draft, '$.begun') s"
    " WHERE p.tender_group IS NOT NULL GROUP BY p.tender_group, s.key HAVING count(*) > 1",
)
sql(
    "money.completed_only",
    N_("Only COMPLETED payments that are no refunds put money to use"),
    "student_payments",
    "SELECT s.id, p.status || ' ' || p.payment_type FROM student_payments s JOIN payments p ON p.id = s.payment_id"
    " WHERE p.status <> 'COMPLETED' OR p.payment_type = 'refund'",
)
sql(
    "money.refund",
    N_("A refund points at a COMPLETED payment of the same student in the same currency, which is no refund"),
    "payments",
    "SELECT r.id, 'refund of ' || p.number FROM payments r JOIN payments p ON p.id = r.refund_of"
    " WHERE p.status <> 'COMPLETED' OR p.payment_type = 'refund' OR p.student_id <> r.student_id OR p.currency <> r.currency",
)
sql(
    "money.taken_back",
    N_("Money taken back from a line is never more than was put there, on the same line, invoice and payment"),
    "student_payments",
    "SELECT b.id, 'takes back from ' || f.id FROM student_payments b JOIN student_payments f ON f.id = b.reverses_id"
    " WHERE f.direction <> 1 OR f.payment_id <> b.payment_id OR f.invoice_id <> b.invoice_id"
    " OR f.enrollment_id IS NOT b.enrollment_id OR f.product_enrolled_id IS NOT b.product_enrolled_id"
    " OR f.amount_minor < (SELECT sum(x.amount_minor) FROM student_payments x WHERE x.reverses_id = f.id)",
)
sql(
    "money.invoice_paid",
    N_("What was paid on an invoice is never above its gross nor below nothing, and never on a credit note"),
    "invoices",
    "SELECT i.id, i.label || ' has ' || sum(s.direction * s.amount_minor) || ' of ' || i.gross_minor FROM invoices i"
    " JOIN student_payments s ON s.invoice_id = i.id GROUP BY i.id"
    " HAVING sum(s.direction * s.amount_minor) NOT BETWEEN 0 AND i.gross_minor OR i.kind = 'credit_note'",
)
sql(
    "money.line_paid",
    N_("What was paid on a line is never above its price, and the money stands on an invoice of that line and student"),
    "student_payments",
    # Most lines stand at the very record; two records of one person are compared only where they do not.
    "SELECT s.id, 'no such line on invoice ' || s.invoice_id FROM student_payments s WHERE NOT EXISTS ("
    " SELECT 1 FROM invoice_lines l WHERE l.invoice_id = s.invoice_id"
    f" AND (l.student_id = s.student_id OR {who('l.student_id')} = {who('s.student_id')})"
    " AND l.enrollment_id IS s.enrollment_id AND l.product_enrolled_id IS s.product_enrolled_id"
    " AND (s.installment_id IS NULL OR l.installment_id IS s.installment_id))"
    " UNION ALL SELECT min(s.id), 'course line ' || e.number || ' paid above its price' FROM student_payments s"
    " JOIN courses_enrolled e ON e.id = s.enrollment_id GROUP BY e.id"
    " HAVING sum(s.direction * s.amount_minor) > e.gross_minor"
    " UNION ALL SELECT min(s.id), 'product line ' || e.number || ' paid above its price' FROM student_payments s"
    " JOIN product_enrolled e ON e.id = s.product_enrolled_id GROUP BY e.id"
    " HAVING sum(s.direction * s.amount_minor) > e.gross_minor",
)
sql(
    "money.method",
    N_("Money put to use carries its payment's method"),
    "student_payments",
    "SELECT s.id, s.method || ' is not ' || p.method FROM student_payments s JOIN payments p ON p.id = s.payment_id"
    " WHERE s.method <> p.method",
)
sql(
    "money.balance",
    N_("The kept balance is what the rows say: prices less payments plus refunds, corrected for others' money"),
    "users",
    """
    SELECT u.id, 'kept ' || u.balance_minor || ', rows say ' || coalesce(r.owed, 0) FROM users u LEFT JOIN (
        SELECT coalesce(w.merged_into, w.id) AS person, sum(amount) AS owed FROM (
            SELECT student_id, gross_minor AS amount FROM courses_enrolled WHERE status <> 'canceled'
            UNION ALL SELECT student_id, gross_minor FROM product_enrolled WHERE status <> 'canceled'
            UNION ALL SELECT student_id, CASE payment_type WHEN 'refund' THEN amount_minor ELSE -amount_minor END
                FROM payments WHERE status = 'COMPLETED'
            UNION ALL SELECT s.student_id, -s.direction * s.amount_minor FROM student_payments s
                JOIN payments p ON p.id = s.payment_id WHERE p.student_id <> s.student_id
            UNION ALL SELECT p.student_id, s.direction * s.amount_minor FROM student_payments s
                JOIN payments p ON p.id = s.payment_id WHERE p.student_id <> s.student_id
        ) JOIN users w ON w.id = student_id GROUP BY person
    ) r ON r.person = u.id WHERE u.balance_minor <> coalesce(r.owed, 0)
    """,
)
sql(
    "money.one_currency",
    N_("A center has one currency"),
    "payments",
    "SELECT id, currency FROM payments WHERE json_quote(currency) <> (SELECT value FROM settings WHERE key = 'center.currency')"
    " UNION ALL SELECT id, currency FROM invoices"
    " WHERE json_quote(currency) <> (SELECT value FROM settings WHERE key = 'center.currency')",
)
sql(
    "money.installments",
    N_("Installments of an enrollment sum to its price, in order of their dates, numbered from 1"),
    "courses_enrolled",
    "SELECT e.id, 'installments sum to ' || sum(i.amount_minor) || ' of ' || e.gross_minor FROM courses_enrolled e"
    f" JOIN installments i ON i.enrollment_id = e.id AND i.position <= {OFF_PLAN} GROUP BY e.id"
    " HAVING sum(i.amount_minor) <> e.gross_minor OR min(i.position) <> 1 OR max(i.position) <> count(*)"
    " UNION ALL SELECT i.enrollment_id, 'installment ' || i.position || ' is due after the next' FROM installments i"
    " JOIN installments j ON j.enrollment_id = i.enrollment_id AND j.position = i.position + 1"
    f" WHERE j.due_on < i.due_on AND j.position <= {OFF_PLAN}",
)
sql(
    "money.left_plan",
    N_("An installment that left its plan holds no money, and stands on credited documents alone"),
    "installments",
    f"SELECT i.id, 'installment of ' || e.number FROM installments i JOIN courses_enrolled e ON e.id = i.enrollment_id"
    f" WHERE i.position > {OFF_PLAN} AND (0 <> (SELECT coalesce(sum(s.direction * s.amount_minor), 0)"
    " FROM student_payments s WHERE s.installment_id = i.id)"
    " OR NOT EXISTS (SELECT 1 FROM invoice_lines l WHERE l.installment_id = i.id)"
    f" OR EXISTS (SELECT 1 FROM invoice_lines l JOIN invoices d ON d.id = l.invoice_id AND d.kind = 'invoice'"
    " WHERE l.installment_id = i.id AND NOT EXISTS (SELECT 1 FROM invoices c WHERE c.refers_to = d.id AND c.is_full = 1)))",
)
sql(
    "money.per_plan",
    N_("An enrollment with installments is invoiced and paid by them, never as a whole"),
    "courses_enrolled",
    f"SELECT e.id, e.number FROM courses_enrolled e WHERE e.status <> 'canceled' AND EXISTS (SELECT 1 FROM installments i"
    f" WHERE i.enrollment_id = e.id AND i.position <= {OFF_PLAN}) AND (EXISTS (SELECT 1 FROM invoice_lines l"
    " JOIN invoices d ON d.id = l.invoice_id AND d.kind = 'invoice' WHERE l.enrollment_id = e.id"
    " AND l.installment_id IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM invoices c WHERE c.refers_to = d.id AND c.is_full = 1))"
    " OR 0 <> (SELECT coalesce(sum(s.direction * s.amount_minor), 0) FROM student_payments s"
    " WHERE s.enrollment_id = e.id AND s.installment_id IS NULL))",
)
sql(
    "money.waived",
    N_("What was waived is part of the discount, and has a reason"),
    "courses_enrolled",
    " UNION ALL ".join(
        f"SELECT e.id, e.number || ' waives ' || e.waived_minor || ' of ' || e.discount_minor FROM {table} e"
        " WHERE e.waived_minor NOT BETWEEN 0 AND e.discount_minor OR (e.waived_minor > 0 AND e.discount_reason = '')"
        for table in ("courses_enrolled", "product_enrolled")
    ),
)
sql(
    "money.moved_from",
    N_("A place that was transferred points at a canceled enrollment of the same student"),
    "courses_enrolled",
    "SELECT e.id, e.number || ' from ' || f.number FROM courses_enrolled e JOIN courses_enrolled f ON f.id = e.moved_from"
    f" WHERE f.status <> 'canceled' OR f.id = e.id OR {who('f.student_id')} IS NOT {who('e.student_id')}",
)
sql(
    "money.settled",
    N_("A refund is positive; a cash payment was given enough, and only cash is given"),
    "payments",
    "SELECT id, number FROM payments WHERE (given_minor IS NOT NULL AND method <> 'cash')"
    " OR given_minor < amount_minor OR amount_minor <= 0",
)
sql(
    "money.till",
    N_("Cash goes into a till that was open then, and only cash; a closed till was counted"),
    "payments",
    # Open then: by the order of operations. A clock may step back between two of them.
    """
    WITH opened AS (
        SELECT t.id, t.name,
            (SELECT min(c.operation_id) FROM changes c WHERE c.table_name = 'tills' AND c.row_id = t.id) AS first,
            (SELECT min(c.operation_id) FROM changes c WHERE c.table_name = 'tills' AND c.row_id = t.id
                AND c.after ->> 'status' = 'closed') AS last
        FROM tills t
    )
    SELECT p.id, p.number || ' in ' || t.name FROM payments p JOIN opened t ON t.id = p.till_id
        JOIN changes c ON c.table_name = 'payments' AND c.row_id = p.id AND c.after ->> 'status' <> 'STARTED'
            AND c.before ->> 'status' IS NOT c.after ->> 'status'
        WHERE p.method <> 'cash' OR p.status <> 'COMPLETED' OR c.operation_id < t.first OR c.operation_id > t.last
    UNION ALL SELECT t.id, t.name || ' was closed without a count' FROM tills t
        WHERE t.status = 'closed' AND (t.counted_minor IS NULL OR t.expected_minor IS NULL)
    """,
)
sql(
    "money.till_missed",
    N_("Cash that is taken or given back while a till is open goes into it"),
    "payments",
    # Open then: by the order of operations, as above. Cash that comes while it is closed is told when it is opened.
    # The few payments in question come first, and each is looked for among the tills.
    """
    WITH opened AS MATERIALIZED (
        SELECT t.name,
            (SELECT min(c.operation_id) FROM changes c WHERE c.table_name = 'tills' AND c.row_id = t.id) AS first,
            (SELECT min(c.operation_id) FROM changes c WHERE c.table_name = 'tills' AND c.row_id = t.id
                AND c.after ->> 'status' = 'closed') AS last
        FROM tills t
    )
    SELECT p.id, p.number || ' is not in ' || t.name FROM payments p
        CROSS JOIN changes c ON c.table_name = 'payments' AND c.row_id = p.id AND c.after ->> 'status' = 'COMPLETED'
            AND c.before ->> 'status' IS NOT c.after ->> 'status'
        CROSS JOIN opened t ON c.operation_id > t.first AND (t.last IS NULL OR c.operation_id < t.last)
        WHERE p.method = 'cash' AND p.status = 'COMPLETED' AND p.till_id IS NULL
    """,
)
sql(
    "money.till_expected",
    N_("What a closed till should hold is float, cash and moves"),
    "tills",
    """
    SELECT t.id, 'kept ' || t.expected_minor FROM tills t WHERE t.status = 'closed' AND t.expected_minor <> t.float_minor
        + (SELECT coalesce(sum(CASE payment_type WHEN 'refund' THEN -amount_minor ELSE amount_minor END), 0)
           FROM payments WHERE till_id = t.id AND status = 'COMPLETED')
        + (SELECT coalesce(sum(CASE kind WHEN 'paid_in' THEN amount_minor ELSE -amount_minor END), 0)
           FROM till_moves WHERE till_id = t.id)
    """,
)


@rule("money.prices", N_("Net, tax and gross of every line follow from the quoted side, half-up, less its discount"))
def prices(connection: Any) -> Iterable[Finding]:
    columns = "id, quoted, {total}, discount_minor, rate_bp, tax_category, net_minor, tax_minor, gross_minor"
    for table, total in (
        ("courses_enrolled", "list_price_minor"),
        ("product_enrolled", "list_price_minor"),
    ):
        for row in connection.execute(f"SELECT {columns.format(total=total)} FROM {table}"):
            row_id, quoted, listed, discount, rate, category, net, tax, gross = row
            split = (split_gross if quoted == "gross" else split_net)(listed - discount, rate)
            if (net, tax, gross) != (split.net_minor, split.tax_minor, split.gross_minor):
                yield table, row_id, f"{listed} less {discount} at {rate} bp ({quoted}) is not {net} + {tax} = {gross}"
            elif category != "S" and rate:
                yield table, row_id, f"category {category} has a rate of {rate} bp"
