"""The cash drawer: opened with a float, moved with a reason, closed by counting. What should be in it is derived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import JOIN, Case, fn

from app import money, store, text
from app.desk import center, notifications
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.store import Write
from app.store.models import Payment, Till, TillMove, User
from app.store.prepared import prepared


@dataclass(frozen=True)
class TillState:
    """The open drawer, amounts in minor units. Expected = float + cash in − cash refunds + paid in − paid out."""

    id: int
    name: str
    opened_at: str
    opened_by_name: str
    float_minor: int
    cash_in_minor: int
    refunds_minor: int
    paid_in_minor: int
    paid_out_minor: int

    @property
    def expected_minor(self) -> int:
        """What should be in the drawer now."""
        return self.float_minor + self.cash_in_minor - self.refunds_minor + self.paid_in_minor - self.paid_out_minor


@dataclass(frozen=True)
class Missed:
    """Cash taken and given back while the drawer was closed, in minor units: it is in no cash-up."""

    taken_minor: int
    returned_minor: int


def closed_since() -> str | None:
    """The moment since which the drawer is closed; None where it is open, or none was ever counted."""
    return None if open_id() is not None else next((at for (at,) in _counted()), None)


def missed_cash() -> Missed | None:
    """What of cash no drawer was open for since the last one was counted; None for nothing, and while one is open.

    Cash is taken while the drawer is closed, too: the people who wait pay now, whoever has the key of the drawer comes
    later, and a center may do without a drawer at all. It lies where the float is counted from, so that it is told
    before the drawer is opened, to be counted into the float, and again in the inbox when it is: what should be inside
    is then right, and the manager sees money that stands in no cash-up. Where no drawer was ever counted there is
    nothing to compare with, and nothing is told.
    """
    closed_at = closed_since()
    if closed_at is None:
        return None
    ((taken, returned),) = _missed(closed_at)
    return Missed(int(taken), int(returned)) if taken or returned else None


def open_till(actor: Actor, float_minor: int, name: str | None = None) -> int:
    """Open the drawer with what is in it; returns its id. UserError `till.already_open`, `till.amount`.

    Cash from while it was closed (`missed_cash`) is part of the float, and told to the manager.
    """
    require(actor, "till.open")
    if not 0 <= float_minor <= money.MAX_MINOR:
        raise UserError("till.amount", "float")
    with store.write("Open till", actor) as w:
        called = text.clean(name or center.load().till_name, field="name", required=True)
        running = current()
        if running is not None:
            raise UserError("till.already_open", name=running.name, since=running.opened_at)
        missed = missed_cash()
        if missed is not None:
            notifications.notify(
                w,
                "system",
                "center",
                "till.opened_after_cash",
                name=called,
                float=float_minor,
                taken=missed.taken_minor,
                returned=missed.returned_minor,
            )
        return w.insert(
            Till, name=called, status="open", opened_at=w.now, opened_by=actor.user_id, float_minor=float_minor
        )


def move(actor: Actor, kind: str, amount_minor: int, reason: str) -> int:
    """Put money in (`paid_in`) or take it out (`paid_out`) that is no payment; returns the row's id.

    UserError `till.not_open`, `till.amount`, `till.kind`, `till.not_enough`, or beside `reason`.
    """
    require(actor, "till.move")
    reason = text.clean(reason, field="reason", required=True)
    if kind not in ("paid_in", "paid_out"):
        raise UserError("till.kind", "kind")
    if not 0 < amount_minor <= money.MAX_MINOR:
        raise UserError("till.amount", "amount")
    with store.write("Move cash", actor) as w:
        return move_in(w, kind, amount_minor, reason)


def may_move(kind: str, amount_minor: int) -> TillState:
    """The drawer in which money can be moved so; UserErrors `till.not_open`, `till.not_enough`. Reads only."""
    running = _running()
    if kind == "paid_out" and amount_minor > running.expected_minor:
        raise UserError("till.not_enough", "amount", there=running.expected_minor)
    return running


def may_give(amount_minor: int) -> None:
    """UserError `till.not_enough_to_give`: the open drawer does not hold so much cash to be given back. Reads only."""
    running = current()
    if running is not None and amount_minor > max(running.expected_minor, 0):
        facts = {"name": running.name, "there": running.expected_minor, "amount": amount_minor}
        raise UserError("till.not_enough_to_give", "amount", **facts)


def move_in(w: Write, kind: str, amount_minor: int, reason: str) -> int:
    """`move` inside a running write."""
    running = may_move(kind, amount_minor)
    return w.insert(TillMove, till_id=running.id, kind=kind, amount_minor=amount_minor, reason=reason)


def close_till(actor: Actor, counted_minor: int) -> TillState:
    """Cash up: record what was counted beside what was expected, tell the manager; returns the state at the close."""
    require(actor, "till.close")
    if not 0 <= counted_minor <= money.MAX_MINOR:
        raise UserError("till.amount", "counted")
    with store.write("Close till", actor) as w:
        running = _running()
        w.update(
            Till,
            running.id,
            status="closed",
            closed_at=w.now,
            closed_by=actor.user_id,
            counted_minor=counted_minor,
            expected_minor=running.expected_minor,
        )
        notifications.notify(
            w,
            "system",
            "center",
            "till.closed" if counted_minor == running.expected_minor else "till.closed_difference",
            name=running.name,
            counted=counted_minor,
            expected=running.expected_minor,
            difference=counted_minor - running.expected_minor,
        )
        return running


def current() -> TillState | None:
    """The open drawer, or None."""
    found = _open()
    if not found:
        return None
    till_id, name, opened_at, float_minor, first, last = found[0]
    ((taken, returned),) = _cash(till_id)
    moved = dict(_moves(till_id))
    return TillState(
        id=till_id,
        name=name,
        opened_at=opened_at,
        opened_by_name=f"{first or ''} {last or ''}".strip(),
        float_minor=float_minor,
        cash_in_minor=int(taken),
        refunds_minor=int(returned),
        paid_in_minor=int(moved.get("paid_in", 0)),
        paid_out_minor=int(moved.get("paid_out", 0)),
    )


@prepared
def _open() -> Any:
    return (
        Till.select(Till.id, Till.name, Till.opened_at, Till.float_minor, User.first_name, User.last_name)
        .join(User, JOIN.LEFT_OUTER, on=(User.id == Till.opened_by))
        .where(Till.status == "open")
        .order_by(Till.id.desc())
        .limit(1)
    )


@prepared
def _counted() -> Any:
    return Till.select(Till.closed_at).where(Till.status == "closed").order_by(Till.id.desc()).limit(1)


@prepared
def _cash(till_id: int) -> Any:
    return _sums().where(Payment.till_id == till_id, Payment.status == "COMPLETED", Payment.method == "cash")


@prepared
def _missed(since: str) -> Any:
    in_cash = (Payment.status == "COMPLETED") & (Payment.method == "cash")
    return _sums().where(in_cash, Payment.till_id.is_null(), Payment.settled_at >= since)


def _sums() -> Any:
    """(taken, given back) of payments."""
    refund = Payment.payment_type == "refund"
    return Payment.select(
        fn.COALESCE(fn.SUM(Case(None, [(refund, 0)], Payment.amount_minor)), 0),
        fn.COALESCE(fn.SUM(Case(None, [(refund, Payment.amount_minor)], 0)), 0),
    )


@prepared
def _moves(till_id: int) -> Any:
    moved = TillMove.select(TillMove.kind, fn.SUM(TillMove.amount_minor))
    return moved.where(TillMove.till_id == till_id).group_by(TillMove.kind)


def open_id() -> int | None:
    """The id of the open drawer, or None: cash payments are counted in it."""
    return next((int(row[0]) for row in _open()), None)


def _running() -> TillState:
    running = current()
    if running is None:
        raise UserError("till.not_open")
    return running
