"""The last operation, remembered beside the file: no false alarm over a center that is a new one."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from app import demo, paths, store
from app.store import witness
from tests.support.center import SmallCenter, small_center

__all__ = ["small_center"]


def test_a_new_center_in_an_old_folder_lacks_nothing(small_center: SmallCenter, tmp_path: Path) -> None:
    """The file was deleted, its witness stayed: what is made there anew has had other operations."""
    store.close_center()
    folder = tmp_path / "again"
    folder.mkdir()
    file = paths.data_file(folder)
    witness.remember(file, 1_000_000)
    demo.fill(folder, students=1, now=datetime(2026, 11, 20, 12, tzinfo=UTC))
    store.open_center(folder)
    assert store.noticed() == []
    store.close_center()
    # Control: over the same file a witness of more tells.
    witness.remember(file, 1_000_000)
    store.open_center(folder)
    assert [key for key, _params in store.noticed()] == ["store.work_missing"]
    store.close_center()
    shutil.rmtree(folder)
    store.open_center(small_center.folder)
