"""The three kinds of failure: the user's, the machine's, and ours.

Errors carry a key and parameters, never a finished sentence, so that every reader sees them in
their own language (DOMAIN.md, "Everything"). `app.text.sentence` turns one into words.
"""

from __future__ import annotations

from typing import Any


class DeskError(Exception):
    """What the two speakable kinds share: a message key and the values that go into it."""

    def __init__(self, key: str, /, **params: Any) -> None:
        super().__init__(key)
        self.key = key
        self.params = params

    def __str__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.key}({values})"


class UserError(DeskError):
    """Something the person at the desk can mend. Shown beside `field` where there is one.

    The write that raised it was rolled back: nothing was saved.
    """

    def __init__(self, key: str, /, field: str | None = None, **params: Any) -> None:
        super().__init__(key, **params)
        self.field = field


class EnvironmentFault(DeskError):
    """The machine is in the way (full disk, read-only folder, foreign file): one sentence says what to do."""
