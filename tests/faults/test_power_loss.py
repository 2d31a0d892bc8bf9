"""The power goes while money moves: what was acknowledged is on the disk, and nothing is half there.

A process under the shim takes money, books seats, makes backups, closes and opens again; every write, sync and name
goes into a record, and so does every acknowledgement. From it come images of what a disk may hold if the power went at
a random point: synced is certain, the rest is dropped, kept, torn by sectors or reordered. Each image is opened by the
program itself. The control writes without syncing, and is caught.
"""

from __future__ import annotations

import os
import random
import shutil
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
from tests.support.writers import NOW, SCENARIOS, build_ground

pytestmark = pytest.mark.slow
FULL = os.environ.get("DESKBELL_FULL", "") in ("all", "safe")
IMAGES = 10_000 if FULL else 100

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


def aftermath(folder: Path, acknowledged: list[dict[str, Any]]) -> list[str]:
    """Open an image as the program does; what is wrong with it."""
    try:
        store.open_center(folder)
    except EnvironmentFault as fault:
        return [f"all is gone: {fault}"]
    wrong = [str(told) for told in store.noticed()] + [str(broken) for broken in checks.run()]
    operations = Operation.select().count()
    for fact in acknowledged:
        name, row = fact["name"], fact["row"]
        if name == "backup":
            kept = {one.number: one for one in backup.listing(folder)}.get(row)
            if kept is None or not kept.verified:
                wrong.append(f"acknowledged backup {row} is gone")
        elif name in MODELS and MODELS[name].get_or_none(MODELS[name].id == row) is None:
            wrong.append(f"acknowledged {name} {row} is gone")
        elif name == "completed" and Payment.get_by_id(row).status != "COMPLETED":
            wrong.append(f"acknowledged payment {row} is not complete")
        if operations < fact["operation"]:
            wrong.append(f"{operations} operations of {fact['operation']}")
    for copy in backup.listing(folder):
        if copy.verified and (broken := backup.verify(copy.path)):
            wrong.append(f"{copy.path.name}: {broken}")
    store.close_center()
    return wrong


def record(tmp_path: Path, synchronous: int) -> list[disk.Entry]:
    """The record of a day; its beginning lies in `origin`."""
    disk.shimmed(
        tmp_path, "tests.faults.test_power_loss:day", str(tmp_path / "day"), str(tmp_path / "log"), synchronous
    )
    return disk.read_log(tmp_path / "log")


def lose_power(tmp_path: Path, entries: list[disk.Entry], seed: int) -> tuple[int, list[str]]:
    """One image by one seed; how many acknowledgements came before it, and what is wrong with it."""
    chance = random.Random(seed)
    before = entries[: chance.randint(0, len(entries))]
    target = tmp_path / "image"
    shutil.rmtree(target, ignore_errors=True)
    disk.image(tmp_path / "origin", before, chance, target)
    if chance.random() < 0.3:  # the index of the log is scratch paper; whatever stands in it must not matter
        (target / "center.db-shm").write_bytes(chance.randbytes(chance.choice((0, 100, 32_768))))
    acknowledged = disk.marks(before)
    with clock.frozen(NOW):
        wrong = disk.forked(lambda: aftermath(target, acknowledged))
    return len(acknowledged), [wrong] if isinstance(wrong, str) else wrong


class Kind(random.Random):
    """The chance that loses nothing."""

    def choice(self, seq: Any) -> Any:
        return "kept"

    def randint(self, a: int, b: int) -> int:
        return b


def test_what_was_acknowledged_outlives_a_power_loss(tmp_path: Path) -> None:
    """No failure in n images bounds the rate of failures near 3/n (95 %)."""
    entries = record(tmp_path, synchronous=2)
    syncs = sum(entry.kind == "s" for entry in entries)
    assert syncs > 50
    assert {entry.kind for entry in entries} >= set("owstrum")
    wrong: list[str] = []
    seen = set()
    for seed in range(IMAGES):
        acknowledged, found = lose_power(tmp_path, entries, seed)
        seen.add(acknowledged)
        wrong += [f"image {seed}, after {acknowledged} acknowledgements: {one}" for one in found]
    print(f"{IMAGES} images of {len(entries)} entries with {syncs} syncs: {len(wrong)} wrong; bound {3 / IMAGES:.2g}")  # noqa: T201
    assert len(seen) > 20
    assert wrong == []


def test_the_last_image_of_all_that_was_kept_is_the_file(tmp_path: Path) -> None:
    """The record is whole: everything kept gives the very bytes that the process left."""
    entries = record(tmp_path, synchronous=2)
    disk.image(tmp_path / "origin", entries, Kind(), tmp_path / "image")
    for path in (tmp_path / "day").rglob("*"):
        if path.is_file():
            assert (tmp_path / "image" / path.relative_to(tmp_path / "day")).read_bytes() == path.read_bytes(), path
    assert sorted(p.name for p in (tmp_path / "image").iterdir()) == sorted(
        p.name for p in (tmp_path / "day").iterdir()
    )


def test_control_without_syncing_acknowledged_work_is_lost(tmp_path: Path) -> None:
    entries = record(tmp_path, synchronous=0)
    wrong = [one for seed in range(40) for one in lose_power(tmp_path, entries, seed)[1]]
    assert any("is gone" in one or "operations of" in one for one in wrong)
