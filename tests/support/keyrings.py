"""A keyring that lives in memory: what a computer's own would keep."""

from __future__ import annotations

from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend

from app.store import cipher


class MemoryKeyring(KeyringBackend):
    """Keeps what it is given until the test ends."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[(service, username)] = password


@pytest.fixture
def memory_keyring() -> Iterator[MemoryKeyring]:
    """A computer with a keyring, which knows nothing yet."""
    before, made = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def nothing_is_known() -> Iterator[None]:
    """No key and no passphrase outlives a test."""
    yield
    cipher.forget()


__all__ = ["MemoryKeyring", "memory_keyring", "nothing_is_known"]
