"""Selling: a course to a student (flow 1 of DOMAIN.md) and products (flow 2). Each is one transaction.

A price is agreed once (`prices`), with at most one discount (`discounts`), and is kept on the line.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any

from app import clock, money, store, text
from app.desk import (
    balances,
    center,
    discounts,
    dues,
    invoices,
    letters,
    notifications,
    prices,
    quotes,
    registration,
    seats,
    timeline,
)
from app.desk.accounts import Actor, require
from app.desk.discounts import ALONE, NONE, Choice, Line, Together
from app.desk.prices import Price, agree, check_list, check_payer
from app.desk.prices import course as course_of
from app.desk.prices import student as student_of
from app.errors import UserError
from app.settings import Center
from app.store import Write
from app.store.models import (
    Course,
    CourseEnrolled,
    Installment,
    Product,
    ProductEnrolled,
    Session,
    TaxRate,
    User,
)

#: More parts than this are refused: a plan must stay readable.
MAX_PARTS = 60

__all__ = [
    "MAX_PARTS", "EnrollmentDraft", "Fee", "Price", "PricedItem", "Quote", "SaleDraft", "SaleItem", "agree",
    "cancel_in", "cancel_sale_in", "enroll", "enroll_paid_in", "plan", "price_courses",
    "price_items", "quote", "running", "sell", "sell_in",
]  # fmt: skip

Warning_ = tuple[str, dict[str, Any]]

#: Warnings that a reason can be given against, and how the timeline records it.
OVERRIDES = {
    "enrollment.too_young": "enrollment.timeline_override",
    "enrollment.prerequisite_missing": "enrollment.timeline_prerequisite",
}


@dataclass(frozen=True)
class EnrollmentDraft:
    """An enrollment as typed. `installments` are (due date, amount) in order and sum to the gross price.

    `discount_minor` was typed by hand, with its reason; None leaves it to the coupon and the center's rules
    (`discounts.best`). With `session_id` the student joins that group: a seat in every coming slot of it, or no
    enrollment at all. `override_reason` lets a student under the minimum age in; it is recorded, as it is where another
    course comes first. With `quote_id` the
    price is the one that was promised, and nothing that was typed about it counts. `with_fee` sells the registration
    fee along where it is due.
    """

    student_id: int
    course_id: int
    payer_id: int | None = None
    list_price_minor: int | None = None
    discount_minor: int | None = None
    discount_reason: str = ""
    tax_rate_id: int | None = None
    installments: tuple[tuple[str, int], ...] = ()
    session_id: int | None = None
    send_mail: bool = True
    override_reason: str = ""
    coupon: str = ""
    quote_id: int | None = None
    with_fee: bool = True


@dataclass(frozen=True)
class Fee:
    """The registration fee that is due along with an enrollment, in minor units."""

    product: str
    gross_minor: int


@dataclass(frozen=True)
class Quote:
    """What an enrollment would cost, in minor units, and what staff should know first: (message key, parameters).

    `rules` are the discount rules that the course and the fee would use.
    """

    list_minor: int
    discount_minor: int
    net_minor: int
    tax_minor: int
    gross_minor: int
    rate_bp: int
    warnings: tuple[Warning_, ...] = ()
    choice: Choice = NONE
    fee: Fee | None = None
    rules: tuple[int, ...] = ()


@dataclass(frozen=True)
class SaleItem:
    """So many of a product; a discount on the whole line in minor units and typed by hand, else a coupon or a rule."""

    product_id: int
    quantity: int = 1
    discount_minor: int | None = None
    coupon: str = ""


@dataclass(frozen=True)
class SaleDraft:
    """Products for one student."""

    student_id: int
    items: tuple[SaleItem, ...]
    payer_id: int | None = None
    send_mail: bool = False


@dataclass(frozen=True)
class PricedItem:
    """A product line whose price is agreed and will not follow the catalog any more."""

    product_id: int
    quantity: int
    price: Price


# -- courses --------------------------------------------------------------------------------------------------


def quote(draft: EnrollmentDraft, together: Together = ALONE) -> Quote:
    """The price of a draft and its warnings; nothing is written. UserErrors as from `enroll`, except installments.

    `together` is what is agreed for others in the same operation, as in `discounts.best`.
    """
    student, course = student_of(draft.student_id), course_of(draft.course_id)
    how = center.load()
    price, choice = course_price(how, draft, course, together=together)
    fee = _fee(how, draft, price, together)
    return Quote(
        list_minor=price.list_price_minor,
        discount_minor=price.discount_minor,
        net_minor=price.net_minor,
        tax_minor=price.tax_minor,
        gross_minor=price.gross_minor,
        rate_bp=price.rate_bp,
        warnings=warnings_of(student, course, first_day_of(draft, course)) + _seat_warnings(draft, student),
        choice=choice,
        fee=Fee(Product.get_by_id(fee[0].product_id).name, fee[0].price.gross_minor) if fee else None,
        rules=tuple(_rules_of([price, *(one.price for one in fee)])),
    )


def plan(total_minor: int, parts: int, first_on: str) -> tuple[tuple[str, int], ...]:
    """An even plan: `parts` monthly installments from `first_on`, larger ones first, that sum to the total.

    A day that a month does not have becomes its last. UserError `enrollment.parts`, `enrollment.date`.
    """
    if not 1 <= parts <= MAX_PARTS or parts > total_minor:
        raise UserError("enrollment.parts", "installments", most=MAX_PARTS)
    first = _date(first_on)
    amounts = money.spread(total_minor, parts)
    return tuple((months_later(first, month).isoformat(), amount) for month, amount in enumerate(amounts))


def enroll(actor: Actor, draft: EnrollmentDraft) -> int:
    """Enroll a student in a course; returns the enrollment's id. Everything that follows is in the same transaction.

    UserErrors: `enrollment.student_inactive`, `enrollment.student_merged`, `enrollment.course_unavailable`,
    `enrollment.too_young` (unless overridden with a reason), `enrollment.already_enrolled`, `enrollment.wrong_session`,
    prices as in `agree`, coupons as in `discounts.best`, quotes as in `quotes.take`, `enrollment.installments_sum`,
    `enrollment.installments_past`, `enrollment.installments_order`; seats as `seats.book`.
    """
    require(actor, "enrollment.create")
    with store.write("Enroll student", actor) as w:
        return enroll_in(w, draft)


def enroll_in(w: Write, draft: EnrollmentDraft) -> int:
    """`enroll` inside a running write."""
    discount_reason = text.clean(draft.discount_reason, field="discount_reason")
    override = text.clean(draft.override_reason, field="override_reason")
    how = center.load()
    student, course = student_of(draft.student_id), course_of(draft.course_id)
    check_payer(draft.payer_id)
    price, _choice = course_price(how, draft, course, reason=discount_reason)
    today = clock.local_date(how.zone, w.moment).isoformat()
    installments = check_plan(draft.installments, price.gross_minor, today)
    check_new(student, course)
    first_day = first_day_of(draft, course)
    for key, params in warnings_of(student, course, first_day):
        if key == "enrollment.too_young" and not override:
            raise UserError(key, "override_reason", **params)
    if not draft.with_fee and registration.is_missing(how, student.id, ()):
        require(w.actor, registration.LEAVE_OUT)
    fee = _fee(how, draft, price) if draft.with_fee else []
    made = enroll_agreed_in(w, how, replace(draft, override_reason=override), price, installments, first_day)
    if fee:
        sell_in(w, how, student.id, fee, draft.payer_id)
        balances.recompute(w, student.id)
    return made


def _fee(how: Center, draft: EnrollmentDraft, price: Price, together: Together = ALONE) -> list[PricedItem]:
    """The registration fee where it is due, at the price of now. UserErrors as from `price_items`."""
    product = registration.due(how, draft.student_id)
    if product is None:
        return []
    return price_items(how, draft.student_id, [SaleItem(product.id)], draft.payer_id, [price], together)


def enroll_agreed_in(
    w: Write,
    how: Center,
    draft: EnrollmentDraft,
    price: Price,
    installments: Sequence[tuple[str, int]],
    first_day: str,
    moved_from: int | None = None,
) -> int:
    """What was agreed, inside a running write: all rows of flow 1. `moved_from` is the place it takes the place of."""
    student, course = User.get_by_id(draft.student_id), Course.get_by_id(draft.course_id)
    number = w.next_number("enrollment")[1]
    enrollment = w.insert(
        CourseEnrolled,
        number=number,
        student_id=student.id,
        course_id=course.id,
        payer_id=draft.payer_id,
        session_id=draft.session_id,
        enrolled_on=clock.local_date(how.zone, w.moment).isoformat(),
        moved_from=moved_from,
        **vars(price),
    )
    if draft.quote_id is not None:
        quotes.mark_used(w, draft.quote_id, enrollment)
    for position, (due_on, amount) in enumerate(installments, start=1):
        w.insert(Installment, enrollment_id=enrollment, position=position, due_on=due_on, amount_minor=amount)
    facts: dict[str, Any] = {"course": course.name, "number": number, "amount": price.gross_minor}
    link = ("courses_enrolled", enrollment)
    timeline.add(w, student.id, "enrollment.timeline_created", link, **facts)
    if draft.session_id is not None:
        seats.take_session(w, draft.session_id, student.id, enrollment_id=enrollment)
    for warned, _params in warnings_of(student, course, first_day) if draft.override_reason else ():
        if warned in OVERRIDES:
            timeline.add(w, student.id, OVERRIDES[warned], link, course=course.name, reason=draft.override_reason)
    notifications.notify(
        w, "payment", "center", "enrollment.created", link, student=_name(student), student_id=student.id, **facts
    )
    if draft.send_mail:
        letters.send(
            w,
            letters.student(student.id),
            "enrollment_confirmation",
            f"enrollment.created:{number}",
            {
                "student": _name(student),
                "course": course.name,
                "number": number,
                "amount_minor": price.gross_minor,
                "first_on": first_day if draft.session_id is not None else None,
                "installments": [{"due_on": on, "amount_minor": amount} for on, amount in installments],
            },
        )
    balances.recompute(w, student.id)
    return enrollment


def running(student_id: int) -> dict[int, int]:
    """The courses a student is enrolled in and has not ended: the enrollment of each."""
    rows = CourseEnrolled.select(CourseEnrolled.course_id, CourseEnrolled.id).where(
        CourseEnrolled.student_id == student_id, CourseEnrolled.status == "pending"
    )
    return {row.course_id: row.id for row in rows}


def price_courses(
    how: Center,
    student_id: int,
    course_ids: Sequence[int],
    payer_id: int | None = None,
    coupons: Sequence[tuple[int, str]] = (),
    quoted: Sequence[tuple[int, int]] = (),
) -> list[tuple[int, Price]]:
    """Agree on the prices of courses, and see that the student can be enrolled: (course, price).

    `coupons` are (course, code), `quoted` are (course, quote). UserErrors as from `enroll`.
    """
    codes, by_quote = dict(coupons), dict(quoted)
    found: list[tuple[int, Price]] = []
    for course_id in course_ids:
        coupon, quote = codes.get(course_id, ""), by_quote.get(course_id)
        draft = EnrollmentDraft(student_id, course_id, payer_id, coupon=coupon, quote_id=quote)
        student, course = student_of(student_id), course_of(course_id)
        check_new(student, course)
        for key, params in warnings_of(student, course, first_day_of(draft, course)):
            if key == "enrollment.too_young":
                raise UserError(key, "courses", **params)
        # A quote holds the use of its rule by itself.
        reserved = _rules_of(one for other, one in found if other not in by_quote)
        price, _choice = course_price(how, draft, course, reserved)
        found.append((course_id, price))
    return found


def enroll_paid_in(
    w: Write,
    how: Center,
    student_id: int,
    course_id: int,
    price: Price,
    payer_id: int | None,
    quote_id: int | None = None,
) -> int:
    """Enroll at a price agreed before, inside the write that completes its payment; returns the enrollment.

    `quote_id` is the quote that is used by it. Who was enrolled in the meantime is not enrolled twice: the money then
    goes to that enrollment.
    """
    there = running(student_id).get(course_id)
    if there is not None:
        return there
    draft = EnrollmentDraft(student_id, course_id, payer_id, quote_id=quote_id)
    return enroll_agreed_in(w, how, draft, price, (), "")


def check_new(student: Any, course: Any) -> None:
    """UserError `enrollment.already_enrolled`."""
    there = running(student.id).get(course.id)
    if there is not None:
        number = CourseEnrolled.get_by_id(there).number
        raise UserError("enrollment.already_enrolled", "course", course=course.name, number=number)


def cancel_in(
    w: Write, enrollment_id: int, reason: str, *, moved: bool = False
) -> tuple[list[invoices.Withdrawn], list[invoices.Renewed]]:
    """Cancel a pending enrollment inside a running write: its invoices are credited, what was paid becomes credit,
    coming seats are freed. UserErrors as from `canceling.cancel_enrollment`.

    The quote it was made with stands again, unless the place is `moved` on: then its promise was used. Returns the
    invoices that were credited, with the money set free, and those issued anew over what else stood there.
    """
    how = center.load()
    line = CourseEnrolled.get_or_none(CourseEnrolled.id == enrollment_id)
    if line is None:
        raise UserError("store.gone")
    if line.status != "pending":
        raise UserError(f"enrollment.already_{line.status}", number=line.number)
    standing = [due.invoice_id for due in dues.of_lines([enrollment_id], [])]
    withdrawn = invoices.withdraw(w, how, standing, reason)
    w.update(
        CourseEnrolled,
        enrollment_id,
        status="canceled",
        canceled_on=clock.local_date(how.zone, w.moment).isoformat(),
        cancel_reason=reason,
    )
    if not moved:
        quotes.free_in(w, enrollment_id)
    renewed = invoices.renew(w, how, withdrawn)
    seats.release_seats(w, enrollment_id)
    course = Course.get_by_id(line.course_id)
    facts: dict[str, Any] = {"course": course.name, "number": line.number, "reason": reason}
    link = ("courses_enrolled", enrollment_id)
    student = User.get_by_id(line.student_id)
    timeline.add(w, student.id, "enrollment.timeline_canceled", link, **facts)
    notifications.notify(
        w, "payment", "center", "enrollment.canceled", link, student=_name(student), student_id=student.id, **facts
    )
    balances.recompute(w, student.id)
    return withdrawn, renewed


def course_price(
    how: Center,
    draft: EnrollmentDraft,
    course: Any,
    reserved: Sequence[int] = (),
    reason: str = "",
    together: Together = ALONE,
) -> tuple[Price, Choice]:
    """What was promised, where it was; else the price of a draft as of now, and why it is so."""
    if draft.quote_id is not None:
        price = quotes.take(how, draft.quote_id, draft.student_id, course.id, draft.payer_id)
        return price, Choice(price.discount_minor, "quote", None, price.discount_reason)
    reason = reason or draft.discount_reason
    return prices.of_course(how, draft, course, reason=reason, reserved=reserved, together=together)


def _rules_of(agreed: Iterable[Price]) -> list[int]:
    """The discount rules that prices use, once for each."""
    return [price.discount_rule_id for price in agreed if price.discount_rule_id is not None]


def check_plan(
    installments: Sequence[tuple[str, int]],
    gross_minor: int,
    today: str,
    wrong_sum: str = "enrollment.installments_sum",
    kept_days: Collection[str] = (),
) -> list[tuple[str, int]]:
    """A plan as it is kept: in order of its dates, each part above zero, together the price (minor units).

    Nobody is late with what is agreed now: no day lies before `today`, an ISO day, but those that a plan has already,
    `kept_days`. UserErrors `enrollment.parts`, `enrollment.date`, `enrollment.installments_past` (`at` is the place in
    the plan), `enrollment.installments_order`, and `wrong_sum`.
    """
    found = [(_date(due_on).isoformat(), amount) for due_on, amount in installments]
    if not found:
        return []
    if len(found) > MAX_PARTS or any(amount <= 0 for _, amount in found):
        raise UserError("enrollment.parts", "installments", most=MAX_PARTS)
    for at, (due_on, _amount) in enumerate(found):
        if due_on < today and due_on not in kept_days:
            raise UserError("enrollment.installments_past", "installments", due=due_on, today=today, at=at)
    total = sum(amount for _, amount in found)
    if total != gross_minor:
        raise UserError(wrong_sum, "installments", total=total, price=gross_minor)
    if any(earlier[0] > later[0] for earlier, later in pairwise(found)):
        raise UserError("enrollment.installments_order", "installments")
    return found


def first_day_of(draft: EnrollmentDraft, course: Any) -> str:
    """The first day of teaching as far as it is known: the next of the group that was chosen, else today."""
    today = clock.local_date(center.load().zone).isoformat()
    if draft.session_id is None:
        return today
    session = Session.get_or_none(Session.id == draft.session_id)
    if session is None or session.course_id != course.id or session.status != "planned":
        raise UserError("enrollment.wrong_session", "session", course=course.name)
    return max(str(session.start_date), today)


def _seat_warnings(draft: EnrollmentDraft, student: Any) -> tuple[Warning_, ...]:
    """What keeps a student out of the group that was chosen: the first full slot, and the first clash."""
    found: dict[str, dict[str, Any]] = {}
    now = clock.stamp()
    for slot in seats.coming(draft.session_id, now) if draft.session_id is not None else ():
        facts = {"title": seats.title(slot), "at": slot.start_utc}
        taken = seats.taken(slot.id, now)
        if taken >= slot.capacity:
            found.setdefault("seats.full", {"taken": taken, "capacity": slot.capacity, **facts})
        other = seats.busy_elsewhere(student.id, slot.start_utc, slot.end_utc, now, but=slot.id)
        if other is not None:
            clash = {"name": _name(student), "other": seats.title(other), "at": other.start_utc}
            found.setdefault("seats.student_busy", clash)
    return tuple(found.items())


def warnings_of(student: Any, course: Any, first_day: str) -> tuple[Warning_, ...]:
    """What staff should know before a student goes to a course that begins on a day."""
    found: list[Warning_] = []
    if course.minimum_age is not None:
        if not student.date_of_birth:
            found.append(("enrollment.age_unknown", {"age": course.minimum_age}))
        elif _age(_date(student.date_of_birth), _date(first_day)) < course.minimum_age:
            found.append(("enrollment.too_young", {"age": course.minimum_age, "on": first_day, "course": course.name}))
    if course.prerequisite_id is not None:
        passed = CourseEnrolled.select().where(
            CourseEnrolled.student_id == student.id,
            CourseEnrolled.course_id == course.prerequisite_id,
            CourseEnrolled.status == "completed",
        )
        if not passed.exists():
            needed = Course.get_by_id(course.prerequisite_id).name
            found.append(("enrollment.prerequisite_missing", {"course": needed}))
    return tuple(found)


# -- products -------------------------------------------------------------------------------------------------


def sell(actor: Actor, draft: SaleDraft) -> list[int]:
    """Sell products to a student: one line each, stock goes down; returns the lines' ids. They are owed until paid.

    UserErrors: `enrollment.nothing_chosen`, `enrollment.product_unavailable`, `enrollment.out_of_stock`,
    `enrollment.quantity`, prices as in `agree`, and about the student as in `enroll`.
    """
    require(actor, "sale.create")
    with store.write("Sell products", actor) as w:
        how = center.load()
        student = student_of(draft.student_id)
        check_payer(draft.payer_id)
        sold = sell_in(w, how, student.id, price_items(how, student.id, draft.items, draft.payer_id), draft.payer_id)
        if draft.send_mail:
            lines = ProductEnrolled.select().where(ProductEnrolled.id.in_(sold)).order_by(ProductEnrolled.id)
            names = {row.id: row.name for row in Product.select(Product.id, Product.name)}
            letters.send(
                w,
                letters.student(student.id),
                "sale_confirmation",
                f"sale.created:{lines[0].number}",
                {
                    "student": _name(student),
                    "lines": [
                        {"title": names[line.product_id], "quantity": line.quantity, "amount_minor": line.gross_minor}
                        for line in lines
                    ],
                },
            )
        balances.recompute(w, student.id)
    return sold


def price_items(
    how: Center,
    student_id: int,
    items: Sequence[SaleItem],
    payer_id: int | None = None,
    beside: Sequence[Price] = (),
    together: Together = ALONE,
) -> list[PricedItem]:
    """Agree on the prices of products, and see that they can be sold; `beside` are prices agreed in the same breath,
    `together` is what is agreed for others as in `discounts.best`.

    UserErrors as from `sell`.
    """
    if not items:
        raise UserError("enrollment.nothing_chosen", "items")
    wanted: dict[int, int] = {}
    found: list[PricedItem] = []
    for item in items:
        if not 1 <= item.quantity <= 10_000:
            raise UserError("enrollment.quantity", "quantity")
        product = Product.get_or_none(Product.id == item.product_id)
        if product is None or product.status != "available":
            raise UserError("enrollment.product_unavailable", "items", product=product.name if product else "?")
        wanted[product.id] = wanted.get(product.id, 0) + item.quantity
        if product.stock is not None and product.stock < wanted[product.id]:
            raise UserError("enrollment.out_of_stock", "items", product=product.name, left=product.stock)
        rate = TaxRate.get_by_id(product.tax_rate_id)
        listed = product.price_minor * item.quantity
        check_list(listed)
        line = Line(student_id, listed, None, payer_id, item.coupon, item.discount_minor)
        reserved = _rules_of([*beside, *(one.price for one in found)])
        choice = discounts.best(line, clock.local_date(how.zone), reserved, together)
        found.append(PricedItem(product.id, item.quantity, agree(how, listed, choice, rate)))
    return found


def sell_in(
    w: Write, how: Center, student_id: int, items: Sequence[PricedItem], payer_id: int | None = None
) -> list[int]:
    """Book priced products inside a running write; returns the lines' ids. UserError `enrollment.out_of_stock`."""
    sold = []
    name = letters.student(student_id).name
    for item in items:
        product = Product.get_by_id(item.product_id)
        if product.stock is not None:
            if product.stock < item.quantity:
                raise UserError("enrollment.out_of_stock", "items", product=product.name, left=product.stock)
            w.update(Product, product.id, stock=product.stock - item.quantity)
        number = w.next_number("sale", "A-{number:05d}")[1]
        line = w.insert(
            ProductEnrolled,
            number=number,
            student_id=student_id,
            product_id=product.id,
            payer_id=payer_id,
            sold_on=clock.local_date(how.zone, w.moment).isoformat(),
            quantity=item.quantity,
            status="completed",
            **vars(item.price),
        )
        facts: dict[str, Any] = {
            "product": product.name,
            "quantity": item.quantity,
            "amount": item.price.gross_minor,
            "number": number,
        }
        link = ("product_enrolled", line)
        timeline.add(w, student_id, "enrollment.timeline_sold", link, **facts)
        notifications.notify(
            w, "payment", "center", "enrollment.sold", link, student=name, student_id=student_id, **facts
        )
        sold.append(line)
    return sold


def cancel_sale_in(w: Write, line_id: int, reason: str) -> None:
    """Cancel a sold line that has neither money nor invoice, inside a running write: its stock comes back."""
    line = ProductEnrolled.get_by_id(line_id)
    product = Product.get_by_id(line.product_id)
    today = clock.local_date(center.load().zone, w.moment).isoformat()
    w.update(ProductEnrolled, line_id, status="canceled", canceled_on=today, cancel_reason=reason)
    if product.stock is not None:
        w.update(Product, product.id, stock=product.stock + line.quantity)
    balances.recompute(w, line.student_id)


# -- shared ---------------------------------------------------------------------------------------------------


def _date(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise UserError("enrollment.date", "due_on", text=value[:20]) from error


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last one that month has."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _age(born: date, on: date) -> int:
    """Full years of age on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _name(person: Any) -> str:
    return f"{person.first_name} {person.last_name}".strip()
