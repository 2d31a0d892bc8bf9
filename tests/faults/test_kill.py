"""SIGKILL at every SQL statement of the four flows: what was acknowledged is there, nothing is half there.

A warm parent without a connection forks a child for each statement; the child counts its statements by the driver's
trace and kills itself at the n-th. Acknowledged ids go through a pipe, outside the file. The control does the same with
the program's transactions switched off, and is caught.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from app import store
from app.desk import enrollment, payments, scheduling, seats
from app.desk.accounts import Actor
from app.store import checks, database
from app.store.models import CourseEnrolled, Payment, ProductEnrolled, SlotEnrolled
from tests.support.center import SmallCenter, build

pytestmark = pytest.mark.slow
FULL = os.environ.get("DESKBELL_FULL", "") in ("all", "faults")

Flow = Callable[[SmallCenter], list[tuple[str, int]]]


def enroll(center: SmallCenter) -> list[tuple[str, int]]:
    draft = enrollment.EnrollmentDraft(student_id=center.student, course_id=center.course)
    return [("enrollment", enrollment.enroll(center.staff, draft))]


def sell(center: SmallCenter) -> list[tuple[str, int]]:
    draft = enrollment.SaleDraft(center.student, (enrollment.SaleItem(center.book),))
    return [("sale", sold) for sold in enrollment.sell(center.staff, draft)]


def start(center: SmallCenter) -> list[tuple[str, int]]:
    due = next(due for due in payments.owed(center.student) if due.enrollment_id is not None)
    line = payments.PayLine(due.enrollment_id, None, None, due.open_minor)
    draft = payments.PaymentDraft(
        "kill", center.student, "cash", due.open_minor + 2400, (line,), (enrollment.SaleItem(center.book),),
        given_minor=50_000,
    )  # fmt: skip
    return [("started", payments.start(center.staff, draft))]


def complete(center: SmallCenter) -> list[tuple[str, int]]:
    return [("completed", payments.complete(center.staff, Payment.get(Payment.request_key == "kill").id).payment_id)]


def plan(center: SmallCenter) -> list[tuple[str, int]]:
    draft = scheduling.SessionDraft(
        course_id=center.course, name="Evening", recurrence="picked_dates", picked_dates=("2026-11-20",), capacity=2,
        resource_id=center.room, instructor_ids=(center.instructor,),
    )  # fmt: skip
    return [("session", scheduling.plan_session(center.staff, draft))]


def book(center: SmallCenter) -> list[tuple[str, int]]:
    return [("seat", seats.book(center.staff, 1, center.student))]


def mark(center: SmallCenter) -> list[tuple[str, int]]:
    seats.mark(center.staff, SlotEnrolled.get().id, "attended")
    return [("attended", 1)]


FLOWS: list[Flow] = [enroll, sell, start, complete, plan, book, mark]


def ready(folder: Path, upto: Flow) -> SmallCenter:
    """A closed center in which every flow before `upto` has been done."""
    center = build(folder, email="desk@brueckenhaus.example")
    for flow in FLOWS[: FLOWS.index(upto)]:
        flow(center)
    store.close_center()
    return center


def without_transactions() -> None:
    """In the child: the program's own guards off, each statement commits by itself."""
    database._begin = lambda connection: None
    database._still_open = lambda connection, sql: None
    database._commit = lambda connection: None


def child(center: SmallCenter, folder: Path, flow: Flow, die_at: int, out: int, broken: bool) -> None:
    """Run a flow and die at a statement; what was acknowledged goes into the pipe."""
    store.open_center(folder)
    if broken:
        without_transactions()
    seen = 0

    def trace(_sql: str) -> None:
        nonlocal seen
        seen += 1
        if seen == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    store.db.connection().set_trace_callback(trace)
    for name, row in flow(center):
        os.write(out, f"{name} {row}\n".encode())
    os.write(out, f"statements {seen}\n".encode())
    os._exit(0)


def run_child(center: SmallCenter, folder: Path, flow: Flow, die_at: int, broken: bool = False) -> dict[str, int]:
    """Fork; returns what the child had acknowledged when it ended."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            child(center, folder, flow, die_at, writing, broken)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = dict(line.split() for line in pipe.read().splitlines())
    _pid, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed by itself"
    return {name: int(value) for name, value in said.items()}


def aftermath(folder: Path, acknowledged: dict[str, int]) -> list[str]:
    """What is wrong with the file after a kill."""
    store.open_center(folder)
    try:
        wrong = [str(broken) for broken in checks.run()]
        models = {"enrollment": CourseEnrolled, "sale": ProductEnrolled, "started": Payment, "seat": SlotEnrolled}
        for name, row in acknowledged.items():
            if name in models and models[name].get_or_none(models[name].id == row) is None:
                wrong.append(f"acknowledged {name} {row} is gone")
        if "completed" in acknowledged and Payment.get_by_id(acknowledged["completed"]).status != "COMPLETED":
            wrong.append("an acknowledged payment is not complete")
        return wrong
    finally:
        store.close_center()


def kill_everywhere(tmp_path: Path, flow: Flow, stride: int, broken: bool = False) -> tuple[int, list[str]]:
    """Kill a flow at its statements, every `stride`-th; (kills, what was wrong)."""
    origin = tmp_path / "origin"
    center = ready(origin, flow)
    work = tmp_path / "work"
    shutil.copytree(origin, work)
    total = run_child(center, work, flow, die_at=0)["statements"]
    wrong: list[str] = []
    kills = 0
    for die_at in range(1, total + 1, stride):
        shutil.rmtree(work)
        shutil.copytree(origin, work)
        acknowledged = run_child(center, work, flow, die_at, broken)
        kills += 1
        wrong += [f"killed at {die_at}: {one}" for one in aftermath(work, acknowledged)]
    return kills, wrong


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_a_kill_leaves_all_or_nothing(tmp_path: Path, flow: Flow) -> None:
    kills, wrong = kill_everywhere(tmp_path, flow, 1 if FULL or flow in (start, complete) else 4)
    assert kills >= 5
    assert wrong == []


def test_control_without_transactions_half_of_it_is_found(tmp_path: Path) -> None:
    _kills, wrong = kill_everywhere(tmp_path, complete, 12, broken=True)
    assert wrong != []


def test_killed_between_started_and_completed_the_payment_waits_and_can_be_completed(tmp_path: Path) -> None:
    folder = tmp_path / "center"
    center = ready(folder, start)
    acknowledged = run_child(center, folder, start, die_at=0)
    store.open_center(folder)
    waiting = payments.started()
    assert [one.payment_id for one in waiting] == [acknowledged["started"]]
    done = payments.complete(Actor(center.staff.user_id, "staff"), acknowledged["started"])
    assert (done.amount_minor, done.change_minor, len(done.invoice_ids)) == (35_400, 14_600, 1)
    assert checks.run() == []
    store.close_center()
