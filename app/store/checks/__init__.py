"""Every rule of DOMAIN.md as a query over the open file: `run` returns the rows that break one.

A rule is a function that yields `(table, row id, detail)` for each broken row. Rules look at the rows alone: they
trust neither the desk's code nor the kept columns. All of them see the file as it is at one moment, whoever writes
meanwhile; a rule that the file itself keeps from being proven (a page that cannot be read) is a broken one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from app.store import migrations
from app.store.checks import discounts, documents, file, files, flows, mail, money, record, seats
from app.store.checks.rules import RULES, Broken, Rule
from app.store.database import db

__all__ = ["RULES", "Broken", "Rule", "Stopped", "over", "run"]

#: Imported for the rules they register, in the order in which they are reported.
AREAS = (file, record, money, discounts, documents, seats, mail, flows, files)

#: A rule reports at most this many rows: a thousand broken rows are one message.
MOST_ROWS = 50

#: SQLite asks whether to go on every so many of its own steps: some milliseconds.
STEPS = 50_000

Progress = Callable[[str, int, int], None]


class Stopped(Exception):
    """The check was not wanted any more."""


def _never() -> bool:
    return False


def run(progress: Progress | None = None, stop: Callable[[], bool] = _never) -> list[Broken]:
    """Prove every rule; an empty list means that the file is sound. `progress(name, done, of)` goes along.

    `stop` is asked all the while, from this thread: Stopped if it says yes.
    """
    return over(db.connection(), progress, stop)


def over(
    connection: Any,
    progress: Progress | None = None,
    stop: Callable[[], bool] = _never,
    *,
    only: Collection[str] | None = None,
) -> list[Broken]:
    """`run` over any connection to a center's file; with `only`, the rules of these names."""
    found: list[Broken] = []
    rules = [rule for rule in RULES.values() if only is None or rule.name in only]
    with _stoppable(connection, stop), _one_moment(connection):
        for number, rule in enumerate(rules):
            if stop():
                raise Stopped
            if progress is not None:
                progress(rule.name, number, len(rules))
            found += _broken(rule, connection, stop)
            if rule.name == "file.schema" and any(one.startswith("table") for one in migrations.strange(connection)):
                break  # what follows would read whatever stands there in place of our tables, for ever if it likes
    return found


def _broken(rule: Rule, connection: Any, stop: Callable[[], bool]) -> list[Broken]:
    found: list[Broken] = []
    try:
        for table, row_id, detail in rule.find(connection):
            found.append(Broken(rule.name, table, row_id, detail))
            if len(found) >= MOST_ROWS:
                break
    except Exception as error:
        # A damaged file may hold anything where a rule expects a text or a number: what stops it is a finding.
        if stop():
            raise Stopped from error
        if "interrupted" in str(error):
            raise
        found.append(Broken(rule.name, "file", 0, f"cannot be proven: {error or type(error).__name__}", unproven=True))
    return found


@contextmanager
def _stoppable(connection: Any, stop: Callable[[], bool]) -> Iterator[None]:
    """Have SQLite ask in the middle of a long statement."""
    connection.set_progress_handler(lambda: int(stop()), STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


@contextmanager
def _one_moment(connection: Any) -> Iterator[None]:
    """Read everything as it is now: a rule of two queries must not see what was committed between them."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
