"""Where things live: the data folder of a center and the resources that ship with the program."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from platformdirs import user_config_path, user_data_path

DATA_FILE = "center.db"


def default_data_dir() -> Path:
    """The data folder used when none is named on the command line."""
    return user_data_path("Deskbell", appauthor=False)


def _memory() -> Path:
    return user_config_path("Deskbell", appauthor=False) / "last.json"


def remembered() -> dict[str, Any]:
    """What the window keeps on this computer, not in the center: the folder it had open, look, text size, its place.

    Anybody may have written there: whoever uses a value looks at it first.
    """
    try:
        found = json.loads(_memory().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def remember(**facts: Any) -> None:
    """Know this next time, beside what is known. A home that cannot be written to is no reason not to work."""
    try:
        _memory().parent.mkdir(parents=True, exist_ok=True)
        written = _memory().with_suffix(".new")
        written.write_text(json.dumps(remembered() | facts), "utf-8")
        written.replace(_memory())
    except OSError:
        return


def last_data_dir() -> Path | None:
    """The data folder that the window had open last on this computer, if it is still there."""
    kept = remembered().get("data_dir")
    return Path(kept) if isinstance(kept, str) and data_file(Path(kept)).exists() else None


def data_file(data_dir: Path) -> Path:
    """The one SQLite file of a center: it is the whole backup."""
    return data_dir / DATA_FILE


def log_file(data_dir: Path) -> Path:
    """What went wrong in the program, beside the file; see `app.log`."""
    return data_dir / "deskbell.log"


def backups(data_dir: Path) -> Path:
    """The folder of verified copies beside the file."""
    return data_dir / "backups"


def resources() -> Path:
    """The folder of icons, fonts and templates: in the checkout, or inside the installed program."""
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen is not None:
        return Path(frozen) / "resources"
    return Path(__file__).resolve().parent.parent / "resources"
