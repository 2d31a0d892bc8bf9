"""What can be paid: each enrollment, installment or product sold, with what was paid and its invoice.

An enrollment with installments is owed and invoiced installment by installment; everything else as a whole line. An
installment falls due on its own day, an invoiced line when its invoice says, any other after the center's days to pay.
Taxes of installments are shares of the line's tax that sum to it: what an invoice froze stays as it stands there, and
the last installment that is not invoiced carries the rest (`_with_frozen_taxes` says where there is none to carry it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from peewee import JOIN, fn

from app.desk import center, identity
from app.money import divide_half_up, split_gross, split_net
from app.store.models import (
    OFF_PLAN,
    Course,
    CourseEnrolled,
    Installment,
    Invoice,
    InvoiceLine,
    Product,
    ProductEnrolled,
    Session,
    StudentPayment,
    User,
)
from app.store.prepared import prepared

#: Identity of a due: (enrollment, product sold, installment), each an id or None.
Key = tuple[int | None, int | None, int | None]


@dataclass(frozen=True)
class PayLine:
    """What someone wants to pay or bill: an enrollment, one installment of it, or a product sold; and how much of it.

    An enrollment with installments that names none of them means its open installments, oldest first.
    """

    enrollment_id: int | None = None
    product_enrolled_id: int | None = None
    installment_id: int | None = None
    amount_minor: int = 0


@dataclass(frozen=True)
class Due:
    """One thing that can be paid on its own, in minor units. `invoice_id` is its invoice that is not credited, and
    `billed_to` the payer who is the buyer there, None for the student.
    """

    kind: str
    enrollment_id: int | None
    product_enrolled_id: int | None
    installment_id: int | None
    student_id: int
    payer_id: int | None
    title: str
    detail: str
    icon: str
    quantity: int
    quoted: str
    tax_category: str
    rate_bp: int
    exemption_reason: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    due_on: str
    service_from: str
    service_to: str
    position: int = 0
    parts: int = 0
    paid_minor: int = 0
    invoice_id: int | None = None
    invoice_label: str | None = None
    billed_to: int | None = None

    def paid_by(self, usual: int | None) -> int | None:
        """The payer: the buyer of its invoice; before there is one the line's own, else the usual one of the student.

        None: the student pays.
        """
        if self.invoice_id is not None:
            return self.billed_to
        return self.payer_id if self.payer_id is not None else usual

    @property
    def key(self) -> Key:
        """What identifies this due among all others."""
        return (self.enrollment_id, self.product_enrolled_id, self.installment_id)

    @property
    def open_minor(self) -> int:
        """What is still to be paid."""
        return self.gross_minor - self.paid_minor


def _with(due: Due, **changes: Any) -> Due:
    """A due with other values. `dataclasses.replace` takes thirty times as long, and a large center has many."""
    made = object.__new__(Due)
    made.__dict__.update(due.__dict__, **changes)
    return made


def of_student(student_id: int) -> list[Due]:
    """Everything the student bought and did not cancel, paid or not, oldest due first."""
    return _with_money([*_courses(_courses_of_student(student_id)), *_products(_products_of_student(student_id))])


def of_lines(enrollment_ids: Iterable[int], product_enrolled_ids: Iterable[int]) -> list[Due]:
    """The dues of these lines that are not canceled, oldest due first."""
    enrollments, products = sorted(set(enrollment_ids)), sorted(set(product_enrolled_ids))
    found: list[Due] = []
    if enrollments:
        found += _courses(_courses_by_id(tuple(enrollments)))
    if products:
        found += _products(_products_by_id(tuple(products)))
    return _with_money(found)


def chosen(lines: Iterable[PayLine]) -> list[Due]:
    """The dues that these lines mean, each once, oldest due first. What was canceled meanwhile is left out."""
    wanted = list(lines)
    found = of_lines(
        [line.enrollment_id for line in wanted if line.enrollment_id is not None],
        [line.product_enrolled_id for line in wanted if line.product_enrolled_id is not None],
    )
    return [due for due in found if any(meant(line, due) for line in wanted)]


def owed_by(student_id: int, payer_id: int | None) -> list[Due]:
    """What is open and to be paid by a payer, for whomever; with None by the student themselves. Oldest due first."""
    people = identity.records(student_id) if payer_id is None else paid_for(payer_id)
    usual = {row.id: row.payer_id for row in User.select(User.id, User.payer_id).where(User.id.in_(list(people)))}
    found = [
        due
        for one, pays in usual.items()
        for due in of_student(one)
        if due.open_minor > 0 and due.paid_by(pays) == payer_id
    ]
    return sorted(found, key=lambda due: (due.due_on, due.student_id))


def paid_for(payer_id: int) -> list[int]:
    """The students a payer pays for: as a rule, for something they bought, or on an invoice."""
    found = {row.id for row in User.select(User.id).where(User.payer_id == payer_id, User.status != "merged")}
    for line in (CourseEnrolled, ProductEnrolled):
        named = line.select(line.student_id).where(line.payer_id == payer_id, line.status != "canceled").distinct()
        found |= {row.student_id for row in named}
    billed = InvoiceLine.select(InvoiceLine.student_id).join(Invoice, on=(Invoice.id == InvoiceLine.invoice_id))
    found |= {identity.root(row.student_id) for row in billed.where(Invoice.payer_id == payer_id).distinct()}
    return sorted(found)


def of_everyone() -> list[Due]:
    """All that is open in the whole center, oldest due first: one pass over each table, however many students."""
    found = _courses(_open_course_lines(), _open_installments()) + _products(_open_product_lines())
    filled = _filled(
        found,
        _by_key(_open_paid_on_courses() + _open_paid_on_products()),
        _by_key(_open_invoices_of_courses() + _open_invoices_of_products()),
    )
    return [due for due in filled if due.open_minor > 0]


def owing_students() -> Any:
    """The students who have a line that is not paid in full, as a query for a condition."""
    course, product = CourseEnrolled, ProductEnrolled
    courses = course.select(course.student_id).where(course.id.in_(_open(course, StudentPayment.enrollment_id)))
    products = product.select(product.student_id).where(
        product.id.in_(_open(product, StudentPayment.product_enrolled_id))
    )
    return courses.union(products)


def _open(line: Any, key: Any) -> Any:
    """The lines that are not canceled and not paid in full."""
    put = StudentPayment
    paid = (
        put.select(key.alias("line_id"), fn.SUM(put.direction * put.amount_minor).alias("paid"))
        .where(key.is_null(False))
        .group_by(key)
    )
    return (
        line.select(line.id)
        .join(paid, JOIN.LEFT_OUTER, on=(paid.c.line_id == line.id))
        .where(line.status != "canceled", line.gross_minor > fn.COALESCE(paid.c.paid, 0))
    )


def meant(line: PayLine, due: Due) -> bool:
    """Whether a line means this due."""
    if line.product_enrolled_id is not None:
        return due.product_enrolled_id == line.product_enrolled_id
    return due.enrollment_id == line.enrollment_id and line.installment_id in (None, due.installment_id)


def _course_lines(condition: Any) -> Any:
    line = CourseEnrolled
    return (
        line.select(
            line.id, line.student_id, line.payer_id, line.number, line.enrolled_on, line.quoted, line.tax_category,
            line.rate_bp, line.exemption_reason, line.net_minor, line.tax_minor, line.gross_minor,
            Course.name, Course.code, Course.icon, Session.start_date, Session.end_date,
        )
        .join(Course, on=(Course.id == line.course_id))
        .join(Session, JOIN.LEFT_OUTER, on=(Session.id == line.session_id))
        .where(condition, line.status != "canceled")
    )  # fmt: skip


_courses_of_student = prepared(lambda student_id: _course_lines(CourseEnrolled.student_id == student_id))
_courses_by_id = prepared(lambda ids: _course_lines(CourseEnrolled.id.in_(ids)))


def _parts_of(condition: Any) -> Any:
    part = Installment
    return (
        part.select(part.enrollment_id, part.id, part.position, part.due_on, part.amount_minor)
        .where(condition, part.position <= OFF_PLAN)
        .order_by(part.enrollment_id, part.position)
    )


_installments = prepared(lambda ids: _parts_of(Installment.enrollment_id.in_(ids)))


def _courses(rows: list[Any], parts: list[Any] | None = None) -> list[Due]:
    """The dues of course lines; `parts` are their installments where they were read already."""
    plans: dict[int, list[tuple[int, int, str, int]]] = {}
    if rows:
        for enrollment_id, *rest in parts if parts is not None else _installments(tuple(row[0] for row in rows)):
            plans.setdefault(enrollment_id, []).append(tuple(rest))
    found: list[Due] = []
    for row in rows:
        (row_id, student, payer, number, enrolled_on, quoted, category, rate, reason, net, tax, gross) = row[:12]
        name, code, icon, starts, ends = row[12:]
        whole = Due(
            kind="enrollment", enrollment_id=row_id, product_enrolled_id=None, installment_id=None, student_id=student,
            payer_id=payer, title=name, detail=f"{code} · {number}", icon=icon, quantity=1, quoted=quoted,
            tax_category=category, rate_bp=rate, exemption_reason=reason, net_minor=net, tax_minor=tax,
            gross_minor=gross, due_on=enrolled_on, service_from=starts or enrolled_on, service_to=ends or enrolled_on,
        )  # fmt: skip
        found += _in_parts(whole, plans[row_id]) if row_id in plans else [whole]
    return found


def _in_parts(whole: Due, plan: list[tuple[int, int, str, int]]) -> list[Due]:
    """The installments of a line. Rounding is carried along, so that their taxes sum to the line's.

    An installment whose invoice was issued before the line or its plan changed froze another share: that is put right
    once the invoices are known.
    """
    found = []
    gross_so_far = tax_so_far = 0
    for installment_id, position, due_on, amount in plan:
        gross_so_far += amount
        tax_by_now = divide_half_up(whole.tax_minor * gross_so_far, whole.gross_minor)
        tax, tax_so_far = tax_by_now - tax_so_far, tax_by_now
        found.append(
            _with(
                whole,
                kind="installment",
                installment_id=installment_id,
                position=position,
                parts=len(plan),
                detail=f"{whole.detail} · {position}/{len(plan)}",
                due_on=due_on,
                net_minor=amount - tax,
                tax_minor=tax,
                gross_minor=amount,
            )
        )
    return found


def _product_lines(condition: Any) -> Any:
    line = ProductEnrolled
    return (
        line.select(
            line.id, line.student_id, line.payer_id, line.number, line.sold_on, line.quantity, line.quoted,
            line.tax_category, line.rate_bp, line.exemption_reason, line.net_minor, line.tax_minor, line.gross_minor,
            Product.name, Product.code, Product.kind,
        )
        .join(Product, on=(Product.id == line.product_id))
        .where(condition, line.status != "canceled")
    )  # fmt: skip


_products_of_student = prepared(lambda student_id: _product_lines(ProductEnrolled.student_id == student_id))
_products_by_id = prepared(lambda ids: _product_lines(ProductEnrolled.id.in_(ids)))


def _products(rows: list[Any]) -> list[Due]:
    found = []
    for (
        row_id, student, payer, number, sold_on, quantity, quoted, category, rate, reason, net, tax, gross, name, code,
        kind,
    ) in rows:  # fmt: skip
        icon = "package" if kind == "physical" else "download"
        found.append(
            Due(
                kind="product", enrollment_id=None, product_enrolled_id=row_id, installment_id=None, student_id=student,
                payer_id=payer, title=name, detail=f"{code} · {number}", icon=icon, quantity=quantity, quoted=quoted,
                tax_category=category, rate_bp=rate, exemption_reason=reason, net_minor=net, tax_minor=tax,
                gross_minor=gross, due_on=sold_on, service_from=sold_on, service_to=sold_on,
            )
        )  # fmt: skip
    return found


def _with_money(dues: list[Due]) -> list[Due]:
    """Fill in what was paid and the invoice that stands, and sort oldest due first."""
    paid: dict[Key, list[int]] = {}
    invoiced: dict[Key, list[Any]] = {}
    enrollments = sorted({due.enrollment_id for due in dues if due.enrollment_id is not None})
    products = sorted({due.product_enrolled_id for due in dues if due.product_enrolled_id is not None})
    if enrollments:
        paid.update(_by_key(_paid_on_courses(tuple(enrollments))))
        invoiced.update(_by_key(_invoices_of_courses(tuple(enrollments))))
    if products:
        paid.update(_by_key(_paid_on_products(tuple(products))))
        invoiced.update(_by_key(_invoices_of_products(tuple(products))))
    return _filled(dues, paid, invoiced)


def _filled(dues: list[Due], paid: dict[Key, list[int]], invoiced: dict[Key, list[Any]]) -> list[Due]:
    usual = _usual_days()
    found = []
    changed: set[int | None] = set()
    for due in dues:
        invoice_id, label, pay_by, buyer, tax = invoiced.get(due.key, (None, None, "", None, due.tax_minor))
        due_on = due.due_on if due.kind == "installment" else pay_by or usual(due.due_on)
        paid_minor = sum(paid.get(due.key, ()))
        if tax != due.tax_minor:
            changed.add(due.enrollment_id)
        found.append(
            _with(
                due, due_on=due_on, paid_minor=paid_minor, invoice_id=invoice_id, invoice_label=label, billed_to=buyer
            )
        )  # fmt: skip
    if changed:
        found = _with_frozen_taxes(found, changed, {key: row[-1] for key, row in invoiced.items()})
    return sorted(
        found, key=lambda due: (due.due_on, due.enrollment_id or 0, due.product_enrolled_id or 0, due.position)
    )


def _usual_days() -> Callable[[str], str]:
    """The day by which something bought on an ISO day is to be paid while no invoice names one.

    It is the center's own number of days later, as on an invoice of the same day: nobody is late with what they were
    never asked for.
    """
    days = timedelta(days=center.load().due_days)
    return lru_cache(maxsize=None)(lambda bought_on: (date.fromisoformat(bought_on) + days).isoformat())


def _with_frozen_taxes(found: list[Due], enrollments: set[int | None], frozen: dict[Key, int]) -> list[Due]:
    """Dues, with the installments of some enrollments taxed as their invoices froze them.

    What the line's tax is more, or less, than all shares together goes to the last installment that is not invoiced;
    what would take that one further than a unit from its own rate, to the one before it. So net and tax of all
    installments are the line's own, unless there is no installment to carry the rest: all are invoiced (a document is
    frozen, and is right in itself), or those that are not stand a unit from their rate already. Then so many units
    stay between the line and its documents; their gross amounts agree in any case.
    """
    plans: dict[int | None, list[int]] = {}
    for at, due in enumerate(found):
        if due.enrollment_id in enrollments and due.kind == "installment":
            plans.setdefault(due.enrollment_id, []).append(at)
    for places in plans.values():
        places.sort(key=lambda at: found[at].position)
        taxes = {at: frozen.get(found[at].key, found[at].tax_minor) for at in places}
        rest = sum(found[at].tax_minor - tax for at, tax in taxes.items())
        step = 1 if rest > 0 else -1
        for at in reversed(places):
            while rest and found[at].invoice_id is None and _near_its_rate(found[at], taxes[at] + step):
                taxes[at] += step
                rest -= step
        for at, tax in taxes.items():
            found[at] = _with(found[at], tax_minor=tax, net_minor=found[at].gross_minor - tax)
    return found


def _near_its_rate(due: Due, tax_minor: int) -> bool:
    """Whether an installment with this tax is at most a unit from its own rate: a document may say no other."""
    net = due.gross_minor - tax_minor
    split = split_gross(due.gross_minor, due.rate_bp) if due.quoted == "gross" else split_net(net, due.rate_bp)
    return net >= 0 and tax_minor >= 0 and abs(split.tax_minor - tax_minor) <= 1


def _by_key(rows: list[Any]) -> dict[Key, list[Any]]:
    return {(enrollment, product, part): rest for enrollment, product, part, *rest in rows}


def _paid(condition: Any) -> Any:
    """What was put on dues and not taken back."""
    row = StudentPayment
    keys = (row.enrollment_id, row.product_enrolled_id, row.installment_id)
    return row.select(*keys, fn.SUM(row.direction * row.amount_minor)).where(condition).group_by(*keys)


def _invoiced(condition: Any) -> Any:
    """The invoice of each due that was not credited: its id, its label, when it is to be paid, which payer by, and the
    tax of the due on it.
    """
    line, note = InvoiceLine, Invoice.alias()
    return (
        line.select(
            line.enrollment_id,
            line.product_enrolled_id,
            line.installment_id,
            Invoice.id,
            Invoice.label,
            Invoice.due_on,
            Invoice.payer_id,
            line.tax_minor,
        )
        .join(Invoice, on=(Invoice.id == line.invoice_id))
        .join(note, JOIN.LEFT_OUTER, on=((note.refers_to == Invoice.id) & (note.is_full == 1)))
        .where(condition, Invoice.kind == "invoice", note.id.is_null())
    )


_paid_on_courses = prepared(lambda ids: _paid(StudentPayment.enrollment_id.in_(ids)))
_paid_on_products = prepared(lambda ids: _paid(StudentPayment.product_enrolled_id.in_(ids)))
_invoices_of_courses = prepared(lambda ids: _invoiced(InvoiceLine.enrollment_id.in_(ids)))
_invoices_of_products = prepared(lambda ids: _invoiced(InvoiceLine.product_enrolled_id.in_(ids)))

# The same questions about all lines that are open.
_OPEN_COURSES = _open(CourseEnrolled, StudentPayment.enrollment_id)
_OPEN_PRODUCTS = _open(ProductEnrolled, StudentPayment.product_enrolled_id)
_open_course_lines = prepared(lambda: _course_lines(CourseEnrolled.id.in_(_OPEN_COURSES)))
_open_product_lines = prepared(lambda: _product_lines(ProductEnrolled.id.in_(_OPEN_PRODUCTS)))
_open_installments = prepared(lambda: _parts_of(Installment.enrollment_id.in_(_OPEN_COURSES)))
_open_paid_on_courses = prepared(lambda: _paid(StudentPayment.enrollment_id.in_(_OPEN_COURSES)))
_open_paid_on_products = prepared(lambda: _paid(StudentPayment.product_enrolled_id.in_(_OPEN_PRODUCTS)))
_open_invoices_of_courses = prepared(lambda: _invoiced(InvoiceLine.enrollment_id.in_(_OPEN_COURSES)))
_open_invoices_of_products = prepared(lambda: _invoiced(InvoiceLine.product_enrolled_id.in_(_OPEN_PRODUCTS)))
