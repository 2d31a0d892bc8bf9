"""The mail queue: queued → sending → sent | queued again | failed | uncertain; also held and canceled.

`enqueue` runs inside the event's own write; everything after it is a write of its own, so that no transaction is
ever open while a server is talked to. What may have been accepted is never sent again by itself (DOMAIN.md, "Mail").
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app import clock, store
from app.desk import center, identity, notifications, timeline
from app.desk.accounts import SYSTEM, Actor, require
from app.errors import UserError
from app.mail import compose
from app.store import Write
from app.store.models import MailAccount, MailAttempt, MailQueue
from app.store.prepared import prepared
from app.text import TEXT_LIMIT
from app.text import clean as check_text

if TYPE_CHECKING:
    from app.mail.smtp import Outcome

#: Minutes to wait after the first, second, … refused try; after the last one the message has failed.
BACK_OFF = (1, 15, 30, 60, 120, 240, 480)
MOST_TRIES = len(BACK_OFF) + 1

#: How long a claimed message belongs to who claimed it, in seconds.
LEASE_SECONDS = 180

#: A message that is being sent, or was, can no longer be canceled: a copy may have left.
LEFT = ("sending", "sent", "uncertain")

#: Makes the attachment that a reference such as {"kind": "invoice", "id": 7} stands for.
Resolver = Callable[[dict[str, Any]], compose.Attachment]


@dataclass(frozen=True)
class Claimed:
    """A message that is ours to send until the lease ends."""

    id: int
    to_address: str
    mime: bytes


def enqueue(
    w: Write,
    *,
    event_key: str,
    to_name: str,
    to_address: str,
    template_key: str,
    language: str,
    params: dict[str, Any],
    student_id: int | None = None,
    payer_id: int | None = None,
    attachments: Sequence[dict[str, Any]] = (),
) -> int:
    """Put one message to one recipient in the queue, inside the event's write; returns its id.

    Recipient, text, Message-ID and Date are frozen now. A second enqueue of the same event changes nothing and
    returns the message that is there. UserErrors as from `compose`.
    """
    for (known,) in _of_event(event_key):
        return int(known)
    here = center.load()
    subject, body = compose.freeze(template_key, language, {"center": here.name, **params})
    address = compose.check_address(to_address)
    mail = w.insert(
        MailQueue,
        event_key=event_key,
        student_id=student_id,
        payer_id=payer_id,
        to_name=to_name,
        to_address=address,
        subject=subject,
        text=body,
        attachments=json.dumps(list(attachments)),
        template_key=template_key,
        language=language,
        message_id=compose.message_id(here.email.rpartition("@")[2] or "deskbell.invalid"),
        date=compose.date_header(here.zone),
        next_try_at=w.now,
    )
    if student_id is not None:
        timeline.add(w, student_id, "mail.queued_timeline", ("mail_queue", mail), subject=subject)
    return mail


@prepared
def _of_event(event_key: str) -> Any:
    return MailQueue.select(MailQueue.id).where(MailQueue.event_key == event_key)


def of_event(event_key: str) -> list[Any]:
    """The messages that tell of an event: its own, and those that took its place under another address."""
    # What takes a place is called by the event, "#to:" and the message before it; "$" follows "#".
    theirs = (MailQueue.event_key >= event_key) & (MailQueue.event_key < f"{event_key}$")
    columns = (MailQueue.id, MailQueue.state, MailQueue.attachments)
    return list(MailQueue.select(*columns).where(theirs).order_by(MailQueue.id))


def write_mail(actor: Actor, student_id: int, to_name: str, to_address: str, subject: str, text: str) -> int:
    """Queue a message that someone at the desk wrote; returns its id.

    UserErrors as from `enqueue` and `identity.in_sight`: the person may have been erased since it was begun.
    """
    require(actor, "mail.write")
    compose.check_subject(subject)
    with store.write("Write mail", actor) as w:
        return enqueue(
            w,
            event_key=f"message:{store.uuid7()}",
            to_name=to_name,
            to_address=to_address,
            template_key="message",
            language="en",
            params={"subject": subject, "text": text},
            student_id=identity.in_sight(student_id),
        )


def write_mails(actor: Actor, to: Sequence[tuple[int, str, str]], subject: str, text: str) -> list[int]:
    """Queue one message for each of several students (id, name, address): all or none; returns their ids.

    UserErrors beside `subject` and `text`; `mail.bad_address` names the address that is none.
    """
    require(actor, "mail.write")
    subject = check_text(subject, field="subject", required=True)
    body = check_text(text, field="text", limit=TEXT_LIMIT, required=True, multiline=True)
    compose.check_subject(subject)
    with store.write("Write mails", actor) as w:
        return [
            enqueue(
                w, event_key=f"message:{store.uuid7()}", to_name=name, to_address=address, template_key="message",
                language="en", params={"subject": subject, "text": body}, student_id=identity.in_sight(student),
            )
            for student, name, address in to
        ]  # fmt: skip


# -- sending -------------------------------------------------------------------------------------------------


def build(from_header: str, resolver: Resolver, limit: int = 20) -> int:
    """Make the MIME bytes of due messages that have none yet, once and for all; returns how many.

    The bytes are made outside any transaction and stored with their hash. A message that cannot be made has failed
    alone, in words: every other one would wait behind it for ever.
    """
    rows = list(
        MailQueue.select()
        .where(MailQueue.state == "queued", MailQueue.mime_hash.is_null(), MailQueue.next_try_at <= clock.stamp())
        .order_by(MailQueue.id)
        .limit(limit)
    )
    made: list[tuple[int, bytes]] = []
    broken: list[tuple[Any, str]] = []
    for row in rows:
        try:
            mime = compose.build_mime(
                from_header=from_header,
                to_name=row.to_name,
                to_address=row.to_address,
                subject=row.subject,
                body=row.text,
                message_id=row.message_id,
                date=row.date,
                attachments=[resolver(reference) for reference in json.loads(row.attachments)],
            )
        except (UserError, ValueError, LookupError) as error:
            broken.append((row, str(error)))
            continue
        made.append((row.id, mime))
    if not rows:
        return 0
    with store.write("Build mails", SYSTEM) as w:
        for mail_id, mime in made:
            if _state(mail_id) == "queued":
                digest = hashlib.sha256(mime).hexdigest()
                w.update(MailQueue, mail_id, mime=mime, mime_hash=digest, from_header=from_header)
        for row, words in broken:
            if _state(row.id) != "queued":
                continue
            w.update(MailQueue, row.id, state="failed", reason="mail.attachment_missing", last_reply=words)
            _tell(w, row, "mail.failed_notice")
    return len(made)


def claim(who: str, limit: int = 10) -> list[Claimed]:
    """Take due messages for sending, each under a lease. Only built ones can be claimed.

    One whose bytes are not those that were built is not sent: it has failed, alone.
    """
    now = clock.now()
    due = (
        MailQueue.select(MailQueue.id, MailQueue.to_address, MailQueue.mime, MailQueue.mime_hash)
        .where(
            MailQueue.state == "queued",
            MailQueue.next_try_at <= clock.stamp(now),
            MailQueue.mime_hash.is_null(False),
        )
        .order_by(MailQueue.next_try_at, MailQueue.id)
        .limit(limit)
    )
    if not due.exists():
        return []
    claimed = []
    with store.write("Claim mails", SYSTEM) as w:
        until = clock.stamp(now + timedelta(seconds=LEASE_SECONDS))
        for row in list(due):
            mime = bytes(row.mime or b"")
            if hashlib.sha256(mime).hexdigest() != row.mime_hash:
                w.update(MailQueue, row.id, state="failed", reason="mail.bytes_changed", next_try_at=None)
                _tell(w, MailQueue.get_by_id(row.id), "mail.failed_notice")
                continue
            w.update(MailQueue, row.id, state="sending", stage="claimed", lease_until=until, lease_by=who)
            claimed.append(Claimed(row.id, row.to_address, mime))
    return claimed


def mark_final_dot(mail_id: int) -> None:
    """Commit that the server may have the message from now on; called before the final dot leaves."""
    with store.write("Mail leaves", SYSTEM) as w:
        w.update(MailQueue, mail_id, stage="dot")


def settle(mail_id: int, outcome: Outcome, started_at: str) -> str:
    """Write down what became of a claimed message; returns its new state.

    A destination that does not answer burns no try: the message waits with the whole queue.
    """
    with store.write("Settle mail", SYSTEM) as w:
        row = MailQueue.get_by_id(mail_id)
        if row.state != "sending":
            raise RuntimeError(f"mail {mail_id} is {row.state}, not sending")
        free: dict[str, Any] = {
            "lease_until": None,
            "lease_by": "",
            "stage": outcome.stage,
            "last_reply": outcome.reply,
        }
        if outcome.kind in ("offline", "refused_account"):
            w.update(MailQueue, mail_id, state="queued", **free)
            return "queued"
        tries = row.tries + 1
        w.insert(
            MailAttempt,
            mail_id=mail_id,
            attempt=tries,
            started_at=started_at,
            ended_at=w.now,
            outcome=outcome.kind,
            stage=outcome.stage,
            reply=outcome.reply,
        )
        if outcome.kind == "sent":
            w.update(MailQueue, mail_id, state="sent", sent_at=w.now, tries=tries, next_try_at=None, **free)
            return "sent"
        if outcome.kind == "uncertain":
            _uncertain(w, row, tries, free)
            return "uncertain"
        if outcome.kind == "deferred" and tries < MOST_TRIES:
            later = clock.stamp(w.moment + timedelta(minutes=BACK_OFF[tries - 1]))
            w.update(MailQueue, mail_id, state="queued", tries=tries, next_try_at=later, **free)
            return "queued"
        reason = "mail.gave_up" if outcome.kind == "deferred" else "mail.refused"
        if outcome.kind == "failed" and outcome.stage in ("data", "dot"):
            reason = "mail.message_refused"
        w.update(MailQueue, mail_id, state="failed", reason=reason, tries=tries, next_try_at=None, **free)
        _tell(w, row, "mail.failed_notice", reply=outcome.reply)
        return "failed"


def give_back(mail_ids: Sequence[int], who: str) -> None:
    """Return claimed messages that were not begun."""
    with store.write("Give mails back", SYSTEM) as w:
        for row in list(MailQueue.select().where(MailQueue.id.in_(list(mail_ids)), MailQueue.lease_by == who)):
            if row.state == "sending" and row.stage == "claimed":
                w.update(MailQueue, row.id, state="queued", stage="", lease_until=None, lease_by="")


def recover(*, everything: bool = False) -> int:
    """Free messages whose sender is gone: lease over, or with `everything` (at the start, when we alone own the
    file) all of them. Past the mark the server may have it: uncertain. Before it: queued again. Returns how many.
    """
    left = MailQueue.select().where(MailQueue.state == "sending")
    if not everything:
        left = left.where(MailQueue.lease_until < clock.stamp())
    if not left.exists():
        return 0
    with store.write("Recover mails", SYSTEM) as w:
        rows = list(left)
        for row in rows:
            free: dict[str, Any] = {"lease_until": None, "lease_by": ""}
            if row.stage == "dot":
                w.insert(
                    MailAttempt,
                    mail_id=row.id,
                    attempt=row.tries + 1,
                    started_at=row.updated_at,
                    ended_at=w.now,
                    outcome="uncertain",
                    stage="dot",
                )
                _uncertain(w, row, row.tries + 1, free)
            else:
                w.update(MailQueue, row.id, state="queued", stage="", **free)
        return len(rows)


# -- what a person does with a message -----------------------------------------------------------------------


def retry_now(actor: Actor, mail_id: int) -> None:
    """Try a queued or failed message again at once."""
    require(actor, "mail.settle")
    with store.write("Try mail now", actor) as w:
        row = _expect(mail_id, "queued", "failed", "held")
        if row.reason == "mail.bytes_changed":
            raise UserError("mail.bytes_changed")
        w.update(MailQueue, mail_id, state="queued", next_try_at=w.now, reason="")


def hold(actor: Actor, mail_id: int) -> None:
    """Keep a queued message back until it is released with `retry_now`."""
    require(actor, "mail.settle")
    with store.write("Hold mail", actor) as w:
        _expect(mail_id, "queued")
        w.update(MailQueue, mail_id, state="held")


def cancel(actor: Actor, mail_id: int) -> None:
    """Never send this message. Not possible once a copy may have left."""
    require(actor, "mail.settle")
    with store.write("Cancel mail", actor) as w:
        _expect(mail_id, "queued", "failed", "held")
        cancel_in(w, mail_id)


def cancel_in(w: Write, mail_id: int) -> None:
    """`cancel` inside a running write, of a message that is in none of the states `LEFT`."""
    w.update(MailQueue, mail_id, state="canceled", next_try_at=None)


def edit_address(actor: Actor, mail_id: int, address: str) -> int:
    """Send the same text to another address: the old message is canceled, a new one takes its place.

    Only while no copy may have reached anyone; returns the new message's id.
    """
    require(actor, "mail.settle")
    address = compose.check_address(address)
    with store.write("Edit mail address", actor) as w:
        row = _expect(mail_id, "queued", "failed", "held")
        cancel_in(w, mail_id)
        new = {
            name: getattr(row, name)
            for name in (
                "student_id", "payer_id", "to_name", "subject", "text", "attachments", "template_key", "language",
            )
        }  # fmt: skip
        here = center.load()
        return w.insert(
            MailQueue,
            **new,
            event_key=f"{row.event_key}#to:{mail_id}",
            to_address=address,
            replaces_id=mail_id,
            message_id=compose.message_id(here.email.rpartition("@")[2] or "deskbell.invalid"),
            date=compose.date_header(here.zone),
            next_try_at=w.now,
        )


def resolve_uncertain(actor: Actor, mail_id: int, *, arrived: bool) -> None:
    """A person says whether an uncertain message arrived; if not, it is sent again."""
    require(actor, "mail.settle")
    with store.write("Settle uncertain mail", actor) as w:
        row = _expect(mail_id, "uncertain")
        w.insert(
            MailAttempt,
            mail_id=mail_id,
            attempt=row.tries + 1,
            started_at=w.now,
            ended_at=w.now,
            outcome="resolved",
            stage="arrived" if arrived else "send_again",
        )
        if arrived:
            w.update(MailQueue, mail_id, state="sent", sent_at=w.now, tries=row.tries + 1, next_try_at=None, reason="")
        else:
            w.update(MailQueue, mail_id, state="queued", tries=row.tries + 1, next_try_at=w.now, reason="", stage="")


# -- the account ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AccountDraft:
    """A mail account as typed; its password goes to `secrets`, never here."""

    host: str
    port: int = 587
    security: str = "starttls"
    username: str = ""
    from_address: str = ""
    from_name: str = ""


def save_account(actor: Actor, draft: AccountDraft) -> int:
    """Make this the account mails are sent with; returns its id."""
    require(actor, "settings.edit")
    host = draft.host.strip()
    if not host or any(char.isspace() or ord(char) < 33 for char in host) or len(host) > 253:
        raise UserError("mail.bad_host", "host")
    if not 1 <= draft.port <= 65535:
        raise UserError("mail.bad_port", "port")
    if draft.security not in ("starttls", "tls", "none"):
        raise UserError("mail.bad_security", "security")
    if draft.security == "none" and draft.username:
        raise UserError("mail.password_needs_tls", "security")
    try:
        address = compose.check_address(draft.from_address)
    except UserError as error:
        raise UserError(error.key, "from_address", **error.params) from error
    row: dict[str, Any] = {
        "name": host,
        "host": host,
        "port": draft.port,
        "security": draft.security,
        "username": draft.username.strip(),
        "from_address": address,
        "from_name": compose.check_subject(draft.from_name),
    }
    with store.write("Save mail account", actor) as w:
        known = MailAccount.get_or_none(MailAccount.active == 1)
        if known is None:
            return w.insert(MailAccount, **row)
        w.update(MailAccount, known.id, **row)
        return int(known.id)


def active_account() -> Any | None:
    """The account mails are sent with, None if the center has not entered one."""
    return MailAccount.get_or_none(MailAccount.active == 1)


# -- inside --------------------------------------------------------------------------------------------------


def _state(mail_id: int) -> str:
    return str(MailQueue.select(MailQueue.state).where(MailQueue.id == mail_id).scalar())


def _expect(mail_id: int, *states: str) -> Any:
    row = MailQueue.get_or_none(MailQueue.id == mail_id)
    if row is None:
        raise UserError("store.gone")
    if row.state == "uncertain" and "uncertain" not in states:
        raise UserError("mail.may_have_arrived", address=row.to_address)
    if row.state not in states:
        raise UserError("mail.not_settled", state=row.state)
    return row


def _uncertain(w: Write, row: Any, tries: int, free: dict[str, Any]) -> None:
    values: dict[str, Any] = {
        **free,
        "state": "uncertain",
        "tries": tries,
        "next_try_at": None,
        "reason": "mail.line_broke",
    }
    w.update(MailQueue, row.id, **values)
    _tell(w, row, "mail.uncertain_notice")


def _tell(w: Write, row: Any, key: str, **params: Any) -> None:
    link = ("mail_queue", row.id)
    notifications.notify(w, "message", "center", key, link, name=row.to_name or row.to_address, **params)
