"""Transfers: a place to another course or group, and money from one line to another.

A place in another course: the old enrollment is canceled and its invoice credited, the new one is agreed anew, with a
fee where there is one, and takes the money along. Another group of the same course moves seats alone. Money that is
moved is taken off the line it stands on, newest first, and put on the other.

The discount rule of the old place is asked again for the new one: a coupon goes along where it still holds there, the
center's other rules count as for anybody who enrolls today. A discount typed by hand, and what was waived, were meant
for the old place and stay with it. Whatever does not go along is said before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from app import clock, money, store, text
from app.desk import (
    balances,
    center,
    changing,
    enrollment,
    identity,
    invoices,
    letters,
    notifications,
    payments,
    prices,
    promises,
    registration,
    timeline,
)
from app.desk import seats as places
from app.desk.accounts import Actor, require
from app.desk.changing import Effect
from app.desk.dues import Due, PayLine
from app.desk.enrollment import EnrollmentDraft, SaleItem, Warning_
from app.desk.invoices import Freed, Put, Withdrawn
from app.desk.prices import Price
from app.errors import UserError
from app.settings import Center
from app.store import Write
from app.store.models import Course, CourseEnrolled, DiscountRule, Payment, Session, SlotEnrolled, User


@dataclass(frozen=True)
class Place:
    """Where an enrollment goes: a course (with its price, or another one in minor units), a group, a fee, and why.

    `discount_minor` is typed by hand; None leaves it to the rule of the old place and to the center's. What the money
    that goes along does not pay is owed by `plan`: "" at once, "carry" on the days of the old plan in its proportions,
    "even" in `parts` monthly installments, "own" as `installments` say (due date, minor units). `override_reason` lets
    a student in who is under the minimum age; it is recorded.
    """

    enrollment_id: int
    course_id: int
    session_id: int | None = None
    list_price_minor: int | None = None
    discount_minor: int | None = None
    fee_product_id: int | None = None
    reason: str = ""
    send_mail: bool = True
    plan: str = ""
    parts: int = 0
    installments: tuple[tuple[str, int], ...] = ()
    override_reason: str = ""


@dataclass(frozen=True)
class MoneyMove:
    """So much (minor units) of what was paid on one line goes to another, and why."""

    source: PayLine
    target: PayLine
    amount_minor: int
    reason: str = ""


# -- a place --------------------------------------------------------------------------------------------------


def preview_place(actor: Actor, place: Place) -> Effect:
    """What a transfer would do; nothing is kept. UserErrors as from `transfer_place`, none about the reasons."""
    require(actor, "enrollment.transfer")
    with changing.Rehearsal() as rehearsal, store.write("Transfer place", actor) as w:
        rehearsal.show(_place_in(w, replace(place, override_reason=place.override_reason or "-"), "-"))
    return rehearsal.effect


def transfer_place(actor: Actor, place: Place, shown: Effect | None = None) -> Effect:
    """Transfer an enrollment to another course or group; with `shown`, only if it does what the preview said.

    UserErrors `transfer.same_place`, `transfer.too_young` beside `override_reason`, `transfer.registration_charged`,
    `transfer.plan_sum` and as from `enrollment.check_plan` and `plan` about installments,
    `enrollment.already_completed`, `enrollment.already_canceled`, `changing.stale`, `invoices.clock_back`, or beside
    `reason`; about the course, its price and the fee as from `enrollment.enroll` and `sell`, about seats as from
    `seats.book`: nothing is changed then.
    """
    require(actor, "enrollment.transfer")
    reason = text.clean(place.reason, field="reason", required=True)
    place = replace(place, override_reason=text.clean(place.override_reason, field="override_reason"))
    with store.write("Transfer place", actor) as w:
        effect = _place_in(w, place, reason)
        changing.hold(shown, effect)
    return effect


def _place_in(w: Write, place: Place, reason: str) -> Effect:
    line = CourseEnrolled.get_or_none(CourseEnrolled.id == place.enrollment_id)
    if line is None:
        raise UserError("store.gone")
    if line.status != "pending":
        raise UserError(f"enrollment.already_{line.status}", number=line.number)
    if place.course_id == line.course_id:
        return _to_group(w, line, place, reason)
    return _to_course(w, line, place, reason)


def _to_group(w: Write, line: Any, place: Place, reason: str) -> Effect:
    """Only seats move: no money, no documents, and the progress goes on."""
    if place.session_id in (None, line.session_id):
        raise UserError("transfer.same_place", "place")
    course, found = Course.get_by_id(line.course_id), changing.dues_of(PayLine(line.id))
    draft = EnrollmentDraft(line.student_id, line.course_id, session_id=place.session_id)
    enrollment.first_day_of(draft, course)
    before = changing.Before(line.student_id, found)
    free: list[int] = []
    if line.session_id is not None:
        free = changing.booked(line.id, w.now, line.session_id)
        places.release_seats(w, line.id, line.session_id)
    w.update(CourseEnrolled, line.id, session_id=place.session_id)
    places.take_session(w, place.session_id, line.student_id, enrollment_id=line.id)
    group = Session.get_by_id(place.session_id).name
    facts = {"group": group, "course": course.name, "number": line.number, "reason": reason}
    _tell(w, line.student_id, line.id, "transfer.timeline_group", "transfer.group_changed", **facts)
    return before.effect(
        group,
        changing.dues_of(PayLine(line.id)),
        seats_free=changing.named(free),
        seats_taken=changing.named(changing.booked(line.id, w.now, place.session_id)),
    )


def _to_course(w: Write, line: Any, place: Place, reason: str) -> Effect:
    how, found = center.load(), changing.dues_of(PayLine(line.id))
    student, course = prices.student(line.student_id), prices.course(place.course_id)
    old = Course.get_by_id(line.course_id).name
    draft = EnrollmentDraft(
        student_id=student.id, course_id=course.id, payer_id=line.payer_id, list_price_minor=place.list_price_minor,
        discount_minor=place.discount_minor, discount_reason=reason if place.discount_minor else "",
        session_id=place.session_id, send_mail=place.send_mail, override_reason=place.override_reason,
    )  # fmt: skip
    first_day = enrollment.first_day_of(draft, course)
    warnings = enrollment.warnings_of(student, course, first_day)
    for key, params in warnings:
        if key == "enrollment.too_young" and not place.override_reason:
            raise UserError("transfer.too_young", "override_reason", **params)
    enrollment.check_new(student, course)
    _check_fee(how, place, student.id)
    before, free = changing.Before(student.id, found), changing.booked(line.id, w.now)
    withdrawn, renewed = enrollment.cancel_in(w, line.id, reason, moved=True)
    # Agreed once the old place has given the use of its discount back.
    price, lost = _price(how, draft, course, line)
    fee = [SaleItem(place.fee_product_id)] if place.fee_product_id is not None else []
    fees = enrollment.price_items(how, student.id, fee, line.payer_id, [price]) if fee else []
    freed = [one for gone in withdrawn for one in gone.freed if one.key[0] == line.id]
    along = min(sum(one.amount_minor for one in freed), price.gross_minor)
    today = clock.local_date(how.zone, w.moment)
    plan = _plan(place, found, price.gross_minor - along, along, today)
    made = enrollment.enroll_agreed_in(w, how, draft, price, plan, first_day, moved_from=line.id)
    sold = enrollment.sell_in(w, how, student.id, fees, line.payer_id)
    bought = [*changing.dues_of(PayLine(made)), *(due for fee in sold for due in changing.dues_of(PayLine(None, fee)))]
    puts = _along(freed, [due for due in bought if due.gross_minor])
    # Installments are invoiced in their turn: of a plan, only what is paid already.
    paid = {put.due.key for put in puts}
    billed = [due for due in bought if due.gross_minor and (due.kind != "installment" or due.key in paid)]
    if withdrawn and billed:
        invoices.send_renewed(w, how, renewed)
        _bill(w, how, line, billed, puts, withdrawn)
    else:
        changing.send_papers(w, how, withdrawn, renewed)
    payers = {Payment.get_by_id(one.payment_id).student_id for one in freed}
    balances.recompute_all(w, {student.id, *payers})
    promises.owed_no_more(w, student.id)
    number = CourseEnrolled.get_by_id(made).number
    facts = {"old": old, "new": course.name, "number": number, "reason": reason}
    _tell(w, student.id, made, "transfer.timeline", "transfer.done", **facts)
    after = [*changing.dues_of(PayLine(made)), *(due for fee in sold for due in changing.dues_of(PayLine(None, fee)))]
    attended = SlotEnrolled.select().where(SlotEnrolled.enrollment_id == line.id, SlotEnrolled.status == "attended")
    return before.effect(
        course.name,
        after,
        moved_minor=sum(put.amount_minor for put in puts),
        seats_free=changing.named(free),
        seats_taken=changing.named(changing.booked(made, w.now)),
        kept_slots=attended.count(),
        to_plan_minor=price.gross_minor - along,
        notes=(*warnings, *lost),
    )


def _check_fee(how: Center, place: Place, student_id: int) -> None:
    """The registration fee goes along by itself, for it is no part of the old place: it is not charged once more."""
    if place.fee_product_id is None or place.fee_product_id != how.registration_product_id:
        return
    number = registration.charged_with(how, student_id)
    if number is not None:
        raise UserError("transfer.registration_charged", "items", number=number)


def _price(how: Center, draft: EnrollmentDraft, course: Any, line: Any) -> tuple[Price, list[Warning_]]:
    """The price of the new place, and what of the old discount does not go along: (message key, parameters)."""
    price, lost = _with_discount(how, draft, course, line)
    if line.waived_minor:
        lost = [*lost, ("transfer.waived_lost", {"amount": line.waived_minor, "number": line.number})]
    return price, lost


def _with_discount(how: Center, draft: EnrollmentDraft, course: Any, line: Any) -> tuple[Price, list[Warning_]]:
    """The same of the discount that was agreed for the old place, leaving aside what was waived there later."""
    if draft.discount_minor is not None:
        return enrollment.course_price(how, draft, course)[0], []
    rule = DiscountRule.get_or_none(DiscountRule.id == line.discount_rule_id) if line.discount_rule_id else None
    if rule is None:
        by_hand = line.discount_minor - line.waived_minor
        lost = [("transfer.hand_lost", {"amount": by_hand, "number": line.number})] if by_hand else []
        return enrollment.course_price(how, draft, course)[0], lost
    lost = []
    try:
        price, _choice = enrollment.course_price(how, replace(draft, coupon=rule.code or ""), course)
    except UserError as refused:
        if refused.field != "coupon":
            raise
        lost = [(refused.key, refused.params)]
        price, _choice = enrollment.course_price(how, draft, course)
    if price.discount_rule_id == rule.id:
        said = text.sentence("transfer.rule_along", {"discount": price.discount_reason, "number": line.number})
        return replace(price, discount_reason=said[: text.NAME_LIMIT]), []
    return price, lost or [("transfer.rule_lost", {"name": rule.name, "course": course.name, "number": line.number})]


def _plan(place: Place, found: Sequence[Due], left: int, along: int, today: date) -> list[tuple[str, int]]:
    """The installments of the new place: what was paid already is the first of them, the rest is planned as wanted.

    Without a plan, or where nothing is left to plan: none.
    """
    if place.plan == "own":
        wanted = enrollment.check_plan(place.installments, left, today.isoformat(), "transfer.plan_sum")
    elif place.plan == "even" and left:
        first = today if not along else enrollment.months_later(today, 1)
        wanted = list(enrollment.plan(left, place.parts, first.isoformat()))
    elif place.plan == "carry":
        wanted = _carried(found, left, today.isoformat())
    else:
        wanted = []
    if not wanted:
        return []
    made = [(min(today.isoformat(), wanted[0][0]), along)] if along else []
    if len(made) + len(wanted) > enrollment.MAX_PARTS:
        raise UserError("enrollment.parts", "installments", most=enrollment.MAX_PARTS)
    return made + wanted


def _carried(found: Sequence[Due], left: int, today: str) -> list[tuple[str, int]]:
    """What is left, on the days of the open installments and in their proportions; days that have passed are today."""
    open_ones = [due for due in found if due.kind == "installment" and due.open_minor]
    whole, so_far, given = sum(due.open_minor for due in open_ones), 0, 0
    amounts: dict[str, int] = {}
    for due in open_ones:
        so_far += due.open_minor
        share = money.divide_half_up(left * so_far, whole) - given
        given += share
        day = max(due.due_on, today)
        amounts[day] = amounts.get(day, 0) + share
    return [(day, amount) for day, amount in amounts.items() if amount]


def _bill(
    w: Write, how: Center, line: Any, billed: Sequence[Due], puts: Sequence[Put], withdrawn: Sequence[Withdrawn]
) -> None:
    """The invoice of the new place and its fee, in the place of those that were credited, to the buyer they had."""
    buyers = {(gone.invoice.student_id, gone.invoice.payer_id) for gone in withdrawn}
    to = letters.buyer(*(buyers.pop() if len(buyers) == 1 else (line.student_id, line.payer_id)))
    items = [(due, [put for put in puts if put.due.key == due.key]) for due in billed]
    invoice_id = invoices.issue_paid(w, how, to, items)
    if how.mail_invoices:
        invoices.send(w, invoice_id, to, *(gone.note_id for gone in withdrawn))


def _along(freed: Sequence[Freed], targets: Sequence[Due]) -> list[Put]:
    """Money that was set free, put on dues in their order, never more than is open; the rest stays credit."""
    room = {due.key: due.open_minor for due in targets}
    puts: list[Put] = []
    for one in freed:
        amount, payment = one.amount_minor, payments.load(one.payment_id)
        for due in targets:
            part = min(amount, room[due.key])
            if part > 0:
                puts.append(Put(payment.id, payment.method, str(payment.settled_on), due, part))
                room[due.key] -= part
                amount -= part
    return puts


def _tell(w: Write, student_id: int, line_id: int, entry: str, note: str, **facts: Any) -> None:
    link = ("courses_enrolled", line_id)
    timeline.add(w, student_id, entry, link, **facts)
    student = letters.student(student_id)
    about: dict[str, Any] = {"student": student.name, "student_id": student.student_id}
    notifications.notify(w, "payment", "center", note, link, **about, **facts)


# -- money ----------------------------------------------------------------------------------------------------


def preview_money(actor: Actor, move: MoneyMove) -> Effect:
    """What moving money would do; nothing is kept. UserErrors as from `move_money`, none about the reason."""
    require(actor, "payment.move")
    with changing.Rehearsal() as rehearsal, store.write("Move money", actor) as w:
        rehearsal.show(_money_in(w, move, "-"))
    return rehearsal.effect


def move_money(actor: Actor, move: MoneyMove, shown: Effect | None = None) -> Effect:
    """Move money from one line to another of the same student or payer; with `shown`, only as the preview said.

    The source is owed again, on the invoice it has; the target gets an invoice where it had none, made out to its payer
    or to whoever paid the money. UserErrors
    `transfer.same_line`, `transfer.above_paid`, `transfer.above_open`, `transfer.other_payer`, `payments.amount`,
    `invoices.clock_back`, `changing.stale`, or beside `reason`.
    """
    require(actor, "payment.move")
    reason = text.clean(move.reason, field="reason", required=True)
    with store.write("Move money", actor) as w:
        effect = _money_in(w, move, reason)
        changing.hold(shown, effect)
    return effect


def _money_in(w: Write, move: MoneyMove, reason: str) -> Effect:
    source, target, amount = changing.dues_of(move.source), changing.dues_of(move.target), move.amount_minor
    if not source or not target:
        raise UserError("payments.line_gone", "lines")
    if source[0].key[:2] == target[0].key[:2]:
        raise UserError("transfer.same_line", "target")
    payments.check_amount(amount)
    paid, left = sum(due.paid_minor for due in source), sum(due.open_minor for due in target)
    if amount > paid:
        raise UserError("transfer.above_paid", "amount", paid=paid, title=source[0].title)
    if amount > left:
        raise UserError("transfer.above_open", "amount", open=left, title=target[0].title)
    _check_one_payer(source, target)
    how, before = center.load(), changing.Before(source[0].student_id, [*source, *target])
    freed = invoices.take_back(w, changing.puts_on(move.source), amount)
    puts = _along(freed, target)
    for invoice_id, to in invoices.put(w, how, puts, invoices.payer_of_money(put.payment_id for put in puts)):
        if how.mail_invoices:
            invoices.send(w, invoice_id, to)
    facts: dict[str, Any] = {"amount": amount, "source": source[0].title, "target": target[0].title, "reason": reason}
    students = list(dict.fromkeys((source[0].student_id, target[0].student_id)))
    for student_id in students:
        timeline.add(w, student_id, "transfer.timeline_money", ("users", student_id), **facts)
    student = letters.student(students[0])
    about: dict[str, Any] = {"student": student.name, "student_id": student.student_id}
    link = ("users", student.student_id)
    notifications.notify(w, "payment", "center", "transfer.money_moved", link, **about, **facts)
    promises.money_came(w, {target[0].student_id})
    payers = {Payment.get_by_id(one.payment_id).student_id for one in freed}
    balances.recompute_all(w, {*students, *payers})
    after = [*changing.dues_of(move.source), *changing.dues_of(move.target)]
    return before.effect(target[0].title, after, moved_minor=amount)


def _check_one_payer(source: Sequence[Due], target: Sequence[Due]) -> None:
    """Money goes to another student only where one payer pays for both: for what it is taken off, and what it goes to.

    Siblings have their guardian in common, but what a company pays for one of them is the company's.
    """
    if identity.root(source[0].student_id) == identity.root(target[0].student_id):
        return
    paid, owed = [due for due in source if due.paid_minor], [due for due in target if due.open_minor]
    payers = {_pays(due) for due in (*paid, *owed)}
    if len(payers) > 1 or None in payers:
        raise UserError("transfer.other_payer", "target")


def _pays(due: Due) -> int | None:
    """Who is asked for a due: the payer on its invoice, else the line's own, else the usual one of the student."""
    usual = User.get_by_id(identity.root(due.student_id)).payer_id
    return next((one for one in (due.billed_to, due.payer_id, usual) if one is not None), None)
