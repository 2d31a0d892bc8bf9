"""Files as a disk damages them."""

from __future__ import annotations

from pathlib import Path


def not_utf8(path: Path) -> Path:
    """Turn one byte of the schema into one that is no UTF-8: SQLite's own complaint about it then is none, either."""
    data = path.read_bytes()
    at = data.index(b"CREATE TABLE operations")
    path.write_bytes(data[: at + 3] + b"\xff" + data[at + 4 :])
    return path
