"""The slots that a seat may be taken in: what was attended long ago is not read at each key."""

from __future__ import annotations

from app import store
from app.desk import scheduling
from app.lists import bookable
from app.store.database import db
from app.store.models import Slot, SlotEnrolled, User
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def work(c: SmallCenter) -> int:
    """How much the file's engine does for one look, in thousands of its steps."""
    done = 0

    def step() -> int:
        nonlocal done
        done += 1
        return 0

    db.connection().set_progress_handler(step, 1000)
    try:
        assert [row.taken for row in bookable.slots(c.student, "even")] == [0]
    finally:
        db.connection().set_progress_handler(None, 0)
    return done


def test_seats_of_the_past_cost_nothing(small_center: SmallCenter) -> None:
    c = small_center
    draft = scheduling.SessionDraft(
        course_id=c.course, name="Evening", recurrence="picked_dates", picked_dates=("2031-11-24",), capacity=5
    )
    session = scheduling.plan_session(c.staff, draft)
    before = work(c)
    own = ("id", "uid", "created_at", "created_by", "updated_at", "updated_by", "version")
    (one,) = Slot.select().where(Slot.session_id == session).dicts()
    like = {name: value for name, value in one.items() if name not in own}
    days = [f"2020-01-{1 + n:02d}" for n in range(20)]
    with store.write("Small center", c.admin) as w:
        w.insert_many(
            Slot,
            [
                {**like, "id": 900 + n, "start_utc": f"{day}T08:00:00.000Z", "end_utc": f"{day}T09:00:00.000Z",
                 "start_wall": f"{day}T08:00", "end_wall": f"{day}T09:00", "capacity": 300}
                for n, day in enumerate(days)
            ],
        )  # fmt: skip
        w.insert_many(
            User,
            [{"id": 900 + n, "role": "student", "number": f"X-{n}", "first_name": "Old"} for n in range(200)],
        )
        w.insert_many(
            SlotEnrolled,
            [
                {"id": 9000 + n * 200 + k, "slot_id": 900 + n, "session_id": session, "student_id": 900 + k,
                 "status": "attended"}
                for n in range(20)
                for k in range(200)
            ],
        )  # fmt: skip
    assert work(c) <= before + 2, "4,000 seats of the past are not counted"
