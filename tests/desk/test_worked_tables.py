"""Documents against tables worked out by hand: percent discounts, gross and net, several rates, parts, exemption.

The lines, in a center that quotes gross (left) and in one that quotes net (right). The discount comes off what is
quoted, then tax; each line is rounded by itself, half-up, and a document is the sum of its lines.

A  course 99.99, 20 %, coupon 3.33 %: 99.99 x 0.0333 = 3.329667 -> 3.33 off, 96.66 quoted
     gross  96.66 / 1.2 = 80.55, tax 16.11                 net  96.66 x 0.2 = 19.332 -> 19.33, gross 115.99
   in three parts
     32.22 each; 16.11 x 32.22/96.66 = 5.37                38.67 + 38.66 + 38.66
     tax 5.37 + 5.37 + 5.37                                19.33 x  38.67/115.99 =  6.4446 -> 6.44
                                                           19.33 x  77.33/115.99 = 12.8872 -> 12.89: 6.45
                                                           19.33 - 12.89 = 6.44
B  three books at 24.00, 10 %, 12.5 % off: 72.00 x 0.125 = 9.00 off, 63.00 quoted
     63.00 / 1.1 = 57.2727 -> 57.27, tax 5.73              63.00 x 0.1 = 6.30, gross 69.30
C  course 125.05, exempt, coupon 10 %: 12.505 -> 12.51 off (half-even: 12.50), 112.54 quoted
     net 112.54, no tax                                    the same
D  course 4.10, 25 %, no discount
     4.10 / 1.25 = 3.28, tax 0.82                          4.10 x 0.25 = 1.025 -> 1.03 (half-even: 1.02), gross 5.13

The document over B, C, D and the first part of A
     net   57.27 + 112.54 + 3.28 + 26.85 = 199.94          63.00 + 112.54 + 4.10 + 32.23 = 211.87
     tax    5.73 +   0.00 + 0.82 +  5.37 =  11.92           6.30 +   0.00 + 1.03 +  6.44 =  13.77
     gross 63.00 + 112.54 + 4.10 + 32.22 = 211.86          69.30 + 112.54 + 5.13 + 38.67 = 225.64
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from app import store
from app.desk import discounts, enrollment, invoices, payments, waiving
from app.desk.changing import dues_of
from app.desk.discounts import RuleDraft
from app.desk.enrollment import EnrollmentDraft, SaleDraft, SaleItem
from app.desk.payments import PayLine
from app.errors import UserError
from app.store import checks
from app.store.models import Course, CourseEnrolled, Invoice, InvoiceLine, ProductEnrolled, TaxRate, User
from tests.support.center import SmallCenter, build

REASON = "Vocational training, Art. 132 (1) (i) of the VAT directive"


@dataclass(frozen=True)
class Worked:
    """(discount, net, tax, gross) of the lines and of the parts of A, and (net, tax, gross) of the document."""

    a: tuple[int, int, int, int]
    parts: tuple[tuple[int, int, int], ...]
    b: tuple[int, int, int, int]
    c: tuple[int, int, int, int]
    d: tuple[int, int, int, int]
    whole: tuple[int, int, int]


GROSS = Worked(
    a=(333, 8_055, 1_611, 9_666),
    parts=((2_685, 537, 3_222), (2_685, 537, 3_222), (2_685, 537, 3_222)),
    b=(900, 5_727, 573, 6_300),
    c=(1_251, 11_254, 0, 11_254),
    d=(0, 328, 82, 410),
    whole=(19_994, 1_192, 21_186),
)
NET = Worked(
    a=(333, 9_666, 1_933, 11_599),
    parts=((3_223, 644, 3_867), (3_221, 645, 3_866), (3_222, 644, 3_866)),
    b=(900, 6_300, 630, 6_930),
    c=(1_251, 11_254, 0, 11_254),
    d=(0, 410, 103, 513),
    whole=(21_187, 1_377, 22_564),
)


def priced(row: CourseEnrolled | ProductEnrolled) -> tuple[int, int, int, int]:
    return row.discount_minor, row.net_minor, row.tax_minor, row.gross_minor


def line_of(row: Invoice | InvoiceLine) -> tuple[int, int, int]:
    return row.net_minor, row.tax_minor, row.gross_minor


def catalog(made: SmallCenter) -> dict[str, int]:
    with store.write("Courses", made.admin) as w:
        standard = TaxRate.get(TaxRate.rate_bp == 2000).id
        exempt = w.insert(TaxRate, name="Exempt", rate_bp=0, category="E", exemption_reason=REASON)
        high = w.insert(TaxRate, name="25 %", rate_bp=2500, category="S")
        return {
            code: w.insert(Course, code=code, name=code, price_minor=price, tax_rate_id=rate)
            for code, price, rate in (("A", 9_999, standard), ("C", 12_505, exempt), ("D", 410, high))
        }


@pytest.mark.parametrize(("quoted", "worked"), [("gross", GROSS), ("net", NET)])
def test_a_document_over_all_of_it_as_it_was_worked_out(tmp_path: Path, quoted: str, worked: Worked) -> None:
    made = build(tmp_path / "center", prices=quoted)
    courses = catalog(made)
    for code, share in (("ODD", 333), ("BOOKS", 1_250), ("TENTH", 1_000)):
        discounts.add_rule(made.admin, RuleDraft(code.title(), "coupon", percent_bp=share, code=code))

    def enroll(code: str, coupon: str = "", parts: int = 0) -> int:
        draft = EnrollmentDraft(made.student, courses[code], coupon=coupon, send_mail=False)
        plan = enrollment.plan(enrollment.quote(draft).gross_minor, parts, "2030-01-31") if parts else ()
        return enrollment.enroll(made.staff, EnrollmentDraft(**{**vars(draft), "installments": plan}))

    a, c, d = enroll("A", "odd", 3), enroll("C", "tenth"), enroll("D")
    (b,) = enrollment.sell(made.staff, SaleDraft(made.student, (SaleItem(made.book, 3, coupon="books"),)))
    assert [priced(CourseEnrolled.get_by_id(one)) for one in (a, c, d)] == [worked.a, worked.c, worked.d]
    assert priced(ProductEnrolled.get_by_id(b)) == worked.b
    parts = dues_of(PayLine(a))
    assert tuple((due.net_minor, due.tax_minor, due.gross_minor) for due in parts) == worked.parts
    lines = [PayLine(None, b), PayLine(c), PayLine(d), PayLine(a, None, parts[0].installment_id)]
    document = Invoice.get_by_id(invoices.bill(made.staff, made.student, lines))
    assert line_of(document) == worked.whole
    found = InvoiceLine.select().where(InvoiceLine.invoice_id == document.id)
    by_thing = {(row.enrollment_id, row.product_enrolled_id): row for row in found}
    wanted = {(None, b): worked.b[1:], (c, None): worked.c[1:], (d, None): worked.d[1:], (a, None): worked.parts[0]}
    assert {key: line_of(row) for key, row in by_thing.items()} == wanted
    free = by_thing[c, None]
    assert (free.tax_category, free.rate_bp, free.exemption_reason) == ("E", 0, REASON)
    assert json.loads(document.snapshot)["head"]["tax_minor"] == worked.whole[1]

    # Half of it is paid: what is open is the rest, to the unit; the other parts are invoiced at their own shares.
    half = worked.whole[2] // 2
    left, paid = half, []
    for line, whole in zip(lines, (worked.b[3], worked.c[3], worked.d[3], worked.parts[0][2]), strict=True):
        if left:
            amount = min(whole, left)
            paid.append(PayLine(line.enrollment_id, line.product_enrolled_id, line.installment_id, amount))
            left -= amount
    draft = payments.PaymentDraft("k", made.student, "card", half, tuple(paid))
    payments.complete(made.staff, payments.start(made.staff, draft))
    assert invoices.open_minor(document.id) == worked.whole[2] - half
    for due, part in zip(parts[1:], worked.parts[1:], strict=True):
        one = invoices.bill(made.staff, made.student, [PayLine(a, None, due.installment_id)])
        assert line_of(Invoice.get_by_id(one)) == part
    owed = worked.a[3] + worked.b[3] + worked.c[3] + worked.d[3]
    assert User.get_by_id(made.student).balance_minor == owed - half
    assert checks.run() == []
    store.close_center()


@pytest.mark.parametrize(
    ("quoted", "before", "waived", "after"),
    [
        # C, exempt: 112.54 less 12.54 is 100.00, and all of it net.
        ("gross", GROSS.c, 1_254, (1_251 + 1_254, 10_000, 0, 10_000)),
        ("net", NET.c, 1_254, (1_251 + 1_254, 10_000, 0, 10_000)),
        # D, 25 %. Gross: 4.10 less 0.03 is 4.07; 4.07 / 1.25 = 3.256 -> 3.26, tax 0.81.
        ("gross", GROSS.d, 3, (3, 326, 81, 407)),
        # Net: 5.13 less 0.03 is 5.10; 5.10 / 1.25 = 4.08, x 0.25 = 1.02: 0.02 off the net price.
        ("net", NET.d, 3, (2, 408, 102, 510)),
        # 5.13 less 0.02 is 5.11: 4.09 x 0.25 = 1.0225 -> 1.02.
        ("net", NET.d, 2, (1, 409, 102, 511)),
    ],
)
def test_a_waiver_as_it_was_worked_out(
    tmp_path: Path, quoted: str, before: tuple[int, ...], waived: int, after: tuple[int, ...]
) -> None:
    made = build(tmp_path / "center", prices=quoted)
    courses = catalog(made)
    discounts.add_rule(made.admin, RuleDraft("Tenth", "coupon", percent_bp=1_000, code="TENTH"))
    code = "C" if before[2] == 0 else "D"
    draft = EnrollmentDraft(made.student, courses[code], coupon="tenth" if code == "C" else "", send_mail=False)
    line = enrollment.enroll(made.staff, draft)
    assert priced(CourseEnrolled.get_by_id(line)) == before
    waiving.waive(made.admin, waiving.Waiver(PayLine(line), waived, "hardship"))
    assert priced(CourseEnrolled.get_by_id(line)) == after
    assert checks.run() == []
    store.close_center()


def test_a_waiver_that_no_net_price_reaches_is_refused(tmp_path: Path) -> None:
    """5.13 less 0.01 is 5.12, between 4.09 + 1.02 = 5.11 and 4.10 + 1.03 = 5.13: never more is waived than asked."""
    made = build(tmp_path / "center", prices="net")
    draft = EnrollmentDraft(made.student, catalog(made)["D"], send_mail=False)
    line = enrollment.enroll(made.staff, draft)
    assert priced(CourseEnrolled.get_by_id(line)) == NET.d
    with pytest.raises(UserError, match=r"waiving\.no_such_price"):
        waiving.waive(made.admin, waiving.Waiver(PayLine(line), 1, "hardship"))
    assert priced(CourseEnrolled.get_by_id(line)) == NET.d
    store.close_center()
