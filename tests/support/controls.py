"""Switching the program's own guards off, so that a test can be seen to fail without them."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from app.store import database


def without_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every statement of a write commits by itself, and nothing keeps two writers apart."""
    monkeypatch.setattr(database, "_write_lock", nullcontext())
    monkeypatch.setattr(database, "_begin", lambda connection: None)
    monkeypatch.setattr(database, "_still_open", lambda connection, sql: None)
    monkeypatch.setattr(database, "_commit", lambda connection: None)
    # The operation's mark is one row of the file; without transactions the writers would switch it off for each other.
    monkeypatch.setattr(database.Write, "_finish", lambda self: frozenset())
