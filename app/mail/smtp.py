"""The wire. smtplib raises the same error for "never accepted" and "maybe accepted", so the transport keeps its
own stage: whatever breaks after the final dot began to leave and before the reply came is uncertain.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Account:
    """How to reach the mail server. `security` is starttls, tls or none; a password never travels without TLS."""

    host: str
    port: int
    security: str
    username: str
    password: str = field(repr=False)
    from_address: str
    from_name: str = ""
    timeout: float = 30.0
    ca_file: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one message.

    `kind`: sent, deferred (try again later), failed (never), uncertain (the server may have it), offline (nobody
    answers), refused_account (the server answers but not to us). `reply` is the server's own words.
    """

    kind: str
    stage: str
    reply: str


class _Refused(Exception):
    """A reply that ends this message."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reply)
        self.outcome = outcome


def _words(code: int, reply: bytes | str) -> str:
    spoken = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return f"{code} {' '.join(spoken.split())}"[:500]


class Transport:
    """One connection that carries many messages: reconnecting for each costs thirteen times as much."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._smtp: smtplib.SMTP | None = None
        self._inside_data = False

    def send(self, recipient: str, data: bytes, before_final_dot: Callable[[], None]) -> Outcome:
        """Hand over one message. `before_final_dot` is called, and must have committed, before the dot leaves."""
        stage = "connect"
        try:
            smtp = self._connected()
            stage = "mail"
            self._say(smtp.mail(self.account.from_address), stage)
            stage = "rcpt"
            self._say(smtp.rcpt(recipient), stage)
            stage = "data"
            code, reply = smtp.docmd("DATA")
            if code != 354:
                self._say((code, reply), stage)
                raise _Refused(Outcome("failed", stage, _words(code, reply)))
            self._inside_data = True
            body = smtplib._quote_periods(_crlf(data))  # type: ignore[attr-defined]
            smtp.send(body if body.endswith(b"\r\n") else body + b"\r\n")
            before_final_dot()
            stage = "dot"
            smtp.send(b".\r\n")
            code, reply = smtp.getreply()
            self._inside_data = False
            self._say((code, reply), stage)
            return Outcome("sent", stage, _words(code, reply))
        except _Refused as refused:
            if refused.outcome.kind in ("offline", "refused_account"):
                self.close()
            elif self._smtp is not None:
                self._reset()
            return refused.outcome
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self.close()
            if stage == "dot":
                return Outcome("uncertain", stage, _plain(error))
            if isinstance(error, UnicodeError):
                # Blame the message, not the destination: an address that cannot be said would stop all others.
                return Outcome("failed", stage, _plain(error))
            return self._broken(stage, error)
        except BaseException:
            self.close()
            raise

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is not None:
            return self._smtp
        account = self.account
        context = ssl.create_default_context(cafile=account.ca_file)
        smtp: smtplib.SMTP
        if account.security == "tls":
            smtp = smtplib.SMTP_SSL(timeout=account.timeout, context=context)
        else:
            smtp = smtplib.SMTP(timeout=account.timeout)
        # Known before it connects, so that `abort` also breaks a server that takes the call and never speaks.
        self._smtp = smtp
        smtp._host = account.host  # type: ignore[attr-defined]
        self._say(smtp.connect(account.host, account.port), "connect")
        smtp.ehlo_or_helo_if_needed()
        if account.security == "starttls":
            smtp.starttls(context=context)
            smtp.ehlo()
        if account.username and account.security != "none":
            smtp.login(account.username, account.password)
        return smtp

    def _say(self, answer: tuple[int, bytes], stage: str) -> None:
        """Let a 2xx pass; turn anything else into what it means at this stage."""
        code, reply = answer
        if 200 <= code < 300:
            return
        if stage == "dot" and not 400 <= code < 600:
            kind = "uncertain"  # neither yes nor no: it may have been taken
        elif code in (421, -1):
            kind = "offline"
        elif code in (530, 535) or (stage == "mail" and code >= 500):
            kind = "refused_account"
        else:
            kind = "deferred" if code < 500 else "failed"
        raise _Refused(Outcome(kind, stage, _words(code, reply)))

    @staticmethod
    def _broken(stage: str, error: Exception) -> Outcome:
        """A connection that broke before the dot: nobody has the message."""
        refused = isinstance(
            error, smtplib.SMTPAuthenticationError | smtplib.SMTPNotSupportedError | ssl.SSLCertVerificationError
        )
        if isinstance(error, smtplib.SMTPResponseException):
            refused = refused and error.smtp_code >= 500
            return Outcome(
                "refused_account" if refused else "offline", stage, _words(error.smtp_code, error.smtp_error)
            )
        return Outcome("refused_account" if refused else "offline", stage, _plain(error))

    def _reset(self) -> None:
        """After a refusal the line stays; a server that cannot forget the message loses it."""
        assert self._smtp is not None
        try:
            code, _reply = self._smtp.rset()
        except (OSError, smtplib.SMTPException):
            code = -1
        if not 200 <= code < 300:
            self.close()

    def close(self) -> None:
        """Hang up. Whatever goes wrong now changes nothing about what was sent."""
        smtp, self._smtp = self._smtp, None
        inside_data, self._inside_data = self._inside_data, False
        if smtp is not None and inside_data:
            smtp.close()  # a QUIT would be a line of the message, and its answer would not come
        elif smtp is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()

    def abort(self) -> None:
        """Break the line at once, from any thread, so that closing the program need not wait."""
        smtp = self._smtp
        if smtp is not None and smtp.sock is not None:
            with contextlib.suppress(OSError):
                smtp.sock.shutdown(socket.SHUT_RDWR)


def _crlf(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def _plain(error: Exception) -> str:
    words = str(error) or type(error).__name__
    return " ".join(words.split())[:500]
