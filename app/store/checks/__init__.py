"""Every rule of DOMAIN.md as a query over the open file: `run` returns the rows that break one.

A rule is a function that yields `(table, row id, detail)` for each broken row. Rules look at the rows alone: they
trust neither the desk's code nor the kept columns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from app.store import migrations
from app.store.checks import documents, file, flows, mail, money, record, seats
from app.store.checks.rules import RULES, Broken, Rule
from app.store.database import db

__all__ = ["RULES", "Broken", "Rule", "over", "run"]

#: Imported for the rules they register, in the order in which they are reported.
AREAS = (file, record, money, documents, seats, mail, flows)

#: A rule reports at most this many rows: a thousand broken rows are one message.
MOST_ROWS = 50


def run(progress: Callable[[str, int, int], None] | None = None) -> list[Broken]:
    """Prove every rule; an empty list means that the file is sound. `progress(name, done, of)` goes along."""
    return over(db.connection(), progress)


def over(
    connection: Any,
    progress: Callable[[str, int, int], None] | None = None,
    *,
    only: Collection[str] | None = None,
) -> list[Broken]:
    """`run` over any connection to a center's file; with `only`, the rules of these names."""
    found: list[Broken] = []
    rules = [rule for rule in RULES.values() if only is None or rule.name in only]
    for number, rule in enumerate(rules):
        if progress is not None:
            progress(rule.name, number, len(rules))
        try:
            for count, (table, row_id, detail) in enumerate(rule.find(connection)):
                if count >= MOST_ROWS:
                    break
                found.append(Broken(rule.name, table, row_id, detail))
        except Exception as error:
            # A damaged file may hold anything where a rule expects a text or a number: what stops it is a finding.
            if "interrupted" in str(error):
                raise
            found.append(Broken(rule.name, "file", 0, f"cannot be proven: {error or type(error).__name__}"))
        if rule.name == "file.schema" and any(what.startswith("table") for what in migrations.strange(connection)):
            break  # what follows would read whatever stands there in place of our tables, for ever if it likes
    return found
