"""What encryption costs: opening, reading and writing an encrypted center beside the same center in plain."""

from __future__ import annotations

from pathlib import Path

import keyring
import pytest

from app import store
from app.desk import enrollment, people, secrecy
from app.desk.accounts import SYSTEM
from app.store import atrest, backup, checks, cipher, recovery
from app.store.models import User
from tests.benchmarks.bench_desk import median_ms, say
from tests.support.center import SmallCenter, build
from tests.support.keyrings import MemoryKeyring

pytestmark = pytest.mark.benchmark


def figures(center: SmallCenter, skip: int) -> dict[str, float]:
    """Milliseconds of each act over a center as it lies there."""

    def opened() -> None:
        store.open_center(center.folder)
        store.close_center()

    def connected() -> None:
        store.disconnect()
        store.connect()

    found = {"open the center": median_ms(opened, 20)[0]}
    store.open_center(center.folder)
    students = iter([row.id for row in User.select(User.id).where(User.role == "student")][skip:])
    found["a thread's connection"] = median_ms(connected, 50)[0]
    found["enroll"] = median_ms(
        lambda: enrollment.enroll(center.staff, enrollment.EnrollmentDraft(next(students), center.course)), 60
    )[0]
    found["a note"] = median_ms(lambda: people.add_note(center.staff, center.student, "a note"), 60)[0]
    found["read every person"] = median_ms(lambda: len(list(User.select().tuples())), 10)[0]
    found["every rule"] = median_ms(checks.run, 3)[0]
    found["a verified backup"] = median_ms(lambda: backup.take(center.folder, "asked"), 3)[0]
    store.close_center()
    return found


def test_what_encryption_costs(tmp_path: Path) -> None:
    before, kept = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(kept)
    try:
        center = build(tmp_path / "center", email="desk@brueckenhaus.example")
        with store.write("Many people", center.admin) as w:
            for n in range(20_000):
                w.insert(User, role="instructor", first_name=f"Someone {n}")
            for n in range(200):
                w.insert(
                    User, role="student", number=w.next_number("student")[1], first_name=f"S{n}", last_name="Student",
                    date_of_birth="1998-05-04", email=f"s{n}@mail.example",
                )  # fmt: skip
        store.close_center()
        plain = figures(center, 2)
        code = secrecy.new_code()
        switching = median_ms(
            lambda: atrest.switch(center.folder, cipher.keyed(_remembered(code)), SYSTEM, "Switch encryption on"), 1
        )
        encrypted = figures(center, 100)
        for name, floor in plain.items():
            say(name, f"{encrypted[name]:.2f} ms, {encrypted[name] / floor:.2f}x", f"{floor:.2f} ms plain", "none set")
        say("switch on, compared and proven", f"{switching[0] / 1000:.2f} s", "–", "none set")
        target = tmp_path / "move.deskbell"
        connection = encrypted["a thread's connection"]
        making = median_ms(lambda: secrecy.make_file(SYSTEM, center.folder, target, "four words it has"), 1)[0]
        opening = median_ms(lambda: secrecy.unlock(target, "four words it has"), 5)[0]
        say("make the file that moves", f"{making / 1000:.2f} s", "–", "none set")
        say("its passphrase at open", f"{opening:.0f} ms", f"{connection:.2f} ms", "none set")
        assert encrypted.keys() == plain.keys()
    finally:
        keyring.set_keyring(before)
        cipher.forget()


def _remembered(code: str) -> str:
    key = recovery.decode(code)
    cipher.remember(key)
    return key
