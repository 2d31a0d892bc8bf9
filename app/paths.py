"""Where things live: the data folder of a center and the resources that ship with the program."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from platformdirs import user_config_path, user_data_path

DATA_FILE = "center.db"


def default_data_dir() -> Path:
    """The data folder used when none is named on the command line."""
    return user_data_path("Deskbell", appauthor=False)


def _memory() -> Path:
    return user_config_path("Deskbell", appauthor=False) / "last.json"


def last_data_dir() -> Path | None:
    """The data folder that the window had open last on this computer, if it is still there."""
    try:
        found = Path(json.loads(_memory().read_text("utf-8"))["data_dir"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if data_file(found).exists() else None


def remember_data_dir(data_dir: Path) -> None:
    """Open this folder next time. A home that cannot be written to is no reason not to work."""
    try:
        _memory().parent.mkdir(parents=True, exist_ok=True)
        _memory().write_text(json.dumps({"data_dir": str(data_dir.resolve())}), "utf-8")
    except OSError:
        return


def data_file(data_dir: Path) -> Path:
    """The one SQLite file of a center: it is the whole backup."""
    return data_dir / DATA_FILE


def backups(data_dir: Path) -> Path:
    """The folder of verified copies beside the file."""
    return data_dir / "backups"


def resources() -> Path:
    """The folder of icons, fonts and templates: in the checkout, or inside the installed program."""
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen is not None:
        return Path(frozen) / "resources"
    return Path(__file__).resolve().parent.parent / "resources"
