"""A process of its own that sends what is due and may be killed while it does: `child FOLDER PORT mark|no-mark`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from app import store
from app.desk.accounts import SYSTEM
from app.mail import compose, queue
from app.mail.worker import MailRunner


def main(folder: str, port: str, mark: str) -> None:
    """Send over loopback; with no-mark the guard before the final dot is switched off."""
    store.open_center(Path(folder))
    queue.save_account(SYSTEM, queue.AccountDraft("127.0.0.1", int(port), "none", "", "desk@brueckenhaus.example"))
    if mark == "no-mark":
        queue.mark_final_dot = lambda mail_id: None
    runner = MailRunner(lambda ref: compose.Attachment("a.pdf", "application/pdf", b"%PDF"), timeout=30)
    runner.run_once(threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
