"""Invoices and credit notes: numbers without gaps, sums, frozen snapshots (DOMAIN.md, "Invoices")."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from app.money import divide_half_up, split_gross, split_net
from app.store.checks.rules import Finding, rule, sql, who
from app.text import N_

sql(
    "invoices.gapless",
    N_("Numbers of a document series run from 1 without gaps, and the series knows the next one"),
    "invoices",
    "SELECT max(id), series || ': ' || min(number) || ' to ' || max(number) || ', ' || count(*) || ' documents'"
    " FROM invoices GROUP BY series HAVING min(number) <> 1 OR max(number) <> count(*)"
    " UNION ALL SELECT s.id, 'series ' || s.name || ' goes on at ' || s.next_number FROM series s WHERE s.gapless = 1"
    " AND s.next_number <> 1 + (SELECT count(*) FROM invoices i WHERE i.series = s.name)"
    " UNION ALL SELECT min(i.id), 'no series ' || i.series FROM invoices i"
    " WHERE i.series NOT IN (SELECT name FROM series WHERE gapless = 1) GROUP BY i.series",
)
# Within one day the clock may step back: stamps then differ by less than a day, of 25 hours when clocks change.
sql(
    "invoices.dates",
    N_("Dates rise with the numbers of a series, no document is due before it is issued"),
    "invoices",
    "SELECT a.id, a.label || ' of ' || a.issued_on || ' comes before ' || b.label || ' of ' || b.issued_on"
    " FROM invoices a JOIN invoices b ON b.series = a.series AND b.number = a.number + 1"
    " WHERE b.issued_on < a.issued_on OR julianday(b.issued_at) < julianday(a.issued_at) - 25.0 / 24"
    " UNION ALL SELECT id, label || ' is due before it is issued' FROM invoices WHERE due_on < issued_on",
)
sql(
    "invoices.sums",
    N_("A document's sums are those of its lines, which are numbered from 1"),
    "invoices",
    "SELECT i.id, i.label || ' ' || i.gross_minor || ' but lines ' || coalesce(sum(l.gross_minor), 0) FROM invoices i"
    " LEFT JOIN invoice_lines l ON l.invoice_id = i.id GROUP BY i.id"
    " HAVING count(l.id) = 0 OR sum(l.net_minor) <> i.net_minor OR sum(l.tax_minor) <> i.tax_minor"
    " OR sum(l.gross_minor) <> i.gross_minor OR min(l.position) <> 1 OR max(l.position) <> count(l.id)",
)
sql(
    "invoices.credit",
    N_("A credit note refers to an invoice of the same student, is never above it, and a full one equals it"),
    "invoices",
    "SELECT c.id, c.label || ' refers to ' || i.label FROM invoices c JOIN invoices i ON i.id = c.refers_to"
    " WHERE i.kind <> 'invoice' OR i.student_id <> c.student_id OR i.currency <> c.currency"
    " OR (c.is_full = 1 AND c.gross_minor <> i.gross_minor)"
    " OR i.gross_minor < (SELECT sum(x.gross_minor) FROM invoices x WHERE x.refers_to = i.id)",
)
sql(
    "invoices.credited_money",
    N_("No money stands on an invoice that was credited in full"),
    "invoices",
    "SELECT i.id, i.label FROM invoices i JOIN invoices c ON c.refers_to = i.id AND c.is_full = 1"
    " WHERE 0 <> (SELECT coalesce(sum(s.direction * s.amount_minor), 0) FROM student_payments s"
    " WHERE s.invoice_id = i.id)",
)
sql(
    "invoices.line_once",
    N_("What was bought stands on the invoices that are not credited for no more than its price"),
    "invoice_lines",
    "SELECT min(l.id), 'course line ' || e.number || ' invoiced for ' || sum(l.gross_minor) FROM invoice_lines l"
    " JOIN invoices i ON i.id = l.invoice_id AND i.kind = 'invoice' JOIN courses_enrolled e ON e.id = l.enrollment_id"
    " WHERE NOT EXISTS (SELECT 1 FROM invoices c WHERE c.refers_to = i.id AND c.is_full = 1)"
    " GROUP BY e.id HAVING sum(l.gross_minor) > e.gross_minor"
    " UNION ALL SELECT min(l.id), 'product line ' || e.number || ' invoiced for ' || sum(l.gross_minor)"
    " FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id AND i.kind = 'invoice'"
    " JOIN product_enrolled e ON e.id = l.product_enrolled_id"
    " WHERE NOT EXISTS (SELECT 1 FROM invoices c WHERE c.refers_to = i.id AND c.is_full = 1)"
    " GROUP BY e.id HAVING sum(l.gross_minor) > e.gross_minor",
)
sql(
    "invoices.line_owner",
    N_("A line of a document points at a purchase of the student it names"),
    "invoice_lines",
    "SELECT l.id, 'line ' || l.position FROM invoice_lines l LEFT JOIN courses_enrolled c ON c.id = l.enrollment_id"
    " LEFT JOIN product_enrolled p ON p.id = l.product_enrolled_id LEFT JOIN installments n ON n.id = l.installment_id"
    " WHERE (coalesce(c.student_id, p.student_id) IS NOT l.student_id"
    f" AND {who('coalesce(c.student_id, p.student_id)')} IS NOT {who('l.student_id')})"
    " OR (l.installment_id IS NOT NULL AND n.enrollment_id IS NOT l.enrollment_id)",
)
sql(
    "invoices.paid_line_invoiced",
    N_("Every completed payment that paid for something did so on an invoice"),
    "student_payments",
    "SELECT s.id, 'invoice ' || s.invoice_id FROM student_payments s JOIN invoices i ON i.id = s.invoice_id"
    " WHERE i.kind <> 'invoice'",
)
sql(
    "numbers.series",
    N_("Numbers that people quote come from their series, which goes on above them"),
    "series",
    "SELECT s.id, s.name || ' goes on at ' || s.next_number FROM series s WHERE s.gapless = 0 AND s.next_number <= CASE s.name"
    " WHEN 'student' THEN (SELECT count(*) FROM users WHERE number IS NOT NULL)"
    " WHEN 'payment' THEN (SELECT count(*) FROM payments)"
    " WHEN 'enrollment' THEN (SELECT count(*) FROM courses_enrolled)"
    " WHEN 'sale' THEN (SELECT count(*) FROM product_enrolled)"
    " WHEN 'quote' THEN (SELECT count(*) FROM quotes)"
    " ELSE 0 END",
)


@rule("invoices.tax", N_("Net, tax and gross of every line of a document agree with its rate, half-up"))
def tax(connection: Any) -> Iterable[Finding]:
    query = (
        "SELECT id, quoted, rate_bp, tax_category, quantity, unit_net_minor, net_minor, tax_minor, gross_minor,"
        " installment_id IS NOT NULL FROM invoice_lines"
    )
    for row_id, quoted, rate, category, quantity, unit, net, tax_minor, gross, part in connection.execute(query):
        split = split_gross(gross, rate) if quoted == "gross" else split_net(net, rate)
        # A part of a price carries its share of the whole tax, which may round one unit the other way.
        slack = 1 if part else 0
        if abs(split.tax_minor - tax_minor) > slack or net + tax_minor != gross or (category != "S" and rate):
            yield "invoice_lines", row_id, f"{net} + {tax_minor} = {gross} at {rate} bp ({quoted})"
        elif unit != divide_half_up(net, quantity):
            yield "invoice_lines", row_id, f"{quantity} times {unit} is not {net}"


@rule("invoices.snapshot", N_("The snapshot of a document has its hash and says what its rows say"))
def snapshot(connection: Any) -> Iterable[Finding]:
    lines: dict[int, list[dict[str, Any]]] = {}
    for line in _rows(connection, "SELECT * FROM invoice_lines ORDER BY invoice_id, position"):
        lines.setdefault(line["invoice_id"], []).append(line)
    for row in _rows(connection, "SELECT * FROM invoices"):
        if hashlib.sha256(row["snapshot"].encode()).hexdigest() != row["document_hash"]:
            yield "invoices", row["id"], f"{row['label']}: the hash is another"
            continue
        whole, kept = json.loads(row["snapshot"]), lines.get(row["id"], [])
        pairs = [(whole["head"], row), *zip(whole["lines"], kept, strict=False)]
        moved = {
            name for said, found in pairs for name, value in said.items() if name in found and found[name] != value
        }
        if moved or len(whole["lines"]) != len(kept):
            words = ", ".join(sorted(moved)) or "the number of lines"
            yield "invoices", row["id"], f"{row['label']}: the snapshot says something else than the rows in {words}"


def _rows(connection: Any, query: str) -> Iterable[dict[str, Any]]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor)


@rule("invoices.picture", N_("A picture that stands on a document is kept as it was when the document was issued"))
def pictures(connection: Any) -> Iterable[Finding]:
    query = (
        "SELECT min(id), snapshot ->> '$.logo' FROM invoices WHERE coalesce(snapshot ->> '$.logo', '') <> ''"
        " GROUP BY snapshot ->> '$.logo'"
    )
    for row_id, digest in connection.execute(query).fetchall():
        kept = "SELECT content FROM attachments WHERE subject_table = 'settings' AND sha256 = ?"
        found = connection.execute(kept, (digest,)).fetchone()
        if found is None or hashlib.sha256(found[0]).hexdigest() != digest:
            yield "invoices", row_id, f"picture {digest[:12]} is not there as it was"
