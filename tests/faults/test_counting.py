"""A long count in slices does each of its repetitions once, and knows bytes that it has seen."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support.counting import Count, fingerprint, sliced


def test_slices_are_the_whole_count_in_whole_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sliced(range(100)) == range(100)
    done: list[int] = []
    for text in ("0:30", "30:75", "75:200"):
        monkeypatch.setenv("DESKBELL_SLICE", text)
        done += sliced(range(100))
    assert done == list(range(100))
    monkeypatch.setenv("DESKBELL_SLICE", "30:60")
    assert sliced(range(100), at_once=25) == range(25, 75)
    monkeypatch.setenv("DESKBELL_SLICE", "100:200")
    with pytest.raises(ValueError, match="nothing of this count"):
        sliced(range(100))


def test_a_count_tells_how_far_it_is_and_each_failure_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    count = Count("kill", range(300, 500))
    for number in count:
        count.fail(number, ["something is gone"] if number == 450 else [], ", late")
    first, failed, last = capsys.readouterr().out.splitlines()
    assert first.startswith("kill 300 to 399: 100 done, 0 wrong; bound 0.03")
    assert failed == "kill 450, late: something is gone"
    assert last.startswith("kill 300 to 499: 200 done, 1 wrong, ")
    assert (count.done, count.wrong) == (200, [failed])


def test_a_count_that_is_told_to_end_ends_after_its_repetition(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    count, seen = Count("image", range(1_000)), []
    for number in count:
        if number == 6:
            os.kill(os.getpid(), signal.SIGTERM)
        seen.append(number)
    assert seen == list(range(7))
    assert capsys.readouterr().out.startswith("image 0 to 6: 7 done, 0 wrong; bound 0.43")
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_byte_or_a_journal_more_is_another_file(tmp_path: Path) -> None:
    path = tmp_path / "copy.db"
    path.write_bytes(b"a whole copy")
    whole = fingerprint(path)
    assert fingerprint(path) == whole
    (tmp_path / "copy.db-journal").write_bytes(b"1")
    beside = fingerprint(path)
    (tmp_path / "copy.db-journal").write_bytes(b"2")
    other = fingerprint(path)
    (tmp_path / "copy.db-journal").unlink()
    path.write_bytes(b"a whole coqy")
    assert len({whole, beside, other, fingerprint(path)}) == 4
