"""Sending against real servers: what is sent, refused, deferred, uncertain; and what a kill leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app import clock, store
from app.errors import EnvironmentFault, UserError
from app.mail import compose, queue, secrets
from app.mail.smtp import Account, Transport
from app.mail.worker import MailRunner
from app.store import checks
from app.store.models import MailAttempt, MailQueue, Notification
from tests.support.center import SmallCenter, small_center
from tests.support.mailserver import Exim, Misbehaving, exim, misbehaving

__all__ = ["small_center"]

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exim]:
    with exim(tmp_path_factory.mktemp("mail") / "exim") as running:
        yield running


def put(center: SmallCenter, key: str, address: str) -> int:
    with store.write("Write mail", center.staff) as w:
        return queue.enqueue(
            w, event_key=key, to_name="Łukasz Wiśniewski", to_address=address, template_key="message", language="en",
            params={"subject": f"Subject {key}", "text": "Schöne Grüße, ليلى"}, student_id=center.other_student,
        )  # fmt: skip


def runner_for(center: SmallCenter, port: int, security: str = "none", **more: object) -> MailRunner:
    user = "desk" if security == "starttls" else ""
    queue.save_account(
        center.admin, queue.AccountDraft("localhost", port, security, user, "desk@brueckenhaus.example", "Brückenhaus")
    )
    if user:
        secrets._memory[secrets._name("localhost", "desk")] = "s3cret"
    return MailRunner(lambda ref: compose.Attachment("a.pdf", "application/pdf", b"%PDF"), timeout=10, **more)  # type: ignore[arg-type]


def transport_to(server: Misbehaving) -> Transport:
    return Transport(Account("127.0.0.1", server.port, "none", "", "", "desk@x.example", timeout=10))


def states() -> dict[str, str]:
    return {row.event_key: row.state for row in MailQueue.select()}


def test_sent_refused_and_deferred_by_a_real_server(small_center: SmallCenter, server: Exim) -> None:
    before = len(server.messages())
    put(small_center, "good", "lukasz@mail.example")
    put(small_center, "refused", "nosuch@mail.example")
    put(small_center, "later", "greylist@mail.example")
    runner = runner_for(small_center, server.port, "starttls", ca_file=server.ca_file)
    assert runner.run_once(threading.Event()) == {"sent": 1, "failed": 1, "deferred": 1}
    runner.close()
    assert states() == {"good": "sent", "refused": "failed", "later": "queued"}
    refused = MailQueue.get(MailQueue.event_key == "refused")
    assert "550 no such user" in refused.last_reply
    assert Notification.get(Notification.key == "mail.failed_notice").link_id == refused.id
    later = MailQueue.get(MailQueue.event_key == "later")
    assert later.tries == 1
    assert later.next_try_at > clock.stamp()
    arrived = server.wait_for(before + 1)[-1]
    row = MailQueue.get(MailQueue.event_key == "good")
    assert arrived["Message-ID"] == row.message_id
    assert arrived["Envelope-To"] == "lukasz@mail.example"
    assert "Schöne Grüße, ليلى" in arrived.get_payload(decode=True).decode()
    assert checks.run() == []


def test_a_wrong_password_pauses_the_queue_and_burns_no_try(small_center: SmallCenter, server: Exim) -> None:
    put(small_center, "one", "lukasz@mail.example")
    runner = runner_for(small_center, server.port, "starttls", ca_file=server.ca_file)
    secrets._memory[secrets._name("localhost", "desk")] = "wrong"
    runner.run_once(threading.Event())
    assert (runner.state.name, MailQueue.get().state, MailQueue.get().tries) == ("refused_account", "queued", 0)
    assert runner.run_once(threading.Event()) == {}
    runner.close()


def test_a_certificate_that_is_not_known_is_refused(small_center: SmallCenter, server: Exim) -> None:
    put(small_center, "one", "lukasz@mail.example")
    runner = runner_for(small_center, server.port, "starttls")
    runner.run_once(threading.Event())
    assert runner.state.name == "refused_account"
    assert "certificate" in runner.state.words
    runner.close()


def test_a_line_dropped_after_the_dot_is_uncertain_and_never_sent_again_by_itself(small_center: SmallCenter) -> None:
    mail = put(small_center, "one", "lukasz@mail.example")
    with misbehaving("drop") as server:
        runner = runner_for(small_center, server.port)
        assert runner.run_once(threading.Event()) == {"uncertain": 1}
        for _ in range(3):
            assert runner.run_once(threading.Event(), look_now=True) == {}
        runner.close()
        assert server.dots == 1
    assert MailQueue.get_by_id(mail).state == "uncertain"
    assert Notification.select().where(Notification.key == "mail.uncertain_notice").count() == 1
    with pytest.raises(UserError, match=r"mail\.may_have_arrived"):
        queue.retry_now(small_center.staff, mail)
    assert checks.run() == []
    queue.resolve_uncertain(small_center.staff, mail, arrived=True)
    assert MailQueue.get_by_id(mail).state == "sent"
    assert checks.run() == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"250 taken", "sent"),
        (b"421 closing", "offline"),
        (b"451 later", "deferred"),
        (b"554 no", "failed"),
        (b"354 go on", "uncertain"),
        (b"150 hm", "uncertain"),
        (b"999 what", "uncertain"),
        (b"taken", "uncertain"),
    ],
)
def test_only_a_clear_no_after_the_dot_lets_a_message_be_sent_again(reply: bytes, kind: str) -> None:
    with misbehaving("take", reply) as server, closing(transport_to(server)) as transport:
        assert transport.send("a@b.example", b"Subject: x", lambda: None).kind == kind


def test_a_mark_that_cannot_be_committed_keeps_the_message_back() -> None:
    """The disk is full just before the final dot: the dot never leaves, and nobody waits for a server to say so."""

    def full() -> None:
        raise EnvironmentFault("store.disk_full")

    with misbehaving("take") as server, closing(transport_to(server)) as transport:
        with pytest.raises(EnvironmentFault):
            transport.send("a@b.example", b"Subject: x", full)
        assert transport.send("a@b.example", b"Subject: y", lambda: None).kind == "sent"
        assert server.dots == 1
    assert (b"Subject: y\r\n" in server.received, b"QUIT\r\n" in server.received) == (True, False)


def test_no_password_travels_without_tls() -> None:
    """The settings refuse such an account; the wire does not trust them. Logging in here would be refused."""
    with misbehaving("take") as server:
        account = Account("127.0.0.1", server.port, "none", "desk", "s3cret", "desk@x.example", timeout=10)
        with closing(Transport(account)) as transport:
            assert transport.send("a@b.example", b"Subject: x", lambda: None).kind == "sent"


def test_offline_waits_without_burning_tries_and_goes_on_later(small_center: SmallCenter) -> None:
    put(small_center, "one", "lukasz@mail.example")
    with misbehaving("take") as server:
        port = server.port
    runner = runner_for(small_center, port)
    runner.run_once(threading.Event())
    assert (runner.state.name, MailQueue.get().state, MailQueue.get().tries) == ("offline", "queued", 0)
    assert runner.state.next_look is not None
    with misbehaving("take") as server:
        runner_for(small_center, server.port)
        assert runner.run_once(threading.Event(), look_now=True) == {"sent": 1}
    runner.close()
    assert MailAttempt.select().count() == 1
    assert checks.run() == []


def test_a_send_that_hangs_is_broken_at_once(small_center: SmallCenter) -> None:
    with misbehaving("hang") as server:
        account = Account("localhost", server.port, "none", "", "", "desk@x.example", timeout=30)
        transport = Transport(account)
        outcomes: list[str] = []
        thread = threading.Thread(
            target=lambda: outcomes.append(transport.send("a@b.example", b"x", lambda: None).kind)
        )
        started = clock.now()
        thread.start()
        while transport._smtp is None or transport._smtp.sock is None:
            threading.Event().wait(0.01)
        transport.abort()
        thread.join(timeout=10)
        assert outcomes == ["offline"]
        assert (clock.now() - started).total_seconds() < 10


def test_the_same_event_cannot_be_queued_twice(small_center: SmallCenter) -> None:
    assert put(small_center, "one", "a@mail.example") == put(small_center, "one", "b@mail.example")
    assert MailQueue.select().count() == 1


def test_an_edited_address_is_a_new_message_and_the_old_one_is_canceled(small_center: SmallCenter) -> None:
    old = put(small_center, "one", "nosuch@mail.example")
    new = queue.edit_address(small_center.staff, old, "right@mail.example")
    assert [row.state for row in MailQueue.select().order_by(MailQueue.id)] == ["canceled", "queued"]
    row = MailQueue.get_by_id(new)
    assert (row.to_address, row.replaces_id) == ("right@mail.example", old)
    assert row.message_id != MailQueue.get_by_id(old).message_id


def killed_at_the_dot(folder: Path, marked: bool) -> int:
    """A child sends one mail to a server that keeps silent after the dot, and is killed there; dots the server saw."""
    with misbehaving("silent") as server:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.mail.child", str(folder), str(server.port), "mark" if marked else "no-mark"],
            cwd=ROOT,
        )
        limit = 400
        while server.dots == 0 and limit and child.poll() is None:
            limit -= 1
            threading.Event().wait(0.05)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert server.dots == 1
        return server.dots


@pytest.mark.parametrize("marked", [True, False], ids=["marked", "control-without-the-mark"])
def test_a_kill_after_the_dot(small_center: SmallCenter, marked: bool) -> None:
    """Killed between the dot and the reply: uncertain. Without the mark the message would be sent twice."""
    mail = put(small_center, "one", "lukasz@mail.example")
    folder = small_center.folder
    store.close_center()
    killed_at_the_dot(folder, marked)
    store.open_center(folder)
    with misbehaving("take") as server:
        runner = runner_for(small_center, server.port)
        runner.start()
        runner.run_once(threading.Event(), look_now=True)
        runner.close()
        sent_again = server.dots
    assert sent_again == (0 if marked else 1)
    assert MailQueue.get_by_id(mail).state == ("uncertain" if marked else "sent")
    assert checks.run() == []


def test_an_address_that_cannot_be_said_fails_alone(small_center: SmallCenter) -> None:
    with misbehaving("take") as server:
        transport = Transport(Account("127.0.0.1", server.port, "none", "", "", "desk@x.example", timeout=10))
        kinds = [transport.send(to, b"Subject: x", lambda: None).kind for to in ("größe@b.example", "a@b.example")]
        transport.close()
    assert kinds == ["failed", "sent"]
    with pytest.raises(UserError, match=r"mail\.bad_address"):
        compose.check_address("größe@mail.example")


def test_an_account_never_shows_its_password() -> None:
    account = Account("mail.example", 587, "starttls", "desk", "hunter2hunter2", "desk@mail.example")
    assert "hunter2" not in repr(account)
