"""Mail servers for tests, on loopback only: a real Exim, and servers that misbehave on purpose."""

from __future__ import annotations

import contextlib
import mailbox
import os
import pwd
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_EXIM = """
exim_user = @USER@
exim_group = @USER@
spool_directory = @DIR@/spool
log_file_path = @DIR@/log/exim_%slog
pid_file_path = @DIR@/exim.pid
primary_hostname = localhost
local_interfaces = 127.0.0.1
daemon_smtp_ports = @PORT@
deliver_drop_privilege = true
never_users =
domainlist local = *
host_lookup =
rfc1413_hosts =
tls_advertise_hosts = *
tls_certificate = @DIR@/cert.pem
tls_privatekey = @DIR@/key.pem
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = rcpt
acl_smtp_data = data
message_size_limit = 5M
begin acl
rcpt:
  deny  message = authentication required
        !authenticated = *
  deny  message = 550 no such user
        local_parts = nosuch
  defer message = 451 greylisted
        local_parts = greylist
  accept
data:
  accept
begin routers
all:
  driver = accept
  transport = md
begin transports
md:
  driver = appendfile
  directory = @DIR@/Maildir
  envelope_to_add = true
  return_path_add = true
  maildir_format
  create_directory
  user = @USER@
  group = @USER@
begin retry
* * F,1h,1m
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{desk}}{eq{$auth3}{s3cret}}}}
  server_set_id = $auth2
"""


@dataclass
class Exim:
    """A running server: STARTTLS with `ca_file`, user desk, password s3cret."""

    port: int
    ca_file: str
    folder: Path

    def messages(self) -> list[mailbox.MaildirMessage]:
        """What was delivered."""
        if not (self.folder / "Maildir" / "new").exists():
            return []
        return list(mailbox.Maildir(self.folder / "Maildir", create=False))

    def wait_for(self, count: int) -> list[mailbox.MaildirMessage]:
        """Let the server deliver that many."""
        limit = time.monotonic() + 20
        while len(self.messages()) < count:
            assert time.monotonic() < limit, f"{len(self.messages())} of {count} arrived"
            time.sleep(0.05)
        return self.messages()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def exim(folder: Path) -> Iterator[Exim]:
    """Debian's Exim, unprivileged, on a free loopback port, for the length of a block."""
    user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    group = "nogroup" if user == "nobody" else user
    folder.mkdir(parents=True)
    for name in ("spool", "log"):
        (folder / name).mkdir()
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files],
        check=True,
        capture_output=True,
    )
    port = free_port()
    config = _EXIM.replace("exim_group = @USER@", f"exim_group = {group}").replace("group = @USER@", f"group = {group}")
    config = config.replace("@USER@", user).replace("@DIR@", str(folder)).replace("@PORT@", str(port))
    (folder / "exim.conf").write_text(config)
    command = [shutil.which("exim4") or "/usr/sbin/exim4", "-C", str(folder / "exim.conf"), "-bdf", "-q30s"]
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user, group)
        # The way down to the folder must be open to the user it runs as.
        for parent in folder.parents:
            if parent.stat().st_uid == 0 and len(parent.parts) > 2:
                parent.chmod(parent.stat().st_mode | 0o055)
        command = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", *command]
    with (folder.parent / "exim.out").open("wb") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        _wait_for_port(port, server)
        yield Exim(port, str(folder / "cert.pem"), folder)
    finally:
        server.terminate()
        server.wait(timeout=10)


def _wait_for_port(port: int, server: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert server.poll() is None, "the mail server ended"
        assert time.monotonic() < limit, "the mail server does not answer"
        time.sleep(0.05)


class _Talk(socketserver.StreamRequestHandler):
    """SMTP that accepts everything; after the final dot it does what the server says."""

    timeout = 20

    def handle(self) -> None:
        server = self.server
        assert isinstance(server, Misbehaving)
        if server.kind == "hang":
            server.released.wait(15)
            return
        self._say(b"220 test")
        while line := self.rfile.readline(2000):
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say(b"354 go on")
                while (part := self.rfile.readline(100_000)) not in (b".\r\n", b""):
                    server.received.append(part)
                if not part:
                    return
                server.dots += 1
                if server.kind == "drop":
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if server.kind == "silent":
                    server.released.wait(30)
                    return
                self._say(server.reply)
            elif verb == b"QUIT":
                return
            else:
                self._say(b"250 ok")

    def _say(self, words: bytes) -> None:
        self.wfile.write(words + b"\r\n")


class Misbehaving(socketserver.ThreadingTCPServer):
    """A server that drops the line after the final dot, hangs at connect, keeps silent after the dot, or takes all."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, kind: str, reply: bytes = b"250 taken") -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.kind, self.reply = kind, reply
        self.dots = 0
        self.received: list[bytes] = []
        self.released = threading.Event()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])


@contextlib.contextmanager
def misbehaving(kind: str, reply: bytes = b"250 taken") -> Iterator[Misbehaving]:
    """Such a server for the length of a block: drop, hang, silent, or take, with its reply to the final dot."""
    server = Misbehaving(kind, reply)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
