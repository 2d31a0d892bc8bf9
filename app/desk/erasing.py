"""Erasing a person on request: what the law lets go is gone, what must be kept is listed before and after.

Gone: names, contact, birth date, notes, attachments, the words of mails, of the timeline and of notifications, what was
typed beside a payment, a purchase or a promise, the name in what was written about others (`traces`), and all of it in
the record of changes, the search index, free pages and the log. Kept: invoices as they were issued and payments with
their amounts, means and days (commercial and tax law), enrollments, quotes and attendance without a name. It cannot be
taken back, so a verified copy is made before. That one and those made earlier hold the person until they are thinned:
they are listed, and a restore of one erases again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from app import paths, store, text
from app.desk import center, identity, leaving, notes, notifications, payments, refunds, timeline, traces
from app.desk.accounts import Actor, require
from app.desk.traces import GONE, Names
from app.errors import EnvironmentFault, UserError
from app.store import Write, backup, erasure, images, search
from app.store.models import (
    Attachment,
    CourseEnrolled,
    Invoice,
    MailAttempt,
    MailQueue,
    Note,
    Notification,
    Payer,
    Payment,
    ProductEnrolled,
    Promise,
    Quote,
    Session,
    SlotEnrolled,
    Timeline,
    User,
)

#: The address that no mail reaches (RFC 2606).
NOWHERE = "erased@erased.invalid"

#: Parameters of the timeline and of notifications that say nothing about a person; numbers say nothing either.
_SAFE = frozenset(
    {"at", "until", "on", "due_on", "number", "label", "course", "product", "method", "what", "fields", "count"}
)

#: As many names of a kind are told; the count is always whole.
MOST_NAMES = 50


@dataclass(frozen=True)
class Part:
    """So many records of a kind, by name."""

    kind: str
    count: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """What erasing a person takes away and what stays; what to know first (message keys with parameters); copies that
    still hold the person, as the day they were made; or the obstacle.
    """

    student_id: int
    version: int
    name: str
    number: str
    gone: tuple[Part, ...]
    stays: tuple[Part, ...]
    warnings: tuple[tuple[str, Mapping[str, Any]], ...]
    copies: tuple[str, ...]
    obstacle: UserError | None = None


@dataclass(frozen=True)
class Erased:
    """What an erasure left: what stays, the copies that still hold the person, and why the file is not clean yet."""

    operation_id: int
    number: str
    stays: tuple[Part, ...]
    copies: tuple[str, ...]
    unclean: EnvironmentFault | None = None


# -- looking ---------------------------------------------------------------------------------------------------


def preview(student_id: int, data_dir: Path) -> Preview:
    """What `erase` would do. UserErrors `store.gone`, `people.not_a_student`; nothing is written."""
    student = identity.student(student_id)
    records = list(identity.records(student.id))
    obstacle = None
    try:
        _check(student, records)
    except UserError as error:
        obstacle = error
    return Preview(
        student_id=student.id,
        version=student.version,
        name=_name(student),
        number=student.number,
        gone=_goes(student, records),
        stays=_stays(records),
        warnings=_warnings(student),
        copies=_copies(records, data_dir),
        obstacle=obstacle,
    )


def back_up_first(data_dir: Path, stop: Callable[[], bool] = lambda: False) -> backup.Backup:
    """A verified copy before somebody is erased. EnvironmentFault `erase.no_backup` where it is unsound."""
    return backup.take_first(data_dir, "erase", "erase.no_backup", stop)


def _check(student: Any, records: list[int], version: int | None = None) -> None:
    if student.erased_at is not None:
        raise UserError("erase.already", number=student.number)
    waits = Payment.get_or_none(Payment.student_id.in_(records), Payment.status == "STARTED")
    if waits is not None:
        raise UserError("erase.started", number=waits.number)
    if MailQueue.select().where(_mails(records), MailQueue.state == "sending").exists():
        raise UserError("erase.sending")
    if version is not None and student.version != version:
        raise UserError("store.changed_meanwhile")


def _goes(student: Any, records: list[int]) -> tuple[Part, ...]:
    contact = [
        str(value)
        for value in (_name(student), student.email, student.phone, student.date_of_birth, student.address,
                      f"{student.emergency_name} {student.emergency_phone}".strip())
        if value
    ]  # fmt: skip
    others = [f"{_name(row)} ({row.number})" for row in User.select().where(User.id.in_(records[1:]))]
    found = [
        Part("users", len(contact), tuple(one.replace("\n", ", ") for one in contact)),
        Part("merged", len(others), tuple(others)),
        _part("notes", (row.text.replace("\n", " ")[:80] for row in Note.select().where(Note.user_id.in_(records)))),
        _part("attachments", (row.file_name for row in _attachments(records))),
        _part("mail_queue", (row.subject for row in MailQueue.select(MailQueue.subject).where(_mails(records)))),
        Part(
            "words",
            sum(_has_words(row) for model in _WORDED for row in model.select().where(model.student_id.in_(records))),
        ),
        Part("promises", Promise.select().where(Promise.student_id.in_(records)).count()),
        Part("timeline", Timeline.select().where(Timeline.user_id.in_(records)).count()),
        _part("slot_enrolled", (seat.title for seat in leaving.preview(student.id).seats)),
    ]
    return tuple(part for part in found if part.count)


def _has_words(row: Any) -> bool:
    """Whether somebody typed something beside a purchase, a seat, a payment or a quote."""
    kept = vars(row)["__data__"]
    return any(kept[name] for name in _BLANKS[row._meta.table_name](kept) if name != "draft")


def _stays(records: list[int]) -> tuple[Part, ...]:
    invoices = Invoice.select(Invoice.label, Invoice.buyer_name).where(Invoice.student_id.in_(records))
    paid = Payment.select(Payment.number, Payment.amount_minor).where(Payment.student_id.in_(records))
    enrolled = CourseEnrolled.select(CourseEnrolled.number).where(CourseEnrolled.student_id.in_(records))
    bought = ProductEnrolled.select(ProductEnrolled.number).where(ProductEnrolled.student_id.in_(records))
    quoted = Quote.select(Quote.number).where(Quote.student_id.in_(records))
    payers = Payer.select(Payer.name).join(User, on=(User.payer_id == Payer.id)).where(User.id.in_(records)).distinct()
    found = [
        _part("invoices", (f"{row.label}, {row.buyer_name}" for row in invoices.order_by(Invoice.id))),
        _part("payments", (f"{row.number}, {text.show_money(row.amount_minor)}" for row in paid.order_by(Payment.id))),
        _part("courses_enrolled", (row.number for row in enrolled.order_by(CourseEnrolled.id))),
        _part("product_enrolled", (row.number for row in bought.order_by(ProductEnrolled.id))),
        _part("quotes", (row.number for row in quoted.order_by(Quote.id))),
        _part("payers", (row.name for row in payers)),
    ]
    return tuple(part for part in found if part.count)


def _part(kind: str, names: Iterable[str]) -> Part:
    every = list(names)
    return Part(kind, len(every), tuple(every[:MOST_NAMES]))


def _warnings(student: Any) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    found: list[tuple[str, Mapping[str, Any]]] = []
    owed = sum(line.open_minor for line in payments.owed(student.id))
    credit = refunds.student_credit_minor(student.id)
    if owed:
        found.append(("erase.owes", {"amount": owed}))
    if credit:
        found.append(("erase.credit", {"amount": credit}))
    if student.last_name:
        named = Session.select(Session.name).where(
            Session.name.contains(student.last_name), Session.name.contains(student.first_name)
        )
        found += [("erase.session", {"name": row.name}) for row in named]
    return tuple(found)


def _copies(records: list[int], data_dir: Path) -> tuple[str, ...]:
    """Copies made since the person came, newest first, as people read their moment; then those at the second place."""
    came = min(row.created_at for row in User.select(User.created_at).where(User.id.in_(records)))
    since = f"{came[:19]}.000Z"  # the name of a copy tells its second
    found = [text.show(one.made_at, "stamp") for one in backup.listing(data_dir) if one.made_at >= since]
    found += [path.name for path in sorted(data_dir.glob("before-restore-*.db"), reverse=True)]
    place = center.second_place()
    if place is not None:
        own = backup.center_of(paths.data_file(data_dir))  # a stick may hold another center's, too
        there = [one for one in backup.in_place(place[0], own) if one.made_at >= since]
        found += [f"{text.show(one.made_at, 'stamp')} ({place[0]})" for one in there] if there else [str(place[0])]
    return tuple(found)


def _name(person: Any) -> str:
    return f"{person.first_name} {person.last_name}".strip()


def _mails(records: list[int]) -> Any:
    return MailQueue.student_id.in_(records)


def _attachments(records: list[int]) -> list[Any]:
    """Files kept about a person, at them and at their notes, or about what they bought, were quoted or booked; also
    removed ones.
    """
    found: Any = notes.of_people(records, ever=True)
    for model in _FILED:
        mine = model.select(model.id).where(model.student_id.in_(records))
        found |= (Attachment.subject_table == model._meta.table_name) & Attachment.subject_id.in_(mine)
    return list(Attachment.select(Attachment.id, Attachment.file_name).where(found))


#: What a file may be about that is a person's own. What documents and payments are proven by stays with them.
_FILED: tuple[Any, ...] = (CourseEnrolled, ProductEnrolled, SlotEnrolled, Quote, Promise)


# -- doing -----------------------------------------------------------------------------------------------------


def erase(actor: Actor, student_id: int, version: int | None = None) -> Erased:
    """Erase a person; returns what stays. Only an admin may, and nobody takes it back.

    UserErrors `erase.already`, `erase.started` and `erase.sending` (a payment or a mail under way), `store.gone`,
    `store.changed_meanwhile`. The file is cleaned after the commit; where that fails (`Erased.unclean`) the person is
    erased all the same, and `finish` cleans later.
    """
    require(actor, "people.erase")
    data_dir = store.data_folder()
    student = identity.student(student_id)
    records = list(identity.records(student.id))
    _check(student, records, version)
    copies = _copies(records, data_dir)
    erasure.note(data_dir, clean=False)  # before the commit: a kill after it leaves bytes to be cleaned away
    with store.write("Erase person", actor) as w:
        student = identity.student(student_id)
        records = list(identity.records(student.id))
        _check(student, records, version)
        uids = [row.uid for row in User.select(User.uid).where(User.id.in_(records))]
        stays = _stays(records)  # by now: who paid for them is no longer on the record after it
        _erase_in(w, student, records)
    return Erased(w.operation_id, student.number, stays, copies, _after(data_dir, uids))


def erase_again(actor: Actor, uids: Iterable[str]) -> int:
    """Erase those of `uids` who are back, as after a restore of an older copy; returns how many people it was."""
    require(actor, "people.erase")
    wanted = sorted(uids)
    count = 0
    back = User.select(User.id).where(User.uid.in_(wanted), User.erased_at.is_null(), User.role == "student")
    for student_id in dict.fromkeys(identity.root(row.id) for row in list(back)):
        with store.write("Erase person", actor) as w:
            student = identity.student(student_id)
            _erase_in(w, student, list(identity.records(student_id)), "erase.again")
            count += 1
    return count


def finish(actor: Actor) -> bool:
    """Clean the file where an erasure was stopped before it had, or an older program left words of an erased person on
    payments; True if it was cleaned now.

    EnvironmentFault `store.locked`, `store.disk_full` where that must wait once more.
    """
    require(actor, "people.erase")
    data_dir = store.data_folder()
    left = _worded()
    if left:
        erasure.note(data_dir, clean=False)
    for student_id in left:
        with store.write("Erase person", actor) as w:
            _erase_in(w, identity.student(student_id), list(identity.records(student_id)), "")
    if erasure.known(data_dir).clean:
        return False
    erasure.clean()
    erasure.note(data_dir, (row.uid for row in User.select(User.uid).where(User.erased_at.is_null(False))), clean=True)
    return True


def _worded() -> list[int]:
    """Who was erased when words beside a payment could not be."""
    words = (Payment.reference != "") | (Payment.note != "") | Payment.reason.not_in(["", GONE])
    query = Payment.select(Payment.student_id).join(User, on=(User.id == Payment.student_id))
    found = query.where(User.erased_at.is_null(False), Payment.created_at <= User.erased_at, words)
    return sorted({identity.root(row.student_id) for row in found})


def _after(data_dir: Path, uids: list[str]) -> EnvironmentFault | None:
    try:
        erasure.note(data_dir, uids)
        erasure.clean()
        erasure.note(data_dir, clean=True)
    except EnvironmentFault as fault:
        return fault
    return None


def _erase_in(w: Write, student: Any, records: list[int], told: str = "erase.done") -> None:
    story = erasure.images_of("users", records)
    names = _every_name(story)
    leaving.release(w, student.id)
    touched = _ever_theirs(records)
    gone: list[tuple[Any, int]] = [(Note, row.id) for row in Note.select(Note.id).where(Note.user_id.in_(records))]
    gone += [(Attachment, row.id) for row in _attachments(records)]
    for model, row_id in gone:
        touched[model._meta.table_name].add(row_id)
        w.delete(model, row_id)
    _blank_rows(w, touched, records)
    others = _blank_told(w, touched, records, names)
    for record in records:
        values = {**_user({}, center.load().language), "erased_at": w.now}
        if record == student.id:
            values["status"] = "inactive"
        w.update(User, record, **values)
    touched["users"] = set(records)
    timeline.add(w, student.id, "erase.timeline", ("users", student.id))
    if told:
        notifications.notify(w, "delete", "center", told, ("users", student.id), number=student.number)
    search.index(w.connection, "users", student.id)
    traces.cut_words(w, names, touched)
    traces.forget_views(w, names, traces.known_by(story))
    erasure.forget_words(w)
    for table, ids in (*touched.items(), *others.items()):
        of_others = ids is others.get(table)
        blank = partial(_blank, table, names, of_others)
        erasure.redact(w, table, sorted(ids), blank, moved_only=of_others)
    _redact_lent(w, records, story)


def _every_name(story: list[dict[str, Any]]) -> Names:
    """What the person was ever called: it may stand in what was told about others."""
    erased = text.sentence("erase.person")
    pairs = ((one.get("first_name", ""), one.get("last_name", "")) for one in story)
    return Names(pair for pair in pairs if len("".join(pair)) > 2 and pair[0] != erased)


def _ever_theirs(records: list[int]) -> dict[str, set[int]]:
    """Table → rows that are or were theirs, also those that are gone; not what is somebody else's again."""
    found: dict[str, set[int]] = {}
    of: list[tuple[Any, str]] = [(Note, "user_id"), *((model, "student_id") for model in _WORDED)]
    for model, column in of:
        table = model._meta.table_name
        ever = erasure.rows_ever(table, column, records)
        standing = dict(model.select(model.id, getattr(model, column)).where(model.id.in_(ever)).tuples())
        mine = {row.id for row in model.select(model.id).where(getattr(model, column).in_(records))}
        found[table] = mine | {one for one in ever if standing.get(one, records[0]) in records}
    holders = ["notes", *(model._meta.table_name for model in _FILED)]
    filed = [("users", records), *((table, sorted(found[table])) for table in holders)]
    ever = sorted({one for table, ids in filed if ids for one in _attached_ever(table, ids)})
    theirs = {row.id for row in _attachments(records)}
    there = {row.id for row in Attachment.select(Attachment.id).where(Attachment.id.in_(ever))}
    found["attachments"] = (set(ever) - there) | theirs
    return found


def _attached_ever(table: str, ids: list[int]) -> list[int]:
    return erasure.rows_ever("attachments", "subject_id", ids, ("subject_table", table))


def _redact_lent(w: Write, records: list[int], story: list[dict[str, Any]]) -> None:
    """What another record took over from theirs for as long as the two were merged goes from that one's story."""
    names = [name for name in _user({}, "") if name != "language"]
    theirs = {name: {one.get(name) for one in story} - {None, ""} for name in names}
    for record in records:
        into, since = None, 0
        for moment in reversed(images.of_row("users", record)):
            now = (moment.after or {}).get("merged_into")
            if now == into:
                continue
            if into is not None and into not in records:
                _redact_loan(w, into, (since, moment.operation_id), theirs)
            into, since = now, moment.operation_id


def _redact_loan(w: Write, record: int, among: tuple[int, int], theirs: Mapping[str, set[Any]]) -> None:
    own = next((one.before for one in reversed(images.of_row("users", record, among[0] - 1)) if one.before), None)
    if own is None:
        return
    kept = own

    def blank(image: dict[str, Any]) -> dict[str, Any]:
        return {**image, **{name: kept[name] for name, lent in theirs.items() if image.get(name) in lent}}

    erasure.redact(w, "users", [record], blank, moved_only=True, among=among)


#: Rows with free words about a person.
_WORDED: tuple[Any, ...] = (CourseEnrolled, ProductEnrolled, SlotEnrolled, Payment, Quote, Promise)


def _blank_rows(w: Write, touched: dict[str, set[int]], records: list[int]) -> None:
    """Free words on purchases, seats, payments and promises; the text, address and bytes of mails, and what servers
    said about them.
    """
    for model in _WORDED:
        for row in list(model.select().where(model.student_id.in_(records))):
            _update(w, model, row, {"status": "withdrawn"} if _lapses(model, row) else {})
    touched["mail_queue"], touched["mail_attempts"] = set(), set()
    for mail in list(MailQueue.select().where(_mails(records))):
        touched["mail_queue"].add(mail.id)
        values: dict[str, Any] = dict(_BLANKS["mail_queue"](vars(mail)["__data__"]))
        if mail.state != "sent":
            values.update(state="canceled", next_try_at=None)
        if mail.mime is not None:
            values["mime"] = f"Message-ID: {mail.message_id}\r\n\r\n".encode()
            values["mime_hash"] = hashlib.sha256(values["mime"]).hexdigest()
        w.update(MailQueue, mail.id, **values)
        for attempt in list(MailAttempt.select().where(MailAttempt.mail_id == mail.id)):
            touched["mail_attempts"].add(attempt.id)
            _update(w, MailAttempt, attempt)


def _lapses(model: Any, row: Any) -> bool:
    """Whether nobody is left who could be asked for it: what a guardian or a company promised to pay, stands."""
    return row.status == "open" and (model is Quote or (model is Promise and row.payer_id is None))


def _blank_told(w: Write, touched: dict[str, set[int]], records: list[int], names: Names) -> dict[str, set[int]]:
    """The timeline and the inbox: what was told about the person, and the name where it is about others.

    Returns the rows about others, by table.
    """
    links: list[tuple[str, list[int]]] = [("users", records)]
    links += [(table, sorted(ids)) for table, ids in touched.items()]
    links.append(("invoices", [row.id for row in Invoice.select(Invoice.id).where(Invoice.student_id.in_(records))]))
    link = Notification
    mine = {
        "timeline": {row.id for row in Timeline.select(Timeline.id).where(Timeline.user_id.in_(records))},
        "notifications": {
            row.id
            for table, ids in links
            for row in link.select(link.id).where(link.link_table == table, link.link_id.in_(ids))
        },
    }
    others = {
        table: set(erasure.rows_with_words(table, ("params",), names.alone)) - ids for table, ids in mine.items()
    }  # fmt: skip
    told: tuple[Any, ...] = (Timeline, Notification)
    for model in told:
        table = model._meta.table_name
        for row in list(model.select().where(model.id.in_(sorted(mine[table] | others[table])))):
            blank = _params(row.params, names, of_others=row.id in others[table])
            if blank != row.params:
                w.update(model, row.id, params=blank)
    touched.update(mine)
    return others


def _update(w: Write, model: Any, row: Any, ended: Mapping[str, Any] | None = None) -> None:
    kept = vars(row)["__data__"]
    blank = {**_BLANKS[model._meta.table_name](kept), **(ended or {})}
    moved = {name: value for name, value in blank.items() if kept[name] != value}
    if moved:
        w.update(model, row.id, **moved)


def _blank(table: str, names: Names, of_others: bool, image: dict[str, Any]) -> dict[str, Any]:
    """A recorded image without what was personal in it."""
    if "params" in image:
        return {**image, "params": _params(image["params"], names, of_others=of_others)}
    if table == "users":
        return {**image, **{name: value for name, value in _user(image, image["language"]).items() if name in image}}
    return {**image, **{name: value for name, value in _BLANKS[table](image).items() if name in image}}


def _params(words: str, names: Names, *, of_others: bool) -> str:
    """Parameters of an entry without names and free words: numbers, moments and what is sold stay.

    An entry about others loses the name alone.
    """

    def blank(name: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if not of_others and name not in _SAFE:
            return GONE
        return names.cut_value(value)

    kept = {name: blank(name, value) for name, value in json.loads(words).items()}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def _user(_image: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {
        "first_name": text.sentence("erase.person"), "last_name": "", "email": None, "phone": None,
        "date_of_birth": None, "address": "", "language": language, "emergency_name": "", "emergency_phone": "",
        "payer_id": None,
    }  # fmt: skip


def _draft(kept: str) -> str:
    """What a payment was started with, without the words typed beside it."""

    def blank(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: GONE if name in _TYPED and isinstance(each, str) and each else blank(each)
                for name, each in value.items()
            }
        return [blank(each) for each in value] if isinstance(value, list) else value

    return json.dumps(blank(json.loads(kept)), ensure_ascii=False, sort_keys=True)


#: What is typed by hand in a draft, wherever it stands there.
_TYPED = frozenset({"reference", "note", "reason", "discount_reason"})


def _reply(said: str) -> str:
    """A server's answer without whom it named: its code."""
    return said[:3] if said[:3].isdigit() else ""


#: table → what its columns say once the person is out of them.
_BLANKS: dict[str, Any] = {
    "notes": lambda row: {"text": GONE},
    "attachments": lambda row: {"file_name": GONE, "sha256": ""},
    "mail_queue": lambda row: {
        "to_name": "", "to_address": NOWHERE, "subject": GONE, "text": GONE,
        "attachments": _draft(row.get("attachments") or "[]"),
        "last_reply": _reply(row.get("last_reply") or ""), "reason": "erase.mail" if row.get("reason") else "",
    },
    "mail_attempts": lambda row: {"reply": _reply(row.get("reply") or "")},
    "courses_enrolled": lambda row: {"discount_reason": GONE if row.get("waived_minor") else "", "cancel_reason": ""},
    "product_enrolled": lambda row: {"discount_reason": GONE if row.get("waived_minor") else "", "cancel_reason": ""},
    "slot_enrolled": lambda row: {"override_reason": GONE if row.get("override_reason") else ""},
    "payments": lambda row: {
        "reference": "", "note": "", "reason": GONE if row.get("reason") else "",
        "draft": _draft(row.get("draft") or "{}"),
    },
    "quotes": lambda row: {"discount_reason": ""},
    "promises": lambda row: {"note": ""},
}  # fmt: skip

__all__ = ["Erased", "Part", "Preview", "back_up_first", "erase", "erase_again", "finish", "preview"]
