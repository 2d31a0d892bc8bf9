"""Where things live: the data folder of a center and the resources that ship with the program."""

from __future__ import annotations

import sys
from pathlib import Path

from platformdirs import user_data_path

DATA_FILE = "center.db"


def default_data_dir() -> Path:
    """The data folder used when none is named on the command line."""
    return user_data_path("Deskbell", appauthor=False)


def data_file(data_dir: Path) -> Path:
    """The one SQLite file of a center: it is the whole backup."""
    return data_dir / DATA_FILE


def resources() -> Path:
    """The folder of icons, fonts and templates: in the checkout, or inside the installed program."""
    frozen = getattr(sys, "_MEIPASS", None)
    if frozen is not None:
        return Path(frozen) / "resources"
    return Path(__file__).resolve().parent.parent / "resources"
