"""A form that says more than it did grows with it: wrapped lines ask for their height only once they stand there."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog


def grow(dialog: QDialog) -> None:
    """Make a dialog as high as what it says now, and no higher."""
    layout = dialog.layout()
    assert layout is not None
    layout.activate()
    dialog.resize(dialog.width(), layout.totalHeightForWidth(dialog.width()))
