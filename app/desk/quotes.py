"""Quotes: a price of a course that is offered to a student and frozen until a day, whatever the catalog says then.

A quote is used by one enrollment, in the transaction that makes it. Its days are those of the center's zone, and the
last one counts. While it is open it holds the use of the discount rule it names (`discounts.uses`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app import clock, store, text
from app.desk import center, identity, naming, prices, timeline
from app.desk.accounts import Actor, require
from app.desk.prices import Price
from app.errors import UserError
from app.settings import Center
from app.store import Write
from app.store.models import Course, CourseEnrolled, Quote

#: A price is promised for a year at most.
MOST_DAYS = 366


@dataclass(frozen=True)
class QuoteDraft:
    """A quote as typed; prices and discounts as in `enrollment.EnrollmentDraft`. Without `expires_on` the center's days
    count.
    """

    student_id: int
    course_id: int
    payer_id: int | None = None
    list_price_minor: int | None = None
    discount_minor: int | None = None
    discount_reason: str = ""
    tax_rate_id: int | None = None
    coupon: str = ""
    expires_on: str | None = None


@dataclass(frozen=True)
class Quoted:
    """A quote as it is shown and printed: all that was promised, of the course `course` with its `code`. `expired`
    is as of today.
    """

    id: int
    number: str
    student_id: int
    course_id: int
    course: str
    code: str
    payer_id: int | None
    price: Price
    quoted_on: str
    expires_on: str
    status: str
    enrollment_id: int | None
    expired: bool

    @property
    def usable(self) -> bool:
        """Whether a student can still be enrolled with it."""
        return self.status == "open" and not self.expired


def offer(actor: Actor, draft: QuoteDraft) -> int:
    """Promise a price; returns the quote's id. UserErrors as from `enrollment.enroll` about student, course and price,
    and `quotes.day` beside `expires_on`.
    """
    require(actor, "enrollment.create")
    reason = text.clean(draft.discount_reason, field="discount_reason")
    with store.write("Offer quote", actor) as w:
        how = center.load()
        today = clock.local_date(how.zone, w.moment)
        student, course = prices.student(draft.student_id), prices.course(draft.course_id)
        prices.check_payer(draft.payer_id)
        price, _choice = prices.of_course(how, draft, course, reason=reason)
        number = w.next_number("quote", "Q-{number:05d}")[1]
        expires_on = _expiry(draft.expires_on, today, how)
        quote = w.insert(
            Quote,
            number=number,
            student_id=student.id,
            course_id=course.id,
            payer_id=draft.payer_id,
            quoted_on=today.isoformat(),
            expires_on=expires_on,
            **vars(price),
        )
        facts = {"course": course.name, "number": number, "amount": price.gross_minor, "until": expires_on}
        timeline.add(w, student.id, "quotes.timeline_offered", ("quotes", quote), **facts)
        return quote


def withdraw(actor: Actor, quote_id: int) -> None:
    """Take a promise back that was not used. UserErrors `quotes.used`, `quotes.withdrawn`, `store.gone`."""
    require(actor, "enrollment.create")
    with store.write("Withdraw quote", actor) as w:
        row = Quote.get_or_none(Quote.id == quote_id)
        if row is None:
            raise UserError("store.gone")
        if row.status != "open":
            raise _not_open(center.load(), row)
        w.update(Quote, quote_id, status="withdrawn")
        course = Course.get_by_id(row.course_id).name
        timeline.add(
            w, row.student_id, "quotes.timeline_withdrawn", ("quotes", quote_id), number=row.number, course=course
        )


def load(quote_id: int) -> Quoted:
    """One quote. UserError `store.gone`."""
    row = Quote.get_or_none(Quote.id == quote_id)
    if row is None:
        raise UserError("store.gone")
    return _quoted(row, clock.local_date(center.load().zone).isoformat())


def of_student(student_id: int, *, usable: bool = False) -> list[Quoted]:
    """A student's quotes that are open, those that expire first at the head; with `usable` not the expired ones."""
    mine = Quote.student_id.in_(list(identity.records(student_id)))
    today = clock.local_date(center.load().zone).isoformat()
    query = Quote.select().where(mine, Quote.status == "open").order_by(Quote.expires_on, Quote.id)
    return [one for one in (_quoted(row, today) for row in query) if one.usable or not usable]


def take(how: Center, quote_id: int, student_id: int, course_id: int, payer_id: int | None) -> Price:
    """The price that was promised, inside the write that uses it or before it.

    UserErrors beside `quote`: `quotes.expired`, `quotes.withdrawn`, `quotes.used`, `quotes.other`.
    """
    row = Quote.get_or_none(Quote.id == quote_id)
    if row is None:
        raise UserError("store.gone")
    if row.status != "open":
        raise _not_open(how, row)
    if row.expires_on < clock.local_date(how.zone).isoformat():
        raise _refused("quotes.expired", how, row, on=row.expires_on)
    if identity.root(row.student_id) != identity.root(student_id) or (row.course_id, row.payer_id) != (
        course_id,
        payer_id,
    ):
        raise _refused("quotes.other", how, row)
    return _price(row)


def holds(quote_id: int, on: date) -> bool:
    """Whether a quote can still be used on a day of the center."""
    mine = (Quote.id == quote_id) & (Quote.status == "open") & (Quote.expires_on >= on.isoformat())
    return bool(Quote.select(Quote.id).where(mine).exists())


def mark_used(w: Write, quote_id: int, enrollment_id: int) -> None:
    """The enrollment that a quote was used for, in the write that makes it."""
    w.update(Quote, quote_id, status="used", enrollment_id=enrollment_id)


def free_in(w: Write, enrollment_id: int) -> None:
    """An enrollment ends before it was anything: the promise it was made with stands again while it has days left."""
    row = Quote.get_or_none(Quote.enrollment_id == enrollment_id)
    if row is not None and row.expires_on >= clock.local_date(center.load().zone, w.moment).isoformat():
        w.update(Quote, row.id, status="open", enrollment_id=None)


def _expiry(typed: str | None, today: date, how: Center) -> str:
    if typed is None or not typed.strip():
        return (today + timedelta(days=how.quote_days)).isoformat()
    try:
        day = date.fromisoformat(typed.strip())
    except ValueError as error:
        raise UserError("discounts.day", "expires_on", text=typed.strip()[:20]) from error
    if not today <= day <= today + timedelta(days=MOST_DAYS):
        raise UserError("quotes.day", "expires_on", most=MOST_DAYS)
    return day.isoformat()


def _not_open(how: Center, row: Any) -> UserError:
    if row.status == "withdrawn":
        return _refused("quotes.withdrawn", how, row)
    return _refused("quotes.used", how, row, enrollment=CourseEnrolled.get_by_id(row.enrollment_id).number)


def _refused(key: str, how: Center, row: Any, **params: Any) -> UserError:
    """Why a quote is not used, and what the course costs without it."""
    course = Course.get_by_id(row.course_id)
    draft = QuoteDraft(row.student_id, row.course_id, row.payer_id)
    today, _choice = prices.of_course(how, draft, course)
    name = naming.name("users", row.student_id)
    return UserError(key, "quote", number=row.number, course=course.name, name=name, price=today.gross_minor, **params)


def _price(row: Any) -> Price:
    return Price(**{name: getattr(row, name) for name in Price.__dataclass_fields__})


def _quoted(row: Any, today: str) -> Quoted:
    course = Course.get_by_id(row.course_id)
    return Quoted(
        id=row.id,
        number=row.number,
        student_id=row.student_id,
        course_id=row.course_id,
        course=course.name,
        code=course.code,
        payer_id=row.payer_id,
        price=_price(row),
        quoted_on=row.quoted_on,
        expires_on=row.expires_on,
        status=row.status,
        enrollment_id=row.enrollment_id,
        expired=row.expires_on < today,
    )
