"""The power goes while money moves: what was acknowledged is on the disk, and nothing is half there.

A process under the shim takes money, books seats, makes backups, closes and opens again; every write, sync and name
goes into a record, and so does every acknowledgement. From it come images of what a disk may hold if the power went at
a random point: synced is certain, the rest is dropped, kept, torn by sectors or reordered. Each image is opened by the
program itself, in a fork of a parent that has opened one before. The control writes without syncing, and is caught.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from app import clock, store
from app.desk import catalog, payments
from app.errors import EnvironmentFault
from app.store import backup, checks
from app.store.models import (
    Course,
    CourseEnrolled,
    Invoice,
    MailQueue,
    Operation,
    Payment,
    ProductEnrolled,
    Session,
    SlotEnrolled,
    User,
)
from tests.support import disk
from tests.support.center import SmallCenter
from tests.support.counting import Count, fingerprint, sliced
from tests.support.killing import memory_path
from tests.support.writers import NOW, SCENARIOS, build_ground

__all__ = ["memory_path"]

pytestmark = pytest.mark.slow
FULL = os.environ.get("DESKBELL_FULL", "") in ("all", "safe")
IMAGES = 10_000 if FULL else 60

#: What is done first, one after the other.
MORNING = (
    "catalog.restock", "enrollment.enroll", "enrollment.sell", "payments.start", "payments.complete", "payments.refund",
    "invoices.bill", "payments.apply_credit", "till.move", "scheduling.plan_session", "seats.book", "seats.mark",
    "seats.cancel_seat", "people.add_student", "people.edit_student", "undo.undo", "catalog.add_course",
    "queue.write_mail", "queue.build", "notifications.assign",
)  # fmt: skip

#: Where the row is that was acknowledged by its id; of the others the operation must be there.
MODELS: dict[str, Any] = {
    "enrollment.enroll": CourseEnrolled, "sale": ProductEnrolled, "payments.start": Payment, "completed": Payment,
    "payments.refund": Payment, "invoices.bill": Invoice, "scheduling.plan_session": Session,
    "seats.book": SlotEnrolled, "people.add_student": User, "catalog.add_course": Course, "queue.write_mail": MailQueue,
}  # fmt: skip


def acknowledge(name: str, row: int = 0) -> None:
    """Someone was told that this was done."""
    disk.mark(name=name, row=row, operation=Operation.select().count())


def day(folder: str, log: str, synchronous: int) -> None:
    """A busy day at the desk, under the shim: every kind of work, thrice around the till, backups, closing, opening."""
    origin = Path(folder)
    with clock.frozen(NOW):
        center = build_ground(origin)
        shutil.copytree(origin, origin.with_name("origin"))
        disk.watch(origin, Path(log))
        for turn in range(3):
            store.open_center(origin)
            # A log of a few pages is played into the file often: that is where an order of writes matters.
            store.db.connection().execute("PRAGMA wal_autocheckpoint = 40").fetchone()
            store.db.connection().execute(f"PRAGMA synchronous = {synchronous}")
            if turn == 0:
                for name in MORNING:
                    told = SCENARIOS[name].do(center)
                    acknowledge(name, told if name in MODELS else 0)
            pay_around(center, turn)
            if turn < 2:
                acknowledge("backup", backup.take(origin, "asked").number)
            store.close_center()


def pay_around(center: SmallCenter, turn: int) -> None:
    """Start, complete and fail, refund, sell."""
    for number in range(4):
        draft = payments.PaymentDraft(f"{turn}-{number}", center.other_student, "card", 700 + number)
        started = payments.start(center.staff, draft)
        acknowledge("payments.start", started)
        if number == 3:
            payments.fail(center.staff, started, "card refused")
            continue
        acknowledge("completed", payments.complete(center.staff, started).payment_id)
    acknowledge("payments.refund", payments.refund(center.staff, started - 1, 100, "too much", f"around-{turn}"))
    catalog.restock(center.admin, center.book, 1)
    for sold in SCENARIOS["enrollment.sell"].do(center):
        acknowledge("sale", sold)


def aftermath(folder: Path, acknowledged: list[dict[str, Any]], proven: Collection[str]) -> dict[str, list[str]]:
    """Open an image as the program does; what is wrong with it, and which bytes were proven to be a sound backup.

    A backup whose very bytes were `proven` in an image before is not proven once more.
    """
    try:
        store.open_center(folder)
    except EnvironmentFault as fault:
        return {"wrong": [f"all is gone: {fault}"], "proven": []}
    wrong = [str(told) for told in store.noticed()] + [str(broken) for broken in checks.run()]
    execute = store.db.connection().execute
    there = {
        (name, row)
        for name, model in MODELS.items()
        for (row,) in execute(f"SELECT id FROM {model._meta.table_name}").fetchall()
    }
    complete = {row for (row,) in execute("SELECT id FROM payments WHERE status = 'COMPLETED'").fetchall()}
    (operations,) = execute("SELECT count(*) FROM operations").fetchone()
    copies = backup.listing(folder)
    kept = {one.number: one for one in copies}
    for fact in acknowledged:
        name, row = fact["name"], fact["row"]
        if name == "backup":
            if row not in kept or not kept[row].verified:
                wrong.append(f"acknowledged backup {row} is gone")
        elif name in MODELS and (name, row) not in there:
            wrong.append(f"acknowledged {name} {row} is gone")
        elif name == "completed" and row not in complete:
            wrong.append(f"acknowledged payment {row} is not complete")
        if operations < fact["operation"]:
            wrong.append(f"{operations} operations of {fact['operation']}")
    newly = []
    for copy in copies:
        if copy.verified and (which := fingerprint(copy.path)) not in proven:
            newly.append(which)
            if broken := backup.verify(copy.path):
                wrong.append(f"{copy.path.name}: {broken}")
    store.close_center()
    return {"wrong": wrong, "proven": newly}


def record(folder: Path, synchronous: int) -> list[disk.Entry]:
    """The record of a day; its beginning lies in `origin`."""
    disk.shimmed(folder, "tests.faults.test_power_loss:day", str(folder / "day"), str(folder / "log"), synchronous)
    shutil.copytree(folder / "origin", folder / "warm")
    with clock.frozen(NOW):  # what the forks import and work out is there already
        aftermath(folder / "warm", [], ())
    return disk.read_log(folder / "log")


def lose_power(
    folder: Path, entries: list[disk.Entry], seed: int, proven: set[str] | None = None
) -> tuple[int, list[str]]:
    """One image by one seed; how many acknowledgements came before it, and what is wrong with it."""
    chance = random.Random(seed)
    before = entries[: chance.randint(0, len(entries))]
    target = folder / "image"
    shutil.rmtree(target, ignore_errors=True)
    disk.image(folder / "origin", before, chance, target)
    if chance.random() < 0.3:  # the index of the log is scratch paper; whatever stands in it must not matter
        (target / "center.db-shm").write_bytes(chance.randbytes(chance.choice((0, 100, 32_768))))
    acknowledged = disk.marks(before)
    known = proven if proven is not None else set()
    with clock.frozen(NOW):
        found = disk.forked(lambda: aftermath(target, acknowledged, known))
    if isinstance(found, str):
        return len(acknowledged), [found]
    if not found["wrong"]:
        known |= set(found["proven"])
    return len(acknowledged), found["wrong"]


class Kind(random.Random):
    """The chance that loses nothing."""

    def choice(self, seq: Any) -> Any:
        return "kept"

    def randint(self, a: int, b: int) -> int:
        return b


def test_what_was_acknowledged_outlives_a_power_loss(memory_path: Path) -> None:
    """No failure in n images bounds the rate of failures near 3/n (95 %)."""
    entries = record(memory_path, synchronous=2)
    syncs = sum(entry.kind == "s" for entry in entries)
    assert syncs > 50
    assert {entry.kind for entry in entries} >= set("owstrum")
    print(f"{len(entries)} entries with {syncs} syncs")  # noqa: T201
    seen, proven = set(), set[str]()
    images = Count("image", sliced(range(IMAGES)))
    for seed in images:
        acknowledged, found = lose_power(memory_path, entries, seed, proven)
        seen.add(acknowledged)
        images.fail(seed, found, f", after {acknowledged} acknowledgements")
    assert len(seen) > 20
    assert images.wrong == []


def test_the_last_image_of_all_that_was_kept_is_the_file(memory_path: Path) -> None:
    """The record is whole: everything kept gives the very bytes that the process left."""
    entries = record(memory_path, synchronous=2)
    disk.image(memory_path / "origin", entries, Kind(), memory_path / "image")
    for path in (memory_path / "day").rglob("*"):
        if path.is_file():
            assert (memory_path / "image" / path.relative_to(memory_path / "day")).read_bytes() == path.read_bytes(), (
                path
            )
    assert sorted(p.name for p in (memory_path / "image").iterdir()) == sorted(
        p.name for p in (memory_path / "day").iterdir()
    )


def test_control_without_syncing_acknowledged_work_is_lost(memory_path: Path) -> None:
    entries = record(memory_path, synchronous=0)
    wrong = (one for seed in range(40) for one in lose_power(memory_path, entries, seed)[1])
    assert any("is gone" in one or "operations of" in one for one in wrong)
