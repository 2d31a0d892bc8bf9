"""The second place: a stick that is pulled, full, of two centers, or of the former version."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from app import clock, store
from app.desk import keeping
from app.desk.accounts import SYSTEM
from app.errors import EnvironmentFault, UserError
from app.store import backup, checks
from app.store.models import Notification
from tests.support.center import SmallCenter, build, small_center
from tests.support.copies import enroll, mine
from tests.support.damaged import not_utf8

__all__ = ["small_center"]


def test_the_second_place_gets_the_same_bytes_and_says_when_it_is_gone(
    small_center: SmallCenter, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    keeping.set_second_place(small_center.admin, str(stick))
    one = backup.take(small_center.folder, "auto")
    backup.to_second_place(one, stick)
    assert (mine(stick, small_center) / one.path.name).read_bytes() == one.path.read_bytes()
    shutil.rmtree(stick)
    with pytest.raises(EnvironmentFault) as fault:
        backup.to_second_place(one, stick)
    assert fault.value.key == "keeping.second_place_gone"
    with clock.frozen(clock.now() + timedelta(days=2)):
        assert not keeping.remind_of_second_place(SYSTEM)
    with clock.frozen(clock.now() + timedelta(days=4)):
        assert keeping.remind_of_second_place(SYSTEM)
        assert not keeping.remind_of_second_place(SYSTEM)
    assert Notification.get(Notification.key == "keeping.second_place_missing")
    assert checks.run() == []


def test_a_stick_that_is_pulled_leaves_what_was_there(
    small_center: SmallCenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = backup.take(small_center.folder, "auto")
    backup.to_second_place(first, tmp_path)
    second = backup.take(small_center.folder, "auto")

    def pulled(source: Path, target: Path) -> None:
        Path(target).write_bytes(Path(source).read_bytes()[:100])
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(shutil, "copyfile", pulled)
    with pytest.raises(EnvironmentFault) as fault:
        backup.to_second_place(second, tmp_path)
    assert fault.value.key == "keeping.second_place_failed"
    folder = mine(tmp_path, small_center)
    assert (folder / first.path.name).exists()
    assert not list(folder.glob("*.partial"))
    monkeypatch.undo()
    torn = folder / second.path.with_suffix(".partial").name
    torn.write_bytes(b"half")
    backup.to_second_place(second, tmp_path)
    assert backup.verify(folder / second.path.name) == ""
    assert not torn.exists()


def test_two_centers_on_one_stick_keep_out_of_each_others_way(small_center: SmallCenter, tmp_path: Path) -> None:
    """The same numbers, the same names: each thins, and counts on from, what is its own."""
    stick = tmp_path / "stick"
    stick.mkdir()
    ours = backup.take(small_center.folder, "auto")
    backup.to_second_place(ours, stick)
    store.close_center()
    other = build(tmp_path / "other")
    try:
        theirs = backup.take(other.folder, "auto")
        backup.to_second_place(theirs, stick)
        there = mine(stick, other)
        for number in range(2, 80):
            shutil.copy(theirs.path, there / theirs.path.name.replace("-000001-", f"-{number:06d}-"))
        theirs = backup.numbered_above(backup.take(other.folder, "auto"), backup.highest(stick, other.folder))
        backup.to_second_place(theirs, stick)
    finally:
        store.close_center()
    assert len(list(there.iterdir())) < 60, "thinned"
    assert [path.name for path in mine(stick, small_center).iterdir()] == [ours.path.name]
    assert backup.highest(stick, small_center.folder) == 1
    assert backup.highest(stick, other.folder) == theirs.number == 80
    assert backup.highest(stick, tmp_path / "a new computer") == 0


def test_copies_from_when_all_lay_side_by_side_are_known_by_what_they_hold(
    small_center: SmallCenter, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    former = backup.take(small_center.folder, "auto")
    shutil.copyfile(former.path, stick / former.path.name)
    store.close_center()
    other = build(tmp_path / "other")
    foreign = stick / former.path.name.replace("-000001-", "-000002-")
    shutil.copyfile(backup.take(other.folder, "auto").path, foreign)
    store.close_center()
    unreadable = stick / former.path.name.replace("-000001-", "-000003-")
    unreadable.write_bytes(b"a letter, not a copy" * 99)
    assert backup.highest(stick, small_center.folder) == 1
    newest = backup.take(small_center.folder, "auto")
    backup.to_second_place(newest, stick)
    assert {path.name for path in mine(stick, small_center).iterdir()} == {former.path.name, newest.path.name}
    assert {path for path in stick.iterdir() if path.is_file()} == {foreign, unreadable}


def test_a_copy_that_lies_in_the_folder_is_not_lost_to_one_of_its_name_beside_it(
    small_center: SmallCenter, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    one = backup.take(small_center.folder, "auto")
    backup.to_second_place(one, stick)
    enroll(small_center)
    two = backup.take(small_center.folder, "auto")
    beside = stick / one.path.name
    shutil.copyfile(two.path, beside)
    backup.to_second_place(two, stick)
    assert (mine(stick, small_center) / one.path.name).read_bytes() == one.path.read_bytes()
    assert beside.read_bytes() == two.path.read_bytes()


def test_a_copy_that_does_not_say_whose_it_is_goes_nowhere(small_center: SmallCenter, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    one = backup.take(small_center.folder, "auto")
    not_utf8(one.path)
    with pytest.raises(EnvironmentFault) as fault:
        backup.to_second_place(one, stick)
    assert fault.value.key == "keeping.second_place_failed"
    assert list(stick.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("no/such", "keeping.no_folder"),
        ("/no/such/folder", "keeping.no_folder"),
        ("inside", "keeping.inside_data_folder"),
    ],
)
def test_a_bad_second_place_is_refused(small_center: SmallCenter, path: str, key: str) -> None:
    if path == "inside":
        path = str(small_center.folder)
    with pytest.raises(UserError) as refused:
        keeping.set_second_place(small_center.admin, path)
    assert (refused.value.key, refused.value.field) == (key, "second_place")
    assert keeping.second_place() is None
