"""Safe keeping as the desk sees it: what follows from a restore, and the second place for backups."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from app import clock, paths, store
from app.desk import center, erasing, notifications
from app.desk.accounts import Actor, require
from app.desk.center import SECOND_PLACE
from app.desk.center import second_place as second_place
from app.errors import UserError
from app.store import Write, erasure
from app.store import restore as stored
from app.store.contents import Person, person
from app.store.models import MailQueue, Notification, Operation, Setting

#: After so many days without the second place a notification asks for it.
PATIENCE_DAYS = 3


def restore(actor: Actor, source: Path, data_dir: Path, known: Person | None = None) -> Path | None:
    """Put a backup in place of the closed center; returns where the present file is kept.

    Unsent mails of the restored file are held: each may have gone out after the backup was made. Whoever was erased
    on request since is erased again, before the file takes its place. All who may restore are told, by the name of
    whoever did it where the restored file does not know them. `known` is who the actor was while the present file could
    be read: that it no longer can is why it is restored over. Errors as from `store.restore`.
    """
    require(actor, "keeping.restore")
    who = at_the_desk(data_dir, actor.user_id) or known
    gone = erasure.known(data_dir).uids | erasure.erased_in(paths.data_file(data_dir))

    def settle(w: Write) -> None:
        held = _hold_mails(w)
        last = Operation.select(Operation.at).where(Operation.id < w.operation_id).order_by(Operation.id.desc()).first()
        facts: dict[str, Any] = {"made_at": last.at if last is not None else w.now, "mails": held}
        key = "keeping.restored"
        if w.actor.user_id is None and who is not None:
            key, facts["who"] = "keeping.restored_by", who.name
        notifications.notify(w, "system", "system", key, recipients=notifications.who_may("keeping.restore"), **facts)

    def erase_again(there: Actor) -> None:
        if erasing.erase_again(there, gone):
            erasure.clean()

    return stored.restore(source, data_dir, actor, who.uid if who is not None else "", settle, erase_again)


def at_the_desk(data_dir: Path, user_id: int | None) -> Person | None:
    """Who somebody is in the closed center, by what stays the same in every file of it; None where nothing says it."""
    return person(paths.data_file(data_dir), user_id)


def last_operation() -> str:
    """The uid of the last operation: what a backup must have to be up to date. '' where nothing was done yet.

    The uid, not the number: after a restore numbers are given out a second time.
    """
    row = Operation.select(Operation.uid).order_by(Operation.id.desc()).first()
    return str(row.uid) if row is not None else ""


def _hold_mails(w: Write) -> int:
    waiting = MailQueue.select(MailQueue.id).where(MailQueue.state.in_(["queued", "sending"]))
    ids = [row.id for row in waiting]
    for mail in ids:
        w.update(MailQueue, mail, state="held", next_try_at=None, lease_until=None, lease_by="", reason="keeping.held")
    return len(ids)


# -- the second place ----------------------------------------------------------------------------------------


def set_second_place(actor: Actor, path: str) -> None:
    """Choose the folder of another disk that gets a copy of every backup; '' for none.

    UserErrors `keeping.no_folder`, `keeping.same_disk_folder` beside `second_place`.
    """
    require(actor, "keeping.settings")
    place = Path(path.strip()) if path.strip() else None
    if place is not None:
        if not place.is_absolute() or not place.is_dir():
            raise UserError("keeping.no_folder", "second_place", path=path.strip()[:120])
        if place.resolve().is_relative_to(store.data_folder().resolve()):
            raise UserError("keeping.inside_data_folder", "second_place")
    with store.write("Choose second place", actor) as w:
        _save(w, place)


def second_place_seen(actor: Actor) -> None:
    """Remember that the second place was there today; written once a day."""
    require(actor, "keeping.note")
    kept = second_place()
    if kept is not None and kept[1] != _today():
        with store.write("Second place seen", actor) as w:
            _save(w, kept[0])


def remind_of_second_place(actor: Actor) -> bool:
    """Ask for the second place in the inbox when it was not seen for some days; once while the asking is open."""
    require(actor, "keeping.note")
    kept = second_place()
    if kept is None or _today() - kept[1] < timedelta(days=PATIENCE_DAYS):
        return False
    if Notification.get_or_none(Notification.key == "keeping.second_place_missing", Notification.done_at.is_null()):
        return False
    with store.write("Ask for the second place", actor) as w:
        notifications.notify(
            w, "system", "system", "keeping.second_place_missing", path=str(kept[0]), seen_on=kept[1].isoformat()
        )
    return True


def report_unsound(actor: Actor, detail: str) -> bool:
    """Tell super admins that the file breaks a rule; once while that is open. True if it was told now."""
    require(actor, "keeping.note")
    if Notification.get_or_none(Notification.key == "keeping.unsound", Notification.done_at.is_null()):
        return False
    with store.write("Report a broken rule", actor) as w:
        notifications.notify(w, "system", "system", "keeping.unsound", detail=detail[:500])
    return True


def _today() -> date:
    return clock.local_date(center.load().zone)


def _save(w: Write, place: Path | None) -> None:
    value = json.dumps({"path": str(place), "seen_on": _today().isoformat()} if place is not None else None)
    row = Setting.get_or_none(Setting.key == SECOND_PLACE)
    if row is None:
        w.insert(Setting, key=SECOND_PLACE, value=value)
    else:
        w.update(Setting, row.id, value=value)
