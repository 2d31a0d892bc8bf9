"""What is unpaid in the whole center, by who owes it and how late it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from app import text
from app.desk import dues, promises, reminding
from app.lists.statement import AGES
from app.store.models import Payer, User

#: How many ages there are: not due yet, then up to 30, 60 and 90 days late, and more.
HOW_MANY = len(AGES) + 1


class Line(NamedTuple):
    """One thing that is open, in minor units. `id` is its place in the list that was read; 0 days late: not late.

    `age` is 0 for what is not due yet, the last one for more than 90 days late. `pay_on` and `promised_minor` are of
    the open promise of whoever pays, "" and 0 where there is none; `broken`: its day has passed. `reminded` counts the
    reminders to whoever pays, the last on the day `reminded_on`. A tuple: a large center has many.
    """

    id: int
    student_id: int
    student: str
    number: str
    payer_id: int | None
    payer: str
    title: str
    detail: str
    due_on: str
    open_minor: int
    days_late: int
    age: int
    folded: str
    pay_on: str = ""
    promised_minor: int = 0
    broken: bool = False
    reminded: int = 0
    reminded_on: str = ""


def _late_by(today: date) -> Callable[[str], tuple[int, int]]:
    """(days late, age) of what is due on an ISO day."""

    def late_by(due_on: str) -> tuple[int, int]:
        days = max(0, (today - date.fromisoformat(due_on)).days)
        return days, next((index for index, most in enumerate(AGES) if days <= most), len(AGES))

    return late_by


@dataclass(frozen=True)
class Owner:
    """Who owes some lines: a student, or who pays for students. `id` is the first line's."""

    id: int
    name: str
    detail: str
    lines: tuple[Line, ...]

    @property
    def by_age_minor(self) -> list[int]:
        """What is open in each age."""
        return sums(self.lines)

    @property
    def total_minor(self) -> int:
        """All of it."""
        return sum(line.open_minor for line in self.lines)

    @property
    def told(self) -> Line:
        """The line that says most about promises and reminders: a broken promise, then the next one, then the last
        reminder.
        """
        return min(self.lines, key=lambda line: (not line.broken, line.pay_on or "~", -line.reminded, line.id))


def read(today: str) -> list[Line]:
    """Everything that is open on an ISO day, oldest due first. Its age is counted from that day."""
    names = _students()
    payers = {row[0]: row[1] for row in Payer.select(Payer.id, Payer.name).tuples().iterator()}
    fold, late_by = lru_cache(maxsize=None)(text.fold), lru_cache(maxsize=None)(_late_by(date.fromisoformat(today)))
    promised, reminders = promises.standing(), reminding.sent()
    found: list[Line] = []
    for due in dues.of_everyone():
        name, number, pays, folded = names.get(due.student_id, ("", "", None, ""))
        payer_id = due.paid_by(pays)
        payer = payers.get(payer_id, "") if payer_id is not None else ""
        said = due.invoice_label or due.detail
        late, age = late_by(due.due_on)
        owner = ("payer", payer_id) if payer_id is not None else ("student", due.student_id)
        promise, days = promised.get(owner), reminders.get(owner, _NEVER)
        found.append(
            Line(
                len(found), due.student_id, name, number, payer_id, payer, due.title, said, due.due_on, due.open_minor,
                late, age, f"{folded} {fold(payer)} {fold(due.title)} {said.casefold()}",
                promise.pay_on if promise is not None else "", promise.amount_minor if promise is not None else 0,
                promise is not None and promise.pay_on < today, len(days), days[-1] if days else "",
            )
        )  # fmt: skip
    return found


_NEVER: list[str] = []


def _students() -> dict[int, tuple[str, str, int | None, str]]:
    """(name, number, payer, folded name and number) of everyone who could owe something."""
    query: Any = User.select(User.id, User.first_name, User.last_name, User.number, User.payer_id).where(
        User.id.in_(dues.owing_students())
    )
    return {
        row[0]: (f"{row[1]} {row[2]}".strip(), row[3] or "", row[4], text.fold(f"{row[1]} {row[2]} {row[3] or ''}"))
        for row in query.tuples()
    }


#: Filters beside the ages: what whoever pays has promised, and what they promised for a day that has passed.
MARKS = ("promised", "broken")


def is_marked(line: Line, mark: str) -> bool:
    """Whether a filter of `MARKS` keeps a line."""
    return bool(line.pay_on) and line.broken == (mark == "broken")


def chosen(lines: Iterable[Line], words: str, ages: Sequence[int]) -> list[Line]:
    """The lines in which every word stands, of these ages; all that is late where no age is named."""
    wanted = text.fold(words).split()
    kept = set(ages) if ages else set(range(1, HOW_MANY))
    return [line for line in lines if line.age in kept and all(word in line.folded for word in wanted)]


def sums(lines: Iterable[Line]) -> list[int]:
    """What is open in each age."""
    found = [0] * HOW_MANY
    for line in lines:
        found[line.age] += line.open_minor
    return found


@dataclass(frozen=True)
class View:
    """What is shown: the lines that fit, who owes them, and what each age has whatever ages are chosen.

    `by_mark` counts the lines of each of `MARKS`, whatever is chosen.
    """

    lines: list[Line]
    owners: list[Owner]
    by_age_minor: list[int]
    by_age: list[int]
    by_mark: list[int]


def view(lines: list[Line], words: str, ages: Sequence[int], by: str, marks: Sequence[str] = ()) -> View:
    """What fits some words, ages and marks; `by` is student, payer, or line, which needs no owners.

    Where a mark is named and no age, every age fits: what was promised may not be late yet.
    """
    every = chosen(lines, words, range(HOW_MANY))
    kept = set(ages) if ages else set(range(0 if marks else 1, HOW_MANY))
    fits = [line for line in every if line.age in kept and (not marks or any(is_marked(line, one) for one in marks))]
    counts, by_mark = [0] * HOW_MANY, [0] * len(MARKS)
    for line in every:
        counts[line.age] += 1
        if line.pay_on:
            by_mark[line.broken] += 1
    found = owners(fits, by_payer=by == "payer") if by != "line" else []
    return View(fits, found, sums(every), counts, by_mark)


def owners(lines: Iterable[Line], *, by_payer: bool) -> list[Owner]:
    """Who owes the lines, the largest sum first: each student, or whoever pays for them."""
    groups: dict[tuple[str, int], list[Line]] = {}
    for line in lines:
        pays = by_payer and line.payer_id is not None
        groups.setdefault(("payer", line.payer_id or 0) if pays else ("student", line.student_id), []).append(line)
    found = []
    for (kind, _key), own in groups.items():
        first = own[0]
        students = sorted({line.student for line in own})
        name, detail = (first.payer, ", ".join(students)) if kind == "payer" else (first.student, first.number)
        found.append(Owner(first.id, name, detail, tuple(own)))
    return sorted(found, key=lambda owner: (-owner.total_minor, owner.name))
