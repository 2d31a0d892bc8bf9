"""Eight writers bill, pay and credit over a turn of the year, give up halfway, and are killed: no hole and no twin.

A child process owns the folder as the program does and has eight writers, each on a thread and a connection of its own.
Some of what they begin is given up after the number was taken; writers meet on the same invoice. A parent kills the
child at a random moment and starts another on the same file, until the file has its invoices. The clock of the child
goes on by a step each time it is asked, so days and the year change while the writers are at work. What was issued is
known outside the file as soon as its write has returned: each of it is there once; the numbers of a series are 1 to n;
no label is there twice; dates rise with numbers; every rule of `check` holds.

2,000 invoices by default, 10,000 in `--full money`. One control works without the program's transactions and leaves
holes, another says what was issued before it is committed and loses it. Twins without the write lock are seen in
test_concurrency_money.py.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import clock, store
from app.desk import center, crediting, dues, enrollment, invoices, letters, payments
from app.desk.enrollment import SaleDraft, SaleItem
from app.desk.payments import PayLine, PaymentDraft
from app.errors import EnvironmentFault, UserError
from app.store import checks, database
from app.store.models import Invoice, Payment, Product, TaxRate, User
from tests.faults.test_kill import without_transactions
from tests.support.center import SmallCenter, build
from tests.support.counting import in_full
from tests.support.killing import Say, in_child, memory_path

__all__ = ["memory_path"]

pytestmark = pytest.mark.slow

INVOICES = 10_000 if in_full("money") else 2_000
WRITERS, STUDENTS = 8, 160

#: The clock of the children: where it begins, and how many days pass while the invoices are made.
BEGIN, DAYS = datetime(2026, 12, 27, 9, tzinfo=UTC), 9

#: About so many times the clock is asked for each invoice.
ASKED = 5

#: Every so many kills all rules are proven, and at the end; after each kill what is said of numbers.
WHOLE = 10


class GaveUp(Exception):
    """Something went wrong after the number was taken."""


# -- the child


@dataclass
class Desk:
    """Eight writers at one file; `said` is what they have issued."""

    small: SmallCenter
    students: list[int]
    product: int
    say: Say
    seed: str
    issued: list[int] = field(default_factory=list)

    def work(self, number: int) -> None:
        """One writer, for as long as the process lives."""
        chance = random.Random(f"{self.seed} {number}")
        try:
            with store.connected():
                for turn in itertools.count():
                    self.turn(chance, f"{self.seed} {number} {turn}")
        except BaseException:
            traceback.print_exc()
            os._exit(1)

    def turn(self, chance: random.Random, key: str) -> None:
        """One thing that a desk does."""
        what = chance.choices(("bill", "pay", "credit", "give up", "give up a credit"), (50, 30, 12, 12, 4))[0]
        known = self.issued[-20:]
        if what.endswith("credit"):
            if known:
                self.credit(chance.choice(known), give_up=what != "credit")
            return
        student = chance.choice(self.students)
        (line,) = enrollment.sell(self.small.staff, SaleDraft(student, (SaleItem(self.product),)))
        if what == "bill":
            self.tell(invoices.bill(self.small.staff, student, [PayLine(None, line)], send_mail=False))
        elif what == "pay":
            (due,) = dues.chosen([PayLine(None, line)])
            draft = PaymentDraft(key, student, "cash", due.open_minor, (PayLine(None, line, None, due.open_minor),))
            done = payments.complete(self.small.staff, payments.start(self.small.staff, draft))
            self.say(f"paid {done.number}")
            self.tell(*done.invoice_ids)
        else:
            try:
                with store.write("Interrupted", self.small.staff) as w:
                    how = center.load()
                    if chance.random() < 0.5:
                        due = dues.chosen([PayLine(None, line)])[0]
                        invoices.issue(w, how, letters.student(student), [(due, ())])
                    else:
                        invoices._number(w, "invoice", how.invoice_pattern, invoices._today(how, w))
                    raise GaveUp
            except GaveUp:
                pass

    def credit(self, invoice: int, *, give_up: bool) -> None:
        """Two writers may mean the same invoice: the second is told so."""
        try:
            if not give_up:
                self.tell(crediting.credit(self.small.staff, invoice, "wrong buyer"))
                return
            with store.write("Interrupted", self.small.staff) as w:
                invoices.credit_in(w, center.load(), Invoice.get_by_id(invoice), "wrong buyer")
                raise GaveUp
        except GaveUp:
            pass
        except UserError as error:
            assert error.key == "invoices.already_credited"

    def tell(self, *made: int) -> None:
        """Known outside the file from now on."""
        for one in made:
            row = Invoice.get_by_id(one)
            self.say(f"issued {row.label}")
            if row.kind == "invoice":
                self.issued.append(one)


def at_work(
    small: SmallCenter, begin: datetime, seed: str, breaks: Callable[[Say], None] | None
) -> Callable[[Say], None]:
    """What a child does until it is killed."""

    def work(say: Say) -> None:
        step = timedelta(days=DAYS) / (INVOICES * ASKED)
        ticks = itertools.count(1)
        with clock.frozen(lambda: begin + next(ticks) * step):
            store.claim_folder(small.folder)
            say(f"another {_another(small.folder)}")
            store.open_center(small.folder)
            if breaks is not None:
                breaks(say)
            students = [row.id for row in User.select(User.id).where(User.first_name == "Buyer")]
            desk = Desk(small, students, Product.get(Product.code == "MANY").id, say, seed)
            threads = [threading.Thread(target=desk.work, args=(number,)) for number in range(WRITERS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    return work


def _another(folder: Path) -> str:
    """What a second program is told that wants the folder meanwhile."""
    pid = os.fork()
    if pid == 0:
        try:
            store.claim_folder(folder)
            os._exit(1)
        except EnvironmentFault as fault:
            os._exit(0 if fault.key == "store.in_use" else 2)
        finally:
            os._exit(3)
    _pid, status = os.waitpid(pid, 0)
    return "refused" if status == 0 else f"let in: {os.WEXITSTATUS(status)}"


# -- the parent


def lay(folder: Path) -> SmallCenter:
    """A center with people who buy and something to buy, closed."""
    with clock.frozen(BEGIN):
        small = build(folder)
        rate = TaxRate.get(TaxRate.rate_bp == 2000).id
        with store.write("Many", small.admin) as w:
            w.insert(Product, code="MANY", name="Access", kind="digital", price_minor=1999, tax_rate_id=rate)
            for number in range(STUDENTS):
                s_number = w.next_number("student")[1]
                w.insert(User, role="student", number=s_number, first_name="Buyer", last_name=str(number))
        store.close_center()
    return small


@dataclass
class Told:
    """What the children said, over all kills."""

    labels: Counter[str] = field(default_factory=Counter)
    paid: Counter[str] = field(default_factory=Counter)
    kills: int = 0

    def hear(self, said: list[str]) -> list[str]:
        """Take down what one child said: what of it is wrong."""
        facts = [words.split(" ", 1) for words in said]
        self.labels.update(rest for kind, rest in facts if kind == "issued")
        self.paid.update(rest for kind, rest in facts if kind == "paid")
        self.kills += 1
        return [f"a second program was {rest}" for kind, rest in facts if kind == "another" and rest != "refused"]


def numbers(told: Told) -> list[str]:
    """What is wrong with the documents of the open center, and with what is known of them outside."""
    wrong: list[str] = []
    rows = list(Invoice.select(Invoice.series, Invoice.number, Invoice.label, Invoice.issued_on).order_by(Invoice.id))
    by_series: dict[str, list[int]] = {}
    for row in rows:
        by_series.setdefault(row.series, []).append(row.number)
    for name, found in by_series.items():
        if found != list(range(1, len(found) + 1)):
            twins = [number for number, times in Counter(found).items() if times > 1]
            holes = sorted(set(range(1, max(found) + 1)) - set(found))
            wrong.append(f"{name}: holes {holes[:5]}, twins {twins[:5]}, or not in their order")
    wrong += [f"{label} is there {n} times" for label, n in Counter(row.label for row in rows).items() if n > 1]
    dates = [row.issued_on for row in rows]
    if dates != sorted(dates):
        wrong.append("a date lies before that of an earlier number")
    nexts = dict(store.db.execute_sql("SELECT name, next_number FROM series WHERE gapless = 1").fetchall())
    if nexts != {name: len(found) + 1 for name, found in by_series.items()}:
        wrong.append(f"the series would go on at {nexts}")
    wrong += [f"{label} was told {n} times" for label, n in told.labels.items() if n > 1]
    wrong += [f"{label} was issued and is gone" for label in set(told.labels) - {row.label for row in rows}]
    completed = {row.number for row in Payment.select(Payment.number).where(Payment.status == "COMPLETED")}
    return wrong + [f"{number} was paid and is gone" for number in set(told.paid) - completed]


def many_under_kills(
    folder: Path, target: int, breaks: Callable[[Say], None] | None = None, *, until_wrong: bool = False
) -> tuple[Told, list[str]]:
    """Start children and kill them until there are so many invoices: what they said, and what was wrong."""
    small, told, wrong, begin = lay(folder), Told(), [], BEGIN
    chance = random.Random(f"numbers {target}")
    made = 0
    while made < target and not (until_wrong and wrong):
        words, late = 1 + chance.randint(5, 150), chance.random() * 0.02
        child = at_work(small, begin, f"{told.kills}", breaks)
        said, killed = in_child(child, late, words=words)
        assert killed
        wrong += told.hear(said)
        with clock.frozen(begin):
            store.open_center(folder)
            wrong += numbers(told)
            made = Invoice.select().where(Invoice.kind == "invoice").count()
            if (told.kills % WHOLE == 0 or made >= target) and breaks is None:
                wrong += [str(broken) for broken in checks.run()]
            (last,) = store.db.execute_sql("SELECT max(at) FROM operations").fetchone()
            begin = max(begin, clock.parse_stamp(last))
            store.close_center()
    return told, wrong


def test_numbers_have_no_hole_and_no_twin_under_eight_writers_and_kills(memory_path: Path) -> None:
    told, wrong = many_under_kills(memory_path / "center", INVOICES)
    store.open_center(memory_path / "center")
    years = {row.series for row in Invoice.select(Invoice.series).distinct()}
    days = {row.issued_on for row in Invoice.select(Invoice.issued_on).distinct()}
    store.close_center()
    print(f"{sum(told.labels.values())} documents told of, {told.kills} kills, {len(days)} days", flush=True)  # noqa: T201 - with -s
    assert wrong == []
    assert years == {"invoice-2026", "invoice-2027", "credit-2026", "credit-2027"}, "the year turned while they worked"
    assert len(days) >= DAYS // 2
    assert sum(told.labels.values()) > INVOICES * 0.9
    assert told.paid
    assert told.kills > INVOICES / 150


def says_early(say: Say) -> None:
    """In the child: what was issued is told while its commit is still to come, and some children die between."""
    commit, chance = database._commit, random.Random(os.getpid())

    def early(connection: Any) -> None:
        found = "SELECT label FROM invoices WHERE id IN (SELECT row_id FROM changes WHERE operation_id ="
        mine = "(SELECT max(id) FROM operations) AND table_name = 'invoices')"
        for (label,) in connection.execute(f"{found} {mine}"):
            say(f"issued {label}")
            if chance.random() < 0.05:
                os.kill(os.getpid(), signal.SIGKILL)
        commit(connection)

    database._commit = early
    Desk.tell = lambda self, *made: None  # type: ignore[method-assign]


def test_control_what_is_told_before_its_commit_is_missed(memory_path: Path) -> None:
    _told, wrong = many_under_kills(memory_path / "center", 1_000, says_early, until_wrong=True)
    assert any("was issued and is gone" in one for one in wrong)


def test_control_without_transactions_there_are_holes(memory_path: Path) -> None:
    _told, wrong = many_under_kills(memory_path / "center", 1_000, lambda say: without_transactions(), until_wrong=True)
    assert any("holes" in one or "would go on" in one for one in wrong)
