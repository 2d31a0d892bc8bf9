"""A data folder in bad company is told at the start, in the status bar, and in Safe keeping; it stands in no way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from app import clock, paths
from app.store import backup
from tests.support.window import Driver, driver, opened

__all__ = ["driver", "opened"]


def shown(driver: Driver) -> list[str]:
    card = driver.window.page("settings").keeping.concerns
    return [label.text() for label in card.findChildren(QLabel) if label.text()]


@pytest.fixture
def synced(qapp: QApplication, tmp_path: Path) -> Iterator[Driver]:
    yield from opened(qapp, tmp_path / "Dropbox" / "center", None)


def test_a_synchronized_folder_is_told_with_the_reason(synced: Driver) -> None:
    synced.until(lambda: synced.desk.concerns)
    assert synced.window.backup_fact.accessibleName() == "Data folder needs you"
    synced.window.backup_fact.click()
    page = synced.window.current()
    assert page.part.value() == "keeping"
    assert page.keeping.concerns.isVisible()
    said = " ".join(shown(synced))
    assert "kept in step by Dropbox" in said
    assert "Keep it outside" in said


def test_a_folder_of_its_own_is_no_concern(driver: Driver) -> None:
    driver.settled()
    assert driver.desk.concerns == []
    driver.desk.safe_keeping()
    assert not driver.window.current().keeping.concerns.isVisible()


def test_work_that_is_missing_is_told_when_the_file_is_opened_again(qapp: QApplication, tmp_path: Path) -> None:
    center = None
    for first in opened(qapp, tmp_path / "center", None):
        center = first.center
        kept = tmp_path / "old.db"
        backup.copy(paths.data_file(center.folder), kept)
        first.page("students").new_student()
        form = first.dialog("form")
        first.type(form, "first_name", "Niamh")
        form.main_action()
        first.gone("form")
        first.settled()
    assert center is not None
    kept.replace(paths.data_file(center.folder))  # somebody put an older copy in its place
    for again in opened(qapp, center.folder, None, center):
        again.until(partial(getattr, again.desk, "concerns"))
        again.desk.safe_keeping()
        assert "not in the data file any more" in " ".join(shown(again))


def test_a_clock_ten_years_back_is_told(qapp: QApplication, tmp_path: Path) -> None:
    center = None
    for first in opened(qapp, tmp_path / "center", None):
        center = first.center
    with clock.frozen(datetime(2016, 1, 1, 9, 0, tzinfo=UTC)):
        for again in opened(qapp, tmp_path / "center", None, center):
            again.until(partial(getattr, again.desk, "concerns"))
            again.desk.safe_keeping()
            assert "clock says" in " ".join(shown(again))
