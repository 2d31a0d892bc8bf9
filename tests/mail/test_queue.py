"""The queue's own decisions, without a server: one message that cannot be made stops none of the others."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from app import store
from app.errors import EnvironmentFault, UserError
from app.mail import compose, queue
from app.store import checks
from app.store.models import MailQueue, Notification
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
