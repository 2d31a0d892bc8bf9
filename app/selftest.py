"""The installed program proves itself: the four flows, a PDF in three scripts, a mail over loopback, and `check`."""

from __future__ import annotations

import socketserver
import tempfile
import threading
from pathlib import Path

from app import store
from app.desk import catalog, center, enrollment, papers, payments, people, scheduling, seats
from app.desk.accounts import Actor
from app.lists import mail as mail_list
from app.mail import queue
from app.mail.worker import MailRunner
from app.settings import Center
from app.store import checks

_NAMES = (("Łukasz", "Wiśniewski"), ("ليلى", "حدّاد"), ("अनिका", "शर्मा"))


class _Desk(socketserver.StreamRequestHandler):
    """Just enough SMTP to take a message on this machine."""

    timeout = 10

    def handle(self) -> None:
        self._say(b"220 self-test")
        while line := self.rfile.readline(2000):
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say(b"354 go on")
                body = b""
                while (part := self.rfile.readline(100_000)) not in (b".\r\n", b""):
                    body += part
                self.server.messages.append(body)  # type: ignore[attr-defined]
                self._say(b"250 taken")
            elif verb == b"QUIT":
                self._say(b"221 bye")
                return
            else:
                self._say(b"250 ok")

    def _say(self, words: bytes) -> None:
        self.wfile.write(words + b"\r\n")


def run() -> int:
    """Exit code 0 if everything that was tried worked; each step says so in a line."""
    with tempfile.TemporaryDirectory() as temp:
        store.open_center(Path(temp) / "center", create=True)
        try:
            return _steps()
        finally:
            store.close_center()


def _steps() -> int:
    actor = Actor(center.found(Center(name="Self-test", iban="AT611904300234573201"), "Ada", "Tester"), "super_admin")
    students = [
        people.add_student(actor, people.StudentDraft(first, last, f"s{n}@self-test.example"))
        for n, (first, last) in enumerate(_NAMES)
    ]
    course = catalog.add_course(
        actor, catalog.CourseDraft(code="T", name="Theory", price_minor=33000, tax_rate_id=1, theory_minutes=90)
    )
    book = catalog.add_product(
        actor, catalog.ProductDraft(code="B", name="Book", price_minor=2400, tax_rate_id=2, stock=3)
    )
    enrolled = enrollment.enroll(actor, enrollment.EnrollmentDraft(student_id=students[1], course_id=course))
    enrollment.sell(actor, enrollment.SaleDraft(students[1], (enrollment.SaleItem(book),)))
    lines = tuple(
        payments.PayLine(due.enrollment_id, due.product_enrolled_id, due.installment_id, due.open_minor)
        for due in payments.owed(students[1])
    )
    draft = payments.PaymentDraft("self-test", students[1], "cash", 35400, lines, given_minor=40000)
    paid = payments.complete(actor, payments.start(actor, draft))
    session = scheduling.plan_session(
        actor,
        scheduling.SessionDraft(
            course_id=course, name="Evening", recurrence="picked_dates", picked_dates=("2031-03-04",), capacity=2
        ),
    )
    for student in students[:2]:
        seats.book(actor, scheduling.slots_of(session)[0].id, student)
    print(f"flows      ok: enrollment {enrolled}, payment {paid.number}, change {paid.change_minor}")
    print(f"documents  ok: {_documents(paid.invoice_ids[0])} glyphs in three scripts")
    print(f"mail       ok: {_send(actor)} messages over loopback")
    print(f"secrecy    ok: {_secrecy()}")
    broken = checks.run()
    for one in broken:
        print(one)
    print(f"check      {'ok' if not broken else 'BROKEN'}: {len(checks.RULES)} rules")
    return 1 if broken else 0


def _secrecy() -> str:
    """A file that moves, made and opened again; the keyring that this computer has."""
    import keyring

    from app.desk import secrecy
    from app.desk.accounts import SYSTEM

    folder = store.data_folder()
    target = folder.parent / f"move{secrecy.ENDING}"
    size = secrecy.make_file(SYSTEM, folder, target, "four words of test")
    if not secrecy.unlock(target, "four words of test") or target.read_bytes().startswith(b"SQLite"):
        raise AssertionError("the file that moves is not encrypted")
    secrecy.forget(target)
    return f"{size} encrypted bytes, keyring {type(keyring.get_keyring()).__module__}"


def _documents(invoice_id: int) -> int:
    """Render, read back, and see that none of the three scripts was dropped; returns how many glyphs there are."""

    import pypdfium2

    from app.desk import invoices
    from app.documents.invoice import InvoiceDocument, render

    _name, content = papers.invoice_pdf(invoice_id)
    if content != papers.invoice_pdf(invoice_id)[1]:
        raise AssertionError("the same document gave other bytes")
    document = invoices.document(invoice_id)
    snapshot = {**document.__dict__, "buyer": {**document.buyer, "address": "\n".join(" ".join(n) for n in _NAMES)}}
    page = pypdfium2.PdfDocument(render(InvoiceDocument(**snapshot)))[0]
    words = page.get_textpage().get_text_range()
    for expected in ("Łukasz Wiśniewski", document.label):
        if expected not in words:
            raise AssertionError(f"{expected} is not on the page")
    if not any("\u0900" <= char <= "\u097f" for char in words):
        raise AssertionError("no Devanagari on the page")
    if not any("\u0600" <= char <= "\u06ff" or "\ufb50" <= char <= "\ufefc" for char in words):
        raise AssertionError("no Arabic on the page")
    return len(words)


def _send(actor: Actor) -> int:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Desk) as server:
        server.messages = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        account = queue.AccountDraft("127.0.0.1", server.server_address[1], "none", "", "desk@self-test.example")
        queue.save_account(actor, account)
        runner = MailRunner(papers.resolve, timeout=10)
        runner.start()
        runner.run_once(threading.Event())
        runner.close()
        server.shutdown()
        states = mail_list.states()
        taken = len(server.messages)  # type: ignore[attr-defined]
    if set(states) != {"sent"} or taken != states["sent"]:
        raise AssertionError(f"mail states {states}, {taken} arrived")
    return taken
