"""Taxes of installments: whatever was frozen on the way, net and tax of all parts of a line are the line's own."""

from __future__ import annotations

import shutil
from fractions import Fraction
from math import floor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import paths, store
from app.desk import dues, enrollment, invoices, replan, waiving
from app.desk.changing import dues_of
from app.desk.dues import Due
from app.desk.enrollment import EnrollmentDraft
from app.desk.payments import PayLine
from app.errors import UserError
from app.store import checks
from app.store.models import Course, CourseEnrolled, Installment, Invoice, InvoiceLine, TaxRate
from tests.support.center import SmallCenter, build

#: quoted, rate, list price, its parts with the tax of each, what is waived, and the parts with the tax of each then.
#: The first part is invoiced before.
WAIVED = (
    # 100.00 / 1.2 = 83.33, tax 16.67; 16.67 x 50/100 = 8.335 -> 8.34, and 8.33 is left for the second.
    # 98.00 / 1.2 = 81.67, tax 16.33; by its share the first had 16.33 x 50/98 = 8.33, but 8.34 is frozen: 7.99 is left.
    ("gross", 2000, 10_000, [(5_000, 834), (5_000, 833)], 200, [(5_000, 834), (4_800, 799)]),
    # 100.00 / 1.1 = 90.91, tax 9.09; 9.09 x 50/100 = 4.545 -> 4.55 and 4.54.
    # 92.00 / 1.1 = 83.64, tax 8.36; 8.36 - 4.55 = 3.81 (42.00 alone: 38.18 and 3.82).
    ("gross", 1000, 10_000, [(5_000, 455), (5_000, 454)], 800, [(5_000, 455), (4_200, 381)]),
    # 3.33 / 1.25 = 2.66, tax 0.67; 0.67 / 3 = 0.22, 0.67 x 2/3 = 0.45 so 0.23, and 0.22.
    # 1.33 / 1.25 = 1.06, tax 0.27; the third part goes, of the second 0.22 is left: 0.27 - 0.22 = 0.05.
    ("gross", 2500, 333, [(111, 22), (111, 23), (111, 22)], 200, [(111, 22), (22, 5)]),
    # 3.33 + 20 % (0.666 -> 0.67) = 4.00; 0.67 x 134/400 = 0.22, 0.67 x 267/400 = 0.45 so 0.23, and 0.22.
    # 1.33 + 0.27 = 1.60, so 2.40 less: 0.27 - 0.22 = 0.05 (0.26 alone: 0.22 and 0.04).
    ("net", 2000, 333, [(134, 22), (133, 23), (133, 22)], 240, [(134, 22), (26, 5)]),
    # 99.99 + 25 % (24.9975 -> 25.00) = 124.99; 25.00 x 4167/12499 = 8.33, x 8333/12499 = 16.67 so 8.34, and 8.33.
    # 63.99 + 16.00 (15.9975) = 79.99, so 45.00 less: 41.66 and 3.34 off; 16.00 - 8.33 = 7.67.
    ("net", 2500, 9_999, [(4_167, 833), (4_166, 834), (4_166, 833)], 4_500, [(4_167, 833), (3_832, 767)]),
)  # fmt: skip


def begin(made: SmallCenter, rate_bp: int, price: int, parts: int) -> int:
    with store.write("Odd price", made.admin) as w:
        known = TaxRate.get_or_none(TaxRate.rate_bp == rate_bp)
        rate = known.id if known is not None else w.insert(TaxRate, name=f"{rate_bp}", rate_bp=rate_bp, category="S")
        course = w.insert(Course, code=f"X{price}", name="Odd", price_minor=price, tax_rate_id=rate)
    draft = EnrollmentDraft(made.student, course, send_mail=False)
    gross = enrollment.quote(draft).gross_minor
    plan = enrollment.plan(gross, parts, "2030-01-31")
    return enrollment.enroll(made.staff, EnrollmentDraft(made.student, course, installments=plan, send_mail=False))


def shares(line: int) -> list[tuple[int, int]]:
    return [(due.gross_minor, due.tax_minor) for due in dues_of(PayLine(line))]


def bill(made: SmallCenter, due: Due) -> None:
    invoices.bill(made.staff, made.student, [PayLine(due.enrollment_id, None, due.installment_id)], send_mail=False)


def documents(line: int) -> tuple[int, int, int]:
    """Net, tax and gross of a line on the invoices that were not credited."""
    credited = [row.refers_to for row in Invoice.select().where(Invoice.kind == "credit_note")]
    rows = InvoiceLine.select().join(Invoice, on=(Invoice.id == InvoiceLine.invoice_id))
    found = list(rows.where(InvoiceLine.enrollment_id == line, Invoice.kind == "invoice", Invoice.id.not_in(credited)))
    return tuple(sum(getattr(row, name) for row in found) for name in ("net_minor", "tax_minor", "gross_minor"))  # type: ignore[return-value]


def agreed(line: int) -> tuple[int, int, int]:
    row = CourseEnrolled.get_by_id(line)
    return row.net_minor, row.tax_minor, row.gross_minor


@pytest.mark.parametrize(("quoted", "rate", "price", "before", "waived", "after"), WAIVED)
def test_a_waiver_after_an_invoice(
    tmp_path: Path, quoted: str, rate: int, price: int, before: list[tuple[int, int]], waived: int,
    after: list[tuple[int, int]],
) -> None:  # fmt: skip
    made = build(tmp_path / "center", prices=quoted)
    line = begin(made, rate, price, len(before))
    assert shares(line) == before
    bill(made, dues_of(PayLine(line))[0])
    waiving.waive(made.admin, waiving.Waiver(PayLine(line), waived, "hardship"))
    assert shares(line) == after
    for due in dues_of(PayLine(line)):
        if due.invoice_id is None:
            bill(made, due)
    assert documents(line) == agreed(line)
    assert checks.run() == []
    store.close_center()


def test_a_plan_that_goes_around_an_invoice(tmp_path: Path) -> None:
    """The second part (8.33 of 16.67) is invoiced. 20.00 before it and 30.00 after it: 16.67 x 20/100 = 3.33,

    and 16.67 - 3.33 - 8.33 = 5.01 is left. By its place the invoiced one had 16.67 x 70/100 - 3.33 = 8.34.
    """
    made = build(tmp_path / "center")
    line = begin(made, 2000, 10_000, 2)
    bill(made, dues_of(PayLine(line))[1])
    replan.replan(made.staff, line, (("2030-01-01", 2_000), ("2031-01-01", 3_000)))
    assert shares(line) == [(2_000, 333), (5_000, 833), (3_000, 501)]
    assert dues.of_everyone() == dues.of_student(made.student)
    store.close_center()


def test_what_no_part_can_carry_stays_between_the_documents(tmp_path: Path) -> None:
    """Both parts are invoiced: 0.22 + 0.23 is frozen. Without the third 2.22 / 1.25 = 1.776 -> 1.78, tax 0.44."""
    made = build(tmp_path / "center")
    line = begin(made, 2500, 333, 3)
    for due in dues_of(PayLine(line))[:2]:
        bill(made, due)
    waiving.waive(made.admin, waiving.Waiver(PayLine(line), 111, "hardship"))
    assert agreed(line) == (178, 44, 222)
    assert documents(line) == (177, 45, 222), "a cent of tax; what is owed agrees"
    assert shares(line) == [(111, 22), (111, 23)]
    assert checks.run() == []
    store.close_center()


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[SmallCenter, Path]]:
    found = {}
    for quoted in ("gross", "net"):
        folder = tmp_path_factory.mktemp(quoted)
        found[quoted] = (build(folder / "center", prices=quoted), folder / "center")
        store.close_center()
    return found


@settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_all_parts_come_to_the_line_wherever_one_can_carry_the_rest(
    templates: dict[str, tuple[SmallCenter, Path]], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    quoted = data.draw(st.sampled_from(["gross", "net"]))
    made, source = templates[quoted]
    folder = tmp_path_factory.mktemp("run")
    shutil.copy(paths.data_file(source), paths.data_file(folder))
    store.open_center(folder)
    try:
        rate = data.draw(st.sampled_from([1000, 1900, 2000, 2500]))
        line = begin(made, rate, data.draw(st.sampled_from([7, 333, 9_999, 10_000])), data.draw(st.integers(2, 5)))
        for _step in range(4):
            open_ones = [due for due in dues_of(PayLine(line)) if due.invoice_id is None]
            left = sum(due.open_minor for due in dues_of(PayLine(line)))
            act = data.draw(st.sampled_from(["bill", "waive", "plan"]))
            try:
                if act == "bill" and open_ones:
                    bill(made, data.draw(st.sampled_from(open_ones)))
                elif act == "waive" and left > 1:
                    waiver = waiving.Waiver(PayLine(line), data.draw(st.integers(1, left - 1)), "hardship")
                    waiving.waive(made.admin, waiver)
                elif act == "plan" and open_ones:
                    loose = sum(due.gross_minor for due in open_ones)
                    cut = data.draw(st.integers(0, loose - 1))
                    dates = ("2029-01-01", "2031-01-01")
                    parts = tuple((on, one) for on, one in zip(dates, (cut, loose - cut), strict=True) if one)
                    replan.replan(made.staff, line, parts)
            except UserError as error:
                assert error.key in ("waiving.no_such_price", "replan.same")
            _agree(line, rate, quoted)
        rest = _rest(line)
        for due in [due for due in dues_of(PayLine(line)) if due.invoice_id is None]:
            bill(made, due)
            assert _rest(line) == rest, "an invoice freezes what was said before it"
        net, tax, gross = agreed(line)
        assert documents(line) == (net + rest, tax - rest, gross)
        assert checks.run() == []
    finally:
        store.close_center()
        shutil.rmtree(folder)


def _rest(line: int) -> int:
    return int(agreed(line)[1] - sum(due.tax_minor for due in dues_of(PayLine(line))))


def _agree(line: int, rate: int, quoted: str) -> None:
    """Frozen parts are as their documents say, and a rest is left only where no open part can carry a unit of it."""
    found, rest = dues_of(PayLine(line)), _rest(line)
    assert sum(due.gross_minor for due in found) == agreed(line)[2]
    for due in found:
        assert due.net_minor + due.tax_minor == due.gross_minor
        if due.invoice_id is not None:
            row = InvoiceLine.get(
                InvoiceLine.invoice_id == due.invoice_id, InvoiceLine.installment_id == due.installment_id
            )
            assert (row.net_minor, row.tax_minor, row.gross_minor) == (due.net_minor, due.tax_minor, due.gross_minor)
        elif rest:
            tax = due.tax_minor + (1 if rest > 0 else -1)
            base = due.gross_minor if quoted == "gross" else due.gross_minor - tax
            own = Fraction(base * rate, 10_000 + (rate if quoted == "gross" else 0))
            if quoted == "gross":  # the net is what is rounded
                own = due.gross_minor - Fraction(floor(due.gross_minor - own + Fraction(1, 2)))
            assert not 0 <= tax <= due.gross_minor or abs(tax - floor(own + Fraction(1, 2))) > 1, (due, rest)
    assert Installment.select().where(Installment.enrollment_id == line).count() >= len(found)
