"""Open items over a large center: every student is enrolled, three in ten still owe. The floor is the sum alone."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from peewee import fn

from app import store
from app.lists import open_items
from app.store.models import (
    CourseEnrolled,
    Installment,
    Invoice,
    InvoiceLine,
    Payment,
    StudentPayment,
    User,
)
from tests.support.center import build

pytestmark = pytest.mark.benchmark
PEOPLE = int(os.environ.get("DESKBELL_PEOPLE", "100000"))
TODAY = "2026-11-26"
AT = "2026-01-01T09:00:00.000Z"


@pytest.fixture(scope="module")
def owing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Enrollments, a quarter of them in three installments; invoices over all, payments on seven in ten."""
    from app.demo.names import people

    center = build(tmp_path_factory.mktemp("bench") / "center")
    chance, day = random.Random(1), date.fromisoformat(TODAY)
    net, tax, gross = 27500, 5500, 33000
    price = {"quoted": "gross", "tax_category": "S", "rate_bp": 2000}
    sums = {"net_minor": net, "tax_minor": tax, "gross_minor": gross}
    students, lines, parts, invoices, billed, paid, puts = ([] for _ in range(7))  # type: ignore[var-annotated]
    for n, one in enumerate(people(chance, PEOPLE)):
        row, late = 100 + n, (day - timedelta(days=chance.randrange(-60, 200))).isoformat()
        students.append(
            {
                "id": row,
                "role": "student",
                "number": f"S-{row:06d}",
                "first_name": one.first_name,
                "last_name": one.last_name,
            }
        )
        lines.append(
            {
                "id": row,
                "number": f"E-{row}",
                "student_id": row,
                "course_id": center.course,
                "enrolled_on": late,
                "list_price_minor": gross,
                **price,
                **sums,
            }
        )
        if n % 4 == 0:
            parts += [
                {"id": 3 * row + k, "enrollment_id": row, "position": k + 1, "amount_minor": 11000, "due_on": late}
                for k in range(3)
            ]
            continue
        invoices.append(
            {
                "id": row,
                "series": "invoice-2026",
                "number": row,
                "label": f"2026-{row}",
                "kind": "invoice",
                "student_id": row,
                "buyer_name": one.last_name,
                "language": "en",
                "currency": "EUR",
                "issued_at": AT,
                "issued_on": late,
                "due_on": late,
                "snapshot": "{}",
                "document_hash": "0" * 64,
                "layout_version": 1,
                **sums,
            }
        )
        billed.append(
            {
                "invoice_id": row,
                "position": 1,
                "student_id": row,
                "enrollment_id": row,
                "title": "Course",
                "quantity": 1,
                "unit_net_minor": net,
                **price,
                **sums,
            }
        )
        if n % 10 < 8:
            amount = gross if n % 10 < 7 else gross // 2
            paid.append(
                {
                    "id": row,
                    "number": f"P-{row}",
                    "request_key": str(row),
                    "student_id": row,
                    "method": "card",
                    "status": "COMPLETED",
                    "payment_type": "course_fee",
                    "amount_minor": amount,
                    "currency": "EUR",
                    "started_at": AT,
                    "settled_at": AT,
                    "settled_on": AT[:10],
                }
            )
            puts.append({"payment_id": row, "student_id": row, "enrollment_id": row, "invoice_id": row,
                         "amount_minor": amount, "method": "card"})  # fmt: skip
    with store.write("Many people", center.admin) as w:
        for table, rows in (
            (User, students), (CourseEnrolled, lines), (Installment, parts), (Invoice, invoices), (InvoiceLine, billed),
            (Payment, paid), (StudentPayment, puts),
        ):  # fmt: skip
            w.insert_many(table, rows)
    yield
    store.close_center()


@pytest.mark.usefixtures("owing")
def test_all_open_items_of_a_large_center() -> None:
    def floor() -> tuple[int, int]:
        bought = CourseEnrolled.select(fn.SUM(CourseEnrolled.gross_minor)).scalar()
        return int(bought), int(StudentPayment.select(fn.SUM(StudentPayment.amount_minor)).scalar())

    found = open_items.read(TODAY)
    took: dict[str, list[float]] = {}
    for _ in range(3):
        for name, act in (
            ("floor", floor), ("read", lambda: open_items.read(TODAY)),
            ("words", lambda: open_items.view(found, "an wis", [], "student")),
            ("owners", lambda: open_items.view(found, "", [], "payer")),
        ):  # fmt: skip
            begun = time.process_time()
            act()
            took.setdefault(name, []).append((time.process_time() - begun) * 1000)
    bought, paid = floor()
    assert sum(open_items.sums(found)) == bought - paid
    best = {name: min(each) for name, each in took.items()}
    print(
        f"\nopen items, {PEOPLE:,} students, {len(found):,} open lines: read {best['read']:.0f} ms,"
        f" words {best['words']:.0f} ms, by owner {best['owners']:.0f} ms; floor {best['floor']:.0f} ms"
    )
    assert best["words"] < best["read"]
