"""How people call a record: by its name, its number, or who and when; rows that are gone by their image."""

from __future__ import annotations

import json
from typing import Any

from app import text
from app.store import images

_NAMED = {"payers", "tax_rates", "courses", "products", "resources", "closures", "sessions", "tills", "mail_accounts",
          "discount_rules"}  # fmt: skip
_NUMBERED = {"courses_enrolled", "product_enrolled", "payments", "quotes"}
_OF_PERSON = {"notes": "user_id", "timeline": "user_id", "promises": "student_id", "availability": "instructor_id",
              "session_instructor": "instructor_id", "notification_recipients": "user_id"}  # fmt: skip


def name(table: str, row_id: int, image: images.Image | None = None) -> str:
    """What people call a record, as it is now or was last; '' where it has no name of its own."""
    image = image or images.present(table, row_id) or _last(table, row_id)
    if image is None:
        return ""
    if table == "users":
        return f"{image['first_name']} {image['last_name']}".strip()
    if table in _NAMED:
        return str(image["name"])
    if table in _NUMBERED:
        return f"{image['number']}, {name('users', image['student_id'])}"
    if table in _OF_PERSON:
        return name("users", image[_OF_PERSON[table]])
    special = _SPECIAL.get(table)
    return special(image) if special is not None else ""


def _last(table: str, row_id: int) -> images.Image | None:
    story = images.of_row(table, row_id)
    return (story[0].after or story[0].before) if story else None


def _slot(image: images.Image) -> str:
    called = image["title"] or name("sessions", image["session_id"])
    return f"{called}, {text.show(image['start_wall'], 'stamp')}"


def _seat(image: images.Image) -> str:
    return f"{name('users', image['student_id'])}, {name('slots', image['slot_id'])}"


def _installment(image: images.Image) -> str:
    return f"{name('courses_enrolled', image['enrollment_id'])}, {text.show(image['due_on'], 'date')}"


_SPECIAL: dict[str, Any] = {
    "slots": _slot,
    "slot_enrolled": _seat,
    "slot_instructor": lambda i: f"{name('users', i['instructor_id'])}, {name('slots', i['slot_id'])}",
    "invoices": lambda i: str(i["label"]),
    "invoice_lines": lambda i: str(i["title"]),
    "installments": _installment,
    "student_payments": lambda i: text.show_money(i["direction"] * i["amount_minor"]),
    "till_moves": lambda i: f"{text.show_money(i['amount_minor'])}, {i['reason']}",
    "mail_queue": lambda i: f"{i['to_name'] or i['to_address']}: {i['subject']}",
    "settings": lambda i: str(i["key"]).rpartition(".")[2].replace("_", " "),
    "attachments": lambda i: str(i["file_name"]),
    "templates": lambda i: f"{i['key']} ({i['language']})",
    "series": lambda i: str(i["name"]),
    "imports": lambda i: str(i["file_name"]),
    "notifications": lambda i: text.sentence(i["key"], json.loads(i["params"])),
}
