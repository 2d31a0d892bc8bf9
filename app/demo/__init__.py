"""A believable center, made by the desk's own functions at believable past moments.

The same seed and the same `now` give the same center (row uids apart, which hold the real time).
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from app import clock, paths, store
from app.demo import history
from app.errors import EnvironmentFault, UserError


def fill(
    data_dir: Path,
    *,
    students: int = 300,
    seed: int = 1,
    now: datetime | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> None:
    """Make a demo center in an empty data folder and close it again.

    Up to `history.BUSY` students have a story; the rest are people on the roster. UserError `demo.too_many`,
    EnvironmentFaults as from `store.open_center`.
    """
    if not 1 <= students <= 1_000_000:
        raise UserError("demo.too_many", "students")
    if paths.data_file(data_dir).exists():
        raise EnvironmentFault("store.not_empty", path=str(data_dir))
    # Made aside and put in place when it is whole: what is broken off half-way must not be opened the next time.
    making = data_dir / "making"
    shutil.rmtree(making, ignore_errors=True)
    try:
        store.open_center(making, create=True)
        store.relax_for_new_file()
        try:
            moment = now or clock.now()
            history.write(random.Random(seed), students, moment, progress)
        finally:
            store.close_center()
        store.keep_new_file(making, data_dir)
    finally:
        shutil.rmtree(making, ignore_errors=True)
