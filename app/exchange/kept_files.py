"""A file that is kept with a person, out again: saved where somebody says, or handed to the platform's own viewer.

A viewer reads from the disk. What it is given lies in a folder that nobody else may look into, under a name whose
ending says what the bytes are: a program that calls itself `form.pdf.exe` is not opened. The folder is emptied when the
window closes, and what a crash left there when the next file is opened.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from app import store
from app.desk import notes
from app.errors import EnvironmentFault, UserError
from app.exchange import exporting

_folder: Path | None = None


def save_copy(file_id: int, path: Path) -> Path:
    """Write a kept file to `path`; what was there is replaced only by the whole of it. Returns the path.

    UserErrors `store.gone`, `files.damaged`; EnvironmentFault `cli.cannot_write`.
    """
    content = notes.content(file_id).content
    exporting.replace_with(path, lambda partial: partial.write_bytes(content))
    return path


def copy_for_viewer(file_id: int) -> Path:
    """Write a kept PDF, PNG or JPEG to the private folder; returns where.

    UserErrors `files.not_opened` for all other kinds, `store.gone`, `files.damaged`; EnvironmentFault
    `cli.cannot_write`.
    """
    draft = notes.content(file_id)
    ending = notes.OPENED.get(draft.media_type)
    if ending is None:
        raise UserError("files.not_opened", "file", name=draft.name)
    name = notes.plain_name(Path(draft.name).stem)[:60].strip(". ") or "file"
    folder = Path(tempfile.gettempdir())
    try:
        folder = Path(tempfile.mkdtemp(dir=_private()))  # one of its own: two files may have one name
        path = folder / f"{name}{ending}"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(draft.content)
    except OSError as error:
        raise EnvironmentFault("cli.cannot_write", path=str(folder)) from error
    return path


def forget_copies() -> None:
    """Take away what was written for viewers. One that a viewer still holds goes at the next start."""
    global _folder
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)
        _folder = None


def _private() -> Path:
    global _folder
    if _folder is None or not _folder.is_dir():
        # Whose they are stands in the name: another center's window may be open on this computer.
        mine = f"deskbell-{hashlib.sha256(str(store.data_folder()).encode()).hexdigest()[:12]}-"
        for left in Path(tempfile.gettempdir()).glob(f"{mine}*"):
            shutil.rmtree(left, ignore_errors=True)
        _folder = Path(tempfile.mkdtemp(prefix=mine))
    return _folder
