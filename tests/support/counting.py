"""Long counts that can be done in slices, watched from outside, and stopped: what was done until then still counts.

Each repetition of a long count depends on its number alone. DESKBELL_SLICE=2000:4000 does the repetitions 2,000 to
3,999 of it. With -s every hundredth is told as it is done, and every failure as it is found. SIGTERM ends a count after
the repetition that it is at; what it has done until then is judged as ever.
"""

from __future__ import annotations

import gc
import hashlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import current_thread, main_thread


def in_full(*areas: str) -> bool:
    """Whether a run asks for the long counts of one of these areas, or of all."""
    return os.environ.get("DESKBELL_FULL", "") in ("all", *areas)


def sliced(of: Sequence[int], at_once: int = 1) -> Sequence[int]:
    """Of the numbers of a count those of DESKBELL_SLICE, in whole runs of `at_once`; all where there is none."""
    begin, _, end = os.environ.get("DESKBELL_SLICE", "").partition(":")
    if not end:
        return of
    chosen = of[int(begin) // at_once * at_once : -(-int(end) // at_once) * at_once]
    if not chosen:
        raise ValueError("nothing of this count lies in DESKBELL_SLICE")
    return chosen


@dataclass
class Count:
    """A count under way: iterate over it for the numbers, tell it what failed."""

    what: str
    of: Sequence[int]
    wrong: list[str] = field(default_factory=list)
    done: int = 0
    _stopped: bool = False

    def __iter__(self) -> Iterator[int]:
        before = signal.signal(signal.SIGTERM, self._stop) if current_thread() is main_thread() else None
        started = time.monotonic()
        gc.freeze()  # a child that is forked here copies no page merely to look for garbage in it
        try:
            for number in self.of:
                yield number
                self.done += 1
                last = self._stopped or self.done == len(self.of)
                if last or self.done % 100 == 0:
                    bound = "" if self.wrong else f"; bound {3 / self.done:.2g}"
                    took = time.monotonic() - started
                    many = f"{self.what} {self.of[0]} to {number}: {self.done} done"
                    self._say(f"{many}, {len(self.wrong)} wrong{bound}, {took:.0f} s")
                if last:
                    return
        finally:
            gc.unfreeze()
            if before is not None:
                signal.signal(signal.SIGTERM, before)

    def _stop(self, *_: object) -> None:
        self._stopped = True

    def fail(self, number: int, found: list[str], how: str = "") -> None:
        """Take down what was wrong with a repetition, if anything was."""
        for one in found:
            self.wrong.append(f"{self.what} {number}{how}: {one}")
            self._say(self.wrong[-1])

    @staticmethod
    def _say(words: str) -> None:
        print(words, flush=True)  # noqa: T201 - read with -s in a full run


def fingerprint(path: Path) -> str:
    """Which bytes a file holds, and what lies beside it under its name: what was proven of them holds of the same."""
    seen = hashlib.sha256()
    for one in sorted(path.parent.glob(f"{path.name}*")):
        content = one.read_bytes()
        seen.update(f"{one.name} {len(content)} ".encode())
        seen.update(content)
    return seen.hexdigest()
