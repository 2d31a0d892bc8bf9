"""The registry of rules, and the two forms a rule has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Finding = tuple[str, int, str]


@dataclass(frozen=True)
class Broken:
    """A row that breaks a rule; or, `unproven`, what kept the rule from being proven at all."""

    rule: str
    table: str
    row_id: int
    detail: str
    unproven: bool = False

    def __str__(self) -> str:
        return f"{self.rule}: {self.table} {self.row_id}: {self.detail}"


@dataclass(frozen=True)
class Rule:
    """A named rule, what it says, and how broken rows are found."""

    name: str
    meaning: str
    find: Callable[[Any], Iterable[Finding]]


RULES: dict[str, Rule] = {}


def rule(name: str, meaning: str) -> Callable[[Callable[[Any], Iterable[Finding]]], Callable[[Any], Iterable[Finding]]]:
    """Register a function over a connection as a rule."""

    def register(find: Callable[[Any], Iterable[Finding]]) -> Callable[[Any], Iterable[Finding]]:
        if name in RULES:
            raise ValueError(f"rule {name} is given twice")
        RULES[name] = Rule(name, meaning, find)
        return find

    return register


def sql(name: str, meaning: str, table: str, query: str, *values: Any) -> None:
    """Register a query as a rule: it selects id and detail of broken rows of `table`."""

    def find(connection: Any) -> Iterable[Finding]:
        for row_id, detail in connection.execute(query, values):
            yield table, row_id, str(detail)

    rule(name, meaning)(find)


def who(column: str) -> str:
    """The person that a column with a user's id stands for: the record in use, where that one was merged away."""
    return f"(SELECT coalesce(w.merged_into, w.id) FROM users w WHERE w.id = {column})"
