"""Discounts and quotes: what a line names fits it, limits hold, a quote is used once and at its price."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from app import clock
from app.money import share
from app.store.checks.rules import Finding, rule, sql, who
from app.text import N_

#: Lines and quotes that name a rule: what they are, the day that counts, and the rule.
_NAMED = """
SELECT 'courses_enrolled', l.id, l.number, l.course_id, l.payer_id, l.list_price_minor,
    l.discount_minor - l.waived_minor, coalesce(q.quoted_on, l.enrolled_on), l.moved_from IS NOT NULL, r.*
FROM courses_enrolled l JOIN rule r ON r.id = l.discount_rule_id LEFT JOIN quotes q ON q.enrollment_id = l.id
UNION ALL
SELECT 'product_enrolled', l.id, l.number, NULL, l.payer_id, l.list_price_minor, l.discount_minor - l.waived_minor,
    l.sold_on, 0, r.*
FROM product_enrolled l JOIN rule r ON r.id = l.discount_rule_id
UNION ALL
SELECT 'quotes', l.id, l.number, l.course_id, l.payer_id, l.list_price_minor, l.discount_minor, l.quoted_on, 0, r.*
FROM quotes l JOIN rule r ON r.id = l.discount_rule_id
"""
_RULE = """
WITH rule AS (SELECT id, applies_to, amount_minor, percent_bp, payer_id, course_id, first_on, last_on
    FROM discount_rules)
"""


@rule("discounts.fits", N_("A line names at most one discount rule, and it fits: what, who pays, when and how much"))
def fits(connection: Any) -> Iterable[Finding]:
    for row in connection.execute(_RULE + _NAMED).fetchall():
        table, row_id, number, course, payer, listed, off, day, moved = row[:9]
        rule_id, kind, amount, percent, rule_payer, rule_course, first, last = row[9:]
        if kind == "company" and rule_payer != payer:
            yield table, row_id, f"{number}: rule {rule_id} is the contract of payer {rule_payer}"
        if moved:
            continue  # a place that was transferred keeps what was agreed for the first one
        if rule_course is not None and rule_course != course:
            yield table, row_id, f"{number}: rule {rule_id} is for course {rule_course}"
        if off != (min(amount, listed) if amount else share(listed, percent)):
            yield table, row_id, f"{number}: {off} of {listed} is not what rule {rule_id} gives"
        if not _in(day, first, last) and not _in(_started(connection, table, row_id), first, last):
            yield table, row_id, f"{number}: rule {rule_id} does not count on {day}"


def _in(day: str | None, first: str | None, last: str | None) -> bool:
    return day is not None and (first or day) <= day <= (last or day)


def _started(connection: Any, table: str, row_id: int) -> str | None:
    """The day on which the payment was started that sold a line: its price was agreed then. None for any other."""
    (found,) = connection.execute(
        "SELECT min(p.started_at) FROM changes l JOIN changes c ON c.operation_id = l.operation_id"
        " AND c.table_name = 'payments' AND c.before IS NOT NULL JOIN payments p ON p.id = c.row_id"
        " WHERE l.table_name = ? AND l.row_id = ? AND l.before IS NULL AND p.status = 'COMPLETED'",
        (table, row_id),
    ).fetchone()
    if found is None:
        return None
    zone = connection.execute("SELECT value FROM settings WHERE key = 'center.zone'").fetchone()
    return clock.local_date(json.loads(zone[0]) if zone else "UTC", clock.parse_stamp(found)).isoformat()


sql(
    "discounts.uses",
    N_("No discount rule is used more often than it may be, in all and by one student"),
    "discount_rules",
    """
    WITH used AS (
        SELECT discount_rule_id AS id, student_id FROM courses_enrolled WHERE status <> 'canceled'
        UNION ALL SELECT discount_rule_id, student_id FROM product_enrolled WHERE status <> 'canceled'
    )
    SELECT r.id, count(*) || ' uses of ' || r.most_uses FROM discount_rules r JOIN used u ON u.id = r.id
    GROUP BY r.id HAVING count(*) > r.most_uses
    UNION ALL
    SELECT r.id, count(*) || ' uses of ' || r.most_uses_each || ' by student ' || u.student_id
    FROM discount_rules r JOIN used u ON u.id = r.id
    WHERE NOT EXISTS (SELECT 1 FROM users m WHERE m.merged_into = u.student_id)
    GROUP BY r.id, u.student_id HAVING count(*) > r.most_uses_each
    """,
)
sql(
    "quotes.used",
    N_("A quote is used once, while it holds, by its student, for its course and at its price"),
    "quotes",
    f"""
    SELECT q.id, q.number || ' and enrollment ' || e.number FROM quotes q JOIN courses_enrolled e ON e.id = q.enrollment_id
    WHERE {who("q.student_id")} <> {who("e.student_id")} OR q.course_id <> e.course_id OR q.quoted <> e.quoted
        OR q.list_price_minor <> e.list_price_minor OR q.discount_minor <> e.discount_minor - e.waived_minor
        OR q.discount_rule_id IS NOT e.discount_rule_id OR q.tax_category <> e.tax_category OR q.rate_bp <> e.rate_bp
        OR e.enrolled_on NOT BETWEEN q.quoted_on AND q.expires_on
        OR (e.waived_minor = 0 AND (q.net_minor <> e.net_minor OR q.tax_minor <> e.tax_minor OR q.gross_minor <> e.gross_minor))
    UNION ALL
    SELECT max(id), 'enrollment ' || enrollment_id || ' by ' || count(*) FROM quotes WHERE enrollment_id IS NOT NULL
    GROUP BY enrollment_id HAVING count(*) > 1
    """,
)
