"""The sender's loop body, without Qt: the mail thread and `deskbell mail send` both turn it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app import clock, store
from app.mail import compose, queue, secrets

if TYPE_CHECKING:
    from app.mail.smtp import Transport

#: How long the whole queue waits after a destination did not answer, in seconds.
LOOK_AGAIN_SECONDS = 60


@dataclass(frozen=True)
class MailState:
    """How sending stands: idle, sending, offline, refused_account, no_account, needs_password or fault."""

    name: str
    since: str
    next_look: str | None = None
    words: str = ""


class MailRunner:
    """Works the queue off. One instance belongs to one thread, which has its own store connection."""

    def __init__(
        self,
        resolver: queue.Resolver,
        on_state: Callable[[MailState], None] = lambda state: None,
        *,
        timeout: float = 30.0,
        ca_file: str | None = None,
    ) -> None:
        self._resolver = resolver
        self.on_state = on_state
        self._timeout, self._ca_file = timeout, ca_file
        self._transport: Transport | None = None
        self._paused_until: datetime | None = None
        self._who = store.uuid7()
        self.state = MailState("idle", clock.stamp())

    def start(self) -> None:
        """At the program's start, when nobody else can be sending: free what a crash left behind."""
        queue.recover(everything=True)

    def run_once(self, stop: threading.Event, *, look_now: bool = False) -> dict[str, int]:
        """Send what is due, until there is nothing or the destination does not answer; counts by outcome."""
        done: dict[str, int] = {}
        if look_now:
            self._paused_until = None
        if self._paused_until is not None and clock.now() < self._paused_until:
            return done
        self._paused_until = None
        queue.recover()
        if not self._prepare():
            return done
        while not stop.is_set():
            row = queue.active_account()
            if row is None:
                break
            queue.build(compose.sender(row.from_address, row.from_name), self._resolver)
            batch = queue.claim(self._who)
            if not batch:
                break
            self.tell("sending")
            for index, mail in enumerate(batch):
                if stop.is_set() or self._paused_until is not None:
                    self._give_back(batch[index:])
                    break
                kind = self._send(mail)
                done[kind] = done.get(kind, 0) + 1
            if self._paused_until is not None:
                return done
        if self.state.name != "idle":
            self.tell("idle")
        return done

    def _send(self, mail: queue.Claimed) -> str:
        assert self._transport is not None
        started = clock.stamp()
        outcome = self._transport.send(mail.to_address, mail.mime, lambda: queue.mark_final_dot(mail.id))
        queue.settle(mail.id, outcome, started)
        if outcome.kind in ("offline", "refused_account"):
            self._paused_until = clock.now() + timedelta(seconds=LOOK_AGAIN_SECONDS)
            self.tell(outcome.kind, outcome.reply)
        return outcome.kind

    def _give_back(self, batch: list[queue.Claimed]) -> None:
        queue.give_back([mail.id for mail in batch], self._who)

    def _prepare(self) -> bool:
        """See that there is an account to send with, and a transport that fits it."""
        # Imported with the first mail: the window's first paint does not wait for TLS.
        from app.mail.smtp import Account, Transport

        row = queue.active_account()
        if row is None:
            self.tell("no_account")
            return False
        password = secrets.password(row.host, row.username) if row.username else ""
        if password is None:
            self.tell("needs_password")
            return False
        account = Account(
            host=row.host,
            port=row.port,
            security=row.security,
            username=row.username,
            password=password,
            from_address=row.from_address,
            from_name=row.from_name,
            timeout=self._timeout,
            ca_file=self._ca_file,
        )
        if self._transport is None or self._transport.account != account:
            self.close()
            self._transport = Transport(account)
        return True

    def tell(self, name: str, words: str = "") -> None:
        """Say how sending stands, where that changed."""
        if name == self.state.name and name != "offline":
            return
        since = self.state.since if name == self.state.name else clock.stamp()
        look = clock.stamp(self._paused_until) if self._paused_until is not None else None
        self.state = MailState(name, since, look, words)
        self.on_state(self.state)

    def hang_up(self) -> None:
        """Close the connection when there is nothing more to send for now."""
        if self._transport is not None:
            self._transport.close()

    def close(self) -> None:
        """Let the server go."""
        self.hang_up()
        self._transport = None

    def abort(self) -> None:
        """Break a send that hangs, from another thread."""
        if self._transport is not None:
            self._transport.abort()
