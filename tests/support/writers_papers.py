"""Scenarios of documents that are mailed, for the tests that try every writer."""

from __future__ import annotations

from typing import Any

from app.desk import papers, quotes
from app.desk.quotes import QuoteDraft
from tests.support.center import SmallCenter
from tests.support.writers import scenario


def _quote(made: SmallCenter) -> Any:
    return quotes.offer(made.staff, QuoteDraft(made.other_student, made.course))


@scenario("papers.mail", before=_quote)
def _(made: SmallCenter) -> Any:
    quote = quotes.of_student(made.other_student)[0].id
    return papers.mail(made.staff, {"kind": "quote", "id": quote}, "paper-1")
