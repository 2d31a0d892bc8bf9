"""Undo: what was done at the desk is taken back as an operation of its own, which can be taken back in turn.

People, bookings, the calendar, the catalog and settings become exactly what they were. Money and documents get a
counter-entry. The timeline is history: it gains an entry, it loses none. Notifications of what is taken back are done;
mails are canceled while they still can be, and the others are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from peewee import fn

from app import clock, store
from app.desk import counter, exact, labels, naming, operations, records, timeline
from app.desk.accounts import Actor, require
from app.errors import UserError
from app.mail import queue
from app.store import Write, images, restore
from app.store.images import Touched
from app.store.models import MailQueue, Notification, Operation

#: What follows from an operation and is answered by its own rules, not put back row by row.
_FOLLOWS = frozenset({"timeline", "notifications", "notification_recipients", "mail_queue"})

#: Operations that are about a mail itself: once it has left, there is nothing to take back.
_ABOUT_MAIL = frozenset({"Write mail", "Mail document", "Edit mail address"})


#: Operations whose right depends on the record: who may not have made a super admin does not take one back either.
_ABOUT_RECORDS = frozenset({labels.BRING_BACK, "Add staff"})


@dataclass(frozen=True)
class Row:
    """One record that is put back: gone, back or changed; with its table and what people call it."""

    act: str
    table: str
    name: str


@dataclass(frozen=True)
class Preview:
    """What taking an operation back does, or would do; or the obstacle. Money is told as message keys."""

    operation_id: int
    words: str
    who: str
    at: str
    rows: tuple[Row, ...] = ()
    mails_canceled: tuple[str, ...] = ()
    mails_gone: tuple[str, ...] = ()
    money: tuple[counter.Said, ...] = ()
    obstacle: UserError | None = None


@dataclass
class _Report:
    """What was found to do; `cancel` are the ids of the mails that can still be canceled."""

    put: list[exact.Put] = field(default_factory=list)
    cancel: list[int] = field(default_factory=list)
    canceled: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    acts: list[counter.Act] = field(default_factory=list)

    @property
    def money(self) -> list[counter.Said]:
        """What is said of a counter-entry."""
        return [act.said for act in self.acts if act.said is not None]


def undo(actor: Actor, operation_id: int) -> int:
    """Take an operation back; returns the id of the operation that did it. One's own, or with `undo.others` anyone's.

    UserErrors name what stands in the way: `undo.already`, `undo.later_change` and the others of `exact`, what a
    counter-entry needs, or why an operation of this kind is never taken back.
    """
    require(actor, "undo.own")
    done = operations.load(operation_id)
    _allow(actor, done)
    touched = images.of_operation(operation_id)
    with store.write("Take back", actor, undo_of=operation_id, prove=images.prove_references) as w:
        if images.is_redacted(operation_id):
            touched = images.of_operation(operation_id)  # it may have been since it was read
        _take_back(w, done, touched)
        return int(w.operation_id)


def preview(actor: Actor, operation_id: int) -> Preview:
    """What `undo` would do, worked out from what is read: no writer waits for it. UserError `undo.no_such`."""
    require(actor, "undo.own")
    done = operations.load(operation_id)
    facts = operations.facts(operation_id)
    head = Preview(operation_id, facts["what"], facts["who"], done.at)
    try:
        _allow(actor, done)
        with store.looking():
            moment = clock.now()
            report = _found(actor, done, images.of_operation(done.id), moment)
            exact.suppose(report.put, clock.stamp(moment), done.id)
            return _told(head, done, report)
    except UserError as obstacle:
        return replace(head, obstacle=obstacle)


def _told(head: Preview, done: operations.Done, found: _Report) -> Preview:
    rows = [
        Row(act, row.table, naming.name(row.table, row.row_id, row.before or row.after))
        for act, row in _shown(done, found)
    ]
    return replace(
        head,
        rows=tuple(rows),
        mails_canceled=tuple(found.canceled),
        mails_gone=tuple(found.gone),
        money=tuple(found.money),
    )


def newest(actor: Actor) -> int:
    """The operation that Ctrl+Z means: the newest of this person at this desk that counts and was not taken back.

    None from before the last restore: what was done then is not what a hand did just now. The history offers it.
    UserErrors `undo.nothing_newer`, and `undo.newest_stays` where it is one that nothing takes back: whoever presses
    Ctrl+Z after a refund does not mean what they did before it.
    """
    require(actor, "undo.own")
    wanted = [label for label, kind in labels.LABELS.items() if not kind.quiet]
    restored = Operation.select(fn.MAX(Operation.id)).where(Operation.label == restore.LABEL)
    mine: Any = (
        Operation.select(Operation.id)
        .where(
            Operation.id > fn.COALESCE(restored, 0),
            Operation.actor_id == actor.user_id,
            Operation.desk == actor.desk,
            Operation.undo_of.is_null(),
            Operation.label.in_(wanted),
        )
        .order_by(Operation.id.desc())
        .tuples()
    )
    gone = operations.undone()
    found = next((row_id for (row_id,) in mine.iterator() if row_id not in gone), None)
    if found is None:
        raise UserError("undo.nothing_newer")
    done = operations.load(found)
    if labels.kind(done.label).way == "refused":
        raise UserError("undo.newest_stays", what=operations.words(done), why=labels.kind(done.label).why)
    return int(found)


def preview_newest(actor: Actor) -> Preview:
    """`preview` of what Ctrl+Z means. UserError `undo.nothing_newer`."""
    require(actor, "undo.own")
    return preview(actor, newest(actor))


def _allow(actor: Actor, done: operations.Done) -> None:
    """Rights: whose operation it is, and what doing it needed."""
    root = operations.load(done.root)
    for one in (done, root):
        kind = labels.kind(one.label)
        if kind.way == "refused":
            raise UserError(kind.why)
        require(actor, kind.right)
        if one is done and kind.way == "counter":
            require(actor, counter.RIGHTS[one.label])
    if root.label in _ABOUT_RECORDS:
        for row in images.of_operation(root.id):
            if records.may_come_back(row.table):
                records.require_for(actor, row.table, row.row_id)
    if done.actor_id != actor.user_id:
        require(actor, "undo.others")


def _still_counts(done: operations.Done) -> None:
    """UserError `undo.already`: it is taken back, or what would count again by this has been done otherwise since."""
    gone = operations.undone()
    asked = [done.id]
    if done.undo_of is not None:
        again = operations.load(done.undo_of)
        asked += [again.undo_of] if again.undo_of is not None else []
    for one in asked:
        by = gone.get(one)
        if by is not None:
            named = operations.facts(by)
            raise UserError("undo.already", who=named["who"], at=named["at"])


def _found(actor: Actor, done: operations.Done, touched: Sequence[Touched], moment: datetime) -> _Report:
    """What taking back does; reads only. UserErrors name what stands in the way."""
    _still_counts(done)
    report = _Report()
    _mails(done, touched, report)
    if labels.kind(done.label).way == "counter":
        report.acts = counter.look(done, touched, moment)
    else:
        rows = [row for row in touched if _is_put_back(done, row, touched)]
        report.put = exact.look(actor, rows, done.id)
    if not (report.money or report.canceled or _shown(done, report)):
        raise UserError("undo.nothing")
    return report


def _take_back(w: Write, done: operations.Done, touched: Sequence[Touched]) -> None:
    report = _found(w.actor, done, touched, w.moment)
    for mail_id in report.cancel:
        queue.cancel_in(w, mail_id)
    counter.take_back(w, report.acts)
    exact.put_back(w, report.put, done.id)
    _notifications(w, touched)
    _timeline(w, done, touched)


def _shown(done: operations.Done, report: _Report) -> list[tuple[str, Touched]]:
    """The rows people are told of."""
    rows = [(put.act, put.row) for put in report.put if put.told]
    return [(act, row) for act, row in rows if row.table != "timeline" and not _only_told(done, row)]


def _only_told(done: operations.Done, row: Touched) -> bool:
    """Whether a notification was moved only because what it told of was taken back, and not by someone at the inbox."""
    if done.undo_of is None or row.table != "notifications" or row.before is None:
        return False
    return images.of_row(row.table, row.row_id)[-1].operation_id == done.root


def _is_put_back(done: operations.Done, row: Touched, touched: Sequence[Touched]) -> bool:
    """Whether a row is put back by its image: all but history, numbers, and what was told because of the operation."""
    if row.table == "series":
        return False  # a number that was said aloud is not given twice
    if _only_told(done, row) and images.differing(images.present(row.table, row.row_id), row.after):
        return False  # someone has worked on it since
    if row.table == "notification_recipients":
        return row.before is not None or not any(
            other.table == "notifications" and other.before is None for other in touched
        )
    return row.table not in _FOLLOWS or row.before is not None


def _mails(done: operations.Done, touched: Sequence[Touched], report: _Report) -> None:
    """What the operation put in the queue is canceled while no copy may have left."""
    for row in touched:
        if row.table != "mail_queue" or row.before is not None:
            continue
        mail = MailQueue.get_by_id(row.row_id)
        if done.label == "Complete payment" and mail.template_key == "invoice":
            continue  # a document that stays, on its way to somebody else than the receipt
        name = mail.to_name or mail.to_address
        if mail.state in queue.LEFT:
            if done.label in _ABOUT_MAIL:
                raise UserError("undo.mail_gone", name=name)
            report.gone.append(name)
        elif mail.state != "canceled":
            report.cancel.append(mail.id)
            report.canceled.append(name)


def _notifications(w: Write, touched: Sequence[Touched]) -> None:
    """What was told because of the operation needs nobody any more."""
    for row in touched:
        if row.table == "notifications" and row.before is None:
            kept = Notification.get_by_id(row.row_id)
            if kept.done_at is None:
                w.update(Notification, kept.id, done_at=w.now, done_by=w.actor.user_id)


def _timeline(w: Write, done: operations.Done, touched: Sequence[Touched]) -> None:
    """Those on whose timeline the operation stands read there that it was taken back."""
    key = "undo.timeline_again" if done.depth % 2 else "undo.timeline"
    what = labels.key(operations.load(done.root).label)
    people = {
        int(row.after["user_id"]) for row in touched if row.table == "timeline" and row.before is None and row.after
    }
    timeline.add_to_all(w, people, key, what=what)


__all__ = ["Preview", "Row", "newest", "preview", "preview_newest", "undo"]
