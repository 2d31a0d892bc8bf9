"""The queue's own decisions, without a server: one message that cannot be made stops none of the others."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import clock, store, text
from app.errors import EnvironmentFault, UserError
from app.mail import compose, queue
from app.mail.smtp import Outcome
from app.store import checks
from app.store.models import MailAttempt, MailQueue, Notification
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]

PDF = compose.Attachment("a.pdf", "application/pdf", b"%PDF")


def put(center: SmallCenter, key: str, **more: Any) -> int:
    with store.write("Write mail", center.staff) as w:
        return queue.enqueue(
            w, event_key=key, to_name="Ana", to_address="ana@mail.example", template_key="message", language="en",
            params={"subject": "S", "text": "T"}, student_id=center.student, **more,
        )  # fmt: skip


@pytest.mark.parametrize("error", [UserError("store.gone"), ValueError("no such glyph"), KeyError("seller")])
def test_a_message_that_cannot_be_made_fails_alone(small_center: SmallCenter, error: Exception) -> None:
    broken = put(small_center, "broken", attachments=[{"kind": "invoice", "id": 1}])
    good = put(small_center, "good")

    def resolver(_reference: dict[str, Any]) -> compose.Attachment:
        raise error

    assert queue.build("desk@b.example", resolver) == 1
    assert [MailQueue.get_by_id(mail).state for mail in (broken, good)] == ["failed", "queued"]
    assert [mail.id for mail in queue.claim("test")] == [good]
    assert Notification.get(Notification.key == "mail.failed_notice").link_id == broken
    assert checks.run() == []


def test_a_fault_of_the_machine_is_not_the_messages_fault(small_center: SmallCenter) -> None:
    mail = put(small_center, "one", attachments=[{"kind": "invoice", "id": 1}])

    def resolver(_reference: dict[str, Any]) -> compose.Attachment:
        raise EnvironmentFault("store.io_error")

    with pytest.raises(EnvironmentFault):
        queue.build("desk@b.example", resolver)
    assert MailQueue.get_by_id(mail).state == "queued"


def test_bytes_are_built_once_and_only_built_ones_are_claimed(small_center: SmallCenter) -> None:
    mail = put(small_center, "one")
    assert queue.claim("test") == []
    assert queue.build("desk@b.example", lambda ref: PDF) == 1
    row = MailQueue.get_by_id(mail)
    assert queue.build("other@b.example", lambda ref: PDF) == 0
    (claimed,) = queue.claim("test")
    assert hashlib.sha256(claimed.mime).hexdigest() == row.mime_hash
    assert queue.claim("someone else") == []


def built(center: SmallCenter, key: str) -> int:
    """A message that is ready to be claimed."""
    mail = put(center, key)
    queue.build("desk@b.example", lambda ref: PDF)
    return mail


def test_a_message_is_settled_once(small_center: SmallCenter) -> None:
    mail = built(small_center, "one")
    queue.claim("test")
    assert queue.settle(mail, Outcome("sent", "dot", "250 OK"), clock.stamp()) == "sent"
    with pytest.raises(RuntimeError, match="not sending"):
        queue.settle(mail, Outcome("failed", "dot", "554 no"), clock.stamp())
    assert (MailQueue.get_by_id(mail).state, MailAttempt.select().count()) == ("sent", 1)


def test_bytes_that_changed_are_not_sent_and_stop_no_other(small_center: SmallCenter) -> None:
    broken, good = built(small_center, "broken"), built(small_center, "good")
    with store.write("Another tool", small_center.admin) as w:
        w.update(MailQueue, broken, mime=b"To: someone.else@b.example\r\n\r\n")
    assert [mail.id for mail in queue.claim("test")] == [good]
    row = MailQueue.get_by_id(broken)
    assert (row.state, row.reason) == ("failed", "mail.bytes_changed")
    assert "changed" in text.sentence(row.reason)
    with pytest.raises(UserError, match=r"mail\.bytes_changed"):
        queue.retry_now(small_center.staff, broken)


def test_a_deferred_message_waits_longer_each_time_and_is_given_up(small_center: SmallCenter) -> None:
    moment = datetime(2026, 11, 24, 9, tzinfo=UTC)
    waited = []
    with clock.frozen(lambda: moment):
        mail = built(small_center, "one")
        for turn in range(queue.MOST_TRIES):
            assert [claimed.id for claimed in queue.claim("test")] == [mail]
            state = queue.settle(mail, Outcome("deferred", "rcpt", "451 later"), clock.stamp())
            if state == "queued":
                due = clock.parse_stamp(MailQueue.get_by_id(mail).next_try_at)
                waited.append(int((due - moment).total_seconds() // 60))
                moment = due - timedelta(seconds=1)
                assert queue.claim("test") == [], turn
                moment = due
        assert (waited, state) == (list(queue.BACK_OFF), "failed")
        assert MailQueue.get_by_id(mail).reason == "mail.gave_up"
        assert queue.claim("test") == []
        assert checks.run() == []


@pytest.mark.parametrize("stage", ["claimed", "dot"])
def test_what_a_sender_left_behind_is_freed_by_its_lease(small_center: SmallCenter, stage: str) -> None:
    moment = datetime(2026, 11, 24, 9, tzinfo=UTC)
    with clock.frozen(lambda: moment):
        mail = built(small_center, "one")
        queue.claim("test")
        if stage == "dot":
            queue.mark_final_dot(mail)
        assert queue.recover() == 0
        moment += timedelta(seconds=queue.LEASE_SECONDS + 1)
        assert queue.recover() == 1
        assert MailQueue.get_by_id(mail).state == ("uncertain" if stage == "dot" else "queued")
        assert len(queue.claim("again")) == (0 if stage == "dot" else 1)
        assert checks.run() == []


@pytest.mark.parametrize(
    ("change", "key", "field"),
    [
        ({"host": "a b"}, "mail.bad_host", "host"),
        ({"port": 0}, "mail.bad_port", "port"),
        ({"security": "ssl"}, "mail.bad_security", "security"),
        ({"security": "none", "username": "desk"}, "mail.password_needs_tls", "security"),
        ({"from_address": "desk@b.example\nBcc: x@y.example"}, "mail.bad_address", "from_address"),
        ({"from_name": "Desk\nBcc: x@y.example"}, "mail.line_break_in_subject", "subject"),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    small_center: SmallCenter, change: dict[str, Any], key: str, field: str
) -> None:
    draft = queue.AccountDraft("mail.example", 587, "starttls", "desk", "desk@b.example")
    with pytest.raises(UserError) as refused:
        queue.save_account(small_center.admin, replace(draft, **change))
    assert (refused.value.key, refused.value.field) == (key, field)
    assert queue.active_account() is None
