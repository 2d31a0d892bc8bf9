"""How a row is called: the name or number by which people at the desk know it."""

from __future__ import annotations

from typing import Any

_PERSON = "trim(u.first_name || ' ' || u.last_name) || coalesce(' (' || u.number || ')', '')"
_OF_STUDENT = f"(SELECT {_PERSON} FROM users u WHERE u.id = t.student_id)"
_SLOT = (
    "coalesce(nullif(s.title, ''), (SELECT n.name FROM sessions n WHERE n.id = s.session_id)) || ', '"
    " || replace(s.start_wall, 'T', ' ')"
)

#: Table → an expression over its row `t`.
NAMES: dict[str, str] = {
    "users": f"(SELECT {_PERSON} FROM users u WHERE u.id = t.id)",
    "payers": "t.name",
    "courses": "t.code || ' ' || t.name",
    "products": "t.code || ' ' || t.name",
    "courses_enrolled": f"t.number || ', ' || {_OF_STUDENT}",
    "product_enrolled": f"t.number || ', ' || {_OF_STUDENT}",
    "payments": f"t.number || ', ' || {_OF_STUDENT}",
    "student_payments": f"(SELECT p.number FROM payments p WHERE p.id = t.payment_id) || ', ' || {_OF_STUDENT}",
    "invoices": "t.label || ', ' || t.buyer_name",
    "invoice_lines": "(SELECT i.label || ', ' || i.buyer_name FROM invoices i WHERE i.id = t.invoice_id)"
    " || ', ' || t.position",
    "tills": "t.name || ', ' || substr(t.opened_at, 1, 10)",
    "series": "t.name",
    "settings": "t.key",
    "sessions": "t.name || ', ' || t.start_date",
    "slots": f"(SELECT {_SLOT} FROM slots s WHERE s.id = t.id)",
    "slot_enrolled": f"{_OF_STUDENT} || ', ' || (SELECT {_SLOT} FROM slots s WHERE s.id = t.slot_id)",
    "session_instructor": f"(SELECT {_PERSON} FROM users u WHERE u.id = t.instructor_id)",
    "slot_instructor": f"(SELECT {_PERSON} FROM users u WHERE u.id = t.instructor_id)",
    "timeline": f"(SELECT {_PERSON} FROM users u WHERE u.id = t.user_id) || ', ' || substr(t.created_at, 1, 10)",
    "notes": f"(SELECT {_PERSON} FROM users u WHERE u.id = t.user_id)",
    "mail_queue": "t.to_address || ', ' || t.subject",
    "mail_attempts": "(SELECT m.to_address || ', ' || m.subject FROM mail_queue m WHERE m.id = t.mail_id)",
    "resources": "t.name",
    "closures": "t.name",
    "operations": "t.label || ', ' || t.at",
}


def names_of(connection: Any, table: str, ids: list[int]) -> dict[int, str]:
    """Rows by the name people know them by; what has none, or is not there, is left out."""
    if table not in NAMES or not ids:
        return {}
    marks = ", ".join("?" * len(ids))
    rows = connection.execute(f"SELECT t.id, {NAMES[table]} FROM {table} t WHERE t.id IN ({marks})", ids).fetchall()
    return {row_id: str(name) for row_id, name in rows if name}
