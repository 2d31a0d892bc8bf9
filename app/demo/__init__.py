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
from app.store import backup


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
    making = data_dir / "demo.partial"  # a center that is not whole must not stand where one is opened
    shutil.rmtree(making, ignore_errors=True)
    store.open_center(making, create=True)
    try:
        store.relax_for_new_file()
        moment = now or clock.now()
        history.write(random.Random(seed), students, moment, progress)
    finally:
        store.close_center()
    backup.sync(paths.data_file(making))
    paths.data_file(making).rename(paths.data_file(data_dir))
    backup.sync(data_dir)
    shutil.rmtree(making, ignore_errors=True)
