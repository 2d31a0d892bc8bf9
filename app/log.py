"""What went wrong, in one small file of the data folder, for whoever helps a center.

Nothing that somebody typed stands in it: no name, no address, no amount. So the words of an error, which may quote any
of them, are left out, and so are the values of variables: kinds, places in the program and its own lines are kept.
"""

from __future__ import annotations

import errno
import logging
import platform
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

from app import __version__, paths
from app.errors import DeskError

#: The file is put aside at so many bytes, and so many earlier ones are kept beside it.
MOST_BYTES, KEPT = 256 * 1024, 2

#: Of a chain of calls without end, so many of the outermost and of the innermost are kept.
_OUTER, _INNER = 10, 40

_ROOT = Path(__file__).resolve().parent.parent
_log = logging.getLogger("deskbell")
_log.propagate = False
_seen: Counter[str] = Counter()


class _Quiet(RotatingFileHandler):
    """A log that cannot be written, as on a full disk, is no second failure."""

    def handleError(self, record: logging.LogRecord) -> None:
        return


def begin(data_dir: Path) -> None:
    """Keep the log of a data folder from now on, in place of the one that was kept before."""
    end()
    handler = _Quiet(paths.log_file(data_dir), maxBytes=MOST_BYTES, backupCount=KEPT, encoding="utf-8", delay=True)
    form = logging.Formatter("%(asctime)sZ %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    handler.setFormatter(form)
    _log.addHandler(handler)


def end() -> None:
    """Keep no log any more."""
    for handler in list(_log.handlers):
        _log.removeHandler(handler)
        handler.close()
    _seen.clear()


def file() -> Path | None:
    """The log that is kept now; None where none is."""
    return next((Path(one.baseFilename) for one in _log.handlers if isinstance(one, RotatingFileHandler)), None)


def failure(error: BaseException) -> None:
    """Write down an error that nobody caught: whole for the first time, then after 10, 100, 1,000 more of the same.

    Never raises, from whatever thread.
    """
    if file() is None:
        return  # Python itself would print it then
    try:
        said = "\n".join(_told(error))
        _seen[said] += 1
        count = _seen[said]
        if count == 1:
            where = f"{platform.system()}, Python {platform.python_version()}, {threading.current_thread().name}"
            _log.error("Deskbell %s, %s\n%s", __version__, where, said)
        elif count in (10, 100, 1_000, 10_000):
            _log.error("for the %sth time: %s", count, _kind(error))
    except Exception:  # whoever calls is handling a failure already
        return


def _told(error: BaseException) -> Iterator[str]:
    """An error and what led to it, the first cause first."""
    chain: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in chain:
        chain.append(one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    for number, one in enumerate(reversed(chain)):
        if number:
            yield "  then"
        calls = list(traceback.walk_tb(one.__traceback__))
        cut = len(calls) - _OUTER - _INNER
        for place, (frame, line) in enumerate(calls):
            if cut > 0 and _OUTER <= place < _OUTER + cut:
                if place == _OUTER:
                    yield f"  ({cut} more)"
                continue
            summary = traceback.FrameSummary(frame.f_code.co_filename, line, frame.f_code.co_name, lookup_line=False)
            yield f"  {_place(summary.filename)}:{line} {summary.name}"
            if _is_ours(summary.filename) and summary.line:
                yield f"    {summary.line}"
        yield f"  {_kind(one)}"


def _is_ours(filename: str) -> bool:
    """Whether a place is in the program itself: the lines of a template are those of whoever wrote it."""
    return any(Path(filename).is_relative_to(_ROOT / one) for one in ("app", "ui"))


def _place(filename: str) -> str:
    """A file without the folders above it, which bear the name of whoever is logged in."""
    path = Path(filename)
    if "site-packages" in path.parts:
        return Path(*path.parts[path.parts.index("site-packages") + 1 :]).as_posix()
    if path.is_relative_to(_ROOT):
        return path.relative_to(_ROOT).as_posix()
    return path.name if path.is_absolute() else filename


def _kind(error: BaseException) -> str:
    """What an error is, without its words: its class, a message key of ours, the system's own code."""
    said = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, DeskError):
        return f"{said} {error.key}"
    if isinstance(error, OSError) and error.errno is not None:
        return f"{said} {errno.errorcode.get(error.errno, error.errno)}"
    return said
